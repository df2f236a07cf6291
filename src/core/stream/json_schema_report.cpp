// What a failed validation tells: where in the message, which keyword of the schema, and what it
// expected.
#include "core/stream/json_schema_validate.hpp"
#include "core/stream/json_text.hpp"

#include <array>

namespace starhouse::stream {

namespace {

constexpr std::size_t longest_value = 80; // of a schema, in a message

std::string quoted(std::string_view text) {
  return "\"" + printable(text, longest_value) + "\"";
}

std::string shown(std::span<const JsonNode> tree, std::size_t at) {
  switch (tree[at].kind) {
  case JsonKind::string:
    return quoted(tree[at].text);
  case JsonKind::object:
    return "an object";
  case JsonKind::array:
    return "an array";
  default:
    return printable(tree[at].text, longest_value);
  }
}

std::string types_text(std::uint8_t types) {
  using namespace json_schema; // NOLINT(google-build-using-namespace)
  constexpr std::array<std::pair<std::uint8_t, std::string_view>, 6> names{
      {{type_object, "an object"},
       {type_array, "an array"},
       {type_string, "a string"},
       {type_boolean, "a boolean"},
       {type_null, "null"},
       {type_integer, ""}}};
  std::string out;
  for (const auto &[bit, name] : names) {
    if ((types & bit) != 0) {
      const std::string_view word = bit != type_integer            ? name
                                    : (types & type_fraction) != 0 ? "a number"
                                                                   : "an integer";
      out += (out.empty() ? "" : " or ") + std::string(word);
    }
  }
  return out;
}

std::string plural(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

// The members of the schema that stands at `source`.
const JsonNode *member(std::span<const JsonNode> tree, std::size_t source, std::string_view key) {
  for (std::size_t i = source + 1; i < tree[source].end; i = tree[i].end) {
    if (tree[i].key == key) {
      return &tree[i];
    }
  }
  return nullptr;
}

} // namespace

void path_of(std::span<const JsonNode> tree, std::size_t node, bool stars, std::string &out) {
  out.clear();
  std::size_t at = 0;
  while (at != node) {
    // The child that holds the node.
    std::size_t child = at + 1;
    std::size_t number = 0;
    while (tree[child].end <= node) {
      child = tree[child].end;
      ++number;
    }
    out += '/';
    if (tree[at].kind == JsonKind::object) {
      append_pointer_key(tree[child].key, out);
    } else {
      out += stars ? "*" : std::to_string(number);
    }
    at = child;
  }
}

std::string_view json_schema::name_of(Keyword keyword) noexcept {
  constexpr std::array<std::string_view, 28> names{"",
                                                   "type",
                                                   "enum",
                                                   "const",
                                                   "minimum",
                                                   "maximum",
                                                   "exclusiveMinimum",
                                                   "exclusiveMaximum",
                                                   "multipleOf",
                                                   "minLength",
                                                   "maxLength",
                                                   "pattern",
                                                   "format",
                                                   "minItems",
                                                   "maxItems",
                                                   "uniqueItems",
                                                   "contains",
                                                   "minContains",
                                                   "maxContains",
                                                   "unevaluatedItems",
                                                   "required",
                                                   "minProperties",
                                                   "maxProperties",
                                                   "dependentRequired",
                                                   "unevaluatedProperties",
                                                   "anyOf",
                                                   "oneOf",
                                                   "not"};
  static_assert(names.size() == static_cast<std::size_t>(Keyword::negation) + 1);
  return names[static_cast<std::size_t>(keyword)];
}

std::string SchemaValidator::State::expectation(const Failure &of) {
  const json_schema::Schema &rules = program.schemas[of.schema];
  auto limit = [&] {
    const JsonNode *value = member(program.tree, rules.source, json_schema::name_of(of.keyword));
    return value == nullptr ? std::string("1") : printable(value->text, longest_value);
  };
  const std::string found = std::to_string(of.detail);
  switch (of.keyword) {
  case Keyword::never:
    return "is not allowed here";
  case Keyword::type:
    return "is not " + types_text(rules.types);
  case Keyword::enumeration:
    return rules.values.empty() ? "can have no value"
                                : "is none of the values allowed, such as " +
                                      shown(program.tree, rules.values.front());
  case Keyword::constant:
    return "is not " + shown(program.tree, rules.values.front());
  case Keyword::minimum:
    return "is below the minimum " + limit();
  case Keyword::maximum:
    return "is above the maximum " + limit();
  case Keyword::exclusive_minimum:
    return "is not above " + limit();
  case Keyword::exclusive_maximum:
    return "is not below " + limit();
  case Keyword::multiple_of:
    return "is no multiple of " + limit();
  case Keyword::min_length:
    return "has " + plural(of.detail, "character", "characters") + ", the least is " + limit();
  case Keyword::max_length:
    return "has " + plural(of.detail, "character", "characters") + ", the most is " + limit();
  case Keyword::pattern:
    return "does not match the pattern " + quoted(program.strings[rules.string].pattern_text);
  case Keyword::format:
    return "is no " + std::string(stream::name_of(program.strings[rules.string].format));
  case Keyword::min_items:
    return "has " + plural(of.detail, "item", "items") + ", the least is " + limit();
  case Keyword::max_items:
    return "has " + plural(of.detail, "item", "items") + ", the most is " + limit();
  case Keyword::unique_items:
    return "repeats an item of its array";
  case Keyword::contains:
    return "holds no item that fits \"contains\"";
  case Keyword::min_contains:
    return "holds " + found + " of the " + limit() + " items that have to fit \"contains\"";
  case Keyword::max_contains:
    return "holds " + found + " items that fit \"contains\", the most is " + limit();
  case Keyword::unevaluated_items:
    return "is an item that the schema does not know";
  case Keyword::unevaluated_properties:
    return "is a field that the schema does not know";
  case Keyword::min_properties:
    return "has " + plural(of.detail, "field", "fields") + ", the least is " + limit();
  case Keyword::max_properties:
    return "has " + plural(of.detail, "field", "fields") + ", the most is " + limit();
  case Keyword::required: {
    for (const auto &name : program.objects[rules.object].names) {
      if (name.required && member(tree, of.at, name.key) == nullptr) {
        return "lacks the field " + quoted(name.key);
      }
    }
    return "lacks a field";
  }
  case Keyword::dependent_required: {
    for (const auto &[key, needed] : program.objects[rules.object].dependent_required) {
      for (const std::string_view other : needed) {
        if (member(tree, of.at, key) != nullptr && member(tree, of.at, other) == nullptr) {
          return "has " + quoted(key) + " and lacks " + quoted(other);
        }
      }
    }
    return "lacks a field";
  }
  case Keyword::any_of:
    return "fits none of the " + std::to_string(program.logics[rules.logic].any.size()) +
           " schemas of anyOf";
  case Keyword::one_of:
    return "fits " + (of.detail == 0 ? std::string("none") : found) + " of the " +
           std::to_string(program.logics[rules.logic].one.size()) +
           " schemas of oneOf, it should fit one";
  case Keyword::negation:
    return "fits the schema of \"not\"";
  }
  return {};
}

void tell(const Violation &violation, std::span<const JsonNode> tree, Reject &reject) {
  constexpr std::size_t longest_path = 200;
  const bool limit = violation.code == reject_code::program_limit_exceeded;
  const std::string where = violation.instance_path.empty()
                                ? "the record"
                                : printable(violation.instance_path, longest_path);
  std::string reason = where + " " + violation.expected;
  if (!limit) {
    reason +=
        " (schema: " +
        (violation.schema_path.empty() ? "/" : printable(violation.schema_path, longest_path)) +
        ")";
  }
  reject.set(violation.code, {}, tree[violation.node].text, reason,
             limit ? "Simplify the schema: alternatives within alternatives multiply."
                   : "Correct the producer, or register a version of the contract that takes it.");
}

void SchemaValidator::State::report(Violation &violation) {
  violation.code =
      failure.keyword == Keyword::required || failure.keyword == Keyword::dependent_required
          ? reject_code::not_null_violation
          : reject_code::check_violation;
  violation.node = failure.at;
  path_of(tree, failure.at, false, violation.instance_path);
  violation.expected = failure.on_key ? "has a name that " : "";
  violation.expected += expectation(failure);
  const bool alternatives =
      failure.keyword == Keyword::any_of || failure.keyword == Keyword::one_of;
  if (alternatives && nearest.schema != json_schema::none && !failure.on_key) {
    std::string where;
    path_of(tree, nearest.at, false, where);
    violation.expected += "; of the nearest, " +
                          (where.empty() ? "the message" : printable(where, longest_value)) + " " +
                          expectation(nearest);
  }
  path_of(program.tree, program.schemas[failure.schema].source, false, violation.schema_path);
  const std::string_view keyword = json_schema::name_of(failure.keyword);
  if (!keyword.empty()) {
    violation.schema_path += "/" + std::string(keyword);
  }
}

} // namespace starhouse::stream
