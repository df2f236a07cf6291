#include "core/stream/json_text.hpp"

namespace starhouse::stream {

void put_json_string(std::string_view text, std::string &out) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    } else {
      out += c;
    }
  }
  out += '"';
}

void put_json(std::span<const JsonNode> tree, std::size_t at, std::string &out) {
  const JsonNode &node = tree[at];
  if (node.kind == JsonKind::string) {
    put_json_string(node.text, out);
    return;
  }
  if (node.kind != JsonKind::object && node.kind != JsonKind::array) {
    out += node.text;
    return;
  }
  const bool object = node.kind == JsonKind::object;
  out += object ? '{' : '[';
  for (std::size_t i = at + 1; i < node.end; i = tree[i].end) {
    if (i != at + 1) {
      out += ',';
    }
    if (object) {
      put_json_string(tree[i].key, out);
      out += ':';
    }
    put_json(tree, i, out);
  }
  out += object ? '}' : ']';
}

void append_pointer_key(std::string_view key, std::string &out) {
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
}

std::string_view name_of(JsonKind kind) noexcept {
  switch (kind) {
  case JsonKind::null:
    return "null";
  case JsonKind::string:
    return "string";
  case JsonKind::number:
    return "number";
  case JsonKind::boolean:
    return "boolean";
  case JsonKind::object:
    return "object";
  case JsonKind::array:
    return "array";
  case JsonKind::missing:
    break;
  }
  return "missing";
}

} // namespace starhouse::stream
