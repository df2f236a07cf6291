// What the bindings of sketches share: an argument's hash, and the row of sketch_info.
#pragma once

#include "pg/key.hpp"
#include "pg/postgres.hpp"

#include "core/hash.hpp"

#include <bit>
#include <cmath>

namespace starhouse::pg::sketch {

// Values that `=` holds equal have equal hashes, whatever the type's width; all hashes are stable
// (core/hash.hpp). Under a nondeterministic collation texts are hashed by their sort key, with the
// collation's mark, so hashes of two versions of it have nothing in common.
inline std::uint64_t hash_of(std::int64_t key) noexcept {
  return hash64(static_cast<std::uint64_t>(key));
}
inline std::uint64_t hash_of(const UuidKey &key) noexcept {
  return hash64(key.high, key.low);
}
inline std::uint64_t hash_of(const TextKey &key) noexcept {
  const std::uint64_t hash = hash64(key.key);
  return key.collation == 0 ? hash : hash64(hash, key.collation);
}

template <SqlKey type>
std::uint64_t hash_argument(FunctionCallInfo fcinfo, int index) {
  return hash_of(key_argument<type>(fcinfo, index));
}

// -0 equals 0, all NaN are one.
inline std::uint64_t hash_of(double value) noexcept {
  const double shown = std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value + 0.0;
  return hash64(std::bit_cast<std::uint64_t>(shown));
}

// The columns of every sketch_info; `error` NaN and `capacity` 0 are shown as NULL.
struct Info {
  const char *form;
  int version;
  std::size_t bytes;
  std::uint64_t rows_or_items;
  std::uint64_t capacity;
  double relative_error;
};

Datum info_row(FunctionCallInfo fcinfo, const Info &info);

} // namespace starhouse::pg::sketch
