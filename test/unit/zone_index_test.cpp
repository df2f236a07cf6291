#include "core/geo/shape_text.hpp"
#include "core/geo/zone_index.hpp"

#include <algorithm>
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

Shape square(double west, double south, double size) {
  const std::vector<Vertex> ring{
      {west, south}, {west + size, south}, {west + size, south + size}, {west, south + size}};
  return shape_of_ring(ring, env);
}

std::vector<std::byte> stored(const ZoneSet &set) {
  std::vector<std::byte> bytes(starhouse::stored_size(set));
  starhouse::write_state(set, bytes);
  return bytes;
}

ZoneSet restored(const std::vector<std::byte> &bytes) {
  ZoneSet set(env);
  starhouse::read_state(set, bytes);
  return set;
}

// A generator of its own: the same zones on every machine.
class Random {
public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  double unit() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<double>(state_ >> 11) / 9007199254740992.0;
  }
  double between(double low, double high) { return low + unit() * (high - low); }

private:
  std::uint64_t state_;
};

// A star of `count` vertices, coordinates of `decimals` (or all bits for a negative number).
Shape star(Random &random, double lon, double lat, double radius, int count, int decimals) {
  std::vector<Vertex> ring;
  const double power = std::pow(10.0, decimals);
  const auto rounded = [&](double x) { return decimals < 0 ? x : std::round(x * power) / power; };
  for (int i = 0; i < count; ++i) {
    const double angle = 2 * M_PI * i / count;
    const double r = radius * random.between(0.3, 1);
    ring.push_back({rounded(lon + r * std::cos(angle)),
                    rounded(std::clamp(lat + r * std::sin(angle), -90.0, 90.0))});
  }
  return shape_of_ring(ring, env);
}

TEST(ZoneIndex, SharedEdgesGoToTheLowestId) {
  ZoneSet set(env);
  set.add(30, square(0, 0, 1));
  set.add(10, square(1, 0, 1));
  set.add(20, square(0, 1, 1));
  set.add(10, square(5, 5, 1)); // a second part of zone 10
  set.add(40, square(0, 0, 9)); // under all of them
  const ZoneIndex index(set, env);
  ASSERT_EQ(index.size(), 4U);
  const auto zone = [&](double lon, double lat) {
    const auto found = index.find(lat, lon);
    return found == ZoneIndex::none ? -1 : index.number(found);
  };
  EXPECT_EQ(zone(0.5, 0.5), 30);
  EXPECT_EQ(zone(1, 0.5), 10);
  EXPECT_EQ(zone(0.5, 1), 20);
  EXPECT_EQ(zone(1, 1), 10);
  EXPECT_EQ(zone(5.5, 5.5), 10);
  EXPECT_EQ(zone(4, 4), 40);
  EXPECT_EQ(zone(9.5, 4), -1);
  std::vector<std::int64_t> all;
  for (std::uint32_t z = index.find(1, 1); z != ZoneIndex::none; z = index.find_from(z + 1, 1, 1)) {
    all.push_back(index.number(z));
  }
  EXPECT_EQ(all, (std::vector<std::int64_t>{10, 20, 30, 40}));
}

TEST(ZoneIndex, TextIdsOrderByBytes) {
  ZoneSet set(env);
  set.add("b", square(0, 0, 2));
  set.add("a", square(0, 0, 1));
  set.add("Z", square(0, 0, 0.5));
  const ZoneIndex index(set, env);
  EXPECT_EQ(index.text(index.find(0.2, 0.2)), "Z");
  EXPECT_EQ(index.text(index.find(0.7, 0.7)), "a");
  EXPECT_EQ(index.text(index.find(1.7, 1.7)), "b");
}

TEST(ZoneIndex, NothingIsInAnEmptyOne) {
  EXPECT_EQ(ZoneIndex(ZoneSet(env), env).find(0, 0), ZoneIndex::none);
  ZoneSet set(env);
  set.add(1, wkt("POLYGON EMPTY"));
  const ZoneIndex index(set, env);
  EXPECT_EQ(index.size(), 1U);
  EXPECT_EQ(index.find(0, 0), ZoneIndex::none);
}

TEST(ZoneIndex, AgreesWithTheShapesThemselves) {
  // Sizes from specks to continents, up to the poles and across the date line, with holes.
  for (const int count : {1, 7, 9, 100, 700}) {
    Random random(static_cast<std::uint64_t>(count));
    ZoneSet set(env);
    for (int i = 0; i < count; ++i) {
      const double radius = std::pow(10, random.between(-2, 1.5));
      const int vertices = 3 + static_cast<int>(random.between(0, 80));
      set.add(i, star(random, random.between(-200, 200), random.between(-90, 90), radius, vertices,
                      i % 3 == 0 ? -1 : 4));
      if (i % 10 == 0) {
        set.add(i, wkt("POLYGON ((10 10, 60 10, 60 60, 10 60, 10 10), (20 20, 50 20, 50 50, 20 50, "
                       "20 20))"));
      }
    }
    const ZoneIndex index(set, env);
    int inside = 0;
    const auto check = [&](double lat, double lon) {
      std::int64_t expected = -1;
      for (const Zone *zone : set.sorted()) {
        if (zone->shape.covers(lat, lon)) {
          expected = zone->number;
          break;
        }
      }
      const auto found = index.find(lat, lon);
      ASSERT_EQ(found == ZoneIndex::none ? -1 : index.number(found), expected)
          << count << " zones, lat " << lat << " lon " << lon;
      inside += expected >= 0 ? 1 : 0;
    };
    for (int i = 0; i < 3000; ++i) {
      check(random.between(-90, 90), random.between(-180, 180));
    }
    // Vertices and points of edges: the hard ones.
    for (const Zone &zone : set.zones()) {
      int tried = 0;
      zone.shape.each_edge([&](Vertex from, Vertex to) {
        if (++tried > 5) {
          return;
        }
        for (const double share : {0.0, 0.5, 1.0}) {
          const double lon = from.lon + share * (to.lon - from.lon);
          const double lat = from.lat + share * (to.lat - from.lat);
          check(lat, lon < -180 ? lon + 360 : lon > 180 ? lon - 360 : lon);
        }
      });
    }
    EXPECT_GT(inside, 10) << count;
  }
}

TEST(ZoneIndex, LongEdgesAreNotMultiplied) {
  // A comb whose every edge crosses all slabs, and one edge that is a needle.
  std::string comb = "POLYGON ((0 0";
  for (int i = 1; i <= 4000; ++i) {
    comb += "," + std::to_string(i * 0.01) + (i % 2 == 0 ? " 1" : " 80");
  }
  comb += ",41 -10,0 0))";
  ZoneSet set(env);
  set.add(1, wkt(comb));
  const ZoneIndex index(set, env);
  for (int i = 0; i < 500; ++i) {
    const double lon = i * 0.083;
    for (const double lat : {0.5, 1.0, 40.3, 79.9}) {
      ASSERT_EQ(index.find(lat, lon) != ZoneIndex::none, set.zones()[0].shape.covers(lat, lon));
    }
  }
}

TEST(ZoneSet, StoredFormGivesEveryBitBack) {
  Random random(5);
  for (const bool texts : {false, true}) {
    ZoneSet set(env);
    for (int i = 0; i < 50; ++i) {
      Shape shape =
          star(random, random.between(-200, 200), random.between(-80, 80), 3, 20, i % 12 - 1);
      if (texts) {
        set.add("zone " + std::to_string(i * 7 % 50), shape);
      } else {
        set.add(i * 7 % 50 - 25, shape);
      }
    }
    set.merge(restored(stored(set)));
    const auto bytes = stored(set);
    const ZoneSet back = restored(bytes);
    EXPECT_EQ(stored(back), bytes);
    const auto expected = set.sorted();
    const auto got = back.sorted();
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i]->number, expected[i]->number);
      EXPECT_EQ(got[i]->text, expected[i]->text);
      EXPECT_EQ(got[i]->shape, expected[i]->shape);
    }
  }
  EXPECT_EQ(restored(stored(ZoneSet(env))).zones().size(), 0U);
}

TEST(ZoneSet, DecimalsAreStoredShort) {
  Random random(9);
  ZoneSet decimal(env);
  decimal.add(1, star(random, 0, 0, 0.05, 1000, 6));
  ZoneSet binary(env);
  binary.add(1, star(random, 0, 0, 0.05, 1000, -1));
  EXPECT_LT(stored(decimal).size(), 1000U * 7);
  EXPECT_GT(stored(binary).size(), 1000U * 16);
}

TEST(ZoneSet, KindsOfIdsDoNotMix) {
  ZoneSet set(env);
  set.add(1, square(0, 0, 1));
  try {
    set.add("a", square(0, 0, 1));
    FAIL();
  } catch (const Error &error) {
    EXPECT_STREQ(error.code().data(), "22023");
  }
  ZoneSet texts(env);
  try {
    texts.add("\xFF", square(0, 0, 1));
    FAIL();
  } catch (const Error &error) {
    EXPECT_STREQ(error.code().data(), "22021");
  }
}

TEST(ZoneSet, DamagedBytesAreRefused) {
  ZoneSet set(env);
  Random random(1);
  set.add("north", star(random, 10, 10, 3, 9, 3));
  set.add("south", star(random, 10, -10, 3, 9, -1));
  const auto bytes = stored(set);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const unsigned flip : {1U, 0x80U, 0xFFU}) {
      auto damaged = bytes;
      damaged[i] ^= static_cast<std::byte>(flip);
      EXPECT_THROW(restored(damaged), Error) << "byte " << i;
    }
    EXPECT_THROW(restored({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(i)}), Error);
  }
}

} // namespace
