#include "core/geo/shape_text.hpp"

#include <bit>
#include <string>
#include <vector>

namespace starhouse::geo {

namespace {

// Bits that EWKB adds to the type.
constexpr std::uint32_t has_z = 0x80000000U;
constexpr std::uint32_t has_m = 0x40000000U;
constexpr std::uint32_t has_srid = 0x20000000U;

constexpr std::uint32_t type_polygon = 3;
constexpr std::uint32_t type_multi_polygon = 6;
constexpr std::uint32_t type_collection = 7;

constexpr std::size_t header_size = 5; // byte order and type
constexpr std::size_t count_size = 4;

class Reader {
public:
  Reader(std::span<const std::uint8_t> bytes, const Env &env) : bytes_(bytes), builder_(env) {}

  Shape read() && {
    geometry(0, 0);
    if (at_ != bytes_.size()) {
      fail("bytes after the geometry", "Give one geometry.");
    }
    return std::move(builder_).take();
  }

private:
  [[noreturn]] void fail(const std::string &what, const std::string &hint) const {
    throw Error(sqlstate::invalid_binary_representation,
                "invalid WKB at byte " + std::to_string(at_) + ": " + what, hint);
  }

  std::size_t left() const noexcept { return bytes_.size() - at_; }

  void need(std::size_t size) const {
    if (left() < size) {
      fail("the geometry needs " + std::to_string(size) + " more bytes, " + std::to_string(left()) +
               " are left",
           "The value is cut short or is no WKB.");
    }
  }

  template <class Unsigned>
  Unsigned number() {
    need(sizeof(Unsigned));
    Unsigned value = 0;
    for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
      const std::size_t shift = 8 * (little_ ? i : sizeof(Unsigned) - 1 - i);
      value |= static_cast<Unsigned>(bytes_[at_ + i]) << shift;
    }
    at_ += sizeof(Unsigned);
    return value;
  }

  // A count of things of at least `least` bytes each: more than the rest can hold is refused here.
  std::uint32_t count(std::size_t least) {
    const std::size_t start = at_;
    const auto value = number<std::uint32_t>();
    const std::size_t rest = left();
    if (value > rest / least) {
      at_ = start;
      fail("a count of " + std::to_string(value) + ", but " + std::to_string(rest) +
               " bytes are left",
           "The value is cut short or is no WKB.");
    }
    return value;
  }

  void check(Flaw flaw, Vertex vertex, std::size_t position) const {
    if (flaw != Flaw::none) {
      throw_flaw(flaw, sqlstate::invalid_binary_representation, vertex,
                 "in WKB at byte " + std::to_string(position));
    }
  }

  void polygon(std::size_t dimensions) {
    builder_.begin_polygon();
    const std::uint32_t rings = count(count_size);
    for (std::uint32_t r = 0; r < rings; ++r) {
      const std::size_t start = at_;
      builder_.begin_ring();
      Vertex vertex{};
      const std::uint32_t points = count(dimensions * sizeof(double));
      for (std::uint32_t i = 0; i < points; ++i) {
        const std::size_t position = at_;
        vertex.lon = std::bit_cast<double>(number<std::uint64_t>());
        vertex.lat = std::bit_cast<double>(number<std::uint64_t>());
        at_ += (dimensions - 2) * sizeof(double);
        check(builder_.add(vertex), vertex, position);
      }
      check(builder_.end_ring(), vertex, start);
    }
    builder_.end_polygon();
  }

  // `wanted` is the type that the multi geometry around this one asks for, 0 for any.
  void geometry(std::uint32_t wanted, int depth) {
    const std::size_t start = at_;
    need(header_size);
    const std::uint8_t order = bytes_[at_];
    if (order > 1) {
      fail("byte order " + std::to_string(order), "The first byte is 0 (big-endian) or 1.");
    }
    ++at_;
    little_ = order == 1;
    const auto code = number<std::uint32_t>();
    // EWKB marks dimensions by bits, ISO by thousands: 1003 is POLYGON Z, 3003 POLYGON ZM.
    const std::uint32_t iso = code & ~(has_z | has_m | has_srid);
    const std::uint32_t type = iso % 1000;
    if (iso >= 4000 ||
        (type != type_polygon && type != type_multi_polygon && type != type_collection) ||
        (wanted != 0 && type != wanted)) {
      at_ = start;
      fail("geometry type " + std::to_string(code) + " is no area here",
           "Areas are POLYGON (3), MULTIPOLYGON (6) or a GEOMETRYCOLLECTION (7) of them.");
    }
    if (depth > deepest_collection) {
      at_ = start;
      fail("collections are nested too deeply",
           "At most " + std::to_string(deepest_collection) + " levels are read.");
    }
    const bool z = (code & has_z) != 0 || iso / 1000 == 1 || iso / 1000 == 3;
    const bool m = (code & has_m) != 0 || iso / 1000 >= 2;
    if ((code & has_srid) != 0) {
      const auto srid = number<std::uint32_t>();
      if (srid != 4326 && srid != 0) {
        at_ -= sizeof srid;
        fail("SRID " + std::to_string(srid) + " is not supported",
             "Coordinates are WGS 84 degrees, SRID 4326: transform them first.");
      }
    }
    if (type == type_polygon) {
      polygon(2U + (z ? 1U : 0U) + (m ? 1U : 0U));
      return;
    }
    const std::uint32_t parts = count(header_size + count_size);
    for (std::uint32_t i = 0; i < parts; ++i) {
      geometry(type == type_multi_polygon ? type_polygon : 0, depth + 1);
    }
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  bool little_ = true;
  ShapeBuilder builder_;
};

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// What PostGIS prints for a geometry.
Shape parse_hex_wkb(std::string_view text, const Env &env) {
  std::pmr::vector<std::uint8_t> bytes(env.memory);
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
    if (high < 0 || low < 0) {
      throw Error(sqlstate::invalid_text_representation,
                  "invalid hexadecimal WKB at character " +
                      std::to_string(high < 0 ? i + 1 : i + 2),
                  "Hexadecimal WKB has two digits for each byte and nothing else.");
    }
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return parse_wkb(bytes, env);
}

} // namespace

Shape parse_wkb(std::span<const std::uint8_t> bytes, const Env &env) {
  return Reader(bytes, env).read();
}

Shape parse_shape_text(std::string_view text, const Env &env) {
  constexpr std::string_view blanks = " \t\n\r";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) {
    throw Error(sqlstate::invalid_text_representation, "an empty text is no area",
                "Give GeoJSON, WKT or hexadecimal WKB, or NULL.");
  }
  const std::string_view body = text.substr(first, text.find_last_not_of(blanks) + 1 - first);
  if (body.front() == '{') {
    return parse_geojson(body, env);
  }
  return body.front() == '0' ? parse_hex_wkb(body, env) : parse_wkt(text, env);
}

} // namespace starhouse::geo
