// Local time to UTC and back, from a table of a zone's transitions.
//
// The table holds no zone rules of its own: whoever uses it fills it from the server
// (starhouse.zone_transitions), so client, extension and SQL agree whatever tz database the server
// carries. Instants and local times are microseconds since 2000-01-01 00:00, as PostgreSQL's
// timestamptz and timestamp; both infinities (the two extreme int64) pass through unchanged.
//
// Where a local time does not exist or exists twice, the answer is that of PostgreSQL's
// `timestamp AT TIME ZONE`: in a gap the offset before the transition (clocks go 02:00 -> 03:00:
// 02:30 is read as if they had not), in an overlap the offset after it (the later instant).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace starhouse::calendar {

// From `at_utc` on, local time is UTC plus `offset_seconds` (east positive).
struct ZoneTransition {
  std::int64_t at_utc;
  std::int32_t offset_seconds;
};

class ZoneTable {
public:
  // UTC.
  ZoneTable();

  // `transitions` strictly ascending, at least one; the first one's offset also holds before it,
  // the last one's ever after: ask the server for a range that covers the data. Throws Error 22023.
  explicit ZoneTable(std::vector<ZoneTransition> transitions);

  // Throws Error 22008 when the argument lies outside PostgreSQL's timestamp range.
  std::int64_t local_to_utc(std::int64_t local) const;
  std::int64_t utc_to_local(std::int64_t utc) const;

  std::span<const ZoneTransition> transitions() const &noexcept { return transitions_; }
  std::span<const ZoneTransition> transitions() const && = delete; // it would view a dead object

private:
  std::vector<ZoneTransition> transitions_;
};

// A stretch of local time, such as an hour or a day, as the zone's clocks live through it.
struct LocalSlot {
  std::int64_t start;        // local
  std::int64_t begins_at;    // UTC, the first instant in it; of an empty one, when it would begin
  std::int64_t length;       // of real time: 0 when the clocks skip all of it, double when they
                             // repeat it
  std::int64_t offset_after; // local minus UTC in the slots that follow, up to the next one listed
};

// The slots of [from_local, to_local), a whole number of them, each `size` long, that are not
// ordinary: the first one, which tells the offset to begin with, and those that a change of the
// offset touches; ascending. Every other one begins at its start less the offset and lasts `size`.
std::vector<LocalSlot> irregular_slots(const ZoneTable &zone, std::int64_t from_local,
                                       std::int64_t to_local, std::int64_t size);

} // namespace starhouse::calendar
