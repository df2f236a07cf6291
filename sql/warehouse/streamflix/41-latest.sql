-- Makes the sums of the latest days (11-latest.sql) anew, from what the functions kpi_*_sums (40-kpi-latest.sql) say of the facts.
-- The rows of latest_sums are taken first, and every batch that changes something takes them: one under way is waited for, a later one waits, and takes the sums back.
CREATE FUNCTION sum_up_latest() RETURNS bigint
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  UPDATE latest_sums l SET holds = false WHERE l.summary IN ('viewing', 'videos');
  DELETE FROM latest_user;
  DELETE FROM latest_session;
  DELETE FROM latest_device;
  DELETE FROM latest_version;
  DELETE FROM latest_video;
  DELETE FROM latest_region_video;
  INSERT INTO latest_user
    (user_key, days_since_last_view, views_7, views_30, views_90, days_30, videos_30, genres_30, minutes_30, minutes_60, watch_trend_percent, completion_percent, rebuffer_percent)
  SELECT s.user_key, s.days_since_last_view, s.views_7, s.views_30, s.views_90, s.days_30, s.videos_30, s.genres_30, s.minutes_30, s.minutes_60, s.watch_trend_percent,
         s.completion_percent, s.rebuffer_percent
  FROM kpi_user_sums() s;
  INSERT INTO latest_session
    (day, sessions, users, sessions_per_user, average_session_minutes, average_watch_minutes, views_per_session, binge_sessions, binge_percent)
  SELECT s.day, s.sessions, s.users, s.sessions_per_user, s.average_session_minutes, s.average_watch_minutes, s.views_per_session, s.binge_sessions, s.binge_percent
  FROM kpi_sessions() s;
  INSERT INTO latest_device (device_key, views, watch_minutes, buffered_views, buffering_seconds, buffered_minutes, sessions, session_minutes)
  -- Grouped, not joined: see kpi_device_usage.
  SELECT x.device_key, sum(x.views)::bigint, sum(x.watch_minutes), sum(x.buffered_views)::bigint, sum(x.buffering_seconds), sum(x.buffered_minutes),
         COALESCE(sum(x.sessions), 0)::bigint, COALESCE(sum(x.session_minutes), 0)
  FROM (SELECT s.device_key, s.views, s.watch_minutes, s.buffered_views, s.buffering_seconds, s.buffered_minutes, NULL::bigint AS sessions, NULL::numeric AS session_minutes
        FROM kpi_device_sums(NULL, NULL) s
        UNION ALL
        SELECT n.device_key, NULL, NULL, NULL, NULL, NULL, n.sessions, n.session_minutes FROM kpi_device_sessions(interval '30 minutes', NULL, NULL) n) x
  GROUP BY x.device_key
  HAVING sum(x.views) > 0;
  INSERT INTO latest_version (user_version, user_key, views, watch_minutes)
  SELECT s.user_version, s.user_key, s.views, s.watch_minutes FROM kpi_version_sums(NULL, NULL) s;
  INSERT INTO latest_video (video_key, views, watch_minutes, measured_views, completion_sum, likes, shares, comments, score_sum, scored_views)
  SELECT s.video_key, s.views, s.watch_minutes, s.measured_views, s.completion_sum, s.likes, s.shares, s.comments, s.score_sum, s.scored_views FROM kpi_video_sums(NULL, NULL) s;
  INSERT INTO latest_region_video (region_key, video_key, views, watch_minutes, measured_views, completion_sum)
  SELECT s.region_key, s.video_key, s.views, s.watch_minutes, s.measured_views, s.completion_sum FROM kpi_region_video_sums(NULL, NULL) s;
  UPDATE latest_sums l
  SET holds = true, from_day = kpi_last_day() - 29, to_day = kpi_last_day(), at = kpi_last_time(), cuts = kpi_cuts(kpi_last_time()),
      genres = CASE l.summary WHEN 'viewing' THEN kpi_genre_print() END
  WHERE l.summary IN ('viewing', 'videos') AND kpi_last_day() IS NOT NULL;
  SELECT count(*) FROM latest_user;
END;
COMMENT ON FUNCTION sum_up_latest() IS
'Makes the sums of the latest 30 days by user, device, subscription and video anew, reading these days (and 180 of users) from the facts, and returns the users in them. sum_up_viewing() calls it.';

CREATE FUNCTION sum_up_latest_shown() RETURNS bigint
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  UPDATE latest_sums l SET holds = false WHERE l.summary = 'shown';
  DELETE FROM latest_shown;
  INSERT INTO latest_shown (user_key, recommendations, click_percent) SELECT s.user_key, s.recommendations, s.click_percent FROM kpi_user_shown() s;
  UPDATE latest_sums l SET holds = true, at = kpi_last_time(), cuts = kpi_cuts(kpi_last_time()) WHERE l.summary = 'shown' AND kpi_last_time() IS NOT NULL;
  SELECT count(*) FROM latest_shown;
END;
COMMENT ON FUNCTION sum_up_latest_shown() IS
'Makes latest_shown, the recommendations of users in the 30 days up to the latest playback, anew and returns the users in it. sum_up_shown() calls it.';
