#include "core/score/ranking.hpp"

#include "core/score/arguments.hpp"

#include <algorithm>

namespace starhouse::score {

namespace {

constexpr std::int64_t reddit_epoch_seconds = 1'134'028'003; // since 1970
constexpr std::int64_t seconds_1970_to_2000 = 946'684'800;

void require_votes(const char *name, std::int64_t votes) {
  if (votes < 0) {
    refuse(name, static_cast<double>(votes), "a number of votes, not negative");
  }
}

} // namespace

double hot_score(std::int64_t ups, std::int64_t downs, std::int64_t posted_micros_since_2000) {
  require_votes("ups", ups);
  require_votes("downs", downs);
  const auto balance = static_cast<double>(ups - downs);
  const double order = std::copysign(std::log10(std::max(std::abs(balance), 1.0)), balance);
  const double seconds = static_cast<double>(posted_micros_since_2000) / 1e6 -
                         static_cast<double>(reddit_epoch_seconds - seconds_1970_to_2000);
  return std::round((order + seconds / 45000) * 1e7) / 1e7;
}

double gravity_score(double points, double age_hours, double gravity, double vote_exponent) {
  require_finite("points", points);
  require_finite("age", age_hours);
  require_amount("gravity", gravity);
  require_amount("vote_exponent", vote_exponent);
  const double votes = points - 1;
  const double base = votes > 0 ? std::pow(votes, vote_exponent) : votes;
  const double score = base / std::pow(std::max(age_hours, 0.0) + 2, gravity);
  if (!std::isfinite(score)) {
    throw Error(sqlstate::numeric_value_out_of_range,
                "gravity_score of " + text_of(points) + " points is out of range",
                "Take a smaller vote_exponent.");
  }
  return score;
}

} // namespace starhouse::score
