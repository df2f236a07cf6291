// Inner, outer, semi- and anti-joins of a scan: rows and how often they come against the
// definition, with keys that repeat, NULL keys and rows without a partner, with all keys of a
// dimension at once and part by part, and with rows of a dimension that are dropped.
#include "core/scan/scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
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

void run(Scan &scan, const Facts &facts, std::uint32_t outer) {
  for (std::size_t from = 0; from < facts.rows.size(); from += capacity) {
    const auto batch =
        std::span(facts.rows).subspan(from, std::min(capacity, facts.rows.size() - from));
    scan.read_joined(batch, bounds_of(batch));
    scan.join(batch);
    for (std::int32_t join = scan.wants_outer(); join >= 0; join = scan.wants_outer()) {
      scan.give_outer(static_cast<std::size_t>(join), outer);
    }
    for (std::span<const Row> some = scan.joined(); !some.empty(); some = scan.joined()) {
      scan.read(some);
      scan.add(some.size());
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
