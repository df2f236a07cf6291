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

// Start of every local hour of [from_local, to_local) that no instant of the zone falls into (the
// clock jumps over the whole of it), ascending. `from_local` must be the start of an hour.
std::vector<std::int64_t> missing_local_hours(const ZoneTable &zone, std::int64_t from_local,
                                              std::int64_t to_local);

} // namespace starhouse::calendar
