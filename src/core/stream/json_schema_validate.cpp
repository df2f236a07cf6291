// A compiled JSON Schema applied to a message. The rules of one schema are checked in a fixed
// order, the first that is broken ends it; what is told of a failure is put into words only when
// the whole validation has failed (json_schema_report.cpp).
#include "core/stream/json_schema_validate.hpp"

#include <algorithm>

namespace starhouse::stream {

using namespace json_schema; // NOLINT(google-build-using-namespace): this file's own vocabulary

namespace {

// Characters of valid UTF-8.
std::uint64_t count_characters(std::string_view text) noexcept {
  return static_cast<std::uint64_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

} // namespace

void SchemaValidator::State::tick(std::uint64_t steps) {
  if (steps > steps_left) {
    throw Exhausted{};
  }
  steps_left -= steps;
}

bool SchemaValidator::State::fail(Index schema, Keyword keyword, std::size_t at,
                                  std::uint64_t detail) noexcept {
  failure = {schema, keyword, static_cast<std::uint32_t>(at), detail};
  return false;
}

// Runs a branch that may fail without harm; what it marks counts only if it holds.
template <class Check>
bool SchemaValidator::State::attempt(std::size_t marks, std::size_t count, Check check) {
  if (marks == unmarked) {
    return check(unmarked);
  }
  const std::size_t own = marks_.size();
  marks_.resize(own + count, 0);
  const bool good = check(own);
  if (good) {
    for (std::size_t i = 0; i < count; ++i) {
      marks_[marks + i] |= marks_[own + i];
    }
  }
  marks_.resize(own);
  tick(count);
  return good;
}

bool SchemaValidator::State::check(Index index, std::size_t at, std::size_t marks) {
  const Schema &schema = program.schemas[index];
  const JsonNode &node = tree[at];
  tick(1);
  if (schema.never) {
    return fail(index, Keyword::never, at);
  }
  const TypeBit type = type_of(node);
  if ((schema.types & type) == 0) {
    return fail(index, Keyword::type, at);
  }
  if (schema.plain) {
    return true;
  }
  if (depth >= deepest) {
    throw Exhausted{};
  }
  ++depth;
  const bool good = check_rules(index, schema, type, at, marks);
  --depth;
  return good;
}

bool SchemaValidator::State::check_rules(Index index, const Schema &schema, TypeBit type,
                                         std::size_t at, std::size_t marks) {
  if (schema.listed && !check_values(index, schema, at)) {
    return false;
  }
  // What "unevaluated…" needs to know of its neighbours, it keeps for itself.
  const std::size_t count = tree[at].size;
  Index unevaluated = none;
  if (type == type_object && schema.object != none) {
    unevaluated = program.objects[schema.object].unevaluated;
  } else if (type == type_array && schema.array != none) {
    unevaluated = program.arrays[schema.array].unevaluated;
  }
  if (unevaluated == none) {
    return check_type(index, schema, type, at, marks) &&
           (schema.logic == none || check_logic(index, program.logics[schema.logic], at, marks));
  }
  const std::size_t own = marks_.size();
  marks_.resize(own + count, 0);
  tick(count);
  const bool good =
      check_type(index, schema, type, at, own) &&
      (schema.logic == none || check_logic(index, program.logics[schema.logic], at, own)) &&
      check_unevaluated(index, unevaluated, type, at, own);
  if (good && marks != unmarked) {
    std::fill_n(marks_.begin() + static_cast<std::ptrdiff_t>(marks), count, 1);
  }
  marks_.resize(own);
  return good;
}

bool SchemaValidator::State::check_unevaluated(Index index, Index unevaluated, TypeBit type,
                                               std::size_t at, std::size_t marks) {
  const Keyword keyword =
      type == type_object ? Keyword::unevaluated_properties : Keyword::unevaluated_items;
  std::size_t number = 0;
  for (std::size_t i = at + 1; i < tree[at].end; i = tree[i].end, ++number) {
    if (marks_[marks + number] != 0) {
      continue;
    }
    described[i] |= is_described;
    if (!check(unevaluated, i, unmarked)) {
      return program.schemas[unevaluated].never ? fail(index, keyword, i) : false;
    }
  }
  return true;
}

bool SchemaValidator::State::check_values(Index index, const Schema &schema, std::size_t at) {
  for (const Index value : schema.values) {
    tick(1);
    if (equal_values(program.tree, value, tree, at)) {
      return true;
    }
  }
  return fail(index, schema.single_value ? Keyword::constant : Keyword::enumeration, at);
}

bool SchemaValidator::State::check_type(Index index, const Schema &schema, TypeBit type,
                                        std::size_t at, std::size_t marks) {
  switch (type) {
  case type_integer:
  case type_fraction:
    return schema.number == none || check_number(index, program.numbers[schema.number], at);
  case type_string:
    return schema.string == none || check_string(index, program.strings[schema.string], at);
  case type_array:
    return schema.array == none || check_array(index, program.arrays[schema.array], at, marks);
  case type_object:
    return schema.object == none ||
           check_object(index, schema.object, program.objects[schema.object], at, marks);
  default:
    return true;
  }
}

bool SchemaValidator::State::check_number(Index index, const NumberRules &rules, std::size_t at) {
  const JsonNumber number = read_number(tree[at].text);
  if (rules.minimum && compare(number, *rules.minimum) < 0) {
    return fail(index, Keyword::minimum, at);
  }
  if (rules.maximum && compare(number, *rules.maximum) > 0) {
    return fail(index, Keyword::maximum, at);
  }
  if (rules.exclusive_minimum && compare(number, *rules.exclusive_minimum) <= 0) {
    return fail(index, Keyword::exclusive_minimum, at);
  }
  if (rules.exclusive_maximum && compare(number, *rules.exclusive_maximum) >= 0) {
    return fail(index, Keyword::exclusive_maximum, at);
  }
  if (rules.multiple_of && !is_multiple(number, *rules.multiple_of)) {
    return fail(index, Keyword::multiple_of, at);
  }
  return true;
}

bool SchemaValidator::State::matches_pattern(const RE2 &pattern, std::string_view text) {
  constexpr std::size_t bytes_per_step = 16;
  tick(1 + text.size() / bytes_per_step);
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

bool SchemaValidator::State::check_string(Index index, const StringRules &rules, std::size_t at) {
  const std::string_view text = tree[at].text;
  if (rules.min_length > 0 || text.size() > rules.max_length) {
    const std::uint64_t length = count_characters(text);
    if (length < rules.min_length) {
      return fail(index, Keyword::min_length, at, length);
    }
    if (length > rules.max_length) {
      return fail(index, Keyword::max_length, at, length);
    }
  }
  if (rules.pattern != nullptr && !matches_pattern(*rules.pattern, text)) {
    return fail(index, Keyword::pattern, at);
  }
  if (rules.format != JsonFormat::none && !matches(rules.format, text)) {
    return fail(index, Keyword::format, at);
  }
  return true;
}

bool SchemaValidator::State::check_array(Index index, const ArrayRules &rules, std::size_t at,
                                         std::size_t marks) {
  const std::size_t size = tree[at].size;
  if (size < rules.min_items) {
    return fail(index, Keyword::min_items, at, size);
  }
  if (size > rules.max_items) {
    return fail(index, Keyword::max_items, at, size);
  }
  std::size_t number = 0;
  std::uint64_t contained = 0;
  for (std::size_t i = at + 1; i < tree[at].end; i = tree[i].end, ++number) {
    const Index items = number < rules.prefix.size() ? rules.prefix[number] : rules.items;
    if (items != none) {
      if (!check(items, i, unmarked)) {
        return false;
      }
      if (marks != unmarked) {
        marks_[marks + number] = 1;
      }
    }
    if (rules.contains != none && check(rules.contains, i, unmarked)) {
      ++contained;
      if (marks != unmarked) {
        marks_[marks + number] = 1;
      }
    }
  }
  if (rules.contains != none && contained < rules.min_contains) {
    return fail(index, rules.min_contains == 1 ? Keyword::contains : Keyword::min_contains, at,
                contained);
  }
  if (rules.contains != none && contained > rules.max_contains) {
    return fail(index, Keyword::max_contains, at, contained);
  }
  return !rules.unique || size < 2 || check_unique(index, at);
}

bool SchemaValidator::State::check_unique(Index index, std::size_t at) {
  hashes.clear();
  for (std::size_t i = at + 1; i < tree[at].end; i = tree[i].end) {
    hashes.emplace_back(hash_value(tree, i), static_cast<std::uint32_t>(i));
  }
  tick(tree[at].end - at);
  std::sort(hashes.begin(), hashes.end());
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    for (std::size_t j = i + 1; j < hashes.size() && hashes[j].first == hashes[i].first; ++j) {
      tick(1);
      if (equal_values(tree, hashes[i].second, tree, hashes[j].second)) {
        return fail(index, Keyword::unique_items, hashes[j].second);
      }
    }
  }
  return true;
}

// Messages of a feed mostly agree in the order of their keys: the name that followed the last one
// in the message before is tried first.
std::size_t SchemaValidator::State::find_name(const ObjectRules &rules,
                                              std::vector<std::uint32_t> &next,
                                              std::size_t previous, std::string_view key) {
  const std::size_t guess = next[previous];
  if (guess < rules.names.size() && rules.names[guess].key == key) {
    return guess;
  }
  const auto found = std::lower_bound(
      rules.names.begin(), rules.names.end(), key,
      [](const ObjectRules::Name &name, std::string_view k) { return name.key < k; });
  if (found == rules.names.end() || found->key != key) {
    return rules.names.size();
  }
  const auto name = static_cast<std::size_t>(found - rules.names.begin());
  next[previous] = static_cast<std::uint32_t>(name);
  return name;
}

bool SchemaValidator::State::check_object(Index index, Index object, const ObjectRules &rules,
                                          std::size_t at, std::size_t marks) {
  const std::size_t size = tree[at].size;
  if (size < rules.min_properties) {
    return fail(index, Keyword::min_properties, at, size);
  }
  if (size > rules.max_properties) {
    return fail(index, Keyword::max_properties, at, size);
  }
  if (rules.describes) {
    described[at] |= describes_members;
  }
  std::vector<std::uint32_t> &next = successors[object];
  std::size_t previous = rules.names.size();
  std::size_t required = 0;
  std::size_t number = 0;
  for (std::size_t i = at + 1; i < tree[at].end; i = tree[i].end, ++number) {
    bool matched = false; // by a keyword
    bool known = true;    // by more than additionalProperties: true
    tick(1);
    if (!rules.names.empty()) {
      const std::size_t name = find_name(rules, next, previous, tree[i].key);
      if (name < rules.names.size()) {
        previous = name;
        required += rules.names[name].required ? 1 : 0;
        const Index property = rules.names[name].schema;
        if (property != none) {
          matched = true;
          if (!check(property, i, unmarked)) {
            return false;
          }
        }
      }
    }
    for (const auto &[pattern, property] : rules.patterns) {
      if (matches_pattern(*pattern, tree[i].key)) {
        matched = true;
        if (!check(property, i, unmarked)) {
          return false;
        }
      }
    }
    if (!matched && rules.additional != none) {
      matched = true;
      known = rules.additional_describes;
      if (!check(rules.additional, i, unmarked)) {
        return false;
      }
    }
    if (matched) {
      described[i] |= known ? is_described : 0;
      if (marks != unmarked) {
        marks_[marks + number] = 1;
      }
    }
  }
  if (required < rules.required) {
    return fail(index, Keyword::required, at);
  }
  return check_names(rules, at) && check_dependents(index, rules, at, marks);
}

bool SchemaValidator::State::check_names(const ObjectRules &rules, std::size_t at) {
  if (rules.property_names == none) {
    return true;
  }
  // A key is checked as the string it is: a tree of one node, put in place of the message's.
  const std::span<const JsonNode> message = tree;
  for (std::size_t i = at + 1; i < message[at].end; i = message[i].end) {
    const JsonNode key{JsonKind::string, 0, 1, {}, message[i].key};
    tree = {&key, 1};
    const bool good = check(rules.property_names, 0, unmarked);
    tree = message;
    if (!good) {
      failure.at = static_cast<std::uint32_t>(i);
      failure.on_key = true;
      return false;
    }
  }
  return true;
}

bool SchemaValidator::State::has_member(std::size_t at, std::string_view key) {
  tick(1 + tree[at].size / 4);
  for (std::size_t i = at + 1; i < tree[at].end; i = tree[i].end) {
    if (tree[i].key == key) {
      return true;
    }
  }
  return false;
}

bool SchemaValidator::State::check_dependents(Index index, const ObjectRules &rules, std::size_t at,
                                              std::size_t marks) {
  for (const auto &[key, needed] : rules.dependent_required) {
    if (!has_member(at, key)) {
      continue;
    }
    for (const std::string_view other : needed) {
      if (!has_member(at, other)) {
        return fail(index, Keyword::dependent_required, at);
      }
    }
  }
  return std::all_of(
      rules.dependent_schemas.begin(), rules.dependent_schemas.end(), [&](const auto &dependent) {
        return !has_member(at, dependent.first) || check(dependent.second, at, marks);
      });
}

bool SchemaValidator::State::check_logic(Index index, const LogicRules &rules, std::size_t at,
                                         std::size_t marks) {
  const std::size_t count = tree[at].size;
  if (rules.ref != none && !check(rules.ref, at, marks)) {
    return false;
  }
  for (const Index each : rules.all) {
    if (!check(each, at, marks)) {
      return false;
    }
  }
  if (!rules.any.empty() && !check_any(index, rules, at, marks)) {
    return false;
  }
  if (!rules.one.empty() && !check_one(index, rules, at, marks)) {
    return false;
  }
  if (rules.negation != none && check(rules.negation, at, unmarked)) {
    return fail(index, Keyword::negation, at);
  }
  if (rules.condition != none) {
    const bool holds =
        attempt(marks, count, [&](std::size_t own) { return check(rules.condition, at, own); });
    const Index branch = holds ? rules.then : rules.otherwise;
    return branch == none || check(branch, at, marks);
  }
  return true;
}

bool SchemaValidator::State::check_any(Index index, const LogicRules &rules, std::size_t at,
                                       std::size_t marks) {
  bool fits = false;
  Failure best;
  for (const Index each : rules.any) {
    if (attempt(marks, tree[at].size, [&](std::size_t own) { return check(each, at, own); })) {
      fits = true;
      if (marks == unmarked) {
        return true; // the others could only mark
      }
    } else if (best.schema == none || failure.at > best.at) {
      best = failure;
    }
  }
  if (!fits) {
    fail(index, Keyword::any_of, at);
    nearest = best;
  }
  return fits;
}

bool SchemaValidator::State::check_one(Index index, const LogicRules &rules, std::size_t at,
                                       std::size_t marks) {
  std::uint64_t fitting = 0;
  Failure best;
  for (const Index each : rules.one) {
    if (attempt(marks, tree[at].size, [&](std::size_t own) { return check(each, at, own); })) {
      ++fitting;
    } else if (best.schema == none || failure.at > best.at) {
      best = failure;
    }
  }
  if (fitting == 1) {
    return true;
  }
  fail(index, Keyword::one_of, at, fitting);
  nearest = fitting == 0 ? best : Failure{};
  return false;
}

SchemaValidator::SchemaValidator(JsonSchema schema)
    : state_(std::make_unique<State>(std::move(schema))) {}
SchemaValidator::~SchemaValidator() = default;

SchemaValidator::State::State(JsonSchema of) : schema(std::move(of)), program(schema.program()) {
  for (const ObjectRules &rules : program.objects) {
    std::vector<std::uint32_t> &next = successors.emplace_back(rules.names.size() + 1, 0);
    for (std::size_t i = 0; i < rules.names.size(); ++i) {
      next[i] = static_cast<std::uint32_t>(i + 1);
    }
  }
}

bool SchemaValidator::validate(std::span<const JsonNode> tree, Violation &violation) {
  State &s = *state_;
  constexpr std::uint64_t steps_per_value = 64;
  s.tree = tree;
  s.marks_.clear();
  s.described.assign(tree.size(), 0);
  s.steps_left = most_steps + steps_per_value * tree.size();
  s.depth = 0;
  s.failure = {};
  s.nearest = {};
  try {
    if (s.check(0, 0, State::unmarked)) {
      return true;
    }
    s.report(violation);
  } catch (const State::Exhausted &) {
    violation = {reject_code::program_limit_exceeded, 0, {}, {}, {}};
    violation.expected = "takes too many steps or levels to validate";
  }
  return false;
}

std::span<const std::uint32_t> SchemaValidator::find_unknown(std::span<const JsonNode> tree) {
  State &s = *state_;
  s.unknown.clear();
  s.open.clear();
  for (std::uint32_t i = 0; i < tree.size();) {
    while (!s.open.empty() && i >= tree[s.open.back()].end) {
      s.open.pop_back();
    }
    const bool described_parent =
        !s.open.empty() && (s.described[s.open.back()] & State::describes_members) != 0;
    if (described_parent && (s.described[i] & State::is_described) == 0) {
      s.unknown.push_back(i);
      i = tree[i].end; // with all that is in it
      continue;
    }
    if (tree[i].size > 0) {
      s.open.push_back(i);
    }
    ++i;
  }
  return s.unknown;
}

std::string_view SchemaValidator::field_path(std::span<const JsonNode> tree, std::size_t node) {
  path_of(tree, node, true, state_->path);
  return state_->path;
}

} // namespace starhouse::stream
