// What a star scan covers: starhouse's own aggregates, which are known by the C functions that
// their transitions and final functions are. Whoever makes an aggregate of his own of these gets
// the same.
#include "pg/star_scan_own.hpp"

#include "pg/star_scan_compile.hpp"
#include "pg/star_scan_own_known.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace starhouse::pg::star_scan {

using scan::AggregateKind;

namespace {

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
  if (own->final != nullptr) { // it may ask what the call gives
    fmgr_info_set_expr(const_cast<Node *>(reinterpret_cast<const Node *>(aggregate)), own->final);
  }
  own->collation = aggregate->inputcollid;
  plan->own = own;
  if (known->referred != nullptr) {
    compiled_->own = lappend(compiled_->own, const_cast<Known *>(known));
  }
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
    return own->result(own, place, null);
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
