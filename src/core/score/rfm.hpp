// Recency, frequency and monetary value of a customer as three digits, best 555 with four limits
// each (J. R. Bult and T. Wansbeek, "Optimal selection for direct mail", Marketing Science 14
// (1995); the scoring by quintiles is A. M. Hughes, Strategic Database Marketing (1994)).
#pragma once

#include <span>
#include <string_view>

namespace starhouse::score {

// 1 + how many of the limits lie below the value: n limits cut the scale into n + 1 classes, each
// with its upper limit. Limits ascend (equal ones leave a class empty); 1 to 8 of them.
int rfm_class(std::string_view name, double value, std::span<const double> limits);

// 100 * R + 10 * F + M. Long ago is bad, so R counts from the other end.
int rfm_score(double recency, double frequency, double monetary,
              std::span<const double> recency_limits, std::span<const double> frequency_limits,
              std::span<const double> monetary_limits);

} // namespace starhouse::score
