// Values of options that the generators share.
#pragma once

#include "core/calendar/day.hpp"

#include <cstdint>
#include <string>

namespace starhouse::client {

// YYYY-MM-DD; throws Error 22007 for anything else.
calendar::Day parse_day(const std::string &text);

// 0.01 as 10,000; throws Error 22023, naming the option, outside 0 to 1,000.
std::uint32_t parts_per_million(double value, const char *option);

} // namespace starhouse::client
