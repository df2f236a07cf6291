// Dates and times in the formats sources use, compiled once and matched without allocation.
//
// A pattern is one of the names ISO, epoch, epoch_ms, epoch_us, or is built (upper or lower case)
// from
//   YYYY YY MM DD Mon Month Dy Day HH24 HH12 HH MI SS FF AM PM TZ
// and literals. MM, DD, HH24, HH12, MI and SS take one or two digits, or exactly two right beside
// another number (YYYYMMDD). HH is HH12 in a pattern with AM or PM, else HH24. YY 70..99 is 19xx,
// 00..69 is 20xx. FF is 1 to 9 digits after the point you write before it. Mon, Month, Dy and Day
// are English, any case. AM and PM each take AM or PM. TZ is Z, UTC, GMT or ±HH[[:]MM]. A blank
// stands for one or more blanks; letters that form no token are literals (the T of ISO), "quoted
// text" always is.
//
// ISO takes YYYY-MM-DD[(T| )HH:MM[:SS[.F…]][ ][Z|±HH[[:]MM]]].
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::stream {

// What a text said, before the warehouse's zone is applied.
struct ParsedTime {
  std::int64_t local_micros = 0; // since 2000-01-01 00:00; UTC when has_offset
  bool has_offset = false;       // the text named its offset (or is an epoch)
  bool has_time = false;         // a time of day was given
};

enum class TimeStatus : std::uint8_t {
  ok,
  no_match,    // another shape: try the next format
  out_of_range // the shape is right but there is no such date or time (31 February, 25:00)
};

class DateFormat {
public:
  // Throws Error 22023 naming the pattern and what is wrong with it.
  explicit DateFormat(std::string_view pattern);

  TimeStatus parse(std::string_view text, ParsedTime &result) const noexcept;
  const std::string &pattern() const noexcept { return pattern_; }

private:
  enum class Kind : std::uint8_t { iso, epoch_s, epoch_ms, epoch_us, compiled };
  enum class Part : std::uint8_t {
    year4,
    year2,
    month,
    day,
    month_short,
    month_long,
    weekday_short,
    weekday_long,
    hour,
    hour24,
    hour12,
    minute,
    second,
    fraction,
    meridiem,
    zone,
    blank,
    literal
  };
  struct Token {
    Part part;
    bool fixed;   // exactly two digits: right beside another number
    char literal; // for Part::literal
  };
  void compile();
  TimeStatus match(std::string_view text, ParsedTime &result) const noexcept;

  std::string pattern_;
  Kind kind_ = Kind::compiled;
  std::vector<Token> tokens_;
};

// Days since 2000-01-01 of a proleptic Gregorian date; `valid_date` says whether there is one.
bool valid_date(int year, int month, int day) noexcept;
std::int32_t days_since_2000(int year, int month, int day) noexcept;
// The inverse.
void civil_from_days(std::int32_t days, int &year, int &month, int &day) noexcept;

inline constexpr std::int64_t micros_per_second = 1'000'000;
inline constexpr std::int64_t micros_per_day = 86'400 * micros_per_second;

} // namespace starhouse::stream
