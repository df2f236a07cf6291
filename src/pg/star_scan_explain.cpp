// What EXPLAIN shows of star scans.
#include "pg/star_scan_exec.hpp"

#include "pg/compat.hpp"

extern "C" {
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif
#include "nodes/makefuncs.h"
#include "utils/ruleutils.h"
}

#include <algorithm>

namespace starhouse::pg::star_scan {

void explain(CustomScanState *state, List *ancestors, ExplainState *es) {
  const ScanNode *node = as_node(state);
  auto *plan = castNode(CustomScan, state->ss.ps.plan);
  List *context = set_deparse_context_plan(es->deparse_cxt, &plan->scan.plan, ancestors);
  const auto show = [&](const char *label, List *expressions, bool conjunction) {
    if (expressions == NIL) {
      return;
    }
    const bool prefix = es->verbose;
    if (conjunction) {
      auto *all = reinterpret_cast<Node *>(make_ands_explicit(expressions));
      ExplainPropertyText(label, deparse_expression(all, context, prefix, false), es);
      return;
    }
    List *texts = NIL;
    ListCell *cell = nullptr;
    foreach (cell, expressions) {
      texts = lappend(
          texts, deparse_expression(static_cast<Node *>(lfirst(cell)), context, prefix, false));
    }
    ExplainPropertyList(label, texts, es);
  };
  if (node->role != Role::partial) {
    show("Group Key", static_cast<List *>(lsecond(plan->custom_exprs)), false);
  }
  const auto *foremost = static_cast<const List *>(llast(plan->custom_private));
  if (foremost != NIL) {
    const auto *head = static_cast<const List *>(linitial(foremost));
    ExplainPropertyInteger("Foremost Groups", nullptr, linitial_int(head), es);
    List *partition = NIL;
    for (int i = 1; i <= lsecond_int(head); ++i) {
      const int column = linitial_int(static_cast<const List *>(list_nth(foremost, i)));
      partition = lappend(partition,
                          list_nth_node(TargetEntry, plan->scan.plan.targetlist, column - 1)->expr);
    }
    show("Of Each", partition, false);
  }
  if (node->role != Role::merged) {
    static constexpr const char *labels[] = {"Join Key", "Left Join Key", "Semi Join Key",
                                             "Anti Join Key"};
    for (const char *const &label : labels) {
      List *facts = NIL;
      ListCell *join = nullptr;
      foreach (join, static_cast<List *>(list_nth(plan->custom_exprs, 4))) {
        const auto *known = static_cast<List *>(list_nth(node->joins, foreach_current_index(join)));
        if (lsecond_int(static_cast<const List *>(llast(known))) == &label - labels) {
          facts = list_concat(facts, static_cast<List *>(lfirst(join)));
        }
      }
      show(label, facts, false);
    }
    List *limits = NIL;
    ListCell *limit = nullptr;
    foreach (limit, static_cast<List *>(list_nth(plan->custom_exprs, 6))) {
      limits = list_concat(limits, static_cast<List *>(lfirst(limit)));
    }
    show("Join Filter", limits, false);
    show("Scan Filter", static_cast<List *>(linitial(plan->custom_exprs)), true);
    const auto *tables = static_cast<List *>(list_nth(plan->custom_private, 2));
    const auto *fact = static_cast<List *>(lsecond(plan->custom_private));
    if (list_length(tables) != 1 || linitial_int(tables) != linitial_int(fact)) {
      ExplainPropertyInteger("Partitions", nullptr, list_length(tables), es);
    }
  }
  if (!es->analyze || node->run_context == nullptr || node->role == Role::partial) {
    return;
  }
  const Figures &figures = node->figures;
  ExplainPropertyUInteger("Rows Scanned", nullptr, figures.rows_read, es);
  if (linitial(plan->custom_exprs) != nullptr) {
    ExplainPropertyUInteger("Rows Kept", nullptr, figures.rows_kept, es);
  }
  if (node->compiled->joins != NIL) {
    ExplainPropertyUInteger("Rows Joined", nullptr, figures.rows_added, es);
    ExplainPropertyUInteger("Rows of Dimensions", nullptr, figures.dimension_rows, es);
    if (dimension_parts(node) > 1) {
      ExplainPropertyInteger("Parts of Dimensions", nullptr, dimension_parts(node), es);
    }
  }
  const auto ruled_out =
      node->ruled_out == nullptr
          ? 0
          : std::count(node->ruled_out, node->ruled_out + node->table_count, true);
  if (ruled_out > 0 && node->table_count > 1) {
    ExplainPropertyInteger("Partitions Ruled Out", nullptr, ruled_out, es);
  }
  ExplainPropertyUInteger("Pages All-Visible", nullptr, figures.pages_fast + node->pages.pages_fast,
                          es);
  ExplainPropertyUInteger("Pages Checked", nullptr, figures.pages_slow + node->pages.pages_slow,
                          es);
  if (figures.pages_left_out > 0) {
    ExplainPropertyUInteger("Pages Left Out", nullptr, figures.pages_left_out, es);
  }
  if (node->compiled->keys != NIL) {
    ExplainPropertyUInteger("Groups", nullptr, node->groups, es);
    if (node->left_out > 0) {
      ExplainPropertyUInteger("Groups Left Out", nullptr, node->left_out, es);
    }
  }
  const bool groups_any = node->compiled->keys != NIL || node->compiled->distinct != NIL;
  if (groups_any) {
    ExplainPropertyUInteger("Group Memory", "kB", (node->most_memory + 1023) / 1024, es);
  }
  if (groups_any || dimension_parts(node) > 1) {
    ExplainPropertyUInteger("Scans of the Table", nullptr, node->runs, es);
  }
}

} // namespace starhouse::pg::star_scan
