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

#include <algorithm>

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

// Where rows are few, each is several lines of which its columns need some.
constexpr uint32 many_rows = 24;

void fetch_heads(Page page, OffsetNumber last) {
  for (OffsetNumber offset = FirstOffsetNumber; offset <= last; ++offset) {
    __builtin_prefetch(static_cast<const char *>(page) +
                       ItemIdGetOffset(PageGetItemId(page, offset)));
  }
}

// The next block's page. Its head and line pointers at once, by which rows are found; these lie
// from the page's end downwards in the order in which they will be read.
void look_ahead(PageReader *reader, BlockNumber block, bool rows) {
  constexpr Size few_lines = BLCKSZ / 16;
  reader->ahead = pin(reader, block);
  reader->ahead_block = block;
  const auto *page = static_cast<const char *>(BufferGetPage(reader->ahead));
  const bool all = rows && reader->last_count >= many_rows;
  const Size pointers = SizeOfPageHeaderData + sizeof(ItemIdData) * reader->last_count;
  const Size head = all ? std::min<Size>(TYPEALIGN(fetched_line, pointers), BLCKSZ) : few_lines;
  for (Size line = 0; line < head; line += fetched_line) {
    __builtin_prefetch(page + line);
  }
  reader->fetch_end = page + head;
  reader->to_fetch = all ? page + BLCKSZ : reader->fetch_end;
}

[[noreturn]] void refuse_page(const PageReader *reader, BlockNumber block) {
  elog(ERROR, "damaged rows in block %u of \"%s\"", block, RelationGetRelationName(reader->table));
  pg_unreachable();
}

// Whether the snapshot sees a row of the page that is locked. `visible`: it is known to.
bool sees(const PageReader *reader, BlockNumber block, OffsetNumber offset, bool visible) {
  const auto page = static_cast<Page>(BufferGetPage(reader->buffer));
  const ItemId item = PageGetItemId(page, offset);
  HeapTupleData tuple;
  tuple.t_data = reinterpret_cast<HeapTupleHeader>(PageGetItem(page, item));
  tuple.t_len = ItemIdGetLength(item);
  tuple.t_tableOid = RelationGetRelid(reader->table);
  ItemPointerSet(&tuple.t_self, block, offset);
  visible = visible || HeapTupleSatisfiesVisibility(&tuple, reader->snapshot, reader->buffer);
  if (reader->check_serializable) {
    HeapCheckForSerializableConflictOut(visible, reader->table, &tuple, reader->buffer,
                                        reader->snapshot);
  }
  return visible;
}

struct Taking {
  PageReader *reader;
  Page page;
  BlockNumber block;
  OffsetNumber last;
  scan::Row *rows;
  bool visible; // all rows of the page
  bool damaged;
};

// The rows of a page that is locked, while the next page is asked for.
template <bool Checked, bool Rows>
uint32 take_rows(Taking *taking) {
  PageReader *reader = taking->reader;
  const Page page = taking->page;
  const OffsetNumber last = taking->last;
  const char *to_fetch = reader->to_fetch;
  const char *const fetch_end = reader->fetch_end;
  uint32 infomasks = 0;
  uint32 fewest = MaxHeapAttributeNumber;
  int32 least = BLCKSZ;
  uint32 count = 0;
  for (OffsetNumber offset = FirstOffsetNumber; offset <= last; ++offset) {
    const ItemId item = PageGetItemId(page, offset);
    if (!ItemIdIsNormal(item)) {
      continue;
    }
    if (Checked && !sees(reader, taking->block, offset, taking->visible)) {
      continue;
    }
    if (Rows) {
      // Two lines for each row: the page is here before its rows are looked at.
      if (to_fetch > fetch_end) {
        to_fetch -= 2 * fetched_line;
        __builtin_prefetch(to_fetch + fetched_line);
        __builtin_prefetch(to_fetch);
      }
      const auto *header = reinterpret_cast<HeapTupleHeader>(PageGetItem(page, item));
      const uint32 head = header->t_hoff;
      const auto size = static_cast<int32>(ItemIdGetLength(item) - head);
      const uint32 attributes = HeapTupleHeaderGetNatts(header);
      infomasks |= header->t_infomask;
      fewest = Min(fewest, attributes);
      least = Min(least, size);
      taking->rows[count] = {.data = reinterpret_cast<const char *>(header) + head,
                             .nulls = (header->t_infomask & HEAP_HASNULL) != 0 ? header->t_bits
                                                                               : nullptr,
                             .size = static_cast<uint32>(size),
                             .attributes = static_cast<uint16>(attributes)};
    }
    ++count;
  }
  reader->to_fetch = to_fetch;
  reader->bounds = {.some_nulls = (infomasks & HEAP_HASNULL) != 0,
                    .fewest_attributes = fewest,
                    .least_size = static_cast<uint32>(Max(least, 0))};
  taking->damaged = least < 0;
  return count;
}

} // namespace

void open_pages(PageReader *reader, Relation table, Snapshot snapshot) {
  reader->table = table;
  reader->snapshot = snapshot;
  // First: who adds a page that is not among those counted finds the lock.
  PredicateLockRelation(table, snapshot);
  reader->blocks = RelationGetNumberOfBlocks(table);
  reader->buffer = InvalidBuffer;
  reader->ahead = InvalidBuffer;
  reader->last_buffer = InvalidBuffer;
  reader->last_count = MaxHeapTuplesPerPage;
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
uint32 read_page(PageReader *reader, BlockNumber block, BlockNumber next, scan::Row *rows) {
  if (reader->ahead != InvalidBuffer && reader->ahead_block == block) {
    fetch_ahead(reader, BLCKSZ); // what is left of it
    reader->buffer = reader->ahead;
    reader->ahead = InvalidBuffer;
  } else {
    close_pages(reader);
    reader->buffer = pin(reader, block);
  }
  const Buffer buffer = reader->buffer;
  reader->to_fetch = reader->fetch_end = nullptr;
  if (next != InvalidBlockNumber) {
    look_ahead(reader, next, rows != nullptr);
  }
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
  if (last > MaxHeapTuplesPerPage) {
    refuse_page(reader, block);
  }
  if (rows != nullptr && last < many_rows) {
    fetch_heads(page, last);
  }
  Taking taking{.reader = reader,
                .page = page,
                .block = block,
                .last = last,
                .rows = rows,
                .visible = all_visible,
                .damaged = false};
  const uint32 count =
      rows == nullptr
          ? (check_each ? take_rows<true, false>(&taking) : take_rows<false, false>(&taking))
          : (check_each ? take_rows<true, true>(&taking) : take_rows<false, true>(&taking));
  LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
  if (taking.damaged) {
    refuse_page(reader, block);
  }
  ++(all_visible ? reader->pages_fast : reader->pages_slow);
  reader->last_count = count;
  pgstat_count_index_tuples(reader->table, count); // the table's count of rows read
  return count;
}

void close_page(PageReader *reader) {
  if (BufferIsValid(reader->buffer)) {
    ReleaseBuffer(reader->buffer);
    reader->buffer = InvalidBuffer;
  }
}

void close_pages(PageReader *reader) {
  close_page(reader);
  if (BufferIsValid(reader->ahead)) {
    ReleaseBuffer(reader->ahead);
    reader->ahead = InvalidBuffer;
  }
  reader->to_fetch = reader->fetch_end = nullptr;
}

} // namespace starhouse::pg::star_scan
