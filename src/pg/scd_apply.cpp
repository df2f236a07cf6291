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
    add("deleted", BOOLOID);
  }
  void add_memory(const Dimension &dimension) {
    add_all(dimension, 0, dimension.keys);
    add("sequence", TIMESTAMPTZOID);
    add("kind", TEXTOID);
    add("given", TEXTOID);
  }
};

// The name that an identifier written for SQL stands for.
const char *unquoted(const char *quoted) {
  if (quoted[0] != '"') {
    return quoted;
  }
  char *name = pstrdup(quoted + 1);
  char *out = name;
  for (const char *in = name; *in != '\0'; ++in) {
    if (*in == '"') {
      ++in; // the second of two, or the end
      if (*in == '\0') {
        break;
      }
    }
    *out++ = *in;
  }
  *out = '\0';
  return name;
}

Shape shape(int columns) {
  return {CreateTemplateTupleDesc(columns), 1};
}

Work open(const char *name, const Shape &shape) {
  return {name, shape.columns, tuplestore_begin_heap(false, false, work_mem), 0};
}

// The statement sees the work rows as a relation. It has to write as many rows as there are, unless
// `any_number`.
void run(const Dimension &dimension, Work *work, const char *statement, bool any_number = false) {
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
  if (!any_number && SPI_processed != static_cast<uint64>(work->count)) {
    ereport(ERROR,
            (errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
             errmsg("%s took " UINT64_FORMAT " of " INT64_FORMAT " rows of the merge",
                    dimension.qualified, SPI_processed, work->count),
             errhint("A trigger or a row security policy of the dimension holds rows back.")));
  }
}

void set_interval(StringInfo text, const Dimension &dimension) {
  appendStringInfo(text, "%s = %s, %s = %s", dimension.valid_from, dimension.write_from,
                   dimension.valid_to, dimension.write_to);
  if (dimension.current_flag != nullptr) {
    appendStringInfo(text, ", %s = a.current", dimension.current_flag);
  }
  if (dimension.deleted_flag != nullptr) {
    appendStringInfo(text, ", %s = a.deleted", dimension.deleted_flag);
  }
}

void set_columns(StringInfo text, const Dimension &dimension, int first, int last) {
  for (int i = first; i < last; ++i) {
    appendStringInfo(text, ", %s = a.c%d", dimension.columns[i].quoted, i + 1);
  }
}

void where_surrogate(StringInfo text, const Dimension &dimension) {
  appendStringInfo(text, " WHERE d.%s %s a.surrogate", dimension.surrogate.quoted,
                   dimension.surrogate.equality);
}

// What is about to be overwritten.
void keep_old(const Dimension &dimension, const Options &options, Work *work, int first, int last,
              bool complete) {
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfo(&text,
                   "INSERT INTO %s (merge_id, what, row_id, content) SELECT " INT64_FORMAT
                   ", 'updated', CAST(d.%s AS pg_catalog.text), pg_catalog.jsonb_build_object(",
                   dimension.journal, options.merge_id, dimension.surrogate.quoted);
  const char *separator = "";
  const auto add = [&](const char *name, const char *quoted) {
    appendStringInfo(&text, "%s%s, d.%s", separator, quote_literal_cstr(name), quoted);
    separator = ", ";
  };
  const auto add_quoted = [&](const char *quoted) {
    if (quoted != nullptr) {
      add(unquoted(quoted), quoted);
    }
  };
  add_quoted(dimension.valid_from);
  add_quoted(dimension.valid_to);
  add_quoted(dimension.current_flag);
  add_quoted(dimension.deleted_flag);
  if (complete) {
    add_quoted(dimension.inferred_flag);
  }
  for (int i = first; i < last; ++i) {
    add(dimension.columns[i].name, dimension.columns[i].quoted);
  }
  appendStringInfo(&text, ") FROM %s AS d JOIN %s AS a ON d.%s %s a.surrogate", dimension.qualified,
                   work->name, dimension.surrogate.quoted, dimension.surrogate.equality);
  run(dimension, work, text.data);
}

void update(const Dimension &dimension, const Options &options, Work *work, int first, int last,
            bool complete) {
  if (work->count == 0) {
    return;
  }
  if (dimension.journal != nullptr) {
    keep_old(dimension, options, work, first, last, complete);
  }
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfo(&text, "UPDATE %s AS d SET ", dimension.qualified);
  set_interval(&text, dimension);
  set_columns(&text, dimension, first, last);
  if (complete && dimension.inferred_flag != nullptr) {
    appendStringInfo(&text, ", %s = false", dimension.inferred_flag);
  }
  appendStringInfo(&text, " FROM %s AS a", work->name);
  where_surrogate(&text, dimension);
  run(dimension, work, text.data);
}

void insert(const Dimension &dimension, const Options &options, Work *work, bool each) {
  if (work->count == 0) {
    return;
  }
  StringInfoData text;
  initStringInfo(&text);
  if (each) {
    appendStringInfoString(&text, "WITH added AS (");
  }
  appendStringInfo(&text, "INSERT INTO %s AS d (%s, %s", dimension.qualified, dimension.valid_from,
                   dimension.valid_to);
  for (const char *flag :
       {dimension.current_flag, dimension.deleted_flag, dimension.inferred_flag}) {
    if (flag != nullptr) {
      appendStringInfo(&text, ", %s", flag);
    }
  }
  for (int i = 0; i < dimension.count(); ++i) {
    appendStringInfo(&text, ", %s", dimension.columns[i].quoted);
  }
  appendStringInfo(&text, ") SELECT %s, %s%s%s%s", dimension.write_from, dimension.write_to,
                   dimension.current_flag != nullptr ? ", a.current" : "",
                   dimension.deleted_flag != nullptr ? ", a.deleted" : "",
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
  if (each) {
    appendStringInfo(
        &text,
        " RETURNING CAST(d.%s AS pg_catalog.text) AS row_id) INSERT INTO %s (merge_id, "
        "what, row_id) SELECT " INT64_FORMAT ", 'inserted', row_id FROM added",
        dimension.surrogate.quoted, dimension.journal, options.merge_id);
  }
  run(dimension, work, text.data);
}

// The given columns of a memory row as an array: of a previous value its column, else by the mask.
void add_given(StringInfo text, const Dimension &dimension) {
  appendStringInfoString(
      text, "CASE WHEN a.given IS NULL THEN NULL WHEN a.kind OPERATOR(pg_catalog.=) 'p' THEN "
            "ARRAY[a.given] ELSE pg_catalog.array_remove(CAST(ARRAY[NULL");
  for (int i = dimension.keys; i < dimension.event_columns(); ++i) {
    appendStringInfo(
        text,
        ", CASE WHEN pg_catalog.substr(a.given, %d, 1) OPERATOR(pg_catalog.=) '1' THEN %s END",
        i - dimension.keys + 1, quote_literal_cstr(dimension.columns[i].name));
  }
  appendStringInfoString(text, "] AS pg_catalog.text[]), NULL) END");
}

void where_memory(StringInfo text, const Dimension &dimension) {
  for (int i = 0; i < dimension.keys; ++i) {
    appendStringInfo(text, "g.key_%d %s a.c%d AND ", i + 1, dimension.columns[i].equality, i + 1);
  }
  appendStringInfoString(
      text, "g.sequence OPERATOR(pg_catalog.=) a.sequence AND g.kind OPERATOR(pg_catalog.=) "
            "a.kind::\"char\" AND (a.kind OPERATOR(pg_catalog.<>) 'p' OR g.given[1] "
            "OPERATOR(pg_catalog.=) a.given)");
}

void journal_memory(const Dimension &dimension, const Options &options, StringInfo text,
                    const char *what, bool each) {
  if (each) {
    appendStringInfo(
        text,
        " RETURNING pg_catalog.to_jsonb(g) AS content) INSERT INTO %s (merge_id, what, "
        "content) SELECT " INT64_FORMAT ", '%s', content FROM touched",
        dimension.journal, options.merge_id, what);
  }
}

void change_memory(const Dimension &dimension, const Options &options, WorkSet *work, bool each) {
  StringInfoData text;
  initStringInfo(&text);
  if (work->forgotten.count > 0) {
    appendStringInfo(&text, "%sDELETE FROM %s AS g USING %s AS a WHERE ",
                     each ? "WITH touched AS (" : "", dimension.memory, work->forgotten.name);
    where_memory(&text, dimension);
    journal_memory(dimension, options, &text, "forgotten", each);
    run(dimension, &work->forgotten, text.data);
  }
  if (work->remembered.count > 0) {
    resetStringInfo(&text);
    appendStringInfo(&text, "%sINSERT INTO %s AS g (", each ? "WITH touched AS (" : "",
                     dimension.memory);
    for (int i = 0; i < dimension.keys; ++i) {
      appendStringInfo(&text, "key_%d, ", i + 1);
    }
    appendStringInfoString(&text, "sequence, kind, given, merge_id) SELECT ");
    for (int i = 0; i < dimension.keys; ++i) {
      appendStringInfo(&text, "a.c%d, ", i + 1);
    }
    appendStringInfoString(&text, "a.sequence, a.kind::\"char\", ");
    add_given(&text, dimension);
    appendStringInfo(&text, ", " INT64_FORMAT " FROM %s AS a", options.merge_id,
                     work->remembered.name);
    journal_memory(dimension, options, &text, "remembered", each);
    run(dimension, &work->remembered, text.data);
  }
}

bool rejects_table_exists() {
  const int result = SPI_execute(
      "SELECT 1 WHERE pg_catalog.to_regclass('pg_temp.scd_rejects') IS NOT NULL", false, 1);
  return result == SPI_OK_SELECT && SPI_processed == 1;
}

// The rejected row as its reader knows it: the columns under their names.
void reject_content(StringInfo text, const Dimension &dimension, const Work &work) {
  appendStringInfo(text,
                   "pg_catalog.to_jsonb(r) FROM %s AS a CROSS JOIN LATERAL (SELECT a.sequence AS "
                   "\"sequence\", a.operation AS \"operation\"",
                   work.name);
  for (int i = 0; i < dimension.event_columns(); ++i) {
    const Column &column = dimension.columns[i];
    if (column.source_name == column.name) {
      appendStringInfo(text, ", a.c%d AS %s", i + 1, column.quoted);
    }
  }
  appendStringInfoString(text, ") AS r");
}

void list_rejects(const Dimension &dimension, Work *work) {
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
    // The session may merge under another role later.
    SPI_execute("GRANT ALL ON pg_temp.scd_rejects TO PUBLIC", false, 0);
  }
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfo(&text,
                   "INSERT INTO pg_temp.scd_rejects SELECT %u::pg_catalog.oid::pg_catalog.regclass,"
                   " a.key, a.sequence, a.code, a.reason, ",
                   dimension.relation);
  reject_content(&text, dimension, *work);
  run(dimension, work, text.data);
}

void quarantine_rejects(const Dimension &dimension, const Options &options, Work *work) {
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfo(&text,
                   "INSERT INTO %s (merge_id, key, sequence, reason_code, reason, row_content) "
                   "SELECT " INT64_FORMAT ", a.key, a.sequence, a.code, a.reason, ",
                   dimension.rejects, options.merge_id);
  reject_content(&text, dimension, *work);
  run(dimension, work, text.data);
}

} // namespace

WorkSet *open_work(const Dimension &dimension) {
  auto *work = static_cast<WorkSet *>(palloc0(sizeof(WorkSet)));
  const int all = dimension.count();
  const int shared_from = dimension.keys + dimension.type2;

  Shape moves = shape(5);
  moves.add("surrogate", dimension.surrogate.type, dimension.surrogate.collation);
  moves.add_interval();
  work->moves = open("starhouse_moves", moves);

  Shape overwrites = shape(5 + all - shared_from);
  overwrites.add("surrogate", dimension.surrogate.type, dimension.surrogate.collation);
  overwrites.add_interval();
  overwrites.add_all(dimension, shared_from, all);
  work->overwrites = open("starhouse_overwrites", overwrites);

  Shape completions = shape(5 + all - dimension.keys);
  completions.add("surrogate", dimension.surrogate.type, dimension.surrogate.collation);
  completions.add_interval();
  completions.add_all(dimension, dimension.keys, all);
  work->completions = open("starhouse_completions", completions);

  Shape insertions = shape(4 + all);
  insertions.add_interval();
  insertions.add_all(dimension, 0, all);
  work->insertions = open("starhouse_insertions", insertions);

  Shape forgotten = shape(dimension.keys + 3);
  forgotten.add_memory(dimension);
  work->forgotten = open("starhouse_forgotten", forgotten);
  Shape remembered = shape(dimension.keys + 3);
  remembered.add_memory(dimension);
  work->remembered = open("starhouse_remembered", remembered);

  Shape rejects = shape(5 + dimension.event_columns());
  rejects.add("code", TEXTOID);
  rejects.add("reason", TEXTOID);
  rejects.add("key", TEXTOID);
  rejects.add("sequence", TIMESTAMPTZOID);
  rejects.add("operation", TEXTOID);
  rejects.add_all(dimension, 0, dimension.event_columns());
  work->rejects = open("starhouse_rejects", rejects);
  return work;
}

void put(Work *work, const Datum *values, const bool *nulls) {
  tuplestore_putvalues(work->rows, work->columns, const_cast<Datum *>(values),
                       const_cast<bool *>(nulls));
  ++work->count;
}

void close_work(WorkSet *work) {
  for (Work *each : {&work->moves, &work->overwrites, &work->completions, &work->insertions,
                     &work->forgotten, &work->remembered, &work->rejects}) {
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
void apply(const Dimension &dimension, const Options &options, WorkSet *work, bool first) {
  const int all = dimension.count();
  // Of a first load the journal says just that.
  const bool each = dimension.journal != nullptr && !first;
  if (dimension.journal != nullptr) {
    SPI_execute(psprintf("DELETE FROM %s", dimension.journal), false, 0);
    if (first) {
      SPI_execute(psprintf("INSERT INTO %s (merge_id, what) VALUES (" INT64_FORMAT
                           ", 'everything')",
                           dimension.journal, options.merge_id),
                  false, 0);
    }
  }
  update(dimension, options, &work->moves, 0, 0, false);
  update(dimension, options, &work->overwrites, dimension.keys + dimension.type2, all, false);
  update(dimension, options, &work->completions, dimension.keys, all, true);
  insert(dimension, options, &work->insertions, each);
  if (dimension.memory != nullptr) {
    change_memory(dimension, options, work, each);
  }
  if (work->rejects.count > 0) {
    list_rejects(dimension, &work->rejects);
    if (dimension.rejects != nullptr && dimension.on_reject == OnReject::quarantine) {
      quarantine_rejects(dimension, options, &work->rejects);
    }
  }
}

} // namespace starhouse::pg::scd
