// What the bindings of zones share: areas as arguments, and a zone index ready to be asked.
#pragma once

#include "pg/boundary.hpp"

#include "core/geo/zone_index.hpp"

#include <cstdint>

extern "C" {
#include "catalog/pg_type_d.h"
}

namespace starhouse::pg::geo {

// An area as a value of the server: plain data, valid while the current context lives.
struct Area {
  enum class Form : std::uint8_t { text, geojson, wkb, polygon };
  Form form;
  const void *data;
  std::size_t size; // bytes, of a polygon: vertices
};

Area text_area(Datum value);
Area jsonb_area(Datum value);
Area wkb_area(Datum value);
Area polygon_area(Datum value);

// For the compute phase.
starhouse::geo::Shape shape_of(const Area &area, const Env &env);

// A zone's id: `text` in UTF-8, or null for a number.
struct ZoneId {
  std::int64_t number;
  const char *text;
  std::size_t size;
};
ZoneId number_id(int64 number);
ZoneId text_id(Datum text);

// Adds one zone; an area that cannot be read is an error that names it. For the compute phase.
void add_zone(starhouse::geo::ZoneSet &set, const ZoneId &id, const Area &area, const Env &env);

// An index in a context of its own, with its ids as values.
struct ZoneLookup {
  MemoryContext context;
  const starhouse::geo::ZoneIndex *index;
  Datum *texts; // of each zone: text, in the server's encoding
};

// In a new child of `parent`; delete its context to be rid of it.
ZoneLookup *new_zone_lookup(MemoryContext parent, const starhouse::geo::ZoneSet &set);

// The zone that holds a point, lowest first, from `first` on. Error 22003 for a point that is none.
std::uint32_t find_zone(const ZoneLookup &lookup, std::uint32_t first, double lat, double lon);

// The index of an argument of type zone_index, made once for each value of a query; kept behind
// fn_extra.
const ZoneLookup &zones_argument(FunctionCallInfo fcinfo, int argument);

// Id of a zone as a number; an error for ids that are texts.
int64 zone_number(const ZoneLookup &lookup, std::uint32_t zone);

} // namespace starhouse::pg::geo
