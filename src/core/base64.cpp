#include "core/base64.hpp"

#include <array>
#include <string>

namespace starhouse {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint8_t not_a_digit = 64;

constexpr std::array<std::uint8_t, 256> digits = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(not_a_digit);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}();

std::uint32_t byte_at(Bytes bytes, std::size_t i) noexcept {
  return std::to_integer<std::uint32_t>(bytes[i]);
}

[[noreturn]] void refuse(std::string_view what, std::string_view text, const std::string &detail) {
  // Long texts are quoted by their first characters; the detail says where to look.
  constexpr std::size_t shown = 40;
  throw Error(sqlstate::invalid_text_representation,
              "invalid input syntax for type " + std::string(what) + ": \"" +
                  std::string(text.substr(0, shown)) + (text.size() > shown ? "..." : "") + "\"",
              "Give it unchanged, as its output function wrote it.", detail);
}

std::string place(std::size_t at, std::string_view text) {
  return " at character " + std::to_string(at + 1) + " of " + std::to_string(text.size()) + ".";
}

} // namespace

void base64_encode(Bytes bytes, std::span<char> target) noexcept {
  std::size_t in = 0;
  std::size_t out = 0;
  const auto digit = [&](std::uint32_t group, unsigned shift) {
    target[out++] = alphabet[(group >> shift) & 63U];
  };
  for (; in + 3 <= bytes.size(); in += 3) {
    const std::uint32_t group =
        byte_at(bytes, in) << 16 | byte_at(bytes, in + 1) << 8 | byte_at(bytes, in + 2);
    digit(group, 18);
    digit(group, 12);
    digit(group, 6);
    digit(group, 0);
  }
  const std::size_t left = bytes.size() - in;
  if (left > 0) {
    const std::uint32_t group =
        byte_at(bytes, in) << 16 | (left > 1 ? byte_at(bytes, in + 1) << 8 : 0);
    digit(group, 18);
    digit(group, 12);
    if (left > 1) {
      digit(group, 6);
    } else {
      target[out++] = '=';
    }
    target[out++] = '=';
  }
}

std::size_t base64_decode(std::string_view text, std::span<std::byte> target,
                          std::string_view what) {
  if (text.size() % 4 != 0) {
    refuse(what, text,
           "Its length, " + std::to_string(text.size()) + ", is not a multiple of four.");
  }
  std::size_t out = 0;
  for (std::size_t in = 0; in < text.size(); in += 4) {
    const bool last = in + 4 == text.size();
    const std::size_t padding = !last || text[in + 3] != '=' ? 0 : text[in + 2] != '=' ? 1 : 2;
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      std::uint32_t digit = 0;
      if (i < 4 - padding) {
        digit = digits[static_cast<unsigned char>(text[in + i])];
        if (digit == not_a_digit) {
          refuse(what, text, "Not base64" + place(in + i, text));
        }
      }
      group = group << 6 | digit;
    }
    if ((padding == 1 && (group & 0xFFU) != 0) || (padding == 2 && (group & 0xFFFFU) != 0)) {
      refuse(what, text, "Bits left over" + place(in + 3 - padding, text));
    }
    for (unsigned i = 0; i < 3 - padding; ++i) {
      target[out++] = static_cast<std::byte>(group >> (16 - 8 * i) & 0xFFU);
    }
  }
  return out;
}

} // namespace starhouse
