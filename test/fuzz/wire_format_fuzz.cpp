// Any bytes as a message: plain, framed or broken, and the payload lies within the message.
#include "core/stream/encoding.hpp"
#include "core/stream/wire_format.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  using namespace starhouse::stream;
  const std::string_view bytes(reinterpret_cast<const char *>(data), size);
  WireMessage message;
  Reject reject;
  const Framing framing = unwrap(bytes, message, reject);
  const bool good = framing == Framing::plain ? message.payload == bytes && message.schema_id == 0
                    : framing == Framing::framed
                        ? message.payload.size() + 5 == size &&
                              message.payload.data() == bytes.data() + 5 && message.schema_id > 0
                        : valid_text(reject.value) && !reject.reason.empty();
  if (!good) {
    std::abort();
  }
  return 0;
}
