// What engagement_days() keeps for a video in a region on a day, and the figures that follow from
// it: to the last digit what the server's numeric gives, wherever machine numbers can tell.
#pragma once

#include "core/exact/values.hpp"
#include "core/score/engagement.hpp"

#include <cstdint>
#include <optional>

namespace starhouse::score {

struct EngagementDay {
  std::int64_t views = 0;
  std::int64_t measured = 0; // views whose completion is known
  exact::Decimal minutes;
  exact::Decimal buffering;
  exact::Decimal completion; // sum of percentages over the measured
};

// round(sum / count, 2), half away from zero. Nothing where the server has to say: for large
// numbers, whose quotient it rounds once before.
std::optional<exact::Decimal> mean_to_hundredths(const exact::Decimal &sum, std::int64_t count);

// round(100 * part / whole, 2) for a part below the whole, neither of them negative; likewise.
std::optional<exact::Decimal> percent_to_hundredths(const exact::Decimal &part,
                                                    const exact::Decimal &whole);

// The float8 next to the sum. Nothing where it takes more than one division.
std::optional<double> nearest_double(const exact::Decimal &sum);

// round(x::numeric, 2) for x from 0 to 100. Nothing too near to the middle between two hundredths.
std::optional<exact::Decimal> to_hundredths(double x);

} // namespace starhouse::score
