#include "core/geo/cell_set.hpp"

#include "core/geo/shape.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

namespace starhouse::geo {

namespace {

constexpr int root_cells = 32;

constexpr Cell root_cell(int index) noexcept {
  return ((static_cast<Cell>(index) << 1) | 1) << sentinel_shift(1);
}

// Radius of curvature along the meridian; grows from the equator to the poles and is nowhere more
// than the one across it.
double meridian_radius(double lat) noexcept {
  const double sine = std::sin(lat * radians_per_degree);
  const double w2 = 1 - eccentricity2 * sine * sine;
  return least_radius / (w2 * std::sqrt(w2));
}

// The central angle, in radians, between a point and the cell on the unit sphere at equal latitudes
// and longitudes.
double angle_to(LatLon point, const Bounds &cell) noexcept {
  const double to_west = longitude_difference(point.lon, cell.west);
  const double to_east = longitude_difference(point.lon, cell.east);
  const double width = cell.east - cell.west;
  // Within the cell's meridians its nearest point has the point's longitude; outside of them it
  // lies on the nearer one.
  const bool within = to_west <= width && to_east <= width;
  const double lambda = within ? 0 : std::min(to_west, to_east) * radians_per_degree;
  double lat = std::clamp(point.lat, cell.south, cell.north);
  if (!within) {
    // Where the great circle of that meridian comes nearest to the point.
    const double phi = point.lat * radians_per_degree;
    const double foot =
        std::atan2(std::sin(phi), std::cos(phi) * std::cos(lambda)) / radians_per_degree;
    if (std::abs(foot) <= 90) {
      lat = std::clamp(foot, cell.south, cell.north);
    } else {
      // On the other side of the pole: the distance has no minimum on this side, so an end is it.
      lat = foot > 0 ? cell.north : cell.south;
      const double other = foot > 0 ? cell.south : cell.north;
      if (std::cos(lat * radians_per_degree - foot * radians_per_degree) <
          std::cos(other * radians_per_degree - foot * radians_per_degree)) {
        lat = other;
      }
    }
  }
  const double sine_lat = std::sin((lat - point.lat) * radians_per_degree / 2);
  const double sine_lon = std::sin(lambda / 2);
  const double haversine = sine_lat * sine_lat + std::cos(lat * radians_per_degree) *
                                                     std::cos(point.lat * radians_per_degree) *
                                                     sine_lon * sine_lon;
  return 2 * std::asin(std::sqrt(std::min(haversine, 1.0)));
}

// Walks down the cells that a predicate lets through to one precision, in ascending order. Returns
// false when there are more than `max_cells`.
template <class Reaches>
bool descend(Cell cell, int precision, std::size_t max_cells, Cells &out, const Env &env,
             const Reaches &reaches) {
  if (!reaches(cell)) {
    return true;
  }
  const int own = precision_of(cell);
  if (own == precision) {
    if (out.size() >= max_cells) {
      return false;
    }
    out.push_back(cell);
    return true;
  }
  env.poll();
  Cell child = first_child(cell);
  for (int i = 0; i < root_cells; ++i, child += child_distance(cell)) {
    if (!descend(child, precision, max_cells, out, env, reaches)) {
      return false;
    }
  }
  return true;
}

bool circle(LatLon centre, double metres, int precision, std::size_t max_cells, Cells &out,
            const Env &env) {
  // Coordinates and distances are rounded; by less than this.
  const double reach = metres * (1 + 1e-12) + 1e-8;
  for (int i = 0; i < root_cells; ++i) {
    if (!descend(root_cell(i), precision, max_cells, out, env,
                 [&](Cell cell) { return distance_at_least(centre, cell) <= reach; })) {
      return false;
    }
  }
  return true;
}

// The finest precision worth a try: with rows at least half as high as the radius, a circle away
// from the poles touches some dozens of cells at most.
int finest_for(double metres) noexcept {
  int precision = max_precision;
  while (precision > 0) {
    const double height =
        static_cast<double>(rows_of(precision)) * row_height * radians_per_degree * least_radius;
    if (height * 2 >= metres) {
      break;
    }
    --precision;
  }
  return precision;
}

void check_circle(LatLon centre, double metres) {
  check_latitude(centre.lat);
  check_longitude(centre.lon);
  check_length(metres);
  if (metres < 0) {
    throw Error(sqlstate::numeric_value_out_of_range, "radius is negative: " + shown(metres),
                "Give the radius in metres, 0 or more.");
  }
}

} // namespace

void check_max_cells(std::int64_t max_cells) {
  if (max_cells < 1 || static_cast<std::size_t>(max_cells) > most_cells) {
    throw Error(sqlstate::invalid_parameter_value,
                "max_cells out of range: " + std::to_string(max_cells),
                "max_cells lies between 1 and " + std::to_string(most_cells) + ".");
  }
}

void check_max_ranges(std::int64_t max_ranges) {
  if (max_ranges < 1 || static_cast<std::size_t>(max_ranges) > most_ranges) {
    throw Error(sqlstate::invalid_parameter_value,
                "max_ranges out of range: " + std::to_string(max_ranges),
                "max_ranges lies between 1 and " + std::to_string(most_ranges) + ".");
  }
}

void refuse_count(std::size_t max_cells) {
  throw Error(sqlstate::program_limit_exceeded,
              "the area takes more than " + std::to_string(max_cells) + " cells",
              "Take a lower precision (each step has a 32nd of the cells), or raise max_cells.");
}

void descendants(Cell cell, int precision, std::span<Cell> out) noexcept {
  const int shift = sentinel_shift(precision);
  const Cell step = Cell{1} << (shift + 1);
  Cell next = cell - (cell & -cell) + (step >> 1);
  for (Cell &descendant : out) {
    descendant = next;
    next += step;
  }
}

void cover_box(const Bounds &box, int precision, std::size_t max_cells, Cells &out,
               const Env &env) {
  check_latitude(box.south, "lat_min");
  check_latitude(box.north, "lat_max");
  check_longitude(box.west, "lon_min");
  check_longitude(box.east, "lon_max");
  check_precision(precision);
  if (box.south > box.north) {
    throw Error(sqlstate::invalid_parameter_value,
                "lat_min " + shown(box.south) + " is greater than lat_max " + shown(box.north),
                "Give the southern edge first. (lon_min greater than lon_max is a box across the "
                "date line.)");
  }
  const std::int64_t height = rows_of(precision);
  const std::int64_t width = columns_of(precision);
  const std::int64_t south = row_of(box.south) & ~(height - 1);
  const std::int64_t rows = (row_of(box.north) - south) / height + 1;
  const std::int64_t all_columns = grid_size / width;
  const std::int64_t west = column_of(box.west) / width;
  const std::int64_t east = column_of(box.east) / width;
  const bool across = box.west > box.east;
  const std::int64_t columns = std::min(east - west + 1 + (across ? all_columns : 0), all_columns);
  if (static_cast<std::uint64_t>(rows) > max_cells / static_cast<std::uint64_t>(columns)) {
    refuse_count(max_cells);
  }
  const std::size_t before = out.size();
  out.reserve(before + static_cast<std::size_t>(rows * columns));
  for (std::int64_t row = 0; row < rows; ++row) {
    env.poll();
    for (std::int64_t column = 0; column < columns; ++column) {
      out.push_back(
          cell_at(south + row * height, (west + column) % all_columns * width, precision));
    }
  }
  std::sort(out.begin() + static_cast<std::ptrdiff_t>(before), out.end());
}

double distance_at_least(LatLon point, Cell cell) noexcept {
  const Bounds bounds = bounds_of(cell);
  const double angle = angle_to(point, bounds);
  // Within one hemisphere a geodesic keeps farther from the equator than its nearer end, so no
  // element of it is shorter than the smallest radius there times the unit sphere's.
  double lowest = 0;
  if (point.lat > 0 && bounds.south > 0) {
    lowest = std::min(point.lat, bounds.south);
  } else if (point.lat < 0 && bounds.north < 0) {
    lowest = std::max(point.lat, bounds.north);
  }
  return angle * meridian_radius(lowest);
}

void cover_circle(LatLon centre, double metres, int precision, std::size_t max_cells, Cells &out,
                  const Env &env) {
  check_circle(centre, metres);
  check_precision(precision);
  if (!circle(centre, metres, precision, max_cells, out, env)) {
    refuse_count(max_cells);
  }
}

void compact(std::span<const Cell> cells, Cells &out, const Env &env) {
  for (const Cell cell : cells) {
    check_cell(cell);
  }
  Cells sorted(cells.begin(), cells.end(), env.memory);
  env.poll();
  // By first descendant, the coarser one first: what lies inside a cell follows it.
  std::ranges::sort(sorted, [](Cell a, Cell b) {
    const Cell first_a = first_descendant(a);
    const Cell first_b = first_descendant(b);
    return first_a != first_b ? first_a < first_b : a > b;
  });
  env.poll();
  const std::size_t base = out.size();
  Cell covered_to = 0;
  for (const Cell cell : sorted) {
    if (last_descendant(cell) <= covered_to) {
      continue;
    }
    covered_to = last_descendant(cell);
    out.push_back(cell);
    // The last child completes its family when the 31 before it stand at the end.
    while (true) {
      const int precision = precision_of(out.back());
      if (precision == 1 || out.size() - base < root_cells) {
        break;
      }
      const Cell family = parent(out.back(), precision - 1);
      const Cell first = out[out.size() - root_cells];
      if (first != first_child(family) ||
          out.back() != first + (root_cells - 1) * child_distance(family)) {
        break;
      }
      out.resize(out.size() - root_cells);
      out.push_back(family);
    }
  }
}

void ranges_of(std::span<const Cell> cells, CellRanges &out, const Env &env) {
  Cells fewest(env.memory);
  compact(cells, fewest, env);
  for (const Cell cell : fewest) {
    const CellRange range{first_descendant(cell), last_descendant(cell)};
    if (!out.empty() && range.lo - out.back().hi <= 2) {
      out.back().hi = range.hi;
    } else {
      out.push_back(range);
    }
  }
}

void search_ranges(LatLon centre, double metres, std::size_t max_ranges, CellRanges &out,
                   const Env &env) {
  check_circle(centre, metres);
  Cells cells(env.memory);
  CellRanges ranges(env.memory);
  for (int precision = finest_for(metres); precision > 0; --precision) {
    cells.clear();
    ranges.clear();
    if (!circle(centre, metres, precision, 8 * max_ranges, cells, env)) {
      continue;
    }
    ranges_of(cells, ranges, env);
    if (ranges.size() > max_ranges) {
      continue;
    }
    // Coarser cells that hold one of these; those with a number inside a range are in already.
    Cells ancestors(env.memory);
    for (const Cell cell : cells) {
      for (int coarser = 1; coarser < precision; ++coarser) {
        ancestors.push_back(parent(cell, coarser));
      }
    }
    std::ranges::sort(ancestors);
    // Not std::ranges::unique: clang 14, which builds the fuzz targets, cannot read its result
    // type.
    ancestors.erase(std::unique(ancestors.begin(), ancestors.end()), ancestors.end());
    for (const Cell ancestor : ancestors) {
      const auto in = std::ranges::upper_bound(ranges, ancestor, {}, &CellRange::lo);
      if (in == ranges.begin() || (in - 1)->hi < ancestor) {
        out.push_back({ancestor, ancestor});
      }
    }
    out.insert(out.end(), ranges.begin(), ranges.end());
    std::ranges::sort(out, {}, &CellRange::lo);
    return;
  }
  out.push_back({1, (Cell{1} << 61) - 1});
}

} // namespace starhouse::geo
