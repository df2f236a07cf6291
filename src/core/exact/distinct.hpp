// The set of distinct values, exactly: state of count_distinct_exact, and set operations on it.
// Stored form (version 1): that of core/exact/key_map.hpp, without values.
#pragma once

#include "core/exact/key_map.hpp"
#include "core/exact/values.hpp"
#include "core/state.hpp"

namespace starhouse::exact {

class DistinctSet {
public:
  static constexpr StateFormat format{"distinct_state", StateKind::distinct, 1};
  using Map = KeyMap<Nothing>;
  using Shared = Map::Shared;

  explicit DistinctSet(const Env &env, Shared *shared = nullptr) : map_(env, shared), env_(env) {}

  template <class Key>
  void add(KeyKind kind, const Key &key) {
    map_.add(kind, key, Nothing{});
  }
  // The same for the rows that only have to wait: false, and nothing done, where it may fail.
  template <class Key>
  bool add_waiting(KeyKind kind, const Key &key) noexcept {
    return map_.add_waiting(kind, key, Nothing{});
  }

  // A number. Of many sets' numbers each goes straight into its own.
  struct Row {
    KeyKind kind;
    std::int64_t number;
  };
  bool add_at_once(const Row &row) noexcept { return add_waiting(row.kind, row.number); }
  void add(const Row &row) { add(row.kind, row.number); }
  void add_now(const Row &row) { map_.add_now(row.kind, row.number, Nothing{}); }
  void fetch(const Row &row) const noexcept { map_.fetch(row.kind, row.number); }
  template <class Key>
  bool contains(KeyKind kind, const Key &key) const {
    return map_.find(kind, key) != nullptr;
  }

  std::size_t size() const { return map_.size(); }
  const Map &map() const noexcept { return map_; }

  void merge(const DistinctSet &other) { map_.merge(other.map_); }

  // This set becomes the values of `one` that are in `other` too (or, `in` being false, are not).
  // An Error where both hold values of different types.
  void select(const DistinctSet &one, const DistinctSet &other, bool in);
  // How many values are in both.
  std::size_t overlap(const DistinctSet &other) const;

  std::size_t encoded_size() const {
    ByteCounter counter;
    map_.encode(counter);
    return counter.size();
  }
  void encode(ByteWriter &out) const { map_.encode(out); }
  void decode(ByteReader &in, std::uint8_t /*version*/) { map_.decode(in); }

private:
  Map map_;
  Env env_;
};

} // namespace starhouse::exact
