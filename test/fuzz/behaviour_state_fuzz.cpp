// Any bytes as a stored state of the behaviour family, whichever their first byte names: an Error
// with a hint, or a state that writes itself back the same, can be merged with a fresh one and with
// itself, and read.
#include "core/behaviour/concurrency.hpp"
#include "core/behaviour/funnel.hpp"
#include "core/behaviour/retention.hpp"
#include "core/behaviour/spans.hpp"

#include <cstdint>
#include <cstdlib>
#include <vector>

namespace {

using namespace starhouse::behaviour;

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

void use(const Funnel &funnel) {
  require(funnel.level() >= 0 && funnel.level(INT64_MAX) <= most_steps);
}
void use(const DaySet &set) {
  const auto days = set.days();
  require(std::is_sorted(days.begin(), days.end()));
}
void use(const Retention &retention) {
  for (const double share : retention.curve()) {
    require(share >= 0 && share <= 1);
  }
}
void use(const Sessions &sessions) {
  const auto sum = sessions.summary();
  require(sum.events >= sum.sessions && sum.longest <= sum.total);
}
void use(const IntervalUnion &whole) {
  require(whole.length(0, INT64_MAX) <= whole.length());
}
void use(const Concurrency &counted) {
  Concurrency::Stretch peak{};
  require(counted.peak(peak) == (peak.running > 0));
  counted.each_stretch([&](const Concurrency::Stretch &stretch) {
    require(stretch.from < stretch.until && stretch.running <= peak.running);
  });
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
  merged.merge(again);
  use(merged);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  using starhouse::StateKind;
  const starhouse::Bytes bytes = std::as_bytes(std::span(data, size));
  try {
    switch (size == 0 ? StateKind::test : static_cast<StateKind>(data[0])) {
    case StateKind::funnel:
      check<Funnel>(bytes);
      break;
    case StateKind::day_set:
      check<DaySet>(bytes);
      break;
    case StateKind::retention:
      check<Retention>(bytes);
      break;
    case StateKind::sessions:
      check<Sessions>(bytes);
      break;
    case StateKind::interval_union:
      check<IntervalUnion>(bytes);
      break;
    case StateKind::concurrency:
      check<Concurrency>(bytes);
      break;
    default:
      break;
    }
  } catch (const starhouse::Error &error) {
    require(!error.hint().empty());
  }
  return 0;
}
