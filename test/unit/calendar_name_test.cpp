#include "core/calendar/calendar_name.hpp"
#include "core/calendar/language.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

namespace {

using namespace starhouse::calendar;

std::string text_of(const TableName &table) {
  const std::string name = table.table.bytes.data();
  return table.schema.given ? std::string(table.schema.bytes.data()) + "|" + name : name;
}

TEST(CalendarName, CountriesAndTables) {
  const CalendarName one = parse_calendar_name("GB-sct");
  ASSERT_EQ(one.country_count, 1U);
  EXPECT_EQ(one.countries[0], Country::scotland);
  EXPECT_EQ(one.table_count, 0U);

  const CalendarName many =
      parse_calendar_name("IN + Acme.Closures+\"a+b\".\"say \"\"hi\"\"\"+ÜBER+us");
  ASSERT_EQ(many.country_count, 2U);
  EXPECT_EQ(many.countries[1], Country::united_states);
  ASSERT_EQ(many.table_count, 3U);
  EXPECT_EQ(text_of(many.tables[0]), "acme|closures");
  EXPECT_EQ(text_of(many.tables[1]), "a+b|say \"hi\"");
  EXPECT_EQ(text_of(many.tables[2]), "Über"); // only ASCII is folded
  EXPECT_EQ(many.tables[0].text, "Acme.Closures");
}

// A code in quotes is a table.
TEST(CalendarName, QuotesMakeATable) {
  const CalendarName name = parse_calendar_name("\"us\"");
  EXPECT_EQ(name.country_count, 0U);
  ASSERT_EQ(name.table_count, 1U);
  EXPECT_EQ(text_of(name.tables[0]), "us");
}

TEST(CalendarName, RefusesWhatIsNoName) {
  const std::string longest(63, 'x');
  EXPECT_EQ(parse_calendar_name(longest).table_count, 1U);
  for (const std::string &bad :
       {std::string(), std::string(" "), std::string("IN+"), std::string("+IN"),
        std::string("a.b.c"), std::string("a."), std::string(".a"), std::string("\"a"),
        std::string("\"\""), std::string("1a"), std::string("GB-"), std::string("a b"),
        std::string("a;b"), std::string("x") + longest, std::string("a\0b", 3),
        std::string("\"a\0b\"", 5)}) {
    EXPECT_THROW(parse_calendar_name(bad), starhouse::Error) << bad;
  }
  EXPECT_EQ(parse_calendar_name("a+b+c+d+e+f+g+h").table_count, 8U);
  EXPECT_THROW(parse_calendar_name("a+b+c+d+e+f+g+h+i"), starhouse::Error);
}

TEST(CalendarName, TheErrorNamesThePart) {
  try {
    parse_calendar_name("IN+1x");
    FAIL();
  } catch (const starhouse::Error &error) {
    EXPECT_EQ(error.message(), "no holiday calendar for country \"1x\"");
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST(Language, EveryNameIsThereAndItsOwn) {
  for (const char *code : {"en", "hi", "mr", "bn", "de", "fr", "es", "HI"}) {
    Words words = words_of(code);
    EXPECT_EQ(std::set<std::string_view>(words.days.begin(), words.days.end()).size(), 7U);
    EXPECT_EQ(std::set<std::string_view>(words.days_short.begin(), words.days_short.end()).size(),
              7U);
    EXPECT_EQ(std::set<std::string_view>(words.months.begin(), words.months.end()).size(), 12U);
    EXPECT_EQ(
        std::set<std::string_view>(words.months_short.begin(), words.months_short.end()).size(),
        12U);
    EXPECT_EQ(std::set<std::string_view>(words.meals.begin(), words.meals.end()).size(), 5U);
    std::size_t empty = 0;
    words.for_each([&empty](std::string_view &text) {
      empty += text.empty() ? 1 : 0;
      EXPECT_LE(text.size(), 120U);
    });
    // Holidays may stay English.
    EXPECT_LE(empty, translated_holidays);
  }
  EXPECT_THROW(words_of("xx"), starhouse::Error);
  EXPECT_THROW(words_of(""), starhouse::Error);
  EXPECT_EQ(words_of("hi").holiday("Diwali"), "दीपावली");
  EXPECT_EQ(words_of("hi").holiday("Boxing Day"), "Boxing Day");
  EXPECT_EQ(words_of("en").holiday("Diwali"), "Diwali");
}

// What is to be translated must be what India's rules say.
TEST(Language, HolidayKeysExist) {
  std::set<std::string_view> names;
  for (int year = 2000; year < 2030; ++year) {
    const HolidayYear holidays(Country::india, year);
    for (const Holiday &holiday : holidays.all()) {
      names.insert(holiday.name);
    }
  }
  EXPECT_EQ(std::set<std::string_view>(holiday_keys.begin(), holiday_keys.end()), names);
}

} // namespace
