// SQL functions of distance: sphere, WGS 84, bearing, destination.
#include "pg/geo.hpp"

#include "core/geo/geodesic.hpp"

#include <cmath>

namespace {

namespace geo = starhouse::geo;
using namespace starhouse::pg::geo;

geo::LatLon point_argument(FunctionCallInfo fcinfo, int index) {
  const geo::LatLon point{PG_GETARG_FLOAT8(index), PG_GETARG_FLOAT8(index + 1)};
  if (unlikely(!geo::is_latitude(point.lat) || !geo::is_wide_longitude(point.lon))) {
    refuse([=] {
      geo::check_latitude(point.lat);
      geo::check_wide_longitude(point.lon);
    });
  }
  return point;
}

} // namespace

STARHOUSE_FUNCTION(starhouse_distance_m) {
  const geo::LatLon from = point_argument(fcinfo, 0);
  const geo::LatLon to = point_argument(fcinfo, 2);
  PG_RETURN_FLOAT8(geo::sphere_distance(from, to));
}

STARHOUSE_FUNCTION(starhouse_geodesic_m) {
  const geo::LatLon from = point_argument(fcinfo, 0);
  const geo::LatLon to = point_argument(fcinfo, 2);
  PG_RETURN_FLOAT8(geo::geodesic_distance(from, to));
}

STARHOUSE_FUNCTION(starhouse_initial_bearing) {
  const geo::LatLon from = point_argument(fcinfo, 0);
  const geo::LatLon to = point_argument(fcinfo, 2);
  double bearing = 0;
  starhouse::pg::compute([&] { bearing = geo::initial_bearing(from, to); });
  if (std::isnan(bearing)) {
    PG_RETURN_NULL();
  }
  PG_RETURN_FLOAT8(bearing);
}

STARHOUSE_FUNCTION(starhouse_destination) {
  const geo::LatLon from = point_argument(fcinfo, 0);
  const float8 bearing = PG_GETARG_FLOAT8(2);
  const float8 metres = PG_GETARG_FLOAT8(3);
  geo::LatLon to{};
  starhouse::pg::compute([&] {
    geo::check_bearing(bearing);
    geo::check_length(metres);
    to = geo::destination(from, bearing, metres);
  });
  Datum values[] = {Float8GetDatum(to.lat), Float8GetDatum(to.lon)};
  bool nulls[std::size(values)] = {};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_row_type(fcinfo), values, nulls)));
}
