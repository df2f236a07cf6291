// The distance on WGS 84 has three ways, each within 1e-5 m, by how far apart the points are:
//
// 1. Up to about 100 km: the chord c through the ellipsoid and the curvature k, at the chord's
//    middle and in its direction, of the ellipsoid's normal section. Both points and the geodesic
//    lie near the circle of that curvature, so the length is 2 / k * asin(k c / 2). With the
//    ellipsoid as quadric x'Ax = 1, chord direction u and middle m, u is tangent below m (both ends
//    lie on the quadric, so m'Au = 0), and k = u'Au sqrt(m'Am) / |Am|. What the circle leaves out
//    is the change of curvature along the line and its torsion, both of the order of e2: an error
//    of the order of e2 k^4 c^5 / 640, 1e-7 m at 100 km.
// 2. Farther, up to 150 degrees: the auxiliary sphere of Bessel with the series of C. F. F. Karney,
//    "Algorithms for geodesics", J. Geodesy 87 (2013), eqs. 15-25, to the order at which terms fall
//    below 1e-7 m. Its longitude omega is found in two steps instead of by iteration: Newton from
//    omega = lambda, then the length on that geodesic plus a sin(alpha0) d(lambda), its derivative
//    by the longitude missed, so that the miss (below 1e-6) counts squared.
// 3. The rest, near-antipodes included: GeographicLib (Karney's own, 15 nm).
//
// The unit test compares all three with GeographicLib over the whole globe and all distances.
#include "core/geo/geodesic.hpp"

#include "core/geo/shape.hpp"

#include <GeographicLib/Geodesic.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace starhouse::geo {

namespace {

constexpr double f = flattening;
constexpr double a = equatorial_radius;
constexpr double b = polar_radius;
constexpr double third_flattening = f / (2 - f);
constexpr double second_eccentricity2 = eccentricity2 / (1 - eccentricity2);
constexpr double pi = 3.141592653589793;

struct SineCosine {
  double sine;
  double cosine;
};

SineCosine of_degrees(double degrees) noexcept {
  const double radians = degrees * radians_per_degree;
  return {std::sin(radians), std::cos(radians)};
}

// Squared chord up to which way 1 is taken.
constexpr double short_chord2 = 1e5 * 1e5;
// cos(150 degrees): beyond it way 3 is taken.
constexpr double far_cosine = -0.8660254037844387;

// asin(y) / y for small y.
double arc_over_sine(double y2) noexcept {
  return 1 + y2 * (1.0 / 6 + y2 * (3.0 / 40 + y2 * (15.0 / 336)));
}

// A geodesic on the auxiliary sphere.
struct Arc {
  double sigma;     // length
  double sin_sigma; // of it
  double cos_sigma;
  double sin_alpha0; // azimuth where it meets the equator
  double cos2_alpha0;
};

// Points on the auxiliary sphere at reduced latitudes.
struct Ends {
  SineCosine beta1;
  SineCosine beta2;
};

Arc arc_between(const Ends &ends, SineCosine omega) noexcept {
  const auto &[s1, c1] = ends.beta1;
  const auto &[s2, c2] = ends.beta2;
  const double x = c2 * omega.sine;
  const double y = c1 * s2 - s1 * c2 * omega.cosine;
  Arc arc{};
  arc.cos_sigma = s1 * s2 + c1 * c2 * omega.cosine;
  arc.sin_sigma = std::sqrt(x * x + y * y);
  arc.sigma = std::atan2(arc.sin_sigma, arc.cos_sigma);
  arc.sin_alpha0 = c1 * x / arc.sin_sigma;
  arc.cos2_alpha0 = std::max(1 - arc.sin_alpha0 * arc.sin_alpha0, 0.0);
  return arc;
}

// The sums of sines that the series need: S[l] = sin(2 l sigma2) - sin(2 l sigma1), l = 1..4, as
// 2 cos(l (sigma1 + sigma2)) sin(l sigma).
struct Series {
  double epsilon;
  std::array<double, 4> sums;

  Series(const Ends &ends, const Arc &arc) noexcept : epsilon(0), sums{} {
    // On the equator every term is multiplied by epsilon = 0.
    if (arc.cos2_alpha0 < 1e-15) {
      return;
    }
    const double root = std::sqrt(1 + second_eccentricity2 * arc.cos2_alpha0);
    epsilon = (root - 1) / (root + 1);
    const double middle = std::clamp(
        arc.cos_sigma - 2 * ends.beta1.sine * ends.beta2.sine / arc.cos2_alpha0, -1.0, 1.0);
    double cosine_before = 1;
    double cosine = middle;
    double sine_before = 0;
    double sine = arc.sin_sigma;
    for (double &sum : sums) {
      sum = 2 * cosine * sine;
      const double next_cosine = 2 * middle * cosine - cosine_before;
      const double next_sine = 2 * arc.cos_sigma * sine - sine_before;
      cosine_before = cosine;
      cosine = next_cosine;
      sine_before = sine;
      sine = next_sine;
    }
  }

  // Karney's I3 between the ends: omega - lambda = f sin(alpha0) I3.
  double longitude(const Arc &arc) const noexcept {
    constexpr double n = third_flattening;
    const double e = epsilon;
    const double a3 =
        1 - e * ((0.5 - n / 2) + e * ((0.25 + n / 8 - 3 * n * n / 8) + e * (0.0625 + 3 * n / 16)));
    const double c31 = e * ((0.25 - n / 4) + e * ((0.125 - n * n / 8) + e * (3.0 / 64)));
    const double c32 = e * e * ((0.0625 - 3 * n / 32) + e * (3.0 / 64));
    return a3 * (arc.sigma + c31 * sums[0] + c32 * sums[1]);
  }

  // Karney's I1 between the ends: length / b.
  double length(const Arc &arc) const noexcept {
    const double e = epsilon;
    const double e2 = e * e;
    const double a1 = (1 + e2 * (0.25 + e2 / 64)) / (1 - e);
    const double c11 = e * (-0.5 + e2 * (3.0 / 16));
    const double c12 = e2 * (-1.0 / 16 + e2 / 32);
    const double c13 = -e2 * e / 48;
    const double c14 = -5 * e2 * e2 / 512;
    return a1 * (arc.sigma + c11 * sums[0] + c12 * sums[1] + c13 * sums[2] + c14 * sums[3]);
  }
};

[[noreturn]] void refuse_number(const char *name, double value, const char *hint) {
  throw Error(sqlstate::numeric_value_out_of_range,
              std::string(name) + " out of range: " + shown(value), hint);
}

double far_distance(LatLon from, LatLon to) {
  double metres = 0;
  GeographicLib::Geodesic::WGS84().Inverse(from.lat, from.lon, to.lat, to.lon, metres);
  return metres;
}

// A latitude's parallel circle: on the ellipsoid and on the auxiliary sphere.
SineCosine reduced(SineCosine latitude) noexcept {
  const double sine = (1 - f) * latitude.sine;
  const double scale = 1 / std::sqrt(sine * sine + latitude.cosine * latitude.cosine);
  return {sine * scale, latitude.cosine * scale};
}

} // namespace

void check_wide_longitude(double lon, const char *name) {
  if (!is_wide_longitude(lon)) {
    refuse_number(name, lon,
                  "Longitude is in degrees from -180 to 180, or from 0 to 360, and comes after "
                  "latitude.");
  }
}

void check_bearing(double degrees) {
  if (!std::isfinite(degrees)) {
    refuse_number("bearing", degrees, "A bearing is in degrees clockwise from north.");
  }
}

void check_length(double metres) {
  if (!std::isfinite(metres)) {
    refuse_number("length", metres, "Give a finite number of metres.");
  }
}

double sphere_distance(LatLon from, LatLon to) noexcept {
  constexpr double half = radians_per_degree / 2;
  const double sine_lat = std::sin((to.lat - from.lat) * half);
  const double sine_sum = std::sin((to.lat + from.lat) * half);
  const double sine_lon = std::sin(longitude_difference(from.lon, to.lon) * half);
  // Of the latitudes' cosines. Near a pole the difference would lose digits.
  double cosines = (1 - sine_lat * sine_lat) - sine_sum * sine_sum;
  if (cosines < 0.01) {
    cosines = std::cos(from.lat * radians_per_degree) * std::cos(to.lat * radians_per_degree);
  }
  const double haversine = sine_lat * sine_lat + cosines * sine_lon * sine_lon;
  if (haversine <= 0.5) {
    return 2 * mean_radius * std::asin(std::sqrt(haversine));
  }
  const double cosine_lon = std::cos(longitude_difference(from.lon, to.lon) * half);
  const double rest = sine_sum * sine_sum + cosines * cosine_lon * cosine_lon;
  return mean_radius * (pi - 2 * std::asin(std::sqrt(std::min(rest, 1.0))));
}

double geodesic_distance(LatLon from, LatLon to) noexcept {
  const double lambda = longitude_difference(from.lon, to.lon) * radians_per_degree;
  const SineCosine omega0{std::sin(lambda), std::cos(lambda)};
  const Ends ends{reduced(of_degrees(from.lat)), reduced(of_degrees(to.lat))};
  const auto &[s1, c1] = ends.beta1;
  const auto &[s2, c2] = ends.beta2;

  // The points of the ellipsoid are (a c cos, a c sin, b s) of the reduced latitudes.
  const double x2 = a * c2 * omega0.cosine;
  const double y2 = a * c2 * omega0.sine;
  const double dx = x2 - a * c1;
  const double dz = b * (s2 - s1);
  const double dxy2 = dx * dx + y2 * y2;
  const double chord2 = dxy2 + dz * dz;
  if (chord2 < short_chord2) {
    if (chord2 == 0) {
      return 0;
    }
    constexpr double ratio2 = (a / b) * (a / b);
    const double x = x2 + a * c1;
    const double z = b * (s2 + s1);
    const double mxy2 = x * x + y2 * y2;
    // The quadric scaled by a^2: A = diag(1, 1, ratio2), right-hand side a^2.
    const double direction = (dxy2 + ratio2 * dz * dz) / chord2; // u'Au
    const double quadric = (mxy2 + ratio2 * z * z) / 4;          // m'Am
    const double normal2 = (mxy2 + ratio2 * ratio2 * z * z) / 4; // |Am|^2
    const double curvature2 = direction * direction * quadric / (normal2 * a * a);
    return std::sqrt(chord2) * arc_over_sine(curvature2 * chord2 / 4);
  }
  if (s1 * s2 + c1 * c2 * omega0.cosine < far_cosine) {
    return far_distance(from, to);
  }

  const Arc first = arc_between(ends, omega0);
  const double missing = f * first.sin_alpha0 * Series(ends, first).longitude(first);
  const double slope =
      f * (first.sin_alpha0 * first.sin_alpha0 +
           first.sigma *
               (c1 * c2 * omega0.cosine - first.sin_alpha0 * first.sin_alpha0 * first.cos_sigma) /
               first.sin_sigma);
  const double step = missing / (1 - slope);
  const double sine = step * (1 - step * step * (1.0 / 6 - step * step / 120));
  const double cosine = 1 - step * step * (0.5 - step * step * (1.0 / 24 - step * step / 720));
  const SineCosine omega{omega0.sine * cosine + omega0.cosine * sine,
                         omega0.cosine * cosine - omega0.sine * sine};
  const Arc arc = arc_between(ends, omega);
  const Series series(ends, arc);
  const double missed = f * arc.sin_alpha0 * series.longitude(arc) - step;
  return b * series.length(arc) + a * arc.sin_alpha0 * missed;
}

double initial_bearing(LatLon from, LatLon to) {
  if (geodesic_distance(from, to) == 0) {
    return std::nan("");
  }
  double there = 0;
  double arrival = 0;
  GeographicLib::Geodesic::WGS84().Inverse(from.lat, from.lon, to.lat, to.lon, there, arrival);
  there += there < 0 ? 360 : 0;
  return there >= 360 ? 0 : there + 0.0;
}

LatLon destination(LatLon from, double bearing, double metres) {
  LatLon to{};
  GeographicLib::Geodesic::WGS84().Direct(from.lat, from.lon, bearing, metres, to.lat, to.lon);
  return to;
}

} // namespace starhouse::geo
