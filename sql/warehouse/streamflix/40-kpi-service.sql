-- KPIs of the service: recommendations, streams, devices.

-- The score interval of E. B. Wilson (JASA 22 (1927) 209-212), as starhouse.wilson_lower_bound gives it.
CREATE FUNCTION kpi_click_of(z numeric, from_day date, to_day date)
RETURNS TABLE (video_key text, recommendations bigint, clicks bigint, click_percent numeric, lower_percent numeric, upper_percent numeric,
               watches bigint, watch_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  -- OFFSET 0: what both bounds have in common is worked out once.
  SELECT w.video_key, w.shown, w.clicks, kpi_percent(w.clicks, w.shown), round(100 * greatest((w.middle - w.reach) / w.width, 0), 2),
         round(100 * least((w.middle + w.reach) / w.width, 1), 2), w.watches, kpi_percent(w.watches, w.shown)
  FROM (SELECT x.*, x.p + z * z / (2 * x.shown) AS middle, z * sqrt(x.p * (1 - x.p) / x.shown + z * z / (4 * x.shown * x.shown)) AS reach, 1 + z * z / x.shown AS width
        FROM (SELECT s.video_key, sum(s.recommendations)::bigint AS shown, sum(s.clicks)::bigint AS clicks, sum(s.watches)::bigint AS watches,
                     sum(s.clicks) / sum(s.recommendations) AS p
              FROM kpi_shown_videos(from_day, to_day) s
              GROUP BY s.video_key
              OFFSET 0) x
        OFFSET 0) w;
END;
COMMENT ON FUNCTION kpi_click_of(numeric, date, date) IS
'The rows of latest_click for other days or another z, from kpi_shown_videos.';

CREATE FUNCTION kpi_click_through(z numeric DEFAULT 1.959964, from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (video_id text, title text, recommendations bigint, clicks bigint, click_percent numeric, lower_percent numeric, upper_percent numeric,
               watches bigint, watch_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT x.video_key, v.title, x.recommendations, x.clicks, x.click_percent, x.lower_percent, x.upper_percent, x.watches, x.watch_percent
  FROM (SELECT l.video_key, l.recommendations, l.clicks, l.click_percent, l.lower_percent, l.upper_percent, l.watches, l.watch_percent
        FROM latest_click l
        WHERE z = 1.959964 AND (SELECT kpi_latest('shown', from_day, to_day))
        UNION ALL
        SELECT c.* FROM kpi_click_of(z, from_day, to_day) c WHERE (SELECT z IS DISTINCT FROM 1.959964 OR NOT kpi_latest('shown', from_day, to_day))) x
  JOIN video_dim v ON v.video_id = x.video_key;
END;
CREATE VIEW kpi_click_through AS SELECT * FROM kpi_click_through();
COMMENT ON VIEW kpi_click_through IS
'How often is each video clicked when it is recommended, and how sure is that?
Formula: click_percent (CTR) = clicks / recommendations shown; lower_percent and upper_percent = the 95 % (z) score interval of Wilson: sort by lower_percent to rank videos shown seldom and often. watch_percent = watched / shown. The last 30 days.
Grain: video
Unit: recommendations, percent
NULL: title of a video known from facts only
Freshness: with each batch
Source: latest_click; shown_video_day, recommendation_fact (where it does not hold), video_dim';

-- Accuracy is the chance that a clicked recommendation had a higher score than one not clicked (area under the ROC
-- curve, ties half), from the counts per score: clicks times the unclicked ones below, plus half of those beside.
CREATE FUNCTION kpi_quality_of(from_day date, to_day date)
RETURNS TABLE (recommendations bigint, clicks bigint, click_percent numeric, watches bigint, watch_percent numeric, watched_after_click_percent numeric,
               scored_recommendations bigint, score_accuracy_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
  WITH score AS (
    SELECT f.score, sum(f.recommendations)::bigint AS shown, sum(f.clicks)::bigint AS clicks, sum(f.watches)::bigint AS watches, sum(f.both_flags)::bigint AS both_flags
    FROM kpi_shown_scores(from_day, to_day) f
    GROUP BY f.score
  ), ordered AS (
    SELECT s.*, s.shown - s.clicks AS misses,
           COALESCE(sum(s.shown - s.clicks) OVER (PARTITION BY s.score IS NULL ORDER BY s.score ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS misses_below
    FROM score s
  )
  SELECT COALESCE(sum(o.shown), 0)::bigint, COALESCE(sum(o.clicks), 0)::bigint, kpi_percent(sum(o.clicks), sum(o.shown)),
         COALESCE(sum(o.watches), 0)::bigint, kpi_percent(sum(o.watches), sum(o.shown)), kpi_percent(sum(o.both_flags), sum(o.clicks)),
         COALESCE(sum(o.shown) FILTER (WHERE o.score IS NOT NULL), 0)::bigint,
         kpi_percent(sum(o.clicks * (o.misses_below + o.misses / 2.0)) FILTER (WHERE o.score IS NOT NULL),
                     sum(o.clicks) FILTER (WHERE o.score IS NOT NULL) * sum(o.misses) FILTER (WHERE o.score IS NOT NULL))
  FROM ordered o;
END;
COMMENT ON FUNCTION kpi_quality_of(date, date) IS 'The row of latest_quality for other days, from kpi_shown_scores.';

CREATE FUNCTION kpi_recommendation_quality(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (recommendations bigint, clicks bigint, click_percent numeric, watches bigint, watch_percent numeric, watched_after_click_percent numeric,
               scored_recommendations bigint, score_accuracy_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT l.recommendations, l.clicks, l.click_percent, l.watches, l.watch_percent, l.watched_after_click_percent, l.scored_recommendations, l.score_accuracy_percent
  FROM latest_quality l
  WHERE (SELECT kpi_latest('shown', from_day, to_day))
  UNION ALL
  SELECT q.* FROM kpi_quality_of(from_day, to_day) q WHERE (SELECT NOT kpi_latest('shown', from_day, to_day));
END;
CREATE VIEW kpi_recommendation_quality AS SELECT * FROM kpi_recommendation_quality();
COMMENT ON VIEW kpi_recommendation_quality IS
'How good are the recommendations, and does the score tell?
Formula: click_percent (CTR) = clicks / shown; watched_after_click_percent = clicked and watched / clicked; score_accuracy_percent = chance that a clicked one had a higher score than one not clicked (area under the ROC curve; 50 is guessing), ties half. The last 30 days.
Grain: one row
Unit: recommendations, percent
NULL: shares of nothing; score_accuracy_percent unless there are both clicked and unclicked ones with a score
Freshness: with each batch
Source: latest_quality; shown_score_day, recommendation_fact (where it does not hold)';

CREATE FUNCTION kpi_recommendation_by_score(bands integer DEFAULT 10, from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (score_from numeric, score_to numeric, recommendations bigint, clicks bigint, click_percent numeric, watches bigint, watch_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT round(x.band::numeric / bands, 4), round((x.band + 1)::numeric / bands, 4), x.shown, x.clicks, kpi_percent(x.clicks, x.shown), x.watches, kpi_percent(x.watches, x.shown)
  FROM (SELECT CASE WHEN f.score IS NOT NULL THEN least(floor(f.score * greatest(bands, 1))::integer, bands - 1) END AS band, sum(f.shown)::bigint AS shown,
               sum(f.clicks)::bigint AS clicks, sum(f.watches)::bigint AS watches
        FROM (SELECT l.score, l.recommendations AS shown, l.clicks, l.watches
              FROM latest_score l
              WHERE (SELECT kpi_latest('shown', from_day, to_day))
              UNION ALL
              SELECT s.score, sum(s.recommendations)::bigint, sum(s.clicks)::bigint, sum(s.watches)::bigint
              FROM kpi_shown_scores(from_day, to_day) s
              WHERE (SELECT NOT kpi_latest('shown', from_day, to_day))
              GROUP BY s.score) f
        WHERE bands > 0
        GROUP BY 1) x;
END;
CREATE VIEW kpi_recommendation_by_score AS SELECT * FROM kpi_recommendation_by_score();
COMMENT ON VIEW kpi_recommendation_by_score IS
'Are recommendations with a higher score clicked more?
Formula: recommendations by score in 10 (bands) equal bands from 0 to 1, the lower end included (the last band holds 1 as well); click_percent and watch_percent of those shown. The last 30 days.
Grain: band of the score
Unit: recommendations, percent
NULL: a row without bounds holds those without a score; no rows for bands below 1
Freshness: with each batch
Source: latest_score; shown_score_day, recommendation_fact (where it does not hold)';

CREATE FUNCTION kpi_system_performance(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (day date, streams bigint, streams_per_minute numeric, busiest_minute_streams bigint, average_startup_seconds numeric,
               p95_startup_seconds numeric, average_bitrate numeric, rebuffer_percent numeric, unmeasured_streams bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  -- Days are not all of 24 hours, and the latest is not over yet.
  SELECT d.day, d.views,
         kpi_ratio(d.views, least(extract(epoch FROM m.ends - m.begins) / 60, floor(extract(epoch FROM (SELECT kpi_last_time()) - m.begins) / 60) + 1)), d.busiest_minute_views, kpi_ratio(d.startup_seconds, d.started_views), round(d.p95_startup_seconds, 2),
         kpi_ratio(d.rated_bits, d.rated_minutes), kpi_percent(d.buffering_seconds, d.buffering_seconds + 60 * d.buffered_minutes), d.views - d.buffered_views
  FROM kpi_viewing_days(from_day, to_day) d
  CROSS JOIN (SELECT w.time_zone FROM warehouse_info w) z
  CROSS JOIN LATERAL (SELECT d.day::timestamp AT TIME ZONE z.time_zone AS begins, (d.day + 1)::timestamp AT TIME ZONE z.time_zone AS ends) m;
END;
CREATE VIEW kpi_system_performance AS SELECT * FROM kpi_system_performance();
COMMENT ON VIEW kpi_system_performance IS
'How does the service perform: latency, throughput, buffering?
Formula: latency = seconds to the first picture, mean and 95th percentile; throughput = streams begun per minute (mean: streams / minutes of the day, which has 1,380 or 1,500 where the clock changes; of the latest day those begun up to the latest playback. And the busiest minute) and the bit rate, weighted by minutes watched; rebuffer_percent = buffering / (buffering + watching) in seconds over streams that measured it. The last 30 days.
Grain: day
Unit: streams, seconds, kbit/s, percent
NULL: what no stream of the day measured
Freshness: with each batch
Source: viewing_day, viewership_fact (days not summed up)';

-- Without sessions, which are dear where they are not kept.
CREATE FUNCTION kpi_device_kind_sums(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (os text, connection_type text, devices bigint, measured_devices bigint, bandwidth_sum numeric, views bigint, watch_minutes numeric,
               buffered_views bigint, buffering_seconds numeric, buffered_minutes numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT l.os, l.connection_type, l.devices, l.measured_devices, l.bandwidth_sum, l.views, l.watch_minutes, l.buffered_views, l.buffering_seconds, l.buffered_minutes
  FROM latest_device_kind l
  WHERE (SELECT kpi_latest_members(from_day, to_day))
  UNION ALL
  SELECT COALESCE(d.os, 'Unknown'), COALESCE(d.connection_type, 'Unknown'), count(*) FILTER (WHERE d.device_id <> '?'), count(d.bandwidth), sum(d.bandwidth),
         sum(x.views)::bigint, sum(x.watch_minutes), sum(x.buffered_views)::bigint, sum(x.buffering_seconds), sum(x.buffered_minutes)
  FROM kpi_device_sums(from_day, to_day) x
  JOIN device_dim d ON d.device_id = x.device_key
  WHERE (SELECT NOT kpi_latest_members(from_day, to_day))
  GROUP BY 1, 2;
END;
COMMENT ON FUNCTION kpi_device_kind_sums(date, date) IS
'Devices with a playback from from_day to to_day (NULLs as in kpi_playbacks) by operating system and connection as they are now, the columns of latest_device_kind but for sessions: from there, or from latest_device or viewership_fact.';

CREATE FUNCTION kpi_buffering_by_device(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (os text, connection_type text, views bigint, measured_views bigint, buffering_minutes numeric, watch_hours numeric,
               buffering_ratio numeric, rebuffer_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT k.os, k.connection_type, k.views, k.buffered_views, round(k.buffering_seconds / 60, 2), round(k.buffered_minutes / 60, 2),
         kpi_percent(k.buffering_seconds, k.buffered_minutes), kpi_percent(k.buffering_seconds, k.buffering_seconds + 60 * k.buffered_minutes)
  FROM kpi_device_kind_sums(from_day, to_day) k;
END;
CREATE VIEW kpi_buffering_by_device AS SELECT * FROM kpi_buffering_by_device();
COMMENT ON VIEW kpi_buffering_by_device IS
'On which devices do viewers have to wait?
Formula: over playbacks that measured buffering: rebuffer_percent = buffering / (buffering + watching) in one unit; buffering_ratio = seconds of buffering per 100 minutes watched. The last 30 days.
Grain: operating system and connection
Unit: playbacks, minutes, hours, percent; seconds per 100 minutes
NULL: ratios where nothing was measured; devices not known count as Unknown
Freshness: with each batch
Source: latest_device_kind; latest_device, viewership_fact, device_dim (where it does not hold)';

CREATE FUNCTION kpi_device_sessions(gap interval, from_day date, to_day date) RETURNS TABLE (device_key text, sessions bigint, session_minutes numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT l.device_key, l.sessions, l.session_minutes
  FROM latest_device l
  WHERE l.sessions > 0 AND gap = interval '30 minutes' AND (SELECT kpi_latest('viewing', from_day, to_day))
  UNION ALL
  SELECT s.device_key, count(*), sum(s.session_minutes)
  FROM kpi_session_list(gap, from_day, to_day) s
  WHERE (SELECT gap IS DISTINCT FROM interval '30 minutes' OR NOT kpi_latest('viewing', from_day, to_day))
  GROUP BY s.device_key;
END;
COMMENT ON FUNCTION kpi_device_sessions(interval, date, date) IS
'Sessions of known users (kpi_session_list) by the device they began on: latest_device where the gap is 30 minutes and the days are the latest, else viewership_fact.';

CREATE FUNCTION kpi_device_kinds(gap interval DEFAULT '00:30:00', from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (os text, connection_type text, devices bigint, measured_devices bigint, bandwidth_sum numeric, views bigint, watch_minutes numeric,
               buffered_views bigint, buffering_seconds numeric, buffered_minutes numeric, sessions bigint, session_minutes numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT k.os, k.connection_type, k.devices, k.measured_devices, k.bandwidth_sum, k.views, k.watch_minutes, k.buffered_views, k.buffering_seconds, k.buffered_minutes,
         k.sessions, k.session_minutes
  FROM latest_device_kind k
  WHERE kpi_device_kinds.gap = interval '30 minutes' AND (SELECT kpi_latest_members(from_day, to_day))
  UNION ALL
  -- Both one after the other rather than a join of them: the planner takes either for a few rows, and would compare each device with each.
  -- Nor are they brought together by device first: a session begins with a playback, so each device of the second has its row in the first.
  -- The sums of the latest days have both in one row.
  SELECT COALESCE(d.os, 'Unknown'), COALESCE(d.connection_type, 'Unknown'), count(x.views) FILTER (WHERE d.device_id <> '?'),
         count(d.bandwidth) FILTER (WHERE x.views IS NOT NULL), sum(d.bandwidth) FILTER (WHERE x.views IS NOT NULL), sum(x.views)::bigint, sum(x.minutes),
         sum(x.buffered)::bigint, sum(x.buffering), sum(x.buffered_minutes), COALESCE(sum(x.sessions), 0)::bigint, COALESCE(sum(x.session_minutes), 0)
  FROM (SELECT l.device_key, l.views, l.watch_minutes AS minutes, l.buffered_views AS buffered, l.buffering_seconds AS buffering, l.buffered_minutes, l.sessions, l.session_minutes
        FROM latest_device l
        WHERE l.views > 0 AND kpi_device_kinds.gap = interval '30 minutes' AND (SELECT kpi_latest('viewing', from_day, to_day))
        UNION ALL
        SELECT f.device_key, f.views, f.watch_minutes, f.buffered_views, f.buffering_seconds, f.buffered_minutes, NULL, NULL
        FROM kpi_device_sums(from_day, to_day) f
        WHERE f.views > 0 AND (SELECT kpi_device_kinds.gap IS DISTINCT FROM interval '30 minutes' OR NOT kpi_latest('viewing', from_day, to_day))
        UNION ALL
        SELECT s.device_key, NULL, NULL, NULL, NULL, NULL, s.sessions, s.session_minutes
        FROM kpi_device_sessions(kpi_device_kinds.gap, from_day, to_day) s
        WHERE (SELECT kpi_device_kinds.gap IS DISTINCT FROM interval '30 minutes' OR NOT kpi_latest('viewing', from_day, to_day))) x
  JOIN device_dim d ON d.device_id = x.device_key
  WHERE (SELECT kpi_device_kinds.gap IS DISTINCT FROM interval '30 minutes' OR NOT kpi_latest_members(from_day, to_day))
  GROUP BY 1, 2
  HAVING count(x.views) > 0;
END;
COMMENT ON FUNCTION kpi_device_kinds(interval, date, date) IS
'Devices with a playback from from_day to to_day (NULLs as in kpi_playbacks) by operating system and connection as they are now, the columns of latest_device_kind: from there where gap, the pause that ends a session, is 30 minutes and it holds, else from latest_device or viewership_fact.';

CREATE FUNCTION kpi_device_usage(gap interval DEFAULT '00:30:00', from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (os text, connection_type text, devices bigint, average_bandwidth numeric, views bigint, average_watch_minutes numeric,
               sessions bigint, average_session_minutes numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT k.os, k.connection_type, k.devices, CASE WHEN k.measured_devices > 0 THEN round(k.bandwidth_sum / k.measured_devices, 2) END, k.views, kpi_ratio(k.watch_minutes, k.views),
         k.sessions, kpi_ratio(k.session_minutes, k.sessions)
  FROM kpi_device_kinds(kpi_device_usage.gap, kpi_device_usage.from_day, kpi_device_usage.to_day) k;
END;
CREATE VIEW kpi_device_usage AS SELECT * FROM kpi_device_usage();
COMMENT ON VIEW kpi_device_usage IS
'What bandwidth do the devices in use have, and how long do sessions last on them?
Formula: devices with a playback; average_bandwidth = mean of their bandwidths as last measured; sessions of known users by the device they began on, a session going on while a playback begins at most 30 minutes (gap) after the last one has ended. The last 30 days.
Grain: operating system and connection
Unit: devices, Mbit/s, playbacks, minutes, sessions
NULL: average_bandwidth where none is known, average_session_minutes without a session; devices not known count as Unknown
Freshness: with each batch
Source: latest_device_kind; latest_device, viewership_fact, device_dim (where it does not hold)';
