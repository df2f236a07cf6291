// Percentiles: the bound of the relative error for every kind of distribution, and that nothing but
// the values counts.
#include "core/sketch/percentile.hpp"

#include "sketch_support.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace {

using namespace starhouse::sketch;

constexpr double infinity = std::numeric_limits<double>::infinity();

bool above(double a, double b) { // the server's order: NaN last
  return std::isnan(b) ? !std::isnan(a) : a < b;
}

double exact(const std::vector<double> &sorted, double p) {
  const double rank = std::ceil(p * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

const std::vector<double> percentiles{0,    0.001, 0.01, 0.1,  0.25,  0.5,
                                      0.75, 0.9,   0.95, 0.99, 0.999, 1};

void expect_within(const Percentile &sketch, std::vector<double> values, double error) {
  std::sort(values.begin(), values.end(), above);
  for (const double p : percentiles) {
    const double right = exact(values, p);
    const double seen = sketch.value(p);
    if (std::isnan(right) || std::isinf(right) || right == 0) {
      EXPECT_TRUE(seen == right || (std::isnan(seen) && std::isnan(right))) << p;
    } else {
      EXPECT_LE(std::abs(seen - right), error * std::abs(right) * (1 + 1e-12))
          << "p " << p << " of " << values.size() << ": " << seen << " for " << right;
    }
  }
}

Percentile of(const std::vector<double> &values, double error) {
  Percentile sketch(test_env);
  sketch.set_error(error);
  for (const double value : values) {
    sketch.add(value);
  }
  return sketch;
}

double normal(Random &random) {
  return std::sqrt(-2 * std::log(1 - random.unit())) * std::cos(6.283185307179586 * random.unit());
}

const std::vector<std::function<double(Random &)>> distributions{
    [](Random &random) { return random.unit(); },
    [](Random &random) { return normal(random); },
    [](Random &random) { return std::exp(2 * normal(random)); },
    [](Random &random) { return std::pow(1 - random.unit(), -1.0); }, // Pareto
    [](Random &random) { return -std::log(1 - random.unit()); },
    [](Random &random) { return static_cast<double>(random.below(10)); },
    [](Random &random) { return random.below(2) == 0 ? 1e-3 * random.unit() : 1e6; },
    [](Random &random) { return random.below(5) == 0 ? 0.0 : -std::exp(normal(random)); },
    [](Random &) { return 42.0; }};

TEST(Percentile, ErrorLawOfManyDistributions) {
  for (const double error : {0.5, 0.05, 0.01, 0.001}) {
    for (std::size_t kind = 0; kind < distributions.size(); ++kind) {
      for (const std::size_t size : {1U, 2U, 10U, 500U, 513U, 20'000U}) {
        Random random(kind * 1000 + size);
        std::vector<double> values;
        for (std::size_t i = 0; i < size; ++i) {
          values.push_back(distributions[kind](random));
        }
        const Percentile sketch = of(values, error);
        EXPECT_LE(sketch.bucket_count(), sketch.most_buckets());
        expect_within(sketch, values, sketch.error());
        if (error < 0.5) {
          EXPECT_EQ(sketch.error(), error);
        }
      }
    }
  }
}

TEST(Percentile, EveryDoubleHasABucketWithItsBounds) {
  Random random(5);
  for (const double error : {1e-5, 1e-3, 0.01, 0.2, 0.5}) {
    const LogIndex index(error);
    std::int32_t previous = -LogIndex::limit;
    for (std::uint64_t bits = 1; bits < std::uint64_t{0x7FF} << 52U;
         bits += 1 + (random() >> 11U) % (bits < 1U << 30U ? 1U << 28U : std::uint64_t{1} << 45U)) {
      const auto value = std::bit_cast<double>(bits);
      const std::int32_t at = index(bits, 0);
      ASSERT_LT(std::abs(at), LogIndex::limit);
      ASSERT_GE(at, previous) << value;
      previous = at;
      for (const unsigned level : {0U, 3U}) {
        ASSERT_EQ(index(bits, level), at >> level);
        const double bound = LogIndex::error_at(error, level) * value;
        const double seen = index.midpoint(at >> level, level);
        // Below 10^-307 a double has fewer digits than the bound asks for.
        if (std::isfinite(seen) && value > 1e-307) {
          ASSERT_LE(std::abs(seen - value), bound * (1 + 1e-9))
              << value << " at " << error << ", level " << level;
        }
      }
    }
  }
}

TEST(Percentile, SpecialValues) {
  std::vector<double> values{0,
                             -0.0,
                             infinity,
                             -infinity,
                             std::nan(""),
                             5e-324,
                             -5e-324,
                             1.7976931348623157e308,
                             -1.7976931348623157e308,
                             2.2250738585072014e-308,
                             1,
                             -1};
  const Percentile sketch = of(values, 0.01);
  expect_within(sketch, values, 0.01);
  EXPECT_EQ(sketch.value(0), -infinity);
  EXPECT_TRUE(std::isnan(sketch.value(1)));
  EXPECT_EQ(sketch.rank(infinity), 11.0 / 12);
  EXPECT_EQ(sketch.rank(std::nan("")), 1);
  EXPECT_EQ(sketch.rank(-0.0), 6.0 / 12);
  EXPECT_EQ(sketch.rank(0.5), 8.0 / 12);
  const Percentile nan = of({std::nan("")}, 0.01);
  EXPECT_TRUE(std::isnan(restored<Percentile>(stored(nan)).value(0.5)));
  EXPECT_EQ(of({7.3}, 0.3).value(0.5), 7.3); // never outside the range
}

// Values over the whole range of a double: more buckets than there may be.
std::vector<double> wide(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> values;
  while (values.size() < size) {
    const auto value = std::bit_cast<double>(random());
    values.push_back(std::isnan(value) ? 0 : value);
  }
  return values;
}

TEST(Percentile, CollapsesUniformlyAndSaysSo) {
  const std::vector<double> values = wide(100'000, 9);
  const Percentile sketch = of(values, 0.01);
  EXPECT_LE(sketch.bucket_count(), 4000U);
  EXPECT_GT(sketch.bucket_count(), 2000U);
  EXPECT_NEAR(sketch.error(), 0.56, 0.01); // tanh(64 * 0.01): six times
  expect_within(sketch, values, sketch.error());
}

TEST(Percentile, OrderAndSplitsMakeNoDifference) {
  for (const bool spread : {false, true}) {
    for (const std::size_t size : {1U, 511U, 512U, 513U, 30'000U}) {
      std::vector<double> values = wide(size, 4);
      if (!spread) {
        Random random(6);
        for (double &value : values) {
          value = std::exp(normal(random));
        }
      }
      const auto whole = stored(of(values, 0.01));
      for (std::uint64_t seed = 0; seed < 5; ++seed) {
        Random random(seed);
        for (std::size_t i = values.size(); i > 1; --i) {
          std::swap(values[i - 1], values[random.below(i)]);
        }
        std::vector<Percentile> parts;
        for (std::uint64_t i = 0; i <= 3 * seed; ++i) {
          parts.push_back(of({}, 0.01));
        }
        for (const double value : values) {
          parts[random.below(parts.size())].add(value);
        }
        Percentile merged(test_env);
        for (const Percentile &part : parts) {
          merged.merge(random.below(2) == 0 ? part : restored<Percentile>(stored(part)));
        }
        EXPECT_EQ(stored(merged), whole) << size << (spread ? " wide" : "");
      }
    }
  }
}

// NaN has no place in the range of the values: what merged such a sketch could not be read again.
TEST(Percentile, ASketchOfNaNAloneHasNoRange) {
  const double nan = std::nan("");
  const Percentile nothing_else = of({nan, nan}, 0.01);
  const Percentile numbers = of({3, -2, 8}, 0.01);
  const Percentile both = of({3, -2, 8, nan, nan}, 0.01);
  for (const bool numbers_first : {true, false}) {
    Percentile merged(test_env);
    merged.merge(numbers_first ? numbers : nothing_else);
    merged.merge(numbers_first ? nothing_else : numbers);
    EXPECT_EQ(stored(merged), stored(both));
    EXPECT_EQ(restored<Percentile>(stored(merged)).value(0), -2);
  }
  Percentile alone(test_env);
  alone.merge(nothing_else);
  alone.merge(restored<Percentile>(stored(nothing_else)));
  EXPECT_EQ(restored<Percentile>(stored(alone)).count(), 4U);
}

TEST(Percentile, Refuses) {
  for (const double error : {0.0, -1.0, 0.6, 1e-6, infinity, std::nan("")}) {
    EXPECT_EQ(error_code([&] { of({}, error); }), "22023") << error;
  }
  Percentile sketch = of({1}, 0.01);
  EXPECT_EQ(error_code([&] { sketch.set_error(0.02); }), "22023");
  EXPECT_EQ(error_code([&] { sketch.merge(of({1}, 0.02)); }), "22023");
  const std::vector<double> half{0.5};
  const std::vector<double> bad{1.5};
  EXPECT_EQ(error_code([&] { sketch.ask(bad); }), "22003");
  sketch.ask(half);
  EXPECT_TRUE(sketch.is_asked(0.5));
  EXPECT_EQ(error_code([&] { sketch.ask(std::vector<double>{0.5, 0.6}); }), "22023");
  EXPECT_TRUE(restored<Percentile>(stored(sketch)).is_asked(0.5));
  Percentile twice = sketch;
  for (int i = 0; i < 61; ++i) {
    Percentile copy = restored<Percentile>(stored(twice));
    twice.merge(copy);
  }
  EXPECT_EQ(twice.count(), std::uint64_t{1} << 61U);
  twice.merge(restored<Percentile>(stored(twice)));
  EXPECT_EQ(error_code([&] { twice.merge(sketch); }), "22003");
}

TEST(Percentile, DamagedBytes) {
  Random random(2);
  std::vector<double> values;
  for (int i = 0; i < 3000; ++i) {
    values.push_back(normal(random));
  }
  values.push_back(infinity);
  values.push_back(std::nan(""));
  expect_sound_under_damage<Percentile>(stored(of(values, 0.01)));
}

} // namespace
