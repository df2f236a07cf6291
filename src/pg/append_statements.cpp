// The statements that run after a bulk append, and the rows they see.
#include "pg/append.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace starhouse::pg::append {

namespace {

// The statements of a call see these, and the calls among them as well.
struct Names {
  EphemeralNamedRelation added;
  EphemeralNamedRelation known;
};
Names current = {nullptr, nullptr};

void name(EphemeralNamedRelation relation) {
  if (relation != nullptr && SPI_register_relation(relation) != SPI_OK_REL_REGISTER) {
    elog(ERROR, "append_facts could not name its rows");
  }
}

void unname(EphemeralNamedRelation relation) {
  if (relation != nullptr && SPI_unregister_relation(relation->md.name) != SPI_OK_REL_UNREGISTER) {
    elog(ERROR, "append_facts could not name its rows");
  }
}

} // namespace

EphemeralNamedRelation relation_of(const char *name, Tuplestorestate *rows, Oid like,
                                   TupleDesc row) {
  auto *relation = static_cast<EphemeralNamedRelation>(palloc0(sizeof(EphemeralNamedRelationData)));
  relation->md.name = pstrdup(name);
  relation->md.reliddesc = like;
  relation->md.tupdesc = row;
  relation->md.enrtype = ENR_NAMED_TUPLESTORE;
  relation->md.enrtuples = static_cast<double>(tuplestore_tuple_count(rows));
  relation->reldata = rows;
  return relation;
}

void name_seen() {
  name(current.added);
  name(current.known);
}

void run_statements(ArrayType *statements, Relation fact, const Seen *seen) {
  Datum *texts;
  bool *nulls;
  int count;
  deconstruct_array(statements, TEXTOID, -1, false, TYPALIGN_INT, &texts, &nulls, &count);
  const Names before = current;
  unname(before.added);
  unname(before.known);
  PG_TRY();
  {
    current.added = relation_of("added", seen->added, RelationGetRelid(fact), nullptr);
    current.known = relation_of("known", seen->known, InvalidOid, seen->known_row);
    name_seen();
    for (int i = 0; i < count; ++i) {
      if (nulls[i]) {
        ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                        errmsg("statement %d of append_facts is NULL", i + 1)));
      }
      const int result = SPI_execute(TextDatumGetCString(texts[i]), false, 0);
      if (result < 0) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("append_facts could not run its statement %d: %s", i + 1,
                               SPI_result_code_string(result))));
      }
    }
  }
  PG_FINALLY();
  { current = before; }
  PG_END_TRY();
}

} // namespace starhouse::pg::append
