#include "core/generate/random.hpp"

#include <algorithm>

namespace starhouse::generate {

namespace {

std::uint64_t square_root(std::uint64_t value) noexcept {
  std::uint64_t result = 0;
  std::uint64_t bit = std::uint64_t{1} << 62;
  while (bit > value) {
    bit >>= 2;
  }
  while (bit != 0) {
    if (value >= result + bit) {
      value -= result + bit;
      result = (result >> 1) + bit;
    } else {
      result >>= 1;
    }
    bit >>= 2;
  }
  return result;
}

} // namespace

std::uint64_t Random::count(std::uint64_t mean_milli) noexcept {
  constexpr std::uint64_t flips = 64;
  if (mean_milli <= 16'000) {
    const auto share = static_cast<std::uint32_t>(mean_milli * 1'000 / flips);
    std::uint64_t hits = 0;
    for (std::uint64_t i = 0; i < flips; ++i) {
      hits += chance(share) ? 1 : 0;
    }
    return hits;
  }
  std::int64_t spread = -393'216; // twelve uniforms have variance 1
  for (int i = 0; i < 12; ++i) {
    spread += static_cast<std::int64_t>(next() >> 48);
  }
  const auto deviation = static_cast<std::int64_t>(square_root(mean_milli * 1'000));
  const std::int64_t milli =
      static_cast<std::int64_t>(mean_milli) + deviation * spread / 65'536 + below(1'000);
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, milli / 1'000));
}

Weighted::Weighted(std::span<const std::uint32_t> weights) {
  sums_.reserve(weights.size());
  std::uint64_t sum = 0;
  for (const std::uint32_t weight : weights) {
    sum += weight;
    sums_.push_back(sum);
  }
}

std::size_t Weighted::pick(Random &random) const noexcept {
  const std::uint64_t at = ((random.next() >> 32) * total()) >> 32;
  return static_cast<std::size_t>(std::upper_bound(sums_.begin(), sums_.end(), at) - sums_.begin());
}

} // namespace starhouse::generate
