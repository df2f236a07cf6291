// On which side of the line through a and b a point lies: exact for every coordinate a shape can
// hold.
//
// The sign of the 2x2 determinant is first computed in doubles with Shewchuk's static error bound
// (Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates, 1997, section
// 4.3); only where the bound cannot decide is the determinant summed without rounding. So two zones
// that share an edge agree on which of them a point belongs to, in whichever direction each of them
// walks it.
#pragma once

#include <cmath>

namespace starhouse::geo {

// Degrees on the plane of longitude (x, eastward) and latitude (y, northward).
struct Vertex {
  double lon;
  double lat;

  friend bool operator==(const Vertex &, const Vertex &) = default;
};

// Sign of the sum of products, without rounding; slow.
int exact_side(Vertex a, Vertex b, Vertex point) noexcept;

// 1 left of a -> b, -1 right of it, 0 on the line.
inline int side(Vertex a, Vertex b, Vertex point) noexcept {
  const double left = (a.lon - point.lon) * (b.lat - point.lat);
  const double right = (a.lat - point.lat) * (b.lon - point.lon);
  const double determinant = left - right;
  const double bound = 3.3306690738754716e-16 * (std::abs(left) + std::abs(right));
  if (determinant > bound) {
    return 1;
  }
  if (-determinant > bound) {
    return -1;
  }
  return exact_side(a, b, point);
}

} // namespace starhouse::geo
