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
SELECT starhouse.create_warehouse('quickeats', 'Kpi "Other"', time_zone => 'Asia/Kolkata') \g /dev/null
CREATE SCHEMA kpi_here;
CREATE VIEW kpi_here.kpi_mine AS SELECT 1 AS odd_column;  -- a user's own, older than the warehouse
SELECT starhouse.create_warehouse('quickeats', 'kpi_here', time_zone => 'America/New_York') \g /dev/null
DROP VIEW kpi_here.kpi_mine;
SET LOCAL search_path = kpi_here, public;

CREATE TEMP VIEW kpi_view AS
SELECT c.oid, c.relname::text AS name, n.nspname::text AS schema
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'v' AND c.relname LIKE 'kpi\_%' AND n.nspname IN ('kpi_here', 'Kpi "Other"');

-- The reports that the warehouse promises.
SELECT bag_has('SELECT name FROM kpi_view WHERE schema = ''kpi_here''', $$VALUES
  ('kpi_on_time_by_city'), ('kpi_delivery_time_by_city_month'), ('kpi_order_outcomes'), ('kpi_feedback_by_city'), ('kpi_delay_drivers'),
  ('kpi_active_orders_per_minute'), ('kpi_driver_heatmap'), ('kpi_eta_monitor'), ('kpi_dispatch_candidates'), ('kpi_top_restaurants'),
  ('kpi_payment_success'), ('kpi_refund_rate'), ('kpi_payment_attempts'), ('kpi_repeat_customers'), ('kpi_active_users'), ('kpi_searches'),
  ('kpi_orders_per_driver'), ('kpi_driver_utilisation'), ('kpi_peak_windows'), ('kpi_summary'), ('kpi_catalog')$$, 'the reports are there');

-- Explained: every view in full, every column, every function.
SELECT is_empty($$SELECT name FROM kpi_view WHERE schema = 'kpi_here' AND name <> 'kpi_catalog'
                  EXCEPT SELECT name FROM kpi_catalog$$, 'the catalogue lists every report');
SELECT is_empty($$SELECT name FROM kpi_catalog
                  WHERE question NOT LIKE '%?' OR formula IS NULL OR grain IS NULL OR unit IS NULL
                     OR null_means IS NULL OR source_tables IS NULL
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
SELECT results_eq('SELECT * FROM kpi_data_range', $$VALUES (NULL::date, NULL::date, 0, 0::bigint, 0::bigint, 0::bigint)$$, 'empty: no first day, no orders');
SELECT results_eq('SELECT * FROM kpi_repeat_customers', $$VALUES (0::bigint, 0::bigint, NULL::numeric, 0::bigint, NULL::numeric, 0::bigint)$$, 'empty: no customers, no rate');
SELECT results_eq('SELECT * FROM kpi_summary', $$VALUES (0::bigint, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric, NULL::text)$$, 'empty: nothing to sum up');
SELECT is_empty('SELECT * FROM kpi_on_time_by_city', 'empty: no cities');
SELECT is_empty('SELECT * FROM kpi_peak_windows', 'empty: no peaks');
SELECT is_empty('SELECT * FROM kpi_delay_drivers', 'empty: nothing to compare');
SELECT is_empty('SELECT * FROM kpi_driver_heatmap', 'empty: no drivers');

-- Two warehouses do not see each other.
SET LOCAL search_path = "Kpi ""Other""", public;
\ir ../data/quickeats_kpi.sql

-- How fresh a report is follows from its own feeds: a batch of one that does not feed it says nothing of it.
SELECT bag_eq($$SELECT name, freshness, newest_event FROM kpi_catalog WHERE name IN ('kpi_searches', 'kpi_driver_heatmap')$$, $$VALUES
  ('kpi_searches', NULL::timestamptz, '2025-11-05 18:00+05:30'::timestamptz), ('kpi_driver_heatmap', NULL, '2025-11-05 19:12+05:30')$$, 'before the first batch; the newest app event, the newest ping');
INSERT INTO batch_log (feed_name, finished_at) VALUES ('app_events', '2025-12-01 10:00Z'), ('app_events', '2025-12-01 09:00Z');
SELECT bag_eq($$SELECT name, freshness FROM kpi_catalog WHERE name IN ('kpi_searches', 'kpi_driver_heatmap', 'kpi_eta_monitor')$$, $$VALUES
  ('kpi_searches', '2025-12-01 10:00Z'::timestamptz), ('kpi_driver_heatmap', NULL), ('kpi_eta_monitor', NULL)$$, 'a batch of one feed');
INSERT INTO batch_log (feed_name, finished_at) VALUES ('pings', '2025-12-01 12:00Z');
SELECT bag_eq($$SELECT name, freshness FROM kpi_catalog WHERE name IN ('kpi_searches', 'kpi_driver_heatmap')$$, $$VALUES
  ('kpi_searches', '2025-12-01 10:00Z'::timestamptz), ('kpi_driver_heatmap', '2025-12-01 12:00Z')$$, 'and of another');
\ir ../data/kpi_catalog_plans.sql
SET LOCAL search_path = public;
SELECT is((SELECT sum(revenue) FROM "Kpi ""Other""".kpi_top_restaurants), 750::numeric,
  'a report needs no search_path');
SELECT is((SELECT sum(revenue) FROM kpi_here.kpi_top_restaurants), NULL, 'the other warehouse has none of it');
SELECT is((SELECT count(*) FROM kpi_here.kpi_catalog), (SELECT count(*) FROM "Kpi ""Other""".kpi_catalog),
  'each catalogue lists its own reports');

-- Constant bounds prune partitions when the query is planned, the reports' own windows when it runs.
SET LOCAL search_path = kpi_here, public;
CREATE TABLE order_month_1 PARTITION OF orders_fact FOR VALUES FROM ('1999-01-01 00:00Z') TO ('1999-02-01 00:00Z');
CREATE TABLE order_month_2 PARTITION OF orders_fact FOR VALUES FROM ('1999-02-01 00:00Z') TO ('1999-03-01 00:00Z');
CREATE TABLE order_month_3 PARTITION OF orders_fact FOR VALUES FROM ('1999-03-01 00:00Z') TO ('1999-04-01 00:00Z');
CREATE TABLE order_month_4 PARTITION OF orders_fact FOR VALUES FROM ('1999-04-01 00:00Z') TO ('1999-05-01 00:00Z');
CREATE FUNCTION pg_temp.plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; plan text := '';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP plan := plan || line || E'\n'; END LOOP;
  RETURN plan;
END $$;
SELECT matches(pg_temp.plan($$SELECT * FROM kpi_top_restaurants('1999-02-10', '1999-02-20')$$), 'order_month_2',
  'bounds within February read February');
SELECT doesnt_match(pg_temp.plan($$SELECT * FROM kpi_top_restaurants('1999-02-10', '1999-02-20')$$), 'order_month_[134]',
  'and no other month');
SELECT matches(pg_temp.plan($$SELECT * FROM kpi_top_restaurants('1999-03-01', '1999-03-31')$$), 'order_month_2',
  'the first local day of a month may lie in the partition before');
SELECT doesnt_match(pg_temp.plan($$SELECT * FROM kpi_active_orders_per_minute('1999-03-10 12:00Z', '1999-03-10 13:00Z')$$),
  'order_month_(1|2|4)[^\n]*\(actual', 'a report''s window skips the partitions outside when it runs');

-- A reader with SELECT on the tables and views gets every report.
CREATE ROLE kpi_reader_test;
GRANT USAGE ON SCHEMA kpi_here TO kpi_reader_test;
GRANT SELECT ON ALL TABLES IN SCHEMA kpi_here TO kpi_reader_test;
SELECT lives_ok(format('SET LOCAL ROLE kpi_reader_test; SELECT * FROM kpi_here.%I', name), 'as a reader: ' || name)
FROM kpi_view WHERE schema = 'kpi_here' ORDER BY name;
RESET ROLE;

-- Nothing of the extension is used: it can go, the reports stay.
DROP EXTENSION starhouse;
SELECT is((SELECT sum(revenue) FROM "Kpi ""Other""".kpi_top_restaurants), 750::numeric,
  'without the extension: the same revenue');
SELECT lives_ok(format('SELECT * FROM %I.%I', schema, name), 'without the extension: ' || name)
FROM kpi_view WHERE schema <> 'kpi_here' ORDER BY name;

SELECT * FROM finish();
ROLLBACK;
