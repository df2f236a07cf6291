-- With watermark_by the slowest partition that is not idle decides what is final; nobody waits for a silent one.
SET client_min_messages = warning;
CREATE SCHEMA rollup_watermark;
SET search_path = rollup_watermark;
SET timezone = 'UTC';
SET jit = off;
\set SHOW_CONTEXT never
CREATE TABLE pings (at timestamptz, device text, n int);
INSERT INTO pings VALUES ('2024-01-01 10:00', 'slow', 1);
SELECT starhouse.create_rollup('minutes', 'pings', 'at', '10 minutes', NULL, '{"n": "count(*)"}', lateness => '5 minutes', watermark_by => 'device', idle_after => '10 minutes');
SELECT starhouse.create_rollup_on('hours', 'minutes', '1 hour');
SELECT starhouse.create_sessions('bursts', 'pings', 'at', '15 minutes', NULL, '{"n": "count(*)"}', watermark_by => 'device', idle_after => '1 day');
CREATE VIEW marks AS SELECT rollup_name, watermark, late_rows, late_revisions, partitions, idle_partitions FROM starhouse.rollup_status ORDER BY rollup_name::text;
INSERT INTO pings VALUES ('2024-01-01 12:30', 'fast', 1), ('2024-01-01 11:00', 'medium', 1), (NULL, 'none', 1);
CALL starhouse.rollup_compact_all();
TABLE marks;
SELECT bucket, n, is_final FROM minutes ORDER BY 1;
-- The slow one speaks: what follows it is final, and it is one partition again once folded.
INSERT INTO pings VALUES ('2024-01-01 10:31', 'slow', 1);
UPDATE pings SET at = '2024-01-01 10:32' WHERE at = '2024-01-01 10:31';
SELECT count(*) AS notes FROM minutes_seen WHERE part = 'slow';
CALL starhouse.rollup_compact_all();
SELECT part, newest FROM minutes_seen ORDER BY part;
SELECT bucket, n, is_final FROM minutes ORDER BY 1;
TABLE marks;
-- Eleven minutes of silence of the slow one: the others go on without it. What it then brings is late, put in its place and counted.
UPDATE minutes_seen SET seen_at = clock_timestamp() - interval '11 minutes' WHERE part = 'slow';
CALL starhouse.rollup_compact_all();
TABLE marks;
SELECT bucket, n, is_final FROM hours ORDER BY 1;
INSERT INTO pings VALUES ('2024-01-01 10:33', 'slow', 1), ('2024-01-01 10:34', 'slow', 1), ('2024-01-01 10:55', 'slow', 1);
CALL starhouse.rollup_compact_all();
SELECT bucket, n, is_final FROM minutes ORDER BY 1;
SELECT bucket, n, is_final FROM hours ORDER BY 1;
TABLE marks;
-- All silent: the newest row decides, so that the last windows become final, too.
UPDATE minutes_seen SET seen_at = clock_timestamp() - interval '11 minutes';
CALL starhouse.rollup_compact_all();
TABLE marks;
-- Partitions that ended are forgotten a week later.
UPDATE minutes_seen SET seen_at = clock_timestamp() - interval '8 days' WHERE part <> 'medium';
SELECT starhouse.rollup_compact('minutes') IS NOT NULL AS compacted;
SELECT part FROM minutes_seen ORDER BY part;
-- A NULL partition is one like any other; it never moves back.
INSERT INTO pings VALUES ('2024-01-01 10:00', NULL, 1);
CALL starhouse.rollup_compact_all();
SELECT watermark FROM marks WHERE rollup_name = 'minutes'::regclass;
SELECT sum(differences) FROM (SELECT count(*) AS differences FROM starhouse.rollup_check('minutes') UNION ALL SELECT count(*) FROM starhouse.rollup_check('hours') UNION ALL SELECT count(*) FROM starhouse.rollup_check('bursts')) AS d;

-- Of facts that feeds append to: the source of a row's batch.
SELECT starhouse.init_pipeline('rollup_watermark');
CREATE TABLE plays_fact (event_id text NOT NULL, at timestamptz NOT NULL, batch_id bigint, PRIMARY KEY (event_id, at)) PARTITION BY RANGE (at);
SELECT starhouse.create_feed('rollup_watermark', 'plays', $${"format": "csv", "columns": [{"name": "event_id", "type": "text"}, {"name": "at", "type": "timestamptz"}]}$$,
  '[{"step": "facts", "into": "plays_fact", "time": "at", "partition": "1 month", "select": "SELECT event_id, at FROM batch"}]', bronze => false);
SELECT starhouse.create_rollup('plays', 'plays_fact', 'at', '1 hour', NULL, '{"n": "count(*)"}', capture => 'batch', watermark_by => 'batch_id');
CREATE FUNCTION load(file text, first text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  opened record;
  batch bigint;
BEGIN
  opened := starhouse.load_open('rollup_watermark', 'plays', file, md5(file), 1, 'header');
  batch := starhouse.batch_begin('rollup_watermark', 'plays', opened.source_id, opened.epoch, opened.next_record);
  EXECUTE format('INSERT INTO pg_temp.batch (record_no, event_id, at) SELECT i, %L || i || %L, %L::timestamptz + i * interval ''1 minute'' FROM generate_series(1, 100) i', file, first, first);
  RETURN starhouse.batch_finish('rollup_watermark', 'plays', batch, opened.next_record + 100, 100, 0)->'loaded';
END $$;
SELECT load('east', '2024-01-01 10:00'), load('west', '2024-01-01 14:00'), load('east', '2024-01-01 11:00');
SELECT count(DISTINCT part) AS sources FROM plays_seen;
SELECT starhouse.rollup_compact('plays');
SELECT watermark, partitions FROM marks WHERE rollup_name = 'plays'::regclass;
SELECT bucket, n, is_final FROM plays ORDER BY 1;

-- A topic's partitions are told apart by the numbers of its records, although the fact has no column for them.
SELECT starhouse.create_rollup('plays_by_trigger', 'plays_fact', 'at', '1 hour', NULL, '{"n": "count(*)"}', watermark_by => 'batch_id');
SELECT starhouse.create_sessions('plays_in_sessions', 'plays_fact', 'at', '10 minutes', NULL, '{"n": "count(*)"}', watermark_by => 'batch_id', capture => 'batch');
-- Rows of partitions, each an array: partition, first time.
CREATE FUNCTION take(VARIADIC parts text[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  topic bigint := (SELECT source_id FROM starhouse.topic_open('rollup_watermark', 'plays', 'plays', 3));
  batch bigint := starhouse.batch_begin('rollup_watermark', 'plays', topic, NULL, NULL);
BEGIN
  DELETE FROM pg_temp.batch;
  INSERT INTO pg_temp.batch (record_no, event_id, at)
  SELECT starhouse.topic_record(split_part(p, ' ', 1)::int, i), format('%s %s', p, i), substr(p, 3)::timestamptz + i * interval '1 minute' FROM unnest(parts) AS p CROSS JOIN generate_series(1, 10) AS i;
  RETURN starhouse.batch_finish('rollup_watermark', 'plays', batch, NULL, 30, 0)->'loaded';
END $$;
SELECT take('0 2024-01-02 10:00', '1 2024-01-02 12:00', '2 2024-01-02 11:00'), take('0 2024-01-02 13:00', '1 2024-01-02 14:00');
CREATE FUNCTION parts(seen regclass) RETURNS TABLE (part text, newest timestamptz) LANGUAGE plpgsql AS $$ BEGIN
  RETURN QUERY EXECUTE format('SELECT regexp_replace(part, ''^\d+'', ''source''), max(newest) FROM %s WHERE part ~ ''/'' GROUP BY 1 ORDER BY 1', seen); END $$;
CALL starhouse.rollup_compact_all();
SELECT * FROM parts('plays_seen');
SELECT * FROM parts('plays_by_trigger_seen');
SELECT * FROM parts('plays_in_sessions_seen');
-- The topic as such is no partition once its own are known; the files are old.
SELECT rollup_name, partitions FROM marks WHERE rollup_name::text ~ '^plays' ORDER BY rollup_name::text;
UPDATE plays_seen SET seen_at = clock_timestamp() - interval '1 hour' WHERE part !~ '/';
UPDATE plays_by_trigger_seen SET seen_at = clock_timestamp() - interval '1 hour' WHERE part !~ '/';
UPDATE plays_in_sessions_seen SET seen_at = clock_timestamp() - interval '1 hour' WHERE part !~ '/';
CALL starhouse.rollup_compact_all();
SELECT rollup_name, watermark FROM marks WHERE rollup_name::text ~ '^plays' ORDER BY rollup_name::text;
-- Partition 2, the slowest, falls silent, then 0.
UPDATE plays_seen SET seen_at = clock_timestamp() - interval '1 hour' WHERE part ~ '/2$';
SELECT starhouse.rollup_compact('plays');
SELECT watermark FROM marks WHERE rollup_name = 'plays'::regclass;
SELECT take('0 2024-01-02 15:00', '1 2024-01-02 14:10', '2 2024-01-02 11:30');
SELECT starhouse.rollup_compact('plays');
SELECT watermark, late_rows FROM marks WHERE rollup_name = 'plays'::regclass;
-- A file has no partitions, and a feed whose batch lacks the fact's time only its source.
SELECT load('north', '2024-01-02 16:00');
SELECT starhouse.create_feed('rollup_watermark', 'plays', $${"format": "csv", "columns": [{"name": "event_id", "type": "text"}, {"name": "happened", "type": "timestamptz"}]}$$,
  '[{"step": "facts", "into": "plays_fact", "time": "happened", "partition": "1 month", "select": "SELECT event_id, happened AS at FROM batch"}]', bronze => false);
DO $$
DECLARE
  topic bigint := (SELECT source_id FROM starhouse.topic_open('rollup_watermark', 'plays', 'other', 3));
  batch bigint := starhouse.batch_begin('rollup_watermark', 'plays', topic, NULL, NULL);
BEGIN
  INSERT INTO pg_temp.batch VALUES (starhouse.topic_record(2, 1), 'other', '2024-01-02 17:00');
  PERFORM starhouse.batch_finish('rollup_watermark', 'plays', batch, NULL, 1, 0);
END $$;
SELECT count(DISTINCT part) FILTER (WHERE part ~ '/') AS partitions, count(DISTINCT part) FILTER (WHERE part !~ '/') AS sources FROM plays_seen;
SELECT sum(differences) FROM (SELECT count(*) AS differences FROM starhouse.rollup_check('plays') UNION ALL SELECT count(*) FROM starhouse.rollup_check('plays_by_trigger') UNION ALL SELECT count(*) FROM starhouse.rollup_check('plays_in_sessions')) AS d;

-- Who writes the fact needs no more than before.
DO $$ BEGIN CREATE ROLE rollup_watermark_writer; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT USAGE ON SCHEMA rollup_watermark, starhouse TO rollup_watermark_writer;
CREATE TABLE events (at timestamptz, kind text);
GRANT INSERT ON events TO rollup_watermark_writer;
SELECT starhouse.create_rollup('kinds', 'events', 'at', '1 hour', '{kind}', '{"n": "count(*)"}', watermark_by => 'kind');
SET ROLE rollup_watermark_writer;
INSERT INTO events VALUES ('2024-01-01', 'x');
RESET ROLE;
SELECT part, newest FROM kinds_seen;

\set ON_ERROR_STOP 0
SELECT starhouse.create_rollup('bad', 'pings', 'at', '1 hour', NULL, '{"n": "count(*)"}', watermark_by => 'nothing');
\echo :SQLSTATE
SELECT starhouse.create_rollup('bad', 'pings', 'at', '1 hour', NULL, '{"n": "count(*)"}', watermark_by => 'device', idle_after => '-1 minute');
\echo :SQLSTATE
SELECT starhouse.create_rollup('bad', 'pings', 'at', '1 hour', NULL, '{"n": "count(*)"}', watermark_by => 'batch_id');
\echo :SQLSTATE
\set ON_ERROR_STOP 1
SELECT starhouse.drop_rollup(rollup) FROM starhouse.rollup ORDER BY starhouse.rollup_level(rollup) DESC, rollup::text;
SELECT count(*) FROM pg_class WHERE relnamespace = 'rollup_watermark'::regnamespace AND relname ~ '_seen$';
DROP SCHEMA rollup_watermark CASCADE;
DROP OWNED BY rollup_watermark_writer;
DROP ROLE rollup_watermark_writer;
