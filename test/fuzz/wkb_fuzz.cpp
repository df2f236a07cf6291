// Any bytes as WKB: a shape that keeps its promises, or an Error with a hint.
#include "shape_check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  check_shape([&] { return starhouse::geo::parse_wkb({data, size}, {}); }, "22P03");
  return 0;
}
