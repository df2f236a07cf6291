// The name of a holiday calendar, as users write it: parts joined by '+', each a country's code or
// a table of their own, `IN`, `GB-SCT`, `acme.closures`, `US+"Acme".closures`. Table names follow
// SQL: folded to lower case (ASCII) unless quoted, a quote inside quotes doubled, one optional
// schema.
#pragma once

#include "core/calendar/holidays.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace starhouse::calendar {

// One identifier, at most 63 bytes as the server's names.
struct Identifier {
  static constexpr std::size_t capacity = 63;
  std::array<char, capacity + 1> bytes{}; // ends in 0
  bool given = false;
};

struct TableName {
  Identifier schema; // not given: by search_path
  Identifier table;
  std::string_view text; // as written
};

// Views into the text it was read from.
struct CalendarName {
  static constexpr std::size_t capacity = 8; // of either kind
  std::array<Country, capacity> countries{};
  std::size_t country_count = 0;
  std::array<TableName, capacity> tables{};
  std::size_t table_count = 0;
};

// Throws Error 22023 when the text is no such name. A name that merely looks like a table's is
// taken for one: whether it exists is the caller's to find out, and to report by
// unknown_calendar().
CalendarName parse_calendar_name(std::string_view text);

// The error for a part that is neither a code nor a table.
[[noreturn]] void unknown_calendar(std::string_view name);

} // namespace starhouse::calendar
