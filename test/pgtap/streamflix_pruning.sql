-- Which partitions of the playbacks a query reads: filters on the date column, the reports' own windows, and filters on time_dim.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TimeZone = 'UTC';
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL starhouse.enable_star_scan = off; -- it tells how many partitions it reads, not which
SET LOCAL search_path = public, starhouse;
SELECT plan(14);

-- A zone west of UTC: its days end on the next day of UTC, and its months in the next partition.
SELECT starhouse.create_warehouse('streamflix', 'sf prune', 'America/New_York', country => NULL, calendar_from => '2025-01-01', calendar_to => '2025-12-31') \g /dev/null
SET LOCAL search_path = "sf prune", public, starhouse;
SELECT ensure_partitions('viewership_fact', '2025-01-01', '2025-06-30') \g /dev/null
INSERT INTO viewership_fact (time_key, event_time, event_id, watch_duration)
SELECT date_trunc('hour', t AT TIME ZONE 'America/New_York'), t, 'e' || n, n % 100
FROM (SELECT n, timestamptz '2025-01-01 05:00Z' + n * interval '3 hours' AS t FROM generate_series(0, 1430) n) x;
SELECT starhouse.ensure_partitions('engagement_fact', '2025-01-01', '2025-06-30'), starhouse.ensure_partitions('viewing_hour_fact', '2025-01-01', '2025-06-30') \g /dev/null
SELECT rebuild_viewing('America/New_York', '2025-01-01', '2025-06-30') \g /dev/null
ANALYZE viewership_fact, engagement_fact, viewing_hour_fact, time_dim;

-- The months of the fact's partitions that were really looked into.
CREATE FUNCTION pg_temp.months(query text, fact text DEFAULT 'viewership_fact') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  line text;
  found text[] := '{}';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
    IF line ~ (' on ' || fact || '_y2025m\d\d ') AND line !~ 'never executed' THEN
      found := found || substring(line FROM fact || '_y2025(m\d\d)');
    END IF;
  END LOOP;
  RETURN (SELECT string_agg(DISTINCT m, ' ' ORDER BY m) FROM unnest(found) m);
END $$;
CREATE FUNCTION pg_temp.total(query text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
  result numeric;
BEGIN
  EXECUTE query INTO result;
  RETURN result;
END $$;

SELECT is(pg_temp.months('SELECT sum(watch_duration) FROM viewership_fact'), 'm01 m02 m03 m04 m05 m06', 'without a filter every month');
SELECT is(pg_temp.months($$SELECT sum(watch_duration) FROM viewership_fact WHERE event_time >= '2025-03-01' AND event_time < '2025-04-01'$$), 'm03', 'the date column');
SELECT is(pg_temp.months($$SELECT sum(watch_duration) FROM viewership_fact WHERE event_time >= (SELECT timestamptz '2025-03-01') AND event_time < (SELECT timestamptz '2025-04-01')$$),
  'm03', 'the date column, with bounds known only when the query runs');
SELECT is(pg_temp.months($$SELECT sum(watch_minutes) FROM kpi_playbacks('2025-03-03', '2025-03-20')$$), 'm03', 'a function of the reports');
SELECT is(pg_temp.months($$SELECT * FROM kpi_viewing_summary('2025-03-03', '2025-03-20')$$), 'm03', 'a report with bounds');
SELECT is(pg_temp.months('SELECT * FROM kpi_viewing_summary'), 'm05 m06', 'a plain view: its 30 days, 30 May to 28 June');
SELECT is(pg_temp.months('SELECT * FROM kpi_genres', 'engagement_fact'), 'm05 m06', 'and those of the rollup');
SELECT is(pg_temp.months('SELECT * FROM kpi_local_hours', 'viewing_hour_fact'), 'm05 m06', 'and of the hours');

-- time_dim. A join alone cannot prune; with the days on the fact's side it does, and says the same.
SELECT is(pg_temp.months($$SELECT sum(f.watch_duration) FROM playbacks_between('2025-03-01', '2025-03-31') f JOIN time_dim t ON t.date_key = f.time_key WHERE t.is_weekend$$),
  'm02 m03 m04', 'constant days beside time_dim: the month, and a day''s margin on either side for the zone');
SELECT is(pg_temp.months($$SELECT sum(f.watch_duration) FROM playbacks_between('2025-03-02', '2025-03-29') f JOIN time_dim t ON t.date_key = f.time_key WHERE t.is_weekend$$),
  'm03', 'one partition for days within it');
SELECT is(pg_temp.months($$
    SELECT sum(f.watch_duration)
    FROM (SELECT min(date) AS first_day, max(date) AS last_day FROM time_dim WHERE year_month = '2025-03') d
    CROSS JOIN LATERAL playbacks_between(d.first_day, d.last_day) f
    JOIN time_dim t ON t.date_key = f.time_key
    WHERE t.year_month = '2025-03' AND t.is_weekend$$),
  'm02 m03 m04', 'days that time_dim itself gives');
SELECT is(pg_temp.total($$
    SELECT sum(f.watch_duration)
    FROM (SELECT min(date) AS first_day, max(date) AS last_day FROM time_dim WHERE year_month = '2025-03') d
    CROSS JOIN LATERAL playbacks_between(d.first_day, d.last_day) f
    JOIN time_dim t ON t.date_key = f.time_key
    WHERE t.year_month = '2025-03' AND t.is_weekend$$),
  pg_temp.total($$SELECT sum(f.watch_duration) FROM viewership_fact f JOIN time_dim t ON t.date_key = f.time_key WHERE t.year_month = '2025-03' AND t.is_weekend$$),
  'the same rows as the join alone');
SELECT is(pg_temp.total($$SELECT count(*) FROM playbacks_between('2025-03-01', '2025-03-31')$$),
  pg_temp.total($$SELECT count(*) FROM viewership_fact WHERE time_key::date BETWEEN '2025-03-01' AND '2025-03-31'$$), 'days are those of the warehouse''s clock');
SELECT is_empty($$SELECT * FROM playbacks_between(NULL, '2025-03-31')$$, 'NULL gives none');
SELECT * FROM finish();
ROLLBACK;
