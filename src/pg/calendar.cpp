// SQL functions of the calendar family: time_dimension, holidays, is_business_day,
// add_business_days, zone_transitions.
#include "pg/boundary.hpp"

#include "core/calendar/holidays.hpp"
#include "core/calendar/time_dimension.hpp"
#include "core/calendar/zone.hpp"

#include <iterator>
#include <new>
#include <string_view>

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_type_d.h"
#include "pgtime.h"
#include "executor/tuptable.h"
#include "utils/date.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
}

namespace {

namespace calendar = starhouse::calendar;
using starhouse::pg::compute;

// Unpacking: plain data only, PostgreSQL may raise an error in any line.

std::string_view view_of(const text *value) {
  return {VARDATA_ANY(value), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(value))};
}

void refuse_null(FunctionCallInfo fcinfo, int index, const char *name) {
  if (PG_ARGISNULL(index)) {
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be NULL", name),
                    errhint("Give a value, or leave out an argument that has a default.")));
  }
}

calendar::Day day_argument(DateADT date, const char *name) {
  if (DATE_NOT_FINITE(date) || date < calendar::first_supported_day ||
      date > calendar::last_supported_day) {
    ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                    errmsg("%s out of range: %s", name,
                           DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(date)))),
                    errhint("The calendar covers 0001-01-01 to 9999-12-31.")));
  }
  return date;
}

int year_argument(int32 year, const char *name) {
  if (year < calendar::first_supported_year || year > calendar::last_supported_year) {
    ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                    errmsg("%s out of range: %d", name, year),
                    errhint("The calendar covers the years 1 to 9999.")));
  }
  return year;
}

// NULL stands for weekends only.
calendar::Country country_argument(FunctionCallInfo fcinfo, int index) {
  calendar::Country country = calendar::Country::none;
  if (!PG_ARGISNULL(index)) {
    const text *code = PG_GETARG_TEXT_PP(index);
    compute([&] { country = calendar::country_from_code(view_of(code)); });
  }
  return country;
}

pg_tz *zone_argument(const text *name) {
  const char *zone_name = text_to_cstring(name);
  pg_tz *zone = pg_tzset(zone_name);
  if (zone == nullptr || !pg_tz_acceptable(zone)) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("time zone \"%s\" not recognized", zone_name),
                    errhint("Take a name from the view pg_timezone_names, "
                            "for example 'Asia/Kolkata'.")));
  }
  return zone;
}

// The zone's offsets from the start of `from` to the end of `to` (both UTC), as the server knows
// them. The first entry is the offset in force at the start; entries that leave the offset as it
// was (a new abbreviation only) are dropped.
struct Transitions {
  calendar::ZoneTransition *items;
  int size;
};

constexpr std::int64_t seconds_to_2000 =
    static_cast<std::int64_t>(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;

Transitions collect_transitions(pg_tz *zone, DateADT from, DateADT to) {
  int capacity = 64;
  Transitions found{
      static_cast<calendar::ZoneTransition *>(palloc(sizeof(*found.items) * capacity)), 0};
  const pg_time_t end = (static_cast<pg_time_t>(to) + 1) * SECS_PER_DAY + seconds_to_2000;
  pg_time_t at = static_cast<pg_time_t>(from) * SECS_PER_DAY + seconds_to_2000;
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    long before_offset = 0;
    long after_offset = 0;
    int before_is_dst = 0;
    int after_is_dst = 0;
    pg_time_t boundary = 0;
    const int result = pg_next_dst_boundary(&at, &before_offset, &before_is_dst, &boundary,
                                            &after_offset, &after_is_dst, zone);
    if (result < 0) {
      ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                      errmsg("no offsets of time zone \"%s\" at %lld seconds since 1970",
                             pg_get_timezone_name(zone), static_cast<long long>(at)),
                      errhint("Ask for a range nearer to the present.")));
    }
    if (found.size == 0 || found.items[found.size - 1].offset_seconds != before_offset) {
      if (found.size == capacity) {
        capacity *= 2;
        found.items = static_cast<calendar::ZoneTransition *>(
            repalloc(found.items, sizeof(*found.items) * capacity));
      }
      found.items[found.size++] = {(at - seconds_to_2000) * USECS_PER_SEC,
                                   static_cast<std::int32_t>(before_offset)};
    }
    if (result == 0 || boundary >= end) {
      return found;
    }
    at = boundary;
  }
}

// time_dimension ---------------------------------------------------------------------------------

// Columns in the order of the SQL declaration.
enum Column : int {
  column_date_key,
  column_date,
  column_hour,
  column_day,
  column_day_of_week,
  column_day_name,
  column_day_of_year,
  column_week,
  column_iso_year,
  column_month,
  column_month_name,
  column_quarter,
  column_year,
  column_half_year,
  column_year_month,
  column_fiscal_year,
  column_fiscal_quarter,
  column_fiscal_period,
  column_week_start_date,
  column_month_start_date,
  column_month_end_date,
  column_is_weekend,
  column_is_business_day,
  column_holiday_flag,
  column_holiday_name,
  column_season,
  column_day_part,
  column_count
};

// A text datum in place. The short varlena header fits every text here except long joined holiday
// names, and spares heap_form_tuple the conversion.
struct TextCell {
  alignas(int32) char bytes[VARHDRSZ + 256];

  Datum set(std::string_view value) {
    if (value.size() + VARHDRSZ_SHORT <= VARATT_SHORT_MAX) {
      SET_VARSIZE_SHORT(bytes, value.size() + VARHDRSZ_SHORT);
      std::memcpy(bytes + VARHDRSZ_SHORT, value.data(), value.size());
    } else {
      SET_VARSIZE(bytes, value.size() + VARHDRSZ);
      std::memcpy(bytes + VARHDRSZ, value.data(), value.size());
    }
    return PointerGetDatum(bytes);
  }
};

// One SQL row's worth of datums; texts live in the cells.
struct DatumRow {
  Datum values[column_count];
  bool nulls[column_count];
  TextCell day_name, month_name, year_month, holiday_name, season, day_part;

  void fill(const calendar::TimeRow &row) {
    values[column_date_key] = TimestampGetDatum(row.key);
    values[column_date] = DateADTGetDatum(row.date);
    values[column_hour] = Int32GetDatum(row.hour);
    values[column_day] = Int32GetDatum(row.day);
    values[column_day_of_week] = Int32GetDatum(row.day_of_week);
    values[column_day_name] = day_name.set(row.day_name);
    values[column_day_of_year] = Int32GetDatum(row.day_of_year);
    values[column_week] = Int32GetDatum(row.week);
    values[column_iso_year] = Int32GetDatum(row.iso_year);
    values[column_month] = Int32GetDatum(row.month);
    values[column_month_name] = month_name.set(row.month_name);
    values[column_quarter] = Int32GetDatum(row.quarter);
    values[column_year] = Int32GetDatum(row.year);
    values[column_half_year] = Int32GetDatum(row.half_year);
    values[column_year_month] = year_month.set(row.year_month);
    values[column_fiscal_year] = Int32GetDatum(row.fiscal_year);
    values[column_fiscal_quarter] = Int32GetDatum(row.fiscal_quarter);
    values[column_fiscal_period] = Int32GetDatum(row.fiscal_period);
    values[column_week_start_date] = DateADTGetDatum(row.week_start);
    values[column_month_start_date] = DateADTGetDatum(row.month_start);
    values[column_month_end_date] = DateADTGetDatum(row.month_end);
    values[column_is_weekend] = BoolGetDatum(row.is_weekend);
    values[column_is_business_day] = BoolGetDatum(row.is_business_day);
    values[column_holiday_flag] = Int32GetDatum(row.is_holiday ? 1 : 0);
    values[column_holiday_name] = holiday_name.set(row.holiday_name);
    nulls[column_holiday_name] = row.holiday_name.empty();
    values[column_season] = season.set(row.season);
    values[column_day_part] = day_part.set(row.day_part);
    nulls[column_day_part] = row.day_part.empty();
  }
};

// All a running call owns; plain memory of the call's context, no destructor needed.
struct TimeDimensionCall {
  alignas(calendar::TimeDimension) char generator_memory[sizeof(calendar::TimeDimension)];
  calendar::TimeDimension *generator;
  TupleDesc descriptor;
  DatumRow row;
};

// Allocates in the current memory context.
TimeDimensionCall *begin_time_dimension(FunctionCallInfo fcinfo) {
  static constexpr const char *names[] = {"start_date",        "end_date",   "grain",    nullptr,
                                          "fiscal_year_start", "week_start", "time_zone"};
  for (int i = 0; i < static_cast<int>(std::size(names)); ++i) {
    if (names[i] != nullptr) {
      refuse_null(fcinfo, i, names[i]);
    }
  }
  calendar::TimeDimensionOptions options;
  options.start = day_argument(PG_GETARG_DATEADT(0), names[0]);
  options.end = day_argument(PG_GETARG_DATEADT(1), names[1]);
  const text *grain = PG_GETARG_TEXT_PP(2);
  compute([&] { options.grain = calendar::grain_from_name(view_of(grain)); });
  options.country = country_argument(fcinfo, 3);
  options.fiscal_year_start = PG_GETARG_INT32(4);
  options.week_start = PG_GETARG_INT32(5);
  pg_tz *zone = zone_argument(PG_GETARG_TEXT_PP(6));

  auto *call = static_cast<TimeDimensionCall *>(palloc0(sizeof(TimeDimensionCall)));
  if (get_call_result_type(fcinfo, nullptr, &call->descriptor) != TYPEFUNC_COMPOSITE ||
      call->descriptor->natts != column_count ||
      TupleDescAttr(call->descriptor, column_date_key)->atttypid != TIMESTAMPOID ||
      TupleDescAttr(call->descriptor, column_date)->atttypid != DATEOID ||
      TupleDescAttr(call->descriptor, column_hour)->atttypid != INT4OID) {
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                    errmsg("starhouse.time_dimension does not match its library"),
                    errhint("Run ALTER EXTENSION starhouse UPDATE.")));
  }
  call->descriptor = BlessTupleDesc(call->descriptor);

  if (options.grain == calendar::Grain::hour) {
    // No zone is more than a day away from UTC.
    const Transitions found = collect_transitions(zone, options.start - 2, options.end + 2);
    MemoryContext context = CurrentMemoryContext;
    compute([&] {
      starhouse::pg::ContextMemory memory(context);
      const calendar::ZoneTable table({found.items, found.items + found.size});
      const auto missing = calendar::missing_local_hours(table, options.start * USECS_PER_DAY,
                                                         (options.end + 1) * USECS_PER_DAY);
      auto *kept = static_cast<std::int64_t *>(
          memory.allocate(missing.size() * sizeof(std::int64_t), alignof(std::int64_t)));
      std::copy(missing.begin(), missing.end(), kept);
      options.missing_hours = {kept, missing.size()};
    });
  }
  compute([&] { call->generator = new (call->generator_memory) calendar::TimeDimension(options); });
  return call;
}

// The hours of one part of one day differ in the first and third column only. These have fixed
// width and no NULL before them, so their place in the tuple is known and they are written over,
// which halves the time of hour grain.
constexpr std::size_t date_key_offset = 0;
constexpr std::size_t hour_offset = sizeof(Timestamp) + sizeof(DateADT);

void move_to_hour(MinimalTuple tuple, const calendar::TimeRow &row) {
  char *data = reinterpret_cast<char *>(tuple) + tuple->t_hoff - MINIMAL_TUPLE_OFFSET;
  const Timestamp key = row.key;
  const int32 hour = row.hour;
  std::memcpy(data + date_key_offset, &key, sizeof key);
  std::memcpy(data + hour_offset, &hour, sizeof hour);
}

MinimalTuple form_tuple(TimeDimensionCall *call) {
#if PG_VERSION_NUM >= 180000
  return heap_form_minimal_tuple(call->descriptor, call->row.values, call->row.nulls, 0);
#else
  return heap_form_minimal_tuple(call->descriptor, call->row.values, call->row.nulls);
#endif
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
  calendar::Day date = 0;
  const char *day_part = nullptr;
  while (const calendar::TimeRow *row = call->generator->next()) {
    CHECK_FOR_INTERRUPTS();
    if (tuple != nullptr && row->date == date && row->day_part.data() == day_part) {
      move_to_hour(tuple, *row);
    } else {
      call->row.fill(*row);
      if (tuple != nullptr) {
        pfree(tuple);
      }
      tuple = form_tuple(call);
      date = row->date;
      day_part = row->day_part.data();
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
  const calendar::TimeRow *row = call->generator->next();
  if (row == nullptr) {
    SRF_RETURN_DONE(context);
  }
  call->row.fill(*row);
  HeapTuple tuple = heap_form_tuple(call->descriptor, call->row.values, call->row.nulls);
  SRF_RETURN_NEXT(context, HeapTupleGetDatum(tuple));
}

STARHOUSE_FUNCTION(starhouse_holidays) {
  const text *code = PG_GETARG_TEXT_PP(0);
  const int from = year_argument(PG_GETARG_INT32(1), "from_year");
  const int to = year_argument(PG_GETARG_INT32(2), "to_year");
  if (from > to) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("from_year %d is after to_year %d", from, to),
                    errhint("Give the earlier year first; both are included.")));
  }
  calendar::Country country{};
  compute([&] { country = calendar::country_from_code(view_of(code)); });

  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  for (int year = from; year <= to; ++year) {
    CHECK_FOR_INTERRUPTS();
    const calendar::HolidayYear holidays(country, year);
    static_assert(std::is_trivially_destructible_v<calendar::HolidayYear>);
    for (const calendar::Holiday &holiday : holidays.all()) {
      TextCell name;
      Datum values[] = {DateADTGetDatum(holiday.day), name.set(holiday.name),
                        BoolGetDatum(holiday.observed), BoolGetDatum(holiday.estimated)};
      bool nulls[] = {false, false, false, false};
      tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
  }
  return static_cast<Datum>(0);
}

namespace {

// The calendar of the previous call, kept between the rows of a statement.
calendar::BusinessCalendar *business_calendar(FunctionCallInfo fcinfo, int country_index) {
  auto *kept = static_cast<calendar::BusinessCalendar *>(fcinfo->flinfo->fn_extra);
  const calendar::Country country = country_argument(fcinfo, country_index);
  static_assert(std::is_trivially_destructible_v<calendar::BusinessCalendar>);
  if (kept == nullptr) {
    void *memory = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(calendar::BusinessCalendar));
    kept = new (memory) calendar::BusinessCalendar(country);
    fcinfo->flinfo->fn_extra = kept;
  } else if (kept->country() != country) {
    *kept = calendar::BusinessCalendar(country);
  }
  return kept;
}

} // namespace

STARHOUSE_FUNCTION(starhouse_is_business_day) {
  if (PG_ARGISNULL(0)) {
    PG_RETURN_NULL();
  }
  const calendar::Day day = day_argument(PG_GETARG_DATEADT(0), "date");
  PG_RETURN_BOOL(business_calendar(fcinfo, 1)->is_business_day(day));
}

STARHOUSE_FUNCTION(starhouse_add_business_days) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) {
    PG_RETURN_NULL();
  }
  const calendar::Day start = day_argument(PG_GETARG_DATEADT(0), "date");
  const int32 days = PG_GETARG_INT32(1);
  calendar::BusinessCalendar *business = business_calendar(fcinfo, 2);
  calendar::Day day = start;
  const int step = days < 0 ? -1 : 1;
  for (std::int64_t left = days < 0 ? -static_cast<std::int64_t>(days) : days; left > 0;) {
    day += step;
    if (day < calendar::first_supported_day || day > calendar::last_supported_day) {
      ereport(ERROR,
              (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
               errmsg("%d business days from %s leave the calendar", days,
                      DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(start)))),
               errhint("The calendar covers 0001-01-01 to 9999-12-31.")));
    }
    if (business->is_business_day(day)) {
      --left;
    }
    if ((day & 0xFFF) == 0) {
      CHECK_FOR_INTERRUPTS();
    }
  }
  PG_RETURN_DATEADT(day);
}

STARHOUSE_FUNCTION(starhouse_zone_transitions) {
  pg_tz *zone = zone_argument(PG_GETARG_TEXT_PP(0));
  const calendar::Day from = day_argument(PG_GETARG_DATEADT(1), "from_date");
  const calendar::Day to = day_argument(PG_GETARG_DATEADT(2), "to_date");
  if (from > to) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("from_date %s is after to_date %s",
                           DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(from))),
                           DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(to)))),
                    errhint("Give the earlier date first; both ends are included.")));
  }
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  const Transitions found = collect_transitions(zone, from, to);
  for (int i = 0; i < found.size; ++i) {
    Datum values[] = {TimestampTzGetDatum(found.items[i].at_utc),
                      Int32GetDatum(found.items[i].offset_seconds)};
    bool nulls[] = {false, false};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}
