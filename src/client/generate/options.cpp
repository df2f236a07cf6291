#include "client/generate/options.hpp"

#include "core/error.hpp"
#include "core/generate/random.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace starhouse::client {

calendar::Day parse_day(const std::string &text) {
  int parts[3] = {0, 0, 0};
  const char *at = text.data();
  const char *const end = at + text.size();
  bool good = text.size() == 10;
  for (int i = 0; i < 3 && good; ++i) {
    const auto [next, code] = std::from_chars(at, end, parts[i]);
    good = code == std::errc{} && (i == 2 ? next == end : next != end && *next == '-');
    at = i == 2 ? next : next + 1;
  }
  if (!good || parts[1] < 1 || parts[1] > 12 || parts[2] < 1 ||
      parts[2] > calendar::days_in_month(parts[0], parts[1])) {
    throw Error(sqlstate::invalid_datetime_format, fmt::format("no such day: \"{}\"", text),
                "Write days as YYYY-MM-DD, for example 2025-01-31.");
  }
  return calendar::day_from_civil(parts[0], parts[1], parts[2]);
}

std::uint32_t parts_per_million(double value, const char *option) {
  if (!(value >= 0 && value <= 1'000)) {
    throw Error(sqlstate::invalid_parameter_value,
                fmt::format("{} out of range: {}", option, value),
                "Give a number from 0 to 1000 for --scale, from 0 to 0.5 for --dirty.");
  }
  return static_cast<std::uint32_t>(std::llround(value * generate::million));
}

} // namespace starhouse::client
