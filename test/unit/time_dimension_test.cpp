#include "core/calendar/time_dimension.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace starhouse::calendar;

constexpr std::int64_t micros_per_hour = 3'600'000'000;

CalendarRules rules_of(Country country) {
  CalendarRules rules;
  rules.countries[rules.country_count++] = country;
  return rules;
}

TimeDimensionOptions days(Civil from, Civil to) {
  TimeDimensionOptions options;
  options.start = day_from_civil(from.year, from.month, from.day);
  options.end = day_from_civil(to.year, to.month, to.day);
  return options;
}

TEST(TimeDimension, OneDay) {
  TimeDimensionOptions options = days({2024, 12, 30}, {2024, 12, 30});
  options.calendar = rules_of(Country::india);
  options.retail.fiscal.start_month = 4;
  options.retail.week_start = 7;
  TimeDimension dimension(options);
  const TimeRow *row = dimension.next();
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->key, options.start * 24 * micros_per_hour);
  EXPECT_EQ(row->day, 30);
  EXPECT_EQ(row->day_of_week, 2); // Monday, weeks from Sunday
  EXPECT_EQ(row->day_name, "Monday");
  EXPECT_EQ(row->day_of_year, 365);
  EXPECT_EQ(row->week, 1); // ISO, whatever week_start
  EXPECT_EQ(row->iso_year, 2025);
  EXPECT_EQ(row->month_name, "December");
  EXPECT_EQ(row->quarter, 4);
  EXPECT_EQ(row->half_year, 2);
  EXPECT_EQ(row->year_month, "2024-12");
  EXPECT_EQ(row->fiscal.year, 2025);
  EXPECT_EQ(row->fiscal.quarter, 3);
  EXPECT_EQ(row->fiscal.period, 9);
  EXPECT_EQ(row->week_start, day_from_civil(2024, 12, 29));
  EXPECT_EQ(row->month_start, day_from_civil(2024, 12, 1));
  EXPECT_EQ(row->month_end, day_from_civil(2024, 12, 31));
  EXPECT_TRUE(row->is_business_day);
  EXPECT_TRUE(row->holiday_name.empty());
  EXPECT_EQ(row->season, "Post-monsoon");
  EXPECT_EQ(row->yyyymmdd, 20'241'230);
  EXPECT_EQ(row->day_sequence, 2'460'675); // the almanac's Julian day number
  EXPECT_EQ(row->iso_day_of_week, 1);
  EXPECT_EQ(row->day_name_short, "Mon");
  EXPECT_EQ(row->weekday_of_month, 5);
  EXPECT_EQ(row->day_of_quarter, 91);
  EXPECT_EQ(row->same_day_last_month, day_from_civil(2024, 11, 30));
  EXPECT_EQ(row->same_day_last_quarter, day_from_civil(2024, 9, 30));
  EXPECT_EQ(row->same_day_last_year, day_from_civil(2023, 12, 30));
  EXPECT_EQ(row->same_weekday_last_year, day_from_civil(2024, 1, 1));
  EXPECT_EQ(row->iso_week_name, "2025-W01");
  EXPECT_EQ(row->us_week, 53);
  EXPECT_EQ(row->week_of_month, 5);
  EXPECT_EQ(row->year_quarter, "2024-Q4");
  EXPECT_EQ(row->fiscal_year_name, "FY2025");
  EXPECT_EQ(row->fiscal_day, 274);
  EXPECT_EQ(row->length_seconds, 86'400);
  EXPECT_EQ(row->starts_at, row->key);
  EXPECT_EQ(row->business_day_of_month, 20); // Christmas is none
  EXPECT_EQ(row->business_days_in_month, 21);
  EXPECT_EQ(row->hour_12, 0);
  EXPECT_TRUE(row->time_name.empty());
  EXPECT_TRUE(row->day_part.empty());
  EXPECT_EQ(dimension.next(), nullptr);
  EXPECT_EQ(dimension.next(), nullptr);
}

// What the generator carries from row to row must equal what is worked out afresh.
TEST(TimeDimension, EveryDayEqualsItsOwnStart) {
  TimeDimensionOptions options = days({1999, 11, 17}, {2005, 3, 3});
  options.calendar = rules_of(Country::united_states);
  options.retail.fiscal.start_month = 10;
  options.retail.week_start = 3;
  TimeDimension running(options);
  Day day = options.start;
  while (const TimeRow *row = running.next()) {
    ASSERT_EQ(row->date, day);
    TimeDimensionOptions single = options;
    single.start = single.end = day;
    TimeDimension fresh(single);
    const TimeRow *expected = fresh.next();
    ASSERT_EQ(row->day, expected->day);
    ASSERT_EQ(row->day_of_week, expected->day_of_week);
    ASSERT_EQ(row->day_of_year, expected->day_of_year);
    ASSERT_EQ(row->day_of_year, day_of_year(day));
    ASSERT_EQ((IsoWeek{row->iso_year, row->week}), iso_week(day));
    ASSERT_EQ(row->month, expected->month);
    ASSERT_EQ(row->fiscal.year, expected->fiscal.year);
    ASSERT_EQ(row->fiscal.period, expected->fiscal.period);
    ASSERT_EQ(row->week_start, week_start_of(day, options.retail.week_start));
    ASSERT_EQ(row->holiday_name, expected->holiday_name);
    ASSERT_EQ(row->year_month, expected->year_month);
    ASSERT_EQ(row->is_business_day, expected->is_business_day);
    ASSERT_EQ(row->business_day_of_month, expected->business_day_of_month);
    ASSERT_EQ(row->business_days_in_month, expected->business_days_in_month);
    ASSERT_EQ(row->follows_holiday, expected->follows_holiday);
    ASSERT_EQ(row->yyyymmdd, expected->yyyymmdd);
    ASSERT_EQ(row->retail.year, expected->retail.year);
    ASSERT_EQ(row->retail.week, expected->retail.week);
    ASSERT_EQ(row->retail.period_end, expected->retail.period_end);
    ASSERT_EQ(row->fiscal_week, expected->fiscal_week);
    ASSERT_EQ(row->week_sequence, expected->week_sequence);
    ASSERT_EQ(row->month_sequence, expected->month_sequence);
    ASSERT_EQ(row->quarter_end, expected->quarter_end);
    ASSERT_EQ(row->iso_week_name, expected->iso_week_name);
    ASSERT_EQ(row->year_quarter, expected->year_quarter);
    ASSERT_EQ(row->fiscal_year_name, expected->fiscal_year_name);
    ASSERT_EQ(row->season, expected->season);
    ++day;
  }
  EXPECT_EQ(day, options.end + 1);
}

TEST(TimeDimension, HoursAndTheirParts) {
  TimeDimensionOptions options = days({2024, 2, 29}, {2024, 3, 1});
  options.grain = {60};
  TimeDimension dimension(options);
  std::string parts;
  int rows = 0;
  while (const TimeRow *row = dimension.next()) {
    EXPECT_EQ(row->key, options.start * 24 * micros_per_hour + rows * micros_per_hour);
    EXPECT_EQ(row->hour, rows % 24);
    EXPECT_EQ(row->date, options.start + rows / 24);
    parts += rows < 24 ? row->day_part.front() : ' ';
    ++rows;
  }
  EXPECT_EQ(rows, 48);
  EXPECT_EQ(parts.substr(0, 24), "NNNNNNMMMMMMAAAAAEEEENNN");
}

// New York's clocks, as irregular_slots() lists them.
TEST(TimeDimension, HoursOfAZone) {
  const Day end = day_from_civil(2024, 12, 31);
  const ZoneTable zone(
      {{day_from_civil(2023, 11, 5) * micros_per_day + 6 * micros_per_hour, -18'000},
       {day_from_civil(2024, 3, 10) * micros_per_day + 7 * micros_per_hour, -14'400},
       {day_from_civil(2024, 11, 3) * micros_per_day + 6 * micros_per_hour, -18'000}});
  for (const int minutes : {1'440, 60, 15}) {
    TimeDimensionOptions options = days({2024, 1, 1}, {2024, 12, 31});
    options.grain = {minutes};
    const auto slots = irregular_slots(zone, options.start * micros_per_day,
                                       (end + 1) * micros_per_day, options.grain.micros());
    options.irregular = slots;
    TimeDimension dimension(options);
    const std::int64_t first = options.start * micros_per_day + 5 * micros_per_hour;
    std::int64_t passed = 0;
    int rows = 0;
    int unusual = 0;
    while (const TimeRow *row = dimension.next()) {
      ASSERT_FALSE(row->date == day_from_civil(2024, 3, 10) && row->hour == 2);
      // Each row begins where the one before ended; but the quarters of the repeated hour are each
      // lived through twice, half an hour in all, before and after the change.
      const bool repeated = row->date == day_from_civil(2024, 11, 3) && row->hour == 1;
      if (minutes >= 60 || !repeated) {
        ASSERT_EQ(row->starts_at, first + passed);
      } else {
        ASSERT_EQ(row->length_seconds, 1'800);
        ASSERT_EQ(row->starts_at, row->key + 4 * micros_per_hour);
      }
      passed += row->length_seconds * std::int64_t{1'000'000};
      unusual += row->length_seconds != minutes * 60 ? 1 : 0;
      ++rows;
    }
    EXPECT_EQ(passed, 366 * micros_per_day) << minutes;
    EXPECT_EQ(rows, minutes == 1'440 ? 366 : 366 * 1'440 / minutes - 60 / minutes);
    EXPECT_EQ(unusual, minutes == 1'440 ? 2 : 60 / minutes);
  }
}

// A day that no clock showed has its row at day grain, and none at others.
TEST(TimeDimension, SkippedDay) {
  const Day skipped = day_from_civil(2011, 12, 30);
  const ZoneTable zone({{0, -36'000}, {skipped * micros_per_day + 10 * micros_per_hour, 50'400}});
  for (const int minutes : {1'440, 60}) {
    TimeDimensionOptions options = days({2011, 12, 29}, {2011, 12, 31});
    options.grain = {minutes};
    const auto slots = irregular_slots(zone, options.start * micros_per_day,
                                       (options.end + 1) * micros_per_day, options.grain.micros());
    options.irregular = slots;
    TimeDimension dimension(options);
    int rows = 0;
    while (const TimeRow *row = dimension.next()) {
      ASSERT_EQ(row->length_seconds, row->date == skipped ? 0 : minutes * 60);
      ASSERT_FALSE(minutes == 60 && row->date == skipped);
      ++rows;
    }
    EXPECT_EQ(rows, minutes == 60 ? 48 : 3);
  }
}

TEST(TimeDimension, Minutes) {
  TimeDimensionOptions options = days({2024, 5, 5}, {2024, 5, 5});
  options.grain = {15};
  TimeDimension dimension(options);
  int rows = 0;
  while (const TimeRow *row = dimension.next()) {
    ASSERT_EQ(row->minute_of_day, rows * 15);
    ASSERT_EQ(row->hour * 60 + row->minute, row->minute_of_day);
    ASSERT_EQ(row->length_seconds, 900);
    if (row->minute_of_day == 0) {
      EXPECT_EQ(row->hour_12, 12);
      EXPECT_EQ(row->am_pm, "AM");
      EXPECT_EQ(row->time_name, "00:00");
      EXPECT_EQ(row->meal_time, "Late night");
    } else if (row->minute_of_day == 13 * 60 + 45) {
      EXPECT_EQ(row->hour_12, 1);
      EXPECT_EQ(row->am_pm, "PM");
      EXPECT_EQ(row->time_name, "13:45");
      EXPECT_EQ(row->meal_time, "Lunch");
    }
    ++rows;
  }
  EXPECT_EQ(rows, 96);
}

TEST(TimeDimension, Languages) {
  TimeDimensionOptions options = days({2024, 10, 31}, {2024, 10, 31});
  options.calendar = rules_of(Country::india);
  options.words = &words_of("hi");
  TimeDimension dimension(options);
  const TimeRow *row = dimension.next();
  EXPECT_EQ(row->day_name, "गुरुवार");
  EXPECT_EQ(row->month_name, "अक्टूबर");
  EXPECT_EQ(row->holiday_name, "दीपावली");
  EXPECT_EQ(row->season, "मानसूनोत्तर");
}

TEST(TimeDimension, UserHolidays) {
  const std::string long_name(200, 'x');
  std::vector<UserDay> rows;
  for (const char *name : {"Independence Day", "Picnic", "Picnic", "pic"}) {
    rows.push_back({day_from_civil(2024, 8, 15), false, name});
  }
  for (char c = 'a'; c < 'h'; ++c) { // more than a joined name holds
    rows.push_back({day_from_civil(2024, 8, 16), false, long_name});
    rows.push_back(
        {day_from_civil(2024, 8, 16), false, std::string_view(long_name).substr(c - 'a')});
  }
  rows.push_back({day_from_civil(2024, 8, 17), true, "Stocktaking"}); // a Saturday
  TimeDimensionOptions options = days({2024, 8, 14}, {2024, 8, 18});
  options.calendar = rules_of(Country::india);
  options.calendar.user_days = rows;
  TimeDimension dimension(options);
  EXPECT_FALSE(dimension.next()->is_holiday);
  EXPECT_EQ(dimension.next()->holiday_name, "Independence Day; Picnic; pic");
  const TimeRow *row = dimension.next();
  EXPECT_TRUE(row->follows_holiday);
  EXPECT_LE(row->holiday_name.size(), 1'000U);
  EXPECT_EQ(row->holiday_name.find_first_not_of("x; "), std::string_view::npos);
  row = dimension.next();
  EXPECT_TRUE(row->is_weekend);
  EXPECT_TRUE(row->is_business_day);
  EXPECT_FALSE(row->is_holiday);
  EXPECT_TRUE(row->holiday_name.empty());
  EXPECT_FALSE(dimension.next()->follows_holiday);
}

TEST(TimeDimension, SeveralHolidaysOnOneDay) {
  for (const auto &[year, names] :
       {std::pair(2017, "Independence Day; Janmashtami"),
        std::pair(2027, "Independence Day; Milad-un-Nabi (estimated)")}) {
    TimeDimensionOptions options = days({year, 8, 15}, {year, 8, 15});
    options.calendar = rules_of(Country::india);
    TimeDimension dimension(options);
    EXPECT_EQ(dimension.next()->holiday_name, names);
  }
}

TEST(TimeDimension, RefusesBadSettings) {
  EXPECT_THROW(TimeDimension(days({2024, 1, 2}, {2024, 1, 1})), starhouse::Error);
  EXPECT_THROW(TimeDimension(days({0, 12, 31}, {1, 1, 1})), starhouse::Error);
  EXPECT_THROW(TimeDimension(days({9999, 12, 31}, {10000, 1, 1})), starhouse::Error);
  for (const auto &[fiscal, week] : {std::pair(0, 1), std::pair(13, 1), std::pair(1, 0),
                                     std::pair(1, 8), std::pair(-2147483647, 1)}) {
    TimeDimensionOptions options = days({2024, 1, 1}, {2024, 1, 1});
    options.retail.fiscal.start_month = fiscal;
    options.retail.week_start = week;
    EXPECT_THROW(TimeDimension{options}, starhouse::Error);
  }
}

TEST(Grain, Names) {
  EXPECT_EQ(grain_from_name("day").minutes, 1'440);
  EXPECT_EQ(grain_from_name("Hour").minutes, 60);
  EXPECT_EQ(grain_from_name("minute").minutes, 1);
  EXPECT_EQ(grain_from_name("15 minutes").minutes, 15);
  EXPECT_EQ(grain_from_name("1 minute").minutes, 1);
  EXPECT_EQ(grain_from_name("2 hours").minutes, 120);
  EXPECT_EQ(grain_from_name("24 hours").minutes, 1'440);
  EXPECT_EQ(grain_from_name("90 Minutes").minutes, 90);
  for (const char *bad :
       {"", "days", "minutes", "7 minutes", "0 minutes", "-5 minutes", "2 days", "1441 minutes",
        "15minutes", "15  minutes", "15 ", "15", "99999999999 minutes", "1440 hours", "second"}) {
    EXPECT_THROW(grain_from_name(bad), starhouse::Error) << bad;
  }
}

} // namespace
