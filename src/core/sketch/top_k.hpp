// The most frequent items, each with bounds of its count.
//
// All items are counted, exactly, until there are more than `capacity` of them. Then every count is
// lowered by that of the item in the middle, and those that reach 0 are forgotten (J. Misra, D.
// Gries, "Finding repeated elements", 1982, in the form of D. Anderson, P. Bevan, K. Lang, E.
// Liberty, L. Rhodes, J. Thaler, "A High-Performance Algorithm for Identifying Frequent Items in
// Data Streams", IMC 2017). Two sketches merge by adding their counts and lowering those again (P.
// Agarwal, G. Cormode, Z. Huang, J. Phillips, Z. Wei, K. Yi, "Mergeable Summaries", PODS 2012).
//
// Error law: an item's true count lies between its count here and that plus undercount(), for items
// not here between 0 and undercount(). undercount() is 0 while there are no more than `capacity`
// items, and at most 2 / capacity of all rows, whatever their order or split: each time it grows by
// d, more than capacity / 2 counters lose d each, which no row gives back. With 65,536 counters
// that is a 32,768th of the rows: of 100 million, 3,052; an item of a tenth of a percent has
// 100,000.
//
// While it is 0 the sketch is a function of the rows alone. Beyond, which items are forgotten
// depends on the order of rows and on how they were split: results may differ within the bounds.
//
// Stored form (version 1, after the header of all states): varint capacity, varint k asked (0:
// none), varint rows, varint undercount, then the counts as core/exact/key_map.hpp writes them.
#pragma once

#include "core/exact/key_map.hpp"
#include "core/exact/values.hpp"
#include "core/state.hpp"

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>

namespace starhouse::sketch {

class TopK {
public:
  static constexpr StateFormat format{"top_k_sketch", StateKind::top_k_sketch, 1};
  using Counts = exact::KeyMap<exact::Count>;
  using Shared = Counts::Shared;
  static constexpr std::uint32_t default_capacity = 65'536;
  static constexpr std::uint32_t least_capacity = 16;
  static constexpr std::uint32_t most_capacity = 1'048'576;
  static constexpr std::uint32_t most_asked = 1'000'000;

  explicit TopK(const Env &env, Shared *shared = nullptr) : shared_(shared), env_(env) {
    counts_.emplace(env, shared);
  }

  // Before the first row, or the same as then: else Error 22023, as for numbers out of range.
  // Numbers are wider than those allowed, so that they can be refused.
  void set_capacity(std::int64_t capacity) {
    if (capacity != capacity_) {
      choose_capacity(capacity);
    }
  }
  // How many items a one-step aggregate is asked for.
  void ask(std::int64_t k);
  std::uint32_t asked() const noexcept { return asked_; }

  // Key is std::int64_t, UuidKey or TextKey, as kind says. Error 22023 for another kind than
  // before.
  template <class Key>
  void add(KeyKind kind, const Key &key) {
    if (room_ == 0) {
      make_room();
    }
    counts_->add(kind, key, exact::Count{1});
    --room_;
    ++rows_;
  }
  // The same for the rows that only have to wait: false, and nothing done, where it may fail.
  template <class Key>
  bool add_waiting(KeyKind kind, const Key &key, std::int64_t k, std::int64_t capacity) noexcept {
    if (room_ == 0 || k != asked_ || capacity != capacity_ ||
        !counts_->add_waiting(kind, key, exact::Count{1})) [[unlikely]] {
      return false;
    }
    --room_;
    ++rows_;
    return true;
  }

  // Begins to fetch the memory that add() will need; for a text in two steps.
  template <class Key>
  void fetch(KeyKind kind, const Key &key) const noexcept {
    counts_->fetch(kind, key);
  }
  void fetch_bytes(KeyKind kind, const TextKey &key) const noexcept {
    counts_->fetch_bytes(kind, key);
  }

  void merge(const TopK &other);

  struct Item {
    std::int64_t number; // by kind(), one of these three
    UuidKey uuid;
    std::string_view text;
    std::int64_t count; // the lower bound; the upper one is undercount() more
  };
  KeyKind kind() const noexcept { return counts_->kind(); }
  // Largest count first, equal ones by item (texts by the bytes of their keys).
  std::pmr::vector<Item> top(std::size_t k) const;
  std::uint64_t rows() const noexcept { return rows_; }
  std::uint64_t undercount() const {
    settle();
    return undercount_;
  }
  std::uint32_t capacity() const noexcept { return capacity_; }

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  void choose_capacity(std::int64_t capacity);
  void make_room();
  // No more than `capacity` counters: what everything else that reads begins with.
  void settle() const;
  void lower() const;

  // First what every row touches.
  std::uint32_t room_ = 0; // rows until the number of counters has to be looked at
  std::uint32_t asked_ = 0;
  std::uint32_t capacity_ = default_capacity;
  std::uint64_t rows_ = 0;
  mutable std::optional<Counts> counts_;
  mutable std::uint64_t undercount_ = 0;
  Shared *shared_;
  Env env_;
};

} // namespace starhouse::sketch
