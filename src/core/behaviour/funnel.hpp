// How far a user came along the steps of a funnel: the state behind window_funnel.
//
// A chain is a sequence of events of the steps 1, 2, 3, ... at times that do not decrease, the last
// at most `window` after the first. The level is the length of the longest chain. It is found in
// one pass over the events by remembering, for each step, the latest start of a chain that reaches
// it (as ClickHouse's windowFunnel does): a later start leaves more of the window, so no other need
// be kept.
//
// Ties: of several steps at one instant the earlier ones happen first, so a chain may take one
// after another; an event that fulfils several steps may stand for each of them. Modes change that:
//
//   strict_increase       times of a chain increase: at most one of its steps at an instant
//   strict_once           an event stands for one step of a chain; the events of an instant are
//   taken
//                         in the order of their first steps
//   strict_order          no other event in between: an event of no step, or of one whose
//                         predecessor was not reached, ends the search once a chain has begun
//   strict_deduplication  a step beyond the first that comes again ends the search
//
// Events are a set: one that is delivered twice, with the same time and steps, is in it once.
//
// Stored form (after the header of all states): u8 steps, u8 modes, zigzag window, varint events;
// each: varint difference of its time to the one before (the first: zigzag time), varint steps.
#pragma once

#include "core/behaviour/event_list.hpp"
#include "core/state.hpp"

#include <string_view>

namespace starhouse::behaviour {

inline constexpr int most_steps = 32;

enum FunnelMode : std::uint8_t {
  strict_deduplication = 1,
  strict_order = 2,
  strict_increase = 4,
  strict_once = 8,
};

// Modes by name, separated by commas; empty: none. Error 22023 for other names.
std::uint8_t funnel_modes(std::string_view names);

struct FunnelRule {
  std::int64_t window; // microseconds
  std::uint8_t modes;
  std::uint8_t steps; // of the funnel

  friend bool operator==(const FunnelRule &, const FunnelRule &) = default;
};

class Funnel {
public:
  static constexpr StateFormat format{"window_funnel_state", StateKind::funnel, 1};

  explicit Funnel(const Env &env) : events_(env) {}

  // `steps`: bit i is set when the event fulfils step i + 1.
  struct Row {
    Instant at;
    FunnelRule rule;
    std::uint32_t steps;
  };
  void add(const Row &row) { add(row.at, row.steps, row.rule); }
  void fetch(const Row &) const noexcept { events_.fetch(); }

  // Errors 22023 for a rule that differs from the first one or makes no sense, 22008 for an
  // infinite time.
  void add(Instant at, std::uint32_t steps, const FunnelRule &rule) {
    if (rule != rule_) {
      adopt(rule);
    }
    if (!is_finite(at)) {
      refuse_infinite_time();
    }
    if (steps != 0 || (rule_.modes & strict_order) != 0) {
      events_.add({at, steps});
    }
  }
  void merge(const Funnel &other);

  // 0 (no first step) to the number of steps.
  int level() const { return level(rule_.window); }
  // Error 22023 for a negative window.
  int level(std::int64_t window) const;

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  struct Event {
    Instant at;
    std::uint32_t steps;
    friend bool operator<(const Event &a, const Event &b) noexcept {
      return a.at != b.at ? a.at < b.at : a.steps < b.steps;
    }
  };
  class Search;

  void adopt(const FunnelRule &rule);
  template <class Out>
  void write(Out &out) const;

  FunnelRule rule_{0, 0, 0}; // no steps: no row yet
  EventList<Event, DropEqual> events_;
};

} // namespace starhouse::behaviour
