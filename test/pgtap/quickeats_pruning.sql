-- Which partitions of the orders a query reads: filters on the date column, the reports' windows, and filters on time_dim.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TimeZone = 'UTC';
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL starhouse.enable_star_scan = off; -- it tells how many partitions it reads, not which
SET LOCAL search_path = public, starhouse;
SELECT plan(11);

-- A zone west of UTC: its days end on the next day of UTC, and its months in the next partition.
SELECT starhouse.create_warehouse('quickeats', 'qe prune', 'America/New_York', country => NULL, calendar_from => '2025-01-01', calendar_to => '2025-12-31') \g /dev/null
SET LOCAL search_path = "qe prune", public, starhouse;
SELECT ensure_partitions('orders_fact', '2025-01-01', '2025-06-30'), ensure_partitions('delivery_fact', '2025-01-01', '2025-06-30') \g /dev/null
INSERT INTO orders_fact (time_key, event_time, order_time, order_id, status, total_amount, delivery_time, delivered_time)
SELECT date_trunc('hour', t AT TIME ZONE 'America/New_York'), t, t, 'o' || n, 'DELIVERED', n % 100, 30, t + interval '30 minutes'
FROM (SELECT n, timestamptz '2025-01-01 05:00Z' + n * interval '3 hours' AS t FROM generate_series(0, 1430) n) x;
INSERT INTO delivery_fact (time_key, event_time, order_id, delivered_time, delivery_time)
SELECT time_key, event_time, order_id, delivered_time, delivery_time FROM orders_fact;
ANALYZE orders_fact, delivery_fact, time_dim;

-- The months of the fact's partitions that were really looked into.
CREATE FUNCTION pg_temp.months(query text, fact text DEFAULT 'orders_fact') RETURNS text LANGUAGE plpgsql AS $$
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

SELECT is(pg_temp.months('SELECT sum(total_amount) FROM orders_fact'), 'm01 m02 m03 m04 m05 m06', 'without a filter every month');
SELECT is(pg_temp.months($$SELECT sum(total_amount) FROM orders_fact WHERE event_time >= '2025-03-01' AND event_time < '2025-04-01'$$), 'm03', 'the date column');
SELECT is(pg_temp.months($$SELECT sum(total_amount) FROM orders_fact WHERE event_time >= (SELECT timestamptz '2025-03-01') AND event_time < (SELECT timestamptz '2025-04-01')$$),
  'm03', 'the date column, with bounds known only when the query runs');
SELECT is(pg_temp.months($$SELECT sum(total_amount) FROM kpi_orders('2025-03-03', '2025-03-20')$$), 'm03', 'what the reports call orders');
SELECT is(pg_temp.months($$SELECT f.day_part, count(*) FROM (SELECT t.day_part FROM orders_between('2025-03-03', '2025-03-20') o JOIN time_dim t ON t.date_key = o.time_key WHERE t.is_weekend) f GROUP BY 1$$),
  'm03', 'time_dim, with the days beside it');
SELECT is(pg_temp.months($$SELECT count(*) FROM (SELECT min(date) AS a, max(date) AS b FROM time_dim WHERE year_month = '2025-03') d CROSS JOIN LATERAL orders_between(d.a, d.b) o$$),
  'm02 m03 m04', 'days out of time_dim: its month, and the neighbours'' margins');
SELECT is(pg_temp.months($$SELECT count(*) FROM (SELECT min(date) AS a, max(date) AS b FROM time_dim WHERE year_month = '2025-03') d CROSS JOIN LATERAL deliveries_between(d.a, d.b) o$$, 'delivery_fact'),
  'm02 m03 m04', 'and so for deliveries');
SELECT is((SELECT sum(total_amount) FROM orders_between('2025-03-01', '2025-03-31')), (SELECT sum(total_amount) FROM orders_fact WHERE time_key >= '2025-03-01' AND time_key < '2025-04-01'), 'not a row is lost at the months'' ends');
SELECT is(pg_temp.months($$SELECT * FROM kpi_order_outcomes('2025-03-03', '2025-03-20')$$), 'm03', 'a report whose days are not summed up reads theirs');
SELECT sum_up_day(d::date) FROM generate_series('2025-01-01'::date, '2025-06-28', '1 day') d \g /dev/null
SELECT is(pg_temp.months($$SELECT orders, average_order_value FROM kpi_order_outcomes('2025-03-03', '2025-03-20')$$, 'orders_fact'), NULL, 'one whose days are reads no order')
  WHERE (SELECT count(*) FROM kpi_open_days('2025-03-03', '2025-03-20')) = 0;
SELECT results_eq($$SELECT orders FROM kpi_order_outcomes('2025-03-03', '2025-03-20')$$, $$SELECT count(*) FROM orders_between('2025-03-03', '2025-03-20')$$, 'and says the same');
SELECT * FROM finish();
ROLLBACK;
