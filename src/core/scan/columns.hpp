// Rows as they lie in a page, and the same rows column by column: what the star scan reads and what
// all its kernels work on.
//
// A page's rows are taken a batch at a time. Values of fixed width become 64-bit words: integers,
// dates, times and booleans as such, floats as the bits of a double. What is of no fixed width is a
// view of the bytes in the page. Everything is dense: rows that a test drops are left out before
// the next columns are read, so no kernel looks at a selection.
#pragma once

#include "core/error.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace starhouse::scan {

// The attributes of one row, as the server lays them out: each at its alignment, NULLs left out.
struct Row {
  const char *data = nullptr;
  const std::uint8_t *nulls = nullptr; // a bit per attribute, set: there; null: all are there
  std::uint32_t size = 0;              // bytes of data
  std::uint16_t attributes = 0;        // those behind were added to the table later
};

// What holds for all of some rows, and for any of these: whoever makes them knows it at once.
struct RowBounds {
  bool some_nulls = false;
  std::uint32_t fewest_attributes = 0xFFFF;
  std::uint32_t least_size = 0xFFFFFFFF;

  void add(const Row &row) noexcept {
    some_nulls |= row.nulls != nullptr;
    fewest_attributes = std::min<std::uint32_t>(fewest_attributes, row.attributes);
    least_size = std::min(least_size, row.size);
  }
};
RowBounds bounds_of(std::span<const Row> rows) noexcept;

struct Attribute {
  std::int16_t length;    // -1: varlena, -2: C string
  std::uint8_t alignment; // in bytes
};

enum class Storage : std::uint8_t {
  boolean,
  int16,
  int32,
  int64,
  float32,
  float64,
  fixed,
  varlena
};

constexpr bool is_bytes(Storage storage) noexcept {
  return storage == Storage::fixed || storage == Storage::varlena;
}

// What a row without the attribute has for it.
struct Missing {
  bool null = true;
  std::int64_t word = 0;
  std::string_view bytes{};
};

struct Wanted {
  std::uint16_t attribute; // from 0
  Storage storage;
  Missing missing{};
};

// One column of a batch; the arrays are the batch's.
struct Column {
  std::int64_t *words = nullptr;
  std::string_view *bytes = nullptr; // instead of words where is_bytes(storage)
  std::uint8_t *nulls = nullptr;     // 1: NULL; not set at all unless any_null
  std::uint8_t *scales = nullptr;    // of decimals: words / 10^scale, or wide_scale
  bool any_null = false;

  bool is_null(std::size_t row) const noexcept { return any_null && nulls[row] != 0; }
};

// A decimal that words have no place for: the word is the column that the host computes it by.
inline constexpr std::uint8_t wide_scale = 255;

inline double as_double(std::int64_t word) noexcept {
  return std::bit_cast<double>(word);
}
inline std::int64_t as_word(double value) noexcept {
  return std::bit_cast<std::int64_t>(value);
}

// The columns of a batch of at most `capacity` rows.
class Batch {
public:
  Batch(const Env &env, std::size_t capacity)
      : capacity_(capacity), columns_(env.memory), rooms_(env.memory), memory_(env.memory) {}

  std::size_t add_column(bool bytes, bool decimals = false) {
    Column column;
    if (decimals) {
      column.scales = static_cast<std::uint8_t *>(memory_->allocate(capacity_));
    }
    column.nulls = static_cast<std::uint8_t *>(memory_->allocate(capacity_));
    if (bytes) {
      column.bytes = static_cast<std::string_view *>(
          memory_->allocate(capacity_ * sizeof(std::string_view), alignof(std::string_view)));
    } else {
      column.words = static_cast<std::int64_t *>(
          memory_->allocate(capacity_ * sizeof(std::int64_t), alignof(std::int64_t)));
    }
    columns_.push_back(column);
    return columns_.size() - 1;
  }

  // Memory for the bytes of a column of this batch; what it gave before is gone.
  char *room(std::size_t column, std::size_t bytes) {
    while (rooms_.size() <= column) {
      rooms_.emplace_back();
    }
    if (rooms_[column].size() < bytes) {
      rooms_[column].resize(bytes);
    }
    return rooms_[column].data();
  }

  Column &operator[](std::size_t column) noexcept { return columns_[column]; }
  const Column &operator[](std::size_t column) const noexcept { return columns_[column]; }
  std::size_t capacity() const noexcept { return capacity_; }

private:
  std::size_t capacity_;
  std::pmr::vector<Column> columns_;
  std::pmr::vector<std::pmr::vector<char>> rooms_;
  std::pmr::memory_resource *memory_; // never given back: goes with the scan
};

// A value that lies outside its page or is compressed there: `stored` are its bytes as they are;
// whoever can read it puts the value's bytes into batch[column].bytes[row].
struct Toasted {
  std::uint32_t column;
  std::uint32_t row;
  const char *stored;
};

// Reads some of the attributes of rows into columns of a batch.
class RowReader {
public:
  RowReader(const Env &env, std::span<const Attribute> attributes);

  // The attribute into the column of that number, which the batch has.
  void want(const Wanted &wanted, std::size_t column);
  bool wants_any() const noexcept { return !wanted_.empty(); }

  // An Error (XX001) for a row whose attributes do not end where it does. At most
  // batch.capacity() rows. `toasted` is added to.
  void read(std::span<const Row> rows, const RowBounds &bounds, Batch &batch,
            std::pmr::vector<Toasted> &toasted);
  void read(std::span<const Row> rows, Batch &batch, std::pmr::vector<Toasted> &toasted) {
    read(rows, bounds_of(rows), batch, toasted);
  }

  // Whether all that is wanted of these lies in fixed places; an Error as for read(). Then a column
  // may be read of some of them alone: those of these numbers.
  bool may_pick(std::span<const Row> rows, const RowBounds &bounds);
  void pick(std::span<const Row> rows, std::span<const std::uint32_t> numbers, std::size_t column,
            Batch &batch) const;

private:
  struct Placed {
    Wanted wanted;
    std::uint32_t column;
    std::int32_t offset; // in a row without NULLs; -1: not the same in each
  };

  // What is in front of an attribute that has a fixed place, as all before it have: bytes, and how
  // many of wanted_.
  struct Fixed {
    std::uint32_t size;
    std::uint32_t wanted;
  };
  // An attribute, of all up to the last one that is wanted.
  struct Step {
    std::int16_t length;
    std::uint8_t alignment;
    Storage storage = Storage::boolean;
    std::int32_t column = -1; // -1: not wanted
  };

  struct Survey {
    bool alike;      // all have those in fixed places where these are
    bool some_nulls; // or attributes that some do not have
  };

  void lay_out();
  void lay_out_steps();
  Survey survey(std::span<const Row> rows, const RowBounds &bounds);
  std::size_t fixed_attributes() const noexcept { return fixed_.size() - 1; }
  std::size_t in_place(const Row &row) const noexcept;
  void read_placed(std::span<const Row> rows, const Placed &placed, Batch &batch) const;
  void walk(const Row &row, std::size_t index, std::size_t attribute, Batch &batch,
            std::pmr::vector<Toasted> &toasted) const;
  void read_fixed(const Row &row, std::size_t index, const Placed &placed, Batch &batch) const;
  template <bool some_null>
  bool read_steps(const Row &row, std::size_t index, std::size_t attribute, Batch &batch) const;
  void put_missing(const Placed &placed, std::size_t index, Batch &batch) const;

  std::span<const Attribute> attributes_;
  std::pmr::vector<Placed> wanted_; // by attribute
  bool laid_out_ = false;
  bool picks_ = false;             // all of wanted_ are in fixed places
  std::pmr::vector<Fixed> fixed_;  // one for each, and one behind them
  std::uint32_t fixed_needed_ = 0; // bytes of a row that the wanted ones of these reach to
  std::pmr::vector<Step> steps_;
  bool one_by_one_ = false;  // steps_ are not all that has to be known
  bool fixed_twice_ = false; // nor are they for an attribute in a fixed place
};

} // namespace starhouse::scan
