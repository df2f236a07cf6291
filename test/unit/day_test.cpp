#include "core/calendar/day.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace {

using namespace starhouse::calendar;

// Every day of 800 years against the standard library, which has its own algorithms.
TEST(Day, AgreesWithTheStandardLibrary) {
  using namespace std::chrono;
  const sys_days epoch{2000y / January / 1};
  for (Day day = day_from_civil(1600, 1, 1); day <= day_from_civil(2400, 12, 31); ++day) {
    const year_month_day ymd{epoch + days{day}};
    const Civil civil = civil_from_day(day);
    ASSERT_EQ(civil.year, static_cast<int>(ymd.year()));
    ASSERT_EQ(civil.month, static_cast<int>(static_cast<unsigned>(ymd.month())));
    ASSERT_EQ(civil.day, static_cast<int>(static_cast<unsigned>(ymd.day())));
    ASSERT_EQ(day_from_civil(civil.year, civil.month, civil.day), day);
    ASSERT_EQ(iso_weekday(day), static_cast<int>(weekday{epoch + days{day}}.iso_encoding()));
  }
}

TEST(Day, RoundTripsAtTheEnds) {
  for (const int year : {-4713, -400, -1, 0, 1, 4, 9999, 294276}) {
    for (int month = 1; month <= 12; ++month) {
      for (const int day : {1, days_in_month(year, month)}) {
        EXPECT_EQ(civil_from_day(day_from_civil(year, month, day)), (Civil{year, month, day}));
      }
    }
  }
  EXPECT_EQ(first_supported_day, -730'119);
  EXPECT_EQ(last_supported_day, 2'921'939);
}

// The examples of ISO 8601 and the years that begin or end in a week 53.
TEST(IsoWeek, KnownDates) {
  struct Case {
    Civil date;
    IsoWeek week;
  };
  for (const Case &c : {Case{{2005, 1, 1}, {2004, 53}}, Case{{2005, 1, 2}, {2004, 53}},
                        Case{{2005, 12, 31}, {2005, 52}}, Case{{2006, 1, 1}, {2005, 52}},
                        Case{{2006, 1, 2}, {2006, 1}}, Case{{2007, 12, 31}, {2008, 1}},
                        Case{{2008, 12, 28}, {2008, 52}}, Case{{2008, 12, 29}, {2009, 1}},
                        Case{{2009, 12, 31}, {2009, 53}}, Case{{2010, 1, 3}, {2009, 53}},
                        Case{{2020, 12, 31}, {2020, 53}}, Case{{2000, 1, 1}, {1999, 52}}}) {
    EXPECT_EQ(iso_week(day_from_civil(c.date.year, c.date.month, c.date.day)), c.week)
        << c.date.year << '-' << c.date.month << '-' << c.date.day;
  }
}

TEST(Weekdays, NthAndLast) {
  EXPECT_EQ(nth_weekday(2024, 11, 4, 4), day_from_civil(2024, 11, 28)); // Thanksgiving
  EXPECT_EQ(nth_weekday(2024, 1, 1, 1), day_from_civil(2024, 1, 1));    // on the first itself
  EXPECT_EQ(last_weekday(2024, 5, 1), day_from_civil(2024, 5, 27));
  EXPECT_EQ(last_weekday(2021, 5, 1), day_from_civil(2021, 5, 31)); // on the last itself
  EXPECT_EQ(week_start_of(day_from_civil(2024, 11, 3), 7), day_from_civil(2024, 11, 3));
  EXPECT_EQ(week_start_of(day_from_civil(2024, 11, 2), 7), day_from_civil(2024, 10, 27));
}

// Published dates, the earliest and latest possible ones among them.
TEST(Easter, KnownDates) {
  for (const Civil &sunday :
       {Civil{1818, 3, 22}, Civil{1943, 4, 25}, Civil{1954, 4, 18}, Civil{1981, 4, 19},
        Civil{2000, 4, 23}, Civil{2008, 3, 23}, Civil{2011, 4, 24}, Civil{2019, 4, 21},
        Civil{2024, 3, 31}, Civil{2025, 4, 20}, Civil{2038, 4, 25}, Civil{2285, 3, 22}}) {
    EXPECT_EQ(civil_from_day(easter_sunday(sunday.year)), sunday);
  }
}

} // namespace
