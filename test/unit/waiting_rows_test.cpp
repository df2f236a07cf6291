#include "core/waiting_rows.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace {

struct Place {
  mutable int fetched = 0;
  std::vector<int> rows;

  void fetch(const int &) const noexcept { ++fetched; }
  void add(const int &row) {
    if (row < 0) {
      throw std::runtime_error("refused");
    }
    rows.push_back(row);
  }
};
using Waiting = starhouse::WaitingRows<Place, int>;

TEST(WaitingRows, GoIntoTheirPlacesInOrder) {
  Waiting waiting;
  Place one;
  Place other;
  EXPECT_TRUE(waiting.empty());
  EXPECT_FALSE(waiting.add(&one, 1));
  EXPECT_FALSE(waiting.add(&other, 2));
  EXPECT_FALSE(waiting.add(&one, 3));
  EXPECT_FALSE(waiting.empty());
  EXPECT_TRUE(one.rows.empty());
  waiting.work_off();
  EXPECT_TRUE(waiting.empty());
  EXPECT_EQ(one.rows, (std::vector<int>{1, 3}));
  EXPECT_EQ(other.rows, (std::vector<int>{2}));
  EXPECT_EQ(one.fetched, 2);
  waiting.work_off();
  EXPECT_EQ(one.rows.size(), 2U);
}

TEST(WaitingRows, SayWhenTheyAreAsManyAsFit) {
  Waiting waiting;
  Place place;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 1; i < Waiting::most; ++i) {
      EXPECT_FALSE(waiting.add(&place, round));
    }
    EXPECT_TRUE(waiting.add(&place, round));
    waiting.work_off();
  }
  EXPECT_EQ(place.rows.size(), 3 * Waiting::most);
}

TEST(WaitingRows, OfWhichOneFailsAreGone) {
  Waiting waiting;
  Place place;
  waiting.add(&place, 1);
  waiting.add(&place, -1);
  waiting.add(&place, 2);
  EXPECT_THROW(waiting.work_off(), std::runtime_error);
  EXPECT_TRUE(waiting.empty());
  EXPECT_EQ(place.rows, (std::vector<int>{1}));
}

} // namespace
