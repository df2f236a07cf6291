#include "core/geo/heatmap.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

namespace {

using namespace starhouse::geo;
using starhouse::Env;
using starhouse::Error;

const Env env;
constexpr std::int64_t second = 1'000'000;

template <class State>
std::vector<std::byte> stored(const State &state) {
  std::vector<std::byte> bytes(starhouse::stored_size(state));
  starhouse::write_state(state, bytes);
  return bytes;
}

template <class State>
State restored(const std::vector<std::byte> &bytes) {
  State state(env);
  starhouse::read_state(state, bytes);
  return state;
}

template <class Do>
std::string error_code(Do act) {
  try {
    act();
  } catch (const Error &error) {
    EXPECT_FALSE(error.hint().empty());
    return error.code().data();
  }
  return "none";
}

struct Point {
  double lat;
  double lon;
  Instant at;
};

std::vector<Point> points(std::size_t count) {
  std::vector<Point> list;
  std::uint64_t seed = 11;
  const auto unit = [&] {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return static_cast<double>(seed >> 11) / 9007199254740992.0;
  };
  for (std::size_t i = 0; i < count; ++i) {
    // Squared, so that some cells are busy and many are not.
    const double lat = 12 + unit() * unit();
    const double lon = 77 + unit() * unit();
    list.push_back({lat, lon, static_cast<Instant>(unit() * 1e6) * second});
  }
  return list;
}

TEST(Heatmap, CountsLikeAMap) {
  for (const int precision : {1, 4, 6, 12}) {
    std::map<Cell, std::uint64_t> expected;
    Heatmap whole(env);
    Heatmap even(env);
    Heatmap odd(env);
    std::size_t i = 0;
    for (const Point &point : points(20'000)) {
      const Cell cell = encode(point.lat, point.lon, precision);
      ++expected[cell];
      whole.add(cell);
      (i++ % 2 == 0 ? even : odd).add(cell);
    }
    const auto cells = whole.cells();
    ASSERT_EQ(cells.size(), expected.size());
    std::size_t n = 0;
    for (const auto &[cell, count] : expected) {
      ASSERT_EQ(cells[n].first, cell);
      ASSERT_EQ(cells[n].second, count);
      ++n;
    }
    Heatmap sum = restored<Heatmap>(stored(odd));
    sum.merge(even);
    EXPECT_EQ(stored(sum), stored(whole));
    EXPECT_EQ(stored(restored<Heatmap>(stored(whole))), stored(whole));
  }
}

TEST(Heatmap, CornersOfTheGrid) {
  Heatmap heatmap(env);
  for (const double lat : {-90.0, 90.0}) {
    for (const double lon : {-180.0, 180.0}) {
      heatmap.add(encode(lat, lon, 12));
    }
  }
  EXPECT_EQ(restored<Heatmap>(stored(heatmap)).cells(), heatmap.cells());
  EXPECT_EQ(restored<Heatmap>(stored(Heatmap(env))).cells().size(), 0U);
}

TEST(Heatmap, PrecisionsDoNotMix) {
  Heatmap heatmap(env);
  heatmap.add(encode(1, 1, 5));
  EXPECT_EQ(error_code([&] { heatmap.add(encode(1, 1, 6)); }), "22023");
  heatmap.add(encode(1, 1, 5), INT64_MAX - 1);
  EXPECT_EQ(error_code([&] { heatmap.add(encode(1, 1, 5)); }), "22003");
}

TEST(DecayedHeatmap, HalvesEachHalfLife) {
  DecayedHeatmap heatmap(env);
  const Cell cell = encode(1, 1, 6);
  heatmap.add(cell, 0, 60 * second);
  EXPECT_EQ(heatmap.cells(0)[0].second, 1);
  EXPECT_EQ(heatmap.cells(60 * second)[0].second, 0.5);
  EXPECT_EQ(heatmap.cells(180 * second)[0].second, 0.125);
  EXPECT_EQ(heatmap.cells(-60 * second)[0].second, 2);
  heatmap.add(cell, 60 * second, 60 * second);
  heatmap.add(cell, -60 * second, 60 * second);
  EXPECT_EQ(heatmap.cells(60 * second)[0].second, 1.75);
}

TEST(DecayedHeatmap, OrderAndPartsMatterByRoundingOnly) {
  const auto list = points(5'000);
  const std::int64_t half_life = 3600 * second;
  std::map<Cell, long double> expected;
  DecayedHeatmap forward(env);
  DecayedHeatmap backward(env);
  DecayedHeatmap parts(env);
  const Instant as_of = 1'000'000 * second;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Cell cell = encode(list[i].lat, list[i].lon, 5);
    expected[cell] += std::exp2l(-static_cast<long double>(as_of - list[i].at) / half_life);
    forward.add(cell, list[i].at, half_life);
    const Point &other = list[list.size() - 1 - i];
    backward.add(encode(other.lat, other.lon, 5), other.at, half_life);
    if (i % 10 == 0) {
      DecayedHeatmap part(env);
      for (std::size_t j = i; j < i + 10; ++j) {
        part.add(encode(list[j].lat, list[j].lon, 5), list[j].at, half_life);
      }
      parts.merge(restored<DecayedHeatmap>(stored(part)));
    }
  }
  for (const DecayedHeatmap *heatmap : {&forward, &backward, &parts}) {
    const auto cells = heatmap->cells(as_of);
    ASSERT_EQ(cells.size(), expected.size());
    std::size_t n = 0;
    for (const auto &[cell, weight] : expected) {
      ASSERT_EQ(cells[n].first, cell);
      ASSERT_NEAR(cells[n].second, static_cast<double>(weight),
                  static_cast<double>(weight) * 1e-12);
      ++n;
    }
  }
}

TEST(DecayedHeatmap, AnyRangeOfTimes) {
  DecayedHeatmap heatmap(env);
  const Cell cell = encode(1, 1, 6);
  heatmap.add(cell, INT64_MIN + 1, 1000);
  heatmap.add(cell, INT64_MAX - 1, 1000);
  heatmap.add(cell, 0, 1000);
  EXPECT_EQ(heatmap.cells(INT64_MAX - 1)[0].second, 1);
  EXPECT_EQ(error_code([&] { heatmap.cells(0); }), "22003");
  EXPECT_EQ(error_code([&] { heatmap.cells(INT64_MAX); }), "22008");
  EXPECT_EQ(error_code([&] { heatmap.add(cell, INT64_MIN, 1000); }), "22008");
  EXPECT_EQ(error_code([&] { heatmap.add(cell, 0, 1001); }), "22023");
  EXPECT_EQ(error_code([&] { heatmap.add(encode(1, 1, 7), 0, 1000); }), "22023");
  DecayedHeatmap fresh(env);
  EXPECT_EQ(error_code([&] { fresh.add(cell, 0, 999); }), "22023");
  DecayedHeatmap other(env);
  other.add(cell, 0, 2000);
  EXPECT_EQ(error_code([&] { heatmap.merge(other); }), "22023");
}

} // namespace
