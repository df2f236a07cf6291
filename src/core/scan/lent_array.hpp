// An array of one's own, or one that lies elsewhere and is read there: what one process has made
// and others look up in, in memory that they share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace starhouse::scan {

// What changes it is for an array of one's own alone; everything const is for either.
template <class T>
class LentArray {
public:
  static_assert(std::is_trivially_copyable_v<T>);

  explicit LentArray(std::pmr::memory_resource *memory) : own_(memory) {}

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  const T *data() const noexcept { return data_; }
  const T *begin() const noexcept { return data_; }
  const T *end() const noexcept { return data_ + size_; }
  const T &operator[](std::size_t i) const noexcept { return data_[i]; }
  const T &back() const noexcept { return data_[size_ - 1]; }
  // What it takes of one's own memory, in bytes.
  std::size_t memory() const noexcept { return own_.capacity() * sizeof(T); }

  T *data() noexcept { return own_.data(); }
  T &operator[](std::size_t i) noexcept { return own_[i]; }
  void push_back(const T &value) {
    own_.push_back(value);
    settle();
  }
  void assign(std::size_t count, const T &value) {
    own_.assign(count, value);
    settle();
  }
  void reserve(std::size_t count) {
    own_.reserve(count);
    settle();
  }
  void clear() noexcept {
    own_.clear();
    settle();
  }
  void give_back() noexcept {
    std::pmr::vector<T>(own_.get_allocator()).swap(own_);
    settle();
  }
  // Both of the same memory.
  void swap(LentArray &other) noexcept {
    own_.swap(other.own_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  // It is these from now on, which have to stay where they are.
  void lend(std::span<const T> values) noexcept {
    give_back();
    data_ = values.data();
    size_ = values.size();
  }

private:
  void settle() noexcept {
    data_ = own_.data();
    size_ = own_.size();
  }

  std::pmr::vector<T> own_;
  const T *data_ = nullptr;
  std::size_t size_ = 0;
};

// Arrays one behind the other, each behind its size and aligned to eight bytes. The reader is the
// same program and trusts them.
class ImageWriter {
public:
  // Null: nothing is written, for the size alone.
  explicit ImageWriter(char *to) noexcept : to_(to) {}

  template <class T>
  void put(std::span<const T> values) noexcept {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= alignment);
    const std::uint64_t count = values.size();
    put_bytes(&count, sizeof count);
    put_bytes(values.data(), values.size_bytes());
  }
  template <class T>
  void put_value(const T &value) noexcept {
    put(std::span<const T>{&value, 1});
  }
  void put(std::string_view text) noexcept { put(std::span<const char>{text.data(), text.size()}); }

  std::size_t size() const noexcept { return size_; }

private:
  static constexpr std::size_t alignment = 8;

  void put_bytes(const void *bytes, std::size_t size) noexcept {
    if (to_ != nullptr && size > 0) {
      std::memcpy(to_ + size_, bytes, size);
    }
    size_ += (size + alignment - 1) / alignment * alignment;
  }

  char *to_;
  std::size_t size_ = 0;
};

class ImageReader {
public:
  explicit ImageReader(const char *from) noexcept : from_(from) {}

  template <class T>
  std::span<const T> array() noexcept {
    std::uint64_t count = 0;
    std::memcpy(&count, from_, sizeof count);
    const auto *values = reinterpret_cast<const T *>(from_ + sizeof count);
    from_ += sizeof count + (count * sizeof(T) + alignment - 1) / alignment * alignment;
    return {values, static_cast<std::size_t>(count)};
  }
  template <class T>
  T value() noexcept {
    return array<T>().front();
  }

private:
  static constexpr std::size_t alignment = 8;

  const char *from_;
};

} // namespace starhouse::scan
