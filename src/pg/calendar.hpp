// What the files of the calendar family share: arguments of their SQL functions unpacked.
// Everything here is plain data by PostgreSQL's rules: any of it may ereport.
#pragma once

#include "pg/boundary.hpp"
#include "core/calendar/business_calendar.hpp"
#include "core/calendar/day.hpp"
#include "core/calendar/language.hpp"
#include "core/calendar/zone.hpp"

#include <string_view>

extern "C" {
#include "pgtime.h"
#include "utils/date.h"
#include "utils/timestamp.h"
}

namespace starhouse::pg::cal {

std::string_view view_of(const text *value);

// 22004 when the argument is NULL.
void refuse_null(FunctionCallInfo fcinfo, int index, const char *name);

// 22008 outside the supported days and years, infinities included.
calendar::Day day_argument(DateADT date, const char *name);
int year_argument(int32 year, const char *name);

// Names in a language, in the database's encoding; lives in the current memory context.
const calendar::Words *words_argument(const text *language);

// The rules of the calendar that an argument names (NULL: weekends only), tables read with the
// active snapshot. They live in the current memory context.
calendar::CalendarRules rules_argument(FunctionCallInfo fcinfo, int country_index,
                                       calendar::Weekdays weekend);
calendar::Weekdays weekend_argument(FunctionCallInfo fcinfo, int index);

pg_tz *zone_argument(const text *name);

// The zone's offsets from the start of `from` to the end of `to` (both UTC), as the server knows
// them. The first entry is the offset in force at the start; entries that leave the offset as it
// was (a new abbreviation only) are dropped.
struct Transitions {
  calendar::ZoneTransition *items;
  int size;
};
Transitions collect_transitions(pg_tz *zone, DateADT from, DateADT to);

// A calendar table's rows, growing while tables are read.
struct UserDays {
  calendar::UserDay *items;
  std::size_t size;
  std::size_t capacity;
};

} // namespace starhouse::pg::cal
