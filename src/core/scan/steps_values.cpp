// Steps over decimals, and those that take one of two values.
//
// A decimal is digits / 10^scale of at most 18 places, so that its product with another is found to
// fit or not. Where one does not, the row's word is the number of a column instead: the host
// computes the value by that, with the server's own arithmetic. So no value is ever rounded, and
// scales are those of the server.
#include "core/scan/numeric_bytes.hpp"
#include "core/scan/steps.hpp"

#include <algorithm>
#include <cstring>

namespace starhouse::scan {

namespace {

using Operation = Step::Operation;

constexpr unsigned most_scale = 18;

bool is_null(const Column &column, std::size_t row) noexcept {
  return column.is_null(row);
}

// False where the result has no place.
bool combine(Operation operation, std::int64_t left, unsigned left_scale, std::int64_t right,
             unsigned right_scale, std::int64_t &out, unsigned &scale) noexcept {
  if (operation == Operation::multiply_decimal) {
    scale = left_scale + right_scale;
    return scale <= most_scale && !__builtin_mul_overflow(left, right, &out);
  }
  scale = std::max(left_scale, right_scale);
  return !__builtin_mul_overflow(left, powers_of_ten[scale - left_scale], &left) &&
         !__builtin_mul_overflow(right, powers_of_ten[scale - right_scale], &right) &&
         !(operation == Operation::add_decimal ? __builtin_add_overflow(left, right, &out)
                                               : __builtin_sub_overflow(left, right, &out));
}

void copy_nulls(const Column &from, Column &out, std::size_t rows) noexcept {
  out.any_null = from.any_null;
  if (from.any_null) {
    std::memcpy(out.nulls, from.nulls, rows);
  }
}

} // namespace

void run_decimal_step(const Step &step, Batch &batch, std::size_t rows) {
  Column &out = batch[step.out];
  const Column &left = batch[step.left];
  switch (step.operation) {
  case Operation::decimal:
    copy_nulls(left, out, rows);
    for (std::size_t i = 0; i < rows; ++i) {
      SmallDecimal value;
      if (is_null(left, i) || small_decimal(left.bytes[i], value)) [[likely]] {
        out.words[i] = value.digits;
        out.scales[i] = static_cast<std::uint8_t>(value.scale);
      } else {
        out.words[i] = step.left;
        out.scales[i] = wide_scale;
      }
    }
    return;
  case Operation::int_to_decimal:
    copy_nulls(left, out, rows);
    std::copy_n(left.words, rows, out.words);
    std::memset(out.scales, 0, rows);
    return;
  case Operation::constant_decimal:
    out.any_null = step.null;
    std::memset(out.nulls, step.null ? 1 : 0, rows);
    std::fill_n(out.words, rows, step.value);
    std::memset(out.scales, step.scale, rows);
    return;
  default:
    break;
  }
  const Column &right = batch[step.right];
  out.any_null = left.any_null || right.any_null;
  for (std::size_t i = 0; i < rows; ++i) {
    if (out.any_null) {
      const bool null = is_null(left, i) || is_null(right, i);
      out.nulls[i] = null ? 1 : 0;
      if (null) {
        continue;
      }
    }
    unsigned scale = 0;
    if (left.scales[i] != wide_scale && right.scales[i] != wide_scale &&
        combine(step.operation, left.words[i], left.scales[i], right.words[i], right.scales[i],
                out.words[i], scale)) [[likely]] {
      out.scales[i] = static_cast<std::uint8_t>(scale);
    } else {
      out.words[i] = step.out;
      out.scales[i] = wide_scale;
    }
  }
}

void run_choice(const Step &step, Batch &batch, std::size_t rows, const std::uint8_t *holds) {
  Column &out = batch[step.out];
  const Column &left = batch[step.left];
  const Column &right = batch[step.right];
  out.any_null = left.any_null || right.any_null;
  for (std::size_t i = 0; i < rows; ++i) {
    const bool is_left = step.operation == Operation::choose ? holds[i] != 0 : !is_null(left, i);
    const Column &from = is_left ? left : right;
    out.words[i] = from.words[i];
    if (out.any_null) {
      out.nulls[i] = is_null(from, i) ? 1 : 0;
    }
    if (out.scales != nullptr) {
      out.scales[i] = from.scales[i];
    }
  }
}

} // namespace starhouse::scan
