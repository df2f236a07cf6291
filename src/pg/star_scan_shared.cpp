// Dimensions that the processes of a scan share. One of them reads a dimension, whoever comes
// first, and leaves what it made in the query's shared memory, where all of them look rows up. The
// dearest is taken first, by the process that is there while the others still start.
//
// Whoever has nothing left to take waits for those who have. A process that fails on the way fails
// the query: the leader hears of it, and ends the others, whose wait heeds interrupts.
#include "pg/star_scan_exec.hpp"

extern "C" {
#include "executor/executor.h"
#include "utils/wait_event.h"
}

#include <algorithm>

namespace starhouse::pg::star_scan {

namespace {

enum State : uint32 { untaken, taken, settled, short_of_room };

bool take(SharedDimension *shared) {
  uint32 expected = untaken;
  return pg_atomic_compare_exchange_u32(&shared->state, &expected, taken);
}

void settle(SharedScan *scan, SharedDimension *shared, State state) {
  pg_write_barrier();
  pg_atomic_write_u32(&shared->state, state);
  ConditionVariableBroadcast(&scan->settled);
}

State wait_for(SharedScan *scan, SharedDimension *shared) {
  uint32 state = pg_atomic_read_u32(&shared->state);
  if (state == taken) {
    ConditionVariablePrepareToSleep(&scan->settled);
    while ((state = pg_atomic_read_u32(&shared->state)) == taken) {
      ConditionVariableSleep(&scan->settled, WAIT_EVENT_HASH_BUILD_HASH_INNER);
    }
    ConditionVariableCancelSleep();
  }
  pg_read_barrier();
  return static_cast<State>(state);
}

const JoinPlan *plan_of(const ScanNode *node, int join) {
  return static_cast<const JoinPlan *>(list_nth(node->compiled->joins, join));
}

PlanState *rows_of(const ScanNode *node, int join) {
  return static_cast<PlanState *>(list_nth(node->css.custom_ps, join));
}

// As if it had been read here.
void lend(ScanNode *node, int join, dsa_area *area) {
  const SharedDimension &shared = node->shared->dimensions[join];
  const auto *image = static_cast<const char *>(dsa_get_address(area, shared.image));
  const JoinPlan *plan = plan_of(node, join);
  DimensionRows &own = node->dimensions[join];
  MemoryContextReset(own.value_memory);
  MemoryContextReset(own.key_memory);
  begin_values(rows_of(node, join), plan, grouped_columns(node, join), &own);
  const MemoryContext callers = MemoryContextSwitchTo(own.value_memory);
  lend_values(own.values, image + shared.values_at);
  MemoryContextSwitchTo(callers);
  auto *memory =
      new (MemoryContextAlloc(own.key_memory, sizeof(ContextMemory))) ContextMemory(own.key_memory);
  compute([&] {
    const Env env{.memory = memory, .cancel_requested = cancel_requested};
    new (own.dimension) scan::Dimension(env, static_cast<std::size_t>(plan->width));
    own.dimension->lend(image);
  });
  node->core_joins[join].hashes = hashes_of(own.values);
  node->core_joins[join].grouped = grouped_of(own.values);
  node->core_joins[join].keys = node->cuts[join].keys;
  node->loaded[join] = node->cuts[join];
}

void read_for_all(ScanNode *node, int join, dsa_area *area) {
  SharedDimension *shared = &node->shared->dimensions[join];
  read_own(node, join);
  if (node->short_join >= 0) {
    shared->room = node->short_room;
    settle(node->shared, shared, short_of_room);
    return;
  }
  const DimensionRows &own = node->dimensions[join];
  shared->values_at = own.dimension->image_size();
  shared->image =
      dsa_allocate_extended(area, shared->values_at + size_of_image(own.values), DSA_ALLOC_HUGE);
  auto *image = static_cast<char *>(dsa_get_address(area, shared->image));
  own.dimension->write_image(image);
  write_image(own.values, image + shared->values_at);
  settle(node->shared, shared, settled);
  lend(node, join, area); // and gives back its own
}

} // namespace

void share_dimensions(const ScanNode *node, SharedScan *shared, bool again) {
  const int count = list_length(node->compiled->joins);
  if (!again) {
    ConditionVariableInit(&shared->settled);
  }
  for (int join = 0; join < count; ++join) {
    SharedDimension *own = &shared->dimensions[join];
    if (again && DsaPointerIsValid(own->image)) {
      dsa_free(node->css.ss.ps.state->es_query_dsa, own->image);
    }
    own->image = InvalidDsaPointer;
    pg_atomic_init_u32(&own->state, untaken);
  }
}

bool read_shared(ScanNode *node) {
  dsa_area *area = node->css.ss.ps.state->es_query_dsa;
  const bool alone = node->workers != nullptr && node->workers->nworkers_launched == 0;
  if (area == nullptr || node->shared_here || alone) {
    return false;
  }
  const int count = list_length(node->compiled->joins);
  int order[most_joins];
  bool here[most_joins]{};
  for (int join = 0; join < count; ++join) {
    order[join] = join;
  }
  std::sort(order, order + count, [&](int a, int b) {
    const Cost one = rows_of(node, a)->plan->total_cost;
    const Cost other = rows_of(node, b)->plan->total_cost;
    return one > other || (one == other && a < b);
  });
  for (int i = 0; i < count; ++i) {
    const int join = order[i];
    here[join] = take(&node->shared->dimensions[join]);
    if (here[join]) {
      read_for_all(node, join, area);
      if (node->short_join >= 0) {
        return true;
      }
    }
  }
  for (int i = 0; i < count; ++i) {
    const int join = order[i];
    if (here[join]) {
      continue;
    }
    SharedDimension *shared = &node->shared->dimensions[join];
    if (wait_for(node->shared, shared) == short_of_room) {
      node->short_join = join;
      node->short_room = shared->room;
      return true;
    }
    lend(node, join, area);
  }
  return true;
}

} // namespace starhouse::pg::star_scan
