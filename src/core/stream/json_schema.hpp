// JSON Schema, draft 2020-12, compiled once and applied to many messages: which keywords is said in
// docs/contract.md, keyword by keyword. Schemas that say draft-07 or 2019-09 in "$schema" are read
// by those drafts' spelling (definitions, items as a list, dependencies, $ref alone).
//
// What a hostile schema or message can cost is bounded: expressions run in linear time, a schema
// that refers to itself without descending is refused, and a validation takes a limited number of
// steps and levels. Numbers are compared and divided as the decimals they are.
#pragma once

#include "core/stream/json_scanner.hpp"
#include "core/stream/reject.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::stream {

namespace json_schema {
struct Program;
}

enum class JsonSchemaDraft : std::uint8_t { draft_07, draft_2019_09, draft_2020_12 };

struct JsonSchemaOptions {
  bool assert_formats = false; // check "format"; otherwise it is a remark, as the standard has it
  bool ignore_unknown = false; // unknown keywords are remarks instead of errors
  JsonSchemaDraft draft = JsonSchemaDraft::draft_2020_12; // of schemas without "$schema"
};

// Cheap to copy: copies share what was compiled.
class JsonSchema {
public:
  // Throws Error naming the place in the schema (a JSON pointer): 22023 for what is wrong, 0A000
  // for what is right but not supported.
  explicit JsonSchema(std::string_view json, JsonSchemaOptions options = {});

  const json_schema::Program &program() const noexcept { return *program_; }

private:
  std::shared_ptr<const json_schema::Program> program_;
};

// Why a message does not satisfy a schema.
struct Violation {
  SqlState code{"00000"};    // 23502 required, 54000 beyond a limit, else 23514
  std::uint32_t node = 0;    // of the message's tree
  std::string instance_path; // JSON pointer into the message
  std::string schema_path;   // JSON pointer into the schema, down to the keyword
  std::string expected;      // "is not an integer"
};

// The violation as a reject: reason "/items/0/qty is below the minimum 1 (schema:
// /properties/…/minimum)", value what stands there.
void tell(const Violation &violation, std::span<const JsonNode> tree, Reject &reject);

// Applies one schema to message after message; allocates nothing once its buffers have grown,
// unless there is something to tell.
class SchemaValidator {
public:
  static constexpr std::size_t deepest = 1000;         // schemas within schemas
  static constexpr std::uint64_t most_steps = 1000000; // and 64 for every value of the message

  explicit SchemaValidator(JsonSchema schema);
  ~SchemaValidator();
  SchemaValidator(const SchemaValidator &) = delete;
  SchemaValidator &operator=(const SchemaValidator &) = delete;

  // `tree` as a JsonScanner keeps it. False: `violation` tells the first one found.
  bool validate(std::span<const JsonNode> tree, Violation &violation);

  // After a validation: calls note(path, kind) for every field of an object with described members
  // that no "properties", "patternProperties" or "additionalProperties" (other than true)
  // describes. The path has * for every index of an array, and is valid during the call.
  template <class Note>
  void unknown_fields(std::span<const JsonNode> tree, Note note) {
    for (const std::uint32_t node : find_unknown(tree)) {
      note(field_path(tree, node), tree[node].kind);
    }
  }

private:
  std::span<const std::uint32_t> find_unknown(std::span<const JsonNode> tree);
  std::string_view field_path(std::span<const JsonNode> tree, std::size_t node);

  struct State;
  std::unique_ptr<State> state_;
};

// Where a node stands in its text, as a JSON pointer; with every index of an array as * if asked
// for.
void path_of(std::span<const JsonNode> tree, std::size_t node, bool stars, std::string &out);

} // namespace starhouse::stream
