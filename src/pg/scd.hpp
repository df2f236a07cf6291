// What the files of the slowly changing dimensions share: a registered dimension with its columns
// resolved, the source it is merged from, and the relations of work rows between reading and
// writing. Everything here is plain palloc'ed data: it lives across SPI calls, which may ereport.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "access/tupdesc.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"
}

namespace starhouse::pg::scd {

struct Column {
  const char *name;
  const char *quoted;
  const char *source_name; // the source's column; nullptr: none (a type-3 previous value)
  Oid type;
  int32 typmod;
  Oid collation;
  int16 length;
  bool by_value;
  const char *equality;     // e.g. OPERATOR(pg_catalog.=)
  bool built_in_equality;   // IS DISTINCT FROM finds the same operator
  TypeCacheEntry *compare;  // eq_opr_finfo, hash_proc_finfo
  const char *source_value; // the source's column as a value of this type, e.g. s.price
  bool missing;             // the source lacks it
};

enum class OnReject : unsigned char { list, quarantine, fail };

// A registered dimension. `columns` holds the key, the columns of type 2, of type 1 (and the
// companions of type 6), of type 0, of type 3, and the previous values of type 3, in this order.
struct Dimension {
  Oid relation;
  const char *qualified;
  Column *columns;
  int keys;
  int type2;
  int type1;
  int type0;
  int type3;
  Column surrogate;
  const char *valid_from; // quoted, like the flags below
  const char *valid_to;
  const char *current_flag;   // nullptr: none
  const char *inferred_flag;  // nullptr: none
  const char *deleted_flag;   // nullptr: deletes close
  const char *read_from;      // expressions over the alias x: [from, to) as timestamptz
  const char *read_to;        //
  const char *open_condition; // over x: the version is current
  const char *write_from;     // expressions over a.f and a.t as the dimension writes them
  const char *write_to;
  const char *write_from_parameter; // the same over $1 and $2
  const char *write_to_parameter;
  const char *lowest; // -infinity as a literal of the interval's type
  const char *zone;   // quoted time zone of date and timestamp values; nullptr: the session's
  const char *sequence_column; // defaults of merges; nullptr: none
  const char *op_column;
  Datum delete_values; // text[]; 0: the usual spellings
  bool ignore_nulls;
  bool keep_missing;
  OnReject on_reject;
  bool remember_repeats; // or only what the events that opened versions said
  const char *memory;    // qualified names of the side tables; nullptr: none
  const char *journal;
  const char *rejects;
  bool key_indexed;       // lookups by key can use an index
  double rows;            // as ANALYZE estimated; not positive where it did not
  bool has_triggers;      // of the user's
  bool portable;          // statements that a distributed table takes too
  TimestampTz watermark;  // newest instant of earlier merges; DT_NOBEGIN: none
  TimestampTz cutoff;     // older events are too late; DT_NOBEGIN: none is
  TimestampTz *snapshots; // instants of complete snapshots since the cutoff, ascending
  int snapshot_count;

  int previous_from() const { return keys + type2 + type1 + type0 + type3; }
  int event_columns() const { return previous_from(); }
  int count() const { return previous_from() + type3; }
  bool partial() const { return ignore_nulls || keep_missing; }
};

enum class Mode : unsigned char { feed, snapshot };

struct Options {
  Mode mode;
  bool close_missing;
  const char *missing;         // as given
  const char *sequence_column; // nullptr: as_of
  const char *op_column;       // nullptr: upserts only
  TimestampTz as_of;
  int64 merge_id;
  bool complete; // a snapshot of all keys at one instant, to be remembered as such
};

struct Source {
  Oid relation;
  const char *qualified;
  const char *sequence;  // expressions over the alias s
  const char *operation; // 0 upsert, 1 delete, 2 unknown
  const char *op_text;
  bool unique_key;        // no two rows of one key: a unique index says so
  ArrayType *new_columns; // text[]: what it has and the dimension does not take
  ArrayType *missing_columns;
};

struct Counts {
  int64 inserted;
  int64 changed;
  int64 unchanged;
  int64 late;
  int64 deleted;
  int64 rejected;
};

// Rows on their way from reading to writing, in a tuplestore that statements see as a relation, or,
// portably, as parameters.
struct Work {
  const char *name;
  TupleDesc columns;
  Tuplestorestate *rows;
  int64 count;
  bool portable;
};

// Where the columns of a row of the read statement stand.
namespace at {
inline constexpr int kind = 0;      // see kind below
inline constexpr int surrogate = 1; // of a version
inline constexpr int instant = 2;   // valid_from, or the sequence
inline constexpr int valid_to = 3;  // of a version
inline constexpr int flag =
    4; // inferred (1) and deleted (2), or the operation, or the memory's kind
inline constexpr int text = 5; // the operation as it came, or what a memory is of
inline constexpr int columns = 6;
} // namespace at

namespace kind {
inline constexpr int16 version = 0;
inline constexpr int16 event = 1;
inline constexpr int16 memory = 2;
} // namespace kind

namespace operation {
inline constexpr int16 upsert = 0;
inline constexpr int16 remove = 1;
inline constexpr int16 unknown = 2;
inline constexpr int16 missing = 3;
} // namespace operation

// Kinds of a memory row by number, and their letters in the table.
namespace memory {
inline constexpr int16 repeat = 0;   // u
inline constexpr int16 removal = 1;  // d
inline constexpr int16 partial = 2;  // g
inline constexpr int16 previous = 3; // p
inline constexpr int16 rejected = 4; // x
inline constexpr char letters[] = "udgpx";
} // namespace memory

// scd_dimension.cpp: the registration and the relations behind it.
Dimension *load_dimension(Oid relation);
Source *resolve_source(Dimension *dimension, Oid relation, const Options &options);
const char *equality_operator(Oid type, bool *built_in);
// The expression rounded to what the dimension's interval can say: a day, say.
const char *in_grain(const Dimension &dimension, const char *expression);
const char *plain_type(Oid type);
const char *null_of(Oid type);

// scd_statement.cpp: the texts of the statements. The first one is for an empty dimension.
const char *first_read_statement(const Dimension &dimension, const Source &source,
                                 const Options &options);
struct Differences; // scd_compare.hpp; nullptr: a join finds them
const char *read_statement(const Dimension &dimension, const Source &source, const Options &options,
                           const Differences *found);
// What a snapshot is compared by: not by what it lacks, not by the first values (type 0), and by a
// companion of type 6 no more than by its twin.
bool compared(const Dimension &dimension, int column);

// scd_apply.cpp: work relations and the statements that write them. A work row of a version begins
// with its interval: from, to, current, deleted. To change one, portable statements name its key,
// too: it is what tells where a distributed table keeps the version.
struct WorkSet {
  Work moves;       // interval, surrogate; portable: key
  Work overwrites;  // interval, surrogate, columns of types 1, 0 and 3; portable: key
  Work completions; // interval, surrogate, all columns but the key; portable: key
  Work insertions;  // interval, all columns
  Work forgotten;   // key, sequence, letter, text
  Work remembered;  // key, sequence, letter, text
  Work rejects;     // code, reason, key, sequence, operation, all columns of an event
};
WorkSet *open_work(const Dimension &dimension);
void close_work(WorkSet *work);
Work open_work(const char *name, TupleDesc columns);
// Relations that the statements until show_no_more see under the work's name.
void show(Work *work);
void show_no_more(const Work &work);
// The name that an identifier written for SQL stands for.
const char *unquoted(const char *quoted);
void put(Work *work, const Datum *values, const bool *nulls);
void clear_rejects(const Dimension &dimension);
// `first`: the dimension and its memory were empty.
void apply(const Dimension &dimension, const Options &options, WorkSet *work, bool first);

// scd_portable.cpp. The setting starhouse.scd_portable: every dimension is merged by portable
// statements.
extern bool always_portable;
// Whether Citus keeps the table.
bool on_citus(Oid relation);

// Statements whose parameters are rows of work. Both run `then`, unless it is
// nullptr, for every row that the statement returns, with that row as its parameters; both give
// back how many rows the statement read or wrote. Once for each row: parameter $n is its nth
// column.
uint64 run_each(Work *work, const char *statement, const char *then);
// For many rows at once, which stand between the two parts as the relation a.
uint64 run_together(Work *work, const char *before, const char *after, const char *then);

// scd_replay.cpp: the receiver that takes the rows of the read statement, key by key.
struct Replay;
// `singles`: the rows are the only ones of their keys, and nothing is known of them.
Replay *start_replay(const Dimension &dimension, const Options &options, bool singles,
                     WorkSet *work, Counts *counts);
DestReceiver *replay_receiver(Replay *replay);
struct Seen {
  int64 events;             // rows of the source
  TimestampTz newest;       // instant that was taken in; DT_NOBEGIN: none
  const char *first_reject; // nullptr: none
};
// Handles the last key.
Seen finish_replay(Replay *replay);

} // namespace starhouse::pg::scd
