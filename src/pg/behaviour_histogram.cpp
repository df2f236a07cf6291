// Histograms: buckets of one width, of one ratio, or with one share of the values.
#include "pg/rows.hpp"
#include "pg/state.hpp"

#include "core/behaviour/histogram.hpp"

extern "C" {
#include "utils/tuplestore.h"
}

namespace {

using namespace starhouse::pg;
using starhouse::Env;
using starhouse::behaviour::Histogram;
using starhouse::behaviour::HistogramBucket;
using starhouse::behaviour::HistogramScale;
using starhouse::behaviour::QuantileHistogram;
using States = ExpandedState<Histogram>;
using QuantileStates = ExpandedState<QuantileHistogram>;

// (state, value, low, high, buckets)
HistogramScale linear_argument(FunctionCallInfo fcinfo) {
  return {HistogramScale::Kind::linear, PG_GETARG_INT32(4), PG_GETARG_FLOAT8(2),
          PG_GETARG_FLOAT8(3)};
}

// (state, value, buckets)
HistogramScale logarithmic_argument(FunctionCallInfo fcinfo) {
  return {HistogramScale::Kind::logarithmic, PG_GETARG_INT32(2), 0, 0};
}

bool row_has_null(FunctionCallInfo fcinfo) {
  for (int i = 1; i < PG_NARGS(); ++i) {
    if (PG_ARGISNULL(i)) {
      return true;
    }
  }
  return false;
}

Datum add(FunctionCallInfo fcinfo, HistogramScale (*scale_argument)(FunctionCallInfo)) {
  if (row_has_null(fcinfo)) {
    return States::unchanged(fcinfo);
  }
  const double value = PG_GETARG_FLOAT8(1);
  const HistogramScale scale = scale_argument(fcinfo);
  return States::update(fcinfo, [&](Histogram &histogram) { histogram.add(value, scale); });
}

// For frames that move, where the executor allows no NULL: until a row counts the state is an empty
// one, which the final function turns back into NULL.
Datum add_moving(FunctionCallInfo fcinfo, HistogramScale (*scale_argument)(FunctionCallInfo)) {
  if (row_has_null(fcinfo)) {
    return States::update(fcinfo, [](Histogram &) noexcept {});
  }
  return add(fcinfo, scale_argument);
}

Datum take_off(FunctionCallInfo fcinfo, HistogramScale (*scale_argument)(FunctionCallInfo)) {
  if (row_has_null(fcinfo)) {
    return States::unchanged(fcinfo);
  }
  const double value = PG_GETARG_FLOAT8(1);
  const HistogramScale scale = scale_argument(fcinfo);
  return States::update(fcinfo, [&](Histogram &histogram) { histogram.remove(value, scale); });
}

void fill_row(const HistogramBucket &bucket, Datum (&values)[4]) {
  values[0] = Int32GetDatum(bucket.number);
  values[1] = Float8GetDatum(bucket.low);
  values[2] = Float8GetDatum(bucket.high);
  values[3] = Int64GetDatum(static_cast<int64>(bucket.count));
}

// The buckets as rows of a set-returning function.
Datum bucket_rows(FunctionCallInfo fcinfo, const Items<HistogramBucket> &buckets) {
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  for (const HistogramBucket &bucket : buckets) {
    CHECK_FOR_INTERRUPTS();
    Datum values[4];
    fill_row(bucket, values);
    bool nulls[std::size(values)] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}

// And as an array of the function's result type.
Datum bucket_array(FunctionCallInfo fcinfo, const Items<HistogramBucket> &buckets) {
  return composite_array(fcinfo, buckets, [](const HistogramBucket &bucket, TupleDesc type) {
    Datum values[4];
    fill_row(bucket, values);
    bool nulls[std::size(values)] = {};
    return HeapTupleGetDatum(heap_form_tuple(type, values, nulls));
  });
}

} // namespace

STARHOUSE_STATE_TYPE(histogram_state, States)
STARHOUSE_STATE_COMBINE(histogram_combine, States)

STARHOUSE_FUNCTION(starhouse_histogram_add) {
  return add(fcinfo, linear_argument);
}
STARHOUSE_FUNCTION(starhouse_histogram_moving) {
  return add_moving(fcinfo, linear_argument);
}
STARHOUSE_FUNCTION(starhouse_histogram_inverse) {
  return take_off(fcinfo, linear_argument);
}
STARHOUSE_FUNCTION(starhouse_histogram_log_add) {
  return add(fcinfo, logarithmic_argument);
}
STARHOUSE_FUNCTION(starhouse_histogram_log_moving) {
  return add_moving(fcinfo, logarithmic_argument);
}
STARHOUSE_FUNCTION(starhouse_histogram_log_inverse) {
  return take_off(fcinfo, logarithmic_argument);
}

STARHOUSE_FUNCTION(starhouse_histogram_buckets) {
  const Histogram &histogram = States::argument(fcinfo, 0);
  return bucket_rows(
      fcinfo, kept_items<HistogramBucket>([&](const Env &env) { return histogram.buckets(env); }));
}

STARHOUSE_FUNCTION(starhouse_histogram_array) {
  const Histogram &histogram = States::argument(fcinfo, 0);
  if (histogram.rows() == 0) { // a frame without rows
    PG_RETURN_NULL();
  }
  return bucket_array(
      fcinfo, kept_items<HistogramBucket>([&](const Env &env) { return histogram.buckets(env); }));
}

STARHOUSE_STATE_TYPE(quantile_histogram_state, QuantileStates)
STARHOUSE_STATE_COMBINE(quantile_histogram_combine, QuantileStates)

STARHOUSE_FUNCTION(starhouse_quantile_histogram_add) {
  if (row_has_null(fcinfo)) {
    return QuantileStates::unchanged(fcinfo);
  }
  const double value = PG_GETARG_FLOAT8(1);
  const int32 buckets = PG_GETARG_INT32(2);
  return QuantileStates::update(
      fcinfo, [&](QuantileHistogram &histogram) { histogram.add(value, buckets); });
}

// (state [, buckets])
STARHOUSE_FUNCTION(starhouse_quantile_histogram_buckets) {
  const QuantileHistogram &histogram = QuantileStates::argument(fcinfo, 0);
  const bool own = PG_NARGS() == 1;
  const int32 buckets = own ? 0 : PG_GETARG_INT32(1);
  return bucket_rows(fcinfo, kept_items<HistogramBucket>([&](const Env &env) {
                       return own ? histogram.buckets(env) : histogram.buckets(buckets, env);
                     }));
}

STARHOUSE_FUNCTION(starhouse_quantile_histogram_array) {
  const QuantileHistogram &histogram = QuantileStates::argument(fcinfo, 0);
  return bucket_array(
      fcinfo, kept_items<HistogramBucket>([&](const Env &env) { return histogram.buckets(env); }));
}
