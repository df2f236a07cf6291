// Sums and products of floats with about twice the digits: the rounding error of every step is kept
// beside the result (compensated summation: A. Neumaier, 1974; double-length products: T. J.
// Dekker, 1971). What overflows becomes NaN or infinite as a whole.
//
// Error bound of a sum of n terms: 2^-53 of it, and n^2 * 2^-105 of the sum of absolute terms.
// Order and splits change it by no more than the second, which shows in the last bit at most unless
// the terms nearly cancel.
#pragma once

#include <cmath>

namespace starhouse::order {

struct Doubled {
  double high = 0;
  double low = 0;

  double value() const noexcept { return high + low; }
};

// a + b exactly (Knuth).
inline Doubled two_sum(double a, double b) noexcept {
  const double sum = a + b;
  const double taken = sum - a;
  return {sum, (a - (sum - taken)) + (b - taken)};
}

// a * b exactly, unless that is below 2^-968.
inline Doubled two_product(double a, double b) noexcept {
  const double product = a * b;
  return {product, std::fma(a, b, -product)};
}

inline Doubled operator+(const Doubled &a, double b) noexcept {
  const Doubled sum = two_sum(a.high, b);
  return {sum.high, a.low + sum.low};
}
inline Doubled operator+(const Doubled &a, const Doubled &b) noexcept {
  const Doubled sum = two_sum(a.high, b.high);
  return {sum.high, (a.low + b.low) + sum.low};
}
inline Doubled operator-(const Doubled &a) noexcept {
  return {-a.high, -a.low};
}
inline Doubled operator*(const Doubled &a, double b) noexcept {
  const Doubled product = two_product(a.high, b);
  return {product.high, a.low * b + product.low};
}
inline Doubled operator*(const Doubled &a, const Doubled &b) noexcept {
  const Doubled product = two_product(a.high, b.high);
  return {product.high, (a.high * b.low + a.low * b.high) + product.low};
}
inline Doubled operator/(const Doubled &a, double b) noexcept {
  const double quotient = a.high / b;
  const Doubled back = two_product(quotient, b);
  const double rest = ((a.high - back.high) - back.low) + a.low;
  return {quotient, rest / b};
}

// The low part below half a unit of the high one again.
inline Doubled normal(const Doubled &a) noexcept {
  const double sum = a.high + a.low;
  return {sum, a.low - (sum - a.high)};
}

} // namespace starhouse::order
