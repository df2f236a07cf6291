// What a star scan covers: whatever else the executor can work out of columns, row by row.
// Conditions are put to the rows that pass all tests, everything else to those that are added up.
#include "pg/star_scan_compile.hpp"

#include "pg/compat.hpp"

extern "C" {
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
}

namespace starhouse::pg::star_scan {

namespace {

// They tell how a value is stored, which is not how it is handed to them here.
bool asks_storage(const Node *node) {
  if (!IsA(node, FuncExpr)) {
    return false;
  }
  switch (castNode(FuncExpr, const_cast<Node *>(node))->funcid) {
  case F_PG_COLUMN_SIZE:
  case F_PG_COLUMN_COMPRESSION:
#if PG_VERSION_NUM >= 170000
  case F_PG_COLUMN_TOAST_CHUNK_ID:
#endif
    return true;
  default:
    return false;
  }
}

bool is_no_value(Node *node, void *context) {
  if (node == nullptr) {
    return false;
  }
  return asks_storage(node) || IsA(node, Aggref) || IsA(node, WindowFunc) ||
         IsA(node, GroupingFunc) || IsA(node, PlaceHolderVar) || IsA(node, CurrentOfExpr) ||
         IsA(node, SetToDefault) || compat::walk_expression(node, is_no_value, context);
}

} // namespace

// Null where it needs more than columns that can be read.
ComputedPlan *Compiler::compute_of(Expr *expr, List **columns) {
  auto *node = reinterpret_cast<Node *>(expr);
  if (is_no_value(node, nullptr) || contain_volatile_functions(node) ||
      expression_returns_set(node)) {
    return nullptr;
  }
  auto *plan = static_cast<ComputedPlan *>(palloc0(sizeof(ComputedPlan)));
  plan->expr = expr;
  plan->type = base_type(expr);
  ListCell *cell = nullptr;
  foreach (cell, pull_var_clause(node, 0)) {
    uint32 number = 0;
    Domain domain{};
    const int take = take_of(static_cast<Expr *>(lfirst(cell)));
    if (take >= 0) {
      if (columns != &compiled_->columns) {
        return nullptr;
      }
      plan->takes = list_append_unique_int(plan->takes, take);
      continue;
    }
    if (!compile_column(static_cast<Expr *>(lfirst(cell)), columns, &number, &domain)) {
      return nullptr;
    }
    plan->columns = list_append_unique_int(plan->columns, static_cast<int>(number));
  }
  const int count = list_length(plan->columns) + list_length(plan->takes);
  return count == 0 || count > most_computed_from ? nullptr : plan;
}

bool Compiler::compute_column(Expr *expr, uint32 *number, Domain *domain) {
  scan::Storage storage{};
  if (!storage_of(base_type(expr), &storage, domain)) {
    return false;
  }
  ListCell *cell = nullptr;
  foreach (cell, compiled_->computed) {
    const auto *known = static_cast<const ComputedPlan *>(lfirst(cell));
    if (equal(known->expr, expr)) {
      *number = known->column;
      return true;
    }
  }
  ComputedPlan *plan = compute_of(expr, &compiled_->columns);
  if (plan == nullptr) {
    return false;
  }
  add_step(scan::Step::Operation::given, 0, 0, number)->step.bytes = scan::is_bytes(storage);
  plan->column = *number;
  compiled_->computed = lappend(compiled_->computed, plan);
  return true;
}

Compiler::Place Compiler::place() const {
  return {.columns = list_length(compiled_->columns),
          .steps = list_length(compiled_->steps),
          .filters = list_length(compiled_->filters),
          .cases = list_length(compiled_->cases),
          .computed = list_length(compiled_->computed),
          .distinct = list_length(compiled_->distinct),
          .zones = list_length(compiled_->zones),
          .own = list_length(compiled_->own)};
}

void Compiler::go_back(const Place &place) {
  compiled_->columns = list_truncate(compiled_->columns, place.columns);
  compiled_->steps = list_truncate(compiled_->steps, place.steps);
  compiled_->filters = list_truncate(compiled_->filters, place.filters);
  compiled_->cases = list_truncate(compiled_->cases, place.cases);
  compiled_->computed = list_truncate(compiled_->computed, place.computed);
  compiled_->distinct = list_truncate(compiled_->distinct, place.distinct);
  compiled_->zones = list_truncate(compiled_->zones, place.zones);
  compiled_->own = list_truncate(compiled_->own, place.own);
}

} // namespace starhouse::pg::star_scan
