#include "core/calendar/time_dimension.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace starhouse::calendar;

constexpr std::int64_t micros_per_hour = 3'600'000'000;

TimeDimensionOptions days(Civil from, Civil to) {
  TimeDimensionOptions options;
  options.start = day_from_civil(from.year, from.month, from.day);
  options.end = day_from_civil(to.year, to.month, to.day);
  return options;
}

TEST(TimeDimension, OneDay) {
  TimeDimensionOptions options = days({2024, 12, 30}, {2024, 12, 30});
  options.country = Country::india;
  options.fiscal_year_start = 4;
  options.week_start = 7;
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
  EXPECT_EQ(row->fiscal_year, 2025);
  EXPECT_EQ(row->fiscal_quarter, 3);
  EXPECT_EQ(row->fiscal_period, 9);
  EXPECT_EQ(row->week_start, day_from_civil(2024, 12, 29));
  EXPECT_EQ(row->month_start, day_from_civil(2024, 12, 1));
  EXPECT_EQ(row->month_end, day_from_civil(2024, 12, 31));
  EXPECT_TRUE(row->is_business_day);
  EXPECT_TRUE(row->holiday_name.empty());
  EXPECT_EQ(row->season, "Post-monsoon");
  EXPECT_TRUE(row->day_part.empty());
  EXPECT_EQ(dimension.next(), nullptr);
  EXPECT_EQ(dimension.next(), nullptr);
}

// What the generator carries from row to row must equal what is worked out afresh.
TEST(TimeDimension, EveryDayEqualsItsOwnStart) {
  TimeDimensionOptions options = days({1999, 11, 17}, {2005, 3, 3});
  options.country = Country::united_states;
  options.fiscal_year_start = 10;
  options.week_start = 3;
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
    ASSERT_EQ(row->fiscal_year, expected->fiscal_year);
    ASSERT_EQ(row->fiscal_period, expected->fiscal_period);
    ASSERT_EQ(row->week_start, week_start_of(day, options.week_start));
    ASSERT_EQ(row->holiday_name, expected->holiday_name);
    ASSERT_EQ(row->year_month, expected->year_month);
    ASSERT_EQ(row->is_business_day, expected->is_business_day);
    ++day;
  }
  EXPECT_EQ(day, options.end + 1);
}

TEST(TimeDimension, HoursAndTheirParts) {
  TimeDimensionOptions options = days({2024, 2, 29}, {2024, 3, 1});
  options.grain = Grain::hour;
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

TEST(TimeDimension, MissingHoursAreLeftOut) {
  TimeDimensionOptions options = days({2024, 3, 9}, {2024, 3, 12});
  options.grain = Grain::hour;
  const std::int64_t day = 24 * micros_per_hour;
  // Two in the morning of the second day, the whole third day, and the last hour of all.
  std::vector<std::int64_t> missing{(options.start + 1) * day + 2 * micros_per_hour};
  for (int hour = 0; hour < 24; ++hour) {
    missing.push_back((options.start + 2) * day + hour * micros_per_hour);
  }
  missing.push_back((options.start + 3) * day + 23 * micros_per_hour);
  options.missing_hours = missing;
  TimeDimension dimension(options);
  int rows = 0;
  while (const TimeRow *row = dimension.next()) {
    EXPECT_NE(row->date, options.start + 2);
    EXPECT_FALSE(row->date == options.start + 1 && row->hour == 2);
    ++rows;
  }
  EXPECT_EQ(rows, 24 + 23 + 23);
}

TEST(TimeDimension, SeveralHolidaysOnOneDay) {
  for (const auto &[year, names] :
       {std::pair(2017, "Independence Day; Janmashtami"),
        std::pair(2027, "Independence Day; Milad-un-Nabi (estimated)")}) {
    TimeDimensionOptions options = days({year, 8, 15}, {year, 8, 15});
    options.country = Country::india;
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
    options.fiscal_year_start = fiscal;
    options.week_start = week;
    EXPECT_THROW(TimeDimension{options}, starhouse::Error);
  }
  EXPECT_THROW(grain_from_name("minute"), starhouse::Error);
  EXPECT_THROW(grain_from_name("days"), starhouse::Error);
  EXPECT_THROW(grain_from_name(""), starhouse::Error);
  EXPECT_EQ(grain_from_name("Hour"), Grain::hour);
}

} // namespace
