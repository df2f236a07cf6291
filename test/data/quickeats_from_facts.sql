-- Reports of QuickEats from the facts alone, one statement over all orders each: what the summaries of the days have to add up to.
-- Names mean the caller's search_path.
CREATE FUNCTION pg_temp.facts_kpi_repeat_customers(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (customers bigint, repeat_customers bigint, repeat_percent numeric, orders bigint, orders_per_customer numeric, unknown_orders bigint)
LANGUAGE sql STABLE AS $$
  WITH customers AS (
    SELECT f.customer_key, count(*) AS orders FROM kpi_orders(from_day, to_day) f WHERE f.status <> 'CANCELLED' GROUP BY f.customer_key
  ), totals AS (
    SELECT count(*) FILTER (WHERE c.customer_key <> '?') AS customers, count(*) FILTER (WHERE c.customer_key <> '?' AND c.orders >= 2) AS again,
           COALESCE(sum(c.orders) FILTER (WHERE c.customer_key <> '?'), 0)::bigint AS orders,
           COALESCE(sum(c.orders) FILTER (WHERE c.customer_key = '?'), 0)::bigint AS unknown
    FROM customers c
  )
  SELECT t.customers, t.again, kpi_percent(t.again, t.customers), t.orders, kpi_ratio(t.orders, t.customers), t.unknown FROM totals t
$$;
CREATE FUNCTION pg_temp.facts_kpi_driver_utilisation(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (driver_id text, driver_name text, deliveries bigint, order_minutes numeric, busy_minutes numeric, overlap_minutes numeric,
               online_minutes numeric, utilisation_percent numeric, untimed_orders bigint)
LANGUAGE sql STABLE AS $$
  WITH finished AS (
    SELECT f.driver_key, f.status, f.time_conflict, COALESCE(least(f.assigned_time, f.picked_up_time), f.accepted_time) AS began, COALESCE(f.delivered_time, f.cancelled_time) AS ended
    FROM kpi_orders(from_day, to_day) f
    WHERE f.driver_key <> '?' AND f.status IN ('DELIVERED', 'CANCELLED')
  ), carried AS (
    SELECT f.driver_key, tstzrange(f.began, f.ended) AS span FROM finished f WHERE f.time_conflict = 0 AND f.began < f.ended
  ), timed AS (
    SELECT c.driver_key, count(*) AS orders, sum(extract(epoch FROM upper(c.span) - lower(c.span))) / 60 AS minutes, range_agg(c.span) AS spans
    FROM carried c
    GROUP BY c.driver_key
  ), merged AS (
    SELECT f.driver_key, f.deliveries, f.orders - COALESCE(t.orders, 0) AS untimed, t.minutes, t.spans
    FROM (SELECT x.driver_key, count(*) AS orders, count(*) FILTER (WHERE x.status = 'DELIVERED') AS deliveries FROM finished x GROUP BY x.driver_key) f
    LEFT JOIN timed t ON t.driver_key = f.driver_key
  ), busy AS (
    SELECT m.driver_key, m.deliveries, m.untimed, m.minutes, (SELECT sum(extract(epoch FROM upper(s.span) - lower(s.span))) / 60 FROM unnest(m.spans) AS s (span)) AS busy
    FROM merged m
  ), online AS (
    SELECT h.driver_id, sum(h.online_seconds) / 60 AS minutes FROM driver_hour h
    WHERE (from_day IS NULL OR h.time_key >= from_day::timestamp) AND (to_day IS NULL OR h.time_key < (to_day + 1)::timestamp)
    GROUP BY h.driver_id
  )
  SELECT COALESCE(b.driver_key, o.driver_id), COALESCE(d.name, b.driver_key, o.driver_id), COALESCE(b.deliveries, 0), CASE WHEN b.driver_key IS NULL THEN 0.00 ELSE round(b.minutes, 2) END,
         CASE WHEN b.driver_key IS NULL THEN 0.00 ELSE round(b.busy, 2) END, CASE WHEN b.driver_key IS NULL THEN 0.00 ELSE round(b.minutes - b.busy, 2) END, round(o.minutes, 2),
         kpi_percent(CASE WHEN b.driver_key IS NULL THEN 0 ELSE b.busy END, o.minutes), COALESCE(b.untimed, 0)
  FROM busy b
  FULL JOIN online o ON o.driver_id = b.driver_key
  LEFT JOIN driver_dim d ON d.driver_id = COALESCE(b.driver_key, o.driver_id)
$$;
CREATE FUNCTION pg_temp.facts_kpi_delay_drivers(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (factor text, compared text, exposed_orders bigint, baseline_orders bigint, unknown_orders bigint, plain_difference numeric,
               strata bigint, compared_orders bigint, effect_minutes numeric, standard_error numeric, effect_low numeric, effect_high numeric,
               is_significant boolean)
LANGUAGE sql STABLE AS $$
  WITH supply AS (
    SELECT h.time_key, d.city AS city_id, count(*) FILTER (WHERE h.available_pings > 0) AS drivers
    FROM driver_hour h JOIN driver_dim d ON d.driver_id = h.driver_id
    WHERE d.city IS NOT NULL
      AND (from_day IS NULL OR h.time_key >= from_day::timestamp) AND (to_day IS NULL OR h.time_key < (to_day + 1)::timestamp)
    GROUP BY h.time_key, d.city
  ), demand AS (
    SELECT f.time_key, f.city_key, count(*) AS orders FROM kpi_orders(from_day, to_day) f GROUP BY f.time_key, f.city_key
  ), hours AS (
    SELECT q.time_key, q.city_key, s.drivers::numeric / q.orders AS ratio, t.meal_time IN ('Lunch', 'Dinner') AS is_meal
    FROM demand q
    LEFT JOIN supply s ON s.time_key = q.time_key AND s.city_id = q.city_key
    LEFT JOIN time_dim t ON t.date_key = q.time_key
  ), delivered AS (
    SELECT f.city_key, f.time_key, f.delivery_time, f.traffic_level, f.weather, f.payment_mode,
           extract(epoch FROM COALESCE(f.prepared_time, f.picked_up_time) - f.accepted_time) / 60 AS preparation
    FROM kpi_orders(from_day, to_day) f
    WHERE f.delivery_time IS NOT NULL
  ), ordinary AS (
    SELECT avg(d.preparation) AS preparation,
           (SELECT avg(h.ratio) FROM hours h) AS ratio FROM delivered d
  ), cells AS (
    SELECT d.city_key, h.is_meal,
           CASE WHEN d.traffic_level IN ('High', 'Jam') THEN 1 WHEN d.traffic_level IN ('Low', 'Medium') THEN 0 END AS traffic,
           CASE WHEN d.preparation > o.preparation THEN 1 WHEN d.preparation >= 0 THEN 0 END AS preparation,
           CASE WHEN d.weather IN ('Rain', 'Storm', 'Snow', 'Fog', 'Sandstorm') THEN 1 WHEN d.weather IS NOT NULL THEN 0 END AS weather,
           CASE WHEN h.ratio < o.ratio THEN 1 WHEN h.ratio IS NOT NULL THEN 0 END AS scarcity,
           CASE WHEN d.payment_mode = 'Cash' THEN 1 WHEN d.payment_mode IS NOT NULL AND d.payment_mode <> 'Unknown' THEN 0 END AS payment,
           count(*) AS n, sum(d.delivery_time) AS total, sum(d.delivery_time * d.delivery_time) AS squares
    FROM delivered d
    CROSS JOIN ordinary o
    JOIN hours h ON h.time_key = d.time_key AND h.city_key = d.city_key
    GROUP BY 1, 2, 3, 4, 5, 6, 7
  ), labelled AS (
    SELECT v.ordinal, v.factor, v.compared, v.exposed,
           concat_ws('/', c.city_key, c.is_meal::text, v.stratum) AS stratum, c.n, c.total, c.squares
    FROM cells c
    CROSS JOIN LATERAL (VALUES
      (1, 'Traffic', 'High or Jam against Low or Medium', c.traffic, concat(c.preparation, '-', c.weather, '-', c.scarcity, '-', c.payment)),
      (2, 'Preparation', 'longer than the mean against shorter', c.preparation, concat(c.traffic, '-', c.weather, '-', c.scarcity, '-', c.payment)),
      (3, 'Driver availability', 'fewer available drivers per order and hour than the mean against more', c.scarcity, concat(c.traffic, '-', c.preparation, '-', c.weather, '-', c.payment)),
      (4, 'Weather', 'rain, storm, snow, fog or sandstorm against fair', c.weather, concat(c.traffic, '-', c.preparation, '-', c.scarcity, '-', c.payment)),
      (5, 'Payment mode', 'cash against cashless', c.payment, concat(c.traffic, '-', c.preparation, '-', c.weather, '-', c.scarcity)))
      AS v (ordinal, factor, compared, exposed, stratum)
  ), strata AS (
    SELECT l.ordinal, l.factor, l.compared, l.stratum,
           COALESCE(sum(l.n) FILTER (WHERE l.exposed = 1), 0) AS n1, COALESCE(sum(l.n) FILTER (WHERE l.exposed = 0), 0) AS n0,
           COALESCE(sum(l.n) FILTER (WHERE l.exposed IS NULL), 0) AS unknown,
           sum(l.total) FILTER (WHERE l.exposed = 1) AS t1, sum(l.total) FILTER (WHERE l.exposed = 0) AS t0,
           sum(l.squares) FILTER (WHERE l.exposed = 1) AS q1, sum(l.squares) FILTER (WHERE l.exposed = 0) AS q0
    FROM labelled l
    GROUP BY l.ordinal, l.factor, l.compared, l.stratum
  ), weighed AS (
    SELECT s.*, CASE WHEN s.n1 >= 2 AND s.n0 >= 2 THEN s.n1 * s.n0 / (s.n1 + s.n0) END AS w,
           CASE WHEN s.n1 >= 2 AND s.n0 >= 2 THEN s.t1 / s.n1 - s.t0 / s.n0 END AS d,
           CASE WHEN s.n1 >= 2 AND s.n0 >= 2 THEN (s.q1 - s.t1 * s.t1 / s.n1) / (s.n1 - 1) / s.n1 + (s.q0 - s.t0 * s.t0 / s.n0) / (s.n0 - 1) / s.n0 END AS v
    FROM strata s
  ), pooled AS (
    SELECT w.ordinal, w.factor, w.compared, sum(w.n1)::bigint AS n1, sum(w.n0)::bigint AS n0, sum(w.unknown)::bigint AS unknown,
           sum(w.t1) / nullif(sum(w.n1), 0) - sum(w.t0) / nullif(sum(w.n0), 0) AS plain,
           count(w.w) AS strata, COALESCE(sum(w.n1 + w.n0) FILTER (WHERE w.w IS NOT NULL), 0)::bigint AS orders,
           sum(w.w * w.d) / sum(w.w) AS effect, sqrt(greatest(sum(w.w * w.w * w.v), 0)) / sum(w.w) AS error
    FROM weighed w
    GROUP BY w.ordinal, w.factor, w.compared
  )
  SELECT p.factor, p.compared, p.n1, p.n0, p.unknown, round(p.plain, 2), p.strata, p.orders, round(p.effect, 2), round(p.error, 3),
         round(p.effect - 1.96 * p.error, 2), round(p.effect + 1.96 * p.error, 2), abs(p.effect) > 1.96 * p.error
  FROM pooled p
  ORDER BY p.ordinal
$$;
CREATE FUNCTION pg_temp.facts_kpi_active_users()
RETURNS TABLE (month_start date, active_users bigint, ordering_users bigint, ordering_percent numeric, average_daily_users numeric, stickiness_percent numeric)
LANGUAGE sql STABLE AS $$
WITH activity AS (
  SELECT f.customer_key COLLATE "C" AS customer_key, f.time_key::date AS day, true AS ordered FROM orders_fact f WHERE f.customer_key <> '?' AND f.status <> 'CANCELLED'
  UNION ALL
  SELECT a.customer_key COLLATE "C", a.time_key::date, false FROM app_event_fact a WHERE a.customer_key <> '?'
), days AS (
  SELECT a.customer_key, a.day, bool_or(a.ordered) AS ordered FROM activity a GROUP BY a.customer_key, a.day
), daily AS (
  SELECT d.day, count(*) AS users FROM days d GROUP BY d.day
), monthly AS (
  SELECT m.month_start, count(*) AS users, count(*) FILTER (WHERE m.ordered) AS ordering
  FROM (SELECT d.customer_key, kpi_month(d.day) AS month_start, bool_or(d.ordered) AS ordered FROM days d GROUP BY 1, 2) m
  GROUP BY m.month_start
)
SELECT m.month_start, m.users AS active_users, m.ordering AS ordering_users, kpi_percent(m.ordering, m.users) AS ordering_percent,
       round(d.average, 2) AS average_daily_users, kpi_percent(d.average, m.users) AS stickiness_percent
FROM monthly m
JOIN (
  -- Day by day from the first order or event to the latest.
  SELECT kpi_month(c.day) AS month_start, avg(COALESCE(y.users, 0)) AS average
  FROM (SELECT g::date AS day
        FROM generate_series((SELECT min(t) FROM (SELECT min(time_key) AS t FROM orders_fact UNION ALL SELECT min(time_key) FROM app_event_fact) f)::date::timestamp,
                             (SELECT max(t) FROM (SELECT max(time_key) AS t FROM orders_fact UNION ALL SELECT max(time_key) FROM app_event_fact) l)::date::timestamp, '1 day') g) c
  LEFT JOIN daily y ON y.day = c.day
  GROUP BY 1
) d ON d.month_start = m.month_start
$$;
