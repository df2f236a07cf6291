#include "core/calendar/fiscal.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

namespace {

using namespace starhouse::calendar;

Day day(int year, int month, int day) {
  return day_from_civil(year, month, day);
}

TEST(Fiscal, IndiaBritainAndTheUnitedStates) {
  const FiscalRule april{4, YearName::end};
  const FiscalDate march = fiscal_date({2024, 3, 31}, april);
  EXPECT_EQ(march.year, 2024);
  EXPECT_EQ(march.quarter, 4);
  EXPECT_EQ(march.period, 12);
  EXPECT_EQ(march.year_start, day(2023, 4, 1));
  EXPECT_EQ(march.year_end, day(2024, 3, 31));
  EXPECT_EQ(march.quarter_start, day(2024, 1, 1));
  const FiscalDate first = fiscal_date({2024, 4, 1}, april);
  EXPECT_EQ(first.year, 2025);
  EXPECT_EQ(first.quarter, 1);
  EXPECT_EQ(first.period, 1);
  EXPECT_EQ(first.quarter_end, day(2024, 6, 30));
  EXPECT_EQ(fiscal_date({2024, 10, 1}, {10, YearName::end}).year, 2025);
  EXPECT_EQ(fiscal_date({2024, 10, 1}, {10, YearName::start}).year, 2024);
  EXPECT_EQ(fiscal_date({2024, 9, 30}, {10, YearName::start}).year, 2023);
}

// The year holds its days, its quarters follow each other, and periods count months.
TEST(Fiscal, YearsArePartitions) {
  for (int start = 1; start <= 12; ++start) {
    const FiscalRule rule{start, YearName::end};
    for (Day d = day(2022, 12, 1); d <= day(2025, 2, 1); ++d) {
      const Civil civil = civil_from_day(d);
      const FiscalDate fiscal = fiscal_date(civil, rule);
      ASSERT_TRUE(fiscal.year_start <= d && d <= fiscal.year_end);
      ASSERT_TRUE(fiscal.quarter_start <= d && d <= fiscal.quarter_end);
      ASSERT_EQ(civil_from_day(fiscal.year_start).month, start);
      ASSERT_EQ(civil_from_day(fiscal.year_end).year, fiscal.year);
      ASSERT_EQ(fiscal.period, (civil.month - start + 12) % 12 + 1);
      ASSERT_EQ(fiscal.quarter, (fiscal.period - 1) / 3 + 1);
      const FiscalDate next = fiscal_date(civil_from_day(fiscal.quarter_end + 1), rule);
      ASSERT_EQ(next.quarter_start, fiscal.quarter_end + 1);
    }
  }
}

RetailRule national_retail_federation() {
  return {{2, YearName::start}, 7, {4, 5, 4}, YearStart::nearest};
}

// The federation's published calendars: fiscal years begin on these Sundays, and those of 2006,
// 2012, 2017 and 2023 have 53 weeks.
TEST(Retail, NationalRetailFederation) {
  const RetailRule rule = national_retail_federation();
  EXPECT_EQ(retail_year_start(2022, rule), day(2022, 1, 30));
  EXPECT_EQ(retail_year_start(2023, rule), day(2023, 1, 29));
  EXPECT_EQ(retail_year_start(2024, rule), day(2024, 2, 4));
  EXPECT_EQ(retail_year_start(2025, rule), day(2025, 2, 2));
  for (int year = 2004; year <= 2024; ++year) {
    const bool long_year = year == 2006 || year == 2012 || year == 2017 || year == 2023;
    EXPECT_EQ(retail_date(retail_year_start(year, rule), rule).weeks_in_year, long_year ? 53 : 52)
        << year;
  }
  const RetailDate last = retail_date(day(2024, 2, 3), rule);
  EXPECT_EQ(last.year, 2023);
  EXPECT_EQ(last.week, 53);
  EXPECT_EQ(last.period, 12);
  EXPECT_EQ(last.quarter, 4);
  EXPECT_EQ(last.week_of_period, 5);
  EXPECT_EQ(last.period_start, day(2023, 12, 31));
  EXPECT_EQ(last.period_end, day(2024, 2, 3));
  // Black Friday 2024: fiscal November, week 43.
  const RetailDate friday = retail_date(day(2024, 11, 29), rule);
  EXPECT_EQ(friday.period, 10);
  EXPECT_EQ(friday.week, 43);
}

// Apple's fiscal years end on the last Saturday of September; those of 2017 and 2023 had 53 weeks.
TEST(Retail, LastSaturdayOfSeptember) {
  const RetailRule rule{{10, YearName::end}, 7, {4, 4, 5}, YearStart::last};
  EXPECT_EQ(retail_date(day(2023, 9, 30), rule).year, 2023);
  EXPECT_EQ(retail_date(day(2023, 9, 30), rule).weeks_in_year, 53);
  EXPECT_EQ(retail_date(day(2017, 9, 30), rule).weeks_in_year, 53);
  EXPECT_EQ(retail_date(day(2024, 9, 28), rule).year, 2024);
  EXPECT_EQ(retail_date(day(2024, 9, 29), rule).year, 2025);
  EXPECT_EQ(retail_date(day(2024, 9, 29), rule).week, 1);
}

TEST(Retail, DefaultsAreIsoWeeks) {
  for (Day d = day(1950, 1, 1); d <= day(2100, 12, 31); ++d) {
    const RetailDate retail = retail_date(d, {});
    ASSERT_EQ((IsoWeek{retail.year, retail.week}), iso_week(d));
  }
}

// Whatever the rule: weeks and periods follow each other without a gap, have the pattern's lengths,
// and a year is 52 or 53 weeks from the right weekday.
TEST(Retail, EveryRuleIsAPartition) {
  for (const RetailPattern &pattern :
       {RetailPattern{4, 4, 5}, RetailPattern{4, 5, 4}, RetailPattern{5, 4, 4}}) {
    for (int month = 1; month <= 12; ++month) {
      for (const int week_start : {1, 6, 7}) {
        for (const YearStart start : {YearStart::nearest, YearStart::last}) {
          const RetailRule rule{{month, YearName::end}, week_start, pattern, start};
          RetailDate before = retail_date(day(2015, 12, 31), rule);
          for (Day d = day(2016, 1, 1); d <= day(2024, 12, 31); ++d) {
            const RetailDate now = retail_date(d, rule);
            ASSERT_TRUE(now.year_start <= d && now.period_start <= d && d <= now.period_end);
            ASSERT_EQ(now.week, (d - now.year_start) / 7 + 1);
            ASSERT_EQ(now.week_of_period, (d - now.period_start) / 7 + 1);
            ASSERT_TRUE(now.weeks_in_year == 52 || now.weeks_in_year == 53);
            ASSERT_EQ(now.quarter, (now.period - 1) / 3 + 1);
            const int weeks = (now.period_end - now.period_start + 1) / 7;
            const int planned = pattern[static_cast<std::size_t>((now.period - 1) % 3)];
            ASSERT_EQ(weeks, planned + (now.period == 12 ? now.weeks_in_year - 52 : 0));
            if (now.year_start == d) {
              ASSERT_EQ(iso_weekday(d), week_start);
              ASSERT_EQ(before.week, before.weeks_in_year);
              ASSERT_EQ(now.year, before.year + 1);
              ASSERT_EQ(d, retail_year_start(retail_start_year(now.year, rule), rule));
            } else if (now.period_start == d) {
              ASSERT_EQ(now.period, before.period + 1);
              ASSERT_EQ(before.period_end, d - 1);
            } else {
              ASSERT_EQ(now.period, before.period);
            }
            before = now;
          }
        }
      }
    }
  }
}

TEST(Retail, TheEndsOfTheCalendar) {
  EXPECT_EQ(retail_date(first_supported_day, {}).week, 1); // a Monday
  EXPECT_EQ(retail_date(last_supported_day, {}).year, 9999);
  EXPECT_EQ(retail_date(first_supported_day, {{4, YearName::start}}).year, 0);
  EXPECT_EQ(fiscal_date({9999, 12, 31}, {4, YearName::end}).year, 10'000);
}

TEST(Retail, Words) {
  EXPECT_EQ(retail_pattern_from("4-5-4"), (RetailPattern{4, 5, 4}));
  for (const char *bad : {"", "4-4-4", "4-4-5 ", "5-5-3", "445", "4-4-5-4"}) {
    EXPECT_THROW(retail_pattern_from(bad), starhouse::Error) << bad;
  }
  EXPECT_EQ(year_start_from("LAST"), YearStart::last);
  EXPECT_EQ(year_start_from("nearest"), YearStart::nearest);
  EXPECT_THROW(year_start_from("first"), starhouse::Error);
  EXPECT_EQ(year_name_from("Start"), YearName::start);
  EXPECT_EQ(year_name_from("end"), YearName::end);
  EXPECT_THROW(year_name_from(""), starhouse::Error);
  EXPECT_THROW(check_retail_rule({{0, YearName::end}}), starhouse::Error);
  EXPECT_THROW(check_retail_rule({{13, YearName::end}}), starhouse::Error);
  EXPECT_THROW(check_retail_rule({{1, YearName::end}, 8}), starhouse::Error);
}

} // namespace
