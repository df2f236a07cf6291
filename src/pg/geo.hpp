// What the bindings of the geo family share. Like all of src/pg: plain data, PostgreSQL's rules.
#pragma once

#include "pg/boundary.hpp"
#include "pg/rows.hpp"

#include "core/geo/geohash.hpp"

#include <span>
#include <string_view>

extern "C" {
#include "catalog/pg_type_d.h"
#include "utils/array.h"
}

namespace starhouse::pg::geo {

using pg::result_row_type;

// Refuses by the core's check what an inlined test found wrong: the functions that run once per row
// call compute() for errors alone.
template <class Check>
[[noreturn]] void refuse(Check &&check) {
  compute(check);
  pg_unreachable();
}

inline starhouse::geo::Cell cell_argument(int64 cell) {
  if (unlikely(!starhouse::geo::is_cell(cell))) {
    refuse([=] { starhouse::geo::check_cell(cell); });
  }
  return cell;
}

inline std::string_view view_of(const text *value) {
  return {VARDATA_ANY(value), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(value))};
}

// A bigint array to be filled, for the compute phase: memory may refuse by an exception.
inline ArrayType *new_bigint_array(std::size_t count, std::pmr::memory_resource &memory) {
  const std::size_t header = ARR_OVERHEAD_NONULLS(1);
  const std::size_t size = header + count * sizeof(int64);
  if (size > MaxAllocSize) {
    throw std::length_error("array");
  }
  auto *array = static_cast<ArrayType *>(memory.allocate(size, alignof(int64)));
  std::memset(array, 0, header);
  SET_VARSIZE(array, size);
  array->ndim = count == 0 ? 0 : 1;
  array->elemtype = INT8OID;
  if (count == 0) {
    SET_VARSIZE(array, sizeof(ArrayType));
  } else {
    ARR_DIMS(array)[0] = static_cast<int>(count);
    ARR_LBOUND(array)[0] = 1;
  }
  return array;
}

inline ArrayType *bigint_array(std::span<const int64> values, std::pmr::memory_resource &memory) {
  ArrayType *array = new_bigint_array(values.size(), memory);
  if (!values.empty()) {
    std::memcpy(ARR_DATA_PTR(array), values.data(), values.size_bytes());
  }
  return array;
}

// The elements of a bigint array; a NULL among them is an error.
std::span<const int64> bigint_elements(ArrayType *array, const char *name);

} // namespace starhouse::pg::geo
