// Set operations: exact for small sets, their error law and the cover of their bounds for large
// ones, and that nothing but the sets counts.
#include "core/sketch/theta.hpp"

#include "sketch_support.hpp"

#include <algorithm>
#include <cmath>

namespace {

using namespace starhouse::sketch;
using starhouse::hash64;

Theta of(std::uint64_t from, std::uint64_t to, std::uint64_t salt = 0) {
  Theta sketch(test_env);
  for (std::uint64_t i = from; i < to; ++i) {
    sketch.add(hash64(salt, i));
  }
  return sketch;
}

Theta intersection(Theta one, const Theta &other) {
  one.intersect(other);
  return one;
}
Theta difference(Theta one, const Theta &other) {
  one.subtract(other);
  return one;
}
Theta united(Theta one, const Theta &other) {
  one.merge(other);
  return one;
}

TEST(Theta, SmallSetsAreExact) {
  const Theta a = of(0, 4096);
  const Theta b = of(3000, 4500);
  EXPECT_TRUE(a.is_exact());
  EXPECT_EQ(a.estimate(), 4096);
  EXPECT_EQ(intersection(a, b).estimate(), 1096);
  EXPECT_EQ(difference(a, b).estimate(), 3000);
  EXPECT_EQ(difference(b, a).estimate(), 404);
  EXPECT_EQ(united(of(0, 2000), of(1000, 4096)).estimate(), 4096);
  EXPECT_FALSE(of(0, 4097).is_exact() && of(0, 4097).kept() == 4097);
  EXPECT_EQ(Theta(test_env).estimate(), 0);
  EXPECT_EQ(intersection(a, Theta(test_env)).estimate(), 0);
  EXPECT_EQ(stored(difference(a, Theta(test_env))), stored(a));
  const Theta::Bounds bounds = a.bounds(0.95);
  EXPECT_EQ(bounds.lower, 4096);
  EXPECT_EQ(bounds.upper, 4096);
}

// Bias and spread of the estimate, and how often the bounds hold it, over many pairs of sets.
TEST(Theta, ErrorLawAndBounds) {
  struct Shape {
    std::uint64_t a, b, common;
  };
  for (const Shape &shape : {Shape{30'000, 30'000, 15'000}, Shape{60'000, 5'000, 2'500},
                             Shape{40'000, 40'000, 800}, Shape{50'000, 1'000, 1'000}}) {
    constexpr int pairs = 150;
    struct Seen {
      double sum = 0, squares = 0, law = 0;
      int held = 0;
      void add(const Theta &sketch, double right) {
        const double error = sketch.estimate() / right - 1;
        sum += error;
        squares += error * error;
        law += (1 - sketch.share()) / (right * sketch.share());
        const Theta::Bounds bounds = sketch.bounds(0.95);
        EXPECT_LE(bounds.lower, sketch.estimate());
        EXPECT_GE(bounds.upper, sketch.estimate());
        held += bounds.lower <= right && right <= bounds.upper ? 1 : 0;
      }
      void expect() const {
        const double spread = std::sqrt(squares / pairs);
        const double expected = std::sqrt(law / pairs);
        EXPECT_LT(std::abs(sum / pairs), 4 * expected / std::sqrt(pairs));
        EXPECT_LT(spread, 1.25 * expected);
        EXPECT_GT(spread, 0.75 * expected);
        EXPECT_GE(held, 133); // of 150: 142.5 expected, 2.7 the standard deviation
      }
    };
    Seen both, first, either;
    for (std::uint64_t salt = 0; salt < pairs; ++salt) {
      const Theta a = of(0, shape.a, salt);
      const Theta b = of(shape.a - shape.common, shape.a - shape.common + shape.b, salt);
      both.add(intersection(a, b), static_cast<double>(shape.common));
      first.add(difference(a, b), static_cast<double>(shape.a - shape.common));
      either.add(united(a, b), static_cast<double>(shape.a + shape.b - shape.common));
    }
    both.expect();
    first.expect();
    either.expect();
  }
}

TEST(Theta, OrderRepetitionAndSplitsMakeNoDifference) {
  for (const std::uint64_t size : {0U, 1U, 4096U, 4097U, 8191U, 8192U, 8193U, 40'000U}) {
    const auto whole = stored(of(0, size));
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      Random random(seed);
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
      std::vector<Theta> parts;
      for (std::uint64_t i = 0; i <= 2 * seed; ++i) {
        parts.emplace_back(test_env);
      }
      for (const std::uint64_t number : order) {
        Theta &part = parts[random.below(parts.size())];
        part.add(hash64(0, number));
        if (random.below(1000) == 0) {
          part.estimate(); // reading in between changes nothing
        }
      }
      Theta merged(test_env);
      for (const Theta &part : parts) {
        merged.merge(random.below(2) == 0 ? part : restored<Theta>(stored(part)));
      }
      EXPECT_EQ(stored(merged), whole) << size;
    }
  }
}

TEST(Theta, TheLastHashes) {
  Theta sketch(test_env);
  sketch.add(UINT64_MAX);
  sketch.add(0);
  EXPECT_EQ(sketch.estimate(), 2);
  EXPECT_EQ(restored<Theta>(stored(sketch)).estimate(), 2);
}

TEST(Theta, Refuses) {
  const Theta sketch = of(0, 10'000);
  for (const double confidence : {0.0, 1.0, -1.0, 2.0, std::nan("")}) {
    EXPECT_EQ(error_code([&] { sketch.bounds(confidence); }), "22023");
  }
  const Theta::Bounds narrow = sketch.bounds(0.5);
  const Theta::Bounds wide = sketch.bounds(0.999);
  EXPECT_LT(wide.lower, narrow.lower);
  EXPECT_GT(wide.upper, narrow.upper);
}

TEST(Theta, DamagedBytes) {
  expect_sound_under_damage<Theta>(stored(of(0, 300)));
  expect_sound_under_damage<Theta>(stored(of(0, 9000)));
}

} // namespace
