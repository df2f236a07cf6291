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
using starhouse::calendar::irregular_slots;
using starhouse::calendar::LocalSlot;
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

constexpr std::int64_t hour = 3'600'000'000;
constexpr std::int64_t day = 24 * hour;

// The starts of the slots that no clock shows.
std::vector<std::int64_t> missing(const std::vector<LocalSlot> &slots) {
  std::vector<std::int64_t> starts;
  for (const LocalSlot &slot : slots) {
    if (slot.length == 0) {
      starts.push_back(slot.start);
    }
  }
  return starts;
}

TEST(IrregularSlots, HoursOfAYearWithSummerTime) {
  const auto slots = irregular_slots(new_york(), at(2024, 1, 1), at(2025, 1, 1), hour);
  ASSERT_EQ(slots.size(), 3U);
  // The first slot tells the offset.
  EXPECT_EQ(slots[0].start, at(2024, 1, 1));
  EXPECT_EQ(slots[0].begins_at, at(2024, 1, 1, 5));
  EXPECT_EQ(slots[0].length, hour);
  EXPECT_EQ(slots[0].offset_after, -5 * hour);
  // The hour that is skipped.
  EXPECT_EQ(slots[1].start, at(2024, 3, 10, 2));
  EXPECT_EQ(slots[1].length, 0);
  EXPECT_EQ(slots[1].offset_after, -4 * hour);
  // The one that comes twice begins when it comes first.
  EXPECT_EQ(slots[2].start, at(2024, 11, 3, 1));
  EXPECT_EQ(slots[2].begins_at, at(2024, 11, 3, 5));
  EXPECT_EQ(slots[2].length, 2 * hour);
  EXPECT_EQ(slots[2].offset_after, -5 * hour);
}

TEST(IrregularSlots, DaysOf23And25Hours) {
  const auto slots = irregular_slots(new_york(), at(2024, 3, 10), at(2024, 12, 1), day);
  ASSERT_EQ(slots.size(), 2U);
  EXPECT_EQ(slots[0].length, 23 * hour);
  EXPECT_EQ(slots[0].begins_at, at(2024, 3, 10, 5));
  EXPECT_EQ(slots[0].offset_after, -4 * hour);
  EXPECT_EQ(slots[1].start, at(2024, 11, 3));
  EXPECT_EQ(slots[1].length, 25 * hour);
}

TEST(IrregularSlots, HalfAnHour) {
  // Australia/Lord_Howe: 02:00 -> 02:30 leaves half of hour 2, and all of its second half hour.
  const ZoneTable zone({{at(2024, 4, 6, 15), 37'800}, {at(2024, 10, 5, 15, 30), 39'600}});
  const auto hours = irregular_slots(zone, at(2024, 10, 1), at(2024, 11, 1), hour);
  ASSERT_EQ(hours.size(), 2U);
  EXPECT_EQ(hours[1].start, at(2024, 10, 6, 2));
  EXPECT_EQ(hours[1].length, hour / 2);
  EXPECT_EQ(hours[1].begins_at, at(2024, 10, 5, 15, 30));
  const auto halves = irregular_slots(zone, at(2024, 10, 1), at(2024, 11, 1), hour / 2);
  EXPECT_EQ(missing(halves), std::vector<std::int64_t>{at(2024, 10, 6, 2)});
}

TEST(IrregularSlots, WholeDaySkipped) {
  // Pacific/Apia had no 2011-12-30.
  const ZoneTable zone({{at(2011, 9, 24, 14), -36'000}, {at(2011, 12, 30, 10), 50'400}});
  const auto hours = missing(irregular_slots(zone, at(2011, 12, 1), at(2012, 2, 1), hour));
  ASSERT_EQ(hours.size(), 24U);
  EXPECT_EQ(hours.front(), at(2011, 12, 30));
  EXPECT_EQ(hours.back(), at(2011, 12, 30, 23));
  const auto days = irregular_slots(zone, at(2011, 12, 1), at(2012, 2, 1), day);
  ASSERT_EQ(missing(days), std::vector<std::int64_t>{at(2011, 12, 30)});
  EXPECT_EQ(days.back().begins_at, at(2011, 12, 30, 10)); // when the clocks jumped over it
  EXPECT_EQ(days.back().offset_after, 14 * hour);
}

TEST(IrregularSlots, RangeCutsTheGap) {
  EXPECT_TRUE(
      missing(irregular_slots(new_york(), at(2024, 3, 10, 3), at(2024, 3, 11), hour)).empty());
  EXPECT_EQ(
      missing(irregular_slots(new_york(), at(2024, 3, 10, 2), at(2024, 3, 10, 3), hour)).size(),
      1U);
}

// Slots laid end to end last as long as the time between their ends, whatever their size and
// however the changes crowd: random tables.
TEST(IrregularSlots, NoTimeIsLostOrGained) {
  std::uint64_t state = 42;
  const auto random = [&state](std::int64_t below) {
    state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    return static_cast<std::int64_t>(state >> 33) % below;
  };
  constexpr std::int64_t minute = hour / 60;
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<ZoneTransition> table;
    std::int64_t instant = at(2024, 1, 1) - 3 * day;
    while (instant < at(2024, 1, 20)) {
      table.push_back(
          {instant, static_cast<std::int32_t>((random(28) - 14) * 3'600 + random(3) * 900)});
      instant += (1 + random(6)) * 7 * hour + random(3) * 11 * minute;
    }
    const ZoneTable zone(table);
    for (const std::int64_t size : {day, hour, 15 * minute, minute}) {
      const std::int64_t from = at(2024, 1, 5);
      const std::int64_t to = at(2024, 1, 10);
      const auto slots = irregular_slots(zone, from, to, size);
      std::int64_t total = 0;
      std::int64_t offset = 0;
      std::size_t next = 0;
      for (std::int64_t start = from; start < to; start += size) {
        if (next < slots.size() && slots[next].start == start) {
          total += slots[next].length;
          offset = slots[next].offset_after;
          if (slots[next].length > 0) {
            const std::int64_t local = zone.utc_to_local(slots[next].begins_at);
            ASSERT_TRUE(local >= start && local < start + size);
          }
          ++next;
        } else {
          total += size;
          ASSERT_EQ(zone.utc_to_local(start - offset), start);
        }
      }
      ASSERT_EQ(next, slots.size());
      // Counted minute by minute of real time.
      std::int64_t expected = 0;
      for (std::int64_t utc = from - 2 * day; utc < to + 2 * day; utc += minute) {
        const std::int64_t local = zone.utc_to_local(utc);
        expected += local >= from && local < to ? minute : 0;
      }
      ASSERT_EQ(total, expected) << trial;
    }
  }
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
