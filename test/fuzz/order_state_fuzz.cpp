// Stored forms of percentiles: any bytes give an error or a state that can be read, stored, merged
// and asked.
#include "core/order/percentile.hpp"

#include <cstdlib>
#include <vector>

namespace {

using namespace starhouse::order;
using starhouse::Env;

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

template <class Numbers>
void use(const Percentile<Numbers> &state) {
  if (state.count() == 0) {
    return;
  }
  const std::vector<double> fractions{0, 0.5, 1};
  std::vector<typename Percentile<Numbers>::Value> results(fractions.size());
  state.discrete(fractions, results, Env{});
  require(key_of(results[0]) <= key_of(results[1]) && key_of(results[1]) <= key_of(results[2]));
  std::vector<typename Percentile<Numbers>::Between> between(fractions.size());
  try {
    state.continuous(fractions, between, Env{});
  } catch (const starhouse::Error &error) {
    require(!error.hint().empty());
  }
}

template <class State>
void check(starhouse::Bytes bytes) {
  State state{Env{}};
  starhouse::read_state(state, bytes);
  use(state);
  const std::vector<std::byte> once = stored(state);
  State again{Env{}};
  starhouse::read_state(again, once);
  require(stored(again) == once);
  State merged{Env{}};
  merged.merge(state);
  require(stored(merged) == once);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  using starhouse::StateKind;
  const starhouse::Bytes bytes = std::as_bytes(std::span(data, size));
  try {
    switch (size == 0 ? StateKind::test : static_cast<StateKind>(data[0])) {
    case StateKind::percentile:
      check<Percentile<Floats>>(bytes);
      break;
    case StateKind::percentile_bigint:
      check<Percentile<Integers>>(bytes);
      break;
    case StateKind::percentile_time:
      check<Percentile<Times>>(bytes);
      break;
    case StateKind::percentile_interval:
      check<Percentile<Durations>>(bytes);
      break;
    default:
      break;
    }
  } catch (const starhouse::Error &error) {
    require(!error.hint().empty());
  }
  return 0;
}
