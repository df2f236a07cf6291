// Busy, idle and offline time of someone who reports in: the state behind activity_seconds.
//
// A report says busy or idle, and is good until the next one, but for no longer than `gap`: what is
// left of a longer silence is offline. Before the first and after the last report nothing is known
// and nothing counted, so the three add up to the time between those.
//
// Stored form (after the header of all states): i64 gap, varint stretches; each: i64 time of the
// first and of the last report, u8 their status (bit 0 the first is busy, bit 1 the last), u64
// busy, u64 idle, u64 offline. All in microseconds.
#pragma once

#include "core/geo/stretches.hpp"
#include "core/state.hpp"

#include <cstdint>

namespace starhouse::geo {

struct Report {
  Instant at;
  bool busy;
};

struct ActivityTimes {
  std::uint64_t busy = 0; // microseconds
  std::uint64_t idle = 0;
  std::uint64_t offline = 0;
};

class Activity {
public:
  static constexpr StateFormat format{"activity_state", StateKind::activity, 1};

  explicit Activity(const Env &env) : stretches_(env.memory) {}

  // Error 22023 for a gap that is not positive or differs from the first one, or a report out of
  // order; 22008 for an infinite time.
  void add(const Report &report, std::int64_t gap);
  void merge(const Activity &other);

  ActivityTimes times() const noexcept;

  std::size_t encoded_size() const noexcept;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  struct Stretch {
    explicit Stretch(const Report &report) : first(report), last(report) {}
    void extend(const Report &report, std::uint64_t gap) noexcept;
    Report first;
    Report last;
    ActivityTimes times;
  };

  void adopt(std::int64_t gap);

  std::int64_t gap_ = 0;
  Stretches<Stretch> stretches_;
};

} // namespace starhouse::geo
