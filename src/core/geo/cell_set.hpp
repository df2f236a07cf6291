// Sets of geohash cells: the cells of a box and of a circle, families, compaction, index ranges.
//
// What gives cells appends them to `out`, in ascending order.
#pragma once

#include "core/error.hpp"
#include "core/geo/geodesic.hpp"
#include "core/geo/geohash.hpp"

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

namespace starhouse::geo {

using Cells = std::pmr::vector<Cell>;

// A range of integers, both ends included.
struct CellRange {
  Cell lo;
  Cell hi;

  friend bool operator==(const CellRange &, const CellRange &) = default;
};
using CellRanges = std::pmr::vector<CellRange>;

inline constexpr std::size_t most_cells = 10'000'000;

inline constexpr std::size_t most_ranges = 10'000;

// Throw 22023 unless 1 <= max_cells <= most_cells, 1 <= max_ranges <= most_ranges.
void check_max_cells(std::int64_t max_cells);
void check_max_ranges(std::int64_t max_ranges);
// Throws 54000: the answer has more cells than max_cells.
[[noreturn]] void refuse_count(std::size_t max_cells);

// The descendants of a cell at a precision not coarser than its own; `out` has room for exactly
// them.
void descendants(Cell cell, int precision, std::span<Cell> out) noexcept;

// The cells that hold a point of the box, edges included. West of more than east means a box across
// the date line. Errors 22003, 22023, 54000.
void cover_box(const Bounds &box, int precision, std::size_t max_cells, Cells &out, const Env &env);

// Cells such that every point within `metres` of the centre on WGS 84 lies in one of them. One that
// is farther away, by up to 0.7 % of the radius, may be among them; for the sphere's sake distances
// to a cell are bounded from below, not computed. Errors 22003, 22023, 54000.
void cover_circle(LatLon centre, double metres, int precision, std::size_t max_cells, Cells &out,
                  const Env &env);

// Of a distance on WGS 84 from a point to the cell: no more than it, and 0 where the point is in.
double distance_at_least(LatLon point, Cell cell) noexcept;

// The fewest cells of the same area: sorted, no cell twice or inside another one, 32 children
// replaced by their parent. Throws 22023 for what is no cell.
void compact(std::span<const Cell> cells, Cells &out, const Env &env);

// The ranges of all descendants of the cells, those that touch joined. Between two neighbours lies
// one integer, the number of a coarser cell: cells as coarse as that are not told apart.
void ranges_of(std::span<const Cell> cells, CellRanges &out, const Env &env);

// Ranges that hold every cell, of any precision, with a point within `metres` on WGS 84: a search
// for points by a B-tree, ascending. At most max_ranges of them, as coarse as that asks for, and
// one each for coarser cells. Errors 22003.
void search_ranges(LatLon centre, double metres, std::size_t max_ranges, CellRanges &out,
                   const Env &env);

} // namespace starhouse::geo
