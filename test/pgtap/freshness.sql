-- How fresh a KPI is follows what its figures are made of: the fact that lags most, and the feeds that write it.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
SET LOCAL search_path = public, starhouse;
SELECT no_plan();
CREATE FUNCTION pg_temp.rows_of(query text) RETURNS text LANGUAGE plpgsql AS $f$
DECLARE result text;
BEGIN
  EXECUTE format('SELECT string_agg(r::text, chr(10)) FROM (%s) AS r', query) INTO result;
  RETURN result;
END $f$;
SELECT starhouse.create_warehouse('streamflix', 'film', time_zone => 'UTC', country => NULL, calendar_from => '2025-01-01') \g /dev/null
SELECT starhouse.create_warehouse('quickeats', 'food', time_zone => 'UTC', country => NULL, calendar_from => '2025-01-01') \g /dev/null
SELECT starhouse.ensure_partitions(f::regclass, now() - interval '80 days', now() + interval '1 day')
FROM unnest('{film.viewership_fact,film.recommendation_fact,film.license_fact,food.orders_fact,food.payment_fact,food.app_event_fact}'::text[]) AS f \g /dev/null

SET LOCAL search_path = film, public, starhouse;
SELECT is((SELECT count(*) FILTER (WHERE is_stale AND reason = 'nothing was loaded yet') FROM kpi_freshness), (SELECT count(*) FROM kpi_freshness), 'an empty warehouse: nothing was loaded yet');

-- A playback now, recommendations twenty days old: what is made of recommendations is old, although its last day is that of playbacks.
INSERT INTO viewership_fact (time_key, event_time, event_id, watch_duration) VALUES (date_trunc('hour', now() AT TIME ZONE 'UTC'), now(), 'p1', 10);
INSERT INTO recommendation_fact (time_key, event_time, recommendation_id, click_rate, click_flag, watch_flag)
VALUES (date_trunc('hour', now() AT TIME ZONE 'UTC') - interval '20 days', now() - interval '20 days', 'r1', 0, 0, 0);
SELECT is(pg_temp.rows_of($$SELECT kpi, newest_event = now(), is_stale, reason FROM kpi_freshness WHERE kpi IN ('kpi_daily_viewing', 'kpi_click_through', 'kpi_recommendation_by_score', 'kpi_reviews', 'kpi_data_range') ORDER BY 1$$),
  pg_temp.rows_of($$VALUES ('kpi_click_through', false, true, 'newest event of recommendation_fact is older than 2 days'), ('kpi_daily_viewing', true, false, NULL), ('kpi_data_range', true, false, NULL), ('kpi_recommendation_by_score', false, true, 'newest event of recommendation_fact is older than 2 days'), ('kpi_reviews', NULL, true, 'nothing was loaded yet')$$),
  'each is as old as what it is made of, not as what tells it the last day');
SELECT is((SELECT facts FROM kpi_freshness WHERE kpi = 'kpi_click_through'), '{recommendation_fact,viewership_fact}', 'though it reads both');
SELECT is(pg_temp.rows_of($$SELECT DISTINCT relation, is_bound FROM table_lineage WHERE kpi = 'kpi_click_through' AND relation ~ '_fact$' ORDER BY 1$$),
  pg_temp.rows_of($$VALUES ('recommendation_fact', false), ('viewership_fact', true)$$),
  'the lineage tells which is which');
INSERT INTO freshness_limit VALUES ('kpi_click%', '30 days');
SELECT is(pg_temp.rows_of($$SELECT kpi, is_stale FROM kpi_freshness WHERE kpi IN ('kpi_click_through', 'kpi_recommendation_by_score') ORDER BY 1$$),
  pg_temp.rows_of($$VALUES ('kpi_click_through', false), ('kpi_recommendation_by_score', true)$$), 'a limit of its own');
INSERT INTO freshness_limit VALUES ('recommendation_fact', '30 days');
SELECT is((SELECT reason FROM kpi_freshness WHERE kpi = 'kpi_recommendation_by_score'), NULL, 'a limit of the fact is that of all who read it');
DELETE FROM freshness_limit WHERE kpi = 'recommendation_fact';

-- The feed lives on: only old rows come. And one that has been silent for three days.
INSERT INTO batch_log (feed_name, finished_at) VALUES ('recommendations', now()), ('playback_events', now() - interval '3 days'), ('playback_events', now() - interval '5 days'),
  ('users', now() - interval '60 days'), ('users', now() - interval '70 days'), ('youtube_qoe', now() - interval '60 days');
SELECT is((SELECT reason FROM kpi_freshness WHERE kpi = 'kpi_daily_viewing'), 'playback_events has loaded nothing for 2 days', 'a silent feed of a fact; one of members may be silent, and one that came once');
INSERT INTO freshness_limit VALUES ('playback_events', '7 days');
SELECT is((SELECT is_stale FROM kpi_freshness WHERE kpi = 'kpi_daily_viewing'), false, 'a feed that comes by the week');

-- Payments write orders, too: an order now, no payment for twenty days.
SET LOCAL search_path = food, public, starhouse;
INSERT INTO orders_fact (time_key, event_time, order_id, status) VALUES (date_trunc('hour', now() AT TIME ZONE 'UTC'), now(), 'o1', 'PLACED');
INSERT INTO payment_fact (time_key, event_time, transaction_id, order_id, amount, success_flag)
VALUES (date_trunc('hour', now() AT TIME ZONE 'UTC') - interval '20 days', now() - interval '20 days', 't1', 'o0', 1, 1);
INSERT INTO batch_log (feed_name, finished_at) VALUES ('orders', now()), ('payments', now() - interval '20 days'), ('payments', now() - interval '22 days');
SELECT is(pg_temp.rows_of($$SELECT kpi, reason FROM kpi_freshness WHERE kpi IN ('kpi_payment_attempts', 'kpi_payment_success', 'kpi_feedback_by_city') ORDER BY 1$$),
  pg_temp.rows_of($$VALUES ('kpi_feedback_by_city', 'nothing was loaded yet'), ('kpi_payment_attempts', 'newest event of payment_fact is older than 2 days; payments has loaded nothing for 2 days'), ('kpi_payment_success', 'payments has loaded nothing for 2 days')$$),
  'a dead feed is seen although the other one lives');

-- Pings have no index that ends with the newest: they are looked for from the latest time that statistics know of, which may be too early or too late.
SELECT is(newest_event('driver_ping_fact'), NULL, 'no pings');
SELECT starhouse.ensure_partitions('driver_ping_fact', now() - interval '80 days', now() + interval '1 day') \g /dev/null
INSERT INTO driver_ping_fact (driver_key, event_time, latitude, longitude, is_available, geohash)
SELECT 'd' || g % 7, now() - g * interval '1 hour', 0, 0, 1, 's000000' FROM generate_series(1, 1500) g;
SELECT is(newest_event('driver_ping_fact'), now() - interval '1 hour', 'without statistics');
ANALYZE driver_ping_fact;
SELECT is(newest_event('driver_ping_fact'), now() - interval '1 hour', 'with statistics');
INSERT INTO driver_ping_fact (driver_key, event_time, latitude, longitude, is_available, geohash) VALUES ('d1', now(), 0, 0, 1, 's000000');
SELECT is(newest_event('driver_ping_fact'), now(), 'a row that they do not know');
DELETE FROM driver_ping_fact WHERE event_time > now() - interval '41 days';
SELECT is(newest_event('driver_ping_fact'), now() - interval '41 days', 'rows that are gone');
-- Who may read the fact, but not its partitions, sees no statistics of these, and reads the latest that has rows, no older one, all the same.
CREATE ROLE freshness_reader;
GRANT USAGE ON SCHEMA food TO freshness_reader;
GRANT SELECT (event_time) ON driver_ping_fact TO freshness_reader;
SELECT tableoid AS latest FROM driver_ping_fact ORDER BY event_time DESC LIMIT 1 \gset
CREATE FUNCTION pg_temp.rows_read_but_of(latest oid) RETURNS bigint LANGUAGE sql AS $f$
  SELECT sum(pg_stat_get_xact_tuples_returned(i.inhrelid) + pg_stat_get_xact_tuples_fetched(i.inhrelid))::bigint
  FROM pg_inherits i WHERE i.inhparent = 'driver_ping_fact'::regclass AND i.inhrelid <> latest
$f$;
SELECT pg_temp.rows_read_but_of(:latest) AS before \gset
SET LOCAL ROLE freshness_reader;
SELECT newest_event('driver_ping_fact') AS newest \gset
RESET ROLE;
SELECT is(pg_temp.rows_read_but_of(:latest), :before::bigint, 'no older partition is read');
SELECT is(:'newest'::timestamptz, now() - interval '41 days', 'a reader of the fact');
-- However the session writes times: German ones end with the zone's name, which may be none that is read.
SET LOCAL timezone = 'Asia/Jakarta'; SET LOCAL datestyle = 'German';
SELECT is(newest_event('driver_ping_fact'), now() - interval '41 days', 'a zone whose name is not read');
SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO';
CREATE TABLE "a fact" ("on" date, event_time date);
INSERT INTO "a fact" SELECT NULL, date '2025-01-01' + g FROM generate_series(0, 999) g;
ANALYZE "a fact";
SELECT is(newest_event('"a fact"'), (date '2025-01-01' + 999)::timestamptz, 'a table that is not partitioned, with a name that wants quotes');
SELECT * FROM finish();
ROLLBACK;
