-- Rollups of rollups are what the fact's rows sum up to, at every level, whatever is written, compacted or rebuilt in whatever order.
SET client_min_messages = warning;
CREATE SCHEMA rollup_on;
SET search_path = rollup_on;
SET timezone = 'UTC';
SET jit = off;
\set SHOW_CONTEXT never

CREATE TABLE plays (id int PRIMARY KEY, at timestamptz, video text, region text, seconds int, price numeric, bitrate float8, viewer bigint);
CREATE FUNCTION random_of(seed text, below int) RETURNS int LANGUAGE sql IMMUTABLE AS $$
  SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint & 2147483647)::int % below $$;
CREATE FUNCTION some_plays(run int, first int, last int) RETURNS SETOF plays LANGUAGE sql AS $$
  SELECT i, timestamptz '2024-03-01' + random_of(run || 't' || i, 40 * 24 * 60) * interval '1 minute', 'v' || random_of(run || 'v' || i, 4),
         CASE WHEN random_of(run || 'r' || i, 5) > 0 THEN 'r' || random_of(run || 's' || i, 2) END, CASE WHEN random_of(run || 'n' || i, 6) > 0 THEN random_of(run || 'd' || i, 600) END,
         random_of(run || 'p' || i, 1000) / 100.0, random_of(run || 'b' || i, 1000) / 7.0, random_of(run || 'w' || i, 50)
    FROM generate_series(first, last) i $$;
INSERT INTO plays SELECT * FROM some_plays(0, 1, 400);

-- A stack that can take rows off and one that cannot; a day whose zone changes its clocks; other groups; a rollup on the third level.
SELECT starhouse.create_rollup('quarters', 'plays', 'at', '15 minutes', '{video,region}', '{"n": "count(*)", "seconds": "sum(seconds)", "mean": "avg(seconds)", "revenue": "sum(price)"}');
INSERT INTO plays SELECT * FROM some_plays(0, 401, 500);  -- not compacted when the next ones are made
SELECT starhouse.create_rollup_on('hours', 'quarters', '1 hour');
SELECT starhouse.create_rollup_on('days', 'quarters', '1 day', time_zone => 'Asia/Kolkata');
SELECT starhouse.create_rollup_on('months', 'days', '1 month', '{region}', '{n,revenue}');
SELECT starhouse.create_rollup_on('by_letter', 'hours', '1 hour', ARRAY['left(video, 1) AS letter', 'coalesce(region, ''none'') AS "the region"'], filter => 'video <> ''v3''');
SELECT starhouse.create_rollup('edges', 'plays', 'at', '1 hour', '{video}', '{"n": "count(*)", "least": "min(seconds)", "most": "max(seconds)", "bitrate": "avg(bitrate)", "viewers": "approx_count_distinct(viewer)"}', filter => 'region IS NOT NULL');
SELECT starhouse.create_rollup_on('edge_days', 'edges', '1 day', time_zone => 'America/New_York');
SELECT starhouse.create_rollup_on('edge_years', 'edge_days', '1 year', '{}');
SELECT rollup, fact, finer, bucket, time_zone, invertible, starhouse.rollup_level(rollup) AS level FROM starhouse.rollup ORDER BY level, rollup::text;

-- Each against the fact itself, by queries that share nothing with it.
CREATE VIEW truth AS
  SELECT 'hours' AS rollup, to_jsonb(t) AS row FROM (SELECT date_trunc('hour', at) AS bucket, video, region, count(*) AS n, sum(seconds) AS seconds, round(avg(seconds), 6) AS mean, sum(price) AS revenue FROM plays WHERE at IS NOT NULL GROUP BY 1, 2, 3) t
  UNION ALL
  SELECT 'days', to_jsonb(t) FROM (SELECT date_trunc('day', at, 'Asia/Kolkata') AS bucket, video, region, count(*) AS n, sum(seconds) AS seconds, round(avg(seconds), 6) AS mean, sum(price) AS revenue FROM plays WHERE at IS NOT NULL GROUP BY 1, 2, 3) t
  UNION ALL
  SELECT 'months', to_jsonb(t) FROM (SELECT date_trunc('month', at, 'Asia/Kolkata') AS bucket, region, count(*) AS n, sum(price) AS revenue FROM plays WHERE at IS NOT NULL GROUP BY 1, 2) t
  UNION ALL
  SELECT 'by_letter', to_jsonb(t) FROM (SELECT date_trunc('hour', at) AS bucket, left(video, 1) AS letter, coalesce(region, 'none') AS "the region", count(*) AS n, sum(seconds) AS seconds, round(avg(seconds), 6) AS mean, sum(price) AS revenue
                                        FROM plays WHERE video <> 'v3' AND at IS NOT NULL GROUP BY 1, 2, 3) t
  UNION ALL
  SELECT 'edge_days', to_jsonb(t) FROM (SELECT date_trunc('day', at, 'America/New_York') AS bucket, video, count(*) AS n, min(seconds) AS least, max(seconds) AS most, round(avg(bitrate)::numeric, 6) AS bitrate,
                                               starhouse.approx_count_distinct(viewer) AS viewers FROM plays WHERE region IS NOT NULL AND at IS NOT NULL GROUP BY 1, 2) t
  UNION ALL
  SELECT 'edge_years', to_jsonb(t) FROM (SELECT date_trunc('year', at, 'America/New_York') AS bucket, count(*) AS n, min(seconds) AS least, max(seconds) AS most, round(avg(bitrate)::numeric, 6) AS bitrate,
                                                starhouse.approx_count_distinct(viewer) AS viewers FROM plays WHERE region IS NOT NULL AND at IS NOT NULL GROUP BY 1) t;
CREATE VIEW served AS
  SELECT 'hours' AS rollup, to_jsonb(t) - 'is_final' || jsonb_build_object('mean', round(mean, 6)) AS row FROM hours t UNION ALL
  SELECT 'days', to_jsonb(t) - 'is_final' || jsonb_build_object('mean', round(mean, 6)) FROM days t UNION ALL
  SELECT 'months', to_jsonb(t) - 'is_final' FROM months t UNION ALL
  SELECT 'by_letter', to_jsonb(t) - 'is_final' || jsonb_build_object('mean', round(mean, 6)) FROM by_letter t UNION ALL
  SELECT 'edge_days', to_jsonb(t) - 'is_final' || jsonb_build_object('bitrate', round(bitrate::numeric, 6)) FROM edge_days t UNION ALL
  SELECT 'edge_years', to_jsonb(t) - 'is_final' || jsonb_build_object('bitrate', round(bitrate::numeric, 6)) FROM edge_years t;
CREATE FUNCTION wrong() RETURNS TABLE (rollup text, differences bigint) LANGUAGE sql AS $$
  SELECT rollup, count(*) FROM ((TABLE served EXCEPT ALL TABLE truth) UNION ALL (TABLE truth EXCEPT ALL TABLE served)) AS d GROUP BY 1
  UNION ALL
  SELECT 'check of ' || r.rollup, c.n FROM starhouse.rollup r CROSS JOIN LATERAL (SELECT count(*) AS n FROM starhouse.rollup_check(r.rollup)) c WHERE c.n > 0 AND r.rollup::text IN ('quarters', 'hours', 'days', 'months', 'by_letter', 'edges', 'edge_days', 'edge_years')
  ORDER BY 1 $$;
SELECT * FROM wrong();
SELECT rollup, count(*) > 0 AS some FROM served GROUP BY 1 ORDER BY 1;

-- 25 random statements of every kind; any level is compacted or rebuilt at any time.
DO $$
DECLARE
  bad text;
  some_rollup regclass;
BEGIN
  FOR run IN 1..25 LOOP
    some_rollup := ('{quarters, hours, days, months, by_letter, edges, edge_days, edge_years}'::regclass[])[1 + random_of('which' || run, 8)];
    CASE random_of('kind' || run, 10)
    WHEN 0, 1 THEN INSERT INTO plays SELECT * FROM some_plays(run, run * 1000, run * 1000 + random_of('size' || run, 30));
    WHEN 2 THEN UPDATE plays SET price = price + 1, region = CASE WHEN id % 2 = 0 THEN 'r9' END WHERE random_of(run || 'u' || id, 25) = 0;
    WHEN 3 THEN UPDATE plays SET at = at + interval '50 hours', seconds = seconds + 1 WHERE random_of(run || 'u' || id, 40) = 0;
    WHEN 4 THEN DELETE FROM plays WHERE random_of(run || 'x' || id, 30) = 0;
    WHEN 5 THEN PERFORM starhouse.rollup_rebuild(some_rollup, '2024-03-05', '2024-03-20');
    WHEN 6 THEN CALL starhouse.rollup_compact_all();
    ELSE PERFORM starhouse.rollup_compact(some_rollup);
    END CASE;
    SELECT string_agg(w::text, ', ') INTO bad FROM wrong() w;
    IF bad IS NOT NULL THEN
      RAISE EXCEPTION 'rollups differ after statement %: %', run, bad;
    END IF;
  END LOOP;
END $$;
SELECT (SELECT count(*) FROM quarters_delta) > 0 AS unmerged, (SELECT count(*) FROM edges_dirty) + (SELECT count(*) FROM edge_days_dirty) > 0 AS marked;

-- What is stored at each level, with nothing waiting, is the same sum.
CALL starhouse.rollup_compact_all();
SELECT * FROM wrong();
SELECT (SELECT sum(n_rows) FROM quarters_rolled) = count(*) AS quarters, (SELECT sum(n_rows) FROM hours_rolled) = count(*) AS hours, (SELECT sum(n_rows) FROM days_rolled) = count(*) AS days,
       (SELECT sum(n_rows) FROM months_rolled) = count(*) AS months FROM plays WHERE at IS NOT NULL;
SELECT (SELECT count(*) FROM hours_delta) + (SELECT count(*) FROM days_delta) + (SELECT count(*) FROM months_delta) + (SELECT count(*) FROM edge_years_delta) + (SELECT count(*) FROM edge_years_dirty) AS waiting;
-- Writers pay for the finest level alone; a late row travels up with the compactions.
INSERT INTO plays VALUES (100001, '2024-03-02 10:31', 'v1', 'r1', 5, 1, 1, 1);
SELECT (SELECT count(*) FROM quarters_delta) AS quarters, (SELECT count(*) FROM hours_delta) AS hours, (SELECT count(*) FROM days_delta) AS days;
SELECT folded, late_rows FROM starhouse.rollup_compact('quarters');
SELECT (SELECT count(*) FROM quarters_delta) AS quarters, (SELECT count(*) FROM hours_delta) AS hours, (SELECT count(*) FROM days_delta) AS days, (SELECT count(*) FROM months_delta) AS months;
SELECT folded, late_rows FROM starhouse.rollup_compact('days');
SELECT (SELECT count(*) FROM days_delta) AS days, (SELECT count(*) FROM months_delta) AS months, (SELECT n FROM months WHERE region = 'r1' AND bucket > '2024-03-30') = (SELECT count(*) FROM plays WHERE region = 'r1' AND at >= '2024-03-31 18:30') AS right;
-- A bucket is final when the finer one's watermark has passed its end.
SELECT bool_and(is_final = (bucket + interval '1 hour' <= (SELECT watermark FROM quarters_mark))) AS hours FROM hours;
SELECT bool_and(is_final = (bucket + interval '1 day' <= (SELECT watermark FROM quarters_mark))) AND bool_or(is_final) AND NOT bool_and(is_final) AS days FROM days;

-- What triggers did not see is found below, mended below, and mended above by that.
ALTER TABLE plays DISABLE TRIGGER USER;
INSERT INTO plays VALUES (100002, '2024-03-07 10:31', 'v2', 'r1', 5, 1, 1, 1);
ALTER TABLE plays ENABLE TRIGGER USER;
SELECT rollup, differences > 0 AS wrong FROM wrong();
SELECT starhouse.rollup_rebuild('quarters', '2024-03-07', '2024-03-08') > 0 AND starhouse.rollup_rebuild('edges', '2024-03-07', '2024-03-08') > 0 AS marked;
SELECT * FROM wrong();
CALL starhouse.rollup_compact_all();
SELECT * FROM wrong();
-- The stored row of a coarse bucket that somebody changed is found by the check of that rollup, and recomputed from the finer one.
UPDATE days_rolled SET n_rows = n_rows + 1 WHERE bucket = '2024-03-06 18:30' AND video = 'v2' AND region = 'r1';
SELECT bucket, groups, column_name FROM starhouse.rollup_check('days');
SELECT starhouse.rollup_rebuild('days', '2024-03-07', '2024-03-07 01:00');
SELECT recomputed FROM starhouse.rollup_compact('days');
SELECT * FROM wrong();

-- An emptied fact empties all levels.
BEGIN;
TRUNCATE plays;
SELECT (SELECT count(*) FROM quarters) + (SELECT count(*) FROM hours) + (SELECT count(*) FROM days) + (SELECT count(*) FROM months) + (SELECT count(*) FROM edge_years) AS left;
INSERT INTO plays SELECT * FROM some_plays(7, 1, 50);
SELECT * FROM wrong();
SELECT starhouse.rollup_compact(r) IS NOT NULL FROM unnest('{months, days, hours, quarters, edges, edge_days, edge_years, hours, days, months}'::regclass[]) AS r;
SELECT * FROM wrong();
ROLLBACK;

-- Raw rows go, history stays at every level; so do coarse buckets of which only the older part is gone.
CREATE TABLE pings (at timestamptz NOT NULL, cell text, speed float8) PARTITION BY RANGE (at);
SELECT starhouse.ensure_partitions('pings', '2024-01-01', '2024-02-28', '7 days') > 0 AS made;
SELECT starhouse.create_rollup('pings_hourly', 'pings', 'at', '1 hour', '{cell}', '{"n": "count(*)", "fastest": "max(speed)"}');
SELECT starhouse.create_rollup_on('pings_monthly', 'pings_hourly', '1 month', '{}');
INSERT INTO pings SELECT timestamptz '2024-01-01' + i * interval '1 hour', 'c' || i % 3, i FROM generate_series(0, 1000) i;
DELETE FROM pings WHERE speed IN (5, 743, 1000);
SELECT bucket, n, fastest FROM pings_monthly ORDER BY 1;
SELECT count(*) AS dropped FROM starhouse.drop_partitions_before('pings', '2024-01-20');
DELETE FROM pings WHERE speed = 742;
SELECT bucket, n, fastest FROM pings_monthly ORDER BY 1;
CALL starhouse.rollup_compact_all();
SELECT bucket, n, fastest FROM pings_monthly ORDER BY 1;
SELECT count(*) AS differences FROM starhouse.rollup_check('pings_monthly');
-- A mark for a bucket whose raw rows are gone changes nothing, at once and later.
INSERT INTO pings_hourly_dirty VALUES ('2024-01-02 05:00');
SELECT n FROM pings_monthly WHERE bucket = '2024-01-01';
CALL starhouse.rollup_compact_all();
SELECT n FROM pings_monthly WHERE bucket = '2024-01-01';

-- Who writes and empties the fact needs no more than before.
DO $$ BEGIN CREATE ROLE rollup_on_writer; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE TABLE events (at timestamptz NOT NULL, kind text);
GRANT USAGE ON SCHEMA rollup_on, starhouse TO rollup_on_writer;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON events TO rollup_on_writer;
SELECT starhouse.create_rollup('events_minutely', 'events', 'at', '1 minute', '{kind}', '{"n": "count(*)"}');
SELECT starhouse.create_rollup_on('events_daily', 'events_minutely', '1 day');
SET ROLE rollup_on_writer;
INSERT INTO events VALUES ('2024-01-01 10:00:30', 'a'), ('2024-01-01 11:00:50', 'a'), ('2024-01-01 10:01:10', 'b');
SELECT bucket, kind, n FROM events_daily ORDER BY 1, 2;
TRUNCATE events;
INSERT INTO events VALUES ('2024-01-01 10:00:30', 'c');
SELECT bucket, kind, n FROM events_daily ORDER BY 1, 2;
\set ON_ERROR_STOP 0
SELECT starhouse.create_rollup_on('mine', 'events_minutely', '1 day');
\echo :SQLSTATE
RESET ROLE;

-- What is refused.
SELECT starhouse.create_rollup_on('bad', 'plays', '1 day');
\echo :SQLSTATE
SELECT starhouse.create_rollup_on('hours', 'quarters', '1 day');
\echo :SQLSTATE
SELECT starhouse.create_rollup_on('bad', 'hours', '15 minutes');
\echo :SQLSTATE
SELECT starhouse.create_rollup_on('bad', 'hours', '1 day', time_zone => 'Asia/Kolkata');
\echo :SQLSTATE
SELECT starhouse.create_rollup_on('bad', 'days', '1 month', time_zone => 'UTC');
\echo :SQLSTATE
SELECT starhouse.create_rollup_on('bad', 'days', '1 hour');
\echo :SQLSTATE
SELECT starhouse.create_rollup_on('bad', 'hours', '1 day', columns => '{n,least}');
\echo :SQLSTATE
SELECT starhouse.create_rollup_on('bad', 'hours', '1 day', filter => 'n > 5');
\echo :SQLSTATE
SELECT starhouse.create_rollup_on('bad', 'hours', '1 day', '{price}');
\echo :SQLSTATE
SELECT starhouse.create_rollup_on('bad', 'hours', '5 hours');
\echo :SQLSTATE
SELECT starhouse.create_rollup_on(NULL, 'hours', '1 day');
\echo :SQLSTATE
SELECT starhouse.create_rollup('bad', 'hours', 'bucket', '1 day', '{video}', '{"n": "sum(n)"}');
\echo :SQLSTATE
SELECT starhouse.create_rollup('bad', 'hours_rolled', 'bucket', '1 day', '{video}', '{"n": "sum(n)"}');
\echo :SQLSTATE
SELECT starhouse.drop_rollup('quarters');
\echo :SQLSTATE
BEGIN;
UPDATE starhouse.rollup SET finer = 'months' WHERE rollup = 'quarters'::regclass;
SELECT starhouse.rollup_level('quarters');
\echo :SQLSTATE
ROLLBACK;
\set ON_ERROR_STOP 1

DROP VIEW served;
SELECT starhouse.drop_rollup(rollup) FROM starhouse.rollup ORDER BY starhouse.rollup_level(rollup) DESC, rollup::text;
SELECT count(*) FROM pg_class WHERE relnamespace = 'rollup_on'::regnamespace AND relname ~ '(rolled|delta|dirty|mark|states)$';
SELECT count(*) FROM pg_proc WHERE pronamespace = 'rollup_on'::regnamespace AND proname ~ '_capture$';
DROP SCHEMA rollup_on CASCADE;
DROP OWNED BY rollup_on_writer;
DROP ROLE rollup_on_writer;
