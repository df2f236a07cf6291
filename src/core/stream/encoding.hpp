// Source encodings and the check that text is what the server will accept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace starhouse::stream {

enum class Encoding : std::uint8_t { utf8, latin1, win1252 };

// Bytes 01..7F only: UTF-8 and every other encoding here agree on them. A zero byte shows by
// borrowing into its high bit.
inline bool plain_ascii(std::string_view text) noexcept {
  constexpr std::uint64_t high_bits = 0x8080808080808080U;
  constexpr std::uint64_t low_bits = 0x0101010101010101U;
  const char *at = text.data();
  const std::size_t size = text.size();
  auto word = [at](std::size_t offset) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, at + offset, 8);
    return bytes | (bytes - low_bits);
  };
  std::uint64_t seen = 0;
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      seen |= word(i);
    }
    return ((seen | word(size - 8)) & high_bits) == 0; // the last word overlaps
  }
  for (std::size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(at[i]);
    seen |= static_cast<unsigned char>(byte | (byte - 1U));
  }
  return (seen & 0x80U) == 0;
}

// Beyond plain ASCII: valid UTF-8 without NUL.
bool valid_utf8(std::string_view text) noexcept;

// Valid UTF-8 without NUL: what a text column takes.
inline bool valid_text(std::string_view text) noexcept {
  return plain_ascii(text) || valid_utf8(text);
}

// `bytes` in UTF-8. When nothing has to change (UTF-8, or pure ASCII) the answer is `bytes` itself;
// otherwise it lives in `scratch`, which is overwritten. Returns false when a byte means nothing in
// the encoding (five in WIN1252), for NUL, and for invalid UTF-8.
bool to_utf8(Encoding encoding, std::string_view bytes, std::string &scratch,
             std::string_view &result);

} // namespace starhouse::stream
