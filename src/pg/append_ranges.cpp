// What the bulk append tells indexes of block ranges: of each range the rows that are news to it.
// The server would look the range up for every row.
#include "pg/append.hpp"

extern "C" {
#include "access/brin.h"
#include "catalog/pg_am.h"
}

namespace starhouse::pg::append {

namespace {

// Over plain columns without references.
bool is_range_index(Relation index, const IndexInfo *info, TupleDesc row) {
  if (index->rd_rel->relam != BRIN_AM_OID || info->ii_Expressions != NIL ||
      info->ii_Predicate != NIL) {
    return false;
  }
  for (int i = 0; i < info->ii_NumIndexAttrs; ++i) {
    if (info->ii_IndexAttrNumbers[i] <= 0 ||
        !TupleDescAttr(row, info->ii_IndexAttrNumbers[i] - 1)->attbyval) {
      return false;
    }
  }
  return true;
}

// One interval, not several, of what compares as an integer.
bool keeps_interval(Relation index, int column, Oid type) {
  constexpr Oid integer_minmax = 4054; // the server's headers have no names for these families
  constexpr Oid datetime_minmax = 4059;
  const Oid family = index->rd_opfamily[column];
  return compares_as_int64(type) && (family == integer_minmax || family == datetime_minmax) &&
         index->rd_opcintype[column] == type;
}

bool has_taken(const RangeColumn *column, Datum value, bool is_null) {
  if (is_null || !column->has_value) {
    return is_null && column->has_null;
  }
  if (!OidIsValid(column->interval_of)) {
    return value == column->value;
  }
  const int64 number = as_int64(column->interval_of, value);
  return number >= column->least && number <= column->most;
}

void take(RangeColumn *column, Datum value, bool is_null) {
  if (is_null) {
    column->has_null = true;
    return;
  }
  if (OidIsValid(column->interval_of)) {
    const int64 number = as_int64(column->interval_of, value);
    column->least = column->has_value ? Min(column->least, number) : number;
    column->most = column->has_value ? Max(column->most, number) : number;
  }
  column->value = value;
  column->has_value = true;
}

} // namespace

bool range_index_init(RangeIndex *ranges, Relation index, const IndexInfo *info, TupleDesc row) {
  if (!is_range_index(index, info, row)) {
    return false;
  }
  // The index's own: its option may have been changed since it was built.
  BrinStatsData built;
  brinGetStats(index, &built);
  ranges->pages_per_range = built.pagesPerRange;
  ranges->range = InvalidBlockNumber;
  ranges->column_count = info->ii_NumIndexAttrs;
  for (int i = 0; i < info->ii_NumIndexAttrs; ++i) {
    RangeColumn *column = &ranges->columns[i];
    column->number = info->ii_IndexAttrNumbers[i];
    const Oid type = TupleDescAttr(row, column->number - 1)->atttypid;
    column->interval_of = keeps_interval(index, i, type) ? type : InvalidOid;
  }
  return true;
}

bool range_index_takes(RangeIndex *ranges, TupleTableSlot *slot) {
  const BlockNumber range = ItemPointerGetBlockNumber(&slot->tts_tid) / ranges->pages_per_range;
  bool news = range != ranges->range;
  if (news) {
    ranges->range = range;
    for (int i = 0; i < ranges->column_count; ++i) {
      ranges->columns[i].has_null = false;
      ranges->columns[i].has_value = false;
    }
  }
  for (int i = 0; i < ranges->column_count; ++i) {
    bool is_null;
    const Datum value = slot_getattr(slot, ranges->columns[i].number, &is_null);
    if (!has_taken(&ranges->columns[i], value, is_null)) {
      take(&ranges->columns[i], value, is_null);
      news = true;
    }
  }
  return news;
}

} // namespace starhouse::pg::append
