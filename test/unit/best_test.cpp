#include "core/order/best.hpp"
#include "core/order/numeric_form.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <limits>
#include <memory_resource>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace starhouse::order;
using starhouse::Bytes;
using starhouse::bytes_of;
using starhouse::Env;
using starhouse::Error;
using starhouse::StateKind;

std::pmr::monotonic_buffer_resource arena; // states give nothing back themselves
const Env env{.memory = &arena};

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

std::vector<std::byte> stored(const Best &state) {
  std::vector<std::byte> bytes(starhouse::stored_size(state));
  starhouse::write_state(state, bytes);
  return bytes;
}

std::vector<std::string> texts(const Best &state) {
  std::vector<std::string> list;
  for (const Bytes value : state.values(env)) {
    list.emplace_back(reinterpret_cast<const char *>(value.data()), value.size());
  }
  return list;
}

constexpr BestRule texts_by_integer(bool greatest, std::uint32_t limit) {
  return {ValueType::text, KeyType::int8, greatest, limit};
}

TEST(Best, KeepsTheFirst) {
  const std::vector<std::pair<std::int64_t, std::string>> rows{
      {3, "c"},
      {-1, "a long text that has no place in the row itself"},
      {7, "g"},
      {7, "f"},
      {0, ""}};
  for (const bool greatest : {true, false}) {
    for (const std::uint32_t limit : {1U, 2U, 3U, 5U, 100U}) {
      Best best(env);
      for (const auto &[key, value] : rows) {
        best.add(texts_by_integer(greatest, limit), key_of(key), {}, bytes_of(value));
      }
      auto expected = rows;
      std::ranges::sort(expected, [&](const auto &a, const auto &b) {
        return a.first != b.first ? (a.first > b.first) == greatest : a.second < b.second;
      });
      expected.resize(std::min<std::size_t>(limit, expected.size()));
      std::vector<std::string> values;
      for (const auto &row : expected) {
        values.push_back(row.second);
      }
      EXPECT_EQ(texts(best), values) << greatest << limit;
    }
  }
}

// Equal rows and keys among them: the bytes are the same whatever the order and the split, on the
// quick path too.
TEST(Best, BytesDependOnTheRowsAlone) {
  std::mt19937_64 random(2);
  std::vector<std::pair<std::int64_t, std::string>> rows;
  for (int i = 0; i < 3000; ++i) {
    rows.emplace_back(random() % 500,
                      std::string(random() % 40, static_cast<char>('a' + random() % 3)));
  }
  for (const std::uint32_t limit : {1U, 10U, 700U}) {
    std::vector<std::byte> first;
    for (int round = 0; round < 10; ++round) {
      std::ranges::shuffle(rows, random);
      std::vector<Best> parts;
      for (int i = 0; i < 5; ++i) {
        parts.emplace_back(env);
      }
      const BestRule rule = texts_by_integer(round < 100, limit);
      for (const auto &[key, value] : rows) {
        Best &part = parts[random() % parts.size()];
        if (!part.is_out(rule, key_of(key)) &&
            !part.replace_at_once(rule, key_of(key), bytes_of(value))) {
          part.add(rule, key_of(key), {}, bytes_of(value));
        }
      }
      Best merged(env);
      for (const Best &part : parts) {
        Best read(env);
        starhouse::read_state(read, stored(part));
        merged.merge(read);
      }
      if (round == 0) {
        first = stored(merged);
      }
      ASSERT_EQ(stored(merged), first);
    }
  }
}

TEST(Best, Refuses) {
  Best best(env);
  EXPECT_EQ(error_code([&] { best.add(texts_by_integer(true, 0), 1, {}, {}); }), "22023");
  EXPECT_EQ(error_code([&] { best.add(texts_by_integer(true, 10'001), 1, {}, {}); }), "22023");
  best.add(texts_by_integer(true, 2), 1, {}, {});
  EXPECT_EQ(error_code([&] { best.add(texts_by_integer(true, 3), 1, {}, {}); }), "22023");
  Best other(env);
  other.add(texts_by_integer(false, 2), 1, {}, {});
  EXPECT_EQ(error_code([&] { best.merge(other); }), "22023");
  Best empty(env);
  best.merge(empty);
  EXPECT_EQ(best.count(), 1U);

  const auto read = [](std::vector<unsigned char> bytes) {
    return error_code([&] {
      Best target(env);
      starhouse::read_state(target, std::as_bytes(std::span(bytes)));
    });
  };
  const auto kind = static_cast<unsigned char>(StateKind::best);
  const std::vector<unsigned char> good{kind, 1, 9, 2,   1, 2, 2, 5, 0, 0, 0, 0, 0,
                                        0,    0, 1, 'a', 4, 0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(read(good), "none");
  const auto with = [&](std::size_t at, unsigned char byte) {
    auto bytes = good;
    bytes[at] = byte;
    return read(bytes);
  };
  EXPECT_EQ(with(2, 11), "22P03");  // no such type of values
  EXPECT_EQ(with(3, 0), "22P03");   // of keys
  EXPECT_EQ(with(4, 2), "22P03");   // of direction
  EXPECT_EQ(with(5, 1), "22P03");   // more rows than are kept
  EXPECT_EQ(with(6, 0), "22P03");   // no row
  EXPECT_EQ(with(15, 40), "22P03"); // a value beyond the end
  EXPECT_EQ(with(17, 6), "22P03");  // out of order
}

// The server's numeric in its stored form: short and long heads, as pg_column_size would see them.
std::vector<std::byte> numeric(std::vector<std::uint16_t> units) {
  std::vector<std::byte> bytes;
  for (const std::uint16_t unit : units) {
    bytes.push_back(static_cast<std::byte>(unit & 0xFFU));
    bytes.push_back(static_cast<std::byte>(unit >> 8U));
  }
  return bytes;
}

TEST(NumericForm, IsInOrder) {
  const std::vector<std::vector<std::byte>> ascending{
      numeric({0xF000}),         // -infinity
      numeric({0xA001, 1, 5}),   // -10005
      numeric({0xA001, 1}),      // -10000
      numeric({0xA000, 3}),      // -3
      numeric({0xA07F, 5000}),   // -0.5
      numeric({0x8000}),         // 0
      numeric({0x807E, 1}),      // 0.00000001
      numeric({0x80FF, 5000}),   // 0.50
      numeric({0x8000, 3}),      // 3
      numeric({0x8080, 3, 1}),   // 3.0001
      numeric({0x8001, 1}),      // 10000
      numeric({0x0000, 100, 1}), // 10000^100, in the long form
      numeric({0xD000}),         // infinity
      numeric({0xC000})};        // NaN
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    EXPECT_TRUE(is_numeric(ascending[i])) << i;
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      const int order = compare_numeric(ascending[i], ascending[j]);
      EXPECT_EQ(order < 0, i < j) << i << " " << j;
      EXPECT_EQ(order > 0, i > j) << i << " " << j;
      if (i < j) {
        EXPECT_LE(numeric_prefix(ascending[i]), numeric_prefix(ascending[j])) << i << " " << j;
      }
    }
  }
  EXPECT_EQ(compare_numeric(numeric({0x8000, 3}), numeric({0x8100, 3})), 0); // 3 and 3.00
  EXPECT_EQ(compare_numeric(numeric({0x8000, 3}), numeric({0x0000, 0, 3})), 0);
}

// 3 and 3.00 are one key: which of them a state has kept must not be a matter of order.
TEST(Best, EqualNumericsOfOtherScale) {
  const auto three = numeric({0x8000, 3});
  const auto scaled = numeric({0x8100, 3});
  for (const std::uint32_t limit : {1U, 2U}) {
    const BestRule rule{ValueType::text, KeyType::numeric, true, limit};
    Best one(env);
    one.add(rule, numeric_prefix(three), three, bytes_of("a"));
    one.add(rule, numeric_prefix(scaled), scaled, bytes_of("a"));
    Best other(env);
    other.add(rule, numeric_prefix(scaled), scaled, bytes_of("a"));
    other.add(rule, numeric_prefix(three), three, bytes_of("a"));
    EXPECT_EQ(stored(one), stored(other));
  }
}

TEST(NumericForm, RefusesOthers) {
  EXPECT_FALSE(is_numeric({}));
  EXPECT_FALSE(is_numeric(bytes_of("abc")));
  EXPECT_FALSE(is_numeric(numeric({0xC000, 1})));     // NaN with digits
  EXPECT_FALSE(is_numeric(numeric({0xE000})));        // no special value
  EXPECT_FALSE(is_numeric(numeric({0x8000, 10000}))); // no digit
  EXPECT_FALSE(is_numeric(numeric({0x8000, 0, 1})));  // begins with 0
  EXPECT_FALSE(is_numeric(numeric({0x8000, 1, 0})));  // ends with 0
  EXPECT_FALSE(is_numeric(numeric({0x0000})));        // long, without a weight
  EXPECT_FALSE(is_numeric(numeric({0xA000})));        // -0
}

} // namespace
