#include "client/retry.hpp"

#include "client/interrupt.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace starhouse::client {

bool Retry::back_off(int attempt) const {
  if (attempt + 1 >= most_attempts) {
    return false;
  }
  thread_local std::minstd_rand random{std::random_device{}()};
  const double base =
      std::min(static_cast<double>(longest.count()),
               std::ldexp(static_cast<double>(first.count()), std::min(attempt, 30)));
  std::uniform_real_distribution<double> jitter(0.75, 1.25);
  const std::chrono::milliseconds time{static_cast<int>(base * jitter(random))};
  sleep ? sleep(time) : sleep_or_stop(time);
  return true;
}

} // namespace starhouse::client
