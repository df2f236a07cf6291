// The rows of a time dimension, one after the other: day grain or hour grain. A row is plain data
// whose texts are views into literals or into the generator; producing one allocates nothing.
#pragma once

#include "core/calendar/day.hpp"
#include "core/calendar/holidays.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace starhouse::calendar {

enum class Grain : std::uint8_t { day, hour };

// "day" or "hour", any case. Throws Error 22023 for any other.
Grain grain_from_name(std::string_view name);

struct TimeDimensionOptions {
  Day start = 0;
  Day end = 0; // inclusive
  Grain grain = Grain::day;
  Country country = Country::none;
  int fiscal_year_start = 1; // month 1..12
  int week_start = 1;        // ISO weekday 1..7
  // Hour grain: starts of local hours (microseconds since 2000-01-01) the zone jumps over,
  // ascending; must outlive the generator. See missing_local_hours().
  std::span<const std::int64_t> missing_hours;
};

struct TimeRow {
  std::int64_t key; // start of the day or hour, local microseconds since 2000-01-01
  Day date;
  int hour;        // 0 at day grain
  int day;         // of the month
  int day_of_week; // 1 is the weekday weeks start on
  int day_of_year;
  int week; // ISO 8601
  int iso_year;
  int month;
  int quarter;
  int year;
  int half_year;
  int fiscal_year; // the calendar year the fiscal year ends in
  int fiscal_quarter;
  int fiscal_period; // month of the fiscal year
  Day week_start;
  Day month_start;
  Day month_end;
  bool is_weekend;
  bool is_business_day;
  bool is_holiday;
  std::string_view day_name;
  std::string_view month_name;
  std::string_view year_month;   // YYYY-MM
  std::string_view holiday_name; // empty: no holiday
  std::string_view season;
  std::string_view day_part; // empty at day grain
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
  void begin_day(Day day) noexcept;
  void begin_month(const Civil &civil) noexcept;
  void begin_year(int year) noexcept;
  void name_holidays(Day day) noexcept;

  TimeDimensionOptions options_;
  std::size_t next_missing_ = 0;
  std::size_t next_holiday_ = 0;
  Day new_year_ = 0;
  int next_hour_ = 0;
  bool started_ = false;
  TimeRow row_{};
  HolidayYear holidays_;
  std::array<char, 7> year_month_{};
  std::array<char, 256> holiday_name_{};
};

static_assert(std::is_trivially_destructible_v<TimeDimension>);

} // namespace starhouse::calendar
