// rollup_fold(rolled, query): puts what a compaction merged into the table of stored sums, one pass
// for all of it. Known groups are updated, and emptied ones deleted, by the place the query says
// they are at, while it runs. New ones are put in order and written many to a page, as COPY writes
// them. A table that somebody gave triggers, rules or columns of its own gets plain statements
// instead.
//
// The key begins with the bucket, of which a compaction has few: a sort by the whole key would find
// nearly all rows alike in its first column, the only one that is cheap to compare. So each
// bucket's rows are sorted by what comes after it.
//
// PostgreSQL's rules only (plain data in memory contexts, errors by ereport): no C++ object with a
// destructor lives here.
#include "pg/compat.hpp"
#include "pg/postgres.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "nodes/execnodes.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/tuplesort.h"
}

using namespace starhouse::pg;

namespace {

constexpr int rows_per_buffer = 1000;       // as COPY
constexpr std::size_t buffer_bytes = 65535; // as COPY
constexpr int most_buckets = 8;             // that have a sort of their own

// What the query says of a group behind the table's own columns.
enum Told : int { told_old_row, told_keep, told_deltas, told_late, told_final, told_columns };
constexpr Oid told_types[told_columns] = {TIDOID, BOOLOID, INT8OID, INT8OID, BOOLOID};

// Rows of one bucket, or of all that have none of their own, which come in the order of the whole
// key.
struct Sorting {
  Datum bucket;
  Tuplesortstate *rows;
};

// By what the table's unique index compares.
struct Order {
  int columns;
  AttrNumber numbers[INDEX_MAX_KEYS];
  Oid operators[INDEX_MAX_KEYS];
  Oid collations[INDEX_MAX_KEYS];
  bool nulls_first[INDEX_MAX_KEYS];
};

struct Fold {
  DestReceiver receiver; // must be first
  Relation rolled;
  int columns; // of the query that are the table's
  int64 deltas;
  int64 late;
  int64 revisions;
  // Plain statements; null where rows are written directly.
  SPIPlanPtr insert;
  SPIPlanPtr update;
  SPIPlanPtr remove;
  // Directly.
  EState *estate;
  ResultRelInfo *relation;
  BulkInsertState bulk;
  TupleDesc form; // a copy that nobody counts references to: a thousand slots would
  TupleTableSlot *slots[rows_per_buffer];
  int used;
  std::size_t bytes;
  Order order;
  Sorting sortings[most_buckets + 1];
  int sorting_count;
  TupleTableSlot *row;   // what becomes of a group
  TupleTableSlot *place; // and where it is
  MemoryContext context;
};

bool can_write_directly(Relation rolled, TupleDesc source, int columns) {
  TupleDesc desc = RelationGetDescr(rolled);
  if (rolled->rd_rel->relkind != RELKIND_RELATION || rolled->trigdesc != nullptr ||
      rolled->rd_rules != nullptr || rolled->rd_rel->relrowsecurity || desc->natts != columns) {
    return false;
  }
  for (int i = 0; i < columns; ++i) {
    Form_pg_attribute own = TupleDescAttr(desc, i);
    Form_pg_attribute given = TupleDescAttr(source, i);
    if (own->attisdropped || own->attgenerated != '\0' || own->attidentity != '\0' ||
        own->atttypid != given->atttypid || own->atttypmod != given->atttypmod ||
        std::strcmp(NameStr(own->attname), NameStr(given->attname)) != 0) {
      return false;
    }
  }
  return true;
}

// Writes what is buffered.
void flush(Fold *fold) {
  if (fold->used == 0) {
    return;
  }
  MemoryContext caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(fold->estate));
  table_multi_insert(fold->rolled, fold->slots, fold->used, GetCurrentCommandId(true), 0,
                     fold->bulk);
  for (int i = 0; i < fold->used; ++i) {
    if (fold->relation->ri_NumIndices > 0) {
      list_free(compat::insert_index_tuples(fold->relation, fold->slots[i], fold->estate));
    }
    ExecClearTuple(fold->slots[i]);
  }
  MemoryContextSwitchTo(caller);
  ResetPerTupleExprContext(fold->estate);
  fold->used = 0;
  fold->bytes = 0;
}

// The table's columns of the query's row.
void take_columns(const Fold *fold, const TupleTableSlot *source) {
  TupleTableSlot *row = ExecClearTuple(fold->row);
  const auto columns = static_cast<std::size_t>(fold->columns);
  std::memcpy(row->tts_values, source->tts_values, columns * sizeof(Datum));
  std::memcpy(row->tts_isnull, source->tts_isnull, columns * sizeof(bool));
  ExecStoreVirtualTuple(row);
}

void insert_directly(Fold *fold, TupleTableSlot *row) {
  TupleTableSlot *slot = fold->slots[fold->used];
  if (slot == nullptr) {
    MemoryContext caller = MemoryContextSwitchTo(fold->context);
    slot = fold->slots[fold->used] =
        MakeSingleTupleTableSlot(fold->form, table_slot_callbacks(fold->rolled));
    MemoryContextSwitchTo(caller);
  }
  ExecCopySlot(slot, row);
  slot->tts_tableOid = RelationGetRelid(fold->rolled);
  if (RelationGetDescr(fold->rolled)->constr != nullptr) {
    ExecConstraints(fold->relation, slot, fold->estate);
  }
  fold->bytes += ExecFetchSlotHeapTuple(slot, true, nullptr)->t_len;
  if (++fold->used == rows_per_buffer || fold->bytes > buffer_bytes) {
    flush(fold);
  }
}

// Reads the order off the unique index; none without one whose first column is the table's.
void find_order(Fold *fold) {
  for (int i = 0; i < fold->relation->ri_NumIndices; ++i) {
    Relation index = fold->relation->ri_IndexRelationDescs[i];
    if (!index->rd_index->indisunique || fold->relation->ri_IndexRelationInfo[i]->ii_Expressions ||
        index->rd_index->indkey.values[0] != 1) {
      continue;
    }
    Order *order = &fold->order;
    order->columns = index->rd_index->indnkeyatts;
    for (int j = 0; j < order->columns; ++j) {
      const Oid type = index->rd_opcintype[j];
      order->numbers[j] = index->rd_index->indkey.values[j];
      order->operators[j] =
          get_opfamily_member(index->rd_opfamily[j], type, type, BTLessStrategyNumber);
      order->collations[j] = index->rd_indcollation[j];
      order->nulls_first[j] = (index->rd_indoption[j] & INDOPTION_NULLS_FIRST) != 0;
    }
    return;
  }
}

// By the columns of the order from `first` on. A bucket's rows may take a quarter of what a sort
// may.
Tuplesortstate *begin_sort(Fold *fold, int first) {
  Order *order = &fold->order;
  return tuplesort_begin_heap(fold->form, order->columns - first, order->numbers + first,
                              order->operators + first, order->collations + first,
                              order->nulls_first + first, std::max(work_mem / 4, 64), nullptr,
                              TUPLESORT_NONE);
}

Tuplesortstate *rows_of(Fold *fold, Datum bucket) {
  const bool by_bucket = fold->order.columns > 1;
  const int own = by_bucket ? most_buckets : 0;
  for (int i = std::min(fold->sorting_count, own) - 1; i >= 0; --i) {
    if (fold->sortings[i].bucket == bucket) {
      return fold->sortings[i].rows;
    }
  }
  if (fold->sorting_count > own) {
    return fold->sortings[own].rows; // more buckets than have one
  }
  MemoryContext caller = MemoryContextSwitchTo(fold->context);
  Sorting *sorting = &fold->sortings[fold->sorting_count];
  sorting->bucket = bucket;
  sorting->rows = begin_sort(fold, fold->sorting_count < own ? 1 : 0);
  ++fold->sorting_count;
  MemoryContextSwitchTo(caller);
  return sorting->rows;
}

void add_directly(Fold *fold, const TupleTableSlot *source) {
  take_columns(fold, source);
  if (fold->order.columns == 0 || source->tts_isnull[0]) {
    insert_directly(fold, fold->row);
  } else {
    tuplesort_puttupleslot(rows_of(fold, source->tts_values[0]), fold->row);
  }
}

// Bucket after bucket.
void insert_sorted(Fold *fold) {
  std::sort(fold->sortings, fold->sortings + std::min(fold->sorting_count, most_buckets),
            [](const Sorting &a, const Sorting &b) {
              return DatumGetInt64(a.bucket) < DatumGetInt64(b.bucket);
            });
  TupleTableSlot *row = MakeSingleTupleTableSlot(fold->form, &TTSOpsMinimalTuple);
  for (int i = 0; i < fold->sorting_count; ++i) {
    tuplesort_performsort(fold->sortings[i].rows);
    while (tuplesort_gettupleslot(fold->sortings[i].rows, true, false, row, nullptr)) {
      CHECK_FOR_INTERRUPTS();
      insert_directly(fold, row);
    }
    tuplesort_end(fold->sortings[i].rows);
  }
  ExecDropSingleTupleTableSlot(row);
  flush(fold);
}

// There are no triggers, which alone would look at the state for rechecks.
void change_directly(Fold *fold, const TupleTableSlot *source, ItemPointer place, bool keep) {
  MemoryContext caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(fold->estate));
  fold->place->tts_tid = *place;
  if (keep) {
    take_columns(fold, source);
    ExecSimpleRelationUpdate(fold->relation, fold->estate, nullptr, fold->place, fold->row);
  } else {
    ExecSimpleRelationDelete(fold->relation, fold->estate, nullptr, fold->place);
  }
  MemoryContextSwitchTo(caller);
  ResetPerTupleExprContext(fold->estate);
}

// The statements take the query's columns, its place for an old row as the last.
void write_plainly(Fold *fold, TupleTableSlot *source, bool is_new, bool keep) {
  const int columns = fold->columns;
  auto *nulls = static_cast<char *>(palloc(static_cast<std::size_t>(columns) + 1));
  for (int i = 0; i <= columns; ++i) {
    nulls[i] = source->tts_isnull[i] ? 'n' : ' ';
  }
  // A level of its own: the query that feeds us is still running on the one above.
  MemoryContext caller = CurrentMemoryContext;
  if (SPI_connect() != SPI_OK_CONNECT) {
    elog(ERROR, "SPI_connect failed");
  }
  SPIPlanPtr plan = is_new ? fold->insert : keep ? fold->update : fold->remove;
  const int result = SPI_execute_plan(plan, source->tts_values, nulls, false, 0);
  if (result < 0) {
    elog(ERROR, "rollup_fold could not write a group: %s", SPI_result_code_string(result));
  }
  SPI_finish();
  MemoryContextSwitchTo(caller);
  pfree(nulls);
}

bool receive(TupleTableSlot *source, DestReceiver *self) {
  auto *fold = reinterpret_cast<Fold *>(self);
  slot_getallattrs(source);
  const Datum *told = source->tts_values + fold->columns;
  const bool is_new = source->tts_isnull[fold->columns + told_old_row];
  const bool keep = DatumGetBool(told[told_keep]);
  fold->deltas += DatumGetInt64(told[told_deltas]);
  if (DatumGetBool(told[told_final])) {
    fold->late += DatumGetInt64(told[told_late]);
    ++fold->revisions;
  }
  if (is_new && !keep) {
    return true; // came and went since the last compaction
  }
  if (fold->insert != nullptr) {
    write_plainly(fold, source, is_new, keep);
  } else if (is_new) {
    add_directly(fold, source);
  } else {
    change_directly(fold, source,
                    reinterpret_cast<ItemPointer>(DatumGetPointer(told[told_old_row])), keep);
  }
  return true;
}

void startup(DestReceiver *self, int /*operation*/, TupleDesc /*type*/) {
  (void)self;
}

void shutdown(DestReceiver *self) {
  auto *fold = reinterpret_cast<Fold *>(self);
  if (fold->insert == nullptr) {
    insert_sorted(fold);
  }
}

void destroy(DestReceiver *self) {
  (void)self;
}

SPIPlanPtr prepare(const char *statement, int parameters, Oid *types) {
  SPIPlanPtr plan = SPI_prepare(statement, parameters, types);
  if (plan == nullptr) {
    elog(ERROR, "rollup_fold could not prepare a statement: %s",
         SPI_result_code_string(SPI_result));
  }
  return plan;
}

void prepare_plainly(Fold *fold, TupleDesc source) {
  const char *table =
      quote_qualified_identifier(get_namespace_name(RelationGetNamespace(fold->rolled)),
                                 RelationGetRelationName(fold->rolled));
  StringInfoData names;
  StringInfoData numbers;
  StringInfoData sets;
  initStringInfo(&names);
  initStringInfo(&numbers);
  initStringInfo(&sets);
  auto *types =
      static_cast<Oid *>(palloc(sizeof(Oid) * (static_cast<std::size_t>(fold->columns) + 1)));
  for (int i = 0; i < fold->columns; ++i) {
    Form_pg_attribute given = TupleDescAttr(source, i);
    const char *name = quote_identifier(NameStr(given->attname));
    const char *comma = i == 0 ? "" : ", ";
    types[i] = given->atttypid;
    appendStringInfo(&names, "%s%s", comma, name);
    appendStringInfo(&numbers, "%s$%d", comma, i + 1);
    appendStringInfo(&sets, "%s%s = $%d", comma, name, i + 1);
  }
  types[fold->columns] = TIDOID;
  fold->insert =
      prepare(psprintf("INSERT INTO %s (%s) VALUES (%s)", table, names.data, numbers.data),
              fold->columns, types);
  fold->update =
      prepare(psprintf("UPDATE %s SET %s WHERE ctid = $%d", table, sets.data, fold->columns + 1),
              fold->columns + 1, types);
  fold->remove = prepare(psprintf("DELETE FROM %s WHERE ctid = $%d", table, fold->columns + 1),
                         fold->columns + 1, types);
}

void prepare_directly(Fold *fold) {
  fold->estate = CreateExecutorState();
  fold->estate->es_snapshot = GetActiveSnapshot();
  MemoryContext caller = MemoryContextSwitchTo(fold->estate->es_query_cxt);
  compat::init_insert_range_table(fold->estate, fold->rolled);
  fold->relation = makeNode(ResultRelInfo);
  ExecInitResultRelation(fold->estate, fold->relation, 1);
  ExecOpenIndices(fold->relation, false);
  fold->context = CurrentMemoryContext;
  fold->form = CreateTupleDescCopy(RelationGetDescr(fold->rolled));
  fold->row = MakeSingleTupleTableSlot(fold->form, &TTSOpsVirtual);
  fold->place = MakeSingleTupleTableSlot(fold->form, &TTSOpsVirtual);
  fold->row->tts_tableOid = RelationGetRelid(fold->rolled);
  fold->bulk = GetBulkInsertState();
  find_order(fold);
  MemoryContextSwitchTo(caller);
}

void finish_directly(Fold *fold) {
  FreeBulkInsertState(fold->bulk);
  table_finish_bulk_insert(fold->rolled, 0);
  for (int i = 0; i < rows_per_buffer && fold->slots[i] != nullptr; ++i) {
    ExecDropSingleTupleTableSlot(fold->slots[i]);
  }
  ExecDropSingleTupleTableSlot(fold->row);
  ExecDropSingleTupleTableSlot(fold->place);
  ExecCloseResultRelations(fold->estate);
  ExecCloseRangeTableRelations(fold->estate);
  FreeExecutorState(fold->estate);
}

void check_rights(Relation rolled) {
  constexpr AclMode needed = ACL_INSERT | ACL_UPDATE | ACL_DELETE;
  if (pg_class_aclmask(RelationGetRelid(rolled), GetUserId(), needed, ACLMASK_ALL) != needed) {
    aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(rolled));
  }
}

// The query's columns that are the table's; 22023 when the others are not as agreed.
int own_columns(TupleDesc source) {
  const int columns = source != nullptr ? source->natts - told_columns : 0;
  bool fits = columns > 0;
  for (int i = 0; fits && i < told_columns; ++i) {
    fits = TupleDescAttr(source, columns + i)->atttypid == told_types[i];
  }
  if (!fits) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("rollup_fold needs a query for the table's columns and (old_row tid, "
                           "keep boolean, deltas bigint, late bigint, final boolean)"),
                    errhint("rollup_compact calls it.")));
  }
  return columns;
}

} // namespace

STARHOUSE_FUNCTION(starhouse_rollup_fold) {
  PreventCommandIfReadOnly("rollup_fold()");
  PreventCommandIfParallelMode("rollup_fold()");
  const char *query = text_to_cstring(PG_GETARG_TEXT_PP(1));
  Relation rolled = table_open(PG_GETARG_OID(0), RowExclusiveLock);
  if (rolled->rd_rel->relkind != RELKIND_RELATION) {
    ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                    errmsg("\"%s\" is not a table", RelationGetRelationName(rolled))));
  }
  check_rights(rolled);
  if (SPI_connect() != SPI_OK_CONNECT) {
    elog(ERROR, "SPI_connect failed");
  }
  // Not parallel: groups are written while the query runs.
  SPIPlanPtr plan = SPI_prepare_cursor(query, 0, nullptr, 0);
  if (plan == nullptr) {
    elog(ERROR, "rollup_fold could not prepare its query: %s", SPI_result_code_string(SPI_result));
  }
  List *sources = SPI_plan_get_plan_sources(plan);
  TupleDesc source = list_length(sources) == 1
                         ? static_cast<CachedPlanSource *>(linitial(sources))->resultDesc
                         : nullptr;
  auto *fold = static_cast<Fold *>(palloc0(sizeof(Fold)));
  fold->receiver.receiveSlot = receive;
  fold->receiver.rStartup = startup;
  fold->receiver.rShutdown = shutdown;
  fold->receiver.rDestroy = destroy;
  fold->receiver.mydest = DestTuplestore; // never examined; a receiver must name some kind
  fold->rolled = rolled;
  fold->columns = own_columns(source);
  if (can_write_directly(rolled, source, fold->columns)) {
    prepare_directly(fold);
  } else {
    prepare_plainly(fold, source);
  }

  SPIExecuteOptions options;
  std::memset(&options, 0, sizeof options);
  options.dest = &fold->receiver;
  const int result = SPI_execute_plan_extended(plan, &options);
  if (result < 0) {
    elog(ERROR, "rollup_fold could not run its query: %s", SPI_result_code_string(result));
  }
  if (fold->insert == nullptr) {
    finish_directly(fold);
  }
  const int64 counts[3] = {fold->deltas, fold->late, fold->revisions};
  SPI_finish();
  table_close(rolled, NoLock);

  TupleDesc row;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) {
    elog(ERROR, "return type must be a row type");
  }
  Datum values[3];
  const bool nulls[3] = {false, false, false};
  for (int i = 0; i < 3; ++i) {
    values[i] = Int64GetDatum(counts[i]);
  }
  PG_RETURN_DATUM(
      HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, const_cast<bool *>(nulls))));
}
