#include "core/calendar/time_dimension.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <string>

namespace starhouse::calendar {

namespace {

constexpr std::int64_t micros_per_hour = 3'600'000'000;
constexpr std::int64_t micros_per_day = 24 * micros_per_hour;

constexpr std::string_view day_names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                          "Friday", "Saturday", "Sunday"};
constexpr std::string_view month_names[] = {"January",   "February", "March",    "April",
                                            "May",       "June",     "July",     "August",
                                            "September", "October",  "November", "December"};

// Meteorological seasons of the northern hemisphere; those of the India Meteorological Department
// for India.
constexpr std::string_view northern_seasons[] = {"Winter", "Winter", "Spring", "Spring",
                                                 "Spring", "Summer", "Summer", "Summer",
                                                 "Autumn", "Autumn", "Autumn", "Winter"};
constexpr std::string_view indian_seasons[] = {
    "Winter",  "Winter",  "Summer",  "Summer",       "Summer",       "Monsoon",
    "Monsoon", "Monsoon", "Monsoon", "Post-monsoon", "Post-monsoon", "Post-monsoon"};

constexpr std::string_view day_part_of(int hour) {
  if (hour < 6 || hour >= 21) {
    return "Night";
  }
  if (hour < 12) {
    return "Morning";
  }
  return hour < 17 ? "Afternoon" : "Evening";
}

void check_setting(const char *name, int value, int low, int high, const char *meaning) {
  if (value < low || value > high) {
    throw Error(sqlstate::invalid_parameter_value,
                std::string(name) + " out of range: " + std::to_string(value),
                std::string(meaning) + " between " + std::to_string(low) + " and " +
                    std::to_string(high) + ".");
  }
}

std::string iso_text(Day day) {
  const Civil civil = civil_from_day(day);
  const auto padded = [](int value, std::size_t width) {
    std::string digits = std::to_string(value);
    return std::string(width - std::min(width, digits.size()), '0') + digits;
  };
  return padded(civil.year, 4) + "-" + padded(civil.month, 2) + "-" + padded(civil.day, 2);
}

} // namespace

Grain grain_from_name(std::string_view name) {
  const auto is = [name](std::string_view word) {
    return std::equal(name.begin(), name.end(), word.begin(), word.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
  };
  if (is("day")) {
    return Grain::day;
  }
  if (is("hour")) {
    return Grain::hour;
  }
  throw Error(sqlstate::invalid_parameter_value, "unknown grain \"" + std::string(name) + "\"",
              "Use 'day' or 'hour'.");
}

TimeDimension::TimeDimension(const TimeDimensionOptions &options) : options_(options) {
  check_setting("fiscal_year_start", options.fiscal_year_start, 1, 12, "It is a month");
  check_setting("week_start", options.week_start, 1, 7,
                "It is an ISO weekday (1 Monday, 7 Sunday)");
  for (const Day day : {options.start, options.end}) {
    if (day < first_supported_day || day > last_supported_day) {
      throw Error(sqlstate::datetime_field_overflow, "date out of range for a time dimension",
                  "Dates lie between 0001-01-01 and 9999-12-31.");
    }
  }
  if (options.start > options.end) {
    throw Error(sqlstate::invalid_parameter_value,
                "start_date " + iso_text(options.start) + " is after end_date " +
                    iso_text(options.end),
                "Give the earlier date first; both ends are included.");
  }
}

const TimeRow *TimeDimension::next() noexcept {
  if (!started_) {
    started_ = true;
    begin_day(options_.start);
  } else if (next_hour_ == 24) {
    if (row_.date >= options_.end) {
      return nullptr;
    }
    begin_day(row_.date + 1);
  }
  if (options_.grain == Grain::day) {
    next_hour_ = 24;
    return &row_;
  }
  const std::int64_t key = row_.date * micros_per_day + next_hour_ * micros_per_hour;
  if (next_missing_ < options_.missing_hours.size() &&
      options_.missing_hours[next_missing_] == key) {
    ++next_missing_;
    ++next_hour_;
    return next();
  }
  row_.key = key;
  row_.hour = next_hour_;
  row_.day_part = day_part_of(next_hour_);
  ++next_hour_;
  return &row_;
}

void TimeDimension::begin_day(Day day) noexcept {
  // Within a month the row moves on by one; months and years are worked out at their first day.
  if (!row_.month_name.empty() && day <= row_.month_end) {
    ++row_.day;
    ++row_.day_of_year;
  } else {
    begin_month(civil_from_day(day));
  }
  row_.date = day;
  row_.key = day * micros_per_day;
  next_hour_ = 0;

  const int weekday = iso_weekday(day);
  row_.day_name = day_names[weekday - 1];
  row_.day_of_week = (weekday - options_.week_start + 7) % 7 + 1;
  row_.week_start = day - (row_.day_of_week - 1);
  if (weekday == 1 || row_.week == 0) {
    const IsoWeek week = iso_week(day);
    row_.week = week.week;
    row_.iso_year = week.year;
  }
  name_holidays(day);
  row_.is_weekend = weekday >= 6;
  row_.is_holiday = !row_.holiday_name.empty();
  row_.is_business_day = !row_.is_weekend && !row_.is_holiday;
}

void TimeDimension::begin_month(const Civil &civil) noexcept {
  const bool first = row_.month_name.empty();
  if (first || civil.year != row_.year) {
    begin_year(civil.year);
  }
  row_.day = civil.day;
  row_.month = civil.month;
  row_.quarter = (civil.month + 2) / 3;
  row_.half_year = (civil.month + 5) / 6;
  row_.year = civil.year;
  row_.month_start = day_from_civil(civil.year, civil.month, 1);
  row_.month_end = row_.month_start + days_in_month(civil.year, civil.month) - 1;
  row_.day_of_year = row_.month_start - new_year_ + civil.day;
  row_.month_name = month_names[civil.month - 1];
  row_.season =
      (options_.country == Country::india ? indian_seasons : northern_seasons)[civil.month - 1];

  row_.fiscal_period = (civil.month - options_.fiscal_year_start + 12) % 12 + 1;
  row_.fiscal_quarter = (row_.fiscal_period + 2) / 3;
  const bool ends_next_year =
      options_.fiscal_year_start > 1 && civil.month >= options_.fiscal_year_start;
  row_.fiscal_year = civil.year + (ends_next_year ? 1 : 0);

  int rest = civil.year;
  for (int i = 3; i >= 0; --i, rest /= 10) {
    year_month_[static_cast<std::size_t>(i)] = static_cast<char>('0' + rest % 10);
  }
  year_month_[4] = '-';
  year_month_[5] = static_cast<char>('0' + civil.month / 10);
  year_month_[6] = static_cast<char>('0' + civil.month % 10);
  row_.year_month = {year_month_.data(), year_month_.size()};
}

void TimeDimension::begin_year(int year) noexcept {
  new_year_ = day_from_civil(year, 1, 1);
  holidays_ = HolidayYear(options_.country, year);
  next_holiday_ = 0;
}

void TimeDimension::name_holidays(Day day) noexcept {
  const auto all = holidays_.all();
  while (next_holiday_ < all.size() && all[next_holiday_].day < day) {
    ++next_holiday_;
  }
  row_.holiday_name = {};
  std::size_t length = 0;
  const auto append = [this, &length](std::string_view text) {
    const std::size_t taken = std::min(text.size(), holiday_name_.size() - length);
    std::copy_n(text.begin(), taken, holiday_name_.begin() + static_cast<std::ptrdiff_t>(length));
    length += taken;
  };
  for (; next_holiday_ < all.size() && all[next_holiday_].day == day; ++next_holiday_) {
    const Holiday &holiday = all[next_holiday_];
    append(length == 0 ? "" : "; ");
    append(holiday.name);
    append(holiday.estimated ? " (estimated)" : "");
  }
  row_.holiday_name = {holiday_name_.data(), length};
}

} // namespace starhouse::calendar
