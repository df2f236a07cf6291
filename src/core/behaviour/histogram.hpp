// Values counted by buckets: of one width (linear), of one ratio (logarithmic), or with one share
// of the values in each (QuantileHistogram).
//
//   linear       buckets 1..n of [low, high), bucket 0 below and n + 1 above; bound i is
//                low + (high - low) * i / n, and a value is in the bucket whose bounds say so
//   logarithmic  bounds 10^(i / n): n buckets in each power of ten. A value below zero is in the
//                bucket that mirrors that of its amount; zero is in one of its own.
//   quantile     exact: the values are kept, 16 bytes for each that differs, and cut; equal values
//   are never
//                cut apart, so a bucket may have more than its share, and there may be fewer of
//                them.
//
// NaN is no place on any scale: an error, and so are infinities on a logarithmic one.
//
// Stored forms (after the header of all states): Histogram u8 scale, varint buckets, then linear
// f64 low, f64 high, varint counts of buckets 0..n + 1; logarithmic varint zeros, then for values
// above and below zero varint buckets that are not empty; each: varint difference of its number to
// the one before less 1 (the first: zigzag), varint count. QuantileHistogram varint buckets, varint
// distinct values; each: varint difference of its sort key (sort_key.hpp) to the one before (the
// first: zigzag), varint count.
#pragma once

#include "core/behaviour/event_list.hpp"
#include "core/behaviour/sort_key.hpp"
#include "core/state.hpp"

namespace starhouse::behaviour {

struct HistogramScale {
  enum class Kind : std::uint8_t { none = 0, linear = 1, logarithmic = 2 };
  Kind kind = Kind::none;
  std::int32_t buckets = 0; // logarithmic: in each power of ten
  double low = 0;           // linear
  double high = 0;

  friend bool operator==(const HistogramScale &, const HistogramScale &) = default;
};

inline constexpr std::int32_t most_buckets = 10'000;
inline constexpr std::int32_t most_buckets_per_decade = 100;

struct HistogramBucket {
  std::int32_t number;
  double low;
  double high;
  std::uint64_t count;
};

class Histogram {
public:
  static constexpr StateFormat format{"histogram_state", StateKind::histogram, 1};

  explicit Histogram(const Env &env)
      : counts_(env.memory), above_(env.memory), below_(env.memory) {}

  // Errors 22023 for a scale that differs from the first one or makes no sense, 22003 for a value
  // that has no place on it.
  void add(double value, const HistogramScale &scale) { ++count_of(value, scale), ++rows_; }
  // Takes a value off again that was added.
  void remove(double value, const HistogramScale &scale) { --count_of(value, scale), --rows_; }
  void merge(const Histogram &other);

  std::uint64_t rows() const noexcept { return rows_; }
  // By place. Linear: all, also empty ones. Logarithmic: those that are not empty.
  std::pmr::vector<HistogramBucket> buckets(const Env &env) const;

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  // Counts of a stretch of bucket numbers, extended at either end as needed.
  struct Stretch {
    explicit Stretch(std::pmr::memory_resource *memory) : counts(memory) {}
    std::uint64_t &at(std::int32_t number);
    std::int32_t first = 0;
    std::pmr::vector<std::uint64_t> counts;
  };

  std::uint64_t &count_of(double value, const HistogramScale &scale) {
    if (scale != scale_) {
      adopt(scale);
    }
    if (scale_.kind == HistogramScale::Kind::linear) {
      return counts_[linear_place(value)];
    }
    return logarithmic_count(value);
  }
  void adopt(const HistogramScale &scale);
  std::size_t linear_place(double value) const;
  std::uint64_t &logarithmic_count(double value);
  double linear_bound(std::int32_t number) const noexcept;
  double logarithmic_bound(std::int32_t number) const noexcept;
  template <class Out>
  void write(Out &out) const;
  void read_stretch(ByteReader &in, Stretch &stretch);
  std::uint64_t read_count(ByteReader &in, std::uint64_t least);

  HistogramScale scale_;
  std::uint64_t rows_ = 0;
  std::pmr::vector<std::uint64_t> counts_; // linear
  // Logarithmic.
  std::uint64_t zeros_ = 0;
  Stretch above_;
  Stretch below_;
};

class QuantileHistogram {
public:
  static constexpr StateFormat format{"quantile_histogram_state", StateKind::quantile_histogram, 1};

  explicit QuantileHistogram(const Env &env) : values_(env) {}

  // Errors 22023 for a number of buckets that differs from the first one or makes no sense, 22003
  // for NaN.
  void add(double value, std::int32_t buckets);
  void merge(const QuantileHistogram &other);

  // Both bounds are values in the bucket.
  std::pmr::vector<HistogramBucket> buckets(const Env &env) const { return buckets(buckets_, env); }
  std::pmr::vector<HistogramBucket> buckets(std::int32_t buckets, const Env &env) const;

  std::size_t encoded_size() const;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  struct Value {
    std::int64_t key;
    std::uint64_t count;
    friend bool operator<(const Value &a, const Value &b) noexcept { return a.key < b.key; }
  };
  struct AddUp {
    bool operator()(Value &into, const Value &next) const noexcept {
      if (into.key != next.key) {
        return false;
      }
      into.count += next.count;
      return true;
    }
  };

  void adopt(std::int32_t buckets);
  template <class Out>
  void write(Out &out) const;

  std::int32_t buckets_ = 0; // no row yet
  EventList<Value, AddUp> values_;
};

} // namespace starhouse::behaviour
