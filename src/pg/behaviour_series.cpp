// Series of values over time: averages weighted by time, fewer points for charts, buckets without
// gaps; and the moving average that fades.
#include "pg/half_life.hpp"
#include "pg/rows.hpp"
#include "pg/state.hpp"

#include "core/behaviour/ewma.hpp"
#include "core/behaviour/time_series.hpp"

extern "C" {
#include "common/int.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
}

namespace {

using namespace starhouse::pg;
using starhouse::behaviour::Ewma;
using starhouse::behaviour::Fill;
using starhouse::behaviour::GapFiller;
using starhouse::behaviour::Method;
using starhouse::behaviour::Point;
using starhouse::behaviour::TimeSeries;
using starhouse::score::HalfLife;
using SeriesStates = ExpandedState<TimeSeries>;
using EwmaStates = FixedState<Ewma>;

// INTERNALLENGTH of the SQL type.
static_assert(sizeof(Ewma) == 104);

std::string_view text_argument(FunctionCallInfo fcinfo, int index) {
  const text *value = PG_GETARG_TEXT_PP(index);
  return {VARDATA_ANY(value), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(value))};
}

Method method_argument(FunctionCallInfo fcinfo, int index) {
  const std::string_view name = text_argument(fcinfo, index);
  Method method = Method::step;
  compute([&] { method = starhouse::behaviour::method_of(name); });
  return method;
}

// (state, ts, value), the option worked out of what follows.
Datum add_point(FunctionCallInfo fcinfo, std::uint32_t option) {
  const TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);
  const double value = PG_GETARG_FLOAT8(2);
  return SeriesStates::add(fcinfo, {at, value, option});
}

bool point_is_null(FunctionCallInfo fcinfo) {
  return PG_ARGISNULL(1) || PG_ARGISNULL(2) || (PG_NARGS() > 3 && PG_ARGISNULL(3));
}

// The average, or NULL where there is none.
template <class Average>
Datum average_datum(FunctionCallInfo fcinfo, Average average) {
  double value = 0;
  bool known = false;
  compute([&] { known = average(value); });
  if (!known) {
    PG_RETURN_NULL();
  }
  PG_RETURN_FLOAT8(value);
}

void put_point(ReturnSetInfo *result, const Point &point) {
  CHECK_FOR_INTERRUPTS();
  Datum values[] = {TimestampTzGetDatum(point.at), Float8GetDatum(point.value)};
  bool nulls[std::size(values)] = {};
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

// The starts of buckets of one width: days and months by the clocks of a time zone, so that a day
// has 23 or 25 hours where they change; shorter units by elapsed time.
class Buckets {
public:
  // Width and time zone are the arguments of these numbers.
  Buckets(FunctionCallInfo fcinfo, TimestampTz start, int width, int zone)
      : start_(start), width_(PG_GETARG_INTERVAL_P(width)), zone_(PG_GETARG_DATUM(zone)) {
    const bool by_clock = width_->month != 0 || width_->day != 0;
    if (width_->month < 0 || width_->day < 0 || width_->time < 0 ||
        by_clock == (width_->time != 0)) {
      ereport(
          ERROR,
          (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
           errmsg("the width of buckets is not positive, or mixes days with hours: %s",
                  DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(width_)))),
           errhint("Give months and days, or hours, minutes and seconds.")));
    }
    if (TIMESTAMP_NOT_FINITE(start)) {
      ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                      errmsg("the time of a bucket is infinite"),
                      errhint("Give the start of the first bucket and the end of the last.")));
    }
    by_clock_ = by_clock;
    local_ = DirectFunctionCall2(timestamptz_zone, zone_, TimestampTzGetDatum(start));
  }

  // Start of bucket `number`: counted from the first one, so that months do not drift.
  TimestampTz start(int32 number) const {
    Interval offset{};
    if (pg_mul_s64_overflow(width_->time, number, &offset.time) ||
        pg_mul_s32_overflow(width_->day, number, &offset.day) ||
        pg_mul_s32_overflow(width_->month, number, &offset.month)) {
      ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                      errmsg("a bucket is out of the range of timestamps")));
    }
    if (!by_clock_) {
      return DatumGetTimestampTz(DirectFunctionCall2(
          timestamptz_pl_interval, TimestampTzGetDatum(start_), IntervalPGetDatum(&offset)));
    }
    const Datum local =
        DirectFunctionCall2(timestamp_pl_interval, local_, IntervalPGetDatum(&offset));
    return DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone, zone_, local));
  }

private:
  TimestampTz start_;
  Interval *width_;
  Datum zone_;
  Datum local_ = 0;
  bool by_clock_ = false;
};
static_assert(std::is_trivially_destructible_v<Buckets>);

void check_end(TimestampTz end) {
  if (TIMESTAMP_NOT_FINITE(end)) {
    ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                    errmsg("the time of a bucket is infinite"),
                    errhint("Give the start of the first bucket and the end of the last.")));
  }
}

} // namespace

STARHOUSE_STATE_TYPE(time_series, SeriesStates)
STARHOUSE_STATE_COMBINE(time_series_combine, SeriesStates)

// (state, ts, value)
STARHOUSE_FUNCTION(starhouse_time_series_add) {
  return point_is_null(fcinfo) ? SeriesStates::unchanged(fcinfo) : add_point(fcinfo, 0);
}

// (state, ts, value, method)
STARHOUSE_FUNCTION(starhouse_time_weighted_avg_add) {
  if (point_is_null(fcinfo)) {
    return SeriesStates::unchanged(fcinfo);
  }
  return add_point(fcinfo, static_cast<std::uint32_t>(method_argument(fcinfo, 3)));
}

// (state, ts, value, points)
STARHOUSE_FUNCTION(starhouse_lttb_add) {
  if (point_is_null(fcinfo)) {
    return SeriesStates::unchanged(fcinfo);
  }
  const int32 points = PG_GETARG_INT32(3);
  return add_point(fcinfo, static_cast<std::uint32_t>(std::max(points, 1)));
}

STARHOUSE_FUNCTION(starhouse_time_series_points) {
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  const TimeSeries &series = SeriesStates::argument(fcinfo, 0);
  std::size_t count = 0;
  compute([&] { count = series.size(); });
  for (std::size_t i = 0; i < count; ++i) {
    put_point(result, series[i]);
  }
  return static_cast<Datum>(0);
}

// Final function of time_weighted_avg: the method is the state's option, step without one.
STARHOUSE_FUNCTION(starhouse_time_weighted_avg_final) {
  const TimeSeries &series = SeriesStates::argument(fcinfo, 0);
  const Method method =
      series.option() == static_cast<std::uint32_t>(Method::linear) ? Method::linear : Method::step;
  return average_datum(fcinfo, [&](double &value) { return series.average(method, value); });
}

// (series, method)
STARHOUSE_FUNCTION(starhouse_time_weighted_avg_value) {
  const TimeSeries &series = SeriesStates::argument(fcinfo, 0);
  const Method method = method_argument(fcinfo, 1);
  return average_datum(fcinfo, [&](double &value) { return series.average(method, value); });
}

// (series, method, from, until)
STARHOUSE_FUNCTION(starhouse_time_weighted_avg_between) {
  const TimeSeries &series = SeriesStates::argument(fcinfo, 0);
  const Method method = method_argument(fcinfo, 1);
  const TimestampTz from = PG_GETARG_TIMESTAMPTZ(2);
  const TimestampTz until = PG_GETARG_TIMESTAMPTZ(3);
  return average_datum(fcinfo,
                       [&](double &value) { return series.average(method, from, until, value); });
}

// (series, points)
STARHOUSE_FUNCTION(starhouse_lttb_points) {
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  const TimeSeries &series = SeriesStates::argument(fcinfo, 0);
  const int32 wanted = PG_GETARG_INT32(1);
  for (const Point &point :
       kept_items<Point>([&](const starhouse::Env &env) { return series.lttb(wanted, env); })) {
    put_point(result, point);
  }
  return static_cast<Datum>(0);
}

// Final function of lttb: the number of points is the state's option.
STARHOUSE_FUNCTION(starhouse_lttb_final) {
  const TimeSeries &series = SeriesStates::argument(fcinfo, 0);
  const auto &points = kept_items<Point>(
      [&](const starhouse::Env &env) { return series.lttb(series.option(), env); });
  return composite_array(fcinfo, points, [](const Point &point, TupleDesc type) {
    Datum values[] = {TimestampTzGetDatum(point.at), Float8GetDatum(point.value)};
    bool nulls[std::size(values)] = {};
    return HeapTupleGetDatum(heap_form_tuple(type, values, nulls));
  });
}

// (start, until, width, time zone)
STARHOUSE_FUNCTION(starhouse_time_buckets) {
  InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  const TimestampTz until = PG_GETARG_TIMESTAMPTZ(1);
  check_end(until);
  const Buckets buckets(fcinfo, PG_GETARG_TIMESTAMPTZ(0), 2, 3);
  for (int32 number = 0;; ++number) {
    CHECK_FOR_INTERRUPTS();
    const TimestampTz start = buckets.start(number);
    if (start >= until) {
      break;
    }
    Datum values[] = {TimestampTzGetDatum(start)};
    bool nulls[] = {false};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}

// (series, start, until, width, fill, time zone)
STARHOUSE_FUNCTION(starhouse_gap_fill) {
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  const TimeSeries &series = SeriesStates::argument(fcinfo, 0);
  const TimestampTz until = PG_GETARG_TIMESTAMPTZ(2);
  check_end(until);
  const Buckets buckets(fcinfo, PG_GETARG_TIMESTAMPTZ(1), 3, 5);
  const std::string_view name = text_argument(fcinfo, 4);
  Fill fill = Fill::none;
  compute([&] {
    fill = starhouse::behaviour::fill_of(name);
    series.size(); // brings it in order
  });
  GapFiller filler(series, fill);
  TimestampTz start = buckets.start(0);
  for (int32 number = 1; start < until; ++number) {
    CHECK_FOR_INTERRUPTS();
    const TimestampTz end = buckets.start(number);
    GapFiller::Bucket bucket{};
    compute([&] { bucket = filler.next(start, end); });
    Datum values[] = {TimestampTzGetDatum(start), Float8GetDatum(bucket.value),
                      BoolGetDatum(bucket.filled)};
    bool nulls[] = {false, !bucket.known, false};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    start = end;
  }
  return static_cast<Datum>(0);
}

STARHOUSE_STATE_TYPE(ewma_state, EwmaStates)
STARHOUSE_STATE_COMBINE(ewma_combine, EwmaStates)

// (state, ts, value, half_life)
STARHOUSE_FUNCTION(starhouse_ewma_add) {
  if (point_is_null(fcinfo)) {
    return EwmaStates::unchanged(fcinfo);
  }
  const TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);
  const double value = PG_GETARG_FLOAT8(2);
  const HalfLife &half_life = half_life_argument(fcinfo, 3);
  return EwmaStates::update(fcinfo, [&](Ewma &state) { state.add(at, value, half_life); });
}

// As trending_moving: the state of a frame that moves is never NULL.
STARHOUSE_FUNCTION(starhouse_ewma_moving) {
  if (point_is_null(fcinfo)) {
    return EwmaStates::update(fcinfo, [](Ewma &) noexcept {});
  }
  return starhouse_ewma_add(fcinfo);
}

// NULL tells the executor to aggregate the frame anew.
STARHOUSE_FUNCTION(starhouse_ewma_inverse) {
  if (point_is_null(fcinfo)) {
    return EwmaStates::unchanged(fcinfo);
  }
  const TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);
  const double value = PG_GETARG_FLOAT8(2);
  const HalfLife &half_life = half_life_argument(fcinfo, 3);
  bool exact = false;
  const Datum state = EwmaStates::update(
      fcinfo, [&](Ewma &moving) { exact = moving.remove(at, value, half_life); });
  if (!exact) {
    PG_RETURN_NULL();
  }
  return state;
}

STARHOUSE_FUNCTION(starhouse_ewma_value) {
  const Ewma &state = EwmaStates::argument(fcinfo, 0);
  if (state.count() == 0) { // a frame without rows
    PG_RETURN_NULL();
  }
  double value = 0;
  compute([&] { value = state.value(); });
  PG_RETURN_FLOAT8(value);
}
