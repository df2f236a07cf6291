#include "core/order/value_list.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace starhouse::order {

namespace {
constexpr std::size_t smallest_chunk = 128; // bytes, with what heads it
constexpr std::size_t largest_chunk = std::size_t{4} << 20U;
} // namespace

void ValueList::grow(std::size_t least) {
  if (last_ != nullptr) {
    last_->used = static_cast<std::size_t>(at_ - last_->values());
    before_ += last_->used;
  }
  const std::size_t so_far = (before_ + 2) * sizeof(Key);
  const std::size_t bytes =
      std::max(std::clamp(std::bit_ceil(so_far), smallest_chunk, largest_chunk),
               sizeof(Chunk) + least * sizeof(Key));
  auto *chunk = new (memory_->allocate(bytes, alignof(Chunk))) Chunk{nullptr, 0};
  (last_ == nullptr ? first_ : last_->next) = chunk;
  last_ = chunk;
  at_ = chunk->values();
  end_ = at_ + (bytes - sizeof(Chunk)) / sizeof(Key);
}

std::span<Key> ValueList::extend(std::size_t count) {
  if (count > static_cast<std::size_t>(end_ - at_)) {
    grow(count);
  }
  const std::span<Key> room(at_, count);
  at_ += count;
  return room;
}

void ValueList::append(const ValueList &other) {
  std::size_t left = other.size();
  other.each([&](std::span<const Key> keys) {
    while (!keys.empty()) {
      if (at_ == end_) {
        grow(std::min(left, largest_chunk / sizeof(Key)));
      }
      const std::size_t count = std::min(keys.size(), static_cast<std::size_t>(end_ - at_));
      std::memcpy(at_, keys.data(), count * sizeof(Key));
      at_ += count;
      left -= count;
      keys = keys.subspan(count);
    }
  });
}

} // namespace starhouse::order
