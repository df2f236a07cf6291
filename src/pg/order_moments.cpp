// Sums, weighted averages, geometric means, variances and ratios: small states of fixed size with
// an inverse for moving frames (core/order/moments.hpp).
#include "pg/state.hpp"

#include "core/order/moments.hpp"

namespace {

using starhouse::pg::compute;
using starhouse::pg::FixedState;
namespace order = starhouse::order;

// INTERNALLENGTH of the SQL types.
static_assert(sizeof(order::Sum) == 40);
static_assert(sizeof(order::WeightedAverage) == 64);
static_assert(sizeof(order::GeometricMean) == 48);
static_assert(sizeof(order::Variance) == 64);
static_assert(sizeof(order::Ratio) == 16);

// Which row an aggregate takes, from the arguments of its transition function.
struct Value {
  static bool is_null(FunctionCallInfo fcinfo) { return PG_ARGISNULL(1); }
  explicit Value(FunctionCallInfo fcinfo) : value(PG_GETARG_FLOAT8(1)) {}
  template <class State>
  void add_to(State &state) const {
    state.add(value);
  }
  template <class State>
  bool remove_from(State &state) const {
    return state.remove(value);
  }
  double value;
};

struct WeightedValue {
  static bool is_null(FunctionCallInfo fcinfo) { return PG_ARGISNULL(1) || PG_ARGISNULL(2); }
  explicit WeightedValue(FunctionCallInfo fcinfo)
      : value(PG_GETARG_FLOAT8(1)), weight(PG_GETARG_FLOAT8(2)) {}
  void add_to(order::WeightedAverage &state) const { state.add(value, weight); }
  bool remove_from(order::WeightedAverage &state) const { return state.remove(value, weight); }
  double value;
  double weight;
};

struct Hit {
  static bool is_null(FunctionCallInfo fcinfo) { return PG_ARGISNULL(1); }
  explicit Hit(FunctionCallInfo fcinfo) : hit(PG_GETARG_BOOL(1)) {}
  void add_to(order::Ratio &state) const { state.add(hit); }
  bool remove_from(order::Ratio &state) const { return state.remove(hit); }
  bool hit;
};

template <class State, class Row>
Datum add(FunctionCallInfo fcinfo) {
  if (Row::is_null(fcinfo)) {
    return FixedState<State>::unchanged(fcinfo);
  }
  const Row row(fcinfo);
  return FixedState<State>::update(fcinfo, [&](State &state) { row.add_to(state); });
}

// For frames that move, where the executor allows no NULL: until a row counts the state is an empty
// one, which the final functions turn back into NULL.
template <class State, class Row>
Datum add_moving(FunctionCallInfo fcinfo) {
  if (Row::is_null(fcinfo)) {
    return FixedState<State>::update(fcinfo, [](State &) noexcept {});
  }
  return add<State, Row>(fcinfo);
}

// NULL tells the executor to aggregate the frame anew.
template <class State, class Row>
Datum remove(FunctionCallInfo fcinfo) {
  if (Row::is_null(fcinfo)) {
    return FixedState<State>::unchanged(fcinfo);
  }
  const Row row(fcinfo);
  bool exact = false;
  const Datum state =
      FixedState<State>::update(fcinfo, [&](State &moving) { exact = row.remove_from(moving); });
  if (!exact) {
    PG_RETURN_NULL();
  }
  return state;
}

template <class State>
Datum moving_state(FunctionCallInfo fcinfo) {
  if (FixedState<State>::argument(fcinfo, 0).rows() == 0) {
    PG_RETURN_NULL();
  }
  return PG_GETARG_DATUM(0);
}

// What `get` makes of a state with at least so many rows, else NULL.
template <class State, class Get>
Datum value(FunctionCallInfo fcinfo, Get &&get, std::int64_t least = 1) {
  const State &state = FixedState<State>::argument(fcinfo, 0);
  if (state.rows() < least) {
    PG_RETURN_NULL();
  }
  double result = 0;
  compute([&] { result = get(state); });
  PG_RETURN_FLOAT8(result);
}

} // namespace

#define MOMENT_TYPE(name, State, Row)                                                              \
  STARHOUSE_STATE_TYPE(name##_state, FixedState<State>)                                            \
  STARHOUSE_STATE_COMBINE(name##_combine, FixedState<State>)                                       \
  STARHOUSE_FUNCTION(starhouse_##name##_add) {                                                     \
    return add<State, Row>(fcinfo);                                                                \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_##name##_moving) {                                                  \
    return add_moving<State, Row>(fcinfo);                                                         \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_##name##_inverse) {                                                 \
    return remove<State, Row>(fcinfo);                                                             \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_##name##_moving_state) {                                            \
    return moving_state<State>(fcinfo);                                                            \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_##name##_rows) {                                                    \
    PG_RETURN_INT64(FixedState<State>::argument(fcinfo, 0).rows());                                \
  }

#define MOMENT_VALUE(name, State, expression, least)                                               \
  STARHOUSE_FUNCTION(starhouse_##name) {                                                           \
    return value<State>(                                                                           \
        fcinfo, [](const State &state) { return expression; }, least);                             \
  }

MOMENT_TYPE(sum, order::Sum, Value)
MOMENT_VALUE(sum_value, order::Sum, state.sum(), 1)
MOMENT_VALUE(sum_avg, order::Sum, state.average(), 1)

MOMENT_TYPE(weighted, order::WeightedAverage, WeightedValue)
MOMENT_VALUE(weighted_weight, order::WeightedAverage, state.weight(), 1)

STARHOUSE_FUNCTION(starhouse_weighted_value) {
  const order::WeightedAverage &state = FixedState<order::WeightedAverage>::argument(fcinfo, 0);
  double weight = 0;
  compute([&] { weight = state.weight(); });
  if (weight == 0) {
    PG_RETURN_NULL();
  }
  return value<order::WeightedAverage>(
      fcinfo, [](const order::WeightedAverage &average) { return average.average(); });
}

MOMENT_TYPE(geometric, order::GeometricMean, Value)
MOMENT_VALUE(geometric_value, order::GeometricMean, state.mean(), 1)

MOMENT_TYPE(variance, order::Variance, Value)
MOMENT_VALUE(variance_sum, order::Variance, state.sum(), 1)
MOMENT_VALUE(variance_avg, order::Variance, state.average(), 1)
MOMENT_VALUE(variance_samp, order::Variance, state.sample(), 2)
MOMENT_VALUE(variance_pop, order::Variance, state.population(), 1)
MOMENT_VALUE(stddev_samp, order::Variance, std::sqrt(state.sample()), 2)
MOMENT_VALUE(stddev_pop, order::Variance, std::sqrt(state.population()), 1)

MOMENT_TYPE(ratio, order::Ratio, Hit)
MOMENT_VALUE(ratio_value, order::Ratio,
             static_cast<double>(state.hits()) / static_cast<double>(state.rows()), 1)

STARHOUSE_FUNCTION(starhouse_ratio_hits) {
  PG_RETURN_INT64(FixedState<order::Ratio>::argument(fcinfo, 0).hits());
}
