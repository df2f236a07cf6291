// The sub-commands of the program `starhouse`. Each lives in its own file, adds itself to the
// application and runs from its callback; it ends with a status other than 0 by throwing Exit, and
// reports an error by throwing starhouse::Error (or CLI::ParseError for wrong usage).
#pragma once

#include <CLI/CLI.hpp>

namespace starhouse::client {

// Exit statuses scripts may rely on.
enum class Status {
  ok = 0,
  error = 1,
  usage = 2,
  too_many_rejects = 3,
  interrupted = 130, // 128 + SIGINT
  terminated = 143,  // 128 + SIGTERM
};

struct Exit {
  Status status;
};

void add_load_command(CLI::App &app);
void add_ingest_command(CLI::App &app); // src/client/ingest/
void add_replay_command(CLI::App &app);
void add_status_command(CLI::App &app);
void add_alerts_command(CLI::App &app);
void add_compact_command(CLI::App &app);
void add_feeds_command(CLI::App &app);
void add_message_command(CLI::App &app);
void add_generate_command(CLI::App &app); // src/client/generate/
void add_report_command(CLI::App &app);   // src/client/report/

} // namespace starhouse::client
