// SQL functions that give sets of geohash cells as arrays, and index ranges as rows.
#include "pg/geo.hpp"

#include "core/geo/cell_set.hpp"

extern "C" {
#include "utils/tuplestore.h"
}

namespace {

namespace geo = starhouse::geo;
using namespace starhouse::pg::geo;
using starhouse::Env;
using starhouse::pg::cancel_requested;
using starhouse::pg::compute;
using starhouse::pg::ContextMemory;

// Runs fill(cells, env) as the compute phase and gives what it filled.
template <class Fill>
ArrayType *cells_of(const Fill &fill) {
  ArrayType *result = nullptr;
  MemoryContext context = CurrentMemoryContext;
  compute([&] {
    ContextMemory memory(context);
    const Env env{.memory = &memory, .cancel_requested = cancel_requested};
    geo::Cells cells(&memory);
    fill(cells, env);
    result = bigint_array(cells, memory);
  });
  return result;
}

// The same for ranges, which become the rows of the function.
template <class Fill>
void return_ranges(FunctionCallInfo fcinfo, const Fill &fill) {
  const geo::CellRange *ranges = nullptr;
  std::size_t count = 0;
  MemoryContext context = CurrentMemoryContext;
  compute([&] {
    ContextMemory memory(context);
    const Env env{.memory = &memory, .cancel_requested = cancel_requested};
    geo::CellRanges found(&memory);
    fill(found, env);
    count = found.size();
    auto *kept = static_cast<geo::CellRange *>(
        memory.allocate(count * sizeof(geo::CellRange), alignof(geo::CellRange)));
    std::copy(found.begin(), found.end(), kept);
    ranges = kept;
  });
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  for (std::size_t i = 0; i < count; ++i) {
    Datum values[] = {Int64GetDatum(ranges[i].lo), Int64GetDatum(ranges[i].hi)};
    bool nulls[] = {false, false};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
}

} // namespace

STARHOUSE_FUNCTION(starhouse_geohash_box) {
  const geo::Bounds box{PG_GETARG_FLOAT8(0), PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2),
                        PG_GETARG_FLOAT8(3)};
  const int32 precision = PG_GETARG_INT32(4);
  const int32 max_cells = PG_GETARG_INT32(5);
  PG_RETURN_ARRAYTYPE_P(cells_of([&](geo::Cells &cells, const Env &env) {
    geo::check_max_cells(max_cells);
    geo::cover_box(box, precision, static_cast<std::size_t>(max_cells), cells, env);
  }));
}

STARHOUSE_FUNCTION(starhouse_geohash_within) {
  const geo::LatLon centre{PG_GETARG_FLOAT8(0), PG_GETARG_FLOAT8(1)};
  const float8 metres = PG_GETARG_FLOAT8(2);
  const int32 precision = PG_GETARG_INT32(3);
  const int32 max_cells = PG_GETARG_INT32(4);
  PG_RETURN_ARRAYTYPE_P(cells_of([&](geo::Cells &cells, const Env &env) {
    geo::check_max_cells(max_cells);
    geo::cover_circle(centre, metres, precision, static_cast<std::size_t>(max_cells), cells, env);
  }));
}

STARHOUSE_FUNCTION(starhouse_geohash_compact) {
  const std::span<const int64> cells = bigint_elements(PG_GETARG_ARRAYTYPE_P(0), "cells");
  PG_RETURN_ARRAYTYPE_P(
      cells_of([&](geo::Cells &out, const Env &env) { geo::compact(cells, out, env); }));
}

STARHOUSE_FUNCTION(starhouse_geohash_ranges) {
  const std::span<const int64> cells = bigint_elements(PG_GETARG_ARRAYTYPE_P(0), "cells");
  return_ranges(fcinfo,
                [&](geo::CellRanges &out, const Env &env) { geo::ranges_of(cells, out, env); });
  return static_cast<Datum>(0);
}

STARHOUSE_FUNCTION(starhouse_geohash_search_ranges) {
  const geo::LatLon centre{PG_GETARG_FLOAT8(0), PG_GETARG_FLOAT8(1)};
  const float8 metres = PG_GETARG_FLOAT8(2);
  const int32 max_ranges = PG_GETARG_INT32(3);
  return_ranges(fcinfo, [&](geo::CellRanges &out, const Env &env) {
    geo::check_max_ranges(max_ranges);
    geo::search_ranges(centre, metres, static_cast<std::size_t>(max_ranges), out, env);
  });
  return static_cast<Datum>(0);
}
