-- Sets of cells: boxes, circles, compaction, ranges for a B-tree.
SET search_path = starhouse;
\set SHOW_CONTEXT never
CREATE FUNCTION pg_temp.names(bigint[]) RETURNS text LANGUAGE sql
  RETURN (SELECT string_agg(starhouse.geohash(c), ' ' ORDER BY n) FROM unnest($1) WITH ORDINALITY AS u (c, n));

-- Boxes, across the date line too.
SELECT pg_temp.names(geohash_box(41.842967, -73.950691, 42.819581, -72.727175, 3));
SELECT pg_temp.names(geohash_box(-10, 170, 10, -170, 1)), cardinality(geohash_box(-90, -180, 90, 180, 2)) AS globe;
SELECT pg_temp.names(geohash_box(45, -90, 45, -90, 1)) AS one_point, pg_temp.names(geohash_box(90, 180, 90, 180, 4)) AS last_cell;

-- Circles: at the date line, around a pole, of no radius, of the whole globe.
SELECT pg_temp.names(geohash_within(1, 179.999, 1000, 2));
SELECT cardinality(geohash_within(90, 12, 1000, 2)) AS north, cardinality(geohash_within(-90, 12, 1000, 3)) AS south;
SELECT pg_temp.names(geohash_within(19.076, 72.8777, 0, 9)) = geohash(19.076, 72.8777, 9) AS the_point_itself;
SELECT cardinality(geohash_within(0, 0, 20100000, 2)) AS globe;
-- No place within the radius is missed, and none is far.
SELECT bool_and(geohash_cell(lat2, lon2, 6) = ANY (cells)) AS all_within
FROM (SELECT lat, lon, r, geohash_within(lat, lon, r, 6) AS cells
      FROM (VALUES (19.076, 72.8777, 5000), (-16.8, 179.99, 9000), (64.1, -21.9, 4000)) AS v (lat, lon, r)) AS c,
     generate_series(0, 350, 10) AS bearing, generate_series(1, 10) AS part, destination(lat, lon, bearing, r * part / 10 * (1 - 1e-12));
SELECT max(geodesic_m(19.076, 72.8777, greatest(lat_min, least(lat_max, 19.076)), greatest(lon_min, least(lon_max, 72.8777)))) < 5000 * 1.007 AS none_far
FROM unnest(geohash_within(19.076, 72.8777, 5000, 7)) AS c, geohash_bounds(c);

-- Compaction.
SELECT pg_temp.names(geohash_compact(geohash_children(geohash_cell('ezs')) || geohash_cell('ezs42') || geohash_cell('u')));
SELECT geohash_compact('{}'), cardinality(geohash_compact(geohash_children(geohash_cell('ez'), 6))) AS one;
SELECT cardinality(cells) AS cells, cardinality(geohash_compact(cells)) AS fewest, (SELECT count(*) FROM geohash_ranges(cells)) AS ranges,
       (SELECT sum(cardinality(geohash_children(c, 8))) FROM unnest(geohash_compact(cells)) AS c) AS again
FROM (SELECT geohash_within(48.2, 16.37, 2000, 8) AS cells) AS w;

-- Ranges look points up by an index.
CREATE TEMP TABLE ping AS
  SELECT i AS id, 48 + sin(i) / 10 AS lat, 16 + cos(i * 1.7) / 10 AS lon FROM generate_series(1, 20000) AS i;
ALTER TABLE ping ADD COLUMN cell bigint GENERATED ALWAYS AS (starhouse.geohash_cell(lat, lon, 12)) STORED;
CREATE INDEX ON ping (cell);
ANALYZE ping;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF)
SELECT p.id FROM geohash_search_ranges(48.02, 16.03, 500) AS r JOIN ping AS p ON p.cell BETWEEN r.lo AND r.hi
WHERE geodesic_m(48.02, 16.03, p.lat, p.lon) <= 500;
SELECT count(*) AS found, count(DISTINCT id) AS distinct_rows, (SELECT count(*) FROM ping WHERE geodesic_m(48.02, 16.03, lat, lon) <= 500) AS expected
FROM geohash_search_ranges(48.02, 16.03, 500) AS r JOIN ping AS p ON p.cell BETWEEN r.lo AND r.hi
WHERE geodesic_m(48.02, 16.03, p.lat, p.lon) <= 500;
RESET enable_seqscan;
RESET enable_bitmapscan;
SELECT count(*) <= 4 AS few FROM geohash_search_ranges(48.02, 16.03, 500, 4) WHERE lo <> hi;
SELECT * FROM geohash_search_ranges(48.02, 16.03, 3e7, 1);

-- What is refused.
SELECT geohash_box(1, 0, 0, 1, 5);
SELECT geohash_box(0, 0, 91, 1, 5);
SELECT geohash_box(0, 0, 1, 181, 5);
SELECT geohash_box(0, 0, 1, 1, 0);
SELECT geohash_box(-90, -180, 90, 180, 12);
SELECT geohash_box(0, 0, 1, 1, 5, 10);
SELECT geohash_box(0, 0, 1, 1, 5, 0);
SELECT geohash_within(0, 0, -1, 5);
SELECT geohash_within(0, 0, 'NaN', 5);
SELECT geohash_within(0, 0, 'Infinity', 5);
SELECT geohash_within(0, 0, 1e6, 9);
SELECT geohash_compact(ARRAY[geohash_cell('u'), NULL]);
SELECT geohash_compact(ARRAY[6, 1]::bigint[]);
SELECT * FROM geohash_ranges(ARRAY[0]::bigint[]);
SELECT * FROM geohash_search_ranges(0, 0, 100, 0);
