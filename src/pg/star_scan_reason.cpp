// Why a grouping is not a star scan (star_scan_reason.hpp).
#include "pg/star_scan_reason.hpp"

#include "pg/compat.hpp"
#include "pg/star_scan_plan.hpp"

extern "C" {
#include "commands/explain.h"
#include "nodes/makefuncs.h"
#include "optimizer/pathnode.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
}

namespace starhouse::pg::star_scan {

namespace {

struct Reason {
  const char *why;
  const void *expression;
};

Reason reason{};

bool somebody_asks() {
  return message_level_is_interesting(DEBUG1);
}

// The largest table of a grouping's input: most likely what the question is about.
const RelOptInfo *largest_table(const PlannerInfo *root, const RelOptInfo *input) {
  const RelOptInfo *largest = nullptr;
  int relid = -1;
  while ((relid = bms_next_member(input->relids, relid)) >= 0) {
    const RelOptInfo *table =
        relid < root->simple_rel_array_size ? root->simple_rel_array[relid] : nullptr;
    if (table != nullptr && table->rtekind == RTE_RELATION &&
        (largest == nullptr || tuples_of(table) > tuples_of(largest))) {
      largest = table;
    }
  }
  return largest;
}

// The server shows none of what only its planner knows.
Node *without_placeholders(Node *node, void *nothing) {
  if (node != nullptr && IsA(node, PlaceHolderVar)) {
    return without_placeholders(reinterpret_cast<Node *>(castNode(PlaceHolderVar, node)->phexpr),
                                nothing);
  }
  return node == nullptr ? nullptr : compat::mutate_expression(node, without_placeholders, nothing);
}

char *shown(const PlannerInfo *root, const void *expression) {
  auto *statement = makeNode(PlannedStmt);
  statement->commandType = CMD_SELECT;
  statement->rtable = root->parse->rtable;
  Bitmapset *all = bms_add_range(nullptr, 1, list_length(statement->rtable));
  List *names = select_rtable_names_for_explain(statement->rtable, all);
  List *context = deparse_context_for_plan_tree(statement, names);
  Node *node = without_placeholders(static_cast<Node *>(copyObjectImpl(expression)), nullptr);
  return deparse_expression(node, context, true, false);
}

} // namespace

bool refuse(const char *why, const void *expression) {
  if (reason.why == nullptr) {
    reason = {.why = why, .expression = expression};
  }
  return false;
}

void forget_reason() {
  reason = {};
}

void tell_reason(const PlannerInfo *root, const RelOptInfo *input) {
  const RelOptInfo *table = somebody_asks() ? largest_table(root, input) : nullptr;
  if (table == nullptr || reason.why == nullptr) {
    return;
  }
  const char *name = get_rel_name(planner_rt_fetch(table->relid, root)->relid);
  if (reason.expression != nullptr) {
    ereport(DEBUG1, errmsg_internal("no star scan of %s (%.0f rows): %s: %s", name,
                                    tuples_of(table), reason.why, shown(root, reason.expression)));
  } else {
    ereport(DEBUG1, errmsg_internal("no star scan of %s (%.0f rows): %s", name, tuples_of(table),
                                    reason.why));
  }
}

void tell_costs(const PlannerInfo *root, const RelOptInfo *input, double own, const Path *other) {
  const RelOptInfo *table = somebody_asks() ? largest_table(root, input) : nullptr;
  if (table == nullptr) {
    return;
  }
  ereport(DEBUG1, errmsg_internal("no star scan of %s (%.0f rows): its cost, %.0f, is more than "
                                  "the %.0f of another plan, which expects to read %.0f rows",
                                  get_rel_name(planner_rt_fetch(table->relid, root)->relid),
                                  tuples_of(table), own, other->total_cost, input->rows));
}

} // namespace starhouse::pg::star_scan
