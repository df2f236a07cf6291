-- report QuickEats: deliveries, restaurants, payments, customers and drivers
-- The views are in docs/quickeats-kpis.md.

--- At a glance
-- figures Headline figures
-- note The last complete month against the one before, where that is complete too. Without a complete month: the one that goes on, against nothing. Repeat customers of the whole time loaded.
-- source kpi_order_hour, kpi_driver_day, kpi_repeat_customers
-- empty Load orders: starhouse load WAREHOUSE --feed orders FILE
WITH ends AS MATERIALIZED (
  SELECT kpi_first_day() AS first_day, kpi_last_day() AS last_day, kpi_month(kpi_last_day() + 1) AS open_month -- that has not ended with the last day
), shown AS MATERIALIZED (
  SELECT x.month_start, x.is_complete, x.before_start, x.before_start >= e.first_day AS has_before,
         to_char(x.month_start, 'FMMonth YYYY') || CASE WHEN x.is_complete THEN '' ELSE ' so far' END AS named
  FROM ends e
  CROSS JOIN LATERAL (SELECT (e.open_month - interval '1 month')::date AS month_start) c
  CROSS JOIN LATERAL (SELECT c.month_start >= e.first_day AS is_complete) w
  CROSS JOIN LATERAL (SELECT CASE WHEN w.is_complete THEN c.month_start ELSE kpi_month(e.last_day) END AS month_start, w.is_complete,
                             (c.month_start - interval '1 month')::date AS before_start) x
  WHERE e.last_day IS NOT NULL
), span AS MATERIALIZED (
  SELECT CASE WHEN s.is_complete THEN s.before_start ELSE s.month_start END AS from_day, (s.month_start + interval '1 month - 1 day')::date AS to_day FROM shown s
), ordered AS (
  SELECT kpi_month(h.time_key::date) AS month_start, sum(h.orders) AS orders, sum(h.amount) / nullif(sum(h.valued_orders), 0) AS average_value,
         kpi_percent(sum(h.cancelled_orders), sum(h.delivered_orders + h.cancelled_orders)) AS cancelled,
         kpi_percent(sum(h.paid_orders), sum(h.tried_orders)) AS paid, kpi_percent(sum(h.refunded_orders), sum(h.charged_orders)) AS refunded
  FROM span CROSS JOIN LATERAL kpi_order_hour(span.from_day, span.to_day) h GROUP BY 1
), delivered AS (
  SELECT kpi_month(d.day) AS month_start, sum(d.minutes) / nullif(sum(d.timed), 0) AS minutes, kpi_percent(sum(d.on_time), sum(d.promised)) AS on_time
  FROM span CROSS JOIN LATERAL kpi_driver_day(span.from_day, span.to_day) d GROUP BY 1
), months AS MATERIALIZED (
  SELECT * FROM ordered LEFT JOIN delivered USING (month_start)
), figures AS (
  SELECT f.* FROM shown s
  LEFT JOIN months m ON m.month_start = s.month_start
  LEFT JOIN months b ON s.is_complete AND s.has_before AND b.month_start = s.before_start
  CROSS JOIN LATERAL (VALUES (1, 'Orders, ' || s.named, coalesce(m.orders, 0), CASE WHEN s.is_complete AND s.has_before THEN coalesce(b.orders, 0) END, '', 'up'),
    (2, 'Average order', m.average_value, b.average_value, 'money', 'up'),
    (3, 'Average delivery', m.minutes, b.minutes, 'min', 'down'), (4, 'On time', m.on_time, b.on_time, 'percent', 'up'),
    (5, 'Orders paid', m.paid, b.paid, 'percent', 'up'), (6, 'Refunded orders', m.refunded, b.refunded, 'percent', 'down'),
    (7, 'Cancelled orders', m.cancelled, b.cancelled, 'percent', 'down')) AS f (place, label, value, before, unit, good)
  UNION ALL SELECT 8, 'Repeat customers', repeat_percent, NULL, 'percent', 'up' FROM kpi_repeat_customers WHERE customers > 0
)
SELECT label, value, before, unit, good FROM figures ORDER BY place;

--- Deliveries
-- bars Promise and delivery by city
-- unit min
-- source kpi_on_time_by_city
-- empty Load orders: starhouse load WAREHOUSE --feed orders FILE
SELECT city_name AS city, average_eta AS "promised", average_delivery_time AS "delivered" FROM kpi_on_time_by_city WHERE deliveries > 0 ORDER BY deliveries DESC, city_id LIMIT 12;

-- bars On time by city
-- unit percent
-- source kpi_on_time_by_city
-- empty Load orders: starhouse load WAREHOUSE --feed orders FILE
SELECT city_name AS city, on_time_percent AS "on time" FROM kpi_on_time_by_city WHERE on_time_percent IS NOT NULL ORDER BY deliveries DESC, city_id LIMIT 12;

-- bars What delays deliveries, all else equal
-- unit min
-- note Minutes more than comparable orders without the factor. In the numbers: standard error and 95 % interval.
-- told standard error, at least, at most
-- source kpi_delay_drivers
-- empty Load orders: starhouse load WAREHOUSE --feed orders FILE
SELECT factor || ': ' || compared AS factor, effect_minutes AS "effect", standard_error AS "standard error", effect_low AS "at least", effect_high AS "at most"
FROM kpi_delay_drivers WHERE effect_minutes IS NOT NULL ORDER BY abs(effect_minutes) DESC, 1 LIMIT 14;

-- stack Orders by hour of the local day
-- unit orders
-- note Hours of a peak window stand in the second colour.
-- source kpi_peak_windows
-- empty Load orders: starhouse load WAREHOUSE --feed orders FILE
SELECT to_char(hour, 'FM00') || ':00' AS hour, CASE WHEN NOT coalesce(is_peak, false) THEN orders END AS "other hours", CASE WHEN is_peak THEN orders END AS "peak" FROM kpi_peak_windows ORDER BY 1;

--- Live
-- cells Where the drivers are
-- unit drivers
-- note Drivers whose last ping lies in the cell (about 1.2 by 0.6 km), in the hour up to the latest ping in the warehouse.
-- source kpi_driver_heatmap, city_dim
-- empty Load pings: starhouse load WAREHOUSE --feed pings FILE
SELECT b.lat_min AS south, b.lon_min AS west, b.lat_max AS north, b.lon_max AS east, h.drivers AS value, coalesce(c.city_name, 'city unknown') AS city
FROM kpi_driver_heatmap(within => '1 hour') h
CROSS JOIN LATERAL geohash_bounds(h.geohash) b
LEFT JOIN LATERAL (
  SELECT city_name FROM city_dim WHERE latitude IS NOT NULL AND distance_m(latitude, longitude, b.lat_min, b.lon_min) < 100000
  ORDER BY distance_m(latitude, longitude, b.lat_min, b.lon_min), city_id LIMIT 1) c ON true
ORDER BY city, h.geohash;

-- cells Where the drivers were on the last day
-- unit pings
-- note Pings by cell (about 150 m), the 1,500 cells with the most.
-- source driver_ping_fact, city_dim
-- empty Load pings: starhouse load WAREHOUSE --feed pings FILE
WITH cells AS (
  SELECT geohash, count(*) AS pings FROM driver_ping_fact
  WHERE event_time > (SELECT max(position_time) FROM driver_position) - interval '1 day' GROUP BY geohash ORDER BY 2 DESC, 1 LIMIT 1500
)
SELECT b.lat_min AS south, b.lon_min AS west, b.lat_max AS north, b.lon_max AS east, h.pings AS value, coalesce(c.city_name, 'city unknown') AS city
FROM cells h
CROSS JOIN LATERAL geohash_bounds(h.geohash) b
LEFT JOIN LATERAL (
  SELECT city_name FROM city_dim WHERE latitude IS NOT NULL AND distance_m(latitude, longitude, b.lat_min, b.lon_min) < 100000
  ORDER BY distance_m(latitude, longitude, b.lat_min, b.lon_min), city_id LIMIT 1) c ON true
ORDER BY city, h.geohash;

-- line Open orders, minute by minute
-- unit orders
-- note The three hours up to the latest event of an order, of the eight cities with the most orders open.
-- source kpi_active_orders_per_minute
-- empty Load orders: starhouse load WAREHOUSE --feed orders FILE
WITH latest AS MATERIALIZED (
  SELECT date_trunc('minute', kpi_now()) AS minute
), counted AS MATERIALIZED (
  SELECT c.minute_start, c.city_id, c.city_name, c.open_orders
  FROM latest l CROSS JOIN LATERAL kpi_active_orders_per_minute(from_time => l.minute - interval '179 minutes', to_time => l.minute) c
), cities AS (
  SELECT city_id, city_name FROM counted GROUP BY city_id, city_name ORDER BY sum(open_orders) DESC, city_id LIMIT 8
)
-- Minutes without an order are minutes too.
SELECT m.minute_start AS minute, c.city_name AS city, coalesce(o.open_orders, 0) AS open_orders
FROM latest l
CROSS JOIN LATERAL generate_series(l.minute - interval '179 minutes', l.minute, interval '1 minute') AS m (minute_start)
CROSS JOIN cities c
LEFT JOIN counted o ON o.minute_start = m.minute_start AND o.city_id = c.city_id
ORDER BY m.minute_start, c.city_name, c.city_id;

-- table Open orders that will be late
-- note The 20 latest, by the promise made to the customer.
-- source kpi_eta_monitor
-- empty No order is open and late.
SELECT order_id AS "order", city_id AS city, status, minutes_open AS "minutes open", promised_minutes AS "promised", -minutes_left AS "minutes late"
FROM kpi_eta_monitor WHERE is_overdue ORDER BY minutes_left, order_id LIMIT 20;

--- Restaurants
-- bars Restaurants with the most revenue
-- unit money
-- source kpi_top_restaurants
-- empty Load orders: starhouse load WAREHOUSE --feed orders FILE
SELECT coalesce(restaurant_name, restaurant_id) AS restaurant, revenue FROM kpi_top_restaurants ORDER BY revenue_rank, restaurant_id LIMIT 12;

-- table Restaurants: orders and marks
-- source kpi_top_restaurants
-- empty Load orders: starhouse load WAREHOUSE --feed orders FILE
SELECT coalesce(restaurant_name, restaurant_id) AS restaurant, cuisine_type AS cuisine, city_name AS city, orders, revenue,
       cancelled_percent AS "cancelled %", average_rating AS rating, average_score AS "customers' score"
FROM kpi_top_restaurants ORDER BY revenue_rank, restaurant_id LIMIT 20;

--- Payments
-- bars Payments that fail, by mode
-- unit percent
-- source kpi_payment_attempts
-- empty Load payments: starhouse load WAREHOUSE --feed payments FILE
SELECT payment_mode AS mode, failure_percent AS "fail" FROM kpi_payment_attempts WHERE failure_percent IS NOT NULL ORDER BY failure_percent DESC, 1;

-- bars Refunds by mode
-- unit percent
-- note Of the orders charged, and of their value.
-- source kpi_refund_rate
-- empty Load payments: starhouse load WAREHOUSE --feed payments FILE
SELECT payment_mode AS mode, 100 * sum(refunded_orders) / nullif(sum(charged_orders), 0) AS "of orders", 100 * sum(refunded_amount) / nullif(sum(charged_amount), 0) AS "of value"
FROM kpi_refund_rate GROUP BY payment_mode HAVING sum(charged_orders) > 0 ORDER BY 1;

--- Customers
-- bars Customers who use the service and who order, by month
-- unit customers
-- source kpi_active_users
-- empty Load app events: starhouse load WAREHOUSE --feed app_events FILE
SELECT to_char(month_start, 'YYYY-MM') AS month, active_users AS "active", ordering_users AS "ordering" FROM kpi_active_users ORDER BY month_start;

-- bars What customers look for
-- unit searches
-- source kpi_searches
-- empty Load app events: starhouse load WAREHOUSE --feed app_events FILE
SELECT search_term AS term, searches FROM kpi_searches ORDER BY searches DESC, search_term LIMIT 15;

-- bars How satisfied customers are, by city
-- unit score
-- source kpi_feedback_by_city
-- empty Load feedback: starhouse load WAREHOUSE --feed feedback FILE
SELECT city_name AS city, average_score AS "score" FROM kpi_feedback_by_city WHERE average_score IS NOT NULL ORDER BY feedbacks DESC, city_id LIMIT 12;

--- Drivers
-- table Busiest drivers
-- note Utilisation is the part of the time on line spent with orders; overlapping orders count once.
-- source kpi_orders_per_driver, kpi_driver_utilisation
-- empty Load orders and pings.
SELECT coalesce(d.driver_name, d.driver_id) AS driver, d.city_name AS city, d.experience_level AS experience, d.deliveries, d.deliveries_per_day AS "a day",
       d.average_delivery_time AS minutes, d.on_time_percent AS "on time %", u.utilisation_percent AS "utilisation %"
FROM kpi_orders_per_driver d LEFT JOIN kpi_driver_utilisation u USING (driver_id) ORDER BY d.deliveries DESC, d.driver_id LIMIT 20;
