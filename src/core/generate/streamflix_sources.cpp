#include "core/generate/streamflix_sources.hpp"

#include "core/generate/streamflix.hpp"
#include "core/generate/text.hpp"

#include <algorithm>
#include <utility>

namespace starhouse::generate {

namespace {

enum Purpose : std::uint64_t {
  purpose_review = 720,
  purpose_post = 721,
  purpose_rating = 722,
  purpose_license = 723,
  purpose_production = 724,
  purpose_cost = 725,
};

constexpr std::int64_t day_seconds = 86'400;
constexpr Day long_ago = calendar::day_from_civil(2001, 1, 1);
constexpr int week = 7;

constexpr std::array<std::string_view, source_count> names{
    "productions", "production_costs", "vendor_content", "reviews", "social_posts", "site_ratings"};

constexpr std::array<std::string_view, 10> texts{"Watched it twice.",
                                                 "Too long by half an hour.",
                                                 "The ending makes up for it.",
                                                 "Great cast, thin story.",
                                                 "My children loved it.",
                                                 "Could not stop.",
                                                 "Not what the title says.",
                                                 "Fine for a rainy evening.",
                                                 "The music alone is worth it.",
                                                 "Expected more."};

constexpr std::array<std::string_view, 6> platforms{"twitter", "instagram", "tiktok",
                                                    "youtube", "facebook",  "reddit"};

struct Vendor {
  std::string_view id;
  std::string_view name;
  std::string_view country;
};
constexpr std::array<Vendor, 8> vendors{{{"AURORA", "Aurora Pictures", "Canada"},
                                         {"BLUEGATE", "Bluegate Media", "United Kingdom"},
                                         {"CORAL", "Coral Studios", "Australia"},
                                         {"DELTA9", "Delta Nine", "United States"},
                                         {"EBONY", "Ebony Film", "South Africa"},
                                         {"FJORD", "Fjord Films", "Norway"},
                                         {"GANGA", "Ganga Talkies", "India"},
                                         {"HANA", "Hana Entertainment", "South Korea"}}};

struct Site {
  std::string_view id;
  std::string_view name;
  std::int64_t scale;
};
constexpr std::array<Site, 3> sites{{{"cinemeter", "Cinemeter", 10},
                                     {"starboard", "Starboard", 5},
                                     {"criticsroom", "Critics' Room", 100}}};

// A title in 25 comes out during the span; every fourth of those is the work of an own studio.
constexpr std::uint64_t made_in_house = 24;
constexpr std::uint64_t in_production = 16;
constexpr std::uint64_t title_of(std::uint64_t production) {
  return 24 + 100 * production;
}
constexpr std::array<std::string_view, 4> studios{"North Lot", "Harbour Stage", "Hill Studio",
                                                  "Studio Nine"};
constexpr std::array<std::string_view, 5> stages{"development", "pre-production", "filming",
                                                 "post-production", "released"};
constexpr std::array<int, 5> days_before_release{300, 210, 150, 70, 0};
constexpr std::array<std::string_view, 6> cost_types{"cast",    "crew",  "set",
                                                     "effects", "music", "other"};

void append_cents(std::string &out, std::int64_t cents) {
  append_number(out, cents / 100);
  out += '.';
  append_number(out, cents % 100, 2);
}

void text_member(std::string &row, std::string_view key, std::string_view value) {
  row += ", \"";
  row += key;
  row += R"(": ")";
  row += value;
  row += '"';
}

bool enjoyed(const Playback &playback, const Title &title) {
  return playback.watched >= title.length * 60;
}

} // namespace

std::string video_id(std::uint64_t number) {
  return numbered("V", static_cast<std::int64_t>(number) + 1, 5);
}
std::string user_id(std::uint64_t user) {
  return numbered("U", static_cast<std::int64_t>(user) + 1, 7);
}
void append_moment(std::string &out, std::int64_t second) {
  append_date(out, static_cast<Day>(second / 86'400));
  out += 'T';
  append_time(out, static_cast<std::int32_t>(second % 86'400));
  out += 'Z';
}

void append_moment(std::string &out, std::int64_t second, StreamDirt dirt) {
  switch (dirt) {
  case StreamDirt::odd_date:
    append_number(out, second + 946'684'800);
    return;
  case StreamDirt::no_such_date:
    out += "\"2025-02-30T20:00:00Z\"";
    return;
  case StreamDirt::future:
    out += "\"2097-01-01T20:00:00Z\"";
    return;
  default:
    out += '"';
    append_moment(out, second);
    out += '"';
  }
}

Sources::Sources(const StreamflixOptions &options, const Catalogue &catalogue, Output &output,
                 std::function<void(Source, const std::string &)> opened, StreamflixTruth &truth)
    : options_(options), catalogue_(catalogue), output_(output), opened_(std::move(opened)),
      truth_(truth) {
  truth_.first_source = truth_.feeds.size();
  for (const std::string_view name : names) {
    StreamFeedCounts counts;
    counts.name = name;
    truth_.feeds.push_back(std::move(counts));
  }
}

Table &Sources::table(Source source) {
  const auto index = static_cast<std::size_t>(source);
  if (!tables_[index]) {
    std::string path(names[index]);
    path += '/';
    path += names[index];
    path += '_';
    append_date(path, day_);
    path += ".jsonl";
    ++counts(source).files;
    opened_(source, path);
    tables_[index] = std::make_unique<Table>(output_, path, names[index]);
  }
  return *tables_[index];
}

void Sources::open(Source source) {
  const auto index = static_cast<std::size_t>(source);
  tables_[index].reset();
  if (!tomorrow_[index].empty()) {
    table(source).row() += std::exchange(tomorrow_[index], {});
  }
}

void Sources::close(Source source) {
  if (const auto &table = tables_[static_cast<std::size_t>(source)]) {
    table->close();
  }
}

StreamDirt Sources::choose_dirt(Source source, Random &random) const {
  if (!random.chance(options_.dirty_ppm)) {
    return StreamDirt::none;
  }
  const std::uint32_t kind = random.below(100);
  if (kind < 25) {
    return source == Source::productions ? StreamDirt::repeated : StreamDirt::duplicate;
  }
  if (kind < 45) {
    return StreamDirt::odd_date;
  }
  if (kind < 60) { // nothing else has a member that may be missing
    return source == Source::productions || source == Source::site_ratings
               ? StreamDirt::odd_date
               : StreamDirt::missing_user;
  }
  if (kind < 70) {
    return StreamDirt::text_in_number;
  }
  if (kind < 78) {
    return StreamDirt::no_such_date;
  }
  if (kind < 87) { // a cost may be a refund
    return source == Source::production_costs ? StreamDirt::text_in_number : StreamDirt::negative;
  }
  return kind < 92 ? StreamDirt::future : StreamDirt::broken_json;
}

bool Sources::is_last(Source source) const noexcept {
  const bool daily = source == Source::reviews || source == Source::social_posts;
  return day_ + (daily ? 1 : week) > options_.to;
}

void Sources::put(Source source, const std::string &row, StreamDirt dirt, bool late) {
  const auto index = static_cast<std::size_t>(source);
  StreamFeedCounts &count = counts(source);
  ++count.records;
  ++count.dirt[static_cast<std::size_t>(dirt)];
  std::string record = dirt == StreamDirt::broken_json ? row.substr(0, row.size() * 2 / 3) : row;
  record += '\n';
  std::string &out = late ? tomorrow_[index] : table(source).row();
  out += record;
  if (dirt == StreamDirt::duplicate || dirt == StreamDirt::repeated) {
    ++count.records;
    out += record;
  }
}

void Sources::revise(Source source, const std::string &row, bool at_once) {
  const auto index = static_cast<std::size_t>(source);
  StreamFeedCounts &count = counts(source);
  ++count.records;
  ++count.revisions;
  std::string &out = at_once ? table(source).row() : tomorrow_[index];
  out += row;
  out += '\n';
}

void Sources::begin_day(Day day) {
  day_ = day;
  open(Source::reviews);
  open(Source::social_posts);
  if ((day - options_.from) % week != 0) {
    return;
  }
  const Day from = day == options_.from ? long_ago : day;
  const Day to = std::min(day + week, options_.to + 1);
  for (const Source source : {Source::productions, Source::production_costs, Source::vendor_content,
                              Source::site_ratings}) {
    open(source);
  }
  write_productions(from, to);
  write_licenses(from, to);
  write_ratings();
  for (const Source source : {Source::productions, Source::production_costs, Source::vendor_content,
                              Source::site_ratings}) {
    close(source);
  }
}

void Sources::end_day() {
  close(Source::reviews);
  close(Source::social_posts);
}

void Sources::after(const Sitting &sitting, const Playback &playback, std::uint64_t event) {
  const Title &title = catalogue_.titles()[playback.title];
  Random review(options_.seed, purpose_review, event);
  if (review.chance(enjoyed(playback, title) ? 25'000 : 5'000)) {
    write_review(sitting, playback, event, review);
  }
  Random post(options_.seed, purpose_post, event);
  if (post.chance(title.live ? 60'000 : 25'000)) {
    write_post(playback, event, post);
  }
}

void Sources::write_time(std::string &row, std::string_view key, std::int64_t second,
                         StreamDirt dirt) {
  row += ", \"";
  row += key;
  row += "\": ";
  append_moment(row, second, dirt);
}

void Sources::write_day(std::string &row, std::string_view key, Day day, StreamDirt dirt) {
  if (dirt == StreamDirt::odd_date) {
    write_time(row, key, std::int64_t{day} * day_seconds + day_seconds / 2, dirt);
    return;
  }
  row += ", \"";
  row += key;
  row += "\": \"";
  if (dirt == StreamDirt::no_such_date) {
    row += "2025-02-30";
  } else if (dirt == StreamDirt::future) {
    row += "2097-01-01";
  } else {
    append_date(row, day);
  }
  row += '"';
}

// Stars follow how much was watched. One in twelve is edited a day later; where the review itself
// comes late, the edit comes before it.
void Sources::write_review(const Sitting &sitting, const Playback &playback, std::uint64_t event,
                           Random &random) {
  const bool good = enjoyed(playback, catalogue_.titles()[playback.title]);
  const StreamDirt dirt = choose_dirt(Source::reviews, random);
  const bool late = !is_last(Source::reviews) && random.chance(options_.dirty_ppm / 2);
  const std::int64_t second =
      playback.second + playback.watched * 6 / 10 + 30 + random.below(3'600);
  std::int64_t stars = good ? 5 - random.skewed_below(3) : 1 + random.skewed_below(3);
  const auto row = [&](StreamDirt kind, bool edited, bool withdrawn) {
    std::string out =
        R"({"review_id": ")" + numbered("W", static_cast<std::int64_t>(event), 10) + '"';
    if (dirt != StreamDirt::missing_user) {
      text_member(out, "user_id", user_id(sitting.user));
    }
    text_member(out, "video_id", video_id(playback.title));
    out += R"(, "stars": )";
    if (kind == StreamDirt::text_in_number) {
      out += "\"five\"";
    } else {
      out += kind == StreamDirt::negative ? "-" : "";
      append_number(out, stars);
    }
    if (event % 5 < 3) {
      text_member(out, "text", texts[event % texts.size()]);
    }
    write_time(out, "submitted_at", second, kind);
    if (edited) {
      write_time(out, "edited_at", second + day_seconds, StreamDirt::none);
      out += R"(, "helpful_votes": )";
      append_number(out, static_cast<std::int64_t>(event % 7));
    }
    return out + (withdrawn ? R"(, "withdrawn": true})" : "}");
  };
  put(Source::reviews, row(dirt, false, false), dirt, late);
  if (is_rejected(dirt)) {
    return;
  }
  bool withdrawn = false;
  if (random.chance(80'000) && (late || !is_last(Source::reviews))) {
    withdrawn = random.chance(120'000);
    stars = stars < 5 ? stars + 1 : 4;
    revise(Source::reviews, row(StreamDirt::none, true, withdrawn), late);
  }
  ++truth_.sources.reviews;
  truth_.sources.stars += stars;
  truth_.sources.withdrawn += withdrawn ? 1 : 0;
}

// Three in ten are looked at again a day later, when they have been seen by more.
void Sources::write_post(const Playback &playback, std::uint64_t event, Random &random) {
  const bool good = enjoyed(playback, catalogue_.titles()[playback.title]);
  const StreamDirt dirt = choose_dirt(Source::social_posts, random);
  const bool late = !is_last(Source::social_posts) && random.chance(options_.dirty_ppm / 2);
  const std::int64_t second =
      playback.second + playback.watched * 6 / 10 + 30 + random.below(3'600);
  const std::string_view platform =
      platforms[random.skewed_below(static_cast<std::uint32_t>(platforms.size()))];
  const std::int32_t tone = good ? random.between(-20, 99) : random.between(-99, 40);
  const bool judged = !random.chance(100'000);
  std::int64_t reach = 20 + random.skewed_below(20'000);
  const auto row = [&](StreamDirt kind, bool again) {
    std::string out = R"({"platform": ")";
    out += platform;
    out += '"';
    text_member(out, "post_id", numbered("post-", static_cast<std::int64_t>(event), 10));
    if (dirt != StreamDirt::missing_user) {
      text_member(out, "video_id", video_id(playback.title));
    }
    write_time(out, "posted_at", second, kind);
    write_time(out, "observed_at", second + (again ? day_seconds : 600),
               is_rejected(kind) ? StreamDirt::none : kind);
    if (judged) {
      out += tone < 0 ? R"(, "sentiment": -0.)" : R"(, "sentiment": 0.)";
      append_number(out, tone < 0 ? -tone : tone, 2);
    }
    out += R"(, "counters": {"likes": )";
    if (kind == StreamDirt::text_in_number) {
      out += "\"many\"";
    } else {
      out += kind == StreamDirt::negative ? "-" : "";
      append_number(out, reach / 20);
    }
    out += R"(, "shares": )";
    append_number(out, reach / 90);
    out += R"(, "replies": )";
    append_number(out, reach / 60);
    out += R"(, "reach": )";
    append_number(out, reach);
    return out + "}}";
  };
  put(Source::social_posts, row(dirt, false), dirt, late);
  if (is_rejected(dirt)) {
    return;
  }
  if (random.chance(300'000) && (late || !is_last(Source::social_posts))) {
    reach *= 2;
    revise(Source::social_posts, row(StreamDirt::none, true), late);
  }
  ++truth_.sources.posts;
  truth_.sources.reach += reach;
  truth_.sources.post_likes += reach / 20;
}

// Each site rates a fifth of the titles that are out, once a week; one in fifty is looked at twice
// that day, and the second look comes first.
void Sources::write_ratings() {
  const auto weeks = static_cast<std::uint64_t>((day_ - options_.from) / week);
  for (std::size_t s = 0; s < sites.size(); ++s) {
    const Site &site = sites[s];
    for (std::size_t i = s; i < catalogue_.titles().size(); i += 5) {
      if (catalogue_.titles()[i].added > day_) {
        continue;
      }
      Random worth(options_.seed, purpose_rating, i);
      const std::int64_t per_mille = worth.between(350, 950) + static_cast<std::int64_t>(weeks % 3);
      Random random(options_.seed, purpose_rating + 1'000 * (s + 1), i * 1'000 + weeks);
      std::int64_t votes = (20 + random.skewed_below(400)) * (static_cast<std::int64_t>(weeks) + 1);
      const StreamDirt dirt = choose_dirt(Source::site_ratings, random);
      const bool late = !is_last(Source::site_ratings) && random.chance(options_.dirty_ppm / 2);
      const auto row = [&](StreamDirt kind, std::int64_t second) {
        std::string out = R"({"site": {"site_id": ")";
        out += site.id;
        text_member(out += '"', "name", site.name);
        out += R"(, "scale": )";
        append_number(out, site.scale);
        out += '}';
        text_member(out, "video_id", video_id(i));
        out += R"(, "score": )";
        if (kind == StreamDirt::text_in_number) {
          out += "\"good\"";
        } else {
          const std::int64_t tenths = per_mille * site.scale / 100;
          append_number(out, tenths / 10);
          out += '.';
          append_number(out, tenths % 10);
        }
        out += R"(, "votes": )";
        append_number(out, kind == StreamDirt::negative ? -votes : votes);
        write_time(out, "observed_at", second, kind);
        return out + '}';
      };
      const std::int64_t second =
          std::int64_t{day_} * day_seconds + 21'600 + static_cast<std::int64_t>(i);
      const std::string first = row(dirt, second);
      if (!is_rejected(dirt)) {
        if (random.chance(20'000)) {
          votes += 10;
          revise(Source::site_ratings, row(StreamDirt::none, second + 3'600), true);
        }
        ++truth_.sources.ratings;
        truth_.sources.votes += votes;
      }
      put(Source::site_ratings, first, dirt, late);
    }
  }
}

// A third of what is not made in-house is licensed. One in seven is revised later; where both come
// with the first file, the revision comes first.
void Sources::write_licenses(Day from, Day to) {
  for (std::size_t i = 0; i < catalogue_.titles().size(); ++i) {
    const Title &title = catalogue_.titles()[i];
    Random random(options_.seed, purpose_license, i);
    if (i % 25 == 24 || title.live || !random.chance(330'000)) {
      continue;
    }
    const Day signed_on = std::max(title.added - 10 - static_cast<Day>(random.below(60)),
                                   options_.from - 300 - static_cast<Day>(random.below(60)));
    const Day begins = std::max(title.added, signed_on);
    Day ends = begins + 365 + static_cast<Day>(random.below(730));
    std::int64_t fee = std::int64_t{100'000} * (1 + random.skewed_below(900)); // cents
    const Vendor &vendor = vendors[random.skewed_below(static_cast<std::uint32_t>(vendors.size()))];
    const StreamDirt dirt = choose_dirt(Source::vendor_content, random);
    const bool revised = !is_rejected(dirt) && random.chance(150'000);
    const Day revised_on = signed_on + 20 + static_cast<Day>(random.below(300));
    const auto row = [&](StreamDirt kind, int revision) {
      std::string out =
          R"({"license_id": ")" + numbered("L", static_cast<std::int64_t>(i) + 1, 5) + '"';
      out += R"(, "revision": )";
      append_number(out, revision);
      if (dirt != StreamDirt::missing_user) {
        out += R"(, "vendor": {"vendor_id": ")";
        out += vendor.id;
        text_member(out += '"', "name", vendor.name);
        text_member(out, "country", vendor.country);
        out += '}';
      }
      out += R"(, "video": {"video_id": ")" + video_id(i) + '"';
      text_member(out, "title", title.name);
      out += R"(, "genres": [")";
      out += genre_names[title.genre];
      out += "\"]";
      text_member(out, "language", title.language);
      out += R"(}, "exclusive": )";
      out += i % 4 == 0 ? "true" : "false";
      out += R"(, "terms": {"fee_usd": )";
      if (kind == StreamDirt::text_in_number) {
        out += "\"much\"";
      } else {
        out += kind == StreamDirt::negative ? "-" : "";
        append_cents(out, fee);
      }
      write_day(out, "signed_on", signed_on, kind);
      write_day(out, "from", begins, StreamDirt::none);
      write_day(out, "to", ends, StreamDirt::none);
      return out + "}}";
    };
    const bool signed_now = signed_on >= from && signed_on < to;
    const bool revised_now = revised && revised_on >= from && revised_on < to;
    const std::string first = row(dirt, 1);
    const std::int64_t first_fee = fee;
    if (revised_now) {
      ends += 180;
      fee += fee / 5;
      revise(Source::vendor_content, row(StreamDirt::none, 2), true);
      truth_.sources.fees += fee - first_fee;
    }
    if (signed_now) {
      put(Source::vendor_content, first, dirt,
          !is_last(Source::vendor_content) && random.chance(options_.dirty_ppm / 2));
      if (!is_rejected(dirt)) {
        ++truth_.sources.licenses;
        truth_.sources.fees += first_fee;
      }
    }
  }
}

// From an idea to the release, told stage by stage; every other one is late. Costs are booked every
// month until then.
void Sources::write_productions(Day from, Day to) {
  for (std::uint64_t p = 0; p < made_in_house + in_production; ++p) {
    Random random(options_.seed, purpose_production, p);
    const bool made = p < made_in_house;
    const Day release = made ? catalogue_.titles()[title_of(p)].added
                             : options_.to + 10 + static_cast<Day>(p - made_in_house) * 15;
    const int slip = random.chance(500'000) ? random.between(20, 90) : 0;
    const std::int64_t budget = std::int64_t{1'000'000} * random.between(2, 60);
    const std::string id = numbered("P", static_cast<std::int64_t>(p) + 1, 3);
    for (std::size_t s = 0; s < stages.size(); ++s) {
      const StreamDirt dirt = choose_dirt(Source::productions, random);
      const bool late = random.chance(options_.dirty_ppm / 2) && !is_last(Source::productions);
      const Day day = release - days_before_release[s];
      if (day < from || day >= to) {
        continue;
      }
      std::string row = R"({"production_id": ")" + id + '"';
      write_time(row, "effective_at", std::int64_t{day} * day_seconds, dirt);
      text_member(row, "stage", stages[s]);
      if (s == 0) {
        text_member(row, "title",
                    made ? catalogue_.titles()[title_of(p)].name
                         : numbered("Untitled ", static_cast<std::int64_t>(p), 2));
        text_member(row, "studio", studios[p % studios.size()]);
      }
      if (s == 0 || s == 3) {
        write_day(row, "planned_release", s == 0 ? release - slip : release, StreamDirt::none);
      }
      if (s == 4) {
        text_member(row, "video_id", video_id(title_of(p)));
      }
      row += R"(, "budget_usd": )";
      if (dirt == StreamDirt::text_in_number) {
        row += "\"enough\"";
      } else {
        append_number(row, dirt == StreamDirt::negative ? -budget : budget);
      }
      put(Source::productions, row + '}', dirt, late);
      truth_.sources.production_versions += is_rejected(dirt) ? 0 : 1;
    }
    std::int64_t number = 0;
    for (Day day = release - days_before_release[0] + 15; day < release; day += 30, ++number) {
      Random cost(options_.seed, purpose_cost, p * 1'000 + static_cast<std::uint64_t>(number));
      const StreamDirt dirt = choose_dirt(Source::production_costs, cost);
      const bool refund = cost.chance(30'000);
      const std::int64_t cents = budget * 100 / 12 * cost.between(600, 1'200) / 1'000;
      if (day < from || day >= to) {
        continue;
      }
      std::string row = R"({"booking_id": ")" + id + '-';
      append_number(row, number);
      row += '"';
      if (dirt != StreamDirt::missing_user) {
        text_member(row, "production_id", id);
      }
      text_member(row, "cost_type",
                  cost_types[static_cast<std::size_t>(number) % cost_types.size()]);
      row += R"(, "amount_usd": )";
      if (dirt == StreamDirt::text_in_number) {
        row += "\"much\"";
      } else {
        row += refund ? "-" : "";
        append_cents(row, cents);
      }
      write_day(row, "booked_on", day, dirt);
      put(Source::production_costs, row + '}', dirt,
          !is_last(Source::production_costs) && cost.chance(options_.dirty_ppm / 2));
      if (!is_rejected(dirt)) {
        ++truth_.sources.bookings;
        truth_.sources.costs += refund ? -cents : cents;
      }
    }
  }
}

} // namespace starhouse::generate
