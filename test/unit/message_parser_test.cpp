// Messages of older versions of a contract, and what makes versions incompatible.
#include "core/stream/message_parser.hpp"

#include "core/calendar/zone.hpp"
#include "core/stream/contract_compat.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace starhouse::stream;

const std::string v1 =
    R"({"version_from": "/v", "schema": {"properties": {"amt": {"type": "integer"}}},
  "columns": [{"name": "id", "type": "text"}, {"name": "amount", "type": "numeric", "from": "/amt"}]})";
const std::string v3 =
    R"({"version_from": "/v", "schema": {"properties": {"amount": {"type": "number"}}, "required": ["amount"]},
  "columns": [{"name": "amount", "type": "numeric"}, {"name": "currency", "type": "text", "default": "EUR"},
              {"name": "id", "type": "text"}]})";

TEST(MessageParser, OlderVersionsAreReadByTheirOwnRules) {
  const Contract current = parse_contract(v3);
  const std::vector<ContractVersion> older{{1, parse_contract(v1)}};
  const starhouse::calendar::ZoneTable zone;
  MessageParser parser(current, 4, older, zone);
  auto row = [&](const std::string &message, std::int64_t version) {
    CopyBuffer out;
    Reject reject;
    return parser.parse(message, 1, version, out, reject) ? tuple_to_json(current, out.view())
                                                          : reject.reason;
  };
  const std::string as_v1 = R"({"amount": "5", "currency": "EUR", "id": "a"})";
  EXPECT_EQ(row(R"({"id": "a", "amount": 5})", 0), as_v1);
  EXPECT_EQ(row(R"({"id": "a", "amt": 5})", 1), as_v1);
  EXPECT_EQ(row(R"({"id": "a", "amt": 5, "v": 1})", 0), as_v1);
  EXPECT_EQ(row(R"({"id": "a", "amt": 5})", 2), as_v1) << "version 2 had version 1's contract";
  EXPECT_EQ(row(R"({"id": "a", "amt": 0.5})", 1),
            "/amt is not an integer (schema: /properties/amt/type)");
  EXPECT_EQ(row(R"({"id": "a", "amt": 5})", 4),
            "the record lacks the field \"amount\" (schema: /required)");
  EXPECT_EQ(row(R"({"id": "a", "amt": 5})", 9),
            "the record is of version 9 of the contract, the feed's newest is 4");
  EXPECT_EQ(row(R"({"id": "a", "amount": 5, "v": 9})", 0),
            "the record names a version of the contract that the feed does not have");
}

// The problems of reading what `writer` allows by `reader`, a line each.
std::string problems(const std::string &reader, const std::string &writer) {
  auto contract = [](const std::string &schema) {
    return parse_contract(R"({"schema": )" + schema + R"(, "assert_formats": true,
                             "columns": [{"name": "c", "type": "text"}]})");
  };
  std::string out;
  for (const Incompatibility &found : incompatibilities(contract(reader), contract(writer))) {
    out += (out.empty() ? "" : "; ") + found.path + " " + found.problem;
  }
  return out;
}

TEST(ContractCompat, WhatIsCompatible) {
  const std::string base = R"({"type": "object", "required": ["a"], "properties": {
    "a": {"type": "integer", "minimum": 0}, "s": {"enum": ["x", "y"]}, "l": {"items": {"type": "string"}}}})";
  EXPECT_EQ(problems(base, base), "");
  EXPECT_EQ(problems("true", base), "");
  EXPECT_EQ(
      problems(R"({"properties": {"a": {"type": "number"}, "new": {"type": "string"}}})", base),
      "");
  EXPECT_EQ(
      problems(
          R"({"properties": {"s": {"enum": ["x", "y", "z"]}, "l": {"type": "array", "items": {"type": ["string", "null"]}}}})",
          R"({"properties": {"s": {"const": "y"}, "l": {"type": "array", "items": {"type": "string"}}}})"),
      "");
  EXPECT_EQ(problems(R"({"exclusiveMinimum": 1, "multipleOf": 0.5})",
                     R"({"minimum": 1.5, "multipleOf": 1})"),
            "");
  EXPECT_EQ(problems(R"({"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]})",
                     R"({"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 3}]})"),
            "");
  EXPECT_EQ(
      problems(
          R"({"$defs": {"n": {"properties": {"n": {"$ref": "#/$defs/n"}, "k": true}}}, "$ref": "#/$defs/n"})",
          R"({"$defs": {"m": {"properties": {"n": {"$ref": "#/$defs/m"}}}}, "$ref": "#/$defs/m"})"),
      "");
}

TEST(ContractCompat, WhatIsNot) {
  EXPECT_EQ(problems(R"({"properties": {"a": {"type": "integer"}}})",
                     R"({"properties": {"a": {"type": "number"}}})"),
            "/properties/a/type does not take: number with a fraction");
  EXPECT_EQ(problems(R"({"required": ["b"]})", R"({"properties": {"b": true}})"),
            "/required needs the field \"b\", which may be absent");
  EXPECT_EQ(problems(R"({"properties": {"s": {"enum": ["x"]}}})",
                     R"({"properties": {"s": {"enum": ["x", "y"]}}})"),
            "/properties/s/enum does not take the value y");
  EXPECT_EQ(problems(R"({"properties": {"a": true}, "additionalProperties": false})",
                     R"({"properties": {"a": true, "b": true}, "additionalProperties": false})"),
            "/additionalProperties takes no value any more");
  EXPECT_EQ(problems(R"({"additionalProperties": false})", "{}"),
            "/additionalProperties is new: the other takes any value");
  EXPECT_EQ(
      problems(
          R"({"minimum": 1, "maxLength": 3, "pattern": "a", "uniqueItems": true, "maxProperties": 2})",
          "{}"),
      "/minimum is a stricter limit; /maxLength is a stricter limit; /pattern is new or another "
      "one; "
      "/uniqueItems is new; /maxProperties is a stricter limit");
  EXPECT_EQ(problems(R"({"exclusiveMaximum": 5})", R"({"maximum": 5})"),
            "/exclusiveMaximum is a stricter limit");
  EXPECT_EQ(problems(R"({"oneOf": [{"type": "string"}]})",
                     R"({"oneOf": [{"type": "string"}, {"type": "null"}]})"),
            "/oneOf has no alternative that takes all of one of the other's");
  EXPECT_EQ(problems(R"({"not": {"type": "null"}})", "{}"), "/not is new or another one");
}

TEST(ContractCompat, Columns) {
  auto of = [](const std::string &columns) {
    return parse_contract(R"({"format": "csv", "columns": [)" + columns + "]}");
  };
  auto problems_of = [&](const std::string &reader, const std::string &writer) {
    std::string out;
    for (const Incompatibility &found : incompatibilities(of(reader), of(writer))) {
      out += (out.empty() ? "" : "; ") + found.path + " " + found.problem;
    }
    return out;
  };
  EXPECT_EQ(problems_of(R"({"name": "a", "type": "numeric"}, {"name": "b", "type": "text"})",
                        R"({"name": "a", "type": "integer"})"),
            "");
  EXPECT_EQ(
      problems_of(
          R"({"name": "a", "type": "integer", "min": 1}, {"name": "b", "type": "text", "required": true})",
          R"({"name": "a", "type": "integer", "min": 0})"),
      "/columns/a has a stricter limit; /columns/b is required and without a default, the other "
      "has no such column");
  EXPECT_EQ(problems_of(R"({"name": "a", "type": "date"})", R"({"name": "a", "type": "text"})"),
            "/columns/a is date, the other's is text");
}

} // namespace
