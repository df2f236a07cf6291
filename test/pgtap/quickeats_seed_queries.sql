-- The three example queries of QuickEats' source document, word for word and in its capitals, with
-- search_path set to the warehouse. The orders below are all there are; the sums are worked out beside them.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
SET LOCAL search_path = public, starhouse;
SELECT no_plan();
SELECT starhouse.create_warehouse('quickeats', time_zone => 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31') \g /dev/null
SET search_path = quickeats;

INSERT INTO city_dim (city_id, city_name, is_inferred) VALUES ('MUM', 'Mumbai', false), ('PUN', 'Pune', false), ('NGP', NULL, true);
INSERT INTO restaurant_history (restaurant_version, restaurant_id, name, city, valid_from, valid_to, is_current) VALUES
  (1, 'R1', 'Saffron', 'MUM', '-infinity', '2025-03-01 00:00+05:30', false), (2, 'R1', 'Saffron', 'PUN', '2025-03-01 00:00+05:30', 'infinity', true),
  (3, 'R2', 'Tandoor', 'MUM', '-infinity', 'infinity', true), (4, 'R3', NULL, NULL, '-infinity', 'infinity', true);
CREATE TABLE orders_fact_all PARTITION OF orders_fact DEFAULT;
CREATE TABLE delivery_fact_all PARTITION OF delivery_fact DEFAULT;
CREATE TEMP TABLE line (order_id text, placed timestamp, city text, restaurant text, version bigint, amount numeric, paid integer, minutes numeric);
INSERT INTO line VALUES
  ('O1', '2025-02-10 12:00', 'MUM', 'R1', 1, 100,    1, 20),
  ('O2', '2025-02-10 13:10', 'MUM', 'R2', 3, 250.50, 1, 35),
  ('O3', '2025-02-28 23:59', 'MUM', 'R1', 1, 60,     0, NULL),  -- not delivered
  ('O4', '2025-03-01 00:10', 'MUM', 'R2', 3, 40,     1, 30),
  ('O5', '2025-03-02 20:00', 'PUN', 'R1', 2, 200,    1, 25),
  ('O6', '2025-03-02 20:30', 'PUN', 'R3', 4, 80,  NULL, 40),    -- no payment known
  ('O7', '2025-03-02 21:00', '?',   '?', -1, 15,     1, 10),
  ('O8', '2025-03-02 21:00', 'NGP', 'R3', 4, 5,      0, 50);
INSERT INTO orders_fact (time_key, city_key, restaurant_key, restaurant_version, event_time, order_id, status, total_amount, payment_success)
  SELECT date_trunc('hour', placed), city, restaurant, version, placed AT TIME ZONE 'Asia/Kolkata', order_id,
         CASE WHEN minutes IS NULL THEN 'CANCELLED' ELSE 'DELIVERED' END, amount, paid FROM line;
INSERT INTO delivery_fact (time_key, city_key, event_time, order_id, delivery_time)
  SELECT date_trunc('hour', placed), city, placed AT TIME ZONE 'Asia/Kolkata', order_id, minutes FROM line WHERE minutes IS NOT NULL;

PREPARE average_delivery_time_per_city_per_month AS
SELECT c.city_name, t.month,
       AVG(f.delivery_time) AS avg_delivery_time
FROM Delivery_Fact f
JOIN City_Dim c ON f.city_key = c.city_id
JOIN Time_Dim t ON f.time_key = t.date_key
GROUP BY c.city_name, t.month
ORDER BY t.month;

PREPARE top_10_restaurants_by_revenue AS
SELECT r.name AS restaurant_name,
       SUM(o.total_amount) AS revenue
FROM Orders_Fact o
JOIN Restaurant_Dim r ON o.restaurant_key = r.restaurant_id
GROUP BY r.name
ORDER BY revenue DESC
LIMIT 10;

PREPARE payment_success_rate_by_city AS
SELECT c.city_name,
       ROUND(SUM(o.payment_success)::numeric / COUNT(o.order_id)*100,
2) AS success_rate
FROM Orders_Fact o
JOIN City_Dim c ON o.city_key = c.city_id
GROUP BY c.city_name
ORDER BY success_rate DESC;

-- pgTAP lives in public; everything else is still found in the warehouse first.
SET search_path = quickeats, public;
-- February: Mumbai (20 + 35) / 2. March begins at 00:10 of the local clock.
SELECT bag_eq('average_delivery_time_per_city_per_month', $$VALUES
  ('Mumbai', 2, 27.5), ('Mumbai', 3, 30.0), ('Pune', 3, (25.0 + 40) / 2), ('Unknown', 3, 10.0), (NULL, 3, 50.0)$$,
  '(a) average delivery time per city and month; the unknown city and one not known yet keep theirs');
-- Saffron, in whichever city it was: 100 + 60 + 200; Tandoor: 250.5 + 40; no name yet: 80 + 5
SELECT results_eq('top_10_restaurants_by_revenue', $$VALUES
  ('Saffron', 360.0), ('Tandoor', 290.5), (NULL, 85), ('Unknown', 15)$$, '(b) top restaurants by revenue');
-- Mumbai: 3 of 4; Pune: 1 of 2, the one without news of a payment counts as not paid here
SELECT results_eq('payment_success_rate_by_city', $$VALUES
  ('Unknown', 100.00), ('Mumbai', 75.00), ('Pune', 50.00), (NULL, 0.00)$$, '(c) payment success rate by city');
SELECT is((SELECT count(*) FROM orders_fact o
           JOIN time_dim t ON o.time_key = t.date_key JOIN city_dim c ON o.city_key = c.city_id
           JOIN restaurant_dim r ON o.restaurant_key = r.restaurant_id JOIN customer_dim u ON o.customer_key = u.customer_id
           JOIN driver_dim d ON o.driver_key = d.driver_id), 8::bigint, 'a join to all dimensions loses no order and doubles none');

SELECT * FROM finish();
ROLLBACK;
