// What a map keeps for a key: nothing (a set), a count, or a sum of one of two kinds. A value knows
// how to take in another one of its kind, and its stored form (any Out of ByteWriter, ByteCounter).
//
//   Nothing   no bytes
//   Count     varint
//   Decimal   u8 head (scale 0..38; 64: wide; 128: not finite), then zigzag digits, or i64 high and
//             u64 low of wide ones, or u8 flags
//   Real      f64 high, f64 low
#pragma once

#include "core/bytes.hpp"
#include "core/error.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace starhouse::exact {

struct Nothing {
  static constexpr std::size_t least_bytes = 0;
  void add(const Nothing &) noexcept {}
  template <class Out>
  void encode(Out &) const noexcept {}
  static Nothing decode(ByteReader &) noexcept { return {}; }
  friend bool operator==(const Nothing &, const Nothing &) noexcept = default;
};

struct Count {
  static constexpr std::size_t least_bytes = 1;
  std::int64_t number = 0; // never negative

  void add(const Count &other) {
    if (__builtin_add_overflow(number, other.number, &number)) {
      refuse();
    }
  }
  template <class Out>
  void encode(Out &out) const {
    out.varint(static_cast<std::uint64_t>(number));
  }
  static Count decode(ByteReader &in) {
    const std::uint64_t number = in.varint();
    in.require(number > 0 && number <= INT64_MAX, "a count is out of range");
    return {static_cast<std::int64_t>(number)};
  }

private:
  [[noreturn]] static void refuse();
};

// An exact sum of integers and decimal fractions: digits / 10^scale, the scale being the largest of
// all that was added, as that of the server's sum() is. The sum may have 38 digits (22003 beyond);
// what happens on the way does not matter unless 128 bits overflow.
struct Decimal {
  static constexpr std::size_t least_bytes = 2;
  static constexpr unsigned most_scale = 38;
  enum Flag : std::uint8_t { plus_infinity = 1, minus_infinity = 2, not_a_number = 4 };

  __extension__ using Digits = __int128;

  Decimal() noexcept = default;
  explicit Decimal(std::int64_t number) noexcept
      : high_(number >> 63), low_(static_cast<std::uint64_t>(number)) {}
  // scale up to most_scale.
  Decimal(Digits digits, unsigned scale) noexcept
      : high_(static_cast<std::int64_t>(digits >> 64)), low_(static_cast<std::uint64_t>(digits)),
        scale_(static_cast<std::uint8_t>(scale)) {}
  explicit Decimal(Flag flag) noexcept : flags_(flag) {}

  void add(const Decimal &other) {
    if ((scale_ ^ other.scale_) | flags_ | other.flags_) [[unlikely]] {
      add_other_form(other);
      return;
    }
    set(plus(digits(), other.digits()));
  }

  Digits digits() const noexcept {
    return static_cast<Digits>(
        static_cast<unsigned __int128>(static_cast<std::uint64_t>(high_)) << 64U | low_);
  }
  unsigned scale() const noexcept { return scale_; }
  bool is_finite() const noexcept { return flags_ == 0; }

  // As the server writes a numeric: "-12.50", "NaN", "Infinity".
  std::string text() const;
  // Whole and within bigint, or an Error (22003, or 22023 for digits after the point).
  std::int64_t whole() const;
  double approximate() const;

  template <class Out>
  void encode(Out &out) const {
    if (flags_ != 0) {
      out.put(static_cast<std::uint8_t>(scale_ | 128U));
      out.put(flags_);
    } else if (high_ == static_cast<std::int64_t>(low_) >> 63) {
      out.put(scale_);
      out.zigzag(static_cast<std::int64_t>(low_));
    } else {
      out.put(static_cast<std::uint8_t>(scale_ | 64U));
      out.put(high_);
      out.put(low_);
    }
  }
  static Decimal decode(ByteReader &in);

private:
  static Digits plus(Digits a, Digits b) {
    Digits sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) {
      refuse();
    }
    return sum;
  }
  void set(Digits digits) noexcept {
    high_ = static_cast<std::int64_t>(digits >> 64);
    low_ = static_cast<std::uint64_t>(digits);
  }
  void add_other_form(const Decimal &other);
  [[noreturn]] static void refuse();

  // Two halves, since a 128-bit number would ask for an alignment that the server's memory lacks.
  std::int64_t high_ = 0;
  std::uint64_t low_ = 0;
  std::uint8_t scale_ = 0;
  std::uint8_t flags_ = 0; // of Flag; a sum that is not finite has no digits
};

// A sum of float8 in double-double arithmetic (T. J. Dekker, 1971): the result differs from the
// exact sum by about 2^-104 of the sum of absolute values, so order and splits show in the last bit
// of a float8 at most, unless terms cancel out by more than ten to the fifteenth.
struct Real {
  static constexpr std::size_t least_bytes = 16;
  double high = 0;
  double low = 0;

  void add(const Real &other) {
    const double sum = high + other.high;
    if (!std::isfinite(sum)) [[unlikely]] {
      add_not_finite(other, sum);
      return;
    }
    const double taken = sum - high;
    const double error = (high - (sum - taken)) + (other.high - taken);
    const double rest = low + other.low + error;
    high = sum + rest;
    low = rest - (high - sum);
  }
  double sum() const noexcept { return high; }

  template <class Out>
  void encode(Out &out) const {
    out.put(high);
    out.put(low);
  }
  static Real decode(ByteReader &in) {
    Real real;
    real.high = in.get<double>();
    real.low = in.get<double>();
    in.require(std::isfinite(real.high) ? real.high + real.low == real.high : real.low == 0,
               "the low part of a sum is not low");
    return real;
  }

private:
  void add_not_finite(const Real &other, double sum);
};

} // namespace starhouse::exact
