#include "core/stream/encoding.hpp"

#include <array>
#include <simdjson.h>

namespace starhouse::stream {

namespace {

// 80..9F of Windows-1252; 0 where it defines nothing.
constexpr std::array<std::uint16_t, 32> win1252_high{
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

} // namespace

bool valid_utf8(std::string_view text) noexcept {
  return std::memchr(text.data(), 0, text.size()) == nullptr &&
         simdjson::validate_utf8(text.data(), text.size());
}

bool to_utf8(Encoding encoding, std::string_view bytes, std::string &scratch,
             std::string_view &result) {
  result = bytes;
  if (plain_ascii(bytes)) {
    return true;
  }
  if (encoding == Encoding::utf8) {
    return valid_utf8(bytes);
  }
  scratch.clear();
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    std::uint32_t code = byte;
    if (encoding == Encoding::win1252 && byte >= 0x80 && byte < 0xA0) {
      code = win1252_high[byte - 0x80U];
    }
    if (code == 0) {
      return false;
    }
    if (code < 0x80) {
      scratch += c;
    } else if (code < 0x800) {
      scratch += static_cast<char>(0xC0U | code >> 6U);
      scratch += static_cast<char>(0x80U | (code & 0x3FU));
    } else {
      scratch += static_cast<char>(0xE0U | code >> 12U);
      scratch += static_cast<char>(0x80U | (code >> 6U & 0x3FU));
      scratch += static_cast<char>(0x80U | (code & 0x3FU));
    }
  }
  result = scratch;
  return true;
}

} // namespace starhouse::stream
