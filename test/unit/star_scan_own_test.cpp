// Starhouse's own aggregates in a scan: the states that rows one after the other make, by groups,
// in pieces of several scans, and with memory that ends.
#include "core/scan/own_aggregates.hpp"
#include "core/scan/scan.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <memory_resource>
#include <new>
#include <random>
#include <string>
#include <vector>

namespace starhouse::scan {
namespace {

constexpr std::size_t capacity = 100;

struct TestRow {
  std::int64_t group;
  std::int64_t word;
  double value;
  double weight;
  std::string text;
};

// As they lie in a page: group, word, value, weight, text; a word of 0 is NULL.
struct Table {
  std::vector<TestRow> rows;
  std::vector<std::string> data;
  std::vector<std::uint8_t> nulls;
  std::vector<Row> views;
};

Table make_table(std::size_t count, std::int64_t groups) {
  std::mt19937_64 random(11);
  Table table;
  table.nulls.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const TestRow row{.group =
                          static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(groups)),
                      .word = static_cast<std::int64_t>(random() % 5000),
                      .value = static_cast<double>(random() % 100000) / 7,
                      .weight = static_cast<double>(random() % 9),
                      .text = "text " + std::to_string(random() % 3000)};
    std::string data;
    const auto put = [&data](const auto &value) {
      data.append(reinterpret_cast<const char *>(&value), sizeof value);
    };
    put(row.group);
    if (row.word != 0) {
      put(row.word);
    }
    put(row.value);
    put(row.weight);
    data.push_back(static_cast<char>((row.text.size() + 1) << 1U | 1U));
    data += row.text;
    table.nulls[i] = row.word == 0 ? 0x1D : 0x1F;
    table.rows.push_back(row);
    table.data.push_back(data);
  }
  for (std::size_t i = 0; i < count; ++i) {
    table.views.push_back({.data = table.data[i].data(),
                           .nulls = &table.nulls[i],
                           .size = static_cast<std::uint32_t>(table.data[i].size()),
                           .attributes = 5});
  }
  return table;
}

const std::vector<Attribute> shape{{8, 8}, {8, 8}, {8, 8}, {8, 8}, {-1, 1}};
const std::vector<Wanted> wanted{{0, Storage::int64},
                                 {1, Storage::int64},
                                 {2, Storage::float64},
                                 {3, Storage::float64},
                                 {4, Storage::varlena}};
const std::vector<Key> keys{{.column = 0}};

const std::vector<double> asked{0.5, 0.95};
const DistinctSketches<HashedWords> words;
const DistinctSketches<HashedTexts> texts;
const DistinctSketches<HashedFloats> floats;
const ThetaSketches<HashedWords> theta;
const PercentileSketches percentiles(TakePercentile{.asked = asked, .relative_error = 0.02});
const score::HalfLife day(86'400'000'000);
const TrendingStates trending{TakeEvent(day)};
const Moments<order::Variance> variance;
const WeightedAverages weighted;

const TopKSketches<Numbers> numbers_often(TakeItem{.asked = 10, .capacity = 8192});
const TopKSketches<Texts> texts_often(TakeItem{.kind = KeyKind::text});
const std::vector<double> fractions{0.1, 0.9};
const ExactPercentiles<order::Floats, Floats> exact(TakeExact{.asks = true, .asked = fractions});

std::vector<Aggregate> make_aggregates() {
  std::vector<Aggregate> all{
      {.kind = AggregateKind::own, .column = 1, .own = &words},
      {.kind = AggregateKind::own, .column = 4, .own = &texts},
      {.kind = AggregateKind::own, .column = 2, .own = &floats},
      {.kind = AggregateKind::own, .column = 1, .own = &theta},
      {.kind = AggregateKind::own, .column = 2, .own = &percentiles},
      {.kind = AggregateKind::own, .column = 1, .own = &trending, .second = 3},
      {.kind = AggregateKind::own, .column = 2, .own = &variance},
      {.kind = AggregateKind::own, .column = 2, .own = &weighted, .second = 3},
      {.kind = AggregateKind::own, .column = 1, .own = &numbers_often},
      {.kind = AggregateKind::own, .column = 4, .own = &texts_often},
      {.kind = AggregateKind::own, .column = 2, .own = &exact},
  };
  std::uint32_t offset = 0;
  for (Aggregate &aggregate : all) {
    aggregate.offset = offset;
    offset += static_cast<std::uint32_t>(state_bytes(aggregate));
  }
  return all;
}

const std::vector<Aggregate> aggregates = make_aggregates();

// The states as their transition functions make them.
struct Expected {
  sketch::Distinct words{Env{}};
  sketch::Distinct texts{Env{}};
  sketch::Distinct floats{Env{}};
  sketch::Theta theta{Env{}};
  sketch::Percentile percentiles{Env{}};
  score::Trending trending;
  order::Variance variance;
  order::WeightedAverage weighted;
  sketch::TopK numbers_often{Env{}};
  sketch::TopK texts_often{Env{}};
  order::Percentile<order::Floats> exact{Env{}};

  void add(const TestRow &row) {
    if (row.word != 0) {
      words.add(hash64(static_cast<std::uint64_t>(row.word)));
      theta.add(hash64(static_cast<std::uint64_t>(row.word)));
      trending.add(row.word, row.weight, day);
      numbers_often.set_capacity(8192);
      numbers_often.ask(10);
      numbers_often.add(KeyKind::integer, row.word);
    }
    texts_often.add(KeyKind::text, TextKey{row.text, row.text});
    exact.add(row.value, fractions);
    texts.add(hash64(std::string_view(row.text)));
    floats.add(hash64(std::bit_cast<std::uint64_t>(row.value)));
    percentiles.set_error(0.02);
    percentiles.ask(asked);
    percentiles.add(row.value);
    variance.add(row.value);
    weighted.add(row.value, row.weight);
  }
};

template <class State>
std::string stored(const State &state) {
  std::string bytes(stored_size(state), '\0');
  write_state(state, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::string stored(const Scan &scan, std::size_t group, std::size_t number) {
  const Aggregate &aggregate = aggregates[number];
  const char *state = scan.states(group) + aggregate.offset;
  std::string bytes(aggregate.own->stored_bytes(state), '\0');
  aggregate.own->store(state, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::string_view no_bytes(const void *) noexcept {
  return {};
}

void add_rows(Scan &scan, std::span<const Row> rows) {
  for (std::size_t from = 0; from < rows.size(); from += capacity) {
    const auto batch = rows.subspan(from, std::min(capacity, rows.size() - from));
    scan.read(batch);
    scan.add(batch.size());
  }
}

Program program_of(bool by_keys) {
  Program program{.shape = {.attributes = shape, .wanted = wanted}, .aggregates = aggregates};
  if (by_keys) {
    program.keys = keys;
  }
  return program;
}

void expect_states(const Scan &scan, const Table &table, bool by_keys, bool in_order) {
  std::map<std::int64_t, Expected> expected;
  for (const TestRow &row : table.rows) {
    expected[by_keys ? row.group : 0].add(row);
  }
  ASSERT_EQ(scan.groups(), expected.size());
  for (std::size_t group = 0; group < scan.groups(); ++group) {
    const Expected &own = expected.at(by_keys ? scan.key_word(group, 0) : 0);
    EXPECT_EQ(stored(scan, group, 0), stored(own.words));
    EXPECT_EQ(stored(scan, group, 1), stored(own.texts));
    EXPECT_EQ(stored(scan, group, 2), stored(own.floats));
    EXPECT_EQ(stored(scan, group, 3), stored(own.theta));
    EXPECT_EQ(stored(scan, group, 4), stored(own.percentiles));
    EXPECT_EQ(stored(scan, group, 8), stored(own.numbers_often));
    EXPECT_EQ(stored(scan, group, 9), stored(own.texts_often));
    if (in_order) {
      EXPECT_EQ(stored(scan, group, 10), stored(own.exact));
      EXPECT_EQ(stored(scan, group, 5), stored(own.trending));
      EXPECT_EQ(stored(scan, group, 6), stored(own.variance));
      EXPECT_EQ(stored(scan, group, 7), stored(own.weighted));
    }
  }
}

TEST(StarScanOwn, StatesAreThoseOfTheTransitionFunctions) {
  const Table table = make_table(20000, 7);
  for (const bool by_keys : {true, false}) {
    std::pmr::monotonic_buffer_resource memory;
    Scan scan(Env{.memory = &memory}, program_of(by_keys), capacity, {});
    add_rows(scan, table.views);
    expect_states(scan, table, by_keys, true);
  }
}

TEST(StarScanOwn, ManyGroupsOfFewRows) {
  const Table table = make_table(5000, 3000);
  std::pmr::monotonic_buffer_resource memory;
  Scan scan(Env{.memory = &memory}, program_of(true), capacity, {});
  add_rows(scan, table.views);
  expect_states(scan, table, true, true);
}

TEST(StarScanOwn, PiecesOfSeveralScansAreTheWhole) {
  const Table table = make_table(9000, 5);
  for (const bool by_keys : {true, false}) {
    std::pmr::monotonic_buffer_resource memory;
    const Env env{.memory = &memory};
    Scan merged(env, program_of(by_keys), capacity, {});
    const std::size_t cuts[]{0, 50, 4000, 9000};
    for (int share = 0; share < 3; ++share) {
      Scan scan(env, program_of(by_keys), capacity, {});
      add_rows(scan, std::span(table.views).subspan(cuts[share], cuts[share + 1] - cuts[share]));
      for (std::size_t next = 0; next < scan.groups();) {
        next = scan.write(next, 1000, no_bytes);
        merged.absorb(scan.written(), {});
      }
    }
    expect_states(merged, table, by_keys, false);
    const auto *state = reinterpret_cast<const OwnState<order::Variance> *>(merged.states(0) +
                                                                            aggregates[6].offset);
    EXPECT_GT(state->object().rows(), 0);
  }
}

TEST(StarScanOwn, OnlyRowsThatPass) {
  const Table table = make_table(3000, 3);
  scan::Test large{};
  large.kind = scan::Test::Kind::range;
  large.column = 1;
  large.low = 2500;
  large.high = 5000;
  const std::vector<scan::Test> filters{large};
  std::vector<Aggregate> filtered{aggregates[0], aggregates[4]};
  filtered[0].filter = filtered[1].filter = 0;
  Program program = program_of(true);
  program.filters = filters;
  program.aggregates = filtered;
  std::pmr::monotonic_buffer_resource memory;
  Scan scan(Env{.memory = &memory}, program, capacity, {});
  add_rows(scan, table.views);
  std::map<std::int64_t, Expected> expected;
  for (const TestRow &row : table.rows) {
    if (row.word >= 2500) {
      expected[row.group].add(row);
    }
  }
  for (std::size_t group = 0; group < scan.groups(); ++group) {
    EXPECT_EQ(stored(scan, group, 0), stored(expected.at(scan.key_word(group, 0)).words));
    EXPECT_EQ(stored(scan, group, 4), stored(expected.at(scan.key_word(group, 0)).percentiles));
  }
}

TEST(StarScanOwn, WhatAStateRefusesIsAnError) {
  Table table = make_table(10, 1);
  Program program = program_of(true);
  const std::vector<Aggregate> negative{aggregates[7]};
  program.aggregates = negative;
  const double bad = -1;
  std::memcpy(table.data[5].data() + (table.rows[5].word != 0 ? 24 : 16), &bad, sizeof bad);
  std::pmr::monotonic_buffer_resource memory;
  Scan scan(Env{.memory = &memory}, program, capacity, {});
  EXPECT_THROW(add_rows(scan, table.views), Error);
}

// Gives back what it is given, and nothing after so many calls.
class Ending final : public std::pmr::memory_resource {
public:
  explicit Ending(std::size_t calls) : left_(calls) {}
  std::size_t left() const noexcept { return left_; }

private:
  void *do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (left_ == 0) {
      throw std::bad_alloc();
    }
    --left_;
    return memory_.allocate(bytes, alignment);
  }
  void do_deallocate(void *, std::size_t, std::size_t) override {}
  bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override {
    return this == &other;
  }
  std::size_t left_;
  std::pmr::monotonic_buffer_resource memory_;
};

TEST(StarScanOwn, MemoryThatEndsIsAnErrorAndItsUseIsKnown) {
  const Table table = make_table(3000, 3);
  std::size_t failed = 0;
  for (std::size_t calls = 0;; ++calls) {
    Ending memory(calls);
    try {
      Scan scan(Env{.memory = &memory}, program_of(true), capacity, {});
      add_rows(scan, table.views);
      EXPECT_GT(scan.memory(), std::size_t{3} * 3 * 8192); // registers of three sketches each
      break;
    } catch (const std::bad_alloc &) {
      ++failed;
    }
  }
  EXPECT_GT(failed, std::size_t{20});
}

} // namespace
} // namespace starhouse::scan
