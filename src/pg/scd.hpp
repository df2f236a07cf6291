// What the files of the slowly changing dimensions share: a registered dimension with its columns
// resolved, the source it is merged from, and the relations of work rows between reading and
// writing. Everything here is plain palloc'ed data: it lives across SPI calls, which may ereport.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "access/tupdesc.h"
#include "lib/stringinfo.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"
}

namespace starhouse::pg::scd {

struct Column {
  const char *name;
  const char *quoted;
  Oid type;
  int32 typmod;
  Oid collation;
  int16 length;
  bool by_value;
  const char *equality;     // e.g. OPERATOR(pg_catalog.=)
  bool built_in_equality;   // IS DISTINCT FROM finds the same operator
  TypeCacheEntry *compare;  // eq_opr_finfo, hash_proc_finfo
  const char *source_value; // the source's column as a value of this type, e.g. s.price
};

// A registered dimension. `columns` holds key, type-2 and type-1 columns in this order.
struct Dimension {
  Oid relation;
  const char *qualified;
  Column *columns;
  int keys;
  int type2;
  int type1;
  Column surrogate;
  const char *valid_from; // quoted, like the three below
  const char *valid_to;
  const char *current_flag;  // nullptr: none
  const char *inferred_flag; // nullptr: none
  bool key_indexed;          // lookups by key can use an index

  int count() const { return keys + type2 + type1; }
};

enum class Mode : unsigned char { feed, snapshot };

struct Options {
  Mode mode;
  bool close_missing;
  const char *sequence_column; // nullptr: as_of
  const char *op_column;       // nullptr: upserts only
  TimestampTz as_of;
};

struct Source {
  Oid relation;
  const char *qualified;
  const char *sequence;  // expressions over the alias s
  const char *operation; // 0 upsert, 1 delete, 2 unknown
  const char *op_text;
  bool unique_key; // no two rows of one key: a unique index says so
};

struct Counts {
  int64 inserted;
  int64 changed;
  int64 unchanged;
  int64 late;
  int64 deleted;
  int64 rejected;
};

// Rows on their way from reading to writing, in a tuplestore that statements see as a relation.
struct Work {
  const char *name;
  TupleDesc columns;
  Tuplestorestate *rows;
  int64 count;
};

// Where the columns of a row of the read statement stand.
namespace at {
inline constexpr int kind = 0;      // 0 stored version, 1 event
inline constexpr int surrogate = 1; // NULL for an event
inline constexpr int instant = 2;   // valid_from, or the event's sequence
inline constexpr int valid_to = 3;  // NULL for an event
inline constexpr int flag = 4;      // inferred (0, 1), or the operation (0, 1, 2; 3: missing key)
inline constexpr int op_text = 5;
inline constexpr int columns = 6;
} // namespace at

namespace operation {
inline constexpr int16 upsert = 0;
inline constexpr int16 remove = 1;
inline constexpr int16 unknown = 2;
inline constexpr int16 missing = 3;
} // namespace operation

// scd_dimension.cpp: the registration and the relations behind it.
Dimension *load_dimension(Oid relation);
Source *resolve_source(Dimension *dimension, Oid relation, const Options &options);
const char *equality_operator(Oid type, bool *built_in);

// scd_statement.cpp: the texts of the statements. The first one is for an empty dimension.
const char *first_read_statement(const Dimension &dimension, const Source &source,
                                 const Options &options);
const char *read_statement(const Dimension &dimension, const Source &source,
                           const Options &options);

// scd_apply.cpp: work relations and the statements that write them.
struct WorkSet {
  Work moves;       // surrogate, from, to, current
  Work overwrites;  // surrogate, from, to, current, type-1 columns
  Work completions; // surrogate, from, to, current, type-2 and type-1 columns
  Work insertions;  // from, to, current, all columns
  Work rejects;     // code, reason, key, sequence, operation, all columns
};
WorkSet *open_work(const Dimension &dimension);
void close_work(WorkSet *work);
void put(Work *work, const Datum *values, const bool *nulls);
void clear_rejects(const Dimension &dimension);
void apply(const Dimension &dimension, WorkSet *work);

// scd_replay.cpp: the receiver that takes the rows of the read statement, key by key.
struct Replay;
Replay *start_replay(const Dimension &dimension, const Options &options, WorkSet *work,
                     Counts *counts);
DestReceiver *replay_receiver(Replay *replay);
// Handles the last key and returns how many events came from the source.
int64 finish_replay(Replay *replay);

} // namespace starhouse::pg::scd
