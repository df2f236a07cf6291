#include "core/scan/tests.hpp"

#include "core/scan/numeric_bytes.hpp"

#include <algorithm>
#include <compare>
#include <cstring>

namespace starhouse::scan {

namespace {

// Few values are compared one after the other, more are searched for.
constexpr std::size_t most_compared = 8;

template <class Value>
bool one_of(std::span<const Value> sorted, const Value &value) noexcept {
  if (sorted.size() <= most_compared) {
    bool found = false;
    for (const Value &one : sorted) {
      found |= one == value;
    }
    return found;
  }
  return std::binary_search(sorted.begin(), sorted.end(), value);
}

template <class Holds>
void each_word(const Test &test, const Column &column, std::size_t rows, std::uint8_t *holds,
               Holds &&word_holds) {
  if (test.is_float) {
    for (std::size_t i = 0; i < rows; ++i) {
      holds[i] = static_cast<std::uint8_t>(word_holds(float_order(as_double(column.words[i]))));
    }
  } else {
    for (std::size_t i = 0; i < rows; ++i) {
      holds[i] = static_cast<std::uint8_t>(word_holds(column.words[i]));
    }
  }
}

template <class Holds>
void each_bytes(const Column &column, std::size_t rows, std::uint8_t *holds, Holds &&bytes_hold) {
  for (std::size_t i = 0; i < rows; ++i) {
    holds[i] = column.is_null(i) ? 0 : static_cast<std::uint8_t>(bytes_hold(column.bytes[i]));
  }
}

bool is_like(const Test &test, std::string_view bytes) noexcept {
  const std::string_view wanted = test.bytes[0];
  if (test.at_start && test.at_end) {
    return bytes == wanted;
  }
  return test.at_start ? bytes.starts_with(wanted)
         : test.at_end ? bytes.ends_with(wanted)
                       : bytes.find(wanted) != std::string_view::npos;
}

std::uint8_t order_of(std::string_view left, std::string_view right) noexcept {
  const std::strong_ordering order = compare_numeric(left, right);
  return std::is_lt(order) ? Test::less : std::is_gt(order) ? Test::greater : Test::equal;
}

} // namespace

void run_test(const Test &test, const Batch &batch, std::size_t rows, std::uint8_t *holds,
              std::uint8_t *spare) {
  using Kind = Test::Kind;
  switch (test.kind) {
  case Kind::never:
  case Kind::always:
    std::memset(holds, test.kind == Kind::always ? 1 : 0, rows);
    return;
  case Kind::all:
  case Kind::any: {
    const bool all = test.kind == Kind::all;
    std::memset(holds, all ? 1 : 0, rows);
    for (const Test &part : test.parts) {
      run_test(part, batch, rows, spare, spare + batch.capacity());
      if (all) {
        keep_both(holds, spare, rows);
        continue;
      }
      for (std::size_t i = 0; i < rows; ++i) {
        holds[i] = static_cast<std::uint8_t>(holds[i] | spare[i]);
      }
    }
    return;
  }
  default:
    break;
  }
  const Column &column = batch[test.column];
  switch (test.kind) {
  case Kind::is_null:
  case Kind::not_null: {
    const std::uint8_t wanted = test.kind == Kind::is_null ? 1 : 0;
    if (column.any_null) {
      for (std::size_t i = 0; i < rows; ++i) {
        holds[i] = static_cast<std::uint8_t>(column.nulls[i] == wanted);
      }
    } else {
      std::memset(holds, wanted == 0 ? 1 : 0, rows);
    }
    return;
  }
  case Kind::range:
  case Kind::outside: {
    const bool inside = test.kind == Kind::range;
    // One comparison for two, as unsigned numbers.
    const auto low = static_cast<std::uint64_t>(test.low);
    const std::uint64_t width = static_cast<std::uint64_t>(test.high) - low;
    if (test.low > test.high) {
      std::memset(holds, inside ? 0 : 1, rows);
    } else if (inside) {
      each_word(test, column, rows, holds,
                [&](std::int64_t word) { return static_cast<std::uint64_t>(word) - low <= width; });
    } else {
      each_word(test, column, rows, holds,
                [&](std::int64_t word) { return static_cast<std::uint64_t>(word) - low > width; });
    }
    break;
  }
  case Kind::word_in:
  case Kind::word_out: {
    const bool in = test.kind == Kind::word_in;
    each_word(test, column, rows, holds,
              [&](std::int64_t word) { return one_of(test.words, word) == in; });
    break;
  }
  case Kind::bytes_in:
  case Kind::bytes_out: {
    const bool in = test.kind == Kind::bytes_in;
    each_bytes(column, rows, holds,
               [&](std::string_view bytes) { return one_of(test.bytes, bytes) == in; });
    return;
  }
  case Kind::like:
  case Kind::not_like: {
    const bool like = test.kind == Kind::like;
    each_bytes(column, rows, holds,
               [&](std::string_view bytes) { return is_like(test, bytes) == like; });
    return;
  }
  case Kind::numeric:
    each_bytes(column, rows, holds, [&](std::string_view bytes) {
      return (order_of(bytes, test.bytes[0]) & test.orders) != 0;
    });
    return;
  default:
    return;
  }
  if (column.any_null) {
    for (std::size_t i = 0; i < rows; ++i) {
      holds[i] = static_cast<std::uint8_t>(holds[i] & (column.nulls[i] ^ 1U));
    }
  }
}

void keep_both(std::uint8_t *holds, const std::uint8_t *also, std::size_t rows) noexcept {
  std::size_t row = 0;
  for (; row + sizeof(std::uint64_t) <= rows; row += sizeof(std::uint64_t)) {
    std::uint64_t both = 0;
    std::uint64_t other = 0;
    std::memcpy(&both, holds + row, sizeof both);
    std::memcpy(&other, also + row, sizeof other);
    both &= other;
    std::memcpy(holds + row, &both, sizeof both);
  }
  for (; row < rows; ++row) {
    holds[row] = static_cast<std::uint8_t>(holds[row] & also[row]);
  }
}

std::size_t depth(const Test &test) noexcept {
  std::size_t deepest = 0;
  for (const Test &part : test.parts) {
    deepest = std::max(deepest, depth(part) + 1);
  }
  return deepest;
}

} // namespace starhouse::scan
