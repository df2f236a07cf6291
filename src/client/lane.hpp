// One session and the batch that is open in it: a transaction in two parts. stage() sends the rows
// and touches nothing that another batch needs; finish() claims the source, runs the feed's steps
// and commits. Two lanes in turn keep both cores busy: while one is at its steps, the other one
// takes in the next batch.
#pragma once

#include "client/batch.hpp"
#include "client/cursor.hpp"
#include "client/warehouse.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace starhouse::client {

struct Counts {
  std::int64_t read = 0;
  std::int64_t loaded = 0;
  std::int64_t duplicates = 0;
  std::int64_t rejected = 0;
  std::int64_t batches = 0;
  std::int64_t retries = 0;

  Counts &operator+=(const Counts &more) noexcept;
};

// COPY, or INSERT where row security forbids COPY; shared with replay.
void send_bronze(Connection &connection, const FeedPlan &plan, const Batch &batch,
                 Batch::Range range, std::int64_t batch_id);
void send_rejects(Connection &connection, const FeedPlan &plan, const Batch &batch,
                  Batch::Range range, const Parameter &source_id, std::int64_t batch_id);

class Lane {
public:
  // `plan` must outlive the lane.
  Lane(const Target &target, const FeedPlan &plan) : target_(target), plan_(plan) {}

  bool connected() const noexcept { return connection_ != nullptr; }
  // How many sessions it has had: another one holds nothing of what the one before held.
  int sessions() const noexcept { return sessions_; }
  void connect();
  void adopt(std::unique_ptr<Connection> connection);
  void disconnect() noexcept;
  // Makes the session ready for its first batch, up to the feed's steps, which are not run for
  // nothing. What fails here is told by the batch that meets it.
  void warm_up(const Cursor &cursor);
  Connection &connection() noexcept { return *connection_; }

  // Opens a transaction, sends the range and runs the steps that may run ahead. Throws ServerError,
  // rolled back then. `before`: the batch that is on its way and comes first, if any.
  void stage(const Batch &batch, Batch::Range range, const Cursor &cursor, const Batch *before);
  bool staged() const noexcept { return transaction_.has_value(); }
  // Steps and commit of what was staged. `close`: the source ends with it. Throws ServerError,
  // rolled back then.
  Counts finish(const Batch &batch, Batch::Range range, const Cursor &cursor, bool close);
  // Rolls back what was staged, if anything.
  void drop() noexcept { transaction_.reset(); }

  // Whether the server process `pid` waits for a lock that this lane's transaction holds.
  bool holds_up(std::int64_t pid);
  std::int64_t server_process() const noexcept { return process_; }
  // Of the batch staged last.
  std::int64_t batch_id() const noexcept { return batch_id_; }

private:
  Counts run_steps(const Batch &batch, Batch::Range range, const Cursor &cursor);
  void name_lines(const Batch &batch);

  const Target &target_;
  const FeedPlan &plan_;
  std::unique_ptr<Connection> connection_;
  std::optional<Transaction> transaction_; // after the connection: it ends first
  std::int64_t batch_id_ = 0;
  int sessions_ = 0;
  std::atomic<std::int64_t> process_{0};
};

} // namespace starhouse::client
