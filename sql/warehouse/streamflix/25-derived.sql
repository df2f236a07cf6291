-- How engagement_fact and viewing_hour_fact follow from playbacks and interactions. A batch adds what it
-- appended; where something known late changes facts that are loaded already
-- (a user's region, a video's length, a region's clock), whole days are computed anew (rebuild_viewing).
-- Both ways give the same rows. Bodies are SQL-standard, bound when made; the one call of the extension is in
-- viewer_engagement, whose body is text, so that nothing here depends on
-- the extension (it has no SET clause and is not STRICT, so that it is inlined).

CREATE FUNCTION viewer_engagement(views bigint, measured_views bigint, completion_sum numeric, watch_minutes numeric,
                                  likes bigint, shares bigint, comments bigint) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
  SELECT CASE WHEN measured_views > 0 AND views > 0 THEN
    round(starhouse.engagement_score(
      completion_sum::float8 / measured_views, likes::float8 / views, shares::float8 / views, comments::float8 / views,
      watch_minutes::float8 / views,
      starhouse.engagement_weights(likes_half => 0.05, shares_half => 0.02, comments_half => 0.02))::numeric, 2) END
$$;
COMMENT ON FUNCTION viewer_engagement(bigint, bigint, numeric, numeric, bigint, bigint, bigint) IS
'Engagement of the viewers of a group of playbacks, 0 to 100, two places: starhouse.engagement_score of the mean completion, of likes, shares and comments per playback (half of their part at 1 in 20, 1 in 50, 1 in 50) and of the mean minutes. NULL where no completion is known, and for NULL.';

-- Steps of an hour on the zone's clock from the start on, each rounded to a millionth of a minute, in seconds as float8, which
-- hold them to a billionth. The feeds take the same from starhouse.clock_hours, many times as fast; this outlives the extension.
CREATE FUNCTION viewing_slices(started timestamptz, minutes numeric, zone text)
RETURNS TABLE (slice_start timestamptz, slice_minutes numeric, is_first boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 2
BEGIN ATOMIC
  SELECT h.begins + make_interval(hours => n.hours),
         round(floor((least(h.to_second, (n.hours + 1) * 3600) - greatest(h.from_second, n.hours * 3600)) * (1000000 / 60::float8) + 0.5)::numeric / 1000000, 6),
         n.hours = 0
  FROM (SELECT started - (l.local - date_trunc('hour', l.local)) AS begins, date_part('epoch', l.local - date_trunc('hour', l.local)) AS from_second,
               date_part('epoch', l.local - date_trunc('hour', l.local)) + minutes::float8 * 60 AS to_second
        FROM (SELECT started AT TIME ZONE zone AS local OFFSET 0) l OFFSET 0) h
  CROSS JOIN LATERAL generate_series(0, greatest(ceil((h.to_second - 1e-6::float8) / 3600)::integer - 1, 0)) AS n (hours)
  WHERE h.begins IS NOT NULL AND h.to_second IS NOT NULL;
END;
COMMENT ON FUNCTION viewing_slices(timestamptz, numeric, text) IS
'The hours of a zone''s clock that a playback of so many minutes runs through: start of each, minutes within it (six places), whether the playback began in it. One row of 0 minutes for a playback of 0 minutes; no rows for NULL. A playback is a day (1440 minutes) at most.';

CREATE FUNCTION users_version() RETURNS text
LANGUAGE plpgsql STABLE
AS $body$
BEGIN
  -- Who may not write them does not see when they were written.
  RETURN (SELECT CASE WHEN has_table_privilege(regclass 'user_history', 'UPDATE') THEN format('%s %s', m.xmin, m.ctid) END
          FROM (SELECT) one LEFT JOIN starhouse.scd_merge_state m ON m.dimension = regclass 'user_history');
END
$body$;
COMMENT ON FUNCTION users_version() IS
'Another text once users have been merged, or a merge of them was taken back: a user found before may not be there any more. Inferred users change nothing. NULL for a role without UPDATE on them, which cannot tell. Called by the feeds'' steps with search_path = the warehouse, starhouse.';

CREATE FUNCTION interaction_delta(batch bigint, zone text, first_time timestamptz, last_time timestamptz)
RETURNS TABLE (time_key timestamp, region_key text, video_key text, event_time timestamptz, likes bigint, shares bigint, comments bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT date_trunc('hour', (g.day::timestamp AT TIME ZONE zone) AT TIME ZONE zone), g.region_key, g.video_key,
         g.day::timestamp AT TIME ZONE zone, g.likes, g.shares, g.comments
  FROM (SELECT f.time_key::date AS day, f.region_key, f.video_key, count(*) FILTER (WHERE f.action = 'Like') AS likes,
               count(*) FILTER (WHERE f.action = 'Share') AS shares, count(*) FILTER (WHERE f.action = 'Comment') AS comments
        FROM interaction_fact f
        WHERE f.batch_id = batch AND f.event_time >= first_time AND f.event_time <= last_time
        GROUP BY 1, 2, 3) g;
END;
COMMENT ON FUNCTION interaction_delta(bigint, text, timestamptz, timestamptz) IS
'The likes, shares and comments of a batch, whose event_time lies between first_time and last_time, as rows of engagement_fact. zone is the warehouse''s. No rows for NULL.';

CREATE FUNCTION add_interactions(batch bigint, zone text, first_time timestamptz, last_time timestamptz) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  UPDATE engagement_fact e
  SET likes = e.likes + d.likes, shares = e.shares + d.shares, comments = e.comments + d.comments,
      engagement_score = viewer_engagement(e.views, e.measured_views, e.completion_sum, e.watch_minutes,
                                           e.likes + d.likes, e.shares + d.shares, e.comments + d.comments),
      batch_id = batch
  FROM interaction_delta(batch, zone, first_time, last_time) d
  WHERE e.event_time = d.event_time AND e.region_key = d.region_key AND e.video_key = d.video_key
    AND e.event_time >= date_trunc('day', first_time AT TIME ZONE zone) AT TIME ZONE zone AND e.event_time <= last_time;
END;
COMMENT ON FUNCTION add_interactions(bigint, text, timestamptz, timestamptz) IS
'Adds the likes, shares and comments of a batch to the rows of engagement_fact that are there; interaction_delta has those that have to be inserted afterwards. NULL adds nothing.';

-- A day that another session has summed up since this transaction's snapshot would stay, for it is not seen: its key does, and the batch fails (40001).
CREATE FUNCTION open_session_days(days date[]) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  INSERT INTO session_day AS s (day, views, sessions, users, session_minutes, watch_minutes, session_views, binge_sessions)
  SELECT DISTINCT d + n, 0, 0, 0, 0, 0, 0, 0
  FROM unnest(days) AS d CROSS JOIN generate_series(0, 2) AS n
  WHERE d IS NOT NULL AND current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted')
  ORDER BY 1
  ON CONFLICT (day) DO UPDATE SET views = s.views;
  DELETE FROM session_day s USING unnest(days) AS d WHERE s.day BETWEEN d AND d + 2;
END;
COMMENT ON FUNCTION open_session_days(date[]) IS
'Takes days of the warehouse, whose playbacks a batch has changed, and the two after each, into which playbacks may run on, out of session_day. At another isolation level than READ COMMITTED a day that was summed up since the snapshot is an error (40001). NULL does nothing. Internal to the feeds'' steps and rebuild_viewing().';

-- Hours are taken a day wider than days: a region's clock is up to 14 hours off, and a playback may run on
-- for a day.
CREATE FUNCTION rebuild_viewing(zone text, first_time timestamptz, last_time timestamptz) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
  UPDATE viewing_day d SET summed = false
  WHERE d.day >= (first_time AT TIME ZONE zone)::date AND d.day <= (last_time AT TIME ZONE zone)::date;
  -- Members first (11-latest.sql): users may change afterwards.
  SELECT l.summary FROM latest_sums l WHERE l.summary = 'members' FOR UPDATE;
  UPDATE latest_sums l SET holds = false WHERE l.summary IN ('viewing', 'videos') AND first_time <= last_time;
  SELECT open_session_days(ARRAY(SELECT g::date FROM generate_series((first_time AT TIME ZONE zone)::date::timestamp, (last_time AT TIME ZONE zone)::date::timestamp, interval '1 day') AS g));
  DELETE FROM engagement_fact e
  WHERE e.event_time >= date_trunc('day', first_time AT TIME ZONE zone) AT TIME ZONE zone AND e.event_time <= last_time;
  INSERT INTO engagement_fact (time_key, region_key, video_key, event_time, views, watch_minutes, buffering_seconds,
                               measured_views, completion_sum, likes, shares, comments, watch_percent, avg_session_time, engagement_score)
  SELECT date_trunc('hour', (g.day::timestamp AT TIME ZONE zone) AT TIME ZONE zone), g.region_key, g.video_key,
         g.day::timestamp AT TIME ZONE zone, g.views, g.minutes, g.buffering, g.measured, g.completion, g.likes, g.shares, g.comments,
         CASE WHEN g.measured > 0 THEN round(g.completion / g.measured, 2) END, CASE WHEN g.views > 0 THEN round(g.minutes / g.views, 2) END,
         viewer_engagement(g.views, g.measured, g.completion, g.minutes, g.likes, g.shares, g.comments)
  FROM (SELECT x.day, x.region_key, x.video_key, sum(x.views)::bigint AS views, sum(x.minutes) AS minutes, sum(x.buffering) AS buffering,
               sum(x.measured)::bigint AS measured, sum(x.completion) AS completion, sum(x.likes)::bigint AS likes,
               sum(x.shares)::bigint AS shares, sum(x.comments)::bigint AS comments
        FROM (SELECT f.time_key::date AS day, f.region_key, f.video_key, 1 AS views, f.watch_duration AS minutes,
                     COALESCE(f.buffering_time, 0) AS buffering, (f.completion_rate IS NOT NULL)::integer AS measured,
                     COALESCE(f.completion_rate, 0) AS completion, 0 AS likes, 0 AS shares, 0 AS comments
              FROM viewership_fact f
              WHERE f.event_time >= date_trunc('day', first_time AT TIME ZONE zone) AT TIME ZONE zone
                AND f.event_time < (date_trunc('day', last_time AT TIME ZONE zone) + interval '1 day') AT TIME ZONE zone
              UNION ALL
              SELECT i.time_key::date, i.region_key, i.video_key, 0, 0, 0, 0, 0, (i.action = 'Like')::integer,
                     (i.action = 'Share')::integer, (i.action = 'Comment')::integer
              FROM interaction_fact i
              WHERE i.event_time >= date_trunc('day', first_time AT TIME ZONE zone) AT TIME ZONE zone
                AND i.event_time < (date_trunc('day', last_time AT TIME ZONE zone) + interval '1 day') AT TIME ZONE zone) x
        GROUP BY 1, 2, 3) g;
  DELETE FROM viewing_hour_fact h
  WHERE h.event_time >= date_trunc('day', first_time AT TIME ZONE zone) AT TIME ZONE zone - interval '1 day'
    AND h.event_time < (date_trunc('day', last_time AT TIME ZONE zone) + interval '1 day') AT TIME ZONE zone + interval '1 day';
  INSERT INTO viewing_hour_fact (time_key, region_key, event_time, views, watch_minutes)
  SELECT date_trunc('hour', s.slice_start AT TIME ZONE zone), f.region_key, s.slice_start,
         count(*) FILTER (WHERE s.is_first), sum(s.slice_minutes)
  FROM viewership_fact f
  JOIN region_dim r ON r.region_id = f.region_key
  CROSS JOIN LATERAL viewing_slices(f.event_time, f.watch_duration, COALESCE(r.timezone, zone)) s
  WHERE f.event_time >= date_trunc('day', first_time AT TIME ZONE zone) AT TIME ZONE zone - interval '2 days'
    AND f.event_time < (date_trunc('day', last_time AT TIME ZONE zone) + interval '1 day') AT TIME ZONE zone + interval '1 day'
    AND s.slice_start >= date_trunc('day', first_time AT TIME ZONE zone) AT TIME ZONE zone - interval '1 day'
    AND s.slice_start < (date_trunc('day', last_time AT TIME ZONE zone) + interval '1 day') AT TIME ZONE zone + interval '1 day'
  GROUP BY s.slice_start, f.region_key;
END;
COMMENT ON FUNCTION rebuild_viewing(text, timestamptz, timestamptz) IS
'Computes engagement_fact and viewing_hour_fact anew for the days (of the warehouse''s zone) from first_time to last_time, from the facts they follow from, and takes these days out of the summaries (viewing_day, session_day, latest_sums). For after changes to those facts; the feeds call it themselves when a region, a length or a clock becomes known late. NULL rebuilds nothing.';
