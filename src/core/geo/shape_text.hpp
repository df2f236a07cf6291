// Shapes from what others write: GeoJSON (RFC 7946), WKT and WKB (OGC 06-103r4), with PostGIS's
// extensions EWKT and EWKB.
//
// Taken are Polygon and MultiPolygon, collections of them, and in GeoJSON Feature and
// FeatureCollection: all polygons become one shape. Third and fourth coordinates are read over. An
// SRID has to be 4326 or 0 (not stated). Anything else, points and lines too, is an Error with
// SQLSTATE 22P02 (text) or 22P03 (bytes) that says where and how to mend it. Input is untrusted: no
// count is believed before the bytes behind it are there, nesting is limited.
#pragma once

#include "core/geo/shape.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace starhouse::geo {

// Levels of collections within collections.
inline constexpr int deepest_collection = 32;

Shape parse_geojson(std::string_view json, const Env &env);
Shape parse_wkt(std::string_view text, const Env &env);
Shape parse_wkb(std::span<const std::uint8_t> bytes, const Env &env);

// Decides by the first character: GeoJSON, hexadecimal WKB (how PostGIS prints a geometry), or WKT.
Shape parse_shape_text(std::string_view text, const Env &env);

} // namespace starhouse::geo
