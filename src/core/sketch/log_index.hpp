// Buckets of equal relative width for a double: the index of the bucket a value lies in, and the
// bucket's bounds.
//
// After C. Masson, J. E. Rim, H. K. Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
// Relative-Error Guarantees" (PVLDB 12, 2019), with the cubic interpolation of the logarithm that
// its authors' libraries use: between powers of two log2(1 + s) becomes 6/35 s^3 - 3/5 s^2 + 10/7
// s, whose slope is at least 0.99 of the logarithm's, so 1 % more buckets keep the same guarantee.
// All of it is in whole numbers: one value has one index on every machine.
//
// With relative error e, gamma = (1 + e) / (1 - e): a bucket's upper bound is at most gamma times
// the lower one, and the point between them that midpoint() gives is within e of all values in it.
// At level k pairs of buckets have been put together k times (I. Epicoco, C. Melle, M. Cafaro, M.
// Pulimeno, G. Morleo, "UDDSketch: Accurate Tracking of Quantiles in Data Streams", IEEE Access 8,
// 2020): gamma is squared each time.
#pragma once

#include <bit>
#include <cstdint>

namespace starhouse::sketch {

class LogIndex {
public:
  static constexpr double least_error = 1e-5;
  static constexpr double most_error = 0.5;
  // Every index is nearer to 0 than this.
  static constexpr std::int32_t limit = std::int32_t{1} << 26;

  // The error has to lie between those above.
  explicit LogIndex(double relative_error) noexcept;

  // Of the magnitude's bits: those of a positive number that is not infinite.
  std::int32_t operator()(std::uint64_t bits, unsigned level) const noexcept {
    if (bits < std::uint64_t{1} << 52U) [[unlikely]] {
      return subnormal(bits, level);
    }
    return of(static_cast<std::int64_t>(bits >> 52U) - 1023, bits & mantissa_mask, level);
  }

  // A value with the stated relative error from all in the bucket.
  double midpoint(std::int32_t index, unsigned level) const noexcept;

  static double error_at(double relative_error, unsigned level) noexcept;

private:
  static constexpr std::uint64_t mantissa_mask = (std::uint64_t{1} << 52U) - 1;

  std::int32_t of(std::int64_t exponent, std::uint64_t mantissa, unsigned level) const noexcept {
    constexpr std::int64_t a = (std::int64_t{6} << 32U) / 35;
    constexpr std::int64_t b = (std::int64_t{3} << 32U) / 5;
    constexpr std::int64_t c = (std::int64_t{10} << 32U) / 7;
    const auto s = static_cast<std::int64_t>(mantissa >> 22U); // 30 bits: no product has 64
    const std::int64_t log =
        (exponent << 32U) + ((((((a * s) >> 30U) - b) * s >> 30U) + c) * s >> 30U);
    return static_cast<std::int32_t>(static_cast<__int128>(log) * per_octave_ >> (52 + level));
  }
  std::int32_t subnormal(std::uint64_t bits, unsigned level) const noexcept;

  std::int64_t per_octave_; // buckets from a power of two to the next, in units of 2^-20
};

} // namespace starhouse::sketch
