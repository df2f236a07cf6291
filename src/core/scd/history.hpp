// Type-2 history of one key: (existing versions, incoming events in any order) -> what to change.
//
// A version holds on [from, to). The stored versions are read back as the events that made them (an
// upsert where a version starts, a delete where one ends and none follows), the incoming events
// join them, and the whole is replayed in order of time; the answer is the difference between the
// replayed history and the stored one. So the result is a function of the set of events, not of
// their order or batching, as far as the stored versions remember the events. What they do not show
// (an event that repeats the content in force, a delete of what is already gone) is listed in
// Plan::remember; fed back with Event::remembered set, the function holds for every order without
// exception.
//
// The core sees no values: `content` and `overwrite` are ids the caller gives to the type-2 and the
// type-1 columns of a row, equal ids for equal values. Existing versions are never deleted and keep
// their identity; of a version split by a late event the earlier part keeps it.
//
//   scd::Plan plan = scd::plan_merge(versions, events, env);
//
// All storage comes from env.memory and is never given back piecemeal: pass an arena.
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

struct Version {
  Instant from;
  Instant to;
  Index content;   // id of the type-2 columns
  Index overwrite; // id of the type-1 columns
  bool inferred;   // made for a fact before the member itself arrived
};

enum class Operation : std::uint8_t { upsert, remove };

struct Event {
  Instant sequence;
  Operation operation;
  Index content;   // ignored for a remove
  Index overwrite; // ignored for a remove
  bool remembered; // known from an earlier merge: takes part, is not counted
};

// What became of an event. Every incoming event has exactly one outcome.
enum class Outcome : std::uint8_t {
  unchanged,  // repeats what is known
  inserted,   // opened a key that was not open: new, re-appeared, or an inferred member completed
  changed,    // replaced the content in force, or the type-1 columns
  late,       // older than the newest known instant of its key, and put in its place in the past
  deleted,    // closed the version in force
  conflict,   // another content is known for the same instant: not applied
  not_finite, // the sequence is an infinity: not applied
};

// An existing version whose interval moves.
struct Move {
  Index version;
  Instant from;
  Instant to;
};

// A version to write with the content of an event. `version` is the inferred version to complete in
// place, or `none` for a new row.
struct Opening {
  Index event;
  Index version;
  Instant from;
  Instant to;
};

// An event the new history does not show. Exactly one of `event` and `version` is set; for a
// version, an upsert is the swallowed start of it, a remove the swallowed end.
struct Memory {
  Instant sequence;
  Operation operation;
  Index event;
  Index version;
};

// Plain spans over env.memory, so that it may outlive any unwinding.
struct Plan {
  std::span<const Outcome> outcomes; // one per event
  std::span<const Move> moves;
  std::span<const Opening> openings;
  std::span<const Memory> remember;
  // Type-1 columns come from the newest upsert: an event, or else an existing version.
  Index newest_event = none;
  Index newest_version = none;
  // Existing versions (not inferred ones completed above) whose type-1 columns differ from it.
  std::span<const Index> overwrite;
  // Set when stored versions contradict each other (overlap, empty interval): nothing is planned.
  Index corrupt_version = none;
};

// Versions and events may come in any order. Throws Cancelled and std::bad_alloc.
Plan plan_merge(std::span<const Version> versions, std::span<const Event> events, const Env &env);

} // namespace starhouse::scd
