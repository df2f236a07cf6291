#include "core/geo/shape.hpp"
#include "core/geo/shape_text.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace {

using namespace starhouse::geo;
using starhouse::Env;
using starhouse::Error;

const Env env;

Shape wkt(const std::string &text) {
  return parse_wkt(text, env);
}

Place place(const Shape &shape, double lon, double lat) {
  return shape.place_on_plane({lon, lat});
}

// Little-endian WKB, byte by byte.
class Wkb {
public:
  Wkb &byte(std::uint8_t value) {
    bytes.push_back(value);
    return *this;
  }
  Wkb &u32(std::uint32_t value) {
    for (int i = 0; i < 4; ++i) {
      const int shift = 8 * (big ? 3 - i : i);
      bytes.push_back(static_cast<std::uint8_t>(value >> shift));
    }
    return *this;
  }
  Wkb &f64(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    for (int i = 0; i < 8; ++i) {
      const int shift = 8 * (big ? 7 - i : i);
      bytes.push_back(static_cast<std::uint8_t>(bits >> shift));
    }
    return *this;
  }
  Wkb &header(std::uint32_t type) { return byte(big ? 0 : 1).u32(type); }
  // The square (0 0, 4 4), with `extra` further coordinates each.
  Wkb &square(int extra = 0) {
    u32(1).u32(5);
    for (const auto &[x, y] : {std::pair{0, 0}, {4, 0}, {4, 4}, {0, 4}, {0, 0}}) {
      f64(x).f64(y);
      for (int i = 0; i < extra; ++i) {
        f64(7);
      }
    }
    return *this;
  }
  std::vector<std::uint8_t> bytes;
  bool big = false;
};

struct Refused {
  std::string code;
  std::string message;
  std::string hint;
};

template <class Parse>
Refused refused(Parse parse) {
  try {
    parse();
  } catch (const Error &error) {
    return {error.code().data(), error.message(), error.hint()};
  }
  return {"", "nothing was thrown", ""};
}

void expect_refused(const Refused &got, const std::string &code, const std::string &part) {
  EXPECT_EQ(got.code, code) << got.message;
  EXPECT_NE(got.message.find(part), std::string::npos) << got.message;
  EXPECT_FALSE(got.hint.empty());
}

TEST(Orientation, SidesAreExactWhereDoublesRound) {
  // 0.1, 0.2, 0.3 are not on one line as doubles; the naive determinant says 0 for some of these.
  const Vertex a{12, 12};
  const Vertex b{24, 24};
  for (int i = -8; i <= 8; ++i) {
    for (int j = -8; j <= 8; ++j) {
      const double ulp = std::ldexp(1.0, -53);
      const Vertex point{0.5 + i * ulp, 0.5 + j * ulp};
      const int expected = point.lat > point.lon ? 1 : point.lat < point.lon ? -1 : 0;
      EXPECT_EQ(side(a, b, point), expected) << i << " " << j;
      EXPECT_EQ(side(b, a, point), -expected) << i << " " << j;
    }
  }
}

TEST(Orientation, TinyCoordinatesCountAsZero) {
  EXPECT_EQ(exact_side({0, 0}, {1e-200, 0}, {0, 1e-200}), 0);
  EXPECT_EQ(exact_side({0, 0}, {1, 0}, {0, 1e-20}), 1);
}

TEST(Shape, EdgesAndVerticesBelongToIt) {
  const Shape square = wkt("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))");
  for (const auto &[x, y] :
       {std::pair{0, 0}, {4, 0}, {4, 4}, {0, 4}, {2, 0}, {4, 2}, {2, 4}, {0, 2}}) {
    EXPECT_EQ(place(square, x, y), Place::boundary) << x << " " << y;
  }
  EXPECT_EQ(place(square, 2, 2), Place::inside);
  for (const auto &[x, y] :
       {std::pair{-1, 0}, {5, 0}, {-1, 4}, {5, 4}, {2, 5}, {2, -1}, {-1, 2}, {5, 2}}) {
    EXPECT_EQ(place(square, x, y), Place::outside) << x << " " << y;
  }
  EXPECT_EQ(place(square, std::nextafter(4, 5), 2), Place::outside);
  EXPECT_EQ(place(square, std::nextafter(4, 3), 2), Place::inside);
}

TEST(Shape, DirectionOfRingsDoesNotMatter) {
  for (const char *text : {"POLYGON ((0 0, 4 0, 2 4, 0 0))", "POLYGON ((0 0, 2 4, 4 0, 0 0))"}) {
    EXPECT_EQ(place(wkt(text), 2, 1), Place::inside);
    EXPECT_EQ(place(wkt(text), 1, 2), Place::boundary);
    EXPECT_EQ(place(wkt(text), 0, 4), Place::outside);
  }
}

TEST(Shape, HolesAreOutsideTheirEdgesAreNot) {
  const Shape shape = wkt("POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (3 3, 6 3, 6 6, 3 6, 3 3))");
  EXPECT_EQ(place(shape, 4, 4), Place::outside);
  EXPECT_EQ(place(shape, 3, 4), Place::boundary);
  EXPECT_EQ(place(shape, 2, 4), Place::inside);
  EXPECT_TRUE(shape.covers(4, 3));
  EXPECT_FALSE(shape.covers(4, 4));
}

TEST(Shape, PolygonsOfAShapeAreUnited) {
  const Shape shape =
      wkt("MULTIPOLYGON (((0 0, 4 0, 4 4, 0 4, 0 0)), ((2 2, 6 2, 6 6, 2 6, 2 2)))");
  EXPECT_EQ(shape.polygon_count(), 2U);
  EXPECT_EQ(place(shape, 3, 3), Place::inside); // in both
  EXPECT_EQ(place(shape, 2, 3), Place::inside); // an edge of one, inside the other
  EXPECT_EQ(place(shape, 5, 5), Place::inside);
  EXPECT_EQ(place(shape, 5, 1), Place::outside);
  const Box box = shape.box();
  EXPECT_TRUE(box.west == 0 && box.south == 0 && box.east == 6 && box.north == 6);
}

TEST(Shape, RayThroughVerticesCountsThemOnce) {
  const Shape star = wkt("POLYGON ((0 0, 2 2, 4 0, 6 2, 8 0, 8 4, 6 2, 4 4, 2 2, 0 4, 0 0))");
  EXPECT_EQ(place(star, 1, 2), Place::inside);
  EXPECT_EQ(place(star, 3, 2), Place::inside);
  EXPECT_EQ(place(star, 2, 1), Place::outside);
  EXPECT_EQ(place(star, 2, 2), Place::boundary);
  EXPECT_EQ(place(star, -1, 2), Place::outside);
}

TEST(Shape, DateLine) {
  // Going on beyond it, and cut in two, mean the same.
  const Shape beyond = wkt("POLYGON ((170 -10, 190 -10, 190 10, 170 10, 170 -10))");
  const Shape cut = wkt("MULTIPOLYGON (((170 -10, 180 -10, 180 10, 170 10, 170 -10)),"
                        "((-180 -10, -170 -10, -170 10, -180 10, -180 -10)))");
  const Shape west = wkt("POLYGON ((-190 -10, -170 -10, -170 10, -190 10, -190 -10))");
  for (const Shape *shape : {&beyond, &cut, &west}) {
    for (const double lon : {170.0, 175.0, 180.0, -180.0, -175.0, -170.0}) {
      EXPECT_TRUE(shape->covers(0, lon)) << lon;
    }
    for (const double lon : {169.9, -169.9, 0.0, 90.0}) {
      EXPECT_FALSE(shape->covers(0, lon)) << lon;
    }
    EXPECT_FALSE(shape->covers(10.5, 175));
  }
  // An edge from 170 to -170 runs over Greenwich, as RFC 7946 has it.
  const Shape over = wkt("POLYGON ((170 -10, -170 -10, -170 10, 170 10, 170 -10))");
  EXPECT_TRUE(over.covers(0, 0));
  EXPECT_FALSE(over.covers(0, 180));
  EXPECT_TRUE(wkt("POLYGON ((-180 -90, 180 -90, 180 90, -180 90, -180 -90))").covers(-90, 180));
}

TEST(Shape, RandomPolygonsAgreeWithIntegerArithmetic) {
  // Lattice coordinates: the reference computes in integers, so it is exact, edges included.
  std::uint64_t seed = 42;
  const auto next = [&seed](std::uint64_t bound) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::int64_t>((seed >> 33) % bound);
  };
  int on_edge = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<std::pair<std::int64_t, std::int64_t>> ring;
    std::string text = "POLYGON ((";
    const int count = 3 + static_cast<int>(next(9));
    for (int i = 0; i < count; ++i) {
      ring.emplace_back(next(12), next(12));
      text += std::to_string(ring.back().first) + " " + std::to_string(ring.back().second) + ",";
    }
    ring.push_back(ring.front());
    text += std::to_string(ring[0].first) + " " + std::to_string(ring[0].second) + "))";
    Shape shape(env.memory);
    try {
      shape = wkt(text);
    } catch (const Error &) {
      continue; // all on one line
    }
    for (std::int64_t x = -1; x <= 12; ++x) {
      for (std::int64_t y = -1; y <= 12; ++y) {
        bool edge = false;
        bool odd = false;
        for (std::size_t i = 1; i < ring.size(); ++i) {
          const auto [ax, ay] = ring[i - 1];
          const auto [bx, by] = ring[i];
          const auto cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax);
          edge |= cross == 0 && std::min(ax, bx) <= x && x <= std::max(ax, bx) &&
                  std::min(ay, by) <= y && y <= std::max(ay, by);
          if ((ay > y) != (by > y)) {
            odd ^= (cross > 0) == (by > ay);
          }
        }
        on_edge += edge ? 1 : 0;
        const Place expected = edge ? Place::boundary : odd ? Place::inside : Place::outside;
        ASSERT_EQ(place(shape, static_cast<double>(x), static_cast<double>(y)), expected)
            << text << " at " << x << " " << y;
      }
    }
  }
  EXPECT_GT(on_edge, 1000);
}

TEST(Shape, NativePolygonsNeedNoClosingVertex) {
  const std::vector<Vertex> open{{0, 0}, {4, 0}, {4, 4}};
  const std::vector<Vertex> closed{{0, 0}, {4, 0}, {4, 4}, {0, 0}};
  EXPECT_EQ(shape_of_ring(open, env), shape_of_ring(closed, env));
  const std::vector<Vertex> two{{0, 0}, {4, 0}};
  expect_refused(refused([&] { shape_of_ring(two, env); }), "22023", "too few");
  expect_refused(refused([&] { shape_of_ring({}, env); }), "22023", "too few");
  const std::vector<Vertex> off{{0, 0}, {4, 91}, {4, 4}};
  expect_refused(refused([&] { shape_of_ring(off, env); }), "22023", "latitude out of range: 91");
}

TEST(ShapeText, AllFormatsGiveTheSameShape) {
  const Shape expected = wkt("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))");
  for (
      const char *text :
      {"polygon((0 0,4 0,4 4,0 4,0 0))",
       " SRID=4326; POLYGON Z ((0 0 9, 4 0 9, 4 4 9, 0 4 9, 0 0 9)) ",
       "PolygonZM((0 0 1 2,4 0 1 2,4 4 1 2,0 4 1 2,0 0 1 2))",
       "MULTIPOLYGON(EMPTY, ((0 0,4 0,4 4,0 4,-0 0e5)))",
       "GEOMETRYCOLLECTION (POLYGON ((0 0,4 0,4 4,0 4,0 0)), POLYGON EMPTY)",
       R"({"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4.0],[0,4,17],[0,0]]]})",
       R"({"coordinates":[[[[0,0],[4,0],[4,4],[0,4],[0,0]]]],"type":"MultiPolygon","bbox":[0,0,4,4]})",
       R"({"type":"Feature","properties":{"type":"x"},"geometry":{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4],[0,0]]]}})",
       R"({"type":"FeatureCollection","features":[{"type":"Feature","geometry":null},{"type":"Feature","geometry":
           {"type":"GeometryCollection","geometries":[{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4],[0,0]]]}]}}]})"}) {
    EXPECT_EQ(parse_shape_text(text, env), expected) << text;
  }
  for (const bool big : {false, true}) {
    Wkb plain;
    plain.big = big;
    EXPECT_EQ(parse_wkb(plain.header(3).square().bytes, env), expected);
    Wkb iso;
    iso.big = big;
    EXPECT_EQ(parse_wkb(iso.header(3003).square(2).bytes, env), expected);
    Wkb ewkb;
    ewkb.big = big;
    EXPECT_EQ(parse_wkb(ewkb.header(0xA0000003U).u32(4326).square(1).bytes, env), expected);
    Wkb multi;
    multi.big = big;
    multi.header(6).u32(1);
    multi.big = !big; // each part has a byte order of its own
    EXPECT_EQ(parse_wkb(multi.header(3).square().bytes, env), expected);
  }
  std::string hex;
  const Wkb square = Wkb().header(3).square();
  for (const std::uint8_t byte : square.bytes) {
    hex += "0123456789aBcDeF"[byte >> 4];
    hex += "0123456789AbCdEf"[byte & 15];
  }
  EXPECT_EQ(parse_shape_text("  " + hex + "\n", env), expected);
  EXPECT_TRUE(wkt("MULTIPOLYGON EMPTY").empty());
  EXPECT_FALSE(wkt("MULTIPOLYGON EMPTY").covers(0, 0));
}

TEST(ShapeText, BadWktSaysWhere) {
  const auto bad = [](const std::string &text) { return refused([&] { wkt(text); }); };
  expect_refused(bad("POINT (1 2)"), "22P02", "character 1: no area: \"POINT (1 2)\"");
  expect_refused(bad("POLYGON ((0 0, 4 0, 4 4"), "22P02",
                 "character 24: ')' expected, but the text ends");
  expect_refused(bad("POLYGON ((0 0, 4 x))"), "22P02", "character 18: number expected: \"x))\"");
  expect_refused(bad("POLYGON ((0 0, 4 inf))"), "22P02", "character 18: number expected");
  expect_refused(bad("POLYGON ((0 0, 4 1e999))"), "22P02", "character 18: number expected");
  expect_refused(bad("POLYGON ((0 0, 4 0, 4 4, 0 4))"), "22P02",
                 "not closed in WKT at character 10");
  expect_refused(bad("POLYGON ((0 0, 4 0, 0 0))"), "22P02", "too few vertices");
  expect_refused(bad("POLYGON ((0 0, 4 0, 5 0, 0 0))"), "22P02", "no area");
  expect_refused(bad("POLYGON ((0 0, 4 91, 5 0, 0 0))"), "22P02",
                 "latitude out of range: 91 in WKT at character 16");
  expect_refused(bad("POLYGON ((0 0, 361 9, 5 0, 0 0))"), "22P02", "longitude out of range: 361");
  expect_refused(bad("POLYGON ((-200 0, 200 9, 5 0, -200 0))"), "22P02", "wider than 360");
  expect_refused(bad("SRID=3857;POLYGON EMPTY"), "22P02", "SRID 3857");
  expect_refused(bad("POLYGON EMPTY x"), "22P02", "text after");
  expect_refused(bad(""), "22P02", "the text ends");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) {
    deep += "GEOMETRYCOLLECTION(";
  }
  expect_refused(bad(deep), "22P02", "nested too deeply");
  expect_refused(refused([] { parse_shape_text(" \n", env); }), "22P02", "empty text");
  expect_refused(refused([] { parse_shape_text("010", env); }), "22P02", "character 4");
  expect_refused(refused([] { parse_shape_text("01x0", env); }), "22P02", "character 3");
}

TEST(ShapeText, BadGeoJsonSaysWhere) {
  const auto bad = [](const std::string &text) {
    return refused([&] { parse_geojson(text, env); });
  };
  const auto polygon = [&](const std::string &coordinates) {
    return bad(R"({"type":"Polygon","coordinates":)" + coordinates + "}");
  };
  expect_refused(bad("{"), "22P02", "it is no JSON");
  expect_refused(bad(""), "22P02", "it is no JSON");
  expect_refused(bad("[]"), "22P02", "not an object: []");
  expect_refused(bad("null"), "22P02", "not an object");
  expect_refused(bad("{}"), "22P02", "\"type\" is missing");
  expect_refused(bad(R"({"type":7})"), "22P02", "at /type: not a string");
  expect_refused(bad(R"({"type":"Polygon"})"), "22P02", "\"coordinates\" is missing");
  expect_refused(bad(R"({"type":"LineString"})"), "22P02", "at /type: no area: \"LineString\"");
  expect_refused(polygon("7"), "22P02", "at /coordinates: not an array: 7");
  expect_refused(polygon("[7]"), "22P02", "at /coordinates/0: not an array: 7");
  expect_refused(polygon(R"([[[0,0],[1]]])"), "22P02", "at /coordinates/0/1: not a position: [1]");
  expect_refused(polygon(R"([[[0,0],[1,"a"]]])"), "22P02", "at /coordinates/0/1: not a position");
  expect_refused(polygon("[[[0,0],[4,0],[4,4],[0,4]]]"), "22P02",
                 "not closed in GeoJSON at /coordinates/0");
  expect_refused(polygon("[[[0,0],[4,-90.5],[4,4],[0,0]]]"), "22P02",
                 "-90.5 in GeoJSON at /coordinates/0/1");
  expect_refused(
      bad(R"({"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point"}}]})"),
      "22P02", "at /features/0/geometry/type");
  std::string deep = R"({"type":"Polygon","coordinates":[]})";
  for (int i = 0; i < 200; ++i) {
    deep = R"({"type":"GeometryCollection","geometries":[)" + deep + "]}";
  }
  expect_refused(bad(deep), "22P02", "nested too deeply");
  expect_refused(bad(std::string(100'000, '[')), "22P02", "it is no JSON");
}

TEST(ShapeText, BadWkbSaysWhere) {
  const auto bad = [](const Wkb &wkb) { return refused([&] { parse_wkb(wkb.bytes, env); }); };
  expect_refused(bad(Wkb()), "22P03", "at byte 0: the geometry needs 5 more bytes, 0 are left");
  expect_refused(bad(Wkb().byte(2).u32(3)), "22P03", "byte order 2");
  expect_refused(bad(Wkb().header(1).f64(0).f64(0)), "22P03", "geometry type 1 is no area");
  expect_refused(bad(Wkb().header(4003).square()), "22P03", "geometry type 4003");
  expect_refused(bad(Wkb().header(3)), "22P03", "at byte 5: the geometry needs 4 more");
  expect_refused(bad(Wkb().header(3).u32(0xFFFFFFFFU)), "22P03",
                 "at byte 5: a count of 4294967295, but 0 bytes");
  expect_refused(bad(Wkb().header(3).u32(1).u32(0x10000000U).f64(0)), "22P03",
                 "at byte 9: a count of 268435456");
  expect_refused(bad(Wkb().header(6).u32(1).header(6).u32(0)), "22P03",
                 "at byte 9: geometry type 6");
  expect_refused(bad(Wkb().header(0x20000003U).u32(3857).square()), "22P03", "SRID 3857");
  expect_refused(bad(Wkb().header(3).square().byte(0)), "22P03", "bytes after");
  expect_refused(
      bad(Wkb().header(3).u32(1).u32(4).f64(0).f64(NAN).f64(0).f64(0).f64(0).f64(0).f64(0).f64(0)),
      "22P03", "not finite: longitude 0, latitude nan in WKB at byte 13");
  Wkb deep;
  for (int i = 0; i < 100'000; ++i) {
    deep.header(7).u32(1);
  }
  expect_refused(bad(deep), "22P03", "nested too deeply");
  // Cut anywhere, it is refused.
  const std::vector<std::uint8_t> whole = Wkb().header(6).u32(1).header(3).square().bytes;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::span<const std::uint8_t> part(whole.data(), size);
    expect_refused(refused([&] { parse_wkb(part, env); }), "22P03", "byte");
  }
}

} // namespace
