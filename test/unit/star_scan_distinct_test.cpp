// Different values by group, all at once and in parts of the values: what sets of them have.
#include "core/scan/scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <memory_resource>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace starhouse::scan {
namespace {

constexpr std::size_t capacity = 256;

struct Values {
  std::vector<std::string> data;
  std::vector<Row> rows;
  std::map<std::int64_t, std::set<std::int64_t>> numbers;
  std::map<std::int64_t, std::set<std::string>> texts;
};

// Group, number, float, text.
Values make(std::size_t count) {
  std::mt19937_64 random(11);
  Values made;
  for (std::size_t i = 0; i < count; ++i) {
    const auto group = static_cast<std::int64_t>(random() % 3);
    const auto number = static_cast<std::int64_t>(random() % 20000) - 10000;
    const std::string text = "t" + std::to_string(random() % 9000);
    const double zero = random() % 3 == 0   ? -0.0
                        : random() % 2 == 0 ? 0.0
                                            : std::numeric_limits<double>::quiet_NaN();
    std::string data(reinterpret_cast<const char *>(&group), sizeof group);
    data.append(reinterpret_cast<const char *>(&number), sizeof number);
    data.append(reinterpret_cast<const char *>(&zero), sizeof zero);
    data.push_back(static_cast<char>((text.size() + 1) << 1U | 1U));
    data += text;
    made.data.push_back(data);
    made.numbers[group].insert(number);
    made.texts[group].insert(text);
  }
  for (const std::string &data : made.data) {
    made.rows.push_back({.data = data.data(),
                         .nulls = nullptr,
                         .size = static_cast<std::uint32_t>(data.size()),
                         .attributes = 4});
  }
  return made;
}

const std::vector<Attribute> shape{{8, 8}, {8, 8}, {8, 8}, {-1, 4}};
const std::vector<Wanted> wanted{
    {0, Storage::int64}, {1, Storage::int64}, {2, Storage::float64}, {3, Storage::varlena}};
const std::vector<Key> keys{{.column = 0}};
const std::vector<Aggregate> aggregates{
    {.kind = AggregateKind::count_rows},
    {.kind = AggregateKind::count_distinct, .column = 1, .offset = 8},
    {.kind = AggregateKind::count_distinct, .column = 3, .offset = 16},
    {.kind = AggregateKind::count_distinct, .column = 2, .offset = 24, .is_float = true},
    {.kind = AggregateKind::sum_int, .column = 1, .offset = 32}};

Program make_program() {
  return {.shape = {.attributes = shape, .wanted = wanted}, .keys = keys, .aggregates = aggregates};
}

void add_rows(Scan &scan, std::span<const Row> rows) {
  for (std::size_t from = 0; from < rows.size(); from += capacity) {
    const auto batch = rows.subspan(from, std::min(capacity, rows.size() - from));
    scan.read(batch);
    scan.add(batch.size());
  }
}

void expect_counts(const Scan &scan, const Values &values) {
  ASSERT_EQ(scan.groups(), 3U);
  std::int64_t rows = 0;
  for (std::size_t group = 0; group < 3; ++group) {
    const char *states = scan.states(group);
    const auto count = [states](std::size_t offset) {
      return reinterpret_cast<const CountState *>(states + offset)->count;
    };
    const std::int64_t key = scan.key_word(group, 0);
    EXPECT_EQ(count(8), static_cast<std::int64_t>(values.numbers.at(key).size()));
    EXPECT_EQ(count(16), static_cast<std::int64_t>(values.texts.at(key).size()));
    EXPECT_EQ(count(24), 2); // 0 and NaN
    EXPECT_EQ(count(32), count(0));
    rows += count(0);
  }
  EXPECT_EQ(rows, static_cast<std::int64_t>(values.rows.size())); // added up once
}

TEST(StarScanDistinct, CountsAreThoseOfSetsHoweverNarrow) {
  const Values values = make(60000);
  const Program program = make_program();
  for (int narrowed = 0; narrowed < 4; ++narrowed) {
    std::pmr::unsynchronized_pool_resource memory;
    Scan scan(Env{.memory = &memory}, program, capacity, {});
    int passes = 0;
    do {
      for (std::size_t from = 0; from < values.rows.size(); from += capacity) {
        const auto batch =
            std::span(values.rows).subspan(from, std::min(capacity, values.rows.size() - from));
        scan.read(batch);
        scan.add(batch.size());
        if (passes == 0 && from / capacity % 50 == 49 &&
            static_cast<int>(from / capacity / 50) < narrowed) {
          EXPECT_TRUE(scan.narrow_values());
        }
      }
      ++passes;
    } while (scan.next_values());
    EXPECT_EQ(passes, 1 << narrowed);
    expect_counts(scan, values);
  }
}

std::string_view no_bytes(const void *) noexcept {
  return {};
}

// Each process has a third of the rows, and sends all that it has of the values that are wanted.
TEST(StarScanDistinct, ValuesOfSeveralProcessesAreOneSetHoweverNarrow) {
  const Values values = make(30000);
  const Program program = make_program();
  for (int narrowed = 0; narrowed < 3; ++narrowed) {
    std::pmr::unsynchronized_pool_resource memory;
    const Env env{.memory = &memory};
    Scan merged(env, program, capacity, {});
    int passes = 0;
    do {
      for (std::size_t process = 0; process < 3; ++process) {
        Scan scan(env, program, capacity, {});
        scan.take_values(merged.values());
        add_rows(scan, std::span(values.rows).subspan(process * 10000, 10000));
        for (std::size_t next = 0; next < scan.groups();) {
          next = scan.write(next, 5000, no_bytes);
          merged.absorb(scan.written(), {});
        }
        if (passes == 0 && static_cast<int>(process) < narrowed) {
          EXPECT_TRUE(merged.narrow_values());
        }
      }
      ++passes;
    } while (merged.next_values());
    EXPECT_EQ(passes, 1 << narrowed);
    expect_counts(merged, values);
  }
}

// Without keys, values that lie close, in steps, with gaps, far apart for a while and by the sign:
// some processes have bits, others words, and the sets that take them have the one or the other.
TEST(StarScanDistinct, SingleGroupsOfSeveralProcessesAreOneSetWhateverFormEachHas) {
  const std::vector<Attribute> numbers{{8, 8}};
  const std::vector<Wanted> all{{0, Storage::int64}};
  const std::vector<Aggregate> counts{{.kind = AggregateKind::count_rows},
                                      {.kind = AggregateKind::count_distinct, .offset = 8}};
  const Program program{.shape = {.attributes = numbers, .wanted = all}, .aggregates = counts};
  struct Share {
    std::int64_t first;
    std::int64_t step;
    std::int64_t count;
  };
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::vector<std::vector<Share>> cases{
      {{0, 1, 300'000}, {150'000, 1, 300'000}},
      {{-500'000, 60, 20'000}, {-499'970, 60, 20'000}, {0, 1, 10}},
      {{0, 1'000'000'007, 5'000}, {7, 1, 200'000}},
      {{least, 3, 10'000}, {most - 30'000, 3, 10'000}},
      {{5, 1, 1}, {5, 1, 1}, {0, 0, 0}},
      {{0, 1, 3'000}, {0, 0, 0}, {2'000, 1, 3'000}},
      {{0, 1, 64}, {64, 1, 64}, {-1, 2, 66}}};
  for (const std::vector<Share> &shares : cases) {
    std::pmr::unsynchronized_pool_resource memory;
    const Env env{.memory = &memory};
    Scan merged(env, program, capacity, {});
    Scan first(env, program, capacity, {}); // has rows of its own before it takes others'
    std::set<std::int64_t> different;
    for (const Share &share : shares) {
      std::vector<std::int64_t> data;
      for (std::int64_t i = 0; i < share.count; ++i) {
        data.push_back(share.first + i * share.step);
        different.insert(data.back());
      }
      std::vector<Row> rows;
      for (const std::int64_t &number : data) {
        rows.push_back({.data = reinterpret_cast<const char *>(&number),
                        .nulls = nullptr,
                        .size = sizeof number,
                        .attributes = 1});
      }
      Scan scan(env, program, capacity, {});
      add_rows(scan, rows);
      if (&share == shares.data()) {
        add_rows(first, rows);
      }
      std::size_t bytes = 0;
      for (std::size_t next = 0; next < scan.groups();) {
        next = scan.write(next, 5000, no_bytes);
        bytes += scan.written().size();
        merged.absorb(scan.written(), {});
        if (&share != shares.data()) {
          first.absorb(scan.written(), {});
        }
      }
      if (share.count >= 100'000) { // a bit for each, not a word
        EXPECT_LT(bytes, data.size() / 4);
      }
    }
    for (const Scan *scan : {&merged, &first}) {
      const auto count = reinterpret_cast<const CountState *>(scan->states(0) + 8)->count;
      EXPECT_EQ(count, static_cast<std::int64_t>(different.size()));
    }
  }
}

// A process numbers texts as they come: what it sends are the texts.
TEST(StarScanDistinct, TextsOfSeveralProcessesAreToldByWhatTheyAre) {
  const std::vector<Attribute> texts{{-1, 4}};
  const std::vector<Wanted> all{{0, Storage::varlena}};
  const std::vector<Aggregate> counts{{.kind = AggregateKind::count_rows},
                                      {.kind = AggregateKind::count_distinct, .offset = 8}};
  const Program program{.shape = {.attributes = texts, .wanted = all}, .aggregates = counts};
  std::pmr::unsynchronized_pool_resource memory;
  const Env env{.memory = &memory};
  Scan merged(env, program, capacity, {});
  std::set<std::string> different;
  for (int process = 0; process < 3; ++process) {
    std::vector<std::string> data;
    for (int i = 0; i < 2000; ++i) {
      const std::string text = "text " + std::to_string(process * 300 + i % 700);
      different.insert(text);
      // A short one: its length with the head, and a bit.
      data.push_back(static_cast<char>((text.size() + 1) << 1U | 1U) + text);
    }
    if (process == 1) {
      std::reverse(data.begin(), data.end());
    }
    std::vector<Row> rows;
    for (const std::string &text : data) {
      rows.push_back({.data = text.data(),
                      .nulls = nullptr,
                      .size = static_cast<std::uint32_t>(text.size()),
                      .attributes = 1});
    }
    Scan scan(env, program, capacity, {});
    add_rows(scan, rows);
    for (std::size_t next = 0; next < scan.groups();) {
      next = scan.write(next, 5000, no_bytes);
      merged.absorb(scan.written(), {});
    }
  }
  const auto count = reinterpret_cast<const CountState *>(merged.states(0) + 8)->count;
  EXPECT_EQ(count, static_cast<std::int64_t>(different.size()));
  EXPECT_EQ(different.size(), 1300U);
}

} // namespace
} // namespace starhouse::scan
