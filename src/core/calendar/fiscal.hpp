// Fiscal years and retail years.
//
// A fiscal year is twelve calendar months from the first of some month. A retail year (4-4-5 and
// its sisters) is whole weeks: 52, and 53 when the date it is pinned to has drifted a week. It
// begins on the same weekday each year, either the one nearest to the first of the starting month
// or the last one on or before it: the two rules of 26 U.S.C. 441(f), which says the same of the
// year's end. Quarters have 13 weeks, split into periods by the pattern; a 53rd week belongs to the
// last period.
#pragma once

#include "core/calendar/day.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace starhouse::calendar {

// What a fiscal or retail year that spans two calendar years is called by.
enum class YearName : std::uint8_t { end, start };

// "end" or "start", any case. Throws Error 22023 for any other.
YearName year_name_from(std::string_view name);

struct FiscalRule {
  int start_month = 1; // 1..12
  YearName named_by = YearName::end;
};

struct FiscalDate {
  int year;
  int quarter;
  int period; // month of the fiscal year, 1..12
  Day year_start;
  Day year_end;
  Day quarter_start;
  Day quarter_end;
};

// First day of the month `months` after January of `year`.
constexpr Day month_start(int year, int months) {
  return day_from_civil(year + months / 12, months % 12 + 1, 1);
}

constexpr FiscalDate fiscal_date(const Civil &date, const FiscalRule &rule) {
  const int start_year = date.year - (date.month < rule.start_month ? 1 : 0);
  const int period = (date.month - rule.start_month + 12) % 12 + 1;
  const int quarter = (period + 2) / 3;
  const int first = rule.start_month - 1;
  const bool ends_next_year = rule.start_month > 1 && rule.named_by == YearName::end;
  return {start_year + (ends_next_year ? 1 : 0),
          quarter,
          period,
          month_start(start_year, first),
          month_start(start_year + 1, first) - 1,
          month_start(start_year, first + 3 * (quarter - 1)),
          month_start(start_year, first + 3 * quarter) - 1};
}

enum class YearStart : std::uint8_t {
  nearest, // the weekday nearest to the first of the month (NRF, ISO)
  last,    // the last one on or before it: the year ends with the month's last such weekday
};

// "nearest" or "last", any case. Throws Error 22023 for any other.
YearStart year_start_from(std::string_view name);

// Weeks of a quarter's three periods, 13 in all.
using RetailPattern = std::array<std::uint8_t, 3>;

// "4-4-5", "4-5-4" or "5-4-4". Throws Error 22023 for any other.
RetailPattern retail_pattern_from(std::string_view name);

struct RetailRule {
  FiscalRule fiscal;
  int week_start = 1; // ISO weekday on which weeks and years begin
  RetailPattern pattern{4, 4, 5};
  YearStart start = YearStart::nearest;
};

// Checks the fields that are numbers. Throws Error 22023 naming the argument.
void check_fiscal_rule(const FiscalRule &rule);
void check_retail_rule(const RetailRule &rule);

struct RetailDate {
  int year;
  int quarter;        // 1..4
  int period;         // 1..12
  int week;           // of the year, 1..53
  int week_of_period; // 1..5, 6 in the last period of a 53-week year of 4-4-5
  int weeks_in_year;  // 52 or 53
  Day year_start;
  Day period_start;
  Day period_end;
};

// First day of the retail year that begins about the first of the starting month of `year`.
constexpr Day retail_year_start(int year, const RetailRule &rule) {
  const Day first = day_from_civil(year, rule.fiscal.start_month, 1);
  return week_start_of(rule.start == YearStart::nearest ? first + 3 : first, rule.week_start);
}

// The calendar year a retail year of this name begins in.
constexpr int retail_start_year(int name, const RetailRule &rule) {
  return name - (rule.fiscal.start_month > 1 && rule.fiscal.named_by == YearName::end ? 1 : 0);
}

constexpr RetailDate retail_date(Day day, const RetailRule &rule) {
  int start_year = civil_from_day(day).year;
  Day start = retail_year_start(start_year, rule);
  Day end = retail_year_start(start_year + 1, rule);
  if (day < start) {
    --start_year;
    end = start;
    start = retail_year_start(start_year, rule);
  } else if (day >= end) {
    ++start_year;
    start = end;
    end = retail_year_start(start_year + 1, rule);
  }
  RetailDate date{};
  date.year = start_year + (start_year - retail_start_year(start_year, rule));
  date.year_start = start;
  date.weeks_in_year = (end - start) / 7;
  const int weeks_before = (day - start) / 7;
  date.week = weeks_before + 1;
  date.quarter = std::min(weeks_before / 13, 3) + 1;
  int in_quarter = weeks_before - 13 * (date.quarter - 1);
  int period = 0; // of the quarter
  while (period < 2 && in_quarter >= rule.pattern[static_cast<std::size_t>(period)]) {
    in_quarter -= rule.pattern[static_cast<std::size_t>(period)];
    ++period;
  }
  date.period = 3 * (date.quarter - 1) + period + 1;
  date.week_of_period = in_quarter + 1;
  date.period_start = start + 7 * (weeks_before - in_quarter);
  date.period_end = date.period == 12 ? end - 1
                                      : date.period_start +
                                            7 * rule.pattern[static_cast<std::size_t>(period)] - 1;
  return date;
}

} // namespace starhouse::calendar
