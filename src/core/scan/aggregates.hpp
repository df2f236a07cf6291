// What is kept for each group, and how a batch of rows goes into it.
//
// Sums of integers are exact. Sums of floats are added up in the order of the rows, in the type of
// the server's own state, so a scan of one process gives the digits of a sequential scan. Sums of
// numeric are whole numbers of 10^-scale as long as these fit; what does not is handed back.
#pragma once

#include "core/scan/columns.hpp"
#include "core/scan/numeric_bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

namespace starhouse::scan {

__extension__ using Int128 = __int128;

enum class AggregateKind : std::uint8_t {
  count_rows,  // CountState
  count,       // CountState: rows with a value
  sum_int,     // IntState: of words whose sum has 64 bits, as int4's
  sum_wide,    // WideState: of any words
  sum_float,   // FloatState
  sum_float32, // FloatState, in single precision
  avg_float,   // FloatState: a sum that may pass through infinity
  min_int,     // IntState
  max_int,
  min_float, // FloatState: of floats that are equal (-0, 0) the last, as the server has it
  max_float,
  sum_numeric, // NumericState
  sum_decimal, // NumericState, of decimals
  min_numeric, // BytesState: of numbers that are equal (1.0, 1.00) the last
  max_numeric,
  count_distinct, // CountState; the values are in a set (distinct.hpp)
  own,            // what `own` says (own_states.hpp)
};

// All begin as zeros; count is that of the values.
struct CountState {
  std::int64_t count;
};
struct IntState {
  std::int64_t count;
  std::int64_t value;
};
struct FloatState {
  std::int64_t count;
  double value;
};
struct WideState {
  std::int64_t count;
  std::uint64_t low;
  std::int64_t high;

  Int128 value() const noexcept { return (static_cast<Int128>(high) << 64) | low; }
  void set(Int128 value) noexcept {
    low = static_cast<std::uint64_t>(value);
    high = static_cast<std::int64_t>(value >> 64);
  }
};
struct NumericState {
  std::int64_t count; // of all, handed back or not
  WideState sum;      // times 10^scale
  std::int64_t scale;
  void *others; // what was handed back, added up by the host
};
struct BytesState {
  std::int64_t count;
  char *bytes;
  std::uint32_t size;
  std::uint32_t room;

  std::string_view view() const noexcept { return {bytes, size}; }
};

class OwnAggregate;

struct Aggregate {
  AggregateKind kind;
  std::uint32_t column = 0; // none for count_rows
  std::uint32_t offset = 0; // of its state in a group's states
  std::int32_t filter = -1; // number of the test its rows have to pass
  bool is_float = false;    // of count_distinct: -0 and 0 are one value
  const OwnAggregate *own = nullptr;
  std::uint32_t second = 0; // another column that `own` may take
};

std::size_t state_bytes(const Aggregate &aggregate) noexcept;

// Whether a group can be left behind with its state: memory that the state refers to, or values in
// a set, would stay.
bool can_be_left(const Aggregate &aggregate) noexcept;

// A numeric that is not finite or has too many digits: the host adds it to the state's `others`.
// Without bytes it is digits / 10^scale, or what the host computes of a row by a column.
struct Handed {
  NumericState *state;
  std::string_view bytes;
  std::int32_t column = -1;
  std::uint32_t row = 0;
  WideState digits{};
  std::int64_t scale = 0;
};

// Rows 0 to rows - 1 of the batch into their groups. `states` are these, or one place for all of
// them if `single`. `passes`: 1 for the rows to take, null: all.
void update(const Env &env, const Aggregate &aggregate, const Batch &batch, std::size_t rows,
            char *const *states, bool single, const std::uint8_t *passes,
            std::pmr::vector<Handed> &handed);

// The bytes of a state's `others`, as its host has them.
using OthersBytes = std::string_view (*)(const void *others) noexcept;

// What a state refers to outside of itself, for another process.
std::string_view outer_bytes(const Aggregate &aggregate, const char *states,
                             OthersBytes others) noexcept;

// Adds the state of the same group in another process, whose outer bytes are `outer`, to a group's.
// An Error (22P03) for what no state is.
void merge(const Env &env, const Aggregate &aggregate, const char *from, std::string_view outer,
           char *states, std::pmr::vector<Handed> &handed);

} // namespace starhouse::scan
