// Takes one source through the warehouse's pipeline: a transaction per batch, exactly once.
//
// What a batch loads, the rows it rejects, its log and the source's offset commit together, fenced
// by the source's epoch; so a program killed at any point is repeated by the same command, and goes
// on where the last commit stands. Transient errors are tried again, after a reconnect if need be;
// a row that the server itself refuses is found by halving the batch and goes to quarantine.
#pragma once

#include "client/batch.hpp"
#include "client/batch_reader.hpp"
#include "client/source.hpp"
#include "client/warehouse.hpp"

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

// What the server knows of a source.
struct OpenSource {
  std::int64_t source_id = 0;
  std::int64_t next_record = 1;
  std::int64_t epoch = 0;
  std::string finished_at; // empty: not yet
};

class Loader {
public:
  Loader(Target target, std::unique_ptr<Connection> connection, const FeedPlan &plan);

  // Registers the source, waiting a while for another session that is loading it.
  const OpenSource &open(const std::string &name, const SourceFacts &facts,
                         const std::string &header);
  const OpenSource &source() const noexcept { return source_; }

  // Loads the batch; `last`: the source ends with it and is closed in the same transaction.
  Counts load(Batch &batch, bool last);

  Connection &connection() noexcept { return *connection_; }

private:
  Counts load_range(Batch &batch, Batch::Range range, bool last);
  Counts load_halves(Batch &batch, Batch::Range range, bool last, const ServerError &error);
  Counts run_transaction(const Batch &batch, Batch::Range range, bool last);
  Counts finish_batch(const Batch &batch, Batch::Range range, std::int64_t batch_id, bool last);
  void name_lines(const Batch &batch, std::int64_t batch_id);
  void open_source_row();
  std::optional<Counts> recover(const Batch &batch, Batch::Range range, bool last,
                                const ServerError &error);
  void reconnect();

  Target target_;
  std::unique_ptr<Connection> connection_;
  const FeedPlan &plan_;
  std::string name_;
  std::string header_;
  SourceFacts facts_;
  OpenSource source_;
  int refused_in_a_row_ = 0;
};

// COPY, or INSERT where row security forbids COPY; shared with replay.
void send_bronze(Connection &connection, const FeedPlan &plan, const Batch &batch,
                 Batch::Range range, std::int64_t batch_id);
void send_rejects(Connection &connection, const FeedPlan &plan, const Batch &batch,
                  Batch::Range range, const Parameter &source_id, std::int64_t batch_id);

// Sleeps before the next attempt: a quarter of a second, doubled each time up to eight, give or
// take a fourth. Returns false when `attempt` was the last.
bool back_off(int attempt);

} // namespace starhouse::client
