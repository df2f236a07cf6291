// The geohash cells of an area on the map.
//
// Everything is decided without rounding: cell edges are exact doubles, the side of a line a corner
// lies on is exact (orientation.hpp).
#pragma once

#include "core/geo/cell_set.hpp"
#include "core/geo/shape.hpp"

#include <cstdint>
#include <string_view>

namespace starhouse::geo {

enum class CoverMode : std::uint8_t {
  inner, // cells all of whose points belong to the shape
  outer, // cells with at least one point that does
  centre // cells whose centre does
};

// inner, outer, centre or center, any case. Error 22023.
CoverMode cover_mode_from_name(std::string_view name);

// Appends the cells of one precision, ascending. Polygons of a shape are covered one by one: a cell
// that two of them share is in neither's inner cells. A shape beyond the date line is met on the
// globe. Errors 22023, 54000.
void cover_shape(const Shape &shape, int precision, CoverMode mode, std::size_t max_cells,
                 Cells &out, const Env &env);

} // namespace starhouse::geo
