#include "core/calendar/holidays.hpp"

#include "core/calendar/festivals.hpp"
#include "core/calendar/settings.hpp"

#include <algorithm>

namespace starhouse::calendar {

namespace {

enum class Kind : std::uint8_t {
  fixed,        // month, day
  nth_weekday,  // month, weekday `day`, the `offset`-th
  last_weekday, // month, weekday `day`
  easter,       // `offset` days from Easter Sunday
  festival,     // by function
};

// What becomes of a holiday on a weekend.
enum class Shift : std::uint8_t {
  none,
  nearest_weekday, // Saturday to Friday, Sunday to Monday (US federal)
  next_free_day,   // the next weekday that is no holiday itself (UK substitute days)
};

constexpr int always = 9'999;

struct Rule {
  const char *name;
  const char *shifted_name;
  Kind kind;
  Shift shift;
  std::int8_t month;
  std::int8_t day;
  std::int8_t offset;
  std::int16_t first_year;
  std::int16_t last_year;
  FestivalDays (*festival)(int) noexcept = nullptr;
};

constexpr int monday = 1;
constexpr int thursday = 4;

constexpr Rule fixed(int month, int day, const char *name, int from = 1, int to = always) {
  return {name,
          nullptr,
          Kind::fixed,
          Shift::none,
          static_cast<std::int8_t>(month),
          static_cast<std::int8_t>(day),
          0,
          static_cast<std::int16_t>(from),
          static_cast<std::int16_t>(to)};
}

constexpr Rule once(int year, int month, int day, const char *name) {
  return fixed(month, day, name, year, year);
}

constexpr Rule shifted(Rule rule, Shift shift, const char *shifted_name) {
  rule.shift = shift;
  rule.shifted_name = shifted_name;
  return rule;
}

constexpr Rule nth(int n, int weekday, int month, const char *name, int from, int to = always) {
  Rule rule = fixed(month, weekday, name, from, to);
  rule.kind = Kind::nth_weekday;
  rule.offset = static_cast<std::int8_t>(n);
  return rule;
}

constexpr Rule last(int weekday, int month, const char *name, int from, int to = always) {
  Rule rule = fixed(month, weekday, name, from, to);
  rule.kind = Kind::last_weekday;
  return rule;
}

constexpr Rule easter(int offset, const char *name, int from) {
  Rule rule = fixed(0, 0, name, from);
  rule.kind = Kind::easter;
  rule.offset = static_cast<std::int8_t>(offset);
  return rule;
}

constexpr Rule festival(FestivalDays (*date)(int) noexcept, const char *name, int from) {
  Rule rule = fixed(0, 0, name, from);
  rule.kind = Kind::festival;
  rule.festival = date;
  return rule;
}

// United States, 5 U.S.C. 6103 and Executive Order 11582, in force since 1971. Inauguration Day
// (Washington area only) and single closings by executive order are no legal holidays.
constexpr auto us = Shift::nearest_weekday;
constexpr int us_from = 1971;
constexpr Rule united_states[] = {
    shifted(fixed(1, 1, "New Year's Day", us_from), us, "New Year's Day (observed)"),
    nth(3, monday, 1, "Birthday of Martin Luther King, Jr.", 1986),
    nth(3, monday, 2, "Washington's Birthday", us_from),
    last(monday, 5, "Memorial Day", us_from),
    shifted(fixed(6, 19, "Juneteenth National Independence Day", 2021), us,
            "Juneteenth National Independence Day (observed)"),
    shifted(fixed(7, 4, "Independence Day", us_from), us, "Independence Day (observed)"),
    nth(1, monday, 9, "Labor Day", us_from),
    nth(2, monday, 10, "Columbus Day", us_from),
    nth(4, monday, 10, "Veterans Day", us_from, 1977),
    shifted(fixed(11, 11, "Veterans Day", 1978), us, "Veterans Day (observed)"),
    nth(4, thursday, 11, "Thanksgiving Day", us_from),
    shifted(fixed(12, 25, "Christmas Day", us_from), us, "Christmas Day (observed)"),
};

// United Kingdom: Banking and Financial Dealings Act 1971 and royal proclamations under it. First
// what the nations share, then each nation's own.
constexpr auto uk = Shift::next_free_day;
constexpr int uk_from = 1971;
constexpr Rule united_kingdom[] = {
    shifted(fixed(1, 1, "New Year's Day", 1974), uk, "New Year's Day (substitute day)"),
    easter(-2, "Good Friday", uk_from),
    nth(1, monday, 5, "Early May bank holiday", 1978, 1994),
    once(1995, 5, 8, "Early May bank holiday (VE day)"),
    nth(1, monday, 5, "Early May bank holiday", 1996, 2019),
    once(2020, 5, 8, "Early May bank holiday (VE day)"),
    nth(1, monday, 5, "Early May bank holiday", 2021),
    last(monday, 5, "Spring bank holiday", uk_from, 2001),
    once(2002, 6, 4, "Spring bank holiday"),
    last(monday, 5, "Spring bank holiday", 2003, 2011),
    once(2012, 6, 4, "Spring bank holiday"),
    last(monday, 5, "Spring bank holiday", 2013, 2021),
    once(2022, 6, 2, "Spring bank holiday"),
    last(monday, 5, "Spring bank holiday", 2023),
    shifted(fixed(12, 25, "Christmas Day", uk_from), uk, "Christmas Day (substitute day)"),
    once(1973, 11, 14, "Wedding of Princess Anne"),
    once(1977, 6, 7, "Silver Jubilee bank holiday"),
    once(1981, 7, 29, "Wedding of Prince Charles"),
    once(1999, 12, 31, "Millennium Eve"),
    once(2002, 6, 3, "Golden Jubilee bank holiday"),
    once(2011, 4, 29, "Wedding of Prince William"),
    once(2012, 6, 5, "Diamond Jubilee bank holiday"),
    once(2022, 6, 3, "Platinum Jubilee bank holiday"),
    once(2022, 9, 19, "State Funeral of Queen Elizabeth II"),
    once(2023, 5, 8, "Coronation of King Charles III"),
};
constexpr Rule boxing_day =
    shifted(fixed(12, 26, "Boxing Day", uk_from), uk, "Boxing Day (substitute day)");
constexpr Rule england_and_wales[] = {
    easter(1, "Easter Monday", uk_from),
    last(monday, 8, "Summer bank holiday", uk_from),
    boxing_day,
};
constexpr Rule scotland[] = {
    shifted(fixed(1, 1, "New Year's Day", uk_from, 1973), uk, "New Year's Day (substitute day)"),
    shifted(fixed(1, 2, "2nd January", 1974), uk, "2nd January (substitute day)"),
    nth(1, monday, 8, "Summer bank holiday", uk_from),
    shifted(fixed(11, 30, "St Andrew's Day", 2007), uk, "St Andrew's Day (substitute day)"),
    shifted(fixed(12, 26, "Boxing Day", 1974), uk, "Boxing Day (substitute day)"),
    once(2026, 6, 15, "World Cup bank holiday"),
};
constexpr Rule northern_ireland[] = {
    shifted(fixed(3, 17, "St Patrick's Day", uk_from), uk, "St Patrick's Day (substitute day)"),
    easter(1, "Easter Monday", uk_from),
    shifted(fixed(7, 12, "Battle of the Boyne", uk_from), uk,
            "Battle of the Boyne (substitute day)"),
    last(monday, 8, "Summer bank holiday", uk_from),
    boxing_day,
};

// India: the three national days and the festivals on the central government's list. A holiday on a
// weekend is not made up for.
constexpr int india_from = 1947;
constexpr Rule india[] = {
    fixed(1, 26, "Republic Day", 1950),
    festival(maha_shivaratri, "Maha Shivaratri", india_from),
    festival(holi, "Holi", india_from),
    festival(ram_navami, "Ram Navami", india_from),
    festival(mahavir_jayanti, "Mahavir Jayanti", india_from),
    easter(-2, "Good Friday", india_from),
    fixed(4, 14, "Ambedkar Jayanti", 1990),
    festival(buddha_purnima, "Buddha Purnima", india_from),
    fixed(8, 15, "Independence Day", india_from),
    festival(janmashtami, "Janmashtami", india_from),
    fixed(10, 2, "Gandhi Jayanti", 1948),
    festival(dussehra, "Dussehra", india_from),
    festival(diwali, "Diwali", india_from),
    festival(guru_nanak_jayanti, "Guru Nanak Jayanti", india_from),
    fixed(12, 25, "Christmas Day", india_from),
    festival(muharram, "Muharram", india_from),
    festival(milad_un_nabi, "Milad-un-Nabi", india_from),
    festival(id_ul_fitr, "Id-ul-Fitr", india_from),
    festival(id_ul_zuha, "Id-ul-Zuha (Bakrid)", india_from),
};

struct RuleSet {
  std::span<const Rule> common;
  std::span<const Rule> own;
};

RuleSet rules_of(Country country) noexcept {
  switch (country) {
  case Country::india:
    return {india, {}};
  case Country::united_states:
    return {united_states, {}};
  case Country::england_and_wales:
    return {united_kingdom, england_and_wales};
  case Country::scotland:
    return {united_kingdom, scotland};
  case Country::northern_ireland:
    return {united_kingdom, northern_ireland};
  case Country::none:
    break;
  }
  return {};
}

bool applies(const Rule &rule, int year) noexcept {
  return rule.first_year <= year && year <= rule.last_year;
}

Day date_of(const Rule &rule, int year) noexcept {
  switch (rule.kind) {
  case Kind::nth_weekday:
    return nth_weekday(year, rule.month, rule.day, rule.offset);
  case Kind::last_weekday:
    return last_weekday(year, rule.month, rule.day);
  case Kind::easter:
    return easter_sunday(year) + rule.offset;
  case Kind::fixed:
  case Kind::festival:
    break;
  }
  return day_from_civil(year, rule.month, rule.day);
}

Day nearest_weekday(Day day) noexcept {
  return iso_weekday(day) == 6 ? day - 1 : iso_weekday(day) == 7 ? day + 1 : day;
}

} // namespace

Country find_country(std::string_view code) noexcept {
  struct Entry {
    std::string_view code;
    Country country;
  };
  static constexpr Entry entries[] = {
      {"in", Country::india},
      {"us", Country::united_states},
      {"gb", Country::england_and_wales},
      {"gb-eng", Country::england_and_wales},
      {"gb-wls", Country::england_and_wales},
      {"gb-sct", Country::scotland},
      {"gb-nir", Country::northern_ireland},
  };
  for (const Entry &entry : entries) {
    if (same_word(code, entry.code)) {
      return entry.country;
    }
  }
  return Country::none;
}

HolidayYear::HolidayYear(Country country, int year) noexcept {
  struct Displaced {
    Day day;
    const char *name;
  };
  std::array<Displaced, capacity> displaced{};
  std::size_t displaced_size = 0;

  const RuleSet rules = rules_of(country);
  for (const std::span<const Rule> part : {rules.common, rules.own}) {
    for (const Rule &rule : part) {
      if (applies(rule, year) && rule.kind == Kind::festival) {
        for (const FestivalDay &date : rule.festival(year)) {
          add({date.day, rule.name, false, date.estimated});
        }
      } else if (applies(rule, year)) {
        const Day day = date_of(rule, year);
        add({day, rule.name, false, false});
        if (rule.shift == Shift::next_free_day && iso_weekday(day) > 5) {
          displaced[displaced_size++] = {day, rule.shifted_name};
        }
      }
      if (rule.shift == Shift::nearest_weekday) {
        // The year after counts too: New Year's Day on a Saturday is kept on 31 December.
        for (const int origin : {year, year + 1}) {
          const Day day = date_of(rule, origin);
          const Day moved = nearest_weekday(day);
          if (applies(rule, origin) && moved != day && civil_from_day(moved).year == year) {
            add({moved, rule.shifted_name, true, false});
          }
        }
      }
    }
  }

  // Substitute days, earliest holiday first: each takes the next weekday still free.
  std::stable_sort(displaced.begin(), displaced.begin() + displaced_size,
                   [](const Displaced &a, const Displaced &b) { return a.day < b.day; });
  for (const Displaced &holiday : std::span(displaced.data(), displaced_size)) {
    Day moved = holiday.day + 1;
    while (iso_weekday(moved) > 5 || holds(moved)) {
      ++moved;
    }
    add({moved, holiday.name, true, false});
  }
  std::stable_sort(holidays_.begin(), holidays_.begin() + size_,
                   [](const Holiday &a, const Holiday &b) { return a.day < b.day; });
}

void HolidayYear::add(const Holiday &holiday) noexcept {
  if (size_ < capacity) {
    holidays_[size_++] = holiday;
  }
}

bool HolidayYear::holds(Day day) const noexcept {
  return std::any_of(all().begin(), all().end(),
                     [day](const Holiday &holiday) { return holiday.day == day; });
}

} // namespace starhouse::calendar
