#include "core/scan/columns.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace starhouse::scan {

namespace {

[[noreturn]] void refuse_row() {
  throw Error(SqlState{"XX001"}, "a row's attributes do not end where the row does",
              "The table is damaged, or it was changed by other means than the server's.");
}

template <class T>
T load(const char *from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
void gather(std::span<const Row> rows, std::size_t offset, std::int64_t *out) noexcept {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out[i] = static_cast<std::int64_t>(load<T>(rows[i].data + offset));
  }
}

template <class T>
void gather_some(std::span<const Row> rows, std::span<const std::uint32_t> numbers,
                 std::size_t offset, std::int64_t *out) noexcept {
  for (const std::uint32_t number : numbers) {
    out[number] = static_cast<std::int64_t>(load<T>(rows[number].data + offset));
  }
}

std::int64_t load_word(Storage storage, const char *from) noexcept {
  switch (storage) {
  case Storage::boolean:
    return load<std::uint8_t>(from) != 0 ? 1 : 0;
  case Storage::int16:
    return load<std::int16_t>(from);
  case Storage::int32:
    return load<std::int32_t>(from);
  case Storage::float32:
    return as_word(static_cast<double>(load<float>(from)));
  default:
    return load<std::int64_t>(from);
  }
}

constexpr std::size_t aligned(std::size_t offset, std::size_t alignment) noexcept {
  return (offset + alignment - 1) & ~(alignment - 1);
}

bool is_null(const Row &row, std::size_t attribute) noexcept {
  return row.nulls != nullptr && (row.nulls[attribute >> 3U] & (1U << (attribute & 7U))) == 0;
}

void put_null(Column &column, std::size_t row) noexcept {
  column.any_null = true;
  column.nulls[row] = 1;
  if (column.words != nullptr) {
    column.words[row] = 0;
  } else {
    column.bytes[row] = {};
  }
}

// A varlena by its first byte, in the little-endian form: xxxxxxx1 a short one with its length,
// 00000001 a pointer to one elsewhere, xxxxxx00 four bytes of length, xxxxxx10 compressed.
struct Varlena {
  std::size_t size; // with its head
  std::size_t head;
  bool plain; // its value is what follows the head
};

Varlena varlena_at(const char *place, std::size_t left) {
  if (left < 1) {
    refuse_row();
  }
  const auto first = static_cast<std::uint8_t>(*place);
  Varlena result{};
  if (first == 1) {
    // Its kind: 18 is one on disk; the others (1 to 3) lie in memory and never in a table.
    if (left < 2 || static_cast<std::uint8_t>(place[1]) != 18) {
      refuse_row();
    }
    result = {.size = 2 + 16, .head = 2, .plain = false};
  } else if ((first & 1U) != 0) {
    result = {.size = static_cast<std::size_t>(first >> 1U), .head = 1, .plain = true};
  } else {
    if (left < 4) {
      refuse_row();
    }
    const auto head = load<std::uint32_t>(place);
    result = {.size = static_cast<std::size_t>(head >> 2U), .head = 4, .plain = (head & 2U) == 0};
  }
  if (result.size < result.head || result.size > left) {
    refuse_row();
  }
  return result;
}

} // namespace

RowBounds bounds_of(std::span<const Row> rows) noexcept {
  RowBounds bounds;
  for (const Row &row : rows) {
    bounds.add(row);
  }
  return bounds;
}

RowReader::RowReader(const Env &env, std::span<const Attribute> attributes)
    : attributes_(attributes), wanted_(env.memory), fixed_(env.memory), steps_(env.memory) {}

void RowReader::want(const Wanted &wanted, std::size_t column) {
  wanted_.push_back({wanted, static_cast<std::uint32_t>(column), -1});
  laid_out_ = false;
}

void RowReader::lay_out() {
  std::stable_sort(wanted_.begin(), wanted_.end(), [](const Placed &a, const Placed &b) {
    return a.wanted.attribute < b.wanted.attribute;
  });
  std::size_t offset = 0;
  std::size_t attribute = 0;
  std::size_t next = 0;
  fixed_needed_ = 0;
  fixed_.clear();
  for (; attribute < attributes_.size() && attributes_[attribute].length > 0; ++attribute) {
    fixed_.push_back(
        {.size = static_cast<std::uint32_t>(offset), .wanted = static_cast<std::uint32_t>(next)});
    const auto length = static_cast<std::size_t>(attributes_[attribute].length);
    offset = aligned(offset, attributes_[attribute].alignment);
    for (; next < wanted_.size() && wanted_[next].wanted.attribute == attribute; ++next) {
      wanted_[next].offset = static_cast<std::int32_t>(offset);
      fixed_needed_ = static_cast<std::uint32_t>(offset + length);
    }
    offset += length;
  }
  fixed_.push_back(
      {.size = static_cast<std::uint32_t>(offset), .wanted = static_cast<std::uint32_t>(next)});
  lay_out_steps();
  picks_ = fixed_.back().wanted == wanted_.size();
  laid_out_ = true;
}

void RowReader::lay_out_steps() {
  steps_.clear();
  one_by_one_ = false;
  fixed_twice_ = false;
  std::size_t next = 0;
  for (std::size_t attribute = 0; next < wanted_.size() && attribute < attributes_.size();
       ++attribute) {
    const Attribute shape = attributes_[attribute];
    Step step{.length = shape.length, .alignment = shape.alignment};
    one_by_one_ |= shape.length < -1;
    if (wanted_[next].wanted.attribute == attribute) {
      step.storage = wanted_[next].wanted.storage;
      step.column = static_cast<std::int32_t>(wanted_[next].column);
      one_by_one_ |= (step.storage == Storage::varlena) != (shape.length == -1);
      ++next;
    }
    for (; next < wanted_.size() && wanted_[next].wanted.attribute == attribute; ++next) {
      (attribute < fixed_attributes() ? fixed_twice_ : one_by_one_) = true;
    }
    steps_.push_back(step);
  }
  one_by_one_ |= next < wanted_.size(); // none of the table's
}

// The attributes of a row that has all of them, from one on that lies behind those in their places,
// if texts are short and in the row, as they mostly are.
template <bool some_null>
bool RowReader::read_steps(const Row &row, std::size_t index, std::size_t attribute,
                           Batch &batch) const {
  std::size_t offset = fixed_[attribute].size;
  for (; attribute < steps_.size(); ++attribute) {
    const Step &step = steps_[attribute];
    if constexpr (some_null) {
      if (is_null(row, attribute)) {
        if (step.column >= 0) {
          put_null(batch[static_cast<std::size_t>(step.column)], index);
        }
        continue;
      }
    }
    std::size_t size = 0;
    if (step.length == -1) {
      const unsigned first = offset < row.size ? static_cast<std::uint8_t>(row.data[offset]) : 0U;
      size = first >> 1U;
      if ((first & 1U) == 0 || first == 1 || offset + size > row.size) [[unlikely]] {
        return false;
      }
      if (step.column >= 0) {
        batch[static_cast<std::size_t>(step.column)].bytes[index] = {row.data + offset + 1,
                                                                     size - 1};
      }
    } else {
      size = static_cast<std::size_t>(step.length);
      offset = aligned(offset, step.alignment);
      if (offset + size > row.size) [[unlikely]] {
        return false;
      }
      if (step.column >= 0) {
        Column &column = batch[static_cast<std::size_t>(step.column)];
        if (step.storage == Storage::fixed) {
          column.bytes[index] = {row.data + offset, size};
        } else {
          column.words[index] = load_word(step.storage, row.data + offset);
        }
      }
    }
    offset += size;
  }
  return true;
}

void RowReader::read_placed(std::span<const Row> rows, const Placed &placed, Batch &batch) const {
  Column &column = batch[placed.column];
  const auto offset = static_cast<std::size_t>(placed.offset);
  switch (placed.wanted.storage) {
  case Storage::boolean:
    for (std::size_t i = 0; i < rows.size(); ++i) {
      column.words[i] = rows[i].data[offset] != 0 ? 1 : 0;
    }
    break;
  case Storage::int16:
    gather<std::int16_t>(rows, offset, column.words);
    break;
  case Storage::int32:
    gather<std::int32_t>(rows, offset, column.words);
    break;
  case Storage::int64:
  case Storage::float64:
    gather<std::int64_t>(rows, offset, column.words);
    break;
  case Storage::float32:
    for (std::size_t i = 0; i < rows.size(); ++i) {
      column.words[i] = as_word(static_cast<double>(load<float>(rows[i].data + offset)));
    }
    break;
  case Storage::fixed: {
    const auto length = static_cast<std::size_t>(attributes_[placed.wanted.attribute].length);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      column.bytes[i] = {rows[i].data + offset, length};
    }
    break;
  }
  case Storage::varlena:
    break; // has no place
  }
}

void RowReader::read_fixed(const Row &row, std::size_t index, const Placed &placed,
                           Batch &batch) const {
  Column &column = batch[placed.column];
  const char *place = row.data + placed.offset;
  if (placed.wanted.storage == Storage::fixed) {
    column.bytes[index] = {place,
                           static_cast<std::size_t>(attributes_[placed.wanted.attribute].length)};
  } else {
    column.words[index] = load_word(placed.wanted.storage, place);
  }
}

void RowReader::put_missing(const Placed &placed, std::size_t index, Batch &batch) const {
  Column &column = batch[placed.column];
  const Missing &missing = placed.wanted.missing;
  if (missing.null) {
    column.any_null = true;
    column.nulls[index] = 1;
  }
  if (is_bytes(placed.wanted.storage)) {
    column.bytes[index] = missing.bytes;
  } else {
    column.words[index] = missing.word;
  }
}

// How many attributes of the row, from the first one on, are in their places: none of them NULL.
std::size_t RowReader::in_place(const Row &row) const noexcept {
  const std::size_t end = std::min<std::size_t>(row.attributes, fixed_attributes());
  if (row.nulls == nullptr) {
    return end;
  }
  for (std::size_t byte = 0; byte * 8 < end; ++byte) {
    if (row.nulls[byte] != 0xFF) {
      const auto null = static_cast<std::size_t>(std::countr_one(row.nulls[byte]));
      return std::min(end, byte * 8 + null);
    }
  }
  return end;
}

// One row attribute by attribute, from one that lies behind those in their places on.
void RowReader::walk(const Row &row, std::size_t index, std::size_t attribute, Batch &batch,
                     std::pmr::vector<Toasted> &toasted) const {
  std::size_t offset = fixed_[attribute].size;
  std::size_t next = fixed_[attribute].wanted;
  const std::size_t end = std::min<std::size_t>(row.attributes, attributes_.size());
  for (; next < wanted_.size() && attribute < end; ++attribute) {
    const bool wants = wanted_[next].wanted.attribute == attribute;
    if (is_null(row, attribute)) {
      for (; next < wanted_.size() && wanted_[next].wanted.attribute == attribute; ++next) {
        put_null(batch[wanted_[next].column], index);
      }
      continue;
    }
    const Attribute &shape = attributes_[attribute];
    std::size_t size = 0;
    Varlena varlena{};
    if (shape.length > 0) {
      offset = aligned(offset, shape.alignment);
      size = static_cast<std::size_t>(shape.length);
    } else if (shape.length == -1) {
      // A short one is not aligned, and padding is 0, which a head of any kind is not.
      if (offset < row.size && row.data[offset] == 0) {
        offset = aligned(offset, shape.alignment);
      }
      if (offset > row.size) {
        refuse_row();
      }
      varlena = varlena_at(row.data + offset, row.size - offset);
      size = varlena.size;
    } else {
      offset = aligned(offset, shape.alignment);
      const void *zero =
          offset < row.size ? std::memchr(row.data + offset, 0, row.size - offset) : nullptr;
      if (zero == nullptr) {
        refuse_row();
      }
      size = static_cast<std::size_t>(static_cast<const char *>(zero) - (row.data + offset)) + 1;
    }
    if (offset + size > row.size) {
      refuse_row();
    }
    if (wants) {
      const char *place = row.data + offset;
      for (; next < wanted_.size() && wanted_[next].wanted.attribute == attribute; ++next) {
        const Placed &placed = wanted_[next];
        Column &column = batch[placed.column];
        if (placed.wanted.storage == Storage::varlena) {
          if (shape.length != -1) {
            refuse_row();
          }
          if (varlena.plain) {
            column.bytes[index] = {place + varlena.head, varlena.size - varlena.head};
          } else {
            toasted.push_back({placed.column, static_cast<std::uint32_t>(index), place});
          }
        } else if (placed.wanted.storage == Storage::fixed) {
          column.bytes[index] = {place, size};
        } else {
          column.words[index] = load_word(placed.wanted.storage, place);
        }
      }
    }
    offset += size;
  }
  for (; next < wanted_.size(); ++next) {
    put_missing(wanted_[next], index, batch);
  }
}

RowReader::Survey RowReader::survey(std::span<const Row> rows, const RowBounds &bounds) {
  if (!laid_out_) {
    lay_out();
  }
  // Mostly all have all attributes, none of them NULL: that is seen at once.
  if (bounds.least_size < fixed_needed_) {
    for (const Row &row : rows) {
      if (row.size < fixed_needed_ && in_place(row) == fixed_attributes()) {
        refuse_row();
      }
    }
  }
  // NULLs are mostly behind those in fixed places, of which none is NULL then.
  const bool alike = bounds.fewest_attributes >= fixed_attributes() &&
                     (!bounds.some_nulls || std::ranges::all_of(rows, [this](const Row &row) {
                       return in_place(row) == fixed_attributes();
                     }));
  return {.alike = alike,
          .some_nulls = bounds.some_nulls || bounds.fewest_attributes < attributes_.size()};
}

bool RowReader::may_pick(std::span<const Row> rows, const RowBounds &bounds) {
  return survey(rows, bounds).alike && picks_;
}

void RowReader::pick(std::span<const Row> rows, std::span<const std::uint32_t> numbers,
                     std::size_t column, Batch &batch) const {
  for (const Placed &placed : wanted_) {
    if (placed.column != column) {
      continue;
    }
    batch[column].any_null = false;
    const auto offset = static_cast<std::size_t>(placed.offset);
    if (numbers.size() == rows.size()) {
      read_placed(rows, placed, batch);
    } else if (placed.wanted.storage == Storage::int32) {
      gather_some<std::int32_t>(rows, numbers, offset, batch[column].words);
    } else if (placed.wanted.storage == Storage::int64) {
      gather_some<std::int64_t>(rows, numbers, offset, batch[column].words);
    } else {
      for (const std::uint32_t number : numbers) {
        read_fixed(rows[number], number, placed, batch);
      }
    }
  }
}

void RowReader::read(std::span<const Row> rows, const RowBounds &bounds, Batch &batch,
                     std::pmr::vector<Toasted> &toasted) {
  const auto [alike, some_nulls] = survey(rows, bounds);
  for (const Placed &placed : wanted_) {
    Column &column = batch[placed.column];
    column.any_null = false;
    if (some_nulls) {
      std::memset(column.nulls, 0, rows.size());
    }
  }
  const Fixed &fixed = fixed_.back();
  if (alike) {
    for (std::size_t i = 0; i < fixed.wanted; ++i) {
      read_placed(rows, wanted_[i], batch);
    }
    if (fixed.wanted == wanted_.size()) {
      return;
    }
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row &row = rows[i];
    const std::size_t first = alike ? fixed_attributes() : in_place(row);
    if (!alike) {
      if (row.size < fixed_[first].size) {
        refuse_row();
      }
      for (std::size_t w = 0; w < fixed_[first].wanted; ++w) {
        read_fixed(row, i, wanted_[w], batch);
      }
    }
    const bool by_steps = row.attributes >= steps_.size() && !one_by_one_ &&
                          (first == fixed_attributes() || !fixed_twice_);
    if (!by_steps || !(row.nulls == nullptr ? read_steps<false>(row, i, first, batch)
                                            : read_steps<true>(row, i, first, batch))) {
      walk(row, i, first, batch, toasted);
    }
  }
}

} // namespace starhouse::scan
