// Messages in Confluent's wire format, for the parser of a feed: the schema a message names is
// looked up and proven, and tells by which version of the feed's contract the message is read.
#pragma once

#include "client/registered_schemas.hpp"
#include "client/warehouse.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::client {

class WireReader {
public:
  // Versions of the contract by schema id, where the user says so.
  using Versions = std::map<std::uint32_t, std::int64_t>;

  // "ID=VERSION" each. Throws Error 22023.
  static Versions parse_versions(const std::vector<std::string> &texts);

  // `where`: as SchemaRegistry's.
  WireReader(std::string where, Versions chosen)
      : schemas_(std::move(where)), chosen_(std::move(chosen)) {}

  // The messages that follow are read by this plan. Throws Error 22023 for a version that was
  // chosen and does not exist.
  void use(const FeedPlan &plan);

  // Takes a message apart; one that is not framed is its own payload. `version`: what the message's
  // envelope says of the contract's version, 0 for nothing; in that case it becomes the version
  // that was chosen for the schema, or that holds the same schema. False: `reject` says why. Throws
  // Error of class 08 or 58 while the registry does not answer.
  bool open(std::string_view message, std::string_view &payload, std::int64_t &version,
            stream::Reject &reject);

private:
  struct Reading {
    std::int64_t version = 0; // 0: none is known
    bool same = false;        // its contract proves the message by the same schema
  };
  const Reading &reading(std::uint32_t id);

  RegisteredSchemas schemas_;
  Versions chosen_;
  std::vector<FeedPlan::Schema> known_;
  std::map<std::uint32_t, Reading> readings_;
};

} // namespace starhouse::client
