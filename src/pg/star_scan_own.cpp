// What a star scan covers: starhouse's own aggregates, which are known by the C functions that
// their transitions and final functions are. Whoever makes an aggregate of his own of these gets
// the same.
#include "pg/star_scan_own.hpp"

#include "pg/star_scan_compile.hpp"
#include "pg/state.hpp"

#include "core/scan/own_aggregates.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
}

#include <new>

#pragma GCC visibility push(default)
extern "C" {
Datum starhouse_approx_distinct_bigint(PG_FUNCTION_ARGS);
Datum starhouse_approx_distinct_int(PG_FUNCTION_ARGS);
Datum starhouse_approx_distinct_text(PG_FUNCTION_ARGS);
Datum starhouse_approx_distinct_uuid(PG_FUNCTION_ARGS);
Datum starhouse_approx_distinct_date(PG_FUNCTION_ARGS);
Datum starhouse_approx_distinct_timestamptz(PG_FUNCTION_ARGS);
Datum starhouse_approx_distinct_float8(PG_FUNCTION_ARGS);
Datum starhouse_approx_distinct_count(PG_FUNCTION_ARGS);
Datum starhouse_theta_add_bigint(PG_FUNCTION_ARGS);
Datum starhouse_theta_add_int(PG_FUNCTION_ARGS);
Datum starhouse_theta_add_text(PG_FUNCTION_ARGS);
Datum starhouse_theta_add_uuid(PG_FUNCTION_ARGS);
Datum starhouse_theta_add_date(PG_FUNCTION_ARGS);
Datum starhouse_theta_add_timestamptz(PG_FUNCTION_ARGS);
Datum starhouse_approx_percentile_add(PG_FUNCTION_ARGS);
Datum starhouse_approx_percentile_ask(PG_FUNCTION_ARGS);
Datum starhouse_approx_percentile_ask_many(PG_FUNCTION_ARGS);
Datum starhouse_approx_percentile_asked(PG_FUNCTION_ARGS);
Datum starhouse_trending_transition(PG_FUNCTION_ARGS);
Datum starhouse_sum_add(PG_FUNCTION_ARGS);
Datum starhouse_variance_add(PG_FUNCTION_ARGS);
Datum starhouse_geometric_add(PG_FUNCTION_ARGS);
Datum starhouse_weighted_add(PG_FUNCTION_ARGS);
Datum starhouse_ratio_add(PG_FUNCTION_ARGS);
Datum starhouse_distinct_add_bigint(PG_FUNCTION_ARGS);
Datum starhouse_distinct_add_int(PG_FUNCTION_ARGS);
Datum starhouse_distinct_add_text(PG_FUNCTION_ARGS);
Datum starhouse_distinct_add_uuid(PG_FUNCTION_ARGS);
Datum starhouse_distinct_add_date(PG_FUNCTION_ARGS);
Datum starhouse_distinct_add_timestamptz(PG_FUNCTION_ARGS);
Datum starhouse_distinct_count_final(PG_FUNCTION_ARGS);
}
#pragma GCC visibility pop

namespace starhouse::pg::star_scan {

using scan::AggregateKind;
using scan::OwnState;

namespace {

// Arguments behind the columns: constants, none of them NULL.
struct Constants {
  const Const *const *values;
  int count;
};

// False where the transition would refuse one, which is an error of the rows that it comes with.
using Make = bool (*)(AggregatePlan *plan, OwnPlan *own, const Constants &constants);

struct Known {
  PGFunction transition;
  Make make;
  OwnColumn columns[2];
  uint32 bytes;     // that a state of many rows refers to
  Oid constants[2]; // types of those that may follow
  int least;        // of which so many have to
};

template <class Own, class... Arguments>
void put(AggregatePlan *plan, Arguments &&...arguments) {
  plan->aggregate.kind = AggregateKind::own;
  plan->aggregate.own = new (palloc(sizeof(Own))) Own(std::forward<Arguments>(arguments)...);
  plan->result = AggregatePlan::Result::own;
}

template <class State>
const State &state_at(const char *place) {
  return reinterpret_cast<const OwnState<State> *>(place)->object();
}
// The two forms of pg/state.hpp.
template <class State>
Datum fixed_datum(const char *place) {
  return PointerGetDatum(&state_at<State>(place));
}
template <class State>
Datum stored_datum(const char *place) {
  return ExpandedState<State>::datum(state_at<State>(place));
}

Datum distinct_count(const char *place, bool * /*null*/) {
  if (reinterpret_cast<const int64 *>(place)[0] == 0) {
    return Int64GetDatum(0);
  }
  return Int64GetDatum(static_cast<int64>(state_at<sketch::Distinct>(place).count()));
}

template <class Rows>
bool make_distinct(AggregatePlan *plan, OwnPlan *own, const Constants & /*constants*/) {
  put<scan::DistinctSketches<Rows>>(plan);
  own->state = stored_datum<sketch::Distinct>;
  if (own->final != nullptr && own->final->fn_addr == starhouse_approx_distinct_count) {
    own->result = distinct_count;
  }
  return true;
}

template <class Rows>
bool make_theta(AggregatePlan *plan, OwnPlan *own, const Constants & /*constants*/) {
  put<scan::ThetaSketches<Rows>>(plan);
  own->state = stored_datum<sketch::Theta>;
  return true;
}

Datum percentile_asked(const char *place, bool *null) {
  *null = reinterpret_cast<const int64 *>(place)[0] == 0;
  if (*null) {
    return 0;
  }
  const sketch::Percentile &state = state_at<sketch::Percentile>(place);
  double value = 0;
  compute([&] { value = state.value(state.asked()[0]); });
  return Float8GetDatum(value);
}

bool make_percentile_of(AggregatePlan *plan, OwnPlan *own, std::span<const double> asked,
                        const Constants &constants, int error) {
  scan::TakePercentile take{.asked = asked};
  if (constants.count > error) {
    take.relative_error = DatumGetFloat8(constants.values[error]->constvalue);
  }
  put<scan::PercentileSketches>(plan, take);
  own->state = stored_datum<sketch::Percentile>;
  return true;
}

bool make_percentile(AggregatePlan *plan, OwnPlan *own, const Constants &constants) {
  return make_percentile_of(plan, own, {}, constants, 0);
}

bool make_asked(AggregatePlan *plan, OwnPlan *own, const Constants &constants) {
  auto *asked = static_cast<double *>(palloc(sizeof(double)));
  *asked = DatumGetFloat8(constants.values[0]->constvalue);
  if (std::isnan(*asked)) {
    return false;
  }
  if (own->final != nullptr && own->final->fn_addr == starhouse_approx_percentile_asked) {
    own->result = percentile_asked;
  }
  return make_percentile_of(plan, own, {asked, 1}, constants, 1);
}

bool make_asked_many(AggregatePlan *plan, OwnPlan *own, const Constants &constants) {
  ArrayType *array = DatumGetArrayTypeP(constants.values[0]->constvalue);
  Datum *elements = nullptr;
  bool *nulls = nullptr;
  int count = 0;
  if (ARR_NDIM(array) > 1) {
    return false;
  }
  deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements,
                    &nulls, &count);
  auto *asked = static_cast<double *>(palloc(sizeof(double) * static_cast<Size>(Max(count, 1))));
  for (int i = 0; i < count; ++i) {
    asked[i] = nulls[i] ? sketch::Percentile::no_percentile : DatumGetFloat8(elements[i]);
    if (!nulls[i] && std::isnan(asked[i])) {
      return false;
    }
  }
  return make_percentile_of(plan, own, {asked, static_cast<std::size_t>(count)}, constants, 1);
}

bool make_trending(AggregatePlan *plan, OwnPlan *own, const Constants &constants) {
  const Interval *half_life = DatumGetIntervalP(constants.values[0]->constvalue);
  int64 micros = 0;
  constexpr int64 millisecond = 1000;
  if (half_life->month != 0 ||
      __builtin_mul_overflow(static_cast<int64>(half_life->day), USECS_PER_DAY, &micros) ||
      __builtin_add_overflow(micros, half_life->time, &micros) || micros < millisecond) {
    return false;
  }
  compute([&] { put<scan::TrendingStates>(plan, scan::TakeEvent(score::HalfLife(micros))); });
  own->state = fixed_datum<score::Trending>;
  return true;
}

template <class Own, class State>
bool make_moments(AggregatePlan *plan, OwnPlan *own, const Constants & /*constants*/) {
  put<Own>(plan);
  own->state = fixed_datum<State>;
  return true;
}

// Its values are counted in the scan's own sets; a state of them is not to be had there.
bool make_exact(AggregatePlan *plan, OwnPlan *own, const Constants & /*constants*/) {
  plan->aggregate.kind = AggregateKind::count_distinct;
  plan->result = AggregatePlan::Result::count;
  return own->final != nullptr && own->final->fn_addr == starhouse_distinct_count_final;
}

constexpr uint32 distinct_bytes = 16384;
constexpr uint32 theta_bytes = 65536;
constexpr uint32 percentile_bytes = 4096;

const Known *known_aggregate(PGFunction transition) {
  using enum OwnColumn;
  using order::GeometricMean;
  using order::Ratio;
  using order::Sum;
  using order::Variance;
  using order::WeightedAverage;
  using scan::HashedFloats;
  using scan::HashedTexts;
  using scan::HashedUuids;
  using scan::HashedWords;
  static const Known all[] = {
      {starhouse_approx_distinct_bigint, make_distinct<HashedWords>, {integer}, distinct_bytes},
      {starhouse_approx_distinct_int, make_distinct<HashedWords>, {integer}, distinct_bytes},
      {starhouse_approx_distinct_date, make_distinct<HashedWords>, {integer}, distinct_bytes},
      {starhouse_approx_distinct_timestamptz,
       make_distinct<HashedWords>,
       {integer},
       distinct_bytes},
      {starhouse_approx_distinct_text, make_distinct<HashedTexts>, {text}, distinct_bytes},
      {starhouse_approx_distinct_uuid, make_distinct<HashedUuids>, {uuid}, distinct_bytes},
      {starhouse_approx_distinct_float8, make_distinct<HashedFloats>, {floating}, distinct_bytes},
      {starhouse_theta_add_bigint, make_theta<HashedWords>, {integer}, theta_bytes},
      {starhouse_theta_add_int, make_theta<HashedWords>, {integer}, theta_bytes},
      {starhouse_theta_add_date, make_theta<HashedWords>, {integer}, theta_bytes},
      {starhouse_theta_add_timestamptz, make_theta<HashedWords>, {integer}, theta_bytes},
      {starhouse_theta_add_text, make_theta<HashedTexts>, {text}, theta_bytes},
      {starhouse_theta_add_uuid, make_theta<HashedUuids>, {uuid}, theta_bytes},
      {starhouse_approx_percentile_add, make_percentile, {floating}, percentile_bytes, {FLOAT8OID}},
      {starhouse_approx_percentile_ask,
       make_asked,
       {floating},
       percentile_bytes,
       {FLOAT8OID, FLOAT8OID},
       1},
      {starhouse_approx_percentile_ask_many,
       make_asked_many,
       {floating},
       percentile_bytes,
       {FLOAT8ARRAYOID, FLOAT8OID},
       1},
      {starhouse_trending_transition, make_trending, {integer, floating}, 0, {INTERVALOID}, 1},
      {starhouse_sum_add, make_moments<scan::Moments<Sum>, Sum>, {floating}, 0},
      {starhouse_variance_add, make_moments<scan::Moments<Variance>, Variance>, {floating}, 0},
      {starhouse_geometric_add,
       make_moments<scan::Moments<GeometricMean>, GeometricMean>,
       {floating},
       0},
      {starhouse_weighted_add,
       make_moments<scan::WeightedAverages, WeightedAverage>,
       {floating, floating},
       0},
      {starhouse_ratio_add, make_moments<scan::Ratios, Ratio>, {integer}, 0},
      {starhouse_distinct_add_bigint, make_exact, {integer}, 0},
      {starhouse_distinct_add_int, make_exact, {integer}, 0},
      {starhouse_distinct_add_date, make_exact, {integer}, 0},
      {starhouse_distinct_add_timestamptz, make_exact, {integer}, 0},
      {starhouse_distinct_add_text, make_exact, {text}, 0},
      {starhouse_distinct_add_uuid, make_exact, {uuid}, 0},
  };
  for (const Known &known : all) {
    if (known.transition == transition) {
      return &known;
    }
  }
  return nullptr;
}

struct Functions {
  FmgrInfo transition;
  FmgrInfo *final; // or null
};

// Those of an aggregate that begins with no state; false for others, and for the server's own.
bool functions_of(Oid aggregate, Functions *functions) {
  if (aggregate < FirstNormalObjectId) {
    return false;
  }
  HeapTuple tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
  if (!HeapTupleIsValid(tuple)) {
    return false;
  }
  const auto *form = reinterpret_cast<const FormData_pg_aggregate *>(GETSTRUCT(tuple));
  const Oid transition = form->aggtransfn;
  const Oid final = form->aggfinalfn;
  bool fresh = false;
  SysCacheGetAttr(AGGFNOID, tuple, Anum_pg_aggregate_agginitval, &fresh);
  const bool plain = fresh && !form->aggfinalextra;
  ReleaseSysCache(tuple);
  if (!plain) {
    return false;
  }
  fmgr_info(transition, &functions->transition);
  functions->final = nullptr;
  if (OidIsValid(final)) {
    if (IsPolymorphicType(get_func_rettype(final))) {
      return false; // it would ask for the types of a call that is not there
    }
    functions->final = static_cast<FmgrInfo *>(palloc0(sizeof(FmgrInfo)));
    fmgr_info(final, functions->final);
  }
  return true;
}

} // namespace

bool Compiler::compile_own_column(OwnColumn kind, Expr *argument, Oid collation, uint32 *number,
                                  bool *may_fail) {
  Domain domain{};
  const Place before = place();
  const bool is_number = kind == OwnColumn::integer || kind == OwnColumn::floating;
  if (!(is_number ? compile_number(argument, number, &domain, may_fail)
                  : compile_column(argument, &compiled_->columns, number, &domain))) {
    go_back(before);
    *may_fail = true;
    if (!compute_column(argument, number, &domain)) {
      return false;
    }
  }
  switch (kind) {
  case OwnColumn::integer:
    return domain == Domain::integer;
  case OwnColumn::floating:
    return domain == Domain::floating;
  case OwnColumn::text:
    return domain == Domain::bytes && deterministic(collation) && base_type(argument) != UUIDOID;
  case OwnColumn::uuid:
    return base_type(argument) == UUIDOID;
  case OwnColumn::none:
    break;
  }
  return false;
}

bool Compiler::compile_own(const Aggref *aggregate, Node *arguments, AggregatePlan *plan,
                           bool *may_fail) {
  Functions functions{};
  if (aggregate->aggdistinct != NIL || arguments == nullptr ||
      !functions_of(aggregate->aggfnoid, &functions)) {
    return false;
  }
  const Known *known = known_aggregate(functions.transition.fn_addr);
  if (known == nullptr) {
    return false;
  }
  List *all = IsA(arguments, List) ? castNode(List, arguments) : list_make1(arguments);
  const int columns = known->columns[1] == OwnColumn::none ? 1 : 2;
  const Const *values[2]{};
  const int constants = list_length(all) - columns;
  if (constants < known->least || constants > 2) {
    return false;
  }
  for (int i = 0; i < constants; ++i) {
    auto *value = static_cast<Node *>(list_nth(all, columns + i));
    if (!IsA(value, Const) || castNode(Const, value)->constisnull ||
        castNode(Const, value)->consttype != known->constants[i]) {
      return false;
    }
    values[i] = castNode(Const, value);
  }
  uint32 *const numbers[]{&plan->aggregate.column, &plan->aggregate.second};
  for (int i = 0; i < columns; ++i) {
    if (!compile_own_column(known->columns[i], static_cast<Expr *>(list_nth(all, i)),
                            aggregate->inputcollid, numbers[i], may_fail)) {
      return false;
    }
  }
  auto *own = static_cast<OwnPlan *>(palloc0(sizeof(OwnPlan)));
  own->final = functions.final;
  own->collation = aggregate->inputcollid;
  plan->own = own;
  compiled_->outer_bytes += known->bytes;
  if (!known->make(plan, own, {.values = values, .count = constants})) {
    return false;
  }
  if (plan->aggregate.kind == AggregateKind::count_distinct) {
    compiled_->distinct = lappend(compiled_->distinct, linitial(all));
  }
  return true;
}

Datum own_result(const AggregatePlan *plan, const char *place, bool *null) {
  const OwnPlan *own = plan->own;
  *null = false;
  if (own->result != nullptr) {
    return own->result(place, null);
  }
  const bool none = *reinterpret_cast<const int64 *>(place) == 0;
  if (none && (own->final == nullptr || own->final->fn_strict)) {
    *null = true;
    return 0;
  }
  const Datum state = none ? 0 : own->state(place);
  if (own->final == nullptr) {
    return state;
  }
  LOCAL_FCINFO(call, 1);
  InitFunctionCallInfoData(*call, own->final, 1, own->collation, nullptr, nullptr);
  call->args[0].value = state;
  call->args[0].isnull = none;
  const Datum result = FunctionCallInvoke(call);
  *null = call->isnull;
  return result;
}

} // namespace starhouse::pg::star_scan
