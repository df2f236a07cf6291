// Which zone a point lies in, fast: built once from a ZoneSet, asked for each row.
//
// An R-tree, packed by sort-tile-recursive (Leutenegger, Lopez and Edgington 1997), finds the
// polygons whose box holds the point; each polygon is cut into slabs of latitude that list the
// edges crossing them, so a few edges are looked at instead of all. The answer is exactly that of
// Shape::covers, edges included. Where several zones hold a point, on a shared edge or by overlap,
// the one with the lowest id is the answer.
//
// Size: 32 bytes for each edge in each slab it crosses, at most five times as many as there are
// edges.
#pragma once

#include "core/geo/zone_set.hpp"

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

namespace starhouse::geo {

class ZoneIndex {
public:
  static constexpr std::uint32_t none = UINT32_MAX;

  ZoneIndex(const ZoneSet &set, const Env &env);

  // Zones by ascending id, equal ids once: what find() counts in.
  std::size_t size() const noexcept { return ids_.size(); }
  ZoneSet::Kind kind() const noexcept { return kind_; }
  std::int64_t number(std::uint32_t zone) const noexcept { return ids_[zone].number; }
  std::string_view text(std::uint32_t zone) const noexcept { return ids_[zone].text; }

  // The lowest zone that holds the point, or none. Latitude -90..90, longitude -180..180.
  std::uint32_t find(double lat, double lon) const noexcept;
  // The lowest one from `first` on: asked again with the last answer + 1, it gives all of them.
  std::uint32_t find_from(std::uint32_t first, double lat, double lon) const noexcept;

private:
  struct Id {
    std::int64_t number;
    std::pmr::string text;
  };
  struct Edge {
    Vertex from;
    Vertex to;
  };
  // A polygon of a zone, where its slabs lie.
  struct Polygon {
    std::uint32_t zone;
    std::uint32_t slab_count;
    std::size_t first_slab; // in slab_ends_, which has the end of each slab's edges
    double south;
    double slabs_per_degree;
  };
  // A leaf of the tree. A polygon that reaches beyond the date line has one more for each turn.
  struct Entry {
    Box box;
    std::uint32_t polygon;
    float turn; // 0, 360 or -360: added to the point's longitude
  };

  static constexpr std::size_t fan_out = 8;

  void add_polygon(const Shape &shape, std::size_t index, std::uint32_t zone);
  void pack();
  bool holds(const Polygon &polygon, Vertex point) const noexcept;
  void search(std::size_t level, std::size_t begin, std::size_t end, Vertex point,
              std::uint32_t first, std::uint32_t &best) const noexcept;

  Env env_;
  ZoneSet::Kind kind_;
  std::pmr::vector<Id> ids_;
  std::pmr::vector<Edge> edges_; // slab after slab
  std::pmr::vector<std::uint32_t> slab_ends_;
  std::pmr::vector<Polygon> polygons_;
  std::pmr::vector<Entry> entries_;
  // levels_[0] bounds groups of fan_out entries, each further one groups of the one before.
  std::pmr::vector<std::pmr::vector<Box>> levels_;
};

} // namespace starhouse::geo
