#include "core/order/moments.hpp"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace starhouse::order;
using starhouse::Error;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <class Do>
std::string error_code(Do act) {
  try {
    act();
  } catch (const Error &error) {
    EXPECT_FALSE(error.hint().empty());
    return error.code().data();
  }
  return "none";
}

template <class State>
State through_bytes(const State &state) {
  std::vector<std::byte> bytes(starhouse::stored_size(state));
  starhouse::write_state(state, bytes);
  State read;
  starhouse::read_state(read, bytes);
  return read;
}

template <class State>
State of(const std::vector<double> &values) {
  State state;
  for (const double value : values) {
    state.add(value);
  }
  return state;
}

TEST(Sum, KeepsWhatFloatsLose) {
  EXPECT_EQ(of<Sum>({1e100, 1, -1e100}).sum(), 1);
  EXPECT_EQ(of<Sum>(std::vector<double>(10, 0.1)).sum(), 1);
  EXPECT_EQ(of<Sum>({1, 2, 6}).average(), 3);
  EXPECT_FALSE(std::signbit(of<Sum>({0.0, -0.0}).sum()));
}

TEST(Sum, SpecialValues) {
  EXPECT_EQ(of<Sum>({1, infinity}).sum(), infinity);
  EXPECT_EQ(of<Sum>({-infinity, 1}).average(), -infinity);
  EXPECT_TRUE(std::isnan(of<Sum>({infinity, -infinity}).sum()));
  EXPECT_TRUE(std::isnan(of<Sum>({infinity, nan}).sum()));
  EXPECT_EQ(error_code([] { of<Sum>({1.7e308, 1.7e308}).sum(); }), "22003");
  EXPECT_EQ(of<Sum>({1.7e308}).average(), 1.7e308);
}

// Any order and split gives the same float.
TEST(Sum, OrderDoesNotShow) {
  std::mt19937_64 random(3);
  std::vector<double> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(
        std::ldexp(static_cast<double>(random() >> 11U), static_cast<int>(random() % 60)));
  }
  const double once = of<Sum>(values).sum();
  for (int round = 0; round < 20; ++round) {
    std::shuffle(values.begin(), values.end(), random);
    std::vector<Sum> parts(7);
    for (const double value : values) {
      parts[random() % parts.size()].add(value);
    }
    Sum merged;
    for (const Sum &part : parts) {
      merged.merge(through_bytes(part));
    }
    EXPECT_EQ(merged.sum(), once);
    EXPECT_EQ(merged.rows(), 20'000);
  }
}

// A window slid over values of very different size equals the window summed alone, or says it
// cannot.
template <class State, class Value>
void slide(Value value_of, const std::vector<double> &values, std::size_t width) {
  State moving;
  std::size_t restarts = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    moving.add(values[i]);
    if (i >= width && !moving.remove(values[i - width])) {
      ++restarts;
      moving = State();
      for (std::size_t j = i + 1 - width; j <= i; ++j) {
        moving.add(values[j]);
      }
    }
    State direct;
    for (std::size_t j = i + 1 - std::min(width, i + 1); j <= i; ++j) {
      direct.add(values[j]);
    }
    const double expected = value_of(direct);
    EXPECT_NEAR(value_of(moving), expected, std::abs(expected) * 4e-16) << i;
  }
  EXPECT_LT(restarts, values.size() / 2);
}

std::vector<double> rough_values() {
  std::mt19937_64 random(8);
  std::vector<double> values;
  for (int i = 0; i < 3000; ++i) {
    const double value = 1 + static_cast<double>(random() % 1000) / 7;
    values.push_back(i % 500 == 250 ? value * 1e60 : value);
  }
  return values;
}

TEST(Sum, Slides) {
  slide<Sum>([](const Sum &sum) { return sum.sum(); }, rough_values(), 20);
}

TEST(Variance, Slides) {
  slide<Variance>([](const Variance &variance) { return variance.population(); }, rough_values(),
                  20);
}

TEST(GeometricMean, Slides) {
  slide<GeometricMean>([](const GeometricMean &mean) { return mean.mean(); }, rough_values(), 20);
}

TEST(Variance, ByHand) {
  const auto state = of<Variance>({2, 4, 4, 4, 5, 5, 7, 9});
  EXPECT_EQ(state.population(), 4);
  EXPECT_EQ(state.sample(), 32.0 / 7);
  EXPECT_EQ(state.average(), 5);
  EXPECT_EQ(of<Variance>({3}).population(), 0);
  EXPECT_EQ(of<Variance>({0.1, 0.1, 0.1}).sample(), 0);
  EXPECT_TRUE(std::isnan(of<Variance>({1, infinity}).sample()));
  EXPECT_EQ(error_code([] { of<Variance>({1e200, 1}).sample(); }), "22003");
}

// The mean may lie far from the values' spread: NIST's NumAcc4 is 1e7 away at a spread of 0.1, the
// last one here 2^40.
TEST(Variance, FarFromZero) {
  for (const double mean : {0.0, 1e7, 0x1p30, 0x1p40}) {
    Variance state;
    state.add(mean);
    for (int i = 0; i < 500; ++i) {
      state.add(mean - 0.125);
      state.add(mean + 0.125);
    }
    EXPECT_EQ(state.sample(), 1.0 / 64) << mean;
  }
}

TEST(Variance, PartsMergeToTheWhole) {
  std::mt19937_64 random(4);
  Variance whole;
  std::vector<Variance> parts(9);
  for (int i = 0; i < 10'000; ++i) {
    const double value = 1e6 + static_cast<double>(random() % 100'000) / 1000;
    whole.add(value);
    parts[random() % 8].add(value);
  }
  Variance merged;
  for (const Variance &part : parts) {
    merged.merge(through_bytes(part));
  }
  EXPECT_DOUBLE_EQ(merged.sample(), whole.sample());
  EXPECT_EQ(merged.sum(), whole.sum());
}

TEST(WeightedAverage, ByHand) {
  WeightedAverage state;
  state.add(10, 1);
  state.add(40, 2);
  EXPECT_EQ(state.average(), 30);
  EXPECT_EQ(state.weight(), 3);
  state.add(infinity, 1);
  EXPECT_EQ(state.average(), infinity);
  WeightedAverage far;
  far.add(1e300, 1e-300);
  far.add(1.7e308, 1);
  far.add(-1.7e308, 1);
  EXPECT_EQ(far.average(), 0.5);
  EXPECT_EQ(error_code([&] { far.add(1, -1); }), "22023");
  EXPECT_EQ(error_code([&] { far.add(1, nan); }), "22023");
  EXPECT_EQ(error_code([&] { far.add(1, infinity); }), "22023");
  EXPECT_EQ(far.rows(), 3);
}

TEST(GeometricMean, ByHand) {
  EXPECT_EQ(of<GeometricMean>({2, 8}).mean(), 4);
  EXPECT_EQ(of<GeometricMean>({1e308, 1e308, 1e308}).mean(), 1e308);
  EXPECT_EQ(of<GeometricMean>({5e-324, 5e-324}).mean(), 5e-324);
  EXPECT_EQ(of<GeometricMean>({1e-300, 1e300}).mean(), 1);
  EXPECT_EQ(of<GeometricMean>({0, 5}).mean(), 0);
  EXPECT_EQ(of<GeometricMean>({1, infinity}).mean(), infinity);
  EXPECT_TRUE(std::isnan(of<GeometricMean>({0, infinity}).mean()));
  EXPECT_TRUE(std::isnan(of<GeometricMean>({1, nan}).mean()));
  EXPECT_EQ(error_code([] { of<GeometricMean>({-1}); }), "22023");
}

TEST(GeometricMean, OfMany) {
  std::mt19937_64 random(6);
  GeometricMean state;
  GeometricMean half;
  long double logarithms = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double value = std::exp(static_cast<double>(random() % 2'000'000) / 1e4 - 100);
    (i % 2 == 0 ? state : half).add(value);
    logarithms += std::log(static_cast<long double>(value));
  }
  state.merge(through_bytes(half));
  EXPECT_NEAR(state.mean(), static_cast<double>(std::exp(logarithms / 100'000)), 1e-13);
}

TEST(Ratio, Counts) {
  Ratio state;
  state.add(true);
  state.add(false);
  state.add(true);
  EXPECT_TRUE(state.remove(true));
  Ratio other = through_bytes(state);
  other.merge(state);
  EXPECT_EQ(other.hits(), 2);
  EXPECT_EQ(other.rows(), 4);
}

} // namespace
