#include "core/exact/values.hpp"

#include <algorithm>

namespace starhouse::exact {

namespace {

using Digits = Decimal::Digits;

// 10^38 - 1 is the largest number of 38 digits.
Digits power_of_ten(unsigned exponent) noexcept {
  Digits power = 1;
  for (unsigned i = 0; i < exponent; ++i) {
    power *= 10;
  }
  return power;
}

std::string decimal_text(Digits digits) {
  const bool negative = digits < 0;
  __extension__ auto rest = static_cast<unsigned __int128>(digits);
  if (negative) {
    rest = ~rest + 1;
  }
  std::string text;
  do {
    text += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  if (negative) {
    text += '-';
  }
  std::reverse(text.begin(), text.end());
  return text;
}

} // namespace

void Count::refuse() {
  throw Error(sqlstate::numeric_value_out_of_range, "a count does not fit into a bigint",
              "Keep maps of fewer rows.");
}

void Decimal::refuse() {
  throw Error(
      sqlstate::numeric_value_out_of_range, "a sum has more than 38 digits",
      "Sum fewer or smaller numbers in a map, round them to fewer decimals, or use float8.");
}

void Decimal::add_other_form(const Decimal &other) {
  if ((flags_ | other.flags_) != 0) {
    flags_ |= other.flags_;
    // As the server's sum(): infinities of both signs give NaN.
    if ((flags_ & not_a_number) != 0 ||
        (flags_ & (plus_infinity | minus_infinity)) == (plus_infinity | minus_infinity)) {
      flags_ = not_a_number;
    }
    scale_ = 0;
    set(0);
    return;
  }
  Digits own = digits();
  Digits others = other.digits();
  Digits &coarse = scale_ < other.scale_ ? own : others;
  const unsigned scale = std::max(scale_, other.scale_);
  const unsigned steps = scale - std::min(scale_, other.scale_);
  if (__builtin_mul_overflow(coarse, power_of_ten(steps), &coarse)) {
    refuse();
  }
  scale_ = static_cast<std::uint8_t>(scale);
  set(plus(own, others));
}

std::string Decimal::text() const {
  if (flags_ != 0) {
    return (flags_ & not_a_number) != 0    ? "NaN"
           : (flags_ & plus_infinity) != 0 ? "Infinity"
                                           : "-Infinity";
  }
  std::string text = decimal_text(digits());
  if (scale_ > 0) {
    const std::size_t sign = text.front() == '-' ? 1 : 0;
    if (text.size() - sign <= scale_) {
      text.insert(sign, scale_ + 1 - (text.size() - sign), '0');
    }
    text.insert(text.size() - scale_, 1, '.');
  }
  return text;
}

std::int64_t Decimal::whole() const {
  const Digits one = power_of_ten(scale_);
  const Digits number = flags_ == 0 ? digits() / one : 0;
  if (flags_ == 0 && digits() % one != 0) {
    throw Error(sqlstate::invalid_parameter_value, "the sum " + text() + " is no whole number",
                "Ask for the value as numeric.");
  }
  if (flags_ != 0 || number < INT64_MIN || number > INT64_MAX) {
    throw Error(sqlstate::numeric_value_out_of_range,
                "the sum " + text() + " does not fit into a bigint",
                "Ask for the value as numeric.");
  }
  return static_cast<std::int64_t>(number);
}

Decimal Decimal::decode(ByteReader &in) {
  const auto head = in.get<std::uint8_t>();
  const unsigned scale = head & 63U;
  in.require(scale <= most_scale && (head & 192U) != 192U, "a sum has an unknown form");
  Decimal sum;
  if ((head & 128U) != 0) {
    sum.flags_ = in.get<std::uint8_t>();
    in.require(scale == 0 && (sum.flags_ == plus_infinity || sum.flags_ == minus_infinity ||
                              sum.flags_ == not_a_number),
               "a sum has unknown flags");
    return sum;
  }
  if ((head & 64U) != 0) {
    sum.high_ = in.get<std::int64_t>();
    sum.low_ = in.get<std::uint64_t>();
    in.require(sum.high_ != static_cast<std::int64_t>(sum.low_) >> 63,
               "a sum is not in its shortest form");
  } else {
    sum = Decimal(in.zigzag());
  }
  sum.scale_ = static_cast<std::uint8_t>(scale);
  return sum;
}

void Real::add_not_finite(const Real &other, double sum) {
  if (std::isfinite(high) && std::isfinite(other.high)) {
    throw Error(sqlstate::numeric_value_out_of_range, "a sum is out of the range of float8",
                "Sum fewer or smaller numbers in a map, or numeric ones.");
  }
  high = sum;
  low = 0;
}

} // namespace starhouse::exact
