// distinct_values(query): the distinct values of each column of a query, in one pass over its rows.
// Follows PostgreSQL's rules only: no object with a destructor lives here.
#include "pg/append.hpp"
#include "pg/query_rows.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "miscadmin.h"
}

namespace starhouse::pg {

namespace {

constexpr int64 most_rows = 10000000;

struct Collector {
  DestReceiver receiver; // must be first
  append::ValueSet *columns;
  int count;
  MemoryContext own;
  MemoryContext scratch;
};

void startup(DestReceiver *self, int /*operation*/, TupleDesc row) {
  auto *collector = reinterpret_cast<Collector *>(self);
  for (int i = 0; i < row->natts; ++i) {
    if (TupleDescAttr(row, i)->atttypid != TEXTOID) {
      ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                      errmsg("column %d of the query of distinct_values is no text", i + 1),
                      errhint("Cast it.")));
    }
  }
  MemoryContext caller = MemoryContextSwitchTo(collector->own);
  collector->count = row->natts;
  collector->columns = static_cast<append::ValueSet *>(
      palloc0(sizeof(append::ValueSet) * static_cast<Size>(row->natts + 1)));
  for (int i = 0; i < row->natts; ++i) {
    append::value_set_init(&collector->columns[i], false, -1, collector->own);
  }
  MemoryContextSwitchTo(caller);
}

bool receive(TupleTableSlot *slot, DestReceiver *self) {
  auto *collector = reinterpret_cast<Collector *>(self);
  slot_getallattrs(slot);
  MemoryContext caller = MemoryContextSwitchTo(collector->scratch);
  int64 all = 0;
  for (int i = 0; i < collector->count; ++i) {
    if (!slot->tts_isnull[i]) {
      append::value_set_add(&collector->columns[i],
                            PointerGetDatum(PG_DETOAST_DATUM_PACKED(slot->tts_values[i])));
    }
    all += collector->columns[i].count;
  }
  if (all > most_rows) {
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("distinct_values would return more than %lld rows",
                           static_cast<long long>(most_rows)),
                    errhint("Use SELECT DISTINCT, which can sort on disk.")));
  }
  MemoryContextSwitchTo(caller);
  MemoryContextReset(collector->scratch);
  return true;
}

} // namespace

} // namespace starhouse::pg

using namespace starhouse::pg;

STARHOUSE_FUNCTION(starhouse_distinct_values) {
  const char *query = text_to_cstring(PG_GETARG_TEXT_PP(0));
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  auto *collector = static_cast<Collector *>(palloc0(sizeof(Collector)));
  collector->own = CurrentMemoryContext;
  collector->scratch =
      AllocSetContextCreate(collector->own, "starhouse values", ALLOCSET_SMALL_SIZES);
  init_receiver(&collector->receiver, receive, startup);
  read_query("distinct_values", query, &collector->receiver);
  for (int i = 0; i < collector->count; ++i) {
    for (uint32 j = 0; j < collector->columns[i].count; ++j) {
      CHECK_FOR_INTERRUPTS();
      Datum values[2] = {Int32GetDatum(i + 1), collector->columns[i].values[j]};
      bool nulls[2] = {false, false};
      tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
  }
  return Datum{0};
}
