-- Rollups are what their fact's rows sum up to, whatever is written and however often they are compacted.
SET client_min_messages = warning;
CREATE SCHEMA rollup_test;
SET search_path = rollup_test;
SET timezone = 'UTC';

CREATE TABLE orders (id int PRIMARY KEY, placed timestamptz, city text, paid boolean, amount numeric(10,2), minutes int, driver bigint, weight float8);
CREATE FUNCTION random_of(seed text, below int) RETURNS int LANGUAGE sql IMMUTABLE AS $$
  SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint & 2147483647)::int % below $$;
CREATE FUNCTION some_orders(run int, first int, last int) RETURNS SETOF orders LANGUAGE sql AS $$
  SELECT i, timestamptz '2024-03-01' + random_of(run || 't' || i, 14 * 24 * 60) * interval '1 minute',
         CASE WHEN random_of(run || 'c' || i, 5) > 0 THEN 'City ' || random_of(run || 'd' || i, 3) END, random_of(run || 'p' || i, 4) > 0,
         CASE WHEN random_of(run || 'n' || i, 7) > 0 THEN random_of(run || 'a' || i, 10000) / 100.0 END, random_of(run || 'm' || i, 60), random_of(run || 'v' || i, 40), random_of(run || 'w' || i, 1000) / 7.0
    FROM generate_series(first, last) i $$;
INSERT INTO orders SELECT * FROM some_orders(0, 1, 300);

-- what can be taken off again; what cannot; days of a zone whose clocks change; states of the extension
SELECT starhouse.create_rollup('hourly', 'orders', 'placed', '1 hour', '{city}',
  '{"n": "count(*)", "paid": "count(*) FILTER (WHERE paid)", "revenue": "sum(amount)", "average": "avg(amount)", "minutes": "sum(minutes)", "mean_minutes": "avg(minutes)"}', lateness => '2 days');
SELECT starhouse.create_rollup('daily', 'orders', 'placed', '1 day', ARRAY['city', 'paid', 'minutes / 30 AS "half hours"'],
  '{"n": "count(*)", "least": "min(amount)", "most": "max(amount)", "weight": "sum(weight)", "drivers": "approx_count_distinct(driver)"}', filter => 'city IS NOT NULL', time_zone => 'America/New_York');
SELECT starhouse.create_rollup('weekly', 'orders', 'placed', '7 days', NULL, '{"last_minutes": "max(minutes)", "n": "count(amount)"}');
SELECT rollup, bucket, capture, invertible FROM starhouse.rollup ORDER BY rollup::text;
SELECT attname, atttypid::regtype FROM pg_attribute WHERE attrelid = 'hourly'::regclass AND attnum > 0 ORDER BY attnum;

CREATE FUNCTION wrong() RETURNS TABLE (rollup text, differences bigint) LANGUAGE sql AS $$
  SELECT r.rollup::text, (SELECT count(*) FROM starhouse.rollup_check(r.rollup)) FROM starhouse.rollup r WHERE r.rollup::text IN ('hourly', 'daily', 'weekly') ORDER BY 1 $$;
SELECT * FROM wrong();
-- the check sees what is wrong
UPDATE hourly_rolled SET revenue = revenue + 1 WHERE bucket = (SELECT min(bucket) FROM hourly_rolled) AND revenue IS NOT NULL;
SELECT column_name, count(*) FROM starhouse.rollup_check('hourly') GROUP BY 1 ORDER BY 1;
SELECT starhouse.rollup_rebuild('hourly', '2024-03-01', '2024-03-02') > 0 AS marked;
SELECT count(*) AS served_from_the_fact_meanwhile FROM starhouse.rollup_check('hourly');
SELECT folded, recomputed > 0 AS recomputed, late_rows FROM starhouse.rollup_compact('hourly');
SELECT count(*) FROM starhouse.rollup_check('hourly');

-- 60 random statements of every kind, compacting now and then
DO $$
DECLARE
  bad bigint;
BEGIN
  FOR run IN 1..60 LOOP
    CASE random_of('kind' || run, 8)
    WHEN 0, 1, 2 THEN INSERT INTO orders SELECT * FROM some_orders(run, run * 1000, run * 1000 + random_of('size' || run, 40));
    WHEN 3 THEN UPDATE orders SET amount = amount + 1, city = CASE WHEN id % 2 = 0 THEN 'City 9' END WHERE random_of(run || 'u' || id, 20) = 0;
    WHEN 4 THEN UPDATE orders SET placed = placed + interval '5 hours', minutes = minutes + 1 WHERE random_of(run || 'u' || id, 30) = 0;
    WHEN 5 THEN DELETE FROM orders WHERE random_of(run || 'x' || id, 15) = 0;
    WHEN 6 THEN INSERT INTO orders SELECT * FROM some_orders(run, 1, 30) ON CONFLICT (id) DO UPDATE SET placed = excluded.placed, city = excluded.city, amount = excluded.amount, driver = excluded.driver;
    ELSE PERFORM starhouse.rollup_compact(r) FROM unnest('{hourly, daily, weekly}'::regclass[]) AS r WHERE random_of(run || r::text, 2) = 0;
    END CASE;
    SELECT sum(differences) INTO bad FROM wrong();
    IF bad > 0 THEN
      RAISE EXCEPTION 'rollups differ after statement %', run;
    END IF;
  END LOOP;
END $$;
SELECT * FROM wrong();
SELECT (SELECT count(*) FROM hourly_delta) > 0 AS unmerged, (SELECT count(*) FROM daily_dirty) > 0 AS marked;
SELECT starhouse.rollup_compact('daily') IS NOT NULL, starhouse.rollup_compact('hourly') IS NOT NULL;
SELECT (SELECT count(*) FROM hourly_delta), (SELECT count(*) FROM daily_delta), (SELECT count(*) FROM daily_dirty);
SELECT * FROM wrong();
-- and against a query that shares nothing with it
SELECT count(*) FROM (
  (SELECT bucket, city, n, paid, revenue, average, minutes FROM hourly EXCEPT ALL
   SELECT date_trunc('hour', placed), city, count(*), count(*) FILTER (WHERE paid), sum(amount), avg(amount), sum(minutes) FROM orders GROUP BY 1, 2)
  UNION ALL
  (SELECT date_trunc('hour', placed), city, count(*), count(*) FILTER (WHERE paid), sum(amount), avg(amount), sum(minutes) FROM orders GROUP BY 1, 2 EXCEPT ALL
   SELECT bucket, city, n, paid, revenue, average, minutes FROM hourly)) AS differences;
SELECT bucket, bucket AT TIME ZONE 'America/New_York' AS local, sum(n) > 0 AS some FROM daily WHERE bucket BETWEEN '2024-03-09' AND '2024-03-12' GROUP BY 1 ORDER BY 1;
-- states merge over buckets: distinct drivers of all days
SELECT (SELECT starhouse.approx_distinct_value(starhouse.approx_distinct_merge(drivers)) FROM daily_states) = (SELECT count(DISTINCT driver) FROM orders WHERE city IS NOT NULL) AS exact;

-- final buckets, and rows that come after
SELECT bool_and(is_final = (bucket + interval '1 hour' <= (SELECT max(bucket) - interval '2 days' FROM hourly))) FROM hourly;
INSERT INTO orders VALUES (100001, '2024-03-02 10:30', 'Late', true, 5, 1, 1, 1), (100002, '2024-03-14 23:00', 'In time', true, 5, 1, 1, 1);
SELECT late_rows FROM starhouse.rollup_compact('hourly');
SELECT late_rows > 1 AS of_changes_too FROM hourly_mark;
SELECT bucket, city, late_rows FROM hourly_rolled WHERE late_rows > 0 AND city IN ('Late', 'In time');

-- raw rows go, the history stays
CREATE TABLE pings (at timestamptz NOT NULL, cell text, speed float8) PARTITION BY RANGE (at);
SELECT starhouse.ensure_partitions('pings', '2024-01-01', '2024-02-28', '1 month');
SELECT starhouse.create_rollup('pings_daily', 'pings', 'at', '1 day', '{cell}', '{"n": "count(*)", "fastest": "max(speed)"}');
INSERT INTO pings SELECT timestamptz '2024-01-01' + i * interval '1 hour', 'c' || i % 3, i FROM generate_series(0, 1000) i;
DELETE FROM pings WHERE speed = 5;
SELECT count(*), sum(n) FROM pings_daily;
SELECT dropped FROM starhouse.drop_partitions_before('pings', '2024-02-01');
SELECT count(*), sum(n), (SELECT count(*) FROM pings) AS raw FROM pings_daily;
SELECT starhouse.rollup_rebuild('pings_daily') AS not_the_frozen_ones;
SELECT starhouse.rollup_compact('pings_daily') IS NOT NULL;
SELECT count(*), sum(n) FROM pings_daily;
SELECT * FROM starhouse.rollup_check('pings_daily');
TRUNCATE pings;
SELECT count(*), max(bucket) FROM pings_daily;

-- the planner looks up marked buckets one by one
INSERT INTO orders SELECT * FROM some_orders(99, 200000, 210000);
CREATE INDEX ON orders (placed);
ANALYZE orders;
SELECT starhouse.rollup_compact('daily') IS NOT NULL;
UPDATE orders SET amount = 1 WHERE id = 200000;
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END $$;
SELECT bool_or(p ~ 'Index.*orders_placed_idx') AND NOT bool_or(p ~ 'Seq Scan on orders') AS by_index FROM plan_of('SELECT * FROM daily') AS p;

-- groups are one where their type says so, in any spelling, and names may be anything
CREATE TABLE sizes (at timestamptz, size numeric, "a, b" text, "Zähler" int);
SELECT starhouse.create_rollup('"By size"', 'sizes', 'at', '1 day', '{size,"a, b"}', '{"n": "count(*)", "Σ x": "sum(\"Zähler\")", "most, or max": "max(\"Zähler\")"}', filter => '"Zähler" % 2 = 1');
INSERT INTO sizes VALUES ('2024-01-01', 1.0, 'x', 1), ('2024-01-01', NULL, NULL, 3), ('2024-01-01', 1, 'x', 2);
SELECT starhouse.rollup_compact('"By size"');
INSERT INTO sizes VALUES ('2024-01-01', 1.00, 'x', 5), ('2024-01-01', NULL, NULL, 7);
SELECT starhouse.rollup_compact('"By size"');
SELECT size::int, "a, b", n, "Σ x", "most, or max" FROM "By size" ORDER BY 1;
DELETE FROM sizes WHERE "Zähler" IN (1, 5);
SELECT starhouse.rollup_compact('"By size"');
SELECT size, n_rows, "Σ x", "most, or max" FROM "By size_rolled" ORDER BY 1;

-- what is refused
\set SHOW_CONTEXT never
\set ON_ERROR_STOP 0
SELECT starhouse.create_rollup('hourly', 'orders', 'placed', '1 hour', '{city}', '{"n": "count(*)"}');
\echo :SQLSTATE
SELECT starhouse.create_rollup('bad', 'orders', 'placed', '7 hours', '{city}', '{"n": "count(*)"}');
\echo :SQLSTATE
SELECT starhouse.create_rollup('bad', 'orders', 'when', '1 hour', '{city}', '{"n": "count(*)"}');
\echo :SQLSTATE
SELECT starhouse.create_rollup('bad', 'orders', 'minutes', '1 hour', '{city}', '{"n": "count(*)"}');
\echo :SQLSTATE
SELECT starhouse.create_rollup('bad', 'orders', 'placed', '1 hour', '{city}', '{"n": "count(DISTINCT driver)"}');
\echo :SQLSTATE
SELECT starhouse.create_rollup('bad', 'orders', 'placed', '1 hour', '{city}', '{"n": "array_agg(driver)"}');
\echo :SQLSTATE
SELECT starhouse.create_rollup('bad', 'orders', 'placed', '1 hour', '{city}', '{"n": "driver"}');
\echo :SQLSTATE
SELECT starhouse.create_rollup('bad', 'orders', 'placed', '1 hour', '{city}', '{}');
\echo :SQLSTATE
SELECT starhouse.create_rollup('bad', 'orders', 'placed', '1 hour', '{town}', '{"n": "count(*)"}');
\echo :SQLSTATE
SELECT starhouse.create_rollup('bad', 'orders', 'placed', '1 hour', '{city}', '{"n": "count(*)"}', capture => 'batch');
\echo :SQLSTATE
SELECT starhouse.create_rollup(NULL, 'orders', 'placed', '1 hour', '{city}', '{"n": "count(*)"}');
\echo :SQLSTATE
SELECT starhouse.rollup_compact('orders');
\echo :SQLSTATE
SELECT starhouse.rollup_rebuild('hourly', '2024-03-02', '2024-03-02');
\echo :SQLSTATE

-- who writes the fact needs no more than before
DO $$ BEGIN CREATE ROLE rollup_test_writer; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE TABLE events (at timestamptz NOT NULL, kind text);
GRANT USAGE ON SCHEMA rollup_test, starhouse TO rollup_test_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON events TO rollup_test_writer;
SELECT starhouse.create_rollup('events_minutely', 'events', 'at', '1 minute', '{kind}', '{"n": "count(*)"}');
SET ROLE rollup_test_writer;
INSERT INTO events VALUES ('2024-01-01 10:00:30', 'a'), ('2024-01-01 10:00:50', 'a'), ('2024-01-01 10:01:10', 'b');
UPDATE events SET kind = 'c' WHERE kind = 'b';
DELETE FROM events WHERE at = '2024-01-01 10:00:30';
SELECT bucket, kind, n FROM events_minutely ORDER BY 1, 2;
SELECT rollup FROM starhouse.rollup WHERE rollup::text ~ 'events';
\set ON_ERROR_STOP 0
SELECT starhouse.rollup_compact('events_minutely');
RESET ROLE;

-- Groups that are appended must be new ones: NULLs count as equal, and where a plain INSERT has to run none is lost quietly.
TRUNCATE events;
INSERT INTO events VALUES ('2024-01-01 10:00:30', NULL);
SELECT starhouse.rollup_compact('events_minutely');
SELECT starhouse.rollup_append('events_minutely_rolled', $$SELECT timestamptz '2024-01-01 10:00' AS bucket, NULL::text AS kind, 1::bigint AS n_rows$$);
\echo :SQLSTATE
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER slow BEFORE INSERT ON events_minutely_rolled FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT starhouse.rollup_append('events_minutely_rolled', $$SELECT timestamptz '2024-01-01 10:00' AS bucket, NULL::text AS kind, 1::bigint AS n_rows$$);
\echo :SQLSTATE
INSERT INTO events VALUES ('2024-01-01 10:00:40', NULL), ('2024-01-01 10:01:40', NULL);
\set ON_ERROR_STOP 1
SELECT starhouse.rollup_compact('events_minutely');
SELECT * FROM events_minutely_rolled ORDER BY bucket;
-- With a trigger there, plain statements update and delete, too.
SELECT ctid FROM events_minutely_rolled WHERE bucket = '2024-01-01 10:00' \gset
DELETE FROM events WHERE at = '2024-01-01 10:01:40';
INSERT INTO events VALUES ('2024-01-01 10:00:50', NULL);
SELECT starhouse.rollup_compact('events_minutely');
SELECT *, ctid <> :'ctid'::tid AS moved FROM events_minutely_rolled ORDER BY bucket;
\set ON_ERROR_STOP 0
SELECT starhouse.rollup_fold('events_minutely_rolled', 'SELECT 1');
\echo :SQLSTATE
SELECT starhouse.rollup_fold('events_minutely', 'SELECT 1');
\echo :SQLSTATE
\set ON_ERROR_STOP 1

-- What lies before the oldest bucket that a delta waits for is served as it is stored.
CREATE FUNCTION merged_again(query text) RETURNS numeric LANGUAGE plpgsql SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan;
  RETURN (SELECT sum((n->>'Actual Rows')::numeric * (n->>'Actual Loops')::numeric)::integer
          FROM (SELECT DISTINCT q FROM jsonb_path_query(plan, 'strict $.** ? (@."Node Type" == "Aggregate").** ? (@."Relation Name" == "stored_rolled")') AS q) AS d(n));
END $$;
CREATE TABLE stored_fact (at timestamptz, name text);
INSERT INTO stored_fact SELECT '2024-01-01'::timestamptz + n * interval '1 hour', CASE n % 3 WHEN 0 THEN 'a' WHEN 1 THEN 'b' END FROM generate_series(0, 19) n;
SELECT starhouse.create_rollup('stored', 'stored_fact', 'at', '1 hour', '{name}', '{"n": "count(*)"}');
SELECT merged_again('TABLE stored') AS nothing_waits;
INSERT INTO stored_fact VALUES ('2024-01-01 19:30', 'b'), ('2024-01-01 21:00', NULL);
SELECT merged_again('TABLE stored') AS one_bucket_waits, (SELECT count(*) FROM stored) AS rows, (SELECT n FROM stored WHERE bucket = '2024-01-01 19:00') AS n;
INSERT INTO stored_fact VALUES ('2024-01-01 02:30', NULL);
SELECT merged_again('TABLE stored') AS from_two_on, (SELECT count(*) FROM stored) AS rows, (SELECT n FROM stored WHERE bucket = '2024-01-01 02:00') AS n;
SELECT count(*) FROM starhouse.rollup_check('stored');
SELECT starhouse.rollup_compact('stored') IS NOT NULL;
SELECT merged_again('TABLE stored') AS compacted, (SELECT count(*) FROM stored) AS rows;
SELECT starhouse.drop_rollup('stored');

-- Columns may be called what the extension calls its own things.
CREATE TABLE names (final timestamptz, deltas text, late int);
INSERT INTO names VALUES ('2024-01-01 10:00', 'a', 1);
SELECT starhouse.create_rollup('named', 'names', 'final', '1 hour', '{deltas}', '{"old_row": "count(*)", "late": "sum(late)", "arrived": "max(late)", "keep": "min(late)"}');
INSERT INTO names VALUES ('2024-01-01 10:10', 'a', 2), ('2024-01-01 10:10', 'b', 3);
SELECT starhouse.rollup_compact('named');
TABLE named ORDER BY deltas;
SELECT starhouse.drop_rollup('named');

SELECT starhouse.drop_rollup('hourly');
SELECT count(*) FROM pg_class WHERE relnamespace = 'rollup_test'::regnamespace AND relname ~ '^hourly';
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'orders'::regclass AND tgname ~ '^hourly';
INSERT INTO orders VALUES (300001, '2024-03-02 10:30', 'More', true, 5, 1, 1, 1);
CALL starhouse.rollup_compact_all();
SELECT count(*) FROM starhouse.rollup_check('daily');
SELECT starhouse.drop_rollup(rollup) FROM starhouse.rollup ORDER BY rollup::text;
DROP SCHEMA rollup_test CASCADE;
DROP OWNED BY rollup_test_writer;
DROP ROLE rollup_test_writer;
