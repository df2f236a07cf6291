-- Sessions are the runs of rows within the gap, per group, whatever comes late, changes or goes.
SET client_min_messages = warning;
CREATE SCHEMA rollup_session;
SET search_path = rollup_session;
SET timezone = 'UTC';
SET jit = off;
\set SHOW_CONTEXT never
CREATE FUNCTION random_of(seed text, below int) RETURNS int LANGUAGE sql IMMUTABLE AS $$
  SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint & 2147483647)::int % below $$;
CREATE TABLE clicks (id int, at timestamptz, viewer text, page text, seconds int);
SELECT starhouse.create_sessions('visits', 'clicks', 'at', '30 minutes', '{viewer}', '{"n": "count(*)", "seconds": "sum(seconds)", "last_page": "max(page)", "pages": "approx_count_distinct(page)"}', lateness => '1 hour');
-- Exactly the gap apart is one session, a second more are two; a late row joins two; a deleted one parts them.
INSERT INTO clicks VALUES (1, '2024-01-01 10:00', 'a', 'x', 1), (2, '2024-01-01 10:30', 'a', 'y', 2), (3, '2024-01-01 11:00:01', 'a', 'z', 4), (4, '2024-01-01 10:10', NULL, 'x', 8), (5, '2024-01-01 10:20', NULL, 'x', 16);
SELECT * FROM visits ORDER BY viewer, session_start;
INSERT INTO clicks VALUES (6, '2024-01-01 10:45', 'a', 'x', 32);
SELECT session_start, session_end, viewer, n, seconds FROM visits ORDER BY viewer, session_start;
SELECT starhouse.rollup_compact('visits');
SELECT count(*) FROM visits_rolled;
DELETE FROM clicks WHERE id = 6;
SELECT session_start, session_end, viewer, n, seconds FROM visits ORDER BY viewer, session_start;
SELECT starhouse.rollup_compact('visits');
SELECT session_start, session_end, viewer, n, seconds FROM visits ORDER BY viewer, session_start;
-- Final when no row in time can lengthen it; what comes all the same is taken up and counted.
INSERT INTO clicks VALUES (7, '2024-01-01 15:00', 'b', 'x', 1);
SELECT starhouse.rollup_compact('visits');
SELECT session_start, viewer, n, is_final FROM visits ORDER BY viewer, session_start;
INSERT INTO clicks VALUES (8, '2024-01-01 10:40', NULL, 'q', 1), (9, '2024-01-01 14:59', 'b', 'q', 1);
SELECT session_start, session_end, viewer, n, last_page, is_final FROM visits WHERE viewer IS DISTINCT FROM 'a' ORDER BY viewer, session_start;
SELECT starhouse.rollup_compact('visits');
SELECT (SELECT count(*) FROM visits_rolled) = (SELECT count(*) FROM visits) AS stored;
SELECT rollup_name, rests_on, bucket, gap, watermark, late_rows, late_revisions FROM starhouse.rollup_status WHERE rollup_name = 'visits'::regclass;

-- By a query of another kind.
SELECT starhouse.create_sessions('busy', 'clicks', 'at', '20 minutes', NULL, '{"n": "count(*)", "most": "max(seconds)"}', filter => 'page <> ''x''');
SELECT starhouse.create_sessions('parts', 'clicks', 'at', '1 hour', ARRAY['viewer', 'left(page, 1) AS letter'], '{"n": "count(*)", "mean": "avg(seconds)"}');
CREATE FUNCTION by_rows(gap interval, grouped text, filter text) RETURNS TABLE (session_start timestamptz, session_end timestamptz, grp text, n bigint) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format($q$
    WITH RECURSIVE e AS (SELECT row_number() OVER (PARTITION BY %1$s ORDER BY at, id) AS k, at, %1$s AS g FROM clicks WHERE at IS NOT NULL AND %2$s),
      s AS (SELECT k, at, g, at AS began FROM e WHERE k = 1
            UNION ALL SELECT e.k, e.at, e.g, CASE WHEN e.at - s.at <= %3$L THEN s.began ELSE e.at END FROM s JOIN e ON e.k = s.k + 1 AND e.g IS NOT DISTINCT FROM s.g)
    SELECT began, max(at), g, count(*) FROM s GROUP BY began, g$q$, grouped, filter, gap);
END $$;
CREATE VIEW visits_by_rows AS SELECT * FROM by_rows('30 minutes', 'viewer', 'true');
CREATE VIEW busy_by_rows AS SELECT * FROM by_rows('20 minutes', 'NULL::text', 'page <> ''x''');
CREATE VIEW parts_by_rows AS SELECT * FROM by_rows('1 hour', 'concat(viewer, ''/'', left(page, 1))', 'true');
CREATE FUNCTION wrong() RETURNS TABLE (what text, differences bigint) LANGUAGE sql AS $$
  SELECT * FROM (
    SELECT 'visits', count(*) AS n FROM ((SELECT session_start, session_end, viewer, n FROM visits EXCEPT ALL TABLE visits_by_rows) UNION ALL (TABLE visits_by_rows EXCEPT ALL SELECT session_start, session_end, viewer, n FROM visits)) d
    UNION ALL SELECT 'busy', count(*) FROM ((SELECT session_start, session_end, NULL, n FROM busy EXCEPT ALL TABLE busy_by_rows) UNION ALL (TABLE busy_by_rows EXCEPT ALL SELECT session_start, session_end, NULL, n FROM busy)) d
    UNION ALL SELECT 'parts', count(*) FROM ((SELECT session_start, session_end, concat(viewer, '/', letter), n FROM parts EXCEPT ALL TABLE parts_by_rows) UNION ALL (TABLE parts_by_rows EXCEPT ALL SELECT session_start, session_end, concat(viewer, '/', letter), n FROM parts)) d
    UNION ALL SELECT 'check of ' || r, (SELECT count(*) FROM starhouse.rollup_check(r)) FROM unnest('{visits, busy, parts}'::regclass[]) AS r) AS x(what, n) WHERE n > 0 $$;
SELECT * FROM wrong();
DO $$
DECLARE
  bad text;
BEGIN
  FOR run IN 1..60 LOOP
    CASE random_of('kind' || run, 8)
    WHEN 0, 1, 2 THEN INSERT INTO clicks SELECT run * 100 + i, timestamptz '2024-01-01' + random_of(run || 't' || i, 3 * 24 * 60) * interval '1 minute', nullif('w' || random_of(run || 'w' || i, 6), 'w0'),
                        chr(120 + random_of(run || 'p' || i, 3)), random_of(run || 's' || i, 100) FROM generate_series(1, random_of('size' || run, 40)) i;
    WHEN 3 THEN DELETE FROM clicks WHERE random_of(run || 'd' || id, 8) = 0;
    WHEN 4 THEN UPDATE clicks SET at = at + interval '25 minutes', seconds = seconds + 1 WHERE random_of(run || 'u' || id, 9) = 0;
    WHEN 5 THEN UPDATE clicks SET viewer = CASE WHEN id % 2 = 0 THEN 'w1' END, page = 'y' WHERE random_of(run || 'v' || id, 12) = 0;
    WHEN 6 THEN PERFORM starhouse.rollup_rebuild(('{visits, busy, parts}'::regclass[])[1 + run % 3], '2024-01-01 12:00', '2024-01-02 12:00');
    ELSE PERFORM starhouse.rollup_compact(r) FROM unnest('{visits, busy, parts}'::regclass[]) AS r WHERE random_of(run || r::text, 3) > 0;
    END CASE;
    SELECT string_agg(w::text, ', ') INTO bad FROM wrong() w;
    IF bad IS NOT NULL THEN
      RAISE EXCEPTION 'sessions differ after statement %: %', run, bad;
    END IF;
  END LOOP;
END $$;
SELECT (SELECT count(*) FROM visits_delta) > 0 AS waiting, (SELECT count(*) FROM visits_dirty) > 0 AS marked, (SELECT count(*) FROM visits) > 50 AS many, (SELECT max(n) FROM visits) > 4 AS long;
CALL starhouse.rollup_compact_all();
SELECT * FROM wrong();
SELECT (SELECT count(*) FROM visits_rolled) = (SELECT count(*) FROM visits) AS stored, (SELECT count(*) FROM visits_delta) + (SELECT count(*) FROM visits_dirty) AS waiting;
-- What triggers did not see is found, and taken up: a row in a session, one that joins two, one of its own.
ALTER TABLE clicks DISABLE TRIGGER USER;
INSERT INTO clicks SELECT 90000 + i, timestamptz '2024-01-01 12:00' + i * interval '11 minutes', 'w2', 'x', 1 FROM generate_series(1, 20) i;
INSERT INTO clicks VALUES (99999, '2024-02-01', 'new', 'x', 1);
ALTER TABLE clicks ENABLE TRIGGER USER;
SELECT count(*) > 0 AS found FROM starhouse.rollup_check('visits');
SELECT starhouse.rollup_rebuild('visits', '2024-01-01 12:00', '2024-02-02') > 0 AND starhouse.rollup_rebuild('busy') > 0 AND starhouse.rollup_rebuild('parts') > 0 AS marked;
SELECT * FROM wrong();
CALL starhouse.rollup_compact_all();
SELECT * FROM wrong();
-- Raw rows go, their sessions stay, also one that began before and ended after.
CREATE TEMP TABLE kept AS SELECT session_start, session_end, viewer, n FROM visits WHERE session_start < '2024-01-02';
SELECT starhouse.rollup_freeze('visits', '2024-01-02');
ALTER TABLE clicks DISABLE TRIGGER USER;
DELETE FROM clicks WHERE at < '2024-01-02';
ALTER TABLE clicks ENABLE TRIGGER USER;
SELECT starhouse.rollup_rebuild('visits') > 0 AS marked;
SELECT starhouse.rollup_compact('visits') IS NOT NULL;
SELECT count(*) AS lost FROM (TABLE kept EXCEPT ALL SELECT session_start, session_end, viewer, n FROM visits) AS d;
SELECT * FROM starhouse.rollup_check('visits');
TRUNCATE clicks;
SELECT count(*) AS lost FROM (TABLE kept EXCEPT ALL SELECT session_start, session_end, viewer, n FROM visits) AS d;
SELECT count(*) FROM busy;

\set ON_ERROR_STOP 0
SELECT starhouse.create_sessions('bad', 'clicks', 'at', '0', '{viewer}', '{"n": "count(*)"}');
\echo :SQLSTATE
SELECT starhouse.create_sessions('bad', 'clicks', 'at', '1 month', '{viewer}', '{"n": "count(*)"}');
\echo :SQLSTATE
SELECT starhouse.create_sessions('bad', 'clicks', 'at', NULL, '{viewer}', '{"n": "count(*)"}');
\echo :SQLSTATE
SELECT starhouse.create_sessions('bad', 'clicks', 'id', '1 hour', '{viewer}', '{"n": "count(*)"}');
\echo :SQLSTATE
SELECT starhouse.create_sessions('bad', 'visits', 'session_start', '1 hour', '{viewer}', '{"n": "count(*)"}');
\echo :SQLSTATE
SELECT starhouse.create_rollup_on('bad', 'visits', '1 day');
\echo :SQLSTATE
SELECT starhouse.create_windows('bad', 'visits', '1 day');
\echo :SQLSTATE
\set ON_ERROR_STOP 1
DROP VIEW visits_by_rows, busy_by_rows, parts_by_rows CASCADE;
SELECT starhouse.drop_rollup(rollup) FROM starhouse.rollup ORDER BY rollup::text;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'clicks'::regclass;
DROP SCHEMA rollup_session CASCADE;
