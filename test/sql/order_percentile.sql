-- Exact percentiles: the server's own numbers, on values of every kind.
SET search_path = starhouse, public;
SET timezone = 'UTC';

-- By hand.
SELECT percentile_exact(x, 0.5), percentile_exact_disc(x, 0.5), median_exact(x), percentile_exact(x, 0), percentile_exact(x, 1) FROM (VALUES (4::float8), (1), (3), (2)) v(x);
SELECT percentile_exact(x, array[0.25, null, 0.75]), percentile_exact_disc(x, array[0.25, null, 0.75]), percentile_exact(x, array[]::float8[]) FROM (VALUES (4::float8), (1), (3), (2)) v(x);
SELECT percentile_exact_disc(x, 0.5), pg_typeof(percentile_exact_disc(x, 0.5)), percentile_exact(x, 0.5), pg_typeof(percentile_exact(x, 0.5)) FROM generate_series(1, 4) x;
SELECT percentile_exact_disc(x, 1) AS exact_bigint FROM (VALUES (9007199254740993), (9007199254740992)) v(x);
SELECT percentile_exact(x, 0.5), percentile_exact_disc(x, 0.5), median_exact(x) FROM (VALUES (timestamptz '2026-01-01'), ('2026-01-04'), ('2026-01-02'), ('2026-01-03')) v(x);
SELECT percentile_exact(x, 0.5), percentile_exact_disc(x, 0.5), percentile_exact(x, array[0, 1]), median_exact(x) FROM (VALUES (interval '1 day'), ('36 hours'), ('90 minutes'), ('1 month')) v(x);

-- NULLs, nothing.
SELECT percentile_exact(x, 0.5), percentile_exact_disc(x, 0.5), median_exact(x), percentile_state(x) IS NULL AS state FROM (VALUES (NULL::float8), (NULL)) v(x);
SELECT percentile_exact(x, NULL::float8), percentile_exact(x, NULL::float8[]), percentile_exact(x, array[NULL]::float8[]) FROM (VALUES (1::float8)) v(x);
SELECT median_exact(x) FROM (VALUES (1::float8), (NULL), (3)) v(x);
SELECT percentile_value(percentile_state(x), 0.5), percentile_count(percentile_state(x)), median_value(percentile_state(x)) FROM (VALUES (1::float8), (NULL), (3)) v(x);

-- Zeros, infinities, NaN as the server orders them.
SELECT percentile_exact_disc(x, array[0, 0.2, 0.4, 0.6, 0.8, 1]) = percentile_disc(array[0, 0.2, 0.4, 0.6, 0.8, 1]) WITHIN GROUP (ORDER BY x) AS same, percentile_exact_disc(x, 1)
FROM (VALUES ('NaN'::float8), ('infinity'), ('-infinity'), ('-0'), (0), ('NaN'), (5e-324), (-1.7e308), (1.7e308)) v(x);
SELECT percentile_exact(x, 0.5) AS infinity FROM (VALUES ('infinity'::float8), ('infinity')) v(x);
SELECT percentile_exact(x, 0.5) AS zero FROM (VALUES (-1.7e308::float8), (1.7e308)) v(x);
SELECT percentile_exact(x, 0.5) AS infinite, percentile_exact_disc(x, 0.1) FROM (VALUES (timestamptz 'infinity'), ('2026-01-01')) v(x);

-- The same as the server's, bit by bit, whatever the distribution and the number of rows.
CREATE TEMP TABLE value AS
  SELECT id, id % 13 AS g, h::float8 / 1e10 AS even, exp(h % 1000000 / 50000.0)::float8 AS skewed, h % 5 AS few, 7::float8 AS alike,
    (CASE id % 97 WHEN 0 THEN 'infinity' WHEN 1 THEN '-infinity' ELSE (h % 1000)::text END)::float8 AS ends, h AS big
  FROM (SELECT id, hashint8extended(id, 3) AS h FROM generate_series(1, 60000) id) s;
\set fractions 'array[0, 0.001, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999, 1]'
SELECT percentile_exact(even, :fractions) = percentile_cont(:fractions) WITHIN GROUP (ORDER BY even) AS even,
  percentile_exact(skewed, :fractions) = percentile_cont(:fractions) WITHIN GROUP (ORDER BY skewed) AS skewed,
  percentile_exact(few, :fractions) = percentile_cont(:fractions) WITHIN GROUP (ORDER BY few) AS few,
  percentile_exact(alike, :fractions) = percentile_cont(:fractions) WITHIN GROUP (ORDER BY alike) AS alike,
  percentile_exact_disc(ends, :fractions) = percentile_disc(:fractions) WITHIN GROUP (ORDER BY ends) AS ends,
  percentile_exact_disc(big, :fractions) = percentile_disc(:fractions) WITHIN GROUP (ORDER BY big) AS big,
  percentile_exact_disc(big / 1000 * interval '1 microsecond', :fractions) = percentile_disc(:fractions) WITHIN GROUP (ORDER BY big / 1000 * interval '1 microsecond') AS intervals,
  percentile_exact_disc(timestamptz 'epoch' + big / 1000 * interval '1 microsecond', :fractions) = percentile_disc(:fractions) WITHIN GROUP (ORDER BY timestamptz 'epoch' + big / 1000 * interval '1 microsecond') AS times
FROM value;
SELECT count(*), bool_and(percentile_exact = percentile_cont) FROM (SELECT percentile_exact(skewed, 0.95), percentile_cont(0.95) WITHIN GROUP (ORDER BY skewed) FROM value GROUP BY g) v;
SELECT count(*), bool_and(percentile_exact = percentile_cont) FROM (SELECT percentile_exact(skewed, 0.3), percentile_cont(0.3) WITHIN GROUP (ORDER BY skewed) FROM value WHERE id <= 400 GROUP BY id % 50 LIMIT 50) v;

-- A rollup: any percentile of any of its parts, later.
CREATE TEMP TABLE rollup AS SELECT g, percentile_state(skewed) AS st FROM value GROUP BY g;
SELECT percentile_value(percentile_merge(st), :fractions) = (SELECT percentile_cont(:fractions) WITHIN GROUP (ORDER BY skewed) FROM value) AS merged,
  percentile_count(percentile_merge(st)) FROM rollup;
SELECT percentile_value(st, 0.9) = (SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY skewed) FROM value v WHERE v.g = r.g) AS kept FROM rollup r ORDER BY g LIMIT 2;

-- Errors.
SELECT percentile_exact(1::float8, 1.5);
SELECT percentile_exact(1::float8, 'NaN'::float8);
SELECT percentile_exact(1::float8, array[0.5, 'NaN']::float8[]);
SELECT percentile_exact(1::float8, array[[0.5, 0.6]]);
SELECT percentile_exact(x, x / 10) FROM (VALUES (1::float8), (2)) v(x);
SELECT percentile_exact(x, CASE WHEN x = 1 THEN array[0.5] ELSE array[0.6] END) FROM (VALUES (1::float8), (2)) v(x);
SELECT percentile_value(percentile_state(1::float8), -0.1);
SELECT percentile_value_disc(percentile_state(1::float8), array[2::float8]);
SELECT percentile_exact(x, 0.5) FROM (VALUES (timestamptz 'infinity'), ('-infinity')) v(x);
SELECT percentile_exact(interval '178000000 years', 0.5);
SELECT percentile_merge(st) FROM (SELECT percentile_add(NULL::percentile_state, 1::float8)) s(st);
SELECT percentile_state 'HgEA';
SELECT percentile_state 'HwEAAA==';
