// What a StreamFlix warehouse must show after loading the generated files, counted while they are
// written.
//
// The generator knows which records it spoiled and how, so these are exact figures of the accepted
// ones: rejects by reason, duplicates, minutes watched by region, genre, subscription as it was,
// system, and hour of the viewers' clocks.
#pragma once

#include "core/generate/streamflix_world.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::generate {

struct StreamflixOptions;

// Ways a record is spoiled. The first ones are mended while loading, the others must be rejected.
enum class StreamDirt : std::uint8_t {
  none,
  odd_date,       // seconds since 1970
  missing_user,   // becomes the unknown member
  missing_region, // becomes the user's
  unknown_video,  // becomes an inferred member, its length told by the event
  too_long,       // watched longer than the video is: cut to its length
  duplicate,      // the same record again, at once or in the next day's file
  repeated,       // the same report again: changes nothing
  text_in_number, // rejected from here on
  no_such_date,
  negative,
  future,
  broken_json,
};
inline constexpr std::size_t stream_dirt_count = 13;

constexpr bool is_rejected(StreamDirt dirt) noexcept {
  return dirt >= StreamDirt::text_in_number;
}
std::string_view dirt_name(StreamDirt dirt) noexcept;

struct StreamFeedCounts {
  std::string name;
  std::int64_t files = 0;
  std::int64_t records = 0;
  std::array<std::int64_t, stream_dirt_count> dirt{};
  std::int64_t revisions = 0; // newer words on what was told before: no row is added

  std::int64_t duplicates() const noexcept {
    return dirt[static_cast<std::size_t>(StreamDirt::duplicate)] + revisions;
  }
  std::int64_t rejected() const noexcept;
  std::int64_t loaded() const noexcept { return records - duplicates() - rejected(); }
};

struct ViewMeasures {
  std::int64_t views = 0;
  std::int64_t watched = 0; // hundredths of a minute

  void add(std::int64_t minutes) noexcept {
    ++views;
    watched += minutes;
  }
};

// What Flick's sources say in the end, by the newest word on each thing.
struct SourceTruth {
  std::int64_t production_versions = 0;
  std::int64_t bookings = 0;
  std::int64_t costs = 0; // cents
  std::int64_t licenses = 0;
  std::int64_t fees = 0; // cents
  std::int64_t reviews = 0;
  std::int64_t stars = 0;
  std::int64_t withdrawn = 0;
  std::int64_t posts = 0;
  std::int64_t reach = 0;
  std::int64_t post_likes = 0;
  std::int64_t ratings = 0;
  std::int64_t votes = 0;
};

struct StreamflixTruth {
  std::vector<StreamFeedCounts> feeds;
  std::size_t first_source = 0; // where Flick's sources begin in it
  SourceTruth sources;

  ViewMeasures all;
  std::int64_t buffering = 0;  // tenths of a second
  std::int64_t completion = 0; // hundredths of a percent, summed
  std::int64_t skips = 0;      // within 30 seconds and before the end
  std::int64_t clipped = 0;
  std::int64_t late = 0; // playbacks in the file of the day after
  std::array<ViewMeasures, region_count> by_region{};
  std::array<ViewMeasures, genre_count + 1> by_genre{}; // unknown videos last
  std::array<ViewMeasures, plan_count + 1> by_plan{};   // as it was; unknown users last
  std::vector<ViewMeasures> by_system;
  std::array<std::int64_t, 24> by_local_hour{}; // playbacks begun

  std::int64_t recommendations = 0;
  std::int64_t clicks = 0;
  std::int64_t watches = 0;
  std::int64_t likes = 0;
  std::int64_t shares = 0;
  std::int64_t comments = 0;

  std::int64_t users = 0;
  std::int64_t user_versions = 0;
  std::int64_t devices = 0;
  std::int64_t videos = 0;
  std::int64_t inferred_videos = 0;
};

void append_truth_json(std::string &out, const StreamflixOptions &options,
                       const StreamflixTruth &truth);

} // namespace starhouse::generate
