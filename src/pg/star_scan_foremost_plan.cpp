// Which of a grouping's rows are needed: those that ORDER BY with LIMIT leaves, or a condition on
// row_number() or rank(), which the planner has put into the window. A row before which so many
// others come is left out below the sort, which then has little to do.
//
// What says so is a list of lists of integers: how many rows of each partition, and how many keys
// tell the partitions; then of each of these keys, and of the order's, where its value is (the
// reference of its clause, in a plan the column), its kind, whether it is descending and whether
// NULLs come first.
#include "pg/star_scan_plan.hpp"

#include "pg/compat.hpp"
#include "pg/star_scan_compile.hpp"

#include "core/scan/foremost.hpp"

extern "C" {
#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "utils/fmgroids.h"
#include "utils/selfuncs.h"
#include "utils/typcache.h"
}

#include <algorithm>

namespace starhouse::pg::star_scan {

namespace {

using Kind = scan::ForemostKey::Kind;

constexpr int64 most_rows = 10'000; // of a partition: no sort is saved beyond

bool number_of(const Node *node, int64 *number) {
  if (node == nullptr || !IsA(node, Const) || castNode(Const, node)->constisnull) {
    return false;
  }
  const auto *value = castNode(Const, node);
  switch (value->consttype) {
  case INT2OID:
    *number = DatumGetInt16(value->constvalue);
    return true;
  case INT4OID:
    *number = DatumGetInt32(value->constvalue);
    return true;
  case INT8OID:
    *number = DatumGetInt64(value->constvalue);
    return true;
  default:
    return false;
  }
}

bool limit_of(const Query *query, int64 *most) {
  int64 offset = 0;
  if (query->sortClause == NIL || query->distinctClause != NIL ||
      query->limitOption != LIMIT_OPTION_COUNT || !number_of(query->limitCount, most) ||
      (query->limitOffset != nullptr && !number_of(query->limitOffset, &offset))) {
    return false;
  }
  *most = std::min(*most, most_rows + 1) + std::clamp<int64>(offset, 0, most_rows + 1);
  return true;
}

// What the rows of a window say of those behind them is what their order says.
struct Windows {
  bool others; // functions that ask for other rows
  int64 most;
};

void take_condition(Windows *windows, const WindowFunc *function, Oid comparison, const Node *other,
                    bool swapped) {
  int64 most = 0;
  const Oid own = swapped ? get_commutator(comparison) : comparison;
  const int strategy = OidIsValid(own) ? get_op_opfamily_strategy(own, INTEGER_BTREE_FAM_OID) : 0;
  if ((function->winfnoid == F_ROW_NUMBER || function->winfnoid == F_RANK_) &&
      (strategy == BTLessStrategyNumber || strategy == BTLessEqualStrategyNumber) &&
      number_of(other, &most)) {
    windows->most =
        std::min(windows->most, strategy == BTLessStrategyNumber && most > 0 ? most - 1 : most);
  }
}

bool find_windows(Node *node, void *context) {
  auto *windows = static_cast<Windows *>(context);
  if (node == nullptr) {
    return false;
  }
  if (!IsA(node, WindowFunc)) {
    return compat::walk_expression(node, find_windows, context);
  }
  const auto *function = castNode(WindowFunc, node);
  windows->others =
      windows->others || (function->winfnoid != F_ROW_NUMBER && function->winfnoid != F_RANK_ &&
                          function->winfnoid != F_DENSE_RANK_);
  compat::walk_run_conditions(function, [&](Oid comparison, const Node *other, bool swapped) {
    take_condition(windows, function, comparison, other, swapped);
  });
  return false;
}

// Of the query's only window; the condition may be on any of its functions.
bool window_of(PlannerInfo *root, int64 *most) {
  const Query *query = root->parse;
  if (list_length(query->windowClause) != 1) {
    return false;
  }
  Windows windows{.others = false, .most = most_rows + 1};
  find_windows(reinterpret_cast<Node *>(root->processed_tlist), &windows);
  compat::walk_run_conditions(
      linitial_node(WindowClause, query->windowClause),
      [&](const WindowFunc *function, Oid comparison, const Node *other, bool swapped) {
        take_condition(&windows, function, comparison, other, swapped);
      });
  *most = windows.most;
  return !windows.others;
}

bool is_of_target(const PathTarget *target, Index reference) {
  for (int i = 0; i < list_length(target->exprs); ++i) {
    if (get_pathtarget_sortgroupref(target, i) == reference) {
      return true;
    }
  }
  return false;
}

bool kind_of(Oid type, Kind *kind) {
  scan::Storage storage{};
  Domain domain{};
  if (!storage_of(getBaseType(type), &storage, &domain)) {
    return false;
  }
  *kind = domain == Domain::integer    ? Kind::integer
          : domain == Domain::floating ? Kind::floating
          : domain == Domain::numeric  ? Kind::numeric
                                       : Kind::text;
  return domain != Domain::bytes || storage == scan::Storage::varlena; // uuid has bytes 0
}

// False where rows cannot be told by it.
bool add_key(PlannerInfo *root, const PathTarget *target, SortGroupClause *clause, bool tells_apart,
             List **keys) {
  auto *expr = get_sortgroupclause_expr(clause, root->processed_tlist);
  const TypeCacheEntry *type =
      lookup_type_cache(exprType(expr), TYPECACHE_EQ_OPR | TYPECACHE_LT_OPR | TYPECACHE_GT_OPR);
  Kind kind{};
  // It is worked out a second time where the group is needed.
  if (!kind_of(exprType(expr), &kind) || !is_of_target(target, clause->tleSortGroupRef) ||
      contain_volatile_functions(expr) || contain_subplans(expr)) {
    return false;
  }
  const Oid collation = exprCollation(expr);
  if (tells_apart) {
    if (type->eq_opr != clause->eqop || kind == Kind::numeric ||
        (kind == Kind::text && !deterministic(collation))) {
      return false;
    }
  } else if ((clause->sortop != type->lt_opr && clause->sortop != type->gt_opr) ||
             (kind == Kind::text &&
              (!OidIsValid(collation) || !compat::collation_is_c(collation)))) {
    return false;
  }
  *keys = lappend(*keys,
                  list_make4_int(static_cast<int>(clause->tleSortGroupRef), static_cast<int>(kind),
                                 !tells_apart && clause->sortop == type->gt_opr ? 1 : 0,
                                 clause->nulls_first ? 1 : 0));
  return true;
}

} // namespace

List *foremost_of(PlannerInfo *root, const RelOptInfo *grouped, double groups, double *rows) {
  constexpr double worth_while = 4;
  const Query *query = root->parse;
  int64 most = 0;
  if (query->hasWindowFuncs ? !window_of(root, &most) : !limit_of(query, &most)) {
    return NIL;
  }
  const List *partition = query->hasWindowFuncs
                              ? linitial_node(WindowClause, query->windowClause)->partitionClause
                              : NIL;
  const List *order = query->hasWindowFuncs
                          ? linitial_node(WindowClause, query->windowClause)->orderClause
                          : query->sortClause;
  if (most < 1 || most > most_rows ||
      list_length(partition) > static_cast<int>(scan::Foremost::most_keys)) {
    return NIL;
  }
  List *keys = NIL;
  List *apart = NIL;
  ListCell *cell = nullptr;
  foreach (cell, partition) {
    auto *clause = lfirst_node(SortGroupClause, cell);
    Node *expr = get_sortgroupclause_expr(clause, root->processed_tlist);
    if (contain_agg_clause(expr) || !add_key(root, grouped->reltarget, clause, true, &keys)) {
      return NIL;
    }
    apart = lappend(apart, expr);
  }
  const int count = list_length(keys);
  foreach (cell, order) {
    if (!add_key(root, grouped->reltarget, lfirst_node(SortGroupClause, cell), false, &keys)) {
      break; // what comes before it tells some
    }
  }
  const double partitions =
      apart == NIL ? 1 : estimate_num_groups(root, apart, groups, nullptr, nullptr);
  *rows = static_cast<double>(most) * partitions;
  if (list_length(keys) == count || *rows * worth_while > groups) {
    return NIL;
  }
  return lcons(list_make2_int(static_cast<int>(most), count), keys);
}

List *placed_foremost(const List *foremost, const List *tlist) {
  List *placed = NIL;
  ListCell *cell = nullptr;
  foreach (cell, foremost) {
    List *key = list_copy(static_cast<List *>(lfirst(cell)));
    if (foreach_current_index(cell) > 0) {
      const TargetEntry *found = nullptr;
      ListCell *entry = nullptr;
      foreach (entry, tlist) {
        const auto *own = lfirst_node(TargetEntry, entry);
        if (own->ressortgroupref == static_cast<Index>(linitial_int(key))) {
          found = own;
        }
      }
      if (found == nullptr) {
        return NIL; // all are given then
      }
      lfirst_int(list_head(key)) = found->resno;
    }
    placed = lappend(placed, key);
  }
  return placed;
}

} // namespace starhouse::pg::star_scan
