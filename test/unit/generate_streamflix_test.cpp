#include "core/generate/streamflix.hpp"
#include "core/generate/streamflix_playback.hpp"
#include "core/generate/streamflix_world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

using namespace starhouse::generate;
using starhouse::Env;
using starhouse::Error;
using starhouse::calendar::day_from_civil;

namespace {

class Memory final : public Output {
public:
  std::map<std::string, std::string> files;

  std::unique_ptr<OutputFile> create(std::string_view path, std::string_view /*feed*/) override {
    return std::make_unique<File>(files[std::string(path)]);
  }

private:
  class File final : public OutputFile {
  public:
    explicit File(std::string &content) : content_(content) {}
    void write(std::string_view bytes) override { content_ += bytes; }
    void close() override {}

  private:
    std::string &content_;
  };
};

StreamflixOptions small() {
  StreamflixOptions options;
  options.events = 20'000;
  options.from = day_from_civil(2025, 3, 1);
  options.to = day_from_civil(2025, 4, 15); // clocks change in America, Europe and Australia
  options.dirty_ppm = 50'000;
  return options;
}

std::uint64_t fnv1a(const std::map<std::string, std::string> &files) {
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  for (const auto &[path, content] : files) {
    for (const std::string *text : {&path, &content}) {
      for (const char c : *text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
      }
    }
  }
  return hash;
}

std::int64_t lines(const std::string &content) {
  return std::count(content.begin(), content.end(), '\n');
}

std::int64_t minute(int year, int month, int day, int hour, int minutes) {
  return std::int64_t{day_from_civil(year, month, day)} * 1'440 + hour * 60 + minutes;
}

const ViewerRegion &region(std::string_view id) {
  return *std::find_if(viewer_regions().begin(), viewer_regions().end(),
                       [id](const ViewerRegion &r) { return r.id == id; });
}

} // namespace

// Any change of the model or the writing moves this number: set it anew on purpose only.
TEST(Streamflix, BytesAreTheSameEverywhere) {
  Memory output;
  generate_streamflix(small(), output, Env{});
  EXPECT_EQ(fnv1a(output.files), 2'419'400'853'450'046'649U);
  Memory again;
  generate_streamflix(small(), again, Env{});
  EXPECT_EQ(output.files, again.files);
  StreamflixOptions other = small();
  other.seed = 43;
  Memory different;
  generate_streamflix(other, different, Env{});
  EXPECT_NE(output.files, different.files);
}

TEST(Streamflix, RecordsOfTheFilesAreCounted) {
  Memory output;
  const StreamflixTruth truth = generate_streamflix(small(), output, Env{});
  std::map<std::string, std::int64_t> records;
  std::istringstream order(output.files.at("LOAD_ORDER"));
  std::size_t files = 0;
  for (std::string line; std::getline(order, line); ++files) {
    const std::size_t tab = line.find('\t');
    const std::string path = line.substr(tab + 1);
    ASSERT_EQ(output.files.count(path), 1U) << line;
    records[line.substr(0, tab)] += lines(output.files[path]) - (path.ends_with(".csv") ? 1 : 0);
  }
  EXPECT_EQ(files + 2, output.files.size()); // beside LOAD_ORDER and TRUTH.json
  for (const StreamFeedCounts &feed : truth.feeds) {
    EXPECT_EQ(records[feed.name], feed.records) << feed.name;
    EXPECT_EQ(feed.records, feed.loaded() + feed.duplicates() + feed.rejected());
  }
}

TEST(Streamflix, BreakdownsAddUpToTheWhole) {
  Memory output;
  const StreamflixTruth truth = generate_streamflix(small(), output, Env{});
  ASSERT_GT(truth.all.views, 15'000);
  const auto same = [&](const auto &parts) {
    ViewMeasures sum;
    for (const ViewMeasures &part : parts) {
      sum.views += part.views;
      sum.watched += part.watched;
    }
    EXPECT_EQ(sum.views, truth.all.views);
    EXPECT_EQ(sum.watched, truth.all.watched);
  };
  same(truth.by_region);
  same(truth.by_genre);
  same(truth.by_plan);
  same(truth.by_system);
  std::int64_t views = 0;
  for (const std::int64_t hour : truth.by_local_hour) {
    views += hour;
  }
  EXPECT_EQ(views, truth.all.views);
  EXPECT_EQ(truth.feeds[4].loaded() + truth.feeds[7].loaded(), truth.all.views);
  EXPECT_EQ(truth.feeds[5].loaded(), truth.likes + truth.shares + truth.comments);
  EXPECT_EQ(truth.feeds[6].loaded(), truth.recommendations);
  EXPECT_GT(truth.late, 0);
  EXPECT_GT(truth.clipped, 0);
  EXPECT_GT(truth.inferred_videos, 0);
  EXPECT_GT(truth.user_versions, truth.users);
}

// Records of Flick's sources are one thing each, but for revisions, and the newest word on it
// counts.
TEST(Streamflix, SourcesAreCounted) {
  Memory output;
  const StreamflixTruth truth = generate_streamflix(small(), output, Env{});
  std::map<std::string, StreamFeedCounts> feeds;
  for (const StreamFeedCounts &feed : truth.feeds) {
    feeds[feed.name] = feed;
  }
  EXPECT_EQ(feeds["productions"].loaded() -
                feeds["productions"].dirt[static_cast<std::size_t>(StreamDirt::repeated)],
            truth.sources.production_versions);
  EXPECT_EQ(feeds["production_costs"].loaded(), truth.sources.bookings);
  EXPECT_EQ(feeds["vendor_content"].loaded(), truth.sources.licenses);
  EXPECT_EQ(feeds["reviews"].loaded(), truth.sources.reviews);
  EXPECT_EQ(feeds["social_posts"].loaded(), truth.sources.posts);
  EXPECT_EQ(feeds["site_ratings"].loaded(), truth.sources.ratings);
  for (const char *name : {"vendor_content", "reviews", "social_posts", "site_ratings"}) {
    EXPECT_GT(feeds[name].revisions, 0) << name;
  }
  for (const char *name : {"productions", "production_costs", "vendor_content", "reviews",
                           "social_posts", "site_ratings", "playback_streams"}) {
    EXPECT_GT(feeds[name].rejected(), 0) << name;
    EXPECT_GT(feeds[name].loaded(), 50) << name;
  }
  // Good viewing is reviewed better than bad: the mean lies well above the middle.
  EXPECT_GT(truth.sources.stars, truth.sources.reviews * 3);
}

TEST(Streamflix, WithoutDirtEveryRecordIsGood) {
  StreamflixOptions options = small();
  options.dirty_ppm = 0;
  Memory output;
  const StreamflixTruth truth = generate_streamflix(options, output, Env{});
  for (const StreamFeedCounts &feed : truth.feeds) {
    EXPECT_EQ(feed.loaded() + feed.revisions, feed.records) << feed.name;
  }
  EXPECT_EQ(truth.inferred_videos, 0);
  EXPECT_EQ(truth.late, 0);
  EXPECT_EQ(truth.clipped, 0);
}

// The published figures come out of the model, whatever the seed: 42 minutes, 2.3 seconds, 8.4 %,
// Action and Drama on top, evenings from 19 to 23 o'clock.
TEST(Streamflix, PublishedFiguresEmerge) {
  for (const std::uint64_t seed : {42U, 7U, 2'025U}) {
    StreamflixOptions options;
    options.seed = seed;
    options.events = 60'000;
    Memory output;
    const StreamflixTruth truth = generate_streamflix(options, output, Env{});
    const auto views = static_cast<double>(truth.all.views);
    EXPECT_NEAR(views, 60'000, 3'000);
    EXPECT_NEAR(static_cast<double>(truth.all.watched) / 100 / views, 42, 4.2);
    EXPECT_NEAR(static_cast<double>(truth.buffering) / 10 / views, 2.3, 0.23);
    EXPECT_NEAR(100 * static_cast<double>(truth.clicks) /
                    static_cast<double>(truth.recommendations),
                8.4, 0.84);
    std::array<std::int64_t, genre_count> genres{};
    for (std::size_t g = 0; g < genre_count; ++g) {
      genres[g] = truth.by_genre[g].views;
    }
    std::partial_sort(genres.begin(), genres.begin() + 2, genres.end(), std::greater<>());
    EXPECT_EQ(genres[0] + genres[1], truth.by_genre[0].views + truth.by_genre[1].views);
    const auto stretch = [&](std::size_t from) {
      std::int64_t sum = 0;
      for (std::size_t h = 0; h < 4; ++h) {
        sum += truth.by_local_hour[(from + h) % 24];
      }
      return sum;
    };
    for (std::size_t from = 0; from < 24; ++from) {
      EXPECT_LE(stretch(from), stretch(19)) << from;
    }
  }
}

// A line with less bandwidth waits more, and what scores higher is clicked more.
TEST(Streamflix, CausesHaveTheirEffects) {
  const StreamflixOptions options = small();
  const Viewers viewers(1, 5'000, options.from, options.to);
  const Catalogue catalogue(1, options.from, options.to);
  std::array<double, 2> waited{};
  std::array<double, 2> played{};
  std::array<double, 2> clicks{};
  std::array<double, 2> shown{};
  Random random(1, 1);
  Sitting sitting;
  for (int i = 0; i < 20'000; ++i) {
    play(viewers, catalogue, static_cast<std::size_t>(i) % region_count,
         minute(2025, 3, 10, 20, 0) * 60, std::nullopt, random, sitting);
    const std::size_t fast = viewers.device(sitting.user, sitting.device).bandwidth >= 100 ? 1 : 0;
    for (const Playback &playback : sitting.playbacks) {
      waited[fast] += playback.buffering;
      played[fast] += 1;
      EXPECT_LE(playback.watched, catalogue.titles()[playback.title].length * 100);
    }
    for (const Recommendation &recommendation : sitting.recommendations) {
      const std::size_t high = recommendation.score >= 6'000 ? 1 : 0;
      clicks[high] += recommendation.clicked ? 1 : 0;
      shown[high] += 1;
    }
  }
  EXPECT_GT(waited[0] / played[0], 1.5 * waited[1] / played[1]);
  EXPECT_GT(clicks[1] / shown[1], 2 * clicks[0] / shown[0]);
}

TEST(Streamflix, ClocksChangeWhenTheyDo) {
  EXPECT_EQ(offset_minutes(region("US-E"), minute(2025, 3, 9, 6, 59)), -300);
  EXPECT_EQ(offset_minutes(region("US-E"), minute(2025, 3, 9, 7, 0)), -240);
  EXPECT_EQ(offset_minutes(region("US-E"), minute(2025, 11, 2, 5, 59)), -240);
  EXPECT_EQ(offset_minutes(region("US-E"), minute(2025, 11, 2, 6, 0)), -300);
  EXPECT_EQ(offset_minutes(region("US-W"), minute(2026, 3, 8, 9, 59)), -480);
  EXPECT_EQ(offset_minutes(region("US-W"), minute(2026, 3, 8, 10, 0)), -420);
  EXPECT_EQ(offset_minutes(region("GB"), minute(2025, 3, 30, 0, 59)), 0);
  EXPECT_EQ(offset_minutes(region("GB"), minute(2025, 3, 30, 1, 0)), 60);
  EXPECT_EQ(offset_minutes(region("DE"), minute(2025, 10, 26, 0, 59)), 120);
  EXPECT_EQ(offset_minutes(region("DE"), minute(2025, 10, 26, 1, 0)), 60);
  EXPECT_EQ(offset_minutes(region("AU"), minute(2025, 4, 5, 15, 59)), 660);
  EXPECT_EQ(offset_minutes(region("AU"), minute(2025, 4, 5, 16, 0)), 600);
  EXPECT_EQ(offset_minutes(region("AU"), minute(2025, 10, 4, 15, 59)), 600);
  EXPECT_EQ(offset_minutes(region("AU"), minute(2025, 10, 4, 16, 0)), 660);
  EXPECT_EQ(offset_minutes(region("IN"), minute(2025, 7, 1, 0, 0)), 330);
}

TEST(Streamflix, SubscriptionsChangeOnce) {
  const StreamflixOptions options = small();
  const Viewers viewers(42, 3'000, options.from, options.to);
  int changes = 0;
  for (std::uint64_t user = 0; user < viewers.size(); ++user) {
    ASSERT_LT(viewers.region_of(user), region_count);
    if (const auto change = viewers.plan_change(user)) {
      ++changes;
      EXPECT_GT(change->day, viewers.signup_day(user));
      EXPECT_NE(change->plan, viewers.first_plan(user));
      EXPECT_EQ(viewers.plan(user, change->day - 1), viewers.first_plan(user));
      EXPECT_EQ(viewers.plan(user, change->day), change->plan);
    }
  }
  EXPECT_GT(changes, 200);
  for (std::size_t r = 0; r < region_count; ++r) {
    EXPECT_EQ(viewers.first(r) + viewers.signed_up(r, options.to), viewers.first(r + 1));
    for (starhouse::calendar::Day day = options.from; day <= options.to; ++day) {
      const std::uint64_t signed_up = viewers.signed_up(r, day);
      EXPECT_LE(viewers.signup_day(viewers.first(r) + signed_up - 1), day);
      if (viewers.first(r) + signed_up < viewers.first(r + 1)) {
        EXPECT_GT(viewers.signup_day(viewers.first(r) + signed_up), day);
      }
    }
  }
}

TEST(Streamflix, OptionsOutOfRangeAreRefused) {
  const auto refused = [](auto change) {
    StreamflixOptions options;
    change(options);
    EXPECT_THROW(check(options), Error);
  };
  check(StreamflixOptions{});
  refused([](auto &o) { o.events = 999; });
  refused([](auto &o) { o.events = 1'000'000'001; });
  refused([](auto &o) { o.to = o.from - 1; });
  refused([](auto &o) { o.from = day_from_civil(2022, 12, 31); });
  refused([](auto &o) { o.to = day_from_civil(2036, 1, 1); });
  refused([](auto &o) { o.dirty_ppm = 500'001; });
}
