#include "core/stream/contract.hpp"

#include "core/error.hpp"
#include "core/stream/contract_json.hpp"
#include "core/stream/contract_schema.hpp"
#include "core/stream/json_scanner.hpp"
#include "core/stream/reject.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <set>
#include <simdjson.h>

namespace starhouse::stream {

namespace {

using namespace contract_json; // this file's own vocabulary

constexpr std::size_t most_columns = 1500; // PostgreSQL's tables end at 1600
constexpr std::size_t longest_name = 63;
constexpr std::size_t smallest_record_limit = 64;
constexpr std::size_t largest_record_limit = 256U << 20U; // a jsonb string ends at 256 MB

constexpr std::array<Choice<ColumnType>, 9> types{{{"text", ColumnType::text},
                                                   {"integer", ColumnType::integer},
                                                   {"numeric", ColumnType::numeric},
                                                   {"float8", ColumnType::float8},
                                                   {"boolean", ColumnType::boolean},
                                                   {"date", ColumnType::date},
                                                   {"timestamptz", ColumnType::timestamptz},
                                                   {"jsonb", ColumnType::jsonb},
                                                   {"hash", ColumnType::hash}}};

SourcePath json_path(const std::string &path, std::string text) {
  SourcePath source;
  if (!text.starts_with('/')) {
    source.segments.push_back(text);
  } else {
    std::string segment;
    for (std::size_t i = 1; i <= text.size(); ++i) {
      if (i == text.size() || text[i] == '/') {
        source.segments.push_back(segment);
        segment.clear();
      } else if (text[i] == '~') {
        const char next = i + 1 < text.size() ? text[i + 1] : '\0';
        if (next != '0' && next != '1') {
          fail(path, "bad JSON pointer \"" + printable(text, 80) + "\"",
               "In a pointer, write ~ as ~0 and / as ~1.");
        }
        segment += next == '0' ? '~' : '/';
        ++i;
      } else {
        segment += text[i];
      }
    }
  }
  source.text = std::move(text);
  if (source.segments.size() > JsonScanner::deepest) {
    fail(path, "the JSON pointer has more than " + std::to_string(JsonScanner::deepest) + " steps",
         "Take the value from nearer to the root.");
  }
  return source;
}

std::vector<SourcePath> read_sources(const std::string &path, dom::element value, Format format) {
  std::vector<SourcePath> sources;
  auto add = [&](const std::string &here, dom::element item) {
    if (format == Format::csv && item.is_uint64()) {
      SourcePath source;
      source.field_number = as_count(here, item, 1, 100'000);
      source.text = "field " + std::to_string(source.field_number);
      sources.push_back(std::move(source));
      return;
    }
    std::string text = as_text(here, item);
    if (text.empty()) {
      wrong_value(here, item, "the name of a source column");
    }
    if (format == Format::jsonl) {
      sources.push_back(json_path(here, std::move(text)));
    } else {
      sources.push_back({std::move(text), 0, {}});
    }
  };
  dom::array items;
  if (value.get_array().get(items) != simdjson::SUCCESS) {
    add(path, value);
    return sources;
  }
  for (const dom::element item : items) {
    add(path + "/" + std::to_string(sources.size()), item);
  }
  if (sources.empty()) {
    wrong_value(path, value, "at least one source");
  }
  return sources;
}

void letters_and_digits(std::string_view text, std::string &out) {
  for (const char c : text) {
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')) {
      out += c;
    } else if (c >= 'a' && c <= 'z') {
      out += static_cast<char>(c - 'a' + 'A');
    }
  }
}

CodeRule read_code(const std::string &path, dom::element element) {
  CodeRule rule;
  std::vector<std::string> names;
  each_member(path, element, {"prefix", "width", "aliases"},
              [&](std::string_view key, dom::element value, const std::string &here) {
                if (key == "prefix") {
                  rule.prefix = as_text(here, value);
                } else if (key == "width") {
                  rule.width = as_count(here, value, 1, 50);
                } else {
                  names = as_texts(here, value, true);
                }
              });
  names.insert(names.begin(), rule.prefix);
  for (const std::string &name : names) {
    std::string plain;
    letters_and_digits(name, plain);
    if (std::any_of(plain.begin(), plain.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      fail(path, "prefix or alias \"" + printable(name, 40) + "\" holds a digit",
           "Prefixes and aliases are letters; the digits are the number.");
    }
    if (!plain.empty()) {
      rule.aliases.push_back(std::move(plain));
    }
  }
  // The longest one that fits is taken off.
  std::sort(rule.aliases.begin(), rule.aliases.end(),
            [](const auto &a, const auto &b) { return a.size() > b.size(); });
  return rule;
}

std::string fold_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

void read_map(const std::string &path, dom::element element, ColumnSpec &column) {
  dom::object object;
  if (element.get_object().get(object) != simdjson::SUCCESS) {
    wrong_value(path, element, "an object of strings");
  }
  for (const auto [key, value] : object) {
    const std::string here = path + "/" + pointer_key(key);
    column.map.emplace_back(fold_case(key),
                            as_scalar_text(here, value, "a string, number or boolean"));
  }
  std::sort(column.map.begin(), column.map.end());
  const auto twice =
      std::adjacent_find(column.map.begin(), column.map.end(),
                         [](const auto &a, const auto &b) { return a.first == b.first; });
  if (twice != column.map.end()) {
    fail(path, "\"" + printable(twice->first, 80) + "\" is mapped twice",
         "Keys are compared without regard to case: keep one of them.");
  }
}

Bound read_bound(const std::string &path, dom::element value, ColumnType type) {
  Bound bound;
  const bool time = type == ColumnType::date || type == ColumnType::timestamptz;
  const std::string expected =
      time ? "an ISO date or time as a string" : std::string("a number the column can hold");
  bound.text = as_scalar_text(path, value, expected);
  if (time) {
    static const DateFormat iso("ISO");
    if (iso.parse(bound.text, bound.time) != TimeStatus::ok ||
        (type == ColumnType::date && bound.time.has_time)) {
      wrong_value(path, value, type == ColumnType::date ? "a date as \"YYYY-MM-DD\"" : expected);
    }
    return bound;
  }
  std::string scratch;
  Decimal decimal;
  if (parse_decimal(bound.text, scratch, decimal) != DecimalStatus::ok ||
      (type == ColumnType::integer && to_int64(decimal, bound.integer) != DecimalStatus::ok)) {
    wrong_value(path, value, expected);
  }
  bound.negative = decimal.negative;
  bound.whole = decimal.whole;
  bound.fraction = decimal.fraction;
  const char *first = bound.text.data() + (bound.text.starts_with('+') ? 1 : 0);
  const auto result = std::from_chars(first, bound.text.data() + bound.text.size(), bound.float8);
  if (result.ec != std::errc{}) {
    wrong_value(path, value, expected);
  }
  return bound;
}

// Which options mean something for which types; the others take all.
bool applies(std::string_view key, ColumnType type) {
  using T = ColumnType;
  auto one_of = [type](std::initializer_list<T> list) {
    return std::find(list.begin(), list.end(), type) != list.end();
  };
  if (type == T::hash) {
    return key == "name" || key == "type" || key == "of";
  }
  if (key == "of") {
    return false;
  }
  if (key == "scale" || key == "precision" || key == "round") {
    return type == T::numeric;
  }
  if (key == "formats") {
    return one_of({T::date, T::timestamptz});
  }
  if (key == "max_length") {
    return type == T::text;
  }
  if (key == "min" || key == "max" || key == "exclusive_min" || key == "exclusive_max") {
    return one_of({T::integer, T::numeric, T::float8, T::date, T::timestamptz});
  }
  if (key == "collapse_blanks" || key == "case" || key == "code" || key == "map" ||
      key == "map_else" || key == "enum") {
    return type != T::jsonb;
  }
  return true;
}

class ColumnReader {
public:
  ColumnReader(const Contract &contract, std::vector<std::vector<std::string>> &hash_names)
      : contract_(contract), hash_names_(hash_names) {}

  ColumnSpec read(const std::string &path, dom::element element) {
    ColumnSpec column;
    find_type(path, element, column);
    ordinal_ += column.type == ColumnType::hash ? 0 : 1;
    std::vector<std::string> of;
    each_member(path, element,
                {"name",      "from",          "type",          "required",   "optional_column",
                 "default",   "null",          "trim",          "case",       "collapse_blanks",
                 "code",      "map",           "map_else",      "enum",       "min",
                 "max",       "exclusive_min", "exclusive_max", "max_length", "scale",
                 "precision", "round",         "formats",       "of",         "on_error"},
                [&](std::string_view key, dom::element value, const std::string &here) {
                  if (!applies(key, column.type)) {
                    fail(here, "does not apply to type " + std::string(name_of(column.type)),
                         "Remove it or change the type.");
                  }
                  if (key == "of") {
                    of = as_texts(here, value);
                  } else if (!text_option(key, value, here, column)) {
                    value_option(key, value, here, column);
                  }
                });
    finish(path, element, column, of);
    hash_names_.push_back(std::move(of));
    return column;
  }

private:
  // The type decides what the other keys mean, wherever it stands.
  static void find_type(const std::string &path, dom::element element, ColumnSpec &column) {
    dom::element value;
    if (element.is_object() && element["type"].get(value) == simdjson::SUCCESS) {
      column.type = as_choice(path + "/type", value, types);
    }
  }

  bool text_option(std::string_view key, dom::element value, const std::string &here,
                   ColumnSpec &column) const {
    if (key == "name") {
      column.name = as_text(here, value);
    } else if (key == "from") {
      column.from = read_sources(here, value, contract_.format);
    } else if (key == "trim") {
      column.trim = as_bool(here, value);
    } else if (key == "case") {
      column.letter_case =
          as_choice(here, value,
                    std::array<Choice<LetterCase>, 2>{
                        {{"upper", LetterCase::upper}, {"lower", LetterCase::lower}}});
    } else if (key == "collapse_blanks") {
      column.collapse_blanks = as_bool(here, value);
    } else if (key == "code") {
      column.code = read_code(here, value);
    } else if (key == "map") {
      read_map(here, value, column);
    } else if (key == "map_else") {
      column.map_else = as_choice(
          here, value,
          std::array<Choice<MapElse>, 3>{
              {{"keep", MapElse::keep}, {"reject", MapElse::reject}, {"null", MapElse::null}}});
    } else if (key == "enum") {
      column.allowed = as_texts(here, value);
      if (column.allowed.empty()) {
        wrong_value(here, value, "at least one allowed value");
      }
      std::sort(column.allowed.begin(), column.allowed.end());
    } else {
      return false;
    }
    return true;
  }

  static void value_option(std::string_view key, dom::element value, const std::string &here,
                           ColumnSpec &column) {
    if (key == "required") {
      column.required = as_bool(here, value);
    } else if (key == "optional_column") {
      column.optional_column = as_bool(here, value);
    } else if (key == "default") {
      column.default_text = column.type == ColumnType::jsonb
                                ? std::string(simdjson::to_string(value))
                                : as_scalar_text(here, value, "a string, number or boolean");
    } else if (key == "null") {
      column.nulls = as_texts(here, value);
    } else if (key == "min" || key == "exclusive_min") {
      set_bound(here, value, column.type, key != "min", column.minimum);
    } else if (key == "max" || key == "exclusive_max") {
      set_bound(here, value, column.type, key != "max", column.maximum);
    } else if (key == "max_length") {
      column.max_length = as_count(here, value, 1, largest_record_limit);
    } else if (key == "scale") {
      column.scale = as_count(here, value, 0, 1000);
    } else if (key == "precision") {
      column.precision = as_count(here, value, 1, 1000);
    } else if (key == "round") {
      column.round = as_bool(here, value);
    } else if (key == "formats") {
      for (const std::string &pattern : as_texts(here, value, true)) {
        try {
          column.formats.emplace_back(pattern);
        } catch (const Error &error) {
          fail(here, error.message(), error.hint());
        }
      }
      if (column.formats.empty()) {
        wrong_value(here, value, "at least one format");
      }
    } else if (key == "on_error") {
      column.null_on_error =
          as_choice(here, value, std::array<Choice<bool>, 2>{{{"reject", false}, {"null", true}}});
    }
  }

  static void set_bound(const std::string &here, dom::element value, ColumnType type,
                        bool exclusive, std::optional<Bound> &bound) {
    if (bound) {
      fail(here, "the same limit is given twice, once exclusive", "Keep one of them.");
    }
    bound = read_bound(here, value, type);
    bound->exclusive = exclusive;
  }

  void finish(const std::string &path, dom::element element, ColumnSpec &column,
              const std::vector<std::string> &of) const {
    dom::element value;
    if (element["type"].get(value) != simdjson::SUCCESS) {
      fail(path, "the column has no \"type\"", "Say for example \"type\": \"text\".");
    }
    if (column.name.empty() || column.name.size() > longest_name) {
      fail(path + "/name", "the column needs a name of 1 to 63 bytes", "Give it one.");
    }
    if (column.type == ColumnType::hash) {
      if (of.empty()) {
        fail(path + "/of", "a hash column needs the names of the columns it covers",
             "Say for example \"of\": [\"order_id\", \"line_no\"].");
      }
      return;
    }
    if (column.from.empty()) {
      if (contract_.format == Format::jsonl) {
        column.from.push_back({column.name, 0, {column.name}});
      } else if (!contract_.csv.header) {
        column.from.push_back({column.name, ordinal_, {}});
      } else {
        column.from.push_back({column.name, 0, {}});
      }
    }
    for (const SourcePath &source : column.from) {
      if (contract_.format == Format::csv && !contract_.csv.header && source.field_number == 0) {
        fail(path + "/from",
             "the file has no header to look \"" + printable(source.text, 80) + "\" up in",
             "Give the field's number, counted from 1, or leave \"from\" out.");
      }
    }
    if (column.formats.empty() &&
        (column.type == ColumnType::date || column.type == ColumnType::timestamptz)) {
      column.formats.emplace_back("ISO");
    }
    if (column.map.empty() && column.map_else != MapElse::keep) {
      fail(path + "/map_else", "there is no \"map\"", "Add the map or remove \"map_else\".");
    }
    if (column.round && !column.scale) {
      fail(path + "/round", "there is no \"scale\" to round to", "Add the scale.");
    }
    if (column.precision && column.scale && *column.scale > *column.precision) {
      fail(path + "/scale", "the scale is greater than the precision",
           "Precision counts all digits, scale those after the point.");
    }
    if (column.required && column.null_on_error) {
      fail(path + "/on_error", "a required column cannot become NULL on error",
           "Drop \"required\" or say \"on_error\": \"reject\".");
    }
  }

  const Contract &contract_;
  std::vector<std::vector<std::string>> &hash_names_;
  std::size_t ordinal_ = 0; // of the column among those read from the record
};

void read_csv_options(const std::string &path, dom::element element, CsvOptions &csv) {
  each_member(path, element, {"delimiter", "quote", "header", "encoding"},
              [&](std::string_view key, dom::element value, const std::string &here) {
                if (key == "delimiter") {
                  csv.delimiter = as_byte(here, value);
                } else if (key == "quote") {
                  csv.quote = as_byte(here, value);
                } else if (key == "header") {
                  csv.header = as_bool(here, value);
                } else {
                  csv.encoding =
                      as_choice(here, value,
                                std::array<Choice<Encoding>, 3>{{{"UTF-8", Encoding::utf8},
                                                                 {"LATIN1", Encoding::latin1},
                                                                 {"WIN1252", Encoding::win1252}}});
                }
              });
  if (csv.delimiter == csv.quote) {
    fail(path, "delimiter and quote are the same character", "Choose two.");
  }
}

void resolve_hashes(Contract &contract, const std::vector<std::vector<std::string>> &names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t j = 0; j < names[i].size(); ++j) {
      const std::string path = "/columns/" + std::to_string(i) + "/of/" + std::to_string(j);
      const auto target =
          std::find_if(contract.columns.begin(), contract.columns.end(),
                       [&](const ColumnSpec &column) { return column.name == names[i][j]; });
      if (target == contract.columns.end() || target->type == ColumnType::hash ||
          target->type == ColumnType::jsonb) {
        fail(path, "\"" + printable(names[i][j], 80) + "\" is no column that can be hashed",
             "Name columns of this contract whose type is neither hash nor jsonb.");
      }
      contract.columns[i].hash_of.push_back(
          static_cast<std::size_t>(target - contract.columns.begin()));
    }
  }
}

void read_columns(dom::element columns, Contract &contract) {
  dom::array items;
  if (columns.get_array().get(items) != simdjson::SUCCESS || items.size() == 0 ||
      items.size() > most_columns) {
    wrong_value("/columns", columns, "a list of 1 to " + std::to_string(most_columns) + " columns");
  }
  std::vector<std::vector<std::string>> hash_names;
  std::set<std::string> names{"record_no"};
  ColumnReader reader(contract, hash_names);
  for (const dom::element item : items) {
    const std::string path = "/columns/" + std::to_string(contract.columns.size());
    ColumnSpec column = reader.read(path, item);
    if (!names.insert(column.name).second) {
      fail(path + "/name", "\"" + printable(column.name, 80) + "\" is taken",
           "Column names are unique, and record_no is the position in the batch.");
    }
    contract.columns.push_back(std::move(column));
  }
  resolve_hashes(contract, hash_names);
}

} // namespace

std::string_view name_of(ColumnType type) noexcept {
  return types[static_cast<std::size_t>(type)].text;
}

std::string_view pg_type_of(const ColumnSpec &column) noexcept {
  switch (column.type) {
  case ColumnType::text:
    return "text";
  case ColumnType::integer:
  case ColumnType::hash:
    return "bigint";
  case ColumnType::numeric:
    return "numeric";
  case ColumnType::float8:
    return "double precision";
  case ColumnType::boolean:
    return "boolean";
  case ColumnType::date:
    return "date";
  case ColumnType::timestamptz:
    return "timestamp with time zone";
  case ColumnType::jsonb:
    return "jsonb";
  }
  return "text";
}

Contract parse_contract(std::string_view json) {
  dom::parser parser;
  dom::element root;
  const simdjson::padded_string padded(json);
  if (const auto error = parser.parse(padded).get(root); error != simdjson::SUCCESS) {
    fail({}, std::string("not valid JSON: ") + simdjson::error_message(error),
         "Check the JSON, for example with SELECT '...'::jsonb.");
  }
  if (is_schema_alone(root)) {
    return contract_of_schema(json, {});
  }
  Contract contract;
  dom::element columns;
  bool has_format = false;
  bool has_csv = false;
  bool has_columns = false;
  std::optional<std::string> schema;
  JsonSchemaOptions schema_options;
  each_member(
      {}, root,
      {"format", "csv", "null", "extra_columns", "max_record_bytes", "columns", "schema",
       "assert_formats", "version_from"},
      [&](std::string_view key, dom::element value, const std::string &here) {
        if (key == "format") {
          has_format = true;
          contract.format = as_choice(
              here, value,
              std::array<Choice<Format>, 2>{{{"csv", Format::csv}, {"jsonl", Format::jsonl}}});
        } else if (key == "csv") {
          has_csv = true;
          read_csv_options(here, value, contract.csv);
        } else if (key == "null") {
          contract.nulls = as_texts(here, value);
        } else if (key == "extra_columns") {
          contract.reject_extra_columns = as_choice(
              here, value, std::array<Choice<bool>, 2>{{{"ignore", false}, {"reject", true}}});
        } else if (key == "max_record_bytes") {
          contract.max_record_bytes =
              as_count(here, value, smallest_record_limit, largest_record_limit);
        } else if (key == "schema") {
          schema = member_text(json, key);
        } else if (key == "assert_formats") {
          schema_options.assert_formats = as_bool(here, value);
        } else if (key == "version_from") {
          contract.version_from = json_path(here, as_text(here, value));
        } else {
          has_columns = true;
          columns = value;
        }
      });
  if (schema && !has_format && !has_csv) {
    contract.format = Format::jsonl;
  } else if (!has_format) {
    fail({}, "there is no \"format\"", "Say \"format\": \"csv\" or \"format\": \"jsonl\".");
  }
  if (has_csv && contract.format != Format::csv) {
    fail("/csv", "the format is not csv", "Remove it or change the format.");
  }
  if ((schema || contract.version_from) && contract.format != Format::jsonl) {
    fail(schema ? "/schema" : "/version_from", "the format is not jsonl",
         "JSON is what it applies to: remove it or change the format.");
  }
  if (schema) {
    contract.schema = schema_at("/schema", *schema, schema_options);
  }
  if (has_columns) {
    read_columns(columns, contract);
  } else if (schema) {
    derive_columns(*contract.schema, contract);
  } else {
    fail({}, "there are no \"columns\"", "List at least one column, or give a \"schema\".");
  }
  return contract;
}

} // namespace starhouse::stream
