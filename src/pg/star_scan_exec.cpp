// The node that runs a star scan, as the server calls it.
#include "pg/star_scan_exec.hpp"

#include "pg/compat.hpp"

extern "C" {
#include "catalog/objectaccess.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace starhouse::pg::star_scan {

namespace {

// The question as the planner put it into the plan: see star_scan_plan.cpp.
struct Unfold {
  List *columns; // the scan tuple's
};

Node *unfold(Node *node, void *context) {
  if (node == nullptr) {
    return nullptr;
  }
  if (IsA(node, Var) && castNode(Var, node)->varno == INDEX_VAR) {
    const auto *entry = static_cast<TargetEntry *>(
        list_nth(static_cast<Unfold *>(context)->columns, castNode(Var, node)->varattno - 1));
    return static_cast<Node *>(copyObjectImpl(entry->expr));
  }
  return compat::mutate_expression(node, unfold, context);
}

List *unfolded(List *expressions, List *columns) {
  Unfold context{.columns = columns};
  return reinterpret_cast<List *>(unfold(reinterpret_cast<Node *>(expressions), &context));
}

void check_function(Oid function, Oid role, ObjectType kind) {
  const AclResult right = compat::function_aclcheck(function, role);
  if (right != ACLCHECK_OK) {
    aclcheck_error(right, kind, get_func_name(function));
  }
  InvokeFunctionExecuteHook(function);
}

// As the executor does when it begins to aggregate: the user's right to the aggregate, and its
// owner's to what it is made of.
void check_rights(Oid aggregate) {
  check_function(aggregate, GetUserId(), OBJECT_AGGREGATE);
  HeapTuple function = SearchSysCache1(PROCOID, ObjectIdGetDatum(aggregate));
  HeapTuple parts = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
  if (!HeapTupleIsValid(function) || !HeapTupleIsValid(parts)) {
    elog(ERROR, "cache lookup failed for aggregate %u", aggregate);
  }
  const Oid owner = reinterpret_cast<const FormData_pg_proc *>(GETSTRUCT(function))->proowner;
  const auto *form = reinterpret_cast<const FormData_pg_aggregate *>(GETSTRUCT(parts));
  const Oid transition = form->aggtransfn;
  const Oid final = form->aggfinalfn;
  ReleaseSysCache(parts);
  ReleaseSysCache(function);
  check_function(transition, owner, OBJECT_FUNCTION);
  if (OidIsValid(final)) {
    check_function(final, owner, OBJECT_FUNCTION);
  }
}

void begin(CustomScanState *state, EState *estate, int eflags) {
  ScanNode *node = as_node(state);
  const auto *plan = castNode(CustomScan, state->ss.ps.plan);
  List *columns = plan->custom_scan_tlist;
  Question question{};
  question.table = plan->scan.scanrelid;
  question.quals = unfolded(static_cast<List *>(linitial(plan->custom_exprs)), columns);
  question.keys = unfolded(static_cast<List *>(lsecond(plan->custom_exprs)), columns);
  question.arguments = unfolded(static_cast<List *>(lthird(plan->custom_exprs)), columns);
  question.filters = unfolded(static_cast<List *>(lfourth(plan->custom_exprs)), columns);
  List *facts = unfolded(static_cast<List *>(list_nth(plan->custom_exprs, 4)), columns);
  const auto *outers = static_cast<List *>(list_nth(plan->custom_exprs, 5));
  const List *limits = unfolded(static_cast<List *>(list_nth(plan->custom_exprs, 6)), columns);
  List *known_lists = plan->custom_private;
  node->role = static_cast<Role>(linitial_int(static_cast<List *>(linitial(known_lists))));
  node->joins = static_cast<List *>(list_nth(known_lists, 3));
  for (int i = 0; i < list_length(node->joins); ++i) {
    auto *known = static_cast<List *>(list_nth(node->joins, i));
    auto *join = static_cast<JoinQuestion *>(palloc0(sizeof(JoinQuestion)));
    *join = {.keyed = lfourth_int(static_cast<List *>(llast(known))),
             .facts = static_cast<List *>(list_nth(facts, i)),
             .operators = static_cast<List *>(linitial(known)),
             .collations = static_cast<List *>(lsecond(known)),
             .types = static_cast<List *>(lthird(known)),
             .kind = static_cast<scan::JoinKind>(lsecond_int(static_cast<List *>(llast(known)))),
             .outers = static_cast<List *>(list_nth(outers, i)),
             .has_condition = lthird_int(static_cast<List *>(llast(known))) != 0,
             .limits = static_cast<List *>(list_nth(limits, i))};
    question.joins = lappend(question.joins, join);
  }
  question.key_joins = static_cast<List *>(list_nth(known_lists, 4));
  question.key_places = static_cast<List *>(list_nth(known_lists, 5));
  question.takes = unfolded(static_cast<List *>(list_nth(plan->custom_exprs, 7)), columns);
  question.take_joins = static_cast<List *>(list_nth(known_lists, 6));
  question.take_places = static_cast<List *>(list_nth(known_lists, 7));
  for (int i = 0; i < list_length(question.arguments); ++i) {
    const auto *entry =
        static_cast<TargetEntry *>(list_nth(columns, list_length(question.keys) + i));
    question.aggregates = lappend(question.aggregates, castNode(Aggref, entry->expr));
    check_rights(castNode(Aggref, entry->expr)->aggfnoid);
  }
  node->compiled = compile(question);
  if (node->compiled == nullptr) {
    elog(ERROR, "star scan cannot run the plan that was made for it");
  }
  ListCell *cell = nullptr;
  foreach (cell, plan->custom_plans) {
    // Each is read once, forwards.
    state->custom_ps =
        lappend(state->custom_ps,
                ExecInitNode(static_cast<Plan *>(lfirst(cell)), estate,
                             eflags & ~(EXEC_FLAG_REWIND | EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK)));
  }
  node->foremost = foremost_plan(node, plan);
  auto *tables = static_cast<List *>(list_nth(known_lists, 2));
  node->table_count = list_length(tables);
  // EXPLAIN shows the subplans of expressions.
  if (node->role != Role::merged) {
    init_computed(node->compiled, &state->ss.ps);
  }
  if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) != 0) {
    return;
  }
  init_expressions(node->compiled, &state->ss.ps);
  if (computes_any(node->compiled)) {
    node->row_context = CreateExprContext(estate);
    node->row_context->ecxt_scantuple = ExecInitExtraTupleSlot(
        estate, RelationGetDescr(state->ss.ss_currentRelation), &TTSOpsVirtual);
    node->row_context->ecxt_innertuple =
        ExecInitExtraTupleSlot(estate, taken_row(node->compiled), &TTSOpsVirtual);
  }
  const int planned = linitial_int(static_cast<List *>(lsecond(known_lists)));
  const int moved = static_cast<int>(plan->scan.scanrelid) - planned;
  node->tables = static_cast<Relation *>(
      palloc0(sizeof(Relation) * static_cast<Size>(Max(node->table_count, 1))));
  if (node->role == Role::merged) {
    node->table_count = 0;
    tables = NIL;
  }
  foreach (cell, tables) {
    node->tables[foreach_current_index(cell)] =
        compat::range_table_relation(estate, static_cast<Index>(lfirst_int(cell) + moved));
  }
  node->run_context =
      AllocSetContextCreate(estate->es_query_cxt, "star scan", ALLOCSET_DEFAULT_SIZES);
  node->part_context =
      AllocSetContextCreate(node->run_context, "star scan groups", ALLOCSET_DEFAULT_SIZES);
  node->dimension_context =
      AllocSetContextCreate(node->run_context, "star scan dimensions", ALLOCSET_DEFAULT_SIZES);
  node->value_context =
      AllocSetContextCreate(node->run_context, "star scan values", ALLOCSET_DEFAULT_SIZES);
}

TupleTableSlot *execute(CustomScanState *state) {
  ScanNode *node = as_node(state);
  ExprContext *context = state->ss.ps.ps_ExprContext;
  ProjectionInfo *projection = state->ss.ps.ps_ProjInfo;
  TupleTableSlot *slot = state->ss.ss_ScanTupleSlot;
  if (node->role == Role::partial) {
    ResetExprContext(context);
    if (!next_piece(node, slot)) {
      return ExecClearTuple(projection != nullptr ? projection->pi_state.resultslot : slot);
    }
    context->ecxt_scantuple = slot;
    return projection != nullptr ? ExecProject(projection) : slot;
  }
  if (!node->started) {
    start(node);
  }
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    ResetExprContext(context);
    if (node->scan == nullptr ||
        node->next_group >= (node->chosen != nullptr ? node->chosen_count : node->scan->groups())) {
      if (node->waiting_count == 0 && !node->finished && next_values(node)) {
        node->waiting[node->waiting_count++] = scan::Part{};
      }
      if (node->waiting_count == 0) {
        node->finished = true;
        return ExecClearTuple(projection != nullptr ? projection->pi_state.resultslot : slot);
      }
      const scan::Part part = node->waiting[--node->waiting_count];
      if (node->role == Role::merged ? merge_part(node, part) : run_part(node, part)) {
        choose_foremost(node);
      } else {
        node->scan = nullptr;
      }
      continue;
    }
    const MemoryContext old = MemoryContextSwitchTo(context->ecxt_per_tuple_memory);
    const std::size_t next = node->next_group++;
    fill_slot(node, node->chosen != nullptr ? node->chosen[next] : next, slot, context);
    MemoryContextSwitchTo(old);
    context->ecxt_scantuple = slot;
    if (node->chosen == nullptr && state->ss.ps.qual != nullptr &&
        !ExecQual(state->ss.ps.qual, context)) {
      InstrCountFiltered1(state, 1);
      continue;
    }
    return projection != nullptr ? ExecProject(projection) : slot;
  }
}

void rescan(CustomScanState *state) {
  ScanNode *node = as_node(state);
  if (node->run_context == nullptr) {
    return;
  }
  close_pages(&node->pages);
  node->scan = nullptr;
  node->chosen = nullptr;
  node->ruled_out = nullptr; // EXPLAIN asks for it
  node->waiting_count = 0;
  node->started = false;
  // Its children go on: a reset leaves them empty.
  MemoryContextResetOnly(node->run_context);
  MemoryContextReset(node->part_context);
  MemoryContextReset(node->value_context);
  MemoryContextReset(node->dimension_context);
  ListCell *cell = nullptr;
  foreach (cell, state->custom_ps) {
    auto *rows = static_cast<PlanState *>(lfirst(cell));
    if (state->ss.ps.chgParam != nullptr) {
      UpdateChangedParamSet(rows, state->ss.ps.chgParam);
    }
    // With other parameters it begins anew by itself, when it is asked for a row.
    if (rows->chgParam == nullptr) {
      ExecReScan(rows);
    }
  }
}

void end(CustomScanState *state) {
  close_pages(&as_node(state)->pages);
  ListCell *cell = nullptr;
  foreach (cell, state->custom_ps) {
    ExecEndNode(static_cast<PlanState *>(lfirst(cell)));
  }
}

// Several processes
// ---------------------------------------------------------------------------------------------

Size estimate_shared(CustomScanState *state, ParallelContext * /*context*/) {
  return shared_size(as_node(state));
}

void initialize_shared(CustomScanState *state, ParallelContext *context, void *place) {
  ScanNode *node = as_node(state);
  node->shared = static_cast<SharedScan *>(place);
  node->workers = context;
  node->shared_here = false;
  share(node, node->shared, false);
}

// Once those are gone that had what was shared before.
void share_again(CustomScanState *state, ParallelContext *context, void *place) {
  ScanNode *node = as_node(state);
  node->shared = static_cast<SharedScan *>(place);
  node->workers = context;
  node->shared_here = false;
  share(node, node->shared, true);
}

void initialize_worker(CustomScanState *state, shm_toc * /*contents*/, void *place) {
  ScanNode *node = as_node(state);
  node->shared = static_cast<SharedScan *>(place);
  node->shared_here = false;
}

// What was shared goes.
void shut_down(CustomScanState *state) {
  ScanNode *node = as_node(state);
  node->shared = node->shared_here ? node->shared : nullptr;
  node->workers = nullptr;
}

const CustomExecMethods exec_methods{
    .CustomName = "StarScan",
    .BeginCustomScan = begin,
    .ExecCustomScan = execute,
    .EndCustomScan = end,
    .ReScanCustomScan = rescan,
    .EstimateDSMCustomScan = estimate_shared,
    .InitializeDSMCustomScan = initialize_shared,
    .ReInitializeDSMCustomScan = share_again,
    .InitializeWorkerCustomScan = initialize_worker,
    .ShutdownCustomScan = shut_down,
    .ExplainCustomScan = explain,
};

} // namespace

Node *create_state(CustomScan * /*plan*/) {
  auto *node = static_cast<ScanNode *>(palloc0(sizeof(ScanNode)));
  node->css.ss.ps.type = T_CustomScanState;
  node->css.methods = &exec_methods;
  node->pages.buffer = InvalidBuffer;
  node->pages.ahead = InvalidBuffer;
  return reinterpret_cast<Node *>(node);
}

} // namespace starhouse::pg::star_scan
