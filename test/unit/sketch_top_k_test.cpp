// The most frequent items: exact up to the capacity, within the stated bounds beyond, for every
// kind of item and every split.
#include "core/sketch/top_k.hpp"

#include "sketch_support.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace {

using namespace starhouse::sketch;
using starhouse::KeyKind;
using starhouse::TextKey;

std::vector<std::int64_t> zipf(std::size_t rows, std::size_t items, double skew,
                               std::uint64_t seed) {
  Random random(seed);
  std::vector<double> sums;
  double sum = 0;
  for (std::size_t i = 1; i <= items; ++i) {
    sums.push_back(sum += std::pow(static_cast<double>(i), -skew));
  }
  std::vector<std::int64_t> list;
  for (std::size_t i = 0; i < rows; ++i) {
    const auto at = std::lower_bound(sums.begin(), sums.end(), random.unit() * sum) - sums.begin();
    list.push_back(at * 7919 - 50'000); // item numbers without meaning, 0 among them or not
  }
  return list;
}

std::map<std::int64_t, std::int64_t> counted(const std::vector<std::int64_t> &list) {
  std::map<std::int64_t, std::int64_t> counts;
  for (const std::int64_t item : list) {
    ++counts[item];
  }
  return counts;
}

// A sketch stays where it was made.
struct Made : TopK {
  Made(const std::vector<std::int64_t> &list, std::int64_t capacity) : TopK(test_env) {
    set_capacity(capacity);
    for (const std::int64_t item : list) {
      add(KeyKind::integer, item);
    }
  }
};

Made of(const std::vector<std::int64_t> &list, std::int64_t capacity) {
  return {list, capacity};
}

void expect_bounds(const TopK &sketch, const std::map<std::int64_t, std::int64_t> &counts,
                   std::uint64_t rows) {
  const std::uint64_t undercount = sketch.undercount();
  EXPECT_EQ(sketch.rows(), rows);
  EXPECT_LE(undercount, 2 * rows / sketch.capacity());
  std::map<std::int64_t, std::int64_t> missing = counts;
  const auto items = sketch.top(counts.size());
  EXPECT_LE(items.size(), sketch.capacity());
  std::int64_t previous = INT64_MAX;
  for (const TopK::Item &item : items) {
    EXPECT_LE(item.count, previous);
    previous = item.count;
    const auto right = counts.find(item.number);
    ASSERT_NE(right, counts.end());
    EXPECT_LE(item.count, right->second);
    EXPECT_GE(item.count + static_cast<std::int64_t>(undercount), right->second);
    missing.erase(item.number);
  }
  for (const auto &[item, count] : missing) {
    EXPECT_LE(static_cast<std::uint64_t>(count), undercount) << item;
  }
}

TEST(TopK, ExactUpToTheCapacityThenWithinBounds) {
  for (const double skew : {0.0, 0.8, 1.2}) {
    for (const std::size_t items : {1U, 100U, 500U, 501U, 20'000U}) {
      const auto list = zipf(30'000, items, skew, items);
      const auto counts = counted(list);
      const Made sketch = of(list, 500);
      expect_bounds(sketch, counts, list.size());
      EXPECT_EQ(sketch.undercount() == 0, counts.size() <= 500);
    }
  }
}

TEST(TopK, FindsTheHeavyHittersOfSkewedItems) {
  const auto list = zipf(200'000, 100'000, 1.1, 1);
  const auto counts = counted(list);
  const Made sketch = of(list, 1000);
  const auto top = sketch.top(10);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(top[static_cast<std::size_t>(i)].number, i * 7919 - 50'000);
  }
}

TEST(TopK, SplitsOfFewItemsMakeNoDifferenceToTheLastBit) {
  const auto list = zipf(20'000, 500, 0.7, 3);
  const auto whole = stored<TopK>(of(list, 500));
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Random random(seed);
    std::vector<std::vector<std::int64_t>> parts(3 * seed);
    for (const std::int64_t item : list) {
      parts[random.below(parts.size())].push_back(item);
    }
    TopK merged(test_env);
    for (const auto &part : parts) {
      merged.merge(of(part, 500));
    }
    EXPECT_EQ(stored(merged), whole);
  }
}

TEST(TopK, SplitsOfManyItemsStayWithinBounds) {
  const auto list = zipf(60'000, 20'000, 0.9, 4);
  const auto counts = counted(list);
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Random random(seed);
    std::vector<std::vector<std::int64_t>> parts(4 * seed);
    for (const std::int64_t item : list) {
      parts[random.below(parts.size())].push_back(item);
    }
    TopK merged(test_env);
    for (const auto &part : parts) {
      const auto bytes = stored<TopK>(of(part, 300));
      TopK read(test_env);
      starhouse::read_state(read, bytes);
      EXPECT_EQ(stored(read), bytes);
      merged.merge(read);
    }
    expect_bounds(merged, counts, list.size());
  }
}

TEST(TopK, TextsWithAndWithoutACollation) {
  for (const std::uint64_t collation : {0U, 77U}) {
    TopK sketch(test_env);
    sketch.set_capacity(64);
    std::map<std::string, std::int64_t> counts;
    for (const std::int64_t item : zipf(20'000, 2'000, 1.3, 5)) {
      const std::string key = "item " + std::to_string(item);
      const std::string text = collation == 0 ? key : "Item " + std::to_string(item);
      ++counts[text];
      sketch.add(KeyKind::text, TextKey{key, text, collation});
    }
    EXPECT_GT(sketch.undercount(), 0U);
    const auto bytes = stored(sketch);
    TopK read(test_env);
    starhouse::read_state(read, bytes);
    const auto top = read.top(5);
    ASSERT_EQ(top.size(), 5U);
    EXPECT_EQ(top[0].text, collation == 0 ? "item -50000" : "Item -50000");
    for (const TopK::Item &item : top) {
      const std::int64_t right = counts.at(std::string(item.text));
      EXPECT_LE(item.count, right);
      EXPECT_GE(item.count + static_cast<std::int64_t>(read.undercount()), right);
    }
    EXPECT_EQ(error_code([&] { read.add(KeyKind::integer, std::int64_t{1}); }), "22023");
    EXPECT_EQ(error_code([&] {
                read.add(KeyKind::text, TextKey{"a", "a", collation + 1});
              }),
              "22023");
  }
}

TEST(TopK, EqualCountsComeInOrderOfItems) {
  const auto top = of({5, -3, 9, 0, 9, INT64_MIN, INT64_MAX}, 16).top(4);
  ASSERT_EQ(top.size(), 4U);
  EXPECT_EQ(top[0].number, 9);
  EXPECT_EQ(top[1].number, INT64_MIN);
  EXPECT_EQ(top[2].number, -3);
  EXPECT_EQ(top[3].number, 0);
}

TEST(TopK, Refuses) {
  for (const std::int64_t capacity : {INT64_MIN, std::int64_t{15}, std::int64_t{1'048'577}}) {
    EXPECT_EQ(error_code([&] { of({}, capacity); }), "22023");
  }
  Made sketch = of({1}, 20);
  EXPECT_EQ(error_code([&] { sketch.set_capacity(30); }), "22023");
  EXPECT_EQ(error_code([&] { sketch.merge(of({1}, 30)); }), "22023");
  EXPECT_EQ(error_code([&] { sketch.ask(0); }), "22023");
  sketch.ask(3);
  EXPECT_EQ(error_code([&] { sketch.ask(4); }), "22023");
}

TEST(TopK, DamagedBytes) {
  // A type of items without any row.
  const std::vector<std::byte> typed{std::byte{42}, std::byte{1}, std::byte{16}, std::byte{0},
                                     std::byte{0},  std::byte{0}, std::byte{4},  std::byte{0}};
  TopK none(test_env);
  EXPECT_EQ(error_code([&] { starhouse::read_state(none, typed); }), "22P03");
  for (const auto &bytes : {stored<TopK>(of(zipf(3000, 100, 1, 6), 200)),
                            stored<TopK>(of(zipf(9000, 900, 1, 6), 200))}) {
    Random random(8);
    for (int i = 0; i < 3000; ++i) {
      std::vector<std::byte> damaged = bytes;
      damaged[random.below(damaged.size())] = static_cast<std::byte>(random());
      TopK read(test_env);
      try {
        starhouse::read_state(read, damaged);
        EXPECT_EQ(stored(read), damaged);
        read.top(10);
      } catch (const starhouse::Error &error) {
        EXPECT_STREQ(error.code().data(), "22P03");
      }
    }
  }
}

} // namespace
