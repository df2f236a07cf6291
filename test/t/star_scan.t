#!/usr/bin/env python3
"""Star scans against the executor: queries of a seeded generator over hostile tables, each run with the scan on and off.

  STAR_SCAN_QUERIES   how many for each table (default 400)
  STAR_SCAN_SEED      another way through them (default 1)

Both have to give the same rows, to the last digit of a float: a scan adds up in the order of the table, as a sequential scan
does. Where one fails the other has to fail. A test that compared a plan with itself would prove nothing, so for each table most
queries have to be planned as star scans. They run once more under a writer, under REPEATABLE READ.
"""
import json
import math
import os
import random
import re
import subprocess
import sys
import time

DATABASE = "star_scan"
QUERIES = int(os.environ.get("STAR_SCAN_QUERIES", "400"))
SEED = int(os.environ.get("STAR_SCAN_SEED", "1"))

SETTINGS = """
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET synchronize_seqscans = off;
SET enable_sort = off;
SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off;
SET jit = off;
SET TimeZone = 'America/Sao_Paulo';
SET extra_float_digits = 3;
"""

# What a query gives: its rows as text, sorted, or that it fails; and whether it is a star scan.
PREPARE = """
CREATE FUNCTION answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  rows text[];
BEGIN
  EXECUTE 'SELECT array_agg(r::text ORDER BY r::text COLLATE "C") FROM (' || query || ') AS r' INTO rows;
  RETURN coalesce(rows::text, 'none');
EXCEPTION WHEN data_exception OR feature_not_supported THEN
  RETURN 'error';
END $$;

CREATE FUNCTION is_star_scan(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
    IF line LIKE (CASE WHEN current_setting('max_parallel_workers_per_gather') = '0' THEN '%StarScan%' ELSE '%Parallel Custom Scan (StarScan)%' END) THEN
      RETURN true;
    END IF;
  END LOOP;
  RETURN false;
END $$;

-- Of each query: 1 if it is a star scan, and what differs.
CREATE FUNCTION compare(query text, OUT scanned int, OUT difference text) LANGUAGE plpgsql AS $$
DECLARE
  ours text;
  theirs text;
BEGIN
  SET starhouse.enable_star_scan = on;
  scanned := is_star_scan(query)::int;
  ours := answer(query);
  SET starhouse.enable_star_scan = off;
  theirs := answer(query);
  IF ours IS DISTINCT FROM theirs THEN
    difference := query || E'\\n  star scan: ' || left(ours, 2000) || E'\\n  executor:  ' || left(theirs, 2000);
  END IF;
END $$;
"""

TABLES = """
-- Everything, in an order that leaves no column in its place; NULLs, extremes, columns dropped and added, values out of line.
CREATE TABLE hostile (
  gone1 int, t text, i2 smallint, i4 int, gone2 text, i8 bigint, f4 real, f8 float8, fx float8, n numeric, n2 numeric(10,2),
  b boolean, d date, ts timestamp, tz timestamptz, tm time, v varchar(40), u uuid, k int, big text) WITH (autovacuum_enabled = off);
ALTER TABLE hostile ALTER big SET STORAGE EXTERNAL;
INSERT INTO hostile SELECT
  g,
  CASE g % 11 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN repeat('long ', 20 + g % 3) WHEN 3 THEN 'straße' ELSE 't' || g % 5 END,
  CASE g % 13 WHEN 0 THEN NULL WHEN 1 THEN 32767 WHEN 2 THEN -32768 ELSE g % 100 END,
  CASE g % 17 WHEN 0 THEN NULL WHEN 1 THEN 2147483647 WHEN 2 THEN -2147483648 ELSE g % 50 - 25 END,
  'gone', CASE g % 19 WHEN 0 THEN NULL WHEN 1 THEN 9223372036854775807 WHEN 2 THEN -9223372036854775808 ELSE g * 1000003::bigint END,
  CASE g % 23 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN 'Infinity' WHEN 3 THEN -0.0 WHEN 4 THEN 3.4e38 ELSE g / 7.0 END::real,
  CASE g % 29 WHEN 0 THEN NULL WHEN 1 THEN -0.0 WHEN 2 THEN 1e-300 WHEN 3 THEN 1e100 ELSE g / 3.0 END::float8,
  CASE g % 31 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN '-Infinity' WHEN 3 THEN 'Infinity' WHEN 4 THEN 0.0 WHEN 5 THEN '-0' ELSE g % 10 END::float8,
  CASE g % 37 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN repeat('9', 40)::numeric WHEN 3 THEN 1e-30 WHEN 4 THEN 0.00 WHEN 5 THEN 1.0 WHEN 6 THEN 1.000
    WHEN 7 THEN -123456789012345678.9 WHEN 8 THEN 10000 WHEN 9 THEN 100000000.0001 WHEN 10 THEN -1e200 ELSE (g % 1000)::numeric / 8 END,
  CASE g % 7 WHEN 0 THEN NULL ELSE (g % 2000 - 1000)::numeric / 100 END,
  CASE g % 5 WHEN 0 THEN NULL WHEN 1 THEN true ELSE false END,
  CASE g % 41 WHEN 0 THEN NULL WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity' WHEN 3 THEN '0044-03-15 BC' ELSE date '2018-10-20' + g % 40 END::date,
  CASE g % 43 WHEN 0 THEN NULL WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity' WHEN 3 THEN '0044-03-15 12:00 BC' ELSE timestamp '1999-12-20' + g * interval '97 minutes' END::timestamp,
  CASE g % 47 WHEN 0 THEN NULL WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity' WHEN 3 THEN '1910-05-05 12:34:56.7' WHEN 4 THEN '2150-12-31 23:59:59.999999'
    ELSE timestamptz '2018-02-15 00:00+00' + g * interval '17 minutes' END::timestamptz,
  CASE g % 3 WHEN 0 THEN NULL ELSE time '00:00' + g * interval '7 minutes' END,
  CASE g % 4 WHEN 0 THEN NULL ELSE 'v' || g % 9 END,
  CASE g % 6 WHEN 0 THEN NULL ELSE md5((g % 12)::text)::uuid END,
  g % 20,
  CASE g % 50 WHEN 0 THEN repeat('out of line ' || g % 100, 400) WHEN 1 THEN NULL ELSE 'in line' || g % 3 END
  FROM generate_series(1, 3000) AS g;
ALTER TABLE hostile DROP gone1, DROP gone2;
ALTER TABLE hostile ADD a1 int DEFAULT 7, ADD a2 text DEFAULT 'added', ADD a3 numeric DEFAULT 12.50, ADD a4 float8, ADD a5 date DEFAULT '2020-02-29', ADD a6 boolean DEFAULT true NOT NULL;
INSERT INTO hostile SELECT (hostile).* FROM (SELECT hostile FROM hostile WHERE k < 3) AS again;
-- What follows stays: rows that are dead, on pages some of whose others are not.
VACUUM hostile;
UPDATE hostile SET a1 = k, a2 = NULL, n2 = n2 + 1 WHERE k = 5;
UPDATE hostile SET a3 = NULL WHERE k = 6;
DELETE FROM hostile WHERE k IN (7, 8);

-- Fixed widths and no NULL in front, all-visible but for the last rows.
CREATE TABLE plain (i8 bigint NOT NULL, k int NOT NULL, i4 int NOT NULL, i2 smallint NOT NULL, f8 float8 NOT NULL, f4 real NOT NULL, fx float8 NOT NULL,
  b boolean NOT NULL, d date NOT NULL, ts timestamp NOT NULL, tz timestamptz NOT NULL, tm time NOT NULL, u uuid NOT NULL, n numeric NOT NULL, n2 numeric(12,2) NOT NULL, t text NOT NULL, v varchar(10) NOT NULL, big text);
INSERT INTO plain SELECT g, g % 20, g % 1000 - 500, g % 77, g / 7.0, g / 3.0, CASE WHEN g % 2 = 0 THEN '-0' ELSE '0' END::float8, g % 3 = 0, date '2011-12-25' + g % 12, timestamp '2024-01-01' + g * interval '1 hour',
  timestamptz '2024-01-01' + g * interval '29 minutes', time '12:00' + g * interval '1 second', md5((g % 30)::text)::uuid, g::numeric / 16, g::numeric / 100, 't' || g % 6, 'v' || g % 4, 'in line' || g % 2 FROM generate_series(1, 5000) AS g;
VACUUM (FREEZE, ANALYZE) plain;
INSERT INTO plain SELECT * FROM plain WHERE k = 1;

-- No row that anybody sees, which the planner does not know.
CREATE TABLE nothing (LIKE hostile) WITH (autovacuum_enabled = off);
INSERT INTO nothing SELECT * FROM hostile;
ANALYZE nothing;
DELETE FROM nothing;

CREATE TABLE wide (LIKE plain);
INSERT INTO wide SELECT g, g % 20, g, g % 77, g / 7.0, g / 3.0, 0, g % 3 = 0, date '2011-12-25' + g % 12000, timestamp '2024-01-01' + g * interval '1 minute',
  timestamptz '2024-01-01' + g * interval '29 minutes', time '12:00' + g * interval '1 second', md5(g::text)::uuid, g::numeric / 16, g::numeric / 100, 'text ' || g, 'v' || g % 4000, 'in line' || g % 2 FROM generate_series(1, 12000) AS g;
-- The planner does not know how many labels there are.
CREATE TABLE label (number int, label text) WITH (autovacuum_enabled = off, parallel_workers = 0);
INSERT INTO label SELECT g, 'label ' || g % 5 FROM generate_series(1, 100) AS g;
ANALYZE label;
TRUNCATE label;
INSERT INTO label SELECT g, 'label ' || g FROM generate_series(1, 8000) AS g;
CREATE TABLE story (number int, story text, size numeric) WITH (autovacuum_enabled = off, parallel_workers = 0);
INSERT INTO story VALUES (0, 'short', 1);
ANALYZE story;
INSERT INTO story SELECT g, repeat(chr(97 + g % 26), 1000 + g), g / 7.0 FROM generate_series(1, 500) AS g;
-- A partitioned fact, one of whose partitions has its columns the other way round, and dimensions with repeated, missing and NULL keys.
CREATE TABLE fact (LIKE hostile, item int, code text, bought date) PARTITION BY LIST (k);
CREATE TABLE fact_few PARTITION OF fact FOR VALUES IN (0, 1, 2);
DO $$
BEGIN
  EXECUTE (SELECT 'CREATE TABLE fact_turned (gone int, ' || string_agg(format('%I %s %s', attname, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'NOT NULL' END), ', ' ORDER BY attnum DESC) || ')'
           FROM pg_attribute WHERE attrelid = 'fact'::regclass AND attnum > 0 AND NOT attisdropped);
END $$;
ALTER TABLE fact_turned DROP gone;
ALTER TABLE fact ATTACH PARTITION fact_turned FOR VALUES IN (3, 4, 5, 6);
CREATE TABLE fact_rest PARTITION OF fact DEFAULT PARTITION BY LIST (b);
CREATE TABLE fact_rest_true PARTITION OF fact_rest FOR VALUES IN (true);
CREATE TABLE fact_rest_other PARTITION OF fact_rest DEFAULT;
INSERT INTO fact SELECT h.*, CASE WHEN k % 9 = 0 THEN NULL ELSE (row_number() OVER ())::int % 110 END, CASE WHEN i2 % 8 = 0 THEN NULL ELSE 'c' || (row_number() OVER ()) % 40 END,
  date '2026-01-01' + (row_number() OVER ())::int % 45 FROM hostile AS h;
-- Partitions that are ruled out when a query runs.
CREATE TABLE ranged (LIKE hostile) PARTITION BY RANGE (d);
CREATE TABLE ranged_1 PARTITION OF ranged FOR VALUES FROM (MINVALUE) TO ('2018-11-01');
CREATE TABLE ranged_2 PARTITION OF ranged FOR VALUES FROM ('2018-11-01') TO ('2018-11-12') PARTITION BY RANGE (i4);
CREATE TABLE ranged_2a PARTITION OF ranged_2 FOR VALUES FROM (MINVALUE) TO (0);
CREATE TABLE ranged_2b PARTITION OF ranged_2 FOR VALUES FROM (0) TO (7);
CREATE TABLE ranged_2c PARTITION OF ranged_2 DEFAULT;
CREATE TABLE ranged_3 PARTITION OF ranged FOR VALUES FROM ('2018-11-12') TO ('infinity');
CREATE TABLE ranged_rest PARTITION OF ranged DEFAULT;
INSERT INTO ranged SELECT * FROM hostile;
CREATE TABLE item (item_id int, item_name text, class_id bigint, made date, item_u uuid);
INSERT INTO item SELECT g, 'item ' || g % 12, CASE WHEN g % 10 = 0 THEN NULL ELSE g % 6 END, CASE WHEN g % 7 = 0 THEN NULL ELSE date '2025-01-01' + g * 5 END, md5((g % 3)::text)::uuid FROM generate_series(1, 100) AS g;
INSERT INTO item SELECT * FROM item WHERE item_id % 25 = 0 UNION ALL SELECT 13, 'other', 1, NULL, NULL UNION ALL SELECT NULL, 'none', 1, NULL, NULL;
CREATE TABLE class (class_id int, class_name varchar(20));
INSERT INTO class SELECT g, nullif('class ' || g % 3, 'class 2') FROM generate_series(0, 5) AS g;
CREATE TABLE place (place_code varchar(10), region text, lat float8);
INSERT INTO place SELECT 'c' || g, CASE WHEN g % 5 = 0 THEN NULL ELSE 'region ' || g % 4 END, g % 3 FROM generate_series(0, 30) AS g;
CREATE TABLE calendar AS SELECT d::date AS day, extract(isodow FROM d)::int AS weekday, to_char(d, 'YYYY-MM') AS month, d::date > '2026-02-01' AS late FROM generate_series(timestamp '2026-01-01', '2026-02-10', '1 day') AS d;
-- Numbers far apart, most of which nothing has.
CREATE TABLE sparse (sparse_id int, kind text);
INSERT INTO sparse SELECT g * 97, nullif('kind ' || g % 4, 'kind 3') FROM generate_series(0, 400) AS g UNION ALL SELECT -32768, 'least' UNION ALL SELECT 32767, NULL UNION ALL SELECT 7, 'seven';
-- Zones of all kinds that the server knows, by several names, some of which change their clocks at odd hours or by odd steps; two places of a name have different ones.
CREATE TABLE zone (zone_id int, zone_name text, zone text, rate numeric, open_from int);
INSERT INTO zone SELECT g, 'place ' || g % 8, (ARRAY['America/New_York', NULL, 'america/new_york', 'EST', 'MSK', '<+0545>-5:45', 'UTC', 'Pacific/Apia', 'Asia/Kolkata', 'Europe/London', 'CET-1CEST', 'Africa/Casablanca', '+03', 'Australia/Lord_Howe',
  'America/Sao_Paulo', 'posixrules', 'America/Caracas', 'EDT', 'Etc/GMT+12', 'Asia/Pyongyang'])[1 + g % 20], CASE WHEN g % 6 = 0 THEN NULL ELSE (g % 5)::numeric / 4 END, g % 7 FROM generate_series(0, 18) AS g;
UPDATE zone SET zone = 'Asia/Tehran' WHERE zone = 'posixrules';
-- What is equal, and not the same to who adds it up.
UPDATE zone SET zone = 'UTC', open_from = 3, rate = CASE WHEN zone_id = 1 THEN 1.0 ELSE 1.000 END WHERE zone_id IN (1, 9);
INSERT INTO zone SELECT zone_id, zone_name, 'Asia/Tokyo', 3, open_from FROM zone WHERE zone_id = 4 UNION ALL SELECT 77, 'nobody is here', 'Nowhere/None', 1 / 3.0, 5 UNION ALL SELECT NULL, 'place 1', 'UTC', 1, 1;
-- Each quarter of an hour around what clocks do in these, the ends of time, and beyond these in some zones.
CREATE TABLE moment (id int, place int, other int, at timestamptz, n numeric, filler text) PARTITION BY LIST (other);
CREATE TABLE moment_few PARTITION OF moment FOR VALUES IN (0, 1, 2, 3, 4, 5) WITH (autovacuum_enabled = off);
CREATE TABLE moment_rest PARTITION OF moment DEFAULT WITH (autovacuum_enabled = off);
INSERT INTO moment SELECT g, g % 23, g % 17, CASE g % 97 WHEN 0 THEN NULL WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity' WHEN 3 THEN '1883-11-18 16:59:59.999999+00' WHEN 4 THEN '2037-12-31 23:30+00' WHEN 5 THEN '2500-07-01 00:00+00'
    WHEN 6 THEN '4713-06-01 12:00+00 BC' WHEN 7 THEN '2011-12-30 09:59+00' WHEN 8 THEN '2011-12-30 10:01+00' WHEN 9 THEN '2015-08-14 15:15+00' WHEN 10 THEN '2038-01-19 03:14:08+00'
    ELSE (ARRAY['2024-03-10 04:00+00', '2024-11-03 04:00+00', '2024-03-31 00:00+00', '2024-10-27 00:00+00', '2018-02-18 00:00+00', '2016-05-01 05:00+00', '2014-10-25 20:00+00', '2021-10-02 12:00+00'])[1 + g % 8]::timestamptz + g % 40 * interval '15 minutes' END, (g % 50)::numeric / 8
  FROM generate_series(1, 4000) AS g;
-- A few rows to a page.
CREATE TABLE broad (LIKE plain);
ALTER TABLE broad ALTER big SET STORAGE PLAIN;
INSERT INTO broad SELECT i8, k, i4, i2, f8, f4, fx, b, d, ts, tz, tm, u, n, n2, t, v, repeat('in line', 100 + (i8 % 500)::int) FROM plain WHERE i8 % 3 = 0;
-- A day's numbers, then others: what is found by place is found by hash on the way, and the other way round.
CREATE TABLE turning (LIKE plain);
INSERT INTO turning SELECT CASE WHEN g < 6000 THEN g WHEN g < 6500 THEN g * 1000003::bigint ELSE g % 3000 END, g % 20, CASE WHEN g < 4000 THEN g * 8 ELSE g * 7 % 32000 END, g % 77, g / 7.0, g / 3.0, 0, g % 3 = 0,
  date '2011-12-25' + g % 12000, timestamp '2024-01-01' + g * interval '1 minute', timestamptz '2024-01-01' + g % 700 * interval '29 minutes', time '12:00' + g % 9000 * interval '1 second', md5((g % 900)::text)::uuid,
  g::numeric / 16, g::numeric / 100, 'text ' || g % 1500, 'v' || g % 4000, 'in line' || g % 2 FROM generate_series(1, 14000) AS g;
-- Blocks that indexes name: with rows behind what these summarize, moved and deleted ones, and indexes that say nothing of all rows.
CREATE TABLE indexed (LIKE broad) WITH (autovacuum_enabled = off, fillfactor = 90);
ALTER TABLE indexed ALTER big SET STORAGE PLAIN;
INSERT INTO indexed SELECT g, g % 20, g / 4 - 700, g / 100, g / 7.0, g / 3.0, g % 10, g % 3 = 0, date '2024-01-01' + g / 40, timestamp '2024-01-01' + g * interval '14 minutes', timestamptz '2024-01-01' + g * interval '14 minutes',
  time '12:00' + g * interval '1 second', md5((g % 30)::text)::uuid, g::numeric / 16, g::numeric / 100, 't' || g % 6, 'v' || g % 4, repeat('in line', 100) FROM generate_series(1, 6000) AS g;
CREATE INDEX ON indexed USING brin (d) WITH (pages_per_range = 4);
CREATE INDEX ON indexed USING brin (i4, ts) WITH (pages_per_range = 16);
CREATE INDEX ON indexed USING brin (i2 int2_minmax_multi_ops) WITH (pages_per_range = 2);
CREATE INDEX ON indexed USING brin (k int4_bloom_ops) WITH (pages_per_range = 2);
CREATE INDEX ON indexed (tz, k);
CREATE INDEX ON indexed (i8 DESC);
CREATE FUNCTION later_first(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS 'SELECT btint4cmp($2, $1)';
CREATE OPERATOR CLASS later_first FOR TYPE integer USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 later_first(integer, integer);
CREATE INDEX ON indexed (i4 later_first);
CREATE INDEX ON indexed (i4) WHERE k > 10;
CREATE INDEX ON indexed ((i4 + 0));
VACUUM ANALYZE wide, fact, ranged, item, class, place, calendar, sparse, zone, moment, broad, turning, indexed;
UPDATE indexed SET d = d + 30, tz = tz - interval '20 days', i8 = -i8 WHERE k = 3;
DELETE FROM indexed WHERE k = 4 AND i2 < 30;
INSERT INTO indexed SELECT i8 + 6000, k, i4, 99, f8, f4, fx, b, date '2024-05-30' - i4 / 10, ts, tz, tm, u, n, n2, t, v, big FROM indexed WHERE i4 % 4 = 0;
ANALYZE hostile;
UPDATE fact SET n2 = -n2 WHERE i2 = 5;
DELETE FROM fact WHERE i2 = 6;
"""

NUMBERS = {"i2": "int", "i4": "int", "i8": "int", "k": "int", "f4": "float", "f8": "float", "fx": "float", "n": "numeric", "n2": "numeric"}
KEYS = ["i2", "i4", "i8", "k", "b", "d", "ts", "tz", "tm", "t", "v", "u", "big"]
ADDED = {"a1": "int", "a3": "numeric", "a4": "float"}


# Dimensions: how each is joined, its keys, tests of it.
DIMENSIONS = [
    ("item", "item = item_id", ["item_name", "made", "item_u", "upper(item_name) || 'x'", "date_trunc('month', made::timestamp)"], ["item_name <> 'item 3'", "made > '2025-06-01'", "item_id BETWEEN 10 AND 60", "made IS NULL", "length(item_name) > 6", "item_id % 3 = 1"]),
    ("item JOIN class USING (class_id)", "item = item_id", ["class_name", "class_id", "item_name || class_name"], ["class_name = 'class 1'", "item_id + class_id > 30"]),
    ("place", "place_code = code", ["region", "place_code", "lat"], ["region IN ('region 1', 'region 3')", "lat > 0", "coalesce(region, 'none') < 'region 2'"]),
    ("calendar", "bought = day", ["weekday", "month", "late"], ["late", "weekday IN (6, 7)", "month = '2026-01'"]),
    ("calendar", "day = d", ["month"], ["NOT late"]),
    ("sparse", "sparse_id = i2", ["kind", "sparse_id"], ["kind <> 'kind 1'", "sparse_id > 5"]),
    ("zone", "zone_id = k", ["zone_name", "zone", "ZONED", "ZONED", "ZONED"], ["zone <> 'UTC'", "rate > 0.3", "zone_name <> 'place 3'"]),
    ("item LEFT JOIN class USING (class_id)", "item = item_id", ["class_name", "item_name"], ["item_id > 20"]),
    ("SELECT item_id, coalesce(item_name, '?') AS item_name, lower(class_name) AS class_name, made FROM item LEFT JOIN class USING (class_id)", "item = item_id", ["item_name", "class_name", "left(item_name, 6)"], ["item_id > 20"]),
]
# What a row without a partner is grouped by need not be NULL.
OF_NONE = {"zone": ["extract(hour FROM tz AT TIME ZONE coalesce(zone, 'Asia/Kabul'))::int", "coalesce(zone_name, t)", "zone_id IS NULL AND k > 4"],
           "item": ["coalesce(item_name, 'none')", "item_id IS NULL", "coalesce(made, date '2030-01-01') > '2025-03-01'", "CASE WHEN item_name IS NULL THEN 1 ELSE length(item_name) END"],
           "place": ["coalesce(region, place_code, '')", "place_code IS NULL", "concat(region, '!')"], "calendar": ["coalesce(month, 'never')", "late IS TRUE"], "sparse": ["coalesce(kind, 'kind 3')", "sparse_id IS NOT NULL"]}
# Conditions above an outer join that a row without a partner may meet.
ABOVE = {"zone": ["zone IS NULL", "coalesce(rate, 1) > 0.5"],
         "item": ["item_name IS NULL", "coalesce(made, d) > '2018-11-01'", "item_id IS NULL OR item_id > 30"], "place": ["region IS NULL", "coalesce(lat, 1) = k"], "calendar": ["late IS NOT TRUE", "weekday IS NULL OR k > 3"],
         "sparse": ["kind IS NULL", "coalesce(sparse_id, 0) < 500"]}


# What is made of the fact's columns and of a dimension's: clocks of its zones, and whatever the executor can work out.
ZONED = ["extract({part} FROM tz AT TIME ZONE zone)", "extract({part} FROM tz AT TIME ZONE zone)::int", "date_part('{part}', tz AT TIME ZONE zone)::bigint", "date_trunc('{unit}', tz AT TIME ZONE zone)", "(tz AT TIME ZONE zone)::date", "tz AT TIME ZONE zone",
         "date_bin('45 minutes', tz AT TIME ZONE zone, timestamp '2001-01-01')", "extract(hour FROM tz AT TIME ZONE coalesce(zone, 'Europe/Paris'))::smallint", "to_char(tz AT TIME ZONE zone, 'HH24:MI')", "ts AT TIME ZONE zone", "date_trunc('{unit}', tz, zone)",
         "round(k * rate, 4)", "coalesce(t, zone_name)", "k > open_from", "i4 / open_from", "(d + open_from)::timestamp AT TIME ZONE zone", "left(big, open_from)", "i2 + zone_id", "CASE WHEN rate > 0.5 THEN zone_name ELSE v END", "round(n2 + rate, 3)", "extract(hour FROM tz AT TIME ZONE zone) >= open_from"]
ZONED_VALUES = ["min(tz AT TIME ZONE zone)", "max(tz AT TIME ZONE zone) FILTER (WHERE k > 3)", "sum(n2 * rate)", "sum(rate)", "count(zone_name)", "count(zone) FILTER (WHERE k > open_from)", "max((tz AT TIME ZONE zone)::date)", "sum(i4 / nullif(open_from, 0))", "bool_or(open_from > i2)",
                "avg(k + rate) FILTER (WHERE b)", "starhouse.approx_count_distinct(zone_name)", "sum(CASE WHEN extract(hour FROM tz AT TIME ZONE zone) >= open_from THEN 1 ELSE 0 END)", "min(tz AT TIME ZONE coalesce(zone, 'UTC'))", "count(tz AT TIME ZONE zone)", "sum(open_from) FILTER (WHERE t = zone_name OR i4 > 0)"]


class Generator:
    def __init__(self, table, seed, any_order=False):
        self.table = table
        self.processes = any_order
        self.any_order = any_order
        self.distinct = False
        self.random = random.Random(f"{seed} {table}")
        self.numbers = dict(NUMBERS)
        self.keys = list(KEYS)
        self.star = table == "star"
        if self.star:
            self.table = "fact"
        if table in ("hostile", "nothing", "fact", "star", "ranged"):
            self.numbers.update(ADDED)
            self.keys += ["a1", "a2", "a5", "a6"]

    def pick(self, *choices):
        return self.random.choice(choices)

    def constant(self, column):
        kind = self.numbers.get(column)
        if kind == "int":
            return self.pick("0", "1", "7", "25", "-3", "100", "32767", "2147483647", "1000003", "NULL::int", "5::bigint", "9223372036854775807", "-9223372036854775808")
        if kind == "float":
            return self.pick("0::float8", "'-0'::float8", "1.5::float8", "'NaN'::float8", "'Infinity'::float8", "10::real", "100::float8", "1e100::float8")
        if kind == "numeric":
            return self.pick("0::numeric", "1.00", "5.5", "'NaN'::numeric", "-1", "0.125", "9999999999999999999999999999999999999999::numeric", "12.5")
        return {"b": self.pick("true", "false"), "a6": "true", "d": self.pick("date '2018-11-01'", "'2011-12-30'"), "a5": "date '2020-02-29'",
                "ts": self.pick("timestamp '2000-01-05'", "'infinity'"), "tz": self.pick("timestamptz '2018-02-18 02:00+00'", "now()"), "tm": "time '12:00'",
                "t": self.pick("'t1'", "''", "'straße'", "'none'"), "a2": "'added'", "big": "'in line1'", "v": self.pick("'v1'", "'v2'::text"),
                "u": "md5('1')::uuid"}[column]

    def operand(self, column):
        """Now and then known only when the query runs."""
        constant = self.constant(column)
        return f"(SELECT {constant})" if self.random.random() < 0.25 and not constant.startswith("'") else constant

    def test(self, depth=0):
        chance = self.random.random()
        if depth == 0 and self.random.random() < 0.06:
            return self.pick("(SELECT true)", "(SELECT count(*) > 3 FROM item)", "now() > '2020-01-01'", "(SELECT NULL::boolean)", "(SELECT false)")
        if depth == 0 and self.table == "ranged" and chance < 0.5:
            day = self.pick("date '2018-11-05'", "date '2018-11-12'", "date 'infinity'", "date '2018-10-25'", "NULL::date")
            return self.pick(f"d {self.pick('<', '<=', '=', '>', '>=')} (SELECT {day})", f"d BETWEEN (SELECT {day}) AND date '2018-11-20'", f"i4 {self.pick('<', '>=', '=')} (SELECT {self.pick('-3', '0', '7', '20')})")
        if depth == 0 and self.table == "indexed" and chance < 0.7:
            column, value, width = self.pick(("d", "date '2024-01-01' + {}", 150), ("ts", "timestamp '2024-01-01' + {} * interval '1 hour'", 1400), ("tz", "timestamptz '2024-01-01' + {} * interval '1 hour'", 1400),
                                             ("i4", "{} - 700", 1500), ("i8", "{}", 6000), ("i2", "{}", 60), ("i8", "{}::bigint - 3000", 6000), ("k", "{}", 20))
            first = self.random.randrange(-width // 10, width + width // 10)
            first, last = value.format(first), value.format(first + self.random.randrange(max(width // 8, 2)))
            if self.random.random() < 0.5:
                first, last = f"(SELECT {first})", f"(SELECT {last})"
            return self.pick(f"{column} BETWEEN {first} AND {last}", f"{column} >= {first} AND {column} < {last}", f"{column} {self.pick('<', '<=', '=', '>', '>=')} {first}")
        if self.random.random() < 0.1:
            # Of more than one column, or of what the core has no kernel for: the executor's expressions, row by row.
            return self.pick("i4 % 7 = 3", "i4 < k", "coalesce(i2, k) > 10", "ts::date > d", "t ILIKE 'T%'", "NOT (i4 > 3)", "(i4 > 3) IS NOT TRUE", "length(t) % 2 = 0", "pg_column_size(big) > 100", "k NOT IN (SELECT item_id FROM item WHERE item_id > 12)",
                             "(SELECT count(*) FROM class WHERE class_id < k) > 3", "t || v = 't1v1'", "n > n2", "big LIKE '%_ine%'", "u::text < '8'", "(b AND i4 > 0) IS NULL", "CASE WHEN k = 0 THEN i4 > 0 ELSE i4 / k > 1 END",
                             "md5(t) < '8'", "extract(hour FROM tz) < 12", "least(i4, i2, k) < 5")
        if depth < 2 and chance < 0.2:
            word = self.pick(" OR ", " AND ")
            return "(" + word.join(self.test(depth + 1) for _ in range(self.random.randint(2, 3))) + ")"
        column = self.pick(*self.keys, *self.numbers)
        if chance < 0.3:
            return f"{column} IS {self.pick('', 'NOT ')}NULL"
        if column in ("b", "a6") and chance < 0.6:
            return self.pick(column, f"NOT {column}", f"{column} IS TRUE", f"{column} IS NOT TRUE", f"{column} IS FALSE", f"{column} IS NOT FALSE", f"{column} IS UNKNOWN")
        if column in ("t", "v", "a2", "big") and chance < 0.55:
            pattern = self.pick("t%", "%1", "%ne%", "in line1", "%", "", "stra%", "%v%2%")
            return f"{column} {self.pick('', 'NOT ')}LIKE '{pattern}'"
        same_only = column in ("t", "v", "u", "a2", "big")
        if chance < 0.45:
            values = ", ".join(self.constant(column) for _ in range(self.random.randint(1, 12)))
            return f"{column} {self.pick('', 'NOT ')}IN ({values})"
        if chance < 0.55 and not same_only:
            return f"{column} BETWEEN {self.operand(column)} AND {self.operand(column)}"
        operation = self.pick("=", "<>") if same_only else self.pick("=", "<>", "<", "<=", ">", ">=")
        if self.random.random() < 0.2:
            return f"{self.operand(column)} {operation} {column}"
        return f"{column} {operation} {self.operand(column)}"

    def key(self):
        if self.random.random() < 0.35:
            unit = self.pick("second", "minute", "hour", "day", "week", "month", "quarter", "year")
            part = self.pick("minute", "hour", "dow", "isodow", "month", "quarter", "year")
            of_day = self.pick("day", "week", "month", "quarter", "year")
            day_part = self.pick("dow", "isodow", "month", "quarter", "year")
            return self.pick(f"date_trunc('{unit}', ts)", f"date_trunc('{unit}', tz)", f"date_trunc('{of_day}', d)", f"extract({part} FROM ts)", f"extract({part} FROM tz)",
                             f"extract({day_part} FROM d)", f"date_part('{part}', ts)", f"date_part('{day_part}', d)", "ts::date", "tz::date", f"date_trunc('{of_day}', d::timestamp)",
                             f"date_bin('{self.pick('15 minutes', '7 days 1 second')}', ts, timestamp '2001-01-01 00:00:03')", "date_bin('90 minutes', tz, timestamptz '2018-02-16 12:00+00')")
        if self.random.random() < 0.12:
            return self.pick("coalesce(t, 'none')", "i4 % 5", "upper(v)", "coalesce(i2, i4)", "b AND k > 3", "i4 > i2", "t || v", "(n2 * 2)::numeric(12,1)", "date_trunc('month', d)::date", "extract(year FROM d)::int", "d + 1", "round(n2, 1)",
                             "to_char(ts, 'YYYY-MM')", "md5(k::text)::uuid", "(SELECT max(class_name) FROM class WHERE class_id = k)", "length(big)", "k / 7", "tz AT TIME ZONE 'Asia/Kolkata'", "abs(i4::bigint)", "left(big, 9)")
        if self.random.random() < 0.12:
            # 1.0 and 1.00 are one group, which shows the first.
            place = f"{self.pick('geohash', 'geohash_cell')}({self.pick('f8', 'i2', 'k', 'n2')}::float8{self.pick('', ' / 1000')}, k::float8, {self.pick('1', '4', '7', '12')})"
            return self.pick("n2", "n2", f"starhouse.{place}", *([] if self.star or self.any_order else ["n", "n"]))
        if self.random.random() < 0.08:
            return self.pick("f8", "f4", *([] if self.star or self.any_order else ["fx"]))  # 0 and -0 are one group, which shows the first
        return self.pick(*self.keys)

    def decimal(self):
        """Exact: of no order of rows."""
        chance = self.random.random()
        column = self.pick("n", "n2", *[c for c, kind in self.numbers.items() if kind == "numeric"])
        if chance < 0.3:
            return column
        if chance < 0.5:
            return f"{column} {self.pick('*', '+', '-')} {self.pick('n2', 'k', 'i2', '1.5', 'n')}"
        if chance < 0.6:
            return f"n2 * (1 - n2) * ({self.pick('1', '0.25')} + {column})"
        if chance < 0.7:
            return f"coalesce({column}, {self.pick('n2', '0', '1.250')})"
        if chance < 0.85:
            return f"CASE WHEN {self.test(1)} THEN {column} {self.pick('', '* n2 ')}ELSE {self.pick('0', '0.00', 'n2')} END"
        return f"CASE WHEN {self.test(1)} THEN {self.pick('1', 'i4', 'i2')} WHEN {self.test(1)} THEN {self.pick('k', 'i2', '7')} {self.pick('', 'ELSE 0 ', 'ELSE coalesce(i4, -1) ')}END"

    def number(self, depth=0):
        chance = self.random.random()
        if chance < 0.6 or depth > 1:
            return self.pick("i2", "i4", "i8", "k", "f8", "fx", "f4")
        if chance < 0.8:
            return f"({self.pick('i4', 'k', 'i2', '3')} {self.pick('+', '-', '*')} {self.pick('k', 'i4', '2')})"
        if chance < 0.9:
            return f"({self.pick('i4', 'k')}::bigint {self.pick('+', '-', '*')} {self.pick('k', 'i4', '100')})"
        if chance < 0.94:
            seconds = self.pick("date_part('epoch', tz - timestamptz '2018-03-01 12:34:56.789+00')", "date_part('EPOCH', ts - (SELECT timestamp '2000-01-05 01:00'))", "date_part('epoch', timestamptz '2018-03-01' - tz)", "date_part('epoch', ts - ts)")
            return self.pick(seconds, f"power(2::float8, {self.pick('greatest', 'least')}({seconds} / 1e6::float8, {self.pick('-1000', '3', 'f8')}))", f"{self.pick('1.5', '0.5', '1')}::float8 ^ ({self.pick('fx', 'f8', 'k::float8', 'i2::float8')})",
                             f"{self.pick('greatest', 'least')}(f8, fx{self.pick('', ', 2::float8', ', k::float8')})")
        return f"({self.pick('f8', 'k::float8', 'fx')} {self.pick('+', '-', '*', '/')} {self.pick('f8', '2::float8', 'k')})"

    def own(self):
        """Starhouse's own aggregates; their states to the last bit."""
        value = self.pick("i4", "i8", "k", "d", "tz", "t", "v", "u", "f8", "fx", "a2" if "a2" in self.keys else "i2")
        number = self.pick("f8", "fx", "f4", "k", "i2", "n2")
        call = self.pick(f"starhouse.approx_count_distinct({value})", f"starhouse.approx_distinct_state({value})",
                         f"starhouse.theta_state({self.pick('i4', 'i8', 'd', 'tz', 't', 'u')})", f"starhouse.count_distinct_exact({self.pick('i4', 'i8', 'd', 'tz', 't', 'u', 'k')})",
                         f"starhouse.approx_percentile({number}::float8, {self.pick('0', '0.5', '0.99', 'ARRAY[0.1, NULL, 0.9]')})", f"starhouse.approx_percentile({number}::float8, 0.5, 0.05)",
                         f"starhouse.approx_percentile_state({number}::float8)", "starhouse.ratio(b)", f"starhouse.approx_percentile_state({number}::float8, 0.1)")
        if self.random.random() < 0.35:
            # Of more items than are counted the order of rows says which are forgotten.
            item, exact = self.pick("i4", "i8", "k", "t", "v", "u"), self.pick("f8", "k", "i2", "n2")
            fewer = ", 16" if not (self.star or self.any_order) and self.random.random() < 0.3 else ""
            call = self.pick(f"starhouse.approx_top_k({item}, {self.pick('1', '5', '100')}{fewer})", f"starhouse.approx_top_k_state({item}{fewer})", f"starhouse.percentile_exact({exact}::float8, {self.pick('0', '0.5', '0.93', 'ARRAY[0.2, NULL, 1]')})",
                             f"starhouse.percentile_exact_disc({self.pick('tz', 'i8', 'k', 'f8')}, {self.pick('0.25', '0.5', 'ARRAY[1, 0.01]')})", "starhouse.percentile_exact(tz, 0.4)", "starhouse.median_exact(i8)", f"starhouse.median_exact({exact}::float8)", "starhouse.percentile_exact(i8, 0.7)")
        elif not (self.star or self.any_order) and self.random.random() < 0.4:
            call = self.pick("starhouse.percentile_state(f8)", "starhouse.percentile_state(i4)", "starhouse.percentile_state(tz)", "starhouse.percentile_exact(fx, 0.5)", f"starhouse.trending_state(tz, {number}::float8, interval '1 day 3 hours')", "starhouse.trending_state(timestamptz '2020-01-01', k, '1 hour')",
                             f"starhouse.sum_stable({number}::float8)", f"starhouse.sum_state({number}::float8)", f"starhouse.variance_stable({number}::float8)", f"starhouse.geometric_mean(abs({number})::float8)",
                             f"starhouse.geometric_mean({number}::float8)", f"starhouse.weighted_avg({number}::float8, k)", f"starhouse.weighted_avg_state(i4, {number}::float8)")
        return call

    def aggregate(self):
        chance = self.random.random()
        if chance < 0.15:
            call = "count(*)"
        elif chance < 0.25:
            call = f"count({self.pick(*self.keys, *self.numbers, '1')})" if chance < 0.2 else f"count(CASE WHEN {self.test(1)} THEN {self.pick('1', 'true', chr(39) + 'x' + chr(39), 'i4')} END)"
        elif chance < 0.32 and self.distinct:
            call = f"count(DISTINCT {self.pick(*self.keys, 'f8', 'f4', 'fx', 'i4', 'i8', 'n', 'n2')})"
        elif chance < 0.4:
            call = f"{self.pick('sum', 'avg')}({self.decimal()})"
        elif self.star or self.any_order:
            # What depends on the order of rows is not compared: joins may turn it, and processes do.
            call = f"{self.pick('sum', 'avg')}({self.pick('n', 'n2', 'i4', 'i2', 'k', 'i8', '(k + 3)')})" if chance < 0.7 else f"{self.pick('min', 'max')}({self.pick('i4', 'd', 'tz', 'ts')})"
        elif chance < 0.5:
            call = f"{self.pick('sum', 'avg', 'min', 'max')}({self.pick('n', 'n2', *[c for c, kind in self.numbers.items() if kind == 'numeric'])})"
        elif chance < 0.6:
            call = f"{self.pick('min', 'max')}({self.pick('d', 'ts', 'tz', 'tm', 'fx', 'f8', 'f4')})"
        else:
            call = f"{self.pick('sum', 'avg', 'min', 'max')}({self.number()})"
        if self.random.random() < 0.15:
            call = self.own()
        elif self.random.random() < 0.15:
            exact = self.pick("sum(i4 % 5)", "max(length(t))", "sum(pg_column_size(n2))", "sum(round(n2, 1))", "count(i4 / k)", "sum(i4 / k)", "bool_or(i4 > 3)", "bool_and(b)", "every(k < 15)", "bool_or(t <> 't1')", "min(d + 3)", "max(greatest(ts, tz::timestamp))",
                              "count(nullif(i4, k))", "sum(length(t || big))", "min(n2 / 3)", "avg(i4 / nullif(k, 0))", "max(i2 + 0.5)", "count(t || v)", "sum(i4 / k) FILTER (WHERE k <> 0)", "sum(n2 / k) FILTER (WHERE k > 0 AND i4 < i2)",
                              "count(*) FILTER (WHERE i4 < k)", "sum(k) FILTER (WHERE i4 % 3 = 1)", "max(tz) FILTER (WHERE t IN (SELECT item_name FROM item) OR i4 < k)", "starhouse.approx_count_distinct(i4 % 100)",
                              "starhouse.approx_count_distinct(upper(t)) FILTER (WHERE i4 < k)", "sum((SELECT count(*) FROM class WHERE class_id < k))")
            call = exact if self.star or self.any_order else self.pick(exact, exact, "sum(abs(f8))", "avg(f8 / nullif(f4, 0)) FILTER (WHERE f4 > 0)", "starhouse.sum_stable(sqrt(abs(f8)))", "min(f8 ^ 0.5) FILTER (WHERE f8 > 0)")
            if self.distinct and self.random.random() < 0.5:
                call = self.pick("count(DISTINCT i4 % 10)", "count(DISTINCT coalesce(t, v))", "count(DISTINCT n2 * 2)", "count(DISTINCT i4 / nullif(k, 0))")
            return call
        if self.random.random() < 0.2:
            call += f" FILTER (WHERE {self.test(1)})"
        if self.random.random() < 0.1:
            call = f"coalesce({call}, NULL)"
        return call

    def join(self, dimension, on, own_keys, own_tests):
        """What of a query is of a dimension: the join, what is grouped by, conditions."""
        kind = self.random.choice(["inner"] * 4 + ["left"] * 4 + ["in", "exists", "not exists", "no partner"])
        own_tests = self.random.sample(own_tests, self.random.choice([0, 0, 1]))
        own_keys = self.random.sample(own_keys, self.random.choice([0, 1, 1, 2][:len(own_keys) + 1]))
        name = "item" if dimension.startswith("SELECT") else dimension.split()[0]
        unit, part = self.pick("second", "hour", "day", "week", "quarter"), self.pick("minute", "hour", "dow", "month", "year")
        own_keys = [self.pick(*ZONED).format(unit=unit, part=part) if key == "ZONED" else key for key in own_keys]
        self.zoned = name == "zone" and kind in ("inner", "left", "no partner")
        table = f"({dimension})" + " AS made_of" * dimension.startswith("SELECT") if " " in dimension else dimension
        dimension = table if dimension.startswith("SELECT") else dimension
        if kind == "inner":
            return f" JOIN {table} ON {on}", own_keys, own_tests
        limits = [self.test(1)] if kind != "in" and self.random.random() < 0.3 else []  # of the fact, in the ON
        if kind in ("exists", "not exists"):
            return "", [], [f"{kind.upper()} (SELECT FROM {dimension} WHERE " + " AND ".join([on] + own_tests + limits) + ")"]
        sides = on.split(" = ")
        other = next(side for side in sides if side in ("item_id", "place_code", "day", "sparse_id", "zone_id"))
        if kind == "in":
            own = next(side for side in sides if side != other)
            return "", [], [f"{own} IN (SELECT {other} FROM {dimension}" + "".join(f" WHERE {test}" for test in own_tests) + ")"]
        if self.random.random() < 0.4:
            own_keys.append(self.pick(*OF_NONE[name]))
        if kind == "no partner":
            return f" LEFT JOIN {table} ON " + " AND ".join([on] + limits + own_tests), own_keys, [f"{other} IS NULL"]
        if self.random.random() < 0.15:
            return f" LEFT JOIN {table} ON " + " AND ".join([on] + limits), own_keys, own_tests
        return f" LEFT JOIN {table} ON " + " AND ".join(limits + [on] + own_tests), own_keys, [self.pick(*ABOVE[name])] if self.random.random() < 0.1 else []

    def query(self):
        # Those that count different values the executor sorts.
        self.distinct = self.random.random() < 0.25
        self.any_order = self.processes or self.distinct
        keys = [self.key() for _ in range(self.random.choice([0, 0, 1, 1, 1, 2, 3]))]
        aggregates = [self.aggregate() for _ in range(self.random.randint(0 if keys else 1, 4))]
        tables, tests = self.table, []
        if self.random.random() < 0.6:
            tests = [self.test() for _ in range(self.random.randint(1, 3))]
        if self.star:
            taken = set()
            for dimension, on, own_keys, own_tests in self.random.sample(DIMENSIONS, self.random.choice([1, 1, 2, 3])):
                first = "item" if dimension.startswith("SELECT") else dimension.split()[0]
                if first not in taken:
                    taken.add(first)
                    joined, keys_there, tests_there = self.join(dimension, on, own_keys, own_tests)
                    tables += joined
                    if self.zoned:
                        aggregates += self.random.sample(ZONED_VALUES, self.random.choice([0, 0, 1, 2])) + ["count(DISTINCT (tz AT TIME ZONE zone)::date)"] * (self.distinct and self.random.random() < 0.4)
                    keys += keys_there
                    tests += tests_there
        columns = ", ".join(f"{expression} AS c{n}" for n, expression in enumerate(keys + aggregates)) or "count(*) AS c0"
        query = f"SELECT {columns} FROM {tables}"
        if tests:
            query += " WHERE " + " AND ".join(tests)
        if keys:
            query += " GROUP BY " + ", ".join(str(n + 1) for n in range(len(keys)))
        if self.random.random() < 0.15:
            query += f" HAVING count(*) {self.pick('>', '<=')} {self.pick('1', '3', '100')}"
        return query


def foremost_query(random, table):
    """The first groups in an order that leaves no two in the same place, of all or of each partition."""
    plain = ["i2", "i4", "i8", "n2", "b", "d", "ts", "tz", "tm", "k", "f4", "f8"]
    keys = random.sample(plain + ["t", 't COLLATE "C"', "v", 'coalesce(v, t) COLLATE "C"', 'big COLLATE "C"', "u", "n2 / 3", "d - 3", "date_trunc('hour', tz)", "extract(hour FROM ts)", "i4 % 7", "left(t, 1)"], random.choice([1, 2, 2, 3]))
    aggregates = random.sample(["count(*)", "sum(i4)", "sum(n2)", "max(i8)", "min(d)", "avg(i2)", "max(ts)", "count(t)", "sum(i8) / 1000", "max(f8)", "-sum(i2)", "avg(n2) FILTER (WHERE b)", "round(avg(i4), 2)", "bool_or(b)"], random.choice([1, 2, 2, 3]))
    order = random.sample(aggregates, random.choice([0, 1, 1, 2][:len(aggregates) + 1])) + random.sample(keys, len(keys))
    if random.random() < 0.3:
        random.shuffle(order)
    order = ", ".join(column + random.choice(["", "", " DESC", " DESC NULLS LAST", " NULLS FIRST"]) for column in order)
    tail = f"FROM {table}" + random.choice(["", "", " WHERE i2 > 0", " WHERE b"]) + " GROUP BY " + ", ".join(keys) + random.choice(["", "", "", " HAVING count(*) > 1", " HAVING min(i4) < 3"])
    columns = ", ".join(f"{expression} AS c{n}" for n, expression in enumerate(aggregates + keys))
    few = random.choice([1, 1, 2, 3, 10])
    if random.random() < 0.5:
        return f"SELECT {columns} {tail} ORDER BY {order} LIMIT {few}" + random.choice(["", "", " OFFSET 2"])
    place = f"{random.choice(['row_number', 'row_number', 'rank'])}() OVER (" + random.choice(["", f"PARTITION BY {keys[0]} "]) + f"ORDER BY {order})"
    return f"SELECT * FROM (SELECT {columns}, {place} AS place {tail}) AS placed WHERE {random.choice([f'place <= {few}', f'place < {few + 1}', f'{few} >= place', f'place = {few}'])}"


def psql(script, database=DATABASE):
    run = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", "-"], input=script, text=True, capture_output=True, timeout=900)
    if run.returncode != 0:
        print("\n".join("# " + line for line in run.stderr.splitlines()[:20]))
        sys.exit(f"SQL failed: {run.stderr[:500]}")
    return run.stdout


number = 0
failed = False


def ok(good, title):
    global number, failed
    number += 1
    failed = failed or not good
    print(f"{'ok' if good else 'not ok'} {number} - {title}", flush=True)


def quoted(query):
    return "$q$" + query + "$q$"


# A process gives its groups away often, and the whole scan falls into parts, with little memory.
PARALLEL = """
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
"""


def compare(table, settings="", queries=QUERIES, before="", after="", least=0.6, any_order=False):
    """How many of a table's queries differ, and whether enough of them were star scans."""
    generator = Generator(table, SEED, any_order)
    script = SETTINGS + settings + "LOAD 'starhouse';\n" + before
    for _ in range(queries):
        script += f"SELECT scanned, replace(difference, E'\\n', '~') FROM compare({quoted(generator.query())});\n"
    lines = psql(script + after).splitlines()
    lines = [line for line in lines if line[:2] in ("0|", "1|")]
    differences = [line[2:] for line in lines if line[2:]]
    for difference in differences[:5]:
        print("# " + difference.replace("~", "\n#   "))
    scanned = sum(line[0] == "1" for line in lines)
    return len(lines) == queries and not differences, scanned >= least * queries, scanned


def foremost_groups():
    """Those that a LIMIT or a condition on a window leaves: the executor's, where most of the others are left out, too."""
    psql("CREATE FUNCTION is_foremost(query text) RETURNS int LANGUAGE plpgsql AS $$ DECLARE plan text; BEGIN EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan; RETURN (plan LIKE '%Foremost Groups%')::int; END $$;")
    generator = random.Random(SEED)
    for table in ("hostile", "plain"):
        for title, settings, least in (("one process", "", 0.3), ("several processes", PARALLEL, 0.3), ("little memory", "SET work_mem = '64kB'; SET hash_mem_multiplier = 1;\n", 0.05)):
            queries = [foremost_query(generator, table) for _ in range(QUERIES // 2)]
            asked = "".join(f"SET starhouse.enable_star_scan = on; SELECT is_foremost({quoted(query)}) AS found \\gset\nSELECT :found, replace(difference, E'\\n', '~') FROM compare({quoted(query)});\n" for query in queries)
            lines = psql(SETTINGS + settings + "LOAD 'starhouse';\n" + asked).splitlines()
            different = [line for line in lines if line[2:]]
            foremost = sum(line.startswith("1|") for line in lines)
            good = len(lines) == len(queries) and not different and foremost >= least * len(queries)
            ok(good, f"the first groups of {table}, {title}" + f" ({foremost} of {len(queries)} are left out of)" * (not good))
            for line in different[:5]:
                print("# " + line[:1500].replace("~", "\n#   "))


def shares_of_few_blocks():
    """Blocks that lie together in a table of many are read by all processes: the leader takes its time, that workers are there for some."""
    psql("""
CREATE TABLE paged (id int, filler text) WITH (autovacuum_enabled = off, fillfactor = 10, parallel_workers = 2);
INSERT INTO paged SELECT g, repeat('x', 700) FROM generate_series(0, 8191) AS g;
CREATE INDEX ON paged USING brin (id) WITH (pages_per_range = 1);
VACUUM ANALYZE paged;
CREATE FUNCTION reader(id int, leader int) RETURNS int LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000 AS $$
BEGIN
  PERFORM pg_sleep(CASE WHEN pg_backend_pid() = leader THEN 0.2 ELSE 0.02 END);
  RETURN pg_backend_pid();
END $$;""")
    query = "SELECT count(*), sum(id), count(DISTINCT reader(id, %s)) > 1 FROM paged WHERE id BETWEEN 66 AND 94"
    lines = psql(SETTINGS + PARALLEL + "LOAD 'starhouse';\nSELECT format('" + query + "', pg_backend_pid()) AS query \\gset\n:query;\nEXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) :query;\n").splitlines()
    plan = "\n".join(lines[1:])
    good = lines[0] == "29|2320|t" and "Parallel Custom Scan (StarScan)" in plan and "Workers Launched: 2" in plan and "Pages Left Out: 8163\n" in plan
    ok(good, "several processes read blocks that lie together" + f" ({lines[0]}, {plan})" * (not good))


def zones_of_dimensions():
    """Times in zones that dimensions have, at the hours when clocks change and at the ends of time; prepared, in several processes, and where a zone is none."""
    joined = "FROM moment JOIN zone ON place = zone_id"
    local = "at AT TIME ZONE zone"
    queries = [f"SELECT {key}, count(*), sum(n), min({local}), max({local}) {joined} GROUP BY 1"
               for key in (local, f"extract(hour FROM {local})::int", f"extract(minute FROM {local})", f"date_trunc('hour', {local})", f"date_trunc('week', {local})", f"({local})::date", f"extract(isodow FROM {local})::int",
                           f"date_part('month', {local})", f"date_bin('20 minutes', {local}, timestamp '2000-01-01')", f"to_char({local}, 'YYYY-MM-DD HH24')", f"({local})::time", f"date_trunc('day', at, coalesce(zone, 'UTC'))")]
    # Of places that have one name, in two zones, one group; and of two dimensions.
    queries += [f"SELECT zone_name, count(*), sum(n * rate), min({local}) {joined} GROUP BY 1", f"SELECT zone_name, round(rate, 2), extract(hour FROM {local})::int, count(*) {joined} GROUP BY 1, 2, 3", f"SELECT count(*), sum(n * rate), max({local}), count(zone) {joined}",
                f"SELECT zone_name, count(DISTINCT {local}), count(DISTINCT id) {joined} GROUP BY 1",
                "SELECT a.zone_name, extract(hour FROM at AT TIME ZONE a.zone)::int, at AT TIME ZONE b.zone > at AT TIME ZONE a.zone, count(*), sum(a.rate * b.rate * n) FROM moment JOIN zone AS a ON place = a.zone_id JOIN zone AS b ON other = b.zone_id GROUP BY 1, 2, 3",
                "SELECT zone_name, extract(hour FROM at AT TIME ZONE coalesce(zone, 'Asia/Kabul'))::int, count(*), sum(n * coalesce(rate, 7)) FROM moment LEFT JOIN zone ON place = zone_id AND zone_id % 3 > 0 GROUP BY 1, 2"]
    queries += [f"SELECT zone_name, sum(rate), count(DISTINCT rate) {joined} GROUP BY 1", f"SELECT round(rate, 2), sum(rate * n), count(*) {joined} WHERE place > 5 GROUP BY 1"]
    # What is made below an outer join is NULL above it where there is no row; what looks the same and is made above it is not. Rates that are equal, 1.0 and 1.00, are one group, and in several processes either is its key.
    below = "FROM moment LEFT JOIN (SELECT zone_id, zone, rate, 1 AS one, coalesce(rate, 7) AS rated, coalesce(zone, 'Asia/Tokyo') AS own FROM zone WHERE zone_id % 3 > 0) AS z ON place = zone_id"
    queries += [f"SELECT sum(id * one), sum(id + 1), count(*) FILTER (WHERE id > 1) {below}", f"SELECT other, sum(n * rated), sum(n * coalesce(rate, 7)), sum(n * rate) {below} GROUP BY 1", f"SELECT round(rated, 2), sum(n * rate) {below} GROUP BY rated",
                f"SELECT extract(hour FROM at AT TIME ZONE own)::int, extract(hour FROM at AT TIME ZONE coalesce(zone, 'Asia/Tokyo'))::int, count(*) {below} GROUP BY 1, 2"]
    # Nobody's zone is asked for, or only for times that need none; then it is.
    bad = f"FROM (SELECT zone_id, CASE WHEN zone_id = 5 THEN 'Nowhere/None' ELSE zone END AS zone FROM zone) AS z JOIN moment ON place = zone_id"
    failing = [f"SELECT {local}, count(*) {bad} WHERE zone_id <> 5 GROUP BY 1", f"SELECT extract(year FROM {local}), count(*) {bad} WHERE place <> 5 OR at IS NULL OR NOT isfinite(at) GROUP BY 1", f"SELECT {local}, count(*) {bad} GROUP BY 1",
               f"SELECT max({local}) FILTER (WHERE place <> 5) {bad}", f"SELECT max({local}) FILTER (WHERE place <> 6) {bad}",
               # An hour too far in the east.
               f"SELECT {local}, count(*) FROM (SELECT CASE WHEN id = 55 THEN timestamptz '294276-12-31 23:30+00' ELSE at END AS at, place FROM moment) AS m JOIN zone ON place = zone_id GROUP BY 1"]
    psql("CREATE TABLE far AS SELECT g AS id, g % 23 AS place, CASE g % 3 WHEN 0 THEN timestamptz '294276-12-31 23:30+00' WHEN 1 THEN '4714-11-24 00:30+00 BC' ELSE '2026-01-01' END AS at FROM generate_series(1, 3000) AS g; ANALYZE far;")
    failing += [f"SELECT {local}, count(*) FROM far JOIN zone ON place = zone_id WHERE zone_id {which} GROUP BY 1" for which in ("= 8", "= 3 AND at < '2026-01-01'", "= 0 AND at > '2026-01-01'", "= 6", "= 18 AND at <> '2026-01-01'")]
    failing += [f"SELECT to_char({local}, 'YYYY'), count(*) FROM far JOIN zone ON place = zone_id WHERE zone_id = 8 AND at > '2026-01-01' GROUP BY 1"]
    small = "SET work_mem = '64kB'; SET hash_mem_multiplier = 1;\n"
    psql("ALTER TABLE moment_few SET (parallel_workers = 2); ALTER TABLE moment_rest SET (parallel_workers = 2); ALTER TABLE far SET (parallel_workers = 2);")
    for title, settings in (("one process", ""), ("several processes", PARALLEL), ("little memory", small), ("several processes with little memory", PARALLEL + small)):
        asked = queries + failing
        answers = psql(SETTINGS + settings + "SET TimeZone = 'Asia/Tokyo'; LOAD 'starhouse';\n" + "".join(f"SELECT scanned, replace(difference, E'\\n', '~') FROM compare({quoted(query)});\n" for query in asked)).splitlines()
        scanned = sum(line.startswith("1|") for line in answers)
        different = [line for line in answers if line not in ("0|", "1|")]
        least = len(asked) // (2 if not settings else 3)
        ok(len(answers) == len(asked) and not different and scanned >= least, f"times in zones of dimensions, {title}" + f" ({scanned} of {len(asked)} are star scans)" * (scanned < least))
        for line in different[:5] + [query for query, line in zip(asked, answers) if line == "0|" and scanned < least]:
            print("# " + line[:1500].replace("~", "\n#   "))
    # A prepared statement's plan is made once; what rows it sees, and what their zones are, changes.
    statement = f"PREPARE hours(int) AS SELECT extract(hour FROM {local})::int AS hour, count(*), sum(n * rate) {joined} WHERE id > $1 GROUP BY 1 ORDER BY 1;\nSET plan_cache_mode = force_generic_plan;\n"
    calls = "EXECUTE hours(0);\nEXECUTE hours(3000);\nEXECUTE hours(9999);\nBEGIN; UPDATE zone SET zone = 'Asia/Kathmandu', rate = 5 WHERE zone_id < 9;\nEXECUTE hours(100);\nROLLBACK;\nEXECUTE hours(100);\n"
    ours, theirs = (psql(SETTINGS + f"LOAD 'starhouse'; SET starhouse.enable_star_scan = {on};\n" + statement + calls) for on in ("on", "off"))
    plan = psql(SETTINGS + "LOAD 'starhouse';\n" + statement + "EXPLAIN EXECUTE hours(0);")
    ok(ours == theirs and ours.count("\n") > 60 and "StarScan" in plan, "prepared, with zones that change" + f" ({plan})" * ("StarScan" not in plan))


def processors():
    """That a process here may run on, and has the time of."""
    allowed = len(os.sched_getaffinity(0))
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as file:
            quota, period = file.read().split()
    except OSError:
        return allowed
    return allowed if quota == "max" else min(allowed, math.ceil(int(quota) / int(period)))


def planned_workers():
    """No more processes than processors, unless the table, or its partitions, say how many; and what they are planned at."""
    psql("CREATE TABLE parted (k int, n int) PARTITION BY LIST (k);" + "".join(f"CREATE TABLE parted_{i} PARTITION OF parted FOR VALUES IN ({i});" for i in range(3)) + """
INSERT INTO parted SELECT g % 3, g FROM generate_series(1, 30000) AS g;
CREATE TABLE alone AS SELECT g % 3 AS k, g AS n FROM generate_series(1, 30000) AS g;
VACUUM ANALYZE parted, alone;""")
    every, one = [f"parted_{i}" for i in range(3)], ["parted_1"]
    own = min(2, processors() - 1)
    reset = "".join(f"ALTER TABLE {table} RESET (parallel_workers);" for table in [*every, "alone"])
    for table, tables, workers, most, expected in (("alone", [], 0, 2, own), ("alone", ["alone"], 3, 8, 3), ("alone", ["alone"], 3, 2, 2), ("alone", ["alone"], 0, 8, 0), ("parted", [], 0, 2, own), ("parted", every, 3, 8, 3),
                                                   ("parted", every, 3, 2, 2), ("parted", every, 0, 8, 0), ("parted", one, 7, 8, 7), ("parted", one, 0, 2, own)):
        told = "".join(f"ALTER TABLE {leaf} SET (parallel_workers = {workers});" for leaf in tables)
        plan = psql(SETTINGS + PARALLEL + f"LOAD 'starhouse'; {reset}{told} SET max_parallel_workers_per_gather = {most}; SET enable_hashagg = off; EXPLAIN SELECT k, count(*) FROM {table} GROUP BY 1;")
        found = [int(count) for count in re.findall(r"Workers Planned: (\d+)", plan)]
        good = "Custom Scan (StarScan)" in plan and found == [expected] * (expected > 0)
        ok(good, f"{expected} workers, at most {most}: {told or table}" + f" ({plan})" * (not good))
    # Without a worker all groups are the leader's, and none goes through the Gather; keys of a dimension are numbered by each process for itself.
    psql("CREATE TABLE third (k int, name text); INSERT INTO third VALUES (0, 'zero'), (1, 'one'), (2, 'two'); ANALYZE third; ALTER TABLE alone SET (parallel_workers = 2);")
    for query, passed in (("SELECT k, count(*), count(DISTINCT k) FROM alone GROUP BY 1", 0), ("SELECT count(*), sum(n) FROM alone", 0), ("SELECT alone.k, count(*), sum(n) FROM alone JOIN third USING (k) GROUP BY 1", 0),
                          ("SELECT name, count(*) FROM alone JOIN third USING (k) GROUP BY 1", 1)):
        plan = json.loads(psql(SETTINGS + PARALLEL + f"LOAD 'starhouse'; SET max_parallel_workers = 0; SET enable_hashagg = off; SET enable_sort = off; EXPLAIN (ANALYZE, FORMAT JSON) {query};"))[0]["Plan"]
        gather = plan.get("Plans", [{}])[0]
        good = plan.get("Custom Plan Provider") == "StarScan" and gather.get("Node Type") == "Gather" and gather["Actual Rows"] == passed and plan["Rows Scanned"] == 30000
        ok(good, f"the leader's groups are taken over: {query}" + f" ({plan})" * (not good))
    # What an expression's subplan is hashed for each process does.
    plan = json.loads(psql(SETTINGS + PARALLEL + f"LOAD 'starhouse'; ALTER TABLE alone SET (parallel_workers = 2); SET work_mem = '64MB'; SET enable_hashagg = off;"
                           "EXPLAIN (FORMAT JSON) SELECT k, count(*) FROM alone WHERE n NOT IN (SELECT g FROM generate_series(1, 300000) AS g) GROUP BY 1;"))[0]["Plan"]
    gather = plan["Plans"][0]
    process = gather["Plans"][0] if gather["Node Type"] == "Gather" else {}
    subplan = process["Plans"][0] if process.get("Parallel Aware") else {}
    good = subplan.get("Parent Relationship") == "SubPlan" and process["Startup Cost"] >= subplan["Total Cost"]
    ok(good, "a hashed subplan costs each process what it costs one" + f" ({plan})" * (not good))


# What a process does with a row of a dimension, by who it is; the dear one's dimension is taken first, by the leader, who is there first.
IN_PROCESS = """
CREATE FUNCTION {name}(number int, leader int, leader_does text, worker_does text) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE COST {cost} AS $$
DECLARE does text := CASE WHEN pg_backend_pid() = leader THEN leader_does ELSE worker_does END;
BEGIN
  PERFORM pg_sleep(regexp_replace(does, '[^0-9.]', '', 'g')::float8);
  IF does LIKE '%fail' THEN RAISE 'failed on purpose'; END IF;
  RETURN true;
END $$;
"""


def expected_rows():
    """What is expected of ranges that are known when the query runs, and of the memory of sketches."""
    psql("CREATE TABLE timed AS SELECT g AS id, g / 100 AS day, g / 100 AS hour, g % 500 AS k FROM generate_series(1, 200000) AS g; VACUUM ANALYZE timed;")
    psql("CREATE TABLE timed_parts (LIKE timed) PARTITION BY RANGE (day); CREATE TABLE timed_few PARTITION OF timed_parts FOR VALUES FROM (0) TO (500); CREATE TABLE timed_many PARTITION OF timed_parts FOR VALUES FROM (500) TO (3000);"
         "INSERT INTO timed_parts SELECT * FROM timed; VACUUM ANALYZE timed_parts;")
    explain = "EXPLAIN (FORMAT JSON) SELECT {} FROM {} {} GROUP BY 1;"
    bounds = "{0} >= (SELECT 7) AND {0} < (SELECT 9)"
    for table in ("timed", "timed_parts"):
        plans = [json.loads(psql(SETTINGS + "LOAD 'starhouse';" + explain.format("id, count(*)", table, "WHERE " + " AND ".join(bounds.format(column) for column in columns))))[0]["Plan"]
                 for columns in (["day"], ["day", "hour"])]
        good = all(plan.get("Custom Plan Provider") == "StarScan" for plan in plans) and plans[1]["Plan Rows"] >= plans[0]["Plan Rows"] / 2 >= 400
        ok(good, f"ranges of two columns are not taken for independent, {table}" + f" ({plans})" * (not good))
    # 400 rows a key: 8 kB, as their hashes have it.
    costs = [json.loads(psql(SETTINGS + f"SET enable_hashagg = off; SET hash_mem_multiplier = 1; SET work_mem = '{memory}'; LOAD 'starhouse';" + explain.format("k, starhouse.approx_count_distinct(id)", "timed", "")))[0]["Plan"]["Total Cost"]
             for memory in ("5MB", "64MB")]
    ok(costs[0] == costs[1], "sketches of few values are expected to fit" + f" ({costs})" * (costs[0] != costs[1]))
    plan = psql(SETTINGS + "SET enable_hashagg = off; SET hash_mem_multiplier = 1; SET work_mem = '5MB'; LOAD 'starhouse'; EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) SELECT k, starhouse.approx_count_distinct(id) FROM timed GROUP BY 1;")
    ok("Scans of the Table: 1\n" in plan, "and do" + f" ({plan})" * ("Scans of the Table: 1\n" not in plan))
    # As large as the rows that they come from, they gain nothing by several processes.
    several = SETTINGS + PARALLEL + "ALTER TABLE timed SET (parallel_workers = 2); SET work_mem = '64MB'; SET enable_hashagg = off; LOAD 'starhouse'; EXPLAIN SELECT {}, {} FROM timed GROUP BY 1;"
    sent = ["Parallel Custom Scan (StarScan)" in psql(several.format(*query)) for query in (("k", "count(*)"), ("k > 250", "starhouse.approx_count_distinct(id)"), ("k", "starhouse.approx_count_distinct(id)"))]
    ok(sent == [True, True, False], "sketches of few values each are not sent from process to process" + f" ({sent})" * (sent != [True, True, False]))


def shared_dimensions():
    """Dimensions that one process reads for all: whoever fails or is cancelled, nobody waits for ever, and the session goes on."""
    psql(IN_PROCESS.format(name="dear", cost=1000000) + IN_PROCESS.format(name="cheap", cost=1000) + """
CREATE TABLE tag (number int, far bigint, name text, label text, seventh int) WITH (autovacuum_enabled = off, parallel_workers = 0);
INSERT INTO tag SELECT g, CASE g WHEN 1 THEN 1000000000000003 ELSE g END, 'text ' || g, 'tag ' || g % 5, CASE WHEN g % 7 > 0 THEN g % 7 END FROM generate_series(1, 1000) AS g;
ANALYZE tag;""")
    settings = SETTINGS + PARALLEL + "LOAD 'starhouse'; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_nestloop = off;\n"
    condition = "{0}.number BETWEEN 7 AND 8 AND {1}({0}.number, pg_backend_pid(), '{{}}', '{{}}')"
    query = f"SELECT a.label, b.label, count(*), sum(k) FROM wide JOIN tag AS a ON i4 = a.number JOIN tag AS b ON i8 = b.number WHERE {condition.format('a', 'dear')} AND {condition.format('b', 'cheap')} GROUP BY 1, 2 ORDER BY 1, 2"
    # The leader's number as a constant: each process would have its own.
    run = "SELECT format('{}', pg_backend_pid()) AS query \\gset\n".replace("{}", query.replace("'", "''").replace("pg_backend_pid()", "%1$s"))
    for title, does, timeout, expected in (("nobody fails", ("0.2", "0.2", "0", "0.2"), 0, "tag 2|tag 2|1|7"), ("a worker fails while the leader waits", ("0.2", "0.2", "1 fail", "0.6 fail"), 0, "failed on purpose"),
                                           ("the leader fails while workers wait", ("0.6 fail", "0.6 fail", "0", "0"), 0, "failed on purpose"), ("a time-out while the leader waits", ("0.1", "0.1", "30", "30"), 700, "statement timeout"),
                                           ("a time-out while workers wait", ("30", "30", "0", "0"), 700, "statement timeout")):
        for _ in range(3):  # on a busy machine the other process may come too late to be waited for
            begun = time.monotonic()
            done = subprocess.run(["psql", "-XqAt", "-d", DATABASE, "-f", "-"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                                  input=settings + run.format(*does) + f"SET statement_timeout = {timeout};\n:query;\nSET statement_timeout = 0;\nEXPLAIN :query;\nSELECT label, count(*) FROM wide JOIN tag ON i4 = number GROUP BY 1 ORDER BY 1 LIMIT 1;\n")
            lines = done.stdout.splitlines()
            good = expected in lines[0] and lines[-1] == "tag 0|200" and "Parallel Custom Scan (StarScan)" in done.stdout and time.monotonic() - begun < 15
            if good:
                break
        ok(good, f"dimensions of several processes: {title}" + f" ({done.stdout})" * (not good))
    # Each is read once, whoever there is.
    counted = "SELECT a.label, b.label, count(*), sum(k), count(DISTINCT u) FROM wide JOIN tag AS a ON i4 = a.number JOIN tag AS b ON i8 = b.number GROUP BY 1, 2"
    for workers in (2, 1, 0):
        # That many may run on the server, of all sessions: fewer where others have them.
        most, launched = ("", "2") if workers == 2 else (f"SET max_parallel_workers = {workers};", f"[0-{workers}]")
        for _ in range(3):
            plan = psql(settings + f"{most} EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) {counted};")
            loops = re.findall(r"Scan on tag .*loops=(\d+)", plan)
            answers = psql(settings + f"{most} SELECT scanned, difference FROM compare({quoted(counted)});").splitlines()
            good = loops == ["1", "1"] and "Workers Planned: 2" in plan and re.search(f"Workers Launched: {launched}\n", plan) and answers == ["1|"]
            if good:
                break
        ok(good, f"dimensions are read once, with {workers} workers of 2" + f" ({plan}; {answers})" * (not good))
    # What they share takes memory that all can have, which may be little: not where nobody else is.
    psql("""CREATE FUNCTION shared_memory(of_row int) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE COST 100000 AS $$
SELECT sum(('x' || lpad(line[2], 16, '0'))::bit(64)::bigint - ('x' || lpad(line[1], 16, '0'))::bit(64)::bigint)::bigint + of_row * 0
  FROM regexp_matches(pg_read_file('/proc/self/maps'), '^([0-9a-f]+)-([0-9a-f]+) .*(?:/dev/shm/PostgreSQL|/pg_dynshmem/|/SYSV)', 'gn') AS line $$;
CREATE TABLE many AS SELECT g AS number, repeat('long ', 250) || g AS label FROM generate_series(1, 8000) AS g;
ALTER TABLE many SET (parallel_workers = 0);
VACUUM ANALYZE many;""")
    taken = []
    for most in ("", "SET max_parallel_workers = 0;"):
        lines = psql(settings + f"SET work_mem = '64MB'; {most} SELECT max(memory) FROM (SELECT label, max(shared_memory(k)) AS memory FROM wide JOIN many ON i4 = number WHERE i4 < 100 GROUP BY 1) AS of_labels;"
                     "EXPLAIN SELECT label, max(shared_memory(k)) FROM wide JOIN many ON i4 = number WHERE i4 < 100 GROUP BY 1;").splitlines()
        taken.append(int(lines[0]) if "Parallel Custom Scan (StarScan)" in "".join(lines) else -1)
    ok(taken[0] > taken[1] + 5000000 and taken[1] >= 0, "dimensions are in shared memory where there are workers, only" + f" ({taken})" * (not taken[0] > taken[1] + 5000000))
    # What rows without a partner are grouped by is known once, however often a process gives its different values away.
    psql("""CREATE FUNCTION value_memory(of_row int) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE COST 100 AS $$
SELECT max(total_bytes) + of_row * 0 FROM pg_backend_memory_contexts WHERE name = 'star scan dimension''s values' $$;
CREATE TABLE lonely AS SELECT g AS id, g % 3000 AS number FROM generate_series(1, 200000) AS g;
ALTER TABLE lonely SET (parallel_workers = 2);
VACUUM ANALYZE lonely;""")
    named = "SELECT name, count(DISTINCT id) AS ids, max(CASE WHEN id % 3000 = 0 THEN value_memory(id) END) AS memory FROM lonely LEFT JOIN tag USING (number) GROUP BY 1"
    lines = psql(settings + f"SET work_mem = '128kB'; SET hash_mem_multiplier = 1; SET enable_hashagg = off; SET enable_sort = off; SELECT sum(ids), max(memory) FROM ({named}) AS of_names; EXPLAIN {named};").splitlines()
    ids, memory = lines[0].split("|")
    ok(ids == "200000" and 0 < int(memory or 0) < 300000 and "Parallel Custom Scan (StarScan)" in "".join(lines), "a dimension's values take the same memory to the end" + f" ({lines})" * (not 0 < int(memory or 0) < 300000))
    # Again and again, of all kinds: by place, by hash, of several rows, by texts and by two columns, grouped by texts, numbers and NULL.
    again = settings + "SET enable_material = off; SET enable_nestloop = on; SET enable_hashjoin = on;\n"
    for query in ("SELECT label, count(*), sum(k) FROM wide JOIN tag ON i4 = number GROUP BY 1", "SELECT seventh, count(*), sum(k) FROM wide JOIN tag ON i8 = far GROUP BY 1",
                  "SELECT label, seventh, count(*), sum(i4) FROM wide JOIN tag ON k = seventh GROUP BY 1, 2", "SELECT number, count(*) FROM wide JOIN tag ON t = name GROUP BY 1",
                  "SELECT label, seventh, count(*) FROM wide JOIN tag ON t = name AND i4 = number GROUP BY 1, 2", "SELECT count(*), sum(i4) FROM wide JOIN tag ON i4 = number AND number < 0",
                  "SELECT coalesce(label, 'tag 3'), count(*), sum(k) FROM wide LEFT JOIN tag ON i4 = number GROUP BY 1", "SELECT seventh, count(*), sum(k) FROM wide LEFT JOIN tag ON i8 = far AND number > 3 GROUP BY 1",
                  "SELECT coalesce(label, 'tag 3'), count(*), sum(k) FROM wide LEFT JOIN tag ON i4 = number AND k > 3 AND left(v, 2) <> 'v1' GROUP BY 1",
                  "SELECT coalesce(label, 'none'), seventh, count(*) FROM wide LEFT JOIN tag ON t = name WHERE seventh IS NULL OR seventh > 2 GROUP BY 1, 2",
                  "SELECT k, count(*) FROM wide WHERE t IN (SELECT name FROM tag WHERE seventh = 3) GROUP BY 1", "SELECT k, count(*) FROM wide WHERE NOT EXISTS (SELECT FROM tag WHERE number = i4) GROUP BY 1"):
        answers = psql(again + f"SELECT scanned, replace(difference, E'\\n', '~') FROM compare({quoted(f'SELECT g, s.* FROM generate_series(1, 3) AS g CROSS JOIN ({query}) AS s')});").splitlines()
        ok(answers == ["1|"], f"several processes, run again: {query}" + f" ({answers})" * (answers != ["1|"]))


def main():
    psql(f"DROP DATABASE IF EXISTS {DATABASE};", "postgres")
    psql(f"CREATE DATABASE {DATABASE};", "postgres")
    psql("CREATE EXTENSION starhouse;" + PREPARE + SETTINGS + TABLES)

    for table, title in (("hostile", "NULLs, extremes, dropped and added columns, values out of line"), ("plain", "columns in their places"), ("nothing", "no row")):
        same, enough, scanned = compare(table)
        ok(same, f"{title}: {QUERIES} queries as the executor answers them")
        ok(enough, f"{title}: most are star scans ({scanned})" if not enough else f"{title}: most are star scans")

    for table, title in (("broad", "few rows to a page"), ("turning", "keys that lie close and then do not")):
        same, enough, _ = compare(table, queries=QUERIES // 4)
        ok(same and enough, f"{title}: queries as the executor answers them, and most are star scans")

    for table, title in (("fact", "a partitioned table"), ("ranged", "partitions ruled out"), ("indexed", "blocks left out"), ("star", "joins with dimensions")):
        same, enough, scanned = compare(table)
        ok(same, f"{title}: {QUERIES} queries as the executor answers them")
        ok(enough, f"{title}: most are star scans" + ("" if enough else f" ({scanned})"))

    plan = psql("LOAD 'starhouse'; SET max_parallel_workers_per_gather = 0; EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) SELECT count(*), sum(n) FROM indexed WHERE d >= (SELECT date '2024-02-01') AND d < (SELECT date '2024-02-11');"
                "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) SELECT count(*), sum(n) FROM indexed WHERE tz BETWEEN (SELECT timestamptz '2024-02-01') AND (SELECT timestamptz '2024-02-02');")
    left_out = [int(line.split(": ")[1]) for line in plan.splitlines() if "Pages Left Out" in line]
    ok(len(left_out) == 2 and min(left_out) > 400, "a range that is known when the query runs leaves out blocks, by BRIN indexes and by B-trees" + f" ({left_out})" * (len(left_out) != 2 or min(left_out) <= 400))
    # Of each of two runs what it ruled out, and after a rescan that of the last one.
    lateral = "SELECT sum(c) FROM (VALUES {}) AS v (low, high) CROSS JOIN LATERAL (SELECT count(*) AS c FROM ranged WHERE d >= v.low AND d < v.high AND n2 IS NOT NULL) AS s"
    for values, last in (("(date '2018-10-25', date '2018-10-30'), ('2018-11-13', '2018-12-01')", 4), ("(date '2018-11-13', date '2018-12-01'), ('2018-10-25', '2018-11-05')", 1)):
        plan = psql(f"LOAD 'starhouse'; SET max_parallel_workers_per_gather = 0; SET enable_memoize = off; EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) {lateral.format(values)};")
        ruled_out = [int(line.split(": ")[1]) for line in plan.splitlines() if "Partitions Ruled Out" in line]
        ok(ruled_out == [last], f"partitions ruled out after a rescan: {last}" + f" (not {ruled_out})" * (ruled_out != [last]))
        answer, expected = (psql(f"LOAD 'starhouse'; SET starhouse.enable_star_scan = {on}; {lateral.format(values)};") for on in ("on", "off"))
        ok(answer == expected != "0\n", "and the answers are the executor's")

    psql("".join(f"ALTER TABLE {table} SET (parallel_workers = 2);" for table in ("hostile", "indexed", "fact_few", "fact_turned", "fact_rest_true", "fact_rest_other", "wide")))
    for table, title, least in (("hostile", "several processes", 0.4), ("indexed", "several processes, blocks left out", 0.4), ("fact", "several processes, a partitioned table", 0.4), ("star", "several processes, joins with dimensions", 0.15)):
        same, enough, scanned = compare(table, PARALLEL, QUERIES // 4, least=least, any_order=True)
        ok(same, f"{title}: queries as the executor answers them")
        ok(enough, f"{title}: enough are parallel star scans" + ("" if enough else f" ({scanned})"))
    same, enough, scanned = compare("wide", PARALLEL + "SET work_mem = '64kB'; SET hash_mem_multiplier = 1;\n", QUERIES // 8, least=0.1, any_order=True)
    ok(same, "several processes, groups beyond work_mem")
    ok(enough, "and some of these are parallel star scans" + ("" if enough else f" ({scanned})"))

    # Dimensions that the planner thinks to be small, in one process and in several.
    small = "SET work_mem = '64kB'; SET hash_mem_multiplier = 1;\n"
    # Rows without a partner come once, whatever part their key, or their group, is of.
    outer, far = "FROM wide LEFT JOIN label ON i4 = number AND number % 2 = 0", "FROM wide LEFT JOIN label ON i4 = number + 3000 AND number % 1 = 0"
    beyond = [f"SELECT count(*), sum(k), min(tz) {outer}", f"SELECT label, count(*), sum(k), count(DISTINCT u) {outer} GROUP BY 1", f"SELECT coalesce(label, 'label 8'), count(*), sum(k) {outer} GROUP BY 1",
              f"SELECT label IS NULL, k, count(*) {far} GROUP BY 1, 2", "SELECT k, count(*), sum(n) FROM wide WHERE NOT EXISTS (SELECT FROM label WHERE number = i4 AND number % 2 = 0) GROUP BY 1",
              "SELECT k, count(*), sum(n) FROM wide WHERE i4 IN (SELECT number FROM label WHERE number % 3 = 1) GROUP BY 1",
              f"SELECT label, count(*), sum(k) {outer} AND k > 5 GROUP BY 1", f"SELECT label IS NULL, k, count(*) {far} AND t LIKE '%1' AND i2 < k GROUP BY 1, 2",
              "SELECT k, count(*), sum(n) FROM wide WHERE NOT EXISTS (SELECT FROM label WHERE number = i4 AND number % 2 = 0 AND k IN (1, 2, 3) AND upper(v) <> 'V1') GROUP BY 1",
              "SELECT a.label, b.label, sum(n) FROM wide LEFT JOIN label AS a ON i4 = a.number AND a.number % 4 = 0 LEFT JOIN label AS b ON i8 = b.number AND b.number % 2 = 1 WHERE k < 10 GROUP BY 1, 2"]
    for title, settings in (("one process", ""), ("several processes", PARALLEL)):
        script = SETTINGS + settings + small + "LOAD 'starhouse';\n"
        one, two = "FROM wide JOIN label ON i4 = number WHERE number % 1 = 0", "FROM wide JOIN label AS a ON i4 = a.number JOIN label AS b ON i8 = b.number WHERE a.number % 1 = 0 AND b.number % 1 = 0"
        for query in (f"SELECT count(*), sum(k), min(tz) {one}", f"SELECT label, count(*), sum(k), count(DISTINCT u) {one} GROUP BY 1", f"SELECT t, k, count(*) {one} GROUP BY 1, 2",
                      f"SELECT right(label, 1), count(*), count(DISTINCT i8), count(DISTINCT t) {one} GROUP BY 1", f"SELECT k, label, starhouse.approx_count_distinct(t) {one} GROUP BY 1, 2",
                      f"SELECT a.label, b.label, sum(n), count(DISTINCT k) {two} GROUP BY 1, 2", *beyond):
            script += f"SELECT scanned, replace(difference, E'\\n', '~') FROM compare({quoted(query)});\n"
        answers = psql(script).splitlines()
        ok(answers == ["1|"] * (6 + len(beyond)), f"dimensions beyond work_mem, {title}")
        plan = psql(SETTINGS + settings + small + f"LOAD 'starhouse'; EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) SELECT label, count(*) {one} GROUP BY 1;")
        ok("Parts of Dimensions" in plan, f"and these are read in parts, {title}")
        for line in answers:
            if line != "1|":
                print("# " + line[:1500].replace("~", "\n#   "))
    # What an expression alone takes of a dimension, and nothing is grouped by: few keys with much behind each.
    joined = "FROM wide {} JOIN story ON i4 = number AND number % 1 = 0"
    taken = [f"SELECT sum(length(story || t)), count(*), min(tz) {joined.format('')}", f"SELECT k, sum(k * size), count(*) FILTER (WHERE story > t) {joined.format('')} GROUP BY 1",
             f"SELECT k, count(DISTINCT left(story || t, 3) || k), sum(k * coalesce(size, -1)) {joined.format('LEFT')} WHERE k < 12 GROUP BY 1"]
    for title, settings in (("one process", small), ("several processes", PARALLEL + small)):
        settings += "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_nestloop = off;\n"
        answers = psql(SETTINGS + settings + "LOAD 'starhouse';\n" + "".join(f"SELECT scanned, replace(difference, E'\\n', '~') FROM compare({quoted(query)});\n" for query in taken)).splitlines()
        ok(answers == ["1|"] * len(taken), f"what is taken of a dimension goes beyond work_mem, {title}" + f" ({answers})" * (answers != ["1|"] * len(taken)))
        plan = psql(SETTINGS + settings + f"LOAD 'starhouse'; EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) {taken[0]};")
        parts = [int(count) for count in re.findall(r"Parts of Dimensions: (\d+)", plan)]
        ok(len(parts) >= 1 and parts[0] >= 8, f"and is read in as many parts as it takes, {title}" + f" ({plan})" * (not parts or parts[0] < 8))
    # A key with many rows, or a row with much behind it, has no room in any part: it is not looked for a smaller one without end.
    psql("CREATE TABLE crowded (number int, name text) WITH (autovacuum_enabled = off, parallel_workers = 0); INSERT INTO crowded VALUES (0, 'none'); ANALYZE crowded;"
         "INSERT INTO crowded SELECT CASE WHEN g % 2 = 0 THEN 5 ELSE g % 1000 END, 'name ' || g % 7 FROM generate_series(1, 10000) AS g;")
    of_few = "wide.k IN (5, 17) AND number % 1 = 0"
    heavy = "(SELECT number, repeat(max(story), CASE number WHEN 77 THEN 90 ELSE 1 END) AS story FROM story GROUP BY number) AS heavy"
    crowds = [f"SELECT name, count(*), sum(k) FROM wide JOIN crowded ON i4 = number WHERE {of_few} GROUP BY 1", f"SELECT k, count(*), sum(length(name || t)) FROM wide JOIN crowded ON i4 = number WHERE {of_few} GROUP BY 1",
              f"SELECT k, count(*) FROM wide WHERE i4 IN (SELECT number FROM crowded WHERE number % 1 = 0) AND k IN (5, 17) GROUP BY 1", f"SELECT k, sum(length(story || t)) FROM wide JOIN {heavy} ON i4 = number WHERE {of_few} GROUP BY 1",
              f"SELECT story, count(*), sum(k) FROM wide JOIN {heavy} ON i4 = number WHERE {of_few} GROUP BY 1"]
    for title, settings in (("one process", small), ("several processes", PARALLEL + small)):
        settings = SETTINGS + settings + "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_nestloop = off; SET enable_hashagg = off;\n"
        plans = [psql(settings + f"LOAD 'starhouse'; EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) {query};") for query in crowds]
        parts = [int((re.findall(r"Parts of Dimensions: (\d+)", plan) or ["0"])[0]) for plan in plans]
        ok(all(1 < count <= 256 for count in parts), f"what no smaller part has room for is not looked for in smaller ones, {title}" + f" ({parts})" * (not all(1 < count <= 256 for count in parts)))
        answers = psql(settings + "SET statement_timeout = '60s'; LOAD 'starhouse';\n" + "".join(f"SELECT scanned, replace(difference, E'\\n', '~') FROM compare({quoted(query)});\n" for query in crowds)).splitlines()
        ok(answers == ["1|"] * len(crowds), f"and the answers are the executor's, {title}" + f" ({answers})"[:1000] * (answers != ["1|"] * len(crowds)))
    labels = f"SELECT scanned, difference FROM compare({quoted('SELECT label, count(*), sum(k), count(DISTINCT u) FROM wide JOIN label ON i4 = number WHERE number % 1 = 0 GROUP BY 1')});"
    answers = psql(SETTINGS + PARALLEL + "SET work_mem = '64kB'; SET hash_mem_multiplier = 1;\nLOAD 'starhouse';\n" + labels).splitlines()
    ok(answers == ["1|"], "several processes, groups of a dimension beyond work_mem")
    zones_of_dimensions()
    foremost_groups()
    planned_workers()
    shares_of_few_blocks()
    expected_rows()
    shared_dimensions()
    same, enough, scanned = compare("wide", "SET work_mem = '64kB'; SET hash_mem_multiplier = 1;\n", QUERIES // 4, least=0.3)
    ok(same, "groups beyond work_mem")
    ok(enough, "and many of these are star scans")

    # Dimensions with conditions, which are found page by page: the rows of the server's own scan, and its figures; read again with other parameters, and in parts.
    zero = "(SELECT count(*)::int FROM generate_series(1, 0))"
    joined = "FROM wide AS w JOIN hostile AS h ON w.i8 = h.i4"
    conditions = ["h.big LIKE 'out of line%'", "h.t = 'straße'", "h.n > 100", "h.a1 = 7", "h.a2 IS NULL", "h.b", "h.d >= (SELECT date '2018-11-01')", "h.i2 IN (1, 2, 3)", "h.a4 IS NULL", "h.t = 't1' OR h.i4 < 3",
                  "h.fx = 'NaN'", "h.v = 'v3' AND h.n2 < 5", "h.u = md5('3')::uuid", "h.k = 5", "h.k IN (6, 7, 8)", "h.tz > now() - interval '100 years'", "h.t > 't1'", "h.b AND h.i2 + 1 > h.k"]
    script = SETTINGS + "LOAD 'starhouse';\n"
    for condition in conditions:
        script += f"SELECT scanned, replace(difference, E'\\n', '~') FROM compare({quoted(f'SELECT h.t, h.n2, count(*), sum(w.k), min(w.tz) {joined} WHERE {condition} GROUP BY 1, 2')});\n"
    for query in (f"SELECT v.x, s.* FROM (VALUES (1), (2), (2), (5), (7)) AS v (x) CROSS JOIN LATERAL (SELECT h.t, count(*), sum(w.k) {joined} WHERE h.k = v.x GROUP BY 1) AS s",
                  f"SELECT h.t, count(*), sum(w.k) {joined} WHERE h.t = 'no such' AND h.i4 > 100 / {zero} GROUP BY 1",
                  f"SELECT h.n, count(*), sum(w.k) {joined} WHERE h.n = 1 GROUP BY 1", "SELECT t, k, count(*), sum(n) FROM hostile WHERE t = 't1' AND k = 3 GROUP BY 1, 2",
                  "SELECT t, count(*) FROM hostile WHERE t = 'no such' GROUP BY t"):
        script += f"SELECT scanned, replace(difference, E'\\n', '~') FROM compare({quoted(query)});\n"
    answers = psql(script).splitlines()
    ok(answers == ["1|"] * (len(conditions) + 5), "dimensions with conditions")
    for line in answers:
        if line != "1|":
            print("# " + line[:1500].replace("~", "\n#   "))
    figures = []
    for on in ("on", "off"):
        plan = psql(SETTINGS + f"LOAD 'starhouse'; SET starhouse.enable_star_scan = {on};" + "".join(
            f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT h.t, count(*) {joined} WHERE {condition} GROUP BY 1;" for condition in conditions)).splitlines()
        figures.append([[line.strip(" ->") for line in plan[i:i + 3] if "Seq Scan on hostile" in line or "Removed by Filter" in line] for i, line in enumerate(plan) if "Seq Scan on hostile" in line])
    ok(figures[0] == figures[1] and len(figures[0]) == len(conditions) and sum(len(one) == 2 for one in figures[0]) >= 12, "and EXPLAIN ANALYZE tells of their scans what it tells of the server's")
    for ours, theirs in zip(*figures):
        if ours != theirs:
            print(f"# {ours} is {theirs}")
    # A key held to one value: what else equals it in a dimension's plan may be NULL in its rows, or not be among them.
    psql("""CREATE TABLE held AS SELECT g AS id, g % 20 AS k, g % 12 AS a FROM generate_series(1, 2500) AS g;
        CREATE TABLE holding AS SELECT g % 15 AS id, g % 9 AS x, g % 7 AS y, 'n' || g % 4 AS name FROM generate_series(1, 20) AS g;
        INSERT INTO holding VALUES (100, 50, 2147483647, 'met by nobody'); ANALYZE held, holding;""")
    held = ["SELECT d.name, count(*) FROM held f JOIN (holding d LEFT JOIN holding e ON d.x = e.x AND e.y = 5) ON f.k = d.id WHERE f.k = 5 GROUP BY 1",
            "SELECT d.name, count(*) FROM (holding d LEFT JOIN holding e ON d.x = e.x AND e.y = 5) JOIN held f ON f.k = d.id WHERE f.k = 5 AND e.id IS NULL GROUP BY 1",
            "SELECT d.name, count(*) FROM held f LEFT JOIN (holding d LEFT JOIN holding e ON d.x = e.x AND e.y = 5) ON f.k = d.id WHERE f.k = 5 GROUP BY 1",
            "SELECT count(*) FROM held f WHERE f.k = 5 AND NOT EXISTS (SELECT FROM holding d LEFT JOIN holding e ON d.x = e.x AND e.y = 5 WHERE d.id = f.k)",
            "SELECT d.name, count(*) FROM held f, (SELECT name, max(id) AS m FROM holding GROUP BY name) d WHERE f.k = 14 AND d.m = 14 GROUP BY 1",
            "SELECT e.name, count(*) FROM held f, holding d, holding e WHERE d.x = e.x AND f.k = 5 AND d.id = 5 GROUP BY 1",
            "SELECT d.name, count(*) FROM held f, (SELECT name, id FROM holding UNION ALL SELECT name, id FROM holding) d WHERE f.k = 5 AND d.id = 5 GROUP BY 1",
            # Keys that fail for rows which are not asked for.
            "SELECT 10 / (d.x - 5), count(*) FROM held f LEFT JOIN holding d ON f.k = d.id WHERE coalesce(d.x, 1) <> 5 GROUP BY 1",
            "SELECT d.id + 2147483640, count(*) FROM held f LEFT JOIN holding d ON f.k = d.id WHERE coalesce(d.id < 4, true) GROUP BY 1",
            "SELECT 10 / coalesce(d.x, 0), count(*) FROM held f LEFT JOIN holding d ON f.k = d.id WHERE coalesce(d.x, 0) <> 0 GROUP BY 1",
            "SELECT 10 / (d.id - 5), count(*) FROM held f JOIN holding d ON f.k = d.id WHERE f.k <> 5 GROUP BY 1",
            "SELECT mod(10, d.x - 50), count(*) FROM held f JOIN holding d ON f.k = d.id GROUP BY 1",
            "SELECT to_date(replace(d.name, 'n', '2026-01-0'), 'YYYY-MM-DD'), count(*) FROM held f JOIN holding d ON f.k = d.id WHERE d.name <> 'n0' GROUP BY 1",
            "SELECT d.name, count(*) FROM held f LEFT JOIN holding d ON f.k = d.id WHERE coalesce(date '2026-01-01' + d.y, '2026-01-01') < '2026-01-05' GROUP BY 1",
            *(f"SELECT {key}, count(*) FROM held f JOIN holding d ON f.k = d.id GROUP BY 1"
              for key in ("d.y + 1", "d.id + d.y", "d.y * 2", "d.y + 2147483640", "-1 - d.y - d.x", "abs(-1 - d.y)", "d.y::smallint", "(d.y::bigint * 4294967296)::text", "d.y::numeric(8, 2)", "date '2026-01-01' + d.y", "(timestamp '2026-01-01' + d.y * interval '1 month')::date",
                          "repeat('x', d.y)", "chr(d.x * 100000 + 65)", "sqrt(1000.0 - d.y)", "substr(d.name, 1, 100 - d.x * 3)", "('2026-01-0' || d.y + 1)::date", "CASE WHEN d.x < 50 THEN 1 ELSE d.y + 1 END", "coalesce(nullif(d.x, 50), d.y + 1)", "exp(d.x * 20.0)", r"d.name LIKE CASE WHEN d.x = 50 THEN '%\' ELSE 'n%' END", r"d.name LIKE 'met by nobod_\'", "timestamp '2026-01-01' AT TIME ZONE (CASE WHEN d.x = 50 THEN 'none' ELSE 'UTC' END)")),
            *(f"SELECT {key}, count(*) FROM held f LEFT JOIN holding d ON f.k = d.id GROUP BY 1"
              for key in ("d.y / 3", "d.y % 5", "d.y::text || d.x", "extract(month FROM date '2026-01-01' + 1)::int + d.id / 7", "to_char(date '2026-01-01'::timestamp, 'YYYY') || d.y", "CASE WHEN d.y > 3 THEN upper(d.name) ELSE 'none' END", "greatest(d.x, d.y)", "nullif(left(d.name, 1), 'n')",
                          "d.x IN (1, 2)", "d.name LIKE 'n%'", "round(d.x, 0)", "substr(d.name, 2, 1)")),
            "SELECT replace(d.name, 'n3', 'x')::xid::text, count(*) FROM held f JOIN holding d ON f.k = d.id WHERE d.name = 'none' GROUP BY 1"]
    answers = psql(SETTINGS + "LOAD 'starhouse';\n" + "".join(f"SELECT coalesce(replace(difference, E'\\n', '~'), '') FROM compare({quoted(query)});\n" for query in held)).split("\n")[:-1]
    ok(answers == [""] * len(held), "a key held to one value, and keys that fail where no row is")
    for query, line in zip(held, answers):
        if line:
            print(f"# {query}\n# {line}")
    script = SETTINGS + small + "LOAD 'starhouse';\n"
    for settings in ("", PARALLEL):
        script += settings + f"SELECT scanned, difference FROM compare({quoted('SELECT label, count(*), sum(k), count(DISTINCT u) FROM wide JOIN label ON i4 = number WHERE number BETWEEN (SELECT 10) AND (SELECT 100000) GROUP BY 1')});\n"
    answers = psql(script).splitlines()
    ok(answers == ["1|"] * 2, "dimensions with conditions beyond work_mem, in one process and in several" + f" ({answers})" * (answers != ["1|"] * 2))

    same, enough, _ = compare("hostile", "SET TimeZone = 'Pacific/Apia';\n", QUERIES // 4)
    ok(same and enough, "a zone that left out a day")
    same, enough, _ = compare("plain", "SET TimeZone = 'Pacific/Apia';\n", QUERIES // 4)
    ok(same and enough, "that day among the rows")

    before = "BEGIN ISOLATION LEVEL SERIALIZABLE;\n"
    same, enough, _ = compare("plain", "", QUERIES // 8, before, "COMMIT;\n")
    ok(same and enough, "SERIALIZABLE")

    # Sketches that have no room leave it to different values to have half of it: who made these fewer read the table again for nothing.
    psql("CREATE TABLE crowd (g int, v int) WITH (autovacuum_enabled = off); INSERT INTO crowd SELECT 1, 1 FROM generate_series(1, 1000); ANALYZE crowd; INSERT INTO crowd SELECT g % 20, g FROM generate_series(1, 60000) AS g;")
    settings = "SET work_mem = '512kB'; SET hash_mem_multiplier = 1;\nLOAD 'starhouse';\n"
    crowd = "SELECT g, starhouse.theta_value(starhouse.theta_state(v)), count(DISTINCT v) FROM crowd GROUP BY 1"
    answers = psql(SETTINGS + settings + f"SELECT scanned, difference FROM compare({quoted(crowd)});").splitlines()
    plan = psql(SETTINGS + settings + f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) {crowd};")
    scans = [int(line.split(": ")[1]) for line in plan.splitlines() if "Scans of the Table" in line]
    ok(answers == ["1|"] and scans and scans[0] <= 16, "different values beside sketches that have no room" + f" ({scans} scans)" * (not scans or scans[0] > 16))

    # What an error comes of where it is asked for: the executor does not.
    zero = "(SELECT count(*)::int FROM generate_series(1, 0))"
    script = SETTINGS + "LOAD 'starhouse';\n"
    for query in (f"SELECT count(*) FROM plain WHERE {zero} = 0 OR i4 > 100 / {zero}", f"SELECT k, count(*), sum(i4 + 100 / {zero}) FROM plain WHERE {zero} <> 0 AND i4 > 100 / {zero} GROUP BY 1",
                  f"SELECT sum(i4 + 100 / {zero}) FROM plain WHERE {zero} <> 0", f"SELECT count(*) FILTER (WHERE {zero} <> 0 AND i4 > 100 / {zero}) FROM plain",
                  f"SELECT sum(CASE WHEN {zero} = 0 THEN 1 WHEN i4 > {zero} AND tz < now() - interval '1 day' THEN 2 END) FROM plain",
                  f"SELECT sum(CASE WHEN {zero} = 0 THEN 1 WHEN i4 > 100 / {zero} THEN 2 END) FROM plain", f"SELECT sum(CASE WHEN {zero} = 0 THEN 0 ELSE 100 / {zero} END) FROM plain",
                  f"SELECT sum(coalesce(i4, 100 / {zero})) FROM plain", f"SELECT sum(i4 + 100 / {zero}), count(*) FROM nothing", f"SELECT k, count(*) FROM nothing WHERE i4 > 100 / {zero} GROUP BY 1",
                  f"SELECT count(*) FROM nothing WHERE i4 IN (3, 100 / {zero}) OR f8 < 1 / {zero}", f"SELECT sum(i4 + 100 / {zero}) FROM plain WHERE i4 > 100000", f"SELECT max(i4) FILTER (WHERE k > 100 / {zero}) FROM plain WHERE i4 > 100000",
                  f"SELECT count(*) FROM plain WHERE i4 > 100 / {zero}"):
        script += f"SELECT scanned, replace(difference, E'\\n', '~') FROM compare({quoted(query)});\n"
    answers = psql(script).splitlines()
    ok(answers == ["1|"] * 6 + ["0|"] + ["1|"] * 7, "values that the executor does not ask for")
    for line in answers:
        if line not in ("0|", "1|"):
            print("# " + line[:1500].replace("~", "\n#   "))

    # An aggregate of one's own: its owner's rights to what it is made of, and a final function that asks for the types of its call.
    own = """BEGIN; CREATE ROLE star_scan_owner;
CREATE FUNCTION last_of(starhouse.sum_state) RETURNS float8 LANGUAGE sql AS 'SELECT 1.0::float8';
CREATE FUNCTION same_as(anyelement) RETURNS anyelement LANGUAGE sql AS 'SELECT $1';
CREATE AGGREGATE of_owner(float8) (SFUNC = starhouse.sum_state_add, STYPE = starhouse.sum_state, FINALFUNC = last_of);
CREATE AGGREGATE of_any(float8) (SFUNC = starhouse.sum_state_add, STYPE = starhouse.sum_state, FINALFUNC = same_as);
SELECT is_star_scan('SELECT of_owner(f8) FROM plain'), of_owner(f8) FROM plain;
SELECT starhouse.sum_value(of_any(f8)) = starhouse.sum_stable(f8) FROM plain;
ALTER AGGREGATE of_owner(float8) OWNER TO star_scan_owner; REVOKE EXECUTE ON FUNCTION last_of FROM PUBLIC;
DO $$ BEGIN PERFORM of_owner(f8) FROM plain; RAISE 'no right, and no error'; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;
ROLLBACK;"""
    ok(psql(SETTINGS + "LOAD 'starhouse';\n" + own).splitlines() == ["t|1", "t"], "an aggregate of one's own, and its owner's rights")

    # A writer that changes every row again and again, while one snapshot is compared with itself.
    writer = subprocess.Popen(["psql", "-XqAt", "-d", DATABASE, "-f", "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    writer.stdin.write("SET statement_timeout = '60s';\n" + "".join(
        f"UPDATE hostile SET k = (k + 1) % 20, n2 = -n2 WHERE k % 3 = {i % 3}; DELETE FROM hostile WHERE i4 = {i % 50 - 25} AND k = 3;"
        f" INSERT INTO hostile SELECT * FROM hostile WHERE k = 4 LIMIT 20;\n" for i in range(300)))
    writer.stdin.flush()
    same, enough, _ = compare("hostile", "", QUERIES // 4, "BEGIN ISOLATION LEVEL REPEATABLE READ;\n", "COMMIT;\n")
    writer.kill()
    writer.wait()
    ok(same and enough, "under a writer")

    print(f"1..{number}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
