// SQL functions of heatmaps: pings per geohash cell, counted or fading.
#include "pg/geo.hpp"
#include "pg/interval.hpp"
#include "pg/state.hpp"

#include "core/geo/heatmap.hpp"

extern "C" {
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
}

namespace starhouse::pg::geo {

namespace {

namespace geo = starhouse::geo;

using Heatmaps = ExpandedState<geo::Heatmap>;
using DecayedHeatmaps = ExpandedState<geo::DecayedHeatmap>;

geo::Cell cell_of_point(double lat, double lon, int precision) {
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

bool any_is_null(FunctionCallInfo fcinfo) {
  for (int i = 1; i < PG_NARGS(); ++i) {
    if (PG_ARGISNULL(i)) {
      return true;
    }
  }
  return false;
}

template <class Value>
using Cells = std::pmr::vector<std::pair<geo::Cell, Value>>;

Datum value_datum(std::uint64_t pings) {
  return Int64GetDatum(static_cast<int64>(pings));
}
Datum value_datum(double weight) {
  return Float8GetDatum(weight);
}

// The rows (cell, value) of a set-returning function.
template <class Value, class List>
Datum cell_rows(FunctionCallInfo fcinfo, List list) {
  InitMaterializedSRF(fcinfo, 0);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  auto *cells = static_cast<Cells<Value> *>(palloc(sizeof(Cells<Value>)));
  compute([&] { new (cells) Cells<Value>(list()); });
  for (const auto &[cell, value] : *cells) {
    CHECK_FOR_INTERRUPTS();
    Datum values[] = {Int64GetDatum(cell), value_datum(value)};
    bool nulls[std::size(values)] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}

} // namespace

} // namespace starhouse::pg::geo

namespace {
using namespace starhouse::pg::geo;
using starhouse::pg::interval_argument;
} // namespace

namespace {

// Most pings find their place and need no way out for errors.
Datum add_ping(FunctionCallInfo fcinfo, starhouse::geo::Cell cell) {
  if (!PG_ARGISNULL(0)) {
    bool added = false;
    const Datum state = Heatmaps::update(fcinfo, [&](starhouse::geo::Heatmap &heatmap) noexcept {
      added = heatmap.add_at_once(cell);
    });
    if (likely(added)) {
      return state;
    }
    fcinfo->args[0].value = state;
  }
  return Heatmaps::update(fcinfo, [&](starhouse::geo::Heatmap &heatmap) { heatmap.add(cell); });
}

} // namespace

STARHOUSE_STATE_TYPE(heatmap, Heatmaps)
STARHOUSE_STATE_COMBINE(heatmap_combine, Heatmaps)

STARHOUSE_FUNCTION(starhouse_heatmap_add_point) {
  if (any_is_null(fcinfo)) {
    return Heatmaps::unchanged(fcinfo);
  }
  const starhouse::geo::Cell cell =
      cell_of_point(PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), PG_GETARG_INT32(3));
  return add_ping(fcinfo, cell);
}

STARHOUSE_FUNCTION(starhouse_heatmap_add_cell) {
  if (any_is_null(fcinfo)) {
    return Heatmaps::unchanged(fcinfo);
  }
  return add_ping(fcinfo, cell_argument(PG_GETARG_INT64(1)));
}

STARHOUSE_FUNCTION(starhouse_heatmap_cells) {
  const starhouse::geo::Heatmap &heatmap = Heatmaps::argument(fcinfo, 0);
  return cell_rows<std::uint64_t>(fcinfo, [&] { return heatmap.cells(); });
}

STARHOUSE_STATE_TYPE(decayed_heatmap, DecayedHeatmaps)
STARHOUSE_STATE_COMBINE(decayed_heatmap_combine, DecayedHeatmaps)

STARHOUSE_FUNCTION(starhouse_decayed_heatmap_add) {
  if (any_is_null(fcinfo)) {
    return DecayedHeatmaps::unchanged(fcinfo);
  }
  const starhouse::geo::Cell cell =
      cell_of_point(PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), PG_GETARG_INT32(4));
  const TimestampTz at = PG_GETARG_TIMESTAMPTZ(3);
  const int64 half_life = interval_argument(fcinfo, 5, "half_life");
  return DecayedHeatmaps::update(
      fcinfo, [&](starhouse::geo::DecayedHeatmap &heatmap) { heatmap.add(cell, at, half_life); });
}

STARHOUSE_FUNCTION(starhouse_decayed_heatmap_cells) {
  const starhouse::geo::DecayedHeatmap &heatmap = DecayedHeatmaps::argument(fcinfo, 0);
  const TimestampTz as_of = PG_GETARG_TIMESTAMPTZ(1);
  return cell_rows<double>(fcinfo, [&] { return heatmap.cells(as_of); });
}
