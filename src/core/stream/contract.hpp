// A contract: what the records of a feed look like and which typed columns they become.
//
// The public form is JSON, documented table by table in docs/contract.md. This is its parsed form:
// every rule checked, every format compiled, ready for RowParser.
#pragma once

#include "core/stream/date_format.hpp"
#include "core/stream/decimal.hpp"
#include "core/stream/encoding.hpp"
#include "core/stream/json_schema.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace starhouse::stream {

enum class Format : std::uint8_t { csv, jsonl };

enum class ColumnType : std::uint8_t {
  text,
  integer,
  numeric,
  float8,
  boolean,
  date,
  timestamptz,
  jsonb,
  hash
};

enum class LetterCase : std::uint8_t { keep, upper, lower };
enum class MapElse : std::uint8_t { keep, reject, null };

struct CsvOptions {
  char delimiter = ',';
  char quote = '"';
  bool header = true;
  Encoding encoding = Encoding::utf8;
};

// One place a value may come from. CSV: a header name or a field's number (from 1); JSON: the keys
// and indexes of a pointer.
struct SourcePath {
  std::string text;                  // as the contract wrote it
  std::size_t field_number = 0;      // CSV by position; 0: by name
  std::vector<std::string> segments; // JSON
};

// "s-1", "S 001", "1" -> "S001".
struct CodeRule {
  std::string prefix;
  std::size_t width = 0;
  std::vector<std::string> aliases; // upper case, letters and digits only
};

// A limit in every form a type may need; dates and times stay text until the zone is known.
struct Bound {
  std::string text;
  bool exclusive = false;
  std::int64_t integer = 0;
  double float8 = 0;
  bool negative = false;
  std::string whole, fraction;
  ParsedTime time;

  Decimal decimal() const noexcept { return {negative, whole, fraction}; }
};

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order people read it
struct ColumnSpec {
  std::string name;
  ColumnType type = ColumnType::text;
  std::vector<SourcePath> from; // tried in order; empty for hash
  bool required = false;
  bool optional_column = false;
  std::optional<std::string> default_text;
  std::optional<std::vector<std::string>> nulls; // instead of the contract's
  bool trim = true;
  bool collapse_blanks = false;
  LetterCase letter_case = LetterCase::keep;
  std::optional<CodeRule> code;
  std::vector<std::pair<std::string, std::string>> map; // keys folded to lower case (ASCII)
  MapElse map_else = MapElse::keep;
  std::vector<std::string> allowed; // "enum"
  std::optional<Bound> minimum, maximum;
  std::optional<std::size_t> max_length; // characters
  std::optional<std::size_t> scale, precision;
  bool round = false;
  std::vector<DateFormat> formats;
  std::vector<std::size_t> hash_of; // indexes into Contract::columns
  bool null_on_error = false;
};

struct Contract {
  Format format = Format::csv;
  CsvOptions csv;
  std::vector<std::string> nulls{std::string{}};
  bool reject_extra_columns = false;
  std::size_t max_record_bytes = 1U << 20U;
  std::vector<ColumnSpec> columns;
  bool derived_columns = false;     // from the schema
  std::optional<JsonSchema> schema; // what a whole record must satisfy, before its columns are read
  std::optional<SourcePath>
      version_from; // where a record says which version of the contract it is of
};

// A contract is an object with "columns" or "schema", or a JSON Schema alone: then its top-level
// properties become the columns (contract_schema.cpp). Throws Error 22023 naming the place in the
// JSON ("/columns/3/type"), the value and the mend.
Contract parse_contract(std::string_view json);

// SQL type of the column in the relation `batch`: text, bigint, numeric, double precision, boolean,
// date, timestamp with time zone, jsonb; bigint for hash.
std::string_view pg_type_of(const ColumnSpec &column) noexcept;
// The contract's own word: "text", "integer", ...
std::string_view name_of(ColumnType type) noexcept;

} // namespace starhouse::stream
