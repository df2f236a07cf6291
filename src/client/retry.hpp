// How often and how patiently a batch is tried again.
#pragma once

#include <chrono>
#include <functional>

namespace starhouse::client {

struct Retry {
  int most_attempts = 8;
  std::chrono::milliseconds first{250};
  std::chrono::milliseconds longest{8000};
  // Sleeps; may throw to give up. Empty: sleep_or_stop.
  std::function<void(std::chrono::milliseconds)> sleep;

  // Sleeps before the attempt after `attempt`: `first`, doubled each time up to `longest`, give or
  // take a fourth. Returns false when `attempt` was the last.
  bool back_off(int attempt) const;
};

} // namespace starhouse::client
