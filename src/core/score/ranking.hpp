// Scores that rank what was posted by votes and age.
#pragma once

#include <cstdint>

namespace starhouse::score {

// Reddit's "hot": sign(s) * log10(max(|s|, 1)) + t / 45000, rounded to 7 places, where s = ups -
// downs and t = seconds from 2005-12-08 07:46:43 UTC. Ten times the votes weigh as much as 12.5
// hours. It does not depend on the present, so it can be stored and indexed.
// Source: reddit/reddit, r2/r2/lib/db/_sorts.pyx
double hot_score(std::int64_t ups, std::int64_t downs, std::int64_t posted_micros_since_2000);

// Hacker News: (points - 1)^vote_exponent / (hours + 2)^gravity. The point taken off is the
// submitter's own; what is then not above 0 keeps its value without the exponent. news.arc has
// gravity 1.8 and vote_exponent 0.8. A negative age counts as 0.
// Source: news.arc, frontpage-rank, in the Arc distribution
double gravity_score(double points, double age_hours, double gravity, double vote_exponent);

} // namespace starhouse::score
