-- KPIs of viewing and of the viewers' hours. Every figure is worked out from the list in test/data/streamflix_kpi.sql.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, starhouse;
SELECT no_plan();
SELECT starhouse.create_warehouse('streamflix', 'Sf Viewing', time_zone => 'UTC', country => NULL, calendar_from => '2025-01-01') \g /dev/null
SET LOCAL search_path = "Sf Viewing", starhouse, public;
\ir ../data/streamflix_kpi.sql

SELECT results_eq('SELECT * FROM kpi_data_range', $$VALUES ('2025-03-08'::date, '2025-03-10'::date, 3, 9::bigint)$$, 'data range');
-- p7 names nobody, no device and no region; V4 and U4 are inferred
SELECT bag_eq('SELECT * FROM kpi_unknown_members', $$VALUES
  ('user', 9::bigint, 1::bigint, 11.11, 1::bigint), ('video', 9, 0, 0.00, 1), ('device', 9, 1, 11.11, 0), ('region', 9, 1, 11.11, 0)$$, 'unknown members');

-- minutes: 100 + 20 + 0.4 + 50 + 60 + 25 + 10 + 5 + 20 = 290.4, of 9: 32.27. Completion, p8's not known: (100 + 100 + 0.8 + 50 + 60 + 50 + 20 + 100) / 8 = 60.1
-- p3 is a skip (24 s): 1 of 8. Buffering 6 + 0 + 4 + 10 + 0 + 5 + 2 + 0 = 27 s over 8 playbacks and 280.4 minutes: 27 / (27 + 16824) = 0.16 %
SELECT results_eq('SELECT * FROM kpi_viewing_summary',
  $$VALUES ('2025-03-08'::date, '2025-03-10'::date, 9::bigint, 4::bigint, 1::bigint, 4.84, 32.27, 60.10, 1::bigint, 12.50, 1::bigint, 3.38, 0.16)$$, 'summary');
-- Within 11 minutes: p3 and p7 (10 of 50 minutes); p8's length is not known
SELECT is((SELECT format('%s %s', skips, skip_percent) FROM kpi_viewing_summary(skip_within => 660)), '2 25.00', 'another threshold for skips');
SELECT is((SELECT skips FROM kpi_viewing_summary(skip_within => 1000000)), 5::bigint,
  'watched to the end is no skip, whatever the threshold: all of known length but p1, p2 and p9');
SELECT bag_eq('SELECT * FROM kpi_daily_viewing', $$VALUES
  ('2025-03-08'::date, 'Saturday', 3::bigint, 1::bigint, 0::bigint, 2.01, 40.13, 120.40, 66.93, 1::bigint, 33.33, 0::bigint, 3.33), -- 120.4 / 60, / 3; 200.8 / 3; 10 / 3
  ('2025-03-09', 'Sunday', 4, 2, 1, 2.42, 36.25, 67.50, 45.00, 0, 0.00, 0, 5.00),   -- 145 / 60, / 4; of known users 135 / 2; 180 / 4; 15 / 3
  ('2025-03-10', 'Monday', 2, 2, 0, 0.42, 12.50, 12.50, 100.00, 0, 0.00, 1, 1.00)$$, 'day by day; a video of unknown length is neither skip nor completion');
SELECT bag_eq($$SELECT day, views FROM kpi_daily_viewing('2025-03-09', '2025-03-09')$$, $$VALUES ('2025-03-09'::date, 4::bigint)$$, 'one day');
SELECT bag_eq('SELECT * FROM kpi_skip_rate', $$VALUES
  ('Action', 3::bigint, 0::bigint, 0.00, 0::bigint), ('Drama', 3, 1, 33.33, 0), ('Comedy', 2, 0, 0.00, 0), ('Unknown', 1, 0, NULL, 1)$$, 'skips by genre');
SELECT bag_eq($$SELECT genre, skips FROM kpi_skip_rate(24.5) WHERE skips > 0$$, $$VALUES ('Drama', 1::bigint)$$, 'p3 was left after 24 seconds');
SELECT is_empty($$SELECT genre FROM kpi_skip_rate(24) WHERE skips > 0$$, 'which is not within 24');

SELECT bag_eq('SELECT * FROM kpi_top_videos_by_region', $$VALUES
  ('IN-W', 'India West', 1::bigint, 'V3', 'Gamma', 'Comedy', 2::bigint, 0.67, 100.00), ('IN-W', 'India West', 2, 'V1', 'Alpha', 'Action', 1, 1.67, 100.00),
  ('IN-W', 'India West', 3, 'V2', 'Beta', 'Drama', 1, 0.01, 0.80), ('US-E', 'US East', 1, 'V1', 'Alpha', 'Action', 2, 1.83, 55.00),
  ('GB', 'Britain', 1, 'V2', 'Beta', 'Drama', 1, 0.42, 50.00), ('GB', 'Britain', 2, 'V4', NULL, 'Unknown', 1, 0.08, NULL),
  ('?', 'Unknown', 1, 'V2', 'Beta', 'Drama', 1, 0.17, 20.00)$$, 'top videos of each region; of equal views the one watched longer');
SELECT bag_eq('SELECT region_id, video_id FROM kpi_top_videos_by_region(1)', $$VALUES ('IN-W', 'V3'), ('US-E', 'V1'), ('GB', 'V2'), ('?', 'V2')$$, 'the first of each region');

-- As of 10 March 12:00 only p8 and p9 are a day old or less. With two days and a half-life of 12 hours: p7 (29 hours) 2^(-29/12) = 0.1873, p6 (29.25) 0.1846,
-- p5 (29.5) 0.18196, p4 (35.5) 0.12866, p3 (42) 0.0884, p2 (44.25) 0.0776, p1 (46) 0.0702
SELECT bag_eq('SELECT * FROM kpi_trending', $$VALUES
  ('GB', 'Britain', 1::bigint, 'V4', NULL, 'Unknown', 1.0000, 1::bigint), ('IN-W', 'India West', 1, 'V3', 'Gamma', 'Comedy', 1.0000, 1)$$, 'trending by default');
SELECT bag_eq($$SELECT region_id, trend_rank, video_id, trending_score FROM kpi_trending(NULL, '2 days', '12 hours')$$, $$VALUES
  ('GB', 1::bigint, 'V4', 1.0000), ('GB', 2, 'V2', 0.1846), ('IN-W', 1, 'V3', 1.0776), ('IN-W', 2, 'V2', 0.0884), ('IN-W', 3, 'V1', 0.0702),
  ('US-E', 1, 'V1', 0.3106), ('?', 1, 'V2', 0.1873)$$, 'trending, decayed: V1 in the US has 0.18196 + 0.12866');
SELECT bag_eq($$SELECT video_id, trending_score FROM kpi_trending('IN-W', '2 days', '12 hours', 2)$$, $$VALUES ('V3', 1.0776), ('V2', 0.0884)$$, 'the top two of one region');
SELECT bag_eq($$SELECT video_id, trending_score, views FROM kpi_trending('IN-W', '1 day', '2 hours', 10, '2025-03-08 16:00Z')$$,
  $$VALUES ('V1', 0.5000, 1::bigint), ('V3', 0.9170, 1)$$, 'as of a moment, nothing later: 2^-1 and 2^(-0.25/2)');
-- 2^-44 and less is nothing in four places, and 24 hours before the latest two at 12:00 nothing else counts. In 48 hours p1 is 46 hours old: 2^-2760 is less than any float8.
SELECT bag_eq($$SELECT region_id, video_id, trending_score, views FROM kpi_trending('IN-W', '2 days', '1 minute')$$, $$VALUES
  ('IN-W', 'V3', 1.0000, 2::bigint), ('IN-W', 'V2', 0.0000, 1), ('IN-W', 'V1', 0.0000, 1)$$, 'what is older than thousands of half-lives counts nothing');
SELECT bag_eq($$SELECT half_life, count(*) AS videos, count(trending_score) AS scores FROM unnest('{0,-6 hours,NULL}'::interval[]) AS half_life CROSS JOIN LATERAL kpi_trending('IN-W', '2 days', half_life) GROUP BY 1$$,
  $$VALUES (interval '0', 3::bigint, 0::bigint), ('-6 hours', 3, 0), (NULL, 3, 0)$$, 'a half-life that is not above zero gives no score');
-- The clock of New York goes forward at 07:00Z on 9 March. A day before 10 March 06:45Z is 9 March 06:45Z, 24 hours, in whatever session: p7 of 07:00Z counts, p6 of
-- 06:45Z and p5 of 06:30Z do not. On the clock there it was 23 hours: 9 March 07:45Z. Nor does 2^(-age / 1 day) depend on it: p7 is 23.75 hours old, 2^(-23.75/24) = 0.5036.
PREPARE trend AS SELECT region_id, video_id, trending_score FROM kpi_trending(NULL, '1 day', '1 day', 10, '2025-03-10 06:45Z');
SELECT bag_eq('EXECUTE trend', $$VALUES ('?', 'V2', 0.5036)$$, 'a day back is 24 hours');
SET LOCAL TimeZone = 'America/New_York';
SELECT bag_eq('EXECUTE trend', $$VALUES ('?', 'V2', 0.5036)$$, 'in a session whose clock was changed meanwhile, too');
SET LOCAL TimeZone = 'UTC';
-- The aggregate of the extension gives the same sums.
SELECT is_empty($$
  SELECT t.region_id, t.video_id, t.trending_score, s.score
  FROM kpi_trending(NULL, '2 days', '12 hours') t
  JOIN (SELECT region_key, video_key, starhouse.trending_value(starhouse.trending_state(event_time, 1, '12 hours'), '2025-03-10 12:00Z') AS score
        FROM viewership_fact GROUP BY 1, 2) s ON s.region_key = t.region_id AND s.video_key = t.video_id
  WHERE abs(t.trending_score - s.score::numeric) > 0.00005$$, 'as the aggregate trending_score');

SELECT bag_eq('SELECT * FROM kpi_video_5min', $$VALUES
  ('2025-03-10 12:00Z'::timestamptz, 'V3', 'Gamma', 1::bigint, 20.00, 0.00), ('2025-03-10 12:00Z', 'V4', NULL, 1, 5.00, 2.00)$$, 'five minutes: the last 24 hours');
SELECT bag_eq($$SELECT window_start, video_id, views, average_watch_minutes, average_buffering_seconds FROM kpi_video_5min('2025-03-09 06:00Z', '2025-03-09 07:00:01Z')$$, $$VALUES
  ('2025-03-09 06:30Z'::timestamptz, 'V1', 1::bigint, 60.00, 0.00), ('2025-03-09 06:45Z', 'V2', 1, 25.00, 5.00), ('2025-03-09 07:00Z', 'V2', 1, 10.00, NULL)$$, 'between two moments');
INSERT INTO viewership_fact (time_key, event_time, event_id, video_key, watch_duration, buffering_time)
VALUES ('2025-03-09 06:00', '2025-03-09 06:49:59.999Z', 'w1', 'V2', 35, 15);
SELECT results_eq($$SELECT views, average_watch_minutes, average_buffering_seconds FROM kpi_video_5min('2025-03-09 06:45Z', '2025-03-09 06:50Z')$$,
  $$VALUES (2::bigint, 30.00, 10.00)$$, 'a window includes its start and not its end: (25 + 35) / 2, (5 + 15) / 2');
DELETE FROM viewership_fact WHERE event_id = 'w1';

SELECT bag_eq('SELECT * FROM kpi_genre_by_region', $$VALUES
  ('IN-W', 'India West', 1::bigint, 'Comedy', 2::bigint, 50.00, 0.67), ('IN-W', 'India West', 2, 'Action', 1, 25.00, 1.67), ('IN-W', 'India West', 3, 'Drama', 1, 25.00, 0.01),
  ('US-E', 'US East', 1, 'Action', 2, 100.00, 1.83), ('GB', 'Britain', 1, 'Drama', 1, 50.00, 0.42), ('GB', 'Britain', 2, 'Unknown', 1, 50.00, 0.08),
  ('?', 'Unknown', 1, 'Drama', 1, 100.00, 0.17)$$, 'genres of each region');
-- Alpha's three views and 210 minutes count half as Action, half as Drama
SELECT bag_eq('SELECT * FROM kpi_genres', $$VALUES
  ('Action', 1::bigint, 1.50, 16.67, 1.75), ('Drama', 2, 4.50, 50.00, 2.34), ('Comedy', 1, 2.00, 22.22, 0.67), ('Unknown', 1, 1.00, 11.11, 0.08)$$, 'all genres, shared out');
-- V1's days: IN-W 8 March: 0.5 * 100 + 0.15 * 100 * 1 / 1.05 + 0.15 * 100 * 1 / 1.02 + 0.1 * 100 * 100 / 130 = 50 + 14.2857 + 14.7059 + 7.6923 = 86.68
-- US-E 9 March: completion (50 + 60) / 2, a like in two playbacks, 55 minutes: 27.5 + 15 * 0.5 / 0.55 + 10 * 55 / 85 = 47.61. (86.68 + 2 * 47.61) / 3 = 60.63
-- V2's: IN-W 0.4 + 10 * 0.4 / 30.4 = 0.53; GB 25 + 10 * 25 / 55 = 29.55; ? 10 + 10 * 10 / 40 = 12.50; mean 14.19. V3's: 50 + 10 * 20 / 50 = 54
SELECT bag_eq('SELECT * FROM kpi_engagement_by_video', $$VALUES
  ('V1', 'Alpha', 'Action', 3::bigint, 3.50, 70.00, 70.00, 2::bigint, 1::bigint, 0::bigint, 100.00, 60.63),
  ('V2', 'Beta', 'Drama', 3, 0.59, 11.80, 23.60, 0, 0, 0, 0.00, 14.19), ('V3', 'Gamma', 'Comedy', 2, 0.67, 20.00, 100.00, 0, 0, 0, 0.00, 54.00),
  ('V4', NULL, 'Unknown', 1, 0.08, 5.00, NULL, 0, 0, 1, 100.00, NULL)$$, 'engagement of videos');
SELECT is((SELECT engagement_score FROM engagement_fact WHERE region_key = 'IN-W' AND video_key = 'V1'), 86.68, 'one of their scores');
-- U1 watched 120.4 minutes while Basic and is Premium now
SELECT bag_eq('SELECT * FROM kpi_watch_by_subscription', $$VALUES
  ('Basic', 1::bigint, 3::bigint, 2.01, 2.01, 0::bigint, 0.00), ('Premium', 0, 0, 0.00, NULL, 3, 2.01), ('Standard', 1, 2, 1.83, 1.83, 2, 1.83),
  ('Free', 1, 2, 0.50, 0.50, 2, 0.50), ('Unknown', 1, 2, 0.50, 0.33, 2, 0.50)$$, 'by the subscription of then and of now');

-- Hours of the viewers' clocks. India: 19:30 to 21:10 and 21:15 to 21:35; 23:30; 17:30 to 17:50. New York on the 8th 19:30 to 20:20, on the 9th
-- half an hour from 01:30 and, the clocks put forward, half an hour from 03:00. Minutes: India 140.4, New York 110, London 30, unknown 10.
SELECT bag_eq('SELECT * FROM kpi_watch_hours_by_time_zone', $$VALUES
  ('Asia/Kolkata', 19, 1::bigint, 0.50, 21.37, 2::bigint), ('Asia/Kolkata', 20, 0, 1.00, 42.74, 1), ('Asia/Kolkata', 21, 1, 0.50, 21.37, 2),
  ('Asia/Kolkata', 23, 1, 0.01, 0.28, 5), ('Asia/Kolkata', 17, 1, 0.33, 14.25, 4),
  ('America/New_York', 19, 1, 0.50, 27.27, 1), ('America/New_York', 20, 0, 0.33, 18.18, 4), ('America/New_York', 1, 1, 0.50, 27.27, 1), ('America/New_York', 3, 0, 0.50, 27.27, 1),
  ('Europe/London', 6, 1, 0.25, 50.00, 1), ('Europe/London', 7, 0, 0.17, 33.33, 2), ('Europe/London', 12, 1, 0.08, 16.67, 3), ('Unknown', NULL, 1, 0.17, 100.00, NULL)$$,
  'hours by time zone, right over the change of the clocks');
SELECT bag_eq('SELECT * FROM kpi_local_hours WHERE hour_rank <= 2 OR local_hour IS NULL', $$VALUES
  (20, 0::bigint, 1.33, 27.55, 1::bigint), (19, 2, 1.00, 20.66, 2), (NULL, 1, 0.17, 3.44, NULL)$$, 'hours of all clocks: 80, 60 and 10 of 290.4 minutes');
SELECT is((SELECT sum(views) FROM kpi_local_hours), 9::numeric, 'each playback begins in one hour');
-- India: 18 to 22 has 30 + 60 + 30 of 140.4 minutes, as 19 to 23 has, but earlier. New York: 0 to 4 has 60 of 110, before 1 to 5. London: 4 to 8 has 25 of 30.
SELECT bag_eq('SELECT * FROM kpi_peak_hours', $$VALUES
  ('IN-W', 'India West', 18, 22, 2.00, 85.47), ('US-E', 'US East', 0, 4, 1.00, 54.55), ('GB', 'Britain', 4, 8, 0.42, 83.33),
  (NULL, 'All regions', 18, 22, 2.83, 60.63)$$, 'peak hours; all: 60 + 80 + 30 of 280.4 minutes');
SELECT results_eq($$SELECT peak_from, peak_to, watch_hours FROM kpi_peak_hours(2) WHERE region_id = 'IN-W'$$, $$VALUES (19, 21, 1.50)$$, 'two hours: 30 + 60 minutes');
INSERT INTO viewing_hour_fact (time_key, region_key, event_time, watch_minutes) VALUES
  ('2025-03-10 23:00', 'GB', '2025-03-10 23:00Z', 60), ('2025-03-10 00:00', 'GB', '2025-03-10 00:00Z', 60);
SELECT results_eq($$SELECT peak_from, peak_to, watch_hours FROM kpi_peak_hours(2) WHERE region_id = 'GB'$$, $$VALUES (23, 1, 2.00)$$, 'a peak over midnight');

SELECT * FROM finish();
ROLLBACK;
