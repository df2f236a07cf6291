-- What is derived from pings, kept right by the feeds' steps: driver_hour, driver_position and the distances of
-- deliveries. Functions that the steps call by the warehouse's search_path; nothing that reads depends on them.

-- Metres along the driver's pings between two moments.
CREATE FUNCTION delivery_metres(driver text, from_time timestamptz, to_time timestamptz) RETURNS float8
LANGUAGE plpgsql STABLE
AS $body$
DECLARE
  metres float8;
BEGIN
  IF driver IS NULL OR from_time IS NULL OR to_time IS NULL OR to_time <= from_time THEN
    RETURN NULL;
  END IF;
  SELECT CASE WHEN count(*) >= 2 THEN path_length_m(p.latitude, p.longitude, p.event_time, 60) END INTO metres
  FROM (SELECT f.latitude, f.longitude, f.event_time FROM driver_ping_fact f
        WHERE f.driver_key = driver AND f.event_time BETWEEN from_time AND to_time ORDER BY f.event_time) p;
  RETURN metres;
END
$body$;
COMMENT ON FUNCTION delivery_metres(text, timestamptz, timestamptz) IS
'Metres along the pings of a driver from one moment to another, both included; legs faster than 60 m/s (a jump of the receiver) add nothing. NULL with fewer than two pings, for NULL, or when the moments are not in order. Called by the feeds'' steps.';

-- The ways of the deliveries during which the batch's drivers were seen, along the batch's pings. This may run ahead of the batch's
-- turn: orders_version() tells in the turn whether deliveries were changed since.
CREATE FUNCTION measure_ways() RETURNS void
LANGUAGE plpgsql VOLATILE
SET enable_hashjoin = on SET enable_mergejoin = on SET enable_nestloop = on
AS $body$
DECLARE
  ways bigint;
BEGIN
  TRUNCATE pg_temp.ping_ways, pg_temp.ping_legs, pg_temp.ping_clock;
  INSERT INTO pg_temp.ping_clock VALUES (orders_version());
  PERFORM set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('enable_nestloop', 'on', true);
  -- Deliveries of more than three hours have an index of their own. A delivery takes less than a week.
  EXECUTE $sql$
    INSERT INTO pg_temp.ping_ways
    SELECT d.driver_key, d.event_time, d.order_id, d.picked_up_time, d.delivered_time,
           generate_series(date_bin('1 hour', greatest(d.picked_up_time, s.first_ping), '2000-01-01 00:00Z'), least(d.delivered_time, s.last_ping), interval '1 hour')
    FROM pg_temp.ping_drivers s
    CROSS JOIN LATERAL (
      SELECT * FROM delivery_fact f
      WHERE f.driver_key = s.driver_key AND f.picked_up_time BETWEEN s.first_ping - interval '3 hours' AND s.last_ping AND f.delivered_time >= s.first_ping
      UNION ALL
      SELECT * FROM delivery_fact f
      WHERE f.driver_key = s.driver_key AND f.picked_up_time >= s.first_ping - interval '7 days' AND f.picked_up_time < s.first_ping - interval '3 hours'
        AND f.delivered_time - f.picked_up_time > interval '3 hours' AND f.delivered_time >= s.first_ping) d
    WHERE d.delivered_time > d.picked_up_time$sql$;
  GET DIAGNOSTICS ways = ROW_COUNT;
  IF ways > 0 THEN
    PERFORM set_config('enable_hashjoin', 'on', true), set_config('enable_nestloop', 'off', true);
    EXECUTE $sql$
      INSERT INTO pg_temp.ping_legs
      -- Grouped by what the rows are ordered by, so that no other sort comes between.
      SELECT max(j.driver_key), j.event_time, j.order_id, max(j.picked_up_time), max(j.delivered_time),
             round(CASE WHEN count(*) >= 2 THEN path_length_m(j.latitude, j.longitude, j.at, 60) END::numeric / 1000, 3)
      FROM (SELECT w.*, n.event_time AS at, n.latitude, n.longitude
            FROM pg_temp.ping_news n
            JOIN pg_temp.ping_ways w ON w.driver_key = n.driver_key AND w.bucket = date_bin('1 hour', n.event_time, '2000-01-01 00:00Z')
                                    AND n.event_time BETWEEN w.picked_up_time AND w.delivered_time
            WHERE NOT n.repeated
            ORDER BY w.event_time, w.order_id, n.event_time) j
      GROUP BY j.event_time, j.order_id$sql$;
  END IF;
END
$body$;
COMMENT ON FUNCTION measure_ways() IS
'Puts the deliveries that the pings of ping_news were made during into the temporary table ping_legs, with the kilometres along these (NULL: of one ping), and what tells whether deliveries are changed afterwards into ping_clock. Called by the feeds'' steps with search_path = the warehouse, starhouse.';

-- The batch's pings as they will stand in driver_ping_fact, in the order of driver and time: one sort, of which
-- all that follows lives. query yields driver_id, event_time, record_no, latitude, longitude, availability_status,
-- is_available.
CREATE FUNCTION stage_pings(query text) RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  noise text := current_setting('client_min_messages');
  staged bigint;
BEGIN
  PERFORM set_config('client_min_messages', 'warning', true);
  -- gap: microseconds until the driver's next ping of the batch. repeated: not the first at its moment.
  CREATE TEMP TABLE IF NOT EXISTS ping_news (
    driver_key text COLLATE "C" NOT NULL, event_time timestamptz NOT NULL, latitude float8 NOT NULL, longitude float8 NOT NULL,
    availability_status text, is_available integer NOT NULL, geohash text COLLATE "C" NOT NULL, zone_id text COLLATE "C",
    gap bigint, repeated boolean NOT NULL) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS ping_quarters (
    driver_key text COLLATE "C" NOT NULL, quarter timestamptz NOT NULL, pings bigint NOT NULL, available_pings bigint NOT NULL, online numeric, available numeric,
    first_ping timestamptz NOT NULL, last_ping timestamptz NOT NULL) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS ping_drivers (
    driver_key text COLLATE "C" NOT NULL, first_ping timestamptz NOT NULL, last_ping timestamptz NOT NULL) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS ping_sums (
    driver_key text COLLATE "C" NOT NULL, hour_start timestamptz NOT NULL, pings bigint NOT NULL, available_pings bigint NOT NULL, online numeric, available numeric) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS ping_hours (driver_key text COLLATE "C" NOT NULL, hour_start timestamptz NOT NULL) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS ping_ways (
    driver_key text COLLATE "C" NOT NULL, event_time timestamptz NOT NULL, order_id text COLLATE "C" NOT NULL, picked_up_time timestamptz NOT NULL,
    delivered_time timestamptz NOT NULL, bucket timestamptz NOT NULL) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS ping_legs (
    driver_key text COLLATE "C" NOT NULL, event_time timestamptz NOT NULL, order_id text COLLATE "C" NOT NULL, picked_up_time timestamptz NOT NULL,
    delivered_time timestamptz NOT NULL, km numeric) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS ping_clock (clock text) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS ping_metres (event_time timestamptz NOT NULL, order_id text COLLATE "C" NOT NULL, km numeric) ON COMMIT DELETE ROWS;
  CREATE TEMP TABLE IF NOT EXISTS ping_days (day date NOT NULL) ON COMMIT DELETE ROWS;
  PERFORM set_config('client_min_messages', noise, true);
  TRUNCATE pg_temp.ping_news, pg_temp.ping_quarters, pg_temp.ping_drivers, pg_temp.ping_sums, pg_temp.ping_hours, pg_temp.ping_metres, pg_temp.ping_days;
  -- In bulk: one row after the other costs three times as much.
  EXECUTE 'SELECT f.inserted FROM append_facts(''pg_temp.ping_news'', $1) f' INTO staged USING format($sql$
    SELECT b.driver_id AS driver_key, b.event_time, b.latitude, b.longitude, b.availability_status, b.is_available,
           geohash(b.latitude, b.longitude, 7) AS geohash,
           CASE WHEN (SELECT EXISTS (SELECT FROM delivery_zone)) THEN zone_of('delivery_zone', b.latitude, b.longitude, 'zone_id', 'shape') END AS zone_id,
           round(date_part('epoch', lead(b.event_time) OVER w - b.event_time) * 1000000)::bigint AS gap,
           coalesce(lag(b.event_time) OVER w = b.event_time, false) AS repeated
    FROM (%s) b
    WINDOW w AS (PARTITION BY b.driver_id COLLATE "C" ORDER BY b.event_time, b.record_no)$sql$, query);
  -- By quarters of an hour: each lies in one hour of any zone (all offsets since 2000 are multiples of it).
  PERFORM append_facts('pg_temp.ping_quarters', $sql$
    SELECT n.driver_key, date_bin('15 minutes', n.event_time, '2000-01-01 00:00Z') AS quarter, count(*) AS pings, sum(n.is_available) AS available_pings,
           sum(n.gap) FILTER (WHERE n.gap <= 300000000) AS online, sum(n.gap) FILTER (WHERE n.gap <= 300000000 AND n.is_available = 1) AS available,
           min(n.event_time) AS first_ping, max(n.event_time) AS last_ping
    FROM pg_temp.ping_news n
    WHERE NOT n.repeated
    GROUP BY 1, 2$sql$);
  EXECUTE $sql$
    INSERT INTO pg_temp.ping_drivers
    SELECT q.driver_key, min(q.first_ping), max(q.last_ping) FROM pg_temp.ping_quarters q GROUP BY q.driver_key ORDER BY q.driver_key$sql$;
  -- What the batch adds to the hours of drivers who were not seen later before: nearly all.
  PERFORM append_facts('pg_temp.ping_sums', $sql$
    WITH clock AS MATERIALIZED (  -- of the few quarters that there are
      SELECT q.quarter, date_trunc('hour', q.quarter, w.time_zone) AS hour_start
      FROM (SELECT DISTINCT a.quarter FROM pg_temp.ping_quarters a) q CROSS JOIN warehouse_info w)
    SELECT q.driver_key, c.hour_start, sum(q.pings)::bigint AS pings, sum(q.available_pings)::bigint AS available_pings, sum(q.online) AS online, sum(q.available) AS available
    FROM pg_temp.ping_quarters q JOIN clock c ON c.quarter = q.quarter
    GROUP BY q.driver_key, c.hour_start$sql$);
  PERFORM measure_ways();
  RETURN staged;
END
$body$;
COMMENT ON FUNCTION stage_pings(text) IS
'Puts the pings of a batch into the temporary table ping_news, sorted by driver and time, with geohash, zone and the gap to the next ping, what they add up to into ping_quarters (by driver and quarter of an hour), ping_sums (by hour) and ping_drivers, and the ways of deliveries along them into ping_legs. Called by the feeds'' steps with search_path = the warehouse, starhouse.';

-- After driver_ping_fact has the batch. A ping later than all that were known of its driver adds to what is there;
-- one that comes late or twice has its hours counted anew.
CREATE FUNCTION refresh_pings(batch bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $body$
DECLARE
  zone text := (SELECT time_zone FROM warehouse_info);
  hashes text := current_setting('enable_hashjoin');
  merges text := current_setting('enable_mergejoin');
  loops text := current_setting('enable_nestloop');
  ways bigint;
  changed bigint := 0;
  touched date[];
  late date[];
BEGIN
  -- In bulk; the few rows that are there are added to.
  PERFORM append_facts('driver_hour', format($sql$
    WITH seen AS MATERIALIZED (
      SELECT d.driver_key, d.first_ping, p.position_time, p.is_available, p.position_time IS NULL OR d.first_ping > p.position_time AS is_later
      FROM pg_temp.ping_drivers d LEFT JOIN driver_position p ON p.driver_id = d.driver_key
    ), torn AS MATERIALIZED (  -- quarters of which some pings were overtaken
      SELECT q.driver_key, q.quarter, s.position_time FROM pg_temp.ping_quarters q JOIN seen s ON s.driver_key = q.driver_key
      WHERE NOT s.is_later AND q.first_ping <= s.position_time AND q.last_ping > s.position_time
    ), overtaken AS MATERIALIZED (  -- of drivers of whom later pings came before, what is later than these
      SELECT q.driver_key, q.quarter, q.pings, q.available_pings, q.online, q.available, q.first_ping
      FROM pg_temp.ping_quarters q JOIN seen s ON s.driver_key = q.driver_key
      WHERE NOT s.is_later AND q.first_ping > s.position_time
      UNION ALL
      SELECT n.driver_key, t.quarter, count(*), sum(n.is_available), sum(n.gap) FILTER (WHERE n.gap <= 300000000),
             sum(n.gap) FILTER (WHERE n.gap <= 300000000 AND n.is_available = 1), min(n.event_time)
      FROM torn t
      JOIN pg_temp.ping_news n ON n.driver_key = t.driver_key AND date_bin('15 minutes', n.event_time, '2000-01-01 00:00Z') = t.quarter AND n.event_time > t.position_time
      WHERE NOT n.repeated AND (SELECT EXISTS (SELECT FROM torn))  -- else the batch need not be read
      GROUP BY 1, 2
    ), news AS (
      SELECT m.driver_key, m.hour_start, m.pings, m.available_pings, m.online, m.available FROM pg_temp.ping_sums m JOIN seen s ON s.driver_key = m.driver_key WHERE s.is_later
      UNION ALL
      SELECT o.driver_key, date_trunc('hour', o.quarter, %1$L), o.pings, o.available_pings, o.online, o.available FROM overtaken o
      UNION ALL  -- the last ping known before has found its successor
      SELECT f.driver_key, date_trunc('hour', f.position_time, %1$L), 0, 0, g.gap, CASE f.is_available WHEN 1 THEN g.gap END
      FROM (SELECT s.driver_key, s.first_ping, s.position_time, s.is_available FROM seen s WHERE s.is_later
            UNION ALL
            SELECT s.driver_key, o.first_ping, s.position_time, s.is_available
            FROM (SELECT v.driver_key, min(v.first_ping) AS first_ping FROM overtaken v GROUP BY 1) o JOIN seen s ON s.driver_key = o.driver_key) f
      CROSS JOIN LATERAL (SELECT extract(epoch FROM f.first_ping - f.position_time) * 1000000 AS gap) g
      WHERE g.gap <= 300000000)
    SELECT n.driver_key AS driver_id, n.hour_start, date_trunc('hour', n.hour_start AT TIME ZONE %1$L) AS time_key, sum(n.pings)::bigint AS pings,
           sum(n.available_pings)::bigint AS available_pings, round(coalesce(sum(n.online), 0) * 0.000001, 6) AS online_seconds,
           round(coalesce(sum(n.available), 0) * 0.000001, 6) AS available_seconds
    FROM news n
    GROUP BY n.driver_key, n.hour_start
    ORDER BY n.driver_key, n.hour_start$sql$, zone), ARRAY[
    'INSERT INTO pg_temp.ping_days SELECT a.time_key::date FROM added a UNION SELECT k.time_key::date FROM known k',
    $sql$
      UPDATE driver_hour h
      SET pings = h.pings + k.pings, available_pings = h.available_pings + k.available_pings,
          online_seconds = h.online_seconds + k.online_seconds, available_seconds = h.available_seconds + k.available_seconds
      FROM known k WHERE h.driver_id = k.driver_id AND h.hour_start = k.hour_start$sql$]);
  EXECUTE 'SELECT array_agg(d.day) FROM pg_temp.ping_days d' INTO touched;
  -- Those that were added: a scalar subquery, of which the planner makes no join.
  EXECUTE $sql$
    INSERT INTO pg_temp.ping_hours
    WITH behind AS MATERIALIZED (
      SELECT q.driver_key, d.position_time FROM pg_temp.ping_drivers q JOIN driver_position d ON d.driver_id = q.driver_key WHERE q.first_ping <= d.position_time
    ), late AS MATERIALIZED (
      SELECT n.driver_key, n.event_time FROM pg_temp.ping_news n WHERE n.repeated
      UNION ALL
      SELECT n.driver_key, n.event_time
      FROM behind b JOIN pg_temp.ping_news n ON n.driver_key = b.driver_key AND n.event_time <= b.position_time
      WHERE NOT n.repeated AND (SELECT EXISTS (SELECT FROM behind))
    ), added AS MATERIALIZED (
      SELECT l.driver_key, l.event_time FROM late l
      WHERE (SELECT q.batch_id FROM driver_ping_fact q WHERE q.driver_key = l.driver_key AND q.event_time = l.event_time) = $2)
    SELECT DISTINCT a.driver_key, date_trunc('hour', a.event_time - m.before, $1)
    FROM added a CROSS JOIN (VALUES (interval '0'), (interval '300 seconds')) AS m (before)$sql$ USING zone, batch;
  PERFORM set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true);
  EXECUTE $sql$
    WITH put AS (
      INSERT INTO driver_hour AS h (driver_id, hour_start, time_key, pings, available_pings, online_seconds, available_seconds)
      SELECT p.driver_key, p.hour_start, date_trunc('hour', min(p.event_time) AT TIME ZONE $1), count(*), sum(p.is_available),
             round(coalesce(sum(p.gap) FILTER (WHERE p.gap <= 300), 0), 6),
             round(coalesce(sum(p.gap) FILTER (WHERE p.gap <= 300 AND p.is_available = 1), 0), 6)
      FROM (SELECT q.driver_key, q.event_time, q.is_available, s.hour_start, date_trunc('hour', q.event_time, $1) AS own_hour,
                   extract(epoch FROM lead(q.event_time) OVER (PARTITION BY q.driver_key, s.hour_start ORDER BY q.event_time) - q.event_time) AS gap
            FROM pg_temp.ping_hours s
            JOIN driver_ping_fact q ON q.driver_key = s.driver_key AND q.event_time >= s.hour_start AND q.event_time <= s.hour_start + interval '2 hours') p
      WHERE p.own_hour = p.hour_start
      GROUP BY p.driver_key, p.hour_start
      ON CONFLICT (driver_id, hour_start) DO UPDATE
        SET pings = excluded.pings, available_pings = excluded.available_pings, online_seconds = excluded.online_seconds, available_seconds = excluded.available_seconds
        WHERE (h.pings, h.available_pings, h.online_seconds, h.available_seconds)
              IS DISTINCT FROM (excluded.pings, excluded.available_pings, excluded.online_seconds, excluded.available_seconds)
      RETURNING h.time_key)
    SELECT array_agg(DISTINCT p.time_key::date) FROM put p$sql$ INTO late USING zone;

  IF (orders_version() = (SELECT c.clock FROM pg_temp.ping_clock c)) IS NOT TRUE THEN
    PERFORM measure_ways();
  END IF;
  -- None of the pings of a delivery that began after all that were known of its driver came before this batch: it has the whole way. Of the others it
  -- is read from the table.
  PERFORM set_config('enable_hashjoin', hashes, true);
  EXECUTE $sql$
    INSERT INTO pg_temp.ping_metres
    SELECT l.event_time, l.order_id, CASE WHEN p.position_time IS NULL OR l.picked_up_time > p.position_time THEN l.km
                                          ELSE round(delivery_metres(l.driver_key, l.picked_up_time, l.delivered_time)::numeric / 1000, 3) END
    FROM pg_temp.ping_legs l LEFT JOIN driver_position p ON p.driver_id = l.driver_key$sql$;
  GET DIAGNOSTICS ways = ROW_COUNT;
  PERFORM set_config('enable_hashjoin', 'off', true);
  IF ways > 0 THEN
    EXECUTE $sql$
      UPDATE delivery_fact d SET distance_travelled = w.km, distance_source = 'GPS', batch_id = $1
      FROM pg_temp.ping_metres w
      WHERE w.km IS NOT NULL AND d.event_time = w.event_time AND d.order_id = w.order_id
        AND (d.distance_travelled, d.distance_source) IS DISTINCT FROM (w.km, 'GPS')$sql$ USING batch;
    GET DIAGNOSTICS changed = ROW_COUNT;
  END IF;

  -- Last, for what is above asks what was known before.
  EXECUTE $sql$
    INSERT INTO driver_position AS d (driver_id, latitude, longitude, availability_status, is_available, geohash, zone_id, position_time)
    SELECT DISTINCT ON (n.driver_key) n.driver_key, n.latitude, n.longitude, n.availability_status, n.is_available, n.geohash, n.zone_id, n.event_time
    FROM pg_temp.ping_news n
    WHERE NOT n.repeated AND (n.gap IS NULL OR n.gap = 0)
    ORDER BY n.driver_key, n.event_time DESC
    ON CONFLICT (driver_id) DO UPDATE
      SET latitude = excluded.latitude, longitude = excluded.longitude, availability_status = excluded.availability_status,
          is_available = excluded.is_available, geohash = excluded.geohash, zone_id = excluded.zone_id, position_time = excluded.position_time
      WHERE excluded.position_time > d.position_time$sql$;
  PERFORM set_config('enable_hashjoin', hashes, true), set_config('enable_mergejoin', merges, true), set_config('enable_nestloop', loops, true);
  EXECUTE 'SELECT touch_days($2 || $3 || array_agg(DISTINCT (m.event_time AT TIME ZONE $1)::date)) FROM pg_temp.ping_metres m WHERE m.km IS NOT NULL' USING zone, touched, late;
  RETURN changed;
END
$body$;
COMMENT ON FUNCTION refresh_pings(bigint) IS
'After the pings of ping_news have gone to driver_ping_fact as this batch: keeps driver_hour, the distances of the drivers'' deliveries and driver_position right. Returns the number of deliveries whose distance changed. Called by the feeds'' steps with search_path = the warehouse, starhouse.';
