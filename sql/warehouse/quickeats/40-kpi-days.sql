-- The days that reports read: summed up (11-summaries.sql) or, where a day is not, as the same sums over its facts. Each table of
-- sums has a function of its name that yields both, and kpi_<table>_of(day), which is the law of its rows.

CREATE FUNCTION kpi_order_hour_of(of_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (time_key timestamp, city_key text, payment_mode text, orders bigint, untimed_orders bigint, conflicting_orders bigint, delivered_orders bigint, cancelled_orders bigint, all_amount numeric, valued_orders bigint, amount numeric, prepared_orders bigint, preparation interval, waited_orders bigint, wait interval, ridden_orders bigint, ride interval, tried_orders bigint, paid_orders bigint, attempts bigint, retried_orders bigint, rescued_orders bigint, charged_orders bigint, refunded_orders bigint, charged_amount numeric, refunded_amount numeric, restaurantless_orders bigint, restaurantless_amount numeric, customerless_orders bigint, customerless_amount numeric, driverless_orders bigint, driverless_amount numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT f.time_key,
         f.city_key,
         COALESCE(f.payment_mode, 'Unknown'),
         count(*),
         count(*) FILTER (WHERE f.order_time IS NULL),
         count(*) FILTER (WHERE f.time_conflict = 1),
         count(*) FILTER (WHERE f.status = 'DELIVERED'),
         count(*) FILTER (WHERE f.status = 'CANCELLED'),
         sum(f.total_amount),
         count(f.total_amount) FILTER (WHERE f.status <> 'CANCELLED'),
         COALESCE(sum(f.total_amount) FILTER (WHERE f.status <> 'CANCELLED'), 0),
         count(*) FILTER (WHERE f.prepared_time >= f.accepted_time AND f.time_conflict = 0),
         sum(f.prepared_time - f.accepted_time) FILTER (WHERE f.prepared_time >= f.accepted_time AND f.time_conflict = 0),
         count(*) FILTER (WHERE f.picked_up_time >= f.prepared_time AND f.time_conflict = 0),
         sum(f.picked_up_time - f.prepared_time) FILTER (WHERE f.picked_up_time >= f.prepared_time AND f.time_conflict = 0),
         count(f.delivered_time - f.picked_up_time) FILTER (WHERE f.time_conflict = 0),
         sum(f.delivered_time - f.picked_up_time) FILTER (WHERE f.time_conflict = 0),
         count(f.payment_success),
         COALESCE(sum(f.payment_success), 0)::bigint,
         COALESCE(sum(f.payment_attempts), 0)::bigint,
         count(*) FILTER (WHERE f.payment_attempts > 1),
         count(*) FILTER (WHERE f.payment_attempts > 1 AND f.payment_success = 1),
         count(*) FILTER (WHERE f.payment_success = 1 OR f.refunded_amount > 0 OR (f.payment_success IS NULL AND f.status = 'DELIVERED')),
         count(*) FILTER (WHERE f.refunded_amount > 0),
         COALESCE(sum(CASE f.payment_success WHEN 1 THEN f.paid_amount ELSE f.total_amount END) FILTER (WHERE f.payment_success = 1 OR f.refunded_amount > 0 OR (f.payment_success IS NULL AND f.status = 'DELIVERED')), 0),
         sum(f.refunded_amount),
         count(*) FILTER (WHERE f.restaurant_key = '?'),
         sum(f.total_amount) FILTER (WHERE f.restaurant_key = '?'),
         count(*) FILTER (WHERE f.customer_key = '?'),
         sum(f.total_amount) FILTER (WHERE f.customer_key = '?'),
         count(*) FILTER (WHERE f.driver_key = '?'),
         sum(f.total_amount) FILTER (WHERE f.driver_key = '?')
  FROM orders_fact f
  WHERE f.time_key >= of_day::timestamp AND f.time_key < (of_day + 1)::timestamp
    AND f.event_time >= (of_day - 1)::timestamp AT TIME ZONE 'UTC' AND f.event_time < (of_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND (from_day IS NULL OR f.event_time >= (from_day - 1)::timestamp AT TIME ZONE 'UTC')
    AND (to_day IS NULL OR f.event_time < (to_day + 2)::timestamp AT TIME ZONE 'UTC')
  GROUP BY 1, 2, 3;
END;
COMMENT ON FUNCTION kpi_order_hour_of(date, date, date) IS 'The rows of order_hour for a local day, from orders_fact. None for NULL. The days it lies between, where they are known (NULL: not), let the planner leave out partitions.';

CREATE FUNCTION kpi_order_hour(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (time_key timestamp, city_key text, payment_mode text, orders bigint, untimed_orders bigint, conflicting_orders bigint, delivered_orders bigint, cancelled_orders bigint, all_amount numeric, valued_orders bigint, amount numeric, prepared_orders bigint, preparation interval, waited_orders bigint, wait interval, ridden_orders bigint, ride interval, tried_orders bigint, paid_orders bigint, attempts bigint, retried_orders bigint, rescued_orders bigint, charged_orders bigint, refunded_orders bigint, charged_amount numeric, refunded_amount numeric, restaurantless_orders bigint, restaurantless_amount numeric, customerless_orders bigint, customerless_amount numeric, driverless_orders bigint, driverless_amount numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.time_key, s.city_key, s.payment_mode, s.orders, s.untimed_orders, s.conflicting_orders, s.delivered_orders, s.cancelled_orders, s.all_amount, s.valued_orders, s.amount, s.prepared_orders, s.preparation, s.waited_orders, s.wait, s.ridden_orders, s.ride, s.tried_orders, s.paid_orders, s.attempts, s.retried_orders, s.rescued_orders, s.charged_orders, s.refunded_orders, s.charged_amount, s.refunded_amount, s.restaurantless_orders, s.restaurantless_amount, s.customerless_orders, s.customerless_amount, s.driverless_orders, s.driverless_amount
  FROM order_hour s
  WHERE s.time_key::date IN (SELECT d.day FROM order_day d) AND (from_day IS NULL OR s.time_key >= from_day::timestamp) AND (to_day IS NULL OR s.time_key < (to_day + 1)::timestamp)
  UNION ALL
  SELECT f.time_key, f.city_key, f.payment_mode, f.orders, f.untimed_orders, f.conflicting_orders, f.delivered_orders, f.cancelled_orders, f.all_amount, f.valued_orders, f.amount, f.prepared_orders, f.preparation, f.waited_orders, f.wait, f.ridden_orders, f.ride, f.tried_orders, f.paid_orders, f.attempts, f.retried_orders, f.rescued_orders, f.charged_orders, f.refunded_orders, f.charged_amount, f.refunded_amount, f.restaurantless_orders, f.restaurantless_amount, f.customerless_orders, f.customerless_amount, f.driverless_orders, f.driverless_amount
  FROM kpi_open_order_days(from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_order_hour_of(o.day, from_day, to_day) f;
END;
COMMENT ON FUNCTION kpi_order_hour(date, date) IS 'The rows of order_hour from from_day to to_day inclusive (NULL: open), local days: those summed up, the others from orders_fact.';

CREATE FUNCTION kpi_restaurant_day_of(of_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, restaurant_key text, orders bigint, all_orders bigint, revenue numeric, refunded numeric, cancelled bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT f.time_key::date,
         f.restaurant_key,
         count(*) FILTER (WHERE f.status <> 'CANCELLED'),
         count(*),
         COALESCE(sum(f.total_amount) FILTER (WHERE f.status <> 'CANCELLED'), 0),
         COALESCE(sum(f.refunded_amount), 0),
         count(*) FILTER (WHERE f.status = 'CANCELLED')
  FROM orders_fact f
  WHERE f.time_key >= of_day::timestamp AND f.time_key < (of_day + 1)::timestamp
    AND f.event_time >= (of_day - 1)::timestamp AT TIME ZONE 'UTC' AND f.event_time < (of_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND (from_day IS NULL OR f.event_time >= (from_day - 1)::timestamp AT TIME ZONE 'UTC')
    AND (to_day IS NULL OR f.event_time < (to_day + 2)::timestamp AT TIME ZONE 'UTC')
  GROUP BY 1, 2;
END;
COMMENT ON FUNCTION kpi_restaurant_day_of(date, date, date) IS 'The rows of restaurant_day for a local day, from orders_fact. None for NULL. The days it lies between, where they are known (NULL: not), let the planner leave out partitions.';

CREATE FUNCTION kpi_restaurant_day(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, restaurant_key text, orders bigint, all_orders bigint, revenue numeric, refunded numeric, cancelled bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.day, s.restaurant_key, s.orders, s.all_orders, s.revenue, s.refunded, s.cancelled
  FROM restaurant_day s
  WHERE s.day IN (SELECT d.day FROM order_day d) AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
  UNION ALL
  SELECT f.day, f.restaurant_key, f.orders, f.all_orders, f.revenue, f.refunded, f.cancelled
  FROM kpi_open_days(from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_restaurant_day_of(o.day, from_day, to_day) f;
END;
COMMENT ON FUNCTION kpi_restaurant_day(date, date) IS 'The rows of restaurant_day from from_day to to_day inclusive (NULL: open), local days: those summed up, the others from orders_fact.';

CREATE FUNCTION kpi_driver_day_of(of_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, city_key text, driver_key text, deliveries bigint, estimated bigint, eta numeric, timed bigint, minutes numeric, promised bigint, on_time bigint, delayed bigint, delay numeric, measured bigint, distance numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT f.time_key::date,
         f.city_key,
         f.driver_key,
         count(*),
         count(f.avg_eta),
         sum(f.avg_eta),
         count(f.delivery_time),
         sum(f.delivery_time),
         count(f.on_time),
         COALESCE(sum(f.on_time), 0)::bigint,
         count(f.delay_minutes),
         sum(f.delay_minutes),
         count(f.distance_travelled),
         sum(f.distance_travelled)
  FROM delivery_fact f
  WHERE f.time_key >= of_day::timestamp AND f.time_key < (of_day + 1)::timestamp
    AND f.event_time >= (of_day - 1)::timestamp AT TIME ZONE 'UTC' AND f.event_time < (of_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND (from_day IS NULL OR f.event_time >= (from_day - 1)::timestamp AT TIME ZONE 'UTC')
    AND (to_day IS NULL OR f.event_time < (to_day + 2)::timestamp AT TIME ZONE 'UTC') AND f.delivered_time IS NOT NULL
  GROUP BY 1, 2, 3;
END;
COMMENT ON FUNCTION kpi_driver_day_of(date, date, date) IS 'The rows of driver_day for a local day, from delivery_fact. None for NULL. The days it lies between, where they are known (NULL: not), let the planner leave out partitions.';

CREATE FUNCTION kpi_driver_day(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, city_key text, driver_key text, deliveries bigint, estimated bigint, eta numeric, timed bigint, minutes numeric, promised bigint, on_time bigint, delayed bigint, delay numeric, measured bigint, distance numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.day, s.city_key, s.driver_key, s.deliveries, s.estimated, s.eta, s.timed, s.minutes, s.promised, s.on_time, s.delayed, s.delay, s.measured, s.distance
  FROM driver_day s
  WHERE s.day IN (SELECT d.day FROM order_day d) AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
  UNION ALL
  SELECT f.day, f.city_key, f.driver_key, f.deliveries, f.estimated, f.eta, f.timed, f.minutes, f.promised, f.on_time, f.delayed, f.delay, f.measured, f.distance
  FROM kpi_open_days(from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_driver_day_of(o.day, from_day, to_day) f;
END;
COMMENT ON FUNCTION kpi_driver_day(date, date) IS 'The rows of driver_day from from_day to to_day inclusive (NULL: open), local days: those summed up, the others from delivery_fact.';

CREATE FUNCTION kpi_delivery_minutes_of(of_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, city_key text, delivery_time numeric, deliveries bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT f.time_key::date,
         f.city_key,
         f.delivery_time,
         count(*)
  FROM delivery_fact f
  WHERE f.time_key >= of_day::timestamp AND f.time_key < (of_day + 1)::timestamp
    AND f.event_time >= (of_day - 1)::timestamp AT TIME ZONE 'UTC' AND f.event_time < (of_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND (from_day IS NULL OR f.event_time >= (from_day - 1)::timestamp AT TIME ZONE 'UTC')
    AND (to_day IS NULL OR f.event_time < (to_day + 2)::timestamp AT TIME ZONE 'UTC') AND f.delivered_time IS NOT NULL AND f.delivery_time IS NOT NULL
  GROUP BY 1, 2, 3;
END;
COMMENT ON FUNCTION kpi_delivery_minutes_of(date, date, date) IS 'The rows of delivery_minutes for a local day, from delivery_fact. None for NULL. The days it lies between, where they are known (NULL: not), let the planner leave out partitions.';

CREATE FUNCTION kpi_delivery_minutes(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, city_key text, delivery_time numeric, deliveries bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.day, s.city_key, s.delivery_time, s.deliveries
  FROM delivery_minutes s
  WHERE s.day IN (SELECT d.day FROM order_day d) AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
  UNION ALL
  SELECT f.day, f.city_key, f.delivery_time, f.deliveries
  FROM kpi_open_days(from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_delivery_minutes_of(o.day, from_day, to_day) f;
END;
COMMENT ON FUNCTION kpi_delivery_minutes(date, date) IS 'The rows of delivery_minutes from from_day to to_day inclusive (NULL: open), local days: those summed up, the others from delivery_fact.';
