// Where the planner meets the star scan: a path for grouping a fact, alone or joined with
// dimensions, beside the planner's own paths and by its costs.
//
// In the plan the node's own tuple is the groups' keys, then the aggregates, then the columns that
// anything asks for (never filled: they let EXPLAIN and the executor tell what the expressions
// mean). The plan's expressions are five lists: conditions, keys, the aggregates' arguments and
// filters, and the fact's sides of joins. Its private list says what else the executor has to know
// (star_scan_node.hpp).
#include "pg/star_scan_plan.hpp"

#include "pg/compat.hpp"
#include "pg/star_scan_node.hpp"

extern "C" {
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "optimizer/tlist.h"
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
  List *columns; // outside of both: they depend on the keys
  bool others;   // windows, ...
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
  if (IsA(node, Var)) {
    collected->columns = list_append_unique(collected->columns, node);
    return false;
  }
  if (IsA(node, WindowFunc) || IsA(node, PlaceHolderVar) || IsA(node, GroupingFunc)) {
    collected->others = true;
    return true;
  }
  return compat::walk_expression(node, collect, context);
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

// Of which join a key is, and which of its groups; false where it is of several tables.
bool place_key(PlannerInfo *root, const Star *star, Node *key, Question *question) {
  const Relids relids = pull_varnos(root, key);
  if (bms_is_empty(relids)) {
    return false;
  }
  int number = -1;
  int place = 0;
  if (!bms_is_subset(relids, star->fact->relids)) {
    ListCell *cell = nullptr;
    foreach (cell, star->joins) {
      auto *join = static_cast<StarJoin *>(lfirst(cell));
      if (bms_is_subset(relids, join->rel->relids)) {
        number = foreach_current_index(cell);
        place = list_length(join->groups);
        join->groups = lappend(join->groups, key);
      }
    }
    const TypeCacheEntry *type =
        lookup_type_cache(exprType(key), TYPECACHE_HASH_PROC | TYPECACHE_EQ_OPR);
    if (number < 0 || !OidIsValid(type->hash_proc) || !OidIsValid(type->eq_opr) ||
        contain_subplans(key)) {
      return false;
    }
  }
  question->key_joins = lappend_int(question->key_joins, number);
  question->key_places = lappend_int(question->key_places, place);
  return true;
}

bool question_of(PlannerInfo *root, Star *star, RelOptInfo *grouped, List *having,
                 Question *question) {
  Collected collected{};
  if (!conditions_of(star->fact, &question->quals) || !keys_of(root, &collected.keys)) {
    return false;
  }
  collect(reinterpret_cast<Node *>(grouped->reltarget->exprs), &collected);
  collect(reinterpret_cast<Node *>(having), &collected);
  // By constants alone it is grouped all the same: no row gives no group then.
  const bool grouped_by_nothing_left = collected.keys == NIL && root->parse->groupClause != NIL;
  if (collected.others || grouped_by_nothing_left ||
      (collected.keys == NIL && (collected.aggregates == NIL || collected.columns != NIL))) {
    return false;
  }
  question->table = star->fact->relid;
  question->keys = list_concat(collected.keys, collected.columns);
  question->aggregates = collected.aggregates;
  ListCell *cell = nullptr;
  foreach (cell, question->keys) {
    if (!place_key(root, star, static_cast<Node *>(lfirst(cell)), question)) {
      return false;
    }
  }
  foreach (cell, star->joins) {
    const auto *join = static_cast<StarJoin *>(lfirst(cell));
    auto *own = static_cast<JoinQuestion *>(palloc0(sizeof(JoinQuestion)));
    *own = {.facts = join->facts,
            .operators = join->operators,
            .collations = join->collations,
            .types = join->types};
    question->joins = lappend(question->joins, own);
  }
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
void set_costs(CustomPath *path, PlannerInfo *root, const Star *star, double joined_rows,
               const Compiled *compiled, List *having, double groups) {
  constexpr double start_cost = 5; // its arrays; not worth it for a few hundred rows
  constexpr double row_steps = 0.6;
  constexpr double column_steps = 0.15;
  constexpr double test_steps = 0.15;
  constexpr double join_steps = 0.5;
  constexpr double key_steps = 0.8;
  constexpr double aggregate_steps = 0.3;
  double pages = 0;
  double rows = 0;
  double page_cost = 0;
  double dimensions = 0;
  ListCell *cell = nullptr;
  foreach (cell, star->leaves) {
    const auto *table = static_cast<const RelOptInfo *>(lfirst(cell));
    pages += table->pages;
    rows += table->tuples;
    get_tablespace_page_costs(table->reltablespace, nullptr, &page_cost);
  }
  foreach (cell, path->custom_paths) {
    const auto *dimension = static_cast<const Path *>(lfirst(cell));
    dimensions += dimension->total_cost + dimension->rows * 4 * cpu_operator_cost;
  }
  const double tested = Min(star->fact->rows, rows);
  double steps = rows * row_steps;
  steps += rows * (list_length(compiled->tested) * column_steps +
                   list_length(compiled->tests) * test_steps);
  steps += tested * (list_length(compiled->joined) * column_steps +
                     list_length(compiled->joins) * join_steps);
  steps += joined_rows * (list_length(compiled->columns) * column_steps +
                          list_length(compiled->core_keys) * key_steps +
                          list_length(compiled->aggregates) * aggregate_steps +
                          list_length(compiled->steps) * column_steps);
  const double bytes =
      groups * (compiled->state_bytes + 16.0 * (list_length(compiled->core_keys) + 1) + 32);
  const double parts =
      compiled->keys == NIL ? 1 : Max(1.0, bytes / static_cast<double>(get_hash_memory_limit()));
  // Parts are found out on the way, and each reads the table.
  const double runs = parts <= 1 ? 1 : 2 * parts;
  const double run = pages * page_cost + steps * cpu_operator_cost;
  const QualCost target = path->path.pathtarget->cost;
  QualCost condition{};
  cost_qual_eval(&condition, having, root);
  path->path.startup_cost = start_cost + dimensions + runs * run + target.startup +
                            condition.startup + groups * cpu_operator_cost;
  path->path.total_cost =
      path->path.startup_cost + groups * (cpu_tuple_cost + target.per_tuple + condition.per_tuple);
  if (!enable_seqscan) {
    compat::disable_path(&path->path); // it is a sequential scan, too
  }
}

// The executor batches a hash join that does not fit; here a dimension is in memory.
bool dimensions_fit(const Star *star) {
  double bytes = 0;
  ListCell *cell = nullptr;
  foreach (cell, star->joins) {
    const auto *join = static_cast<const StarJoin *>(lfirst(cell));
    bytes += join->rel->cheapest_total_path->rows * (64 + 2.0 * join->rel->reltarget->width);
  }
  return bytes <= static_cast<double>(get_hash_memory_limit());
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
      extra->patype != PARTITIONWISE_AGGREGATE_NONE) {
    return;
  }
  auto *having = reinterpret_cast<List *>(extra->havingQual);
  Star star{};
  Question question{};
  if (!star_of(root, input, &star) || !question_of(root, &star, grouped, having, &question) ||
      !dimensions_fit(&star)) {
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
  List *facts = NIL;
  List *joins = NIL;
  List *tables = NIL;
  ListCell *cell = nullptr;
  foreach (cell, star.joins) {
    const auto *join = static_cast<const StarJoin *>(lfirst(cell));
    path->custom_paths = lappend(path->custom_paths, dimension_path(root, join));
    facts = lappend(facts, join->facts);
    joins = lappend(joins, list_make4(join->operators, join->collations, join->types,
                                      list_make1_int(list_length(join->groups))));
  }
  foreach (cell, star.leaves) {
    tables =
        lappend_int(tables, static_cast<int>(static_cast<const RelOptInfo *>(lfirst(cell))->relid));
  }
  List *expressions =
      list_make5(question.quals, question.keys, question.arguments, question.filters, facts);
  List *known = list_make5(list_make1_int(static_cast<int>(question.table)), tables, joins,
                           question.key_joins, question.key_places);
  path->custom_private = list_make4(expressions, known, question.aggregates, having);
  path->methods = &path_methods;
  set_costs(path, root, &star, input->rows, compiled, having, groups);
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
                List * /*clauses*/, List *plans) {
  auto *plan = makeNode(CustomScan);
  plan->custom_exprs = static_cast<List *>(linitial(path->custom_private));
  plan->custom_private = static_cast<List *>(lsecond(path->custom_private));
  plan->custom_plans = plans;
  plan->scan.scanrelid =
      static_cast<Index>(linitial_int(static_cast<List *>(linitial(plan->custom_private))));
  plan->scan.plan.targetlist = tlist;
  plan->scan.plan.qual = static_cast<List *>(llast(path->custom_private));
  plan->flags = path->flags;
  auto *keys = static_cast<List *>(lsecond(plan->custom_exprs));
  List *columns = NIL;
  append_columns(&columns, keys);
  append_columns(&columns, static_cast<List *>(lthird(path->custom_private)));
  // A key that is a column is there already.
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
