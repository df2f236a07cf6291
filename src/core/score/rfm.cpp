#include "core/score/rfm.hpp"

#include "core/score/arguments.hpp"

#include <algorithm>

namespace starhouse::score {

namespace {

constexpr std::size_t most_limits = 8; // classes are digits

} // namespace

int rfm_class(std::string_view name, double value, std::span<const double> limits) {
  require_finite(name, value);
  const std::string named(name);
  if (limits.empty() || limits.size() > most_limits) {
    throw Error(sqlstate::invalid_parameter_value,
                named + "_limits has " + std::to_string(limits.size()) + " elements, not 1 to 8",
                "Four limits give the usual scores from 1 to 5.");
  }
  int below = 0;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    require_finite(named + "_limits", limits[i]);
    if (i > 0 && limits[i] < limits[i - 1]) {
      throw Error(sqlstate::invalid_parameter_value,
                  named + "_limits do not ascend: " + text_of(limits[i]) + " follows " +
                      text_of(limits[i - 1]),
                  "Give the limits from the smallest to the largest.");
    }
    below += limits[i] < value ? 1 : 0;
  }
  return 1 + below;
}

int rfm_score(double recency, double frequency, double monetary,
              std::span<const double> recency_limits, std::span<const double> frequency_limits,
              std::span<const double> monetary_limits) {
  const int age = rfm_class("recency", recency, recency_limits);
  const int r = static_cast<int>(recency_limits.size()) + 2 - age;
  return 100 * r + 10 * rfm_class("frequency", frequency, frequency_limits) +
         rfm_class("monetary", monetary, monetary_limits);
}

} // namespace starhouse::score
