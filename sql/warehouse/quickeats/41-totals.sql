-- Adds days to the totals (11-totals.sql) and takes them off. Called by sum_up_day and sum_up_days (28-summaries.sql), which have the batches' turn.
CREATE FUNCTION total_restaurants(days date[], sign integer) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  -- All of them, for the place of each follows from all.
  INSERT INTO restaurant_total AS t (restaurant_key, all_orders, orders, revenue, refunded, cancelled, scored, score, revenue_rank, revenue_percent)
  SELECT n.restaurant_key, n.all_orders, n.orders, n.revenue, n.refunded, n.cancelled, n.scored, n.score, rank() OVER (PARTITION BY n.all_orders > 0 ORDER BY n.revenue DESC),
         kpi_percent(n.revenue, sum(n.revenue) OVER ())
  FROM (SELECT p.restaurant_key, sum(p.all_orders) AS all_orders, sum(p.orders) AS orders, sum(p.revenue) AS revenue, sum(p.refunded) AS refunded, sum(p.cancelled) AS cancelled,
               sum(p.scored) AS scored, sum(p.score) AS score
        FROM (SELECT o.restaurant_key, o.all_orders, o.orders, o.revenue, o.refunded, o.cancelled, o.scored, o.score FROM restaurant_total o
              UNION ALL
              SELECT s.restaurant_key, sign * s.all_orders, sign * s.orders, sign * s.revenue, sign * s.refunded, sign * s.cancelled, 0, 0 FROM restaurant_day s WHERE s.day = ANY (days)
              UNION ALL
              SELECT s.restaurant_key, 0, 0, 0, 0, 0, sign * s.scored, sign * s.score FROM restaurant_score_day s WHERE s.day = ANY (days)) p
        GROUP BY p.restaurant_key) n
  ON CONFLICT (restaurant_key) DO UPDATE
  SET (all_orders, orders, revenue, refunded, cancelled, scored, score, revenue_rank, revenue_percent)
    = (excluded.all_orders, excluded.orders, excluded.revenue, excluded.refunded, excluded.cancelled, excluded.scored, excluded.score, excluded.revenue_rank, excluded.revenue_percent)
  WHERE (t.all_orders, t.orders, t.revenue, t.refunded, t.cancelled, t.scored, t.score, t.revenue_rank, t.revenue_percent) IS DISTINCT FROM
        (excluded.all_orders, excluded.orders, excluded.revenue, excluded.refunded, excluded.cancelled, excluded.scored, excluded.score, excluded.revenue_rank, excluded.revenue_percent);
  DELETE FROM restaurant_total t WHERE sign < 0 AND t.all_orders = 0 AND t.scored = 0;
END;
COMMENT ON FUNCTION total_restaurants(date[], integer) IS 'Adds local days to restaurant_total (sign 1) or takes them off (-1). Internal to total_days().';

CREATE FUNCTION total_drivers(days date[], sign integer) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  INSERT INTO driver_total AS t (driver_key, deliveries, days, timed, minutes, promised, on_time, measured, distance, scored, score)
  SELECT p.driver_key, sign * sum(p.deliveries), sign * count(DISTINCT p.day), sign * sum(p.timed), sign * sum(p.minutes), sign * sum(p.promised), sign * sum(p.on_time),
         sign * sum(p.measured), sign * sum(p.distance), sign * sum(p.scored), sign * sum(p.score)
  FROM (SELECT s.driver_key, s.day, s.deliveries, s.timed, COALESCE(s.minutes, 0) AS minutes, s.promised, s.on_time, s.measured, COALESCE(s.distance, 0) AS distance, 0 AS scored, 0 AS score
        FROM driver_day s WHERE s.day = ANY (days)
        UNION ALL
        SELECT s.driver_key, NULL, 0, 0, 0, 0, 0, 0, 0, s.scored, s.score FROM driver_score_day s WHERE s.day = ANY (days)) p
  GROUP BY p.driver_key
  ORDER BY p.driver_key
  ON CONFLICT (driver_key) DO UPDATE
  SET (deliveries, days, timed, minutes, promised, on_time, measured, distance, scored, score)
    = (t.deliveries + excluded.deliveries, t.days + excluded.days, t.timed + excluded.timed, t.minutes + excluded.minutes, t.promised + excluded.promised, t.on_time + excluded.on_time,
       t.measured + excluded.measured, t.distance + excluded.distance, t.scored + excluded.scored, t.score + excluded.score);
  DELETE FROM driver_total t WHERE sign < 0 AND t.deliveries = 0 AND t.scored = 0;

  INSERT INTO driver_use AS t (driver_key, deliveries, untimed_orders, busy_days, order_seconds, busy_seconds, online_days, online_seconds)
  SELECT p.driver_key, sign * sum(p.deliveries), sign * sum(p.untimed_orders), sign * sum(p.busy), sign * extract(epoch FROM sum(p.order_time)), sign * extract(epoch FROM sum(p.busy_time)),
         sign * sum(p.online), sign * sum(p.online_seconds)
  FROM (SELECT s.driver_key, s.deliveries, s.untimed_orders, 1 AS busy, s.order_time, s.busy_time, 0 AS online, 0 AS online_seconds FROM driver_busy s WHERE s.day = ANY (days)
        UNION ALL
        SELECT s.driver_key, 0, 0, 0, '0', '0', 1, s.online_seconds FROM driver_online s WHERE s.day = ANY (days)) p
  GROUP BY p.driver_key
  ORDER BY p.driver_key
  ON CONFLICT (driver_key) DO UPDATE
  SET (deliveries, untimed_orders, busy_days, order_seconds, busy_seconds, online_days, online_seconds)
    = (t.deliveries + excluded.deliveries, t.untimed_orders + excluded.untimed_orders, t.busy_days + excluded.busy_days, t.order_seconds + excluded.order_seconds,
       t.busy_seconds + excluded.busy_seconds, t.online_days + excluded.online_days, t.online_seconds + excluded.online_seconds);
  DELETE FROM driver_use t WHERE sign < 0 AND t.busy_days = 0 AND t.online_days = 0;
END;
COMMENT ON FUNCTION total_drivers(date[], integer) IS 'Adds local days to driver_total and driver_use (sign 1) or takes them off (-1). Internal to total_days().';

-- Orders of two days can meet only where one of them lies partly outside its own. What a driver's orders of the days of total_day have in common with those of
-- earlier ones is worked out anew for the drivers who have such orders on the days that came or went. They are few, found by the indexes: how few says no statistics.
CREATE FUNCTION total_meetings(days date[]) RETURNS void
LANGUAGE sql VOLATILE SET enable_hashjoin = off SET enable_mergejoin = off SET max_parallel_workers_per_gather = 0
BEGIN ATOMIC
  WITH concerned AS MATERIALIZED (
    SELECT e.driver_key
    FROM driver_busy e JOIN driver_busy o ON o.driver_key = e.driver_key AND o.day <> e.day AND o.first_start < e.last_end AND e.first_start < o.last_end
    WHERE e.reaches_out AND e.day = ANY (days)
    UNION
    SELECT o.driver_key
    FROM driver_busy o CROSS JOIN LATERAL (
      SELECT FROM driver_busy e
      WHERE e.driver_key = o.driver_key AND e.reaches_out AND o.day <> e.day AND o.first_start < e.last_end AND e.first_start < o.last_end LIMIT 1) e
    WHERE o.day = ANY (days)
  ), meeting AS MATERIALIZED (
    SELECT e.driver_key, least(e.day, o.day) AS earlier, greatest(e.day, o.day) AS later
    FROM concerned c
    JOIN driver_busy e ON e.driver_key = c.driver_key AND e.reaches_out
    JOIN driver_busy o ON o.driver_key = e.driver_key AND o.day <> e.day AND o.first_start < e.last_end AND e.first_start < o.last_end
    WHERE e.day IN (SELECT t.day FROM total_day t) AND o.day IN (SELECT t.day FROM total_day t)
    GROUP BY 1, 2, 3
  ), shared AS (
    SELECT m.driver_key, m.later, range_agg(x.span) * l.spans AS spans
    FROM meeting m
    JOIN driver_spans e ON e.day = m.earlier AND e.driver_key = m.driver_key
    JOIN driver_spans l ON l.day = m.later AND l.driver_key = m.driver_key
    CROSS JOIN LATERAL unnest(e.spans) AS x (span)
    GROUP BY m.driver_key, m.later, l.spans
  ), twice AS (
    SELECT s.driver_key, sum(extract(epoch FROM upper(x.span) - lower(x.span))) AS seconds FROM shared s CROSS JOIN LATERAL unnest(s.spans) AS x (span) GROUP BY s.driver_key
  )
  UPDATE driver_use u SET twice_seconds = COALESCE(t.seconds, 0)
  FROM concerned c LEFT JOIN twice t ON t.driver_key = c.driver_key
  WHERE u.driver_key = c.driver_key AND u.twice_seconds <> COALESCE(t.seconds, 0);
END;
COMMENT ON FUNCTION total_meetings(date[]) IS 'Works driver_use.twice_seconds out anew, after these local days have come to total_day or gone. Internal to total_days().';

CREATE FUNCTION total_minutes(days date[], sign integer) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  INSERT INTO minutes_month AS t (month_start, city_key, minutes, up_to)
  SELECT s.month_start, s.city_key, COALESCE(array_agg(s.minutes ORDER BY s.minutes) FILTER (WHERE s.deliveries > 0), '{}'), COALESCE(array_agg(s.up_to ORDER BY s.minutes) FILTER (WHERE s.deliveries > 0), '{}')
  FROM (SELECT p.month_start, p.city_key, p.minutes, sum(p.deliveries) AS deliveries, (sum(sum(p.deliveries)) OVER (PARTITION BY p.month_start, p.city_key ORDER BY p.minutes))::bigint AS up_to
        FROM (SELECT m.month_start, m.city_key, u.minutes, u.up_to - lag(u.up_to, 1, 0::bigint) OVER (PARTITION BY m.month_start, m.city_key ORDER BY u.minutes) AS deliveries
              FROM minutes_month m CROSS JOIN LATERAL unnest(m.minutes, m.up_to) AS u (minutes, up_to)
              WHERE m.month_start IN (SELECT kpi_month(d.day) FROM unnest(days) AS d (day))
              UNION ALL
              SELECT kpi_month(s.day), s.city_key, s.delivery_time, sign * s.deliveries FROM delivery_minutes s WHERE s.day = ANY (days)) p
        GROUP BY 1, 2, 3) s
  GROUP BY 1, 2
  ORDER BY 1, 2
  ON CONFLICT (month_start, city_key) DO UPDATE SET (minutes, up_to) = (excluded.minutes, excluded.up_to);
  DELETE FROM minutes_month t WHERE sign < 0 AND t.minutes = '{}';
END;
COMMENT ON FUNCTION total_minutes(date[], integer) IS 'Adds local days to minutes_month (sign 1) or takes them off (-1). Internal to total_days().';

-- One statement, so that the changes it takes away are those that it sees.
CREATE FUNCTION total_names() RETURNS bigint
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  WITH changed AS (
    DELETE FROM member_change RETURNING table_name
  ), drivers AS (
    UPDATE driver_total t
    SET driver_name = n.driver_name, experience_level = n.experience_level, city_name = n.city_name
    FROM (SELECT o.driver_key, COALESCE(d.name, o.driver_key) AS driver_name, COALESCE(d.experience_level, 'Unknown') AS experience_level, COALESCE(c.city_name, d.city, 'Unknown') AS city_name
          FROM driver_total o
          LEFT JOIN driver_dim d ON d.driver_id = o.driver_key
          LEFT JOIN city_dim c ON c.city_id = d.city
          WHERE o.driver_name IS NULL OR EXISTS (SELECT FROM changed)) n
    WHERE t.driver_key = n.driver_key AND (t.driver_name, t.experience_level, t.city_name) IS DISTINCT FROM (n.driver_name, n.experience_level, n.city_name)
    RETURNING t.driver_key
  ), restaurants AS (
    UPDATE restaurant_total t
    SET restaurant_name = n.restaurant_name, cuisine_type = n.cuisine_type, city_name = n.city_name, avg_rating = n.avg_rating
    FROM (SELECT o.restaurant_key, COALESCE(r.name, o.restaurant_key) AS restaurant_name, COALESCE(r.cuisine_type, 'Unknown') AS cuisine_type,
                 COALESCE(c.city_name, r.city, 'Unknown') AS city_name, r.avg_rating
          FROM restaurant_total o
          LEFT JOIN restaurant_dim r ON r.restaurant_id = o.restaurant_key
          LEFT JOIN city_dim c ON c.city_id = r.city
          WHERE o.restaurant_name IS NULL OR EXISTS (SELECT FROM changed)) n
    WHERE t.restaurant_key = n.restaurant_key
      AND (t.restaurant_name, t.cuisine_type, t.city_name, t.avg_rating) IS DISTINCT FROM (n.restaurant_name, n.cuisine_type, n.city_name, n.avg_rating)
    RETURNING t.restaurant_key
  )
  SELECT (SELECT count(*) FROM drivers) + (SELECT count(*) FROM restaurants);
END;
COMMENT ON FUNCTION total_names() IS
'Looks up anew what restaurant_total and driver_total say of restaurants and drivers where members have changed (member_change), else that of new rows, and returns the rows changed. Internal to total_days() and sum_up_days(), which have the batches'' turn.';

CREATE FUNCTION total_days(days date[], sign integer) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  SELECT total_restaurants(days, sign), total_drivers(days, sign), total_minutes(days, sign);
  DELETE FROM total_day t WHERE sign < 0 AND t.day = ANY (days);
  INSERT INTO total_day (day) SELECT d.day FROM unnest(days) AS d (day) WHERE sign > 0 ORDER BY 1;
  SELECT total_meetings(days);
  SELECT total_names() WHERE sign > 0;
END;
COMMENT ON FUNCTION total_days(date[], integer) IS
'Adds local days that are summed up to the totals and to total_day (sign 1), or takes them off, by the sums that stand in the tables by day (-1): before these change. NULL and no days do nothing. Internal to sum_up_day() and sum_up_days(), which have the batches'' turn.';
