// Diwali and Holi as proclaimed for 2001 to 2035; 2000 and 2036 to 2050 computed from the tithi,
// good to a day. Entries are month * 100 + day.
#include "core/calendar/festivals.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace starhouse::calendar {

namespace {

constexpr int first_year = 2000;
constexpr int first_official_year = 2001;
constexpr int last_official_year = 2035;

using Table = std::array<std::int16_t, 51>;

constexpr Table diwali_dates{1026, 1114, 1104, 1025, 1112, 1101, 1021, 1109, 1028, 1017, // 2000
                             1105, 1026, 1113, 1103, 1023, 1111, 1030, 1019, 1107, 1027, // 2010
                             1114, 1104, 1024, 1112, 1031, 1020, 1108, 1029, 1017, 1105, // 2020
                             1026, 1114, 1102, 1022, 1110, 1030, 1019, 1107, 1027, 1115, // 2030
                             1104, 1024, 1112, 1101, 1020, 1108, 1029, 1018, 1105, 1026, // 2040
                             1114};

constexpr Table holi_dates{320, 310, 329, 318, 307, 326, 315, 304, 322, 311, // 2000
                           301, 320, 308, 327, 317, 306, 324, 313, 302, 321, // 2010
                           310, 329, 318, 308, 325, 314, 304, 322, 311, 301, // 2020
                           320, 309, 327, 316, 305, 324, 312, 302, 321, 311, // 2030
                           329, 318, 307, 326, 314, 303, 322, 312, 301, 319, // 2040
                           309};

FestivalDay look_up(const Table &table, int year) noexcept {
  if (year < first_year || year >= first_year + static_cast<int>(table.size())) {
    return {0, true, false};
  }
  const int date = table[static_cast<std::size_t>(year - first_year)];
  return {day_from_civil(year, date / 100, date % 100),
          year < first_official_year || year > last_official_year};
}

} // namespace

FestivalDay diwali(int year) noexcept {
  return look_up(diwali_dates, year);
}

FestivalDay holi(int year) noexcept {
  return look_up(holi_dates, year);
}

} // namespace starhouse::calendar
