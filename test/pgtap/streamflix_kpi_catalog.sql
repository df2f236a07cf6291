-- What holds for every KPI view: it is explained, works in an empty warehouse, in any schema, for a reader
-- who may only read, and without the extension; date bounds prune partitions.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
SET LOCAL search_path = public, starhouse;
SELECT no_plan();
SELECT starhouse.create_warehouse('streamflix', 'Kpi "Other"', time_zone => 'UTC', country => NULL, calendar_from => '2025-01-01') \g /dev/null
CREATE SCHEMA kpi_here;
CREATE VIEW kpi_here.kpi_mine AS SELECT 1 AS odd_column;  -- a user's own, older than the warehouse
SELECT starhouse.create_warehouse('streamflix', 'kpi_here', time_zone => 'America/New_York', country => NULL, calendar_from => '2024-01-01') \g /dev/null
DROP VIEW kpi_here.kpi_mine;
SET LOCAL search_path = kpi_here, public;

CREATE TEMP VIEW kpi_view AS
SELECT c.oid, c.relname::text AS name, n.nspname::text AS schema
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'v' AND c.relname LIKE 'kpi\_%' AND n.nspname IN ('kpi_here', 'Kpi "Other"');

-- The reports that the warehouse promises.
SELECT bag_has('SELECT name FROM kpi_view WHERE schema = ''kpi_here''', $$VALUES
  ('kpi_viewing_summary'), ('kpi_daily_viewing'), ('kpi_skip_rate'), ('kpi_top_videos_by_region'), ('kpi_trending'), ('kpi_video_5min'),
  ('kpi_click_through'), ('kpi_recommendation_quality'), ('kpi_recommendation_by_score'), ('kpi_watch_hours_by_time_zone'), ('kpi_local_hours'),
  ('kpi_peak_hours'), ('kpi_system_performance'), ('kpi_buffering_by_device'), ('kpi_device_usage'), ('kpi_user_watch_time'), ('kpi_genre_by_region'),
  ('kpi_genres'), ('kpi_active_users'), ('kpi_sessions'), ('kpi_concurrent_viewers'), ('kpi_churn_features'), ('kpi_engagement_by_video'),
  ('kpi_watch_by_subscription'), ('kpi_data_range'), ('kpi_unknown_members'), ('kpi_catalog')$$, 'the reports are there');

-- Explained: every view in full, every column, every function.
SELECT is_empty($$SELECT name FROM kpi_view WHERE schema = 'kpi_here' AND name <> 'kpi_catalog'
                  EXCEPT SELECT name FROM kpi_catalog$$, 'the catalogue lists every report');
SELECT is_empty($$SELECT name FROM kpi_catalog
                  WHERE question NOT LIKE '%?' OR formula IS NULL OR grain IS NULL OR unit IS NULL
                     OR null_means IS NULL OR renewed IS NULL OR source_tables IS NULL
                     OR question IS NULL$$, 'with question, formula, grain, unit, NULL and source');
SELECT is_empty($$SELECT v.name, a.attname FROM kpi_view v
                  JOIN pg_attribute a ON a.attrelid = v.oid AND a.attnum > 0
                  WHERE col_description(v.oid, a.attnum) IS NULL$$, 'every column has a comment');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p
                  WHERE p.pronamespace = 'kpi_here'::regnamespace AND p.proname LIKE 'kpi\_%'
                    AND obj_description(p.oid, 'pg_proc') IS NULL$$, 'every function has a comment');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p
                  WHERE p.pronamespace = 'kpi_here'::regnamespace AND p.proname LIKE 'kpi\_%'
                    AND obj_description(p.oid, 'pg_proc') ~ '(?n): *$'$$, 'and no parameter is left unexplained');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p
                  WHERE p.pronamespace = 'kpi_here'::regnamespace AND p.proname LIKE 'kpi\_%'
                    AND (p.provolatile = 'v' OR p.proparallel <> 's' OR p.prosecdef OR p.prosqlbody IS NULL)$$,
  'every function is parallel safe, not volatile, the caller''s own and bound when made');
SELECT is_empty($$SELECT v.name, a.attname FROM kpi_view v
                  JOIN pg_attribute a ON a.attrelid = v.oid AND a.attnum > 0
                  WHERE a.atttypid IN ('float4'::regtype, 'float8'::regtype, 'money'::regtype)$$,
  'no figure is a floating point one');
-- A function returns exactly what its view shows.
SELECT is_empty($$SELECT p.proname FROM pg_proc p JOIN kpi_view v ON v.name = p.proname AND v.schema = 'kpi_here'
                  WHERE p.pronamespace = 'kpi_here'::regnamespace
                    AND (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
                         WHERE a.attrelid = v.oid AND a.attnum > 0)
                        IS DISTINCT FROM p.proargnames[p.pronargs + 1:]$$, 'a view has the columns of its function');
-- One's own report joins the catalogue by its comment.
CREATE VIEW kpi_own AS SELECT 1 AS one;
COMMENT ON VIEW kpi_own IS E'How many?\nFormula: one\nGrain: one row';
SELECT is((SELECT format('%s|%s|%s|%s|%s', question, formula, grain, unit, parameters) FROM kpi_catalog WHERE name = 'kpi_own'),
  'How many?|one|one row||', 'a report of one''s own joins the catalogue');
DROP VIEW kpi_own;

-- Empty: no report fails; those of one row say so, the others have none.
SELECT lives_ok(format('SELECT * FROM %I.%I', schema, name), 'empty warehouse: ' || name || ' in ' || schema)
FROM kpi_view ORDER BY schema, name;
SELECT results_eq('SELECT * FROM kpi_data_range', $$VALUES (NULL::date, NULL::date, 0, 0::bigint)$$, 'empty: no first day, no playbacks');
SELECT results_eq('SELECT views, viewers, watch_hours, average_watch_minutes, skip_percent FROM kpi_viewing_summary',
  $$VALUES (0::bigint, 0::bigint, 0.00, NULL::numeric, NULL::numeric)$$, 'empty: nothing watched, no average');
SELECT results_eq('SELECT recommendations, click_percent, score_accuracy_percent FROM kpi_recommendation_quality',
  $$VALUES (0::bigint, NULL::numeric, NULL::numeric)$$, 'empty: no recommendations, no rate');
SELECT is_empty('SELECT * FROM ' || name, 'empty: no rows in ' || name)
FROM unnest('{kpi_daily_viewing,kpi_trending,kpi_active_users,kpi_concurrent_viewers,kpi_churn_features,kpi_peak_hours,kpi_sessions}'::text[]) name;

-- Two warehouses do not see each other.
SET LOCAL search_path = "Kpi ""Other""", starhouse, public;
\ir ../data/streamflix_kpi.sql

-- How fresh a report is follows from its own feeds: a batch of one that does not feed it says nothing of it.
SELECT is((SELECT newest_event FROM kpi_catalog WHERE name = 'kpi_recommendation_quality') >= '2025-03-09 10:10Z', true, 'the newest recommendation, at least');
INSERT INTO batch_log (feed_name, finished_at) VALUES ('site_ratings', '2025-12-01 10:00Z'), ('site_ratings', '2025-12-01 09:00Z');
SELECT bag_eq($$SELECT name, freshness FROM kpi_catalog WHERE name IN ('kpi_site_ratings', 'kpi_recommendation_quality')$$, $$VALUES
  ('kpi_site_ratings', '2025-12-01 10:00Z'::timestamptz), ('kpi_recommendation_quality', NULL)$$, 'a batch of one feed');
INSERT INTO batch_log (feed_name, finished_at) VALUES ('recommendations', '2025-12-01 12:00Z');
SELECT bag_eq($$SELECT name, freshness FROM kpi_catalog WHERE name IN ('kpi_site_ratings', 'kpi_recommendation_quality')$$, $$VALUES
  ('kpi_site_ratings', '2025-12-01 12:00Z'::timestamptz), ('kpi_recommendation_quality', '2025-12-01 12:00Z')$$, 'and of another');
\ir ../data/kpi_catalog_plans.sql
SET LOCAL search_path = public;
SELECT is((SELECT views FROM "Kpi ""Other""".kpi_viewing_summary), 9::bigint, 'a report needs no search_path');
SELECT is((SELECT views FROM kpi_here.kpi_viewing_summary), 0::bigint, 'the other warehouse has none of it');
SELECT is((SELECT count(*) FROM kpi_here.kpi_catalog), (SELECT count(*) FROM "Kpi ""Other""".kpi_catalog),
  'each catalogue lists its own reports');

-- Bounds prune partitions, given ones and those of the default window; a join to the calendar does not change that.
SET LOCAL search_path = kpi_here, public;
SET LOCAL starhouse.enable_star_scan = off; -- it tells how many partitions it reads, not which
SELECT starhouse.ensure_partitions('viewership_fact', '2024-01-15Z', '2024-06-15Z') \g /dev/null
INSERT INTO viewership_fact (time_key, event_time, event_id, watch_duration)
SELECT date_trunc('hour', d AT TIME ZONE 'America/New_York'), d, d::text, 1 FROM generate_series('2024-01-15 12:00Z'::timestamptz, '2024-06-15 12:00Z', '1 day') d;
CREATE FUNCTION pg_temp.plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; plan text := '';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP plan := plan || line || E'\n'; END LOOP;
  RETURN plan;
END $$;
SELECT doesnt_match(pg_temp.plan($$SELECT * FROM kpi_daily_viewing('2024-02-10', '2024-02-20')$$), 'viewership_fact_y2024m0[13456] [^\n]*\(actual',
  'bounds within February read February');
SELECT matches(pg_temp.plan($$SELECT * FROM kpi_daily_viewing('2024-02-10', '2024-02-20')$$), 'viewership_fact_y2024m02 [^\n]*\(actual', 'and nothing else');
SELECT is((SELECT sum(views) FROM kpi_daily_viewing('2024-02-10', '2024-02-20')), 11::numeric, 'all of it');
SELECT doesnt_match(pg_temp.plan($$SELECT * FROM kpi_viewing_summary$$), 'viewership_fact_y2024m0[1234] [^\n]*\(actual', 'the last 30 days do not read what is older');
SELECT is((SELECT views FROM kpi_viewing_summary), 30::bigint, 'and are 30 days');

-- A reader with SELECT on the tables and views gets every report.
CREATE ROLE kpi_reader_test;
GRANT USAGE ON SCHEMA kpi_here TO kpi_reader_test;
GRANT SELECT ON ALL TABLES IN SCHEMA kpi_here TO kpi_reader_test;
SELECT lives_ok(format('SET LOCAL ROLE kpi_reader_test; SELECT * FROM kpi_here.%I', name), 'as a reader: ' || name)
FROM kpi_view WHERE schema = 'kpi_here' ORDER BY name;
RESET ROLE;

-- Nothing of the extension is used: it can go, the reports stay.
DROP EXTENSION starhouse;
SELECT is((SELECT views FROM "Kpi ""Other""".kpi_viewing_summary), 9::bigint, 'without the extension: the same views');
SELECT lives_ok(format('SELECT * FROM %I.%I', schema, name), 'without the extension: ' || name)
FROM kpi_view WHERE schema <> 'kpi_here' ORDER BY name;

SELECT * FROM finish();
ROLLBACK;
