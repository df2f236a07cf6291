// Clocks of zones that dimensions have: `time AT TIME ZONE dimension.zone`. What a name stands for
// is found out once for each, when a row asks for it: as timestamptz_zone() does, and with its
// errors, so that a zone nobody knows fails the query where the executor's would fail. After that a
// row costs a look at what its zone's clock said last.
#include "pg/star_scan_exec.hpp"

#include "pg/compat.hpp"

extern "C" {
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"
}

#include <limits>

namespace starhouse::pg::star_scan {

// What a name stands for.
struct ZoneClock {
  compat::ZoneKind kind;
  pg_tz *zone;
  int64 offset;       // of a fixed one
  char *abbreviation; // of one whose offset has changed over the years
  scan::LocalClock *clock;
};

namespace {

const ZoneClock *as_clock(const void *zone) {
  return static_cast<const ZoneClock *>(zone);
}

scan::ZoneStretch fixed_stretch(int64 /*utc*/, const void *zone) noexcept {
  return {.from = std::numeric_limits<int64>::min(),
          .until = std::numeric_limits<int64>::max(),
          .offset = as_clock(zone)->offset};
}

// Of this moment alone: when it changes next the server does not tell.
scan::ZoneStretch abbreviation_stretch(int64 utc, const void *zone) noexcept {
  int is_summer = 0;
  const int64 west = DetermineTimeZoneAbbrevOffsetTS(utc, as_clock(zone)->abbreviation,
                                                     as_clock(zone)->zone, &is_summer);
  return {.from = utc, .until = utc + 1, .offset = -west * USECS_PER_SEC};
}

bool is_known(const ZoneClock *known, const ZoneClock &asked) {
  return known->kind == asked.kind && known->zone == asked.zone && known->offset == asked.offset &&
         (asked.kind != compat::ZoneKind::abbreviation ||
          std::strcmp(known->abbreviation, asked.abbreviation) == 0);
}

// A clock of the name's zone, the same for all names of it.
scan::LocalClock *clock_of(ScanNode *node, Datum name) {
  char spelled[TZ_STRLEN_MAX + 1];
  text_to_cstring_buffer(DatumGetTextPP(name), spelled, sizeof spelled);
  int east = 0;
  ZoneClock asked{};
  asked.kind = compat::decode_zone(spelled, &east, &asked.zone);
  asked.offset = asked.kind == compat::ZoneKind::fixed ? east * USECS_PER_SEC : 0;
  asked.abbreviation = spelled;
  if (asked.kind == compat::ZoneKind::fixed) {
    asked.zone = nullptr;
  }
  ListCell *cell = nullptr;
  foreach (cell, node->clocks) {
    const auto *known = static_cast<const ZoneClock *>(lfirst(cell));
    if (is_known(known, asked)) {
      return known->clock;
    }
  }
  const MemoryContext old = MemoryContextSwitchTo(node->run_context);
  auto *own = static_cast<ZoneClock *>(palloc0(sizeof(ZoneClock)));
  *own = asked;
  own->abbreviation = pstrdup(spelled);
  scan::Zone zone = zone_of(own->zone);
  if (own->kind != compat::ZoneKind::zone) {
    zone = {.stretch_of =
                own->kind == compat::ZoneKind::fixed ? fixed_stretch : abbreviation_stretch,
            .midnight_of = nullptr,
            .zone = own};
  }
  auto *memory = new (palloc(sizeof(ContextMemory))) ContextMemory(node->run_context);
  own->clock = new (palloc(sizeof(scan::LocalClock)))
      scan::LocalClock(Env{.memory = memory, .cancel_requested = cancel_requested}, zone);
  node->clocks = lappend(node->clocks, own);
  MemoryContextSwitchTo(old);
  return own->clock;
}

// Room for the clocks of so many numbers.
void make_room(const ScanNode *node, ZonePlan *plan, Size numbers) {
  constexpr Size least = 64;
  Size room = Max(plan->room, least);
  while (room < numbers) {
    room *= 2;
  }
  auto **clocks = static_cast<scan::LocalClock **>(
      MemoryContextAllocHuge(node->run_context, sizeof(scan::LocalClock *) * room));
  std::copy_n(plan->clocks, plan->room, clocks);
  std::fill_n(clocks + plan->room, room - plan->room, node->untold);
  if (plan->clocks != nullptr) {
    pfree(plan->clocks);
  }
  plan->clocks = clocks;
  plan->room = room;
}

void find_clock(ScanNode *node, ZonePlan *plan, Size number, int64 time) {
  if (number >= plan->room) {
    make_room(node, plan, number + 1);
  }
  if (plan->clocks[number] != node->untold) {
    return;
  }
  const auto *take = static_cast<const TakePlan *>(list_nth(node->compiled->takes, plan->take));
  bool null = false;
  const Datum name = group_value(node->dimensions[take->join].values, number, take->place, &null);
  if (null) {
    plan->clocks[number] = nullptr;
  } else if (time != scan::infinite_time && time != scan::minus_infinite_time) {
    plan->clocks[number] = clock_of(node, name);
  }
}

} // namespace

void start_zones(ScanNode *node) {
  node->clocks = NIL;
  ListCell *cell = nullptr;
  foreach (cell, node->compiled->zones) {
    auto *plan = static_cast<ZonePlan *>(lfirst(cell));
    plan->clocks = nullptr;
    plan->room = 0;
  }
  if (node->compiled->zones == NIL) {
    return;
  }
  // Stands for one that is not known yet, and is not asked.
  auto *memory = new (MemoryContextAlloc(node->run_context, sizeof(ContextMemory)))
      ContextMemory(node->run_context);
  node->untold = new (MemoryContextAlloc(node->run_context, sizeof(scan::LocalClock)))
      scan::LocalClock(Env{.memory = memory, .cancel_requested = cancel_requested}, {});
}

void forget_zones(ScanNode *node) {
  ListCell *cell = nullptr;
  foreach (cell, node->compiled->zones) {
    auto *plan = static_cast<ZonePlan *>(lfirst(cell));
    std::fill_n(plan->clocks, plan->room, node->untold);
  }
}

void find_zones(ScanNode *node, Size rows) {
  ListCell *cell = nullptr;
  foreach (cell, node->compiled->zones) {
    auto *plan = static_cast<ZonePlan *>(lfirst(cell));
    const scan::Step &step = node->program.steps[static_cast<Size>(plan->step)];
    const scan::Column &times = node->scan->batch()[step.left];
    const int64 *numbers = node->scan->batch()[step.right].words;
    for (Size row = 0; row < rows; ++row) {
      const auto number = static_cast<Size>(numbers[row]);
      if (!times.is_null(row) && (number >= plan->room || plan->clocks[number] == node->untold))
          [[unlikely]] {
        find_clock(node, plan, number, times.words[row]);
      }
    }
  }
}

} // namespace starhouse::pg::star_scan
