#include "core/scan/steps.hpp"

#include "core/scan/tests.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace starhouse::scan {

namespace {

using Operation = Step::Operation;

[[noreturn]] void refuse(const char *what) {
  throw Error(sqlstate::numeric_value_out_of_range, what);
}

[[noreturn]] void refuse_division() {
  throw Error(SqlState{"22012"}, "division by zero");
}

// NULL where one of both is.
void join_nulls(const Column &left, const Column &right, Column &out, std::size_t rows) noexcept {
  out.any_null = left.any_null || right.any_null;
  if (!out.any_null) {
    return;
  }
  for (std::size_t i = 0; i < rows; ++i) {
    out.nulls[i] = static_cast<std::uint8_t>(left.is_null(i) || right.is_null(i));
  }
}

// What stands in the place of a NULL may overflow: that is no error.
template <class Compute>
void each_int(const Column &left, const Column &right, Column &out, std::size_t rows,
              const char *error, Compute compute) {
  bool overflow = false;
  for (std::size_t i = 0; i < rows; ++i) {
    overflow |= compute(left.words[i], right.words[i], out.words[i]) && !out.is_null(i);
  }
  if (overflow) {
    refuse(error);
  }
}

template <class Compute>
void each_int32(const Column &left, const Column &right, Column &out, std::size_t rows,
                Compute compute) {
  each_int(left, right, out, rows, "integer out of range",
           [compute](std::int64_t a, std::int64_t b, std::int64_t &c) {
             c = compute(a, b);
             return c != static_cast<std::int32_t>(c);
           });
}

constexpr const char *bigint_error = "bigint out of range";

template <class Compute>
void each_float(const Column &left, const Column &right, Column &out, std::size_t rows,
                Compute compute) {
  for (std::size_t i = 0; i < rows; ++i) {
    if (!out.is_null(i)) {
      out.words[i] = as_word(compute(as_double(left.words[i]), as_double(right.words[i])));
    }
  }
}

void check_overflow(double result, double a, double b) {
  if (std::isinf(result) && !std::isinf(a) && !std::isinf(b)) [[unlikely]] {
    refuse("value out of range: overflow");
  }
}

double product(double a, double b) {
  const double result = a * b;
  check_overflow(result, a, b);
  if (result == 0.0 && a != 0.0 && b != 0.0) [[unlikely]] {
    refuse("value out of range: underflow");
  }
  return result;
}

double quotient(double a, double b) {
  if (b == 0.0 && !std::isnan(a)) [[unlikely]] {
    refuse_division();
  }
  const double result = a / b;
  if (std::isinf(result) && !std::isinf(a)) [[unlikely]] {
    refuse("value out of range: overflow");
  }
  if (result == 0.0 && a != 0.0 && !std::isinf(b)) [[unlikely]] {
    refuse("value out of range: underflow");
  }
  return result;
}

void arithmetic(const Step &step, const Column &left, const Column &right, Column &out,
                std::size_t rows) {
  join_nulls(left, right, out, rows);
  switch (step.operation) {
  case Operation::add_int32:
    each_int32(left, right, out, rows, [](std::int64_t a, std::int64_t b) { return a + b; });
    break;
  case Operation::subtract_int32:
    each_int32(left, right, out, rows, [](std::int64_t a, std::int64_t b) { return a - b; });
    break;
  case Operation::multiply_int32:
    each_int32(left, right, out, rows, [](std::int64_t a, std::int64_t b) { return a * b; });
    break;
  case Operation::add_int64:
    each_int(left, right, out, rows, bigint_error,
             [](auto a, auto b, std::int64_t &c) { return __builtin_add_overflow(a, b, &c); });
    break;
  case Operation::subtract_int64:
    each_int(left, right, out, rows, bigint_error,
             [](auto a, auto b, std::int64_t &c) { return __builtin_sub_overflow(a, b, &c); });
    break;
  case Operation::multiply_int64:
    each_int(left, right, out, rows, bigint_error,
             [](auto a, auto b, std::int64_t &c) { return __builtin_mul_overflow(a, b, &c); });
    break;
  case Operation::add_float:
    each_float(left, right, out, rows, [](double a, double b) {
      const double result = a + b;
      check_overflow(result, a, b);
      return result;
    });
    break;
  case Operation::subtract_float:
    each_float(left, right, out, rows, [](double a, double b) {
      const double result = a - b;
      check_overflow(result, a, b);
      return result;
    });
    break;
  case Operation::multiply_float:
    each_float(left, right, out, rows, product);
    break;
  case Operation::divide_float:
    each_float(left, right, out, rows, quotient);
    break;
  default:
    break;
  }
}

// The key of each time that is not infinite.
template <class Key>
void each_time(const Step &step, const Column &in, Column &out, std::size_t rows, Key key) {
  for (std::size_t i = 0; i < rows; ++i) {
    const std::int64_t time = in.words[i];
    if (time != infinite_time && time != minus_infinite_time) [[likely]] {
      out.words[i] = key(time);
      continue;
    }
    out.words[i] = time;
    if (step.infinite_is_null && !out.is_null(i)) {
      if (!out.any_null) {
        std::memset(out.nulls, 0, rows);
        out.any_null = true;
      }
      out.nulls[i] = 1;
      out.words[i] = 0;
    }
  }
}

std::int64_t checked_day(std::int64_t day) {
  // What comes of a NULL is no error: it is 0.
  constexpr std::int64_t end_of_timestamps = 109'203'528 - 2'451'545;
  if (day >= end_of_timestamps) [[unlikely]] {
    throw Error(sqlstate::datetime_field_overflow, "date out of range for timestamp");
  }
  return day;
}

// A date's infinities are those of 32 bits.
template <class Start>
void each_day(const Column &in, Column &out, std::size_t rows, Start start) {
  for (std::size_t i = 0; i < rows; ++i) {
    const std::int64_t day = in.words[i];
    out.words[i] = day == std::numeric_limits<std::int32_t>::max()   ? infinite_time
                   : day == std::numeric_limits<std::int32_t>::min() ? minus_infinite_time
                                                                     : start(day);
  }
}

// floor((time - origin) / width). Widths of times are long: the quotient is small enough for a
// double to miss it by one at most, which the rest tells, and a division takes several times as
// long as a multiplication.
class Multiples {
public:
  Multiples(std::int64_t origin, std::int64_t width) noexcept
      : origin_(origin), width_(width), inverse_(1.0 / static_cast<double>(width)) {}

  std::int64_t of(std::int64_t time) const noexcept {
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(time, origin_, &difference)) [[unlikely]] {
      // One that has no place in 64 bits.
      __extension__ const __int128 wide = static_cast<__int128>(time) - origin_;
      return static_cast<std::int64_t>(wide / width_) - (wide % width_ < 0 ? 1 : 0);
    }
    if (width_ < shortest) {
      return floor_divide(difference, width_);
    }
    const double quotient = static_cast<double>(difference) * inverse_;
    const std::int64_t near = static_cast<std::int64_t>(quotient) - (quotient < 0 ? 1 : 0);
    const auto rest = static_cast<std::int64_t>(static_cast<std::uint64_t>(difference) -
                                                static_cast<std::uint64_t>(near) *
                                                    static_cast<std::uint64_t>(width_));
    return near + (rest >= width_ ? 1 : 0) - (rest < 0 ? 1 : 0);
  }

private:
  // Quotients below 2^44: three roundings of 2^-53 are nothing of 1.
  static constexpr std::int64_t shortest = 1'000'000;

  std::int64_t origin_;
  std::int64_t width_;
  double inverse_;
};

// In the zone of each row. One follows another of the same zone, often.
void local_times(const Step &step, Batch &batch, std::size_t rows) {
  Column &out = batch[step.out];
  const Column &times = batch[step.left];
  const std::int64_t *numbers = batch[step.right].words;
  LocalClock *const *clocks = *step.clocks;
  std::uint8_t any_null = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    LocalClock *clock = times.is_null(i) ? nullptr : clocks[numbers[i]];
    out.nulls[i] = clock == nullptr ? 1 : 0;
    any_null |= out.nulls[i];
    const std::int64_t time = times.words[i];
    out.words[i] = clock == nullptr ? 0 : time;
    if (clock == nullptr || time == infinite_time || time == minus_infinite_time) [[unlikely]] {
      continue;
    }
    out.words[i] = time + clock->offset(time);
    if (out.words[i] < first_time || out.words[i] >= end_of_time) [[unlikely]] {
      throw Error(sqlstate::datetime_field_overflow, "timestamp out of range");
    }
  }
  out.any_null = any_null != 0;
}

void key_of_time(const Step &step, const Column &in, Column &out, std::size_t rows,
                 LocalClock &clock) {
  const Multiples multiples(step.origin, step.width);
  out.any_null = in.any_null;
  if (in.any_null) {
    std::memcpy(out.nulls, in.nulls, rows);
  }
  switch (step.operation) {
  case Operation::local:
    each_time(step, in, out, rows, [&](std::int64_t time) { return time + clock.offset(time); });
    break;
  case Operation::day_start:
    each_day(in, out, rows, [](std::int64_t day) { return checked_day(day) * day_length; });
    break;
  case Operation::midnight:
    each_day(in, out, rows, [&](std::int64_t day) { return clock.midnight(checked_day(day)); });
    break;
  case Operation::day:
    each_day(in, out, rows, [](std::int64_t day) { return day; });
    break;
  case Operation::zone_multiple:
    each_time(step, in, out, rows, [&](std::int64_t time) {
      const std::int64_t offset = clock.offset(time);
      return multiples.of(time + offset) * step.width - offset;
    });
    break;
  case Operation::multiple:
    each_time(step, in, out, rows, [&](std::int64_t time) { return multiples.of(time); });
    break;
  case Operation::month:
    each_time(step, in, out, rows, [&](std::int64_t time) {
      return floor_divide(month_of_day(floor_divide(time, step.day)), step.width);
    });
    break;
  case Operation::within:
    each_time(step, in, out, rows, [&](std::int64_t time) {
      const std::int64_t rest = time - multiples.of(time) * step.width - step.origin;
      return rest / step.part;
    });
    break;
  case Operation::month_within:
    each_time(step, in, out, rows, [&](std::int64_t time) {
      const std::int64_t month = month_of_day(floor_divide(time, step.day));
      return (month - floor_divide(month, 12) * 12) / step.width;
    });
    break;
  default:
    break;
  }
}

} // namespace

void LocalClock::find(std::int64_t utc) {
  auto known = std::upper_bound(
      stretches_.begin(), stretches_.end(), utc,
      [](std::int64_t time, const ZoneStretch &stretch) { return time < stretch.until; });
  if (known == stretches_.end() || utc < known->from) {
    const ZoneStretch found = zone_.stretch_of(utc, zone_.zone);
    if (found.until == found.from + 1) { // nothing to remember
      last_ = found;
      return;
    }
    if (known != stretches_.end() && known->until == found.until) {
      known->from = found.from; // the same one, from earlier on
    } else {
      known = stretches_.insert(known, found);
    }
  }
  last_ = *known;
}

std::int64_t LocalClock::midnight(std::int64_t day) {
  constexpr std::size_t kept = 4096;
  if (midnights_.empty()) {
    // No place holds a day whose low bits are others.
    midnights_.assign(kept, Midnight{.day = -1, .local = 0});
    midnights_[kept - 1].day = 0;
  }
  Midnight &known = midnights_[static_cast<std::uint64_t>(day) % kept];
  if (known.day != day) [[unlikely]] {
    known = {.day = day, .local = zone_.midnight_of(day, zone_.zone)};
  }
  return known.local;
}

// Days to months: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (civil_from_days).
std::int64_t month_of_day(std::int64_t day) noexcept {
  const std::int64_t from_march = day + 730'425; // days since 0000-03-01
  const std::int64_t era = floor_divide(from_march, 146'097);
  const std::int64_t of_era = from_march - era * 146'097;
  const std::int64_t year = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const std::int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  const std::int64_t month = (5 * of_year + 2) / 153; // 0: March
  return (era * 400 + year - 2000) * 12 + month + 2;
}

bool gives_decimals(const Step &step, const Batch &batch) noexcept {
  switch (step.operation) {
  case Operation::decimal:
  case Operation::int_to_decimal:
  case Operation::constant_decimal:
  case Operation::add_decimal:
  case Operation::subtract_decimal:
  case Operation::multiply_decimal:
    return true;
  case Operation::coalesce:
  case Operation::choose:
    return batch[step.left].scales != nullptr || batch[step.right].scales != nullptr;
  default:
    return false;
  }
}

void run_step(const Step &step, Batch &batch, std::size_t rows, LocalClock &clock,
              const std::uint8_t *holds) {
  Column &out = batch[step.out];
  const Column &left = batch[step.left];
  switch (step.operation) {
  case Operation::constant:
    out.any_null = step.null;
    std::memset(out.nulls, step.null ? 1 : 0, rows);
    std::fill_n(out.words, rows, step.value);
    break;
  case Operation::given:
    break;
  case Operation::decimal:
  case Operation::int_to_decimal:
  case Operation::constant_decimal:
  case Operation::add_decimal:
  case Operation::subtract_decimal:
  case Operation::multiply_decimal:
    run_decimal_step(step, batch, rows);
    break;
  case Operation::coalesce:
  case Operation::choose:
    run_choice(step, batch, rows, holds);
    break;
  case Operation::float_key:
    out.any_null = left.any_null;
    if (left.any_null) {
      std::memcpy(out.nulls, left.nulls, rows);
    }
    for (std::size_t i = 0; i < rows; ++i) {
      out.words[i] = float_order(as_double(left.words[i]));
    }
    break;
  case Operation::numeric_key:
  case Operation::numeric_scale:
  case Operation::numeric_to_float:
  case Operation::geohash:
    run_key_step(step, batch, rows);
    break;
  case Operation::power:
  case Operation::seconds_between:
  case Operation::greatest_float:
  case Operation::least_float:
    run_float_step(step, batch, rows);
    break;
  case Operation::local_of:
    local_times(step, batch, rows);
    break;
  case Operation::to_float:
    out.any_null = left.any_null;
    if (left.any_null) {
      std::memcpy(out.nulls, left.nulls, rows);
    }
    for (std::size_t i = 0; i < rows; ++i) {
      out.words[i] = as_word(static_cast<double>(left.words[i]));
    }
    break;
  case Operation::local:
  case Operation::day_start:
  case Operation::midnight:
  case Operation::day:
  case Operation::multiple:
  case Operation::zone_multiple:
  case Operation::month:
  case Operation::within:
  case Operation::month_within:
    key_of_time(step, left, out, rows, clock);
    break;
  default:
    arithmetic(step, left, batch[step.right], out, rows);
    break;
  }
}

} // namespace starhouse::scan
