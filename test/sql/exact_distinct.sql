-- Exact distinct counts and sets: against count(DISTINCT) and the set operations of SQL.
SET search_path = starhouse, public;
SET timezone = 'UTC';

-- Nothing, NULLs.
SELECT count_distinct_exact(1) AS none, distinct_state(1) IS NULL AS no_state, distinct_merge(NULL) IS NULL AS no_merge WHERE false;
SELECT count_distinct_exact(v) AS none, distinct_count(distinct_state(v)) IS NULL AS null_count FROM (VALUES (NULL::bigint), (NULL)) AS t(v);

-- The ends of every type, and the keys that tables use for themselves.
SELECT count_distinct_exact(v), count(DISTINCT v), distinct_count(distinct_state(v)::text::distinct_state) FROM unnest(ARRAY[-9223372036854775808, 9223372036854775807, 0, -1, 1, -9223372036854775808, 0, NULL]) v;
SELECT count_distinct_exact(v), distinct_state(v)::text = distinct_state(v::bigint)::text AS as_bigint FROM unnest(ARRAY[-2147483648, 2147483647, 0, 0]::int[]) v;
SELECT count_distinct_exact(v), distinct_count(distinct_state(v)::text::distinct_state) FROM unnest(ARRAY['-infinity', 'infinity', '4713-01-01 BC', '5874897-12-31', '4714-11-24 BC', 'infinity']::date[]) v;
SELECT count_distinct_exact(v), distinct_count(distinct_state(v)::text::distinct_state) FROM unnest(ARRAY['-infinity', 'infinity', '4714-11-24 00:00:00+00 BC', '294276-12-31 23:59:59.999999+00', '-infinity']::timestamptz[]) v;
SELECT count_distinct_exact(v), distinct_count(distinct_state(v)::text::distinct_state) FROM unnest(ARRAY['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '00000000-0000-0000-0000-000000000000']::uuid[]) v;
SELECT count_distinct_exact(v), distinct_count(distinct_state(v)::text::distinct_state) FROM unnest(ARRAY['', 'a', '', 'A', 'aa', repeat('x', 100000), repeat('x', 100000), repeat('x', 99999), 'é', 'e']) v;

-- Against the server, many values in many groups, every type.
CREATE TEMP TABLE event AS
  SELECT g AS id, g % 10 AS region, (hashint8extended(g, 1) & 8191) * 1000003 - 4000000000 AS n, (hashint8extended(g, 2) & 4095)::int - 2000 AS i,
         'user/' || (hashint8extended(g, 3) & 2047) || CASE WHEN g % 3 = 0 THEN '@example.com' ELSE '' END AS s, md5((hashint8extended(g, 4) & 4095)::text)::uuid AS u,
         date '2026-01-01' + (hashint8extended(g, 5) & 1023)::int AS d, timestamptz '2026-01-01' + (hashint8extended(g, 6) & 16383) * interval '1 minute' AS ts
  FROM generate_series(1, 30000) g;
ANALYZE event;
SELECT count_distinct_exact(n) = count(DISTINCT n) AS n, count_distinct_exact(i) = count(DISTINCT i) AS i, count_distinct_exact(s) = count(DISTINCT s) AS s,
       count_distinct_exact(u) = count(DISTINCT u) AS u, count_distinct_exact(d) = count(DISTINCT d) AS d, count_distinct_exact(ts) = count(DISTINCT ts) AS ts FROM event;
SELECT count(*), bool_and(a = b AND c = d AND e = f) FROM (SELECT count_distinct_exact(n) AS a, count(DISTINCT n) AS b, count_distinct_exact(s) AS c, count(DISTINCT s) AS d, count_distinct_exact(u) AS e, count(DISTINCT u) AS f FROM event GROUP BY region) x;
-- Groups of one to thousands of values, several sets at once: rows of all wait in one buffer.
SELECT count(*), bool_and(a = b AND c = d AND e = f) FROM (SELECT count_distinct_exact(n) AS a, count(DISTINCT n) AS b, count_distinct_exact(id) AS c, count(DISTINCT id) AS d, count_distinct_exact(s) AS e, count(DISTINCT s) AS f FROM event GROUP BY sqrt(id)::int * 7 % 170) x;
SET enable_hashagg = off;
SELECT count(*), bool_and(a = b) FROM (SELECT count_distinct_exact(n) AS a, count(DISTINCT n) AS b FROM event GROUP BY region, i % 10) x;
RESET enable_hashagg;
-- Groups spilled to disk.
SET work_mem = '64kB';
SELECT count(*), sum(a) FROM (SELECT count_distinct_exact(n) AS a FROM event GROUP BY id % 7000) x;
RESET work_mem;
SELECT sum(a) FROM (SELECT count(DISTINCT n) AS a FROM event GROUP BY id % 7000) x;
-- A running count.
SELECT bool_and(a = b) FROM (SELECT count_distinct_exact(i) OVER (ORDER BY id) AS a, (SELECT count(DISTINCT i) FROM event f WHERE f.id <= e.id AND f.id <= 300) AS b FROM event e WHERE id <= 300) x;

-- The members come back, in order, as their type.
SELECT count(*), bool_and(m > last) AS ascending FROM (SELECT m, lag(m, 1, m - 1) OVER () AS last FROM distinct_members((SELECT distinct_state(n) FROM event)) AS x(m bigint)) y;
SELECT (SELECT array_agg(m) FROM distinct_members((SELECT distinct_state(n) FROM event)) AS x(m bigint)) = (SELECT array_agg(DISTINCT n ORDER BY n) FROM event) AS n,
       (SELECT array_agg(m) FROM distinct_members((SELECT distinct_state(i) FROM event)) AS x(m int)) = (SELECT array_agg(DISTINCT i ORDER BY i) FROM event) AS i,
       (SELECT array_agg(m) FROM distinct_members((SELECT distinct_state(s) FROM event)) AS x(m text)) = (SELECT array_agg(DISTINCT s ORDER BY s) FROM (SELECT s COLLATE "C" FROM event) e) AS s,
       (SELECT array_agg(m) FROM distinct_members((SELECT distinct_state(u) FROM event)) AS x(m uuid)) = (SELECT array_agg(DISTINCT u ORDER BY u) FROM event) AS u,
       (SELECT array_agg(m) FROM distinct_members((SELECT distinct_state(d) FROM event)) AS x(m date)) = (SELECT array_agg(DISTINCT d ORDER BY d) FROM event) AS d,
       (SELECT array_agg(m) FROM distinct_members((SELECT distinct_state(ts) FROM event)) AS x(m timestamptz)) = (SELECT array_agg(DISTINCT ts ORDER BY ts) FROM event) AS ts;
SELECT * FROM distinct_members(NULL) AS x(m bigint);
SELECT * FROM (SELECT distinct_state(i) AS s FROM event WHERE i BETWEEN 1 AND 3 GROUP BY i % 2) x, distinct_members(s) AS y(m bigint) ORDER BY m;

-- Set operations: as UNION, INTERSECT, EXCEPT.
CREATE TEMP TABLE visited AS SELECT region, distinct_state(n) AS n, distinct_state(s) AS s, distinct_state(u) AS u FROM event GROUP BY region;
SELECT bool_and(distinct_count(distinct_union(a.n, b.n)) = q.either) AS either, bool_and(distinct_count(distinct_intersect(a.n, b.n)) = q.both) AS both, bool_and(distinct_overlap(a.n, b.n) = q.both) AS overlap, bool_and(distinct_count(distinct_except(a.n, b.n)) = q.only) AS only
FROM visited a, visited b, LATERAL (SELECT
  (SELECT count(*) FROM (SELECT n FROM event WHERE region = a.region UNION SELECT n FROM event WHERE region = b.region) x) AS either,
  (SELECT count(*) FROM (SELECT n FROM event WHERE region = a.region INTERSECT SELECT n FROM event WHERE region = b.region) x) AS both,
  (SELECT count(*) FROM (SELECT n FROM event WHERE region = a.region EXCEPT SELECT n FROM event WHERE region = b.region) x) AS only) q
WHERE a.region < 3 AND b.region < 3;
SELECT bool_and(distinct_overlap(a.s, b.s) = (SELECT count(*) FROM (SELECT s FROM event WHERE region = 0 INTERSECT SELECT s FROM event WHERE region = 1) x)) AS s,
       bool_and(distinct_count(distinct_except(a.s, b.s)) = (SELECT count(*) FROM (SELECT s FROM event WHERE region = 0 EXCEPT SELECT s FROM event WHERE region = 1) x)) AS not_s,
       bool_and(distinct_count(distinct_intersect(a.u, b.u)) = (SELECT count(*) FROM (SELECT u FROM event WHERE region = 0 INTERSECT SELECT u FROM event WHERE region = 1) x)) AS u,
       bool_and(distinct_count(distinct_except(a.u, b.u)) = (SELECT count(*) FROM (SELECT u FROM event WHERE region = 0 EXCEPT SELECT u FROM event WHERE region = 1) x)) AS not_u
FROM visited a, visited b WHERE a.region = 0 AND b.region = 1;
-- Equal sets have equal bytes, however they came about.
SELECT distinct_merge(n)::text = (SELECT distinct_state(n ORDER BY id DESC)::text FROM event) AS same_n, distinct_merge(s)::text = (SELECT distinct_state(s)::text FROM event) AS same_s FROM visited;
SELECT distinct_except(n, n)::text = distinct_except(b, b)::text AS empty, distinct_count(distinct_except(n, n)), distinct_count(distinct_union(distinct_except(n, n), b)) = distinct_count(b) AS union_with_empty
FROM visited, (SELECT n AS b FROM visited WHERE region = 1) y WHERE region = 0;

SELECT distinct_contains(s, 5) AS int, distinct_contains(s, 5::bigint) AS bigint, distinct_contains(s, 9223372036854775807) AS absent, distinct_contains(s, NULL::bigint) AS null_value FROM (SELECT distinct_state(g) AS s FROM generate_series(1, 9) g) x;
SELECT distinct_contains(distinct_state('a'::text), 'a'::text) AS text, distinct_contains(distinct_state('a'::text), 'b'::text) AS no_text, distinct_contains(distinct_state(date '2026-01-01'), date '2026-01-01') AS date,
       distinct_contains(distinct_state(timestamptz 'infinity'), timestamptz 'infinity') AS ts, distinct_contains(distinct_state('00000000-0000-0000-0000-000000000000'::uuid), '00000000-0000-0000-0000-000000000000'::uuid) AS uuid;

-- Collations: equal is what the collation says; what is shown does not depend on the order of rows.
CREATE COLLATION starhouse_ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION starhouse_ai (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
CREATE TEMP TABLE name AS SELECT * FROM unnest(ARRAY['Anna', 'anna', 'ANNA', 'Änna', 'Bob', 'bob', '', '']) WITH ORDINALITY AS t(v, id);
SELECT count_distinct_exact(v) AS bytes, count_distinct_exact(v COLLATE starhouse_ci) AS ci, count(DISTINCT v COLLATE starhouse_ci) AS server_ci, count_distinct_exact(v COLLATE starhouse_ai) AS ai, count(DISTINCT v COLLATE starhouse_ai) AS server_ai FROM name;
WITH name_set AS (SELECT distinct_state(v COLLATE starhouse_ci ORDER BY id) AS s, distinct_state(v COLLATE starhouse_ci ORDER BY id DESC) AS r FROM name)
SELECT s::text = r::text AS any_order, distinct_contains(s, 'BOB' COLLATE starhouse_ci) AS contains, distinct_contains(s, 'Bobo' COLLATE starhouse_ci) AS absent, (SELECT array_agg(m) FROM distinct_members(s) AS x(m text)) AS shown, distinct_count(s::text::distinct_state) FROM name_set;
SELECT distinct_count(distinct_merge(s)) FROM (SELECT distinct_state(v COLLATE starhouse_ci) AS s FROM name GROUP BY id) x;

\set VERBOSITY sqlstate
-- What is refused: other types, other collations, other columns.
SELECT distinct_merge(s) FROM (SELECT distinct_state(1) AS s UNION ALL SELECT distinct_state('a'::text)) x;
SELECT distinct_intersect(distinct_state(1), distinct_state(now()));
SELECT distinct_overlap(distinct_state(1), distinct_state(date '2026-01-01'));
SELECT distinct_contains(distinct_state(1), 'a'::text);
SELECT distinct_union(distinct_state(v), distinct_state(v COLLATE starhouse_ci)) FROM name;
SELECT distinct_overlap(distinct_state(v COLLATE starhouse_ai), distinct_state(v COLLATE starhouse_ci)) FROM name;
SELECT distinct_contains(distinct_state(v COLLATE starhouse_ai), 'a'::text) FROM name;
SELECT * FROM distinct_members((SELECT distinct_state(3000000000))) AS x(m int);
SELECT * FROM distinct_members((SELECT distinct_state(1))) AS x(m text);
SELECT * FROM distinct_members((SELECT distinct_state('a'::text))) AS x(m bigint);
SELECT * FROM distinct_members((SELECT distinct_state(1))) AS x(m bigint, n bigint);
SELECT distinct_add(NULL, 1);
SELECT 'AAAA'::distinct_state;
SELECT '?'::distinct_state;
\set VERBOSITY default
SELECT * FROM distinct_members((SELECT distinct_state(1))) AS x(m text);
SELECT distinct_intersect(distinct_state(1), distinct_state('a'::text));
DROP COLLATION starhouse_ci;
DROP COLLATION starhouse_ai;
