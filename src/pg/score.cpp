// SQL functions of the score family that look at one row: playback, ratings, rankings, RFM.
// Engagement is in score_engagement.cpp, the decayed sum in score_trending.cpp.
#include "pg/boundary.hpp"
#include "pg/decimal.hpp"

#include "core/score/engagement_day.hpp"
#include "core/score/playback.hpp"
#include "core/score/ranking.hpp"
#include "core/score/rating.hpp"
#include "core/score/rfm.hpp"

extern "C" {
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
}

#include <optional>
#include <span>

namespace {

namespace score = starhouse::score;
using starhouse::exact::Decimal;
using starhouse::pg::compute;

// Runs a formula of the core that may have no value.
template <class Formula>
Datum optional_float8(FunctionCallInfo fcinfo, Formula &&formula) {
  std::optional<double> value;
  compute([&] { value = formula(); });
  if (!value) {
    PG_RETURN_NULL();
  }
  PG_RETURN_FLOAT8(*value);
}

template <class Formula>
Datum float8_of(Formula &&formula) {
  double value = 0;
  compute([&] { value = formula(); });
  PG_RETURN_FLOAT8(value);
}

int64 finite_time(TimestampTz time, const char *name) {
  if (TIMESTAMP_NOT_FINITE(time)) {
    ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("%s must be finite", name),
                    errhint("Give the time of the event, or NULL where it is not known.")));
  }
  return time;
}

} // namespace

// Playback
// -----------------------------------------------------------------------------------------

STARHOUSE_FUNCTION(starhouse_completion_rate) {
  const double watched = PG_GETARG_FLOAT8(0);
  const double length = PG_GETARG_FLOAT8(1);
  return optional_float8(fcinfo, [&] { return score::completion_rate(watched, length); });
}

namespace {

Datum rounded_percent(Datum part, Datum whole) {
  const Datum hundred = DirectFunctionCall1(int8_numeric, Int64GetDatum(100));
  return DirectFunctionCall2(
      numeric_round,
      DirectFunctionCall2(numeric_div, DirectFunctionCall2(numeric_mul, hundred, part), whole),
      Int32GetDatum(2));
}

void require_amount(const char *name, Datum numeric, const Decimal &amount) {
  if (!amount.is_finite() || amount.digits() < 0) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("%s must be a finite number that is not negative: %s", name,
                           DatumGetCString(DirectFunctionCall1(numeric_out, numeric))),
                    errhint("Correct the value, or give NULL where it is not known.")));
  }
}

} // namespace

STARHOUSE_FUNCTION(starhouse_completion_percent) {
  const Datum watched = PG_GETARG_DATUM(0);
  const Datum length = PG_GETARG_DATUM(1);
  const Decimal part = starhouse::pg::decimal_of(watched);
  const Decimal whole = starhouse::pg::decimal_of(length);
  require_amount("watched", watched, part);
  require_amount("length", length, whole);
  if (whole.digits() == 0) {
    PG_RETURN_NULL();
  }
  std::optional<Decimal> quick;
  compute([&] { quick = score::percent_to_hundredths(part, whole); });
  if (quick) {
    return starhouse::pg::numeric_of(*quick);
  }
  if (DatumGetBool(DirectFunctionCall2(numeric_ge, watched, length))) {
    return starhouse::pg::numeric_of(Decimal(100));
  }
  return rounded_percent(watched, length);
}

STARHOUSE_FUNCTION(starhouse_skip) {
  const double watched = PG_GETARG_FLOAT8(0);
  const double length = PG_GETARG_FLOAT8(1);
  const double within = PG_GETARG_FLOAT8(2);
  std::optional<bool> skipped;
  compute([&] { skipped = score::skip(watched, length, within); });
  if (!skipped) {
    PG_RETURN_NULL();
  }
  PG_RETURN_BOOL(*skipped);
}

STARHOUSE_FUNCTION(starhouse_rebuffer_ratio) {
  const double buffering = PG_GETARG_FLOAT8(0);
  const double playing = PG_GETARG_FLOAT8(1);
  const double startup = PG_GETARG_FLOAT8(2);
  const double seeking = PG_GETARG_FLOAT8(3);
  return optional_float8(
      fcinfo, [&] { return score::rebuffer_ratio(buffering, playing, startup, seeking); });
}

STARHOUSE_FUNCTION(starhouse_startup_score) {
  const double seconds = PG_GETARG_FLOAT8(0);
  return float8_of([&] { return score::startup_score(seconds); });
}

STARHOUSE_FUNCTION(starhouse_smoothness_score) {
  const double ratio = PG_GETARG_FLOAT8(0);
  const double count = PG_GETARG_FLOAT8(1);
  return float8_of([&] { return score::smoothness_score(ratio, count); });
}

// Ratings
// ------------------------------------------------------------------------------------------

namespace {

// The quantile of the previous row: the confidence hardly ever changes within a statement.
struct Quantile {
  double confidence;
  double z;
};

score::Interval wilson(FunctionCallInfo fcinfo) {
  const double positive = PG_GETARG_FLOAT8(0);
  const double total = PG_GETARG_FLOAT8(1);
  const double confidence = PG_GETARG_FLOAT8(2);
  auto *kept = static_cast<Quantile *>(fcinfo->flinfo->fn_extra);
  if (kept == nullptr) {
    kept = static_cast<Quantile *>(MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(Quantile)));
    kept->confidence = -1; // no confidence there is
    fcinfo->flinfo->fn_extra = kept;
  }
  score::Interval interval{};
  compute([&] {
    if (kept->confidence != confidence) {
      kept->z = score::normal_quantile(confidence);
      kept->confidence = confidence;
    }
    interval = score::wilson_interval(positive, total, kept->z);
  });
  return interval;
}

} // namespace

STARHOUSE_FUNCTION(starhouse_wilson_lower_bound) {
  PG_RETURN_FLOAT8(wilson(fcinfo).lower);
}

STARHOUSE_FUNCTION(starhouse_wilson_upper_bound) {
  PG_RETURN_FLOAT8(wilson(fcinfo).upper);
}

// An item without ratings has no average, and its NULL is not needed.
STARHOUSE_FUNCTION(starhouse_bayesian_average) {
  const bool unrated = !PG_ARGISNULL(1) && PG_GETARG_FLOAT8(1) == 0;
  if ((PG_ARGISNULL(0) && !unrated) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3)) {
    PG_RETURN_NULL();
  }
  const double average = PG_ARGISNULL(0) ? 0 : PG_GETARG_FLOAT8(0);
  const double count = PG_GETARG_FLOAT8(1);
  const double prior_average = PG_GETARG_FLOAT8(2);
  const double prior_count = PG_GETARG_FLOAT8(3);
  return optional_float8(
      fcinfo, [&] { return score::bayesian_average(average, count, prior_average, prior_count); });
}

// Rankings
// -----------------------------------------------------------------------------------------

STARHOUSE_FUNCTION(starhouse_hot_score) {
  const int64 ups = PG_GETARG_INT64(0);
  const int64 downs = PG_GETARG_INT64(1);
  const int64 posted_at = finite_time(PG_GETARG_TIMESTAMPTZ(2), "posted_at");
  return float8_of([&] { return score::hot_score(ups, downs, posted_at); });
}

STARHOUSE_FUNCTION(starhouse_gravity_score) {
  const double points = PG_GETARG_FLOAT8(0);
  const int64 posted_at = finite_time(PG_GETARG_TIMESTAMPTZ(1), "posted_at");
  const int64 as_of = finite_time(PG_GETARG_TIMESTAMPTZ(2), "as_of");
  const double gravity = PG_GETARG_FLOAT8(3);
  const double vote_exponent = PG_GETARG_FLOAT8(4);
  // As numbers: the difference of the extreme times is no int64.
  const double hours = (static_cast<double>(as_of) - static_cast<double>(posted_at)) /
                       static_cast<double>(USECS_PER_HOUR);
  return float8_of([&] { return score::gravity_score(points, hours, gravity, vote_exponent); });
}

// RFM
// ----------------------------------------------------------------------------------------------

namespace {

std::span<const double> limits_argument(FunctionCallInfo fcinfo, int index, const char *name) {
  ArrayType *array = PG_GETARG_ARRAYTYPE_P(index);
  if (array_contains_nulls(array)) {
    ereport(ERROR,
            (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not contain NULL", name),
             errhint("Give one to eight limits, from the smallest to the largest.")));
  }
  const int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
  return {reinterpret_cast<const double *>(ARR_DATA_PTR(array)), static_cast<std::size_t>(count)};
}

} // namespace

STARHOUSE_FUNCTION(starhouse_rfm_score) {
  const double recency = PG_GETARG_FLOAT8(0);
  const double frequency = PG_GETARG_FLOAT8(1);
  const double monetary = PG_GETARG_FLOAT8(2);
  const std::span<const double> recency_limits = limits_argument(fcinfo, 3, "recency_limits");
  const std::span<const double> frequency_limits = limits_argument(fcinfo, 4, "frequency_limits");
  const std::span<const double> monetary_limits = limits_argument(fcinfo, 5, "monetary_limits");
  int value = 0;
  compute([&] {
    value = score::rfm_score(recency, frequency, monetary, recency_limits, frequency_limits,
                             monetary_limits);
  });
  PG_RETURN_INT32(value);
}
