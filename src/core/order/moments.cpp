#include "core/order/moments.hpp"

#include "core/score/arguments.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace starhouse::order {

namespace {

constexpr double per_step = 0x1p-104;   // what one addition may lose of the result so far
constexpr double last_digits = 0x1p-54; // what of a result may be in doubt

double in_range(double value, const char *what) {
  if (!std::isfinite(value)) {
    throw Error(sqlstate::numeric_value_out_of_range,
                std::string(what) + " is out of range of a float8",
                "Scale the values down, or aggregate numeric ones.");
  }
  return value;
}

void put(ByteWriter &out, const Doubled &number) {
  out.put(number.high);
  out.put(number.low);
}

// Any two numbers are a sum: where terms cancelled, the low part is the larger one.
Doubled get_sum(ByteReader &in) {
  const auto high = in.get<double>();
  return {high, in.get<double>()};
}

// No table has 2^43 rows; and a thousand states that say so can be merged before a sum of
// exponents, 1,100 a row at most, leaves an integer.
std::int64_t get_rows(ByteReader &in) {
  const auto rows = in.get<std::int64_t>();
  in.require(rows >= 0 && rows < std::int64_t{1} << 43, "its number of rows is out of range");
  return rows;
}

double divided(const Doubled &sum, std::int64_t rows) {
  return (normal(sum) / static_cast<double>(rows)).value();
}

} // namespace

double Specials::sum() const noexcept {
  if ((seen_ & nan) != 0 || seen_ == (infinity | minus_infinity)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return (seen_ & infinity) != 0 ? std::numeric_limits<double>::infinity()
                                 : -std::numeric_limits<double>::infinity();
}

void Specials::decode(ByteReader &in) {
  seen_ = in.get<std::uint8_t>();
  in.require(seen_ <= (nan | infinity | minus_infinity), "its special values are unknown");
}

// Sum
// ---------------------------------------------------------------------------------------------

void Sum::add(double value) noexcept {
  ++rows_;
  if (specials_.is_finite(value)) {
    sum_ = sum_ + value;
    doubt_ += std::abs(sum_.high) * per_step;
  }
}

bool Sum::remove(double value) noexcept {
  --rows_;
  if (rows_ <= 0 || !std::isfinite(value)) {
    return false;
  }
  sum_ = sum_ + -value;
  doubt_ += std::abs(value) * per_step;
  return doubt_ <= std::abs(sum_.value()) * last_digits;
}

void Sum::merge(const Sum &other) noexcept {
  rows_ += other.rows_;
  sum_ = sum_ + other.sum_;
  doubt_ += other.doubt_ + std::abs(sum_.high) * per_step;
  specials_.merge(other.specials_);
}

double Sum::sum() const {
  return specials_.any() ? specials_.sum() : in_range(sum_.value(), "the sum");
}

double Sum::average() const {
  return specials_.any() ? specials_.sum() : in_range(divided(sum_, rows_), "the sum");
}

void Sum::encode(ByteWriter &out) const {
  out.put(rows_);
  put(out, sum_);
  specials_.encode(out);
}

void Sum::decode(ByteReader &in, std::uint8_t /*version*/) {
  rows_ = get_rows(in);
  sum_ = get_sum(in);
  specials_.decode(in);
  doubt_ = std::abs(sum_.high) * per_step;
}

// Weighted average
// --------------------------------------------------------------------------------

void WeightedAverage::add(double value, double weight) {
  score::require_amount("weight", weight);
  ++rows_;
  weights_ = weights_ + weight;
  weight_doubt_ += weights_.high * per_step;
  if (specials_.is_finite(value)) {
    products_ = products_ + two_product(value, weight);
    product_doubt_ += std::abs(products_.high) * per_step;
  }
}

bool WeightedAverage::remove(double value, double weight) {
  --rows_;
  if (rows_ <= 0 || !std::isfinite(value)) {
    return false;
  }
  weights_ = weights_ + -weight;
  const Doubled product = two_product(value, weight);
  products_ = products_ + -product;
  weight_doubt_ += weight * per_step;
  product_doubt_ += std::abs(product.high) * per_step;
  return weight_doubt_ <= weights_.value() * last_digits &&
         product_doubt_ <= std::abs(products_.value()) * last_digits;
}

void WeightedAverage::merge(const WeightedAverage &other) noexcept {
  rows_ += other.rows_;
  products_ = products_ + other.products_;
  weights_ = weights_ + other.weights_;
  product_doubt_ += other.product_doubt_ + std::abs(products_.high) * per_step;
  weight_doubt_ += other.weight_doubt_ + weights_.high * per_step;
  specials_.merge(other.specials_);
}

double WeightedAverage::weight() const {
  return in_range(weights_.value(), "the sum of weights");
}

double WeightedAverage::average() const {
  if (specials_.any()) {
    return specials_.sum();
  }
  const double total = in_range(weights_.value(), "the sum of weights");
  const Doubled sum = normal(products_);
  const Doubled weights = normal(weights_);
  in_range(sum.high, "the sum of value * weight");
  // One step of Newton: the quotient of the high parts, then of what it leaves.
  const double first = sum.high / total;
  const Doubled back = weights * first;
  const double rest = ((sum.high - back.high) - back.low) + sum.low;
  return first + rest / total;
}

void WeightedAverage::encode(ByteWriter &out) const {
  out.put(rows_);
  put(out, products_);
  put(out, weights_);
  specials_.encode(out);
}

void WeightedAverage::decode(ByteReader &in, std::uint8_t /*version*/) {
  rows_ = get_rows(in);
  products_ = get_sum(in);
  weights_ = get_sum(in);
  in.require(!(weights_.value() < 0), "its weight is negative");
  specials_.decode(in);
  product_doubt_ = std::abs(products_.high) * per_step;
  weight_doubt_ = weights_.high * per_step;
}

// Geometric mean
// ----------------------------------------------------------------------------------

namespace {

struct Parts {
  double mantissa; // 1 to below 2
  std::int64_t exponent;
};

Parts parts_of(double value) noexcept {
  std::int64_t exponent = -1023;
  if (value < std::numeric_limits<double>::min()) {
    value *= 0x1p54;
    exponent -= 54;
  }
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return {std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFU) | 0x3FF0000000000000U),
          exponent + static_cast<std::int64_t>(bits >> 52U)};
}

void require_no_negative(double value) {
  if (value < 0) {
    score::refuse("value", value, "a number that is not negative");
  }
}

} // namespace

void GeometricMean::multiply(const Doubled &mantissa, std::int64_t exponent) noexcept {
  mantissa_ = normal(mantissa_ * mantissa);
  // Round the corner, where forged states have led there.
  exponent_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(exponent_) +
                                        static_cast<std::uint64_t>(exponent));
  if (mantissa_.high >= 2) {
    mantissa_.high /= 2;
    mantissa_.low /= 2;
    ++exponent_;
  } else if (mantissa_.high < 1) {
    mantissa_.high *= 2;
    mantissa_.low *= 2;
    --exponent_;
  }
}

void GeometricMean::add(double value) {
  require_no_negative(value);
  ++rows_;
  if (value == 0) {
    ++zeros_;
  } else if (specials_.is_finite(value)) {
    const Parts parts = parts_of(value);
    multiply({parts.mantissa, 0}, parts.exponent);
  }
}

bool GeometricMean::remove(double value) {
  --rows_;
  if (rows_ <= 0 || !std::isfinite(value)) {
    return false;
  }
  if (value == 0) {
    --zeros_;
    return true;
  }
  const Parts parts = parts_of(value);
  mantissa_ = mantissa_ / parts.mantissa;
  multiply({1, 0}, -parts.exponent);
  return true;
}

void GeometricMean::merge(const GeometricMean &other) noexcept {
  rows_ += other.rows_;
  zeros_ += other.zeros_;
  multiply(other.mantissa_, other.exponent_);
  specials_.merge(other.specials_);
}

double GeometricMean::mean() const noexcept {
  if (specials_.any()) { // infinity times 0 is no number, as in a product
    return zeros_ > 0 ? std::numeric_limits<double>::quiet_NaN() : specials_.sum();
  }
  if (zeros_ > 0) {
    return 0;
  }
  const std::int64_t whole = exponent_ / rows_;
  const std::int64_t rest = exponent_ % rows_;
  const double power = std::exp2((static_cast<double>(rest) + std::log2(mantissa_.value())) /
                                 static_cast<double>(rows_));
  return std::ldexp(power, static_cast<int>(whole));
}

void GeometricMean::encode(ByteWriter &out) const {
  out.put(rows_);
  out.put(zeros_);
  out.put(exponent_);
  put(out, mantissa_);
  specials_.encode(out);
}

void GeometricMean::decode(ByteReader &in, std::uint8_t /*version*/) {
  rows_ = get_rows(in);
  zeros_ = in.get<std::int64_t>();
  in.require(zeros_ >= 0 && zeros_ <= rows_, "its number of zeros is out of range");
  exponent_ = in.get<std::int64_t>();
  in.require(std::abs(static_cast<double>(exponent_)) <= 1100.0 * static_cast<double>(rows_),
             "its exponent is out of range");
  mantissa_.high = in.get<double>();
  in.require(mantissa_.high >= 1 && mantissa_.high <= 2, "its mantissa is out of range");
  mantissa_.low = in.get<double>();
  in.require(std::abs(mantissa_.low) <= 0x1p-50, "the low part of its mantissa is not low");
  specials_.decode(in);
}

// Variance
// ----------------------------------------------------------------------------------------

void Variance::add(double value) noexcept {
  ++rows_;
  if (specials_.is_finite(value)) {
    sum_ = sum_ + value;
    squares_ = squares_ + two_product(value, value);
    sum_doubt_ += std::abs(sum_.high) * per_step;
    square_doubt_ += squares_.high * per_step;
  }
}

bool Variance::remove(double value) noexcept {
  --rows_;
  if (rows_ <= 0 || !std::isfinite(value)) {
    return false;
  }
  sum_ = sum_ + -value;
  const Doubled square = two_product(value, value);
  squares_ = squares_ + -square;
  sum_doubt_ += std::abs(value) * per_step;
  square_doubt_ += square.high * per_step;
  const double sum = std::abs(sum_.value());
  const double doubt = square_doubt_ + 2 * sum * sum_doubt_ / static_cast<double>(rows_);
  // A sum that nearly cancels has to be good beside the size of its terms alone, as a direct one
  // is.
  return doubt <= deviations() * last_digits &&
         (sum_doubt_ <= sum * last_digits ||
          sum_doubt_ <= std::sqrt(squares_.high) * (last_digits * last_digits * 0x1p28));
}

void Variance::merge(const Variance &other) noexcept {
  rows_ += other.rows_;
  sum_ = sum_ + other.sum_;
  squares_ = squares_ + other.squares_;
  sum_doubt_ += other.sum_doubt_ + std::abs(sum_.high) * per_step;
  square_doubt_ += other.square_doubt_ + squares_.high * per_step;
  specials_.merge(other.specials_);
}

double Variance::sum() const {
  return specials_.any() ? specials_.sum() : in_range(sum_.value(), "the sum");
}

double Variance::average() const {
  return specials_.any() ? specials_.sum() : in_range(divided(sum_, rows_), "the sum");
}

double Variance::deviations() const noexcept {
  const Doubled sum = normal(sum_);
  return (normal(squares_) + -(sum * sum / static_cast<double>(rows_))).value();
}

double Variance::over(double divisor) const {
  if (specials_.any()) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  in_range(squares_.value(), "the sum of squares");
  return std::max(deviations(), 0.0) / divisor;
}

double Variance::population() const {
  return over(static_cast<double>(rows_));
}

double Variance::sample() const {
  return over(static_cast<double>(rows_ - 1));
}

void Variance::encode(ByteWriter &out) const {
  out.put(rows_);
  put(out, sum_);
  put(out, squares_);
  specials_.encode(out);
}

void Variance::decode(ByteReader &in, std::uint8_t /*version*/) {
  rows_ = get_rows(in);
  sum_ = get_sum(in);
  squares_ = get_sum(in);
  in.require(!(squares_.value() < 0), "its sum of squares is negative");
  specials_.decode(in);
  sum_doubt_ = std::abs(sum_.high) * per_step;
  square_doubt_ = squares_.high * per_step;
}

// Ratio
// -------------------------------------------------------------------------------------------

void Ratio::encode(ByteWriter &out) const {
  out.put(hits_);
  out.put(rows_);
}

void Ratio::decode(ByteReader &in, std::uint8_t /*version*/) {
  hits_ = in.get<std::int64_t>();
  rows_ = get_rows(in);
  in.require(hits_ >= 0 && hits_ <= rows_, "its number of hits is out of range");
}

} // namespace starhouse::order
