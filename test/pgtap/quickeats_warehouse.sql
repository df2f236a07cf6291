-- A QuickEats warehouse as it is made: tables, comments, unknown members, foreign keys, the hours of its
-- calendar, the snowflake, a BI role, and life without the extension.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(31);

CREATE FUNCTION pg_temp.rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
BEGIN
  EXECUTE format('SELECT string_agg(r::text, E''\n'') FROM (%s) r', query) INTO result;
  RETURN result;
END $$;
CREATE ROLE qe_owner;
CREATE ROLE qe_reader;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO qe_owner', current_database()); END $$;

SET LOCAL ROLE qe_owner;
SELECT matches(starhouse.create_warehouse('quickeats', time_zone => 'America/New_York', country => 'US', calendar_from => '2024-01-01', calendar_to => '2025-12-31'),
  '^quickeats warehouse in schema quickeats: \d+ tables, \d+ views; calendar 2024-01-01 to 2025-12-31, time zone America/New_York, foreign keys enforced$',
  'a plain role creates a warehouse');
SELECT set_eq($$SELECT relname::text FROM pg_class WHERE relnamespace = 'quickeats'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
                AND relname NOT LIKE 'bronze\_%'$$,
  ARRAY['time_dim', 'city_dim', 'customer_history', 'restaurant_history', 'driver_history', 'customer_history_scd_memory', 'restaurant_history_scd_memory', 'driver_history_scd_memory', 'order_event', 'orders_fact', 'delivery_fact', 'payment_fact',
        'customer_feedback_fact', 'app_event_fact', 'driver_ping_fact', 'driver_position', 'driver_hour', 'delivery_zone',
        'order_clock', 'open_order', 'order_quarter', 'order_day', 'order_hour', 'restaurant_day', 'driver_day', 'delivery_minutes', 'driver_busy', 'driver_spans', 'driver_online', 'driver_number', 'driver_set', 'delay_cell', 'customer_number', 'customer_day', 'customer_set', 'order_mode_day', 'order_clock_day', 'payment_day', 'feedback_day', 'search_number', 'search_day', 'search_customer', 'order_week', 'customer_week', 'search_week', 'search_week_rest', 'city_day', 'restaurant_score_day', 'driver_score_day', 'total_day', 'member_change', 'restaurant_total', 'driver_total', 'driver_use', 'minutes_month', 'warehouse_info', 'template_object', 'feed', 'feed_version', 'load_source', 'source_partition', 'source_gap', 'batch_log', 'quarantine', 'run_log', 'attempt_log', 'freshness_limit', 'alert_rule', 'alert', 'alert_event', 'alert_sink', 'alert_delivery', 'retention_log', 'gold_registry', 'gold_dirty', 'gold_restaurant_profile', 'gold_driver_profile'], 'the tables');
SELECT set_eq($$SELECT feed_name::text FROM quickeats.feed$$,
  ARRAY['cities', 'restaurants', 'drivers', 'customers', 'zones', 'orders', 'payments', 'pings', 'feedback', 'app_events',
        'doordash', 'food_delivery_india', 'cabspotting'], 'a feed for every source');
SELECT is(count(*), 0::bigint, 'every object belongs to the caller')
  FROM pg_class WHERE relnamespace = 'quickeats'::regnamespace AND relowner <> 'qe_owner'::regrole;
SELECT is(count(*), 0::bigint, 'no object belongs to an extension')
  FROM pg_depend d JOIN pg_class c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
  WHERE d.deptype = 'e' AND c.relnamespace = 'quickeats'::regnamespace;
SELECT is_empty($$SELECT * FROM starhouse.check_integrity('quickeats')$$, 'a new warehouse is sound');
SELECT is_empty($$
  SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relnamespace = 'quickeats'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
    AND col_description(c.oid, a.attnum) IS NULL$$, 'every column has a comment');
SELECT is_empty($$
  SELECT c.relname FROM pg_class c
  WHERE c.relnamespace = 'quickeats'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
    AND obj_description(c.oid, 'pg_class') IS NULL$$, 'every table and view has a comment');
SELECT is_empty($$
  SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'quickeats'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL$$, 'and every function');

SELECT is(pg_temp.rows_of('SELECT city_id, city_name FROM quickeats.city_dim'), '(?,Unknown)', 'the unknown city');
SELECT is(pg_temp.rows_of('SELECT customer_id, customer_version, valid_from, valid_to FROM quickeats.customer_history'), '(?,-1,-infinity,infinity)', 'the unknown customer');
SELECT is(pg_temp.rows_of('SELECT restaurant_id, restaurant_version FROM quickeats.restaurant_dim'), '(?,-1)', 'the unknown restaurant');
SELECT is(pg_temp.rows_of('SELECT driver_id, driver_version FROM quickeats.driver_dim'), '(?,-1)', 'the unknown driver');
SELECT set_eq($$SELECT conrelid::regclass::text || ' ' || confrelid::regclass::text FROM pg_constraint
               WHERE contype = 'f' AND conparentid = 0 AND connamespace = 'quickeats'::regnamespace AND conrelid::regclass::text ~ '_fact$'$$,
  (SELECT array_agg(format('quickeats.%s quickeats.%s', fact, dim)) FROM (VALUES
     ('orders_fact', 'time_dim'), ('orders_fact', 'city_dim'), ('orders_fact', 'restaurant_history'), ('orders_fact', 'customer_history'), ('orders_fact', 'driver_history'),
     ('delivery_fact', 'time_dim'), ('delivery_fact', 'city_dim'), ('delivery_fact', 'driver_history'),
     ('payment_fact', 'time_dim'), ('payment_fact', 'city_dim'),
     ('customer_feedback_fact', 'time_dim'), ('customer_feedback_fact', 'city_dim'), ('customer_feedback_fact', 'restaurant_history'),
     ('customer_feedback_fact', 'customer_history'), ('customer_feedback_fact', 'driver_history'),
     ('app_event_fact', 'time_dim'), ('app_event_fact', 'city_dim'), ('app_event_fact', 'customer_history')) AS f(fact, dim)),
  'facts refer to dimensions');
SELECT throws_ok($$INSERT INTO quickeats.orders_fact (time_key, city_key, event_time, order_id, status) VALUES (date_trunc('hour', now() AT TIME ZONE 'America/New_York'), 'ATLANTIS', now(), 'O', 'PLACED')$$,
  '23503', NULL, 'a key without a member is refused');

-- New York: 2 o'clock of 9 March 2025 does not exist, 1 o'clock of 2 November happens twice.
SELECT is(count(*), 23::bigint, 'the day on which the clocks go forward has 23 hours') FROM quickeats.time_dim WHERE date = '2025-03-09';
SELECT is(pg_temp.rows_of($$SELECT count(*), max(length_seconds) FROM quickeats.time_dim WHERE date = '2025-11-02'$$), '(24,7200)', 'an hour the clocks repeat is one row of two hours');
SELECT is(pg_temp.rows_of($$SELECT hour, day_name, meal_time, holiday_flag, year, quarter, month FROM quickeats.time_dim WHERE date_key = '2025-07-04 12:00'$$),
  '(12,Friday,Lunch,1,2025,3,7)', 'an hour knows its day');
SELECT is(starhouse.extend_calendar('quickeats', '2023-05-01', '2023-05-02'), 8759, 'an earlier day adds its whole year, hour by hour');

SELECT is(starhouse.ensure_partitions('quickeats.orders_fact', '2024-01-15', '2024-03-01'), 3, 'three months need three partitions');
SELECT cmp_ok(count(*), '>=', 4::bigint, 'a new warehouse has partitions ahead of the data')
  FROM starhouse.partitions('quickeats.driver_ping_fact');

-- The snowflake.
INSERT INTO quickeats.city_dim (city_id, city_name, region) VALUES ('NYC', 'New York', 'East'), ('BOS', 'Boston', 'East');
INSERT INTO quickeats.restaurant_history (restaurant_id, name, cuisine_type, city, valid_from) VALUES
  ('R1', 'Roma', 'Italian', 'NYC', '-infinity'), ('R2', 'Napoli', 'Italian', 'BOS', '-infinity'), ('R3', NULL, NULL, 'NOWHERE', '-infinity');
SELECT is(pg_temp.rows_of($$SELECT r.restaurant_id, u.cuisine_type, c.city_name, g.region
    FROM quickeats.snow_restaurant r JOIN quickeats.snow_cuisine u USING (cuisine_id) JOIN quickeats.snow_city c USING (city_id) JOIN quickeats.snow_region g USING (region_id)
    ORDER BY r.restaurant_id$$),
  E'(?,Unknown,Unknown,Unknown)\n(R1,Italian,"New York",East)\n(R2,Italian,Boston,East)\n(R3,Unknown,Unknown,Unknown)', 'joining upwards loses and doubles no restaurant');

-- Readers.
SELECT matches(starhouse.grant_bi_role('quickeats', 'qe_reader'), 'qe_reader may read \d+ tables and views of quickeats', 'a BI role');
SET LOCAL ROLE qe_reader;
SELECT lives_ok('SELECT count(*) FROM quickeats.orders_fact JOIN quickeats.city_dim ON city_key = city_id', 'reads star');
SELECT throws_ok('SELECT * FROM quickeats.quarantine', '42501', NULL, 'not what was rejected');
SET LOCAL ROLE qe_owner;

-- Without the extension.
INSERT INTO quickeats.orders_fact (time_key, event_time, order_id, status, total_amount)
  SELECT date_trunc('hour', now() AT TIME ZONE 'America/New_York'), now(), 'O1', 'PLACED', 10
  WHERE starhouse.extend_calendar('quickeats', (now() AT TIME ZONE 'America/New_York')::date, (now() AT TIME ZONE 'America/New_York')::date) >= 0;
RESET ROLE;
SELECT lives_ok('DROP EXTENSION starhouse', 'DROP EXTENSION needs no CASCADE beside a warehouse');
SELECT is(pg_temp.rows_of('SELECT order_id FROM quickeats.orders_fact JOIN quickeats.restaurant_dim ON restaurant_key = restaurant_id'), '(O1)', 'facts and views are there without it');
CREATE EXTENSION starhouse;
SET LOCAL ROLE qe_owner;
SELECT is(starhouse.repair_warehouse('quickeats'), 3, 'repair takes the three histories up again');
SELECT is_empty($$SELECT * FROM starhouse.check_integrity('quickeats')$$, 'and all is sound');
SELECT throws_ok($$SELECT starhouse.drop_warehouse('quickeats')$$, '55000', NULL, 'drop_warehouse asks first');
SELECT lives_ok($$SELECT starhouse.drop_warehouse('quickeats', 'quickeats')$$, 'and drops');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
