-- The approximate number of distinct values through the server; the error law itself is tested in test/unit.
SET search_path = starhouse, public;
SET timezone = 'UTC';

-- Exact up to 1,024 values, whatever the type.
SELECT approx_count_distinct(g) AS int, approx_count_distinct(g::bigint) AS bigint, approx_count_distinct(g::text) AS text,
       approx_count_distinct(md5(g::text)::uuid) AS uuid, approx_count_distinct(date '2020-01-01' + g) AS date,
       approx_count_distinct(timestamptz '2020-01-01' + g * interval '1 second') AS timestamptz,
       approx_count_distinct(g::float8) AS float8, approx_count_distinct(decode(md5(g::text), 'hex')) AS bytea
FROM (SELECT g % 1024 AS g FROM generate_series(1, 5000) g) x;
-- Beyond, within three standard errors.
SELECT n, abs(approx_count_distinct(g) - n) <= 0.0252 * n AS numbers, abs(approx_count_distinct('user ' || g) - n) <= 0.0252 * n AS texts
FROM (VALUES (1025), (3000), (10000), (100000)) v(n), generate_series(1, n) g GROUP BY n ORDER BY n;

-- Nothing and NULLs.
SELECT approx_count_distinct(g) AS count, approx_distinct_state(g) IS NULL AS state FROM generate_series(1, 0) g;
SELECT approx_count_distinct(g), approx_distinct_state(g) IS NULL AS state FROM (VALUES (NULL::int), (NULL)) v(g);
SELECT approx_count_distinct(g) FROM (VALUES (NULL::int), (1), (NULL), (1)) v(g);
SELECT approx_distinct_value(NULL) IS NULL AS value, approx_distinct_merge(NULL) IS NULL AS merged;

-- Values that are equal are one: an int and the bigint, -0 and 0, NaN, infinities, texts under a collation that ignores case.
SELECT approx_distinct_value(approx_distinct_merge(s)) AS one_number FROM (SELECT approx_distinct_state(-7) AS s UNION ALL SELECT approx_distinct_state(-7::bigint)) x;
SELECT approx_count_distinct(f) AS four FROM (VALUES ('0'::float8), ('-0'), ('NaN'), ('-NaN'), ('infinity'), ('-infinity')) v(f);
SELECT approx_count_distinct(n) AS extremes FROM (VALUES (9223372036854775807), (-9223372036854775808), (0), (-1)) v(n);
SELECT approx_count_distinct(d) AS days FROM (VALUES (date 'infinity'), ('-infinity'), ('4713-01-01 BC'), ('5874897-12-31')) v(d);
SELECT approx_count_distinct(t) AS texts, approx_count_distinct(t COLLATE "C") AS in_c FROM (VALUES (''), ('a'), ('A'), (repeat('x', 100000)), (repeat('x', 100001))) v(t);
CREATE COLLATION ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SELECT approx_count_distinct(t COLLATE ignore_case) AS ignoring_case, count(DISTINCT t COLLATE ignore_case) FROM (VALUES ('Straße'), ('STRASSE'), ('straße'), ('a'), ('A')) v(t);

-- What stored sketches rest on: hashes never change. Of the numbers 1 to 3, and of a text.
SELECT encode(distinct_sketch_send(approx_distinct_state(g)), 'hex') FROM generate_series(1, 3) g;
SELECT encode(distinct_sketch_send(approx_distinct_state('abc'::text)), 'hex') AS text, encode(distinct_sketch_send(approx_distinct_state('00000000-0000-0001-0000-000000000002'::uuid)), 'hex') AS uuid;
SELECT md5(approx_distinct_state(g)::text) AS registers FROM generate_series(1, 10000) g;

-- A rollup: days of sketches, weeks of merged days; the same to the last bit as of all rows.
CREATE TEMP TABLE visit AS SELECT g % 28 AS day, (g::bigint * 7919 % 20011)::int AS visitor FROM generate_series(1, 60000) g;
CREATE TEMP TABLE daily AS SELECT day, approx_distinct_state(visitor) AS visitors FROM visit GROUP BY 1;
SELECT bool_and(a = b), count(*) FROM (SELECT day / 7 AS week, approx_distinct_merge(visitors)::text AS a FROM daily GROUP BY 1) x
  JOIN (SELECT day / 7 AS week, approx_distinct_state(visitor)::text AS b FROM visit GROUP BY 1) y USING (week);
-- Merging what overlaps counts nothing twice.
SELECT approx_distinct_merge(s)::text = (SELECT approx_distinct_state(visitor)::text FROM visit) AS same FROM (SELECT visitors AS s FROM daily UNION ALL SELECT visitors FROM daily) x;
-- Frames that move.
SELECT count(*), bool_and(a = (SELECT count(DISTINCT f.v) FROM (SELECT g * g % 7 AS v FROM generate_series(greatest(1, x.g - 4), x.g) g) f)) AS as_defined
FROM (SELECT g, approx_count_distinct(g * g % 7) OVER (ORDER BY g ROWS 4 PRECEDING) AS a FROM generate_series(1, 50) g) x;

SELECT n, (sketch_info(approx_distinct_state(g))).* FROM (VALUES (10), (1024), (1025)) v(n), generate_series(1, n) g GROUP BY n ORDER BY n;
SELECT sketch_info(NULL::distinct_sketch) IS NULL AS none;

-- Bytes that are no sketch.
\set VERBOSITY sqlstate
SELECT 'KAEA'::distinct_sketch;
SELECT approx_distinct_value('KAEAAA==') AS empty;
SELECT 'KAEBAA=='::distinct_sketch;
SELECT 'KAICAA=='::distinct_sketch;
SELECT 'AAEA'::distinct_sketch;
SELECT ''::distinct_sketch;
SELECT 'no sketch'::distinct_sketch;
