// Writing numbers, money and dates as the sources do. Appends to a string, allocates nothing else.
#pragma once

#include "core/calendar/day.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace starhouse::generate {

// Digits, zero-padded to `width` where shorter.
void append_number(std::string &out, std::int64_t value, int width = 0);

// Paisa as rupees with two decimals: -12345 -> -123.45.
void append_money(std::string &out, std::int64_t paisa);

// `prefix` and the number padded to `width`: ("S", 7, 3) -> S007.
std::string numbered(std::string_view prefix, std::int64_t value, int width);

enum class DateStyle : std::uint8_t {
  iso,        // 2025-03-14 17:05:09
  slashes,    // 14/03/2025 17:05:09
  month_name, // 14-Mar-2025 17:05:09
};

void append_date(std::string &out, int year, int month, int day, DateStyle style = DateStyle::iso);
void append_date(std::string &out, calendar::Day day, DateStyle style = DateStyle::iso);
// HH:MM:SS
void append_time(std::string &out, std::int32_t second_of_day);

// Quoted as RFC 4180 asks where the text holds a comma, a quote or a line end.
void append_csv(std::string &out, std::string_view text);

} // namespace starhouse::generate
