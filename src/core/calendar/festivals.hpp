// Dates of the festivals that follow the moon.
#pragma once

#include "core/calendar/day.hpp"

namespace starhouse::calendar {

struct FestivalDay {
  Day day;
  bool estimated;
  bool known = true; // false where neither table nor computation covers the year
};

FestivalDay diwali(int year) noexcept;
FestivalDay holi(int year) noexcept;

} // namespace starhouse::calendar
