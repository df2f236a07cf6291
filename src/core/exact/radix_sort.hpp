// Sorting of entries by a fixed-size key: least significant digit first, 11 bits at a time, digits
// that are the same in all keys left out. A million keys below a million take two passes.
#pragma once

#include "core/error.hpp"
#include "core/key.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

namespace starhouse::exact {

namespace detail {

inline constexpr unsigned digit_bits = 11;

// How many digits a key has, and one of them.
inline constexpr unsigned digits_of(std::uint64_t) noexcept {
  return 6;
}
inline unsigned digit(std::uint64_t key, unsigned index) noexcept {
  return static_cast<unsigned>(key >> (index * digit_bits)) & ((1U << digit_bits) - 1);
}
inline constexpr unsigned digits_of(const UuidKey &) noexcept {
  return 12;
}
inline unsigned digit(const UuidKey &key, unsigned index) noexcept {
  return index < 6 ? digit(key.low, index) : digit(key.high, index - 6);
}

} // namespace detail

// Entry has a member `key`, all keys are different.
template <class Entry>
void radix_sort(std::pmr::vector<Entry> &entries, const Env &env) {
  constexpr std::size_t few = 512;
  if (entries.size() <= few) {
    std::sort(entries.begin(), entries.end(),
              [](const Entry &a, const Entry &b) { return a.key < b.key; });
    return;
  }
  std::pmr::vector<Entry> other(entries.size(), entries.get_allocator());
  const unsigned digits = detail::digits_of(entries.front().key);
  for (unsigned index = 0; index < digits; ++index) {
    env.poll();
    std::array<std::size_t, std::size_t{1} << detail::digit_bits> start{};
    for (const Entry &entry : entries) {
      ++start[detail::digit(entry.key, index)];
    }
    if (start[detail::digit(entries.front().key, index)] == entries.size()) {
      continue;
    }
    std::size_t sum = 0;
    for (std::size_t &count : start) {
      const std::size_t own = count;
      count = sum;
      sum += own;
    }
    for (const Entry &entry : entries) {
      other[start[detail::digit(entry.key, index)]++] = entry;
    }
    entries.swap(other);
  }
}

} // namespace starhouse::exact
