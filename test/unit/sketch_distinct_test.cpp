// The approximate number of distinct values: its error law, and that nothing but the set counts.
#include "core/sketch/distinct.hpp"

#include "core/scan/own_states.hpp"

#include "sketch_support.hpp"

#include <algorithm>
#include <cmath>

namespace {

using namespace starhouse::sketch;
using starhouse::hash64;

Distinct of_numbers(std::uint64_t from, std::uint64_t to) {
  Distinct sketch(test_env);
  for (std::uint64_t i = from; i < to; ++i) {
    sketch.add(hash64(i));
  }
  return sketch;
}

TEST(Distinct, SmallSetsAreExact) {
  Distinct sketch(test_env);
  EXPECT_EQ(sketch.count(), 0U);
  for (std::uint64_t i = 1; i <= Distinct::most_exact; ++i) {
    sketch.add(hash64(i));
    sketch.add(hash64(i));
    sketch.add(hash64(1 + i / 2));
    ASSERT_EQ(sketch.count(), i);
    ASSERT_TRUE(sketch.is_exact());
  }
  sketch.add(hash64(std::uint64_t{0}));
  EXPECT_FALSE(sketch.is_exact());
}

// The planner reckons with it.
TEST(Distinct, MemoryIsWhatItSaysItIs) {
  starhouse::scan::CountedMemory memory(std::pmr::new_delete_resource());
  for (const std::size_t values : {0, 1, 4, 5, 100, 400, 512, 513, 1024, 1025, 20000}) {
    const starhouse::Env env{.memory = &memory};
    Distinct sketch(env);
    for (std::uint64_t i = 0; i < values; ++i) {
      sketch.add(hash64(i + 1));
    }
    EXPECT_EQ(memory.bytes(), Distinct::memory_of(values)) << values;
  }
}

TEST(Distinct, TheHashZeroIsAValueToo) {
  Distinct sketch(test_env);
  sketch.add(0);
  sketch.add(0);
  EXPECT_EQ(sketch.count(), 1U);
  sketch.add(1);
  EXPECT_EQ(sketch.count(), 2U);
  EXPECT_EQ(restored<Distinct>(stored(sketch)).count(), 2U);
  Distinct other(test_env);
  other.merge(sketch);
  EXPECT_EQ(stored(other), stored(sketch));
}

// Mean and spread of the relative error over many sets, as they really come, at each size.
TEST(Distinct, ErrorLawOfRealSets) {
  for (const std::uint64_t size : {1025U, 1500U, 3000U, 8192U, 20'000U, 100'000U}) {
    const int sets = size > 50'000 ? 100 : 300;
    double sum = 0;
    double squares = 0;
    for (int set = 0; set < sets; ++set) {
      const std::uint64_t start = hash64(static_cast<std::uint64_t>(set), size);
      const auto count = static_cast<double>(of_numbers(start, start + size).count());
      const double error = count / static_cast<double>(size) - 1;
      sum += error;
      squares += error * error;
      EXPECT_LT(std::abs(error), 5 * Distinct::relative_error);
    }
    const double spread = std::sqrt(squares / sets);
    EXPECT_LT(std::abs(sum / sets), 4 * Distinct::relative_error / std::sqrt(sets)) << size;
    // A sample of 300 has a standard deviation within 17 % of the true one at four sigmas.
    EXPECT_LT(spread, Distinct::relative_error * (1 + 2.9 / std::sqrt(sets))) << size;
  }
}

// Sets too large to be walked: each update value of each register occurs with the probability that
// it has in a set of that size, one hash standing for all that do.
Distinct simulated(double size, std::uint64_t seed) {
  Random random(seed);
  Distinct sketch(test_env);
  for (std::uint64_t place = 0; place < Distinct::registers; ++place) {
    for (unsigned value = 1; value <= 64 - Distinct::precision; ++value) {
      const double mean = size / static_cast<double>(Distinct::registers) *
                          std::ldexp(1.0, -static_cast<int>(value));
      if (mean < 1e-7) {
        break;
      }
      if (random.unit() < -std::expm1(-mean)) {
        const unsigned bit = 64 - Distinct::precision - value;
        sketch.add(place << (64 - Distinct::precision) | std::uint64_t{1} << bit |
                   (random() & ((std::uint64_t{1} << bit) - 1)));
      }
    }
  }
  return sketch;
}

TEST(Distinct, ErrorLawUpToAThousandMillionsAndBeyond) {
  for (const double size : {1e6, 1e7, 1e8, 1e9, 1e12, 1e15}) {
    constexpr int sets = 100;
    double sum = 0;
    double squares = 0;
    for (int set = 0; set < sets; ++set) {
      const auto seed = static_cast<std::uint64_t>(set) + static_cast<std::uint64_t>(size);
      const double error = static_cast<double>(simulated(size, seed).count()) / size - 1;
      sum += error;
      squares += error * error;
    }
    const double spread = std::sqrt(squares / sets);
    EXPECT_LT(std::abs(sum / sets), 4 * Distinct::relative_error / std::sqrt(sets)) << size;
    EXPECT_LT(spread, 1.29 * Distinct::relative_error) << size;
    EXPECT_GT(spread, 0.7 * Distinct::relative_error) << size;
  }
}

TEST(Distinct, OrderRepetitionAndSplitsMakeNoDifference) {
  for (const std::uint64_t size : {0U, 1U, 700U, 1024U, 1025U, 5000U, 60'000U}) {
    const auto whole = stored(of_numbers(0, size));
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      Random random(seed + size);
      std::vector<Distinct> parts;
      for (int i = 0; i < 1 + 3 * static_cast<int>(seed); ++i) {
        parts.emplace_back(test_env);
      }
      std::vector<std::uint64_t> order;
      for (std::uint64_t i = 0; i < size; ++i) {
        order.push_back(i);
        if (random.below(3) == 0) {
          order.push_back(random.below(size));
        }
      }
      for (std::size_t i = order.size(); i > 1; --i) {
        std::swap(order[i - 1], order[random.below(i)]);
      }
      for (const std::uint64_t number : order) {
        parts[random.below(parts.size())].add(hash64(number));
      }
      Distinct merged(test_env);
      for (const Distinct &part : parts) {
        merged.merge(restored<Distinct>(stored(part)));
      }
      EXPECT_EQ(stored(merged), whole) << size;
    }
  }
}

TEST(Distinct, UnionsOverlap) {
  Distinct sketch = of_numbers(0, 100'000);
  sketch.merge(of_numbers(50'000, 150'000));
  sketch.merge(of_numbers(149'000, 149'500));
  EXPECT_EQ(stored(sketch), stored(of_numbers(0, 150'000)));
}

TEST(Distinct, DamagedBytes) {
  expect_sound_under_damage<Distinct>(stored(of_numbers(0, 300)));
  expect_sound_under_damage<Distinct>(stored(of_numbers(0, 3000)));
  // Every register full: no error, a number.
  std::vector<std::byte> full(3 + Distinct::registers, std::byte{211});
  full[0] = static_cast<std::byte>(starhouse::StateKind::distinct_sketch);
  full[1] = std::byte{1};
  full[2] = std::byte{1};
  EXPECT_GT(restored<Distinct>(full).count(), std::uint64_t{1} << 50U);
  full[100] = std::byte{212};
  EXPECT_EQ(error_code([&] { restored<Distinct>(full); }), "22P03");
  full[100] = std::byte{5}; // value 0 has occurred
  EXPECT_EQ(error_code([&] { restored<Distinct>(full); }), "22P03");
}

} // namespace
