// The value of hash columns: a stable 64-bit key of other columns' values.
//
// It is XXH64 (seed 0, the published algorithm) over the values one after the other. A NULL is the
// byte 00. Any other value is a tag byte (text 1, integer 2, numeric 3, float8 4, boolean 5, date
// 6, timestamptz 7), the length of what follows as four bytes, most significant first, and the
// value as PostgreSQL's binary COPY sends it, numeric without its display scale (2.5 and 2.50 are
// one value). Stored keys depend on it: it never changes.
#pragma once

#include "core/hash.hpp"
#include "core/stream/contract.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace starhouse::stream {

class RowHasher {
public:
  void clear() noexcept { bytes_.clear(); }
  // `field` is a COPY BINARY field: length word and payload.
  void add(ColumnType type, const char *field);
  std::uint64_t finish() const noexcept { return xxh64(bytes_); }
  std::string_view bytes() const noexcept { return bytes_; }

private:
  std::string bytes_;
};

} // namespace starhouse::stream
