#include "core/sketch/log_index.hpp"

#include <algorithm>
#include <cmath>

namespace starhouse::sketch {

namespace {

struct Scaled { // mantissa * 2^exponent, 1 <= mantissa < 2
  double mantissa;
  int exponent;
};

// The number whose interpolated log2 is `log`.
Scaled inverse(double log) noexcept {
  const double whole = std::floor(log);
  const double part = log - whole;
  double s = part;
  for (int i = 0; i < 8; ++i) { // Newton's steps on a rising cubic that is nearly a line
    const double value = ((6.0 / 35 * s - 3.0 / 5) * s + 10.0 / 7) * s - part;
    s -= value / ((18.0 / 35 * s - 6.0 / 5) * s + 10.0 / 7);
  }
  return {1 + s, static_cast<int>(whole)};
}

} // namespace

LogIndex::LogIndex(double relative_error) noexcept {
  // ln(gamma) = 2 atanh(e) = 2 (e + e^3 / 3 + e^5 / 5 + ...), in units of 2^-60.
  const auto e = static_cast<std::int64_t>(std::ldexp(relative_error, 60));
  const auto square = static_cast<std::int64_t>(static_cast<__int128>(e) * e >> 60U);
  std::int64_t power = e;
  std::int64_t log = e;
  for (int i = 3; power > 0; i += 2) {
    power = static_cast<std::int64_t>(static_cast<__int128>(power) * square >> 60U);
    log += power / i;
  }
  log = std::max<std::int64_t>(2 * log, 1);
  // The slope of the interpolation is at least 10/7 per octave. A 2^12th more than needed, for the
  // 30 bits in which it is worked out.
  const __int128 needed = (static_cast<__int128>(7) << 80U) / (static_cast<__int128>(10) * log);
  per_octave_ = static_cast<std::int64_t>(needed + (needed >> 12U) + 1);
}

std::int32_t LogIndex::subnormal(std::uint64_t bits, unsigned level) const noexcept {
  const int shift = std::countl_zero(bits) - 11;
  return of(-1022 - shift, (bits << static_cast<unsigned>(shift)) & mantissa_mask, level);
}

double LogIndex::midpoint(std::int32_t index, unsigned level) const noexcept {
  const double width =
      std::ldexp(1 / static_cast<double>(per_octave_), 20 + static_cast<int>(level));
  const Scaled low = inverse(std::clamp(index * width, -2000.0, 2000.0));
  const Scaled high = inverse(std::clamp((index + 1.0) * width, -2000.0, 2000.0));
  // 2 low high / (low + high), without leaving the range of a double.
  const double ratio = std::ldexp(high.mantissa / low.mantissa, high.exponent - low.exponent);
  const double between = std::isinf(ratio) ? 2 : 2 * ratio / (1 + ratio);
  return std::ldexp(low.mantissa * between, low.exponent);
}

double LogIndex::error_at(double relative_error, unsigned level) noexcept {
  return std::tanh(std::ldexp(std::atanh(relative_error), static_cast<int>(level)));
}

} // namespace starhouse::sketch
