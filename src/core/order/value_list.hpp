// A list of 64-bit values that only grows: what exact percentiles are taken from.
//
// Values are held as keys, unsigned numbers in the order of the values they stand for:
//
//   float8       as the server orders them: -infinity, ..., -0, 0, ..., infinity, NaN (one,
//   whichever
//                came)
//   integers, times   as signed numbers
//
// They lie in chunks, each at most as large as all before it and never copied, so a group of a few
// values takes little and a list of many is filled at the speed of memory. The newest few wait
// beside the list's head, so that of many groups' rows only each third goes to memory that is not
// in the cache. Memory goes back with the resource it came from, as a whole.
#pragma once

#include "core/error.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory_resource>
#include <span>

namespace starhouse::order {

using Key = std::uint64_t;

inline constexpr Key top_bit = Key{1} << 63U;

inline Key key_of(std::int64_t value) noexcept {
  return static_cast<Key>(value) ^ top_bit;
}
inline std::int64_t integer_of(Key key) noexcept {
  return static_cast<std::int64_t>(key ^ top_bit);
}

inline Key key_of(double value) noexcept {
  value = value == value ? value : std::numeric_limits<double>::quiet_NaN();
  const auto bits = std::bit_cast<std::int64_t>(value);
  return static_cast<Key>(bits) ^ (static_cast<Key>(bits >> 63) | top_bit);
}
inline double float_of(Key key) noexcept {
  return std::bit_cast<double>(key ^ ((key >> 63U) != 0 ? top_bit : ~Key{0}));
}

class ValueList {
public:
  explicit ValueList(const Env &env) noexcept : memory_(env.memory) {}

  // False, and nothing done, where memory is wanted.
  bool add_at_once(Key key) noexcept {
    if (waiting_ == keys_waiting) [[unlikely]] {
      if (static_cast<std::size_t>(end_ - at_) < keys_waiting) {
        return false;
      }
      move_waiting();
    }
    wait_[waiting_++] = key;
    return true;
  }
  void add(Key key) {
    if (!add_at_once(key)) {
      grow(keys_waiting);
      add_at_once(key);
    }
  }
  // Begins to fetch what add() writes to beside this object.
  void fetch() const noexcept {
    if (waiting_ == keys_waiting) {
      __builtin_prefetch(at_, 1);
      __builtin_prefetch(at_ + keys_waiting - 1, 1);
    }
  }
  void append(const ValueList &other);
  // Room for `count` more values in one piece, all of which have to be written.
  std::span<Key> extend(std::size_t count);

  std::pmr::memory_resource *memory() const noexcept { return memory_; }

  std::size_t size() const noexcept {
    return waiting_ + before_ +
           (last_ == nullptr ? 0 : static_cast<std::size_t>(at_ - last_->values()));
  }

  // visit(std::span<const Key>) for each piece, in the order they came but for the newest.
  template <class Visit>
  void each(Visit &&visit) const {
    for (const Chunk *chunk = first_; chunk != nullptr; chunk = chunk->next) {
      visit(std::span<const Key>(chunk->values(),
                                 chunk == last_ ? static_cast<std::size_t>(at_ - chunk->values())
                                                : chunk->used));
    }
    visit(std::span<const Key>(wait_, waiting_));
  }

private:
  struct Chunk {
    Chunk *next;
    std::size_t used; // values in it, once it is no longer the last
    Key *values() noexcept { return reinterpret_cast<Key *>(this + 1); }
    const Key *values() const noexcept { return reinterpret_cast<const Key *>(this + 1); }
  };

  static constexpr std::size_t keys_waiting = 3;

  void move_waiting() noexcept {
    for (std::size_t i = 0; i < keys_waiting; ++i) { // a constant number: no call, no string move
      at_[i] = wait_[i];
    }
    at_ += keys_waiting;
    waiting_ = 0;
  }
  void grow(std::size_t least);

  // First what most rows look at: with what a percentile has in front of it, 64 bytes.
  std::size_t waiting_ = 0;
  Key wait_[keys_waiting];
  Key *at_ = nullptr; // where the next value goes, and the end of the last chunk
  Key *end_ = nullptr;
  Chunk *last_ = nullptr;
  Chunk *first_ = nullptr;
  std::size_t before_ = 0; // values in chunks before the last
  std::pmr::memory_resource *memory_;
};

} // namespace starhouse::order
