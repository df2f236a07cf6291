// Every element of the date formats, and every way a date can be wrong.
#include "core/stream/date_format.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace {

using namespace starhouse::stream;

// "2024-02-29 13:05:06.000007" with Z appended for a known offset, or "no match" / "out of range".
std::string read(std::string_view pattern, std::string_view text) {
  ParsedTime time;
  switch (DateFormat(pattern).parse(text, time)) {
  case TimeStatus::no_match:
    return "no match";
  case TimeStatus::out_of_range:
    return "out of range";
  case TimeStatus::ok:
    break;
  }
  std::int64_t days = time.local_micros / micros_per_day;
  std::int64_t rest = time.local_micros % micros_per_day;
  if (rest < 0) {
    rest += micros_per_day;
    --days;
  }
  int year = 0;
  int month = 0;
  int day = 0;
  civil_from_days(static_cast<std::int32_t>(days), year, month, day);
  char out[80];
  const auto seconds = static_cast<int>(rest / micros_per_second);
  if (!time.has_time) {
    EXPECT_EQ(rest, 0);
    std::snprintf(out, sizeof out, "%04d-%02d-%02d", year, month, day);
  } else {
    std::snprintf(out, sizeof out, "%04d-%02d-%02d %02d:%02d:%02d.%06d%s", year, month, day,
                  seconds / 3600, seconds / 60 % 60, seconds % 60,
                  static_cast<int>(rest % micros_per_second), time.has_offset ? "Z" : "");
  }
  return out;
}

TEST(DateFormat, Iso) {
  EXPECT_EQ(read("ISO", "2010-12-01"), "2010-12-01");
  EXPECT_EQ(read("iso", "2010-12-01 08:26"), "2010-12-01 08:26:00.000000");
  EXPECT_EQ(read("ISO", "2010-12-01T08:26:09"), "2010-12-01 08:26:09.000000");
  EXPECT_EQ(read("ISO", "2010-12-01t08:26:09.5"), "2010-12-01 08:26:09.500000");
  EXPECT_EQ(read("ISO", "2010-12-01T08:26:09,123456"), "2010-12-01 08:26:09.123456");
  EXPECT_EQ(read("ISO", "2010-12-01T08:26:09.1234567"), "2010-12-01 08:26:09.123457");
  EXPECT_EQ(read("ISO", "2010-12-31T23:59:59.9999996"), "2011-01-01 00:00:00.000000");
  EXPECT_EQ(read("ISO", "2010-12-01T08:26:09Z"), "2010-12-01 08:26:09.000000Z");
  EXPECT_EQ(read("ISO", "2010-12-01T08:26:09z"), "2010-12-01 08:26:09.000000Z");
  EXPECT_EQ(read("ISO", "2010-12-01 08:26+05:30"), "2010-12-01 02:56:00.000000Z");
  EXPECT_EQ(read("ISO", "2010-12-01 08:26:00 +0530"), "2010-12-01 02:56:00.000000Z");
  EXPECT_EQ(read("ISO", "2010-12-01 08:26:00-08"), "2010-12-01 16:26:00.000000Z");
  EXPECT_EQ(read("ISO", "2010-12-01 08:26:00 UTC"), "2010-12-01 08:26:00.000000Z");
  EXPECT_EQ(read("ISO", "0001-01-01"), "0001-01-01");
  EXPECT_EQ(read("ISO", "9999-12-31"), "9999-12-31");
}

TEST(DateFormat, IsoOtherShapes) {
  for (const char *text : {"",
                           "2010",
                           "2010-12",
                           "2010-12-1",
                           "10-12-01",
                           "2010/12/01",
                           "2010-12-01T",
                           "2010-12-01 8:26",
                           "2010-12-01 08",
                           "2010-12-01 08:26:",
                           "2010-12-01 08:26:00.",
                           "2010-12-01 08:26:00+",
                           "2010-12-01 08:26:00+5",
                           "2010-12-01 08:26:00+05:3",
                           "2010-12-01 08:26:00ZZ",
                           "2010-12-01x",
                           "2010-12-01 08:26:00 CET",
                           "tomorrow",
                           "12010-12-01",
                           "2010-12-01Z"}) {
    EXPECT_EQ(read("ISO", text), "no match") << text;
  }
}

TEST(DateFormat, NoSuchDateOrTime) {
  for (const char *text :
       {"2024-02-30", "2023-02-29", "1900-02-29", "2010-02-31", "2010-13-01", "2010-00-10",
        "2010-04-31", "2010-01-00", "2010-01-32", "0000-01-01", "2010-12-01 24:00:01",
        "2010-12-01 25:00", "2010-12-01 08:60", "2010-12-01 08:26:61", "2010-12-01 08:26:60.5",
        "2010-12-01 08:26:00+16:00"}) {
    EXPECT_EQ(read("ISO", text), "out of range") << text;
  }
  EXPECT_EQ(read("ISO", "2024-02-29"), "2024-02-29");
  EXPECT_EQ(read("ISO", "2000-02-29"), "2000-02-29");
  EXPECT_EQ(read("ISO", "2010-12-31 24:00"), "2011-01-01 00:00:00.000000");
  EXPECT_EQ(read("ISO", "2016-12-31T23:59:60Z"), "2017-01-01 00:00:00.000000Z");
  EXPECT_EQ(read("DD/MM/YYYY", "31/02/2024"), "out of range");
  EXPECT_EQ(read("HH12:MI AM DD/MM/YYYY", "00:10 AM 01/01/2024"), "out of range");
  EXPECT_EQ(read("HH12:MI AM DD/MM/YYYY", "13:10 PM 01/01/2024"), "out of range");
}

TEST(DateFormat, Numbers) {
  EXPECT_EQ(read("DD/MM/YYYY", "05/11/2024"), "2024-11-05");
  EXPECT_EQ(read("DD/MM/YYYY", "5/11/2024"), "2024-11-05");
  EXPECT_EQ(read("MM/DD/YYYY HH24:MI", "12/9/2011 8:05"), "2011-12-09 08:05:00.000000");
  EXPECT_EQ(read("YYYYMMDD", "20240229"), "2024-02-29");
  EXPECT_EQ(read("YYYYMMDD", "2024229"), "no match");
  EXPECT_EQ(read("YYYYMMDDHH24MISS", "20240229130506"), "2024-02-29 13:05:06.000000");
  EXPECT_EQ(read("yyyymmddThh24miss", "20240229T130506"), "2024-02-29 13:05:06.000000");
  EXPECT_EQ(read("DD.MM.YY", "01.02.70"), "1970-02-01");
  EXPECT_EQ(read("DD.MM.YY", "01.02.69"), "2069-02-01");
  EXPECT_EQ(read("DD.MM.YY", "01.02.2069"), "no match");
  EXPECT_EQ(read("YYYY-MM-DD HH24:MI:SS.FF", "2024-02-29 13:05:06.25"),
            "2024-02-29 13:05:06.250000");
  EXPECT_EQ(read("DD/MM/YYYY", "05-11-2024"), "no match");
  EXPECT_EQ(read("DD/MM/YYYY", "05/11/2024 10:00"), "no match");
  EXPECT_EQ(read("DD/MM/YYYY", "005/11/2024"), "no match");
}

TEST(DateFormat, Names) {
  EXPECT_EQ(read("DD-Mon-YYYY", "07-Nov-2024"), "2024-11-07");
  EXPECT_EQ(read("DD-MON-YYYY", "7-NOV-2024"), "2024-11-07");
  EXPECT_EQ(read("Month DD, YYYY", "november 7, 2024"), "2024-11-07");
  EXPECT_EQ(read("DD Month YYYY", "1 May 2024"), "2024-05-01");
  EXPECT_EQ(read("DD-Mon-YYYY", "07-Nob-2024"), "no match");
  EXPECT_EQ(read("Dy, DD Mon YYYY HH24:MI:SS TZ", "Thu, 07 Nov 2024 06:00:00 GMT"),
            "2024-11-07 06:00:00.000000Z");
  EXPECT_EQ(read("Day DD.MM.YYYY", "Thursday 7.11.2024"), "2024-11-07");
}

TEST(DateFormat, MeridiemZoneBlanksAndLiterals) {
  EXPECT_EQ(read("MM/DD/YYYY HH12:MI PM", "02/29/2024 12:05 am"), "2024-02-29 00:05:00.000000");
  EXPECT_EQ(read("MM/DD/YYYY HH12:MI AM", "02/29/2024 12:05 PM"), "2024-02-29 12:05:00.000000");
  EXPECT_EQ(read("MM/DD/YYYY HH:MI AM", "02/29/2024 01:05 PM"), "2024-02-29 13:05:00.000000");
  EXPECT_EQ(read("MM/DD/YYYY HH:MI", "02/29/2024 13:05"), "2024-02-29 13:05:00.000000");
  EXPECT_EQ(read("YYYY-MM-DDTHH24:MI:SSTZ", "2024-02-29T13:05:06-0330"),
            "2024-02-29 16:35:06.000000Z");
  EXPECT_EQ(read("DD MM YYYY", "1   2 \t 2024"), "2024-02-01");
  EXPECT_EQ(read("DD MM YYYY", "1 22024"), "no match");
  EXPECT_EQ(read("DD.MM.YYYY \"um\" HH24 \"Uhr\"", "01.02.2024 um 15 Uhr"),
            "2024-02-01 15:00:00.000000");
}

TEST(DateFormat, Epochs) {
  EXPECT_EQ(read("epoch", "0"), "1970-01-01 00:00:00.000000Z");
  EXPECT_EQ(read("epoch", "1211018404"), "2008-05-17 10:00:04.000000Z");
  EXPECT_EQ(read("epoch", "1211018404.5"), "2008-05-17 10:00:04.500000Z");
  EXPECT_EQ(read("epoch", "-1"), "1969-12-31 23:59:59.000000Z");
  EXPECT_EQ(read("epoch_ms", "1211018404123"), "2008-05-17 10:00:04.123000Z");
  EXPECT_EQ(read("epoch_us", "1211018404123456"), "2008-05-17 10:00:04.123456Z");
  EXPECT_EQ(read("epoch", "12:00"), "no match");
  EXPECT_EQ(read("epoch", ""), "no match");
  EXPECT_EQ(read("epoch", "-"), "no match");
  EXPECT_EQ(read("epoch", "1."), "no match");
  EXPECT_EQ(read("epoch", "99999999999999"), "out of range");
  EXPECT_EQ(read("epoch", "99999999999999999999"), "out of range");
  EXPECT_EQ(read("epoch_us", "999999999999999999"), "33658-09-27 01:46:39.999999Z");
}

TEST(DateFormat, BadPatterns) {
  for (const char *pattern :
       {"", "DD/MM", "YYYY", "YYYY-MM-DD-YYYY", "YYYY YY MM DD", "YYYY-MM-Mon-DD",
        "YYYY-MM-DD HH12:MI", "YYYY-MM-DD HH24:MI AM", "YYYY-MM-DD AM", "YYYY-MM-DD MI",
        "YYYY-MM-DD HH24:SS", "YYYY-MM-DD HH24:MI.FF", "YYYY-MM-DD HH24 HH12 AM", "YYYY-MM-DD TZ",
        "YYYY-MM-DD \"open", "epoch_ns"}) {
    try {
      DateFormat format(pattern);
      ADD_FAILURE() << pattern;
    } catch (const starhouse::Error &error) {
      EXPECT_STREQ(error.code().data(), "22023");
      EXPECT_FALSE(error.hint().empty());
    }
  }
}

TEST(DateFormat, DaysThereAndBack) {
  EXPECT_EQ(days_since_2000(2000, 1, 1), 0);
  EXPECT_EQ(days_since_2000(1970, 1, 1), -10957);
  EXPECT_EQ(days_since_2000(1999, 12, 31), -1);
  std::int32_t expected = days_since_2000(1, 1, 1);
  EXPECT_EQ(expected, -730119);
  for (int year = 1; year <= 9999; ++year) {
    for (int month = 1; month <= 12; ++month) {
      for (int day = 1; valid_date(year, month, day); ++day) {
        ASSERT_EQ(days_since_2000(year, month, day), expected);
        int y = 0;
        int m = 0;
        int d = 0;
        civil_from_days(expected, y, m, d);
        ASSERT_TRUE(y == year && m == month && d == day);
        ++expected;
      }
    }
  }
}

} // namespace
