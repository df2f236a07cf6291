// The aggregates that star scans know, and their states in the core.
#include "pg/star_scan_own_known.hpp"

#include "pg/sketch_top_k.hpp"
#include "pg/state.hpp"

#include "core/scan/own_aggregates.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "utils/array.h"
#include "utils/timestamp.h"
}

#include <algorithm>
#include <cmath>
#include <new>

#pragma GCC visibility push(default)
extern "C" {
Datum starhouse_approx_distinct_bigint(PG_FUNCTION_ARGS);
Datum starhouse_approx_distinct_int(PG_FUNCTION_ARGS);
Datum starhouse_approx_distinct_text(PG_FUNCTION_ARGS);
Datum starhouse_approx_distinct_uuid(PG_FUNCTION_ARGS);
Datum starhouse_approx_distinct_date(PG_FUNCTION_ARGS);
Datum starhouse_approx_distinct_timestamptz(PG_FUNCTION_ARGS);
Datum starhouse_approx_distinct_float8(PG_FUNCTION_ARGS);
Datum starhouse_approx_distinct_count(PG_FUNCTION_ARGS);
Datum starhouse_theta_add_bigint(PG_FUNCTION_ARGS);
Datum starhouse_theta_add_int(PG_FUNCTION_ARGS);
Datum starhouse_theta_add_text(PG_FUNCTION_ARGS);
Datum starhouse_theta_add_uuid(PG_FUNCTION_ARGS);
Datum starhouse_theta_add_date(PG_FUNCTION_ARGS);
Datum starhouse_theta_add_timestamptz(PG_FUNCTION_ARGS);
Datum starhouse_approx_percentile_add(PG_FUNCTION_ARGS);
Datum starhouse_approx_percentile_ask(PG_FUNCTION_ARGS);
Datum starhouse_approx_percentile_ask_many(PG_FUNCTION_ARGS);
Datum starhouse_approx_percentile_asked(PG_FUNCTION_ARGS);
Datum starhouse_trending_transition(PG_FUNCTION_ARGS);
Datum starhouse_sum_add(PG_FUNCTION_ARGS);
Datum starhouse_variance_add(PG_FUNCTION_ARGS);
Datum starhouse_geometric_add(PG_FUNCTION_ARGS);
Datum starhouse_weighted_add(PG_FUNCTION_ARGS);
Datum starhouse_ratio_add(PG_FUNCTION_ARGS);
Datum starhouse_distinct_add_bigint(PG_FUNCTION_ARGS);
Datum starhouse_distinct_add_int(PG_FUNCTION_ARGS);
Datum starhouse_distinct_add_text(PG_FUNCTION_ARGS);
Datum starhouse_distinct_add_uuid(PG_FUNCTION_ARGS);
Datum starhouse_distinct_add_date(PG_FUNCTION_ARGS);
Datum starhouse_distinct_add_timestamptz(PG_FUNCTION_ARGS);
Datum starhouse_distinct_count_final(PG_FUNCTION_ARGS);
Datum starhouse_approx_top_k_add_bigint(PG_FUNCTION_ARGS);
Datum starhouse_approx_top_k_add_int(PG_FUNCTION_ARGS);
Datum starhouse_approx_top_k_add_text(PG_FUNCTION_ARGS);
Datum starhouse_approx_top_k_add_uuid(PG_FUNCTION_ARGS);
Datum starhouse_approx_top_k_ask_bigint(PG_FUNCTION_ARGS);
Datum starhouse_approx_top_k_ask_int(PG_FUNCTION_ARGS);
Datum starhouse_approx_top_k_ask_text(PG_FUNCTION_ARGS);
Datum starhouse_approx_top_k_ask_uuid(PG_FUNCTION_ARGS);
Datum starhouse_approx_top_k_asked(PG_FUNCTION_ARGS);
Datum starhouse_percentile_float8_add(PG_FUNCTION_ARGS);
Datum starhouse_percentile_float8_add_one(PG_FUNCTION_ARGS);
Datum starhouse_percentile_float8_add_many(PG_FUNCTION_ARGS);
Datum starhouse_percentile_bigint_add(PG_FUNCTION_ARGS);
Datum starhouse_percentile_bigint_add_one(PG_FUNCTION_ARGS);
Datum starhouse_percentile_bigint_add_many(PG_FUNCTION_ARGS);
Datum starhouse_percentile_int_add(PG_FUNCTION_ARGS);
Datum starhouse_percentile_int_add_one(PG_FUNCTION_ARGS);
Datum starhouse_percentile_int_add_many(PG_FUNCTION_ARGS);
Datum starhouse_percentile_time_add(PG_FUNCTION_ARGS);
Datum starhouse_percentile_time_add_one(PG_FUNCTION_ARGS);
Datum starhouse_percentile_time_add_many(PG_FUNCTION_ARGS);
}
#pragma GCC visibility pop

namespace starhouse::pg::star_scan {

using scan::AggregateKind;
using scan::OwnState;

namespace {

template <class Own, class... Arguments>
void put(AggregatePlan *plan, Arguments &&...arguments) {
  plan->aggregate.kind = AggregateKind::own;
  plan->aggregate.own = new (palloc(sizeof(Own))) Own(std::forward<Arguments>(arguments)...);
  plan->result = AggregatePlan::Result::own;
}

template <class State>
const State &state_at(const char *place) {
  return reinterpret_cast<const OwnState<State> *>(place)->object();
}
// The two forms of pg/state.hpp.
template <class State>
Datum fixed_datum(const char *place) {
  return PointerGetDatum(&state_at<State>(place));
}
template <class State>
Datum stored_datum(const char *place) {
  return ExpandedState<State>::datum(state_at<State>(place));
}

Datum distinct_count(const OwnPlan * /*own*/, const char *place, bool * /*null*/) {
  if (reinterpret_cast<const int64 *>(place)[0] == 0) {
    return Int64GetDatum(0);
  }
  return Int64GetDatum(static_cast<int64>(state_at<sketch::Distinct>(place).count()));
}

template <class Rows>
bool make_distinct(AggregatePlan *plan, OwnPlan *own, const Constants & /*constants*/) {
  put<scan::DistinctSketches<Rows>>(plan);
  own->state = stored_datum<sketch::Distinct>;
  if (own->final != nullptr && own->final->fn_addr == starhouse_approx_distinct_count) {
    own->result = distinct_count;
  }
  return true;
}

template <class Rows>
bool make_theta(AggregatePlan *plan, OwnPlan *own, const Constants & /*constants*/) {
  put<scan::ThetaSketches<Rows>>(plan);
  own->state = stored_datum<sketch::Theta>;
  return true;
}

Datum percentile_asked(const OwnPlan * /*own*/, const char *place, bool *null) {
  *null = reinterpret_cast<const int64 *>(place)[0] == 0;
  if (*null) {
    return 0;
  }
  const sketch::Percentile &state = state_at<sketch::Percentile>(place);
  double value = 0;
  compute([&] { value = state.value(state.asked()[0]); });
  return Float8GetDatum(value);
}

bool make_percentile_of(AggregatePlan *plan, OwnPlan *own, std::span<const double> asked,
                        const Constants &constants, int error) {
  scan::TakePercentile take{.asked = asked};
  if (constants.count > error) {
    take.relative_error = DatumGetFloat8(constants.values[error]->constvalue);
  }
  put<scan::PercentileSketches>(plan, take);
  own->state = stored_datum<sketch::Percentile>;
  return true;
}

bool make_percentile(AggregatePlan *plan, OwnPlan *own, const Constants &constants) {
  return make_percentile_of(plan, own, {}, constants, 0);
}

// A float8; false where it is a NaN.
bool read_one(const Const *value, std::span<const double> *list) {
  auto *number = static_cast<double *>(palloc(sizeof(double)));
  *number = DatumGetFloat8(value->constvalue);
  *list = {number, 1};
  return !std::isnan(*number);
}

bool make_asked(AggregatePlan *plan, OwnPlan *own, const Constants &constants) {
  if (own->final != nullptr && own->final->fn_addr == starhouse_approx_percentile_asked) {
    own->result = percentile_asked;
  }
  std::span<const double> asked;
  return read_one(constants.values[0], &asked) &&
         make_percentile_of(plan, own, asked, constants, 1);
}

// The elements of a float8[], `null` for its NULLs; false where it is no list, or has a NaN.
bool read_list(const Const *value, double null, std::span<const double> *list) {
  ArrayType *array = DatumGetArrayTypeP(value->constvalue);
  Datum *elements = nullptr;
  bool *nulls = nullptr;
  int count = 0;
  if (ARR_NDIM(array) > 1) {
    return false;
  }
  deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements,
                    &nulls, &count);
  auto *numbers = static_cast<double *>(palloc(sizeof(double) * static_cast<Size>(Max(count, 1))));
  for (int i = 0; i < count; ++i) {
    numbers[i] = nulls[i] ? null : DatumGetFloat8(elements[i]);
    if (!nulls[i] && std::isnan(numbers[i])) {
      return false;
    }
  }
  *list = {numbers, static_cast<std::size_t>(count)};
  return true;
}

bool make_asked_many(AggregatePlan *plan, OwnPlan *own, const Constants &constants) {
  std::span<const double> asked;
  return read_list(constants.values[0], sketch::Percentile::no_percentile, &asked) &&
         make_percentile_of(plan, own, asked, constants, 1);
}

// The state of exact percentiles.
template <class Of, class Rows>
bool make_values_asked(AggregatePlan *plan, OwnPlan *own, const scan::TakeExact &take) {
  put<scan::ExactPercentiles<Of, Rows>>(plan, take);
  own->state = stored_datum<order::Percentile<Of>>;
  return true;
}

template <class Of, class Rows>
bool make_values(AggregatePlan *plan, OwnPlan *own, const Constants & /*constants*/) {
  return make_values_asked<Of, Rows>(plan, own, {});
}

template <class Of, class Rows>
bool make_values_one(AggregatePlan *plan, OwnPlan *own, const Constants &constants) {
  scan::TakeExact take{.asks = true};
  return read_one(constants.values[0], &take.asked) && make_values_asked<Of, Rows>(plan, own, take);
}

template <class Of, class Rows>
bool make_values_many(AggregatePlan *plan, OwnPlan *own, const Constants &constants) {
  scan::TakeExact take{.asks = true};
  return read_list(constants.values[0], order::Percentile<Of>::no_fraction, &take.asked) &&
         make_values_asked<Of, Rows>(plan, own, take);
}

Datum top_k_asked(const OwnPlan *own, const char *place, bool *null) {
  *null = reinterpret_cast<const int64 *>(place)[0] == 0;
  return *null ? 0 : top_k_items(state_at<sketch::TopK>(place), own->final);
}

// A capacity may stand behind the other constants.
template <class Rows>
bool make_top_k_of(AggregatePlan *plan, OwnPlan *own, scan::TakeItem take,
                   const Constants &constants, int capacity) {
  if (constants.count > capacity) {
    take.capacity = DatumGetInt32(constants.values[capacity]->constvalue);
  }
  put<scan::TopKSketches<Rows>>(plan, take);
  own->state = stored_datum<sketch::TopK>;
  return true;
}

template <class Rows, KeyKind kind>
bool make_top_k(AggregatePlan *plan, OwnPlan *own, const Constants &constants) {
  return make_top_k_of<Rows>(plan, own, {.kind = kind}, constants, 0);
}

template <class Rows, KeyKind kind>
bool make_asked_top_k(AggregatePlan *plan, OwnPlan *own, const Constants &constants) {
  const int32 k = DatumGetInt32(constants.values[0]->constvalue);
  if (own->final != nullptr && own->final->fn_addr == starhouse_approx_top_k_asked) {
    own->result = top_k_asked;
  }
  return make_top_k_of<Rows>(plan, own, {.kind = kind, .asked = k}, constants, 1);
}

bool make_trending(AggregatePlan *plan, OwnPlan *own, const Constants &constants) {
  const Interval *half_life = DatumGetIntervalP(constants.values[0]->constvalue);
  int64 micros = 0;
  constexpr int64 millisecond = 1000;
  if (half_life->month != 0 ||
      __builtin_mul_overflow(static_cast<int64>(half_life->day), USECS_PER_DAY, &micros) ||
      __builtin_add_overflow(micros, half_life->time, &micros) || micros < millisecond) {
    return false;
  }
  compute([&] { put<scan::TrendingStates>(plan, scan::TakeEvent(score::HalfLife(micros))); });
  own->state = fixed_datum<score::Trending>;
  return true;
}

template <class Own, class State>
bool make_moments(AggregatePlan *plan, OwnPlan *own, const Constants & /*constants*/) {
  put<Own>(plan);
  own->state = fixed_datum<State>;
  return true;
}

// Its values are counted in the scan's own sets; a state of them is not to be had there.
bool make_exact(AggregatePlan *plan, OwnPlan *own, const Constants & /*constants*/) {
  plan->aggregate.kind = AggregateKind::count_distinct;
  plan->result = AggregatePlan::Result::count;
  return own->final != nullptr && own->final->fn_addr == starhouse_distinct_count_final;
}

// Of rows whose values are all different.
double distinct_bytes(double rows) {
  const double values = std::min(rows, sketch::Distinct::most_exact + 1.0);
  return static_cast<double>(sketch::Distinct::memory_of(static_cast<std::size_t>(values)));
}

// Grows with the rows, up to so much.
template <uint32 most>
double grown_bytes(double rows) {
  constexpr double row_bytes = 32;
  return std::min<double>(most, row_bytes * rows);
}

// Hashes are put in order, and each looked for where it goes; arrays are put together.
constexpr double hashes = 4;
constexpr double arrays = 0.25;
constexpr Referred distinct_state{distinct_bytes, hashes};
constexpr Referred theta_state{grown_bytes<65536>, hashes};
constexpr Referred percentile_state{grown_bytes<4096>, arrays};
constexpr Referred top_k_state{grown_bytes<262144>, arrays};
constexpr Referred values_state{grown_bytes<262144>, arrays};

} // namespace

const Known *known_aggregate(PGFunction transition) {
  using enum OwnColumn;
  using order::GeometricMean;
  using order::Ratio;
  using order::Sum;
  using order::Variance;
  using order::WeightedAverage;
  using scan::Floats;
  using scan::HashedFloats;
  using scan::HashedTexts;
  using scan::HashedUuids;
  using scan::HashedWords;
  using scan::Numbers;
  using scan::Texts;
  using scan::Uuids;
  static const Known all[] = {
      {starhouse_approx_distinct_bigint, make_distinct<HashedWords>, {integer}, &distinct_state},
      {starhouse_approx_distinct_int, make_distinct<HashedWords>, {integer}, &distinct_state},
      {starhouse_approx_distinct_date, make_distinct<HashedWords>, {integer}, &distinct_state},
      {starhouse_approx_distinct_timestamptz,
       make_distinct<HashedWords>,
       {integer},
       &distinct_state},
      {starhouse_approx_distinct_text, make_distinct<HashedTexts>, {text}, &distinct_state},
      {starhouse_approx_distinct_uuid, make_distinct<HashedUuids>, {uuid}, &distinct_state},
      {starhouse_approx_distinct_float8, make_distinct<HashedFloats>, {floating}, &distinct_state},
      {starhouse_theta_add_bigint, make_theta<HashedWords>, {integer}, &theta_state},
      {starhouse_theta_add_int, make_theta<HashedWords>, {integer}, &theta_state},
      {starhouse_theta_add_date, make_theta<HashedWords>, {integer}, &theta_state},
      {starhouse_theta_add_timestamptz, make_theta<HashedWords>, {integer}, &theta_state},
      {starhouse_theta_add_text, make_theta<HashedTexts>, {text}, &theta_state},
      {starhouse_theta_add_uuid, make_theta<HashedUuids>, {uuid}, &theta_state},
      {starhouse_approx_percentile_add,
       make_percentile,
       {floating},
       &percentile_state,
       {FLOAT8OID}},
      {starhouse_approx_percentile_ask,
       make_asked,
       {floating},
       &percentile_state,
       {FLOAT8OID, FLOAT8OID},
       1},
      {starhouse_approx_percentile_ask_many,
       make_asked_many,
       {floating},
       &percentile_state,
       {FLOAT8ARRAYOID, FLOAT8OID},
       1},
      {starhouse_approx_top_k_add_bigint,
       make_top_k<Numbers, KeyKind::integer>,
       {integer},
       &top_k_state,
       {INT4OID}},
      {starhouse_approx_top_k_ask_bigint,
       make_asked_top_k<Numbers, KeyKind::integer>,
       {integer},
       &top_k_state,
       {INT4OID, INT4OID},
       1},
      {starhouse_approx_top_k_add_int,
       make_top_k<Numbers, KeyKind::integer>,
       {integer},
       &top_k_state,
       {INT4OID}},
      {starhouse_approx_top_k_ask_int,
       make_asked_top_k<Numbers, KeyKind::integer>,
       {integer},
       &top_k_state,
       {INT4OID, INT4OID},
       1},
      {starhouse_approx_top_k_add_text,
       make_top_k<Texts, KeyKind::text>,
       {text},
       &top_k_state,
       {INT4OID}},
      {starhouse_approx_top_k_ask_text,
       make_asked_top_k<Texts, KeyKind::text>,
       {text},
       &top_k_state,
       {INT4OID, INT4OID},
       1},
      {starhouse_approx_top_k_add_uuid,
       make_top_k<Uuids, KeyKind::uuid>,
       {uuid},
       &top_k_state,
       {INT4OID}},
      {starhouse_approx_top_k_ask_uuid,
       make_asked_top_k<Uuids, KeyKind::uuid>,
       {uuid},
       &top_k_state,
       {INT4OID, INT4OID},
       1},
      {starhouse_percentile_float8_add,
       make_values<order::Floats, Floats>,
       {floating},
       &values_state},
      {starhouse_percentile_float8_add_one,
       make_values_one<order::Floats, Floats>,
       {floating},
       &values_state,
       {FLOAT8OID},
       1},
      {starhouse_percentile_float8_add_many,
       make_values_many<order::Floats, Floats>,
       {floating},
       &values_state,
       {FLOAT8ARRAYOID},
       1},
      {starhouse_percentile_bigint_add,
       make_values<order::Integers, Numbers>,
       {integer},
       &values_state},
      {starhouse_percentile_bigint_add_one,
       make_values_one<order::Integers, Numbers>,
       {integer},
       &values_state,
       {FLOAT8OID},
       1},
      {starhouse_percentile_bigint_add_many,
       make_values_many<order::Integers, Numbers>,
       {integer},
       &values_state,
       {FLOAT8ARRAYOID},
       1},
      {starhouse_percentile_int_add,
       make_values<order::Integers, Numbers>,
       {integer},
       &values_state},
      {starhouse_percentile_int_add_one,
       make_values_one<order::Integers, Numbers>,
       {integer},
       &values_state,
       {FLOAT8OID},
       1},
      {starhouse_percentile_int_add_many,
       make_values_many<order::Integers, Numbers>,
       {integer},
       &values_state,
       {FLOAT8ARRAYOID},
       1},
      {starhouse_percentile_time_add, make_values<order::Times, Numbers>, {integer}, &values_state},
      {starhouse_percentile_time_add_one,
       make_values_one<order::Times, Numbers>,
       {integer},
       &values_state,
       {FLOAT8OID},
       1},
      {starhouse_percentile_time_add_many,
       make_values_many<order::Times, Numbers>,
       {integer},
       &values_state,
       {FLOAT8ARRAYOID},
       1},
      {starhouse_trending_transition, make_trending, {integer, floating}, 0, {INTERVALOID}, 1},
      {starhouse_sum_add, make_moments<scan::Moments<Sum>, Sum>, {floating}, 0},
      {starhouse_variance_add, make_moments<scan::Moments<Variance>, Variance>, {floating}, 0},
      {starhouse_geometric_add,
       make_moments<scan::Moments<GeometricMean>, GeometricMean>,
       {floating},
       0},
      {starhouse_weighted_add,
       make_moments<scan::WeightedAverages, WeightedAverage>,
       {floating, floating},
       0},
      {starhouse_ratio_add, make_moments<scan::Ratios, Ratio>, {integer}, 0},
      {starhouse_distinct_add_bigint, make_exact, {integer}, 0},
      {starhouse_distinct_add_int, make_exact, {integer}, 0},
      {starhouse_distinct_add_date, make_exact, {integer}, 0},
      {starhouse_distinct_add_timestamptz, make_exact, {integer}, 0},
      {starhouse_distinct_add_text, make_exact, {text}, 0},
      {starhouse_distinct_add_uuid, make_exact, {uuid}, 0},
  };
  for (const Known &known : all) {
    if (known.transition == transition) {
      return &known;
    }
  }
  return nullptr;
}

} // namespace starhouse::pg::star_scan
