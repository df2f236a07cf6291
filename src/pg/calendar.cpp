// SQL functions of the calendar family that need no holidays: fiscal and retail years, offsets of
// time zones; and the arguments that all of the family share.
#include "pg/calendar.hpp"

#include "core/calendar/fiscal.hpp"

extern "C" {
#include "mb/pg_wchar.h"
}

namespace starhouse::pg::cal {

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

const calendar::Words *words_argument(const text *language) {
  const calendar::Words *words = nullptr;
  compute([&] { words = &calendar::words_of(view_of(language)); });
  if (GetDatabaseEncoding() == PG_UTF8) {
    return words;
  }
  auto *converted = static_cast<calendar::Words *>(palloc(sizeof(calendar::Words)));
  *converted = *words;
  converted->for_each([](std::string_view &name) {
    if (!name.empty()) {
      name = pg_any_to_server(name.data(), static_cast<int>(name.size()), PG_UTF8);
    }
  });
  return converted;
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

namespace {

constexpr std::int64_t seconds_to_2000 =
    static_cast<std::int64_t>(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;

} // namespace

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

} // namespace starhouse::pg::cal

namespace {

namespace calendar = starhouse::calendar;
namespace cal = starhouse::pg::cal;
using starhouse::pg::compute;

// Fiscal and retail years: the date, then settings; all of them STRICT and IMMUTABLE. The settings
// of a statement are mostly constant, yet checking them costs little.

calendar::FiscalDate fiscal_date_argument(FunctionCallInfo fcinfo, int named_by_index) {
  const calendar::Day day = cal::day_argument(PG_GETARG_DATEADT(0), "date");
  calendar::FiscalRule rule;
  rule.start_month = PG_GETARG_INT32(1);
  if (rule.start_month < 1 || rule.start_month > 12) {
    compute([&] { calendar::check_fiscal_rule(rule); });
  }
  if (named_by_index > 0) {
    const text *named_by = PG_GETARG_TEXT_PP(named_by_index);
    compute([&] { rule.named_by = calendar::year_name_from(cal::view_of(named_by)); });
  }
  return calendar::fiscal_date(calendar::civil_from_day(day), rule);
}

// pattern, fiscal_year_start, week_start, year_start, named_by: arguments 1 to 5.
calendar::RetailRule retail_rule_argument(FunctionCallInfo fcinfo) {
  const text *pattern = PG_GETARG_TEXT_PP(1);
  const text *year_start = PG_GETARG_TEXT_PP(4);
  const text *named_by = PG_GETARG_TEXT_PP(5);
  calendar::RetailRule rule;
  rule.fiscal.start_month = PG_GETARG_INT32(2);
  rule.week_start = PG_GETARG_INT32(3);
  compute([&] {
    rule.pattern = calendar::retail_pattern_from(cal::view_of(pattern));
    rule.start = calendar::year_start_from(cal::view_of(year_start));
    rule.fiscal.named_by = calendar::year_name_from(cal::view_of(named_by));
    calendar::check_retail_rule(rule);
  });
  return rule;
}

calendar::RetailDate retail_date_argument(FunctionCallInfo fcinfo) {
  const calendar::Day day = cal::day_argument(PG_GETARG_DATEADT(0), "date");
  return calendar::retail_date(day, retail_rule_argument(fcinfo));
}

} // namespace

STARHOUSE_FUNCTION(starhouse_fiscal_year) {
  PG_RETURN_INT32(fiscal_date_argument(fcinfo, 2).year);
}

STARHOUSE_FUNCTION(starhouse_fiscal_quarter) {
  PG_RETURN_INT32(fiscal_date_argument(fcinfo, 0).quarter);
}

STARHOUSE_FUNCTION(starhouse_fiscal_period) {
  PG_RETURN_INT32(fiscal_date_argument(fcinfo, 0).period);
}

STARHOUSE_FUNCTION(starhouse_fiscal_year_start) {
  PG_RETURN_DATEADT(fiscal_date_argument(fcinfo, 0).year_start);
}

STARHOUSE_FUNCTION(starhouse_retail_year) {
  PG_RETURN_INT32(retail_date_argument(fcinfo).year);
}

STARHOUSE_FUNCTION(starhouse_retail_quarter) {
  PG_RETURN_INT32(retail_date_argument(fcinfo).quarter);
}

STARHOUSE_FUNCTION(starhouse_retail_period) {
  PG_RETURN_INT32(retail_date_argument(fcinfo).period);
}

STARHOUSE_FUNCTION(starhouse_retail_week) {
  PG_RETURN_INT32(retail_date_argument(fcinfo).week);
}

// A date within the first week pins the year; weeks are counted from there.
STARHOUSE_FUNCTION(starhouse_retail_year_start) {
  const int year = cal::year_argument(PG_GETARG_INT32(0), "year");
  const calendar::RetailRule rule = retail_rule_argument(fcinfo);
  PG_RETURN_DATEADT(calendar::retail_year_start(calendar::retail_start_year(year, rule), rule));
}

STARHOUSE_FUNCTION(starhouse_zone_transitions) {
  pg_tz *zone = cal::zone_argument(PG_GETARG_TEXT_PP(0));
  const calendar::Day from = cal::day_argument(PG_GETARG_DATEADT(1), "from_date");
  const calendar::Day to = cal::day_argument(PG_GETARG_DATEADT(2), "to_date");
  if (from > to) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("from_date %s is after to_date %s",
                           DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(from))),
                           DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(to)))),
                    errhint("Give the earlier date first; both ends are included.")));
  }
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  const cal::Transitions found = cal::collect_transitions(zone, from, to);
  for (int i = 0; i < found.size; ++i) {
    Datum values[] = {TimestampTzGetDatum(found.items[i].at_utc),
                      Int32GetDatum(found.items[i].offset_seconds)};
    bool nulls[] = {false, false};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}
