#include "core/calendar/business_calendar.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <vector>

namespace {

using namespace starhouse::calendar;

Day day(int year, int month, int day) {
  return day_from_civil(year, month, day);
}

CalendarRules rules_of(Country country) {
  CalendarRules rules;
  if (country != Country::none) {
    rules.countries[rules.country_count++] = country;
  }
  return rules;
}

bool listed(const HolidayYear &holidays, Day day) {
  return std::any_of(holidays.all().begin(), holidays.all().end(),
                     [day](const Holiday &holiday) { return holiday.day == day; });
}

TEST(BusinessCalendar, AgreesWithTheListInAnyOrder) {
  BusinessCalendar calendar(rules_of(Country::england_and_wales));
  // 64 years apart: they share a slot of the memory.
  for (const int year : {2021, 1957, 2085, 2021, 2022}) {
    const HolidayYear holidays(Country::england_and_wales, year);
    for (Day d = day(year, 1, 1); d <= day(year, 12, 31); ++d) {
      ASSERT_EQ(calendar.is_holiday(d), listed(holidays, d));
      ASSERT_EQ(calendar.is_business_day(d), !listed(holidays, d) && iso_weekday(d) <= 5);
    }
  }
}

// Day by day, as the definitions say.
int counted(BusinessCalendar &calendar, Day first, Day last) {
  int total = 0;
  for (Day d = first; d <= last; ++d) {
    total += calendar.is_business_day(d) ? 1 : 0;
  }
  return total;
}

TEST(BusinessCalendar, CountsAndStepsAsDayByDay) {
  for (const Weekdays weekend : {saturday_and_sunday, Weekdays{1U << 5}, Weekdays{0}}) {
    CalendarRules rules = rules_of(Country::united_states);
    rules.weekend = weekend;
    BusinessCalendar calendar(rules);
    for (Day from = day(2023, 12, 20); from < day(2024, 1, 10); ++from) {
      for (int span = -3; span < 800; span += 7) {
        ASSERT_EQ(calendar.count(from, from + span), counted(calendar, from, from + span));
      }
      Day forward = from;
      Day back = from;
      for (int n = 1; n <= 600; ++n) {
        do {
          ++forward;
        } while (!calendar.is_business_day(forward));
        do {
          --back;
        } while (!calendar.is_business_day(back));
        ASSERT_EQ(calendar.add(from, n), forward) << from << ' ' << n;
        ASSERT_EQ(calendar.add(from, -n), back) << from << ' ' << n;
      }
      ASSERT_EQ(calendar.add(from, 0), from);
    }
  }
}

TEST(BusinessCalendar, TheEndsOfTheCalendar) {
  BusinessCalendar calendar(rules_of(Country::none));
  const int all = calendar.count(first_supported_day, last_supported_day);
  EXPECT_EQ(all, counted(calendar, first_supported_day, last_supported_day));
  // Both ends are weekdays: 0001-01-01 was a Monday, 9999-12-31 will be a Friday.
  EXPECT_EQ(calendar.add(first_supported_day, all - 1), last_supported_day);
  EXPECT_EQ(calendar.add(last_supported_day, 1 - all), first_supported_day);
  EXPECT_EQ(calendar.add(first_supported_day, all), std::nullopt);
  EXPECT_EQ(calendar.add(last_supported_day, -all), std::nullopt);
  EXPECT_EQ(calendar.add(last_supported_day, 1), std::nullopt);
  EXPECT_EQ(calendar.add(first_supported_day, -1), std::nullopt);
  EXPECT_EQ(calendar.add(day(2024, 1, 1), 2'147'483'647), std::nullopt);
  EXPECT_EQ(calendar.add(day(2024, 1, 1), -2'147'483'647 - 1), std::nullopt);
}

TEST(BusinessCalendar, UserDays) {
  const std::vector<UserDay> days = {{day(2024, 3, 4), false, "Founders' Day"},
                                     {day(2024, 3, 9), true, "Stocktaking"}, // a Saturday
                                     {day(2024, 10, 14), true, "Columbus Day is worked"},
                                     {day(2024, 12, 26), false, "Bridge day"},
                                     {day(2024, 12, 26), true, "but worked after all"}};
  CalendarRules rules = rules_of(Country::united_states);
  rules.user_days = days;
  BusinessCalendar calendar(rules);
  EXPECT_FALSE(calendar.is_business_day(day(2024, 3, 4)));
  EXPECT_TRUE(calendar.is_holiday(day(2024, 3, 4)));
  EXPECT_TRUE(calendar.is_business_day(day(2024, 3, 9)));
  EXPECT_TRUE(calendar.is_weekend(day(2024, 3, 9)));
  EXPECT_TRUE(calendar.is_business_day(day(2024, 10, 14)));
  EXPECT_FALSE(calendar.is_holiday(day(2024, 10, 14)));
  EXPECT_TRUE(calendar.is_business_day(day(2024, 12, 26)));
  EXPECT_FALSE(calendar.is_business_day(day(2024, 12, 25)));
  EXPECT_EQ(calendar.add(day(2024, 3, 1), 1), day(2024, 3, 5));
  EXPECT_EQ(calendar.add(day(2024, 3, 8), 1), day(2024, 3, 9));

  std::vector<Holiday> list(HolidayYear::capacity + days.size());
  list.resize(list_holidays(rules, 2024, list));
  const HolidayYear without(Country::united_states, 2024);
  EXPECT_EQ(list.size(), without.all().size()); // Columbus Day away, Founders' Day added
  EXPECT_TRUE(std::any_of(list.begin(), list.end(), [](const Holiday &holiday) {
    return holiday.name == "Founders' Day" && holiday.day == day(2024, 3, 4);
  }));
  EXPECT_TRUE(std::is_sorted(list.begin(), list.end(),
                             [](const Holiday &a, const Holiday &b) { return a.day < b.day; }));
}

TEST(BusinessCalendar, SeveralCountries) {
  CalendarRules rules = rules_of(Country::united_states);
  rules.countries[rules.country_count++] = Country::india;
  BusinessCalendar both(rules);
  BusinessCalendar us(rules_of(Country::united_states));
  BusinessCalendar india(rules_of(Country::india));
  for (Day d = day(2020, 1, 1); d <= day(2026, 12, 31); ++d) {
    ASSERT_EQ(both.is_holiday(d), us.is_holiday(d) || india.is_holiday(d));
    ASSERT_EQ(both.is_business_day(d), us.is_business_day(d) && india.is_business_day(d));
  }
}

TEST(Weekend, FromWeekdays) {
  EXPECT_EQ(weekend_from(std::vector<std::int32_t>{6, 7}), saturday_and_sunday);
  EXPECT_EQ(weekend_from(std::vector<std::int32_t>{7, 7}), 1U << 7);
  EXPECT_EQ(weekend_from(std::vector<std::int32_t>{}), 0U);
  for (const std::vector<std::int32_t> &bad :
       {std::vector<std::int32_t>{0}, std::vector<std::int32_t>{8}, std::vector<std::int32_t>{-1},
        std::vector<std::int32_t>{1, 2, 3, 4, 5, 6, 7}}) {
    EXPECT_THROW(weekend_from(bad), starhouse::Error);
  }
}

} // namespace
