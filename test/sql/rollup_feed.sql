-- A rollup of a fact that a feed appends to: the batch brings its deltas in its own transaction, and the append stays the fast one.
SET client_min_messages = warning;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE SCHEMA rollup_feed;
SELECT starhouse.init_pipeline('rollup_feed');
CREATE TABLE rollup_feed.plays_fact (
  event_id text NOT NULL, at timestamptz NOT NULL, video text NOT NULL, seconds int NOT NULL, batch_id bigint, PRIMARY KEY (event_id, at)) PARTITION BY RANGE (at);
SELECT starhouse.create_feed('rollup_feed', 'plays', $${"format": "csv", "columns": [
    {"name": "event_id", "type": "text"}, {"name": "at", "type": "timestamptz"}, {"name": "video", "type": "text"}, {"name": "seconds", "type": "integer"}]}$$,
  '[{"step": "facts", "into": "plays_fact", "time": "at", "partition": "1 month", "select": "SELECT event_id, at, video, seconds FROM batch"}]', bronze => false);
SELECT starhouse.create_rollup('video_5min', 'rollup_feed.plays_fact', 'at', '5 minutes', '{video}', '{"plays": "count(*)", "seconds": "sum(seconds)", "longest": "max(seconds)"}', capture => 'batch');

CREATE FUNCTION rollup_feed.load(file text, rows text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  opened record;
  batch bigint;
  counts jsonb;
BEGIN
  opened := starhouse.load_open('rollup_feed', 'plays', file, md5(file), 1, 'header');
  batch := starhouse.batch_begin('rollup_feed', 'plays', opened.source_id, opened.epoch, opened.next_record);
  EXECUTE 'INSERT INTO pg_temp.batch (record_no, event_id, at, video, seconds) ' || rows;
  counts := starhouse.batch_finish('rollup_feed', 'plays', batch, opened.next_record + 10, 10, 0);
  RETURN jsonb_build_object('loaded', counts->'loaded', 'duplicates', counts->'duplicates', 'steps', (SELECT jsonb_agg(s - 'ms') FROM jsonb_array_elements(counts->'steps') s));
END $$;
SELECT jsonb_pretty(rollup_feed.load('one', $$SELECT i, 'e' || i, timestamptz '2024-01-31 23:50' + i * interval '1 minute', 'v' || i % 2, i FROM generate_series(1, 20) i$$));
SELECT bucket, video, plays, seconds, longest, is_final FROM rollup_feed.video_5min ORDER BY 1, 2;
-- what was there already is not counted again; what comes late is put in its place
SELECT rollup_feed.load('two', $$SELECT i, 'e' || i, timestamptz '2024-01-31 23:50' + i * interval '1 minute', 'v' || i % 2, i FROM generate_series(15, 22) i$$)->'duplicates' AS duplicates;
SELECT starhouse.rollup_compact('rollup_feed.video_5min');
SELECT rollup_feed.load('three', $$VALUES (1, 'late', timestamptz '2024-01-01', 'v9', 7)$$)->'loaded' AS loaded;
SELECT starhouse.rollup_compact('rollup_feed.video_5min');
SELECT count(*), sum(plays), sum(seconds) FROM rollup_feed.video_5min;
SELECT * FROM starhouse.rollup_check('rollup_feed.video_5min');
-- deletes and updates are seen by triggers, which appends do not have
DELETE FROM rollup_feed.plays_fact WHERE event_id = 'e20';
UPDATE rollup_feed.plays_fact SET seconds = 100 WHERE event_id = 'e1';
SELECT * FROM starhouse.rollup_check('rollup_feed.video_5min');
-- rows that come by another way are not; a rebuild takes them up
INSERT INTO rollup_feed.plays_fact VALUES ('by hand', '2024-01-31 23:55', 'v1', 1);
SELECT column_name, served, recomputed FROM starhouse.rollup_check('rollup_feed.video_5min');
SELECT starhouse.rollup_rebuild('rollup_feed.video_5min', '2024-01-31 23:55', '2024-01-31 23:56');
SELECT * FROM starhouse.rollup_check('rollup_feed.video_5min');
SELECT starhouse.rollup_compact('rollup_feed.video_5min');
SELECT * FROM starhouse.rollup_check('rollup_feed.video_5min');
-- sessions by batches alike: pieces of what a batch appended, and triggers for what is taken away
SELECT starhouse.create_sessions('visits', 'rollup_feed.plays_fact', 'at', '8 minutes', '{video}', '{"plays": "count(*)", "longest": "max(seconds)"}', capture => 'batch');
-- both find a batch's rows by one index
SELECT count(*) AS indexes FROM pg_index WHERE indrelid = 'rollup_feed.plays_fact'::regclass AND pg_get_indexdef(indexrelid) ~ 'brin \(batch_id\)';
SELECT rollup_feed.load('sessions', $$SELECT i, 's' || i, timestamptz '2024-02-03 10:00' + i * interval '4 minutes', 'v' || i % 2, i FROM generate_series(1, 5) i
  UNION ALL SELECT 10, 's10', '2024-02-03 11:00', 'v0', 10$$)->'steps';
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'rollup_feed.plays_fact'::regclass AND tgtype::int & 4 > 0;
SELECT * FROM rollup_feed.visits WHERE session_start > '2024-02-03' ORDER BY session_start, video;
SELECT rollup_feed.load('sessions, late', $$VALUES (1, 's11', timestamptz '2024-02-03 10:10', 'v0', 11)$$)->'loaded' AS loaded;
DELETE FROM rollup_feed.plays_fact WHERE event_id = 's10';
SELECT session_start, session_end, video, plays, longest FROM rollup_feed.visits WHERE session_start > '2024-02-03' ORDER BY session_start, video;
SELECT * FROM starhouse.rollup_check('rollup_feed.visits');
SELECT starhouse.rollup_compact('rollup_feed.visits') IS NOT NULL AS compacted;
SELECT * FROM starhouse.rollup_check('rollup_feed.visits');
SELECT starhouse.drop_rollup('rollup_feed.visits');
-- a feed that changes rows needs the other capture
SELECT starhouse.create_feed('rollup_feed', 'plays', $${"format": "csv", "columns": [
    {"name": "event_id", "type": "text"}, {"name": "at", "type": "timestamptz"}, {"name": "video", "type": "text"}, {"name": "seconds", "type": "integer"}]}$$,
  '[{"step": "facts", "into": "plays_fact", "conflict": "update", "select": "SELECT event_id, at, video, seconds FROM batch"}]', bronze => false);
\set ON_ERROR_STOP 0
SELECT rollup_feed.load('four', $$VALUES (1, 'e2', timestamptz '2024-01-31 23:52', 'v1', 7)$$);
\set ON_ERROR_STOP 1
SELECT starhouse.drop_rollup('rollup_feed.video_5min');
SELECT starhouse.create_rollup('video_5min', 'rollup_feed.plays_fact', 'at', '5 minutes', '{video}', '{"plays": "count(*)", "seconds": "sum(seconds)"}');
SELECT rollup_feed.load('five', $$VALUES (1, 'e2', timestamptz '2024-01-31 23:52', 'v1', 7), (2, 'new', '2024-01-31 23:52', 'v1', 8)$$)->'steps';
SELECT * FROM starhouse.rollup_check('rollup_feed.video_5min');
SELECT starhouse.drop_rollup('rollup_feed.video_5min');
DROP SCHEMA rollup_feed CASCADE;
