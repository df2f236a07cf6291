#include "core/calendar/holidays.hpp"

#include "core/calendar/festivals.hpp"
#include "core/calendar/moon.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace {

using namespace starhouse::calendar;

std::string text_of(Day day) {
  const Civil civil = civil_from_day(day);
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02d", civil.year, civil.month, civil.day);
  return buffer;
}

std::vector<std::string> dates_of(Country country, int year) {
  std::vector<std::string> dates;
  const HolidayYear holidays(country, year);
  for (const Holiday &holiday : holidays.all()) {
    dates.push_back(text_of(holiday.day));
  }
  return dates;
}

using Dates = std::vector<std::string>;

// Lists of the US Office of Personnel Management.
TEST(Holidays, UnitedStates) {
  EXPECT_EQ(
      dates_of(Country::united_states, 2021),
      (Dates{"2021-01-01", "2021-01-18", "2021-02-15", "2021-05-31", "2021-06-18", "2021-06-19",
             "2021-07-04", "2021-07-05", "2021-09-06", "2021-10-11", "2021-11-11", "2021-11-25",
             "2021-12-24", "2021-12-25", "2021-12-31"})); // New Year's Day of 2022, a Saturday
  EXPECT_EQ(dates_of(Country::united_states, 2022).front(), "2022-01-01");
  EXPECT_EQ(dates_of(Country::united_states, 2020).size(),
            11U); // before Juneteenth; 4 July Saturday
}

TEST(Holidays, LawsBegin) {
  const auto has = [](Country country, int year, std::string_view name) {
    const HolidayYear holidays(country, year);
    return std::any_of(holidays.all().begin(), holidays.all().end(),
                       [name](const Holiday &holiday) { return holiday.name == name; });
  };
  EXPECT_FALSE(has(Country::united_states, 1985, "Birthday of Martin Luther King, Jr."));
  EXPECT_TRUE(has(Country::united_states, 1986, "Birthday of Martin Luther King, Jr."));
  EXPECT_FALSE(has(Country::united_states, 2020, "Juneteenth National Independence Day"));
  EXPECT_FALSE(has(Country::scotland, 2006, "St Andrew's Day"));
  EXPECT_TRUE(has(Country::scotland, 2007, "St Andrew's Day"));
  EXPECT_FALSE(has(Country::india, 1949, "Republic Day"));
  EXPECT_TRUE(dates_of(Country::united_states, 1970).empty());
  EXPECT_TRUE(dates_of(Country::none, 2024).empty());
}

// Lists of gov.uk. Christmas Day 2022 was a Sunday: Boxing Day keeps its Monday.
TEST(Holidays, EnglandAndWales2022) {
  EXPECT_EQ(
      dates_of(Country::england_and_wales, 2022),
      (Dates{"2022-01-01", "2022-01-03", "2022-04-15", "2022-04-18", "2022-05-02", "2022-06-02",
             "2022-06-03", "2022-08-29", "2022-09-19", "2022-12-25", "2022-12-26", "2022-12-27"}));
}

// Both Christmas days of 2021 fell on the weekend.
TEST(Holidays, TwoSubstituteDaysInARow) {
  const HolidayYear holidays(Country::england_and_wales, 2021);
  const auto all = holidays.all();
  ASSERT_GE(all.size(), 2U);
  EXPECT_EQ(text_of(all[all.size() - 2].day), "2021-12-27");
  EXPECT_EQ(all[all.size() - 2].name, "Christmas Day (substitute day)");
  EXPECT_EQ(text_of(all[all.size() - 1].day), "2021-12-28");
  EXPECT_EQ(all[all.size() - 1].name, "Boxing Day (substitute day)");
  EXPECT_TRUE(all[all.size() - 1].observed);
}

// 1 January 2023 was a Sunday, and Scotland's 2 January is a holiday itself.
TEST(Holidays, ScottishNewYear) {
  const HolidayYear holidays(Country::scotland, 2023);
  const auto all = holidays.all();
  EXPECT_EQ(text_of(all[1].day), "2023-01-02");
  EXPECT_EQ(all[1].name, "2nd January");
  EXPECT_EQ(text_of(all[2].day), "2023-01-03");
  EXPECT_EQ(all[2].name, "New Year's Day (substitute day)");
}

TEST(Holidays, NorthernIreland2025) {
  EXPECT_EQ(
      dates_of(Country::northern_ireland, 2025),
      (Dates{"2025-01-01", "2025-03-17", "2025-04-18", "2025-04-21", "2025-05-05", "2025-05-26",
             "2025-07-12", "2025-07-14", "2025-08-25", "2025-12-25", "2025-12-26"}));
}

TEST(Holidays, CountryCodes) {
  EXPECT_EQ(find_country("in"), Country::india);
  EXPECT_EQ(find_country("GB"), find_country("gb-wls"));
  EXPECT_EQ(find_country("Gb-Sct"), Country::scotland);
  for (const char *unknown : {"", "UK", "I", "INX", "GB-", "FR"}) {
    EXPECT_EQ(find_country(unknown), Country::none) << unknown;
  }
}

TEST(Holidays, SortedAndOnTheirYearForAllYears) {
  for (const Country country : {Country::india, Country::united_states, Country::england_and_wales,
                                Country::scotland, Country::northern_ireland}) {
    for (int year = 1940; year <= 2210; ++year) {
      const HolidayYear holidays(country, year);
      const auto all = holidays.all();
      ASSERT_LT(all.size(), HolidayYear::capacity);
      for (std::size_t i = 0; i < all.size(); ++i) {
        ASSERT_EQ(civil_from_day(all[i].day).year, year);
        ASSERT_TRUE(i == 0 || all[i - 1].day <= all[i].day);
        ASSERT_FALSE(all[i].name.empty());
        ASSERT_FALSE(all[i].observed && iso_weekday(all[i].day) > 5);
      }
    }
  }
}

// Dates proclaimed for 2001 to 2035, as month * 100 + day.
constexpr int official_diwali[] = {1114, 1104, 1025, 1112, 1101, 1021, 1109, 1028, 1017,
                                   1105, 1026, 1113, 1103, 1023, 1111, 1030, 1019, 1107,
                                   1027, 1114, 1104, 1024, 1112, 1031, 1020, 1108, 1029,
                                   1017, 1105, 1026, 1114, 1102, 1022, 1110, 1030};
constexpr int official_holi[] = {310, 329, 318, 307, 326, 315, 304, 322, 311, 301, 320, 308,
                                 327, 317, 306, 324, 313, 302, 321, 310, 329, 318, 308, 325,
                                 314, 304, 322, 311, 301, 320, 309, 327, 316, 305, 324};

TEST(Festivals, OfficialDates) {
  struct Case {
    FestivalDays (*date)(int) noexcept;
    const int *table;
  };
  for (const Case &c : {Case{diwali, official_diwali}, Case{holi, official_holi}}) {
    for (int year = 2001; year <= 2035; ++year) {
      const FestivalDays days = c.date(year);
      ASSERT_EQ(days.size(), 1U);
      const Civil civil = civil_from_day(days.begin()->day);
      EXPECT_EQ(civil.month * 100 + civil.day, c.table[year - 2001]) << year;
      EXPECT_FALSE(days.begin()->estimated);
    }
  }
}

TEST(Festivals, EstimatedOutsideTheOfficialYears) {
  EXPECT_TRUE(diwali(2000).begin()->estimated);
  EXPECT_TRUE(diwali(2036).begin()->estimated);
  EXPECT_FALSE(id_ul_fitr(2026).begin()->estimated);
  EXPECT_TRUE(id_ul_fitr(2027).begin()->estimated);
  EXPECT_EQ(diwali(1899).size(), 0U);
  EXPECT_EQ(id_ul_fitr(2200).size(), 0U);
}

// The Muslim year is 11 days shorter: some festivals come twice in a year, or not at all.
TEST(Festivals, TwiceInAYear) {
  const FestivalDays days = id_ul_fitr(2000);
  ASSERT_EQ(days.size(), 2U);
  EXPECT_EQ(text_of(days.begin()->day), "2000-01-09");
  const FestivalDays zuha = id_ul_zuha(2007);
  ASSERT_EQ(zuha.size(), 2U);
}

// Every festival once per lunar year: the intervals are 12 or 13 lunations.
TEST(Festivals, IntervalsAreLunarYears) {
  for (const auto date : {maha_shivaratri, holi, ram_navami, mahavir_jayanti, buddha_purnima,
                          janmashtami, dussehra, diwali, guru_nanak_jayanti}) {
    for (int year = first_festival_year; year < last_festival_year; ++year) {
      const int days = date(year + 1).begin()->day - date(year).begin()->day;
      ASSERT_TRUE((days >= 353 && days <= 357) || (days >= 382 && days <= 386))
          << year << ' ' << days;
    }
  }
}

// Instants of the almanacs (UT): new moon of 1999-08-11 11:08 (a total eclipse), full moon of
// 2024-03-25 07:00, new moon of 1977-02-18 03:37 (Meeus, example 49.a).
TEST(Moon, KnownPhases) {
  const auto instant = [](int year, int month, int day, int hour, int minute) {
    return day_from_civil(year, month, day) + (hour * 60 + minute) / 1440.0;
  };
  constexpr double three_minutes = 3.0 / 1440;
  for (const auto &[degrees, when] :
       {std::pair(0.0, instant(1999, 8, 11, 11, 8)), std::pair(180.0, instant(2024, 3, 25, 7, 0)),
        std::pair(0.0, instant(1977, 2, 18, 3, 37))}) {
    EXPECT_NEAR(sky::when_elongation(degrees, when + 0.7), when, three_minutes);
  }
}

// Meeus, example 47.a: 1992-04-12 00:00 TD, apparent longitude 133.167 of which 0.0046 is nutation;
// example 25.a: 1992-10-13 00:00 TD, the sun at 199.90988 true.
TEST(Moon, KnownLongitudes) {
  constexpr double dynamical_minus_universal = 68.0 / 86'400;
  EXPECT_NEAR(sky::moon_longitude(day_from_civil(1992, 4, 12) - dynamical_minus_universal),
              133.1626, 0.005);
  EXPECT_NEAR(sky::sun_longitude(day_from_civil(1992, 10, 13) - dynamical_minus_universal),
              199.90988 - 0.00569, 0.0005);
}

TEST(Moon, DaylightAtTheStation) {
  const Day equinox = day_from_civil(2024, 3, 20);
  EXPECT_NEAR(sky::sunset(equinox) - sky::sunrise(equinox), 0.5, 0.006);
  // The almanac: 10 h 42 min on the shortest day, 13 h 34 min on the longest.
  const Day winter = day_from_civil(2024, 12, 21);
  EXPECT_NEAR((sky::sunset(winter) - sky::sunrise(winter)) * 24, 10.7, 0.05);
  const Day summer = day_from_civil(2024, 6, 21);
  EXPECT_NEAR((sky::sunset(summer) - sky::sunrise(summer)) * 24, 13.57, 0.05);
}

} // namespace
