// The official JSON-Schema-Test-Suite: every case of the supported keywords, in the drafts that are
// read. Taken in place from STARHOUSE_VECTORS/JSON-Schema-Test-Suite, or ../shared/vectors beside
// the clone; skipped where it is absent.
#include "core/error.hpp"
#include "core/stream/json_schema.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace starhouse::stream;
namespace ondemand = simdjson::ondemand;

std::filesystem::path suite() {
  const char *vectors = std::getenv("STARHOUSE_VECTORS"); // NOLINT(concurrency-mt-unsafe)
  const std::filesystem::path folder =
      vectors != nullptr ? vectors : STARHOUSE_ROOT "/../shared/vectors";
  return folder / "JSON-Schema-Test-Suite" / "tests";
}

// What makes a schema one that is refused: another document, or a keyword that docs/contract.md
// says is not supported.
bool outside_of_subset(const std::string &schema) {
  static const std::vector<std::string> signs{
      "$dynamicRef",
      "$dynamicAnchor",
      "$vocabulary",
      "http://localhost:1234",
      R"("$ref": "https://json-schema.org/draft/2020-12/schema")",
      R"("$ref": "http://json-schema.org/draft-07/schema#")"};
  return std::any_of(signs.begin(), signs.end(), [&](const std::string &sign) {
    return schema.find(sign) != std::string::npos;
  });
}

struct Totals {
  int cases = 0, refused = 0, nul = 0;
  std::set<std::string> refused_in;
};

class Runner {
public:
  Runner(JsonSchemaOptions options, Totals &totals) : options_(options), totals_(totals) {
    scanner_.keep_tree();
  }

  void file(const std::filesystem::path &path) {
    ondemand::parser parser;
    const auto text = simdjson::padded_string::load(path.string()).value();
    ondemand::document document = parser.iterate(text).value();
    for (auto group : document.get_array()) {
      one_group(path.filename().string(), group.get_object().value());
    }
  }

private:
  void one_group(const std::string &file, ondemand::object group) {
    const std::string title =
        file + ": " + std::string(std::string_view(group["description"].get_string().value()));
    const std::string schema_text(simdjson::to_json_string(group["schema"].value()).value());
    std::optional<SchemaValidator> validator;
    if (schema_text.find("\\u0000") != std::string::npos) {
      totals_.nul += 1; // no text or jsonb of PostgreSQL holds it
      return;
    }
    try {
      validator.emplace(JsonSchema(schema_text, options_));
    } catch (const starhouse::Error &error) {
      EXPECT_STREQ(error.code().data(), "0A000") << title << ": " << error.message();
      EXPECT_TRUE(outside_of_subset(schema_text)) << title << ": " << error.message();
      totals_.refused += 1;
      totals_.refused_in.insert(file);
      return;
    }
    for (auto test : group["tests"].get_array()) {
      ondemand::object fields = test.get_object().value();
      const std::string name(std::string_view(fields["description"].get_string().value()));
      const std::string data(simdjson::to_json_string(fields["data"].value()).value());
      const bool valid = fields["valid"].get_bool().value();
      if (data.find("\\u0000") != std::string::npos) {
        totals_.nul += 1;
        continue;
      }
      JsonScanner::Fault fault;
      ASSERT_TRUE(scanner_.scan(data, fault)) << title << ", " << name << ": " << fault.reason;
      Violation violation;
      EXPECT_EQ(validator->validate(scanner_.tree(), violation), valid)
          << title << ", " << name << "\n  schema " << schema_text << "\n  data " << data << "\n  "
          << violation.instance_path << " " << violation.expected << " (" << violation.schema_path
          << ")";
      if (!valid) {
        EXPECT_FALSE(violation.expected.empty()) << title << ", " << name;
      }
      totals_.cases += 1;
    }
  }

  JsonSchemaOptions options_;
  Totals &totals_;
  JsonScanner scanner_;
};

void report(const std::string &what, const Totals &totals) {
  std::string files;
  for (const std::string &file : totals.refused_in) {
    files += (files.empty() ? "" : ", ") + file;
  }
  std::cout << what << ": " << totals.cases << " cases run; " << totals.refused
            << " groups refused as unsupported (" << files << "), " << totals.nul
            << " left out for a NUL character\n";
}

void run_draft(const std::string &draft, JsonSchemaOptions options, int at_least) {
  const std::filesystem::path folder = suite() / draft;
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "no JSON-Schema-Test-Suite at " << suite();
  }
  Totals totals;
  Runner runner(options, totals);
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") {
      runner.file(entry.path());
    }
  }
  EXPECT_GE(totals.cases, at_least);
  report(draft, totals);
}

TEST(JsonSchemaSuite, Draft202012) {
  run_draft("draft2020-12", {false, true, JsonSchemaDraft::draft_2020_12}, 1150);
}
TEST(JsonSchemaSuite, Draft7) {
  run_draft("draft7", {false, true, JsonSchemaDraft::draft_07}, 800);
}

TEST(JsonSchemaSuite, OptionalParts) {
  const std::filesystem::path folder = suite() / "draft2020-12" / "optional";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "no JSON-Schema-Test-Suite at " << suite();
  }
  Totals totals;
  Runner plain({false, true}, totals);
  for (const char *name :
       {"bignum", "float-overflow", "non-bmp-regex", "unknownKeyword", "anchor",
        "dependencies-compatibility", "no-schema", "refOfUnknownKeyword", "id"}) {
    if (std::filesystem::exists(folder / (std::string(name) + ".json"))) {
      plain.file(folder / (std::string(name) + ".json"));
    }
  }
  Runner formats({true, true}, totals);
  for (const char *name : {"date", "time", "date-time", "duration", "email", "ipv4", "ipv6", "uuid",
                           "uri", "json-pointer"}) {
    formats.file(folder / "format" / (std::string(name) + ".json"));
  }
  EXPECT_GE(totals.cases, 400);
  report("optional and formats", totals);
}

} // namespace
