-- QuickEats' open orders: what comes into the table and leaves it, and that the live reports say what the facts say, whatever comes in whatever order.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, starhouse;
SELECT no_plan();
CREATE FUNCTION pg_temp.rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
BEGIN
  EXECUTE format('SELECT string_agg(r::text, E''\n'' ORDER BY r::text) FROM (%s) r', query) INTO result;
  RETURN result;
END $$;
SELECT starhouse.create_warehouse('quickeats', 'qe open', 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31', foreign_keys => 'none') \g /dev/null
SET LOCAL search_path = 'qe open', starhouse, public;
CREATE FUNCTION pg_temp.put(feed text, VARIADIC records jsonb[]) RETURNS bigint LANGUAGE sql AS $$
  SELECT (starhouse.ingest('"qe open".' || feed, ARRAY(SELECT r::text FROM unnest(records) r), md5(records::text))->>'loaded')::bigint $$;
CREATE FUNCTION pg_temp.event(id text, status text, at timestamptz, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object('order_id', id, 'status', status, 'event_time', at) || more $$;
CREATE FUNCTION pg_temp.open() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s %s%s', order_id, to_char(order_event_time, 'DD HH24:MI'), CASE WHEN waits THEN ' waits' END), ', ' ORDER BY order_id, order_event_time) FROM open_order $$;
CREATE FUNCTION pg_temp.quarters() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s %s', to_char(quarter_start, 'DD HH24:MI'), to_char(latest_end, 'DD HH24:MI')), ', ' ORDER BY quarter_start) FROM order_quarter $$;
CREATE FUNCTION pg_temp.eta(at timestamptz DEFAULT NULL) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(order_id, ' ' ORDER BY order_id) FROM kpi_eta_monitor(at) $$;
CREATE FUNCTION pg_temp.dispatch() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(DISTINCT order_id, ' ' ORDER BY order_id) FROM kpi_dispatch_candidates $$;

SELECT is(kpi_open_since(), NULL::timestamptz, 'no feed has brought any');
SELECT is(pg_temp.rows_of('SELECT order_id FROM kpi_eta_monitor UNION ALL SELECT order_id FROM kpi_dispatch_candidates UNION ALL SELECT city_id FROM kpi_active_orders_per_minute'), NULL, 'nothing is open');
SELECT is(fill_open_orders(), 0::bigint, 'nor to be found');
INSERT INTO restaurant_history (restaurant_version, restaurant_id, name, city, latitude, longitude, valid_from) VALUES (1, 'R1', 'Saffron', 'MUM', 19, 72.8, '-infinity');

-- Placed, accepted, assigned, prepared, picked up, delivered: each in a batch of its own.
SELECT pg_temp.put('orders', pg_temp.event('A', 'placed', '2025-03-10 10:00Z', '{"restaurant_id": "R1", "city": "MUM", "promised_minutes": 30}')) \g /dev/null
SELECT is(pg_temp.open(), 'A 10 10:00 waits', 'an order is placed');
SELECT is(kpi_open_since(), '2025-03-08 10:00Z'::timestamptz, 'open orders are known of 48 hours');
SELECT pg_temp.put('pings', '{"driver_id": "D1", "latitude": 19.01, "longitude": 72.8, "timestamp": "2025-03-10T10:00:30Z", "availability_status": "available"}') \g /dev/null
SELECT is(pg_temp.rows_of('SELECT order_id, driver_id, distance_metres FROM kpi_dispatch_candidates'), '(A,D1,1112.0)', 'and waits for a driver');
SELECT pg_temp.put('orders', pg_temp.event('A', 'accepted', '2025-03-10 10:02Z')) \g /dev/null
SELECT is(pg_temp.open() || ' | ' || pg_temp.dispatch(), 'A 10 10:00 waits | A', 'accepted, it still does');
SELECT pg_temp.put('orders', pg_temp.event('A', 'assigned', '2025-03-10 10:05Z', '{"driver_id": "D1"}')) \g /dev/null
SELECT is(pg_temp.open(), 'A 10 10:00', 'has one');
SELECT is(pg_temp.dispatch(), NULL, 'who is not looked for any more');
SELECT pg_temp.put('orders', pg_temp.event('A', 'prepared', '2025-03-10 10:12Z'), pg_temp.event('A', 'picked_up', '2025-03-10 10:15Z')) \g /dev/null
SELECT is(pg_temp.rows_of('SELECT order_id, status, minutes_open, minutes_left, is_overdue FROM kpi_eta_monitor'), '(A,PICKED_UP,15.00,15.00,f)', 'it is under way');
SELECT is(pg_temp.quarters(), NULL, 'nothing has ended');
SELECT pg_temp.put('orders', pg_temp.event('A', 'delivered', '2025-03-10 10:40Z')) \g /dev/null
SELECT is(pg_temp.open(), NULL, 'delivered, it is gone');
SELECT is(pg_temp.quarters(), '10 10:00 10 10:40', 'and its quarter has ended');
SELECT is(pg_temp.eta(), NULL, 'nothing is under way');
SELECT is(pg_temp.eta('2025-03-10 10:39Z') || ' | ' || coalesce(pg_temp.eta('2025-03-10 10:40Z'), 'none') , 'A | none', 'a minute before it was');
SELECT is(pg_temp.rows_of('SELECT to_char(min(minute_start), ''HH24:MI''), to_char(max(minute_start), ''HH24:MI''), sum(placed_orders), sum(open_orders) FROM kpi_active_orders_per_minute'), '(10:00,10:39,1,40)', '40 minutes open');
SET LOCAL statement_timeout = '60s';
SELECT is(pg_temp.rows_of('SELECT to_char(min(minute_start), ''HH24:MI''), to_char(max(minute_start), ''HH24:MI''), sum(placed_orders), sum(open_orders) FROM kpi_active_orders_per_minute(''-infinity'', ''infinity'')'), '(10:00,10:39,1,40)', 'of all times there are: as many minutes are looked at as are reported');
SET LOCAL statement_timeout = 0;

-- What ends in the batch it comes with is not put there to be taken away; one that comes again, or before it was placed, is not open.
SELECT pg_stat_get_xact_tuples_inserted('open_order'::regclass) AS inserted \gset
SELECT pg_temp.put('orders', pg_temp.event('B', 'placed', '2025-03-10 10:20Z'), pg_temp.event('B', 'delivered', '2025-03-10 10:50Z'), pg_temp.event('C', 'placed', '2025-03-10 10:21Z'), pg_temp.event('C', 'cancelled', '2025-03-10 10:22Z')) \g /dev/null
SELECT pg_temp.put('orders', pg_temp.event('D', 'delivered', '2025-03-10 10:45Z')) \g /dev/null
SELECT pg_temp.put('orders', pg_temp.event('D', 'placed', '2025-03-10 09:55Z'), pg_temp.event('B', 'accepted', '2025-03-10 10:23Z')) \g /dev/null
SELECT is(pg_temp.open(), NULL, 'placed after it was delivered is delivered');
SELECT is(pg_stat_get_xact_tuples_inserted('open_order'::regclass), :inserted::bigint, 'none of them was ever open');
SELECT is(pg_temp.quarters(), '10 09:45 10 10:45, 10 10:00 10 10:40, 10 10:15 10 10:50, 10 10:45 10 10:45', 'their quarters: the latest end counts, also where D was before its time was known');
-- An earlier end is told later: what is kept is a bound.
SELECT pg_temp.put('orders', pg_temp.event('B', 'delivered', '2025-03-10 10:44Z')) \g /dev/null
SELECT is(pg_temp.quarters(), '10 09:45 10 10:45, 10 10:00 10 10:40, 10 10:15 10 10:50, 10 10:45 10 10:45', 'the later end stands');
SELECT is((SELECT sum(open_orders) FROM kpi_active_orders_per_minute), 40 + 24 + 1 + 50::numeric, 'the report says what is');

-- An order that waits with its driver unknown until it is picked up; one cancelled; one whose time moves.
SELECT pg_temp.put('orders', pg_temp.event('E', 'accepted', '2025-03-10 11:00Z', '{"restaurant_id": "R1"}'), pg_temp.event('F', 'placed', '2025-03-10 11:05Z', '{"restaurant_id": "R1"}')) \g /dev/null
SELECT pg_temp.put('pings', '{"driver_id": "D1", "latitude": 19.01, "longitude": 72.8, "timestamp": "2025-03-10T11:05:00Z", "availability_status": "available"}') \g /dev/null
SELECT is(pg_temp.open() || ' | ' || pg_temp.dispatch(), 'E 10 11:00 waits, F 10 11:05 waits | E F', 'two orders, one of which was placed who knows when');
SELECT is(pg_temp.eta(), 'F', 'and has no promise to be kept');
SELECT pg_temp.put('orders', pg_temp.event('E', 'placed', '2025-03-10 10:58Z')) \g /dev/null
SELECT is(pg_temp.open() || ' | ' || pg_temp.eta(), 'E 10 10:58 waits, F 10 11:05 waits | E F', 'its time comes: its row moves');
SELECT pg_temp.put('orders', pg_temp.event('F', 'cancelled', '2025-03-10 11:06Z'), pg_temp.event('E', 'picked_up', '2025-03-10 11:10Z')) \g /dev/null
SELECT is(pg_temp.open() || ' | ' || coalesce(pg_temp.dispatch(), 'none'), 'E 10 10:58 | none', 'one is cancelled, one picked up by nobody known');

-- A batch that is taken back.
SAVEPOINT batch;
SELECT pg_temp.put('orders', pg_temp.event('E', 'delivered', '2025-03-10 11:20Z'), pg_temp.event('G', 'placed', '2025-03-10 11:20Z')) \g /dev/null
SELECT is(pg_temp.open(), 'G 10 11:20 waits', 'E ends, G begins');
ROLLBACK TO batch;
SELECT is(pg_temp.open() || ' | ' || pg_temp.eta(), 'E 10 10:58 | E', 'or not');
-- Payments and a restaurant's new city have orders computed anew.
SELECT pg_temp.put('payments', '{"transaction_id": "T1", "order_id": "E", "amount": 10, "payment_mode": "card", "success_flag": true, "timestamp": "2025-03-10T11:11:00Z"}',
  '{"transaction_id": "T2", "order_id": "A", "amount": 10, "payment_mode": "card", "success_flag": true, "timestamp": "2025-03-10T11:11:00Z"}') \g /dev/null
SELECT is(refresh_orders(ARRAY['A', 'B', 'E'], NULL), 0::bigint, 'nothing new of three orders');
DELETE FROM open_order;
UPDATE orders_fact SET status = 'PREPARED' WHERE order_id = 'E';
SELECT is(refresh_orders(ARRAY['A', 'B', 'E'], NULL), 1::bigint, 'one that was changed by hand');
SELECT is(pg_temp.open(), 'E 10 10:58', 'is as it was');

-- Facts changed by hand: what is there no more, or has ended, is not shown; what else was changed is when the days are summed up, as it is told.
SAVEPOINT by_hand;
UPDATE orders_fact SET status = 'DELIVERED', delivered_time = '2025-03-10 11:10Z' WHERE order_id = 'E';
SELECT is(pg_temp.open() || ' | ' || coalesce(pg_temp.eta(), 'none'), 'E 10 10:58 | none', 'a row left behind says nothing');
UPDATE orders_fact SET status = 'ACCEPTED', delivered_time = NULL WHERE order_id = 'A';
UPDATE orders_fact SET driver_key = '?' WHERE order_id = 'A';
DELETE FROM order_day WHERE day = '2025-03-10';
SELECT is(sum_up_days(), 1::bigint, 'the day summed up');
SELECT is(pg_temp.open() || ' | ' || pg_temp.eta() || ' | ' || pg_temp.dispatch() || ' | ' || pg_temp.quarters(),
  'A 10 10:00 waits | A | A | 10 09:45 10 10:45, 10 10:15 10 10:44, 10 10:45 10 11:10, 10 11:00 10 11:06', 'all as the facts say, the bounds of the quarters too');
SELECT is(sum_up_days(), 0::bigint, 'nothing to sum up');
DELETE FROM orders_fact WHERE order_id = 'A';
SELECT is(pg_temp.open() || ' | ' || coalesce(pg_temp.eta(), 'none') || ' | ' || coalesce(pg_temp.dispatch(), 'none'), 'A 10 10:00 waits | none | none', 'an order that is no more');
SET LOCAL search_path = public;
SELECT is("qe open".fill_open_orders(), 0::bigint, 'whatever the search_path is');
SET LOCAL search_path = 'qe open', starhouse, public;
SELECT is(pg_temp.open(), NULL, 'none is open');
INSERT INTO orders_fact (time_key, event_time, order_id, status, order_time) VALUES ('2025-03-10 15:00', '2025-03-10 10:10Z', 'F', 'PLACED', '2025-03-10 10:10Z'), ('2025-03-10 16:00', '2025-03-10 11:00Z', 'F', 'PLACED', '2025-03-10 11:00Z');
SELECT is(fill_open_orders(), 2::bigint, 'two rows of one order, as only hands make them');
SELECT is(pg_temp.eta(), 'F F', 'are shown');
SELECT throws_ok('SELECT fill_open_orders(NULL)', '42P01', NULL, 'no warehouse');
ROLLBACK TO by_hand;

-- An order that never ends is left out after 48 hours of the events, and comes back with its end, or with another time.
SELECT pg_temp.put('orders', pg_temp.event('H', 'placed', '2025-03-12 10:57Z')) \g /dev/null
SELECT is(pg_temp.open(), 'E 10 10:58, H 12 10:57 waits', 'E is 47 hours and 59 minutes old');
SELECT is(pg_temp.eta(), 'H', 'no report shows it');
SELECT pg_temp.put('orders', pg_temp.event('H', 'accepted', '2025-03-12 10:59Z')) \g /dev/null
SELECT is(pg_temp.open(), 'E 10 10:58, H 12 10:57 waits', 'too old, it is taken away once an hour');
SELECT pg_temp.put('orders', pg_temp.event('H', 'prepared', '2025-03-12 11:00Z')) \g /dev/null
SELECT is(pg_temp.open() || ' | ' || pg_temp.quarters(), 'H 12 10:57 waits | 10 11:00 10 11:06', 'now; so are the quarters');
SELECT pg_temp.put('orders', pg_temp.event('E', 'prepared', '2025-03-10 11:00Z'), pg_temp.event('I', 'placed', '2025-03-10 10:59Z'), pg_temp.event('J', 'placed', '2025-03-10 11:00Z')) \g /dev/null
SELECT is(pg_temp.open(), 'H 12 10:57 waits, J 10 11:00 waits', 'news of it do not bring it back, nor does a new one that is as old; one of just 48 hours does');
SELECT pg_temp.put('orders', pg_temp.event('E', 'placed', '2025-03-12 10:58Z', '{"order_time": "2025-03-12T10:58:00Z"}')) \g /dev/null
SELECT is(pg_temp.rows_of($$SELECT event_time FROM orders_fact WHERE order_id = 'E'$$) || ' | ' || pg_temp.eta(), '("2025-03-10 10:58:00+00") | H', 'the time told first is its time');
SELECT pg_temp.put('orders', pg_temp.event('K', 'accepted', '2025-03-09 10:58Z')) \g /dev/null
SELECT pg_temp.put('orders', pg_temp.event('K', 'placed', '2025-03-12 10:59Z', '{"order_time": "2025-03-12T10:59:00Z"}')) \g /dev/null
SELECT is(pg_temp.open() || ' | ' || pg_temp.eta(), 'H 12 10:57 waits, J 10 11:00 waits, K 12 10:59 waits | H K', 'one whose time turns out to be of today is there again');
SELECT pg_temp.put('orders', pg_temp.event('E', 'delivered', '2025-03-12 11:30Z'), pg_temp.event('H', 'delivered', '2025-03-12 11:31Z'), pg_temp.event('J', 'delivered', '2025-03-12 11:31Z')) \g /dev/null
SELECT is(pg_temp.open(), 'K 12 10:59 waits', 'they end');
SELECT is((SELECT sum(open_orders) FROM kpi_active_orders_per_minute('2025-03-12 11:20Z', '2025-03-12 11:29Z')), 20::numeric, 'H and K are open; E and J, which are of days before, count no more');

-- What the reports said from the facts alone, before there was such a table.
CREATE FUNCTION pg_temp.facts_active(from_time timestamptz DEFAULT NULL, to_time timestamptz DEFAULT NULL) RETURNS TABLE (minute_start timestamptz, city_id text, city_name text, placed_orders bigint, open_orders bigint) LANGUAGE sql AS $$
  WITH minutes AS (
    SELECT m FROM generate_series(date_trunc('minute', coalesce(from_time, coalesce(to_time, kpi_now()) - interval '59 minutes')), date_trunc('minute', coalesce(to_time, kpi_now())), interval '1 minute') m
  ), counted AS (
    SELECT m, f.city_key, count(*) FILTER (WHERE date_trunc('minute', f.order_time) = m) AS placed,
           count(*) FILTER (WHERE f.order_time < m + interval '1 minute' AND coalesce(least(f.delivered_time, f.cancelled_time), f.order_time + interval '24 hours') >= m + interval '1 minute') AS open
    FROM minutes JOIN orders_fact f ON f.event_time >= (SELECT min(m) FROM minutes) - interval '24 hours' AND f.event_time < m + interval '1 minute'
    WHERE f.order_time IS NOT NULL
    GROUP BY 1, 2)
  SELECT c.m, c.city_key, coalesce(d.city_name, c.city_key), c.placed, c.open FROM counted c LEFT JOIN city_dim d ON d.city_id = c.city_key WHERE c.placed > 0 OR c.open > 0 $$;
CREATE FUNCTION pg_temp.facts_eta(as_of timestamptz DEFAULT NULL) RETURNS TABLE (order_id text, city_id text, restaurant_id text, driver_id text, status text, order_time timestamptz, minutes_open numeric, promised_minutes numeric, minutes_left numeric, is_overdue boolean) LANGUAGE sql AS $$
  SELECT f.order_id, f.city_key, f.restaurant_key, f.driver_key, f.status, f.order_time, m, f.promised_minutes, f.promised_minutes - m, m > f.promised_minutes
  FROM orders_fact f CROSS JOIN (SELECT coalesce(as_of, kpi_now()) AS at) n CROSS JOIN LATERAL round(extract(epoch FROM n.at - f.order_time) / 60, 2) m
  WHERE f.order_time > n.at - interval '24 hours' AND f.order_time <= n.at AND (f.delivered_time IS NULL OR f.delivered_time > n.at) AND (f.cancelled_time IS NULL OR f.cancelled_time > n.at) $$;
CREATE FUNCTION pg_temp.facts_open() RETURNS TABLE (order_id text, order_event_time timestamptz, waits boolean) LANGUAGE sql AS $$
  SELECT f.order_id, f.event_time, f.driver_key = '?' AND f.status IN ('PLACED', 'ACCEPTED', 'PREPARED')
  FROM orders_fact f WHERE f.delivered_time IS NULL AND f.cancelled_time IS NULL AND f.event_time >= kpi_open_since() $$;
-- Differences, and how many rows were compared.
CREATE TEMP TABLE compared (what text, differing bigint, n_rows bigint);
CREATE FUNCTION pg_temp.compare(what text, one text, other text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('INSERT INTO compared SELECT %L, (SELECT count(*) FROM ((SELECT x::text FROM (%2$s) x EXCEPT ALL SELECT y::text FROM (%3$s) y) UNION ALL (SELECT y::text FROM (%3$s) y EXCEPT ALL SELECT x::text FROM (%2$s) x)) d), (SELECT count(*) FROM (%3$s) y)', what, one, other);
END $$;
CREATE FUNCTION pg_temp.compare_all() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  at timestamptz;
  n integer;
BEGIN
  PERFORM pg_temp.compare('open orders', 'SELECT * FROM open_order WHERE order_event_time >= kpi_open_since()', 'SELECT * FROM pg_temp.facts_open()');
  PERFORM pg_temp.compare('older ones', $q$SELECT * FROM open_order WHERE order_event_time < kpi_open_since() - interval '1 hour'$q$, 'SELECT * FROM open_order LIMIT 0');
  PERFORM pg_temp.compare('older quarters', $q$SELECT * FROM order_quarter WHERE quarter_start < kpi_open_since() - interval '75 minutes'$q$, 'SELECT * FROM order_quarter LIMIT 0');
  PERFORM pg_temp.compare('quarters', $q$
    SELECT q.quarter_start, f.ended FROM order_quarter q CROSS JOIN LATERAL (SELECT max(least(f.delivered_time, f.cancelled_time)) AS ended FROM orders_fact f
      WHERE f.event_time >= greatest(q.quarter_start, kpi_open_since()) AND f.event_time < q.quarter_start + interval '15 minutes') f WHERE f.ended <= q.latest_end$q$, $q$
    SELECT date_bin('15 minutes', event_time, '2000-01-01 00:00Z'), max(least(delivered_time, cancelled_time)) FROM orders_fact
    WHERE event_time >= kpi_open_since() GROUP BY 1 HAVING max(least(delivered_time, cancelled_time)) IS NOT NULL$q$);
  PERFORM pg_temp.compare('who waits', 'SELECT DISTINCT order_id, restaurant_id FROM kpi_dispatch_candidates',
    $q$SELECT order_id, restaurant_key FROM orders_fact WHERE restaurant_key = 'R1' AND driver_key = '?' AND status IN ('PLACED', 'ACCEPTED', 'PREPARED') AND event_time > kpi_now() - interval '24 hours'$q$);
  PERFORM pg_temp.compare('under way', 'SELECT * FROM kpi_eta_monitor', 'SELECT * FROM pg_temp.facts_eta()');
  PERFORM pg_temp.compare('active', 'SELECT * FROM kpi_active_orders_per_minute', 'SELECT * FROM pg_temp.facts_active()');
  FOR n IN 1 .. 4 LOOP
    at := kpi_now() + (4 - 34 * random()) * interval '1 hour';
    PERFORM pg_temp.compare('under way at a moment', format('SELECT * FROM kpi_eta_monitor(%L)', at), format('SELECT * FROM pg_temp.facts_eta(%L)', at));
    PERFORM pg_temp.compare('active in a time', format('SELECT * FROM kpi_active_orders_per_minute(%L, %L)', at, at + n * interval '40 minutes'), format('SELECT * FROM pg_temp.facts_active(%L, %L)', at, at + n * interval '40 minutes'));
  END LOOP;
END $$;
SELECT setseed(0.25) \g /dev/null
-- Batches of two hours each, or after a day without; events of the last three hours, some of up to two days before; several tell the time of the order, and not always the same.
CREATE FUNCTION pg_temp.random_batch(b integer) RETURNS jsonb[] LANGUAGE sql AS $$
  SELECT array_agg(pg_temp.event('r' || (b * 9 + floor(random() * 40))::int, (ARRAY['placed', 'placed', 'accepted', 'assigned', 'prepared', 'picked_up', 'delivered', 'cancelled'])[1 + floor(random() * 8)::int], e.at,
           CASE WHEN random() < 0.5 THEN jsonb_build_object('restaurant_id', 'R1') ELSE '{}' END
           || CASE WHEN random() < 0.2 THEN jsonb_build_object('driver_id', 'D1') ELSE '{}' END
           || CASE WHEN random() < 0.5 THEN jsonb_build_object('city', (ARRAY['MUM', 'PUN'])[1 + floor(random() * 2)::int], 'promised_minutes', 30) ELSE '{}' END
           || CASE WHEN random() < 0.3 THEN jsonb_build_object('order_time', e.at - random() * interval '40 minutes') ELSE '{}' END))
  FROM (SELECT date_trunc('second', '2025-04-01 00:00Z'::timestamptz + b * interval '2 hours' + b / 8 * interval '26 hours' - random() * interval '3 hours' - CASE WHEN random() < 0.06 THEN random() * interval '2 days' ELSE interval '0' END) AS at
        FROM generate_series(1, 35)) e $$;
SELECT pg_temp.put('orders', VARIADIC pg_temp.random_batch(b)), pg_temp.compare_all(), CASE WHEN b % 10 = 0 THEN sum_up_days() END FROM generate_series(1, 26) b \g /dev/null
SELECT is_empty('SELECT what, differing, n_rows FROM compared WHERE differing > 0', 'whatever came, the tables and the reports say what the facts say');
SELECT cmp_ok(count(*) FILTER (WHERE n_rows > 0), '>', 15::bigint, what || ': there was something to say') FROM compared WHERE what !~ 'older' GROUP BY what ORDER BY what;
SELECT cmp_ok(min(order_event_time), '>=', kpi_open_since() - interval '1 hour', 'the table does not grow') FROM open_order;
CREATE TEMP TABLE kept AS SELECT * FROM open_order WHERE order_event_time >= kpi_open_since();
SELECT is(fill_open_orders(), (SELECT count(*) FROM kept), 'filled anew');
SELECT bag_eq('TABLE open_order', 'TABLE kept', 'it holds the same');
TRUNCATE compared;
SELECT pg_temp.compare_all() \g /dev/null
SELECT is_empty('SELECT what, differing, n_rows FROM compared WHERE differing > 0', 'the reports say the same');
-- The nearest drivers, from near by to the other side of the earth, two of them at one place: as the haversine has it.
DELETE FROM driver_position;
INSERT INTO driver_position (driver_id, latitude, longitude, availability_status, is_available, geohash, position_time)
SELECT 'N' || n, 19 + (random() - 0.5) * 10 ^ (n % 5 - 2), 72.8 + (random() - 0.5) * 10 ^ (n % 5 - 2), 'available', (n % 7 > 0)::int, '', '2025-03-10 10:00Z'::timestamptz - n * interval '4 seconds' FROM generate_series(1, 200) n
UNION ALL SELECT v.id, v.lat, v.lon, 'available', 1, '', '2025-03-10 10:00Z' FROM (VALUES ('S1', 19.0001, 72.8), ('S2', 19.0001, 72.8), ('far', -19, -107.2), ('pole', 90, 0)) v (id, lat, lon);
CREATE FUNCTION pg_temp.nearest(n integer) RETURNS TABLE (candidate_rank bigint, driver_id text, distance_metres numeric, position_age_seconds numeric) LANGUAGE sql AS $$
  SELECT row_number() OVER (ORDER BY d.m, d.driver_id), d.driver_id, round(d.m::numeric, 1), d.age
  FROM (SELECT p.driver_id, extract(epoch FROM '2025-03-10 10:00Z'::timestamptz - p.position_time)::numeric AS age,
               2 * 6371008.8 * asin(sqrt(least(1, sin(radians(p.latitude - 19) / 2) ^ 2 + cos(radians(19)) * cos(radians(p.latitude)) * sin(radians(p.longitude - 72.8) / 2) ^ 2))) AS m
        FROM driver_position p WHERE p.is_available = 1 AND p.position_time > '2025-03-10 09:50Z') d
  ORDER BY 1 LIMIT n $$;
SELECT order_id AS waiting FROM kpi_dispatch_candidates ORDER BY order_id COLLATE "C" LIMIT 1 \gset
SELECT bag_eq(format('SELECT candidate_rank, driver_id, distance_metres, position_age_seconds FROM kpi_dispatch_candidates WHERE order_id = %L', :'waiting'), 'SELECT * FROM pg_temp.nearest(3)', 'the three nearest');
SELECT bag_eq($$SELECT candidate_rank, driver_id, distance_metres, position_age_seconds FROM kpi_dispatch_candidates('A', NULL)$$, 'SELECT * FROM pg_temp.nearest(NULL)', 'all of them in their order');
SELECT results_eq($$SELECT driver_id FROM kpi_dispatch_candidates('A', 1000) WHERE driver_id ~ '^[Sfp]' ORDER BY candidate_rank$$, $$VALUES ('S1'), ('S2'), ('pole'), ('far')$$, 'two at one place by their names, the farthest last');
-- Filled by hand, without a feed, there is no table to go by.
UPDATE order_clock SET latest_event = NULL;
DELETE FROM open_order;
TRUNCATE compared;
SELECT pg_temp.compare(what, one, other) FROM (VALUES ('under way', 'SELECT * FROM kpi_eta_monitor', 'SELECT * FROM pg_temp.facts_eta()'), ('active', 'SELECT * FROM kpi_active_orders_per_minute', 'SELECT * FROM pg_temp.facts_active()'),
  ('who waits', 'SELECT DISTINCT order_id FROM kpi_dispatch_candidates',
   $q$SELECT order_id FROM orders_fact WHERE restaurant_key = 'R1' AND driver_key = '?' AND status IN ('PLACED', 'ACCEPTED', 'PREPARED') AND event_time > kpi_now() - interval '24 hours'$q$)) v (what, one, other) \g /dev/null
SELECT bag_eq('SELECT what, differing, n_rows > 0 FROM compared', $$VALUES ('under way', 0::bigint, true), ('active', 0, true), ('who waits', 0, true)$$, 'the reports read the facts');
SELECT * FROM finish();
ROLLBACK;
