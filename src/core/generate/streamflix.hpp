// StreamFlix's source files over a span of days: regions, titles, users and their devices,
// playbacks, likes, shares and comments, recommendations; dirt included, truth beside it.
//
// The same options give the same bytes on any machine. Memory does not depend on the number of
// users, and on that of events only through the buffered share of a day that is written late.
// docs/generate-streamflix.md describes files and model.
#pragma once

#include "core/calendar/day.hpp"
#include "core/error.hpp"
#include "core/generate/output.hpp"
#include "core/generate/random.hpp"
#include "core/generate/streamflix_truth.hpp"

#include <cstdint>

namespace starhouse::generate {

struct StreamflixOptions {
  std::uint64_t seed = 42;
  std::uint64_t events = 1'000'000; // playbacks, about
  calendar::Day from = calendar::day_from_civil(2025, 1, 1);
  calendar::Day to = calendar::day_from_civil(2025, 3, 31);
  std::uint32_t dirty_ppm = 10'000;
};

// Throws Error 22023 when an option is out of range.
void check(const StreamflixOptions &options);

// Writes every file, then LOAD_ORDER and TRUTH.json. Checks the options first.
StreamflixTruth generate_streamflix(const StreamflixOptions &options, Output &output,
                                    const Env &env);

} // namespace starhouse::generate
