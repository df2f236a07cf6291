// Events collected in any order and brought in order when somebody asks: the frame of aggregates
// whose value depends on the order of events, not on the order of rows.
//
// Event is trivially copyable with a strict weak order (operator<) in which events that compare
// equal are the same, or are folded into one, so that the sorted list is one and the same for any
// order of adding and merging. Whatever a Fold puts together becomes one event: Fold is called for
// neighbours in order, folds the second into the first and says so, or leaves both. Folding has to
// give the same whatever was folded before; then lists stay as short as their folded form, within a
// factor of two, and never cost more memory than all their events would.
//
// Appending in order costs a comparison; else the new ones are sorted at the end and merged in. No
// memory but that of Env. A sort polls, so that a statement can be stopped in the midst of one.
#pragma once

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/polled.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace starhouse::behaviour {

// Microseconds, as PostgreSQL's timestamptz.
using Instant = std::int64_t;

inline constexpr Instant before_all = INT64_MIN; // -infinity
inline constexpr Instant after_all = INT64_MAX;  // infinity

inline bool is_finite(Instant at) noexcept {
  return at != before_all && at != after_all;
}

[[noreturn]] inline void refuse_infinite_time() {
  throw Error(sqlstate::datetime_field_overflow, "an event has an infinite time",
              "Give the time of each event, or leave the row out by FILTER.");
}

inline void check_finite(Instant at) {
  if (!is_finite(at)) {
    refuse_infinite_time();
  }
}

// Exact, whatever the two instants; from <= to.
inline std::uint64_t micros_between(Instant from, Instant to) noexcept {
  return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}

inline double seconds_of(std::uint64_t micros) noexcept {
  return static_cast<double>(micros) / 1e6;
}

// For decoders: a time that follows `from` by the difference that comes next.
inline Instant read_later(ByteReader &in, Instant from) {
  const std::uint64_t step = in.varint();
  in.require(step <= micros_between(from, after_all), "a time is out of range");
  return static_cast<Instant>(static_cast<std::uint64_t>(from) + step);
}

// Leaves every event as it is.
struct KeepAll {
  template <class Event>
  bool operator()(Event & /*into*/, const Event & /*next*/) const noexcept {
    return false;
  }
};

// Drops an event that is there already.
struct DropEqual {
  template <class Event>
  bool operator()(Event &into, const Event &next) const noexcept {
    return !(into < next);
  }
};

template <class Event, class Fold = KeepAll>
class EventList {
  static_assert(std::is_trivially_copyable_v<Event>);

public:
  explicit EventList(const Env &env, Fold fold = {})
      : fold_(fold), events_(env.memory), cancel_requested_(env.cancel_requested) {}

  // What it was made with.
  Env env() const noexcept {
    return {.memory = events_.get_allocator().resource(), .cancel_requested = cancel_requested_};
  }

  void set_fold(Fold fold) noexcept { fold_ = fold; }

  bool empty() const noexcept { return events_.empty(); }

  // Begins to fetch what add() looks at beside this object.
  void fetch() const noexcept {
    const Event *end = events_.data() + events_.size();
    __builtin_prefetch(end - (events_.empty() ? 0 : 1), 1);
    __builtin_prefetch(end, 1);
  }

  void add(const Event &event) {
    if (in_order_ == events_.size()) {
      // All in order so far: often this one is too.
      if (in_order_ == 0 || events_.back() < event) {
        if (in_order_ > 0 && fold_(events_.back(), event)) {
          return;
        }
        push(event);
        in_order_ = events_.size();
        return;
      }
      if (!(event < events_.back())) {
        // Of the same place in the order; folded, it has to stay there.
        Event last = events_.back();
        if (fold_(last, event) && !(last < event) && !(event < last)) {
          events_.back() = last;
          return;
        }
      }
    }
    push(event);
  }

  void merge(const EventList &other) {
    const std::span<const Event> more = other.sorted();
    if (more.empty()) {
      return;
    }
    const bool follows =
        in_order_ == events_.size() && (events_.empty() || events_.back() < more.front());
    if (!follows && events_.size() + more.size() > events_.capacity()) {
      settle();
    }
    events_.insert(events_.end(), more.begin(), more.end());
    if (follows) {
      const std::size_t joint = events_.size() - more.size();
      in_order_ = events_.size();
      if (joint > 0) {
        fold_from(joint - 1);
      }
    }
  }

  // In order, folded. For reading: what the list means stays what it is.
  std::span<const Event> sorted() const {
    settle();
    return events_;
  }

  // For a decoder, whose events come in order: `event` follows the last one and does not fold.
  bool append(const Event &event) {
    if (!events_.empty()) {
      Event last = events_.back();
      if (!(last < event) || fold_(last, event)) {
        return false;
      }
    }
    events_.push_back(event);
    in_order_ = events_.size();
    return true;
  }

private:
  // Worth a look first: states of many events often come in order.
  static constexpr std::size_t already_sorted_from = std::size_t{1} << 15U;

  void push(const Event &event) {
    if (events_.size() == events_.capacity()) {
      make_room();
    }
    events_.push_back(event);
  }

  // Folds before it grows; grows only if that left the list more than half full.
  void make_room() {
    if constexpr (!std::is_same_v<Fold, KeepAll>) {
      settle();
      if (2 * events_.size() < events_.capacity()) {
        return;
      }
    }
    events_.reserve(events_.empty() ? 4 : 2 * events_.size());
  }

  void settle() const {
    if (in_order_ == events_.size()) {
      return;
    }
    const std::size_t ordered = in_order_;
    sort_from(ordered);
    std::size_t from = ordered;
    if (ordered > 0 && events_[ordered] < events_[ordered - 1]) {
      from = merge_at(ordered);
    }
    in_order_ = events_.size();
    fold_from(from > 0 ? from - 1 : 0);
  }

  void sort_from(std::size_t from) const {
    const auto begin = events_.begin() + static_cast<std::ptrdiff_t>(from);
    if (events_.size() - from >= already_sorted_from && std::is_sorted(begin, events_.end())) {
      return;
    }
    polled_sort(env(), begin, events_.end());
  }

  // Merges the sorted [0, middle) and [middle, size); returns the first place that changed.
  std::size_t merge_at(std::size_t middle) const {
    const std::pmr::vector<Event> tail(events_.begin() + static_cast<std::ptrdiff_t>(middle),
                                       events_.end(), events_.get_allocator());
    std::size_t left = middle;
    std::size_t right = tail.size();
    std::size_t to = events_.size();
    while (right > 0) {
      if ((right & 0xFFFFFU) == 0) {
        env().poll();
      }
      if (left > 0 && tail[right - 1] < events_[left - 1]) {
        events_[--to] = events_[--left];
      } else {
        events_[--to] = tail[--right];
      }
    }
    return to;
  }

  void fold_from(std::size_t from) const {
    if constexpr (!std::is_same_v<Fold, KeepAll>) {
      std::size_t kept = from;
      for (std::size_t i = from + 1; i < events_.size(); ++i) {
        if (!fold_(events_[kept], events_[i])) {
          events_[++kept] = events_[i];
        }
      }
      events_.resize(std::min(kept + 1, events_.size()));
      in_order_ = events_.size();
    }
  }

  [[no_unique_address]] Fold fold_;
  // Brought in order when somebody asks, in place.
  mutable std::pmr::vector<Event> events_;
  mutable std::size_t in_order_ = 0; // so many at the front are in order, and folded
  bool (*cancel_requested_)() noexcept;
};

} // namespace starhouse::behaviour
