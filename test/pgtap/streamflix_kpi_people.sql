-- KPIs of users: active users, sessions, concurrent viewers. Every figure is worked out from the list in test/data/streamflix_kpi.sql.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, starhouse;
SELECT no_plan();
SELECT starhouse.create_warehouse('streamflix', 'Sf People', time_zone => 'UTC', country => NULL, calendar_from => '2025-01-01') \g /dev/null
SET LOCAL search_path = "Sf People", starhouse, public;
\ir ../data/streamflix_kpi.sql

-- 8 March U1; 9 March U2, U3; 10 March U3, U4
SELECT bag_eq('SELECT * FROM kpi_active_users', $$VALUES
  ('2025-03-08'::date, 1::bigint, 1::bigint, 1::bigint, 100.00, 0::bigint), ('2025-03-09', 2, 3, 3, 66.67, 1), ('2025-03-10', 2, 4, 4, 50.00, 0)$$,
  'active users by day, week and month; who is not known makes nobody active');
SELECT bag_eq('SELECT * FROM kpi_user_watch_time', $$VALUES ('2025-03-10'::date, 'U3', 'Free', 1::bigint, 5.0), ('2025-03-10', 'U4', 'Unknown', 1, 20)$$, 'watch time of the latest day');
SELECT bag_eq($$SELECT user_id, views, watch_minutes FROM kpi_user_watch_time('2025-03-09')$$, $$VALUES ('U2', 2::bigint, 110.0), ('U3', 1, 25), ('?', 1, 10)$$,
  'of another day: 50 + 60 minutes');

-- U1: p1 and p2 five minutes apart are one session of 14:00 to 16:05, p3 is another of 0.4 minutes. U2: 00:30 to 01:20, 06:30 to 07:30. U3: one each day. U4: one
SELECT bag_eq('SELECT user_key, device_key, session_start, session_minutes, views, watch_minutes FROM kpi_session_list()', $$VALUES
  ('U1', 'D1', '2025-03-08 14:00Z'::timestamptz, 125.00, 2::bigint, 120.0), ('U1', 'D1', '2025-03-08 18:00Z', 0.40, 1, 0.4),
  ('U2', 'D2', '2025-03-09 00:30Z', 50.00, 1, 50), ('U2', 'D2', '2025-03-09 06:30Z', 60.00, 1, 60), ('U3', 'D3', '2025-03-09 06:45Z', 25.00, 1, 25),
  ('U3', 'D3', '2025-03-10 12:00Z', 5.00, 1, 5), ('U4', 'D1', '2025-03-10 12:00Z', 20.00, 1, 20)$$, 'sessions');
SELECT bag_eq('SELECT * FROM kpi_sessions', $$VALUES
  ('2025-03-08'::date, 2::bigint, 1::bigint, 2.00, 62.70, 60.20, 1.50, 0::bigint, 0.00),    -- (125 + 0.4) / 2, (120 + 0.4) / 2, 3 / 2
  ('2025-03-09', 3, 2, 1.50, 45.00, 45.00, 1.00, 0, 0.00), ('2025-03-10', 2, 2, 1.00, 12.50, 12.50, 1.00, 0, 0.00)$$, 'sessions by day');
SELECT results_eq($$SELECT sessions, average_session_minutes, binge_sessions FROM kpi_sessions('2 hours', '2025-03-08', '2025-03-08')$$,
  $$VALUES (1::bigint, 240.40, 1::bigint)$$, 'a longer gap: 14:00 to 18:00:24 is one session of three');
SELECT is((SELECT sessions FROM kpi_sessions('5 minutes', '2025-03-08', '2025-03-08')), 2::bigint, 'a pause as long as the gap does not end a session');
SELECT is((SELECT sessions FROM kpi_sessions('4 minutes 59 seconds', '2025-03-08', '2025-03-08')), 3::bigint, 'a longer one does');

-- 9 March: p5 06:30-07:30, p6 06:45-07:10:05, p7 07:00-07:10 run together at 07:00
SELECT bag_eq('SELECT * FROM kpi_concurrent_viewers', $$VALUES
  ('2025-03-08'::date, 1::bigint, '2025-03-08 14:00Z'::timestamptz, 3::bigint), ('2025-03-09', 3, '2025-03-09 07:00Z', 4), ('2025-03-10', 2, '2025-03-10 12:00Z', 2)$$, 'concurrent viewers');
SELECT bag_eq($$SELECT day, peak_streams FROM kpi_concurrent_viewers('US-E', '2025-03-08', '2025-03-10')$$,
  $$VALUES ('2025-03-08'::date, 0::bigint), ('2025-03-09', 1), ('2025-03-10', 0)$$, 'of one region');
INSERT INTO viewership_fact (time_key, event_time, event_id, video_key, watch_duration) VALUES
  ('2025-03-08 23:00', '2025-03-08 23:00Z', 'c1', 'V1', 90), ('2025-03-08 23:00', '2025-03-08 23:10Z', 'c2', 'V1', 60), ('2025-03-09 00:00', '2025-03-09 00:10Z', 'c3', 'V1', 1);
SELECT results_eq($$SELECT day, peak_streams, peak_at FROM kpi_concurrent_viewers(NULL, '2025-03-09', '2025-03-09')$$,
  $$VALUES ('2025-03-09'::date, 3::bigint, '2025-03-09 07:00Z'::timestamptz)$$, 'streams that run into the day; one that begins as another ends does not run beside it');
DELETE FROM viewership_fact WHERE event_id IN ('p5', 'p6', 'p7');
SELECT results_eq($$SELECT peak_streams, peak_at FROM kpi_concurrent_viewers(NULL, '2025-03-09', '2025-03-09')$$,
  $$VALUES (2::bigint, '2025-03-09 00:00Z'::timestamptz)$$, 'the beginning of the day may be its peak: c1 and c2');

SELECT * FROM finish();
ROLLBACK;
