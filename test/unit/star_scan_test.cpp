// The star scan's kernels: rows of any shape against the values they were made of, tests against
// their definitions, groups in parts against all at once.
#include "core/scan/scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <memory_resource>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace starhouse::scan {
namespace {

constexpr std::size_t capacity = 300;

// A scan gives nothing back.
struct Arena {
  std::pmr::monotonic_buffer_resource memory;
  Env env{.memory = &memory};
};

// A row's attributes as the server lays them out.
class RowMaker {
public:
  void null() { present_.push_back(false); }
  template <class T>
  void fixed(T value) {
    align(sizeof value);
    append(&value, sizeof value);
    present_.push_back(true);
  }
  void text(const std::string &text) {
    if (text.size() < 127) {
      data_.push_back(static_cast<char>((text.size() + 1) << 1U | 1U));
    } else {
      align(4);
      const auto head = static_cast<std::uint32_t>((text.size() + 4) << 2U);
      append(&head, sizeof head);
    }
    append(text.data(), text.size());
    present_.push_back(true);
  }
  void toasted() {
    data_ += '\x01';
    data_ += '\x12';
    data_ += std::string(16, 'p');
    present_.push_back(true);
  }

  Row row() {
    bool all = true;
    nulls_.assign(present_.size() / 8 + 1, 0);
    for (std::size_t i = 0; i < present_.size(); ++i) {
      all = all && present_[i];
      nulls_[i / 8] |= static_cast<std::uint8_t>(present_[i] ? 1U << (i % 8) : 0U);
    }
    return {.data = data_.data(),
            .nulls = all ? nullptr : nulls_.data(),
            .size = static_cast<std::uint32_t>(data_.size()),
            .attributes = static_cast<std::uint16_t>(present_.size())};
  }

private:
  void align(std::size_t to) { data_.resize((data_.size() + to - 1) / to * to); }
  void append(const void *from, std::size_t size) {
    data_.append(static_cast<const char *>(from), size);
  }

  std::string data_;
  std::vector<std::uint8_t> nulls_;
  std::vector<bool> present_;
};

const std::vector<Attribute> shape{{4, 4}, {8, 8}, {2, 2}, {-1, 4}, {1, 1}, {-1, 4}, {8, 8}};

TEST(StarScan, RowsGiveTheValuesTheyWereMadeOf) {
  std::mt19937 random(1);
  for (int round = 0; round < 1000; ++round) {
    struct Values {
      std::optional<std::int32_t> a;
      std::optional<double> b;
      std::optional<std::int16_t> c;
      std::optional<std::string> d;
      std::optional<bool> e;
      std::optional<std::string> f;
      std::optional<std::int64_t> g;
    };
    // None, among all attributes, or behind those in fixed places alone.
    const int nulls = round % 3;
    const auto there = [&](bool fixed) {
      return nulls == 0 || (nulls == 2 && fixed) || random() % 4 != 0;
    };
    std::vector<Values> values(random() % 20);
    std::vector<RowMaker> makers(values.size());
    std::vector<Row> rows;
    for (std::size_t i = 0; i < values.size(); ++i) {
      Values &v = values[i];
      RowMaker &maker = makers[i];
      const auto put = [&](auto &value, auto made, bool fixed = false) {
        if (there(fixed)) {
          value = made;
          maker.fixed(made);
        } else {
          maker.null();
        }
      };
      const auto put_text = [&](std::optional<std::string> &value) {
        if (there(false)) {
          value = std::string(random() % 5 == 0 ? random() % 300 : random() % 9, 'x');
          maker.text(*value);
        } else {
          maker.null();
        }
      };
      put(v.a, static_cast<std::int32_t>(random()), true);
      put(v.b, static_cast<double>(random()) / 7, true);
      put(v.c, static_cast<std::int16_t>(random()), true);
      put_text(v.d);
      put(v.e, random() % 2 == 0);
      put_text(v.f);
      if (round % 5 != 4) { // else the last attribute was added later
        put(v.g, static_cast<std::int64_t>(random()) << 20U);
      } else {
        v.g = 42;
      }
      rows.push_back(maker.row());
    }
    Arena arena;
    const Env &env = arena.env;
    Batch batch(env, capacity);
    RowReader reader(env, shape);
    const std::vector<Storage> storages{Storage::int32,   Storage::float64, Storage::int16,
                                        Storage::varlena, Storage::boolean, Storage::varlena,
                                        Storage::int64};
    std::vector<std::size_t> columns(storages.size(), SIZE_MAX);
    const auto want = [&](std::size_t i) {
      const std::size_t column = batch.add_column(is_bytes(storages[i]));
      reader.want({static_cast<std::uint16_t>(i), storages[i], {.null = false, .word = 42}},
                  column);
      return column;
    };
    for (std::size_t i = storages.size(); i-- > 0;) { // wanted in any order, some of them
      columns[i] = round % 2 == 0 || random() % 2 == 0 ? want(i) : SIZE_MAX;
    }
    const std::size_t again = round % 4 == 3 ? random() % storages.size() : SIZE_MAX;
    const std::size_t second = again != SIZE_MAX ? want(again) : 0;
    std::pmr::vector<Toasted> toasted;
    for (int times = 0; times < 2; ++times) { // what a batch had before is gone
      reader.read(rows, batch, toasted);
      EXPECT_TRUE(toasted.empty());
      for (std::size_t i = 0; i < values.size(); ++i) {
        const Values &v = values[i];
        const auto check_column = [&](std::size_t number, const auto &value, auto read) {
          const Column &column = batch[number];
          ASSERT_EQ(column.is_null(i), !value);
          EXPECT_TRUE(!value || read(column) == *value);
        };
        const auto check = [&](std::size_t attribute, const auto &value, auto read) {
          if (columns[attribute] != SIZE_MAX) {
            check_column(columns[attribute], value, read);
          }
          if (attribute == again) {
            check_column(second, value, read);
          }
        };
        const auto word = [i](const Column &column) { return column.words[i]; };
        const auto text = [i](const Column &column) { return column.bytes[i]; };
        check(0, v.a, word);
        check(1, v.b, [i](const Column &column) { return as_double(column.words[i]); });
        check(2, v.c, word);
        check(3, v.d, text);
        check(4, v.e, [i](const Column &column) { return column.words[i] == 1; });
        check(5, v.f, text);
        check(6, v.g, word);
      }
    }
  }
}

TEST(StarScan, AValueElsewhereIsLeftToTheHost) {
  RowMaker maker;
  maker.fixed<std::int32_t>(1);
  maker.fixed<double>(2);
  maker.fixed<std::int16_t>(3);
  maker.toasted();
  maker.fixed(true);
  maker.text("behind");
  const Row row = maker.row();
  Arena arena;
  const Env &env = arena.env;
  Batch batch(env, capacity);
  RowReader reader(env, shape);
  reader.want({3, Storage::varlena}, batch.add_column(true));
  reader.want({5, Storage::varlena}, batch.add_column(true));
  std::pmr::vector<Toasted> toasted;
  reader.read({&row, 1}, batch, toasted);
  ASSERT_EQ(toasted.size(), 1U);
  EXPECT_EQ(toasted[0].column, 0U);
  EXPECT_EQ(batch[1].bytes[0], "behind");
}

TEST(StarScan, ARowThatEndsTooEarlyIsAnError) {
  RowMaker maker;
  maker.fixed<std::int32_t>(1);
  maker.fixed<double>(2);
  maker.fixed<std::int16_t>(3);
  maker.text("some text");
  const Row whole = maker.row();
  for (std::uint32_t size = 0; size < whole.size; ++size) {
    Row cut = whole;
    cut.size = size;
    Arena arena;
    const Env &env = arena.env;
    Batch batch(env, capacity);
    RowReader reader(env, shape);
    reader.want({3, Storage::varlena}, batch.add_column(true));
    std::pmr::vector<Toasted> toasted;
    EXPECT_THROW(reader.read({&cut, 1}, batch, toasted), Error) << size;
  }
}

TEST(StarScan, ARowWithNullsThatEndsTooEarlyIsAnError) {
  for (const bool fixed : {false, true}) {
    RowMaker maker;
    maker.fixed<std::int32_t>(1);
    if (fixed) {
      maker.null();
    } else {
      maker.fixed<double>(2);
    }
    maker.fixed<std::int16_t>(3);
    maker.null();
    maker.fixed(true);
    maker.text("some text");
    const Row whole = maker.row();
    for (std::uint32_t size = 0; size <= whole.size; ++size) {
      Row cut = whole;
      cut.size = size;
      Arena arena;
      const Env &env = arena.env;
      Batch batch(env, capacity);
      RowReader reader(env, shape);
      reader.want({2, Storage::int16}, batch.add_column(false));
      reader.want({3, Storage::varlena}, batch.add_column(true));
      reader.want({5, Storage::varlena}, batch.add_column(true));
      std::pmr::vector<Toasted> toasted;
      if (size < whole.size) {
        EXPECT_THROW(reader.read({&cut, 1}, batch, toasted), Error) << size;
      } else {
        reader.read({&cut, 1}, batch, toasted);
        EXPECT_EQ(batch[0].words[0], 3);
        EXPECT_TRUE(batch[1].is_null(0));
        EXPECT_EQ(batch[2].bytes[0], "some text");
      }
    }
  }
}

TEST(StarScan, FloatsCompareAsTheServerCompares) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> values{-infinity, -2, -0.0, 0.0, 1e-300, 2, infinity, nan, -nan};
  Arena arena;
  const Env &env = arena.env;
  Batch batch(env, capacity);
  const auto column = static_cast<std::uint32_t>(batch.add_column(false));
  for (std::size_t i = 0; i < values.size(); ++i) {
    batch[column].words[i] = as_word(values[i]);
  }
  const auto less = [](double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; };
  std::vector<std::uint8_t> holds(capacity);
  std::vector<std::uint8_t> spare(capacity);
  for (const double bound : values) {
    scan::Test test{.kind = scan::Test::Kind::range, .is_float = true, .column = column};
    test.low = float_order(bound);
    run_test(test, batch, values.size(), holds.data(), spare.data());
    for (std::size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(holds[i] != 0, !less(values[i], bound)) << values[i] << " >= " << bound;
    }
  }
}

TEST(StarScan, NoNullPassesAComparison) {
  Arena arena;
  const Env &env = arena.env;
  Batch batch(env, capacity);
  const auto column = static_cast<std::uint32_t>(batch.add_column(false));
  Column &values = batch[column];
  values.any_null = true;
  for (std::size_t i = 0; i < 10; ++i) {
    values.words[i] = static_cast<std::int64_t>(i);
    values.nulls[i] = i % 2 == 0 ? 1 : 0;
  }
  const std::vector<std::int64_t> list{1, 2, 3};
  std::vector<std::uint8_t> holds(capacity);
  std::vector<std::uint8_t> spare(2 * capacity);
  const auto passing = [&](const scan::Test &test) {
    run_test(test, batch, 10, holds.data(), spare.data());
    return std::count(holds.begin(), holds.begin() + 10, 1);
  };
  EXPECT_EQ(passing({.kind = scan::Test::Kind::range, .column = column}), 5);
  EXPECT_EQ(passing({.kind = scan::Test::Kind::outside, .column = column, .low = 3, .high = 3}), 4);
  EXPECT_EQ(passing({.kind = scan::Test::Kind::word_in, .column = column, .words = list}), 2);
  EXPECT_EQ(passing({.kind = scan::Test::Kind::word_out, .column = column, .words = list}), 3);
  EXPECT_EQ(passing({.kind = scan::Test::Kind::is_null, .column = column}), 5);
  const std::vector<scan::Test> parts{
      {.kind = scan::Test::Kind::is_null, .column = column},
      {.kind = scan::Test::Kind::range, .column = column, .low = 5}};
  EXPECT_EQ(passing({.kind = scan::Test::Kind::any, .parts = parts}), 8);
  EXPECT_EQ(passing({.kind = scan::Test::Kind::all, .parts = parts}), 0);
}

std::string stored_numeric(std::int64_t digits, unsigned scale) {
  const bool negative = digits < 0;
  auto rest = static_cast<std::uint64_t>(negative ? -digits : digits);
  unsigned after = scale;
  for (; after % 4 != 0; ++after) {
    rest *= 10;
  }
  std::vector<std::int16_t> groups;
  for (; rest != 0; rest /= 10000) {
    groups.insert(groups.begin(), static_cast<std::int16_t>(rest % 10000));
  }
  const int weight =
      groups.empty() ? 0 : static_cast<int>(groups.size()) - 1 - static_cast<int>(after / 4);
  while (!groups.empty() && groups.back() == 0) {
    groups.pop_back();
  }
  const auto head = static_cast<std::uint16_t>(0x8000U | (negative ? 0x2000U : 0U) | scale << 7U |
                                               (static_cast<unsigned>(weight) & 0x7FU));
  std::string bytes(reinterpret_cast<const char *>(&head), sizeof head);
  bytes.append(reinterpret_cast<const char *>(groups.data()), groups.size() * sizeof groups[0]);
  return bytes;
}

TEST(StarScan, NumericsAreReadAndComparedExactly) {
  std::mt19937_64 random(2);
  std::vector<std::pair<std::int64_t, unsigned>> numbers{{0, 0}, {0, 4}, {10, 1}, {100, 2}, {1, 0}};
  for (int i = 0; i < 3000; ++i) {
    const auto digits =
        static_cast<std::int64_t>(random() % 100'000'000'000'000U >> random() % 46U);
    numbers.emplace_back(random() % 2 == 0 ? digits : -digits, static_cast<unsigned>(random() % 5));
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto &[digits, scale] = numbers[i];
    const std::string bytes = stored_numeric(digits, scale);
    SmallDecimal read;
    ASSERT_TRUE(small_decimal(bytes, read)) << digits << ' ' << scale;
    EXPECT_EQ(read.digits, digits);
    EXPECT_EQ(read.scale, scale);
    const auto &[other, other_scale] = numbers[(i * 7 + 1) % numbers.size()];
    __extension__ const __int128 left = static_cast<__int128>(digits) * powers_of_ten[other_scale];
    __extension__ const __int128 right = static_cast<__int128>(other) * powers_of_ten[scale];
    const auto order = compare_numeric(bytes, stored_numeric(other, other_scale));
    EXPECT_EQ(order < 0, left < right);
    EXPECT_EQ(order == 0, left == right);
  }
}

TEST(StarScan, MonthsAreTheCalendars) {
  using namespace std::chrono;
  const sys_days epoch{year{2000} / 1 / 1};
  for (int day = -800'000; day < 800'000; day += 13) {
    const year_month_day date{epoch + days{day}};
    const std::int64_t month = (static_cast<int>(date.year()) - 2000) * 12 +
                               static_cast<int>(static_cast<unsigned>(date.month())) - 1;
    ASSERT_EQ(month_of_day(day), month) << day;
  }
}

// Groups by a number and a text, in parts of any fineness: together what one run gives.
TEST(StarScan, PartsTogetherAreTheWhole) {
  std::mt19937 random(3);
  const std::vector<Attribute> two{{8, 8}, {-1, 4}};
  std::vector<RowMaker> makers(5000);
  std::map<std::pair<std::int64_t, std::string>, std::pair<std::int64_t, std::int64_t>> expected;
  std::vector<Row> rows;
  for (RowMaker &maker : makers) {
    const auto number = static_cast<std::int64_t>(random() % 40);
    const std::string text = "text " + std::to_string(random() % 30);
    maker.fixed(number);
    maker.text(text);
    rows.push_back(maker.row());
    auto &group = expected[{number, text}];
    ++group.first;
    group.second += number;
  }
  const std::vector<Wanted> wanted{{0, Storage::int64}, {1, Storage::varlena}};
  const std::vector<Key> keys{{.column = 0}, {.column = 1}};
  const std::vector<Aggregate> aggregates{{.kind = AggregateKind::count_rows},
                                          {.kind = AggregateKind::sum_int, .offset = 8}};
  const Program program{
      .shape = {.attributes = two, .wanted = wanted}, .keys = keys, .aggregates = aggregates};
  for (std::uint32_t bits = 0; bits < 6; ++bits) {
    std::map<std::pair<std::int64_t, std::string>, std::pair<std::int64_t, std::int64_t>> found;
    for (std::uint32_t prefix = 0; prefix < 1U << bits; ++prefix) {
      Arena arena;
      Scan scan(arena.env, program, capacity, {.prefix = prefix, .bits = bits});
      for (std::size_t from = 0; from < rows.size(); from += capacity) {
        const std::span<const Row> batch =
            std::span(rows).subspan(from, std::min(capacity, rows.size() - from));
        scan.read(batch);
        scan.add(batch.size());
      }
      for (std::size_t group = 0; group < scan.groups(); ++group) {
        const char *states = scan.states(group);
        const auto *count = reinterpret_cast<const CountState *>(states);
        const auto *sum = reinterpret_cast<const IntState *>(states + 8);
        const bool is_new =
            found
                .emplace(std::pair{scan.key_word(group, 0), std::string(scan.key_bytes(group, 1))},
                         std::pair{count->count, sum->value})
                .second;
        EXPECT_TRUE(is_new);
      }
    }
    EXPECT_EQ(found, expected) << bits;
  }
}

// Groups that become fewer on the way: what is left has all of its rows, and the other halves come
// later, some of them narrowed again. Numbers are far apart or close, so both ways to find are met.
TEST(StarScan, NarrowedGroupsTogetherAreTheWhole) {
  for (const std::int64_t apart : {std::int64_t{1}, std::int64_t{1'000'003}}) {
    std::mt19937 random(5);
    const std::vector<Attribute> two{{8, 8}, {-1, 4}};
    std::vector<RowMaker> makers(6000);
    std::map<std::pair<std::int64_t, std::string>, std::int64_t> expected;
    std::vector<Row> rows;
    for (RowMaker &maker : makers) {
      const auto number = static_cast<std::int64_t>(random() % 60) * apart;
      const std::string text = "text " + std::to_string(random() % 40);
      maker.fixed(number);
      if (random() % 9 == 0) {
        maker.null();
        ++expected[{number, ""}];
      } else {
        maker.text(text);
        ++expected[{number, text}];
      }
      rows.push_back(maker.row());
    }
    const std::vector<Wanted> wanted{{0, Storage::int64}, {1, Storage::varlena}};
    const std::vector<Key> keys{{.column = 0}, {.column = 1}};
    const std::vector<Aggregate> aggregates{{.kind = AggregateKind::count_rows}};
    const Program program{
        .shape = {.attributes = two, .wanted = wanted}, .keys = keys, .aggregates = aggregates};
    std::map<std::pair<std::int64_t, std::string>, std::int64_t> found;
    std::vector<Part> waiting{{}};
    std::size_t scans = 0;
    while (!waiting.empty()) {
      std::pmr::unsynchronized_pool_resource memory; // which what is left behind goes back to
      Scan scan({.memory = &memory}, program, capacity, waiting.back());
      waiting.pop_back();
      ASSERT_LT(++scans, 64U);
      ASSERT_TRUE(scan.may_narrow());
      for (std::size_t from = 0; from < rows.size(); from += capacity) {
        const std::span<const Row> batch =
            std::span(rows).subspan(from, std::min(capacity, rows.size() - from));
        scan.read(batch);
        scan.add(batch.size());
        while (scan.groups() > 400) {
          const std::size_t taken = scan.memory();
          const std::size_t before = scan.groups();
          waiting.push_back(scan.narrow_groups());
          EXPECT_LT(scan.groups(), before);
          EXPECT_LT(scan.memory(), taken);
        }
      }
      for (std::size_t group = 0; group < scan.groups(); ++group) {
        const std::string text =
            scan.key_is_null(group, 1) ? "" : std::string(scan.key_bytes(group, 1));
        const auto *count = reinterpret_cast<const CountState *>(scan.states(group));
        EXPECT_TRUE(found.emplace(std::pair{scan.key_word(group, 0), text}, count->count).second);
      }
    }
    EXPECT_GT(scans, 5U);
    EXPECT_EQ(found, expected);
  }
}

// What the host tests and computes: rows that pass, with their places in the tested batch, and a
// column of numbers and one of texts that are grouped by.
TEST(StarScan, TheHostTestsAndGivesColumns) {
  const std::vector<Attribute> one{{8, 8}};
  std::vector<RowMaker> makers(250);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < makers.size(); ++i) {
    makers[i].fixed(static_cast<std::int64_t>(i));
    rows.push_back(makers[i].row());
  }
  const std::vector<Wanted> wanted{{0, Storage::int64}};
  const std::vector<Step> steps{{.operation = Step::Operation::given, .out = 1},
                                {.operation = Step::Operation::given, .bytes = true, .out = 2}};
  const std::vector<Key> keys{{.column = 1}, {.column = 2}};
  const std::vector<Aggregate> aggregates{{.kind = AggregateKind::sum_int}};
  for (const bool tests_any : {false, true}) {
    const std::vector<scan::Test> tests(tests_any ? 1 : 0,
                                        {.kind = scan::Test::Kind::range, .column = 0, .low = 10});
    const Program program{.shape = {.attributes = one, .tested = wanted, .wanted = wanted},
                          .tests = tests,
                          .steps = steps,
                          .keys = keys,
                          .aggregates = aggregates};
    Arena arena;
    Scan scan(arena.env, program, capacity, {});
    scan.read_tested(rows, bounds_of(rows));
    std::span<const Row> kept = scan.test(rows);
    for (const std::int64_t modulus : {3, 5}) { // one condition, then another
      std::vector<std::uint8_t> holds;
      for (std::size_t i = 0; i < kept.size(); ++i) {
        holds.push_back(scan.tested()[0].words[scan.kept_number(i)] % modulus != 0 ? 1 : 0);
      }
      kept = scan.keep(kept, holds);
    }
    scan.read(kept);
    std::map<std::pair<std::int64_t, std::string>, std::int64_t> expected;
    scan.given(1).any_null = scan.given(2).any_null = true;
    for (std::size_t i = 0; i < kept.size(); ++i) {
      const std::int64_t number = scan.batch()[0].words[i];
      EXPECT_TRUE(number % 3 != 0 && number % 5 != 0 && (!tests_any || number >= 10));
      scan.given(1).words[i] = number % 4;
      scan.given(1).nulls[i] = 0;
      scan.given(2).bytes[i] = number % 2 == 0 ? "even" : "odd";
      scan.given(2).nulls[i] = 0;
      expected[{number % 4, number % 2 == 0 ? "even" : "odd"}] += number;
    }
    EXPECT_EQ(kept.size(), tests_any ? 128U : 133U);
    scan.add(kept.size());
    std::map<std::pair<std::int64_t, std::string>, std::int64_t> found;
    for (std::size_t group = 0; group < scan.groups(); ++group) {
      found[{scan.key_word(group, 0), std::string(scan.key_bytes(group, 1))}] =
          reinterpret_cast<const IntState *>(scan.states(group))->value;
    }
    EXPECT_EQ(found, expected);
  }
}

// A key's rows are all found, whatever the keys are: close numbers, far ones, texts, several
// columns; in the process that made it, and in one that reads what that has made.
TEST(StarScan, DimensionsFindEveryRowOfAKey) {
  std::mt19937 random(5);
  for (int variant = 0; variant < 8; ++variant) {
    const int kind = variant % 4;
    const std::size_t width = kind == 3 ? 2 : 1;
    const bool bytes[]{kind == 2, true};
    Arena arena;
    const Env &env = arena.env;
    Dimension made(env, width);
    std::multimap<std::pair<std::int64_t, std::string>, std::uint32_t> expected;
    const auto key_of = [&](std::int64_t number) {
      const std::int64_t word = kind == 1 ? number * 1'000'003'000'007 : number;
      return std::pair{kind == 2 ? std::int64_t{0} : word,
                       kind < 2 ? std::string() : "key " + std::to_string(number % 90)};
    };
    const auto parts_of = [&](const std::pair<std::int64_t, std::string> &key) {
      return std::vector<KeyPart>{kind == 2 ? KeyPart{.bytes = key.second}
                                            : KeyPart{.word = key.first},
                                  KeyPart{.bytes = key.second}};
    };
    for (std::uint32_t code = 0; code < 500; ++code) {
      const auto key = key_of(static_cast<std::int64_t>(random() % 400) - 50);
      const std::vector<KeyPart> parts = parts_of(key);
      made.add(std::span(parts).first(width), {bytes, width}, code);
      expected.emplace(key, code);
    }
    made.finish();
    std::vector<std::uint64_t> image(made.image_size() / sizeof(std::uint64_t));
    made.write_image(reinterpret_cast<char *>(image.data()));
    Dimension lent(env, width);
    lent.lend(reinterpret_cast<const char *>(image.data()));
    EXPECT_EQ(lent.size(), made.size());
    const Dimension &dimension = variant < 4 ? made : lent;
    Batch batch(env, capacity);
    const std::vector<std::uint32_t> columns{
        static_cast<std::uint32_t>(batch.add_column(kind == 2)),
        static_cast<std::uint32_t>(batch.add_column(true))};
    for (std::int64_t number = -60; number < 360; ++number) {
      const auto key = key_of(number);
      if (kind == 2) {
        batch[0].bytes[0] = key.second;
      } else {
        batch[0].words[0] = key.first;
      }
      batch[1].bytes[0] = key.second;
      std::uint32_t entry = 0;
      std::uint32_t row = 0;
      const bool joins =
          dimension.find(batch, std::span(columns).first(width), {&row, 1}, &entry) == 1;
      EXPECT_EQ(joins, expected.contains(key));
      entry = joins ? entry : Dimension::none;
      std::vector<std::uint32_t> found;
      for (; entry != Dimension::none; entry = dimension.next(entry)) {
        found.push_back(dimension.code(entry));
      }
      std::sort(found.begin(), found.end());
      std::vector<std::uint32_t> wanted;
      for (auto [at, end] = expected.equal_range(key); at != end; ++at) {
        wanted.push_back(at->second);
      }
      EXPECT_EQ(found, wanted) << kind << ' ' << number;
    }
    batch[0].any_null = true;
    batch[0].nulls[0] = 1;
    std::uint32_t entry = 0;
    std::uint32_t row = 0;
    EXPECT_EQ(dimension.find(batch, std::span(columns).first(width), {&row, 1}, &entry), 0U);
  }
}

// Numbers close to each other, far apart and in two columns; more rows than are waited for
// together; of rows picked out of the batch those with an entry stay, in their order.
TEST(StarScan, DimensionKeepsTheRowsThatJoin) {
  for (const std::int64_t apart : {1, 7, 1'000'000'007}) {
    for (const std::size_t width : {1U, 2U}) {
      Arena arena;
      Dimension dimension(arena.env, width);
      const bool bytes[]{false, false};
      for (std::int64_t number = 0; number < 1000; number += 3) {
        const KeyPart key[]{{.word = number * apart - 500}, {.word = number % 2}};
        dimension.add(std::span(key).first(width), std::span(bytes).first(width),
                      static_cast<std::uint32_t>(number));
      }
      dimension.finish();
      Batch batch(arena.env, 200);
      const std::uint32_t columns[]{static_cast<std::uint32_t>(batch.add_column(false)),
                                    static_cast<std::uint32_t>(batch.add_column(false))};
      std::vector<std::uint32_t> rows;
      std::vector<std::uint32_t> expected;
      std::vector<std::uint32_t> first(200, 12345);
      for (std::uint32_t row = 0; row < 200; ++row) {
        const std::int64_t number = row * std::int64_t{5};
        batch[0].words[row] = number * apart - 500;
        batch[1].words[row] = row % 4 == 0 ? 7 : number % 2;
        batch[0].nulls[row] = row % 9 == 0 ? 1 : 0;
        if (row % 10 != 0) {
          rows.push_back(row);
          const bool joins = number % 3 == 0 && row % 9 != 0 && (width == 1 || row % 4 != 0);
          if (joins) {
            expected.push_back(row);
          }
        }
      }
      batch[0].any_null = true;
      rows.resize(dimension.find(batch, std::span(columns).first(width), rows, first.data()));
      EXPECT_EQ(rows, expected) << apart << ' ' << width;
      for (const std::uint32_t row : rows) {
        EXPECT_EQ(dimension.code(first[row]), row * 5);
      }
      EXPECT_EQ(first[10], 12345U); // was not asked for
    }
  }
}

// The sum of what fits is exact, and what does not is handed to the host, each value once.
TEST(StarScan, SumsOfNumericAreExact) {
  const std::vector<Attribute> one{{-1, 4}};
  std::vector<RowMaker> makers(201);
  std::vector<Row> rows;
  std::int64_t expected = 0;
  std::mt19937_64 random(4);
  for (RowMaker &maker : std::span(makers).first(200)) {
    const auto digits = static_cast<std::int64_t>(random() % 1'000'000) - 500'000;
    const auto scale = static_cast<unsigned>(random() % 4);
    expected += digits * powers_of_ten[3 - scale];
    maker.text(stored_numeric(digits, scale));
    rows.push_back(maker.row());
  }
  const std::string not_a_number("\x00\xC0", 2);
  makers.back().text(not_a_number);
  rows.push_back(makers.back().row());
  const std::vector<Wanted> wanted{{0, Storage::varlena}};
  const std::vector<Aggregate> aggregates{{.kind = AggregateKind::sum_numeric}};
  Arena arena;
  Scan scan(arena.env, {.shape = {.attributes = one, .wanted = wanted}, .aggregates = aggregates},
            capacity, {});
  scan.read(rows);
  scan.add(rows.size());
  const auto *state = reinterpret_cast<const NumericState *>(scan.states(0));
  EXPECT_EQ(state->count, 201);
  EXPECT_EQ(state->scale, 3);
  EXPECT_EQ(static_cast<std::int64_t>(state->sum.value()), expected);
  ASSERT_EQ(scan.handed().size(), 1U);
  EXPECT_EQ(scan.handed()[0].bytes, not_a_number);
}

} // namespace
} // namespace starhouse::scan
