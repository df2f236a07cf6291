#include "core/calendar/festivals.hpp"

#include "core/calendar/moon.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

namespace starhouse::calendar {

namespace {

using sky::Time;

// The part of a day (from one sunrise to the next) in which the tithi must hold.
enum class Hour : std::uint8_t {
  sunrise,
  midday,    // third fifth of the daylight
  afternoon, // fourth fifth
  dusk,      // 2 h 24 min from sunset
  midnight,  // 24 min around the middle of the night
};

struct Span {
  Time start;
  Time end;
};

Span hour_of(Day day, Hour hour) {
  const Time rise = sky::sunrise(day);
  const Time set = sky::sunset(day);
  const double fifth = (set - rise) / 5;
  switch (hour) {
  case Hour::sunrise:
    return {rise, rise + 1.0 / 1'440};
  case Hour::midday:
    return {rise + 2 * fifth, rise + 3 * fifth};
  case Hour::afternoon:
    return {rise + 3 * fifth, rise + 4 * fifth};
  case Hour::dusk:
    return {set, set + 0.1};
  case Hour::midnight:
    break;
  }
  const Time middle = (set + sky::sunrise(day + 1)) / 2;
  return {middle - 1.0 / 60, middle + 1.0 / 60};
}

// New moon that begins the lunar month named after the sun's entry into sign `sign` + 1: the last
// one with the sun in `sign` (an earlier one begins the leap month of the same name).
Time month_start(int year, int sign) {
  // The sun enters sidereal Capricorn (9) about 14 January.
  const Time entry = day_from_civil(year, 1, 14) + 30.4369 * ((sign - 9 + 12) % 12);
  Time moon = sky::when_elongation(0, entry);
  const auto sign_at = [](Time time) {
    return static_cast<int>(sky::sidereal_sun_longitude(time) / 30);
  };
  constexpr double lunation = 29.530588861;
  if (sign_at(moon) != sign) {
    moon = sky::when_elongation(0, moon + lunation);
  }
  const Time next = sky::when_elongation(0, moon + lunation);
  return sign_at(next) == sign ? next : moon;
}

// A year whose published date is not the computed one, mostly where the tithi covers the hour on
// two days or half of it, and almanacs decide by further rules.
struct Correction {
  std::int16_t year;
  std::int8_t days;
};

struct Festival {
  int sign;  // of the sun at the new moon that begins the month
  int tithi; // 1..15 waxing, 16..30 waning
  Hour hour;
  bool later = false; // when the tithi holds at that hour on two days
  int days_after = 0; // the festival follows the day of the tithi
  std::span<const Correction> corrections = {};
};

Day computed(const Festival &festival, int year) {
  const Time new_moon = month_start(year, festival.sign);
  constexpr double tithi_days = 29.530588861 / 30;
  const auto edge = [&](int tithi) {
    return sky::when_elongation(12.0 * tithi, new_moon + tithi * tithi_days);
  };
  const Span tithi{edge(festival.tithi - 1), edge(festival.tithi)};
  // The Indian civil day the tithi begins on, and its neighbours.
  const Day around = static_cast<Day>(std::floor(tithi.start + 5.5 / 24));
  Day best = around;
  double best_share = 0;
  for (Day day = around - 1; day <= around + 2; ++day) {
    const Span hour = hour_of(day, festival.hour);
    const double share = (std::min(hour.end, tithi.end) - std::max(hour.start, tithi.start)) /
                         (hour.end - hour.start);
    if (share > best_share + 1e-9 || (festival.later && share > 0.999)) {
      best = day;
      best_share = share;
    }
  }
  return best;
}

FestivalDays date_of(const Festival &festival, int year) {
  FestivalDays days;
  if (year >= first_festival_year && year <= last_festival_year) {
    Day day = computed(festival, year) + festival.days_after;
    for (const Correction &correction : festival.corrections) {
      if (correction.year == year) {
        day += correction.days;
      }
    }
    days.add({day, year < first_official_festival_year || year > last_official_festival_year});
  }
  return days;
}

constexpr Correction holi_corrections[] = {{2016, 1}, {2023, 1}, {2026, 1}};
constexpr Correction ram_navami_corrections[] = {{2005, 1}, {2008, 1}, {2029, -1}, {2032, 1}};
constexpr Correction mahavir_jayanti_corrections[] = {{2016, 1}, {2027, -1}};
constexpr Correction janmashtami_corrections[] = {{2034, 1}};
constexpr Correction dussehra_corrections[] = {{2003, 1}, {2019, 1}, {2022, 1}};
constexpr Correction guru_nanak_corrections[] = {{2005, -1}};

// Muslim months, by Hijri year here.
constexpr Correction muharram_corrections[] = {{1429, -1}, {1443, -1}};
constexpr Correction milad_corrections[] = {{1424, -1}, {1425, -1}};
constexpr Correction fitr_corrections[] = {{1425, 1}, {1427, 1}, {1428, 1}, {1429, 1}, {1431, 1}};
constexpr Correction zuha_corrections[] = {{1433, 1}, {1435, 1}, {1436, 1}, {1447, -1}};

// The Muslim month begins with the day after the evening on which the crescent is seen. It is taken
// to be seen at the first sunset with the moon 12 degrees from the sun: of the 107 dates published
// in India for 2001 to 2026 this gives 94, and misses the others by one day.
constexpr double crescent_degrees = 12;

FestivalDays muslim_days(int month, int day_of_month, int year,
                         std::span<const Correction> corrections) {
  FestivalDays days;
  if (year < first_festival_year || year > last_festival_year) {
    return days;
  }
  // Lunations are counted from the new moon of 4 April 2000, which began Muharram 1421.
  constexpr double lunation = 29.530588861;
  constexpr Time new_moon_of_1421 = 94.76;
  const double months_away = (day_from_civil(year, 1, 1) - new_moon_of_1421) / lunation;
  const int first = static_cast<int>(std::floor(months_away)) - 1;
  for (int count = first; count <= first + 14; ++count) {
    const int since_muharram = count - (month - 1);
    if (since_muharram % 12 != 0) {
      continue;
    }
    const Time new_moon = sky::when_elongation(0, new_moon_of_1421 + count * lunation);
    Day evening = static_cast<Day>(std::floor(new_moon + 5.5 / 24));
    const auto seen = [&] {
      const Time set = sky::sunset(evening);
      const double apart = sky::elongation(set);
      return set > new_moon && apart >= crescent_degrees && apart < 180;
    };
    while (!seen()) {
      ++evening;
    }
    Day day = evening + day_of_month;
    for (const Correction &correction : corrections) {
      if (correction.year == 1421 + since_muharram / 12) {
        day += correction.days;
      }
    }
    if (civil_from_day(day).year == year) {
      days.add({day, year < first_official_festival_year || year > last_official_muslim_year});
    }
  }
  return days;
}

} // namespace

FestivalDays maha_shivaratri(int year) noexcept {
  return date_of({9, 29, Hour::midnight}, year);
}

// The day after the bonfire of the full-moon evening.
FestivalDays holi(int year) noexcept {
  return date_of({10, 15, Hour::dusk, false, 1, holi_corrections}, year);
}

FestivalDays ram_navami(int year) noexcept {
  return date_of({11, 9, Hour::midday, false, 0, ram_navami_corrections}, year);
}

FestivalDays mahavir_jayanti(int year) noexcept {
  return date_of({11, 13, Hour::sunrise, false, 0, mahavir_jayanti_corrections}, year);
}

FestivalDays buddha_purnima(int year) noexcept {
  return date_of({0, 15, Hour::sunrise}, year);
}

FestivalDays janmashtami(int year) noexcept {
  return date_of({3, 23, Hour::sunrise, false, 0, janmashtami_corrections}, year);
}

FestivalDays dussehra(int year) noexcept {
  return date_of({5, 10, Hour::afternoon, false, 0, dussehra_corrections}, year);
}

FestivalDays diwali(int year) noexcept {
  return date_of({5, 30, Hour::dusk, true}, year);
}

FestivalDays guru_nanak_jayanti(int year) noexcept {
  return date_of({6, 15, Hour::sunrise, false, 0, guru_nanak_corrections}, year);
}

FestivalDays muharram(int year) noexcept {
  return muslim_days(1, 10, year, muharram_corrections);
}
FestivalDays milad_un_nabi(int year) noexcept {
  return muslim_days(3, 12, year, milad_corrections);
}
FestivalDays id_ul_fitr(int year) noexcept {
  return muslim_days(10, 1, year, fitr_corrections);
}
FestivalDays id_ul_zuha(int year) noexcept {
  return muslim_days(12, 10, year, zuha_corrections);
}

} // namespace starhouse::calendar
