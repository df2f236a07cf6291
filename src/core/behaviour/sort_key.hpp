// Doubles as integers of the same order: what states sort, compare and store differences of. -0 is
// 0, and every NaN is one, after all numbers, as PostgreSQL sorts them.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace starhouse::behaviour {

inline std::int64_t sort_key(double value) noexcept {
  if (std::isnan(value)) {
    value = std::numeric_limits<double>::quiet_NaN();
  }
  const auto bits = std::bit_cast<std::int64_t>(value + 0.0);
  return bits >= 0 ? bits : bits ^ INT64_MAX;
}

inline double from_sort_key(std::int64_t key) noexcept {
  return std::bit_cast<double>(key >= 0 ? key : key ^ INT64_MAX);
}

// A number from outside that sort_key() gives for a double.
inline bool is_sort_key(std::int64_t key) noexcept {
  return sort_key(from_sort_key(key)) == key;
}

} // namespace starhouse::behaviour
