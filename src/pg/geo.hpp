// What the bindings of the geo family share. Like all of src/pg: plain data, PostgreSQL's rules.
#pragma once

#include "pg/boundary.hpp"

#include "core/geo/geohash.hpp"

#include <span>
#include <string_view>

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_type_d.h"
#include "utils/array.h"
}

namespace starhouse::pg::geo {

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

// The row type of a function with OUT arguments, looked up once per query.
inline TupleDesc result_row_type(FunctionCallInfo fcinfo) {
  auto *descriptor = static_cast<TupleDesc>(fcinfo->flinfo->fn_extra);
  if (descriptor == nullptr) {
    MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
    if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE) {
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("function returning a row called where none is accepted"),
                      errhint("Call it in FROM, or take one column: (function(...)).column.")));
    }
    descriptor = BlessTupleDesc(CreateTupleDescCopy(descriptor));
    fcinfo->flinfo->fn_extra = descriptor;
    MemoryContextSwitchTo(caller);
  }
  return descriptor;
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
