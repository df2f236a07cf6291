// Pages through the core.
#include "pg/star_scan_exec.hpp"

#include "pg/compat.hpp"
#include "pg/decimal.hpp"

extern "C" {
#include "executor/executor.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
}

#include <algorithm>
#include <cmath>

namespace starhouse::pg::star_scan {

namespace {

constexpr uint32 most_bits = 32;
// A part of so few groups is not made smaller: what it takes is not its groups.
constexpr std::size_t few_groups = 512;

void run_page(ScanNode *node, uint32 count) {
  constexpr Size some = 24; // lines of the next page
  scan::Scan *scan = node->scan;
  const std::span<const scan::Row> rows{node->rows, count};
  const scan::RowBounds &bounds = node->pages.bounds;
  std::span<const scan::Row> kept = rows;
  bool values = node->compiled->computed != NIL;
  const bool conditions = node->compiled->conditions != NIL;
  if (scan->tests_any() || conditions) {
    compute([&] { scan->read_tested(rows, bounds); });
    if (!scan->toasted().empty()) {
      fetch_toasted(scan, node->value_context);
      values = true;
    }
    fetch_ahead(&node->pages, some);
    compute([&] { kept = scan->test(rows); });
    fetch_ahead(&node->pages, some);
    if (conditions) {
      kept = meet_conditions(node, kept);
    }
    limit_joins(node, kept.size());
  }
  node->figures.rows_kept += kept.size();
  const auto add = [&](std::span<const scan::Row> last) {
    if (scan->reads_any()) {
      compute([&] { scan->read(last, bounds); });
      if (!scan->toasted().empty()) {
        fetch_toasted(scan, node->value_context);
        values = true;
      }
    }
    compute_columns(node, last.size());
    find_zones(node, last.size());
    fetch_ahead(&node->pages, some);
    compute([&] { scan->add(last.size()); });
    add_handed(node);
    fetch_ahead(&node->pages, some);
    node->figures.rows_added += last.size();
  };
  if (kept.empty()) {
    // Nothing of the page is left.
  } else if (!scan->joins_any()) {
    add(kept);
  } else {
    compute([&] { scan->read_joined(kept, bounds); });
    if (!scan->toasted().empty()) {
      fetch_toasted(scan, node->value_context);
      values = true;
    }
    fetch_ahead(&node->pages, some);
    compute([&] { scan->join(kept); });
    give_outers(node);
    fetch_ahead(&node->pages, some);
    for (;;) {
      std::span<const scan::Row> joined;
      compute([&] { joined = scan->joined(); });
      if (joined.empty()) {
        break;
      }
      CHECK_FOR_INTERRUPTS();
      add(joined);
      if (values) { // a page's rows may join any number
        MemoryContextReset(node->value_context);
      }
    }
  }
  if (values) {
    MemoryContextReset(node->value_context);
  }
}

Datum numeric_of_column(const ScanNode *node, uint32 column, uint32 row);

Datum numeric_of_decimal(const ScanNode *node, uint32 column, uint32 row) {
  const scan::Column &own = node->scan->batch()[column];
  if (own.scales[row] == scan::wide_scale) {
    return numeric_of_column(node, static_cast<uint32>(own.words[row]), row);
  }
  const exact::Decimal decimal(own.words[row], own.scales[row]);
  return numeric_of(decimal);
}

// A value that is no decimal of the core's, by the server's functions.
Datum numeric_of_column(const ScanNode *node, uint32 column, uint32 row) {
  const auto columns = static_cast<uint32>(list_length(node->compiled->columns));
  if (column < columns) {
    return varlena_of(node->scan->batch()[column].bytes[row]);
  }
  const scan::Step &step = node->program.steps[column - columns];
  if (step.operation == scan::Step::Operation::given) {
    return varlena_of(node->scan->batch()[column].bytes[row]);
  }
  const Datum left = numeric_of_decimal(node, step.left, row);
  const Datum right = numeric_of_decimal(node, step.right, row);
  switch (step.operation) {
  case scan::Step::Operation::add_decimal:
    return DirectFunctionCall2(numeric_add, left, right);
  case scan::Step::Operation::subtract_decimal:
    return DirectFunctionCall2(numeric_sub, left, right);
  default:
    return DirectFunctionCall2(numeric_mul, left, right);
  }
}

} // namespace

void fetch_toasted(scan::Scan *scan, MemoryContext context) {
  const MemoryContext old = MemoryContextSwitchTo(context);
  for (const scan::Toasted &value : scan->toasted()) {
    auto *stored = reinterpret_cast<struct varlena *>(const_cast<char *>(value.stored));
    const struct varlena *whole = pg_detoast_datum_packed(stored);
    scan->put_toasted(value, {VARDATA_ANY(whole), VARSIZE_ANY_EXHDR(whole)});
  }
  MemoryContextSwitchTo(old);
}

// Numerics that the core cannot add up go the server's way.
void add_handed(ScanNode *node) {
  if (node->scan->handed().empty()) {
    return;
  }
  const MemoryContext old = MemoryContextSwitchTo(node->part_context);
  for (const scan::Handed &value : node->scan->handed()) {
    Datum number = 0;
    if (value.column >= 0) {
      number = numeric_of_column(node, static_cast<uint32>(value.column), value.row);
    } else if (value.bytes.empty()) {
      const exact::Decimal decimal(value.digits.value(), static_cast<unsigned>(value.scale));
      number = numeric_of(decimal);
    } else {
      number = varlena_of(value.bytes);
    }
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

bool may_be_split(const ScanNode *node, scan::Part part) {
  return part.bits < most_bits && node->waiting_count + 2 <= most_waiting;
}

bool memory_is_full(const ScanNode *node) {
  return node->compiled->keys != NIL && node->scan->memory() > get_hash_memory_limit() &&
         node->scan->groups() > few_groups;
}

// How far the scan came, of the blocks that are read.
double share_read(const ScanNode *node) {
  double read = 0;
  double all = 0;
  for (int i = 0; i < node->table_count; ++i) {
    const BlockNumber blocks = read_of(node, i, RelationGetNumberOfBlocks(node->tables[i]));
    all += blocks;
    read += i < node->table ? blocks : i == node->table ? read_of(node, i, node->next_block) : 0;
  }
  return std::max(read, 1.0) / std::max(all, 1.0);
}

void split(ScanNode *node, scan::Part part, double share) {
  const double limit = static_cast<double>(get_hash_memory_limit());
  const double needed = static_cast<double>(node->scan->memory()) / share / limit;
  // Not into many at once: rows that pass may lie together, and what is still too large falls
  // again.
  uint32 bits = 1;
  while (bits < 2 && std::ldexp(1.0, static_cast<int>(bits)) < needed) {
    ++bits;
  }
  bits = std::min(bits, most_bits - part.bits);
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

namespace {

// Goes on with a part of the groups, for which there is room; false where that cannot be.
bool narrow(ScanNode *node) {
  scan::Scan *scan = node->scan;
  node->most_memory = std::max(node->most_memory, scan->memory());
  while (node->role == Role::whole && memory_is_full(node) && scan->may_narrow() &&
         may_be_split(node, scan->part())) {
    scan::Part other{};
    compute([&] { other = scan->narrow_groups(); });
    node->waiting[node->waiting_count++] = other;
  }
  return !memory_is_full(node);
}

} // namespace

bool read_pages(ScanNode *node, bool may_stop) {
  const bool count_only = node->compiled->conditions == NIL && !node->scan->tests_any() &&
                          !node->scan->reads_any() && !node->scan->joins_any();
  BlockNumber block = 0;
  while (next_block(node, &block)) {
    CHECK_FOR_INTERRUPTS();
    const uint32 count =
        read_page(&node->pages, block, block_after(node), count_only ? nullptr : node->rows);
    node->figures.rows_read += count;
    if (count > 0) {
      if (count_only) {
        node->figures.rows_kept += count;
        compute([&] { node->scan->add(count); });
      } else {
        run_page(node, count);
      }
    }
    close_page(&node->pages);
    if (node->scan->memory() > get_hash_memory_limit()) {
      // A process's different values go with its groups.
      const bool groups = memory_is_full(node);
      if (may_stop && groups && narrow(node)) {
        continue;
      }
      if (may_stop && may_be_split(node, node->scan->part()) &&
          (groups || (node->role == Role::partial && node->compiled->distinct != NIL))) {
        close_pages(&node->pages);
        return false;
      }
      node->most_memory = std::max(node->most_memory, node->scan->memory());
      compute([&] { (void)node->scan->narrow_values(get_hash_memory_limit() / 2); });
    }
  }
  return true;
}

bool run_part(ScanNode *node, scan::Part part) {
  start_scan(node, part);
  const bool may_split = may_be_split(node, part);
  bool whole = false;
  bool more = true;
  while (more) {
    first_keys(node);
    do {
      load_dimensions(node);
      forget_zones(node);
      forget_numbers(node);
      compute([&] { node->scan->use_dimensions(); });
      node->table = -1;
      node->next_block = node->end_block = 0;
      ++node->runs;
      whole = read_pages(node, may_split);
    } while (whole && next_keys(node));
    compute([&] { more = whole && node->scan->next_values(); });
  }
  node->most_memory = std::max(node->most_memory, node->scan->memory());
  if (!whole) {
    split(node, node->scan->part(), share_read(node));
    return false;
  }
  node->groups += node->scan->groups();
  node->next_group = 0;
  return true;
}

int grouped_columns(const ScanNode *node, int join) {
  const auto *known = static_cast<List *>(list_nth(node->joins, join));
  return linitial_int(static_cast<const List *>(llast(known)));
}

namespace {

// Whether there is a row that the executor would put to conditions: without one it asks for no
// value that they compare with, and an error may come of these.
bool sees_a_row(const ScanNode *node) {
  PageReader pages{};
  bool found = false;
  for (int i = 0; i < node->table_count && !found; ++i) {
    open_pages(&pages, node->tables[i], node->css.ss.ps.state->es_snapshot);
    for (BlockNumber block = 0; block < pages.blocks && !found; ++block) {
      CHECK_FOR_INTERRUPTS();
      found = read_page(&pages, block, InvalidBlockNumber, nullptr) > 0;
      close_page(&pages);
    }
    close_pages(&pages);
  }
  return found;
}

} // namespace

void start(ScanNode *node) {
  ExprContext *context = node->css.ss.ps.ps_ExprContext;
  const MemoryContext old = MemoryContextSwitchTo(node->run_context);
  TupleDesc asked = RelationGetDescr(node->css.ss.ss_currentRelation);
  node->program =
      program_of(node->compiled, context, node->compiled->may_fail && !sees_a_row(node));
  node->shapes = static_cast<scan::Shape *>(
      palloc0(sizeof(scan::Shape) * static_cast<Size>(Max(node->table_count, 1))));
  node->ruled_out =
      static_cast<bool *>(palloc0(sizeof(bool) * static_cast<Size>(Max(node->table_count, 1))));
  node->blocks =
      static_cast<Blocks *>(palloc0(sizeof(Blocks) * static_cast<Size>(Max(node->table_count, 1))));
  for (int i = 0; i < node->table_count; ++i) {
    node->shapes[i] = shape_of(node->compiled, asked, RelationGetDescr(node->tables[i]));
    node->ruled_out[i] = is_ruled_out(node->program, node->shapes[i], node->tables[i]);
    node->blocks[i] = node->ruled_out[i]
                          ? Blocks{}
                          : blocks_of(node->program, node->shapes[i], node->tables[i],
                                      node->css.ss.ps.state->es_snapshot);
  }
  if (node->role == Role::partial) {
    start_dealing(node);
  }
  node->program.shape =
      node->table_count > 0 ? node->shapes[0] : shape_of(node->compiled, asked, asked);
  node->rows = static_cast<scan::Row *>(palloc(sizeof(scan::Row) * most_rows));
  MemoryContextSwitchTo(old);
  if (node->role != Role::partial) {
    std::fill_n(node->cuts, most_joins, DimensionCut{});
  }
  start_computed(node);
  start_zones(node);
  start_dimensions(node);
  node->waiting[0] = scan::Part{};
  node->waiting_count = 1;
  node->gathered = false;
  node->finished = false;
  node->scan = nullptr;
  node->started = true;
}

} // namespace starhouse::pg::star_scan
