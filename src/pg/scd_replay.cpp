// The receiver of a merge's read statement. Rows arrive in key order; those of one key are
// collected, given content ids by the columns' own equality, put through the core, and the answer
// becomes rows of work. Memory holds one key at a time.
#include "pg/scd.hpp"
#include "pg/boundary.hpp"
#include "core/scd/history.hpp"

extern "C" {
#include "executor/tuptable.h"
#include "tcop/dest.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
}

namespace starhouse::pg::scd {

namespace core = starhouse::scd;

namespace {

// Below this many rows of a key, comparing one by one is cheaper than hashing them first.
constexpr int few_rows = 16;

struct Row {
  Datum *values;
  bool *nulls;
  core::Index content;
  core::Index overwrite;
};

} // namespace

struct Replay {
  DestReceiver receiver; // first: the executor knows no more than this
  const Dimension *dimension;
  const Options *options;
  WorkSet *work;
  Counts *counts;
  MemoryContext group;   // of one key
  MemoryContext scratch; // of one rejected row
  int width;
  Row *rows;
  int count;
  int room;
  int64 events; // rows of the source seen
};

namespace {

bool same_value(const Column &column, Datum a, bool a_null, Datum b, bool b_null) {
  if (a_null || b_null) {
    return a_null && b_null;
  }
  return DatumGetBool(FunctionCall2Coll(&column.compare->eq_opr_finfo, column.collation, a, b));
}

bool same_columns(const Replay &replay, const Row &a, const Row &b, int first, int last) {
  for (int i = first; i < last; ++i) {
    const int c = at::columns + i;
    if (!same_value(replay.dimension->columns[i], a.values[c], a.nulls[c], b.values[c],
                    b.nulls[c])) {
      return false;
    }
  }
  return true;
}

uint32 hash_columns(const Replay &replay, const Row &row, int first, int last) {
  uint32 hash = 0;
  for (int i = first; i < last; ++i) {
    const Column &column = replay.dimension->columns[i];
    const int c = at::columns + i;
    hash = (hash << 5) | (hash >> 27);
    // A type with equality and no hash leaves the telling apart to the comparison.
    if (!row.nulls[c] && OidIsValid(column.compare->hash_proc)) {
      hash ^= DatumGetUInt32(
          FunctionCall1Coll(&column.compare->hash_proc_finfo, column.collation, row.values[c]));
    }
    hash *= 0x9E3779B1U;
  }
  return hash;
}

bool is_event(const Row &row) {
  return DatumGetInt16(row.values[at::kind]) == 1;
}

int16 flag_of(const Row &row) {
  return DatumGetInt16(row.values[at::flag]);
}

bool has_attributes(const Row &row) {
  return !is_event(row) || flag_of(row) == operation::upsert;
}

// Gives the rows of the key ids: equal columns, equal ids.
void number_columns(Replay *replay, int first, int last, core::Index Row::*id) {
  uint32 slots = 2;
  while (slots < 2 * static_cast<uint32>(replay->count)) {
    slots *= 2;
  }
  auto *table = static_cast<int *>(MemoryContextAllocExtended(replay->group, slots * sizeof(int),
                                                              MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
  core::Index next = 0;
  for (int i = 0; i < replay->count; ++i) {
    Row &row = replay->rows[i];
    row.*id = core::none;
    if (!has_attributes(row)) {
      continue;
    }
    uint32 slot = replay->count > few_rows ? hash_columns(*replay, row, first, last) : 0;
    for (slot &= slots - 1; table[slot] != 0; slot = (slot + 1) & (slots - 1)) {
      const Row &other = replay->rows[table[slot] - 1];
      if (same_columns(*replay, row, other, first, last)) {
        row.*id = other.*id;
        break;
      }
    }
    if (row.*id == core::none) {
      table[slot] = i + 1;
      row.*id = next++;
    }
  }
}

const char *key_text(const Replay &replay, const Datum *values, const bool *nulls) {
  StringInfoData text;
  initStringInfo(&text);
  for (int i = 0; i < replay.dimension->keys; ++i) {
    const int c = at::columns + i;
    Oid output = InvalidOid;
    bool variable = false;
    getTypeOutputInfo(replay.dimension->columns[i].type, &output, &variable);
    appendStringInfo(&text, "%s%s", i > 0 ? ", " : "",
                     nulls[c] ? "NULL" : OidOutputFunctionCall(output, values[c]));
  }
  return text.data;
}

void reject(Replay *replay, const Datum *values, const bool *nulls, const char *code,
            const char *reason) {
  const int all = replay->dimension->count();
  auto *out = static_cast<Datum *>(palloc(sizeof(Datum) * (5 + all)));
  auto *out_nulls = static_cast<bool *>(palloc0(sizeof(bool) * (5 + all)));
  out[0] = CStringGetTextDatum(code);
  out[1] = CStringGetTextDatum(reason);
  out[2] = CStringGetTextDatum(key_text(*replay, values, nulls));
  out[3] = values[at::instant];
  out_nulls[3] = nulls[at::instant];
  out[4] = values[at::op_text];
  out_nulls[4] = nulls[at::op_text];
  memcpy(out + 5, values + at::columns, sizeof(Datum) * all);
  memcpy(out_nulls + 5, nulls + at::columns, sizeof(bool) * all);
  put(&replay->work->rejects, out, out_nulls);
  ++replay->counts->rejected;
}

// Rejects what has no place in any key's history. True when the row is to be left out.
bool reject_row(Replay *replay, const Datum *values, const bool *nulls) {
  for (int i = 0; i < replay->dimension->keys; ++i) {
    if (nulls[at::columns + i]) {
      reject(replay, values, nulls, "null_key",
             psprintf("key column %s is NULL", replay->dimension->columns[i].quoted));
      return true;
    }
  }
  if (nulls[at::instant]) {
    reject(
        replay, values, nulls, "null_sequence",
        psprintf("sequence column %s is NULL", quote_identifier(replay->options->sequence_column)));
    return true;
  }
  if (DatumGetInt16(values[at::flag]) == operation::unknown) {
    reject(replay, values, nulls, "unknown_operation",
           psprintf("operation \"%s\" is neither an upsert nor a delete",
                    TextDatumGetCString(values[at::op_text])));
    return true;
  }
  return false;
}

void interval(Datum *out, core::Instant from, core::Instant to) {
  out[0] = TimestampTzGetDatum(from);
  out[1] = TimestampTzGetDatum(to);
  out[2] = BoolGetDatum(to == core::forever);
}

// Copies columns [first, last): type-1 columns from `newest`, the others from `row`.
void take_columns(const Replay &replay, const Row &row, const Row &newest, int first, int last,
                  Datum *out, bool *out_nulls) {
  const int type1_from = replay.dimension->keys + replay.dimension->type2;
  for (int i = first; i < last; ++i) {
    const Row &from = i < type1_from ? row : newest;
    out[i - first] = from.values[at::columns + i];
    out_nulls[i - first] = from.nulls[at::columns + i];
  }
}

void count_outcomes(Replay *replay, const core::Plan &plan, const Row *const *event_rows) {
  Counts *counts = replay->counts;
  for (std::size_t i = 0; i < plan.outcomes.size(); ++i) {
    const Row &row = *event_rows[i];
    switch (plan.outcomes[i]) {
    case core::Outcome::unchanged:
      // A key that a snapshot lacks and that is gone already is no row of the source.
      counts->unchanged += flag_of(row) == operation::missing ? 0 : 1;
      break;
    case core::Outcome::inserted:
      ++counts->inserted;
      break;
    case core::Outcome::changed:
      ++counts->changed;
      break;
    case core::Outcome::late:
      ++counts->late;
      break;
    case core::Outcome::deleted:
      ++counts->deleted;
      break;
    case core::Outcome::conflict:
      reject(replay, row.values, row.nulls, "conflict",
             "other content of this key is known for the same instant");
      break;
    case core::Outcome::not_finite:
      reject(replay, row.values, row.nulls, "infinite_sequence", "the sequence is not finite");
      break;
    }
  }
}

// Rows of work for one key.
void write_plan(Replay *replay, const core::Plan &plan, const core::Version *versions,
                const Row *const *version_rows, const Row *const *event_rows) {
  const Dimension &dimension = *replay->dimension;
  const int all = dimension.count();
  const int type1_from = dimension.keys + dimension.type2;
  const Row *newest = nullptr;
  if (plan.newest_event != core::none) {
    newest = event_rows[plan.newest_event];
  } else if (plan.newest_version != core::none) {
    newest = version_rows[plan.newest_version];
  }
  auto *out = static_cast<Datum *>(palloc(sizeof(Datum) * (4 + all)));
  auto *nulls = static_cast<bool *>(palloc0(sizeof(bool) * (4 + all)));
  const bool none_null[4] = {};

  // A version that moves and is overwritten is written once. Both lists are in order of time.
  std::size_t m = 0;
  std::size_t o = 0;
  while (m < plan.moves.size() || o < plan.overwrite.size()) {
    const core::Move *move = m < plan.moves.size() ? &plan.moves[m] : nullptr;
    const core::Index v = o < plan.overwrite.size() ? plan.overwrite[o] : core::none;
    if (v == core::none || (move != nullptr && versions[move->version].from < versions[v].from)) {
      out[0] = version_rows[move->version]->values[at::surrogate];
      interval(out + 1, move->from, move->to);
      put(&replay->work->moves, out, none_null);
      ++m;
      continue;
    }
    const bool moves = move != nullptr && move->version == v;
    out[0] = version_rows[v]->values[at::surrogate];
    interval(out + 1, moves ? move->from : versions[v].from, moves ? move->to : versions[v].to);
    take_columns(*replay, *version_rows[v], *newest, type1_from, all, out + 4, nulls + 4);
    put(&replay->work->overwrites, out, nulls);
    ++o;
    m += moves ? 1 : 0;
  }
  for (const core::Opening &opening : plan.openings) {
    const Row &row = *event_rows[opening.event];
    memset(nulls, 0, sizeof(bool) * (4 + all));
    if (opening.version != core::none) {
      out[0] = version_rows[opening.version]->values[at::surrogate];
      interval(out + 1, opening.from, opening.to);
      take_columns(*replay, row, *newest, dimension.keys, all, out + 4, nulls + 4);
      put(&replay->work->completions, out, nulls);
    } else {
      interval(out, opening.from, opening.to);
      take_columns(*replay, row, *newest, 0, all, out + 3, nulls + 3);
      put(&replay->work->insertions, out, nulls);
    }
  }
}

void finish_key(Replay *replay) {
  if (replay->count == 0) {
    return;
  }
  CHECK_FOR_INTERRUPTS();
  MemoryContext before = MemoryContextSwitchTo(replay->group);
  const Dimension &dimension = *replay->dimension;
  number_columns(replay, dimension.keys, dimension.keys + dimension.type2, &Row::content);
  number_columns(replay, dimension.keys + dimension.type2, dimension.count(), &Row::overwrite);

  const auto n = static_cast<Size>(replay->count);
  auto *versions =
      static_cast<core::Version *>(palloc_extended(sizeof(core::Version) * n, MCXT_ALLOC_HUGE));
  auto *events =
      static_cast<core::Event *>(palloc_extended(sizeof(core::Event) * n, MCXT_ALLOC_HUGE));
  auto **version_rows =
      static_cast<const Row **>(palloc_extended(sizeof(Row *) * n, MCXT_ALLOC_HUGE));
  auto **event_rows =
      static_cast<const Row **>(palloc_extended(sizeof(Row *) * n, MCXT_ALLOC_HUGE));
  std::size_t version_count = 0;
  std::size_t event_count = 0;
  for (int i = 0; i < replay->count; ++i) {
    const Row &row = replay->rows[i];
    const TimestampTz instant = DatumGetTimestampTz(row.values[at::instant]);
    if (is_event(row)) {
      const bool upsert = flag_of(row) == operation::upsert;
      events[event_count] = {instant, upsert ? core::Operation::upsert : core::Operation::remove,
                             row.content, row.overwrite, false};
      event_rows[event_count++] = &row;
    } else {
      versions[version_count] = {instant, DatumGetTimestampTz(row.values[at::valid_to]),
                                 row.content, row.overwrite, flag_of(row) == 1};
      version_rows[version_count++] = &row;
    }
  }

  core::Plan plan;
  ContextMemory memory(replay->group);
  const Env env{&memory, cancel_requested};
  compute([&] { plan = core::plan_merge({versions, version_count}, {events, event_count}, env); });
  if (plan.corrupt_version != core::none) {
    const core::Version &version = versions[plan.corrupt_version];
    ereport(ERROR, (errcode(ERRCODE_EXCLUSION_VIOLATION),
                    errmsg("versions of key %s in %s overlap or are empty",
                           key_text(*replay, replay->rows[0].values, replay->rows[0].nulls),
                           dimension.qualified),
                    errdetail("The version [%s, %s) does not end before the next one starts.",
                              pstrdup(timestamptz_to_str(version.from)),
                              pstrdup(timestamptz_to_str(version.to))),
                    errhint("SELECT * FROM starhouse.scd_check(%s) lists what is wrong.",
                            quote_literal_cstr(dimension.qualified))));
  }
  count_outcomes(replay, plan, event_rows);
  write_plan(replay, plan, versions, version_rows, event_rows);

  MemoryContextSwitchTo(before);
  MemoryContextReset(replay->group);
  replay->count = 0;
  replay->room = 0;
  replay->rows = nullptr;
}

bool starts_new_key(const Replay &replay, const Datum *values, const bool *nulls) {
  const Row row{const_cast<Datum *>(values), const_cast<bool *>(nulls), 0, 0};
  return replay.count > 0 && !same_columns(replay, replay.rows[0], row, 0, replay.dimension->keys);
}

void keep(Replay *replay, const TupleTableSlot *slot) {
  MemoryContext before = MemoryContextSwitchTo(replay->group);
  if (replay->count == replay->room) {
    replay->room = replay->room == 0 ? 4 : 2 * replay->room;
    const Size bytes = sizeof(Row) * static_cast<Size>(replay->room);
    replay->rows =
        static_cast<Row *>(replay->rows == nullptr ? palloc_extended(bytes, MCXT_ALLOC_HUGE)
                                                   : repalloc_huge(replay->rows, bytes));
  }
  const auto width = static_cast<Size>(replay->width);
  Row row;
  row.values = static_cast<Datum *>(palloc(sizeof(Datum) * width));
  row.nulls = static_cast<bool *>(palloc(sizeof(bool) * width));
  row.content = core::none;
  row.overwrite = core::none;
  const TupleDesc shape = slot->tts_tupleDescriptor;
  for (int i = 0; i < replay->width; ++i) {
    const Form_pg_attribute attribute = TupleDescAttr(shape, i);
    row.nulls[i] = slot->tts_isnull[i];
    row.values[i] = row.nulls[i]
                        ? Datum{0}
                        : datumCopy(slot->tts_values[i], attribute->attbyval, attribute->attlen);
  }
  replay->rows[replay->count++] = row;
  MemoryContextSwitchTo(before);
}

bool receive(TupleTableSlot *slot, DestReceiver *receiver) {
  auto *replay = reinterpret_cast<Replay *>(receiver);
  slot_getallattrs(slot);
  const bool event = DatumGetInt16(slot->tts_values[at::kind]) == 1;
  if (event) {
    if (DatumGetInt16(slot->tts_values[at::flag]) != operation::missing) {
      ++replay->events;
    }
    MemoryContext before = MemoryContextSwitchTo(replay->scratch);
    const bool left_out = reject_row(replay, slot->tts_values, slot->tts_isnull);
    MemoryContextSwitchTo(before);
    MemoryContextReset(replay->scratch);
    if (left_out) {
      return true;
    }
  }
  if (starts_new_key(*replay, slot->tts_values, slot->tts_isnull)) {
    finish_key(replay);
  }
  keep(replay, slot);
  return true;
}

void start_up(DestReceiver *receiver, int /*operation*/, TupleDesc shape) {
  auto *replay = reinterpret_cast<Replay *>(receiver);
  if (shape->natts != replay->width) {
    elog(ERROR, "the read statement returns %d columns, not %d", shape->natts, replay->width);
  }
}

void do_nothing(DestReceiver * /*receiver*/) {}

} // namespace

Replay *start_replay(const Dimension &dimension, const Options &options, WorkSet *work,
                     Counts *counts) {
  auto *replay = static_cast<Replay *>(palloc0(sizeof(Replay)));
  replay->receiver.receiveSlot = receive;
  replay->receiver.rStartup = start_up;
  replay->receiver.rShutdown = do_nothing;
  replay->receiver.rDestroy = do_nothing;
  replay->receiver.mydest = DestTuplestore;
  replay->dimension = &dimension;
  replay->options = &options;
  replay->work = work;
  replay->counts = counts;
  replay->group =
      AllocSetContextCreate(CurrentMemoryContext, "starhouse scd key", ALLOCSET_DEFAULT_SIZES);
  replay->scratch =
      AllocSetContextCreate(CurrentMemoryContext, "starhouse scd row", ALLOCSET_SMALL_SIZES);
  replay->width = at::columns + dimension.count();
  return replay;
}

DestReceiver *replay_receiver(Replay *replay) {
  return &replay->receiver;
}

int64 finish_replay(Replay *replay) {
  finish_key(replay);
  return replay->events;
}

} // namespace starhouse::pg::scd
