#include "core/scan/numeric_value.hpp"

#include "core/error.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

namespace starhouse::scan {

namespace {

using Kind = NumericView::Kind;

// Of the head, which is a number of 32 bits: the weight eight times, and this.
constexpr std::int32_t negative_mark = 1;
constexpr std::int32_t special_mark = 2; // and eight times the kind

constexpr std::size_t digit_bytes = sizeof(std::int16_t);

// digits * 10^exponent, as text.
std::string text_of(const NumericView &view) {
  std::string text = view.negative ? "-0" : "0";
  for (int i = 0; i < view.count; ++i) {
    const int digit = view.digit(i);
    for (const int place : {1000, 100, 10, 1}) {
      text.push_back(static_cast<char>('0' + digit / place % 10));
    }
  }
  return text + "e" + std::to_string(4 * (view.weight + 1 - view.count));
}

} // namespace

std::size_t write_numeric_key(std::string_view numeric, char *to) noexcept {
  NumericView view = numeric_view(numeric);
  std::int32_t head = 0;
  std::size_t count = 0;
  if (view.kind != Kind::finite) {
    head = special_mark + 8 * (static_cast<std::int32_t>(view.kind) + 1);
  } else {
    while (view.count > 0 && view.digit(0) == 0) {
      view.digits += digit_bytes;
      --view.count;
      --view.weight;
    }
    while (view.count > 0 && view.digit(view.count - 1) == 0) {
      --view.count;
    }
    count = static_cast<std::size_t>(view.count);
    head = count == 0 ? 0 : 8 * view.weight + (view.negative ? negative_mark : 0);
  }
  std::memcpy(to, &head, sizeof head);
  if (count > 0) {
    std::memcpy(to + sizeof head, view.digits, count * digit_bytes);
  }
  return sizeof head + count * digit_bytes;
}

std::size_t write_numeric_of_key(std::string_view key, unsigned scale, char *to) noexcept {
  static_assert(numeric_key_head == sizeof(std::int32_t));
  std::int32_t head = 0;
  std::memcpy(&head, key.data(), sizeof head);
  const std::string_view digits = key.substr(sizeof head);
  if ((head & special_mark) != 0) {
    const auto kind = static_cast<Kind>(head / 8 - 1);
    const std::uint16_t special = kind == Kind::not_a_number    ? 0xC000
                                  : kind == Kind::plus_infinity ? 0xD000
                                                                : 0xF000;
    std::memcpy(to, &special, sizeof special);
    return sizeof special;
  }
  const bool negative = (head & negative_mark) != 0;
  const std::int32_t weight = (head - (negative ? negative_mark : 0)) / 8;
  std::size_t size = 0;
  if (scale <= 0x3F && weight >= -64 && weight <= 63) {
    const auto own = static_cast<std::uint16_t>(0x8000U | (negative ? 0x2000U : 0U) | scale << 7U |
                                                (static_cast<unsigned>(weight) & 0x7FU));
    std::memcpy(to, &own, sizeof own);
    size = sizeof own;
  } else {
    const auto own = static_cast<std::uint16_t>((negative ? 0x4000U : 0U) | (scale & 0x3FFFU));
    const auto place = static_cast<std::int16_t>(weight);
    std::memcpy(to, &own, sizeof own);
    std::memcpy(to + sizeof own, &place, sizeof place);
    size = sizeof own + sizeof place;
  }
  if (!digits.empty()) {
    std::memcpy(to + size, digits.data(), digits.size());
  }
  return size + digits.size();
}

double numeric_float(std::string_view numeric) {
  // Both parts of the quotient are floats without error, so it is the nearest one.
  constexpr std::int64_t most = std::int64_t{1} << 53;
  SmallDecimal small;
  if (small_decimal(numeric, small) && small.digits <= most && small.digits >= -most) [[likely]] {
    return static_cast<double>(small.digits) / static_cast<double>(powers_of_ten[small.scale]);
  }
  const NumericView view = numeric_view(numeric);
  switch (view.kind) {
  case Kind::not_a_number:
    return std::numeric_limits<double>::quiet_NaN();
  case Kind::plus_infinity:
    return std::numeric_limits<double>::infinity();
  case Kind::minus_infinity:
    return -std::numeric_limits<double>::infinity();
  case Kind::finite:
    break;
  }
  if (view.count == 0) {
    return 0;
  }
  const std::string text = text_of(view);
  double value = 0;
  const std::from_chars_result result =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || value == 0 || std::isinf(value)) {
    throw Error(sqlstate::numeric_value_out_of_range,
                "\"" + text + "\" is out of range for type double precision");
  }
  return value;
}

} // namespace starhouse::scan
