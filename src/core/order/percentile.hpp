// States behind percentile_exact and median_exact: all values, and the fractions asked for.
//
// Fraction p of n values in order, x[0] .. x[n - 1], as in SQL's ordered-set aggregates:
//
//   continuous (percentile_cont)   r = p * (n - 1); x[floor(r)] + (r - floor(r)) * (x[ceil(r)] -
//   x[floor(r)]) discrete   (percentile_disc)   x[max(ceil(p * n), 1) - 1]: the first value whose
//   share of the rows reaches p
//
// Between two equal values there is nothing to interpolate (the server's formula makes NaN of two
// infinities), nor beside an infinity: it is the infinity; between both infinities it is NaN, or an
// error for times. NaNs come last, as in the server's order.
//
// Stored form (after the header of all states): varint one more than the fractions asked for (0:
// none yet), each f64 (NaN: one asked for as NULL); varint values, each f64 or i64. Values are
// stored in the order they came and fractions as they were first asked for: states of the same rows
// can differ in bytes, but not in their results.
#pragma once

#include "core/order/value_list.hpp"
#include "core/state.hpp"

#include <cmath>
#include <limits>
#include <memory_resource>
#include <span>
#include <vector>

namespace starhouse::order {

// Error 22003 unless it is NaN (NULL in an array) or between 0 and 1.
void check_fraction(double fraction);

// Small, since it lies beside the values of each group and is looked at with each row: both in one
// line of the cache.
class Fractions {
public:
  bool are(double fraction) const noexcept { return asked_ == 2 && only_ == fraction; }
  // Taken from the first row, the same in all others (22023).
  void adopt(std::span<const double> fractions, std::pmr::memory_resource *memory);
  // None asked for yet: no error, whatever the other.
  void merge(const Fractions &other, std::pmr::memory_resource *memory) {
    if (other.asked_ != 0) {
      adopt(other.all(), memory);
    }
  }

  std::span<const double> all() const noexcept {
    return {asked_ > 2 ? more_ : &only_, asked_ == 0 ? 0 : asked_ - 1};
  }

  std::size_t encoded_size() const noexcept;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::pmr::memory_resource *memory);

private:
  std::size_t asked_ = 0; // 0: none asked for yet; else one more than there are
  union {
    double only_ = 0;
    const double *more_; // where there are several
  };
};

// What a list of values is of: how they are stored, ordered and interpolated.
struct Floats {
  using Value = double;
  static constexpr StateFormat format{"percentile_state", StateKind::percentile, 1};
  static double value_of(Key key) noexcept { return float_of(key); }
  static double between(Key low, Key high, double share) noexcept;
};
struct Integers {
  using Value = std::int64_t;
  static constexpr StateFormat format{"percentile_bigint_state", StateKind::percentile_bigint, 1};
  static std::int64_t value_of(Key key) noexcept { return integer_of(key); }
  static double between(Key low, Key high, double share) noexcept;
};
// Microseconds, the least and greatest of 64 bits being infinite.
struct Times {
  using Value = std::int64_t;
  static constexpr StateFormat format{"percentile_time_state", StateKind::percentile_time, 1};
  static std::int64_t value_of(Key key) noexcept { return integer_of(key); }
  static std::int64_t between(Key low, Key high, double share);
};
struct Durations : Times {
  static constexpr StateFormat format{"percentile_interval_state", StateKind::percentile_interval,
                                      1};
};

template <class Numbers>
class Percentile {
public:
  using Value = typename Numbers::Value;
  using Between = decltype(Numbers::between(Key{}, Key{}, 0.0));
  static constexpr StateFormat format = Numbers::format;

  explicit Percentile(const Env &env) noexcept : values_(env) {}

  // A value, and the one fraction asked for, or no_fraction (NaN).
  struct Row {
    Value value;
    double fraction;
  };
  static constexpr double no_fraction = std::numeric_limits<double>::quiet_NaN();

  // What most rows are: false, and nothing done, where memory is wanted or the fraction is another.
  bool add_at_once(const Row &row) noexcept {
    return (std::isnan(row.fraction) || fractions_.are(row.fraction)) &&
           values_.add_at_once(key_of(row.value));
  }
  void add(const Row &row) {
    if (!add_at_once(row)) {
      std::isnan(row.fraction) ? add(row.value) : add(row.value, {&row.fraction, 1});
    }
  }
  void fetch(const Row &) const noexcept { values_.fetch(); }

  // Before the first value, or the same as then: else Error 22023.
  void ask(std::span<const double> fractions) { fractions_.adopt(fractions, values_.memory()); }
  void add(Value value) { values_.add(key_of(value)); }
  void add(Value value, std::span<const double> fractions) {
    ask(fractions);
    values_.add(key_of(value));
  }
  void merge(const Percentile &other) {
    fractions_.merge(other.fractions_, values_.memory());
    values_.append(other.values_);
  }

  std::size_t count() const noexcept { return values_.size(); }
  std::span<const double> fractions() const noexcept { return fractions_.all(); }

  // The percentile of each fraction (none of them NaN, checked), into as many `results`.
  void continuous(std::span<const double> fractions, std::span<Between> results,
                  const Env &env) const;
  void discrete(std::span<const double> fractions, std::span<Value> results, const Env &env) const;

  std::size_t encoded_size() const noexcept;
  void encode(ByteWriter &out) const;
  void decode(ByteReader &in, std::uint8_t version);

private:
  Fractions fractions_;
  ValueList values_;
};

extern template class Percentile<Floats>;
extern template class Percentile<Integers>;
extern template class Percentile<Times>;
extern template class Percentile<Durations>;

} // namespace starhouse::order
