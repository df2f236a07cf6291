// The server's numeric as it lies in a table, without its varlena head. What is stored has to be
// read by every later version: a 16-bit head,
//
//   short  10 s dddddd w wwwwww   sign, digits shown after the point, weight in two's complement
//   long   0 s dddddddddddddd     and a 16-bit weight after it
//   else   11 nn                  NaN 0xC000, infinity 0xD000, minus infinity 0xF000
//
// then digits to the base of 10,000, the first one's place being 10,000^weight; none is stored that
// is 0 at either end.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace starhouse::scan {

struct NumericView {
  enum class Kind : std::int8_t { minus_infinity, finite, plus_infinity, not_a_number };

  Kind kind = Kind::not_a_number;
  bool negative = false;
  unsigned scale = 0; // digits shown after the point
  int weight = 0;
  const char *digits = nullptr;
  int count = 0;

  int digit(int index) const noexcept {
    std::int16_t value = 0;
    std::memcpy(&value, digits + static_cast<std::size_t>(index) * sizeof value, sizeof value);
    return value;
  }
};

// Bytes that are too few for a head are not a number.
inline NumericView numeric_view(std::string_view bytes) noexcept {
  NumericView view;
  if (bytes.size() < 2) {
    return view;
  }
  std::uint16_t head = 0;
  std::memcpy(&head, bytes.data(), sizeof head);
  std::size_t header = sizeof head;
  if ((head & 0xC000U) == 0xC000U) {
    view.kind = (head & 0xF000U) == 0xC000U   ? NumericView::Kind::not_a_number
                : (head & 0xF000U) == 0xD000U ? NumericView::Kind::plus_infinity
                                              : NumericView::Kind::minus_infinity;
    return view;
  }
  if ((head & 0x8000U) != 0) {
    view.negative = (head & 0x2000U) != 0;
    view.scale = (head & 0x1F80U) >> 7U;
    view.weight = static_cast<int>(head & 0x3FU) - ((head & 0x40U) != 0 ? 64 : 0);
  } else {
    if (bytes.size() < 4) {
      return view;
    }
    std::int16_t weight = 0;
    std::memcpy(&weight, bytes.data() + header, sizeof weight);
    header += sizeof weight;
    view.negative = (head & 0x4000U) != 0;
    view.scale = head & 0x3FFFU;
    view.weight = weight;
  }
  view.kind = NumericView::Kind::finite;
  view.digits = bytes.data() + header;
  view.count = static_cast<int>((bytes.size() - header) / sizeof(std::int16_t));
  return view;
}

// digits / 10^scale, where that has no more than 18 digits.
struct SmallDecimal {
  std::int64_t digits = 0;
  unsigned scale = 0;
};

inline constexpr std::array<std::int64_t, 19> powers_of_ten = [] {
  std::array<std::int64_t, 19> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) {
    powers[i] = powers[i - 1] * 10;
  }
  return powers;
}();

// One in the short form of at most 16 decimal places, which most are; false for any other.
inline bool short_decimal(std::string_view bytes, SmallDecimal &out) noexcept {
  constexpr std::size_t most_digits = 4;
  std::uint16_t head = 0;
  const std::size_t count = (bytes.size() - sizeof head) / sizeof(std::int16_t);
  if (bytes.size() < sizeof head || count > most_digits) {
    return false;
  }
  std::memcpy(&head, bytes.data(), sizeof head);
  if ((head & 0xC000U) != 0x8000U) {
    return false;
  }
  std::int64_t digits = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::int16_t digit = 0;
    std::memcpy(&digit, bytes.data() + sizeof head + i * sizeof digit, sizeof digit);
    digits = digits * 10'000 + digit;
  }
  const unsigned scale = (head & 0x1F80U) >> 7U;
  const int weight = static_cast<int>(head & 0x3FU) - ((head & 0x40U) != 0 ? 64 : 0);
  // What is shown beyond the digits, or fewer than they are.
  const int more = static_cast<int>(scale) + 4 * (weight + 1 - static_cast<int>(count));
  if (scale > 18 || more > 18 - 4 * static_cast<int>(count) || more < -3) {
    return false;
  }
  switch (more) {
  case -1:
    digits /= 10;
    break;
  case -2:
    digits /= 100;
    break;
  case -3:
    digits /= 1000;
    break;
  default:
    digits *= powers_of_ten[static_cast<std::size_t>(more)];
  }
  out = {(head & 0x2000U) != 0 ? -digits : digits, scale};
  return true;
}

// False, and nothing set, for what is not finite or too long.
inline bool small_decimal(std::string_view bytes, SmallDecimal &out) noexcept {
  if (short_decimal(bytes, out)) [[likely]] {
    return true;
  }
  const NumericView view = numeric_view(bytes);
  if (view.kind != NumericView::Kind::finite || view.scale > 18 || view.weight > 4 ||
      view.count > 8) {
    return false;
  }
  std::int64_t digits = 0;
  int shown = static_cast<int>(view.scale) + 4 * (view.weight + 1); // decimal places still to come
  if (view.count > 0 && shown > 18 + 3) {
    return false;
  }
  for (int i = 0; i < view.count && shown > 0; ++i, shown -= 4) {
    const int places = std::min(shown, 4);
    std::int64_t term = view.digit(i);
    if (places < 4) {
      term /= powers_of_ten[static_cast<std::size_t>(4 - places)];
    }
    if (__builtin_mul_overflow(digits, powers_of_ten[static_cast<std::size_t>(places)], &digits) ||
        __builtin_add_overflow(digits, term, &digits)) {
      return false;
    }
  }
  if (shown > 0 && digits != 0) {
    if (shown > 18 ||
        __builtin_mul_overflow(digits, powers_of_ten[static_cast<std::size_t>(shown)], &digits)) {
      return false;
    }
  }
  if (digits >= powers_of_ten[18]) {
    return false;
  }
  out = {view.negative ? -digits : digits, view.scale};
  return true;
}

// The order of the server: minus infinity, numbers, infinity, NaN; 1.0 and 1.00 are equal.
inline std::strong_ordering compare_numeric(std::string_view left,
                                            std::string_view right) noexcept {
  const NumericView a = numeric_view(left);
  const NumericView b = numeric_view(right);
  if (a.kind != b.kind) {
    return a.kind <=> b.kind;
  }
  if (a.kind != NumericView::Kind::finite) {
    return std::strong_ordering::equal;
  }
  const int sign_a = a.count == 0 ? 0 : a.negative ? -1 : 1;
  const int sign_b = b.count == 0 ? 0 : b.negative ? -1 : 1;
  if (sign_a != sign_b || sign_a == 0) {
    return sign_a <=> sign_b;
  }
  std::strong_ordering magnitude = a.weight <=> b.weight;
  for (int i = 0; std::is_eq(magnitude) && i < std::max(a.count, b.count); ++i) {
    magnitude = (i < a.count ? a.digit(i) : 0) <=> (i < b.count ? b.digit(i) : 0);
  }
  return sign_a > 0              ? magnitude
         : std::is_lt(magnitude) ? std::strong_ordering::greater
         : std::is_gt(magnitude) ? std::strong_ordering::less
                                 : magnitude;
}

} // namespace starhouse::scan
