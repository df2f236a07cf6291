// The groups of an aggregation: from a row's key to the place where its group's states lie.
//
// A key is some 64-bit words. A text is one too: the number that a dictionary gave it. Rows come a
// batch at a time, so that what has to be waited for, the slot of a key and then its group, is
// fetched for all rows of the batch at once. Groups lie in chunks that never move.
//
// Where keys lie close, as ids, days, minutes and the numbers of dictionaries and dimensions do, a
// group is found by its place among all that are possible. Else by hash: open addressing with
// linear probing, at most half full. Which of both is looked into again as groups become more;
// either takes 16 to 32 bytes for a group.
#pragma once

#include "core/error.hpp"
#include "core/hash.hpp"
#include "core/scan/close_range.hpp"
#include "core/scan/lent_array.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
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
      : env_(env), slots_(env.memory), texts_(env.memory), blocks_(env.memory),
        familiar_(env.memory) {}

  // `hash` is hash64(bytes).
  std::int64_t number_of(std::string_view bytes, std::uint64_t hash);
  // The same without the hash: where the texts are few, short ones that came before mostly need
  // none.
  std::int64_t number_of(std::string_view bytes);
  bool has_few() const noexcept { return texts_.size() <= few; }
  // Asks for what number_of() will need of these.
  void fetch(std::span<const std::uint64_t> hashes) const noexcept;
  // -1 where it was not seen.
  std::int64_t find(std::string_view bytes, std::uint64_t hash) const noexcept;
  std::string_view text(std::int64_t number) const noexcept {
    return texts_[static_cast<std::size_t>(number)];
  }
  std::size_t memory() const noexcept {
    return arena_size_ + slots_.memory() + texts_.capacity() * sizeof(std::string_view) +
           familiar_.capacity() * sizeof(Familiar);
  }
  // Gives back all of it.
  void clear() noexcept;
  // For other processes, which read the texts where they lie, and add none.
  void write(ImageWriter &to) const noexcept;
  void lend(ImageReader &from);

private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t number = 0; // from 1; 0: empty
  };
  // A text of at most sixteen bytes, in two words that may overlap.
  struct Familiar {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint32_t size = 0;
    std::uint32_t number = 0; // from 1; 0: empty
  };
  static constexpr std::size_t few = 256;
  static constexpr std::size_t familiar_bits = 6;

  void grow();
  std::string_view keep(std::string_view bytes);

  Env env_;
  LentArray<Slot> slots_;
  std::pmr::vector<std::string_view> texts_;
  struct Block {
    char *start;
    std::size_t size;
  };
  std::pmr::vector<Block> blocks_; // given back by clear(), or with the memory they came from
  char *arena_ = nullptr;
  std::size_t arena_left_ = 0;
  std::size_t arena_size_ = 0;
  std::pmr::vector<Familiar> familiar_; // by a part of what they are: the one that came last
};

class GroupTable {
public:
  // A group is the words of its keys, one more whose bits say which of them are NULL (these are 0),
  // and state_bytes bytes (a multiple of 8), which begin as zeros.
  GroupTable(const Env &env, std::size_t keys, std::size_t state_bytes);

  // rows * (keys + 1) words, row by row. Sets states[row], and is_new[row] to whether the group
  // began with that row.
  void find(const std::int64_t *keys, std::size_t rows, char **states, std::uint8_t *is_new);

  // Leaves the groups alone of which keeps(key), their words, is true, and which may change these;
  // what others take is given back. Numbers and places of groups are new ones then.
  template <class Keeps>
  void keep(Keeps keeps) {
    std::size_t kept = 0;
    for (std::size_t group = 0; group < size_; ++group) {
      char *own = place(group);
      if (keeps(reinterpret_cast<std::int64_t *>(own))) {
        if (kept != group) {
          std::memcpy(place(kept), own, stride_);
        }
        ++kept;
      }
    }
    leave(kept);
  }

  std::size_t size() const noexcept { return size_; }
  // Whether groups are found by place just now, not by hash.
  bool is_close() const noexcept { return !places_.empty(); }
  const std::int64_t *key(std::size_t group) const noexcept {
    return reinterpret_cast<const std::int64_t *>(place(group));
  }
  char *states(std::size_t group) const noexcept { return place(group) + key_bytes_; }
  std::size_t memory() const noexcept {
    return chunks_.size() * chunk_groups * stride_ + slots_.capacity() * sizeof(Slot) +
           places_.capacity() * sizeof(char *);
  }

private:
  static constexpr std::size_t chunk_groups = 256;

  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t group = 0; // from 1; 0: empty
  };
  // One key's part in a group's place: 0 for NULL, else 1 and more, times `step`.
  struct Axis {
    CloseRange range;
    std::uint64_t step = 1;
  };

  char *place(std::size_t group) const noexcept {
    return chunks_[group / chunk_groups] + group % chunk_groups * stride_;
  }
  char *add(const std::int64_t *key);
  void leave(std::size_t groups);

  bool place_rows(const std::int64_t *keys, std::size_t rows) noexcept;
  std::uint64_t place_of(const std::int64_t *key) const noexcept;
  bool lay_out(std::span<const CloseRange> ranges);
  bool widen(const std::int64_t *keys, std::size_t rows);
  void become_close();
  void find_close(const std::int64_t *keys, std::size_t rows, char **states, std::uint8_t *is_new);

  std::uint64_t hash_of(const std::int64_t *key) const noexcept;
  void set_slots(std::size_t slots);
  void find_hashed(const std::int64_t *keys, std::size_t rows, char **states, std::uint8_t *is_new);

  Env env_;
  std::size_t keys_;
  std::size_t key_bytes_;
  std::size_t stride_;
  std::size_t size_ = 0;
  std::pmr::vector<char *> chunks_;
  std::pmr::vector<std::uint32_t> found_; // by row: its slot, or its place
  // By hash.
  std::uint64_t hashed_rows_ = 0;          // since it was looked into whether keys lie close
  std::pmr::vector<Slot> slots_;           // a power of two
  std::pmr::vector<std::uint64_t> hashes_; // by row
  // By place.
  std::pmr::vector<char *> places_; // the groups' states; null: no group
  std::pmr::vector<Axis> axes_;     // by key
};

} // namespace starhouse::scan
