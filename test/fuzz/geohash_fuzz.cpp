// Any text as a geohash: an Error 22P02 with a hint, or a cell that gives the text back (in lower
// case), lies within its bounds and has neighbours that lead back.
#include "core/geo/geohash.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  using namespace starhouse::geo;
  const std::string_view input(reinterpret_cast<const char *>(data), size);
  Cell cell = 0;
  try {
    cell = from_text(input);
  } catch (const starhouse::Error &error) {
    require(error.code() == starhouse::sqlstate::invalid_text_representation &&
            !error.hint().empty());
    return 0;
  }
  require(is_cell(cell));
  std::array<char, max_precision> text{};
  const int length = to_text(cell, text);
  require(static_cast<std::size_t>(length) == size);
  for (std::size_t i = 0; i < size; ++i) {
    const char c = input[i];
    require(text[i] == (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c));
  }
  const Bounds bounds = bounds_of(cell);
  require(bounds.south < bounds.north && bounds.west < bounds.east);
  require(encode(bounds.south, bounds.west, length) == cell);
  const Cell east = neighbor(cell, Direction::e);
  require(is_cell(east) && neighbor(east, Direction::w) == cell);
  const Cell north = neighbor(cell, Direction::n);
  require(north == 0 ? bounds.north == 90 : neighbor(north, Direction::s) == cell);
  return 0;
}
