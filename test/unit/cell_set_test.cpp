// Boxes, circles, compaction and ranges, against going through all cells.
#include "core/geo/cell_set.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <string>

namespace {

using namespace starhouse::geo;
using starhouse::Env;

std::string names(const Cells &cells) {
  std::string all;
  for (const Cell cell : cells) {
    std::array<char, max_precision> text{};
    const int length = to_text(cell, text);
    all += (all.empty() ? "" : " ") + std::string(text.data(), static_cast<std::size_t>(length));
  }
  return all;
}

Cells cells_of(std::initializer_list<const char *> texts) {
  Cells cells;
  for (const char *text : texts) {
    cells.push_back(from_text(text));
  }
  return cells;
}

Cells box(Bounds bounds, int precision, std::size_t max_cells = 100'000) {
  Cells cells;
  cover_box(bounds, precision, max_cells, cells, Env{});
  return cells;
}

Cells circle(LatLon centre, double metres, int precision, std::size_t max_cells = 100'000) {
  Cells cells;
  cover_circle(centre, metres, precision, max_cells, cells, Env{});
  return cells;
}

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

LatLon anywhere(std::mt19937_64 &random) {
  std::uniform_real_distribution<double> unit(-1, 1);
  return {std::asin(unit(random)) / radians_per_degree, 180 * unit(random)};
}

TEST(CellSet, BoxAcrossTheDateLine) {
  EXPECT_EQ(names(box({-10, 170, 10, -170}, 1)), "2 8 r x");
  EXPECT_EQ(names(box({1, 179.9, 2, -179.9}, 2)), "80 xb");
  // Nearly all the way round: no column twice.
  EXPECT_EQ(names(box({1, 10.2, 1, 10.1}, 2)).size(), 32U * 3 - 1);
  EXPECT_EQ(box({-90, -180, 90, 180}, 2).size(), 1024U);
}

TEST(CellSet, BoxEdgesBelongToTheBox) {
  EXPECT_EQ(names(box({45, -90, 45, -90}, 1)), "f");
  EXPECT_EQ(names(box({44, -91, 45, -90}, 1)), "9 c d f");
  EXPECT_EQ(names(box({90, 180, 90, 180}, 1)), "z");
}

TEST(CellSet, BoxesAndLimitsAreChecked) {
  EXPECT_EQ(code_of([] { box({10, 0, 5, 1}, 5); }), "22023");
  EXPECT_EQ(code_of([] { box({0, 0, 95, 1}, 5); }), "22003");
  EXPECT_EQ(code_of([] { box({0, 0, 5, std::nan("")}, 5); }), "22003");
  EXPECT_EQ(code_of([] { box({0, 0, 5, 5}, 13); }), "22023");
  EXPECT_EQ(code_of([] { box({-90, -180, 90, 180}, 12); }), "54000");
  EXPECT_EQ(code_of([] { box({-90, -180, 90, 180}, 2, 1023); }), "54000");
  EXPECT_EQ(code_of([] { check_max_cells(0); }), "22023");
  EXPECT_EQ(code_of([] { check_max_ranges(-1); }), "22023");
  EXPECT_EQ(code_of([] { circle({0, 0}, -1, 5); }), "22003");
  EXPECT_EQ(code_of([] { circle({0, 0}, std::nan(""), 5); }), "22003");
  EXPECT_EQ(code_of([] { circle({0, 0}, 1e9, 5); }), "54000");
}

TEST(CellSet, BoxHoldsTheCellsOfItsPoints) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 300; ++i) {
    const int precision = 1 + i % 4;
    const LatLon a = anywhere(random);
    const LatLon b = anywhere(random);
    const Bounds bounds{std::min(a.lat, b.lat), a.lon, std::max(a.lat, b.lat), b.lon};
    const Cells cells = box(bounds, precision, most_cells);
    ASSERT_TRUE(std::ranges::is_sorted(cells));
    const std::set<Cell> in(cells.begin(), cells.end());
    ASSERT_EQ(in.size(), cells.size());
    for (int n = 0; n < 200; ++n) {
      const LatLon point = anywhere(random);
      const bool inside =
          point.lat >= bounds.south && point.lat <= bounds.north &&
          (bounds.west <= bounds.east ? point.lon >= bounds.west && point.lon <= bounds.east
                                      : point.lon >= bounds.west || point.lon <= bounds.east);
      if (inside) {
        ASSERT_TRUE(in.contains(encode(point.lat, point.lon, precision)));
      }
    }
    // And no others: each cell's edges reach into the box.
    for (const Cell cell : cells) {
      const Bounds at = bounds_of(cell);
      ASSERT_TRUE(at.south <= bounds.north && at.north > bounds.south - 1e-9);
    }
  }
}

TEST(CellSet, CircleHoldsEveryPointWithinIt) {
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> bearing(0, 360);
  std::uniform_real_distribution<double> exponent(0, 6.9);
  std::uniform_real_distribution<double> fraction(0, 1);
  for (int i = 0; i < 2'000; ++i) {
    LatLon centre = anywhere(random);
    if (i % 4 == 1) {
      centre.lat = (i % 8 < 4 ? 1 : -1) * (90 - std::pow(10, -6 * fraction(random)));
    } else if (i % 4 == 2) {
      centre.lon = 180 - std::pow(10, -6 * fraction(random));
    }
    const double metres = std::pow(10, exponent(random));
    int precision = max_precision;
    while (precision > 1 && rows_of(precision) * row_height * 111'000 < metres / 3) {
      --precision;
    }
    if (i % 4 == 1) {
      precision = std::min(precision, 4); // a pole's row has as many cells as the equator's
    }
    const Cells cells = circle(centre, metres, precision, most_cells);
    ASSERT_TRUE(std::ranges::is_sorted(cells));
    const std::set<Cell> in(cells.begin(), cells.end());
    for (int n = 0; n < 50; ++n) {
      // At the edge every other time.
      const double length = n % 2 == 0 ? metres : metres * std::sqrt(fraction(random));
      const LatLon point = destination(centre, bearing(random), length * (1 - 1e-12));
      ASSERT_TRUE(in.contains(encode(point.lat, point.lon, precision)))
          << centre.lat << " " << centre.lon << " " << metres << " " << precision;
    }
    for (const Cell cell : cells) {
      ASSERT_LE(distance_at_least(centre, cell), metres + 1e-6);
    }
  }
}

TEST(CellSet, DistanceToACellIsBoundedClosely) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> fraction(0, 1);
  for (int i = 0; i < 4'000; ++i) {
    const LatLon point = anywhere(random);
    const LatLon there = anywhere(random);
    const Cell cell = encode(there.lat, there.lon, 1 + i % 8);
    const Bounds at = bounds_of(cell);
    double nearest = greatest_distance;
    for (int n = 0; n < 400; ++n) {
      // Inside, and along the edges.
      const double u = n % 4 == 0 ? std::floor(fraction(random) * 2) : fraction(random);
      const double v = n % 4 == 1 ? std::floor(fraction(random) * 2) : fraction(random);
      nearest = std::min(nearest, geodesic_distance(point, {at.south + u * (at.north - at.south),
                                                            at.west + v * (at.east - at.west)}));
    }
    const double bound = distance_at_least(point, cell);
    ASSERT_LE(bound, nearest + 1e-6);
    // Sampling misses the nearest point by part of the cell.
    const double reach = geodesic_distance({at.south, at.west}, {at.north, at.east});
    ASSERT_GE(bound, nearest * 0.99 - reach * 0.2) << point.lat << " " << point.lon << " " << cell;
  }
}

TEST(CellSet, CircleAtAPoleAndAcrossTheDateLine) {
  // 32 columns of precision 2 meet at the pole; rows there are 5.6 degrees high.
  EXPECT_EQ(circle({90, 0}, 1'000, 2).size(), 32U);
  EXPECT_EQ(circle({-90, 77}, 1'000, 2).size(), 32U);
  EXPECT_EQ(names(circle({1, 179.999}, 1'000, 2)), "80 xb");
  EXPECT_EQ(circle({19.076, 72.8777}, 0, 9), Cells{encode(19.076, 72.8777, 9)});
  EXPECT_EQ(circle({0, 0}, 20'100'000, 2).size(), 1024U);
}

TEST(CellSet, CompactJoinsFamiliesAndDropsWhatIsCovered) {
  Cells children;
  for (Cell child = first_child(from_text("u4")), i = 0; i < 32; ++i) {
    children.push_back(child);
    child += child_distance(from_text("u4"));
  }
  Cells out;
  compact(children, out, Env{});
  EXPECT_EQ(names(out), "u4");
  out.clear();
  compact(cells_of({"u4pr", "u4", "u4", "9", "u5", "9q8yyk"}), out, Env{});
  EXPECT_EQ(names(out), "9 u4 u5");
  out.clear();
  children.erase(children.begin() + 7);
  compact(children, out, Env{});
  EXPECT_EQ(out.size(), 31U);
  EXPECT_EQ(code_of([] {
              Cells none;
              compact(Cells{0}, none, Env{});
            }),
            "22023");
}

TEST(CellSet, CompactAndBackGivesTheSameCells) {
  std::mt19937_64 random(9);
  for (int i = 0; i < 50; ++i) {
    const LatLon centre = anywhere(random);
    Cells cells = circle(centre, 40'000, 6, most_cells);
    const Cells before = cells;
    std::ranges::shuffle(cells, random);
    Cells fewest;
    compact(cells, fewest, Env{});
    ASSERT_LT(fewest.size(), before.size());
    Cells again;
    for (const Cell cell : fewest) {
      const std::size_t count = std::size_t{1} << (5 * (6 - precision_of(cell)));
      again.resize(again.size() + count);
      descendants(cell, 6, {again.data() + again.size() - count, count});
    }
    ASSERT_EQ(again, before);
  }
}

TEST(CellSet, RangesHoldTheCellsAndNoOthersOfTheirPrecision) {
  std::mt19937_64 random(10);
  const Cells cells = circle({48.2, 16.37}, 3'000, 7);
  CellRanges ranges;
  ranges_of(cells, ranges, Env{});
  EXPECT_LT(ranges.size(), cells.size() / 3);
  const std::set<Cell> in(cells.begin(), cells.end());
  std::uniform_real_distribution<double> near(-0.05, 0.05);
  for (int i = 0; i < 20'000; ++i) {
    const Cell cell = encode(48.2 + near(random), 16.37 + near(random), 7 + i % 6);
    const bool found = std::ranges::any_of(
        ranges, [&](CellRange range) { return range.lo <= cell && cell <= range.hi; });
    ASSERT_EQ(found, in.contains(parent(cell, 7)));
  }
}

TEST(CellSet, SearchRangesFindPointsStoredAtAnyPrecision) {
  std::mt19937_64 random(12);
  std::uniform_real_distribution<double> bearing(0, 360);
  std::uniform_real_distribution<double> exponent(-1, 7.3);
  std::uniform_real_distribution<double> fraction(0, 1);
  for (int i = 0; i < 2'000; ++i) {
    LatLon centre = anywhere(random);
    centre.lat = i % 5 == 0 ? 90 - std::pow(10, -6 * fraction(random)) : centre.lat;
    const double metres = std::pow(10, exponent(random));
    CellRanges ranges;
    search_ranges(centre, metres, 16, ranges, Env{});
    ASSERT_TRUE(std::ranges::is_sorted(ranges, {}, &CellRange::lo));
    ASSERT_LE(std::ranges::count_if(ranges, [](CellRange range) { return range.lo != range.hi; }),
              16);
    for (std::size_t n = 1; n < ranges.size(); ++n) {
      ASSERT_LT(ranges[n - 1].hi, ranges[n].lo); // no row is found twice
    }
    for (int n = 0; n < 30; ++n) {
      const LatLon point = destination(centre, bearing(random), metres * fraction(random));
      const Cell cell = encode(point.lat, point.lon, 1 + n % 12);
      ASSERT_TRUE(std::ranges::any_of(
          ranges, [&](CellRange range) { return range.lo <= cell && cell <= range.hi; }))
          << centre.lat << " " << centre.lon << " " << metres << " " << cell;
    }
  }
}

} // namespace
