// Inner, outer, semi- and anti-joins of a scan: rows and how often they come against the
// definition, with keys that repeat, NULL keys and rows without a partner, with all keys of a
// dimension at once and part by part, with conditions of a join on the fact, and with rows of a
// dimension that are dropped; groups of their numbers that become fewer on the way.
#include "core/scan/scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory_resource>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace starhouse::scan {
namespace {

constexpr std::size_t capacity = 64;
constexpr std::uint32_t of_none = 77; // stands for NULLs

struct Arena {
  std::pmr::monotonic_buffer_resource memory;
  Env env{.memory = &memory};
};

using Key64 = std::optional<std::int64_t>;

// Rows of a bigint: the NULL bitmap, or the value.
struct Facts {
  std::vector<std::int64_t> words;
  std::vector<std::uint8_t> nulls;
  std::vector<Row> rows;

  explicit Facts(const std::vector<Key64> &keys) : words(keys.size()), nulls(keys.size()) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      words[i] = keys[i].value_or(0);
      rows.push_back({.data = reinterpret_cast<const char *>(&words[i]),
                      .nulls = keys[i] ? nullptr : &nulls[i],
                      .size = keys[i] ? 8U : 0U,
                      .attributes = 1});
    }
  }
};

struct Entry {
  std::int64_t key;
  std::uint32_t code;
};

std::uint64_t hash_of(std::int64_t word) {
  return key_hash(0, word);
}

bool in_part(Part part, std::uint64_t hash) {
  return part.bits == 0 || hash >> (64U - part.bits) == part.prefix;
}

// By number of the dimensions how many rows come.
using Counts = std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t>;

// What one join gives of a row.
std::vector<std::uint32_t> partners(JoinKind kind, Key64 key, const std::vector<Entry> &entries) {
  std::vector<std::uint32_t> codes;
  bool met = false;
  for (const Entry &entry : entries) {
    if (key && entry.key == *key) {
      met = true;
      codes.push_back(entry.code);
    }
  }
  switch (kind) {
  case JoinKind::inner:
    break;
  case JoinKind::outer:
    if (!met) {
      codes.push_back(of_none);
    }
    break;
  case JoinKind::semi:
    codes.assign(met ? 1 : 0, 0);
    break;
  case JoinKind::anti:
    codes.assign(met ? 0 : 1, of_none);
    break;
  }
  std::erase(codes, Dimension::dropped);
  return codes;
}

void fill(Dimension &dimension, JoinKind kind, const std::vector<Entry> &entries, Part part) {
  const bool bytes[]{false};
  for (const Entry &entry : entries) {
    const KeyPart key{.word = entry.key};
    if (in_part(part, hash_of(entry.key))) {
      dimension.add({&key, 1}, bytes, kind == JoinKind::semi ? 0 : entry.code);
    }
  }
  dimension.finish(kind == JoinKind::semi);
}

// What the host asks of a row for a join that is limited.
bool is_wanted(Key64 key) {
  return key && *key % 4 != 0;
}

void run(Scan &scan, const Facts &facts, std::uint32_t outer,
         const std::vector<std::size_t> &limited = {}, const std::function<void()> &after = {}) {
  for (std::size_t from = 0; from < facts.rows.size(); from += capacity) {
    auto batch = std::span(facts.rows).subspan(from, std::min(capacity, facts.rows.size() - from));
    if (scan.tests_any()) {
      scan.read_tested(batch, bounds_of(batch));
      batch = scan.test(batch);
      const Column &tested = scan.tested()[0];
      for (const std::size_t join : limited) {
        for (std::size_t i = 0; i < batch.size(); ++i) {
          const std::uint32_t row = scan.kept_number(i);
          scan.limit(join)[i] = !tested.is_null(row) && is_wanted(tested.words[row]) ? 1 : 0;
        }
      }
    }
    scan.read_joined(batch, bounds_of(batch));
    scan.join(batch);
    for (std::int32_t join = scan.wants_outer(); join >= 0; join = scan.wants_outer()) {
      scan.give_outer(static_cast<std::size_t>(join), outer);
    }
    for (std::span<const Row> some = scan.joined(); !some.empty(); some = scan.joined()) {
      scan.read(some);
      scan.add(some.size());
    }
    if (after) {
      after();
    }
  }
}

Counts counts_of(const Scan &scan) {
  Counts counts;
  for (std::size_t i = 0; i < scan.groups(); ++i) {
    counts[{scan.key_word(i, 0), scan.key_word(i, 1)}] =
        reinterpret_cast<const CountState *>(scan.states(i))->count;
  }
  return counts;
}

const std::vector<Attribute> shape{{8, 8}};
const std::vector<Wanted> wanted{{0, Storage::int64}};
const std::vector<std::uint32_t> column{0};
const std::vector<Key> by_both{{.column = 0}, {.column = 1}};
const std::vector<Aggregate> count{{.kind = AggregateKind::count_rows}};

Program program_of(const std::vector<Join> &joins) {
  return {.shape = {.attributes = shape, .joined = wanted},
          .joins = joins,
          .keys = by_both,
          .aggregates = count};
}

std::vector<Entry> make_entries(std::mt19937 &random, std::int64_t apart, bool repeats,
                                bool drops) {
  std::vector<Entry> entries;
  std::map<std::int64_t, bool> taken;
  for (std::uint32_t i = 0; i < 60; ++i) {
    const std::int64_t key = static_cast<std::int64_t>(random() % 90) * apart;
    if (repeats || !std::exchange(taken[key], true)) {
      entries.push_back({key, drops && random() % 5 == 0 ? Dimension::dropped : i % 9});
    }
  }
  return entries;
}

std::vector<Key64> make_keys(std::mt19937 &random, std::int64_t apart) {
  std::vector<Key64> keys(500);
  for (Key64 &key : keys) {
    if (random() % 8 != 0) {
      key = static_cast<std::int64_t>(random() % 120) * apart - 7 * apart;
    }
  }
  return keys;
}

TEST(StarScanJoins, RowsComeAsOftenAsTheDefinitionSays) {
  constexpr JoinKind kinds[]{JoinKind::inner, JoinKind::outer, JoinKind::semi, JoinKind::anti};
  std::mt19937 random(11);
  for (const std::int64_t apart : {std::int64_t{1}, std::int64_t{1'000'003'000'007}}) {
    for (const JoinKind one : kinds) {
      for (const JoinKind two : kinds) {
        for (const int flags : {0, 1, 2, 3}) {
          const bool repeats = (flags & 1) != 0;
          const bool drops = (flags & 2) != 0;
          const std::vector<Entry> a =
              make_entries(random, apart, repeats, drops && one == JoinKind::outer);
          const std::vector<Entry> b =
              make_entries(random, apart, repeats, drops && two == JoinKind::outer);
          const std::vector<Key64> keys = make_keys(random, apart);
          Counts expected;
          for (const Key64 &key : keys) {
            for (const std::uint32_t code : partners(one, key, a)) {
              for (const std::uint32_t other : partners(two, key, b)) {
                ++expected[{code, other}];
              }
            }
          }
          Arena arena;
          Dimension first(arena.env, 1);
          Dimension second(arena.env, 1);
          fill(first, one, a, {});
          fill(second, two, b, {});
          const std::vector<Join> joins{{.dimension = &first, .columns = column, .kind = one},
                                        {.dimension = &second, .columns = column, .kind = two}};
          const Facts facts(keys);
          Scan scan(arena.env, program_of(joins), capacity, {});
          run(scan, facts, of_none);
          EXPECT_EQ(counts_of(scan), expected)
              << apart << ' ' << static_cast<int>(one) << static_cast<int>(two) << ' ' << flags;
        }
      }
    }
  }
}

// Each part of the keys is another scan of the same rows: together they give what one does with all
// keys, rows without a partner once.
TEST(StarScanJoins, PartsOfTheKeysAreTheWhole) {
  std::mt19937 random(12);
  for (const JoinKind kind : {JoinKind::inner, JoinKind::outer, JoinKind::semi, JoinKind::anti}) {
    const std::vector<Entry> entries = make_entries(random, 3, true, false);
    const std::vector<Key64> keys = make_keys(random, 3);
    const Facts facts(keys);
    Counts expected;
    for (const Key64 &key : keys) {
      for (const std::uint32_t code : partners(kind, key, entries)) {
        ++expected[{code, code}];
      }
    }
    Counts sum;
    for (std::uint32_t prefix = 0; prefix < 8; ++prefix) {
      const Part part{.prefix = prefix, .bits = 3};
      Arena arena;
      Dimension dimension(arena.env, 1);
      fill(dimension, kind, entries, part);
      const std::vector<Join> joins{
          {.dimension = &dimension, .columns = column, .kind = kind, .keys = part}};
      Program program = program_of(joins);
      const std::vector<Key> twice{{.column = 0}, {.column = 0}};
      program.keys = twice;
      Scan scan(arena.env, program, capacity, {});
      run(scan, facts, of_none);
      for (const auto &[key, rows] : counts_of(scan)) {
        sum[key] += rows;
      }
    }
    EXPECT_EQ(sum, expected) << static_cast<int>(kind);
  }
}

// A row of which a condition does not hold has no partner, whatever its key; and comes once, with
// the part that its key is of.
TEST(StarScanJoins, ConditionsOnTheFactLeaveRowsWithoutAPartner) {
  std::mt19937 random(14);
  const std::vector<scan::Test> where{{.kind = scan::Test::Kind::outside, .low = 0, .high = 9}};
  const std::vector<scan::Test> low{{.kind = scan::Test::Kind::range, .high = 70}};
  const std::vector<scan::Test> both{{.kind = scan::Test::Kind::range, .low = 20},
                                     {.kind = scan::Test::Kind::outside, .low = 50, .high = 55}};
  for (const JoinKind kind : {JoinKind::outer, JoinKind::anti}) {
    for (const bool repeats : {false, true}) {
      const std::vector<Entry> a = make_entries(random, 1, repeats, false);
      const std::vector<Entry> b = make_entries(random, 1, repeats, false);
      const std::vector<Key64> keys = make_keys(random, 1);
      const Facts facts(keys);
      Counts expected;
      for (const Key64 &key : keys) {
        if (!key || (*key >= 0 && *key <= 9)) {
          continue;
        }
        const bool first = *key <= 70;
        const bool second = *key >= 20 && (*key < 50 || *key > 55) && is_wanted(key);
        for (const std::uint32_t code : partners(JoinKind::outer, first ? key : Key64{}, a)) {
          for (const std::uint32_t other : partners(kind, second ? key : Key64{}, b)) {
            ++expected[{code, other}];
          }
        }
      }
      for (const std::uint32_t bits : {0U, 2U}) {
        Counts sum;
        for (std::uint32_t prefix = 0; prefix < 1U << bits; ++prefix) {
          const Part part{.prefix = prefix, .bits = bits};
          Arena arena;
          Dimension first(arena.env, 1);
          Dimension second(arena.env, 1);
          fill(first, JoinKind::outer, a, {});
          fill(second, kind, b, part);
          const std::vector<Join> joins{
              {.dimension = &first, .columns = column, .kind = JoinKind::outer, .conditions = low},
              {.dimension = &second,
               .columns = column,
               .kind = kind,
               .keys = part,
               .conditions = both,
               .limited = true}};
          Program program = program_of(joins);
          program.shape.tested = wanted;
          program.tests = where;
          Scan scan(arena.env, program, capacity, {});
          run(scan, facts, of_none, {1});
          for (const auto &[key, rows] : counts_of(scan)) {
            sum[key] += rows;
          }
        }
        EXPECT_EQ(sum, expected) << static_cast<int>(kind) << repeats << ' ' << bits;
      }
    }
  }
}

// By hashes of what the numbers stand for, as rows are told apart.
TEST(StarScanJoins, NarrowedGroupsOfNumbersAreTheWhole) {
  std::mt19937 random(15);
  std::vector<std::uint32_t> hashes(of_none + 1);
  std::generate(hashes.begin(), hashes.end(), std::ref(random));
  const std::uint32_t *const by_number = hashes.data();
  const std::vector<Entry> entries = make_entries(random, 1, true, false);
  const std::vector<Key64> keys = make_keys(random, 1);
  const Facts facts(keys);
  Counts expected;
  for (const Key64 &key : keys) {
    for (const std::uint32_t code : partners(JoinKind::outer, key, entries)) {
      for (const std::uint32_t other : partners(JoinKind::outer, key, entries)) {
        ++expected[{code, other}];
      }
    }
  }
  Counts found;
  std::vector<Part> waiting{{}};
  std::size_t scans = 0;
  while (!waiting.empty()) {
    const Part part = waiting.back();
    waiting.pop_back();
    Arena arena;
    Dimension dimension(arena.env, 1);
    fill(dimension, JoinKind::outer, entries, {});
    const Join join{
        .dimension = &dimension, .columns = column, .hashes = &by_number, .kind = JoinKind::outer};
    const std::vector<Join> joins{join, join};
    Scan scan(arena.env, program_of(joins), capacity, part);
    ASSERT_LT(++scans, 64U);
    run(scan, facts, of_none, {}, [&] {
      while (scan.groups() > 10) {
        waiting.push_back(scan.narrow_groups());
      }
    });
    for (const auto &[key, rows] : counts_of(scan)) {
      EXPECT_TRUE(found.emplace(key, rows).second);
    }
  }
  EXPECT_GT(scans, 2U);
  EXPECT_EQ(found, expected);
}

// Where what stands for NULLs is another part's, so are rows without a partner.
TEST(StarScanJoins, RowsWithoutAPartnerMayBeDropped) {
  std::mt19937 random(13);
  for (const bool repeats : {false, true}) {
    const std::vector<Entry> entries = make_entries(random, 1, repeats, false);
    const std::vector<Key64> keys = make_keys(random, 1);
    const Facts facts(keys);
    Counts expected;
    for (const Key64 &key : keys) {
      for (const std::uint32_t code : partners(JoinKind::inner, key, entries)) {
        ++expected[{code, code}];
      }
    }
    Arena arena;
    Dimension dimension(arena.env, 1);
    fill(dimension, JoinKind::outer, entries, {});
    const std::vector<Join> joins{
        {.dimension = &dimension, .columns = column, .kind = JoinKind::outer}};
    Program program = program_of(joins);
    const std::vector<Key> twice{{.column = 0}, {.column = 0}};
    program.keys = twice;
    Scan scan(arena.env, program, capacity, {});
    run(scan, facts, Dimension::dropped);
    EXPECT_EQ(counts_of(scan), expected);
  }
}

} // namespace
} // namespace starhouse::scan
