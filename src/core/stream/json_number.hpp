// JSON numbers as they are written, compared and divided exactly, without ever expanding an
// exponent: digits × 10^exponent. For validation, where 1e100000 is as cheap as 1.
#pragma once

#include <cstdint>
#include <string_view>

namespace starhouse::stream {

struct JsonNumber {
  bool negative = false;
  // The digits, leading and trailing zeros dropped, in two runs (before and after the point); zero
  // has none and is not negative.
  std::string_view head, tail;
  // Power of ten of the last digit.
  std::int64_t exponent = 0;

  bool is_zero() const noexcept { return head.empty() && tail.empty(); }
  bool is_integer() const noexcept { return exponent >= 0; }
  // Power of ten of the first digit.
  std::int64_t magnitude() const noexcept {
    return exponent + static_cast<std::int64_t>(head.size() + tail.size()) - 1;
  }
};

// `token` must be a number by JSON's grammar.
JsonNumber read_number(std::string_view token) noexcept;

// -1, 0, 1.
int compare(const JsonNumber &left, const JsonNumber &right) noexcept;

// A divisor with at most 18 digits, zero excluded.
struct Divisor {
  std::uint64_t digits = 0;
  std::int64_t exponent = 0;
};
// False: zero, negative or more than 18 digits.
bool make_divisor(const JsonNumber &number, Divisor &divisor) noexcept;
bool is_multiple(const JsonNumber &number, const Divisor &divisor) noexcept;

} // namespace starhouse::stream
