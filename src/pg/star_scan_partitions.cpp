// Partitions that conditions rule out once their values are known: those of range partitions, by
// the constraints that these have.
#include "pg/star_scan_compile.hpp"

extern "C" {
#include "access/stratnum.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
}

#include <algorithm>
#include <limits>

namespace starhouse::pg::star_scan {

namespace {

using scan::Test;

// What a column's words lie between in a partition.
struct Bounds {
  AttrNumber attribute;
  int64 low = std::numeric_limits<int64>::min();
  int64 high = std::numeric_limits<int64>::max();
};

// column < constant and its like; nothing of any other constraint.
void narrow(Bounds *bounds, Node *clause) {
  if (!IsA(clause, OpExpr) || list_length(castNode(OpExpr, clause)->args) != 2) {
    return;
  }
  const auto *op = castNode(OpExpr, clause);
  Expr *column = bare(static_cast<Expr *>(linitial(op->args)));
  auto *value = static_cast<Expr *>(lsecond(op->args));
  int strategy = 0;
  if (!IsA(column, Var) || castNode(Var, column)->varattno != bounds->attribute ||
      !IsA(value, Const) || castNode(Const, value)->constisnull ||
      !comparable(base_type(column), base_type(value)) ||
      !strategy_of(op->opno, base_type(column), &strategy)) {
    return;
  }
  const int64 word = word_of(base_type(value), castNode(Const, value)->constvalue);
  switch (strategy) {
  case BTLessStrategyNumber:
    bounds->high =
        std::min(bounds->high, word == std::numeric_limits<int64>::min() ? word : word - 1);
    break;
  case BTLessEqualStrategyNumber:
    bounds->high = std::min(bounds->high, word);
    break;
  case BTEqualStrategyNumber:
    bounds->low = std::max(bounds->low, word);
    bounds->high = std::min(bounds->high, word);
    break;
  case BTGreaterEqualStrategyNumber:
    bounds->low = std::max(bounds->low, word);
    break;
  case BTGreaterStrategyNumber:
    bounds->low =
        std::max(bounds->low, word == std::numeric_limits<int64>::max() ? word : word + 1);
    break;
  default:
    break;
  }
}

// Words whose order is that of their values.
bool is_ordered(scan::Storage storage) {
  return storage == scan::Storage::int16 || storage == scan::Storage::int32 ||
         storage == scan::Storage::int64;
}

} // namespace

bool is_ruled_out(const scan::Program &program, const scan::Shape &shape, Relation table) {
  // An implicit conjunction, the ancestors' among it.
  List *constraints = table->rd_rel->relispartition ? RelationGetPartitionQual(table) : NIL;
  if (list_length(constraints) == 1 && is_andclause(linitial(constraints))) {
    constraints = castNode(BoolExpr, linitial(constraints))->args;
  }
  for (const Test &test : program.tests) {
    if (test.kind == Test::Kind::never) {
      return true;
    }
    if (test.kind != Test::Kind::range || test.is_float) {
      continue;
    }
    const scan::Wanted &column = shape.tested[test.column];
    if (!is_ordered(column.storage)) {
      continue;
    }
    Bounds bounds{.attribute = static_cast<AttrNumber>(column.attribute + 1)};
    ListCell *cell = nullptr;
    foreach (cell, constraints) {
      auto *clause = static_cast<Node *>(lfirst(cell));
      if (!is_andclause(clause)) {
        narrow(&bounds, clause);
        continue;
      }
      ListCell *part = nullptr;
      foreach (part, castNode(BoolExpr, clause)->args) {
        narrow(&bounds, static_cast<Node *>(lfirst(part)));
      }
    }
    if (test.low > bounds.high || test.high < bounds.low) {
      return true;
    }
  }
  return false;
}

} // namespace starhouse::pg::star_scan
