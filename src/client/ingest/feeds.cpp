#include "client/ingest/feeds.hpp"

#include "client/commands.hpp"
#include "client/interrupt.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <string>
#include <thread>

namespace starhouse::client {
namespace {

using namespace std::chrono_literals;

constexpr auto begin_again_after = 30s;

Metrics metrics_of(const IngestOptions &options, MetricsPage &page) {
  return Metrics(page, {{"warehouse", options.target.warehouse},
                        {"feed", options.target.feed},
                        {"topic", options.topic}});
}

void wait_or_stop(std::chrono::seconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (!stop_requested() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(100ms);
  }
}

class FeedThread {
public:
  FeedThread(const IngestOptions &options, const Log &log, MetricsPage &page)
      : options_(options), log_(log, options.target.feed), metrics_(metrics_of(options, page)),
        thread_([this] { run(); }) {}
  ~FeedThread() {
    if (thread_.joinable()) {
      thread_.join();
    }
  }
  FeedThread(const FeedThread &) = delete;
  FeedThread &operator=(const FeedThread &) = delete;

  Status wait() {
    thread_.join();
    return status_;
  }

private:
  void run() noexcept {
    do {
      status_ = take();
      if (status_ == Status::error && !options_.until_end) {
        wait_or_stop(begin_again_after);
      }
    } while (status_ == Status::error && !options_.until_end && !stop_requested());
  }

  Status take() noexcept {
    try {
      Ingest(options_, log_, metrics_).run();
      return Status::ok;
    } catch (const Exit &e) {
      return e.status;
    } catch (const Interrupted &e) {
      return e.status;
    } catch (const Error &e) {
      log_.write(Log::Level::error, "feed_ended", e.message(),
                 {{"sqlstate", std::string_view{e.code().data(), 5}}, {"hint", e.hint()}});
    } catch (const std::exception &e) {
      log_.write(Log::Level::error, "feed_ended", e.what());
    }
    return Status::error;
  }

  const IngestOptions &options_;
  Log log_;
  Metrics metrics_;
  Status status_ = Status::ok;
  std::thread thread_; // last: it uses the others
};

} // namespace

void run_feeds(const std::vector<IngestOptions> &feeds, const Log &log, MetricsPage &page) {
  if (feeds.size() == 1) {
    Log own(log, {});
    Metrics metrics = metrics_of(feeds.front(), page);
    Ingest(feeds.front(), own, metrics).run();
    return;
  }
  stop_gracefully();
  // Signals are for the main thread, which waits here.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::vector<std::unique_ptr<FeedThread>> threads;
  threads.reserve(feeds.size());
  for (const IngestOptions &options : feeds) {
    threads.push_back(std::make_unique<FeedThread>(options, log, page));
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  Status worst = Status::ok;
  for (const std::unique_ptr<FeedThread> &thread : threads) {
    if (const Status status = thread->wait(); status != Status::ok && worst != Status::error) {
      worst = status;
    }
  }
  if (worst != Status::ok) {
    throw Exit{worst};
  }
}

} // namespace starhouse::client
