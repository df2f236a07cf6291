-- Live KPIs: what is going on now, "now" being the latest event in the warehouse.

CREATE FUNCTION kpi_active_orders_per_minute(from_time timestamptz DEFAULT NULL, to_time timestamptz DEFAULT NULL)
RETURNS TABLE (minute_start timestamptz, city_id text, city_name text, placed_orders bigint, open_orders bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH span AS (
    SELECT date_trunc('minute', COALESCE(from_time, COALESCE(to_time, kpi_now()) - interval '59 minutes')) AS first_minute,
           date_trunc('minute', COALESCE(to_time, kpi_now())) AS last_minute
  ), orders AS (
    SELECT f.city_key, date_trunc('minute', f.order_time) AS placed_minute,
           -- Open at the end of a minute: from the one it was placed in to the one before that in which it ended.
           date_trunc('minute', COALESCE(least(f.delivered_time, f.cancelled_time), f.order_time + interval '24 hours')) - interval '1 minute' AS last_open_minute,
           count(*) AS orders
    FROM orders_fact f
    WHERE f.order_time IS NOT NULL
      -- Of all of a day, where open_order does not have what was open of those before the first minute.
      AND f.event_time >= (SELECT s.first_minute - CASE WHEN s.first_minute - interval '24 hours' >= kpi_open_since() THEN interval '0' ELSE interval '24 hours' END FROM span s)
      AND f.event_time < (SELECT s.last_minute + interval '1 minute' FROM span s)
      -- Of those of a day that were placed, or open, in the minutes asked for.
      AND (f.order_time >= (SELECT s.first_minute FROM span s)
           OR COALESCE(least(f.delivered_time, f.cancelled_time), f.order_time + interval '24 hours') >= (SELECT s.first_minute + interval '1 minute' FROM span s))
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT e.city_key, date_trunc('minute', e.order_time), date_trunc('minute', COALESCE(least(e.delivered_time, e.cancelled_time), e.order_time + interval '24 hours')) - interval '1 minute', count(*)
    FROM (
      -- Those that were open at the first minute are open now, or lie in a quarter of an hour the last of which ended later. Each is looked up, as OFFSET and LIMIT have it.
      SELECT f.*
      FROM open_order o
      CROSS JOIN LATERAL (SELECT k.city_key, k.order_time, k.delivered_time, k.cancelled_time FROM orders_fact k WHERE k.event_time = o.order_event_time AND k.order_id = o.order_id LIMIT 1) f
      WHERE o.order_event_time >= (SELECT s.first_minute - interval '24 hours' FROM span s)
        AND o.order_event_time < (SELECT least(s.first_minute, s.last_minute + interval '1 minute') FROM span s)
        AND f.delivered_time IS NULL AND f.cancelled_time IS NULL
      UNION ALL
      SELECT f.*
      FROM order_quarter q
      CROSS JOIN LATERAL (
        SELECT k.city_key, k.order_time, k.delivered_time, k.cancelled_time
        FROM orders_fact k
        WHERE k.event_time >= greatest(q.quarter_start, (SELECT s.first_minute - interval '24 hours' FROM span s))
          AND k.event_time < least(q.quarter_start + interval '15 minutes', (SELECT least(s.first_minute, s.last_minute + interval '1 minute') FROM span s))
          AND (k.delivered_time IS NOT NULL OR k.cancelled_time IS NOT NULL)
        OFFSET 0) f
      WHERE q.quarter_start > (SELECT s.first_minute - interval '24 hours 15 minutes' FROM span s) AND q.quarter_start < (SELECT s.first_minute FROM span s)
        AND q.latest_end >= (SELECT s.first_minute + interval '1 minute' FROM span s)) e
    WHERE (SELECT COALESCE(s.first_minute - interval '24 hours' >= kpi_open_since(), false) FROM span s)
      AND e.order_time IS NOT NULL
      AND (e.order_time >= (SELECT s.first_minute FROM span s)
           OR COALESCE(least(e.delivered_time, e.cancelled_time), e.order_time + interval '24 hours') >= (SELECT s.first_minute + interval '1 minute' FROM span s))
    GROUP BY 1, 2, 3
  ), readings AS (
    -- What each minute adds to the orders that are open, and takes off.
    SELECT o.placed_minute AS minute_start, o.city_key, o.orders AS placed, 0 AS opened
    FROM orders o CROSS JOIN span s
    WHERE o.placed_minute BETWEEN s.first_minute AND s.last_minute
    UNION ALL
    SELECT m.minute_start, o.city_key, 0, m.sign * o.orders
    FROM orders o CROSS JOIN span s
    CROSS JOIN LATERAL (VALUES (greatest(o.placed_minute, s.first_minute), 1), (least(o.last_open_minute, s.last_minute) + interval '1 minute', -1)) AS m (minute_start, sign)
    WHERE greatest(o.placed_minute, s.first_minute) <= least(o.last_open_minute, s.last_minute)
  ), changed AS (
    SELECT r.minute_start, r.city_key, sum(r.placed)::bigint AS placed, sum(r.opened)::bigint AS opened
    FROM readings r GROUP BY r.minute_start, r.city_key
  ), counted AS (
    -- From each change to the next: as many are open. What has opened ends, so that none is after the last; there are as many minutes as are reported, however long the time asked for is.
    SELECT c.minute_start, c.city_key, c.placed, (sum(c.opened) OVER w)::bigint AS open, lead(c.minute_start) OVER w AS next_change
    FROM changed c WINDOW w AS (PARTITION BY c.city_key ORDER BY c.minute_start)
  )
  SELECT m.minute_start, c.city_key, COALESCE(d.city_name, c.city_key), CASE WHEN m.minute_start = c.minute_start THEN c.placed ELSE 0 END, c.open
  FROM counted c
  CROSS JOIN LATERAL generate_series(c.minute_start, CASE WHEN c.open > 0 THEN c.next_change - interval '1 minute' ELSE c.minute_start END, interval '1 minute') AS m (minute_start)
  LEFT JOIN city_dim d ON d.city_id = c.city_key
  WHERE c.placed > 0 OR c.open > 0;
END;
CREATE VIEW kpi_active_orders_per_minute AS SELECT * FROM kpi_active_orders_per_minute();
COMMENT ON VIEW kpi_active_orders_per_minute IS
'How many orders are active in each city, minute by minute?
Formula: both readings: placed_orders = orders placed in the minute; open_orders = orders placed before the end of the minute and neither delivered nor cancelled before it. An order without an end counts as open for 24 hours. The last 60 minutes, up to the latest event, unless the function is given others.
Grain: minute and city; minutes with neither are absent
Unit: orders
NULL: none. Orders whose time is not known are left out (kpi_data_range counts them)
Source: orders_fact, open_order, order_quarter, city_dim';

CREATE FUNCTION kpi_driver_heatmap(as_of timestamptz DEFAULT NULL, within interval DEFAULT '10 minutes', hash_length integer DEFAULT 6)
RETURNS TABLE (geohash text, available_drivers bigint, drivers bigint, latest_ping timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH latest AS (
    SELECT DISTINCT ON (p.driver_key) p.driver_key, p.geohash, p.is_available, p.event_time
    FROM driver_ping_fact p
    WHERE p.event_time > (SELECT COALESCE(as_of, kpi_last_ping()) - extract(epoch FROM within)::float8 * interval '1 second')
      AND p.event_time <= (SELECT COALESCE(as_of, kpi_last_ping()))
    ORDER BY p.driver_key, p.event_time DESC
  )
  SELECT left(l.geohash, least(greatest(hash_length, 1), 7)), COALESCE(sum(l.is_available), 0)::bigint, count(*), max(l.event_time)
  FROM latest l
  GROUP BY 1;
END;
CREATE VIEW kpi_driver_heatmap AS SELECT * FROM kpi_driver_heatmap();
COMMENT ON VIEW kpi_driver_heatmap IS
'Where are the available drivers now?
Formula: drivers by the geohash cell of their last ping within 10 minutes of the latest ping of all; available_drivers = those who said so in it. Cells of 6 characters (about 1.2 by 0.6 km); the function takes another moment, window and length (1 to 7).
Grain: geohash cell with at least one driver
Unit: drivers
NULL: none
Source: driver_ping_fact';

CREATE FUNCTION kpi_eta_monitor(as_of timestamptz DEFAULT NULL)
RETURNS TABLE (order_id text, city_id text, restaurant_id text, driver_id text, status text, order_time timestamptz, minutes_open numeric,
               promised_minutes numeric, minutes_left numeric, is_overdue boolean)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT f.order_id, f.city_key, f.restaurant_key, f.driver_key, f.status, f.order_time, m.minutes, f.promised_minutes, f.promised_minutes - m.minutes,
         m.minutes > f.promised_minutes
  FROM (
    -- What is open now, each looked up, as LIMIT has it: a row that its order has left says nothing.
    SELECT n.*
    FROM open_order o
    CROSS JOIN LATERAL (
      SELECT k.order_id, k.city_key, k.restaurant_key, k.driver_key, k.status, k.order_time, k.promised_minutes, k.delivered_time, k.cancelled_time, k.event_time
      FROM orders_fact k WHERE k.event_time = o.order_event_time AND k.order_id = o.order_id LIMIT 1) n
    WHERE (SELECT kpi_open_since() IS NOT NULL AND COALESCE(as_of >= kpi_now(), true))
      AND o.order_event_time > (SELECT COALESCE(as_of, kpi_now()) - interval '24 hours')
    UNION ALL
    -- Of a past moment, the facts.
    SELECT k.order_id, k.city_key, k.restaurant_key, k.driver_key, k.status, k.order_time, k.promised_minutes, k.delivered_time, k.cancelled_time, k.event_time
    FROM orders_fact k
    WHERE NOT (SELECT kpi_open_since() IS NOT NULL AND COALESCE(as_of >= kpi_now(), true))) f
  CROSS JOIN LATERAL (SELECT round(extract(epoch FROM (SELECT COALESCE(as_of, kpi_now())) - f.order_time) / 60, 2) AS minutes) m
  WHERE f.order_time > (SELECT COALESCE(as_of, kpi_now()) - interval '24 hours') AND f.order_time <= (SELECT COALESCE(as_of, kpi_now()))
    AND f.event_time > (SELECT COALESCE(as_of, kpi_now()) - interval '24 hours') AND f.event_time <= (SELECT COALESCE(as_of, kpi_now()))
    AND COALESCE(least(f.delivered_time, f.cancelled_time) > (SELECT COALESCE(as_of, kpi_now())), true);
END;
CREATE VIEW kpi_eta_monitor AS SELECT * FROM kpi_eta_monitor();
COMMENT ON VIEW kpi_eta_monitor IS
'Which open orders will be late, and how late are they already?
Formula: orders placed within 24 hours and not finished; minutes_left = promised_minutes - minutes since order_time; is_overdue when that is negative. status is the present one, also when the function is asked about a past moment.
Grain: open order
Unit: minutes
NULL: minutes_left and is_overdue without a promise
Source: orders_fact, open_order';

-- The distance is the great circle on the sphere of the mean radius 6371008.8 m (haversine).
CREATE FUNCTION kpi_dispatch_candidates(of_order text DEFAULT NULL, candidates integer DEFAULT 3, within interval DEFAULT '10 minutes')
RETURNS TABLE (order_id text, restaurant_id text, candidate_rank bigint, driver_id text, distance_metres numeric, position_age_seconds numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  -- Nearest by the chord through the sphere, which is shorter where the way is: it takes no trigonometry of each pair. x, y, z: on the unit sphere.
  WITH available AS MATERIALIZED (
    SELECT p.driver_id, p.latitude, p.longitude, round(extract(epoch FROM (SELECT kpi_last_ping()) - p.position_time), 0) AS age,
           cos(radians(p.latitude)) * cos(radians(p.longitude)) AS x, cos(radians(p.latitude)) * sin(radians(p.longitude)) AS y, sin(radians(p.latitude)) AS z
    FROM driver_position p
    WHERE p.is_available = 1 AND p.position_time > (SELECT kpi_last_ping() - extract(epoch FROM within)::float8 * interval '1 second')
  )
  SELECT o.order_id, o.restaurant_id, n.candidate_rank, n.driver_id, n.metres, n.age
  FROM (SELECT w.order_id, w.restaurant_key AS restaurant_id, r.latitude, r.longitude,
               cos(radians(r.latitude)) * cos(radians(r.longitude)) AS x, cos(radians(r.latitude)) * sin(radians(r.longitude)) AS y, sin(radians(r.latitude)) AS z
        -- Those that wait are looked up, as LIMIT has it.
        FROM (SELECT f.order_id, f.restaurant_key
              FROM open_order o
              CROSS JOIN LATERAL (SELECT k.order_id, k.restaurant_key, k.driver_key, k.status FROM orders_fact k WHERE k.event_time = o.order_event_time AND k.order_id = o.order_id LIMIT 1) f
              WHERE of_order IS NULL AND (SELECT kpi_open_since() IS NOT NULL) AND o.waits AND o.order_event_time > (SELECT kpi_now() - interval '24 hours')
                AND f.driver_key = '?' AND f.status IN ('PLACED', 'ACCEPTED', 'PREPARED')
              UNION ALL
              SELECT f.order_id, f.restaurant_key
              FROM orders_fact f
              WHERE of_order IS NULL AND (SELECT kpi_open_since() IS NULL) AND f.driver_key = '?' AND f.status IN ('PLACED', 'ACCEPTED', 'PREPARED') AND f.event_time > (SELECT kpi_now() - interval '24 hours')
              UNION ALL
              SELECT f.order_id, f.restaurant_key FROM orders_fact f WHERE f.order_id = of_order COLLATE "C") w
        JOIN restaurant_dim r ON r.restaurant_id = w.restaurant_key
        WHERE r.latitude IS NOT NULL AND r.longitude IS NOT NULL OFFSET 0) o  -- worked out once for each
  CROSS JOIN LATERAL (
    SELECT row_number() OVER (ORDER BY g.metres, c.driver_id) AS candidate_rank, c.driver_id, round(g.metres::numeric, 1) AS metres, c.age
    FROM (
      SELECT p.driver_id, p.latitude, p.longitude, p.age FROM available p
      ORDER BY (p.x - o.x) * (p.x - o.x) + (p.y - o.y) * (p.y - o.y) + (p.z - o.z) * (p.z - o.z), p.driver_id
      LIMIT candidates) c
    CROSS JOIN LATERAL (
      SELECT 2 * 6371008.8 * asin(least(1, sqrt(power(sin(radians(c.latitude - o.latitude) / 2), 2)
               + cos(radians(o.latitude)) * cos(radians(c.latitude)) * power(sin(radians(c.longitude - o.longitude) / 2), 2)))) AS metres) g) n;
END;
CREATE VIEW kpi_dispatch_candidates AS SELECT * FROM kpi_dispatch_candidates();
COMMENT ON VIEW kpi_dispatch_candidates IS
'Which available drivers are nearest to the orders that wait for one?
Formula: for each open order without a driver, the three available drivers nearest to its restaurant whose last ping is at most 10 minutes older than the latest of all; the function takes an order of any state, another number and another age.
Grain: order and candidate
Unit: metres, seconds
NULL: none. Orders of restaurants without coordinates are left out
Source: orders_fact, open_order, restaurant_history, driver_position';
