// CALL starhouse.scd2_merge: lock, read under one snapshot, replay key by key, write.
#include "pg/scd_compare.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
}

namespace starhouse::pg::scd {

namespace {

// Arguments by position.
enum Argument : int { dim, source, mode, sequence_column, op_column, missing, as_of };

const char *text_argument(FunctionCallInfo fcinfo, int argument) {
  return PG_ARGISNULL(argument) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

Options read_options(FunctionCallInfo fcinfo) {
  static const char *const names[] = {"dim",   "source",  "mode", nullptr,
                                      nullptr, "missing", "as_of"};
  for (int i = dim; i <= as_of; ++i) {
    if (names[i] != nullptr && PG_ARGISNULL(i)) {
      ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                      errmsg("argument %s of scd2_merge is NULL", names[i])));
    }
  }
  Options options = {};
  const char *mode_text = text_argument(fcinfo, mode);
  if (strcmp(mode_text, "feed") == 0) {
    options.mode = Mode::feed;
  } else if (strcmp(mode_text, "snapshot") == 0) {
    options.mode = Mode::snapshot;
  } else {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("mode \"%s\" is not known", mode_text),
                    errhint("Use 'feed' (rows are events) or 'snapshot' (the source is the whole "
                            "truth).")));
  }
  options.sequence_column = text_argument(fcinfo, sequence_column);
  options.op_column = text_argument(fcinfo, op_column);
  options.missing = text_argument(fcinfo, missing);
  options.close_missing = strcmp(options.missing, "ignore") != 0;
  if (options.close_missing && strcmp(options.missing, "close") != 0 &&
      strcmp(options.missing, "flag") != 0) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("missing \"%s\" is not known", options.missing),
                    errhint("Use 'ignore', 'close' or 'flag'.")));
  }
  if (options.mode == Mode::feed && options.close_missing) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("a feed has no missing keys to close"),
                    errhint("Use mode => 'snapshot', or send deletes and name op_column.")));
  }
  options.as_of = PG_GETARG_TIMESTAMPTZ(as_of);
  if (TIMESTAMP_NOT_FINITE(options.as_of)) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("as_of is %s", timestamptz_to_str(options.as_of)),
                    errhint("Give the instant at which the snapshot was taken.")));
  }
  return options;
}

// Second merges wait here; readers, foreign key checks and fact loads do not. The lock comes before
// the snapshot, so that what the first merge wrote is seen.
void lock_dimension(Oid relation) {
  if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation))) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                    errmsg("relation with OID %u does not exist", relation)));
  }
  const AclResult allowed = pg_class_aclcheck(relation, GetUserId(), ACL_UPDATE);
  if (allowed != ACLCHECK_OK) {
    aclcheck_error(allowed, get_relkind_objtype(get_rel_relkind(relation)), get_rel_name(relation));
  }
  LockRelationOid(relation, ShareRowExclusiveLock);
  if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation))) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                    errmsg("relation with OID %u was dropped meanwhile", relation)));
  }
}

Datum read_one(const char *statement) {
  if (SPI_execute(statement, true, 1) != SPI_OK_SELECT || SPI_processed != 1) {
    elog(ERROR, "no answer to: %s", statement);
  }
  bool null = false;
  return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null);
}

// What the registration leaves to the merge, or the merge to the registration.
void complete_options(const Dimension &dimension, Options *options) {
  // A snapshot has one instant unless the call itself names a column.
  if (options->mode == Mode::feed && options->sequence_column == nullptr) {
    options->sequence_column = dimension.sequence_column;
  }
  if (options->mode == Mode::feed && options->sequence_column == nullptr) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a feed needs sequence_column"),
             errhint("Name the column that says when each event happened.")));
  }
  if (options->mode == Mode::feed && options->op_column == nullptr) {
    options->op_column = dimension.op_column;
  }
  const bool flags = dimension.deleted_flag != nullptr;
  if (options->close_missing && flags != (strcmp(options->missing, "flag") == 0)) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("missing \"%s\" does not fit the dimension %s", options->missing,
                           dimension.qualified),
                    flags ? errhint("Its deletes are flagged in %s: use missing => 'flag'.",
                                    dimension.deleted_flag)
                          : errhint("It has no deleted_flag registered: use missing => 'close'.")));
  }
  options->complete = options->mode == Mode::snapshot && options->close_missing &&
                      options->sequence_column == nullptr && dimension.memory != nullptr &&
                      !dimension.partial();
}

Datum only_value(bool *null) {
  return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, null);
}

// Numbers the merge. Under a fixed snapshot a merge that committed since makes this fail with
// 40001: what it wrote could not be seen.
int64 number_merge(Oid relation) {
  Oid types[1] = {REGCLASSOID};
  Datum values[1] = {ObjectIdGetDatum(relation)};
  const int result = SPI_execute_with_args(
      "INSERT INTO starhouse.scd_merge_state AS m (dimension, merges, last_merge) "
      "VALUES ($1, coalesce((SELECT pg_catalog.max(r.merge_id) FROM starhouse.scd_run AS r "
      "WHERE r.dimension = $1), 0) OPERATOR(pg_catalog.+) 1, pg_catalog.now()) "
      "ON CONFLICT (dimension) DO UPDATE "
      "SET merges = m.merges OPERATOR(pg_catalog.+) 1, last_merge = pg_catalog.now() "
      "RETURNING merges",
      1, types, values, nullptr, false, 0);
  if (result != SPI_OK_INSERT_RETURNING || SPI_processed != 1) {
    elog(ERROR, "writing starhouse.scd_merge_state: %s", SPI_result_code_string(result));
  }
  bool null = false;
  return DatumGetInt64(only_value(&null));
}

// What earlier merges say: the newest instant, the horizon behind it, the complete snapshots since.
void load_runs(Dimension *dimension) {
  MemoryContext home = CurrentMemoryContext;
  dimension->watermark = DT_NOBEGIN;
  dimension->cutoff = DT_NOBEGIN;
  Oid types[2] = {REGCLASSOID, TIMESTAMPTZOID};
  Datum values[2] = {ObjectIdGetDatum(dimension->relation), 0};
  if (SPI_execute_with_args(
          "SELECT r.watermark, r.watermark OPERATOR(pg_catalog.-) d.horizon "
          "FROM starhouse.scd_run AS r JOIN starhouse.scd_dimension AS d USING (dimension) "
          "WHERE r.dimension = $1 AND r.undone_at IS NULL ORDER BY r.merge_id DESC LIMIT 1",
          1, types, values, nullptr, true, 1) != SPI_OK_SELECT) {
    elog(ERROR, "reading starhouse.scd_run failed");
  }
  if (SPI_processed == 0) {
    return;
  }
  bool null = false;
  const Datum watermark = only_value(&null);
  if (!null) {
    dimension->watermark = DatumGetTimestampTz(watermark);
  }
  const Datum cutoff = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &null);
  if (!null) {
    dimension->cutoff = DatumGetTimestampTz(cutoff);
  }
  if (dimension->memory == nullptr) {
    return;
  }
  values[1] = TimestampTzGetDatum(dimension->cutoff);
  if (SPI_execute_with_args("SELECT DISTINCT r.as_of FROM starhouse.scd_run AS r "
                            "WHERE r.dimension = $1 AND r.complete AND r.undone_at IS NULL "
                            "AND r.as_of >= $2 ORDER BY 1",
                            2, types, values, nullptr, true, 0) != SPI_OK_SELECT) {
    elog(ERROR, "reading starhouse.scd_run failed");
  }
  dimension->snapshot_count = static_cast<int>(SPI_processed);
  dimension->snapshots = static_cast<TimestampTz *>(
      MemoryContextAlloc(home, sizeof(TimestampTz) * Max(SPI_processed, 1)));
  for (int i = 0; i < dimension->snapshot_count; ++i) {
    dimension->snapshots[i] =
        DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &null));
  }
}

// Of a dimension that no merge has written yet, such as an adopted one: the newest instant it
// shows.
TimestampTz newest_shown(const Dimension &dimension) {
  bool null = false;
  if (SPI_execute(
          psprintf("SELECT pg_catalog.max(GREATEST(CASE WHEN pg_catalog.isfinite(i.f) THEN i.f "
                   "END, CASE WHEN pg_catalog.isfinite(i.t) THEN i.t END)) FROM (SELECT %s, "
                   "%s FROM %s AS x) AS i (f, t)",
                   dimension.read_from, dimension.read_to, dimension.qualified),
          true, 1) != SPI_OK_SELECT) {
    elog(ERROR, "reading %s failed", dimension.qualified);
  }
  const Datum newest = only_value(&null);
  return null ? DT_NOBEGIN : DatumGetTimestampTz(newest);
}

bool has_horizon(Oid dimension) {
  return DatumGetBool(read_one(psprintf("SELECT horizon IS NOT NULL FROM starhouse.scd_dimension "
                                        "WHERE dimension = %u::pg_catalog.oid",
                                        dimension)));
}

void record_run(const Dimension &dimension, const Source &source, const Options &options,
                const Counts &counts, TimestampTz newest, bool unknown, TimestampTz started) {
  const bool single = options.mode == Mode::snapshot && options.sequence_column == nullptr;
  if (single) {
    newest = Max(newest, options.as_of);
  }
  // While it is not known what the dimension shows, nobody knows the newest instant.
  newest = unknown ? DT_NOBEGIN : Max(newest, dimension.watermark);
  Oid types[17] = {REGCLASSOID,    INT8OID,        TEXTOID, TEXTOID,      TIMESTAMPTZOID,
                   BOOLOID,        TIMESTAMPTZOID, INT8OID, INT8OID,      INT8OID,
                   INT8OID,        INT8OID,        INT8OID, TEXTARRAYOID, TEXTARRAYOID,
                   TIMESTAMPTZOID, TIMESTAMPTZOID};
  Datum values[17] = {ObjectIdGetDatum(dimension.relation),
                      Int64GetDatum(options.merge_id),
                      CStringGetTextDatum(source.qualified),
                      CStringGetTextDatum(options.mode == Mode::feed ? "feed" : "snapshot"),
                      TimestampTzGetDatum(options.as_of),
                      BoolGetDatum(options.complete),
                      TimestampTzGetDatum(newest),
                      Int64GetDatum(counts.inserted),
                      Int64GetDatum(counts.changed),
                      Int64GetDatum(counts.unchanged),
                      Int64GetDatum(counts.late),
                      Int64GetDatum(counts.deleted),
                      Int64GetDatum(counts.rejected),
                      PointerGetDatum(source.new_columns),
                      PointerGetDatum(source.missing_columns),
                      TimestampTzGetDatum(started),
                      TimestampTzGetDatum(GetCurrentTimestamp())};
  char nulls[17];
  memset(nulls, ' ', sizeof(nulls));
  if (!single) {
    nulls[4] = 'n';
  }
  if (newest == DT_NOBEGIN) {
    nulls[6] = 'n';
  }
  const int result = SPI_execute_with_args(
      "INSERT INTO starhouse.scd_run (dimension, merge_id, source, mode, as_of, complete, "
      "watermark,"
      " inserted, changed, unchanged, late, deleted, rejected, new_columns, missing_columns,"
      " started_at, finished_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
      " $14, $15, $16, $17)",
      17, types, values, nulls, false, 0);
  if (result != SPI_OK_INSERT) {
    elog(ERROR, "writing starhouse.scd_run: %s", SPI_result_code_string(result));
  }
}

void refuse_rejects(const Dimension &dimension, const Counts &counts, const char *first) {
  if (dimension.on_reject == OnReject::fail && counts.rejected > 0) {
    ereport(
        ERROR,
        (errcode(ERRCODE_DATA_EXCEPTION),
         errmsg("rows without a place in %s: " INT64_FORMAT, dimension.qualified, counts.rejected),
         errdetail("The first: %s.", first),
         errhint("Mend the source. scd_register(..., on_reject => 'list') merges the rest and "
                 "lists them.")));
  }
}

void read(const char *statement, DestReceiver *receiver) {
  SPIExecuteOptions how = {};
  how.read_only = true; // one snapshot for all reading: the one pushed by merge()
  how.dest = receiver;
  const int result = SPI_execute_extended(statement, &how);
  if (result != SPI_OK_SELECT) {
    elog(ERROR, "reading the source: %s", SPI_result_code_string(result));
  }
}

// Returns how many rows a snapshot has; those without a difference end here.
int64 read_source(const Dimension &dimension, const Source &source, const Options &options,
                  bool first, DestReceiver *receiver) {
  if (first) {
    read(first_read_statement(dimension, source, options), receiver);
    return 0;
  }
  if (!compares_in_order(dimension, source, options)) {
    read(read_statement(dimension, source, options, nullptr), receiver);
    if (options.mode == Mode::feed) {
      return 0;
    }
    return DatumGetInt64(
        read_one(psprintf("SELECT pg_catalog.count(*) FROM %s", source.qualified)));
  }
  Differences found = compare_in_order(dimension, source, options);
  show(&found.candidates);
  show(&found.missing);
  read(read_statement(dimension, source, options, &found), receiver);
  show_no_more(found.candidates);
  show_no_more(found.missing);
  tuplestore_end(found.candidates.rows);
  tuplestore_end(found.missing.rows);
  return found.source_rows;
}

bool holds_rows(const char *table) {
  // The column and the limit are for a distributed table: what the subquery finds travels.
  return DatumGetBool(read_one(psprintf("SELECT EXISTS (SELECT 1 FROM %s LIMIT 1)", table)));
}

Counts merge(Oid relation, Oid from, Options options) {
  const TimestampTz started = GetCurrentTimestamp();
  Counts counts = {};
  if (SPI_connect() != SPI_OK_CONNECT) {
    elog(ERROR, "SPI_connect failed");
  }
  Dimension *dimension = load_dimension(relation);
  complete_options(*dimension, &options);
  options.as_of = DatumGetTimestampTz(read_one(psprintf(
      "SELECT %s",
      in_grain(*dimension, psprintf("TIMESTAMPTZ %s",
                                    quote_literal_cstr(timestamptz_to_str(options.as_of)))))));
  Source *origin = resolve_source(dimension, from, options);
  options.merge_id = number_merge(relation);
  load_runs(dimension);
  clear_rejects(*dimension);

  CommandCounterIncrement();
  PushActiveSnapshot(GetTransactionSnapshot());
  const bool first = !holds_rows(dimension->qualified) &&
                     (dimension->memory == nullptr || !holds_rows(dimension->memory)) &&
                     dimension->snapshot_count == 0;
  const bool singles = first && origin->unique_key;
  bool unknown = !first && dimension->watermark == DT_NOBEGIN;
  if (unknown && (options.close_missing || has_horizon(relation))) {
    dimension->watermark = newest_shown(*dimension);
    unknown = false;
  }
  WorkSet *work = open_work(*dimension);
  Replay *replay = start_replay(*dimension, options, singles, work, &counts);
  const int64 compared = read_source(*dimension, *origin, options, first, replay_receiver(replay));
  const Seen seen = finish_replay(replay);
  if (options.mode == Mode::snapshot && !first) {
    counts.unchanged += compared - seen.events;
  }
  PopActiveSnapshot();

  refuse_rejects(*dimension, counts, seen.first_reject);
  apply(*dimension, options, work, first);
  record_run(*dimension, *origin, options, counts, seen.newest, unknown, started);
  close_work(work);
  SPI_finish();
  return counts;
}

} // namespace

} // namespace starhouse::pg::scd

STARHOUSE_FUNCTION(starhouse_scd2_merge) {
  using namespace starhouse::pg::scd;
  const Options options = read_options(fcinfo);
  const Oid relation = PG_GETARG_OID(dim);
  const Oid from = PG_GETARG_OID(source);
  PreventCommandIfReadOnly("scd2_merge()");
  if (relation == from) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("a dimension cannot be merged into itself")));
  }
  lock_dimension(relation);
  const Counts counts = merge(relation, from, options);

  TupleDesc shape = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &shape) != TYPEFUNC_COMPOSITE) {
    elog(ERROR, "scd2_merge is declared without its counts");
  }
  Datum values[6] = {Int64GetDatum(counts.inserted),  Int64GetDatum(counts.changed),
                     Int64GetDatum(counts.unchanged), Int64GetDatum(counts.late),
                     Int64GetDatum(counts.deleted),   Int64GetDatum(counts.rejected)};
  bool nulls[6] = {};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), values, nulls)));
}
