// Where a generator's records go: files of a folder, topics of Kafka, or the master data to the one
// and the events to the other. Shared by the commands of all kinds.
#pragma once

#include "client/generate/file_output.hpp"
#include "client/generate/topic_output.hpp"
#include "core/error.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace starhouse::client {

struct Destination {
  std::string folder;
  std::string brokers;
  std::optional<std::string> prefix; // of the topics; default: the kind and a dot
  double rate = 0;
  std::vector<std::string> properties;
  std::string kafka_config;
};

void add_destination_options(CLI::App &command, Destination &destination);

// What the files of a feed hold, of any kind's truth.
struct GeneratedFeed {
  std::string name;
  std::int64_t files = 0;
  std::int64_t records = 0;
  std::int64_t rejected = 0;
  std::int64_t duplicates = 0;
};

// Opens the destination, lets `generate` write to it and prints what was written. On Ctrl-C and
// SIGTERM it stops where it is: what was sent is delivered, files of that run have no LOAD_ORDER.
// Throws Error, Interrupted, and CLI::RequiredError without a destination.
void generate_to(
    const Destination &destination, std::string_view kind,
    const std::function<std::vector<GeneratedFeed>(generate::Output &, const Env &)> &generate);

// The feeds of a truth in that form.
template <typename Feeds>
std::vector<GeneratedFeed> generated_feeds(const Feeds &feeds) {
  std::vector<GeneratedFeed> all;
  all.reserve(std::size(feeds));
  for (const auto &feed : feeds) {
    all.push_back({feed.name, feed.files, feed.records, feed.rejected(), feed.duplicates()});
  }
  return all;
}

} // namespace starhouse::client
