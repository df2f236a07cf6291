// The "format" keyword of JSON Schema, for those formats that are checked.
#pragma once

#include <cstdint>
#include <string_view>

namespace starhouse::stream {

enum class JsonFormat : std::uint8_t {
  none, // a name that is not in the list
  date,
  time,
  date_time,
  duration,
  email,
  ipv4,
  ipv6,
  uuid,
  uri,
  json_pointer,
  regex
};

JsonFormat format_of(std::string_view name) noexcept;
// "date, time, ...", for hints.
std::string_view format_names() noexcept;
std::string_view name_of(JsonFormat format) noexcept;

// RFC 3339, RFC 5321 (no quoted local part, no comments), RFC 2673, RFC 4291, RFC 4122, RFC 3986,
// RFC 6901, and what to_re2 takes.
bool matches(JsonFormat format, std::string_view text);

} // namespace starhouse::stream
