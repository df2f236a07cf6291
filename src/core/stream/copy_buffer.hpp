// A growable byte buffer with encoders for COPY ... FROM STDIN (FORMAT binary): network byte order,
// every field as int32 length and payload, as each type's receive function reads it.
//
// put_* write one field each. truncate() takes a half-written tuple back.
#pragma once

#include "core/stream/decimal.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace starhouse::stream {

class CopyBuffer {
public:
  CopyBuffer() = default;
  explicit CopyBuffer(std::size_t capacity) { grow(capacity); }

  const char *data() const noexcept { return bytes_.get(); }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view view() const noexcept { return {bytes_.get(), size_}; }
  // Keeps the capacity.
  void clear() noexcept { size_ = 0; }
  void truncate(std::size_t size) noexcept { size_ = size < size_ ? size : size_; }
  // Drops the first `count` bytes (sent already) and moves the rest down.
  void consume(std::size_t count) noexcept;

  // The stream's signature, flags and header extension; its end mark.
  void put_header();
  void put_trailer();

  void begin_tuple(std::int16_t fields) { put_raw(fields); }
  void put_null() { put_raw(std::int32_t{-1}); }
  void put_int8(std::int64_t value) { put_sized(value); }
  void put_int4(std::int32_t value) { put_sized(value); }
  void put_bool(bool value) { put_sized(static_cast<std::int8_t>(value ? 1 : 0)); }
  void put_float8(double value) { put_sized(std::bit_cast<std::int64_t>(value)); }
  // Days since 2000-01-01.
  void put_date(std::int32_t days) { put_sized(days); }
  // Microseconds since 2000-01-01 00:00 UTC.
  void put_timestamptz(std::int64_t micros) { put_sized(micros); }
  // Also bytea. Precondition: under 1 GB.
  void put_text(std::string_view text);
  // `json` as received; the server parses it.
  void put_jsonb(std::string_view json);
  // Exact; the display scale is the number of digits after the point.
  void put_numeric(const Decimal &value);
  void put_numeric(std::int64_t value);

  // Overwrites eight bytes at `position`, for a value known only later.
  void patch_int64(std::size_t position, std::int64_t value) noexcept {
    store(bytes_.get() + position, value);
  }

private:
  template <class Integer>
  static void store(char *target, Integer value) noexcept {
    using Unsigned = std::make_unsigned_t<Integer>;
    auto bits = static_cast<Unsigned>(value);
    if constexpr (std::endian::native == std::endian::little) {
      if constexpr (sizeof(Integer) == 2) {
        bits = __builtin_bswap16(bits);
      } else if constexpr (sizeof(Integer) == 4) {
        bits = __builtin_bswap32(bits);
      } else if constexpr (sizeof(Integer) == 8) {
        bits = __builtin_bswap64(bits);
      }
    }
    std::memcpy(target, &bits, sizeof bits);
  }

  char *extend(std::size_t count) {
    if (capacity_ - size_ < count) {
      grow(count);
    }
    char *target = bytes_.get() + size_;
    size_ += count;
    return target;
  }
  template <class Integer>
  void put_raw(Integer value) {
    store(extend(sizeof value), value);
  }
  template <class Integer>
  void put_sized(Integer value) {
    char *target = extend(4 + sizeof value);
    store(target, static_cast<std::int32_t>(sizeof value));
    store(target + 4, value);
  }
  void grow(std::size_t count);

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

} // namespace starhouse::stream
