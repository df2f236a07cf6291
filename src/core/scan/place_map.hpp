// From numbers that lie close to each other to a small number for each, in as few bytes as there
// are to read of it: what a join looks up for every row of a fact stays in the nearer caches.
//
// A bit for each place says whether a number is there. What is kept for it lies at the place or,
// where few places are taken, behind what the taken ones before have: a bit vector with ranks (G.
// Jacobson, "Space-efficient static trees and graphs", 1989), one for each word. Values take one,
// two or four bytes, as the largest needs.
#pragma once

#include "core/error.hpp"
#include "core/scan/close_range.hpp"
#include "core/scan/lent_array.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace starhouse::scan {

class PlaceMap {
public:
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  explicit PlaceMap(const Env &env);

  // Whether so many numbers lie close enough for a map, which then takes no more than a hash of
  // them does, or 1 MB.
  static bool is_close(const CloseRange &range, std::size_t numbers) noexcept;

  // First the numbers, all of which the range holds: false for one that was marked before. Then,
  // after lay_out(), values: none is greater than `most`, which is below `none`. put() returns the
  // value that the number has already, which stays, or `none`.
  void begin(const CloseRange &range);
  bool mark(std::int64_t number) noexcept;
  void lay_out(std::uint32_t most);
  std::uint32_t put(std::int64_t number, std::uint32_t value) noexcept;

  bool is_empty() const noexcept { return range_.size() == 0; }
  // `none` where it is not there.
  std::uint32_t find(std::int64_t number) const noexcept;
  // Of words[row] for each of the rows the value, into first[row]; the rows whose word is not there
  // go from `rows`. Returns how many stay.
  std::size_t find(const std::int64_t *words, std::span<std::uint32_t> rows,
                   std::uint32_t *first) const noexcept;
  std::size_t memory() const noexcept;

  // For other processes, which read it where it lies; after the last put().
  void write(ImageWriter &to) const noexcept;
  void lend(ImageReader &from) noexcept;

private:
  std::size_t value_place(std::uint64_t place) const noexcept;
  std::size_t keep_marked(const std::int64_t *words, std::span<std::uint32_t> rows) const noexcept;
  std::size_t rank(std::uint64_t place) const noexcept;
  template <class Value>
  std::size_t find_values(const std::int64_t *words, std::span<std::uint32_t> rows,
                          std::uint32_t *first) const noexcept;
  std::uint64_t place_or_end(std::int64_t number) const noexcept;

  CloseRange range_;
  unsigned width_ = 4;             // of a value, in bytes
  bool ranked_ = false;            // values lie close, not at their places
  bool tests_bits_ = true;         // before values are looked at
  LentArray<std::uint64_t> bits_;  // set: there; one place more, that is not
  LentArray<std::uint32_t> ranks_; // by word of these: how many are set in those before
  LentArray<char> values_;         // without ranks of all places and one more, else none
};

} // namespace starhouse::scan
