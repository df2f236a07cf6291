// Steps that make keys of values that are equal without being the same bytes, cells of places, and
// floats of the server's numerics.
#include "core/geo/geohash.hpp"
#include "core/scan/numeric_bytes.hpp"
#include "core/scan/numeric_value.hpp"
#include "core/scan/steps.hpp"

#include <cstring>

namespace starhouse::scan {

namespace {

using Operation = Step::Operation;

void copy_nulls(const Column &from, Column &out, std::size_t rows) noexcept {
  out.any_null = from.any_null;
  if (from.any_null) {
    std::memcpy(out.nulls, from.nulls, rows);
  }
}

void numeric_keys(const Step &step, Batch &batch, std::size_t rows) {
  Column &out = batch[step.out];
  const Column &left = batch[step.left];
  copy_nulls(left, out, rows);
  std::size_t size = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    size += left.is_null(i) ? 0 : left.bytes[i].size() + numeric_key_head;
  }
  char *to = batch.room(step.out, size);
  for (std::size_t i = 0; i < rows; ++i) {
    if (!left.is_null(i)) {
      const std::size_t length = write_numeric_key(left.bytes[i], to);
      out.bytes[i] = {to, length};
      to += length;
    }
  }
}

void geohash_cells(const Step &step, Batch &batch, std::size_t rows) {
  Column &out = batch[step.out];
  const Column &lat = batch[step.left];
  const Column &lon = batch[step.right];
  const int precision = static_cast<int>(step.width);
  out.any_null = lat.any_null || lon.any_null;
  for (std::size_t i = 0; i < rows; ++i) {
    if (out.any_null) {
      out.nulls[i] = lat.is_null(i) || lon.is_null(i) ? 1 : 0;
      if (out.nulls[i] != 0) {
        continue;
      }
    }
    const double y = as_double(lat.words[i]);
    const double x = as_double(lon.words[i]);
    if (!geo::is_latitude(y) || !geo::is_longitude(x)) [[unlikely]] {
      geo::check_latitude(y);
      geo::check_longitude(x);
    }
    out.words[i] = geo::encode(y, x, precision);
  }
}

} // namespace

void run_key_step(const Step &step, Batch &batch, std::size_t rows) {
  Column &out = batch[step.out];
  const Column &left = batch[step.left];
  switch (step.operation) {
  case Operation::numeric_key:
    numeric_keys(step, batch, rows);
    return;
  case Operation::geohash:
    geohash_cells(step, batch, rows);
    return;
  default:
    break;
  }
  copy_nulls(left, out, rows);
  for (std::size_t i = 0; i < rows; ++i) {
    if (left.is_null(i)) {
      continue;
    }
    out.words[i] = step.operation == Operation::numeric_scale
                       ? static_cast<std::int64_t>(numeric_view(left.bytes[i]).scale)
                       : as_word(numeric_float(left.bytes[i]));
  }
}

} // namespace starhouse::scan
