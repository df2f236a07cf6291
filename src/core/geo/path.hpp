// Length of the way through GPS pings: the state behind path_length_m.
//
// A leg, from one ping to the next, counts with its great-circle length unless it is longer than
// max_jump or faster than max_speed; then it adds nothing and the next leg starts at the new ping
// (so a stray ping costs its two legs and no more). A leg between two pings of one instant is
// infinitely fast, unless they are at one place.
//
// Stored form (after the header of all states): f64 max_speed, f64 max_jump (infinity: no limit),
// varint stretches; each: i64 time, f64 lat, f64 lon of its first and its last ping, f64 metres.
#pragma once

#include "core/geo/geodesic.hpp"
#include "core/geo/stretches.hpp"
#include "core/state.hpp"

#include <limits>

namespace starhouse::geo {

struct Ping {
  Instant at;
  double lat;
  double lon;

  friend bool operator==(const Ping &, const Ping &) = default;
};

// Error 22003 for a place that is none, 22008 for an infinite time.
void check_ping(const Ping &ping);
inline bool is_ping(const Ping &ping) noexcept {
  return ping.lat >= -90 && ping.lat <= 90 && ping.lon >= -180 && ping.lon <= 180 &&
         ping.at != INT64_MIN && ping.at != INT64_MAX;
}

struct LegRule {
  double max_speed = std::numeric_limits<double>::infinity(); // metres per second
  double max_jump = std::numeric_limits<double>::infinity();  // metres

  // Error 22023 unless both are positive.
  void check() const;
  // Metres of a leg, 0 for one that does not count.
  double length(const Ping &from, const Ping &to) const noexcept {
    const double metres = sphere_distance({from.lat, from.lon}, {to.lat, to.lon});
    if (metres > max_jump || metres > max_speed * seconds_between(from.at, to.at)) {
      return 0;
    }
    return metres;
  }
  friend bool operator==(const LegRule &, const LegRule &) = default;
};

class Path {
public:
  static constexpr StateFormat format{"path_state", StateKind::path, 1};

  explicit Path(const Env &env) : stretches_(env.memory) {}

  // Error 22023 for a rule that differs from the first one, or a ping out of order.
  void add(const Ping &ping, const LegRule &rule) {
    if (rule != rule_ || stretches_.empty()) {
      adopt(rule);
    }
    if (!is_ping(ping)) {
      check_ping(ping);
    }
    stretches_.add(ping, rule_);
  }
  void merge(const Path &other);

  double metres() const noexcept;

  std::size_t encoded_size() const noexcept;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  struct Stretch {
    explicit Stretch(const Ping &ping) : first(ping), last(ping) {}
    void extend(const Ping &ping, const LegRule &rule) noexcept {
      metres += rule.length(last, ping);
      last = ping;
    }
    Ping first;
    Ping last;
    double metres = 0;
  };

  void adopt(const LegRule &rule);

  LegRule rule_;
  Stretches<Stretch> stretches_;
};

// The same over pings that are at hand, ascending by time.
double path_length(std::span<const Ping> pings, const LegRule &rule) noexcept;

} // namespace starhouse::geo
