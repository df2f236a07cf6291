// How many intervals run at once, and when most do: the state behind concurrent_peak.
//
// An interval runs from its start to before its end (half open): one that ends as another starts
// does not run beside it. An empty one does not run at all; one without an end runs for ever after.
//
// Kept are the changes of the number of running intervals, summed up by instant, so a state grows
// with the instants at which intervals start or end, and merges exactly in any order.
//
// Stored form (after the header of all states): varint changes (none of them 0); each: varint
// difference of its time to the one before (the first: zigzag time), zigzag change.
#pragma once

#include "core/behaviour/event_list.hpp"
#include "core/state.hpp"

namespace starhouse::behaviour {

class Concurrency {
public:
  static constexpr StateFormat format{"concurrent_peak_state", StateKind::concurrency, 1};

  explicit Concurrency(const Env &env) : changes_(env) {}

  // `end` may be after_all, `start` before_all. Error 22023 for an end before the start.
  void add(Instant start, Instant end);
  void merge(const Concurrency &other) { changes_.merge(other.changes_); }

  // A stretch of time with one number of running intervals.
  struct Stretch {
    Instant from;
    Instant until;
    std::int64_t running;
  };
  // The first stretch with the most of them; false when no interval runs at all.
  bool peak(Stretch &peak) const;
  // From the first start to the last end, stretches without running intervals too.
  template <class Use>
  void each_stretch(Use use) const;

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  struct Change {
    Instant at;
    std::int64_t by;
    friend bool operator<(const Change &a, const Change &b) noexcept { return a.at < b.at; }
  };
  struct AddUp {
    bool operator()(Change &into, const Change &next) const noexcept {
      if (into.at != next.at) {
        return false;
      }
      // Unsigned: forged states that pass the range of a number are wrong, not undefined.
      into.by = static_cast<std::int64_t>(static_cast<std::uint64_t>(into.by) +
                                          static_cast<std::uint64_t>(next.by));
      return true;
    }
  };

  template <class Out>
  void write(Out &out) const;

  EventList<Change, AddUp> changes_;
};

template <class Use>
void Concurrency::each_stretch(Use use) const {
  std::int64_t running = 0;
  const Change *previous = nullptr;
  for (const Change &change : changes_.sorted()) {
    if (change.by == 0) {
      continue;
    }
    if (previous != nullptr) {
      use(Stretch{previous->at, change.at, running});
    }
    running += change.by;
    previous = &change;
  }
  if (running > 0) {
    use(Stretch{previous->at, after_all, running});
  }
}

} // namespace starhouse::behaviour
