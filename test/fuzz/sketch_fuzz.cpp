// Any bytes as a stored sketch, whichever their first byte names: an Error with a hint, or a state
// that writes itself back the same, can be merged, added to and read.
#include "core/sketch/distinct.hpp"
#include "core/sketch/percentile.hpp"
#include "core/sketch/theta.hpp"
#include "core/sketch/top_k.hpp"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace {

using namespace starhouse::sketch;

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

void use(Distinct &sketch) {
  const std::uint64_t before = sketch.count();
  sketch.add(0);
  sketch.add(UINT64_MAX);
  // An estimate may fall: a register that takes a far larger value forgets the smaller ones, and
  // forged registers hold what no set of values leaves behind.
  require(sketch.count() >= before || !sketch.is_exact());
}

void use(Percentile &sketch) {
  double before = sketch.value(0);
  for (const double p : {0.1, 0.5, 0.99, 1.0}) {
    const double value = sketch.value(p);
    require(sketch.count() == 0 || std::isnan(value) || value >= before);
    before = value;
  }
  require(sketch.count() == 0 || sketch.rank(HUGE_VAL) <= 1);
  require(sketch.error() >= sketch.relative_error());
  for (int i = 0; i < 600; ++i) {
    sketch.add(std::ldexp(1.0, i));
  }
}

void use(TopK &sketch) {
  std::int64_t previous = INT64_MAX;
  for (const TopK::Item &item : sketch.top(100)) {
    require(item.count > 0 && item.count <= previous);
    previous = item.count;
  }
  const auto add = [&](auto key, starhouse::KeyKind kind) {
    try {
      sketch.add(kind, key);
    } catch (const starhouse::Error &error) {
      require(!error.hint().empty());
    }
  };
  for (int i = 0; i < 50; ++i) {
    add(std::int64_t{i}, starhouse::KeyKind::integer);
    add(starhouse::UuidKey{1, static_cast<std::uint64_t>(i)}, starhouse::KeyKind::uuid);
    add(starhouse::TextKey{"x", "x", 0}, starhouse::KeyKind::text);
  }
}

void use(Theta &sketch) {
  const Theta::Bounds bounds = sketch.bounds(0.9);
  require(bounds.lower <= sketch.estimate() && sketch.estimate() <= bounds.upper);
  Theta other{starhouse::Env{}};
  for (std::uint64_t i = 0; i < 20; ++i) {
    other.add(i << 58U);
  }
  Theta both = sketch;
  both.intersect(other);
  Theta rest = sketch;
  rest.subtract(other);
  require(both.kept() + rest.kept() <= sketch.kept());
  sketch.add(UINT64_MAX);
  sketch.add(0);
}

template <class State>
void check(starhouse::Bytes bytes) {
  State state{starhouse::Env{}};
  starhouse::read_state(state, bytes);
  const std::vector<std::byte> once = stored(state);
  State again{starhouse::Env{}};
  starhouse::read_state(again, once);
  require(stored(again) == once);
  State merged{starhouse::Env{}};
  merged.merge(state);
  require(stored(merged) == once);
  use(state);
  merged.merge(state);
  State last{starhouse::Env{}};
  starhouse::read_state(last, stored(merged));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  using starhouse::StateKind;
  const starhouse::Bytes bytes = std::as_bytes(std::span(data, size));
  try {
    switch (size == 0 ? StateKind::test : static_cast<StateKind>(data[0])) {
    case StateKind::distinct_sketch:
      check<Distinct>(bytes);
      break;
    case StateKind::percentile_sketch:
      check<Percentile>(bytes);
      break;
    case StateKind::top_k_sketch:
      check<TopK>(bytes);
      break;
    case StateKind::theta_sketch:
      check<Theta>(bytes);
      break;
    default:
      break;
    }
  } catch (const starhouse::Error &error) {
    require(!error.hint().empty());
  }
  return 0;
}
