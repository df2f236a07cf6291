// Base64 (RFC 4648, with padding, no line breaks): the text form of stored states. A third longer
// than the bytes (hex doubles them), exact, and free of characters that COPY, CSV, JSON or an array
// would quote.
#pragma once

#include "core/bytes.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace starhouse {

constexpr std::size_t base64_size(std::size_t bytes) noexcept {
  return (bytes + 2) / 3 * 4;
}

// Writes base64_size(bytes.size()) characters.
void base64_encode(Bytes bytes, std::span<char> target) noexcept;

// At most as many bytes as this come out of a text.
constexpr std::size_t base64_most_bytes(std::size_t characters) noexcept {
  return characters / 4 * 3;
}

// Takes exactly what base64_encode writes; returns the number of bytes put into `target`, which has
// room for base64_most_bytes. Anything else is an Error (22P02) that names `what`.
std::size_t base64_decode(std::string_view text, std::span<std::byte> target,
                          std::string_view what);

} // namespace starhouse
