// A hash table from texts to values, as NumberTable is from numbers. The bytes of the keys lie in
// chunks of the state's memory; a place has a pointer to them, their length and 32 bits of their
// hash, so that a text that is not the one looked for is hardly ever read, and none to grow.
//
// Where the collation is not that of bytes, the key is its sort key, and the text shown for it is
// the one of the equal texts that is first in order of bytes: the same in whatever order rows come.
#pragma once

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "core/hash.hpp"
#include "core/key.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace starhouse::exact {

// Bytes that stay where they are until all of them go.
class TextChunks {
public:
  explicit TextChunks(std::pmr::memory_resource *memory) : memory_(memory) {}
  ~TextChunks() {
    while (last_ != nullptr) {
      Chunk *chunk = last_;
      last_ = chunk->before;
      memory_->deallocate(chunk, chunk->size, alignof(Chunk));
    }
  }
  TextChunks(const TextChunks &) = delete;
  TextChunks &operator=(const TextChunks &) = delete;

  char *take(std::size_t size) {
    if (size > left_) {
      begin_chunk(size);
    }
    char *taken = at_;
    at_ += size;
    left_ -= size;
    return taken;
  }

private:
  struct Chunk {
    Chunk *before;
    std::size_t size;
  };

  // Small at first: there may be many states of a few texts.
  void begin_chunk(std::size_t size) {
    next_ = std::min<std::size_t>(2 * next_, std::size_t{1} << 20U);
    const std::size_t whole = std::max(size + sizeof(Chunk), next_);
    last_ = new (memory_->allocate(whole, alignof(Chunk))) Chunk{last_, whole};
    at_ = reinterpret_cast<char *>(last_ + 1);
    left_ = whole - sizeof(Chunk);
  }

  std::pmr::memory_resource *memory_;
  Chunk *last_ = nullptr;
  char *at_ = nullptr;
  std::size_t left_ = 0;
  std::size_t next_ = 64;
};

template <class Value>
class TextTable {
public:
  // A text is too long to be a key beyond this: half of what a state may hold.
  static constexpr std::size_t most_bytes = std::size_t{1} << 28;

  class Entry {
  public:
    std::string_view key() const noexcept { return {bytes_, length_}; }
    // The text itself; where collation is 0 that is the key.
    std::string_view text(std::uint64_t collation) const noexcept {
      if (collation == 0) {
        return key();
      }
      std::uint32_t size = 0;
      std::memcpy(&size, bytes_ + length_, sizeof size);
      return {bytes_ + length_ + sizeof size, size};
    }
    [[no_unique_address]] Value value{};

  private:
    friend class TextTable;
    const char *bytes_ = nullptr; // null: a free place
    std::uint32_t length_ = 0;
    std::uint32_t hash_ = 0;
  };

  TextTable(const Env &env, std::uint64_t collation)
      : env_(env), collation_(collation), places_(env.memory), chunks_(env.memory) {}
  TextTable(const TextTable &) = delete; // places depend on where the table is
  TextTable &operator=(const TextTable &) = delete;

  std::size_t size() const noexcept { return used_; }
  std::uint64_t collation() const noexcept { return collation_; }

  // Which place a key has differs from table to table, so that no choice of keys makes all of them
  // slow.
  std::uint32_t hash(std::string_view key) const noexcept {
    return static_cast<std::uint32_t>(xxh64(key, reinterpret_cast<std::uintptr_t>(this)) >> 32U);
  }
  void prefetch(std::uint32_t hash) const noexcept {
    __builtin_prefetch(places_.data() + (hash >> shift_), 1);
  }
  // The bytes that a key of this hash will be compared with, if any.
  void prefetch_bytes(std::uint32_t hash) const noexcept {
    if (!places_.empty()) {
      __builtin_prefetch(places_[hash >> shift_].bytes_);
    }
  }

  // key.collation is that of the table, hash that of the key.
  void add(const TextKey &key, const Value &value, std::uint32_t hash) {
    if (used_ >= limit_) [[unlikely]] {
      grow();
    }
    for (std::size_t at = hash >> shift_;; at = (at + 1) & (places_.size() - 1)) {
      Entry &place = places_[at];
      if (place.bytes_ == nullptr) {
        place.bytes_ = kept(key);
        place.length_ = static_cast<std::uint32_t>(key.key.size());
        place.hash_ = hash;
        place.value = value;
        ++used_;
        return;
      }
      if (place.hash_ == hash && place.key() == key.key) {
        place.value.add(value);
        if (collation_ != 0 && key.text < place.text(collation_)) {
          place.bytes_ = kept(key);
        }
        return;
      }
    }
  }
  void add(const TextKey &key, const Value &value) { add(key, value, hash(key.key)); }

  // Null if the key is not there. Until the next add().
  const Value *find(const TextKey &key) const noexcept { return find(key.key); }
  const Value *find(std::string_view key) const noexcept {
    if (places_.empty()) {
      return nullptr;
    }
    const std::uint32_t hash = this->hash(key);
    for (std::size_t at = hash >> shift_; places_[at].bytes_ != nullptr;
         at = (at + 1) & (places_.size() - 1)) {
      if (places_[at].hash_ == hash && places_[at].key() == key) {
        return &places_[at].value;
      }
    }
    return nullptr;
  }

  // Entries in order of the bytes of their keys. Until the next add().
  std::pmr::vector<const Entry *> sorted() const {
    // The first eight bytes decide most comparisons without a look at the text.
    struct Prefixed {
      std::uint64_t prefix;
      const Entry *entry;
    };
    std::pmr::vector<Prefixed> list(places_.get_allocator().resource());
    list.reserve(used_);
    each([&](const Entry &entry) { list.push_back({prefix_of(entry.key()), &entry}); });
    env_.poll();
    std::sort(list.begin(), list.end(), [](const Prefixed &a, const Prefixed &b) {
      return a.prefix != b.prefix ? a.prefix < b.prefix : a.entry->key() < b.entry->key();
    });
    std::pmr::vector<const Entry *> entries(list.get_allocator().resource());
    entries.reserve(list.size());
    for (const Prefixed &one : list) {
      entries.push_back(one.entry);
    }
    return entries;
  }

  // In any order.
  template <class Use>
  void each(Use use) const {
    for (const Entry &entry : places_) {
      if (entry.bytes_ != nullptr) {
        use(entry);
      }
    }
  }

  // Of the same collation.
  void merge(const TextTable &other) {
    std::size_t count = 0;
    other.each([&](const Entry &entry) {
      if (count++ % 1024 == 0) {
        env_.poll();
      }
      add({entry.key(), entry.text(other.collation_), other.collation_}, entry.value);
    });
  }

private:
  static std::uint64_t prefix_of(std::string_view key) noexcept {
    std::array<unsigned char, 8> bytes{};
    std::memcpy(bytes.data(), key.data(), std::min(key.size(), bytes.size()));
    std::uint64_t prefix = 0;
    for (const unsigned char byte : bytes) {
      prefix = prefix << 8U | byte;
    }
    return prefix;
  }

  const char *kept(const TextKey &key) {
    if (key.key.size() > most_bytes || key.text.size() > most_bytes) {
      throw Error(sqlstate::program_limit_exceeded,
                  "a text of " + std::to_string(key.text.size()) + " bytes is too long for a key",
                  "Keys have up to 256 MB: take a hash of the text, such as sha256().");
    }
    const auto size = static_cast<std::uint32_t>(key.text.size());
    const std::size_t shown = collation_ == 0 ? 0 : sizeof size + size;
    // One byte at least: null means free.
    char *bytes = chunks_.take(std::max<std::size_t>(key.key.size() + shown, 1));
    std::copy(key.key.begin(), key.key.end(), bytes);
    if (collation_ != 0) {
      std::memcpy(bytes + key.key.size(), &size, sizeof size);
      std::copy(key.text.begin(), key.text.end(), bytes + key.key.size() + sizeof size);
    }
    return bytes;
  }

  void grow() {
    Places old(places_.empty() ? 8 : 2 * places_.size(), places_.get_allocator());
    old.swap(places_);
    shift_ = static_cast<unsigned>(32 - std::countr_zero(places_.size()));
    limit_ = places_.size() / 4 * 3;
    env_.poll();
    for (const Entry &entry : old) {
      if (entry.bytes_ != nullptr) {
        std::size_t at = entry.hash_ >> shift_;
        while (places_[at].bytes_ != nullptr) {
          at = (at + 1) & (places_.size() - 1);
        }
        places_[at] = entry;
      }
    }
  }

  using Places = std::pmr::vector<Entry>;
  Env env_;
  std::uint64_t collation_;
  Places places_; // a power of two of them, or none
  std::size_t used_ = 0;
  std::size_t limit_ = 0;
  unsigned shift_ = 31;
  TextChunks chunks_;
};

// Rows on their way into tables, as Pending for numbers: the bytes of the texts are copied once,
// and 256 rows or 16 kB of them are worked off together.
template <class Value>
class PendingTexts {
public:
  using Table = TextTable<Value>;

  explicit PendingTexts(const Env &env) : rows_(env.memory), bytes_(env.memory) {}

  void add(Table &table, const TextKey &key, const Value &value) {
    const std::size_t shown = key.collation == 0 ? 0 : key.text.size();
    if (key.key.size() + shown > most_bytes / 8) {
      work_off();
      table.add(key, value);
      return;
    }
    if (!fits(key.key.size() + shown)) [[unlikely]] {
      make_room();
    }
    put(table, key, value, shown);
  }

  bool add_waiting(Table &table, const TextKey &key, const Value &value) noexcept {
    const std::size_t shown = key.collation == 0 ? 0 : key.text.size();
    if (key.collation != table.collation() || !fits(key.key.size() + shown)) [[unlikely]] {
      return false;
    }
    put(table, key, value, shown);
    return true;
  }

  // All rows into their tables. Before anything is read from one.
  void work_off() {
    const std::size_t count = std::exchange(count_, 0);
    used_ = 0;
    for (std::size_t i = 0; i < count; ++i) {
      __builtin_prefetch(rows_[i].table);
    }
    for (std::size_t i = 0; i < count; ++i) {
      rows_[i].hash = rows_[i].table->hash(key_of(rows_[i]).key);
      rows_[i].table->prefetch(rows_[i].hash);
    }
    for (std::size_t i = 0; i < count; ++i) {
      rows_[i].table->prefetch_bytes(rows_[i].hash);
    }
    for (std::size_t i = 0; i < count; ++i) {
      rows_[i].table->add(key_of(rows_[i]), rows_[i].value, rows_[i].hash);
    }
  }

private:
  struct Row {
    Table *table = nullptr;
    std::size_t at = 0; // of the key's bytes; those of the text follow, where they differ
    std::uint32_t key_size = 0;
    std::uint32_t text_size = 0;
    std::uint32_t hash = 0;
    [[no_unique_address]] Value value{};
  };
  static constexpr std::size_t most = 256;
  static constexpr std::size_t most_bytes = std::size_t{1} << 14;

  TextKey key_of(const Row &row) const noexcept {
    const std::string_view key(bytes_.data() + row.at, row.key_size);
    if (row.table->collation() == 0) {
      return {key, key, 0};
    }
    return {key, {key.data() + row.key_size, row.text_size}, row.table->collation()};
  }

  bool fits(std::size_t bytes) const noexcept {
    return count_ < rows_.size() && bytes <= bytes_.size() - used_;
  }

  void put(Table &table, const TextKey &key, const Value &value, std::size_t shown) noexcept {
    rows_[count_++] = {&table,
                       used_,
                       static_cast<std::uint32_t>(key.key.size()),
                       static_cast<std::uint32_t>(shown),
                       0,
                       value};
    char *at = std::copy(key.key.begin(), key.key.end(), bytes_.data() + used_);
    std::copy_n(key.text.data(), shown, at);
    used_ += key.key.size() + shown;
  }

  // Small at first: a sorted aggregate has a buffer for each group.
  void make_room() {
    if (rows_.size() < most) {
      const bool first = rows_.empty();
      rows_.resize(first ? 16 : most);
      bytes_.resize(first ? most_bytes / 8 : most_bytes);
    }
    // Either there was not room enough for the bytes, or the rows are all taken.
    work_off();
  }

  std::pmr::vector<Row> rows_;
  std::pmr::vector<char> bytes_;
  std::size_t count_ = 0;
  std::size_t used_ = 0;
};

} // namespace starhouse::exact
