// The schemas of a registry, compiled, for messages that name theirs by id.
#pragma once

#include "client/schema_registry.hpp"
#include "core/stream/json_schema.hpp"
#include "core/stream/reject.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace starhouse::client {

class RegisteredSchemas {
public:
  // As SchemaRegistry's. One thread at a time.
  explicit RegisteredSchemas(std::string where) : registry_(std::move(where)) {}

  // Whether `payload` satisfies schema `id`; if not, `reject` says why. A schema that does not
  // exist, or is none that is supported, rejects its messages; throws Error 08006 while the
  // registry does not answer, so that the caller can try the message again later.
  bool check(std::uint32_t id, std::string_view payload, stream::Reject &reject);
  // Whether there is a schema of that id that can be applied; otherwise as check().
  bool has(std::uint32_t id, stream::Reject &reject);
  // Whether schema `id`, which is there, says the same as `text`: equal as JSON, but for remarks at
  // the top ($schema, $id, title, ...).
  bool is_same(std::uint32_t id, std::string_view text);

private:
  struct Known {
    std::unique_ptr<stream::SchemaValidator> validator;
    stream::Reject refusal; // instead of a validator
  };
  Known &known(std::uint32_t id, Known &missing);

  SchemaRegistry registry_;
  stream::JsonScanner scanner_;
  bool scans_ = false;
  std::unordered_map<std::uint32_t, Known> known_;
};

} // namespace starhouse::client
