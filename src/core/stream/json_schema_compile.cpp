// JSON Schemas compiled: each schema object is read once into flat rules, in a work list, so that
// neither nesting nor chains of references cost stack.
#include "core/stream/ecma_pattern.hpp"
#include "core/stream/json_schema_refs.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

namespace starhouse::stream {

using namespace json_schema; // NOLINT(google-build-using-namespace): this file's own vocabulary

namespace {

constexpr SqlState feature_not_supported{"0A000"};
constexpr std::size_t most_schemas = 10000;
constexpr std::size_t most_patterns = 1000;
constexpr std::size_t longest_pattern = 4096;

// Keywords that only tell something, and $defs, whose schemas are compiled where they are referred
// to.
constexpr std::array<std::string_view, 20> remarks{
    "$schema",       "$id",       "$anchor",     "$comment",        "$defs",
    "definitions",   "title",     "description", "default",         "deprecated",
    "readOnly",      "writeOnly", "examples",    "contentEncoding", "contentMediaType",
    "contentSchema", "then",      "else",        "minContains",     "maxContains"};

constexpr std::array<std::pair<std::string_view, std::uint8_t>, 7> type_names{
    {{"null", type_null},
     {"boolean", type_boolean},
     {"string", type_string},
     {"integer", type_integer},
     {"number", type_integer | type_fraction},
     {"array", type_array},
     {"object", type_object}}};

template <class List, class Value>
bool holds(const List &list, const Value &value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

class Compiler {
public:
  Compiler(Program &program, JsonSchemaOptions options)
      : program_(program), options_(options), tree_(program.tree),
        dialect_(draft_of(tree_, options.draft)), references_(tree_, dialect_),
        compiled_(tree_.size(), none) {}

  void run() {
    schema_at(0);
    while (!queue_.empty()) {
      const Index index = queue_.back();
      queue_.pop_back();
      compile(index);
    }
    refuse_cycles();
  }

private:
  std::string here(Index node) const { return place(tree_, node); }

  [[noreturn]] void wrong(Index node, const std::string &expected) const {
    fail(sqlstate::invalid_parameter_value, here(node), "the value is not " + expected,
         "Write " + expected + ".");
  }

  // The rules of the schema at a node, made later if need be.
  Index schema_at(Index node) {
    const JsonKind kind = tree_[node].kind;
    if (kind != JsonKind::object && kind != JsonKind::boolean) {
      wrong(node, "a schema: an object, true or false");
    }
    if (compiled_[node] == none) {
      if (program_.schemas.size() >= most_schemas) {
        fail(sqlstate::program_limit_exceeded, here(node), "the document holds too many schemas",
             "Up to 10000 are taken: leave out what no message needs.");
      }
      compiled_[node] = static_cast<Index>(program_.schemas.size());
      program_.schemas.emplace_back().source = node;
      queue_.push_back(compiled_[node]);
    }
    return compiled_[node];
  }

  template <class Rules>
  Rules &rules(Index Schema::*which, std::vector<Rules> &all) {
    Index &index = program_.schemas[current_].*which;
    if (index == none) {
      index = static_cast<Index>(all.size());
      all.emplace_back();
    }
    return all[index];
  }
  NumberRules &number() { return rules(&Schema::number, program_.numbers); }
  StringRules &string() { return rules(&Schema::string, program_.strings); }
  ArrayRules &array() { return rules(&Schema::array, program_.arrays); }
  ObjectRules &object() { return rules(&Schema::object, program_.objects); }
  LogicRules &logic() { return rules(&Schema::logic, program_.logics); }

  void compile(Index index) {
    current_ = index;
    const Index node = program_.schemas[index].source;
    if (tree_[node].kind == JsonKind::boolean) {
      program_.schemas[index].never = tree_[node].text == "false";
      program_.schemas[index].plain = true;
      return;
    }
    const bool only_ref =
        dialect_ == JsonSchemaDraft::draft_07 && member(tree_, node, "$ref") != none;
    for (Index i = node + 1; i < tree_[node].end; i = tree_[i].end) {
      const std::string_view key = tree_[i].key;
      if (only_ref && key != "$ref") {
        continue;
      }
      if (!(value_keyword(key, i) || array_keyword(key, i) || object_keyword(key, i) ||
            logic_keyword(key, i, node))) {
        other_keyword(key, i);
      }
    }
    if (!only_ref) {
      bind_properties(node);
    }
    Schema &schema = program_.schemas[index];
    schema.plain = !schema.listed && schema.number == none && schema.string == none &&
                   schema.array == none && schema.object == none && schema.logic == none;
  }

  void other_keyword(std::string_view key, Index i) {
    if (key == "$schema" && i != member(tree_, 0, "$schema") &&
        tree_[i].text != "https://json-schema.org/draft/2020-12/schema") {
      fail(feature_not_supported, here(i), "a schema within the schema has a draft of its own",
           "Say $schema once, at the root.");
    }
    if (options_.ignore_unknown || holds(remarks, key) || key.starts_with("x-")) {
      return;
    }
    if (key == "additionalItems") {
      fail(sqlstate::invalid_parameter_value, here(i), "draft 2020-12 has no such keyword",
           "Say \"prefixItems\" for the list and \"items\" for the rest, or name draft-07 in "
           "\"$schema\".");
    }
    fail(sqlstate::invalid_parameter_value, here(i), "unknown keyword",
         "Look for a spelling mistake; remarks of your own begin with \"x-\".");
  }

  JsonNode number_at(Index i) const {
    if (tree_[i].kind != JsonKind::number) {
      wrong(i, "a number");
    }
    return tree_[i];
  }

  std::uint64_t count_at(Index i) const {
    const JsonNumber value = read_number(number_at(i).text);
    if (value.negative || !value.is_integer()) {
      wrong(i, "a whole number of at least 0");
    }
    constexpr std::int64_t most_digits = 18;
    if (value.is_zero()) {
      return 0;
    }
    if (value.magnitude() >= most_digits) {
      return static_cast<std::uint64_t>(-1);
    }
    std::uint64_t count = 0;
    for (const std::string_view run : {value.head, value.tail}) {
      for (const char c : run) {
        count = count * 10 + static_cast<std::uint64_t>(c - '0');
      }
    }
    for (std::int64_t i10 = 0; i10 < value.exponent; ++i10) {
      count *= 10;
    }
    return count;
  }

  std::string_view text_at(Index i) const {
    if (tree_[i].kind != JsonKind::string) {
      wrong(i, "a string");
    }
    return tree_[i].text;
  }

  std::vector<std::string_view> texts_at(Index i) const {
    if (tree_[i].kind != JsonKind::array) {
      wrong(i, "a list of strings");
    }
    std::vector<std::string_view> texts;
    for (Index item = i + 1; item < tree_[i].end; item = tree_[item].end) {
      texts.push_back(text_at(item));
    }
    return texts;
  }

  std::vector<Index> schemas_at(Index i) {
    if (tree_[i].kind != JsonKind::array || tree_[i].size == 0) {
      wrong(i, "a list of at least one schema");
    }
    std::vector<Index> schemas;
    for (Index item = i + 1; item < tree_[i].end; item = tree_[item].end) {
      schemas.push_back(schema_at(item));
    }
    return schemas;
  }

  void need_object(Index i) const {
    if (tree_[i].kind != JsonKind::object) {
      wrong(i, "an object");
    }
  }

  const RE2 *pattern_at(Index where, std::string_view text) {
    const auto [at, fresh] = patterns_.try_emplace(text, nullptr);
    if (!fresh) {
      return at->second;
    }
    if (program_.patterns.size() >= most_patterns || text.size() > longest_pattern) {
      fail(sqlstate::program_limit_exceeded, here(where),
           "the schema holds too many or too long regular expressions",
           "Up to 1000 are taken, of 4096 bytes each.");
    }
    std::unique_ptr<const RE2> compiled;
    try {
      compiled = compile_ecma(text);
    } catch (const Error &error) {
      fail(error.code(), here(where), error.message(), error.hint());
    }
    at->second = compiled.get();
    program_.patterns.push_back(std::move(compiled));
    return at->second;
  }

  std::uint8_t types_at(Index i) const {
    auto one = [&](Index at) {
      for (const auto &[name, bits] : type_names) {
        if (tree_[at].kind == JsonKind::string && tree_[at].text == name) {
          return bits;
        }
      }
      wrong(at, "one of \"null\", \"boolean\", \"string\", \"integer\", \"number\", \"array\", "
                "\"object\", or a list of them");
    };
    if (tree_[i].kind != JsonKind::array) {
      return one(i);
    }
    std::uint8_t types = 0;
    for (Index item = i + 1; item < tree_[i].end; item = tree_[item].end) {
      types |= one(item);
    }
    if (types == 0) {
      wrong(i, "a type or a list of at least one");
    }
    return types;
  }

  bool value_keyword(std::string_view key, Index i) {
    if (key == "type") {
      program_.schemas[current_].types = types_at(i);
    } else if (key == "enum") {
      if (tree_[i].kind != JsonKind::array) {
        wrong(i, "a list of values");
      }
      std::vector<Index> values;
      for (Index item = i + 1; item < tree_[i].end; item = tree_[item].end) {
        values.push_back(item);
      }
      allow(std::move(values), false);
    } else if (key == "const") {
      allow({i}, true);
    } else if (key == "minimum") {
      number().minimum = read_number(number_at(i).text);
    } else if (key == "maximum") {
      number().maximum = read_number(number_at(i).text);
    } else if (key == "exclusiveMinimum") {
      number().exclusive_minimum = read_number(number_at(i).text);
    } else if (key == "exclusiveMaximum") {
      number().exclusive_maximum = read_number(number_at(i).text);
    } else if (key == "multipleOf") {
      Divisor divisor;
      if (!make_divisor(read_number(number_at(i).text), divisor)) {
        wrong(i, "a number above 0 with at most 18 digits");
      }
      number().multiple_of = divisor;
    } else if (key == "minLength") {
      string().min_length = count_at(i);
    } else if (key == "maxLength") {
      string().max_length = count_at(i);
    } else if (key == "pattern") {
      const RE2 *pattern = pattern_at(i, text_at(i));
      string().pattern = pattern;
      string().pattern_text = tree_[i].text;
    } else if (key == "format") {
      read_format(i);
    } else {
      return false;
    }
    return true;
  }

  // enum and const side by side: the second becomes a schema of its own.
  void allow(std::vector<Index> values, bool single) {
    Schema *schema = &program_.schemas[current_];
    if (schema->listed) {
      const Index source = schema->source;
      logic().all.push_back(static_cast<Index>(program_.schemas.size()));
      schema = &program_.schemas.emplace_back();
      schema->source = source;
    }
    schema->listed = true;
    schema->single_value = single;
    schema->values = std::move(values);
  }

  void read_format(Index i) {
    const JsonFormat format = format_of(text_at(i));
    if (!options_.assert_formats) {
      return;
    }
    if (format == JsonFormat::none) {
      if (options_.ignore_unknown) {
        return;
      }
      fail(feature_not_supported, here(i),
           "format \"" + printable(tree_[i].text, 80) + "\" is not checked",
           "Formats that are checked: " + std::string(format_names()) +
               ". Use \"pattern\" instead.");
    }
    string().format = format;
  }

  bool array_keyword(std::string_view key, Index i) {
    const bool older = dialect_ != JsonSchemaDraft::draft_2020_12;
    if (key == "prefixItems" || (older && key == "items" && tree_[i].kind == JsonKind::array)) {
      if (tree_[i].size > 0 || !older) {
        std::vector<Index> prefix = schemas_at(i);
        array().prefix = std::move(prefix);
      }
    } else if (key == "items") {
      const Index items = schema_at(i);
      array().items = items;
    } else if (older && key == "additionalItems") {
      const Index list = member(tree_, program_.schemas[current_].source, "items");
      if (list != none && tree_[list].kind == JsonKind::array) {
        const Index items = schema_at(i);
        array().items = items;
      }
    } else if (key == "contains") {
      const Index contains = schema_at(i);
      ArrayRules &rules = array();
      rules.contains = contains;
      const Index node = program_.schemas[current_].source;
      if (const Index least = member(tree_, node, "minContains"); least != none) {
        rules.min_contains = count_at(least);
      }
      if (const Index most = member(tree_, node, "maxContains"); most != none) {
        rules.max_contains = count_at(most);
      }
    } else if (key == "minItems") {
      array().min_items = count_at(i);
    } else if (key == "maxItems") {
      array().max_items = count_at(i);
    } else if (key == "uniqueItems") {
      if (tree_[i].kind != JsonKind::boolean) {
        wrong(i, "true or false");
      }
      array().unique = tree_[i].text == "true";
    } else if (key == "unevaluatedItems") {
      const Index rest = schema_at(i);
      array().unevaluated = rest;
    } else {
      return false;
    }
    return true;
  }

  bool object_keyword(std::string_view key, Index i) {
    if (key == "properties" || key == "required") {
      key == "required" ? static_cast<void>(texts_at(i)) : need_object(i); // see bind_properties
    } else if (key == "patternProperties") {
      need_object(i);
      for (Index each = i + 1; each < tree_[i].end; each = tree_[each].end) {
        const RE2 *pattern = pattern_at(each, tree_[each].key);
        const Index schema = schema_at(each);
        object().patterns.emplace_back(pattern, schema);
      }
      object().describes = true;
    } else if (key == "additionalProperties") {
      const Index schema = schema_at(i);
      ObjectRules &rules = object();
      rules.additional = schema;
      rules.additional_describes =
          tree_[i].text != "true" && !(tree_[i].kind == JsonKind::object && tree_[i].size == 0);
    } else if (key == "propertyNames") {
      const Index schema = schema_at(i);
      object().property_names = schema;
    } else if (key == "minProperties") {
      object().min_properties = count_at(i);
    } else if (key == "maxProperties") {
      object().max_properties = count_at(i);
    } else if (key == "dependentRequired") {
      need_object(i);
      for (Index each = i + 1; each < tree_[i].end; each = tree_[each].end) {
        object().dependent_required.emplace_back(tree_[each].key, texts_at(each));
      }
    } else if (key == "dependentSchemas") {
      need_object(i);
      for (Index each = i + 1; each < tree_[i].end; each = tree_[each].end) {
        const Index schema = schema_at(each);
        object().dependent_schemas.emplace_back(tree_[each].key, schema);
      }
    } else if (key == "dependencies") { // of draft-07: either kind
      need_object(i);
      for (Index each = i + 1; each < tree_[i].end; each = tree_[each].end) {
        if (tree_[each].kind == JsonKind::array) {
          object().dependent_required.emplace_back(tree_[each].key, texts_at(each));
        } else {
          const Index schema = schema_at(each);
          object().dependent_schemas.emplace_back(tree_[each].key, schema);
        }
      }
    } else if (key == "unevaluatedProperties") {
      const Index rest = schema_at(i);
      object().unevaluated = rest;
    } else {
      return false;
    }
    return true;
  }

  // properties and required in one table of names.
  void bind_properties(Index node) {
    const Index properties = member(tree_, node, "properties");
    const Index required = member(tree_, node, "required");
    if (properties == none && required == none) {
      return;
    }
    std::map<std::string_view, ObjectRules::Name> names;
    if (properties != none) {
      for (Index i = properties + 1; i < tree_[properties].end; i = tree_[i].end) {
        names[tree_[i].key] = {tree_[i].key, schema_at(i), false};
      }
    }
    if (required != none) {
      for (const std::string_view key : texts_at(required)) {
        ObjectRules::Name &name = names[key];
        name.key = key;
        name.required = true;
      }
    }
    ObjectRules &rules = object();
    rules.describes = rules.describes || (properties != none && tree_[properties].size > 0);
    for (const auto &[key, name] : names) {
      rules.required += name.required ? 1 : 0;
      rules.names.push_back(name);
    }
  }

  bool logic_keyword(std::string_view key, Index i, Index node) {
    if (key == "$ref") {
      const Index target = references_.find(node, text_at(i));
      const Index schema = schema_at(target);
      logic().ref = schema;
    } else if (key == "allOf") {
      const std::vector<Index> all = schemas_at(i);
      std::vector<Index> &list = logic().all;
      list.insert(list.end(), all.begin(), all.end());
    } else if (key == "anyOf") {
      std::vector<Index> any = schemas_at(i);
      logic().any = std::move(any);
    } else if (key == "oneOf") {
      std::vector<Index> one = schemas_at(i);
      logic().one = std::move(one);
    } else if (key == "not") {
      const Index schema = schema_at(i);
      logic().negation = schema;
    } else if (key == "if") {
      const Index condition = schema_at(i);
      const Index then_node = member(tree_, node, "then");
      const Index else_node = member(tree_, node, "else");
      const Index then = then_node == none ? none : schema_at(then_node);
      const Index otherwise = else_node == none ? none : schema_at(else_node);
      LogicRules &rules = logic();
      rules.condition = condition;
      rules.then = then;
      rules.otherwise = otherwise;
    } else {
      return false;
    }
    return true;
  }

  // Schemas that a schema applies to the same value.
  std::vector<Index> neighbours(Index index) const {
    std::vector<Index> list;
    const Schema &schema = program_.schemas[index];
    if (schema.logic != none) {
      const LogicRules &rules = program_.logics[schema.logic];
      for (const auto *each : {&rules.all, &rules.any, &rules.one}) {
        list.insert(list.end(), each->begin(), each->end());
      }
      for (const Index each :
           {rules.ref, rules.negation, rules.condition, rules.then, rules.otherwise}) {
        if (each != none) {
          list.push_back(each);
        }
      }
    }
    if (schema.object != none) {
      for (const auto &[key, each] : program_.objects[schema.object].dependent_schemas) {
        list.push_back(each);
      }
    }
    return list;
  }

  // A schema that comes back to itself for the same value would never end. Kahn's algorithm: what
  // cannot be put in order is a cycle or leads to one.
  void refuse_cycles() const {
    std::vector<std::size_t> entering(program_.schemas.size(), 0);
    for (Index i = 0; i < program_.schemas.size(); ++i) {
      for (const Index next : neighbours(i)) {
        ++entering[next];
      }
    }
    std::vector<Index> ready;
    for (Index i = 0; i < program_.schemas.size(); ++i) {
      if (entering[i] == 0) {
        ready.push_back(i);
      }
    }
    std::size_t ordered = 0;
    while (!ready.empty()) {
      const Index index = ready.back();
      ready.pop_back();
      ++ordered;
      for (const Index next : neighbours(index)) {
        if (--entering[next] == 0) {
          ready.push_back(next);
        }
      }
    }
    if (ordered == program_.schemas.size()) {
      return;
    }
    const auto stuck =
        std::find_if(entering.begin(), entering.end(), [](std::size_t count) { return count > 0; });
    const auto index = static_cast<std::size_t>(stuck - entering.begin());
    fail(sqlstate::invalid_parameter_value, here(program_.schemas[index].source),
         "the schema refers to itself for the same value, without end",
         "Let a recursive schema refer to itself below properties or items.");
  }

  Program &program_;
  JsonSchemaOptions options_;
  std::span<const JsonNode> tree_;
  JsonSchemaDraft dialect_;
  References references_;
  std::vector<Index> compiled_; // per node of the tree
  std::vector<Index> queue_;
  std::unordered_map<std::string_view, const RE2 *> patterns_;
  Index current_ = 0;
};

} // namespace

JsonSchema::JsonSchema(std::string_view json, JsonSchemaOptions options) {
  auto program = std::make_shared<Program>();
  program->scanner.keep_tree();
  JsonScanner::Fault fault;
  if (!program->scanner.scan(json, fault)) {
    fail(sqlstate::invalid_parameter_value, {},
         std::string(fault.reason) + (fault.value.empty() ? "" : ": " + printable(fault.value, 80)),
         "A schema is one JSON text of at most 200 levels.");
  }
  program->tree = program->scanner.tree();
  Compiler(*program, options).run();
  program_ = std::move(program);
}

} // namespace starhouse::stream
