-- QuickEats' KPIs. Every figure is worked out from the list in test/data/quickeats_kpi.sql.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
SET LOCAL search_path = public, starhouse;
SELECT no_plan();
SELECT starhouse.create_warehouse('quickeats', 'Qe Kpi', time_zone => 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31') \g /dev/null
SET LOCAL search_path = "Qe Kpi", public;
\ir ../data/quickeats_kpi.sql

SELECT results_eq('SELECT * FROM kpi_data_range', $$VALUES ('2025-10-01'::date, '2025-11-05'::date, 36, 6::bigint, 0::bigint, 1::bigint)$$, 'six orders in 36 days, one contradicts itself');
SELECT bag_eq('SELECT * FROM kpi_unknown_members', $$VALUES ('city', 0::bigint, 0.00, 0::numeric, 0::bigint), ('restaurant', 0, 0.00, 0, 1),
  ('customer', 1, 16.67, 60, 0), ('driver', 2, 33.33, 80 + 90, 1)$$, 'unknown members: one customer of six, two drivers');

-- Mumbai: o1 30 (eta 28, delay 0), o2 40 (eta 32, delay 10). Pune: o3 25 (eta 30, delay -5), o5 without good times
SELECT bag_eq('SELECT * FROM kpi_on_time_by_city', $$VALUES
  ('MUM', 'Mumbai', 2::bigint, 30.00, 35.00, 5.00, 2::bigint, 1::bigint, 50.00, 0::bigint),
  ('PUN', 'Pune', 2, 30.00, 25.00, -5.00, 1, 1, 100.00, 1)$$, 'promise kept by city');
SELECT bag_eq($$SELECT city_id, deliveries, on_time_percent FROM kpi_on_time_by_city('2025-11-01', '2025-11-30')$$, $$VALUES ('PUN', 1::bigint, NULL::numeric)$$, 'November alone: nothing to divide by');
SELECT bag_eq('SELECT * FROM kpi_delivery_time_by_city_month', $$VALUES
  ('MUM', 'Mumbai', '2025-10-01'::date, 2::bigint, 2::bigint, 35.00, 30::numeric, 40::numeric, 4.00, 2::bigint),
  ('PUN', 'Pune', '2025-10-01', 1, 1, 25.00, 25, 25, 4.00, 1), ('PUN', 'Pune', '2025-11-01', 1, 0, NULL, NULL, NULL, NULL, 0)$$, 'delivery time by city and month');
-- October: preparation 10, 8, 10; wait 3, 0, 9; ride 15, 30, 5; value (100 + 200 + 300) / 3; November: o6 alone has good times
SELECT bag_eq('SELECT * FROM kpi_order_outcomes', $$VALUES
  ('2025-10-01'::date, 4::bigint, 3::bigint, 1::bigint, 0::bigint, 25.00, 0::bigint, 9.33, 4.00, 16.67, 200.00),
  ('2025-11-01', 2, 1, 0, 1, 0.00, 1, 10.00, NULL, NULL, 75.00)$$, 'outcomes and where the time goes');
SELECT bag_eq('SELECT * FROM kpi_feedback_by_city', $$VALUES
  ('MUM', 'Mumbai', 2::bigint, 2::bigint, 3.50, 1::bigint, 1::bigint, 50.00, 1::bigint, 10.00), ('PUN', 'Pune', 2, 1, 4.00, 2, 1, 50.00, 1, 30.00)$$, 'feedback');

-- Revenue without o4: R1 100 + 200 + 90, R2 300, R3 60, together 750; R1 had four orders, one cancelled
SELECT results_eq('SELECT * FROM kpi_top_restaurants ORDER BY revenue_rank', $$VALUES
  (1::bigint, 'R1', 'Saffron', 'Indian', 'Mumbai', 3::bigint, 390::numeric, 50::numeric, 52.00, 25.00, 4.5, 3.50, 2::bigint),
  (2, 'R2', 'Napoli', 'Pizza', 'Pune', 1, 300, 0, 40.00, 0.00, 3.9, 4.00, 1), (3, 'R3', 'R3', 'Unknown', 'Unknown', 1, 60, 0, 8.00, 0.00, NULL, NULL, 0)$$, 'top restaurants');
SELECT bag_eq('SELECT * FROM kpi_payment_success', $$VALUES
  ('MUM', 'Mumbai', 'UPI', 2::bigint, 1::bigint, 50.00, 3::bigint, 1::bigint, 1::bigint, 0::bigint, 0::bigint), ('MUM', 'Mumbai', 'Card', 1, 1, 100.00, 2, 0, 1, 1, 0),
  ('MUM', 'Mumbai', 'Wallet', 1, 1, 100.00, 1, 0, 0, 0, 0), ('PUN', 'Pune', 'Cash', 1, 1, 100.00, 1, 0, 0, 0, 0), ('PUN', 'Pune', 'Unknown', 0, 0, NULL, 0, 0, 0, 0, 1)$$,
  'payments: a retry rescued o2, not o4; no news of o5');
SELECT bag_eq('SELECT * FROM kpi_refund_rate', $$VALUES
  ('MUM', 'Mumbai', 'UPI', 1::bigint, 0::bigint, 0.00, 100::numeric, 0::numeric, 0.00), ('MUM', 'Mumbai', 'Card', 1, 1, 100.00, 200, 50, 25.00),
  ('MUM', 'Mumbai', 'Wallet', 1, 0, 0.00, 90, 0, 0.00), ('PUN', 'Pune', 'Cash', 1, 0, 0.00, 300, 0, 0.00), ('PUN', 'Pune', 'Unknown', 1, 0, 0.00, 60, 0, 0.00)$$,
  'refunds by number and value; the unpaid o4 was not charged, o5 was delivered');
SELECT bag_eq('SELECT * FROM kpi_payment_attempts', $$VALUES
  ('UPI', 3::bigint, 2::bigint, 66.67, 'network', 0::bigint), ('Card', 3, 2, 66.67, 'limit', 1), ('Cash', 1, 0, 0.00, NULL, 0), ('Wallet', 1, 0, 0.00, NULL, 0)$$, 'attempts by mode');

-- C1 o1 and o3; C2 o2 (o4 was cancelled); C3 o6; o5 names nobody
SELECT results_eq('SELECT * FROM kpi_repeat_customers', $$VALUES (3::bigint, 1::bigint, 33.33, 4::bigint, 1.33, 1::bigint)$$, 'repeat customers');
-- October: C1 and C2 on the 1st, C2 on the 3rd: 3 / 31 days. November, known up to the 5th: C1 (app) and C3 on that day: 2 / 5 = 0.40, of 2 users 20 %
SELECT bag_eq('SELECT * FROM kpi_active_users', $$VALUES ('2025-10-01'::date, 2::bigint, 2::bigint, 100.00, 0.10, 4.84), ('2025-11-01', 2, 1, 50.00, 0.40, 20.00)$$, 'active users; of a month under way the days there are');
SELECT bag_eq('SELECT * FROM kpi_searches', $$VALUES ('biryani', 1::bigint, 1::bigint, 25.00), ('pizza', 3, 2, 75.00)$$, 'searches, once an event');
SELECT bag_eq('SELECT * FROM kpi_orders_per_driver', $$VALUES
  ('D1', 'Asha', 'Senior', 'Mumbai', 2::bigint, 1::bigint, 2.00, 35.00, 50.00, 8.00, 3.50), ('D2', 'Bala', 'Junior', 'Pune', 2, 2, 1.00, 25.00, 100.00, 4.00, 4.00)$$, 'deliveries per driver');
-- D1: o1 12:03 to 12:30, 27; o2 12:13 to 12:50, 37; together 12:03 to 12:50, 47 of 60. D2: o3 20:05 to 20:25; o5 has no good times
SELECT bag_eq('SELECT * FROM kpi_driver_utilisation', $$VALUES
  ('D1', 'Asha', 2::bigint, 64.00, 47.00, 17.00, 60.00, 78.33, 0::bigint), ('D2', 'Bala', 2, 20.00, 20.00, 0.00, NULL, NULL, 1), ('D3', 'D3', 0, 0.00, 0.00, 0.00, 30.00, 0.00, 0)$$,
  'utilisation, overlapping orders merged');
-- D3 delivers two orders of which no event tells when they were accepted, assigned or picked up, and has a third cancelled: what the 30 minutes on line were for is
-- not known. The same where the day is summed up. o6, given to D3, is under way: it is none of them.
SAVEPOINT untimed;
INSERT INTO orders_fact (time_key, city_key, driver_key, driver_version, event_time, order_id, status, order_time, delivered_time, cancelled_time, delivery_time)
SELECT '2025-11-05 19:00', 'MUM', 'D3', 3, at, id, status, at, CASE status WHEN 'DELIVERED' THEN at + interval '20 minutes' END, CASE status WHEN 'CANCELLED' THEN at + interval '5 minutes' END, 20
FROM (VALUES ('u1', 'DELIVERED', timestamptz '2025-11-05 19:00+05:30'), ('u2', 'DELIVERED', '2025-11-05 19:20+05:30'), ('u3', 'CANCELLED', '2025-11-05 19:40+05:30')) AS u (id, status, at);
UPDATE orders_fact SET driver_key = 'D3', driver_version = 3 WHERE order_id = 'o6';
INSERT INTO delivery_fact (time_key, city_key, driver_key, driver_version, event_time, order_id, driver_id, city_id, delivered_time)
SELECT o.time_key, o.city_key, o.driver_key, o.driver_version, o.event_time, o.order_id, o.driver_key, o.city_key, o.delivered_time FROM orders_fact o WHERE o.order_id IN ('u1', 'u2');
PREPARE utilised AS SELECT deliveries, order_minutes, busy_minutes, overlap_minutes, online_minutes, utilisation_percent, untimed_orders FROM kpi_driver_utilisation WHERE driver_id = 'D3';
SELECT results_eq('EXECUTE utilised', $$VALUES (2::bigint, NULL::numeric, NULL::numeric, NULL::numeric, 30.00, NULL::numeric, 3::bigint)$$, 'no times, no utilisation');
SELECT is((SELECT deliveries FROM kpi_orders_per_driver WHERE driver_id = 'D3'), 2::bigint, 'of as many deliveries as the other report has');
SET LOCAL search_path = public, pg_temp;
SELECT "Qe Kpi".sum_up_days() \g /dev/null
SET LOCAL search_path = "Qe Kpi", public;
SELECT results_eq('EXECUTE utilised', $$VALUES (2::bigint, NULL::numeric, NULL::numeric, NULL::numeric, 30.00, NULL::numeric, 3::bigint)$$, 'summed up as well');
SELECT is_empty('SELECT driver_key FROM "Qe Kpi".driver_spans WHERE driver_key = ''D3''', 'and no spans');
-- Beside them one of 12 minutes, from 19:43 to 19:55 of the day before: 12 of 30.
INSERT INTO orders_fact (time_key, city_key, driver_key, driver_version, event_time, order_id, status, order_time, assigned_time, delivered_time)
VALUES ('2025-11-04 19:00', 'MUM', 'D3', 3, '2025-11-04 19:40+05:30', 'u4', 'DELIVERED', '2025-11-04 19:40+05:30', '2025-11-04 19:43+05:30', '2025-11-04 19:55+05:30');
DELETE FROM order_day WHERE day = '2025-11-04';
SELECT results_eq('EXECUTE utilised', $$VALUES (3::bigint, 12.00, 12.00, 0.00, 30.00, 40.00, 3::bigint)$$, 'one with times tells something');
ROLLBACK TO untimed;
-- Six orders: the mean hour has a quarter of one
SELECT bag_eq('SELECT * FROM kpi_peak_windows WHERE orders > 0 OR hour = 0', $$VALUES
  (0, 0::bigint, 0.00, 0.00, 0.00, false, NULL), (12, 3, 50.00, 0.08, 1200.00, true, '12:00-14:00'), (13, 1, 16.67, 0.03, 400.00, true, '12:00-14:00'),
  (19, 1, 16.67, 0.03, 400.00, true, '19:00-21:00'), (20, 1, 16.67, 0.03, 400.00, true, '19:00-21:00')$$, 'peaks of the local day');
SELECT bag_eq($$SELECT hour, orders, orders_per_day, is_peak FROM kpi_peak_windows('2025-10-01', '2025-10-02', 'MUM', 1700) WHERE orders > 0$$,
  $$VALUES (12, 2::bigint, 1.00, false), (13, 1, 0.50, false)$$, 'of two days and one city, with a threshold of 17 times the mean');

-- Over midnight: 3 orders at 22, 2 at 23, 3 at 0, 2 at 1, 1 at 12, in all 11: the mean hour has 11/24, an index of 125 is 0.57 orders. At 23 and 0 alone 12 stays below.
SAVEPOINT late;
DELETE FROM orders_fact;
INSERT INTO orders_fact (time_key, city_key, event_time, order_id, status)
SELECT timestamp '2025-10-01' + hour * interval '1 hour', 'MUM', ('2025-10-01'::timestamp + hour * interval '1 hour') AT TIME ZONE 'Asia/Kolkata', 'n' || row_number() OVER (), 'DELIVERED'
FROM unnest('{22,22,22,23,23,0,0,0,1,1,12}'::integer[]) AS hour;
SELECT bag_eq('SELECT hour, orders, peak_window FROM kpi_peak_windows WHERE is_peak', $$VALUES
  (22, 3::bigint, '22:00-02:00'), (23, 2, '22:00-02:00'), (0, 3, '22:00-02:00'), (1, 2, '22:00-02:00'), (12, 1, '12:00-13:00')$$, 'a peak goes on over midnight');
SELECT is((SELECT peak_windows FROM kpi_summary), '12:00-13:00, 22:00-02:00', 'and is one');
SELECT bag_eq('SELECT hour, peak_window FROM kpi_peak_windows(peak_index => 600) WHERE is_peak', $$VALUES (22, '22:00-23:00'), (0, '00:00-01:00')$$, 'three orders are 655 % of the mean: two peaks');
DELETE FROM orders_fact WHERE time_key < '2025-10-01 12:00';
SELECT bag_eq('SELECT hour, peak_window FROM kpi_peak_windows WHERE is_peak', $$VALUES (22, '22:00-24:00'), (23, '22:00-24:00'), (12, '12:00-13:00')$$, 'one that ends at midnight');
SELECT results_eq('SELECT DISTINCT peak_window FROM kpi_peak_windows(peak_index => 0)', $$VALUES ('00:00-24:00')$$, 'all day');
ROLLBACK TO late;

-- o1 from 12:00 to 12:30, o2 from 12:10 to 12:50
SELECT bag_eq($$SELECT to_char(minute_start AT TIME ZONE 'Asia/Kolkata', 'HH24:MI'), city_name, placed_orders, open_orders
                FROM kpi_active_orders_per_minute('2025-10-01 12:08+05:30', '2025-10-01 12:31+05:30')
                WHERE minute_start NOT BETWEEN '2025-10-01 12:12+05:30' AND '2025-10-01 12:28+05:30'$$, $$VALUES
  ('12:08', 'Mumbai', 0::bigint, 1::bigint), ('12:09', 'Mumbai', 0, 1), ('12:10', 'Mumbai', 1, 2), ('12:11', 'Mumbai', 0, 2), ('12:29', 'Mumbai', 0, 2), ('12:30', 'Mumbai', 0, 1),
  ('12:31', 'Mumbai', 0, 1)$$, 'active orders in both readings');
-- Now is 19:15 of 5 November: o6 alone is open, since 19:00
SELECT bag_eq($$SELECT to_char(min(minute_start) AT TIME ZONE 'Asia/Kolkata', 'HH24:MI') AS first, to_char(max(minute_start) AT TIME ZONE 'Asia/Kolkata', 'HH24:MI') AS last, sum(placed_orders) AS placed, sum(open_orders) AS open
                FROM kpi_active_orders_per_minute$$, $$VALUES ('19:00', '19:15', 1::numeric, 16::numeric)$$, 'the last hour');
SELECT bag_eq('SELECT order_id, city_id, status, minutes_open, promised_minutes, minutes_left, is_overdue FROM kpi_eta_monitor',
  $$VALUES ('o6', 'MUM', 'PREPARED', 15.00, 35::numeric, 20.00, false)$$, 'what is open now');
SELECT bag_eq($$SELECT order_id, minutes_open, minutes_left, is_overdue FROM kpi_eta_monitor('2025-10-01 12:45+05:30')$$,
  $$VALUES ('o2', 35.00, -5.00, true)$$, 'what was open then, and overdue');
-- The clock of New York goes back on 2 November 2025: a day before 2 November 12:00-05:00 is 12:00-04:00 there, 25 hours before. An order of 24 hours and a half before is no more
-- open in any session, one of 23 and a half is; a ping of 24 hours and a half before is older than a day.
SAVEPOINT clocks;
INSERT INTO orders_fact (time_key, city_key, event_time, order_id, status, order_time)
SELECT date_trunc('hour', at AT TIME ZONE 'Asia/Kolkata'), 'MUM', at, 't' || row_number() OVER (), 'PLACED', at FROM unnest('{2025-11-01 16:30Z,2025-11-01 17:30Z}'::timestamptz[]) AS at;
INSERT INTO driver_ping_fact (driver_key, event_time, latitude, longitude, availability_status, is_available, geohash) VALUES ('D1', '2025-11-01 16:30Z', 19, 72.8, 'AVAILABLE', 1, 'te7ufff');
PREPARE lately AS
  SELECT (SELECT string_agg(e.order_id, ' ') FROM kpi_eta_monitor('2025-11-02 17:00Z') e), (SELECT count(*) FROM kpi_driver_heatmap('2025-11-02 17:00Z', '1 day') h),
         (SELECT sum(m.open_orders) FROM kpi_active_orders_per_minute('2025-11-02 16:59Z', '2025-11-02 17:00Z') m);
SELECT results_eq('EXECUTE lately', $$VALUES ('t2', 0::bigint, 2::numeric)$$, 'a day back is 24 hours');
SET LOCAL TimeZone = 'America/New_York';
SELECT results_eq('EXECUTE lately', $$VALUES ('t2', 0::bigint, 2::numeric)$$, 'in a session whose clock was turned back meanwhile, too');
ROLLBACK TO clocks;
SELECT bag_eq('SELECT geohash, available_drivers, drivers FROM kpi_driver_heatmap', $$VALUES ('te7uew', 1::bigint, 2::bigint)$$, 'the heatmap counts a driver once, where the last ping was');
SELECT bag_eq($$SELECT geohash, available_drivers, drivers FROM kpi_driver_heatmap(within => '2 hours', hash_length => 3)$$, $$VALUES ('te7', 1::bigint, 2::bigint), ('tek', 1, 1)$$, 'two hours, large cells');
SELECT bag_eq($$SELECT geohash, drivers FROM kpi_driver_heatmap('2025-11-05 19:06+05:30')$$, $$VALUES ('te7uff', 1::bigint)$$, 'as of a moment');
-- 0.01 degrees of latitude: 6371008.8 x 0.01 x pi / 180 = 1111.95
SELECT bag_eq('SELECT * FROM kpi_dispatch_candidates', $$VALUES ('o6', 'R1', 1::bigint, 'D1', 1112.0, 120::numeric)$$, 'who could fetch o6: not the busy one, not the silent one');
SELECT bag_eq($$SELECT driver_id, candidate_rank FROM kpi_dispatch_candidates('o1', 5, '2 hours')$$, $$VALUES ('D1', 1::bigint), ('D2', 2)$$, 'for an order of choice, with older positions');
-- (30 + 40 + 25) / 3; two of three; o1, o2, o3 and o6 of five; o2 of five charged
SELECT results_eq('SELECT * FROM kpi_summary', $$VALUES (6::bigint, 31.67, 66.67, 80.00, 20.00, 33.33, '12:00-14:00, 19:00-21:00')$$, 'the service in a line');

-- What delays. Ten orders at noon in Mumbai:
--            High traffic          Low traffic
--  fair      30 34        mean 32  20 24   mean 22
--  rain      50 54 50 54  mean 52  40 44   mean 42
-- Traffic: 10 in both strata; weights 2 x 2 / 4 = 1 and 4 x 2 / 6 = 4/3. The variance of 30, 34 is 8, of 50 54 50 54
-- 16/3; of the differences 8/2 + 8/2 = 8 and 16/3/4 + 8/2 = 16/3. Standard error: sqrt(1 x 8 + 16/9 x 16/3) / (7/3) = 1.792.
-- Plainly: (64 + 208) / 6 - (44 + 84) / 4 = 13.33, because it rained more often in high traffic.
-- Weather: 20 in both, with the same weights the other way round; plainly (208 + 84) / 6 - (64 + 44) / 4 = 21.67.
DELETE FROM orders_fact;
INSERT INTO orders_fact (time_key, city_key, event_time, order_id, status, delivery_time, traffic_level, weather, payment_mode, accepted_time, prepared_time)
SELECT '2025-10-01 12:00', 'MUM', '2025-10-01 12:00+05:30', 'd' || row_number() OVER (), 'DELIVERED', minutes, traffic, weather, 'UPI', '2025-10-01 12:00+05:30', '2025-10-01 12:10+05:30'
FROM (VALUES ('High', 'Clear', ARRAY[30, 34]), ('Low', 'Clear', ARRAY[20, 24]), ('Jam', 'Rain', ARRAY[50, 54, 50, 54]), ('Medium', 'Storm', ARRAY[40, 44])) AS c (traffic, weather, of), unnest(c.of) AS minutes;
DELETE FROM driver_hour;
SELECT bag_eq('SELECT factor, exposed_orders, baseline_orders, unknown_orders, plain_difference, strata, compared_orders, effect_minutes, standard_error, effect_low, effect_high, is_significant FROM kpi_delay_drivers',
  $$VALUES ('Traffic', 6::bigint, 4::bigint, 0::bigint, 13.33, 2::bigint, 10::bigint, 10.00, 1.792, 6.49, 13.51, true),
  ('Weather', 6, 4, 0, 21.67, 2, 10, 20.00, 1.792, 16.49, 23.51, true),
  ('Preparation', 0, 10, 0, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL), ('Driver availability', 0, 0, 10, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL),
  ('Payment mode', 0, 10, 0, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL)$$, 'what delays, like compared with like');
-- At 12 one available driver for two orders, at 13 four for two: 1/2 and 2, the mean is 5/4. 32 against 22:
-- sqrt(8/2 + 8/2) = 2.828. Two orders paid in cash among four that are alike but for the hour: one of each kind, no stratum.
DELETE FROM orders_fact;
INSERT INTO orders_fact (time_key, city_key, event_time, order_id, status, delivery_time, payment_mode)
SELECT timestamp '2025-10-01 12:00' + h * interval '1 hour', 'MUM', timestamptz '2025-10-01 12:00+05:30' + h * interval '1 hour', 'e' || row_number() OVER (), 'DELIVERED', minutes, 'UPI'
FROM (VALUES (0, 30), (0, 34), (1, 20), (1, 24)) AS o (h, minutes);
UPDATE driver_history SET city = 'MUM' WHERE driver_id <> '?';
INSERT INTO driver_history (driver_version, driver_id, city, valid_from) VALUES (4, 'D4', 'MUM', '-infinity'), (5, 'D5', 'MUM', '-infinity');
INSERT INTO driver_hour (driver_id, hour_start, time_key, pings, available_pings, online_seconds, available_seconds)
SELECT d, timestamptz '2025-10-01 12:00+05:30' + h * interval '1 hour', timestamp '2025-10-01 12:00' + h * interval '1 hour', 9, CASE d WHEN 'D5' THEN 0 ELSE 1 END, 0, 0
FROM (VALUES (0, 'D1'), (0, 'D5'), (1, 'D1'), (1, 'D2'), (1, 'D3'), (1, 'D4'), (1, 'D5')) AS s (h, d);
PREPARE scarce AS SELECT exposed_orders, baseline_orders, unknown_orders, effect_minutes, standard_error, effect_low, effect_high FROM kpi_delay_drivers WHERE factor = 'Driver availability';
SELECT results_eq('EXECUTE scarce', $$VALUES (2::bigint, 2::bigint, 0::bigint, 10.00, 2.828, 4.46, 15.54)$$, 'few drivers delay');
-- None at 12: both that have a ping there are busy. 0/2 and 4/2, the mean is 1: the same comparison. At 14 nobody has a ping: two orders of which nothing is known.
UPDATE driver_hour SET available_pings = 0 WHERE time_key = '2025-10-01 12:00';
INSERT INTO orders_fact (time_key, city_key, event_time, order_id, status, delivery_time, payment_mode)
SELECT '2025-10-01 14:00', 'MUM', '2025-10-01 14:00+05:30', 'e' || minutes, 'DELIVERED', minutes, 'UPI' FROM unnest('{50,60}'::integer[]) AS minutes;
SELECT results_eq('EXECUTE scarce', $$VALUES (2::bigint, 2::bigint, 2::bigint, 10.00, 2.828, 4.46, 15.54)$$, 'an hour of busy drivers has none available; one without a ping is not known');
SELECT sum_up_days() \g /dev/null
SELECT is_empty('SELECT * FROM kpi_open_days(NULL, NULL)', 'all days summed up');
SELECT results_eq('EXECUTE scarce', $$VALUES (2::bigint, 2::bigint, 2::bigint, 10.00, 2.828, 4.46, 15.54)$$, 'the same of sums');
SELECT bag_eq('SELECT * FROM kpi_driver_supply()', $$VALUES ('2025-10-01 12:00'::timestamp, 'MUM', 0::bigint), ('2025-10-01 13:00', 'MUM', 4)$$, 'D1 to D4 at 13, none at 12');

SELECT * FROM finish();
ROLLBACK;
