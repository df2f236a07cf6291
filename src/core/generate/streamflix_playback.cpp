#include "core/generate/streamflix_playback.hpp"

#include <algorithm>
#include <array>

namespace starhouse::generate {

namespace {

// Viewing by local hour, per mille of the mean: most of it in the evening.
constexpr std::array<std::uint32_t, 24> by_hour{
    470, 280, 170, 110, 100, 130,   240,   400,   480,   520,   580,   700,
    840, 860, 830, 850, 980, 1'300, 2'150, 2'980, 3'120, 2'760, 1'900, 1'020};
constexpr std::uint32_t hour_mean = [] {
  std::uint32_t sum = 0;
  for (const std::uint32_t hour : by_hour) {
    sum += hour;
  }
  return sum / 24;
}();
constexpr std::array<std::uint32_t, 7> by_weekday{900, 880, 900, 930, 1'070, 1'200, 1'120};

constexpr std::uint32_t skips = 80;    // per mille of the playbacks: left within half a minute
constexpr std::uint32_t samples = 250; // left early
constexpr std::uint32_t another = 430; // per mille: another playback follows
constexpr std::uint32_t binge = 640;   // after an episode of a series

struct Quality {
  std::string_view name;
  std::uint32_t kbits;
};
constexpr std::array<Quality, 6> ladder{{{"2160p", 16'000},
                                         {"1080p", 5'800},
                                         {"720p", 3'000},
                                         {"480p", 1'500},
                                         {"360p", 800},
                                         {"240p", 400}}};

std::uint32_t watched_per_mille(Random &random) noexcept {
  const std::uint32_t at = random.below(1'000);
  if (at < samples) {
    return static_cast<std::uint32_t>(random.between(60, 450));
  }
  if (at < samples + 450) { // to the end or nearly so
    return static_cast<std::uint32_t>(random.between(930, 1'000));
  }
  return static_cast<std::uint32_t>(random.between(450, 960));
}

// The best quality that the plan allows and the line carries, and how the line copes with it.
void stream(const Device &device, Plan plan, Playback &playback, Random &random) noexcept {
  const std::uint32_t line = std::max<std::uint32_t>(
      150, device.bandwidth * static_cast<std::uint32_t>(random.between(60, 130))); // kbit/s
  std::size_t best = plan == Plan::premium ? 0 : plan == Plan::standard ? 1 : 2;
  while (best + 1 < ladder.size() && ladder[best].kbits * 3 / 2 > line) {
    ++best;
  }
  const std::uint32_t kbits = ladder[best].kbits;
  playback.quality = ladder[best].name;
  playback.bitrate = kbits * static_cast<std::uint32_t>(random.between(88, 104)) / 100;
  playback.startup = 3 + random.below(6) + std::min<std::uint32_t>(150, 60'000 / line);
  const std::uint32_t headroom = line * 100 / kbits;
  // Stalls in 42 minutes, in thousandths.
  const std::uint32_t stalls = headroom >= 400   ? 330
                               : headroom >= 250 ? 780
                               : headroom >= 170 ? 1'700
                               : headroom >= 120 ? 4'300
                                                 : 12'500;
  const std::uint64_t mean_milli = std::uint64_t{stalls} * (playback.watched + 200) / 4'400;
  playback.buffering_events = static_cast<std::uint32_t>(random.count(mean_milli));
  playback.buffering = 0;
  for (std::uint32_t i = 0; i < playback.buffering_events && i < 50; ++i) {
    playback.buffering += static_cast<std::uint32_t>(random.between(8, 60));
  }
}

void recommend(const Catalogue &catalogue, std::size_t region, Day day, std::int64_t second,
               Random &random, std::vector<Recommendation> &recommendations) {
  const std::uint32_t shown = 1 + random.below(4);
  for (std::uint32_t i = 0; i < shown; ++i) {
    Recommendation one{};
    one.second = second - static_cast<std::int64_t>(5 + random.below(60));
    one.title = catalogue.pick(region, day, random);
    one.score = 10'000 - random.skewed_below(9'500) * 9 / 10 - random.below(950);
    // From 1 in 100 at the lowest scores to 1 in 7 at the highest.
    const std::uint64_t square = std::uint64_t{one.score} * one.score / 100; // millionths
    one.clicked = random.chance(static_cast<std::uint32_t>(10'000 + square * 145 / 1'000));
    one.watched = one.clicked ? random.chance(620'000) : random.chance(6'000);
    recommendations.push_back(one);
  }
}

} // namespace

std::uint32_t liveliness(const ViewerRegion &region, std::int64_t utc_minute) noexcept {
  const std::int64_t local = utc_minute + offset_minutes(region, utc_minute);
  const auto day = static_cast<Day>(local / 1'440);
  const auto hour = static_cast<std::size_t>(local % 1'440 / 60);
  return by_hour[hour] * 1'000 / hour_mean *
         by_weekday[static_cast<std::size_t>(calendar::iso_weekday(day) - 1)] / 1'000;
}

void play(const Viewers &viewers, const Catalogue &catalogue, std::size_t region,
          std::int64_t second, std::optional<std::uint32_t> live, Random &random,
          Sitting &sitting) {
  sitting.playbacks.clear();
  sitting.recommendations.clear();
  sitting.region = region;
  const auto first_day = static_cast<Day>(second / 86'400);
  // Some users watch much more than others.
  const std::uint64_t signed_up = viewers.signed_up(region, first_day);
  sitting.user =
      viewers.first(region) + (signed_up < 0x1'0000'0000U
                                   ? random.skewed_below(static_cast<std::uint32_t>(signed_up))
                                   : random.next() % signed_up);
  sitting.device = random.skewed_below(viewers.devices(sitting.user));
  const Device device = viewers.device(sitting.user, sitting.device);
  recommend(catalogue, region, first_day, second, random, sitting.recommendations);

  std::optional<std::uint32_t> next = live;
  bool more = true;
  while (more) {
    const auto day = static_cast<Day>(second / 86'400);
    Playback playback{};
    playback.second = second;
    playback.title = next ? *next : catalogue.pick(region, day, random);
    const Title &title = catalogue.titles()[playback.title];
    playback.watched = random.below(1'000) < skips
                           ? static_cast<std::uint32_t>(random.between(4, 48))
                           : title.length * watched_per_mille(random) / 10;
    stream(device, viewers.plan(sitting.user, day), playback, random);
    const bool enjoyed = playback.watched >= title.length * 60;
    playback.liked = enjoyed && random.chance(52'000);
    playback.shared = enjoyed && random.chance(title.live ? 60'000 : 12'000);
    playback.commented = enjoyed && random.chance(title.live ? 90'000 : 9'000);
    sitting.playbacks.push_back(playback);

    second += playback.watched * 6 / 10 + playback.buffering / 10 +
              static_cast<std::int64_t>(5 + random.skewed_below(240));
    const bool episode = title.series && enjoyed;
    more = sitting.playbacks.size() < 8 && random.below(1'000) < (episode ? binge : another);
    next = more && episode && random.chance(800'000) ? std::optional(playback.title) : std::nullopt;
  }
}

} // namespace starhouse::generate
