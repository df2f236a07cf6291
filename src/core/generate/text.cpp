#include "core/generate/text.hpp"

#include <array>
#include <charconv>

namespace starhouse::generate {

void append_number(std::string &out, std::int64_t value, int width) {
  std::array<char, 24> digits{};
  std::uint64_t magnitude = static_cast<std::uint64_t>(value);
  if (value < 0) {
    out += '-';
    magnitude = 0 - magnitude;
  }
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), magnitude).ptr;
  const auto length = static_cast<int>(end - digits.data());
  for (int i = length; i < width; ++i) {
    out += '0';
  }
  out.append(digits.data(), static_cast<std::size_t>(length));
}

void append_money(std::string &out, std::int64_t paisa) {
  if (paisa < 0) {
    out += '-';
    paisa = -paisa;
  }
  append_number(out, paisa / 100);
  out += '.';
  append_number(out, paisa % 100, 2);
}

std::string numbered(std::string_view prefix, std::int64_t value, int width) {
  std::string out(prefix);
  append_number(out, value, width);
  return out;
}

void append_date(std::string &out, int year, int month, int day, DateStyle style) {
  constexpr std::array<std::string_view, 12> names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  switch (style) {
  case DateStyle::iso:
    append_number(out, year, 4);
    out += '-';
    append_number(out, month, 2);
    out += '-';
    append_number(out, day, 2);
    break;
  case DateStyle::slashes:
    append_number(out, day, 2);
    out += '/';
    append_number(out, month, 2);
    out += '/';
    append_number(out, year, 4);
    break;
  case DateStyle::month_name:
    append_number(out, day, 2);
    out += '-';
    out += names[static_cast<std::size_t>(month - 1)];
    out += '-';
    append_number(out, year, 4);
    break;
  }
}

void append_date(std::string &out, calendar::Day day, DateStyle style) {
  const calendar::Civil civil = calendar::civil_from_day(day);
  append_date(out, civil.year, civil.month, civil.day, style);
}

void append_time(std::string &out, std::int32_t second_of_day) {
  append_number(out, second_of_day / 3600, 2);
  out += ':';
  append_number(out, second_of_day / 60 % 60, 2);
  out += ':';
  append_number(out, second_of_day % 60, 2);
}

void append_csv(std::string &out, std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') {
      out += '"';
    }
    out += c;
  }
  out += '"';
}

} // namespace starhouse::generate
