// When Indian shops are busy: week days, seasons and festivals, per category. All factors are
// per mille of an ordinary day.
#pragma once

#include "core/calendar/day.hpp"

#include <cstdint>

namespace starhouse::generate {

enum class Category : std::uint8_t {
  electronics,
  apparel,
  grocery,
  home,
  beauty,
  toys,
  sports,
  books,
};
inline constexpr int category_count = 8;

// The festivals of one year that move with the moon.
struct Festivals {
  int year;
  calendar::Day holi;
  calendar::Day dussehra;
  calendar::Day diwali;
};

// Years with official dates: 2001 to 2035.
Festivals festivals_of(int year) noexcept;

// Shops fill up on Saturday and Sunday; online the week is flat with a Sunday evening peak.
std::uint32_t weekday_factor(calendar::Day day, bool online) noexcept;

// What the calendar does to one category's demand: month of the year, the run-up to Dussehra and
// Diwali, Holi, Christmas, the sale weeks around Republic Day and Independence Day.
std::uint32_t season_factor(Category category, calendar::Day day,
                            const Festivals &festivals) noexcept;

} // namespace starhouse::generate
