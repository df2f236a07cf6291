-- Facts that are updated and deleted from: every kind of aggregate stays what the rows sum up to, whole and in parts, on a partitioned
-- fact whose rows move between partitions, and with values that swallow all others.
SET client_min_messages = warning;
CREATE SCHEMA rollup_mutable;
SET search_path = rollup_mutable;
SET timezone = 'UTC';
SET jit = off;
CREATE FUNCTION random_of(seed text, below int) RETURNS int LANGUAGE sql IMMUTABLE AS $$
  SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint & 2147483647)::int % below $$;
CREATE TABLE fact (id int, at timestamptz NOT NULL, grp text, i2 smallint, i4 int, i8 bigint, f8 float8, num numeric, iv interval, txt text) PARTITION BY RANGE (at);
SELECT starhouse.ensure_partitions('fact', '2024-01-01', '2024-02-28', '7 days') > 0 AS made;
CREATE FUNCTION some_rows(run int, first int, last int) RETURNS SETOF fact LANGUAGE sql AS $$
  SELECT i, timestamptz '2024-01-03' + random_of(run || 't' || i, 40 * 24) * interval '1 hour', nullif('g' || random_of(run || 'g' || i, 3), 'g2'), random_of(run || 'a' || i, 100),
         random_of(run || 'b' || i, 100000), nullif(random_of(run || 'c' || i, 50), 7), random_of(run || 'd' || i, 1000) / 7.0,
         CASE random_of(run || 'e' || i, 12) WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity' WHEN 3 THEN NULL ELSE random_of(run || 'f' || i, 100000) / 100.0 END,
         random_of(run || 'h' || i, 1000) * interval '1 second', 'x' || random_of(run || 'j' || i, 9)
    FROM generate_series(first, last) i $$;
INSERT INTO fact SELECT * FROM some_rows(0, 1, 300);

-- What can be taken off.
SELECT starhouse.create_rollup('sums', 'fact', 'at', '6 hours', '{grp}', '{"n": "count(*)", "n_num": "count(num)", "s2": "sum(i2)", "s4": "sum(i4)", "s8": "sum(i8)", "snum": "sum(num)", "siv": "sum(iv)", "a4": "avg(i4)", "anum": "avg(num)", "aiv": "avg(iv)", "part": "sum(num) FILTER (WHERE i2 > 50)"}');
-- What cannot, one rollup per aggregate with a mergeable state, as they are all made by the same rules.
SELECT starhouse.create_rollup('kept', 'fact', 'at', '1 day', '{grp}', $${
  "least": "min(num)", "most": "max(i8)", "sf8": "sum(f8)", "af8": "avg(f8)", "first_text": "min(txt)",
  "distinct_estimate": "approx_count_distinct(i8)", "distinct_exact": "count_distinct_exact(i8)", "mode": "mode_fast(txt)", "median": "median_exact(i8)",
  "best": {"state": "max_by_state(txt, i4, 3)", "value": "best_text_array(best)::text"}, "ratio": "ratio(i4 > 50000)", "weighted": "weighted_avg(f8, i2 + 1)",
  "geometric": "geometric_mean(abs(f8) + 1)", "deviation": "stddev_stable(f8)", "stable": "sum_stable(f8)", "map": {"state": "sum_map(txt, i8)", "value": "map::text"},
  "quantile": {"state": "approx_percentile_state(f8)", "value": "approx_percentile_value(quantile, 0.9)"}, "top": "approx_top_k_state(txt)",
  "bars": {"state": "histogram_state(f8, 0, 150, 5)", "value": "bars::text"}, "score": {"state": "trending_state(at, 1, '1 day')", "value": "trending_value(score)"},
  "days": "active_days(at::date)", "stats": "session_stats(at, interval '1 hour')"}$$);
SELECT starhouse.create_rollup_on('sums_daily', 'sums', '1 day', '{}');
SELECT starhouse.create_rollup_on('kept_monthly', 'kept', '1 month');
SELECT rollup, invertible FROM starhouse.rollup ORDER BY rollup::text;

CREATE FUNCTION wrong() RETURNS TABLE (rollup text, column_name text, differences bigint) LANGUAGE sql AS $$
  SELECT r.rollup::text, c.column_name, count(*) FROM starhouse.rollup r CROSS JOIN LATERAL starhouse.rollup_check(r.rollup) c WHERE r.rollup::text IN ('sums', 'kept', 'sums_daily', 'kept_monthly') GROUP BY 1, 2 ORDER BY 1, 2 $$;
SELECT * FROM wrong();
SELECT (SELECT count(*) FROM sums WHERE snum = 'NaN') > 0 AS nan, (SELECT count(*) FROM sums WHERE snum IN ('Infinity', '-Infinity')) > 0 AS infinite;
DO $$
DECLARE
  bad text;
BEGIN
  FOR run IN 1..40 LOOP
    CASE random_of('kind' || run, 6)
    WHEN 0 THEN INSERT INTO fact SELECT * FROM some_rows(run, run * 1000, run * 1000 + random_of('size' || run, 60));
    WHEN 1 THEN UPDATE fact SET num = CASE WHEN id % 3 = 0 THEN 'NaN' ELSE 1.5 END, i8 = id % 11, f8 = -f8, txt = 'y' || id % 4 WHERE random_of(run || 'u' || id, 8) = 0;
    WHEN 2 THEN UPDATE fact SET at = at + CASE WHEN at > '2024-02-01' THEN interval '-9 days' ELSE interval '9 days' END, grp = 'moved' WHERE random_of(run || 'm' || id, 12) = 0;
    WHEN 3 THEN DELETE FROM fact WHERE random_of(run || 'd' || id, 9) = 0 OR num = 'NaN' AND id % 2 = 0;
    WHEN 4 THEN DELETE FROM fact WHERE num IN ('Infinity', '-Infinity');
    ELSE PERFORM starhouse.rollup_compact(r) FROM unnest('{sums, kept, sums_daily, kept_monthly}'::regclass[]) AS r WHERE random_of(run || r::text, 3) > 0;
    END CASE;
    SELECT string_agg(w::text, ', ') INTO bad FROM wrong() w;
    IF bad IS NOT NULL THEN
      RAISE EXCEPTION 'rollups differ after statement %: %', run, bad;
    END IF;
  END LOOP;
END $$;
CALL starhouse.rollup_compact_all();
SELECT * FROM wrong();
-- Against the rows, by a query of another kind.
SELECT count(*) AS differences FROM (
  (SELECT bucket, grp, n, n_num, s2, s4, s8, snum, siv, a4, part FROM sums EXCEPT ALL
   SELECT date_bin('6 hours', at, '2000-01-03 00:00+00'), grp, count(*), count(num), sum(i2), sum(i4), sum(i8), sum(num), sum(iv), avg(i4), sum(num) FILTER (WHERE i2 > 50) FROM fact GROUP BY 1, 2)
  UNION ALL
  (SELECT date_bin('6 hours', at, '2000-01-03 00:00+00'), grp, count(*), count(num), sum(i2), sum(i4), sum(i8), sum(num), sum(iv), avg(i4), sum(num) FILTER (WHERE i2 > 50) FROM fact GROUP BY 1, 2 EXCEPT ALL
   SELECT bucket, grp, n, n_num, s2, s4, s8, snum, siv, a4, part FROM sums)) AS d;
-- All rows of a bucket go: so does its row.
DELETE FROM fact WHERE at < '2024-01-20';
SELECT (SELECT count(*) FROM sums WHERE bucket < '2024-01-19 12:00') + (SELECT count(*) FROM kept WHERE bucket < '2024-01-19') AS left;
CALL starhouse.rollup_compact_all();
SELECT (SELECT count(*) FROM sums_rolled WHERE bucket < '2024-01-19 12:00') + (SELECT count(*) FROM kept_rolled WHERE bucket < '2024-01-19') AS left;
SELECT * FROM wrong();
-- Deletes that another table's rows bring about count as well.
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (at timestamptz NOT NULL, parent int REFERENCES parent ON DELETE CASCADE ON UPDATE CASCADE, x int);
SELECT starhouse.create_rollup('children', 'child', 'at', '1 day', '{parent}', '{"n": "count(*)", "x": "sum(x)", "most": "max(x)"}');
INSERT INTO parent VALUES (1), (2);
INSERT INTO child VALUES ('2024-01-01', 1, 10), ('2024-01-01', 2, 20), ('2024-01-01', 2, 30);
DELETE FROM parent WHERE id = 1;
UPDATE parent SET id = 3 WHERE id = 2;
SELECT bucket, parent, n, x, most FROM children;

SELECT starhouse.drop_rollup(rollup) FROM starhouse.rollup ORDER BY starhouse.rollup_level(rollup) DESC, rollup::text;
DROP SCHEMA rollup_mutable CASCADE;
