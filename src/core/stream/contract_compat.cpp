#include "core/stream/contract_compat.hpp"

#include "core/stream/json_schema_program.hpp"
#include "core/stream/json_schema_refs.hpp"
#include "core/stream/reject.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace starhouse::stream {

using namespace json_schema; // NOLINT(google-build-using-namespace): this file's own vocabulary

namespace {

constexpr std::size_t most_steps = 20000;
constexpr std::size_t deepest = 200;

std::string types_of(std::uint8_t types) {
  constexpr std::array<std::pair<std::uint8_t, std::string_view>, 7> names{
      {{type_string, "string"},
       {type_integer, "integer"},
       {type_fraction, "number with a fraction"},
       {type_boolean, "boolean"},
       {type_object, "object"},
       {type_array, "array"},
       {type_null, "null"}}};
  std::string out;
  for (const auto &[bit, name] : names) {
    if ((types & bit) != 0) {
      out += (out.empty() ? "" : ", ") + std::string(name);
    }
  }
  return out;
}

class SchemaComparison {
public:
  SchemaComparison(const JsonSchema &reader, const JsonSchema &writer,
                   std::vector<Incompatibility> &problems)
      : reader_(reader.program()), writer_(writer.program()), problems_(&problems) {}

  void run() { compare(0, 0); }

private:
  // Runs with the problems kept apart; true if there were none.
  template <class Compare>
  bool silently(Compare compare) {
    std::vector<Incompatibility> found;
    std::vector<Incompatibility> *before = std::exchange(problems_, &found);
    const std::set<std::pair<Index, Index>> seen = seen_;
    compare();
    problems_ = before;
    seen_ = seen;
    return found.empty();
  }

  void problem(Index reader, std::string_view keyword, const std::string &what) {
    std::string path = place(reader_.tree, reader_.schemas[reader].source);
    if (!keyword.empty()) {
      path += "/" + std::string(keyword);
    }
    problems_->push_back({printable(path.empty() ? "/" : path), what});
  }

  // Follows references that stand alone.
  static Index target(const Program &program, Index index) {
    for (std::size_t i = 0; i < deepest; ++i) {
      const Schema &schema = program.schemas[index];
      if (schema.logic == none || schema.types != any_type || schema.listed ||
          schema.number != none || schema.string != none || schema.array != none ||
          schema.object != none) {
        break;
      }
      const LogicRules &rules = program.logics[schema.logic];
      if (rules.ref == none || !rules.all.empty() || !rules.any.empty() || !rules.one.empty() ||
          rules.negation != none || rules.condition != none) {
        break;
      }
      index = rules.ref;
    }
    return index;
  }

  static std::uint8_t types(const Program &program, const Schema &schema) {
    if (!schema.listed) {
      return schema.types;
    }
    std::uint8_t listed = 0;
    for (const Index value : schema.values) {
      listed |= type_of(program.tree[value]);
    }
    return schema.types & listed;
  }

  // The same keyword with the same value in both.
  bool same_keyword(const Schema &reader, const Schema &writer, std::string_view keyword) const {
    const Index mine = member(reader_.tree, reader.source, keyword);
    const Index theirs = member(writer_.tree, writer.source, keyword);
    return mine == none ||
           (theirs != none && equal_values(reader_.tree, mine, writer_.tree, theirs));
  }

  void compare(Index reader_index, Index writer_index) {
    const Index r = target(reader_, reader_index);
    const Index w = target(writer_, writer_index);
    const Schema &reader = reader_.schemas[r];
    const Schema &writer = writer_.schemas[w];
    if (writer.never || !seen_.insert({r, w}).second) {
      return;
    }
    if (reader.never) {
      problem(r, {}, "takes no value any more");
      return;
    }
    if (++steps_ > most_steps || depth_ > deepest) {
      problem(r, {}, "cannot be compared: too large");
      return;
    }
    ++depth_;
    const std::uint8_t lost = types(writer_, writer) & ~types(reader_, reader);
    if (lost != 0) {
      problem(r, "type", "does not take: " + types_of(lost));
    }
    compare_values(r, reader, writer);
    compare_numbers(r, reader, writer);
    compare_strings(r, reader, writer);
    compare_arrays(r, reader, writer);
    compare_objects(r, reader, writer);
    compare_logic(r, reader, w, writer);
    --depth_;
  }

  void compare_values(Index r, const Schema &reader, const Schema &writer) {
    if (!reader.listed) {
      return;
    }
    if (!writer.listed) {
      problem(r, reader.single_value ? "const" : "enum",
              "takes listed values only, the other takes any");
      return;
    }
    for (const Index value : writer.values) {
      const bool taken = std::any_of(reader.values.begin(), reader.values.end(), [&](Index mine) {
        return equal_values(reader_.tree, mine, writer_.tree, value);
      });
      if (!taken) {
        problem(r, reader.single_value ? "const" : "enum",
                "does not take the value " + printable(writer_.tree[value].text, 80));
      }
    }
  }

  // The writer's limit is at least as strict; a limit of enum's values needs none.
  static bool as_strict(const std::optional<JsonNumber> &mine,
                        const std::optional<JsonNumber> &same,
                        const std::optional<JsonNumber> &other, bool lower, bool exclusive) {
    if (!mine) {
      return true;
    }
    auto holds = [&](const std::optional<JsonNumber> &limit, bool equal_will_do) {
      const int order = limit ? stream::compare(*limit, *mine) * (lower ? 1 : -1) : -1;
      return order > 0 || (order == 0 && equal_will_do);
    };
    return holds(same, true) || holds(other, !exclusive);
  }

  void compare_numbers(Index r, const Schema &reader, const Schema &writer) {
    if (reader.number == none || writer.listed ||
        (writer.types & (type_integer | type_fraction)) == 0) {
      return;
    }
    static const NumberRules no_rules;
    const NumberRules &mine = reader_.numbers[reader.number];
    const NumberRules &theirs = writer.number == none ? no_rules : writer_.numbers[writer.number];
    const std::string what = "is a stricter limit";
    if (!as_strict(mine.minimum, theirs.minimum, theirs.exclusive_minimum, true, false)) {
      problem(r, "minimum", what);
    }
    if (!as_strict(mine.maximum, theirs.maximum, theirs.exclusive_maximum, false, false)) {
      problem(r, "maximum", what);
    }
    if (!as_strict(mine.exclusive_minimum, theirs.exclusive_minimum, theirs.minimum, true, true)) {
      problem(r, "exclusiveMinimum", what);
    }
    if (!as_strict(mine.exclusive_maximum, theirs.exclusive_maximum, theirs.maximum, false, true)) {
      problem(r, "exclusiveMaximum", what);
    }
    if (mine.multiple_of) {
      const Index other = member(writer_.tree, writer.source, "multipleOf");
      if (other == none || !is_multiple(read_number(writer_.tree[other].text), *mine.multiple_of)) {
        problem(r, "multipleOf", "does not take every number that the other takes");
      }
    }
  }

  void compare_strings(Index r, const Schema &reader, const Schema &writer) {
    if (reader.string == none || writer.listed || (writer.types & type_string) == 0) {
      return;
    }
    static const StringRules no_rules;
    const StringRules &mine = reader_.strings[reader.string];
    const StringRules &theirs = writer.string == none ? no_rules : writer_.strings[writer.string];
    if (mine.min_length > theirs.min_length) {
      problem(r, "minLength", "is a stricter limit");
    }
    if (mine.max_length < theirs.max_length) {
      problem(r, "maxLength", "is a stricter limit");
    }
    if (mine.pattern != nullptr && mine.pattern_text != theirs.pattern_text) {
      problem(r, "pattern", "is new or another one");
    }
    if (mine.format != JsonFormat::none && mine.format != theirs.format) {
      problem(r, "format", "is new or another one");
    }
  }

  void compare_arrays(Index r, const Schema &reader, const Schema &writer) {
    if (reader.array == none || writer.listed || (writer.types & type_array) == 0) {
      return;
    }
    static const ArrayRules no_rules;
    const ArrayRules &mine = reader_.arrays[reader.array];
    const ArrayRules &theirs = writer.array == none ? no_rules : writer_.arrays[writer.array];
    if (mine.min_items > theirs.min_items) {
      problem(r, "minItems", "is a stricter limit");
    }
    if (mine.max_items < theirs.max_items) {
      problem(r, "maxItems", "is a stricter limit");
    }
    if (mine.unique && !theirs.unique) {
      problem(r, "uniqueItems", "is new");
    }
    for (std::size_t i = 0; i <= std::max(mine.prefix.size(), theirs.prefix.size()); ++i) {
      const Index my_item = i < mine.prefix.size() ? mine.prefix[i] : mine.items;
      const Index their_item = i < theirs.prefix.size() ? theirs.prefix[i] : theirs.items;
      compare_parts(r, "items", my_item, their_item, i < theirs.max_items);
    }
    for (const std::string_view keyword :
         {"contains", "minContains", "maxContains", "unevaluatedItems"}) {
      need_same(r, reader, writer, keyword);
    }
  }

  // A part that the writer does not describe may be anything.
  void compare_parts(Index r, std::string_view keyword, Index mine, Index theirs, bool may_be) {
    if (mine == none || !may_be) {
      return;
    }
    if (theirs != none) {
      compare(mine, theirs);
    } else if (!takes_all(mine)) {
      problem(r, keyword, "is new: the other takes any value");
    }
  }

  bool takes_all(Index index) const {
    const Schema &schema = reader_.schemas[target(reader_, index)];
    return schema.plain && !schema.never && schema.types == any_type;
  }

  void need_same(Index r, const Schema &reader, const Schema &writer, std::string_view keyword) {
    if (!same_keyword(reader, writer, keyword)) {
      problem(r, keyword, "is new or another one");
    }
  }

  static const ObjectRules::Name *find(const ObjectRules &rules, std::string_view key) {
    const auto at = std::find_if(rules.names.begin(), rules.names.end(),
                                 [&](const ObjectRules::Name &name) { return name.key == key; });
    return at == rules.names.end() ? nullptr : &*at;
  }

  void compare_objects(Index r, const Schema &reader, const Schema &writer) {
    if (reader.object == none || writer.listed || (writer.types & type_object) == 0) {
      return;
    }
    static const ObjectRules no_rules;
    const ObjectRules &mine = reader_.objects[reader.object];
    const ObjectRules &theirs = writer.object == none ? no_rules : writer_.objects[writer.object];
    for (const ObjectRules::Name &name : mine.names) {
      const ObjectRules::Name *other = find(theirs, name.key);
      if (name.required && (other == nullptr || !other->required)) {
        problem(r, "required",
                "needs the field \"" + printable(name.key, 80) + "\", which may be absent");
      }
      // A name of theirs is compared below; what they leave to additionalProperties, here.
      if (name.schema != none && (other == nullptr || other->schema == none) &&
          theirs.additional != none && theirs.additional_describes) {
        compare(name.schema, theirs.additional);
      }
    }
    for (const ObjectRules::Name &name : theirs.names) {
      if (name.schema != none) {
        compare_field(mine, name.key, name.schema);
      }
    }
    if (mine.additional != none && !takes_all(mine.additional)) {
      compare_parts(r, "additionalProperties", mine.additional, theirs.additional, true);
    }
    if (mine.min_properties > theirs.min_properties) {
      problem(r, "minProperties", "is a stricter limit");
    }
    if (mine.max_properties < theirs.max_properties) {
      problem(r, "maxProperties", "is a stricter limit");
    }
    for (const std::string_view keyword :
         {"patternProperties", "propertyNames", "dependentRequired", "dependentSchemas",
          "dependencies", "unevaluatedProperties"}) {
      need_same(r, reader, writer, keyword);
    }
  }

  // Every rule of the reader that a field of this name meets.
  void compare_field(const ObjectRules &mine, std::string_view key, Index theirs) {
    const ObjectRules::Name *name = find(mine, key);
    bool matched = false;
    if (name != nullptr && name->schema != none) {
      matched = true;
      compare(name->schema, theirs);
    }
    for (const auto &[pattern, schema] : mine.patterns) {
      if (RE2::PartialMatch(re2::StringPiece(key.data(), key.size()), *pattern)) {
        matched = true;
        compare(schema, theirs);
      }
    }
    if (!matched && mine.additional != none) {
      compare(mine.additional, theirs);
    }
  }

  void compare_logic(Index r, const Schema &reader, Index w, const Schema &writer) {
    if (reader.logic == none) {
      return;
    }
    static const LogicRules no_rules;
    const LogicRules &mine = reader_.logics[reader.logic];
    const LogicRules &theirs = writer.logic == none ? no_rules : writer_.logics[writer.logic];
    std::vector<Index> all = mine.all;
    if (mine.ref != none) {
      all.push_back(mine.ref);
    }
    std::vector<Index> their_all = theirs.all;
    if (theirs.ref != none) {
      their_all.push_back(theirs.ref);
    }
    for (const Index each : all) {
      const bool covered = std::any_of(their_all.begin(), their_all.end(), [&](Index other) {
        return silently([&] { compare(each, other); });
      });
      if (!covered) {
        compare(each, w);
      }
    }
    compare_alternatives(r, "anyOf", mine.any, theirs.any, w);
    compare_alternatives(r, "oneOf", mine.one, theirs.one, w);
    for (const std::string_view keyword : {"not", "if", "then", "else"}) {
      need_same(r, reader, writer, keyword);
    }
  }

  // Each of the writer's alternatives, or the whole where it has none, has to fit one of the
  // reader's.
  void compare_alternatives(Index r, std::string_view keyword, const std::vector<Index> &mine,
                            const std::vector<Index> &theirs, Index w) {
    if (mine.empty()) {
      return;
    }
    const std::vector<Index> cases = theirs.empty() ? std::vector<Index>{w} : theirs;
    for (const Index other : cases) {
      const bool fits = std::any_of(mine.begin(), mine.end(), [&](Index each) {
        return silently([&] { compare(each, other); });
      });
      if (!fits) {
        problem(r, keyword, "has no alternative that takes all of one of the other's");
      }
    }
  }

  const Program &reader_;
  const Program &writer_;
  std::vector<Incompatibility> *problems_;
  std::set<std::pair<Index, Index>> seen_;
  std::size_t steps_ = 0;
  std::size_t depth_ = 0;
};

bool widens(ColumnType from, ColumnType to) {
  using T = ColumnType;
  return from == to || (to == T::text && from != T::jsonb) || to == T::jsonb ||
         (from == T::integer && (to == T::numeric || to == T::float8)) ||
         (from == T::date && to == T::timestamptz);
}

bool bound_kept(const std::optional<Bound> &mine, const std::optional<Bound> &theirs, bool lower,
                bool text) {
  if (!mine) {
    return true;
  }
  if (!theirs) {
    return false;
  }
  if (text) {
    return mine->text == theirs->text && (theirs->exclusive || !mine->exclusive);
  }
  const int order = compare(theirs->decimal(), mine->decimal()) * (lower ? 1 : -1);
  return order > 0 || (order == 0 && (theirs->exclusive || !mine->exclusive));
}

// Where both derive their columns from their schemas, those have told everything but the type.
void compare_columns(const Contract &reader, const Contract &writer, bool types_only,
                     std::vector<Incompatibility> &problems) {
  for (const ColumnSpec &mine : reader.columns) {
    const std::string path = "/columns/" + mine.name;
    const auto theirs =
        std::find_if(writer.columns.begin(), writer.columns.end(),
                     [&](const ColumnSpec &column) { return column.name == mine.name; });
    if (theirs == writer.columns.end()) {
      if (mine.required && !mine.default_text && !types_only) {
        problems.push_back(
            {path, "is required and without a default, the other has no such column"});
      }
      continue;
    }
    if (mine.required && !mine.default_text && !theirs->required && !types_only) {
      problems.push_back({path, "is required and without a default, a value may be missing"});
    }
    if (!widens(theirs->type, mine.type)) {
      problems.push_back({path, "is " + std::string(name_of(mine.type)) + ", the other's is " +
                                    std::string(name_of(theirs->type))});
      continue;
    }
    const bool listed =
        mine.allowed.empty() ||
        (!theirs->allowed.empty() &&
         std::all_of(theirs->allowed.begin(), theirs->allowed.end(), [&](const std::string &value) {
           return std::find(mine.allowed.begin(), mine.allowed.end(), value) != mine.allowed.end();
         }));
    if (!listed) {
      problems.push_back({path, "does not take every value of the other's enum"});
    }
    const bool times = mine.type == ColumnType::date || mine.type == ColumnType::timestamptz;
    if (!bound_kept(mine.minimum, theirs->minimum, true, times) ||
        !bound_kept(mine.maximum, theirs->maximum, false, times) ||
        (mine.max_length && (!theirs->max_length || *theirs->max_length > *mine.max_length))) {
      problems.push_back({path, "has a stricter limit"});
    }
  }
}

} // namespace

std::vector<Incompatibility> incompatibilities(const Contract &reader, const Contract &writer) {
  std::vector<Incompatibility> problems;
  if (reader.format != writer.format) {
    problems.push_back({"/format", "is another one"});
    return problems;
  }
  if (reader.schema) {
    if (writer.schema) {
      SchemaComparison(*reader.schema, *writer.schema, problems).run();
    } else {
      problems.push_back({"/schema", "is new: the other has none"});
    }
  }
  compare_columns(reader, writer, reader.derived_columns && writer.derived_columns, problems);
  return problems;
}

} // namespace starhouse::stream
