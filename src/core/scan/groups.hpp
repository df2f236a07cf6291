// The groups of an aggregation: from a row's key to the place where its group's states lie.
//
// A key is some 64-bit words. A text is one too: the number that a dictionary gave it. Rows come a
// batch at a time, so that what has to be waited for, the slot of a key and then its group, is
// fetched for all rows of the batch at once. Open addressing with linear probing, at most half
// full; groups lie in chunks that never move.
#pragma once

#include "core/error.hpp"
#include "core/hash.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace starhouse::scan {

// Keys or values whose hash begins with the `bits` low bits of `prefix`.
struct Part {
  std::uint32_t prefix = 0;
  std::uint32_t bits = 0;
};

// Different byte strings, numbered in the order they came.
class Dictionary {
public:
  explicit Dictionary(const Env &env)
      : env_(env), slots_(env.memory), texts_(env.memory), blocks_(env.memory) {}

  // `hash` is hash64(bytes).
  std::int64_t number_of(std::string_view bytes, std::uint64_t hash);
  // -1 where it was not seen.
  std::int64_t find(std::string_view bytes, std::uint64_t hash) const noexcept;
  std::string_view text(std::int64_t number) const noexcept {
    return texts_[static_cast<std::size_t>(number)];
  }
  std::size_t memory() const noexcept {
    return arena_size_ + slots_.capacity() * sizeof(Slot) +
           texts_.capacity() * sizeof(std::string_view);
  }
  // Gives back all of it.
  void clear() noexcept;

private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t number = 0; // from 1; 0: empty
  };
  void grow();
  std::string_view keep(std::string_view bytes);

  Env env_;
  std::pmr::vector<Slot> slots_;
  std::pmr::vector<std::string_view> texts_;
  struct Block {
    char *start;
    std::size_t size;
  };
  std::pmr::vector<Block> blocks_; // given back by clear(), or with the memory they came from
  char *arena_ = nullptr;
  std::size_t arena_left_ = 0;
  std::size_t arena_size_ = 0;
};

class GroupTable {
public:
  // A group is key_words words and state_bytes bytes (a multiple of 8), which begin as zeros.
  GroupTable(const Env &env, std::size_t key_words, std::size_t state_bytes);

  // keys: rows * key_words words, row by row. Sets states[row], and is_new[row] to whether the
  // group began with that row.
  void find(const std::int64_t *keys, const std::uint64_t *hashes, std::size_t rows, char **states,
            std::uint8_t *is_new);

  std::size_t size() const noexcept { return size_; }
  const std::int64_t *key(std::size_t group) const noexcept {
    return reinterpret_cast<const std::int64_t *>(place(group));
  }
  char *states(std::size_t group) const noexcept { return place(group) + key_bytes_; }
  std::size_t memory() const noexcept {
    return chunks_.size() * chunk_groups * stride_ + slots_.capacity() * sizeof(Slot);
  }

private:
  static constexpr std::size_t chunk_groups = 256;

  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t group = 0; // from 1; 0: empty
  };

  char *place(std::size_t group) const noexcept {
    return chunks_[group / chunk_groups] + group % chunk_groups * stride_;
  }
  void make_room(std::size_t rows);
  char *add(const std::int64_t *key);

  Env env_;
  std::size_t key_words_;
  std::size_t key_bytes_;
  std::size_t stride_;
  std::size_t size_ = 0;
  std::pmr::vector<Slot> slots_; // a power of two
  std::pmr::vector<char *> chunks_;
  std::pmr::vector<std::uint32_t> found_;
};

} // namespace starhouse::scan
