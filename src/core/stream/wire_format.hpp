// Confluent's wire format of a message with a registered schema: a zero byte, the schema's id as
// four bytes, most significant first, then the payload (for JSON Schema: the JSON text).
// https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
#pragma once

#include "core/stream/reject.hpp"

#include <cstdint>
#include <string_view>

namespace starhouse::stream {

enum class Framing : std::uint8_t {
  plain,  // does not begin with the zero byte: the whole message is the payload
  framed, // `schema_id` and `payload` are set
  broken  // begins with the zero byte, but there is no id or no payload after it; `reject` says so
};

struct WireMessage {
  std::uint32_t schema_id = 0; // 0 when plain; ids of a registry begin at 1
  std::string_view payload;    // within the message
};

// Takes a message apart. No JSON text begins with a zero byte, so plain messages and framed ones
// may share a topic. Touches `reject` only when the message is broken.
Framing unwrap(std::string_view message, WireMessage &result, Reject &reject);

} // namespace starhouse::stream
