// How well one playback went. Amounts of time are in one unit of the caller's choice unless named;
// all arguments have to be finite and not negative.
#pragma once

#include <optional>

namespace starhouse::score {

// Part of the length that was watched, in percent, at most 100 (replays). None for length 0.
std::optional<double> completion_rate(double watched, double length);

// Left before `within` and before the end. None for length 0.
std::optional<bool> skip(double watched, double length, double within);

// Rebuffering by Mux's definition: time spent waiting in mid-playback as part of that time and the
// time the picture moved. Waiting for the start and after a seek is no rebuffering: `buffering` is
// all waiting that the player reports, `startup` and `seeking` what of it is due to those two. None
// when nothing was played and nothing waited for.
std::optional<double> rebuffer_ratio(double buffering, double playing, double startup,
                                     double seeking);

// Mux's startup time score, 100 for no wait, 50 at 8 seconds: 100 * 8 / (8 + seconds).
// https://www.mux.com/docs/guides/data-startup-time-metric
double startup_score(double startup_seconds);

// Mux's smoothness score from the ratio (0 to 1) and number of rebufferings: the mean of
// 100 / sqrt(1 + (count / 2)^2) and 100 * exp(-10 * ratio).
// https://www.mux.com/docs/guides/data-smoothness-metric
double smoothness_score(double rebuffer_ratio, double rebuffer_count);

} // namespace starhouse::score
