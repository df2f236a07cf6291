// Rows: every type, every cleaning rule, every reject.
#include "core/stream/row_parser.hpp"

#include "core/calendar/zone.hpp"
#include "core/error.hpp"
#include "core/stream/row_hash.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

using namespace starhouse::stream;
using starhouse::xxh64;
using starhouse::calendar::ZoneTable;

std::string shown(const Reject &reject) {
  EXPECT_FALSE(reject.reason.empty());
  EXPECT_FALSE(reject.hint.empty()) << reject.reason;
  return std::string(reject.code.data()) + " " + reject.column + " <" + reject.value + "> " +
         reject.reason;
}

// India: five and a half hours ahead, all year.
const ZoneTable &india() {
  static const ZoneTable zone({{-100'000'000'000'000, 19'800}});
  return zone;
}

class Csv {
public:
  Csv(const std::string &columns, const std::vector<std::string_view> &header,
      const std::string &options = "")
      : contract_(
            parse_contract(R"({"format": "csv", )" + options + R"("columns": [)" + columns + "]}")),
        parser_(contract_, india()) {
    if (contract_.csv.header) {
      report_ = parser_.bind_header(header);
    }
  }
  // The row as JSON, or the reject.
  std::string row(std::vector<std::string_view> fields) {
    CopyBuffer out;
    out.put_text("before");
    const std::size_t mark = out.size();
    Reject reject;
    if (!parser_.parse_csv(fields, 7, out, reject)) {
      EXPECT_EQ(out.size(), mark);
      return shown(reject);
    }
    return tuple_to_json(contract_, out.view().substr(mark));
  }
  const HeaderReport &report() const { return report_; }
  RowParser &parser() { return parser_; }

private:
  Contract contract_;
  RowParser parser_;
  HeaderReport report_;
};

// One column c of these options, one field: its value, null, or the reject.
std::string value(const std::string &options, std::string_view text) {
  Csv csv(R"({"name": "c", )" + options + "}", {"c"});
  const std::string row = csv.row({text});
  return row.starts_with("{\"c\": ") ? row.substr(6, row.size() - 7) : row;
}

class Json {
public:
  explicit Json(const std::string &columns, const std::string &options = "")
      : contract_(parse_contract(R"({"format": "jsonl", )" + options + R"("columns": [)" + columns +
                                 "]}")),
        parser_(contract_, india()) {}
  std::string row(std::string_view line) {
    CopyBuffer out;
    Reject reject;
    if (!parser_.parse_json(line, 7, out, reject)) {
      EXPECT_TRUE(out.empty());
      return shown(reject);
    }
    return tuple_to_json(contract_, out.view());
  }
  RowParser &parser() { return parser_; }

private:
  Contract contract_;
  RowParser parser_;
};

std::string starhouse_error(const std::function<void()> &body) {
  try {
    body();
  } catch (const starhouse::Error &error) {
    EXPECT_FALSE(error.hint().empty());
    return std::string(error.code().data()) + " " + error.message() +
           (error.detail().empty() ? "" : " | " + error.detail());
  }
  return "no error";
}

TEST(RowParser, Text) {
  EXPECT_EQ(value(R"("type": "text")", "  abc "), R"("abc")");
  EXPECT_EQ(value(R"("type": "text", "trim": false)", "  abc "), R"("  abc ")");
  EXPECT_EQ(value(R"("type": "text", "case": "upper")", "aBc é"), R"("ABC é")");
  EXPECT_EQ(value(R"("type": "text", "case": "lower")", "aBC"), R"("abc")");
  EXPECT_EQ(value(R"("type": "text", "collapse_blanks": true)", "a  b\t c\n d e"),
            R"("a b c d e")");
  EXPECT_EQ(value(R"("type": "text", "max_length": 3)", "äöü"), R"("äöü")");
  EXPECT_EQ(value(R"("type": "text", "max_length": 3)", "abcd"),
            "22001 c <abcd> the text is longer than 3 characters");
  EXPECT_EQ(value(R"("type": "text")", "tab\there \"q\" \\"), R"("tab\u0009here \"q\" \\")");
}

TEST(RowParser, MissingValues) {
  EXPECT_EQ(value(R"("type": "text")", "  "), "null");
  EXPECT_EQ(value(R"("type": "text", "null": ["NULL", "N/A"])", ""), R"("")");
  EXPECT_EQ(value(R"("type": "text", "null": ["NULL", "N/A"])", " N/A "), "null");
  EXPECT_EQ(value(R"("type": "text", "null": ["NULL", "N/A"])", "null"), R"("null")");
  EXPECT_EQ(value(R"("type": "integer", "null": ["NaN"])", " NaN "), "null");
  EXPECT_EQ(value(R"("type": "integer", "null": ["NaN"])", ""), "null");
  EXPECT_EQ(value(R"("type": "integer", "required": true)", " "),
            "23502 c <> a required value is missing");
  EXPECT_EQ(value(R"("type": "integer", "required": true, "null": ["n/a"])", "n/a"),
            "23502 c <n/a> a required value is missing");
  EXPECT_EQ(value(R"("type": "integer", "required": true, "default": 5)", ""), R"("5")");
  EXPECT_EQ(value(R"("type": "text", "default": "x", "case": "upper")", ""), R"("X")");
  std::string long_token(80, 'x');
  EXPECT_EQ(value(R"("type": "text", "null": [")" + long_token + "\"]", long_token), "null");
  EXPECT_EQ(value(R"("type": "text", "null": [")" + long_token + "\"]", long_token + "x"),
            "\"" + long_token + "x\"");
}

TEST(RowParser, Integer) {
  const std::string type = R"("type": "integer")";
  EXPECT_EQ(value(type, "42"), R"("42")");
  EXPECT_EQ(value(type, "-7"), R"("-7")");
  EXPECT_EQ(value(type, "+7"), R"("7")");
  EXPECT_EQ(value(type, "17850.0"), R"("17850")");
  EXPECT_EQ(value(type, "1e3"), R"("1000")");
  EXPECT_EQ(value(type, "9223372036854775807"), R"("9223372036854775807")");
  EXPECT_EQ(value(type, "-9223372036854775808"), R"("-9223372036854775808")");
  EXPECT_EQ(value(type, "9223372036854775808"),
            "22003 c <9223372036854775808> the number does not fit a bigint");
  EXPECT_EQ(value(type, "1.5"), "22P02 c <1.5> not a whole number");
  EXPECT_EQ(value(type, "12 pcs"), "22P02 c <12 pcs> not a whole number");
  EXPECT_EQ(value(type, "1,000"), "22P02 c <1,000> not a whole number");
  EXPECT_EQ(value(R"("type": "integer", "min": 1, "max": 5)", "0"),
            "23514 c <0> the value is below the minimum 1");
  EXPECT_EQ(value(R"("type": "integer", "min": 1, "max": 5)", "6"),
            "23514 c <6> the value is above the maximum 5");
  EXPECT_EQ(value(R"("type": "integer", "exclusive_min": 1)", "1"),
            "23514 c <1> the value is below the minimum 1 (exclusive)");
  EXPECT_EQ(value(R"("type": "integer", "exclusive_max": 3)", "3"),
            "23514 c <3> the value is above the maximum 3 (exclusive)");
  EXPECT_EQ(value(R"("type": "integer", "min": 1, "max": 5)", "5"), R"("5")");
}

TEST(RowParser, Numeric) {
  const std::string type = R"("type": "numeric")";
  EXPECT_EQ(value(type, "19.990"), R"("19.990")");
  EXPECT_EQ(value(type, "-0.00001"), R"("-0.00001")");
  EXPECT_EQ(value(type, "123456789012345678901234567890.123"),
            R"("123456789012345678901234567890.123")");
  EXPECT_EQ(value(type, "1e10"), R"("10000000000")");
  EXPECT_EQ(value(type, "0.00"), R"("0.00")");
  EXPECT_EQ(value(type, "100000000"), R"("100000000")");
  EXPECT_EQ(value(type, "NaN"), "22P02 c <NaN> not a number");
  EXPECT_EQ(value(type, "$5"), "22P02 c <$5> not a number");
  EXPECT_EQ(value(type, "1e200000"), "22003 c <1e200000> the number does not fit a numeric");
  EXPECT_EQ(value(R"("type": "numeric", "scale": 2)", "1.500"), R"("1.50")");
  EXPECT_EQ(value(R"("type": "numeric", "scale": 2)", "1.505"),
            "22003 c <1.505> more than 2 digits after the point");
  EXPECT_EQ(value(R"("type": "numeric", "scale": 2, "round": true)", "1.505"), R"("1.51")");
  EXPECT_EQ(value(R"("type": "numeric", "scale": 2, "precision": 5)", "999.99"), R"("999.99")");
  EXPECT_EQ(value(R"("type": "numeric", "scale": 2, "precision": 5)", "1000"),
            "22003 c <1000> more than 3 digits before the point");
  EXPECT_EQ(value(R"("type": "numeric", "scale": 2, "precision": 5, "round": true)", "999.996"),
            "22003 c <999.996> more than 3 digits before the point");
  EXPECT_EQ(value(R"("type": "numeric", "precision": 3)", "12.34"),
            "22003 c <12.34> more than 3 digits");
  EXPECT_EQ(value(R"("type": "numeric", "min": 0)", "-0.01"),
            "23514 c <-0.01> the value is below the minimum 0");
  EXPECT_EQ(value(R"("type": "numeric", "exclusive_min": 0)", "0.000"),
            "23514 c <0.000> the value is below the minimum 0 (exclusive)");
  EXPECT_EQ(
      value(R"("type": "numeric", "max": "99999999999999999999.5")", "99999999999999999999.51"),
      "23514 c <99999999999999999999.51> the value is above the maximum "
      "99999999999999999999.5");
}

TEST(RowParser, Float8) {
  const std::string type = R"("type": "float8")";
  EXPECT_EQ(value(type, "1.25"), R"("1.25")");
  EXPECT_EQ(value(type, "+1.25e2"), R"("125")");
  EXPECT_EQ(value(type, "-0"), R"("0")");
  EXPECT_EQ(value(type, "nan"), "22P02 c <nan> not a number");
  EXPECT_EQ(value(type, "inf"), "22P02 c <inf> not a number");
  EXPECT_EQ(value(type, "+-1"), "22P02 c <+-1> not a number");
  EXPECT_EQ(value(type, "+"), "22P02 c <+> not a number");
  EXPECT_EQ(value(type, "0x1p3"), "22P02 c <0x1p3> not a number");
  EXPECT_EQ(value(type, "1e999"), "22003 c <1e999> the number does not fit a double");
  EXPECT_EQ(value(R"("type": "float8", "min": -90, "max": 90)", "90.1"),
            "23514 c <90.1> the value is above the maximum 90");
}

TEST(RowParser, Boolean) {
  for (const char *text : {"true", "T", "yes", "Y", "1", "on"}) {
    EXPECT_EQ(value(R"("type": "boolean")", text), R"("true")") << text;
  }
  for (const char *text : {"FALSE", "f", "No", "n", "0", "off"}) {
    EXPECT_EQ(value(R"("type": "boolean")", text), R"("false")") << text;
  }
  EXPECT_EQ(value(R"("type": "boolean")", "maybe"), "22P02 c <maybe> not a boolean");
  EXPECT_EQ(value(R"("type": "boolean", "map": {"si": "yes"})", "SI"), R"("true")");
}

TEST(RowParser, Dates) {
  EXPECT_EQ(value(R"("type": "date")", "2024-02-29"), R"("2024-02-29")");
  EXPECT_EQ(value(R"("type": "date")", "2024-02-29 23:59:59"), R"("2024-02-29")");
  // With an offset it is the day in the warehouse's zone.
  EXPECT_EQ(value(R"("type": "date")", "2024-02-28T20:00:00Z"), R"("2024-02-29")");
  EXPECT_EQ(value(R"("type": "date", "formats": ["DD/MM/YYYY", "ISO"])", "05/11/2024"),
            R"("2024-11-05")");
  EXPECT_EQ(value(R"("type": "date", "formats": ["DD/MM/YYYY", "MM/DD/YYYY"])", "05/31/2024"),
            R"("2024-05-31")");
  EXPECT_EQ(value(R"("type": "date", "formats": ["ISO", "DD/MM/YYYY"])", "31/02/2024"),
            "22008 c <31/02/2024> there is no such date or time (read as DD/MM/YYYY)");
  EXPECT_EQ(value(R"("type": "date")", "2024-02-31"),
            "22008 c <2024-02-31> there is no such date or time (read as ISO)");
  EXPECT_EQ(value(R"("type": "date")", "yesterday"),
            "22007 c <yesterday> not a date in a known format");
  EXPECT_EQ(value(R"("type": "date", "min": "2024-01-01", "max": "2024-12-31")", "2023-12-31"),
            "23514 c <2023-12-31> the value is below the minimum 2024-01-01");
  EXPECT_EQ(value(R"("type": "date", "min": "2024-01-01", "max": "2024-12-31")", "2024-12-31"),
            R"("2024-12-31")");
}

TEST(RowParser, Instants) {
  EXPECT_EQ(value(R"("type": "timestamptz")", "2024-02-29 05:30"), R"("2024-02-29T00:00:00Z")");
  EXPECT_EQ(value(R"("type": "timestamptz")", "2024-02-29"), R"("2024-02-28T18:30:00Z")");
  EXPECT_EQ(value(R"("type": "timestamptz")", "2024-02-29T05:30:00.25+02:00"),
            R"("2024-02-29T03:30:00.250000Z")");
  EXPECT_EQ(value(R"("type": "timestamptz", "formats": ["epoch_ms"])", "1211018404123"),
            R"("2008-05-17T10:00:04.123000Z")");
  EXPECT_EQ(value(R"("type": "timestamptz")", "12:00"),
            "22007 c <12:00> not a time in a known format");
  // Limits without an offset are local too.
  EXPECT_EQ(value(R"("type": "timestamptz", "min": "2024-01-01")", "2023-12-31T18:29:59Z"),
            "23514 c <2023-12-31T18:29:59Z> the value is below the minimum 2024-01-01");
  EXPECT_EQ(value(R"("type": "timestamptz", "min": "2024-01-01")", "2023-12-31T18:30:00Z"),
            R"("2023-12-31T18:30:00Z")");
}

TEST(RowParser, Codes) {
  const std::string store =
      R"("type": "text", "code": {"prefix": "S", "width": 3, "aliases": ["STORE"]})";
  for (const char *text : {"s-1", "S 001", "1", "store 1", "Store-001", "#1", "S0001"}) {
    EXPECT_EQ(value(store, text), R"("S001")") << text;
  }
  EXPECT_EQ(value(store, "S1234"), R"("S1234")");
  EXPECT_EQ(value(store, "S000"), R"("S000")");
  EXPECT_EQ(value(store, "X12"), "22P02 c <X12> the code holds letters other than its prefix");
  EXPECT_EQ(value(store, "S12B"), "22P02 c <S12B> the code holds letters other than its prefix");
  EXPECT_EQ(value(store, "Š12"), "22P02 c <Š12> the code holds letters other than its prefix");
  EXPECT_EQ(value(store, "S-"), "22P02 c <S-> the code holds no number");
  EXPECT_EQ(value(store, "#"), "22P02 c <#> the code holds no number");
  EXPECT_EQ(value(R"("type": "text", "code": {"width": 5})", "42"), R"("00042")");
  EXPECT_EQ(value(R"("type": "text", "code": {"prefix": "ST-", "width": 2})", "st7"), R"("ST-07")");
}

TEST(RowParser, MapsAndEnums) {
  const std::string gender = R"("type": "text", "map": {"m": "Male", "F": "Female"})";
  EXPECT_EQ(value(gender, "M"), R"("Male")");
  EXPECT_EQ(value(gender, " f "), R"("Female")");
  EXPECT_EQ(value(gender, "Other"), R"("Other")");
  EXPECT_EQ(value(gender + R"(, "map_else": "null")", "Other"), "null");
  EXPECT_EQ(value(gender + R"(, "map_else": "null", "required": true)", "Other"),
            "23502 c <Other> a required value is missing");
  EXPECT_EQ(value(gender + R"(, "map_else": "reject")", "Other"),
            "23514 c <Other> the value is not in the contract's map");
  EXPECT_EQ(value(R"("type": "text", "enum": ["Store", "Online"])", "Online"), R"("Online")");
  EXPECT_EQ(value(R"("type": "text", "enum": ["Store", "Online"])", "online"),
            "23514 c <online> the value is not one of those allowed");
  EXPECT_EQ(value(R"("type": "integer", "map": {"none": 0})", "None"), R"("0")");
}

TEST(RowParser, JsonbFromCsv) {
  EXPECT_EQ(value(R"("type": "jsonb")", R"({"a": [1, 2.50]})"), R"({"a": [1, 2.50]})");
  EXPECT_EQ(value(R"("type": "jsonb")", "5"), "5");
  EXPECT_EQ(value(R"("type": "jsonb")", "null"), "null");
  EXPECT_EQ(value(R"("type": "jsonb")", "{a: 1}"), "22032 c <{a: 1}> the record is not valid JSON");
  EXPECT_EQ(value(R"("type": "jsonb")", "1, 2"), "22032 c <1, 2> the record is not valid JSON");
  EXPECT_EQ(value(R"("type": "jsonb")", R"({"a":1,"a":2})"),
            "22030 c <a> the key occurs twice in one object");
}

TEST(RowParser, OnErrorNull) {
  Csv csv(R"({"name": "a", "type": "integer", "on_error": "null"}, {"name": "b", "type": "text"})",
          {"a", "b"});
  EXPECT_EQ(csv.row({"x", "1"}), R"({"a": null, "b": "1"})");
  EXPECT_EQ(csv.row({"", "1"}), R"({"a": null, "b": "1"})");
  EXPECT_EQ(csv.row({"5", "1"}), R"({"a": "5", "b": "1"})");
  EXPECT_EQ(csv.parser().nulled()[0], 1U);
  EXPECT_EQ(csv.parser().nulled()[1], 0U);
}

TEST(RowParser, FieldCountAndEncoding) {
  Csv csv(
      R"({"name": "a", "type": "text", "optional_column": true}, {"name": "b", "type": "text"})",
      {" B ", "x"});
  EXPECT_EQ(csv.report().missing_columns, std::vector<std::string>{"a"});
  EXPECT_EQ(csv.report().extra, std::vector<std::string>{"x"});
  EXPECT_EQ(csv.row({"1", "2"}), R"({"a": null, "b": "1"})");
  EXPECT_EQ(csv.row({"1"}), "22P04  <1> the record has 1 fields instead of 2");
  EXPECT_EQ(csv.row({"1", "2", "3"}), "22P04  <1> the record has 3 fields instead of 2");
  EXPECT_EQ(csv.row({}), "22P04  <> the record has 0 fields instead of 2");
  EXPECT_EQ(csv.row({"\xFF", "2"}),
            "22021 b <\\xff> the text holds a NUL byte or is not valid UTF-8");
  EXPECT_EQ(csv.row({"1", std::string_view("a\0b", 3)}),
            "22021  <a\\x00b> the text holds a NUL byte or is not valid UTF-8");
  // Overlong encodings and surrogates are not UTF-8.
  for (const char *bad :
       {"\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80"}) {
    EXPECT_EQ(csv.row({"1", bad}).substr(0, 5), "22021") << bad;
  }
}

TEST(RowParser, OtherEncodings) {
  Csv latin(R"({"name": "a", "type": "text"})", {"a"}, R"("csv": {"encoding": "LATIN1"}, )");
  EXPECT_EQ(latin.row({"caf\xE9 \x80"}), "{\"a\": \"caf\xC3\xA9 \xC2\x80\"}");
  Csv windows(R"({"name": "a", "type": "text"})", {"a"}, R"("csv": {"encoding": "WIN1252"}, )");
  EXPECT_EQ(windows.row({"\x80 5 \x96 \xE9"}), "{\"a\": \"€ 5 – é\"}");
  EXPECT_EQ(windows.row({"\x81"}),
            "22021 a <\\x81> the text holds a byte that means nothing in the contract's encoding");
  EXPECT_EQ(windows.row({std::string_view("\0", 1)}).substr(0, 5), "22021");
}

TEST(RowParser, SeveralSources) {
  Csv csv(R"({"name": "a", "type": "text", "from": ["Date", "InvoiceDate", "nowhere"]})",
          {"invoicedate", "DATE"});
  EXPECT_EQ(csv.row({"1", "2"}), R"({"a": "2"})");
  EXPECT_EQ(csv.row({"1", " "}), R"({"a": "1"})");
  EXPECT_EQ(csv.row({"", ""}), R"({"a": null})");
}

TEST(RowParser, WithoutHeader) {
  Csv csv(R"({"name": "a", "type": "text"}, {"name": "b", "type": "text", "from": 3})", {},
          R"("csv": {"header": false}, )");
  EXPECT_EQ(csv.row({"1", "2", "3"}), R"({"a": "1", "b": "3"})");
  EXPECT_EQ(csv.row({"1", "2", "3", "4"}), R"({"a": "1", "b": "3"})");
  EXPECT_EQ(csv.row({"1", "2"}), "22P04  <1> the record has 2 fields instead of 3");
  Csv strict(R"({"name": "a", "type": "text"})", {},
             R"("csv": {"header": false}, "extra_columns": "reject", )");
  EXPECT_EQ(strict.row({"1", "2"}), "22P04  <1> the record has 2 fields instead of 1");
}

TEST(RowParser, HeaderMistakes) {
  const std::string ab = R"({"name": "a", "type": "text"}, {"name": "b", "type": "text",
                            "from": ["b", "bee"]})";
  EXPECT_EQ(starhouse_error([&] {
              Csv(ab, {"x", "y"});
            }),
            "22023 the file lacks columns a, b or bee | The header holds: x, y");
  EXPECT_EQ(starhouse_error([&] { Csv(ab, {"a", "B"}); }), "no error");
  EXPECT_EQ(starhouse_error([&] { Csv(ab, {"a", "bee"}); }), "no error");
  EXPECT_EQ(starhouse_error([&] {
              Csv(ab, {"a", "b", "A"});
            }),
            "22023 the header names column \"A\" twice");
  EXPECT_EQ(starhouse_error([&] {
              Csv(ab, {"a", "b\xFF"});
            }),
            "22021 the header is not valid in the contract's encoding: b\\xff");
  EXPECT_EQ(starhouse_error([&] {
              Csv(ab, {"a", "b", "c", ""}, R"("extra_columns": "reject", )");
            }),
            "22023 the file holds columns the contract does not know: c");
  EXPECT_EQ(starhouse_error([&] {
              Csv(R"({"name": "a", "type": "text", "from": 3})", {"x", "y"});
            }),
            "22023 the file lacks column field 3 | The header holds: x, y");
}

TEST(RowParser, DefaultMustFitItsColumn) {
  EXPECT_EQ(starhouse_error(
                [&] { Csv(R"({"name": "a", "type": "integer", "default": "many"})", {"a"}); }),
            "22023 contract: the default \"many\" of column \"a\" does not satisfy the column: not "
            "a whole number");
}

TEST(RowParser, JsonValues) {
  Json json(R"({"name": "id", "type": "text", "required": true},
               {"name": "n", "type": "numeric"}, {"name": "ok", "type": "boolean"},
               {"name": "who", "type": "text", "from": ["/customer/id", "customer_id"]},
               {"name": "first", "type": "integer", "from": "/items/0/qty"},
               {"name": "items", "type": "jsonb"})");
  EXPECT_EQ(
      json.row(R"({"id": "a\u00e9", "n": 0.1234567890123456789, "ok": true,
      "customer": {"id": 17, "name": "x"}, "items": [ {"qty": 3}, {"qty": 4} ] })"),
      R"({"id": "aé", "n": "0.1234567890123456789", "ok": "true", "who": "17", "first": "3", "items": [ {"qty": 3}, {"qty": 4} ]})");
  EXPECT_EQ(json.row(R"({"id": 5, "customer_id": "c", "customer": null, "items": "s \n"})"),
            R"({"id": "5", "n": null, "ok": null, "who": "c", "first": null, "items": "s \n"})");
  EXPECT_EQ(
      json.row(R"({"items": {"a": {"b": []}}, "id": "x", "n": "2.50"})"),
      R"({"id": "x", "n": "2.50", "ok": null, "who": null, "first": null, "items": {"a": {"b": []}}})");
  EXPECT_EQ(json.row(R"({"id": "x", "n": 1e-3, "items": null})"),
            R"({"id": "x", "n": "0.001", "ok": null, "who": null, "first": null, "items": null})");
  EXPECT_EQ(json.row(R"({"id": null})"), "23502 id <> a required value is missing");
  EXPECT_EQ(json.row(R"({"id": {"a": 1}})"),
            "22P02 id <> an object stands where a single value is expected");
  EXPECT_EQ(json.row(R"({"id": [1]})"),
            "22P02 id <> an array stands where a single value is expected");
  EXPECT_EQ(json.row(R"({"id": "x", "n": "abc"})"), "22P02 n <abc> not a number");
}

TEST(RowParser, JsonThatIsNone) {
  Json json(R"({"name": "id", "type": "text"})");
  for (const char *text : {"",
                           "{",
                           "}",
                           "{\"id\": 1",
                           "{\"id\" 1}",
                           "{\"id\": 1,}",
                           "{id: 1}",
                           "{\"id\": 1} x",
                           "{\"id\": 1}{}",
                           "{\"id\": tru}",
                           "{\"id\": nul}",
                           "{\"id\": 01}",
                           "{\"id\": 1.}",
                           "{\"id\": .5}",
                           "{\"id\": +1}",
                           "{\"id\": \"a}",
                           "{\"id\": \"\\x\"}",
                           "{\"id\": \"\\u12\"}",
                           "{\"id\": \"a\nb\"}",
                           "{\"id\": 1]",
                           "{\"x\": [1 2]}",
                           "{\"x\": [1,]}",
                           "{\"x\": {\"y\"}}",
                           "{\"x\": nan}",
                           "]",
                           "{\"id\": 1},{\"id\": 2}",
                           "{\"id\": 1]}",
                           "{\"x\": -}",
                           "{\"x\": truefalse}",
                           "{\"x\": 1 \"y\": 2}",
                           "{,}",
                           "{\"x\":}",
                           "{\"x\": falsey}"}) {
    EXPECT_EQ(json.row(text).substr(0, 5), "22032") << text;
  }
  for (const char *text : {"5", "[]", "\"x\"", "null", "[{\"id\": 1}]"}) {
    EXPECT_EQ(json.row(text).substr(0, 5), "22032") << text;
  }
  EXPECT_EQ(json.row("{\"id\": \"\xFF\"}"),
            "22021  <{\"id\": \"\\xff\"}> the record is not valid UTF-8");
}

TEST(RowParser, JsonTheServerWouldRefuse) {
  Json json(R"({"name": "id", "type": "text"}, {"name": "j", "type": "jsonb"})");
  EXPECT_EQ(json.row(R"({"x": "a\u0000b"})").substr(0, 5), "22021");
  EXPECT_EQ(json.row(R"({"a\u0000b": 1})").substr(0, 5), "22021");
  for (const char *text :
       {R"({"j": "\ud800"})", R"({"j": "\udc00"})", R"({"j": "\ud800\u0041"})"}) {
    const std::string code = json.row(text).substr(0, 5);
    EXPECT_TRUE(code == "22021" || code == "22032") << text << code;
  }
  EXPECT_EQ(json.row(R"({"j": "\ud83d\ude00"})"), R"({"id": null, "j": "\ud83d\ude00"})");
  EXPECT_EQ(json.row(R"({"j": 1e200000})"), "22003  <1e200000> a number is out of range");
  EXPECT_EQ(json.row(R"({"j": {"a": 1, "b": {"c": 1, "c": 2}}})"),
            "22030  <c> the key occurs twice in one object");
  EXPECT_EQ(json.row(R"({"id": 1, "i\u0064": 2})"),
            "22030  <id> the key occurs twice in one object");
  std::string many = "{";
  for (int i = 0; i < 100; ++i) {
    many += "\"k" + std::to_string(i) + "\": 1, ";
  }
  EXPECT_EQ(json.row(many + "\"z\": 1}"), R"({"id": null, "j": null})");
  EXPECT_EQ(json.row(many + "\"k7\": 1}"), "22030  <k7> the key occurs twice in one object");
  const std::string drift = json.parser().take_drift();
  EXPECT_EQ(std::count(drift.begin(), drift.end(), '/'), 101);
}

TEST(RowParser, DeepJson) {
  Json json(R"({"name": "j", "type": "jsonb"})");
  auto nested = [](int depth) {
    return "{\"j\": " + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_EQ(json.row(nested(199)).substr(0, 5), "{\"j\":");
  EXPECT_EQ(json.row(nested(200)).substr(0, 5), "54000");
  EXPECT_EQ(json.row(nested(100'000)).substr(0, 1), "5");
  const std::string row = json.row(std::string(300'000, '['));
  EXPECT_TRUE(row.starts_with("54000") || row.starts_with("22032")) << row;
}

TEST(RowParser, JsonLimitsAndExtras) {
  Json json(R"({"name": "id", "type": "text"})",
            R"("extra_columns": "reject", "max_record_bytes": 64, )");
  EXPECT_EQ(json.row(R"({"id": 1, "x": 2})"),
            "22P04  <x> the record holds a key the contract does not know");
  EXPECT_EQ(json.row("{\"id\": \"" + std::string(80, 'x') + "\"}").substr(0, 5), "54000");
  Json lenient(R"({"name": "id", "type": "text", "from": "/a/b"})");
  lenient.row(R"({"a": {"b": 1, "c": 2}, "z": 1, "y": 2})");
  lenient.row(R"({"y": null, "x/~": [], "a": 1})");
  EXPECT_EQ(
      lenient.parser().take_drift(),
      R"({"/z": {"count": 1, "types": ["number"]}, "/y": {"count": 2, "types": ["null", "number"]}, )"
      R"("/x~1~0": {"count": 1, "types": ["array"]}})");
  EXPECT_EQ(lenient.parser().take_drift(), "");
}

TEST(RowParser, RecordNumberComesFirst) {
  const Contract contract =
      parse_contract(R"({"format": "jsonl", "columns": [{"name": "a", "type": "boolean"}]})");
  RowParser parser(contract, india());
  CopyBuffer out;
  Reject reject;
  ASSERT_TRUE(parser.parse_json(R"({"a": true})", 258, out, reject));
  EXPECT_EQ(out.view(), std::string_view("\0\2\0\0\0\x08\0\0\0\0\0\0\1\2\0\0\0\1\1", 19));
}

TEST(RowHash, Xxh64KnownValues) {
  EXPECT_EQ(xxh64(""), 0xEF46DB3751D8E999U);
  EXPECT_EQ(xxh64("a"), 0xD24EC4F1A98C6E5BU);
  EXPECT_EQ(xxh64("abc"), 0x44BC2CF5AD770999U);
}

// The stored keys of warehouses depend on these.
TEST(RowHash, NeverChanges) {
  Csv csv(R"({"name": "t", "type": "text"}, {"name": "i", "type": "integer"},
             {"name": "n", "type": "numeric"}, {"name": "f", "type": "float8"},
             {"name": "b", "type": "boolean"}, {"name": "d", "type": "date"},
             {"name": "z", "type": "timestamptz"},
             {"name": "h", "type": "hash", "of": ["t", "i", "n", "f", "b", "d", "z"]})",
          {"t", "i", "n", "f", "b", "d", "z"});
  auto hash = [&](std::vector<std::string_view> fields) {
    const std::string row = csv.row(std::move(fields));
    return row.substr(row.find("\"h\": ") + 6, row.size() - row.find("\"h\": ") - 8);
  };
  const std::string all =
      hash({"536365", "6", "2.55", "1.5", "true", "2010-12-01", "2010-12-01 08:26:00"});
  EXPECT_EQ(all, hash({" 536365 ", "6.0", "2.550", "15e-1", "yes", "2010-12-01",
                       "2010-12-01T02:56:00Z"}));
  EXPECT_NE(all,
            hash({"536365", "6", "-2.55", "1.5", "true", "2010-12-01", "2010-12-01 08:26:00"}));
  EXPECT_NE(hash({"", "1", "", "", "", "", ""}), hash({"1", "", "", "", "", "", ""}));
  // Computed apart from this code, from the server's own send functions.
  EXPECT_EQ(all, "-5642462496748142408");
  EXPECT_EQ(hash({"", "", "", "", "", "", ""}), "7587352382919714425");
}

TEST(RowParser, SchemaIsCheckedBeforeTheColumns) {
  Json json(
      R"({"name": "id", "type": "text"}, {"name": "qty", "type": "integer", "from": "/line/qty"})",
      R"("schema": {"required": ["id"], "properties": {"id": {"type": "string"},
                "line": {"properties": {"qty": {"minimum": 1}}}}}, )");
  EXPECT_EQ(json.row(R"({"id": "a", "line": {"qty": 2}})"), R"({"id": "a", "qty": "2"})");
  EXPECT_EQ(json.row(R"({"id": 1})"),
            "23514 id <1> /id is not a string (schema: /properties/id/type)");
  EXPECT_EQ(json.row(R"({"id": "a", "line": {"qty": 0}})"),
            "23514 qty <0> /line/qty is below the minimum 1 (schema: "
            "/properties/line/properties/qty/minimum)");
  EXPECT_EQ(json.row(R"({"line": {}})"),
            "23502  <> the record lacks the field \"id\" (schema: /required)");
  json.row(R"({"id": "a", "line": {"qty": 2, "new": 1}, "x": {}})");
  EXPECT_EQ(json.parser().take_drift(), R"({"/line/new": {"count": 1, "types": ["number"]}, )"
                                        R"("/x": {"count": 1, "types": ["object"]}})");
}

TEST(RowParser, RecordsOfOtherVersionsAreNamed) {
  Json json(R"({"name": "id", "type": "text"})", R"("version_from": "/v", )");
  json.parser().set_version(3);
  EXPECT_EQ(json.row(R"({"id": 1})"), R"({"id": "1"})");
  EXPECT_EQ(json.row(R"({"id": 1, "v": 3})"), R"({"id": "1"})");
  EXPECT_EQ(json.row(R"({"id": 1, "v": "2"})").substr(0, 10), "22023  <2>");
  EXPECT_EQ(json.parser().other_version(), 2);
  EXPECT_EQ(json.row(R"({"id": 1, "v": "two"})").substr(0, 12), "22023  <two>");
  EXPECT_EQ(json.parser().other_version(), 0);
}

} // namespace
