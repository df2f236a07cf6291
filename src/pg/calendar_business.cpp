// SQL functions of the calendar family that answer from a holiday calendar: holidays,
// is_business_day, add_business_days, business_days_between.
#include "pg/calendar.hpp"

#include "core/calendar/calendar_name.hpp"
#include "core/calendar/holidays.hpp"

#include <algorithm>
#include <new>
#include <optional>

extern "C" {
#include "access/xact.h"
#include "catalog/namespace.h"
#include "utils/snapmgr.h"
}

namespace {

namespace calendar = starhouse::calendar;
namespace cal = starhouse::pg::cal;

// What the rows of a table depend on, so far as it can change between two calls within one
// transaction: a kept calendar is good while this stays the same.
struct Visibility {
  uint64 completed; // transactions
  TransactionId xmin;
  TransactionId xmax;
  CommandId command;
  SubTransactionId subtransaction;

  bool operator==(const Visibility &) const = default;
};

Visibility current_visibility() {
  const Snapshot snapshot = GetActiveSnapshot();
  return {snapshot->snapXactCompletionCount, snapshot->xmin, snapshot->xmax, snapshot->curcid,
          GetCurrentSubTransactionId()};
}

// A calendar as a statement's rows asked for it.
struct KeptCalendar {
  MemoryContext context; // holds all of it
  const text *country;   // null: NULL
  calendar::Weekdays weekend;
  bool from_tables;
  Visibility visibility;   // when it is from tables
  const char *search_path; // likewise
  calendar::BusinessCalendar *business;
};

// Kept between the calls of one call site, in its own memory.
struct KeptCalendars {
  static constexpr int capacity = 8;
  KeptCalendar *items[capacity];
  int size;
  int latest;
  int next; // to be replaced
};

bool answers(const KeptCalendar &kept, const text *country, calendar::Weekdays weekend) {
  if (kept.weekend != weekend || (kept.country == nullptr) != (country == nullptr)) {
    return false;
  }
  return country == nullptr || cal::view_of(kept.country) == cal::view_of(country);
}

bool is_current(const KeptCalendar &kept) {
  return !kept.from_tables || (kept.visibility == current_visibility() &&
                               std::strcmp(kept.search_path, namespace_search_path) == 0);
}

KeptCalendar *load_calendar(FunctionCallInfo fcinfo, int country_index, const text *country,
                            calendar::Weekdays weekend) {
  static_assert(std::is_trivially_destructible_v<calendar::BusinessCalendar>);
  MemoryContext context =
      AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "starhouse calendar", ALLOCSET_SMALL_SIZES);
  MemoryContext caller = MemoryContextSwitchTo(context);
  auto *kept = static_cast<KeptCalendar *>(palloc0(sizeof(KeptCalendar)));
  kept->context = context;
  kept->weekend = weekend;
  if (country != nullptr) {
    auto *copy = static_cast<text *>(palloc(VARSIZE_ANY(country)));
    std::memcpy(copy, country, VARSIZE_ANY(country));
    kept->country = copy;
  }
  const calendar::CalendarRules rules = cal::rules_argument(fcinfo, country_index, weekend);
  // A name without a table is rules alone; one with a table may have no rows now.
  calendar::CalendarName name;
  if (country != nullptr) {
    starhouse::pg::compute([&] { name = calendar::parse_calendar_name(cal::view_of(country)); });
  }
  kept->from_tables = name.table_count > 0;
  if (kept->from_tables) {
    kept->visibility = current_visibility();
    kept->search_path = pstrdup(namespace_search_path);
  }
  kept->business =
      new (palloc(sizeof(calendar::BusinessCalendar))) calendar::BusinessCalendar(rules);
  MemoryContextSwitchTo(caller);
  MemoryContextSetParent(context, fcinfo->flinfo->fn_mcxt);
  return kept;
}

// The calendar that the arguments name, kept from an earlier row where possible.
calendar::BusinessCalendar *business_calendar(FunctionCallInfo fcinfo, int country_index,
                                              int weekend_index) {
  const calendar::Weekdays weekend = cal::weekend_argument(fcinfo, weekend_index);
  const text *country = PG_ARGISNULL(country_index) ? nullptr : PG_GETARG_TEXT_PP(country_index);
  auto *all = static_cast<KeptCalendars *>(fcinfo->flinfo->fn_extra);
  if (all == nullptr) {
    all = static_cast<KeptCalendars *>(
        MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(KeptCalendars)));
    fcinfo->flinfo->fn_extra = all;
  }
  int place = -1;
  for (int tried = 0; tried < all->size && place < 0; ++tried) {
    const int i = (all->latest + tried) % all->size;
    if (answers(*all->items[i], country, weekend)) {
      if (is_current(*all->items[i])) {
        all->latest = i;
        return all->items[i]->business;
      }
      place = i;
    }
  }
  KeptCalendar *loaded = load_calendar(fcinfo, country_index, country, weekend);
  if (place < 0 && all->size < KeptCalendars::capacity) {
    place = all->size++;
  } else {
    if (place < 0) {
      place = all->next;
      all->next = (all->next + 1) % KeptCalendars::capacity;
    }
    MemoryContextDelete(all->items[place]->context);
  }
  all->items[place] = loaded;
  all->latest = place;
  return loaded->business;
}

} // namespace

STARHOUSE_FUNCTION(starhouse_holidays) {
  const int from = cal::year_argument(PG_GETARG_INT32(1), "from_year");
  const int to = cal::year_argument(PG_GETARG_INT32(2), "to_year");
  if (from > to) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("from_year %d is after to_year %d", from, to),
                    errhint("Give the earlier year first; both are included.")));
  }
  const calendar::CalendarRules rules =
      cal::rules_argument(fcinfo, 0, calendar::saturday_and_sunday);
  const calendar::Words *words = cal::words_argument(PG_GETARG_TEXT_PP(3));

  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  MemoryContext year_memory =
      AllocSetContextCreate(CurrentMemoryContext, "starhouse holidays", ALLOCSET_DEFAULT_SIZES);
  MemoryContext caller = MemoryContextSwitchTo(year_memory);
  for (int year = from; year <= to; ++year) {
    CHECK_FOR_INTERRUPTS();
    const std::size_t capacity =
        rules.country_count * calendar::HolidayYear::capacity +
        rules.between(calendar::day_from_civil(year, 1, 1), calendar::day_from_civil(year, 12, 31))
            .size();
    auto *list = static_cast<calendar::Holiday *>(palloc_extended(
        std::max<std::size_t>(capacity, 1) * sizeof(calendar::Holiday), MCXT_ALLOC_HUGE));
    const std::size_t size = calendar::list_holidays(rules, year, {list, capacity});
    for (std::size_t i = 0; i < size; ++i) {
      const std::string_view name = words->holiday(list[i].name);
      Datum values[] = {
          DateADTGetDatum(list[i].day),
          PointerGetDatum(cstring_to_text_with_len(name.data(), static_cast<int>(name.size()))),
          BoolGetDatum(list[i].observed), BoolGetDatum(list[i].estimated)};
      bool nulls[] = {false, false, false, false};
      tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
    MemoryContextReset(year_memory);
  }
  MemoryContextSwitchTo(caller);
  MemoryContextDelete(year_memory);
  return static_cast<Datum>(0);
}

STARHOUSE_FUNCTION(starhouse_is_business_day) {
  if (PG_ARGISNULL(0)) {
    PG_RETURN_NULL();
  }
  const calendar::Day day = cal::day_argument(PG_GETARG_DATEADT(0), "date");
  PG_RETURN_BOOL(business_calendar(fcinfo, 1, 2)->is_business_day(day));
}

STARHOUSE_FUNCTION(starhouse_add_business_days) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) {
    PG_RETURN_NULL();
  }
  const calendar::Day start = cal::day_argument(PG_GETARG_DATEADT(0), "date");
  const int32 days = PG_GETARG_INT32(1);
  const std::optional<calendar::Day> day = business_calendar(fcinfo, 2, 3)->add(start, days);
  if (!day.has_value()) {
    ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                    errmsg("%d business days from %s leave the calendar", days,
                           DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(start)))),
                    errhint("The calendar covers 0001-01-01 to 9999-12-31.")));
  }
  PG_RETURN_DATEADT(*day);
}

STARHOUSE_FUNCTION(starhouse_business_days_between) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) {
    PG_RETURN_NULL();
  }
  const calendar::Day from = cal::day_argument(PG_GETARG_DATEADT(0), "from_date");
  const calendar::Day to = cal::day_argument(PG_GETARG_DATEADT(1), "to_date");
  calendar::BusinessCalendar *business = business_calendar(fcinfo, 2, 3);
  // What add_business_days needs to get from one to the other.
  PG_RETURN_INT32(from <= to ? business->count(from + 1, to) : -business->count(to, from - 1));
}
