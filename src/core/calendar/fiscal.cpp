#include "core/calendar/fiscal.hpp"

#include "core/calendar/settings.hpp"

namespace starhouse::calendar {

YearName year_name_from(std::string_view name) {
  if (same_word(name, "end")) {
    return YearName::end;
  }
  if (same_word(name, "start")) {
    return YearName::start;
  }
  throw Error(sqlstate::invalid_parameter_value,
              "a year cannot be named by \"" + std::string(name) + "\"",
              "Use 'end' (the calendar year it ends in) or 'start' (the one it begins in).");
}

YearStart year_start_from(std::string_view name) {
  if (same_word(name, "nearest")) {
    return YearStart::nearest;
  }
  if (same_word(name, "last")) {
    return YearStart::last;
  }
  throw Error(sqlstate::invalid_parameter_value,
              "unknown start of the retail year \"" + std::string(name) + "\"",
              "Use 'nearest' (the weekday nearest to the first of the month) or 'last' (the last "
              "one on or before it).");
}

RetailPattern retail_pattern_from(std::string_view name) {
  for (const RetailPattern &pattern :
       {RetailPattern{4, 4, 5}, RetailPattern{4, 5, 4}, RetailPattern{5, 4, 4}}) {
    const char text[] = {static_cast<char>('0' + pattern[0]), '-',
                         static_cast<char>('0' + pattern[1]), '-',
                         static_cast<char>('0' + pattern[2])};
    if (name == std::string_view(text, sizeof text)) {
      return pattern;
    }
  }
  throw Error(sqlstate::invalid_parameter_value,
              "unknown retail pattern \"" + std::string(name) + "\"",
              "Use '4-4-5', '4-5-4' or '5-4-4'.");
}

void check_fiscal_rule(const FiscalRule &rule) {
  check_setting("fiscal_year_start", rule.start_month, 1, 12, "It is a month");
}

void check_retail_rule(const RetailRule &rule) {
  check_fiscal_rule(rule.fiscal);
  check_setting("week_start", rule.week_start, 1, 7, "It is an ISO weekday (1 Monday, 7 Sunday)");
}

} // namespace starhouse::calendar
