// Distances against GeographicLib, whose own error is 15 nm, over the globe and all lengths.
#include "core/geo/geodesic.hpp"

#include <algorithm>
#include <GeographicLib/Geodesic.hpp>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace {

using namespace starhouse::geo;

const GeographicLib::Geodesic &wgs84() {
  return GeographicLib::Geodesic::WGS84();
}

double reference(LatLon from, LatLon to) {
  double metres = 0;
  wgs84().Inverse(from.lat, from.lon, to.lat, to.lon, metres);
  return metres;
}

LatLon anywhere(std::mt19937_64 &random) {
  std::uniform_real_distribution<double> unit(-1, 1);
  return {std::asin(unit(random)) / radians_per_degree, 180 * unit(random)};
}

// The largest error over pairs of one kind.
template <class Pair>
double largest_error(int pairs, Pair pair) {
  std::mt19937_64 random(2026);
  double largest = 0;
  for (int i = 0; i < pairs; ++i) {
    const auto [from, to] = pair(random, i);
    const double error = std::abs(geodesic_distance(from, to) - reference(from, to));
    // NaN counts.
    largest = error <= largest ? largest : error;
  }
  return largest;
}

TEST(Geodesic, AnyTwoPlaces) {
  EXPECT_LT(largest_error(100'000,
                          [](auto &random, int) {
                            const LatLon from = anywhere(random);
                            return std::pair{from, anywhere(random)};
                          }),
            1e-5);
}

TEST(Geodesic, EveryLengthInEveryDirection) {
  EXPECT_LT(
      largest_error(
          200'000,
          [](auto &random, int i) {
            std::uniform_real_distribution<double> exponent(-3, 7.3);
            std::uniform_real_distribution<double> bearing(0, 360);
            const LatLon from = anywhere(random);
            // Every fourth along a meridian or the equator's parallel, or nearly.
            const double towards =
                i % 4 == 0 ? 90 * (i / 4 % 4) + 1e-7 * bearing(random) : bearing(random);
            return std::pair{from, destination(from, towards, std::pow(10, exponent(random)))};
          }),
      1e-5);
}

TEST(Geodesic, WhereOneWayOfComputingTakesOverFromAnother) {
  EXPECT_LT(largest_error(200'000,
                          [](auto &random, int i) {
                            std::uniform_real_distribution<double> nearby(0.98, 1.02);
                            std::uniform_real_distribution<double> bearing(0, 360);
                            const LatLon from = anywhere(random);
                            const double length = (i % 2 == 0 ? 1e5 : 16'680'000) * nearby(random);
                            return std::pair{from, destination(from, bearing(random), length)};
                          }),
            1e-5);
}

TEST(Geodesic, NearAntipodes) {
  EXPECT_LT(largest_error(20'000,
                          [](auto &random, int) {
                            std::uniform_real_distribution<double> exponent(-9, 1);
                            std::uniform_real_distribution<double> sign(-1, 1);
                            const LatLon from = anywhere(random);
                            const double reach = std::pow(10, exponent(random));
                            return std::pair{
                                from,
                                LatLon{std::clamp(-from.lat + reach * sign(random), -90.0, 90.0),
                                       from.lon > 0 ? from.lon - 180 : from.lon + 180}};
                          }),
            1e-5);
}

TEST(Geodesic, NearThePoles) {
  EXPECT_LT(largest_error(50'000,
                          [](auto &random, int) {
                            std::uniform_real_distribution<double> exponent(-9, 0);
                            std::uniform_real_distribution<double> lon(-180, 180);
                            return std::pair{
                                LatLon{90 - std::pow(10, exponent(random)), lon(random)},
                                LatLon{90 - std::pow(10, exponent(random)), lon(random)}};
                          }),
            1e-5);
}

TEST(Geodesic, OnTheEquatorAndOnMeridians) {
  EXPECT_NEAR(geodesic_distance({0, 0}, {0, 90}), equatorial_radius * std::acos(-1) / 2, 1e-5);
  EXPECT_NEAR(geodesic_distance({0, 0}, {90, 0}), 10001965.7293127, 1e-5);
  EXPECT_NEAR(geodesic_distance({-90, 12}, {90, -77}), greatest_distance, 1e-5);
  EXPECT_NEAR(geodesic_distance({0, 0}, {0, 180}), greatest_distance, 1e-5);
  EXPECT_NEAR(geodesic_distance({0, 0}, {0.5, 179.5}), 19936288.579,
              1e-3); // Vincenty's own hard one
}

TEST(Geodesic, NoDistance) {
  EXPECT_EQ(geodesic_distance({12.5, 77}, {12.5, 77}), 0);
  EXPECT_EQ(geodesic_distance({12.5, 180}, {12.5, -180}), 0);
  EXPECT_EQ(geodesic_distance({12.5, -90}, {12.5, 270}), 0);
  EXPECT_LT(geodesic_distance({90, 10}, {90, -120}), 1e-8);
  EXPECT_EQ(sphere_distance({12.5, 180}, {12.5, -180}), 0);
}

TEST(Geodesic, BoundsOfTheRadii) {
  // What cell_set.cpp takes for granted.
  std::mt19937_64 random(5);
  for (int i = 0; i < 50'000; ++i) {
    const LatLon from = anywhere(random);
    const LatLon to = anywhere(random);
    const double angle = sphere_distance(from, to) / mean_radius;
    const double metres = reference(from, to);
    ASSERT_LE(least_radius * angle, metres + 1e-6);
    ASSERT_GE(greatest_radius * angle, metres - 1e-6);
    ASSERT_LE(metres, greatest_distance + 1e-6);
  }
}

TEST(Sphere, AgainstTheAngleOfVectors) {
  std::mt19937_64 random(6);
  std::uniform_real_distribution<double> exponent(-8, 2.25);
  std::uniform_real_distribution<double> sign(-1, 1);
  for (int i = 0; i < 200'000; ++i) {
    const LatLon from = anywhere(random);
    LatLon to = anywhere(random);
    if (i % 3 > 0) {
      const double reach = std::pow(10, exponent(random));
      to = {std::clamp((i % 3 == 1 ? from.lat : -from.lat) + reach * sign(random), -90.0, 90.0),
            std::remainder(from.lon + (i % 3 == 1 ? 0 : 180) + reach * sign(random), 360)};
    }
    const auto radians = [](double degrees) {
      return static_cast<long double>(degrees) * std::acos(-1.0L) / 180;
    };
    const auto [p1, p2] = std::pair{radians(from.lat), radians(to.lat)};
    const long double l = radians(to.lon) - radians(from.lon);
    const long double x =
        std::hypot(std::cos(p2) * std::sin(l),
                   std::cos(p1) * std::sin(p2) - std::sin(p1) * std::cos(p2) * std::cos(l));
    const long double y = std::sin(p1) * std::sin(p2) + std::cos(p1) * std::cos(p2) * std::cos(l);
    const auto expected =
        static_cast<double>(static_cast<long double>(mean_radius) * std::atan2(x, y));
    ASSERT_NEAR(sphere_distance(from, to), expected, 1e-8)
        << from.lat << " " << from.lon << " " << to.lat << " " << to.lon;
  }
}

TEST(Bearing, RoundTheCompass) {
  EXPECT_EQ(initial_bearing({0, 0}, {1, 0}), 0);
  EXPECT_EQ(initial_bearing({0, 0}, {0, 1}), 90);
  EXPECT_EQ(initial_bearing({1, 0}, {0, 0}), 180);
  EXPECT_EQ(initial_bearing({0, 0}, {0, -1}), 270);
  EXPECT_EQ(initial_bearing({0, 179}, {0, -179}), 90);
  EXPECT_TRUE(std::isnan(initial_bearing({5, 5}, {5, 5})));
}

TEST(Destination, ComesBackByTheSameLine) {
  std::mt19937_64 random(8);
  std::uniform_real_distribution<double> bearing(0, 360);
  std::uniform_real_distribution<double> length(1, 9e6);
  for (int i = 0; i < 20'000; ++i) {
    const LatLon from = anywhere(random);
    const double metres = length(random);
    const LatLon to = destination(from, bearing(random), metres);
    ASSERT_TRUE(to.lon >= -180 && to.lon <= 180);
    ASSERT_NEAR(geodesic_distance(from, to), metres, 1e-5);
    const LatLon back = destination(to, initial_bearing(to, from), metres);
    ASSERT_LT(geodesic_distance(from, back), 1e-4);
  }
}

TEST(Longitudes, Difference) {
  EXPECT_EQ(longitude_difference(170, -170), 20);
  EXPECT_EQ(longitude_difference(-360, 360), 0);
  EXPECT_EQ(longitude_difference(350, 10), 20);
  EXPECT_EQ(longitude_difference(-180, 180), 0);
  EXPECT_EQ(longitude_difference(0, 180), 180);
  EXPECT_FALSE(is_wide_longitude(std::nan("")));
  EXPECT_FALSE(is_wide_longitude(360.00000000000006));
}

} // namespace
