// The plain half of the bulk append: INSERT … ON CONFLICT DO NOTHING, which is right for any table.
// The query's rows are kept meanwhile, so that those the table knows can be told.
#include "pg/append.hpp"
#include "pg/compat.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "catalog/pg_operator.h"
#include "executor/tstoreReceiver.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"
}

namespace starhouse::pg::append {

namespace {

const char *name_of(Relation relation) {
  return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
                                    RelationGetRelationName(relation));
}

bool is_given(TupleDesc source, const char *column) {
  for (int i = 0; i < source->natts; ++i) {
    if (std::strcmp(NameStr(TupleDescAttr(source, i)->attname), column) == 0) {
      return true;
    }
  }
  return false;
}

// What finds rows of the fact (f) by the primary key of those given (g).
struct KeyMatch {
  StringInfoData keys;
  StringInfoData same;
};

// False where there is no primary key, or the query leaves a part of it to its default.
bool match_key(Relation fact, TupleDesc source, KeyMatch *match) {
  const Oid key = compat::primary_key_index(fact);
  if (!OidIsValid(key)) {
    return false;
  }
  initStringInfo(&match->keys);
  initStringInfo(&match->same);
  Relation index = index_open(key, AccessShareLock);
  bool found = true;
  for (int i = 0; found && i < index->rd_index->indnkeyatts; ++i) {
    Form_pg_attribute column =
        TupleDescAttr(RelationGetDescr(fact), index->rd_index->indkey.values[i] - 1);
    found = is_given(source, NameStr(column->attname));
    const char *name = quote_identifier(NameStr(column->attname));
    // As the index compares, whatever the search path and the query's collation.
    const Oid equals = get_opfamily_member(index->rd_opfamily[i], index->rd_opcintype[i],
                                           index->rd_opcintype[i], BTEqualStrategyNumber);
    HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(equals));
    if (!HeapTupleIsValid(tuple)) {
      elog(ERROR, "cache lookup failed for operator %u", equals);
    }
    auto *form = reinterpret_cast<Form_pg_operator>(GETSTRUCT(tuple));
    const Oid collation = index->rd_indcollation[i];
    const char *given = psprintf("g.%s::%s%s%s", name,
                                 format_type_with_typemod(column->atttypid, column->atttypmod),
                                 OidIsValid(collation) ? " COLLATE " : "",
                                 OidIsValid(collation) ? generate_collation_name(collation) : "");
    appendStringInfo(&match->keys, "%s%s", i == 0 ? "" : ", ", given);
    appendStringInfo(&match->same, "%sf.%s OPERATOR(%s.%s) %s", i == 0 ? "" : " AND ", name,
                     quote_identifier(get_namespace_name(form->oprnamespace)),
                     NameStr(form->oprname), given);
    ReleaseSysCache(tuple);
  }
  index_close(index, AccessShareLock);
  return found;
}

void run(const char *statement, int expected) {
  if (SPI_execute(statement, false, 0) != expected) {
    elog(ERROR, "append_facts could not run its insert");
  }
}

// Puts the rows found by, in the form of `row`, dropped columns of which are not among them.
void keep_found(Tuplestorestate *rows, TupleDesc row) {
  TupleDesc given = SPI_tuptable->tupdesc;
  auto *values = static_cast<Datum *>(palloc(sizeof(Datum) * (given->natts + 1)));
  auto *nulls = static_cast<bool *>(palloc(sizeof(bool) * (given->natts + 1)));
  auto *all_values = static_cast<Datum *>(palloc0(sizeof(Datum) * (row->natts + 1)));
  auto *all_nulls = static_cast<bool *>(palloc(sizeof(bool) * (row->natts + 1)));
  for (uint64 i = 0; i < SPI_processed; ++i) {
    CHECK_FOR_INTERRUPTS();
    heap_deform_tuple(SPI_tuptable->vals[i], given, values, nulls);
    int next = 0;
    for (int j = 0; j < row->natts; ++j) {
      all_nulls[j] = TupleDescAttr(row, j)->attisdropped || nulls[next];
      if (!TupleDescAttr(row, j)->attisdropped) {
        all_values[j] = values[next++];
      }
    }
    tuplestore_putvalues(rows, row, all_values, all_nulls);
  }
  SPI_freetuptable(SPI_tuptable);
}

void find_known(Relation fact, TupleDesc source, const Seen *seen) {
  KeyMatch match;
  if (!match_key(fact, source, &match)) {
    return;
  }
  StringInfoData statement;
  initStringInfo(&statement);
  appendStringInfo(
      &statement,
      "SELECT DISTINCT ON (%s) g.* FROM given g WHERE EXISTS (SELECT FROM %s f WHERE %s)",
      match.keys.data, name_of(fact), match.same.data);
  run(statement.data, SPI_OK_SELECT);
  keep_found(seen->known, source);
}

} // namespace

void append_plain(Relation fact, TupleDesc source, SPIPlanPtr plan, const Seen *seen,
                  uint64 *selected, uint64 *inserted) {
  Tuplestorestate *given = tuplestore_begin_heap(false, false, work_mem);
  DestReceiver *keeper = CreateDestReceiver(DestTuplestore);
  SetTuplestoreDestReceiverParams(keeper, given, CurrentMemoryContext, false, nullptr, nullptr);
  SPIExecuteOptions options;
  std::memset(&options, 0, sizeof options);
  options.dest = keeper;
  const int result = SPI_execute_plan_extended(plan, &options);
  if (result < 0) {
    elog(ERROR, "append_facts could not run its query: %s", SPI_result_code_string(result));
  }
  *selected = static_cast<uint64>(tuplestore_tuple_count(given));

  EphemeralNamedRelation relation = relation_of("given", given, InvalidOid, source);
  if (SPI_register_relation(relation) != SPI_OK_REL_REGISTER) {
    elog(ERROR, "append_facts could not name its rows");
  }
  if (seen != nullptr) {
    find_known(fact, source, seen);
  }
  StringInfoData columns;
  initStringInfo(&columns);
  for (int i = 0; i < source->natts; ++i) {
    if (!tells_new(fact, TupleDescAttr(source, i))) {
      appendStringInfo(&columns, "%s%s", columns.len == 0 ? "" : ", ",
                       quote_identifier(NameStr(TupleDescAttr(source, i)->attname)));
    }
  }
  StringInfoData statement;
  initStringInfo(&statement);
  appendStringInfo(
      &statement, "INSERT INTO %s AS t (%s) SELECT %s FROM given ON CONFLICT DO NOTHING%s",
      name_of(fact), columns.data, columns.data, seen == nullptr ? "" : " RETURNING t.*");
  run(statement.data, seen == nullptr ? SPI_OK_INSERT : SPI_OK_INSERT_RETURNING);
  *inserted = SPI_processed;
  if (seen != nullptr) {
    keep_found(seen->added, RelationGetDescr(fact));
  }
  if (SPI_unregister_relation("given") != SPI_OK_REL_UNREGISTER) {
    elog(ERROR, "append_facts could not name its rows");
  }
  tuplestore_end(given);
}

} // namespace starhouse::pg::append
