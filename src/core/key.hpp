// Values as keys: of sets, maps and counts. A key is a 64-bit number whose order is that of the
// values (integers, dates, times), 16 bytes (uuid), or bytes of any length (text).
//
// Two texts are one key if their collation holds them equal. For most collations that means the
// same bytes. For a nondeterministic one (case-insensitive, say) the key is the collation's sort
// key; keys of different collations, or of different versions of one, have nothing to do with each
// other, so a number says whose they are.
#pragma once

#include <cstdint>
#include <string_view>

namespace starhouse {

// Part of stored data: never reuse or change a number.
enum class KeyKind : std::uint8_t { integer = 1, date = 2, timestamptz = 3, uuid = 4, text = 5 };

constexpr std::string_view name_of(KeyKind kind) noexcept {
  switch (kind) {
  case KeyKind::integer:
    return "bigint";
  case KeyKind::date:
    return "date";
  case KeyKind::timestamptz:
    return "timestamptz";
  case KeyKind::uuid:
    return "uuid";
  case KeyKind::text:
    return "text";
  }
  return "unknown";
}

// The 16 bytes as two big-endian numbers: in order of bytes, which is that of the type.
struct UuidKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const UuidKey &, const UuidKey &) = default;
  friend bool operator<(const UuidKey &a, const UuidKey &b) noexcept {
    return a.high != b.high ? a.high < b.high : a.low < b.low;
  }
};

struct TextKey {
  std::string_view key;        // equal if and only if the values are
  std::string_view text;       // the value itself: the same as key where collation is 0
  std::uint64_t collation = 0; // 0: by bytes; else whose sort key it is
};

} // namespace starhouse
