#include "core/order/numeric_form.hpp"

namespace starhouse::order {

namespace {

std::uint16_t unit(Bytes units, std::size_t index) noexcept {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(units[2 * index]) |
                                    std::to_integer<unsigned>(units[2 * index + 1]) << 8U);
}

constexpr std::uint16_t special_mask = 0xC000;
constexpr std::uint16_t not_a_number = 0xC000;
constexpr std::uint16_t infinity = 0xD000;
constexpr std::uint16_t minus_infinity = 0xF000;

struct Number {
  // -2 -infinity, -1, 0, 1, 2 infinity, 3 NaN
  int sign;
  int weight;
  std::size_t first; // unit of the first digit
  std::size_t digits;
};

Number parse(Bytes units) noexcept {
  const std::uint16_t head = unit(units, 0);
  const std::size_t count = units.size() / 2;
  if ((head & special_mask) == special_mask) {
    return {head == not_a_number ? 3 : head == infinity ? 2 : -2, 0, 1, 0};
  }
  if ((head & 0x8000U) != 0) {
    const int low = head & 0x3F;
    return {count == 1              ? 0
            : (head & 0x2000U) != 0 ? -1
                                    : 1,
            (head & 0x40U) != 0 ? low - 64 : low, 1, count - 1};
  }
  if (count < 2) {
    return {0, 0, 1, 0};
  }
  return {count == 2              ? 0
          : (head & 0x4000U) != 0 ? -1
                                  : 1,
          static_cast<std::int16_t>(unit(units, 1)), 2, count - 2};
}

} // namespace

bool is_numeric(Bytes units) noexcept {
  if (units.size() < 2 || units.size() % 2 != 0) {
    return false;
  }
  const std::uint16_t head = unit(units, 0);
  if ((head & special_mask) == special_mask) {
    return units.size() == 2 &&
           (head == not_a_number || head == infinity || head == minus_infinity);
  }
  const bool is_short = (head & 0x8000U) != 0;
  if (!is_short && units.size() < 4) {
    return false;
  }
  const Number number = parse(units);
  if (number.digits == 0) {
    return (head & (is_short ? 0x2000U : 0x4000U)) == 0;
  }
  for (std::size_t i = 0; i < number.digits; ++i) {
    if (unit(units, number.first + i) > 9999) {
      return false;
    }
  }
  return unit(units, number.first) != 0 && unit(units, number.first + number.digits - 1) != 0;
}

int compare_numeric(Bytes one, Bytes other) noexcept {
  const Number a = parse(one);
  const Number b = parse(other);
  if (a.sign != b.sign) {
    return a.sign < b.sign ? -1 : 1;
  }
  const int up = a.sign < 0 ? -1 : 1;
  if (a.weight != b.weight && a.digits > 0) {
    return a.weight < b.weight ? -up : up;
  }
  for (std::size_t i = 0; i < a.digits && i < b.digits; ++i) {
    const int digit = unit(one, a.first + i);
    const int against = unit(other, b.first + i);
    if (digit != against) {
      return digit < against ? -up : up;
    }
  }
  return a.digits == b.digits ? 0 : a.digits < b.digits ? -up : up;
}

std::uint64_t numeric_prefix(Bytes units) noexcept {
  constexpr std::uint64_t zero = std::uint64_t{1} << 63U;
  const Number number = parse(units);
  if (number.sign == 0) {
    return zero;
  }
  if (number.sign == -2) {
    return 0;
  }
  if (number.sign > 1) {
    return ~std::uint64_t{0} - (number.sign == 2 ? 1 : 0);
  }
  auto size = static_cast<std::uint64_t>(number.weight) + 32769; // from 1
  for (std::size_t i = 0; i < 3; ++i) {
    size = size << 14U | (i < number.digits ? unit(units, number.first + i) : 0U);
  }
  return number.sign > 0 ? zero + size : zero - size;
}

} // namespace starhouse::order
