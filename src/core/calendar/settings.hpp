// What the settings of the calendar family share: words compared in any case, numbers in a range,
// dates as text for messages.
#pragma once

#include "core/calendar/day.hpp"
#include "core/error.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace starhouse::calendar {

// ASCII letters in any case; `word` in lower case.
inline bool same_word(std::string_view text, std::string_view word) noexcept {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

// Throws Error 22023 when the value is out of range.
inline void check_setting(const char *name, int value, int low, int high, const char *meaning) {
  if (value < low || value > high) {
    throw Error(sqlstate::invalid_parameter_value,
                std::string(name) + " out of range: " + std::to_string(value),
                std::string(meaning) + " between " + std::to_string(low) + " and " +
                    std::to_string(high) + ".");
  }
}

// YYYY-MM-DD of a supported day.
inline std::string iso_text(Day day) {
  const Civil civil = civil_from_day(day);
  const auto padded = [](int value, std::size_t width) {
    const std::string digits = std::to_string(value);
    return std::string(width - std::min(width, digits.size()), '0') + digits;
  };
  return padded(civil.year, 4) + "-" + padded(civil.month, 2) + "-" + padded(civil.day, 2);
}

} // namespace starhouse::calendar
