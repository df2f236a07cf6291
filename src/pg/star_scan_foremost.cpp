// Groups that are needed, where a plan says that only the first ones are.
#include "pg/star_scan_exec.hpp"

#include "pg/star_scan_compile.hpp"

#include "core/scan/foremost.hpp"

extern "C" {
#include "access/sysattr.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
}

#include <new>

namespace starhouse::pg::star_scan {

// Most groups are told by what tells partitions and the first key of the order: the rest is not
// worked out for them.
struct ForemostPlan {
  std::size_t most;
  std::size_t partition; // keys that tell partitions
  std::size_t keys;      // and all
  scan::ForemostKey *key;
  ExprState **value;
  Oid *type;
  bool *wanted_first; // columns of the node's tuple, for these, and for what HAVING says
  bool *wanted;       // for all keys
};

namespace {

// The columns of the node's own tuple that an expression is made of.
void want(Node *expr, bool *wanted) {
  List *columns = pull_var_clause(expr, PVC_RECURSE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS |
                                            PVC_RECURSE_PLACEHOLDERS);
  ListCell *cell = nullptr;
  foreach (cell, columns) {
    const auto *column = lfirst_node(Var, cell);
    if (column->varno == INDEX_VAR && column->varattno > 0) {
      wanted[column->varattno - 1] = true;
    }
  }
}

} // namespace

ForemostPlan *foremost_plan(ScanNode *node, const CustomScan *custom) {
  const auto *foremost = static_cast<const List *>(llast(custom->custom_private));
  if (foremost == NIL) {
    return nullptr;
  }
  const auto *head = static_cast<const List *>(linitial(foremost));
  const auto count = static_cast<std::size_t>(list_length(foremost) - 1);
  const auto width = static_cast<Size>(list_length(custom->custom_scan_tlist));
  auto *plan = static_cast<ForemostPlan *>(palloc0(sizeof(ForemostPlan)));
  plan->most = static_cast<std::size_t>(linitial_int(head));
  plan->partition = static_cast<std::size_t>(lsecond_int(head));
  plan->keys = count;
  plan->key = static_cast<scan::ForemostKey *>(palloc0(sizeof(scan::ForemostKey) * count));
  plan->value = static_cast<ExprState **>(palloc0(sizeof(ExprState *) * count));
  plan->type = static_cast<Oid *>(palloc0(sizeof(Oid) * count));
  plan->wanted_first = static_cast<bool *>(palloc0(sizeof(bool) * width));
  plan->wanted = static_cast<bool *>(palloc0(sizeof(bool) * width));
  want(reinterpret_cast<Node *>(custom->scan.plan.qual), plan->wanted_first);
  for (std::size_t i = 0; i < count; ++i) {
    const auto *key = static_cast<const List *>(list_nth(foremost, static_cast<int>(i) + 1));
    Expr *expr =
        list_nth_node(TargetEntry, custom->scan.plan.targetlist, linitial_int(key) - 1)->expr;
    plan->key[i] = {.kind = static_cast<scan::ForemostKey::Kind>(lsecond_int(key)),
                    .descending = lthird_int(key) != 0,
                    .nulls_first = lfourth_int(key) != 0};
    plan->value[i] = ExecInitExpr(expr, &node->css.ss.ps);
    plan->type[i] = base_type(expr);
    want(reinterpret_cast<Node *>(expr), plan->wanted);
    if (i <= plan->partition) {
      want(reinterpret_cast<Node *>(expr), plan->wanted_first);
    }
  }
  return plan;
}

namespace {

// The keys from the first to the last one, in the per-tuple context.
void read_values(const ForemostPlan *plan, std::size_t first, std::size_t end, ExprContext *context,
                 scan::ForemostValue *values) {
  using Kind = scan::ForemostKey::Kind;
  for (std::size_t i = first; i < end; ++i) {
    scan::ForemostValue value;
    const Datum datum = ExecEvalExpr(plan->value[i], context, &value.null);
    const Kind kind = plan->key[i].kind;
    if (!value.null && (kind == Kind::text || kind == Kind::numeric)) {
      const auto *bytes = reinterpret_cast<struct varlena *>(PG_DETOAST_DATUM_PACKED(datum));
      value.bytes = {VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)};
    } else if (!value.null) {
      value.word = word_of(plan->type[i], datum);
    }
    values[i] = value;
  }
}

} // namespace

void choose_foremost(ScanNode *node) {
  const ForemostPlan *plan = node->foremost;
  const std::size_t groups = node->scan->groups();
  node->chosen = nullptr;
  if (plan == nullptr || groups <= plan->most) {
    return;
  }
  CustomScanState *state = &node->css;
  ExprContext *context = state->ss.ps.ps_ExprContext;
  TupleTableSlot *slot = state->ss.ss_ScanTupleSlot;
  const Size limit = get_hash_memory_limit() / 8;
  const std::size_t first = plan->partition + 1;
  const MemoryContext old = MemoryContextSwitchTo(node->part_context);
  auto *values =
      static_cast<scan::ForemostValue *>(palloc0(sizeof(scan::ForemostValue) * plan->keys));
  void *place = palloc(sizeof(scan::Foremost));
  scan::Foremost *foremost = nullptr;
  compute([&] {
    const Env env{.memory = node->memory, .cancel_requested = cancel_requested};
    foremost = new (place)
        scan::Foremost(env, {plan->key, plan->partition},
                       {plan->key + plan->partition, plan->keys - plan->partition}, plan->most);
  });
  MemoryContextSwitchTo(context->ecxt_per_tuple_memory);
  context->ecxt_scantuple = slot;
  double filtered = 0;
  for (std::size_t group = 0; group < groups; ++group) {
    CHECK_FOR_INTERRUPTS();
    ResetExprContext(context);
    fill_slot(node, group, slot, context, plan->wanted_first);
    if (state->ss.ps.qual != nullptr && !ExecQual(state->ss.ps.qual, context)) {
      ++filtered;
      continue;
    }
    read_values(plan, 0, first, context, values);
    bool may_be = false;
    compute([&] { may_be = foremost->may_be({values, first}); });
    if (!may_be) {
      continue;
    }
    if (plan->keys > first) {
      fill_slot(node, group, slot, context, plan->wanted);
      read_values(plan, first, plan->keys, context, values);
    }
    compute([&] { foremost->add(static_cast<std::uint32_t>(group), {values, plan->keys}); });
    if (foremost->memory() > limit) {
      MemoryContextSwitchTo(old);
      return; // more partitions than were expected: all of them
    }
  }
  std::size_t count = 0;
  compute([&] { count = foremost->finish(); });
  node->chosen = foremost->rows();
  node->chosen_count = count;
  node->left_out += groups - static_cast<std::size_t>(filtered) - count;
  InstrCountFiltered1(state, filtered);
  MemoryContextSwitchTo(old);
}

} // namespace starhouse::pg::star_scan
