// Distances, bearings and destinations: on the sphere and on the WGS 84 ellipsoid.
//
// Latitudes and longitudes are geographic, in degrees. Latitude lies in -90..90; longitude here may
// also count from 0 to 360 or go on beyond the date line: -360..360.
#pragma once

#include "core/error.hpp"

#include <cmath>

namespace starhouse::geo {

struct LatLon {
  double lat;
  double lon;
};

// WGS 84: equatorial radius and flattening (NIMA TR8350.2), and what follows from them.
inline constexpr double equatorial_radius = 6378137.0;
inline constexpr double flattening = 1 / 298.257223563;
inline constexpr double polar_radius = equatorial_radius * (1 - flattening);
inline constexpr double eccentricity2 = flattening * (2 - flattening);
// Mean radius (2a + b) / 3 of the IUGG, the radius of the sphere.
inline constexpr double mean_radius = (2 * equatorial_radius + polar_radius) / 3;
// Radii of curvature: the smallest (meridian at the equator) and the largest (at the poles). A line
// element on the ellipsoid lies between these times the one of the unit sphere at equal latitudes
// and longitudes, and so does every distance.
inline constexpr double least_radius = equatorial_radius * (1 - eccentricity2);
inline constexpr double greatest_radius = equatorial_radius / (1 - flattening);
// No two points on WGS 84 are farther apart than the poles are.
inline constexpr double greatest_distance = 20003931.4586236;

inline constexpr double radians_per_degree = 0.017453292519943295;

inline bool is_wide_longitude(double lon) noexcept {
  return lon >= -360 && lon <= 360;
}
// Throw 22003 with the value unless it is good: finite, and a longitude within range.
void check_wide_longitude(double lon, const char *name = "longitude");
void check_bearing(double degrees);
void check_length(double metres);

// The difference of two longitudes from -360..360 the shorter way round, 0..180, without the
// rounding of a detour through radians.
inline double longitude_difference(double from, double to) noexcept {
  double difference = std::abs(to - from);
  if (difference > 360) {
    difference -= 360;
  }
  return difference > 180 ? 360 - difference : difference;
}

// Metres along the great circle of a sphere of mean_radius: haversine formula, for points nearly
// opposite its complement. Rounding stays below 1e-8 m; against WGS 84 the sphere errs by up to
// 0.56 %.
double sphere_distance(LatLon from, LatLon to) noexcept;

// Metres along the shortest line on WGS 84, within 1e-5 m (geodesic.cpp says how).
double geodesic_distance(LatLon from, LatLon to) noexcept;

// Degrees clockwise from north, 0 to under 360, at which the shortest line on WGS 84 sets out; NaN
// for two equal places. Where several lines are equally short, GeographicLib's choice.
double initial_bearing(LatLon from, LatLon to);

// Where a line on WGS 84 ends that sets out at a bearing and goes on for `metres`; a negative
// length goes backwards. Longitude is -180..180.
LatLon destination(LatLon from, double bearing, double metres);

} // namespace starhouse::geo
