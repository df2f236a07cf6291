-- Geohash cells: text and integers, neighbours, families, ranges, and what is refused.
SET search_path = starhouse;
\set SHOW_CONTEXT never

-- A place as text and as a cell, and back.
SELECT geohash(57.64911, 10.40744, 11), geohash_cell(57.64911, 10.40744, 11), geohash(1884034817387322464);
SELECT geohash(57.64911, 10.40744), geohash_cell('U4PRUYDQQVJ') = geohash_cell('u4pruydqqvj') AS any_case;
SELECT p, geohash(-33.8568, 151.2153, p), geohash_cell(geohash(-33.8568, 151.2153, p)) = geohash_cell(-33.8568, 151.2153, p) AS same
FROM generate_series(1, 12) AS p;

-- Corners of the globe, edges of cells, one rounding step beside them, both zeros.
SELECT name, geohash(lat, lon, 12), geohash_cell(lat, lon, 12)
FROM (VALUES (1, 'south-west', -90::float8, -180::float8), (2, 'north-east', 90, 180), (3, 'zero', 0, 0), (4, 'minus zero', '-0', '-0'),
             (5, 'least below zero', '-5e-324', '-5e-324'), (6, 'on a corner', 45, -90),
             (7, 'one step below it', 44.99999999999999, -90.00000000000001)) AS v (n, name, lat, lon) ORDER BY n;

SELECT * FROM geohash_bounds('ezs42');
SELECT * FROM geohash_decode(geohash_cell('ezs42'));
SELECT geohash_bounds('ezs42') = geohash_bounds(geohash_cell('ezs42')) AS text_too, geohash_precision('ezs42'), geohash_precision(geohash_cell('u'));

-- Neighbours wrap the date line and end at the poles.
SELECT * FROM geohash_neighbors('ezs42');
SELECT * FROM geohash_neighbors('bp');
SELECT n IS NULL AS beyond, geohash(w) FROM geohash_neighbors(geohash_cell('bp'));
SELECT d, geohash_neighbor('8', d), geohash(geohash_neighbor(geohash_cell('8'), upper(d))) FROM unnest('{n,ne,e,se,s,sw,w,nw}'::text[]) AS d;
SELECT geohash_neighbor('z', 'n') IS NULL AS beyond;

-- Families and ranges.
SELECT geohash_parent('ezs42'), geohash_parent('ezs42', 2), geohash(geohash_parent(geohash_cell('ezs42'))), geohash(geohash_parent(geohash_cell('ezs42'), 1)),
       geohash_parent('e') IS NULL AS none;
SELECT geohash_children('ezs4');
SELECT cardinality(geohash_children(geohash_cell('ez'), 4)), geohash((geohash_children(geohash_cell('ez'), 4))[1]), geohash_children(geohash_cell('ez'), 2) = ARRAY[geohash_cell('ez')] AS itself;
SELECT * FROM geohash_range('ezs4');
-- Exactly the cells that begin with the text lie in the range.
SELECT count(*) AS cells, count(*) FILTER (WHERE (cell BETWEEN lo AND hi) <> (geohash(cell) LIKE 'ez%')) AS wrong
FROM (SELECT geohash_cell(a, b, p) AS cell FROM generate_series(40, 50) AS a, generate_series(-20, 10) AS b, generate_series(2, 12) AS p) AS c,
     geohash_range('ez');

-- A B-tree answers them.
CREATE TEMP TABLE ping AS
  SELECT i AS id, geohash_cell(48 + sin(i) / 10, 16 + cos(i * 1.7) / 10, 12) AS cell FROM generate_series(1, 20000) AS i;
CREATE INDEX ON ping (cell);
ANALYZE ping;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_indexonlyscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM ping WHERE cell BETWEEN (geohash_range('u2e2')).lo AND (geohash_range('u2e2')).hi;
SELECT count(*) = (SELECT count(*) FROM ping WHERE geohash(cell) LIKE 'u2e2%') AS same, count(*) > 0 AS some
FROM ping WHERE cell BETWEEN (geohash_range('u2e2')).lo AND (geohash_range('u2e2')).hi;
RESET enable_seqscan;
RESET enable_bitmapscan;
RESET enable_indexonlyscan;

-- NULL gives NULL.
SELECT geohash(NULL, 1, 5) IS NULL AND geohash(1, NULL, 5) IS NULL AND geohash(1, 1, NULL) IS NULL AND geohash_cell(NULL::text) IS NULL
   AND geohash(NULL::bigint) IS NULL AND geohash_bounds(NULL::bigint) IS NULL AND geohash_neighbor(NULL::bigint, 'n') IS NULL
   AND geohash_children(NULL::bigint) IS NULL AND geohash_within(1, 1, NULL, 5) IS NULL AND geohash_compact(NULL) IS NULL AS nulls;

-- What is refused.
SELECT geohash(90.00000000000001, 0, 5);
SELECT geohash('NaN', 0, 5);
SELECT geohash_cell(0, 'Infinity', 5);
SELECT geohash_cell(0, -180.00000000000003, 5);
SELECT geohash(0, 0, 0);
SELECT geohash_cell(0, 0, 13);
SELECT geohash_cell('');
SELECT geohash_cell('ezsa2');
SELECT geohash_bounds('i');
SELECT geohash_parent('l');
SELECT geohash_cell('o');
SELECT geohash_cell('u4pruydqqvj80');
SELECT geohash(0);
SELECT geohash_precision(-1);
SELECT geohash_bounds(4611686018427387904);
SELECT geohash_neighbor('ezs42', 'north');
SELECT geohash_parent('ezs42', 6);
SELECT geohash_parent('ezs42', 0);
SELECT geohash_children('ezs42ezs42ez');
SELECT geohash_children(geohash_cell('ez'), 1);
SELECT geohash_children(geohash_cell('ez'), 7);
