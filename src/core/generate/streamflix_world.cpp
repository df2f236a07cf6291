#include "core/generate/streamflix_world.hpp"

#include <algorithm>

namespace starhouse::generate {

namespace {

enum Purpose : std::uint64_t {
  purpose_titles = 700,
  purpose_profile = 701,
  purpose_plan = 702,
  purpose_device = 703,
  purpose_taste = 704,
};

constexpr std::array<ViewerRegion, region_count> all_regions{{
    {"US-E", "US East", "United States", "America/New_York", -300, Clock::america, 160, 180'000'000,
     95, "English"},
    {"US-C", "US Central", "United States", "America/Chicago", -360, Clock::america, 90, 95'000'000,
     85, "English"},
    {"US-W", "US West", "United States", "America/Los_Angeles", -480, Clock::america, 90,
     60'000'000, 100, "English"},
    {"MX", "Mexico", "Mexico", "America/Mexico_City", -360, Clock::fixed, 50, 128'000'000, 40,
     "Spanish"},
    {"BR", "Brazil", "Brazil", "America/Sao_Paulo", -180, Clock::fixed, 70, 203'000'000, 50,
     "Portuguese"},
    {"GB", "Britain", "United Kingdom", "Europe/London", 0, Clock::europe, 70, 67'000'000, 75,
     "English"},
    {"DE", "Germany", "Germany", "Europe/Berlin", 60, Clock::europe, 60, 84'000'000, 80, "German"},
    {"FR", "France", "France", "Europe/Paris", 60, Clock::europe, 50, 68'000'000, 85, "French"},
    {"ES", "Spain", "Spain", "Europe/Madrid", 60, Clock::europe, 40, 48'000'000, 90, "Spanish"},
    {"ZA", "South Africa", "South Africa", "Africa/Johannesburg", 120, Clock::fixed, 20, 62'000'000,
     25, "English"},
    {"AE", "Emirates", "United Arab Emirates", "Asia/Dubai", 240, Clock::fixed, 20, 10'000'000, 110,
     "English"},
    {"IN", "India", "India", "Asia/Kolkata", 330, Clock::fixed, 120, 1'430'000'000, 35, "Hindi"},
    {"ID", "Indonesia", "Indonesia", "Asia/Jakarta", 420, Clock::fixed, 40, 277'000'000, 25,
     "Indonesian"},
    {"JP", "Japan", "Japan", "Asia/Tokyo", 540, Clock::fixed, 55, 124'000'000, 120, "Japanese"},
    {"KR", "South Korea", "South Korea", "Asia/Seoul", 540, Clock::fixed, 35, 52'000'000, 140,
     "Korean"},
    {"AU", "Australia", "Australia", "Australia/Sydney", 600, Clock::australia, 30, 26'000'000, 60,
     "English"},
}};

// Day of the n-th Sunday of a month; n = 0 is the last one.
Day sunday(int year, int month, int n) noexcept {
  Day day =
      calendar::day_from_civil(year, month, n == 0 ? calendar::days_in_month(year, month) : 1);
  if (n == 0) {
    return day - calendar::iso_weekday(day) % 7;
  }
  return day + (7 - calendar::iso_weekday(day)) + (n - 1) * 7;
}

constexpr std::int64_t day_minutes = 1'440;

constexpr std::array<std::string_view, 24> female{
    "Ada",    "Aiko", "Ana",    "Carla", "Chloe", "Emma",  "Fatima", "Grace",
    "Hana",   "Ines", "Jana",   "Kavya", "Lea",   "Lucia", "Maria",  "Mei",
    "Naledi", "Nora", "Olivia", "Priya", "Sara",  "Sofia", "Yuna",   "Zoe"};
constexpr std::array<std::string_view, 24> male{
    "Adam", "Arjun", "Bruno", "Carlos", "Daniel", "Diego", "Felix", "Hugo",
    "Ivan", "Jack",  "Jun",   "Kenji",  "Leo",    "Liam",  "Lucas", "Mateo",
    "Min",  "Noah",  "Omar",  "Paul",   "Rohan",  "Sam",   "Thabo", "Tom"};
constexpr std::array<std::string_view, 24> surnames{
    "Adler",  "Almeida", "Brown", "Costa", "Dlamini", "Fischer", "Garcia", "Gupta",
    "Hassan", "Ito",     "Jones", "Kim",   "Lopez",   "Martin",  "Mehta",  "Moreau",
    "Park",   "Putra",   "Roux",  "Sato",  "Silva",   "Smith",   "Tanaka", "Weber"};

constexpr std::array<std::string_view, 11> all_systems{"Android",    "iOS",     "Windows", "macOS",
                                                       "Android TV", "Tizen",   "webOS",   "Roku",
                                                       "tvOS",       "Fire OS", "Linux"};

constexpr std::array<std::string_view, 20> adjectives{
    "Silent",   "Golden",  "Broken", "Distant", "Crimson",  "Hidden", "Last",
    "Northern", "Burning", "Paper",  "Hollow",  "Electric", "Lost",   "Second",
    "Wild",     "Frozen",  "Quiet",  "Endless", "Bitter",   "Bright"};
constexpr std::array<std::string_view, 25> nouns{
    "River",   "Harbour", "Empire",  "Letter",  "Garden", "Signal",  "Winter",
    "Mirror",  "Island",  "Engine",  "Promise", "Shadow", "Orchard", "Horizon",
    "Station", "Kingdom", "Summer",  "Witness", "Voyage", "Circus",  "Lighthouse",
    "Machine", "Verdict", "Monsoon", "Frontier"};

constexpr std::size_t ordinary_titles = 2'997;
constexpr std::size_t live_titles = 3;
// Share of the titles per genre, per mille; Sport is live only.
constexpr std::array<std::uint32_t, genre_count> genre_weights{235, 225, 160, 110, 80,
                                                               70,  55,  45,  20,  0};

} // namespace

const std::array<ViewerRegion, region_count> &viewer_regions() noexcept {
  return all_regions;
}

std::int32_t offset_minutes(const ViewerRegion &region, std::int64_t utc_minute) noexcept {
  if (region.clock == Clock::fixed) {
    return region.offset_minutes;
  }
  const auto day = static_cast<Day>(utc_minute / day_minutes);
  const int year = calendar::civil_from_day(day).year;
  const auto at = [](Day change, std::int64_t minute) { return change * day_minutes + minute; };
  bool summer = false;
  switch (region.clock) {
  case Clock::europe: // both at 01:00 UTC
    summer = at(sunday(year, 3, 0), 60) <= utc_minute && utc_minute < at(sunday(year, 10, 0), 60);
    break;
  case Clock::america: // 02:00 standard time, 02:00 summer time
    summer = at(sunday(year, 3, 2), 120 - region.offset_minutes) <= utc_minute &&
             utc_minute < at(sunday(year, 11, 1), 60 - region.offset_minutes);
    break;
  case Clock::australia: // summer is at both ends of the year; both at 02:00 standard time
    summer = utc_minute < at(sunday(year, 4, 1), 120 - region.offset_minutes) ||
             at(sunday(year, 10, 1), 120 - region.offset_minutes) <= utc_minute;
    break;
  case Clock::fixed:
    break;
  }
  return region.offset_minutes + (summer ? 60 : 0);
}

std::string_view plan_name(Plan plan) noexcept {
  constexpr std::array<std::string_view, plan_count> names{"Free", "Basic", "Standard", "Premium"};
  return names[static_cast<std::size_t>(plan)];
}

std::span<const std::string_view> systems() noexcept {
  return all_systems;
}

Viewers::Viewers(std::uint64_t seed, std::uint64_t count, Day from, Day to)
    : seed_(seed), from_(from), to_(to) {
  for (std::size_t r = 0; r < region_count; ++r) {
    first_[r + 1] = first_[r] + std::max<std::uint64_t>(5, count * all_regions[r].weight / 1'000);
  }
}

// The last fifth of a region's users signs up during the span, evenly.
std::uint64_t Viewers::signed_up(std::size_t region, Day day) const noexcept {
  const std::uint64_t all = first_[region + 1] - first_[region];
  const std::uint64_t joining = all / 5;
  const Day span = to_ - from_ + 1;
  const auto days = static_cast<std::uint64_t>(span);
  const Day gone = std::clamp(day, from_, to_) - from_ + 1;
  const auto past = static_cast<std::uint64_t>(gone);
  return all - joining + std::min(joining, (past * joining + days - 1) / days);
}

std::size_t Viewers::region_of(std::uint64_t user) const noexcept {
  return static_cast<std::size_t>(std::upper_bound(first_.begin(), first_.end(), user) -
                                  first_.begin()) -
         1;
}

Day Viewers::signup_day(std::uint64_t user) const noexcept {
  const std::size_t region = region_of(user);
  const std::uint64_t all = first_[region + 1] - first_[region];
  const std::uint64_t joining = all / 5;
  const std::uint64_t number = user - first_[region];
  if (number < all - joining) {
    Random random(seed_, purpose_profile, user);
    return from_ - 1 - static_cast<Day>(random.skewed_below(1'500));
  }
  const Day span = to_ - from_ + 1;
  const auto days = static_cast<std::uint64_t>(span);
  return from_ + static_cast<Day>((number - (all - joining)) * days / joining);
}

Plan Viewers::first_plan(std::uint64_t user) const noexcept {
  Random random(seed_, purpose_plan, user);
  const std::uint32_t at = random.below(100);
  return at < 25 ? Plan::free : at < 50 ? Plan::basic : at < 80 ? Plan::standard : Plan::premium;
}

std::optional<PlanChange> Viewers::plan_change(std::uint64_t user) const noexcept {
  Random random(seed_, purpose_plan, user);
  random.below(100); // the first plan
  const Day earliest = std::max(from_, signup_day(user)) + 1;
  if (!random.chance(120'000) || earliest > to_) {
    return std::nullopt;
  }
  const Day day = random.between(earliest, to_);
  const auto before = static_cast<int>(first_plan(user));
  const bool up = before == 0 || (before < 3 && random.chance(700'000));
  return PlanChange{day, static_cast<Plan>(before + (up ? 1 : -1))};
}

Plan Viewers::plan(std::uint64_t user, Day day) const noexcept {
  const std::optional<PlanChange> change = plan_change(user);
  return change && change->day <= day ? change->plan : first_plan(user);
}

Profile Viewers::profile(std::uint64_t user) const {
  Random random(seed_, purpose_profile, user);
  random.skewed_below(1'500); // the day of signing up
  const bool is_female = random.chance(500'000);
  const auto &names = is_female ? female : male;
  std::string name(names[random.below(static_cast<std::uint32_t>(names.size()))]);
  name += ' ';
  name += surnames[random.below(static_cast<std::uint32_t>(surnames.size()))];
  return {std::move(name), is_female, 16 + random.skewed_below(64)};
}

std::uint32_t Viewers::devices(std::uint64_t user) const noexcept {
  Random random(seed_, purpose_device, user);
  return 1 + (random.chance(500'000) ? 1 : 0) + (random.chance(200'000) ? 1 : 0);
}

Device Viewers::device(std::uint64_t user, std::uint32_t number) const noexcept {
  Random random(seed_, purpose_device + 1'000 + number, user);
  Device device{};
  std::uint32_t per_mille = 1'000; // of the region's bandwidth
  const std::uint32_t kind = random.below(100);
  if (kind < 45) { // phone
    device.os = all_systems[random.below(100) < 65 ? 0 : 1];
    const std::uint32_t link = random.below(100);
    device.connection = link < 55 ? "WiFi" : link < 80 ? "4G" : link < 97 ? "5G" : "3G";
    per_mille = link < 55 ? 900 : link < 80 ? 350 : link < 97 ? 1'200 : 60;
  } else if (kind < 85) { // television
    device.os = all_systems[4 + random.below(6)];
    const std::uint32_t link = random.below(100);
    device.connection = link < 60 ? "WiFi" : link < 80 ? "Ethernet" : link < 93 ? "Fibre" : "DSL";
    per_mille = link < 60 ? 900 : link < 80 ? 1'100 : link < 93 ? 2'500 : 200;
  } else {
    const std::uint32_t system = random.below(100);
    device.os = all_systems[system < 65 ? 2 : system < 92 ? 3 : 10];
    const bool wired = random.chance(350'000);
    device.connection = wired ? "Ethernet" : "WiFi";
    per_mille = wired ? 1'100 : 900;
  }
  // From a quarter to two and a half times the usual, mostly below it.
  const std::uint32_t spread = 250 + random.skewed_below(2'250);
  const ViewerRegion &region = all_regions[region_of(user)];
  device.bandwidth =
      std::max<std::uint32_t>(3, region.bandwidth * 10 * per_mille / 1'000 * spread / 1'000);
  device.app_version = 40 + random.below(12);
  return device;
}

Catalogue::Catalogue(std::uint64_t seed, Day from, Day to) {
  Random random(seed, purpose_titles);
  const Weighted genres(genre_weights);
  constexpr std::array<std::string_view, 6> ratings{"G", "PG", "PG-13", "TV-14", "R", "TV-MA"};
  const int span = to - from + 1;
  titles_.reserve(ordinary_titles + live_titles);
  for (std::size_t i = 0; i < ordinary_titles; ++i) {
    Title title{};
    title.genre = static_cast<std::uint8_t>(genres.pick(random));
    title.second_genre =
        random.chance(400'000) ? static_cast<std::uint8_t>(genres.pick(random)) : title.genre;
    title.series = random.chance(570'000);
    title.length = title.series ? static_cast<std::uint32_t>(random.between(22, 57))
                                : static_cast<std::uint32_t>(random.between(82, 148));
    const ViewerRegion &origin = all_regions[random.below(region_count)];
    title.language = random.chance(450'000) ? std::string_view("English") : origin.language;
    title.rating = genre_names[title.genre] == "Kids" ? ratings[random.below(2)]
                                                      : ratings[2 + random.below(4)];
    title.name = "The ";
    title.name += adjectives[random.below(static_cast<std::uint32_t>(adjectives.size()))];
    title.name += ' ';
    title.name += nouns[random.below(static_cast<std::uint32_t>(nouns.size()))];
    title.name += ' ';
    title.name += std::to_string(i + 1);
    // One in 25 comes out during the span, in the order of its days.
    const bool is_new = i % 25 == 24;
    title.added =
        is_new ? from + static_cast<Day>(i * static_cast<std::size_t>(span) / ordinary_titles)
               : from - 1 - static_cast<Day>(random.skewed_below(2'000));
    title.year = static_cast<std::uint32_t>(calendar::civil_from_day(title.added).year) -
                 (is_new ? 0 : random.skewed_below(40));
    if (is_new) {
      releases_.push_back(static_cast<std::uint32_t>(i));
    }
    titles_.push_back(std::move(title));
  }
  // Finals on the Saturdays after one and two thirds of the span, and the last one: at 19:00 UTC.
  for (std::size_t i = 0; i < live_titles; ++i) {
    Day day = from + static_cast<Day>(span * static_cast<int>(i + 1) / 3) - 1;
    day -= (calendar::iso_weekday(day) + 1) % 7;
    if (day < from) {
      day = from;
    }
    live_.push_back({static_cast<std::uint32_t>(titles_.size()), day * day_minutes + 1'140});
    titles_.push_back({"Final " + std::to_string(i + 1) + " live", 9, 9, false, true, 120,
                       static_cast<std::uint32_t>(calendar::civil_from_day(day).year), "English",
                       "G", day});
  }

  for (std::size_t r = 0; r < region_count; ++r) {
    std::array<std::uint32_t, genre_count> liking{};
    Random taste(seed, purpose_taste, r);
    for (std::uint32_t &like : liking) {
      like = static_cast<std::uint32_t>(taste.between(750, 1'250));
    }
    std::vector<std::uint32_t> weights;
    weights.reserve(titles_.size());
    for (std::size_t i = 0; i < titles_.size(); ++i) {
      const Title &title = titles_[i];
      // What comes out during the span or is live is found another way.
      const bool elsewhere = title.live || title.added >= from;
      const std::uint32_t rank = static_cast<std::uint32_t>((i * 7'919) % ordinary_titles);
      const std::uint32_t own = title.language == all_regions[r].language ? 3
                                : title.language == "English"             ? 2
                                                                          : 1;
      weights.push_back(elsewhere ? 0
                                  : 2'000'000 / (rank + 50) * liking[title.genre] / 1'000 * own);
    }
    taste_[r] = Weighted(weights);
  }
}

std::uint32_t Catalogue::pick(std::size_t region, Day day, Random &random) const noexcept {
  // One in eight playbacks is of the three weeks' news.
  if (random.chance(125'000)) {
    const auto added = [this](std::uint32_t title, Day other) {
      return titles_[title].added < other;
    };
    const auto begin = std::lower_bound(releases_.begin(), releases_.end(), day - 20, added);
    const auto end = std::lower_bound(begin, releases_.end(), day + 1, added);
    if (begin != end) {
      return *(end - 1 - random.skewed_below(static_cast<std::uint32_t>(end - begin)));
    }
  }
  return static_cast<std::uint32_t>(taste_[region].pick(random));
}

} // namespace starhouse::generate
