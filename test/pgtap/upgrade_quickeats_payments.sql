-- quickeats: what version 1 counted of payments that were told twice is right after the upgrade, and what is open is known.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
SET LOCAL TimeZone = 'UTC';
SELECT no_plan();
\set script `cat test/data/warehouse/quickeats-1/*.sql`
SELECT starhouse.build_warehouse('quickeats', 1, ARRAY[:'script'], 'Up paid', time_zone => 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31') \g /dev/null
SET LOCAL search_path = "Up paid", starhouse, public;
SELECT ensure_partitions(format('%I.%I', current_schema(), f)::regclass, '2025-10-01Z', '2025-10-31Z') FROM unnest('{orders_fact,payment_fact,order_event}'::text[]) f \g /dev/null
-- As version 1 has them: A paid 100, told twice; B failed, then paid 60 under the same number, 20 of it refunded twice, as two refunds; C tried twice under two numbers.
INSERT INTO orders_fact (time_key, event_time, order_id, status, order_time, total_amount, payment_mode, payment_success, payment_attempts, paid_amount, refunded_amount) VALUES
  ('2025-10-01 12:00', '2025-10-01 12:00+05:30', 'A', 'DELIVERED', '2025-10-01 12:00+05:30', 100, 'UPI', 1, 2, 200, 0),
  ('2025-10-01 12:00', '2025-10-01 12:00+05:30', 'B', 'DELIVERED', '2025-10-01 12:00+05:30', 60, 'Card', 1, 2, 60, 40),
  ('2025-10-01 12:00', '2025-10-01 12:00+05:30', 'C', 'DELIVERED', '2025-10-01 12:00+05:30', 30, 'Card', 1, 2, 30, 0);
INSERT INTO payment_fact (time_key, event_time, transaction_id, order_id, transaction_type, payment_mode, amount, success_flag)
SELECT '2025-10-01 12:00', '2025-10-01 12:00+05:30'::timestamptz + n * interval '1 second', id, order_id, kind, mode, amount, success
FROM (VALUES (1, 'T1', 'A', 'Payment', 'UPI', 100, 1), (2, 'T1', 'A', 'Payment', 'UPI', 100, 1), (1, 'T2', 'B', 'Payment', 'Card', 60, 0), (2, 'T2', 'B', 'Payment', 'Card', 60, 1),
             (3, 'T2', 'B', 'Refund', 'Card', 20, 1), (4, 'T3', 'B', 'Refund', 'Card', 20, 1), (1, 'T4', 'C', 'Payment', 'Card', 30, 0), (2, 'T5', 'C', 'Payment', 'Card', 30, 1)) AS t (n, id, order_id, kind, mode, amount, success);
-- D and F are open, F with a driver, and so is E, for more than two days.
INSERT INTO orders_fact (time_key, event_time, order_id, status, order_time, driver_key) VALUES
  ('2025-10-03 12:00', '2025-10-03 12:00+05:30', 'D', 'PLACED', '2025-10-03 12:00+05:30', '?'), ('2025-10-01 12:00', '2025-10-01 12:30+05:30', 'E', 'PLACED', '2025-10-01 12:30+05:30', '?'),
  ('2025-10-03 12:00', '2025-10-03 12:10+05:30', 'F', 'ASSIGNED', '2025-10-03 12:10+05:30', 'D1');
INSERT INTO order_event (event_time, order_id, status, event_hash) VALUES ('2025-10-03 13:00+05:30', 'D', 'ACCEPTED', 1);
RESET search_path;
SELECT starhouse.upgrade_warehouse('Up paid') \g /dev/null
SELECT bag_eq($$SELECT order_id, payment_success, payment_attempts, paid_amount, refunded_amount FROM "Up paid".orders_fact WHERE order_id <= 'C'$$, $$VALUES
  ('A', 1, 1, 100::numeric, 0::numeric), ('B', 1, 1, 60, 40), ('C', 1, 2, 30, 0)$$, 'a transaction counts once; two refunds are two');
SELECT is((SELECT sum(charged_amount) FROM "Up paid".kpi_refund_rate), 190::numeric, 'and so the reports say: 100 + 60 + 30');
SELECT bag_eq($$SELECT order_id, order_event_time, waits FROM "Up paid".open_order$$, $$VALUES ('D', '2025-10-03 12:00+05:30'::timestamptz, true), ('F', '2025-10-03 12:10+05:30', false)$$, 'what is open of the last 48 hours');
SELECT bag_eq($$SELECT order_id, minutes_open FROM "Up paid".kpi_eta_monitor$$, $$VALUES ('D', 60.00), ('F', 50.00)$$, 'is what the report shows');
SELECT * FROM finish();
ROLLBACK;
