#include "core/order/percentile.hpp"
#include "core/order/selection.hpp"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <memory_resource>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace starhouse::order;
using starhouse::Env;
using starhouse::Error;
using starhouse::StateKind;

std::pmr::monotonic_buffer_resource arena; // states give nothing back themselves
const Env env{.memory = &arena};
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <class State>
std::vector<std::byte> stored(const State &state) {
  std::vector<std::byte> bytes(starhouse::stored_size(state));
  starhouse::write_state(state, bytes);
  return bytes;
}

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

TEST(Keys, AreInTheServersOrder) {
  const std::vector<double> ascending{-infinity, -1e308, -1,    -5e-324,  -0.0, 0.0,
                                      5e-324,    1,      1e308, infinity, nan};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    const Key key = key_of(ascending[i]);
    EXPECT_TRUE(i == 0 || key_of(ascending[i - 1]) < key) << i;
    const double back = float_of(key);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(back), std::bit_cast<std::uint64_t>(ascending[i]));
  }
  EXPECT_EQ(key_of(-nan), key_of(nan));
  EXPECT_LT(key_of(INT64_MIN), key_of(std::int64_t{-1}));
  EXPECT_LT(key_of(std::int64_t{-1}), key_of(std::int64_t{0}));
  EXPECT_EQ(integer_of(key_of(INT64_MAX)), INT64_MAX);
}

// Lists of all kinds of order and likeness, so that every way through the selection is taken.
TEST(Selection, EqualsSorting) {
  std::mt19937_64 random(5);
  for (const std::size_t size : {1, 2, 7, 8, 100, 4096, 4097, 50'000, 300'000}) {
    for (int shape = 0; shape < 8; ++shape) {
      ValueList list(env);
      std::vector<Key> sorted;
      for (std::size_t i = 0; i < size; ++i) {
        Key key = random();
        switch (shape) {
        case 0: // everywhere
          break;
        case 1: // alike
          key = 42;
          break;
        case 2: // few values
          key %= 5;
          break;
        case 3: // two far ends
          key = key % 2 == 0 ? key % 1000 : ~(key % 1000);
          break;
        case 4: // nearly all in one narrow place, within a wide range
          key = i < 10 ? key : (Key{1} << 40U) + key % 100'000;
          break;
        case 5: // narrow places within narrow places
          key >>= key % 64;
          break;
        case 6: // doubles, a third of them zero
          key = key_of(key % 3 == 0 ? 0.0 : static_cast<double>(key >> 11U) / 1e10);
          break;
        default: // ascending
          key = i;
        }
        list.add(key);
        sorted.push_back(key);
      }
      std::ranges::sort(sorted);
      EXPECT_EQ(list.size(), size);
      std::vector<std::size_t> ranks{0, size / 3, size / 2, size - 1 - size / 20, size - 1};
      for (int i = 0; i < 20; ++i) {
        ranks.push_back(random() % size);
      }
      std::ranges::sort(ranks);
      const auto found = select(list, ranks, env);
      for (std::size_t i = 0; i < ranks.size(); ++i) {
        ASSERT_EQ(found[i], sorted[ranks[i]]) << "size " << size << ", shape " << shape;
      }
    }
  }
}

TEST(Selection, StopsWhenAsked) {
  ValueList list(env);
  for (Key key = 0; key < 10'000; ++key) {
    list.add(key * 7919);
  }
  const std::vector<std::size_t> ranks{5000};
  const Env cancelled{.cancel_requested = []() noexcept { return true; }};
  EXPECT_THROW(select(list, ranks, cancelled), starhouse::Cancelled);
}

double continuous(const std::vector<double> &values, double fraction) {
  Percentile<Floats> state(env);
  for (const double value : values) {
    state.add(value);
  }
  double result = 0;
  state.continuous({&fraction, 1}, {&result, 1}, env);
  return result;
}

double discrete(const std::vector<double> &values, double fraction) {
  Percentile<Floats> state(env);
  for (const double value : values) {
    state.add(value);
  }
  double result = 0;
  state.discrete({&fraction, 1}, {&result, 1}, env);
  return result;
}

TEST(Percentile, ByHand) {
  EXPECT_EQ(continuous({1, 2, 3, 4}, 0.5), 2.5);
  EXPECT_EQ(continuous({4, 1}, 0.25), 1.75);
  EXPECT_EQ(continuous({7}, 0.99), 7);
  EXPECT_EQ(discrete({1, 2, 3, 4}, 0.5), 2);
  EXPECT_EQ(discrete({1, 2, 3, 4}, 0.51), 3);
  EXPECT_EQ(discrete({1, 2, 3, 4}, 0), 1);
  EXPECT_EQ(discrete({1, 2, 3, 4}, 1), 4);
}

TEST(Percentile, Extremes) {
  EXPECT_EQ(continuous({infinity, infinity}, 0.5), infinity);
  EXPECT_EQ(continuous({1, infinity}, 0.5), infinity);
  EXPECT_EQ(continuous({-infinity, 1}, 0.5), -infinity);
  EXPECT_TRUE(std::isnan(continuous({-infinity, infinity}, 0.5)));
  EXPECT_TRUE(std::isnan(continuous({1, nan}, 1)));
  EXPECT_EQ(continuous({1, nan}, 0), 1);
  EXPECT_EQ(continuous({-1.5e308, 1.5e308}, 0.5), 0);
  EXPECT_TRUE(std::signbit(discrete({0.0, -0.0}, 0)));
  EXPECT_FALSE(std::signbit(discrete({0.0, -0.0}, 1)));

  const auto between = [](std::int64_t low, std::int64_t high, double share) {
    return Times::between(key_of(low), key_of(high), share);
  };
  EXPECT_EQ(between(10, 13, 0.5), 12);
  EXPECT_EQ(between(-13, -10, 0.25), -12);
  EXPECT_EQ(between(INT64_MIN, 5, 0.5), INT64_MIN);
  EXPECT_EQ(between(5, INT64_MAX, 0.5), INT64_MAX);
  EXPECT_EQ(between(INT64_MAX, INT64_MAX, 0.5), INT64_MAX);
  EXPECT_EQ(between(INT64_MIN + 1, INT64_MAX - 1, 0.5), 0);
  EXPECT_EQ(error_code([&] { between(INT64_MIN, INT64_MAX, 0.5); }), "22008");
}

TEST(Percentile, SplitsMergeToTheWhole) {
  std::mt19937_64 random(9);
  Percentile<Integers> whole(env);
  std::vector<Percentile<Integers>> parts;
  for (int i = 0; i < 9; ++i) {
    parts.emplace_back(env);
  }
  const std::vector<double> fractions{0.05, 0.5, 0.999};
  for (int i = 0; i < 30'000; ++i) {
    const auto value = static_cast<std::int64_t>(random());
    whole.add(value);
    parts[random() % 8].add(value, fractions); // the ninth stays empty
  }
  Percentile<Integers> merged(env);
  for (const auto &part : parts) {
    Percentile<Integers> read(env);
    starhouse::read_state(read, stored(part));
    EXPECT_EQ(stored(read), stored(part));
    merged.merge(read);
  }
  EXPECT_EQ(merged.count(), whole.count());
  ASSERT_TRUE(std::ranges::equal(merged.fractions(), fractions));
  std::vector<std::int64_t> one(3);
  std::vector<std::int64_t> other(3);
  whole.discrete(fractions, one, env);
  merged.discrete(fractions, other, env);
  EXPECT_EQ(one, other);
}

TEST(Percentile, Refuses) {
  Percentile<Floats> state(env);
  const std::vector<double> half{0.5};
  const std::vector<double> most{0.9};
  EXPECT_EQ(error_code([&] { state.add(1, std::vector<double>{1.5}); }), "22003");
  EXPECT_EQ(error_code([&] { state.add(1, std::vector<double>{-0.1}); }), "22003");
  EXPECT_EQ(state.count(), 0U);
  state.add(1, half);
  EXPECT_EQ(error_code([&] { state.add(1, most); }), "22023");
  EXPECT_EQ(error_code([&] { state.add(1, std::vector<double>{}); }), "22023");

  const auto read = [](std::vector<unsigned char> bytes) {
    return error_code([&] {
      Percentile<Floats> target(env);
      starhouse::read_state(target, std::as_bytes(std::span(bytes)));
    });
  };
  const auto kind = static_cast<unsigned char>(StateKind::percentile);
  EXPECT_EQ(read({kind, 1, 0, 0}), "none");
  EXPECT_EQ(read({kind, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0}), "22P03");       // a value cut off
  EXPECT_EQ(read({kind, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0x40, 0}), "22P03"); // a fraction of 2
  EXPECT_EQ(read({kind, 1, 0xff, 0xff, 0xff, 0xff, 0x7f, 0}), "22P03"); // fractions beyond the end
  EXPECT_EQ(read({kind, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x7f}), "22P03"); // values beyond the end
  EXPECT_EQ(read({kind, 1, 0, 0, 0}), "22P03");                         // more than it says
  EXPECT_EQ(read({kind + 1, 1, 0, 0}), "22P03");                        // another type's
}

} // namespace
