#include "core/behaviour/spans.hpp"

namespace starhouse::behaviour {

namespace {

template <class Out>
void write_spans(std::span<const Span> spans, bool with_events, Out &out) {
  out.varint(spans.size());
  const Span *previous = nullptr;
  for (const Span &span : spans) {
    if (previous == nullptr) {
      out.zigzag(span.start);
    } else {
      out.varint(micros_between(previous->end, span.start));
    }
    out.varint(micros_between(span.start, span.end));
    if (with_events) {
      out.varint(span.events);
    }
    previous = &span;
  }
}

void read_spans(SpanList &list, ByteReader &in, bool with_events, const Env &env) {
  const std::size_t count = in.count(with_events ? 3 : 2);
  Span span{0, 0, 0};
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if ((i & 0xFFFFU) == 0) {
      env.poll();
    }
    span.start = i == 0 ? in.zigzag() : read_later(in, span.end);
    span.end = read_later(in, span.start);
    in.require(is_finite(span.start) && is_finite(span.end), "a time is out of range");
    if (with_events) {
      span.events = in.varint();
      in.require(span.events > 0 && span.events <= static_cast<std::uint64_t>(INT64_MAX) - all &&
                     (span.events > 1 || span.start == span.end),
                 "a number of events is out of range");
      all += span.events;
    } else {
      in.require(span.start < span.end, "an interval is empty");
    }
    in.require(list.append(span), "spans are not in order");
  }
}

} // namespace

void Sessions::adopt(std::int64_t gap) {
  if (gap_ >= 0) {
    throw Error(sqlstate::invalid_parameter_value,
                "the gap differs between rows or states of one set of sessions",
                "Give the same gap for all of them.");
  }
  if (gap < 0) {
    throw Error(sqlstate::invalid_parameter_value, "the gap is negative",
                "It is the longest time between two events of one session, such as "
                "'30 minutes'.");
  }
  gap_ = gap;
  spans_.set_fold({static_cast<std::uint64_t>(gap)});
}

void Sessions::merge(const Sessions &other) {
  if (other.gap_ < 0) {
    return;
  }
  if (other.gap_ != gap_) {
    adopt(other.gap_);
  }
  spans_.merge(other.spans_);
}

Sessions::Summary Sessions::summary() const {
  Summary sum;
  for (const Span &span : list()) {
    const std::uint64_t length = micros_between(span.start, span.end);
    ++sum.sessions;
    sum.events += span.events;
    sum.bounces += span.events == 1 ? 1 : 0;
    sum.longest = std::max(sum.longest, length);
    sum.total += length;
  }
  return sum;
}

std::size_t Sessions::encoded_size() const {
  ByteCounter counter;
  write_spans(list(), true, counter);
  return ByteWriter::zigzag_size(gap_) + counter.size();
}

void Sessions::encode(ByteWriter &out) const {
  out.zigzag(gap_);
  write_spans(list(), true, out);
}

void Sessions::decode(ByteReader &in, std::uint8_t /*version*/) {
  const std::int64_t gap = in.zigzag();
  in.require(gap >= -1, "the gap is out of range");
  if (gap >= 0) {
    adopt(gap);
  }
  read_spans(spans_, in, true, spans_.env());
  in.require(gap >= 0 || spans_.empty(), "sessions without a gap");
}

void IntervalUnion::add(Instant start, Instant end) {
  check_finite(start);
  check_finite(end);
  if (start > end) {
    throw Error(sqlstate::invalid_parameter_value, "an interval ends before it starts",
                "Give the start first, or leave such rows out by FILTER.");
  }
  if (start < end) {
    spans_.add({start, end, 0});
  }
}

std::uint64_t IntervalUnion::length(Instant from, Instant until) const {
  std::uint64_t sum = 0;
  for (const Span &span : list()) {
    const Instant start = std::max(span.start, from);
    const Instant end = std::min(span.end, until);
    sum += start < end ? micros_between(start, end) : 0;
  }
  return sum;
}

std::size_t IntervalUnion::encoded_size() const {
  ByteCounter counter;
  write_spans(list(), false, counter);
  return counter.size();
}

void IntervalUnion::encode(ByteWriter &out) const {
  write_spans(list(), false, out);
}

void IntervalUnion::decode(ByteReader &in, std::uint8_t /*version*/) {
  read_spans(spans_, in, false, spans_.env());
}

} // namespace starhouse::behaviour
