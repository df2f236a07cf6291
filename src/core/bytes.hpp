// Reading and writing stored forms byte by byte: little-endian whatever the machine, every length
// checked before it is believed. A reader works on untrusted bytes: it throws Error (22P03, or
// 22P02 when the bytes came as text) and never hands out a count that the bytes left could not
// hold, so no caller allocates by a number from outside.
#pragma once

#include "core/error.hpp"

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace starhouse {

using Bytes = std::span<const std::byte>;

inline Bytes bytes_of(std::string_view text) noexcept {
  return std::as_bytes(std::span(text.data(), text.size()));
}

namespace detail {

// The same bytes on every machine: the value itself where that is little-endian, mirrored
// elsewhere.
template <class Number>
requires std::is_arithmetic_v<Number> Number little_endian(Number value)
noexcept {
  if constexpr (std::endian::native == std::endian::little || sizeof(Number) == 1) {
    return value;
  } else {
    std::array<std::byte, sizeof(Number)> bytes;
    std::memcpy(bytes.data(), &value, sizeof value);
    for (std::size_t i = 0; i < sizeof(Number) / 2; ++i) {
      std::swap(bytes[i], bytes[sizeof(Number) - 1 - i]);
    }
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
}

} // namespace detail

class ByteReader {
public:
  // `what` names the value in messages ("trending_state"); both texts have to outlive the reader.
  ByteReader(Bytes bytes, std::string_view what,
             SqlState code = sqlstate::invalid_binary_representation) noexcept
      : at_(bytes.data()), end_(bytes.data() + bytes.size()), begin_(bytes.data()), what_(what),
        code_(code) {}

  std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - at_); }

  // A fixed-width number: std::uint8_t ... std::int64_t, float, double (any bits).
  template <class Number>
  requires std::is_arithmetic_v<Number> &&(!std::same_as<Number, bool>)Number get() {
    need(sizeof(Number));
    Number value;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return detail::little_endian(value);
  }

  // LEB128, at most 64 bits, in the one shortest form.
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = get<std::uint8_t>();
      const std::uint64_t bits = byte & 0x7FU;
      if ((shift == 63 && bits > 1) || (byte == 0 && shift > 0)) {
        fail("a number is not in its shortest form of at most 64 bits");
      }
      value |= bits << shift;
      if ((byte & 0x80U) == 0) {
        return value;
      }
      if (shift == 63) {
        fail("a number has more than 64 bits");
      }
    }
  }

  // Signed numbers, small ones of either sign short.
  std::int64_t zigzag() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }

  // The number of items to come, each of at least `bytes_each` (> 0) bytes: not more than the bytes
  // left can hold, nor than `most`.
  std::size_t count(std::size_t bytes_each, std::size_t most = SIZE_MAX) {
    const std::uint64_t number = varint();
    if (number > remaining() / bytes_each || number > most) {
      fail("it claims " + std::to_string(number) + " items, which " + std::to_string(remaining()) +
           " bytes cannot hold or it may not have");
    }
    return static_cast<std::size_t>(number);
  }

  // The next `size` bytes, not copied.
  Bytes take(std::size_t size) {
    need(size);
    const Bytes taken(at_, size);
    at_ += size;
    return taken;
  }

  std::string_view text(std::size_t size) {
    const Bytes taken = take(size);
    return {reinterpret_cast<const char *>(taken.data()), taken.size()};
  }

  // Nothing may follow.
  void finish() const {
    if (remaining() != 0) {
      fail(std::to_string(remaining()) + " bytes follow its end");
    }
  }

  // For what only the caller can judge; `reason` completes "malformed X: ...".
  [[noreturn]] void fail(const std::string &reason) const {
    throw Error(code_, "malformed " + std::string(what_) + ": " + reason,
                "Give it unchanged, as its output or send function wrote it.",
                "At byte " + std::to_string(at_ - begin_) + " of " + std::to_string(end_ - begin_) +
                    ".");
  }

  void require(bool holds, const char *reason) const {
    if (!holds) {
      fail(reason);
    }
  }

private:
  void need(std::size_t size) const {
    if (size > remaining()) {
      fail("it ends early: " + std::to_string(size) + " bytes wanted, " +
           std::to_string(remaining()) + " left");
    }
  }

  const std::byte *at_;
  const std::byte *end_;
  const std::byte *begin_;
  std::string_view what_;
  SqlState code_;
};

// Writes into memory of a size worked out before. Running over or stopping short of it is a defect
// of the caller, not of any input: XX000.
class ByteWriter {
public:
  explicit ByteWriter(std::span<std::byte> target) noexcept
      : at_(target.data()), end_(target.data() + target.size()) {}

  template <class Number>
  requires std::is_arithmetic_v<Number> &&(!std::same_as<Number, bool>)void put(Number value) {
    const Number stored = detail::little_endian(value);
    put_raw(&stored, sizeof stored);
  }

  void varint(std::uint64_t value) {
    while (value >= 0x80U) {
      put(static_cast<std::uint8_t>(value | 0x80U));
      value >>= 7;
    }
    put(static_cast<std::uint8_t>(value));
  }

  void zigzag(std::int64_t value) { varint(fold(value)); }

  void put(Bytes bytes) { put_raw(bytes.data(), bytes.size()); }
  void put(std::string_view text) { put_raw(text.data(), text.size()); }

  void finish() const {
    if (at_ != end_) {
      throw Error(sqlstate::internal_error, "a stored form is shorter than its size");
    }
  }

  static std::size_t varint_size(std::uint64_t value) noexcept {
    return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
  }
  static std::size_t zigzag_size(std::int64_t value) noexcept { return varint_size(fold(value)); }

private:
  static std::uint64_t fold(std::int64_t value) noexcept {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  }

  void put_raw(const void *source, std::size_t size) {
    if (size > static_cast<std::size_t>(end_ - at_)) {
      throw Error(sqlstate::internal_error, "a stored form is longer than its size");
    }
    if (size > 0) {
      std::memcpy(at_, source, size);
      at_ += size;
    }
  }

  std::byte *at_;
  std::byte *end_;
};

// Stands in for a ByteWriter where only the size of what would be written is wanted.
class ByteCounter {
public:
  template <class Number>
  requires std::is_arithmetic_v<Number> &&(!std::same_as<Number, bool>)void put(Number) noexcept {
    size_ += sizeof(Number);
  }
  void put(Bytes bytes) noexcept { size_ += bytes.size(); }
  void put(std::string_view text) noexcept { size_ += text.size(); }
  void varint(std::uint64_t value) noexcept { size_ += ByteWriter::varint_size(value); }
  void zigzag(std::int64_t value) noexcept { size_ += ByteWriter::zigzag_size(value); }
  std::size_t size() const noexcept { return size_; }

private:
  std::size_t size_ = 0;
};

} // namespace starhouse
