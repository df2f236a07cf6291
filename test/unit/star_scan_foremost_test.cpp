// The first few groups of each partition: never one too few, beside sorting all of them.
#include "core/scan/foremost.hpp"
#include "core/scan/columns.hpp"
#include "core/scan/numeric_bytes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <memory_resource>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace starhouse::scan {
namespace {

using Kind = ForemostKey::Kind;

struct Pool {
  std::pmr::unsynchronized_pool_resource memory;
  Env env{.memory = &memory};
};

// A numeric in the short form of up to four digits to the base of 10,000.
std::string numeric(bool negative, int weight, const std::vector<std::int16_t> &digits) {
  const auto head = static_cast<std::uint16_t>(0x8000U | (negative ? 0x2000U : 0U) |
                                               (static_cast<unsigned>(weight) & 0x7FU));
  std::string bytes(sizeof head + digits.size() * sizeof(std::int16_t), '\0');
  std::memcpy(bytes.data(), &head, sizeof head);
  std::memcpy(bytes.data() + sizeof head, digits.data(), digits.size() * sizeof(std::int16_t));
  return bytes;
}

struct Value {
  bool null = false;
  std::int64_t word = 0;
  std::string bytes;

  ForemostValue view() const { return {.null = null, .word = word, .bytes = bytes}; }
};

int compare_floats(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) {
    return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

// As the server sorts.
int compare(const ForemostKey &key, const Value &a, const Value &b) {
  if (a.null || b.null) {
    const int order = static_cast<int>(a.null) - static_cast<int>(b.null);
    return key.nulls_first ? -order : order;
  }
  int order = 0;
  switch (key.kind) {
  case Kind::integer:
    order = a.word < b.word ? -1 : a.word > b.word ? 1 : 0;
    break;
  case Kind::floating:
    order = compare_floats(as_double(a.word), as_double(b.word));
    break;
  case Kind::text:
    order = a.bytes.compare(b.bytes);
    break;
  case Kind::numeric: {
    const auto own = compare_numeric(a.bytes, b.bytes);
    order = std::is_lt(own) ? -1 : std::is_gt(own) ? 1 : 0;
    break;
  }
  }
  return key.descending ? -order : order;
}

Value any_value(Kind kind, std::mt19937_64 &random) {
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  Value value;
  if (random() % 12 == 0) {
    value.null = true;
    return value;
  }
  switch (kind) {
  case Kind::integer: {
    const std::int64_t special[] = {least, least + 1, most, most - 1, 0, -1};
    value.word =
        random() % 4 == 0 ? special[random() % 6] : static_cast<std::int64_t>(random() % 40) - 20;
    break;
  }
  case Kind::floating: {
    const double special[] = {-0.0,
                              0.0,
                              std::numeric_limits<double>::infinity(),
                              -std::numeric_limits<double>::infinity(),
                              std::numeric_limits<double>::quiet_NaN(),
                              -std::numeric_limits<double>::quiet_NaN(),
                              std::numeric_limits<double>::denorm_min()};
    value.word = as_word(random() % 4 == 0 ? special[random() % 7]
                                           : static_cast<double>(random() % 40) / 7 - 2);
    break;
  }
  case Kind::text: {
    static const std::string same = "abcdefghij";
    value.bytes = same.substr(0, random() % 11);
    if (random() % 2 == 0) {
      value.bytes += static_cast<char>(1 + random() % 255);
    }
    break;
  }
  case Kind::numeric: {
    const auto digits = random() % 5;
    std::vector<std::int16_t> own;
    for (std::uint64_t i = 0; i < digits; ++i) {
      own.push_back(
          static_cast<std::int16_t>(i == 0 || i + 1 == digits ? 1 + random() % 2 : random() % 2));
    }
    const int weight = static_cast<int>(random() % 4) - 2;
    value.bytes = own.empty() ? numeric(false, 0, own) : numeric(random() % 2 == 0, weight, own);
    if (random() % 20 == 0) {
      const std::uint16_t heads[] = {0xC000, 0xD000, 0xF000};
      value.bytes.assign(reinterpret_cast<const char *>(&heads[random() % 3]), 2);
    }
    break;
  }
  }
  return value;
}

TEST(StarScanForemost, NoneIsLeftOutThatIsAmongTheFirst) {
  std::mt19937_64 random(7);
  std::size_t kept_all = 0;
  std::size_t added_all = 0;
  for (int round = 0; round < 600; ++round) {
    Pool pool;
    std::vector<ForemostKey> partition(random() % 3);
    for (ForemostKey &key : partition) {
      key.kind = static_cast<Kind>(random() % 3);
    }
    std::vector<ForemostKey> order(1 + random() % 6);
    for (ForemostKey &key : order) {
      key = {.kind = static_cast<Kind>(random() % 4),
             .descending = random() % 2 == 0,
             .nulls_first = random() % 2 == 0};
    }
    const std::size_t most = 1 + random() % 5;
    const std::size_t count = random() % 300;
    Foremost foremost(pool.env, partition, order, most);
    std::vector<std::vector<Value>> rows;
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<Value> row;
      std::vector<ForemostValue> views;
      for (const ForemostKey &key : partition) {
        row.push_back(any_value(key.kind, random));
      }
      for (const ForemostKey &key : order) {
        row.push_back(any_value(key.kind, random));
      }
      rows.push_back(row);
      for (const Value &value : rows.back()) {
        views.push_back(value.view());
      }
      if (foremost.may_be(std::span(views).first(partition.size() + 1))) {
        foremost.add(static_cast<std::uint32_t>(i), views);
      }
    }
    const std::size_t left = foremost.finish();
    const std::vector<std::uint32_t> kept(foremost.rows(), foremost.rows() + left);
    ASSERT_TRUE(std::is_sorted(kept.begin(), kept.end()));
    const auto same_partition = [&](const auto &a, const auto &b) {
      for (std::size_t k = 0; k < partition.size(); ++k) {
        if (compare(partition[k], a[k], b[k]) != 0) {
          return false;
        }
      }
      return true;
    };
    const auto is_before = [&](const auto &a, const auto &b) {
      for (std::size_t k = 0; k < order.size(); ++k) {
        const int own = compare(order[k], a[partition.size() + k], b[partition.size() + k]);
        if (own != 0) {
          return own < 0;
        }
      }
      return false;
    };
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t before = 0;
      for (std::size_t j = 0; j < count; ++j) {
        before += same_partition(rows[i], rows[j]) && is_before(rows[j], rows[i]) ? 1 : 0;
      }
      if (before < most) {
        ASSERT_TRUE(std::binary_search(kept.begin(), kept.end(), static_cast<std::uint32_t>(i)))
            << "round " << round << ", row " << i;
      }
    }
    kept_all += kept.size();
    added_all += count;
  }
  EXPECT_LT(kept_all * 3, added_all * 2); // and most of the others are
}

TEST(StarScanForemost, ThoseThatAreLeftAreExactWhereWordsTellAll) {
  Pool pool;
  const ForemostKey region{.kind = Kind::text};
  const ForemostKey order[] = {{.kind = Kind::integer, .descending = true}, {.kind = Kind::text}};
  Foremost foremost(pool.env, {&region, 1}, order, 3);
  for (std::uint32_t row = 0; row < 50'000; ++row) {
    const std::string of = row % 2 == 0 ? "a region of a long name" : "another one";
    const std::string name = std::to_string(row);
    const ForemostValue values[] = {{.null = false, .word = 0, .bytes = of},
                                    {.null = false, .word = row / 10 % 4'000, .bytes = {}},
                                    {.null = false, .word = 0, .bytes = name}};
    if (foremost.may_be(std::span(values).first(2))) {
      foremost.add(row, values);
    }
  }
  // The last number is that of rows 39,990 to 39,999, the even ones and the odd ones apart.
  const std::size_t left = foremost.finish();
  EXPECT_EQ(std::vector<std::uint32_t>(foremost.rows(), foremost.rows() + left),
            (std::vector<std::uint32_t>{39'990, 39'991, 39'992, 39'993, 39'994, 39'995}));
  EXPECT_LT(foremost.memory(), 300'000U);
}

} // namespace
} // namespace starhouse::scan
