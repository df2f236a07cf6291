#include "core/stream/contract_schema.hpp"

#include "core/error.hpp"
#include "core/stream/json_schema_program.hpp"
#include "core/stream/json_schema_refs.hpp"
#include "core/stream/json_text.hpp"
#include "core/stream/reject.hpp"

#include <array>
#include <set>

namespace starhouse::stream::contract_json {

using json_schema::Index;
using json_schema::none;

namespace {

constexpr std::size_t most_columns = 1500;
constexpr std::size_t longest_name = 63;

// What a property's schema says of its column: its rules, those of what it refers to, and of allOf.
struct Told {
  std::uint8_t types = json_schema::any_type;
  std::string_view format;
};

class Deriver {
public:
  explicit Deriver(const JsonSchema &schema) : program_(schema.program()) {}

  void run(Contract &contract) {
    members(0, 0);
    if (names_.empty() || names_.size() > most_columns) {
      fail({}, "the schema has no properties that could become columns, or more than 1500",
           "Name the \"columns\" beside the \"schema\".");
    }
    for (const auto &[key, index] : names_) {
      contract.columns.push_back(column(key, index));
    }
  }

private:
  // Properties and required ones of an object schema.
  void members(Index index, std::size_t depth) {
    if (depth > json_schema_depth) {
      return;
    }
    const json_schema::Schema &schema = program_.schemas[index];
    const Index properties = json_schema::member(program_.tree, schema.source, "properties");
    if (schema.object != none) {
      const json_schema::ObjectRules &rules = program_.objects[schema.object];
      if (properties != none) { // in the schema's order, not the table's
        for (Index i = properties + 1; i < program_.tree[properties].end;
             i = program_.tree[i].end) {
          for (const auto &name : rules.names) {
            if (name.key == program_.tree[i].key && seen_.insert(name.key).second) {
              names_.emplace_back(name.key, name.schema);
            }
          }
        }
      }
      for (const auto &name : rules.names) {
        if (name.required) {
          required_.insert(name.key);
        }
      }
    }
    if (schema.logic != none) {
      const json_schema::LogicRules &rules = program_.logics[schema.logic];
      if (rules.ref != none) {
        members(rules.ref, depth + 1);
      }
      for (const Index each : rules.all) {
        members(each, depth + 1);
      }
    }
  }

  void tell(Index index, std::size_t depth, Told &told) const {
    if (depth > json_schema_depth) {
      return;
    }
    const json_schema::Schema &schema = program_.schemas[index];
    told.types &= schema.types;
    if (schema.listed) {
      std::uint8_t types = 0;
      for (const Index value : schema.values) {
        types |= json_schema::type_of(program_.tree[value]);
      }
      told.types &= types;
    }
    const Index format = json_schema::member(program_.tree, schema.source, "format");
    if (format != none) {
      told.format = program_.tree[format].text;
    }
    if (schema.logic != none) {
      const json_schema::LogicRules &rules = program_.logics[schema.logic];
      if (rules.ref != none) {
        tell(rules.ref, depth + 1, told);
      }
      for (const Index each : rules.all) {
        tell(each, depth + 1, told);
      }
    }
  }

  ColumnSpec column(std::string_view key, Index index) const {
    if (key.empty() || key.size() > longest_name || key == "record_no") {
      fail("/properties/" + pointer_key(key), "the property's name cannot be a column's",
           "Name the \"columns\" beside the \"schema\"; a name has 1 to 63 bytes and is not "
           "record_no.");
    }
    using namespace json_schema; // NOLINT(google-build-using-namespace): the type bits
    Told told;
    tell(index, 0, told);
    ColumnSpec column;
    column.name = key;
    column.from.push_back({column.name, 0, {column.name}});
    column.trim = false; // values are taken as they are
    column.nulls.emplace();
    column.required = required_.count(key) > 0 && (told.types & type_null) == 0;
    switch (told.types & ~type_null) {
    case type_string:
      column.type = told.format == "date"        ? ColumnType::date
                    : told.format == "date-time" ? ColumnType::timestamptz
                                                 : ColumnType::text;
      break;
    case type_integer:
      column.type = ColumnType::integer;
      break;
    case type_fraction:
    case type_integer | type_fraction:
      column.type = ColumnType::numeric;
      break;
    case type_boolean:
      column.type = ColumnType::boolean;
      break;
    default:
      column.type = ColumnType::jsonb;
    }
    if (column.type == ColumnType::date || column.type == ColumnType::timestamptz) {
      column.formats.emplace_back("ISO");
    }
    return column;
  }

  static constexpr std::size_t json_schema_depth = 100;

  const json_schema::Program &program_;
  std::vector<std::pair<std::string_view, Index>> names_;
  std::set<std::string_view> seen_;
  std::set<std::string_view> required_;
};

} // namespace

bool is_schema_alone(dom::element root) {
  dom::element any;
  auto has = [&](const char *key) { return root[key].get(any) == simdjson::SUCCESS; };
  return root.is_object() && (has("$schema") || has("properties")) && !has("columns") &&
         !has("schema");
}

std::string member_text(std::string_view json, std::string_view key) {
  JsonScanner scanner;
  scanner.keep_tree();
  JsonScanner::Fault fault;
  if (!scanner.scan(json, fault)) {
    fail({},
         std::string(fault.reason) + (fault.value.empty() ? "" : ": " + printable(fault.value, 80)),
         "Check the JSON.");
  }
  std::string text;
  const Index at = json_schema::member(scanner.tree(), 0, key);
  if (at != none) {
    put_json(scanner.tree(), at, text);
  }
  return text;
}

JsonSchema schema_at(const std::string &path, std::string_view json, JsonSchemaOptions options) {
  try {
    return JsonSchema(json, options);
  } catch (const Error &error) {
    fail(path, error.message(), error.hint());
  }
}

void derive_columns(const JsonSchema &schema, Contract &contract) {
  Deriver(schema).run(contract);
  contract.derived_columns = true;
}

Contract contract_of_schema(std::string_view json, JsonSchemaOptions options) {
  Contract contract;
  contract.format = Format::jsonl;
  contract.schema = schema_at({}, json, options);
  derive_columns(*contract.schema, contract);
  return contract;
}

} // namespace starhouse::stream::contract_json
