#include "client/wire_reader.hpp"

#include "core/stream/wire_format.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace starhouse::client {

WireReader::Versions WireReader::parse_versions(const std::vector<std::string> &texts) {
  Versions versions;
  for (const std::string &text : texts) {
    std::uint32_t id = 0;
    std::int64_t version = 0;
    const char *const end = text.data() + text.size(); // NOLINT: pointers are from_chars' interface
    const auto number = std::from_chars(text.data(), end, id);
    const bool has_both = number.ec == std::errc{} && number.ptr < end && *number.ptr == '=';
    if (!has_both || id == 0 ||
        std::from_chars(number.ptr + 1, end, version).ptr != end || // NOLINT: as above
        version < 1 || !versions.emplace(id, version).second) {
      throw Error(sqlstate::invalid_parameter_value,
                  fmt::format("--schema-id: \"{}\" is not ID=VERSION, or the id was there", text),
                  "For example --schema-id 7=2: messages of the registered schema 7 are of version "
                  "2 of the feed's contract.");
    }
  }
  return versions;
}

void WireReader::use(const FeedPlan &plan) {
  for (const auto &[id, version] : chosen_) {
    if (version > plan.version) {
      throw Error(sqlstate::invalid_parameter_value,
                  fmt::format("--schema-id {}={}: feed {} has no such version, its newest is {}",
                              id, version, plan.feed, plan.version),
                  fmt::format("SELECT version FROM starhouse.feed_versions('{}', '{}') lists them.",
                              plan.warehouse, plan.feed));
    }
  }
  known_ = plan.schemas;
  readings_.clear();
}

const WireReader::Reading &WireReader::reading(std::uint32_t id) {
  const auto [at, fresh] = readings_.try_emplace(id);
  if (fresh) {
    Reading &reading = at->second;
    const auto same =
        std::find_if(known_.begin(), known_.end(), [&](const FeedPlan::Schema &known) {
          return schemas_.is_same(id, known.text);
        });
    if (same != known_.end()) {
      reading = {same->version, true};
    }
    if (const auto chosen = chosen_.find(id); chosen != chosen_.end()) {
      reading = {chosen->second, reading.same && reading.version == chosen->second};
    }
  }
  return at->second;
}

bool WireReader::open(std::string_view message, std::string_view &payload, std::int64_t &version,
                      stream::Reject &reject) {
  stream::WireMessage framed;
  switch (stream::unwrap(message, framed, reject)) {
  case stream::Framing::broken:
    return false;
  case stream::Framing::plain:
    payload = message;
    return true;
  case stream::Framing::framed:
    break;
  }
  payload = framed.payload;
  if (!schemas_.has(framed.schema_id, reject)) {
    return false;
  }
  const Reading &of = reading(framed.schema_id);
  const bool told = version != 0;
  if (!told) {
    version = of.version;
  }
  // Where the contract holds the same schema, it proves the message itself.
  return (of.same && version == of.version) || schemas_.check(framed.schema_id, payload, reject);
}

} // namespace starhouse::client
