// Which nodes of a schema's tree are schemas, under which URIs and anchors they are known, and
// where a $ref leads. Internal to the compiler of JSON Schemas.
#pragma once

#include "core/stream/json_schema_program.hpp"

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace starhouse::stream::json_schema {

// What the value of a keyword holds.
enum class Holds : std::uint8_t {
  other,         // no schemas
  schema,        // one
  schemas,       // a list of them
  named_schemas, // an object of them
  either,        // one, or a list (items of older drafts)
  dependencies   // an object of schemas or lists of names
};
Holds what_holds(std::string_view keyword) noexcept;

[[noreturn]] void fail(const SqlState &code, const std::string &path, const std::string &why,
                       const std::string &hint);

// The draft that "$schema" names, `otherwise` where there is none. 0A000 for one that is not read.
JsonSchemaDraft draft_of(std::span<const JsonNode> tree, JsonSchemaDraft otherwise);

class References {
public:
  References(std::span<const JsonNode> tree, JsonSchemaDraft dialect);

  // The node that `ref`, standing in the schema `from`, leads to. Throws 0A000 when that is in
  // another document, 22023 when there is no such place.
  Index find(Index from, std::string_view ref) const;

private:
  void note_schema(Index node);
  void note_children(Index node);
  Index at_pointer(Index root, std::string_view pointer, Index from) const;

  std::span<const JsonNode> tree_;
  JsonSchemaDraft dialect_;
  std::vector<std::string> bases_;
  std::vector<std::uint32_t> base_of_; // per node
  std::vector<bool> is_schema_;
  std::map<std::string, Index, std::less<>> resources_;
  std::map<std::pair<std::string, std::string>, Index> anchors_; // base and name
};

// The member of an object, or none.
Index member(std::span<const JsonNode> tree, Index object, std::string_view key) noexcept;
std::string place(std::span<const JsonNode> tree, Index node);

// RFC 3986, 5.2, for what schemas hold.
std::string resolve_uri(std::string_view base, std::string_view reference);

} // namespace starhouse::stream::json_schema
