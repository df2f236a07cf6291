#include "core/scan/distinct.hpp"

#include "core/hash.hpp"
#include "core/scan/tests.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <span>
#include <string_view>

namespace starhouse::scan {

namespace {

constexpr std::size_t first_slots = 1024;

CountState &count_of(char *states, const Aggregate &aggregate) noexcept {
  return *reinterpret_cast<CountState *>(states + aggregate.offset);
}

// take(number) for each whose bit is set.
template <class Take>
void each_close(const CloseRange &range, std::span<const std::uint64_t> bits, Take &&take) {
  for (std::size_t i = 0; i < bits.size(); ++i) {
    for (std::uint64_t left = bits[i]; left != 0; left &= left - 1) {
      take(range.number(i * 64 + static_cast<std::uint64_t>(std::countr_zero(left))));
    }
  }
}

} // namespace

std::uint64_t DistinctSet::hash_of(std::int64_t word) const noexcept {
  return bytes_ ? hash64(dictionary_.text(word)) : hash64(static_cast<std::uint64_t>(word));
}

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
      insert({slot.group, slot.word, slot_hash(slot.group, hash_of(slot.word))});
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

// Bits for these, none set, if they take no more than slots would.
bool DistinctSet::lay_out(const CloseRange &range) {
  constexpr std::uint64_t few_bits = 65'536;
  constexpr std::uint64_t bits_per_value = 128;
  if (range.size() > std::max<std::uint64_t>(few_bits, size_ * bits_per_value)) {
    return false;
  }
  range_ = range;
  std::pmr::vector<std::uint64_t>(range.size() / 64 + 1, 0, env_.memory).swap(bits_);
  return true;
}

// For the values that wait.
bool DistinctSet::widen() {
  const CloseRange before = range_;
  Spread spread = before.spread();
  bool wider = false;
  for (const Pending &value : pending_) {
    if (!before.holds(value.word)) {
      spread.add(value.word);
      wider = true;
    }
  }
  if (!wider) {
    return true;
  }
  std::pmr::vector<std::uint64_t> set(env_.memory);
  set.swap(bits_);
  if (!lay_out(CloseRange(spread).with_room(before))) {
    set.swap(bits_);
    return false;
  }
  each_close(before, set, [&](std::int64_t word) { set_bit(range_.place(word)); });
  return true;
}

void DistinctSet::become_close() {
  Spread spread;
  for (const Slot &slot : slots_) {
    if (slot.group != nullptr) {
      spread.add(slot.word);
    }
  }
  if (!lay_out(CloseRange(spread))) {
    return;
  }
  for (const Slot &slot : slots_) {
    if (slot.group != nullptr) {
      set_bit(range_.place(slot.word));
    }
  }
  std::pmr::vector<Slot>(env_.memory).swap(slots_);
}

void DistinctSet::become_hashed() {
  std::pmr::vector<std::uint64_t> set(env_.memory);
  set.swap(bits_);
  const std::size_t values = size_;
  size_ = 0;
  make_room(values);
  each_close(range_, set, [&](std::int64_t word) {
    insert({group_, word, slot_hash(group_, hash_of(word))});
  });
  range_ = {};
  for (Pending &value : pending_) {
    value.hash = slot_hash(value.group, hash_of(value.word));
  }
}

void DistinctSet::add_close(const Aggregate &aggregate) noexcept {
  std::size_t added = 0;
  for (const Pending &value : pending_) {
    added += set_bit(range_.place(value.word)) ? 1 : 0;
  }
  size_ += added;
  count_of(group_, aggregate).count += static_cast<std::int64_t>(added);
}

void DistinctSet::add(const Aggregate &aggregate, const Column &column, std::size_t rows,
                      char *const *states, bool single, const std::uint8_t *passes) {
  const std::string_view *texts = column.bytes;
  bytes_ = texts != nullptr;
  group_ = single ? states[0] : nullptr;
  if (texts != nullptr) {
    hashes_.resize(rows);
    for (std::size_t row = 0; row < rows; ++row) {
      hashes_[row] = column.is_null(row) ? 0 : hash64(texts[row]);
    }
    dictionary_.fetch(hashes_);
  }
  pending_.clear();
  for (std::size_t row = 0; row < rows; ++row) {
    if (column.is_null(row) || (passes != nullptr && passes[row] == 0)) {
      continue;
    }
    char *group = states[single ? 0 : row];
    std::int64_t word = 0;
    std::uint64_t hash = 0;
    if (texts != nullptr) {
      hash = hashes_[row];
      if (!is_in(hash)) {
        continue;
      }
      word = dictionary_.number_of(texts[row], hash);
    } else {
      word = aggregate.is_float ? float_order(as_double(column.words[row])) : column.words[row];
      hash = is_close() ? 0 : hash64(static_cast<std::uint64_t>(word));
      if (!is_in(hash)) {
        continue;
      }
    }
    pending_.push_back({group, word, is_close() ? 0 : slot_hash(group, hash)});
  }
  // In parts it is the values that are in this one, which do not lie close.
  if (single && part_.bits == 0) {
    if (!is_close() && (size_ + pending_.size()) * 2 > slots_.size()) {
      become_close();
    }
    if (is_close() && widen()) {
      add_close(aggregate);
      return;
    }
  }
  if (is_close()) {
    become_hashed();
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

void DistinctSet::order() {
  ordered_ = true;
  if (as_bits()) {
    return;
  }
  if (is_close()) {
    slots_.reserve(size_);
    each_close(range_, bits_, [&](std::int64_t word) { slots_.push_back({group_, word}); });
    return;
  }
  const auto end = std::remove_if(slots_.begin(), slots_.end(),
                                  [](const Slot &slot) { return slot.group == nullptr; });
  slots_.erase(end, slots_.end());
  const auto before = [](const Slot &a, const Slot &b) {
    return std::less<const char *>()(a.group, b.group);
  };
  // Without keys there is one group.
  if (!std::is_sorted(slots_.begin(), slots_.end(), before)) {
    std::sort(slots_.begin(), slots_.end(), before);
  }
}

std::span<const DistinctSet::Slot> DistinctSet::values(const char *group) const noexcept {
  const std::less<const char *> less;
  const auto from = std::lower_bound(
      slots_.begin(), slots_.end(), group,
      [less](const Slot &slot, const char *wanted) { return less(slot.group, wanted); });
  const auto to =
      std::upper_bound(from, slots_.end(), group, [less](const char *wanted, const Slot &slot) {
        return less(wanted, slot.group);
      });
  return {from, to};
}

void DistinctSet::begin(Part part) {
  part_ = part;
  size_ = 0;
  std::pmr::vector<Slot>(env_.memory).swap(slots_);
  std::pmr::vector<std::uint64_t>(env_.memory).swap(bits_);
  range_ = {};
  dictionary_.clear();
}

void DistinctSet::narrow(Part part, const Aggregate &aggregate) {
  std::pmr::vector<Slot> before(env_.memory);
  before.swap(slots_);
  std::pmr::vector<std::uint64_t> set(env_.memory);
  set.swap(bits_);
  const CloseRange range = range_;
  range_ = {};
  Dictionary texts(env_);
  std::swap(texts, dictionary_);
  part_ = part;
  size_ = 0;
  const auto each = [&](auto &&take) {
    const auto take_hashed = [&](char *group, std::int64_t word) {
      take(group, word,
           bytes_ ? hash64(texts.text(word)) : hash64(static_cast<std::uint64_t>(word)));
    };
    for (const Slot &slot : before) {
      if (slot.group != nullptr) {
        take_hashed(slot.group, slot.word);
      }
    }
    each_close(range, set, [&](std::int64_t word) { take_hashed(group_, word); });
  };
  std::size_t kept = 0;
  each([&](char *, std::int64_t, std::uint64_t hash) { kept += is_in(hash) ? 1 : 0; });
  make_room(kept);
  each([&](char *group, std::int64_t word, std::uint64_t hash) {
    if (!is_in(hash)) {
      --count_of(group, aggregate).count;
      return;
    }
    const std::int64_t own = bytes_ ? dictionary_.number_of(texts.text(word), hash) : word;
    insert({group, own, slot_hash(group, hash)});
  });
  texts.clear();
}

} // namespace starhouse::scan
