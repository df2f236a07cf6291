-- The four example queries of StreamFlix's source document, word for word and in its capitals, with search_path set
-- to the warehouse. Two of them speak of today: rows of today and yesterday join the small set of test/data.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, starhouse;
SELECT no_plan();
SELECT starhouse.create_warehouse('streamflix', time_zone => 'UTC', country => NULL, calendar_from => '2025-01-01') \g /dev/null
SET search_path = streamflix;
\ir ../data/streamflix_kpi.sql
SELECT starhouse.ensure_partitions('streamflix.viewership_fact', CURRENT_DATE - 2, CURRENT_DATE + 1) \g /dev/null
-- Yesterday at noon and later count as the last day for the query on trends; today's hours for the daily one.
INSERT INTO viewership_fact (time_key, event_time, event_id, user_key, user_version, video_key, video_id, region_key, watch_duration)
SELECT CURRENT_DATE + h * interval '1 hour', (CURRENT_DATE + h * interval '1 hour') AT TIME ZONE 'UTC', id, u, uv, v, v, r, w
FROM (VALUES (-36, 't0', 'U1', 102, 'V1', 'IN-W', 9.0), (-12, 't1', 'U1', 102, 'V1', 'IN-W', 5), (-11, 't2', 'U2', 103, 'V1', 'IN-W', 7),
             (0, 't3', 'U1', 102, 'V2', 'IN-W', 11), (1, 't4', 'U1', 102, 'V3', 'GB', 13), (23, 't5', 'U2', 103, 'V3', 'GB', 17)) x (h, id, u, uv, v, r, w);

PREPARE trending_videos_by_region AS
SELECT r.region_name, v.title, COUNT(f.video_id) AS view_count
FROM Viewership_Fact f
JOIN Region_Dim r ON f.region_key = r.region_id
JOIN Video_Dim v ON f.video_key = v.video_id
WHERE f.event_time >= CURRENT_DATE - INTERVAL '1 DAY'
GROUP BY r.region_name, v.title
ORDER BY r.region_name, view_count DESC
LIMIT 10;

PREPARE daily_watch_time_per_user AS
SELECT u.user_id, SUM(f.watch_duration) AS total_watch_minutes
FROM Viewership_Fact f
JOIN User_Dim u ON f.user_key = u.user_id
JOIN Time_Dim t ON f.time_key = t.date_key
WHERE t.date = CURRENT_DATE
GROUP BY u.user_id;

PREPARE buffering_ratio_per_device_type AS
SELECT d.os, ROUND(AVG(f.buffering_time)/AVG(f.watch_duration)*100, 2)
AS buffering_ratio
FROM Viewership_Fact f
JOIN Device_Dim d ON f.device_key = d.device_id
GROUP BY d.os
ORDER BY buffering_ratio;

PREPARE most_watched_genre_by_region AS
SELECT r.region_name, v.genre, COUNT(*) AS total_views
FROM Viewership_Fact f
JOIN Video_Dim v ON f.video_key = v.video_id
JOIN Region_Dim r ON f.region_key = r.region_id
GROUP BY r.region_name, v.genre
ORDER BY total_views DESC;

-- pgTAP lives in public; everything else is still found in the warehouse first.
SET search_path = streamflix, public;
SELECT results_eq('trending_videos_by_region', $$VALUES
  ('Britain', 'Gamma', 2::bigint), ('India West', 'Alpha', 2), ('India West', 'Beta', 1)$$, 'trending videos by region: t0 is older');
SELECT bag_eq('daily_watch_time_per_user', $$VALUES ('U1', 11.0 + 13), ('U2', 17)$$, '(a) daily watch time per user');
-- Android: buffering (6 + 0 + 4 + 5 + 2 + 0) / 6, watching (100 + 20 + 0.4 + 25 + 5 + 20) / 6: 17 / 170.4
-- iOS: 10 / 110. Unknown: p7 and today's rows have no buffering
SELECT results_eq('buffering_ratio_per_device_type', $$VALUES ('iOS', 9.09), ('Android', 9.98), ('Unknown', NULL)$$, '(b) buffering ratio per device type');
SELECT bag_eq('most_watched_genre_by_region', $$VALUES
  ('India West', 'Action', 1 + 3::bigint), ('India West', 'Comedy', 2), ('India West', 'Drama', 1 + 1), ('US East', 'Action', 2),
  ('Britain', 'Drama', 1), ('Britain', 'Comedy', 2), ('Britain', NULL, 1), ('Unknown', 'Drama', 1)$$, '(c) most watched genre by region; a video not known yet keeps its views');
SELECT is((SELECT count(*) FROM Viewership_Fact f
           JOIN Time_Dim t ON f.time_key = t.date_key JOIN User_Dim u ON f.user_key = u.user_id JOIN Video_Dim v ON f.video_key = v.video_id
           JOIN Device_Dim d ON f.device_key = d.device_id JOIN Region_Dim r ON f.region_key = r.region_id),
          9 + 6::bigint, 'a join to all five dimensions loses no row and doubles none');

SELECT * FROM finish();
ROLLBACK;
