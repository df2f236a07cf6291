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

// Shops fill up on Saturday and Sunday; online the week is flat with a Sunday evening peak.
std::uint32_t weekday_factor(calendar::Day day, bool online) noexcept;

// What the calendar does to one category's demand: month of the year, the run-up to Dussehra and
// Diwali, Holi, Christmas, the sale weeks around Republic Day and Independence Day.
std::uint32_t season_factor(Category category, calendar::Day day) noexcept;

// Dussehra falls 18 to 20 days before Diwali; 18 here (right for 2025).
calendar::Day dussehra(int year) noexcept;

} // namespace starhouse::generate
