#include "core/exact/distinct.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace starhouse;
using exact::DistinctSet;

const Env env;

std::vector<std::byte> stored(const DistinctSet &set) {
  std::vector<std::byte> bytes(stored_size(set));
  write_state(set, bytes);
  return bytes;
}

std::unique_ptr<DistinctSet> restored(const std::vector<std::byte> &bytes) {
  auto set = std::make_unique<DistinctSet>(env);
  read_state(*set, bytes);
  return set;
}

std::vector<std::int64_t> numbers_of(const DistinctSet &set) {
  std::vector<std::int64_t> list;
  set.map().visit([&](const auto &table) {
    if constexpr (std::is_same_v<decltype(table), const DistinctSet::Map::Numbers &>) {
      for (const auto &entry : table.sorted()) {
        list.push_back(exact::from_table(entry.key));
      }
    }
  });
  return list;
}

std::vector<std::string> texts_of(const DistinctSet &set) {
  std::vector<std::string> list;
  set.map().visit([&](const auto &table) {
    if constexpr (std::is_same_v<decltype(table), const DistinctSet::Map::Texts &>) {
      for (const auto *entry : table.sorted()) {
        list.emplace_back(entry->text(table.collation()));
      }
    }
  });
  return list;
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

void add(DistinctSet &set, std::int64_t number) {
  set.add(KeyKind::integer, number);
}
void add(DistinctSet &set, std::string_view text) {
  set.add(KeyKind::text, TextKey{text, text, 0});
}

// Ranges that are dense, sparse, and with all 64 bits, and keys that differ in high bits alone.
std::int64_t number(std::mt19937_64 &random, int form) {
  switch (form) {
  case 0:
    return static_cast<std::int64_t>(random() % 5000) - 2500;
  case 1:
    return static_cast<std::int64_t>(random() % 5000) * 60'000'000;
  case 2:
    return static_cast<std::int64_t>(random());
  default:
    return static_cast<std::int64_t>(random() % 5000 << 52U);
  }
}

TEST(ExactDistinct, NumbersAsASet) {
  for (int form = 0; form < 4; ++form) {
    std::mt19937_64 random(static_cast<std::uint64_t>(form));
    std::set<std::int64_t> expected;
    DistinctSet set(env);
    for (int i = 0; i < 20000; ++i) {
      const std::int64_t one = number(random, form);
      expected.insert(one);
      add(set, one);
      if (i == 100 || i == 7000) { // read in between
        EXPECT_EQ(numbers_of(set), std::vector(expected.begin(), expected.end()));
      }
    }
    EXPECT_EQ(set.size(), expected.size());
    EXPECT_EQ(numbers_of(set), std::vector(expected.begin(), expected.end()));
    const auto again = restored(stored(set));
    EXPECT_EQ(again->size(), expected.size());
    EXPECT_EQ(numbers_of(*again), numbers_of(set));
    for (const std::int64_t one : expected) {
      ASSERT_TRUE(set.contains(KeyKind::integer, one));
      ASSERT_TRUE(again->contains(KeyKind::integer, one));
    }
    EXPECT_FALSE(set.contains(KeyKind::integer, INT64_C(77)) != expected.contains(77));
    // Goes on after it came back.
    add(*again, INT64_MIN);
    add(*again, INT64_MIN);
    add(*again, INT64_C(0));
    expected.insert(INT64_MIN);
    expected.insert(0);
    EXPECT_EQ(numbers_of(*again), std::vector(expected.begin(), expected.end()));
  }
}

TEST(ExactDistinct, TextsAsASet) {
  std::mt19937_64 random(5);
  std::set<std::string> expected{""};
  DistinctSet set(env);
  add(set, "");
  for (int i = 0; i < 20000; ++i) {
    std::string text = "prefix/" + std::to_string(random() % 6000);
    if (i % 10 == 0) {
      text.resize(random() % 40, '\0');
    }
    if (i % 5000 == 0) {
      text.append(30000, 'x');
    }
    expected.insert(text);
    add(set, text);
  }
  EXPECT_EQ(texts_of(set), std::vector(expected.begin(), expected.end()));
  const auto again = restored(stored(set));
  EXPECT_EQ(texts_of(*again), texts_of(set));
  EXPECT_EQ(stored(*again), stored(set));
}

TEST(ExactDistinct, UuidsInOrderOfTheirBytes) {
  std::mt19937_64 random(6);
  std::set<UuidKey> expected{{}};
  DistinctSet set(env);
  set.add(KeyKind::uuid, UuidKey{});
  for (int i = 0; i < 5000; ++i) {
    const UuidKey key{random() % 3, random() % 900};
    expected.insert(key);
    set.add(KeyKind::uuid, key);
  }
  EXPECT_EQ(set.size(), expected.size());
  const auto again = restored(stored(set));
  std::vector<UuidKey> list;
  again->map().visit([&](const auto &table) {
    if constexpr (std::is_same_v<decltype(table), const DistinctSet::Map::Uuids &>) {
      for (const auto &entry : table.sorted()) {
        list.push_back(entry.key);
      }
    }
  });
  EXPECT_EQ(list, std::vector(expected.begin(), expected.end()));
}

// Rows of many sets, and of all kinds, wait in one buffer.
TEST(ExactDistinct, SharedBuffer) {
  DistinctSet::Shared shared(env);
  std::vector<std::unique_ptr<DistinctSet>> sets;
  std::vector<std::set<std::int64_t>> expected(300);
  std::vector<std::unique_ptr<DistinctSet>> words;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    sets.push_back(std::make_unique<DistinctSet>(env, &shared));
    words.push_back(std::make_unique<DistinctSet>(env, &shared));
  }
  std::mt19937_64 random(7);
  for (int i = 0; i < 30000; ++i) {
    const std::size_t group = random() % 17 == 0 ? 0 : random() % expected.size();
    const auto value = static_cast<std::int64_t>(random() % 400);
    add(*sets[group], value);
    add(*words[group],
        std::to_string(value) + std::string(static_cast<std::size_t>(value) * 7, '.'));
    expected[group].insert(value);
    if (i % 1000 == 0) {
      EXPECT_EQ(sets[group]->size(), expected[group].size());
    }
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(numbers_of(*sets[i]), std::vector(expected[i].begin(), expected[i].end()));
    EXPECT_EQ(words[i]->size(), expected[i].size());
  }
}

// The stored form is that of the set, whatever way led to it.
TEST(ExactDistinct, OrderAndSplitsDoNotShow) {
  std::mt19937_64 random(8);
  for (int round = 0; round < 30; ++round) {
    std::vector<std::int64_t> rows(1 + random() % 3000);
    for (std::int64_t &row : rows) {
      row = number(random, round % 4);
    }
    DistinctSet direct(env);
    for (const std::int64_t row : rows) {
      add(direct, row);
    }
    std::shuffle(rows.begin(), rows.end(), random);
    std::vector<std::unique_ptr<DistinctSet>> parts;
    for (int i = 0; i < 1 + round % 7; ++i) {
      parts.push_back(std::make_unique<DistinctSet>(env));
    }
    for (const std::int64_t row : rows) {
      add(*parts[random() % parts.size()], row);
    }
    DistinctSet merged(env);
    for (auto &part : parts) {
      merged.merge(round % 2 == 0 ? *part : *restored(stored(*part)));
    }
    EXPECT_EQ(stored(merged), stored(direct));
  }
}

TEST(ExactDistinct, EqualKeysShowTheFirstText) {
  DistinctSet one(env);
  DistinctSet other(env);
  for (const std::string_view text : {"anna", "Anna", "ANNA", "Anna"}) {
    one.add(KeyKind::text, TextKey{"key of anna", text, 9});
  }
  other.add(KeyKind::text, TextKey{"key of anna", "AnnA", 9});
  EXPECT_EQ(texts_of(one), std::vector<std::string>{"ANNA"});
  other.merge(one);
  EXPECT_EQ(texts_of(*restored(stored(other))), std::vector<std::string>{"ANNA"});
  DistinctSet bytes(env);
  add(bytes, "anna");
  EXPECT_EQ(error_code([&] { one.merge(bytes); }), "22023");
  EXPECT_EQ(error_code([&] { one.overlap(bytes); }), "22023");
}

TEST(ExactDistinct, SetOperations) {
  std::mt19937_64 random(9);
  for (int round = 0; round < 20; ++round) {
    std::set<std::int64_t> a;
    std::set<std::int64_t> b;
    DistinctSet one(env);
    DistinctSet other(env);
    for (int i = 0; i < 1000; ++i) {
      const std::int64_t x = number(random, round % 2);
      const std::int64_t y = number(random, round % 2);
      a.insert(x);
      b.insert(y);
      add(one, x);
      add(other, y);
    }
    std::vector<std::int64_t> both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    std::vector<std::int64_t> only;
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(only));
    DistinctSet selected(env);
    selected.select(one, other, true);
    EXPECT_EQ(numbers_of(selected), both);
    EXPECT_EQ(one.overlap(other), both.size());
    DistinctSet rest(env);
    rest.select(one, other, false);
    EXPECT_EQ(numbers_of(rest), only);
    EXPECT_EQ(rest.size() + selected.size(), one.size());
    // An empty set has its stored form too, and can be worked with.
    DistinctSet none(env);
    none.select(one, one, false);
    EXPECT_EQ(restored(stored(none))->size(), 0U);
    none.merge(one);
    EXPECT_EQ(stored(none), stored(one));
  }
}

// Numbers close together are kept as a range, which grows on both sides, gives way to a hash table
// when one lies far off, and comes back when there are enough of them again.
TEST(ExactDistinct, RangesComeAndGo) {
  std::mt19937_64 random(10);
  for (const std::int64_t middle :
       {INT64_C(0), INT64_MIN + 3000, INT64_MAX - 3000, INT64_C(1) << 40U}) {
    DistinctSet::Shared shared(env);
    DistinctSet set(env, &shared);
    std::set<std::int64_t> expected;
    const auto insert = [&](std::int64_t one) {
      expected.insert(one);
      add(set, one);
    };
    const auto check = [&] {
      ASSERT_EQ(set.size(), expected.size());
      ASSERT_EQ(numbers_of(set), std::vector(expected.begin(), expected.end()));
      for (std::int64_t offset = -2990; offset < 2990; offset += 7) {
        const std::int64_t one = middle + offset;
        ASSERT_EQ(set.contains(KeyKind::integer, one), expected.contains(one));
      }
      ASSERT_EQ(numbers_of(*restored(stored(set))), numbers_of(set));
    };
    for (std::int64_t i = 0; i < 3000; ++i) {
      insert(middle + (i % 2 == 0 ? i : -i));
      if (i % 500 == 0) {
        check();
      }
    }
    for (std::int64_t i = 0; i < 3000; ++i) { // up, then down
      insert(middle + (i < 1500 ? i : 1500 - i));
    }
    check();
    insert(INT64_MIN);
    insert(INT64_MAX);
    check();
    for (std::int64_t i = 0; i < 30000; ++i) {
      insert(middle / 2 + static_cast<std::int64_t>(random() % 60000));
    }
    check();
  }
}

TEST(ExactDistinct, DenseSetsAreSmall) {
  DistinctSet dense(env);
  DistinctSet minutes(env);
  for (std::int64_t i = 0; i < 43200; ++i) {
    add(dense, 5'000'000'000 + i);
    minutes.add(KeyKind::timestamptz, i * 60'000'000);
  }
  EXPECT_LT(stored_size(dense), 43220U);
  EXPECT_LT(stored_size(minutes), 43220U);
}

TEST(ExactDistinct, WhatIsNoStoredFormIsRefused) {
  DistinctSet numbers(env);
  DistinctSet dates(env);
  for (std::int64_t i = 0; i < 50; ++i) {
    add(numbers, i * i * 1000003);
    dates.add(KeyKind::date, i * 7);
  }
  DistinctSet texts(env);
  for (const std::string_view text : {"", "a", "ab", "abc", "b"}) {
    texts.add(KeyKind::text, TextKey{text, text, 0});
  }
  for (const DistinctSet *set : {&numbers, &dates, &texts}) {
    const std::vector<std::byte> whole = stored(*set);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const std::vector<std::byte> cut(whole.begin(),
                                       whole.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_EQ(error_code([&] { restored(cut); }), "22P03") << size;
    }
    std::vector<std::byte> longer = whole;
    longer.push_back(std::byte{0});
    EXPECT_EQ(error_code([&] { restored(longer); }), "22P03");
  }
  // A date past the last one the server has; a claim of more numbers than there are bytes.
  const auto bytes = [](std::initializer_list<int> list) {
    std::vector<std::byte> made;
    for (const int one : list) {
      made.push_back(static_cast<std::byte>(one));
    }
    return made;
  };
  EXPECT_EQ(error_code([&] {
              restored(bytes({20, 1, 2, 1, 1, 0xFC, 0xFF, 0xFF, 0xFF, 0x0F}));
            }),
            "22P03");
  EXPECT_EQ(error_code([&] {
              restored(bytes({20, 1, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1, 0}));
            }),
            "22P03");
  EXPECT_EQ(error_code([&] { restored(bytes({20, 1, 1, 2, 0, 0, 0})); }), "22P03"); // unit 0
  EXPECT_EQ(error_code([&] { restored(bytes({20, 1, 9, 0})); }), "22P03");          // no kind
}

// Memory that runs out at any allocation is an exception; what is read after it is not asked for.
TEST(ExactDistinct, MemoryMayRunOut) {
  class Failing final : public std::pmr::memory_resource {
  public:
    explicit Failing(int left) : left_(left) {}

  private:
    void *do_allocate(std::size_t bytes, std::size_t alignment) override {
      if (left_-- == 0) {
        throw std::bad_alloc();
      }
      return std::pmr::new_delete_resource()->allocate(bytes, alignment);
    }
    void do_deallocate(void *pointer, std::size_t bytes, std::size_t alignment) override {
      std::pmr::new_delete_resource()->deallocate(pointer, bytes, alignment);
    }
    bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override {
      return this == &other;
    }
    int left_;
  };
  int failures = 0;
  for (int fail_at = 0; fail_at < 40; ++fail_at) {
    Failing memory(fail_at);
    try {
      const Env scarce{.memory = &memory};
      DistinctSet::Shared shared(scarce);
      DistinctSet set(scarce, &shared);
      for (std::int64_t i = 0; i < 3000; ++i) {
        add(set, i);
      }
      stored(set);
    } catch (const std::bad_alloc &) {
      ++failures;
    }
  }
  EXPECT_GT(failures, 5);
  EXPECT_LT(failures, 40);
}

} // namespace
