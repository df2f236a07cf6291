// A hash table from keys of fixed size (64-bit numbers, uuids) to values: open addressing, linear
// probing, three quarters full at most, doubled when it is. With the empty value Nothing it is a
// set. Numbers that lie close together (surrogate keys, days, minutes) are a NumberRange instead,
// which takes less memory and no hashing; one that lies far off makes it a hash table again.
//
// A table of a million keys does not fit into the cache, and an aggregate meets its keys one by
// one: each would wait for memory. So rows go through a Pending buffer, which works off 256 of them
// at a time: it fetches the places of all before it looks at the first (prefetching; measured: 112
// against 202 ns per row for a million distinct keys, the executor included). One buffer serves all
// the tables of an aggregate: with 50,000 groups it fetches the tables as well.
#pragma once

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/hash.hpp"
#include "core/key.hpp"
#include "core/exact/number_range.hpp"
#include "core/exact/radix_sort.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <type_traits>
#include <utility>
#include <vector>

namespace starhouse::exact {

// Which place a key has differs from table to table, so that no choice of keys makes all of them
// slow.
inline std::uint64_t table_hash(std::uint64_t key, std::uint64_t seed) noexcept {
  return hash64(key ^ seed);
}
inline std::uint64_t table_hash(const UuidKey &key, std::uint64_t seed) noexcept {
  return hash64(key.high ^ seed, key.low);
}

template <class Key, class Value>
class NumberTable {
public:
  struct Entry {
    Key key{};
    [[no_unique_address]] Value value{};
  };
  using Entries = std::pmr::vector<Entry>;

  explicit NumberTable(const Env &env)
      : places_(env.memory), range_(env.memory), nil_(env.memory), sorted_(env.memory), env_(env) {}
  NumberTable(const NumberTable &) = delete; // places depend on where the table is
  NumberTable &operator=(const NumberTable &) = delete;

  std::size_t size() const noexcept {
    return is_range() ? range_.size() : places_.empty() ? sorted_.size() : used_ + nil_.size();
  }

  // Begins to fetch what add() will look at; its result is for add() of the same key.
  std::uint64_t prepare(const Key &key) const noexcept {
    if constexpr (may_be_range) {
      if (is_range()) {
        range_.prefetch(key);
        return not_hashed;
      }
    }
    const std::uint64_t hash = this->hash(key);
    __builtin_prefetch(places_.data() + (hash >> shift_), 1);
    return hash;
  }

  // A key that is there has the value added to its own.
  void add(const Key &key, const Value &value, std::uint64_t hash = not_hashed) {
    in_order_ = false;
    if constexpr (may_be_range) {
      if (is_range()) {
        if (range_.add(key, value)) [[likely]] {
          return;
        }
        if (widen(key)) {
          range_.add(key, value);
          return;
        }
      }
    }
    if (used_ >= limit_) [[unlikely]] {
      grow();
      if (is_range()) {
        add(key, value);
        return;
      }
      hash = not_hashed;
    }
    // The key of free places; it has one of its own.
    if (key == Key{}) [[unlikely]] {
      add_nil(value);
      return;
    }
    if (hash == not_hashed) [[unlikely]] {
      hash = this->hash(key);
    }
    std::size_t at = hash >> shift_;
    for (;; at = (at + 1) & (places_.size() - 1)) {
      Entry &place = places_[at];
      if (place.key == key) {
        place.value.add(value);
        return;
      }
      if (place.key == Key{}) {
        place = {key, value};
        ++used_;
        return;
      }
    }
  }

  // Null if the key is not there. Until the next add().
  const Value *find(const Key &key) const noexcept {
    if constexpr (may_be_range) {
      if (is_range()) {
        return range_.find(key);
      }
    }
    if (places_.empty()) {
      const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), key,
                                       [](const Entry &a, const Key &b) { return a.key < b; });
      return at != sorted_.end() && at->key == key ? &at->value : nullptr;
    }
    if (key == Key{}) {
      return nil_.empty() ? nullptr : &nil_.front().value;
    }
    for (std::size_t at = hash(key) >> shift_;; at = (at + 1) & (places_.size() - 1)) {
      if (places_[at].key == key) {
        return &places_[at].value;
      }
      if (places_[at].key == Key{}) {
        return nullptr;
      }
    }
  }

  // All entries by key. Until the next add().
  const Entries &sorted() const {
    if (!in_order_) {
      sorted_.clear();
      sorted_.reserve(size());
      each_unsorted([&](const Entry &entry) { sorted_.push_back(entry); });
      if (!is_range()) {
        radix_sort(sorted_, env_);
      }
      in_order_ = true;
    }
    return sorted_;
  }

  // In any order.
  template <class Use>
  void each(Use use) const {
    if (in_order_) {
      for (const Entry &entry : sorted_) {
        use(entry);
      }
    } else {
      each_unsorted(use);
    }
  }

  void merge(const NumberTable &other) {
    const Entries &entries = other.sorted();
    if (size() == 0) {
      take_sorted(Entries(entries, sorted_.get_allocator()));
      return;
    }
    if (places_.empty() && !is_range()) {
      grow();
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (i % 4096 == 0) {
        env_.poll();
      }
      prepare(entries[std::min(i + ahead, entries.size() - 1)].key);
      add(entries[i].key, entries[i].value);
    }
  }

  // All of a table that was empty so far; ascending keys.
  void take_sorted(Entries &&entries) {
    sorted_ = std::move(entries);
    in_order_ = true;
  }

  Entries new_entries() const { return Entries(sorted_.get_allocator()); }

private:
  static constexpr bool may_be_range = std::is_same_v<Key, std::uint64_t>;
  static constexpr std::uint64_t not_hashed = 0; // a hash that is 0 is worked out twice
  static constexpr std::size_t ahead = 16;

  bool is_range() const noexcept { return may_be_range && is_range_; }
  std::uint64_t hash(const Key &key) const noexcept {
    return table_hash(key, reinterpret_cast<std::uintptr_t>(this));
  }

  void add_nil(const Value &value) {
    if (nil_.empty()) {
      nil_.push_back({Key{}, value});
    } else {
      nil_.front().value.add(value);
    }
  }

  template <class Use>
  void each_unsorted(Use use) const {
    if constexpr (may_be_range) {
      range_.each([&](Key key, const Value &value) { use(Entry{key, value}); });
    }
    for (const Entry &entry : nil_) {
      use(entry);
    }
    for (const Entry &entry : places_) {
      if (entry.key != Key{}) {
        use(entry);
      }
    }
  }

  // Twice as many places; the first ones also for what was read in order. Or a range.
  void grow() {
    if (become_range()) {
      return;
    }
    if (places_.empty()) {
      Entries entries = new_entries();
      entries.swap(sorted_);
      make_places(entries.size() * 3 / 2);
      for (std::size_t i = 0; i < entries.size(); ++i) {
        if (i % 4096 == 0) {
          env_.poll();
        }
        prepare(entries[std::min(i + ahead, entries.size() - 1)].key);
        put_back(entries[i]);
      }
    } else {
      const Entries old = make_places(2 * places_.size());
      env_.poll();
      // In order of their hashes, or nearly so: no need to fetch ahead.
      for (const Entry &entry : old) {
        if (entry.key != Key{}) {
          put_back(entry);
        }
      }
    }
    in_order_ = false;
  }

  // Returns the places there were.
  Entries make_places(std::size_t least) {
    Entries old(std::bit_ceil(std::max<std::size_t>(8, least)), places_.get_allocator());
    old.swap(places_);
    shift_ = static_cast<unsigned>(64 - std::countr_zero(places_.size()));
    limit_ = static_cast<std::uint32_t>(places_.size() / 4 * 3);
    used_ = 0;
    return old;
  }

  // An entry whose key is not there yet.
  void put_back(const Entry &entry) {
    if (entry.key == Key{}) {
      nil_.push_back(entry);
      return;
    }
    std::size_t at = hash(entry.key) >> shift_;
    while (places_[at].key != Key{}) {
      at = (at + 1) & (places_.size() - 1);
    }
    places_[at] = entry;
    ++used_;
  }

  bool become_range() {
    if constexpr (!may_be_range) {
      return false;
    } else {
      if (size() < least_in_range_) {
        return false;
      }
      Key first = UINT64_MAX;
      Key last = 0;
      each([&](const Entry &entry) {
        first = std::min(first, entry.key);
        last = std::max(last, entry.key);
      });
      if (!range_.make(first, last, size() * sizeof(Entry))) {
        return false;
      }
      each([&](const Entry &entry) { range_.add(entry.key, entry.value); });
      is_range_ = true;
      Entries(places_.get_allocator()).swap(places_);
      Entries(places_.get_allocator()).swap(nil_);
      Entries(places_.get_allocator()).swap(sorted_);
      used_ = limit_ = 0;
      in_order_ = false;
      return true;
    }
  }

  // So that the range has a place for the key; if that is no good, it becomes places again.
  bool widen(const Key &key) {
    if (range_.widen(key, 2 * size() * sizeof(Entry))) {
      return true;
    }
    least_in_range_ = 4 * size();
    make_places(size() * 3 / 2);
    env_.poll();
    range_.each([&](Key own, const Value &value) { put_back({own, value}); });
    range_.clear();
    is_range_ = false;
    return false;
  }

  // One of three: places, a range, or, as long as nothing is added to what was read, sorted alone.
  // First what every row looks at.
  Entries places_;         // a power of two of them
  std::uint32_t used_ = 0; // of a gigabyte at most
  std::uint32_t limit_ = 0;
  unsigned shift_ = 63;
  mutable bool in_order_ = true; // sorted_ holds all entries
  bool is_range_ = false;
  std::conditional_t<may_be_range, NumberRange<Value>, NoRange> range_;
  Entries nil_; // beside places_: the entry of the key that marks free ones, if it is there
  mutable Entries sorted_;
  std::size_t least_in_range_ = 1024;
  Env env_;
};

// Rows on their way into tables.
template <class Key, class Value>
class Pending {
public:
  using Table = NumberTable<Key, Value>;

  explicit Pending(const Env &env) : rows_(env.memory) {}

  void add(Table &table, const Key &key, const Value &value) {
    if (next_ == end_) [[unlikely]] {
      make_room();
    }
    *next_++ = {&table, key, value};
  }

  bool add_waiting(Table &table, const Key &key, const Value &value) noexcept {
    if (next_ == end_) [[unlikely]] {
      return false;
    }
    *next_++ = {&table, key, value};
    return true;
  }

  // All rows into their tables. Before anything is read from one.
  void work_off() {
    const auto count = static_cast<std::size_t>(next_ - rows_.data());
    next_ = rows_.data();
    for (std::size_t i = 0; i < count; ++i) {
      __builtin_prefetch(rows_[i].table);
    }
    std::array<std::uint64_t, most> hashes;
    for (std::size_t i = 0; i < count; ++i) {
      hashes[i] = rows_[i].table->prepare(rows_[i].key);
    }
    for (std::size_t i = 0; i < count; ++i) {
      rows_[i].table->add(rows_[i].key, rows_[i].value, hashes[i]);
    }
  }

private:
  struct Row {
    Table *table = nullptr;
    Key key{};
    [[no_unique_address]] Value value{};
  };
  static constexpr std::size_t most = 256;

  // Small at first: a sorted aggregate has a buffer for each group.
  void make_room() {
    if (rows_.size() < most) {
      const std::size_t count = rows_.size();
      rows_.resize(rows_.empty() ? 16 : 4 * rows_.size());
      next_ = rows_.data() + count;
      end_ = rows_.data() + rows_.size();
    } else {
      work_off();
    }
  }

  std::pmr::vector<Row> rows_;
  Row *next_ = nullptr; // in rows_: where the next one goes
  Row *end_ = nullptr;
};

} // namespace starhouse::exact
