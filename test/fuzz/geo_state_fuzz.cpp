// Any bytes as a stored path_state, activity_state, trace, heatmap or decayed_heatmap, whichever
// their first byte names: an Error with a hint, or a state that writes itself back the same, can be
// merged with a fresh one and read.
#include "core/geo/activity.hpp"
#include "core/geo/heatmap.hpp"
#include "core/geo/path.hpp"
#include "core/geo/trace.hpp"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace {

using namespace starhouse::geo;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

template <class State>
std::vector<std::byte> stored(const State &state) {
  std::vector<std::byte> bytes(starhouse::stored_size(state));
  starhouse::write_state(state, bytes);
  return bytes;
}

void use(const Path &path) {
  require(path.metres() >= 0);
}
void use(const Activity &activity) {
  activity.times();
}
void use(const Trace &trace) {
  require(path_length(trace.pings(), {}) >= 0);
  const auto some = trace.pings().first(std::min<std::size_t>(trace.pings().size(), 200));
  for (const Stop &stop : find_stops(some, 100, 60'000'000, {})) {
    require(stop.pings > 0 && std::abs(stop.lon) <= 180);
  }
  find_visits(some, [](const Ping &ping) { return ping.lat > 0 ? 1U : no_zone; }, 60'000'000, {});
}
void use(const Heatmap &heatmap) {
  for (const auto &[cell, pings] : heatmap.cells()) {
    require(is_cell(cell) && pings > 0);
  }
}
void use(const DecayedHeatmap &heatmap) {
  try {
    for (const auto &[cell, weight] : heatmap.cells(0)) {
      require(is_cell(cell) && weight >= 0);
    }
  } catch (const starhouse::Error &error) {
    require(!error.hint().empty());
  }
}

template <class State>
void check(starhouse::Bytes bytes) {
  State state{starhouse::Env{}};
  starhouse::read_state(state, bytes);
  use(state);
  const std::vector<std::byte> once = stored(state);
  State again{starhouse::Env{}};
  starhouse::read_state(again, once);
  require(stored(again) == once);
  State merged{starhouse::Env{}};
  merged.merge(state);
  require(stored(merged) == once);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  using starhouse::StateKind;
  const starhouse::Bytes bytes = std::as_bytes(std::span(data, size));
  try {
    switch (size == 0 ? StateKind::test : static_cast<StateKind>(data[0])) {
    case StateKind::path:
      check<Path>(bytes);
      break;
    case StateKind::activity:
      check<Activity>(bytes);
      break;
    case StateKind::trace:
      check<Trace>(bytes);
      break;
    case StateKind::heatmap:
      check<Heatmap>(bytes);
      break;
    case StateKind::decayed_heatmap:
      check<DecayedHeatmap>(bytes);
      break;
    default:
      break;
    }
  } catch (const starhouse::Error &error) {
    require(!error.hint().empty());
  }
  return 0;
}
