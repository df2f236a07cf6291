// A span of time, cut at the full hours of a clock: from its start on in steps of an hour, so that
// a change of the clock meanwhile does not matter. Parts are whole millionths of a minute, rounded
// half up; seconds as doubles hold a day to a billionth.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace starhouse::behaviour {

inline constexpr double most_span_minutes = 366.0 * 1440;

// visit(n, micro_minutes) for the n-th hour that the span runs in, from 0 on. A span of no length
// is in its first. `into_hour`: microseconds after the last full hour at the start. `minutes` from
// 0 to most_span_minutes.
template <class Visit>
void cut_at_hours(std::int64_t into_hour, double minutes, Visit visit) {
  constexpr double hour = 3600;
  constexpr double least = 1e-6; // seconds: a rest below it is an end on the full hour
  constexpr double micro_minutes_per_second = 1e6 / 60;
  const double from = static_cast<double>(into_hour) / 1e6;
  const double length = minutes * 60;
  const double to = from + length;
  const auto last = static_cast<std::int64_t>(std::ceil((to - least) / hour)) - 1;
  const auto part = [](double seconds) {
    return static_cast<std::int64_t>(std::floor(seconds * micro_minutes_per_second + 0.5));
  };
  visit(std::int64_t{0}, part(std::min(to, hour) - from));
  for (std::int64_t n = 1; n <= last; ++n) {
    const double begins = static_cast<double>(n) * hour;
    visit(n, part(std::min(to, begins + hour) - begins));
  }
}

} // namespace starhouse::behaviour
