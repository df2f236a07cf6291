// Work rows as parameters of prepared statements: what a distributed table takes in place of a
// relation that only this backend knows; and which tables those are.
#include "pg/scd.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
}

namespace starhouse::pg::scd {

bool always_portable = false;

namespace {

// Parameters of one statement that writes many rows; the protocol between servers takes 65535.
constexpr int most_parameters = 8192;
constexpr int most_rows = 256;

// Parameters of a prepared statement, row after row.
struct Parameters {
  int count;
  Oid *types;
  Datum *values;
  char *nulls;
};

Parameters parameters_of(const TupleDesc columns, int rows) {
  const Size count = static_cast<Size>(columns->natts) * static_cast<Size>(rows);
  Parameters parameters = {static_cast<int>(count), static_cast<Oid *>(palloc(sizeof(Oid) * count)),
                           static_cast<Datum *>(palloc(sizeof(Datum) * count)),
                           static_cast<char *>(palloc(count))};
  for (int i = 0; i < parameters.count; ++i) {
    parameters.types[i] = TupleDescAttr(columns, i % columns->natts)->atttypid;
  }
  return parameters;
}

SPIPlanPtr prepare(const char *statement, const Parameters &parameters) {
  SPIPlanPtr plan = SPI_prepare(statement, parameters.count, parameters.types);
  if (plan == nullptr) {
    elog(ERROR, "SPI_prepare: %s", SPI_result_code_string(SPI_result));
  }
  return plan;
}

uint64 execute(SPIPlanPtr plan, const Parameters &parameters) {
  const int result = SPI_execute_plan(plan, parameters.values, parameters.nulls, false, 0);
  if (result < 0) {
    elog(ERROR, "SPI_execute_plan: %s", SPI_result_code_string(result));
  }
  return SPI_processed;
}

// A statement that takes rows returned by another one.
struct Follower {
  const char *statement;
  SPIPlanPtr plan;
  Parameters parameters;

  void take_returned() {
    SPITupleTable *returned = SPI_tuptable;
    const uint64 count = SPI_processed;
    if (returned == nullptr) {
      return;
    }
    if (plan == nullptr) {
      parameters = parameters_of(returned->tupdesc, 1);
      plan = prepare(statement, parameters);
    }
    for (uint64 row = 0; row < count; ++row) {
      for (int i = 0; i < parameters.count; ++i) {
        bool null = false;
        parameters.values[i] = SPI_getbinval(returned->vals[row], returned->tupdesc, i + 1, &null);
        parameters.nulls[i] = null ? 'n' : ' ';
      }
      execute(plan, parameters);
    }
    SPI_freetuptable(returned);
  }

  void end() {
    if (plan != nullptr) {
      SPI_freeplan(plan);
    }
  }
};

// The rows of work, from the first one.
struct Reader {
  Work *work;
  TupleTableSlot *slot;

  explicit Reader(Work *rows)
      : work(rows), slot(MakeSingleTupleTableSlot(rows->columns, &TTSOpsMinimalTuple)) {
    tuplestore_rescan(work->rows);
  }

  // The next row as the parameters from `first` on. A batch outlives the slot: its values are
  // copied into `keep`.
  void next(const Parameters &parameters, int first, MemoryContext keep) {
    if (!tuplestore_gettupleslot(work->rows, true, false, slot)) {
      elog(ERROR, "%s ended early", work->name);
    }
    if (keep != nullptr) {
      MemoryContext before = MemoryContextSwitchTo(keep);
      MinimalTuple row = ExecCopySlotMinimalTuple(slot);
      MemoryContextSwitchTo(before);
      ExecStoreMinimalTuple(row, slot, false);
    }
    slot_getallattrs(slot);
    for (int i = 0; i < work->columns->natts; ++i) {
      parameters.values[first + i] = slot->tts_values[i];
      parameters.nulls[first + i] = slot->tts_isnull[i] ? 'n' : ' ';
    }
  }

  void end() { ExecDropSingleTupleTableSlot(slot); }
};

// (VALUES ($1, $2), ($3, $4)) AS a (f, t)
void append_rows(StringInfo text, const TupleDesc columns, int rows) {
  int parameter = 0;
  appendStringInfoString(text, "(VALUES ");
  for (int row = 0; row < rows; ++row) {
    for (int i = 0; i < columns->natts; ++i) {
      appendStringInfo(text, "%s$%d", i > 0 ? ", " : row > 0 ? "), (" : "(", ++parameter);
    }
  }
  appendStringInfoString(text, ")) AS a (");
  for (int i = 0; i < columns->natts; ++i) {
    appendStringInfo(text, "%s%s", i > 0 ? ", " : "", NameStr(TupleDescAttr(columns, i)->attname));
  }
  appendStringInfoChar(text, ')');
}

} // namespace

bool on_citus(Oid relation) {
  Oid types[1] = {REGCLASSOID};
  Datum values[1] = {ObjectIdGetDatum(relation)};
  const int result = SPI_execute_with_args("SELECT starhouse.scd_on_citus($1)", 1, types, values,
                                           nullptr, true, 1);
  if (result != SPI_OK_SELECT || SPI_processed != 1) {
    elog(ERROR, "starhouse.scd_on_citus: %s", SPI_result_code_string(result));
  }
  bool null = false;
  return DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
}

uint64 run_each(Work *work, const char *statement, const char *then) {
  const Parameters parameters = parameters_of(work->columns, 1);
  SPIPlanPtr plan = prepare(statement, parameters);
  Follower follower = {then, nullptr, {}};
  Reader reader(work);
  uint64 done = 0;
  for (int64 row = 0; row < work->count; ++row) {
    CHECK_FOR_INTERRUPTS();
    reader.next(parameters, 0, nullptr);
    done += execute(plan, parameters);
    if (then != nullptr) {
      follower.take_returned();
    }
  }
  reader.end();
  follower.end();
  SPI_freeplan(plan);
  return done;
}

uint64 run_together(Work *work, const char *before, const char *after, const char *then) {
  const int width = work->columns->natts;
  const int64 most = Max(1, Min(most_rows, most_parameters / width));
  MemoryContext batch =
      AllocSetContextCreate(CurrentMemoryContext, "starhouse scd batch", ALLOCSET_DEFAULT_SIZES);
  Follower follower = {then, nullptr, {}};
  Reader reader(work);
  Parameters parameters = {};
  SPIPlanPtr plan = nullptr;
  int64 prepared = 0;
  uint64 done = 0;
  for (int64 left = work->count; left > 0; left -= prepared) {
    CHECK_FOR_INTERRUPTS();
    // All batches but the last one are of one size.
    if (prepared != Min(left, most)) {
      prepared = Min(left, most);
      if (plan != nullptr) {
        SPI_freeplan(plan);
      }
      StringInfoData text;
      initStringInfo(&text);
      appendStringInfoString(&text, before);
      append_rows(&text, work->columns, static_cast<int>(prepared));
      appendStringInfoString(&text, after);
      parameters = parameters_of(work->columns, static_cast<int>(prepared));
      plan = prepare(text.data, parameters);
    }
    for (int row = 0; row < prepared; ++row) {
      reader.next(parameters, row * width, batch);
    }
    done += execute(plan, parameters);
    if (then != nullptr) {
      follower.take_returned();
    }
    MemoryContextReset(batch);
  }
  if (plan != nullptr) {
    SPI_freeplan(plan);
  }
  reader.end();
  follower.end();
  MemoryContextDelete(batch);
  return done;
}

} // namespace starhouse::pg::scd
