#include "core/generate/season.hpp"

#include "core/calendar/festivals.hpp"

#include <array>

namespace starhouse::generate {

namespace {

using calendar::Day;
using calendar::day_from_civil;

// January .. December.
using Year = std::array<std::uint32_t, 12>;
constexpr Year general{940, 900, 950, 930, 980, 930, 900, 960, 980, 1180, 1130, 1110};
constexpr std::array<Year, category_count> by_category{{
    {950, 900, 980, 1000, 1050, 950, 900, 1000, 1000, 1250, 1150, 1080}, // electronics
    {960, 900, 950, 950, 1000, 900, 880, 980, 1020, 1250, 1200, 1100},   // apparel
    {980, 970, 1000, 990, 1000, 990, 980, 1000, 1000, 1060, 1030, 1020}, // grocery
    {930, 900, 970, 950, 950, 920, 940, 980, 1000, 1300, 1120, 1000},    // home
    {960, 1050, 1000, 980, 1000, 950, 940, 980, 1000, 1080, 1100, 1080}, // beauty
    {950, 900, 940, 1000, 1100, 950, 900, 1000, 960, 1050, 1100, 1350},  // toys
    {1050, 950, 1000, 1100, 1080, 950, 880, 940, 980, 1000, 1020, 1080}, // sports
    {950, 900, 1050, 1250, 1000, 1400, 1150, 950, 900, 900, 880, 920},   // books
}};

// Festival lifts: how much the window's peak day adds, per mille, for each category.
using Lift = std::array<std::uint32_t, category_count>;
constexpr Lift diwali_lift{900, 800, 450, 1000, 600, 450, 150, 0};
constexpr Lift dussehra_lift{450, 500, 150, 350, 250, 200, 100, 0};
constexpr Lift holi_lift{50, 200, 350, 100, 250, 200, 50, 0};
constexpr Lift christmas_lift{250, 300, 300, 200, 300, 800, 200, 150};
constexpr Lift national_lift{350, 300, 50, 250, 150, 100, 200, 50};

// The lift grows day by day towards the peak and is gone the day after `to`.
std::uint32_t window(std::uint32_t lift, Day day, Day from, Day to) {
  if (day < from || day > to) {
    return 0;
  }
  const auto length = static_cast<std::uint32_t>(to - from + 1);
  const auto done = static_cast<std::uint32_t>(day - from + 1);
  return lift * (length + done) / (2 * length);
}

} // namespace

Festivals festivals_of(int year) noexcept {
  return {year, calendar::holi(year).begin()->day, calendar::dussehra(year).begin()->day,
          calendar::diwali(year).begin()->day};
}

std::uint32_t weekday_factor(Day day, bool online) noexcept {
  constexpr std::array<std::uint32_t, 7> store{840, 820, 840, 880, 1020, 1270, 1330};
  constexpr std::array<std::uint32_t, 7> web{980, 960, 960, 970, 1000, 1030, 1100};
  const auto weekday = static_cast<std::size_t>(calendar::iso_weekday(day) - 1);
  return online ? web[weekday] : store[weekday];
}

std::uint32_t season_factor(Category category, Day day, const Festivals &festivals) noexcept {
  const auto c = static_cast<std::size_t>(category);
  const calendar::Civil civil = calendar::civil_from_day(day);
  const auto month = static_cast<std::size_t>(civil.month - 1);
  const Day christmas = day_from_civil(civil.year, 12, 25);
  const Day republic = day_from_civil(civil.year, 1, 26);
  const Day independence = day_from_civil(civil.year, 8, 15);
  const std::uint32_t lift =
      window(diwali_lift[c], day, festivals.diwali - 14, festivals.diwali) +
      window(dussehra_lift[c], day, festivals.dussehra - 7, festivals.dussehra) +
      window(holi_lift[c], day, festivals.holi - 5, festivals.holi) +
      window(christmas_lift[c], day, christmas - 7, christmas) +
      window(national_lift[c], day, republic - 3, republic) +
      window(national_lift[c], day, independence - 4, independence);
  return general[month] * by_category[c][month] / 1'000 * (1'000 + lift) / 1'000;
}

} // namespace starhouse::generate
