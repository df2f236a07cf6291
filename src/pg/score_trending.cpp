// The decayed sum as an aggregate: trending_state, trending_merge, trending_value, trending_score.
#include "pg/half_life.hpp"
#include "pg/state.hpp"

#include "core/score/trending.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/timestamp.h"
}

namespace {

using starhouse::pg::compute;
using starhouse::pg::half_life_argument;
using starhouse::score::HalfLife;
using starhouse::score::Trending;
using States = starhouse::pg::FixedState<Trending>;

// INTERNALLENGTH of the SQL type.
static_assert(sizeof(Trending) == 48);

bool row_has_null(FunctionCallInfo fcinfo) {
  return PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3);
}

Datum value_at(FunctionCallInfo fcinfo, TimestampTz as_of) {
  const Trending &state = States::argument(fcinfo, 0);
  if (state.count() == 0) { // a frame without rows
    PG_RETURN_NULL();
  }
  double value = 0;
  compute([&] { value = state.value(as_of); });
  PG_RETURN_FLOAT8(value);
}

} // namespace

STARHOUSE_STATE_TYPE(trending_state, States)
STARHOUSE_STATE_COMBINE(trending_combine, States)

STARHOUSE_FUNCTION(starhouse_trending_transition) {
  if (row_has_null(fcinfo)) {
    return States::unchanged(fcinfo);
  }
  const TimestampTz time = PG_GETARG_TIMESTAMPTZ(1);
  const double weight = PG_GETARG_FLOAT8(2);
  const HalfLife &half_life = half_life_argument(fcinfo, 3);
  return States::update(fcinfo, [&](Trending &state) { state.add(time, weight, half_life); });
}

// For frames that move, where the executor allows no NULL: until a row counts the state is an empty
// one, which the final functions turn back into NULL.
STARHOUSE_FUNCTION(starhouse_trending_moving) {
  if (row_has_null(fcinfo)) {
    return States::update(fcinfo, [](Trending &) noexcept {});
  }
  return starhouse_trending_transition(fcinfo);
}

// NULL tells the executor to aggregate the frame anew.
STARHOUSE_FUNCTION(starhouse_trending_inverse) {
  if (row_has_null(fcinfo)) {
    return States::unchanged(fcinfo);
  }
  const TimestampTz time = PG_GETARG_TIMESTAMPTZ(1);
  const double weight = PG_GETARG_FLOAT8(2);
  const HalfLife &half_life = half_life_argument(fcinfo, 3);
  bool exact = false;
  const Datum state = States::update(
      fcinfo, [&](Trending &moving) { exact = moving.remove(time, weight, half_life); });
  if (!exact) {
    PG_RETURN_NULL();
  }
  return state;
}

STARHOUSE_FUNCTION(starhouse_trending_moving_state) {
  if (States::argument(fcinfo, 0).count() == 0) {
    PG_RETURN_NULL();
  }
  return PG_GETARG_DATUM(0);
}

STARHOUSE_FUNCTION(starhouse_trending_value) {
  return value_at(fcinfo, PG_GETARG_TIMESTAMPTZ(1));
}

// Final function of trending_score: as of the transaction's start, as now() is.
STARHOUSE_FUNCTION(starhouse_trending_value_now) {
  return value_at(fcinfo, GetCurrentTransactionStartTimestamp());
}

STARHOUSE_FUNCTION(starhouse_trending_half_life) {
  const Trending &state = States::argument(fcinfo, 0);
  auto *half_life = static_cast<Interval *>(palloc0(sizeof(Interval)));
  half_life->time = state.half_life();
  PG_RETURN_INTERVAL_P(half_life);
}

STARHOUSE_FUNCTION(starhouse_trending_events) {
  PG_RETURN_INT64(States::argument(fcinfo, 0).count());
}
