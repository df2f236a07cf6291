#include "core/score/rating.hpp"

#include "core/score/arguments.hpp"

#include <algorithm>
#include <numbers>

namespace starhouse::score {

// A first guess (Abramowitz and Stegun 26.2.23, good to 4.5e-4), then Newton's method with the
// second derivative (Halley) on erfc, which triples the digits each time.
double normal_quantile(double confidence) {
  if (!(confidence > 0 && confidence < 1)) {
    refuse("confidence", confidence, "between 0 and 1, both excluded");
  }
  const double tails = 1 - confidence;
  const double t = std::sqrt(-2 * std::log(tails / 2));
  double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                     (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (int i = 0; i < 3; ++i) {
    // For small z the tails are nearly 1, so the error is taken where it is not cancelled away.
    const double missed = confidence < 0.5 ? confidence - std::erf(z / std::numbers::sqrt2)
                                           : std::erfc(z / std::numbers::sqrt2) - tails;
    const double density = std::sqrt(2 * std::numbers::inv_pi) * std::exp(-z * z / 2);
    const double step = missed / density;
    z += step / (1 + z * step / 2);
  }
  return z;
}

Interval wilson_interval(double positive, double total, double z) {
  require_amount("positive", positive);
  require_amount("total", total);
  if (positive > total) {
    throw Error(sqlstate::invalid_parameter_value,
                "positive (" + text_of(positive) + ") is more than total (" + text_of(total) + ")",
                "total counts all trials, the positive ones included.");
  }
  if (total == 0) {
    return {0, 1};
  }
  const double centre = positive + z * z / 2;
  const double margin = z * std::sqrt(positive * (1 - positive / total) + z * z / 4);
  // At the ends the bound is the end itself, which rounding would miss.
  return {positive == 0 ? 0 : std::max(0.0, (centre - margin) / (total + z * z)),
          positive == total ? 1 : std::min(1.0, (centre + margin) / (total + z * z))};
}

std::optional<double> bayesian_average(double average, double count, double prior_average,
                                       double prior_count) {
  require_finite("average", average);
  require_amount("count", count);
  require_finite("prior_average", prior_average);
  require_amount("prior_count", prior_count);
  if (count == 0 && prior_count == 0) {
    return std::nullopt;
  }
  // Shares from the larger count: no sum or product overflows.
  const double share =
      count >= prior_count ? 1 / (1 + prior_count / count) : 1 - 1 / (1 + count / prior_count);
  return share * average + (1 - share) * prior_average;
}

} // namespace starhouse::score
