// Where the planner meets the star scan: a path for grouping a fact, alone or joined with
// dimensions, beside the planner's own paths and by its costs.
//
// In the plan the node's own tuple is the groups' keys, then the aggregates, then the columns that
// anything asks for (never filled: they let EXPLAIN and the executor tell what the expressions
// mean). The plan's expressions are eight lists: conditions, keys, the aggregates' arguments and
// filters, the fact's sides of joins, what rows without a partner are grouped by, conditions on
// the fact that are a join's, and what keys, arguments and filters take of dimensions. Its private
// list says what else the executor has to know (star_scan_node.hpp).
#include "pg/star_scan_plan.hpp"

#include "pg/compat.hpp"
#include "pg/star_scan_compile.hpp"
#include "pg/star_scan_node.hpp"
#include "pg/star_scan_reason.hpp"

extern "C" {
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/typcache.h"
}

#include <algorithm>
#include <utility>

namespace starhouse::pg::star_scan {

bool enabled = true;
bool preloaded = false;

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
  if (IsA(node, Var) || IsA(node, PlaceHolderVar)) {
    collected->columns = list_append_unique(collected->columns, node);
    return false;
  }
  if (IsA(node, WindowFunc) || IsA(node, GroupingFunc)) {
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
    if (restriction->security_level > 0) {
      return refuse("row security or a security barrier");
    }
    *quals = lappend(*quals, restriction->clause);
  }
  return true;
}

// Those that cost less come first, as in the executor.
void sort_by_cost(PlannerInfo *root, List *quals) {
  if (quals == NIL) {
    return;
  }
  struct Costly {
    double cost;
    int place;
    void *clause;
  };
  const int count = list_length(quals);
  auto *all = static_cast<Costly *>(palloc(sizeof(Costly) * static_cast<Size>(count)));
  for (int i = 0; i < count; ++i) {
    void *clause = list_nth(quals, i);
    QualCost cost{};
    cost_qual_eval_node(&cost, static_cast<Node *>(clause), root);
    all[i] = {.cost = cost.per_tuple, .place = i, .clause = clause};
  }
  std::sort(all, all + count, [](const Costly &a, const Costly &b) {
    return std::pair{a.cost, a.place} < std::pair{b.cost, b.place};
  });
  for (int i = 0; i < count; ++i) {
    lfirst(list_nth_cell(quals, i)) = all[i].clause;
  }
}

bool add_key(const SortGroupClause *clause, Node *key, List **keys) {
  const TypeCacheEntry *type = lookup_type_cache(exprType(key), TYPECACHE_EQ_OPR);
  if (type->eq_opr != clause->eqop || contain_volatile_functions(key)) {
    return refuse("a volatile key, or one with an equality of its own", key);
  }
  *keys = list_append_unique(*keys, key);
  return true;
}

bool keys_of(PlannerInfo *root, List **keys) {
  const List *clauses = compat::group_clause(root);
  ListCell *cell = nullptr;
  foreach (cell, clauses) {
    auto *clause = lfirst_node(SortGroupClause, cell);
    if (!add_key(clause, get_sortgroupclause_expr(clause, root->processed_tlist), keys)) {
      return false;
    }
  }
  // An expression that says nothing more (WHERE n % 10 = 3 GROUP BY n % 10, city) may be asked for
  // all the same. What it is made of has a value for each row of a group.
  foreach (cell, root->parse->groupClause) {
    auto *clause = lfirst_node(SortGroupClause, cell);
    Node *key = get_sortgroupclause_expr(clause, root->processed_tlist);
    if (!list_member(clauses, clause) && !IsA(key, Var) && !bms_is_empty(pull_varnos(root, key)) &&
        !add_key(clause, key, keys)) {
      return false;
    }
  }
  return true;
}

bool can_be_hashed(const Node *node) {
  const TypeCacheEntry *type =
      lookup_type_cache(exprType(node), TYPECACHE_HASH_PROC | TYPECACHE_EQ_OPR);
  return OidIsValid(type->hash_proc) && OidIsValid(type->eq_opr);
}

// Whether values of it that are equal are the same to every function.
bool is_same_where_equal(Node *node) {
  scan::Storage storage{};
  Domain domain{};
  return storage_of(getBaseType(exprType(node)), &storage, &domain) &&
         (domain == Domain::integer ||
          (domain == Domain::bytes &&
           (storage == scan::Storage::fixed || deterministic(exprCollation(node)))));
}

// The join whose dimension has all that an expression is made of; null where there is none.
StarJoin *join_of(const Star *star, const Bitmapset *relids, int *number) {
  ListCell *cell = nullptr;
  foreach (cell, star->joins) {
    auto *join = static_cast<StarJoin *>(lfirst(cell));
    if (bms_is_subset(relids, join->relids)) {
      *number = foreach_current_index(cell);
      return join;
    }
  }
  return nullptr;
}

// What an expression of several tables takes of dimensions.
struct Takes {
  PlannerInfo *root;
  const Star *star;
  Question *question;
  bool others; // something that cannot be taken
};

bool find_takes(Node *node, void *context) {
  auto *takes = static_cast<Takes *>(context);
  if (node == nullptr) {
    return false;
  }
  if (IsA(node, List)) {
    return compat::walk_expression(node, find_takes, context);
  }
  const Relids relids = pull_varnos(takes->root, node);
  if (bms_is_subset(relids, takes->star->fact->relids)) {
    return false;
  }
  int number = -1;
  StarJoin *join = join_of(takes->star, relids, &number);
  const bool whole = IsA(node, Var) || IsA(node, PlaceHolderVar);
  // It is worked out for rows that no fact has, too.
  if (join == nullptr || (!whole && (may_fail_once(reinterpret_cast<Expr *>(node)) ||
                                     contain_volatile_functions(node) || contain_subplans(node)))) {
    takes->others = takes->others || whole;
    return takes->others || compat::walk_expression(node, find_takes, context);
  }
  Question *question = takes->question;
  if (list_member(question->takes, node)) {
    return false;
  }
  int place = 0;
  while (place < list_length(join->groups) &&
         !(equal(list_nth(join->groups, place), node) && is_same_where_equal(node))) {
    ++place;
  }
  if (place == list_length(join->groups)) {
    join->groups = lappend(join->groups, node);
  }
  question->takes = lappend(question->takes, node);
  question->take_joins = lappend_int(question->take_joins, number);
  question->take_places = lappend_int(question->take_places, place);
  return false;
}

bool has_placeholder(Node *node, void *context) {
  return node != nullptr &&
         (IsA(node, PlaceHolderVar) || compat::walk_expression(node, has_placeholder, context));
}

// What keys, arguments and filters take of dimensions, once it is known what these are grouped by.
bool place_takes(PlannerInfo *root, const Star *star, Question *question) {
  ListCell *cell = nullptr;
  foreach (cell, star->joins) {
    auto *join = static_cast<StarJoin *>(lfirst(cell));
    join->keyed = list_length(join->groups);
  }
  List *expressions = NIL;
  foreach (cell, question->keys) {
    if (list_nth_int(question->key_joins, foreach_current_index(cell)) < 0) {
      expressions = lappend(expressions, lfirst(cell));
    }
  }
  expressions = list_concat(list_concat(expressions, question->arguments), question->filters);
  foreach (cell, expressions) {
    auto *node = static_cast<Node *>(lfirst(cell));
    if (node == nullptr || bms_is_subset(pull_varnos(root, node), star->fact->relids)) {
      continue;
    }
    Takes takes{.root = root, .star = star, .question = question, .others = false};
    find_takes(node, &takes);
    if (takes.others || contain_subplans(node)) {
      return refuse("an expression of several tables with subqueries, or of what several make "
                    "below an outer join",
                    node);
    }
  }
  // The plan has the same expression for what is made below an outer join, and is NULL above it,
  // and for what is made above: 1 of a dimension without a row, and any other 1.
  expressions =
      list_concat(list_concat_copy(question->keys, question->arguments), question->filters);
  if (question->takes != NIL && has_placeholder(reinterpret_cast<Node *>(expressions), nullptr)) {
    return refuse("an expression of several tables beside one below an outer join");
  }
  return true;
}

// Of which join a key is, and which of its groups: -1 where it is of the fact, or of several
// tables.
bool place_key(PlannerInfo *root, const Star *star, Node *key, Question *question) {
  const Relids relids = pull_varnos(root, key);
  if (bms_is_empty(relids)) {
    return refuse("a key of no table", key);
  }
  int number = -1;
  int place = 0;
  StarJoin *join =
      bms_is_subset(relids, star->fact->relids) ? nullptr : join_of(star, relids, &number);
  if (join != nullptr) {
    // It is worked out for rows that no fact has, too, where the executor would not ask.
    if (may_fail_once(reinterpret_cast<Expr *>(key))) {
      return refuse("a key of a dimension that may fail where no row of the table is", key);
    }
    if (!can_be_hashed(key) || contain_subplans(key)) {
      return refuse("a key of a type that cannot be hashed, or with a subquery", key);
    }
    place = list_length(join->groups);
    join->groups = lappend(join->groups, key);
  }
  question->key_joins = lappend_int(question->key_joins, number);
  question->key_places = lappend_int(question->key_places, place);
  return true;
}

// Below a window the planner asks for the columns of a key that a result of the window is made of,
// too (GROUP BY date_trunc('month', day), and date_trunc('month', day)::date shown). Such a column
// has a value for each row of a group: as one more key it would cut the group. Others follow from
// the keys, by a primary key: a place's zone, grouped by the place and by hours of its clock.
bool is_part_of_key(PlannerInfo *root, const Collected &collected) {
  List *columns = pull_var_clause(reinterpret_cast<Node *>(collected.keys),
                                  PVC_RECURSE_AGGREGATES | PVC_INCLUDE_PLACEHOLDERS);
  ListCell *cell = nullptr;
  List *keys = NIL;
  foreach (cell, collected.keys) {
    if (IsA(lfirst(cell), Var)) {
      keys = lappend(keys, lfirst(cell));
    }
  }
  foreach (cell, list_intersection(columns, collected.columns)) {
    const auto *column = static_cast<const Var *>(lfirst(cell));
    List *constraints = NIL;
    const RangeTblEntry *table =
        IsA(column, Var) ? planner_rt_fetch(static_cast<Index>(column->varno), root) : nullptr;
    if (table == nullptr || table->rtekind != RTE_RELATION ||
        !check_functional_grouping(table->relid, static_cast<Index>(column->varno),
                                   column->varlevelsup, keys, &constraints)) {
      return true;
    }
  }
  return false;
}

bool question_of(PlannerInfo *root, Star *star, RelOptInfo *grouped, List *having,
                 Question *question) {
  Collected collected{};
  if (!conditions_of(star->fact, &question->quals) || !keys_of(root, &collected.keys)) {
    return false;
  }
  sort_by_cost(root, question->quals);
  collect(reinterpret_cast<Node *>(grouped->reltarget->exprs), &collected);
  collect(reinterpret_cast<Node *>(having), &collected);
  if (collected.others ||
      (collected.keys == NIL && (collected.aggregates == NIL || collected.columns != NIL))) {
    return refuse("no keys and no aggregates alone");
  }
  if (is_part_of_key(root, collected)) {
    return refuse("a column of a key, wanted beside it");
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
  foreach (cell, collected.aggregates) {
    const auto *aggregate = lfirst_node(Aggref, cell);
    Node *argument = nullptr;
    if (list_length(aggregate->args) == 1) {
      argument = reinterpret_cast<Node *>(linitial_node(TargetEntry, aggregate->args)->expr);
    } else if (aggregate->args != NIL) {
      argument = reinterpret_cast<Node *>(get_tlist_exprs(aggregate->args, true));
    }
    question->arguments = lappend(question->arguments, argument);
    question->filters = lappend(question->filters, aggregate->aggfilter);
  }
  if (!place_takes(root, star, question)) {
    return false;
  }
  foreach (cell, star->joins) {
    const auto *join = static_cast<const StarJoin *>(lfirst(cell));
    auto *own = static_cast<JoinQuestion *>(palloc0(sizeof(JoinQuestion)));
    *own = {.keyed = join->keyed,
            .facts = join->facts,
            .operators = join->operators,
            .collations = join->collations,
            .types = join->types,
            .kind = join->kind,
            .outers = outer_groups(join),
            .has_condition = join->conditions != NIL,
            .limits = join->limits};
    question->joins = lappend(question->joins, own);
  }
  return true;
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

// What a process sends: two columns that no other expression is, for EXPLAIN to show.
PathTarget *pieces(PlannerInfo *root) {
  PathTarget *target = create_empty_pathtarget();
  for (const char *name : {"figures", "groups"}) {
    auto *piece = makeNode(CoerceViaIO);
    piece->arg =
        reinterpret_cast<Expr *>(makeConst(TEXTOID, -1, DEFAULT_COLLATION_OID, -1,
                                           PointerGetDatum(cstring_to_text(name)), false, false));
    piece->resulttype = BYTEAOID;
    piece->coerceformat = COERCE_EXPLICIT_CAST;
    piece->location = -1;
    add_column_to_pathtarget(target, reinterpret_cast<Expr *>(piece), 0);
  }
  set_pathtarget_cost_width(root, target);
  return target;
}

// Without costs; its dimensions apart from those of others. Null where these cannot be had.
CustomPath *new_path(PlannerInfo *root, RelOptInfo *grouped, const Star &star,
                     const Question &question, List *having, List *foremost, Role role) {
  auto *path = makeNode(CustomPath);
  path->path.pathtype = T_CustomScan;
  path->path.parent = grouped;
  path->path.pathtarget = role == Role::partial ? pieces(root) : grouped->reltarget;
  path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
  List *facts = NIL;
  List *joins = NIL;
  List *tables = NIL;
  List *outers = NIL;
  List *limits = NIL;
  ListCell *cell = nullptr;
  foreach (cell, star.joins) {
    const auto *join = static_cast<const StarJoin *>(lfirst(cell));
    outers = lappend(outers, outer_groups(join));
    limits = lappend(limits, join->limits);
    if (role != Role::merged) {
      Path *dimension = dimension_path(root, join, role == Role::partial);
      if (dimension == nullptr) {
        return nullptr;
      }
      path->custom_paths = lappend(path->custom_paths, dimension);
    }
    facts = lappend(facts, join->facts);
    joins = lappend(
        joins, list_make4(join->operators, join->collations, join->types,
                          list_make4_int(list_length(join->groups), static_cast<int>(join->kind),
                                         join->conditions != NIL ? 1 : 0, join->keyed)));
  }
  foreach (cell, star.leaves) {
    tables =
        lappend_int(tables, static_cast<int>(static_cast<const RelOptInfo *>(lfirst(cell))->relid));
  }
  List *expressions =
      list_make5(question.quals, question.keys, question.arguments, question.filters, facts);
  expressions = lappend(lappend(lappend(expressions, outers), limits), question.takes);
  List *known = list_make3(list_make1_int(static_cast<int>(role)),
                           list_make1_int(static_cast<int>(question.table)), tables);
  known = lappend(known, joins);
  known = lappend(known, question.key_joins);
  known = lappend(known, question.key_places);
  known = lappend(lappend(known, question.take_joins), question.take_places);
  known = lappend(known, foremost);
  path->custom_private =
      list_make4(expressions, known, question.aggregates, role == Role::partial ? NIL : having);
  path->methods = &path_methods;
  return path;
}

// Several processes, each with a share of the fact's blocks, and a node that merges their groups.
void offer_parallel(PlannerInfo *root, RelOptInfo *grouped, const Star &star,
                    const Question &question, const Costed &costed) {
  double pages = 0;
  ListCell *cell = nullptr;
  foreach (cell, star.leaves) {
    pages += static_cast<const RelOptInfo *>(lfirst(cell))->pages;
  }
  const int workers = workers_for(&star, pages);
  CustomPath *partial =
      workers > 0 ? new_path(root, grouped, star, question, costed.having, NIL, Role::partial)
                  : nullptr;
  if (partial == nullptr) {
    return;
  }
  partial->path.parallel_aware = true;
  partial->path.parallel_safe = true;
  partial->path.parallel_workers = workers;
  set_partial_costs(partial, root, costed);
  double rows = partial->path.rows * (workers + 1);
  GatherPath *gather =
      create_gather_path(root, grouped, &partial->path, partial->path.pathtarget, nullptr, &rows);
  CustomPath *path =
      new_path(root, grouped, star, question, costed.having, costed.foremost, Role::merged);
  path->custom_paths = list_make1(gather);
  set_merging_costs(path, gather, root, costed);
  add_path(grouped, &path->path);
}

} // namespace

bool is_star_scan(const Path *path) {
  return IsA(path, CustomPath) &&
         reinterpret_cast<const CustomPath *>(path)->methods == &path_methods;
}

namespace {

const Path *cheapest_of(const RelOptInfo *grouped) {
  const Path *cheapest = nullptr;
  ListCell *cell = nullptr;
  foreach (cell, grouped->pathlist) {
    const auto *path = static_cast<const Path *>(lfirst(cell));
    if (cheapest == nullptr || path->total_cost < cheapest->total_cost) {
      cheapest = path;
    }
  }
  return cheapest;
}

// The server's estimate asks how many rows of the fact there are, as well, before conditions and
// after; before 18 those before conditions of a partitioned one are not what it takes them for.
double groups_of_more(PlannerInfo *root, const Star &star, const Question &question, double rows,
                      double more) {
  if (question.keys == NIL) {
    return 1;
  }
  RelOptInfo *fact = star.fact;
  const double rows_before = fact->rows;
  const double tuples_before = fact->tuples;
  double tuples = 0;
  ListCell *cell = nullptr;
  foreach (cell, star.leaves) {
    tuples += static_cast<const RelOptInfo *>(lfirst(cell))->tuples;
  }
  fact->rows = clamp_row_est(rows_before * more);
  fact->tuples = std::max(tuples, fact->rows);
  const double groups = estimate_num_groups(root, question.keys, rows, nullptr, nullptr);
  fact->rows = rows_before;
  fact->tuples = tuples_before;
  return groups;
}

bool offer(PlannerInfo *root, RelOptInfo *input, RelOptInfo *grouped, GroupPathExtraData *extra) {
  const Query *parse = root->parse;
  if (parse->commandType != CMD_SELECT || parse->groupingSets != NIL || parse->hasTargetSRFs ||
      parse->rowMarks != NIL || grouped->reloptkind != RELOPT_UPPER_REL ||
      extra->patype != PARTITIONWISE_AGGREGATE_NONE) {
    return refuse("grouping sets, functions of several rows or locked rows");
  }
  auto *having = reinterpret_cast<List *>(extra->havingQual);
  Star star{};
  Question question{};
  if (!star_of(root, input, &star) || !question_of(root, &star, grouped, having, &question) ||
      !dimensions_fit(&star)) {
    return false;
  }
  const Compiled *compiled = compile(question);
  if (compiled == nullptr) {
    return false;
  }
  Costed costed{.star = &star,
                .compiled = compiled,
                .having = having,
                .joined_rows = input->rows,
                .groups = 1,
                .rows = 1,
                .distinct = 0,
                .foremost = NIL};
  if (question.keys != NIL) {
    costed.groups = estimate_num_groups(root, question.keys, input->rows, nullptr, nullptr);
  }
  ListCell *cell = nullptr;
  foreach (cell, compiled->distinct) {
    List *values = lappend(list_copy(question.keys), lfirst(cell));
    costed.distinct += estimate_num_groups(root, values, input->rows, nullptr, nullptr);
  }
  costed.rows = grouped->pathlist != NIL ? static_cast<Path *>(linitial(grouped->pathlist))->rows
                                         : costed.groups;
  double foremost = 0;
  costed.foremost = foremost_of(root, grouped, costed.groups, &foremost);
  if (costed.foremost != NIL) {
    costed.rows = std::min(costed.rows, foremost);
  }
  const Path *other = cheapest_of(grouped);
  double own = 0;
  if (CustomPath *path =
          new_path(root, grouped, star, question, having, costed.foremost, Role::whole)) {
    set_costs(path, root, costed);
    own = path->path.total_cost;
    add_path(grouped, &path->path);
  }
  if (grouped->consider_parallel && input->consider_parallel && root->glob->parallelModeOK &&
      groups_fit(costed)) {
    offer_parallel(root, grouped, star, question, costed);
  }
  const double more = more_rows(root, star.fact);
  if (more > 1 && is_star_scan(cheapest_of(grouped))) {
    const double rows = input->rows * more;
    expect_more(grouped, costed, rows, groups_of_more(root, star, question, rows, more));
  }
  // add_path() may have freed either, but not the one that stays the cheapest.
  if (other != nullptr && cheapest_of(grouped) == other) {
    tell_costs(root, input, own, other);
  }
  return true;
}

void create_upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
                        RelOptInfo *output, void *extra) {
  if (previous_hook != nullptr) {
    previous_hook(root, stage, input, output, extra);
  }
  if (enabled && stage == UPPERREL_GROUP_AGG) {
    forget_reason();
    if (!offer(root, input, output, static_cast<GroupPathExtraData *>(extra))) {
      tell_reason(root, input);
    }
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
      static_cast<Index>(linitial_int(static_cast<List *>(lsecond(plan->custom_private))));
  const bool is_partial =
      static_cast<Role>(linitial_int(static_cast<List *>(linitial(plan->custom_private)))) ==
      Role::partial;
  plan->scan.plan.targetlist = tlist;
  plan->scan.plan.qual = static_cast<List *>(llast(path->custom_private));
  plan->flags = path->flags;
  plan->custom_private = list_copy(plan->custom_private);
  llast(plan->custom_private) =
      placed_foremost(static_cast<const List *>(llast(plan->custom_private)), tlist);
  auto *keys = static_cast<List *>(lsecond(plan->custom_exprs));
  List *columns = NIL;
  append_columns(&columns, keys);
  append_columns(&columns, static_cast<List *>(lthird(path->custom_private)));
  // A key that is a column is there already.
  List *vars = NIL;
  ListCell *cell = nullptr;
  foreach (cell, pull_var_clause(reinterpret_cast<Node *>(plan->custom_exprs),
                                 PVC_RECURSE_PLACEHOLDERS)) {
    auto *var = static_cast<Node *>(lfirst(cell));
    if (!list_member(keys, var)) {
      vars = list_append_unique(vars, var);
    }
  }
  append_columns(&columns, vars);
  if (is_partial) {
    ListCell *piece = nullptr;
    foreach (piece, tlist) {
      append_columns(&columns, list_make1(lfirst_node(TargetEntry, piece)->expr));
    }
  }
  plan->custom_scan_tlist = columns;
  plan->methods = &scan_methods;
  return &plan->scan.plan;
}

} // namespace

void install() {
  preloaded = process_shared_preload_libraries_in_progress;
  DefineCustomBoolVariable(
      "starhouse.enable_star_scan",
      "Lets the planner use star scans: grouping of a table in columns, page by page.",
      "Queries that a star scan does not cover are planned as ever.", &enabled, true, PGC_USERSET,
      GUC_EXPLAIN, nullptr, nullptr, nullptr);
  RegisterCustomScanMethods(&scan_methods);
  previous_hook = create_upper_paths_hook;
  create_upper_paths_hook = create_upper_paths;
  install_statistics();
}

} // namespace starhouse::pg::star_scan
