// Which blocks a process reads: all of them, or, of several processes, shares that they deal out to
// each other.
//
// The server ends a query only when its workers' processes have gone, which takes one of them
// longer than to scan a thousand pages. So the last blocks are the leader's: a worker takes no more
// where the leader alone is done with the rest before the worker would be gone.
#include "pg/star_scan_exec.hpp"

#include <algorithm>
#include <chrono>

namespace starhouse::pg::star_scan {

namespace {

// What is read of a table is given out in at least so many shares, that none is waited for at the
// end, of up to so many blocks: the first of each is not asked for ahead.
constexpr BlockNumber least_shares = 256;
constexpr BlockNumber most_share = 512;

// From a worker's last block until its process is gone and the leader told: measured as 2.7 ms of
// PostgreSQL 15 on a machine with nothing else to do, half of it in the server's own exit, half in
// the kernel's. Too little of it gains less; too much has the leader alone where there was help.
constexpr std::chrono::duration<double> to_leave = std::chrono::microseconds{2500};

BlockNumber size_of_share(BlockNumber read) {
  return std::clamp<BlockNumber>(read / least_shares, 1, most_share);
}

// Of a worker: whether it leaves all that nobody has yet to the leader, who has begun to read and
// goes on until nothing is left. A wrong guess of the time costs time, no more.
bool leaves_rest(const ScanNode *node) {
  if (!IsParallelWorker() || node->dealt == 0 ||
      pg_atomic_read_u32(&node->shared->leader_reads) == 0) {
    return false;
  }
  const uint64 next = pg_atomic_read_u64(&node->shared->next[node->table]);
  const uint64 blocks = node->pages.blocks;
  const auto rest = static_cast<double>(std::max(next, blocks) - next + node->later[node->table]);
  const std::chrono::duration<double> so_far = std::chrono::steady_clock::now() - node->since;
  return so_far * rest < to_leave * static_cast<double>(node->dealt);
}

// A share of a table's blocks that nobody has yet, from one that is read: few may lie together, and
// are given out as if there were no others. Which are read may differ from process to process, as
// indexes tell; each of them is right about those that it leaves out.
bool take_share(ScanNode *node) {
  const BlockNumber blocks = node->pages.blocks;
  pg_atomic_uint64 *next = &node->shared->next[node->table];
  uint64 from = pg_atomic_read_u64(next);
  while (from < blocks) {
    const BlockNumber first =
        node->blocks[node->table].next(static_cast<BlockNumber>(from), blocks);
    const uint64 end = std::min<uint64>(uint64{first} + node->share_sizes[node->table], blocks);
    const uint64 before = from;
    if (pg_atomic_compare_exchange_u64(next, &from, end)) {
      node->figures.pages_left_out += first - before;
      node->next_block = first;
      node->end_block = static_cast<BlockNumber>(end);
      node->dealt += node->end_block - first;
      return first < blocks;
    }
  }
  return false;
}

// More blocks that are this process's, of whichever table, or another table that has some; those of
// a table are given out some at a time.
bool more_blocks(ScanNode *node) {
  if (node->table >= 0 && node->role == Role::partial) {
    if (leaves_rest(node)) {
      return false;
    }
    if (take_share(node)) {
      return true;
    }
  }
  if (node->table + 1 >= node->table_count) {
    return false;
  }
  ++node->table;
  if (node->ruled_out[node->table]) {
    node->pages.blocks = node->next_block = node->end_block = 0;
    return true;
  }
  open_pages(&node->pages, node->tables[node->table], node->css.ss.ps.state->es_snapshot);
  compute([&] { node->scan->use_shape(node->shapes[node->table]); });
  node->next_block = 0;
  node->end_block = node->role == Role::partial ? 0 : node->pages.blocks;
  return true;
}

} // namespace

BlockNumber block_after(const ScanNode *node) {
  const BlockNumber next = node->blocks[node->table].next(node->next_block, node->end_block);
  return next < node->end_block ? next : InvalidBlockNumber;
}

bool next_block(ScanNode *node, BlockNumber *block) {
  do {
    if (node->next_block < node->end_block) {
      const BlockNumber next = block_after(node);
      const BlockNumber end = Min(next, node->end_block);
      node->figures.pages_left_out += end - node->next_block;
      node->next_block = end;
      if (next != InvalidBlockNumber) {
        *block = node->next_block++;
        return true;
      }
    }
  } while (more_blocks(node));
  return false;
}

BlockNumber read_of(const ScanNode *node, int table, BlockNumber end) {
  const Blocks &blocks = node->blocks[table];
  if (node->ruled_out[table] || blocks.bits == nullptr) {
    return node->ruled_out[table] ? 0 : end;
  }
  BlockNumber count = 0;
  for (BlockNumber block = blocks.next(0, end); block < end; block = blocks.next(block + 1, end)) {
    ++count;
  }
  return count;
}

void start_dealing(ScanNode *node) {
  const auto tables = static_cast<Size>(Max(node->table_count, 1));
  node->share_sizes = static_cast<BlockNumber *>(palloc0(sizeof(BlockNumber) * tables));
  node->later = static_cast<uint64 *>(palloc0(sizeof(uint64) * tables));
  uint64 later = 0;
  for (int i = node->table_count; i-- > 0;) {
    const BlockNumber read = read_of(node, i, RelationGetNumberOfBlocks(node->tables[i]));
    node->share_sizes[i] = size_of_share(read);
    node->later[i] = later;
    later += read;
  }
  node->dealt = 0;
}

// Also where it goes on after its memory was full: what it read before was in another time.
void begin_reading(ScanNode *node) {
  node->dealt = 0;
  node->since = std::chrono::steady_clock::now();
  if (!IsParallelWorker()) {
    pg_atomic_write_u32(&node->shared->leader_reads, 1);
  }
}

} // namespace starhouse::pg::star_scan
