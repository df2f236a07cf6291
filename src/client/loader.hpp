// Takes one source through the warehouse's pipeline: a transaction per batch, exactly once.
//
// What a batch loads, the rows it rejects, its log and the source's offset commit together, fenced
// by the source's epoch; so a program killed at any point is repeated by the same command, and goes
// on where the last commit stands. Transient errors are tried again, after a reconnect if need be;
// a row that the server itself refuses is found by halving the batch and goes to quarantine.
#pragma once

#include "client/batch.hpp"
#include "client/cursor.hpp"
#include "client/lane.hpp"
#include "client/retry.hpp"
#include "client/run_log.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>

namespace starhouse::client {

// The server wants more memory or temporary files than it may have: less at a time may do.
bool asks_too_much(const ServerError &error) noexcept;

class Loader {
public:
  // What is told of a batch that is tried again.
  using OnRetry = std::function<void(const ServerError &error, int attempt)>;

  // `cursor` and `plan` must outlive the loader; the cursor moves with what is committed.
  // So must the cursors of sources that follow.
  Loader(Target target, std::unique_ptr<Connection> connection, const FeedPlan &plan,
         Cursor &cursor);
  void set_retry(Retry retry, OnRetry on_retry);

  // Before the first batch: both sessions made ready for one.
  void warm_up();

  // Starts to load the batch; `last`: the source ends with it and is closed by it. The batch must
  // live until finish() has returned.
  void start(Batch &batch, bool last);
  // While the batch that was started is at its steps: sends the next one, which start() takes up.
  // Gains time where there are two cores and changes nothing else.
  void send_ahead(const Batch &batch);
  // While the last batch of a source is at its steps: opens the source that follows it over the
  // other session and sends its first batch, the same way. `open` returns whether there is anything
  // to load; what it throws is no error here.
  void send_following(const Batch &batch, Cursor &following,
                      const std::function<bool(Connection &)> &open);
  // The source that follows has its turn: true where send_following() opened it.
  bool follow(Cursor &following) noexcept;
  bool running() const noexcept { return running_ != nullptr; }
  // Whether finish() would return within that time, if all goes well.
  bool ready_within(std::chrono::milliseconds time);
  // Waits for the batch that was started, whatever it takes.
  Counts finish();
  // The same where the load ends by an error or a signal: the batch may go then.
  void abandon() noexcept;
  // The batch sent ahead is not to be loaded after all, or not yet.
  void drop_ahead() noexcept;

  // How the load of the source of that name ended, for the warehouse's record: well, by an error
  // (noted once, whoever found it first), by a signal.
  void note_done() noexcept;
  void note_end(const Error &error, const std::string &name) noexcept;
  void note_signal() noexcept;
  // The cursor is at a new source.
  void note_begin() noexcept;

  // What ask(connection) gives, over a session that no batch is in the middle of; once more over a
  // new one where that one was lost.
  template <class Ask>
  auto ask(Ask ask) {
    try {
      return ask(connection());
    } catch (const ServerError &e) {
      if (!e.session_lost()) {
        throw;
      }
      renew();
    }
    return ask(connection());
  }

private:
  Connection &connection() noexcept;
  void renew();
  Counts load_range(Batch &batch, Batch::Range range, bool last, int attempt);
  Counts load_halves(Batch &batch, Batch::Range range, bool last, const ServerError &error);
  std::optional<Counts> after_error(Batch &batch, Batch::Range range, bool last,
                                    const ServerError &error, int attempt, std::int64_t batch_id);
  std::optional<Counts> recover(const Batch &batch, Batch::Range range, bool last,
                                const ServerError &error, std::int64_t batch_id);
  void note(const ServerError &error, const Batch &batch, Batch::Range range, int attempt,
            RunLog::Action action);
  std::optional<Counts> committed(const Batch &batch, Batch::Range range, bool last,
                                  std::int64_t batch_id);
  void give_way();
  void close_source();
  void forget_following() noexcept;
  void reconnect(Lane &lane);
  Lane &other(const Lane *lane) noexcept {
    return lane == &first_lane_ ? second_lane_ : first_lane_;
  }

  Target target_;
  const FeedPlan &plan_;
  Cursor *cursor_;
  RunLog log_;
  bool end_noted_ = false;
  Retry retry_;
  OnRetry on_retry_;
  int refused_in_a_row_ = 0;
  Lane first_lane_;
  Lane second_lane_;
  Lane *main_; // holds the source
  // The source that follows, the lane that holds it and its session then.
  Cursor *following_ = nullptr;
  Lane *following_lane_ = nullptr;
  int following_session_ = 0;
  bool ahead_possible_ = true;
  Batch *running_ = nullptr;
  Lane *running_lane_ = nullptr;
  bool running_last_ = false;
  std::future<Counts> result_; // waited for before the lanes go
};

} // namespace starhouse::client
