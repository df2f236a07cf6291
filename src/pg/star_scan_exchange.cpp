// A star scan in several processes. Below a Gather each of them reads blocks that nobody else has,
// and gives what it has, groups in pieces (core/scan/exchange.cpp), as rows of two bytea: a head of
// figures and the values that dimensions are grouped by, then the groups. The node above the Gather
// makes one of all of them.
//
// The leader is one of those processes, and the first that has its groups, mostly: the node above
// takes these over as they are, and the others' into them.
//
// A process whose memory is full gives its groups away and goes on with none. Where all groups of
// all processes are too many, the node above has the whole scan run again for a part of them.
#include "pg/star_scan_exec.hpp"

extern "C" {
#include "executor/executor.h"
}

#include <algorithm>

namespace starhouse::pg::star_scan {

namespace {

// Within the queue of a worker, which has 64 kB.
constexpr std::size_t piece_bytes = 32768;

std::string_view numeric_bytes(const void *others) noexcept {
  return {VARDATA_ANY(others), VARSIZE_ANY_EXHDR(others)};
}

Figures figures_now(const ScanNode *node) {
  Figures figures = node->figures;
  figures.pages_fast = node->pages.pages_fast;
  figures.pages_slow = node->pages.pages_slow;
  return figures;
}

Figures operator-(const Figures &a, const Figures &b) {
  return {.rows_read = a.rows_read - b.rows_read,
          .rows_kept = a.rows_kept - b.rows_kept,
          .rows_added = a.rows_added - b.rows_added,
          .dimension_rows = a.dimension_rows - b.dimension_rows,
          .pages_fast = a.pages_fast - b.pages_fast,
          .pages_slow = a.pages_slow - b.pages_slow,
          .pages_left_out = a.pages_left_out - b.pages_left_out};
}

int join_count(const ScanNode *node) {
  return list_length(node->compiled->joins);
}

// Figures since the last piece; a dimension that has no room, or -1; of each join how many values,
// and these.
Datum head_of_piece(ScanNode *node) {
  Size size = VARHDRSZ + sizeof(Figures) + sizeof(int32);
  for (int join = 0; join < join_count(node); ++join) {
    size +=
        sizeof(uint32) + size_of_values(node->dimensions[join].values,
                                        node->scan->written_codes(static_cast<std::size_t>(join)));
  }
  auto *head = static_cast<char *>(palloc(size));
  SET_VARSIZE(head, size);
  char *to = VARDATA(head);
  const Figures figures = figures_now(node);
  const Figures since = figures - node->written;
  node->written = figures;
  std::memcpy(to, &since, sizeof since);
  to += sizeof since;
  const int32 wanting =
      node->short_join < 0
          ? -1
          : node->short_join * 2 + (node->short_room == Room::too_many_values ? 1 : 0);
  std::memcpy(to, &wanting, sizeof wanting);
  to += sizeof wanting;
  for (int join = 0; join < join_count(node); ++join) {
    const auto codes = node->scan->written_codes(static_cast<std::size_t>(join));
    const auto count = static_cast<uint32>(codes.size());
    std::memcpy(to, &count, sizeof count);
    to += sizeof count;
    write_values(node->dimensions[join].values, codes, &to);
  }
  return PointerGetDatum(head);
}

void write_piece(ScanNode *node, TupleTableSlot *slot) {
  compute(
      [&] { node->next_group = node->scan->write(node->next_group, piece_bytes, numeric_bytes); });
  ExecClearTuple(slot);
  const int width = slot->tts_tupleDescriptor->natts;
  std::fill_n(slot->tts_isnull, width, true);
  slot->tts_values[width - 2] = head_of_piece(node);
  slot->tts_values[width - 1] = varlena_of(node->scan->written());
  slot->tts_isnull[width - 2] = slot->tts_isnull[width - 1] = false;
  ExecStoreVirtualTuple(slot);
}

void add_figures(Figures *all, const Figures &figures) {
  all->rows_read += figures.rows_read;
  all->rows_kept += figures.rows_kept;
  all->rows_added += figures.rows_added;
  all->dimension_rows += figures.dimension_rows;
  all->pages_fast += figures.pages_fast;
  all->pages_slow += figures.pages_slow;
  all->pages_left_out += figures.pages_left_out;
}

// In memory of one row.
void merge_piece(ScanNode *node, TupleTableSlot *slot) {
  slot_getallattrs(slot);
  auto *head = reinterpret_cast<struct varlena *>(DatumGetPointer(slot->tts_values[0]));
  auto *groups = reinterpret_cast<struct varlena *>(DatumGetPointer(slot->tts_values[1]));
  char *from = VARDATA_ANY(head);
  Figures figures{};
  std::memcpy(&figures, from, sizeof figures);
  add_figures(&node->figures, figures);
  from += sizeof figures;
  int32 wanting = -1;
  std::memcpy(&wanting, from, sizeof wanting);
  from += sizeof wanting;
  if ((wanting >= 0 && node->pieces > 0) || (wanting < 0 && node->short_join >= 0)) {
    elog(ERROR, "rows of a dimension differ from process to process");
  }
  if (wanting >= 0) {
    node->short_join = wanting / 2;
    node->short_room = wanting % 2 != 0 ? Room::too_many_values : Room::too_many_keys;
    return;
  }
  ++node->pieces;
  const auto joins = static_cast<std::size_t>(join_count(node));
  auto *codes = static_cast<std::span<const std::uint32_t> *>(
      palloc0(sizeof(std::span<const std::uint32_t>) * std::max<std::size_t>(joins, 1)));
  for (std::size_t join = 0; join < joins; ++join) {
    uint32 count = 0;
    std::memcpy(&count, from, sizeof count);
    from += sizeof count;
    auto *numbers = static_cast<std::uint32_t *>(palloc(sizeof(std::uint32_t) * Max(count, 1)));
    read_values(node->dimensions[join].values, count, &from, node->dimensions[join].value_memory,
                numbers);
    codes[join] = {numbers, count};
  }
  compute([&] {
    node->scan->absorb({VARDATA_ANY(groups), VARSIZE_ANY_EXHDR(groups)}, {codes, joins});
  });
  add_handed(node);
}

// The groups of the leader's own process to the node above, which has none yet; false where that
// cannot be. What they are grouped by of dimensions is numbered by either for itself.
bool hand_over(ScanNode *node) {
  ScanNode *above = node->above;
  node->above = nullptr;
  if (above == nullptr || node->pages_left || node->short_join >= 0 || above->short_join >= 0 ||
      above->pieces > 0 || groups_by_dimension(node->compiled)) {
    return false;
  }
  std::swap(above->part_context, node->part_context);
  std::swap(above->memory, node->memory);
  std::swap(above->scan, node->scan);
  above->scan->use_program(above->program);
  ++above->pieces;
  const Figures figures = figures_now(node);
  add_figures(&above->figures, figures - node->written);
  node->written = figures;
  return true;
}

} // namespace

// False where there are no more.
bool next_piece(ScanNode *node, TupleTableSlot *slot) {
  if (node->shared == nullptr) {
    // Nobody else: the server found no worker, or may have none.
    node->shared = static_cast<SharedScan *>(
        MemoryContextAllocZero(node->css.ss.ps.state->es_query_cxt, shared_size(node)));
    node->shared_here = true;
  }
  if (!node->started) {
    if (node->shared_here) {
      share(node, node->shared, false);
    }
    std::copy_n(node->shared->cuts, most_joins, node->cuts);
    start(node);
    node->part = node->shared->part;
    node->values = node->shared->values;
    node->table = -1;
    node->next_block = node->end_block = 0;
    node->writing = false;
    node->pages_left = true;
  }
  if (!node->writing) {
    if (!node->pages_left) {
      return false;
    }
    start_scan(node, node->part);
    compute([&] { node->scan->take_values(node->values); });
    // The table whose blocks it was at.
    if (node->table >= 0) {
      compute([&] { node->scan->use_shape(node->shapes[node->table]); });
    }
    if (node->short_join < 0) {
      begin_reading(node);
    }
    node->pages_left = node->short_join < 0 && !read_pages(node, true);
    node->next_group = 0;
    if (hand_over(node)) {
      return false;
    }
    node->writing = true;
  }
  const MemoryContext old =
      MemoryContextSwitchTo(node->css.ss.ps.ps_ExprContext->ecxt_per_tuple_memory);
  write_piece(node, slot);
  MemoryContextSwitchTo(old);
  node->writing = node->next_group < node->scan->groups();
  return true;
}

namespace {

// All pieces of a run of the processes; false where there is no room for their groups.
bool merge_pieces(ScanNode *node, PlanState *gather, bool may_split) {
  ExprContext *context = node->css.ss.ps.ps_ExprContext;
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    TupleTableSlot *slot = ExecProcNode(gather);
    if (TupIsNull(slot)) {
      return !(may_split && memory_is_full(node));
    }
    ResetExprContext(context);
    const MemoryContext old = MemoryContextSwitchTo(context->ecxt_per_tuple_memory);
    merge_piece(node, slot);
    MemoryContextSwitchTo(old);
    node->most_memory = std::max(node->most_memory, node->scan->memory());
    if (may_split && memory_is_full(node)) {
      return false;
    }
    if (node->scan->memory() > get_hash_memory_limit()) {
      compute([&] { (void)node->scan->narrow_values(get_hash_memory_limit() / 2); });
    }
  }
}

} // namespace

bool merge_part(ScanNode *node, scan::Part part) {
  auto *gather = static_cast<PlanState *>(linitial(node->css.custom_ps));
  ScanNode *process = as_node(castNode(CustomScanState, outerPlanState(gather)));
  start_scan(node, part);
  const bool may_split = may_be_split(node, part);
  bool more = true;
  bool first = true;
  while (more) {
    first_keys(node);
    do {
      // Dimensions that have no room in a process are found out before it sends any group.
      do {
        process->part = part;
        process->values = node->scan->values();
        std::copy_n(node->cuts, most_joins, process->cuts);
        if (node->gathered) {
          ExecReScan(gather);
        }
        node->gathered = true;
        node->short_join = -1;
        node->pieces = 0;
        ++node->runs;
        process->above = first ? node : nullptr;
        if (!merge_pieces(node, gather, may_split)) {
          // How much of the table that was is not known here.
          constexpr double supposed = 0.3;
          split(node, part, supposed);
          return false;
        }
        if (node->short_join >= 0) {
          cut_more(&node->cuts[node->short_join], node->short_room);
        }
      } while (node->short_join >= 0);
      first = false;
    } while (next_keys(node));
    compute([&] { more = node->scan->next_values(); });
  }
  node->most_memory = std::max(node->most_memory, node->scan->memory());
  node->groups += node->scan->groups();
  node->next_group = 0;
  return true;
}

Size shared_size(const ScanNode *node) {
  return offsetof(SharedScan, next) +
         sizeof(pg_atomic_uint64) * static_cast<Size>(Max(node->table_count, 1));
}

void share(ScanNode *node, SharedScan *shared, bool again) {
  shared->part = node->part;
  shared->values = node->values;
  std::copy_n(node->cuts, most_joins, shared->cuts);
  share_dimensions(node, shared, again);
  pg_atomic_init_u32(&shared->leader_reads, 0);
  for (int i = 0; i < node->table_count; ++i) {
    pg_atomic_init_u64(&shared->next[i], 0);
  }
}

} // namespace starhouse::pg::star_scan
