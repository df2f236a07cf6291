// The approximate number of distinct values: approx_distinct_state, _merge, _value and the one-step
// approx_count_distinct.
#include "pg/sketch.hpp"
#include "pg/state.hpp"

#include "core/sketch/distinct.hpp"

namespace {

using starhouse::pg::compute;
using starhouse::pg::SqlKey;
using starhouse::pg::sketch::hash_argument;
using starhouse::sketch::Distinct;
using States = starhouse::pg::ExpandedState<Distinct>;

Datum add(FunctionCallInfo fcinfo, std::uint64_t hash) {
  return States::add(fcinfo, {hash});
}

template <SqlKey type>
Datum add_key(FunctionCallInfo fcinfo) {
  return PG_ARGISNULL(1) ? States::unchanged(fcinfo) : add(fcinfo, hash_argument<type>(fcinfo, 1));
}

} // namespace

STARHOUSE_STATE_TYPE(distinct_sketch, States)
STARHOUSE_STATE_COMBINE(approx_distinct_combine, States)

STARHOUSE_FUNCTION(starhouse_approx_distinct_bigint) {
  return add_key<SqlKey::bigint>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_approx_distinct_int) {
  return add_key<SqlKey::integer>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_approx_distinct_text) {
  return add_key<SqlKey::text>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_approx_distinct_uuid) {
  return add_key<SqlKey::uuid>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_approx_distinct_date) {
  return add_key<SqlKey::date>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_approx_distinct_timestamptz) {
  return add_key<SqlKey::timestamptz>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_approx_distinct_float8) {
  return PG_ARGISNULL(1) ? States::unchanged(fcinfo)
                         : add(fcinfo, starhouse::pg::sketch::hash_of(PG_GETARG_FLOAT8(1)));
}
STARHOUSE_FUNCTION(starhouse_approx_distinct_bytea) {
  return PG_ARGISNULL(1)
             ? States::unchanged(fcinfo)
             : add(fcinfo,
                   starhouse::hash64(starhouse::pg::detail::stored_bytes(PG_GETARG_DATUM(1))));
}

STARHOUSE_FUNCTION(starhouse_approx_distinct_value) {
  const Distinct &sketch = States::argument(fcinfo, 0);
  std::uint64_t count = 0;
  compute([&] { count = sketch.count(); });
  PG_RETURN_INT64(static_cast<int64>(count));
}

// Final function of approx_count_distinct: 0 without rows, as count() is.
STARHOUSE_FUNCTION(starhouse_approx_distinct_count) {
  if (PG_ARGISNULL(0)) {
    PG_RETURN_INT64(0);
  }
  return starhouse_approx_distinct_value(fcinfo);
}

STARHOUSE_FUNCTION(starhouse_distinct_sketch_info) {
  const Distinct &sketch = States::argument(fcinfo, 0);
  return starhouse::pg::sketch::info_row(
      fcinfo, {.form = sketch.is_exact() ? "exact" : "registers",
               .version = Distinct::format.version,
               .bytes = starhouse::stored_size(sketch),
               .rows_or_items = sketch.count(),
               .capacity = sketch.is_exact() ? Distinct::most_exact : Distinct::registers,
               .relative_error = sketch.is_exact() ? 0 : Distinct::relative_error});
}
