-- QuickEats' feeds, step by step on rows that are parsed already: events in any order, payments before and
-- after their orders, pings and distances, feedback, app events, zones, histories.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TimeZone = 'UTC';
SELECT no_plan();

CREATE FUNCTION pg_temp.rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
BEGIN
  EXECUTE format('SELECT string_agg(r::text, E''\n'') FROM (%s) r', query) INTO result;
  RETURN result;
END $$;
-- Loads rows, given as JSON objects of the contract's columns, as one batch. event_hash is what the parser
-- makes of the record. With a change (a statement), what may run ahead does, and the change comes before its turn.
CREATE FUNCTION pg_temp.load_around(warehouse name, feed text, change text, VARIADIC records text[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  source record;
  batch bigint;
BEGIN
  SELECT * INTO source FROM starhouse.load_open(warehouse, feed, 'test', NULL, NULL, NULL);
  batch := starhouse.batch_begin(warehouse, feed, source.source_id, source.epoch, source.next_record);
  TRUNCATE pg_temp.batch;
  EXECUTE $sql$
    INSERT INTO pg_temp.batch
    SELECT (jsonb_populate_record(NULL::pg_temp.batch, '{"discount_applied": null}' || jsonb_build_object('event_hash', hashtextextended(r.record, 0))
              || r.record::jsonb || jsonb_build_object('record_no', r.n))).*
    FROM unnest($1) WITH ORDINALITY AS r(record, n)$sql$ USING records;
  IF change IS NOT NULL THEN
    IF starhouse.batch_ahead(warehouse, feed, batch) = 0 THEN
      RAISE 'nothing ran ahead';
    END IF;
    EXECUTE change;
  END IF;
  RETURN starhouse.batch_finish(warehouse, feed, batch, cardinality(records) + 1, cardinality(records), 0);
END $$;
CREATE FUNCTION pg_temp.load(warehouse name, feed text, VARIADIC records text[]) RETURNS jsonb LANGUAGE sql AS $$
  SELECT pg_temp.load_around(warehouse, feed, NULL, VARIADIC records) $$;
CREATE FUNCTION pg_temp.event(id text, status text, at text, extra jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
  SELECT (jsonb_build_object('order_id', id, 'status', status, 'event_at', at) || extra)::text $$;
CREATE FUNCTION pg_temp.payment(id text, order_id text, amount numeric, success boolean, at text, extra jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
  SELECT (jsonb_build_object('transaction_id', id, 'order_id', order_id, 'amount', amount, 'success_flag', success, 'event_time', at,
                             'transaction_type', 'Payment', 'payment_mode', 'UPI') || extra)::text $$;
CREATE FUNCTION pg_temp.ping(driver text, lat float8, lon float8, at text, status text DEFAULT 'BUSY') RETURNS text LANGUAGE sql AS $$
  SELECT jsonb_build_object('driver_id', driver, 'latitude', lat, 'longitude', lon, 'event_time', at, 'availability_status', status)::text $$;

SELECT lives_ok($$SELECT starhouse.create_warehouse('quickeats', 'qe a', 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31')$$, 'a warehouse');
SET LOCAL search_path = 'qe a', starhouse, public;

-- One order, the last event first. Nothing is known of the time it was placed.
SELECT is((pg_temp.load('qe a', 'orders', pg_temp.event('O1', 'DELIVERED', '2025-03-10 12:40+05:30', '{"driver_id": "D2"}'))->>'loaded')::int, 1, 'delivered comes first');
SELECT is(pg_temp.rows_of('SELECT status, order_time, event_time, time_key, delivery_time, driver_key, restaurant_key, time_conflict FROM orders_fact'),
  '(DELIVERED,,"2025-03-10 07:10:00+00","2025-03-10 12:00:00",,D2,?,0)', 'the order is there, its time not known yet');
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'orders', pg_temp.event('O1', 'PLACED', '2025-03-10 11:58+05:30',
  '{"restaurant_id": "R1", "customer_id": "C1", "city": "MUM", "total_amount": 500, "discount_applied": 50, "promised_minutes": 40, "payment_mode": "Card", "driver_id": "D1"}'))$$, 'a late placed');
SELECT is(pg_temp.rows_of('SELECT status, order_time, event_time, time_key, delivery_time, city_key, restaurant_key, customer_key, driver_key, total_amount, payment_mode FROM orders_fact'),
  '(DELIVERED,"2025-03-10 06:28:00+00","2025-03-10 06:28:00+00","2025-03-10 11:00:00",42.0000,MUM,R1,C1,D2,500,Card)',
  'undoes nothing: one row, moved to its hour, with the time of delivery; the driver told last is the driver');
SELECT is(pg_temp.rows_of('SELECT delivery_time, delay_minutes, on_time, avg_eta, driver_id, city_id, distance_travelled FROM delivery_fact'),
  '(42.0000,2.0000,0,40.00,D2,MUM,)', 'two minutes after the promise: not on time');
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'orders',
  pg_temp.event('O1', 'PICKED_UP', '2025-03-10 12:20+05:30', '{"eta_minutes": 44}'), pg_temp.event('O1', 'ACCEPTED', '2025-03-10 12:01+05:30', '{"eta_minutes": 36}'),
  pg_temp.event('O1', 'PREPARED', '2025-03-10 12:15+05:30'), pg_temp.event('O1', 'PREPARED', '2025-03-10 12:17+05:30'), pg_temp.event('O1', 'PREPARED', '2025-03-10 12:17+05:30'))$$, 'the ones between');
SELECT is(pg_temp.rows_of('SELECT status, accepted_time, prepared_time, picked_up_time, cancelled_time, total_amount FROM orders_fact'),
  '(DELIVERED,"2025-03-10 06:31:00+00","2025-03-10 06:45:00+00","2025-03-10 06:50:00+00",,500)', 'each milestone keeps its own time, the earliest told');
SELECT is(pg_temp.rows_of('SELECT avg_eta, picked_up_time FROM delivery_fact'), '(40.00,"2025-03-10 06:50:00+00")', 'the mean of the estimates');
SELECT is((pg_temp.load('qe a', 'orders', pg_temp.event('O1', 'PREPARED', '2025-03-10 12:17+05:30'))->>'duplicates')::int, 1, 'an event read again is a duplicate');

-- The order as it stands, with all its times, in one record.
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'orders', '{"order_id": "O2", "status": "DELIVERED", "order_time": "2025-03-10 20:00+05:30", "accepted_at": "2025-03-10 20:02+05:30",
  "delivered_at": "2025-03-10 20:25:30+05:30", "restaurant_id": "R1", "customer_id": "C1", "driver_id": "D1", "total_amount": 300, "promised_minutes": 30, "distance_km": 4.2}')$$, 'a snapshot of an order');
SELECT is(pg_temp.rows_of($$SELECT status, delivery_time, accepted_time, city_key FROM orders_fact WHERE order_id = 'O2'$$), '(DELIVERED,25.5000,"2025-03-10 14:32:00+00",?)', 'is as good as its events');
SELECT is(pg_temp.rows_of($$SELECT delay_minutes, on_time, distance_travelled, distance_source FROM delivery_fact WHERE order_id = 'O2'$$), '(-4.5000,1,4.2,Source)', 'early; the distance is the source''s');

-- Contradictions are kept and flagged.
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'orders',
  pg_temp.event('O3', 'PLACED', '2025-03-11 12:00+05:30', '{"promised_minutes": 30, "total_amount": 10}'), pg_temp.event('O3', 'DELIVERED', '2025-03-11 11:30+05:30'),
  pg_temp.event('O4', 'PLACED', '2025-03-11 12:00+05:30'), pg_temp.event('O4', 'CANCELLED', '2025-03-11 12:10+05:30'), pg_temp.event('O4', 'DELIVERED', '2025-03-11 12:30+05:30'),
  pg_temp.event('O5', 'PLACED', '2025-03-11 12:00+05:30'), pg_temp.event('O5', 'CANCELLED', '2025-03-11 12:10+05:30'))$$, 'orders that contradict themselves');
SELECT is(pg_temp.rows_of($$SELECT order_id, status, time_conflict, delivery_time FROM orders_fact WHERE order_id IN ('O3', 'O4', 'O5') ORDER BY order_id$$),
  E'(O3,DELIVERED,1,)\n(O4,DELIVERED,1,)\n(O5,CANCELLED,0,)', 'delivered before placed, delivered although cancelled: flagged, without a delivery time');
SELECT is(pg_temp.rows_of($$SELECT on_time, delay_minutes FROM delivery_fact WHERE order_id = 'O3'$$), '(,)', 'and neither on time nor late');

-- What cannot be.
SELECT is((pg_temp.load('qe a', 'orders', pg_temp.event('O6', 'PLACED', (now() + interval '2 days')::text))->>'rejected')::int, 1, 'a clock far in the future is rejected');
SELECT is((pg_temp.load('qe a', 'orders', '{"order_id": "O6", "status": "DELIVERED", "order_time": "2025-03-11 12:00+05:30"}')->>'rejected')::int, 1, 'delivered, but not when: rejected');
SELECT is(pg_temp.rows_of('SELECT sqlstate, reason FROM quarantine ORDER BY quarantine_id'),
  E'(22008,"an event lies in the future")\n(23502,"the record does not say when its status was reached")', 'with its reason');
SELECT is(pg_temp.rows_of($$SELECT ordinal, sqlstate, column_name, value FROM contract_parse((SELECT contract FROM feed WHERE feed_name = 'orders'), 'Asia/Kolkata', ARRAY[
    '{"order_id": "o9", "status": "out for delivery", "event_time": "2025-03-11T12:00:00", "amount": "12.50", "payment_type": "COD", "traffic": "heavy"}',
    '{"order_id": "o9", "status": "lost", "event_time": "2025-03-11T12:00:00"}',
    '{"order_id": "o9", "event_time": "2025-03-11T12:00:00", "amount": -1}',
    '{"order_id": "o9", "event_time": "31/02/2025 10:00:00"}',
    '{"event_time": "2025-03-11T12:00:00"}']) WHERE sqlstate IS NOT NULL ORDER BY ordinal$$),
  E'(2,23514,status,lost)\n(3,23514,total_amount,-1)\n(4,22008,event_at,"31/02/2025 10:00:00")\n(5,23502,order_id,"")', 'an unknown status, a negative amount, no such day, no id');

-- Payments: before the order, after it; failure, retry, refund.
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'payments',
  pg_temp.payment('T1', 'O7', 90, false, '2025-03-12 12:00+05:30', '{"failure_reason": "limit", "payment_mode": "Card"}'), pg_temp.payment('T2', 'O7', 90, true, '2025-03-12 12:01+05:30'),
  pg_temp.payment('T3', 'O1', 500, false, '2025-03-10 11:58+05:30'))$$, 'payments');
SELECT is(pg_temp.rows_of($$SELECT order_id FROM orders_fact WHERE order_id = 'O7'$$), NULL, 'a payment alone makes no order');
SELECT is(pg_temp.rows_of($$SELECT payment_success, payment_attempts, paid_amount, payment_mode FROM orders_fact WHERE order_id = 'O1'$$), '(0,1,0,UPI)', 'a failure is a 0; its mode is the order''s');
SELECT is(pg_temp.rows_of($$SELECT payment_success, payment_attempts, payment_mode FROM orders_fact WHERE order_id = 'O2'$$), '(,0,)', 'no news is NULL');
SELECT is(pg_temp.rows_of($$SELECT city_key FROM payment_fact WHERE transaction_id IN ('T1', 'T3') ORDER BY transaction_id$$), E'(?)\n(MUM)', 'a payment has its order''s city, if that is known');
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'orders', pg_temp.event('O7', 'PLACED', '2025-03-12 12:00+05:30', '{"city": "PUN", "total_amount": 90, "payment_mode": "Cash"}'))$$, 'the order arrives');
SELECT is(pg_temp.rows_of($$SELECT payment_success, payment_attempts, paid_amount, refunded_amount, payment_mode FROM orders_fact WHERE order_id = 'O7'$$), '(1,2,90,0,UPI)', 'and finds its payments');
SELECT is(pg_temp.rows_of($$SELECT DISTINCT city_key FROM payment_fact WHERE order_id = 'O7'$$), '(PUN)', 'and they their city');
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'payments', pg_temp.payment('T4', 'O7', 30, true, '2025-03-13 09:00+05:30', '{"transaction_type": "Refund"}'),
  pg_temp.payment('T5', 'O7', 10, false, '2025-03-13 09:05+05:30', '{"transaction_type": "Refund"}'), pg_temp.payment('T6', 'O1', 500, true, '2025-03-10 12:02+05:30', '{"payment_mode": "Wallet"}'))$$, 'refunds and a retry');
SELECT is(pg_temp.rows_of($$SELECT order_id, payment_success, payment_attempts, paid_amount, refunded_amount, payment_mode FROM orders_fact WHERE order_id IN ('O1', 'O7') ORDER BY 1$$),
  E'(O1,1,2,500,0,Wallet)\n(O7,1,2,90,30,UPI)', 'a refund is no payment, one that failed is none; the retry settles it');
SELECT is((pg_temp.load('qe a', 'payments', pg_temp.payment('T4', 'O7', 30, true, '2025-03-13 09:00+05:30', '{"transaction_type": "Refund"}'))->>'duplicates')::int, 1, 'a transaction read again is a duplicate');
SELECT is(pg_temp.rows_of($$SELECT refunded_amount FROM orders_fact WHERE order_id = 'O7'$$), '(30)', 'and refunds nothing twice');

-- Pings. A degree of latitude is 111.195 km on the sphere: 0.01 degrees are 1.112 km.
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'pings',
  pg_temp.ping('D2', 19.00, 72.80, '2025-03-10 12:19+05:30', 'AVAILABLE'), pg_temp.ping('D2', 19.00, 72.80, '2025-03-10 12:20+05:30'), pg_temp.ping('D2', 19.01, 72.80, '2025-03-10 12:24+05:30'),
  pg_temp.ping('D2', 19.02, 72.80, '2025-03-10 12:30+05:30'), pg_temp.ping('D2', 19.03, 72.80, '2025-03-10 12:50+05:30', 'AVAILABLE'))$$, 'pings after the delivery');
SELECT is(pg_temp.rows_of($$SELECT distance_travelled, distance_source FROM delivery_fact WHERE order_id = 'O1'$$), '(2.224,GPS)', 'from pick-up to door: two hundredths of a degree');
SELECT is(pg_temp.rows_of($$SELECT latitude, is_available, position_time, left(geohash, 5) FROM driver_position$$), '(19.03,1,"2025-03-10 07:20:00+00",te7u2)', 'the driver stands where the last ping was');
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'pings', pg_temp.ping('D2', 18.99, 72.80, '2025-03-10 11:50+05:30', 'AVAILABLE'), pg_temp.ping('D2', 19.06, 72.80, '2025-03-10 12:35+05:30'))$$, 'late pings');
SELECT is(pg_temp.rows_of($$SELECT latitude, position_time FROM driver_position$$), '(19.03,"2025-03-10 07:20:00+00")', 'do not move the driver back');
SELECT is(pg_temp.rows_of($$SELECT distance_travelled FROM delivery_fact WHERE order_id = 'O1'$$), '(6.672)', 'but lengthen the way: six hundredths');
-- 12:19 to 12:20 available, 60 s; 12:20 to 12:24, 240 s; 12:24 to 12:30, 360 s: a gap; 12:30 to 12:35, 300 s;
-- 12:35 to 12:50 a gap; 11:50 to 12:19 a gap
SELECT is(pg_temp.rows_of($$SELECT time_key, pings, available_pings, online_seconds::int, available_seconds::int FROM driver_hour ORDER BY hour_start$$),
  E'("2025-03-10 11:00:00",1,1,0,0)\n("2025-03-10 12:00:00",6,2,600,60)', 'hours of the driver, gaps above 300 s left out');
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'pings', pg_temp.ping('D2', 18.99, 72.80, '2025-03-10 11:59+05:30'), pg_temp.ping('D2', 18.99, 72.80, '2025-03-10 12:01+05:30'), pg_temp.ping('D2', 18.99, 72.80, '2025-03-10 12:00+05:30'))$$, 'pings across the hour');
SELECT is(pg_temp.rows_of($$SELECT time_key, pings, online_seconds::int FROM driver_hour ORDER BY hour_start$$),
  E'("2025-03-10 11:00:00",2,60)\n("2025-03-10 12:00:00",8,660)', 'a ping''s seconds belong to its hour');
SELECT is((pg_temp.load('qe a', 'pings', pg_temp.ping('D2', 10, 72.80, '2025-03-10 12:01+05:30'))->>'duplicates')::int, 1, 'of two pings at one moment the first counts');
SELECT is((pg_temp.load('qe a', 'pings', pg_temp.ping('D2', 0, 0, '2025-03-10 12:01+05:30'), pg_temp.ping('D2', 1, 1, (now() + interval '3 days')::text))->>'rejected')::int, 2, 'no fix, and a clock in the future');
SELECT is(pg_temp.rows_of($$SELECT ordinal, sqlstate, column_name FROM contract_parse((SELECT contract FROM feed WHERE feed_name = 'pings'), 'Asia/Kolkata', ARRAY[
    '{"driver_id": "d1", "latitude": 91, "longitude": 10, "timestamp": "2025-03-11T12:00:00Z"}', '{"driver_id": "d1", "latitude": 9, "longitude": 190, "timestamp": "2025-03-11T12:00:00Z"}',
    '{"driver_id": "d1", "latitude": "NaN", "longitude": 10, "timestamp": "2025-03-11T12:00:00Z"}', '{"driver_id": "d1", "latitude": 9, "longitude": 10, "timestamp": 1741675200}']) WHERE sqlstate IS NOT NULL ORDER BY 1$$),
  E'(1,23514,latitude)\n(2,23514,longitude)\n(3,23502,latitude)', 'pings outside the earth are rejected');
-- Pings first, the delivery after them.
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'pings', pg_temp.ping('D3', 19.00, 72.80, '2025-03-14 12:10+05:30'), pg_temp.ping('D3', 19.01, 72.80, '2025-03-14 12:12+05:30'), pg_temp.ping('D3', 29.01, 72.80, '2025-03-14 12:13+05:30'))$$, 'pings of another driver, the last one far away within a minute');
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'orders', '{"order_id": "O8", "status": "DELIVERED", "order_time": "2025-03-14 12:00+05:30", "picked_up_at": "2025-03-14 12:10+05:30", "delivered_at": "2025-03-14 12:20+05:30", "driver_id": "D3", "distance_km": 9}')$$, 'the delivery');
SELECT is(pg_temp.rows_of($$SELECT distance_travelled, distance_source FROM delivery_fact WHERE order_id = 'O8'$$), '(1.112,GPS)', 'a jump of the receiver is no way');

-- Zones.
SELECT is((pg_temp.load('qe a', 'zones', '{"zone_name": "Fort", "city": "MUM", "shape": {"type": "Polygon", "coordinates": [[[72.7, 18.9], [72.9, 18.9], [72.9, 19.05], [72.7, 19.05], [72.7, 18.9]]]}}',
  '{"zone_name": "Pin", "city": "MUM", "shape": {"type": "Point", "coordinates": [72.7, 18.9]}}')->>'rejected')::int, 1, 'a zone is an area');
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'pings', pg_temp.ping('D4', 19.00, 72.80, '2025-03-15 12:10+05:30', 'AVAILABLE'), pg_temp.ping('D5', 19.06, 72.80, '2025-03-15 12:10+05:30', 'AVAILABLE'))$$, 'pings inside and outside');
SELECT is(pg_temp.rows_of($$SELECT driver_id, zone_id FROM driver_position WHERE driver_id IN ('D4', 'D5') ORDER BY 1$$), E'(D4,MUM/Fort)\n(D5,)', 'know their zone');

-- A feed's parameters.
SELECT is(starhouse.feed_parameters('{"month": {"pattern": "\\d{4}-\\d{2}"}, "shop": {"default": "all"}}', '{"month": "2025-01"}'), '{"month": "2025-01", "shop": "all"}', 'given, or the default');
SELECT throws_ok($$SELECT starhouse.feed_parameters('{"month": {}}', '{}')$$, '22023', 'parameter "month" is missing', 'one without a default is required');
SELECT throws_ok($$SELECT starhouse.feed_parameters('{"month": {"pattern": "\\d{4}-\\d{2}"}}', '{"month": "2025-01-01"}')$$, '22023', 'parameter "month" cannot be "2025-01-01"', 'the whole value has to fit');
SELECT throws_ok($$SELECT starhouse.feed_parameters('{}', '{"moon": "full"}')$$, '22023', 'the feed has no parameter "moon"', 'an unknown one is refused');
SELECT throws_ok($$SELECT starhouse.feed_parameters('{"feed": {}}', NULL)$$, '22023', 'a parameter cannot be called "feed"', 'a placeholder''s name is taken');
SELECT throws_ok($$SELECT starhouse.feed_parameters('{"a": {"type": "date"}}', NULL)$$, '22023', NULL, 'a declaration holds what it may');
SELECT throws_ok($$SELECT starhouse.feed_parameters('{"a": {"pattern": "("}}', NULL)$$, '2201B', NULL, 'and a pattern that is one');
SELECT throws_ok($$SELECT * FROM starhouse.load_open('qe a', 'doordash', 'x', 'f1', 1, NULL)$$, '22023', 'parameter "month" is missing', 'a load without its parameter is refused');
SELECT lives_ok($$SELECT * FROM starhouse.load_open('qe a', 'zones', 'x', 'f2', 1, NULL, '{"city": "X''Y"}')$$, 'a load with a parameter');
SELECT is((SELECT parameters FROM load_source WHERE fingerprint = 'f2'), '{"city": "X''Y"}', 'a source remembers them');
SELECT is(starhouse.batch_sql('SELECT {city}, {city}, {batch_id}', 7, 'f', 'UTC', '{"city": "X''Y"}'), 'SELECT ''X''''Y'', ''X''''Y'', 7', 'and a step sees them as literals');

-- Feedback, before and after its order.
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'feedback', '{"feedback_id": "F1", "order_id": "O9", "feedback_score": 2, "complaints": 1, "complaint_type": "cold", "response_time": 15, "event_time": "2025-03-16 13:00+05:30"}',
  '{"feedback_id": "F2", "order_id": "O1", "feedback_score": 5, "complaints": 0, "event_time": "2025-03-10 14:00+05:30"}')$$, 'feedback');
SELECT is(pg_temp.rows_of('SELECT feedback_id, city_key, restaurant_key, customer_key, driver_key FROM customer_feedback_fact ORDER BY 1'), E'(F1,?,?,?,?)\n(F2,MUM,R1,C1,D2)', 'takes what it does not say from the order');
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'orders', pg_temp.event('O9', 'PLACED', '2025-03-16 12:00+05:30', '{"city": "PUN", "customer_id": "C9", "restaurant_id": "R9", "driver_id": "D9"}'))$$, 'the order follows');
SELECT is(pg_temp.rows_of($$SELECT city_key, restaurant_key, customer_key, driver_key FROM customer_feedback_fact WHERE feedback_id = 'F1'$$), '(PUN,R9,C9,D9)', 'and the feedback learns of it');
SELECT is_empty($$SELECT * FROM check_integrity('qe a')$$, 'keys and versions are sound');

-- App events.
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'app_events',
  '{"event_id": "E1", "customer_id": "C1", "city": "MUM", "device_type": "iOS", "event_type": "search", "search_history": ["  Biryani ", {"query": "Pizza"}, {"other": 1}, 7, ""], "event_time": "2025-03-10 11:50+05:30"}',
  '{"customer_id": "C1", "search_history": "Dosa", "feedback_score": 4, "order_id": "O1", "event_time": "2025-03-10 14:50+05:30"}',
  '{"customer_id": "C1", "search_history": null, "event_time": "2025-03-10 15:50+05:30"}')$$, 'app events');
SELECT is(pg_temp.rows_of('SELECT search_history, device_type, customer_key FROM app_event_fact ORDER BY event_time'), E'("[""biryani"", ""pizza""]",iOS,C1)\n("[""dosa""]",,C1)\n([],,C1)', 'search histories have one form');
SELECT is(pg_temp.rows_of($$SELECT channel, feedback_score, restaurant_key FROM customer_feedback_fact WHERE channel = 'App'$$), '(App,4,R1)', 'a score given in the app is feedback');
SELECT is((pg_temp.load('qe a', 'app_events', '{"event_id": "E1", "customer_id": "C1", "search_history": [], "event_time": "2025-03-10 11:50+05:30"}', '{"event_id": "E5", "search_history": {"a": 1}, "event_time": "2025-03-10 11:50+05:30"}') - 'steps'),
  '{"read": 2, "loaded": 0, "rejected": 1, "duplicates": 1, "rejected_by_steps": 1}', 'a known event is a duplicate, an object is no history');

-- Histories.
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'restaurants',
  '{"restaurant_id": "R1", "restaurant_name": "Roma", "cuisine_type": "Italian", "city": "MUM", "avg_rating": 4.1, "effective_at": "2025-01-01 00:00+05:30"}',
  '{"restaurant_id": "R1", "restaurant_name": "Roma", "cuisine_type": "Pizza", "city": "MUM", "avg_rating": 4.3, "effective_at": "2025-03-10 15:00+05:30"}')$$, 'the restaurant''s rows come after its orders');
SELECT is(pg_temp.rows_of($$SELECT o.order_id, h.cuisine_type, h.avg_rating, o.city_key FROM orders_fact o JOIN restaurant_history h USING (restaurant_version) WHERE o.restaurant_key = 'R1' ORDER BY 1$$),
  E'(O1,Italian,4.3,MUM)\n(O2,Pizza,4.3,MUM)', 'each order has the cuisine of its day and the rating of now; one without a city is in its restaurant''s');
SELECT is(pg_temp.rows_of($$SELECT city_key FROM delivery_fact WHERE order_id = 'O2'$$), '(MUM)', 'and so is its delivery');
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'drivers', '{"driver_id": "D2", "driver_name": "Ravi", "experience_level": "Junior", "city": "MUM", "effective_at": "2025-01-01 00:00+05:30"}',
  '{"driver_id": "D2", "driver_name": "Ravi", "experience_level": "Senior", "city": "MUM", "effective_at": "2025-03-10 10:00+05:30"}')$$, 'a driver''s experience');
SELECT is(pg_temp.rows_of($$SELECT h.experience_level, h.name FROM delivery_fact JOIN driver_history h USING (driver_version) WHERE order_id = 'O1'$$), '(Senior,Ravi)', 'is that of the delivery');
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'customers', '{"customer_id": "C1", "customer_name": "Asha", "city": "MUM", "device_type": "iOS", "effective_at": "2025-03-10 13:00+05:30"}',
  '{"customer_id": "C1", "device_type": "Android", "effective_at": "2025-03-10 14:30+05:30"}')$$, 'a customer changes the device');
SELECT is(pg_temp.rows_of($$SELECT o.order_id, h.device_type FROM orders_fact o JOIN customer_history h USING (customer_version) WHERE o.customer_key = 'C1' ORDER BY 1$$), E'(O1,iOS)\n(O2,Android)', 'as it was at each order; the first version also holds before it begins');
SELECT lives_ok($$SELECT pg_temp.load('qe a', 'cities', '{"city_id": "MUM", "city_name": "Mumbai", "region": "West", "traffic_index": 1.4}')$$, 'the city''s own row');
SELECT is(pg_temp.rows_of($$SELECT city_name, is_inferred FROM city_dim WHERE city_id = 'MUM'$$), '(Mumbai,f)', 'completes the member');
SELECT is_empty($$SELECT * FROM check_integrity('qe a')$$, 'all is sound');

-- Rows that tell only some of it: what another row told stays, in one batch (out of order, too) as in several, and a late row tells what nobody did.
CREATE FUNCTION pg_temp.each(warehouse name, feed text, VARIADIC records text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  r text;
BEGIN
  FOREACH r IN ARRAY records LOOP PERFORM pg_temp.load(warehouse, feed, r); END LOOP;
END $$;
CREATE TEMP TABLE partial (feed text, of text, records text[], expected text);
INSERT INTO partial VALUES
  ('customers', 'SELECT name, gender, city, device_type, signup_date FROM customer_history WHERE customer_id = ''%s'' ORDER BY valid_from', ARRAY[
    '{"customer_id": "%s", "customer_name": "Asha", "city": "PUN", "device_type": "iOS", "signup_date": "2024-12-01", "effective_at": "2025-01-01 00:00+05:30"}',
    '{"customer_id": "%s", "device_type": "Web", "gender": "Female", "effective_at": "2025-02-01 00:00+05:30"}',
    '{"customer_id": "%s", "city": "GOA", "effective_at": "2025-03-01 00:00+05:30"}', '{"customer_id": "%s", "effective_at": "2025-04-01 00:00+05:30"}'],
    E'(Asha,Female,PUN,iOS,2024-12-01)\n(Asha,Female,PUN,Web,2024-12-01)\n(Asha,Female,GOA,Web,2024-12-01)'),
  ('restaurants', 'SELECT name, cuisine_type, city, avg_rating, latitude FROM restaurant_history WHERE restaurant_id = ''%s'' ORDER BY valid_from', ARRAY[
    '{"restaurant_id": "%s", "restaurant_name": "Roma", "cuisine_type": "Italian", "city": "PUN", "latitude": 18.5, "effective_at": "2025-01-01 00:00+05:30"}',
    '{"restaurant_id": "%s", "cuisine_type": "Pizza", "effective_at": "2025-02-01 00:00+05:30"}', '{"restaurant_id": "%s", "avg_rating": 4.5, "effective_at": "2025-03-01 00:00+05:30"}'],
    E'(Roma,Italian,PUN,4.5,18.5)\n(Roma,Pizza,PUN,4.5,18.5)'),
  ('drivers', 'SELECT name, vehicle_type, city, join_date, experience_level FROM driver_history WHERE driver_id = ''%s'' ORDER BY valid_from', ARRAY[
    '{"driver_id": "%s", "driver_name": "Ravi", "vehicle_type": "Scooter", "city": "PUN", "effective_at": "2025-01-01 00:00+05:30"}',
    '{"driver_id": "%s", "join_date": "2024-05-05", "experience_level": "Senior", "effective_at": "2025-02-01 00:00+05:30"}', '{"driver_id": "%s", "vehicle_type": "Car", "effective_at": "2025-03-01 00:00+05:30"}'],
    E'(Ravi,Scooter,PUN,2024-05-05,)\n(Ravi,Scooter,PUN,2024-05-05,Senior)\n(Ravi,Car,PUN,2024-05-05,Senior)'),
  ('cities', 'SELECT city_name, region, population, traffic_index, latitude FROM city_dim WHERE city_id = ''%s''', ARRAY[
    '{"city_id": "%s", "city_name": "Nasik", "region": "West", "population": 5}', '{"city_id": "%s", "traffic_index": 1.5, "city_name": "Nashik"}', '{"city_id": "%s", "latitude": 20}'],
    '(Nashik,West,5,1.5,20)'),
  ('zones', 'SELECT city_id, zone_name, shape->>''type'' FROM delivery_zone WHERE zone_id = ''%s''', ARRAY[
    '{"id": "%s", "zone_name": "Fort", "city": "PUN", "shape": {"type": "Polygon", "coordinates": [[[1, 1], [2, 1], [2, 2], [1, 1]]]}}',
    '{"id": "%s", "zone_name": "Old fort", "shape": {"type": "Polygon", "coordinates": [[[1, 1], [2, 1], [2, 2], [1, 1]]]}}'], '(PUN,"Old fort",Polygon)');
DO $$
DECLARE
  p record;
BEGIN
  FOR p IN SELECT * FROM partial LOOP
    EXECUTE format('SELECT pg_temp.load(''qe a'', %L, VARIADIC %L)', p.feed, ARRAY(SELECT replace(r, '%s', 'PART1') FROM unnest(p.records) r));
    EXECUTE format('SELECT pg_temp.each(''qe a'', %L, VARIADIC %L)', p.feed, ARRAY(SELECT replace(r, '%s', 'PART2') FROM unnest(p.records) r));
    -- Backwards: of histories alone, whose rows have their times.
    EXECUTE format('SELECT pg_temp.load(''qe a'', %L, VARIADIC %L)', p.feed, ARRAY(SELECT replace(r, '%s', 'PART3') FROM unnest(p.records) WITH ORDINALITY r(r, n) ORDER BY n DESC));
  END LOOP;
END $$;
SELECT is(pg_temp.rows_of(replace(of, '%s', 'PART1')), expected, feed || ': no row blanks what another one of the batch told') FROM partial;
SELECT is(pg_temp.rows_of(replace(of, '%s', 'PART2')), expected, feed || ': nor what another batch told') FROM partial;
SELECT is(pg_temp.rows_of(replace(of, '%s', 'PART3')), expected, feed || ': in whatever order they stand') FROM partial WHERE feed IN ('customers', 'restaurants', 'drivers');
SELECT pg_temp.load('qe a', 'customers', '{"customer_id": "PART1", "city": "PUN", "device_type": "Web", "effective_at": "2025-05-01 00:00+05:30"}'),
       pg_temp.load('qe a', 'customers', '{"customer_id": "PART4", "city": "PUN", "device_type": "Web", "effective_at": "2025-05-01 00:00+05:30"}'),
       pg_temp.load('qe a', 'customers', '{"customer_id": "PART4", "customer_name": "Late", "city": "GOA", "device_type": "Web", "effective_at": "2025-02-01 00:00+05:30"}',
                    '{"customer_id": "PART4", "customer_name": "Later", "city": "GOA", "device_type": "Web", "effective_at": "2025-03-01 00:00+05:30"}',
                    '{"customer_id": "PART1", "customer_name": "Nobody", "city": "PUN", "device_type": "iOS", "effective_at": "2024-12-15 00:00+05:30"}') \g /dev/null
SELECT is(pg_temp.rows_of('SELECT customer_id, name, city FROM customer_history WHERE customer_id = ''PART4'' ORDER BY valid_from'), E'(PART4,Later,GOA)\n(PART4,Later,PUN)', 'a late row tells what nobody told since');
SELECT is(pg_temp.rows_of('SELECT DISTINCT name FROM customer_history WHERE customer_id = ''PART1'''), '(Asha)', 'and takes nothing back that was told after it');
SELECT is_empty($$SELECT * FROM check_integrity('qe a')$$, 'all is still sound');

-- The law: facts do not depend on the order and batching of events. 60 orders with events, payments,
-- pings and feedback, drawn by hash; once in the order of time, once shuffled into batches of seven.
CREATE TEMP TABLE message AS
SELECT row_number() OVER (ORDER BY kind, n, part) AS id, kind, record, at
FROM (
  SELECT 'orders' AS kind, n, s.i AS part, t.at,
         pg_temp.event('L' || n, s.status, t.at::text, CASE WHEN hashtext('x' || n || s.i) % 3 = 0 THEN '{}' ELSE
           jsonb_strip_nulls(jsonb_build_object('order_time', CASE WHEN hashtext('o' || n || s.i) % 2 = 0 THEN o.placed END, 'city', CASE WHEN n % 5 > 0 THEN 'Z' || n % 3 END,
             'restaurant_id', 'R' || n % 4, 'customer_id', 'C' || n % 9, 'driver_id', 'D' || (n + s.i) % 6, 'total_amount', 100 + n + s.i, 'promised_minutes', 30 + s.i,
             'eta_minutes', 30 + hashtext('e' || n || s.i) % 10, 'traffic_level', CASE WHEN n % 2 = 0 THEN 'High' END)) END) AS record
  FROM generate_series(1, 60) n
  CROSS JOIN LATERAL (SELECT timestamptz '2025-04-01 06:00Z' + n * interval '7 hours' AS placed) o
  CROSS JOIN LATERAL (VALUES (0, 'PLACED'), (1, 'ACCEPTED'), (2, 'ASSIGNED'), (3, 'PREPARED'), (4, 'PICKED_UP'), (5, CASE WHEN n % 8 = 0 THEN 'CANCELLED' ELSE 'DELIVERED' END)) AS s(i, status)
  CROSS JOIN LATERAL (SELECT o.placed + s.i * interval '8 minutes' + (hashtext('t' || n || s.i) % 4) * interval '1 minute' AS at) t
  WHERE hashtext('m' || n || s.i) % 10 <> 0
  UNION ALL  -- orders that keep their driver busy over midnight (18:30Z), together with others of the next day, and over a whole day
  SELECT 'orders', 100 + n, s.i, t.at, pg_temp.event('N' || n, s.status, t.at::text, jsonb_build_object('order_time', o.placed, 'driver_id', 'D' || n % 3, 'customer_id', 'C' || n % 7, 'city', 'Z' || n % 3,
         'traffic_level', CASE WHEN n % 3 = 0 THEN 'Jam' ELSE 'Low' END, 'weather', CASE WHEN n % 2 = 0 THEN 'Rain' ELSE 'Clear' END, 'payment_mode', CASE WHEN n % 4 < 2 THEN 'Cash' ELSE 'Card' END))
  FROM generate_series(1, 48) n
  CROSS JOIN LATERAL (SELECT timestamptz '2025-04-02 18:08Z' + n / 6 * interval '1 day' + n % 6 * interval '9 minutes' AS placed) o
  CROSS JOIN LATERAL (VALUES (0, 'PLACED', 0), (1, 'ACCEPTED', 2), (2, 'ASSIGNED', 3), (3, 'PREPARED', 8 + n % 5), (4, 'PICKED_UP', 15), (5, 'DELIVERED', 25 + n % 11 + CASE n WHEN 20 THEN 2000 ELSE 0 END)) AS s(i, status, minutes)
  CROSS JOIN LATERAL (SELECT o.placed + s.minutes * interval '1 minute' AS at) t
  UNION ALL
  SELECT 'app_events', n, 1, o.at, jsonb_build_object('event_id', 'A' || n, 'customer_id', CASE WHEN n % 5 > 0 THEN 'C' || n % 13 END, 'search_history', CASE n % 4 WHEN 0 THEN '["x", "y", "x"]' WHEN 1 THEN '["y"]' WHEN 2 THEN '[]' ELSE '["x", "z"]' END::jsonb, 'event_time', o.at)::text
  FROM generate_series(1, 60) n CROSS JOIN LATERAL (SELECT timestamptz '2025-03-29 09:00Z' + n * interval '9 hours' AS at) o
  UNION ALL
  SELECT 'payments', n, k, o.at, pg_temp.payment('P' || n || '/' || k, 'L' || n, 100, hashtext('p' || n || k) % 3 <> 0, o.at::text, jsonb_build_object('transaction_type', CASE WHEN k = 3 THEN 'Refund' ELSE 'Payment' END,
         'payment_mode', CASE WHEN n % 3 = 0 THEN 'Card' ELSE 'Cash' END, 'failure_reason', (ARRAY['limit', 'network', NULL])[1 + n % 3]))
  FROM generate_series(1, 66) n CROSS JOIN generate_series(1, 3) k  -- of the last orders nothing else is told
  CROSS JOIN LATERAL (SELECT timestamptz '2025-04-01 06:00Z' + n * interval '7 hours' + k * interval '1 minute' AS at) o WHERE hashtext('q' || n || k) % 2 = 0
  UNION ALL
  SELECT 'pings', d, k, o.at, pg_temp.ping('D' || d, 19 + (hashtext('a' || d || k) % 1000) / 1e5, 72.8 + (hashtext('b' || d || k) % 1000) / 1e5, o.at::text, CASE WHEN k % 3 = 0 THEN 'AVAILABLE' ELSE 'BUSY' END)
  FROM generate_series(0, 5) d CROSS JOIN generate_series(1, 600) k
  CROSS JOIN LATERAL (SELECT timestamptz '2025-04-01 12:00Z' + k * interval '4 minutes' + d * interval '3 seconds' AS at) o
  UNION ALL
  SELECT 'feedback', n, 1, o.at, jsonb_build_object('feedback_id', 'F' || n, 'order_id', 'L' || n, 'feedback_score', 1 + abs(hashtext('f' || n)) % 5, 'complaints', 0, 'event_time', o.at)::text
  FROM generate_series(1, 60, 4) n CROSS JOIN LATERAL (SELECT timestamptz '2025-04-01 09:00Z' + n * interval '7 hours' AS at) o
  UNION ALL
  SELECT 'restaurants', r, k, timestamptz '2025-04-01Z' + k * interval '6 days', jsonb_build_object('restaurant_id', 'R' || r, 'city', 'Z' || (r + k) % 3, 'cuisine_type', 'K' || k, 'effective_at', timestamptz '2025-04-01Z' + k * interval '6 days')::text
  FROM generate_series(0, 3) r CROSS JOIN generate_series(0, 2) k) m;
CREATE FUNCTION pg_temp.load_all(warehouse name, seed text, size integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  batch record;
BEGIN
  FOR batch IN
    SELECT kind, array_agg(record ORDER BY place) AS records, min(place) AS place
    FROM (SELECT kind, record, place, (row_number() OVER (PARTITION BY kind ORDER BY place) - 1) / size AS batch_no
          FROM (SELECT kind, record, row_number() OVER (ORDER BY CASE WHEN seed = '' THEN lpad(extract(epoch FROM at)::text, 30, '0') ELSE md5(seed || id) END, id) AS place FROM pg_temp.message) p) b
    GROUP BY kind, batch_no ORDER BY min(place) LOOP
    PERFORM pg_temp.load(warehouse, batch.kind, VARIADIC batch.records);
  END LOOP;
END $$;
CREATE FUNCTION pg_temp.digest(warehouse name) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN pg_temp.rows_of(format($sql$
    SELECT 'orders', count(*), md5(string_agg((to_jsonb(o) - 'batch_id' - 'restaurant_version' - 'customer_version' - 'driver_version' || jsonb_build_object('c', h.cuisine_type))::text, ',' ORDER BY o.order_id))
      FROM %1$I.orders_fact o JOIN %1$I.restaurant_history h USING (restaurant_version)
    UNION ALL SELECT 'deliveries', count(*), md5(string_agg((to_jsonb(d) - 'batch_id' - 'driver_version')::text, ',' ORDER BY d.order_id)) FROM %1$I.delivery_fact d
    UNION ALL SELECT 'payments', count(*), md5(string_agg((to_jsonb(p) - 'batch_id')::text, ',' ORDER BY p.transaction_id)) FROM %1$I.payment_fact p
    UNION ALL SELECT 'feedback', count(*), md5(string_agg((to_jsonb(f) - 'batch_id' - 'restaurant_version' - 'customer_version' - 'driver_version')::text, ',' ORDER BY f.feedback_id)) FROM %1$I.customer_feedback_fact f
    UNION ALL SELECT 'hours', count(*), md5(string_agg(to_jsonb(h)::text, ',' ORDER BY h.driver_id, h.hour_start)) FROM %1$I.driver_hour h
    UNION ALL SELECT 'positions', count(*), md5(string_agg(to_jsonb(p)::text, ',' ORDER BY p.driver_id)) FROM %1$I.driver_position p$sql$, warehouse));
END $$;
SELECT lives_ok(format($$SELECT starhouse.create_warehouse('quickeats', %L, 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31', foreign_keys => 'none')$$, w), 'warehouse ' || w)
FROM (VALUES ('law time'), ('law shuffled'), ('law once')) v(w);
SELECT lives_ok($$SELECT pg_temp.load_all('law time', '', 40)$$, 'in the order of time');
SELECT lives_ok($$SELECT pg_temp.load_all('law shuffled', 'seed', 7)$$, 'shuffled, in batches of seven');
SELECT lives_ok($$SELECT pg_temp.load_all('law once', 'other', 100000)$$, 'shuffled otherwise, a batch a feed');
SELECT is((SELECT count(*) FROM "law time".orders_fact), 108::bigint, 'all orders');
SELECT cmp_ok((SELECT count(*) FROM "law time".delivery_fact WHERE distance_source = 'GPS'), '>', 2::bigint, 'some of them with pings');
SELECT is(pg_temp.digest('law shuffled'), pg_temp.digest('law time'), 'the same facts');
SELECT is(pg_temp.digest('law once'), pg_temp.digest('law time'), 'and again');
SELECT is_empty($$SELECT * FROM starhouse.check_integrity('law shuffled')$$, 'sound');

-- The days summed up by the feeds, and the reports that read them, beside the facts themselves: after the shuffled batches, in which
-- nearly every row came late, and after corrections.
CREATE FUNCTION pg_temp.same(one text, other text, what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  n bigint;
  m bigint;
BEGIN
  EXECUTE format('WITH a AS MATERIALIZED (%s), b AS MATERIALIZED (%s)
                  SELECT count(*), (SELECT count(*) FROM b) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) d', one, other) INTO n, m;
  RETURN is(n, 0::bigint, what) || CASE m WHEN 0 THEN E'\n' || fail(what || ': nothing to compare') ELSE '' END;
END $$;
SET LOCAL search_path = 'law time', starhouse, public;
\ir ../data/quickeats_from_facts.sql
-- The totals are what the tables by day add up to, of the days of total_day: also where such a day is open and these sums are of before.
CREATE FUNCTION pg_temp.total_tests(what text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN pg_temp.same('SELECT restaurant_key, all_orders, orders, revenue, refunded, cancelled, scored, score FROM restaurant_total', $q$
      SELECT restaurant_key, sum(all_orders), sum(orders), sum(revenue), sum(refunded), sum(cancelled), sum(scored), sum(score)
      FROM (SELECT day, restaurant_key, all_orders, orders, revenue, refunded, cancelled, 0 AS scored, 0 AS score FROM restaurant_day
            UNION ALL SELECT day, restaurant_key, 0, 0, 0, 0, 0, scored, score FROM restaurant_score_day) d JOIN total_day USING (day) GROUP BY 1$q$, what || ': total of restaurants')
    || E'\n' || pg_temp.same('SELECT driver_key, deliveries, days, timed, minutes, promised, on_time, measured, distance, scored, score FROM driver_total', $q$
      SELECT driver_key, sum(deliveries), count(DISTINCT driven), sum(timed), coalesce(sum(minutes), 0), sum(promised), sum(on_time), sum(measured), coalesce(sum(distance), 0), sum(scored), sum(score)
      FROM (SELECT day, day AS driven, driver_key, deliveries, timed, minutes, promised, on_time, measured, distance, 0 AS scored, 0 AS score FROM driver_day
            UNION ALL SELECT day, NULL, driver_key, 0, 0, 0, 0, 0, 0, 0, scored, score FROM driver_score_day) d JOIN total_day USING (day) GROUP BY 1$q$, what || ': total of drivers')
    || E'\n' || pg_temp.same('SELECT driver_key, deliveries, untimed_orders, busy_days, order_seconds, busy_seconds, twice_seconds, online_days, online_seconds FROM driver_use', $q$
      SELECT driver_key, sum(d.deliveries), sum(untimed), sum(busy), extract(epoch FROM sum(order_time)), extract(epoch FROM sum(busy_time)),
             extract(epoch FROM sum(busy_time)) - coalesce((SELECT extract(epoch FROM sum(upper(x) - lower(x))) FROM (SELECT range_agg(y) AS spans FROM driver_spans s JOIN total_day USING (day) CROSS JOIN LATERAL unnest(s.spans) y WHERE s.driver_key = d.driver_key) m CROSS JOIN LATERAL unnest(m.spans) x), 0),
             sum(online), sum(seconds)
      FROM (SELECT day, driver_key, deliveries, untimed_orders AS untimed, 1 AS busy, order_time, busy_time, 0 AS online, 0 AS seconds FROM driver_busy
            UNION ALL SELECT day, driver_key, 0, 0, 0, '0', '0', 1, online_seconds FROM driver_online) d JOIN total_day USING (day) GROUP BY 1$q$, what || ': use of drivers')
    || E'\n' || pg_temp.same('SELECT month_start, city_key, minutes, up_to FROM minutes_month', $q$
      SELECT month_start, city_key, array_agg(delivery_time ORDER BY delivery_time), array_agg(up_to ORDER BY delivery_time)
      FROM (SELECT date_trunc('month', day)::date AS month_start, city_key, delivery_time, (sum(sum(deliveries)) OVER (PARTITION BY date_trunc('month', day), city_key ORDER BY delivery_time))::bigint AS up_to
            FROM delivery_minutes JOIN total_day USING (day) GROUP BY date_trunc('month', day), city_key, delivery_time) m GROUP BY 1, 2$q$, what || ': minutes of months');
END $$;
CREATE FUNCTION pg_temp.summary_tests(what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  t text;
  days text := format('generate_series(%L::date, %L, %L) g', (SELECT least((SELECT min(time_key) FROM orders_fact), (SELECT min(time_key) FROM app_event_fact), (SELECT min(time_key) FROM driver_hour))::date),
                      (SELECT greatest((SELECT max(time_key) FROM orders_fact), (SELECT max(time_key) FROM app_event_fact), (SELECT max(time_key) FROM driver_hour))::date), '1 day');
  columns text;
BEGIN
  FOREACH t IN ARRAY ARRAY['order_hour', 'restaurant_day', 'driver_day', 'delivery_minutes', 'driver_busy', 'driver_online', 'delay_cell', 'customer_day', 'city_day', 'restaurant_score_day', 'driver_score_day'] LOOP
    columns := CASE t WHEN 'driver_busy' THEN 'f.day, f.driver_key, f.deliveries, f.untimed_orders, f.order_time, f.busy_time, f.first_start, f.last_end, f.reaches_out' ELSE 'f.*' END;
    RETURN NEXT pg_temp.same(format('SELECT * FROM kpi_%s()', t), format('SELECT %s FROM %s CROSS JOIN LATERAL kpi_%s_of(g::date) f', columns, days, t), what || ': ' || t || ' is what the facts add up to');
    RETURN NEXT pg_temp.same(format('SELECT * FROM kpi_%s(%L, %L)', t, '2025-04-02', '2025-04-09'),
                       format('SELECT %s FROM generate_series(%L::date, %L, %L) g CROSS JOIN LATERAL kpi_%s_of(g::date) f', columns, '2025-04-02', '2025-04-09', '1 day', t), what || ': ' || t || ' of some days');
  END LOOP;
  RETURN NEXT pg_temp.same('SELECT s.* FROM driver_spans s JOIN order_day USING (day)', 'SELECT f.* FROM order_day d CROSS JOIN LATERAL (SELECT b.day, b.driver_key, b.spans FROM kpi_driver_busy_of(d.day) b WHERE b.spans IS NOT NULL) f', what || ': driver_spans is what the facts add up to');
  RETURN NEXT pg_temp.same('SELECT * FROM kpi_driver_supply()', $q$
    SELECT h.time_key, d.city, count(*) FILTER (WHERE h.available_pings > 0) FROM driver_hour h JOIN driver_dim d ON d.driver_id = h.driver_id WHERE d.city IS NOT NULL GROUP BY 1, 2$q$,
    what || ': drivers available by hour and city');
  -- The second file of sums: those that are kept, and the reports, which read open days beside them.
  RETURN NEXT pg_temp.same('SELECT s.* FROM order_mode_day s JOIN order_day USING (day)', $q$
    SELECT d.day, h.city_key, h.payment_mode, sum(h.orders)::bigint, sum(h.untimed_orders)::bigint, sum(h.conflicting_orders)::bigint, sum(h.all_amount), sum(h.tried_orders)::bigint, sum(h.paid_orders)::bigint,
           sum(h.attempts)::bigint, sum(h.retried_orders)::bigint, sum(h.rescued_orders)::bigint, sum(h.charged_orders)::bigint, sum(h.refunded_orders)::bigint, sum(h.charged_amount), sum(h.refunded_amount),
           sum(h.restaurantless_orders)::bigint, sum(h.restaurantless_amount), sum(h.customerless_orders)::bigint, sum(h.customerless_amount), sum(h.driverless_orders)::bigint, sum(h.driverless_amount)
    FROM order_day d CROSS JOIN LATERAL kpi_order_hour_of(d.day) h GROUP BY 1, 2, 3$q$, what || ': order_mode_day is what the facts add up to');
  RETURN NEXT pg_temp.same('SELECT day, orders, untimed_orders, conflicting_orders FROM order_day WHERE orders > 0', $q$
    SELECT time_key::date, count(*), count(*) FILTER (WHERE order_time IS NULL), count(*) FILTER (WHERE time_conflict = 1) FROM orders_fact WHERE time_key::date IN (SELECT day FROM order_day) GROUP BY 1$q$, what || ': order_day');
  RETURN NEXT pg_temp.same('TABLE kpi_data_range', $q$
    SELECT min(time_key)::date, max(time_key)::date, max(time_key)::date - min(time_key)::date + 1, count(*), count(*) FILTER (WHERE order_time IS NULL), count(*) FILTER (WHERE time_conflict = 1) FROM orders_fact$q$, what || ': data range');
  RETURN NEXT pg_temp.same('SELECT s.* FROM order_clock_day s JOIN order_day USING (day)', $q$
    SELECT time_key::date, extract(hour FROM time_key)::smallint, city_key, count(*) FROM orders_fact WHERE time_key::date IN (SELECT day FROM order_day) GROUP BY 1, 2, 3$q$, what || ': order_clock_day');
  FOREACH t IN ARRAY ARRAY['payment_day', 'feedback_day'] LOOP
    RETURN NEXT pg_temp.same(format('SELECT s.* FROM %s s JOIN order_day USING (day)', t), format('SELECT f.* FROM order_day d CROSS JOIN LATERAL kpi_%s_of(d.day) f', t), what || ': ' || t || ' is what the facts add up to');
  END LOOP;
  RETURN NEXT pg_temp.same('SELECT s.day, n.search_term, s.searches FROM search_day s JOIN order_day USING (day) JOIN search_number n ON n.number = s.term', $q$
    SELECT time_key::date, e.term, count(*) FROM (SELECT DISTINCT time_key, event_id, jsonb_array_elements_text(search_history) AS term FROM app_event_fact) e
    WHERE time_key::date IN (SELECT day FROM order_day) GROUP BY 1, 2$q$, what || ': search_day');
  FOREACH t IN ARRAY ARRAY['true', 'time_key::date BETWEEN ''2025-04-03'' AND ''2025-04-10'''] LOOP
    columns := CASE t WHEN 'true' THEN '' ELSE '(''2025-04-03'', ''2025-04-10'')' END;
    RETURN NEXT pg_temp.same('SELECT * FROM kpi_payment_attempts' || columns, format($q$
      SELECT f.payment_mode, count(*), count(*) FILTER (WHERE f.success_flag = 0), round(100.0 * count(*) FILTER (WHERE f.success_flag = 0) / count(*), 2),
             mode() WITHIN GROUP (ORDER BY f.failure_reason), count(*) FILTER (WHERE NOT EXISTS (SELECT FROM orders_fact o WHERE o.order_id = f.order_id))
      FROM payment_fact f WHERE f.transaction_type = 'Payment' AND %s GROUP BY 1$q$, t), what || ': attempts' || columns);
    RETURN NEXT pg_temp.same(format('SELECT city_id, feedbacks, scored_feedbacks, average_score, complaints, feedbacks_with_complaint, answered_feedbacks, average_response_minutes FROM kpi_feedback_by_city%s', columns), format($q$
      SELECT city_key, count(*), count(feedback_score), round(avg(feedback_score), 2), sum(complaints), count(*) FILTER (WHERE complaints > 0), count(response_time), round(avg(response_time), 2)
      FROM customer_feedback_fact WHERE %s GROUP BY 1$q$, t), what || ': feedback' || columns);
    RETURN NEXT pg_temp.same('SELECT search_term, searches, searchers FROM kpi_searches' || columns, format($q$
      SELECT e.term, count(*), count(DISTINCT nullif(customer_key, '?')) FROM (SELECT DISTINCT customer_key, event_id, jsonb_array_elements_text(search_history) AS term FROM app_event_fact WHERE %s) e GROUP BY 1$q$, t),
      what || ': searches' || columns);
    RETURN NEXT pg_temp.same('SELECT hour, orders FROM kpi_peak_windows' || CASE columns WHEN '' THEN '(of_city => ''Z1'')' ELSE replace(columns, ')', ', ''Z1'')') END || ' WHERE orders > 0',
      format('SELECT extract(hour FROM time_key)::integer, count(*) FROM orders_fact WHERE city_key = ''Z1'' AND %s GROUP BY 1', t), what || ': hours of a city' || columns);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['kpi_active_users', 'kpi_repeat_customers', 'kpi_driver_utilisation', 'kpi_delay_drivers'] LOOP
    RETURN NEXT pg_temp.same(format('SELECT * FROM %I', t), format('SELECT * FROM pg_temp.facts_%s()', t), what || ': ' || t);
    IF t <> 'kpi_active_users' THEN
      RETURN NEXT pg_temp.same(format('SELECT * FROM %I(%L, %L)', t, '2025-04-03', '2025-04-10'), format('SELECT * FROM pg_temp.facts_%s(%L, %L)', t, '2025-04-03', '2025-04-10'), what || ': ' || t || ' of some days');
    END IF;
  END LOOP;
  RETURN NEXT pg_temp.same('SELECT first_day, last_day, orders, untimed_orders, conflicting_orders FROM kpi_data_range', $q$
    SELECT min(time_key)::date, max(time_key)::date, count(*), count(*) FILTER (WHERE order_time IS NULL), count(*) FILTER (WHERE time_conflict = 1) FROM orders_fact$q$, what || ': range');
  RETURN NEXT pg_temp.same('SELECT dimension, unknown_orders, unknown_amount FROM kpi_unknown_members', $q$
    SELECT k, count(*) FILTER (WHERE v = '?'), coalesce(sum(total_amount) FILTER (WHERE v = '?'), 0) FROM orders_fact
    CROSS JOIN LATERAL (VALUES ('city', city_key), ('restaurant', restaurant_key), ('customer', customer_key), ('driver', driver_key)) AS m(k, v) GROUP BY k$q$, what || ': unknown members');
  RETURN NEXT pg_temp.same('SELECT city_id, deliveries, average_eta, average_delivery_time, average_delay, promised_deliveries, on_time_deliveries, conflicting_deliveries FROM kpi_on_time_by_city', $q$
    SELECT city_key, count(*), round(avg(avg_eta), 2), round(avg(delivery_time), 2), round(avg(delay_minutes), 2), count(on_time), coalesce(sum(on_time), 0), count(*) - count(delivery_time)
    FROM delivery_fact WHERE delivered_time IS NOT NULL GROUP BY 1$q$, what || ': on time');
  RETURN NEXT pg_temp.same('SELECT city_id, month_start, timed_deliveries, average_delivery_time, median_delivery_time, p90_delivery_time, average_distance_km, measured_deliveries FROM kpi_delivery_time_by_city_month', $q$
    SELECT city_key, date_trunc('month', time_key)::date, count(delivery_time), round(avg(delivery_time), 2), percentile_disc(0.5) WITHIN GROUP (ORDER BY delivery_time),
           percentile_disc(0.9) WITHIN GROUP (ORDER BY delivery_time), round(avg(distance_travelled), 2), count(distance_travelled)
    FROM delivery_fact WHERE delivered_time IS NOT NULL GROUP BY 1, 2$q$, what || ': delivery time');
  RETURN NEXT pg_temp.same('SELECT * FROM kpi_order_outcomes', $q$
    SELECT date_trunc('month', time_key)::date, count(*), count(*) FILTER (WHERE status = 'DELIVERED'), count(*) FILTER (WHERE status = 'CANCELLED'),
           count(*) FILTER (WHERE status NOT IN ('DELIVERED', 'CANCELLED')),
           round(100.0 * count(*) FILTER (WHERE status = 'CANCELLED') / nullif(count(*) FILTER (WHERE status IN ('DELIVERED', 'CANCELLED')), 0), 2), count(*) FILTER (WHERE time_conflict = 1),
           round(avg(extract(epoch FROM prepared_time - accepted_time) / 60) FILTER (WHERE prepared_time >= accepted_time AND time_conflict = 0), 2),
           round(avg(extract(epoch FROM picked_up_time - prepared_time) / 60) FILTER (WHERE picked_up_time >= prepared_time AND time_conflict = 0), 2),
           round(avg(extract(epoch FROM delivered_time - picked_up_time) / 60) FILTER (WHERE time_conflict = 0), 2), round(avg(total_amount) FILTER (WHERE status <> 'CANCELLED'), 2)
    FROM orders_fact GROUP BY 1$q$, what || ': outcomes');
  RETURN NEXT pg_temp.same('SELECT city_id, payment_mode, orders, paid_orders, attempts, retried_orders, rescued_orders, unpaid_orders FROM kpi_payment_success', $q$
    SELECT city_key, coalesce(payment_mode, 'Unknown'), count(payment_success), coalesce(sum(payment_success), 0), sum(payment_attempts), count(*) FILTER (WHERE payment_attempts > 1),
           count(*) FILTER (WHERE payment_attempts > 1 AND payment_success = 1), count(*) FILTER (WHERE payment_success IS NULL) FROM orders_fact GROUP BY 1, 2$q$, what || ': payments');
  RETURN NEXT pg_temp.same('SELECT city_id, payment_mode, charged_orders, refunded_orders, charged_amount, refunded_amount FROM kpi_refund_rate', $q$
    SELECT city_key, coalesce(payment_mode, 'Unknown'), count(*), count(*) FILTER (WHERE refunded_amount > 0),
           coalesce(sum(CASE payment_success WHEN 1 THEN paid_amount ELSE total_amount END), 0), sum(refunded_amount)
    FROM orders_fact WHERE payment_success = 1 OR refunded_amount > 0 OR (payment_success IS NULL AND status = 'DELIVERED') GROUP BY 1, 2$q$, what || ': refunds');
  RETURN NEXT pg_temp.same('SELECT restaurant_id, orders, revenue, refunded_amount FROM kpi_top_restaurants', $q$
    SELECT restaurant_key, count(*) FILTER (WHERE status <> 'CANCELLED'), coalesce(sum(total_amount) FILTER (WHERE status <> 'CANCELLED'), 0), sum(refunded_amount) FROM orders_fact GROUP BY 1$q$, what || ': restaurants');
  -- The totals: what they hold of the days they count, and what the reports make of it with the other days, the marks among it.
  FOREACH t IN ARRAY ARRAY['', '''2025-04-03'', ''2025-04-10'''] LOOP
    columns := CASE t WHEN '' THEN 'true' ELSE 'time_key >= ''2025-04-03'' AND time_key < ''2025-04-11''' END;
    RETURN NEXT pg_temp.same(format('SELECT restaurant_id, revenue_rank, revenue_percent, cancelled_percent, average_score, scored_feedbacks FROM kpi_top_restaurants(%s)', t), format($q$
      SELECT o.restaurant_key, rank() OVER (ORDER BY coalesce(sum(o.total_amount) FILTER (WHERE o.status <> 'CANCELLED'), 0) DESC),
             round(100 * coalesce(sum(o.total_amount) FILTER (WHERE o.status <> 'CANCELLED'), 0) / sum(sum(o.total_amount) FILTER (WHERE o.status <> 'CANCELLED')) OVER (), 2), round(100.0 * count(*) FILTER (WHERE o.status = 'CANCELLED') / count(*), 2), (SELECT round(avg(f.feedback_score), 2) FROM customer_feedback_fact f WHERE f.restaurant_key = o.restaurant_key AND %1$s),
             (SELECT count(f.feedback_score) FROM customer_feedback_fact f WHERE f.restaurant_key = o.restaurant_key AND %1$s) FROM orders_fact o WHERE %1$s GROUP BY 1$q$, columns), what || ': marks of restaurants ' || t);
    RETURN NEXT pg_temp.same(format('SELECT driver_id, deliveries, active_days, deliveries_per_day, on_time_percent, distance_km, average_score FROM kpi_orders_per_driver(%s)', t), format($q$
      SELECT d.driver_key, count(*), count(DISTINCT d.time_key::date), round(count(*)::numeric / count(DISTINCT d.time_key::date), 2), round(100.0 * sum(d.on_time) / nullif(count(d.on_time), 0), 2), round(sum(d.distance_travelled), 2),
             (SELECT round(avg(f.feedback_score), 2) FROM customer_feedback_fact f WHERE f.driver_key = d.driver_key AND %1$s) FROM delivery_fact d WHERE delivered_time IS NOT NULL AND %1$s GROUP BY 1$q$, columns), what || ': marks of drivers ' || t);
    RETURN NEXT pg_temp.same(format('SELECT city_id, month_start, deliveries, median_delivery_time, p90_delivery_time FROM kpi_delivery_time_by_city_month(%s)', t), format($q$
      SELECT city_key, date_trunc('month', time_key)::date, count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY delivery_time), percentile_disc(0.9) WITHIN GROUP (ORDER BY delivery_time)
      FROM delivery_fact WHERE delivered_time IS NOT NULL AND %s GROUP BY 1, 2$q$, columns), what || ': minutes ' || t);
  END LOOP;
  RETURN NEXT pg_temp.total_tests(what);
  RETURN NEXT pg_temp.same('SELECT driver_id, deliveries, active_days, average_delivery_time, distance_km FROM kpi_orders_per_driver', $q$
    SELECT driver_key, count(*), count(DISTINCT time_key::date), round(avg(delivery_time), 2), round(sum(distance_travelled), 2) FROM delivery_fact WHERE delivered_time IS NOT NULL GROUP BY 1$q$, what || ': drivers');
  RETURN NEXT pg_temp.same('SELECT hour, orders FROM kpi_peak_windows WHERE orders > 0', 'SELECT extract(hour FROM time_key)::integer, count(*) FROM orders_fact GROUP BY 1', what || ': hours');
END $$;
SET LOCAL search_path = 'law time', starhouse, public;
UPDATE driver_history SET city = 'Z' || right(driver_id, 1)::integer % 3 WHERE driver_id ~ '^D[0-4]$';
SELECT cmp_ok((SELECT count(*) FROM order_day), '>', 8::bigint, 'most days are summed up');
SELECT pg_temp.summary_tests('in order');
SET LOCAL search_path = 'law shuffled', starhouse, public;
UPDATE driver_history SET city = 'Z' || right(driver_id, 1)::integer % 3 WHERE driver_id ~ '^D[0-4]$';
SELECT cmp_ok((SELECT count(*) FROM order_day), '>', 2::bigint, 'some are after shuffled batches');
SELECT sum_up_day('2025-04-06'), sum_up_day('2025-04-07') \g /dev/null
SELECT pg_temp.summary_tests('shuffled');
-- Corrections of days long summed up: another amount, another day, a payment, a way.
SELECT lives_ok($$SELECT pg_temp.load('law shuffled', 'orders', pg_temp.event('L9', 'DELIVERED', '2025-04-05 03:00Z', '{"total_amount": 9999, "city": "Z9", "promised_minutes": 5}'),
  pg_temp.event('L20', 'PLACED', '2025-04-02 01:00Z', '{"order_time": "2025-04-02T01:00:00Z"}'))$$, 'orders corrected');
SELECT is_empty($$SELECT day FROM order_day WHERE day IN (SELECT time_key::date FROM orders_fact WHERE order_id IN ('L9', 'L20'))$$, 'their days are open');
SELECT pg_temp.summary_tests('corrected');
SELECT lives_ok($$SELECT pg_temp.load('law shuffled', 'payments', pg_temp.payment('late', 'L30', 5, true, '2025-05-01 00:00Z', '{"payment_mode": "Card"}'))$$, 'a late payment');
SELECT lives_ok($$SELECT pg_temp.load('law shuffled', 'orders', pg_temp.event('new' || n, 'PLACED', ('2025-04-20 01:00Z'::timestamptz + n * interval '1 hour')::text)) FROM generate_series(1, 4) n$$, 'later batches');
SELECT pg_temp.summary_tests('summed up again');
SELECT pg_temp.load('law shuffled', 'app_events', '{"event_id": "late", "customer_id": "C77", "search_history": [], "event_time": "2025-04-03 09:00Z"}') \g /dev/null
SELECT is_empty($$SELECT day FROM order_day WHERE day = '2025-04-03'$$, 'a late app event opens its day');
SELECT sum_up_day('2025-04-06') \g /dev/null
SELECT pg_temp.load('law shuffled', 'feedback', '{"feedback_id": "late", "order_id": "L30", "complaints": 0, "feedback_score": 2, "event_time": "2025-04-06 09:00Z"}') \g /dev/null
SELECT is_empty($$SELECT day FROM order_day WHERE day = '2025-04-06'$$, 'and late feedback');
SELECT pg_temp.summary_tests('a customer without a number');
SELECT sum_up_days() \g /dev/null
SELECT pg_temp.load('law shuffled', 'pings', pg_temp.ping('D1', 19, 72.8, '2025-04-01 20:21:07Z', 'AVAILABLE'), pg_temp.ping('D9', 19, 72.8, '2025-03-20 20:21Z', 'AVAILABLE')) \g /dev/null
SELECT set_eq('SELECT * FROM kpi_open_days(NULL, NULL)', $$SELECT g::date FROM generate_series('2025-03-21'::date, '2025-03-28', '1 day') g UNION SELECT '2025-04-02'$$, 'late pings open their days, and a first day of pings alone those up to the others');
SELECT pg_temp.summary_tests('late pings');
UPDATE driver_history SET city = CASE driver_id WHEN 'D9' THEN 'Z1' WHEN 'D2' THEN NULL ELSE 'Z0' END WHERE driver_id IN ('D1', 'D2', 'D9');
SELECT pg_temp.summary_tests('drivers in other cities');
SELECT cmp_ok(sum_up_days(), '>', 0::bigint, 'the rest at once');
SELECT is_empty('SELECT * FROM kpi_open_days(NULL, NULL)', 'leaves no day open');
SELECT ok(kpi_totals_hold(), 'and the totals hold');
SELECT pg_temp.summary_tests('all summed up');
-- A warehouse's functions work on it, whatever the search_path is: another warehouse's, or none.
SELECT count(*) AS days FROM order_day \gset
DELETE FROM order_day;
CREATE TEMP TABLE law_time_days AS SELECT * FROM "law time".order_day;
SET LOCAL search_path = 'law time', starhouse, public;
SELECT cmp_ok("law shuffled".sum_up_days(), '>=', :days::bigint, 'days are summed up from beside another warehouse');
SELECT bag_eq('SELECT * FROM "law time".order_day', 'SELECT * FROM law_time_days', 'which has none of it');
SET LOCAL search_path = public;
DELETE FROM "law shuffled".order_day WHERE day = '2025-04-05';
SELECT cmp_ok("law shuffled".sum_up_day('2025-04-05'), '>', 0::bigint, 'without a warehouse in search_path');
SET LOCAL search_path = 'law shuffled', starhouse, public;
SELECT is_empty('SELECT * FROM kpi_open_days(NULL, NULL)', 'all are');
SELECT pg_temp.summary_tests('from elsewhere');
SELECT throws_ok('SELECT sum_up_days(NULL)', '42P01', NULL, 'no warehouse, no sums');
CREATE TEMP TABLE were_restaurants AS SELECT * FROM kpi_top_restaurants;
CREATE TEMP TABLE were_drivers AS SELECT * FROM kpi_orders_per_driver;
CREATE TEMP TABLE were_minutes AS SELECT * FROM kpi_delivery_time_by_city_month;
DELETE FROM order_day;
SELECT is(pg_temp.rows_of('TABLE kpi_active_users ORDER BY 1'), pg_temp.rows_of('SELECT * FROM pg_temp.facts_kpi_active_users() ORDER BY 1'), 'and none summed up gives the same users');
SELECT is(pg_temp.rows_of('SELECT * FROM kpi_driver_utilisation ORDER BY 1'), pg_temp.rows_of('SELECT * FROM pg_temp.facts_kpi_driver_utilisation() ORDER BY 1'), 'and drivers');
SELECT ok(NOT kpi_totals_hold(), 'the totals do not hold');
SELECT bag_eq('SELECT * FROM kpi_top_restaurants', 'SELECT * FROM were_restaurants', 'and restaurants, what the totals hold taken off');
SELECT bag_eq('SELECT * FROM kpi_orders_per_driver', 'SELECT * FROM were_drivers', 'and what drivers deliver');
SELECT bag_eq('SELECT * FROM kpi_delivery_time_by_city_month', 'SELECT * FROM were_minutes', 'and minutes');
SELECT pg_temp.total_tests('none summed up');
-- What the sums hold is a law: totals come and go, order by order, to the same.
SELECT count(*) AS days FROM (SELECT sum_up_day(d) FROM (SELECT o AS d FROM kpi_open_days(NULL, NULL) o ORDER BY hashtext(o::text)) x) y \g /dev/null
SELECT ok(kpi_totals_hold(), 'day by day, in no order');
SELECT pg_temp.summary_tests('day by day');
SELECT sum_up_day(d.day) FROM order_day d WHERE d.day BETWEEN '2025-04-02' AND '2025-04-06' \g /dev/null
SELECT pg_temp.total_tests('some days again');
-- A day whose facts are gone is taken off, though nothing is left of it to sum up.
SAVEPOINT gone;
DELETE FROM orders_fact WHERE time_key >= '2025-04-20';
DELETE FROM delivery_fact WHERE time_key >= '2025-04-20';
DELETE FROM order_day WHERE day >= '2025-04-20';
SELECT pg_temp.summary_tests('the last days gone');
SELECT sum_up_days() \g /dev/null
SELECT pg_temp.summary_tests('and summed up');
ROLLBACK TO gone;
DELETE FROM order_day;

-- A bulk load, a batch of more than 5,000 orders, sums no day up: its payments are yet to come. And an order of which a batch tells nothing
-- new is not computed again.
SELECT starhouse.create_warehouse('quickeats', 'qe bulk', 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31', foreign_keys => 'none') \g /dev/null
SET LOCAL search_path = 'qe bulk', starhouse, public;
CREATE FUNCTION pg_temp.placed(first integer, last integer, day date) RETURNS jsonb LANGUAGE sql AS $$
  SELECT pg_temp.load('qe bulk', 'orders', VARIADIC array_agg(pg_temp.event('B' || n, 'PLACED', (day + time '06:00' + n * interval '1 second')::text || 'Z') ORDER BY n)) FROM generate_series(first, last) n $$;
SELECT is((pg_temp.placed(1, 3, '2025-04-01')->>'loaded')::int, 3, 'a few orders');
SELECT is((pg_temp.placed(11, 13, '2025-04-02')->>'loaded')::int, 3, 'and on the next day');
SELECT is((pg_temp.placed(10001, 15001, '2025-04-10')->>'loaded')::int, 5001, 'a bulk load');
SELECT is_empty('SELECT day FROM order_day', 'sums nothing up');
SELECT is((SELECT count(*) FROM orders_fact WHERE batch_id = (SELECT max(batch_id) FROM orders_fact)), 5001::bigint, 'and is stored');
SELECT is((pg_temp.placed(20001, 25000, '2025-04-10')->>'loaded')::int, 5000, 'one order less');
SELECT results_eq('SELECT day FROM order_day', $$VALUES ('2025-04-01'::date)$$, 'and the oldest day left behind is');
SELECT sum_up_days() \g /dev/null
CREATE TEMP TABLE bulk_before AS SELECT * FROM orders_fact;
SELECT is((pg_temp.placed(10001, 15001, '2025-04-10')->>'duplicates')::int, 5001, 'the same again');
SELECT is_empty('SELECT order_id FROM pg_temp.order_told', 'is not computed again');
SELECT is_empty('(TABLE orders_fact EXCEPT TABLE bulk_before) UNION ALL (TABLE bulk_before EXCEPT TABLE orders_fact)', 'no order is touched');
SELECT is_empty('SELECT * FROM kpi_open_days(NULL, NULL)', 'nor a day opened');
SELECT pg_temp.load('qe bulk', 'orders', pg_temp.event('B10001', 'PLACED', '2025-04-10 08:46:41Z'), pg_temp.event('B10002', 'ACCEPTED', '2025-04-10 09:00Z')) \g /dev/null
SELECT is(pg_temp.rows_of('SELECT order_id FROM pg_temp.order_told'), '(B10002)', 'of two known orders the one with news');
SELECT is((SELECT status FROM orders_fact WHERE order_id = 'B10002'), 'ACCEPTED', 'moves on');
-- The rest of a large file is of a bulk load, too, however few its orders are.
DO $$
DECLARE
  source record;
  batch bigint;
  next bigint := 1;
  part record;
BEGIN
  SELECT * INTO source FROM starhouse.load_open('qe bulk', 'orders', 'large', NULL, NULL, NULL);
  FOR part IN SELECT * FROM (VALUES (20000, 'M1', '2025-04-13 06:00Z'), (1, 'M2', '2025-04-16 06:00Z')) v(read, id, at) LOOP
    batch := starhouse.batch_begin('qe bulk', 'orders', source.source_id, source.epoch, next);
    INSERT INTO pg_temp.batch
    SELECT (jsonb_populate_record(NULL::pg_temp.batch, pg_temp.event(part.id, 'PLACED', part.at)::jsonb || jsonb_build_object('event_hash', next, 'record_no', next))).*;
    next := next + part.read;
    PERFORM starhouse.batch_finish('qe bulk', 'orders', batch, next, part.read, part.read - 1);
    TRUNCATE pg_temp.batch;
  END LOOP;
END $$;
SELECT is((SELECT count(*) FROM orders_fact WHERE order_id IN ('M1', 'M2')), 2::bigint, 'the rest of a large file is stored');
SELECT is_empty($$SELECT day FROM order_day WHERE day = '2025-04-13'$$, 'and sums nothing up');
SELECT is((pg_temp.placed(9001, 9003, '2025-04-17')->>'loaded')::int, 3, 'a small file after it');
SELECT results_eq($$SELECT day FROM order_day WHERE day >= '2025-04-13'$$, $$VALUES ('2025-04-13'::date)$$, 'does');

-- Pages of orders and deliveries keep room for their next versions, unless their owner has it otherwise.
SELECT ensure_partitions('orders_fact', '2025-05-01Z', '2025-05-01Z') \g /dev/null
ALTER TABLE orders_fact_y2025m05 SET (fillfactor = 80);
SELECT is((pg_temp.placed(9011, 9013, '2025-05-02')->>'loaded')::int, 3, 'orders of May');
SELECT is(pg_temp.rows_of($$SELECT relname, reloptions FROM pg_class WHERE relnamespace = '"qe bulk"'::regnamespace AND relname ~ '^(orders|delivery)_fact_y2025m0[45]$' ORDER BY 1$$),
  E'(delivery_fact_y2025m04,{fillfactor=50})\n(delivery_fact_y2025m05,{fillfactor=50})\n(orders_fact_y2025m04,{fillfactor=50})\n(orders_fact_y2025m05,{fillfactor=80})',
  'room in their pages');
SELECT is(make_room_for_orders(NULL, '2025-05-01Z'), 0, 'no partitions without a time');

-- Payments in bulk, more than 5,000 of one day's orders, which are read and hashed: those of other days are found as well. First payments are
-- told from the batch alone: failed ones, refunds, several of one order, one given twice, one whose key is taken by another's that counts for nothing.
SELECT pg_temp.load('qe bulk', 'payments', pg_temp.payment('K1', 'B10010', 7, false, '2025-04-10 10:00Z', '{"transaction_type": "Refund"}')) \g /dev/null
SELECT is((pg_temp.load('qe bulk', 'payments', VARIADIC (SELECT array_agg(p.record ORDER BY p.at, p.record) FROM (
    SELECT n.at, pg_temp.payment('P' || n.n, 'B' || n.n, 10 + n.n % 7, n.n % 9 > 0, n.at::text, CASE n.n % 5 WHEN 0 THEN '{"transaction_type": "Refund"}'::jsonb WHEN 1 THEN '{"payment_mode": "Unknown"}' ELSE '{}' END)
    FROM (SELECT n, timestamptz '2025-04-10 06:01Z' + n * interval '1 second' AS at FROM generate_series(10012, 15001) n) n
    UNION ALL SELECT n.at, pg_temp.payment('Q' || n.n, 'B' || n.n, 5, n.n % 2 = 0, n.at::text, '{"payment_mode": "Card"}')
    FROM (SELECT n, timestamptz '2025-04-10 06:00:30Z' + n * interval '1 second' AS at FROM generate_series(10012, 15001, 11) n) n
    UNION ALL SELECT timestamptz '2025-04-10 10:00Z', r FROM unnest(ARRAY[
      pg_temp.payment('K1', 'B10011', 9, true, '2025-04-10 10:00Z'), pg_temp.payment('K2', 'B1', 3, true, '2025-04-10 10:00Z'), pg_temp.payment('K3', 'no order', 3, true, '2025-04-10 10:00Z'),
      pg_temp.payment('K4', 'B10010', 2, true, '2025-04-10 10:00Z'), pg_temp.payment('K5', 'B10009', 2, true, '2025-04-10 10:00Z'), pg_temp.payment('K5', 'B10009', 2, true, '2025-04-10 10:00Z')]) r) p (at, record)))
  ->>'duplicates')::int, 2, 'payments of a day');
SELECT cmp_ok(4 * pg_stat_get_xact_tuples_hot_updated('orders_fact_y2025m04'::regclass), '>', 3 * pg_stat_get_xact_tuples_updated('orders_fact_y2025m04'::regclass),
  'most new versions of orders find room in their page, and no index learns of them');
SELECT is(pg_temp.rows_of($$SELECT order_id, payment_success, payment_attempts, paid_amount FROM orders_fact WHERE order_id IN ('B1', 'B10009', 'B10010', 'B10011') ORDER BY 1$$),
  E'(B1,1,1,3)\n(B10009,1,1,2)\n(B10010,1,1,2)\n(B10011,,0,0)', 'an order of another day, one paid twice alike, one with a refund that failed, one whose payment was another''s');
SELECT is((SELECT count(*) FROM orders_fact WHERE payment_attempts > 0 OR refunded_amount > 0), 3 + (SELECT count(*) FROM generate_series(10012, 15001) n WHERE n % 5 > 0 OR n % 9 > 0 OR (n - 10012) % 11 = 0),
  'all orders are told that have something to be told');
CREATE TEMP TABLE paid_before AS SELECT order_id, payment_success, payment_attempts, paid_amount, refunded_amount, payment_mode FROM orders_fact;
SELECT refresh_orders((SELECT array_agg(order_id) FROM orders_fact), NULL) \g /dev/null
SELECT is_empty('SELECT order_id, payment_success, payment_attempts, paid_amount, refunded_amount, payment_mode FROM orders_fact EXCEPT TABLE paid_before', 'as all their payments tell it');
SELECT results_eq($$SELECT orders_lie_close('2025-04-10', '2025-04-11', n) FROM unnest(ARRAY[5000, 5001]) n$$, 'VALUES (false), (true)', 'so many are read');
SELECT pg_temp.placed(30001, 35010, '2025-04-10') \g /dev/null
SELECT ok(NOT orders_lie_close('2025-04-10', '2025-04-11', 5001), 'and not among three times as many');

-- Each transaction told twice, the second time with another amount, in a session that writes moments in a way of its own: the first of them counts,
-- for the fact and for the order, as it does batch by batch. So it is where the second names another order.
SET LOCAL DateStyle = 'SQL, DMY';
SET LOCAL TimeZone = 'Asia/Kolkata';
SELECT is((pg_temp.load('qe bulk', 'payments', VARIADIC (SELECT array_agg(pg_temp.payment('R' || n, 'B' || n + other, amount, true, to_char(timestamptz '2025-04-10 07:00Z' + n * interval '1 ms', 'YYYY-MM-DD"T"HH24:MI:SS.MSOF')) ORDER BY n, amount)
    FROM generate_series(30001, 35008, 2) n CROSS JOIN (VALUES (0, 10), (0, 11), (1, 12)) v (other, amount)))->>'duplicates')::int, 5008, 'of three records of a transaction two are none of their own');
SET LOCAL DateStyle = 'ISO';
SELECT is(pg_temp.rows_of($$SELECT payment_attempts, paid_amount, count(*) FROM orders_fact WHERE order_id BETWEEN 'B30001' AND 'B35008' GROUP BY 1, 2 ORDER BY 1$$), E'(0,0,2504)\n(1,10,2504)', 'the first one counts');
SELECT is((SELECT sum(amount) FROM payment_fact WHERE transaction_id LIKE 'R%'), 25040::numeric, 'and is the fact');

-- A day is summed up with whatever joins suit it, also in the step of a batch that has some off for itself.
SELECT ok(bool_and(proconfig @> '{enable_hashjoin=on,enable_mergejoin=on,enable_nestloop=on}'), 'the sums of a day choose their joins themselves')
FROM pg_proc WHERE pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND proname = 'sum_up_day';

-- A transaction told again with another time is one, the latest counts, however its records come: W1's in two batches, W2's in one (failed, then not), W3's before its order. Both are
-- kept. A refund under the payment's own number is another transaction: W1 pays 100, 30 go back. W2 is told a third time, of 80.
SELECT pg_temp.load('qe bulk', 'orders', pg_temp.event('W1', 'PLACED', '2025-04-12 09:00Z'), pg_temp.event('W2', 'PLACED', '2025-04-12 09:00Z')) \g /dev/null
SELECT pg_temp.load('qe bulk', 'payments', pg_temp.payment('W1A', 'W1', 100, true, '2025-04-12 10:00Z'), pg_temp.payment('W2A', 'W2', 100, false, '2025-04-12 10:00Z'),
  pg_temp.payment('W2A', 'W2', 100, true, '2025-04-12 10:00:05Z'), pg_temp.payment('W3A', 'W3', 50, true, '2025-04-12 10:00Z'), pg_temp.payment('W3A', 'W3', 50, true, '2025-04-12 10:00:01Z')) \g /dev/null
SELECT pg_temp.load('qe bulk', 'payments', pg_temp.payment('W1A', 'W1', 100, true, '2025-04-12 10:00:01Z')) \g /dev/null
SELECT pg_temp.load('qe bulk', 'orders', pg_temp.event('W3', 'PLACED', '2025-04-12 09:00Z')) \g /dev/null
PREPARE charged AS SELECT order_id, payment_success, payment_attempts, paid_amount, refunded_amount FROM orders_fact WHERE order_id IN ('W1', 'W2', 'W3');
SELECT bag_eq('EXECUTE charged', $$VALUES ('W1', 1, 1, 100::numeric, 0::numeric), ('W2', 1, 1, 100, 0), ('W3', 1, 1, 50, 0)$$, 'a transaction told twice is charged once');
SELECT is((SELECT count(*) FROM payment_fact WHERE order_id IN ('W1', 'W2', 'W3')), 6::bigint, 'all that was told of it is kept');
SELECT pg_temp.load('qe bulk', 'payments', pg_temp.payment('W1A', 'W1', 30, true, '2025-04-12 11:00Z', '{"transaction_type": "Refund"}'), pg_temp.payment('W2A', 'W2', 80, true, '2025-04-12 11:00Z')) \g /dev/null
SELECT bag_eq('EXECUTE charged', $$VALUES ('W1', 1, 1, 100::numeric, 30::numeric), ('W2', 1, 1, 80, 0), ('W3', 1, 1, 50, 0)$$, 'a refund of the same number is another one; the latest amount counts');

-- A refund that failed leaves no trace in its order: told again as of before it failed, it has still failed.
SELECT pg_temp.load('qe bulk', 'orders', pg_temp.event('W4', 'PLACED', '2025-04-12 09:00Z')) \g /dev/null
SELECT pg_temp.load('qe bulk', 'payments', pg_temp.payment('W4A', 'W4', 20, false, '2025-04-12 10:00:05Z', '{"transaction_type": "Refund"}')) \g /dev/null
SELECT pg_temp.load('qe bulk', 'payments', pg_temp.payment('W4A', 'W4', 20, true, '2025-04-12 10:00Z', '{"transaction_type": "Refund"}')) \g /dev/null
SELECT is(pg_temp.rows_of($$SELECT payment_success, payment_attempts, refunded_amount FROM orders_fact WHERE order_id = 'W4'$$), '(,0,0)', 'what was told last counts of refunds, too');

-- What a batch found ahead of its turn, and orders change before it comes.
SELECT pg_temp.load('qe bulk', 'orders', pg_temp.event('V1', 'PLACED', '2025-04-12 09:00Z', '{"city": "PUN"}'), pg_temp.event('V2', 'PLACED', '2025-04-12 09:00Z', '{"city": "PUN"}')) \g /dev/null
SELECT is((pg_temp.load_around('qe bulk', 'payments', $$
    INSERT INTO order_event (event_time, order_id, status, order_time, city_id, event_hash)
    VALUES ('2025-04-12 08:00Z', 'V1', 'PLACED', '2025-04-12 08:00Z', 'SUR', 1), ('2025-04-12 08:00Z', 'V3', 'PLACED', '2025-04-12 08:00Z', 'SUR', 2);
    SELECT refresh_orders(ARRAY['V1', 'V3'], NULL)$$,
  pg_temp.payment('V1A', 'V1', 10, true, '2025-04-12 09:30Z'), pg_temp.payment('V2A', 'V2', 20, true, '2025-04-12 09:30Z'), pg_temp.payment('V3A', 'V3', 30, true, '2025-04-12 09:30Z'))
  ->>'loaded')::int, 3, 'payments whose orders move, come, or stay while they wait');
SELECT is(pg_temp.rows_of($$SELECT o.order_id, o.event_time AT TIME ZONE 'UTC', o.paid_amount, o.payment_attempts, p.city_key FROM orders_fact o JOIN payment_fact p USING (order_id) WHERE order_id IN ('V1', 'V2', 'V3') ORDER BY 1$$),
  E'(V1,"2025-04-12 08:00:00",10,1,SUR)\n(V2,"2025-04-12 09:00:00",20,1,PUN)\n(V3,"2025-04-12 08:00:00",30,1,SUR)', 'are told to them as they are then');
SELECT pg_temp.load('qe bulk', 'payments', pg_temp.payment('V2B', 'V2', 5, true, '2025-04-12 09:40Z')) \g /dev/null
SELECT is((pg_temp.load_around('qe bulk', 'payments', $$
    UPDATE orders_fact SET payment_attempts = 1, payment_success = 0 WHERE order_id = 'W4';
    INSERT INTO payment_fact (time_key, event_time, transaction_id, order_id, amount, success_flag) VALUES ('2025-04-12 14:00', '2025-04-12 09:00Z', 'W4B', 'W4', 7, 0)$$,
  pg_temp.payment('W4C', 'W4', 7, true, '2025-04-12 09:30Z'), pg_temp.payment('V2B', 'V2', 5, true, '2025-04-12 09:40Z'))->>'duplicates')::int, 1, 'an order whose first payment another batch told meanwhile, and a known one');
SELECT is(pg_temp.rows_of($$SELECT order_id, payment_success, payment_attempts, paid_amount FROM orders_fact WHERE order_id IN ('V2', 'W4') ORDER BY 1$$), E'(V2,1,2,25)\n(W4,1,2,7)', 'count once, and all');

SELECT is((pg_temp.load_around('qe bulk', 'pings', $$
    INSERT INTO order_event (event_time, order_id, status, order_time, driver_id, event_hash)
    VALUES ('2025-04-12 10:00Z', 'V4', 'PICKED_UP', '2025-04-12 09:30Z', 'VD', 3), ('2025-04-12 10:10Z', 'V4', 'DELIVERED', NULL, 'VD', 4);
    SELECT refresh_orders(ARRAY['V4'], NULL)$$,
  pg_temp.ping('VD', 19.00, 72.80, '2025-04-12 10:00Z'), pg_temp.ping('VD', 19.01, 72.80, '2025-04-12 10:05Z'), pg_temp.ping('VD', 19.02, 72.80, '2025-04-12 10:10Z'))->>'loaded')::int, 3,
  'pings of a delivery that becomes known while they wait');
SELECT is(pg_temp.rows_of($$SELECT distance_source, distance_travelled = round(delivery_metres('VD', '2025-04-12 10:00Z', '2025-04-12 10:10Z')::numeric / 1000, 3) AND distance_travelled > 2 FROM delivery_fact WHERE order_id = 'V4'$$),
  '(GPS,t)', 'measure it');
SELECT is((pg_temp.load_around('qe bulk', 'pings', $$
    INSERT INTO driver_ping_fact (driver_key, event_time, latitude, longitude, is_available, geohash) VALUES ('VD', '2025-04-12 10:20Z', 19.03, 72.80, 0, 'te7u');
    UPDATE driver_position SET position_time = '2025-04-12 10:20Z' WHERE driver_id = 'VD';
    INSERT INTO order_event (event_time, order_id, status, order_time, driver_id, event_hash)
    VALUES ('2025-04-12 10:15Z', 'V5', 'PICKED_UP', '2025-04-12 10:00Z', 'VD', 5), ('2025-04-12 10:30Z', 'V5', 'DELIVERED', NULL, 'VD', 6);
    SELECT refresh_orders(ARRAY['V5'], NULL)$$,
  pg_temp.ping('VD', 19.04, 72.80, '2025-04-12 10:25Z'), pg_temp.ping('VD', 19.05, 72.80, '2025-04-12 10:30Z'))->>'loaded')::int, 2, 'pings of whose driver others came meanwhile');
SELECT is(pg_temp.rows_of($$SELECT distance_source, distance_travelled = round(delivery_metres('VD', '2025-04-12 10:15Z', '2025-04-12 10:30Z')::numeric / 1000, 3) AND distance_travelled > 2 FROM delivery_fact WHERE order_id = 'V5'$$),
  '(GPS,t)', 'have the whole way measured');
-- 10:30Z is 16:00 there.
SELECT is(pg_temp.rows_of($$SELECT pings, online_seconds FROM driver_hour WHERE driver_id = 'VD' ORDER BY hour_start$$), E'(4,1200.000000)\n(1,0.000000)', 'and go to their hours with the time since the last one known');

-- What a batch of orders made of its events ahead of its turn, and what it looked at changes before that comes.
SELECT pg_temp.load('qe bulk', 'restaurants', '{"restaurant_id": "UR", "restaurant_name": "Rice", "city": "PUN", "effective_at": "2025-01-01 00:00Z"}') \g /dev/null
CREATE TEMP TABLE moved_restaurant AS SELECT restaurant_id, name, cuisine_type, 'SUR' AS city, avg_rating, latitude, longitude, timestamptz '2025-04-11 00:00Z' AS effective_at FROM restaurant_history WHERE restaurant_id = 'UR';
SELECT is((pg_temp.load_around('qe bulk', 'orders', $$
    CALL starhouse.scd2_merge('restaurant_history', 'moved_restaurant', 'feed', 'effective_at');
    SELECT starhouse.scd_infer('customer_history', 'SELECT ''UC''');
    SELECT starhouse.scd_infer('driver_history', 'SELECT ''UD''');
    INSERT INTO order_event (event_time, order_id, status, order_time, city_id, total_amount, event_hash) VALUES ('2025-04-12 07:55Z', 'U2', 'PLACED', '2025-04-12 07:55Z', 'MUM', 70, 7);
    INSERT INTO payment_fact (time_key, event_time, transaction_id, order_id, payment_mode, amount, success_flag) VALUES ('2025-04-12 13:00', '2025-04-12 08:00Z', 'U3A', 'U3', 'Card', 9, 1);
    INSERT INTO driver_ping_fact (driver_key, event_time, latitude, longitude, is_available, geohash)
    VALUES ('UD', '2025-04-12 08:10Z', 19.00, 72.80, 0, 'te7u'), ('UD', '2025-04-12 08:15Z', 19.01, 72.80, 0, 'te7u')$$,
  pg_temp.event('U1', 'PLACED', '2025-04-12 08:00Z', '{"restaurant_id": "UR", "customer_id": "UC"}'), pg_temp.event('U1', 'ACCEPTED', '2025-04-12 08:01Z'),
  pg_temp.event('U2', 'DELIVERED', '2025-04-12 08:30Z', '{"restaurant_id": "UR"}'),
  pg_temp.event('U3', 'PLACED', '2025-04-12 08:00Z', '{"city": "PUN", "payment_mode": "UPI"}'), pg_temp.event('U3', 'PICKED_UP', '2025-04-12 08:10Z', '{"driver_id": "UD"}'),
  pg_temp.event('U3', 'DELIVERED', '2025-04-12 08:20Z'),
  pg_temp.event('U4', 'PLACED', '2025-04-12 08:00Z', '{"restaurant_id": "UNEW", "customer_id": "UC", "driver_id": "UD", "city": "PUN"}'))->>'loaded')::int, 7,
  'orders whose members, other events, payments and pings come while they wait');
SELECT is(pg_temp.rows_of($$SELECT order_id, status, event_time AT TIME ZONE 'UTC', city_key, total_amount, payment_mode, payment_attempts, paid_amount FROM orders_fact WHERE order_id IN ('U1', 'U2', 'U3', 'U4') ORDER BY 1$$),
  E'(U1,ACCEPTED,"2025-04-12 08:00:00",SUR,,,0,0)\n(U2,DELIVERED,"2025-04-12 07:55:00",MUM,70,,0,0)\n(U3,DELIVERED,"2025-04-12 08:00:00",PUN,,Card,1,9)\n(U4,PLACED,"2025-04-12 08:00:00",PUN,,,0,0)',
  'know all of it');
PREPARE versions AS SELECT o.order_id, r.city, c.customer_id, d.driver_id
  FROM orders_fact o LEFT JOIN restaurant_history r USING (restaurant_version) LEFT JOIN customer_history c USING (customer_version) LEFT JOIN driver_history d USING (driver_version)
  WHERE o.order_id IN ('U1', 'U2', 'U3', 'U4');
SELECT bag_eq('EXECUTE versions', $$VALUES ('U1', 'SUR', 'UC', '?'), ('U2', 'SUR', '?', '?'), ('U3', '?', '?', 'UD'), ('U4', NULL, 'UC', 'UD')$$,
  'and are of the versions in force in their turn');
SELECT is(pg_temp.rows_of($$SELECT restaurant_version > 0 FROM orders_fact WHERE order_id = 'U4'$$), '(t)', 'those that it brings included');
SELECT is(pg_temp.rows_of($$SELECT distance_source, distance_travelled = round(delivery_metres('UD', '2025-04-12 08:10Z', '2025-04-12 08:20Z')::numeric / 1000, 3) FROM delivery_fact WHERE order_id = 'U3'$$), '(GPS,t)', 'a delivery that was seen is measured');
SELECT is(pg_temp.rows_of($$SELECT (SELECT count(*) FROM customer_history WHERE customer_id = 'UC'), (SELECT count(*) FROM driver_history WHERE driver_id = 'UD'), (SELECT count(*) FROM restaurant_history WHERE restaurant_id = 'UNEW')$$),
  '(1,1,1)', 'each new member once');
-- The same without the merge, by which all would be looked at again.
SELECT is((pg_temp.load_around('qe bulk', 'orders', $$
    UPDATE pg_temp.order_state SET weather = 'Fog';
    SELECT starhouse.scd_infer('customer_history', 'SELECT ''UC2''');
    INSERT INTO order_event (event_time, order_id, status, order_time, city_id, total_amount, event_hash) VALUES ('2025-04-12 07:55Z', 'U6', 'PLACED', '2025-04-12 07:55Z', 'MUM', 70, 8);
    INSERT INTO payment_fact (time_key, event_time, transaction_id, order_id, payment_mode, amount, success_flag) VALUES ('2025-04-12 13:00', '2025-04-12 08:00Z', 'U5A', 'U5', 'Card', 9, 1)$$,
  pg_temp.event('U5', 'PLACED', '2025-04-12 08:00Z', '{"restaurant_id": "UR", "driver_id": "UD"}'), pg_temp.event('U5', 'PICKED_UP', '2025-04-12 08:10Z'), pg_temp.event('U5', 'DELIVERED', '2025-04-12 08:20Z'),
  pg_temp.event('U6', 'ACCEPTED', '2025-04-12 08:01Z', '{"restaurant_id": "UR"}'), pg_temp.event('U7', 'PLACED', '2025-04-12 08:00Z', '{"customer_id": "UC2"}'),
  pg_temp.event('U8', 'PLACED', '2025-04-12 08:00Z', '{"city": "PUN"}'), pg_temp.event('U8', 'PLACED', '2025-04-12 08:00Z', '{"city": "PUN", "total_amount": 1}'),
  pg_temp.event('U8', 'ACCEPTED', '2025-04-12 08:03Z', '{"total_amount": 2}'))->>'loaded')::int, 8, 'orders whose members stay as they are');
SELECT is(pg_temp.rows_of($$SELECT order_id, weather, city_key, total_amount, payment_attempts, customer_version > 0 FROM orders_fact WHERE order_id IN ('U5', 'U6', 'U7', 'U8') ORDER BY 1$$),
  E'(U5,Fog,SUR,,1,f)\n(U6,,MUM,70,0,f)\n(U7,,?,,0,t)\n(U8,,PUN,2,0,f)', 'are what was made of them ahead of their turn, but where others tell of them, a member is new or events contradict each other');
SELECT is(pg_temp.rows_of($$SELECT distance_source FROM delivery_fact WHERE order_id = 'U5'$$), '(GPS)', 'these, too, are measured');

-- A member that is known ahead of the turn, and taken back before it.
SELECT starhouse.scd_register('restaurant_history', key => '{restaurant_id}', type1 => '{name,avg_rating,latitude,longitude}', surrogate => 'restaurant_version',
  remember_repeats => false, journal => true, ignore_null_updates => true) \g /dev/null
CREATE TEMP TABLE later_restaurant AS SELECT 'UT' AS restaurant_id, 'Tea' AS name, cuisine_type, city, avg_rating, latitude, longitude, timestamptz '2025-01-01 00:00Z' AS effective_at FROM moved_restaurant;
CALL starhouse.scd2_merge('restaurant_history', 'later_restaurant', 'feed', 'effective_at');
SELECT is((pg_temp.load_around('qe bulk', 'orders', $$SELECT starhouse.scd_undo('restaurant_history')$$,
  pg_temp.event('U9', 'PLACED', '2025-04-12 08:00Z', '{"restaurant_id": "UT", "customer_id": "UC", "city": "PUN"}'))->>'loaded')::int, 1, 'an order of a restaurant whose merge is taken back while it waits');
SELECT is(pg_temp.rows_of($$SELECT r.restaurant_id, r.is_inferred, c.customer_id, (SELECT count(*) FROM customer_history h WHERE h.customer_id = 'UC')
  FROM orders_fact o JOIN restaurant_history r USING (restaurant_version) JOIN customer_history c USING (customer_version) WHERE order_id = 'U9'$$), '(UT,t,UC,1)', 'has it inferred, and the others as they are');

SELECT * FROM finish();
ROLLBACK;
