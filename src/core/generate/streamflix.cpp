#include "core/generate/streamflix.hpp"

#include "core/generate/streamflix_playback.hpp"
#include "core/generate/streamflix_sources.hpp"
#include "core/generate/streamflix_world.hpp"
#include "core/generate/text.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace starhouse::generate {

namespace {

enum Purpose : std::uint64_t { purpose_sittings = 710, purpose_dirt = 711 };

constexpr std::int64_t slot_seconds = 600;
constexpr std::int64_t slots_per_day = 86'400 / slot_seconds;
constexpr std::uint32_t unknown_videos = 100;
constexpr std::string_view set_top_system = "Roku"; // its boxes report over the event hub
constexpr std::uint64_t playbacks_per_user_and_day_milli = 550;

enum Feed : std::size_t {
  regions,
  videos,
  users,
  devices,
  playbacks,
  interactions,
  recommendations,
  streams, // playbacks as set-top boxes report them
  feeds
};
constexpr std::array<std::string_view, feeds> feed_names{
    "regions",         "videos",       "users",           "devices",
    "playback_events", "interactions", "recommendations", "playback_streams"};

std::string device_id(std::uint64_t user, std::uint32_t number) {
  return numbered("D", static_cast<std::int64_t>(user) + 1, 7) + "-" + std::to_string(number + 1);
}

// 1234 tenths or hundredths as 123.4 or 12.34.
void append_decimal(std::string &out, std::int64_t value, int places) {
  const std::int64_t unit = places == 1 ? 10 : 100;
  append_number(out, value / unit);
  out += '.';
  append_number(out, value % unit, places);
}

class Generator {
public:
  Generator(const StreamflixOptions &options, Output &output, const Env &env)
      : options_(options), output_(output), env_(env),
        viewers_(options.seed,
                 options.events * 1'000 /
                     (playbacks_per_user_and_day_milli *
                      static_cast<std::uint64_t>(options.to - options.from + 1)),
                 options.from, options.to),
        catalogue_(options.seed, options.from, options.to), unknown_seen_(unknown_videos) {
    for (const std::string_view name : feed_names) {
      truth_.feeds.push_back({std::string(name), 0, 0, {}, 0});
    }
    truth_.by_system.resize(systems().size());
    sources_ = std::make_unique<Sources>(
        options, catalogue_, output,
        [this](Source source, const std::string &path) {
          order_.emplace_back(feeds + static_cast<std::size_t>(source), path);
        },
        truth_);
  }

  StreamflixTruth run();

private:
  Table open(Feed feed, const std::string &path) {
    ++truth_.feeds[feed].files;
    order_.emplace_back(feed, path);
    return {output_, path, truth_.feeds[feed].name};
  }
  Table &day_table(Feed feed) {
    if (!day_tables_[feed]) {
      day_tables_[feed] = std::make_unique<Table>(open(feed, day_paths_[feed] + ".jsonl"));
    }
    return *day_tables_[feed];
  }
  void write_regions();
  void write_videos();
  void write_people(Day from, Day to);
  void write_user(std::string &row, std::uint64_t user, Plan plan, Day effective);
  void watch_day(Day day);
  void watch_slot(std::int64_t second);
  void write(const Sitting &sitting);
  void write_playback(const Sitting &sitting, const Playback &playback);
  std::string stream_row(const Sitting &sitting, const Playback &playback, StreamDirt dirt,
                         const std::string &event_id, const std::string &video,
                         std::int64_t told) const;
  void write_interactions(const Sitting &sitting, const Playback &playback,
                          const std::string &event_id);
  void write_recommendation(const Sitting &sitting, const Recommendation &recommendation);
  static void write_time(std::string &row, std::int64_t second, StreamDirt dirt,
                         std::string_view key = "timestamp");
  StreamDirt choose_dirt(Feed feed);
  void put(Feed feed, const std::string &row, StreamDirt dirt, bool late);
  void count(const Sitting &sitting, const Playback &playback, StreamDirt dirt,
             std::uint32_t watched, bool clipped, std::uint32_t unknown);
  void finish();

  const StreamflixOptions &options_;
  Output &output_;
  const Env &env_;
  Viewers viewers_;
  Catalogue catalogue_;
  StreamflixTruth truth_;
  std::vector<std::pair<std::size_t, std::string>> order_; // feed, file
  std::unique_ptr<Sources> sources_;
  std::vector<bool> unknown_seen_;
  std::array<std::string, feeds> day_paths_;
  std::array<std::unique_ptr<Table>, feeds> day_tables_; // made with the first record
  std::array<std::string, feeds> tomorrow_;
  std::unique_ptr<Random> dirt_;
  std::uint64_t next_event_ = 1;
  bool last_day_ = false;
};

void Generator::write_regions() {
  Table table = open(regions, "regions.csv");
  table.row() += "region_id,region_name,country,timezone,population,avg_bandwidth\n";
  for (const ViewerRegion &region : viewer_regions()) {
    std::string &row = table.row();
    row += region.id;
    row += ',';
    row += region.name;
    row += ',';
    row += region.country;
    row += ',';
    row += region.zone;
    row += ',';
    append_number(row, region.population);
    row += ',';
    append_number(row, region.bandwidth);
    row += '\n';
    ++truth_.feeds[regions].records;
  }
  table.close();
}

void Generator::write_videos() {
  Table table = open(videos, "videos.csv");
  table.row() +=
      "video_id,title,genre,release_year,rating,language,video_length,content_type,added_on\n";
  for (std::size_t i = 0; i < catalogue_.titles().size(); ++i) {
    const Title &title = catalogue_.titles()[i];
    std::string &row = table.row();
    row += video_id(i) + ',' + title.name + ',';
    row += genre_names[title.genre];
    if (title.second_genre != title.genre) {
      row += '/';
      row += genre_names[title.second_genre];
    }
    row += ',';
    append_number(row, title.year);
    row += ',';
    row += title.rating;
    row += ',';
    row += title.language;
    row += ',';
    append_number(row, title.length);
    row += title.live ? ",Live," : title.series ? ",Series," : ",Movie,";
    append_date(row, title.added);
    row += '\n';
    ++truth_.feeds[videos].records;
    ++truth_.videos;
  }
  table.close();
}

void Generator::write_user(std::string &row, std::uint64_t user, Plan plan, Day effective) {
  const Profile profile = viewers_.profile(user);
  const ViewerRegion &region = viewer_regions()[viewers_.region_of(user)];
  row += user_id(user) + ',' + profile.name + ',';
  append_number(row, profile.age);
  row += profile.female ? ",F," : ",M,";
  row += region.country;
  row += ',';
  row += plan_name(plan);
  row += ',';
  append_date(row, viewers_.signup_day(user));
  row += ',';
  row += region.id;
  row += ',';
  append_date(row, effective);
  row += "T00:00:00Z\n";
  ++truth_.feeds[users].records;
  ++truth_.user_versions;
}

// Who signed up, and whose subscription changed, from one day to before another; their devices with
// them.
void Generator::write_people(Day from, Day to) {
  std::string path = "users/users_";
  append_date(path, to);
  Table table = open(users, path + ".csv");
  path = "devices/devices_";
  append_date(path, to);
  Table device_table = open(devices, path + ".jsonl");
  table.row() +=
      "user_id,name,age,gender,country,subscription_type,signup_date,region,effective_at\n";
  for (std::uint64_t user = 0; user < viewers_.size(); ++user) {
    if (user % 4'096 == 0) {
      env_.poll();
    }
    const Day signup = viewers_.signup_day(user);
    if (signup >= from && signup < to) {
      write_user(table.row(), user, viewers_.first_plan(user), signup);
      ++truth_.users;
      for (std::uint32_t i = 0; i < viewers_.devices(user); ++i) {
        const Device device = viewers_.device(user, i);
        std::string &row = device_table.row();
        row += R"({"device_id": ")" + device_id(user, i) + R"(", "user_id": ")" + user_id(user) +
               R"(", "os": ")";
        row += device.os;
        row += R"(", "app_version": "5.)";
        append_number(row, device.app_version);
        row += R"(", "connection_type": ")";
        row += device.connection;
        row += R"(", "bandwidth": )";
        append_decimal(row, device.bandwidth, 1);
        row += R"(, "timestamp": ")";
        append_moment(row, std::int64_t{signup} * 86'400);
        row += "\"}\n";
        ++truth_.feeds[devices].records;
        ++truth_.devices;
      }
    }
    const std::optional<PlanChange> change = viewers_.plan_change(user);
    if (change && change->day >= from && change->day < to) {
      write_user(table.row(), user, change->plan, change->day);
    }
  }
  table.close();
  device_table.close();
}

StreamDirt Generator::choose_dirt(Feed feed) {
  if (!dirt_->chance(options_.dirty_ppm)) {
    return StreamDirt::none;
  }
  const std::uint32_t kind = dirt_->below(100);
  if (kind < 20) {
    return StreamDirt::duplicate;
  }
  if (kind < 35) {
    return StreamDirt::odd_date;
  }
  if (kind < 50) {
    return StreamDirt::missing_user;
  }
  if (kind < 60) {
    return feed == playbacks ? StreamDirt::missing_region : StreamDirt::odd_date;
  }
  if (kind < 68) {
    return feed == playbacks ? StreamDirt::unknown_video : StreamDirt::duplicate;
  }
  if (kind < 76) {
    return feed == playbacks ? StreamDirt::too_long : StreamDirt::missing_user;
  }
  if (kind < 82) {
    return feed == interactions ? StreamDirt::no_such_date : StreamDirt::text_in_number;
  }
  if (kind < 86) {
    return StreamDirt::no_such_date;
  }
  if (kind < 91) {
    return feed == interactions ? StreamDirt::broken_json : StreamDirt::negative;
  }
  return kind < 95 ? StreamDirt::future : StreamDirt::broken_json;
}

void Generator::write_time(std::string &row, std::int64_t second, StreamDirt dirt,
                           std::string_view key) {
  row += '"';
  row += key;
  row += "\": ";
  append_moment(row, second, dirt);
}

// A record to its day's file or, late, to the next day's; a duplicate follows at once or a day
// later.
void Generator::put(Feed feed, const std::string &row, StreamDirt dirt, bool late) {
  StreamFeedCounts &counts = truth_.feeds[feed];
  ++counts.records;
  ++counts.dirt[static_cast<std::size_t>(dirt)];
  const std::string record =
      dirt == StreamDirt::broken_json ? row.substr(0, row.size() * 2 / 3) : row;
  std::string &out = late ? tomorrow_[feed] : day_table(feed).row();
  out += record;
  out += '\n';
  if (dirt == StreamDirt::duplicate) {
    ++counts.records;
    std::string &again =
        late || (!last_day_ && dirt_->below(5) == 0) ? tomorrow_[feed] : day_table(feed).row();
    again += record;
    again += '\n';
  }
}

void Generator::count(const Sitting &sitting, const Playback &playback, StreamDirt dirt,
                      std::uint32_t watched, bool clipped, std::uint32_t unknown) {
  const Title &title = catalogue_.titles()[playback.title];
  const auto day = static_cast<Day>(playback.second / 86'400);
  truth_.all.add(watched);
  truth_.by_region[sitting.region].add(watched);
  truth_.by_genre[dirt == StreamDirt::unknown_video ? genre_count : title.genre].add(watched);
  truth_
      .by_plan[dirt == StreamDirt::missing_user
                   ? plan_count
                   : static_cast<std::size_t>(viewers_.plan(sitting.user, day))]
      .add(watched);
  const Device device = viewers_.device(sitting.user, sitting.device);
  truth_
      .by_system[static_cast<std::size_t>(std::find(systems().begin(), systems().end(), device.os) -
                                          systems().begin())]
      .add(watched);
  const std::int64_t minute = playback.second / 60;
  const std::int64_t local = minute + offset_minutes(viewer_regions()[sitting.region], minute);
  ++truth_.by_local_hour[static_cast<std::size_t>(local % 1'440 / 60)];
  truth_.buffering += playback.buffering;
  // 100 * minutes / length, to two places, half away from zero.
  truth_.completion +=
      (std::int64_t{watched} * 200 + title.length) / (2 * std::int64_t{title.length});
  truth_.skips += watched < 50 && watched < title.length * 100 ? 1 : 0;
  truth_.clipped += clipped ? 1 : 0;
  if (dirt == StreamDirt::unknown_video) {
    unknown_seen_[unknown] = true;
  }
}

// Nested, seconds and milliseconds; `told` are hundredths of a minute.
std::string Generator::stream_row(const Sitting &sitting, const Playback &playback, StreamDirt dirt,
                                  const std::string &event_id, const std::string &video,
                                  std::int64_t told) const {
  std::string row = R"({"stream_id": ")" + event_id + "\", ";
  write_time(row, playback.second, dirt, "started_at");
  row += R"(, "viewer": {)";
  if (dirt != StreamDirt::missing_user) {
    row += R"("user_id": ")" + user_id(sitting.user) + '"';
  }
  if (dirt != StreamDirt::missing_region) {
    row += dirt == StreamDirt::missing_user ? R"("region_id": ")" : R"(, "region_id": ")";
    row += viewer_regions()[sitting.region].id;
    row += '"';
  }
  row += R"(}, "content": {"video_id": ")" + video + R"(", "length_minutes": )";
  append_number(row, catalogue_.titles()[playback.title].length);
  row += R"(}, "device": {"device_id": ")" + device_id(sitting.user, sitting.device) +
         R"("}, "playback": {"watched_seconds": )";
  if (dirt == StreamDirt::text_in_number) {
    row += "\"forty\"";
  } else {
    row += dirt == StreamDirt::negative ? "-" : "";
    append_decimal(row, (dirt == StreamDirt::negative ? told + 1 : told) * 6, 1);
  }
  row += R"(, "buffering_ms": )";
  append_number(row, std::int64_t{playback.buffering} * 100);
  row += R"(, "stalls": )";
  append_number(row, playback.buffering_events);
  row += R"(, "startup_ms": )";
  append_number(row, std::int64_t{playback.startup} * 100);
  row += R"(, "quality": ")";
  row += playback.quality;
  row += R"(", "bitrate_kbps": )";
  append_number(row, playback.bitrate);
  return row + "}}";
}

void Generator::write_playback(const Sitting &sitting, const Playback &playback) {
  const Title &title = catalogue_.titles()[playback.title];
  const StreamDirt dirt = choose_dirt(playbacks);
  sources_->after(sitting, playback, next_event_);
  const std::string event_id = numbered("E", static_cast<std::int64_t>(next_event_++), 10);
  const std::uint32_t unknown = dirt_->below(unknown_videos);
  const bool late = !last_day_ && dirt_->chance(options_.dirty_ppm / 2);
  std::uint32_t watched = playback.watched;
  std::uint32_t told = watched;
  if (dirt == StreamDirt::too_long) {
    watched = title.length * 100;
    told = watched + 100 + dirt_->below(6'000);
  }
  if (!is_rejected(dirt)) {
    truth_.late += late ? 1 : 0;
    count(sitting, playback, dirt, watched, dirt == StreamDirt::too_long, unknown);
  }
  if (viewers_.device(sitting.user, sitting.device).os == set_top_system) {
    const std::string video =
        video_id(dirt == StreamDirt::unknown_video ? 90'000 + unknown : playback.title);
    put(streams, stream_row(sitting, playback, dirt, event_id, video, told), dirt, late);
    write_interactions(sitting, playback, event_id);
    return;
  }

  std::string row = R"({"event_id": ")" + event_id + '"';
  if (dirt != StreamDirt::missing_user) {
    row += R"(, "user_id": ")" + user_id(sitting.user) + '"';
  }
  row += R"(, "video_id": ")" + (dirt == StreamDirt::unknown_video ? video_id(90'000 + unknown)
                                                                   : video_id(playback.title));
  row += R"(", "device_id": ")" + device_id(sitting.user, sitting.device) + '"';
  if (dirt != StreamDirt::missing_region) {
    row += R"(, "region_id": ")";
    row += viewer_regions()[sitting.region].id;
    row += '"';
  }
  row += ", ";
  write_time(row, playback.second, dirt);
  row += R"(, "watch_duration": )";
  if (dirt == StreamDirt::text_in_number) {
    row += "\"forty\"";
  } else {
    row += dirt == StreamDirt::negative ? "-" : "";
    append_decimal(row, dirt == StreamDirt::negative ? told + 1 : told, 2);
  }
  row += R"(, "buffering_time": )";
  append_decimal(row, playback.buffering, 1);
  row += R"(, "buffering_events": )";
  append_number(row, playback.buffering_events);
  row += R"(, "startup_time": )";
  append_decimal(row, playback.startup, 1);
  row += R"(, "quality_level": ")";
  row += playback.quality;
  row += R"(", "bitrate": )";
  append_number(row, playback.bitrate);
  row += R"(, "video_length": )";
  append_number(row, title.length);
  row += '}';
  put(playbacks, row, dirt, late);
  write_interactions(sitting, playback, event_id);
}

void Generator::write_interactions(const Sitting &sitting, const Playback &playback,
                                   const std::string &event_id) {
  const auto interact = [&](bool happens, std::string_view action, std::int64_t &total) {
    if (!happens) {
      return;
    }
    const StreamDirt dirt = choose_dirt(interactions);
    std::string row = R"({"interaction_id": ")";
    row += action;
    row += '-' + event_id + '"';
    if (dirt != StreamDirt::missing_user) {
      row += R"(, "user_id": ")" + user_id(sitting.user) + '"';
    }
    row += R"(, "video_id": ")" + video_id(playback.title) + R"(", "region_id": ")";
    row += viewer_regions()[sitting.region].id;
    row += R"(", "action": ")";
    row += action;
    row += "\", ";
    write_time(row, playback.second + playback.watched * 6 / 10, dirt);
    row += '}';
    put(interactions, row, dirt, false);
    total += is_rejected(dirt) ? 0 : 1;
  };
  interact(playback.liked, "like", truth_.likes);
  interact(playback.shared, "share", truth_.shares);
  interact(playback.commented, "comment", truth_.comments);
}

void Generator::write_recommendation(const Sitting &sitting, const Recommendation &recommendation) {
  const StreamDirt dirt = choose_dirt(recommendations);
  std::string row = R"({"recommendation_id": ")" +
                    numbered("R", static_cast<std::int64_t>(next_event_++), 10) + '"';
  if (dirt != StreamDirt::missing_user) {
    row += R"(, "user_id": ")" + user_id(sitting.user) + '"';
  }
  row += R"(, "video_id": ")" + video_id(recommendation.title) + R"(", "region_id": ")";
  row += viewer_regions()[sitting.region].id;
  row += R"(", "recommendation_score": )";
  if (dirt == StreamDirt::text_in_number) {
    row += "\"high\"";
  } else {
    row += dirt == StreamDirt::negative ? "-0." : recommendation.score == 10'000 ? "1." : "0.";
    append_number(row, recommendation.score % 10'000 + (dirt == StreamDirt::negative ? 1 : 0), 4);
  }
  row += recommendation.clicked ? R"(, "click_flag": 1)" : R"(, "click_flag": 0)";
  row += recommendation.watched ? R"(, "watch_flag": 1, )" : R"(, "watch_flag": 0, )";
  write_time(row, recommendation.second, dirt);
  row += '}';
  put(recommendations, row, dirt, false);
  if (!is_rejected(dirt)) {
    ++truth_.recommendations;
    truth_.clicks += recommendation.clicked ? 1 : 0;
    truth_.watches += recommendation.watched ? 1 : 0;
  }
}

void Generator::write(const Sitting &sitting) {
  const std::int64_t end = (std::int64_t{options_.to} + 1) * 86'400;
  for (const Recommendation &recommendation : sitting.recommendations) {
    write_recommendation(sitting, recommendation);
  }
  for (const Playback &playback : sitting.playbacks) {
    if (playback.second < end) { // the span ends, though the viewer watches on
      write_playback(sitting, playback);
    }
  }
}

void Generator::watch_slot(std::int64_t second) {
  const std::int64_t minute = second / 60;
  const auto slots = static_cast<std::uint64_t>((options_.to - options_.from + 1) * slots_per_day);
  Sitting sitting;
  for (std::size_t r = 0; r < region_count; ++r) {
    const ViewerRegion &region = viewer_regions()[r];
    Random random(options_.seed, purpose_sittings + r * 1'000,
                  static_cast<std::uint64_t>(second / slot_seconds));
    // Sittings per slot in millionths; below a thousandth by chance.
    const auto usual =
        static_cast<std::uint64_t>(static_cast<unsigned __int128>(options_.events) * 1'000'000'000 *
                                   region.weight / 1'000 / playbacks_per_sitting_milli / slots);
    const auto begin = [&](std::uint64_t micro, std::optional<std::uint32_t> live) {
      const std::uint64_t milli = micro / 1'000 + (random.below(1'000) < micro % 1'000 ? 1 : 0);
      for (std::uint64_t n = random.count(milli); n > 0; --n) {
        play(viewers_, catalogue_, r,
             second + random.below(static_cast<std::uint32_t>(slot_seconds)), live, random,
             sitting);
        write(sitting);
      }
    };
    begin(usual * liveliness(region, minute) / 1'000, std::nullopt);
    for (const Catalogue::Live &live : catalogue_.live()) {
      // The hour around the start: the stream of a live event fills within minutes, whatever the
      // local hour.
      if (minute >= live.begins - 20 && minute < live.begins + 30) {
        begin(usual * 3, live.title);
      }
    }
  }
}

void Generator::watch_day(Day day) {
  last_day_ = day == options_.to;
  dirt_ = std::make_unique<Random>(options_.seed, purpose_dirt, static_cast<std::uint64_t>(day));
  for (const auto &[feed, folder] : {std::pair{playbacks, "playback/playback_"},
                                     std::pair{interactions, "interactions/interactions_"},
                                     std::pair{recommendations, "recommendations/recommendations_"},
                                     std::pair{streams, "streams/streams_"}}) {
    day_paths_[feed] = folder;
    append_date(day_paths_[feed], day);
    day_tables_[feed].reset();
    if (!tomorrow_[feed].empty()) {
      day_table(feed).row() += std::exchange(tomorrow_[feed], {});
    }
  }
  sources_->begin_day(day);
  for (std::int64_t slot = 0; slot < slots_per_day; ++slot) {
    env_.poll();
    watch_slot(std::int64_t{day} * 86'400 + slot * slot_seconds);
  }
  for (const Feed feed : {playbacks, interactions, recommendations, streams}) {
    if (day_tables_[feed]) {
      day_tables_[feed]->close();
    }
  }
  sources_->end_day();
}

void Generator::finish() {
  truth_.inferred_videos = std::count(unknown_seen_.begin(), unknown_seen_.end(), true);
  // Dimensions first, so that facts find their members; within a feed in the order of time.
  std::stable_sort(order_.begin(), order_.end(),
                   [](const auto &a, const auto &b) { return a.first < b.first; });
  Table manifest(output_, "LOAD_ORDER");
  for (const auto &[feed, path] : order_) {
    manifest.row() += truth_.feeds[feed].name + '\t' + path + '\n';
  }
  manifest.close();
  Table truth(output_, "TRUTH.json");
  append_truth_json(truth.row(), options_, truth_);
  truth.close();
}

StreamflixTruth Generator::run() {
  write_regions();
  write_videos();
  constexpr Day long_ago = calendar::day_from_civil(2001, 1, 1);
  write_people(long_ago, options_.from + 1);
  Day written_until = options_.from + 1;
  for (Day day = options_.from; day <= options_.to; ++day) {
    watch_day(day);
    if (day == options_.to || calendar::civil_from_day(day + 1).day == 1) {
      write_people(written_until, day + 1);
      written_until = day + 1;
    }
  }
  finish();
  return std::move(truth_);
}

} // namespace

void check(const StreamflixOptions &options) {
  const auto refuse = [](const std::string &message, const std::string &hint) {
    throw Error(sqlstate::invalid_parameter_value, message, hint);
  };
  if (options.events < 1'000 || options.events > 1'000'000'000) {
    refuse("number of events out of range: " + std::to_string(options.events),
           "Give a number from 1000 to 1000000000.");
  }
  if (options.from > options.to) {
    refuse("the first day lies after the last one", "Give --from and --to in order.");
  }
  if (options.from < calendar::day_from_civil(2023, 1, 1) ||
      options.to > calendar::day_from_civil(2035, 12, 31)) {
    refuse("dates out of range", "Choose days between 2023-01-01 and 2035-12-31: the viewers' "
                                 "clocks follow the rules of these years.");
  }
  if (options.dirty_ppm > million / 2) {
    refuse("share of dirty records out of range", "Give a share from 0 to 0.5.");
  }
}

StreamflixTruth generate_streamflix(const StreamflixOptions &options, Output &output,
                                    const Env &env) {
  check(options);
  return Generator(options, output, env).run();
}

} // namespace starhouse::generate
