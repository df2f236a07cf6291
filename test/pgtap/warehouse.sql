-- A warehouse from create to drop: whose it is, where it may live, what is refused, what survives.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(67);

-- The rows of a query as one text.
CREATE FUNCTION pg_temp.rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
BEGIN
  EXECUTE format('SELECT string_agg(r::text, E''\n'') FROM (%s) r', query) INTO result;
  RETURN result;
END $$;

-- An ordinary user: CREATE on the database and nothing else.
CREATE ROLE wh_owner;
CREATE ROLE wh_nobody;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO wh_owner', current_database()); END $$;
SELECT ok(NOT rolsuper, 'the owner is no superuser') FROM pg_roles WHERE rolname = 'wh_owner';

SET LOCAL ROLE wh_nobody;
SELECT throws_ok($$SELECT starhouse.create_warehouse('shopsmart')$$, '42501',
  format('role "wh_nobody" may not create schema "shopsmart" in database "%s"', current_database()),
  'without CREATE on the database the error says so');
SELECT hasnt_schema('shopsmart', 'and nothing is left behind');

SET LOCAL ROLE wh_owner;
SELECT matches(starhouse.create_warehouse('shopsmart', time_zone => 'Asia/Kolkata'),
  '^shopsmart warehouse in schema shopsmart: \d+ tables, \d+ views; calendar 2010-01-01 to \d{4}-12-31, time zone Asia/Kolkata, foreign keys enforced$',
  'a plain role creates a warehouse');
SELECT set_eq($$SELECT relname::text FROM pg_class WHERE relnamespace = 'shopsmart'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition$$,
  ARRAY['time_dim', 'store_dim', 'promotion_dim', 'customer_history', 'product_history', 'customer_history_scd_memory', 'product_history_scd_memory', 'sales_fact', 'inventory_fact', 'promotion_fact',
        'sales_month', 'sales_day', 'store_day', 'product_month', 'product_week', 'customer_month', 'basket_month', 'categories_summed', 'category_month', 'product_month_as_was', 'sales_summed', 'customer_sum', 'cohort_sum', 'rfm_sum', 'loyalty_sum', 'loyalty_year', 'promotion_sum', 'stock_pace', 'stock_summed', 'stock_week', 'stock_latest', 'stock_mean',
        'warehouse_info', 'template_object', 'feed', 'feed_version', 'load_source', 'source_partition', 'source_gap', 'batch_log', 'quarantine', 'run_log', 'attempt_log', 'freshness_limit',
        'alert_rule', 'alert', 'alert_event', 'alert_sink', 'alert_delivery', 'retention_log', 'gold_registry', 'gold_dirty', 'gold_customer_profile', 'gold_product_profile',
        'bronze_products', 'bronze_stores', 'bronze_promotions', 'bronze_customers', 'bronze_pos_sales', 'bronze_online_orders',
        'bronze_inventory', 'bronze_online_retail'], 'the tables');
SELECT set_eq($$SELECT feed_name::text FROM shopsmart.feed$$,
  ARRAY['products', 'stores', 'promotions', 'customers', 'pos_sales', 'online_orders', 'inventory', 'online_retail'], 'a feed for every source');
SELECT is(count(*), 0::bigint, 'every object belongs to the caller')
  FROM pg_class WHERE relnamespace = 'shopsmart'::regnamespace AND relowner <> 'wh_owner'::regrole;
SELECT is(count(*), 0::bigint, 'no object belongs to an extension')
  FROM pg_depend d JOIN pg_class c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
  WHERE d.deptype = 'e' AND c.relnamespace = 'shopsmart'::regnamespace;
SELECT is(pg_temp.rows_of($$SELECT kind, schema_name, time_zone, country, calendar_from, created_by, template_version::integer = (SELECT v.version FROM starhouse.template_version v WHERE v.kind = 'shopsmart')
                            FROM starhouse.warehouses WHERE schema_name = 'shopsmart'$$),
  '(shopsmart,shopsmart,Asia/Kolkata,IN,2010-01-01,wh_owner,t)', 'warehouses lists it, with the template''s version');
SELECT is_empty($$SELECT * FROM starhouse.check_integrity('shopsmart')$$, 'a new warehouse is sound');

-- Comments, dimensions, foreign keys, calendar.
SELECT is_empty($$
  SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relnamespace = 'shopsmart'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
    AND col_description(c.oid, a.attnum) IS NULL$$, 'every column has a comment');
SELECT is_empty($$
  SELECT c.relname FROM pg_class c
  WHERE c.relnamespace = 'shopsmart'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
    AND obj_description(c.oid, 'pg_class') IS NULL$$, 'every table and view has a comment');
SELECT is(pg_temp.rows_of('SELECT store_id FROM shopsmart.store_dim ORDER BY 1'), E'(-)\n(?)\n(ONLINE)', 'special stores');
SELECT is(pg_temp.rows_of('SELECT promotion_id FROM shopsmart.promotion_dim ORDER BY 1'), E'(-)\n(?)', 'special promotions');
SELECT is(pg_temp.rows_of('SELECT customer_id, customer_version, valid_from, valid_to FROM shopsmart.customer_history'),
  '(?,-1,-infinity,infinity)', 'the unknown customer');
SELECT is(pg_temp.rows_of('SELECT product_id, product_version FROM shopsmart.product_dim'), '(?,-1)', 'the unknown product');
SELECT set_eq($$SELECT conrelid::regclass::text || ' ' || confrelid::regclass::text FROM pg_constraint
               WHERE contype = 'f' AND conparentid = 0 AND connamespace = 'shopsmart'::regnamespace AND conrelid::regclass::text ~ '_fact$'$$,
  ARRAY['shopsmart.sales_fact shopsmart.time_dim', 'shopsmart.sales_fact shopsmart.store_dim', 'shopsmart.sales_fact shopsmart.promotion_dim',
        'shopsmart.sales_fact shopsmart.product_history', 'shopsmart.sales_fact shopsmart.customer_history',
        'shopsmart.inventory_fact shopsmart.time_dim', 'shopsmart.inventory_fact shopsmart.store_dim', 'shopsmart.inventory_fact shopsmart.product_history',
        'shopsmart.promotion_fact shopsmart.time_dim', 'shopsmart.promotion_fact shopsmart.store_dim', 'shopsmart.promotion_fact shopsmart.promotion_dim'],
  'facts refer to dimensions');
SELECT throws_ok($$INSERT INTO shopsmart.sales_fact (time_key, event_time, order_id, line_id, channel, quantity_sold, sales_amount, store_key)
                   VALUES (current_date, now(), 'o', 1, 'Store', 1, 1, 'S999')$$, '23503', NULL, 'a key without a member is refused');
SELECT is(pg_temp.rows_of($$SELECT holiday_flag, holiday_name ~ 'Independence', fiscal_year, fiscal_quarter, week_start_date
                            FROM shopsmart.time_dim WHERE date_key = '2025-08-15'$$), '(1,t,2026,2,2025-08-11)', 'the calendar knows holidays and the fiscal year');

-- The calendar grows with the facts.
SELECT is(starhouse.extend_calendar('shopsmart', '2012-05-01', '2012-05-02'), 0, 'days that are there cost nothing');
SELECT is(starhouse.extend_calendar('shopsmart', '2008-02-10', '2008-02-11'), 731, 'an earlier day adds whole years');
SELECT is(min(date_key), date '2008-01-01', 'from their first day') FROM shopsmart.time_dim;
SELECT is(max(date_key) - min(date_key) + 1, count(*)::integer, 'without a gap') FROM shopsmart.time_dim;
SELECT is(calendar_from, date '2008-01-01', 'warehouses shows the new range') FROM starhouse.warehouses WHERE schema_name = 'shopsmart';
SELECT is(starhouse.extend_calendar('shopsmart', NULL, NULL), 0, 'an empty batch extends nothing');
SELECT throws_ok($$SELECT starhouse.extend_calendar('shopsmart', '2010-01-01', '9999-01-01')$$, '54000', NULL, 'a stray date does not fill the disk');

-- Partitions ahead of the data; retention.
SELECT cmp_ok(max(range_to), '>', now() + interval '1 month', 'a new warehouse has partitions ahead of the data')
  FROM starhouse.partitions('shopsmart.sales_fact');
SELECT is(starhouse.ensure_partitions('shopsmart.sales_fact', '2024-01-15', '2024-03-01'), 3, 'three months need three partitions');
SELECT is(starhouse.ensure_partitions('shopsmart.sales_fact', '2024-01-15', '2024-03-31'), 0, 'which are there then');
SELECT is(count(*), 5::bigint, 'a new partition carries the foreign keys')
  FROM pg_constraint WHERE conrelid = 'shopsmart.sales_fact_y2024m02'::regclass AND contype = 'f';
INSERT INTO shopsmart.sales_fact (time_key, event_time, order_id, line_id, channel, quantity_sold, sales_amount)
  VALUES ('2024-01-20', '2024-01-20 12:00Z', 'old', 1, 'Store', 1, 10), ('2024-02-20', '2024-02-20 12:00Z', 'kept', 1, 'Store', 1, 10);
SELECT is(pg_temp.rows_of($$SELECT dropped, range_to FROM starhouse.drop_partitions_before('shopsmart.sales_fact', '2024-02-10Z')$$),
  '(shopsmart.sales_fact_y2024m01,"2024-02-01 00:00:00+00")', 'retention drops what lies wholly before');
SELECT is(pg_temp.rows_of('SELECT order_id FROM shopsmart.sales_fact'), '(kept)', 'and nothing else');

-- Clashes.
SELECT throws_ok($$SELECT starhouse.create_warehouse('shopsmart')$$, '42P06', 'schema "shopsmart" holds a warehouse already', 'not twice in one schema');
CREATE SCHEMA wh_taken;
CREATE TABLE wh_taken.sales_fact (id integer);
CREATE VIEW wh_taken.snow_city AS SELECT 1 AS one;
CREATE FUNCTION wh_taken.scd_register() RETURNS integer LANGUAGE sql RETURN 1;
SELECT throws_ok($$SELECT starhouse.create_warehouse('shopsmart', 'wh_taken')$$, '42710',
  'schema "wh_taken" already holds what a shopsmart warehouse would create: sales_fact, snow_city, scd_register()', 'objects in the way are named');
SELECT tables_are('wh_taken', ARRAY['sales_fact'], 'and a failed call creates nothing');
SELECT throws_ok($$SELECT starhouse.create_warehouse('nosuch')$$, '22023', 'there is no warehouse of kind "nosuch"', 'unknown kind');
SELECT throws_ok($$SELECT starhouse.create_warehouse(NULL)$$, '22023', 'there is no warehouse of kind NULL', 'no kind');
SELECT throws_ok($$SELECT starhouse.create_warehouse('shopsmart', 'pg_mine')$$, '42939', NULL, 'reserved schema name');
SELECT throws_ok($$SELECT starhouse.create_warehouse('shopsmart', 'wh_x', time_zone => 'Mars/Olympus')$$, '22023', 'unknown time zone "Mars/Olympus"', 'unknown zone');
SELECT throws_ok($$SELECT starhouse.create_warehouse('shopsmart', 'wh_x', country => 'XX')$$, '22023', NULL, 'unknown country');
SELECT hasnt_schema('wh_x', 'a call that fails late leaves nothing either');
SELECT throws_ok($$SELECT starhouse.create_warehouse('shopsmart', 'wh_x', foreign_keys => 'maybe')$$, '22023', NULL, 'unknown mode of foreign keys');
SELECT throws_ok($$SELECT starhouse.create_warehouse('shopsmart', 'wh_x', fiscal_year_start => 13)$$, '22023', NULL, 'no thirteenth month');
SELECT throws_ok($$SELECT starhouse.create_warehouse('shopsmart', 'wh_x', calendar_from => '2025-01-01', calendar_to => '2024-01-01')$$, '22023', NULL, 'a calendar runs forward');
SELECT CASE WHEN current_setting('server_version_num')::integer < 180000
  THEN throws_ok($$SELECT starhouse.create_warehouse('shopsmart', 'wh_x', foreign_keys => 'not enforced')$$, '0A000',
                 'foreign keys that are not enforced need PostgreSQL 18 or later', 'not enforced: too old a server says so')
  ELSE lives_ok($$SELECT starhouse.create_warehouse('shopsmart', 'wh_x', foreign_keys => 'not enforced')$$, 'not enforced: foreign keys for documentation') END;

-- A second one, in an odd name, without foreign keys; both work side by side.
SELECT lives_ok($$SELECT starhouse.create_warehouse('shopsmart', 'Shop "Smart" 2', 'Europe/London', country => 'GB', foreign_keys => 'none',
                                                    calendar_from => '2020-01-01', calendar_to => '2026-12-31')$$, 'any schema name will do');
SELECT is(count(*), 0::bigint, 'foreign_keys => none declares none')
  FROM pg_constraint WHERE contype = 'f' AND connamespace = '"Shop ""Smart"" 2"'::regnamespace AND conrelid::regclass::text ~ '_fact';
SELECT is(starhouse.ensure_partitions('"Shop ""Smart"" 2".sales_fact', '2021-01-01', '2021-01-01'), 1, 'partitions in it');
INSERT INTO "Shop ""Smart"" 2".sales_fact (time_key, event_time, order_id, line_id, channel, quantity_sold, sales_amount, store_key, product_key, product_version)
  VALUES ('2021-01-01', '2021-01-01 12:00Z', 'o', 1, 'Store', 1, 10, 'S404', 'P404', -1);
SELECT is(pg_temp.rows_of($$SELECT problem, column_name, violations, example FROM starhouse.check_integrity('Shop "Smart" 2') ORDER BY column_name, problem$$),
  E'("key without member",product_key,1,P404)\n("version missing or of another key",product_version,1,-1)\n("key without member",store_key,1,S404)', 'check_integrity finds what no foreign key guards');
SELECT is_empty($$SELECT * FROM starhouse.check_integrity('shopsmart')$$, 'the first one is as sound as before');
SELECT is(count(*), 0::bigint, 'holidays are the country''s own')
  FROM "Shop ""Smart"" 2".time_dim WHERE date_key = '2025-08-15' AND holiday_flag = 1;
RESET ROLE;
SET LOCAL ROLE wh_nobody;
SELECT is_empty($$SELECT * FROM starhouse.warehouses WHERE created_by = 'wh_owner'$$, 'others do not see what they may not read');
SELECT throws_ok($$SELECT starhouse.drop_warehouse('shopsmart', 'shopsmart')$$, '3F000', 'there is no warehouse "shopsmart"', 'nor drop it');
RESET ROLE;
-- A table made to look like a warehouse's must not run its author's code in whoever lists warehouses.
CREATE SCHEMA wh_trap;
CREATE VIEW wh_trap.warehouse_info AS SELECT i.*, 1 / 0 AS trap FROM shopsmart.warehouse_info i;
SELECT is(count(*), 0::bigint, 'a view named warehouse_info is not read') FROM starhouse.warehouses WHERE schema_name = 'wh_trap';

DROP SCHEMA wh_trap CASCADE;

-- The extension goes and comes back; the warehouse does not notice.
SET LOCAL ROLE wh_owner;
SELECT lives_ok($$SELECT * FROM shopsmart.kpi_monthly_revenue$$, 'a KPI view answers');
RESET ROLE;
SELECT lives_ok('DROP EXTENSION starhouse', 'DROP EXTENSION needs no CASCADE beside warehouses');
SELECT is(count(*), 1::bigint, 'facts are there without the extension') FROM shopsmart.sales_fact;
SELECT is(revenue, 10::numeric, 'KPI views answer without it') FROM shopsmart.kpi_monthly_revenue;
CREATE EXTENSION starhouse;
SET LOCAL ROLE wh_owner;
SELECT is(pg_temp.rows_of($$SELECT schema_name, kind FROM starhouse.warehouses WHERE created_by = 'wh_owner' AND schema_name <> 'wh_x'$$),
  E'("Shop ""Smart"" 2",shopsmart)\n(shopsmart,shopsmart)', 'a new extension finds them');
SELECT is(pg_temp.rows_of($$SELECT problem, example FROM starhouse.check_integrity('shopsmart') WHERE relation ~ 'product'$$),
  '("dimension not registered","SELECT starhouse.repair_warehouse(''shopsmart'')")', 'check_integrity tells what to do');
SELECT is(starhouse.repair_warehouse('shopsmart'), 2, 'repair_warehouse registers the dimensions again');
SELECT is_empty($$SELECT * FROM starhouse.check_integrity('shopsmart')$$, 'and all is well');

-- Dropping: never by accident, never more than its own.
SELECT throws_ok($$SELECT starhouse.drop_warehouse('shopsmart')$$, '55000',
  'drop_warehouse would delete warehouse "shopsmart" with 1 fact rows (0 in inventory_fact, 0 in promotion_fact, 1 in sales_fact)',
  'without confirmation it says what would go');
CREATE VIEW wh_taken.outside AS SELECT * FROM shopsmart.store_dim;
SELECT throws_ok($$SELECT starhouse.drop_warehouse('shopsmart', 'shopsmart')$$, '2BP01', 'other objects depend on warehouse "shopsmart"', 'what others built on it blocks');
DROP VIEW wh_taken.outside;
CREATE TABLE shopsmart.own_notes (note text);
SELECT matches(starhouse.drop_warehouse('shopsmart', 'shopsmart'), '1 fact rows; the schema stays, it also holds shopsmart.own_notes$', 'a table of the user''s own stays');
SELECT has_table('shopsmart', 'own_notes', 'with its schema');
SELECT matches(starhouse.drop_warehouse('Shop "Smart" 2', 'Shop "Smart" 2'), ', and the schema$', 'an empty schema goes');

SELECT * FROM finish();
ROLLBACK;
