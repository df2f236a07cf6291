// Any text as the text form of a state: an Error with a hint, or bytes whose text is the input
// again.
#include "core/base64.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char *>(data), size);
  std::vector<std::byte> bytes(starhouse::base64_most_bytes(size));
  try {
    bytes.resize(starhouse::base64_decode(text, bytes, "state"));
    std::string again(starhouse::base64_size(bytes.size()), '\0');
    starhouse::base64_encode(bytes, again);
    if (again != text) {
      std::abort();
    }
  } catch (const starhouse::Error &error) {
    if (error.hint().empty()) {
      std::abort();
    }
  }
  return 0;
}
