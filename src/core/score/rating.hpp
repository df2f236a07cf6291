// Ratings that allow for how few they rest on.
#pragma once

#include <optional>

namespace starhouse::score {

// z with P(|Z| <= z) = confidence for a standard normal Z: 1.959964 at 0.95. To 4 ulp; confidence
// lies strictly between 0 and 1.
double normal_quantile(double confidence);

struct Interval {
  double lower;
  double upper;
};

// Score interval for the share of successes (E. B. Wilson, "Probable inference, the law of
// succession, and statistical inference", JASA 22 (1927) 209-212), without continuity correction,
// at a two-sided z. No trials say nothing: 0 to 1. Weighted, so fractional, counts are welcome.
Interval wilson_interval(double positive, double total, double z);

// A mean drawn towards that of everything, as if `prior_count` more ratings of `prior_average` had
// been given: (count * average + prior_count * prior_average) / (count + prior_count), IMDb's
// weighted rating. None when both counts are 0.
std::optional<double> bayesian_average(double average, double count, double prior_average,
                                       double prior_count);

} // namespace starhouse::score
