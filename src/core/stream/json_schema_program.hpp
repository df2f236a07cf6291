// The compiled form of a JSON Schema: flat tables of rules that refer to one another by index. Made
// by json_schema_compile.cpp, read by json_schema_validate.cpp.
#pragma once

#include "core/stream/json_format.hpp"
#include "core/stream/json_number.hpp"
#include "core/stream/json_schema.hpp"

#include <memory>
#include <optional>
#include <re2/re2.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace starhouse::stream::json_schema {

using Index = std::uint32_t;
inline constexpr Index none = static_cast<Index>(-1);

enum TypeBit : std::uint8_t {
  type_null = 1,
  type_boolean = 2,
  type_string = 4,
  type_integer = 8,
  type_fraction = 16, // a number that is no integer
  type_array = 32,
  type_object = 64
};
inline constexpr std::uint8_t any_type = 127;

enum class Keyword : std::uint8_t {
  never, // the schema false
  type,
  enumeration,
  constant,
  minimum,
  maximum,
  exclusive_minimum,
  exclusive_maximum,
  multiple_of,
  min_length,
  max_length,
  pattern,
  format,
  min_items,
  max_items,
  unique_items,
  contains,
  min_contains,
  max_contains,
  unevaluated_items,
  required,
  min_properties,
  max_properties,
  dependent_required,
  unevaluated_properties,
  any_of,
  one_of,
  negation
};
std::string_view name_of(Keyword keyword) noexcept;

struct NumberRules {
  std::optional<JsonNumber> minimum, maximum, exclusive_minimum, exclusive_maximum;
  std::optional<Divisor> multiple_of;
  std::string_view multiple_text;
};

struct StringRules {
  std::uint64_t min_length = 0;
  std::uint64_t max_length = static_cast<std::uint64_t>(-1);
  const RE2 *pattern = nullptr;
  std::string_view pattern_text;
  JsonFormat format = JsonFormat::none;
};

struct ArrayRules {
  std::vector<Index> prefix;
  Index items = none;
  Index contains = none;
  std::uint64_t min_contains = 1;
  std::uint64_t max_contains = static_cast<std::uint64_t>(-1);
  std::uint64_t min_items = 0;
  std::uint64_t max_items = static_cast<std::uint64_t>(-1);
  bool unique = false;
  Index unevaluated = none;
};

struct ObjectRules {
  struct Name {
    std::string_view key;
    Index schema = none;
    bool required = false;
  };
  std::vector<Name> names;  // sorted by key
  std::size_t required = 0; // how many of them are
  bool describes = false;   // says what its members are: properties or patternProperties
  std::vector<std::pair<const RE2 *, Index>> patterns;
  Index additional = none;
  bool additional_describes = false; // it is more than true
  Index property_names = none;
  std::uint64_t min_properties = 0;
  std::uint64_t max_properties = static_cast<std::uint64_t>(-1);
  std::vector<std::pair<std::string_view, std::vector<std::string_view>>> dependent_required;
  std::vector<std::pair<std::string_view, Index>> dependent_schemas;
  Index unevaluated = none;
};

struct LogicRules {
  Index ref = none;
  std::vector<Index> all, any, one;
  Index negation = none;
  Index condition = none, then = none, otherwise = none;
};

struct Schema {
  std::uint8_t types = any_type;
  bool never = false;
  bool single_value = false; // const
  bool plain = false;        // a type and nothing else
  bool listed = false;       // enum or const: one of `values`
  std::vector<Index> values; // nodes of the schema's own tree
  Index number = none, string = none, array = none, object = none, logic = none;
  Index source = 0; // where it stands in the schema's tree
};

struct Program {
  JsonScanner scanner; // keeps the schema's text, which views point into
  std::span<const JsonNode> tree;
  std::vector<Schema> schemas; // the first one is the root
  std::vector<NumberRules> numbers;
  std::vector<StringRules> strings;
  std::vector<ArrayRules> arrays;
  std::vector<ObjectRules> objects;
  std::vector<LogicRules> logics;
  std::vector<std::unique_ptr<const RE2>> patterns;
};

// The same JSON value: numbers by value, objects whatever the order of their members.
bool equal_values(std::span<const JsonNode> left, std::size_t left_at,
                  std::span<const JsonNode> right, std::size_t right_at);
std::uint64_t hash_value(std::span<const JsonNode> tree, std::size_t at);
TypeBit type_of(const JsonNode &node) noexcept;

} // namespace starhouse::stream::json_schema
