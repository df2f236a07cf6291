// count(DISTINCT x): the values that each group has seen, all in one table.
//
// A value is a word, or bytes that a dictionary numbers. Of a single group whose values lie close,
// as ids do, a bit for each number that is possible. Else open addressing over pairs of group and
// word, at most half full. Where there is no room for all values a set is narrowed to a part of
// them by the leading bits of their hash, what it has counted of others is taken back, and the host
// reads the rows again for each of the other parts: only the states' counts are kept from pass to
// pass.
#pragma once

#include "core/scan/aggregates.hpp"
#include "core/scan/close_range.hpp"
#include "core/scan/columns.hpp"
#include "core/scan/groups.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace starhouse::scan {

class DistinctSet {
public:
  explicit DistinctSet(const Env &env)
      : env_(env), slots_(env.memory), dictionary_(env), pending_(env.memory), hashes_(env.memory),
        bits_(env.memory) {}

  // Values of a batch's column into the groups whose states these are: see update().
  void add(const Aggregate &aggregate, const Column &column, std::size_t rows, char *const *states,
           bool single, const std::uint8_t *passes);

  std::size_t size() const noexcept { return size_; }
  std::size_t memory() const noexcept {
    return slots_.capacity() * sizeof(Slot) + bits_.capacity() * sizeof(std::uint64_t) +
           dictionary_.memory();
  }

  // From now on only values whose hash begins with the `bits` low bits of `prefix`; what is there
  // of others goes. One bit more than before.
  void narrow(Part part, const Aggregate &aggregate);
  // None, and then these.
  void begin(Part part);

  // For another process: after order() nothing is added any more, and the values of each group are
  // to be had, or, where as_bits(), those of the single group by their places in range().
  struct Slot {
    char *group = nullptr; // its states; null: empty
    std::int64_t word = 0;
  };
  void order();
  bool is_ordered() const noexcept { return ordered_; }
  std::span<const Slot> values(const char *group) const noexcept;
  // Not where as many words would take less, nor of texts, whose numbers are this process's own.
  bool as_bits() const noexcept { return !bytes_ && is_close() && bits_.size() <= size_; }
  const CloseRange &range() const noexcept { return range_; }
  std::span<const std::uint64_t> bits() const noexcept { return bits_; }
  bool of_bytes() const noexcept { return bytes_; }
  std::string_view text(std::int64_t word) const noexcept { return dictionary_.text(word); }

private:
  struct Pending {
    char *group;
    std::int64_t word;
    std::uint64_t hash;
  };

  static std::uint64_t slot_hash(const char *group, std::uint64_t hash) noexcept {
    return hash64(hash ^ reinterpret_cast<std::uintptr_t>(group));
  }
  bool is_in(std::uint64_t hash) const noexcept {
    return part_.bits == 0 || hash >> (64U - part_.bits) == part_.prefix;
  }
  std::uint64_t hash_of(std::int64_t word) const noexcept;
  bool is_close() const noexcept { return !bits_.empty(); }
  // Whether it was not yet.
  bool set_bit(std::uint64_t place) noexcept {
    std::uint64_t &word = bits_[place / 64];
    const std::uint64_t bit = std::uint64_t{1} << (place % 64);
    const bool added = (word & bit) == 0;
    word |= bit;
    return added;
  }
  bool lay_out(const CloseRange &range);
  bool widen();
  void become_close();
  void become_hashed();
  void add_close(const Aggregate &aggregate) noexcept;
  void make_room(std::size_t more);
  bool insert(const Pending &value) noexcept;

  Env env_;
  Part part_{};
  bool bytes_ = false;
  bool ordered_ = false;
  std::size_t size_ = 0;
  std::pmr::vector<Slot> slots_; // a power of two
  Dictionary dictionary_;
  std::pmr::vector<Pending> pending_;
  std::pmr::vector<std::uint64_t> hashes_; // of a batch's texts
  CloseRange range_;
  std::pmr::vector<std::uint64_t> bits_; // by place in range_; empty: slots_ has them
  char *group_ = nullptr;                // the single one
};

} // namespace starhouse::scan
