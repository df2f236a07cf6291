// clock_hours(query): spans cut at the full hours of their own clocks and added up by key and hour,
// in one pass over a query's rows. Follows PostgreSQL's rules only: no object with a destructor
// lives here.
#include "pg/append.hpp"
#include "pg/query_rows.hpp"

#include "core/behaviour/clock_hours.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
#include "utils/timestamp.h"
}

namespace starhouse::pg {

namespace {

constexpr int64 most_rows = 10000000;

struct Hour {
  int64 begins; // the first two are the key
  int64 key;    // index into the keys
  int64 begun;
  int64 micro_minutes;
};

// What a clock shows in an hour of UTC, unless it is changed within it.
struct ClockHour {
  int64 hour; // the first two are the key
  int64 zone; // index into the zones
  int64 offset;
  bool changes;
};

struct Adder {
  DestReceiver receiver; // must be first
  append::ValueSet keys;
  append::ValueSet zones;
  HTAB *hours;
  HTAB *clocks;
  ClockHour *clock; // asked for last
  MemoryContext scratch;
};

HTAB *make_table(const char *name, Size entry) {
  HASHCTL control;
  std::memset(&control, 0, sizeof control);
  control.keysize = 2 * sizeof(int64);
  control.entrysize = entry;
  control.hcxt = CurrentMemoryContext;
  return hash_create(name, 1024, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

int64 floor_to(int64 value, int64 step) {
  const int64 rest = value % step;
  return value - (rest < 0 ? rest + step : rest);
}

// What the clock is ahead of UTC, as the operator AT TIME ZONE has it.
int64 offset_at(Datum zone, TimestampTz time) {
  return DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, zone, TimestampTzGetDatum(time))) -
         time;
}

int64 into_hour(Adder *adder, TimestampTz started, Datum zone) {
  append::value_set_add(&adder->zones, zone);
  int64 key[2] = {floor_to(started, USECS_PER_HOUR), adder->zones.latest};
  if (adder->clock == nullptr || std::memcmp(adder->clock, key, sizeof key) != 0) {
    bool found;
    adder->clock = static_cast<ClockHour *>(hash_search(adder->clocks, key, HASH_ENTER, &found));
    if (!found) {
      adder->clock->changes = true; // until both ends are known
      adder->clock->offset = offset_at(zone, key[0]);
      adder->clock->changes = offset_at(zone, key[0] + USECS_PER_HOUR - 1) != adder->clock->offset;
    }
  }
  const int64 local =
      started + (adder->clock->changes ? offset_at(zone, started) : adder->clock->offset);
  return local - floor_to(local, USECS_PER_HOUR);
}

double minutes_of(Datum numeric) {
  const double minutes = DatumGetFloat8(DirectFunctionCall1(numeric_float8, numeric));
  if (!(minutes >= 0 && minutes <= behaviour::most_span_minutes)) {
    ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                    errmsg("a span of %g minutes cannot be cut into hours", minutes),
                    errhint("Minutes go from 0 to %g.", behaviour::most_span_minutes)));
  }
  return minutes;
}

bool receive(TupleTableSlot *slot, DestReceiver *self) {
  auto *adder = reinterpret_cast<Adder *>(self);
  slot_getallattrs(slot);
  if (slot->tts_isnull[0] || slot->tts_isnull[1] || slot->tts_isnull[2] || slot->tts_isnull[3]) {
    return true;
  }
  const TimestampTz started = DatumGetTimestampTz(slot->tts_values[1]);
  if (TIMESTAMP_NOT_FINITE(started)) {
    ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                    errmsg("a span cannot begin at infinity"), errhint("Leave such rows out.")));
  }
  MemoryContext caller = MemoryContextSwitchTo(adder->scratch);
  append::value_set_add(&adder->keys,
                        PointerGetDatum(PG_DETOAST_DATUM_PACKED(slot->tts_values[0])));
  const int64 since =
      into_hour(adder, started, PointerGetDatum(PG_DETOAST_DATUM_PACKED(slot->tts_values[3])));
  const double minutes = minutes_of(slot->tts_values[2]);
  const int64 key_index = adder->keys.latest;
  behaviour::cut_at_hours(since, minutes, [&](int64 n, int64 micro_minutes) {
    int64 key[2] = {started - since + n * USECS_PER_HOUR, key_index};
    bool found;
    auto *hour = static_cast<Hour *>(hash_search(adder->hours, key, HASH_ENTER, &found));
    if (!found) {
      hour->begun = 0;
      hour->micro_minutes = 0;
    }
    hour->begun += n == 0 ? 1 : 0;
    hour->micro_minutes += micro_minutes;
  });
  if (hash_get_num_entries(adder->hours) > most_rows) {
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("clock_hours would return more than %lld rows",
                           static_cast<long long>(most_rows)),
                    errhint("Give it fewer keys or a shorter time at once.")));
  }
  MemoryContextSwitchTo(caller);
  MemoryContextReset(adder->scratch);
  return true;
}

void startup(DestReceiver * /*self*/, int /*operation*/, TupleDesc row) {
  constexpr Oid wanted[] = {TEXTOID, TIMESTAMPTZOID, NUMERICOID, TEXTOID};
  bool fits = row->natts == 4;
  for (int i = 0; fits && i < 4; ++i) {
    fits = TupleDescAttr(row, i)->atttypid == wanted[i];
  }
  if (!fits) {
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("the query of clock_hours does not return (text, timestamptz, numeric, "
                           "text)"),
                    errhint("Its columns are: key, start, minutes, time zone; cast them.")));
  }
}

// micro / 1,000,000 with six places.
Datum in_minutes(int64 micro) {
  const Datum quotient =
      DirectFunctionCall2(numeric_div, DirectFunctionCall1(int8_numeric, Int64GetDatum(micro)),
                          DirectFunctionCall1(int8_numeric, Int64GetDatum(1000000)));
  return DirectFunctionCall2(numeric_round, quotient, Int32GetDatum(6));
}

} // namespace

} // namespace starhouse::pg

using namespace starhouse::pg;

STARHOUSE_FUNCTION(starhouse_clock_hours) {
  const char *query = text_to_cstring(PG_GETARG_TEXT_PP(0));
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  MemoryContext own = CurrentMemoryContext;
  auto *adder = static_cast<Adder *>(palloc0(sizeof(Adder)));
  init_receiver(&adder->receiver, receive, startup);
  adder->hours = make_table("starhouse hours", sizeof(Hour));
  adder->clocks = make_table("starhouse clocks", sizeof(ClockHour));
  adder->scratch = AllocSetContextCreate(own, "starhouse spans", ALLOCSET_SMALL_SIZES);
  append::value_set_init(&adder->keys, false, -1, own);
  append::value_set_init(&adder->zones, false, -1, own);

  read_query("clock_hours", query, &adder->receiver);

  HASH_SEQ_STATUS all;
  hash_seq_init(&all, adder->hours);
  while (auto *hour = static_cast<Hour *>(hash_seq_search(&all))) {
    CHECK_FOR_INTERRUPTS();
    Datum values[4] = {adder->keys.values[hour->key], TimestampTzGetDatum(hour->begins),
                       Int64GetDatum(hour->begun), in_minutes(hour->micro_minutes)};
    bool nulls[4] = {false, false, false, false};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return Datum{0};
}
