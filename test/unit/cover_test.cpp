// Cells of an area against boxes, which are exact, and against asking point by point.
#include "core/geo/cover.hpp"

#include "core/geo/shape_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <string>

namespace {

using namespace starhouse::geo;
using starhouse::Env;

const Env env{};

Cells cover(const Shape &shape, int precision, CoverMode mode, std::size_t max_cells = 1'000'000) {
  Cells cells;
  cover_shape(shape, precision, mode, max_cells, cells, env);
  EXPECT_TRUE(std::ranges::is_sorted(cells));
  EXPECT_TRUE(std::ranges::adjacent_find(cells) == cells.end());
  return cells;
}

Cells cover(const char *text, int precision, CoverMode mode, std::size_t max_cells = 1'000'000) {
  return cover(parse_shape_text(text, env), precision, mode, max_cells);
}

Shape rectangle(const Bounds &box) {
  const Vertex corners[] = {
      {box.west, box.south}, {box.east, box.south}, {box.east, box.north}, {box.west, box.north}};
  return shape_of_ring(corners, env);
}

std::string names(const Cells &cells) {
  std::string all;
  for (const Cell cell : cells) {
    std::array<char, max_precision> text{};
    const int length = to_text(cell, text);
    all += (all.empty() ? "" : " ") + std::string(text.data(), static_cast<std::size_t>(length));
  }
  return all;
}

std::string code_of(const auto &action) {
  try {
    action();
  } catch (const starhouse::Error &error) {
    EXPECT_FALSE(error.hint().empty());
    return error.code().data();
  }
  return "";
}

// A star around a centre, with a hole, its vertices on grid lines now and then.
Shape star(std::mt19937_64 &random, Vertex centre, double reach) {
  std::uniform_real_distribution<double> fraction(0.3, 1);
  std::string text = "POLYGON((";
  for (const double part : {1.0, 0.25}) {
    std::string first;
    const int corners = 5 + static_cast<int>(random() % 12);
    for (int i = 0; i < corners; ++i) {
      const double angle = 2 * std::acos(-1) * i / corners;
      const double distance = reach * part * fraction(random);
      double lon = centre.lon + distance * std::cos(angle);
      double lat = centre.lat + distance * std::sin(angle);
      if (random() % 3 == 0) {
        lon = std::round(lon / 0.3515625) * 0.3515625;
        lat = std::round(lat / 0.17578125) * 0.17578125;
      }
      const std::string vertex = shown(lon) + " " + shown(lat);
      first = i == 0 ? vertex : first;
      text += vertex + ",";
    }
    text += first + (part == 1 ? "),(" : "))");
  }
  return parse_shape_text(text, env);
}

TEST(Cover, OuterOfARectangleIsItsBox) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> lat(-90, 90);
  std::uniform_real_distribution<double> lon(-180, 180);
  for (int i = 0; i < 400; ++i) {
    const int precision = 1 + i % 4;
    Bounds box{lat(random), lon(random), lat(random), lon(random)};
    if (i % 2 == 0) { // on lines of the grid, or of a finer one
      box = {std::round(box.south / 5.625) * 5.625, std::round(box.west / 11.25) * 11.25,
             std::round(box.north / 1.40625) * 1.40625, std::round(box.east / 1.40625) * 1.40625};
    }
    if (box.south > box.north) {
      std::swap(box.south, box.north);
    }
    if (box.west > box.east) {
      std::swap(box.west, box.east);
    }
    // A shape that ends on the date line holds its points by either name, a box by one.
    if (box.south == box.north || box.west == box.east || box.west == -180 || box.east == 180) {
      continue;
    }
    Cells expected;
    cover_box(box, precision, most_cells, expected, env);
    ASSERT_EQ(cover(rectangle(box), precision, CoverMode::outer, most_cells), expected)
        << box.south << " " << box.west << " " << box.north << " " << box.east << " " << precision;
  }
}

TEST(Cover, ACellCoversItself) {
  for (const char *text : {"ezs42", "u", "zz", "00", "bp", "s000", "7zzz", "pbp"}) {
    const Cell cell = from_text(text);
    const Shape shape = rectangle(bounds_of(cell));
    EXPECT_EQ(cover(shape, precision_of(cell), CoverMode::inner), Cells{cell}) << text;
    EXPECT_EQ(cover(shape, precision_of(cell), CoverMode::centre), Cells{cell}) << text;
    Cells children(32);
    descendants(cell, precision_of(cell) + 1, children);
    EXPECT_EQ(cover(shape, precision_of(cell) + 1, CoverMode::inner), children) << text;
  }
}

TEST(Cover, AsPointByPoint) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int i = 0; i < 150; ++i) {
    const Vertex centre{-170 + 340 * unit(random), -80 + 160 * unit(random)};
    const Shape shape = star(random, centre, 3);
    const int precision = 3 + i % 2;
    const Cells inner = cover(shape, precision, CoverMode::inner);
    const Cells middle = cover(shape, precision, CoverMode::centre);
    const Cells outer = cover(shape, precision, CoverMode::outer);
    ASSERT_TRUE(std::ranges::includes(middle, inner));
    ASSERT_TRUE(std::ranges::includes(outer, middle));
    ASSERT_LT(inner.size(), outer.size());

    // The cells whose centre is inside, one by one.
    const Box box = shape.box();
    Cells expected;
    Cells candidates;
    cover_box({std::max(box.south, -90.0), box.west, std::min(box.north, 90.0), box.east},
              precision, most_cells, candidates, env);
    for (const Cell cell : candidates) {
      const Bounds at = bounds_of(cell);
      if (shape.covers((at.south + at.north) / 2, (at.west + at.east) / 2)) {
        expected.push_back(cell);
      }
    }
    ASSERT_EQ(middle, expected);

    // Points inside lie in outer cells, points of inner cells inside.
    for (const Cell cell : candidates) {
      const bool in_outer = std::ranges::binary_search(outer, cell);
      const bool in_inner = std::ranges::binary_search(inner, cell);
      const Bounds at = bounds_of(cell);
      bool some = false;
      bool all = true;
      for (int n = 0; n < 60; ++n) {
        const bool covered =
            shape.covers(at.south + (n < 4 ? 0 : unit(random)) * (at.north - at.south),
                         at.west + (n < 4 ? 0 : unit(random)) * (at.east - at.west));
        some = some || covered;
        all = all && covered;
      }
      ASSERT_TRUE(!some || in_outer);
      ASSERT_TRUE(all || !in_inner);
    }
  }
}

TEST(Cover, VerticesOnTheSideOfACell) {
  // A triangle that touches the cell s only at its corner 45 45, which is not s's; and 0 0, which
  // is.
  EXPECT_EQ(names(cover("POLYGON((45 45,50 45,50 50,45 45))", 1, CoverMode::outer)), "v");
  EXPECT_EQ(names(cover("POLYGON((0 0,-5 0,-5 -5,0 0))", 1, CoverMode::outer)), "7 e s");
  // A corner cut off across the corner that belongs to the north-eastern cell alone.
  EXPECT_EQ(names(cover("POLYGON((44 46,46 44,47 47,44 46))", 1, CoverMode::outer)), "t u v");
}

TEST(Cover, HolesAndPolygonsTogether) {
  const char *ring = "POLYGON((0 0,40 0,40 40,0 40,0 0),(10 10,30 10,30 30,10 30,10 10))";
  const Cells outer = cover(ring, 3, CoverMode::outer);
  EXPECT_FALSE(std::ranges::binary_search(outer, encode(20, 20, 3)));
  EXPECT_TRUE(std::ranges::binary_search(outer, encode(5, 20, 3)));
  const char *both = "MULTIPOLYGON(((1 1,2 1,2 2,1 1)),((1 1,2 2,1 2,1 1)))";
  EXPECT_EQ(cover(both, 5, CoverMode::outer),
            cover("POLYGON((1 1,2 1,2 2,1 2,1 1))", 5, CoverMode::outer));
  EXPECT_EQ(cover(both, 5, CoverMode::centre),
            cover("POLYGON((1 1,2 1,2 2,1 2,1 1))", 5, CoverMode::centre));
}

TEST(Cover, BeyondTheDateLine) {
  const Cells expected = [] {
    Cells cells;
    cover_box({-5, 170, 5, -175}, 3, most_cells, cells, env);
    return cells;
  }();
  EXPECT_EQ(cover("POLYGON((170 -5,185 -5,185 5,170 5,170 -5))", 3, CoverMode::outer), expected);
  EXPECT_EQ(cover("POLYGON((-190 -5,-175 -5,-175 5,-190 5,-190 -5))", 3, CoverMode::outer),
            expected);
  EXPECT_EQ(
      cover("POLYGON((-180 -90,180 -90,180 90,-180 90,-180 -90))", 2, CoverMode::inner).size(),
      1024U);
  // Both names of the meridian 180 belong to it.
  EXPECT_EQ(names(cover("POLYGON((175 1,180 1,180 2,175 2,175 1))", 1, CoverMode::outer)), "8 x");
  EXPECT_EQ(cover("POLYGON((0 -90,360 -90,360 90,0 90,0 -90))", 2, CoverMode::outer).size(), 1024U);
}

TEST(Cover, LimitsAndNames) {
  const char *square = "POLYGON((0 0,10 0,10 10,0 10,0 0))";
  const std::size_t count = cover(square, 4, CoverMode::outer).size();
  EXPECT_EQ(cover(square, 4, CoverMode::outer, count).size(), count);
  EXPECT_EQ(code_of([&] { cover(square, 4, CoverMode::outer, count - 1); }), "54000");
  EXPECT_EQ(code_of([&] { cover(square, 12, CoverMode::inner); }), "54000");
  EXPECT_EQ(code_of([&] { cover(square, 0, CoverMode::inner); }), "22023");
  EXPECT_EQ(cover_mode_from_name("Center"), CoverMode::centre);
  EXPECT_EQ(cover_mode_from_name("OUTER"), CoverMode::outer);
  EXPECT_EQ(code_of([] { cover_mode_from_name("contains"); }), "22023");
  EXPECT_TRUE(cover("POLYGON EMPTY", 5, CoverMode::outer).empty());
  // Smaller than a cell: no inner one.
  EXPECT_EQ(names(cover("POLYGON((1 1,1.01 1,1 1.01,1 1))", 3, CoverMode::outer)), "s00");
  EXPECT_TRUE(cover("POLYGON((1 1,1.01 1,1 1.01,1 1))", 3, CoverMode::inner).empty());
}

TEST(Cover, ManyVertices) {
  // 200,000 vertices: what a cell inherits is a few of them.
  std::string text = "POLYGON((";
  std::string first;
  for (int i = 0; i < 200'000; ++i) {
    const double angle = 2 * std::acos(-1) * i / 200'000;
    const double reach = 1 + 0.1 * std::sin(100 * angle);
    const std::string vertex =
        shown(16 + reach * std::cos(angle)) + " " + shown(48 + reach * std::sin(angle));
    first = i == 0 ? vertex : first;
    text += vertex + ",";
  }
  const Shape shape = parse_shape_text(text + first + "))", env);
  const Cells outer = cover(shape, 6, CoverMode::outer);
  const Cells inner = cover(shape, 6, CoverMode::inner);
  EXPECT_GT(inner.size(), 45'000U);
  EXPECT_LT(outer.size(), inner.size() * 12 / 10);
}

} // namespace
