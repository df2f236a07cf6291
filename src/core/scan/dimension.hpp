// A joined table as the scan needs it: from a fact's join key to a number for what the row of the
// dimension is grouped by. A key may have several rows there, each of which the fact's row is
// joined with; or it is enough that there is any.
#pragma once

#include "core/scan/columns.hpp"
#include "core/scan/groups.hpp"
#include "core/scan/lent_array.hpp"
#include "core/scan/place_map.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace starhouse::scan {

// One column of a key: of the two what the column's storage says.
struct KeyPart {
  std::int64_t word = 0;
  std::string_view bytes{};
};

class Dimension {
public:
  static constexpr std::uint32_t none = PlaceMap::none;
  // The code of a row that has its key, and is joined with nothing: a fact's row which meets it is
  // not without a partner.
  static constexpr std::uint32_t dropped = none - 1;

  Dimension(const Env &env, std::size_t key_columns);

  // No part of a key is NULL: such a row joins with nothing. `bytes[i]` says of column i what it
  // has.
  void add(std::span<const KeyPart> key, std::span<const bool> bytes, std::uint32_t code);
  // After the last row. `once`: of the rows of a key any one stands for all.
  void finish(bool once = false);

  // What finish() has made, for other processes that read it where it lies, aligned to eight bytes:
  // lend() instead of add() and finish(). It has to stay there.
  std::size_t image_size() const noexcept;
  void write_image(char *to) const noexcept;
  void lend(const char *image);

  // Of each of the rows the first entry of its key, into first[row]; the rows that have none go
  // from `rows`. Returns how many stay. `columns` are the key's in the batch.
  std::size_t find(const Batch &batch, std::span<const std::uint32_t> columns,
                   std::span<std::uint32_t> rows, std::uint32_t *first) const;

  std::uint32_t code(std::uint32_t entry) const noexcept {
    return codes_alone_ ? entry : entries_[entry].code;
  }
  std::uint32_t next(std::uint32_t entry) const noexcept {
    return codes_alone_ ? none : entries_[entry].next;
  }
  bool has_repeated() const noexcept { return has_repeated_; }
  bool has_dropped() const noexcept { return has_dropped_; }
  // Rows.
  std::size_t size() const noexcept { return size_; }
  std::size_t memory() const noexcept;

private:
  struct Entry {
    std::uint32_t code;
    std::uint32_t next; // of the same key; none
  };
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t entry = none;
  };

  std::size_t find_close(const Column &column, std::span<std::uint32_t> rows,
                         std::uint32_t *first) const;
  // What the key has in the dimension's own words; false where it cannot be there.
  bool key_of(const Batch &batch, std::span<const std::uint32_t> columns, std::uint32_t row,
              std::int64_t *words) const;
  void write(ImageWriter &to) const noexcept;
  static std::uint64_t hash_of(const std::int64_t *words, std::size_t count) noexcept;
  std::size_t place_of(const std::int64_t *words, std::uint64_t hash) const noexcept;
  bool place_close(bool once);
  void hash_all(bool once);
  // Another entry of a key that has one.
  void chain(std::uint32_t first, std::uint32_t entry) noexcept;

  Env env_;
  std::size_t width_;
  std::size_t size_ = 0;
  bool has_repeated_ = false;
  bool has_dropped_ = false;
  std::pmr::vector<Dictionary> dictionaries_; // by column
  LentArray<std::int64_t> keys_;              // of the entries
  LentArray<Entry> entries_;
  Spread spread_;         // of a single column's words
  LentArray<Slot> slots_; // a power of two
  // Where a single number is the key and the numbers lie close: the entry of each, or instead of it
  // the entry's code where no key has several.
  PlaceMap close_;
  bool codes_alone_ = false;
};

} // namespace starhouse::scan
