#include "core/score/engagement.hpp"

#include "core/score/arguments.hpp"

#include <algorithm>

namespace starhouse::score {

namespace {

void require_half(const char *name, double value) {
  if (!(value > 0 && std::isfinite(value))) {
    refuse(name, value, "a finite number above 0");
  }
}

// amount / (amount + half), without a sum that could overflow.
double saturated(double amount, double half) noexcept {
  return 1 / (1 + half / amount);
}

} // namespace

void validate(const EngagementWeights &weights) {
  require_amount("watch", weights.watch);
  require_amount("likes", weights.likes);
  require_amount("shares", weights.shares);
  require_amount("comments", weights.comments);
  require_amount("session", weights.session);
  require_half("likes_half", weights.likes_half);
  require_half("shares_half", weights.shares_half);
  require_half("comments_half", weights.comments_half);
  require_half("session_half", weights.session_half);
  const double sum =
      weights.watch + weights.likes + weights.shares + weights.comments + weights.session;
  if (!(sum > 0 && std::isfinite(sum))) {
    refuse("the sum of the weights", sum, "a finite number above 0");
  }
}

double engagement_score(double watch_percent, double likes, double shares, double comments,
                        double session_minutes, const EngagementWeights &weights) {
  require_amount("watch_percent", watch_percent);
  require_amount("likes", likes);
  require_amount("shares", shares);
  require_amount("comments", comments);
  require_amount("session_minutes", session_minutes);
  const double sum =
      weights.watch + weights.likes + weights.shares + weights.comments + weights.session;
  const double parts = weights.watch * std::min(watch_percent / 100, 1.0) +
                       weights.likes * saturated(likes, weights.likes_half) +
                       weights.shares * saturated(shares, weights.shares_half) +
                       weights.comments * saturated(comments, weights.comments_half) +
                       weights.session * saturated(session_minutes, weights.session_half);
  return std::min(100 * (parts / sum), 100.0);
}

} // namespace starhouse::score
