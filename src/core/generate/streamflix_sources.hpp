// Flick's sources beside the players: studios, vendors, reviews, social media, rating sites. What
// they say follows from the world and its playbacks; every record may come late, twice, out of
// order or spoiled, and what must be accepted is counted.
//
// Draws are of streams of their own, so that these sources move nothing in the files of the
// players.
#pragma once

#include "core/generate/output.hpp"
#include "core/generate/streamflix_playback.hpp"
#include "core/generate/streamflix_truth.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace starhouse::generate {

struct StreamflixOptions;

enum class Source : std::uint8_t {
  productions,
  production_costs,
  vendor_content,
  reviews,
  social_posts,
  site_ratings,
};
inline constexpr std::size_t source_count = 6;

// Ids and times as all files of StreamFlix write them.
std::string video_id(std::uint64_t number);
std::string user_id(std::uint64_t user);
void append_moment(std::string &out, std::int64_t second); // 2025-03-14T17:05:09Z, in UTC
// As JSON, spoiled that way: seconds since 1970 where the date is odd, a day that is none, a far
// one.
void append_moment(std::string &out, std::int64_t second, StreamDirt dirt);

class Sources {
public:
  // `opened` is told of every file, in the order of writing.
  Sources(const StreamflixOptions &options, const Catalogue &catalogue, Output &output,
          std::function<void(Source, const std::string &path)> opened, StreamflixTruth &truth);

  // Opens the day's files; once a week those of studios, vendors and sites, which it writes.
  void begin_day(Day day);
  // What the viewer of a playback writes about it afterwards.
  void after(const Sitting &sitting, const Playback &playback, std::uint64_t event);
  void end_day();

private:
  Table &table(Source source); // made with its first record: an empty file is none
  StreamFeedCounts &counts(Source source) {
    return truth_.feeds[truth_.first_source + static_cast<std::size_t>(source)];
  }
  void open(Source source);
  void close(Source source);
  bool is_last(Source source) const noexcept; // whether no file of the source follows
  StreamDirt choose_dirt(Source source, Random &random) const;
  // A record to the present file or, late, to the next one; a duplicate follows at once.
  void put(Source source, const std::string &row, StreamDirt dirt, bool late);
  void revise(Source source, const std::string &row, bool at_once);
  static void write_time(std::string &row, std::string_view key, std::int64_t second,
                         StreamDirt dirt);
  static void write_day(std::string &row, std::string_view key, Day day, StreamDirt dirt);

  void write_review(const Sitting &sitting, const Playback &playback, std::uint64_t event,
                    Random &random);
  void write_post(const Playback &playback, std::uint64_t event, Random &random);
  void write_ratings();
  void write_licenses(Day from, Day to);
  void write_productions(Day from, Day to);

  const StreamflixOptions &options_;
  const Catalogue &catalogue_;
  Output &output_;
  std::function<void(Source, const std::string &)> opened_;
  StreamflixTruth &truth_;
  std::array<std::unique_ptr<Table>, source_count> tables_;
  std::array<std::string, source_count> tomorrow_;
  Day day_ = 0;
};

} // namespace starhouse::generate
