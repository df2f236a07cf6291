// One number, 0 to 100, for how much a viewer or a video was engaged with:
//
//   100 * (watch * w/100 + likes * s(l) + shares * s(h) + comments * s(c) + session * s(m))
//       / (watch + likes + shares + comments + session)
//
// w is the percentage watched, at most 100; s(x) = x / (x + half) saturates: 0 for nothing, 1/2 at
// `half`, never quite 1. So the hundredth like adds less than the first, no single count can drown
// the rest, and the result stays on its scale whatever the weights.
#pragma once

namespace starhouse::score {

struct EngagementWeights {
  // How much each part counts; only their proportions matter.
  double watch = 0.5;
  double likes = 0.15;
  double shares = 0.15;
  double comments = 0.1;
  double session = 0.1;
  // What gives half of a part: counts, and minutes of session.
  double likes_half = 1;
  double shares_half = 1;
  double comments_half = 2;
  double session_half = 30;
};

// Weights are finite, not negative and not all 0, halves finite and above 0; otherwise an Error.
void validate(const EngagementWeights &weights);

// `weights` are valid.
double engagement_score(double watch_percent, double likes, double shares, double comments,
                        double session_minutes, const EngagementWeights &weights);

} // namespace starhouse::score
