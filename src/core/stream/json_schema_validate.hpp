// The state of a validation. Internal to json_schema_validate.cpp and json_schema_report.cpp.
#pragma once

#include "core/stream/json_schema_program.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace starhouse::stream {

struct SchemaValidator::State {
  using Index = json_schema::Index;
  using Keyword = json_schema::Keyword;

  struct Exhausted {}; // the limits of one validation

  struct Failure {
    Index schema = json_schema::none;
    Keyword keyword = Keyword::never;
    std::uint32_t at = 0;
    std::uint64_t detail = 0; // a length or count that was found
    bool on_key = false;      // the key of `at`, not its value
  };

  // No one asks which members or items were evaluated.
  static constexpr std::size_t unmarked = static_cast<std::size_t>(-1);
  static constexpr std::uint8_t is_described = 1;
  static constexpr std::uint8_t describes_members = 2;

  explicit State(JsonSchema of);

  JsonSchema schema;
  const json_schema::Program &program;
  std::span<const JsonNode> tree;
  std::vector<std::uint8_t> marks_;    // of the members or items at hand, a stack of runs
  std::vector<std::uint8_t> described; // per node of the message
  std::vector<std::vector<std::uint32_t>> successors; // per object rules: see find_name
  std::vector<std::pair<std::uint64_t, std::uint32_t>> hashes;
  std::vector<std::uint32_t> unknown;
  std::vector<std::uint32_t> open;
  std::string path;
  std::uint64_t steps_left = 0;
  std::size_t depth = 0;
  Failure failure;
  Failure nearest; // of the alternatives of any_of or one_of, the one that got farthest

  void tick(std::uint64_t steps);
  bool fail(Index schema, Keyword keyword, std::size_t at, std::uint64_t detail = 0) noexcept;
  template <class Check>
  bool attempt(std::size_t marks, std::size_t count, Check check);

  bool check(Index index, std::size_t at, std::size_t marks);
  bool check_rules(Index index, const json_schema::Schema &rules, json_schema::TypeBit type,
                   std::size_t at, std::size_t marks);
  bool check_unevaluated(Index index, Index unevaluated, json_schema::TypeBit type, std::size_t at,
                         std::size_t marks);
  bool check_values(Index index, const json_schema::Schema &rules, std::size_t at);
  bool check_type(Index index, const json_schema::Schema &rules, json_schema::TypeBit type,
                  std::size_t at, std::size_t marks);
  bool check_number(Index index, const json_schema::NumberRules &rules, std::size_t at);
  bool check_string(Index index, const json_schema::StringRules &rules, std::size_t at);
  bool check_array(Index index, const json_schema::ArrayRules &rules, std::size_t at,
                   std::size_t marks);
  bool check_unique(Index index, std::size_t at);
  bool check_object(Index index, Index object, const json_schema::ObjectRules &rules,
                    std::size_t at, std::size_t marks);
  bool check_names(const json_schema::ObjectRules &rules, std::size_t at);
  bool check_dependents(Index index, const json_schema::ObjectRules &rules, std::size_t at,
                        std::size_t marks);
  bool check_logic(Index index, const json_schema::LogicRules &rules, std::size_t at,
                   std::size_t marks);
  bool check_any(Index index, const json_schema::LogicRules &rules, std::size_t at,
                 std::size_t marks);
  bool check_one(Index index, const json_schema::LogicRules &rules, std::size_t at,
                 std::size_t marks);
  bool has_member(std::size_t at, std::string_view key);
  bool matches_pattern(const RE2 &pattern, std::string_view text);
  static std::size_t find_name(const json_schema::ObjectRules &rules,
                               std::vector<std::uint32_t> &next, std::size_t previous,
                               std::string_view key);

  void report(Violation &violation);
  std::string expectation(const Failure &of);
};

} // namespace starhouse::stream
