// SQL function geohash_cover: the cells of an area, given as polygon, GeoJSON, WKT or WKB.
#include "pg/geo.hpp"

#include "core/geo/cover.hpp"
#include "core/geo/shape_text.hpp"

extern "C" {
#include "utils/geo_decls.h"
#include "utils/jsonb.h"
}

namespace {

namespace geo = starhouse::geo;
using namespace starhouse::pg::geo;
using starhouse::Env;
using starhouse::pg::cancel_requested;
using starhouse::pg::compute;
using starhouse::pg::ContextMemory;

// The cells of the shape that read(env) gives; the other arguments follow the area.
template <class Read>
Datum cover(FunctionCallInfo fcinfo, int64 precision, const Read &read) {
  const text *mode_name = PG_GETARG_TEXT_PP(2);
  const int32 max_cells = PG_GETARG_INT32(3);
  ArrayType *result = nullptr;
  MemoryContext context = CurrentMemoryContext;
  compute([&] {
    geo::check_precision(precision);
    geo::check_max_cells(max_cells);
    const geo::CoverMode mode = geo::cover_mode_from_name(view_of(mode_name));
    ContextMemory memory(context);
    const Env env{.memory = &memory, .cancel_requested = cancel_requested};
    geo::Cells cells(&memory);
    geo::cover_shape(read(env), static_cast<int>(precision), mode,
                     static_cast<std::size_t>(max_cells), cells, env);
    result = bigint_array(cells, memory);
  });
  PG_RETURN_ARRAYTYPE_P(result);
}

} // namespace

STARHOUSE_FUNCTION(starhouse_geohash_cover_text) {
  const text *area = PG_GETARG_TEXT_PP(0);
  return cover(fcinfo, PG_GETARG_INT32(1),
               [&](const Env &env) { return geo::parse_shape_text(view_of(area), env); });
}

STARHOUSE_FUNCTION(starhouse_geohash_cover_jsonb) {
  Jsonb *area = PG_GETARG_JSONB_P(0);
  const char *json = JsonbToCString(nullptr, &area->root, VARSIZE(area));
  return cover(fcinfo, PG_GETARG_INT32(1),
               [&](const Env &env) { return geo::parse_geojson(json, env); });
}

STARHOUSE_FUNCTION(starhouse_geohash_cover_wkb) {
  const bytea *area = PG_GETARG_BYTEA_PP(0);
  return cover(fcinfo, PG_GETARG_INT64(1), [&](const Env &env) {
    const std::string_view bytes = view_of(area);
    return geo::parse_wkb({reinterpret_cast<const std::uint8_t *>(bytes.data()), bytes.size()},
                          env);
  });
}

STARHOUSE_FUNCTION(starhouse_geohash_cover_polygon) {
  static_assert(sizeof(Point) == sizeof(geo::Vertex) && offsetof(Point, x) == 0 &&
                offsetof(Point, y) == offsetof(geo::Vertex, lat));
  const POLYGON *area = PG_GETARG_POLYGON_P(0);
  return cover(fcinfo, PG_GETARG_INT32(1), [&](const Env &env) {
    return geo::shape_of_ring(
        {reinterpret_cast<const geo::Vertex *>(area->p), static_cast<std::size_t>(area->npts)},
        env);
  });
}
