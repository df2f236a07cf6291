// The node of star scans as its parts see it.
//
//   star_scan_exec.cpp      the server's calls
//   star_scan_run.cpp       pages through the core
//   star_scan_deal.cpp      which of them a process reads
//   star_scan_rows.cpp      pages of a dimension
//   star_scan_partitions.cpp  partitions that are not read
//   star_scan_blocks.cpp    blocks that are not read
//   star_scan_computed.cpp  what the executor's expressions say of rows
//   star_scan_zones.cpp     clocks of zones that dimensions have
//   star_scan_cuts.cpp      dimensions, part by part where they have no room
//   star_scan_shared.cpp    dimensions that processes share
//   star_scan_groups.cpp    groups as rows
//   star_scan_foremost.cpp  groups that are needed
//   star_scan_exchange.cpp  groups from process to process
//   star_scan_explain.cpp   EXPLAIN
#pragma once

#include "pg/star_scan.hpp"
#include "pg/boundary.hpp"
#include "pg/star_scan_node.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/parallel.h"
#include "commands/explain.h"
#include "port/atomics.h"
#include "storage/condition_variable.h"
#include "utils/dsa.h"
}

#include <bit>
#include <chrono>

namespace starhouse::pg::star_scan {

constexpr uint32 most_rows = MaxHeapTuplesPerPage;
constexpr int most_waiting = 256; // parts
constexpr int most_joins = 16;    // star_scan_joins.cpp

// A dimension that one process reads for all: star_scan_shared.cpp.
struct SharedDimension {
  pg_atomic_uint32 state;
  Room room;         // where it is short
  dsa_pointer image; // of the rows, and behind them of the values that are grouped by
  Size values_at;
};

// What the processes of a scan share.
struct SharedScan {
  scan::Part part;
  scan::Scan::Values values;
  DimensionCut cuts[most_joins];
  ConditionVariable settled; // a dimension is
  SharedDimension dimensions[most_joins];
  pg_atomic_uint32 leader_reads;                // blocks, since all of them are to be read
  pg_atomic_uint64 next[FLEXIBLE_ARRAY_MEMBER]; // by table: the first block that nobody has yet
};

// For EXPLAIN ANALYZE, of all rescans; of all processes in the node that merges.
struct Figures {
  uint64 rows_read;
  uint64 rows_kept;
  uint64 rows_added;
  uint64 dimension_rows;
  uint64 pages_fast;
  uint64 pages_slow;
  uint64 pages_left_out;
};

// Those of a table that are read; no bits: all of them.
struct Blocks {
  uint64 *bits;
  BlockNumber count;

  // The first one from here on; `end`: none before it.
  BlockNumber next(BlockNumber block, BlockNumber end) const {
    if (bits == nullptr) {
      return Min(block, end);
    }
    const BlockNumber last = Min(end, count);
    while (block < last) {
      const uint64 word = bits[block / 64] >> (block % 64);
      if (word != 0) {
        block += static_cast<BlockNumber>(std::countr_zero(word));
        return block < last ? block : end;
      }
      block += 64 - block % 64;
    }
    return end;
  }
};

struct ForemostPlan;

struct ScanNode {
  CustomScanState css;
  Role role;
  Compiled *compiled;
  ExprContext *row_context;   // with a slot for the columns of a row; null: nothing is computed
  MemoryContext run_context;  // operands
  MemoryContext part_context; // the core's scan of one part
  MemoryContext dimension_context;
  MemoryContext value_context; // values of one page that are not in it
  scan::Program program;
  int table_count;
  Relation *tables; // the fact, or its partitions
  scan::Shape *shapes;
  bool *ruled_out;           // by table
  Blocks *blocks;            // by table
  BlockNumber *share_sizes;  // by table, of what a process takes at a time
  uint64 *later;             // by table, of those behind it: blocks that are read
  DimensionRows *dimensions; // by join
  scan::Join *core_joins;    // the program's
  DimensionCut cuts[most_joins];
  DimensionCut loaded[most_joins]; // what dimensions have
  int short_join;                  // has no room in its cut; -1: none
  Room short_room;
  List *clocks;             // of zones that were met
  scan::LocalClock *untold; // stands for one that is not known yet
  List *joins;              // as in the plan
  bool started;
  bool finished;
  scan::Scan *scan;             // null: the next part has to be run
  const ForemostPlan *foremost; // null: all groups are needed
  const uint32 *chosen;         // of the scan's groups those that are; null: all
  std::size_t chosen_count;
  ContextMemory *memory;
  scan::Part waiting[most_waiting];
  int waiting_count;
  std::size_t next_group;
  PageReader pages;
  int table; // that is read
  BlockNumber next_block;
  BlockNumber end_block;                       // of what this process has to read
  uint64 dealt;                                // to it, blocks since
  std::chrono::steady_clock::time_point since; // it began to read
  scan::Row *rows;
  // Of a scan in several processes.
  SharedScan *shared;
  bool shared_here;               // in this process alone
  const ParallelContext *workers; // the leader's; null: it is no leader
  scan::Part part;                // that all of them are at
  scan::Scan::Values values;
  bool writing; // groups to the process that merges
  bool pages_left;
  ScanNode *above; // of the leader's own process: who may have its groups as they are, or null
  bool gathered;   // rows of the processes have been asked for
  uint64 pieces;   // since then
  Figures figures;
  Figures written; // of them
  uint64 groups;
  uint64 left_out; // of these
  uint64 runs;
  std::size_t most_memory;
};

inline ScanNode *as_node(CustomScanState *state) {
  return reinterpret_cast<ScanNode *>(state);
}

// Of the number of a join: how many columns of the dimension are grouped by.
int grouped_columns(const ScanNode *node, int join);

// star_scan_blocks.cpp
// The blocks that may have rows which pass the program's tests. In the current context.
Blocks blocks_of(const scan::Program &program, const scan::Shape &shape, Relation table,
                 Snapshot snapshot);

// star_scan_computed.cpp
bool computes_any(const Compiled *compiled);
// The row of what is taken of dimensions.
TupleDesc taken_row(const Compiled *compiled);
// A column of the core's batch: the dimension's number.
Size column_of_join(const Compiled *compiled, int join);
// Once, then before each run, whose parameters are others.
void init_computed(Compiled *compiled, PlanState *parent);
void start_computed(ScanNode *node);
// Dimensions have other numbers.
void forget_numbers(ScanNode *node);
// Those of the rows that the scan's test() has left that meet the conditions.
std::span<const scan::Row> meet_conditions(ScanNode *node, std::span<const scan::Row> rows);
// Whether conditions of joins hold that the core has no test for, of as many rows that are kept.
void limit_joins(ScanNode *node, Size rows);
// Columns of the rows that are read, before they are added. Bytes are in value_context.
void compute_columns(ScanNode *node, Size rows);

// star_scan_zones.cpp
// Before a run, and whenever dimensions have other numbers.
void start_zones(ScanNode *node);
void forget_zones(ScanNode *node);
// The clocks of rows that have been read, before they are added. An error of the server's for a
// zone that it does not know.
void find_zones(ScanNode *node, Size rows);

// star_scan_cuts.cpp
// Dimensions as the cuts say, made smaller where there is no room; a process of several leaves that
// to the node above it, and says short_join.
void start_dimensions(ScanNode *node);
void load_dimensions(ScanNode *node);
// After the scan's join(): what rows without a partner are grouped by.
void give_outers(ScanNode *node);
// A part of a dimension's rows falls into two.
void cut_more(DimensionCut *cut, Room room);
// The first parts of keys, and the next; false after the last. With each of them the fact is read
// again, into the same groups.
void first_keys(ScanNode *node);
bool next_keys(ScanNode *node);
// The next part of the values that are grouped by: other groups.
bool next_values(ScanNode *node);
int64 dimension_parts(const ScanNode *node);

// One that is read here, once; in a process of several it may have no room: short_join.
void read_own(ScanNode *node, int join);

// star_scan_shared.cpp
// Nobody has any of them yet. `again`: those of the run before go.
void share_dimensions(const ScanNode *node, SharedScan *shared, bool again);
// Those that others read, and some for them; false where there is no memory that they share, or
// nobody to share them with.
bool read_shared(ScanNode *node);

// star_scan_run.cpp
void start(ScanNode *node);
void start_scan(ScanNode *node, scan::Part part);
void add_handed(ScanNode *node);
// What the core asked for last, into the context.
void fetch_toasted(scan::Scan *scan, MemoryContext context);
// All groups of a part; false if there were too many, which then wait as smaller parts.
bool run_part(ScanNode *node, scan::Part part);
// Up to the last page that this process has to read; false where memory was full before.
bool read_pages(ScanNode *node, bool may_stop);
// The parts that a part falls into, the last one to be run first, such that each of them has room
// if keys go on as they did in this share of the rows.
void split(ScanNode *node, scan::Part part, double share);
bool may_be_split(const ScanNode *node, scan::Part part);
bool memory_is_full(const ScanNode *node);

// star_scan_deal.cpp
// The next block that this process has to read; false: none.
bool next_block(ScanNode *node, BlockNumber *block);
// The one after it of the same table, as far as that is known: InvalidBlockNumber.
BlockNumber block_after(const ScanNode *node);
// Blocks of a table before `end` that are read.
BlockNumber read_of(const ScanNode *node, int table, BlockNumber end);
// Of several processes: what they are dealt, in the current context, and that this one begins.
void start_dealing(ScanNode *node);
void begin_reading(ScanNode *node);

// star_scan_groups.cpp
Datum varlena_of(std::string_view bytes);
// In the per-tuple context. `wanted`: by column, the others are NULL then; null: all are.
void fill_slot(const ScanNode *node, std::size_t group, TupleTableSlot *slot, ExprContext *context,
               const bool *wanted = nullptr);

// star_scan_foremost.cpp
// Null where all are needed.
ForemostPlan *foremost_plan(ScanNode *node, const CustomScan *plan);
// Of the groups that a run or a merge has come to.
void choose_foremost(ScanNode *node);

// star_scan_exchange.cpp
bool next_piece(ScanNode *node, TupleTableSlot *slot);
bool merge_part(ScanNode *node, scan::Part part);
Size shared_size(const ScanNode *node);
void share(ScanNode *node, SharedScan *shared, bool again);

// star_scan_explain.cpp
void explain(CustomScanState *state, List *ancestors, ExplainState *es);

} // namespace starhouse::pg::star_scan
