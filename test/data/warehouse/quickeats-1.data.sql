-- A small QuickEats of known figures, for the KPI tests. The caller has made the warehouse, in time zone
-- Asia/Kolkata, and set search_path to it. Every order is listed; the tests derive their figures from this list.
--
--  cities       MUM Mumbai, PUN Pune
--  restaurants  R1 Saffron, Indian, Mumbai, rated 4.5, at 19.00 72.80; R2 Napoli, Pizza, Pune, rated 3.9; R3 inferred
--  drivers      D1 Asha, Senior, Mumbai; D2 Bala, Junior, Pune; D3 inferred
--  customers    C1, C2, C3
INSERT INTO city_dim (city_id, city_name, region) VALUES ('MUM', 'Mumbai', 'West'), ('PUN', 'Pune', 'West');
INSERT INTO restaurant_history (restaurant_version, restaurant_id, name, cuisine_type, city, avg_rating, latitude, longitude, valid_from, is_inferred) VALUES
  (1, 'R1', 'Saffron', 'Indian', 'MUM', 4.5, 19.00, 72.80, '-infinity', false), (2, 'R2', 'Napoli', 'Pizza', 'PUN', 3.9, NULL, NULL, '-infinity', false),
  (3, 'R3', NULL, NULL, NULL, NULL, NULL, NULL, '-infinity', true);
INSERT INTO driver_history (driver_version, driver_id, name, experience_level, city, valid_from, is_inferred) VALUES
  (1, 'D1', 'Asha', 'Senior', 'MUM', '-infinity', false), (2, 'D2', 'Bala', 'Junior', 'PUN', '-infinity', false), (3, 'D3', NULL, NULL, NULL, '-infinity', true);
INSERT INTO customer_history (customer_version, customer_id, name, valid_from) VALUES (1, 'C1', 'Chitra', '-infinity'), (2, 'C2', 'Deepa', '-infinity'), (3, 'C3', 'Esha', '-infinity');

-- What lies outside the partitions has a place too.
CREATE TABLE orders_fact_rest PARTITION OF orders_fact DEFAULT;
CREATE TABLE order_event_rest PARTITION OF order_event DEFAULT;
CREATE TABLE delivery_fact_rest PARTITION OF delivery_fact DEFAULT;
CREATE TABLE payment_fact_rest PARTITION OF payment_fact DEFAULT;
CREATE TABLE feedback_fact_rest PARTITION OF customer_feedback_fact DEFAULT;
CREATE TABLE app_event_fact_rest PARTITION OF app_event_fact DEFAULT;
CREATE TABLE driver_ping_fact_rest PARTITION OF driver_ping_fact DEFAULT;

CREATE TEMP TABLE placed (order_id text, day date, placed time, accepted time, assigned time, prepared time, picked time, delivered time, cancelled time,
                          city text, restaurant text, customer text, driver text, amount numeric, promised numeric, eta numeric, km numeric,
                          traffic text, weather text, mode text, success int, attempts int, paid numeric, refunded numeric);
INSERT INTO placed VALUES
  -- 30 minutes, just in time; overlaps with o2
  ('o1', '2025-10-01', '12:00', '12:02', '12:03', '12:12', '12:15', '12:30', NULL, 'MUM', 'R1', 'C1', 'D1', 100, 30, 28,   3,    'Low',    'Clear', 'UPI',    1, 1, 100, 0),
  -- 40 minutes, 10 late; paid at the second attempt, a quarter refunded
  ('o2', '2025-10-01', '12:10', '12:12', '12:13', '12:20', '12:20', '12:50', NULL, 'MUM', 'R1', 'C2', 'D1', 200, 30, 32,   5,    'High',   'Rain',  'Card',   1, 2, 200, 50),
  -- 25 minutes, 5 early
  ('o3', '2025-10-01', '20:00', '20:01', '20:05', '20:11', '20:20', '20:25', NULL, 'PUN', 'R2', 'C1', 'D2', 300, 30, 30,   4,    'Medium', 'Clear', 'Cash',   1, 1, 300, 0),
  -- cancelled, no payment succeeded
  ('o4', '2025-10-02', '13:00', NULL,    NULL,    NULL,    NULL,    NULL,    '13:10', 'MUM', 'R1', 'C2', '?', 80, 30, NULL, NULL, NULL,    NULL,    'UPI',    0, 2, 0, 0),
  -- delivered before it was placed: times contradict each other; no news of a payment, customer unknown
  ('o5', '2025-11-05', '12:30', '12:31', '12:32', '12:33', '12:34', '12:20', NULL, 'PUN', 'R3', '?',  'D2', 60,  20, NULL, NULL, NULL,     NULL,    NULL,  NULL, 0, 0, 0),
  -- open, waits for a driver
  ('o6', '2025-11-05', '19:00', '19:05', NULL,    '19:15', NULL,    NULL,    NULL, 'MUM', 'R1', 'C3', '?',  90,  35, NULL, NULL, 'Low',    'Clear', 'Wallet', 1, 1, 90, 0);
CREATE FUNCTION pg_temp.at(day date, of time) RETURNS timestamptz LANGUAGE sql AS $$ SELECT (day + of) AT TIME ZONE 'Asia/Kolkata' $$;

INSERT INTO orders_fact (time_key, city_key, restaurant_key, customer_key, driver_key, restaurant_version, customer_version, driver_version, event_time, order_id, status,
                         order_time, accepted_time, assigned_time, prepared_time, picked_up_time, delivered_time, cancelled_time, time_conflict, total_amount,
                         delivery_time, promised_minutes, traffic_level, weather, payment_mode, payment_success, payment_attempts, paid_amount, refunded_amount)
SELECT date_trunc('hour', day + placed), city, restaurant, customer, driver, coalesce(substr(nullif(restaurant, '?'), 2)::int, -1), coalesce(substr(nullif(customer, '?'), 2)::int, -1),
       coalesce(substr(nullif(driver, '?'), 2)::int, -1), pg_temp.at(day, placed), order_id,
       CASE WHEN delivered IS NOT NULL THEN 'DELIVERED' WHEN cancelled IS NOT NULL THEN 'CANCELLED' ELSE 'PREPARED' END,
       pg_temp.at(day, placed), pg_temp.at(day, accepted), pg_temp.at(day, assigned), pg_temp.at(day, prepared), pg_temp.at(day, picked), pg_temp.at(day, delivered), pg_temp.at(day, cancelled),
       (coalesce(delivered < placed, false))::int, amount, CASE WHEN delivered >= placed THEN extract(epoch FROM delivered - placed) / 60 END, promised,
       traffic, weather, mode, success, attempts, paid, refunded
FROM placed;
INSERT INTO delivery_fact (time_key, city_key, driver_key, driver_version, event_time, order_id, driver_id, city_id, picked_up_time, delivered_time, avg_eta, delivery_time,
                           delay_minutes, on_time, distance_travelled, distance_source)
SELECT o.time_key, o.city_key, o.driver_key, o.driver_version, o.event_time, o.order_id, o.driver_key, o.city_key, o.picked_up_time, o.delivered_time, p.eta, o.delivery_time,
       o.delivery_time - o.promised_minutes, (o.delivery_time <= o.promised_minutes)::int, p.km, CASE WHEN p.km IS NOT NULL THEN 'GPS' END
FROM orders_fact o JOIN placed p USING (order_id) WHERE o.delivered_time IS NOT NULL;
INSERT INTO order_event (event_time, order_id, status, event_hash)
SELECT o.event_time, o.order_id, 'PLACED', 1 FROM orders_fact o UNION ALL SELECT o.prepared_time, o.order_id, 'PREPARED', 2 FROM orders_fact o WHERE o.order_id = 'o6';

-- The gateway; T8 is of an order that has not arrived.
INSERT INTO payment_fact (time_key, city_key, event_time, transaction_id, order_id, transaction_type, payment_mode, amount, success_flag, failure_reason)
SELECT date_trunc('hour', at), city, at AT TIME ZONE 'Asia/Kolkata', id, order_id, kind, mode, amount, success, reason
FROM (VALUES
  ('T1', 'o1',  'MUM', timestamp '2025-10-01 12:00', 'Payment', 'UPI',    100, 1, NULL),
  ('T2', 'o2',  'MUM', '2025-10-01 12:10',           'Payment', 'Card',   200, 0, 'limit'),
  ('T3', 'o2',  'MUM', '2025-10-01 12:11',           'Payment', 'Card',   200, 1, NULL),
  ('T4', 'o4',  'MUM', '2025-10-02 13:00',           'Payment', 'UPI',     80, 0, 'network'),
  ('T5', 'o4',  'MUM', '2025-10-02 13:02',           'Payment', 'UPI',     80, 0, 'network'),
  ('T6', 'o3',  'PUN', '2025-10-01 20:25',           'Payment', 'Cash',   300, 1, NULL),
  ('T7', 'o6',  'MUM', '2025-11-05 19:00',           'Payment', 'Wallet',  90, 1, NULL),
  ('T8', 'o99', '?',   '2025-11-05 19:01',           'Payment', 'Card',    10, 0, 'limit'),
  ('T9', 'o2',  'MUM', '2025-10-02 09:00',           'Refund',  'Card',    50, 1, NULL)) AS t (id, order_id, city, at, kind, mode, amount, success, reason);
INSERT INTO customer_feedback_fact (time_key, city_key, restaurant_key, customer_key, driver_key, restaurant_version, customer_version, driver_version, event_time, feedback_id,
                                    order_id, channel, feedback_score, complaints, response_time)
SELECT o.time_key, o.city_key, o.restaurant_key, o.customer_key, o.driver_key, o.restaurant_version, o.customer_version, o.driver_version, o.delivered_time, f.id, f.order_id, f.channel, f.score, f.complaints, f.response
FROM (VALUES ('F1', 'o1', 'Form', 5, 0, NULL), ('F2', 'o2', 'Form', 2, 1, 10), ('F3', 'o3', 'App', 4, 0, NULL), ('F4', 'o3', 'Form', NULL, 2, 30)) AS f (id, order_id, channel, score, complaints, response)
JOIN orders_fact o USING (order_id);
INSERT INTO app_event_fact (time_key, customer_key, customer_version, event_time, event_id, search_history)
SELECT date_trunc('hour', at), customer, coalesce(substr(nullif(customer, '?'), 2)::int, -1), at AT TIME ZONE 'Asia/Kolkata', id, history
FROM (VALUES ('E1', 'C1', timestamp '2025-10-01 11:50', jsonb '["biryani", "pizza", "biryani"]'), ('E2', 'C2', '2025-10-03 18:00', '["pizza"]'),
             ('E3', '?', '2025-10-03 18:00', '["pizza"]'), ('E4', 'C1', '2025-11-05 18:00', '[]')) AS e (id, customer, at, history);

-- Pings: D1's last one is available and 1.112 km north of R1; D3's beside it, busy; D2's is 72 minutes old.
INSERT INTO driver_ping_fact (driver_key, event_time, latitude, longitude, availability_status, is_available, geohash)
SELECT driver, at AT TIME ZONE 'Asia/Kolkata', lat, 72.80, CASE available WHEN 1 THEN 'AVAILABLE' ELSE 'BUSY' END, available, hash
FROM (VALUES ('D1', timestamp '2025-11-05 19:05', 19.05, 1, 'te7ufff'), ('D1', '2025-11-05 19:10', 19.01, 1, 'te7ueww'),
             ('D3', '2025-11-05 19:12', 19.02, 0, 'te7uewx'), ('D2', '2025-11-05 18:00', 18.50, 1, 'tek1111')) AS p (driver, at, lat, available, hash);
INSERT INTO driver_position (driver_id, latitude, longitude, availability_status, is_available, geohash, position_time)
SELECT DISTINCT ON (driver_key) driver_key, latitude, longitude, availability_status, is_available, geohash, event_time FROM driver_ping_fact ORDER BY driver_key, event_time DESC;
-- D1 was on line for the whole hour of o1 and o2, D3 for half an hour; nothing is known of D2.
INSERT INTO driver_hour (driver_id, hour_start, time_key, pings, available_pings, online_seconds, available_seconds) VALUES
  ('D1', '2025-10-01 12:00+05:30', '2025-10-01 12:00', 60, 5, 3600, 300), ('D3', '2025-11-05 19:00+05:30', '2025-11-05 19:00', 30, 0, 1800, 0);
