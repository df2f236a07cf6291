// Histograms, series and paths: against plain definitions, in any order and split, and the forms
// they are stored in.
#include "core/behaviour/ewma.hpp"
#include "core/behaviour/histogram.hpp"
#include "core/behaviour/paths.hpp"
#include "core/behaviour/time_series.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include <deque>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace starhouse::behaviour {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <class State>
std::vector<std::byte> stored(const State &state) {
  std::vector<std::byte> bytes(stored_size(state));
  write_state(state, bytes);
  return bytes;
}

// Adds rows in order to one state, and in parts that are stored, restored and merged to another:
// the same bytes.
template <class State, class Row, class Add>
void add_any_way(State &plain, std::vector<Row> rows, std::mt19937 &random, Add add) {
  for (const Row &row : rows) {
    add(plain, row);
  }
  std::shuffle(rows.begin(), rows.end(), random);
  std::deque<State> parts;
  for (int i = 0; i < 3; ++i) {
    parts.emplace_back(Env{});
  }
  for (const Row &row : rows) {
    add(parts[random() % parts.size()], row);
  }
  State merged{Env{}};
  for (const State &part : parts) {
    State restored{Env{}};
    read_state(restored, stored(part));
    merged.merge(restored);
  }
  EXPECT_EQ(stored(merged), stored(plain));
}

template <class Call>
SqlState code_of(Call call) {
  try {
    call();
  } catch (const Error &error) {
    EXPECT_FALSE(error.hint().empty());
    return error.code();
  }
  return SqlState{"00000"};
}

TEST(SortKey, SortsAsNumbersDoAndComesBack) {
  const std::vector<double> ascending{-infinity, -1e308, -1,    -5e-324,  0,  5e-324,
                                      1,         1.5,    1e308, infinity, nan};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    const std::int64_t key = sort_key(ascending[i]);
    EXPECT_TRUE(is_sort_key(key));
    EXPECT_TRUE(from_sort_key(key) == ascending[i] || std::isnan(ascending[i]));
    EXPECT_TRUE(i == 0 || sort_key(ascending[i - 1]) < key);
  }
  EXPECT_EQ(sort_key(-0.0), sort_key(0.0));
  EXPECT_EQ(sort_key(-nan), sort_key(nan));
  EXPECT_FALSE(is_sort_key(sort_key(nan) + 1));
  EXPECT_FALSE(is_sort_key(INT64_MIN));
}

TEST(Histogram, PutsValuesBetweenTheBoundsOfTheirBuckets) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> uniform(-50, 150);
  for (int round = 0; round < 300; ++round) {
    const HistogramScale linear{HistogramScale::Kind::linear,
                                static_cast<std::int32_t>(1 + random() % 40), uniform(random) / 7,
                                200 + uniform(random)};
    const HistogramScale logarithmic{HistogramScale::Kind::logarithmic,
                                     static_cast<std::int32_t>(1 + random() % 20), 0, 0};
    std::vector<double> values(1 + random() % 100);
    for (double &value : values) {
      value = random() % 10 == 0  ? 0
              : random() % 3 == 0 ? std::pow(10, std::round(uniform(random)))
                                  : uniform(random);
    }
    for (const HistogramScale &scale : {linear, logarithmic}) {
      Histogram histogram{Env{}};
      add_any_way(histogram, values, random,
                  [&](Histogram &state, double value) { state.add(value, scale); });
      std::uint64_t rows = 0;
      for (const HistogramBucket &bucket : histogram.buckets({})) {
        const auto inside = static_cast<std::uint64_t>(
            std::count_if(values.begin(), values.end(), [&](double value) {
              return bucket.low == bucket.high ? value == bucket.low
                     : bucket.high <= 0 && scale == logarithmic
                         ? value > bucket.low && value <= bucket.high
                         : value >= bucket.low && value < bucket.high;
            }));
        EXPECT_EQ(bucket.count, inside) << bucket.low << " " << bucket.high;
        rows += bucket.count;
      }
      EXPECT_EQ(rows, values.size());
      // Taken off again in another order, nothing is left.
      std::shuffle(values.begin(), values.end(), random);
      for (const double value : values) {
        histogram.remove(value, scale);
      }
      EXPECT_EQ(histogram.rows(), 0U);
      for (const HistogramBucket &bucket : histogram.buckets({})) {
        EXPECT_EQ(bucket.count, 0U);
      }
    }
  }
}

TEST(Histogram, HoldsToItsBoundsWhereDoublesEnd) {
  const double largest = std::numeric_limits<double>::max();
  const double least = std::numeric_limits<double>::denorm_min();
  const std::pair<double, double> ranges[] = {{-largest, 0},
                                              {0, largest},
                                              {-largest / 2, largest / 2},
                                              {0, least},
                                              {1, std::nextafter(1, 2)}};
  for (const auto &[low, high] : ranges) {
    for (const std::int32_t buckets : {1, 3, 10, most_buckets}) {
      Histogram histogram{Env{}};
      const HistogramScale scale{HistogramScale::Kind::linear, buckets, low, high};
      const double values[] = {low, low / 2 + high / 2, std::nextafter(high, low), high};
      for (const double value : values) {
        histogram.add(value, scale);
      }
      double last = -std::numeric_limits<double>::infinity();
      for (const HistogramBucket &bucket : histogram.buckets({})) {
        EXPECT_EQ(bucket.low, last);
        EXPECT_LE(bucket.low, bucket.high);
        EXPECT_EQ(bucket.count, std::count_if(std::begin(values), std::end(values), [&](double v) {
                    return v >= bucket.low && v < bucket.high;
                  }));
        last = bucket.high;
      }
    }
  }
}

TEST(QuantileHistogram, HasItsShareInEachBucket) {
  std::mt19937 random(2);
  for (int round = 0; round < 300; ++round) {
    const auto buckets = static_cast<std::int32_t>(1 + random() % 12);
    const auto range = 1 + random() % 100;
    std::vector<double> values(1 + random() % 200);
    for (double &value : values) {
      value = static_cast<double>(random() % range) / 4 - 3;
    }
    QuantileHistogram histogram{Env{}};
    add_any_way(histogram, values, random,
                [&](QuantileHistogram &state, double value) { state.add(value, buckets); });
    std::sort(values.begin(), values.end());
    // Bucket by bucket: filled up to its rank, then with the equals of its last value.
    std::vector<HistogramBucket> expected;
    std::size_t start = 0;
    for (std::int32_t part = 1; part <= buckets; ++part) {
      const auto full = static_cast<std::size_t>(
          (values.size() * static_cast<std::size_t>(part) + static_cast<std::size_t>(buckets) - 1) /
          static_cast<std::size_t>(buckets));
      std::size_t end = std::max(start, full);
      while (end > start && end < values.size() && values[end] == values[end - 1]) {
        ++end;
      }
      if (end > start) {
        expected.push_back({0, values[start], values[end - 1], end - start});
      }
      start = end;
    }
    const auto list = histogram.buckets({});
    ASSERT_EQ(list.size(), expected.size());
    for (std::size_t i = 0; i < list.size(); ++i) {
      EXPECT_EQ(list[i].low, expected[i].low);
      EXPECT_EQ(list[i].high, expected[i].high);
      EXPECT_EQ(list[i].count, expected[i].count);
    }
  }
}

TEST(QuantileHistogram, StoresManyEqualValuesInAFewBytes) {
  QuantileHistogram histogram{Env{}};
  for (int i = 0; i < 100'000; ++i) {
    histogram.add(i % 3, 2);
  }
  EXPECT_LT(stored(histogram).size(), 40U);
}

TEST(TimeSeries, AveragesAsThePointsSay) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<Point> points(1 + random() % 40);
    for (Point &point : points) {
      point = {static_cast<Instant>(random() % 200), static_cast<double>(random() % 100) / 4};
    }
    TimeSeries series{Env{}};
    add_any_way(series, points, random,
                [](TimeSeries &state, const Point &point) { state.add(point.at, point.value); });
    std::sort(points.begin(), points.end(), [](const Point &a, const Point &b) {
      return a.at != b.at ? a.at < b.at : a.value < b.value;
    });
    // Every microsecond on its own.
    const Instant from = static_cast<Instant>(random() % 100);
    const Instant until = from + 1 + static_cast<Instant>(random() % 150);
    double step = 0;
    double linear = 0;
    int step_known = 0;
    int linear_known = 0;
    for (Instant at = from; at < until; ++at) {
      const auto after = std::upper_bound(points.begin(), points.end(), at,
                                          [](Instant t, const Point &p) { return t < p.at; });
      if (after == points.begin()) {
        continue;
      }
      step += (after - 1)->value;
      ++step_known;
      if (after != points.end()) {
        const Point &a = *(after - 1);
        const double middle =
            (static_cast<double>(at - a.at) + 0.5) / static_cast<double>(after->at - a.at);
        linear += a.value + (after->value - a.value) * middle;
        ++linear_known;
      }
    }
    double average = 0;
    ASSERT_EQ(series.average(Method::step, from, until, average), step_known > 0);
    if (step_known > 0) {
      EXPECT_NEAR(average, step / step_known, 1e-9);
    }
    ASSERT_EQ(series.average(Method::linear, from, until, average), linear_known > 0);
    if (linear_known > 0) {
      EXPECT_NEAR(average, linear / linear_known, 1e-9);
    }
  }
}

TEST(TimeSeries, KeepsEveryBitOfEveryValue) {
  std::mt19937_64 random(4);
  for (const int kind : {0, 1, 2, 3}) {
    TimeSeries series{Env{}};
    std::vector<std::int64_t> keys;
    for (int i = 0; i < 200; ++i) {
      const auto whole = static_cast<double>(random() % 2'000'000) - 1e6;
      const double value = kind == 0   ? whole
                           : kind == 1 ? whole / 100
                           : kind == 2 ? (i % 2 == 0 ? whole * 1e12 : whole / 1e9)
                                       : std::bit_cast<double>(random());
      series.add(i, value);
      keys.push_back(sort_key(value));
    }
    TimeSeries restored{Env{}};
    read_state(restored, stored(series));
    ASSERT_EQ(restored.size(), keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      EXPECT_EQ(sort_key(restored[i].value), keys[i]);
    }
  }
}

TEST(TimeSeries, RefusesWhatMakesNoSense) {
  TimeSeries series{Env{}};
  EXPECT_EQ(code_of([&] { series.add(before_all, 1); }), sqlstate::datetime_field_overflow);
  series.add(0, 1);
  EXPECT_EQ(code_of([&] { series.add(1, 1, 2); }), sqlstate::invalid_parameter_value);
  EXPECT_EQ(code_of([&] { series.lttb(2, {}); }), sqlstate::invalid_parameter_value);
  double average = 0;
  EXPECT_EQ(code_of([&] { series.average(Method::step, 1, 1, average); }),
            sqlstate::invalid_parameter_value);
  EXPECT_EQ(code_of([&] { method_of("mean"); }), sqlstate::invalid_parameter_value);
  EXPECT_EQ(code_of([&] { fill_of("mean"); }), sqlstate::invalid_parameter_value);
  TimeSeries with_option{Env{}};
  with_option.add(0, 1, 7);
  EXPECT_EQ(code_of([&] { series.merge(with_option); }), sqlstate::invalid_parameter_value);
}

TEST(Ewma, IsTheWeightedMean) {
  std::mt19937 random(5);
  const score::HalfLife half_life(3'600'000'000);
  for (int round = 0; round < 100; ++round) {
    Ewma whole;
    Ewma parts[2];
    std::vector<Point> points(1 + random() % 50);
    Instant newest = 0;
    for (Point &point : points) {
      point = {static_cast<Instant>(random() % 86'400) * 1'000'000,
               static_cast<double>(random() % 1000)};
      newest = std::max(newest, point.at);
      whole.add(point.at, point.value, half_life);
      parts[random() % 2].add(point.at, point.value, half_life);
    }
    long double values = 0;
    long double weights = 0;
    for (const Point &point : points) {
      const long double weight = std::exp2(-static_cast<long double>(newest - point.at) / 3.6e9L);
      values += weight * static_cast<long double>(point.value);
      weights += weight;
    }
    parts[0].merge(parts[1]);
    const auto expected = static_cast<double>(values / weights);
    EXPECT_NEAR(whole.value(), expected, expected * 1e-14);
    EXPECT_NEAR(parts[0].value(), expected, expected * 1e-14);
    Ewma restored;
    read_state(restored, stored(whole));
    EXPECT_EQ(restored.value(), whole.value());
  }
}

TEST(Paths, AreTheNamesInOrder) {
  std::mt19937 random(6);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<Instant, std::string>> rows(1 + random() % 60);
    for (auto &[at, name] : rows) {
      at = static_cast<Instant>(random() % 30) - 15;
      name = std::string(random() % 3, 'x') + static_cast<char>('a' + random() % 6);
    }
    EventPath path{Env{}};
    add_any_way(path, rows, random,
                [](EventPath &state, const auto &row) { state.add(row.first, row.second); });
    const std::set<std::pair<Instant, std::string>> sorted(rows.begin(), rows.end());
    auto expected = sorted.begin();
    path.each_step(INT64_MAX, false,
                   [&](std::string_view step) { EXPECT_EQ(step, (expected++)->second); });
    EXPECT_EQ(expected, sorted.end());
    int steps = 0;
    path.each_step(3, false, [&](std::string_view) { ++steps; });
    EXPECT_EQ(steps, std::min<int>(3, static_cast<int>(sorted.size())));
  }
  EventPath path{Env{}};
  EXPECT_EQ(code_of([&] { path.add(0, std::string(longest_name + 1, 'x')); }),
            sqlstate::program_limit_exceeded);
}

TEST(Paths, AreCountedExactly) {
  std::mt19937 random(7);
  for (int round = 0; round < 100; ++round) {
    std::vector<std::string> rows(1 + random() % 300);
    std::map<std::string, std::uint64_t> counts;
    for (std::string &row : rows) {
      for (std::size_t steps = random() % 4; steps > 0; --steps) {
        const std::string step(random() % 2 == 0 ? random() % 3 : 130,
                               static_cast<char>('a' + random() % 3));
        std::string bytes(path_step_size(step), ' ');
        EXPECT_EQ(path_step(bytes.data(), step), bytes.data() + bytes.size());
        row += bytes;
        std::string_view back = bytes;
        EXPECT_EQ(next_path_step(back), step);
        EXPECT_TRUE(back.empty());
      }
      ++counts[row];
    }
    PathCounts paths{Env{}};
    add_any_way(paths, rows, random,
                [](PathCounts &state, const std::string &row) { state.add(row); });
    std::vector<std::pair<std::string, std::uint64_t>> expected(counts.begin(), counts.end());
    std::stable_sort(expected.begin(), expected.end(),
                     [](const auto &a, const auto &b) { return a.second > b.second; });
    const auto top = paths.top(5, {});
    ASSERT_EQ(top.size(), std::min<std::size_t>(5, expected.size()));
    for (std::size_t i = 0; i < top.size(); ++i) {
      EXPECT_EQ(top[i].path, expected[i].first);
      EXPECT_EQ(top[i].count, expected[i].second);
    }
  }
}

} // namespace
} // namespace starhouse::behaviour
