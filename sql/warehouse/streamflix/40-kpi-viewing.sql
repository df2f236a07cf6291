-- KPIs of viewing: summary, days, skips, top videos, what is trending, five-minute windows, genres, engagement, subscriptions.

-- A skip is a playback left within skip_within seconds and before its end; without a known length it is neither.
-- Days are summed up with the usual 30 seconds; for others the playbacks are read.
CREATE FUNCTION kpi_other_skips(from_day date, to_day date, skip_within numeric) RETURNS TABLE (day date, skips bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
  SELECT f.day, count(*)
  FROM kpi_playbacks(from_day, to_day) f
  WHERE skip_within IS DISTINCT FROM 30 AND f.watch_minutes * 60 < least(skip_within, f.video_minutes * 60) AND f.video_minutes IS NOT NULL
  GROUP BY f.day;
END;
COMMENT ON FUNCTION kpi_other_skips(date, date, numeric) IS
'Skips by day from from_day to to_day (NULLs as in kpi_playbacks) with another bound than 30 seconds, from viewership_fact. No rows for 30, which viewing_day has.';

CREATE FUNCTION kpi_viewing_summary(from_day date DEFAULT NULL, to_day date DEFAULT NULL, skip_within numeric DEFAULT 30)
RETURNS TABLE (first_day date, last_day date, views bigint, viewers bigint, unknown_views bigint, watch_hours numeric,
               average_watch_minutes numeric, completion_percent numeric, skips bigint, skip_percent numeric,
               unmeasured_views bigint, average_buffering_seconds numeric, rebuffer_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT min(d.day), max(d.day), COALESCE(sum(d.views), 0)::bigint,
         CASE WHEN kpi_latest('viewing', from_day, to_day) THEN (SELECT l.viewers FROM latest_sums l WHERE l.summary = 'viewing') ELSE kpi_viewers(from_day, to_day) END, COALESCE(sum(d.unknown_user_views), 0)::bigint,
         round(COALESCE(sum(d.watch_minutes), 0) / 60, 2), kpi_ratio(sum(d.watch_minutes), sum(d.views)), kpi_ratio(sum(d.completion_sum), sum(d.measured_views)),
         COALESCE(sum(s.skips), 0)::bigint, kpi_percent(sum(s.skips), sum(d.measured_views)), COALESCE(sum(d.views - d.measured_views), 0)::bigint,
         kpi_ratio(sum(d.buffering_seconds), sum(d.buffered_views)), kpi_percent(sum(d.buffering_seconds), sum(d.buffering_seconds) + 60 * sum(d.buffered_minutes))
  FROM kpi_viewing_days(from_day, to_day) d
  LEFT JOIN kpi_other_skips(from_day, to_day, skip_within) o ON o.day = d.day
  CROSS JOIN LATERAL (SELECT CASE WHEN skip_within = 30 THEN d.skips ELSE COALESCE(o.skips, 0) END AS skips) s;
END;
CREATE VIEW kpi_viewing_summary AS SELECT * FROM kpi_viewing_summary();
COMMENT ON VIEW kpi_viewing_summary IS
'How much and how well is watched, all in all?
Formula: average_watch_minutes = minutes / playbacks; completion_percent = mean of the completion rates known; skip_percent = skips / playbacks of known length, a skip being left within 30 seconds (skip_within) and before the end; average_buffering_seconds over playbacks that measured it; rebuffer_percent = buffering / (buffering + watching), both in seconds. The last 30 days.
Grain: one row
Unit: playbacks, users, hours, minutes, seconds, percent
NULL: days without playbacks; an average or share of nothing
Freshness: with each batch
Source: viewing_day, latest_sums, viewer_set (other days), viewership_fact (days not summed up)';

CREATE FUNCTION kpi_daily_viewing(from_day date DEFAULT NULL, to_day date DEFAULT NULL, skip_within numeric DEFAULT 30)
RETURNS TABLE (day date, day_name text, views bigint, viewers bigint, unknown_views bigint, watch_hours numeric,
               average_watch_minutes numeric, minutes_per_viewer numeric, completion_percent numeric, skips bigint, skip_percent numeric,
               unmeasured_views bigint, average_buffering_seconds numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH daily AS MATERIALIZED (
    SELECT d.*, CASE WHEN skip_within = 30 THEN d.skips ELSE COALESCE(o.skips, 0) END AS left_early
    FROM kpi_viewing_days(from_day, to_day) d
    LEFT JOIN kpi_other_skips(from_day, to_day, skip_within) o ON o.day = d.day
  ), days AS (
    SELECT generate_series(min(d.day)::timestamp, max(d.day)::timestamp, interval '1 day')::date AS day FROM daily d
  )
  SELECT a.day, to_char(a.day, 'FMDay'), COALESCE(d.views, 0), COALESCE(d.viewers, 0), COALESCE(d.unknown_user_views, 0),
         round(COALESCE(d.watch_minutes, 0) / 60, 2), kpi_ratio(d.watch_minutes, d.views), kpi_ratio(d.known_minutes, d.viewers),
         kpi_ratio(d.completion_sum, d.measured_views), COALESCE(d.left_early, 0), kpi_percent(d.left_early, d.measured_views),
         COALESCE(d.views - d.measured_views, 0), kpi_ratio(d.buffering_seconds, d.buffered_views)
  FROM days a LEFT JOIN daily d ON d.day = a.day;
END;
CREATE VIEW kpi_daily_viewing AS SELECT * FROM kpi_daily_viewing();
COMMENT ON VIEW kpi_daily_viewing IS
'How does viewing run from day to day?
Formula: as in kpi_viewing_summary, over the playbacks begun on the day; minutes_per_viewer = minutes of known users / known users. Days without playbacks between the first and the last count as zero. The last 30 days.
Grain: day
Unit: playbacks, users, hours, minutes, seconds, percent
NULL: an average or share of nothing
Freshness: with each batch
Source: viewing_day, viewership_fact (days not summed up)';

CREATE FUNCTION kpi_skip_rate(skip_within numeric DEFAULT 30, from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (genre text, views bigint, skips bigint, skip_percent numeric, unmeasured_views bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT COALESCE(v.genre, 'Unknown'), sum(x.views)::bigint, sum(x.skips)::bigint, kpi_percent(sum(x.skips), sum(x.measured)), sum(x.views - x.measured)::bigint
  FROM (SELECT l.video_key, l.views, l.measured_views AS measured, l.skips
        FROM latest_skip l
        WHERE skip_within = 30 AND (SELECT kpi_latest('viewing', from_day, to_day))
        UNION ALL
        SELECT s.video_key, sum(s.views), sum(s.measured_views), sum(s.skips)
        FROM kpi_skip_days(from_day, to_day) s
        WHERE skip_within = 30 AND (SELECT NOT kpi_latest('viewing', from_day, to_day))
        GROUP BY s.video_key
        UNION ALL
        SELECT f.video_key, count(*), count(f.video_minutes),
               count(*) FILTER (WHERE f.watch_minutes * 60 < least(skip_within, f.video_minutes * 60) AND f.video_minutes IS NOT NULL)
        FROM kpi_playbacks(from_day, to_day) f
        WHERE skip_within IS DISTINCT FROM 30
        GROUP BY f.video_key) x
  JOIN video_dim v ON v.video_id = x.video_key
  GROUP BY 1;
END;
CREATE VIEW kpi_skip_rate AS SELECT * FROM kpi_skip_rate();
COMMENT ON VIEW kpi_skip_rate IS
'Which genres do viewers leave at once?
Formula: skip_percent = skips / playbacks of known length; a skip: watched less than skip_within (30) seconds and not to the end. The last 30 days.
Grain: genre (the video''s first)
Unit: playbacks, percent
NULL: skip_percent where no length is known; a video whose genre is not known counts as Unknown
Freshness: with each batch
Source: latest_skip; skip_day, viewership_fact (where it does not hold), video_dim';

CREATE FUNCTION kpi_ranked_videos(from_day date, to_day date)
RETURNS TABLE (region_key text, video_key text, views bigint, minutes numeric, completion numeric, measured bigint, video_rank bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT f.region_key, f.video_key, f.views, f.watch_minutes, f.completion_sum, f.measured_views,
         row_number() OVER (PARTITION BY f.region_key ORDER BY f.views DESC, f.watch_minutes DESC, f.video_key)
  FROM kpi_region_video_sums(from_day, to_day) f
  WHERE f.video_key <> '?';
END;
COMMENT ON FUNCTION kpi_ranked_videos(date, date) IS
'Known videos with playbacks by region from from_day to to_day (NULLs as in kpi_playbacks), with their places by playbacks, then minutes, then the lower id.';

CREATE FUNCTION kpi_top_videos_by_region(n integer DEFAULT 10, from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (region_id text, region_name text, video_rank bigint, video_id text, title text, genre text, views bigint,
               watch_hours numeric, completion_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT r.region_id, COALESCE(r.region_name, 'Unknown'), x.video_rank, x.video_key, v.title, COALESCE(v.genre, 'Unknown'), x.views,
         round(x.minutes / 60, 2), kpi_ratio(x.completion, x.measured)
  FROM (SELECT l.region_key, l.video_key, l.views, l.watch_minutes AS minutes, l.completion_sum AS completion, l.measured_views AS measured, l.video_rank
        FROM latest_region_video l
        WHERE l.video_rank <= n AND (SELECT kpi_latest('videos', from_day, to_day))
        UNION ALL
        SELECT s.* FROM kpi_ranked_videos(from_day, to_day) s WHERE s.video_rank <= n AND (SELECT NOT kpi_latest('videos', from_day, to_day))) x
  JOIN region_dim r ON r.region_id = x.region_key
  JOIN video_dim v ON v.video_id = x.video_key;
END;
CREATE VIEW kpi_top_videos_by_region AS SELECT * FROM kpi_top_videos_by_region();
COMMENT ON VIEW kpi_top_videos_by_region IS
'Which videos are watched most in each region?
Formula: the 10 (n) videos of each region with the most playbacks; of equals the one with more minutes, then the lower id. Playbacks of no known video are left out (kpi_unknown_members counts them). The last 30 days.
Grain: region and video
Unit: playbacks, hours, percent
NULL: title of a video known from facts only; completion_percent where no length is known
Freshness: with each batch
Source: latest_region_video, engagement_fact (where the sums do not hold), region_dim, video_dim';

CREATE FUNCTION kpi_trending(region text DEFAULT NULL, look_back interval DEFAULT '1 day', half_life interval DEFAULT '06:00:00',
                             n integer DEFAULT 10, as_of timestamptz DEFAULT NULL)
RETURNS TABLE (region_id text, region_name text, trend_rank bigint, video_id text, title text, genre text, trending_score numeric, views bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT r.region_id, COALESCE(r.region_name, 'Unknown'), x.trend_rank, x.video_key, v.title, COALESCE(v.genre, 'Unknown'), round(x.score::numeric / 10000, 4), x.views
  FROM (SELECT -- What is older than a thousand half-lives counts for nothing, and a power of two less than that is an error. Ten thousandths, which are sorted faster than numerics,
               -- and before the texts, behind which a sort has to look for them. The window stands where the groups are made: a star scan then gives those alone that may be among the first.
               CASE WHEN extract(epoch FROM half_life) > 0 THEN round(10000 * sum(power(2::float8, greatest(date_part('epoch', f.event_time - (SELECT COALESCE(kpi_trending.as_of, kpi_last_time())))
                                          / (SELECT CASE WHEN extract(epoch FROM half_life) > 0 THEN date_part('epoch', half_life) END), -1000))))::bigint END AS score,
               count(*) AS views, f.region_key, f.video_key,
               row_number() OVER (PARTITION BY f.region_key
                                  ORDER BY CASE WHEN extract(epoch FROM half_life) > 0 THEN round(10000 * sum(power(2::float8, greatest(date_part('epoch', f.event_time - (SELECT COALESCE(kpi_trending.as_of, kpi_last_time())))
                                          / (SELECT CASE WHEN extract(epoch FROM half_life) > 0 THEN date_part('epoch', half_life) END), -1000))))::bigint END DESC,
                                           count(*) DESC, f.video_key) AS trend_rank
        FROM viewership_fact f
        WHERE f.event_time > (SELECT COALESCE(kpi_trending.as_of, kpi_last_time()) - extract(epoch FROM look_back)::float8 * interval '1 second')
          AND f.event_time <= (SELECT COALESCE(kpi_trending.as_of, kpi_last_time()))
          AND f.video_key <> '?' AND (kpi_trending.region IS NULL OR f.region_key = kpi_trending.region)
        GROUP BY f.region_key, f.video_key) x
  JOIN region_dim r ON r.region_id = x.region_key
  JOIN video_dim v ON v.video_id = x.video_key
  WHERE x.trend_rank <= n;
END;
CREATE VIEW kpi_trending AS SELECT * FROM kpi_trending();
COMMENT ON VIEW kpi_trending IS
'What is trending in each region right now?
Formula: trending_score = sum over the playbacks of the last look_back (1 day) of 2^(-age / half_life), half_life 6 hours: a playback now counts 1, one six hours old a half. The 10 (n) highest of each region. Age is counted back from as_of, by default the latest playback; a day of look_back or half_life is 24 hours, a month 30 days. The same sum as the aggregate trending_score.
Grain: region and video
Unit: decayed playbacks
NULL: title of a video known from facts only; trending_score when half_life is not above zero
Freshness: with each batch
Source: viewership_fact, region_dim, video_dim';

CREATE FUNCTION kpi_video_5min(from_time timestamptz DEFAULT NULL, to_time timestamptz DEFAULT NULL)
RETURNS TABLE (window_start timestamptz, video_id text, title text, views bigint, average_watch_minutes numeric, average_buffering_seconds numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  -- Nearly as many windows as playbacks: what is not done with each of them again is saved. The title follows from the video.
  SELECT date_bin(interval '5 minutes', f.event_time, timestamptz '2000-01-01 00:00:00+00'), v.video_id, v.title,
         count(*), round(avg(f.watch_duration), 2), round(avg(f.buffering_time), 2)
  FROM viewership_fact f
  JOIN video_dim v ON v.video_id = f.video_key
  WHERE f.event_time >= (SELECT COALESCE(from_time, COALESCE(to_time, kpi_last_time()) - interval '24 hours'))
    AND f.event_time < (SELECT COALESCE(to_time, 'infinity'))
  GROUP BY 1, v.video_id, v.title;
END;
CREATE VIEW kpi_video_5min AS SELECT * FROM kpi_video_5min();
COMMENT ON VIEW kpi_video_5min IS
'How is each video watched, in windows of five minutes?
Formula: over the playbacks that began in the window: average_watch_minutes = minutes / playbacks, average_buffering_seconds over those that measured it. The last 24 hours up to the latest playback; from_time is included, to_time is not.
Grain: window of five minutes (on UTC) and video
Unit: playbacks, minutes, seconds
NULL: title of a video known from facts only; average_buffering_seconds where nothing was measured
Freshness: with each batch
Source: viewership_fact, video_dim';

CREATE FUNCTION kpi_genre_by_region(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (region_id text, region_name text, genre_rank bigint, genre text, views bigint, view_percent numeric, watch_hours numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT r.region_id, COALESCE(r.region_name, 'Unknown'), row_number() OVER (PARTITION BY r.region_id ORDER BY x.views DESC, x.minutes DESC, x.genre),
         x.genre, x.views, kpi_percent(x.views, sum(x.views) OVER (PARTITION BY r.region_id)), round(x.minutes / 60, 2)
  FROM (SELECT g.region_key, g.genre, sum(g.views)::bigint AS views, sum(g.watch_minutes) AS minutes
        FROM kpi_genre_days(from_day, to_day) g
        WHERE g.views > 0
        GROUP BY g.region_key, g.genre) x
  JOIN region_dim r ON r.region_id = x.region_key;
END;
CREATE VIEW kpi_genre_by_region AS SELECT * FROM kpi_genre_by_region();
COMMENT ON VIEW kpi_genre_by_region IS
'Which genres does each region watch?
Formula: playbacks of videos by their first genre; view_percent = share of the region''s playbacks; rank by playbacks, then minutes. The last 30 days.
Grain: region and genre (the video''s first)
Unit: playbacks, percent, hours
NULL: none; a video whose genre is not known counts as Unknown
Freshness: with each batch
Source: latest_genre; engagement_fact, video_dim (where the sums do not hold), region_dim';

CREATE FUNCTION kpi_genres(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (genre text, videos bigint, views numeric, view_percent numeric, watch_hours numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT g.genre_id, count(*), round(sum(s.views * g.weight), 2), kpi_percent(sum(s.views * g.weight), sum(sum(s.views * g.weight)) OVER ()),
         round(sum(s.minutes * g.weight) / 60, 2)
  FROM (SELECT f.video_key, f.views, f.watch_minutes AS minutes
        FROM kpi_video_sums(from_day, to_day) f WHERE f.views > 0) s
  JOIN snow_video_genre g ON g.video_id = s.video_key
  GROUP BY g.genre_id;
END;
CREATE VIEW kpi_genres AS SELECT * FROM kpi_genres();
COMMENT ON VIEW kpi_genres IS
'How much does each genre draw, when a video counts for all its genres?
Formula: a playback of a video with k genres counts 1/k in each, so that the genres add up to all playbacks. The last 30 days.
Grain: genre (any of the video''s)
Unit: playbacks (shared out), percent, hours
NULL: none; a video without a known genre counts as Unknown
Freshness: with each batch
Source: latest_video, engagement_fact (where the sums do not hold), snow_video_genre';

CREATE FUNCTION kpi_engagement_by_video(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (video_id text, title text, genre text, views bigint, watch_hours numeric, average_watch_minutes numeric, completion_percent numeric,
               likes bigint, shares bigint, comments bigint, interactions_per_100_views numeric, engagement_score numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT x.video_key, v.title, COALESCE(v.genre, 'Unknown'), x.views, round(x.minutes / 60, 2), kpi_ratio(x.minutes, x.views),
         kpi_ratio(x.completion, x.measured), x.likes, x.shares, x.comments, kpi_percent(x.likes + x.shares + x.comments, x.views),
         kpi_ratio(x.score, x.scored)
  FROM (SELECT f.video_key, f.views, f.watch_minutes AS minutes, f.completion_sum AS completion, f.measured_views AS measured, f.likes, f.shares, f.comments,
               f.score_sum AS score, f.scored_views AS scored
        FROM kpi_video_sums(from_day, to_day) f
        WHERE f.video_key <> '?') x
  JOIN video_dim v ON v.video_id = x.video_key;
END;
CREATE VIEW kpi_engagement_by_video AS SELECT * FROM kpi_engagement_by_video();
COMMENT ON VIEW kpi_engagement_by_video IS
'Which videos engage their viewers?
Formula: sums over regions and days; engagement_score = mean of the scores of the video''s days and regions, weighted by playbacks (engagement_fact says what a score is). The last 30 days.
Grain: video
Unit: playbacks, hours, minutes, percent, interactions, score 0 to 100
NULL: title of a video known from facts only; averages without playbacks or without a known length
Freshness: with each batch
Source: latest_video, engagement_fact (where the sums do not hold), video_dim';

-- A user's versions of one subscription are one viewer: grouped first, count(DISTINCT) would sort all users.
CREATE FUNCTION kpi_subscription_of(from_day date, to_day date)
RETURNS TABLE (subscription_type text, viewers_as_was bigint, views_as_was bigint, watch_hours_as_was numeric, hours_per_viewer_as_was numeric,
               views_as_is bigint, watch_hours_as_is numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  WITH per_version AS (
    SELECT f.user_version, f.user_key, f.views, f.watch_minutes AS minutes FROM kpi_version_sums(from_day, to_day) f
  ), was AS (
    SELECT s.subscription_type, count(*) FILTER (WHERE s.user_key <> '?') AS viewers, sum(s.views)::bigint AS views, sum(s.minutes) AS minutes,
           sum(s.minutes) FILTER (WHERE s.user_key <> '?') AS known_minutes
    FROM (SELECT COALESCE(h.subscription_type, 'Unknown') AS subscription_type, p.user_key, sum(p.views) AS views, sum(p.minutes) AS minutes
          FROM per_version p JOIN user_history h ON h.user_version = p.user_version
          GROUP BY 1, 2) s
    GROUP BY s.subscription_type
  ), now_is AS (
    SELECT COALESCE(u.subscription_type, 'Unknown') AS subscription_type, sum(p.views)::bigint AS views, sum(p.minutes) AS minutes
    FROM per_version p JOIN user_dim u ON u.user_id = p.user_key
    GROUP BY 1
  )
  SELECT COALESCE(w.subscription_type, i.subscription_type), COALESCE(w.viewers, 0), COALESCE(w.views, 0), round(COALESCE(w.minutes, 0) / 60, 2),
         kpi_ratio(w.known_minutes / 60, w.viewers), COALESCE(i.views, 0), round(COALESCE(i.minutes, 0) / 60, 2)
  FROM was w FULL JOIN now_is i ON i.subscription_type = w.subscription_type;
END;
COMMENT ON FUNCTION kpi_subscription_of(date, date) IS
'kpi_watch_by_subscription from latest_version or viewership_fact, and user_history: the rows of latest_subscription.';

CREATE FUNCTION kpi_watch_by_subscription(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (subscription_type text, viewers_as_was bigint, views_as_was bigint, watch_hours_as_was numeric, hours_per_viewer_as_was numeric,
               views_as_is bigint, watch_hours_as_is numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT l.subscription_type, l.viewers_as_was, l.views_as_was, l.watch_hours_as_was, l.hours_per_viewer_as_was, l.views_as_is, l.watch_hours_as_is
  FROM latest_subscription l
  WHERE (SELECT kpi_latest_members(from_day, to_day))
  UNION ALL
  SELECT s.* FROM kpi_subscription_of(from_day, to_day) s WHERE (SELECT NOT kpi_latest_members(from_day, to_day));
END;
CREATE VIEW kpi_watch_by_subscription AS SELECT * FROM kpi_watch_by_subscription();
COMMENT ON VIEW kpi_watch_by_subscription IS
'What do subscribers of each kind watch: by the subscription they had then, and by the one they have now?
Formula: as-was joins the version in force at the playback, as-is the present one. hours_per_viewer_as_was over known users. The last 30 days.
Grain: subscription type
Unit: users, playbacks, hours
NULL: hours_per_viewer_as_was without known viewers; users whose subscription is not known count as Unknown
Freshness: with each batch
Source: latest_subscription; latest_version, viewership_fact, user_history (where it does not hold)';
CREATE FUNCTION kpi_unknown_members(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (dimension text, views bigint, unknown_views bigint, unknown_percent numeric, inferred_members bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH counted AS (
    SELECT COALESCE(sum(d.views), 0)::bigint AS views, COALESCE(sum(d.unknown_user_views), 0)::bigint AS users,
           COALESCE(sum(d.unknown_video_views), 0)::bigint AS videos, COALESCE(sum(d.unknown_device_views), 0)::bigint AS devices,
           COALESCE(sum(d.unknown_region_views), 0)::bigint AS regions
    FROM kpi_viewing_days(from_day, to_day) d
  )
  SELECT d.dimension, c.views, d.unknown, kpi_percent(d.unknown, c.views), d.inferred
  FROM counted c
  CROSS JOIN LATERAL (VALUES
    ('user', c.users, (SELECT count(*) FROM user_dim u WHERE u.is_inferred)),
    ('video', c.videos, (SELECT count(*) FROM video_dim v WHERE v.is_inferred)),
    ('device', c.devices, (SELECT count(*) FROM device_dim x WHERE x.is_inferred)),
    ('region', c.regions, (SELECT count(*) FROM region_dim r WHERE r.is_inferred))) AS d (dimension, unknown, inferred);
END;
CREATE VIEW kpi_unknown_members AS SELECT * FROM kpi_unknown_members();
COMMENT ON VIEW kpi_unknown_members IS
'How much of the viewing has no known user, video, device or region?
Formula: playbacks whose key is ''?'', and their share of all; members known only from facts (inferred) beside them.
Grain: one row per dimension
Unit: playbacks, percent
NULL: the share is NULL when there are no playbacks
Freshness: with each batch
Source: viewing_day, viewership_fact (days not summed up), user_history, video_dim, device_dim, region_dim';

CREATE VIEW kpi_data_range AS
SELECT min(d.day) AS first_day,
       max(d.day) AS last_day,
       COALESCE(max(d.day) - min(d.day) + 1, 0) AS days,
       COALESCE(sum(d.views), 0)::bigint AS views
FROM kpi_viewing_days('-infinity', NULL) d;
COMMENT ON VIEW kpi_data_range IS
'Which days do the playbacks cover, and what is "today" for the reports?
Formula: first and latest day with a playback; latest = the default last day of every report.
Grain: one row
Unit: days, playbacks
NULL: first_day and last_day are NULL in an empty warehouse
Freshness: with each batch
Source: viewing_day, viewership_fact (days not summed up)';
