#include "core/scan/groups.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace starhouse::scan {

namespace {

constexpr std::size_t first_slots = 1024;
constexpr std::size_t most_entries = std::size_t{1} << 31U;
constexpr std::size_t arena_block = 8192;
// To look whether keys lie close takes a step for each group.
constexpr std::size_t rows_per_look = 32;
constexpr std::size_t some_groups = 64;

void refuse_more() {
  throw Error(sqlstate::program_limit_exceeded, "more than 2147483648 groups",
              "Group by less, or set starhouse.enable_star_scan to off.");
}

template <class T>
T load(const char *from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

bool is_same(const std::int64_t *one, const std::int64_t *other, std::size_t words) noexcept {
  std::int64_t different = 0;
  for (std::size_t i = 0; i < words; ++i) {
    different |= one[i] ^ other[i];
  }
  return different == 0;
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

std::int64_t Dictionary::number_of(std::string_view bytes) {
  const std::size_t size = bytes.size();
  if (size > 2 * sizeof(std::uint64_t)) {
    return number_of(bytes, hash64(bytes));
  }
  Familiar own{.size = static_cast<std::uint32_t>(size)};
  const char *const text = bytes.data();
  if (size >= sizeof(std::uint64_t)) {
    own.first = load<std::uint64_t>(text);
    own.last = load<std::uint64_t>(text + size - sizeof(std::uint64_t));
  } else if (size >= sizeof(std::uint32_t)) {
    own.first = load<std::uint32_t>(text);
    own.last = load<std::uint32_t>(text + size - sizeof(std::uint32_t));
  } else if (size > 0) {
    own.first = static_cast<std::uint8_t>(text[0]);
    own.last = static_cast<std::uint64_t>(static_cast<std::uint8_t>(text[size / 2])) << 8U |
               static_cast<std::uint8_t>(text[size - 1]);
  }
  if (familiar_.empty()) {
    familiar_.resize(std::size_t{1} << familiar_bits);
  }
  const std::uint64_t mixed = (own.first ^ std::rotl(own.last, 29) ^ size) * 0x9E3779B97F4A7C15U;
  Familiar &before = familiar_[mixed >> (64U - familiar_bits)];
  if (before.number == 0 || before.first != own.first || before.last != own.last ||
      before.size != own.size) {
    own.number = static_cast<std::uint32_t>(number_of(bytes, hash64(bytes))) + 1;
    before = own;
  }
  return static_cast<std::int64_t>(before.number) - 1;
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

void Dictionary::fetch(std::span<const std::uint64_t> hashes) const noexcept {
  if (slots_.empty()) {
    return;
  }
  const std::size_t mask = slots_.size() - 1;
  for (const std::uint64_t hash : hashes) {
    __builtin_prefetch(&slots_[static_cast<std::uint32_t>(hash) & mask]);
  }
  const auto first = [&](std::uint64_t hash) {
    const Slot &slot = slots_[static_cast<std::uint32_t>(hash) & mask];
    return slot.number == 0 ? nullptr : &texts_[slot.number - 1];
  };
  for (const std::uint64_t hash : hashes) {
    if (const std::string_view *text = first(hash)) {
      __builtin_prefetch(text);
    }
  }
  for (const std::uint64_t hash : hashes) {
    if (const std::string_view *text = first(hash)) {
      __builtin_prefetch(text->data());
    }
  }
}

void Dictionary::grow() {
  if (texts_.size() >= most_entries) {
    refuse_more();
  }
  LentArray<Slot> larger(env_.memory);
  larger.assign(std::max(first_slots, slots_.size() * 2), Slot{});
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
  slots_.give_back();
  std::pmr::vector<std::string_view>(env_.memory).swap(texts_);
  std::pmr::vector<Familiar>(env_.memory).swap(familiar_);
  arena_ = nullptr;
  arena_left_ = 0;
  arena_size_ = 0;
}

void Dictionary::write(ImageWriter &to) const noexcept {
  to.put(std::span(slots_));
  to.put_value(std::uint64_t{texts_.size()});
  for (const std::string_view text : texts_) {
    to.put(text);
  }
}

void Dictionary::lend(ImageReader &from) {
  slots_.lend(from.array<Slot>());
  const auto count = from.value<std::uint64_t>();
  texts_.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::span<const char> text = from.array<char>();
    texts_.emplace_back(text.data(), text.size());
  }
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

GroupTable::GroupTable(const Env &env, std::size_t keys, std::size_t state_bytes)
    : env_(env), keys_(keys), key_bytes_((keys + 1) * sizeof(std::int64_t)),
      stride_(key_bytes_ + state_bytes), chunks_(env.memory), found_(env.memory),
      slots_(env.memory), hashes_(env.memory), places_(env.memory), axes_(env.memory) {}

char *GroupTable::add(const std::int64_t *key) {
  if (size_ == chunks_.size() * chunk_groups) {
    auto *chunk = static_cast<char *>(env_.memory->allocate(chunk_groups * stride_, 16));
    std::memset(chunk, 0, chunk_groups * stride_);
    chunks_.push_back(chunk);
  }
  char *group = place(size_++);
  std::memcpy(group, key, key_bytes_);
  return group + key_bytes_;
}

// The first ones; the others' room is as it was before there were any. The next batch finds out how
// they are found.
void GroupTable::leave(std::size_t groups) {
  const std::size_t chunks = (groups + chunk_groups - 1) / chunk_groups;
  while (chunks_.size() > chunks) {
    env_.memory->deallocate(chunks_.back(), chunk_groups * stride_, 16);
    chunks_.pop_back();
  }
  size_ = groups;
  if (groups < chunks * chunk_groups) {
    std::memset(place(groups), 0, (chunks * chunk_groups - groups) * stride_);
  }
  std::pmr::vector<Slot>(env_.memory).swap(slots_);
  std::pmr::vector<char *>(env_.memory).swap(places_);
}

void GroupTable::find(const std::int64_t *keys, std::size_t rows, char **states,
                      std::uint8_t *is_new) {
  if (size_ + rows > most_entries) {
    refuse_more();
  }
  if (found_.size() < rows) {
    found_.resize(rows);
    hashes_.resize(rows);
  }
  // As slots become too few, or where groups are few and slots stay enough, once in many rows.
  if (!is_close() && ((size_ + rows) * 2 > slots_.size() ||
                      hashed_rows_ > (size_ + some_groups) * rows_per_look)) {
    become_close();
    hashed_rows_ = 0;
  }
  if (is_close() && (place_rows(keys, rows) || (widen(keys, rows) && place_rows(keys, rows)))) {
    find_close(keys, rows, states, is_new);
    return;
  }
  find_hashed(keys, rows, states, is_new);
}

// By place
// ---------------------------------------------------------------------------------------------

std::uint64_t GroupTable::place_of(const std::int64_t *key) const noexcept {
  std::uint64_t place = 0;
  for (std::size_t k = 0; k < keys_; ++k) {
    const bool null = ((key[keys_] >> k) & 1) != 0;
    place += null ? 0 : (axes_[k].range.place(key[k]) + 1) * axes_[k].step;
  }
  return place;
}

// False where a key of theirs has no place.
bool GroupTable::place_rows(const std::int64_t *keys, std::size_t rows) noexcept {
  bool all = true;
  if (keys_ == 1) {
    const CloseRange range = axes_[0].range;
    for (std::size_t row = 0; row < rows; ++row) {
      const bool null = keys[row * 2 + 1] != 0;
      all &= null || range.holds(keys[row * 2]);
      found_[row] = null ? 0 : static_cast<std::uint32_t>(range.place(keys[row * 2]) + 1);
    }
    return all;
  }
  for (std::size_t row = 0; row < rows; ++row) {
    const std::int64_t *key = keys + row * (keys_ + 1);
    std::uint64_t place = 0;
    for (std::size_t k = 0; k < keys_; ++k) {
      const bool null = ((key[keys_] >> k) & 1) != 0;
      all &= null || axes_[k].range.holds(key[k]);
      place += null ? 0 : (axes_[k].range.place(key[k]) + 1) * axes_[k].step;
    }
    found_[row] = static_cast<std::uint32_t>(place);
  }
  return all;
}

// A place for each combination of these, if they are not too many for the groups that there are.
bool GroupTable::lay_out(std::span<const CloseRange> ranges) {
  const std::uint64_t most = std::clamp<std::uint64_t>(size_ * 4, first_slots, most_entries);
  std::uint64_t count = 1;
  for (const CloseRange &range : ranges) {
    if (range.size() >= most || __builtin_mul_overflow(count, range.size() + 1, &count) ||
        count > most) {
      return false;
    }
  }
  axes_.resize(keys_);
  std::uint64_t step = 1;
  for (std::size_t k = 0; k < keys_; ++k) {
    axes_[k] = {ranges[k], step};
    step *= ranges[k].size() + 1;
  }
  std::pmr::vector<char *>(count, nullptr, env_.memory).swap(places_);
  for (std::size_t group = 0; group < size_; ++group) {
    places_[place_of(key(group))] = states(group);
  }
  return true;
}

bool GroupTable::widen(const std::int64_t *keys, std::size_t rows) {
  std::pmr::vector<CloseRange> ranges(env_.memory);
  for (std::size_t k = 0; k < keys_; ++k) {
    const CloseRange &before = axes_[k].range;
    Spread spread = before.spread();
    bool wider = false;
    for (std::size_t row = 0; row < rows; ++row) {
      const std::int64_t *key = keys + row * (keys_ + 1);
      if (((key[keys_] >> k) & 1) == 0 && !before.holds(key[k])) {
        spread.add(key[k]);
        wider = true;
      }
    }
    ranges.push_back(wider ? CloseRange(spread).with_room(before) : before);
  }
  return lay_out(ranges);
}

// If the groups' keys lie close.
void GroupTable::become_close() {
  std::pmr::vector<CloseRange> ranges(env_.memory);
  for (std::size_t k = 0; k < keys_; ++k) {
    Spread spread;
    for (std::size_t group = 0; group < size_; ++group) {
      const std::int64_t *own = key(group);
      if (((own[keys_] >> k) & 1) == 0) {
        spread.add(own[k]);
      }
    }
    ranges.emplace_back(spread);
  }
  if (lay_out(ranges)) {
    std::pmr::vector<Slot>(env_.memory).swap(slots_);
  }
}

void GroupTable::find_close(const std::int64_t *keys, std::size_t rows, char **states,
                            std::uint8_t *is_new) {
  char **places = places_.data();
  for (std::size_t row = 0; row < rows; ++row) {
    char *&group = places[found_[row]];
    is_new[row] = 0;
    if (group == nullptr) [[unlikely]] {
      group = add(keys + row * (keys_ + 1));
      is_new[row] = 1;
    }
    states[row] = group;
    __builtin_prefetch(group, 1);
  }
}

// By hash
// ---------------------------------------------------------------------------------------------

std::uint64_t GroupTable::hash_of(const std::int64_t *key) const noexcept {
  std::uint64_t hash = static_cast<std::uint64_t>(key[keys_]) << 32U; // no bit for what is not NULL
  for (std::size_t k = 0; k < keys_; ++k) {
    hash = hash64(std::rotl(hash, 32) ^ static_cast<std::uint64_t>(key[k]));
  }
  return hash;
}

void GroupTable::set_slots(std::size_t slots) {
  std::pmr::vector<Slot> larger(slots, Slot{}, env_.memory);
  const std::size_t mask = slots - 1;
  const auto put = [&](const Slot &slot) {
    std::size_t i = slot.tag & mask;
    while (larger[i].group != 0) {
      i = (i + 1) & mask;
    }
    larger[i] = slot;
  };
  if (slots_.empty()) {
    for (std::size_t group = 0; group < size_; ++group) {
      put({static_cast<std::uint32_t>(hash_of(key(group))), static_cast<std::uint32_t>(group + 1)});
    }
    std::pmr::vector<char *>(env_.memory).swap(places_);
  } else {
    for (const Slot &slot : slots_) {
      if (slot.group != 0) {
        put(slot);
      }
    }
  }
  slots_.swap(larger);
}

void GroupTable::find_hashed(const std::int64_t *keys, std::size_t rows, char **states,
                             std::uint8_t *is_new) {
  std::size_t needed = std::max(first_slots, slots_.size());
  while ((size_ + rows) * 2 > needed) {
    needed *= 2;
  }
  if (needed != slots_.size()) {
    set_slots(needed);
  }
  hashed_rows_ += rows;
  const std::size_t width = keys_ + 1;
  const std::size_t mask = slots_.size() - 1;
  Slot *slots = slots_.data();
  for (std::size_t row = 0; row < rows; ++row) {
    hashes_[row] = hash_of(keys + row * width);
    __builtin_prefetch(&slots[hashes_[row] & mask]);
  }
  // The first slot that may be the key's: most often it is, and its group is needed next.
  for (std::size_t row = 0; row < rows; ++row) {
    const auto tag = static_cast<std::uint32_t>(hashes_[row]);
    std::size_t i = hashes_[row] & mask;
    while (slots[i].group != 0 && slots[i].tag != tag) {
      i = (i + 1) & mask;
    }
    found_[row] = static_cast<std::uint32_t>(i);
    if (slots[i].group != 0) {
      __builtin_prefetch(place(slots[i].group - 1), 1);
    }
  }
  for (std::size_t row = 0; row < rows; ++row) {
    const auto tag = static_cast<std::uint32_t>(hashes_[row]);
    const std::int64_t *key = keys + row * width;
    for (std::size_t i = found_[row];; i = (i + 1) & mask) {
      if (slots[i].group == 0) {
        states[row] = add(key);
        is_new[row] = 1;
        slots[i] = {tag, static_cast<std::uint32_t>(size_)};
        break;
      }
      if (slots[i].tag == tag) {
        char *group = place(slots[i].group - 1);
        if (is_same(reinterpret_cast<const std::int64_t *>(group), key, width)) {
          states[row] = group + key_bytes_;
          is_new[row] = 0;
          break;
        }
      }
    }
  }
}

} // namespace starhouse::scan
