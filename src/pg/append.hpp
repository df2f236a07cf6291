// Bulk append to a fact table: what INSERT … SELECT … ON CONFLICT DO NOTHING does, at the price of
// a COPY. Rows are written many to a page as COPY writes them; rows that the batch or the table
// holds already are left out; and foreign keys are checked once per distinct key and batch, under
// the same row locks as the row-by-row triggers take, instead of once per row and key.
//
// All of this follows PostgreSQL's rules only (plain data in memory contexts, errors by ereport):
// no C++ object with a destructor lives here.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "access/attmap.h"
#include "access/heapam.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/execPartition.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "nodes/execnodes.h"
#include "utils/array.h"
#include "utils/plancache.h"
#include "utils/queryenvironment.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"
}

namespace starhouse::pg::append {

// A growing set of distinct values of one column (by-value types, or varlena compared by bytes).
struct ValueSet {
  bool by_value;
  int16 length;
  uint32 count;
  uint32 latest;   // index of the value asked for last
  uint32 capacity; // of values; the slot table is twice as large, a power of two
  uint32 *slots;   // index into values + 1; 0 is empty
  Datum *values;
  MemoryContext context; // owns copies of by-reference values
};
void value_set_init(ValueSet *set, bool by_value, int16 length, MemoryContext context);
void value_set_add(ValueSet *set, Datum value);
void value_set_clear(ValueSet *set);

// A set of 128-bit key hashes: the rows of this batch. The seeds are random, so that nobody can
// craft two keys that meet; that two meet by chance is less likely than a memory error.
struct KeyHash {
  uint64 high;
  uint64 low; // never 0, which marks an empty slot
};
struct HashSet {
  KeyHash *slots;
  uint64 mask;
  uint64 count;
};
void hash_set_init(HashSet *set, uint64 capacity);
// True when the hash was there already.
bool hash_set_add(HashSet *set, KeyHash hash);

// Bytes or value of one column of the row that came last.
struct LatestValue {
  bool by_value;
  int16 length; // as attlen
  Datum value;  // by_value
  char *bytes;  // otherwise
  Size size;
  Size room;
};

// The rows of this batch, for telling its duplicates. Facts mostly come in the order of time, and
// then a row's twin can only be among those of the same leading key: few, and in the cache. Of rows
// that come in the order of their whole key it can only be the one before. From the first row whose
// leading key comes out of order on, all of them are in one set. Any total order does in which
// equal values are equal bytes, whatever the index's own.
struct SeenRows {
  HashSet set;     // in order: of the latest group, once it is large; else of all rows
  bool set_in_use; // in order only
  bool ordered;
  bool ascending;  // in order only: the rows of the latest group came in the order of the key
  KeyHash *hashes; // in order only: all rows, in case it ends
  uint64 count;
  uint64 room;
  uint64 group; // where the rows of the latest leading key begin
  int columns;
  LatestValue latest[INDEX_MAX_KEYS];
  MemoryContext context;
};
// `key`: attributes of the unique key's columns.
void seen_rows_init(SeenRows *seen, int columns, const Form_pg_attribute *key);
// True when the row was there already. `key`: its unique key, `hash`: of the same.
bool seen_rows_add(SeenRows *seen, const Datum *key, KeyHash hash);

uint64 hash_datum(Datum value, bool by_value, int16 length, uint64 seed);

// The types whose Datum orders as a signed integer.
inline bool compares_as_int64(Oid type) {
  return type == TIMESTAMPTZOID || type == TIMESTAMPOID || type == INT8OID || type == DATEOID ||
         type == INT4OID;
}
inline int64 as_int64(Oid type, Datum value) {
  return type == DATEOID || type == INT4OID ? DatumGetInt32(value) : DatumGetInt64(value);
}

// What an index of block ranges has been told, by the rows of one call, of a column in the range
// that is being written.
struct RangeColumn {
  AttrNumber number;
  Oid interval_of; // valid: the index keeps the least and the greatest, of this type
  bool has_null;
  bool has_value;
  Datum value; // the latest
  int64 least;
  int64 most;
};
struct RangeIndex {
  BlockNumber pages_per_range;
  BlockNumber range; // InvalidBlockNumber: none yet
  int column_count;
  RangeColumn columns[INDEX_MAX_KEYS];
};
// False for any other index, which has to take every row.
bool range_index_init(RangeIndex *ranges, Relation index, const IndexInfo *info, TupleDesc row);
// Whether the index has to take the row: no row before it told as much of its range. What was told
// holds on, whoever summarises the range meanwhile: those rows are in the table. The row counts as
// told then.
bool range_index_takes(RangeIndex *ranges, TupleTableSlot *slot);

// One foreign key of the fact that is checked set-wise.
struct ForeignKey {
  Oid constraint;
  Oid referenced;
  AttrNumber fact_column;
  AttrNumber referenced_column;
  Oid type;
  ValueSet keys;
};

// What append needs to know of a fact, filled by inspect().
struct Target {
  Relation fact;
  int foreign_key_count;
  ForeignKey *foreign_keys;
  int unique_column_count; // 0: the fact has no unique index
  AttrNumber unique_columns[INDEX_MAX_KEYS];
  bool rows_are_new;     // vouched for by the caller: the table is not asked
  bool keys_are_new;     // nor is the batch, and so it does not matter what the key is made of
  AttrNumber new_column; // of the query: the same row by row; 0 where it has none
  const char *obstacle;  // why only a plain INSERT will do; null when the fast path is open
};
// Examines the fact and all its partitions; raises nothing but access errors.
void inspect(Relation fact, bool keys_are_new, Target *target);

// Raises 23503 as the row-by-row trigger would when a collected key has no partner; locks the
// partners FOR KEY SHARE.
void verify_foreign_key(const Target *target, ForeignKey *key);

// Facts whose rows came far from the order of their key lately, in this session. A feed's batches
// are alike: the next one's rows are sorted first.
bool is_unsorted(Oid fact);
void note_unsorted(Oid fact);
// The query in the key's order; rows of one key stay as they came, for the first one counts. Null
// where it cannot be, as a part of the key is left to its default, or the query has its own order.
const char *sorted_query(const Target *target, const char *query, const CachedPlanSource *parsed,
                         const AttrMap *map);

// What the statements of a call see.
struct Seen {
  Tuplestorestate *added; // rows that were added, in the fact's form
  Tuplestorestate *known; // rows that the fact had the key of, each key once, in the query's form
  TupleDesc known_row;
};
EphemeralNamedRelation relation_of(const char *name, Tuplestorestate *rows, Oid like,
                                   TupleDesc row);
// Names these for the SPI connection just made: those of the running append_facts, if there is one.
void name_seen();
void run_statements(ArrayType *statements, Relation fact, const Seen *seen);

// The writer: a DestReceiver that appends what it receives and fills `seen`, unless that is null,
// and what triggers on the statement are to see (`capture`), unless that is.
DestReceiver *create_writer(Target *target, const AttrMap *columns, ExprState **defaults,
                            EState *estate, ModifyTableState *mtstate, const Seen *seen,
                            TransitionCaptureState *capture);
// Whether this is the query's column that says of each row whether it is new to the fact.
bool tells_new(Relation fact, Form_pg_attribute given);
struct Written {
  uint64 selected;
  uint64 inserted;
  // Tables that were created by this transaction and filled without their indexes: REINDEX them
  // once everything here is closed.
  List *unindexed;
  // The rows came far from the order of the unique key.
  bool out_of_order;
};
// Writes what is buffered.
Written finish_writer(DestReceiver *writer);

// The same by INSERT … ON CONFLICT DO NOTHING. `source`: the row of the plan.
void append_plain(Relation fact, TupleDesc source, SPIPlanPtr plan, const Seen *seen,
                  uint64 *selected, uint64 *inserted);

} // namespace starhouse::pg::append
