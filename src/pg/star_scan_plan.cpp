// Where the planner meets the star scan: a path for grouping one plain table, beside the planner's
// own and by its costs.
//
// In the plan the node's own tuple is the groups' keys, then the aggregates, then the table's
// columns that anything asks for (never filled: they let EXPLAIN and the executor tell what the
// expressions mean). The plan's expressions are four lists: conditions, keys, and the aggregates'
// arguments and filters.
#include "pg/star_scan.hpp"

#include "pg/compat.hpp"
#include "pg/star_scan_node.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/guc.h"
#include "utils/selfuncs.h"
#include "utils/spccache.h"
#include "utils/typcache.h"
}

namespace starhouse::pg::star_scan {

bool enabled = true;

namespace {

create_upper_paths_hook_type previous_hook = nullptr;

// Keys, aggregates and whatever else the grouping's targets are made of.
struct Collected {
  List *keys;
  List *aggregates;
  bool others; // columns outside of both, windows, ...
};

bool collect(Node *node, void *context) {
  auto *collected = static_cast<Collected *>(context);
  if (node == nullptr || list_member(collected->keys, node)) {
    return false;
  }
  if (IsA(node, Aggref)) {
    collected->aggregates = list_append_unique(collected->aggregates, node);
    return false;
  }
  if (IsA(node, Var) || IsA(node, WindowFunc) || IsA(node, PlaceHolderVar) ||
      IsA(node, GroupingFunc)) {
    collected->others = true;
    return true;
  }
  return compat::walk_expression(node, collect, context);
}

bool is_plain_heap(const RangeTblEntry *entry) {
  if (entry->rtekind != RTE_RELATION || entry->tablesample != nullptr ||
      (entry->relkind != RELKIND_RELATION && entry->relkind != RELKIND_MATVIEW)) {
    return false;
  }
  // Locked by the planner already.
  Relation table = table_open(entry->relid, NoLock);
  const bool heap =
      table->rd_tableam == GetHeapamTableAmRoutine() && !RELATION_IS_OTHER_TEMP(table);
  table_close(table, NoLock);
  return heap;
}

// The WHERE clauses of a scan; false where one needs more than to be tested in any order.
bool conditions_of(const RelOptInfo *table, List **quals) {
  ListCell *cell = nullptr;
  foreach (cell, table->baserestrictinfo) {
    const auto *restriction = lfirst_node(RestrictInfo, cell);
    // Of a higher level: it must not see rows that row security or a barrier hides.
    if (restriction->pseudoconstant || restriction->security_level > 0) {
      return false;
    }
    *quals = lappend(*quals, restriction->clause);
  }
  return true;
}

bool keys_of(PlannerInfo *root, List **keys) {
  ListCell *cell = nullptr;
  foreach (cell, compat::group_clause(root)) {
    auto *clause = lfirst_node(SortGroupClause, cell);
    auto *key = get_sortgroupclause_expr(clause, root->processed_tlist);
    const TypeCacheEntry *type = lookup_type_cache(exprType(key), TYPECACHE_EQ_OPR);
    if (type->eq_opr != clause->eqop || contain_volatile_functions(key)) {
      return false;
    }
    *keys = list_append_unique(*keys, key);
  }
  return true;
}

bool question_of(PlannerInfo *root, RelOptInfo *input, RelOptInfo *grouped, List *having,
                 Question *question) {
  Collected collected{};
  if (!conditions_of(input, &question->quals) || !keys_of(root, &collected.keys)) {
    return false;
  }
  collect(reinterpret_cast<Node *>(grouped->reltarget->exprs), &collected);
  collect(reinterpret_cast<Node *>(having), &collected);
  if (collected.others || (collected.keys == NIL && collected.aggregates == NIL)) {
    return false;
  }
  question->table = input->relid;
  question->keys = collected.keys;
  question->aggregates = collected.aggregates;
  ListCell *cell = nullptr;
  foreach (cell, collected.aggregates) {
    const auto *aggregate = lfirst_node(Aggref, cell);
    if (list_length(aggregate->args) > 1) {
      return false;
    }
    question->arguments = lappend(
        question->arguments,
        aggregate->args == NIL ? nullptr : linitial_node(TargetEntry, aggregate->args)->expr);
    question->filters = lappend(question->filters, aggregate->aggfilter);
  }
  return true;
}

// What the core takes for a row, in units of cpu_operator_cost: a page's row to be found, columns
// to be read, tests, a group to be found, aggregates. Measured against the executor's own steps.
void set_costs(CustomPath *path, PlannerInfo *root, RelOptInfo *table, const Compiled *compiled,
               double groups) {
  constexpr double start_cost = 5; // its arrays; not worth it for a few hundred rows
  constexpr double row_steps = 0.6;
  constexpr double column_steps = 0.15;
  constexpr double test_steps = 0.15;
  constexpr double key_steps = 0.8;
  constexpr double aggregate_steps = 0.3;
  const double pages = table->pages;
  const double rows = table->tuples;
  const double kept = table->rows;
  double page_cost = 0;
  get_tablespace_page_costs(table->reltablespace, nullptr, &page_cost);
  double steps = rows * row_steps;
  steps += rows * (list_length(compiled->tested) * column_steps +
                   list_length(compiled->tests) * test_steps);
  steps += kept * (list_length(compiled->columns) * column_steps +
                   list_length(compiled->keys) * key_steps +
                   list_length(compiled->aggregates) * aggregate_steps +
                   list_length(compiled->steps) * column_steps);
  const double bytes =
      groups * (compiled->state_bytes + 16.0 * (list_length(compiled->keys) + 1) + 32);
  const double parts =
      compiled->keys == NIL ? 1 : Max(1.0, bytes / static_cast<double>(get_hash_memory_limit()));
  // Parts are found out on the way, and each reads the table.
  const double runs = parts <= 1 ? 1 : 2 * parts;
  const double run = pages * page_cost + steps * cpu_operator_cost;
  QualCost target = path->path.pathtarget->cost;
  path->path.startup_cost = start_cost + runs * run + target.startup + groups * cpu_operator_cost;
  path->path.total_cost = path->path.startup_cost + groups * (cpu_tuple_cost + target.per_tuple);
  QualCost having{};
  cost_qual_eval(&having, static_cast<List *>(llast(path->custom_private)), root);
  path->path.startup_cost += having.startup;
  path->path.total_cost += having.startup + groups * having.per_tuple;
  if (!enable_seqscan) {
    compat::disable_path(&path->path); // it is a sequential scan, too
  }
}

Plan *make_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses,
                List *plans);

const CustomPathMethods path_methods{
    .CustomName = "StarScan",
    .PlanCustomPath = make_plan,
};
const CustomScanMethods scan_methods{
    .CustomName = "StarScan",
    .CreateCustomScanState = create_state,
};

void offer(PlannerInfo *root, RelOptInfo *input, RelOptInfo *grouped, GroupPathExtraData *extra) {
  const Query *parse = root->parse;
  if (parse->commandType != CMD_SELECT || parse->groupingSets != NIL || parse->hasTargetSRFs ||
      parse->rowMarks != NIL || grouped->reloptkind != RELOPT_UPPER_REL ||
      extra->patype != PARTITIONWISE_AGGREGATE_NONE || input->reloptkind != RELOPT_BASEREL ||
      IS_DUMMY_REL(input) || !bms_is_empty(input->lateral_relids)) {
    return;
  }
  const RangeTblEntry *entry = planner_rt_fetch(input->relid, root);
  if (entry->inh || !is_plain_heap(entry)) {
    return;
  }
  auto *having = reinterpret_cast<List *>(extra->havingQual);
  Question question{};
  if (!question_of(root, input, grouped, having, &question)) {
    return;
  }
  const Compiled *compiled = compile(question);
  if (compiled == nullptr) {
    return;
  }
  double groups = 1;
  if (question.keys != NIL) {
    groups = estimate_num_groups(root, question.keys, input->rows, nullptr, nullptr);
  }
  auto *path = makeNode(CustomPath);
  path->path.pathtype = T_CustomScan;
  path->path.parent = grouped;
  path->path.pathtarget = grouped->reltarget;
  path->path.rows =
      grouped->pathlist != NIL ? static_cast<Path *>(linitial(grouped->pathlist))->rows : groups;
  path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
  path->custom_private = list_make3(makeInteger(static_cast<int>(question.table)),
                                    list_make5(question.quals, question.keys, question.arguments,
                                               question.filters, question.aggregates),
                                    having);
  path->methods = &path_methods;
  set_costs(path, root, input, compiled, groups);
  add_path(grouped, &path->path);
}

void create_upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
                        RelOptInfo *output, void *extra) {
  if (previous_hook != nullptr) {
    previous_hook(root, stage, input, output, extra);
  }
  if (enabled && stage == UPPERREL_GROUP_AGG) {
    offer(root, input, output, static_cast<GroupPathExtraData *>(extra));
  }
}

void append_columns(List **tlist, List *expressions) {
  ListCell *cell = nullptr;
  foreach (cell, expressions) {
    *tlist = lappend(*tlist, makeTargetEntry(static_cast<Expr *>(copyObjectImpl(lfirst(cell))),
                                             static_cast<AttrNumber>(list_length(*tlist) + 1),
                                             nullptr, false));
  }
}

Plan *make_plan(PlannerInfo * /*root*/, RelOptInfo * /*rel*/, CustomPath *path, List *tlist,
                List * /*clauses*/, List * /*plans*/) {
  auto *lists = static_cast<List *>(lsecond(path->custom_private));
  auto *quals = static_cast<List *>(linitial(lists));
  auto *keys = static_cast<List *>(lsecond(lists));
  auto *arguments = static_cast<List *>(lthird(lists));
  auto *filters = static_cast<List *>(lfourth(lists));
  auto *aggregates = static_cast<List *>(llast(lists));
  auto *plan = makeNode(CustomScan);
  plan->scan.scanrelid =
      static_cast<Index>(intVal(static_cast<Node *>(linitial(path->custom_private))));
  plan->scan.plan.targetlist = tlist;
  plan->scan.plan.qual = static_cast<List *>(llast(path->custom_private));
  plan->flags = path->flags;
  plan->custom_exprs = list_make4(quals, keys, arguments, filters);
  List *columns = NIL;
  append_columns(&columns, keys);
  append_columns(&columns, aggregates);
  // A key that is a column is there already, but columns go by their place behind the aggregates.
  List *vars = NIL;
  ListCell *cell = nullptr;
  foreach (cell, pull_var_clause(reinterpret_cast<Node *>(plan->custom_exprs), 0)) {
    auto *var = static_cast<Node *>(lfirst(cell));
    if (!list_member(keys, var)) {
      vars = list_append_unique(vars, var);
    }
  }
  append_columns(&columns, vars);
  plan->custom_scan_tlist = columns;
  plan->methods = &scan_methods;
  return &plan->scan.plan;
}

} // namespace

void install() {
  DefineCustomBoolVariable(
      "starhouse.enable_star_scan",
      "Lets the planner use star scans: grouping of a table in columns, page by page.",
      "Queries that a star scan does not cover are planned as ever.", &enabled, true, PGC_USERSET,
      GUC_EXPLAIN, nullptr, nullptr, nullptr);
  RegisterCustomScanMethods(&scan_methods);
  previous_hook = create_upper_paths_hook;
  create_upper_paths_hook = create_upper_paths;
}

} // namespace starhouse::pg::star_scan
