// A map from the numbers of one range to values: a bit for each number says whether it is there,
// its value, if values have a size, lies in an array.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <type_traits>
#include <vector>

namespace starhouse::exact {

template <class Value>
class NumberRange {
public:
  explicit NumberRange(std::pmr::memory_resource *memory) : bits_(memory), values_(memory) {}

  bool empty() const noexcept { return bits_.empty(); }
  std::size_t size() const noexcept { return size_; }

  // For numbers from `first` to `last`; false, and nothing done, where that takes more than
  // `most_bytes`.
  bool make(std::uint64_t first, std::uint64_t last, std::size_t most_bytes) {
    const std::uint64_t words = last / 64 - first / 64 + 1;
    if (words > most_bytes / bytes_per_word) {
      return false;
    }
    base_ = first / 64 * 64;
    Bits bits(static_cast<std::size_t>(words), bits_.get_allocator());
    if constexpr (has_values) {
      Values(static_cast<std::size_t>(words) * 64, values_.get_allocator()).swap(values_);
    }
    bits_.swap(bits);
    size_ = 0;
    return true;
  }

  // Wider by half at least, in the direction of `key`; false, and nothing done, as make().
  bool widen(std::uint64_t key, std::size_t most_bytes) {
    const std::uint64_t first = base_ / 64;
    const std::uint64_t last = first + bits_.size() - 1;
    const std::uint64_t more = bits_.size() / 2 + 1;
    NumberRange wider(bits_.get_allocator().resource());
    const bool upwards = key / 64 > last;
    const std::uint64_t new_first =
        upwards ? first : std::min(key / 64, first > more ? first - more : 0);
    const std::uint64_t new_last =
        upwards ? std::max(key / 64, std::min(last + more, UINT64_MAX / 64)) : last;
    if (!wider.make(new_first * 64, new_last * 64, most_bytes)) {
      return false;
    }
    const auto shift = static_cast<std::ptrdiff_t>(first - new_first);
    std::copy(bits_.begin(), bits_.end(), wider.bits_.begin() + shift);
    if constexpr (has_values) {
      std::copy(values_.begin(), values_.end(), wider.values_.begin() + shift * 64);
    }
    bits_.swap(wider.bits_);
    values_.swap(wider.values_);
    base_ = wider.base_;
    return true;
  }

  void clear() noexcept {
    Bits(bits_.get_allocator()).swap(bits_);
    Values(values_.get_allocator()).swap(values_);
    size_ = 0;
  }

  void prefetch(std::uint64_t key) const noexcept {
    const std::uint64_t at = key - base_;
    if (at / 64 < bits_.size()) {
      __builtin_prefetch(&bits_[at / 64], 1);
      if constexpr (has_values) {
        __builtin_prefetch(&values_[at], 1);
      }
    }
  }

  // False, and nothing done, for a number outside.
  bool add(std::uint64_t key, const Value &value) {
    const std::uint64_t at = key - base_;
    if (at / 64 >= bits_.size()) {
      return false;
    }
    std::uint64_t &word = bits_[at / 64];
    const std::uint64_t there = word >> (at % 64) & 1;
    if constexpr (has_values) {
      if (there != 0) {
        values_[at].add(value);
      } else {
        values_[at] = value;
      }
    }
    word |= std::uint64_t{1} << (at % 64);
    size_ += 1 - there;
    return true;
  }

  const Value *find(std::uint64_t key) const noexcept {
    static constexpr Value nothing{};
    const std::uint64_t at = key - base_;
    if (at / 64 >= bits_.size() || (bits_[at / 64] >> (at % 64) & 1) == 0) {
      return nullptr;
    }
    if constexpr (has_values) {
      return &values_[at];
    } else {
      return &nothing;
    }
  }

  // In order.
  template <class Use>
  void each(Use use) const {
    static constexpr Value nothing{};
    for (std::size_t i = 0; i < bits_.size(); ++i) {
      for (std::uint64_t word = bits_[i]; word != 0; word &= word - 1) {
        const std::size_t at = i * 64 + static_cast<std::size_t>(std::countr_zero(word));
        if constexpr (has_values) {
          use(base_ + at, values_[at]);
        } else {
          use(base_ + at, nothing);
        }
      }
    }
  }

private:
  static constexpr bool has_values = !std::is_empty_v<Value>;
  static constexpr std::size_t bytes_per_word =
      sizeof(std::uint64_t) + (has_values ? 64 * sizeof(Value) : 0);
  using Bits = std::pmr::vector<std::uint64_t>;
  using Values = std::pmr::vector<Value>;

  std::uint64_t base_ = 0; // a multiple of 64
  Bits bits_;
  Values values_;
  std::size_t size_ = 0;
};

// For keys that are no numbers.
struct NoRange {
  explicit NoRange(std::pmr::memory_resource *) noexcept {}
  static bool empty() noexcept { return true; }
  static std::size_t size() noexcept { return 0; }
};

} // namespace starhouse::exact
