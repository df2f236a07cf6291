#include "core/calendar/zone.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <limits>
#include <string>
#include <vector>

namespace {

using starhouse::Error;
using starhouse::calendar::missing_local_hours;
using starhouse::calendar::ZoneTable;
using starhouse::calendar::ZoneTransition;

// Independent of the calendar under test: the standard library's civil calendar.
constexpr std::int64_t at(int year, unsigned month, unsigned day, int hour = 0, int minute = 0) {
  using namespace std::chrono;
  const sys_days date{std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day}};
  const sys_days epoch{2000y / January / 1};
  return duration_cast<microseconds>(date - epoch).count() + (hour * 60LL + minute) * 60'000'000LL;
}

// America/New_York in 2024.
ZoneTable new_york() {
  return ZoneTable({{at(2023, 11, 5, 6), -5 * 3600},
                    {at(2024, 3, 10, 7), -4 * 3600},
                    {at(2024, 11, 3, 6), -5 * 3600}});
}

TEST(ZoneTable, UtcIsTheDefault) {
  const ZoneTable utc;
  EXPECT_EQ(utc.local_to_utc(123), 123);
  EXPECT_EQ(utc.utc_to_local(-123), -123);
}

TEST(ZoneTable, OrdinaryTimesRoundTrip) {
  const ZoneTable zone = new_york();
  EXPECT_EQ(zone.local_to_utc(at(2024, 1, 15, 12)), at(2024, 1, 15, 17));
  EXPECT_EQ(zone.local_to_utc(at(2024, 7, 15, 12)), at(2024, 7, 15, 16));
  EXPECT_EQ(zone.local_to_utc(at(2024, 12, 15, 12)), at(2024, 12, 15, 17));
  EXPECT_EQ(zone.utc_to_local(at(2024, 7, 15, 16)), at(2024, 7, 15, 12));
}

TEST(ZoneTable, GapUsesTheOffsetBeforeTheTransition) {
  const ZoneTable zone = new_york();
  EXPECT_EQ(zone.local_to_utc(at(2024, 3, 10, 1, 59)), at(2024, 3, 10, 6, 59));
  EXPECT_EQ(zone.local_to_utc(at(2024, 3, 10, 2)), at(2024, 3, 10, 7));
  EXPECT_EQ(zone.local_to_utc(at(2024, 3, 10, 2, 30)), at(2024, 3, 10, 7, 30));
  EXPECT_EQ(zone.local_to_utc(at(2024, 3, 10, 3)), at(2024, 3, 10, 7));
}

TEST(ZoneTable, OverlapUsesTheLaterInstant) {
  const ZoneTable zone = new_york();
  EXPECT_EQ(zone.local_to_utc(at(2024, 11, 3, 0, 59)), at(2024, 11, 3, 4, 59));
  EXPECT_EQ(zone.local_to_utc(at(2024, 11, 3, 1)), at(2024, 11, 3, 6));
  EXPECT_EQ(zone.local_to_utc(at(2024, 11, 3, 1, 30)), at(2024, 11, 3, 6, 30));
  EXPECT_EQ(zone.local_to_utc(at(2024, 11, 3, 2)), at(2024, 11, 3, 7));
}

TEST(ZoneTable, TransitionInstantBelongsToTheNewOffset) {
  const ZoneTable zone = new_york();
  EXPECT_EQ(zone.utc_to_local(at(2024, 3, 10, 7) - 1), at(2024, 3, 10, 2) - 1);
  EXPECT_EQ(zone.utc_to_local(at(2024, 3, 10, 7)), at(2024, 3, 10, 3));
}

TEST(ZoneTable, OutsideTheTableTheNearestOffsetHolds) {
  const ZoneTable zone = new_york();
  EXPECT_EQ(zone.local_to_utc(at(1990, 7, 1)), at(1990, 7, 1, 5));
  EXPECT_EQ(zone.local_to_utc(at(2090, 7, 1)), at(2090, 7, 1, 5));
}

TEST(ZoneTable, InfinitiesPassThrough) {
  const ZoneTable zone = new_york();
  for (const std::int64_t infinity :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(zone.local_to_utc(infinity), infinity);
    EXPECT_EQ(zone.utc_to_local(infinity), infinity);
  }
}

TEST(ZoneTable, OutOfRangeIsAnError) {
  const ZoneTable zone = new_york();
  EXPECT_THROW(zone.local_to_utc(std::numeric_limits<std::int64_t>::max() - 1), Error);
  EXPECT_THROW(zone.utc_to_local(std::numeric_limits<std::int64_t>::min() + 1), Error);
}

TEST(ZoneTable, RefusesUnusableTables) {
  EXPECT_THROW(ZoneTable(std::vector<ZoneTransition>{}), Error);
  EXPECT_THROW(ZoneTable({{10, 0}, {10, 3600}}), Error);
  EXPECT_THROW(ZoneTable({{10, 700'000}}), Error);
}

TEST(MissingHours, SpringForwardHour) {
  const auto missing = missing_local_hours(new_york(), at(2024, 1, 1), at(2025, 1, 1));
  EXPECT_EQ(missing, std::vector<std::int64_t>{at(2024, 3, 10, 2)});
}

TEST(MissingHours, HalfHourGapLosesNone) {
  // Australia/Lord_Howe: 02:00 -> 02:30 still leaves half of hour 2.
  const ZoneTable zone({{at(2024, 4, 6, 15), 37'800}, {at(2024, 10, 5, 15, 30), 39'600}});
  EXPECT_TRUE(missing_local_hours(zone, at(2024, 1, 1), at(2025, 1, 1)).empty());
}

TEST(MissingHours, WholeDaySkipped) {
  // Pacific/Apia had no 2011-12-30.
  const ZoneTable zone({{at(2011, 9, 24, 14), -36'000}, {at(2011, 12, 30, 10), 50'400}});
  const auto missing = missing_local_hours(zone, at(2011, 12, 1), at(2012, 2, 1));
  ASSERT_EQ(missing.size(), 24U);
  EXPECT_EQ(missing.front(), at(2011, 12, 30));
  EXPECT_EQ(missing.back(), at(2011, 12, 30, 23));
}

TEST(MissingHours, RangeCutsTheGap) {
  const auto none = missing_local_hours(new_york(), at(2024, 3, 10, 3), at(2024, 3, 11));
  EXPECT_TRUE(none.empty());
  const auto one = missing_local_hours(new_york(), at(2024, 3, 10, 2), at(2024, 3, 10, 3));
  EXPECT_EQ(one.size(), 1U);
}

// test/t/calendar_zone.t writes a file of what the server itself answers and names it here: lines
// `T at_utc offset` begin or continue a zone's table, `Q local utc` asks.
TEST(ZoneTable, AgreesWithTheServer) {
  const char *path = std::getenv("STARHOUSE_ZONE_VECTORS");
  if (path == nullptr) {
    GTEST_SKIP() << "needs a server: run by test/t/calendar_zone.t";
  }
  std::ifstream file(path);
  std::vector<ZoneTransition> transitions;
  ZoneTable zone;
  std::string zone_name;
  std::string kind;
  int asked = 0;
  while (file >> kind) {
    std::int64_t first = 0;
    std::int64_t second = 0;
    if (kind == "Z") {
      file >> zone_name;
      transitions.clear();
    } else if (kind == "T") {
      file >> first >> second;
      transitions.push_back({first, static_cast<std::int32_t>(second)});
      zone = ZoneTable(transitions);
    } else {
      file >> first >> second;
      ASSERT_EQ(zone.local_to_utc(first), second) << zone_name << ' ' << first;
      ++asked;
    }
  }
  EXPECT_GT(asked, 1000);
  std::cout << "asked " << asked << '\n';
}

} // namespace
