// Sets to be united, intersected and subtracted: theta_state, theta_merge, theta_intersect,
// theta_value, theta_bounds and the operations on two.
#include "pg/sketch.hpp"
#include "pg/state.hpp"

#include "core/sketch/theta.hpp"

extern "C" {
#include "access/htup_details.h"
}

namespace {

using starhouse::pg::compute;
using starhouse::pg::SqlKey;
using starhouse::sketch::Theta;
using States = starhouse::pg::ExpandedState<Theta>;

Datum add(FunctionCallInfo fcinfo, std::uint64_t hash) {
  const Theta *sketch = States::in_place(fcinfo);
  if (sketch != nullptr && sketch->is_past(hash)) [[likely]] {
    return PG_GETARG_DATUM(0);
  }
  return States::update(fcinfo, [&](Theta &own) { own.add(hash); });
}

template <SqlKey type>
Datum add_key(FunctionCallInfo fcinfo) {
  return PG_ARGISNULL(1) ? States::unchanged(fcinfo)
                         : add(fcinfo, starhouse::pg::sketch::hash_argument<type>(fcinfo, 1));
}

int64 whole(double number) {
  return static_cast<int64>(std::min(std::round(number), 0x1p62));
}

template <class Change>
Datum made_of_two(FunctionCallInfo fcinfo, Change change) {
  const Theta &one = States::argument(fcinfo, 0);
  const Theta &other = States::argument(fcinfo, 1);
  return States::datum_made([&](Theta &made) {
    made.merge(one);
    change(made, other);
  });
}

} // namespace

STARHOUSE_STATE_TYPE(theta_sketch, States)
STARHOUSE_STATE_COMBINE(theta_combine, States)

STARHOUSE_FUNCTION(starhouse_theta_add_bigint) {
  return add_key<SqlKey::bigint>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_theta_add_int) {
  return add_key<SqlKey::integer>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_theta_add_text) {
  return add_key<SqlKey::text>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_theta_add_uuid) {
  return add_key<SqlKey::uuid>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_theta_add_date) {
  return add_key<SqlKey::date>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_theta_add_timestamptz) {
  return add_key<SqlKey::timestamptz>(fcinfo);
}

// (state, state) -> state: what is in both; NULL on either side is no set at all.
STARHOUSE_FUNCTION(starhouse_theta_intersect_combine) {
  if (PG_ARGISNULL(1)) {
    return States::unchanged(fcinfo);
  }
  const Theta *other = &States::argument(fcinfo, 1);
  const bool first = PG_ARGISNULL(0);
  return States::update(fcinfo, [&](Theta &sketch) {
    if (first) {
      sketch.merge(*other);
    } else {
      sketch.intersect(*other);
    }
  });
}

STARHOUSE_FUNCTION(starhouse_theta_union) {
  return made_of_two(fcinfo, [](Theta &made, const Theta &other) { made.merge(other); });
}
STARHOUSE_FUNCTION(starhouse_theta_intersection) {
  return made_of_two(fcinfo, [](Theta &made, const Theta &other) { made.intersect(other); });
}
STARHOUSE_FUNCTION(starhouse_theta_difference) {
  return made_of_two(fcinfo, [](Theta &made, const Theta &other) { made.subtract(other); });
}

STARHOUSE_FUNCTION(starhouse_theta_value) {
  const Theta &sketch = States::argument(fcinfo, 0);
  double estimate = 0;
  compute([&] { estimate = sketch.estimate(); });
  PG_RETURN_INT64(whole(estimate));
}

STARHOUSE_FUNCTION(starhouse_theta_jaccard) {
  const Theta &one = States::argument(fcinfo, 0);
  const Theta &other = States::argument(fcinfo, 1);
  std::size_t common = 0;
  std::size_t all = 0;
  compute([&] {
    starhouse::pg::ContextMemory memory(CurrentMemoryContext);
    Theta united(starhouse::Env{.memory = &memory});
    united.merge(one);
    united.merge(other);
    all = united.kept();
    united.intersect(one);
    united.intersect(other);
    common = united.kept();
  });
  if (all == 0) {
    PG_RETURN_NULL();
  }
  PG_RETURN_FLOAT8(static_cast<double>(common) / static_cast<double>(all));
}

STARHOUSE_FUNCTION(starhouse_theta_bounds) {
  const Theta &sketch = States::argument(fcinfo, 0);
  const double confidence = PG_GETARG_FLOAT8(1);
  Theta::Bounds bounds{};
  compute([&] { bounds = sketch.bounds(confidence); });
  TupleDesc row = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("theta_bounds was called where no row is wanted")));
  }
  Datum values[] = {Int64GetDatum(whole(std::floor(bounds.lower))),
                    Int64GetDatum(whole(std::ceil(bounds.upper)))};
  bool nulls[] = {false, false};
  return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}

STARHOUSE_FUNCTION(starhouse_theta_sketch_info) {
  const Theta &sketch = States::argument(fcinfo, 0);
  std::size_t bytes = 0;
  double estimate = 0;
  double error = 0;
  compute([&] {
    bytes = starhouse::stored_size(sketch);
    estimate = sketch.estimate();
    error = sketch.is_exact() ? 0
            : sketch.kept() == 0
                ? std::numeric_limits<double>::quiet_NaN()
                : std::sqrt((1 - sketch.share()) / static_cast<double>(sketch.kept()));
  });
  return starhouse::pg::sketch::info_row(
      fcinfo, {.form = sketch.is_exact() ? "exact" : "sample",
               .version = Theta::format.version,
               .bytes = bytes,
               .rows_or_items = static_cast<std::uint64_t>(whole(estimate)),
               .capacity = Theta::most_kept,
               .relative_error = error});
}
