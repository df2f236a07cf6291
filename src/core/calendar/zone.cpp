#include "core/calendar/zone.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace starhouse::calendar {

namespace {

constexpr std::int64_t micros_per_second = 1'000'000;
constexpr std::int64_t micros_per_day = 86'400 * micros_per_second;

constexpr std::int64_t minus_infinity = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t plus_infinity = std::numeric_limits<std::int64_t>::max();

// PostgreSQL's timestamp range: 4714-11-24 BC up to, not including, 294277-01-01.
constexpr std::int64_t first_timestamp = -211'813'488'000'000'000;
constexpr std::int64_t end_timestamp = 9'223'371'331'200'000'000;

// The tz database's own bound on an offset; it also keeps every sum below within int64.
constexpr std::int32_t offset_limit = 167 * 3'600;

bool is_infinite(std::int64_t micros) {
  return micros == minus_infinity || micros == plus_infinity;
}

void check_range(std::int64_t micros) {
  if (micros < first_timestamp || micros >= end_timestamp) {
    throw Error(sqlstate::datetime_field_overflow,
                "timestamp out of range: " + std::to_string(micros) +
                    " microseconds since 2000-01-01",
                "Timestamps lie between 4714-11-24 BC and 294276-12-31.");
  }
}

} // namespace

ZoneTable::ZoneTable() : transitions_{{first_timestamp, 0}} {}

ZoneTable::ZoneTable(std::vector<ZoneTransition> transitions)
    : transitions_(std::move(transitions)) {
  if (transitions_.empty()) {
    throw Error(sqlstate::invalid_parameter_value, "a zone table needs at least one offset",
                "Fill it from starhouse.zone_transitions(time_zone, from_date, to_date).");
  }
  const ZoneTransition *previous = nullptr;
  for (const ZoneTransition &transition : transitions_) {
    if (transition.offset_seconds < -offset_limit || transition.offset_seconds > offset_limit) {
      throw Error(sqlstate::invalid_parameter_value,
                  "UTC offset out of range: " + std::to_string(transition.offset_seconds) +
                      " seconds",
                  "Offsets are seconds east of UTC, at most 167 hours.");
    }
    if (previous != nullptr && transition.at_utc <= previous->at_utc) {
      throw Error(sqlstate::invalid_parameter_value,
                  "zone transitions are not in ascending order at " +
                      std::to_string(transition.at_utc),
                  "Order the rows of starhouse.zone_transitions by their instant.");
    }
    previous = &transition;
  }
}

// The rule of the server's DetermineTimeZoneOffset: look at the first transition later than the
// local time read as UTC less one day (no offset reaches a full day), and decide between the
// offsets on both sides of it.
std::int64_t ZoneTable::local_to_utc(std::int64_t local) const {
  if (is_infinite(local)) {
    return local;
  }
  check_range(local);
  const auto after =
      std::upper_bound(transitions_.begin() + 1, transitions_.end(), local - micros_per_day,
                       [](std::int64_t t, const ZoneTransition &x) { return t < x.at_utc; });
  const std::int64_t with_before = local - (after - 1)->offset_seconds * micros_per_second;
  if (after == transitions_.end()) {
    return with_before;
  }
  const std::int64_t with_after = local - after->offset_seconds * micros_per_second;
  const std::int64_t boundary = after->at_utc;
  if (with_before < boundary && with_after < boundary) {
    return with_before;
  }
  if (with_before >= boundary && with_after >= boundary) {
    return with_after;
  }
  // Gap: with_before > with_after, keep the offset before. Overlap: take the one after.
  return std::max(with_before, with_after);
}

std::int64_t ZoneTable::utc_to_local(std::int64_t utc) const {
  if (is_infinite(utc)) {
    return utc;
  }
  check_range(utc);
  const auto after =
      std::upper_bound(transitions_.begin() + 1, transitions_.end(), utc,
                       [](std::int64_t t, const ZoneTransition &x) { return t < x.at_utc; });
  return utc + (after - 1)->offset_seconds * micros_per_second;
}

namespace {

struct Measure {
  std::int64_t begins_at;
  std::int64_t length;
  std::int64_t offset; // the last one in it
};

// What the zone's clocks make of the local times [start, start + size).
Measure measure(const ZoneTable &zone, std::int64_t start, std::int64_t size) {
  const auto table = zone.transitions();
  constexpr std::int64_t reach = (offset_limit + 1) * micros_per_second;
  auto i = static_cast<std::size_t>(
      std::upper_bound(table.begin() + 1, table.end(), start - reach,
                       [](std::int64_t t, const ZoneTransition &x) { return t < x.at_utc; }) -
      table.begin() - 1);
  Measure found{0, 0, 0};
  for (; i < table.size() && (i == 0 || table[i].at_utc <= start + size + reach); ++i) {
    // The instants under this offset that the slot holds.
    const std::int64_t offset = table[i].offset_seconds * micros_per_second;
    const std::int64_t from = i == 0 ? start - offset : std::max(table[i].at_utc, start - offset);
    const std::int64_t to = i + 1 == table.size()
                                ? start + size - offset
                                : std::min(table[i + 1].at_utc, start + size - offset);
    if (from < to) {
      if (found.length == 0) {
        found.begins_at = from;
      }
      found.length += to - from;
      found.offset = offset;
    }
  }
  if (found.length == 0) {
    found.begins_at = zone.local_to_utc(start);
  }
  return found;
}

} // namespace

std::vector<LocalSlot> irregular_slots(const ZoneTable &zone, std::int64_t from_local,
                                       std::int64_t to_local, std::int64_t size) {
  std::vector<std::int64_t> indexes{0};
  const std::int64_t count = (to_local - from_local) / size;
  const auto table = zone.transitions();
  for (std::size_t i = 1; i < table.size(); ++i) {
    // The local times that are skipped, or repeated.
    const std::int64_t before = table[i].at_utc + table[i - 1].offset_seconds * micros_per_second;
    const std::int64_t after = table[i].at_utc + table[i].offset_seconds * micros_per_second;
    const std::int64_t low = std::max(std::min(before, after), from_local);
    const std::int64_t high = std::min(std::max(before, after), to_local);
    for (std::int64_t at = (low - from_local) / size; at < count && from_local + at * size < high;
         ++at) {
      indexes.push_back(at);
    }
  }
  std::sort(indexes.begin(), indexes.end());
  indexes.erase(std::unique(indexes.begin(), indexes.end()), indexes.end());

  std::vector<LocalSlot> slots;
  slots.reserve(indexes.size());
  for (const std::int64_t at : indexes) {
    const std::int64_t start = from_local + at * size;
    const Measure here = measure(zone, start, size);
    slots.push_back({start, here.begins_at, here.length, measure(zone, start + size, size).offset});
  }
  return slots;
}

} // namespace starhouse::calendar
