// Any pattern, any text (after the first line feed): an Error for the pattern, or a verdict on the
// text; accepted times lie within the server's range.
#include "core/error.hpp"
#include "core/stream/date_format.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  using namespace starhouse::stream;
  const std::string_view input(reinterpret_cast<const char *>(data), size);
  const std::size_t end = std::min(input.find('\n'), input.size());
  const std::string_view text = input.substr(std::min(end + 1, input.size()));
  try {
    const DateFormat format(input.substr(0, end));
    ParsedTime time;
    if (format.parse(text, time) == TimeStatus::ok) {
      const bool inside = time.local_micros >= -211'813'488'000'000'000 &&
                          time.local_micros < 9'223'371'331'200'000'000;
      if (!inside || (time.has_offset && !time.has_time)) {
        std::abort();
      }
    }
  } catch (const starhouse::Error &error) {
    if (error.hint().empty()) {
      std::abort();
    }
  }
  return 0;
}
