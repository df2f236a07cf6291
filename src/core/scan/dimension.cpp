#include "core/scan/dimension.hpp"

#include <algorithm>
#include <bit>

namespace starhouse::scan {

namespace {

constexpr std::size_t first_slots = 64;
constexpr std::size_t most_width = 16;
// Rows whose slots are waited for together.
constexpr std::size_t together = 32;

// Of an image.
struct Head {
  std::size_t size;
  bool repeated;
  bool dropped;
  bool codes_alone;
};

} // namespace

Dimension::Dimension(const Env &env, std::size_t key_columns)
    : env_(env), width_(key_columns), dictionaries_(env.memory), keys_(env.memory),
      entries_(env.memory), slots_(env.memory), close_(env) {
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

void Dimension::add(std::span<const KeyPart> key, std::span<const bool> bytes, std::uint32_t code) {
  if (entries_.size() >= none / 2) {
    throw Error(sqlstate::program_limit_exceeded, "too many rows of a dimension",
                "Set starhouse.enable_star_scan to off.");
  }
  for (std::size_t i = 0; i < width_; ++i) {
    keys_.push_back(bytes[i] ? dictionaries_[i].number_of(key[i].bytes, hash64(key[i].bytes))
                             : key[i].word);
  }
  if (width_ == 1) {
    spread_.add(keys_.back());
  }
  entries_.push_back({code, none});
  has_dropped_ |= code == dropped;
}

void Dimension::finish(bool once) {
  size_ = entries_.size();
  if (!place_close(once)) {
    hash_all(once);
  }
}

void Dimension::chain(std::uint32_t first, std::uint32_t entry) noexcept {
  entries_[entry].next = entries_[first].next;
  entries_[first].next = entry;
}

// Words of texts are numbers of the dictionary, which lie close, too.
bool Dimension::place_close(bool once) {
  const CloseRange range(spread_);
  if (range.size() == 0 || !PlaceMap::is_close(range, entries_.size())) {
    return false;
  }
  close_.begin(range);
  for (const std::int64_t word : keys_) {
    has_repeated_ |= !close_.mark(word) && !once;
  }
  codes_alone_ = !has_repeated_;
  auto most = static_cast<std::uint32_t>(entries_.size() - 1);
  if (codes_alone_) {
    most = 0;
    for (const Entry &entry : entries_) {
      most = std::max(most, entry.code);
    }
  }
  close_.lay_out(most);
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    const std::uint32_t first = close_.put(keys_[i], codes_alone_ ? entries_[i].code : i);
    if (first != none) {
      chain(first, i);
    }
  }
  keys_.give_back();
  return true;
}

void Dimension::hash_all(bool once) {
  slots_.assign(std::max(first_slots, std::bit_ceil(entries_.size() * 2)), Slot{});
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    const std::int64_t *words = &keys_[i * width_];
    const std::uint64_t hash = hash_of(words, width_);
    Slot &slot = slots_[place_of(words, hash)];
    if (slot.entry == none) {
      slot = {static_cast<std::uint32_t>(hash >> 32U), i};
    } else if (!once) {
      has_repeated_ = true;
      chain(slot.entry, i);
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

std::size_t Dimension::find_close(const Column &column, std::span<std::uint32_t> rows,
                                  std::uint32_t *first) const {
  if (!column.any_null) {
    return close_.find(column.words, rows, first);
  }
  std::size_t there = 0;
  for (const std::uint32_t row : rows) {
    rows[there] = row;
    there += column.nulls[row] == 0 ? 1 : 0;
  }
  return close_.find(column.words, rows.first(there), first);
}

std::size_t Dimension::find(const Batch &batch, std::span<const std::uint32_t> columns,
                            std::span<std::uint32_t> rows, std::uint32_t *first) const {
  if (!close_.is_empty() && batch[columns[0]].bytes == nullptr) {
    return find_close(batch[columns[0]], rows, first);
  }
  std::size_t kept = 0;
  if (!close_.is_empty()) {
    for (const std::uint32_t row : rows) {
      std::int64_t word = 0;
      first[row] = key_of(batch, columns, row, &word) ? close_.find(word) : none;
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

void Dimension::write(ImageWriter &to) const noexcept {
  to.put_value(Head{.size = size_,
                    .repeated = has_repeated_,
                    .dropped = has_dropped_,
                    .codes_alone = codes_alone_});
  close_.write(to);
  to.put(std::span(keys_));
  to.put(codes_alone_ ? std::span<const Entry>{} : std::span(entries_));
  to.put(std::span(slots_));
  for (const Dictionary &dictionary : dictionaries_) {
    dictionary.write(to);
  }
}

std::size_t Dimension::image_size() const noexcept {
  ImageWriter none_written(nullptr);
  write(none_written);
  return none_written.size();
}

void Dimension::write_image(char *to) const noexcept {
  ImageWriter writer(to);
  write(writer);
}

void Dimension::lend(const char *image) {
  ImageReader from(image);
  const auto head = from.value<Head>();
  size_ = head.size;
  has_repeated_ = head.repeated;
  has_dropped_ = head.dropped;
  codes_alone_ = head.codes_alone;
  close_.lend(from);
  keys_.lend(from.array<std::int64_t>());
  entries_.lend(from.array<Entry>());
  slots_.lend(from.array<Slot>());
  for (Dictionary &dictionary : dictionaries_) {
    dictionary.lend(from);
  }
}

std::size_t Dimension::memory() const noexcept {
  std::size_t memory = keys_.memory() + entries_.memory() + slots_.memory() + close_.memory();
  for (const Dictionary &dictionary : dictionaries_) {
    memory += dictionary.memory();
  }
  return memory;
}

} // namespace starhouse::scan
