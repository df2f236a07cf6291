// Steps over floats that are more than arithmetic: powers, seconds between two times, the greatest.
// The server's functions bit by bit: what they compute, and in which order.
#include "core/scan/steps.hpp"
#include "core/scan/tests.hpp"

#include <cerrno>
#include <cmath>
#include <limits>

namespace starhouse::scan {

namespace {

using Operation = Step::Operation;

constexpr double infinity = std::numeric_limits<double>::infinity();

[[noreturn]] void refuse(SqlState code, const char *what) {
  throw Error(code, what);
}

// dpow(), of a base that is finite and above zero.
double power(double base, double exponent) {
  if (std::isnan(exponent)) {
    return base == 1.0 ? 1.0 : exponent;
  }
  if (std::isinf(exponent)) {
    return base == 1.0 ? 1.0 : (base > 1.0) == (exponent > 0) ? infinity : 0.0;
  }
  errno = 0;
  const double result = std::pow(base, exponent);
  const bool out_of_range = errno == ERANGE;
  if (std::isinf(result) || (out_of_range && result != 0.0)) [[unlikely]] {
    refuse(sqlstate::numeric_value_out_of_range, "value out of range: overflow");
  }
  if (result == 0.0) [[unlikely]] {
    refuse(sqlstate::numeric_value_out_of_range, "value out of range: underflow");
  }
  return result;
}

bool is_infinite(std::int64_t time) noexcept {
  return time == infinite_time || time == minus_infinite_time;
}

// timestamp_mi(), and what date_part() makes of the interval: whole days apart from the rest.
double seconds_between(std::int64_t later, std::int64_t earlier, bool infinite_too) {
  if (is_infinite(later) || is_infinite(earlier)) [[unlikely]] {
    if (!infinite_too) {
      refuse(sqlstate::datetime_field_overflow, "cannot subtract infinite timestamps");
    }
    if (later == earlier) {
      refuse(sqlstate::datetime_field_overflow, "interval out of range");
    }
    return later == infinite_time || earlier == minus_infinite_time ? infinity : -infinity;
  }
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(later, earlier, &difference) && infinite_too) [[unlikely]] {
    refuse(sqlstate::datetime_field_overflow, "interval out of range");
  }
  constexpr double second = 1'000'000.0;
  constexpr double day = 86'400.0;
  const std::int64_t days = difference / day_length;
  return static_cast<double>(difference - days * day_length) / second +
         day * static_cast<double>(days);
}

// NULLs where one is NULL.
template <class Compute>
void each(const Column &left, const Column &right, Column &out, std::size_t rows, Compute compute) {
  out.any_null = left.any_null || right.any_null;
  for (std::size_t i = 0; i < rows; ++i) {
    if (out.any_null) {
      out.nulls[i] = left.is_null(i) || right.is_null(i) ? 1 : 0;
      if (out.nulls[i] != 0) {
        continue;
      }
    }
    out.words[i] = as_word(compute(left.words[i], right.words[i]));
  }
}

// NULL where both are. Of those that are equal the left one; NaN is greater than all.
void choose_float(const Column &left, const Column &right, Column &out, std::size_t rows,
                  bool greatest) {
  out.any_null = left.any_null && right.any_null;
  for (std::size_t i = 0; i < rows; ++i) {
    const bool no_left = left.is_null(i);
    const bool no_right = right.is_null(i);
    if (out.any_null) {
      out.nulls[i] = no_left && no_right ? 1 : 0;
    }
    const std::int64_t one = float_order(as_double(left.words[i]));
    const std::int64_t other = float_order(as_double(right.words[i]));
    const bool is_right = no_left || (!no_right && (greatest ? other > one : other < one));
    out.words[i] = is_right ? right.words[i] : left.words[i];
  }
}

} // namespace

void run_float_step(const Step &step, Batch &batch, std::size_t rows) {
  Column &out = batch[step.out];
  const Column &left = batch[step.left];
  const Column &right = batch[step.right];
  switch (step.operation) {
  case Operation::power:
    each(left, right, out, rows, [](std::int64_t base, std::int64_t exponent) {
      return power(as_double(base), as_double(exponent));
    });
    return;
  case Operation::seconds_between:
    each(left, right, out, rows, [&](std::int64_t later, std::int64_t earlier) {
      return seconds_between(later, earlier, step.infinite_too);
    });
    return;
  default:
    choose_float(left, right, out, rows, step.operation == Operation::greatest_float);
  }
}

} // namespace starhouse::scan
