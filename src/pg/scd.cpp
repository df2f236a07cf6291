// CALL starhouse.scd2_merge: lock, read under one snapshot, replay key by key, write.
#include "pg/scd.hpp"

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
  const char *missing_text = text_argument(fcinfo, missing);
  options.close_missing = strcmp(missing_text, "close") == 0;
  if (!options.close_missing && strcmp(missing_text, "ignore") != 0) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("missing \"%s\" is not known", missing_text),
                    errhint("Use 'ignore' or 'close'.")));
  }
  if (options.mode == Mode::feed && options.close_missing) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("a feed has no missing keys to close"),
                    errhint("Use mode => 'snapshot', or send deletes and name op_column.")));
  }
  if (options.mode == Mode::feed && options.sequence_column == nullptr) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a feed needs sequence_column"),
             errhint("Name the column that says when each event happened.")));
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

// Under a fixed snapshot a merge that committed since makes this update fail with 40001: what it
// wrote could not be seen.
void mark_merge(Oid relation) {
  Oid types[1] = {REGCLASSOID};
  Datum values[1] = {ObjectIdGetDatum(relation)};
  const int result = SPI_execute_with_args(
      "INSERT INTO starhouse.scd_merge_state AS m (dimension, merges, last_merge) "
      "VALUES ($1, 1, pg_catalog.now()) ON CONFLICT (dimension) DO UPDATE "
      "SET merges = m.merges OPERATOR(pg_catalog.+) 1, last_merge = pg_catalog.now()",
      1, types, values, nullptr, false, 0);
  if (result != SPI_OK_INSERT) {
    elog(ERROR, "writing starhouse.scd_merge_state: %s", SPI_result_code_string(result));
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

Datum read_one(const char *statement) {
  if (SPI_execute(statement, true, 1) != SPI_OK_SELECT || SPI_processed != 1) {
    elog(ERROR, "no answer to: %s", statement);
  }
  bool null = false;
  return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null);
}

Counts merge(Oid relation, Oid from, const Options &options) {
  Counts counts = {};
  if (SPI_connect() != SPI_OK_CONNECT) {
    elog(ERROR, "SPI_connect failed");
  }
  Dimension *dimension = load_dimension(relation);
  Source *origin = resolve_source(dimension, from, options);
  mark_merge(relation);
  clear_rejects(*dimension);
  WorkSet *work = open_work(*dimension);
  Replay *replay = start_replay(*dimension, options, work, &counts);

  CommandCounterIncrement();
  PushActiveSnapshot(GetTransactionSnapshot());
  const bool empty =
      !DatumGetBool(read_one(psprintf("SELECT EXISTS (SELECT FROM %s)", dimension->qualified)));
  read(empty ? first_read_statement(*dimension, *origin, options)
             : read_statement(*dimension, *origin, options),
       replay_receiver(replay));
  const int64 events = finish_replay(replay);
  if (options.mode == Mode::snapshot && !empty) {
    // The rest of the rows ended in the join.
    counts.unchanged +=
        DatumGetInt64(read_one(psprintf("SELECT pg_catalog.count(*) FROM %s", origin->qualified))) -
        events;
  }
  PopActiveSnapshot();

  apply(*dimension, work);
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
