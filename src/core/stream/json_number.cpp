#include "core/stream/json_number.hpp"

#include <algorithm>
#include <limits>

namespace starhouse::stream {

namespace {

using Wide = unsigned __int128;
constexpr std::uint64_t ten = 10;
constexpr std::int64_t exponent_limit = std::int64_t{1} << 40U; // beyond: saturates

char digit_at(const JsonNumber &number, std::size_t index) noexcept {
  return index < number.head.size() ? number.head[index] : number.tail[index - number.head.size()];
}

std::uint64_t power_of_ten(std::uint64_t exponent, std::uint64_t modulus) noexcept {
  std::uint64_t result = 1 % modulus;
  std::uint64_t base = ten % modulus;
  for (; exponent > 0; exponent >>= 1U) {
    if ((exponent & 1U) != 0) {
      result = static_cast<std::uint64_t>(Wide{result} * base % modulus);
    }
    base = static_cast<std::uint64_t>(Wide{base} * base % modulus);
  }
  return result;
}

void drop_trailing_zeros(std::string_view &digits, std::int64_t &exponent) noexcept {
  while (!digits.empty() && digits.back() == '0') {
    digits.remove_suffix(1);
    ++exponent;
  }
}

} // namespace

JsonNumber read_number(std::string_view token) noexcept {
  JsonNumber number;
  std::size_t at = 0;
  if (at < token.size() && token[at] == '-') {
    number.negative = true;
    ++at;
  }
  auto digits = [&] {
    const std::size_t first = at;
    while (at < token.size() && token[at] >= '0' && token[at] <= '9') {
      ++at;
    }
    return token.substr(first, at - first);
  };
  number.head = digits();
  if (at < token.size() && token[at] == '.') {
    ++at;
    number.tail = digits();
    number.exponent = -static_cast<std::int64_t>(number.tail.size());
  }
  if (at < token.size()) { // e or E
    ++at;
    const bool down = at < token.size() && token[at] == '-';
    if (at < token.size() && (token[at] == '-' || token[at] == '+')) {
      ++at;
    }
    std::int64_t shift = 0;
    for (const char c : digits()) {
      shift = std::min(shift * 10 + (c - '0'), exponent_limit);
    }
    number.exponent += down ? -shift : shift;
  }
  while (!number.head.empty() && number.head[0] == '0') {
    number.head.remove_prefix(1);
  }
  if (number.head.empty()) {
    while (!number.tail.empty() && number.tail[0] == '0') {
      number.tail.remove_prefix(1);
    }
  }
  drop_trailing_zeros(number.tail, number.exponent);
  if (number.tail.empty()) {
    drop_trailing_zeros(number.head, number.exponent);
  }
  if (number.is_zero()) {
    number = {};
  }
  return number;
}

int compare(const JsonNumber &left, const JsonNumber &right) noexcept {
  if (left.is_zero() || right.is_zero() || left.negative != right.negative) {
    const int left_sign = left.is_zero() ? 0 : left.negative ? -1 : 1;
    const int right_sign = right.is_zero() ? 0 : right.negative ? -1 : 1;
    return left_sign < right_sign ? -1 : static_cast<int>(left_sign > right_sign);
  }
  const int larger = left.negative ? -1 : 1; // the answer when left is farther from zero
  if (left.magnitude() != right.magnitude()) {
    return left.magnitude() > right.magnitude() ? larger : -larger;
  }
  const std::size_t left_size = left.head.size() + left.tail.size();
  const std::size_t right_size = right.head.size() + right.tail.size();
  for (std::size_t i = 0; i < std::min(left_size, right_size); ++i) {
    const char a = digit_at(left, i);
    const char b = digit_at(right, i);
    if (a != b) {
      return a > b ? larger : -larger;
    }
  }
  return left_size == right_size ? 0 : left_size > right_size ? larger : -larger;
}

bool make_divisor(const JsonNumber &number, Divisor &divisor) noexcept {
  constexpr std::size_t most_digits = 18;
  if (number.is_zero() || number.negative ||
      number.head.size() + number.tail.size() > most_digits) {
    return false;
  }
  divisor = {0, number.exponent};
  for (const std::string_view run : {number.head, number.tail}) {
    for (const char c : run) {
      divisor.digits = divisor.digits * ten + static_cast<std::uint64_t>(c - '0');
    }
  }
  return true;
}

bool is_multiple(const JsonNumber &number, const Divisor &divisor) noexcept {
  if (number.is_zero()) {
    return true;
  }
  // Without trailing zeros the digits are no multiple of ten.
  if (number.exponent < divisor.exponent) {
    return false;
  }
  std::uint64_t rest = 0;
  for (const std::string_view run : {number.head, number.tail}) {
    for (const char c : run) {
      rest = static_cast<std::uint64_t>((Wide{rest} * ten + static_cast<std::uint64_t>(c - '0')) %
                                        divisor.digits);
    }
  }
  const auto shift = static_cast<std::uint64_t>(number.exponent - divisor.exponent);
  return Wide{rest} * power_of_ten(shift, divisor.digits) % divisor.digits == 0;
}

} // namespace starhouse::stream
