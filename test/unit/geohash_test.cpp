// Cells: which one a point belongs to, text and integers, neighbours, families.
#include "core/geo/geohash.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>

namespace {

using namespace starhouse::geo;

std::string text_of(Cell cell) {
  std::array<char, max_precision> text{};
  const int length = to_text(cell, text);
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string hash(double lat, double lon, int precision) {
  return text_of(encode(lat, lon, precision));
}

double below(double value) {
  return std::nextafter(value, -std::numeric_limits<double>::infinity());
}

// Code of the error that an action throws, "" for none.
template <class Action>
std::string code_of(Action action) {
  try {
    action();
  } catch (const starhouse::Error &error) {
    EXPECT_FALSE(error.hint().empty());
    return error.code().data();
  }
  return "";
}

TEST(Geohash, KnownPlaces) {
  EXPECT_EQ(hash(57.64911, 10.40744, 11), "u4pruydqqvj"); // Niemeyer's own example
  EXPECT_EQ(hash(42.6, -5.6, 5), "ezs42");
  EXPECT_EQ(hash(-25.38262, -49.26561, 8), "6gkzwgjz");
}

TEST(Geohash, EveryGridLineBelongsToTheCellNorthAndEastOfIt) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200'000; ++i) {
    const auto row = static_cast<std::int64_t>(random() % (grid_size - 1)) + 1;
    const double south = row_south(row);
    ASSERT_EQ(row_of(south), row);
    ASSERT_EQ(row_of(below(south)), row - 1);
    const auto column = static_cast<std::int64_t>(random() % (grid_size - 1)) + 1;
    const double west = column_west(column);
    ASSERT_EQ(column_of(west), column);
    ASSERT_EQ(column_of(below(west)), column - 1);
  }
}

TEST(Geohash, NearGridLinesTheNearestDoublesDecide) {
  std::mt19937_64 random(17);
  for (int i = 0; i < 100'000; ++i) {
    const auto row = static_cast<std::int64_t>(random() % (grid_size - 1)) + 1;
    const auto column = static_cast<std::int64_t>(random() % (grid_size - 1)) + 1;
    // From a rounding step to a hundredth of a cell off.
    const double off = std::pow(10, -14 + 6 * static_cast<double>(i % 1000) / 1000);
    for (const double sign : {-1.0, 1.0}) {
      const double lat = row_south(row) + sign * off * row_height * 1e6;
      const double lon = column_west(column) + sign * off * column_width * 1e6;
      ASSERT_EQ(row_of(lat), lat < row_south(row) ? row - 1 : row);
      ASSERT_EQ(column_of(lon), lon < column_west(column) ? column - 1 : column);
    }
  }
}

TEST(Geohash, TheOuterEdgesBelongToTheLastCells) {
  EXPECT_EQ(hash(90, 180, 12), "zzzzzzzzzzzz");
  EXPECT_EQ(hash(-90, -180, 12), "000000000000");
  EXPECT_EQ(hash(below(90), below(180), 12), "zzzzzzzzzzzz");
}

TEST(Geohash, NegativeZeroIsZeroAndTheLeastNegativeIsNot) {
  EXPECT_EQ(hash(-0.0, -0.0, 12), "s00000000000");
  EXPECT_EQ(hash(5e-324, 5e-324, 12), "s00000000000");
  EXPECT_EQ(hash(-5e-324, -5e-324, 12), "7zzzzzzzzzzz");
  EXPECT_EQ(hash(-1e-20, -1e-20, 12), "7zzzzzzzzzzz");
}

TEST(Geohash, CoordinatesAndPrecisionAreChecked) {
  const double nan = std::nan("");
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bad :
       {nan, infinity, -infinity, 90.00000000000001, -90.00000000000001, 1e300}) {
    EXPECT_EQ(code_of([&] { check_latitude(bad); }), "22003") << bad;
  }
  for (const double bad : {nan, infinity, -infinity, 180.00000000000003, -180.00000000000003}) {
    EXPECT_EQ(code_of([&] { check_longitude(bad); }), "22003") << bad;
  }
  for (const int bad : {0, 13, -1, std::numeric_limits<int>::min()}) {
    EXPECT_EQ(code_of([&] { check_precision(bad); }), "22023") << bad;
  }
  EXPECT_EQ(code_of([] {
              check_latitude(-90);
              check_longitude(180);
              check_precision(12);
            }),
            "");
}

TEST(Geohash, CellsSortAndNestAsTheTextsDo) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> lat(-90, 90);
  std::uniform_real_distribution<double> lon(-180, 180);
  for (int i = 0; i < 20'000; ++i) {
    const double a = lat(random);
    const double b = lon(random);
    for (int precision = 1; precision <= max_precision; ++precision) {
      const Cell cell = encode(a, b, precision);
      ASSERT_TRUE(is_cell(cell));
      ASSERT_EQ(precision_of(cell), precision);
      ASSERT_EQ(from_text(text_of(cell)), cell);
      const Cell finest = encode(a, b, max_precision);
      ASSERT_EQ(parent(finest, precision), cell);
      ASSERT_LE(first_descendant(cell), finest);
      ASSERT_GE(last_descendant(cell), finest);
      ASSERT_EQ(text_of(finest).substr(0, static_cast<std::size_t>(precision)), text_of(cell));
      const Bounds bounds = bounds_of(cell);
      ASSERT_TRUE(bounds.south <= a && a < bounds.north && bounds.west <= b && b < bounds.east);
    }
    const Cell one = encode(a, b, 6);
    const Cell other = encode(lat(random), lon(random), 6);
    ASSERT_EQ(one < other, text_of(one) < text_of(other));
  }
}

TEST(Geohash, ChildrenFillTheRangeOfTheirParent) {
  const Cell cell = from_text("u4p");
  Cell child = first_child(cell);
  for (const char c : base32) {
    EXPECT_EQ(text_of(child), std::string("u4p") + c);
    EXPECT_GE(first_descendant(child), first_descendant(cell));
    EXPECT_LE(last_descendant(child), last_descendant(cell));
    child += child_distance(cell);
  }
  EXPECT_GT(child, last_descendant(cell));
  // What lies outside the range belongs to others.
  EXPECT_FALSE(parent(from_text("u4nz"), 3) == cell);
  EXPECT_LT(last_descendant(from_text("u4n")), first_descendant(cell));
}

TEST(Geohash, NumbersThatAreNoCells) {
  for (const Cell bad :
       {Cell{0}, Cell{-1}, Cell{2}, Cell{1} << 61, std::numeric_limits<Cell>::min(),
        std::numeric_limits<Cell>::max(), Cell{1} << 60, Cell{1} << 54}) {
    EXPECT_FALSE(is_cell(bad)) << bad;
    EXPECT_EQ(code_of([&] { check_cell(bad); }), "22023") << bad;
  }
  EXPECT_TRUE(is_cell(1));
  EXPECT_TRUE(is_cell(Cell{1} << 55));
  EXPECT_TRUE(is_cell((Cell{1} << 61) - 1));
}

TEST(Geohash, NeighboursWrapTheDateLineAndEndAtThePoles) {
  const auto next = [](const char *of, Direction direction) {
    const Cell cell = neighbor(from_text(of), direction);
    return cell == 0 ? std::string("none") : text_of(cell);
  };
  EXPECT_EQ(next("u4pruydqqvj", Direction::n), "u4pruydqqvm");
  EXPECT_EQ(next("xbpbpbpbpbpb", Direction::e), "800000000000");
  EXPECT_EQ(next("800000000000", Direction::w), "xbpbpbpbpbpb");
  EXPECT_EQ(next("zzz", Direction::n), "none");
  EXPECT_EQ(next("zzz", Direction::ne), "none");
  EXPECT_EQ(next("zzz", Direction::e), "bpb");
  EXPECT_EQ(next("0", Direction::sw), "none");
  EXPECT_EQ(next("0", Direction::w), "p");
}

TEST(Geohash, NeighboursTouch) {
  std::mt19937_64 random(13);
  for (int i = 0; i < 20'000; ++i) {
    const Cell cell = parent(static_cast<Cell>(random() >> 3) | 1, 1 + i % 12);
    const Bounds bounds = bounds_of(cell);
    const Cell north = neighbor(cell, Direction::n);
    ASSERT_EQ(north == 0, bounds.north == 90);
    if (north != 0) {
      ASSERT_EQ(bounds_of(north).south, bounds.north);
      ASSERT_EQ(neighbor(north, Direction::s), cell);
    }
    const Cell east = neighbor(cell, Direction::e);
    ASSERT_EQ(bounds_of(east).west, bounds.east == 180 ? -180 : bounds.east);
    ASSERT_EQ(neighbor(east, Direction::w), cell);
  }
}

TEST(Geohash, TextIsRefusedUnlessItIsBase32) {
  for (const char *bad : {"", "a", "i", "l", "o", "A", "I", "L", "O", "u4 ", " u4", "u4p\n",
                          "u4pruydqqvj80", "\xC3\xBC", "u-4"}) {
    EXPECT_EQ(code_of([&] { from_text(bad); }), "22P02") << bad;
  }
  EXPECT_EQ(code_of([] { from_text(std::string_view("u\0", 2)); }), "22P02");
  EXPECT_EQ(from_text("U4PRUY"), from_text("u4pruy"));
}

TEST(Geohash, DirectionsByName) {
  EXPECT_EQ(direction_from_name("nw"), Direction::nw);
  EXPECT_EQ(direction_from_name("SE"), Direction::se);
  EXPECT_EQ(code_of([] { direction_from_name("north"); }), "22023");
  EXPECT_EQ(code_of([] { direction_from_name(""); }), "22023");
}

} // namespace
