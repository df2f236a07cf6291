// What a contract may say, and what each mistake in one is answered with.
#include "core/stream/contract.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace starhouse::stream;

// The message of the error that `json` raises; also checks that it carries code and mend.
std::string mistake(const std::string &json) {
  try {
    parse_contract(json);
  } catch (const starhouse::Error &error) {
    EXPECT_STREQ(error.code().data(), "22023");
    EXPECT_FALSE(error.hint().empty()) << error.message();
    return error.message();
  }
  ADD_FAILURE() << "accepted: " << json;
  return {};
}

std::string csv(const std::string &columns) {
  return R"({"format": "csv", "columns": [)" + columns + "]}";
}
std::string column(const std::string &options) {
  return csv(R"({"name": "c", )" + options + "}");
}

TEST(Contract, Defaults) {
  const Contract contract = parse_contract(csv(R"({"name": "a", "type": "text"})"));
  EXPECT_EQ(contract.format, Format::csv);
  EXPECT_EQ(contract.csv.delimiter, ',');
  EXPECT_TRUE(contract.csv.header);
  EXPECT_EQ(contract.nulls, std::vector<std::string>{""});
  EXPECT_EQ(contract.max_record_bytes, 1U << 20U);
  ASSERT_EQ(contract.columns.size(), 1U);
  const ColumnSpec &a = contract.columns[0];
  EXPECT_EQ(a.from.size(), 1U);
  EXPECT_EQ(a.from[0].text, "a");
  EXPECT_TRUE(a.trim);
  EXPECT_FALSE(a.required);
}

TEST(Contract, EveryOption) {
  const Contract contract = parse_contract(R"({
    "format": "csv",
    "csv": {"delimiter": ";", "quote": "'", "header": true, "encoding": "WIN1252"},
    "null": ["", "NULL"], "extra_columns": "reject", "max_record_bytes": 4096,
    "columns": [
      {"name": "id", "from": ["Id", 3], "type": "text", "required": true, "trim": false,
       "case": "upper", "collapse_blanks": true, "null": ["-"],
       "code": {"prefix": "S", "width": 3, "aliases": ["STORE"]}, "max_length": 20},
      {"name": "gender", "type": "text", "map": {"M": "Male", "f": "Female"}, "map_else": "null",
       "enum": ["Male", "Female"], "default": "Male", "on_error": "null"},
      {"name": "amount", "type": "numeric", "exclusive_min": 0, "max": 99.5, "scale": 2,
       "precision": 12, "round": true, "default": 1.50},
      {"name": "at", "type": "timestamptz", "formats": ["ISO", "epoch"], "min": "2000-01-01",
       "optional_column": true},
      {"name": "ok", "type": "boolean", "default": false},
      {"name": "key", "type": "hash", "of": ["amount", "id"]}]})");
  EXPECT_EQ(contract.csv.encoding, Encoding::win1252);
  EXPECT_TRUE(contract.reject_extra_columns);
  const auto &columns = contract.columns;
  EXPECT_EQ(columns[0].from[1].field_number, 3U);
  EXPECT_EQ(columns[0].code->aliases, (std::vector<std::string>{"STORE", "S"}));
  EXPECT_EQ(columns[1].map[0], (std::pair<std::string, std::string>{"f", "Female"}));
  EXPECT_TRUE(columns[2].minimum->exclusive);
  EXPECT_EQ(columns[2].maximum->text, "99.5");
  EXPECT_EQ(columns[2].default_text, "1.5");
  EXPECT_EQ(columns[3].formats.size(), 2U);
  EXPECT_EQ(columns[4].default_text, "false");
  EXPECT_EQ(columns[5].hash_of, (std::vector<std::size_t>{2, 0}));
  EXPECT_EQ(pg_type_of(columns[5]), "bigint");
  EXPECT_EQ(pg_type_of(columns[3]), "timestamp with time zone");
}

TEST(Contract, JsonSources) {
  const Contract contract = parse_contract(R"({"format": "jsonl", "columns": [
    {"name": "a", "type": "text", "from": "/customer/id~1~0x/0"},
    {"name": "b", "type": "jsonb", "from": ["b", "/"], "default": {"x": [1]}}]})");
  EXPECT_EQ(contract.columns[0].from[0].segments,
            (std::vector<std::string>{"customer", "id/~x", "0"}));
  EXPECT_EQ(contract.columns[1].from[0].segments, (std::vector<std::string>{"b"}));
  EXPECT_EQ(contract.columns[1].from[1].segments, (std::vector<std::string>{""}));
  EXPECT_EQ(contract.columns[1].default_text, R"({"x":[1]})");
}

TEST(Contract, WithoutHeaderColumnsCount) {
  const Contract contract =
      parse_contract(R"({"format": "csv", "csv": {"header": false}, "columns": [
    {"name": "h", "type": "hash", "of": ["a"]},
    {"name": "a", "type": "text"}, {"name": "b", "type": "text"},
    {"name": "c", "type": "text", "from": 7}]})");
  EXPECT_EQ(contract.columns[1].from[0].field_number, 1U);
  EXPECT_EQ(contract.columns[2].from[0].field_number, 2U);
  EXPECT_EQ(contract.columns[3].from[0].field_number, 7U);
}

TEST(Contract, TypeNames) {
  const Contract contract = parse_contract(csv(
      R"({"name": "a", "type": "text"}, {"name": "b", "type": "integer"},
         {"name": "c", "type": "numeric"}, {"name": "d", "type": "float8"},
         {"name": "e", "type": "boolean"}, {"name": "f", "type": "date"},
         {"name": "g", "type": "timestamptz"}, {"name": "h", "type": "jsonb"},
         {"name": "i", "type": "hash", "of": ["a"]})"));
  const std::vector<std::string> expected{"text",
                                          "bigint",
                                          "numeric",
                                          "double precision",
                                          "boolean",
                                          "date",
                                          "timestamp with time zone",
                                          "jsonb",
                                          "bigint"};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(pg_type_of(contract.columns[i]), expected[i]);
  }
  EXPECT_EQ(name_of(ColumnType::hash), "hash");
}

TEST(Contract, MistakesOfTheDocument) {
  EXPECT_NE(mistake("").find("not valid JSON"), std::string::npos);
  EXPECT_NE(mistake("{").find("not valid JSON"), std::string::npos);
  EXPECT_EQ(mistake("[]"), "contract: the whole document: bad value []");
  EXPECT_EQ(mistake("{}"), R"(contract: the whole document: there is no "format")");
  EXPECT_EQ(mistake(R"({"format": "xml"})"), R"(contract: /format: bad value "xml")");
  EXPECT_EQ(mistake(R"({"format": "csv"})"),
            R"(contract: the whole document: there are no "columns")");
  EXPECT_EQ(mistake(csv("")), "contract: /columns: bad value []");
  EXPECT_EQ(mistake(R"({"format": "csv", "format": "csv", "columns": []})"),
            "contract: /format: the key occurs twice");
  EXPECT_EQ(mistake(R"({"formt": "csv"})"), "contract: /formt: unknown key");
  EXPECT_EQ(mistake(R"({"a/b~c": 1})"), "contract: /a~1b~0c: unknown key");
  EXPECT_EQ(mistake(R"({"format": "jsonl", "csv": {}, "columns": []})"),
            "contract: /csv: the format is not csv");
  EXPECT_EQ(mistake(R"({"format": "csv", "max_record_bytes": 3})"),
            "contract: /max_record_bytes: bad value 3");
  EXPECT_EQ(mistake(R"({"format": "csv", "max_record_bytes": -1})"),
            "contract: /max_record_bytes: bad value -1");
  EXPECT_EQ(mistake(R"({"format": "csv", "null": "x"})"), R"(contract: /null: bad value "x")");
  EXPECT_EQ(mistake(R"({"format": "csv", "null": [1]})"), "contract: /null/0: bad value 1");
  EXPECT_EQ(mistake(R"({"format": "csv", "extra_columns": true})"),
            "contract: /extra_columns: bad value true");
  EXPECT_EQ(mistake(R"({"format": "csv", "csv": {"delimiter": ";;"}})"),
            R"(contract: /csv/delimiter: bad value ";;")");
  EXPECT_EQ(mistake(R"({"format": "csv", "csv": {"delimiter": "\n"}})"),
            R"(contract: /csv/delimiter: bad value "\n")");
  EXPECT_EQ(mistake(R"({"format": "csv", "csv": {"delimiter": "\""}})"),
            "contract: /csv: delimiter and quote are the same character");
  EXPECT_EQ(mistake(R"({"format": "csv", "csv": {"encoding": "UTF-16"}})"),
            R"(contract: /csv/encoding: bad value "UTF-16")");
}

TEST(Contract, MistakesOfAColumn) {
  EXPECT_EQ(mistake(csv("1")), "contract: /columns/0: bad value 1");
  EXPECT_EQ(mistake(csv(R"({"name": "a"})")), R"(contract: /columns/0: the column has no "type")");
  EXPECT_EQ(mistake(csv(R"({"type": "text"})")),
            "contract: /columns/0/name: the column needs a name of 1 to 63 bytes");
  EXPECT_EQ(mistake(csv(R"({"name": "a", "type": "int"})")),
            R"(contract: /columns/0/type: bad value "int")");
  EXPECT_EQ(mistake(csv(R"({"name": "a", "type": "text"}, {"name": "a", "type": "text"})")),
            R"(contract: /columns/1/name: "a" is taken)");
  EXPECT_EQ(mistake(csv(R"({"name": "record_no", "type": "text"})")),
            R"(contract: /columns/0/name: "record_no" is taken)");
  EXPECT_EQ(mistake(column(R"("type": "text", "scale": 2)")),
            "contract: /columns/0/scale: does not apply to type text");
  EXPECT_EQ(mistake(column(R"("type": "boolean", "min": 2)")),
            "contract: /columns/0/min: does not apply to type boolean");
  EXPECT_EQ(mistake(column(R"("type": "text", "of": ["c"])")),
            "contract: /columns/0/of: does not apply to type text");
  EXPECT_EQ(mistake(column(R"("type": "hash", "required": true)")),
            "contract: /columns/0/required: does not apply to type hash");
  EXPECT_EQ(mistake(column(R"("type": "jsonb", "case": "upper")")),
            "contract: /columns/0/case: does not apply to type jsonb");
  EXPECT_EQ(mistake(column(R"("type": "text", "case": "Upper")")),
            R"(contract: /columns/0/case: bad value "Upper")");
  EXPECT_EQ(mistake(column(R"("type": "text", "trim": "yes")")),
            R"(contract: /columns/0/trim: bad value "yes")");
  EXPECT_EQ(mistake(column(R"("type": "text", "from": [])")),
            "contract: /columns/0/from: bad value []");
  EXPECT_EQ(mistake(column(R"("type": "text", "from": 0)")),
            "contract: /columns/0/from: bad value 0");
  EXPECT_EQ(mistake(column(R"("type": "text", "from": [""])")),
            R"(contract: /columns/0/from/0: bad value "")");
  EXPECT_EQ(mistake(column(R"("type": "text", "map_else": "null")")),
            R"(contract: /columns/0/map_else: there is no "map")");
  EXPECT_EQ(mistake(column(R"("type": "text", "map": {"a": 1, "A": 2})")),
            R"(contract: /columns/0/map: "a" is mapped twice)");
  EXPECT_EQ(mistake(column(R"("type": "text", "map": {"a": null})")),
            "contract: /columns/0/map/a: bad value null");
  EXPECT_EQ(mistake(column(R"("type": "text", "enum": [])")),
            "contract: /columns/0/enum: bad value []");
  EXPECT_EQ(mistake(column(R"("type": "integer", "min": 1.5)")),
            "contract: /columns/0/min: bad value 1.5");
  EXPECT_EQ(mistake(column(R"("type": "integer", "min": 1, "exclusive_min": 1)")),
            "contract: /columns/0/exclusive_min: the same limit is given twice, once exclusive");
  EXPECT_EQ(mistake(column(R"("type": "float8", "max": "1e999")")),
            R"(contract: /columns/0/max: bad value "1e999")");
  EXPECT_EQ(mistake(column(R"("type": "date", "min": "2024-02-30")")),
            R"(contract: /columns/0/min: bad value "2024-02-30")");
  EXPECT_EQ(mistake(column(R"("type": "date", "min": 5)")),
            "contract: /columns/0/min: bad value 5");
  EXPECT_EQ(mistake(column(R"("type": "numeric", "round": true)")),
            R"(contract: /columns/0/round: there is no "scale" to round to)");
  EXPECT_EQ(mistake(column(R"("type": "numeric", "scale": 5, "precision": 3)")),
            "contract: /columns/0/scale: the scale is greater than the precision");
  EXPECT_EQ(mistake(column(R"("type": "text", "required": true, "on_error": "null")")),
            "contract: /columns/0/on_error: a required column cannot become NULL on error");
  EXPECT_EQ(mistake(column(R"("type": "date", "formats": ["DD/MM"])")),
            R"(contract: /columns/0/formats: date format "DD/MM" is not usable: it needs one year )"
            "(YYYY, YY), one month (MM, Mon, Month) and DD");
  EXPECT_EQ(mistake(column(R"("type": "date", "formats": [])")),
            "contract: /columns/0/formats: bad value []");
  EXPECT_EQ(mistake(column(R"("type": "text", "code": {"prefix": "S1"})")),
            R"(contract: /columns/0/code: prefix or alias "S1" holds a digit)");
  EXPECT_EQ(mistake(column(R"("type": "text", "code": {"width": 0})")),
            "contract: /columns/0/code/width: bad value 0");
  EXPECT_EQ(mistake(column(R"("type": "hash")")),
            "contract: /columns/0/of: a hash column needs the names of the columns it covers");
  EXPECT_EQ(mistake(column(R"("type": "hash", "of": ["x"])")),
            R"(contract: /columns/0/of/0: "x" is no column that can be hashed)");
  EXPECT_EQ(mistake(column(R"("type": "hash", "of": ["c"])")),
            R"(contract: /columns/0/of/0: "c" is no column that can be hashed)");
  EXPECT_EQ(mistake(column(R"("type": "text", "default": "a\u0000b")")),
            "contract: /columns/0/default: the text holds a NUL character or is not UTF-8");
  EXPECT_EQ(mistake(column(R"("type": "text", "default": null)")),
            "contract: /columns/0/default: bad value null");
}

TEST(Contract, MistakesOfSources) {
  EXPECT_EQ(mistake(R"({"format": "csv", "csv": {"header": false}, "columns": [
                        {"name": "a", "type": "text", "from": "A"}]})"),
            R"(contract: /columns/0/from: the file has no header to look "A" up in)");
  EXPECT_EQ(mistake(R"({"format": "jsonl", "columns": [
                        {"name": "a", "type": "text", "from": "/a~2"}]})"),
            R"(contract: /columns/0/from: bad JSON pointer "/a~2")");
  EXPECT_EQ(mistake(R"({"format": "jsonl", "columns": [
                        {"name": "a", "type": "text", "from": 1}]})"),
            "contract: /columns/0/from: bad value 1");
  std::string deep;
  for (int i = 0; i < 300; ++i) {
    deep += "/x";
  }
  EXPECT_EQ(mistake(R"({"format": "jsonl", "columns": [{"name": "a", "type": "text", "from": ")" +
                    deep + "\"}]}"),
            "contract: /columns/0/from: the JSON pointer has more than 200 steps");
}

TEST(Contract, TooManyColumns) {
  std::string columns;
  for (int i = 0; i < 1501; ++i) {
    columns += (i == 0 ? "" : ",") + std::string(R"({"name":"c)") + std::to_string(i) +
               R"(","type":"text"})";
  }
  EXPECT_NE(mistake(csv(columns)).find("contract: /columns: bad value"), std::string::npos);
}

TEST(Contract, SchemaAloneGivesItsColumns) {
  const Contract contract = parse_contract(R"({
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$defs": {"id": {"type": "string"}, "money": {"type": "number", "multipleOf": 0.01}},
    "required": ["id", "state", "note"],
    "properties": {
      "id": {"$ref": "#/$defs/id"}, "n": {"type": ["integer", "null"]}, "price": {"$ref": "#/$defs/money"},
      "on": {"type": "string", "format": "date"}, "at": {"type": "string", "format": "date-time"},
      "state": {"enum": ["new", "paid"]}, "done": {"type": "boolean"}, "lines": {"type": "array"},
      "any": true, "note": {"type": ["string", "null"]}, "size": {"const": 2}},
    "allOf": [{"properties": {"more": {"type": "integer"}}, "required": ["more"]}]})");
  EXPECT_EQ(contract.format, Format::jsonl);
  EXPECT_TRUE(contract.schema);
  std::string columns;
  for (const ColumnSpec &column : contract.columns) {
    columns +=
        column.name + " " + std::string(pg_type_of(column)) + (column.required ? "!" : "") + ", ";
  }
  EXPECT_EQ(columns,
            "id text!, n bigint, price numeric, on date, at timestamp with time zone, state text!, "
            "done boolean, lines jsonb, any jsonb, note text, size bigint, more bigint!, ");
}

TEST(Contract, SchemaBesideColumns) {
  const Contract contract = parse_contract(
      R"({"schema": {"required": ["id"]}, "assert_formats": true, "version_from": "/meta/version",
          "columns": [{"name": "key", "from": "/id", "type": "integer"}]})");
  EXPECT_EQ(contract.format, Format::jsonl);
  EXPECT_EQ(contract.columns.size(), 1U);
  EXPECT_EQ(contract.version_from->segments, (std::vector<std::string>{"meta", "version"}));
  EXPECT_EQ(
      parse_contract(R"({"schema": {"properties": {"a": {"type": "integer"}}}})").columns.size(),
      1U);
  EXPECT_EQ(
      mistake(R"({"format": "csv", "schema": {}, "columns": [{"name": "a", "type": "text"}]})"),
      "contract: /schema: the format is not jsonl");
  EXPECT_EQ(mistake(R"({"schema": {"properties": {"a": {"typ": 1}}}})"),
            "contract: /schema: JSON Schema, /properties/a/typ: unknown keyword");
  EXPECT_EQ(mistake(R"({"properties": {"record_no": true}})"),
            "contract: /properties/record_no: the property's name cannot be a column's");
  EXPECT_EQ(mistake(R"({"schema": {"type": "object"}})"),
            "contract: the whole document: the schema has no properties that could become columns, "
            "or more "
            "than 1500");
  EXPECT_EQ(mistake(R"({"schema": {"minimum": 1e400000}, "columns": []})").substr(0, 19),
            "contract: the whole");
}

} // namespace
