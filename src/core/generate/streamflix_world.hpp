// Who watches what on what in the world of StreamFlix: regions with their clocks, users, devices,
// titles.
//
// Users and devices are functions of seed and number: nothing is kept about them, so a billion
// events need no more memory than a thousand. Titles are kept: there are as many whatever the
// scale.
#pragma once

#include "core/calendar/day.hpp"
#include "core/generate/random.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::generate {

using calendar::Day;

// How a region's clocks change: never, or by the rules of the EU, the United States, New South
// Wales.
enum class Clock : std::uint8_t { fixed, europe, america, australia };

struct ViewerRegion {
  std::string_view id;
  std::string_view name;
  std::string_view country;
  std::string_view zone;
  std::int32_t offset_minutes; // of standard time from UTC, east positive
  Clock clock;
  std::uint32_t weight; // share of the viewers, per mille
  std::int64_t population;
  std::uint32_t bandwidth; // Mbit/s, average
  std::string_view language;
};
inline constexpr std::size_t region_count = 16;
const std::array<ViewerRegion, region_count> &viewer_regions() noexcept;

// Minutes that the region's clocks are ahead of UTC at a moment, given in minutes since 2000-01-01
// 00:00 UTC. The rules are those of 2023 and later.
std::int32_t offset_minutes(const ViewerRegion &region, std::int64_t utc_minute) noexcept;

enum class Plan : std::uint8_t { free, basic, standard, premium };
inline constexpr std::size_t plan_count = 4;
std::string_view plan_name(Plan plan) noexcept;

struct PlanChange {
  Day day; // in force from its midnight (UTC) on
  Plan plan;
};

struct Profile {
  std::string name;
  bool female;
  std::uint32_t age;
};

struct Device {
  std::string_view os;
  std::string_view connection;
  std::uint32_t bandwidth; // tenths of Mbit/s
  std::uint32_t app_version;
};
std::span<const std::string_view> systems() noexcept;

class Viewers {
public:
  // About `count` users, of whom a fifth signs up between the two days.
  Viewers(std::uint64_t seed, std::uint64_t count, Day from, Day to);

  std::uint64_t size() const noexcept { return first_[region_count]; }
  // First number of a region's users and how many of them have signed up by the end of a day.
  std::uint64_t first(std::size_t region) const noexcept { return first_[region]; }
  std::uint64_t signed_up(std::size_t region, Day day) const noexcept;

  std::size_t region_of(std::uint64_t user) const noexcept;
  Day signup_day(std::uint64_t user) const noexcept;
  Plan first_plan(std::uint64_t user) const noexcept;
  std::optional<PlanChange> plan_change(std::uint64_t user) const noexcept; // one at most
  Plan plan(std::uint64_t user, Day day) const noexcept;
  Profile profile(std::uint64_t user) const;
  std::uint32_t devices(std::uint64_t user) const noexcept; // 1 to 3
  Device device(std::uint64_t user, std::uint32_t number) const noexcept;

private:
  std::uint64_t seed_;
  Day from_;
  Day to_;
  std::array<std::uint64_t, region_count + 1> first_{};
};

inline constexpr std::array<std::string_view, 10> genre_names{
    "Drama",  "Action",      "Comedy", "Thriller", "Romance",
    "Sci-Fi", "Documentary", "Kids",   "Horror",   "Sport"};
inline constexpr std::size_t genre_count = genre_names.size();

struct Title {
  std::string name;
  std::uint8_t genre;
  std::uint8_t second_genre; // equal to genre: none
  bool series;
  bool live;
  std::uint32_t length; // minutes; of an episode of a series
  std::uint32_t year;
  std::string_view language;
  std::string_view rating;
  Day added;
};

class Catalogue {
public:
  Catalogue(std::uint64_t seed, Day from, Day to);

  const std::vector<Title> &titles() const noexcept { return titles_; }
  // What a viewer of the region starts on a day: the long tail by popularity, taste of the region
  // and language, or something that is new.
  std::uint32_t pick(std::size_t region, Day day, Random &random) const noexcept;
  // Live events: (title, minute since 2000-01-01 UTC at which it begins).
  struct Live {
    std::uint32_t title;
    std::int64_t begins;
  };
  const std::vector<Live> &live() const noexcept { return live_; }

private:
  std::vector<Title> titles_;
  std::vector<std::uint32_t> releases_; // titles added during the span, by day
  std::vector<Live> live_;
  std::array<Weighted, region_count> taste_;
};

} // namespace starhouse::generate
