#include "core/scan/dimension.hpp"

#include <algorithm>
#include <bit>

namespace starhouse::scan {

namespace {

constexpr std::size_t first_slots = 64;
constexpr std::size_t most_width = 16;
// Numbers that lie within so many of each other, or so many for each, are looked up by place: 1 MB
// that stays in the cache is better than a hash.
constexpr std::uint64_t close_range = 262'144;
constexpr std::uint64_t close_per_entry = 16;
// So few of these are in the nearest cache as they are.
constexpr std::uint64_t few_direct = 4096;
// Rows whose slots are waited for together.
constexpr std::size_t together = 32;

} // namespace

Dimension::Dimension(const Env &env, std::size_t key_columns)
    : env_(env), width_(key_columns), dictionaries_(env.memory), keys_(env.memory),
      entries_(env.memory), slots_(first_slots, Slot{}, env.memory), direct_(env.memory),
      bits_(env.memory) {
  if (key_columns == 0 || key_columns > most_width) {
    throw Error(sqlstate::internal_error, "a join by no column, or by too many");
  }
  for (std::size_t i = 0; i < key_columns; ++i) {
    dictionaries_.emplace_back(env);
  }
}

std::uint64_t Dimension::hash_of(const std::int64_t *words, std::size_t count) noexcept {
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < count; ++i) {
    hash = hash64(std::rotl(hash, 32) ^ static_cast<std::uint64_t>(words[i]));
  }
  return hash;
}

// The slot of the key, or the empty one where it would be.
std::size_t Dimension::place_of(const std::int64_t *words, std::uint64_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  const auto tag = static_cast<std::uint32_t>(hash >> 32U);
  for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot &slot = slots_[i];
    if (slot.entry == none ||
        (slot.tag == tag && std::equal(words, words + width_, &keys_[slot.entry * width_]))) {
      return i;
    }
  }
}

void Dimension::grow() {
  std::pmr::vector<Slot> larger(slots_.size() * 2, Slot{}, env_.memory);
  const std::size_t mask = larger.size() - 1;
  for (const Slot &slot : slots_) {
    if (slot.entry != none) {
      std::size_t i = hash_of(&keys_[slot.entry * width_], width_) & mask;
      while (larger[i].entry != none) {
        i = (i + 1) & mask;
      }
      larger[i] = slot;
    }
  }
  slots_.swap(larger);
}

void Dimension::add(std::span<const KeyPart> key, std::span<const bool> bytes, std::uint32_t code) {
  if (entries_.size() >= none / 2) {
    throw Error(sqlstate::program_limit_exceeded, "too many rows of a dimension",
                "Set starhouse.enable_star_scan to off.");
  }
  if (entries_.size() * 2 >= slots_.size()) {
    grow();
  }
  std::int64_t words[most_width];
  for (std::size_t i = 0; i < width_; ++i) {
    words[i] =
        bytes[i] ? dictionaries_[i].number_of(key[i].bytes, hash64(key[i].bytes)) : key[i].word;
  }
  const auto entry = static_cast<std::uint32_t>(entries_.size());
  const std::uint64_t hash = hash_of(words, width_);
  Slot &slot = slots_[place_of(words, hash)];
  keys_.insert(keys_.end(), words, words + width_);
  if (slot.entry == none) {
    slot = {static_cast<std::uint32_t>(hash >> 32U), entry};
    entries_.push_back({code, none});
    return;
  }
  has_repeated_ = true;
  entries_.push_back({code, entries_[slot.entry].next});
  entries_[slot.entry].next = entry;
}

void Dimension::finish() {
  // Words of texts are numbers of the dictionary, which lie close, too.
  if (width_ != 1 || entries_.empty()) {
    return;
  }
  Spread spread;
  for (const std::int64_t word : keys_) {
    spread.add(word);
  }
  const CloseRange range(spread);
  if (range.size() > std::max<std::uint64_t>(close_range, entries_.size() * close_per_entry)) {
    return;
  }
  range_ = range;
  codes_alone_ = !has_repeated_;
  direct_.assign(range.size(), none);
  const bool with_bits = range.size() > few_direct;
  bits_.assign(with_bits ? range.size() / 64 + 1 : 0, 0);
  for (const Slot &slot : slots_) {
    if (slot.entry != none) {
      const std::uint64_t place = range.place(keys_[slot.entry]);
      direct_[place] = codes_alone_ ? entries_[slot.entry].code : slot.entry;
      if (with_bits) {
        bits_[place / 64] |= std::uint64_t{1} << (place % 64);
      }
    }
  }
}

bool Dimension::key_of(const Batch &batch, std::span<const std::uint32_t> columns,
                       std::uint32_t row, std::int64_t *words) const {
  for (std::size_t c = 0; c < width_; ++c) {
    const Column &own = batch[columns[c]];
    if (own.is_null(row)) {
      return false;
    }
    words[c] = own.bytes == nullptr ? own.words[row]
                                    : dictionaries_[c].find(own.bytes[row], hash64(own.bytes[row]));
    if (own.bytes != nullptr && words[c] < 0) {
      return false;
    }
  }
  return true;
}

// The rows whose keys are there.
std::size_t Dimension::find_bits(const Column &column,
                                 std::span<std::uint32_t> rows) const noexcept {
  std::size_t kept = 0;
  for (const std::uint32_t row : rows) {
    const std::uint64_t place = std::min(range_.place(column.words[row]), range_.size());
    rows[kept] = row;
    kept += bits_[place / 64] >> (place % 64) & 1U;
  }
  return kept;
}

std::size_t Dimension::find_direct(const Column &column, std::span<std::uint32_t> rows,
                                   std::uint32_t *first) const {
  std::size_t kept = 0;
  if (column.any_null) {
    for (const std::uint32_t row : rows) {
      first[row] = column.nulls[row] != 0 ? none : direct_entry(column.words[row]);
      rows[kept] = row;
      kept += first[row] != none ? 1 : 0;
    }
    return kept;
  }
  if (!bits_.empty()) {
    kept = find_bits(column, rows);
    for (const std::uint32_t row : rows.first(kept)) {
      first[row] = direct_[range_.place(column.words[row])];
    }
    return kept;
  }
  for (const std::uint32_t row : rows) {
    const std::uint32_t entry = direct_entry(column.words[row]);
    first[row] = entry;
    rows[kept] = row;
    kept += entry != none ? 1 : 0;
  }
  return kept;
}

std::size_t Dimension::find(const Batch &batch, std::span<const std::uint32_t> columns,
                            std::span<std::uint32_t> rows, std::uint32_t *first) const {
  if (!direct_.empty() && batch[columns[0]].bytes == nullptr) {
    return find_direct(batch[columns[0]], rows, first);
  }
  std::size_t kept = 0;
  if (!direct_.empty()) {
    for (const std::uint32_t row : rows) {
      std::int64_t word = 0;
      first[row] = key_of(batch, columns, row, &word) ? direct_entry(word) : none;
      rows[kept] = row;
      kept += first[row] != none ? 1 : 0;
    }
    return kept;
  }
  const std::size_t mask = slots_.size() - 1;
  std::int64_t words[together][most_width];
  std::uint64_t hashes[together];
  std::uint32_t numbers[together];
  for (std::size_t begin = 0; begin < rows.size(); begin += together) {
    const std::size_t end = std::min(rows.size(), begin + together);
    std::size_t count = 0;
    for (std::size_t i = begin; i < end; ++i) {
      if (key_of(batch, columns, rows[i], words[count])) {
        hashes[count] = hash_of(words[count], width_);
        numbers[count] = rows[i];
        __builtin_prefetch(&slots_[hashes[count] & mask]);
        ++count;
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      const Slot &slot = slots_[hashes[i] & mask];
      if (slot.entry != none) {
        __builtin_prefetch(&keys_[slot.entry * width_]);
        __builtin_prefetch(&entries_[slot.entry]);
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t entry = slots_[place_of(words[i], hashes[i])].entry;
      first[numbers[i]] = entry;
      rows[kept] = numbers[i];
      kept += entry != none ? 1 : 0;
    }
  }
  return kept;
}

std::size_t Dimension::memory() const noexcept {
  std::size_t memory = keys_.capacity() * sizeof(std::int64_t) +
                       entries_.capacity() * sizeof(Entry) + slots_.capacity() * sizeof(Slot) +
                       direct_.capacity() * sizeof(std::uint32_t) +
                       bits_.capacity() * sizeof(std::uint64_t);
  for (const Dictionary &dictionary : dictionaries_) {
    memory += dictionary.memory();
  }
  return memory;
}

} // namespace starhouse::scan
