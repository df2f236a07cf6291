// Spans of time put together where they overlap or come close: the states behind session_stats,
// where events less than a gap apart are one session, and interval_union_seconds, where intervals
// that overlap or touch are one.
//
// Putting together is associative (whatever was put together stays within one span of the whole),
// so a state grows with its spans, not with its rows, and any order of rows and any merging of
// parts gives the same spans.
//
// Stored form (after the header of all states): Sessions zigzag gap (-1: no row yet), both varint
// spans; each: varint difference of its start to the end of the one before (the first: zigzag
// start), varint length; of Sessions then varint events.
#pragma once

#include "core/behaviour/event_list.hpp"
#include "core/state.hpp"

namespace starhouse::behaviour {

struct Span {
  Instant start;
  Instant end;
  std::uint64_t events;

  friend bool operator<(const Span &a, const Span &b) noexcept {
    return a.start != b.start ? a.start < b.start : a.end < b.end;
  }
};

// Joins a span with one that starts no earlier, at most `gap` after its end.
struct JoinSpans {
  std::uint64_t gap = 0;

  bool operator()(Span &into, const Span &next) const noexcept {
    if (next.start > into.end && micros_between(into.end, next.start) > gap) {
      return false;
    }
    into.end = std::max(into.end, next.end);
    into.events += next.events;
    return true;
  }
};

using SpanList = EventList<Span, JoinSpans>;

class Sessions {
public:
  static constexpr StateFormat format{"session_stats_state", StateKind::sessions, 1};

  explicit Sessions(const Env &env) : spans_(env) {}

  struct Row {
    Instant at;
    std::int64_t gap;
  };
  void add(const Row &row) { add(row.at, row.gap); }
  void fetch(const Row &) const noexcept { spans_.fetch(); }

  // A session goes on as long as no two of its events in a row are more than `gap` microseconds
  // apart. Errors 22023 for a negative gap or one that differs from the first, 22008 for an
  // infinite time.
  void add(Instant at, std::int64_t gap) {
    if (gap != gap_) {
      adopt(gap);
    }
    if (!is_finite(at)) {
      refuse_infinite_time();
    }
    spans_.add({at, at, 1});
  }
  void merge(const Sessions &other);

  // In order.
  std::span<const Span> list() const { return spans_.sorted(); }

  struct Summary {
    std::uint64_t sessions = 0;
    std::uint64_t events = 0;
    std::uint64_t bounces = 0; // sessions of one event
    std::uint64_t longest = 0; // microseconds
    std::uint64_t total = 0;
  };
  Summary summary() const;

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  void adopt(std::int64_t gap);

  std::int64_t gap_ = -1; // no row yet
  SpanList spans_;
};

class IntervalUnion {
public:
  static constexpr StateFormat format{"interval_union_state", StateKind::interval_union, 1};

  explicit IntervalUnion(const Env &env) : spans_(env) {}

  struct Row {
    Instant start;
    Instant end;
  };
  void add(const Row &row) { add(row.start, row.end); }
  void fetch(const Row &) const noexcept { spans_.fetch(); }

  // From `start` to before `end`. Errors 22023 for an end before the start, 22008 for an infinite
  // time.
  void add(Instant start, Instant end);
  void merge(const IntervalUnion &other) { spans_.merge(other.spans_); }

  std::span<const Span> list() const { return spans_.sorted(); }
  // Microseconds, of all or of the part that lies in [from, until).
  std::uint64_t length(Instant from = before_all, Instant until = after_all) const;

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  SpanList spans_;
};

} // namespace starhouse::behaviour
