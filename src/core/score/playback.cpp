#include "core/score/playback.hpp"

#include "core/score/arguments.hpp"

#include <algorithm>

namespace starhouse::score {

std::optional<double> completion_rate(double watched, double length) {
  require_amount("watched", watched);
  require_amount("length", length);
  if (length == 0) {
    return std::nullopt;
  }
  return watched >= length ? 100.0 : 100.0 * (watched / length);
}

std::optional<bool> skip(double watched, double length, double within) {
  require_amount("watched", watched);
  require_amount("length", length);
  require_amount("within", within);
  if (length == 0) {
    return std::nullopt;
  }
  return watched < std::min(within, length);
}

std::optional<double> rebuffer_ratio(double buffering, double playing, double startup,
                                     double seeking) {
  require_amount("buffering", buffering);
  require_amount("playing", playing);
  require_amount("startup", startup);
  require_amount("seeking", seeking);
  // Times measured one by one may miss their sum by a rounding.
  if (startup + seeking > buffering * (1 + 1e-9)) {
    throw Error(
        sqlstate::invalid_parameter_value,
        "startup and seeking (" + text_of(startup) + " and " + text_of(seeking) +
            ") are more than all buffering (" + text_of(buffering) + ")",
        "buffering is all waiting, of which startup and seeking are parts; leave them out if "
        "it holds rebuffering alone.");
  }
  const double rebuffering = buffering - startup - seeking;
  if (rebuffering <= 0) { // below 0 by rounding only
    return playing == 0 ? std::nullopt : std::optional<double>(0.0);
  }
  // The quotient first: the sum of two large times may overflow.
  return 1 / (1 + playing / rebuffering);
}

double startup_score(double startup_seconds) {
  require_amount("startup_seconds", startup_seconds);
  return 100 * (8 / (8 + startup_seconds));
}

double smoothness_score(double rebuffer_ratio, double rebuffer_count) {
  if (!(rebuffer_ratio >= 0 && rebuffer_ratio <= 1)) {
    refuse("rebuffer_ratio", rebuffer_ratio, "between 0 and 1");
  }
  require_amount("rebuffer_count", rebuffer_count);
  return (100 / std::hypot(1.0, rebuffer_count / 2) + 100 * std::exp(-10 * rebuffer_ratio)) / 2;
}

} // namespace starhouse::score
