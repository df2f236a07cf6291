// Stable 64-bit hashes. Sketches and sets that are kept in tables depend on them, and so do states
// sent between servers: they are the same on every machine and never change.
//
//   hash64(number)  the finalizer of SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, "Fast
//   splittable
//                   pseudorandom number generators", OOPSLA 2014, with D. Stafford's constants),
//                   one golden step in so that 0 is no fixed point. A bijection: numbers never
//                   collide.
//   hash64(bytes)   XXH64, seed 0, the published algorithm.
//   hash64(a, b)    of two words, such as a uuid's.
//
// None is keyed: whoever chooses the values can choose their hashes as well. What depends on them
// may lose accuracy by that, never memory or time without bound.
#pragma once

#include "core/bytes.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace starhouse {

constexpr std::uint64_t hash64(std::uint64_t number) noexcept {
  number += 0x9E3779B97F4A7C15U;
  number = (number ^ (number >> 30U)) * 0xBF58476D1CE4E5B9U;
  number = (number ^ (number >> 27U)) * 0x94D049BB133111EBU;
  return number ^ (number >> 31U);
}

constexpr std::uint64_t hash64(std::uint64_t first, std::uint64_t second) noexcept {
  return hash64(hash64(first) ^ std::rotl(second, 32));
}

std::uint64_t xxh64(std::string_view bytes, std::uint64_t seed = 0) noexcept;

inline std::uint64_t hash64(std::string_view text) noexcept {
  return xxh64(text);
}

inline std::uint64_t hash64(Bytes bytes) noexcept {
  return xxh64({reinterpret_cast<const char *>(bytes.data()), bytes.size()});
}

} // namespace starhouse
