#include "core/geo/shape.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace starhouse::geo {

void Box::add(Vertex point) noexcept {
  west = std::min(west, point.lon);
  east = std::max(east, point.lon);
  south = std::min(south, point.lat);
  north = std::max(north, point.lat);
}

void Box::add(const Box &other) noexcept {
  west = std::min(west, other.west);
  east = std::max(east, other.east);
  south = std::min(south, other.south);
  north = std::max(north, other.north);
}

Box Shape::box() const noexcept {
  Box box;
  for (const Vertex vertex : vertices_) {
    box.add(vertex);
  }
  return box;
}

Box Shape::box_of_polygon(std::size_t polygon) const noexcept {
  Box box;
  for (std::size_t r = first_ring(polygon); r < first_ring(polygon + 1); ++r) {
    for (const Vertex vertex : ring(r)) {
      box.add(vertex);
    }
  }
  return box;
}

Place Shape::place_in_polygon(std::size_t polygon, Vertex point) const noexcept {
  bool odd = false;
  for (std::size_t r = first_ring(polygon); r < first_ring(polygon + 1); ++r) {
    const std::span<const Vertex> vertices = ring(r);
    for (std::size_t i = 1; i < vertices.size(); ++i) {
      if (cross_edge(vertices[i - 1], vertices[i], point, odd)) {
        return Place::boundary;
      }
    }
  }
  return odd ? Place::inside : Place::outside;
}

Place Shape::place_on_plane(Vertex point) const noexcept {
  Place place = Place::outside;
  for (std::size_t p = 0; p < polygon_count() && place != Place::inside; ++p) {
    place = std::max(place, place_in_polygon(p, point));
  }
  return place;
}

bool Shape::covers(double lat, double lon) const noexcept {
  const Box reach = box();
  return std::ranges::any_of(std::array{lon, lon - 360, lon + 360}, [&](double x) {
    return reach.covers({x, lat}) && place_on_plane({x, lat}) != Place::outside;
  });
}

void ShapeBuilder::begin_ring() noexcept {
  ring_start_ = shape_.vertices_.size();
  ring_box_ = Box{};
}

Flaw ShapeBuilder::add(Vertex vertex) {
  if (!std::isfinite(vertex.lon) || !std::isfinite(vertex.lat)) {
    return Flaw::not_finite;
  }
  if (vertex.lat < -90 || vertex.lat > 90) {
    return Flaw::latitude_range;
  }
  if (vertex.lon < -360 || vertex.lon > 360) {
    return Flaw::longitude_range;
  }
  if (shape_.vertices_.size() >= std::numeric_limits<std::uint32_t>::max() - 1) {
    return Flaw::too_many;
  }
  if ((shape_.vertices_.size() & 0xFFFU) == 0) {
    env_.poll();
  }
  ring_box_.add(vertex);
  shape_.vertices_.push_back({vertex.lon + 0.0, vertex.lat + 0.0}); // -0 becomes 0
  return Flaw::none;
}

Flaw ShapeBuilder::end_ring(Closing closing) {
  auto &vertices = shape_.vertices_;
  const std::size_t size = vertices.size() - ring_start_;
  if (size == 0) {
    return Flaw::few_vertices;
  }
  const Vertex first = vertices[ring_start_];
  const bool closed = size > 1 && vertices.back() == first && closing != Closing::appended;
  if (!closed && closing == Closing::required) {
    return size < 4 ? Flaw::few_vertices : Flaw::not_closed;
  }
  if (!closed) {
    vertices.push_back(first);
  }
  if (vertices.size() - ring_start_ < 4) {
    return Flaw::few_vertices;
  }
  if (!(ring_box_.west < ring_box_.east) || !(ring_box_.south < ring_box_.north)) {
    return Flaw::no_area;
  }
  if (ring_box_.east - ring_box_.west > 360) {
    return Flaw::too_wide;
  }
  shape_.ring_ends_.push_back(static_cast<std::uint32_t>(vertices.size()));
  return Flaw::none;
}

void ShapeBuilder::end_polygon() {
  if (shape_.ring_ends_.size() > polygon_start_) {
    shape_.polygon_ends_.push_back(static_cast<std::uint32_t>(shape_.ring_ends_.size()));
  }
}

std::string shown(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end.ptr};
}

void throw_flaw(Flaw flaw, SqlState code, Vertex vertex, const std::string &where) {
  const std::string place = where.empty() ? "" : " " + where;
  switch (flaw) {
  case Flaw::not_finite:
    throw Error(code,
                "coordinates are not finite: longitude " + shown(vertex.lon) + ", latitude " +
                    shown(vertex.lat) + place,
                "Write numbers of degrees.");
  case Flaw::latitude_range:
    throw Error(code, "latitude out of range: " + shown(vertex.lat) + place,
                "Latitudes are degrees from -90 to 90; the order is longitude, latitude.");
  case Flaw::longitude_range:
    throw Error(code, "longitude out of range: " + shown(vertex.lon) + place,
                "Longitudes are degrees from -180 to 180, or up to 360 either way for a shape that "
                "crosses the date line.");
  case Flaw::few_vertices:
    throw Error(code, "a ring has too few vertices" + place,
                "A ring needs three different vertices and the first one again at its end.");
  case Flaw::not_closed:
    throw Error(code, "a ring is not closed" + place, "Repeat its first vertex at its end.");
  case Flaw::no_area:
    throw Error(code, "a ring has no area: its vertices are on one line" + place,
                "Leave the ring out, or give it a width and a height.");
  case Flaw::too_wide:
    throw Error(code, "a ring is wider than 360 degrees" + place,
                "A shape goes round the globe once at most.");
  case Flaw::too_many:
  case Flaw::none:
    break;
  }
  throw Error(sqlstate::program_limit_exceeded, "a shape has too many vertices" + place,
              "A shape holds fewer than 4,294,967,295.");
}

Shape shape_of_ring(std::span<const Vertex> vertices, const Env &env) {
  ShapeBuilder builder(env);
  builder.begin_polygon();
  builder.begin_ring();
  Flaw flaw = Flaw::none;
  Vertex last{};
  for (std::size_t i = 0; i < vertices.size() && flaw == Flaw::none; ++i) {
    last = vertices[i];
    flaw = builder.add(last);
  }
  if (flaw == Flaw::none) {
    flaw = builder.end_ring(ShapeBuilder::Closing::implied);
  }
  if (flaw != Flaw::none) {
    throw_flaw(flaw, sqlstate::invalid_parameter_value, last, "in the polygon");
  }
  builder.end_polygon();
  return std::move(builder).take();
}

} // namespace starhouse::geo
