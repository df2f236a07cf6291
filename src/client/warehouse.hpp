// What the client asks a server before it works: is it one we can work with, and what does a feed
// look like.
#pragma once

#include "client/server.hpp"
#include "core/calendar/zone.hpp"
#include "core/stream/contract.hpp"
#include "core/stream/message_parser.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace starhouse::client {

// The options every command that talks to a server has.
struct Target {
  std::string conninfo;
  std::string warehouse;
  std::string feed;
  std::string parameters = "{}";   // of a load: JSON object of texts
  std::int64_t schema_version = 0; // of all records of a load; 0: the newest, or what each says
  const char *application = "starhouse load";
};

// Connects, and checks server version, extension and its version; sets the session up for loading.
// Throws Error saying what is missing and who can mend it.
Connection connect(const Target &target);
Connection connect(const Target &target, const char *application_name);

struct FeedPlan {
  std::string warehouse;
  std::string feed;
  std::int64_t version = 0;
  std::string description;
  stream::Contract contract;
  std::vector<stream::ContractVersion> older; // contracts before it
  std::int64_t schema_version = 0;            // as the target has it
  // JSON Schemas of the versions that have one, newest first.
  struct Schema {
    std::int64_t version;
    std::string text;
  };
  std::vector<Schema> schemas;
  bool framed = false; // messages may be in Confluent's wire format
  std::string time_zone;
  calendar::ZoneTable zone;
  std::string bronze_table; // quoted; empty: the feed keeps none
  std::string quarantine_table;
  std::size_t batch_rows = 0;
  bool steps_ahead = false; // some steps may run before the batch's turn
  std::string columns;      // "a text, b numeric", for people
  std::string parameters;   // a line each, for people; empty: the feed has none
  // COPY does not work on tables whose row security applies to the user: INSERT then.
  bool insert_bronze = false;
  bool insert_quarantine = false;
};

FeedPlan read_plan(Connection &connection, const Target &target);

} // namespace starhouse::client
