// SQL functions of exact distinct counts: distinct_state, distinct_merge, distinct_count, set
// operations, and count_distinct_exact.
#include "pg/exact_rows.hpp"
#include "pg/state.hpp"

#include "core/exact/distinct.hpp"

extern "C" {
#include "utils/tuplestore.h"
}

namespace {

using starhouse::exact::DistinctSet;
using starhouse::pg::compute;
using starhouse::pg::SqlKey;
using States = starhouse::pg::ExpandedState<DistinctSet>;

template <SqlKey type>
Datum transition(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(1)) {
    return States::unchanged(fcinfo);
  }
  constexpr starhouse::KeyKind kind = starhouse::pg::kind_of(type);
  const auto key = starhouse::pg::key_argument<type>(fcinfo, 1);
  if constexpr (std::is_same_v<decltype(key), const std::int64_t>) {
    return States::add(fcinfo, {kind, key});
  }
  DistinctSet *there = States::in_place(fcinfo);
  if (likely(there != nullptr && there->add_waiting(kind, key))) {
    return PG_GETARG_DATUM(0);
  }
  return States::update(fcinfo, [&](DistinctSet &set) { set.add(kind, key); });
}

template <SqlKey type>
Datum contains(FunctionCallInfo fcinfo) {
  const DistinctSet &set = States::argument(fcinfo, 0);
  const auto key = starhouse::pg::key_argument<type>(fcinfo, 1);
  bool found = false;
  compute([&] { found = set.contains(starhouse::pg::kind_of(type), key); });
  PG_RETURN_BOOL(found);
}

Datum count(FunctionCallInfo fcinfo) {
  const DistinctSet &set = States::argument(fcinfo, 0);
  std::size_t size = 0;
  compute([&] { size = set.size(); });
  PG_RETURN_INT64(static_cast<int64>(size));
}

// A set made of two, in the current memory context.
template <class Make>
Datum made_of_two(FunctionCallInfo fcinfo, Make make) {
  const DistinctSet &one = States::argument(fcinfo, 0);
  const DistinctSet &other = States::argument(fcinfo, 1);
  return States::datum_made([&](DistinctSet &set) { make(set, one, other); });
}

} // namespace

STARHOUSE_STATE_TYPE(distinct_state, States)
STARHOUSE_STATE_COMBINE(distinct_combine, States)

STARHOUSE_FUNCTION(starhouse_distinct_add_bigint) {
  return transition<SqlKey::bigint>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_distinct_add_int) {
  return transition<SqlKey::integer>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_distinct_add_date) {
  return transition<SqlKey::date>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_distinct_add_timestamptz) {
  return transition<SqlKey::timestamptz>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_distinct_add_uuid) {
  return transition<SqlKey::uuid>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_distinct_add_text) {
  return transition<SqlKey::text>(fcinfo);
}

STARHOUSE_FUNCTION(starhouse_distinct_contains_bigint) {
  return contains<SqlKey::bigint>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_distinct_contains_date) {
  return contains<SqlKey::date>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_distinct_contains_timestamptz) {
  return contains<SqlKey::timestamptz>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_distinct_contains_uuid) {
  return contains<SqlKey::uuid>(fcinfo);
}
STARHOUSE_FUNCTION(starhouse_distinct_contains_text) {
  return contains<SqlKey::text>(fcinfo);
}

STARHOUSE_FUNCTION(starhouse_distinct_count) {
  return count(fcinfo);
}
// Final function of count_distinct_exact: no rows are no values.
STARHOUSE_FUNCTION(starhouse_distinct_count_final) {
  if (PG_ARGISNULL(0)) {
    PG_RETURN_INT64(0);
  }
  return count(fcinfo);
}

STARHOUSE_FUNCTION(starhouse_distinct_union) {
  return made_of_two(fcinfo,
                     [](DistinctSet &set, const DistinctSet &one, const DistinctSet &other) {
                       set.merge(one);
                       set.merge(other);
                     });
}
STARHOUSE_FUNCTION(starhouse_distinct_intersect) {
  return made_of_two(fcinfo, [](DistinctSet &set, const DistinctSet &one,
                                const DistinctSet &other) { set.select(one, other, true); });
}
STARHOUSE_FUNCTION(starhouse_distinct_except) {
  return made_of_two(fcinfo, [](DistinctSet &set, const DistinctSet &one,
                                const DistinctSet &other) { set.select(one, other, false); });
}
STARHOUSE_FUNCTION(starhouse_distinct_overlap) {
  const DistinctSet &one = States::argument(fcinfo, 0);
  const DistinctSet &other = States::argument(fcinfo, 1);
  std::size_t size = 0;
  compute([&] { size = one.overlap(other); });
  PG_RETURN_INT64(static_cast<int64>(size));
}

STARHOUSE_FUNCTION(starhouse_distinct_members) {
  using namespace starhouse::pg::exact;
  const DistinctSet &set = States::argument(fcinfo, 0);
  const ReturnSetInfo *result = begin_rows(fcinfo, 1);
  if (set.map().kind() == starhouse::KeyKind{}) {
    return static_cast<Datum>(0);
  }
  const Oid type = check_key_column(result, set.map().kind());
  each_row(set.map(), type, [&](Datum key, const starhouse::exact::Nothing &) {
    bool null = false;
    tuplestore_putvalues(result->setResult, result->setDesc, &key, &null);
  });
  return static_cast<Datum>(0);
}
