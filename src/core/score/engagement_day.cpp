#include "core/score/engagement_day.hpp"

#include <array>
#include <cmath>

namespace starhouse::score {

namespace {

using exact::Decimal;
using Digits = Decimal::Digits;

constexpr unsigned hundredths = 2;

// All powers of ten that a double holds exactly.
constexpr std::array<double, 23> powers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                        1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

} // namespace

std::optional<Decimal> mean_to_hundredths(const Decimal &sum, std::int64_t count) {
  // The server's quotient has at least 12 digits after the point while it is below 10^8. One that
  // is not halfway between two hundredths differs from that by 1 / (200 * divisor) at least, which
  // such a quotient shows.
  constexpr std::int64_t most_divisor = 1000000000;
  constexpr unsigned most_scale = 9;
  constexpr Digits most_mean = 100000000;
  if (!sum.is_finite() || count <= 0 || count > most_divisor || sum.scale() > most_scale) {
    return std::nullopt;
  }
  const auto one = static_cast<std::int64_t>(powers[sum.scale()]);
  if (count > most_divisor / one) {
    return std::nullopt;
  }
  const Digits divisor = Digits{count} * one;
  if (sum.digits() >= most_mean * divisor || sum.digits() <= -most_mean * divisor) {
    return std::nullopt;
  }
  const Digits twice = sum.digits() * 200;
  const Digits half_up =
      twice < 0 ? -((divisor - twice) / (2 * divisor)) : (twice + divisor) / (2 * divisor);
  return Decimal(half_up, hundredths);
}

std::optional<Decimal> percent_to_hundredths(const Decimal &part, const Decimal &whole) {
  // As above; the server's quotient of less than 100 has 16 digits after the point.
  constexpr Digits most_divisor = 10000000000000;
  constexpr unsigned most_scale = 9;
  constexpr Digits of_a_whole = 10000; // hundredths of a percent
  if (!part.is_finite() || !whole.is_finite() || part.scale() > most_scale ||
      whole.scale() > most_scale || part.digits() > most_divisor || whole.digits() > most_divisor) {
    return std::nullopt;
  }
  const Digits dividend = part.digits() * static_cast<std::int64_t>(powers[whole.scale()]);
  const Digits divisor = whole.digits() * static_cast<std::int64_t>(powers[part.scale()]);
  if (dividend < 0 || dividend >= divisor || divisor > most_divisor) {
    return std::nullopt;
  }
  return Decimal((2 * of_a_whole * dividend + divisor) / (2 * divisor), hundredths);
}

std::optional<double> nearest_double(const Decimal &sum) {
  constexpr Digits most_exact = Digits{1} << 53U;
  const Digits digits = sum.digits();
  if (!sum.is_finite() || sum.scale() >= powers.size() || digits > most_exact ||
      digits < -most_exact) {
    return std::nullopt;
  }
  return static_cast<double>(digits) / powers[sum.scale()];
}

std::optional<Decimal> to_hundredths(double x) {
  constexpr double unsure = 1e-6;
  const double scaled = x * 100;
  const double whole = std::floor(scaled);
  const double rest = scaled - whole;
  if (!(x >= 0 && x <= 100) || std::fabs(rest - 0.5) < unsure) {
    return std::nullopt;
  }
  return Decimal(static_cast<std::int64_t>(whole) + (rest > 0.5 ? 1 : 0), hundredths);
}

} // namespace starhouse::score
