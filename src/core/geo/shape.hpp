// Areas on the map: polygons with holes, and several of them as one shape.
//
// A shape lives on the plane of longitude and latitude in degrees; its edges are straight lines on
// that plane, as RFC 7946 (GeoJSON) has it and as PostGIS's geometry computes, not great circles.
//
// Which points belong to a shape:
// - a point on an edge or a vertex does, the edges of holes included;
// - otherwise a polygon holds the points that a ray leaves through an odd number of its edges, all
//   rings taken together (even-odd rule), so the direction of rings does not matter;
// - a shape holds what one of its polygons holds.
//
// Date line: an edge never takes the shorter way round, it runs through the longitudes in between.
// A shape that crosses the date line is either cut in two there (what RFC 7946 asks for) or goes on
// beyond it (170, 175, 185): longitudes from -360 to 360 are taken, and a point also belongs to a
// shape that holds it one turn further east or west. The poles are edges of the plane, nothing
// special.
//
// Valid rings have at least three distinct vertices that are not all on one line of latitude or
// longitude, finite coordinates within range and are no wider than 360 degrees. Rings that cross
// themselves are taken, the even-odd rule gives them a meaning. A shape without polygons is valid
// and holds nothing.
#pragma once

#include "core/error.hpp"
#include "core/geo/orientation.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <span>
#include <string>
#include <vector>

namespace starhouse::geo {

// Closed on all sides; empty while west > east.
struct Box {
  double west = std::numeric_limits<double>::infinity();
  double south = std::numeric_limits<double>::infinity();
  double east = -std::numeric_limits<double>::infinity();
  double north = -std::numeric_limits<double>::infinity();

  bool empty() const noexcept { return west > east; }
  bool covers(Vertex point) const noexcept {
    return point.lon >= west && point.lon <= east && point.lat >= south && point.lat <= north;
  }
  void add(Vertex point) noexcept;
  void add(const Box &other) noexcept;
};

// One edge met by the ray due east from a point: flips `odd` if it crosses it, returns true if the
// point is on the edge. Edges are half-open in latitude, so that a vertex counts once; what that
// leaves out of an edge (its upper end, a horizontal one) is looked at for being on it. A vertex is
// the end `b` of one of the edges of its ring.
inline bool cross_edge(Vertex a, Vertex b, Vertex point, bool &odd) noexcept {
  if ((a.lat > point.lat) == (b.lat > point.lat)) {
    return b.lat == point.lat &&
           (b.lon == point.lon ||
            (a.lat == point.lat && (a.lon > point.lon) != (b.lon > point.lon)));
  }
  if (point.lon > a.lon && point.lon > b.lon) {
    return false;
  }
  if (point.lon < a.lon && point.lon < b.lon) {
    odd = !odd;
    return false;
  }
  const int where = side(a, b, point);
  odd ^= (where > 0) == (b.lat > a.lat);
  return where == 0;
}

enum class Place : std::uint8_t { outside, boundary, inside };

class Shape {
public:
  explicit Shape(std::pmr::memory_resource *memory)
      : vertices_(memory), ring_ends_(memory), polygon_ends_(memory) {}
  Shape(const Shape &other, std::pmr::memory_resource *memory)
      : vertices_(other.vertices_, memory), ring_ends_(other.ring_ends_, memory),
        polygon_ends_(other.polygon_ends_, memory) {}

  bool empty() const noexcept { return polygon_ends_.empty(); }
  std::size_t polygon_count() const noexcept { return polygon_ends_.size(); }
  std::size_t ring_count() const noexcept { return ring_ends_.size(); }
  std::size_t vertex_count() const noexcept { return vertices_.size(); }

  // Rings of a polygon are [first_ring(i), first_ring(i + 1)); the first one is the exterior.
  std::size_t first_ring(std::size_t polygon) const noexcept {
    return polygon == 0 ? 0 : polygon_ends_[polygon - 1];
  }
  // A closed ring: its last vertex repeats the first one, so its edges are the neighbours.
  std::span<const Vertex> ring(std::size_t index) const noexcept {
    const std::size_t first = index == 0 ? 0 : ring_ends_[index - 1];
    return {vertices_.data() + first, ring_ends_[index] - first};
  }

  // May reach beyond the date line, like the shape.
  Box box() const noexcept;
  Box box_of_polygon(std::size_t polygon) const noexcept;

  // On the plane: the point as it is.
  Place place_on_plane(Vertex point) const noexcept;
  Place place_in_polygon(std::size_t polygon, Vertex point) const noexcept;

  // On the globe: latitude -90..90, longitude -180..180; a shape beyond the date line is met there.
  bool covers(double lat, double lon) const noexcept;

  // use(from, to) for every edge of every ring.
  template <class Use>
  void each_edge(Use use) const {
    for (std::size_t r = 0; r < ring_count(); ++r) {
      const std::span<const Vertex> vertices = ring(r);
      for (std::size_t i = 1; i < vertices.size(); ++i) {
        use(vertices[i - 1], vertices[i]);
      }
    }
  }

  friend bool operator==(const Shape &, const Shape &) = default;

private:
  friend class ShapeBuilder;
  std::pmr::vector<Vertex> vertices_;
  std::pmr::vector<std::uint32_t> ring_ends_;
  std::pmr::vector<std::uint32_t> polygon_ends_;
};

// What makes a ring invalid; the builder says what, its caller where.
enum class Flaw : std::uint8_t {
  none,
  not_finite,
  latitude_range,
  longitude_range,
  few_vertices,
  not_closed,
  no_area,
  too_wide,
  too_many
};

// Puts a shape together, ring by ring.
//
//   builder.begin_polygon();  builder.begin_ring();  builder.add({lon, lat}) ...;
//   builder.end_ring(closing);  builder.end_polygon();
class ShapeBuilder {
public:
  explicit ShapeBuilder(const Env &env) : env_(env), shape_(env.memory) {}

  void begin_polygon() noexcept { polygon_start_ = shape_.ring_ends_.size(); }
  void begin_ring() noexcept;
  [[nodiscard]] Flaw add(Vertex vertex);
  // The closing vertex: in formats that write it it must be there (required); where it may be left
  // out (the server's polygon) it is added unless it is there (implied), or always (appended).
  enum class Closing : std::uint8_t { required, implied, appended };
  [[nodiscard]] Flaw end_ring(Closing closing = Closing::required);
  // A polygon without rings is left out.
  void end_polygon();
  Shape take() && { return std::move(shape_); }

private:
  Env env_;
  Shape shape_;
  std::size_t polygon_start_ = 0;
  std::size_t ring_start_ = 0;
  Box ring_box_;
};

// Throws the Error for a flaw. `where` reads like "at byte 12" and `vertex` is the last one given.
[[noreturn]] void throw_flaw(Flaw flaw, SqlState code, Vertex vertex, const std::string &where);

// Shape of one ring, closed or not, as the server's polygon type has it. Error 22023.
Shape shape_of_ring(std::span<const Vertex> vertices, const Env &env);

// A number as it is written in messages: the shortest text that reads back the same.
std::string shown(double value);

} // namespace starhouse::geo
