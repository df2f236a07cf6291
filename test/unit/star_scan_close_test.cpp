// What is found by place where numbers lie close and by hash where they do not: groups, different
// values and a dimension's keys are the same however the numbers come, and turn from one to the
// other on the way.
#include "core/scan/scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory_resource>
#include <numeric>
#include <random>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace starhouse::scan {
namespace {

constexpr std::size_t capacity = 100;
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

struct Pool {
  std::pmr::unsynchronized_pool_resource memory;
  Env env{.memory = &memory};
};

// Ways in which numbers come, and whether they are found by place once all are there.
struct Way {
  const char *name;
  std::function<std::int64_t(std::size_t, std::mt19937_64 &)> number;
  bool close;
};

std::vector<Way> ways() {
  using Random = std::mt19937_64;
  const auto picked = [](std::int64_t below, std::int64_t apart, std::int64_t from) {
    return [=](std::size_t, Random &random) {
      return from + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(below)) * apart;
    };
  };
  return {
      {"one", [](std::size_t, Random &) { return std::int64_t{7}; }, true},
      {"few", picked(50, 1, 0), true},
      {"around zero", picked(900, 1, -450), true},
      {"many, from anywhere", picked(20'000, 1, 1'000'000'000'000), true},
      {"upwards", [](std::size_t i, Random &) { return static_cast<std::int64_t>(i); }, true},
      {"downwards", [](std::size_t i, Random &) { return -static_cast<std::int64_t>(i); }, true},
      {"minutes", picked(5000, 60'000'000, -7'000'000'001), true},
      {"far apart", picked(3000, 1'000'003, 5), true},
      {"far apart, and one between",
       [](std::size_t i, Random &random) {
         return i == 20'000 ? 6 : 5 + static_cast<std::int64_t>(random() % 3000) * 1'000'003;
       },
       false},
      {"anything", [](std::size_t, Random &random) { return static_cast<std::int64_t>(random()); },
       false},
      {"both ends", [](std::size_t i, Random &) { return i % 2 == 0 ? least : most; }, true},
      {"three ends",
       [](std::size_t i, Random &) { return i % 3 == 0   ? least
                                            : i % 3 == 1 ? most
                                                         : 0; }, false},
      {"at the end",
       [](std::size_t i, Random &) { return most - static_cast<std::int64_t>(i % 300); }, true},
      {"at the start",
       [](std::size_t i, Random &) { return least + static_cast<std::int64_t>(i % 300); }, true},
      {"close, then one far away",
       [](std::size_t i, Random &) {
         return i == 15'000 ? most : static_cast<std::int64_t>(i % 700);
       },
       false},
      {"far apart, then close",
       [](std::size_t i, Random &) {
         return static_cast<std::int64_t>(i < 2000 ? i * 8 : i % 16'000);
       },
       true}};
}

constexpr std::size_t numbers_of_a_way = 30'000;

TEST(StarScanClose, GroupsAreThoseOfAMap) {
  for (const Way &way : ways()) {
    for (const std::size_t keys : {1U, 2U, 3U}) {
      for (const bool nulls : {false, true}) {
        std::mt19937_64 random(5);
        Pool pool;
        GroupTable table(pool.env, keys, sizeof(std::int64_t));
        std::map<std::vector<std::int64_t>, std::int64_t> expected; // key to count
        std::vector<std::int64_t> batch;
        std::vector<char *> states(capacity);
        std::vector<std::uint8_t> is_new(capacity);
        const std::size_t width = keys + 1;
        std::size_t rows = 0;
        const auto put = [&] {
          table.find(batch.data(), rows, states.data(), is_new.data());
          for (std::size_t row = 0; row < rows; ++row) {
            const auto key = batch.begin() + static_cast<std::ptrdiff_t>(row * width);
            std::int64_t &count = expected[{key, key + static_cast<std::ptrdiff_t>(width)}];
            auto *state = reinterpret_cast<std::int64_t *>(states[row]);
            ASSERT_EQ(is_new[row] != 0, count == 0) << way.name;
            ASSERT_EQ(*state, count) << way.name;
            *state = ++count;
          }
          batch.clear();
          rows = 0;
        };
        for (std::size_t i = 0; i < numbers_of_a_way; ++i) {
          std::int64_t null = 0;
          for (std::size_t k = 0; k < keys; ++k) {
            const bool is_null = nulls && random() % 9 == 0;
            // Of several keys the first is the way's.
            const std::int64_t number =
                k == 0 ? way.number(i, random) : static_cast<std::int64_t>(random() % 3);
            batch.push_back(is_null ? 0 : number);
            null |= std::int64_t{is_null ? 1 : 0} << k;
          }
          batch.push_back(null);
          if (++rows == 1 + i % capacity || rows == capacity) {
            put();
          }
        }
        put();
        ASSERT_EQ(table.size(), expected.size()) << way.name;
        if (keys == 1 && !nulls) {
          EXPECT_EQ(table.is_close(), way.close) << way.name;
        }
        for (std::size_t group = 0; group < table.size(); ++group) {
          const std::int64_t *key = table.key(group);
          EXPECT_EQ(expected.at({key, key + width}),
                    *reinterpret_cast<const std::int64_t *>(table.states(group)));
        }
      }
    }
  }
}

TEST(StarScanClose, PlacesAreThoseOfNumbersInSteps) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 3000; ++round) {
    Spread spread;
    const std::int64_t step = 1 + static_cast<std::int64_t>(random() >> (1 + random() % 63));
    const auto from = static_cast<std::int64_t>(random() >> (random() % 64));
    std::set<std::int64_t> numbers;
    for (std::size_t i = 0, count = 1 + random() % 9; i < count; ++i) {
      std::int64_t number = 0;
      if (__builtin_mul_overflow(static_cast<std::int64_t>(random() % 50), step, &number) ||
          __builtin_add_overflow(number, from, &number)) {
        number = random() % 2 == 0 ? most : least;
      }
      numbers.insert(number);
      spread.add(number);
    }
    ASSERT_EQ(spread.least, *numbers.begin());
    ASSERT_EQ(spread.most, *numbers.rbegin());
    const CloseRange range(spread);
    if (range.size() == std::numeric_limits<std::uint64_t>::max()) {
      continue;
    }
    for (const CloseRange &one : {range, range.with_room({})}) {
      for (const std::int64_t number : numbers) {
        ASSERT_TRUE(one.holds(number)) << number;
        ASSERT_EQ(one.number(one.place(number)), number);
      }
      // Any number has a place if and only if a step leads to it from there.
      for (int i = 0; i < 100; ++i) {
        const std::int64_t number =
            i < 50 ? static_cast<std::int64_t>(random())
                   : *numbers.begin() + static_cast<std::int64_t>(random() % 100) - 50;
        if (i >= 50 && (*numbers.begin() < least + 50 || *numbers.begin() > most - 50)) {
          continue;
        }
        const std::uint64_t distance =
            static_cast<std::uint64_t>(number) - static_cast<std::uint64_t>(one.number(0));
        const std::uint64_t steps = std::max<std::uint64_t>(spread.step, 1);
        const bool there = number >= one.number(0) && number <= one.number(one.size() - 1) &&
                           distance % steps == 0;
        ASSERT_EQ(one.holds(number), there) << number << ' ' << one.number(0) << ' ' << steps;
        if (there) {
          ASSERT_EQ(one.place(number), distance / steps);
        }
      }
    }
  }
}

// Of a single group, at once and in parts of the values.
TEST(StarScanClose, ValuesAreThoseOfASet) {
  const Aggregate aggregate{.kind = AggregateKind::count_distinct};
  for (const Way &way : ways()) {
    for (const int narrowed : {0, 1, 3}) {
      std::mt19937_64 random(6);
      Pool pool;
      DistinctSet set(pool.env);
      Batch batch(pool.env, capacity);
      batch.add_column(false);
      std::set<std::int64_t> expected;
      std::vector<std::int64_t> numbers(numbers_of_a_way);
      std::vector<std::uint8_t> nulls(numbers_of_a_way);
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        numbers[i] = way.number(i, random);
        nulls[i] = random() % 7 == 0 ? 1 : 0;
        if (nulls[i] == 0) {
          expected.insert(numbers[i]);
        }
      }
      CountState state{};
      auto *states = reinterpret_cast<char *>(&state);
      Part part{};
      const auto add_all = [&](bool narrowing) {
        for (std::size_t from = 0; from < numbers.size(); from += capacity) {
          batch[0].any_null = true;
          std::copy_n(numbers.data() + from, capacity, batch[0].words);
          std::copy_n(nulls.data() + from, capacity, batch[0].nulls);
          set.add(aggregate, batch[0], capacity, &states, true, nullptr);
          if (narrowing && from >= 10'000 && part.bits < static_cast<std::uint32_t>(narrowed)) {
            part = {.prefix = part.prefix << 1U, .bits = part.bits + 1};
            set.narrow(part, aggregate);
          }
        }
      };
      add_all(true);
      while (part.prefix + 1 < 1U << part.bits) {
        ++part.prefix;
        set.begin(part);
        add_all(false);
      }
      EXPECT_EQ(state.count, static_cast<std::int64_t>(expected.size())) << way.name;
      if (narrowed == 0) {
        EXPECT_EQ(set.size(), expected.size());
      }
    }
  }
}

TEST(StarScanClose, BitsTakeLessThanSlots) {
  Pool pool;
  DistinctSet set(pool.env);
  Batch batch(pool.env, capacity);
  batch.add_column(false);
  CountState state{};
  auto *states = reinterpret_cast<char *>(&state);
  std::mt19937_64 random(7);
  for (int i = 0; i < 3000; ++i) {
    for (std::size_t row = 0; row < capacity; ++row) {
      batch[0].words[row] = static_cast<std::int64_t>(random() % 50'000);
    }
    set.add({.kind = AggregateKind::count_distinct}, batch[0], capacity, &states, true, nullptr);
  }
  EXPECT_LT(set.memory(), set.size() * 4);
}

// A few entries in a range of many numbers, and nearly all of it; with a key that has two. Then the
// same of what another process reads.
TEST(StarScanClose, DimensionsFindTheirKeysAlone) {
  for (const std::int64_t apart : {1, 10, 50}) {
    for (const bool repeated : {false, true}) {
      Pool pool;
      Dimension made(pool.env, 1);
      const bool bytes[]{false};
      constexpr std::int64_t entries = 5000;
      constexpr std::int64_t from = -1000;
      for (std::int64_t i = 0; i < entries; ++i) {
        const KeyPart key{.word = from + i * apart};
        made.add({&key, 1}, bytes, static_cast<std::uint32_t>(i));
      }
      if (repeated) {
        const KeyPart key{.word = from};
        made.add({&key, 1}, bytes, 12'345);
      }
      made.finish();
      std::vector<std::uint64_t> image(made.image_size() / sizeof(std::uint64_t));
      made.write_image(reinterpret_cast<char *>(image.data()));
      Dimension lent(pool.env, 1);
      lent.lend(reinterpret_cast<const char *>(image.data()));
      EXPECT_EQ(made.has_repeated(), repeated);
      EXPECT_EQ(lent.has_repeated(), repeated);
      Batch batch(pool.env, capacity);
      const std::uint32_t column = static_cast<std::uint32_t>(batch.add_column(false));
      std::mt19937_64 random(8);
      for (int round = 0; round < 200; ++round) {
        std::vector<std::uint32_t> rows(capacity);
        std::iota(rows.begin(), rows.end(), 0U);
        batch[0].any_null = round % 2 == 0;
        std::map<std::uint32_t, std::int64_t> expected;
        for (std::uint32_t row = 0; row < capacity; ++row) {
          const std::int64_t number =
              row < 4 ? std::vector{least, most, from - 1, from + entries * apart}[row]
                      : static_cast<std::int64_t>(random() % (entries * 60)) - 2000;
          batch[0].words[row] = number;
          batch[0].nulls[row] = random() % 5 == 0 ? 1 : 0;
          const std::int64_t place = number - from;
          if ((round % 2 != 0 || batch[0].nulls[row] == 0) && number >= from &&
              number < from + entries * apart && place % apart == 0) {
            expected[row] = place / apart;
          }
        }
        std::vector<std::uint32_t> first(capacity);
        const Dimension &dimension = round % 4 < 2 ? made : lent;
        const std::size_t kept = dimension.find(batch, {&column, 1}, rows, first.data());
        ASSERT_EQ(kept, expected.size());
        for (std::size_t i = 0; i < kept; ++i) {
          const std::uint32_t row = rows[i];
          ASSERT_TRUE(expected.contains(row));
          EXPECT_EQ(dimension.code(first[row]), expected[row]);
          const std::uint32_t next = dimension.next(first[row]);
          EXPECT_EQ(next != Dimension::none, repeated && expected[row] == 0);
          if (next != Dimension::none) {
            EXPECT_EQ(dimension.code(next), 12'345U);
          }
        }
      }
    }
  }
}

// Ranges and values of all sizes: by place, by place behind bits, and by rank; each with
// values of none to four bytes, the greatest that there is among them.
TEST(StarScanClose, MapsGiveTheValuesOfTheirNumbers) {
  struct Size {
    std::int64_t places;
    std::size_t numbers;
  };
  std::mt19937_64 random(5);
  for (const Size size : {Size{1, 1},
                          {63, 20},
                          {64, 64},
                          {65, 65},
                          {1000, 3},
                          {20'000, 300},
                          {20'000, 15'000},
                          {300'000, 40},
                          {300'000, 290'000},
                          {600'000, 200'000},
                          {4'000'000, 1},
                          {4'000'000, 70'000}}) {
    for (const std::uint32_t most_value : {0U, 1U, 254U, 255U, 65'534U, 65'535U, 0xFFFFFFFEU}) {
      for (const std::int64_t from : {std::int64_t{-77}, most - size.places + 1, least}) {
        Pool pool;
        std::map<std::int64_t, std::uint32_t> expected;
        Spread spread;
        for (std::size_t i = 0; i < size.numbers; ++i) {
          const std::int64_t place =
              i == 0 ? size.places - 1
              : i == 1
                  ? 0
                  : static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(size.places));
          expected[from + place] =
              i == 0 ? most_value
                     : static_cast<std::uint32_t>(random() % (std::uint64_t{most_value} + 1));
          spread.add(from + place);
        }
        const CloseRange range(spread);
        ASSERT_TRUE(PlaceMap::is_close(range, expected.size()));
        PlaceMap map(pool.env);
        EXPECT_TRUE(map.is_empty());
        map.begin(range);
        for (const auto &[number, value] : expected) {
          EXPECT_TRUE(map.mark(number));
        }
        EXPECT_FALSE(map.mark(spread.least));
        map.lay_out(most_value);
        for (const auto &[number, value] : expected) {
          EXPECT_EQ(map.put(number, value), PlaceMap::none);
        }
        if (most_value > 0) {
          EXPECT_EQ(map.put(spread.least, most_value), expected.at(spread.least));
        }
        EXPECT_FALSE(map.is_empty());
        for (int round = 0; round < 20; ++round) {
          std::vector<std::int64_t> words(capacity);
          std::vector<std::uint32_t> rows;
          for (std::uint32_t row = 0; row < capacity; ++row) {
            const std::uint64_t any = random();
            const auto next = expected.lower_bound(
                from + static_cast<std::int64_t>(any % static_cast<std::uint64_t>(size.places)));
            words[row] = any % 7 == 0 ? static_cast<std::int64_t>(random())
                         : any % 7 < 3 && next != expected.end()
                             ? next->first
                             : static_cast<std::int64_t>(
                                   static_cast<std::uint64_t>(from) +
                                   any % static_cast<std::uint64_t>(size.places + 2) - 1);
            if (any % 11 != 0) {
              rows.push_back(row);
            }
          }
          std::vector<std::uint32_t> wanted;
          for (const std::uint32_t row : rows) {
            const auto found = expected.find(words[row]);
            EXPECT_EQ(map.find(words[row]),
                      found == expected.end() ? PlaceMap::none : found->second);
            if (found != expected.end()) {
              wanted.push_back(row);
            }
          }
          std::vector<std::uint32_t> first(capacity);
          rows.resize(map.find(words.data(), rows, first.data()));
          ASSERT_EQ(rows, wanted);
          for (const std::uint32_t row : rows) {
            EXPECT_EQ(first[row], expected.at(words[row]));
          }
        }
      }
    }
  }
}

// 24,000 of 600,000 keys, as a category of parts has, take what is near a processor.
TEST(StarScanClose, MapsOfFewAreSmall) {
  Pool pool;
  PlaceMap map(pool.env);
  Spread spread;
  spread.add(1);
  spread.add(600'000);
  spread.add(2);
  map.begin(CloseRange(spread));
  for (std::int64_t number = 1; number <= 600'000; number += 25) {
    map.mark(number);
  }
  map.mark(600'000);
  map.lay_out(39);
  EXPECT_LT(map.memory(), 150'000U);
  EXPECT_FALSE(PlaceMap::is_close(
      CloseRange(Spread{.any = true, .least = 0, .most = 5'000'000, .step = 1}), 1000));
}

// The quotient of a multiplication is that of the division.
TEST(StarScanClose, MultiplesOfTimesAreExact) {
  Pool pool;
  Batch batch(pool.env, capacity);
  batch.add_column(false);
  batch.add_column(false);
  LocalClock clock(pool.env, {});
  std::mt19937_64 random(9);
  for (const std::int64_t width :
       {std::int64_t{1}, std::int64_t{7}, std::int64_t{999'999}, std::int64_t{1'000'000},
        std::int64_t{60'000'000}, day_length, std::int64_t{7} * day_length + 1'000'000,
        std::int64_t{1} << 62U}) {
    for (int round = 0; round < 200; ++round) {
      Step step{.operation = Step::Operation::multiple, .left = 0, .out = 1, .width = width};
      step.origin = round % 2 == 0 ? 0 : static_cast<std::int64_t>(random()) >> (random() % 40U);
      for (std::size_t row = 0; row < capacity; ++row) {
        auto time = static_cast<std::int64_t>(random()) >> (random() % 50U);
        if (row % 3 == 0 && width < std::int64_t{1} << 40U) {
          time = time / width * width - static_cast<std::int64_t>(row % 2); // at a multiple's edge
        }
        batch[0].words[row] = std::clamp(time, least + 1, most - 1);
      }
      run_step(step, batch, capacity, clock, nullptr);
      for (std::size_t row = 0; row < capacity; ++row) {
        __extension__ const __int128 difference =
            static_cast<__int128>(batch[0].words[row]) - step.origin;
        const auto quotient =
            static_cast<std::int64_t>(difference / width - (difference % width < 0 ? 1 : 0));
        ASSERT_EQ(batch[1].words[row], quotient)
            << batch[0].words[row] << ' ' << step.origin << ' ' << width;
      }
    }
  }
}

// The same number in the short form and in the long one, digits that are not stored, as many shown
// as may be.
TEST(StarScanClose, ShortNumericsAreReadAsLongOnes) {
  std::mt19937_64 random(10);
  std::size_t read_short = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::size_t count = random() % 6;
    const auto scale = static_cast<unsigned>(random() % 25);
    const int weight = static_cast<int>(random() % 12) - 6;
    const bool negative = random() % 2 == 0;
    const auto short_head =
        static_cast<std::uint16_t>(0x8000U | (negative ? 0x2000U : 0U) | scale << 7U |
                                   (static_cast<unsigned>(weight) & 0x7FU));
    const auto long_head = static_cast<std::uint16_t>((negative ? 0x4000U : 0U) | scale);
    const auto long_weight = static_cast<std::int16_t>(weight);
    std::string digits;
    for (std::size_t d = 0; d < count; ++d) {
      const auto digit = static_cast<std::int16_t>(random() % 10'000);
      digits.append(reinterpret_cast<const char *>(&digit), sizeof digit);
    }
    std::string one(reinterpret_cast<const char *>(&short_head), sizeof short_head);
    std::string other(reinterpret_cast<const char *>(&long_head), sizeof long_head);
    other.append(reinterpret_cast<const char *>(&long_weight), sizeof long_weight);
    SmallDecimal left;
    SmallDecimal right;
    SmallDecimal alone;
    const bool fits = small_decimal(one + digits, left);
    ASSERT_EQ(fits, small_decimal(other + digits, right)) << count << ' ' << scale << ' ' << weight;
    ASSERT_EQ(left.digits, right.digits) << count << ' ' << scale << ' ' << weight;
    ASSERT_EQ(left.scale, right.scale);
    read_short += short_decimal(one + digits, alone) ? 1 : 0;
  }
  EXPECT_GT(read_short, 10'000U);
}

} // namespace
} // namespace starhouse::scan
