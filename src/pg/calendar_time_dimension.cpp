// The SQL function time_dimension.
#include "pg/calendar.hpp"

#include "core/calendar/time_dimension.hpp"

#include <iterator>
#include <new>
#include <string_view>

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_type_d.h"
#include "executor/tuptable.h"
#include "utils/tuplestore.h"
}

namespace {

namespace calendar = starhouse::calendar;
namespace cal = starhouse::pg::cal;
using calendar::TimeRow;
using starhouse::pg::compute;

// How a field of TimeRow becomes a value of its column.
enum class Kind : unsigned char {
  instant, // microseconds: timestamp and timestamptz
  date,
  number,
  number_or_null, // 0: NULL
  boolean,
  text, // empty: NULL
  flag, // a bool as 1 or 0
};

struct Column {
  Kind kind;
  uint16 offset;
  Oid type;
};

#define INSTANT(field, type)                                                                       \
  { Kind::instant, offsetof(TimeRow, field), type }
#define DATE(field)                                                                                \
  { Kind::date, offsetof(TimeRow, field), DATEOID }
#define NUMBER(field)                                                                              \
  { Kind::number, offsetof(TimeRow, field), INT4OID }
#define BOOLEAN(field)                                                                             \
  { Kind::boolean, offsetof(TimeRow, field), BOOLOID }
#define TEXT(field)                                                                                \
  { Kind::text, offsetof(TimeRow, field), TEXTOID }

// In the order of the SQL declaration. What differs between the slots of a day comes first: see
// move_to_slot().
constexpr Column columns[] = {
    INSTANT(key, TIMESTAMPOID),
    INSTANT(starts_at, TIMESTAMPTZOID),
    DATE(date),
    NUMBER(hour),
    NUMBER(minute),
    NUMBER(minute_of_day),
    NUMBER(length_seconds),
    {Kind::number_or_null, offsetof(TimeRow, hour_12), INT4OID},
    TEXT(time_name),
    TEXT(am_pm),
    TEXT(day_part),
    TEXT(meal_time),
    NUMBER(yyyymmdd),
    NUMBER(day_sequence),
    NUMBER(day),
    NUMBER(day_of_week),
    NUMBER(iso_day_of_week),
    TEXT(day_name),
    TEXT(day_name_short),
    NUMBER(weekday_of_month),
    NUMBER(day_of_quarter),
    NUMBER(day_of_year),
    DATE(previous_day),
    DATE(next_day),
    DATE(same_day_last_month),
    DATE(same_day_last_quarter),
    DATE(same_day_last_year),
    DATE(same_weekday_last_year),
    NUMBER(week),
    NUMBER(iso_year),
    TEXT(iso_week_name),
    NUMBER(us_week),
    NUMBER(week_of_month),
    DATE(week_start),
    DATE(week_end),
    NUMBER(week_sequence),
    NUMBER(month),
    TEXT(month_name),
    TEXT(month_name_short),
    TEXT(year_month),
    DATE(month_start),
    DATE(month_end),
    NUMBER(days_in_month),
    NUMBER(month_sequence),
    BOOLEAN(is_month_start),
    BOOLEAN(is_month_end),
    NUMBER(quarter),
    TEXT(quarter_name),
    TEXT(year_quarter),
    DATE(quarter_start),
    DATE(quarter_end),
    NUMBER(quarter_sequence),
    NUMBER(half_year),
    NUMBER(year),
    DATE(year_start),
    DATE(year_end),
    NUMBER(days_in_year),
    BOOLEAN(is_leap_year),
    NUMBER(fiscal.year),
    TEXT(fiscal_year_name),
    NUMBER(fiscal.quarter),
    NUMBER(fiscal.period),
    NUMBER(fiscal_week),
    NUMBER(fiscal_day),
    DATE(fiscal.year_start),
    DATE(fiscal.year_end),
    DATE(fiscal.quarter_start),
    DATE(fiscal.quarter_end),
    NUMBER(retail.year),
    NUMBER(retail.quarter),
    NUMBER(retail.period),
    NUMBER(retail.week),
    NUMBER(retail.week_of_period),
    NUMBER(retail.weeks_in_year),
    DATE(retail.year_start),
    DATE(retail.period_start),
    DATE(retail.period_end),
    BOOLEAN(is_weekend),
    BOOLEAN(is_business_day),
    NUMBER(business_day_of_month),
    NUMBER(business_days_in_month),
    {Kind::flag, offsetof(TimeRow, is_holiday), INT4OID},
    TEXT(holiday_name),
    BOOLEAN(follows_holiday),
    TEXT(season),
};
constexpr int column_count = static_cast<int>(std::size(columns));

// Bounds the size of a row: every text but holiday_name is a name of a few words.
constexpr std::size_t longest_word = 255;
constexpr std::size_t longest_holiday_name = 1'000;
constexpr std::size_t longest_row = column_count * (longest_word + VARHDRSZ + sizeof(Datum)) +
                                    longest_holiday_name + 2 * MAXALIGN(column_count);

template <class Field>
Field field_of(const TimeRow &row, const Column &column) {
  Field value;
  std::memcpy(&value, reinterpret_cast<const char *>(&row) + column.offset, sizeof value);
  return value;
}

// Writes rows as heap_form_minimal_tuple does, in one pass over what they are made from, and in
// place: forming a tuple from datums took most of the time.
class TupleWriter {
public:
  MinimalTuple write(const TimeRow &row) {
    bool nulls = false;
    for (const Column &column : columns) {
      nulls = nulls || is_null(row, column);
    }
    const std::size_t bitmap = nulls ? BITMAPLEN(column_count) : 0;
    const std::size_t data = MAXALIGN(SizeofMinimalTupleHeader + bitmap);
    std::memset(memory_, 0, data);
    auto *tuple = reinterpret_cast<MinimalTuple>(memory_);
    tuple->t_infomask2 = column_count;
    tuple->t_infomask = HEAP_HASVARWIDTH | (nulls ? HEAP_HASNULL : 0);
    tuple->t_hoff = static_cast<uint8>(data + MINIMAL_TUPLE_OFFSET);

    char *to = memory_ + data;
    for (int i = 0; i < column_count; ++i) {
      const Column &column = columns[i];
      if (nulls) {
        if (is_null(row, column)) {
          continue;
        }
        tuple->t_bits[i / 8] |= static_cast<bits8>(1U << (i % 8));
      }
      switch (column.kind) {
      case Kind::instant:
        to = put(to, field_of<std::int64_t>(row, column));
        break;
      case Kind::date:
      case Kind::number:
      case Kind::number_or_null:
        to = put(to, field_of<int32>(row, column));
        break;
      case Kind::boolean:
        to = put(to, field_of<bool>(row, column));
        break;
      case Kind::flag:
        to = put(to, static_cast<int32>(field_of<bool>(row, column)));
        break;
      case Kind::text:
        to = put_text(to, field_of<std::string_view>(row, column));
        break;
      }
    }
    tuple->t_len = static_cast<uint32>(to - memory_);
    return tuple;
  }

private:
  static bool is_null(const TimeRow &row, const Column &column) {
    return (column.kind == Kind::text && field_of<std::string_view>(row, column).empty()) ||
           (column.kind == Kind::number_or_null && field_of<int32>(row, column) == 0);
  }

  // Padding is zero, as the server's.
  static char *align(char *to, std::size_t alignment) {
    while (reinterpret_cast<std::uintptr_t>(to) % alignment != 0) {
      *to++ = 0;
    }
    return to;
  }

  template <class Value>
  static char *put(char *to, Value value) {
    to = align(to, sizeof value);
    std::memcpy(to, &value, sizeof value);
    return to + sizeof value;
  }

  // With the short header where it fits, which needs no alignment.
  static char *put_text(char *to, std::string_view text) {
    std::size_t header = VARHDRSZ_SHORT;
    if (text.size() + header <= VARATT_SHORT_MAX) {
      SET_VARSIZE_SHORT(to, text.size() + header);
    } else {
      header = VARHDRSZ;
      to = align(to, sizeof(int32));
      SET_VARSIZE(to, text.size() + header);
    }
    std::memcpy(to + header, text.data(), text.size());
    return to + header + text.size();
  }

  alignas(MAXIMUM_ALIGNOF) char memory_[longest_row];
};

// All a running call owns; plain memory of the call's context, no destructor needed.
struct TimeDimensionCall {
  alignas(calendar::TimeDimension) char generator_memory[sizeof(calendar::TimeDimension)];
  calendar::TimeDimension *generator;
  TupleDesc descriptor;
  TupleWriter writer;
};

enum Argument : int {
  start_date,
  end_date,
  grain,
  country,
  fiscal_year_start,
  week_start,
  time_zone,
  language,
  retail_pattern,
  retail_year_start,
  year_named_by,
  weekend,
};
constexpr const char *argument_names[] = {
    "start_date",        "end_date",          "grain",         "country",
    "fiscal_year_start", "week_start",        "time_zone",     "language",
    "retail_pattern",    "retail_year_start", "year_named_by", "weekend"};

void check_descriptor(TupleDesc descriptor) {
  bool matches = descriptor->natts == column_count;
  for (int i = 0; matches && i < column_count; ++i) {
    matches = TupleDescAttr(descriptor, i)->atttypid == columns[i].type;
  }
  if (!matches) {
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                    errmsg("starhouse.time_dimension does not match its library"),
                    errhint("Run ALTER EXTENSION starhouse UPDATE.")));
  }
}

// Local time against UTC, where they part in the range.
void place_in_zone(calendar::TimeDimensionOptions &options, pg_tz *zone) {
  // No zone is more than a day away from UTC.
  const cal::Transitions found = cal::collect_transitions(zone, options.start - 2, options.end + 2);
  MemoryContext context = CurrentMemoryContext;
  compute([&] {
    starhouse::pg::ContextMemory memory(context);
    const calendar::ZoneTable table({found.items, found.items + found.size});
    const auto slots =
        calendar::irregular_slots(table, options.start * USECS_PER_DAY,
                                  (options.end + 1) * USECS_PER_DAY, options.grain.micros());
    auto *kept = static_cast<calendar::LocalSlot *>(
        memory.allocate(slots.size() * sizeof(calendar::LocalSlot), alignof(calendar::LocalSlot)));
    std::copy(slots.begin(), slots.end(), kept);
    options.irregular = {kept, slots.size()};
  });
}

// Allocates in the current memory context.
TimeDimensionCall *begin_time_dimension(FunctionCallInfo fcinfo) {
  for (int i = 0; i < static_cast<int>(std::size(argument_names)); ++i) {
    if (i != country) {
      cal::refuse_null(fcinfo, i, argument_names[i]);
    }
  }
  calendar::TimeDimensionOptions options;
  options.start = cal::day_argument(PG_GETARG_DATEADT(start_date), "start_date");
  options.end = cal::day_argument(PG_GETARG_DATEADT(end_date), "end_date");
  options.retail.fiscal.start_month = PG_GETARG_INT32(fiscal_year_start);
  options.retail.week_start = PG_GETARG_INT32(week_start);
  const text *grain_name = PG_GETARG_TEXT_PP(grain);
  const text *pattern = PG_GETARG_TEXT_PP(retail_pattern);
  const text *year_start = PG_GETARG_TEXT_PP(retail_year_start);
  const text *named_by = PG_GETARG_TEXT_PP(year_named_by);
  compute([&] {
    options.grain = calendar::grain_from_name(cal::view_of(grain_name));
    options.retail.pattern = calendar::retail_pattern_from(cal::view_of(pattern));
    options.retail.start = calendar::year_start_from(cal::view_of(year_start));
    options.retail.fiscal.named_by = calendar::year_name_from(cal::view_of(named_by));
  });
  options.words = cal::words_argument(PG_GETARG_TEXT_PP(language));
  options.calendar = cal::rules_argument(fcinfo, country, cal::weekend_argument(fcinfo, weekend));
  pg_tz *zone = cal::zone_argument(PG_GETARG_TEXT_PP(time_zone));

  auto *call = static_cast<TimeDimensionCall *>(palloc(sizeof(TimeDimensionCall)));
  if (get_call_result_type(fcinfo, nullptr, &call->descriptor) != TYPEFUNC_COMPOSITE) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("time_dimension called where rows are not accepted")));
  }
  check_descriptor(call->descriptor);
  call->descriptor = BlessTupleDesc(call->descriptor);
  if (options.start <= options.end) { // else the generator refuses
    place_in_zone(options, zone);
  }
  compute([&] { call->generator = new (call->generator_memory) calendar::TimeDimension(options); });
  return call;
}

// Slots of one day that share half, part and meal differ in the first columns only. These have
// fixed width (time_name too: header and HH:MI) and no NULL among them, so their places in the
// tuple are known and they are written over, which spares forming a tuple for most rows.
struct SlotPrefix {
  Timestamp key;
  TimestampTz starts_at;
  int32 date;
  int32 hour;
  int32 minute;
  int32 minute_of_day;
  int32 length_seconds;
  int32 hour_12;
  char time_name[6]; // header and text
};
static_assert(offsetof(SlotPrefix, time_name) == 40);

void move_to_slot(MinimalTuple tuple, const TimeRow &row) {
  char *data = reinterpret_cast<char *>(tuple) + tuple->t_hoff - MINIMAL_TUPLE_OFFSET;
  SlotPrefix prefix;
  std::memcpy(&prefix, data, sizeof prefix);
  prefix.key = row.key;
  prefix.starts_at = row.starts_at;
  prefix.hour = row.hour;
  prefix.minute = row.minute;
  prefix.minute_of_day = row.minute_of_day;
  prefix.length_seconds = row.length_seconds;
  prefix.hour_12 = row.hour_12;
  std::memcpy(prefix.time_name + 1, row.time_name.data(), sizeof prefix.time_name - 1);
  std::memcpy(data, &prefix, offsetof(SlotPrefix, time_name) + sizeof prefix.time_name);
}

// The row as a value of its row type.
Datum row_datum(TimeDimensionCall *call, const TimeRow &row) {
  HeapTuple tuple = heap_tuple_from_minimal_tuple(call->writer.write(row));
  HeapTupleHeaderSetDatumLength(tuple->t_data, tuple->t_len);
  HeapTupleHeaderSetTypeId(tuple->t_data, call->descriptor->tdtypeid);
  HeapTupleHeaderSetTypMod(tuple->t_data, call->descriptor->tdtypmod);
  return HeapTupleGetDatum(tuple);
}

// FROM clause: the executor would copy every row into a tuplestore anyway, so it is filled here.
// Only the store and its descriptor outlive the call: a LATERAL one comes once per outer row.
void materialize_time_dimension(FunctionCallInfo fcinfo, ReturnSetInfo *result) {
  MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "starhouse time dimension",
                                             ALLOCSET_DEFAULT_SIZES);
  MemoryContext caller = MemoryContextSwitchTo(work);
  TimeDimensionCall *call = begin_time_dimension(fcinfo);

  MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
  TupleDesc descriptor = CreateTupleDescCopy(call->descriptor);
  Tuplestorestate *store =
      tuplestore_begin_heap((result->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
  MemoryContextSwitchTo(work);

  TupleTableSlot *slot = MakeSingleTupleTableSlot(call->descriptor, &TTSOpsMinimalTuple);
  MinimalTuple tuple = nullptr;
  TimeRow formed{}; // what the tuple was made from
  while (const TimeRow *row = call->generator->next()) {
    CHECK_FOR_INTERRUPTS();
    if (tuple != nullptr && row->date == formed.date &&
        row->day_part.data() == formed.day_part.data() &&
        row->meal_time.data() == formed.meal_time.data() &&
        row->am_pm.data() == formed.am_pm.data()) {
      move_to_slot(tuple, *row);
    } else {
      tuple = call->writer.write(*row);
      formed.date = row->date;
      formed.day_part = row->day_part;
      formed.meal_time = row->meal_time;
      formed.am_pm = row->am_pm;
    }
    ExecStoreMinimalTuple(tuple, slot, false);
    tuplestore_puttupleslot(store, slot);
  }
  ExecDropSingleTupleTableSlot(slot);
  MemoryContextSwitchTo(caller);
  MemoryContextDelete(work);
  result->returnMode = SFRM_Materialize;
  result->setResult = store;
  result->setDesc = descriptor;
}

} // namespace

STARHOUSE_FUNCTION(starhouse_time_dimension) {
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  if (result != nullptr && IsA(result, ReturnSetInfo) &&
      (result->allowedModes & SFRM_Materialize_Preferred) != 0) {
    materialize_time_dimension(fcinfo, result);
    return static_cast<Datum>(0);
  }
  if (SRF_IS_FIRSTCALL()) {
    FuncCallContext *context = SRF_FIRSTCALL_INIT();
    MemoryContext old_context = MemoryContextSwitchTo(context->multi_call_memory_ctx);
    context->user_fctx = begin_time_dimension(fcinfo);
    MemoryContextSwitchTo(old_context);
  }
  FuncCallContext *context = SRF_PERCALL_SETUP();
  auto *call = static_cast<TimeDimensionCall *>(context->user_fctx);
  // next() is noexcept and knows no server: no compute() around it.
  const TimeRow *row = call->generator->next();
  if (row == nullptr) {
    SRF_RETURN_DONE(context);
  }
  SRF_RETURN_NEXT(context, row_datum(call, *row));
}
