// Events of about 200 bytes against one schema, on one core: what it costs to read them, to read and
// validate them, and what the peers that are installed take for the same. Each is run in turn, the best
// of its runs counts, in CPU time.
#include "core/stream/json_schema.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#if __has_include(<nlohmann/json.hpp>) && __has_include(<valijson/validator.hpp>)
#define WITH_VALIJSON
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
#endif
#if __has_include(<rapidjson/schema.h>)
#define WITH_RAPIDJSON
#include <rapidjson/document.h>
#include <rapidjson/schema.h>
#endif

namespace {

using namespace starhouse::stream;

std::string file(const char *name) {
  std::ifstream in(name);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> events(std::size_t count) {
  const char *types[] = {"play", "pause", "seek", "stop", "rate"};
  std::vector<std::string> all;
  std::uint64_t state = 42;
  for (std::size_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const auto random = static_cast<unsigned>(state >> 33U);
    char line[400];
    std::snprintf(line, sizeof line,
                  R"({"event_id":"e-%08x-%06zu","user_id":%u,"type":"%s","at":"2026-11-28T12:%02u:%02u.%03uZ",)"
                  R"("video":{"id":%u,"position":%u.%02u},"device":"living room tv","tags":["uhd","en"%s]})",
                  random, i, random % 500000 + 1, types[random % 5], random % 60, random / 60 % 60,
                  random % 1000, random % 9000 + 1, random % 7200, random % 100,
                  i % 100 == 99 ? ",7" : ",\"s\""); // one in a hundred does not fit
    all.emplace_back(line);
  }
  return all;
}

double seconds(const std::function<std::size_t()> &work, std::size_t &valid) {
  const std::clock_t begin = std::clock();
  valid = work();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

struct Contender {
  const char *name;
  std::function<std::size_t()> work; // how many events fit
  double best = 1e9;
  std::size_t valid = 0;
};

} // namespace

int main(int argc, char **argv) {
  const std::size_t count = argc > 2 ? std::stoul(argv[2]) : 200000;
  const std::string schema_text = file(argv[1]);
  const std::vector<std::string> lines = events(count);
  if (argc > 3) { // for peers in other languages
    std::ofstream out(argv[3]);
    for (const std::string &line : lines) {
      out << line << '\n';
    }
  }
  std::size_t bytes = 0;
  for (const std::string &line : lines) {
    bytes += line.size();
  }
  std::printf("%zu events of %zu bytes on average\n", count, bytes / count);

  std::vector<Contender> contenders;
  contenders.push_back({"starhouse: read only (as without a schema)", [&] {
                          JsonScanner scanner;
                          JsonScanner::Fault fault;
                          std::size_t valid = 0;
                          for (const std::string &line : lines) {
                            valid += scanner.scan(line, fault) ? 1 : 0;
                          }
                          return valid;
                        }});
  contenders.push_back({"starhouse: read and validate", [&] {
                          JsonScanner scanner;
                          scanner.keep_tree();
                          JsonScanner::Fault fault;
                          SchemaValidator validator{JsonSchema(schema_text)};
                          Violation violation;
                          std::size_t valid = 0;
                          for (const std::string &line : lines) {
                            valid += scanner.scan(line, fault) &&
                                             validator.validate(scanner.tree(), violation)
                                         ? 1
                                         : 0;
                          }
                          return valid;
                        }});
#ifdef WITH_RAPIDJSON
  contenders.push_back({"rapidjson (draft 4): read and validate", [&] {
                          rapidjson::Document document;
                          document.Parse(schema_text.c_str());
                          const rapidjson::SchemaDocument schema(document);
                          rapidjson::SchemaValidator validator(schema);
                          std::size_t valid = 0;
                          for (const std::string &line : lines) {
                            rapidjson::Document value;
                            value.Parse(line.c_str());
                            validator.Reset();
                            valid += !value.HasParseError() && value.Accept(validator) ? 1 : 0;
                          }
                          return valid;
                        }});
#endif
#ifdef WITH_VALIJSON
  contenders.push_back({"valijson on nlohmann (draft 7): read and validate", [&] {
                          const auto document = nlohmann::json::parse(schema_text);
                          valijson::Schema schema;
                          valijson::SchemaParser parser;
                          const valijson::adapters::NlohmannJsonAdapter adapter(document);
                          parser.populateSchema(adapter, schema);
                          valijson::Validator validator;
                          std::size_t valid = 0;
                          for (const std::string &line : lines) {
                            const auto value = nlohmann::json::parse(line);
                            const valijson::adapters::NlohmannJsonAdapter target(value);
                            valid += validator.validate(schema, target, nullptr) ? 1 : 0;
                          }
                          return valid;
                        }});
#endif
  constexpr int runs = 3;
  for (int run = 0; run < runs; ++run) {
    for (Contender &one : contenders) {
      one.best = std::min(one.best, seconds(one.work, one.valid));
    }
  }
  const double ours = contenders[1].best;
  for (const Contender &one : contenders) {
    std::printf("%-52s %10.0f /s  %6.2f us each  %5.1f times ours  %zu fit\n", one.name,
                static_cast<double>(count) / one.best,
                one.best * 1e6 / static_cast<double>(count), one.best / ours, one.valid);
  }
  std::printf("ours %f\n", ours);
  return 0;
}
