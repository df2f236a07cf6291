// Percentiles of float8 values with a bound on their relative error, whatever the distribution.
//
// A DDSketch (C. Masson, J. E. Rim, H. K. Lee, PVLDB 12, 2019): counts in buckets of equal relative
// width (core/sketch/log_index.hpp). When more than `most_buckets` of them hold something, each is
// put together with its neighbour until they do not (UDDSketch, I. Epicoco et al., IEEE Access 8,
// 2020). Which level that ends at is a function of the set of values alone, so the sketch is a
// function of the values: neither their order nor how they were split into merged sketches makes
// any difference, to the last bit.
//
// Error law: value(p) differs by at most `relative_error` from the value that percentile_disc(p)
// gives, and never leaves the range of the values, whose ends are exact. 40 / relative_error
// buckets (4,000 for 1 %) cover values from x to e^80 x = 10^34 x without any being put together,
// and more where there are gaps between them; past that the error grows to what error() says.
//
// Zero (-0 too), the infinities and NaN have buckets of their own, exact; negative values mirror
// the positive ones. The order is that of the server: NaN above infinity.
//
// A value is one 4-byte key: its bucket, signed. The latest 512 keys wait in a buffer, for what a
// group of few rows touches then is the end of one small array, and a group of many has its counts
// in the cache when they are counted.
//
// Stored form (version 1, after the header of all states): f64 relative error, u8 level, varint
// asked and as many f64 (NaN: NULL), varint buckets; with buckets: f64 least, f64 greatest value
// (NaN apart; both 0 if there is none else), then for each bucket varint key minus the one before
// (the first: zigzag) and varint count.
#pragma once

#include "core/sketch/log_index.hpp"
#include "core/state.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <span>
#include <vector>

namespace starhouse::sketch {

class Percentile {
public:
  static constexpr StateFormat format{"percentile_sketch", StateKind::percentile_sketch, 1};
  static constexpr double default_error = 0.01;

  explicit Percentile(const Env &env)
      : buffer_(env.memory), buckets_(env.memory), asked_(env.memory) {}

  // Before anything is added: Error 22023 for an error out of range, or another than before.
  void set_error(double relative_error) {
    if (relative_error != error_) {
      choose_error(relative_error);
    }
  }

  // What one-step aggregates are asked for, kept with the values: each 0 to 1, or NaN for NULL,
  // else Error 22003; 22023 for others than before.
  void ask(std::span<const double> percentiles);
  std::span<const double> asked() const noexcept {
    return std::isnan(asked_alone_) ? std::span<const double>(asked_) : std::span(&asked_alone_, 1);
  }
  bool is_asked(double p) const noexcept { return asked_alone_ == p; } // this one and no other

  // A value, the one percentile asked for with it or no_percentile (NaN), and the error wanted.
  struct Row {
    double value;
    double percentile;
    double relative_error;
  };
  static constexpr double no_percentile = std::numeric_limits<double>::quiet_NaN();

  // What most rows are: false, and nothing done, where it takes memory or is not as before.
  bool add_at_once(const Row &row) noexcept {
    return is_of(row.relative_error) && (std::isnan(row.percentile) || is_asked(row.percentile)) &&
           add_quickly(row.value);
  }
  void add(const Row &row) {
    if (!add_at_once(row)) {
      set_error(row.relative_error);
      if (!std::isnan(row.percentile)) {
        ask({&row.percentile, 1});
      }
      add(row.value);
    }
  }
  // Begins to fetch what add() writes to beside this object.
  void fetch(const Row &) const noexcept { __builtin_prefetch(buffer_.data() + buffered_, 1); }

  // False, and nothing is added, where there is no room: then add() does.
  bool add_quickly(double value) noexcept {
    if (buffered_ == capacity_) [[unlikely]] {
      return false;
    }
    note(value);
    buffer_[buffered_++] = key_of(value);
    return true;
  }
  void add(double value) {
    if (!add_quickly(value)) {
      make_room();
      add_quickly(value);
    }
  }
  bool is_of(double relative_error) const noexcept { return relative_error == error_; }

  void merge(const Percentile &other);

  std::uint64_t count() const noexcept { return counted_ + buffered_; }
  // The value at rank ceil(p * count), at least 1; of no values NaN. 0 <= p <= 1.
  double value(double p) const;
  // The same of each (NaN: NaN); `values` is as long.
  void values(std::span<const double> percentiles, std::span<double> values) const;
  // The share of values that are not greater, 0 to 1; values in the same bucket count as equal.
  double rank(double value) const;

  double relative_error() const noexcept { return error_; } // as chosen
  double error() const;                                     // as it is
  std::size_t bucket_count() const;
  std::size_t most_buckets() const noexcept { return static_cast<std::size_t>(40 / error_); }

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

  struct Bucket {
    std::int32_t key;
    std::uint64_t count;
  };

private:
  static constexpr std::uint32_t most_buffered = 512;
  static constexpr std::int32_t bias = LogIndex::limit;
  static constexpr std::int32_t nan_key = std::numeric_limits<std::int32_t>::max();
  static constexpr std::int32_t infinity_key = nan_key - 1;

  std::int32_t key_of(double value) const noexcept {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const std::uint64_t magnitude = bits & ~(std::uint64_t{1} << 63U);
    if (magnitude - 1 >= (std::uint64_t{0x7FF} << 52U) - 1) [[unlikely]] {
      return special_key(value);
    }
    const std::int32_t key = index_(magnitude, level_) + bias;
    return (bits >> 63U) != 0 ? -key : key;
  }
  static std::int32_t special_key(double value) noexcept;
  static std::int32_t collapsed(std::int32_t key) noexcept;
  static bool is_finite_key(std::int32_t key) noexcept {
    return key != 0 && key != nan_key && key != infinity_key && key != -infinity_key;
  }

  void note(double value) noexcept { // NaN is neither
    if (value < least_) [[unlikely]] {
      least_ = value;
    }
    if (value > greatest_) [[unlikely]] {
      greatest_ = value;
    }
  }
  double value_of(std::int32_t key) const noexcept;
  void choose_error(double relative_error);
  void make_room();
  // Counts what waits in the buffer. The sketch is the same before and after.
  void flush() const;
  void collapse_to(unsigned level) const;
  std::pmr::vector<Bucket> sorted() const;

  // Buckets by key: open addressing with linear probing, at most half full.
  class Buckets {
  public:
    explicit Buckets(std::pmr::memory_resource *memory) : places_(memory) {}
    void add(std::int32_t key, std::uint64_t count);
    std::size_t size() const noexcept { return size_; }
    template <class Use>
    void each(Use use) const {
      for (const Bucket &place : places_) {
        if (place.count != 0) {
          use(place.key, place.count);
        }
      }
    }
    std::pmr::memory_resource *memory() const { return places_.get_allocator().resource(); }
    void swap(Buckets &other) noexcept {
      places_.swap(other.places_);
      std::swap(size_, other.size_);
      std::swap(shift_, other.shift_);
    }

  private:
    Bucket &place_of(std::int32_t key) noexcept;
    void grow();
    std::pmr::vector<Bucket> places_; // a power of two; free where the count is 0
    std::uint32_t size_ = 0;
    unsigned shift_ = 32;
  };

  // First what each row touches, 64 bytes: groups come by the ten thousand.
  double least_ = std::numeric_limits<double>::infinity();
  double greatest_ = -std::numeric_limits<double>::infinity();
  mutable std::uint16_t buffered_ = 0;
  std::uint16_t capacity_ = 0; // of the buffer
  mutable unsigned level_ = 0;
  LogIndex index_{default_error};
  double error_ = default_error;
  double asked_alone_ = std::numeric_limits<double>::quiet_NaN();
  mutable std::pmr::vector<std::int32_t> buffer_;
  mutable std::uint64_t counted_ = 0; // in buckets_
  mutable Buckets buckets_;
  std::pmr::vector<double> asked_; // unless one alone
};

} // namespace starhouse::sketch
