#include "core/scan/groups.hpp"

#include <algorithm>
#include <cstring>

namespace starhouse::scan {

namespace {

constexpr std::size_t first_slots = 1024;
constexpr std::size_t most_entries = std::size_t{1} << 31U;
constexpr std::size_t arena_block = 8192;

void refuse_more() {
  throw Error(sqlstate::program_limit_exceeded, "more than 2147483648 groups",
              "Group by less, or set starhouse.enable_star_scan to off.");
}

} // namespace

std::int64_t Dictionary::number_of(std::string_view bytes, std::uint64_t hash) {
  if (slots_.empty() || texts_.size() * 2 >= slots_.size()) {
    grow();
  }
  const auto tag = static_cast<std::uint32_t>(hash);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = tag & mask;; i = (i + 1) & mask) {
    Slot &slot = slots_[i];
    if (slot.number == 0) {
      texts_.push_back(keep(bytes));
      slot = {tag, static_cast<std::uint32_t>(texts_.size())};
      return static_cast<std::int64_t>(texts_.size() - 1);
    }
    if (slot.tag == tag && texts_[slot.number - 1] == bytes) {
      return static_cast<std::int64_t>(slot.number) - 1;
    }
  }
}

std::int64_t Dictionary::find(std::string_view bytes, std::uint64_t hash) const noexcept {
  if (slots_.empty()) {
    return -1;
  }
  const auto tag = static_cast<std::uint32_t>(hash);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = tag & mask; slots_[i].number != 0; i = (i + 1) & mask) {
    if (slots_[i].tag == tag && texts_[slots_[i].number - 1] == bytes) {
      return static_cast<std::int64_t>(slots_[i].number) - 1;
    }
  }
  return -1;
}

void Dictionary::grow() {
  if (texts_.size() >= most_entries) {
    refuse_more();
  }
  std::pmr::vector<Slot> larger(std::max(first_slots, slots_.size() * 2), Slot{}, env_.memory);
  const std::size_t mask = larger.size() - 1;
  for (const Slot &slot : slots_) {
    if (slot.number != 0) {
      std::size_t i = slot.tag & mask;
      while (larger[i].number != 0) {
        i = (i + 1) & mask;
      }
      larger[i] = slot;
    }
  }
  slots_.swap(larger);
}

void Dictionary::clear() noexcept {
  for (const Block &block : blocks_) {
    env_.memory->deallocate(block.start, block.size, 1);
  }
  std::pmr::vector<Block>(env_.memory).swap(blocks_);
  std::pmr::vector<Slot>(env_.memory).swap(slots_);
  std::pmr::vector<std::string_view>(env_.memory).swap(texts_);
  arena_ = nullptr;
  arena_left_ = 0;
  arena_size_ = 0;
}

std::string_view Dictionary::keep(std::string_view bytes) {
  if (bytes.size() > arena_left_) {
    arena_left_ = std::max(arena_block, bytes.size());
    arena_ = static_cast<char *>(env_.memory->allocate(arena_left_, 1));
    arena_size_ += arena_left_;
    blocks_.push_back({arena_, arena_left_});
  }
  char *kept = arena_;
  if (!bytes.empty()) {
    std::memcpy(kept, bytes.data(), bytes.size());
  }
  arena_ += bytes.size();
  arena_left_ -= bytes.size();
  return {kept, bytes.size()};
}

GroupTable::GroupTable(const Env &env, std::size_t key_words, std::size_t state_bytes)
    : env_(env), key_words_(key_words), key_bytes_(key_words * sizeof(std::int64_t)),
      stride_(key_bytes_ + state_bytes), slots_(first_slots, Slot{}, env.memory),
      chunks_(env.memory), found_(env.memory) {}

void GroupTable::make_room(std::size_t rows) {
  if (size_ + rows > most_entries) {
    refuse_more();
  }
  std::size_t slots = slots_.size();
  while ((size_ + rows) * 2 > slots) {
    slots *= 2;
  }
  if (slots == slots_.size()) {
    return;
  }
  std::pmr::vector<Slot> larger(slots, Slot{}, env_.memory);
  const std::size_t mask = slots - 1;
  for (const Slot &slot : slots_) {
    if (slot.group != 0) {
      std::size_t i = slot.tag & mask;
      while (larger[i].group != 0) {
        i = (i + 1) & mask;
      }
      larger[i] = slot;
    }
  }
  slots_.swap(larger);
}

char *GroupTable::add(const std::int64_t *key) {
  if (size_ == chunks_.size() * chunk_groups) {
    auto *chunk = static_cast<char *>(env_.memory->allocate(chunk_groups * stride_, 16));
    std::memset(chunk, 0, chunk_groups * stride_);
    chunks_.push_back(chunk);
  }
  char *group = place(size_++);
  std::memcpy(group, key, key_bytes_);
  return group;
}

void GroupTable::find(const std::int64_t *keys, const std::uint64_t *hashes, std::size_t rows,
                      char **states, std::uint8_t *is_new) {
  make_room(rows);
  found_.resize(std::max(found_.size(), rows));
  const std::size_t mask = slots_.size() - 1;
  Slot *slots = slots_.data();
  for (std::size_t row = 0; row < rows; ++row) {
    __builtin_prefetch(&slots[hashes[row] & mask]);
  }
  // The first slot that may be the key's: most often it is, and its group is needed next.
  for (std::size_t row = 0; row < rows; ++row) {
    const auto tag = static_cast<std::uint32_t>(hashes[row]);
    std::size_t i = hashes[row] & mask;
    while (slots[i].group != 0 && slots[i].tag != tag) {
      i = (i + 1) & mask;
    }
    found_[row] = static_cast<std::uint32_t>(i);
    if (slots[i].group != 0) {
      __builtin_prefetch(place(slots[i].group - 1), 1);
    }
  }
  for (std::size_t row = 0; row < rows; ++row) {
    const auto tag = static_cast<std::uint32_t>(hashes[row]);
    const std::int64_t *key = keys + row * key_words_;
    for (std::size_t i = found_[row];; i = (i + 1) & mask) {
      if (slots[i].group == 0) {
        states[row] = add(key) + key_bytes_;
        is_new[row] = 1;
        slots[i] = {tag, static_cast<std::uint32_t>(size_)};
        break;
      }
      if (slots[i].tag == tag) {
        char *group = place(slots[i].group - 1);
        if (std::memcmp(group, key, key_bytes_) == 0) {
          states[row] = group + key_bytes_;
          is_new[row] = 0;
          break;
        }
      }
    }
  }
}

} // namespace starhouse::scan
