#include "core/geo/activity.hpp"

#include <algorithm>

namespace starhouse::geo {

namespace {

// The time from one report to the next, added to what its status says.
void count_step(ActivityTimes &times, const Report &from, Instant to, std::uint64_t gap) noexcept {
  const std::uint64_t step = micros_between(from.at, to);
  const std::uint64_t live = std::min(step, gap);
  (from.busy ? times.busy : times.idle) += live;
  times.offline += step - live;
}

constexpr std::size_t stretch_size = 2 * sizeof(Instant) + 1 + 3 * sizeof(std::uint64_t);

} // namespace

void Activity::Stretch::extend(const Report &report, std::uint64_t gap) noexcept {
  count_step(times, last, report.at, gap);
  last = report;
}

void Activity::adopt(std::int64_t gap) {
  if (!stretches_.empty()) {
    throw Error(sqlstate::invalid_parameter_value,
                "the gap differs between rows or states of one activity",
                "Give the same gap for all of them.");
  }
  if (gap <= 0) {
    throw Error(sqlstate::invalid_parameter_value, "the gap is not positive",
                "It is the longest time a report stays good, such as '5 minutes'.");
  }
  gap_ = gap;
}

void Activity::add(const Report &report, std::int64_t gap) {
  if (gap != gap_ || stretches_.empty()) {
    adopt(gap);
  }
  check_instant(report.at);
  stretches_.add(report, static_cast<std::uint64_t>(gap_));
}

void Activity::merge(const Activity &other) {
  if (other.stretches_.empty()) {
    return;
  }
  if (stretches_.empty() || other.gap_ != gap_) {
    adopt(other.gap_);
  }
  for (const Stretch &stretch : other.stretches_.list()) {
    stretches_.insert(stretch);
  }
}

ActivityTimes Activity::times() const noexcept {
  ActivityTimes sum;
  const Stretch *previous = nullptr;
  for (const Stretch &stretch : stretches_.list()) {
    if (previous != nullptr) {
      count_step(sum, previous->last, std::max(stretch.first.at, previous->last.at),
                 static_cast<std::uint64_t>(gap_));
    }
    sum.busy += stretch.times.busy;
    sum.idle += stretch.times.idle;
    sum.offline += stretch.times.offline;
    previous = &stretch;
  }
  return sum;
}

std::size_t Activity::encoded_size() const noexcept {
  const std::size_t count = stretches_.list().size();
  return sizeof gap_ + ByteWriter::varint_size(count) + count * stretch_size;
}

void Activity::encode(ByteWriter &out) const {
  out.put(gap_);
  out.varint(stretches_.list().size());
  for (const Stretch &stretch : stretches_.list()) {
    out.put(stretch.first.at);
    out.put(stretch.last.at);
    out.put(
        static_cast<std::uint8_t>((stretch.first.busy ? 1U : 0U) | (stretch.last.busy ? 2U : 0U)));
    out.put(stretch.times.busy);
    out.put(stretch.times.idle);
    out.put(stretch.times.offline);
  }
}

void Activity::decode(ByteReader &in, std::uint8_t /*version*/) {
  const auto gap = in.get<std::int64_t>();
  const std::size_t size = in.count(stretch_size);
  in.require(size > 0 ? gap > 0 : gap == 0, "the gap is out of range");
  gap_ = gap;
  Instant end = INT64_MIN + 1;
  for (std::size_t i = 0; i < size; ++i) {
    const auto first = in.get<Instant>();
    const auto last = in.get<Instant>();
    const auto status = in.get<std::uint8_t>();
    in.require(status < 4, "an unknown status");
    in.require(first >= end && last >= first && last < INT64_MAX, "stretches are not in order");
    end = last;
    Stretch stretch({first, (status & 1U) != 0});
    stretch.last = {last, (status & 2U) != 0};
    ActivityTimes &times = stretch.times;
    times.busy = in.get<std::uint64_t>();
    times.idle = in.get<std::uint64_t>();
    times.offline = in.get<std::uint64_t>();
    const std::uint64_t whole = micros_between(first, last);
    in.require(times.busy <= whole && times.idle <= whole - times.busy &&
                   times.offline == whole - times.busy - times.idle,
               "its times do not add up");
    stretches_.insert(stretch);
  }
}

} // namespace starhouse::geo
