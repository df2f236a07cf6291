// Sessions, unions of intervals, and how many run at once.
#include "pg/interval.hpp"
#include "pg/rows.hpp"
#include "pg/state.hpp"

#include "core/behaviour/concurrency.hpp"
#include "core/behaviour/spans.hpp"

extern "C" {
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
}

namespace {

using namespace starhouse::pg;
using starhouse::behaviour::Concurrency;
using starhouse::behaviour::IntervalUnion;
using starhouse::behaviour::micros_between;
using starhouse::behaviour::seconds_of;
using starhouse::behaviour::Sessions;
using starhouse::behaviour::Span;
using SessionStates = ExpandedState<Sessions>;
using UnionStates = ExpandedState<IntervalUnion>;
using ConcurrencyStates = ExpandedState<Concurrency>;

Datum count_datum(std::uint64_t count) {
  return Int64GetDatum(static_cast<int64>(count));
}

Datum seconds_datum(std::uint64_t micros) {
  return Float8GetDatum(seconds_of(micros));
}

// The spans of a state, in order; sorting may raise.
template <class State>
std::span<const Span> spans_of(const State &state) {
  std::span<const Span> spans;
  compute([&] { spans = state.list(); });
  return spans;
}

bool interval_is_null(FunctionCallInfo fcinfo) {
  return PG_ARGISNULL(1) || PG_ARGISNULL(2);
}

Datum stretch_row(FunctionCallInfo fcinfo, const Concurrency::Stretch &stretch) {
  Datum values[] = {Int64GetDatum(stretch.running), TimestampTzGetDatum(stretch.from),
                    TimestampTzGetDatum(stretch.until)};
  bool nulls[std::size(values)] = {};
  return HeapTupleGetDatum(heap_form_tuple(result_row_type(fcinfo), values, nulls));
}

} // namespace

STARHOUSE_STATE_TYPE(session_stats_state, SessionStates)
STARHOUSE_STATE_COMBINE(session_stats_combine, SessionStates)

STARHOUSE_FUNCTION(starhouse_session_stats_add) {
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) {
    return SessionStates::unchanged(fcinfo);
  }
  const TimestampTz at = PG_GETARG_TIMESTAMPTZ(1);
  const int64 gap = interval_argument(fcinfo, 2, "the gap");
  return SessionStates::add(fcinfo, {at, gap});
}

STARHOUSE_FUNCTION(starhouse_session_stats_value) {
  const Sessions &sessions = SessionStates::argument(fcinfo, 0);
  Sessions::Summary sum;
  compute([&] { sum = sessions.summary(); });
  const auto count = static_cast<double>(sum.sessions);
  Datum values[] = {count_datum(sum.sessions),
                    count_datum(sum.events),
                    count_datum(sum.bounces),
                    seconds_datum(sum.total),
                    seconds_datum(sum.longest),
                    Float8GetDatum(seconds_of(sum.total) / count),
                    Float8GetDatum(static_cast<double>(sum.events) / count)};
  bool nulls[std::size(values)] = {};
  nulls[5] = nulls[6] = sum.sessions == 0;
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_row_type(fcinfo), values, nulls)));
}

STARHOUSE_FUNCTION(starhouse_session_list) {
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  int64 number = 0;
  for (const Span &span : spans_of(SessionStates::argument(fcinfo, 0))) {
    CHECK_FOR_INTERRUPTS();
    Datum values[] = {
        Int64GetDatum(++number), TimestampTzGetDatum(span.start), TimestampTzGetDatum(span.end),
        seconds_datum(micros_between(span.start, span.end)), count_datum(span.events)};
    bool nulls[std::size(values)] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}

STARHOUSE_STATE_TYPE(interval_union_state, UnionStates)
STARHOUSE_STATE_COMBINE(interval_union_combine, UnionStates)

STARHOUSE_FUNCTION(starhouse_interval_union_add) {
  if (interval_is_null(fcinfo)) {
    return UnionStates::unchanged(fcinfo);
  }
  const TimestampTz start = PG_GETARG_TIMESTAMPTZ(1);
  const TimestampTz end = PG_GETARG_TIMESTAMPTZ(2);
  return UnionStates::add(fcinfo, {start, end});
}

// (state [, from, until])
STARHOUSE_FUNCTION(starhouse_interval_union_value) {
  const IntervalUnion &whole = UnionStates::argument(fcinfo, 0);
  const bool all = PG_NARGS() == 1;
  const TimestampTz from = all ? DT_NOBEGIN : PG_GETARG_TIMESTAMPTZ(1);
  const TimestampTz until = all ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(2);
  std::uint64_t length = 0;
  compute([&] { length = whole.length(from, until); });
  PG_RETURN_DATUM(seconds_datum(length));
}

STARHOUSE_FUNCTION(starhouse_interval_union_list) {
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  for (const Span &span : spans_of(UnionStates::argument(fcinfo, 0))) {
    CHECK_FOR_INTERRUPTS();
    Datum values[] = {TimestampTzGetDatum(span.start), TimestampTzGetDatum(span.end),
                      seconds_datum(micros_between(span.start, span.end))};
    bool nulls[std::size(values)] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}

STARHOUSE_STATE_TYPE(concurrent_peak_state, ConcurrencyStates)
STARHOUSE_STATE_COMBINE(concurrent_peak_combine, ConcurrencyStates)

// An end that is NULL has not come yet.
STARHOUSE_FUNCTION(starhouse_concurrent_peak_add) {
  if (PG_ARGISNULL(1)) {
    return ConcurrencyStates::unchanged(fcinfo);
  }
  const TimestampTz start = PG_GETARG_TIMESTAMPTZ(1);
  const TimestampTz end = PG_ARGISNULL(2) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(2);
  return ConcurrencyStates::update(fcinfo,
                                   [&](Concurrency &concurrency) { concurrency.add(start, end); });
}

STARHOUSE_FUNCTION(starhouse_concurrent_peak_count) {
  const Concurrency &concurrency = ConcurrencyStates::argument(fcinfo, 0);
  Concurrency::Stretch peak{};
  compute([&] { concurrency.peak(peak); });
  PG_RETURN_INT64(peak.running);
}

STARHOUSE_FUNCTION(starhouse_concurrent_peak_value) {
  const Concurrency &concurrency = ConcurrencyStates::argument(fcinfo, 0);
  Concurrency::Stretch peak{};
  bool any = false;
  compute([&] { any = concurrency.peak(peak); });
  if (!any) {
    PG_RETURN_NULL();
  }
  return stretch_row(fcinfo, peak);
}

STARHOUSE_FUNCTION(starhouse_concurrency_list) {
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  const Concurrency &concurrency = ConcurrencyStates::argument(fcinfo, 0);
  // Vectors of the core have to be made in a compute phase; rows are put outside of it.
  for (const Concurrency::Stretch &stretch :
       kept_items<Concurrency::Stretch>([&](const starhouse::Env &env) {
         std::pmr::vector<Concurrency::Stretch> list(env.memory);
         concurrency.each_stretch(
             [&](const Concurrency::Stretch &stretch) { list.push_back(stretch); });
         return list;
       })) {
    CHECK_FOR_INTERRUPTS();
    Datum values[] = {TimestampTzGetDatum(stretch.from), TimestampTzGetDatum(stretch.until),
                      Int64GetDatum(stretch.running)};
    bool nulls[std::size(values)] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}
