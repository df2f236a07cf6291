// A trace: the GPS pings of one vehicle, collected in any order, and what can be read off it.
//
// Pings are ordered by time, then place; a ping that comes twice, the same place at the same time,
// counts once. So a trace is a set: parts merge exactly, whatever their times.
//
// Stored form (after the header of all states): varint pings, form of coordinates
// (decimal_form.hpp); each ping: varint difference of its time to the one before (the first: zigzag
// time), then latitude and longitude in that form.
#pragma once

#include "core/geo/path.hpp"

#include <memory_resource>
#include <span>
#include <vector>

namespace starhouse::geo {

class Trace {
public:
  static constexpr StateFormat format{"trace", StateKind::trace, 1};

  explicit Trace(const Env &env) : env_(env), pings_(env.memory) {}

  // Errors as check_ping().
  void add(const Ping &ping) {
    if (!is_ping(ping)) {
      check_ping(ping);
    }
    if (!pings_.empty() && !before(pings_.back(), ping)) {
      if (ping == pings_.back()) {
        return;
      }
      settled_ = false;
    }
    pings_.push_back({ping.at, ping.lat + 0.0, ping.lon + 0.0}); // -0 becomes 0
  }
  void merge(const Trace &other);

  // In order.
  std::span<const Ping> pings() const;

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  static bool before(const Ping &a, const Ping &b) noexcept {
    return a.at != b.at ? a.at < b.at : a.lat != b.lat ? a.lat < b.lat : a.lon < b.lon;
  }

  Env env_;
  // Brought in order when somebody asks, in place: the set of pings stays what it is.
  mutable std::pmr::vector<Ping> pings_;
  mutable bool settled_ = true;
};

// Where a trace stayed within a radius for a while: Li et al., Mining User Similarity Based on
// Location History, 2008 (stay points). From the first ping of a stop on, all pings up to the last
// one lie within `radius` metres of the first; it lasts at least `min_duration` microseconds. Where
// no stop starts at a ping, the next one is tried; stops do not overlap.
struct Stop {
  Instant arrived;
  Instant left; // its last ping
  double lat;   // mean of its pings
  double lon;
  std::size_t pings;
};
std::pmr::vector<Stop> find_stops(std::span<const Ping> pings, double radius,
                                  std::int64_t min_duration, const Env &env);

// When a trace entered and left zones. `zone_of` gives the zone of a ping, or no_zone.
//
// A run of pings of one zone (or of none) lasts until the first ping elsewhere. Runs shorter than
// `min_dwell` microseconds are passed over, as if they had not been: a driver at a border does not
// enter and leave with every ping, and a short detour does not end a visit.
struct Visit {
  std::uint32_t zone;
  Instant entered;
  Instant left;      // first ping elsewhere; of a visit that lasts, the last ping
  bool still_inside; // at the end of the trace
  std::size_t pings; // in the zone
};
inline constexpr std::uint32_t no_zone = UINT32_MAX;

template <class ZoneOf>
std::pmr::vector<Visit> find_visits(std::span<const Ping> pings, ZoneOf zone_of,
                                    std::int64_t min_dwell, const Env &env);

// Pings of one zone, one after the other.
class VisitFinder {
public:
  VisitFinder(std::int64_t min_dwell, const Env &env);
  void add(const Ping &ping, std::uint32_t zone);
  std::pmr::vector<Visit> finish() &&;

private:
  void end_run(Instant at, bool last);

  std::uint64_t min_dwell_;
  std::pmr::vector<Visit> visits_;
  // The run that goes on.
  std::uint32_t zone_ = no_zone;
  Instant start_ = 0;
  Instant last_ = 0;
  std::size_t pings_ = 0;
  // The zone the trace is in, short runs passed over: its visit is the last one, if it is one.
  bool settled_ = false;
  std::uint32_t current_ = no_zone;
};

template <class ZoneOf>
std::pmr::vector<Visit> find_visits(std::span<const Ping> pings, ZoneOf zone_of,
                                    std::int64_t min_dwell, const Env &env) {
  VisitFinder finder(min_dwell, env);
  std::size_t done = 0;
  for (const Ping &ping : pings) {
    if ((++done & 0xFFFU) == 0) {
      env.poll();
    }
    finder.add(ping, zone_of(ping));
  }
  return std::move(finder).finish();
}

} // namespace starhouse::geo
