// Writing a merge: rows of work gathered key by key, each kind written by one statement.
//
// The statements see the tuplestores as relations (as triggers see their transition tables):
// nothing is created in the catalogue, and what exceeds work_mem goes to a temporary file.
#include "pg/scd.hpp"
#include "pg/compat.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/acl.h"
#include "utils/queryenvironment.h"
}

namespace starhouse::pg::scd {

namespace {

struct Shape {
  TupleDesc columns;
  AttrNumber next;

  void add(const char *name, Oid type, Oid collation = InvalidOid) {
    TupleDescInitEntry(columns, next, name, type, -1, 0);
    if (OidIsValid(collation)) {
      TupleDescInitEntryCollation(columns, next, collation);
    }
    ++next;
  }
  void add_all(const Dimension &dimension, int first, int last) {
    for (int i = first; i < last; ++i) {
      const Column &column = dimension.columns[i];
      add(psprintf("c%d", i + 1), column.type, column.collation);
    }
  }
  void add_interval() {
    add("f", TIMESTAMPTZOID);
    add("t", TIMESTAMPTZOID);
    add("current", BOOLOID);
  }
};

Shape shape(int columns) {
  return {CreateTemplateTupleDesc(columns), 1};
}

Work open(const char *name, const Shape &shape) {
  return {name, shape.columns, tuplestore_begin_heap(false, false, work_mem), 0};
}

void run(const Dimension &dimension, Work *work, const char *statement) {
  auto *relation = static_cast<EphemeralNamedRelation>(palloc0(sizeof(EphemeralNamedRelationData)));
  relation->md.name = pstrdup(work->name);
  relation->md.reliddesc = InvalidOid;
  relation->md.tupdesc = work->columns;
  relation->md.enrtype = ENR_NAMED_TUPLESTORE;
  relation->md.enrtuples = static_cast<double>(work->count);
  relation->reldata = work->rows;
  const int registered = SPI_register_relation(relation);
  if (registered != SPI_OK_REL_REGISTER) {
    elog(ERROR, "SPI_register_relation: %s", SPI_result_code_string(registered));
  }
  const int result = SPI_execute(statement, false, 0);
  if (result < 0) {
    elog(ERROR, "%s: %s", work->name, SPI_result_code_string(result));
  }
  SPI_unregister_relation(work->name);
  if (SPI_processed != static_cast<uint64>(work->count)) {
    ereport(ERROR,
            (errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
             errmsg("%s took " UINT64_FORMAT " of " INT64_FORMAT " rows of the merge",
                    dimension.qualified, SPI_processed, work->count),
             errhint("A trigger or a row security policy of the dimension holds rows back.")));
  }
}

void set_interval(StringInfo text, const Dimension &dimension) {
  appendStringInfo(text, "%s = a.f, %s = a.t", dimension.valid_from, dimension.valid_to);
  if (dimension.current_flag != nullptr) {
    appendStringInfo(text, ", %s = a.current", dimension.current_flag);
  }
}

void set_columns(StringInfo text, const Dimension &dimension, int first, int last) {
  for (int i = first; i < last; ++i) {
    appendStringInfo(text, ", %s = a.c%d", dimension.columns[i].quoted, i + 1);
  }
}

void from_work(StringInfo text, const Dimension &dimension, const Work &work) {
  appendStringInfo(text, " FROM %s AS a WHERE d.%s %s a.surrogate", work.name,
                   dimension.surrogate.quoted, dimension.surrogate.equality);
}

void update(const Dimension &dimension, Work *work, int first, int last, bool complete) {
  if (work->count == 0) {
    return;
  }
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfo(&text, "UPDATE %s AS d SET ", dimension.qualified);
  set_interval(&text, dimension);
  set_columns(&text, dimension, first, last);
  if (complete && dimension.inferred_flag != nullptr) {
    appendStringInfo(&text, ", %s = false", dimension.inferred_flag);
  }
  from_work(&text, dimension, *work);
  run(dimension, work, text.data);
}

void insert(const Dimension &dimension, Work *work) {
  if (work->count == 0) {
    return;
  }
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfo(&text, "INSERT INTO %s (%s, %s", dimension.qualified, dimension.valid_from,
                   dimension.valid_to);
  if (dimension.current_flag != nullptr) {
    appendStringInfo(&text, ", %s", dimension.current_flag);
  }
  if (dimension.inferred_flag != nullptr) {
    appendStringInfo(&text, ", %s", dimension.inferred_flag);
  }
  for (int i = 0; i < dimension.count(); ++i) {
    appendStringInfo(&text, ", %s", dimension.columns[i].quoted);
  }
  appendStringInfo(&text, ") SELECT a.f, a.t%s%s",
                   dimension.current_flag != nullptr ? ", a.current" : "",
                   dimension.inferred_flag != nullptr ? ", false" : "");
  for (int i = 0; i < dimension.count(); ++i) {
    appendStringInfo(&text, ", a.c%d", i + 1);
  }
  appendStringInfo(&text, " FROM %s AS a", work->name);
  // Under a fixed snapshot this turns a row that is there but not visible into 40001; with a fresh
  // one the lock excludes it.
  if (IsolationUsesXactSnapshot()) {
    appendStringInfoString(&text, " ON CONFLICT DO NOTHING");
  }
  run(dimension, work, text.data);
}

bool rejects_table_exists() {
  const int result = SPI_execute(
      "SELECT 1 WHERE pg_catalog.to_regclass('pg_temp.scd_rejects') IS NOT NULL", false, 1);
  return result == SPI_OK_SELECT && SPI_processed == 1;
}

void list_rejects(const Dimension &dimension, Work *work) {
  if (work->count == 0) {
    return;
  }
  if (!rejects_table_exists()) {
    if (compat::database_aclcheck(MyDatabaseId, ACL_CREATE_TEMP) != ACLCHECK_OK) {
      ereport(WARNING,
              (errmsg(INT64_FORMAT " rows rejected by the merge into %s are not listed",
                      work->count, dimension.qualified),
               errhint("GRANT TEMPORARY on the database to have them in the temporary table "
                       "scd_rejects.")));
      return;
    }
    SPI_execute("CREATE TEMPORARY TABLE scd_rejects (dim pg_catalog.regclass NOT NULL, key "
                "pg_catalog.text, sequence pg_catalog.timestamptz, reason_code pg_catalog.text NOT "
                "NULL, reason pg_catalog.text NOT NULL, row_content pg_catalog.jsonb NOT NULL)",
                false, 0);
  }
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfo(&text,
                   "INSERT INTO pg_temp.scd_rejects SELECT %u::pg_catalog.oid::pg_catalog.regclass,"
                   " a.key, a.sequence, a.code, a.reason, pg_catalog.to_jsonb(r) FROM %s AS a"
                   " CROSS JOIN LATERAL (SELECT a.sequence AS \"sequence\", a.operation AS "
                   "\"operation\"",
                   dimension.relation, work->name);
  for (int i = 0; i < dimension.count(); ++i) {
    appendStringInfo(&text, ", a.c%d AS %s", i + 1, dimension.columns[i].quoted);
  }
  appendStringInfoString(&text, ") AS r");
  run(dimension, work, text.data);
}

} // namespace

WorkSet *open_work(const Dimension &dimension) {
  auto *work = static_cast<WorkSet *>(palloc0(sizeof(WorkSet)));
  const int all = dimension.count();
  const int type1_from = dimension.keys + dimension.type2;

  Shape moves = shape(4);
  moves.add("surrogate", dimension.surrogate.type, dimension.surrogate.collation);
  moves.add_interval();
  work->moves = open("starhouse_moves", moves);

  Shape overwrites = shape(4 + dimension.type1);
  overwrites.add("surrogate", dimension.surrogate.type, dimension.surrogate.collation);
  overwrites.add_interval();
  overwrites.add_all(dimension, type1_from, all);
  work->overwrites = open("starhouse_overwrites", overwrites);

  Shape completions = shape(4 + all - dimension.keys);
  completions.add("surrogate", dimension.surrogate.type, dimension.surrogate.collation);
  completions.add_interval();
  completions.add_all(dimension, dimension.keys, all);
  work->completions = open("starhouse_completions", completions);

  Shape insertions = shape(3 + all);
  insertions.add_interval();
  insertions.add_all(dimension, 0, all);
  work->insertions = open("starhouse_insertions", insertions);

  Shape rejects = shape(5 + all);
  rejects.add("code", TEXTOID);
  rejects.add("reason", TEXTOID);
  rejects.add("key", TEXTOID);
  rejects.add("sequence", TIMESTAMPTZOID);
  rejects.add("operation", TEXTOID);
  rejects.add_all(dimension, 0, all);
  work->rejects = open("starhouse_rejects", rejects);
  return work;
}

void put(Work *work, const Datum *values, const bool *nulls) {
  tuplestore_putvalues(work->rows, work->columns, const_cast<Datum *>(values),
                       const_cast<bool *>(nulls));
  ++work->count;
}

void close_work(WorkSet *work) {
  for (Work *each :
       {&work->moves, &work->overwrites, &work->completions, &work->insertions, &work->rejects}) {
    tuplestore_end(each->rows);
    each->rows = nullptr;
  }
}

void clear_rejects(const Dimension &dimension) {
  if (rejects_table_exists()) {
    SPI_execute(psprintf("DELETE FROM pg_temp.scd_rejects WHERE dim = %u::pg_catalog.oid",
                         dimension.relation),
                false, 0);
  }
}

// Closing comes before opening: at no moment has a key two open versions.
void apply(const Dimension &dimension, WorkSet *work) {
  const int all = dimension.count();
  update(dimension, &work->moves, 0, 0, false);
  update(dimension, &work->overwrites, dimension.keys + dimension.type2, all, false);
  update(dimension, &work->completions, dimension.keys, all, true);
  insert(dimension, &work->insertions);
  list_rejects(dimension, &work->rejects);
}

} // namespace starhouse::pg::scd
