// Proleptic Gregorian day arithmetic. A day is a count from 2000-01-01, as PostgreSQL's date; years
// are astronomical (0 is 1 BC), weekdays ISO (1 Monday .. 7 Sunday). Everything is constexpr.
//
// Civil conversion: the era method (400-year cycles, years starting in March), see H. Hinnant,
// "chrono-compatible low-level date algorithms". Easter: the anonymous Gregorian computus (Meeus,
// Astronomical Algorithms, ch. 8), exact for every Gregorian year.
#pragma once

#include <cstdint>

namespace starhouse::calendar {

using Day = std::int32_t;

struct Civil {
  int year;
  int month; // 1..12
  int day;   // 1..31

  friend constexpr bool operator==(const Civil &, const Civil &) = default;
};

constexpr Day day_from_civil(int year, int month, int day) {
  const std::int64_t y = static_cast<std::int64_t>(year) - (month <= 2 ? 1 : 0);
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return static_cast<Day>(era * 146'097 + day_of_era - 730'425);
}

constexpr Civil civil_from_day(Day day) {
  const std::int64_t z = static_cast<std::int64_t>(day) + 730'425;
  const std::int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
  const std::int64_t day_of_era = z - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {static_cast<int>(year_of_era + era * 400 + (month <= 2 ? 1 : 0)), month,
          static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1)};
}

constexpr bool is_leap_year(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr int days_in_month(int year, int month) {
  if (month == 2) {
    return is_leap_year(year) ? 29 : 28;
  }
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// 2000-01-01 was a Saturday (6).
constexpr int iso_weekday(Day day) {
  const int remainder = static_cast<int>((static_cast<std::int64_t>(day) + 5) % 7);
  return (remainder + 7) % 7 + 1;
}

constexpr int day_of_year(Day day) {
  return day - day_from_civil(civil_from_day(day).year, 1, 1) + 1;
}

struct IsoWeek {
  int year;
  int week; // 1..53

  friend constexpr bool operator==(const IsoWeek &, const IsoWeek &) = default;
};

// ISO 8601: a week belongs to the year its Thursday is in.
constexpr IsoWeek iso_week(Day day) {
  const Day thursday = day - iso_weekday(day) + 4;
  const int year = civil_from_day(thursday).year;
  return {year, (thursday - day_from_civil(year, 1, 1)) / 7 + 1};
}

// First day of the week that holds `day`, weeks starting on ISO weekday `week_start`.
constexpr Day week_start_of(Day day, int week_start) {
  return day - (iso_weekday(day) - week_start + 7) % 7;
}

constexpr Day nth_weekday(int year, int month, int weekday, int n) {
  const Day first = day_from_civil(year, month, 1);
  return first + (weekday - iso_weekday(first) + 7) % 7 + 7 * (n - 1);
}

constexpr Day last_weekday(int year, int month, int weekday) {
  return week_start_of(day_from_civil(year, month, days_in_month(year, month)), weekday);
}

constexpr Day easter_sunday(int year) {
  const int a = year % 19;
  const int b = year / 100;
  const int c = year % 100;
  const int h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
  const int l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
  const int m = (a + 11 * h + 22 * l) / 451;
  const int sum = h + l - 7 * m + 114;
  return day_from_civil(year, sum / 31, sum % 31 + 1);
}

// What this family accepts: AD years of four digits.
inline constexpr int first_supported_year = 1;
inline constexpr int last_supported_year = 9'999;
inline constexpr Day first_supported_day = day_from_civil(first_supported_year, 1, 1);
inline constexpr Day last_supported_day = day_from_civil(last_supported_year, 12, 31);

static_assert(day_from_civil(2000, 1, 1) == 0);
static_assert(civil_from_day(0) == Civil{2000, 1, 1});

} // namespace starhouse::calendar
