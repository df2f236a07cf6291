// What the parts of a replay share: arena storage, and the points and stretches of a history.
#pragma once

#include "core/scd/history.hpp"

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace starhouse::scd {

template <class T>
T *allocate(std::size_t count, const Env &env) {
  static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);
  return static_cast<T *>(
      env.memory->allocate(std::max<std::size_t>(count, 1) * sizeof(T), alignof(T)));
}

// A growing list in arena memory whose capacity is known before.
template <class T>
class List {
public:
  List(std::size_t capacity, const Env &env) : data_(allocate<T>(capacity, env)) {}
  void push(const T &value) { data_[size_++] = value; }
  T &operator[](std::size_t i) { return data_[i]; }
  const T &operator[](std::size_t i) const { return data_[i]; }
  T *begin() const { return data_; }
  T *end() const { return data_ + size_; }
  T &back() { return data_[size_ - 1]; }
  std::size_t size() const { return size_; }
  std::span<const T> view() const { return {data_, size_}; }

private:
  T *data_;
  std::size_t size_ = 0;
};

enum class Origin : std::uint8_t {
  stored,     // the start or the end of a version
  remembered, // by an earlier merge
  implied,    // by a complete snapshot
  incoming,
};

// Something known to have happened.
struct Point {
  Instant at;
  Operation operation;
  Origin origin;
  Index version;    // whose start or end it is
  Index event;      // the first event that said so
  const Index *ids; // event_slots(), `none` where nothing is said; null for a remove
  const Row *rows;  // the row of each value: the version that shows it, or an event

  bool incoming() const { return origin == Origin::incoming; }
};

// A stretch of the replayed history. At most one of its origins is a stored version.
struct Stretch {
  Instant from;
  Instant to;
  const Index *content; // tracked slots
  const Row *source;
  Index version;
  bool deleted;
};

inline bool gives(const Point &point, Index slot) {
  return point.operation == Operation::upsert && point.ids[slot] != none;
}

// A row as the input numbers them: versions first, then events.
inline bool is_event(const Input &input, Row row) {
  return row != none && row >= input.versions.size();
}
inline Index event_of(const Input &input, Row row) {
  return row - static_cast<Row>(input.versions.size());
}
inline Index id_at(const Input &input, Row row, Index slot) {
  if (row == none) {
    return absent;
  }
  return is_event(input, row) ? input.events[event_of(input, row)].ids[slot]
                              : input.versions[row].ids[slot];
}

} // namespace starhouse::scd
