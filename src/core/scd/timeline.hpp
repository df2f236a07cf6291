// The versions of one key in order of time, and which of them is in force at an instant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace starhouse::scd {

// Starts and ends of the versions, `count` of each, in microseconds, read where they lie: at any
// alignment. The starts are in ascending order and no version ends after the next one starts.
struct Timeline {
  const char *starts;
  const char *ends;
  int count;
};

inline std::int64_t instant_at(const char *values, int index) noexcept {
  std::int64_t value = 0;
  std::memcpy(&value, values + sizeof value * static_cast<std::size_t>(index), sizeof value);
  return value;
}

// Index of the version that holds at `at`, or -1 where none does: before the first, in a gap, after
// the last. A version holds on [start, end). O(log count).
inline int in_force(const Timeline &line, std::int64_t at) noexcept {
  int low = 0;
  int high = line.count; // the first version that starts after `at` is in [low, high]
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (instant_at(line.starts, middle) <= at) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low > 0 && at < instant_at(line.ends, low - 1) ? low - 1 : -1;
}

} // namespace starhouse::scd
