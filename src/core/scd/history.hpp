// Type-2 history of one key: (existing versions, what is remembered, incoming events in any order)
// -> what to change.
//
// A version holds on [from, to). The stored versions are read back as the events that made them (an
// upsert where a version starts, a delete where one ends and none follows), the remembered and the
// incoming events join them, and the whole is replayed in order of time; the answer is the
// difference between the replayed history and the stored one. So the result is a function of the
// set of events, not of their order or batching. What the new history does not show (an event that
// repeats the content in force, a delete of what is already gone) is Plan::remember; the host keeps
// it and hands it in again with the next merge of the key.
//
// The core sees no values: a row has a number of slots, each an id of the value (or values) there,
// equal ids for equal values. Slots are of four kinds:
//   tracked    type 2: a change opens a version
//   newest     type 1: every version shows the value of the newest event
//   oldest     type 0: every version shows the value of the first event
//   alternate  type 3: as newest; the last different value before is kept beside it
// An event may leave slots out (`none`): they keep what was in force. Of whole rows one tracked
// slot for all type-2 columns is enough; partial rows need a slot for each column.
//
// Existing versions are never deleted and keep their identity; of a version split by a late event
// the earlier part keeps it. Where partial rows are filled anew after a late event, two
// neighbouring versions may come to have equal content; they stay two.
//
// All storage comes from env.memory and is never given back piecemeal: pass an arena.
//
// The order of events is that of Spark's Scd2BatchProcessor and Databricks' AUTO CDC (by sequence,
// not by arrival); remembering what does not show is what makes it hold across batches.
#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <limits>
#include <span>

namespace starhouse::scd {

// Microseconds since any epoch; the two ends are the infinities, as in PostgreSQL's timestamptz.
using Instant = std::int64_t;
inline constexpr Instant beginning = std::numeric_limits<Instant>::min();
inline constexpr Instant forever = std::numeric_limits<Instant>::max();

using Index = std::uint32_t;
inline constexpr Index none = std::numeric_limits<Index>::max();
// The id of "no value": what a slot holds that no event has filled.
inline constexpr Index absent = none - 1;

struct Shape {
  Index tracked = 1;
  Index newest = 0;
  Index oldest = 0;
  Index alternate = 0;
  bool flag_deletes = false; // a delete opens a version that says so, instead of a gap

  Index event_slots() const { return tracked + newest + oldest + alternate; }
  // A stored version also has the previous value of each alternate slot, after the others.
  Index version_slots() const { return event_slots() + alternate; }
};

struct Version {
  Instant from;
  Instant to;
  const Index *ids; // version_slots() of them
  bool inferred;    // made for a fact before the member itself arrived
  bool deleted;     // says that the member is deleted (flag_deletes)
};

enum class Operation : std::uint8_t { upsert, remove };

struct Event {
  Instant sequence;
  Operation operation;
  const Index *ids; // event_slots() of them, `none` where nothing is said; unused for a remove
};

// Something the versions do not show. `given` has event_slots() flags, null for all.
enum class Kind : std::uint8_t {
  repeat,   // an upsert that repeats what was in force
  removal,  // a delete of what was not there
  partial,  // what the event said that opened the version of this start
  previous, // since when an alternate slot's previous value was the newest
};
struct Memory {
  Instant sequence;
  Kind kind;
  Index slot; // of Kind::previous: 0 for the first alternate slot; else 0
  const std::uint8_t *given;
};

// What became of an event. Every incoming event has exactly one outcome.
enum class Outcome : std::uint8_t {
  unchanged,  // repeats what is known
  inserted,   // opened a key that was not open: new, re-appeared, or an inferred member completed
  changed,    // replaced the content in force, or a type-0, 1 or 3 value
  late,       // older than the newest known instant of its key, and put in its place in the past
  deleted,    // closed the version in force, or flagged it
  conflict,   // another content is known for the same instant: not applied
  not_finite, // the sequence is an infinity: not applied
  too_late,   // older than Input::cutoff: not applied
};

// A row that has a value: a version by its index, an event by the number of versions plus its
// index; `none` for no value.
using Row = Index;

// A version of the new history that is not stored as it stands.
struct Write {
  Index version; // the stored one to change, or `none` for a new one
  Instant from;
  Instant to;
  bool deleted;
  bool completes;    // the stored one was inferred
  bool fills;        // its tracked slots differ
  bool registers;    // its newest, oldest, alternate or previous values differ
  const Row *source; // where the tracked slots come from, one row for each
};

struct Input {
  Shape shape;
  std::span<const Version> versions;
  std::span<const Event> events;
  std::span<const Memory> memory{};
  // Instants of complete snapshots that have said of this key what the versions show there.
  std::span<const Instant> snapshots{};
  Instant cutoff = beginning; // events before it are taken only if they repeat what is shown
};

// Plain spans over env.memory, so that it may outlive any unwinding.
struct Plan {
  std::span<const Outcome> outcomes; // one per event
  std::span<const Write> writes;     // in order of time
  const Row *newest = nullptr;       // sources of the slots that all versions share
  const Row *oldest = nullptr;
  const Row *alternate = nullptr;
  const Row *previous = nullptr; // of each alternate slot: see previous_shown
  // Whether the previous value is the source row's alternate slot, or its own previous value.
  const bool *previous_shown = nullptr;
  std::span<const Memory> remember; // to add to what is remembered
  std::span<const Memory> forget;   // to take from it
  // Set when stored versions contradict each other (overlap, empty interval): nothing is planned.
  Index corrupt_version = none;
};

// Versions, events, memories and snapshots may come in any order. Throws Cancelled and
// std::bad_alloc.
Plan plan_merge(const Input &input, const Env &env);

} // namespace starhouse::scd
