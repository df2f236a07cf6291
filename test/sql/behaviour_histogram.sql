-- Histograms: bounds, ends of the scales, moving frames, against width_bucket() and ntile-like ranks.
SET search_path = starhouse, public;
SET timezone = 'UTC';
SET datestyle = ISO;

-- By hand.
SELECT b.* FROM (SELECT histogram(x, 0, 10, 4) AS h FROM (VALUES (-0.001), (0), (2.4), (2.5), (9.999), (10), ('infinity'), ('-infinity'), (NULL::float8), ('-0')) v(x)) s, unnest(h) b;
SELECT b.* FROM (SELECT histogram_log(x, 1) AS h FROM (VALUES (1::float8), (9.99), (10), (0.1), (0.0999), (0), ('-0'), (-1), (-10), (-9.99), (5e-324), (1.7e308)) v(x)) s, unnest(h) b;
SELECT b.* FROM (SELECT histogram_quantile(x, 4) AS h FROM generate_series(1, 10) x) s, unnest(h) b;
SELECT b.* FROM (SELECT histogram_quantile(x, 3) AS h FROM unnest(ARRAY[1, 1, 1, 1, 2, 3]) x) s, unnest(h) b;
SELECT b.* FROM (SELECT histogram_quantile(x, 2) AS h FROM unnest(ARRAY['infinity', '-infinity', -0.0, 0]::float8[]) x) s, unnest(h) b;
SELECT array_length(histogram_quantile(x, 1000), 1) AS no_more_than_values FROM generate_series(1, 10) x;
-- The bounds are those that say which bucket: every power of the base is the first of its bucket.
SELECT p, bool_and((h[1]).low <= x AND x < (h[1]).high) AS within, bool_and((h[1]).low = x) AS first, count(*)
FROM (SELECT p, x, histogram_log(x, p) AS h FROM unnest(ARRAY[1, 2, 3, 10, 100]) p, generate_series(-300, 300, 7) i, LATERAL (SELECT power(10::float8, (i * p)::float8 / p) AS x) v GROUP BY p, x) s GROUP BY p ORDER BY p;
SELECT count(*), bool_and((h[1]).low <= x AND x < (h[1]).high) AS within FROM (SELECT x, histogram_log(x, 7) AS h FROM generate_series(1, 3000) g, LATERAL (SELECT exp(hashint8extended(g, 1) / 3e16::float8) AS x) v GROUP BY x) s;
SELECT count(*), bool_and((b).low <= x AND x < (b).high) AS within FROM (SELECT x, (SELECT y FROM unnest(h) y WHERE y.count > 0) AS b
  FROM (SELECT x, histogram(x, 0.1, 0.7, 6) AS h FROM generate_series(-10, 90) g, LATERAL (SELECT g / 100.0::float8 AS x) v GROUP BY x) s) t;

SELECT histogram(x, 0, 1, 2) IS NULL AS a, histogram_log(x, 1) IS NULL AS b, histogram_quantile(x, 1) IS NULL AS c, histogram_merge(NULL) IS NULL AS d, histogram_quantile_merge(NULL) IS NULL AS e FROM (VALUES (NULL::float8)) v(x);
SELECT histogram(1, low, 10, 2) IS NULL AS no_bound, histogram_log(1, NULL) IS NULL AS no_number FROM (VALUES (NULL::float8)) v(low);
SELECT (SELECT count(*) FROM histogram_buckets(NULL::histogram_state)) AS listed, (SELECT count(*) FROM histogram_buckets(NULL::quantile_histogram_state)) AS listed;
\set VERBOSITY terse
SELECT histogram('NaN', 0, 1, 2);
SELECT histogram(1, 1, 1, 2);
SELECT histogram(1, 0, 'infinity', 2);
SELECT histogram(1, 'NaN', 1, 2);
SELECT histogram(1, -1e308, 1e308, 2);
SELECT histogram(1, 0, 1, 0);
SELECT histogram(1, 0, 1, 10001);
SELECT histogram(1, 0, h, 2) FROM (VALUES (1), (2)) v(h);
SELECT histogram_log('NaN', 1);
SELECT histogram_log('-infinity', 1);
SELECT histogram_log(1, 101);
SELECT histogram_quantile('NaN', 2);
SELECT histogram_quantile(1, 0);
SELECT histogram_quantile(1, n) FROM (VALUES (1), (2)) v(n);
SELECT histogram_buckets(histogram_quantile_state(1, 2), 0);
SELECT histogram_merge(s) FROM (SELECT histogram_state(1, 0, 1, 2) AS s UNION ALL SELECT histogram_log_state(1, 2)) x;

-- 20,000 values against the server's own functions.
CREATE TEMP TABLE measure AS SELECT g AS id, g % 20 AS sensor, (hashint8extended(g, 1) % 4096) / 16.0::float8 AS x FROM generate_series(1, 20000) g;
SELECT count(*), bool_and(ours.count = coalesce(theirs.count, 0)) AS as_width_bucket FROM
  (SELECT sensor, b.* FROM (SELECT sensor, histogram(x, -128, 192, 20) AS h FROM measure GROUP BY 1) s, unnest(h) b) ours LEFT JOIN
  (SELECT sensor, width_bucket(x, -128, 192, 20) AS bucket, count(*) FROM measure GROUP BY 1, 2) theirs USING (sensor, bucket);
SELECT count(*), bool_and(ours.count = theirs.count AND ours.low = theirs.low AND ours.high = theirs.high) AS quantiles_same FROM
  (SELECT sensor, b.* FROM (SELECT sensor, histogram_quantile(x, 10) AS h FROM measure GROUP BY 1) s, unnest(h) b) ours FULL JOIN
  -- The bucket of a value is that in which the last of its equals ends: ceil(rank of the first of them * 10 / n).
  (SELECT sensor, row_number() OVER (PARTITION BY sensor ORDER BY min(x)) AS bucket, min(x) AS low, max(x) AS high, count(*) FROM
    (SELECT sensor, x, ceil((rank() OVER (PARTITION BY sensor ORDER BY x)) * 10.0 / count(*) OVER (PARTITION BY sensor)) AS part FROM measure) r GROUP BY sensor, part) theirs USING (sensor, bucket);
SELECT (SELECT histogram_quantile(x, 10)::text FROM measure) = (SELECT array_agg(b)::text FROM (SELECT b FROM (SELECT histogram_quantile_merge(s) AS m FROM
  (SELECT histogram_quantile_state(x, 3)::text::quantile_histogram_state AS s FROM measure GROUP BY sensor) p) q, histogram_buckets(m, 10) b) r) AS other_number_merged;
SELECT (SELECT histogram_log(x, 5)::text FROM measure) = (SELECT histogram_array(histogram_merge(s))::text FROM (SELECT histogram_log_state(x, 5)::text::histogram_state AS s FROM measure GROUP BY sensor) p) AS log_merged;
-- Frames that move take values off; a volatile filter forbids it, so that frame is counted anew.
SELECT count(*), bool_and(a = b) AS linear, bool_and(c = d) AS logarithmic FROM (SELECT
  histogram(x, -128, 192, 5) OVER w AS a, histogram(x, -128, 192, 5) FILTER (WHERE random() >= 0) OVER w AS b,
  histogram_log(x, 2) OVER w AS c, histogram_log(x, 2) FILTER (WHERE random() >= 0) OVER w AS d
  FROM (SELECT id, NULLIF(x, 0) AS x FROM measure WHERE id <= 3000) m WINDOW w AS (ORDER BY id ROWS BETWEEN 20 PRECEDING AND 3 PRECEDING)) f;
SELECT id, histogram(x, 0, 1, 1) OVER (ORDER BY id ROWS 1 PRECEDING) FROM (VALUES (1, NULL::float8), (2, 0.5), (3, NULL), (4, NULL), (5, 2)) v(id, x);
