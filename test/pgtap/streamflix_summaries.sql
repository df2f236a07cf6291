-- The summaries by day: kept right by batches that come late, shuffled and twice, with lengths and regions that become known later and clicks that come after;
-- and every report says the same from the summaries, from the facts, and from any mixture of both.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, starhouse;
SELECT plan(76);

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

-- 6,000 playbacks and as many recommendations over 40 days around a change of the clocks, from a linear congruential generator. Few users, long
-- playbacks and long waits, so that sessions and streams run over midnight often.
CREATE TEMP TABLE play AS
WITH RECURSIVE r (n, x) AS (SELECT 0, 20251128::bigint UNION ALL SELECT n + 1, (x * 1103515245 + 12345) % 2147483648 FROM r WHERE n < 36000)
SELECT p, 'e' || p AS event_id, CASE WHEN v[1] % 20 > 0 THEN 'U' || v[1] / 64 % 60 END AS user_id, CASE WHEN v[2] % 30 > 0 THEN 'V' || v[2] / 64 % 40 END AS video_id,
       CASE WHEN v[3] % 3 = 0 THEN (ARRAY['IN', 'US', 'GB', 'NP'])[1 + v[3] / 64 % 4] END AS region_id, CASE WHEN v[3] % 7 > 0 THEN 'D' || v[3] / 64 % 30 END AS device_id,
       timestamptz '2025-02-20 00:00Z' + (v[4] / 64 % 3456000) * interval '1 second' AS event_time,
       CASE WHEN v[5] % 50 = 0 THEN 1440 WHEN v[5] % 7 = 0 THEN 0.2 ELSE (v[5] / 64 % 9000) / 100.0 END AS watch_duration,
       CASE WHEN v[6] % 90 = 0 THEN 86400 WHEN v[6] % 4 > 0 THEN (v[6] / 64 % 900) / 10.0 END AS buffering_time,
       CASE WHEN v[6] / 64 % 3 > 0 THEN (v[6] / 64 % 60) / 10.0 END AS startup_time, CASE WHEN v[1] % 3 > 0 THEN 500 + v[1] / 64 % 5000 END AS bitrate_avg,
       CASE WHEN v[2] / 64 % 40 < 25 AND v[6] % 2 = 0 THEN 20 + v[2] / 64 % 40 * 5 END AS video_length, v[4] % 97 AS shuffled
FROM (SELECT n / 6 AS p, array_agg(x ORDER BY n) AS v FROM r GROUP BY 1 HAVING count(*) = 6) s
WHERE p < 6000;
CREATE TEMP TABLE show AS
SELECT p, 'r' || p AS recommendation_id, user_id, coalesce(video_id, 'V1') AS video_id, region_id, event_time - interval '1 hour' AS event_time,
       CASE WHEN p % 11 > 0 THEN (p * 37 % 100) / 100.0 END AS recommendation_score, p % 9 = 0 AS click_flag, p % 18 = 0 AS watch_flag
FROM play;

SELECT starhouse.create_warehouse('streamflix', 'sf sums', 'America/New_York', country => NULL, calendar_from => '2025-01-01', calendar_to => '2025-06-30') \g /dev/null
SET LOCAL search_path = "sf sums", public, starhouse;
SELECT pg_temp.load('sf sums', 'regions', $$SELECT * FROM (VALUES ('IN', 'India', 'Asia/Kolkata'), ('US', 'America', 'America/New_York')) v (region_id, region_name, timezone)$$) \g /dev/null
SELECT pg_temp.load('sf sums', 'playback_events', 'SELECT event_id, user_id, event_time, watch_duration FROM play WHERE p % 2 = 0 AND event_time < ''2025-02-25''') \g /dev/null
SELECT is((SELECT count(*) FILTER (WHERE summed) || ' of ' || count(*) FROM viewing_day), '0 of 6', 'batches leave the days open unless they are told to sum up');
UPDATE summing_credit SET share = 1;

-- Reports, with the windows that cut sessions and streams in different places.
CREATE TEMP TABLE report (call text);
INSERT INTO report
SELECT format(f, w)
FROM unnest(ARRAY['kpi_viewing_summary(%s)', 'kpi_daily_viewing(%s)', 'kpi_daily_viewing(%s, 45)', 'kpi_skip_rate(30, %s)', 'kpi_skip_rate(600, %s)', 'kpi_active_users(%s)',
                  'kpi_sessions(''30 minutes'', %s)', 'kpi_sessions(''2 hours'', %s)', 'kpi_concurrent_viewers(NULL, %s)', 'kpi_concurrent_viewers(''IN'', %s)',
                  'kpi_click_through(1.96, %s)', 'kpi_recommendation_quality(%s)', 'kpi_recommendation_by_score(10, %s)', 'kpi_system_performance(%s)', 'kpi_unknown_members(%s)']) f,
     unnest(ARRAY['NULL, NULL', $$'-infinity', NULL$$, $$'2025-03-03', '2025-03-03'$$, $$'2025-03-01', '2025-03-15'$$, $$'2025-03-28', '2025-04-05'$$, $$'2025-02-10', '2025-02-21'$$,
                  $$'2025-03-08', '2025-03-10'$$]) w;
-- And those of the latest days' sums.
CREATE TEMP TABLE latest_report (call text);
INSERT INTO latest_report
SELECT format(f, w)
FROM unnest(ARRAY['kpi_viewing_summary(%s)', 'kpi_device_usage(''30 minutes'', %s)', 'kpi_device_usage(''2 hours'', %s)', 'kpi_buffering_by_device(%s)', 'kpi_watch_by_subscription(%s)',
                  'kpi_skip_rate(30, %s)', 'kpi_click_through(1.959964, %s)', 'kpi_recommendation_quality(%s)', 'kpi_recommendation_by_score(7, %s)', 'kpi_title_reception(%s)',
                  'kpi_top_videos_by_region(3, %s)', 'kpi_genre_by_region(%s)', 'kpi_genres(%s)', 'kpi_engagement_by_video(%s)',
                  'kpi_genre_days(%s)', 'kpi_shown_genre_days(%s)', 'kpi_device_kinds(''30 minutes'', %s)', 'kpi_device_kinds(''2 hours'', %s)', 'kpi_device_kind_sums(%s)']) f,
     unnest(ARRAY['NULL, NULL', $$'2025-03-01', '2025-03-15'$$]) w
UNION ALL VALUES ('kpi_sessions()'), ('kpi_churn_features()'), ('kpi_churn_features(''2025-03-20 12:00Z'')');
INSERT INTO report SELECT call FROM latest_report EXCEPT SELECT call FROM report;
CREATE FUNCTION pg_temp.said() RETURNS TABLE (call text, line text, times bigint) LANGUAGE plpgsql AS $$
BEGIN
  FOR call IN SELECT r.call FROM report r LOOP
    FOR line, times IN EXECUTE 'SELECT x::text, count(*) FROM ' || call || ' x GROUP BY 1' LOOP
      RETURN NEXT;
    END LOOP;
  END LOOP;
END $$;
-- What is stored of the days that are summed up, in one form.
CREATE FUNCTION pg_temp.stored() RETURNS TABLE (what text, line text) LANGUAGE sql AS $$
  SELECT 'day', d::text FROM viewing_day d WHERE d.summed
  UNION ALL SELECT 'skips', s::text FROM skip_day s JOIN viewing_day d USING (day) WHERE d.summed
  UNION ALL SELECT 'viewer', format('%s %s', s.day, v.user_key) FROM viewer_set s JOIN viewing_day d USING (day) CROSS JOIN viewer v
            WHERE d.summed AND v.viewer_no < s.size AND get_bit(s.viewers, v.viewer_no) = 1
  UNION ALL SELECT 'sessions', s::text FROM session_day s
  UNION ALL SELECT 'edge', e::text FROM session_edge e JOIN session_day s USING (day)
  UNION ALL SELECT 'shown', d.day::text FROM shown_day d WHERE d.summed
  UNION ALL SELECT 'video', s::text FROM shown_video_day s JOIN shown_day d USING (day) WHERE d.summed
  UNION ALL SELECT 'score', s::text FROM shown_score_day s JOIN shown_day d USING (day) WHERE d.summed
  UNION ALL SELECT l.summary, x FROM latest_sums l CROSS JOIN LATERAL (
              SELECT u::text FROM latest_user u WHERE l.summary = 'viewing' UNION ALL SELECT n::text FROM latest_session n WHERE l.summary = 'viewing' UNION ALL SELECT d::text FROM latest_device d WHERE l.summary = 'viewing'
              UNION ALL SELECT v::text FROM latest_version v WHERE l.summary = 'viewing' UNION ALL SELECT v::text FROM latest_video v WHERE l.summary = 'videos'
              UNION ALL SELECT v::text FROM latest_region_video v WHERE l.summary = 'videos' UNION ALL SELECT s::text FROM latest_shown s WHERE l.summary = 'shown'
              UNION ALL SELECT s::text FROM latest_skip s WHERE l.summary = 'viewing' UNION ALL SELECT c::text FROM latest_click c WHERE l.summary = 'shown'
              UNION ALL SELECT s::text FROM latest_score s WHERE l.summary = 'shown' UNION ALL SELECT q::text FROM latest_quality q WHERE l.summary = 'shown'
              UNION ALL SELECT g::text FROM latest_genre g WHERE l.summary = 'videos' AND l.genres = kpi_genre_print()
              UNION ALL SELECT g::text FROM latest_shown_genre g WHERE l.summary = 'shown' AND l.genres = kpi_genre_print()
              UNION ALL SELECT k::text FROM latest_device_kind k WHERE l.summary = 'members' AND kpi_latest_members(NULL, NULL)
              UNION ALL SELECT s::text FROM latest_subscription s WHERE l.summary = 'members' AND kpi_latest_members(NULL, NULL)) y (x)
            WHERE l.holds
$$;
CREATE FUNCTION pg_temp.check_all(stage text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  facts jsonb;
  sums jsonb;
  again jsonb;
BEGIN
  DROP TABLE IF EXISTS mixed, from_facts, from_sums, kept, anew;
  CREATE TEMP TABLE kept AS SELECT * FROM pg_temp.stored();
  CREATE TEMP TABLE mixed AS SELECT * FROM pg_temp.said();
  -- From the facts alone, and everything anew; undone afterwards, but for the variables.
  BEGIN
    DELETE FROM viewing_day; DELETE FROM viewer_set; DELETE FROM skip_day; DELETE FROM session_day; DELETE FROM session_edge;
    DELETE FROM shown_day; DELETE FROM shown_video_day; DELETE FROM shown_score_day; DELETE FROM viewer;
    UPDATE latest_sums SET holds = false;
    SELECT jsonb_agg(s) INTO facts FROM pg_temp.said() s;
    PERFORM sum_up_viewing(), sum_up_shown();
    SELECT jsonb_agg(s) INTO again FROM pg_temp.stored() s;
    SELECT jsonb_agg(s) INTO sums FROM pg_temp.said() s;
    RAISE EXCEPTION USING ERRCODE = 'ZZ999';
  EXCEPTION WHEN SQLSTATE 'ZZ999' THEN
    NULL;
  END;
  CREATE TEMP TABLE from_facts AS SELECT * FROM jsonb_to_recordset(facts) x (call text, line text, times bigint);
  CREATE TEMP TABLE from_sums AS SELECT * FROM jsonb_to_recordset(sums) x (call text, line text, times bigint);
  CREATE TEMP TABLE anew AS SELECT * FROM jsonb_to_recordset(again) x (what text, line text);
  RETURN NEXT is_empty('TABLE kept EXCEPT ALL TABLE anew', stage || ': what is stored is what a computation from nothing gives');
  RETURN NEXT is_empty('(TABLE mixed EXCEPT TABLE from_facts) UNION ALL (TABLE from_facts EXCEPT TABLE mixed)', stage || ': reports say what they say from the facts');
  RETURN NEXT is_empty('(TABLE from_sums EXCEPT TABLE from_facts) UNION ALL (TABLE from_facts EXCEPT TABLE from_sums)', stage || ': and so do they when all is summed up');
END $$;

-- In the order of time, each batch with the one before it again; then the same days get more, shuffled.
SELECT pg_temp.load('sf sums', 'playback_events', format('SELECT event_id, user_id, video_id, region_id, device_id, event_time, watch_duration, buffering_time, startup_time, bitrate_avg, video_length
  FROM play WHERE p %% 2 = 0 AND event_time >= timestamptz ''2025-02-20 00:00Z'' + %1$s * interval ''2 days'' - interval ''2 days'' AND event_time < timestamptz ''2025-02-20 00:00Z'' + %1$s * interval ''2 days'' + interval ''2 days''', b))
FROM generate_series(0, 19) b \g /dev/null
SELECT pg_temp.load('sf sums', 'recommendations', format('SELECT recommendation_id, user_id, video_id, region_id, event_time, recommendation_score, false AS click_flag, false AS watch_flag
  FROM show WHERE p %% 2 = 0 AND event_time >= timestamptz ''2025-02-19 00:00Z'' + %1$s * interval ''2 days'' AND event_time < timestamptz ''2025-02-19 00:00Z'' + %1$s * interval ''2 days'' + interval ''2 days''', b))
FROM generate_series(0, 20) b \g /dev/null
SELECT cmp_ok((SELECT count(*) FROM viewing_day WHERE summed), '>', 30::bigint, 'most days are summed up');
SELECT cmp_ok((SELECT count(*) FROM session_day), '>', 30::bigint, 'with their sessions');
SELECT cmp_ok((SELECT count(*) FROM shown_day WHERE summed), '>', 30::bigint, 'and their recommendations');
SELECT ok((SELECT bool_and(NOT summed) FROM viewing_day WHERE day = kpi_last_day()), 'the latest day is open');
SELECT cmp_ok((SELECT count(*) FROM session_edge), '>', 200::bigint, 'many sessions reach out of their day');
SELECT * FROM pg_temp.check_all('in order');

-- An oracle of its own for what is not a sum.
SELECT is_empty($$
  (SELECT day, sessions, users, binge_sessions FROM kpi_sessions('30 minutes', '2025-03-01', '2025-03-20')
   EXCEPT SELECT day, count(*), count(DISTINCT user_key), count(*) FILTER (WHERE views >= 3) FROM kpi_session_list('30 minutes', '2025-03-01', '2025-03-20') GROUP BY day)
  UNION ALL
  (SELECT day, count(*), count(DISTINCT user_key), count(*) FILTER (WHERE views >= 3) FROM kpi_session_list('30 minutes', '2025-03-01', '2025-03-20') GROUP BY day
   EXCEPT SELECT day, sessions, users, binge_sessions FROM kpi_sessions('30 minutes', '2025-03-01', '2025-03-20'))$$, 'sessions are those of the list');
SELECT is_empty($$
  SELECT a.day FROM kpi_active_users a
  WHERE a.daily_users <> (SELECT count(DISTINCT user_key) FROM viewership_fact WHERE time_key::date = a.day AND user_key <> '?')
     OR a.weekly_users <> (SELECT count(DISTINCT user_key) FROM viewership_fact WHERE time_key::date BETWEEN a.day - 6 AND a.day AND user_key <> '?')
     OR a.monthly_users <> (SELECT count(DISTINCT user_key) FROM viewership_fact WHERE time_key::date BETWEEN a.day - 29 AND a.day AND user_key <> '?')$$, 'active users, counted one by one');
SELECT is((SELECT viewers FROM kpi_viewing_summary('2025-03-03', '2025-03-09')),
  (SELECT count(DISTINCT user_key) FROM viewership_fact WHERE time_key::date BETWEEN '2025-03-03' AND '2025-03-09' AND user_key <> '?'), 'and viewers of a week');
SELECT is_empty($$
  SELECT s.day, s.p95_startup_seconds, f.p95 FROM viewing_day s
  JOIN (SELECT time_key::date AS day, percentile_disc(0.95) WITHIN GROUP (ORDER BY startup_time) AS p95 FROM viewership_fact GROUP BY 1) f USING (day)
  WHERE s.summed AND s.p95_startup_seconds IS DISTINCT FROM f.p95$$, 'the 95th percentile is percentile_disc''s');

-- The other half in shuffled batches over all days, with users not seen before; clicks that come later; lengths and regions that become known.
SELECT pg_temp.load('sf sums', 'playback_events', format('SELECT event_id, CASE WHEN p %% 5 = 0 THEN ''N'' || p %% 40 ELSE user_id END AS user_id, video_id, region_id, device_id, event_time, watch_duration, buffering_time, startup_time, bitrate_avg, video_length
  FROM play WHERE p %% 2 = 1 AND shuffled %% 10 IN (%s, %s)', b, (b + 3) % 10)) FROM generate_series(0, 9) b \g /dev/null
SELECT pg_temp.load('sf sums', 'recommendations', format('SELECT recommendation_id, user_id, video_id, region_id, event_time, recommendation_score, click_flag, watch_flag
  FROM show WHERE p %% 10 IN (%s, %s)', b, (b + 3) % 10)) FROM generate_series(0, 9) b \g /dev/null
SELECT is((SELECT count(*) FROM viewership_fact), 6000::bigint, 'every playback once');
SELECT cmp_ok((SELECT count(*) FROM viewing_day WHERE summed), '>', 0::bigint, 'some days are summed up though every batch is of all days');
SELECT * FROM pg_temp.check_all('shuffled');
SELECT sum_up_viewing(), sum_up_shown() \g /dev/null
SELECT is((SELECT days FROM kpi_open_days('-infinity', NULL)), 0::bigint, 'all days can be summed up at once');
SELECT is((SELECT days FROM kpi_open_session_days('-infinity', kpi_last_day())), 0::bigint, 'with sessions');
SELECT * FROM pg_temp.check_all('all at once');

-- A playback may run on for a day and wait for another: it opens the sessions and streams of two days after its own, and the sums of its own only.
UPDATE summing_credit SET share = 0;
SELECT pg_temp.load('sf sums', 'playback_events', $$SELECT 'long' AS event_id, 'U1' AS user_id, 'V1' AS video_id, timestamptz '2025-03-12 20:00Z' AS event_time, 1440 AS watch_duration$$) \g /dev/null
SELECT is((SELECT string_agg(to_char(d.day, 'DD.'), ' ' ORDER BY d.day) || ' / ' || (SELECT first_day || ' ' || days FROM kpi_open_days('-infinity', NULL)) FROM viewing_day d WHERE d.day NOT IN (SELECT day FROM session_day)),
  '12. 13. 14. / 2025-03-12 1', 'a playback opens its day, and what it may reach into');
SELECT sum_up_viewing() \g /dev/null
UPDATE summing_credit SET share = 1;

SELECT pg_temp.load('sf sums', 'videos', $$SELECT 'V' || g AS video_id, 30 + g AS video_length, 'G9' AS genre FROM generate_series(30, 39) g$$) \g /dev/null
SELECT isnt((SELECT days FROM kpi_open_days('-infinity', NULL)), 0::bigint, 'lengths that become known open the days of their playbacks');
SELECT pg_temp.load('sf sums', 'users', $$SELECT 'U' || g AS user_id, (ARRAY['IN', 'US', 'GB'])[1 + g % 3] AS region, 'Basic' AS subscription_type,
                                             timestamptz '2025-01-01' AS effective_at FROM generate_series(0, 40) g$$) \g /dev/null
SELECT pg_temp.load('sf sums', 'playback_events', $$SELECT 'z' || event_id AS event_id, user_id, video_id, region_id, event_time - interval '30 hours' AS event_time, watch_duration
                                                    FROM play WHERE p % 30 = 0$$) \g /dev/null
SELECT * FROM pg_temp.check_all('with what became known late');

-- The sums of the latest days: every kind of news takes back what it changes, and only that; reports say the same before and after.
CREATE FUNCTION pg_temp.check_latest(stage text, held text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  wanted jsonb := '[]';
  got jsonb := '[]';
  lines jsonb;
  report text;
BEGIN
  RETURN NEXT is((SELECT string_agg(summary, ' ' ORDER BY summary) FROM latest_sums l
                  WHERE holds AND CASE summary WHEN 'videos' THEN kpi_latest('videos', NULL, NULL) WHEN 'members' THEN kpi_latest_members(NULL, NULL) ELSE kpi_latest_moment(summary, NULL) END), held, stage || ': what still holds');
  FOR report IN SELECT r.call FROM latest_report r ORDER BY 1 LOOP
    EXECUTE 'SELECT jsonb_agg(x::text ORDER BY x::text) FROM ' || report || ' x' INTO lines;
    got := got || jsonb_build_array(report, lines);
  END LOOP;
  BEGIN
    UPDATE latest_sums SET holds = false;
    FOR report IN SELECT r.call FROM latest_report r ORDER BY 1 LOOP
      EXECUTE 'SELECT jsonb_agg(x::text ORDER BY x::text) FROM ' || report || ' x' INTO lines;
      wanted := wanted || jsonb_build_array(report, lines);
    END LOOP;
    RAISE EXCEPTION USING ERRCODE = 'ZZ999';
  EXCEPTION WHEN SQLSTATE 'ZZ999' THEN
    NULL;
  END;
  RETURN NEXT is(got, wanted, stage || ': reports say what they say from the facts');
  PERFORM sum_up_viewing(), sum_up_shown();
END $$;
SELECT pg_temp.load('sf sums', 'users', $$SELECT 'U' || g AS user_id, 'Basic' AS subscription_type, timestamptz '2025-01-02' AS effective_at FROM generate_series(0, 59) g$$) \g /dev/null
SELECT pg_temp.load('sf sums', 'interactions', $$SELECT 'i' || p AS interaction_id, user_id, video_id, (ARRAY['Like', 'Share', 'Comment'])[1 + p % 3] AS action, event_time + interval '1 minute' AS event_time
                                                FROM play WHERE p % 13 = 0 AND video_id IS NOT NULL$$) \g /dev/null
SELECT sum_up_viewing(), sum_up_shown() \g /dev/null
SELECT * FROM pg_temp.check_latest('all made', 'members shown videos viewing');
SELECT is((SELECT count(*) FROM latest_user), (SELECT count(DISTINCT user_key) FROM viewership_fact WHERE event_time > kpi_last_time() - interval '180 days' AND user_key <> '?'), 'with every user');
SELECT pg_temp.load('sf sums', 'playback_events', $$SELECT 'news' AS event_id, 'U7' AS user_id, 'V3' AS video_id, 'D2' AS device_id, kpi_last_time() - interval '3 days' AS event_time, 12 AS watch_duration$$) \g /dev/null
SELECT * FROM pg_temp.check_latest('a late playback', 'shown');
SELECT pg_temp.load('sf sums', 'playback_events', $$SELECT 'newest' AS event_id, 'U7' AS user_id, 'V3' AS video_id, 'D2' AS device_id, kpi_last_time() + interval '1 hour' AS event_time, 12 AS watch_duration$$) \g /dev/null
SELECT * FROM pg_temp.check_latest('a new playback', NULL);
SELECT pg_temp.load('sf sums', 'playback_events', $$SELECT 'newest' AS event_id, 'U7' AS user_id, 'V3' AS video_id, 'D2' AS device_id, kpi_last_time() AS event_time, 12 AS watch_duration$$) \g /dev/null
SELECT * FROM pg_temp.check_latest('a playback that is there', 'members shown videos viewing');
SELECT pg_temp.load('sf sums', 'interactions', $$SELECT 'li' AS interaction_id, 'U7' AS user_id, 'V3' AS video_id, 'Like' AS action, kpi_last_time() AS event_time$$) \g /dev/null
SELECT * FROM pg_temp.check_latest('a like', 'members shown viewing');
SELECT pg_temp.load('sf sums', 'recommendations', $$SELECT 'r' || p AS recommendation_id, user_id, video_id, event_time, true AS click_flag, true AS watch_flag FROM show WHERE p > 5900$$) \g /dev/null
SELECT * FROM pg_temp.check_latest('later clicks', 'members videos viewing');
SELECT pg_temp.load('sf sums', 'users', $$SELECT 'U' || g AS user_id, 'Premium' AS subscription_type, timestamptz '2025-03-20' AS effective_at FROM generate_series(0, 20) g$$) \g /dev/null
SELECT * FROM pg_temp.check_latest('a subscription that changed in the past', 'shown videos');
-- U99 has nothing but recommendations.
SELECT pg_temp.load('sf sums', 'recommendations', $$SELECT 'placed' AS recommendation_id, 'U99' AS user_id, 'V3' AS video_id, kpi_last_time() AS event_time, true AS click_flag, false AS watch_flag$$) \g /dev/null
SELECT * FROM pg_temp.check_latest('a recommendation to somebody from nowhere', 'videos viewing');
SELECT pg_temp.load('sf sums', 'users', $$SELECT 'U99' AS user_id, 'IN' AS region, timestamptz '2025-01-03' AS effective_at$$) \g /dev/null
SELECT is((SELECT region_key FROM recommendation_fact WHERE recommendation_id = 'placed'), 'IN', 'whose region becomes known');
SELECT * FROM pg_temp.check_latest('a region of recommendations', 'videos viewing');
-- Sums by genre and kind of content are of those that were: a change of one is none of the facts.
CREATE FUNCTION pg_temp.genres_hold() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(s, ' ' ORDER BY s) FROM unnest('{shown,videos,members}'::text[]) s WHERE kpi_latest_genres(s, NULL, NULL)
$$;
SELECT is(pg_temp.genres_hold(), 'shown videos', 'sums by genre hold');
SELECT set_eq('SELECT day, region_key, genre, content_type, views, watch_minutes FROM latest_genre WHERE views > 0', $$
  SELECT f.time_key::date, f.region_key, coalesce(v.genre, 'Unknown') AS genre, coalesce(v.content_type, 'Unknown') AS content_type, count(*), sum(f.watch_duration)
  FROM viewership_fact f JOIN video_dim v ON v.video_id = f.video_key WHERE f.time_key::date > kpi_last_day() - 30 GROUP BY 1, 2, 3, 4$$, 'and are those of the playbacks');
SELECT set_eq('TABLE latest_shown_genre', $$
  SELECT f.time_key::date, f.region_key, coalesce(v.genre, 'Unknown'), count(*), sum(f.click_flag) AS clicks, sum(f.watch_flag) AS watches
  FROM recommendation_fact f JOIN video_dim v ON v.video_id = f.video_key WHERE f.time_key::date BETWEEN kpi_last_day() - 29 AND kpi_last_day() GROUP BY 1, 2, 3$$, 'and recommendations');
SELECT pg_temp.load('sf sums', 'videos', $$SELECT 'V' || g AS video_id, 'G8' AS genre FROM generate_series(25, 32) g$$) \g /dev/null
SELECT is(pg_temp.genres_hold(), NULL, 'until a genre changes');
SELECT * FROM pg_temp.check_latest('genres that changed', 'members shown videos');
SELECT is(pg_temp.genres_hold(), 'shown videos', 'and are made anew with the others');
SELECT pg_temp.load('sf sums', 'videos', $$SELECT 'V' || g AS video_id, 'Series' AS content_type FROM generate_series(20, 29) g$$) \g /dev/null
SELECT is(pg_temp.genres_hold(), NULL, 'or a kind of content');
SELECT * FROM pg_temp.check_latest('kinds of content that changed', 'members shown videos');
SELECT pg_temp.load('sf sums', 'videos', $$SELECT 'V' || g AS video_id, 33 AS video_length FROM generate_series(0, 29) g$$) \g /dev/null
SELECT * FROM pg_temp.check_latest('lengths', 'shown');
SELECT pg_temp.load('sf sums', 'devices', $$SELECT 'D' || g AS device_id, 'Tizen' AS os, g AS bandwidth, timestamptz '2025-04-01' AS seen_at FROM generate_series(0, 29) g$$) \g /dev/null
SELECT * FROM pg_temp.check_latest('devices as they are now', 'shown videos viewing');
-- A statement that changes no row takes nothing back, one that changes one does, whatever it does to it.
CREATE FUNCTION pg_temp.held_after(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE held boolean;
BEGIN
  BEGIN
    EXECUTE statement;
    held := kpi_latest_members(NULL, NULL);
    RAISE EXCEPTION USING ERRCODE = 'ZZ000';
  EXCEPTION WHEN SQLSTATE 'ZZ000' THEN RETURN held;
  END;
END $$;
SELECT is(pg_temp.held_after(s.sql), s.held, s.sql)
FROM (VALUES ('SELECT', true), ('UPDATE device_dim SET os = NULL WHERE false', true), ('INSERT INTO user_history (user_id) SELECT NULL WHERE false', true), ('DELETE FROM user_history WHERE false', true),
             ($$INSERT INTO device_dim (device_id) VALUES ('D1') ON CONFLICT DO NOTHING$$, true), ($$INSERT INTO device_dim (device_id) VALUES ('D1') ON CONFLICT (device_id) DO UPDATE SET os = 'X'$$, false),
             ($$INSERT INTO user_history (user_id, valid_from) VALUES ('new', '2025-01-01Z')$$, false), ($$UPDATE user_history SET subscription_type = 'X' WHERE user_id = 'U1'$$, false),
             ($$DELETE FROM device_dim WHERE device_id = 'new'$$, true), ('TRUNCATE device_dim CASCADE', false)) AS s (sql, held);
SELECT is(pg_temp.held_after($$INSERT INTO device_dim (device_id) VALUES ('new'); UPDATE latest_sums SET holds = true WHERE summary = 'members'; DELETE FROM device_dim WHERE device_id = 'new'$$), false, 'one that goes');
SET LOCAL TimeZone = 'Europe/London';
SELECT * FROM pg_temp.check_latest('in a zone whose clock was changed meanwhile', 'members shown videos viewing');
SET LOCAL TimeZone = 'UTC';

-- A replay changes nothing.
SELECT sum_up_viewing(), sum_up_shown() \g /dev/null
SELECT pg_temp.load('sf sums', 'playback_events', 'SELECT event_id, user_id, video_id, event_time, watch_duration FROM play WHERE p % 2 = 0') \g /dev/null
SELECT is((SELECT days FROM kpi_open_days('-infinity', NULL)), 0::bigint, 'events that are there already open no day');
SELECT * FROM finish();
ROLLBACK;
