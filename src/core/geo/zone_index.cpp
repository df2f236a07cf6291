#include "core/geo/zone_index.hpp"

#include "core/polled.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace starhouse::geo {

namespace {

constexpr std::size_t most_slabs = 4096;

// Monotone in lat, so an edge is listed in every slab that one of its points falls into.
std::size_t slab_of(double lat, double south, double slabs_per_degree, std::size_t count) noexcept {
  const double slab = (lat - south) * slabs_per_degree;
  return slab > 0 ? std::min(static_cast<std::size_t>(slab), count - 1) : 0;
}

} // namespace

ZoneIndex::ZoneIndex(const ZoneSet &set, const Env &env)
    : env_(env), kind_(set.kind()), ids_(env.memory), edges_(env.memory), slab_ends_(env.memory),
      polygons_(env.memory), entries_(env.memory), levels_(env.memory) {
  for (const Zone *zone : set.sorted()) {
    env_.poll();
    if (ids_.empty() || ids_.back().number != zone->number || ids_.back().text != zone->text) {
      ids_.push_back({zone->number, std::pmr::string(zone->text, env.memory)});
    }
    for (std::size_t p = 0; p < zone->shape.polygon_count(); ++p) {
      add_polygon(zone->shape, p, static_cast<std::uint32_t>(ids_.size() - 1));
    }
  }
  pack();
}

void ZoneIndex::add_polygon(const Shape &shape, std::size_t index, std::uint32_t zone) {
  const Box box = shape.box_of_polygon(index);
  const double height = box.north - box.south;
  std::pmr::vector<Edge> edges(env_.memory);
  for (std::size_t r = shape.first_ring(index); r < shape.first_ring(index + 1); ++r) {
    const auto ring = shape.ring(r);
    for (std::size_t i = 1; i < ring.size(); ++i) {
      edges.push_back({ring[i - 1], ring[i]});
    }
  }
  // As many slabs as give a slab few edges, but fewer where edges are so long that listing them in
  // each would multiply them.
  std::size_t count = std::clamp<std::size_t>(edges.size(), 1, most_slabs);
  double slabs_per_degree = 0;
  std::pmr::vector<std::uint32_t> sizes(env_.memory);
  for (;; count /= 2) {
    slabs_per_degree = static_cast<double>(count) / height;
    if (!std::isfinite(slabs_per_degree)) {
      slabs_per_degree = 0;
      count = 1;
    }
    sizes.assign(count, 0);
    std::size_t listed = 0;
    for (const Edge &edge : edges) {
      const auto [low, high] = std::minmax(edge.from.lat, edge.to.lat);
      const std::size_t last = slab_of(high, box.south, slabs_per_degree, count);
      for (std::size_t s = slab_of(low, box.south, slabs_per_degree, count); s <= last; ++s) {
        ++sizes[s];
        ++listed;
      }
    }
    env_.poll();
    if (count == 1 || listed <= 5 * edges.size()) {
      break;
    }
  }
  const auto first_slab = slab_ends_.size();
  std::size_t end = edges_.size();
  for (const std::uint32_t size : sizes) {
    end += size;
    if (end > UINT32_MAX) {
      throw std::length_error("zone index");
    }
    slab_ends_.push_back(static_cast<std::uint32_t>(end));
  }
  // Filled from the end of each slab backwards, so the sizes serve as cursors.
  edges_.resize(end);
  for (const Edge &edge : edges) {
    const auto [low, high] = std::minmax(edge.from.lat, edge.to.lat);
    const std::size_t last = slab_of(high, box.south, slabs_per_degree, count);
    for (std::size_t s = slab_of(low, box.south, slabs_per_degree, count); s <= last; ++s) {
      edges_[slab_ends_[first_slab + s] - sizes[s]--] = edge;
    }
  }
  const auto polygon = static_cast<std::uint32_t>(polygons_.size());
  polygons_.push_back(
      {zone, static_cast<std::uint32_t>(count), first_slab, box.south, slabs_per_degree});
  for (const float turn : {0.0F, 360.0F, -360.0F}) {
    Box turned = box;
    turned.west -= turn;
    turned.east -= turn;
    // Rounding of a turned bound must not shut out a point that the turn puts on the edge.
    if (turn != 0) {
      turned.west = std::nextafter(turned.west, -1000.0);
      turned.east = std::nextafter(turned.east, 1000.0);
    }
    if (turned.east >= -180 && turned.west <= 180) {
      entries_.push_back({turned, polygon, turn});
    }
  }
}

void ZoneIndex::pack() {
  const auto centre_lon = [](const Entry &e) { return e.box.west + e.box.east; };
  const auto centre_lat = [](const Entry &e) { return e.box.south + e.box.north; };
  const auto by = [](auto key) {
    return [key](const Entry &a, const Entry &b) { return key(a) < key(b); };
  };
  const std::size_t leaves = (entries_.size() + fan_out - 1) / fan_out;
  const auto slices = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(leaves))));
  polled_stable_sort(env_, entries_.begin(), entries_.end(), by(centre_lon));
  if (slices > 0) {
    const std::size_t slice = fan_out * ((leaves + slices - 1) / slices);
    for (std::size_t i = 0; i < entries_.size(); i += slice) {
      const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(i);
      const auto end =
          entries_.begin() + static_cast<std::ptrdiff_t>(std::min(i + slice, entries_.size()));
      polled_stable_sort(env_, begin, end, by(centre_lat));
    }
  }
  const auto group = [&](std::size_t size, auto box_of) {
    std::pmr::vector<Box> level(env_.memory);
    for (std::size_t i = 0; i < size; i += fan_out) {
      Box box;
      for (std::size_t j = i; j < std::min(i + fan_out, size); ++j) {
        box.add(box_of(j));
      }
      level.push_back(box);
    }
    levels_.push_back(std::move(level));
  };
  if (entries_.size() > fan_out) {
    group(entries_.size(), [&](std::size_t i) { return entries_[i].box; });
    while (levels_.back().size() > fan_out) {
      const std::pmr::vector<Box> below(levels_.back(), env_.memory);
      group(below.size(), [&](std::size_t i) { return below[i]; });
    }
  }
}

// As Shape::place_in_polygon, with the edges of one slab only: those of the others do not reach the
// point's latitude.
bool ZoneIndex::holds(const Polygon &polygon, Vertex point) const noexcept {
  const std::size_t slab =
      polygon.first_slab +
      slab_of(point.lat, polygon.south, polygon.slabs_per_degree, polygon.slab_count);
  const std::size_t begin = slab == 0 ? 0 : slab_ends_[slab - 1];
  bool odd = false;
  for (std::size_t i = begin; i < slab_ends_[slab]; ++i) {
    if (cross_edge(edges_[i].from, edges_[i].to, point, odd)) {
      return true;
    }
  }
  return odd;
}

void ZoneIndex::search(std::size_t level, std::size_t begin, std::size_t end, Vertex point,
                       std::uint32_t first, std::uint32_t &best) const noexcept {
  if (level > 0) {
    const auto &boxes = levels_[level - 1];
    const std::size_t below = level > 1 ? levels_[level - 2].size() : entries_.size();
    for (std::size_t i = begin; i < end; ++i) {
      if (boxes[i].covers(point)) {
        search(level - 1, i * fan_out, std::min((i + 1) * fan_out, below), point, first, best);
      }
    }
    return;
  }
  for (std::size_t i = begin; i < end; ++i) {
    const Entry &entry = entries_[i];
    if (entry.box.covers(point)) {
      const Polygon &polygon = polygons_[entry.polygon];
      if (polygon.zone < best && polygon.zone >= first &&
          holds(polygon, {point.lon + static_cast<double>(entry.turn), point.lat})) {
        best = polygon.zone;
      }
    }
  }
}

std::uint32_t ZoneIndex::find_from(std::uint32_t first, double lat, double lon) const noexcept {
  std::uint32_t best = none;
  const std::size_t top = levels_.size();
  const std::size_t size = top > 0 ? levels_.back().size() : entries_.size();
  search(top, 0, size, {lon, lat}, first, best);
  return best;
}

std::uint32_t ZoneIndex::find(double lat, double lon) const noexcept {
  return find_from(0, lat, lon);
}

} // namespace starhouse::geo
