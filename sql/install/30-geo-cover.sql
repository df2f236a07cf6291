-- The cells of an area.

CREATE FUNCTION geohash_cover(
    area text, "precision" int, mode text DEFAULT 'outer', max_cells int DEFAULT 100000)
  RETURNS bigint[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT COST 10000
  AS 'MODULE_PATHNAME', 'starhouse_geohash_cover_text';
COMMENT ON FUNCTION geohash_cover(text, int, text, int) IS
  'The cells of a precision that cover an area, ascending. The area is GeoJSON (Polygon, MultiPolygon, Feature, collections), WKT, EWKT or hexadecimal WKB, with holes, longitude before latitude; a PostGIS geometry casts itself to that. mode outer: cells with a point of the area, so that every point is covered; inner: cells all of whose points belong to it; centre: cells whose centre does. Edges are straight on the plane of longitude and latitude and belong to the area. NULL for a NULL argument. Errors: 22P02 for a text that is no area, 22023 for its coordinates, another precision than 1..12, mode, or max_cells outside 1..10000000, 54000 for more than max_cells cells.';

CREATE FUNCTION geohash_cover(
    area jsonb, "precision" int, mode text DEFAULT 'outer', max_cells int DEFAULT 100000)
  RETURNS bigint[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT COST 10000
  AS 'MODULE_PATHNAME', 'starhouse_geohash_cover_jsonb';
COMMENT ON FUNCTION geohash_cover(jsonb, int, text, int) IS
  'The cells that cover an area in GeoJSON, as geohash_cover(text, int, text, int): NULL for a NULL argument; 22P02 for what is no area, 22023 and 54000 as there.';

CREATE FUNCTION geohash_cover(
    area polygon, "precision" int, mode text DEFAULT 'outer', max_cells int DEFAULT 100000)
  RETURNS bigint[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT COST 10000
  AS 'MODULE_PATHNAME', 'starhouse_geohash_cover_polygon';
COMMENT ON FUNCTION geohash_cover(polygon, int, text, int) IS
  'The cells that cover a polygon of the server''s own type, its points (longitude, latitude), as geohash_cover(text, int, text, int): NULL for a NULL argument; 22023 for coordinates out of range and a polygon without area, 22023 and 54000 as there.';

-- bigint, so that a PostGIS geometry, which casts itself to text and to bytea, finds the function of
-- text the better match.
CREATE FUNCTION geohash_cover(
    area bytea, "precision" bigint, mode text DEFAULT 'outer', max_cells int DEFAULT 100000)
  RETURNS bigint[]
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT COST 10000
  AS 'MODULE_PATHNAME', 'starhouse_geohash_cover_wkb';
COMMENT ON FUNCTION geohash_cover(bytea, bigint, text, int) IS
  'The cells that cover an area in WKB or EWKB (OGC 06-103r4), as geohash_cover(text, int, text, int): NULL for a NULL argument; 22P03 for bytes that are no area, 22023 and 54000 as there.';
