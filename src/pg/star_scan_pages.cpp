#include "pg/star_scan.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/htup_details.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"
#include "storage/predicate.h"
#include "utils/snapmgr.h"
}

namespace starhouse::pg::star_scan {

namespace {

// Pins the buffer if it has the block; only then true.
bool pin_guess(Relation table, BlockNumber block, Buffer guess) {
#if PG_VERSION_NUM >= 160000
  return ReadRecentBuffer(table->rd_locator, MAIN_FORKNUM, block, guess);
#else
  return ReadRecentBuffer(table->rd_node, MAIN_FORKNUM, block, guess);
#endif
}

// Blocks that were read one after the other mostly lie in buffers one after the other. To look
// there first spares the search for the block, which costs as much as several rows.
Buffer pin(PageReader *reader, BlockNumber block) {
  constexpr uint32 few_wrong = 8;
  constexpr BlockNumber try_again = 64; // blocks
  const Buffer guess = reader->last_buffer + 1;
  Buffer buffer = InvalidBuffer;
  if (guess > 1 && guess <= NBuffers &&
      (reader->wrong_guesses < few_wrong || block % try_again == 0)) {
    if (pin_guess(reader->table, block, guess)) {
      pgstat_count_buffer_read(reader->table);
      pgstat_count_buffer_hit(reader->table);
      reader->wrong_guesses = 0;
      buffer = guess;
    } else {
      ++reader->wrong_guesses;
    }
  }
  if (buffer == InvalidBuffer) {
    buffer = ReadBufferExtended(reader->table, MAIN_FORKNUM, block, RBM_NORMAL, reader->strategy);
  }
  reader->last_buffer = buffer;
  return buffer;
}

// Rows are laid out from a page's end to its start, a way of going through memory that the
// processor does not foresee. It does if each line is asked for in the order of addresses.
void fetch(Page page) {
  constexpr Size line = 64;
  const volatile char *bytes = page;
  for (Size at = 0; at < BLCKSZ; at += line) {
    (void)bytes[at];
  }
}

} // namespace

void open_pages(PageReader *reader, Relation table, Snapshot snapshot) {
  reader->table = table;
  reader->snapshot = snapshot;
  // First: who adds a page that is not among those counted finds the lock.
  PredicateLockRelation(table, snapshot);
  reader->blocks = RelationGetNumberOfBlocks(table);
  reader->buffer = InvalidBuffer;
  reader->last_buffer = InvalidBuffer;
  reader->wrong_guesses = 0;
  // As the server's own scan: a large table must not drive everything else out of the cache.
  reader->strategy =
      !RelationUsesLocalBuffers(table) && reader->blocks > static_cast<BlockNumber>(NBuffers / 4)
          ? GetAccessStrategy(BAS_BULKREAD)
          : nullptr;
  reader->check_serializable = CheckForSerializableConflictOutNeeded(table, snapshot);
  pgstat_count_heap_scan(table);
}

// heapam's way through a page (heapgetpage, heap_prepare_pagescan): which rows are visible is found
// out under the lock; after it the pin alone keeps rows where they are, and nothing of a visible
// row changes but its xmax and hints.
uint32 read_page(PageReader *reader, BlockNumber block, scan::Row *rows) {
  const Buffer buffer = pin(reader, block);
  reader->buffer = buffer;
  if (!PageIsAllVisible(BufferGetPage(buffer))) {
    heap_page_prune_opt(reader->table, buffer);
  }
  LockBuffer(buffer, BUFFER_LOCK_SHARE);
  const auto page = static_cast<Page>(BufferGetPage(buffer));
#if PG_VERSION_NUM < 170000
  TestForOldSnapshot(reader->snapshot, reader->table, page);
#endif
  const OffsetNumber last = PageGetMaxOffsetNumber(page);
  // On a standby the flag may be set for rows that a snapshot of its own does not see yet.
  const bool all_visible = PageIsAllVisible(page) && !reader->snapshot->takenDuringRecovery;
  const bool check_each = !all_visible || reader->check_serializable;
  uint32 count = 0;
  if (rows != nullptr) {
    fetch(page);
  }
  for (OffsetNumber offset = FirstOffsetNumber; offset <= last; ++offset) {
    const ItemId item = PageGetItemId(page, offset);
    if (!ItemIdIsNormal(item)) {
      continue;
    }
    auto *header = reinterpret_cast<HeapTupleHeader>(PageGetItem(page, item));
    if (check_each) {
      HeapTupleData tuple;
      tuple.t_data = header;
      tuple.t_len = ItemIdGetLength(item);
      tuple.t_tableOid = RelationGetRelid(reader->table);
      ItemPointerSet(&tuple.t_self, block, offset);
      const bool visible =
          all_visible || HeapTupleSatisfiesVisibility(&tuple, reader->snapshot, buffer);
      if (reader->check_serializable) {
        HeapCheckForSerializableConflictOut(visible, reader->table, &tuple, buffer,
                                            reader->snapshot);
      }
      if (!visible) {
        continue;
      }
    }
    if (rows != nullptr) {
      const uint32 length = ItemIdGetLength(item);
      const uint32 head = header->t_hoff;
      if (head > length || count >= MaxHeapTuplesPerPage) {
        elog(ERROR, "damaged rows in block %u of \"%s\"", block,
             RelationGetRelationName(reader->table));
      }
      rows[count] = {.data = reinterpret_cast<const char *>(header) + head,
                     .nulls = (header->t_infomask & HEAP_HASNULL) != 0 ? header->t_bits : nullptr,
                     .size = length - head,
                     .attributes = HeapTupleHeaderGetNatts(header)};
    }
    ++count;
  }
  LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
  ++(all_visible ? reader->pages_fast : reader->pages_slow);
  pgstat_count_index_tuples(reader->table, count); // the table's count of rows read
  return count;
}

void close_page(PageReader *reader) {
  if (BufferIsValid(reader->buffer)) {
    ReleaseBuffer(reader->buffer);
    reader->buffer = InvalidBuffer;
  }
}

} // namespace starhouse::pg::star_scan
