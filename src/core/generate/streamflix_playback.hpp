// One sitting of a viewer: what is watched, how long, how well it streams, what is recommended and
// liked.
#pragma once

#include "core/generate/streamflix_world.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace starhouse::generate {

struct Playback {
  std::int64_t second; // start, seconds since 2000-01-01 UTC
  std::uint32_t title;
  std::uint32_t watched;   // hundredths of a minute
  std::uint32_t buffering; // tenths of a second
  std::uint32_t buffering_events;
  std::uint32_t startup; // tenths of a second
  std::uint32_t bitrate; // kbit/s
  std::string_view quality;
  bool liked;
  bool shared;
  bool commented;
};

struct Recommendation {
  std::int64_t second;
  std::uint32_t title;
  std::uint32_t score; // ten-thousandths
  bool clicked;
  bool watched;
};

struct Sitting {
  std::uint64_t user;
  std::uint32_t device;
  std::size_t region;
  std::vector<Playback> playbacks;
  std::vector<Recommendation> recommendations;
};

// How lively a region is in the ten minutes from a moment on, per mille of the mean: the hour of
// its own clock and its weekend.
std::uint32_t liveliness(const ViewerRegion &region, std::int64_t utc_minute) noexcept;

// Playbacks per sitting, in thousandths: what the sittings below have on average.
inline constexpr std::uint64_t playbacks_per_sitting_milli = 2'050;

// Plays out a sitting that begins at `second` (seconds since 2000-01-01 UTC); with `live`, it
// begins with that title.
void play(const Viewers &viewers, const Catalogue &catalogue, std::size_t region,
          std::int64_t second, std::optional<std::uint32_t> live, Random &random, Sitting &sitting);

} // namespace starhouse::generate
