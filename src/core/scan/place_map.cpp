#include "core/scan/place_map.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace starhouse::scan {

namespace {

// So many places, or so many for each number, take bits and ranks of 0.8 MB, or 12 bytes for each.
constexpr std::uint64_t close_places = 4'194'304;
constexpr std::uint64_t places_per_number = 64;
// So many bytes are in the nearest caches as they are: no bits before them, nor ranks instead.
constexpr std::uint64_t near_bytes = 16'384;
constexpr std::uint64_t quite_near_bytes = 131'072;
// Where at least one place in so many is taken, ranks save little.
constexpr std::uint64_t places_of_few = 4;

template <class Value>
Value load(const char *from, std::size_t at) noexcept {
  Value value;
  std::memcpy(&value, from + at * sizeof value, sizeof value);
  return value;
}

// As PlaceMap has it.
struct Layout {
  unsigned width;
  bool ranked;
  bool tests_bits;
};

template <class Value>
constexpr Value nothing = std::numeric_limits<Value>::max();

} // namespace

PlaceMap::PlaceMap(const Env &env) : bits_(env.memory), ranks_(env.memory), values_(env.memory) {}

bool PlaceMap::is_close(const CloseRange &range, std::size_t numbers) noexcept {
  return range.size() <= std::max<std::uint64_t>(close_places, numbers * places_per_number);
}

void PlaceMap::begin(const CloseRange &range) {
  range_ = range;
  bits_.assign(range.size() / 64 + 1, 0);
}

bool PlaceMap::mark(std::int64_t number) noexcept {
  const std::uint64_t place = range_.place(number);
  const std::uint64_t bit = std::uint64_t{1} << (place % 64);
  const bool is_new = (bits_[place / 64] & bit) == 0;
  bits_[place / 64] |= bit;
  return is_new;
}

void PlaceMap::lay_out(std::uint32_t most) {
  // The greatest value of a width stands for none.
  width_ = most == 0 ? 0 : most < nothing<std::uint8_t> ? 1 : most < nothing<std::uint16_t> ? 2 : 4;
  std::uint32_t count = 0;
  for (const std::uint64_t word : bits_) {
    count += static_cast<std::uint32_t>(std::popcount(word));
  }
  const std::uint64_t bytes = range_.size() * width_;
  ranked_ = bytes > quite_near_bytes && count < range_.size() / places_of_few;
  tests_bits_ = ranked_ || (bytes > near_bytes && count < range_.size() / 2);
  const std::uint64_t values = ranked_ ? count : range_.size() + 1;
  values_.assign(values * width_, static_cast<char>(0xFF));
  if (!ranked_) {
    return;
  }
  ranks_.clear();
  ranks_.reserve(bits_.size());
  count = 0;
  for (const std::uint64_t word : bits_) {
    ranks_.push_back(count);
    count += static_cast<std::uint32_t>(std::popcount(word));
  }
}

std::size_t PlaceMap::rank(std::uint64_t place) const noexcept {
  const std::uint64_t before = bits_[place / 64] & ((std::uint64_t{1} << (place % 64)) - 1);
  return ranks_[place / 64] + static_cast<std::size_t>(std::popcount(before));
}

std::size_t PlaceMap::value_place(std::uint64_t place) const noexcept {
  return (ranked_ ? rank(place) : static_cast<std::size_t>(place)) * width_;
}

std::uint32_t PlaceMap::put(std::int64_t number, std::uint32_t value) noexcept {
  if (width_ == 0) {
    return none;
  }
  char *at = values_.data() + value_place(range_.place(number));
  // Little-endian, as all that a star scan reads. None is all ones, in any width.
  std::uint32_t before = none;
  std::memcpy(&before, at, width_);
  if (before == none) {
    std::memcpy(at, &value, width_);
    return none;
  }
  return width_ == sizeof before ? before : before & ((1U << (8 * width_)) - 1);
}

std::uint64_t PlaceMap::place_or_end(std::int64_t number) const noexcept {
  return std::min(range_.place(number), range_.size());
}

std::uint32_t PlaceMap::find(std::int64_t number) const noexcept {
  const std::uint64_t place = place_or_end(number);
  if ((bits_[place / 64] >> (place % 64) & 1U) == 0) {
    return none;
  }
  std::uint32_t value = 0;
  if (width_ > 0) {
    std::memcpy(&value, values_.data() + value_place(place), width_);
  }
  return value;
}

// The rows whose words are there.
std::size_t PlaceMap::keep_marked(const std::int64_t *words,
                                  std::span<std::uint32_t> rows) const noexcept {
  const CloseRange range = range_;
  const std::uint64_t *bits = bits_.data();
  std::size_t kept = 0;
  for (const std::uint32_t row : rows) {
    const std::uint64_t place = std::min(range.place(words[row]), range.size());
    rows[kept] = row;
    kept += bits[place / 64] >> (place % 64) & 1U;
  }
  return kept;
}

template <class Value>
std::size_t PlaceMap::find_values(const std::int64_t *words, std::span<std::uint32_t> rows,
                                  std::uint32_t *first) const noexcept {
  const CloseRange range = range_;
  const char *values = values_.data();
  if (!tests_bits_) {
    std::size_t kept = 0;
    for (const std::uint32_t row : rows) {
      const auto value = load<Value>(values, std::min(range.place(words[row]), range.size()));
      first[row] = value;
      rows[kept] = row;
      kept += value != nothing<Value> ? 1 : 0;
    }
    return kept;
  }
  const std::size_t kept = keep_marked(words, rows);
  if (ranked_) {
    for (const std::uint32_t row : rows.first(kept)) {
      first[row] = load<Value>(values, rank(range.place(words[row])));
    }
  } else {
    for (const std::uint32_t row : rows.first(kept)) {
      first[row] = load<Value>(values, range.place(words[row]));
    }
  }
  return kept;
}

std::size_t PlaceMap::find(const std::int64_t *words, std::span<std::uint32_t> rows,
                           std::uint32_t *first) const noexcept {
  switch (width_) {
  case 0: {
    const std::size_t kept = keep_marked(words, rows);
    for (const std::uint32_t row : rows.first(kept)) {
      first[row] = 0;
    }
    return kept;
  }
  case 1:
    return find_values<std::uint8_t>(words, rows, first);
  case 2:
    return find_values<std::uint16_t>(words, rows, first);
  default:
    return find_values<std::uint32_t>(words, rows, first);
  }
}

std::size_t PlaceMap::memory() const noexcept {
  return bits_.memory() + ranks_.memory() + values_.memory();
}

void PlaceMap::write(ImageWriter &to) const noexcept {
  to.put_value(range_);
  to.put_value(Layout{.width = width_, .ranked = ranked_, .tests_bits = tests_bits_});
  to.put(std::span(bits_));
  to.put(std::span(ranks_));
  to.put(std::span(values_));
}

void PlaceMap::lend(ImageReader &from) noexcept {
  range_ = from.value<CloseRange>();
  const auto layout = from.value<Layout>();
  width_ = layout.width;
  ranked_ = layout.ranked;
  tests_bits_ = layout.tests_bits;
  bits_.lend(from.array<std::uint64_t>());
  ranks_.lend(from.array<std::uint32_t>());
  values_.lend(from.array<char>());
}

} // namespace starhouse::scan
