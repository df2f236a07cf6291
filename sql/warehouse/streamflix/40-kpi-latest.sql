-- Sums by user, device, subscription and video that the reports on these read: stored (11-latest.sql) where the days asked for are the latest
-- ones and nothing has changed them since, else from the facts. What the facts say here is what 41-latest.sql stores.

CREATE FUNCTION kpi_latest(of_summary text, from_day date, to_day date) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT EXISTS (SELECT FROM latest_sums l
                 WHERE l.summary = of_summary AND l.holds AND l.from_day = kpi_from_day(kpi_latest.from_day, kpi_latest.to_day)
                   AND l.to_day = COALESCE(kpi_latest.to_day, kpi_last_day()));
END;
COMMENT ON FUNCTION kpi_latest(text, date, date) IS
'Whether the sums of the latest days (latest_sums) are those of from_day to to_day (NULLs as in kpi_playbacks) and hold. of_summary: viewing, videos, shown or members; false for NULL.';

CREATE FUNCTION kpi_latest_members(from_day date, to_day date) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN kpi_latest('viewing', from_day, to_day) AND kpi_latest('members', from_day, to_day);
COMMENT ON FUNCTION kpi_latest_members(date, date) IS
'Whether latest_device_kind and latest_subscription are those of from_day to to_day (NULLs as in kpi_playbacks) and hold.';

CREATE FUNCTION kpi_genre_print() RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT COALESCE(sum(hashtextextended(v.video_id || E'\n' || COALESCE(v.genre, E'\n') || E'\n' || COALESCE(v.content_type, E'\n'), 0)), 0) FROM video_dim v;
END;
COMMENT ON FUNCTION kpi_genre_print() IS 'A figure that changes when the first genre of a video or its kind of content does, or a video comes. 0 without videos.';

CREATE FUNCTION kpi_latest_genres(of_summary text, from_day date, to_day date) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN kpi_latest(of_summary, from_day, to_day) AND EXISTS (SELECT FROM latest_sums l WHERE l.summary = of_summary AND l.genres = kpi_genre_print());
COMMENT ON FUNCTION kpi_latest_genres(text, date, date) IS
'Whether latest_genre (of_summary videos) or latest_shown_genre (shown) is that of from_day to to_day (NULLs as in kpi_playbacks), and holds. NULL is false.';

CREATE FUNCTION kpi_cuts(at timestamptz) RETURNS timestamptz[]
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ARRAY[at - interval '168 hours', at - interval '720 hours', at - interval '1440 hours', at - interval '2160 hours', at - interval '4320 hours'];
COMMENT ON FUNCTION kpi_cuts(timestamptz) IS 'The instants 7, 30, 60, 90 and 180 days of 24 hours before one, the same in any time zone. NULLs for NULL.';

CREATE FUNCTION kpi_latest_moment(of_summary text, as_of timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT EXISTS (SELECT FROM latest_sums l
                 WHERE l.summary = of_summary AND l.holds AND l.at = COALESCE(as_of, kpi_last_time()) AND l.cuts = kpi_cuts(l.at) AND (l.summary <> 'viewing' OR l.genres = kpi_genre_print()));
END;
COMMENT ON FUNCTION kpi_latest_moment(text, timestamptz) IS
'Whether latest_user (viewing) or latest_shown (shown) is as of the moment (NULL: the latest playback), and holds. False for another summary.';

-- The law of latest_user. Parameters instead of functions that say when: a query over one table, its bounds known when it runs, is one that star scans take. GROUP BY
-- for what is counted once, for the same reason.
CREATE FUNCTION kpi_users_of(at timestamptz, at_7 timestamptz, at_30 timestamptz, at_60 timestamptz, at_90 timestamptz, at_180 timestamptz)
RETURNS TABLE (user_key text, days_since_last_view numeric, views_7 bigint, views_30 bigint, views_90 bigint, days_30 bigint, videos_30 bigint, genres_30 bigint,
               minutes_30 numeric, minutes_60 numeric, watch_trend_percent numeric, completion_percent numeric, rebuffer_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
  WITH viewed AS (
    SELECT f.user_key, max(f.event_time) AS last_view,
           count(*) FILTER (WHERE f.event_time > at_7) AS views_7, count(*) FILTER (WHERE f.event_time > at_30) AS views_30, count(*) FILTER (WHERE f.event_time > at_90) AS views_90,
           sum(f.watch_duration) FILTER (WHERE f.event_time > at_30) AS minutes_30,
           sum(f.watch_duration) FILTER (WHERE f.event_time <= at_30 AND f.event_time > at_60) AS minutes_60,
           avg(f.completion_rate) FILTER (WHERE f.event_time > at_30) AS completion,
           sum(f.buffering_time) FILTER (WHERE f.event_time > at_30) AS buffering,
           sum(f.watch_duration) FILTER (WHERE f.event_time > at_30 AND f.buffering_time IS NOT NULL) AS buffered_minutes
    FROM viewership_fact f
    WHERE f.event_time > at_180 AND f.event_time <= at AND f.user_key <> '?'
    GROUP BY f.user_key
  ), days AS (
    SELECT s.user_key, count(*) AS days
    FROM (SELECT f.user_key, f.time_key::date AS day FROM viewership_fact f WHERE f.event_time > at_30 AND f.event_time <= at AND f.user_key <> '?' GROUP BY 1, 2) s
    GROUP BY s.user_key
  ), videos AS (
    SELECT s.user_key, count(*) AS videos
    FROM (SELECT f.user_key, f.video_key FROM viewership_fact f WHERE f.event_time > at_30 AND f.event_time <= at AND f.user_key <> '?' AND f.video_key <> '?' GROUP BY 1, 2) s
    GROUP BY s.user_key
  ), genres AS (
    SELECT s.user_key, count(s.genre) AS genres
    FROM (SELECT f.user_key, v.genre FROM viewership_fact f JOIN video_dim v ON v.video_id = f.video_key
          WHERE f.event_time > at_30 AND f.event_time <= at AND f.user_key <> '?' AND f.video_key <> '?' GROUP BY 1, 2) s
    GROUP BY s.user_key
  )
  SELECT w.user_key, round(extract(epoch FROM at - w.last_view) / 86400, 2), w.views_7, w.views_30, w.views_90, COALESCE(d.days, 0), COALESCE(v.videos, 0), COALESCE(g.genres, 0),
         COALESCE(w.minutes_30, 0), COALESCE(w.minutes_60, 0), kpi_percent(COALESCE(w.minutes_30, 0) - COALESCE(w.minutes_60, 0), COALESCE(w.minutes_60, 0)), round(w.completion, 2),
         kpi_percent(w.buffering, w.buffering + 60 * w.buffered_minutes)
  FROM viewed w
  LEFT JOIN days d ON d.user_key = w.user_key
  LEFT JOIN videos v ON v.user_key = w.user_key
  LEFT JOIN genres g ON g.user_key = w.user_key;
END;
COMMENT ON FUNCTION kpi_users_of(timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) IS
'The rows of latest_user as of a moment, from viewership_fact: known users with a playback in the 180 days up to it. The other instants are those 7, 30, 60, 90 and 180 days before it (kpi_cuts). None for NULLs.';

CREATE FUNCTION kpi_user_sums(as_of timestamptz DEFAULT NULL)
RETURNS TABLE (user_key text, days_since_last_view numeric, views_7 bigint, views_30 bigint, views_90 bigint, days_30 bigint, videos_30 bigint, genres_30 bigint,
               minutes_30 numeric, minutes_60 numeric, watch_trend_percent numeric, completion_percent numeric, rebuffer_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
  WITH moment AS MATERIALIZED (
    SELECT x.at, kpi_cuts(x.at) AS cuts FROM (SELECT COALESCE(as_of, kpi_last_time()) AS at WHERE NOT kpi_latest_moment('viewing', as_of)) x
  )
  SELECT l.user_key, l.days_since_last_view, l.views_7, l.views_30, l.views_90, l.days_30, l.videos_30, l.genres_30, l.minutes_30, l.minutes_60,
         l.watch_trend_percent, l.completion_percent, l.rebuffer_percent
  FROM latest_user l
  WHERE (SELECT kpi_latest_moment('viewing', as_of))
  UNION ALL
  SELECT u.* FROM moment m CROSS JOIN LATERAL kpi_users_of(m.at, m.cuts[1], m.cuts[2], m.cuts[3], m.cuts[4], m.cuts[5]) u;
END;
COMMENT ON FUNCTION kpi_user_sums(timestamptz) IS
'The rows of latest_user as of a moment: known users with a playback in the 180 days of 24 hours up to it. NULL: the latest playback.';

CREATE FUNCTION kpi_user_shown(as_of timestamptz DEFAULT NULL) RETURNS TABLE (user_key text, recommendations bigint, click_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
  SELECT l.user_key, l.recommendations, l.click_percent FROM latest_shown l WHERE (SELECT kpi_latest_moment('shown', as_of))
  UNION ALL
  SELECT f.user_key, count(*), kpi_percent(sum(f.click_flag), count(*))
  FROM recommendation_fact f
  WHERE f.event_time > (SELECT CASE WHEN NOT kpi_latest_moment('shown', as_of) THEN COALESCE(as_of, kpi_last_time()) - interval '720 hours' END)
    AND f.event_time <= (SELECT CASE WHEN NOT kpi_latest_moment('shown', as_of) THEN COALESCE(as_of, kpi_last_time()) END) AND f.user_key <> '?'
  GROUP BY f.user_key;
END;
COMMENT ON FUNCTION kpi_user_shown(timestamptz) IS
'The rows of latest_shown as of a moment: known users with a recommendation in the 30 days of 24 hours up to it. NULL: the latest playback.';

CREATE FUNCTION kpi_device_sums(from_day date, to_day date)
RETURNS TABLE (device_key text, views bigint, watch_minutes numeric, buffered_views bigint, buffering_seconds numeric, buffered_minutes numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT l.device_key, l.views, l.watch_minutes, l.buffered_views, l.buffering_seconds, l.buffered_minutes
  FROM latest_device l
  WHERE (SELECT kpi_latest('viewing', from_day, to_day))
  UNION ALL
  SELECT f.device_key, count(*), sum(f.watch_minutes), count(f.buffering_seconds), COALESCE(sum(f.buffering_seconds), 0),
         COALESCE(sum(f.watch_minutes) FILTER (WHERE f.buffering_seconds IS NOT NULL), 0)
  FROM kpi_playbacks(from_day, to_day) f
  WHERE (SELECT NOT kpi_latest('viewing', from_day, to_day))
  GROUP BY f.device_key;
END;
COMMENT ON FUNCTION kpi_device_sums(date, date) IS
'Devices with a playback from from_day to to_day (NULLs as in kpi_playbacks): the columns of latest_device but for sessions, from there or from viewership_fact.';

CREATE FUNCTION kpi_version_sums(from_day date, to_day date) RETURNS TABLE (user_version bigint, user_key text, views bigint, watch_minutes numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT l.user_version, l.user_key, l.views, l.watch_minutes
  FROM latest_version l
  WHERE (SELECT kpi_latest('viewing', from_day, to_day))
  UNION ALL
  SELECT f.user_version, f.user_key, count(*), sum(f.watch_minutes)
  FROM kpi_playbacks(from_day, to_day) f
  WHERE (SELECT NOT kpi_latest('viewing', from_day, to_day))
  GROUP BY f.user_version, f.user_key;
END;
COMMENT ON FUNCTION kpi_version_sums(date, date) IS
'Playbacks by user and version from from_day to to_day (NULLs as in kpi_playbacks): latest_version, or viewership_fact.';

CREATE FUNCTION kpi_video_sums(from_day date, to_day date)
RETURNS TABLE (video_key text, views bigint, watch_minutes numeric, measured_views bigint, completion_sum numeric, likes bigint, shares bigint, comments bigint,
               score_sum numeric, scored_views bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT l.video_key, l.views, l.watch_minutes, l.measured_views, l.completion_sum, l.likes, l.shares, l.comments, l.score_sum, l.scored_views
  FROM latest_video l
  WHERE (SELECT kpi_latest('videos', from_day, to_day))
  UNION ALL
  SELECT f.video_key, sum(f.views)::bigint, sum(f.watch_minutes), sum(f.measured_views)::bigint, sum(f.completion_sum), sum(f.likes)::bigint,
         sum(f.shares)::bigint, sum(f.comments)::bigint, sum(f.engagement_score * f.views), sum(f.views) FILTER (WHERE f.engagement_score IS NOT NULL)::bigint
  FROM kpi_video_days(from_day, to_day) f
  WHERE (SELECT NOT kpi_latest('videos', from_day, to_day))
  GROUP BY f.video_key;
END;
COMMENT ON FUNCTION kpi_video_sums(date, date) IS
'Videos from from_day to to_day (NULLs as in kpi_playbacks), the columns of latest_video: from there, or from engagement_fact.';

CREATE FUNCTION kpi_region_video_sums(from_day date, to_day date)
RETURNS TABLE (region_key text, video_key text, views bigint, watch_minutes numeric, measured_views bigint, completion_sum numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT l.region_key, l.video_key, l.views, l.watch_minutes, l.measured_views, l.completion_sum
  FROM latest_region_video l
  WHERE (SELECT kpi_latest('videos', from_day, to_day))
  UNION ALL
  SELECT f.region_key, f.video_key, sum(f.views)::bigint, sum(f.watch_minutes), sum(f.measured_views)::bigint, sum(f.completion_sum)
  FROM kpi_video_days(from_day, to_day) f
  WHERE f.views > 0 AND (SELECT NOT kpi_latest('videos', from_day, to_day))
  GROUP BY f.region_key, f.video_key;
END;
COMMENT ON FUNCTION kpi_region_video_sums(date, date) IS
'Videos with playbacks by region from from_day to to_day (NULLs as in kpi_playbacks), the columns of latest_region_video: from there, or from engagement_fact.';

-- Where the sums hold the facts' first moment is NULL, which keeps the partitions from being read: a condition without columns would keep star scans from the join.
CREATE FUNCTION kpi_genre_days(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (day date, region_key text, genre text, content_type text, views bigint, watch_minutes numeric, measured_views bigint, completion_sum numeric,
               likes bigint, shares bigint, comments bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT l.day, l.region_key, l.genre, l.content_type, l.views, l.watch_minutes, l.measured_views, l.completion_sum, l.likes, l.shares, l.comments
  FROM latest_genre l
  WHERE (SELECT kpi_latest_genres('videos', from_day, to_day))
  UNION ALL
  SELECT f.time_key::date, f.region_key, COALESCE(v.genre, 'Unknown'), COALESCE(v.content_type, 'Unknown'), sum(f.views)::bigint, sum(f.watch_minutes),
         sum(f.measured_views)::bigint, sum(f.completion_sum), sum(f.likes)::bigint, sum(f.shares)::bigint, sum(f.comments)::bigint
  FROM engagement_fact f
  JOIN video_dim v ON v.video_id = f.video_key
  WHERE f.time_key >= (SELECT kpi_from_day(from_day, to_day)::timestamp)
    AND f.event_time >= (SELECT CASE WHEN NOT kpi_latest_genres('videos', from_day, to_day) THEN (kpi_from_day(from_day, to_day) - 1)::timestamp AT TIME ZONE 'UTC' END)
    AND f.time_key < (SELECT (COALESCE(to_day, kpi_last_day()) + 1)::timestamp)
    AND f.event_time < (SELECT (COALESCE(to_day, kpi_last_day()) + 2)::timestamp AT TIME ZONE 'UTC')
  GROUP BY 1, 2, 3, 4;
END;
COMMENT ON FUNCTION kpi_genre_days(date, date) IS
'Days by region, first genre and kind of content of the videos as they are now (Unknown where not known) from from_day to to_day (NULLs as in kpi_playbacks), the columns of latest_genre: from there, or from engagement_fact.';

CREATE FUNCTION kpi_shown_genre_days(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (day date, region_key text, genre text, recommendations bigint, clicks bigint, watches bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT l.day, l.region_key, l.genre, l.recommendations, l.clicks, l.watches
  FROM latest_shown_genre l
  WHERE (SELECT kpi_latest_genres('shown', from_day, to_day))
  UNION ALL
  SELECT f.time_key::date, f.region_key, COALESCE(v.genre, 'Unknown'), count(*), sum(f.click_flag), sum(f.watch_flag)
  FROM recommendation_fact f
  JOIN video_dim v ON v.video_id = f.video_key
  WHERE f.time_key >= (SELECT kpi_from_day(from_day, to_day)::timestamp)
    AND f.event_time >= (SELECT CASE WHEN NOT kpi_latest_genres('shown', from_day, to_day) THEN (kpi_from_day(from_day, to_day) - 1)::timestamp AT TIME ZONE 'UTC' END)
    AND f.time_key < (SELECT (COALESCE(to_day, kpi_last_day()) + 1)::timestamp)
    AND f.event_time < (SELECT (COALESCE(to_day, kpi_last_day()) + 2)::timestamp AT TIME ZONE 'UTC')
  GROUP BY 1, 2, 3;
END;
COMMENT ON FUNCTION kpi_shown_genre_days(date, date) IS
'Recommendations by day, region and first genre of the video as it is now (Unknown where not known) from from_day to to_day (NULLs as in kpi_playbacks): latest_shown_genre, or recommendation_fact.';
