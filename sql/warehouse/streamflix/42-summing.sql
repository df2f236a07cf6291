-- Keeps the summaries (11-summaries.sql). What is stored of a day is what the functions kpi_open_* (40-kpi-days.sql) say of it, computed in one pass.

-- The rows of a day, read once. The SET clause keeps the call from being inlined, so that the planner counts on many rows, whatever it thinks of days.
CREATE FUNCTION day_playbacks(of_day date)
RETURNS TABLE (user_key text, event_time timestamptz, event_id text, device_key text, video_key text, watch_minutes numeric, watch_ends timestamptz, stream_ends timestamptz,
               is_unknown_region boolean, video_minutes numeric, completion_percent numeric, buffering_seconds numeric, startup_seconds numeric, bitrate numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 200000 SET enable_seqscan = off
BEGIN ATOMIC
  SELECT f.user_key, f.event_time, f.event_id, f.device_key, f.video_key, f.watch_duration, f.event_time + f.watch_duration * interval '1 minute',
         f.event_time + f.watch_duration * interval '1 minute' + COALESCE(f.buffering_time, 0) * interval '1 second',
         f.region_key = '?', f.video_length, f.completion_rate, f.buffering_time, f.startup_time, f.bitrate_avg
  FROM viewership_fact f
  WHERE f.time_key >= of_day::timestamp AND f.time_key < (of_day + 1)::timestamp
    AND f.event_time >= (SELECT COALESCE(min(t.starts_at) - interval '2 hours', (of_day - 1)::timestamp AT TIME ZONE 'UTC') FROM time_dim t
                         WHERE t.date_key >= of_day::timestamp AND t.date_key < (of_day + 1)::timestamp)
    AND f.event_time < (SELECT COALESCE(max(t.starts_at) + interval '3 hours', (of_day + 2)::timestamp AT TIME ZONE 'UTC') FROM time_dim t
                        WHERE t.date_key >= of_day::timestamp AND t.date_key < (of_day + 1)::timestamp);
END;
COMMENT ON FUNCTION day_playbacks(date) IS
'Playbacks begun on a day of the warehouse, with the end of what was watched and of the stream, buffering included. None for NULL.';

-- Whoever watches for a day and waits for another reaches into the second day. Of those that began hours before, only the long ones are worked out.
CREATE FUNCTION streams_into(moment timestamptz)
RETURNS TABLE (user_key text, event_time timestamptz, event_id text, watch_ends timestamptz, stream_ends timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 5000 SET enable_seqscan = off
BEGIN ATOMIC
  SELECT x.user_key, x.event_time, x.event_id, x.watch_ends, x.stream_ends
  FROM (SELECT f.user_key, f.event_time, f.event_id, f.event_time + f.watch_duration * interval '1 minute' AS watch_ends,
               f.event_time + f.watch_duration * interval '1 minute' + COALESCE(f.buffering_time, 0) * interval '1 second' AS stream_ends
        FROM viewership_fact f
        WHERE f.event_time < moment AND f.event_time >= moment - interval '49 hours'
          AND (f.event_time > moment - interval '4 hours' OR f.watch_duration > 200 OR f.buffering_time > 2400)
        OFFSET 0) x
  WHERE x.watch_ends + interval '30 minutes' >= moment OR x.stream_ends > moment;
END;
COMMENT ON FUNCTION streams_into(timestamptz) IS
'Playbacks that began before a moment and were watched until 30 minutes before it or later, or run on after it. None for NULL.';

-- Text, so that nothing here depends on the extension: what is called is its aggregate.
CREATE FUNCTION peak_of_streams(begins timestamptz[], ends timestamptz[]) RETURNS TABLE (streams bigint, at timestamptz)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1
AS $$
  SELECT (p.peak).running, (p.peak).from_time
  FROM (SELECT starhouse.concurrent_peak_time(u.b, u.e) AS peak FROM unnest(begins, ends) AS u (b, e) OFFSET 0) p
$$;
COMMENT ON FUNCTION peak_of_streams(timestamptz[], timestamptz[]) IS
'The most of the given streams that run at once, and the first moment at which they do (starhouse.concurrent_peak_time). NULLs for none.';

-- A snapshot of before a batch shows neither its playbacks nor that days were opened for them: what is summed up by it would stay.
CREATE FUNCTION refuse_old_snapshots() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
AS $body$
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'days cannot be summed up at isolation level %', current_setting('transaction_isolation') USING ERRCODE = 'invalid_transaction_state',
      HINT = 'Use READ COMMITTED: facts that others have committed meanwhile must be visible.';
  END IF;
END
$body$;
COMMENT ON FUNCTION refuse_old_snapshots() IS 'Raises 25000 at another isolation level than READ COMMITTED: days of playbacks cannot be summed up there.';

-- One pass. Sessions are those of the day alone (pauses of at most 30 minutes); one that reaches back to a playback of a day before, or that may go
-- on on the next day, is left to session_edge: only such can be one session with a playback of another day.
CREATE FUNCTION sum_up_viewing_day(of_day date) RETURNS bigint
LANGUAGE sql VOLATILE SET work_mem = '128MB'
BEGIN ATOMIC
  SELECT refuse_old_snapshots();
  DELETE FROM viewing_day v WHERE v.day = of_day;
  DELETE FROM skip_day s WHERE s.day = of_day;
  DELETE FROM viewer_set s WHERE s.day = of_day;
  DELETE FROM session_day s WHERE s.day = of_day;
  DELETE FROM session_edge e WHERE e.day = of_day;
  WITH bounds AS MATERIALIZED (
    SELECT min(t.starts_at) AS begins, COALESCE((SELECT min(n.starts_at) FROM time_dim n WHERE n.date_key >= (of_day + 1)::timestamp AND n.date_key < (of_day + 2)::timestamp),
                                                max(t.starts_at) + interval '1 hour') AS ends
    FROM time_dim t
    WHERE t.date_key >= of_day::timestamp AND t.date_key < (of_day + 1)::timestamp
  ), playback AS MATERIALIZED (
    SELECT * FROM day_playbacks(of_day)
  ), before AS MATERIALIZED (
    SELECT * FROM streams_into((SELECT COALESCE(b.begins, of_day::timestamp AT TIME ZONE 'UTC') FROM bounds b))
  ), known AS MATERIALIZED (
    SELECT u.user_key, v.viewer_no
    FROM (SELECT DISTINCT p.user_key FROM playback p WHERE p.user_key <> '?') u
    LEFT JOIN viewer v ON v.user_key = u.user_key
  ), fresh AS (
    INSERT INTO viewer (user_key) SELECT k.user_key FROM known k WHERE k.viewer_no IS NULL RETURNING viewer_no
  ), word AS MATERIALIZED (
    SELECT n.viewer_no / 32 AS word, bit_or(1 << (31 - n.viewer_no % 32)) AS bits
    FROM (SELECT k.viewer_no FROM known k WHERE k.viewer_no IS NOT NULL UNION ALL SELECT f.viewer_no FROM fresh f) n
    GROUP BY 1
  ), viewers AS (
    INSERT INTO viewer_set (day, size, viewers)
    SELECT of_day, 32 * count(*), string_agg(COALESCE(w.bits, 0)::bit(32)::text, '' ORDER BY g.word)::bit varying
    FROM generate_series(0, (SELECT max(x.word) FROM word x)) AS g (word)
    LEFT JOIN word w ON w.word = g.word
    HAVING count(*) > 0
  ), skipped AS (
    INSERT INTO skip_day (day, video_key, views, measured_views, skips)
    SELECT of_day, p.video_key, count(*), count(p.video_minutes), count(*) FILTER (WHERE p.watch_minutes < least(0.5, p.video_minutes) AND p.video_minutes IS NOT NULL)
    FROM playback p
    GROUP BY p.video_key
  ), told AS (
    SELECT n.*, max(n.watch_ends) OVER u AS ended, max(n.watch_ends) FILTER (WHERE n.own) OVER u AS own_ended
    FROM (SELECT p.user_key, p.event_time, p.event_id, p.device_key, p.watch_minutes, p.watch_ends, true AS own FROM playback p WHERE p.user_key <> '?'
          UNION ALL
          SELECT e.user_key, e.event_time, e.event_id, NULL, NULL, e.watch_ends, false FROM before e WHERE e.user_key <> '?') n
    WINDOW u AS (PARTITION BY n.user_key ORDER BY n.event_time, n.event_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
  ), sitting AS MATERIALIZED (
    SELECT t.user_key, t.event_time, t.event_id, t.device_key, t.watch_minutes, t.watch_ends,
           t.event_time <= t.ended + interval '30 minutes' AND (t.own_ended IS NULL OR t.event_time > t.own_ended + interval '30 minutes') AS reaches_back,
           count(*) FILTER (WHERE t.event_time > t.own_ended + interval '30 minutes') OVER (PARTITION BY t.user_key ORDER BY t.event_time, t.event_id ROWS UNBOUNDED PRECEDING) AS session_no
    FROM told t
    WHERE t.own
  ), session AS MATERIALIZED (
    SELECT s.user_key, s.session_no, count(*) AS views, sum(s.watch_minutes) AS watch_minutes,
           round(extract(epoch FROM max(s.watch_ends) - min(s.event_time)) / 60, 2) AS minutes,
           COALESCE(bool_or(s.reaches_back), false) OR COALESCE(max(s.watch_ends) + interval '30 minutes' >= (SELECT b.ends FROM bounds b), true) AS reaches_out
    FROM sitting s
    GROUP BY s.user_key, s.session_no
  ), edge AS (
    INSERT INTO session_edge (day, user_key, event_time, event_id, device_key, watch_minutes, has_own)
    SELECT of_day, s.user_key, s.event_time, s.event_id, s.device_key, s.watch_minutes, EXISTS (SELECT FROM session o WHERE o.user_key = s.user_key AND NOT o.reaches_out)
    FROM (SELECT x.user_key, x.session_no FROM session x WHERE x.reaches_out) r
    JOIN sitting s ON s.user_key = r.user_key AND s.session_no = r.session_no
  ), seated AS (
    INSERT INTO session_day (day, peak_streams, peak_at, views, sessions, users, session_minutes, watch_minutes, session_views, binge_sessions)
    SELECT of_day, CASE WHEN b.begins IS NOT NULL THEN COALESCE(m.streams, 0) ELSE m.streams END, m.at, (SELECT count(*) FROM playback), t.sessions, t.users, t.minutes, t.watch_minutes, t.views, t.binges
    FROM bounds b
    CROSS JOIN (SELECT count(*) AS sessions, count(DISTINCT x.user_key) AS users, COALESCE(sum(x.minutes), 0) AS minutes, COALESCE(sum(x.watch_minutes), 0) AS watch_minutes,
                       COALESCE(sum(x.views), 0)::bigint AS views, count(*) FILTER (WHERE x.views >= 3) AS binges
                FROM session x WHERE NOT x.reaches_out) t
    CROSS JOIN (SELECT array_agg(s.begins) AS begins, array_agg(s.ends) AS ends
                FROM (SELECT p.event_time AS begins, p.stream_ends AS ends FROM playback p
                      UNION ALL SELECT COALESCE(y.begins, e.event_time), e.stream_ends FROM before e CROSS JOIN bounds y WHERE e.stream_ends > y.begins OR y.begins IS NULL) s) a
    LEFT JOIN LATERAL peak_of_streams(a.begins, a.ends) m ON true
  )
  INSERT INTO viewing_day (day, views, viewers, unknown_user_views, unknown_video_views, unknown_device_views, unknown_region_views, watch_minutes,
                           known_minutes, measured_views, completion_sum, skips, buffered_views, buffering_seconds, buffered_minutes, started_views,
                           startup_seconds, p95_startup_seconds, rated_minutes, rated_bits, busiest_minute_views)
  SELECT of_day, d.views, (SELECT count(*) FROM known), d.users, d.videos, d.devices, d.regions, COALESCE(d.minutes, 0), COALESCE(d.minutes, 0) - COALESCE(d.unknown_minutes, 0), d.measured,
         COALESCE(d.completion, 0), d.skips, d.buffered, COALESCE(d.buffering, 0), COALESCE(d.minutes, 0) - COALESCE(d.unbuffered_minutes, 0), d.started, COALESCE(d.startup, 0),
         (SELECT min(s.startup_seconds)
          FROM (SELECT p.startup_seconds, sum(count(*)) OVER (ORDER BY p.startup_seconds) AS up_to FROM playback p WHERE p.startup_seconds IS NOT NULL GROUP BY p.startup_seconds) s
          WHERE s.up_to >= ceil(0.95::float8 * d.started::float8)),
         COALESCE(d.minutes, 0) - COALESCE(d.unrated_minutes, 0), COALESCE(d.bits, 0),
         COALESCE((SELECT max(m.views) FROM (SELECT count(*) AS views FROM playback p GROUP BY date_bin(interval '1 minute', p.event_time, timestamptz '2000-01-01 00:00:00+00')) m), 0)
  FROM (SELECT count(*) AS views, count(*) FILTER (WHERE p.user_key = '?') AS users, count(*) FILTER (WHERE p.video_key = '?') AS videos,
               count(*) FILTER (WHERE p.device_key = '?') AS devices, count(*) FILTER (WHERE p.is_unknown_region) AS regions,
               sum(p.watch_minutes) AS minutes, sum(p.watch_minutes) FILTER (WHERE p.user_key = '?') AS unknown_minutes,
               count(p.completion_percent) AS measured, sum(p.completion_percent) AS completion,
               count(*) FILTER (WHERE p.watch_minutes < least(0.5, p.video_minutes) AND p.video_minutes IS NOT NULL) AS skips,
               count(p.buffering_seconds) AS buffered, sum(p.buffering_seconds) AS buffering,
               sum(p.watch_minutes) FILTER (WHERE p.buffering_seconds IS NULL) AS unbuffered_minutes,
               count(p.startup_seconds) AS started, sum(p.startup_seconds) AS startup,
               sum(p.watch_minutes) FILTER (WHERE p.bitrate IS NULL) AS unrated_minutes, sum(p.bitrate * p.watch_minutes) AS bits
        FROM playback p) d;
  SELECT v.views FROM viewing_day v WHERE v.day = of_day;
END;
COMMENT ON FUNCTION sum_up_viewing_day(date) IS
'Sums up a day of the warehouse in viewing_day, skip_day, viewer_set, session_day and session_edge, anew where it is there, and returns its playbacks. NULL is an error (23502), another isolation level than READ COMMITTED, too (25000).';

CREATE FUNCTION sum_up_shown_day(of_day date) RETURNS bigint
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  DELETE FROM shown_day d WHERE d.day = of_day;
  DELETE FROM shown_video_day s WHERE s.day = of_day;
  DELETE FROM shown_score_day s WHERE s.day = of_day;
  INSERT INTO shown_video_day (day, video_key, recommendations, clicks, watches)
  SELECT of_day, s.video_key, s.recommendations, s.clicks, s.watches FROM kpi_shown_videos(of_day, of_day) s;
  INSERT INTO shown_score_day (day, score, recommendations, clicks, watches, both_flags)
  SELECT of_day, s.score, s.recommendations, s.clicks, s.watches, s.both_flags FROM kpi_shown_scores(of_day, of_day) s;
  INSERT INTO shown_day (day, recommendations)
  SELECT of_day, COALESCE(sum(s.recommendations), 0) FROM shown_video_day s WHERE s.day = of_day;
  SELECT d.recommendations FROM shown_day d WHERE d.day = of_day;
END;
COMMENT ON FUNCTION sum_up_shown_day(date) IS
'Sums up a day of the warehouse in shown_day, shown_video_day and shown_score_day, anew where it is there, and returns its recommendations. NULL is an error (23502).';

-- The oldest days that are open, as many as have at most so many records in all, and never the latest day, which will get more; all of them for NULL.
CREATE FUNCTION sum_up_viewing(most_views bigint DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  SELECT s.views + CASE WHEN most_views IS NULL AND NOT (kpi_latest('viewing', NULL, NULL) AND kpi_latest_genres('videos', NULL, NULL) AND kpi_latest_moment('viewing', NULL)) THEN 0 * sum_up_latest()
                        WHEN most_views IS NULL AND NOT kpi_latest('members', NULL, NULL) THEN 0 * sum_up_latest_members() ELSE 0 END
  FROM (SELECT COALESCE(sum(t.views), 0)::bigint AS views
        FROM (SELECT sum_up_viewing_day(o.day) AS views
              FROM (SELECT d.day, d.views, sum(d.views) OVER (ORDER BY d.day) AS up_to
                    FROM (SELECT g.day::date AS day, COALESCE(v.views, 0) AS views
                          FROM generate_series(kpi_first_day()::timestamp, kpi_last_day()::timestamp - CASE WHEN most_views IS NULL THEN interval '0' ELSE interval '1 day' END, interval '1 day') AS g (day)
                          LEFT JOIN viewing_day v ON v.day = g.day::date
                          LEFT JOIN session_day s ON s.day = g.day::date
                          WHERE v.summed IS NOT TRUE OR s.day IS NULL) d) o
              WHERE most_views IS NULL OR o.up_to <= most_views
              ORDER BY o.day
              OFFSET 0) t) s;
END;
COMMENT ON FUNCTION sum_up_viewing(bigint) IS
'Sums up the oldest days of playbacks that are not, as long as they hold at most most_views playbacks in all, but for the latest day; NULL: all days. Returns how many playbacks they hold. Call it after a load, or from time to time: sum_up_viewing() leaves nothing to be read from the facts, and makes the sums of the latest days anew (sum_up_latest). At another isolation level than READ COMMITTED a day to be summed up is an error (25000).';

CREATE FUNCTION sum_up_shown(most_records bigint DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  SELECT s.records + CASE WHEN most_records IS NULL AND NOT (kpi_latest_genres('shown', NULL, NULL) AND kpi_latest_moment('shown', NULL)) THEN 0 * sum_up_latest_shown() ELSE 0 END
  FROM (SELECT COALESCE(sum(t.records), 0)::bigint AS records
        FROM (SELECT sum_up_shown_day(o.day) AS records
              FROM (SELECT d.day, d.records, sum(d.records) OVER (ORDER BY d.day) AS up_to
                    FROM (SELECT g.day::date AS day, COALESCE(s.recommendations, 0) AS records
                          FROM (SELECT (SELECT r.time_key::date FROM recommendation_fact r ORDER BY r.event_time LIMIT 1) AS first_day,
                                       (SELECT r.time_key::date FROM recommendation_fact r ORDER BY r.event_time DESC LIMIT 1) AS last_day) e
                          CROSS JOIN LATERAL generate_series(e.first_day::timestamp, e.last_day::timestamp - CASE WHEN most_records IS NULL THEN interval '0' ELSE interval '1 day' END,
                                                             interval '1 day') AS g (day)
                          LEFT JOIN shown_day s ON s.day = g.day::date
                          WHERE s.summed IS NOT TRUE) d) o
              WHERE most_records IS NULL OR o.up_to <= most_records
              ORDER BY o.day
              OFFSET 0) t) s;
END;
COMMENT ON FUNCTION sum_up_shown(bigint) IS
'Sums up the oldest days of recommendations that are not, as long as they hold at most most_records in all, but for the latest day; NULL: all days. Returns how many recommendations they hold. Call it as sum_up_viewing.';

-- What a batch does, where it may: its records are credit for days to be summed up, so that all the summing reads no more than share times what was
-- loaded, in whatever order it came. A day costs a third to a half of what its load cost, so none is summed up unless asked for.
CREATE FUNCTION keep_summaries(of_summary text, loaded bigint) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  UPDATE summing_credit c SET records = c.records + loaded * c.share WHERE c.summary = of_summary AND c.share > 0;
  UPDATE summing_credit c
  SET records = least(c.records - CASE WHEN current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN 0 WHEN of_summary = 'viewing' THEN sum_up_viewing(c.records::bigint) ELSE sum_up_shown(c.records::bigint) END, 1000000)
  WHERE c.summary = of_summary AND c.share > 0;
END;
COMMENT ON FUNCTION keep_summaries(text, bigint) IS
'Sums up days after a batch of so many records, as summing_credit allows; called by the feeds'' steps. of_summary: viewing or shown. NULL does nothing.';
