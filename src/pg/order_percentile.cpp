// Exact percentiles: percentile_state, percentile_merge, percentile_value, percentile_exact,
// median_exact and their discrete sisters, for float8, bigint, timestamptz and interval.
#include "pg/state.hpp"

#include "core/order/percentile.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
}

#include <cmath>
#include <limits>

namespace {

using starhouse::Env;
using starhouse::pg::compute;
using starhouse::pg::ContextMemory;
using starhouse::pg::ExpandedState;
namespace order = starhouse::order;

// An interval as microseconds, as the server compares intervals: a month has 30 days, a day 24
// hours.
int64 interval_micros(const Interval *interval) {
#if PG_VERSION_NUM >= 170000
  if (INTERVAL_NOT_FINITE(interval)) {
    return INTERVAL_IS_NOBEGIN(interval) ? PG_INT64_MIN : PG_INT64_MAX;
  }
#endif
  const int64 days = static_cast<int64>(interval->month) * DAYS_PER_MONTH + interval->day;
  int64 micros = 0;
  if (__builtin_mul_overflow(days, USECS_PER_DAY, &micros) ||
      __builtin_add_overflow(micros, interval->time, &micros) || micros == PG_INT64_MIN ||
      micros == PG_INT64_MAX) {
    ereport(ERROR,
            (errcode(ERRCODE_INTERVAL_FIELD_OVERFLOW),
             errmsg("interval out of range: %s", DatumGetCString(DirectFunctionCall1(
                                                     interval_out, IntervalPGetDatum(interval)))),
             errhint("Percentiles are taken of intervals up to 292,000 years.")));
  }
  return micros;
}

Datum interval_datum(int64 micros) {
  auto *interval = static_cast<Interval *>(palloc0(sizeof(Interval)));
#if PG_VERSION_NUM >= 170000
  if (micros == PG_INT64_MIN) {
    INTERVAL_NOBEGIN(interval);
    return IntervalPGetDatum(interval);
  }
  if (micros == PG_INT64_MAX) {
    INTERVAL_NOEND(interval);
    return IntervalPGetDatum(interval);
  }
#endif
  interval->day = static_cast<int32>(micros / USECS_PER_DAY);
  interval->time = micros % USECS_PER_DAY;
  return IntervalPGetDatum(interval);
}

// What the SQL types are in the core. `pick` unpacks an argument, `Continuous` and `Discrete` say
// what the percentiles are as values.
struct Float8 {
  using State = order::Percentile<order::Floats>;
  static double pick(FunctionCallInfo fcinfo) { return PG_GETARG_FLOAT8(1); }
  static Datum continuous(double value) { return Float8GetDatum(value); }
  static Datum discrete(double value) { return Float8GetDatum(value); }
  static constexpr Oid continuous_type = FLOAT8OID;
  static constexpr Oid discrete_type = FLOAT8OID;
};
struct Int8 {
  using State = order::Percentile<order::Integers>;
  static int64 pick(FunctionCallInfo fcinfo) { return PG_GETARG_INT64(1); }
  static Datum continuous(double value) { return Float8GetDatum(value); }
  static Datum discrete(int64 value) { return Int64GetDatum(value); }
  static constexpr Oid continuous_type = FLOAT8OID;
  static constexpr Oid discrete_type = INT8OID;
};
struct Int4 : Int8 {
  static int64 pick(FunctionCallInfo fcinfo) { return PG_GETARG_INT32(1); }
};
struct Time {
  using State = order::Percentile<order::Times>;
  static int64 pick(FunctionCallInfo fcinfo) { return PG_GETARG_TIMESTAMPTZ(1); }
  static Datum continuous(int64 value) { return TimestampTzGetDatum(value); }
  static Datum discrete(int64 value) { return TimestampTzGetDatum(value); }
  static constexpr Oid continuous_type = TIMESTAMPTZOID;
  static constexpr Oid discrete_type = TIMESTAMPTZOID;
};
struct Duration {
  using State = order::Percentile<order::Durations>;
  static int64 pick(FunctionCallInfo fcinfo) { return interval_micros(PG_GETARG_INTERVAL_P(1)); }
  static Datum continuous(int64 value) { return interval_datum(value); }
  static Datum discrete(int64 value) { return interval_datum(value); }
  static constexpr Oid continuous_type = INTERVALOID;
  static constexpr Oid discrete_type = INTERVALOID;
};

// NaN means NULL in the core's lists, so it must not come from a caller.
double not_nan(double fraction) {
  if (std::isnan(fraction)) {
    ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                    errmsg("a fraction must be between 0 and 1: NaN"),
                    errhint("The 95th percentile has the fraction 0.95.")));
  }
  return fraction;
}

// The fractions of a float8[]; NaN for its NULLs.
std::span<const double> fraction_array(FunctionCallInfo fcinfo, int index) {
  ArrayType *array = PG_GETARG_ARRAYTYPE_P(index);
  if (ARR_NDIM(array) > 1) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
             errmsg("fractions must be a list: this array has %d dimensions", ARR_NDIM(array)),
             errhint("Give them as ARRAY[0.5, 0.95].")));
  }
  const auto count = static_cast<std::size_t>(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)));
  if (!ARR_HASNULL(array)) {
    const auto *fractions = reinterpret_cast<const double *>(ARR_DATA_PTR(array));
    for (std::size_t i = 0; i < count; ++i) {
      not_nan(fractions[i]);
    }
    return {fractions, count};
  }
  Datum *values = nullptr;
  bool *nulls = nullptr;
  int number = 0;
  deconstruct_array(array, FLOAT8OID, sizeof(float8), true, TYPALIGN_DOUBLE, &values, &nulls,
                    &number);
  auto *fractions = static_cast<double *>(palloc(sizeof(double) * count));
  for (std::size_t i = 0; i < count; ++i) {
    fractions[i] =
        nulls[i] ? std::numeric_limits<double>::quiet_NaN() : not_nan(DatumGetFloat8(values[i]));
  }
  return {fractions, count};
}

double fraction_argument(FunctionCallInfo fcinfo, int index) {
  return not_nan(PG_GETARG_FLOAT8(index));
}

template <class Type>
Datum add(FunctionCallInfo fcinfo) {
  using States = ExpandedState<typename Type::State>;
  if (PG_ARGISNULL(1)) {
    return States::unchanged(fcinfo);
  }
  return States::add(fcinfo, {Type::pick(fcinfo), Type::State::no_fraction});
}

template <class Type>
Datum add_one(FunctionCallInfo fcinfo) {
  using States = ExpandedState<typename Type::State>;
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) {
    return States::unchanged(fcinfo);
  }
  const double fraction = PG_GETARG_FLOAT8(2);
  if (std::isnan(fraction)) [[unlikely]] {
    not_nan(fraction);
  }
  return States::add(fcinfo, {Type::pick(fcinfo), fraction});
}

template <class Type>
Datum add_many(FunctionCallInfo fcinfo) {
  using States = ExpandedState<typename Type::State>;
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) {
    return States::unchanged(fcinfo);
  }
  const auto value = Type::pick(fcinfo);
  const auto fractions = fraction_array(fcinfo, 2);
  return States::update(fcinfo, [&](typename Type::State &state) { state.add(value, fractions); });
}

// The percentiles at `fractions`, in the current context.
template <class Type, bool continuous>
auto *percentiles(const typename Type::State &state, std::span<const double> fractions) {
  using Result =
      std::conditional_t<continuous, typename Type::State::Between, typename Type::State::Value>;
  auto *results = static_cast<Result *>(palloc(sizeof(Result) * (fractions.size() + 1)));
  ContextMemory memory(CurrentMemoryContext);
  compute([&] {
    const Env env{.memory = &memory, .cancel_requested = starhouse::pg::cancel_requested};
    for (const double fraction : fractions) {
      order::check_fraction(fraction);
    }
    if constexpr (continuous) {
      state.continuous(fractions, {results, fractions.size()}, env);
    } else {
      state.discrete(fractions, {results, fractions.size()}, env);
    }
  });
  return results;
}

template <class Type, bool continuous>
Datum one_value(FunctionCallInfo fcinfo, double fraction) {
  const auto &state = ExpandedState<typename Type::State>::argument(fcinfo, 0);
  if (state.count() == 0) {
    PG_RETURN_NULL();
  }
  const auto result = *percentiles<Type, continuous>(state, {&fraction, 1});
  if constexpr (continuous) {
    return Type::continuous(result);
  } else {
    return Type::discrete(result);
  }
}

template <class Type, bool continuous>
Datum many_values(FunctionCallInfo fcinfo, std::span<const double> fractions) {
  const auto &state = ExpandedState<typename Type::State>::argument(fcinfo, 0);
  if (state.count() == 0) {
    PG_RETURN_NULL();
  }
  auto *wanted = static_cast<double *>(palloc(sizeof(double) * (fractions.size() + 1)));
  const auto end = std::copy_if(fractions.begin(), fractions.end(), wanted,
                                [](double fraction) { return !std::isnan(fraction); });
  const auto *result = percentiles<Type, continuous>(state, {wanted, end});
  auto *values = static_cast<Datum *>(palloc(sizeof(Datum) * (fractions.size() + 1)));
  auto *nulls = static_cast<bool *>(palloc(fractions.size() + 1));
  for (std::size_t i = 0; i < fractions.size(); ++i) {
    nulls[i] = std::isnan(fractions[i]);
    values[i] = 0;
    if (!nulls[i]) {
      if constexpr (continuous) {
        values[i] = Type::continuous(*result++);
      } else {
        values[i] = Type::discrete(*result++);
      }
    }
  }
  constexpr Oid type = continuous ? Type::continuous_type : Type::discrete_type;
  int size = static_cast<int>(fractions.size());
  int lower = 1;
  int16 length = 0;
  bool by_value = false;
  char alignment = 0;
  get_typlenbyvalalign(type, &length, &by_value, &alignment);
  return PointerGetDatum(construct_md_array(values, nulls, size == 0 ? 0 : 1, &size, &lower, type,
                                            length, by_value, alignment));
}

// Final functions: at the fractions that came with the rows.
template <class Type, bool continuous>
Datum own_value(FunctionCallInfo fcinfo) {
  const auto fractions = ExpandedState<typename Type::State>::argument(fcinfo, 0).fractions();
  if (fractions.size() != 1) {
    PG_RETURN_NULL();
  }
  return one_value<Type, continuous>(fcinfo, fractions[0]);
}

template <class Type, bool continuous>
Datum own_values(FunctionCallInfo fcinfo) {
  return many_values<Type, continuous>(
      fcinfo, ExpandedState<typename Type::State>::argument(fcinfo, 0).fractions());
}

} // namespace

// Everything of one type; `name` is part of its symbols.
#define PERCENTILE_ADD(name, Type)                                                                 \
  STARHOUSE_FUNCTION(starhouse_percentile_##name##_add) {                                          \
    return add<Type>(fcinfo);                                                                      \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_percentile_##name##_add_one) {                                      \
    return add_one<Type>(fcinfo);                                                                  \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_percentile_##name##_add_many) {                                     \
    return add_many<Type>(fcinfo);                                                                 \
  }

#define PERCENTILE_VALUES(name, Type, form, continuous)                                            \
  STARHOUSE_FUNCTION(starhouse_percentile_##name##_##form) {                                       \
    return one_value<Type, continuous>(fcinfo, fraction_argument(fcinfo, 1));                      \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_percentile_##name##_##form##_many) {                                \
    return many_values<Type, continuous>(fcinfo, fraction_array(fcinfo, 1));                       \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_percentile_##name##_##form##_own) {                                 \
    return own_value<Type, continuous>(fcinfo);                                                    \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_percentile_##name##_##form##_own_many) {                            \
    return own_values<Type, continuous>(fcinfo);                                                   \
  }

#define PERCENTILE_TYPE(name, Type)                                                                \
  STARHOUSE_STATE_TYPE(percentile_##name##_state, ExpandedState<Type::State>)                      \
  STARHOUSE_STATE_COMBINE(percentile_##name##_combine, ExpandedState<Type::State>)                 \
  PERCENTILE_ADD(name, Type)                                                                       \
  PERCENTILE_VALUES(name, Type, cont, true)                                                        \
  PERCENTILE_VALUES(name, Type, disc, false)                                                       \
  STARHOUSE_FUNCTION(starhouse_percentile_##name##_median) {                                       \
    return one_value<Type, true>(fcinfo, 0.5);                                                     \
  }                                                                                                \
  STARHOUSE_FUNCTION(starhouse_percentile_##name##_count) {                                        \
    PG_RETURN_INT64(static_cast<int64>(ExpandedState<Type::State>::argument(fcinfo, 0).count()));  \
  }

PERCENTILE_TYPE(float8, Float8)
PERCENTILE_TYPE(bigint, Int8)
PERCENTILE_TYPE(time, Time)
PERCENTILE_TYPE(interval, Duration)
PERCENTILE_ADD(int, Int4)
