-- KPIs, shared ground. What a playback, a percentage and "today" mean is settled here once; the files 40-kpi-*.sql
-- hold the reports. Rules that all of them keep:
--   * A report is a plain view kpi_*. Where it can take parameters, a function of the same name takes them and
--     the view calls it with the defaults.
--   * from_day NULL means the 30 days up to to_day, to_day NULL the latest day with a playback: what a tool gets that
--     asks for a plain view is the recent past, read from its partitions only. from_day '-infinity' means from the first.
--   * Core SQL only: nothing of the extension, so the reports outlive DROP EXTENSION.
--   * Function bodies are SQL-standard (BEGIN ATOMIC): every reference is bound when the function is made, so
--     neither the caller's search_path nor a dump and restore can change their meaning. They carry no SET
--     clause on purpose: it would keep the planner from inlining them, and with that from pruning partitions.
--   * Sums are exact (numeric). Percentages, ratios and averages are rounded to two places, half away from
--     zero, by kpi_percent and kpi_ratio; what they are made of stands beside them.
--   * Unknown members ('?', or a name not known yet) appear as 'Unknown' or in a column of their own.
--   * "Today" is the latest day in the warehouse, not the clock's: history reports as it would have then.

CREATE FUNCTION kpi_percent(part numeric, whole numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN whole > 0 THEN round(100 * part / whole, 2) END;
COMMENT ON FUNCTION kpi_percent(numeric, numeric) IS
'part as a percentage of whole, rounded to two places. NULL when whole is zero, negative or NULL, or part is NULL.';

CREATE FUNCTION kpi_ratio(part numeric, whole numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN whole > 0 THEN round(part / whole, 2) END;
COMMENT ON FUNCTION kpi_ratio(numeric, numeric) IS
'part divided by whole, rounded to two places. NULL when whole is zero, negative or NULL, or part is NULL.';

-- Both ends are found through the key, whose first column is event_time; days follow instants.
CREATE FUNCTION kpi_first_day() RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT f.time_key::date FROM viewership_fact f ORDER BY f.event_time LIMIT 1;
END;
COMMENT ON FUNCTION kpi_first_day() IS 'First day with a playback, in the warehouse''s time zone. NULL without playbacks.';

CREATE FUNCTION kpi_last_day() RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT f.time_key::date FROM viewership_fact f ORDER BY f.event_time DESC LIMIT 1;
END;
COMMENT ON FUNCTION kpi_last_day() IS 'Latest day with a playback: the reports'' "today". NULL without playbacks.';

CREATE FUNCTION kpi_last_time() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT f.event_time FROM viewership_fact f ORDER BY f.event_time DESC LIMIT 1;
END;
COMMENT ON FUNCTION kpi_last_time() IS 'Start of the latest playback: the reports'' "now". NULL without playbacks.';

CREATE FUNCTION kpi_from_day(from_day date, to_day date) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
RETURN COALESCE(from_day, COALESCE(to_day, kpi_last_day()) - 29);
COMMENT ON FUNCTION kpi_from_day(date, date) IS
'First day of a report: from_day, or where it is NULL the 29th day before its last one. NULL when both are NULL and there are no playbacks.';

-- Days are the warehouse's local days, partitions are bounded by instants. No zone is further than a day from
-- UTC, so a day's margin on either side prunes partitions without knowing the zone; the day decides. The bounds are
-- subqueries so that they are worked out once, before the scan.
CREATE FUNCTION kpi_playbacks(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (day date, event_time timestamptz, event_id text, region_key text, user_key text, video_key text,
               device_key text, user_version bigint, watch_minutes numeric, video_minutes numeric,
               completion_percent numeric, buffering_seconds numeric, startup_seconds numeric, bitrate numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
  SELECT f.time_key::date, f.event_time, f.event_id, f.region_key, f.user_key, f.video_key, f.device_key, f.user_version,
         f.watch_duration, f.video_length, f.completion_rate, f.buffering_time, f.startup_time, f.bitrate_avg
  FROM viewership_fact f
  WHERE f.time_key >= (SELECT kpi_from_day(from_day, to_day)::timestamp)
    AND f.event_time >= (SELECT (kpi_from_day(from_day, to_day) - 1)::timestamp AT TIME ZONE 'UTC')
    AND f.time_key < (SELECT (COALESCE(to_day, kpi_last_day()) + 1)::timestamp)
    AND f.event_time < (SELECT (COALESCE(to_day, kpi_last_day()) + 2)::timestamp AT TIME ZONE 'UTC');
END;
COMMENT ON FUNCTION kpi_playbacks(date, date) IS
'Playbacks as every KPI sees them, from_day to to_day inclusive. NULL from_day: the 30 days up to to_day; NULL to_day: up to the latest day; -infinity: from the first. Bounds prune partitions. No rows without playbacks.';

-- For joins with time_dim: a filter on its columns says nothing to the server about event_time, by which the fact is cut.
CREATE FUNCTION playbacks_between(from_day date, to_day date)
RETURNS TABLE (time_key timestamp, event_time timestamptz, event_id text, region_key text, user_key text, video_key text, device_key text,
               user_version bigint, watch_duration numeric, buffering_time numeric, startup_time numeric, quality_level text, bitrate_avg numeric,
               video_length numeric, completion_rate numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
  SELECT f.time_key, f.event_time, f.event_id, f.region_key, f.user_key, f.video_key, f.device_key, f.user_version, f.watch_duration,
         f.buffering_time, f.startup_time, f.quality_level, f.bitrate_avg, f.video_length, f.completion_rate
  FROM viewership_fact f
  WHERE f.time_key >= from_day::timestamp AND f.event_time >= (from_day - 1)::timestamp AT TIME ZONE 'UTC'
    AND f.time_key < (to_day + 1)::timestamp AND f.event_time < (to_day + 2)::timestamp AT TIME ZONE 'UTC';
END;
COMMENT ON FUNCTION playbacks_between(date, date) IS
'Playbacks of the warehouse''s days from_day to to_day inclusive, under the fact''s own names: to be joined with time_dim by time_key. Constant days prune partitions when the query is planned, days from a subquery in FROM (with LATERAL) when it runs. No rows for NULL.';

CREATE FUNCTION kpi_video_days(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (day date, region_key text, video_key text, views bigint, watch_minutes numeric, measured_views bigint,
               completion_sum numeric, likes bigint, shares bigint, comments bigint, engagement_score numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
  SELECT f.time_key::date, f.region_key, f.video_key, f.views, f.watch_minutes, f.measured_views, f.completion_sum,
         f.likes, f.shares, f.comments, f.engagement_score
  FROM engagement_fact f
  WHERE f.time_key >= (SELECT kpi_from_day(from_day, to_day)::timestamp)
    AND f.event_time >= (SELECT (kpi_from_day(from_day, to_day) - 1)::timestamp AT TIME ZONE 'UTC')
    AND f.time_key < (SELECT (COALESCE(to_day, kpi_last_day()) + 1)::timestamp)
    AND f.event_time < (SELECT (COALESCE(to_day, kpi_last_day()) + 2)::timestamp AT TIME ZONE 'UTC');
END;
COMMENT ON FUNCTION kpi_video_days(date, date) IS
'The days of videos in regions (engagement_fact) that the reports on videos and genres add up, from_day to to_day inclusive; NULLs as in kpi_playbacks.';

CREATE FUNCTION kpi_region_hours(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (region_id text, region_name text, timezone text, local_hour integer, views bigint, watch_minutes numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT r.region_id, COALESCE(r.region_name, 'Unknown'), r.timezone,
         extract(hour FROM f.event_time AT TIME ZONE r.timezone)::integer, sum(f.views)::bigint, sum(f.watch_minutes)
  FROM viewing_hour_fact f
  JOIN region_dim r ON r.region_id = f.region_key
  WHERE f.time_key >= (SELECT kpi_from_day(from_day, to_day)::timestamp)
    AND f.event_time >= (SELECT (kpi_from_day(from_day, to_day) - 1)::timestamp AT TIME ZONE 'UTC')
    AND f.time_key < (SELECT (COALESCE(to_day, kpi_last_day()) + 1)::timestamp)
    AND f.event_time < (SELECT (COALESCE(to_day, kpi_last_day()) + 2)::timestamp AT TIME ZONE 'UTC')
  GROUP BY 1, 2, 3, 4;
END;
COMMENT ON FUNCTION kpi_region_hours(date, date) IS
'Minutes watched by region and hour of the region''s own clock (viewing_hour_fact), from_day to to_day of the warehouse inclusive; NULLs as in kpi_playbacks. local_hour is NULL where the region''s time zone is not known.';
