// Which tables a star scan reads how: one fact, page by page, and dimensions, whose rows come from
// plans of the planner's own and are joined by equality of columns.
#include "pg/star_scan_plan.hpp"

#include "pg/compat.hpp"
#include "pg/star_scan_compile.hpp"
#include "pg/star_scan_reason.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/joininfo.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
}

namespace starhouse::pg::star_scan {

namespace {

bool is_plain_heap(const RangeTblEntry *entry) {
  if (entry->relkind != RELKIND_RELATION && entry->relkind != RELKIND_MATVIEW) {
    return false;
  }
  // Locked by the planner already.
  Relation table = table_open(entry->relid, NoLock);
  const bool heap =
      table->rd_tableam == GetHeapamTableAmRoutine() && !RELATION_IS_OTHER_TEMP(table);
  table_close(table, NoLock);
  return heap;
}

// The tables that a partitioned one's rows are in, without those that the planner leaves out.
bool add_leaves(PlannerInfo *root, RelOptInfo *parent, List **leaves) {
  for (int i = 0; i < parent->nparts; ++i) {
    RelOptInfo *child = parent->part_rels[i];
    if (child == nullptr || IS_DUMMY_REL(child)) {
      continue;
    }
    const RangeTblEntry *entry = planner_rt_fetch(child->relid, root);
    if (entry->relkind == RELKIND_PARTITIONED_TABLE) {
      if (!add_leaves(root, child, leaves)) {
        return false;
      }
    } else if (!is_plain_heap(entry)) {
      return false;
    } else {
      *leaves = lappend(*leaves, child);
    }
  }
  return true;
}

bool has_parameter(Node *node, void *context) {
  return node != nullptr &&
         (IsA(node, Param) || compat::walk_expression(node, has_parameter, context));
}

// A comparison by which a star scan rules out partitions, too (star_scan_partitions.cpp): of the
// column that ranges are of.
bool prunes_here(const RelOptInfo *table, Node *clause) {
  if (table->part_scheme->strategy != PARTITION_STRATEGY_RANGE ||
      table->part_scheme->partnatts != 1 || !IsA(clause, OpExpr) ||
      list_length(castNode(OpExpr, clause)->args) != 2) {
    return false;
  }
  auto *left = static_cast<Expr *>(linitial(castNode(OpExpr, clause)->args));
  auto *right = static_cast<Expr *>(lsecond(castNode(OpExpr, clause)->args));
  Expr *column = is_operand(right) ? bare(left) : is_operand(left) ? bare(right) : nullptr;
  Expr *operand = is_operand(right) ? right : left;
  scan::Storage storage{};
  Domain domain{};
  return column != nullptr && list_member(table->partexprs[0], column) &&
         comparable(base_type(column), base_type(operand)) &&
         storage_of(base_type(column), &storage, &domain) && domain == Domain::integer;
}

// A comparison whose other side is known only when the plan runs may rule out partitions then, as
// the executor's own plan does, where a star scan reads them all.
bool may_prune_later(const RelOptInfo *table) {
  List *keys = NIL;
  for (int i = 0; i < table->part_scheme->partnatts; ++i) {
    keys = list_concat_unique(keys, table->partexprs[i]);
  }
  ListCell *cell = nullptr;
  foreach (cell, table->baserestrictinfo) {
    auto *clause = reinterpret_cast<Node *>(lfirst_node(RestrictInfo, cell)->clause);
    if ((!contain_mutable_functions(clause) && !has_parameter(clause, nullptr)) ||
        prunes_here(table, clause)) {
      continue;
    }
    ListCell *var = nullptr;
    foreach (var, pull_var_clause(clause, 0)) {
      if (list_member(keys, lfirst(var))) {
        return true;
      }
    }
  }
  return false;
}

bool fact_of(PlannerInfo *root, RelOptInfo *table, Star *star) {
  const RangeTblEntry *entry = planner_rt_fetch(table->relid, root);
  if (table->reloptkind != RELOPT_BASEREL || entry->rtekind != RTE_RELATION ||
      entry->tablesample != nullptr || IS_DUMMY_REL(table) ||
      !bms_is_empty(table->lateral_relids)) {
    return refuse("not of a table");
  }
  star->fact = table;
  if (entry->relkind == RELKIND_PARTITIONED_TABLE) {
    if (may_prune_later(table)) {
      return refuse("a condition on the partition key that is known later");
    }
    return (entry->inh && table->part_scheme != nullptr && table->nparts > 0 &&
            add_leaves(root, table, &star->leaves)) ||
           refuse("partitions that are no plain tables");
  }
  star->leaves = list_make1(table);
  return (!entry->inh && is_plain_heap(entry)) || refuse("no plain table");
}

// The server's have_relevant_joinclause, but for equalities with a constant: a.x = 1 AND b.y = 1
// makes one class of a.x and b.y and joins nothing, each table has its own condition.
bool are_joined(const PlannerInfo *root, const RelOptInfo *one, const RelOptInfo *other) {
  ListCell *cell = nullptr;
  foreach (cell, one->joininfo) {
    if (bms_overlap(other->relids, lfirst_node(RestrictInfo, cell)->required_relids)) {
      return true;
    }
  }
  foreach (cell, root->eq_classes) {
    const auto *equal = lfirst_node(EquivalenceClass, cell);
    if (!equal->ec_has_const && bms_overlap(equal->ec_relids, one->relids) &&
        bms_overlap(equal->ec_relids, other->relids)) {
      return true;
    }
  }
  return false;
}

// Relations that anything joins, the fact apart, belong together.
List *components_of(PlannerInfo *root, const RelOptInfo *input, const RelOptInfo *fact) {
  List *components = NIL; // Relids
  int relid = -1;
  while ((relid = bms_next_member(input->relids, relid)) >= 0) {
    if (relid == static_cast<int>(fact->relid)) {
      continue;
    }
    Relids own = bms_make_singleton(relid);
    List *others = NIL;
    ListCell *cell = nullptr;
    foreach (cell, components) {
      auto *component = static_cast<Relids>(lfirst(cell));
      bool joined = false;
      int other = -1;
      while (!joined && (other = bms_next_member(component, other)) >= 0) {
        joined = are_joined(root, find_base_rel(root, relid), find_base_rel(root, other));
      }
      if (joined) {
        own = bms_union(own, component);
      } else {
        others = lappend(others, component);
      }
    }
    components = lappend(others, own);
  }
  return components;
}

bool dimension_of(PlannerInfo *root, const Star *star, Relids relids, StarJoin *join) {
  RelOptInfo *rel = nullptr;
  const int single = bms_membership(relids) == BMS_SINGLETON ? bms_singleton_member(relids) : 0;
  rel = single != 0 ? find_base_rel(root, single) : find_join_rel(root, relids);
  if (rel == nullptr || rel->cheapest_total_path == nullptr ||
      rel->cheapest_total_path->param_info != nullptr || !bms_is_empty(rel->lateral_relids)) {
    return refuse("a dimension that has no plan of its own");
  }
  join->rel = rel;
  ListCell *cell = nullptr;
  foreach (cell, compat::join_equalities(root, bms_union(relids, star->fact->relids),
                                         star->fact->relids, rel)) {
    const auto *restriction = lfirst_node(RestrictInfo, cell);
    if (!IsA(restriction->clause, OpExpr) || restriction->security_level > 0) {
      return refuse("a join by more than equality", restriction->clause);
    }
    const auto *op = castNode(OpExpr, restriction->clause);
    auto *left = static_cast<Node *>(linitial(op->args));
    auto *right = static_cast<Node *>(lsecond(op->args));
    Oid operation = op->opno;
    if (bms_equal(restriction->right_relids, star->fact->relids)) {
      Node *turned = left;
      left = right;
      right = turned;
      operation = get_commutator(operation);
    } else if (!bms_equal(restriction->left_relids, star->fact->relids)) {
      return refuse("a join by more than equality", restriction->clause);
    }
    if (!OidIsValid(operation) || contain_volatile_functions(right)) {
      return refuse("a join by more than equality", restriction->clause);
    }
    join->facts = lappend(join->facts, left);
    join->others = lappend(join->others, right);
    join->operators = lappend_oid(join->operators, operation);
    join->collations = lappend_oid(join->collations, op->inputcollid);
    join->types = lappend_oid(join->types, getBaseType(exprType(right)));
  }
  return (join->facts != NIL && list_length(join->facts) <= 8) ||
         refuse("a dimension that is joined by nothing, or by too much");
}

} // namespace

double tuples_of(const RelOptInfo *table) {
  if (table->nparts <= 0) {
    return table->tuples;
  }
  double tuples = 0;
  for (int i = 0; i < table->nparts; ++i) {
    RelOptInfo *child = table->part_rels[i];
    tuples += child == nullptr || IS_DUMMY_REL(child) ? 0 : tuples_of(child);
  }
  return tuples;
}

bool star_of(PlannerInfo *root, RelOptInfo *input, Star *star) {
  if (input->reloptkind == RELOPT_BASEREL) {
    return fact_of(root, input, star);
  }
  if (input->reloptkind != RELOPT_JOINREL || IS_DUMMY_REL(input) || root->join_info_list != NIL ||
      root->hasLateralRTEs || root->placeholder_list != NIL || root->hasPseudoConstantQuals) {
    return refuse(input->reloptkind == RELOPT_UPPER_REL ? "not of tables"
                  : root->join_info_list != NIL         ? "an outer or semi-join"
                  : root->hasLateralRTEs                ? "a lateral join"
                  : root->placeholder_list != NIL       ? "an expression below an outer join"
                                                        : "a condition on no table");
  }
  RelOptInfo *largest = nullptr;
  int relid = -1;
  while ((relid = bms_next_member(input->relids, relid)) >= 0) {
    RelOptInfo *rel = find_base_rel(root, relid);
    if (rel->reloptkind == RELOPT_BASEREL && rel->rtekind == RTE_RELATION &&
        (largest == nullptr || tuples_of(rel) > tuples_of(largest))) {
      largest = rel;
    }
  }
  // What joins the fact by more than equality is not for us.
  if (largest == nullptr || !fact_of(root, largest, star)) {
    return refuse("no table");
  }
  if (largest->joininfo != NIL) {
    return refuse("a join by more than equality",
                  linitial_node(RestrictInfo, largest->joininfo)->clause);
  }
  ListCell *cell = nullptr;
  foreach (cell, components_of(root, input, largest)) {
    auto *join = static_cast<StarJoin *>(palloc0(sizeof(StarJoin)));
    if (!dimension_of(root, star, static_cast<Relids>(lfirst(cell)), join)) {
      return false;
    }
    star->joins = lappend(star->joins, join);
  }
  return list_length(star->joins) <= 16;
}

Path *dimension_path(PlannerInfo *root, const StarJoin *join, bool in_each_process) {
  PathTarget *target = create_empty_pathtarget();
  ListCell *cell = nullptr;
  foreach (cell, join->others) {
    add_column_to_pathtarget(target, static_cast<Expr *>(lfirst(cell)), 0);
  }
  foreach (cell, join->groups) {
    add_column_to_pathtarget(target, static_cast<Expr *>(lfirst(cell)), 0);
  }
  set_pathtarget_cost_width(root, target);
  Path *rows = join->rel->cheapest_total_path;
  if (in_each_process && !rows->parallel_safe) {
    rows = nullptr;
    foreach (cell, join->rel->pathlist) {
      auto *path = static_cast<Path *>(lfirst(cell));
      if (path->parallel_safe && path->param_info == nullptr &&
          (rows == nullptr || path->total_cost < rows->total_cost)) {
        rows = path;
      }
    }
    if (rows == nullptr) {
      return nullptr;
    }
  }
  auto *path = reinterpret_cast<Path *>(create_projection_path(root, join->rel, rows, target));
  return in_each_process && !path->parallel_safe ? nullptr : path;
}

} // namespace starhouse::pg::star_scan
