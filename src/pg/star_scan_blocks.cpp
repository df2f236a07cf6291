// Which blocks of a table have to be read at all, by its indexes: with the values that conditions
// have when the query runs, a range of days of years of facts is as cheap here as by the index
// itself. A BRIN index is always asked, it answers in no time; a B-tree only for a small share of
// the table, as it names row by row. Whatever else blocks hold is tested as ever.
#include "pg/star_scan_exec.hpp"

#include "pg/compat.hpp"
#include "pg/star_scan_compile.hpp"

extern "C" {
#include "access/genam.h"
#include "access/stratnum.h"
#include "access/transam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_statistic.h"
#include "miscadmin.h"
#include "nodes/tidbitmap.h"
#include "storage/predicate.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
}

#include <algorithm>
#include <limits>

namespace starhouse::pg::star_scan {

namespace {

using scan::Test;

// What all rows that pass have in a column, at least.
struct Range {
  AttrNumber attribute;
  Oid type;
  int64 low = std::numeric_limits<int64>::min();
  int64 high = std::numeric_limits<int64>::max();
};

// The words that a type has; false for those that are no whole numbers.
bool limits_of(Oid type, int64 *low, int64 *high) {
  scan::Storage storage{};
  Domain domain{};
  if (!storage_of(type, &storage, &domain) || domain != Domain::integer) {
    return false;
  }
  switch (storage) {
  case scan::Storage::int16:
    *low = PG_INT16_MIN;
    *high = PG_INT16_MAX;
    return true;
  case scan::Storage::int32:
    *low = PG_INT32_MIN;
    *high = PG_INT32_MAX;
    return true;
  case scan::Storage::int64:
    *low = PG_INT64_MIN;
    *high = PG_INT64_MAX;
    return true;
  default:
    return false;
  }
}

// Of each column with comparisons, what they come to together.
int ranges_of(const scan::Program &program, const scan::Shape &shape, TupleDesc table,
              Range *ranges, int most) {
  int count = 0;
  for (const Test &test : program.tests) {
    if (test.kind != Test::Kind::range || test.is_float) {
      continue;
    }
    const auto attribute = static_cast<AttrNumber>(shape.tested[test.column].attribute + 1);
    const Oid type = getBaseType(TupleDescAttr(table, attribute - 1)->atttypid);
    int64 low = 0;
    int64 high = 0;
    if (!limits_of(type, &low, &high)) {
      continue;
    }
    Range *range = std::find_if(ranges, ranges + count,
                                [&](const Range &own) { return own.attribute == attribute; });
    if (range == ranges + count) {
      if (count == most) {
        continue;
      }
      *range = {.attribute = attribute, .type = type, .low = low, .high = high};
      ++count;
    }
    range->low = std::max(range->low, test.low);
    range->high = std::min(range->high, test.high);
  }
  return count;
}

bool holds(const Range &range, Datum value) {
  const int64 word = word_of(range.type, value);
  return word >= range.low && word <= range.high;
}

// The share of a table's rows that a range has, by its statistics; what they do not tell counts as
// being in it.
double share_of(Relation table, const Range &range) {
  HeapTuple tuple = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(RelationGetRelid(table)),
                                    Int16GetDatum(range.attribute), BoolGetDatum(false));
  if (!HeapTupleIsValid(tuple)) {
    return 1;
  }
  double others = 1.0 - reinterpret_cast<Form_pg_statistic>(GETSTRUCT(tuple))->stanullfrac;
  double share = 0;
  AttStatsSlot slot;
  if (get_attstatsslot(&slot, tuple, STATISTIC_KIND_MCV, InvalidOid,
                       ATTSTATSSLOT_VALUES | ATTSTATSSLOT_NUMBERS)) {
    if (getBaseType(slot.valuetype) == range.type) {
      for (int i = 0; i < std::min(slot.nvalues, slot.nnumbers); ++i) {
        others -= slot.numbers[i];
        share += holds(range, slot.values[i]) ? slot.numbers[i] : 0;
      }
    }
    free_attstatsslot(&slot);
  }
  double of_others = 1;
  if (get_attstatsslot(&slot, tuple, STATISTIC_KIND_HISTOGRAM, InvalidOid, ATTSTATSSLOT_VALUES)) {
    if (getBaseType(slot.valuetype) == range.type && slot.nvalues > 1) {
      int held = 1; // bounds within, and half a step at each end
      for (int i = 0; i < slot.nvalues; ++i) {
        held += holds(range, slot.values[i]) ? 1 : 0;
      }
      of_others = static_cast<double>(held) / slot.nvalues;
    }
    free_attstatsslot(&slot);
  }
  ReleaseSysCache(tuple);
  return share + std::max(others, 0.0) * of_others;
}

// As the planner asks before it uses an index.
bool is_usable(Relation index) {
  const FormData_pg_index *form = index->rd_index;
  return form->indisvalid &&
         (!form->indcheckxmin ||
          TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
                                TransactionXmin)) &&
         heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, nullptr);
}

// Which of the index's columns has a range, from 0; -1: none, or the index would say too little.
int indexed_column(Relation table, Relation index, const Range &range) {
  constexpr double small_share = 0.1;
  const FormData_pg_index *form = index->rd_index;
  const bool is_brin = index->rd_rel->relam == BRIN_AM_OID;
  const int columns = is_brin ? form->indnkeyatts : 1;
  for (int i = 0; i < columns; ++i) {
    if (form->indkey.values[i] == range.attribute && index->rd_opcintype[i] == range.type) {
      return is_brin || share_of(table, range) <= small_share ? i : -1;
    }
  }
  return -1;
}

int add_keys(Relation index, int column, const Range &range, ScanKey keys) {
  int count = 0;
  int64 least = 0;
  int64 most = 0;
  limits_of(range.type, &least, &most);
  const auto add = [&](StrategyNumber strategy, int64 word) {
    const Oid operation = own_operator(index->rd_opfamily[column], range.type, strategy);
    if (OidIsValid(operation)) {
      ScanKeyEntryInitialize(&keys[count++], 0, static_cast<AttrNumber>(column + 1), strategy,
                             range.type, InvalidOid, get_opcode(operation),
                             datum_of_word(range.type, word));
    }
  };
  if (range.low > least) {
    add(BTGreaterEqualStrategyNumber, std::min(range.low, most));
  }
  if (range.high < most) {
    add(BTLessEqualStrategyNumber, std::max(range.high, least));
  }
  return count;
}

// The blocks that an index names, of those that were chosen before.
void choose_by(Relation index, Snapshot snapshot, ScanKey keys, int key_count, Blocks *blocks) {
  TIDBitmap *bitmap = tbm_create(static_cast<Size>(work_mem) * 1024, nullptr);
  IndexScanDesc scan = compat::index_begin_bitmap_scan(index, snapshot, key_count);
  index_rescan(scan, keys, key_count, nullptr, 0);
  index_getbitmap(scan, bitmap);
  index_endscan(scan);
  const Size words = (blocks->count + 63) / 64;
  auto *named = static_cast<uint64 *>(MemoryContextAllocExtended(
      CurrentMemoryContext, words * sizeof(uint64), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
  compat::each_block(bitmap, [&](BlockNumber block) {
    if (block < blocks->count) {
      named[block / 64] |= uint64{1} << (block % 64);
    }
  });
  tbm_free(bitmap);
  if (blocks->bits == nullptr) {
    blocks->bits = named;
    return;
  }
  for (Size i = 0; i < words; ++i) {
    blocks->bits[i] &= named[i];
  }
  pfree(named);
}

} // namespace

Blocks blocks_of(const scan::Program &program, const scan::Shape &shape, Relation table,
                 Snapshot snapshot) {
  constexpr int most_ranges = 8;
  constexpr BlockNumber few_blocks = 32; // sooner read than asked for
  Blocks blocks{.bits = nullptr, .count = 0};
  Range ranges[most_ranges];
  const int count =
      ranges_of(program, shape, RelationGetDescr(table), static_cast<Range *>(ranges), most_ranges);
  if (count == 0 || !IsMVCCSnapshot(snapshot)) {
    return blocks;
  }
  // Rows in blocks that come later are not the snapshot's. First the lock: who adds one finds it.
  PredicateLockRelation(table, snapshot);
  blocks.count = RelationGetNumberOfBlocks(table);
  if (blocks.count <= few_blocks) {
    return blocks;
  }
  List *indexes = RelationGetIndexList(table);
  ListCell *cell = nullptr;
  foreach (cell, indexes) {
    Relation index = index_open(lfirst_oid(cell), AccessShareLock);
    const Oid method = index->rd_rel->relam;
    if ((method == BRIN_AM_OID || method == BTREE_AM_OID) && is_usable(index)) {
      ScanKeyData keys[2 * most_ranges];
      int key_count = 0;
      for (const Range &range : std::span(ranges, static_cast<std::size_t>(count))) {
        const int column = indexed_column(table, index, range);
        if (column >= 0) {
          key_count += add_keys(index, column, range, keys + key_count);
        }
      }
      if (key_count > 0) {
        choose_by(index, snapshot, keys, key_count, &blocks);
      }
    }
    index_close(index, NoLock);
  }
  list_free(indexes);
  return blocks;
}

} // namespace starhouse::pg::star_scan
