// Small states of arithmetic means and spreads: sum, weighted average, geometric mean, variance,
// ratio. All of fixed size, mergeable, and able to take a row off again for frames that move.
//
// NaN and infinities count as the server's own aggregates count them: they are remembered, not
// added, and decide the result. A result too large for a float8 is an error (22003).
//
// remove() is false where what is left could not be told from rounding, or nothing is left: the
// frame has to be summed anew. So a frame's result is as good as a direct one.
//
// Stored forms (after the header of all states), every number 8 bytes:
//   sum             i64 rows, f64 high, f64 low, u8 specials
//   weighted_avg    i64 rows, f64 high, f64 low of the products, the same of the weights, u8
//   specials geometric_mean  i64 rows, i64 zeros, i64 exponent, f64 high, f64 low of the mantissa,
//   u8 specials variance        i64 rows, f64 high, f64 low of the sum, the same of the squares, u8
//   specials ratio           i64 hits, i64 rows
#pragma once

#include "core/order/compensated.hpp"
#include "core/state.hpp"

#include <cstdint>

namespace starhouse::order {

// Which values that are no finite numbers came.
class Specials {
public:
  // False, and remembered, for one of them.
  bool is_finite(double value) noexcept {
    if (std::isfinite(value)) [[likely]] {
      return true;
    }
    seen_ |= std::isnan(value) ? nan : value > 0 ? infinity : minus_infinity;
    return false;
  }
  void merge(const Specials &other) noexcept { seen_ |= other.seen_; }
  bool any() const noexcept { return seen_ != 0; }
  // What a sum with them is.
  double sum() const noexcept;

  void encode(ByteWriter &out) const { out.put(seen_); }
  void decode(ByteReader &in);

private:
  static constexpr std::uint8_t nan = 1;
  static constexpr std::uint8_t infinity = 2;
  static constexpr std::uint8_t minus_infinity = 4;
  std::uint8_t seen_ = 0;
};

class Sum {
public:
  static constexpr StateFormat format{"sum_state", StateKind::sum, 1};

  void add(double value) noexcept;
  [[nodiscard]] bool remove(double value) noexcept;
  void merge(const Sum &other) noexcept;

  std::int64_t rows() const noexcept { return rows_; }
  double sum() const;
  double average() const; // of at least one row

  std::size_t encoded_size() const noexcept { return 25; }
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  std::int64_t rows_ = 0;
  Doubled sum_;
  double doubt_ = 0; // bound of the absolute error so far
  Specials specials_;
};

class WeightedAverage {
public:
  static constexpr StateFormat format{"weighted_avg_state", StateKind::weighted_average, 1};

  // Error 22023 unless the weight is finite and not negative.
  void add(double value, double weight);
  [[nodiscard]] bool remove(double value, double weight);
  void merge(const WeightedAverage &other) noexcept;

  std::int64_t rows() const noexcept { return rows_; }
  double weight() const;
  double average() const; // of a weight above 0

  std::size_t encoded_size() const noexcept { return 41; }
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  std::int64_t rows_ = 0;
  Doubled products_;
  Doubled weights_;
  double product_doubt_ = 0;
  double weight_doubt_ = 0;
  Specials specials_;
};

// The product is kept, as a mantissa of twice the digits and an exponent: no logarithm per row, and
// an error of a few units in the last place where a sum of logarithms loses as many digits as
// log2 |ln x| has.
class GeometricMean {
public:
  static constexpr StateFormat format{"geometric_mean_state", StateKind::geometric_mean, 1};

  // Error 22023 for a negative value.
  void add(double value);
  [[nodiscard]] bool remove(double value);
  void merge(const GeometricMean &other) noexcept;

  std::int64_t rows() const noexcept { return rows_; }
  double mean() const noexcept; // of at least one row

  std::size_t encoded_size() const noexcept { return 41; }
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  void multiply(const Doubled &mantissa, std::int64_t exponent) noexcept;

  std::int64_t rows_ = 0;
  std::int64_t zeros_ = 0;
  std::int64_t exponent_ = 0;
  Doubled mantissa_{1, 0}; // from 1 to below 2
  Specials specials_;
};

// Sums of values and of squares with twice the digits instead of Welford's running mean: merging
// and taking off are additions, and the squares' digits cover means up to 2^25 standard deviations
// away before the result has fewer than a float8's.
//
// Error bound: (1 + (mean / standard deviation)^2) * rows * 2^-104 of the variance, and rounding.
class Variance {
public:
  static constexpr StateFormat format{"variance_state", StateKind::variance, 1};

  void add(double value) noexcept;
  [[nodiscard]] bool remove(double value) noexcept;
  void merge(const Variance &other) noexcept;

  std::int64_t rows() const noexcept { return rows_; }
  double sum() const;
  double average() const; // of at least one row
  // Of the population, or of a sample (at least two rows).
  double population() const;
  double sample() const;

  std::size_t encoded_size() const noexcept { return 41; }
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  double deviations() const noexcept; // squared, summed
  double over(double divisor) const;

  std::int64_t rows_ = 0;
  Doubled sum_;
  Doubled squares_;
  double sum_doubt_ = 0;
  double square_doubt_ = 0;
  Specials specials_;
};

class Ratio {
public:
  static constexpr StateFormat format{"ratio_state", StateKind::ratio, 1};

  void add(bool hit) noexcept {
    hits_ += hit ? 1 : 0;
    ++rows_;
  }
  [[nodiscard]] bool remove(bool hit) noexcept {
    hits_ -= hit ? 1 : 0;
    return --rows_ >= 0;
  }
  void merge(const Ratio &other) noexcept {
    hits_ += other.hits_;
    rows_ += other.rows_;
  }

  std::int64_t hits() const noexcept { return hits_; }
  std::int64_t rows() const noexcept { return rows_; }

  std::size_t encoded_size() const noexcept { return 16; }
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  std::int64_t hits_ = 0;
  std::int64_t rows_ = 0;
};

} // namespace starhouse::order
