// SQL functions on geohash cells: encode, decode, neighbours, family, ranges.
#include "pg/geo.hpp"

#include "core/geo/cell_set.hpp"

namespace {

namespace geo = starhouse::geo;
using namespace starhouse::pg::geo;
using starhouse::pg::compute;
using starhouse::pg::ContextMemory;

geo::Cell encode_arguments(FunctionCallInfo fcinfo) {
  const float8 lat = PG_GETARG_FLOAT8(0);
  const float8 lon = PG_GETARG_FLOAT8(1);
  const int32 precision = PG_GETARG_INT32(2);
  if (unlikely(!geo::is_latitude(lat) || !geo::is_longitude(lon) ||
               !geo::is_precision(precision))) {
    refuse([=] {
      geo::check_latitude(lat);
      geo::check_longitude(lon);
      geo::check_precision(precision);
    });
  }
  return geo::encode(lat, lon, precision);
}

text *text_of(geo::Cell cell) {
  auto *result = static_cast<text *>(palloc(VARHDRSZ + geo::max_precision));
  const int length = geo::to_text(cell, VARDATA(result));
  SET_VARSIZE(result, VARHDRSZ + length);
  return result;
}

// A cell or NULL.
struct CellDatum {
  Datum value;
  bool null;
};
CellDatum neighbor_datum(geo::Cell cell, geo::Direction direction) {
  const geo::Cell next = geo::neighbor(cell, direction);
  return {Int64GetDatum(next), next == 0};
}

// The most cells geohash_children gives: 32^4.
constexpr int deepest_family = 4;

} // namespace

namespace starhouse::pg::geo {

std::span<const int64> bigint_elements(ArrayType *array, const char *name) {
  if (ARR_HASNULL(array) && array_contains_nulls(array)) {
    ereport(ERROR,
            (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not contain NULL", name),
             errhint("Leave NULLs out with array_remove(%s, NULL).", name)));
  }
  const int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
  return {reinterpret_cast<const int64 *>(ARR_DATA_PTR(array)), static_cast<std::size_t>(count)};
}

} // namespace starhouse::pg::geo

STARHOUSE_FUNCTION(starhouse_geohash_cell) {
  PG_RETURN_INT64(encode_arguments(fcinfo));
}

STARHOUSE_FUNCTION(starhouse_geohash) {
  PG_RETURN_TEXT_P(text_of(encode_arguments(fcinfo)));
}

STARHOUSE_FUNCTION(starhouse_geohash_cell_of_text) {
  const text *hash = PG_GETARG_TEXT_PP(0);
  geo::Cell cell = 0;
  compute([&] { cell = geo::from_text(view_of(hash)); });
  PG_RETURN_INT64(cell);
}

STARHOUSE_FUNCTION(starhouse_geohash_of_cell) {
  PG_RETURN_TEXT_P(text_of(cell_argument(PG_GETARG_INT64(0))));
}

STARHOUSE_FUNCTION(starhouse_geohash_precision) {
  PG_RETURN_INT32(geo::precision_of(cell_argument(PG_GETARG_INT64(0))));
}

STARHOUSE_FUNCTION(starhouse_geohash_bounds) {
  const geo::Bounds bounds = geo::bounds_of(cell_argument(PG_GETARG_INT64(0)));
  Datum values[] = {Float8GetDatum(bounds.south), Float8GetDatum(bounds.west),
                    Float8GetDatum(bounds.north), Float8GetDatum(bounds.east)};
  bool nulls[std::size(values)] = {};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_row_type(fcinfo), values, nulls)));
}

STARHOUSE_FUNCTION(starhouse_geohash_decode) {
  const geo::Bounds bounds = geo::bounds_of(cell_argument(PG_GETARG_INT64(0)));
  // Exact: the middle of two neighbouring multiples is one of half the step.
  Datum values[] = {Float8GetDatum((bounds.south + bounds.north) / 2),
                    Float8GetDatum((bounds.west + bounds.east) / 2),
                    Float8GetDatum((bounds.north - bounds.south) / 2),
                    Float8GetDatum((bounds.east - bounds.west) / 2)};
  bool nulls[std::size(values)] = {};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_row_type(fcinfo), values, nulls)));
}

STARHOUSE_FUNCTION(starhouse_geohash_range) {
  const geo::Cell cell = cell_argument(PG_GETARG_INT64(0));
  Datum values[] = {Int64GetDatum(geo::first_descendant(cell)),
                    Int64GetDatum(geo::last_descendant(cell))};
  bool nulls[std::size(values)] = {};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_row_type(fcinfo), values, nulls)));
}

STARHOUSE_FUNCTION(starhouse_geohash_neighbor) {
  const geo::Cell cell = cell_argument(PG_GETARG_INT64(0));
  const text *name = PG_GETARG_TEXT_PP(1);
  auto direction = geo::Direction::n;
  compute([&] { direction = geo::direction_from_name(view_of(name)); });
  const CellDatum next = neighbor_datum(cell, direction);
  fcinfo->isnull = next.null;
  return next.value;
}

STARHOUSE_FUNCTION(starhouse_geohash_neighbors) {
  const geo::Cell cell = cell_argument(PG_GETARG_INT64(0));
  Datum values[geo::direction_count];
  bool nulls[geo::direction_count];
  for (int i = 0; i < geo::direction_count; ++i) {
    const CellDatum next = neighbor_datum(cell, static_cast<geo::Direction>(i));
    values[i] = next.value;
    nulls[i] = next.null;
  }
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_row_type(fcinfo), values, nulls)));
}

// With one argument the next coarser cell, NULL for the coarsest; with two the one of a precision.
STARHOUSE_FUNCTION(starhouse_geohash_parent) {
  const geo::Cell cell = cell_argument(PG_GETARG_INT64(0));
  const int own = geo::precision_of(cell);
  if (PG_NARGS() == 1) {
    if (own == 1) {
      PG_RETURN_NULL();
    }
    PG_RETURN_INT64(geo::parent(cell, own - 1));
  }
  const int32 precision = PG_GETARG_INT32(1);
  if (unlikely(!geo::is_precision(precision))) {
    refuse([=] { geo::check_precision(precision); });
  }
  if (precision > own) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("precision %d is finer than the cell's own, %d", precision, own),
                    errhint("geohash_children(cell, precision) gives finer cells.")));
  }
  PG_RETURN_INT64(geo::parent(cell, precision));
}

STARHOUSE_FUNCTION(starhouse_geohash_children) {
  const geo::Cell cell = cell_argument(PG_GETARG_INT64(0));
  const int own = geo::precision_of(cell);
  const int32 precision = PG_NARGS() == 1 ? own + 1 : PG_GETARG_INT32(1);
  if (PG_NARGS() > 1 && !geo::is_precision(precision)) {
    refuse([=] { geo::check_precision(precision); });
  }
  if (precision < own || precision > geo::max_precision) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
             errmsg("a cell of precision %d has no children of precision %d", own, precision),
             errhint("Children are finer than the cell, and 12 is the finest.")));
  }
  if (precision - own > deepest_family) {
    ereport(ERROR,
            (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
             errmsg("a cell of precision %d has too many children of precision %d", own, precision),
             errhint("At most four precisions finer, 1048576 cells; geohash_range(cell) takes all "
                     "of them as one range.")));
  }
  ArrayType *result = nullptr;
  MemoryContext context = CurrentMemoryContext;
  compute([&] {
    ContextMemory memory(context);
    const std::size_t count = std::size_t{1} << (5 * (precision - own));
    result = new_bigint_array(count, memory);
    auto *cells = reinterpret_cast<int64 *>(ARR_DATA_PTR(result));
    geo::descendants(cell, precision, {cells, count});
  });
  PG_RETURN_ARRAYTYPE_P(result);
}
