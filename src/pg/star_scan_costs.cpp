// What star scans cost, in the planner's units.
#include "pg/star_scan_plan.hpp"

#include "pg/compat.hpp"
#include "pg/shared_buffers.hpp"
#include "pg/star_scan_own_known.hpp"
#include "pg/star_scan_reason.hpp"

extern "C" {
#include "executor/nodeHash.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "storage/fd.h"
#include "utils/spccache.h"
}

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace starhouse::pg::star_scan {

namespace {

struct Costs {
  double startups;   // of expressions: their subplans, which each process has for itself
  double dimensions; // that are read first
  double dearest;    // of these
  double descents;   // into indexes
  double pages;      // of the fact
  double rows;       // of it, by the processor
  double blocks;     // of the fact
};

void add_computed(PlannerInfo *root, const List *plans, double rows, Costs *costs) {
  constexpr double row_steps = 2;  // a row made of columns
  constexpr double take_steps = 6; // and of dimensions' values
  ListCell *cell = nullptr;
  foreach (cell, plans) {
    const auto *plan = static_cast<const ComputedPlan *>(lfirst(cell));
    QualCost cost{};
    cost_qual_eval_node(&cost, reinterpret_cast<Node *>(plan->expr), root);
    costs->startups += cost.startup;
    const double steps = plan->takes == NIL ? row_steps : take_steps;
    costs->rows += rows * (cost.per_tuple + steps * cpu_operator_cost);
  }
}

// What the core takes for a row, in units of cpu_operator_cost: a page's row to be found, columns
// to be read, tests, a group to be found, aggregates. Measured against the executor's own steps.
Costs costs_of(PlannerInfo *root, const CustomPath *path, const Costed &costed) {
  constexpr double row_steps = 0.6;
  constexpr double column_steps = 0.15;
  constexpr double test_steps = 0.15;
  constexpr double join_steps = 0.5;
  constexpr double key_steps = 0.8;
  constexpr double aggregate_steps = 0.3;
  constexpr double distinct_steps = 1.5;
  constexpr double entry_steps = 4;
  const Compiled *compiled = costed.compiled;
  Costs costs{};
  double pages = 0;
  double rows = 0;
  double entries = 0;
  double page_cost = 0;
  ListCell *cell = nullptr;
  foreach (cell, costed.star->leaves) {
    const auto *table = static_cast<const RelOptInfo *>(lfirst(cell));
    const Share share = share_of(root, costed.star->fact, table);
    pages += table->pages * share.blocks;
    rows += table->tuples * share.blocks;
    entries += share.entries;
    costs.descents += share.descents;
    get_tablespace_page_costs(table->reltablespace, nullptr, &page_cost);
  }
  foreach (cell, path->custom_paths) {
    const auto *dimension = static_cast<const Path *>(lfirst(cell));
    const auto *join =
        static_cast<const StarJoin *>(list_nth(costed.star->joins, foreach_current_index(cell)));
    // Its rows are found by what is joined by, and numbered by what is grouped by and by the rest.
    const double row_steps_of_dimension = 4 + 6 * (list_length(join->groups) - join->keyed);
    const double own =
        dimension->total_cost + dimension->rows * row_steps_of_dimension * cpu_operator_cost;
    costs.dimensions += own;
    costs.dearest = std::max(costs.dearest, own);
  }
  const double tested = std::min(costed.star->fact->rows, rows);
  double steps = rows * row_steps + entries * entry_steps;
  steps += rows * (list_length(compiled->tested) * column_steps +
                   list_length(compiled->tests) * test_steps);
  steps += tested * (list_length(compiled->joined) * column_steps +
                     list_length(compiled->joins) * join_steps);
  steps += costed.joined_rows * (list_length(compiled->columns) * column_steps +
                                 list_length(compiled->core_keys) * key_steps +
                                 list_length(compiled->aggregates) * aggregate_steps +
                                 list_length(compiled->distinct) * distinct_steps +
                                 list_length(compiled->steps) * column_steps);
  foreach (cell, compiled->joins) {
    steps += tested * list_length(static_cast<const JoinPlan *>(lfirst(cell))->tests) * test_steps;
  }
  add_computed(root, compiled->conditions, tested, &costs);
  add_computed(root, compiled->limits, tested, &costs);
  add_computed(root, compiled->computed, costed.joined_rows, &costs);
  costs.pages = pages * page_cost;
  costs.blocks = pages;
  costs.rows += steps * cpu_operator_cost;
  return costs;
}

// What the states of a group refer to grows with its rows.
double group_bytes(const Costed &costed) {
  const double rows = costed.joined_rows / std::max(costed.groups, 1.0);
  double outer = 0;
  ListCell *cell = nullptr;
  foreach (cell, costed.compiled->own) {
    outer += static_cast<const Known *>(lfirst(cell))->referred->bytes(rows);
  }
  return costed.groups * (costed.compiled->state_bytes + outer +
                          16.0 * (list_length(costed.compiled->core_keys) + 1) + 32);
}

// To send the states of all groups, or to merge them.
double exchange_cost(const Costed &costed, double processes) {
  constexpr double word = 8;
  const double groups = costed.groups * processes;
  const double rows = costed.joined_rows / std::max(groups, 1.0);
  double steps = 0;
  ListCell *cell = nullptr;
  foreach (cell, costed.compiled->own) {
    const Referred *referred = static_cast<const Known *>(lfirst(cell))->referred;
    steps += groups * referred->bytes(rows) / word * referred->exchange_steps;
  }
  return steps * cpu_operator_cost;
}

// What workers cost that parallel_setup_cost does not reckon with, in parts of it (1000 as a rule),
// so that who sets it to 0 has workers in any case. Measured on PostgreSQL 15 against rows, of
// which the core does some 250 units of cpu_operator_cost in a microsecond: to start and end a
// worker takes 6 ms, 3.5 where the server has the library loaded before, and a page of shared
// buffers, which a new process has to map, 1.3 us.
struct Workers {
  double starts; // of all
  double page;   // the first time that a worker comes to it
};

Workers cost_of_workers(int workers) {
  const double of_start = preloaded ? 2.1 : 3.6;
  constexpr double of_page = 0.0008;
  return {.starts = workers * of_start * parallel_setup_cost,
          .page = shared_buffers_in_huge_pages() ? 0 : of_page * parallel_setup_cost};
}

// As many as the control group's quota of processor time comes to, as containers have it; where
// there is none, or it is not to be read, any number.
double quota_of_processors() {
  double quota = 0;
  double period = 0;
  int read = 0;
  if (FILE *file = AllocateFile("/sys/fs/cgroup/cpu.max", "r")) {
    read = std::fscanf(file, "%lf %lf", &quota, &period); // "max 100000": 0
    FreeFile(file);
  }
  return read == 2 && quota > 0 && period > 0 ? quota / period
                                              : std::numeric_limits<double>::infinity();
}

int processors_allowed() {
#ifdef CPU_COUNT
  cpu_set_t own;
  CPU_ZERO(&own);
  if (sched_getaffinity(0, sizeof own, &own) == 0) {
    return CPU_COUNT(&own);
  }
#endif
  return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)); // -1: unknown
}

// That this process has.
int processors() {
  static int known = 0; // not yet
  if (known == 0) {
    const int allowed = processors_allowed();
    const double most = allowed < 1 ? std::numeric_limits<int>::max() : allowed;
    known = static_cast<int>(std::min(most, std::ceil(quota_of_processors())));
  }
  return known;
}

bool may_be_halved(const Compiled *compiled) {
  ListCell *cell = nullptr;
  foreach (cell, compiled->aggregates) {
    if (!scan::can_be_left(static_cast<const AggregatePlan *>(lfirst(cell))->aggregate)) {
      return false;
    }
  }
  return true;
}

// The groups as rows, which conditions are put to.
void add_result(CustomPath *path, PlannerInfo *root, const Costed &costed) {
  path->path.rows = costed.rows;
  const QualCost target = path->path.pathtarget->cost;
  QualCost condition{};
  cost_qual_eval(&condition, costed.having, root);
  path->path.startup_cost += target.startup + condition.startup + costed.groups * cpu_operator_cost;
  path->path.total_cost = path->path.startup_cost +
                          costed.groups * (cpu_tuple_cost + target.per_tuple + condition.per_tuple);
  if (!enable_seqscan) {
    compat::disable_path(&path->path); // it is a sequential scan, too
  }
}

} // namespace

// The leader reads as much as a worker does, and a process more than there are processors only
// costs its start; but who sets a table's parallel_workers, or those of partitions, knows better.
int workers_for(const Star *star, double pages) {
  int asked = -1;
  bool all_asked = star->leaves != NIL;
  ListCell *cell = nullptr;
  foreach (cell, star->leaves) {
    const auto *table = static_cast<const RelOptInfo *>(lfirst(cell));
    asked = std::max(asked, table->rel_parallel_workers);
    all_asked = all_asked && table->rel_parallel_workers >= 0;
  }
  if (!all_asked) {
    const int most = processors() - (parallel_leader_participation ? 1 : 0);
    const int own = compute_parallel_worker(star->fact, pages, -1, max_parallel_workers_per_gather);
    asked = std::max(asked, std::min(own, most));
  }
  return std::min(asked, max_parallel_workers_per_gather);
}

void set_costs(CustomPath *path, PlannerInfo *root, const Costed &costed) {
  constexpr double start_cost = 5; // its arrays; not worth it for a few hundred rows
  constexpr double distinct_bytes = 48;
  const Costs costs = costs_of(root, path, costed);
  const double limit = static_cast<double>(get_hash_memory_limit());
  const double bytes =
      (costed.compiled->keys == NIL ? 0 : group_bytes(costed)) + costed.distinct * distinct_bytes;
  const double parts = std::max(1.0, bytes / limit);
  // Parts are found out on the way, and each reads the table: they are halves of halves, full by
  // three quarters; and where groups cannot be left behind scans that had no room came to nothing.
  const double runs = parts <= 1 ? 1 : (may_be_halved(costed.compiled) ? 1.5 : 2) * parts;
  path->path.startup_cost = start_cost + costs.startups + costs.dimensions + costs.descents +
                            runs * (costs.pages + costs.rows);
  add_result(path, root, costed);
}

void set_partial_costs(CustomPath *path, PlannerInfo *root, const Costed &costed) {
  constexpr double value_steps = 3;
  constexpr double start_cost = 5;
  constexpr double piece = 32768;
  const Costs costs = costs_of(root, path, costed);
  // The leader merges groups only after its own share.
  const int workers = path->path.parallel_workers;
  const double leader = parallel_leader_participation ? 1.0 : 0.0;
  constexpr double value_bytes = 12;
  path->path.rows =
      std::ceil(std::max(1.0, (group_bytes(costed) + costed.distinct * value_bytes) / piece));
  // Who is quicker reads more: the leader's pages are mapped, mostly.
  const Workers own = cost_of_workers(workers);
  const double for_worker = costs.rows + costs.blocks * own.page;
  const double rows =
      1.0 / (leader / std::max(costs.rows, 1.0) + workers / std::max(for_worker, 1.0));
  // Each dimension is read by one of them.
  const double dimensions = std::max(costs.dearest, costs.dimensions / (leader + workers));
  path->path.startup_cost =
      start_cost + costs.startups + dimensions + costs.descents + costs.pages + own.starts + rows;
  path->path.total_cost = path->path.startup_cost +
                          (costed.groups + costed.distinct * value_steps) * cpu_operator_cost +
                          exchange_cost(costed, workers + leader) / (workers + leader);
}

void set_merging_costs(CustomPath *path, const GatherPath *gather, PlannerInfo *root,
                       const Costed &costed) {
  // Each process may have each of the groups; the leader's are taken over as they are.
  constexpr double value_steps = 3;
  const bool takes_over = parallel_leader_participation && !groups_by_dimension(costed.compiled);
  const double processes = gather->num_workers + (takes_over ? 0 : 1);
  const double groups = costed.groups * processes;
  const double values = std::min(costed.distinct * processes, costed.joined_rows);
  path->path.startup_cost =
      gather->path.total_cost + (groups * 2 + values * value_steps) * cpu_operator_cost +
      exchange_cost(costed, gather->num_workers + 1) * processes / (gather->num_workers + 1);
  add_result(path, root, costed);
}

// For what is planned above the groups. Each way to make them is dearer by the rows that are not
// reckoned with, the executor's by more; their order stays.
void expect_more(RelOptInfo *grouped, const Costed &costed, double rows, double groups) {
  constexpr double own_steps = 3;
  constexpr double other_steps = 8;
  const double share = groups / std::max(costed.groups, 1.0);
  ListCell *cell = nullptr;
  foreach (cell, grouped->pathlist) {
    auto *path = static_cast<Path *>(lfirst(cell));
    const double steps = is_star_scan(path) ? own_steps : other_steps;
    path->total_cost += (rows - costed.joined_rows) * steps * cpu_operator_cost +
                        (groups - costed.groups) * cpu_tuple_cost;
    path->rows = clamp_row_est(path->rows * share);
  }
}

// The executor batches a hash join that does not fit; here a dimension is in memory.
bool dimensions_fit(const Star *star) {
  double bytes = 0;
  ListCell *cell = nullptr;
  foreach (cell, star->joins) {
    const auto *join = static_cast<const StarJoin *>(lfirst(cell));
    bytes += join->rel->cheapest_total_path->rows * (64 + 2.0 * join->rel->reltarget->width);
  }
  return bytes <= static_cast<double>(get_hash_memory_limit()) ||
         refuse("dimensions beyond work_mem");
}

bool groups_fit(const Costed &costed) {
  return costed.compiled->keys == NIL ||
         group_bytes(costed) <= static_cast<double>(get_hash_memory_limit());
}

} // namespace starhouse::pg::star_scan
