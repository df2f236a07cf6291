// Takes one source through the warehouse's pipeline: a transaction per batch, exactly once.
//
// What a batch loads, the rows it rejects, its log and the source's offset commit together, fenced
// by the source's epoch; so a program killed at any point is repeated by the same command, and goes
// on where the last commit stands. Transient errors are tried again, after a reconnect if need be;
// a row that the server itself refuses is found by halving the batch and goes to quarantine.
#pragma once

#include "client/batch.hpp"
#include "client/batch_reader.hpp"
#include "client/lane.hpp"
#include "client/run_log.hpp"
#include "client/source.hpp"

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>

namespace starhouse::client {

class Loader {
public:
  Loader(Target target, std::unique_ptr<Connection> connection, const FeedPlan &plan);

  // Registers the source, waiting a while for another session that is loading it.
  const OpenSource &open(const std::string &name, const SourceFacts &facts,
                         const std::string &header);
  const OpenSource &source() const noexcept { return source_; }

  // Starts to load the batch; `last`: the source ends with it and is closed by it. The batch must
  // live until finish() has returned.
  void start(Batch &batch, bool last);
  // While the batch that was started is at its steps: sends the next one, which start() takes up.
  // Gains time where there are two cores and changes nothing else.
  void send_ahead(const Batch &batch);
  // Waits for the batch that was started, whatever it takes.
  Counts finish();
  // The batch sent ahead is not to be loaded after all.
  void drop_ahead() noexcept;

  // How the load of the source of that name ended, for the warehouse's record: well, by an error
  // (noted once, whoever found it first), by a signal.
  void note_done() noexcept;
  void note_end(const Error &error, const std::string &name) noexcept;
  void note_signal() noexcept;

  Connection &connection() noexcept { return main_.connection(); }

private:
  Counts load_range(Batch &batch, Batch::Range range, bool last, int attempt);
  Counts load_halves(Batch &batch, Batch::Range range, bool last, const ServerError &error);
  std::optional<Counts> after_error(Batch &batch, Batch::Range range, bool last,
                                    const ServerError &error, int attempt);
  std::optional<Counts> recover(const Batch &batch, Batch::Range range, bool last,
                                const ServerError &error);
  void note(const ServerError &error, const Batch &batch, Batch::Range range, int attempt,
            RunLog::Action action);
  void wait_for_result();
  void open_source_row();
  void reconnect();

  Target target_;
  const FeedPlan &plan_;
  std::string name_;
  std::string header_;
  SourceFacts facts_;
  OpenSource source_;
  RunLog log_;
  bool end_noted_ = false;
  int refused_in_a_row_ = 0;
  Lane main_; // holds the source
  Lane second_;
  bool ahead_possible_ = true;
  Batch *running_ = nullptr;
  Lane *running_lane_ = nullptr;
  bool running_last_ = false;
  std::future<Counts> result_; // waited for before the lanes go
};

// Sleeps before the next attempt: a quarter of a second, doubled each time up to eight, give or
// take a fourth. Returns false when `attempt` was the last.
bool back_off(int attempt);

} // namespace starhouse::client
