-- report StreamFlix: viewing, regions, recommendations and quality of service
-- The views are in docs/streamflix-kpis.md.

--- At a glance
-- figures Headline figures
-- note The last 30 days against the 30 before, once these are loaded throughout; viewers of a day against the day before. The last day, which may go on, is no whole one. Accuracy: how often a recommendation that was clicked had the higher score than one that was not; 50 % is guessing.
-- source kpi_viewing_summary, kpi_active_users, kpi_recommendation_quality
-- empty Load playbacks: starhouse load WAREHOUSE --feed playback_events FILE
WITH span AS MATERIALIZED (
  SELECT kpi_last_day() - 59 AS from_before, kpi_last_day() - 30 AS to_before WHERE kpi_last_day() - 59 >= kpi_first_day()
), days AS MATERIALIZED (
  SELECT day, daily_users, monthly_users, row_number() OVER (ORDER BY day DESC) AS back FROM kpi_active_users(kpi_last_day() - 31)
), viewing AS MATERIALIZED (
  SELECT * FROM kpi_viewing_summary
), viewing_before AS MATERIALIZED (
  SELECT v.* FROM span CROSS JOIN LATERAL kpi_viewing_summary(span.from_before, span.to_before) v WHERE v.views > 0
), shown AS MATERIALIZED (
  SELECT * FROM kpi_recommendation_quality
), shown_before AS MATERIALIZED (
  SELECT q.* FROM span CROSS JOIN LATERAL kpi_recommendation_quality(span.from_before, span.to_before) q
), figures AS (
  SELECT f.* FROM viewing v LEFT JOIN viewing_before b ON true
  CROSS JOIN LATERAL (VALUES (1, 'Average watch time', v.average_watch_minutes, b.average_watch_minutes, 'min', 'up'), (2, 'Hours watched', v.watch_hours, b.watch_hours, '', 'up'),
    (5, 'Watched to the end', v.completion_percent, b.completion_percent, 'percent', 'up'), (6, 'Average wait', v.average_buffering_seconds, b.average_buffering_seconds, 's', 'down'),
    (8, 'Left at once', v.skip_percent, b.skip_percent, 'percent', 'down')) AS f (place, label, value, before, unit, good)
  WHERE v.views > 0
  UNION ALL
  SELECT f.* FROM days m LEFT JOIN days b ON b.back = 3 LEFT JOIN days c ON c.back = 32 AND c.day - 29 >= kpi_first_day()
  CROSS JOIN LATERAL (VALUES (3, 'Viewers of the last whole day', m.daily_users, b.daily_users, '', 'up'),
    (4, 'Viewers of 30 days', m.monthly_users, c.monthly_users, '', 'up')) AS f (place, label, value, before, unit, good)
  WHERE m.back = 2
  UNION ALL
  SELECT f.* FROM shown s LEFT JOIN shown_before b ON true
  CROSS JOIN LATERAL (VALUES (7, 'Recommendations clicked', s.click_percent, b.click_percent, 'percent', 'up'),
    (9, 'Accuracy of the score', s.score_accuracy_percent, b.score_accuracy_percent, 'percent', 'up')) AS f (place, label, value, before, unit, good)
  WHERE s.recommendations > 0
)
SELECT label, value, before, unit, good FROM figures ORDER BY place;

--- Engagement
-- line Hours watched from day to day
-- unit hours
-- source kpi_daily_viewing
-- empty Load playbacks: starhouse load WAREHOUSE --feed playback_events FILE
SELECT day, watch_hours AS "hours watched" FROM kpi_daily_viewing ORDER BY day;

-- line Viewers by day, week and month
-- unit viewers
-- source kpi_active_users
-- empty Load playbacks: starhouse load WAREHOUSE --feed playback_events FILE
SELECT day AS date, daily_users AS "one day", weekly_users AS "7 days", monthly_users AS "30 days" FROM kpi_active_users ORDER BY date;

-- bars Videos that engage most
-- unit score
-- source kpi_engagement_by_video
-- empty Load playbacks and interactions.
SELECT coalesce(title, video_id) AS video, engagement_score AS "engagement score" FROM kpi_engagement_by_video WHERE engagement_score IS NOT NULL ORDER BY engagement_score DESC, video_id LIMIT 12;

-- bars Genres
-- unit hours
-- note A video counts for all its genres.
-- source kpi_genres
-- empty Load playbacks: starhouse load WAREHOUSE --feed playback_events FILE
SELECT genre, watch_hours AS "hours watched" FROM kpi_genres ORDER BY watch_hours DESC LIMIT 12;

-- bars Genres that viewers leave at once
-- unit percent
-- source kpi_skip_rate
-- empty Load playbacks: starhouse load WAREHOUSE --feed playback_events FILE
SELECT genre, skip_percent AS "left at once" FROM kpi_skip_rate WHERE skip_percent IS NOT NULL ORDER BY views DESC, genre LIMIT 12;

-- line Sessions from day to day
-- unit sessions
-- source kpi_sessions
-- empty Load playbacks: starhouse load WAREHOUSE --feed playback_events FILE
SELECT day, sessions, binge_sessions AS "binges" FROM kpi_sessions ORDER BY day;

--- Regions
-- table Top 10 videos of each region
-- note The most watched in the last 30 days.
-- source kpi_top_videos_by_region
-- empty Load playbacks: starhouse load WAREHOUSE --feed playback_events FILE
SELECT region_name AS region, video_rank AS rank, coalesce(title, video_id) AS video, genre, views, watch_hours AS "hours watched", completion_percent AS "watched %"
FROM kpi_top_videos_by_region ORDER BY 1, region_id, video_rank;

-- table Trending now
-- note The ten highest scores of each region; a view counts half after the half-life, six hours.
-- source kpi_trending
-- empty Load playbacks: starhouse load WAREHOUSE --feed playback_events FILE
SELECT coalesce(region_name, region_id) AS region, trend_rank AS rank, coalesce(title, video_id) AS video, genre, trending_score AS score, views
FROM kpi_trending ORDER BY 1, region_id, trend_rank;

-- heat Hours watched by time zone, hour by hour of its own day
-- unit percent
-- note Of the hours watched in the zone, the part of each hour of its clock: 0 is midnight to one. The last 30 days.
-- source kpi_watch_hours_by_time_zone
-- empty Load playbacks: starhouse load WAREHOUSE --feed playback_events FILE
WITH zones AS MATERIALIZED (
  SELECT timezone, local_hour, watch_percent, sum(watch_hours) OVER (PARTITION BY timezone) AS hours FROM kpi_watch_hours_by_time_zone WHERE local_hour IS NOT NULL
)
SELECT z.timezone AS "time zone", h.local_hour AS hour, coalesce(w.watch_percent, 0) AS watch_percent
FROM (SELECT DISTINCT timezone, hours FROM zones) z
CROSS JOIN generate_series(0, 23) AS h (local_hour)
LEFT JOIN zones w ON w.timezone = z.timezone AND w.local_hour = h.local_hour
ORDER BY z.hours DESC, 1, 2;

-- bars Watched by the hour of the viewers' own day
-- unit hours
-- source kpi_local_hours
-- empty Load playbacks: starhouse load WAREHOUSE --feed playback_events FILE
SELECT to_char(local_hour, 'FM00') || ':00' AS hour, watch_hours AS "hours watched" FROM kpi_local_hours ORDER BY local_hour;

-- table Peak hours by region
-- source kpi_peak_hours
-- empty Load playbacks: starhouse load WAREHOUSE --feed playback_events FILE
SELECT coalesce(region_name, region_id) AS region, to_char(peak_from, 'FM00') || ':00' AS "from", to_char(peak_to, 'FM00') || ':00' AS "to", watch_hours AS "hours watched", watch_percent AS "% of the region"
FROM kpi_peak_hours ORDER BY watch_hours DESC, 1;

--- Recommendations
-- bars Clicks by score of the recommendation
-- unit percent
-- source kpi_recommendation_by_score
-- empty Load recommendations: starhouse load WAREHOUSE --feed recommendations FILE
SELECT trim_scale(score_from) || ' to ' || trim_scale(score_to) AS score, click_percent AS "clicked", watch_percent AS "watched" FROM kpi_recommendation_by_score ORDER BY score_from;

-- table Videos by clicks when recommended
-- note Ordered by the lower end of the 95 % interval (Wilson), so that a few lucky clicks do not lead.
-- source kpi_click_through
-- empty Load recommendations: starhouse load WAREHOUSE --feed recommendations FILE
SELECT coalesce(title, video_id) AS video, recommendations, clicks, click_percent AS "clicked %", lower_percent AS "at least %", upper_percent AS "at most %"
FROM kpi_click_through ORDER BY lower_percent DESC NULLS LAST, video_id LIMIT 20;

--- Service
-- line Streams at once, peak of each day
-- unit streams
-- source kpi_concurrent_viewers
-- empty Load playbacks: starhouse load WAREHOUSE --feed playback_events FILE
SELECT day, peak_streams AS "streams" FROM kpi_concurrent_viewers ORDER BY day;

-- line Time to start, average and 95th percentile
-- unit s
-- source kpi_system_performance
-- empty Load playbacks with their start-up times: starhouse load WAREHOUSE --feed playback_events FILE
SELECT day, average_startup_seconds AS "average", p95_startup_seconds AS "95th percentile" FROM kpi_system_performance
WHERE average_startup_seconds IS NOT NULL ORDER BY day;

-- line Streams begun in a minute
-- unit streams
-- note The mean of the day, and its busiest minute.
-- source kpi_system_performance
-- empty Load playbacks: starhouse load WAREHOUSE --feed playback_events FILE
SELECT day, streams_per_minute AS "mean", busiest_minute_streams AS "busiest minute" FROM kpi_system_performance ORDER BY day;

-- line Bit rate from day to day
-- unit kbit/s
-- note The mean over the minutes watched.
-- source kpi_system_performance
-- empty Load playbacks with their bit rate: starhouse load WAREHOUSE --feed playback_events FILE
SELECT day, average_bitrate AS "bit rate" FROM kpi_system_performance WHERE average_bitrate IS NOT NULL ORDER BY day;

--- Devices
-- bars Waiting by device
-- unit percent
-- note Part of the time on the player spent waiting.
-- source kpi_buffering_by_device
-- empty Load playbacks: starhouse load WAREHOUSE --feed playback_events FILE
SELECT coalesce(os, 'unknown') || ', ' || coalesce(connection_type, 'unknown') AS device, rebuffer_percent AS "waiting" FROM kpi_buffering_by_device
WHERE rebuffer_percent IS NOT NULL ORDER BY views DESC, 1 LIMIT 14;

-- bars Length of a session by device
-- unit min
-- source kpi_device_usage
-- empty Load devices and playbacks.
SELECT coalesce(os, 'unknown') || ', ' || coalesce(connection_type, 'unknown') AS device, average_session_minutes AS "session" FROM kpi_device_usage
WHERE sessions > 0 ORDER BY views DESC, 1 LIMIT 14;

-- bars Bandwidth by device
-- unit Mbit/s
-- note The mean of the devices in use, as each was measured last.
-- source kpi_device_usage
-- empty Load devices and playbacks.
SELECT coalesce(os, 'unknown') || ', ' || coalesce(connection_type, 'unknown') AS device, average_bandwidth AS "bandwidth" FROM kpi_device_usage
WHERE average_bandwidth IS NOT NULL ORDER BY views DESC, 1 LIMIT 14;
