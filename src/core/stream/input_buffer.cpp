#include "core/stream/csv_reader.hpp"

#include <algorithm>
#include <cstring>

namespace starhouse::stream {

void InputBuffer::append(std::size_t keep_from, std::string_view chunk) {
  const std::size_t kept = size_ - keep_from;
  const std::size_t need = kept + chunk.size() + padding;
  if (need > capacity_) {
    const std::size_t capacity = std::max(need, capacity_ * 2);
    auto bytes = std::make_unique<char[]>(capacity);
    if (kept > 0) {
      std::memcpy(bytes.get(), bytes_.get() + keep_from, kept);
    }
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  } else if (keep_from > 0 && kept > 0) {
    std::memmove(bytes_.get(), bytes_.get() + keep_from, kept);
  }
  if (!chunk.empty()) {
    std::memcpy(bytes_.get() + kept, chunk.data(), chunk.size());
  }
  size_ = kept + chunk.size();
  // Scanners load whole blocks: what they see past the end is defined, and special to none.
  std::memset(bytes_.get() + size_, 0, padding);
}

} // namespace starhouse::stream
