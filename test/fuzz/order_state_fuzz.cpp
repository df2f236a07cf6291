// Stored forms of percentiles, means and spreads, best rows: any bytes give an error or a state
// that can be read, stored, merged and asked.
#include "core/order/best.hpp"
#include "core/order/moments.hpp"
#include "core/order/percentile.hpp"

#include <cstdlib>
#include <memory_resource>
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

void use(const Best &state) {
  require(state.count() > 0 && state.values(Env{}).size() == state.count());
}

// What a value function makes of any state: a number or an error that says what to do.
template <class Get>
void ask(Get &&get) {
  try {
    get();
  } catch (const starhouse::Error &error) {
    require(!error.hint().empty());
  }
}
void use(const Sum &state) {
  if (state.rows() > 0) {
    ask([&] { state.sum(); });
    ask([&] { state.average(); });
  }
}
void use(const WeightedAverage &state) {
  ask([&] { state.weight(); });
  ask([&] { state.average(); });
}
void use(const GeometricMean &state) {
  if (state.rows() > 0) {
    ask([&] { state.mean(); });
  }
}
void use(const Variance &state) {
  if (state.rows() > 0) {
    ask([&] { state.sum(); });
    ask([&] { state.population(); });
    ask([&] { state.sample(); });
  }
}
void use(const Ratio &state) {
  require(state.hits() <= state.rows());
}

// States of fixed size: any numbers may have lost their order, so only reading back is exact.
template <class State>
void check_fixed(starhouse::Bytes bytes) {
  State state;
  starhouse::read_state(state, bytes);
  use(state);
  const std::vector<std::byte> once = stored(state);
  State again;
  starhouse::read_state(again, once);
  require(stored(again) == once);
  State merged;
  merged.merge(state);
  merged.merge(state);
  use(merged);
}

template <class State>
void check(starhouse::Bytes bytes) {
  std::pmr::monotonic_buffer_resource arena; // states give nothing back themselves
  const Env env{.memory = &arena};
  State state{env};
  starhouse::read_state(state, bytes);
  use(state);
  const std::vector<std::byte> once = stored(state);
  State again{env};
  starhouse::read_state(again, once);
  require(stored(again) == once);
  State merged{env};
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
    case StateKind::best:
      check<Best>(bytes);
      break;
    case StateKind::sum:
      check_fixed<Sum>(bytes);
      break;
    case StateKind::weighted_average:
      check_fixed<WeightedAverage>(bytes);
      break;
    case StateKind::geometric_mean:
      check_fixed<GeometricMean>(bytes);
      break;
    case StateKind::variance:
      check_fixed<Variance>(bytes);
      break;
    case StateKind::ratio:
      check_fixed<Ratio>(bytes);
      break;
    default:
      break;
    }
  } catch (const starhouse::Error &error) {
    require(!error.hint().empty());
  }
  return 0;
}
