-- Rows that were loaded wrong are replaced from bronze: facts and all that was derived from them (engagement, hours, summaries by day, gold
-- documents, rollups) are then those of a warehouse in which nothing ever went wrong; as often as one likes.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, starhouse;
SELECT plan(37);

CREATE FUNCTION pg_temp.rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
BEGIN
  EXECUTE format('SELECT string_agg(r::text, E''\n'' ORDER BY r::text) FROM (%s) r', query) INTO result;
  RETURN regexp_replace(result, '\.(\d*?)0+(?=[,)])', '.\1', 'g');  -- 1.50 and 1.500 are one number
END $$;

-- 600 playbacks over twelve days around a change of the clocks, and what viewers did, from a linear congruential generator.
CREATE TEMP TABLE event AS
WITH RECURSIVE r (n, x) AS (SELECT 0, 20251128::bigint UNION ALL SELECT n + 1, (x * 1103515245 + 12345) % 2147483648 FROM r WHERE n < 3000)
SELECT p, 'U' || v[1] / 64 % 30 AS user_id, 'V' || v[2] / 64 % 12 AS video_id, 'D' || v[3] / 64 % 9 AS device_id,
       timestamptz '2025-03-03 00:00Z' + (v[4] / 64 % 1036800) * interval '1 second' AS at, CASE WHEN v[5] % 40 = 0 THEN 600 ELSE (v[5] / 64 % 900) / 10.0 END AS minutes, v[5] / 64 % 3 AS kind
FROM (SELECT n / 5 AS p, array_agg(x ORDER BY n) AS v FROM r GROUP BY 1 HAVING count(*) = 5) s WHERE p < 600;
CREATE TEMP TABLE payload AS
SELECT 'playback_events' AS feed, p, jsonb_build_object('event_id', 'e' || p, 'user_id', user_id, 'video_id', video_id, 'device_id', device_id, 'timestamp', at, 'watch_duration', minutes, 'video_length', 20 + 10 * (substr(video_id, 2)::int % 8), 'buffering_time', p % 7)::text AS text FROM event
UNION ALL
SELECT 'playback_streams', p, jsonb_build_object('stream_id', 'e' || p, 'started_at', at, 'viewer', jsonb_build_object('user_id', user_id), 'content', jsonb_build_object('video_id', video_id, 'length_minutes', 20 + 10 * (substr(video_id, 2)::int % 8)),
         'device', jsonb_build_object('device_id', device_id), 'playback', jsonb_build_object('watched_seconds', round(minutes * 60), 'buffering_ms', p % 7 * 1000))::text FROM event WHERE p % 10 = 0
UNION ALL
SELECT 'interactions', p, jsonb_build_object('interaction_id', 'i' || p, 'user_id', user_id, 'video_id', video_id, 'action', (ARRAY['like', 'share', 'comment'])[1 + kind], 'timestamp', at + interval '1 minute')::text FROM event WHERE p % 3 = 0
UNION ALL
SELECT 'recommendations', p, jsonb_build_object('recommendation_id', 'r' || p, 'user_id', user_id, 'video_id', video_id, 'recommendation_score', 0.5, 'timestamp', at - interval '1 minute', 'click_flag', p % 5 = 0)::text FROM event WHERE p % 2 = 0;
-- Parts are sources: thirds of the events, and for recommendations the clicks of some that were shown before.
CREATE FUNCTION pg_temp.ingest(warehouse name, feed text, part int) RETURNS bigint LANGUAGE sql AS $$
  SELECT (starhouse.ingest(format('%I.%I', warehouse, feed), ARRAY(SELECT text FROM payload WHERE payload.feed = ingest.feed AND p / 200 = part ORDER BY p), format('part %s', part))->>'loaded')::bigint $$;
CREATE FUNCTION pg_temp.click(warehouse name) RETURNS bigint LANGUAGE sql AS $$
  SELECT (starhouse.ingest(format('%I.recommendations', warehouse), ARRAY(SELECT (text::jsonb || '{"click_flag": true, "watch_flag": true}')::text FROM payload WHERE feed = 'recommendations' AND p % 8 = 0 ORDER BY p), 'clicks')->>'loaded')::bigint $$;
CREATE FUNCTION pg_temp.source(warehouse name, feed text, part text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  result bigint;
BEGIN
  EXECUTE format('SELECT source_id FROM %I.load_source WHERE feed_name = $1 AND (source_name ~ $2 OR fingerprint ~ $2)', warehouse) INTO result USING feed, part || '$';
  RETURN result;
END $$;
CREATE FUNCTION pg_temp.facts(warehouse name) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(E'\n--\n',
    pg_temp.rows_of(format('SELECT time_key, event_id, region_key, user_key, video_key, device_key, event_time, trim_scale(watch_duration), watch_clipped, trim_scale(buffering_time), trim_scale(video_length), completion_rate FROM %I.viewership_fact', warehouse)),
    pg_temp.rows_of(format('SELECT time_key, interaction_id, region_key, user_key, video_key, event_time, action FROM %I.interaction_fact', warehouse)),
    pg_temp.rows_of(format('SELECT time_key, recommendation_id, region_key, user_key, video_key, event_time, click_rate, click_flag, watch_flag FROM %I.recommendation_fact', warehouse))) $$;
CREATE FUNCTION pg_temp.derived(warehouse name) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(E'\n--\n',
    pg_temp.rows_of(format('SELECT time_key, event_time, region_key, video_key, views, trim_scale(watch_minutes), trim_scale(buffering_seconds), measured_views, trim_scale(completion_sum), likes, shares, comments, watch_percent,
                                   avg_session_time, engagement_score FROM %I.engagement_fact', warehouse)),
    pg_temp.rows_of(format('SELECT time_key, event_time, region_key, views, trim_scale(watch_minutes) FROM %I.viewing_hour_fact', warehouse))) $$;
-- The summaries as they are read, and as they are stored once all days are summed up.
CREATE FUNCTION pg_temp.reports(warehouse name) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('search_path', quote_ident(warehouse) || ', starhouse, public', true);
  RETURN concat_ws(E'\n--\n', pg_temp.rows_of('SELECT * FROM kpi_viewing_summary(NULL, NULL)'), pg_temp.rows_of('SELECT * FROM kpi_daily_viewing(NULL, NULL)'),
    pg_temp.rows_of('SELECT * FROM kpi_skip_rate(30, NULL, NULL)'), pg_temp.rows_of('SELECT * FROM kpi_active_users(NULL, NULL)'), pg_temp.rows_of('SELECT * FROM kpi_sessions(''30 minutes'', NULL, NULL)'),
    pg_temp.rows_of('SELECT * FROM kpi_shown_videos(NULL, NULL)'));
END $$;
CREATE FUNCTION pg_temp.stored(warehouse name) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('SELECT %1$I.sum_up_viewing(), %1$I.sum_up_shown()', warehouse);
  RETURN concat_ws(E'\n--\n', pg_temp.rows_of(format('SELECT * FROM %I.viewing_day WHERE views > 0', warehouse)), pg_temp.rows_of(format('SELECT * FROM %I.skip_day', warehouse)),
    pg_temp.rows_of(format('SELECT * FROM %I.session_day', warehouse)), pg_temp.rows_of(format('SELECT * FROM %I.session_edge', warehouse)), pg_temp.rows_of(format('SELECT * FROM %I.shown_day WHERE recommendations > 0', warehouse)),
    pg_temp.rows_of(format('SELECT * FROM %I.shown_video_day', warehouse)));
END $$;
CREATE FUNCTION pg_temp.documents(warehouse name) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM starhouse.gold_refresh(warehouse);
  RETURN concat_ws(E'\n--\n', pg_temp.rows_of(format('SELECT key, document FROM %I.gold_video_profile WHERE document IS NOT NULL', warehouse)),
    pg_temp.rows_of(format('SELECT key, document FROM %I.gold_user_profile WHERE document IS NOT NULL', warehouse)));
END $$;

-- Two warehouses: in the one the second part of everything is loaded half a day late and doubled, by feeds that have a step too many.
SELECT starhouse.create_warehouse('streamflix', n, 'America/New_York', country => NULL, calendar_from => '2025-01-01', calendar_to => '2025-06-30') FROM unnest('{sf right, sf wrong}'::name[]) AS n \g /dev/null
UPDATE "sf right".summing_credit SET share = 1;
UPDATE "sf wrong".summing_credit SET share = 1;
SELECT starhouse.create_rollup('plays_daily', '"sf wrong".viewership_fact', 'event_time', '1 day', '{video_key}', '{"plays": "count(*)", "minutes": "sum(watch_duration)", "longest": "max(watch_duration)"}', capture => 'batch') \g /dev/null
SELECT starhouse.gold_refresh(n) FROM unnest('{sf right, sf wrong}'::name[]) AS n \g /dev/null
SELECT sum(pg_temp.ingest('sf right', f, part)), sum(pg_temp.ingest('sf right', 'playback_streams', part)) FROM unnest('{playback_events, interactions, recommendations}'::text[]) AS f CROSS JOIN generate_series(0, 2) AS part \g /dev/null
SELECT pg_temp.click('sf right') \g /dev/null
SELECT is(pg_temp.rows_of('SELECT (SELECT count(*) FROM "sf right".viewership_fact), (SELECT count(*) FROM "sf right".interaction_fact), (SELECT count(*) FROM "sf right".recommendation_fact)'), '(600,200,300)', 'every playback, interaction and recommendation');

CREATE TEMP TABLE right_steps AS SELECT feed_name, contract, steps FROM "sf wrong".feed WHERE feed_name IN ('playback_events', 'interactions', 'recommendations');
CREATE FUNCTION pg_temp.spoil(feed text, statement text) RETURNS void LANGUAGE sql AS $$
  SELECT starhouse.create_feed('sf wrong', feed, contract, jsonb_build_array(jsonb_build_object('step', 'sql', 'sql', statement)) || steps) FROM right_steps WHERE feed_name = feed $$;
CREATE FUNCTION pg_temp.mend(feed text) RETURNS void LANGUAGE sql AS $$ SELECT starhouse.create_feed('sf wrong', feed, contract, steps) FROM right_steps WHERE feed_name = feed $$;
SELECT pg_temp.ingest('sf wrong', f, 0) FROM unnest('{playback_events, interactions, recommendations}'::text[]) AS f \g /dev/null
SELECT pg_temp.spoil('playback_events', 'UPDATE batch SET event_time = event_time + interval ''13 hours'', watch_duration = watch_duration * 2'),
       pg_temp.spoil('interactions', 'UPDATE batch SET event_time = event_time + interval ''13 hours'', action = ''Like'''),
       pg_temp.spoil('recommendations', 'UPDATE batch SET event_time = event_time + interval ''13 hours'', video_id = ''V11''') \g /dev/null
SELECT pg_temp.ingest('sf wrong', f, 1) FROM unnest('{playback_events, interactions, recommendations}'::text[]) AS f \g /dev/null
SELECT pg_temp.mend(feed_name) FROM right_steps \g /dev/null
SELECT pg_temp.ingest('sf wrong', f, 2) FROM unnest('{playback_events, interactions, recommendations}'::text[]) AS f \g /dev/null
SELECT pg_temp.ingest('sf wrong', 'playback_streams', part) FROM generate_series(0, 2) AS part \g /dev/null
SELECT pg_temp.click('sf wrong') \g /dev/null
SELECT pg_temp.documents('sf wrong') \g /dev/null
SELECT isnt(pg_temp.derived('sf wrong'), pg_temp.derived('sf right'), 'what is derived from wrong rows is wrong');
SELECT is((SELECT count(*) FROM starhouse.rollup_check('"sf wrong".plays_daily')), 0::bigint, 'a rollup sums them up');

-- One source of each feed, and everything is as it should be.
SELECT is(pg_temp.rows_of(format('SELECT records, loaded, rejected, removed FROM starhouse.replay(''sf wrong'', ''interactions'', source_id => %s, replace => true)', pg_temp.source('sf wrong', 'interactions', 'part 1'))),
  '(67,67,0,67)', 'the wrong interactions');
SELECT is(pg_temp.rows_of(format('SELECT records, loaded, rejected, removed FROM starhouse.replay(''sf wrong'', ''playback_events'', source_id => %s, replace => true)', pg_temp.source('sf wrong', 'playback_events', 'part 1'))),
  '(240,180,0,200)', 'the wrong playbacks go and come again, but for 20 that came as a stream; so does what other sources brought twice');
SELECT is(pg_temp.rows_of(format('SELECT removed FROM starhouse.replay(''sf wrong'', ''recommendations'', source_id => %s, replace => true)', pg_temp.source('sf wrong', 'recommendations', 'part 1'))), '(100)', 'the wrong recommendations');
SELECT is(pg_temp.facts('sf wrong'), pg_temp.facts('sf right'), 'facts are those of a warehouse in which nothing went wrong: also clicks that another source brought');
SELECT is(pg_temp.derived('sf wrong'), pg_temp.derived('sf right'), 'and so is what is derived');
SELECT is(pg_temp.reports('sf wrong'), pg_temp.reports('sf right'), 'reports read days that are summed up and days that are not');
SELECT is((SELECT count(*) FROM "sf wrong".viewing_day d FULL JOIN (SELECT time_key::date AS day, count(*) AS views FROM "sf wrong".viewership_fact GROUP BY 1) f USING (day)
           WHERE coalesce(d.views, 0) <> coalesce(f.views, 0)), 0::bigint, 'playbacks per day are known');
SELECT is((SELECT count(*) FROM starhouse.rollup_check('"sf wrong".plays_daily')), 0::bigint, 'the rollup has followed');
SELECT is(pg_temp.documents('sf wrong'), pg_temp.documents('sf right'), 'gold documents have, too, those of keys that went with the wrong rows as well');
-- As often as one likes, whatever part, and all at once.
SELECT is(removed, loaded, 'a part that was right comes again as it was') FROM starhouse.replay('sf wrong', 'playback_streams', replace => true);
SELECT is(removed, 200::bigint, 'all interactions') FROM starhouse.replay('sf wrong', 'interactions', replace => true);
SELECT cmp_ok(removed, '>=', 540::bigint, 'all playbacks') FROM starhouse.replay('sf wrong', 'playback_events', replace => true);
SELECT is(removed, 300::bigint, 'all recommendations') FROM starhouse.replay('sf wrong', 'recommendations', replace => true);
SELECT is(pg_temp.facts('sf wrong'), pg_temp.facts('sf right'), 'facts stay');
SELECT is(pg_temp.derived('sf wrong'), pg_temp.derived('sf right'), 'what is derived stays');
SELECT is(pg_temp.rows_of('SELECT loaded, removed FROM starhouse.replay(''sf wrong'', ''playback_events'')'), '(0,0)', 'without replace nothing is added');
SELECT is(pg_temp.derived('sf wrong'), pg_temp.derived('sf right'), 'nor counted twice');
SELECT is(pg_temp.reports('sf wrong'), pg_temp.reports('sf right'), 'reports stay');
SELECT is(pg_temp.stored('sf wrong'), pg_temp.stored('sf right'), 'and the days, when all are summed up');
SELECT is((SELECT count(*) FROM starhouse.rollup_check('"sf wrong".plays_daily')), 0::bigint, 'the rollup stays right');

-- Days between those of the rows stay untouched, row by row.
SELECT (starhouse.ingest('"sf wrong".playback_events', ARRAY(SELECT jsonb_build_object('event_id', 'far' || d, 'user_id', 'U1', 'video_id', 'V1', 'timestamp', d, 'watch_duration', 5)::text
  FROM unnest('{2025-01-20T12:00:00Z, 2025-05-20T12:00:00Z}'::text[]) AS d), 'far apart')->>'loaded')::bigint \g /dev/null
CREATE FUNCTION pg_temp.places() RETURNS text LANGUAGE sql AS $$
  SELECT pg_temp.rows_of($rows$SELECT tableoid, ctid, event_time FROM "sf wrong".engagement_fact WHERE event_time BETWEEN '2025-01-22' AND '2025-05-18'
    UNION ALL SELECT tableoid, ctid, event_time FROM "sf wrong".viewing_hour_fact WHERE event_time BETWEEN '2025-01-22' AND '2025-05-18'
    UNION ALL SELECT tableoid, ctid, day FROM "sf wrong".session_day WHERE day BETWEEN '2025-01-24' AND '2025-05-18'$rows$) $$;
UPDATE "sf wrong".summing_credit SET share = 0;
SELECT "sf wrong".sum_up_viewing() \g /dev/null
CREATE TEMP TABLE places AS SELECT pg_temp.places() AS told;
SELECT is(removed, 2::bigint, 'two playbacks, months apart') FROM starhouse.replay('sf wrong', 'playback_events', source_id => pg_temp.source('sf wrong', 'playback_events', 'far apart'), replace => true);
SELECT is(pg_temp.places() = told AND told <> '', true, 'what was derived of the days between stays as it was') FROM places;
SELECT is((SELECT sum(views) FROM "sf wrong".engagement_fact WHERE event_time < '2025-01-22' OR event_time > '2025-05-18'), 2::numeric, 'of their own days it is derived again');

-- What a feed refuses now is gone with all that followed from it, but for what another source has.
SELECT pg_temp.documents('sf wrong') \g /dev/null
SELECT starhouse.create_feed('sf wrong', 'playback_events', contract, jsonb_build_array(jsonb_build_object('step', 'reject', 'when', 'device_id = ''D0'' OR user_id = ''U11''', 'reason', 'a test device, a tester')) || steps)
  FROM right_steps WHERE feed_name = 'playback_events' \g /dev/null
SELECT cmp_ok(rejected, '>', 10::bigint, 'a mended feed refuses some') FROM starhouse.replay('sf wrong', 'playback_events', replace => true);
SELECT is((SELECT count(*) FROM "sf wrong".viewership_fact WHERE user_key = 'U11'), 0::bigint, 'and of a user who has nothing else nothing stays');
SELECT is((SELECT array_agg(event_id ORDER BY event_id) FROM "sf wrong".viewership_fact WHERE device_key = 'D0'), (SELECT array_agg('e' || p ORDER BY 'e' || p) FROM event WHERE device_id = 'D0' AND user_id <> 'U11' AND p % 10 = 0),
  'of them the facts have what came as a stream, too');
SELECT is(pg_temp.derived('sf wrong'), (SELECT pg_temp.derived('sf wrong') FROM (SELECT "sf wrong".rebuild_viewing('America/New_York', '2025-02-20 00:00Z', '2025-03-20 00:00Z') OFFSET 0) AS r), 'and what is derived equals a computation from the facts');
SELECT is(pg_temp.documents('sf wrong'), (SELECT pg_temp.documents('sf wrong') FROM (SELECT starhouse.gold_doubt('sf wrong', 'playback_events') OFFSET 0) AS d), 'documents follow');

-- A step that derives from the batch has to say how that is mended.
SELECT throws_ok($$SELECT starhouse.replay('sf wrong', 'site_ratings', replace => true)$$, '0A000', NULL, 'a feed that revises what was said before is not replaced');
SELECT starhouse.create_feed('sf wrong', 'interactions', contract, steps || '[{"step": "sql", "sql": "UPDATE video_dim SET title = title WHERE {batch_id} < 0"}]') FROM right_steps WHERE feed_name = 'interactions' \g /dev/null
SELECT throws_ok($$SELECT starhouse.replay('sf wrong', 'interactions', replace => true)$$, '0A000', NULL, 'nor one with a step of one''s own that says nothing');
SELECT throws_ok($$SELECT starhouse.create_feed('sf wrong', 'x', '{"format": "jsonl", "columns": [{"name": "a", "type": "text"}]}', '[{"step": "sql", "sql": "SELECT 1", "replace": "SELECT 2"}]')$$, '22023', NULL, 'replace is a list');
SELECT throws_ok($$SELECT starhouse.create_feed('sf wrong', 'x', '{"format": "jsonl", "columns": [{"name": "a", "type": "text"}]}', '[{"step": "sql", "sql": "SELECT 1", "replace": ["SELECT {batch_id}"]}]')$$, '22023', NULL, 'which knows no batch');
SELECT throws_ok($$SELECT starhouse.create_feed('sf wrong', 'x', '{"format": "jsonl", "columns": [{"name": "a", "type": "text"}]}', '[{"step": "members", "into": "t", "select": "SELECT 1", "replace": []}]')$$, '22023', NULL, 'of steps that derive');
SELECT starhouse.ingest('"sf wrong".playback_streams', ARRAY[text]) FROM payload WHERE feed = 'playback_streams' AND p < 20 ORDER BY p \g /dev/null
UPDATE "sf wrong".batch_log b SET started_at = '2025-01-01' WHERE b.batch_id = (SELECT max(w.batch_id) FROM "sf wrong".bronze_playback_streams w);
DELETE FROM "sf wrong".bronze_playback_streams w WHERE w.batch_id = (SELECT max(x.batch_id) FROM "sf wrong".bronze_playback_streams x);
SELECT throws_ok($$SELECT starhouse.replay('sf wrong', 'playback_streams', replace => true)$$, '55000', NULL, 'what bronze no longer holds cannot come again');
SELECT * FROM finish();
ROLLBACK;
