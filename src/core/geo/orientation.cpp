#include "core/geo/orientation.hpp"

#include <array>
#include <cstddef>

namespace starhouse::geo {

namespace {

// A sum of doubles that do not overlap, smallest first: its sign is that of its last element.
class Expansion {
public:
  // Shewchuk's GROW-EXPANSION.
  void add(double term) noexcept {
    double sum = term;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      const double part = parts_[i];
      const double total = sum + part;
      const double virtual_part = total - sum;
      const double error = (sum - (total - virtual_part)) + (part - virtual_part);
      sum = total;
      if (error != 0) {
        parts_[kept++] = error;
      }
    }
    if (sum != 0) {
      parts_[kept++] = sum;
    }
    size_ = kept;
  }

  void add_product(double a, double b) noexcept {
    const double product = a * b;
    add(std::fma(a, b, -product));
    add(product);
  }

  int sign() const noexcept { return size_ == 0 ? 0 : parts_[size_ - 1] > 0 ? 1 : -1; }

private:
  std::array<double, 16> parts_{};
  std::size_t size_ = 0;
};

// Below this two degrees differ by less than the diameter of an atom, and products of two such
// numbers would leave the range of doubles, where they stop being exact.
double settled(double degrees) noexcept {
  return std::abs(degrees) < 1e-100 ? 0 : degrees;
}

Vertex settled(Vertex vertex) noexcept {
  return {settled(vertex.lon), settled(vertex.lat)};
}

} // namespace

int exact_side(Vertex a, Vertex b, Vertex point) noexcept {
  a = settled(a);
  b = settled(b);
  point = settled(point);
  Expansion sum;
  sum.add_product(a.lon, b.lat);
  sum.add_product(-a.lon, point.lat);
  sum.add_product(-point.lon, b.lat);
  sum.add_product(-a.lat, b.lon);
  sum.add_product(a.lat, point.lon);
  sum.add_product(point.lat, b.lon);
  return sum.sign();
}

} // namespace starhouse::geo
