-- The days that the reports read: summed up (11-summaries.sql) or, where a day is not, as the same sums over its facts. The functions
-- kpi_open_* are the law of the sums: what they say of a day is what 42-summing.sql stores of it.

CREATE FUNCTION kpi_open_days(from_day date, to_day date) RETURNS TABLE (first_day date, last_day date, days bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
  SELECT min(g.day::date), max(g.day::date), count(*)
  FROM generate_series(CASE WHEN kpi_first_day() IS NOT NULL THEN greatest(kpi_from_day(from_day, to_day), kpi_first_day())::timestamp END,
                       least(to_day, kpi_last_day())::timestamp, interval '1 day') AS g (day)
  WHERE g.day::date NOT IN (SELECT d.day FROM viewing_day d WHERE d.summed);
END;
COMMENT ON FUNCTION kpi_open_days(date, date) IS
'The first, the last and the number of the days from from_day to to_day (NULLs as in kpi_playbacks) that are not summed up in viewing_day. NULL, NULL, 0 where all are.';

CREATE FUNCTION kpi_open_playbacks(from_day date, to_day date)
RETURNS TABLE (day date, event_time timestamptz, user_key text, video_key text, device_key text, region_key text, watch_minutes numeric, video_minutes numeric,
               completion_percent numeric, buffering_seconds numeric, startup_seconds numeric, bitrate numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
  SELECT f.time_key::date, f.event_time, f.user_key, f.video_key, f.device_key, f.region_key, f.watch_duration, f.video_length, f.completion_rate, f.buffering_time,
         f.startup_time, f.bitrate_avg
  FROM viewership_fact f
  WHERE f.time_key >= (SELECT o.first_day::timestamp FROM kpi_open_days(from_day, to_day) o)
    AND f.event_time >= (SELECT (o.first_day - 1)::timestamp AT TIME ZONE 'UTC' FROM kpi_open_days(from_day, to_day) o)
    AND f.time_key < (SELECT (o.last_day + 1)::timestamp FROM kpi_open_days(from_day, to_day) o)
    AND f.event_time < (SELECT (o.last_day + 2)::timestamp AT TIME ZONE 'UTC' FROM kpi_open_days(from_day, to_day) o)
    AND f.time_key::date NOT IN (SELECT d.day FROM viewing_day d WHERE d.summed);
END;
COMMENT ON FUNCTION kpi_open_playbacks(date, date) IS
'Playbacks of the days from from_day to to_day (NULLs as in kpi_playbacks) that are not summed up in viewing_day.';

CREATE FUNCTION kpi_open_viewing_days(from_day date, to_day date)
RETURNS TABLE (day date, views bigint, viewers bigint, unknown_user_views bigint, unknown_video_views bigint, unknown_device_views bigint,
               unknown_region_views bigint, watch_minutes numeric, known_minutes numeric, measured_views bigint, completion_sum numeric, skips bigint,
               buffered_views bigint, buffering_seconds numeric, buffered_minutes numeric, started_views bigint, startup_seconds numeric,
               p95_startup_seconds numeric, rated_minutes numeric, rated_bits numeric, busiest_minute_views bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
  WITH daily AS (
    SELECT f.day, count(*) AS views, count(*) FILTER (WHERE f.user_key = '?') AS users, count(*) FILTER (WHERE f.video_key = '?') AS videos,
           count(*) FILTER (WHERE f.device_key = '?') AS devices, count(*) FILTER (WHERE f.region_key = '?') AS regions,
           sum(f.watch_minutes) AS minutes, sum(f.watch_minutes) FILTER (WHERE f.user_key = '?') AS unknown_minutes,
           count(f.completion_percent) AS measured, sum(f.completion_percent) AS completion,
           count(*) FILTER (WHERE f.watch_minutes < least(0.5, f.video_minutes) AND f.video_minutes IS NOT NULL) AS skips,
           count(f.buffering_seconds) AS buffered, sum(f.buffering_seconds) AS buffering,
           sum(f.watch_minutes) FILTER (WHERE f.buffering_seconds IS NULL) AS unbuffered_minutes,
           count(f.startup_seconds) AS started, sum(f.startup_seconds) AS startup,
           sum(f.watch_minutes) FILTER (WHERE f.bitrate IS NULL) AS unrated_minutes, sum(f.bitrate * f.watch_minutes) AS bits
    FROM kpi_open_playbacks(from_day, to_day) f
    GROUP BY f.day
  ), seen AS (
    SELECT u.day, count(*) AS viewers
    FROM (SELECT f.day, f.user_key FROM kpi_open_playbacks(from_day, to_day) f WHERE f.user_key <> '?' GROUP BY 1, 2) u
    GROUP BY u.day
  ), started AS (
    -- The 95th percentile by counting: the values are few.
    SELECT s.day, min(s.startup_seconds) AS p95
    FROM (SELECT f.day, f.startup_seconds, sum(count(*)) OVER (PARTITION BY f.day ORDER BY f.startup_seconds) AS up_to, sum(count(*)) OVER (PARTITION BY f.day) AS measured
          FROM kpi_open_playbacks(from_day, to_day) f
          WHERE f.startup_seconds IS NOT NULL
          GROUP BY f.day, f.startup_seconds) s
    WHERE s.up_to >= ceil(0.95::float8 * s.measured::float8)
    GROUP BY s.day
  ), per_minute AS (
    SELECT m.day, max(m.views) AS busiest
    FROM (SELECT f.day, date_bin(interval '1 minute', f.event_time, timestamptz '2000-01-01 00:00:00+00') AS minute, count(*) AS views
          FROM kpi_open_playbacks(from_day, to_day) f GROUP BY 1, 2) m
    GROUP BY m.day
  )
  SELECT d.day, d.views, COALESCE(s.viewers, 0), d.users, d.videos, d.devices, d.regions, d.minutes, d.minutes - COALESCE(d.unknown_minutes, 0), d.measured,
         COALESCE(d.completion, 0), d.skips, d.buffered, COALESCE(d.buffering, 0), d.minutes - COALESCE(d.unbuffered_minutes, 0), d.started, COALESCE(d.startup, 0),
         p.p95, d.minutes - COALESCE(d.unrated_minutes, 0), COALESCE(d.bits, 0), m.busiest
  FROM daily d
  LEFT JOIN seen s ON s.day = d.day
  LEFT JOIN started p ON p.day = d.day
  LEFT JOIN per_minute m ON m.day = d.day;
END;
COMMENT ON FUNCTION kpi_open_viewing_days(date, date) IS
'The rows of viewing_day for the days from from_day to to_day (NULLs as in kpi_playbacks) that are not summed up, from viewership_fact.';

CREATE FUNCTION kpi_viewing_days(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (day date, views bigint, viewers bigint, unknown_user_views bigint, unknown_video_views bigint, unknown_device_views bigint,
               unknown_region_views bigint, watch_minutes numeric, known_minutes numeric, measured_views bigint, completion_sum numeric, skips bigint,
               buffered_views bigint, buffering_seconds numeric, buffered_minutes numeric, started_views bigint, startup_seconds numeric,
               p95_startup_seconds numeric, rated_minutes numeric, rated_bits numeric, busiest_minute_views bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
  SELECT d.day, d.views, d.viewers, d.unknown_user_views, d.unknown_video_views, d.unknown_device_views, d.unknown_region_views, d.watch_minutes, d.known_minutes,
         d.measured_views, d.completion_sum, d.skips, d.buffered_views, d.buffering_seconds, d.buffered_minutes, d.started_views, d.startup_seconds,
         d.p95_startup_seconds, d.rated_minutes, d.rated_bits, d.busiest_minute_views
  FROM viewing_day d
  WHERE d.summed AND d.views > 0 AND d.day >= (SELECT kpi_from_day(from_day, to_day)) AND d.day <= (SELECT COALESCE(to_day, kpi_last_day()))
  UNION ALL
  SELECT o.day, o.views, o.viewers, o.unknown_user_views, o.unknown_video_views, o.unknown_device_views, o.unknown_region_views, o.watch_minutes, o.known_minutes,
         o.measured_views, o.completion_sum, o.skips, o.buffered_views, o.buffering_seconds, o.buffered_minutes, o.started_views, o.startup_seconds,
         o.p95_startup_seconds, o.rated_minutes, o.rated_bits, o.busiest_minute_views
  FROM kpi_open_viewing_days(from_day, to_day) o;
END;
COMMENT ON FUNCTION kpi_viewing_days(date, date) IS
'The days with playbacks from from_day to to_day (NULLs as in kpi_playbacks), as viewing_day has them: those summed up, and the others from viewership_fact.';

CREATE FUNCTION kpi_skip_days(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (video_key text, views bigint, measured_views bigint, skips bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.video_key, s.views, s.measured_views, s.skips
  FROM skip_day s
  WHERE s.day IN (SELECT d.day FROM viewing_day d WHERE d.summed)
    AND s.day >= (SELECT kpi_from_day(from_day, to_day)) AND s.day <= (SELECT COALESCE(to_day, kpi_last_day()))
  UNION ALL
  SELECT f.video_key, count(*), count(f.video_minutes), count(*) FILTER (WHERE f.watch_minutes < least(0.5, f.video_minutes) AND f.video_minutes IS NOT NULL)
  FROM kpi_open_playbacks(from_day, to_day) f
  GROUP BY f.day, f.video_key;
END;
COMMENT ON FUNCTION kpi_skip_days(date, date) IS
'Playbacks and skips of videos from from_day to to_day (NULLs as in kpi_playbacks), a row for each day: skip_day for those summed up, viewership_fact for the others.';

CREATE FUNCTION kpi_viewer_sets(from_day date, to_day date) RETURNS TABLE (day date, viewers bit varying)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
  SELECT s.day, s.viewers || substring(z.zeros FROM 1 FOR z.size - s.size)
  FROM viewer_set s
  CROSS JOIN (SELECT max(x.size) AS size, repeat('0', max(x.size))::bit varying AS zeros FROM viewer_set x) z
  WHERE s.day IN (SELECT d.day FROM viewing_day d WHERE d.summed) AND s.day BETWEEN from_day AND to_day;
END;
COMMENT ON FUNCTION kpi_viewer_sets(date, date) IS
'viewer_set for the days from from_day to to_day, all of one length, so that they can be taken together by bit_or. None for NULL.';

CREATE FUNCTION kpi_open_viewers(from_day date, to_day date) RETURNS TABLE (day date, user_key text, viewer_no integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT u.day, u.user_key, v.viewer_no
  FROM (SELECT f.day, f.user_key FROM kpi_open_playbacks(from_day, to_day) f WHERE f.user_key <> '?' GROUP BY 1, 2) u
  LEFT JOIN viewer v ON v.user_key = u.user_key;
END;
COMMENT ON FUNCTION kpi_open_viewers(date, date) IS
'Known users of the days from from_day to to_day (NULLs as in kpi_playbacks) that are not summed up, with their numbers in viewer (NULL where they have none yet).';

CREATE FUNCTION kpi_viewers(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH kept AS MATERIALIZED (
    SELECT bit_or(s.viewers) AS viewers FROM kpi_viewer_sets(kpi_from_day(from_day, to_day), COALESCE(to_day, kpi_last_day())) s
  )
  SELECT COALESCE(bit_count(k.viewers), 0)
         + (SELECT count(DISTINCT o.user_key) FROM kpi_open_viewers(from_day, to_day) o
            WHERE CASE WHEN o.viewer_no < length(k.viewers) THEN get_bit(k.viewers, o.viewer_no) = 0 ELSE true END)
  FROM kept k;
END;
COMMENT ON FUNCTION kpi_viewers(date, date) IS
'Known users with a playback from from_day to to_day (NULLs as in kpi_playbacks), each once.';

-- Streams at once and sessions: days are summed up in session_day.
CREATE FUNCTION kpi_open_session_days(from_day date, to_day date) RETURNS TABLE (first_day date, last_day date, days bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
  SELECT min(g.day::date), max(g.day::date), count(*)
  FROM generate_series(CASE WHEN kpi_first_day() IS NOT NULL THEN greatest(kpi_from_day(from_day, to_day), kpi_first_day())::timestamp END,
                       least(COALESCE(to_day, kpi_last_day()), kpi_last_day() + 2)::timestamp, interval '1 day') AS g (day)
  WHERE g.day::date NOT IN (SELECT d.day FROM session_day d);
END;
COMMENT ON FUNCTION kpi_open_session_days(date, date) IS
'The first, the last and the number of the days from from_day to to_day (NULLs as in kpi_playbacks) that are not in session_day, up to the second day after the latest playback, which may run on so long. NULL, NULL, 0 where all are.';

-- A sweep over starts and ends; the level at the beginning of each day is looked at too. A stream that ends at the
-- moment another begins does not run beside it. A playback of a day with a day of buffering reaches into the second day after it; of those that began
-- hours before the first day only the long ones are worth working out.
CREATE FUNCTION kpi_open_peaks(region text, from_day date, to_day date) RETURNS TABLE (day date, peak_streams bigint, peak_at timestamptz, views bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
  WITH bounds AS MATERIALIZED (
    SELECT o.first_day, o.last_day, (SELECT min(t.starts_at) FROM time_dim t WHERE t.date_key >= o.first_day::timestamp AND t.date_key < (o.first_day + 1)::timestamp) AS begins
    FROM kpi_open_session_days(from_day, to_day) o
    WHERE kpi_open_peaks.region IS NULL
    UNION ALL
    SELECT greatest(kpi_from_day(from_day, to_day), kpi_first_day()), COALESCE(to_day, kpi_last_day()), NULL
    WHERE kpi_open_peaks.region IS NOT NULL
  ), stream AS MATERIALIZED (
    SELECT f.time_key::date AS day, f.event_time AS begins,
           f.event_time + f.watch_duration * interval '1 minute' + COALESCE(f.buffering_time, 0) * interval '1 second' AS ends
    FROM viewership_fact f
    WHERE f.time_key >= (SELECT (b.first_day - 2)::timestamp FROM bounds b)
      AND f.event_time >= (SELECT (b.first_day - 3)::timestamp AT TIME ZONE 'UTC' FROM bounds b)
      AND f.time_key < (SELECT (b.last_day + 1)::timestamp FROM bounds b)
      AND f.event_time < (SELECT (b.last_day + 2)::timestamp AT TIME ZONE 'UTC' FROM bounds b)
      AND (f.event_time > COALESCE((SELECT b.begins - interval '4 hours' FROM bounds b), '-infinity') OR f.watch_duration > 200 OR f.buffering_time > 2400)
      AND (kpi_open_peaks.region IS NULL OR f.region_key = kpi_open_peaks.region)
  ), change AS (
    SELECT s.begins AS at, 1 AS delta, s.day FROM stream s WHERE s.ends > s.begins
    UNION ALL SELECT s.ends, -1, NULL FROM stream s WHERE s.ends > s.begins
    UNION ALL SELECT min(t.starts_at), 0, t.date FROM time_dim t
              WHERE t.date_key >= (SELECT b.first_day::timestamp FROM bounds b)
                AND t.date_key < (SELECT (b.last_day + 1)::timestamp FROM bounds b) GROUP BY t.date
  ), level AS (
    SELECT c.day, c.at, sum(c.delta) OVER (ORDER BY c.at, abs(c.delta) DESC, c.delta ROWS UNBOUNDED PRECEDING) AS streams
    FROM change c
  ), peak AS (
    SELECT DISTINCT ON (l.day) l.day, l.streams::bigint AS streams, l.at
    FROM level l
    WHERE l.day IS NOT NULL
    ORDER BY l.day, l.streams DESC, l.at
  )
  SELECT p.day, p.streams, CASE WHEN p.streams > 0 THEN p.at END, COALESCE(n.views, 0)
  FROM peak p
  CROSS JOIN bounds b
  LEFT JOIN (SELECT s.day, count(*) AS views FROM stream s GROUP BY s.day) n ON n.day = p.day
  WHERE p.day BETWEEN b.first_day AND b.last_day AND (kpi_open_peaks.region IS NOT NULL OR p.day NOT IN (SELECT d.day FROM session_day d));
END;
COMMENT ON FUNCTION kpi_open_peaks(text, date, date) IS
'Streams at once on the days from from_day to to_day (NULLs as in kpi_playbacks) that are not in session_day; region: on all days, of one region_id only.';

-- Recommendations.
CREATE FUNCTION kpi_open_shown_days(from_day date, to_day date) RETURNS TABLE (first_day date, last_day date)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
  SELECT min(g.day::date), max(g.day::date)
  FROM (SELECT (SELECT r.time_key::date FROM recommendation_fact r ORDER BY r.event_time LIMIT 1) AS first_day,
               (SELECT r.time_key::date FROM recommendation_fact r ORDER BY r.event_time DESC LIMIT 1) AS last_day, COALESCE(kpi_open_shown_days.to_day, kpi_last_day()) AS to_day) e
  CROSS JOIN LATERAL generate_series(CASE WHEN e.first_day IS NOT NULL AND e.to_day IS NOT NULL
                                          THEN greatest(kpi_from_day(kpi_open_shown_days.from_day, kpi_open_shown_days.to_day), e.first_day)::timestamp END,
                                     least(e.to_day, e.last_day)::timestamp, interval '1 day') AS g (day)
  WHERE g.day::date NOT IN (SELECT d.day FROM shown_day d WHERE d.summed);
END;
COMMENT ON FUNCTION kpi_open_shown_days(date, date) IS
'The first and the last of the days with recommendations from from_day to to_day (NULLs as in kpi_playbacks) that are not summed up in shown_day. NULLs where all are.';

-- The bounds are subqueries, not a WITH: so groupings of these rows are groupings of the fact, which star scans take.
CREATE FUNCTION kpi_open_shown(from_day date, to_day date)
RETURNS TABLE (day date, video_key text, score numeric, click_flag integer, watch_flag integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
  SELECT f.time_key::date, f.video_key, f.recommendation_score, f.click_flag, f.watch_flag
  FROM recommendation_fact f
  WHERE f.time_key >= (SELECT o.first_day::timestamp FROM kpi_open_shown_days(from_day, to_day) o)
    AND f.event_time >= (SELECT (o.first_day - 1)::timestamp AT TIME ZONE 'UTC' FROM kpi_open_shown_days(from_day, to_day) o)
    AND f.time_key < (SELECT (o.last_day + 1)::timestamp FROM kpi_open_shown_days(from_day, to_day) o)
    AND f.event_time < (SELECT (o.last_day + 2)::timestamp AT TIME ZONE 'UTC' FROM kpi_open_shown_days(from_day, to_day) o)
    AND f.time_key::date NOT IN (SELECT d.day FROM shown_day d WHERE d.summed);
END;
COMMENT ON FUNCTION kpi_open_shown(date, date) IS
'Recommendations of the days from from_day to to_day (NULLs as in kpi_playbacks) that are not summed up in shown_day.';

CREATE FUNCTION kpi_shown_videos(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (video_key text, recommendations bigint, clicks bigint, watches bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.video_key, s.recommendations, s.clicks, s.watches
  FROM shown_video_day s
  WHERE s.day IN (SELECT d.day FROM shown_day d WHERE d.summed)
    AND s.day >= (SELECT kpi_from_day(from_day, to_day)) AND s.day <= (SELECT COALESCE(to_day, kpi_last_day()))
  UNION ALL
  SELECT f.video_key, count(*), sum(f.click_flag), sum(f.watch_flag) FROM kpi_open_shown(from_day, to_day) f GROUP BY f.day, f.video_key;
END;
COMMENT ON FUNCTION kpi_shown_videos(date, date) IS
'Recommendations of videos from from_day to to_day (NULLs as in kpi_playbacks), a row for each day: shown_video_day for those summed up, recommendation_fact for the others.';

CREATE FUNCTION kpi_shown_scores(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (score numeric, recommendations bigint, clicks bigint, watches bigint, both_flags bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.score, s.recommendations, s.clicks, s.watches, s.both_flags
  FROM shown_score_day s
  WHERE s.day IN (SELECT d.day FROM shown_day d WHERE d.summed)
    AND s.day >= (SELECT kpi_from_day(from_day, to_day)) AND s.day <= (SELECT COALESCE(to_day, kpi_last_day()))
  UNION ALL
  SELECT f.score, count(*), sum(f.click_flag), sum(f.watch_flag), sum(f.click_flag * f.watch_flag) FROM kpi_open_shown(from_day, to_day) f GROUP BY f.day, f.score;
END;
COMMENT ON FUNCTION kpi_shown_scores(date, date) IS
'Recommendations by score from from_day to to_day (NULLs as in kpi_playbacks), a row for each day: shown_score_day for those summed up, recommendation_fact for the others.';
