// Opens when the share of rejected records of late is too high: then it is the feed or its source
// that is broken, not a record here and there.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>

namespace starhouse::client {

class Breaker {
public:
  static constexpr std::int64_t window = 10000; // records looked at
  static constexpr std::int64_t least = 1000;   // fewer say nothing

  // `limit`: highest share of rejects, 0 to 1; 1 or more: never opens.
  explicit Breaker(double limit) : limit_(limit) {}

  // Whether it would open with these as the latest records.
  bool would_open(std::int64_t read, std::int64_t rejected) const noexcept;
  void add(std::int64_t read, std::int64_t rejected);
  // Takes whatever comes until the share has been fine once.
  void force() noexcept { forced_ = true; }
  void forget() noexcept;
  double share() const noexcept;

private:
  bool too_many(std::int64_t read, std::int64_t rejected) const noexcept {
    return read >= least && static_cast<double>(rejected) > limit_ * static_cast<double>(read);
  }

  double limit_;
  bool forced_ = false;
  std::int64_t read_ = 0;
  std::int64_t rejected_ = 0;
  std::deque<std::pair<std::int64_t, std::int64_t>> batches_;
};

} // namespace starhouse::client
