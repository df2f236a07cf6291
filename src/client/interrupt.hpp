// Ctrl-C and SIGTERM as a flag and a file descriptor that becomes readable, so that every wait of
// the program (server, standard input) can end. A second signal kills at once.
#pragma once

#include "client/commands.hpp"

namespace starhouse::client {

// Thrown where the program stops on a signal; whatever was open is rolled back on the way out.
struct Interrupted {
  Status status;
};

void install_interrupt_handler();
bool interrupted() noexcept;
// Readable for ever once a signal has come.
int interrupt_fd() noexcept;
// Makes interrupt_fd() readable without a signal: a reader that nobody waits for gives up.
void abandon_reads() noexcept;
// Throws Interrupted when a signal has come.
void check_interrupt();

} // namespace starhouse::client
