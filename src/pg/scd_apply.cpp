// Writing a merge: rows of work gathered key by key, each kind written by one statement.
//
// The statements see the tuplestores as relations (as triggers see their transition tables):
// nothing is created in the catalogue, and what exceeds work_mem goes to a temporary file. A
// distributed table takes neither such a relation nor UPDATE ... FROM: portably the rows are
// parameters (scd_portable.cpp), one by one where versions change, many at once where they are
// added.
#include "pg/scd.hpp"
#include "pg/compat.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/acl.h"
#include "utils/guc.h"
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
  void add_key(const Dimension &dimension) {
    if (dimension.portable) {
      add_all(dimension, 0, dimension.keys);
    }
  }
  void add_memory(const Dimension &dimension) {
    add_all(dimension, 0, dimension.keys);
    add("sequence", TIMESTAMPTZOID);
    add("kind", TEXTOID);
    add("given", TEXTOID);
  }
};

Shape shape(int columns) {
  return {CreateTemplateTupleDesc(columns), 1};
}

Work open(const Dimension &dimension, const char *name, const Shape &shape) {
  return {name, shape.columns, tuplestore_begin_heap(false, false, work_mem), 0,
          dimension.portable};
}

// A column of the row of work at hand.
const char *of(const Work &work, const char *column) {
  if (!work.portable) {
    return psprintf("a.%s", column);
  }
  return psprintf("$%d", SPI_fnumber(work.columns, column));
}

const char *of(const Work &work, int column) {
  return of(work, psprintf("c%d", column + 1));
}

// A statement has to write as many rows as there are.
void check_number(const Dimension &dimension, const Work &work, uint64 written) {
  if (written != static_cast<uint64>(work.count)) {
    ereport(ERROR,
            (errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
             errmsg("%s took " UINT64_FORMAT " of " INT64_FORMAT " rows of the merge",
                    dimension.qualified, written, work.count),
             errhint("A trigger or a row security policy of the dimension holds rows back.")));
  }
}

// The statement sees the work rows as a relation.
void run(const Dimension &dimension, Work *work, const char *statement) {
  show(work);
  const int result = SPI_execute(statement, false, 0);
  if (result < 0) {
    elog(ERROR, "%s: %s", work->name, SPI_result_code_string(result));
  }
  const uint64 written = SPI_processed;
  show_no_more(*work);
  check_number(dimension, *work, written);
}

// Whether versions are to be looked up one by one through the index of their surrogate. The
// planner, for whom a lookup costs a random page, would rather read all of a large table for one
// row in a hundred. Triggers' own queries are not to be planned under that rule.
bool looks_up(const Dimension &dimension, const Work &work) {
  return !dimension.has_triggers &&
         (dimension.rows <= 0 || static_cast<double>(work.count) * 20 < dimension.rows);
}

void run_by_surrogate(const Dimension &dimension, Work *work, const char *statement) {
  if (!looks_up(dimension, *work)) {
    run(dimension, work, statement);
    return;
  }
  const int level = NewGUCNestLevel();
  for (const char *name : {"enable_hashjoin", "enable_mergejoin"}) {
    set_config_option(name, "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
  }
  run(dimension, work, statement);
  AtEOXact_GUC(true, level);
}

// An INSERT of all the work rows, which stand between the two parts.
void insert_rows(const Dimension &dimension, Work *work, const char *before, const char *after,
                 const char *then = nullptr) {
  if (work->portable) {
    check_number(dimension, *work, run_together(work, before, after, then));
    return;
  }
  run(dimension, work, psprintf("%s%s AS a%s", before, work->name, after));
}

void set_interval(StringInfo text, const Dimension &dimension, const Work &work) {
  appendStringInfo(text, "%s = %s, %s = %s", dimension.valid_from,
                   work.portable ? dimension.write_from_parameter : dimension.write_from,
                   dimension.valid_to,
                   work.portable ? dimension.write_to_parameter : dimension.write_to);
  if (dimension.current_flag != nullptr) {
    appendStringInfo(text, ", %s = %s", dimension.current_flag, of(work, "current"));
  }
  if (dimension.deleted_flag != nullptr) {
    appendStringInfo(text, ", %s = %s", dimension.deleted_flag, of(work, "deleted"));
  }
}

void set_columns(StringInfo text, const Dimension &dimension, const Work &work, int first,
                 int last) {
  for (int i = first; i < last; ++i) {
    appendStringInfo(text, ", %s = %s", dimension.columns[i].quoted, of(work, i));
  }
}

// The version that the work row at hand is of.
void is_version(StringInfo text, const Dimension &dimension, const Work &work) {
  appendStringInfo(text, "d.%s %s %s", dimension.surrogate.quoted, dimension.surrogate.equality,
                   of(work, "surrogate"));
  for (int i = 0; i < dimension.keys && work.portable; ++i) {
    const Column &column = dimension.columns[i];
    appendStringInfo(text, " AND d.%s %s %s", column.quoted, column.equality, of(work, i));
  }
}

// What is about to be overwritten.
void keep_old(const Dimension &dimension, const Options &options, Work *work, int first, int last,
              bool complete) {
  StringInfoData text;
  initStringInfo(&text);
  const char *insert = psprintf(
      "INSERT INTO %s (merge_id, what, row_id, content) SELECT " INT64_FORMAT ", 'updated', ",
      dimension.journal, options.merge_id);
  appendStringInfo(&text, "%sCAST(d.%s AS pg_catalog.text), pg_catalog.jsonb_build_object(",
                   work->portable ? "SELECT " : insert, dimension.surrogate.quoted);
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
  appendStringInfo(&text, ") FROM %s AS d", dimension.qualified);
  if (work->portable) {
    appendStringInfoString(&text, " WHERE ");
    is_version(&text, dimension, *work);
    check_number(dimension, *work, run_each(work, text.data, psprintf("%s$1, $2", insert)));
    return;
  }
  appendStringInfo(&text, " JOIN %s AS a ON ", work->name);
  is_version(&text, dimension, *work);
  run_by_surrogate(dimension, work, text.data);
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
  set_interval(&text, dimension, *work);
  set_columns(&text, dimension, *work, first, last);
  if (complete && dimension.inferred_flag != nullptr) {
    appendStringInfo(&text, ", %s = false", dimension.inferred_flag);
  }
  if (!work->portable) {
    appendStringInfo(&text, " FROM %s AS a", work->name);
  }
  appendStringInfoString(&text, " WHERE ");
  is_version(&text, dimension, *work);
  if (work->portable) {
    check_number(dimension, *work, run_each(work, text.data, nullptr));
  } else {
    run_by_surrogate(dimension, work, text.data);
  }
}

void insert(const Dimension &dimension, const Options &options, Work *work, bool each) {
  if (work->count == 0) {
    return;
  }
  StringInfoData text;
  initStringInfo(&text);
  if (each && !work->portable) {
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
  appendStringInfoString(&text, " FROM ");
  StringInfoData after;
  initStringInfo(&after);
  // Under a fixed snapshot this turns a row that is there but not visible into 40001; with a fresh
  // one the lock excludes it.
  if (IsolationUsesXactSnapshot()) {
    appendStringInfoString(&after, " ON CONFLICT DO NOTHING");
  }
  const char *then = nullptr;
  if (each) {
    appendStringInfo(&after, " RETURNING CAST(d.%s AS pg_catalog.text) AS row_id",
                     dimension.surrogate.quoted);
    then =
        psprintf("INSERT INTO %s (merge_id, what, row_id) SELECT " INT64_FORMAT ", 'inserted', %s",
                 dimension.journal, options.merge_id, work->portable ? "$1" : "row_id FROM added");
    if (!work->portable) {
      appendStringInfo(&after, ") %s", then);
    }
  }
  insert_rows(dimension, work, text.data, after.data, then);
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

void where_memory(StringInfo text, const Dimension &dimension, const Work &work) {
  for (int i = 0; i < dimension.keys; ++i) {
    appendStringInfo(text, "g.key_%d %s %s AND ", i + 1, dimension.columns[i].equality,
                     of(work, i));
  }
  const char *letter = of(work, "kind");
  appendStringInfo(
      text,
      "g.sequence OPERATOR(pg_catalog.=) %s AND g.kind OPERATOR(pg_catalog.=) "
      "%s::\"char\" AND (%s OPERATOR(pg_catalog.<>) 'p' OR g.given[1] OPERATOR(pg_catalog.=) %s)",
      of(work, "sequence"), letter, letter, of(work, "given"));
}

// The statement for the journal where it is one of its own, otherwise nullptr.
const char *journal_memory(const Dimension &dimension, const Options &options, StringInfo text,
                           const Work &work, const char *what, bool each) {
  if (!each) {
    return nullptr;
  }
  appendStringInfoString(text, " RETURNING pg_catalog.to_jsonb(g) AS content");
  const char *insert = psprintf(
      "INSERT INTO %s (merge_id, what, content) SELECT " INT64_FORMAT ", '%s', %s",
      dimension.journal, options.merge_id, what, work.portable ? "$1" : "content FROM touched");
  if (work.portable) {
    return insert;
  }
  appendStringInfo(text, ") %s", insert);
  return nullptr;
}

void change_memory(const Dimension &dimension, const Options &options, WorkSet *work, bool each) {
  StringInfoData text;
  initStringInfo(&text);
  const char *with = each && !dimension.portable ? "WITH touched AS (" : "";
  if (work->forgotten.count > 0) {
    Work *forgotten = &work->forgotten;
    appendStringInfo(&text, "%sDELETE FROM %s AS g", with, dimension.memory);
    if (!forgotten->portable) {
      appendStringInfo(&text, " USING %s AS a", forgotten->name);
    }
    appendStringInfoString(&text, " WHERE ");
    where_memory(&text, dimension, *forgotten);
    const char *then = journal_memory(dimension, options, &text, *forgotten, "forgotten", each);
    if (forgotten->portable) {
      check_number(dimension, *forgotten, run_each(forgotten, text.data, then));
    } else {
      run(dimension, forgotten, text.data);
    }
  }
  if (work->remembered.count > 0) {
    resetStringInfo(&text);
    appendStringInfo(&text, "%sINSERT INTO %s AS g (", with, dimension.memory);
    for (int i = 0; i < dimension.keys; ++i) {
      appendStringInfo(&text, "key_%d, ", i + 1);
    }
    appendStringInfoString(&text, "sequence, kind, given, merge_id) SELECT ");
    for (int i = 0; i < dimension.keys; ++i) {
      appendStringInfo(&text, "a.c%d, ", i + 1);
    }
    appendStringInfoString(&text, "a.sequence, a.kind::\"char\", ");
    add_given(&text, dimension);
    appendStringInfo(&text, ", " INT64_FORMAT " FROM ", options.merge_id);
    StringInfoData after;
    initStringInfo(&after);
    const char *then =
        journal_memory(dimension, options, &after, work->remembered, "remembered", each);
    insert_rows(dimension, &work->remembered, text.data, after.data, then);
  }
}

bool rejects_table_exists() {
  const int result = SPI_execute(
      "SELECT 1 WHERE pg_catalog.to_regclass('pg_temp.scd_rejects') IS NOT NULL", false, 1);
  return result == SPI_OK_SELECT && SPI_processed == 1;
}

// Adds the rejected rows as their reader knows them: the columns under their names.
void insert_rejects(const Dimension &dimension, Work *work, const char *before) {
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfoString(&text, " CROSS JOIN LATERAL (SELECT a.sequence AS \"sequence\", "
                                "a.operation AS \"operation\"");
  for (int i = 0; i < dimension.event_columns(); ++i) {
    const Column &column = dimension.columns[i];
    if (column.source_name == column.name) {
      appendStringInfo(&text, ", a.c%d AS %s", i + 1, column.quoted);
    }
  }
  appendStringInfoString(&text, ") AS r");
  insert_rows(dimension, work, psprintf("%spg_catalog.to_jsonb(r) FROM ", before), text.data);
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
  insert_rejects(
      dimension, work,
      psprintf("INSERT INTO pg_temp.scd_rejects SELECT %u::pg_catalog.oid::pg_catalog.regclass,"
               " a.key, a.sequence, a.code, a.reason, ",
               dimension.relation));
}

void quarantine_rejects(const Dimension &dimension, const Options &options, Work *work) {
  insert_rejects(
      dimension, work,
      psprintf("INSERT INTO %s (merge_id, key, sequence, reason_code, reason, row_content) "
               "SELECT " INT64_FORMAT ", a.key, a.sequence, a.code, a.reason, ",
               dimension.rejects, options.merge_id));
}

} // namespace

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

WorkSet *open_work(const Dimension &dimension) {
  auto *work = static_cast<WorkSet *>(palloc0(sizeof(WorkSet)));
  const int all = dimension.count();
  const int shared_from = dimension.keys + dimension.type2;
  const int key = dimension.portable ? dimension.keys : 0;

  Shape moves = shape(5 + key);
  moves.add_interval();
  moves.add("surrogate", dimension.surrogate.type, dimension.surrogate.collation);
  moves.add_key(dimension);
  work->moves = open(dimension, "starhouse_moves", moves);

  Shape overwrites = shape(5 + all - shared_from + key);
  overwrites.add_interval();
  overwrites.add("surrogate", dimension.surrogate.type, dimension.surrogate.collation);
  overwrites.add_all(dimension, shared_from, all);
  overwrites.add_key(dimension);
  work->overwrites = open(dimension, "starhouse_overwrites", overwrites);

  Shape completions = shape(5 + all - dimension.keys + key);
  completions.add_interval();
  completions.add("surrogate", dimension.surrogate.type, dimension.surrogate.collation);
  completions.add_all(dimension, dimension.keys, all);
  completions.add_key(dimension);
  work->completions = open(dimension, "starhouse_completions", completions);

  Shape insertions = shape(4 + all);
  insertions.add_interval();
  insertions.add_all(dimension, 0, all);
  work->insertions = open(dimension, "starhouse_insertions", insertions);

  Shape forgotten = shape(dimension.keys + 3);
  forgotten.add_memory(dimension);
  work->forgotten = open(dimension, "starhouse_forgotten", forgotten);
  Shape remembered = shape(dimension.keys + 3);
  remembered.add_memory(dimension);
  work->remembered = open(dimension, "starhouse_remembered", remembered);

  Shape rejects = shape(5 + dimension.event_columns());
  rejects.add("code", TEXTOID);
  rejects.add("reason", TEXTOID);
  rejects.add("key", TEXTOID);
  rejects.add("sequence", TIMESTAMPTZOID);
  rejects.add("operation", TEXTOID);
  rejects.add_all(dimension, 0, dimension.event_columns());
  work->rejects = open(dimension, "starhouse_rejects", rejects);
  return work;
}

Work open_work(const char *name, TupleDesc columns) {
  return {name, columns, tuplestore_begin_heap(false, false, work_mem), 0, false};
}

void show(Work *work) {
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
}

void show_no_more(const Work &work) {
  SPI_unregister_relation(work.name);
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
