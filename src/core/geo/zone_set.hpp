// Zones, each an id and an area: what the aggregate zone_index_agg collects and the type zone_index
// stores. Looking up points is zone_index.hpp's, made from it.
//
// Ids are whole numbers or texts (UTF-8), one kind in a set. Several entries with one id are one
// zone.
//
// Stored form, after the header of all states (core/state.hpp), zones in ascending order of ids:
//
//   u64       digest of what follows, so that readers can tell two values apart at a glance
//   u8        kind of ids: 0 no zones, 1 numbers, 2 texts
//   varint    zones; each:
//     zigzag, or varint and bytes    id
//     u8        d: coordinates are whole multiples of 10^-d degrees (0..9), or 255: doubles
//     varint    polygons; each: varint rings; each: varint vertices, the closing one left out
//     vertices  longitude, latitude: zigzag differences to the vertex before (the zone's first one:
//               to 0), or float64
//
// Coordinates come back bit by bit: the decimal form is chosen only where dividing the whole number
// by 10^d gives each of them again, as it does for what was written with up to nine decimals.
#pragma once

#include "core/geo/shape.hpp"
#include "core/state.hpp"

#include <cstdint>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::geo {

struct Zone {
  std::int64_t number;   // kind number
  std::pmr::string text; // kind text
  Shape shape;
};

class ZoneSet {
public:
  static constexpr StateFormat format{"zone_index", StateKind::zone_index, 1};
  enum class Kind : std::uint8_t { none, number, text };

  explicit ZoneSet(const Env &env) : env_(env), zones_(env.memory) {}

  // Copies the shape. Error 22023 for an id of the other kind, 22021 for a text that is not UTF-8.
  void add(std::int64_t id, const Shape &shape);
  void add(std::string_view id, const Shape &shape);
  void merge(const ZoneSet &other);

  Kind kind() const noexcept { return kind_; }
  // In the order they came.
  std::span<const Zone> zones() const noexcept { return zones_; }
  // Ascending by id: numbers by value, texts by their bytes.
  std::pmr::vector<const Zone *> sorted() const;

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  void become(Kind kind);
  Env env_;
  Kind kind_ = Kind::none;
  std::pmr::vector<Zone> zones_;
};

// Bytes in front of the digest in a stored zone_index.
inline constexpr std::size_t zone_digest_offset = state_header_size;

} // namespace starhouse::geo
