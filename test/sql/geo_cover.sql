-- The cells of an area: polygon, GeoJSON, WKT, WKB; inner, outer, centre; what is refused.
SET search_path = starhouse;
\set SHOW_CONTEXT never
CREATE FUNCTION pg_temp.names(bigint[]) RETURNS text LANGUAGE sql
  RETURN (SELECT string_agg(starhouse.geohash(c), ' ' ORDER BY n) FROM unnest($1) WITH ORDINALITY AS u (c, n));

-- One area in every form.
SELECT pg_temp.names(geohash_cover('((72.8,18.9),(73,18.9),(73,19.1),(72.8,19.1))'::polygon, 5)) AS outer_cells;
SELECT mode, cardinality(p) AS cells, p = geohash_cover(wkt, 6, mode) AS wkt, p = geohash_cover(json, 6, mode) AS geojson,
       p = geohash_cover(json::jsonb, 6, mode) AS jsonb, p = geohash_cover(hex, 6, mode) AS hex, p = geohash_cover(decode(hex, 'hex'), 6, mode) AS wkb
FROM (VALUES (1, 'inner'), (2, 'centre'), (3, 'CENTER'), (4, 'outer')) AS m (n, mode),
     LATERAL geohash_cover('((0,0),(1,0),(0,1))'::polygon, 6, mode) AS p,
     (VALUES ('POLYGON((0 0,1 0,0 1,0 0))', '{"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 1], [0, 0]]]}',
              '0103000000010000000400000000000000000000000000000000000000000000000000F03F00000000000000000000000000000000000000000000F03F00000000000000000000000000000000'))
       AS a (wkt, json, hex)
ORDER BY n;

-- inner within centre within outer; a hole; several polygons; beyond the date line.
SELECT bool_and(i <@ c AND c <@ o AND cardinality(i) < cardinality(o)) AS nested
FROM generate_series(3, 5) AS p, LATERAL (SELECT geohash_cover(a, p, 'inner'), geohash_cover(a, p, 'centre'), geohash_cover(a, p, 'outer')
  FROM (SELECT 'POLYGON((10 40,12 40,12 42,10 42,10 40),(10.5 40.5,11.5 40.6,11 41.5,10.5 40.5))' AS a) AS x) AS c (i, c, o);
SELECT geohash_cell(41, 11, 5) = ANY (geohash_cover('POLYGON((10 40,12 40,12 42,10 42,10 40),(10.5 40.5,11.5 40.5,11.5 41.5,10.5 41.5,10.5 40.5))', 5)) AS in_the_hole;
SELECT geohash_cover('MULTIPOLYGON(((1 1,2 1,2 2,1 1)),((1 1,2 2,1 2,1 1)))', 5) = geohash_cover('POLYGON((1 1,2 1,2 2,1 2,1 1))', 5) AS two_halves;
SELECT geohash_cover('POLYGON((170 -5,185 -5,185 5,170 5,170 -5))', 3) = geohash_box(-5, 170, 5, -175, 3) AS across,
       geohash_cover('POLYGON((170 -5,185 -5,185 5,170 5,170 -5))', 3) = geohash_cover('POLYGON((-190 -5,-175 -5,-175 5,-190 5,-190 -5))', 3) AS either_way;
-- A cell is its own cover; its edges in the north and east belong to its neighbours.
SELECT pg_temp.names(geohash_cover(wkt, 5, 'inner')), pg_temp.names(geohash_cover(wkt, 5, 'centre')), pg_temp.names(geohash_cover(wkt, 5, 'outer'))
FROM geohash_bounds('ezs42'), format('POLYGON((%1$s %2$s,%3$s %2$s,%3$s %4$s,%1$s %4$s,%1$s %2$s))', lon_min, lat_min, lon_max, lat_max) AS wkt;
-- Compacted and as ranges it is a short condition.
SELECT cardinality(c) AS cells, cardinality(geohash_compact(c)) AS compacted, (SELECT count(*) FROM geohash_ranges(c)) AS ranges
FROM geohash_cover('POLYGON((16.2 48.1,16.6 48.1,16.6 48.3,16.2 48.3,16.2 48.1))', 7, max_cells => 200000) AS c;
SELECT geohash_cover('POLYGON EMPTY', 5) = '{}' AS nothing, geohash_cover(NULL::text, 5) IS NULL AND geohash_cover('POLYGON EMPTY', NULL) IS NULL
   AND geohash_cover('POLYGON EMPTY', 5, NULL) IS NULL AS nulls;

-- What is refused.
SELECT geohash_cover('POLYGON((0 0,1 0,1 1))', 5);
SELECT geohash_cover('POINT(0 0)', 5);
SELECT geohash_cover('{"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 95], [0, 0]]]}'::jsonb, 5);
SELECT geohash_cover('\x0103'::bytea, 5);
SELECT geohash_cover('((0,0),(1,1))'::polygon, 5);
SELECT geohash_cover('POLYGON((0 0,1 0,0 1,0 0))', 13);
SELECT geohash_cover('\x'::bytea, 4294967301);
SELECT geohash_cover('POLYGON((0 0,1 0,0 1,0 0))', 5, 'around');
SELECT geohash_cover('POLYGON((0 0,1 0,0 1,0 0))', 5, 'outer', 0);
SELECT geohash_cover('POLYGON((0 0,1 0,0 1,0 0))', 8);
