// What WHERE and FILTER ask of a row, column by column. A test holds or does not: a comparison with
// NULL does not, which is what SQL's "unknown" comes to wherever AND and OR alone are above it.
//
// Numbers are compared as words: an integer's is itself, a float's one that sorts as the server
// sorts floats (-0 and 0 the same, NaN behind all).
#pragma once

#include "core/behaviour/sort_key.hpp"
#include "core/scan/columns.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace starhouse::scan {

struct Test {
  enum class Kind : std::uint8_t {
    never,
    always,
    is_null,
    not_null,
    range,     // low <= word <= high
    outside,   // not that, nor NULL
    word_in,   // one of words, which are sorted
    word_out,  // none of them, nor NULL
    bytes_in,  // one of bytes, which are sorted
    bytes_out, // none of them, nor NULL
    like,     // bytes[0] is in it: at its start, at its end or both, as `at_start` and `at_end` say
    not_like, // not so, nor NULL
    numeric,  // order of the column's value and bytes[0] is one of `orders`
    all,      // of parts
    any,      // of parts
  };
  enum Order : std::uint8_t { less = 1, equal = 2, greater = 4 };

  Kind kind = Kind::never;
  bool is_float = false; // the column's words are doubles
  bool at_start = false;
  bool at_end = false;
  std::uint8_t orders = 0;
  std::uint32_t column = 0;
  std::int64_t low = std::numeric_limits<std::int64_t>::min();
  std::int64_t high = std::numeric_limits<std::int64_t>::max();
  std::span<const std::int64_t> words{};
  std::span<const std::string_view> bytes{};
  std::span<const Test> parts{};
};

// Sorts as the server sorts float8.
inline std::int64_t float_order(double value) noexcept {
  return behaviour::sort_key(value);
}

// Into holds[row], 1 or 0, for the first `rows` rows. `spare` has room for as many bytes for each
// level of parts below the first.
void run_test(const Test &test, const Batch &batch, std::size_t rows, std::uint8_t *holds,
              std::uint8_t *spare);

// holds[row] stays 1 where also[row] is.
void keep_both(std::uint8_t *holds, const std::uint8_t *also, std::size_t rows) noexcept;

// How many levels of parts there are: 0 for a test without.
std::size_t depth(const Test &test) noexcept;

} // namespace starhouse::scan
