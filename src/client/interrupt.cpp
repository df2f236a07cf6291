#include "client/interrupt.hpp"

#include <array>
#include <atomic>
#include <csignal>

#include <poll.h>
#include <unistd.h>

namespace starhouse::client {
namespace {

std::atomic<int> signal_seen{0};
std::atomic<int> stop_signal{0};
std::atomic<bool> graceful{false};
std::array<int, 2> wake_pipe{-1, -1};

void wake() noexcept {
  const char byte = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_pipe[1], &byte, 1);
}

// Only async-signal-safe calls. SA_RESETHAND has put the default action back already.
void on_signal(int number) {
  if (graceful.load()) {
    stop_signal.store(number);
    return;
  }
  signal_seen.store(number);
  wake();
}

} // namespace

void install_interrupt_handler() {
  if (wake_pipe[0] >= 0 || ::pipe(wake_pipe.data()) != 0) {
    return;
  }
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A reader of our output that went away is an error of write(), not a reason to die in a batch.
  action.sa_handler = SIG_IGN;
  action.sa_flags = 0;
  sigaction(SIGPIPE, &action, nullptr);
}

void stop_gracefully() noexcept {
  graceful.store(true);
}

bool stop_requested() noexcept {
  return stop_signal.load() != 0 || signal_seen.load() != 0;
}

void stop_now() noexcept {
  signal_seen.store(stop_signal.load() != 0 ? stop_signal.load() : SIGTERM);
  wake();
}

bool interrupted() noexcept {
  return signal_seen.load() != 0;
}

int interrupt_fd() noexcept {
  return wake_pipe[0];
}

void check_interrupt() {
  if (const int number = signal_seen.load(); number != 0) {
    throw Interrupted{number == SIGTERM ? Status::terminated : Status::interrupted};
  }
}

void sleep_or_stop(std::chrono::milliseconds time) {
  pollfd watched{interrupt_fd(), POLLIN, 0};
  ::poll(&watched, 1, static_cast<int>(time.count()));
  check_interrupt();
}

} // namespace starhouse::client
