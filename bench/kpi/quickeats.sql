-- QuickEats' views as DuckDB would have them: see bench/kpi/run. Same columns, same rows.
-- tables: orders_fact, delivery_fact, payment_fact, customer_feedback_fact, app_event_fact, driver_ping_fact, order_event, driver_position, driver_hour, time_dim, city_dim, customer_history, restaurant_history, driver_history
CREATE OR REPLACE VIEW customer_dim AS SELECT * FROM customer_history WHERE is_current;
CREATE OR REPLACE VIEW restaurant_dim AS SELECT * FROM restaurant_history WHERE is_current;
CREATE OR REPLACE VIEW driver_dim AS SELECT * FROM driver_history WHERE is_current;
-- percent(part, whole)
CREATE OR REPLACE MACRO percent(part, whole) AS CASE WHEN whole > 0 THEN round(100.0 * part / whole, 2) END;
CREATE OR REPLACE MACRO ratio(part, whole) AS CASE WHEN whole > 0 THEN round(part / whole, 2) END;

-- view: kpi_data_range
SELECT min(time_key)::date, max(time_key)::date, coalesce(date_diff('day', min(time_key)::date, max(time_key)::date) + 1, 0), count(*),
       count(*) FILTER (WHERE order_time IS NULL), count(*) FILTER (WHERE time_conflict = 1)
FROM orders_fact

-- view: kpi_unknown_members
WITH total AS (SELECT count(*) AS orders FROM orders_fact),
inferred AS (
  SELECT 'city' AS dimension, count(*) AS members FROM city_dim WHERE is_inferred
  UNION ALL SELECT 'restaurant', count(*) FROM restaurant_dim WHERE is_inferred
  UNION ALL SELECT 'customer', count(*) FROM customer_dim WHERE is_inferred
  UNION ALL SELECT 'driver', count(*) FROM driver_dim WHERE is_inferred),
unknown AS (
  SELECT 'city' AS dimension, count(*) AS orders, sum(total_amount) AS amount FROM orders_fact WHERE city_key = '?'
  UNION ALL SELECT 'restaurant', count(*), sum(total_amount) FROM orders_fact WHERE restaurant_key = '?'
  UNION ALL SELECT 'customer', count(*), sum(total_amount) FROM orders_fact WHERE customer_key = '?'
  UNION ALL SELECT 'driver', count(*), sum(total_amount) FROM orders_fact WHERE driver_key = '?')
SELECT i.dimension, u.orders, percent(u.orders, t.orders), coalesce(u.amount, 0), i.members FROM inferred i CROSS JOIN total t JOIN unknown u USING (dimension)

-- view: kpi_on_time_by_city
SELECT f.city_key, coalesce(any_value(c.city_name), f.city_key), count(*), round(avg(f.avg_eta), 2), round(avg(f.delivery_time), 2), round(avg(f.delay_minutes), 2),
       count(f.on_time), coalesce(sum(f.on_time), 0), percent(sum(f.on_time), count(f.on_time)), count(*) FILTER (WHERE f.delivery_time IS NULL)
FROM delivery_fact f LEFT JOIN city_dim c ON c.city_id = f.city_key WHERE f.delivered_time IS NOT NULL GROUP BY f.city_key

-- view: kpi_delivery_time_by_city_month
SELECT f.city_key, coalesce(any_value(c.city_name), f.city_key), date_trunc('month', f.time_key)::date AS month_start, count(*), count(f.delivery_time),
       round(avg(f.delivery_time), 2), quantile_disc(f.delivery_time, 0.5), quantile_disc(f.delivery_time, 0.9), round(avg(f.distance_travelled), 2), count(f.distance_travelled)
FROM delivery_fact f LEFT JOIN city_dim c ON c.city_id = f.city_key WHERE f.delivered_time IS NOT NULL GROUP BY f.city_key, month_start

-- view: kpi_order_outcomes
SELECT date_trunc('month', time_key)::date AS month_start, count(*), count(*) FILTER (WHERE status = 'DELIVERED'), count(*) FILTER (WHERE status = 'CANCELLED'),
       count(*) FILTER (WHERE status NOT IN ('DELIVERED', 'CANCELLED')),
       percent(count(*) FILTER (WHERE status = 'CANCELLED'), count(*) FILTER (WHERE status IN ('DELIVERED', 'CANCELLED'))), count(*) FILTER (WHERE time_conflict = 1),
       round(avg(epoch(prepared_time - accepted_time) / 60) FILTER (WHERE prepared_time >= accepted_time AND time_conflict = 0), 2),
       round(avg(epoch(picked_up_time - prepared_time) / 60) FILTER (WHERE picked_up_time >= prepared_time AND time_conflict = 0), 2),
       round(avg(epoch(delivered_time - picked_up_time) / 60) FILTER (WHERE time_conflict = 0), 2),
       round(avg(total_amount) FILTER (WHERE status <> 'CANCELLED'), 2)
FROM orders_fact GROUP BY 1

-- view: kpi_feedback_by_city
SELECT f.city_key, coalesce(any_value(c.city_name), f.city_key), count(*), count(f.feedback_score), round(avg(f.feedback_score), 2), coalesce(sum(f.complaints), 0),
       count(*) FILTER (WHERE f.complaints > 0), percent(count(*) FILTER (WHERE f.complaints > 0), count(*)), count(f.response_time), round(avg(f.response_time), 2)
FROM customer_feedback_fact f LEFT JOIN city_dim c ON c.city_id = f.city_key GROUP BY f.city_key

-- view: kpi_top_restaurants
WITH sold AS (
  SELECT restaurant_key, count(*) FILTER (WHERE status <> 'CANCELLED') AS orders, count(*) AS all_orders,
         coalesce(sum(total_amount) FILTER (WHERE status <> 'CANCELLED'), 0) AS revenue, coalesce(sum(refunded_amount), 0) AS refunded,
         count(*) FILTER (WHERE status = 'CANCELLED') AS cancelled
  FROM orders_fact GROUP BY restaurant_key),
scored AS (SELECT restaurant_key, round(avg(feedback_score), 2) AS score, count(feedback_score) AS scored FROM customer_feedback_fact GROUP BY restaurant_key)
SELECT rank() OVER (ORDER BY s.revenue DESC), s.restaurant_key, coalesce(r.name, s.restaurant_key), coalesce(r.cuisine_type, 'Unknown'), coalesce(c.city_name, r.city, 'Unknown'),
       s.orders, s.revenue, s.refunded, percent(s.revenue, sum(s.revenue) OVER ()), percent(s.cancelled, s.all_orders), r.avg_rating, g.score, coalesce(g.scored, 0)
FROM sold s LEFT JOIN restaurant_dim r ON r.restaurant_id = s.restaurant_key LEFT JOIN city_dim c ON c.city_id = r.city LEFT JOIN scored g USING (restaurant_key)

-- view: kpi_payment_success
SELECT f.city_key, coalesce(any_value(c.city_name), f.city_key), coalesce(f.payment_mode, 'Unknown') AS mode, count(f.payment_success), coalesce(sum(f.payment_success), 0),
       percent(coalesce(sum(f.payment_success), 0), count(f.payment_success)), coalesce(sum(f.payment_attempts), 0), count(f.payment_success) - coalesce(sum(f.payment_success), 0),
       count(*) FILTER (WHERE f.payment_attempts > 1), count(*) FILTER (WHERE f.payment_attempts > 1 AND f.payment_success = 1), count(*) FILTER (WHERE f.payment_success IS NULL)
FROM orders_fact f LEFT JOIN city_dim c ON c.city_id = f.city_key GROUP BY f.city_key, mode

-- view: kpi_refund_rate
WITH charged AS (
  SELECT f.city_key, coalesce(f.payment_mode, 'Unknown') AS mode, count(*) AS charged, count(*) FILTER (WHERE f.refunded_amount > 0) AS refunded,
         coalesce(sum(CASE f.payment_success WHEN 1 THEN f.paid_amount ELSE f.total_amount END), 0) AS charged_amount, sum(f.refunded_amount) AS refunded_amount
  FROM orders_fact f
  WHERE f.payment_success = 1 OR f.refunded_amount > 0 OR (f.payment_success IS NULL AND f.status = 'DELIVERED') GROUP BY f.city_key, mode)
SELECT d.city_key, coalesce(c.city_name, d.city_key), d.mode, d.charged, d.refunded, percent(d.refunded, d.charged), d.charged_amount, d.refunded_amount,
       percent(d.refunded_amount, d.charged_amount)
FROM charged d LEFT JOIN city_dim c ON c.city_id = d.city_key

-- view: kpi_payment_attempts
SELECT f.payment_mode, count(*), count(*) FILTER (WHERE f.success_flag = 0), percent(count(*) FILTER (WHERE f.success_flag = 0), count(*)),
       (SELECT r.failure_reason FROM payment_fact r WHERE r.transaction_type = 'Payment' AND r.payment_mode = f.payment_mode AND r.failure_reason IS NOT NULL
        GROUP BY r.failure_reason ORDER BY count(*) DESC, r.failure_reason LIMIT 1),
       count(*) FILTER (WHERE f.city_key = '?' AND o.order_id IS NULL)
FROM payment_fact f LEFT JOIN orders_fact o ON o.order_id = f.order_id AND f.city_key = '?' WHERE f.transaction_type = 'Payment' GROUP BY f.payment_mode

-- view: kpi_repeat_customers
WITH customers AS (SELECT customer_key, count(*) AS orders FROM orders_fact WHERE status <> 'CANCELLED' GROUP BY customer_key),
totals AS (
  SELECT count(*) FILTER (WHERE customer_key <> '?') AS customers, count(*) FILTER (WHERE customer_key <> '?' AND orders >= 2) AS again,
         coalesce(sum(orders) FILTER (WHERE customer_key <> '?'), 0) AS orders, coalesce(sum(orders) FILTER (WHERE customer_key = '?'), 0) AS unknown
  FROM customers)
SELECT customers, again, percent(again, customers), orders, ratio(orders, customers), unknown FROM totals

-- view: kpi_active_users
WITH activity AS (
  SELECT customer_key, time_key::date AS day, true AS ordered FROM orders_fact WHERE customer_key <> '?' AND status <> 'CANCELLED'
  UNION ALL SELECT customer_key, time_key::date, false FROM app_event_fact WHERE customer_key <> '?'),
days AS (SELECT customer_key, day, bool_or(ordered) AS ordered FROM activity GROUP BY customer_key, day),
daily AS (SELECT day, count(*) AS users FROM days GROUP BY day),
members AS (SELECT customer_key, date_trunc('month', day)::date AS month_start, bool_or(ordered) AS ordered FROM days GROUP BY 1, 2),
monthly AS (SELECT month_start, count(*) AS users, count(*) FILTER (WHERE ordered) AS ordering FROM members GROUP BY 1),
average AS (SELECT date_trunc('month', day)::date AS month_start, sum(users) / day(last_day(max(day))) AS average FROM daily GROUP BY 1)
SELECT m.month_start, m.users, m.ordering, percent(m.ordering, m.users), round(a.average, 2), percent(a.average, m.users) FROM monthly m JOIN average a USING (month_start)

-- view: kpi_searches
WITH terms AS (SELECT customer_key, unnest(list_distinct(json_extract_string(search_history, '$[*]'))) AS term FROM app_event_fact)
SELECT term, count(*), count(DISTINCT customer_key) FILTER (WHERE customer_key <> '?'), percent(count(*), sum(count(*)) OVER ()) FROM terms GROUP BY term

-- view: kpi_orders_per_driver
WITH driven AS (
  SELECT driver_key, count(*) AS deliveries, count(DISTINCT time_key::date) AS days, round(avg(delivery_time), 2) AS average,
         percent(sum(on_time), count(on_time)) AS on_time, sum(distance_travelled) AS distance
  FROM delivery_fact WHERE delivered_time IS NOT NULL GROUP BY driver_key),
scored AS (SELECT driver_key, round(avg(feedback_score), 2) AS score FROM customer_feedback_fact GROUP BY driver_key)
SELECT n.driver_key, coalesce(d.name, n.driver_key), coalesce(d.experience_level, 'Unknown'), coalesce(c.city_name, d.city, 'Unknown'), n.deliveries, n.days,
       ratio(n.deliveries, n.days), n.average, n.on_time, round(n.distance, 2), s.score
FROM driven n LEFT JOIN driver_dim d ON d.driver_id = n.driver_key LEFT JOIN city_dim c ON c.city_id = d.city LEFT JOIN scored s USING (driver_key)

-- view: kpi_driver_utilisation
WITH carried AS (
  SELECT driver_key, coalesce(CASE WHEN assigned_time IS NULL THEN picked_up_time WHEN picked_up_time IS NULL THEN assigned_time ELSE least(assigned_time, picked_up_time) END, accepted_time) AS a,
         coalesce(delivered_time, cancelled_time) AS b, status
  FROM orders_fact WHERE driver_key <> '?' AND time_conflict = 0),
ordered AS (SELECT *, max(b) OVER (PARTITION BY driver_key ORDER BY a, b ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach FROM carried WHERE a < b),
busy AS (
  SELECT driver_key, count(*) FILTER (WHERE status = 'DELIVERED') AS deliveries, sum(epoch_us(b) - epoch_us(a)) / 6e7 AS minutes,
         sum(greatest(0, epoch_us(b) - greatest(epoch_us(a), coalesce(epoch_us(reach), epoch_us(a))))) / 6e7 AS busy
  FROM ordered GROUP BY driver_key),
online AS (SELECT driver_id, sum(online_seconds) / 60 AS minutes FROM driver_hour GROUP BY driver_id),
untimed AS (
  SELECT driver_key, count(*) AS orders, count(*) FILTER (WHERE status = 'DELIVERED') AS delivered
  FROM (SELECT driver_key, status, time_conflict,
               coalesce(CASE WHEN assigned_time IS NULL THEN picked_up_time WHEN picked_up_time IS NULL THEN assigned_time ELSE least(assigned_time, picked_up_time) END, accepted_time) AS a,
               coalesce(delivered_time, cancelled_time) AS b
        FROM orders_fact WHERE driver_key <> '?' AND status IN ('DELIVERED', 'CANCELLED'))
  WHERE NOT coalesce(time_conflict = 0 AND a < b, false) GROUP BY driver_key)
SELECT coalesce(b.driver_key, o.driver_id), coalesce(d.name, b.driver_key, o.driver_id), coalesce(b.deliveries, 0) + coalesce(u.delivered, 0), round(coalesce(b.minutes, 0), 2), round(coalesce(b.busy, 0), 2),
       round(coalesce(b.minutes - b.busy, 0), 2), round(o.minutes, 2), percent(coalesce(b.busy, 0), o.minutes), coalesce(u.orders, 0)
FROM busy b FULL JOIN online o ON o.driver_id = b.driver_key LEFT JOIN untimed u ON u.driver_key = coalesce(b.driver_key, o.driver_id) LEFT JOIN driver_dim d ON d.driver_id = coalesce(b.driver_key, o.driver_id)

-- view: kpi_peak_windows
WITH counted AS (SELECT hour(time_key) AS hour, count(*) AS orders FROM orders_fact GROUP BY 1),
covered AS (SELECT date_diff('day', (SELECT arg_min(time_key, event_time) FROM orders_fact)::date, (SELECT arg_max(time_key, event_time) FROM orders_fact)::date) + 1 AS days,
                   (SELECT sum(orders) FROM counted) AS total),
hours AS (SELECT g.hour, coalesce(c.orders, 0) AS orders, v.days, v.total, coalesce(c.orders, 0) * 2400.0 / v.total AS index
          FROM covered v CROSS JOIN range(0, 24) AS g (hour) LEFT JOIN counted c ON c.hour = g.hour),
marked AS (SELECT *, index >= 125 AS peak, hour - row_number() OVER (PARTITION BY index >= 125 ORDER BY hour) AS run FROM hours)
SELECT hour, orders, percent(orders, total), ratio(orders, days), round(index, 2), peak,
       CASE WHEN peak THEN lpad((min(hour) OVER (PARTITION BY peak, run))::text, 2, '0') || ':00-' || lpad((max(hour) OVER (PARTITION BY peak, run) + 1)::text, 2, '0') || ':00' END
FROM marked

-- view: kpi_active_orders_per_minute
WITH span AS (SELECT date_trunc('minute', max(event_time) - INTERVAL 59 minute) AS first_minute, date_trunc('minute', max(event_time)) AS last_minute FROM order_event),
orders AS (
  SELECT city_key, date_trunc('minute', order_time) AS placed_minute,
         date_trunc('minute', coalesce(CASE WHEN delivered_time IS NULL THEN cancelled_time WHEN cancelled_time IS NULL THEN delivered_time ELSE least(delivered_time, cancelled_time) END,
                                       order_time + INTERVAL 1 day)) - INTERVAL 1 minute AS last_open_minute
  FROM orders_fact, span
  WHERE order_time IS NOT NULL AND event_time >= first_minute - INTERVAL 1 day AND event_time < last_minute + INTERVAL 1 minute),
readings AS (
  SELECT placed_minute AS minute_start, city_key, 1 AS placed, 0 AS open FROM orders, span WHERE placed_minute BETWEEN first_minute AND last_minute
  UNION ALL
  SELECT unnest(generate_series(greatest(placed_minute, first_minute), least(last_open_minute, last_minute), INTERVAL 1 minute)), city_key, 0, 1 FROM orders, span
  WHERE greatest(placed_minute, first_minute) <= least(last_open_minute, last_minute))
SELECT minute_start, city_key, coalesce(any_value(c.city_name), city_key), sum(placed), sum(open) FROM readings LEFT JOIN city_dim c ON c.city_id = city_key GROUP BY minute_start, city_key

-- view: kpi_driver_heatmap
WITH now AS (SELECT max(position_time) AS moment FROM driver_position),
latest AS (
  SELECT driver_key, arg_max(geohash, event_time) AS geohash, arg_max(is_available, event_time) AS is_available, max(event_time) AS seen
  FROM driver_ping_fact, now WHERE event_time > now.moment - INTERVAL 10 minute AND event_time <= now.moment GROUP BY driver_key)
SELECT left(geohash, 6), sum(is_available), count(*), max(seen) FROM latest GROUP BY 1

-- view: kpi_summary
WITH customers AS (SELECT customer_key, count(*) AS orders FROM orders_fact WHERE status <> 'CANCELLED' AND customer_key <> '?' GROUP BY customer_key),
counted AS (SELECT hour(time_key) AS hour, count(*) AS orders FROM orders_fact GROUP BY 1),
peaks AS (SELECT hour, hour - row_number() OVER (ORDER BY hour) AS run FROM counted WHERE orders * 2400.0 / (SELECT sum(orders) FROM counted) >= 125),
windows AS (SELECT lpad(min(hour)::text, 2, '0') || ':00-' || lpad((max(hour) + 1)::text, 2, '0') || ':00' AS peak_window FROM peaks GROUP BY run)
SELECT (SELECT count(*) FROM orders_fact), (SELECT round(avg(delivery_time), 2) FROM delivery_fact), (SELECT percent(sum(on_time), count(on_time)) FROM delivery_fact),
       (SELECT percent(sum(payment_success), count(payment_success)) FROM orders_fact),
       (SELECT percent(count(*) FILTER (WHERE refunded_amount > 0), count(*)) FROM orders_fact
        WHERE payment_success = 1 OR refunded_amount > 0 OR (payment_success IS NULL AND status = 'DELIVERED')),
       (SELECT percent(count(*) FILTER (WHERE orders >= 2), count(*)) FROM customers),
       (SELECT string_agg(peak_window, ', ' ORDER BY peak_window) FROM windows)
