#include "core/hash.hpp"

#include <array>

namespace starhouse {

namespace {

constexpr std::uint64_t prime_1 = 0x9E3779B185EBCA87U;
constexpr std::uint64_t prime_2 = 0xC2B2AE3D27D4EB4FU;
constexpr std::uint64_t prime_3 = 0x165667B19E3779F9U;
constexpr std::uint64_t prime_4 = 0x85EBCA77C2B2AE63U;
constexpr std::uint64_t prime_5 = 0x27D4EB2F165667C5U;

template <class Word>
Word little_endian(const char *bytes) noexcept {
  Word word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return detail::little_endian(word);
}

std::uint64_t step(std::uint64_t lane, std::uint64_t word) noexcept {
  return std::rotl(lane + word * prime_2, 31) * prime_1;
}

} // namespace

std::uint64_t xxh64(std::string_view bytes, std::uint64_t seed) noexcept {
  const char *at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t hash = seed + prime_5;
  if (left >= 32) {
    std::array<std::uint64_t, 4> lanes{seed + prime_1 + prime_2, seed + prime_2, seed,
                                       seed - prime_1};
    for (; left >= 32; left -= 32) {
      for (std::uint64_t &lane : lanes) {
        lane = step(lane, little_endian<std::uint64_t>(at));
        at += 8;
      }
    }
    hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) +
           std::rotl(lanes[3], 18);
    for (const std::uint64_t lane : lanes) {
      hash = (hash ^ step(0, lane)) * prime_1 + prime_4;
    }
  }
  hash += bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    hash ^= step(0, little_endian<std::uint64_t>(at));
    hash = std::rotl(hash, 27) * prime_1 + prime_4;
  }
  if (left >= 4) {
    hash ^= little_endian<std::uint32_t>(at) * prime_1;
    hash = std::rotl(hash, 23) * prime_2 + prime_3;
    at += 4;
    left -= 4;
  }
  for (; left > 0; --left, ++at) {
    hash ^= static_cast<unsigned char>(*at) * prime_5;
    hash = std::rotl(hash, 11) * prime_1;
  }
  hash = (hash ^ hash >> 33U) * prime_2;
  hash = (hash ^ hash >> 29U) * prime_3;
  return hash ^ hash >> 32U;
}

} // namespace starhouse
