#include "core/score/trending.hpp"

#include "core/score/arguments.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace starhouse::score {

namespace {

// Terms within 2^-400 .. 2^400 of each other are added as they are: no product of theirs overflows
// or loses bits. Others are brought to a common scale first.
constexpr int window = 400;

// 2^exponent for exponents of normal numbers, by its bits.
double power_of_two(std::int64_t exponent) noexcept {
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52U);
}

bool within_window(double value) noexcept {
  const double magnitude = std::abs(value);
  return magnitude >= power_of_two(-window) && magnitude <= power_of_two(window);
}

struct Split {
  std::int64_t whole;
  double rest; // 0 <= rest < 1
};

// time / half_life as whole number (rounded down) and fraction. The product with the reciprocal is
// off by less than one while it is below 2^50, so one step mends it.
Split split(std::int64_t time, const HalfLife &half_life) noexcept {
  const double quotient = static_cast<double>(time) * half_life.inverse();
  std::int64_t whole = 0;
  std::int64_t rest = 0;
  if (std::abs(quotient) < power_of_two(50)) {
    whole = static_cast<std::int64_t>(quotient);
    whole -= static_cast<double>(whole) > quotient ? 1 : 0;
    // Unsigned, since whole * half_life may lie past the last time there is.
    rest = static_cast<std::int64_t>(static_cast<std::uint64_t>(time) -
                                     static_cast<std::uint64_t>(whole) *
                                         static_cast<std::uint64_t>(half_life.micros()));
  } else {
    whole = time / half_life.micros();
    rest = time % half_life.micros();
  }
  if (rest < 0) {
    rest += half_life.micros();
    --whole;
  } else if (rest >= half_life.micros()) {
    rest -= half_life.micros();
    ++whole;
  }
  return {whole, static_cast<double>(rest) * half_life.inverse()};
}

bool is_finite_time(std::int64_t micros) noexcept {
  return micros >= earliest_micros && micros <= latest_micros;
}

std::string seconds_of(std::int64_t micros) {
  return text_of(static_cast<double>(micros) / 1e6) + " seconds";
}

// Apart from what calls them, which is the path of every row.
[[noreturn]] void refuse_half_lives(std::int64_t one, std::int64_t other) {
  throw Error(sqlstate::invalid_parameter_value,
              "half-lives differ: " + seconds_of(one) + " and " + seconds_of(other),
              "One state has one half-life: group by it, or give the same to all rows.");
}

[[noreturn]] void refuse_event(std::int64_t time_micros, double weight) {
  if (!is_finite_time(time_micros)) {
    throw Error(sqlstate::datetime_field_overflow, "event_time must be finite",
                "Leave rows with an infinite time out by FILTER or WHERE isfinite(...).");
  }
  refuse("weight", weight, "a finite number");
}

} // namespace

HalfLife::HalfLife(std::int64_t micros)
    : micros_(micros), inverse_(1 / static_cast<double>(micros)) {
  if (micros < 1000) {
    throw Error(sqlstate::invalid_parameter_value,
                "half_life must be at least a millisecond: " + seconds_of(micros),
                "It is the time after which an event counts half, for example interval '6 hours'.");
  }
}

void Trending::accept(std::int64_t time_micros, double weight, std::int64_t half_life) const {
  if (half_life_ != 0 && half_life != half_life_) {
    refuse_half_lives(half_life, half_life_);
  }
  if (!is_finite_time(time_micros) || !std::isfinite(weight)) {
    refuse_event(time_micros, weight);
  }
}

void Trending::add(std::int64_t time_micros, double weight, const HalfLife &half_life) {
  accept(time_micros, weight, half_life.micros());
  half_life_ = half_life.micros();
  ++count_;
  add_term(time_micros, weight, half_life);
}

bool Trending::remove(std::int64_t time_micros, double weight, const HalfLife &half_life) {
  accept(time_micros, weight, half_life.micros());
  if (--count_ <= 0) {
    return false;
  }
  add_term(time_micros, -weight, half_life);
  return doubt_ <= std::abs(high_) * power_of_two(-54);
}

void Trending::add_term(std::int64_t time_micros, double weight, const HalfLife &half_life) {
  const Split at = split(time_micros, half_life);
  const double growth = std::exp2(at.rest);
  if (within_window(weight)) {
    add_scaled(weight * growth, at.whole);
  } else {
    // The product could overflow, or lose bits below the normal numbers.
    int exponent = 0;
    const double mantissa = std::frexp(weight, &exponent);
    add_scaled(mantissa * growth, at.whole + exponent);
  }
}

void Trending::add_scaled(double term, std::int64_t exponent) {
  const std::int64_t shift = exponent - scale_;
  if (shift < -window || shift > window || !within_window(term) ||
      (high_ != 0 && !within_window(high_))) {
    add_far(term, exponent);
    return;
  }
  term *= power_of_two(shift);
  // Dekker's sum: `error` is what rounding took from high_ + term.
  const double sum = high_ + term;
  const double taken = sum - high_;
  const double error = (high_ - (sum - taken)) + (term - taken);
  const double low = low_ + error;
  high_ = sum + low;
  low_ = low - (high_ - sum);
  doubt_ += std::abs(sum) * power_of_two(-104);
}

// Gives the larger of sum and term an exponent near 0, then adds; a term too small for it to see is
// added to the doubt instead. For the first event, and after hundreds of half-lives.
void Trending::add_far(double term, std::int64_t exponent) {
  if (term == 0) {
    return;
  }
  int own = 0;
  term = std::frexp(term, &own);
  exponent += own;
  int held = 0;
  if (high_ != 0) {
    std::frexp(high_, &held);
  }
  rescale(high_ == 0 ? exponent : std::max(exponent, scale_ + held));
  const std::int64_t shift = exponent - scale_;
  if (high_ == 0 || (shift >= -window && within_window(high_))) {
    add_scaled(term, exponent);
  } else if (shift < -window) {
    doubt_ += std::ldexp(1.0, static_cast<int>(std::max<std::int64_t>(shift, -1000)));
  } else {
    // The sum is the one too small to see.
    doubt_ += std::abs(high_);
    low_ = 0;
    high_ = 0;
    add_scaled(term, exponent);
  }
}

void Trending::rescale(std::int64_t scale) {
  // Beyond 4000 all is 0 or, which max() in add_far prevents, infinite.
  const int shift = static_cast<int>(std::clamp<std::int64_t>(scale_ - scale, -4000, 4000));
  high_ = std::ldexp(high_, shift);
  low_ = std::ldexp(low_, shift);
  doubt_ = std::ldexp(doubt_, shift);
  scale_ = scale;
}

void Trending::merge(const Trending &other) {
  if (other.count_ == 0) {
    return;
  }
  if (half_life_ != 0 && half_life_ != other.half_life_) {
    refuse_half_lives(other.half_life_, half_life_);
  }
  half_life_ = other.half_life_;
  count_ += other.count_;
  add_scaled(other.high_, other.scale_);
  if (other.low_ != 0) {
    add_scaled(other.low_, other.scale_);
  }
}

double Trending::value(std::int64_t as_of_micros) const {
  if (!is_finite_time(as_of_micros)) {
    throw Error(sqlstate::datetime_field_overflow, "as_of must be finite",
                "Give the time at which the score is wanted, for example now().");
  }
  const Split at = split(as_of_micros, HalfLife(half_life_));
  // One rounding for both parts: orders of adding that differ in the last bit of low_ alone cannot
  // show by more than one bit.
  const double decay = std::exp2(-at.rest);
  const double scaled = std::fma(high_, decay, low_ * decay);
  const auto shift = static_cast<int>(std::clamp<std::int64_t>(scale_ - at.whole, -4000, 4000));
  const double value = std::ldexp(scaled, shift);
  if (std::isinf(value)) {
    throw Error(
        sqlstate::numeric_value_out_of_range, "the decayed sum is out of range",
        "as_of lies more than a thousand half-lives before the newest event: take a later one.");
  }
  return value;
}

void Trending::encode(ByteWriter &out) const {
  out.put(half_life_);
  out.put(count_);
  out.put(scale_);
  out.put(high_);
  out.put(low_);
}

void Trending::decode(ByteReader &in, std::uint8_t /*version*/) {
  half_life_ = in.get<std::int64_t>();
  in.require(half_life_ >= 1000, "its half-life is below a millisecond");
  count_ = in.get<std::int64_t>();
  in.require(count_ > 0 && count_ < std::int64_t{1} << 62, "its number of events is out of range");
  scale_ = in.get<std::int64_t>();
  in.require(std::abs(static_cast<double>(scale_)) <= power_of_two(60),
             "its scale is out of range");
  high_ = in.get<double>();
  in.require(high_ == 0 ||
                 (std::isfinite(high_) && std::abs(high_) < power_of_two(2 * window + 70)),
             "its sum is out of range");
  low_ = in.get<double>();
  in.require(high_ + low_ == high_, "the low part of its sum is not low");
  doubt_ = std::abs(high_) * power_of_two(-104);
}

} // namespace starhouse::score
