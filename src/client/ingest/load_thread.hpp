// Loads batches in a thread of its own, in order, so that the thread that reads the topic can go on
// polling whatever the database does.
#pragma once

#include "client/batch.hpp"
#include "client/loader.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace starhouse::client {

class LoadThread {
public:
  struct Hooks { // called from the thread
    std::function<void(const Batch &batch, const Counts &counts, double seconds)> on_loaded;
    std::function<void(const ServerError &error, int attempt)> on_retry;
  };

  // `plan` and `cursor` must outlive it. Not idle until its sessions are ready for a batch.
  LoadThread(const Target &target, std::unique_ptr<Connection> connection, const FeedPlan &plan,
             Cursor &cursor, Retry retry, Hooks hooks);
  // Gives up on what is not loaded.
  ~LoadThread();
  LoadThread(const LoadThread &) = delete;
  LoadThread &operator=(const LoadThread &) = delete;

  // Takes the batch, or leaves it where it is when the one before it still waits for its turn.
  bool put(std::unique_ptr<Batch> &batch);
  // An empty one, with the buffers of one that is loaded.
  std::unique_ptr<Batch> fresh();
  bool has_room() const;
  bool idle() const;
  bool failed() const;
  // Waits until there is room, or all is loaded, or it failed; false: not within the time.
  bool wait_for_room(std::chrono::milliseconds time);
  bool wait_until_idle(std::chrono::milliseconds time);
  // Throws what ended the thread.
  void rethrow();

private:
  struct Abandoned {};
  void run();
  std::unique_ptr<Batch> take(std::chrono::milliseconds time);
  void rest();
  void settle(std::unique_ptr<Batch> &running);
  void pause(std::chrono::milliseconds time);

  Loader loader_;
  Hooks hooks_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<Batch> waiting_;
  std::unique_ptr<Batch> spare_;
  bool busy_ = true; // with making ready
  bool stop_ = false;
  std::exception_ptr failure_;
  std::chrono::steady_clock::time_point started_;
  std::thread thread_;
};

} // namespace starhouse::client
