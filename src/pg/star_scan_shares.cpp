// How much of a table a star scan reads, as far as the planner can tell: partitions are ruled out
// and blocks chosen by the values that conditions have when the query runs
// (star_scan_partitions.cpp, star_scan_blocks.cpp).
#include "pg/star_scan_plan.hpp"

#include "pg/star_scan_compile.hpp"

extern "C" {
#include "access/brin.h"
#include "access/stratnum.h"
#include "catalog/pg_am.h"
#include "catalog/pg_statistic.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"
}

#include <algorithm>
#include <cmath>

namespace starhouse::pg::star_scan {

namespace {

// The comparisons that a column has with what is the same for all rows.
struct Comparisons {
  List *clauses; // RestrictInfos
  bool known_later;
};

// Of a column of the table with something that is the same for all rows.
bool is_range(const RelOptInfo *table, Node *clause, AttrNumber *attribute, Expr **operand) {
  if (!IsA(clause, OpExpr) || list_length(castNode(OpExpr, clause)->args) != 2) {
    return false;
  }
  const auto *op = castNode(OpExpr, clause);
  auto *left = static_cast<Expr *>(linitial(op->args));
  auto *right = static_cast<Expr *>(lsecond(op->args));
  *operand = is_operand(right) ? right : left;
  Expr *column = bare(is_operand(right) ? left : right);
  int strategy = 0;
  scan::Storage storage{};
  Domain domain{};
  if (!is_operand(*operand) || !IsA(column, Var) ||
      castNode(Var, column)->varno != static_cast<int>(table->relid)) {
    return false;
  }
  *attribute = castNode(Var, column)->varattno;
  return storage_of(base_type(column), &storage, &domain) && domain == Domain::integer &&
         comparable(base_type(column), base_type(*operand)) &&
         strategy_of(op->opno, base_type(column), &strategy) && strategy != 0;
}

bool is_known_later(PlannerInfo *root, Expr *operand) {
  return !IsA(estimate_expression_value(root, reinterpret_cast<Node *>(operand)), Const);
}

Comparisons comparisons_of(PlannerInfo *root, const RelOptInfo *table, AttrNumber attribute) {
  Comparisons comparisons{};
  ListCell *cell = nullptr;
  foreach (cell, table->baserestrictinfo) {
    auto *restriction = lfirst_node(RestrictInfo, cell);
    Expr *operand = nullptr;
    AttrNumber own = 0;
    if (is_range(table, reinterpret_cast<Node *>(restriction->clause), &own, &operand) &&
        own == attribute) {
      comparisons.clauses = lappend(comparisons.clauses, restriction);
      comparisons.known_later = comparisons.known_later || is_known_later(root, operand);
    }
  }
  return comparisons;
}

double selectivity_of(PlannerInfo *root, const RelOptInfo *table, List *clauses) {
  return clauselist_selectivity(root, clauses, static_cast<int>(table->relid), JOIN_INNER, nullptr);
}

// How well the order of a table follows that of a column: 0 to 1, and 0 where nobody knows.
double correlation_of(PlannerInfo *root, const RelOptInfo *table, AttrNumber attribute) {
  HeapTuple tuple =
      SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(planner_rt_fetch(table->relid, root)->relid),
                      Int16GetDatum(attribute), BoolGetDatum(false));
  if (!HeapTupleIsValid(tuple)) {
    return 0;
  }
  double correlation = 0;
  AttStatsSlot slot;
  if (get_attstatsslot(&slot, tuple, STATISTIC_KIND_CORRELATION, InvalidOid,
                       ATTSTATSSLOT_NUMBERS)) {
    correlation = slot.nnumbers == 1 ? std::abs(slot.numbers[0]) : 0;
    free_attstatsslot(&slot);
  }
  ReleaseSysCache(tuple);
  return correlation;
}

// A column's comparison with what is known later.
bool is_late(PlannerInfo *root, const RelOptInfo *table, const RestrictInfo *restriction,
             AttrNumber *attribute) {
  Expr *operand = nullptr;
  return is_range(table, reinterpret_cast<Node *>(restriction->clause), attribute, &operand) &&
         is_known_later(root, operand);
}

// A comparison with what is known later is taken for half a percent of the table, or for a third,
// by the server, whose own plan gets dearer by every row that it was mistaken by. Here, too, and
// less: but not where other conditions leave few rows and an index may lead to them.
bool leaves_many(PlannerInfo *root, const RelOptInfo *table) {
  constexpr double few = 0.1;
  List *others = NIL;
  ListCell *cell = nullptr;
  foreach (cell, table->baserestrictinfo) {
    auto *restriction = lfirst_node(RestrictInfo, cell);
    AttrNumber attribute = 0;
    if (!is_late(root, table, restriction, &attribute)) {
      others = lappend(others, restriction);
    }
  }
  return selectivity_of(root, table, others) > few;
}

// Then its values lie in few partitions, whatever their order in these.
bool is_partition_key(const PlannerInfo *root, const RelOptInfo *fact, const RelOptInfo *table,
                      AttrNumber attribute) {
  const AppendRelInfo *own =
      root->append_rel_array == nullptr ? nullptr : root->append_rel_array[table->relid];
  if (own == nullptr || own->parent_relid != fact->relid || fact->part_scheme == nullptr ||
      attribute < 1 || attribute > own->num_child_cols) {
    return false;
  }
  const AttrNumber parent = own->parent_colnos[attribute - 1];
  for (int i = 0; i < fact->part_scheme->partnatts; ++i) {
    ListCell *cell = nullptr;
    foreach (cell, fact->partexprs[i]) {
      const auto *expr = static_cast<const Node *>(lfirst(cell));
      if (IsA(expr, Var) && reinterpret_cast<const Var *>(expr)->varattno == parent) {
        return true;
      }
    }
  }
  return false;
}

// To an index's first entry, as the server's own estimates have it; of a BRIN index all is read.
double descent_of(const IndexOptInfo *index, const RelOptInfo *table, bool is_brin) {
  constexpr double page_steps = 50;
  constexpr double range_steps = 0.1;
  const double steps = is_brin ? index->pages * page_steps +
                                     table->pages * range_steps / BRIN_DEFAULT_PAGES_PER_RANGE
                               : std::ceil(std::log2(std::max(index->tuples, 1.0))) +
                                     (std::max(index->tree_height, 0) + 1) * page_steps;
  return steps * cpu_operator_cost;
}

} // namespace

double more_rows(PlannerInfo *root, const RelOptInfo *fact) {
  constexpr double least = 1e-10;
  Bitmapset *seen = nullptr;
  double all = 1;
  double fewest = 1;
  ListCell *cell = nullptr;
  foreach (cell, fact->baserestrictinfo) {
    AttrNumber attribute = 0;
    if (!is_late(root, fact, lfirst_node(RestrictInfo, cell), &attribute) || attribute < 1 ||
        bms_is_member(attribute, seen)) {
      continue;
    }
    seen = bms_add_member(seen, attribute);
    const double own =
        std::max(selectivity_of(root, fact, comparisons_of(root, fact, attribute).clauses), least);
    all *= own;
    fewest = std::min(fewest, own);
  }
  return fewest / all;
}

Share share_of(PlannerInfo *root, const RelOptInfo *fact, const RelOptInfo *table) {
  constexpr double small_share = 0.1; // star_scan_blocks.cpp
  constexpr double range_blocks = BRIN_DEFAULT_PAGES_PER_RANGE;
  Share share{};
  ListCell *cell = nullptr;
  foreach (cell, table->indexlist) {
    const auto *index = lfirst_node(IndexOptInfo, cell);
    const bool is_brin = index->relam == BRIN_AM_OID;
    if ((!is_brin && index->relam != BTREE_AM_OID) || index->indpred != NIL) {
      continue;
    }
    for (int i = 0; i < (is_brin ? index->nkeycolumns : 1); ++i) {
      const auto attribute = static_cast<AttrNumber>(index->indexkeys[i]);
      const Comparisons comparisons = comparisons_of(root, table, attribute);
      if (comparisons.clauses == NIL ||
          !OidIsValid(
              own_operator(index->opfamily[i], index->opcintype[i], BTLessEqualStrategyNumber))) {
        continue;
      }
      share.descents += descent_of(index, table, is_brin);
      const double selectivity = selectivity_of(root, table, comparisons.clauses);
      const double blocks = selectivity / std::max(correlation_of(root, table, attribute), 1e-10);
      if (comparisons.known_later) {
        share.known_later =
            std::min(share.known_later,
                     is_partition_key(root, fact, table, attribute) ? selectivity : blocks);
      } else if (is_brin || selectivity <= small_share) {
        share.blocks = std::min(share.blocks, blocks + range_blocks / std::max(table->pages, 1U));
        share.entries += is_brin ? 0 : selectivity * table->tuples;
      }
    }
  }
  if (share.known_later < 1 && leaves_many(root, table)) {
    share.blocks = std::min(share.blocks, share.known_later);
  }
  return share;
}

} // namespace starhouse::pg::star_scan
