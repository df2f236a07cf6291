// Random numbers that are the same on every machine: xoshiro256** (Blackman and Vigna, "Scrambled
// linear pseudorandom number generators", 2018) seeded through SplitMix64, and the few
// distributions the generators need, in whole numbers only. Nothing here touches floating point,
// because libm's last digit and the compiler's fused multiply-add differ between machines.
//
// One seed makes many independent streams, named by purpose and index: what one part draws moves no
// other part, so adding a draw to the promotions does not change the customers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace starhouse::generate {

inline constexpr std::uint32_t million = 1'000'000;

class Random {
public:
  Random(std::uint64_t seed, std::uint64_t purpose, std::uint64_t index = 0) noexcept {
    std::uint64_t state = seed;
    state = mix(state) ^ (purpose * 0x9E3779B97F4A7C15U);
    state = mix(state) ^ (index * 0xD1B54A32D192ED03U);
    for (std::uint64_t &word : state_) {
      word = mix(state);
    }
  }

  std::uint64_t next() noexcept {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  // 0 .. n-1; n > 0. Multiply and shift: the bias is below n / 2^32.
  std::uint32_t below(std::uint32_t n) noexcept {
    return static_cast<std::uint32_t>(((next() >> 32) * n) >> 32);
  }

  // from .. to, both included.
  std::int32_t between(std::int32_t from, std::int32_t to) noexcept {
    return from + static_cast<std::int32_t>(below(static_cast<std::uint32_t>(to - from) + 1));
  }

  // True in `parts_per_million` of the calls.
  bool chance(std::uint32_t parts_per_million) noexcept {
    return below(million) < parts_per_million;
  }

  // 0 .. n-1, crowded towards 0: the cumulative share of rank r is sqrt(r/n), so the first tenth
  // gets a third of all draws.
  std::uint32_t skewed_below(std::uint32_t n) noexcept {
    const std::uint64_t u = next() >> 32;
    return static_cast<std::uint32_t>((((u * u) >> 32) * n) >> 32);
  }

  // A count whose mean is `mean_milli` / 1000 and whose variance is about its mean: 64 coin flips
  // for small means, a sum of twelve uniforms (Irwin-Hall) for large ones. mean_milli < 2^42.
  std::uint64_t count(std::uint64_t mean_milli) noexcept;

private:
  static constexpr std::uint64_t rotate(std::uint64_t x, int k) noexcept {
    return (x << k) | (x >> (64 - k));
  }
  // SplitMix64's step: advances the state and returns a well-mixed word.
  static constexpr std::uint64_t mix(std::uint64_t &state) noexcept {
    state += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }

  std::array<std::uint64_t, 4> state_{};
};

// Draws indexes in proportion to whole-number weights, whose sum is below 2^32.
class Weighted {
public:
  Weighted() = default;
  explicit Weighted(std::span<const std::uint32_t> weights);

  std::size_t pick(Random &random) const noexcept;

  std::uint64_t total() const noexcept { return sums_.empty() ? 0 : sums_.back(); }

private:
  std::vector<std::uint64_t> sums_;
};

} // namespace starhouse::generate
