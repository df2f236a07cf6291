-- KPIs of users: active users, watch time, sessions, concurrent viewers, features for churn models.

-- A user's days are bits: those of 32 days of the report and of the 29 before them fit into one bigint, the first of them the lowest. Who is active in the 7 (30)
-- days up to a day has one of 7 (30) bits. Grouped by user and day first, for that is what star scans take.
CREATE FUNCTION kpi_swept_users(from_day date, to_day date)
RETURNS TABLE (day date, daily_users bigint, weekly_users bigint, monthly_users bigint, stickiness_percent numeric, unknown_views bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH bounds AS MATERIALIZED (
    SELECT greatest(kpi_from_day(kpi_swept_users.from_day, kpi_swept_users.to_day), kpi_first_day()) AS first_day, COALESCE(kpi_swept_users.to_day, kpi_last_day()) AS last_day
  ), reported AS MATERIALIZED (
    SELECT g.day::date AS day, (g.day::date - b.first_day) / 32 AS block, (g.day::date - b.first_day) % 32 AS place
    FROM bounds b CROSS JOIN LATERAL generate_series(b.first_day::timestamp, b.last_day::timestamp, interval '1 day') AS g (day)
    WHERE kpi_first_day() IS NOT NULL
  ), user_day AS MATERIALIZED (
    SELECT f.user_key, f.time_key::date AS day, count(*) AS views
    FROM viewership_fact f
    WHERE f.time_key >= (SELECT (b.first_day - 29)::timestamp FROM bounds b)
      AND f.event_time >= (SELECT (b.first_day - 30)::timestamp AT TIME ZONE 'UTC' FROM bounds b)
      AND f.time_key < (SELECT (b.last_day + 1)::timestamp FROM bounds b)
      AND f.event_time < (SELECT (b.last_day + 2)::timestamp AT TIME ZONE 'UTC' FROM bounds b)
    GROUP BY 1, 2
  ), counted AS (
    -- By LATERAL, so that a block's users are hashed: a join by block would have them sorted.
    SELECT r.day, count(*) FILTER (WHERE m.days & (1::bigint << (r.place + 29)) <> 0) AS daily,
           count(*) FILTER (WHERE m.days & (127::bigint << (r.place + 23)) <> 0) AS weekly,
           count(*) FILTER (WHERE m.days & (1073741823::bigint << r.place) <> 0) AS monthly
    FROM (SELECT x.block, min(x.day) AS begins FROM reported x GROUP BY x.block) k
    CROSS JOIN LATERAL (SELECT bit_or(1::bigint << (u.day - k.begins + 29)) AS days FROM user_day u
                        WHERE u.day BETWEEN k.begins - 29 AND k.begins + 31 AND u.user_key <> '?' GROUP BY u.user_key) m
    JOIN reported r ON r.block = k.block
    GROUP BY r.day
  )
  SELECT r.day, COALESCE(c.daily, 0), COALESCE(c.weekly, 0), COALESCE(c.monthly, 0), kpi_percent(COALESCE(c.daily, 0), COALESCE(c.monthly, 0)), COALESCE(u.views, 0)
  FROM reported r
  LEFT JOIN counted c ON c.day = r.day
  LEFT JOIN user_day u ON u.day = r.day AND u.user_key = '?';
END;
COMMENT ON FUNCTION kpi_swept_users(date, date) IS
'kpi_active_users from viewership_fact, for when many of the days are not summed up.';

-- From the sets of users of the days that are summed up, and the users of up to three days that are not.
CREATE FUNCTION kpi_active_users(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (day date, daily_users bigint, weekly_users bigint, monthly_users bigint, stickiness_percent numeric, unknown_views bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH bounds AS MATERIALIZED (
    SELECT x.first_day, x.last_day, isfinite(x.first_day) AND (SELECT o.days <= 3 FROM kpi_open_days(x.first_day - 29, x.last_day) o) AS is_summed
    FROM (SELECT kpi_from_day(kpi_active_users.from_day, kpi_active_users.to_day) AS first_day, COALESCE(kpi_active_users.to_day, kpi_last_day()) AS last_day) x
  ), kept AS MATERIALIZED (
    SELECT s.day, s.viewers FROM bounds b CROSS JOIN LATERAL kpi_viewer_sets(b.first_day - 29, b.last_day) s WHERE b.is_summed
  ), unsummed AS MATERIALIZED (
    SELECT o.day, o.user_key, o.viewer_no FROM bounds b CROSS JOIN LATERAL kpi_open_viewers(b.first_day - 29, b.last_day) o WHERE b.is_summed
  ), level AS MATERIALIZED (
    SELECT g.day::date AS day, (SELECT bit_or(k.viewers) FROM kept k WHERE k.day = g.day::date) AS daily,
           (SELECT bit_or(k.viewers) FROM kept k WHERE k.day > g.day::date - 7 AND k.day <= g.day::date) AS weekly,
           (SELECT bit_or(k.viewers) FROM kept k WHERE k.day > g.day::date - 30 AND k.day <= g.day::date) AS monthly
    FROM bounds b
    CROSS JOIN LATERAL generate_series(greatest(b.first_day, kpi_first_day())::timestamp, b.last_day::timestamp, interval '1 day') AS g (day)
    WHERE b.is_summed AND kpi_first_day() IS NOT NULL
  ), counted AS (
    SELECT l.day, COALESCE(bit_count(l.daily), 0) + (SELECT count(*) FROM unsummed o WHERE o.day = l.day) AS daily,
           COALESCE(bit_count(l.weekly), 0) + (SELECT count(DISTINCT o.user_key) FROM unsummed o WHERE o.day > l.day - 7 AND o.day <= l.day
             AND CASE WHEN o.viewer_no < length(l.weekly) THEN get_bit(l.weekly, o.viewer_no) = 0 ELSE true END) AS weekly,
           COALESCE(bit_count(l.monthly), 0) + (SELECT count(DISTINCT o.user_key) FROM unsummed o WHERE o.day > l.day - 30 AND o.day <= l.day
             AND CASE WHEN o.viewer_no < length(l.monthly) THEN get_bit(l.monthly, o.viewer_no) = 0 ELSE true END) AS monthly
    FROM level l
  )
  SELECT c.day, c.daily, c.weekly, c.monthly, kpi_percent(c.daily, c.monthly), COALESCE(d.unknown_user_views, 0)
  FROM counted c
  LEFT JOIN kpi_viewing_days(kpi_active_users.from_day, kpi_active_users.to_day) d ON d.day = c.day
  UNION ALL
  SELECT w.day, w.daily_users, w.weekly_users, w.monthly_users, w.stickiness_percent, w.unknown_views
  FROM kpi_swept_users(kpi_active_users.from_day, kpi_active_users.to_day) w
  WHERE (SELECT NOT b.is_summed FROM bounds b);
END;
CREATE VIEW kpi_active_users AS SELECT * FROM kpi_active_users();
COMMENT ON VIEW kpi_active_users IS
'How many users are active by day, week and month?
Formula: daily_users (DAU) = known users with a playback on the day; weekly_users and monthly_users (MAU) = in the 7 and 30 days that end with it; stickiness_percent = DAU / MAU. The last 30 days, none before the first playback.
Grain: day
Unit: users, percent
NULL: stickiness_percent without monthly users. Playbacks of no known user make nobody active: unknown_views counts them
Freshness: with each batch
Source: viewer_set, viewing_day, viewership_fact (days not summed up)';

CREATE FUNCTION kpi_user_watch_time(day date DEFAULT NULL)
RETURNS TABLE (watch_day date, user_id text, subscription_type text, views bigint, watch_minutes numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  -- Grouped by the user alone, so that the planner knows that there is one row of each, and hashes these to join them.
  SELECT (SELECT COALESCE(kpi_user_watch_time.day, kpi_last_day())), x.user_key, COALESCE(u.subscription_type, 'Unknown'), x.views, x.minutes
  FROM (SELECT f.user_key, count(*) AS views, sum(f.watch_minutes) AS minutes
        FROM kpi_playbacks(COALESCE(kpi_user_watch_time.day, kpi_last_day()), COALESCE(kpi_user_watch_time.day, kpi_last_day())) f
        GROUP BY f.user_key) x
  JOIN user_dim u ON u.user_id = x.user_key;
END;
CREATE VIEW kpi_user_watch_time AS SELECT * FROM kpi_user_watch_time();
COMMENT ON VIEW kpi_user_watch_time IS
'How long did each user watch on a day?
Formula: sum of the minutes of the playbacks begun on the day, by default the latest. The unknown user ''?'' has a row of its own.
Grain: user
Unit: minutes, playbacks
NULL: none; a subscription that is not known is Unknown
Freshness: with each batch
Source: viewership_fact, user_history';

-- The playbacks of a user belong to one session as long as each begins at most gap after the last one has ended.
CREATE FUNCTION kpi_session_list(gap interval DEFAULT '00:30:00', from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (day date, user_key text, device_key text, session_start timestamptz, session_minutes numeric, views bigint, watch_minutes numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT min(n.day), n.user_key, (array_agg(n.device_key ORDER BY n.event_time, n.event_id))[1], min(n.event_time),
         round(extract(epoch FROM max(n.ends) - min(n.event_time)) / 60, 2), count(*), sum(n.watch_minutes)
  FROM (SELECT p.*, count(*) FILTER (WHERE p.is_new) OVER (PARTITION BY p.user_key ORDER BY p.event_time, p.event_id) AS session_no
        FROM (SELECT f.*, f.event_time > max(f.ends) OVER (PARTITION BY f.user_key ORDER BY f.event_time, f.event_id
                                                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) + extract(epoch FROM gap)::float8 * interval '1 second' AS is_new
              FROM (SELECT x.day, x.user_key, x.device_key, x.event_time, x.event_id, x.watch_minutes,
                           x.event_time + x.watch_minutes * interval '1 minute' AS ends
                    FROM kpi_playbacks(from_day, to_day) x WHERE x.user_key <> '?') f) p) n
  GROUP BY n.user_key, n.session_no;
END;
COMMENT ON FUNCTION kpi_session_list(interval, date, date) IS
'Sessions of known users, one row each: day and time of the start, device it began on, minutes from its start to the end of its last playback, playbacks, minutes watched. A session goes on as long as a playback begins at most gap (a day of it is 24 hours) after the last one has ended. from_day and to_day as in kpi_playbacks; sessions are cut at their ends. No rows for a NULL gap but one session per user.';

-- Where the latest days' are kept (40-kpi-latest.sql), bounds has no row. Days of session_day give the sessions that lie within them; what is left, playbacks of the sessions that reach beyond a day and those of the other
-- days, is put together as kpi_session_list does it.
CREATE FUNCTION kpi_sessions(gap interval DEFAULT '00:30:00', from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (day date, sessions bigint, users bigint, sessions_per_user numeric, average_session_minutes numeric, average_watch_minutes numeric,
               views_per_session numeric, binge_sessions bigint, binge_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH bounds AS MATERIALIZED (
    SELECT kpi_from_day(kpi_sessions.from_day, kpi_sessions.to_day) AS first_day, COALESCE(kpi_sessions.to_day, kpi_last_day()) AS last_day,
           CASE WHEN kpi_sessions.gap = interval '30 minutes' THEN o.first_day ELSE kpi_from_day(kpi_sessions.from_day, kpi_sessions.to_day) END AS open_from,
           CASE WHEN kpi_sessions.gap = interval '30 minutes' THEN o.last_day ELSE COALESCE(kpi_sessions.to_day, kpi_last_day()) END AS open_to
    FROM kpi_open_session_days(kpi_sessions.from_day, kpi_sessions.to_day) o
    WHERE kpi_sessions.gap IS DISTINCT FROM interval '30 minutes' OR NOT kpi_latest('viewing', kpi_sessions.from_day, kpi_sessions.to_day)
  ), loose AS (
    SELECT e.day, e.user_key, e.event_time, e.event_id, e.watch_minutes, e.has_own
    FROM session_edge e
    WHERE kpi_sessions.gap = interval '30 minutes' AND e.day >= (SELECT b.first_day FROM bounds b) AND e.day <= (SELECT b.last_day FROM bounds b)
      AND e.day IN (SELECT d.day FROM session_day d)
    UNION ALL
    SELECT f.time_key::date, f.user_key, f.event_time, f.event_id, f.watch_duration, false
    FROM viewership_fact f
    WHERE f.time_key >= (SELECT b.open_from::timestamp FROM bounds b)
      AND f.event_time >= (SELECT (b.open_from - 1)::timestamp AT TIME ZONE 'UTC' FROM bounds b)
      AND f.time_key < (SELECT (b.open_to + 1)::timestamp FROM bounds b)
      AND f.event_time < (SELECT (b.open_to + 2)::timestamp AT TIME ZONE 'UTC' FROM bounds b)
      AND f.user_key <> '?'
      AND f.time_key::date NOT IN (SELECT d.day FROM session_day d WHERE kpi_sessions.gap = interval '30 minutes')
  ), session AS (
    SELECT min(n.day) AS day, n.user_key, (array_agg(n.has_own ORDER BY n.event_time, n.event_id))[1] AS has_own,
           round(extract(epoch FROM max(n.ends) - min(n.event_time)) / 60, 2) AS session_minutes, count(*) AS views, sum(n.watch_minutes) AS watch_minutes
    FROM (SELECT p.*, count(*) FILTER (WHERE p.is_new) OVER (PARTITION BY p.user_key ORDER BY p.event_time, p.event_id) AS session_no
          FROM (SELECT f.*, f.event_time > max(f.ends) OVER (PARTITION BY f.user_key ORDER BY f.event_time, f.event_id
                                                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) + extract(epoch FROM kpi_sessions.gap)::float8 * interval '1 second' AS is_new
                FROM (SELECT x.*, x.event_time + x.watch_minutes * interval '1 minute' AS ends FROM loose x) f) p) n
    GROUP BY n.user_key, n.session_no
  ), summed AS (
    SELECT s.day, count(*) AS sessions, count(DISTINCT s.user_key) FILTER (WHERE NOT s.has_own) AS users, sum(s.session_minutes) AS session_minutes,
           sum(s.watch_minutes) AS watch_minutes, sum(s.views) AS views, count(*) FILTER (WHERE s.views >= 3) AS binges
    FROM session s
    GROUP BY s.day
    UNION ALL
    SELECT d.day, d.sessions, d.users, d.session_minutes, d.watch_minutes, d.session_views, d.binge_sessions
    FROM session_day d
    WHERE kpi_sessions.gap = interval '30 minutes' AND d.sessions > 0
      AND d.day >= (SELECT b.first_day FROM bounds b) AND d.day <= (SELECT b.last_day FROM bounds b)
  )
  SELECT s.day, sum(s.sessions)::bigint, sum(s.users)::bigint, kpi_ratio(sum(s.sessions), sum(s.users)), round(sum(s.session_minutes) / sum(s.sessions), 2),
         round(sum(s.watch_minutes) / sum(s.sessions), 2), round(sum(s.views) / sum(s.sessions), 2), sum(s.binges)::bigint,
         kpi_percent(sum(s.binges), sum(s.sessions))
  FROM summed s
  GROUP BY s.day
  UNION ALL
  SELECT l.day, l.sessions, l.users, l.sessions_per_user, l.average_session_minutes, l.average_watch_minutes, l.views_per_session, l.binge_sessions, l.binge_percent
  FROM latest_session l
  WHERE kpi_sessions.gap = interval '30 minutes' AND (SELECT kpi_latest('viewing', kpi_sessions.from_day, kpi_sessions.to_day));
END;
CREATE VIEW kpi_sessions AS SELECT * FROM kpi_sessions();
COMMENT ON VIEW kpi_sessions IS
'How long do viewers stay, and how much do they watch at one sitting?
Formula: a session goes on while a playback begins at most 30 minutes (gap) after the last one has ended; it counts on the day it begins. average_session_minutes from its start to the end of its last playback; binge_sessions have three playbacks or more. The last 30 days.
Grain: day
Unit: sessions, users, minutes, playbacks, percent
NULL: none. Playbacks of no known user belong to no session (kpi_active_users counts them)
Freshness: with each batch
Source: latest_session; session_day, session_edge, viewership_fact (where it does not hold)';

CREATE FUNCTION kpi_concurrent_viewers(region text DEFAULT NULL, from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (day date, peak_streams bigint, peak_at timestamptz, views bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT d.day, d.peak_streams, d.peak_at, d.views
  FROM session_day d
  WHERE kpi_concurrent_viewers.region IS NULL AND d.peak_streams IS NOT NULL
    AND d.day >= (SELECT kpi_from_day(kpi_concurrent_viewers.from_day, kpi_concurrent_viewers.to_day))
    AND d.day <= (SELECT COALESCE(kpi_concurrent_viewers.to_day, kpi_last_day()))
  UNION ALL
  SELECT o.day, o.peak_streams, o.peak_at, o.views
  FROM kpi_open_peaks(kpi_concurrent_viewers.region, kpi_concurrent_viewers.from_day, kpi_concurrent_viewers.to_day) o
  UNION ALL
  -- Days after all playbacks.
  SELECT DISTINCT t.date, 0::bigint, NULL::timestamptz, 0::bigint
  FROM time_dim t
  WHERE kpi_concurrent_viewers.region IS NULL
    AND t.date_key >= (SELECT greatest(kpi_from_day(kpi_concurrent_viewers.from_day, kpi_concurrent_viewers.to_day), COALESCE(kpi_last_day() + 3, '-infinity'))::timestamp)
    AND t.date_key < (SELECT (kpi_concurrent_viewers.to_day + 1)::timestamp);
END;
CREATE VIEW kpi_concurrent_viewers AS SELECT * FROM kpi_concurrent_viewers();
COMMENT ON VIEW kpi_concurrent_viewers IS
'How many streams run at once at the peak of each day?
Formula: the largest number of playbacks under way at one moment, from start to start + minutes watched + buffering; peak_at is the first moment it is reached. Streams that began up to two days before are counted. region: of one region_id only. The last 30 days.
Grain: day of the warehouse
Unit: streams
NULL: peak_at on a day without a stream
Freshness: with each batch
Source: session_day, viewership_fact (days not summed up; one region), time_dim';

CREATE FUNCTION kpi_churn_features(as_of timestamptz DEFAULT NULL)
RETURNS TABLE (user_id text, features_at timestamptz, subscription_type text, tenure_days integer, days_since_last_view numeric,
               views_7_days bigint, views_30_days bigint, views_90_days bigint, active_days_30_days bigint,
               watch_minutes_30_days numeric, watch_minutes_previous_30_days numeric, watch_trend_percent numeric,
               completion_percent_30_days numeric, rebuffer_percent_30_days numeric, videos_30_days bigint, genres_30_days bigint,
               interactions_30_days bigint, recommendations_30_days bigint, click_percent_30_days numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH moment AS MATERIALIZED (
    SELECT x.at, (x.at AT TIME ZONE (SELECT w.time_zone FROM warehouse_info w))::date AS day FROM (SELECT COALESCE(kpi_churn_features.as_of, kpi_last_time()) AS at) x
  ), member AS (
    -- The version in force; where none is, the latest before, or the first one after, which tells the sign-up alone.
    SELECT h.user_id, h.subscription_type, h.signup_date, m.at, m.day
    FROM user_history h, moment m
    WHERE h.user_id <> '?' AND h.valid_from <= m.at AND h.valid_to > m.at
    UNION ALL
    (SELECT DISTINCT ON (h.user_id) h.user_id, CASE WHEN h.valid_from <= m.at THEN h.subscription_type END, h.signup_date, m.at, m.day
     FROM user_history h, moment m
     WHERE h.user_id <> '?' AND NOT (h.valid_from <= m.at AND h.valid_to > m.at)
       AND NOT EXISTS (SELECT FROM user_history o WHERE o.user_id = h.user_id AND o.valid_from <= (SELECT x.at FROM moment x) AND o.valid_to > (SELECT x.at FROM moment x))
     ORDER BY h.user_id, h.valid_from > m.at, CASE WHEN h.valid_from <= m.at THEN h.valid_from END DESC, h.valid_from)
  ), interacted AS (
    SELECT f.user_key, count(*) AS interactions
    FROM interaction_fact f
    WHERE f.event_time > (SELECT x.at - interval '720 hours' FROM moment x) AND f.event_time <= (SELECT x.at FROM moment x) AND f.user_key <> '?'
    GROUP BY f.user_key
  )
  SELECT u.user_id, u.at, COALESCE(u.subscription_type, 'Unknown'), u.day - u.signup_date,
         w.days_since_last_view, COALESCE(w.views_7, 0), COALESCE(w.views_30, 0), COALESCE(w.views_90, 0),
         COALESCE(w.days_30, 0), COALESCE(w.minutes_30, 0), COALESCE(w.minutes_60, 0), w.watch_trend_percent, w.completion_percent, w.rebuffer_percent,
         COALESCE(w.videos_30, 0), COALESCE(w.genres_30, 0), COALESCE(i.interactions, 0), COALESCE(r.recommendations, 0), r.click_percent
  FROM member u
  LEFT JOIN kpi_user_sums(kpi_churn_features.as_of) w ON w.user_key = u.user_id
  LEFT JOIN interacted i ON i.user_key = u.user_id
  LEFT JOIN kpi_user_shown(kpi_churn_features.as_of) r ON r.user_key = u.user_id
  WHERE w.user_key IS NOT NULL OR i.user_key IS NOT NULL OR r.user_key IS NOT NULL OR u.signup_date <= u.day;
END;
CREATE VIEW kpi_churn_features AS SELECT * FROM kpi_churn_features();
COMMENT ON VIEW kpi_churn_features IS
'What did each user''s behaviour look like at a moment, for a churn model?
Formula: over the events up to as_of (by default the latest playback) and none after it, the subscription in force then. Days back are 24 hours each; tenure_days counts dates of the warehouse. watch_trend_percent = change of the minutes of the last 30 days against the 30 before; days_since_last_view looks 180 days back; genres are the videos'' first ones.
Grain: user with an event, or signed up, by then
Unit: days, playbacks, minutes, percent
NULL: days_since_last_view without a playback in 180 days; watch_trend_percent when nothing was watched before; percentages of nothing; tenure_days where the sign-up is not known
Freshness: with each batch
Source: latest_user, latest_shown, viewership_fact and recommendation_fact (where the sums do not hold), interaction_fact, user_history, video_dim';
