-- Means and spreads: by hand, against the server's own, in frames that move.
SET search_path = starhouse, public;

-- By hand.
SELECT ratio(hit), ratio_numerator(ratio_state(hit)), ratio_denominator(ratio_state(hit)), ratio_value(ratio_state(hit)), ratio(hit) FILTER (WHERE id > 2) AS filtered
FROM (VALUES (1, true), (2, false), (3, NULL), (4, true), (5, true)) v(id, hit);
SELECT weighted_avg(price, pieces), weighted_avg_weight(weighted_avg_state(price, pieces)) FROM (VALUES (10, 1), (40, 2), (NULL, 7), (70, NULL)) v(price, pieces);
SELECT geometric_mean(growth) FROM (VALUES (1.5), (1.5), (NULL), (0.75), (3)) v(growth);
SELECT variance_stable(x), stddev_stable(x), var_samp(x) AS server, stddev_pop_value(variance_state(x)), variance_pop_value(variance_state(x)), variance_avg(variance_state(x)), variance_rows(variance_state(x))
FROM (VALUES (2::float8), (4), (4), (4), (5), (5), (7), (9), (NULL)) v(x);
SELECT sum_stable(x), avg_stable(x), sum(x) = 1 AS server FROM (SELECT 0.1::float8 AS x FROM generate_series(1, 10)) v;
SELECT sum_stable(x), sum(x) AS server FROM (VALUES (1e100::float8), (1), (-1e100)) v(x);

-- Nothing, NULLs, one row, no weight.
SELECT ratio(NULL::boolean), weighted_avg(1, NULL), geometric_mean(NULL), variance_stable(NULL), sum_stable(NULL), avg_stable(NULL), ratio_merge(NULL), variance_state(NULL) IS NULL AS state;
SELECT ratio(true), weighted_avg(1, 1), geometric_mean(1), variance_stable(1), sum_stable(1) WHERE false;
SELECT variance_stable(7), stddev_stable(7), variance_pop_value(variance_state(7)), weighted_avg(7, 0), ratio(false), geometric_mean(7);

-- Special values decide as they do for the server's aggregates.
SELECT x, sum_stable(y) IS NOT DISTINCT FROM sum(y) AND avg_stable(y) IS NOT DISTINCT FROM avg(y) AS sum, variance_stable(y) IS NOT DISTINCT FROM var_samp(y) AS variance, geometric_mean(abs(y)), weighted_avg(y, 1)
FROM (VALUES ('NaN'::float8), ('infinity'), ('-infinity'), ('0'), ('-0')) v(x), LATERAL (VALUES (x), (1)) w(y) GROUP BY x ORDER BY x;
SELECT sum_stable(x) FROM (VALUES ('infinity'::float8), ('-infinity')) v(x);
SELECT round((geometric_mean(x) * 1e8)::numeric, 9) AS extremes FROM (VALUES (5e-324::float8), (1.7e308)) v(x);

-- Against the server, in groups and splits.
CREATE TEMP TABLE value AS SELECT id, id % 10 AS g, (id * 7919 % 10007) / 64.0::float8 + 1e6 AS x, id % 7 + 1 AS w, id % 3 = 0 AS hit FROM generate_series(1, 5000) id;
CREATE FUNCTION near(a float8, b float8) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT abs(a - b) <= 1e-12 * abs(b)';
SELECT count(*), bool_and(near(variance, var)) AS variance, bool_and(near(stddev, dev)) AS stddev, bool_and(sum = exact_sum) AS sum, bool_and(near(avg, exact_avg)) AS avg, bool_and(near(weighted, exact_weighted)) AS weighted,
  bool_and(near(geometric, exact_geometric)) AS geometric, bool_and(ratio = share) AS ratio
FROM (SELECT variance_stable(x) AS variance, var_samp(x::numeric)::float8 AS var, stddev_stable(x) AS stddev, stddev_samp(x::numeric)::float8 AS dev, sum_stable(x) AS sum, sum(x::numeric)::float8 AS exact_sum,
    avg_stable(x) AS avg, avg(x::numeric)::float8 AS exact_avg, weighted_avg(x, w) AS weighted, (sum(x::numeric * w) / sum(w))::float8 AS exact_weighted,
    geometric_mean(x) AS geometric, exp(avg(ln(x::numeric)))::float8 AS exact_geometric, ratio(hit) AS ratio, avg(hit::int)::float8 AS share
  FROM value GROUP BY GROUPING SETS ((), (g))) v;
SELECT near(variance_samp_value(variance_merge(part::text::variance_state)), (SELECT var_samp(x::numeric)::float8 FROM value)) AS merged FROM (SELECT variance_state(x) AS part FROM value GROUP BY g) p;

-- A rollup: the ratio of the whole is not the average of its parts.
SELECT ratio_value(ratio_merge(part)) AS whole, avg(ratio_value(part)) AS not_this FROM (SELECT ratio_state(hit) AS part FROM (VALUES (1, true), (1, false), (1, false), (1, false), (2, true)) v(g, hit) GROUP BY g) p;

-- Frames that move: rows are taken off, or the frame is summed anew; the result is the direct one.
SELECT bool_and(near(moving, direct)) AS variance, bool_and(near(sum, direct_sum)) AS sum, bool_and(near(mean, direct_mean)) AS geometric, bool_and(ratio = direct_ratio) AS ratio, bool_and(near(weighted, direct_weighted)) AS weighted FROM (
  SELECT id, variance_pop_value(variance_state(x) OVER f) AS moving, sum_stable(x) OVER f AS sum, geometric_mean(x) OVER f AS mean, ratio(hit) OVER f AS ratio, weighted_avg(x, w) OVER f AS weighted,
    -- A volatile filter forbids taking off, so these are summed anew for every row.
    variance_pop_value(variance_state(x) FILTER (WHERE random() >= 0) OVER f) AS direct, sum_stable(x) FILTER (WHERE random() >= 0) OVER f AS direct_sum,
    geometric_mean(x) FILTER (WHERE random() >= 0) OVER f AS direct_mean, ratio(hit) FILTER (WHERE random() >= 0) OVER f AS direct_ratio,
    weighted_avg(x, w) FILTER (WHERE random() >= 0) OVER f AS direct_weighted
  FROM (SELECT id, CASE WHEN id % 300 = 7 THEN x * 1e90 ELSE x END AS x, w, hit FROM value WHERE id <= 1000) v WINDOW f AS (ORDER BY id ROWS 20 PRECEDING)) m;
SELECT id, sum_stable(x) OVER two AS sum, variance_stable(x) OVER two > 1 AS spread, sum_state(x) OVER two IS NULL AS none, geometric_mean(x) OVER two > 3.9 AS mean
FROM (VALUES (1, 1::float8), (2, 1e100), (3, 2), (4, 4), (5, NULL), (6, NULL), (7, 'infinity'), (8, 4), (9, 16)) v(id, x) WINDOW two AS (ORDER BY id ROWS 1 PRECEDING) ORDER BY id;

-- Errors.
SELECT geometric_mean(-1);
SELECT weighted_avg(1, -0.5);
SELECT weighted_avg(1, 'NaN');
SELECT sum_stable(x) FROM (VALUES (1.7e308::float8), (1.7e308)) v(x);
SELECT variance_stable(x) FROM (VALUES (1e200::float8), (1)) v(x);
SELECT ratio_state 'IwEBAAAAAAAAAAAAAAAAAAAA';
SELECT variance_state 'JgE=';
SELECT sum_state_add(NULL, 1);
DROP FUNCTION near;
