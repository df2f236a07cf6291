// Ctrl-C and SIGTERM as a flag and a file descriptor that becomes readable, so that every wait of
// the program (server, standard input) can end. A second signal kills at once.
#pragma once

#include "client/commands.hpp"

#include <chrono>
#include <csignal>

namespace starhouse::client {

// Thrown where the program stops on a signal; whatever was open is rolled back on the way out.
struct Interrupted {
  Status status;
};

void install_interrupt_handler();
bool interrupted() noexcept;
// From here on the first signal only makes stop_requested() true: waits go on, so that what is open
// can be finished. stop_now() ends them after all; so does, at once and hard, a second signal.
void stop_gracefully() noexcept;
bool stop_requested() noexcept;
void stop_now() noexcept;
// Readable for ever once a signal has come.
int interrupt_fd() noexcept;
// Throws Interrupted when a signal has come.
void check_interrupt();
// Sleeps, or throws Interrupted as soon as a signal comes.
void sleep_or_stop(std::chrono::milliseconds time);

// For the threads started meanwhile: signals are for the main thread.
class SignalsBlocked {
public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked &) = delete;
  SignalsBlocked &operator=(const SignalsBlocked &) = delete;

private:
  sigset_t before_{};
};

} // namespace starhouse::client
