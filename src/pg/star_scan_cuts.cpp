// Dimensions of a star scan that have no room: part by part.
//
// What the planner expects to take more than `work_mem` times hash_mem_multiplier is no star scan
// at all; where it was mistaken, a dimension's rows fall into parts by their hashes, and the fact
// is read once for each. Two kinds of parts, for two kinds of memory:
//
//   keys    what a fact's row is looked up by. A row joins in one of the parts alone, so all of
//   them
//           go into the same groups.
//   values  what is grouped by. Groups of different parts are different ones: those of one part are
//           given out before the next one's begin, and take the place of its values with them.
//
// A single key, or value, that has no room takes what it needs, as in the executor.
#include "pg/star_scan_exec.hpp"

extern "C" {
#include "executor/executor.h"
}

#include <algorithm>

namespace starhouse::pg::star_scan {

namespace {

int join_count(const ScanNode *node) {
  return list_length(node->compiled->joins);
}

bool same(scan::Part a, scan::Part b) {
  return a.prefix == b.prefix && a.bits == b.bits;
}
bool is_last(scan::Part part) {
  return part.prefix + 1 >= 1U << part.bits;
}

// Values that dimensions are grouped by, none yet: the processes send them.
GroupValues *merged_values(const ScanNode *node, int join) {
  const MemoryContext old = MemoryContextSwitchTo(node->dimensions[join].value_memory);
  const int width = grouped_columns(node, join);
  auto *types = static_cast<Oid *>(palloc0(sizeof(Oid) * static_cast<Size>(Max(width, 1))));
  auto *collations = static_cast<Oid *>(palloc0(sizeof(Oid) * static_cast<Size>(Max(width, 1))));
  TupleDesc shape = node->css.ss.ss_ScanTupleSlot->tts_tupleDescriptor;
  ListCell *cell = nullptr;
  foreach (cell, node->compiled->keys) {
    const auto *key = static_cast<const KeyPlan *>(lfirst(cell));
    if (key->join == join) {
      const auto *attribute = TupleDescAttr(shape, foreach_current_index(cell));
      types[key->place] = attribute->atttypid;
      collations[key->place] = attribute->attcollation;
    }
  }
  foreach (cell, node->compiled->takes) {
    const auto *take = static_cast<const TakePlan *>(lfirst(cell));
    if (take->join == join) {
      types[take->place] = take->type;
      collations[take->place] = take->collation;
    }
  }
  // A process sends of a group what it took of any of its rows.
  const int keyed = static_cast<const JoinPlan *>(list_nth(node->compiled->joins, join))->keyed;
  GroupValues *values = new_values(types, collations, width, keyed, true);
  MemoryContextSwitchTo(old);
  return values;
}

// None known.
void forget_values(ScanNode *node, int join) {
  DimensionRows &own = node->dimensions[join];
  MemoryContextReset(own.value_memory);
  own.values = node->role == Role::merged ? merged_values(node, join) : nullptr;
}

Room read(ScanNode *node, int join) {
  auto *rows = static_cast<PlanState *>(list_nth(node->css.custom_ps, join));
  DimensionRows &own = node->dimensions[join];
  const auto *plan = static_cast<const JoinPlan *>(list_nth(node->compiled->joins, join));
  const Room room = read_dimension(plan, rows, grouped_columns(node, join), node->cuts[join], &own);
  node->core_joins[join].hashes = hashes_of(own.values);
  node->core_joins[join].grouped = grouped_of(own.values);
  node->core_joins[join].keys = node->cuts[join].keys;
  if (room == Room::enough) {
    node->figures.dimension_rows += own.dimension->size();
    node->loaded[join] = node->cuts[join];
  }
  return room;
}

void read_again(ScanNode *node, int join) {
  ExecReScan(static_cast<PlanState *>(list_nth(node->css.custom_ps, join)));
}

} // namespace

void read_own(ScanNode *node, int join) {
  const bool values_known = node->dimensions[join].values != nullptr;
  for (;;) {
    const Room room = read(node, join);
    if (room == Room::enough) {
      return;
    }
    if (node->role == Role::partial) {
      node->short_join = join;
      node->short_room = room;
      return;
    }
    cut_more(&node->cuts[join], room);
    if (!values_known) {
      forget_values(node, join); // they are not all, and were not measured
    }
    read_again(node, join);
  }
}

void cut_more(DimensionCut *cut, Room room) {
  scan::Part &part = room == Room::too_many_values ? cut->values : cut->keys;
  part = {.prefix = part.prefix << 1U, .bits = part.bits + 1};
}

void start_dimensions(ScanNode *node) {
  const int count = join_count(node);
  const auto some = static_cast<Size>(Max(count, 1));
  const MemoryContext own = node->dimension_context;
  node->dimensions =
      static_cast<DimensionRows *>(MemoryContextAllocZero(own, sizeof(DimensionRows) * some));
  node->core_joins =
      static_cast<scan::Join *>(MemoryContextAllocZero(own, sizeof(scan::Join) * some));
  node->program.joins = {node->core_joins, static_cast<std::size_t>(count)};
  node->short_join = -1;
  for (int i = 0; i < count; ++i) {
    const auto *plan = static_cast<const JoinPlan *>(list_nth(node->compiled->joins, i));
    DimensionRows &rows = node->dimensions[i];
    rows.value_memory =
        AllocSetContextCreate(own, "star scan dimension's values", ALLOCSET_DEFAULT_SIZES);
    rows.key_memory =
        AllocSetContextCreate(own, "star scan dimension's keys", ALLOCSET_DEFAULT_SIZES);
    node->core_joins[i] = {.dimension = nullptr,
                           .columns = {plan->columns, static_cast<std::size_t>(plan->width)},
                           .hashes = nullptr,
                           .grouped = nullptr,
                           .kind = plan->kind,
                           .keys = {},
                           .conditions = {},
                           .limited = plan->computed != NIL};
    if (node->role == Role::merged) {
      forget_values(node, i);
      node->core_joins[i].hashes = hashes_of(rows.values);
      continue;
    }
    const MemoryContext old = MemoryContextSwitchTo(own);
    node->core_joins[i].conditions = limits_of(plan, node->css.ss.ps.ps_ExprContext);
    MemoryContextSwitchTo(old);
    rows.dimension =
        static_cast<scan::Dimension *>(MemoryContextAlloc(own, sizeof(scan::Dimension)));
    node->core_joins[i].dimension = rows.dimension;
  }
  if (node->role == Role::merged) {
    return;
  }
  const bool shared = node->role == Role::partial && read_shared(node);
  for (int i = 0; !shared && i < count && node->short_join < 0; ++i) {
    read_own(node, i);
  }
  if (node->short_join >= 0) {
    // Whoever is above runs all of it again.
    std::fill_n(node->core_joins, count, scan::Join{});
  }
}

void give_outers(ScanNode *node) {
  for (;;) {
    const std::int32_t join = node->scan->wants_outer();
    if (join < 0) {
      return;
    }
    const auto *plan = static_cast<const JoinPlan *>(list_nth(node->compiled->joins, join));
    node->scan->give_outer(static_cast<std::size_t>(join),
                           outer_number(plan, node->css.ss.ps.ps_ExprContext, node->cuts[join],
                                        &node->dimensions[join]));
  }
}

void load_dimensions(ScanNode *node) {
  for (int i = 0; i < join_count(node); ++i) {
    if (!same(node->cuts[i].keys, node->loaded[i].keys) ||
        !same(node->cuts[i].values, node->loaded[i].values)) {
      read_again(node, i);
      read_own(node, i);
    }
  }
}

void first_keys(ScanNode *node) {
  for (int i = 0; i < join_count(node); ++i) {
    node->cuts[i].keys.prefix = 0;
  }
}

bool next_keys(ScanNode *node) {
  for (int i = 0; i < join_count(node); ++i) {
    scan::Part &part = node->cuts[i].keys;
    if (!is_last(part)) {
      ++part.prefix;
      return true;
    }
    part.prefix = 0;
  }
  return false;
}

bool next_values(ScanNode *node) {
  for (int i = 0; i < join_count(node); ++i) {
    scan::Part &part = node->cuts[i].values;
    const bool last = is_last(part);
    const bool cut = part.bits > 0;
    part.prefix = last ? 0 : part.prefix + 1;
    if (cut) {
      forget_values(node, i);
      node->core_joins[i].hashes =
          node->role == Role::merged ? hashes_of(node->dimensions[i].values) : nullptr;
    }
    if (!last) {
      first_keys(node);
      return true;
    }
  }
  return false;
}

int64 dimension_parts(const ScanNode *node) {
  int64 parts = 1;
  for (int i = 0; i < join_count(node); ++i) {
    parts <<= node->cuts[i].values.bits + node->cuts[i].keys.bits;
  }
  return parts;
}

} // namespace starhouse::pg::star_scan
