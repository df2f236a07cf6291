// Cells are halved down from the 32 coarsest. Each cell gets from its parent the edges that still
// matter to it: those that may meet it, and those east of it within its latitudes, which a ray
// eastward from a point of it may cross. An edge east of the cell that spans all its latitudes
// crosses every such ray and is only counted. Where no edge meets a cell, all its points are inside
// or all outside, as the ray's crossings tell, and so are its descendants.
#include "core/geo/cover.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

namespace starhouse::geo {

namespace {

struct Edge {
  Vertex from;
  Vertex to;
};
using Edges = std::pmr::vector<Edge>;

// A cell's rectangle on the plane of the shape. It holds its southern and western edge.
struct Rectangle {
  double west;
  double south;
  double east;
  double north;
};

// The sides on which the corners lie, seen along an edge: southwest, and the others.
struct Corners {
  int southwest;
  std::array<int, 3> others;
};

Corners corners_beside(const Edge &edge, const Rectangle &cell) noexcept {
  return {side(edge.from, edge.to, {cell.west, cell.south}),
          {side(edge.from, edge.to, {cell.east, cell.south}),
           side(edge.from, edge.to, {cell.east, cell.north}),
           side(edge.from, edge.to, {cell.west, cell.north})}};
}

bool none_on(int wrong_side, const Corners &corners) noexcept {
  return std::ranges::none_of(corners.others, [&](int s) { return s == wrong_side; });
}

// Does a point of the edge lie in the cell? Both are convex, so they miss each other exactly when a
// line along a side of the cell or along the edge parts them. The half-open cell is missed by a
// line, too, that meets only corners it does not hold.
bool meets(const Edge &edge, const Rectangle &cell) noexcept {
  const auto [west, east] = std::minmax(edge.from.lon, edge.to.lon);
  const auto [south, north] = std::minmax(edge.from.lat, edge.to.lat);
  if (west >= cell.east || east < cell.west || south >= cell.north || north < cell.south) {
    return false;
  }
  const Corners corners = corners_beside(edge, cell);
  return corners.southwest == 0 || !none_on(-corners.southwest, corners);
}

// Does a point of the edge lie inside the cell, off its own edges?
bool cuts(const Edge &edge, const Rectangle &cell) noexcept {
  const auto [west, east] = std::minmax(edge.from.lon, edge.to.lon);
  const auto [south, north] = std::minmax(edge.from.lat, edge.to.lat);
  if (west >= cell.east || east <= cell.west || south >= cell.north || north <= cell.south) {
    return false;
  }
  const Corners corners = corners_beside(edge, cell);
  return !(corners.southwest >= 0 && none_on(-1, corners)) &&
         !(corners.southwest <= 0 && none_on(1, corners));
}

class Coverer {
public:
  Coverer(int precision, CoverMode mode, std::size_t max_cells, Cells &out, const Env &env)
      : precision_(precision), mode_(mode), max_cells_(max_cells), out_(out), env_(env),
        base_(out.size()) {}

  // One polygon, `shift` degrees off its place on the globe.
  void cover(const Edges &edges, const Box &box, double shift) {
    shift_ = shift;
    box_ = box;
    for (int i = 0; i < 32; ++i) {
      visit(((Cell{2} * i) + 1) << sentinel_shift(1), edges, false);
    }
  }

  // Puts the cells in order, each once: several polygons may share some.
  void finish() {
    const auto first = out_.begin() + static_cast<std::ptrdiff_t>(base_);
    std::sort(first, out_.end());
    out_.erase(std::unique(first, out_.end()), out_.end());
    if (out_.size() - base_ > max_cells_) {
      refuse_count(max_cells_);
    }
  }

private:
  Rectangle rectangle_of(Cell cell) const noexcept {
    const Bounds bounds = bounds_of(cell);
    if (mode_ == CoverMode::inner) {
      return {bounds.west + shift_, bounds.south, bounds.east + shift_, bounds.north};
    }
    // The last column and row hold their outer edge, too.
    const double beyond = std::numeric_limits<double>::infinity();
    const double east = bounds.east + shift_;
    return {bounds.west + shift_, bounds.south,
            bounds.east == 180 ? std::nextafter(east, beyond) : east,
            bounds.north == 90 ? std::nextafter(90.0, beyond) : bounds.north};
  }

  void visit(Cell cell, const Edges &inherited, bool odd) {
    env_.poll();
    const Rectangle at = rectangle_of(cell);
    if (box_.west >= at.east || box_.east < at.west || box_.south >= at.north ||
        box_.north < at.south) {
      return;
    }
    bool met = false;
    Edges kept(env_.memory);
    for (const Edge &edge : inherited) {
      const auto [south, north] = std::minmax(edge.from.lat, edge.to.lat);
      const auto [west, east] = std::minmax(edge.from.lon, edge.to.lon);
      if (south >= at.north || north < at.south || east < at.west) {
        continue;
      }
      if (west >= at.east && south <= at.south && north >= at.north) {
        odd = !odd;
        continue;
      }
      kept.push_back(edge);
      met = met || (mode_ == CoverMode::inner ? cuts(edge, at) : meets(edge, at));
    }
    const int own = precision_of(cell);
    if (!met) {
      if (holds_centre(cell, kept, odd)) {
        add(cell, std::size_t{1} << (5 * (precision_ - own)));
      }
    } else if (own < precision_) {
      Cell child = first_child(cell);
      for (int i = 0; i < 32; ++i, child += child_distance(cell)) {
        visit(child, kept, odd);
      }
    } else if (mode_ == CoverMode::outer ||
               (mode_ == CoverMode::centre && holds_centre(cell, kept, odd))) {
      add(cell, 1);
    }
  }

  // Is the cell's centre in the polygon, its edges included?
  bool holds_centre(Cell cell, const Edges &edges, bool odd) const noexcept {
    const Bounds bounds = bounds_of(cell);
    const Vertex centre{(bounds.west + bounds.east) / 2 + shift_,
                        (bounds.south + bounds.north) / 2};
    for (const Edge &edge : edges) {
      const auto [west, east] = std::minmax(edge.from.lon, edge.to.lon);
      const auto [south, north] = std::minmax(edge.from.lat, edge.to.lat);
      if (centre.lat < south || centre.lat > north || centre.lon > east) {
        continue;
      }
      const int where = side(edge.from, edge.to, centre);
      if (where == 0 && centre.lon >= west) {
        return true;
      }
      if ((edge.from.lat > centre.lat) != (edge.to.lat > centre.lat)) {
        odd ^= (where > 0) == (edge.to.lat > edge.from.lat);
      }
    }
    return odd;
  }

  void add(Cell cell, std::size_t count) {
    if (count > max_cells_) {
      refuse_count(max_cells_);
    }
    if (out_.size() - base_ + count > 2 * max_cells_) {
      finish(); // cells that polygons share may have been counted twice
    }
    const std::size_t before = out_.size();
    out_.resize(before + count);
    descendants(cell, precision_, {out_.data() + before, count});
  }

  int precision_;
  CoverMode mode_;
  std::size_t max_cells_;
  Cells &out_;
  const Env &env_;
  std::size_t base_;
  double shift_ = 0;
  Box box_;
};

} // namespace

CoverMode cover_mode_from_name(std::string_view name) {
  std::string lower(name);
  for (char &c : lower) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (lower == "inner") {
    return CoverMode::inner;
  }
  if (lower == "outer") {
    return CoverMode::outer;
  }
  if (lower == "centre" || lower == "center") {
    return CoverMode::centre;
  }
  throw Error(sqlstate::invalid_parameter_value,
              "no such way to cover an area: \"" + std::string(name) + "\"",
              "mode is 'outer' (every point of the area is covered), 'inner' (no point outside "
              "is) or 'centre' (cells whose centre lies in the area).");
}

void cover_shape(const Shape &shape, int precision, CoverMode mode, std::size_t max_cells,
                 Cells &out, const Env &env) {
  check_precision(precision);
  Coverer coverer(precision, mode, max_cells, out, env);
  Edges edges(env.memory);
  for (std::size_t polygon = 0; polygon < shape.polygon_count(); ++polygon) {
    edges.clear();
    for (std::size_t r = shape.first_ring(polygon); r < shape.first_ring(polygon + 1); ++r) {
      const std::span<const Vertex> ring = shape.ring(r);
      for (std::size_t i = 1; i < ring.size(); ++i) {
        edges.push_back({ring[i - 1], ring[i]});
      }
    }
    const Box box = shape.box_of_polygon(polygon);
    for (const double shift : {-360.0, 0.0, 360.0}) {
      if (box.west <= 180 + shift && box.east >= -180 + shift) {
        coverer.cover(edges, box, shift);
      }
    }
  }
  coverer.finish();
}

} // namespace starhouse::geo
