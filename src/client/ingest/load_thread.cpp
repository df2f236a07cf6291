#include "client/ingest/load_thread.hpp"

#include <csignal>
#include <utility>

namespace starhouse::client {

using namespace std::chrono_literals;

LoadThread::LoadThread(const Target &target, std::unique_ptr<Connection> connection,
                       const FeedPlan &plan, Cursor &cursor, Retry retry, Hooks hooks)
    : loader_(target, std::move(connection), plan, cursor), hooks_(std::move(hooks)) {
  retry.sleep = [this](std::chrono::milliseconds time) { pause(time); };
  loader_.set_retry(std::move(retry), hooks_.on_retry);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LoadThread::~LoadThread() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
    waiting_.reset();
  }
  changed_.notify_all();
  thread_.join();
}

bool LoadThread::put(std::unique_ptr<Batch> &batch) {
  const std::scoped_lock lock(mutex_);
  if (waiting_ || failure_) {
    return false;
  }
  waiting_ = std::move(batch);
  changed_.notify_all();
  return true;
}

std::unique_ptr<Batch> LoadThread::fresh() {
  const std::scoped_lock lock(mutex_);
  std::unique_ptr<Batch> batch = std::move(spare_);
  if (!batch) {
    batch = std::make_unique<Batch>();
  }
  batch->clear();
  return batch;
}

bool LoadThread::has_room() const {
  const std::scoped_lock lock(mutex_);
  return !waiting_;
}
bool LoadThread::idle() const {
  const std::scoped_lock lock(mutex_);
  return !waiting_ && !busy_;
}
bool LoadThread::failed() const {
  const std::scoped_lock lock(mutex_);
  return failure_ != nullptr;
}

bool LoadThread::wait_for_room(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [this] { return !waiting_ || failure_ != nullptr; });
}

bool LoadThread::wait_until_idle(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time,
                           [this] { return (!waiting_ && !busy_) || failure_ != nullptr; });
}

void LoadThread::rethrow() {
  const std::scoped_lock lock(mutex_);
  if (failure_) {
    std::rethrow_exception(failure_);
  }
}

// Between two attempts.
void LoadThread::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, time, [this] { return stop_; })) {
    throw Abandoned{};
  }
}

std::unique_ptr<Batch> LoadThread::take(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [this] { return waiting_ != nullptr || stop_; });
  std::unique_ptr<Batch> batch = std::move(waiting_);
  if (batch) {
    busy_ = true;
    changed_.notify_all();
  }
  return batch;
}

void LoadThread::settle(std::unique_ptr<Batch> &running) {
  if (!running) {
    return;
  }
  const Counts counts = loader_.finish();
  const auto now = std::chrono::steady_clock::now();
  hooks_.on_loaded(*running, counts,
                   std::chrono::duration<double>(now - std::exchange(started_, now)).count());
  const std::scoped_lock lock(mutex_);
  spare_ = std::move(running);
}

void LoadThread::rest() {
  const std::scoped_lock lock(mutex_);
  busy_ = waiting_ != nullptr;
  changed_.notify_all();
}

void LoadThread::run() {
  std::unique_ptr<Batch> running;
  std::unique_ptr<Batch> next; // lives while the loader may look at it
  try {
    loader_.warm_up();
    rest();
    while (true) {
      next = take(running ? 0ms : 500ms);
      if (next) {
        loader_.send_ahead(*next);
        settle(running);
        started_ = std::chrono::steady_clock::now();
        loader_.start(*next, false);
        running = std::move(next);
      } else if (running && loader_.ready_within(2ms)) {
        settle(running);
        rest();
      }
      const std::scoped_lock lock(mutex_);
      if (stop_ && !running) {
        return;
      }
    }
  } catch (...) {
    loader_.abandon();
    loader_.drop_ahead();
    const std::scoped_lock lock(mutex_);
    failure_ = std::current_exception();
    waiting_.reset();
    changed_.notify_all();
  }
}

} // namespace starhouse::client
