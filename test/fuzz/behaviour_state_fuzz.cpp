// Any bytes as a stored state of the behaviour family, whichever their first byte names: an Error
// with a hint, or a state that writes itself back the same, can be merged with a fresh one and with
// itself, and read.
#include "core/behaviour/concurrency.hpp"
#include "core/behaviour/ewma.hpp"
#include "core/behaviour/funnel.hpp"
#include "core/behaviour/histogram.hpp"
#include "core/behaviour/paths.hpp"
#include "core/behaviour/retention.hpp"
#include "core/behaviour/spans.hpp"
#include "core/behaviour/time_series.hpp"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <type_traits>
#include <vector>

namespace {

using namespace starhouse::behaviour;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

template <class State>
std::vector<std::byte> stored(const State &state) {
  std::vector<std::byte> bytes(starhouse::stored_size(state));
  starhouse::write_state(state, bytes);
  return bytes;
}

void use(const Funnel &funnel) {
  require(funnel.level() >= 0 && funnel.level(INT64_MAX) <= most_steps);
}
void use(const DaySet &set) {
  const auto days = set.days();
  require(std::is_sorted(days.begin(), days.end()));
}
void use(const Retention &retention) {
  for (const double share : retention.curve({})) {
    require(share >= 0 && share <= 1);
  }
}
void use(const Sessions &sessions) {
  const auto sum = sessions.summary();
  require(sum.events >= sum.sessions && sum.longest <= sum.total);
}
void use(const IntervalUnion &whole) {
  require(whole.length(0, INT64_MAX) <= whole.length());
}
void use(const Concurrency &counted) {
  Concurrency::Stretch peak{};
  require(counted.peak(peak) == (peak.running > 0));
  counted.each_stretch([&](const Concurrency::Stretch &stretch) {
    require(stretch.from < stretch.until && stretch.running <= peak.running);
  });
}

void use(const Histogram &histogram) {
  std::uint64_t rows = 0;
  for (const HistogramBucket &bucket : histogram.buckets({})) {
    require(bucket.low <= bucket.high);
    rows += bucket.count;
  }
  require(rows == histogram.rows());
}
void use(const QuantileHistogram &histogram) {
  double last = -HUGE_VAL;
  try {
    for (const HistogramBucket &bucket : histogram.buckets({})) {
      require(bucket.count > 0 && bucket.low >= last && bucket.high >= bucket.low);
      last = bucket.high;
    }
  } catch (const starhouse::Error &error) { // of no rows, without a number of buckets
    require(error.code() == starhouse::sqlstate::invalid_parameter_value);
  }
}
void use(const TimeSeries &series) {
  double average = 0;
  require(series.average(Method::step, average) == (series.size() > 0));
  require(series.average(Method::linear, average) == (series.size() > 0));
  require(series.lttb(5, {}).size() <= 5);
  GapFiller filler(series, Fill::linear);
  filler.next(-1000, 0);
  filler.next(0, 1000);
}
void use(const Ewma &ewma) {
  try {
    ewma.value();
  } catch (const starhouse::Error &error) {
    require(!error.hint().empty());
  }
}
void use(const EventPath &path) {
  std::size_t steps = 0;
  path.each_step(INT64_MAX, true, [&](std::string_view step) { steps += step.size() + 1; });
}
void use(const PathCounts &counts) {
  for (PathCounts::Frequent frequent : counts.top(3, {})) {
    require(frequent.count > 0 && frequent.share <= 1);
    while (!frequent.path.empty()) {
      next_path_step(frequent.path);
    }
  }
}

template <class State>
State fresh() {
  if constexpr (std::is_default_constructible_v<State>) {
    return State{};
  } else {
    return State{starhouse::Env{}};
  }
}

template <class State>
void check(starhouse::Bytes bytes) {
  State state = fresh<State>();
  starhouse::read_state(state, bytes);
  use(state);
  const std::vector<std::byte> once = stored(state);
  State again = fresh<State>();
  starhouse::read_state(again, once);
  require(stored(again) == once);
  State merged = fresh<State>();
  merged.merge(state);
  if constexpr (!std::is_same_v<State, Ewma>) { // whose sums are put on a scale of their own
    require(stored(merged) == once);
  }
  merged.merge(again);
  use(merged);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  using starhouse::StateKind;
  const starhouse::Bytes bytes = std::as_bytes(std::span(data, size));
  try {
    switch (size == 0 ? StateKind::test : static_cast<StateKind>(data[0])) {
    case StateKind::funnel:
      check<Funnel>(bytes);
      break;
    case StateKind::day_set:
      check<DaySet>(bytes);
      break;
    case StateKind::retention:
      check<Retention>(bytes);
      break;
    case StateKind::sessions:
      check<Sessions>(bytes);
      break;
    case StateKind::interval_union:
      check<IntervalUnion>(bytes);
      break;
    case StateKind::concurrency:
      check<Concurrency>(bytes);
      break;
    case StateKind::histogram:
      check<Histogram>(bytes);
      break;
    case StateKind::quantile_histogram:
      check<QuantileHistogram>(bytes);
      break;
    case StateKind::time_series:
      check<TimeSeries>(bytes);
      break;
    case StateKind::ewma:
      check<Ewma>(bytes);
      break;
    case StateKind::event_path:
      check<EventPath>(bytes);
      break;
    case StateKind::path_counts:
      check<PathCounts>(bytes);
      break;
    default:
      break;
    }
  } catch (const starhouse::Error &error) {
    require(!error.hint().empty());
  }
  return 0;
}
