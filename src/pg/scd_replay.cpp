// The receiver of a merge's read statement. Rows arrive in key order; those of one key are
// collected, given content ids by the columns' own equality, put through the core, and the answer
// becomes rows of work. Memory holds one key at a time.
#include "pg/scd_replay.hpp"
#include "pg/boundary.hpp"

extern "C" {
#include "executor/tuptable.h"
#include "tcop/dest.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
}

namespace starhouse::pg::scd {

namespace {

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
  const int columns = replay->dimension->event_columns();
  auto *out = static_cast<Datum *>(palloc(sizeof(Datum) * (5 + columns)));
  auto *out_nulls = static_cast<bool *>(palloc0(sizeof(bool) * (5 + columns)));
  const char *key = key_text(*replay, values, nulls);
  out[0] = CStringGetTextDatum(code);
  out[1] = CStringGetTextDatum(reason);
  out[2] = CStringGetTextDatum(key);
  out[3] = values[at::instant];
  out_nulls[3] = nulls[at::instant];
  out[4] = values[at::text];
  out_nulls[4] = nulls[at::text];
  memcpy(out + 5, values + at::columns, sizeof(Datum) * columns);
  memcpy(out_nulls + 5, nulls + at::columns, sizeof(bool) * columns);
  put(&replay->work->rejects, out, out_nulls);
  if (replay->first_reject == nullptr) {
    replay->first_reject = MemoryContextStrdup(replay->home, psprintf("key %s: %s", key, reason));
  }
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
                    TextDatumGetCString(values[at::text])));
    return true;
  }
  return false;
}

// A key that the complete snapshot speaks of in a way that was rejected: of this key it says
// nothing.
void note_rejected(Replay *replay, const Row &row) {
  if (!replay->options->complete || replay->dimension->memory == nullptr) {
    return;
  }
  for (int i = 0; i < replay->count; ++i) {
    const Row &known = replay->rows[i];
    if (kind_of(known) == kind::memory && flag_of(known) == memory::rejected &&
        known.values[at::instant] == row.values[at::instant]) {
      return;
    }
  }
  const core::Memory memory{DatumGetTimestampTz(row.values[at::instant]), core::Kind::repeat, 0,
                            nullptr};
  put_memory(replay, &replay->work->remembered, row, memory, memory::rejected);
}

void count_outcomes(Replay *replay, const core::Plan &plan, const Row *const *event_rows) {
  Counts *counts = replay->counts;
  bool noted = false;
  for (std::size_t i = 0; i < plan.outcomes.size(); ++i) {
    const Row &row = *event_rows[i];
    const core::Outcome outcome = plan.outcomes[i];
    if (outcome == core::Outcome::conflict || outcome == core::Outcome::too_late) {
      if (!noted) {
        note_rejected(replay, row);
        noted = true;
      }
    } else if (outcome != core::Outcome::not_finite) {
      replay->newest = Max(replay->newest, DatumGetTimestampTz(row.values[at::instant]));
    }
    switch (outcome) {
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
    case core::Outcome::too_late:
      reject(replay, row.values, row.nulls, "too_late",
             psprintf("older than %s, the horizon of the dimension",
                      timestamptz_to_str(replay->dimension->cutoff)));
      break;
    }
  }
}

// The rows of one key as the core takes them.
struct Group {
  core::Version *versions;
  core::Event *events;
  core::Memory *memories;
  core::Instant *snapshots;
  const Row **version_rows;
  const Row **event_rows;
  std::size_t version_count;
  std::size_t event_count;
  std::size_t memory_count;
  std::size_t snapshot_count;
};

template <class T>
T *some(int count) {
  return static_cast<T *>(
      palloc_extended(sizeof(T) * static_cast<Size>(Max(count, 1)), MCXT_ALLOC_HUGE));
}

// The complete snapshots from the oldest event on, but for those that rejected the key.
void add_snapshots(const Replay &replay, Group *group, core::Instant oldest) {
  const Dimension &dimension = *replay.dimension;
  group->snapshots = some<core::Instant>(dimension.snapshot_count);
  group->snapshot_count = 0;
  for (int i = dimension.snapshot_count - 1; i >= 0 && dimension.snapshots[i] >= oldest; --i) {
    bool excepted = false;
    for (int r = 0; r < replay.count && !excepted; ++r) {
      const Row &row = replay.rows[r];
      excepted = kind_of(row) == kind::memory && flag_of(row) == memory::rejected &&
                 DatumGetTimestampTz(row.values[at::instant]) == dimension.snapshots[i];
    }
    if (!excepted) {
      group->snapshots[group->snapshot_count++] = dimension.snapshots[i];
    }
  }
}

Group sort_out(const Replay &replay) {
  Group group = {};
  group.versions = some<core::Version>(replay.count);
  group.events = some<core::Event>(replay.count);
  group.memories = some<core::Memory>(replay.count);
  group.version_rows = some<const Row *>(replay.count);
  group.event_rows = some<const Row *>(replay.count);
  core::Instant oldest = core::forever;
  for (int i = 0; i < replay.count; ++i) {
    const Row &row = replay.rows[i];
    const TimestampTz instant = DatumGetTimestampTz(row.values[at::instant]);
    const int16 flag = flag_of(row);
    switch (kind_of(row)) {
    case kind::event:
      group.events[group.event_count] = {
          instant, flag == operation::upsert ? core::Operation::upsert : core::Operation::remove,
          row.ids};
      group.event_rows[group.event_count++] = &row;
      oldest = Min(oldest, instant);
      break;
    case kind::version:
      group.versions[group.version_count] = {instant, DatumGetTimestampTz(row.values[at::valid_to]),
                                             row.ids, (flag & 1) != 0, (flag & 2) != 0};
      group.version_rows[group.version_count++] = &row;
      break;
    default:
      if (flag != memory::rejected &&
          read_memory(replay, row, &group.memories[group.memory_count])) {
        ++group.memory_count;
      }
    }
  }
  add_snapshots(replay, &group, oldest);
  return group;
}

void finish_key(Replay *replay) {
  if (replay->count == 0) {
    return;
  }
  CHECK_FOR_INTERRUPTS();
  MemoryContext before = MemoryContextSwitchTo(replay->group);
  const Dimension &dimension = *replay->dimension;
  number_rows(replay);
  const Group group = sort_out(*replay);
  const core::Input input{replay->shape,
                          {group.versions, group.version_count},
                          {group.events, group.event_count},
                          {group.memories, group.memory_count},
                          {group.snapshots, group.snapshot_count},
                          dimension.cutoff};
  core::Plan plan;
  ContextMemory memory(replay->group);
  const Env env{&memory, cancel_requested};
  compute([&] { plan = core::plan_merge(input, env); });
  if (plan.corrupt_version != core::none) {
    const core::Version &version = group.versions[plan.corrupt_version];
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
  count_outcomes(replay, plan, group.event_rows);
  write_plan(replay, plan, static_cast<core::Row>(group.version_count), group.version_rows,
             group.event_rows);

  MemoryContextSwitchTo(before);
  MemoryContextReset(replay->group);
  replay->count = 0;
  replay->room = 0;
  replay->rows = nullptr;
}

bool starts_new_key(const Replay &replay, const Datum *values, const bool *nulls) {
  const Row row{const_cast<Datum *>(values), const_cast<bool *>(nulls), nullptr};
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
  row.ids = nullptr;
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

// A row that is the only one of its key, of which nothing is known, is written as it came.
bool write_single(Replay *replay, const TupleTableSlot *slot) {
  const TimestampTz instant = DatumGetTimestampTz(slot->tts_values[at::instant]);
  if (!replay->singles || DatumGetInt16(slot->tts_values[at::flag]) != operation::upsert ||
      TIMESTAMP_NOT_FINITE(instant)) {
    return false;
  }
  put_insertion(replay, slot->tts_values + at::columns, slot->tts_isnull + at::columns, instant);
  replay->newest = Max(replay->newest, instant);
  ++replay->counts->inserted;
  return true;
}

bool receive(TupleTableSlot *slot, DestReceiver *receiver) {
  auto *replay = reinterpret_cast<Replay *>(receiver);
  slot_getallattrs(slot);
  if (DatumGetInt16(slot->tts_values[at::kind]) == kind::event) {
    if (DatumGetInt16(slot->tts_values[at::flag]) != operation::missing) {
      ++replay->events;
    }
    MemoryContext before = MemoryContextSwitchTo(replay->scratch);
    const bool done =
        reject_row(replay, slot->tts_values, slot->tts_isnull) || write_single(replay, slot);
    MemoryContextSwitchTo(before);
    MemoryContextReset(replay->scratch);
    if (done) {
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

core::Shape shape_of(const Dimension &dimension) {
  const auto slots = [&](int columns) {
    return static_cast<core::Index>(dimension.partial() ? columns : Min(columns, 1));
  };
  core::Shape shape;
  shape.tracked = slots(dimension.type2);
  shape.newest = slots(dimension.type1);
  shape.oldest = slots(dimension.type0);
  shape.alternate = static_cast<core::Index>(dimension.type3);
  shape.flag_deletes = dimension.deleted_flag != nullptr;
  return shape;
}

} // namespace

Replay *start_replay(const Dimension &dimension, const Options &options, bool singles,
                     WorkSet *work, Counts *counts) {
  auto *replay = static_cast<Replay *>(palloc0(sizeof(Replay)));
  replay->receiver.receiveSlot = receive;
  replay->receiver.rStartup = start_up;
  replay->receiver.rShutdown = do_nothing;
  replay->receiver.rDestroy = do_nothing;
  replay->receiver.mydest = DestTuplestore;
  replay->dimension = &dimension;
  replay->options = &options;
  replay->shape = shape_of(dimension);
  // What a single row leaves out is NULL, and has to be remembered as left out.
  replay->singles = singles && !dimension.partial();
  replay->work = work;
  replay->counts = counts;
  replay->home = CurrentMemoryContext;
  replay->group =
      AllocSetContextCreate(CurrentMemoryContext, "starhouse scd key", ALLOCSET_DEFAULT_SIZES);
  replay->scratch =
      AllocSetContextCreate(CurrentMemoryContext, "starhouse scd row", ALLOCSET_SMALL_SIZES);
  replay->width = at::columns + dimension.count();
  replay->newest = DT_NOBEGIN;
  return replay;
}

DestReceiver *replay_receiver(Replay *replay) {
  return &replay->receiver;
}

Seen finish_replay(Replay *replay) {
  finish_key(replay);
  return {replay->events, replay->newest, replay->first_reject};
}

} // namespace starhouse::pg::scd
