// SQL functions of the type zone_index: in and out, the aggregates that build it, the zone of a
// point.
#include "pg/geo_zone.hpp"
#include "pg/geo.hpp"
#include "pg/state.hpp"

#include "core/geo/shape_text.hpp"

extern "C" {
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "utils/geo_decls.h"
#include "utils/jsonb.h"
}

namespace starhouse::pg::geo {

namespace geo = starhouse::geo;

namespace {

// Text as the core reads it, in UTF-8; the text itself where that is the server's encoding.
std::string_view utf8(std::string_view text) {
  const char *converted = pg_server_to_any(text.data(), static_cast<int>(text.size()), PG_UTF8);
  return {converted, converted == text.data() ? text.size() : std::strlen(converted)};
}

} // namespace

Area text_area(Datum value) {
  const std::string_view area = utf8(view_of(DatumGetTextPP(value)));
  return {Area::Form::text, area.data(), area.size()};
}

Area jsonb_area(Datum value) {
  Jsonb *stored = DatumGetJsonbP(value);
  const std::string_view json = utf8(JsonbToCString(nullptr, &stored->root, VARSIZE(stored)));
  return {Area::Form::geojson, json.data(), json.size()};
}

Area wkb_area(Datum value) {
  const bytea *stored = DatumGetByteaPP(value);
  return {Area::Form::wkb, VARDATA_ANY(stored),
          static_cast<std::size_t>(VARSIZE_ANY_EXHDR(stored))};
}

Area polygon_area(Datum value) {
  const POLYGON *stored = DatumGetPolygonP(value);
  return {Area::Form::polygon, stored->p, static_cast<std::size_t>(stored->npts)};
}

geo::Shape shape_of(const Area &area, const Env &env) {
  static_assert(sizeof(Point) == sizeof(geo::Vertex) && offsetof(Point, x) == 0 &&
                offsetof(Point, y) == offsetof(geo::Vertex, lat));
  const auto *bytes = static_cast<const char *>(area.data);
  switch (area.form) {
  case Area::Form::text:
    return geo::parse_shape_text({bytes, area.size}, env);
  case Area::Form::geojson:
    return geo::parse_geojson({bytes, area.size}, env);
  case Area::Form::wkb:
    return geo::parse_wkb({reinterpret_cast<const std::uint8_t *>(bytes), area.size}, env);
  case Area::Form::polygon:
    break;
  }
  return geo::shape_of_ring({static_cast<const geo::Vertex *>(area.data), area.size}, env);
}

ZoneId number_id(int64 number) {
  return {number, nullptr, 0};
}

ZoneId text_id(Datum value) {
  const std::string_view id = utf8(view_of(DatumGetTextPP(value)));
  return {0, id.data(), id.size()};
}

void add_zone(geo::ZoneSet &set, const ZoneId &id, const Area &area, const Env &env) {
  const std::string_view name(id.text == nullptr ? "" : id.text, id.size);
  try {
    const geo::Shape shape = shape_of(area, env);
    if (id.text == nullptr) {
      set.add(id.number, shape);
    } else {
      set.add(name, shape);
    }
  } catch (const Error &error) {
    throw Error(error.code(), error.message(), error.hint(),
                id.text == nullptr ? "Zone " + std::to_string(id.number) + "."
                                   : "Zone \"" + std::string(name) + "\".");
  }
}

ZoneLookup *new_zone_lookup(MemoryContext parent, const geo::ZoneSet &set) {
  MemoryContext context =
      AllocSetContextCreate(parent, "starhouse zone index", ALLOCSET_DEFAULT_SIZES);
  MemoryContext caller = MemoryContextSwitchTo(context);
  auto *lookup = static_cast<ZoneLookup *>(palloc0(sizeof(ZoneLookup)));
  lookup->context = context;
  auto *memory = new (palloc(sizeof(ContextMemory))) ContextMemory(context);
  auto *index = static_cast<geo::ZoneIndex *>(palloc(sizeof(geo::ZoneIndex)));
  compute([&] {
    new (index) geo::ZoneIndex(set, Env{.memory = memory, .cancel_requested = cancel_requested});
  });
  lookup->index = index;
  lookup->texts = static_cast<Datum *>(
      MemoryContextAllocHuge(context, std::max<std::size_t>(index->size(), 1) * sizeof(Datum)));
  for (std::uint32_t zone = 0; zone < index->size(); ++zone) {
    if (index->kind() == geo::ZoneSet::Kind::number) {
      char digits[32];
      pg_lltoa(index->number(zone), digits);
      lookup->texts[zone] = PointerGetDatum(cstring_to_text(digits));
    } else {
      const std::string_view utf8 = index->text(zone);
      const char *shown = pg_any_to_server(utf8.data(), static_cast<int>(utf8.size()), PG_UTF8);
      lookup->texts[zone] = PointerGetDatum(
          shown == utf8.data() ? cstring_to_text_with_len(shown, static_cast<int>(utf8.size()))
                               : cstring_to_text(shown));
    }
  }
  MemoryContextSwitchTo(caller);
  return lookup;
}

std::uint32_t find_zone(const ZoneLookup &lookup, std::uint32_t first, double lat, double lon) {
  if (unlikely(!geo::is_latitude(lat) || !geo::is_longitude(lon))) {
    refuse([=] {
      geo::check_latitude(lat);
      geo::check_longitude(lon);
    });
  }
  return lookup.index->find_from(first, lat, lon);
}

int64 zone_number(const ZoneLookup &lookup, std::uint32_t zone) {
  if (lookup.index->kind() != geo::ZoneSet::Kind::number) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("the ids of these zones are texts: \"%s\"",
                           TextDatumGetCString(lookup.texts[zone])),
                    errhint("Use zone_of, which returns ids as text.")));
  }
  return lookup.index->number(zone);
}

namespace {

using States = ExpandedState<geo::ZoneSet>;

// What lies behind fn_extra: the indexes of the values asked so far, and the state of a
// set-returning call.
//
// A value is known again by its bytes as they were passed: a toast pointer, or the value itself. At
// the same address the digest that each value starts with stands for the bytes.
struct Known {
  const void *address;
  std::size_t size;
  char *bytes;
  ZoneLookup *lookup;
};

struct Kept {
  static constexpr int capacity = 16;
  Known known[capacity];
  int count;
  int oldest;
  int last; // the one asked last
  bool walking;
  std::uint32_t next;
};

Kept *kept_of(FunctionCallInfo fcinfo) {
  if (fcinfo->flinfo->fn_extra == nullptr) {
    fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Kept));
  }
  return static_cast<Kept *>(fcinfo->flinfo->fn_extra);
}

constexpr std::size_t digest_at = VARHDRSZ + geo::zone_digest_offset;

bool same_digest(const Known &known, const char *value) {
  return known.size >= digest_at + sizeof(std::uint64_t) &&
         std::memcmp(known.bytes + digest_at, value + digest_at, sizeof(std::uint64_t)) == 0;
}

} // namespace

const ZoneLookup &zones_argument(FunctionCallInfo fcinfo, int argument) {
  Kept *kept = kept_of(fcinfo);
  Datum datum = PG_GETARG_DATUM(argument);
  if (VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum))) {
    datum = States::datum(States::state_of(datum));
  }
  const char *value = DatumGetPointer(datum);
  const std::size_t size = VARSIZE_ANY(value);
  if (kept->count > 0) {
    const Known &last = kept->known[kept->last];
    if (likely(last.address == value && last.size == size && VARATT_IS_4B_U(value) &&
               same_digest(last, value))) {
      return *last.lookup;
    }
  }
  for (int i = 0; i < kept->count; ++i) {
    Known &known = kept->known[i];
    if (known.size == size && std::memcmp(known.bytes, value, size) == 0) {
      known.address = value;
      kept->last = i;
      return *known.lookup;
    }
  }
  MemoryContext scratch =
      AllocSetContextCreate(CurrentMemoryContext, "starhouse zones", ALLOCSET_DEFAULT_SIZES);
  MemoryContext caller = MemoryContextSwitchTo(scratch);
  ZoneLookup *lookup = new_zone_lookup(fcinfo->flinfo->fn_mcxt, States::state_of(datum));
  MemoryContextSwitchTo(caller);
  MemoryContextDelete(scratch);
  char *bytes = static_cast<char *>(MemoryContextAllocHuge(lookup->context, size));
  std::memcpy(bytes, value, size);
  int place = kept->count;
  if (place == Kept::capacity) {
    place = kept->oldest;
    kept->oldest = (place + 1) % Kept::capacity;
    MemoryContextDelete(kept->known[place].lookup->context);
  } else {
    ++kept->count;
  }
  kept->known[place] = {value, size, bytes, lookup};
  kept->last = place;
  return *lookup;
}

namespace {

// One row of an aggregate that builds a zone_index; rows with a NULL are left out.
template <class ReadId, class ReadArea>
Datum add_row(FunctionCallInfo fcinfo, ReadId read_id, ReadArea read_area) {
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) {
    return States::unchanged(fcinfo);
  }
  const ZoneId id = read_id(PG_GETARG_DATUM(1));
  const Area area = read_area(PG_GETARG_DATUM(2));
  ContextMemory memory(CurrentMemoryContext);
  const Env env{.memory = &memory, .cancel_requested = cancel_requested};
  return States::update(fcinfo, [&](geo::ZoneSet &set) { add_zone(set, id, area, env); });
}

ZoneId number_argument(Datum value) {
  return number_id(DatumGetInt64(value));
}

void end_walk(Datum kept) {
  static_cast<Kept *>(static_cast<void *>(DatumGetPointer(kept)))->walking = false;
}

} // namespace

} // namespace starhouse::pg::geo

namespace {
using namespace starhouse::pg::geo;
using starhouse::geo::ZoneIndex;
} // namespace

STARHOUSE_STATE_TYPE(zone_index, States)
STARHOUSE_STATE_COMBINE(zone_index_combine, States)

STARHOUSE_FUNCTION(starhouse_zone_index_number_text) {
  return add_row(fcinfo, number_argument, text_area);
}
STARHOUSE_FUNCTION(starhouse_zone_index_number_jsonb) {
  return add_row(fcinfo, number_argument, jsonb_area);
}
STARHOUSE_FUNCTION(starhouse_zone_index_number_wkb) {
  return add_row(fcinfo, number_argument, wkb_area);
}
STARHOUSE_FUNCTION(starhouse_zone_index_number_polygon) {
  return add_row(fcinfo, number_argument, polygon_area);
}
STARHOUSE_FUNCTION(starhouse_zone_index_text_text) {
  return add_row(fcinfo, text_id, text_area);
}
STARHOUSE_FUNCTION(starhouse_zone_index_text_jsonb) {
  return add_row(fcinfo, text_id, jsonb_area);
}
STARHOUSE_FUNCTION(starhouse_zone_index_text_wkb) {
  return add_row(fcinfo, text_id, wkb_area);
}
STARHOUSE_FUNCTION(starhouse_zone_index_text_polygon) {
  return add_row(fcinfo, text_id, polygon_area);
}

STARHOUSE_FUNCTION(starhouse_zone_of) {
  const ZoneLookup &lookup = zones_argument(fcinfo, 0);
  const std::uint32_t zone = find_zone(lookup, 0, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2));
  if (zone == ZoneIndex::none) {
    PG_RETURN_NULL();
  }
  return lookup.texts[zone];
}

STARHOUSE_FUNCTION(starhouse_zone_id_of) {
  const ZoneLookup &lookup = zones_argument(fcinfo, 0);
  const std::uint32_t zone = find_zone(lookup, 0, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2));
  if (zone == ZoneIndex::none) {
    PG_RETURN_NULL();
  }
  PG_RETURN_INT64(zone_number(lookup, zone));
}

// All zones of a point, one per call. The server's own macros for this would put the index behind
// fn_extra away after each point.
STARHOUSE_FUNCTION(starhouse_zones_of) {
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  if (result == nullptr || !IsA(result, ReturnSetInfo) ||
      (result->allowedModes & SFRM_ValuePerCall) == 0) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("set-valued function called in context that cannot accept a set"),
                    errhint("Call zones_of in FROM or in the SELECT list.")));
  }
  const ZoneLookup &lookup = zones_argument(fcinfo, 0);
  Kept *kept = kept_of(fcinfo);
  if (!kept->walking) {
    kept->walking = true;
    kept->next = 0;
    RegisterExprContextCallback(result->econtext, end_walk, PointerGetDatum(kept));
  }
  const std::uint32_t zone =
      find_zone(lookup, kept->next, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2));
  if (zone == ZoneIndex::none) {
    kept->walking = false;
    UnregisterExprContextCallback(result->econtext, end_walk, PointerGetDatum(kept));
    result->isDone = ExprEndResult;
    PG_RETURN_NULL();
  }
  kept->next = zone + 1;
  result->isDone = ExprMultipleResult;
  return lookup.texts[zone];
}
