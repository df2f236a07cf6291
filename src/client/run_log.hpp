// Failures on record. A failed transaction rolls its own record back, so what failed is noted here
// and written once there is a sound session again, each note in a transaction of its own. Notes
// that can never be written (the server stays away) are lost with the program; the run then has no
// end on record, which starhouse.runs_dead shows.
#pragma once

#include "client/server.hpp"
#include "client/warehouse.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace starhouse::client {

// The batch that failed: a source and its records or offsets [first, last]; 0: unknown.
struct FailedBatch {
  std::int64_t source_id = 0;
  std::int64_t epoch = 0;
  std::string source_name;
  std::int64_t first_record = 0;
  std::int64_t last_record = 0;
};

class RunLog {
public:
  // What was done next; the values of attempt_log.action.
  enum class Action { retry, split, stop, lost };

  explicit RunLog(const Target &target) : target_(target) {}

  // Notes a failure at this moment. `retry`: how often the batch had been tried before.
  void failed(const Error &error, const FailedBatch &batch, int retry, Action action);
  // Writes what was noted, oldest first; stops at the first that cannot be written now. Throws
  // nothing: a log that cannot be written is no reason to stop a load.
  void flush(Connection &connection) noexcept;
  // The run ended on purpose: "stopped", told by a connection of its own that no signal ends.
  void stopped_by_signal(std::int64_t source_id, std::int64_t epoch) noexcept;
  bool empty() const noexcept { return notes_.empty(); }

private:
  struct Note {
    std::string state;
    std::string message;
    std::string detail;
    std::string hint;
    FailedBatch batch;
    int retry;
    Action action;
    std::string at; // seconds since 1970
  };

  const Target &target_;
  std::deque<Note> notes_;
};

} // namespace starhouse::client
