// What was added up along a stretch of time, and several such stretches put together: the frame of
// aggregates over ordered events whose state does not grow with them.
//
// A stretch remembers its first and last event and a sum over the steps in between. Events in order
// of time extend the last stretch. States of disjoint times merge in any order: their stretches
// stay side by side, and the steps between neighbours are added when the value is asked for, so the
// value is that of all events in one go. An event inside a stretch that was already added up cannot
// be put in its place any more: that is an error.
#pragma once

#include "core/error.hpp"

#include <algorithm>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <vector>

namespace starhouse::geo {

// Microseconds, as PostgreSQL's timestamptz.
using Instant = std::int64_t;

// Infinities (the extreme numbers) are refused: 22008.
inline void check_instant(Instant at) {
  if (at == INT64_MIN || at == INT64_MAX) {
    throw Error(SqlState{"22008"}, "a ping has an infinite time",
                "Give the time of each ping, or leave the row out.");
  }
}

// Exact, whatever the two instants; from <= to.
inline std::uint64_t micros_between(Instant from, Instant to) noexcept {
  return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}

inline double seconds_between(Instant from, Instant to) noexcept {
  return static_cast<double>(micros_between(from, to)) / 1e6;
}

// Stretch: `first`, `last` (events with a member `at`), a constructor from one event, and
// extend(event, rule) that adds the step from `last`.
template <class Stretch>
class Stretches {
public:
  explicit Stretches(std::pmr::memory_resource *memory) : list_(memory) {}

  // Extends the stretch that was extended last, or begins one.
  template <class Event, class Rule>
  void add(const Event &event, const Rule &rule) {
    if (current_ < list_.size() && event.at >= list_[current_].last.at &&
        (current_ + 1 == list_.size() || event.at <= list_[current_ + 1].first.at)) {
      list_[current_].extend(event, rule);
      return;
    }
    if (list_.size() >= most_begun) {
      refuse();
    }
    current_ = insert(Stretch(event));
  }

  // Returns its place.
  std::size_t insert(const Stretch &stretch) {
    auto place =
        std::upper_bound(list_.begin(), list_.end(), stretch.first.at,
                         [](Instant at, const Stretch &other) { return at < other.first.at; });
    if (place != list_.end() && stretch.last.at > place->first.at) {
      refuse();
    }
    if (place != list_.begin() && stretch.first.at < (place - 1)->last.at) {
      // A single instant may still stand in front of a stretch that begins with it.
      --place;
      if (stretch.last.at > place->first.at) {
        refuse();
      }
    }
    place = list_.insert(place, stretch);
    current_ = list_.size();
    return static_cast<std::size_t>(place - list_.begin());
  }

  bool empty() const noexcept { return list_.empty(); }
  const std::pmr::vector<Stretch> &list() const noexcept { return list_; }

private:
  // Rows far out of order would otherwise make one stretch each.
  static constexpr std::size_t most_begun = 4096;

  [[noreturn]] static void refuse() {
    throw Error(sqlstate::invalid_parameter_value,
                "pings are not in order of time: one lies within a stretch of time that was "
                "already added up",
                "Write ORDER BY with the time inside the aggregate, or order the rows in a "
                "subquery; states merge if their times do not overlap.");
  }

  std::pmr::vector<Stretch> list_; // ascending, disjoint but for shared ends
  std::size_t current_ = 0;        // extended last; the size if none was
};

} // namespace starhouse::geo
