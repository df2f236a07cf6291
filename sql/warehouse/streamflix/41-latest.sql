-- Makes the sums of the latest days (11-latest.sql) anew, from what the functions kpi_*_sums (40-kpi-latest.sql) say of the facts.
-- The rows of latest_sums are taken first, and every batch that changes something takes them: one under way is waited for, a later one waits, and takes the sums back.
-- What the genres are is written down before they are read: a change in between is seen as one.
-- Days and moments are parameters here, for queries that star scans take (kpi_users_of says why); the SET clauses keep calls from being inlined.
CREATE FUNCTION sum_up_latest_users(at timestamptz, at_7 timestamptz, at_30 timestamptz, at_60 timestamptz, at_90 timestamptz, at_180 timestamptz) RETURNS void
LANGUAGE sql VOLATILE SET work_mem = '128MB'
BEGIN ATOMIC
  INSERT INTO latest_user
    (user_key, days_since_last_view, views_7, views_30, views_90, days_30, videos_30, genres_30, minutes_30, minutes_60, watch_trend_percent, completion_percent, rebuffer_percent)
  SELECT u.user_key, u.days_since_last_view, u.views_7, u.views_30, u.views_90, u.days_30, u.videos_30, u.genres_30, u.minutes_30, u.minutes_60,
         u.watch_trend_percent, u.completion_percent, u.rebuffer_percent
  FROM kpi_users_of(at, at_7, at_30, at_60, at_90, at_180) u;
END;
COMMENT ON FUNCTION sum_up_latest_users(timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) IS
'Fills latest_user with the users of the 180 days up to a moment; the other instants are those 7, 30, 60, 90 and 180 days before it (kpi_cuts). NULLs fill in nothing. Internal to sum_up_latest().';

-- Playbacks of the days by their hours, and by their starts, which lie within a day of these in any zone: so partitions are ruled out.
CREATE FUNCTION sum_up_latest_devices(from_hour timestamp, to_hour timestamp, from_time timestamptz, to_time timestamptz) RETURNS void
LANGUAGE sql VOLATILE SET work_mem = '128MB'
BEGIN ATOMIC
  INSERT INTO latest_version (user_version, user_key, views, watch_minutes)
  SELECT f.user_version, f.user_key, count(*), sum(f.watch_duration)
  FROM viewership_fact f
  WHERE f.time_key >= from_hour AND f.event_time >= from_time AND f.time_key < to_hour AND f.event_time < to_time
  GROUP BY f.user_version, f.user_key;
  INSERT INTO latest_device (device_key, views, watch_minutes, buffered_views, buffering_seconds, buffered_minutes, sessions, session_minutes)
  WITH used AS (
    SELECT f.device_key, count(*) AS views, sum(f.watch_duration) AS minutes, count(f.buffering_time) AS buffered, sum(f.buffering_time) AS buffering,
           sum(f.watch_duration) FILTER (WHERE f.buffering_time IS NOT NULL) AS buffered_minutes
    FROM viewership_fact f
    WHERE f.time_key >= from_hour AND f.event_time >= from_time AND f.time_key < to_hour AND f.event_time < to_time
    GROUP BY f.device_key
  ), told AS (
    SELECT p.user_key, p.event_time, p.event_id, p.device_key, max(p.ends) OVER (u ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ended,
           max(p.ends) OVER (u ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS last_end
    FROM (SELECT f.user_key, f.event_time, f.event_id, f.device_key, f.event_time + f.watch_duration * interval '1 minute' AS ends
          FROM viewership_fact f
          WHERE f.time_key >= from_hour AND f.event_time >= from_time AND f.time_key < to_hour AND f.event_time < to_time AND f.user_key <> '?') p
    WINDOW u AS (PARTITION BY p.user_key ORDER BY p.event_time, p.event_id)
  ), session AS (
    -- The first playbacks of sessions alone, in the same order. A session ends where all before the next one has: what was watched earlier ended before it began.
    SELECT t.device_key, COALESCE(lead(t.ended) OVER (PARTITION BY t.user_key ORDER BY t.event_time, t.event_id), t.last_end) - t.event_time AS took
    FROM told t
    WHERE t.ended IS NULL OR t.event_time > t.ended + interval '30 minutes'
  ), seated AS (
    SELECT s.device_key, count(*) AS sessions, sum(round(extract(epoch FROM s.took) / 60, 2)) AS session_minutes FROM session s GROUP BY s.device_key
  )
  -- Grouped, not joined: see kpi_device_usage.
  SELECT x.device_key, sum(x.views)::bigint, sum(x.minutes), sum(x.buffered)::bigint, COALESCE(sum(x.buffering), 0), COALESCE(sum(x.buffered_minutes), 0),
         COALESCE(sum(x.sessions), 0)::bigint, COALESCE(sum(x.session_minutes), 0)
  FROM (SELECT d.device_key, d.views, d.minutes, d.buffered, d.buffering, d.buffered_minutes, NULL::bigint AS sessions, NULL::numeric AS session_minutes FROM used d
        UNION ALL
        SELECT n.device_key, NULL, NULL, NULL, NULL, NULL, n.sessions, n.session_minutes FROM seated n) x
  GROUP BY x.device_key;
END;
COMMENT ON FUNCTION sum_up_latest_devices(timestamp, timestamp, timestamptz, timestamptz) IS
'Fills latest_version and latest_device with the playbacks from one hour of the warehouse up to another one, which is not among them; the instants lie around these in any time zone. NULLs fill in nothing. Internal to sum_up_latest().';

CREATE FUNCTION sum_up_latest_members() RETURNS bigint
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  UPDATE latest_sums l SET holds = false WHERE l.summary = 'members';
  DELETE FROM latest_device_kind;
  DELETE FROM latest_subscription;
  INSERT INTO latest_device_kind
    (os, connection_type, devices, measured_devices, bandwidth_sum, views, watch_minutes, buffered_views, buffering_seconds, buffered_minutes, sessions, session_minutes)
  SELECT COALESCE(d.os, 'Unknown'), COALESCE(d.connection_type, 'Unknown'), count(*) FILTER (WHERE d.device_id <> '?'), count(d.bandwidth), sum(d.bandwidth), sum(l.views), sum(l.watch_minutes),
         sum(l.buffered_views), sum(l.buffering_seconds), sum(l.buffered_minutes), sum(l.sessions), sum(l.session_minutes)
  FROM latest_device l
  JOIN device_dim d ON d.device_id = l.device_key
  GROUP BY 1, 2;
  INSERT INTO latest_subscription
    (subscription_type, viewers_as_was, views_as_was, watch_hours_as_was, hours_per_viewer_as_was, views_as_is, watch_hours_as_is)
  SELECT s.subscription_type, s.viewers_as_was, s.views_as_was, s.watch_hours_as_was, s.hours_per_viewer_as_was, s.views_as_is, s.watch_hours_as_is
  FROM kpi_subscription_of(NULL, NULL) s;
  UPDATE latest_sums l SET holds = true, from_day = kpi_last_day() - 29, to_day = kpi_last_day() WHERE l.summary = 'members' AND kpi_latest('viewing', NULL, NULL);
  SELECT count(*) FROM latest_device_kind;
END;
COMMENT ON FUNCTION sum_up_latest_members() IS
'Makes latest_device_kind and latest_subscription, which rest on devices and users as they are, anew from the sums of the latest days, and returns the rows of the former. sum_up_latest() calls it, and sum_up_viewing() where devices or users alone have changed.';

CREATE FUNCTION sum_up_latest() RETURNS bigint
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  UPDATE latest_sums l SET holds = false WHERE l.summary = 'members';
  UPDATE latest_sums l SET holds = false, genres = kpi_genre_print() WHERE l.summary IN ('viewing', 'videos');
  DELETE FROM latest_user;
  DELETE FROM latest_session;
  DELETE FROM latest_skip;
  DELETE FROM latest_device;
  DELETE FROM latest_version;
  DELETE FROM latest_video;
  DELETE FROM latest_region_video;
  DELETE FROM latest_genre;
  SELECT sum_up_latest_users(m.at, m.cuts[1], m.cuts[2], m.cuts[3], m.cuts[4], m.cuts[5]) FROM (SELECT t.at, kpi_cuts(t.at) AS cuts FROM (SELECT kpi_last_time() AS at) t) m;
  SELECT sum_up_latest_devices((d.last - 29)::timestamp, (d.last + 1)::timestamp, (d.last - 30)::timestamp AT TIME ZONE 'UTC', (d.last + 2)::timestamp AT TIME ZONE 'UTC')
  FROM (SELECT kpi_last_day() AS last) d;
  INSERT INTO latest_session
    (day, sessions, users, sessions_per_user, average_session_minutes, average_watch_minutes, views_per_session, binge_sessions, binge_percent)
  SELECT s.day, s.sessions, s.users, s.sessions_per_user, s.average_session_minutes, s.average_watch_minutes, s.views_per_session, s.binge_sessions, s.binge_percent
  FROM kpi_sessions() s;
  INSERT INTO latest_skip (video_key, views, measured_views, skips)
  SELECT s.video_key, sum(s.views), sum(s.measured_views), sum(s.skips) FROM kpi_skip_days() s GROUP BY s.video_key;
  INSERT INTO latest_video (video_key, views, watch_minutes, measured_views, completion_sum, likes, shares, comments, score_sum, scored_views)
  SELECT s.video_key, s.views, s.watch_minutes, s.measured_views, s.completion_sum, s.likes, s.shares, s.comments, s.score_sum, s.scored_views FROM kpi_video_sums(NULL, NULL) s;
  INSERT INTO latest_region_video (region_key, video_key, views, watch_minutes, measured_views, completion_sum)
  SELECT s.region_key, s.video_key, s.views, s.watch_minutes, s.measured_views, s.completion_sum FROM kpi_region_video_sums(NULL, NULL) s WHERE s.video_key = '?';
  INSERT INTO latest_region_video (region_key, video_key, views, watch_minutes, measured_views, completion_sum, video_rank)
  SELECT s.region_key, s.video_key, s.views, s.minutes, s.measured, s.completion, s.video_rank FROM kpi_ranked_videos(NULL, NULL) s;
  INSERT INTO latest_genre (day, region_key, genre, content_type, views, watch_minutes, measured_views, completion_sum, likes, shares, comments)
  SELECT g.day, g.region_key, g.genre, g.content_type, g.views, g.watch_minutes, g.measured_views, g.completion_sum, g.likes, g.shares, g.comments FROM kpi_genre_days() g;
  UPDATE latest_sums l
  SET holds = true, from_day = kpi_last_day() - 29, to_day = kpi_last_day(), at = kpi_last_time(), cuts = kpi_cuts(kpi_last_time()),
      viewers = CASE l.summary WHEN 'viewing' THEN kpi_viewers() END
  WHERE l.summary IN ('viewing', 'videos') AND kpi_last_day() IS NOT NULL;
  SELECT sum_up_latest_members();
  SELECT count(*) FROM latest_user;
END;
COMMENT ON FUNCTION sum_up_latest() IS
'Makes the sums of the latest 30 days by user, device, subscription and video anew, reading these days (and 180 of users) from the facts, and returns the users in them. sum_up_viewing() calls it.';

CREATE FUNCTION sum_up_latest_shown() RETURNS bigint
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  UPDATE latest_sums l SET holds = false, genres = kpi_genre_print() WHERE l.summary = 'shown';
  DELETE FROM latest_shown;
  DELETE FROM latest_click;
  DELETE FROM latest_score;
  DELETE FROM latest_quality;
  DELETE FROM latest_shown_genre;
  INSERT INTO latest_shown (user_key, recommendations, click_percent) SELECT s.user_key, s.recommendations, s.click_percent FROM kpi_user_shown() s;
  INSERT INTO latest_click (video_key, recommendations, clicks, click_percent, lower_percent, upper_percent, watches, watch_percent)
  SELECT c.video_key, c.recommendations, c.clicks, c.click_percent, c.lower_percent, c.upper_percent, c.watches, c.watch_percent FROM kpi_click_of(1.959964, NULL, NULL) c;
  INSERT INTO latest_score (score, recommendations, clicks, watches)
  SELECT s.score, sum(s.recommendations), sum(s.clicks), sum(s.watches) FROM kpi_shown_scores() s GROUP BY s.score;
  INSERT INTO latest_quality (recommendations, clicks, click_percent, watches, watch_percent, watched_after_click_percent, scored_recommendations, score_accuracy_percent)
  SELECT q.recommendations, q.clicks, q.click_percent, q.watches, q.watch_percent, q.watched_after_click_percent, q.scored_recommendations, q.score_accuracy_percent
  FROM kpi_quality_of(NULL, NULL) q;
  INSERT INTO latest_shown_genre (day, region_key, genre, recommendations, clicks, watches)
  SELECT g.day, g.region_key, g.genre, g.recommendations, g.clicks, g.watches FROM kpi_shown_genre_days() g;
  UPDATE latest_sums l SET holds = true, from_day = kpi_last_day() - 29, to_day = kpi_last_day(), at = kpi_last_time(), cuts = kpi_cuts(kpi_last_time())
  WHERE l.summary = 'shown' AND kpi_last_time() IS NOT NULL;
  SELECT count(*) FROM latest_shown;
END;
COMMENT ON FUNCTION sum_up_latest_shown() IS
'Makes latest_shown, the recommendations of users in the 30 days up to the latest playback, and latest_click, latest_score, latest_quality and latest_shown_genre, those of the latest 30 days, anew and returns the users in the first. sum_up_shown() calls it.';
