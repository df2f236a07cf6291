#include "core/scan/distinct.hpp"

#include "core/hash.hpp"
#include "core/scan/tests.hpp"

#include <algorithm>
#include <string_view>

namespace starhouse::scan {

namespace {

constexpr std::size_t first_slots = 1024;

CountState &count_of(char *states, const Aggregate &aggregate) noexcept {
  return *reinterpret_cast<CountState *>(states + aggregate.offset);
}

} // namespace

void DistinctSet::make_room(std::size_t more) {
  std::size_t slots = std::max(first_slots, slots_.size());
  while ((size_ + more) * 2 > slots) {
    slots *= 2;
  }
  if (slots == slots_.size()) {
    return;
  }
  std::pmr::vector<Slot> before(slots, Slot{}, env_.memory);
  before.swap(slots_);
  size_ = 0;
  for (const Slot &slot : before) {
    if (slot.group != nullptr) {
      const std::uint64_t hash = bytes_ ? hash64(dictionary_.text(slot.word))
                                        : hash64(static_cast<std::uint64_t>(slot.word));
      insert({slot.group, slot.word, slot_hash(slot.group, hash)});
    }
  }
}

// False where it was there.
bool DistinctSet::insert(const Pending &value) noexcept {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = value.hash & mask;; i = (i + 1) & mask) {
    Slot &slot = slots_[i];
    if (slot.group == nullptr) {
      slot = {value.group, value.word};
      ++size_;
      return true;
    }
    if (slot.word == value.word && slot.group == value.group) {
      return false;
    }
  }
}

void DistinctSet::add(const Aggregate &aggregate, const Column &column, std::size_t rows,
                      char *const *states, bool single, const std::uint8_t *passes) {
  const std::string_view *texts = column.bytes;
  bytes_ = texts != nullptr;
  pending_.clear();
  for (std::size_t row = 0; row < rows; ++row) {
    if (column.is_null(row) || (passes != nullptr && passes[row] == 0)) {
      continue;
    }
    char *group = states[single ? 0 : row];
    std::int64_t word = 0;
    std::uint64_t hash = 0;
    if (texts != nullptr) {
      hash = hash64(texts[row]);
      if (!is_in(hash)) {
        continue;
      }
      word = dictionary_.number_of(texts[row], hash);
    } else {
      word = aggregate.is_float ? float_order(as_double(column.words[row])) : column.words[row];
      hash = hash64(static_cast<std::uint64_t>(word));
      if (!is_in(hash)) {
        continue;
      }
    }
    pending_.push_back({group, word, slot_hash(group, hash)});
  }
  make_room(pending_.size());
  const std::size_t mask = slots_.size() - 1;
  for (const Pending &value : pending_) {
    __builtin_prefetch(&slots_[value.hash & mask], 1);
  }
  for (const Pending &value : pending_) {
    count_of(value.group, aggregate).count += insert(value) ? 1 : 0;
  }
}

void DistinctSet::begin(Part part) {
  part_ = part;
  size_ = 0;
  std::pmr::vector<Slot>(env_.memory).swap(slots_);
  dictionary_.clear();
}

void DistinctSet::narrow(Part part, const Aggregate &aggregate) {
  std::pmr::vector<Slot> before(env_.memory);
  before.swap(slots_);
  Dictionary texts(env_);
  std::swap(texts, dictionary_);
  part_ = part;
  size_ = 0;
  std::size_t kept = 0;
  const auto hash_of = [&](const Slot &slot) {
    return bytes_ ? hash64(texts.text(slot.word)) : hash64(static_cast<std::uint64_t>(slot.word));
  };
  for (const Slot &slot : before) {
    kept += slot.group != nullptr && is_in(hash_of(slot)) ? 1 : 0;
  }
  make_room(kept);
  for (const Slot &slot : before) {
    if (slot.group == nullptr) {
      continue;
    }
    const std::uint64_t hash = hash_of(slot);
    if (!is_in(hash)) {
      --count_of(slot.group, aggregate).count;
      continue;
    }
    const std::int64_t word =
        bytes_ ? dictionary_.number_of(texts.text(slot.word), hash) : slot.word;
    insert({slot.group, word, slot_hash(slot.group, hash)});
  }
  texts.clear();
}

} // namespace starhouse::scan
