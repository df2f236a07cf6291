// What a star scan covers: GROUP BY, aggregates and their arguments. Keys made of times are in
// star_scan_compile_times.cpp.
#include "pg/star_scan_compile.hpp"

#include "pg/compat.hpp"

#include "core/geo/geohash.hpp"

extern "C" {
#include "access/stratnum.h"
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

#pragma GCC visibility push(default)
extern "C" {
Datum starhouse_geohash(PG_FUNCTION_ARGS);
Datum starhouse_geohash_cell(PG_FUNCTION_ARGS);
}
#pragma GCC visibility pop

namespace starhouse::pg::star_scan {

using scan::AggregateKind;
using scan::Step;
using scan::Storage;
using Operation = Step::Operation;

namespace {

// Of a boolean column.
TestPlan *is_true() {
  auto *test = static_cast<TestPlan *>(palloc0(sizeof(TestPlan)));
  test->kind = TestPlan::Kind::compare;
  test->domain = Domain::integer;
  test->strategy = BTEqualStrategyNumber;
  test->operand = reinterpret_cast<Expr *>(makeBoolConst(true, false));
  test->operand_type = BOOLOID;
  return test;
}

bool kind_of(Oid function, AggregateKind *kind, AggregatePlan::Result *result) {
  using Result = AggregatePlan::Result;
  const auto set = [&](AggregateKind the_kind, Result the_result) {
    *kind = the_kind;
    *result = the_result;
    return true;
  };
  switch (function) {
  case F_COUNT_:
    return set(AggregateKind::count_rows, Result::count);
  case F_COUNT_ANY:
    return set(AggregateKind::count, Result::count);
  case F_BOOL_OR:
    return set(AggregateKind::max_int, Result::integer);
  case F_BOOL_AND:
  case F_EVERY:
    return set(AggregateKind::min_int, Result::integer);
  case F_SUM_INT2:
  case F_SUM_INT4:
    return set(AggregateKind::sum_int, Result::integer);
  case F_SUM_INT8:
    return set(AggregateKind::sum_wide, Result::wide);
  case F_SUM_FLOAT4:
    return set(AggregateKind::sum_float32, Result::floating);
  case F_SUM_FLOAT8:
    return set(AggregateKind::sum_float, Result::floating);
  case F_SUM_NUMERIC:
    return set(AggregateKind::sum_numeric, Result::numeric);
  case F_AVG_INT2:
  case F_AVG_INT4:
    return set(AggregateKind::sum_int, Result::average);
  case F_AVG_INT8:
    return set(AggregateKind::sum_wide, Result::wide_average);
  case F_AVG_FLOAT4:
  case F_AVG_FLOAT8:
    return set(AggregateKind::avg_float, Result::average);
  case F_AVG_NUMERIC:
    return set(AggregateKind::sum_numeric, Result::numeric_average);
  case F_MIN_INT2:
  case F_MIN_INT4:
  case F_MIN_INT8:
  case F_MIN_DATE:
  case F_MIN_TIME:
  case F_MIN_TIMESTAMP:
  case F_MIN_TIMESTAMPTZ:
    return set(AggregateKind::min_int, Result::integer);
  case F_MAX_INT2:
  case F_MAX_INT4:
  case F_MAX_INT8:
  case F_MAX_DATE:
  case F_MAX_TIME:
  case F_MAX_TIMESTAMP:
  case F_MAX_TIMESTAMPTZ:
    return set(AggregateKind::max_int, Result::integer);
  case F_MIN_FLOAT4:
  case F_MIN_FLOAT8:
    return set(AggregateKind::min_float, Result::floating);
  case F_MAX_FLOAT4:
  case F_MAX_FLOAT8:
    return set(AggregateKind::max_float, Result::floating);
  case F_MIN_NUMERIC:
    return set(AggregateKind::min_numeric, Result::bytes);
  case F_MAX_NUMERIC:
    return set(AggregateKind::max_numeric, Result::bytes);
  default:
    return false;
  }
}

} // namespace

// Keys
// -------------------------------------------------------------------------------------------

bool Compiler::compile_key(int index) {
  if (list_length(compiled_->core_keys) >= 32) {
    return false;
  }
  auto *expr = static_cast<Expr *>(list_nth(keys_, index));
  auto *key = static_cast<KeyPlan *>(palloc0(sizeof(KeyPlan)));
  auto *core = static_cast<scan::Key *>(palloc0(sizeof(scan::Key)));
  *core = scan::Key{};
  key->type = base_type(expr);
  key->number = list_length(compiled_->core_keys);
  key->join = question_.key_joins == NIL ? -1 : list_nth_int(question_.key_joins, index);
  compiled_->keys = lappend(compiled_->keys, key);
  if (key->join < 0) {
    compiled_->core_keys = lappend(compiled_->core_keys, core);
    return compile_own_key(expr, key, core);
  }
  key->place = list_nth_int(question_.key_places, index);
  core->column = first_join + static_cast<uint32>(key->join);
  // All keys of a dimension are one of the core's.
  ListCell *cell = nullptr;
  foreach (cell, compiled_->core_keys) {
    if (static_cast<scan::Key *>(lfirst(cell))->column == core->column) {
      key->number = foreach_current_index(cell);
      return true;
    }
  }
  compiled_->core_keys = lappend(compiled_->core_keys, core);
  return true;
}

bool Compiler::compile_own_key(Expr *expr, KeyPlan *key, scan::Key *core) {
  Domain domain{};
  if (!compile_column(expr, &compiled_->columns, &core->column, &domain)) {
    const Place before = place();
    Expr *call = bare(expr);
    if (IsA(call, FuncExpr) && castNode(FuncExpr, call)->funcid >= FirstNormalObjectId
            ? compile_cell_key(castNode(FuncExpr, call), key, core)
            : compile_time_key(call, key, core) || compile_zoned(call, &core->column)) {
      return true;
    }
    go_back(before);
    key->shown = nullptr;
    key->cell_text = false;
    if (!compute_column(expr, &core->column, &domain)) {
      return false;
    }
  }
  if (domain == Domain::numeric) {
    // 1.0 is 1.00: the first one's scale is shown.
    const uint32 column = core->column;
    uint32 scale = 0;
    add_step(Operation::numeric_key, column, 0, &core->column);
    add_step(Operation::numeric_scale, column, 0, &scale);
    core->source = static_cast<int32>(scale);
    return true;
  }
  if (domain == Domain::floating) {
    // Floats that are equal need not be the same: the first one is shown.
    core->source = static_cast<int32>(core->column);
    add_step(Operation::float_key, core->column, 0, &core->column);
    return true;
  }
  return domain == Domain::integer ||
         (domain == Domain::bytes &&
          (key->type == UUIDOID || deterministic(exprCollation(reinterpret_cast<Node *>(expr)))));
}

// geohash() and geohash_cell() of columns, to a precision that is known: the cell is the key.
bool Compiler::compile_cell_key(const FuncExpr *call, KeyPlan *key, scan::Key *core) {
  FmgrInfo function{};
  if (list_length(call->args) != 3) {
    return false;
  }
  fmgr_info(call->funcid, &function);
  key->cell_text = function.fn_addr == starhouse_geohash;
  auto *precision = static_cast<Node *>(lthird(call->args));
  if ((!key->cell_text && function.fn_addr != starhouse_geohash_cell) || !IsA(precision, Const) ||
      castNode(Const, precision)->constisnull ||
      (key->cell_text && !deterministic(exprCollation(reinterpret_cast<const Node *>(call))))) {
    return false;
  }
  const int32 wanted = DatumGetInt32(castNode(Const, precision)->constvalue);
  uint32 lat = 0;
  uint32 lon = 0;
  Domain lat_domain{};
  Domain lon_domain{};
  bool may_fail = false;
  if (!geo::is_precision(wanted) ||
      !compile_number(static_cast<Expr *>(linitial(call->args)), &lat, &lat_domain, &may_fail) ||
      !compile_number(static_cast<Expr *>(lsecond(call->args)), &lon, &lon_domain, &may_fail) ||
      lat_domain != Domain::floating || lon_domain != Domain::floating) {
    return false;
  }
  add_step(Operation::geohash, lat, lon, &core->column)->step.width = wanted;
  return true;
}

// Aggregates
// -------------------------------------------------------------------------------------------

namespace {

// count() does not look at values: those that CASE gives may be any.
Expr *counted(Expr *argument) {
  if (!IsA(argument, CaseExpr)) {
    return argument;
  }
  auto *copy = static_cast<CaseExpr *>(copyObjectImpl(argument));
  const auto replace = [](Expr *result) {
    return result != nullptr && IsA(result, Const)
               ? reinterpret_cast<Expr *>(makeConst(INT4OID, -1, InvalidOid, sizeof(int32),
                                                    Int32GetDatum(1),
                                                    castNode(Const, result)->constisnull, true))
               : result;
  };
  bool constant = copy->defresult == nullptr || IsA(copy->defresult, Const);
  ListCell *cell = nullptr;
  foreach (cell, copy->args) {
    constant = constant && IsA(lfirst_node(CaseWhen, cell)->result, Const);
  }
  if (!constant) {
    return argument;
  }
  foreach (cell, copy->args) {
    auto *when = lfirst_node(CaseWhen, cell);
    when->result = replace(when->result);
  }
  copy->defresult = replace(copy->defresult);
  copy->casetype = INT4OID;
  copy->casecollid = InvalidOid;
  return reinterpret_cast<Expr *>(copy);
}

} // namespace

// count(DISTINCT column), where what is equal are equal words or bytes. Of min and max DISTINCT
// says nothing, and nobody writes it; of the others the executor knows.
bool Compiler::compile_distinct(const Aggref *aggregate, Expr *argument, scan::Aggregate *own,
                                bool *may_fail) {
  Domain domain{};
  if (own->kind != AggregateKind::count || list_length(aggregate->aggdistinct) != 1) {
    return false;
  }
  if (!compile_column(argument, &compiled_->columns, &own->column, &domain)) {
    *may_fail = true;
    if (!compute_column(argument, &own->column, &domain)) {
      return false;
    }
  }
  const auto *clause = linitial_node(SortGroupClause, aggregate->aggdistinct);
  const TypeCacheEntry *type =
      lookup_type_cache(exprType(reinterpret_cast<Node *>(argument)), TYPECACHE_EQ_OPR);
  if (type->eq_opr != clause->eqop ||
      (domain == Domain::bytes && base_type(argument) != UUIDOID &&
       !deterministic(exprCollation(reinterpret_cast<Node *>(argument))))) {
    return false;
  }
  if (domain == Domain::numeric) {
    add_step(Operation::numeric_key, own->column, 0, &own->column);
  }
  own->kind = AggregateKind::count_distinct;
  own->is_float = domain == Domain::floating;
  compiled_->distinct = lappend(compiled_->distinct, argument);
  return true;
}

// The argument of one of the server's aggregates.
bool Compiler::compile_known(const Aggref *aggregate, Expr *argument, scan::Aggregate *own,
                             bool *may_fail) {
  Domain domain{};
  if (aggregate->aggdistinct != NIL) {
    return compile_distinct(aggregate, argument, own, may_fail);
  }
  if (own->kind == AggregateKind::count_rows) {
    return true;
  }
  const Place before = place();
  if (own->kind == AggregateKind::count) {
    // Of a constant it counts rows, which most people write so.
    if (IsA(argument, Const)) {
      own->kind = AggregateKind::count_rows;
      return !castNode(Const, argument)->constisnull;
    }
    if (compile_column(argument, &compiled_->columns, &own->column, &domain) ||
        compile_number(counted(argument), &own->column, &domain, may_fail)) {
      return true;
    }
  } else if (own->kind == AggregateKind::sum_numeric || own->kind == AggregateKind::min_numeric ||
             own->kind == AggregateKind::max_numeric) {
    if (compile_column(argument, &compiled_->columns, &own->column, &domain)) {
      return domain == Domain::numeric;
    }
    if (own->kind == AggregateKind::sum_numeric &&
        compile_number(argument, &own->column, &domain, may_fail) && domain == Domain::numeric) {
      own->kind = AggregateKind::sum_decimal;
      return true;
    }
  } else if (compile_number(argument, &own->column, &domain, may_fail) &&
             domain != Domain::numeric) {
    return true;
  }
  // By the executor, for the rows that come to it.
  go_back(before);
  *may_fail = true;
  return compute_column(argument, &own->column, &domain);
}

bool Compiler::compile_arguments(const Aggref *aggregate, Node *arguments, AggregatePlan *plan,
                                 bool *may_fail) {
  if (!kind_of(aggregate->aggfnoid, &plan->aggregate.kind, &plan->result)) {
    return compile_own(aggregate, arguments, plan, may_fail);
  }
  return (arguments == nullptr || !IsA(arguments, List)) &&
         compile_known(aggregate, reinterpret_cast<Expr *>(arguments), &plan->aggregate, may_fail);
}

// An aggregate with a filter that is no test of columns, or with an argument that may fail: the
// executor computes it for no row that does not pass, while steps are for all rows.
bool Compiler::compile_filtered(const Aggref *aggregate, Node *arguments, Expr *filter,
                                AggregatePlan *plan) {
  scan::Aggregate &own = plan->aggregate;
  const Place before = place();
  bool may_fail = false;
  if (compile_arguments(aggregate, arguments, plan, &may_fail) && !may_fail) {
    const Place with_arguments = place();
    TestPlan *test = compile_test(filter, &compiled_->columns);
    if (test == nullptr || may_fail_once(test)) {
      go_back(with_arguments);
      Domain domain{};
      test = is_true();
      if (!compute_column(filter, &test->column, &domain)) {
        return false;
      }
    }
    own.filter = list_length(compiled_->filters);
    compiled_->filters = lappend(compiled_->filters, test);
    return true;
  }
  // As its argument is NULL then, which these leave out: CASE WHEN filter THEN argument END.
  go_back(before);
  *plan = AggregatePlan{.aggregate = {}, .result = {}, .type = plan->type, .own = nullptr};
  if (aggregate->aggdistinct != NIL || arguments == nullptr || IsA(arguments, List) ||
      !kind_of(aggregate->aggfnoid, &own.kind, &plan->result)) {
    return false;
  }
  auto *when = makeNode(CaseWhen);
  when->expr = filter;
  when->result = reinterpret_cast<Expr *>(arguments);
  when->location = -1;
  auto *wrapped = makeNode(CaseExpr);
  wrapped->casetype = exprType(arguments);
  wrapped->casecollid = exprCollation(arguments);
  wrapped->args = list_make1(when);
  wrapped->defresult = reinterpret_cast<Expr *>(
      makeNullConst(wrapped->casetype, exprTypmod(arguments), wrapped->casecollid));
  wrapped->location = -1;
  Domain domain{};
  return compute_column(reinterpret_cast<Expr *>(wrapped), &own.column, &domain);
}

bool Compiler::compile_aggregate(int index) {
  const auto *aggregate = static_cast<Aggref *>(list_nth(question_.aggregates, index));
  auto *arguments = static_cast<Node *>(list_nth(arguments_, index));
  auto *filter = static_cast<Expr *>(list_nth(filters_, index));
  auto *plan = static_cast<AggregatePlan *>(palloc0(sizeof(AggregatePlan)));
  scan::Aggregate &own = plan->aggregate;
  own = scan::Aggregate{};
  if (aggregate->aggorder != NIL || aggregate->aggdirectargs != NIL || aggregate->aggvariadic ||
      aggregate->aggkind != AGGKIND_NORMAL || aggregate->agglevelsup != 0 ||
      aggregate->aggsplit != AGGSPLIT_SIMPLE) {
    return false;
  }
  plan->type = aggregate->aggtype;
  const int distinct = list_length(compiled_->distinct);
  bool may_fail = false;
  if (!(filter == nullptr ? compile_arguments(aggregate, arguments, plan, &may_fail)
                          : compile_filtered(aggregate, arguments, filter, plan))) {
    return false;
  }
  if (list_length(compiled_->distinct) > distinct) {
    // The planner's estimates are of the query's own expressions.
    llast(compiled_->distinct) = list_nth(question_.arguments, index);
  }
  own.offset = compiled_->state_bytes;
  compiled_->state_bytes += static_cast<uint32>(scan::state_bytes(own));
  compiled_->aggregates = lappend(compiled_->aggregates, plan);
  return true;
}

} // namespace starhouse::pg::star_scan
