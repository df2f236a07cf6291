#include "core/calendar/time_dimension.hpp"

#include "core/calendar/settings.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace starhouse::calendar {

namespace {

// Index into Words::seasons by month: meteorological seasons of the northern hemisphere; into
// Words::indian_seasons those of the India Meteorological Department.
constexpr std::array<std::uint8_t, 12> northern_season = {0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 0};
constexpr std::array<std::uint8_t, 12> indian_season = {0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3};

constexpr std::size_t day_part_of(int hour) {
  if (hour < 6 || hour >= 21) {
    return 0;
  }
  return hour < 12 ? 1 : hour < 17 ? 2 : 3;
}

constexpr std::size_t meal_of(int hour) {
  if (hour < 6 || hour >= 23) {
    return 4;
  }
  return hour < 11 ? 0 : hour < 15 ? 1 : hour < 18 ? 2 : 3;
}

// The last `width` digits, as if padded with zeros.
void put_digits(char *to, int width, int value) noexcept {
  for (int i = width - 1; i >= 0; --i, value /= 10) {
    to[i] = static_cast<char>('0' + value % 10);
  }
}

[[noreturn]] void unknown_grain(std::string_view name) {
  throw Error(sqlstate::invalid_parameter_value, "unknown grain \"" + std::string(name) + "\"",
              "Use 'day', 'hour', 'minute', or a number of minutes or hours that divides the day, "
              "such as '15 minutes'.");
}

} // namespace

Grain grain_from_name(std::string_view name) {
  std::string_view unit = name;
  int count = 1;
  const bool has_count = !name.empty() && name.front() >= '0' && name.front() <= '9';
  if (has_count) {
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), count);
    unit.remove_prefix(static_cast<std::size_t>(end - name.data()));
    if (error != std::errc{} || unit.empty() || unit.front() != ' ') {
      unknown_grain(name);
    }
    unit.remove_prefix(1);
  }
  const auto is = [&](std::string_view one, std::string_view many) {
    return same_word(unit, one) || (has_count && same_word(unit, many));
  };
  constexpr int day = 1'440;
  const int minutes = is("minute", "minutes") ? 1
                      : is("hour", "hours")   ? 60
                      : is("day", "days")     ? day
                                              : 0;
  if (minutes == 0 || count < 1 || count > day / minutes || day % (count * minutes) != 0) {
    unknown_grain(name);
  }
  return {count * minutes};
}

TimeDimension::TimeDimension(const TimeDimensionOptions &options)
    : options_(options), words_(options.words == nullptr ? words_of("en") : *options.words),
      business_(options.calendar) {
  check_retail_rule(options.retail);
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
  constexpr int minutes_per_day = 1'440;
  if (!started_) {
    started_ = true;
    begin_day(options_.start);
  }
  for (;;) {
    if (next_minute_ == minutes_per_day) {
      if (row_.date >= options_.end) {
        return nullptr;
      }
      begin_day(row_.date + 1);
    }
    const std::int64_t key = row_.date * micros_per_day + next_minute_ * micros_per_minute;
    const bool exists = place(key);
    const int minute = next_minute_;
    next_minute_ += options_.grain.minutes;
    if (options_.grain.is_day()) {
      return &row_;
    }
    if (exists) {
      row_.minute_of_day = minute;
      begin_slot();
      return &row_;
    }
  }
}

// When the row that starts at local time `key` really begins and how long it lasts. False if no
// clock ever shows it.
bool TimeDimension::place(std::int64_t key) noexcept {
  row_.key = key;
  if (next_irregular_ < options_.irregular.size() &&
      options_.irregular[next_irregular_].start == key) {
    const LocalSlot &slot = options_.irregular[next_irregular_++];
    row_.starts_at = slot.begins_at;
    row_.length_seconds = static_cast<int>(slot.length / 1'000'000);
    offset_ = slot.offset_after;
    return slot.length > 0;
  }
  row_.starts_at = key - offset_;
  row_.length_seconds = options_.grain.minutes * 60;
  return true;
}

void TimeDimension::begin_slot() noexcept {
  row_.hour = row_.minute_of_day / 60;
  row_.minute = row_.minute_of_day % 60;
  row_.hour_12 = (row_.hour + 11) % 12 + 1;
  row_.am_pm = row_.hour < 12 ? "AM" : "PM";
  row_.day_part = words_.day_parts[day_part_of(row_.hour)];
  row_.meal_time = words_.meals[meal_of(row_.hour)];
  put_digits(time_name_.data(), 2, row_.hour);
  time_name_[2] = ':';
  put_digits(time_name_.data() + 3, 2, row_.minute);
  row_.time_name = {time_name_.data(), time_name_.size()};
}

void TimeDimension::begin_day(Day day) noexcept {
  // Within a month the row moves on by one; months and years are worked out at their first day.
  const bool first = row_.month_name.empty();
  row_.date = day;
  if (!first && day <= row_.month_end) {
    ++row_.day;
    ++row_.day_of_year;
    ++row_.yyyymmdd;
  } else {
    begin_month(civil_from_day(day));
  }
  next_minute_ = 0;
  row_.day_sequence = day + 2'451'545;
  row_.previous_day = day - 1;
  row_.next_day = day + 1;
  row_.weekday_of_month = (row_.day - 1) / 7 + 1;
  row_.day_of_quarter = day - row_.quarter_start + 1;
  row_.is_month_start = day == row_.month_start;
  row_.is_month_end = day == row_.month_end;
  row_.same_day_last_month = earlier_[0].same(row_.day);
  row_.same_day_last_quarter = earlier_[1].same(row_.day);
  row_.same_day_last_year = earlier_[2].same(row_.day);
  row_.same_weekday_last_year = day - 364;

  const int weekday = iso_weekday(day);
  row_.iso_day_of_week = weekday;
  row_.day_name = words_.days[static_cast<std::size_t>(weekday - 1)];
  row_.day_name_short = words_.days_short[static_cast<std::size_t>(weekday - 1)];
  row_.day_of_week = (weekday - options_.retail.week_start + 7) % 7 + 1;
  row_.fiscal_day = day - row_.fiscal.year_start + 1;
  // Weeks of whatever kind begin on one of these days.
  if (row_.day_of_week == 1 || weekday == 1 || weekday == 7 || row_.day == 1 || first) {
    begin_week();
  }

  if (first) {
    row_.follows_holiday = day > first_supported_day && business_.is_holiday(day - 1);
  } else {
    row_.follows_holiday = row_.is_holiday;
  }
  const BusinessCalendar::Status status = business_.status(row_.year, row_.day_of_year);
  row_.is_weekend = business_.is_weekend(day);
  row_.is_business_day = status.is_business_day;
  row_.business_day_of_month += row_.is_business_day ? 1 : 0;
  row_.is_holiday = status.is_holiday;
  row_.holiday_name = {};
  if (row_.is_holiday) {
    name_holidays(day);
  }
}

void TimeDimension::begin_week() noexcept {
  const int week_start = options_.retail.week_start;
  const Day day = row_.date;
  row_.week_start = day - (row_.day_of_week - 1);
  row_.week_end = row_.week_start + 6;
  row_.week_sequence = (row_.week_start - week_start_of(first_supported_day, week_start)) / 7 + 1;
  row_.week_of_month = (row_.week_start - week_start_of(row_.month_start, week_start)) / 7 + 1;
  row_.us_week = (row_.day_of_year - 1 + iso_weekday(row_.year_start) % 7) / 7 + 1;
  row_.fiscal_week = (row_.week_start - week_start_of(row_.fiscal.year_start, week_start)) / 7 + 1;
  const IsoWeek week = iso_week(day);
  row_.week = week.week;
  row_.iso_year = week.year;
  put_digits(iso_week_name_.data(), 4, week.year);
  iso_week_name_[4] = '-';
  iso_week_name_[5] = 'W';
  put_digits(iso_week_name_.data() + 6, 2, week.week);
  row_.iso_week_name = {iso_week_name_.data(), iso_week_name_.size()};
  row_.retail = retail_date(day, options_.retail);
}

void TimeDimension::begin_month(const Civil &civil) noexcept {
  if (row_.month_name.empty() || civil.year != row_.year) {
    begin_year(civil.year);
  }
  const auto month = static_cast<std::size_t>(civil.month - 1);
  row_.day = civil.day;
  row_.month = civil.month;
  row_.yyyymmdd = civil.year * 10'000 + civil.month * 100 + civil.day;
  row_.month_start = day_from_civil(civil.year, civil.month, 1);
  row_.days_in_month = days_in_month(civil.year, civil.month);
  row_.month_end = row_.month_start + row_.days_in_month - 1;
  row_.month_sequence = (civil.year - 1) * 12 + civil.month;
  row_.day_of_year = row_.month_start - row_.year_start + civil.day;
  for (std::size_t i = 0; i < earlier_.size(); ++i) {
    static constexpr std::array<int, 3> months_ago = {1, 3, 12};
    const int ago = civil.month - months_ago[i];
    const Civil then{ago > 0 ? civil.year : civil.year - 1, ago > 0 ? ago : ago + 12, 1};
    earlier_[i] = {day_from_civil(then.year, then.month, 1), days_in_month(then.year, then.month)};
  }
  row_.month_name = words_.months[month];
  row_.month_name_short = words_.months_short[month];
  const auto countries = options_.calendar.all_countries();
  const bool indian = !countries.empty() && countries.front() == Country::india;
  row_.season =
      indian ? words_.indian_seasons[indian_season[month]] : words_.seasons[northern_season[month]];
  row_.business_days_in_month = business_.count(row_.month_start, row_.month_end);
  row_.business_day_of_month =
      civil.day == 1 ? 0 : business_.count(row_.month_start, row_.date - 1);
  put_digits(year_month_.data() + 5, 2, civil.month);
  row_.year_month = {year_month_.data(), year_month_.size()};
  begin_quarter();

  row_.fiscal = fiscal_date(civil, options_.retail.fiscal);
  fiscal_year_name_[0] = 'F';
  fiscal_year_name_[1] = 'Y';
  // 5 digits at the very end: the fiscal year of 9999-12-31 may be 10000.
  const int width = row_.fiscal.year > last_supported_year ? 5 : 4;
  put_digits(fiscal_year_name_.data() + 2, width, row_.fiscal.year);
  row_.fiscal_year_name = {fiscal_year_name_.data(), static_cast<std::size_t>(2 + width)};
}

void TimeDimension::begin_quarter() noexcept {
  static constexpr std::array<std::string_view, 4> names = {"Q1", "Q2", "Q3", "Q4"};
  row_.quarter = (row_.month + 2) / 3;
  row_.half_year = (row_.month + 5) / 6;
  row_.quarter_name = names[static_cast<std::size_t>(row_.quarter - 1)];
  row_.quarter_start = month_start(row_.year, 3 * (row_.quarter - 1));
  row_.quarter_end = month_start(row_.year, 3 * row_.quarter) - 1;
  row_.quarter_sequence = (row_.year - 1) * 4 + row_.quarter;
  std::copy_n(row_.quarter_name.begin(), 2, year_quarter_.begin() + 5);
  row_.year_quarter = {year_quarter_.data(), year_quarter_.size()};
}

void TimeDimension::begin_year(int year) noexcept {
  row_.year = year;
  row_.year_start = day_from_civil(year, 1, 1);
  row_.is_leap_year = is_leap_year(year);
  row_.days_in_year = row_.is_leap_year ? 366 : 365;
  row_.year_end = row_.year_start + row_.days_in_year - 1;
  for (char *text : {year_month_.data(), year_quarter_.data()}) {
    put_digits(text, 4, year);
    text[4] = '-';
  }
}

void TimeDimension::name_holidays(Day day) noexcept {
  std::size_t length = 0;
  for (std::size_t i = 0; i < options_.calendar.country_count; ++i) {
    for (const Holiday &holiday : business_.country_holidays(i, row_.year).all()) {
      if (holiday.day == day) {
        append_holiday(words_.holiday(holiday.name), holiday.estimated, length);
      }
    }
  }
  for (const UserDay &row : options_.calendar.between(day, day)) {
    append_holiday(row.name, false, length);
  }
  row_.holiday_name = {holiday_name_.data(), length};
}

// Joins names by "; ", each once; what does not fit is left out whole.
void TimeDimension::append_holiday(std::string_view name, bool estimated,
                                   std::size_t &length) noexcept {
  constexpr std::string_view separator = "; ";
  const std::string_view so_far(holiday_name_.data(), length);
  for (std::size_t at = so_far.find(name); at != std::string_view::npos;
       at = so_far.find(name, at + 1)) {
    const std::string_view before = so_far.substr(0, at);
    const std::string_view after = so_far.substr(at + name.size());
    if ((before.empty() || before.ends_with(separator)) &&
        (after.empty() || after.starts_with(separator))) {
      return;
    }
  }
  const std::string_view suffix = estimated ? words_.estimated : std::string_view{};
  const std::size_t needed = (length > 0 ? separator.size() : 0) + name.size() + suffix.size();
  if (needed > holiday_name_.size() - length) {
    return;
  }
  for (const std::string_view text : {length > 0 ? separator : std::string_view{}, name, suffix}) {
    std::copy(text.begin(), text.end(),
              holiday_name_.begin() + static_cast<std::ptrdiff_t>(length));
    length += text.size();
  }
}

} // namespace starhouse::calendar
