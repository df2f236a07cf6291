#include "core/score/arguments.hpp"

#include <array>
#include <charconv>

namespace starhouse::score {

std::string text_of(double value) {
  if (std::isnan(value)) {
    return "NaN";
  }
  if (std::isinf(value)) {
    return value < 0 ? "-Infinity" : "Infinity";
  }
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

void refuse(std::string_view name, double value, std::string_view rule) {
  const std::string named(name);
  throw Error(sqlstate::invalid_parameter_value,
              named + " must be " + std::string(rule) + ": " + text_of(value),
              "Correct the value, or give NULL where it is not known.");
}

} // namespace starhouse::score
