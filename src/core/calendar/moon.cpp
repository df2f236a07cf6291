#include "core/calendar/moon.hpp"

#include <cmath>
#include <numbers>

namespace starhouse::calendar::sky {

namespace {

constexpr double degree = std::numbers::pi / 180;
constexpr double days_per_century = 36'525;
constexpr double dynamical_minus_universal = 68.0 / 86'400;
// Degrees per day the moon gains on the sun.
constexpr double mean_gain = 360 / 29.530588861;

double wrap(double degrees) {
  return degrees - 360 * std::floor(degrees / 360);
}
double wrap_signed(double degrees) {
  return degrees - 360 * std::floor(degrees / 360 + 0.5);
}

// Julian centuries of dynamical time since J2000, 2000-01-01 12:00.
double centuries(Time time) {
  return (time - 0.5 + dynamical_minus_universal) / days_per_century;
}

// Table 47.A: multiples of D, M, M', F and the coefficient of the sine in 1e-6 degrees.
struct Term {
  int d, m, m1, f;
  double sine;
};
constexpr Term moon_terms[] = {
    {0, 0, 1, 0, 6'288'774}, {2, 0, -1, 0, 1'274'027}, {2, 0, 0, 0, 658'314},
    {0, 0, 2, 0, 213'618},   {0, 1, 0, 0, -185'116},   {0, 0, 0, 2, -114'332},
    {2, 0, -2, 0, 58'793},   {2, -1, -1, 0, 57'066},   {2, 0, 1, 0, 53'322},
    {2, -1, 0, 0, 45'758},   {0, 1, -1, 0, -40'923},   {1, 0, 0, 0, -34'720},
    {0, 1, 1, 0, -30'383},   {2, 0, 0, -2, 15'327},    {0, 0, 1, 2, -12'528},
    {0, 0, 1, -2, 10'980},   {4, 0, -1, 0, 10'675},    {0, 0, 3, 0, 10'034},
    {4, 0, -2, 0, 8'548},    {2, 1, -1, 0, -7'888},    {2, 1, 0, 0, -6'766},
    {1, 0, -1, 0, -5'163},   {1, 1, 0, 0, 4'987},      {2, -1, 1, 0, 4'036},
    {2, 0, 2, 0, 3'994},     {4, 0, 0, 0, 3'861},      {2, 0, -3, 0, 3'665},
    {0, 1, -2, 0, -2'689},   {2, 0, -1, 2, -2'602},    {2, -1, -2, 0, 2'390},
    {1, 0, 1, 0, -2'348},    {2, -2, 0, 0, 2'236},     {0, 1, 2, 0, -2'120},
    {0, 2, 0, 0, -2'069},    {2, -2, -1, 0, 2'048},    {2, 0, 1, -2, -1'773},
    {2, 0, 0, 2, -1'595},    {4, -1, -1, 0, 1'215},    {0, 0, 2, 2, -1'110}};

// Half the daylight, as an hour angle in days, and the time of true noon.
struct Daylight {
  Time noon;
  double half;
};

Daylight daylight(Day day) {
  constexpr double latitude = 23.18 * degree;
  constexpr double longitude = 82.5;
  constexpr double horizon = -0.833 * degree; // refraction and the sun's radius
  const Time mean_noon = day + 0.5 - longitude / 360;
  const double t = centuries(mean_noon);
  const double obliquity = (23.43929 - 0.01300 * t) * degree;
  const double sun = sun_longitude(mean_noon) * degree;
  const double ascension = std::atan2(std::cos(obliquity) * std::sin(sun), std::cos(sun)) / degree;
  const double mean_longitude = 280.46646 + 36'000.76983 * t;
  const double equation_of_time = wrap_signed(mean_longitude - 0.0057183 - ascension);
  const double declination = std::asin(std::sin(obliquity) * std::sin(sun));
  const double hour_angle =
      std::acos((std::sin(horizon) - std::sin(latitude) * std::sin(declination)) /
                (std::cos(latitude) * std::cos(declination)));
  return {mean_noon - equation_of_time / 360, hour_angle / degree / 360};
}

} // namespace

double sun_longitude(Time time) noexcept {
  const double t = centuries(time);
  const double anomaly = (357.52911 + t * (35'999.05029 - 0.0001537 * t)) * degree;
  const double centre = (1.914602 - t * (0.004817 + 0.000014 * t)) * std::sin(anomaly) +
                        (0.019993 - 0.000101 * t) * std::sin(2 * anomaly) +
                        0.000289 * std::sin(3 * anomaly);
  constexpr double aberration = 0.00569;
  return wrap(280.46646 + t * (36'000.76983 + 0.0003032 * t) + centre - aberration);
}

double moon_longitude(Time time) noexcept {
  const double t = centuries(time);
  const double mean = 218.3164477 + t * (481'267.88123421 - 0.0015786 * t);
  const double d = (297.8501921 + t * (445'267.1114034 - 0.0018819 * t)) * degree;
  const double m = (357.5291092 + t * (35'999.0502909 - 0.0001536 * t)) * degree;
  const double m1 = (134.9633964 + t * (477'198.8675055 + 0.0087414 * t)) * degree;
  const double f = (93.2720950 + t * (483'202.0175233 - 0.0036539 * t)) * degree;
  // The eccentricity of the earth's orbit scales the terms that hold the sun's anomaly.
  const double e = 1 - t * (0.002516 + 0.0000074 * t);
  double sum = 3'958 * std::sin((119.75 + 131.849 * t) * degree) +
               1'962 * std::sin(mean * degree - f) +
               318 * std::sin((53.09 + 479'264.290 * t) * degree);
  for (const Term &term : moon_terms) {
    const int order = term.m < 0 ? -term.m : term.m;
    const double scale = order == 0 ? 1 : order == 1 ? e : e * e;
    sum += scale * term.sine * std::sin(term.d * d + term.m * m + term.m1 * m1 + term.f * f);
  }
  return wrap(mean + sum / 1e6);
}

double elongation(Time time) noexcept {
  return wrap(moon_longitude(time) - sun_longitude(time));
}

double sidereal_sun_longitude(Time time) noexcept {
  return wrap(sun_longitude(time) - (23.85306 + 1.39722 * centuries(time)));
}

// Newton's first step with the mean rate, then the secant's: the true rate differs by up to 15 %.
Time when_elongation(double degrees, Time guess) noexcept {
  constexpr double near_enough = 5.0 / 86'400;
  Time time = guess;
  double missing = wrap_signed(degrees - elongation(time));
  double rate = mean_gain;
  for (int step = 0; step < 8; ++step) {
    const double correction = missing / rate;
    time += correction;
    if (std::abs(correction) < near_enough) {
      break;
    }
    const double still_missing = wrap_signed(degrees - elongation(time));
    rate = (missing - still_missing) / correction;
    missing = still_missing;
  }
  return time;
}

Time sunrise(Day day) noexcept {
  const Daylight light = daylight(day);
  return light.noon - light.half;
}

Time sunset(Day day) noexcept {
  const Daylight light = daylight(day);
  return light.noon + light.half;
}

} // namespace starhouse::calendar::sky
