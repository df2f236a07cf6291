-- Hopping windows are what the rows of the window sum up to, current, over parts of a day, days of a zone and months.
SET client_min_messages = warning;
CREATE SCHEMA rollup_window;
SET search_path = rollup_window;
SET timezone = 'UTC';
SET jit = off;
\set SHOW_CONTEXT never
CREATE FUNCTION random_of(seed text, below int) RETURNS int LANGUAGE sql IMMUTABLE AS $$
  SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint & 2147483647)::int % below $$;
CREATE TABLE plays (id int, at timestamptz NOT NULL, video text, viewer bigint, seconds int);
INSERT INTO plays SELECT i, timestamptz '2024-02-20' + random_of('t' || i, 60 * 24 * 60) * interval '1 minute', nullif('v' || random_of('v' || i, 3), 'v0'), random_of('w' || i, 40), random_of('s' || i, 500) FROM generate_series(1, 600) i;
SELECT starhouse.create_rollup('minutes', 'plays', 'at', '15 minutes', '{video}', '{"n": "count(*)", "mean": "avg(seconds)", "viewers": "approx_count_distinct(viewer)"}', lateness => '1 hour');
SELECT starhouse.create_rollup_on('days', 'minutes', '1 day', '{}', time_zone => 'America/New_York');
SELECT starhouse.create_rollup_on('months', 'days', '1 month');
SELECT starhouse.create_windows('hour_windows', 'minutes', '1 hour');
SELECT starhouse.create_windows('long_windows', 'minutes', '30 hours', '6 hours');
SELECT starhouse.create_windows('odd_windows', 'minutes', '75 minutes', '30 minutes');
SELECT starhouse.create_windows('week_windows', 'days', '7 days', '1 day');
SELECT starhouse.create_windows('month_windows', 'months', '2 months', '1 month');
SELECT window_view, rollup, size, slide FROM starhouse.rollup_window ORDER BY size, window_view::text;
INSERT INTO plays VALUES (1000, '2024-03-10 06:50', 'v1', 99, 10), (1001, '2024-03-11 03:50', 'v1', 98, 20), (1002, '2024-03-11 04:10', NULL, 98, 20);
DELETE FROM plays WHERE id % 10 = 0;
UPDATE plays SET at = at + interval '20 minutes' WHERE id % 7 = 0;

-- By rows, window by window.
CREATE FUNCTION wrong(windows text, starts text, width interval, zone text, by_video boolean) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  result bigint;
BEGIN
  EXECUTE format($q$
    WITH truth AS (SELECT s.s AS window_start, timezone(%3$L, timezone(%3$L, s.s) + %4$L::interval) AS window_end, CASE WHEN %5$L THEN p.video END AS video, count(*) AS n, round(avg(p.seconds), 6) AS mean, starhouse.approx_count_distinct(p.viewer) AS viewers
                   FROM %2$s AS s(s) JOIN plays p ON p.at >= s.s AND p.at < timezone(%3$L, timezone(%3$L, s.s) + %4$L::interval) GROUP BY 1, 2, 3),
      ours AS (SELECT w.window_start, w.window_end, to_jsonb(w)->>'video' AS video, n, round(mean, 6) AS mean, viewers FROM %1$I w)
    SELECT count(*) FROM ((TABLE ours EXCEPT ALL TABLE truth) UNION ALL (TABLE truth EXCEPT ALL TABLE ours)) AS d$q$, windows, starts, zone, width, by_video) INTO result;
  RETURN result;
END $$;
CREATE FUNCTION all_wrong() RETURNS TABLE (windows text, differences bigint) LANGUAGE sql AS $$
  SELECT 'hour', wrong('hour_windows', 'generate_series(timestamptz ''2024-02-19'', ''2024-05-01'', ''15 minutes'')', '1 hour', 'UTC', true) UNION ALL
  SELECT 'long', wrong('long_windows', 'generate_series(timestamptz ''2024-02-18'', ''2024-05-01'', ''6 hours'')', '30 hours', 'UTC', true) UNION ALL
  SELECT 'odd', wrong('odd_windows', 'generate_series(timestamptz ''2024-02-19'', ''2024-05-01'', ''30 minutes'')', '75 minutes', 'UTC', true) UNION ALL
  SELECT 'week', wrong('week_windows', '(SELECT timezone(''America/New_York'', l) AS s FROM generate_series(timestamp ''2024-02-01'', ''2024-05-01'', ''1 day'') l)', '7 days', 'America/New_York', false) UNION ALL
  SELECT 'month', wrong('month_windows', '(SELECT timezone(''America/New_York'', l) AS s FROM generate_series(timestamp ''2023-12-01'', ''2024-06-01'', ''1 month'') l)', '2 months', 'America/New_York', false) $$;
SELECT * FROM all_wrong();
CALL starhouse.rollup_compact_all();
SELECT * FROM all_wrong();
SELECT (SELECT count(*) FROM hour_windows) > 1000 AS hours, (SELECT count(*) FROM long_windows) > 500 AS long, (SELECT count(*) FROM week_windows) AS weeks, (SELECT count(*) FROM month_windows) AS months;
-- A late row is in every window that holds it, and in no other.
CREATE TABLE before AS TABLE hour_windows;
INSERT INTO plays VALUES (2000, '2024-03-01 10:20', 'late', 1, 1);
SELECT window_start, window_end, n, is_final FROM (TABLE hour_windows EXCEPT ALL TABLE before) AS d ORDER BY 1;
INSERT INTO plays VALUES (3000, '2024-04-20 10:20', 'v1', 1, 1), (3001, '2024-04-20 12:00', 'v1', 1, 1);
SELECT starhouse.rollup_compact('minutes') IS NOT NULL AS compacted;
-- Final when the watermark has passed the end, not the beginning.
SELECT bool_and(is_final = (window_end <= (SELECT watermark FROM minutes_mark))) AND bool_or(is_final) AND NOT bool_and(is_final) AS right FROM hour_windows;
-- A range gives the windows that begin in it, whole, and reads the buckets they are made of.
SELECT (SELECT count(*) FROM ((SELECT * FROM hour_windows WHERE window_start >= '2024-03-05' AND window_start < '2024-03-09' EXCEPT ALL SELECT * FROM hour_windows('2024-03-05', '2024-03-09'))
                              UNION ALL (SELECT * FROM hour_windows('2024-03-05', '2024-03-09') EXCEPT ALL SELECT * FROM hour_windows WHERE window_start >= '2024-03-05' AND window_start < '2024-03-09')) AS d) AS hours,
       (SELECT count(*) FROM ((SELECT * FROM week_windows WHERE window_start >= '2024-03-05' AND window_start < '2024-03-12' EXCEPT ALL SELECT * FROM week_windows('2024-03-05', '2024-03-12'))
                              UNION ALL (SELECT * FROM week_windows('2024-03-05', '2024-03-12') EXCEPT ALL SELECT * FROM week_windows WHERE window_start >= '2024-03-05' AND window_start < '2024-03-12')) AS d) AS weeks,
       (SELECT count(*) FROM week_windows('2024-03-05', '2024-03-12')) AS some;
SELECT count(*) FROM hour_windows(NULL, '2024-03-09');
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END $$;
SET enable_seqscan = off;
SELECT bool_or(p ~ 'Index Cond: .*bucket >= ''Tue Mar 05.*bucket < .*''Sat Mar 09') AS by_index FROM plan_of($$SELECT * FROM hour_windows('2024-03-05', '2024-03-09')$$) AS p;
RESET enable_seqscan;

-- Whoever reads the rollup reads its windows.
DO $$ BEGIN CREATE ROLE rollup_window_reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT USAGE ON SCHEMA rollup_window, starhouse TO rollup_window_reader;
GRANT SELECT ON months TO rollup_window_reader;
SELECT starhouse.create_windows('seen_windows', 'months', '3 months');
SET ROLE rollup_window_reader;
SELECT (SELECT count(*) FROM seen_windows) = (SELECT count(*) FROM seen_windows('2020-01-01', '2030-01-01')) AS all;
SELECT window_view FROM starhouse.rollup_window;
\set ON_ERROR_STOP 0
SELECT starhouse.create_windows('mine', 'months', '2 months');
\echo :SQLSTATE
RESET ROLE;
SELECT starhouse.create_windows('bad', 'minutes', '50 minutes');
\echo :SQLSTATE
SELECT starhouse.create_windows('bad', 'minutes', '1 hour', '20 minutes');
\echo :SQLSTATE
SELECT starhouse.create_windows('bad', 'minutes', '1 hour', '2 hours');
\echo :SQLSTATE
SELECT starhouse.create_windows('bad', 'minutes', '1 month');
\echo :SQLSTATE
SELECT starhouse.create_windows('bad', 'days', '36 hours');
\echo :SQLSTATE
SELECT starhouse.create_windows('bad', 'months', '40 days');
\echo :SQLSTATE
SELECT starhouse.create_windows('bad', 'minutes', NULL);
\echo :SQLSTATE
SELECT starhouse.create_windows('hour_windows', 'minutes', '1 hour');
\echo :SQLSTATE
SELECT starhouse.create_windows('bad', 'plays', '1 hour');
\echo :SQLSTATE
SELECT starhouse.drop_rollup('minutes');
\echo :SQLSTATE
SELECT starhouse.drop_windows('minutes');
\echo :SQLSTATE
\set ON_ERROR_STOP 1
SELECT starhouse.drop_windows(window_view) FROM starhouse.rollup_window ORDER BY window_view::text;
SELECT starhouse.drop_rollup(rollup) FROM starhouse.rollup ORDER BY starhouse.rollup_level(rollup) DESC, rollup::text;
DROP SCHEMA rollup_window CASCADE;
DROP OWNED BY rollup_window_reader;
DROP ROLE rollup_window_reader;
