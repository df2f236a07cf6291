#include "core/generate/streamflix_truth.hpp"

#include "core/generate/json.hpp"
#include "core/generate/streamflix.hpp"
#include "core/generate/text.hpp"

namespace starhouse::generate {

namespace {

// Hundredths as text, so that no reader rounds them.
std::string hundredths(std::int64_t value) {
  std::string text = "\"";
  append_money(text, value);
  return text + '"';
}

void view_measures(Json &json, std::string_view key, const ViewMeasures &measures) {
  std::string text = R"({"views": )";
  append_number(text, measures.views);
  text += R"(, "minutes": )" + hundredths(measures.watched) + '}';
  json.raw(key, text);
}

} // namespace

std::string_view dirt_name(StreamDirt dirt) noexcept {
  constexpr std::array<std::string_view, stream_dirt_count> names{
      "none",     "odd_date",  "missing_user", "missing_region", "unknown_video",
      "too_long", "duplicate", "repeated",     "text_in_number", "no_such_date",
      "negative", "future",    "broken_json"};
  return names[static_cast<std::size_t>(dirt)];
}

std::int64_t StreamFeedCounts::rejected() const noexcept {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < stream_dirt_count; ++i) {
    sum += is_rejected(static_cast<StreamDirt>(i)) ? dirt[i] : 0;
  }
  return sum;
}

void append_truth_json(std::string &out, const StreamflixOptions &options,
                       const StreamflixTruth &truth) {
  Json json(out);
  json.open("", '{');
  json.open("options", '{');
  json.number("seed", static_cast<std::int64_t>(options.seed));
  json.number("events", static_cast<std::int64_t>(options.events));
  std::string day;
  append_date(day, options.from);
  json.text("from", day);
  day.clear();
  append_date(day, options.to);
  json.text("to", day);
  json.number("dirty_ppm", options.dirty_ppm);
  json.close();
  json.open("feeds", '{');
  for (const StreamFeedCounts &feed : truth.feeds) {
    json.open(feed.name, '{');
    json.number("files", feed.files);
    json.number("records", feed.records);
    json.number("duplicates", feed.duplicates());
    json.number("rejected", feed.rejected());
    if (feed.revisions > 0) {
      json.number("revisions", feed.revisions);
    }
    json.open("dirt", '{');
    for (std::size_t i = 1; i < stream_dirt_count; ++i) {
      if (feed.dirt[i] > 0) {
        json.number(dirt_name(static_cast<StreamDirt>(i)), feed.dirt[i]);
      }
    }
    json.close();
    json.close();
  }
  json.close();
  json.open("playbacks", '{');
  view_measures(json, "all", truth.all);
  json.raw("buffering_seconds", hundredths(truth.buffering * 10));
  json.raw("completion_percent_sum", hundredths(truth.completion));
  json.number("skips", truth.skips);
  json.number("clipped", truth.clipped);
  json.number("late", truth.late);
  json.open("by_region", '{');
  for (std::size_t r = 0; r < region_count; ++r) {
    view_measures(json, viewer_regions()[r].id, truth.by_region[r]);
  }
  json.close();
  json.open("by_genre", '{');
  for (std::size_t g = 0; g <= genre_count; ++g) {
    view_measures(json, g < genre_count ? genre_names[g] : "Unknown", truth.by_genre[g]);
  }
  json.close();
  json.open("by_subscription", '{');
  for (std::size_t p = 0; p <= plan_count; ++p) {
    view_measures(json, p < plan_count ? plan_name(static_cast<Plan>(p)) : "Unknown",
                  truth.by_plan[p]);
  }
  json.close();
  json.open("by_os", '{');
  for (std::size_t s = 0; s < truth.by_system.size(); ++s) {
    view_measures(json, systems()[s], truth.by_system[s]);
  }
  json.close();
  json.open("by_local_hour", '{');
  for (std::size_t h = 0; h < 24; ++h) {
    json.number(std::to_string(h), truth.by_local_hour[h]);
  }
  json.close();
  json.close();
  json.open("recommendations", '{');
  json.number("shown", truth.recommendations);
  json.number("clicks", truth.clicks);
  json.number("watches", truth.watches);
  json.close();
  json.open("interactions", '{');
  json.number("likes", truth.likes);
  json.number("shares", truth.shares);
  json.number("comments", truth.comments);
  json.close();
  const SourceTruth &sources = truth.sources;
  json.open("sources", '{');
  json.number("production_versions", sources.production_versions);
  json.number("bookings", sources.bookings);
  json.raw("costs", hundredths(sources.costs));
  json.number("licenses", sources.licenses);
  json.raw("fees", hundredths(sources.fees));
  json.number("reviews", sources.reviews);
  json.number("stars", sources.stars);
  json.number("withdrawn", sources.withdrawn);
  json.number("posts", sources.posts);
  json.number("reach", sources.reach);
  json.number("post_likes", sources.post_likes);
  json.number("ratings", sources.ratings);
  json.number("votes", sources.votes);
  json.close();
  json.open("members", '{');
  json.number("users", truth.users);
  json.number("user_versions", truth.user_versions);
  json.number("devices", truth.devices);
  json.number("videos", truth.videos);
  json.number("inferred_videos", truth.inferred_videos);
  json.close();
  json.close();
  out += '\n';
}

} // namespace starhouse::generate
