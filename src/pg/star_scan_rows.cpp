// The rows of a dimension that is a plain scan of a table with conditions: found as a star scan
// finds those of the fact, page by page, and only those that pass are made tuples of. What the
// node's own scan would give is given, and its figures are those that EXPLAIN ANALYZE expects.
#include "pg/star_scan_exec.hpp"

#include "pg/star_scan_compile.hpp"
#include "pg/star_scan_reason.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/tableam.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#include "optimizer/clauses.h"
}

#include <new>

namespace starhouse::pg::star_scan {

struct TestedRows {
  SeqScanState *state;
  PageReader pages;
  MemoryContext value_context;
  scan::Scan *scan;
  scan::Row *rows;
  const scan::Row *kept; // of the page, from this one on
  std::size_t kept_count;
  OffsetNumber offset; // where that is looked for
  BlockNumber block;
  BlockNumber next_block;
  HeapTupleData tuple; // of the slot
  bool values;         // of this page were fetched
};

namespace {

// To make ready takes as long as the executor does for the rows of some blocks.
constexpr BlockNumber few_blocks = 4;

// Null where the core does not know its conditions.
Compiled *conditions_of(const SeqScanState *state) {
  const Plan *plan = state->ss.ps.plan;
  const Relation table = state->ss.ss_currentRelation;
  if (plan->qual == NIL || plan->parallel_aware || state->ss.ps.state->es_epq_active != nullptr ||
      table->rd_tableam != GetHeapamTableAmRoutine() ||
      RelationGetNumberOfBlocks(table) < few_blocks ||
      contain_subplans(reinterpret_cast<Node *>(plan->qual))) {
    return nullptr;
  }
  Question question{};
  question.table = reinterpret_cast<const Scan *>(plan)->scanrelid;
  question.quals = plan->qual;
  Compiled *compiled = compile(question);
  forget_reason(); // nobody plans
  // What the core does not know itself is the executor's from the start.
  if (compiled == nullptr || compiled->conditions != NIL) {
    return nullptr;
  }
  ListCell *cell = nullptr;
  foreach (cell, compiled->tests) {
    // The executor does not ask for it where no row comes so far.
    if (may_fail_once(static_cast<const TestPlan *>(lfirst(cell)))) {
      return nullptr;
    }
  }
  return compiled;
}

void next_page(TestedRows *rows) {
  scan::Scan *scan = rows->scan;
  if (rows->values) {
    MemoryContextReset(rows->value_context);
    rows->values = false;
  }
  rows->block = rows->next_block++;
  const BlockNumber next =
      rows->next_block < rows->pages.blocks ? rows->next_block : InvalidBlockNumber;
  const uint32 count = read_page(&rows->pages, rows->block, next, rows->rows);
  const std::span<const scan::Row> all{rows->rows, count};
  std::span<const scan::Row> kept;
  if (count > 0) {
    compute([&] { scan->read_tested(all, rows->pages.bounds); });
    rows->values = !scan->toasted().empty();
    if (rows->values) {
      fetch_toasted(scan, rows->value_context);
    }
    compute([&] { kept = scan->test(all); });
  }
  rows->kept = kept.data();
  rows->kept_count = kept.size();
  rows->offset = FirstOffsetNumber;
  InstrCountFiltered1(&rows->state->ss.ps, count - kept.size());
}

// The row's tuple, which the pin of its page keeps in its place.
TupleTableSlot *store(TestedRows *rows, const scan::Row &row) {
  const auto page = static_cast<Page>(BufferGetPage(rows->pages.buffer));
  for (;; ++rows->offset) {
    const ItemId item = PageGetItemId(page, rows->offset);
    if (!ItemIdIsNormal(item)) {
      continue;
    }
    auto *header = reinterpret_cast<HeapTupleHeader>(PageGetItem(page, item));
    if (reinterpret_cast<const char *>(header) + header->t_hoff == row.data) {
      rows->tuple.t_data = header;
      rows->tuple.t_len = ItemIdGetLength(item);
      break;
    }
  }
  rows->tuple.t_tableOid = RelationGetRelid(rows->pages.table);
  ItemPointerSet(&rows->tuple.t_self, rows->block, rows->offset++);
  return ExecStoreBufferHeapTuple(&rows->tuple, rows->state->ss.ss_ScanTupleSlot,
                                  rows->pages.buffer);
}

TupleTableSlot *next_row(TestedRows *rows) {
  ScanState &scan = rows->state->ss;
  ResetExprContext(scan.ps.ps_ExprContext);
  while (rows->kept_count == 0) {
    CHECK_FOR_INTERRUPTS();
    ExecClearTuple(scan.ss_ScanTupleSlot);
    close_page(&rows->pages);
    if (rows->next_block >= rows->pages.blocks) {
      return nullptr;
    }
    next_page(rows);
  }
  --rows->kept_count;
  TupleTableSlot *slot = store(rows, *rows->kept++);
  if (scan.ps.ps_ProjInfo == nullptr) {
    return slot;
  }
  scan.ps.ps_ExprContext->ecxt_scantuple = slot;
  return ExecProject(scan.ps.ps_ProjInfo);
}

} // namespace

TestedRows *test_rows(PlanState *plan) {
  if (!IsA(plan, SeqScanState)) {
    return nullptr;
  }
  auto *state = reinterpret_cast<SeqScanState *>(plan);
  Compiled *compiled = conditions_of(state);
  if (compiled == nullptr) {
    return nullptr;
  }
  // As the executor: it begins anew where parameters are others.
  if (plan->chgParam != nullptr) {
    ExecReScan(plan);
  }
  init_expressions(compiled, plan);
  const Relation table = state->ss.ss_currentRelation;
  auto *rows = static_cast<TestedRows *>(palloc0(sizeof(TestedRows)));
  rows->state = state;
  rows->value_context =
      AllocSetContextCreate(CurrentMemoryContext, "star scan values", ALLOCSET_DEFAULT_SIZES);
  rows->rows = static_cast<scan::Row *>(palloc(sizeof(scan::Row) * most_rows));
  scan::Program program = program_of(compiled, plan->ps_ExprContext, false);
  program.shape = shape_of(compiled, RelationGetDescr(table), RelationGetDescr(table));
  auto *memory = new (palloc(sizeof(ContextMemory))) ContextMemory(CurrentMemoryContext);
  void *place = palloc(sizeof(scan::Scan));
  compute([&] {
    const Env env{.memory = memory, .cancel_requested = cancel_requested};
    rows->scan = new (place) scan::Scan(env, program, most_rows, scan::Part{});
  });
  open_pages(&rows->pages, table, plan->state->es_snapshot);
  return rows;
}

TupleTableSlot *next_tested(TestedRows *rows) {
  Instrumentation *figures = rows->state->ss.ps.instrument;
  if (figures == nullptr) {
    return next_row(rows);
  }
  InstrStartNode(figures);
  TupleTableSlot *slot = next_row(rows);
  InstrStopNode(figures, slot == nullptr ? 0.0 : 1.0);
  return slot;
}

void end_tested(TestedRows *rows) {
  ExecClearTuple(rows->state->ss.ss_ScanTupleSlot);
  close_pages(&rows->pages);
}

} // namespace starhouse::pg::star_scan
