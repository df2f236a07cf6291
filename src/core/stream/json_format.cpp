#include "core/stream/json_format.hpp"

#include "core/error.hpp"
#include "core/stream/ecma_pattern.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace starhouse::stream {

namespace {

constexpr std::array<std::pair<std::string_view, JsonFormat>, 11> formats{
    {{"date", JsonFormat::date},
     {"time", JsonFormat::time},
     {"date-time", JsonFormat::date_time},
     {"duration", JsonFormat::duration},
     {"email", JsonFormat::email},
     {"ipv4", JsonFormat::ipv4},
     {"ipv6", JsonFormat::ipv6},
     {"uuid", JsonFormat::uuid},
     {"uri", JsonFormat::uri},
     {"json-pointer", JsonFormat::json_pointer},
     {"regex", JsonFormat::regex}}};

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_alnum(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Reads along a text.
struct Cursor {
  std::string_view text;

  bool done() const noexcept { return text.empty(); }
  bool take(char c) noexcept {
    if (text.empty() || text[0] != c) {
      return false;
    }
    text.remove_prefix(1);
    return true;
  }
  bool take_any(std::string_view set) noexcept {
    if (text.empty() || set.find(text[0]) == std::string_view::npos) {
      return false;
    }
    text.remove_prefix(1);
    return true;
  }
  // Exactly `count` digits as a number, or -1.
  int digits(std::size_t count) noexcept {
    if (text.size() < count ||
        !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(count), is_digit)) {
      return -1;
    }
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(count);
    return value;
  }
  std::size_t run_of_digits() noexcept {
    std::size_t count = 0;
    while (count < text.size() && is_digit(text[count])) {
      ++count;
    }
    text.remove_prefix(count);
    return count;
  }
};

bool date_at(Cursor &at) noexcept {
  constexpr std::array<int, 13> lengths{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const int year = at.digits(4);
  if (year < 0 || !at.take('-')) {
    return false;
  }
  const int month = at.digits(2);
  if (month < 1 || month > 12 || !at.take('-')) {
    return false;
  }
  const int day = at.digits(2);
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day >= 1 && day <= lengths[static_cast<std::size_t>(month)] + (leap && month == 2 ? 1 : 0);
}

bool time_at(Cursor &at) noexcept {
  const int hour = at.digits(2);
  if (hour < 0 || hour > 23 || !at.take(':')) {
    return false;
  }
  const int minute = at.digits(2);
  if (minute < 0 || minute > 59 || !at.take(':')) {
    return false;
  }
  const int second = at.digits(2);
  if (second < 0 || second > 60 || (at.take('.') && at.run_of_digits() == 0)) {
    return false;
  }
  int offset = 0; // minutes
  if (!at.take_any("Zz")) {
    const bool west = !at.done() && at.text[0] == '-';
    if (!at.take_any("+-")) {
      return false;
    }
    const int hours = at.digits(2);
    if (hours < 0 || hours > 23 || !at.take(':')) {
      return false;
    }
    const int minutes = at.digits(2);
    if (minutes < 0 || minutes > 59) {
      return false;
    }
    offset = (hours * 60 + minutes) * (west ? -1 : 1);
  }
  constexpr int day = 24 * 60;
  // Leap seconds are the last of a UTC day.
  return second < 60 || (hour * 60 + minute - offset + day) % day == day - 1;
}

// P1Y2M3DT4H5M6S or P1W, RFC 3339 appendix A: units in order, none left out in between.
bool is_duration(std::string_view text) noexcept {
  Cursor at{text};
  if (!at.take('P')) {
    return false;
  }
  auto units = [&at](std::string_view names, bool &any) {
    std::size_t next = 0;
    bool begun = false;
    while (!at.done() && at.text[0] != 'T') {
      if (at.run_of_digits() == 0 || at.done()) {
        return false;
      }
      const std::size_t unit = names.find(at.text[0]);
      if (unit == std::string_view::npos || (begun ? unit != next : false)) {
        return false;
      }
      at.text.remove_prefix(1);
      next = unit + 1;
      begun = any = true;
    }
    return true;
  };
  if (const std::string_view rest = at.text; rest.ends_with('W')) {
    return at.run_of_digits() > 0 && at.text == "W";
  }
  bool any = false;
  if (!units("YMD", any)) {
    return false;
  }
  if (at.take('T')) {
    bool timed = false;
    return units("HMS", timed) && timed && at.done();
  }
  return any && at.done();
}

bool is_ipv4(std::string_view text) noexcept {
  Cursor at{text};
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && !at.take('.')) {
      return false;
    }
    const std::string_view before = at.text;
    const std::size_t count = at.run_of_digits();
    if (count == 0 || count > 3 || (count > 1 && before[0] == '0')) {
      return false;
    }
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      value = value * 10 + (before[i] - '0');
    }
    if (value > 255) {
      return false;
    }
  }
  return at.done();
}

bool is_ipv6(std::string_view text) noexcept {
  int groups = 0;
  bool gap = false;
  std::size_t at = 0;
  if (text.starts_with("::")) {
    gap = true;
    at = 2;
  } else if (text.starts_with(':')) {
    return false;
  }
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(':', at), text.size());
    const std::string_view group = text.substr(at, end - at);
    if (end == text.size() && group.find('.') != std::string_view::npos) {
      return is_ipv4(group) && (gap ? groups + 2 < 8 : groups + 2 == 8);
    }
    if (group.empty() || group.size() > 4 || !std::all_of(group.begin(), group.end(), is_hex)) {
      return false;
    }
    ++groups;
    at = end;
    if (at < text.size()) {
      ++at; // the colon
      if (at == text.size()) {
        return false;
      }
      if (text[at] == ':') {
        if (gap) {
          return false;
        }
        gap = true;
        ++at;
      }
    }
  }
  return gap ? groups < 8 : groups == 8;
}

bool is_uuid(std::string_view text) noexcept {
  constexpr std::size_t length = 36;
  if (text.size() != length) {
    return false;
  }
  for (std::size_t i = 0; i < length; ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? text[i] != '-' : !is_hex(text[i])) {
      return false;
    }
  }
  return true;
}

bool is_host(std::string_view host) noexcept {
  constexpr std::size_t longest = 253;
  constexpr std::size_t longest_label = 63;
  if (host.empty() || host.size() > longest) {
    return false;
  }
  while (true) {
    const std::size_t end = std::min(host.find('.'), host.size());
    const std::string_view label = host.substr(0, end);
    if (label.empty() || label.size() > longest_label || label.front() == '-' ||
        label.back() == '-' ||
        !std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-'; })) {
      return false;
    }
    if (end == host.size()) {
      return true;
    }
    host.remove_prefix(end + 1);
  }
}

bool is_email(std::string_view text) noexcept {
  constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~.";
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0) {
    return false;
  }
  const std::string_view local = text.substr(0, at);
  const std::string_view domain = text.substr(at + 1);
  bool good = false;
  if (local.size() > 1 && local.front() == '"' && local.back() == '"') {
    const std::string_view quoted = local.substr(1, local.size() - 2);
    good = std::all_of(quoted.begin(), quoted.end(),
                       [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  } else {
    good = local.front() != '.' && local.back() != '.' &&
           local.find("..") == std::string_view::npos &&
           std::all_of(local.begin(), local.end(), [&](char c) {
             return is_alnum(c) || others.find(c) != std::string_view::npos;
           });
  }
  if (domain.size() > 2 && domain.front() == '[' && domain.back() == ']') {
    const std::string_view literal = domain.substr(1, domain.size() - 2);
    return good && (literal.starts_with("IPv6:") ? is_ipv6(literal.substr(5)) : is_ipv4(literal));
  }
  return good && is_host(domain);
}

// Every character allowed, every % followed by two hexadecimal digits.
bool all_uri(std::string_view text, std::string_view marks) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) {
        return false;
      }
      i += 2;
    } else if (!is_alnum(text[i]) && marks.find(text[i]) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

bool is_authority(std::string_view text) noexcept {
  constexpr std::string_view name = "-._~!$&'()*+,;=";
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    if (!all_uri(text.substr(0, at), "-._~!$&'()*+,;=:")) {
      return false;
    }
    text.remove_prefix(at + 1);
  }
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || !is_ipv6(text.substr(1, end - 1))) {
      return false;
    }
    port = text.substr(end + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    if (!all_uri(text.substr(0, colon), name)) {
      return false;
    }
    port = text.substr(colon);
  }
  return port.empty() || (port[0] == ':' && std::all_of(port.begin() + 1, port.end(), is_digit));
}

bool is_uri(std::string_view text) noexcept {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || is_digit(text[0])) {
    return false;
  }
  for (std::size_t i = 0; i < colon; ++i) {
    const bool mark = text[i] == '+' || text[i] == '-' || text[i] == '.';
    if (!(is_alnum(text[i]) || (mark && i > 0))) {
      return false;
    }
  }
  text.remove_prefix(colon + 1);
  constexpr std::string_view path_marks = "-._~!$&'()*+,;=:@/";
  constexpr std::string_view query_marks = "-._~!$&'()*+,;=:@/?";
  if (const std::size_t hash = text.find('#'); hash != std::string_view::npos) {
    if (!all_uri(text.substr(hash + 1), query_marks)) {
      return false;
    }
    text = text.substr(0, hash);
  }
  if (const std::size_t question = text.find('?'); question != std::string_view::npos) {
    if (!all_uri(text.substr(question + 1), query_marks)) {
      return false;
    }
    text = text.substr(0, question);
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    const std::size_t slash = std::min(text.find('/'), text.size());
    if (!is_authority(text.substr(0, slash))) {
      return false;
    }
    text.remove_prefix(slash);
  }
  return all_uri(text, path_marks);
}

bool is_json_pointer(std::string_view text) noexcept {
  if (!text.empty() && text[0] != '/') {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1'))) {
      return false;
    }
  }
  return true;
}

bool is_regex(std::string_view text) {
  try {
    return compile_ecma(text) != nullptr;
  } catch (const Error &) {
    return false;
  }
}

} // namespace

JsonFormat format_of(std::string_view name) noexcept {
  for (const auto &[known, format] : formats) {
    if (known == name) {
      return format;
    }
  }
  return JsonFormat::none;
}

std::string_view name_of(JsonFormat format) noexcept {
  for (const auto &[name, known] : formats) {
    if (known == format) {
      return name;
    }
  }
  return "none";
}

std::string_view format_names() noexcept {
  return "date, time, date-time, duration, email, ipv4, ipv6, uuid, uri, json-pointer, regex";
}

bool matches(JsonFormat format, std::string_view text) {
  Cursor at{text};
  switch (format) {
  case JsonFormat::date:
    return date_at(at) && at.done();
  case JsonFormat::time:
    return time_at(at) && at.done();
  case JsonFormat::date_time:
    return date_at(at) && at.take_any("Tt") && time_at(at) && at.done();
  case JsonFormat::duration:
    return is_duration(text);
  case JsonFormat::email:
    return is_email(text);
  case JsonFormat::ipv4:
    return is_ipv4(text);
  case JsonFormat::ipv6:
    return is_ipv6(text);
  case JsonFormat::uuid:
    return is_uuid(text);
  case JsonFormat::uri:
    return is_uri(text);
  case JsonFormat::json_pointer:
    return is_json_pointer(text);
  case JsonFormat::regex:
    return is_regex(text);
  case JsonFormat::none:
    break;
  }
  return true;
}

} // namespace starhouse::stream
