-- The law of the summaries of 11-summary-people.sql, as 40-kpi-days.sql has it for the plain sums: kpi_<table>_of(day) from the
-- facts, kpi_<table>(from, to) summed up or from the facts.

-- An order keeps its driver busy from assignment (else pick-up, else acceptance) to delivery or cancellation.
CREATE FUNCTION kpi_carried_of(of_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, driver_key text, status text, span tstzrange)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT f.time_key::date, f.driver_key, f.status, CASE WHEN f.time_conflict = 0 AND s.began < s.ended THEN tstzrange(s.began, s.ended) END
  FROM orders_fact f
  CROSS JOIN LATERAL (SELECT COALESCE(least(f.assigned_time, f.picked_up_time), f.accepted_time) AS began, COALESCE(f.delivered_time, f.cancelled_time) AS ended) s
  WHERE f.time_key >= of_day::timestamp AND f.time_key < (of_day + 1)::timestamp
    AND f.event_time >= (of_day - 1)::timestamp AT TIME ZONE 'UTC' AND f.event_time < (of_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND (from_day IS NULL OR f.event_time >= (from_day - 1)::timestamp AT TIME ZONE 'UTC')
    AND (to_day IS NULL OR f.event_time < (to_day + 2)::timestamp AT TIME ZONE 'UTC')
    AND f.driver_key <> '?' AND (f.status IN ('DELIVERED', 'CANCELLED') OR f.time_conflict = 0 AND s.began < s.ended);
END;
COMMENT ON FUNCTION kpi_carried_of(date, date, date) IS 'When the orders of a local day kept their drivers busy, from orders_fact; orders without a driver or under way are left out. span is NULL where the times are not known or contradict each other. None for NULL. The days it lies between, where they are known (NULL: not), let the planner leave out partitions.';

CREATE FUNCTION kpi_driver_busy_of(of_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, driver_key text, deliveries bigint, untimed_orders bigint, order_time interval, busy_time interval, first_start timestamptz, last_end timestamptz, reaches_out boolean, spans tstzmultirange)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT c.day, c.driver_key, c.deliveries, c.untimed_orders, COALESCE(c.order_time, '0'), COALESCE((SELECT sum(upper(s.span) - lower(s.span)) FROM unnest(c.spans) AS s (span)), '0'),
         lower(c.spans), upper(c.spans),
         COALESCE(lower(c.spans) < c.day::timestamp AT TIME ZONE kpi_zone() OR upper(c.spans) > (c.day + 1)::timestamp AT TIME ZONE kpi_zone(), false), c.spans
  FROM (SELECT c.day, c.driver_key, count(*) FILTER (WHERE c.status = 'DELIVERED') AS deliveries, count(*) FILTER (WHERE c.span IS NULL) AS untimed_orders,
               sum(upper(c.span) - lower(c.span)) AS order_time, range_agg(c.span) AS spans
        FROM kpi_carried_of(of_day, from_day, to_day) c GROUP BY 1, 2) c;
END;
COMMENT ON FUNCTION kpi_driver_busy_of(date, date, date) IS 'The rows of driver_busy and driver_spans for a local day, from orders_fact; spans is NULL where no order has times. None for NULL. The days it lies between, where they are known (NULL: not), let the planner leave out partitions.';

CREATE FUNCTION kpi_driver_busy(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, driver_key text, deliveries bigint, untimed_orders bigint, order_time interval, busy_time interval, first_start timestamptz, last_end timestamptz, reaches_out boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.day, s.driver_key, s.deliveries, s.untimed_orders, s.order_time, s.busy_time, s.first_start, s.last_end, s.reaches_out
  FROM driver_busy s
  WHERE s.day IN (SELECT d.day FROM order_day d) AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
  UNION ALL
  SELECT f.day, f.driver_key, f.deliveries, f.untimed_orders, f.order_time, f.busy_time, f.first_start, f.last_end, f.reaches_out
  FROM kpi_open_days(from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_driver_busy_of(o.day, from_day, to_day) f;
END;
COMMENT ON FUNCTION kpi_driver_busy(date, date) IS 'The rows of driver_busy from from_day to to_day inclusive (NULL: open), local days: those summed up, the others from orders_fact.';

CREATE FUNCTION kpi_driver_hours_of(of_day date) RETURNS TABLE (hour_start timestamptz, time_key timestamp, driver_key text, is_available boolean, online_seconds numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT h.hour_start, h.time_key, h.driver_id, h.available_pings > 0, h.online_seconds
  FROM driver_hour h
  WHERE h.hour_start >= (of_day - 1)::timestamp AT TIME ZONE 'UTC' AND h.hour_start < (of_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND h.time_key >= of_day::timestamp AND h.time_key < (of_day + 1)::timestamp;
END;
COMMENT ON FUNCTION kpi_driver_hours_of(date) IS 'The rows of driver_hour for a local day. None for NULL.';

CREATE FUNCTION kpi_driver_online_of(of_day date) RETURNS TABLE (day date, driver_key text, online_seconds numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT of_day, h.driver_key, sum(h.online_seconds) FROM kpi_driver_hours_of(of_day) h GROUP BY h.driver_key;
END;
COMMENT ON FUNCTION kpi_driver_online_of(date) IS 'The rows of driver_online for a local day, from driver_hour. None for NULL.';

CREATE FUNCTION kpi_driver_online(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, driver_key text, online_seconds numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.day, s.driver_key, s.online_seconds
  FROM driver_online s
  WHERE s.day IN (SELECT d.day FROM order_day d) AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
  UNION ALL
  SELECT f.day, f.driver_key, f.online_seconds
  FROM kpi_open_days(from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_driver_online_of(o.day) f;
END;
COMMENT ON FUNCTION kpi_driver_online(date, date) IS 'The rows of driver_online from from_day to to_day inclusive (NULL: open), local days: those summed up, the others from driver_hour.';

-- The drivers of a city are bits, too: what they have in common with an hour's is counted at once.
CREATE FUNCTION kpi_driver_supply(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (time_key timestamp, city_key text, drivers bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  WITH word AS (
    SELECT d.city, n.number / 64 AS word, bit_or(1::bigint << (63 - n.number % 64)) AS bits
    FROM driver_number n JOIN driver_dim d ON d.driver_id = n.driver_key
    WHERE d.city IS NOT NULL
    GROUP BY 1, 2
  ), drivers AS MATERIALIZED (
    SELECT p.city, p.chunk, ('x' || string_agg(lpad(to_hex(COALESCE(w.bits, 0)), 16, '0'), '' ORDER BY p.word))::bit(8192) AS bits
    FROM (SELECT k.city, k.chunk, k.chunk * 128 + g.place AS word FROM (SELECT DISTINCT x.city, x.word / 128 AS chunk FROM word x) k CROSS JOIN generate_series(0, 127) AS g (place)) p
    LEFT JOIN word w ON w.city = p.city AND w.word = p.word
    GROUP BY p.city, p.chunk
  )
  SELECT h.time_key, h.city, sum(h.drivers)::bigint
  FROM (SELECT s.time_key, d.city, bit_count(s.available & d.bits) AS drivers, bit_count(s.online & d.bits) AS online
        FROM driver_set s JOIN drivers d ON d.chunk = s.chunk
        WHERE s.time_key::date IN (SELECT o.day FROM order_day o) AND (from_day IS NULL OR s.time_key >= from_day::timestamp) AND (to_day IS NULL OR s.time_key < (to_day + 1)::timestamp)) h
  WHERE h.online > 0
  GROUP BY h.time_key, h.city
  UNION ALL
  SELECT h.time_key, d.city, count(*) FILTER (WHERE h.is_available)
  FROM kpi_open_days(from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_driver_hours_of(o.day) h
  JOIN driver_dim d ON d.driver_id = h.driver_key
  WHERE d.city IS NOT NULL
  GROUP BY h.time_key, d.city;
END;
COMMENT ON FUNCTION kpi_driver_supply(date, date) IS 'Drivers with a ping that said they were available, by local hour and the city the driver belongs to now, from from_day to to_day inclusive (NULL: open), local days: from driver_set for those summed up, else from driver_hour. 0 where drivers of the city had pings and none said so, no row where none had a ping.';

CREATE FUNCTION kpi_delay_cell_of(of_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (time_key timestamp, city_key text, traffic smallint, weather smallint, payment smallint, orders bigint, minutes numeric, squares numeric, negative_orders integer, preparation_sum numeric, preparations bigint[], longer_minutes numeric[], longer_squares numeric[])
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT c.time_key, c.city_key, c.traffic, c.weather, c.payment, count(*), sum(c.delivery_time), sum(c.delivery_time * c.delivery_time), (count(*) FILTER (WHERE c.preparation < 0))::integer,
         COALESCE(sum(c.preparation), 0), COALESCE(array_agg(c.preparation ORDER BY c.place DESC) FILTER (WHERE c.preparation IS NOT NULL), '{}'),
         COALESCE(array_agg(c.longer_minutes ORDER BY c.place DESC) FILTER (WHERE c.preparation IS NOT NULL), '{}'),
         COALESCE(array_agg(c.longer_squares ORDER BY c.place DESC) FILTER (WHERE c.preparation IS NOT NULL), '{}')
  FROM (
    SELECT d.*, row_number() OVER longest_first AS place, sum(d.delivery_time) OVER longest_first AS longer_minutes, sum(d.delivery_time * d.delivery_time) OVER longest_first AS longer_squares
    FROM (
      SELECT f.time_key, f.city_key, f.order_id, f.delivery_time,
             CASE WHEN f.traffic_level IN ('High', 'Jam') THEN 1 WHEN f.traffic_level IN ('Low', 'Medium') THEN 0 ELSE -1 END::smallint AS traffic,
             CASE WHEN f.weather IN ('Rain', 'Storm', 'Snow', 'Fog', 'Sandstorm') THEN 1 WHEN f.weather IS NOT NULL THEN 0 ELSE -1 END::smallint AS weather,
             CASE WHEN f.payment_mode = 'Cash' THEN 1 WHEN f.payment_mode <> 'Unknown' THEN 0 ELSE -1 END::smallint AS payment,
             (extract(epoch FROM COALESCE(f.prepared_time, f.picked_up_time) - f.accepted_time) * 1000000)::bigint AS preparation
      FROM orders_fact f
      WHERE f.time_key >= of_day::timestamp AND f.time_key < (of_day + 1)::timestamp
        AND f.event_time >= (of_day - 1)::timestamp AT TIME ZONE 'UTC' AND f.event_time < (of_day + 2)::timestamp AT TIME ZONE 'UTC'
        AND (from_day IS NULL OR f.event_time >= (from_day - 1)::timestamp AT TIME ZONE 'UTC')
        AND (to_day IS NULL OR f.event_time < (to_day + 2)::timestamp AT TIME ZONE 'UTC')
        AND f.delivery_time IS NOT NULL) d
    WINDOW longest_first AS (PARTITION BY d.time_key, d.city_key, d.traffic, d.weather, d.payment, d.preparation IS NULL
                             ORDER BY d.preparation DESC, d.order_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) c
  GROUP BY 1, 2, 3, 4, 5;
END;
COMMENT ON FUNCTION kpi_delay_cell_of(date, date, date) IS 'The rows of delay_cell for a local day, from orders_fact. None for NULL. The days it lies between, where they are known (NULL: not), let the planner leave out partitions.';

CREATE FUNCTION kpi_delay_cell(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (time_key timestamp, city_key text, traffic smallint, weather smallint, payment smallint, orders bigint, minutes numeric, squares numeric, negative_orders integer, preparation_sum numeric, preparations bigint[], longer_minutes numeric[], longer_squares numeric[])
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.time_key, s.city_key, s.traffic, s.weather, s.payment, s.orders, s.minutes, s.squares, s.negative_orders, s.preparation_sum, s.preparations, s.longer_minutes, s.longer_squares
  FROM delay_cell s
  WHERE s.time_key::date IN (SELECT d.day FROM order_day d) AND (from_day IS NULL OR s.time_key >= from_day::timestamp) AND (to_day IS NULL OR s.time_key < (to_day + 1)::timestamp)
  UNION ALL
  SELECT f.time_key, f.city_key, f.traffic, f.weather, f.payment, f.orders, f.minutes, f.squares, f.negative_orders, f.preparation_sum, f.preparations, f.longer_minutes, f.longer_squares
  FROM kpi_open_order_days(from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_delay_cell_of(o.day, from_day, to_day) f;
END;
COMMENT ON FUNCTION kpi_delay_cell(date, date) IS 'The rows of delay_cell from from_day to to_day inclusive (NULL: open), local days: those summed up, the others from orders_fact.';

-- Customers with what they did, by local day: one row each. Each fact is grouped by itself first: such groupings are those that star scans take.
CREATE FUNCTION kpi_customers_of(of_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, customer_key text, orders bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT of_day, a.customer_key, sum(a.orders)::bigint
  FROM (
    SELECT f.customer_key, count(*) AS orders
    FROM orders_fact f
    WHERE f.time_key >= of_day::timestamp AND f.time_key < (of_day + 1)::timestamp
      AND f.event_time >= (of_day - 1)::timestamp AT TIME ZONE 'UTC' AND f.event_time < (of_day + 2)::timestamp AT TIME ZONE 'UTC'
      AND (from_day IS NULL OR f.event_time >= (from_day - 1)::timestamp AT TIME ZONE 'UTC')
      AND (to_day IS NULL OR f.event_time < (to_day + 2)::timestamp AT TIME ZONE 'UTC')
      AND f.status <> 'CANCELLED'
    GROUP BY f.customer_key
    UNION ALL
    SELECT f.customer_key, 0
    FROM app_event_fact f
    WHERE f.time_key >= of_day::timestamp AND f.time_key < (of_day + 1)::timestamp
      AND f.event_time >= (of_day - 1)::timestamp AT TIME ZONE 'UTC' AND f.event_time < (of_day + 2)::timestamp AT TIME ZONE 'UTC'
      AND (from_day IS NULL OR f.event_time >= (from_day - 1)::timestamp AT TIME ZONE 'UTC')
      AND (to_day IS NULL OR f.event_time < (to_day + 2)::timestamp AT TIME ZONE 'UTC')
      AND f.customer_key <> '?'
    GROUP BY f.customer_key) a
  GROUP BY a.customer_key;
END;
COMMENT ON FUNCTION kpi_customers_of(date, date, date) IS 'Customers of a local day with the number of their orders that were not cancelled (0: app events alone), ''?'' with those of unknown ones, from orders_fact and app_event_fact. None for NULL. The days it lies between, where they are known (NULL: not), let the planner leave out partitions.';

CREATE FUNCTION kpi_customer_day_of(of_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, users bigint, orders bigint, unknown_orders bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
  SELECT c.day, count(*) FILTER (WHERE c.customer_key <> '?'), COALESCE(sum(c.orders) FILTER (WHERE c.customer_key <> '?'), 0)::bigint,
         COALESCE(sum(c.orders) FILTER (WHERE c.customer_key = '?'), 0)::bigint
  FROM kpi_customers_of(of_day, from_day, to_day) c GROUP BY c.day;
END;
COMMENT ON FUNCTION kpi_customer_day_of(date, date, date) IS 'The row of customer_day for a local day, from orders_fact and app_event_fact. None for NULL, and for a day without customers. The days it lies between, where they are known (NULL: not), let the planner leave out partitions.';

CREATE FUNCTION kpi_customer_day(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, users bigint, orders bigint, unknown_orders bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT s.day, s.users, s.orders, s.unknown_orders
  FROM customer_day s
  WHERE s.day IN (SELECT d.day FROM order_day d) AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
  UNION ALL
  SELECT f.day, f.users, f.orders, f.unknown_orders
  FROM kpi_open_days(from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_customer_day_of(o.day, from_day, to_day) f;
END;
COMMENT ON FUNCTION kpi_customer_day(date, date) IS 'The rows of customer_day from from_day to to_day inclusive (NULL: open), local days: those summed up, the others from orders_fact and app_event_fact.';

-- Customers of the days that are not summed up, who may have no number yet.
CREATE FUNCTION kpi_open_customers(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, customer_key text, orders bigint, number integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT c.day, c.customer_key, c.orders, n.number
  FROM kpi_open_days(from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_customers_of(o.day, from_day, to_day) c
  LEFT JOIN customer_number n ON n.customer_key = c.customer_key
  WHERE c.customer_key <> '?';
END;
COMMENT ON FUNCTION kpi_open_customers(date, date) IS 'Known customers of the days from from_day to to_day inclusive (NULL: open) that are not summed up, with the number of their orders that were not cancelled and their place in customer_set (NULL: none yet).';
