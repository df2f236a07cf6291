-- append_facts: rows, duplicates, foreign keys, and every reason for the plain path.
CREATE SCHEMA append;
SET search_path = append, starhouse;
SET timezone = 'UTC';
SET datestyle = ISO;
CREATE TABLE store (id text COLLATE "C" PRIMARY KEY);
CREATE TABLE version (id bigint PRIMARY KEY);
INSERT INTO store VALUES ('a'), ('b');
INSERT INTO version SELECT generate_series(-1, 500);
CREATE TABLE fact (
  at timestamptz NOT NULL, event text COLLATE "C" NOT NULL, store_key text COLLATE "C" REFERENCES store,
  version bigint NOT NULL DEFAULT -1 REFERENCES version, amount numeric CONSTRAINT unlucky CHECK (amount <> 13), note text DEFAULT 'none',
  PRIMARY KEY (at, event)
) PARTITION BY RANGE (at);
-- One partition has its columns in another order, after a dropped one.
CREATE TABLE fact_1 (gone int, amount numeric CONSTRAINT unlucky CHECK (amount <> 13), note text DEFAULT 'none', version bigint NOT NULL DEFAULT -1,
  store_key text COLLATE "C", event text COLLATE "C" NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (at, event));
ALTER TABLE fact_1 DROP COLUMN gone;
ALTER TABLE fact ATTACH PARTITION fact_1 FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE fact_2 PARTITION OF fact FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');

CREATE VIEW source AS
  SELECT timestamptz '2025-01-20 00:00Z' + n * interval '1 hour' AS at, 'e' || n AS event,
         CASE WHEN n % 7 = 0 THEN NULL WHEN n % 2 = 0 THEN 'a' ELSE 'b' END::text AS store_key,
         (n % 500)::bigint AS version, n::numeric / 4 AS amount
  FROM generate_series(1, 600) n WHERE n <> 52;

\echo -- all rows land, defaults are filled
SELECT * FROM append_facts('fact', 'SELECT * FROM append.source');
SELECT count(*), count(store_key), sum(version), sum(amount), min(note), max(note) FROM fact;
SELECT tableoid::regclass, count(*) FROM fact GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM (SELECT at, event, store_key, version, amount FROM fact EXCEPT SELECT * FROM source) d;

\echo -- again: nothing is added; late, new and twice-given rows are told apart
SELECT * FROM append_facts('fact', 'SELECT * FROM append.source');
SELECT * FROM append_facts('fact', $$
  SELECT at, event, version FROM append.source WHERE event < 'e2'
  UNION ALL SELECT '2025-01-02', 'late', 1
  UNION ALL SELECT '2025-01-02', 'late', 2
  UNION ALL SELECT '2025-02-27', 'new', 3
  UNION ALL SELECT '2025-02-27', 'new', 4$$);
SELECT event, version, note FROM fact WHERE event IN ('late', 'new') ORDER BY 1;
\echo -- the index agrees with the heap
SET enable_seqscan = off;
SELECT count(*) FROM fact WHERE at > '2000-01-01';
RESET enable_seqscan;

\echo -- twins in order, in a large group of one time, and out of order
BEGIN;
CREATE VIEW ordered AS
  SELECT timestamptz '2025-02-20 00:00Z' + n / 3 * interval '1 second' AS at, 'o' || n % 2 AS event FROM generate_series(0, 299) n;
CREATE VIEW grouped AS
  SELECT timestamptz '2025-02-21 00:00Z' AS at, 'g' || n % 700 AS event FROM generate_series(0, 1999) n;
CREATE VIEW shuffled AS
  SELECT timestamptz '2025-02-22 00:00Z' + n * 7919 % 1000 * interval '1 second' AS at, 's' AS event FROM generate_series(0, 2999) n;
SELECT * FROM append_facts('fact', 'SELECT * FROM append.ordered');
SELECT * FROM append_facts('fact', 'SELECT * FROM append.grouped');
SELECT * FROM append_facts('fact', 'SELECT * FROM append.shuffled');
SELECT count(*) FROM fact WHERE at >= '2025-02-20' AND at < '2025-02-23';
DELETE FROM fact WHERE at >= '2025-02-20' AND at < '2025-02-23';
SELECT * FROM append_facts('fact', $$SELECT * FROM append.ordered UNION ALL SELECT * FROM append.grouped UNION ALL SELECT * FROM append.shuffled
  UNION ALL SELECT * FROM append.ordered UNION ALL SELECT * FROM append.grouped$$);
SELECT (SELECT count(*) FROM fact WHERE at >= '2025-02-20' AND at < '2025-02-23')
  = (SELECT count(*) FROM (SELECT * FROM ordered UNION SELECT * FROM grouped UNION SELECT * FROM shuffled) d) AS each_once;
ROLLBACK;

\echo -- rows that the caller vouches for are not looked up: twins among them are left out, one that is there is an error
BEGIN;
SELECT * FROM append_facts('fact', $$SELECT timestamptz '2025-02-03' + n % 5 * interval '1 hour' AS at, 'vouched'::text AS event FROM generate_series(0, 7) n$$, rows_are_new => true);
SELECT count(*) FROM fact WHERE event = 'vouched';
\set VERBOSITY sqlstate
SELECT * FROM append_facts('fact', $$SELECT timestamptz '2025-02-03' AS at, 'vouched'::text AS event$$, rows_are_new => true);
\set VERBOSITY default
ROLLBACK;

\echo -- or row by row, by a column _new, which is not stored; the plain insert looks all rows up
BEGIN;
CREATE TABLE computed (id integer PRIMARY KEY, twice integer GENERATED ALWAYS AS (2 * id) STORED);
CREATE TABLE with_own (id integer PRIMARY KEY, _new boolean);
SELECT * FROM append_facts('fact', $$SELECT timestamptz '2025-02-03' + n * interval '1 hour' AS at, 'told'::text AS event, true AS _new FROM generate_series(0, 3) n$$);
SELECT * FROM append_facts('fact', $$SELECT timestamptz '2025-02-03' + n % 8 * interval '1 hour' AS at, 'told'::text AS event,
  CASE n / 4 WHEN 0 THEN false WHEN 1 THEN true END AS _new FROM generate_series(0, 11) n$$);
SELECT count(*) FROM fact WHERE event = 'told';
SELECT * FROM append_facts('computed', 'SELECT n AS id, true AS _new FROM generate_series(1, 3) n');
SELECT * FROM append_facts('computed', 'SELECT n AS id, true AS _new FROM generate_series(2, 4) n');
SELECT * FROM append_facts('with_own', 'SELECT 1 AS id, true AS _new');
SELECT * FROM append_facts('with_own', 'SELECT 1 AS id, true AS _new');
SELECT * FROM with_own;
\set VERBOSITY sqlstate
SELECT * FROM append_facts('fact', $$SELECT timestamptz '2025-02-03' AS at, 'told'::text AS event, true AS _new$$);
\set VERBOSITY default
ROLLBACK;

\echo -- constraints hold, and nothing of a failed batch stays
\set VERBOSITY default
SELECT * FROM append_facts('fact', $$SELECT timestamptz '2025-01-03' AS at, 'x'::text AS event, 'nowhere'::text AS store_key$$);
SELECT * FROM append_facts('fact', $$SELECT timestamptz '2025-01-03' AS at, 'x'::text AS event, 777::bigint AS version$$);
SELECT * FROM append_facts('fact', $$SELECT timestamptz '2025-01-03' AS at, 'x'::text AS event, 13::numeric AS amount$$);
SELECT * FROM append_facts('fact', $$SELECT timestamptz '2025-01-03' AS at, NULL::text AS event$$);
SELECT * FROM append_facts('fact', $$SELECT timestamptz '2031-01-03' AS at, 'x'::text AS event$$);
SELECT count(*) FROM fact WHERE event = 'x';

\echo -- wrong use
SELECT * FROM append_facts('fact', 'SELECT 1 AS nothing');
SELECT * FROM append_facts('fact', 'SELECT 1 AS version, 2 AS version');
SELECT * FROM append_facts('fact', 'SELECT 1; SELECT 2');
SELECT * FROM append_facts('source', 'SELECT 1 AS version');

\echo -- a referenced row is held until commit
BEGIN;
SELECT inserted FROM append_facts('fact', $$SELECT timestamptz '2025-01-04' AS at, 'held'::text AS event, 500::bigint AS version$$);
SELECT count(*) FROM pg_locks l WHERE l.relation = 'version'::regclass AND mode = 'RowShareLock';
COMMIT;
DELETE FROM version WHERE id = 500;

\echo -- the plain path, with its reason
SELECT * FROM append_facts('fact', $$SELECT '2025-01-05 00:00Z'::timestamptz AS at, 'varchar'::varchar AS event, 1 AS version$$);
CREATE TABLE log (event text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO append.log VALUES (NEW.event); RETURN NEW; END$$;
CREATE TRIGGER note AFTER INSERT ON fact_2 FOR EACH ROW EXECUTE FUNCTION note();
SELECT * FROM append_facts('fact', $$SELECT timestamptz '2025-02-05' AS at, 'logged'::text AS event$$);
SELECT * FROM log;
DROP TRIGGER note ON fact_2;
ALTER TABLE fact ENABLE ROW LEVEL SECURITY;
SELECT slow_because FROM append_facts('fact', $$SELECT timestamptz '2025-02-06' AS at, 'rls'::text AS event$$);
ALTER TABLE fact DISABLE ROW LEVEL SECURITY;
CREATE TABLE odd (id int PRIMARY KEY, other int UNIQUE, twice int GENERATED ALWAYS AS (id * 2) STORED);
SELECT * FROM append_facts('odd', 'SELECT 1 AS id, 1 AS other');
ALTER TABLE odd DROP COLUMN twice;
SELECT * FROM append_facts('odd', 'SELECT 1 AS id, 2 AS other UNION ALL SELECT 2, 2 UNION ALL SELECT 3, 2');
CREATE TABLE number_key (id numeric PRIMARY KEY);
SELECT * FROM append_facts('number_key', 'SELECT 1.0 AS id UNION ALL SELECT 1.00');

\echo -- a table without any key, and a plain table with one
CREATE TABLE heap (a int, b text);
SELECT * FROM append_facts('heap', 'SELECT g AS a, ''x''::text AS b FROM generate_series(1, 2500) g');
SELECT count(*), sum(a) FROM heap;
CREATE TABLE keyed (a int PRIMARY KEY, b text);
SELECT * FROM append_facts('keyed', 'SELECT g % 1500 AS a, ''x''::text AS b FROM generate_series(1, 2500) g');
SELECT count(*), sum(a) FROM keyed;

\echo -- tables made in the same transaction get their indexes at the end
BEGIN;
CREATE TABLE fresh (at timestamptz, event text, version bigint REFERENCES version, PRIMARY KEY (at, event)) PARTITION BY RANGE (at);
CREATE INDEX ON fresh USING brin (at);
CREATE TABLE fresh_1 PARTITION OF fresh FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE fresh_2 PARTITION OF fresh FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
SELECT * FROM append_facts('fresh', $$
  SELECT timestamptz '2025-01-20 00:00Z' + (n % 500) * interval '1 hour' AS at, 'e' || n % 500 AS event, 1::bigint AS version FROM generate_series(1, 700) n$$);
-- The second call finds filled partitions and grows their indexes.
SELECT * FROM append_facts('fresh', $$
  SELECT timestamptz '2025-01-20 00:00Z' + n * interval '1 hour' AS at, 'e' || n AS event, 1::bigint AS version FROM generate_series(490, 509) n$$);
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM fresh WHERE at >= '2025-02-01';
SELECT count(*), count(DISTINCT event) FROM fresh WHERE at >= '2025-01-01';
SELECT tableoid::regclass, event FROM fresh WHERE at IN ('2025-01-20 07:00Z', '2025-02-10 04:00Z') ORDER BY at;
INSERT INTO fresh VALUES ('2025-01-20 07:00Z', 'e7', 1) ON CONFLICT DO NOTHING;
COMMIT;
SELECT indexrelid::regclass, indisvalid, indisready FROM pg_index WHERE indrelid IN ('fresh_1'::regclass, 'fresh_2'::regclass) ORDER BY 1;

\echo -- more distinct keys than are checked at once
CREATE TABLE many (id int PRIMARY KEY);
INSERT INTO many SELECT generate_series(1, 300000);
CREATE TABLE many_fact (id int REFERENCES many, note text);
SELECT * FROM append_facts('many_fact', 'SELECT g AS id, ''n'' || g AS note FROM generate_series(1, 300000) g ORDER BY g % 7, g');
SELECT count(*), sum(id::bigint), count(DISTINCT note) FROM many_fact;
SELECT * FROM append_facts('many_fact', 'SELECT g AS id FROM generate_series(300001, 2, -1) g');

\echo -- statements see what was added
CREATE TABLE total (b text PRIMARY KEY, n bigint);
SELECT * FROM append_facts('keyed', 'SELECT g AS a, CASE WHEN g % 2 = 0 THEN ''even'' ELSE ''odd'' END AS b FROM generate_series(1490, 1509) g', ARRAY[
  'INSERT INTO total SELECT b, count(*) FROM added GROUP BY b',
  'UPDATE total SET n = n + (SELECT max(a) FROM added)',
  'SELECT append_facts(''heap'', ''SELECT -a AS a, b FROM added WHERE a % 2 = 1'')']);
SELECT * FROM total ORDER BY b;
SELECT a, b FROM heap WHERE a < 0 ORDER BY a;
-- Also where a plain INSERT runs, and where a statement adds on its own account.
ALTER TABLE odd ADD gone int;
ALTER TABLE odd DROP COLUMN gone;
ALTER TABLE odd ADD late text DEFAULT 'given';
SELECT inserted, slow_because FROM append_facts('odd', 'SELECT 3 AS id, 3 AS other UNION ALL SELECT 4, 3 UNION ALL SELECT 5, 5', ARRAY[
  $$SELECT append_facts('keyed', 'SELECT 9000 + id AS a, late AS b FROM added', ARRAY['UPDATE keyed SET b = added.b || ''!'' FROM added WHERE keyed.a = added.a'])$$,
  $$INSERT INTO heap SELECT id + 7000, late FROM added$$]);
SELECT a, b FROM keyed WHERE a >= 9000 ORDER BY a;
SELECT a, b FROM heap WHERE a >= 7000 ORDER BY a;
SELECT * FROM append_facts('odd', 'SELECT 3 AS id, 3 AS other', ARRAY['INSERT INTO total SELECT id::text, other FROM added', 'INSERT INTO total SELECT ''none'', count(*) FROM added']);
SELECT * FROM total WHERE b = 'none';
-- A statement that fails undoes the rows, and the name is gone.
SELECT * FROM append_facts('keyed', 'SELECT 9500 AS a', ARRAY['SELECT 1 / count(b) FROM added']);
SELECT * FROM append_facts('keyed', 'SELECT 9500 AS a', ARRAY[NULL::text]);
SELECT * FROM append_facts('keyed', 'SELECT 9500 AS a', ARRAY['COMMIT']);
SELECT count(*) FROM keyed WHERE a = 9500;
SELECT * FROM append_facts('keyed', 'SELECT a FROM added');
SELECT * FROM append_facts('keyed', 'SELECT 9501 AS a', NULL::text[]);

\echo -- statements see what the fact had already: each key once, and not what came twice in the batch
CREATE TABLE day_sum (day date, place text COLLATE "C", n bigint NOT NULL, note text DEFAULT 'none', PRIMARY KEY (day, place)) PARTITION BY RANGE (day);
CREATE TABLE day_sum_1 (note text DEFAULT 'none', n bigint NOT NULL, place text COLLATE "C" NOT NULL, day date NOT NULL, PRIMARY KEY (day, place));
ALTER TABLE day_sum ATTACH PARTITION day_sum_1 FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE day_sum_2 PARTITION OF day_sum FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
INSERT INTO day_sum VALUES ('2025-01-05', 'a', 5, 'old'), ('2025-01-05', 'b', 7, 'old'), ('2025-02-05', 'a', 9, 'old');
CREATE VIEW day_delta (place, n, day) AS
  VALUES ('a'::text, 100::bigint, date '2025-01-05'), ('a', 100, '2025-01-05'), ('c', 300, '2025-01-05'), ('c', 400, '2025-01-05'), ('a', 500, '2025-02-05'), ('a', 600, '2025-02-06'),
         ('a', 700, '2025-01-04'), ('b', 800, '2025-02-06');
CREATE FUNCTION add_days(OUT selected bigint, OUT inserted bigint, OUT slow_because text) LANGUAGE sql AS $body$
  SELECT * FROM append_facts('day_sum', 'SELECT * FROM append.day_delta ORDER BY day, n', ARRAY[
    'UPDATE append.day_sum s SET n = s.n + k.n FROM known k WHERE s.day = k.day AND s.place = k.place',
    'INSERT INTO append.total SELECT ''known'', count(*) FROM known ON CONFLICT (b) DO UPDATE SET n = excluded.n',
    $$SELECT starhouse.append_facts('append.heap', 'SELECT (100000 + n)::int AS a, place AS b FROM known')$$])
$body$;
BEGIN;
SELECT * FROM add_days();
TABLE day_sum ORDER BY day, place;
SELECT n FROM total WHERE b = 'known';
SELECT a, b FROM heap WHERE a > 100000 ORDER BY a;
-- A second time all of it is known.
SELECT * FROM add_days();
SELECT n FROM total WHERE b = 'known';
ROLLBACK;
-- The same where a plain INSERT runs, whatever "=" is to the session.
BEGIN;
CREATE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER quiet BEFORE INSERT ON day_sum FOR EACH ROW EXECUTE FUNCTION quiet();
CREATE FUNCTION never(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR append.= (LEFTARG = text, RIGHTARG = text, FUNCTION = never);
SELECT * FROM add_days();
TABLE day_sum ORDER BY day, place;
SELECT n FROM total WHERE b = 'known';
SELECT a, b FROM heap WHERE a > 100000 ORDER BY a;
-- Other types than the table's, and a key whose rest is left to its default: nothing of it is there.
ALTER TABLE day_sum ALTER place SET DEFAULT 'z';
SELECT inserted, slow_because FROM append_facts('day_sum', $$SELECT '2025-01-05 12:00'::timestamp AS day, 'b'::varchar AS place, 1::int AS n$$, ARRAY['INSERT INTO total SELECT ''cast'', n FROM known']);
SELECT inserted FROM append_facts('day_sum', $$SELECT date '2025-01-05' AS day, 1::bigint AS n$$, ARRAY['INSERT INTO total SELECT ''rest'', count(*) FROM known']);
SELECT * FROM total WHERE b IN ('cast', 'rest') ORDER BY b;
ROLLBACK;
SELECT * FROM append_facts('day_sum', 'SELECT day, place, n FROM known');
DROP FUNCTION add_days;
DROP VIEW day_delta;
DROP TABLE day_sum;

\echo -- an index of block ranges takes in what is new to a page, and only that
CREATE TABLE ranged (id int PRIMARY KEY, batch bigint, part int);
CREATE INDEX ranged_batch ON ranged USING brin (batch, part) WITH (pages_per_range = 1);
CREATE INDEX ranged_part ON ranged (part);
INSERT INTO ranged SELECT g, 1, 0 FROM generate_series(1, 10) g;
SELECT * FROM append_facts('ranged', 'SELECT g AS id, (g / 20)::bigint AS batch, g / 40 AS part FROM generate_series(11, 150) g');
SET enable_seqscan = off;
SET enable_indexscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM ranged WHERE batch = 7;
SELECT (SELECT count(*) FROM ranged WHERE batch = 7) AS seven, (SELECT count(*) FROM ranged WHERE batch = 6) AS six, (SELECT count(*) FROM ranged WHERE batch = 1) AS one,
       (SELECT count(*) FROM ranged WHERE batch IS NULL) AS none, (SELECT count(*) FROM ranged WHERE part = 3) AS part;
SELECT * FROM append_facts('ranged', 'SELECT g AS id, CASE WHEN g <> 170 THEN 9 END::bigint AS batch, 4 AS part FROM generate_series(151, 3000) g');
SELECT (SELECT count(*) FROM ranged WHERE batch = 9) AS nine, (SELECT count(*) FROM ranged WHERE batch = 9 AND id < 180) AS some, (SELECT count(*) FROM ranged WHERE batch IS NULL) AS none;
RESET enable_indexscan;
RESET enable_seqscan;
DROP TABLE ranged;

\echo -- of what has an order it takes in what is outside of what it has, wherever in the rows that comes, and in whatever type; also of a range that is summarised meanwhile
CREATE TABLE ranged (id int PRIMARY KEY, at timestamptz, day date, small int2, several int8, word "char");
CREATE INDEX ranged_at ON ranged USING brin (at, day, small) WITH (pages_per_range = 4);
CREATE INDEX ranged_several ON ranged USING brin (several int8_minmax_multi_ops) WITH (pages_per_range = 4);
CREATE INDEX ranged_word ON ranged USING brin (word char_bloom_ops) WITH (pages_per_range = 2);
INSERT INTO ranged VALUES (0, '2025-01-01', '2025-01-01', 0, 0, 'a');
SELECT brin_summarize_new_values('ranged_at') + brin_summarize_new_values('ranged_several') + brin_summarize_new_values('ranged_word') AS ranges;
CREATE FUNCTION scattered(low int, high int) RETURNS text LANGUAGE sql RETURN format($$
  SELECT g AS id, CASE WHEN g %% 997 <> 0 THEN timestamptz '2025-06-01' + ((g * 7919) %% 5000 - 2500) * interval '1 hour' END AS at,
         date '2025-06-01' - (g * 104729) %% 1000 AS day, ((g * 31) %% 600 - 300)::int2 AS small, ((g * 613) %% 90) * 1000000007::int8 AS several,
         chr(97 + g %% 26)::"char" AS word FROM generate_series(%s, %s) g$$, low, high);
SELECT inserted, slow_because FROM append_facts('ranged', scattered(1, 1200));
SELECT brin_summarize_new_values('ranged_at') + brin_summarize_new_values('ranged_several') + brin_summarize_new_values('ranged_word') > 0 AS summarised;
SELECT inserted, slow_because FROM append_facts('ranged', scattered(1201, 9000));
CREATE FUNCTION found() RETURNS TABLE (what text, n bigint) LANGUAGE sql BEGIN ATOMIC
  SELECT 'at', sum((SELECT count(*) FROM ranged r WHERE r.at = timestamptz '2025-06-01' + h * interval '1 hour')) FROM generate_series(-2500, 2499, 50) h UNION ALL
  SELECT 'none', (SELECT count(*) FROM ranged r WHERE r.at IS NULL) UNION ALL
  SELECT 'day', sum((SELECT count(*) FROM ranged r WHERE r.day = date '2025-06-01' - d)) FROM generate_series(0, 999, 9) d UNION ALL
  SELECT 'small', sum((SELECT count(*) FROM ranged r WHERE r.small = s::int2)) FROM generate_series(-300, 299, 7) s UNION ALL
  SELECT 'several', sum((SELECT count(*) FROM ranged r WHERE r.several = s * 1000000007::int8)) FROM generate_series(0, 89) s UNION ALL
  SELECT 'word', sum((SELECT count(*) FROM ranged r WHERE r.word = chr(c)::"char")) FROM generate_series(97, 122, 5) c;
END;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM ranged WHERE at = '2025-06-01';
CREATE TABLE by_ranges AS SELECT * FROM found();
SET enable_bitmapscan = off;
RESET enable_seqscan;
SELECT f.what, f.n, b.n = f.n AS same FROM found() f JOIN by_ranges b USING (what) ORDER BY 1;
RESET enable_bitmapscan;
DROP FUNCTION found;
DROP TABLE ranged, by_ranges;

\echo -- ranges are those that the index was built with, whatever its option says since
CREATE TABLE ranged (id bigint NOT NULL, v int, pad text DEFAULT repeat('x', 200));
CREATE INDEX ranged_v ON ranged USING brin (v) WITH (pages_per_range = 1);
INSERT INTO ranged SELECT i, 1 FROM generate_series(1, 3000) i;
DELETE FROM ranged WHERE id > 35;
VACUUM (TRUNCATE off) ranged;
ALTER INDEX ranged_v SET (pages_per_range = 1024);
SELECT inserted, slow_because FROM append_facts('ranged', 'SELECT (10000 + i)::bigint AS id, CASE WHEN i > 30 THEN 5000 ELSE 1 END AS v FROM generate_series(1, 2000) i');
SET enable_seqscan = off;
SELECT count(*) FROM ranged WHERE v = 5000;
RESET enable_seqscan;
DROP TABLE ranged;

\echo -- rights are of the caller
CREATE ROLE append_user;
GRANT USAGE ON SCHEMA append TO append_user;
SET ROLE append_user;
SELECT * FROM append_facts('heap', 'SELECT 1 AS a');
RESET ROLE;
GRANT INSERT, SELECT ON fact, heap TO append_user;
SET ROLE append_user;
SELECT inserted, slow_because IS NOT NULL AS slow FROM append_facts('heap', 'SELECT 1 AS a');
SELECT inserted, slow_because FROM append_facts('fact', $$SELECT timestamptz '2025-02-07' AS at, 'other user'::text AS event$$);
RESET ROLE;
BEGIN READ ONLY;
SELECT * FROM append_facts('heap', 'SELECT 1 AS a');
ROLLBACK;
SET client_min_messages = warning;
DROP SCHEMA append CASCADE;
DROP ROLE append_user;
