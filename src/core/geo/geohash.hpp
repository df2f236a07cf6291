// Geohash cells: the grid of G. Niemeyer (2008) as text and as integers.
//
// A geohash of precision p (1..12) is the first 5p bits of longitude and latitude, halved in turn
// beginning with longitude. As text every five bits are one character of base 32. As an integer the
// bits stand left-aligned in 60, followed by a one and zeros (the sentinel):
//
//   bit 63..61   60 .. 61-5p   60-5p      59-5p .. 0
//       0 0 0    5p bits       1          0
//
// So a cell is positive, knows its precision (the place of its lowest one), sorts with the others
// along the curve, and its descendants of any precision are exactly the cells of one range of
// integers, first_descendant() to last_descendant(): what a B-tree can answer.
//
// Which cell a point belongs to is exact. Cell edges are multiples of 45 * 2^-28 (latitude) and
// 45 * 2^-27 (longitude) and thus doubles without error; a grid line found by multiplication is
// compared with the point itself wherever it might be one off. A cell holds its southern and
// western edge; latitude 90 and longitude 180 belong to the last row and column; -0 is 0.
#pragma once

#include "core/error.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace starhouse::geo {

using Cell = std::int64_t;

inline constexpr int max_precision = 12;
inline constexpr std::string_view base32 = "0123456789bcdefghjkmnpqrstuvwxyz";

// Rows and columns of the finest grid: 2^30 each way.
inline constexpr int grid_bits = 30;
inline constexpr std::int64_t grid_size = std::int64_t{1} << grid_bits;
inline constexpr double row_height = 180.0 / grid_size; // exact: 45 * 2^-28 degrees
inline constexpr double column_width = 360.0 / grid_size;

// False for NaN too.
inline bool is_latitude(double lat) noexcept {
  return std::fabs(lat) <= 90;
}
inline bool is_longitude(double lon) noexcept {
  return std::fabs(lon) <= 180;
}
inline bool is_precision(std::int64_t precision) noexcept {
  return precision >= 1 && precision <= max_precision;
}
bool is_cell(Cell cell) noexcept;

// Throw 22003 or 22023 with the value, unless it is good.
void check_latitude(double lat, const char *name = "latitude");
void check_longitude(double lon, const char *name = "longitude");
void check_precision(std::int64_t precision);
void check_cell(Cell cell);

// Southern and western edge of a row and a column of the finest grid; exact.
constexpr double row_south(std::int64_t row) noexcept {
  return static_cast<double>(row) * row_height - 90;
}
constexpr double column_west(std::int64_t column) noexcept {
  return static_cast<double>(column) * column_width - 180;
}

// Row and column of the finest grid that hold a coordinate; it has to be in range. The product is
// off by less than 3e-7 of a step, so only near a grid line has the point itself to be asked.
// Added to 1.5 * 2^52 it is rounded to the nearest line, whose number is in the sum's lowest bits:
// half the time of converting there and back.
struct Steps {
  std::int64_t line; // the nearest
  double beyond;     // -0.5 to 0.5
};
inline Steps steps_of(double steps) noexcept {
  constexpr double round = 6755399441055744.0;
  const double sum = steps + round;
  return {std::bit_cast<std::int64_t>(sum) - std::bit_cast<std::int64_t>(round),
          steps - (sum - round)};
}
inline bool is_off_the_lines(double beyond) noexcept {
  return std::fabs(beyond) > 1e-6;
}
inline std::int64_t row_of(double lat) noexcept {
  const Steps at = steps_of((lat + 90) * (grid_size / 180.0));
  if (is_off_the_lines(at.beyond)) [[likely]] {
    return at.line - static_cast<std::int64_t>(at.beyond < 0);
  }
  const std::int64_t row = at.line - static_cast<std::int64_t>(lat < row_south(at.line));
  return row < grid_size ? row : grid_size - 1;
}
inline std::int64_t column_of(double lon) noexcept {
  const Steps at = steps_of((lon + 180) * (grid_size / 360.0));
  if (is_off_the_lines(at.beyond)) [[likely]] {
    return at.line - static_cast<std::int64_t>(at.beyond < 0);
  }
  const std::int64_t column = at.line - static_cast<std::int64_t>(lon < column_west(at.line));
  return column < grid_size ? column : grid_size - 1;
}

// Bit i of a 30-bit number moves to bit 2i; and back.
constexpr std::uint64_t spread(std::uint64_t x) noexcept {
  x = (x | (x << 16)) & 0x0000FFFF0000FFFFULL;
  x = (x | (x << 8)) & 0x00FF00FF00FF00FFULL;
  x = (x | (x << 4)) & 0x0F0F0F0F0F0F0F0FULL;
  x = (x | (x << 2)) & 0x3333333333333333ULL;
  return (x | (x << 1)) & 0x5555555555555555ULL;
}
constexpr std::uint64_t gather(std::uint64_t x) noexcept {
  x &= 0x5555555555555555ULL;
  x = (x | (x >> 1)) & 0x3333333333333333ULL;
  x = (x | (x >> 2)) & 0x0F0F0F0F0F0F0F0FULL;
  x = (x | (x >> 4)) & 0x00FF00FF00FF00FFULL;
  x = (x | (x >> 8)) & 0x0000FFFF0000FFFFULL;
  return (x | (x >> 16)) & 0x00000000FFFFFFFFULL;
}

// Place of the sentinel.
constexpr int sentinel_shift(int precision) noexcept {
  return 60 - 5 * precision;
}

// The bits of a place on the finest grid, those of the column and of the row in turn. Cells of
// precision 6 or less have no more than 15 bits of either: both are spread at once.
constexpr std::uint64_t interleave(std::uint64_t row, std::uint64_t column) noexcept {
  return spread(row) | (spread(column) << 1);
}
constexpr std::uint64_t interleave_upper(std::uint64_t row, std::uint64_t column) noexcept {
  std::uint64_t x = (row >> 15) | (column >> 15 << 32);
  x = (x | (x << 8)) & 0x00FF00FF00FF00FFULL;
  x = (x | (x << 4)) & 0x0F0F0F0F0F0F0F0FULL;
  x = (x | (x << 2)) & 0x3333333333333333ULL;
  x = (x | (x << 1)) & 0x5555555555555555ULL;
  return ((x | (x >> 31)) & 0xFFFFFFFFULL) << 30;
}

// The cell of a precision that holds a place on the finest grid.
constexpr Cell cell_at(std::int64_t row, std::int64_t column, int precision) noexcept {
  const auto y = static_cast<std::uint64_t>(row);
  const auto x = static_cast<std::uint64_t>(column);
  const std::uint64_t bits = precision <= 6 ? interleave_upper(y, x) : interleave(y, x);
  const int shift = sentinel_shift(precision);
  return static_cast<Cell>((((bits >> shift) << 1) | 1) << shift);
}

// The arguments have to be in range.
inline Cell encode(double lat, double lon, int precision) noexcept {
  return cell_at(row_of(lat), column_of(lon), precision);
}

// All below take a valid cell.
constexpr int precision_of(Cell cell) noexcept {
  return (60 - std::countr_zero(static_cast<std::uint64_t>(cell))) / 5;
}
constexpr Cell parent(Cell cell, int precision) noexcept {
  const int shift = sentinel_shift(precision);
  return (((cell >> (shift + 1)) << 1) | 1) << shift;
}
// Rows and columns a cell of a precision takes of the finest grid.
constexpr std::int64_t rows_of(int precision) noexcept {
  return std::int64_t{1} << (grid_bits - 5 * precision / 2);
}
constexpr std::int64_t columns_of(int precision) noexcept {
  return std::int64_t{1} << (grid_bits - (5 * precision + 1) / 2);
}
// The smallest and the largest integer that is the cell or one of its descendants.
constexpr Cell first_descendant(Cell cell) noexcept {
  return cell - (cell & -cell) + 1;
}
constexpr Cell last_descendant(Cell cell) noexcept {
  return cell + (cell & -cell) - 1;
}
// Its 32 children lie this far apart, the first one at first_child().
constexpr Cell child_distance(Cell cell) noexcept {
  return (cell & -cell) >> 4;
}
constexpr Cell first_child(Cell cell) noexcept {
  return cell - (cell & -cell) + (child_distance(cell) >> 1);
}

// First row and column on the finest grid.
struct GridPlace {
  std::int64_t row;
  std::int64_t column;
};
constexpr GridPlace place_of(Cell cell) noexcept {
  const std::uint64_t bits = static_cast<std::uint64_t>(cell & (cell - 1)) >> 1;
  return {static_cast<std::int64_t>(gather(bits)), static_cast<std::int64_t>(gather(bits >> 1))};
}

struct Bounds {
  double south;
  double west;
  double north;
  double east;
};
constexpr Bounds bounds_of(Cell cell) noexcept {
  const GridPlace place = place_of(cell);
  const int precision = precision_of(cell);
  return {row_south(place.row), column_west(place.column),
          row_south(place.row + rows_of(precision)),
          column_west(place.column + columns_of(precision))};
}

enum class Direction : std::uint8_t { n, ne, e, se, s, sw, w, nw };
inline constexpr int direction_count = 8;

// A name of one of the eight, any case: n, ne, ... Error 22023.
Direction direction_from_name(std::string_view name);

// The cell next to it, across the date line if need be; 0 beyond a pole.
Cell neighbor(Cell cell, Direction direction) noexcept;

// Text ------------------------------------------------------------------------------------------

// Two characters for each ten bits: half the look-ups.
inline constexpr auto base32_pairs = [] {
  std::array<std::array<char, 2>, 1024> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i] = {base32[i >> 5], base32[i & 31]};
  }
  return pairs;
}();

// Writes the characters of a cell, and whatever fills up max_precision; returns how many count.
inline int to_text(Cell cell, char *text) noexcept {
  const auto bits = static_cast<std::uint64_t>(cell) << 3; // the first character leads
  for (std::size_t i = 0; i < max_precision / 2; ++i) {
    std::memcpy(text + 2 * i, base32_pairs[(bits >> (54 - 10 * i)) & 1023].data(), 2);
  }
  return precision_of(cell);
}
inline int to_text(Cell cell, std::array<char, max_precision> &text) noexcept {
  return to_text(cell, text.data());
}

// The cell of 1 to 12 characters of base 32, upper case as lower case. Error 22P02 for anything
// else: an empty text, a, i, l, o, blanks.
Cell from_text(std::string_view text);

} // namespace starhouse::geo
