// What the official suite does not ask: words of refusals and failures, limits, unknown fields,
// exact numbers, expressions.
#include "core/stream/json_schema.hpp"

#include "core/error.hpp"
#include "core/stream/ecma_pattern.hpp"
#include "core/stream/json_number.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace starhouse::stream;

struct Told {
  bool fits = false;
  Violation why;
};

class Checker {
public:
  explicit Checker(const std::string &schema, JsonSchemaOptions options = {})
      : validator_(JsonSchema(schema, options)) {
    scanner_.keep_tree();
  }
  Told operator()(const std::string &message) {
    JsonScanner::Fault fault;
    EXPECT_TRUE(scanner_.scan(message, fault)) << fault.reason << ": " << message;
    Told told;
    told.fits = validator_.validate(scanner_.tree(), told.why);
    return told;
  }
  std::vector<std::string> unknown(const std::string &message) {
    EXPECT_TRUE((*this)(message).fits);
    std::vector<std::string> fields;
    validator_.unknown_fields(scanner_.tree(),
                              [&](std::string_view path, JsonKind) { fields.emplace_back(path); });
    return fields;
  }

private:
  JsonScanner scanner_;
  SchemaValidator validator_;
};

// "place: words (schema place)" of a message that does not fit.
std::string failure(const std::string &schema, const std::string &message,
                    JsonSchemaOptions options = {}) {
  const Told told = Checker(schema, options)(message);
  EXPECT_FALSE(told.fits) << schema << " " << message;
  return told.why.instance_path + ": " + told.why.expected + " (" + told.why.schema_path + ")";
}

std::pair<std::string, std::string> refusal(const std::string &schema,
                                            JsonSchemaOptions options = {}) {
  try {
    const JsonSchema compiled(schema, options);
  } catch (const starhouse::Error &error) {
    EXPECT_FALSE(error.hint().empty()) << error.message();
    return {error.code().data(), error.message()};
  }
  ADD_FAILURE() << "taken: " << schema;
  return {};
}

TEST(JsonSchema, FailuresNameTheirPlaces) {
  EXPECT_EQ(
      failure(R"({"properties": {"items": {"items": {"properties": {"a/b": {"minimum": 1}}}}}})",
              R"({"items": [{}, {"a/b": 0}]})"),
      "/items/1/a~1b: is below the minimum 1 "
      "(/properties/items/items/properties/a~1b/minimum)");
  EXPECT_EQ(failure(R"({"required": ["b", "a"]})", R"({"b": 1})"),
            ": lacks the field \"a\" (/required)");
  EXPECT_EQ(
      failure(
          R"({"$defs": {"id": {"type": ["integer", "null"]}}, "properties": {"id": {"$ref": "#/$defs/id"}}})",
          R"({"id": "x"})"),
      "/id: is not null or an integer (/$defs/id/type)");
  EXPECT_EQ(failure(R"({"enum": ["red", 2]})", "3"),
            ": is none of the values allowed, such as \"red\" (/enum)");
  EXPECT_EQ(failure(R"({"additionalProperties": false, "properties": {"a": true}})",
                    R"({"a": 1, "b": 2})"),
            "/b: is not allowed here (/additionalProperties)");
  EXPECT_EQ(failure(R"({"propertyNames": {"maxLength": 2}})", R"({"abc": 1})"),
            "/abc: has a name that has 3 characters, the most is 2 (/propertyNames/maxLength)");
  EXPECT_EQ(
      failure(R"({"anyOf": [{"type": "string"}, {"properties": {"n": {"type": "integer"}}}]})",
              R"({"n": 1.5})"),
      ": fits none of the 2 schemas of anyOf; of the nearest, /n is not an integer (/anyOf)");
  EXPECT_EQ(failure(R"({"oneOf": [true, {"type": "integer"}]})", "1"),
            ": fits 2 of the 2 schemas of oneOf, it should fit one (/oneOf)");
  EXPECT_EQ(failure(R"({"dependentRequired": {"card": ["billing"]}})", R"({"card": 1})"),
            ": has \"card\" and lacks \"billing\" (/dependentRequired)");
  EXPECT_EQ(failure(R"({"format": "date-time"})", R"("2024-02-30T00:00:00Z")", {true}),
            ": is no date-time (/format)");
}

TEST(JsonSchema, EveryKeywordHasWords) {
  const std::vector<std::vector<std::string>> cases{
      {"false", "1"},
      {R"({"type": "number"})", "\"\""},
      {R"({"const": [1]})", "1"},
      {R"({"maximum": 1})", "2"},
      {R"({"exclusiveMinimum": 1})", "1"},
      {R"({"exclusiveMaximum": 1})", "1"},
      {R"({"multipleOf": 0.1})", "0.15"},
      {R"({"minLength": 2})", "\"é\""},
      {R"({"maxLength": 1})", "\"éé\""},
      {R"({"pattern": "^x"})", "\"y\""},
      {R"({"minItems": 1})", "[]"},
      {R"({"maxItems": 0})", "[1]"},
      {R"({"uniqueItems": true})", "[1, 1.0]"},
      {R"({"contains": false})", "[1]"},
      {R"({"contains": true, "minContains": 2})", "[1]"},
      {R"({"contains": true, "maxContains": 1})", "[1, 2]"},
      {R"({"unevaluatedItems": false})", "[1]"},
      {R"({"unevaluatedProperties": false})", R"({"a": 1})"},
      {R"({"minProperties": 1})", "{}"},
      {R"({"maxProperties": 0})", R"({"a": 1})"},
      {R"({"not": true})", "1"},
      {R"({"enum": []})", "1"}};
  for (const auto &one : cases) {
    EXPECT_FALSE(Checker(one[0])(one[1]).why.expected.empty()) << one[0];
    EXPECT_FALSE(Checker(one[0])(one[1]).fits) << one[0];
  }
}

TEST(JsonSchema, CodesTellMissingFromWrong) {
  EXPECT_STREQ(Checker(R"({"required": ["a"]})")("{}").why.code.data(), "23502");
  EXPECT_STREQ(Checker(R"({"type": "null"})")("{}").why.code.data(), "23514");
}

TEST(JsonSchema, RefusalsNameTheirPlaces) {
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(refusal(R"({"properties": {"a": {"requierd": []}}})"),
            Pair("22023", "JSON Schema, /properties/a/requierd: unknown keyword"));
  EXPECT_EQ(refusal(R"({"$dynamicRef": "#a"})"),
            Pair("0A000", "JSON Schema, /$dynamicRef: the keyword is not supported"));
  EXPECT_EQ(refusal(R"({"$ref": "http://x/y"})"),
            Pair("0A000", "JSON Schema, /$ref: \"http://x/y\" is in another document"));
  EXPECT_EQ(refusal(R"({"$ref": "#/$defs/a"})"),
            Pair("22023", "JSON Schema, /$ref: there is no \"$defs\" where it leads"));
  EXPECT_EQ(
      refusal(R"({"minLength": -1})"),
      Pair("22023", "JSON Schema, /minLength: the value is not a whole number of at least 0"));
  EXPECT_EQ(refusal(R"({"$schema": "http://json-schema.org/draft-04/schema#"})").first, "0A000");
  EXPECT_EQ(refusal(R"({"format": "hostname"})", {true}).first, "0A000");
  EXPECT_EQ(refusal("[1]").first, "22023");
  EXPECT_EQ(refusal("{").first, "22023");
  EXPECT_EQ(refusal(R"({"items": [true]})").first, "22023");
  EXPECT_EQ(refusal(R"({"multipleOf": 1.0000000000000000001})").first, "22023");
  for (const std::string remark : {"title", "x-unit", "$comment", "examples"}) {
    EXPECT_NO_THROW(JsonSchema("{\"" + remark + "\": \"a\"}"));
  }
  EXPECT_NO_THROW(JsonSchema(R"({"requierd": []})", {false, true}));
}

TEST(JsonSchema, CyclesWithoutDescentAreRefused) {
  for (
      const std::string cycle :
      {R"({"$ref": "#"})", R"({"allOf": [{"$ref": "#"}]})",
       R"({"not": {"anyOf": [{"$ref": "#/not"}]}})",
       R"({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"if": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"})",
       R"({"dependentSchemas": {"a": {"$ref": "#"}}})"}) {
    EXPECT_EQ(refusal(cycle).first, "22023") << cycle;
  }
  EXPECT_TRUE(
      Checker(R"({"properties": {"next": {"$ref": "#"}}})")(R"({"next": {"next": {}}})").fits);
}

// 2^40 ways through the schema: the validation ends by its own limit.
TEST(JsonSchema, StepsAreLimited) {
  std::string defs = R"("d0": {"type": "integer"})";
  for (int i = 1; i <= 40; ++i) {
    const std::string before = R"({"$ref": "#/$defs/d)" + std::to_string(i - 1) + "\"}";
    defs += ", \"d" + std::to_string(i) + R"(": {"allOf": [)" + before + ", " + before + "]}";
  }
  const Told told = Checker(R"({"$defs": {)" + defs + R"(}, "$ref": "#/$defs/d40"})")("1");
  EXPECT_FALSE(told.fits);
  EXPECT_STREQ(told.why.code.data(), "54000");
}

TEST(JsonSchema, ChainsAreLimitedInDepth) {
  auto chain = [](int length) {
    std::string defs = R"("d0": {"type": "integer"})";
    for (int i = 1; i <= length; ++i) {
      defs +=
          ", \"d" + std::to_string(i) + R"(": {"$ref": "#/$defs/d)" + std::to_string(i - 1) + "\"}";
    }
    return R"({"$defs": {)" + defs + R"(}, "$ref": "#/$defs/d)" + std::to_string(length) + "\"}";
  };
  EXPECT_TRUE(Checker(chain(500))("1").fits);
  EXPECT_STREQ(Checker(chain(5000))("1").why.code.data(), "54000");
  EXPECT_EQ(refusal(chain(20000)).first, "54000");
}

TEST(JsonSchema, HostileExpressionsAreLinear) {
  const std::string text(100000, 'a');
  EXPECT_FALSE(Checker(R"({"pattern": "^(a+)+$"})")("\"" + text + "b\"").fits);
  EXPECT_FALSE(Checker(R"({"pattern": "^(([a-z])+.)+[A-Z]([a-z])+$"})")("\"" + text + "\"").fits);
  EXPECT_EQ(refusal(R"x({"pattern": "(a{1000}){1000}"})x").first, "22023");
  EXPECT_EQ(refusal(R"x({"pattern": "(?=a)"})x").first, "0A000");
  EXPECT_EQ(refusal(R"x({"pattern": "(a)\\1"})x").first, "0A000");
  EXPECT_EQ(refusal(R"({"pattern": "a**"})").first, "22023");
}

TEST(JsonSchema, UniqueItemsOfManyEqualLookingValues) {
  std::string many = "[";
  for (int i = 0; i < 20000; ++i) {
    many += (i > 0 ? "," : "") + std::string("{\"b\":") + std::to_string(i) + ",\"a\":1}";
  }
  Checker unique(R"({"uniqueItems": true})");
  EXPECT_TRUE(unique(many + "]").fits);
  EXPECT_EQ(unique(many + R"(,{"a":1.0,"b":7}])").why.instance_path, "/20000");
}

TEST(JsonSchema, NumbersAreDecimals) {
  EXPECT_TRUE(Checker(R"({"multipleOf": 0.01})")("4.35").fits);
  EXPECT_TRUE(Checker(R"({"multipleOf": 0.0001})")("0.0075").fits);
  EXPECT_FALSE(Checker(R"({"maximum": 9007199254740992})")("9007199254740993").fits);
  EXPECT_FALSE(Checker(R"({"exclusiveMinimum": 0.1})")("0.1000").fits);
  EXPECT_TRUE(Checker(R"({"const": 1e2})")("100.0").fits);
  EXPECT_TRUE(Checker(R"({"type": "integer"})")("1.5e1").fits);
  EXPECT_FALSE(Checker(R"({"type": "integer"})")("1.5e0").fits);
  EXPECT_FALSE(Checker(R"({"maximum": 1e99999})")("1e100000").fits);
}

TEST(JsonSchema, UnknownFields) {
  Checker schema(R"({"properties": {"a": true, "list": {"items": {"properties": {"b": true}}},
                     "open": {"additionalProperties": {"type": "integer"}}, "any": {"type": "object"}},
                     "patternProperties": {"^x-": true}, "additionalProperties": true,
                     "allOf": [{"properties": {"c": true}}]})");
  EXPECT_EQ(schema.unknown(R"({"a": 1, "c": 2, "x-1": 3, "any": {"z": 1}, "open": {"k": 1}})"),
            std::vector<std::string>{});
  EXPECT_EQ(schema.unknown(R"({"new": {"in": 1}, "list": [{"b": 1}, {"d": 2, "b": 3}]})"),
            (std::vector<std::string>{"/new", "/list/*/d"}));
}

TEST(JsonNumber, ComparesWithoutExpanding) {
  const std::vector<std::string> rising{"-1e999999999999",
                                        "-12.5",
                                        "-12.49",
                                        "-0.001",
                                        "0",
                                        "1e-99999",
                                        "0.1",
                                        "0.10000001",
                                        "1",
                                        "9.99",
                                        "10",
                                        "1e999999999999"};
  for (std::size_t i = 0; i < rising.size(); ++i) {
    for (std::size_t j = 0; j < rising.size(); ++j) {
      EXPECT_EQ(compare(read_number(rising[i]), read_number(rising[j])), i < j   ? -1
                                                                         : i > j ? 1
                                                                                 : 0)
          << rising[i] << " " << rising[j];
    }
  }
  EXPECT_EQ(compare(read_number("-0.0"), read_number("0e5")), 0);
  EXPECT_EQ(compare(read_number("120e-1"), read_number("1.2E+1")), 0);
}

TEST(EcmaPattern, Translates) {
  EXPECT_EQ(to_re2(R"(^\u0041\u{1F600}\x41\cJ\0\/[\b\-[^]$)"),
            R"(^\x{41}\x{1f600}\x{41}\x{a}\x{0}\/[\x08\-\[\^]$)");
  EXPECT_EQ(to_re2(R"((?<year>\d{4})\p{Letter}\P{Script=Greek})"), R"((?:\d{4})\p{L}\P{Greek})");
  EXPECT_EQ(to_re2("[^]"), R"([\x{0}-\x{10ffff}])");
  EXPECT_EQ(to_re2("\\ud83d\\ude00"), R"(\x{1f600})");
  for (const std::string bad :
       {"\\a", "\\Z", "[a", "\\u12", "\\ud800", "(?i)a", "\\p{", "\\u{110000}", "\\", "[\\"}) {
    EXPECT_THROW(to_re2(bad), starhouse::Error) << bad;
  }
}

} // namespace
