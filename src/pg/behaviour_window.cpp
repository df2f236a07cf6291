// Window functions over events in order: sessionize numbers sessions, locf carries the last value
// on.
#include "pg/interval.hpp"

extern "C" {
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "windowapi.h"
}

namespace {

// Of the partition that is walked through; zeroed at its start.
struct SessionWalk {
  bool begun;
  TimestampTz last;
  int64 session;
};

struct CarriedValue {
  bool typed; // the next three are known
  bool by_value;
  int16 length;
  bool present;
  Datum value; // in the partition's memory
};

} // namespace

// sessionize(ts, gap): a session ends where more than `gap` passes to the next row.
STARHOUSE_FUNCTION(starhouse_sessionize) {
  WindowObject window = PG_WINDOW_OBJECT();
  auto *walk = static_cast<SessionWalk *>(WinGetPartitionLocalMemory(window, sizeof(SessionWalk)));
  WinSetMarkPosition(window, WinGetCurrentPosition(window));
  bool no_time = false;
  bool no_gap = false;
  const TimestampTz at = DatumGetTimestampTz(WinGetFuncArgCurrent(window, 0, &no_time));
  const Datum gap_datum = WinGetFuncArgCurrent(window, 1, &no_gap);
  if (no_time || no_gap) {
    PG_RETURN_NULL();
  }
  if (TIMESTAMP_NOT_FINITE(at)) {
    ereport(ERROR,
            (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("an event has an infinite time"),
             errhint("Give the time of each event, or leave such rows out by WHERE.")));
  }
  const int64 gap = starhouse::pg::interval_micros(DatumGetIntervalP(gap_datum), "the gap");
  if (gap < 0) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the gap is negative"),
                    errhint("It is the longest time between two events of one session, such as "
                            "'30 minutes'.")));
  }
  if (walk->begun && at < walk->last) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("rows of sessionize are not in order of time"),
                    errhint("Write OVER (PARTITION BY ... ORDER BY the time), ascending.")));
  }
  if (!walk->begun ||
      static_cast<uint64>(at) - static_cast<uint64>(walk->last) > static_cast<uint64>(gap)) {
    ++walk->session;
  }
  walk->begun = true;
  walk->last = at;
  PG_RETURN_INT64(walk->session);
}

// locf(value): the value, or the last one before it that is not NULL.
STARHOUSE_FUNCTION(starhouse_locf) {
  WindowObject window = PG_WINDOW_OBJECT();
  auto *carried =
      static_cast<CarriedValue *>(WinGetPartitionLocalMemory(window, sizeof(CarriedValue)));
  WinSetMarkPosition(window, WinGetCurrentPosition(window));
  if (!carried->typed) {
    get_typlenbyval(get_fn_expr_argtype(fcinfo->flinfo, 0), &carried->length, &carried->by_value);
    carried->typed = true;
  }
  bool null = false;
  const Datum value = WinGetFuncArgCurrent(window, 0, &null);
  if (!null) {
    if (carried->present && !carried->by_value) {
      pfree(DatumGetPointer(carried->value));
    }
    // Where the partition's own memory lies, which goes with it.
    MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(carried));
    carried->present = false;
    carried->value = datumCopy(value, carried->by_value, carried->length);
    carried->present = true;
    MemoryContextSwitchTo(caller);
    PG_RETURN_DATUM(value);
  }
  if (!carried->present) {
    PG_RETURN_NULL();
  }
  PG_RETURN_DATUM(carried->value);
}
