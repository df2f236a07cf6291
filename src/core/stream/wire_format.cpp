#include "core/stream/wire_format.hpp"

namespace starhouse::stream {

namespace {

constexpr std::size_t frame_bytes = 5;

Framing broken(std::string_view message, std::string_view why, Reject &reject) {
  reject.set(sqlstate::invalid_binary_representation, {}, message, why,
             "A framed message is a zero byte, the schema's id in four bytes, then JSON.");
  return Framing::broken;
}

} // namespace

Framing unwrap(std::string_view message, WireMessage &result, Reject &reject) {
  result = {0, message};
  if (message.empty() || message[0] != '\0') {
    return Framing::plain;
  }
  if (message.size() < frame_bytes) {
    return broken(message, "the message ends within its schema id", reject);
  }
  std::uint32_t id = 0;
  for (std::size_t i = 1; i < frame_bytes; ++i) {
    id = id << 8U | static_cast<unsigned char>(message[i]);
  }
  if (id == 0 || id > 0x7FFFFFFFU) {
    return broken(message, "the message names no schema: ids are 1 to 2147483647", reject);
  }
  if (message.size() == frame_bytes) {
    return broken(message, "the message holds nothing after its schema id", reject);
  }
  result = {id, message.substr(frame_bytes)};
  return Framing::framed;
}

} // namespace starhouse::stream
