// The node that runs a star scan: pages through the core, groups out.
#include "pg/star_scan.hpp"

#include "pg/boundary.hpp"
#include "pg/decimal.hpp"
#include "pg/star_scan_node.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/explain.h"
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/ruleutils.h"
}

#include "pg/compat.hpp"

#include <algorithm>
#include <cmath>

namespace starhouse::pg::star_scan {

namespace {

constexpr uint32 most_rows = MaxHeapTuplesPerPage;
constexpr uint32 most_bits = 32;
constexpr int most_waiting = 256; // parts
// A part of so few groups is not made smaller: what it takes is not its groups.
constexpr std::size_t few_groups = 512;

struct ScanNode {
  CustomScanState css;
  Compiled *compiled;
  int shown_columns;           // keys and aggregates; the scan tuple's other columns are never read
  MemoryContext run_context;   // operands
  MemoryContext part_context;  // the core's scan of one part
  MemoryContext value_context; // values of one page that are not in it
  scan::Program program;
  int table_count;
  Relation *tables; // the fact, or its partitions
  scan::Shape *shapes;
  DimensionRows *dimensions; // by join
  uint64 dimension_rows;
  List *joins; // as in the plan
  bool started;
  scan::Scan *scan; // null: the next part has to be run
  ContextMemory *memory;
  scan::Part waiting[most_waiting];
  int waiting_count;
  std::size_t next_group;
  PageReader pages;
  scan::Row *rows;
  // For EXPLAIN ANALYZE, of all rescans.
  uint64 rows_read;
  uint64 rows_kept;
  uint64 rows_added;
  uint64 groups;
  uint64 runs;
  std::size_t most_memory;
};

ScanNode *as_node(CustomScanState *state) {
  return reinterpret_cast<ScanNode *>(state);
}

// Values outside their page
// ---------------------------------------------------------------------------------------------

void fetch_toasted(ScanNode *node) {
  const MemoryContext old = MemoryContextSwitchTo(node->value_context);
  for (const scan::Toasted &value : node->scan->toasted()) {
    auto *stored = reinterpret_cast<struct varlena *>(const_cast<char *>(value.stored));
    const struct varlena *whole = pg_detoast_datum_packed(stored);
    node->scan->put_toasted(value, {VARDATA_ANY(whole), VARSIZE_ANY_EXHDR(whole)});
  }
  MemoryContextSwitchTo(old);
}

Datum varlena_of(std::string_view bytes) {
  auto *value = static_cast<struct varlena *>(palloc(VARHDRSZ + bytes.size()));
  SET_VARSIZE(value, VARHDRSZ + bytes.size());
  if (!bytes.empty()) {
    std::memcpy(VARDATA(value), bytes.data(), bytes.size());
  }
  return PointerGetDatum(value);
}

// Numerics that the core cannot add up go the server's way.
void add_handed(ScanNode *node) {
  if (node->scan->handed().empty()) {
    return;
  }
  const MemoryContext old = MemoryContextSwitchTo(node->part_context);
  for (const scan::Handed &value : node->scan->handed()) {
    const Datum number = varlena_of(node->scan->handed_bytes(value));
    scan::NumericState *state = value.state;
    if (state->others == nullptr) {
      state->others = DatumGetPointer(number);
      continue;
    }
    void *before = state->others;
    state->others =
        DatumGetPointer(DirectFunctionCall2(numeric_add, PointerGetDatum(before), number));
    pfree(before);
    pfree(DatumGetPointer(number));
  }
  node->scan->forget_handed();
  MemoryContextSwitchTo(old);
}

// One pass over the table
// ---------------------------------------------------------------------------------------------

void run_page(ScanNode *node, uint32 count) {
  scan::Scan *scan = node->scan;
  const std::span<const scan::Row> rows{node->rows, count};
  std::span<const scan::Row> kept = rows;
  bool values = false;
  if (scan->tests_any()) {
    compute([&] { scan->read_tested(rows); });
    if (!scan->toasted().empty()) {
      fetch_toasted(node);
      values = true;
    }
    compute([&] { kept = scan->test(rows); });
  }
  node->rows_kept += kept.size();
  const auto add = [&](std::span<const scan::Row> last) {
    if (scan->reads_any()) {
      compute([&] { scan->read(last); });
      if (!scan->toasted().empty()) {
        fetch_toasted(node);
        values = true;
      }
    }
    compute([&] { scan->add(last.size()); });
    add_handed(node);
    node->rows_added += last.size();
  };
  if (kept.empty()) {
    // Nothing of the page is left.
  } else if (!scan->joins_any()) {
    add(kept);
  } else {
    compute([&] { scan->read_joined(kept); });
    if (!scan->toasted().empty()) {
      fetch_toasted(node);
      values = true;
    }
    compute([&] { scan->join(kept); });
    for (;;) {
      std::span<const scan::Row> joined;
      compute([&] { joined = scan->joined(); });
      if (joined.empty()) {
        break;
      }
      CHECK_FOR_INTERRUPTS();
      add(joined);
    }
  }
  if (values) {
    MemoryContextReset(node->value_context);
  }
}

// The parts that a part falls into, the last one to be run first, such that each of them has room
// if keys go on as they did.
void split(ScanNode *node, scan::Part part, double share) {
  const double limit = static_cast<double>(get_hash_memory_limit());
  const double needed = static_cast<double>(node->scan->memory()) / share / limit;
  uint32 bits = 1;
  while (bits < 5 && std::ldexp(1.0, static_cast<int>(bits)) < needed) {
    ++bits;
  }
  bits = Min(bits, most_bits - part.bits);
  while (node->waiting_count + (1 << bits) > most_waiting && bits > 1) {
    --bits;
  }
  for (uint32 i = 1U << bits; i-- > 0;) {
    node->waiting[node->waiting_count++] = {.prefix = (part.prefix << bits) | i,
                                            .bits = part.bits + bits};
  }
}

void start_scan(ScanNode *node, scan::Part part) {
  MemoryContextReset(node->part_context);
  node->scan = nullptr;
  node->memory = new (MemoryContextAlloc(node->part_context, sizeof(ContextMemory)))
      ContextMemory(node->part_context);
  void *place = MemoryContextAlloc(node->part_context, sizeof(scan::Scan));
  compute([&] {
    const Env env{.memory = node->memory, .cancel_requested = cancel_requested};
    node->scan = new (place) scan::Scan(env, node->program, most_rows, part);
  });
}

// All groups of a part; false if there were too many, which then wait as smaller parts.
bool run_part(ScanNode *node, scan::Part part) {
  start_scan(node, part);
  ++node->runs;
  const bool count_only =
      !node->scan->tests_any() && !node->scan->reads_any() && !node->scan->joins_any();
  const std::size_t limit = get_hash_memory_limit();
  const bool may_split = node->compiled->keys != NIL && part.bits < most_bits &&
                         node->waiting_count + 2 <= most_waiting;
  for (int table = 0; table < node->table_count; ++table) {
    open_pages(&node->pages, node->tables[table], node->css.ss.ps.state->es_snapshot);
    if (table > 0) {
      compute([&] { node->scan->use_shape(node->shapes[table]); });
    }
    for (BlockNumber block = 0; block < node->pages.blocks; ++block) {
      CHECK_FOR_INTERRUPTS();
      const uint32 count = read_page(&node->pages, block, count_only ? nullptr : node->rows);
      node->rows_read += count;
      if (count > 0) {
        if (count_only) {
          node->rows_kept += count;
          compute([&] { node->scan->add(count); });
        } else {
          run_page(node, count);
        }
      }
      close_page(&node->pages);
      if (may_split && node->scan->memory() > limit && node->scan->groups() > few_groups) {
        node->most_memory = Max(node->most_memory, node->scan->memory());
        const double share = (block + 1.0) / node->pages.blocks;
        split(node, part, (table + share) / node->table_count);
        return false;
      }
    }
  }
  node->most_memory = Max(node->most_memory, node->scan->memory());
  node->groups += node->scan->groups();
  node->next_group = 0;
  return true;
}

void start_dimensions(ScanNode *node) {
  const auto count = static_cast<std::size_t>(list_length(node->compiled->joins));
  node->dimensions = static_cast<DimensionRows *>(
      MemoryContextAllocZero(node->run_context, sizeof(DimensionRows) * Max(count, 1)));
  auto *joins = static_cast<scan::Join *>(
      MemoryContextAllocZero(node->run_context, sizeof(scan::Join) * Max(count, 1)));
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = static_cast<int>(i);
    const auto *plan = static_cast<const JoinPlan *>(list_nth(node->compiled->joins, number));
    auto *rows = static_cast<PlanState *>(list_nth(node->css.custom_ps, number));
    const auto *known = static_cast<List *>(list_nth(node->joins, number));
    node->dimensions[i] = read_dimension(
        plan, rows, linitial_int(static_cast<const List *>(llast(known))), node->run_context);
    joins[i] = {.dimension = node->dimensions[i].dimension,
                .columns = {plan->columns, static_cast<std::size_t>(plan->width)}};
    node->dimension_rows += node->dimensions[i].dimension->size();
  }
  node->program.joins = {joins, count};
}

void start(ScanNode *node) {
  ExprContext *context = node->css.ss.ps.ps_ExprContext;
  const MemoryContext old = MemoryContextSwitchTo(node->run_context);
  TupleDesc asked = RelationGetDescr(node->css.ss.ss_currentRelation);
  node->program = program_of(node->compiled, context);
  node->shapes = static_cast<scan::Shape *>(
      palloc0(sizeof(scan::Shape) * static_cast<Size>(Max(node->table_count, 1))));
  for (int i = 0; i < node->table_count; ++i) {
    node->shapes[i] = shape_of(node->compiled, asked, RelationGetDescr(node->tables[i]));
  }
  node->program.shape =
      node->table_count > 0 ? node->shapes[0] : shape_of(node->compiled, asked, asked);
  node->rows = static_cast<scan::Row *>(palloc(sizeof(scan::Row) * most_rows));
  MemoryContextSwitchTo(old);
  start_dimensions(node);
  node->waiting[0] = scan::Part{};
  node->waiting_count = 1;
  node->scan = nullptr;
  node->started = true;
}

// Groups as rows
// ---------------------------------------------------------------------------------------------

Datum count_numeric(int64 count) {
  return NumericGetDatum(int64_to_numeric(count));
}

Datum wide_numeric(scan::Int128 value) {
  Datum result = 0;
  const exact::Decimal decimal(value, 0);
  result = numeric_of(decimal);
  return result;
}

Datum numeric_sum(const scan::NumericState &state) {
  const exact::Decimal decimal(state.sum.value(), static_cast<unsigned>(state.scale));
  const Datum sum = numeric_of(decimal);
  return state.others == nullptr
             ? sum
             : DirectFunctionCall2(numeric_add, sum, PointerGetDatum(state.others));
}

// NULL without values, as every one of these aggregates but count.
Datum result_of(const AggregatePlan *plan, const char *states, bool *null) {
  using Result = AggregatePlan::Result;
  const char *place = states + plan->aggregate.offset;
  const int64 count = *reinterpret_cast<const int64 *>(place);
  *null = count == 0 && plan->result != Result::count;
  if (*null) {
    return 0;
  }
  switch (plan->result) {
  case Result::count:
    return Int64GetDatum(count);
  case Result::integer:
    return datum_of_word(plan->type, reinterpret_cast<const scan::IntState *>(place)->value);
  case Result::floating:
    return datum_of_word(plan->type,
                         scan::as_word(reinterpret_cast<const scan::FloatState *>(place)->value));
  case Result::wide:
    return wide_numeric(reinterpret_cast<const scan::WideState *>(place)->value());
  case Result::average:
    if (plan->type == FLOAT8OID) {
      return Float8GetDatum(reinterpret_cast<const scan::FloatState *>(place)->value /
                            static_cast<double>(count));
    }
    return DirectFunctionCall2(
        numeric_div, count_numeric(reinterpret_cast<const scan::IntState *>(place)->value),
        count_numeric(count));
  case Result::wide_average:
    return DirectFunctionCall2(
        numeric_div, wide_numeric(reinterpret_cast<const scan::WideState *>(place)->value()),
        count_numeric(count));
  case Result::numeric:
    return numeric_sum(*reinterpret_cast<const scan::NumericState *>(place));
  case Result::numeric_average:
    return DirectFunctionCall2(numeric_div,
                               numeric_sum(*reinterpret_cast<const scan::NumericState *>(place)),
                               count_numeric(count));
  case Result::bytes:
    return varlena_of(reinterpret_cast<const scan::BytesState *>(place)->view());
  }
  return 0;
}

Datum key_of(const ScanNode *node, const KeyPlan *plan, std::size_t group, ExprContext *context,
             bool *null) {
  const auto key = static_cast<std::size_t>(plan->number);
  if (plan->join >= 0) {
    const auto number = static_cast<std::size_t>(node->scan->key_word(group, key));
    return group_value(node->dimensions[plan->join].values, number, plan->place, null);
  }
  *null = node->scan->key_is_null(group, key);
  if (*null) {
    return 0;
  }
  if (plan->state != nullptr) {
    context->caseValue_datum = datum_of_word(plan->source_type, node->scan->key_word(group, key));
    context->caseValue_isNull = false;
    return ExecEvalExprSwitchContext(plan->state, context, null);
  }
  Oid type = plan->type;
  if (type == UUIDOID) {
    const std::string_view bytes = node->scan->key_bytes(group, key);
    auto *copy = static_cast<char *>(palloc(bytes.size()));
    std::memcpy(copy, bytes.data(), bytes.size());
    return PointerGetDatum(copy);
  }
  if (type == TEXTOID || type == VARCHAROID) {
    return varlena_of(node->scan->key_bytes(group, key));
  }
  return datum_of_word(type, node->scan->key_word(group, key));
}

// In the per-tuple context.
void fill_slot(const ScanNode *node, std::size_t group, TupleTableSlot *slot,
               ExprContext *context) {
  ExecClearTuple(slot);
  const int width = slot->tts_tupleDescriptor->natts;
  std::fill_n(slot->tts_isnull, width, true);
  int column = 0;
  ListCell *cell = nullptr;
  foreach (cell, node->compiled->keys) {
    const auto *plan = static_cast<const KeyPlan *>(lfirst(cell));
    slot->tts_values[column] = key_of(node, plan, group, context, &slot->tts_isnull[column]);
    ++column;
  }
  foreach (cell, node->compiled->aggregates) {
    const auto *plan = static_cast<const AggregatePlan *>(lfirst(cell));
    slot->tts_values[column] =
        result_of(plan, node->scan->states(group), &slot->tts_isnull[column]);
    ++column;
  }
  ExecStoreVirtualTuple(slot);
}

// The node's calls
// ---------------------------------------------------------------------------------------------

// The question as the planner put it into the plan: see star_scan_plan.cpp.
struct Unfold {
  List *columns; // the scan tuple's
};

Node *unfold(Node *node, void *context) {
  if (node == nullptr) {
    return nullptr;
  }
  if (IsA(node, Var) && castNode(Var, node)->varno == INDEX_VAR) {
    const auto *entry = static_cast<TargetEntry *>(
        list_nth(static_cast<Unfold *>(context)->columns, castNode(Var, node)->varattno - 1));
    return static_cast<Node *>(copyObjectImpl(entry->expr));
  }
  return compat::mutate_expression(node, unfold, context);
}

List *unfolded(List *expressions, List *columns) {
  Unfold context{.columns = columns};
  return reinterpret_cast<List *>(unfold(reinterpret_cast<Node *>(expressions), &context));
}

void begin(CustomScanState *state, EState *estate, int eflags) {
  ScanNode *node = as_node(state);
  const auto *plan = castNode(CustomScan, state->ss.ps.plan);
  List *columns = plan->custom_scan_tlist;
  Question question{};
  question.table = plan->scan.scanrelid;
  question.quals = unfolded(static_cast<List *>(linitial(plan->custom_exprs)), columns);
  question.keys = unfolded(static_cast<List *>(lsecond(plan->custom_exprs)), columns);
  question.arguments = unfolded(static_cast<List *>(lthird(plan->custom_exprs)), columns);
  question.filters = unfolded(static_cast<List *>(lfourth(plan->custom_exprs)), columns);
  List *facts = unfolded(static_cast<List *>(llast(plan->custom_exprs)), columns);
  node->joins = static_cast<List *>(lthird(plan->custom_private));
  for (int i = 0; i < list_length(node->joins); ++i) {
    auto *known = static_cast<List *>(list_nth(node->joins, i));
    auto *join = static_cast<JoinQuestion *>(palloc0(sizeof(JoinQuestion)));
    *join = {.facts = static_cast<List *>(list_nth(facts, i)),
             .operators = static_cast<List *>(linitial(known)),
             .collations = static_cast<List *>(lsecond(known)),
             .types = static_cast<List *>(lthird(known))};
    question.joins = lappend(question.joins, join);
  }
  question.key_joins = static_cast<List *>(lfourth(plan->custom_private));
  question.key_places = static_cast<List *>(llast(plan->custom_private));
  for (int i = 0; i < list_length(question.arguments); ++i) {
    const auto *entry =
        static_cast<TargetEntry *>(list_nth(columns, list_length(question.keys) + i));
    question.aggregates = lappend(question.aggregates, castNode(Aggref, entry->expr));
  }
  node->compiled = compile(question);
  if (node->compiled == nullptr) {
    elog(ERROR, "star scan cannot run the plan that was made for it");
  }
  ListCell *cell = nullptr;
  foreach (cell, plan->custom_plans) {
    // Each is read once, forwards.
    state->custom_ps =
        lappend(state->custom_ps,
                ExecInitNode(static_cast<Plan *>(lfirst(cell)), estate,
                             eflags & ~(EXEC_FLAG_REWIND | EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK)));
  }
  auto *tables = static_cast<List *>(lsecond(plan->custom_private));
  node->table_count = list_length(tables);
  if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) != 0) {
    return;
  }
  init_expressions(node->compiled, &state->ss.ps);
  const int planned = linitial_int(static_cast<List *>(linitial(plan->custom_private)));
  const int moved = static_cast<int>(plan->scan.scanrelid) - planned;
  node->tables = static_cast<Relation *>(
      palloc0(sizeof(Relation) * static_cast<Size>(Max(node->table_count, 1))));
  foreach (cell, tables) {
    node->tables[foreach_current_index(cell)] =
        compat::range_table_relation(estate, static_cast<Index>(lfirst_int(cell) + moved));
  }
  node->run_context =
      AllocSetContextCreate(estate->es_query_cxt, "star scan", ALLOCSET_DEFAULT_SIZES);
  node->part_context =
      AllocSetContextCreate(node->run_context, "star scan groups", ALLOCSET_DEFAULT_SIZES);
  node->value_context =
      AllocSetContextCreate(node->run_context, "star scan values", ALLOCSET_DEFAULT_SIZES);
}

TupleTableSlot *execute(CustomScanState *state) {
  ScanNode *node = as_node(state);
  ExprContext *context = state->ss.ps.ps_ExprContext;
  ProjectionInfo *projection = state->ss.ps.ps_ProjInfo;
  TupleTableSlot *slot = state->ss.ss_ScanTupleSlot;
  if (!node->started) {
    start(node);
  }
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    ResetExprContext(context);
    if (node->scan == nullptr || node->next_group >= node->scan->groups()) {
      if (node->waiting_count == 0) {
        return ExecClearTuple(projection != nullptr ? projection->pi_state.resultslot : slot);
      }
      if (!run_part(node, node->waiting[--node->waiting_count])) {
        node->scan = nullptr;
      }
      continue;
    }
    const MemoryContext old = MemoryContextSwitchTo(context->ecxt_per_tuple_memory);
    fill_slot(node, node->next_group++, slot, context);
    MemoryContextSwitchTo(old);
    context->ecxt_scantuple = slot;
    if (state->ss.ps.qual != nullptr && !ExecQual(state->ss.ps.qual, context)) {
      InstrCountFiltered1(state, 1);
      continue;
    }
    return projection != nullptr ? ExecProject(projection) : slot;
  }
}

void rescan(CustomScanState *state) {
  ScanNode *node = as_node(state);
  if (node->run_context == nullptr) {
    return;
  }
  close_page(&node->pages);
  node->scan = nullptr;
  node->waiting_count = 0;
  node->started = false;
  // Its children go on: a reset leaves them empty.
  MemoryContextResetOnly(node->run_context);
  MemoryContextReset(node->part_context);
  MemoryContextReset(node->value_context);
  ListCell *cell = nullptr;
  foreach (cell, state->custom_ps) {
    auto *rows = static_cast<PlanState *>(lfirst(cell));
    if (state->ss.ps.chgParam != nullptr) {
      UpdateChangedParamSet(rows, state->ss.ps.chgParam);
    }
    // With other parameters it begins anew by itself, when it is asked for a row.
    if (rows->chgParam == nullptr) {
      ExecReScan(rows);
    }
  }
}

void end(CustomScanState *state) {
  close_page(&as_node(state)->pages);
  ListCell *cell = nullptr;
  foreach (cell, state->custom_ps) {
    ExecEndNode(static_cast<PlanState *>(lfirst(cell)));
  }
}

// EXPLAIN
// ---------------------------------------------------------------------------------------------

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
  show("Group Key", static_cast<List *>(lsecond(plan->custom_exprs)), false);
  List *facts = NIL;
  ListCell *join = nullptr;
  foreach (join, static_cast<List *>(llast(plan->custom_exprs))) {
    facts = list_concat(facts, static_cast<List *>(lfirst(join)));
  }
  show("Join Key", facts, false);
  show("Scan Filter", static_cast<List *>(linitial(plan->custom_exprs)), true);
  if (node->table_count != 1 ||
      linitial_int(static_cast<List *>(lsecond(plan->custom_private))) !=
          linitial_int(static_cast<List *>(linitial(plan->custom_private)))) {
    ExplainPropertyInteger("Partitions", nullptr, node->table_count, es);
  }
  if (!es->analyze || node->run_context == nullptr) {
    return;
  }
  ExplainPropertyUInteger("Rows Scanned", nullptr, node->rows_read, es);
  if (plan->custom_exprs != NIL && linitial(plan->custom_exprs) != nullptr) {
    ExplainPropertyUInteger("Rows Kept", nullptr, node->rows_kept, es);
  }
  if (node->compiled->joins != NIL) {
    ExplainPropertyUInteger("Rows Joined", nullptr, node->rows_added, es);
    ExplainPropertyUInteger("Rows of Dimensions", nullptr, node->dimension_rows, es);
  }
  ExplainPropertyUInteger("Pages All-Visible", nullptr, node->pages.pages_fast, es);
  ExplainPropertyUInteger("Pages Checked", nullptr, node->pages.pages_slow, es);
  if (node->compiled->keys != NIL) {
    ExplainPropertyUInteger("Groups", nullptr, node->groups, es);
    ExplainPropertyUInteger("Group Memory", "kB", (node->most_memory + 1023) / 1024, es);
    ExplainPropertyUInteger("Scans of the Table", nullptr, node->runs, es);
  }
}

const CustomExecMethods exec_methods{
    .CustomName = "StarScan",
    .BeginCustomScan = begin,
    .ExecCustomScan = execute,
    .EndCustomScan = end,
    .ReScanCustomScan = rescan,
    .ExplainCustomScan = explain,
};

} // namespace

Node *create_state(CustomScan * /*plan*/) {
  auto *node = static_cast<ScanNode *>(palloc0(sizeof(ScanNode)));
  node->css.ss.ps.type = T_CustomScanState;
  node->css.methods = &exec_methods;
  node->pages.buffer = InvalidBuffer;
  return reinterpret_cast<Node *>(node);
}

} // namespace starhouse::pg::star_scan
