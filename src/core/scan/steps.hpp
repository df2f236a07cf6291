// Columns made of other columns: arithmetic in the server's types, with its errors, and the
// numbers that stand for truncated and extracted times as keys.
//
// A key of time is a number that is the same for two rows if and only if the server's function
// gives both the same: days, months, whole multiples of a width. What is shown for a group is made
// by the server's function itself, from the value of one row of it.
#pragma once

#include "core/scan/columns.hpp"

#include <cstdint>
#include <limits>
#include <vector>

namespace starhouse::scan {

// From `from` up to before `until`, local time is UTC and `offset`. In microseconds, as the
// server's timestamps.
struct ZoneStretch {
  std::int64_t from;
  std::int64_t until;
  std::int64_t offset;
};

// A time zone, as its host knows it.
struct Zone {
  // What holds from a moment on, at least.
  ZoneStretch (*stretch_of)(std::int64_t utc, const void *zone) noexcept = nullptr;
  // The local time of what a day's midnight is: another one where clocks leave midnight out, and of
  // another day where they leave out the day.
  std::int64_t (*midnight_of)(std::int64_t day, const void *zone) noexcept = nullptr;
  const void *zone = nullptr; // the host's
};

// A time zone, remembering what it was asked.
class LocalClock {
public:
  LocalClock(const Env &env, const Zone &zone)
      : zone_(zone), stretches_(env.memory), midnights_(env.memory) {}

  std::int64_t offset(std::int64_t utc) {
    if (utc < last_.from || utc >= last_.until) [[unlikely]] {
      find(utc);
    }
    return last_.offset;
  }
  std::int64_t midnight(std::int64_t day);

private:
  struct Midnight {
    std::int64_t day;
    std::int64_t local;
  };
  void find(std::int64_t utc);

  Zone zone_;
  ZoneStretch last_{0, 0, 0};
  std::pmr::vector<ZoneStretch> stretches_; // by until
  std::pmr::vector<Midnight> midnights_;    // by the low bits of the day
};

inline constexpr std::int64_t minus_infinite_time = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t infinite_time = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t day_length = 86'400'000'000;
// Timestamps are from the first of these up to before the second.
inline constexpr std::int64_t first_time = -211'813'488'000'000'000;
inline constexpr std::int64_t end_of_time = 9'223'371'331'200'000'000;

struct Step {
  enum class Operation : std::uint8_t {
    constant, // value, or NULL
    given,    // by the host, before the rows are added: words, or bytes where `bytes` says so
    add_int32,
    subtract_int32,
    multiply_int32,
    add_int64,
    subtract_int64,
    multiply_int64,
    add_float,
    subtract_float,
    multiply_float,
    divide_float,
    to_float, // from an integer
    // The server's functions of floats (steps_floats.cpp).
    power,           // of a base that is finite and above zero
    seconds_between, // date_part('epoch', left - right) of times; `infinite_too` as from 17 on
    greatest_float,
    least_float,
    // Decimals: numbers of 64 bits and a scale, exact; what they cannot hold is left to the host.
    decimal,          // of a column of the server's numerics
    int_to_decimal,   // of integers
    constant_decimal, // value / 10^scale, or NULL
    add_decimal,
    subtract_decimal,
    multiply_decimal,
    // Of any columns of one kind.
    coalesce,  // left, or right where that is NULL
    choose,    // left where test number `test` holds, else right
    float_key, // of a float: the same for those that are equal
    // Of the server's numerics, and of places (steps_keys.cpp).
    numeric_key,   // bytes, the same for those that are equal
    numeric_scale, // the digits shown after the point
    numeric_to_float,
    geohash, // of latitude and longitude: the cell of precision `width`
    // Times in microseconds; infinite ones stay so.
    local,     // of a timestamptz
    local_of,  // of one, in a zone of each row: `right` is the number of its clock in `clocks`
    day_start, // of a date, without a zone
    midnight,  // of a date as a timestamptz, local
    day,       // of a date: its number, for keys whose `day` is 1
    // Keys of times; of infinite ones themselves, or NULL where `infinite_is_null`.
    multiple,      // of width, from origin on: floor
    zone_multiple, // of a timestamptz: as UTC of the local multiple, by the offset of the time
    month,         // months / width
    within,        // rest of `width`, from origin on, / part
    month_within,  // month of the year / width
  };

  Operation operation = Operation::constant;
  bool null = false;
  bool infinite_is_null = false;
  bool infinite_too = false;
  bool bytes = false;
  std::uint8_t scale = 0;
  std::uint32_t test = 0;
  std::uint32_t left = 0;
  std::uint32_t right = 0;
  std::uint32_t out = 0;
  std::int64_t value = 0;
  std::int64_t width = 1;
  std::int64_t origin = 0;
  std::int64_t part = 1;
  std::int64_t day = day_length; // of what months are made of
  // The host's, who has those of all rows there whose time is not NULL, before they are added; null
  // for a NULL zone. One is not asked of an infinite time.
  LocalClock *const *const *clocks = nullptr;
};

// Months since 2000-01 of a day since 2000-01-01, in the proleptic Gregorian calendar.
std::int64_t month_of_day(std::int64_t day) noexcept;

constexpr std::int64_t floor_divide(std::int64_t number, std::int64_t by) noexcept {
  const std::int64_t quotient = number / by;
  return quotient - (number % by < 0 ? 1 : 0);
}

// Whether its column is one of decimals, where `left` is.
bool gives_decimals(const Step &step, const Batch &batch) noexcept;
constexpr bool gives_bytes(const Step &step) noexcept {
  return step.operation == Step::Operation::numeric_key || step.bytes;
}

// The first `rows` rows. `holds`: of choose, what its test says of them.
void run_step(const Step &step, Batch &batch, std::size_t rows, LocalClock &clock,
              const std::uint8_t *holds);

// Decimals, what takes one of two values (steps_values.cpp), and keys (steps_keys.cpp).
void run_decimal_step(const Step &step, Batch &batch, std::size_t rows);
void run_float_step(const Step &step, Batch &batch, std::size_t rows);
void run_key_step(const Step &step, Batch &batch, std::size_t rows);
void run_choice(const Step &step, Batch &batch, std::size_t rows, const std::uint8_t *holds);

} // namespace starhouse::scan
