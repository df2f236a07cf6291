// Working days: weekends, the holidays of countries by rule, and days that users keep in tables of
// their own, as one bitmap per calendar year. Counting and stepping go by whole years and by
// population counts within one, never day by day.
#pragma once

#include "core/calendar/day.hpp"
#include "core/calendar/holidays.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace starhouse::calendar {

// A row of a user's table: a holiday, or a day that is worked whatever weekends and holidays say.
struct UserDay {
  Day day;
  bool working;
  std::string_view name;
};

// Bit n stands for ISO weekday n.
using Weekdays = std::uint8_t;
inline constexpr Weekdays saturday_and_sunday = 1U << 6 | 1U << 7;

// Throws Error 22023: ISO weekdays, each between 1 and 7, not all seven.
Weekdays weekend_from(std::span<const std::int32_t> days);

struct CalendarRules {
  static constexpr std::size_t max_countries = 8;
  std::array<Country, max_countries> countries{};
  std::size_t country_count = 0;
  std::span<const UserDay> user_days; // ascending by day; must outlive whoever uses the rules
  Weekdays weekend = saturday_and_sunday;

  std::span<const Country> all_countries() const & { return {countries.data(), country_count}; }
  std::span<const Country> all_countries() const && = delete; // it would view a dead object
  // The rows of a day, or of a year.
  std::span<const UserDay> between(Day first, Day last) const noexcept;
  bool is_working(Day day) const noexcept; // by a user's row
};

// The holidays of a year by day: those of the rules' countries and the user's, without those on
// days that are worked. `out` must hold HolidayYear::capacity for each country and the year's user
// days; the names are the users' own or literals. Returns how many there are.
std::size_t list_holidays(const CalendarRules &rules, int year, std::span<Holiday> out) noexcept;

// Days must be supported ones throughout. Trivially destructible: it may live in memory that is
// dropped without a destructor.
class BusinessCalendar {
public:
  explicit BusinessCalendar(const CalendarRules &rules) noexcept;

  const CalendarRules &rules() const noexcept { return rules_; }
  bool is_weekend(Day day) const noexcept { return (rules_.weekend >> iso_weekday(day) & 1U) != 0; }
  bool is_holiday(Day day) noexcept;
  bool is_business_day(Day day) noexcept;
  struct Status {
    bool is_holiday;
    bool is_business_day;
  };
  // The same by the day's number in its year, from 1: for those who have it.
  Status status(int year, int day_of_year) noexcept;

  // The holidays by rule of one of the countries, in the year asked about last or any other.
  const HolidayYear &country_holidays(std::size_t country, int year) noexcept;

  // Business days from `first` to `last`, both included; 0 when there are none between.
  int count(Day first, Day last) noexcept;

  // The days-th business day after `day`, before it for negative days, `day` itself for 0. Nothing
  // when that lies outside the supported days.
  std::optional<Day> add(Day day, int days) noexcept;

private:
  struct YearBits {
    int year = 0;
    std::array<std::uint64_t, 6> holidays{};
    std::array<std::uint64_t, 6> business{};
  };
  static constexpr std::size_t slots = 64;

  const YearBits &bits_of(int year) noexcept;
  int year_total(int year) noexcept;
  // Business days of the day's year up to it, the day included.
  int rank(Day day) noexcept;

  CalendarRules rules_;
  std::array<YearBits, slots> years_{};
  int latest_year_ = 0;
  std::array<HolidayYear, CalendarRules::max_countries> latest_;
  std::array<std::int16_t, last_supported_year + 1> totals_{}; // business days + 1; 0: not known
};

} // namespace starhouse::calendar
