#include "core/exact/sum_map.hpp"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace starhouse;
using exact::Count;
using exact::Decimal;
using exact::KeyMap;
using exact::Real;
using exact::SumMap;

const Env env;

std::vector<std::byte> stored(const SumMap &map) {
  std::vector<std::byte> bytes(stored_size(map));
  write_state(map, bytes);
  return bytes;
}

std::unique_ptr<SumMap> restored(const std::vector<std::byte> &bytes) {
  auto map = std::make_unique<SumMap>(env);
  read_state(*map, bytes);
  return map;
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

std::map<std::int64_t, std::int64_t> counts_of(const SumMap &map) {
  std::map<std::int64_t, std::int64_t> list;
  map.visit([&]<class Value>(const KeyMap<Value> &keys) {
    if constexpr (std::is_same_v<Value, Count>) {
      keys.visit([&]<class Table>(const Table &table) {
        if constexpr (std::is_same_v<Table, typename KeyMap<Value>::Numbers>) {
          table.each(
              [&](const auto &entry) { list[exact::from_table(entry.key)] = entry.value.number; });
        }
      });
    }
  });
  return list;
}

TEST(ExactMap, CountsAsAMap) {
  std::mt19937_64 random(1);
  SumMap::Shared shared(env);
  SumMap map(env, &shared);
  SumMap other(env, &shared);
  std::map<std::int64_t, std::int64_t> expected;
  for (int i = 0; i < 50000; ++i) {
    const auto key = static_cast<std::int64_t>(random() % 2000) - 1000;
    SumMap &target = i % 3 == 0 ? other : map;
    if (!target.add_waiting(KeyKind::integer, key, Count{1})) {
      target.add(KeyKind::integer, key, Count{1});
    }
    ++expected[key];
  }
  map.merge(other);
  EXPECT_EQ(counts_of(map), expected);
  EXPECT_EQ(counts_of(*restored(stored(map))), expected);
  SumMap again(env);
  again.merge(*restored(stored(other)));
  again.merge(*restored(stored(map)));
  for (const auto &[key, count] : counts_of(other)) {
    expected[key] += count;
  }
  EXPECT_EQ(counts_of(again), expected);
}

TEST(ExactMap, ModeIsTheFirstOfTheMostFrequent) {
  SumMap map(env);
  const auto mode_of = [](const SumMap &of) {
    std::int64_t found = -1;
    exact::mode(of, KeyKind::integer, [&]<class Key>(const Key &key) {
      if constexpr (std::is_same_v<Key, std::int64_t>) {
        found = key;
      }
    });
    return found;
  };
  for (const std::int64_t key : {9, 7, 7, 9, -3, INT32_MAX}) {
    map.add(KeyKind::integer, key, Count{1});
  }
  EXPECT_EQ(mode_of(map), 7);
  map.add(KeyKind::integer, INT64_MIN, Count{2});
  EXPECT_EQ(mode_of(map), INT64_MIN);
  map.add(KeyKind::integer, std::int64_t{9}, Count{1});
  EXPECT_EQ(mode_of(map), 9);
  EXPECT_EQ(error_code([&] { exact::mode(map, KeyKind::text, [](const auto &) {}); }), "22023");
  SumMap sums(env);
  sums.add(KeyKind::integer, std::int64_t{1}, Decimal(std::int64_t{1}));
  EXPECT_EQ(error_code([&] { mode_of(sums); }), "22023");
  EXPECT_EQ(error_code([&] { map.merge(sums); }), "22023");
}

Decimal sum_of(const std::vector<Decimal> &list) {
  Decimal sum(std::int64_t{0});
  for (const Decimal &one : list) {
    sum.add(one);
  }
  return sum;
}

TEST(ExactMap, DecimalsByHand) {
  const auto text = [](std::vector<Decimal> list) { return sum_of(list).text(); };
  EXPECT_EQ(text({}), "0");
  EXPECT_EQ(text({Decimal(15, 1), Decimal(-2, 0)}), "-0.5");
  EXPECT_EQ(text({Decimal(5, 3)}), "0.005");
  EXPECT_EQ(text({Decimal(100, 2), Decimal(-100, 2)}), "0.00");
  EXPECT_EQ(text({Decimal(INT64_MAX), Decimal(INT64_MAX), Decimal(INT64_MAX)}),
            "27670116110564327421");
  EXPECT_EQ(text({Decimal(INT64_MIN), Decimal(INT64_MIN)}), "-18446744073709551616");
  EXPECT_EQ(text({Decimal(1, 38)}), "0." + std::string(37, '0') + "1");
  EXPECT_EQ(text({Decimal(Decimal::plus_infinity), Decimal(1, 2)}), "Infinity");
  EXPECT_EQ(text({Decimal(1, 2), Decimal(Decimal::minus_infinity)}), "-Infinity");
  EXPECT_EQ(text({Decimal(Decimal::plus_infinity), Decimal(Decimal::minus_infinity)}), "NaN");
  EXPECT_EQ(text({Decimal(Decimal::not_a_number), Decimal(Decimal::minus_infinity)}), "NaN");
  EXPECT_EQ(error_code([&] { text({Decimal(1, 38), Decimal(10, 0)}); }), "22003");
  EXPECT_EQ(Decimal(-700, 2).whole(), -7);
  EXPECT_EQ(error_code([&] { Decimal(-701, 2).whole(); }), "22023");
  EXPECT_EQ(error_code([&] { sum_of({Decimal(INT64_MAX), Decimal(1, 0)}).whole(); }), "22003");
  EXPECT_EQ(error_code([&] { Decimal(Decimal::not_a_number).whole(); }), "22003");
}

TEST(ExactMap, DecimalsInAnyOrder) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 200; ++round) {
    std::vector<Decimal> list(1 + random() % 40);
    for (Decimal &one : list) {
      one = Decimal(static_cast<std::int64_t>(random()) >> random() % 64, random() % 9);
    }
    const std::string expected = sum_of(list).text();
    std::shuffle(list.begin(), list.end(), random);
    EXPECT_EQ(sum_of(list).text(), expected);
    // The stored form of a value is exact.
    SumMap map(env);
    for (const Decimal &one : list) {
      map.add(KeyKind::date, std::int64_t{7}, one);
    }
    restored(stored(map))->visit([&]<class Value>(const KeyMap<Value> &keys) {
      if constexpr (std::is_same_v<Value, Decimal>) {
        EXPECT_EQ(keys.find(KeyKind::date, std::int64_t{7})->text(), expected);
      }
    });
  }
}

// Against sums in arithmetic of 113 bits, whatever the order: less than two units in the last place
// of the sum of absolute values times 2^-50.
TEST(ExactMap, RealsKeepTwiceThePrecision) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> list(2 + random() % 2000);
    __extension__ __float128 exact = 0;
    double absolute = 0;
    for (double &one : list) {
      one = std::ldexp(static_cast<double>(static_cast<std::int64_t>(random())),
                       static_cast<int>(random() % 60) - 90);
      exact += one;
      absolute += std::abs(one);
    }
    for (int order = 0; order < 3; ++order) {
      std::shuffle(list.begin(), list.end(), random);
      Real parts[3]{};
      for (std::size_t i = 0; i < list.size(); ++i) {
        parts[i % 3].add({list[i], 0});
      }
      parts[0].add(parts[1]);
      parts[0].add(parts[2]);
      const auto off = static_cast<double>(parts[0].sum() - exact);
      EXPECT_LE(std::abs(off), std::abs(static_cast<double>(exact)) * 0x1p-53 + absolute * 0x1p-95);
    }
  }
}

TEST(ExactMap, RealsThatAreNoNumbers) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto sum = [](std::initializer_list<double> list) {
    Real sum;
    for (const double one : list) {
      sum.add({one, 0});
    }
    return sum.sum();
  };
  EXPECT_EQ(sum({1, infinity, 2}), infinity);
  EXPECT_EQ(sum({-infinity, 1e308, 1e308}), -infinity);
  EXPECT_TRUE(std::isnan(sum({infinity, 1, -infinity})));
  EXPECT_TRUE(std::isnan(sum({std::nan(""), 1, infinity})));
  EXPECT_EQ(error_code([&] { sum({1e308, 1e308}); }), "22003");
}

TEST(ExactMap, CountsDoNotOverflow) {
  SumMap map(env);
  map.add(KeyKind::text, TextKey{"a", "a", 0}, Count{INT64_MAX});
  EXPECT_EQ(error_code([&] { map.add(KeyKind::text, TextKey{"a", "a", 0}, Count{1}); }), "22003");
}

TEST(ExactMap, WhatIsNoStoredFormIsRefused) {
  SumMap counts(env);
  SumMap decimals(env);
  SumMap reals(env);
  for (std::int64_t i = 0; i < 20; ++i) {
    counts.add(KeyKind::timestamptz, i * 3600'000'000, Count{i + 1});
    decimals.add(KeyKind::uuid, UuidKey{static_cast<std::uint64_t>(i), 1},
                 i % 3 == 0   ? Decimal(Decimal::not_a_number)
                 : i % 3 == 1 ? Decimal(INT64_MAX)
                              : sum_of({Decimal(INT64_MAX), Decimal(INT64_MAX), Decimal(1, 2)}));
    const std::string text = std::to_string(i * i);
    reals.add(KeyKind::text, TextKey{text, text, 0}, Real{static_cast<double>(i) / 3, 0});
  }
  for (const SumMap *map : {&counts, &decimals, &reals}) {
    const std::vector<std::byte> whole = stored(*map);
    EXPECT_EQ(stored(*restored(whole)), whole);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const std::vector<std::byte> cut(whole.begin(),
                                       whole.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_EQ(error_code([&] { restored(cut); }), "22P03") << size;
    }
  }
  const auto bytes = [](std::initializer_list<int> list) {
    std::vector<std::byte> made;
    for (const int one : list) {
      made.push_back(static_cast<std::byte>(one));
    }
    return made;
  };
  EXPECT_EQ(error_code([&] { restored(bytes({21, 1, 4})); }), "22P03");                // no kind
  EXPECT_EQ(error_code([&] { restored(bytes({21, 1, 1, 1, 1, 1, 2, 0})); }), "22P03"); // no count
  EXPECT_EQ(error_code([&] { restored(bytes({21, 1, 2, 1, 1, 1, 2, 39, 2})); }), "22P03");  // scale
  EXPECT_EQ(error_code([&] { restored(bytes({21, 1, 2, 1, 1, 1, 2, 128, 3})); }), "22P03"); // flags
}

} // namespace
