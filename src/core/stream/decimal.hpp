// Exact decimal numbers as spans of digits: no arithmetic, only what a parser needs (read, compare,
// count digits, round).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace starhouse::stream {

// sign × whole . fraction; `whole` has no leading zeros (zero is empty), `fraction` keeps its
// trailing zeros: they are the display scale. Zero is never negative.
struct Decimal {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;

  bool is_zero() const noexcept;
};

enum class DecimalStatus : std::uint8_t { ok, not_a_number, out_of_range };

// What PostgreSQL's numeric holds: 131072 digits before the point, 16383 after it.
inline constexpr std::size_t max_whole_digits = 131072;
inline constexpr std::size_t max_fraction_digits = 16383;

// Reads [+-]digits[.digits][(e|E)[+-]digits]. The spans point into `text`, or into `scratch` when
// an exponent moves the point. No blanks, no separators, no NaN, no infinity.
DecimalStatus parse_decimal(std::string_view text, std::string &scratch, Decimal &result);

// -1, 0, 1.
int compare(const Decimal &left, const Decimal &right) noexcept;

// Digits after the point that are not trailing zeros.
std::size_t significant_scale(const Decimal &value) noexcept;

// Rounds half away from zero to `scale` digits after the point; the result lives in `scratch`
// (which must not hold `value`'s own digits).
Decimal round_decimal(const Decimal &value, std::size_t scale, std::string &scratch);

// The number in int64 when it has no fraction but zeros.
DecimalStatus to_int64(const Decimal &value, std::int64_t &result) noexcept;

} // namespace starhouse::stream
