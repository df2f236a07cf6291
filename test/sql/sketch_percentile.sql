-- Percentiles with a bounded relative error through the server; the error law itself is tested in test/unit.
SET search_path = starhouse, public;

-- Within the error of percentile_disc, over four kinds of numbers.
CREATE TEMP TABLE number AS SELECT g AS id, g % 10 AS grp, (g * 7919 % 20011)::float8 AS even, exp((g * 7919 % 20011) / 2000.0)::float8 AS steep,
  ((g * 7919 % 20011) - 10005) / 7.0::float8 AS signed, (g * 7919 % 20011 % 5)::float8 AS few FROM generate_series(1, 20000) g;
CREATE FUNCTION within(a float8, b float8, error float8) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT abs(a - b) <= error * abs(b) * (1 + 1e-9)';
SELECT p, within(approx_percentile(even, p), percentile_disc(p) WITHIN GROUP (ORDER BY even), 0.01) AS even,
       within(approx_percentile(steep, p), percentile_disc(p) WITHIN GROUP (ORDER BY steep), 0.01) AS steep,
       within(approx_percentile(signed, p), percentile_disc(p) WITHIN GROUP (ORDER BY signed), 0.01) AS signed,
       within(approx_percentile(few, p), percentile_disc(p) WITHIN GROUP (ORDER BY few), 0.01) AS few,
       within(approx_percentile(steep, p, 0.0001), percentile_disc(p) WITHIN GROUP (ORDER BY steep), 0.0001) AS finer,
       within(approx_percentile(steep, p, 0.3), percentile_disc(p) WITHIN GROUP (ORDER BY steep), 0.3) AS coarser
FROM number, (VALUES (0::float8), (0.001), (0.5), (0.95), (0.999), (1)) v(p) GROUP BY p ORDER BY p;
-- Several at once, by group, as one at a time.
SELECT bool_and(within(a[1], b[1], 0.01) AND within(a[2], b[2], 0.01) AND a[3] IS NULL), count(*) FROM (
  SELECT approx_percentile(steep, ARRAY[0.95, 0.5, NULL]) AS a, percentile_disc(ARRAY[0.95, 0.5]) WITHIN GROUP (ORDER BY steep) AS b FROM number GROUP BY grp) x;
SELECT approx_percentile(even, ARRAY[0.1, 0.9, 0.1]) = ARRAY[approx_percentile(even, 0.1), approx_percentile(even, 0.9), approx_percentile(even, 0.1)] AS same,
       approx_percentile(even, ARRAY[0.5], 0.02) = ARRAY[approx_percentile(even, 0.5, 0.02)] AS with_error,
       approx_percentile(even, '{}'::float8[]) = '{}' AS none, approx_percentile(even, ARRAY[NULL::float8]) = ARRAY[NULL::float8] AS of_null FROM number;

-- Nothing and NULLs.
SELECT approx_percentile(even, 0.5) IS NULL AS one, approx_percentile(even, ARRAY[0.5]) IS NULL AS many, approx_percentile_state(even) IS NULL AS state FROM number WHERE false;
SELECT approx_percentile(x, p), approx_percentile(x, p, e) AS and_error FROM (VALUES (1::float8, 0.5::float8, 0.01::float8), (NULL, 0.5, 0.01), (5, NULL, 0.01), (7, 0.5, NULL)) v(x, p, e) WHERE p IS NULL OR x = 1 OR x IS NULL;
SELECT approx_percentile_value(NULL, 0.5) IS NULL AS state, approx_percentile_merge(NULL) IS NULL AS merged, approx_percentile_rank(NULL, 1) IS NULL AS rank;

-- Zero, signs, infinities, NaN, the ends of float8.
SELECT approx_percentile(x, ARRAY[0, 0.2, 0.4, 0.6, 0.8, 1]) AS special FROM (VALUES ('-infinity'::float8), ('-0'), (0), ('infinity'), ('NaN')) v(x);
SELECT approx_percentile_value(approx_percentile_merge(state::text::percentile_sketch), 0.5) AS merged_with_nan FROM (SELECT approx_percentile_state(x) AS state FROM (VALUES (1, 'NaN'::float8), (2, 7), (3, 'NaN')) v(part, x) GROUP BY part) AS parts;
SELECT approx_percentile_merge(state)::text::percentile_sketch IS NOT NULL AS can_be_read FROM (SELECT approx_percentile_state(x) AS state FROM (VALUES (1, 'NaN'::float8), (2, 7), (3, 'NaN')) v(part, x) GROUP BY part) AS parts;
SELECT approx_percentile(x, 0) = -1.7976931348623157e308 AS least, approx_percentile(x, 1) = 1.7976931348623157e308 AS greatest, abs(approx_percentile(x, 0.6) / 2.2250738585072014e-308 - 1) <= 0.01 AS smallest
FROM (VALUES (-1.7976931348623157e308), (2.2250738585072014e-308), (5e-324), (1), (1.7976931348623157e308)) v(x);
SELECT approx_percentile(x, 0.5) AS alone, approx_percentile(x, 0.5, 0.5) AS coarse FROM (VALUES (7.25::float8)) v(x);

-- States: rank, merging, to the last bit as of all rows.
SELECT approx_percentile_rank(s, 10000) BETWEEN 0.485 AND 0.515 AS half, approx_percentile_rank(s, -1) AS none, approx_percentile_rank(s, 'infinity') AS all_of_them FROM (SELECT approx_percentile_state(even) AS s FROM number) x;
SELECT a = b AS merged, approx_percentile_value(a::percentile_sketch, ARRAY[0.5, 0.9]) = (SELECT approx_percentile(signed, ARRAY[0.5, 0.9]) FROM number) AS read
FROM (SELECT approx_percentile_merge(s)::text AS a FROM (SELECT approx_percentile_state(signed) AS s FROM number GROUP BY grp) x) y, (SELECT approx_percentile_state(signed)::text AS b FROM number) z;
SELECT approx_percentile_value(approx_percentile_merge(s), 0.5) AS of_three FROM (SELECT approx_percentile_state(x) AS s FROM generate_series(1, 3) x GROUP BY x UNION ALL SELECT NULL) y;
-- More buckets than there may be: pairs are put together, and the error says so.
SELECT (sketch_info(s)).items, (sketch_info(s)).capacity, (sketch_info(s)).relative_error::numeric(6, 4) AS error FROM (SELECT approx_percentile_state(exp((g - 10000) / 15.0)) AS s FROM generate_series(1, 20000) g) x;
SELECT within(approx_percentile(exp((g - 10000) / 15.0), 0.9), exp(8000 / 15.0), 0.31) AS within_what_it_says FROM generate_series(1, 20000) g;
SELECT sketch_info(approx_percentile_state(x)) FROM generate_series(1, 1000) x;
SELECT md5(approx_percentile_state(even)::text) AS never_changes, encode(percentile_sketch_send(approx_percentile_state(grp)), 'hex') AS bytes FROM number;
-- Frames that move.
SELECT count(*), bool_and(within(a, b, 0.01)) FROM (SELECT approx_percentile(signed, 0.5) OVER w AS a, (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY signed) FROM number n WHERE n.id BETWEEN o.id - 6 AND o.id) AS b
  FROM number o WHERE id <= 200 WINDOW w AS (ORDER BY id ROWS 6 PRECEDING)) x;

-- Refused.
\set VERBOSITY terse
SELECT approx_percentile(x, 1.5) FROM (VALUES (1)) v(x);
SELECT approx_percentile(x, 'NaN'::float8) FROM (VALUES (1)) v(x);
SELECT approx_percentile(x, ARRAY[0.5, -0.1]) FROM (VALUES (1)) v(x);
SELECT approx_percentile(x, ARRAY['NaN'::float8]) FROM (VALUES (1)) v(x);
SELECT approx_percentile(x, ARRAY[[0.5], [0.6]]) FROM (VALUES (1)) v(x);
SELECT approx_percentile(x, x / 10.0) FROM generate_series(1, 2) x;
SELECT approx_percentile(x, ARRAY[x / 10.0]) FROM generate_series(1, 2) x;
SELECT approx_percentile(x, 0.5, 0.9) FROM (VALUES (1)) v(x);
SELECT approx_percentile(x, 0.5, 0.1 / x) FROM generate_series(1, 2) x;
SELECT approx_percentile_state(x, 0) FROM (VALUES (1)) v(x);
SELECT approx_percentile_merge(s) FROM (SELECT approx_percentile_state(1, 0.1) AS s UNION ALL SELECT approx_percentile_state(1, 0.2)) x;
SELECT approx_percentile_value(approx_percentile_state(1), 2);
SELECT approx_percentile_value(approx_percentile_state(1), ARRAY[2]);
\set VERBOSITY sqlstate
SELECT 'KQEA'::percentile_sketch;
SELECT ''::percentile_sketch;
