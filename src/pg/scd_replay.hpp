// What the two halves of a replay share: scd_replay.cpp collects the rows of a key, scd_rows.cpp
// translates between rows and what the core knows of them (ids, plans, memories).
#pragma once

#include "pg/scd.hpp"
#include "core/scd/history.hpp"

extern "C" {
#include "tcop/dest.h"
}

namespace starhouse::pg::scd {

namespace core = starhouse::scd;

struct Row {
  Datum *values;
  bool *nulls;
  core::Index *ids; // per slot; of a version also the previous values
};

struct Replay {
  DestReceiver receiver; // first: the executor knows no more than this
  const Dimension *dimension;
  const Options *options;
  core::Shape shape;
  bool singles;
  WorkSet *work;
  Counts *counts;
  MemoryContext home;
  MemoryContext group;   // of one key
  MemoryContext scratch; // of one row
  int width;
  Row *rows;
  int count;
  int room;
  int64 events; // rows of the source seen
  TimestampTz newest;
  const char *first_reject;
};

inline int16 kind_of(const Row &row) {
  return DatumGetInt16(row.values[at::kind]);
}
inline int16 flag_of(const Row &row) {
  return DatumGetInt16(row.values[at::flag]);
}

bool same_columns(const Replay &replay, const Row &a, const Row &b, int first, int last);

// Gives the rows of the key their ids.
void number_rows(Replay *replay);

// Rows of work for one key.
void write_plan(Replay *replay, const core::Plan &plan, core::Row version_count,
                const Row *const *version_rows, const Row *const *event_rows);
// The first version of a key from the columns of its only event.
void put_insertion(Replay *replay, const Datum *columns, const bool *nulls, TimestampTz from);

// A row of the memory as the core takes it; false for what means nothing (any more).
bool read_memory(const Replay &replay, const Row &row, core::Memory *memory);
// `row`: any of the key. `letter`: index into memory::letters.
void put_memory(Replay *replay, Work *work, const Row &row, const core::Memory &memory,
                int16 letter);

} // namespace starhouse::pg::scd
