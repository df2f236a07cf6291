// What the scores ask of their arguments: finite numbers, amounts that are not negative. A NaN that
// got through would order above everything and turn every average above it into NaN, so it is an
// error here, as are the infinities.
#pragma once

#include "core/error.hpp"

#include <cmath>
#include <string>
#include <string_view>

namespace starhouse::score {

// Shortest text that reads back as the same number.
std::string text_of(double value);

[[noreturn]] void refuse(std::string_view name, double value, std::string_view rule);

inline void require_finite(std::string_view name, double value) {
  if (!std::isfinite(value)) {
    refuse(name, value, "a finite number");
  }
}

inline void require_amount(std::string_view name, double value) {
  if (!(value >= 0 && std::isfinite(value))) {
    refuse(name, value, "a finite number that is not negative");
  }
}

} // namespace starhouse::score
