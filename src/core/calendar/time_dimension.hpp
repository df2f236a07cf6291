// The rows of a time dimension, one after the other: one per day, or one per slot of the local day
// (an hour, 15 minutes, ...). A row is plain data whose texts are views into literals or into the
// generator; producing one allocates nothing.
#pragma once

#include "core/calendar/business_calendar.hpp"
#include "core/calendar/day.hpp"
#include "core/calendar/fiscal.hpp"
#include "core/calendar/holidays.hpp"
#include "core/calendar/language.hpp"
#include "core/calendar/zone.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace starhouse::calendar {

inline constexpr std::int64_t micros_per_minute = 60'000'000;
inline constexpr std::int64_t micros_per_day = 1'440 * micros_per_minute;

// How long a row lasts by the clock, in minutes: a divisor of the day.
struct Grain {
  int minutes = 1'440;

  constexpr bool is_day() const noexcept { return minutes == 1'440; }
  constexpr std::int64_t micros() const noexcept { return minutes * micros_per_minute; }
};

// "day", "hour", "minute", "15 minutes", "2 hours"; any case. Throws Error 22023 for any other, and
// for lengths that do not divide the day.
Grain grain_from_name(std::string_view name);

struct TimeDimensionOptions {
  Day start = 0;
  Day end = 0; // inclusive
  Grain grain;
  CalendarRules calendar;
  RetailRule retail;            // fiscal year and week start too
  const Words *words = nullptr; // null: English
  // irregular_slots() of the range at this grain; must outlive the generator. Empty: UTC.
  std::span<const LocalSlot> irregular;
};

struct TimeRow {
  std::int64_t key;       // start of the row, local microseconds since 2000-01-01
  std::int64_t starts_at; // the same instant in UTC
  Day date;
  // Of the start; 0 at day grain.
  int hour;
  int minute;
  int minute_of_day;
  int length_seconds;         // of real time
  int hour_12;                // 1..12; 0 at day grain
  std::string_view time_name; // HH:MI; empty at day grain, like the next three
  std::string_view am_pm;
  std::string_view day_part;
  std::string_view meal_time;

  int yyyymmdd;
  int day_sequence; // Julian day number
  int day;          // of the month
  int day_of_week;  // 1 is the weekday weeks start on
  int iso_day_of_week;
  std::string_view day_name;
  std::string_view day_name_short;
  int weekday_of_month; // 2: the second such weekday
  int day_of_quarter;
  int day_of_year;
  Day previous_day;
  Day next_day;
  Day same_day_last_month; // the last day of a month that is too short, so for the next two
  Day same_day_last_quarter;
  Day same_day_last_year;
  Day same_weekday_last_year; // 364 days before

  int week; // ISO 8601
  int iso_year;
  std::string_view iso_week_name; // 2024-W44
  int us_week;                    // weeks from Sunday, the first one holds 1 January
  int week_of_month;              // weeks by week_start, the first one holds the 1st
  Day week_start;
  Day week_end;
  int week_sequence; // from 1 in the week of 0001-01-01

  int month;
  std::string_view month_name;
  std::string_view month_name_short;
  std::string_view year_month; // 2024-10
  Day month_start;
  Day month_end;
  int days_in_month;
  int month_sequence; // from 1 in January of the year 1
  bool is_month_start;
  bool is_month_end;

  int quarter;
  std::string_view quarter_name; // Q4
  std::string_view year_quarter; // 2024-Q4
  Day quarter_start;
  Day quarter_end;
  int quarter_sequence;
  int half_year;
  int year;
  Day year_start;
  Day year_end;
  int days_in_year;
  bool is_leap_year;

  FiscalDate fiscal;
  std::string_view fiscal_year_name; // FY2025
  int fiscal_week;                   // weeks by week_start, the first one holds the first day
  int fiscal_day;
  RetailDate retail;

  bool is_weekend;
  bool is_business_day;
  int business_day_of_month; // how many up to this day, the day included
  int business_days_in_month;
  bool is_holiday;
  std::string_view holiday_name; // empty: no holiday
  bool follows_holiday;
  std::string_view season;
};

// Trivially destructible: it may live in memory that is dropped without a destructor.
class TimeDimension {
public:
  // Throws Error 22023 or 22008, naming the argument, for an empty or unsupported range and
  // settings out of range.
  explicit TimeDimension(const TimeDimensionOptions &options);
  // Rows view into the generator.
  TimeDimension(const TimeDimension &) = delete;
  TimeDimension &operator=(const TimeDimension &) = delete;

  // The next row, or null at the end. It stays valid until the next call.
  const TimeRow *next() noexcept;

private:
  static constexpr std::size_t holiday_name_capacity = 1'000;

  bool place(std::int64_t key) noexcept;
  void begin_slot() noexcept;
  void begin_day(Day day) noexcept;
  void begin_month(const Civil &civil) noexcept;
  void begin_quarter() noexcept;
  void begin_year(int year) noexcept;
  void begin_week() noexcept;
  void name_holidays(Day day) noexcept;
  void append_holiday(std::string_view name, bool estimated, std::size_t &length) noexcept;

  TimeDimensionOptions options_;
  const Words &words_;
  BusinessCalendar business_;
  std::size_t next_irregular_ = 0;
  std::int64_t offset_ = 0;
  int next_minute_ = 0;
  bool started_ = false;
  TimeRow row_{};
  // The months one, three and twelve before the present one.
  struct Month {
    Day start;
    int days;
    Day same(int day) const noexcept { return start + (day < days ? day : days) - 1; }
  };
  std::array<Month, 3> earlier_{};
  std::array<char, 5> time_name_{};
  std::array<char, 8> iso_week_name_{};
  std::array<char, 7> year_month_{};
  std::array<char, 7> year_quarter_{};
  std::array<char, 8> fiscal_year_name_{};
  std::array<char, holiday_name_capacity> holiday_name_{};
};

static_assert(std::is_trivially_destructible_v<TimeDimension>);

} // namespace starhouse::calendar
