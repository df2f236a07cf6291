#include "core/stream/reject.hpp"

#include <array>
#include <cstdint>

namespace starhouse::stream {

namespace {

// Length of the valid UTF-8 sequence at the head of `bytes`, or 0.
std::size_t sequence_length(std::string_view bytes) noexcept {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  std::size_t length = 0;
  std::uint32_t code = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
    code = first & 0x1FU;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    code = first & 0x0FU;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    code = first & 0x07U;
  } else {
    return 0;
  }
  if (bytes.size() < length) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) {
      return 0;
    }
    code = code << 6U | (byte(i) & 0x3FU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return overlong || surrogate || code > 0x10FFFF ? 0 : length;
}

} // namespace

void printable(std::string_view bytes, std::size_t limit, std::string &out) {
  static constexpr std::array<char, 16> digits{'0', '1', '2', '3', '4', '5', '6', '7',
                                               '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
  out.clear();
  while (!bytes.empty()) {
    const std::size_t length = bytes[0] == '\0' ? 0 : sequence_length(bytes);
    const std::size_t need = length == 0 ? 4 : length;
    if (out.size() + need > limit) {
      out += "...";
      return;
    }
    if (length == 0) {
      const auto byte = static_cast<unsigned char>(bytes[0]);
      out += "\\x";
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
      bytes.remove_prefix(1);
    } else {
      out.append(bytes.substr(0, length));
      bytes.remove_prefix(length);
    }
  }
}

std::string printable(std::string_view bytes, std::size_t limit) {
  std::string out;
  printable(bytes, limit, out);
  return out;
}

void Reject::set(const SqlState &sqlstate, std::string_view at_column, std::string_view bad_value,
                 std::string_view why, std::string_view mend) {
  code = sqlstate;
  column.assign(at_column);
  printable(bad_value, max_value, value);
  reason.assign(why);
  hint.assign(mend);
}

} // namespace starhouse::stream
