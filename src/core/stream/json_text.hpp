// Small pieces of writing JSON.
#pragma once

#include "core/stream/json_scanner.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace starhouse::stream {

// "text", with what JSON wants escaped.
void put_json_string(std::string_view text, std::string &out);
// The value at a node, numbers as they were written.
void put_json(std::span<const JsonNode> tree, std::size_t at, std::string &out);
// `key` as one step of a JSON pointer.
void append_pointer_key(std::string_view key, std::string &out);
// "string", "number", ...
std::string_view name_of(JsonKind kind) noexcept;

} // namespace starhouse::stream
