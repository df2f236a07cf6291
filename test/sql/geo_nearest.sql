-- Nearest positions: exact against reading the whole table, everywhere on the globe, and by an index.
SET search_path = starhouse;
SET TimeZone = 'UTC';
\set SHOW_CONTEXT never

-- 4000 drivers: two cities, around both poles, along the date line, anywhere.
CREATE TABLE driver (
  driver_id int PRIMARY KEY, latitude float8, longitude float8, status text, seats int, seen timestamptz,
  cell bigint GENERATED ALWAYS AS (starhouse.geohash_cell(latitude, longitude, 12)) STORED);
INSERT INTO driver
SELECT i, least(90, greatest(-90, CASE i % 5 WHEN 0 THEN 19.07 + sin(i * 1.3) / 15 WHEN 1 THEN 51.5 + sin(i * 0.7) / 15
                                             WHEN 2 THEN sign(sin(i)) * (90 - abs(sin(i * 2.1)) ^ 3) WHEN 3 THEN degrees(asin(sin(i * 1.9)))
                                             ELSE degrees(asin(sin(i * 0.9))) END)),
       CASE i % 5 WHEN 0 THEN 72.87 + cos(i * 1.7) / 15 WHEN 1 THEN cos(i * 0.37) / 15 WHEN 2 THEN 180 * sin(i * 3.3)
                  WHEN 3 THEN sign(cos(i * 1.1)) * (180 - abs(sin(i * 5.7)) ^ 4) ELSE 180 * cos(i * 4.1) END,
       (ARRAY['available', 'busy', 'offline'])[1 + i % 3], i % 4 + 1, '2024-01-01'::timestamptz + i * interval '1 minute'
FROM generate_series(1, 4000) AS i;
INSERT INTO driver VALUES (0, NULL, NULL, 'available', 4);
UPDATE driver SET status = NULL WHERE driver_id = 77;
CREATE INDEX driver_cell ON driver (cell);
ANALYZE driver;

SELECT key, round(metres::numeric, 3) AS metres FROM nearest('driver', 19.07, 72.87, 5);
SELECT key, status, round(metres::numeric, 3) AS metres FROM nearest('driver', 19.07, 72.87, 3, filter => '{"status": "available", "seats": [3, 4]}')
JOIN driver ON driver_id = key::int ORDER BY metres;

-- The same rows in the same order as reading them all, from many places, with and without limit and filter.
CREATE TEMP TABLE place AS
SELECT i, CASE i % 6 WHEN 0 THEN 90 - abs(sin(i)) ^ 8 WHEN 1 THEN -90 + abs(cos(i)) ^ 6 WHEN 2 THEN 19 + sin(i) / 5 WHEN 3 THEN 51.4 + sin(i) / 5
                     WHEN 4 THEN degrees(asin(sin(i * 1.1))) ELSE degrees(asin(sin(i * 2.3))) END AS lat,
       CASE i % 6 WHEN 2 THEN 72.87 + cos(i) / 3 WHEN 3 THEN cos(i) / 3 WHEN 4 THEN sign(sin(i * 1.7)) * (180 - abs(sin(i * 3)) ^ 5) ELSE 180 * cos(i * 1.3) END AS lon,
       (ARRAY[1, 3, 10, 40])[1 + i % 4] AS k, (ARRAY[NULL, 500, 50000, 3e6])[1 + i / 4 % 4] AS max_metres
FROM generate_series(1, 72) AS i;
SELECT count(*) AS places, count(*) FILTER (WHERE found IS DISTINCT FROM expected) AS wrong, sum(cardinality(found)) > 400 AS rows_enough
FROM (SELECT (SELECT array_agg(key::int ORDER BY n) FROM nearest('driver', lat, lon, k, max_metres) WITH ORDINALITY AS x (key, la, lo, metres, n)) AS found,
             (SELECT array_agg(driver_id ORDER BY metres, driver_id)
              FROM (SELECT driver_id, geodesic_m(lat, lon, latitude, longitude) AS metres FROM driver WHERE latitude IS NOT NULL
                    ORDER BY metres, driver_id LIMIT k) AS y WHERE metres <= coalesce(max_metres, 1e9)) AS expected
      FROM place) AS z;
SELECT count(*) FILTER (WHERE found IS DISTINCT FROM expected) AS wrong
FROM (SELECT (SELECT array_agg(key::int ORDER BY n) FROM nearest('driver', lat, lon, k, filter => '{"status": "busy"}') WITH ORDINALITY AS x (key, la, lo, metres, n)) AS found,
             (SELECT array_agg(driver_id ORDER BY metres, driver_id)
              FROM (SELECT driver_id, geodesic_m(lat, lon, latitude, longitude) AS metres FROM driver WHERE status = 'busy'
                    ORDER BY metres, driver_id LIMIT k) AS y) AS expected
      FROM place) AS z;

-- The index is used: no scan of the table in the statement's own statistics.
CREATE TABLE big AS SELECT driver_id + 10000 * n AS driver_id, latitude, longitude, cell FROM driver, generate_series(0, 9) AS n WHERE driver_id > 0;
ALTER TABLE big ADD PRIMARY KEY (driver_id);
CREATE INDEX ON big (cell);
ANALYZE big;
BEGIN;
SELECT seq_scan AS before FROM pg_stat_xact_user_tables WHERE relid = 'big'::regclass \gset
SELECT count(*) FROM nearest('big', 51.5, 0, 10);
SELECT seq_scan - :before AS seq_scan, idx_scan > 0 AS by_index, idx_tup_fetch BETWEEN 10 AND 2000 AS few FROM pg_stat_xact_user_tables WHERE relid = 'big'::regclass;
COMMIT;

-- Other tables: an index on the expression, cells alone, other names and numeric, a view, cells of any precision, partitions.
SELECT string_agg(key, ' ' ORDER BY metres) AS driver FROM nearest('driver', 19.1, 72.9, 4);
CREATE TABLE by_expression AS SELECT driver_id AS "Driver Id", latitude AS "La, t", longitude AS "Lon" FROM driver, generate_series(0, 9) WHERE driver_id > 0;
CREATE INDEX ON by_expression (geohash_cell("La, t", "Lon", 9));
ANALYZE by_expression;
BEGIN;
SELECT seq_scan AS before FROM pg_stat_xact_user_tables WHERE relid = 'by_expression'::regclass \gset
SELECT string_agg(DISTINCT key, ' ') AS by_expression
FROM nearest('by_expression', 19.1, 72.9, 40, key_column => 'Driver Id', lat_column => 'La, t', lon_column => 'Lon');
SELECT seq_scan - :before AS seq_scan, idx_scan > 0 AS by_index FROM pg_stat_xact_user_tables WHERE relid = 'by_expression'::regclass;
COMMIT;
CREATE TABLE by_cell AS SELECT driver_id, cell FROM driver;
SELECT string_agg(key, ' ' ORDER BY metres) AS by_cell FROM nearest('by_cell', 19.1, 72.9, 4, key_column => 'driver_id');
CREATE TABLE plain AS SELECT driver_id AS id, latitude::numeric(9, 6) AS y, longitude::numeric(9, 6) AS x FROM driver;
SELECT string_agg(key, ' ' ORDER BY metres) AS plain FROM nearest('plain', 19.1, 72.9, 4, key_column => 'id', lat_column => 'y', lon_column => 'x');
CREATE VIEW available AS SELECT * FROM driver WHERE status = 'available';
SELECT string_agg(key, ' ' ORDER BY metres) AS view, (SELECT string_agg(key, ' ' ORDER BY metres) FROM nearest('driver', 19.1, 72.9, 4, filter => '{"status": "available"}')) AS filter
FROM nearest('available', 19.1, 72.9, 4, key_column => 'driver_id');
CREATE TABLE coarse AS SELECT driver_id, latitude AS lat, longitude AS lng, geohash_cell(latitude, longitude, 1 + driver_id % 12) AS cell FROM driver;
CREATE INDEX ON coarse (cell);
SELECT string_agg(key, ' ' ORDER BY metres) AS coarse FROM nearest('coarse', 19.1, 72.9, 4, key_column => 'driver_id');
CREATE TABLE parted (driver_id int PRIMARY KEY, lat float8, lon float8, cell bigint) PARTITION BY HASH (driver_id);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE INDEX ON parted (cell);
INSERT INTO parted SELECT driver_id, latitude, longitude, cell FROM driver;
SELECT string_agg(key, ' ' ORDER BY metres) AS parted FROM nearest('parted', 19.1, 72.9, 4);

-- Filters through the column's type: a time in another spelling, NULL, a name that needs quotes.
SELECT count(*) FROM nearest('driver', 0, 0, 5000, filter => '{"seen": "2024-01-01 05:35:00+05:30"}');
SELECT key FROM nearest('driver', 0, 0, 5, filter => '{"status": null}');
SELECT count(*) FROM nearest('driver', 0, 0, 5000, filter => '{"status": []}');
SELECT count(*) FROM nearest('driver', 0, 0, 5000, filter => '{"status": "x'' OR true --"}');
SELECT count(*) FROM nearest('driver', 0, 0, 5000) AS n, driver WHERE driver_id = key::int;
SELECT count(*) FROM nearest('driver', 0, 0, NULL);
SELECT count(*) FROM nearest('driver', 19.07, 72.87, 5000, max_metres => 0);

-- The caller's rights.
CREATE ROLE geo_reader;
SET ROLE geo_reader;
SELECT * FROM nearest('starhouse.driver', 0, 0);
RESET ROLE;

-- What is refused.
SELECT * FROM nearest('driver', 91, 0);
SELECT * FROM nearest('driver', 0, 'NaN');
SELECT * FROM nearest('driver', 0, 0, 0);
SELECT * FROM nearest('driver', 0, 0, 5, -1);
SELECT * FROM nearest('driver', 0, 0, 5, 'NaN');
SELECT * FROM nearest('driver', 0, 0, filter => '["status"]');
SELECT * FROM nearest('driver', 0, 0, filter => '{"no_column": 1}');
SELECT * FROM nearest('driver', 0, 0, filter => '{"seats": "many"}');
SELECT * FROM nearest('driver', 0, 0, key_column => 'id');
SELECT * FROM nearest('driver', 0, 0, cell_column => 'status');
SELECT * FROM nearest('plain', 0, 0);
SELECT * FROM nearest('plain', 0, 0, key_column => 'id');
DROP TABLE big, by_expression, by_cell, plain, coarse, parted;
DROP VIEW available;
DROP TABLE driver;
DROP ROLE geo_reader;
