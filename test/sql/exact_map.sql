-- Counts and sums per key: against GROUP BY, and mode_fast against mode().
SET search_path = starhouse, public;
SET timezone = 'UTC';

-- By hand.
SELECT * FROM map_rows((SELECT count_map(k) FROM unnest(ARRAY['b', 'a', 'b', NULL, 'b', '']) k)) AS r(key text, n bigint);
SELECT * FROM map_rows((SELECT sum_map(k, v) FROM (VALUES (1, 10), (2, 5), (1, -3), (NULL, 9), (3, NULL), (-7, 0)) t(k, v))) AS r(key int, sum bigint);
SELECT * FROM map_rows((SELECT sum_map(k, v) FROM (VALUES (date '2026-01-02', 1.50), ('2026-01-01', 2), ('2026-01-02', 0.125), ('infinity', -1)) t(k, v))) AS r(key date, sum numeric);
SELECT * FROM map_rows((SELECT sum_map(k, v) FROM (VALUES (timestamptz '2026-01-02', 1.5::float8), ('2026-01-01', 2), ('2026-01-02', 0.125), ('-infinity', -1)) t(k, v))) AS r(key timestamptz, sum float8);
SELECT map_size(m), map_value(m, 1), map_value(m, 2::bigint), map_value(m, 3) FROM (SELECT count_map(g % 2 + 1) AS m FROM generate_series(1, 5) g) x;
SELECT g, key, n FROM (SELECT g % 2 AS g, count_map(g % 3) AS m FROM generate_series(1, 10) g GROUP BY 1) x, map_rows(m) AS r(key int, n bigint) ORDER BY 1, 2;

-- Nothing, NULLs.
SELECT count_map(1) IS NULL AS counts, sum_map(1, 1) IS NULL AS sums, map_merge(NULL) IS NULL AS merged, mode_fast(1) IS NULL AS mode WHERE false;
SELECT count_map(k) IS NULL AS counts, sum_map(k, 1) IS NULL AS no_key, sum_map(1, k) IS NULL AS no_value, mode_fast(k) IS NULL AS mode FROM (VALUES (NULL::bigint), (NULL)) t(k);
SELECT * FROM map_rows(NULL) AS r(key int, n bigint);

-- Against the server.
CREATE TEMP TABLE event AS
  SELECT g AS id, g % 10 AS region, (hashint8extended(g, 1) & 1023) * 1000003 - 400000000 AS n, (hashint8extended(g, 2) & 511)::int - 200 AS i,
         'user/' || sqrt(hashint8extended(g, 3) & 65535)::int AS s, md5(sqrt(hashint8extended(g, 4) & 65535)::int::text)::uuid AS u,
         date '2026-01-01' + sqrt(hashint8extended(g, 5) & 65535)::int AS d, timestamptz '2026-01-01' + (hashint8extended(g, 6) & 2047) * interval '1 minute' AS ts,
         ((hashint8extended(g, 7) & 1048575) - 400000) / 1024.0::float8 AS w,
         ((hashint8extended(g, 8) >> 8) * power(10::numeric, -(g % 12)::numeric))::numeric(38, 20) / 1000 AS x
  FROM generate_series(1, 20000) g;
-- Numbers of every length and number of decimals, as they lie in a table.
UPDATE event SET x = round(x, id % 19);
UPDATE event SET x = trunc(x / 1e12) * 1e12 WHERE id % 7 = 0;
UPDATE event SET x = 0 WHERE id % 101 = 0;
ANALYZE event;
SELECT min(scale(x)), max(scale(x)), max(length(x::text)) FROM event;
\set compare 'SELECT count(*) AS keys, bool_and(a.value IS NOT DISTINCT FROM b.value) AS same FROM a FULL JOIN b USING (key)'
WITH a AS (SELECT * FROM map_rows((SELECT count_map(n) FROM event)) AS r(key bigint, value bigint)), b AS (SELECT n AS key, count(*) AS value FROM event GROUP BY n) :compare;
WITH a AS (SELECT * FROM map_rows((SELECT count_map(s) FROM event)) AS r(key text, value bigint)), b AS (SELECT s AS key, count(*) AS value FROM event GROUP BY s) :compare;
WITH a AS (SELECT * FROM map_rows((SELECT count_map(u) FROM event)) AS r(key uuid, value bigint)), b AS (SELECT u AS key, count(*) AS value FROM event GROUP BY u) :compare;
WITH a AS (SELECT * FROM map_rows((SELECT count_map(d) FROM event)) AS r(key date, value bigint)), b AS (SELECT d AS key, count(*) AS value FROM event GROUP BY d) :compare;
WITH a AS (SELECT * FROM map_rows((SELECT count_map(ts) FROM event)) AS r(key timestamptz, value bigint)), b AS (SELECT ts AS key, count(*) AS value FROM event GROUP BY ts) :compare;
WITH a AS (SELECT * FROM map_rows((SELECT sum_map(i, n) FROM event)) AS r(key int, value numeric)), b AS (SELECT i AS key, sum(n) AS value FROM event GROUP BY i) :compare;
WITH a AS (SELECT * FROM map_rows((SELECT sum_map(s, i) FROM event)) AS r(key text, value bigint)), b AS (SELECT s AS key, sum(i) AS value FROM event GROUP BY s) :compare;
WITH a AS (SELECT key, value::text FROM map_rows((SELECT sum_map(d, x) FROM event)) AS r(key date, value numeric)), b AS (SELECT d AS key, sum(x)::text AS value FROM event GROUP BY d) :compare;
-- Eighths and sixteenths: exact in any order, so float8 can be compared.
WITH a AS (SELECT * FROM map_rows((SELECT sum_map(u, w) FROM event)) AS r(key uuid, value float8)), b AS (SELECT u AS key, sum(w) AS value FROM event GROUP BY u) :compare;
-- In groups: many maps at once, with one map for each.
WITH a AS (SELECT (region, r.key) AS key, r.value FROM (SELECT region, sum_map(i, n) AS m FROM event GROUP BY region) x, map_rows(m) AS r(key int, value numeric)), b AS (SELECT (region, i) AS key, sum(n) AS value FROM event GROUP BY region, i) :compare;
WITH a AS (SELECT (g, r.key) AS key, r.value FROM (SELECT id % 700 AS g, count_map(s) AS m FROM event GROUP BY 1) x, map_rows(m) AS r(key text, value bigint)), b AS (SELECT (id % 700, s) AS key, count(*) AS value FROM event GROUP BY id % 700, s) :compare;
-- Kept in a rollup, hours merged into days.
CREATE TEMP TABLE hourly AS SELECT date_trunc('hour', ts) AS hour, sum_map(region, x) AS m FROM event GROUP BY 1;
WITH a AS (SELECT (day, r.key) AS key, r.value FROM (SELECT date_trunc('day', hour) AS day, map_merge(m) AS m FROM hourly GROUP BY 1) x, map_rows(m) AS r(key int, value numeric)), b AS (SELECT (date_trunc('day', ts), region) AS key, sum(x) AS value FROM event GROUP BY date_trunc('day', ts), region) :compare;
SELECT bool_and(map_value(m, key) = value) FROM (SELECT sum_map(s, x) AS m FROM event) x, (SELECT s AS key, sum(x) AS value FROM event GROUP BY s) y;

-- mode_fast: the first of the most frequent, as mode() finds it.
SELECT mode_fast(n) = mode() WITHIN GROUP (ORDER BY n) AS all_rows FROM event;
SELECT count(*), bool_and(n1 = n2 AND i1 = i2 AND s1 = s2 AND u1 = u2 AND d1 = d2 AND t1 = t2) FROM (
  SELECT mode_fast(n) AS n1, mode() WITHIN GROUP (ORDER BY n) AS n2, mode_fast(i) AS i1, mode() WITHIN GROUP (ORDER BY i) AS i2, mode_fast(s) AS s1, mode() WITHIN GROUP (ORDER BY s COLLATE "C") AS s2,
         mode_fast(u) AS u1, mode() WITHIN GROUP (ORDER BY u) AS u2, mode_fast(d) AS d1, mode() WITHIN GROUP (ORDER BY d) AS d2, mode_fast(ts) AS t1, mode() WITHIN GROUP (ORDER BY ts) AS t2
  FROM event GROUP BY id % 500) x;
SELECT mode_fast(v ORDER BY v DESC) AS first_of_equals, mode_fast(v::text) AS by_bytes FROM unnest(ARRAY[10, 9, 10, 9, -5]) v;
SELECT map_mode_text(map_merge(m)) FROM (SELECT count_map(s) AS m FROM event GROUP BY region) x;

-- Extremes of sums.
SELECT map_value(sum_map(1, v), 1) FROM unnest(ARRAY[9223372036854775807, 9223372036854775807, -5]) v;
SELECT value FROM map_rows((SELECT sum_map(1, v) FROM unnest(ARRAY[9223372036854775807, 1, -1]) v)) AS r(key int, value bigint);
SELECT sum, map_value(map, 1) = sum AS same FROM (SELECT sum(v), sum_map(1, v) AS map FROM unnest(ARRAY[99999999999999999999999999999999999999, -99999999999999999999999999999999999998, 0.1]) v) x;
SELECT sum, map_value(map, 1) = sum AS same FROM (SELECT sum(v), sum_map(1, v) AS map FROM unnest(ARRAY[1e-38, 0.99999999999999999999999999999999999999, -0.5]) v) x;
SELECT map_value(sum_map(1, v), 1) AS inf, map_value(sum_map(1, -v), 1) AS minus_inf, map_value(sum_map(1, v) FILTER (WHERE v < 5), 1) AS finite FROM unnest(ARRAY[1, 'Infinity', 2]::numeric[]) v;
SELECT map_value(sum_map(1, v), 1) AS nan, map_value(sum_map(1, v::numeric), 1) AS numeric_nan FROM unnest(ARRAY[1, 'Infinity', '-Infinity']::float8[]) v;
SELECT map_value(sum_map(1, v), 1) AS nan FROM unnest(ARRAY['NaN', 1, 2]::float8[]) v;
-- Ten to the sixteenth times a tenth, then taken off again: the tenth is still there.
SELECT abs(value - 0.3) < 1e-15 AS exact FROM map_rows((SELECT sum_map(1, v) FROM unnest(ARRAY[0.1, 1e16, 0.1, -1e16, 0.1]::float8[]) v)) AS r(key int, value float8);
SELECT value FROM map_rows((SELECT sum_map('k'::text, '-0'::float8) FROM generate_series(1, 2))) AS r(key text, value float8);

-- Collations.
CREATE COLLATION starhouse_ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TEMP TABLE name AS SELECT v, ordinality AS id FROM unnest(ARRAY['Anna', 'anna', 'ANNA', 'Bob', 'bob', 'cilla']) WITH ORDINALITY AS t(v);
SELECT * FROM map_rows((SELECT count_map(v COLLATE starhouse_ci) FROM name)) AS r(key text, n bigint);
SELECT mode_fast(v COLLATE starhouse_ci), mode_fast(v) AS by_bytes, sum_map(v COLLATE starhouse_ci, id ORDER BY id)::text = sum_map(v COLLATE starhouse_ci, id ORDER BY id DESC)::text AS any_order, map_value(sum_map(v COLLATE starhouse_ci, id), 'BOB' COLLATE starhouse_ci) FROM name;

\set VERBOSITY sqlstate
-- What is refused.
SELECT map_merge(m) FROM (SELECT count_map(1) AS m UNION ALL SELECT sum_map(1, 1)) x;
SELECT map_merge(m) FROM (SELECT count_map(1) AS m UNION ALL SELECT count_map('a'::text)) x;
SELECT map_merge(m) FROM (SELECT sum_map(1, 1::float8) AS m UNION ALL SELECT sum_map(1, 1)) x;
SELECT map_merge(m) FROM (SELECT count_map(v) AS m FROM name UNION ALL SELECT count_map(v COLLATE starhouse_ci) FROM name) x;
SELECT map_value(count_map('a'::text), 1) FROM name;
SELECT map_mode_bigint(count_map('a'::text)) FROM name;
SELECT map_mode_bigint(sum_map(1, 1)) FROM name;
SELECT * FROM map_rows((SELECT sum_map(1, 1::float8))) AS r(key int, value bigint);
SELECT * FROM map_rows((SELECT sum_map(1, 1.5))) AS r(key int, value bigint);
SELECT * FROM map_rows((SELECT sum_map(1, 9223372036854775807) FROM name)) AS r(key int, value bigint);
SELECT * FROM map_rows((SELECT sum_map(1, 'NaN'::numeric))) AS r(key int, value bigint);
SELECT * FROM map_rows((SELECT count_map(3000000000))) AS r(key int, value bigint);
SELECT * FROM map_rows((SELECT count_map(1))) AS r(key date, value bigint);
SELECT * FROM map_rows((SELECT count_map(1))) AS r(key int, value text);
SELECT * FROM map_rows((SELECT count_map(1))) AS r(key int);
SELECT sum_map(1, 200000000000000000000000000000000000000);
SELECT sum_map(1, v) FROM unnest(ARRAY[99999999999999999999999999999999999999, 99999999999999999999999999999999999999]) v;
SELECT sum_map(1, v) FROM unnest(ARRAY[99999999999999999999999999999999999999, 0.1]) v;
SELECT sum_map(1, 1e-39);
SELECT sum_map(1, 1e300);
SELECT sum_map(1, 1e-300);
SELECT sum_map(1, v) FROM unnest(ARRAY[1.5e308, 1.5e308]::float8[]) v;
SELECT 'FQ=='::sum_map;
SELECT 'FQEE'::sum_map;
\set VERBOSITY default
SELECT * FROM map_rows((SELECT sum_map(1, 1::float8))) AS r(key int, value bigint);
SELECT map_mode_bigint(sum_map(1, 1)) FROM name;
SELECT sum_map(1, 123456789012345678901234567890.1234567890);
DROP COLLATION starhouse_ci;
