// SQL functions of GPS traces: length of the way, busy and idle time, the type trace with its stops
// and visits of zones.
#include "pg/geo.hpp"
#include "pg/geo_zone.hpp"
#include "pg/interval.hpp"
#include "pg/state.hpp"

#include "core/geo/activity.hpp"
#include "core/geo/path.hpp"
#include "core/geo/trace.hpp"

extern "C" {
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
}

namespace starhouse::pg::geo {

namespace {

namespace geo = starhouse::geo;

using Paths = ExpandedState<geo::Path>;
using Activities = ExpandedState<geo::Activity>;
using Traces = ExpandedState<geo::Trace>;

geo::Ping ping_argument(FunctionCallInfo fcinfo) {
  return {PG_GETARG_TIMESTAMPTZ(3), PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2)};
}

bool ping_is_null(FunctionCallInfo fcinfo) {
  return PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3);
}

// Limits at `index` and the next one, where the call has them; NULL is none.
geo::LegRule rule_argument(FunctionCallInfo fcinfo, int index) {
  geo::LegRule rule;
  if (PG_NARGS() > index && !PG_ARGISNULL(index)) {
    rule.max_speed = PG_GETARG_FLOAT8(index);
  }
  if (PG_NARGS() > index + 1 && !PG_ARGISNULL(index + 1)) {
    rule.max_jump = PG_GETARG_FLOAT8(index + 1);
  }
  return rule;
}

} // namespace

} // namespace starhouse::pg::geo

namespace {
using namespace starhouse::pg::geo;
using starhouse::Env;
using starhouse::pg::compute;
using starhouse::pg::interval_argument;
using starhouse::pg::kept_items;
} // namespace

STARHOUSE_STATE_TYPE(path_state, Paths)
STARHOUSE_STATE_COMBINE(path_combine, Paths)

STARHOUSE_FUNCTION(starhouse_path_add) {
  if (ping_is_null(fcinfo)) {
    return Paths::unchanged(fcinfo);
  }
  const starhouse::geo::Ping ping = ping_argument(fcinfo);
  const starhouse::geo::LegRule rule = rule_argument(fcinfo, 4);
  return Paths::update(fcinfo, [&](starhouse::geo::Path &path) { path.add(ping, rule); });
}

STARHOUSE_FUNCTION(starhouse_path_length_m) {
  PG_RETURN_FLOAT8(Paths::argument(fcinfo, 0).metres());
}

STARHOUSE_STATE_TYPE(activity_state, Activities)
STARHOUSE_STATE_COMBINE(activity_combine, Activities)

STARHOUSE_FUNCTION(starhouse_activity_add) {
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3)) {
    return Activities::unchanged(fcinfo);
  }
  const starhouse::geo::Report report{PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_BOOL(2)};
  const int64 gap = interval_argument(fcinfo, 3, "gap");
  return Activities::update(fcinfo,
                            [&](starhouse::geo::Activity &activity) { activity.add(report, gap); });
}

STARHOUSE_FUNCTION(starhouse_activity_seconds) {
  const starhouse::geo::ActivityTimes times = Activities::argument(fcinfo, 0).times();
  Datum values[] = {Float8GetDatum(static_cast<double>(times.busy) / 1e6),
                    Float8GetDatum(static_cast<double>(times.idle) / 1e6),
                    Float8GetDatum(static_cast<double>(times.offline) / 1e6)};
  bool nulls[std::size(values)] = {};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_row_type(fcinfo), values, nulls)));
}

STARHOUSE_STATE_TYPE(trace, Traces)
STARHOUSE_STATE_COMBINE(trace_combine, Traces)

STARHOUSE_FUNCTION(starhouse_trace_add) {
  if (ping_is_null(fcinfo)) {
    return Traces::unchanged(fcinfo);
  }
  const starhouse::geo::Ping ping = ping_argument(fcinfo);
  return Traces::update(fcinfo, [&](starhouse::geo::Trace &trace) { trace.add(ping); });
}

STARHOUSE_FUNCTION(starhouse_trace_length_m) {
  if (PG_ARGISNULL(0)) {
    PG_RETURN_NULL();
  }
  const starhouse::geo::Trace &trace = Traces::argument(fcinfo, 0);
  const starhouse::geo::LegRule rule = rule_argument(fcinfo, 1);
  double metres = 0;
  compute([&] {
    rule.check();
    metres = starhouse::geo::path_length(trace.pings(), rule);
  });
  PG_RETURN_FLOAT8(metres);
}

STARHOUSE_FUNCTION(starhouse_trace_pings) {
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  const starhouse::geo::Trace &trace = Traces::argument(fcinfo, 0);
  std::span<const starhouse::geo::Ping> pings;
  compute([&] { pings = trace.pings(); });
  for (const starhouse::geo::Ping &ping : pings) {
    CHECK_FOR_INTERRUPTS();
    Datum values[] = {TimestampTzGetDatum(ping.at), Float8GetDatum(ping.lat),
                      Float8GetDatum(ping.lon)};
    bool nulls[std::size(values)] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}

STARHOUSE_FUNCTION(starhouse_stops) {
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  const starhouse::geo::Trace &trace = Traces::argument(fcinfo, 0);
  const double radius = PG_GETARG_FLOAT8(1);
  const int64 min_duration = interval_argument(fcinfo, 2, "min_duration");
  for (const starhouse::geo::Stop &stop : kept_items<starhouse::geo::Stop>([&](const Env &env) {
         return starhouse::geo::find_stops(trace.pings(), radius, min_duration, env);
       })) {
    Datum values[] = {TimestampTzGetDatum(stop.arrived),
                      TimestampTzGetDatum(stop.left),
                      Float8GetDatum(starhouse::geo::seconds_between(stop.arrived, stop.left)),
                      Float8GetDatum(stop.lat),
                      Float8GetDatum(stop.lon),
                      Int64GetDatum(static_cast<int64>(stop.pings))};
    bool nulls[std::size(values)] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}

STARHOUSE_FUNCTION(starhouse_zone_visits) {
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  const starhouse::geo::Trace &trace = Traces::argument(fcinfo, 0);
  const ZoneLookup &zones = zones_argument(fcinfo, 1);
  const int64 min_dwell = interval_argument(fcinfo, 2, "min_dwell");
  static_assert(starhouse::geo::no_zone == starhouse::geo::ZoneIndex::none);
  for (const starhouse::geo::Visit &visit : kept_items<starhouse::geo::Visit>([&](const Env &env) {
         return starhouse::geo::find_visits(
             trace.pings(),
             [&](const starhouse::geo::Ping &ping) {
               return zones.index->find(ping.lat, ping.lon);
             },
             min_dwell, env);
       })) {
    Datum values[] = {zones.texts[visit.zone], TimestampTzGetDatum(visit.entered),
                      TimestampTzGetDatum(visit.left),
                      Float8GetDatum(starhouse::geo::seconds_between(visit.entered, visit.left)),
                      Int64GetDatum(static_cast<int64>(visit.pings))};
    bool nulls[std::size(values)] = {};
    nulls[2] = visit.still_inside;
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}
