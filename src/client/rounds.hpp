// Commands that do the same thing again and again for as long as nobody stops them.
#pragma once

#include "client/interrupt.hpp"
#include "client/server.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

namespace starhouse::client {

// attach() and then round() until Interrupted, or once. A connection that cannot be had at first is
// the user's to mend: the error goes on; one that is lost later is the server's: `connection` is
// cleared and attach() tried again, after 1 s doubling to 32 s.
template <class Attach, class Round>
void go_round(bool once, std::unique_ptr<Connection> &connection, Attach attach, Round round) {
  constexpr std::chrono::milliseconds first_wait{500};
  constexpr int most_doublings = 6;
  bool ever_attached = false;
  int failures = 0;
  for (;;) {
    try {
      attach();
      ever_attached = true;
      failures = 0;
      for (bool more = true; more; more = !once) {
        round();
      }
      return;
    } catch (const ServerError &e) {
      if (!ever_attached || once || !e.transient()) {
        throw;
      }
      fmt::print(stderr, "starhouse: {}; trying again\n", e.message());
      connection = nullptr;
      failures = std::min(failures + 1, most_doublings);
      sleep_or_stop(first_wait * (1 << failures));
    }
  }
}

} // namespace starhouse::client
