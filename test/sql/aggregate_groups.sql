-- Many groups: rows of hash aggregates wait for their states together (src/pg/state.hpp). Whatever reads or drops a state must
-- find them put in, or gone with it.
SET search_path = starhouse, public;
SET timezone = 'UTC';
SET starhouse.enable_star_scan = off; -- the states' way through the executor

CREATE TABLE row_of AS
  SELECT id, (h & 4095)::int % 3001 AS g, (h >> 12 & 2047)::int % 1500 AS k,
         CASE WHEN id % 11 <> 0 THEN exp((h >> 24 & 1023) / 100.0)::float8 END AS x, (h >> 20 & 255)::bigint AS n,
         timestamptz '2026-01-01' + (h >> 30 & 65535) * interval '1 minute' AS ts,
         CASE WHEN id % 7 = 0 THEN repeat('long ', 20) ELSE 'page/' END || (h >> 40 & 15) AS page
  FROM (SELECT id, hashint8extended(id, 7) & 9223372036854775807 AS h FROM generate_series(1, 60000) id) s;
ANALYZE row_of;

-- Everything that rows wait for, as the settings have it planned; states as their text where that is a function of the set of
-- rows.
CREATE PROCEDURE pg_temp.fill(target text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($query$CREATE TEMP TABLE %I AS SELECT g,
      count(*) AS rows, percentile_exact(x, 0.9) AS p90, percentile_exact(x, ARRAY[0.1, 0.5]) AS two,
      median_exact(n) AS median, percentile_exact_disc(k, 0.3) AS third, percentile_exact(ts, 0.5) AS noon,
      percentile_exact(ts - '2025-12-31', 0.5) AS after, percentile_count(percentile_state(x)) AS known,
      approx_percentile(x, 0.9) AS about, approx_percentile(x, 0.5, 0.05) AS roughly,
      approx_percentile_state(x)::text AS buckets, approx_count_distinct(n) AS different,
      approx_distinct_state(page)::text AS pages, count_distinct_exact(n) AS numbers,
      count_distinct_exact(ts) AS times, count_distinct_exact(page) AS texts, distinct_state(k)::text AS set,
      count_distinct_exact(n) FILTER (WHERE id %% 2 = 0) AS even,
      window_funnel('1 day', ts, n < 99, n < 150, n < 200) AS level,
      window_funnel('1 day', ts, ARRAY[n < 99, n < 150], 'strict_order') AS strictly,
      (session_stats(ts, '1 hour')).*, interval_union_seconds(ts, ts + n * interval '1 minute') AS covered,
      interval_union_state(ts, ts + '1 hour')::text AS intervals, time_weighted_avg(ts, x) AS weighted,
      time_weighted_avg(ts, x, 'linear') AS linear, lttb(ts, x, 5)::text AS line,
      active_days(ts::date)::text AS days, event_path(ts, page)::text AS way,
      event_path_steps(event_path(ts, page), 4) AS steps
    FROM row_of GROUP BY g$query$, target);
END $$;

SET enable_sort = off;
CALL pg_temp.fill('hashed');
EXPLAIN (COSTS OFF) SELECT g, median_exact(n) FROM row_of GROUP BY g;
RESET enable_sort;
-- A sorted aggregate has one state at a time.
SET enable_hashagg = off;
CALL pg_temp.fill('sorted');
RESET enable_hashagg;
SELECT count(*) AS groups, sum(rows) AS rows FROM hashed;
SELECT count(*) AS differ FROM (SELECT hashed::text FROM hashed EXCEPT SELECT sorted::text FROM sorted) d;

-- Groups that do not fit are written out and come back, their states' memory having been dropped in between.
SET enable_sort = off;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
CALL pg_temp.fill('spilled');
SELECT count(*) AS differ FROM (SELECT spilled::text FROM spilled EXCEPT SELECT sorted::text FROM sorted) d;
SELECT count(*) AS groups, sum(median) = (SELECT sum(median) FROM sorted) AS same FROM (SELECT g, median_exact(n) AS median FROM row_of GROUP BY g) s;
RESET work_mem;
RESET hash_mem_multiplier;

-- Workers send the states of their groups.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
CALL pg_temp.fill('gathered');
SELECT count(*) AS differ FROM (SELECT gathered::text FROM gathered EXCEPT SELECT sorted::text FROM sorted) d;
SET max_parallel_workers_per_gather = 0;

-- Grouping sets: two hash tables in one context, and beside sorted ones.
CREATE TEMP TABLE sets AS SELECT g, k, median_exact(x) AS median, count_distinct_exact(n) AS numbers, (session_stats(ts, '1 hour')).sessions FROM row_of GROUP BY GROUPING SETS ((g), (k), ());
RESET enable_sort;
CREATE TEMP TABLE mixed AS SELECT g, k, median_exact(x) AS median, count_distinct_exact(n) AS numbers, (session_stats(ts, '1 hour')).sessions FROM row_of GROUP BY GROUPING SETS ((g), (k), (g, k), ());
SET enable_hashagg = off;
CREATE TEMP TABLE apart AS SELECT g, k, median_exact(x) AS median, count_distinct_exact(n) AS numbers, (session_stats(ts, '1 hour')).sessions FROM row_of GROUP BY GROUPING SETS ((g), (k), (g, k), ());
RESET enable_hashagg;
SELECT (SELECT count(*) FROM sets) AS sets, (SELECT count(*) FROM (TABLE sets EXCEPT TABLE apart) d) AS differ,
  (SELECT count(*) FROM mixed) = (SELECT count(*) FROM apart) AS as_many, (SELECT count(*) FROM (TABLE mixed EXCEPT TABLE apart) d) AS mixed_differ;

-- Two of a kind, DISTINCT and ORDER BY in the aggregate, HAVING.
SELECT count(*), sum(a - b) = 0 AS same, bool_and(c <= a) AS fewer FROM
  (SELECT g, percentile_count(percentile_state(n)) AS a, percentile_count(percentile_state(k)) AS b, percentile_count(percentile_state(DISTINCT n)) AS c,
    median_exact(n ORDER BY id) AS d FROM row_of GROUP BY g HAVING median_exact(x) > 0) s;

-- States outlive the aggregate they come from.
CREATE TEMP TABLE kept AS SELECT g, percentile_state(x) AS values, event_path(ts, page) AS way, approx_percentile_state(x) AS buckets FROM row_of GROUP BY g;
SELECT percentile_value(percentile_merge(values), 0.5) = (SELECT median_exact(x) FROM row_of) AS values,
  approx_percentile_merge(buckets)::text = (SELECT approx_percentile_state(x)::text FROM row_of) AS buckets,
  event_path_merge(way)::text = (SELECT event_path(ts, page)::text FROM row_of) AS way FROM kept;
-- Merged by many groups.
SELECT bool_and(a.m = b.m) AS same FROM (SELECT g % 1500 AS h, percentile_value(percentile_merge(values), 0.5) AS m FROM kept GROUP BY 1) a
  JOIN (SELECT g % 1500 AS h, median_exact(x) AS m FROM row_of GROUP BY 1) b USING (h);

-- The same plan run again, with other groups each time.
SET enable_sort = off;
SELECT part, groups, sum = (SELECT sum(m) FROM (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n) AS m FROM row_of WHERE id % 5 = part GROUP BY g) t) AS same
FROM generate_series(0, 4) part, LATERAL (SELECT count(*) AS groups, sum(m) FROM (SELECT g, median_exact(n) AS m FROM row_of WHERE id % 5 = part GROUP BY g) s) l;

-- An error while rows wait: of one of them, or of something else; then all goes on.
CREATE FUNCTION pg_temp.tried(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE query;
  RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT pg_temp.tried($$SELECT count(level) FROM (SELECT g, window_funnel('1 day', CASE WHEN id = 59990 THEN 'infinity' ELSE ts END, n < 99, n < 150) AS level FROM row_of GROUP BY g) s$$);
SELECT pg_temp.tried($$SELECT count(m) FROM (SELECT g, percentile_exact(x, CASE WHEN id = 59989 THEN 0.4 ELSE 0.5 END) AS m FROM row_of GROUP BY g) s$$);
SELECT pg_temp.tried($$SELECT count(m) FROM (SELECT g, percentile_exact(x, CASE WHEN id = 59989 THEN 1.5 ELSE 0.5 END) AS m FROM row_of GROUP BY g) s$$);
SELECT pg_temp.tried($$SELECT count(m) FROM (SELECT g, approx_percentile(x, CASE WHEN id = 59989 THEN -0.5 ELSE 0.5 END) AS m FROM row_of GROUP BY g) s$$);
SELECT pg_temp.tried($$SELECT count(m) FROM (SELECT g, median_exact(n / (id - 59989)) AS m FROM row_of GROUP BY g) s$$);
SELECT sum(m) = (SELECT sum(median) FROM sorted) AS same FROM (SELECT g, median_exact(n) AS m FROM row_of GROUP BY g) s;

-- A plan that is left in the midst of its groups, and one that is read bit by bit between other statements.
BEGIN;
DECLARE groups CURSOR FOR SELECT g, median_exact(n) FROM row_of GROUP BY g;
DECLARE others CURSOR FOR SELECT g, median_exact(n) AS m FROM row_of GROUP BY g;
MOVE 5 FROM groups;
MOVE 7 FROM others;
CLOSE groups;
MOVE ALL FROM others;
COMMIT;

-- An aggregate that begins with a state that did not come from its transition function.
SELECT format('CREATE AGGREGATE pg_temp.with_ten(float8) (SFUNC = starhouse.percentile_add, STYPE = starhouse.percentile_state, INITCOND = %L)', percentile_state(10::float8)) \gexec
SELECT count(*), bool_and(ours = theirs) AS same FROM
  (SELECT percentile_value(pg_temp.with_ten(n), 0.5) AS ours,
    (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v) FROM unnest(array_agg(n::float8) || 10::float8) v) AS theirs FROM row_of GROUP BY g) s;

DROP TABLE row_of;
