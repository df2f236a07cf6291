// The fact of a star scan: one table, or the partitions of one, that is read page by page.
#include "pg/star_scan_joins.hpp"

#include "pg/compat.hpp"
#include "pg/star_scan_compile.hpp"
#include "pg/star_scan_reason.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
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
    foreach (var, pull_var_clause(clause, PVC_RECURSE_PLACEHOLDERS)) {
      if (list_member(keys, lfirst(var))) {
        return true;
      }
    }
  }
  return false;
}

} // namespace

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

} // namespace starhouse::pg::star_scan
