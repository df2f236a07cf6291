// The JSON Schema of a contract: found in it, compiled, and turned into columns where the contract
// names none. Used by contract.cpp only.
#pragma once

#include "core/stream/contract.hpp"
#include "core/stream/contract_json.hpp"

#include <string>
#include <string_view>

namespace starhouse::stream::contract_json {

// A document that is no contract but a JSON Schema: it says "$schema" or "properties", and neither
// "columns" nor "schema".
bool is_schema_alone(dom::element root);
Contract contract_of_schema(std::string_view json, JsonSchemaOptions options);

// The JSON text of a member of the root object, numbers as they are written.
std::string member_text(std::string_view json, std::string_view key);
// Compiles; errors name `path` before the place in the schema.
JsonSchema schema_at(const std::string &path, std::string_view json, JsonSchemaOptions options);

// One column per top-level property, in the schema's order.
void derive_columns(const JsonSchema &schema, Contract &contract);

} // namespace starhouse::stream::contract_json
