#include "core/calendar/business_calendar.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <bit>
#include <string>

namespace starhouse::calendar {

namespace {

using Bits = std::array<std::uint64_t, 6>;

void set(Bits &bits, int index) noexcept {
  bits[static_cast<unsigned>(index) / 64] |= std::uint64_t{1}
                                             << (static_cast<unsigned>(index) % 64);
}

void clear(Bits &bits, int index) noexcept {
  bits[static_cast<unsigned>(index) / 64] &=
      ~(std::uint64_t{1} << (static_cast<unsigned>(index) % 64));
}

bool test(const Bits &bits, int index) noexcept {
  return (bits[static_cast<unsigned>(index) / 64] >> (static_cast<unsigned>(index) % 64) & 1U) != 0;
}

// Position of the n-th bit that is set (n from 1), which must exist.
int nth_bit(const Bits &bits, int n) noexcept {
  std::size_t word = 0;
  for (int here = std::popcount(bits[0]); n > here; here = std::popcount(bits[word])) {
    n -= here;
    ++word;
  }
  std::uint64_t rest = bits[word];
  while (--n > 0) {
    rest &= rest - 1;
  }
  return static_cast<int>(word * 64) + std::countr_zero(rest);
}

} // namespace

Weekdays weekend_from(std::span<const std::int32_t> days) {
  Weekdays weekend = 0;
  for (const std::int32_t day : days) {
    if (day < 1 || day > 7) {
      throw Error(sqlstate::invalid_parameter_value,
                  "no such weekday in weekend: " + std::to_string(day),
                  "Use ISO weekdays, 1 (Monday) to 7 (Sunday): '{6,7}', '{5,6}', '{7}', '{}'.");
    }
    weekend = static_cast<Weekdays>(weekend | 1U << day);
  }
  if (std::popcount(weekend) == 7) {
    throw Error(sqlstate::invalid_parameter_value, "a weekend cannot be the whole week",
                "Leave out at least one of the ISO weekdays 1 to 7.");
  }
  return weekend;
}

std::span<const UserDay> CalendarRules::between(Day first, Day last) const noexcept {
  const auto by_day = [](const UserDay &row, Day day) { return row.day < day; };
  const auto from = std::lower_bound(user_days.begin(), user_days.end(), first, by_day);
  const auto to = std::lower_bound(from, user_days.end(), last + 1, by_day);
  return {from, to};
}

bool CalendarRules::is_working(Day day) const noexcept {
  const auto rows = between(day, day);
  return std::any_of(rows.begin(), rows.end(), [](const UserDay &row) { return row.working; });
}

std::size_t list_holidays(const CalendarRules &rules, int year, std::span<Holiday> out) noexcept {
  std::size_t size = 0;
  for (const Country country : rules.all_countries()) {
    const HolidayYear computed(country, year);
    for (const Holiday &holiday : computed.all()) {
      if (!rules.is_working(holiday.day)) {
        out[size++] = holiday;
      }
    }
  }
  for (const UserDay &row :
       rules.between(day_from_civil(year, 1, 1), day_from_civil(year, 12, 31))) {
    if (!rules.is_working(row.day)) {
      out[size++] = {row.day, row.name, false, false};
    }
  }
  std::stable_sort(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size),
                   [](const Holiday &a, const Holiday &b) { return a.day < b.day; });
  return size;
}

BusinessCalendar::BusinessCalendar(const CalendarRules &rules) noexcept : rules_(rules) {}

const BusinessCalendar::YearBits &BusinessCalendar::bits_of(int year) noexcept {
  YearBits &bits = years_[static_cast<std::size_t>(year) % slots];
  if (bits.year == year) {
    return bits;
  }
  bits = {};
  bits.year = year;
  const Day new_year = day_from_civil(year, 1, 1);
  const int days = is_leap_year(year) ? 366 : 365;
  const auto rows = rules_.between(new_year, new_year + days - 1);
  for (std::size_t i = 0; i < rules_.country_count; ++i) {
    for (const Holiday &holiday : country_holidays(i, year).all()) {
      set(bits.holidays, holiday.day - new_year);
    }
  }
  for (const UserDay &row : rows) {
    set(bits.holidays, row.day - new_year);
  }
  for (const UserDay &row : rows) {
    if (row.working) {
      clear(bits.holidays, row.day - new_year);
    }
  }
  int weekday = iso_weekday(new_year);
  for (int index = 0; index < days; ++index) {
    if ((rules_.weekend >> weekday & 1U) == 0 && !test(bits.holidays, index)) {
      set(bits.business, index);
    }
    weekday = weekday == 7 ? 1 : weekday + 1;
  }
  int total = 0;
  for (const UserDay &row : rows) {
    if (row.working) {
      set(bits.business, row.day - new_year);
    }
  }
  for (const std::uint64_t word : bits.business) {
    total += std::popcount(word);
  }
  totals_[static_cast<std::size_t>(year)] = static_cast<std::int16_t>(total + 1);
  return bits;
}

const HolidayYear &BusinessCalendar::country_holidays(std::size_t country, int year) noexcept {
  if (latest_year_ != year) {
    for (std::size_t i = 0; i < rules_.country_count; ++i) {
      latest_[i] = HolidayYear(rules_.countries[i], year);
    }
    latest_year_ = year;
  }
  return latest_[country];
}

int BusinessCalendar::year_total(int year) noexcept {
  if (totals_[static_cast<std::size_t>(year)] == 0) {
    bits_of(year);
  }
  return totals_[static_cast<std::size_t>(year)] - 1;
}

bool BusinessCalendar::is_holiday(Day day) noexcept {
  const int year = civil_from_day(day).year;
  return test(bits_of(year).holidays, day - day_from_civil(year, 1, 1));
}

bool BusinessCalendar::is_business_day(Day day) noexcept {
  const int year = civil_from_day(day).year;
  return test(bits_of(year).business, day - day_from_civil(year, 1, 1));
}

BusinessCalendar::Status BusinessCalendar::status(int year, int day_of_year) noexcept {
  const YearBits &bits = bits_of(year);
  return {test(bits.holidays, day_of_year - 1), test(bits.business, day_of_year - 1)};
}

int BusinessCalendar::rank(Day day) noexcept {
  const int year = civil_from_day(day).year;
  const Bits &business = bits_of(year).business;
  const auto index = static_cast<unsigned>(day - day_from_civil(year, 1, 1));
  int total = std::popcount(business[index / 64] << (63 - index % 64));
  for (unsigned word = 0; word < index / 64; ++word) {
    total += std::popcount(business[word]);
  }
  return total;
}

int BusinessCalendar::count(Day first, Day last) noexcept {
  if (first > last) {
    return 0;
  }
  const int first_year = civil_from_day(first).year;
  const int last_year = civil_from_day(last).year;
  int total = rank(last) - rank(first) + (is_business_day(first) ? 1 : 0);
  for (int year = first_year; year < last_year; ++year) {
    total += year_total(year);
  }
  return total;
}

std::optional<Day> BusinessCalendar::add(Day day, int days) noexcept {
  if (days == 0) {
    return day;
  }
  int year = civil_from_day(day).year;
  // The wanted day is the wanted-th business day of the year, the years being put end to end.
  std::int64_t wanted = static_cast<std::int64_t>(rank(day)) + days;
  if (days < 0 && !is_business_day(day)) {
    ++wanted; // the last business day before `day` is one step away, not none
  }
  while (wanted > year_total(year)) {
    wanted -= year_total(year);
    if (++year > last_supported_year) {
      return std::nullopt;
    }
  }
  while (wanted < 1) {
    if (--year < first_supported_year) {
      return std::nullopt;
    }
    wanted += year_total(year);
  }
  return day_from_civil(year, 1, 1) + nth_bit(bits_of(year).business, static_cast<int>(wanted));
}

} // namespace starhouse::calendar
