// What the fuzz targets of the shape formats hold every parsed shape to.
#pragma once

#include "core/geo/shape_text.hpp"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

template <class Parse>
void check_shape(Parse parse, const char *code) {
  using namespace starhouse::geo;
  const auto require = [](bool holds) {
    if (!holds) {
      std::abort();
    }
  };
  try {
    const Shape shape = parse();
    const Box box = shape.box();
    for (std::size_t r = 0; r < shape.ring_count(); ++r) {
      const auto ring = shape.ring(r);
      require(ring.size() >= 4 && ring.front() == ring.back());
      for (const Vertex vertex : ring) {
        require(std::abs(vertex.lat) <= 90 && std::abs(vertex.lon) <= 360 && box.covers(vertex));
      }
    }
    std::size_t tried = 0;
    shape.each_edge([&](Vertex from, Vertex to) {
      if (++tried < 16) { // quadratic otherwise
        require(shape.place_on_plane(from) != Place::outside);
        require(side(from, to, to) == 0);
      }
    });
  } catch (const starhouse::Error &error) {
    const std::string_view got(error.code().data());
    require(!error.hint().empty());
    require(code != nullptr ? got == code : got == "22P02" || got == "22P03");
  }
}
