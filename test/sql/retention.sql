-- What is kept how long is data; dropping it takes nothing from the rollups above.
SET client_min_messages = warning;
CREATE SCHEMA retention;
SET search_path = retention;
SET timezone = 'UTC';
SET jit = off;
\set SHOW_CONTEXT never
CREATE TABLE pings (at timestamptz NOT NULL, cell text, speed float8) PARTITION BY RANGE (at);
SELECT starhouse.ensure_partitions('pings', '2024-01-01', '2024-03-31', '1 month') AS made;
SELECT starhouse.create_rollup('hourly', 'pings', 'at', '1 hour', '{cell}', '{"n": "count(*)", "fastest": "max(speed)"}');
SELECT starhouse.create_rollup_on('daily', 'hourly', '1 day');
SELECT starhouse.create_rollup_on('weekly', 'daily', '7 days', '{}');
INSERT INTO pings SELECT timestamptz '2024-01-01' + i * interval '1 hour', 'c' || i % 3, i FROM generate_series(0, 2000) i;
CREATE TEMP TABLE before AS SELECT bucket, n, fastest FROM weekly;
CREATE TEMP TABLE days_before AS SELECT bucket, cell, n, fastest FROM daily;
SELECT starhouse.set_retention('pings', '30 days'), starhouse.set_retention('hourly', '40 days');
SELECT relation, keep FROM starhouse.retention ORDER BY 1::text;
-- At the end of March: January and February are too old as rows, as hours what is before the week that holds 20 February.
SELECT dropped, before, row_count FROM starhouse.apply_retention('hourly', '2024-03-31');
SELECT dropped, before FROM starhouse.apply_retention('pings', '2024-03-31');
SELECT min(bucket) FROM hourly;
SELECT min(at) FROM pings;
SELECT (SELECT count(*) FROM (TABLE before EXCEPT ALL SELECT bucket, n, fastest FROM weekly) AS d) AS weeks_lost, (SELECT count(*) FROM (TABLE days_before EXCEPT ALL SELECT bucket, cell, n, fastest FROM daily) AS d) AS days_lost;
-- And not later either: rebuilt, compacted, with a late row of long ago, applied again.
SELECT starhouse.rollup_rebuild('hourly') > 0 AND starhouse.rollup_rebuild('daily') > 0 AND starhouse.rollup_rebuild('weekly') > 0 AS marked;
CALL starhouse.rollup_compact_all();
SELECT (SELECT count(*) FROM (TABLE before EXCEPT ALL SELECT bucket, n, fastest FROM weekly) AS d) AS weeks_lost, (SELECT count(*) FROM (TABLE days_before EXCEPT ALL SELECT bucket, cell, n, fastest FROM daily) AS d) AS days_lost;
SELECT starhouse.ensure_partitions('pings', '2024-01-01', '2024-01-02', '1 month') AS made;
INSERT INTO pings VALUES ('2024-01-02 03:00', 'c0', 5000);
SELECT dropped, row_count FROM starhouse.apply_retention('hourly', '2024-03-31');
SELECT d.bucket, d.cell, d.n - b.n AS more, d.fastest FROM daily d JOIN days_before b USING (bucket, cell) WHERE d.n <> b.n OR d.fastest <> b.fastest;
SELECT (SELECT count(*) FROM starhouse.rollup_check('hourly')) + (SELECT count(*) FROM starhouse.rollup_check('daily')) + (SELECT count(*) FROM starhouse.rollup_check('weekly')) AS differences;
-- Sessions: those that ended, the gap included, before the cutoff go; the one that lasts over it stays whole.
CREATE TABLE clicks (at timestamptz, viewer text);
INSERT INTO clicks SELECT timestamptz '2024-03-01 00:00' + i * interval '10 minutes', 'long' FROM generate_series(0, 300) i;
INSERT INTO clicks SELECT timestamptz '2024-03-01 00:00' + i * interval '6 hours', 'often' FROM generate_series(0, 20) i;
INSERT INTO clicks VALUES ('2024-03-01 23:35', 'edge'), ('2024-03-01 23:25', 'edge before');
SELECT starhouse.create_sessions('visits', 'clicks', 'at', '30 minutes', '{viewer}', '{"n": "count(*)"}');
SELECT starhouse.set_retention('visits', '30 days');
SELECT dropped, before, row_count FROM starhouse.apply_retention('visits', '2024-04-01');
SELECT viewer, count(*), min(session_start), max(n) FROM visits GROUP BY 1 ORDER BY 1;
-- They do not come back: checked, rebuilt, compacted. A late row of that time makes a session until the next time.
SELECT * FROM starhouse.rollup_check('visits');
SELECT starhouse.rollup_rebuild('visits') > 0 AS marked;
SELECT starhouse.rollup_compact('visits') IS NOT NULL AS compacted;
INSERT INTO clicks VALUES ('2024-03-01 05:00', 'often'), ('2024-03-02 00:10', 'often');
SELECT viewer, count(*), min(session_start), max(n) FROM visits GROUP BY 1 ORDER BY 1;
SELECT * FROM starhouse.rollup_check('visits');
SELECT row_count FROM starhouse.apply_retention('visits', '2024-04-01');
SELECT * FROM starhouse.apply_retention('visits', '2024-04-01');
SELECT viewer, count(*), min(session_start), max(n) FROM visits GROUP BY 1 ORDER BY 1;
SELECT * FROM starhouse.rollup_check('visits');
SELECT starhouse.set_retention('visits', NULL), starhouse.drop_rollup('visits');
-- All of it by one call; by now all is old.
CALL starhouse.apply_retention();
SELECT (SELECT count(*) FROM pings) AS rows, (SELECT count(*) FROM hourly WHERE bucket < '2024-03-18') AS hours, (SELECT sum(n) FROM weekly) AS pings;
SELECT starhouse.set_retention('hourly', NULL);
SELECT relation, keep FROM starhouse.retention;
SELECT * FROM starhouse.apply_retention('hourly', '2030-01-01');
\set ON_ERROR_STOP 0
CREATE TABLE plain (at timestamptz);
SELECT starhouse.set_retention('plain', '1 day');
\echo :SQLSTATE
SELECT starhouse.set_retention('pings', '-1 day');
\echo :SQLSTATE
SELECT starhouse.set_retention(NULL, '1 day');
\echo :SQLSTATE
\set ON_ERROR_STOP 1
DELETE FROM starhouse.retention;
SELECT starhouse.drop_rollup(rollup) FROM starhouse.rollup ORDER BY starhouse.rollup_level(rollup) DESC, rollup::text;
DROP SCHEMA retention CASCADE;
