#include "core/scd/timeline.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

namespace {

using starhouse::scd::in_force;
using starhouse::scd::Timeline;

Timeline line_of(const std::vector<std::int64_t> &starts, const std::vector<std::int64_t> &ends) {
  return {reinterpret_cast<const char *>(starts.data()),
          reinterpret_cast<const char *>(ends.data()), static_cast<int>(starts.size())};
}

TEST(Timeline, HoldsFromStartToEnd) {
  const std::vector<std::int64_t> starts{10, 20, 40};
  const std::vector<std::int64_t> ends{20, 30, std::numeric_limits<std::int64_t>::max()};
  const Timeline line = line_of(starts, ends);
  EXPECT_EQ(in_force(line, 9), -1);
  EXPECT_EQ(in_force(line, 10), 0);
  EXPECT_EQ(in_force(line, 19), 0);
  EXPECT_EQ(in_force(line, 20), 1);
  EXPECT_EQ(in_force(line, 30), -1); // a gap
  EXPECT_EQ(in_force(line, 39), -1);
  EXPECT_EQ(in_force(line, 40), 2);
  EXPECT_EQ(in_force(line, std::numeric_limits<std::int64_t>::max() - 1), 2);
  EXPECT_EQ(in_force(line, std::numeric_limits<std::int64_t>::max()), -1);
  EXPECT_EQ(in_force(line_of({}, {}), 0), -1);
}

// Every length up to 40, touching and with gaps, against a look at each version, also unaligned.
TEST(Timeline, AgreesWithLookingAtEach) {
  std::mt19937_64 random{20261128};
  for (int count = 0; count <= 40; ++count) {
    for (int round = 0; round < 50; ++round) {
      std::vector<std::int64_t> starts;
      std::vector<std::int64_t> ends;
      std::int64_t now = round == 0 ? std::numeric_limits<std::int64_t>::min() : -50;
      for (int i = 0; i < count; ++i) {
        starts.push_back(now);
        now = (i == 0 ? -50 : now) + 1 + static_cast<std::int64_t>(random() % 5);
        ends.push_back(now);
        now += static_cast<std::int64_t>(random() % 3);
      }
      std::vector<char> bytes(sizeof(std::int64_t) * starts.size() + 4);
      std::memcpy(bytes.data() + 4, starts.data(), bytes.size() - 4);
      const Timeline line{bytes.data() + 4, reinterpret_cast<const char *>(ends.data()), count};
      for (std::int64_t at = -60; at < now + 5; ++at) {
        int expected = -1;
        for (int i = 0; i < count; ++i) {
          expected =
              starts[static_cast<std::size_t>(i)] <= at && at < ends[static_cast<std::size_t>(i)]
                  ? i
                  : expected;
        }
        ASSERT_EQ(in_force(line, at), expected) << count << " versions, at " << at;
      }
    }
  }
}

} // namespace
