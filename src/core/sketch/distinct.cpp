#include "core/sketch/distinct.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace starhouse::sketch {

namespace {

// 4 * u + b has the pattern 1bb of occurrences at u, u - 1, u - 2.
unsigned pattern(unsigned held) noexcept {
  return held == 0 ? 0 : 4U | (held & 3U);
}

constexpr std::uint8_t exact_form = 0;
constexpr std::uint8_t dense_form = 1;

} // namespace

std::uint8_t Distinct::with(unsigned held, unsigned value) noexcept {
  const unsigned largest = held >> 2U;
  if (value > largest) {
    const unsigned step = value - largest;
    return static_cast<std::uint8_t>(4 * value + (step < 3 ? pattern(held) >> step : 0));
  }
  // One or two below the largest: their bits are 2 and 1. The largest itself has been seen.
  return static_cast<std::uint8_t>(held | (4U >> (largest - value) & 3U));
}

std::uint8_t Distinct::joined(unsigned one, unsigned other) noexcept {
  if (one < other) {
    std::swap(one, other);
  }
  const unsigned step = (one >> 2U) - (other >> 2U);
  return static_cast<std::uint8_t>(one | (step < 3 ? pattern(other) >> step & 3U : 0));
}

bool Distinct::insert(std::uint64_t hash) noexcept {
  const std::size_t mask = places_.size() - 1;
  // The first bits choose a register later; any bits do here.
  std::size_t at = hash & mask;
  while (places_[at] != 0) {
    if (places_[at] == hash) {
      return false;
    }
    at = (at + 1) & mask;
  }
  places_[at] = hash;
  return true;
}

void Distinct::grow() {
  std::pmr::vector<std::uint64_t> old(std::max(least_places, 2 * places_.size()), 0,
                                      places_.get_allocator());
  old.swap(places_);
  for (const std::uint64_t hash : old) {
    if (hash != 0) {
      insert(hash);
    }
  }
}

void Distinct::add_exact(std::uint64_t hash) {
  if (hash == 0) {
    if (has_zero_) {
      return;
    }
    has_zero_ = true;
  } else {
    if (2 * (std::size_t{size_} + 1) > places_.size()) {
      grow();
    }
    if (!insert(hash)) {
      return;
    }
    ++size_;
  }
  if (size_ + (has_zero_ ? 1 : 0) > most_exact) {
    become_dense();
  }
}

template <class Use>
void Distinct::each_exact(Use use) const {
  if (has_zero_) {
    use(std::uint64_t{0});
  }
  for (const std::uint64_t hash : places_) {
    if (hash != 0) {
      use(hash);
    }
  }
}

void Distinct::become_dense() {
  registers_.resize(registers);
  is_exact_ = false;
  each_exact([&](std::uint64_t hash) { add_dense(hash); });
  std::pmr::vector<std::uint64_t>(places_.get_allocator()).swap(places_);
  size_ = 0;
  has_zero_ = false;
}

void Distinct::merge(const Distinct &other) {
  if (other.is_exact()) {
    other.each_exact([&](std::uint64_t hash) { add(hash); });
    return;
  }
  if (is_exact()) {
    become_dense();
  }
  for (std::size_t i = 0; i < registers; ++i) {
    registers_[i] = joined(registers_[i], other.registers_[i]);
  }
}

std::uint64_t Distinct::count() const noexcept {
  if (is_exact()) {
    return size_ + (has_zero_ ? 1 : 0);
  }
  return static_cast<std::uint64_t>(std::llround(estimate()));
}

// With N values the number of times a register gets update value k is close to Poisson with mean
// x * 2^-k, x = N / registers (2^-(last_value - 1) for the last). So the logarithm of the
// likelihood is
//
//   -x * absent + sum over k of seen[k] * log(1 - e^(-x * 2^-k))
//
// where `absent` adds up the 2^-k of all values known not to have occurred. Its maximum is where
// sum(seen[k] * 2^-k / (e^(x * 2^-k) - 1)) = absent: a falling convex function of x, so Newton's
// steps from below its zero never overshoot.
double Distinct::estimate() const noexcept {
  std::array<std::uint32_t, 256> histogram{};
  for (const std::uint8_t held : registers_) {
    ++histogram[held];
  }
  const auto chance = [](unsigned value) {
    return std::ldexp(1.0, -static_cast<int>(std::min(value, last_value - 1)));
  };
  std::array<double, last_value + 1> seen{};
  double absent = histogram[0];
  for (unsigned held = 4; held <= 4 * last_value + 3; ++held) {
    const double times = histogram[held];
    const unsigned largest = held >> 2U;
    if (times == 0) {
      continue;
    }
    seen[largest] += times;
    absent += largest == last_value ? 0 : times * chance(largest); // all those above
    for (unsigned below = 1; below <= 2 && below < largest; ++below) {
      if ((held & (4U >> below)) != 0) {
        seen[largest - below] += times;
      } else {
        absent += times * chance(largest - below);
      }
    }
  }
  double all = 0;
  double weight = 0;
  for (unsigned value = 1; value <= last_value; ++value) {
    all += seen[value];
    weight += seen[value] * chance(value);
  }
  // 1 / (e^y - 1) > 1 / y - 1 / 2. All registers full to the brim would have no maximum.
  absent = std::max(absent, 1e-18);
  double x = all / (absent + weight / 2);
  for (int round = 0; round < 100; ++round) {
    double value = -absent;
    double slope = 0;
    for (unsigned k = 1; k <= last_value; ++k) {
      if (seen[k] != 0) {
        const double c = chance(k);
        const double e = std::expm1(x * c);
        const double term = seen[k] * c / e;
        value += term;
        slope -= term * c * (1 + 1 / e);
      }
    }
    const double step = -value / slope;
    x += step;
    if (!(step > x * 1e-14)) {
      break;
    }
  }
  // The estimate's first-order bias for registers of this kind (Ertl, table 2).
  constexpr double bias = 0.48147376527720065;
  const double size = registers;
  return size * x / (1 + bias / size);
}

std::size_t Distinct::encoded_size() const noexcept {
  const std::uint64_t hashes = is_exact() ? count() : 0;
  return 1 + (is_exact() ? ByteWriter::varint_size(hashes) + 8 * hashes : registers);
}

void Distinct::encode(ByteWriter &out) const {
  if (!is_exact()) {
    out.put(dense_form);
    out.put(std::as_bytes(std::span(registers_)));
    return;
  }
  std::pmr::vector<std::uint64_t> sorted(places_.get_allocator());
  sorted.reserve(count());
  each_exact([&](std::uint64_t hash) { sorted.push_back(hash); });
  std::sort(sorted.begin(), sorted.end());
  out.put(exact_form);
  out.varint(sorted.size());
  for (const std::uint64_t hash : sorted) {
    out.put(hash);
  }
}

void Distinct::decode(ByteReader &in, std::uint8_t /*version*/) {
  const auto form = in.get<std::uint8_t>();
  in.require(form <= dense_form, "its form is not known");
  if (form == exact_form) {
    const std::size_t size = in.count(sizeof(std::uint64_t), most_exact);
    std::uint64_t previous = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const auto hash = in.get<std::uint64_t>();
      in.require(i == 0 || hash > previous, "its hashes are not in order");
      add_exact(hash);
      previous = hash;
    }
    return;
  }
  const Bytes bytes = in.take(registers);
  registers_.reserve(registers);
  is_exact_ = false;
  for (const std::byte byte : bytes) {
    const auto held = static_cast<unsigned>(byte);
    const unsigned largest = held >> 2U;
    // Nothing has occurred below the first update value.
    in.require(held == 0 || (largest >= 1 && largest <= last_value &&
                             (largest > 2 || (held & (largest == 1 ? 3U : 1U)) == 0)),
               "a register is out of range");
    registers_.push_back(static_cast<std::uint8_t>(held));
  }
}

} // namespace starhouse::sketch
