// Values of JSON trees compared and hashed: for const, enum and uniqueItems.
#include "core/hash.hpp"
#include "core/stream/json_schema_program.hpp"

#include <algorithm>
#include <bit>

namespace starhouse::stream::json_schema {

namespace {

constexpr std::size_t few_members = 16;

std::uint64_t hash_number(std::string_view token) noexcept {
  constexpr std::uint64_t radix = 31;
  const JsonNumber number = read_number(token);
  std::uint64_t digits = number.negative ? 1 : 0;
  for (const std::string_view run : {number.head, number.tail}) {
    for (const char c : run) {
      digits = digits * radix + static_cast<unsigned char>(c);
    }
  }
  return hash64(digits, std::bit_cast<std::uint64_t>(number.exponent));
}

std::vector<std::size_t> sorted_members(std::span<const JsonNode> tree, std::size_t at) {
  std::vector<std::size_t> members;
  members.reserve(tree[at].size);
  for (std::size_t i = at + 1; i < tree[at].end; i = tree[i].end) {
    members.push_back(i);
  }
  std::sort(members.begin(), members.end(),
            [&](std::size_t a, std::size_t b) { return tree[a].key < tree[b].key; });
  return members;
}

bool equal_objects(std::span<const JsonNode> left, std::size_t left_at,
                   std::span<const JsonNode> right, std::size_t right_at) {
  if (left[left_at].size > few_members) {
    const auto left_members = sorted_members(left, left_at);
    const auto right_members = sorted_members(right, right_at);
    for (std::size_t i = 0; i < left_members.size(); ++i) {
      if (left[left_members[i]].key != right[right_members[i]].key ||
          !equal_values(left, left_members[i], right, right_members[i])) {
        return false;
      }
    }
    return true;
  }
  for (std::size_t i = left_at + 1; i < left[left_at].end; i = left[i].end) {
    std::size_t other = right_at + 1;
    while (other < right[right_at].end && right[other].key != left[i].key) {
      other = right[other].end;
    }
    if (other >= right[right_at].end || !equal_values(left, i, right, other)) {
      return false;
    }
  }
  return true;
}

} // namespace

TypeBit type_of(const JsonNode &node) noexcept {
  switch (node.kind) {
  case JsonKind::null:
    return type_null;
  case JsonKind::boolean:
    return type_boolean;
  case JsonKind::string:
    return type_string;
  case JsonKind::array:
    return type_array;
  case JsonKind::object:
    return type_object;
  default:
    break;
  }
  const bool plain = node.text.find_first_of(".eE") == std::string_view::npos;
  return plain || read_number(node.text).is_integer() ? type_integer : type_fraction;
}

bool equal_values(std::span<const JsonNode> left, std::size_t left_at,
                  std::span<const JsonNode> right, std::size_t right_at) {
  const JsonNode &a = left[left_at];
  const JsonNode &b = right[right_at];
  if (a.kind != b.kind || a.size != b.size) {
    return false;
  }
  switch (a.kind) {
  case JsonKind::string:
  case JsonKind::boolean:
    return a.text == b.text;
  case JsonKind::number:
    return a.text == b.text || compare(read_number(a.text), read_number(b.text)) == 0;
  case JsonKind::object:
    return equal_objects(left, left_at, right, right_at);
  case JsonKind::array: {
    std::size_t other = right_at + 1;
    for (std::size_t i = left_at + 1; i < a.end; i = left[i].end, other = right[other].end) {
      if (!equal_values(left, i, right, other)) {
        return false;
      }
    }
    return true;
  }
  default:
    return true;
  }
}

std::uint64_t hash_value(std::span<const JsonNode> tree, std::size_t at) {
  const JsonNode &node = tree[at];
  const auto kind = static_cast<std::uint64_t>(node.kind);
  switch (node.kind) {
  case JsonKind::string:
  case JsonKind::boolean:
    return hash64(kind, hash64(node.text));
  case JsonKind::number:
    return hash64(kind, hash_number(node.text));
  case JsonKind::object: {
    std::uint64_t sum = 0; // the same in any order
    for (std::size_t i = at + 1; i < node.end; i = tree[i].end) {
      sum += hash64(hash64(tree[i].key), hash_value(tree, i));
    }
    return hash64(kind, sum);
  }
  case JsonKind::array: {
    std::uint64_t sum = node.size;
    for (std::size_t i = at + 1; i < node.end; i = tree[i].end) {
      sum = hash64(sum, hash_value(tree, i));
    }
    return hash64(kind, sum);
  }
  default:
    return hash64(kind);
  }
}

} // namespace starhouse::stream::json_schema
