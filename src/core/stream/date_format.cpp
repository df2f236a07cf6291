#include "core/stream/date_format.hpp"

#include "core/error.hpp"
#include "core/stream/decimal.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace starhouse::stream {

namespace {

constexpr std::array<std::string_view, 12> months{"january",   "february", "march",    "april",
                                                  "may",       "june",     "july",     "august",
                                                  "september", "october",  "november", "december"};
constexpr std::array<std::string_view, 7> weekdays{"sunday",   "monday", "tuesday", "wednesday",
                                                   "thursday", "friday", "saturday"};

// 2000-01-01 00:00 UTC in Unix seconds.
constexpr std::int64_t epoch_2000 = 946'684'800;
// timestamptz ends before 294277-01-01 and begins at 4714-11-24 BC, Julian day 0.
constexpr std::int64_t first_timestamp = -211'813'488'000'000'000;
constexpr std::int64_t end_timestamp = 9'223'371'331'200'000'000;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}
char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

struct Fields {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0;
  int offset_seconds = 0;
  int meridiem = 0; // 1 AM, 2 PM
  bool has_offset = false, has_time = false;
};

// A reading position; every take_* leaves it in place when it returns false.
struct Cursor {
  const char *at;
  const char *end;

  bool done() const noexcept { return at == end; }
  bool take(char c) noexcept {
    if (at == end || *at != c) {
      return false;
    }
    ++at;
    return true;
  }
  bool take_number(std::ptrdiff_t least, std::ptrdiff_t most, int &value) noexcept {
    int number = 0;
    const char *digit = at;
    while (digit != end && digit - at < most && is_digit(*digit)) {
      number = number * 10 + (*digit - '0');
      ++digit;
    }
    if (digit - at < least) {
      return false;
    }
    value = number;
    at = digit;
    return true;
  }
  // The digits after a decimal point: rounded to microseconds, which may make a whole second.
  bool take_fraction(int &micros) noexcept {
    constexpr std::ptrdiff_t most = 12;
    const char *digit = at;
    int number = 0;
    int scale = 100'000;
    while (digit != end && is_digit(*digit)) {
      if (digit - at < 6) {
        number += (*digit - '0') * scale;
        scale /= 10;
      } else if (digit - at == 6 && *digit >= '5') {
        ++number;
      }
      ++digit;
    }
    if (digit == at || digit - at > most) {
      return false;
    }
    micros = number;
    at = digit;
    return true;
  }
  bool take_word(std::string_view word) noexcept {
    if (static_cast<std::size_t>(end - at) < word.size()) {
      return false;
    }
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (lower(at[i]) != word[i]) {
        return false;
      }
    }
    at += word.size();
    return true;
  }
  template <class Names>
  bool take_name(const Names &names, bool brief, int &index) noexcept {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (take_word(brief ? names[i].substr(0, 3) : names[i])) {
        index = static_cast<int>(i) + 1;
        return true;
      }
    }
    return false;
  }
  // Z, UTC, GMT or ±HH[[:]MM].
  bool take_zone(Fields &fields) noexcept {
    fields.has_offset = true;
    fields.offset_seconds = 0;
    if (take_word("z") || take_word("utc") || take_word("gmt")) {
      return true;
    }
    const char *begin = at;
    int hours = 0;
    int minutes = 0;
    const bool west = take('-');
    if ((west || take('+')) && take_number(2, 2, hours)) {
      if (take(':')) {
        if (take_number(2, 2, minutes)) {
          fields.offset_seconds = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
          return true;
        }
      } else {
        take_number(2, 2, minutes);
        fields.offset_seconds = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
        return true;
      }
    }
    at = begin;
    return false;
  }
};

TimeStatus assemble(const Fields &fields, ParsedTime &result) noexcept {
  int hour = fields.hour;
  if (fields.meridiem != 0) {
    if (hour < 1 || hour > 12) {
      return TimeStatus::out_of_range;
    }
    hour = hour % 12 + (fields.meridiem == 2 ? 12 : 0);
  }
  // 24:00 is the end of the day and :60 a leap second; both are the next minute, as the server has
  // it.
  const bool end_of_day =
      hour == 24 && fields.minute == 0 && fields.second == 0 && fields.micros == 0;
  if (!valid_date(fields.year, fields.month, fields.day) || (hour > 23 && !end_of_day) ||
      fields.minute > 59 || fields.second > 60 || (fields.second == 60 && fields.micros > 0) ||
      fields.offset_seconds >= 16 * 3600 || fields.offset_seconds <= -16 * 3600) {
    return TimeStatus::out_of_range;
  }
  const std::int64_t day = days_since_2000(fields.year, fields.month, fields.day);
  const std::int64_t seconds = std::int64_t{hour} * 3600 + std::int64_t{fields.minute} * 60 +
                               fields.second - fields.offset_seconds;
  result.local_micros = day * micros_per_day + seconds * micros_per_second + fields.micros;
  result.has_offset = fields.has_offset;
  result.has_time = fields.has_time;
  return TimeStatus::ok;
}

TimeStatus parse_iso(std::string_view text, ParsedTime &result) noexcept {
  Cursor cursor{text.data(), text.data() + text.size()};
  Fields fields;
  if (!cursor.take_number(4, 4, fields.year) || !cursor.take('-') ||
      !cursor.take_number(2, 2, fields.month) || !cursor.take('-') ||
      !cursor.take_number(2, 2, fields.day)) {
    return TimeStatus::no_match;
  }
  if (!cursor.done()) {
    fields.has_time = true;
    if (!(cursor.take('T') || cursor.take(' ') || cursor.take('t')) ||
        !cursor.take_number(2, 2, fields.hour) || !cursor.take(':') ||
        !cursor.take_number(2, 2, fields.minute)) {
      return TimeStatus::no_match;
    }
    if (cursor.take(':')) {
      if (!cursor.take_number(2, 2, fields.second)) {
        return TimeStatus::no_match;
      }
      if ((cursor.take('.') || cursor.take(',')) && !cursor.take_fraction(fields.micros)) {
        return TimeStatus::no_match;
      }
    }
    if (!cursor.done()) {
      cursor.take(' ');
      if (!cursor.take_zone(fields) || !cursor.done()) {
        return TimeStatus::no_match;
      }
    }
  }
  return assemble(fields, result);
}

// Seconds, milliseconds or microseconds since 1970, with or without a fraction.
TimeStatus parse_epoch(std::string_view text, std::size_t unit_digits,
                       ParsedTime &result) noexcept {
  const bool negative = text.starts_with('-');
  text.remove_prefix(negative ? 1 : 0);
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = text.substr(std::min(point + 1, text.size()));
  auto all_digits = [](std::string_view digits) {
    return std::all_of(digits.begin(), digits.end(), is_digit);
  };
  if (whole.empty() || !all_digits(whole) || !all_digits(fraction) ||
      (point < text.size() && fraction.empty())) {
    return TimeStatus::no_match;
  }
  if (whole.size() > 18) {
    return TimeStatus::out_of_range;
  }
  std::int64_t number = 0;
  for (const char c : whole) {
    number = number * 10 + (c - '0');
  }
  for (std::size_t i = 0; i < unit_digits; ++i) {
    const std::int64_t digit = i < fraction.size() ? fraction[i] - '0' : 0;
    if (__builtin_mul_overflow(number, std::int64_t{10}, &number) ||
        __builtin_add_overflow(number, digit, &number)) {
      return TimeStatus::out_of_range;
    }
  }
  number = negative ? -number : number;
  if (__builtin_sub_overflow(number, epoch_2000 * micros_per_second, &number) ||
      number < first_timestamp || number >= end_timestamp) {
    return TimeStatus::out_of_range;
  }
  result = {number, true, true};
  return TimeStatus::ok;
}

std::string folded(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

[[noreturn]] void bad_pattern(const std::string &pattern, const std::string &why) {
  throw Error(sqlstate::invalid_parameter_value,
              "date format \"" + pattern + "\" is not usable: " + why,
              "Use ISO, epoch, epoch_ms, epoch_us, or a pattern such as DD/MM/YYYY HH24:MI:SS.");
}

} // namespace

bool valid_date(int year, int month, int day) noexcept {
  static constexpr std::array<int, 12> lengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || month < 1 || month > 12 || day < 1) {
    return false;
  }
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= lengths[static_cast<std::size_t>(month) - 1] + (leap && month == 2 ? 1 : 0);
}

// Howard Hinnant's days_from_civil and its inverse (public domain): years begin in March, so the
// leap day is the last, and 400 years are one era of 146097 days.
std::int32_t days_since_2000(int year, int month, int day) noexcept {
  year -= month <= 2 ? 1 : 0;
  const int era = (year >= 0 ? year : year - 399) / 400;
  const int year_of_era = year - era * 400;
  const int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 730'425;
}

void civil_from_days(std::int32_t days, int &year, int &month, int &day) noexcept {
  const std::int64_t shifted = std::int64_t{days} + 730'425;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const auto day_of_era = static_cast<int>(shifted - era * 146'097);
  const int year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int shifted_month = (5 * day_of_year + 2) / 153;
  day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  month = shifted_month + (shifted_month < 10 ? 3 : -9);
  year = static_cast<int>(era * 400) + year_of_era + (month <= 2 ? 1 : 0);
}

DateFormat::DateFormat(std::string_view pattern) : pattern_(pattern) {
  const std::string name = folded(pattern);
  if (name == "iso") {
    kind_ = Kind::iso;
  } else if (name == "epoch") {
    kind_ = Kind::epoch_s;
  } else if (name == "epoch_ms") {
    kind_ = Kind::epoch_ms;
  } else if (name == "epoch_us") {
    kind_ = Kind::epoch_us;
  } else {
    compile();
  }
}

void DateFormat::compile() {
  struct Name {
    std::string_view text;
    Part part;
  };
  // A name that begins another one follows it. HH is settled below.
  static constexpr std::array<Name, 18> names{{{"yyyy", Part::year4},
                                               {"yy", Part::year2},
                                               {"month", Part::month_long},
                                               {"mon", Part::month_short},
                                               {"mm", Part::month},
                                               {"mi", Part::minute},
                                               {"day", Part::weekday_long},
                                               {"dd", Part::day},
                                               {"dy", Part::weekday_short},
                                               {"hh24", Part::hour24},
                                               {"hh12", Part::hour12},
                                               {"hh", Part::hour},
                                               {"ss", Part::second},
                                               {"ff", Part::fraction},
                                               {"am", Part::meridiem},
                                               {"pm", Part::meridiem},
                                               {"tz", Part::zone},
                                               {" ", Part::blank}}};
  const std::string text = folded(pattern_);
  std::array<bool, 32> seen{};
  auto has = [&](Part part) { return seen[static_cast<std::size_t>(part)]; };
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = std::string_view(text).substr(at);
    if (rest[0] == '"') {
      const std::size_t close = text.find('"', at + 1);
      if (close == std::string::npos) {
        bad_pattern(pattern_, "the quoted text is not closed");
      }
      for (std::size_t i = at + 1; i < close; ++i) {
        tokens_.push_back({Part::literal, false, pattern_[i]});
      }
      at = close + 1;
      continue;
    }
    const auto *name = std::find_if(names.begin(), names.end(),
                                    [&](const Name &n) { return rest.starts_with(n.text); });
    if (name == names.end()) {
      tokens_.push_back({Part::literal, false, pattern_[at]});
      ++at;
      continue;
    }
    if (name->part != Part::blank) {
      if (has(name->part)) {
        bad_pattern(pattern_, pattern_.substr(at, name->text.size()) + " occurs twice");
      }
      seen[static_cast<std::size_t>(name->part)] = true;
    }
    tokens_.push_back({name->part, false, '\0'});
    at += name->text.size();
  }

  const int years = (has(Part::year4) ? 1 : 0) + (has(Part::year2) ? 1 : 0);
  const int month_parts = (has(Part::month) ? 1 : 0) + (has(Part::month_short) ? 1 : 0) +
                          (has(Part::month_long) ? 1 : 0);
  const int hours =
      (has(Part::hour24) ? 1 : 0) + (has(Part::hour12) ? 1 : 0) + (has(Part::hour) ? 1 : 0);
  if (years != 1 || month_parts != 1 || !has(Part::day)) {
    bad_pattern(pattern_, "it needs one year (YYYY, YY), one month (MM, Mon, Month) and DD");
  }
  if (hours > 1) {
    bad_pattern(pattern_, "it has more than one hour");
  }
  if (has(Part::hour12) && !has(Part::meridiem)) {
    bad_pattern(pattern_, "HH12 needs AM or PM");
  }
  if (has(Part::meridiem) && (has(Part::hour24) || hours == 0)) {
    bad_pattern(pattern_, "AM or PM needs HH12 or HH");
  }
  if ((has(Part::minute) && hours == 0) || (has(Part::second) && !has(Part::minute)) ||
      (has(Part::fraction) && !has(Part::second))) {
    bad_pattern(pattern_, "MI needs an hour, SS needs MI, FF needs SS");
  }
  if (has(Part::zone) && hours == 0) {
    bad_pattern(pattern_, "TZ needs an hour");
  }

  auto number = [](Part part) {
    switch (part) {
    case Part::year4:
    case Part::year2:
    case Part::month:
    case Part::day:
    case Part::hour24:
    case Part::hour12:
    case Part::hour:
    case Part::minute:
    case Part::second:
    case Part::fraction:
      return true;
    default:
      return false;
    }
  };
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i].part == Part::hour) {
      tokens_[i].part = has(Part::meridiem) ? Part::hour12 : Part::hour24;
    }
    auto digits = [&](std::size_t at) {
      return number(tokens_[at].part) ||
             (tokens_[at].part == Part::literal && is_digit(tokens_[at].literal));
    };
    tokens_[i].fixed = (i > 0 && digits(i - 1)) || (i + 1 < tokens_.size() && digits(i + 1));
  }
}

TimeStatus DateFormat::match(std::string_view text, ParsedTime &result) const noexcept {
  Cursor cursor{text.data(), text.data() + text.size()};
  Fields fields;
  int ignored = 0;
  for (const Token &token : tokens_) {
    const std::ptrdiff_t least = token.fixed ? 2 : 1;
    bool taken = false;
    switch (token.part) {
    case Part::year4:
      taken = cursor.take_number(4, 4, fields.year);
      break;
    case Part::year2:
      taken = cursor.take_number(2, 2, fields.year);
      fields.year += fields.year >= 70 ? 1900 : 2000;
      break;
    case Part::month:
      taken = cursor.take_number(least, 2, fields.month);
      break;
    case Part::day:
      taken = cursor.take_number(least, 2, fields.day);
      break;
    case Part::month_short:
      taken = cursor.take_name(months, true, fields.month);
      break;
    case Part::month_long:
      taken = cursor.take_name(months, false, fields.month);
      break;
    case Part::weekday_short:
      taken = cursor.take_name(weekdays, true, ignored);
      break;
    case Part::weekday_long:
      taken = cursor.take_name(weekdays, false, ignored);
      break;
    case Part::hour:
    case Part::hour24:
    case Part::hour12:
      taken = cursor.take_number(least, 2, fields.hour);
      fields.has_time = true;
      break;
    case Part::minute:
      taken = cursor.take_number(least, 2, fields.minute);
      break;
    case Part::second:
      taken = cursor.take_number(least, 2, fields.second);
      break;
    case Part::fraction:
      taken = cursor.take_fraction(fields.micros);
      break;
    case Part::meridiem:
      taken = cursor.take_word("am");
      fields.meridiem = taken ? 1 : 2;
      taken = taken || cursor.take_word("pm");
      break;
    case Part::zone:
      taken = cursor.take_zone(fields);
      break;
    case Part::blank:
      while (!cursor.done() && is_blank(*cursor.at)) {
        ++cursor.at;
        taken = true;
      }
      break;
    case Part::literal:
      taken = cursor.take(token.literal);
      break;
    }
    if (!taken) {
      return TimeStatus::no_match;
    }
  }
  return cursor.done() ? assemble(fields, result) : TimeStatus::no_match;
}

TimeStatus DateFormat::parse(std::string_view text, ParsedTime &result) const noexcept {
  switch (kind_) {
  case Kind::iso:
    return parse_iso(text, result);
  case Kind::epoch_s:
    return parse_epoch(text, 6, result);
  case Kind::epoch_ms:
    return parse_epoch(text, 3, result);
  case Kind::epoch_us:
    return parse_epoch(text, 0, result);
  case Kind::compiled:
    break;
  }
  return match(text, result);
}

} // namespace starhouse::stream
