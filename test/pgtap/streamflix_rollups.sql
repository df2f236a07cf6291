-- What reports take from engagement_fact and viewing_hour_fact equals what the facts give directly: on generated playbacks and
-- interactions that come in batches, late, twice, before their users, lengths and clocks are known, and with those corrected later.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, starhouse;
SELECT plan(15);

-- Loads rows of a query, given as JSON objects of the contract's columns, as one batch.
CREATE FUNCTION pg_temp.load(warehouse name, feed text, query text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  source record;
  batch bigint;
  records jsonb[];
BEGIN
  EXECUTE format('SELECT array_agg(to_jsonb(q)) FROM (%s) q', query) INTO records;
  SELECT * INTO source FROM starhouse.load_open(warehouse, feed, 'test', NULL, NULL, NULL);
  batch := starhouse.batch_begin(warehouse, feed, source.source_id, source.epoch, source.next_record);
  TRUNCATE pg_temp.batch;
  INSERT INTO pg_temp.batch
  SELECT (jsonb_populate_record(NULL::pg_temp.batch, r.record || jsonb_build_object('record_no', r.n,
            'line_hash', hashtextextended(r.record::text, 0)))).*
  FROM unnest(records) WITH ORDINALITY AS r(record, n);
  RETURN starhouse.batch_finish(warehouse, feed, batch, cardinality(records) + 1, cardinality(records), 0);
END $$;

-- 4,000 playbacks over 40 days around a change of the clocks, from a linear congruential generator: the same everywhere.
CREATE TEMP TABLE play AS
WITH RECURSIVE r (n, x) AS (SELECT 0, 20251128::bigint UNION ALL SELECT n + 1, (x * 1103515245 + 12345) % 2147483648 FROM r WHERE n < 24000)
SELECT p, 'e' || p AS event_id, CASE WHEN v[1] % 20 > 0 THEN 'U' || v[1] / 64 % 150 END AS user_id, CASE WHEN v[2] % 30 > 0 THEN 'V' || v[2] / 64 % 40 END AS video_id,
       CASE WHEN v[3] % 3 = 0 THEN (ARRAY['IN', 'US', 'GB', 'NP'])[1 + v[3] / 64 % 4] END AS region_id,
       timestamptz '2025-02-20 00:00Z' + (v[4] / 64 % 3456000) * interval '1 second' AS event_time,
       (v[5] / 64 % 24000) / 100.0 AS watch_duration, CASE WHEN v[6] % 4 > 0 THEN (v[6] / 64 % 900) / 10.0 END AS buffering_time,
       CASE WHEN v[2] / 64 % 40 < 25 AND v[6] % 2 = 0 THEN 20 + v[2] / 64 % 40 * 5 END AS video_length
FROM (SELECT n / 6 AS p, array_agg(x ORDER BY n) AS v FROM r GROUP BY 1 HAVING count(*) = 6) s
WHERE p < 4000;
CREATE TEMP TABLE act AS
SELECT p, 'i' || p AS interaction_id, user_id, coalesce(video_id, 'V1') AS video_id, region_id, event_time + interval '10 minutes' AS event_time,
       (ARRAY['Like', 'Share', 'Comment'])[1 + p % 3] AS action
FROM play WHERE p % 3 = 0;

SELECT starhouse.create_warehouse('streamflix', 'sf rollups', 'America/New_York', country => NULL, calendar_from => '2025-01-01', calendar_to => '2025-06-30') \g /dev/null
SET LOCAL search_path = "sf rollups", public, starhouse;
SELECT pg_temp.load('sf rollups', 'regions', $$SELECT * FROM (VALUES ('IN', 'India', 'Asia/Kolkata'), ('US', 'America', NULL)) v (region_id, region_name, timezone)$$) \g /dev/null
SELECT pg_temp.load('sf rollups', 'videos', $$SELECT 'V' || g AS video_id, 'G' || g % 5 AS genre, 'T' || g AS title FROM generate_series(0, 29) g$$) \g /dev/null
SELECT is((SELECT sum((pg_temp.load('sf rollups', 'playback_events', format('SELECT event_id, user_id, video_id, region_id, event_time, watch_duration, buffering_time, video_length
                                                                         FROM play WHERE p / 500 IN (%s, %s)', b, b - 1))->>'loaded')::bigint) FROM generate_series(0, 7) b)::bigint,
  (SELECT count(*) FROM play WHERE p < 4000), 'eight batches, each with the one before it again: every playback once');
SELECT pg_temp.load('sf rollups', 'interactions', format('SELECT interaction_id, user_id, video_id, region_id, event_time, action FROM act WHERE p / 1000 = %s', b)) FROM generate_series(3, 0, -1) b \g /dev/null

-- The direct formulas. Days are the warehouse's; a part of a playback belongs to the hour of the region's clock it ran in.
CREATE FUNCTION pg_temp.same(what text, ours text, theirs text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  ours_rows text;
  theirs_rows text;
BEGIN
  EXECUTE format('SELECT string_agg(r::text, E''\n'') FROM (%s) r', ours) INTO ours_rows;
  EXECUTE format('SELECT string_agg(r::text, E''\n'') FROM (%s) r', theirs) INTO theirs_rows;
  RETURN is(ours_rows, theirs_rows, what);
END $$;
CREATE FUNCTION pg_temp.check_all(stage text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN NEXT pg_temp.same(stage || ': genres by region',
    $q$SELECT region_id, genre, views, watch_hours FROM kpi_genre_by_region('-infinity') ORDER BY 1, 2$q$,
    $q$SELECT f.region_key, coalesce(v.genre, 'Unknown'), count(*), round(sum(f.watch_duration) / 60, 2)
       FROM viewership_fact f JOIN video_dim v ON v.video_id = f.video_key GROUP BY 1, 2 ORDER BY 1, 2$q$);
  RETURN NEXT pg_temp.same(stage || ': videos, and their interactions, of 20 days',
    $q$SELECT video_id, views, watch_hours, completion_percent, likes, shares, comments FROM kpi_engagement_by_video('2025-03-01', '2025-03-20') ORDER BY 1$q$,
    $q$SELECT video_key, coalesce(p.views, 0), round(coalesce(p.minutes, 0) / 60, 2), p.completion, coalesce(i.likes, 0), coalesce(i.shares, 0), coalesce(i.comments, 0)
       FROM (SELECT video_key, count(*) AS views, sum(watch_duration) AS minutes, round(avg(completion_rate), 2) AS completion
             FROM viewership_fact WHERE time_key::date BETWEEN '2025-03-01' AND '2025-03-20' AND video_key <> '?' GROUP BY 1) p
       FULL JOIN (SELECT video_key, count(*) FILTER (WHERE action = 'Like') AS likes, count(*) FILTER (WHERE action = 'Share') AS shares, count(*) FILTER (WHERE action = 'Comment') AS comments
                  FROM interaction_fact WHERE time_key::date BETWEEN '2025-03-01' AND '2025-03-20' AND video_key <> '?' GROUP BY 1) i USING (video_key)
       ORDER BY 1$q$);
  RETURN NEXT pg_temp.same(stage || ': top videos',
    $q$SELECT region_id, video_rank, video_id, views FROM kpi_top_videos_by_region(5) ORDER BY 1, 2$q$,
    $q$SELECT * FROM (SELECT region_key, row_number() OVER (PARTITION BY region_key ORDER BY count(*) DESC, sum(watch_minutes) DESC, video_key) AS n, video_key, count(*)
                      FROM kpi_playbacks() WHERE video_key <> '?' GROUP BY region_key, video_key) x WHERE n <= 5 ORDER BY 1, 2$q$);
  RETURN NEXT pg_temp.same(stage || ': hours of the regions'' clocks',
    $q$SELECT timezone, local_hour, views, watch_hours FROM kpi_watch_hours_by_time_zone('-infinity', '2025-04-30') ORDER BY 1, 2$q$,
    $q$SELECT coalesce(x.zone, 'Unknown'), CASE WHEN x.zone IS NOT NULL THEN extract(hour FROM x.h AT TIME ZONE x.zone)::integer END,
              count(*) FILTER (WHERE x.begins >= x.h),
              round(sum(round(extract(epoch FROM least(x.ends, x.h + interval '1 hour') - greatest(x.begins, x.h)) / 60, 6)) / 60, 2)
       FROM (SELECT p.zone, p.begins, p.ends, h
             FROM (SELECT r.timezone AS zone, f.event_time AS begins, f.event_time + f.watch_duration * interval '1 minute' AS ends,
                          f.event_time AT TIME ZONE coalesce(r.timezone, 'America/New_York') AS local
                   FROM viewership_fact f JOIN region_dim r ON r.region_id = f.region_key) p
             CROSS JOIN LATERAL generate_series(p.begins - (p.local - date_trunc('hour', p.local)), p.ends, interval '1 hour') h
             WHERE h < p.ends OR h <= p.begins) x
       GROUP BY 1, 2 ORDER BY 1, 2$q$);
END $$;

SELECT * FROM pg_temp.check_all('as loaded');
SELECT ok((SELECT count(*) > 500 FROM viewership_fact WHERE region_key = '?') AND (SELECT count(*) > 1000 FROM viewership_fact WHERE completion_rate IS NULL), 'much is not known yet');

-- What becomes known late: regions of users, lengths of videos, a clock.
SELECT pg_temp.load('sf rollups', 'users', $$SELECT 'U' || g AS user_id, (ARRAY['IN', 'US', 'GB'])[1 + g % 3] AS region, 'Basic' AS subscription_type,
                                             timestamptz '2025-01-01' AS effective_at FROM generate_series(0, 120) g$$) \g /dev/null
SELECT pg_temp.load('sf rollups', 'videos', $$SELECT 'V' || g AS video_id, 30 + g AS video_length, 'G9' AS genre FROM generate_series(20, 39) g$$) \g /dev/null
SELECT pg_temp.load('sf rollups', 'regions', $$SELECT * FROM (VALUES ('US', 'America/New_York'), ('NP', 'Asia/Kathmandu')) v (region_id, timezone)$$) \g /dev/null
SELECT * FROM pg_temp.check_all('with what became known late');

-- What was wrong: a clock, a subscription in the past, and more late playbacks among those there are.
SELECT pg_temp.load('sf rollups', 'regions', $$SELECT 'IN' AS region_id, 'Asia/Colombo' AS timezone UNION ALL SELECT 'GB', 'Europe/London'$$) \g /dev/null
SELECT pg_temp.load('sf rollups', 'users', $$SELECT 'U' || g AS user_id, 'Premium' AS subscription_type, timestamptz '2025-03-05' AS effective_at FROM generate_series(0, 149) g$$) \g /dev/null
SELECT pg_temp.load('sf rollups', 'playback_events', $$SELECT 'late' || event_id AS event_id, user_id, video_id, region_id, event_time - interval '3 days' AS event_time, watch_duration
                                                       FROM play WHERE p % 5 = 0$$) \g /dev/null
SELECT * FROM pg_temp.check_all('after corrections and late playbacks');

-- And the rows themselves are those of a computation from nothing.
CREATE TEMP VIEW days AS SELECT time_key, event_time, region_key, video_key, views, trim_scale(watch_minutes) AS minutes, trim_scale(buffering_seconds) AS buffering, measured_views,
                                trim_scale(completion_sum) AS completion, likes, shares, comments, watch_percent, avg_session_time, engagement_score FROM engagement_fact;
CREATE TEMP VIEW hours AS SELECT time_key, event_time, region_key, views, trim_scale(watch_minutes) AS minutes FROM viewing_hour_fact;
CREATE TEMP TABLE kept AS SELECT 'd' AS kind, d::text AS line FROM days d UNION ALL SELECT 'h', h::text FROM hours h;
SELECT rebuild_viewing('America/New_York', '2025-02-01', '2025-05-01') \g /dev/null
SELECT is_empty($$(SELECT line FROM kept UNION ALL SELECT d::text FROM days d UNION ALL SELECT h::text FROM hours h) EXCEPT ALL
                  (SELECT x.line FROM (SELECT d::text AS line FROM days d UNION ALL SELECT h::text FROM hours h) x CROSS JOIN generate_series(1, 2))$$, 'deltas equal what is computed from nothing');
SELECT * FROM finish();
ROLLBACK;
