// Any text as WKT, and as whatever format it seems to be: a shape that keeps its promises, or an
// Error with a hint.
#include "shape_check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char *>(data), size);
  check_shape([&] { return starhouse::geo::parse_wkt(text, {}); }, "22P02");
  check_shape([&] { return starhouse::geo::parse_shape_text(text, {}); }, nullptr);
  return 0;
}
