// Groups of several scans, sent in pieces and made one of: what one scan of all rows gives.
#include "core/scan/scan.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <memory_resource>
#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace starhouse::scan {
namespace {

constexpr std::size_t capacity = 64;

struct Arena {
  std::pmr::monotonic_buffer_resource memory;
  Env env{.memory = &memory};
};

std::string_view text_bytes(const void *others) noexcept {
  return *static_cast<const std::string *>(others);
}

// Rows of a number that may be NULL, an amount, a text, a numeric.
struct Rows {
  std::vector<std::string> data;
  std::vector<std::uint8_t> nulls;
  std::vector<Row> rows;
};

constexpr std::uint8_t all_there = 0x0F;
constexpr std::uint8_t first_is_null = 0x0E;

void append(std::string &data, const void *from, std::size_t size) {
  data.append(static_cast<const char *>(from), size);
}

void append_text(std::string &data, const std::string &text) {
  data.push_back(static_cast<char>((text.size() + 1) << 1U | 1U));
  data += text;
}

Rows make_rows(std::size_t count) {
  std::mt19937 random(7);
  Rows made;
  made.nulls.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::string data;
    const bool null = random() % 9 == 0;
    made.nulls[i] = null ? first_is_null : all_there;
    const auto number = static_cast<std::int64_t>(random() % 50);
    const auto amount = static_cast<double>(random() % 1000);
    if (!null) {
      append(data, &number, sizeof number);
    }
    append(data, &amount, sizeof amount);
    append_text(data, "text " + std::to_string(random() % 7));
    const auto digit = static_cast<std::int16_t>(1 + random() % 9999);
    const std::uint16_t head = random() % 97 == 0 ? 0xC000 : 0x8000; // NaN, or digit
    std::string numeric;
    append(numeric, &head, sizeof head);
    if (head == 0x8000) {
      append(numeric, &digit, sizeof digit);
    }
    append_text(data, numeric);
    made.data.push_back(data);
  }
  for (std::size_t i = 0; i < count; ++i) {
    made.rows.push_back({.data = made.data[i].data(),
                         .nulls = &made.nulls[i],
                         .size = static_cast<std::uint32_t>(made.data[i].size()),
                         .attributes = 4});
  }
  return made;
}

const std::vector<Attribute> shape{{8, 8}, {8, 8}, {-1, 4}, {-1, 4}};
const std::vector<Wanted> wanted{
    {0, Storage::int64}, {1, Storage::float64}, {2, Storage::varlena}, {3, Storage::varlena}};
const std::vector<Key> keys{{.column = 0}, {.column = 2}};
const std::vector<Aggregate> aggregates{
    {.kind = AggregateKind::count_rows},
    {.kind = AggregateKind::sum_wide, .column = 0, .offset = 8},
    {.kind = AggregateKind::sum_float, .column = 1, .offset = 32},
    {.kind = AggregateKind::max_float, .column = 1, .offset = 48},
    {.kind = AggregateKind::sum_numeric, .column = 3, .offset = 64},
    {.kind = AggregateKind::min_numeric, .column = 3, .offset = 112},
    {.kind = AggregateKind::min_int, .column = 0, .offset = 136},
};

void take_handed(Scan &scan) {
  for (const Handed &value : scan.handed()) {
    // As a host that counts them.
    auto *others = static_cast<std::string *>(value.state->others);
    if (others == nullptr) {
      others = new std::string; // NOLINT(cppcoreguidelines-owning-memory): as long as the test
      value.state->others = others;
    }
    *others += value.bytes;
  }
  scan.forget_handed();
}

void add_rows(Scan &scan, std::span<const Row> rows) {
  for (std::size_t from = 0; from < rows.size(); from += capacity) {
    const auto batch = rows.subspan(from, std::min(capacity, rows.size() - from));
    scan.read(batch);
    scan.add(batch.size());
    take_handed(scan);
  }
}

using Group = std::tuple<std::int64_t, std::int64_t, double, double, std::int64_t, std::size_t,
                         std::string, std::int64_t>;

std::map<std::string, Group> groups_of(const Scan &scan, bool by_keys) {
  std::map<std::string, Group> groups;
  for (std::size_t i = 0; i < scan.groups(); ++i) {
    std::string key;
    if (by_keys) {
      key = (scan.key_is_null(i, 0) ? "null" : std::to_string(scan.key_word(i, 0))) + " " +
            std::string(scan.key_bytes(i, 1));
    }
    const char *states = scan.states(i);
    const auto *numeric = reinterpret_cast<const NumericState *>(states + 64);
    const auto *others = static_cast<const std::string *>(numeric->others);
    const auto *least = reinterpret_cast<const BytesState *>(states + 112);
    const bool is_new =
        groups
            .emplace(key, Group{reinterpret_cast<const CountState *>(states)->count,
                                static_cast<std::int64_t>(
                                    reinterpret_cast<const WideState *>(states + 8)->value()),
                                reinterpret_cast<const FloatState *>(states + 32)->value,
                                reinterpret_cast<const FloatState *>(states + 48)->value,
                                static_cast<std::int64_t>(numeric->sum.value()),
                                others == nullptr ? 0 : others->size(), std::string(least->view()),
                                reinterpret_cast<const IntState *>(states + 136)->value})
            .second;
    EXPECT_TRUE(is_new);
  }
  return groups;
}

TEST(StarScanExchange, PiecesOfSeveralScansAreTheWhole) {
  const Rows rows = make_rows(3000);
  for (const bool by_keys : {true, false}) {
    Program program{.shape = {.attributes = shape, .wanted = wanted}, .aggregates = aggregates};
    if (by_keys) {
      program.keys = keys;
    }
    Arena arena;
    Scan whole(arena.env, program, capacity, {});
    add_rows(whole, rows.rows);
    Scan merged(arena.env, program, capacity, {});
    const std::size_t cuts[]{0, 100, 1900, 3000};
    for (int share = 0; share < 3; ++share) {
      Arena own;
      Scan scan(own.env, program, capacity, {});
      add_rows(scan, std::span(rows.rows).subspan(cuts[share], cuts[share + 1] - cuts[share]));
      std::size_t next = 0;
      while (next < scan.groups()) {
        next = scan.write(next, 1000, text_bytes);
        merged.absorb(scan.written(), {});
        take_handed(merged);
      }
    }
    EXPECT_EQ(groups_of(merged, by_keys), groups_of(whole, by_keys));
  }
}

// One of the scans goes on as the one that merges, by another program that says the same.
TEST(StarScanExchange, AScanThatHasRowsTakesThoseOfOthers) {
  const Rows rows = make_rows(3000);
  for (const bool by_keys : {true, false}) {
    const Program program{.shape = {.attributes = shape, .wanted = wanted},
                          .keys = by_keys ? std::span<const Key>(keys) : std::span<const Key>(),
                          .aggregates = aggregates};
    Arena arena;
    Scan whole(arena.env, program, capacity, {});
    add_rows(whole, rows.rows);
    std::vector<Key> own_keys(program.keys.begin(), program.keys.end());
    std::vector<Aggregate> own_aggregates(aggregates.begin(), aggregates.end());
    Program own = program;
    own.keys = own_keys;
    own.aggregates = own_aggregates;
    Scan merged(arena.env, own, capacity, {});
    add_rows(merged, std::span(rows.rows).first(1200));
    merged.use_program(program);
    own_keys.assign(own_keys.size(), Key{.column = 77});
    own_aggregates.assign(own_aggregates.size(), Aggregate{.kind = AggregateKind::count_distinct});
    Arena others;
    Scan scan(others.env, program, capacity, {});
    add_rows(scan, std::span(rows.rows).subspan(1200));
    for (std::size_t next = 0; next < scan.groups();) {
      next = scan.write(next, 1000, text_bytes);
      merged.absorb(scan.written(), {});
      take_handed(merged);
    }
    EXPECT_EQ(groups_of(merged, by_keys), groups_of(whole, by_keys));
  }
}

TEST(StarScanExchange, NumbersOfADimensionAreTranslated) {
  Arena arena;
  const bool bytes[]{false};
  Dimension dimension(arena.env, 1);
  for (std::int64_t word = 0; word < 50; ++word) {
    const KeyPart key{.word = word};
    dimension.add({&key, 1}, bytes, static_cast<std::uint32_t>(word % 5) + 10);
  }
  dimension.finish();
  const std::vector<std::uint32_t> column{0};
  const std::vector<Join> joins{{.dimension = &dimension, .columns = column}};
  const std::vector<Wanted> joined{{0, Storage::int64}};
  const std::vector<Key> by_join{{.column = 0}};
  const std::vector<Aggregate> count{{.kind = AggregateKind::count_rows}};
  const Program program{.shape = {.attributes = shape, .joined = joined},
                        .joins = joins,
                        .keys = by_join,
                        .aggregates = count};
  const Rows rows = make_rows(500);
  Scan scan(arena.env, program, capacity, {});
  for (std::size_t from = 0; from < rows.rows.size(); from += capacity) {
    const auto batch =
        std::span(rows.rows).subspan(from, std::min(capacity, rows.rows.size() - from));
    scan.read_joined(batch, bounds_of(batch));
    scan.join(batch);
    for (std::span<const Row> some = scan.joined(); !some.empty(); some = scan.joined()) {
      scan.read(some);
      scan.add(some.size());
    }
  }
  ASSERT_EQ(scan.groups(), 5U);
  Scan merged(arena.env, program, capacity, {});
  std::map<std::int64_t, std::int64_t> expected;
  for (std::size_t next = 0; next < scan.groups();) {
    next = scan.write(next, 30, text_bytes); // a few at a time
    std::vector<std::uint32_t> codes;
    for (const std::uint32_t code : scan.written_codes(0)) {
      codes.push_back(code + 1000);
    }
    const std::vector<std::span<const std::uint32_t>> translated{codes};
    merged.absorb(scan.written(), translated);
  }
  ASSERT_EQ(merged.groups(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    expected[scan.key_word(i, 0) + 1000] =
        reinterpret_cast<const CountState *>(scan.states(i))->count;
  }
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(expected.at(merged.key_word(i, 0)),
              reinterpret_cast<const CountState *>(merged.states(i))->count);
  }
}

TEST(StarScanExchange, APieceThatIsCutIsAnError) {
  const Rows rows = make_rows(200);
  const Program program{
      .shape = {.attributes = shape, .wanted = wanted}, .keys = keys, .aggregates = aggregates};
  Arena arena;
  Scan scan(arena.env, program, capacity, {});
  add_rows(scan, rows.rows);
  scan.write(0, 300, text_bytes);
  const std::string piece(scan.written());
  std::size_t whole = 0; // cuts between two groups
  for (std::size_t size = 1; size < piece.size(); ++size) {
    Scan merged(arena.env, program, capacity, {});
    try {
      merged.absorb(std::string_view(piece).substr(0, size), {});
      ++whole;
    } catch (const Error &error) {
      EXPECT_FALSE(error.hint().empty());
    }
  }
  EXPECT_LT(whole, 5U);
}

} // namespace
} // namespace starhouse::scan
