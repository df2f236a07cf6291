#include "core/stream/decimal.hpp"

#include <algorithm>
#include <limits>

namespace starhouse::stream {

namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

std::string_view without_leading_zeros(std::string_view digits) noexcept {
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return digits;
}

std::string_view without_trailing_zeros(std::string_view digits) noexcept {
  const std::size_t last = digits.find_last_not_of('0');
  return digits.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// Moves the point by `exponent` digits; the new digits live in `scratch`.
DecimalStatus apply_exponent(Decimal &value, long exponent, std::string &scratch) {
  const auto moved = static_cast<std::size_t>(exponent < 0 ? -exponent : exponent);
  std::size_t whole_length = 0;
  scratch.clear();
  if (exponent >= 0) {
    const std::size_t taken = std::min(moved, value.fraction.size());
    const std::size_t zeros = value.whole.empty() && value.is_zero() ? 0 : moved - taken;
    if (value.whole.size() + taken + zeros > max_whole_digits + value.fraction.size()) {
      return DecimalStatus::out_of_range;
    }
    scratch.append(value.whole).append(value.fraction.substr(0, taken)).append(zeros, '0');
    whole_length = scratch.size();
    scratch.append(value.fraction.substr(taken));
  } else {
    const std::size_t taken = std::min(moved, value.whole.size());
    if (moved - taken + value.fraction.size() > max_fraction_digits) {
      return DecimalStatus::out_of_range;
    }
    whole_length = value.whole.size() - taken;
    scratch.append(value.whole.substr(0, whole_length)).append(moved - taken, '0');
    scratch.append(value.whole.substr(whole_length)).append(value.fraction);
  }
  const std::string_view digits = scratch;
  value.whole = without_leading_zeros(digits.substr(0, whole_length));
  value.fraction = digits.substr(whole_length);
  return DecimalStatus::ok;
}

} // namespace

bool Decimal::is_zero() const noexcept {
  return whole.empty() && fraction.find_first_not_of('0') == std::string_view::npos;
}

DecimalStatus parse_decimal(std::string_view text, std::string &scratch, Decimal &result) {
  const char *at = text.data();
  const char *end = at + text.size();
  bool negative = false;
  if (at != end && (*at == '-' || *at == '+')) {
    negative = *at == '-';
    ++at;
  }
  const char *whole = at;
  while (at != end && is_digit(*at)) {
    ++at;
  }
  const char *whole_end = at;
  const char *fraction = at;
  if (at != end && *at == '.') {
    fraction = ++at;
    while (at != end && is_digit(*at)) {
      ++at;
    }
  }
  const char *fraction_end = at;
  if (whole == whole_end && fraction == fraction_end) {
    return DecimalStatus::not_a_number;
  }
  result.whole = {whole, static_cast<std::size_t>(whole_end - whole)};
  result.whole = without_leading_zeros(result.whole);
  result.fraction = {fraction, static_cast<std::size_t>(fraction_end - fraction)};
  if (at != end) {
    if (*at != 'e' && *at != 'E') {
      return DecimalStatus::not_a_number;
    }
    ++at;
    const bool down = at != end && *at == '-';
    if (at != end && (*at == '-' || *at == '+')) {
      ++at;
    }
    if (at == end) {
      return DecimalStatus::not_a_number;
    }
    long exponent = 0;
    for (; at != end; ++at) {
      if (!is_digit(*at)) {
        return DecimalStatus::not_a_number;
      }
      // Far past every limit: more digits change nothing.
      exponent = std::min(exponent * 10 + (*at - '0'), 100'000'000L);
    }
    const DecimalStatus moved = apply_exponent(result, down ? -exponent : exponent, scratch);
    if (moved != DecimalStatus::ok) {
      return moved;
    }
  }
  if (result.whole.size() > max_whole_digits || result.fraction.size() > max_fraction_digits) {
    return DecimalStatus::out_of_range;
  }
  result.negative = negative && !result.is_zero();
  return DecimalStatus::ok;
}

int compare(const Decimal &left, const Decimal &right) noexcept {
  if (left.negative != right.negative) {
    return left.negative ? -1 : 1;
  }
  int order = 0;
  if (left.whole.size() != right.whole.size()) {
    order = left.whole.size() < right.whole.size() ? -1 : 1;
  } else {
    order = left.whole.compare(right.whole);
    if (order == 0) {
      order = without_trailing_zeros(left.fraction).compare(without_trailing_zeros(right.fraction));
    }
    order = order < 0 ? -1 : order > 0 ? 1 : 0;
  }
  return left.negative ? -order : order;
}

std::size_t significant_scale(const Decimal &value) noexcept {
  return without_trailing_zeros(value.fraction).size();
}

Decimal round_decimal(const Decimal &value, std::size_t scale, std::string &scratch) {
  if (value.fraction.size() <= scale) {
    return value;
  }
  // One digit in front takes the carry.
  scratch.assign(1, '0');
  scratch.append(value.whole).append(value.fraction.substr(0, scale));
  if (value.fraction[scale] >= '5') {
    std::size_t at = scratch.size();
    while (scratch[--at] == '9') {
      scratch[at] = '0';
    }
    ++scratch[at];
  }
  const std::string_view digits = scratch;
  Decimal result{value.negative, without_leading_zeros(digits.substr(0, digits.size() - scale)),
                 digits.substr(digits.size() - scale)};
  result.negative = result.negative && !result.is_zero();
  return result;
}

DecimalStatus to_int64(const Decimal &value, std::int64_t &result) noexcept {
  if (significant_scale(value) > 0) {
    return DecimalStatus::not_a_number;
  }
  if (value.whole.size() > 19) {
    return DecimalStatus::out_of_range;
  }
  std::uint64_t magnitude = 0; // 19 digits always fit
  for (const char c : value.whole) {
    magnitude = magnitude * 10 + static_cast<std::uint64_t>(c - '0');
  }
  constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (magnitude > largest + (value.negative ? 1 : 0)) {
    return DecimalStatus::out_of_range;
  }
  result = static_cast<std::int64_t>(value.negative ? 0 - magnitude : magnitude);
  return DecimalStatus::ok;
}

} // namespace starhouse::stream
