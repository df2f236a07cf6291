// Where sun and moon stand, as far as lunar calendars need it: good to 0.01 degrees from 1900 to
// 2199, that is a tithi's edge to about a minute.
//
// Method: J. Meeus, Astronomical Algorithms, 2nd ed.: the sun by ch. 25 (low accuracy), the moon by
// the largest terms of ch. 47, table 47.A. Nutation is left out of both: it cancels in their
// difference. Times are days (UT) since 2000-01-01 00:00; the difference to dynamical time, a
// minute or two, is taken as constant.
#pragma once

#include "core/calendar/day.hpp"

namespace starhouse::calendar::sky {

using Time = double;

// Tropical longitudes of date in degrees, [0, 360).
double sun_longitude(Time time) noexcept;
double moon_longitude(Time time) noexcept;
// How far the moon is ahead of the sun, [0, 360): 0 new, 180 full.
double elongation(Time time) noexcept;
// The sun's longitude on the sidereal zodiac of the Indian calendars (Lahiri ayanamsa), [0, 360).
double sidereal_sun_longitude(Time time) noexcept;

// The instant nearest to `guess` when the elongation is `degrees`.
Time when_elongation(double degrees, Time guess) noexcept;

// Upper limb on the horizon at the central station of the Indian ephemeris (82.5 E, 23.18 N) on the
// Indian civil day.
Time sunrise(Day day) noexcept;
Time sunset(Day day) noexcept;

} // namespace starhouse::calendar::sky
