-- Gold documents of StreamFlix on a few playbacks worked out by hand: built at the first refresh, then only for the keys
-- that a batch touched; what followers are told; where a figure comes from; how long bronze is kept.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, starhouse;
SELECT no_plan();

CREATE FUNCTION pg_temp.rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
BEGIN
  EXECUTE format('SELECT string_agg(r::text, E''\n'') FROM (%s) r', query) INTO result;
  RETURN result;
END $$;
-- Loads rows, given as JSON objects of the contract's columns, as one batch.
CREATE FUNCTION pg_temp.load(warehouse name, feed text, VARIADIC records text[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  source record;
  batch bigint;
BEGIN
  SELECT * INTO source FROM starhouse.load_open(warehouse, feed, 'test', NULL, NULL, NULL);
  batch := starhouse.batch_begin(warehouse, feed, source.source_id, source.epoch, source.next_record);
  TRUNCATE pg_temp.batch;
  EXECUTE $sql$
    INSERT INTO pg_temp.batch
    SELECT (jsonb_populate_record(NULL::pg_temp.batch, r.record::jsonb || jsonb_build_object('record_no', r.n,
              'line_hash', hashtextextended((r.record::jsonb->>'user_id') || (r.record::jsonb->>'video_id'), 0)))).*
    FROM unnest($1) WITH ORDINALITY AS r(record, n)$sql$ USING records;
  RETURN starhouse.batch_finish(warehouse, feed, batch, cardinality(records) + 1, cardinality(records), 0);
END $$;
CREATE FUNCTION pg_temp.play(id text, usr text, video text, device text, region text, at text, minutes numeric, extra jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
  SELECT (jsonb_build_object('event_id', id, 'user_id', usr, 'video_id', video, 'device_id', device, 'region_id', region, 'event_time', at,
                             'watch_duration', minutes) || extra)::text $$;

SELECT starhouse.create_warehouse('streamflix', 'go ld', 'UTC', country => NULL, calendar_from => '2025-01-01') \g /dev/null
SET LOCAL search_path = 'go ld', starhouse, public;
SELECT pg_temp.load('go ld', 'videos',
  '{"video_id": "V1", "title": "One", "genre": "Drama", "content_type": "Movie", "video_length": 100}',
  '{"video_id": "V2", "title": "Two", "genre": "Comedy", "content_type": "Movie", "video_length": 50}',
  '{"video_id": "V3", "title": "Three", "genre": "Crime", "content_type": "Movie", "video_length": 10}') \g /dev/null
-- V1: 100 % and 50 % of 100 minutes; V2: 60 % of 50.
SELECT pg_temp.load('go ld', 'playback_events',
  pg_temp.play('e1', 'U1', 'V1', 'D1', NULL, '2025-03-08 14:00Z', 100), pg_temp.play('e2', 'U2', 'V1', 'D2', NULL, '2025-03-09 14:00Z', 50),
  pg_temp.play('e3', 'U1', 'V2', 'D1', NULL, '2025-03-10 14:00Z', 30)) \g /dev/null
SELECT is((SELECT count(*) FROM gold_dirty), 0::bigint, 'before the first refresh batches mark nothing');
SELECT is((SELECT count(*) FROM starhouse.gold_changes('go ld', 'gold_video_profile')), 0::bigint, 'and there is nothing to follow');
SELECT is(pg_temp.rows_of($$SELECT * FROM starhouse.gold_refresh('go ld')$$), E'(gold_user_profile,2,2,0)\n(gold_video_profile,3,3,0)', 'the first refresh builds every document');
SELECT is(document, '{"cast": [], "likes": 0, "title": "One", "views": 2, "genres": ["Drama"], "rating": null, "shares": 0, "clicked": 0, "comments": 0, "director": null, "language": null,
  "video_id": "V1", "recommended": 0, "content_type": "Movie", "release_year": null, "click_percent": null, "watch_minutes": 150, "last_active_on": "2025-03-09", "length_minutes": 100,
  "completion_percent": 75.00, "studio": null, "vendors": [], "licensed_until": null, "reviews": 0, "average_stars": null, "site_score_percent": null, "site_votes": 0, "site_scores": {},
  "social_posts": 0, "social_reach": 0, "social_sentiment": null}'::jsonb, 'a video''s document') FROM gold_video_profile WHERE key = 'V1';
SELECT is(document, '{"name": null, "likes": 0, "views": 2, "region": null, "clicked": 0, "country": null, "user_id": "U1", "recommended": 0, "signup_date": null, "watch_minutes": 130,
  "last_viewed_at": "2025-03-10T14:00:00Z", "favourite_genres": ["Drama", "Comedy"], "subscription_type": null, "completion_percent": 80.00,
  "reviews": 0, "average_stars_given": null}'::jsonb,
  'a user''s: 100 % and 60 %, more drama than comedy') FROM gold_user_profile WHERE key = 'U1';
SELECT is((SELECT document->>'views' FROM gold_video_profile WHERE key = 'V3'), '0', 'one that nobody watched has a document too');
SELECT is((SELECT count(*) FROM gold_video_profile WHERE key = '?'), 0::bigint, 'the unknown member has none');

-- From now on batches mark the keys they touch, and no others are computed.
SELECT pg_temp.load('go ld', 'interactions', '{"user_id": "U2", "video_id": "V2", "action": "Like", "event_time": "2025-03-11 10:00Z"}',
  '{"user_id": "U2", "video_id": "V2", "action": "Share", "event_time": "2025-03-11 10:01Z"}') \g /dev/null
SELECT bag_eq('SELECT DISTINCT gold_name, key FROM gold_dirty', $$VALUES ('gold_video_profile', 'V2'), ('gold_user_profile', 'U2')$$, 'a batch marks its keys');
SELECT is(pg_temp.rows_of($$SELECT step_name, affected_rows FROM step_log WHERE batch_id = (SELECT max(batch_id) FROM batch_log) AND step_name ~ '^gold' ORDER BY 1$$),
  E'(gold_user_profile,1)\n(gold_video_profile,1)', 'and says so in its log');
SELECT is(pg_temp.rows_of($$SELECT * FROM starhouse.gold_refresh('go ld')$$), E'(gold_user_profile,1,1,0)\n(gold_video_profile,1,1,0)', 'only those are computed');
SELECT is(pg_temp.rows_of($$SELECT document->'likes', document->'shares', document->'views' FROM gold_video_profile WHERE key = 'V2'$$), '(1,1,1)', 'with the new figures');
SELECT is((SELECT count(*) FROM gold_dirty), 0::bigint, 'the marks are gone');
SELECT pg_temp.load('go ld', 'playback_events', pg_temp.play('e3', 'U1', 'V2', 'D1', NULL, '2025-03-10 14:00Z', 30)) \g /dev/null
SELECT is(pg_temp.rows_of($$SELECT looked_at, changed FROM starhouse.gold_refresh('go ld', 'gold_video_profile')$$), '(1,0)', 'what comes out the same is not written');
SELECT pg_temp.load('go ld', 'videos', '{"video_id": "V1", "genre": "Thriller"}') \g /dev/null
SELECT is(pg_temp.rows_of($$SELECT changed FROM starhouse.gold_refresh('go ld')$$), E'(2)\n(1)', 'a genre changes the video and both who watched it');
SELECT is((SELECT document->'favourite_genres' FROM gold_user_profile WHERE key = 'U2'), '["Thriller"]'::jsonb, 'they liked thrillers all along');
DELETE FROM video_dim WHERE video_id = 'V3';
INSERT INTO gold_dirty VALUES ('gold_video_profile', 'V3'), ('gold_video_profile', 'nobody');
SELECT is(pg_temp.rows_of($$SELECT looked_at, changed, removed FROM starhouse.gold_refresh('go ld', 'gold_video_profile')$$), '(2,0,1)', 'a document that is gone');
SELECT is(pg_temp.rows_of($$SELECT document IS NULL FROM gold_video_profile WHERE key = 'V3'$$), '(t)', 'leaves a tombstone for followers');
SELECT bag_eq($$SELECT key, document FROM gold_user_profile$$, format($$SELECT (x).* FROM (SELECT b FROM (%s) AS b (key, document)) y (x)$$,
    (SELECT replace(build, '{keys}', '(ARRAY(SELECT user_id FROM user_dim))') FROM gold_registry WHERE gold_name = 'gold_user_profile')), 'all of it equals a computation of everything');
-- A transaction's own changes are not there for followers before it commits (gold_changes_concurrent has the rest).
SELECT is((SELECT count(*) FROM starhouse.gold_changes('go ld', 'gold_video_profile')), 0::bigint, 'followers see committed changes');

-- Redefined, a table is built anew.
SELECT starhouse.create_gold('go ld', 'gold_user_profile', 'SELECT user_id, jsonb_build_object(''id'', user_id) FROM user_dim WHERE user_id = ANY ({keys})', 'SELECT user_id FROM user_dim', '{}') \g /dev/null
SELECT is(pg_temp.rows_of($$SELECT looked_at, changed FROM starhouse.gold_refresh('go ld', 'gold_user_profile')$$), '(3,3)', 'a new definition builds all');

-- Freshness and lineage.
SELECT is(pg_temp.rows_of($$SELECT facts, newest_event FROM kpi_freshness WHERE kpi = 'gold_video_profile'$$), '("{engagement_fact,license_fact,rating_fact,recommendation_fact,review_fact,social_fact}","2025-03-11 00:00:00+00")', 'a gold table says how fresh it is');
SELECT ok(feeds @> '{playback_events,interactions,videos}', 'and by which feeds') FROM kpi_freshness WHERE kpi = 'gold_video_profile';
SELECT is(pg_temp.rows_of($$SELECT fact, fact_rows, feed_name, source_name, first_record, last_record FROM starhouse.lineage('go ld', 'kpi_daily_viewing', '{"video_key": "V1"}')$$),
  '(viewership_fact,2,playback_events,test,1,3)', 'a figure comes from so many rows of a batch, which holds so many records of a source');
SELECT is((SELECT sum(fact_rows) FROM starhouse.lineage('go ld', 'viewership_fact')), 3::numeric, 'a fact''s own lineage has every row');
SELECT is((SELECT sum(fact_rows) FROM starhouse.lineage('go ld', 'viewership_fact', from_time => '2025-03-09', to_time => '2025-03-10')), 1::numeric, 'or those of a time');
SELECT is((SELECT count(*) FROM starhouse.lineage('go ld', 'kpi_daily_viewing', '{"no_such_column": "x"}')), 0::bigint, 'facts without the key are left out');

SELECT bag_has($$SELECT DISTINCT feed_name FROM table_lineage WHERE kpi = 'kpi_engagement_by_video' AND relation = 'engagement_fact'$$, $$VALUES ('playback_events'), ('interactions')$$,
  'what a facts step writes besides is lineage, too');
SELECT throws_ok($$SELECT starhouse.replay('go ld', 'reviews', replace => true)$$, '0A000', NULL, 'and rows that later ones revise are not replaced');

-- Bronze is kept until somebody says how long.
SELECT starhouse.ensure_partitions('bronze_videos', now() - interval '5 days', now() - interval '3 days', '1 day') \g /dev/null
SELECT is((SELECT count(*) FROM starhouse.retain_bronze('go ld', 'videos', '100 days')), 0::bigint, 'nothing is that old');
SELECT is((SELECT count(*) FROM starhouse.retain_bronze('go ld', 'videos', '40 hours')), 3::bigint, 'older partitions go');
SELECT is(pg_temp.rows_of($$SELECT feed_name, keep, count(*), bool_and(partition ~ 'bronze_videos') FROM retention_log GROUP BY 1, 2$$), '(videos,40:00:00,3,t)', 'and it is on record');

-- What cannot be.
SELECT throws_ok($$SELECT starhouse.create_gold('go ld', 'video', 'SELECT {keys}', 'SELECT 1', '{}')$$, '22023', NULL, 'a gold table is called gold_');
SELECT throws_ok($$SELECT starhouse.create_gold('go ld', 'gold_x', 'SELECT 1', 'SELECT 1', '{}')$$, '22023', NULL, 'and built for keys');
SELECT throws_ok($$SELECT starhouse.create_gold('go ld', 'gold_x', 'SELECT {keys}', 'SELECT 1', '[]')$$, '22023', NULL, 'by feeds');
SELECT throws_ok($$SELECT starhouse.gold_refresh('go ld', 'gold_x')$$, '42704', NULL, 'no such gold table to refresh');
SELECT throws_ok($$SELECT starhouse.gold_changes('go ld', 'gold_x')$$, '42704', NULL, 'nor to follow');
SELECT throws_ok($$SELECT starhouse.gold_changes('go ld', 'gold_video_profile', '{"system": 1, "from": "1:1:", "to": "1:1:"}')$$, '55000', NULL, 'a cursor of another system');
SELECT throws_ok($$SELECT starhouse.gold_changes('go ld', 'gold_video_profile', NULL, 0)$$, '22023', NULL, 'at most none');
SELECT throws_ok($$SELECT starhouse.lineage('go ld', 'kpi_nothing')$$, '42P01', NULL, 'no such report');
SELECT throws_ok($$SELECT starhouse.retain_bronze('go ld', 'videos', NULL)$$, '22023', NULL, 'kept for how long?');

-- The tables outlive the extension.
SELECT starhouse.scd_unregister('user_history') \g /dev/null
SELECT is(count(*), 0::bigint, 'no gold table belongs to the extension or depends on it') FROM pg_depend d JOIN pg_class c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
  WHERE c.relnamespace = '"go ld"'::regnamespace AND c.relname ~ 'gold|freshness|lineage' AND d.refclassid = 'pg_extension'::regclass;
SELECT * FROM finish();
ROLLBACK;
