-- The law of the sums of 11-totals.sql: by day as in 40-kpi-days.sql, and totals of any days, those of total_day ready, others added and taken off.

-- STRICT: planned on days that are asked for, see below.
CREATE FUNCTION kpi_city_day_of(of_day date) RETURNS TABLE (day date, city_key text, deliveries bigint, estimated bigint, eta numeric, timed bigint, minutes numeric, promised bigint, on_time bigint, delayed bigint, delay numeric, measured bigint, distance numeric)
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 30
BEGIN ATOMIC
  SELECT f.time_key::date, f.city_key, count(*), count(f.avg_eta), sum(f.avg_eta), count(f.delivery_time), sum(f.delivery_time), count(f.on_time), COALESCE(sum(f.on_time), 0)::bigint,
         count(f.delay_minutes), sum(f.delay_minutes), count(f.distance_travelled), sum(f.distance_travelled)
  FROM delivery_fact f
  WHERE f.time_key >= of_day::timestamp AND f.time_key < (of_day + 1)::timestamp
    AND f.event_time >= (of_day - 1)::timestamp AT TIME ZONE 'UTC' AND f.event_time < (of_day + 2)::timestamp AT TIME ZONE 'UTC' AND f.delivered_time IS NOT NULL
  GROUP BY 1, 2;
END;
COMMENT ON FUNCTION kpi_city_day_of(date) IS 'The rows of city_day for a local day, from delivery_fact. None for NULL.';

CREATE FUNCTION kpi_city_day(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, city_key text, deliveries bigint, estimated bigint, eta numeric, timed bigint, minutes numeric, promised bigint, on_time bigint, delayed bigint, delay numeric, measured bigint, distance numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT s.day, s.city_key, s.deliveries, s.estimated, s.eta, s.timed, s.minutes, s.promised, s.on_time, s.delayed, s.delay, s.measured, s.distance
  FROM city_day s
  WHERE s.day IN (SELECT d.day FROM order_day d) AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
  UNION ALL
  SELECT f.day, f.city_key, f.deliveries, f.estimated, f.eta, f.timed, f.minutes, f.promised, f.on_time, f.delayed, f.delay, f.measured, f.distance
  FROM kpi_open_order_days(from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_city_day_of(o.day) f;
END;
COMMENT ON FUNCTION kpi_city_day(date, date) IS 'The rows of city_day from from_day to to_day inclusive (NULL: open), local days: those summed up, the others from delivery_fact.';

CREATE FUNCTION kpi_restaurant_score_day_of(of_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, restaurant_key text, scored bigint, score numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT f.time_key::date, f.restaurant_key, count(*), sum(f.feedback_score)
  FROM customer_feedback_fact f
  WHERE f.time_key >= of_day::timestamp AND f.time_key < (of_day + 1)::timestamp
    AND f.event_time >= (of_day - 1)::timestamp AT TIME ZONE 'UTC' AND f.event_time < (of_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND (from_day IS NULL OR f.event_time >= (from_day - 1)::timestamp AT TIME ZONE 'UTC')
    AND (to_day IS NULL OR f.event_time < (to_day + 2)::timestamp AT TIME ZONE 'UTC') AND f.feedback_score IS NOT NULL
  GROUP BY 1, 2;
END;
COMMENT ON FUNCTION kpi_restaurant_score_day_of(date, date, date) IS 'The rows of restaurant_score_day for a local day, from customer_feedback_fact. None for NULL. The days it lies between, where they are known (NULL: not), let the planner leave out partitions.';

CREATE FUNCTION kpi_restaurant_score_day(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, restaurant_key text, scored bigint, score numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.day, s.restaurant_key, s.scored, s.score
  FROM restaurant_score_day s
  WHERE s.day IN (SELECT d.day FROM order_day d) AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
  UNION ALL
  SELECT f.day, f.restaurant_key, f.scored, f.score
  FROM kpi_open_days_in(kpi_feedback_days(), from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_restaurant_score_day_of(o.day, from_day, to_day) f;
END;
COMMENT ON FUNCTION kpi_restaurant_score_day(date, date) IS 'The rows of restaurant_score_day from from_day to to_day inclusive (NULL: open), local days: those summed up, the others from customer_feedback_fact.';

CREATE FUNCTION kpi_driver_score_day_of(of_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, driver_key text, scored bigint, score numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT f.time_key::date, f.driver_key, count(*), sum(f.feedback_score)
  FROM customer_feedback_fact f
  WHERE f.time_key >= of_day::timestamp AND f.time_key < (of_day + 1)::timestamp
    AND f.event_time >= (of_day - 1)::timestamp AT TIME ZONE 'UTC' AND f.event_time < (of_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND (from_day IS NULL OR f.event_time >= (from_day - 1)::timestamp AT TIME ZONE 'UTC')
    AND (to_day IS NULL OR f.event_time < (to_day + 2)::timestamp AT TIME ZONE 'UTC') AND f.feedback_score IS NOT NULL
  GROUP BY 1, 2;
END;
COMMENT ON FUNCTION kpi_driver_score_day_of(date, date, date) IS 'The rows of driver_score_day for a local day, from customer_feedback_fact. None for NULL. The days it lies between, where they are known (NULL: not), let the planner leave out partitions.';

CREATE FUNCTION kpi_driver_score_day(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (day date, driver_key text, scored bigint, score numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.day, s.driver_key, s.scored, s.score
  FROM driver_score_day s
  WHERE s.day IN (SELECT d.day FROM order_day d) AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
  UNION ALL
  SELECT f.day, f.driver_key, f.scored, f.score
  FROM kpi_open_days_in(kpi_feedback_days(), from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_driver_score_day_of(o.day, from_day, to_day) f;
END;
COMMENT ON FUNCTION kpi_driver_score_day(date, date) IS 'The rows of driver_score_day from from_day to to_day inclusive (NULL: open), local days: those summed up, the others from customer_feedback_fact.';

-- Of the facts that the totals are sums of: days with payments or app events alone have none of them, and looking for these days costs as much again.
CREATE FUNCTION kpi_totals_hold() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT NOT EXISTS (SELECT FROM kpi_open_days_in((
           SELECT daterange(min(lower(k.days)), max(upper(k.days)))
           FROM (VALUES (kpi_order_days()), (kpi_feedback_days()),
                        ((SELECT daterange(h.time_key::date, (SELECT l.time_key::date FROM driver_hour l ORDER BY l.hour_start DESC LIMIT 1), '[]')
                          FROM driver_hour h ORDER BY h.hour_start LIMIT 1))) AS k (days)
           HAVING count(k.days) > 0), NULL, NULL))
         AND NOT EXISTS (SELECT FROM order_day o FULL JOIN total_day t ON t.day = o.day WHERE o.day IS NULL OR t.day IS NULL);
END;
COMMENT ON FUNCTION kpi_totals_hold() IS 'Whether every day from the first order, feedback or ping to the latest is summed up and the totals (total_day) count all days that are, so that these are the figures of all days.';

CREATE FUNCTION kpi_days_to_add() RETURNS SETOF date
LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
  SELECT o.day FROM order_day o WHERE o.day NOT IN (SELECT t.day FROM total_day t);
END;
COMMENT ON FUNCTION kpi_days_to_add() IS 'Days that are summed up and that the totals do not count.';

CREATE FUNCTION kpi_days_to_take_off() RETURNS SETOF date
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
  SELECT t.day FROM total_day t WHERE t.day NOT IN (SELECT o.day FROM order_day o);
END;
COMMENT ON FUNCTION kpi_days_to_take_off() IS 'Days that the totals count, with the sums that still stand in the tables by day, though their facts have changed since.';

-- The functions kpi_*_now are STRICT, which says nothing where there is no argument, but keeps them from being inlined: what a report needs on
-- some days alone is planned on these alone.
CREATE FUNCTION kpi_restaurants_now()
RETURNS TABLE (restaurant_key text, orders bigint, revenue numeric, refunded numeric, cancelled_percent numeric, average_score numeric, scored bigint, revenue_rank bigint, revenue_percent numeric)
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT p.restaurant_key, sum(p.orders)::bigint, sum(p.revenue), sum(p.refunded), kpi_percent(sum(p.cancelled), sum(p.all_orders)), round(sum(p.score) / nullif(sum(p.scored), 0), 2), sum(p.scored)::bigint,
         rank() OVER (ORDER BY sum(p.revenue) DESC), kpi_percent(sum(p.revenue), sum(sum(p.revenue)) OVER ())
  FROM (SELECT t.restaurant_key, t.orders, t.all_orders, t.revenue, t.refunded, t.cancelled, t.scored, t.score FROM restaurant_total t
        UNION ALL
        SELECT s.restaurant_key, -s.orders, -s.all_orders, -s.revenue, -s.refunded, -s.cancelled, 0, 0
        FROM restaurant_day s WHERE s.day IN (SELECT o.day FROM kpi_days_to_take_off() AS o (day))
        UNION ALL
        SELECT s.restaurant_key, 0, 0, 0, 0, 0, -s.scored, -s.score
        FROM restaurant_score_day s WHERE s.day IN (SELECT o.day FROM kpi_days_to_take_off() AS o (day))
        UNION ALL
        SELECT s.restaurant_key, s.orders, s.all_orders, s.revenue, s.refunded, s.cancelled, 0, 0
        FROM restaurant_day s WHERE s.day IN (SELECT o.day FROM kpi_days_to_add() AS o (day))
        UNION ALL
        SELECT s.restaurant_key, 0, 0, 0, 0, 0, s.scored, s.score
        FROM restaurant_score_day s WHERE s.day IN (SELECT o.day FROM kpi_days_to_add() AS o (day))
        UNION ALL
        SELECT f.restaurant_key, f.orders, f.all_orders, f.revenue, f.refunded, f.cancelled, 0, 0
        FROM kpi_open_order_days(NULL, NULL) AS o (day) CROSS JOIN LATERAL kpi_restaurant_day_of(o.day) f
        UNION ALL
        SELECT f.restaurant_key, 0, 0, 0, 0, 0, f.scored, f.score
        FROM kpi_open_days_in(kpi_feedback_days(), NULL, NULL) AS o (day) CROSS JOIN LATERAL kpi_restaurant_score_day_of(o.day) f) p
  GROUP BY p.restaurant_key
  HAVING sum(p.all_orders) > 0;
END;
COMMENT ON FUNCTION kpi_restaurants_now() IS 'Restaurants with an order, and the figures of restaurant_total over all days: that table''s, less what has changed, plus what is new.';

CREATE FUNCTION kpi_restaurant_total(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (restaurant_key text, orders bigint, revenue numeric, refunded numeric, cancelled_percent numeric, average_score numeric, scored bigint, revenue_rank bigint, revenue_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  WITH hold AS MATERIALIZED (SELECT kpi_totals_hold() AS yes)
  SELECT t.restaurant_key, t.orders, t.revenue, t.refunded, t.cancelled_percent, t.average_score, t.scored, t.revenue_rank, t.revenue_percent
  FROM restaurant_total t
  WHERE t.all_orders > 0 AND from_day IS NULL AND to_day IS NULL AND (SELECT h.yes FROM hold h)
  UNION ALL
  SELECT n.restaurant_key, n.orders, n.revenue, n.refunded, n.cancelled_percent, n.average_score, n.scored, n.revenue_rank, n.revenue_percent
  FROM kpi_restaurants_now() n
  WHERE from_day IS NULL AND to_day IS NULL AND NOT (SELECT h.yes FROM hold h)
  UNION ALL
  SELECT s.restaurant_key, sum(s.orders)::bigint, sum(s.revenue), sum(s.refunded), kpi_percent(sum(s.cancelled), sum(s.all_orders)), round(sum(s.score) / nullif(sum(s.scored), 0), 2), sum(s.scored)::bigint,
         rank() OVER (ORDER BY sum(s.revenue) DESC), kpi_percent(sum(s.revenue), sum(sum(s.revenue)) OVER ())
  FROM (SELECT d.restaurant_key, d.orders, d.all_orders, d.revenue, d.refunded, d.cancelled, 0 AS scored, 0 AS score FROM kpi_restaurant_day(from_day, to_day) d
        UNION ALL
        SELECT d.restaurant_key, 0, 0, 0, 0, 0, d.scored, d.score FROM kpi_restaurant_score_day(from_day, to_day) d) s
  WHERE from_day IS NOT NULL OR to_day IS NOT NULL
  GROUP BY s.restaurant_key
  HAVING sum(s.all_orders) > 0;
END;
COMMENT ON FUNCTION kpi_restaurant_total(date, date) IS 'Restaurants with an order from from_day to to_day inclusive (NULL: open), local days, with the figures of restaurant_total: of all days that table''s where it holds, of others from the sums by day.';

CREATE FUNCTION kpi_drivers_now()
RETURNS TABLE (driver_key text, deliveries bigint, days bigint, deliveries_per_day numeric, average_minutes numeric, on_time_percent numeric, distance_km numeric, average_score numeric)
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  -- A driver may deliver in several cities on a day: it counts once. Days taken off and days added may be the same.
  SELECT n.driver_key, n.deliveries, n.days, kpi_ratio(n.deliveries, n.days), round(n.minutes / nullif(n.timed, 0), 2), kpi_percent(n.on_time, n.promised),
         CASE WHEN n.measured > 0 THEN round(n.distance, 2) END, round(n.score / nullif(n.scored, 0), 2)
  FROM (SELECT p.driver_key, sum(p.deliveries)::bigint AS deliveries,
               (sum(p.days) + count(DISTINCT p.day) FILTER (WHERE p.deliveries > 0) - count(DISTINCT p.day) FILTER (WHERE p.deliveries < 0))::bigint AS days,
               sum(p.timed) AS timed, sum(p.minutes) AS minutes, sum(p.promised) AS promised, sum(p.on_time) AS on_time, sum(p.measured) AS measured, sum(p.distance) AS distance,
               sum(p.scored) AS scored, sum(p.score) AS score
        FROM (SELECT t.driver_key, NULL::date AS day, t.days, t.deliveries, t.timed, t.minutes, t.promised, t.on_time, t.measured, t.distance, t.scored, t.score FROM driver_total t
              UNION ALL
              SELECT s.driver_key, s.day, 0, -s.deliveries, -s.timed, -s.minutes, -s.promised, -s.on_time, -s.measured, -s.distance, 0, 0
              FROM driver_day s WHERE s.day IN (SELECT o.day FROM kpi_days_to_take_off() AS o (day))
              UNION ALL
              SELECT s.driver_key, NULL, 0, 0, 0, 0, 0, 0, 0, 0, -s.scored, -s.score
              FROM driver_score_day s WHERE s.day IN (SELECT o.day FROM kpi_days_to_take_off() AS o (day))
              UNION ALL
              SELECT s.driver_key, s.day, 0, s.deliveries, s.timed, s.minutes, s.promised, s.on_time, s.measured, s.distance, 0, 0
              FROM driver_day s WHERE s.day IN (SELECT o.day FROM kpi_days_to_add() AS o (day))
              UNION ALL
              SELECT s.driver_key, NULL, 0, 0, 0, 0, 0, 0, 0, 0, s.scored, s.score
              FROM driver_score_day s WHERE s.day IN (SELECT o.day FROM kpi_days_to_add() AS o (day))
              UNION ALL
              SELECT f.driver_key, f.day, 0, f.deliveries, f.timed, f.minutes, f.promised, f.on_time, f.measured, f.distance, 0, 0
              FROM kpi_open_order_days(NULL, NULL) AS o (day) CROSS JOIN LATERAL kpi_driver_day_of(o.day) f
              UNION ALL
              SELECT f.driver_key, NULL, 0, 0, 0, 0, 0, 0, 0, 0, f.scored, f.score
              FROM kpi_open_days_in(kpi_feedback_days(), NULL, NULL) AS o (day) CROSS JOIN LATERAL kpi_driver_score_day_of(o.day) f) p
        GROUP BY p.driver_key) n
  WHERE n.deliveries > 0;
END;
COMMENT ON FUNCTION kpi_drivers_now() IS 'Drivers with a finished delivery, and the figures of driver_total over all days: that table''s, less what has changed, plus what is new.';

CREATE FUNCTION kpi_driver_total(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (driver_key text, deliveries bigint, days bigint, deliveries_per_day numeric, average_minutes numeric, on_time_percent numeric, distance_km numeric, average_score numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  WITH hold AS MATERIALIZED (SELECT kpi_totals_hold() AS yes)
  SELECT t.driver_key, t.deliveries, t.days, t.deliveries_per_day, t.average_minutes, t.on_time_percent, t.distance_km, t.average_score
  FROM driver_total t
  WHERE t.deliveries > 0 AND from_day IS NULL AND to_day IS NULL AND (SELECT h.yes FROM hold h)
  UNION ALL
  SELECT n.driver_key, n.deliveries, n.days, n.deliveries_per_day, n.average_minutes, n.on_time_percent, n.distance_km, n.average_score
  FROM kpi_drivers_now() n
  WHERE from_day IS NULL AND to_day IS NULL AND NOT (SELECT h.yes FROM hold h)
  UNION ALL
  SELECT s.driver_key, sum(s.deliveries)::bigint, count(DISTINCT s.day), kpi_ratio(sum(s.deliveries), count(DISTINCT s.day)), round(sum(s.minutes) / nullif(sum(s.timed), 0), 2),
         kpi_percent(sum(s.on_time), sum(s.promised)), round(sum(s.distance), 2), round(sum(s.score) / nullif(sum(s.scored), 0), 2)
  FROM (SELECT d.driver_key, d.day, d.deliveries, d.timed, d.minutes, d.promised, d.on_time, d.distance, NULL::bigint AS scored, NULL::numeric AS score FROM kpi_driver_day(from_day, to_day) d
        UNION ALL
        SELECT d.driver_key, NULL, NULL, NULL, NULL, NULL, NULL, NULL, d.scored, d.score FROM kpi_driver_score_day(from_day, to_day) d) s
  WHERE from_day IS NOT NULL OR to_day IS NOT NULL
  GROUP BY s.driver_key
  HAVING sum(s.deliveries) > 0;
END;
COMMENT ON FUNCTION kpi_driver_total(date, date) IS 'Drivers with a finished delivery of the orders from from_day to to_day inclusive (NULL: open), local days, with the figures of driver_total: of all days that table''s where it holds, of others from the sums by day.';

-- Values that occur (the discrete definition): the least that as many took as a share of all, or more.
CREATE FUNCTION kpi_minutes_of(from_day date, to_day date) RETURNS TABLE (month_start date, city_key text, median numeric, p90 numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  WITH counted AS (
    SELECT kpi_month(m.day) AS month_start, m.city_key, m.delivery_time, sum(m.deliveries) AS deliveries
    FROM kpi_delivery_minutes(from_day, to_day) m GROUP BY 1, 2, 3
  ), ranked AS (
    SELECT c.month_start, c.city_key, c.delivery_time, sum(c.deliveries) OVER (PARTITION BY c.month_start, c.city_key ORDER BY c.delivery_time) AS up_to,
           sum(c.deliveries) OVER (PARTITION BY c.month_start, c.city_key) AS of
    FROM counted c
  )
  SELECT r.month_start, r.city_key, min(r.delivery_time) FILTER (WHERE r.up_to >= 0.5 * r.of), min(r.delivery_time) FILTER (WHERE r.up_to >= 0.9 * r.of)
  FROM ranked r GROUP BY 1, 2;
END;
COMMENT ON FUNCTION kpi_minutes_of(date, date) IS 'Median and 90th percentile of the minutes from order to door by month and city of the orders from from_day to to_day inclusive (NULL: open), local days, from the counts by day.';

CREATE FUNCTION kpi_minutes_known() RETURNS TABLE (month_start date, city_key text, median numeric, p90 numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT m.month_start, m.city_key, m.minutes[width_bucket((n.of + 1) / 2 - 1, m.up_to) + 1], m.minutes[width_bucket((9 * n.of + 9) / 10 - 1, m.up_to) + 1]
  FROM minutes_month m CROSS JOIN LATERAL (SELECT m.up_to[cardinality(m.up_to)] AS of) n;
END;
COMMENT ON FUNCTION kpi_minutes_known() IS 'What kpi_minutes_of says of the days that minutes_month counts, looked up there.';

-- Not compiled: see kpi_driver_use_now.
CREATE FUNCTION kpi_minutes_now() RETURNS TABLE (month_start date, city_key text, median numeric, p90 numeric)
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 1000
SET jit = off
BEGIN ATOMIC
  WITH changed AS MATERIALIZED (
    SELECT DISTINCT kpi_month(x.day) AS month_start
    FROM (SELECT o.day FROM kpi_open_order_days(NULL, NULL) AS o (day) UNION ALL SELECT o.day FROM kpi_days_to_add() AS o (day) UNION ALL SELECT o.day FROM kpi_days_to_take_off() AS o (day)) x
  )
  SELECT m.month_start, m.city_key, m.median, m.p90 FROM kpi_minutes_known() m WHERE m.month_start NOT IN (SELECT c.month_start FROM changed c)
  UNION ALL
  SELECT q.month_start, q.city_key, q.median, q.p90
  FROM changed c CROSS JOIN LATERAL kpi_minutes_of(c.month_start, (c.month_start + interval '1 month - 1 day')::date) q;
END;
COMMENT ON FUNCTION kpi_minutes_now() IS 'What kpi_minutes_of says of all days: from minutes_month, for months in which days have changed or come since from the counts by day.';

CREATE FUNCTION kpi_minutes_month(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS TABLE (month_start date, city_key text, median numeric, p90 numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  WITH hold AS MATERIALIZED (SELECT kpi_totals_hold() AS yes)
  SELECT m.month_start, m.city_key, m.median, m.p90 FROM kpi_minutes_known() m WHERE from_day IS NULL AND to_day IS NULL AND (SELECT h.yes FROM hold h)
  UNION ALL
  SELECT n.month_start, n.city_key, n.median, n.p90 FROM kpi_minutes_now() n WHERE from_day IS NULL AND to_day IS NULL AND NOT (SELECT h.yes FROM hold h)
  UNION ALL
  SELECT q.month_start, q.city_key, q.median, q.p90 FROM kpi_minutes_of(from_day, to_day) q WHERE from_day IS NOT NULL OR to_day IS NOT NULL;
END;
COMMENT ON FUNCTION kpi_minutes_month(date, date) IS 'What kpi_minutes_of says of the days from from_day to to_day inclusive (NULL: open), local days; of all days by looking it up where it is known.';
