-- The live reports of QuickEats and StreamFlix as rollups: the same figures as the reports work out from the facts, at every
-- moment, compacted or not, with orders that move on, records that come late or twice, and clicks that come after.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, starhouse;
SELECT plan(17);

CREATE FUNCTION pg_temp.same(what text, ours text, theirs text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  told text[];
  query text;
  line text;
BEGIN
  FOREACH query IN ARRAY ARRAY[ours, theirs] LOOP
    EXECUTE format('SELECT string_agg(r::text, E''\n'' ORDER BY r::text) FROM (%s) AS r', query) INTO line;
    told := told || coalesce(line, '(nothing)');
  END LOOP;
  RETURN CASE WHEN told[1] = '(nothing)' THEN fail(what || ': nothing to compare') ELSE is(told[1], told[2], what) END;
END $$;
CREATE FUNCTION pg_temp.take(feed text, records text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM starhouse.ingest(feed, records);
END $$;
CREATE FUNCTION pg_temp.compact() RETURNS void LANGUAGE sql AS $$ SELECT starhouse.rollup_compact(rollup) FROM starhouse.rollup ORDER BY starhouse.rollup_level(rollup), rollup $$;

-- QuickEats: 200 orders of two hours in three cities, each with up to three records; pings of 12 drivers.
SELECT starhouse.create_warehouse('quickeats', 'qe live', 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31') \g /dev/null
SET LOCAL search_path = "qe live", public, starhouse;
CREATE TEMP TABLE told AS
SELECT n, s, jsonb_build_object('order_id', 'O' || n, 'status', s, 'city', (ARRAY['MUM', 'DEL', 'BLR'])[1 + n % 3], 'restaurant_id', 'R' || n % 7, 'total_amount', 100 + n,
         'event_time', timestamptz '2025-03-10 06:00Z' + n * interval '36 seconds'
                       + CASE s WHEN 'PLACED' THEN interval '0' WHEN 'ACCEPTED' THEN interval '2 minutes' ELSE (15 + n * 7 % 40) * interval '1 minute' END)::text AS record
FROM generate_series(1, 200) AS n CROSS JOIN unnest('{PLACED, ACCEPTED, DELIVERED, CANCELLED}'::text[]) AS s
WHERE s IN ('PLACED', 'ACCEPTED') OR s = CASE WHEN n % 11 = 0 THEN 'CANCELLED' WHEN n % 13 > 0 THEN 'DELIVERED' END;
CREATE TEMP TABLE pinged AS
SELECT n, jsonb_build_object('driver_id', 'D' || n % 12, 'latitude', 19.0 + (n * 37 % 50) / 1000.0, 'longitude', 72.8 + (n * 17 % 50) / 1000.0, 'timestamp', timestamptz '2025-03-10 06:00Z' + n * interval '20 seconds',
         'availability_status', CASE WHEN n * 7 % 5 < 3 THEN 'AVAILABLE' ELSE 'BUSY' END)::text AS record
FROM generate_series(1, 350) AS n;

-- Orders move on: each of their times is a time of a rollup of its own, and rows without it are not in that.
SELECT starhouse.create_rollup('orders_placed', 'orders_fact', 'order_time', '1 minute', '{city_key}', '{"orders": "count(*)"}') \g /dev/null
SELECT starhouse.create_rollup('orders_delivered', 'orders_fact', 'delivered_time', '1 minute', '{city_key}', '{"orders": "count(*)"}',
                               filter => 'order_time IS NOT NULL AND (cancelled_time IS NULL OR delivered_time <= cancelled_time)') \g /dev/null
SELECT starhouse.create_rollup('orders_cancelled', 'orders_fact', 'cancelled_time', '1 minute', '{city_key}', '{"orders": "count(*)"}',
                               filter => 'order_time IS NOT NULL AND (delivered_time IS NULL OR cancelled_time < delivered_time)') \g /dev/null
CREATE VIEW active_orders AS
SELECT m.minute_start, m.city_key, m.placed_orders, sum(m.placed_orders - m.ended_orders) OVER (PARTITION BY m.city_key ORDER BY m.minute_start)::bigint AS open_orders
FROM (SELECT e.bucket AS minute_start, e.city_key, sum(e.placed)::bigint AS placed_orders, sum(e.ended)::bigint AS ended_orders
      FROM (SELECT bucket, city_key, orders AS placed, 0 AS ended FROM orders_placed
            UNION ALL SELECT bucket, city_key, 0, orders FROM orders_delivered
            UNION ALL SELECT bucket, city_key, 0, orders FROM orders_cancelled) AS e
      GROUP BY e.bucket, e.city_key) AS m;
-- A driver's last ping of each minute; windows of ten minutes take the last of those.
SELECT starhouse.create_rollup('driver_minutes', 'driver_ping_fact', 'event_time', '1 minute', '{driver_key}', '{"cell": {"state": "max_by_state(geohash, event_time, 1)", "value": "best_text(cell)"}, "available": {"state": "max_by_state(is_available, event_time, 1)", "value": "best_int(available)"}}', capture => 'batch') \g /dev/null
SELECT starhouse.create_windows('drivers_around', 'driver_minutes', size => '10 minutes', slide => '1 minute') \g /dev/null
CREATE FUNCTION pg_temp.check_orders(stage text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN NEXT pg_temp.same(stage || ': orders placed and open, per city and minute',
    'SELECT minute_start, city_key, placed_orders, open_orders FROM active_orders WHERE placed_orders > 0 OR open_orders > 0',
    'SELECT k.minute_start, k.city_id, k.placed_orders, k.open_orders FROM kpi_active_orders_per_minute(''2025-03-10 05:00Z'', ''2025-03-10 10:00Z'') AS k
     WHERE EXISTS (SELECT FROM active_orders AS a WHERE a.minute_start = k.minute_start AND a.city_key = k.city_id) OR k.placed_orders > 0');
  RETURN NEXT pg_temp.same(stage || ': available drivers per cell, as of three moments',
    $q$SELECT window_end, left(cell, 6), sum(available)::bigint, count(*) FROM drivers_around('2025-03-10 06:00Z', '2025-03-10 08:00Z')
       WHERE window_end IN ('2025-03-10 06:20Z', '2025-03-10 07:03Z', '2025-03-10 07:41Z') GROUP BY 1, 2$q$,
    $q$SELECT t, geohash, available_drivers, drivers FROM unnest('{2025-03-10 06:20Z, 2025-03-10 07:03Z, 2025-03-10 07:41Z}'::timestamptz[]) AS t CROSS JOIN kpi_driver_heatmap(t - interval '1 microsecond')$q$);
END $$;
-- The first half, orders in the order of their numbers; then the rest backwards, with half of what is known already.
SELECT pg_temp.take('"qe live".orders', ARRAY(SELECT record FROM told WHERE n % 2 = 0 AND s <> 'ACCEPTED' ORDER BY n, s DESC)), pg_temp.take('"qe live".pings', ARRAY(SELECT record FROM pinged WHERE n % 3 > 0 ORDER BY n)) \g /dev/null
SELECT * FROM pg_temp.check_orders('half of it');
SELECT pg_temp.compact() \g /dev/null
SELECT pg_temp.take('"qe live".orders', ARRAY(SELECT record FROM told WHERE n % 2 = 1 OR n < 100 ORDER BY n DESC, s)), pg_temp.take('"qe live".pings', ARRAY(SELECT record FROM pinged WHERE n % 3 = 0 OR n < 100 ORDER BY n DESC)) \g /dev/null
SELECT * FROM pg_temp.check_orders('all of it');
SELECT pg_temp.compact() \g /dev/null
SELECT * FROM pg_temp.check_orders('compacted');
SELECT is((SELECT count(*) FROM starhouse.rollup AS u CROSS JOIN LATERAL starhouse.rollup_check(u.rollup) AS c), 0::bigint, 'all four equal their facts');

-- StreamFlix: 600 playbacks, recommendations that are clicked later.
SELECT starhouse.create_warehouse('streamflix', 'sf live', 'America/New_York', country => NULL, calendar_from => '2025-01-01', calendar_to => '2025-06-30') \g /dev/null
SET LOCAL search_path = "sf live", public, starhouse;
SELECT starhouse.create_rollup('video_5min', 'viewership_fact', 'event_time', '5 minutes', '{video_key}', '{"views": "count(*)", "minutes": "sum(watch_duration)", "buffering": "avg(buffering_time)"}', capture => 'batch') \g /dev/null
SELECT starhouse.create_rollup('trending_hourly', 'viewership_fact', 'event_time', '1 hour', '{region_key, video_key}', '{"trend": {"state": "trending_state(event_time, 1, ''6 hours'')", "value": "trending_events(trend)"}}', capture => 'batch') \g /dev/null
SELECT starhouse.create_rollup('shown_hourly', 'recommendation_fact', 'event_time', '1 hour', '{video_key}', '{"shown": "count(*)", "clicks": "sum(click_flag)"}', capture => 'batch') \g /dev/null
SELECT is((SELECT count(*) FROM pg_index AS i WHERE i.indrelid = 'viewership_fact'::regclass AND (SELECT a.attnum FROM pg_attribute AS a WHERE a.attrelid = i.indrelid AND a.attname = 'batch_id') = ANY (i.indkey)),
  1::bigint, 'the template''s index finds a batch for both rollups: none is made beside it');
SELECT is((SELECT count(*) FROM pg_index AS i WHERE i.indrelid = '"qe live".driver_ping_fact'::regclass AND (SELECT a.attnum FROM pg_attribute AS a WHERE a.attrelid = i.indrelid AND a.attname = 'batch_id') = ANY (i.indkey)),
  1::bigint, 'where there was none, one is made');
CREATE TEMP TABLE played AS
SELECT n, jsonb_build_object('event_id', 'e' || n, 'user_id', 'U' || n % 31, 'video_id', 'V' || n * 7 % 9, 'region_id', (ARRAY['IN', 'US'])[1 + n % 2], 'timestamp', timestamptz '2025-03-08 00:00Z' + n * interval '3 minutes',
         'watch_duration', n * 13 % 50 + 0.5, 'buffering_time', CASE WHEN n % 4 > 0 THEN n % 10 END)::text AS playback,
       jsonb_build_object('recommendation_id', 'r' || n, 'user_id', 'U' || n % 31, 'video_id', 'V' || n * 7 % 9, 'recommendation_score', 0.5, 'timestamp', timestamptz '2025-03-08 00:00Z' + n * interval '3 minutes') AS recommendation
FROM generate_series(1, 600) AS n;
CREATE FUNCTION pg_temp.check_videos(stage text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN NEXT pg_temp.same(stage || ': videos by five minutes',
    'SELECT bucket, video_key, views, round(minutes / views, 2), round(buffering, 2) FROM video_5min',
    'SELECT window_start, video_id, views, round(average_watch_minutes, 2), round(average_buffering_seconds, 2) FROM kpi_video_5min(''2025-03-01'', ''2025-04-01'')');
  RETURN NEXT pg_temp.same(stage || ': click-through rate by video',
    'SELECT video_key, sum(shown), sum(clicks), round(100.0 * sum(clicks) / sum(shown), 2) FROM shown_hourly GROUP BY 1',
    'SELECT video_key, count(*), sum(click_flag), round(avg(click_rate), 2) FROM recommendation_fact GROUP BY 1');
  RETURN NEXT pg_temp.same(stage || ': trending, as of a moment in the past',
    $q$SELECT region_key, video_key, round(trending_value(trending_merge(trend), timestamptz '2025-03-09 04:00Z' - interval '1 microsecond')::numeric, 4), sum(n_rows)::bigint FROM trending_hourly_states
       WHERE bucket >= '2025-03-08 04:00Z' AND bucket < '2025-03-09 04:00Z' GROUP BY 1, 2$q$,
    $q$SELECT region_id, video_id, trending_score, views FROM kpi_trending(NULL, '1 day', '6 hours', 100, timestamptz '2025-03-09 04:00Z' - interval '1 microsecond')$q$);
END $$;
SELECT pg_temp.take('"sf live".playback_events', ARRAY(SELECT playback FROM played WHERE n % 5 > 1 ORDER BY n)), pg_temp.take('"sf live".recommendations', ARRAY(SELECT recommendation::text FROM played WHERE n % 3 > 0 ORDER BY n)) \g /dev/null
SELECT pg_temp.compact() \g /dev/null
SELECT pg_temp.take('"sf live".playback_events', ARRAY(SELECT playback FROM played WHERE n % 5 < 3 ORDER BY n DESC)), pg_temp.take('"sf live".recommendations', ARRAY(SELECT (recommendation || '{"click_flag": true}')::text FROM played WHERE n % 7 < 2 ORDER BY n)) \g /dev/null
SELECT * FROM pg_temp.check_videos('all of it');
SELECT pg_temp.compact() \g /dev/null
SELECT * FROM pg_temp.check_videos('compacted');
SELECT cmp_ok((SELECT sum(clicks) FROM shown_hourly), '>', 100::numeric, 'clicks that came after have been counted');
SELECT is((SELECT count(*) FROM starhouse.rollup AS u CROSS JOIN LATERAL starhouse.rollup_check(u.rollup) AS c), 0::bigint, 'all equal their facts');
SELECT * FROM finish();
ROLLBACK;
