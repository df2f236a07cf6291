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
SELECT starhouse.create_warehouse('shopsmart', 'Kpi "Other"', time_zone => 'Asia/Kolkata') \g /dev/null
CREATE SCHEMA kpi_here;
CREATE VIEW kpi_here.kpi_mine AS SELECT 1 AS odd_column;  -- a user's own, older than the warehouse
SELECT starhouse.create_warehouse('shopsmart', 'kpi_here', time_zone => 'America/New_York') \g /dev/null
DROP VIEW kpi_here.kpi_mine;
SET LOCAL search_path = kpi_here, public;

CREATE TEMP VIEW kpi_view AS
SELECT c.oid, c.relname::text AS name, n.nspname::text AS schema
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'v' AND c.relname LIKE 'kpi\_%' AND n.nspname IN ('kpi_here', 'Kpi "Other"');

-- The reports that the warehouse promises.
SELECT bag_has('SELECT name FROM kpi_view WHERE schema = ''kpi_here''', $$VALUES
  ('kpi_revenue_by_region_month'), ('kpi_top_products'), ('kpi_top_categories'), ('kpi_top_categories_as_was'),
  ('kpi_retention_cohorts'), ('kpi_retention_by_loyalty'), ('kpi_repeat_customers'), ('kpi_stock_cover'),
  ('kpi_stock_sales_trend'), ('kpi_stock_turnover'), ('kpi_promotion_effectiveness'), ('kpi_average_monthly_revenue'),
  ('kpi_monthly_revenue'), ('kpi_festive_season'), ('kpi_basket'), ('kpi_rfm'), ('kpi_rfm_segments'),
  ('kpi_store_ranking'), ('kpi_replenishment'), ('kpi_catalog')$$, 'the reports are there');

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
SELECT results_eq('SELECT * FROM kpi_data_range', $$VALUES (NULL::date, NULL::date, 0, 0::bigint, 0::bigint)$$,
  'empty: no first day, no lines');
SELECT results_eq('SELECT customers, repeat_customers, repeat_percent, orders_per_customer FROM kpi_repeat_customers',
  $$VALUES (0::bigint, 0::bigint, NULL::numeric, NULL::numeric)$$, 'empty: no customers, no rate');
SELECT results_eq('SELECT months, revenue, average_monthly_revenue FROM kpi_average_monthly_revenue',
  $$VALUES (0::bigint, 0::numeric, NULL::numeric)$$, 'empty: no months, no average');
SELECT is_empty('SELECT * FROM kpi_revenue_by_region_month', 'empty: no regions');
SELECT is_empty('SELECT * FROM kpi_monthly_revenue', 'empty: no months');
SELECT is_empty('SELECT * FROM kpi_rfm', 'empty: no customers to score');
SELECT is_empty('SELECT * FROM kpi_replenishment', 'empty: nothing to order');
SELECT is_empty('SELECT * FROM kpi_store_ranking', 'empty: no stores, and the members ''?'' and ''-'' are none');

-- Two warehouses do not see each other.
SET LOCAL search_path = "Kpi ""Other""", public;
\ir ../data/shopsmart_kpi.sql

-- How fresh a report is follows from its own feeds: a batch of one that does not feed it says nothing of it.
SELECT is((SELECT freshness FROM kpi_catalog WHERE name = 'kpi_basket'), NULL, 'before the first batch');
INSERT INTO batch_log (feed_name, finished_at) VALUES ('customers', '2025-12-01 10:00Z'), ('customers', '2025-12-01 09:00Z');
SELECT bag_eq($$SELECT name, freshness FROM kpi_catalog WHERE name IN ('kpi_loyalty_activity', 'kpi_basket')$$, $$VALUES
  ('kpi_loyalty_activity', '2025-12-01 10:00Z'::timestamptz), ('kpi_basket', NULL)$$, 'a batch of one feed');
INSERT INTO batch_log (feed_name, finished_at) VALUES ('pos_sales', '2025-12-01 12:00Z');
SELECT bag_eq($$SELECT name, freshness FROM kpi_catalog WHERE name IN ('kpi_loyalty_activity', 'kpi_basket')$$, $$VALUES
  ('kpi_loyalty_activity', '2025-12-01 12:00Z'::timestamptz), ('kpi_basket', '2025-12-01 12:00Z')$$, 'and of another');
\ir ../data/kpi_catalog_plans.sql
SET LOCAL search_path = public;
SELECT is((SELECT sum(revenue) FROM "Kpi ""Other""".kpi_revenue_by_region_month), 1240.0,
  'a report needs no search_path');
SELECT is((SELECT sum(revenue) FROM kpi_here.kpi_revenue_by_region_month), NULL, 'the other warehouse has none of it');
SELECT is((SELECT count(*) FROM kpi_here.kpi_catalog), (SELECT count(*) FROM "Kpi ""Other""".kpi_catalog),
  'each catalogue lists its own reports');

-- Constant bounds prune partitions when the query is planned, the reports' own windows when it runs.
SET LOCAL search_path = kpi_here, public;
CREATE TABLE sales_month_1 PARTITION OF sales_fact FOR VALUES FROM ('1999-01-01 00:00Z') TO ('1999-02-01 00:00Z');
CREATE TABLE sales_month_2 PARTITION OF sales_fact FOR VALUES FROM ('1999-02-01 00:00Z') TO ('1999-03-01 00:00Z');
CREATE TABLE sales_month_3 PARTITION OF sales_fact FOR VALUES FROM ('1999-03-01 00:00Z') TO ('1999-04-01 00:00Z');
CREATE TABLE sales_month_4 PARTITION OF sales_fact FOR VALUES FROM ('1999-04-01 00:00Z') TO ('1999-05-01 00:00Z');
CREATE FUNCTION pg_temp.plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; plan text := '';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP plan := plan || line || E'\n'; END LOOP;
  RETURN plan;
END $$;
SELECT matches(pg_temp.plan($$SELECT * FROM kpi_top_products('1999-02-10', '1999-02-20')$$), 'sales_month_2',
  'bounds within February read February');
SELECT doesnt_match(pg_temp.plan($$SELECT * FROM kpi_top_products('1999-02-10', '1999-02-20')$$), 'sales_month_[134]',
  'and no other month');
SELECT matches(pg_temp.plan($$SELECT * FROM kpi_top_products('1999-03-01', '1999-03-31')$$), 'sales_month_2',
  'the first local day of a month may lie in the partition before');
SELECT doesnt_match(pg_temp.plan($$SELECT * FROM kpi_stock_cover('1999-03-30')$$),
  'sales_month_(1|2|4)[^\n]*\(actual', 'a report''s window skips the partitions outside when it runs');

-- A reader with SELECT on the tables and views gets every report.
CREATE ROLE kpi_reader_test;
GRANT USAGE ON SCHEMA kpi_here TO kpi_reader_test;
GRANT SELECT ON ALL TABLES IN SCHEMA kpi_here TO kpi_reader_test;
SELECT lives_ok(format('SET LOCAL ROLE kpi_reader_test; SELECT * FROM kpi_here.%I', name), 'as a reader: ' || name)
FROM kpi_view WHERE schema = 'kpi_here' ORDER BY name;
RESET ROLE;

-- Nothing of the extension is used: it can go, the reports stay.
DROP EXTENSION starhouse;
SELECT is((SELECT sum(revenue) FROM "Kpi ""Other""".kpi_revenue_by_region_month), 1240.0,
  'without the extension: the same revenue');
SELECT lives_ok(format('SELECT * FROM %I.%I', schema, name), 'without the extension: ' || name)
FROM kpi_view WHERE schema <> 'kpi_here' ORDER BY name;

SELECT * FROM finish();
ROLLBACK;
