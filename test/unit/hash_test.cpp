// Stored sketches rest on these values: a test that fails here means data that can no longer be
// read.
#include "core/hash.hpp"

#include <array>
#include <gtest/gtest.h>
#include <string>

namespace {

using starhouse::hash64;
using starhouse::xxh64;

TEST(Hash, NumbersAreSplitMix64) {
  // The first outputs of SplitMix64 with seeds 0 and 1234567, as its reference code gives them.
  EXPECT_EQ(hash64(std::uint64_t{0}), 0xE220A8397B1DCDAFU);
  EXPECT_EQ(hash64(std::uint64_t{1234567}), 6457827717110365317U);
  EXPECT_NE(hash64(1, 2), hash64(2, 1));
  EXPECT_NE(hash64(0, 0), hash64(std::uint64_t{0}));
}

TEST(Hash, BytesAreXxh64) {
  EXPECT_EQ(xxh64(""), 0xEF46DB3751D8E999U);
  EXPECT_EQ(xxh64("a"), 0xD24EC4F1A98C6E5BU);
  EXPECT_EQ(hash64(std::string_view("abc")), 0x44BC2CF5AD770999U);
  EXPECT_EQ(xxh64("Nobody inspects the spammish repetition"), 0xFBCEA83C8A378BF1U);
  EXPECT_EQ(hash64(starhouse::bytes_of("abc")), xxh64("abc"));
}

// Each bit of the result turns over for about half of the inputs when one bit of the input does:
// registers, orders and thresholds are taken from any part of it.
TEST(Hash, EveryBitDependsOnEveryBit) {
  constexpr int inputs = 4096;
  for (unsigned bit = 0; bit < 64; ++bit) {
    std::array<int, 64> numbers{};
    std::array<int, 64> second{};
    for (std::uint64_t i = 0; i < inputs; ++i) {
      const std::uint64_t turned = i ^ std::uint64_t{1} << bit;
      const std::uint64_t change = hash64(i) ^ hash64(turned);
      const std::uint64_t other = hash64(7, i) ^ hash64(7, turned);
      for (unsigned out = 0; out < 64; ++out) {
        numbers[out] += static_cast<int>(change >> out & 1U);
        second[out] += static_cast<int>(other >> out & 1U);
      }
    }
    for (unsigned out = 0; out < 64; ++out) {
      // Six standard deviations are 192.
      EXPECT_NEAR(numbers[out], inputs / 2, 220) << "bit " << bit << " on " << out;
      EXPECT_NEAR(second[out], inputs / 2, 220) << "bit " << bit << " on " << out;
    }
  }
}

} // namespace
