-- Zones: which area a point lies in, as a value (zone_index) and straight from a table.
SET search_path = public, starhouse;

-- Four unit squares and a big one under them; (1, 1) is a corner of all.
CREATE TABLE zones (id int, shape polygon);
INSERT INTO zones VALUES
  (30, '((0,0),(1,0),(1,1),(0,1))'), (10, '((1,0),(2,0),(2,1),(1,1))'), (20, '((0,1),(1,1),(1,2),(0,2))'),
  (40, '((-9,-9),(9,-9),(9,9),(-9,9))'), (NULL, '((50,50),(51,50),(51,51))'), (50, NULL);
CREATE TABLE points (lat float8, lon float8);
INSERT INTO points VALUES (0.5, 0.5), (0.5, 1), (1, 0.5), (1, 1), (1.5, 1.5), (9, 9), (9.1, 9), (50.5, 50.1), (NULL, 1), (1, NULL);

SELECT lat, lon, zone_of('zones', lat, lon), zone_id_of('zones'::regclass, lat, lon),
  zone_of(i, lat, lon) AS of_value, zone_id_of(i, lat, lon) AS id_of_value
FROM points, (SELECT zone_index_agg(id, shape) AS i FROM zones) z ORDER BY 1, 2;
SELECT lat, lon, zone FROM points, (SELECT zone_index_agg(id, shape) AS i FROM zones) z, zones_of(i, lat, lon) AS zone ORDER BY 1, 2, zone::int;
SELECT lat, zones_of((SELECT zone_index_agg(id, shape) FROM zones), lat, lon) FROM points WHERE lat = 1 AND lon = 1;
-- A set cut short starts anew.
SELECT lat, (SELECT string_agg(zone, ',') FROM (SELECT zone FROM zones_of(i, lat, lon) zone LIMIT 2) s)
FROM points, (SELECT zone_index_agg(id, shape) AS i FROM zones) z WHERE lat > 0 ORDER BY lat, lon;

-- Every way to write an area; the sets are the same.
WITH area (id, polygon, wkt) AS (VALUES (1, polygon '((0,0),(4,0),(4,4),(0,4))', 'POLYGON((0 0,4 0,4 4,0 4,0 0))'),
                                        (2, polygon '((4,0),(8,0),(6,3.25))', 'SRID=4326;POLYGON((4 0,8 0,6 3.25,4 0))'))
, form AS (SELECT id, polygon, wkt,
    format('{"type":"Polygon","coordinates":[%s]}', CASE id WHEN 1 THEN '[[0,0],[4,0],[4,4],[0,4],[0,0]]' ELSE '[[4,0],[8,0],[6,3.25],[4,0]]' END) AS geojson,
    CASE id WHEN 1 THEN '\x010300000001000000050000000000000000000000000000000000000000000000000010400000000000000000000000000000104000000000000010400000000000000000000000000000104000000000000000000000000000000000'::bytea
      ELSE '\x0103000000010000000400000000000000000010400000000000000000000000000000204000000000000000000000000000001840000000000000'::bytea || '\x0a4000000000000010400000000000000000'::bytea END AS wkb
  FROM area)
SELECT count(DISTINCT i::text) FROM (
  SELECT zone_index_agg(id, polygon) FROM form UNION ALL SELECT zone_index_agg(id, wkt) FROM form UNION ALL
  SELECT zone_index_agg(id, geojson) FROM form UNION ALL SELECT zone_index_agg(id, geojson::jsonb) FROM form UNION ALL
  SELECT zone_index_agg(id, wkb) FROM form UNION ALL SELECT zone_index_agg(id, encode(wkb, 'hex')) FROM form) s (i);

-- The value: stored, read back as text and as bytes, merged, collected in parts; ids that are texts.
CREATE TABLE stored (part text, zones zone_index);
INSERT INTO stored SELECT CASE WHEN id < 25 THEN 'low' ELSE 'high' END, zone_index_agg(id, shape) FROM zones GROUP BY 1;
SELECT (SELECT zone_index_merge(zones)::text FROM stored) = (SELECT zone_index_agg(id, shape)::text FROM zones) AS merged;
SELECT zone_index_in(zone_index_out(zones))::text = zones::text AS same FROM stored;
SELECT '/tmp/starhouse_zone_index_' || pg_backend_pid() AS file \gset
COPY (SELECT zones FROM stored ORDER BY part) TO :'file' (FORMAT binary);
CREATE TABLE copied (zones zone_index);
COPY copied FROM :'file' (FORMAT binary);
SELECT count(*) FROM copied JOIN stored ON copied.zones::text = stored.zones::text;
\setenv FILE :file
\! rm -f "$FILE"
SELECT part, lat, lon, zone_of(zones, lat, lon) FROM stored, points WHERE lat <= 1 ORDER BY lat, lon, part;
SELECT zone_index_agg(id, shape) IS NULL AS none, zone_of(zone_index_agg(id, shape), 0, 0) IS NULL AS nowhere FROM zones WHERE false;
SELECT zone_of((SELECT zone_index_agg('zone é ' || id, shape) FROM zones WHERE id IS NOT NULL), 0.5, 0.5);
-- A big value is toasted; the answers do not change.
CREATE TABLE big (zones zone_index);
INSERT INTO big SELECT zone_index_agg(n, format('POLYGON((%s %s,%s %s,%s %s,%1$s %2$s))', n % 60, n / 60, n % 60 + 0.987654321, n / 60 + 0.1, n % 60 + 0.5, n / 60 + 0.9)) FROM generate_series(0, 3599) n;
SELECT count(*), count(DISTINCT zone_of(zones, n / 60 + 0.5, n % 60 + 0.5)), sum(zone_id_of(zones, n / 60 + 0.5, n % 60 + 0.5)) FROM big, generate_series(0, 3599) n;

-- The table's answer follows the table: the own transaction, a rollback to a savepoint, a rollback.
SELECT zone_of('zones', 0.5, 0.5);
BEGIN;
INSERT INTO zones VALUES (5, '((0,0),(1,0),(1,1),(0,1))');
SELECT zone_of('zones', 0.5, 0.5) AS inserted;
SAVEPOINT s;
UPDATE zones SET id = 4 WHERE id = 5;
SELECT zone_of('zones', 0.5, 0.5) AS updated;
ROLLBACK TO s;
SELECT zone_of('zones', 0.5, 0.5) AS rolled_back_to_savepoint;
DELETE FROM zones WHERE id < 30;
SELECT zone_of('zones', 0.5, 0.5) AS deleted;
TRUNCATE zones;
SELECT zone_of('zones', 0.5, 0.5) AS truncated;
ROLLBACK;
SELECT zone_of('zones', 0.5, 0.5) AS rolled_back;
-- In one expression of PL/pgSQL, run again and again while the table changes; the old rows for a cursor opened before.
DO $$
DECLARE
  zone text; seen text := ''; old_rows CURSOR FOR SELECT zone_of('zones', 0.5, 0.5) FROM generate_series(1, 2);
BEGIN
  OPEN old_rows;
  FETCH old_rows INTO zone;
  FOR n IN REVERSE 9..7 LOOP
    zone := zone_of('zones', 0.5, 0.5);
    seen := seen || zone || ' ';
    INSERT INTO zones VALUES (n, '((0,0),(1,0),(1,1),(0,1))');
  END LOOP;
  FETCH old_rows INTO zone;
  RAISE NOTICE 'new: %, cursor: %', seen, zone;
  BEGIN
    INSERT INTO zones VALUES (1, '((0,0),(1,0),(1,1),(0,1))');
    zone := zone_of('zones', 0.5, 0.5);
    RAISE division_by_zero;
  EXCEPTION WHEN division_by_zero THEN
    RAISE NOTICE 'before the rollback: %, after it: %', zone, zone_of('zones', 0.5, 0.5);
  END;
  DELETE FROM zones WHERE id < 10;
END $$;
-- A row that waits in a cursor keeps its answer while another statement has the zones read again.
DO $$
DECLARE
  rows CURSOR FOR SELECT zone, n FROM (SELECT zone_of('zones', 0.5, 0.5) AS zone OFFSET 0) z, generate_series(1, 3) n;
  waiting record; seen text := '';
BEGIN
  OPEN rows;
  FOR n IN 1..3 LOOP
    FETCH rows INTO waiting;
    seen := seen || waiting.zone || waiting.n || ' ';
    UPDATE zones SET shape = shape WHERE id = 40;
    PERFORM zone_of('zones', 0.5, 0.5), repeat('x', 100000);
  END LOOP;
  RAISE NOTICE '%', seen;
END $$;
-- Other columns, other types, renamed columns; the name follows the search_path.
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.zones (id text, shape text, other jsonb, bytes bytea);
INSERT INTO elsewhere.zones VALUES ('here', 'POLYGON((0 0,1 0,1 1,0 1,0 0))', '{"type":"Polygon","coordinates":[[[5,5],[6,5],[6,6],[5,5]]]}', NULL);
SELECT zone_of('elsewhere.zones', 0.5, 0.5), zone_of('elsewhere.zones', 5.2, 5.5, shape_column => 'other'), zone_of('elsewhere.zones', 5.2, 5.5, 'shape', 'other') AS other_id;
DO $$
DECLARE seen text := '';
BEGIN
  FOR n IN 1..2 LOOP
    seen := seen || zone_of('zones', 0.5, 0.5) || ' ';
    PERFORM set_config('search_path', 'elsewhere, starhouse', true);
  END LOOP;
  RAISE NOTICE '%', seen;
END $$;
ALTER TABLE elsewhere.zones RENAME COLUMN other TO area;
SELECT zone_of('elsewhere.zones', 5.2, 5.5, shape_column => 'area');
SELECT zone_of('elsewhere.zones', 5.2, 5.5, shape_column => 'other');

-- What a view shows may hang on a setting; what row security shows, on the user.
CREATE VIEW tenant_zones AS SELECT * FROM zones WHERE id >= current_setting('test.least')::int;
DO $$
DECLARE seen text := '';
BEGIN
  FOR n IN 1..4 LOOP
    PERFORM set_config('test.least', (n * 10)::text, true);
    seen := seen || zone_of('tenant_zones', 1, 1) || ' ';
  END LOOP;
  RAISE NOTICE 'view: %', seen;
END $$;
SET test.least = 20;
SELECT zone_of('tenant_zones', lat, lon) FROM points WHERE lat = 1 AND lon = 1;
CREATE ROLE regress_starhouse_zone_a;
CREATE ROLE regress_starhouse_zone_b;
GRANT USAGE ON SCHEMA public, starhouse TO regress_starhouse_zone_a, regress_starhouse_zone_b;
CREATE TABLE owned (id int, owner name, shape polygon);
INSERT INTO owned VALUES (1, 'regress_starhouse_zone_a', '((0,0),(1,0),(1,1),(0,1))'), (2, 'regress_starhouse_zone_b', '((0,0),(1,0),(1,1),(0,1))');
ALTER TABLE owned ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON owned USING (owner = current_user);
GRANT SELECT ON owned TO regress_starhouse_zone_a, regress_starhouse_zone_b;
SET ROLE regress_starhouse_zone_b;
SELECT zone_of('owned', 0.5, 0.5);
SELECT zone_of('zones', 0.5, 0.5);
SET ROLE regress_starhouse_zone_a;
SELECT zone_of('owned', 0.5, 0.5);
RESET ROLE;
SELECT zone_of('owned', 0.5, 0.5);
GRANT SELECT ON zones TO regress_starhouse_zone_a;
SET ROLE regress_starhouse_zone_a;
SELECT zone_of('zones', 0.5, 0.5) AS granted;
RESET ROLE;
REVOKE SELECT ON zones FROM regress_starhouse_zone_a;
SET ROLE regress_starhouse_zone_a;
SELECT zone_of('zones', 0.5, 0.5) AS revoked;
RESET ROLE;
-- More tables than are kept at once, each asked twice; partitions and temporary tables.
CREATE TABLE parts (id int, shape polygon) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
INSERT INTO parts VALUES (7, '((0,0),(1,0),(1,1),(0,1))');
CREATE TEMP TABLE temporary (id int, shape polygon);
INSERT INTO temporary VALUES (8, '((0,0),(1,0),(1,1),(0,1))');
SELECT zone_of('parts', 0.5, 0.5), zone_of('temporary', 0.5, 0.5);
DO $$
BEGIN
  FOR n IN 1..12 LOOP
    EXECUTE format('CREATE TABLE zones_%s (id int, shape polygon)', n);
    EXECUTE format('INSERT INTO zones_%s VALUES (%1$s, ''((0,0),(1,0),(1,1),(0,1))'')', n);
  END LOOP;
END $$;
SELECT turn, string_agg(zone_of(('zones_' || n)::regclass, 0.5, 0.5), ' ' ORDER BY n) FROM generate_series(1, 12) n, generate_series(1, 2) turn GROUP BY 1 ORDER BY 1;

-- Errors name the value, the place and the mend.
SELECT zone_of('zones', 90.5, 0);
SELECT zone_of('zones', 'NaN', 0);
SELECT zone_of((SELECT zone_index_agg(id, shape) FROM zones), 0, 181);
SELECT zone_of('no_such_table', 0, 0);
SELECT zone_of(4::oid::regclass, 0, 0);
SELECT zone_of('zones', 0, 0, 'no_such_column');
SELECT zone_of('zones', 0, 0, 'id', 'id');
SELECT zone_id_of('elsewhere.zones', 0.5, 0.5);
SELECT zone_id_of(zone_index_agg('a', 'POLYGON((0 0,1 0,1 1,0 0))'), 0.2, 0.5);
INSERT INTO elsewhere.zones VALUES ('broken', 'POLYGON((0 0,1 0,1 1))');
SELECT zone_of('elsewhere.zones', 0.5, 0.5);
SELECT zone_index_agg(7, '{"type":"Polygon","coordinates":[[[0,0],[1,99],[1,1],[0,0]]]}');
SELECT zone_index_agg('x', '\x01'::bytea);
SELECT zone_index_agg(7, polygon '((0,0),(1,0))');
SELECT zone_index_agg(7, '{"a":1}'::jsonb);
SELECT zone_index_merge(i) FROM (SELECT zone_index_agg(7, 'POLYGON EMPTY') UNION ALL SELECT zone_index_agg('7', 'POLYGON EMPTY'::text)) s (i);
SELECT zone_index 'AgEAAAAAAAAAAAAA';
SELECT zone_index 'AgGvfGRbkHRhlQECAgABAQQCAAIAAAIBAAYAAQEEAAACAAACAQA';
SELECT zone_index 'x';

DROP TABLE zones, points, stored, copied, big, owned, parts CASCADE;
DROP SCHEMA elsewhere CASCADE;
DO $$
BEGIN
  FOR n IN 1..12 LOOP
    EXECUTE format('DROP TABLE zones_%s', n);
  END LOOP;
END $$;
DROP OWNED BY regress_starhouse_zone_a, regress_starhouse_zone_b;
DROP ROLE regress_starhouse_zone_a;
DROP ROLE regress_starhouse_zone_b;
