-- Features for churn models, and KPIs of the service: recommendations, streams, devices. Every figure is worked out from the
-- list in test/data/streamflix_kpi.sql.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, starhouse;
SELECT no_plan();
SELECT starhouse.create_warehouse('streamflix', 'Sf Service', time_zone => 'UTC', country => NULL, calendar_from => '2025-01-01') \g /dev/null
SET LOCAL search_path = "Sf Service", starhouse, public;
\ir ../data/streamflix_kpi.sql

-- Up to 10 March 12:00. U1: three views on one day, the last 42 hours ago: 1.75 days; completion (100 + 100 + 0.8) / 3; buffering 10 s in 120.4 minutes;
-- like and share; three recommendations, one clicked
SELECT bag_eq($$SELECT user_id, subscription_type, tenure_days, days_since_last_view, views_7_days, views_30_days, views_90_days, active_days_30_days, watch_minutes_30_days,
                       watch_minutes_previous_30_days, watch_trend_percent, completion_percent_30_days, rebuffer_percent_30_days, videos_30_days, genres_30_days,
                       interactions_30_days, recommendations_30_days, click_percent_30_days FROM kpi_churn_features$$, $$VALUES
  ('U1', 'Premium', 68, 1.75, 3::bigint, 3::bigint, 3::bigint, 1::bigint, 120.4, 0.0, NULL::numeric, 66.93, 0.14, 3::bigint, 3::bigint, 2::bigint, 3::bigint, 33.33),
  ('U2', 'Standard', 37, 1.23, 2, 2, 2, 1, 110, 0, NULL, 55.00, 0.15, 1, 1, 1, 3, 33.33),
  ('U3', 'Free', 9, 0.00, 2, 2, 2, 2, 30, 0, NULL, 50.00, 0.39, 2, 1, 0, 3, 0.00),
  ('U4', 'Unknown', NULL, 0.00, 1, 1, 1, 1, 20, 0, NULL, 100.00, 0.00, 1, 1, 0, 1, 100.00)$$, 'churn features; U3''s comment is later');
SELECT bag_eq($$SELECT user_id, subscription_type, tenure_days, views_30_days, recommendations_30_days FROM kpi_churn_features('2025-03-08 16:00Z')$$,
  $$VALUES ('U1', 'Basic', 66, 2::bigint, 0::bigint), ('U2', 'Standard', 35, 0, 0), ('U3', 'Free', 7, 0, 0)$$, 'as of a moment: the subscription of then, nothing later, nobody unheard of');
SELECT bag_eq($$SELECT user_id, views_7_days, views_30_days, watch_minutes_30_days, watch_minutes_previous_30_days, watch_trend_percent
                FROM kpi_churn_features('2025-04-07 16:00Z') WHERE user_id = 'U1'$$,
  $$VALUES ('U1', 0::bigint, 1::bigint, 0.4, 120.0, -99.67)$$, 'a month later: p3 within 30 days, the others before them; (0.4 - 120) / 120');

-- Wilson, z = 1.959964. 2 of 4: (0.5 + 3.841459 / 8 -+ 1.959964 * sqrt(0.25 / 4 + 3.841459 / 64)) / (1 + 3.841459 / 4) = (0.980182 -+ 0.686102) / 1.960365
-- 0 of 5: upper = (2 * 3.841459 / 10) / 1.768292 = 0.4345. 1 of 1: lower = 1 / 4.841459 = 0.2065
SELECT bag_eq('SELECT * FROM kpi_click_through', $$VALUES
  ('V1', 'Alpha', 4::bigint, 2::bigint, 50.00, 15.00, 85.00, 1::bigint, 25.00), ('V2', 'Beta', 5, 0, 0.00, 0.00, 43.45, 0, 0.00), ('V3', 'Gamma', 1, 1, 100.00, 20.65, 100.00, 1, 100.00)$$,
  'click-through with its interval');
SELECT is_empty($$SELECT video_id FROM kpi_click_through
                  WHERE abs(lower_percent - 100 * starhouse.wilson_lower_bound(clicks, recommendations)::numeric) > 0.01
                     OR abs(upper_percent - 100 * starhouse.wilson_upper_bound(clicks, recommendations)::numeric) > 0.01$$, 'as the extension''s functions give it');
SELECT is((SELECT format('%s %s', lower_percent, upper_percent) FROM kpi_click_through(2.575829) WHERE video_id = 'V3'), '13.10 100.00', 'at 99 %: 1 / (1 + 6.634895)');
-- clicked scores .9 .35 .95, the others .7 .3 .2 .4 .5 .1 .6: 7 + 3 + 7 of 21 pairs
SELECT results_eq('SELECT * FROM kpi_recommendation_quality', $$VALUES (10::bigint, 3::bigint, 30.00, 2::bigint, 20.00, 66.67, 10::bigint, 80.95)$$, 'quality of the recommendations');
SELECT bag_eq('SELECT * FROM kpi_recommendation_by_score(2)', $$VALUES
  (0.0000, 0.5000, 5::bigint, 1::bigint, 20.00, 0::bigint, 0.00), (0.5000, 1.0000, 5, 2, 40.00, 2, 40.00)$$, 'by score, in two bands: .35 .3 .2 .4 .1 below .5');
UPDATE recommendation_fact SET recommendation_score = CASE recommendation_id WHEN 'r1' THEN NULL WHEN 'r2' THEN 0.7 ELSE 1 END WHERE recommendation_id IN ('r1', 'r2', 'r10');
-- clicked .7 and 1: 6.5 (one tie) + 7 of 14 pairs
SELECT results_eq('SELECT scored_recommendations, score_accuracy_percent FROM kpi_recommendation_quality', $$VALUES (9::bigint, 96.43)$$, 'a tie counts half, what has no score not at all');
SELECT bag_eq('SELECT score_from, recommendations FROM kpi_recommendation_by_score(2)', $$VALUES (NULL::numeric, 1::bigint), (0.0, 4), (0.5, 5)$$, 'a score of 1 is in the last band, none in a row of its own');
SELECT is_empty('SELECT * FROM kpi_recommendation_by_score(0)', 'no bands, no rows');

-- 9 March: start 3, 2 and 5 s; bit rate (1500 * 50 + 1500 * 60 + 500 * 25) / 135; buffering 15 s in 135 minutes: 15 / 8115
SELECT bag_eq('SELECT * FROM kpi_system_performance', $$VALUES
  ('2025-03-08'::date, 3::bigint, 0.00, 1::bigint, 1.00, 1.00, 3000.00, 0.14, 0::bigint), ('2025-03-09', 4, 0.00, 1, 3.33, 5.00, 1314.81, 0.18, 1),
  ('2025-03-10', 2, 0.00, 2, 2.50, 4.00, 2500.00, 0.13, 0)$$, 'performance; (500 * 5 + 3000 * 20) / 25, 2 / 1502');
-- Android by WiFi: 10 s in 140.4 minutes; by 4G: 7 s in 30
SELECT bag_eq('SELECT * FROM kpi_buffering_by_device', $$VALUES
  ('Android', 'WiFi', 4::bigint, 4::bigint, 0.17, 2.34, 7.12, 0.12), ('Android', '4G', 2, 2, 0.12, 0.50, 23.33, 0.39), ('iOS', '4G', 2, 2, 0.17, 1.83, 9.09, 0.15),
  ('Unknown', 'Unknown', 1, 0, 0.00, 0.00, NULL, NULL)$$, 'buffering by device; what was not measured counts as nothing');
-- D1: 140.4 / 4 minutes; sessions 125, 0.4 and 20
SELECT bag_eq('SELECT * FROM kpi_device_usage', $$VALUES
  ('Android', 'WiFi', 1::bigint, 20.00, 4::bigint, 35.10, 3::bigint, 48.47), ('Android', '4G', 1, 5.00, 2, 15.00, 2, 15.00), ('iOS', '4G', 1, 10.00, 2, 55.00, 2, 55.00),
  ('Unknown', 'Unknown', 0, NULL, 1, 10.00, 0, NULL)$$, 'devices in use');

-- The default window is 30 days: an older day leaves it, and active users remember a month.
SELECT starhouse.ensure_partitions(format('%I.viewership_fact', current_schema())::regclass, '2025-04-01Z', '2025-04-30Z') \g /dev/null
INSERT INTO viewership_fact (time_key, event_time, event_id, user_key, user_version, video_key, watch_duration)
SELECT d, d AT TIME ZONE 'UTC', 'z' || d::date, 'U2', 103, 'V1', 1 FROM unnest('{2025-04-07 12:00,2025-04-08 12:00,2025-04-13 12:00}'::timestamp[]) d;
SELECT results_eq('SELECT first_day, views FROM kpi_viewing_summary', $$VALUES ('2025-04-07'::date, 3::bigint)$$, 'the 30 days up to 13 April begin on 15 March');
SELECT is((SELECT views FROM kpi_viewing_summary('-infinity')), 12::bigint, 'all days');
SELECT is((SELECT views FROM kpi_viewing_summary('2025-03-01', '2025-04-05')), 9::bigint, 'chosen days');
-- 7 April is the 30th day from 9 March on: U2, U3 and U4 count, U1 of 8 March no more. On the 8th U2 (7th and 8th), U3 and U4 (10th) count, on the 9th too.
SELECT bag_eq($$SELECT day, daily_users, weekly_users, monthly_users FROM kpi_active_users('2025-04-06', '2025-04-13') WHERE day <> '2025-04-11' AND day <> '2025-04-10'$$, $$VALUES
  ('2025-04-06'::date, 0::bigint, 0::bigint, 4::bigint), ('2025-04-07', 1, 1, 3), ('2025-04-08', 1, 1, 3), ('2025-04-09', 0, 1, 1), ('2025-04-12', 0, 1, 1), ('2025-04-13', 1, 1, 1)$$,
  'a month is 30 days, the day included');

-- Where the clock changes: New York's goes back an hour at 06:00Z on 2 November 2025.
SELECT starhouse.create_warehouse('streamflix', 'Sf Clocks', time_zone => 'America/New_York', country => NULL, calendar_from => '2025-01-01', calendar_to => '2026-12-31') \g /dev/null
SET LOCAL search_path = "Sf Clocks", starhouse, public;
SELECT starhouse.ensure_partitions(format('%I.%I', current_schema(), f)::regclass, '2025-09-01 00:00Z', '2025-11-30 00:00Z')
FROM unnest('{viewership_fact,interaction_fact,recommendation_fact,engagement_fact,viewing_hour_fact}'::text[]) f \g /dev/null
CREATE FUNCTION pg_temp.play(prefix text, VARIADIC times timestamptz[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO viewership_fact (time_key, event_time, event_id, user_key, user_version, video_key, watch_duration)
  SELECT date_trunc('hour', at AT TIME ZONE 'America/New_York'), at, prefix || n, 'U1', 101, 'V1', 1 FROM unnest(times) WITH ORDINALITY AS t (at, n) $$;
INSERT INTO video_dim (video_id, title) VALUES ('V1', 'Alpha');
INSERT INTO user_history (user_version, user_id, signup_date, valid_from) VALUES (101, 'U1', '2025-11-01', '2025-01-01 00:00Z');
-- Before 5 November 12:00Z 7 days of 24 hours begin at 29 October 12:00Z, and 30 at 6 October 12:00Z: an hour later than on the clock of New York, so that what was half an hour before is
-- in neither in any session. The recommendations likewise.
SELECT pg_temp.play('a', '2025-10-29 11:30Z', '2025-10-29 12:30Z', '2025-10-06 11:30Z', '2025-11-05 12:00Z') \g /dev/null
INSERT INTO recommendation_fact (time_key, event_time, recommendation_id, user_key, user_version, video_key, click_rate, click_flag, watch_flag)
SELECT date_trunc('hour', at AT TIME ZONE 'America/New_York'), at, 'r' || at, 'U1', 101, 'V1', 0, 0, 0 FROM unnest('{2025-10-06 11:30Z,2025-10-06 12:30Z}'::timestamptz[]) AS at;
INSERT INTO interaction_fact (time_key, event_time, interaction_id, user_key, user_version, video_key, action)
SELECT date_trunc('hour', at AT TIME ZONE 'America/New_York'), at, 'i' || at, 'U1', 101, 'V1', 'Like' FROM unnest('{2025-10-06 11:30Z,2025-10-06 12:30Z,2025-10-06 12:31Z}'::timestamptz[]) AS at;
PREPARE churn AS SELECT views_7_days, views_30_days, views_90_days, recommendations_30_days, interactions_30_days, tenure_days FROM kpi_churn_features;
SELECT results_eq('EXECUTE churn', $$VALUES (2::bigint, 3::bigint, 4::bigint, 1::bigint, 2::bigint, 4)$$, 'days back are 24 hours each');
SET LOCAL TimeZone = 'America/New_York';
SELECT results_eq('EXECUTE churn', $$VALUES (2::bigint, 3::bigint, 4::bigint, 1::bigint, 2::bigint, 4)$$, 'in a session whose clock was turned back meanwhile, too');
SELECT sum_up_viewing(), sum_up_shown() \g /dev/null
SELECT ok(kpi_latest_moment('viewing', NULL) AND kpi_latest_moment('shown', NULL), 'summed up in that session');
SET LOCAL TimeZone = 'UTC';
SELECT ok(kpi_latest_moment('viewing', NULL) AND kpi_latest_moment('shown', NULL), 'which holds in another');
SELECT results_eq('EXECUTE churn', $$VALUES (2::bigint, 3::bigint, 4::bigint, 1::bigint, 2::bigint, 4)$$, 'with the same figures');
-- 22:00 on 1 November in New York is 2 November 02:00Z: signed up that day. Two hours later it is the day after.
SELECT results_eq($$SELECT f.tenure_days FROM unnest('{2025-11-02 02:00Z,2025-11-02 04:00Z}'::timestamptz[]) AS at CROSS JOIN LATERAL kpi_churn_features(at) f ORDER BY at$$,
  'VALUES (0), (1)', 'tenure counts dates of the warehouse');

-- 2 November has 25 hours, from 04:00Z to 05:00Z on the 3rd: 1,500 streams in 1,500 minutes. Of the 3rd an hour has passed with the latest one at 05:59:30Z: 120 streams in 60 minutes.
-- 8 March 2026, from 05:00Z, has 23 hours: 1,380 streams in 1,380 minutes.
DELETE FROM viewership_fact;
DELETE FROM viewing_day;
DELETE FROM session_day;
SELECT pg_temp.play('b', VARIADIC ARRAY(SELECT generate_series('2025-11-02 04:00Z'::timestamptz, '2025-11-03 04:59Z', '1 minute'))) \g /dev/null
SELECT pg_temp.play('c', VARIADIC ARRAY(SELECT generate_series('2025-11-03 05:00Z'::timestamptz, '2025-11-03 05:59:30Z', '30 seconds'))) \g /dev/null
PREPARE throughput AS SELECT day, streams, streams_per_minute, busiest_minute_streams FROM kpi_system_performance ORDER BY day;
SELECT results_eq('EXECUTE throughput', $$VALUES ('2025-11-02'::date, 1500::bigint, 1.00, 1::bigint), ('2025-11-03', 120, 2.00, 2)$$, 'streams a minute of a day of 25 hours, and of one that goes on');
SELECT sum_up_viewing() \g /dev/null
SELECT results_eq('EXECUTE throughput', $$VALUES ('2025-11-02'::date, 1500::bigint, 1.00, 1::bigint), ('2025-11-03', 120, 2.00, 2)$$, 'summed up as well');
SELECT starhouse.ensure_partitions(format('%I.viewership_fact', current_schema())::regclass, '2026-03-01 00:00Z', '2026-03-31 00:00Z') \g /dev/null
SELECT pg_temp.play('d', VARIADIC ARRAY(SELECT generate_series('2026-03-08 05:00Z'::timestamptz, '2026-03-09 03:59Z', '1 minute'))) \g /dev/null
SELECT results_eq('EXECUTE throughput', $$VALUES ('2026-03-08'::date, 1380::bigint, 1.00, 1::bigint)$$, 'of a day of 23 hours');
SELECT * FROM finish();
ROLLBACK;
