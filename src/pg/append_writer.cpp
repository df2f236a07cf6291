// The writing half of the bulk append: routing to partitions, buffers of rows per partition,
// duplicates. Built as COPY FROM is (see copyfrom.c in the server's source), with the check for
// existing rows before the insert and foreign keys collected instead of queued.
#include "pg/append.hpp"
#include "pg/compat.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/index.h"
#include "storage/bufmgr.h"
#include "utils/snapmgr.h"
}

namespace starhouse::pg::append {

namespace {

constexpr int rows_per_buffer = 1000;     // as COPY
constexpr int64 bytes_per_buffer = 65535; // as COPY

// Rows on their way to one partition (or to the plain table).
struct Buffer {
  ResultRelInfo *relation;
  TupleConversionMap *map;
  BulkInsertState bulk;
  TupleTableSlot *slots[rows_per_buffer];
  int used;
  int64 bytes;
  TupleDesc form; // of the slots
  Relation unique_index;
  List *arbiters;
  int eager_indexes;         // the first ones, which take every row; block ranges come after them
  RangeIndex *range_indexes; // those
  int range_index_count;
  IndexScanDesc probe; // of the unique index, for one key after the other
  ScanKeyData probe_keys[INDEX_MAX_KEYS];
  // Rows that sort after what the partition's unique index held at the start cannot be there
  // already. Known for a leading key column that is compared as an integer.
  bool bound_known;
  bool bound_exists;
  int64 bound;
  AttrNumber bound_column;
  // Created by this transaction and empty: nobody else sees it, so its indexes can wait and be
  // built by sorting, which is cheaper than growing them row by row.
  bool fresh;
  Buffer *next;
};

struct Writer {
  DestReceiver receiver; // must be first
  Target *target;
  const AttrMap *columns; // fact column -> query column, 0 where the query has none
  ExprState **defaults;
  EState *estate;
  ModifyTableState *mtstate;
  ResultRelInfo *root;
  PartitionTupleRouting *routing;
  TupleTableSlot *row;             // in the root's form
  const Seen *seen_by_statements;  // null: there are none
  TransitionCaptureState *capture; // null: no trigger asks for the rows
  Buffer *buffers;
  Buffer *latest;
  SeenRows seen;
  Oid leading_type; // of the unique key's first column when that is compared as an integer
  int64 least;      // of its values
  int64 most;
  double behind; // how far rows came after the most so far, added up
  uint64 seeds[2];
  CommandId command;
  MemoryContext context;
  uint64 selected;
  uint64 inserted;
};

// Finds the greatest leading key in the index, uncommitted rows of others included.
void find_bound(Buffer *buffer) {
  Relation heap = buffer->relation->ri_RelationDesc;
  const AttrNumber column = buffer->unique_index->rd_index->indkey.values[0];
  const Oid type = TupleDescAttr(RelationGetDescr(heap), column - 1)->atttypid;
  buffer->bound_known = false;
  if (!compares_as_int64(type) || (buffer->unique_index->rd_indoption[0] & INDOPTION_DESC) != 0) {
    return;
  }
  buffer->bound_column = column;
  SnapshotData dirty;
  InitDirtySnapshot(dirty);
  TupleTableSlot *slot = table_slot_create(heap, nullptr);
  IndexScanDesc scan = compat::index_begin_scan(heap, buffer->unique_index, &dirty);
  index_rescan(scan, nullptr, 0, nullptr, 0);
  buffer->bound_exists = index_getnext_slot(scan, BackwardScanDirection, slot);
  if (buffer->bound_exists) {
    bool is_null;
    buffer->bound = as_int64(type, slot_getattr(slot, column, &is_null));
  }
  index_endscan(scan);
  ExecDropSingleTupleTableSlot(slot);
  buffer->bound_known = true;
}

// Looks for any entry of a key, visible or not: mostly there is none, and no more need be asked.
// One scan for all keys; a check by the executor makes one for each.
void prepare_probe(Buffer *buffer) {
  Relation index = buffer->unique_index;
  const int columns = IndexRelationGetNumberOfKeyAttributes(index);
  const IndexInfo *info = nullptr;
  for (int i = 0; info == nullptr; ++i) {
    if (buffer->relation->ri_IndexRelationDescs[i] == index) {
      info = buffer->relation->ri_IndexRelationInfo[i];
    }
  }
  for (int i = 0; i < columns; ++i) {
    ScanKeyEntryInitialize(&buffer->probe_keys[i], 0, static_cast<AttrNumber>(i + 1),
                           info->ii_UniqueStrats[i], InvalidOid, index->rd_indcollation[i],
                           info->ii_UniqueProcs[i], Datum{0});
  }
  buffer->probe =
      compat::index_begin_scan(buffer->relation->ri_RelationDesc, index, SnapshotAny, columns);
}

bool may_exist(Buffer *buffer, TupleTableSlot *slot) {
  const Relation index = buffer->unique_index;
  const int columns = IndexRelationGetNumberOfKeyAttributes(index);
  for (int i = 0; i < columns; ++i) {
    bool is_null; // never: the columns are NOT NULL
    buffer->probe_keys[i].sk_argument =
        slot_getattr(slot, index->rd_index->indkey.values[i], &is_null);
  }
  index_rescan(buffer->probe, buffer->probe_keys, columns, nullptr, 0);
  return index_getnext_tid(buffer->probe, ForwardScanDirection) != nullptr;
}

void prepare_unique_index(const Target *target, Buffer *buffer) {
  ResultRelInfo *relation = buffer->relation;
  for (int i = 0; i < relation->ri_NumIndices; ++i) {
    if (relation->ri_IndexRelationInfo[i]->ii_Unique) {
      if (relation->ri_IndexRelationInfo[i]->ii_UniqueOps == nullptr) {
        BuildSpeculativeIndexInfo(relation->ri_IndexRelationDescs[i],
                                  relation->ri_IndexRelationInfo[i]);
      }
      buffer->unique_index = relation->ri_IndexRelationDescs[i];
      buffer->arbiters = list_make1_oid(RelationGetRelid(buffer->unique_index));
      if (!target->rows_are_new) {
        find_bound(buffer);
        prepare_probe(buffer);
      }
    }
  }
}

// Puts the indexes of block ranges behind the others.
void order_indexes(Buffer *buffer) {
  ResultRelInfo *relation = buffer->relation;
  TupleDesc row = RelationGetDescr(relation->ri_RelationDesc);
  buffer->range_indexes = static_cast<RangeIndex *>(
      palloc0(sizeof(RangeIndex) * static_cast<Size>(relation->ri_NumIndices + 1)));
  for (int i = 0; i < relation->ri_NumIndices; ++i) {
    Relation index = relation->ri_IndexRelationDescs[i];
    IndexInfo *info = relation->ri_IndexRelationInfo[i];
    if (range_index_init(&buffer->range_indexes[buffer->range_index_count], index, info, row)) {
      ++buffer->range_index_count;
      continue;
    }
    const int place = buffer->eager_indexes++;
    relation->ri_IndexRelationDescs[i] = relation->ri_IndexRelationDescs[place];
    relation->ri_IndexRelationInfo[i] = relation->ri_IndexRelationInfo[place];
    relation->ri_IndexRelationDescs[place] = index;
    relation->ri_IndexRelationInfo[place] = info;
  }
}

bool is_news_to_ranges(Buffer *buffer, TupleTableSlot *slot) {
  bool news = false;
  for (int i = 0; i < buffer->range_index_count; ++i) {
    news = range_index_takes(&buffer->range_indexes[i], slot) || news;
  }
  return news;
}

void insert_into_indexes(Buffer *buffer, TupleTableSlot *slot, EState *estate) {
  ResultRelInfo *relation = buffer->relation;
  const int all = relation->ri_NumIndices;
  if (buffer->eager_indexes < all && !is_news_to_ranges(buffer, slot)) {
    relation->ri_NumIndices = buffer->eager_indexes;
  }
  if (relation->ri_NumIndices > 0) {
    list_free(compat::insert_index_tuples(relation, slot, estate));
  }
  relation->ri_NumIndices = all;
}

Buffer *buffer_for(Writer *writer, ResultRelInfo *relation) {
  if (writer->latest != nullptr && writer->latest->relation == relation) {
    return writer->latest;
  }
  for (Buffer *b = writer->buffers; b != nullptr; b = b->next) {
    if (b->relation == relation) {
      return writer->latest = b;
    }
  }
  auto *buffer = static_cast<Buffer *>(palloc0(sizeof(Buffer)));
  buffer->relation = relation;
  if (relation->ri_TrigDesc != nullptr) {
    // Those of foreign keys, which are checked set-wise; the descriptor is a copy.
    relation->ri_TrigDesc->trig_insert_after_row = false;
  }
  buffer->map =
      relation == writer->root ? nullptr : compat::root_to_child_map(relation, writer->estate);
  buffer->bulk = GetBulkInsertState();
  Relation table = relation->ri_RelationDesc;
  // A copy that nobody counts references to: a thousand slots would each add one to the resource
  // owner, all under one hash value.
  buffer->form = CreateTupleDescCopy(RelationGetDescr(table));
  buffer->fresh = relation->ri_NumIndices > 0 && table->rd_createSubid != InvalidSubTransactionId &&
                  compat::owns_relation(RelationGetRelid(table)) &&
                  RelationGetNumberOfBlocks(table) == 0;
  order_indexes(buffer);
  if (writer->target->unique_column_count > 0 && !buffer->fresh) {
    prepare_unique_index(writer->target, buffer);
  }
  buffer->next = writer->buffers;
  writer->buffers = buffer;
  return writer->latest = buffer;
}

void flush(Writer *writer, Buffer *buffer) {
  if (buffer->used == 0) {
    return;
  }
  ResultRelInfo *relation = buffer->relation;
  EState *estate = writer->estate;
  MemoryContext caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));
  table_multi_insert(relation->ri_RelationDesc, buffer->slots, buffer->used, writer->command, 0,
                     buffer->bulk);
  MemoryContextSwitchTo(caller);
  if (relation->ri_NumIndices > 0 && !buffer->fresh) {
    for (int i = 0; i < buffer->used; ++i) {
      insert_into_indexes(buffer, buffer->slots[i], estate);
    }
  }
  for (int i = 0; writer->capture != nullptr && i < buffer->used; ++i) {
    ExecARInsertTriggers(estate, relation, buffer->slots[i], NIL, writer->capture);
  }
  for (int i = 0; i < buffer->used; ++i) {
    ExecClearTuple(buffer->slots[i]);
  }
  ResetPerTupleExprContext(estate);
  writer->inserted += static_cast<uint64>(buffer->used);
  buffer->used = 0;
  buffer->bytes = 0;
}

// Whether the batch had the row before.
bool is_repeated(Writer *writer) {
  const Target *target = writer->target;
  TupleDesc desc = RelationGetDescr(target->fact);
  Datum key[INDEX_MAX_KEYS];
  KeyHash hash = {writer->seeds[0], writer->seeds[1]};
  for (int i = 0; i < target->unique_column_count; ++i) {
    const AttrNumber column = target->unique_columns[i];
    Form_pg_attribute attribute = TupleDescAttr(desc, column - 1);
    key[i] = writer->row->tts_values[column - 1];
    hash.high = hash_datum(key[i], attribute->attbyval, attribute->attlen, hash.high + 1);
    hash.low = hash_datum(key[i], attribute->attbyval, attribute->attlen, hash.low + 1);
  }
  return seen_rows_add(&writer->seen, key, hash);
}

// Whether the caller vouches for the row.
bool is_new(const Target *target, TupleTableSlot *source) {
  if (target->new_column == 0) {
    return target->rows_are_new;
  }
  bool is_null;
  const Datum value = slot_getattr(source, target->new_column, &is_null);
  return target->rows_are_new || (!is_null && DatumGetBool(value));
}

void note_order(Writer *writer, int64 leading) {
  writer->least = writer->selected == 1 ? leading : Min(writer->least, leading);
  writer->most = writer->selected == 1 ? leading : Max(writer->most, leading);
  writer->behind += static_cast<double>(writer->most) - static_cast<double>(leading);
}

// Rows that are a little late, as clocks differ, touch the same leaves of the index all the same.
bool out_of_order(const Writer *writer) {
  constexpr uint64 few_rows = 1000;
  constexpr double some = 0.05; // of the keys' span, on average
  return writer->selected > few_rows &&
         writer->behind >
             some * static_cast<double>(writer->selected) *
                 (static_cast<double>(writer->most) - static_cast<double>(writer->least));
}

// Whether the row in `slot` (the partition's form) exists, in this batch or in the table. `source`:
// the same as the query has it.
bool is_duplicate(Writer *writer, Buffer *buffer, TupleTableSlot *slot, TupleTableSlot *source) {
  const int64 order = OidIsValid(writer->leading_type)
                          ? as_int64(writer->leading_type,
                                     writer->row->tts_values[writer->target->unique_columns[0] - 1])
                          : 0;
  note_order(writer, order);
  const bool seen = is_repeated(writer);
  if (buffer->fresh) {
    return seen;
  }
  if (!seen && is_new(writer->target, source)) {
    return false; // a row that is there after all meets the unique index: 23505
  }
  if (!seen && buffer->bound_known) {
    if (!buffer->bound_exists) {
      return false;
    }
    bool is_null;
    const Datum leading = slot_getattr(slot, buffer->bound_column, &is_null);
    const Oid type = TupleDescAttr(slot->tts_tupleDescriptor, buffer->bound_column - 1)->atttypid;
    if (!is_null && as_int64(type, leading) > buffer->bound) {
      return false;
    }
  }
  if (seen) {
    flush(writer, buffer); // the twin may wait in the buffer
  } else if (!may_exist(buffer, slot)) {
    return false;
  }
  ItemPointerData conflict;
  const bool exists = !compat::check_index_constraints(buffer->relation, slot, writer->estate,
                                                       &conflict, buffer->arbiters);
  if (exists && !seen && writer->seen_by_statements != nullptr) {
    tuplestore_puttupleslot(writer->seen_by_statements->known, source);
  }
  return exists;
}

// Puts the query's row into the root's form, defaults filled in.
void form_row(Writer *writer, TupleTableSlot *source) {
  slot_getallattrs(source);
  TupleTableSlot *row = writer->row;
  ExecClearTuple(row);
  const int columns = row->tts_tupleDescriptor->natts;
  for (int i = 0; i < columns; ++i) {
    const AttrNumber from = writer->columns->attnums[i];
    if (from > 0) {
      row->tts_values[i] = source->tts_values[from - 1];
      row->tts_isnull[i] = source->tts_isnull[from - 1];
    } else if (writer->defaults[i] != nullptr) {
      row->tts_values[i] = ExecEvalExpr(writer->defaults[i], GetPerTupleExprContext(writer->estate),
                                        &row->tts_isnull[i]);
    } else {
      row->tts_values[i] = Datum{0};
      row->tts_isnull[i] = true;
    }
  }
  ExecStoreVirtualTuple(row);
}

void collect_foreign_keys(Writer *writer) {
  Target *target = writer->target;
  // Enough for the keys of any ordinary batch; beyond it they are checked in portions.
  constexpr uint32 portion = 250000;
  for (int i = 0; i < target->foreign_key_count; ++i) {
    ForeignKey *key = &target->foreign_keys[i];
    const int column = key->fact_column - 1;
    if (!writer->row->tts_isnull[column]) {
      Datum value = writer->row->tts_values[column];
      if (key->keys.length == -1) {
        value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
      }
      value_set_add(&key->keys, value);
      if (key->keys.count >= portion) {
        // A level of its own: the query that feeds us is still running on the one above.
        MemoryContext caller = CurrentMemoryContext;
        if (SPI_connect() != SPI_OK_CONNECT) {
          elog(ERROR, "SPI_connect failed");
        }
        verify_foreign_key(target, key);
        SPI_finish();
        MemoryContextSwitchTo(caller);
      }
    }
  }
}

bool receive(TupleTableSlot *source, DestReceiver *self) {
  auto *writer = reinterpret_cast<Writer *>(self);
  EState *estate = writer->estate;
  // The caller's context is reset per row of the query; what must live longer is ours.
  MemoryContext caller = MemoryContextSwitchTo(writer->context);
  ++writer->selected;

  form_row(writer, source);
  ResultRelInfo *relation = writer->root;
  if (writer->routing != nullptr) {
    relation =
        ExecFindPartition(writer->mtstate, writer->root, writer->routing, writer->row, estate);
  }
  Buffer *buffer = buffer_for(writer, relation);
  TupleTableSlot *slot = buffer->slots[buffer->used];
  if (slot == nullptr) {
    slot = buffer->slots[buffer->used] =
        MakeSingleTupleTableSlot(buffer->form, table_slot_callbacks(relation->ri_RelationDesc));
  }
  if (buffer->map != nullptr) {
    slot = execute_attr_map_slot(buffer->map->attrMap, writer->row, slot);
    ExecMaterializeSlot(slot);
  } else {
    ExecCopySlot(slot, writer->row);
  }
  slot->tts_tableOid = RelationGetRelid(relation->ri_RelationDesc);
  MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));
  if (relation->ri_RelationDesc->rd_att->constr != nullptr) {
    // The row as it came needs no taking apart; a partition of another form checks its own.
    writer->row->tts_tableOid = slot->tts_tableOid;
    ExecConstraints(relation, buffer->map == nullptr ? writer->row : slot, estate);
  }
  collect_foreign_keys(writer);
  if (writer->target->unique_column_count > 0 && is_duplicate(writer, buffer, slot, source)) {
    ExecClearTuple(slot);
  } else {
    if (buffer->slots[buffer->used] != slot) {
      // A flush inside is_duplicate emptied the buffer: the row moves to its first place.
      TupleTableSlot *first = buffer->slots[buffer->used];
      for (int i = 0; i < rows_per_buffer; ++i) {
        if (buffer->slots[i] == slot) {
          buffer->slots[i] = first;
          break;
        }
      }
      buffer->slots[buffer->used] = slot;
    }
    if (writer->seen_by_statements != nullptr) {
      // Copied rather than formed, where the partition has the fact's form.
      tuplestore_puttupleslot(writer->seen_by_statements->added,
                              buffer->map == nullptr ? slot : writer->row);
    }
    ++buffer->used;
    buffer->bytes += static_cast<int64>(MAXALIGN(SizeofHeapTupleHeader)) + 64;
    if (buffer->used == rows_per_buffer || buffer->bytes > bytes_per_buffer * 2) {
      flush(writer, buffer);
    }
  }
  MemoryContextSwitchTo(writer->context);
  ResetPerTupleExprContext(estate);
  MemoryContextSwitchTo(caller);
  return true;
}

void startup(DestReceiver *self, int /*operation*/, TupleDesc /*type*/) {
  (void)self;
}

void shutdown(DestReceiver *self) {
  (void)self;
}

void destroy(DestReceiver *self) {
  (void)self;
}

} // namespace

DestReceiver *create_writer(Target *target, const AttrMap *columns, ExprState **defaults,
                            EState *estate, ModifyTableState *mtstate, const Seen *seen,
                            TransitionCaptureState *capture) {
  auto *writer = static_cast<Writer *>(palloc0(sizeof(Writer)));
  writer->receiver.receiveSlot = receive;
  writer->receiver.rStartup = startup;
  writer->receiver.rShutdown = shutdown;
  writer->receiver.rDestroy = destroy;
  writer->receiver.mydest = DestTuplestore; // never examined; a receiver must name some kind
  writer->target = target;
  writer->columns = columns;
  writer->defaults = defaults;
  writer->estate = estate;
  writer->mtstate = mtstate;
  writer->root = mtstate->rootResultRelInfo;
  writer->seen_by_statements = seen;
  writer->capture = capture;
  writer->row = MakeSingleTupleTableSlot(RelationGetDescr(target->fact), &TTSOpsVirtual);
  writer->command = GetCurrentCommandId(true);
  writer->context = CurrentMemoryContext;
  if (target->unique_column_count > 0) {
    Form_pg_attribute key[INDEX_MAX_KEYS];
    for (int i = 0; i < target->unique_column_count; ++i) {
      key[i] = TupleDescAttr(RelationGetDescr(target->fact), target->unique_columns[i] - 1);
    }
    const Oid leading = key[0]->atttypid;
    writer->leading_type = compares_as_int64(leading) ? leading : InvalidOid;
    seen_rows_init(&writer->seen, target->unique_column_count, key);
    if (!pg_strong_random(writer->seeds, sizeof writer->seeds)) {
      ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random values")));
    }
  }
  if (target->fact->rd_rel->relkind == RELKIND_PARTITIONED_TABLE) {
    writer->routing = ExecSetupPartitionTupleRouting(estate, target->fact);
  }
  return &writer->receiver;
}

Written finish_writer(DestReceiver *receiver) {
  auto *writer = reinterpret_cast<Writer *>(receiver);
  List *unindexed = NIL; // allocated by the caller's context: it outlives the estate
  for (Buffer *b = writer->buffers; b != nullptr; b = b->next) {
    flush(writer, b);
    if (b->fresh) {
      unindexed = lappend_oid(unindexed, RelationGetRelid(b->relation->ri_RelationDesc));
    }
    if (b->probe != nullptr) {
      index_endscan(b->probe);
    }
    FreeBulkInsertState(b->bulk);
    table_finish_bulk_insert(b->relation->ri_RelationDesc, 0);
    for (int i = 0; i < rows_per_buffer && b->slots[i] != nullptr; ++i) {
      ExecDropSingleTupleTableSlot(b->slots[i]);
    }
  }
  ExecDropSingleTupleTableSlot(writer->row);
  if (writer->routing != nullptr) {
    ExecCleanupTupleRouting(writer->mtstate, writer->routing);
  }
  return {writer->selected, writer->inserted, unindexed, out_of_order(writer)};
}

} // namespace starhouse::pg::append
