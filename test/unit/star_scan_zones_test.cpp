// Times in zones of a dimension: what a step makes of them against what each zone's table says, and
// groups by numbers of a dimension that stand for more than is grouped by.
#include "core/scan/scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace starhouse::scan {
namespace {

constexpr std::size_t capacity = 64;
constexpr std::int64_t hour = 3'600'000'000;

struct Arena {
  std::pmr::monotonic_buffer_resource memory;
  Env env{.memory = &memory};
};

// From each moment on an offset; before the first that of it.
struct Table {
  std::vector<std::pair<std::int64_t, std::int64_t>> offsets;
  bool forgetful = false; // tells of one moment alone
  mutable std::size_t asked = 0;

  std::int64_t offset(std::int64_t utc) const {
    std::int64_t offset = offsets.front().second;
    for (const auto &[from, then] : offsets) {
      offset = utc >= from ? then : offset;
    }
    return offset;
  }
};

ZoneStretch stretch_of(std::int64_t utc, const void *zone) noexcept {
  const auto *table = static_cast<const Table *>(zone);
  ++table->asked;
  ZoneStretch stretch{.from = utc, .until = infinite_time, .offset = table->offset(utc)};
  for (const auto &[from, then] : table->offsets) {
    stretch.until = from > utc ? std::min(stretch.until, from) : stretch.until;
  }
  stretch.until = table->forgetful ? utc + 1 : stretch.until;
  return stretch;
}

Zone zone_of(const Table &table) {
  return {.stretch_of = stretch_of, .midnight_of = nullptr, .zone = &table};
}

TEST(StarScanZones, EachRowsZoneTellsItsTime) {
  std::mt19937_64 random(31);
  std::vector<Table> tables{
      {{{0, 0}}},
      {{{-hour * 900, -5 * hour}, {hour * 40, -4 * hour}, {hour * 300, -5 * hour}}},
      {{{0, 10 * hour}, {hour * 100, -14 * hour}, {hour * 100 + 1, 19'800'000'000}}},
      {{{0, hour}, {hour * 77, 2 * hour}}, true}};
  Arena arena;
  std::vector<LocalClock> own;
  own.reserve(tables.size());
  for (const Table &table : tables) {
    own.emplace_back(arena.env, zone_of(table));
  }
  // 4: NULL; 5: not told, for times that need none.
  std::vector<LocalClock *> clocks{&own[0], &own[1], &own[2], &own[3], nullptr, &own[0]};
  LocalClock *const *by_number = clocks.data();
  LocalClock session(arena.env, {});
  Batch batch(arena.env, capacity);
  for (int i = 0; i < 3; ++i) {
    batch.add_column(false);
  }
  Step step{.operation = Step::Operation::local_of, .left = 0, .right = 1, .out = 2};
  step.clocks = &by_number;
  for (int round = 0; round < 400; ++round) {
    std::vector<std::optional<std::int64_t>> expected(capacity);
    batch[0].any_null = round % 3 == 0;
    for (std::size_t row = 0; row < capacity; ++row) {
      std::int64_t time = static_cast<std::int64_t>(random() % 700) * hour - 350 * hour;
      time += static_cast<std::int64_t>(random() % 3) - 1;
      time = random() % 20 == 0 ? infinite_time : random() % 20 == 0 ? minus_infinite_time : time;
      const bool infinite = time == infinite_time || time == minus_infinite_time;
      const auto number = static_cast<std::size_t>(infinite ? random() % 6 : random() % 5);
      batch[0].words[row] = time;
      batch[0].nulls[row] = batch[0].any_null && random() % 4 == 0 ? 1 : 0;
      // A NULL time's zone is nobody's business.
      batch[1].words[row] =
          batch[0].is_null(row) ? 1'000'000'000 : static_cast<std::int64_t>(number);
      if (!batch[0].is_null(row) && number != 4) {
        expected[row] = infinite ? time : time + tables[number].offset(time);
      }
    }
    run_step(step, batch, capacity, session, nullptr);
    for (std::size_t row = 0; row < capacity; ++row) {
      ASSERT_EQ(!batch[2].is_null(row), expected[row].has_value()) << round << ' ' << row;
      if (expected[row]) {
        ASSERT_EQ(batch[2].words[row], *expected[row]) << round << ' ' << row;
      }
    }
  }
  // A stretch is asked for once, or from an earlier moment on.
  EXPECT_LT(tables[1].asked, 100U);
  EXPECT_GT(tables[3].asked, 1000U);
}

TEST(StarScanZones, BeyondTheEndsOfTimeIsAnError) {
  const Table east{{{0, 9 * hour}}};
  const Table west{{{0, -9 * hour}}};
  Arena arena;
  LocalClock of_east(arena.env, zone_of(east));
  LocalClock of_west(arena.env, zone_of(west));
  std::vector<LocalClock *> clocks{&of_east, &of_west};
  LocalClock *const *by_number = clocks.data();
  LocalClock session(arena.env, {});
  Batch batch(arena.env, capacity);
  for (int i = 0; i < 3; ++i) {
    batch.add_column(false);
  }
  Step step{.operation = Step::Operation::local_of, .left = 0, .right = 1, .out = 2};
  step.clocks = &by_number;
  const auto local = [&](std::int64_t time, std::int64_t number) {
    batch[0].words[0] = time;
    batch[1].words[0] = number;
    run_step(step, batch, 1, session, nullptr);
    return batch[2].words[0];
  };
  EXPECT_EQ(local(end_of_time - 1, 1), end_of_time - 1 - 9 * hour);
  EXPECT_EQ(local(end_of_time - 9 * hour - 1, 0), end_of_time - 1);
  EXPECT_THROW(local(end_of_time - 9 * hour, 0), Error);
  EXPECT_EQ(local(first_time, 0), first_time + 9 * hour);
  EXPECT_EQ(local(first_time + 9 * hour, 1), first_time);
  EXPECT_THROW(local(first_time + 9 * hour - 1, 1), Error);
  EXPECT_EQ(local(infinite_time, 0), infinite_time);
  EXPECT_EQ(local(minus_infinite_time, 1), minus_infinite_time);
}

// Numbers that stand for a name and a zone, grouped by the name: a group for each, whatever part it
// is of, and each row has its own zone's time.
TEST(StarScanZones, GroupsAreByWhatIsGroupedByAlone) {
  constexpr std::uint32_t numbers = 12;
  constexpr std::uint32_t names = 5; // of number n: n % 5
  const Table table{{{0, hour}}};
  const Table other{{{0, -hour}}};
  const std::vector<Attribute> shape{{8, 8}, {8, 8}};
  const std::vector<Wanted> joined{{0, Storage::int64}};
  const std::vector<Wanted> wanted{{1, Storage::int64}};
  const std::vector<std::uint32_t> column{0};
  std::mt19937_64 random(32);
  std::vector<std::uint32_t> grouped(numbers);
  std::vector<std::uint32_t> hashes(numbers);
  for (std::uint32_t n = 0; n < numbers; ++n) {
    grouped[n] = n % names;
    hashes[n] = static_cast<std::uint32_t>(hash64(std::uint64_t{n % names}));
  }
  const std::uint32_t *const by_number = grouped.data();
  const std::uint32_t *const hashes_by_number = hashes.data();
  struct Fact {
    std::int64_t key;
    std::int64_t time;
  };
  std::vector<Fact> facts(1000);
  std::vector<Row> rows;
  struct Expected {
    std::int64_t count = 0;
    std::int64_t latest = std::numeric_limits<std::int64_t>::min();
  };
  std::map<std::int64_t, Expected> expected;
  for (Fact &fact : facts) {
    fact = {.key = static_cast<std::int64_t>(random() % (numbers + 3)),
            .time = static_cast<std::int64_t>(random() % 1000) * hour};
    rows.push_back({.data = reinterpret_cast<const char *>(&fact),
                    .nulls = nullptr,
                    .size = 16,
                    .attributes = 2});
    if (fact.key < numbers) {
      Expected &group = expected[fact.key % names];
      ++group.count;
      group.latest = std::max(group.latest, fact.time + (fact.key % 2 == 0 ? hour : -hour));
    }
  }
  for (const std::uint32_t bits : {0U, 2U}) {
    std::map<std::int64_t, Expected> found;
    for (std::uint32_t prefix = 0; prefix < 1U << bits; ++prefix) {
      Arena arena;
      LocalClock even(arena.env, zone_of(table));
      LocalClock odd(arena.env, zone_of(other));
      std::vector<LocalClock *> clocks;
      Dimension dimension(arena.env, 1);
      const bool bytes[]{false};
      for (std::uint32_t n = 0; n < numbers; ++n) {
        clocks.push_back(n % 2 == 0 ? &even : &odd);
        const KeyPart key{.word = n};
        dimension.add({&key, 1}, bytes, n);
      }
      dimension.finish(false);
      LocalClock *const *clocks_by_number = clocks.data();
      const std::vector<Join> joins{{.dimension = &dimension,
                                     .columns = column,
                                     .hashes = &hashes_by_number,
                                     .grouped = &by_number}};
      Step local{.operation = Step::Operation::local_of, .left = 0, .right = 2, .out = 1};
      local.clocks = &clocks_by_number;
      const std::vector<Step> steps{local};
      const std::vector<Key> keys{{.column = 2}};
      const std::vector<Aggregate> aggregates{
          {.kind = AggregateKind::count_rows},
          {.kind = AggregateKind::max_int, .column = 1, .offset = 8}};
      Scan scan(arena.env,
                {.shape = {.attributes = shape, .joined = joined, .wanted = wanted},
                 .joins = joins,
                 .steps = steps,
                 .keys = keys,
                 .aggregates = aggregates},
                capacity, {.prefix = prefix, .bits = bits});
      for (std::size_t from = 0; from < rows.size(); from += capacity) {
        const auto batch = std::span(rows).subspan(from, std::min(capacity, rows.size() - from));
        scan.read_joined(batch, bounds_of(batch));
        scan.join(batch);
        for (std::span<const Row> some = scan.joined(); !some.empty(); some = scan.joined()) {
          scan.read(some);
          scan.add(some.size());
        }
      }
      for (std::size_t group = 0; group < scan.groups(); ++group) {
        const char *states = scan.states(group);
        EXPECT_FALSE(found.contains(scan.key_word(group, 0)));
        found[scan.key_word(group, 0)] = {
            .count = reinterpret_cast<const CountState *>(states)->count,
            .latest = reinterpret_cast<const IntState *>(states + 8)->value};
      }
    }
    ASSERT_EQ(found.size(), expected.size());
    for (const auto &[name, group] : expected) {
      EXPECT_EQ(found[name].count, group.count);
      EXPECT_EQ(found[name].latest, group.latest);
    }
  }
}

} // namespace
} // namespace starhouse::scan
