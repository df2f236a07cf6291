#include "core/behaviour/concurrency.hpp"

#include <algorithm>

namespace starhouse::behaviour {

void Concurrency::add(Instant start, Instant end) {
  if (start > end) {
    throw Error(sqlstate::invalid_parameter_value, "an interval ends before it starts",
                "Give the start first, or leave such rows out by FILTER.");
  }
  if (start == end) {
    return;
  }
  changes_.add({start, 1});
  if (end != after_all) {
    changes_.add({end, -1});
  }
}

bool Concurrency::peak(Stretch &peak) const {
  peak = {0, 0, 0};
  each_stretch([&](const Stretch &stretch) {
    if (stretch.running > peak.running) {
      peak = stretch;
    }
  });
  return peak.running > 0;
}

template <class Out>
void Concurrency::write(Out &out) const {
  const auto changes = changes_.sorted();
  out.varint(static_cast<std::uint64_t>(std::count_if(
      changes.begin(), changes.end(), [](const Change &change) { return change.by != 0; })));
  const Change *previous = nullptr;
  for (const Change &change : changes) {
    if (change.by == 0) {
      continue;
    }
    if (previous == nullptr) {
      out.zigzag(change.at);
    } else {
      out.varint(micros_between(previous->at, change.at));
    }
    out.zigzag(change.by);
    previous = &change;
  }
}

std::size_t Concurrency::encoded_size() const {
  ByteCounter counter;
  write(counter);
  return counter.size();
}

void Concurrency::encode(ByteWriter &out) const {
  write(out);
}

void Concurrency::decode(ByteReader &in, std::uint8_t /*version*/) {
  const std::size_t count = in.count(2);
  // More than any number of rows, and far from where sums of states would overflow.
  constexpr std::int64_t most = std::int64_t{1} << 48U;
  std::int64_t running = 0;
  Change change{};
  for (std::size_t i = 0; i < count; ++i) {
    if ((i & 0xFFFFU) == 0) {
      changes_.env().poll();
    }
    change.at = i == 0 ? in.zigzag() : read_later(in, change.at);
    change.by = in.zigzag();
    in.require(change.at != after_all && change.by != 0 && change.by >= -most &&
                   change.by <= most - running && running + change.by >= 0,
               "a number of intervals is out of range");
    running += change.by;
    in.require(changes_.append(change), "changes are not in order");
  }
}

} // namespace starhouse::behaviour
