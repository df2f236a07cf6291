-- The decayed sum on every way through an executor: exact values, then "everywhere equal to the
-- definition", to the tolerance that the comment of trending_value states.
SET search_path = starhouse, public;
SET timezone = 'UTC';

-- By hand: half after one half-life, a quarter after two.
SELECT h, trending_value(trending_state('2026-01-01', 8, '1 hour'), timestamptz '2026-01-01' + h * interval '1 hour')
FROM generate_series(-1, 4) h GROUP BY h ORDER BY h;
SELECT trending_value(trending_state(t, w, '1 day'), '2026-01-03') AS sum, trending_events(trending_state(t, w, '1 day')), trending_half_life(trending_state(t, w, '1 day'))
FROM (VALUES (timestamptz '2026-01-01', 4), ('2026-01-02', 2), ('2026-01-03', 1)) v(t, w);
SELECT trending_value(trending_state(t, w, '1 day'), '2026-01-01') AS signed FROM (VALUES (timestamptz '2026-01-01', 3), ('2026-01-01', -1), ('2026-01-01', 0), ('2026-01-01', '-0')) v(t, w);
-- As of now: what happened at the start of this transaction weighs its weight.
SELECT round(trending_score(now(), 3, '1 hour')::numeric, 12) AS now, round(trending_score(now() - interval '2 hours', 12, '1 hour')::numeric, 12) AS before,
       round(trending_value(trending_state(now(), 5, '7 days'))::numeric, 12) AS default_time;

-- Nothing, NULLs.
SELECT trending_state(now(), 1, '1 hour') IS NULL AS state, trending_score(now(), 1, '1 hour') IS NULL AS score, trending_merge(NULL) IS NULL AS merged WHERE false;
SELECT trending_events(trending_state(t, w, h)) FROM (VALUES (timestamptz '2026-01-01', 1, interval '1 hour'), (NULL, 1, '1 hour'), ('2026-01-01', NULL, '1 hour'), ('2026-01-01', 1, NULL)) v(t, w, h);
SELECT trending_state(NULL, 1, '1 hour') IS NULL AS nulls_alone, trending_value(NULL) IS NULL AS value;

-- The ends of time, weights of any size, sums that pass the range of a double and come back.
SELECT round(trending_value(trending_state(t, 1, '1 millisecond'), '294276-12-31 23:59:59.999999')::numeric, 12) AS ends FROM (VALUES (timestamptz '4713-01-01 BC'), ('294276-12-31 23:59:59.999999')) v(t);
SELECT trending_value(trending_state('2026-01-01', 1.5e308, '1 hour'), '2026-01-01 02:00') FROM generate_series(1, 2);
SELECT trending_value(trending_state('2026-01-01', 5e-324, '1 hour'), '2025-12-31 22:00') = 2e-323 AS smallest;
SELECT trending_value(trending_state('2026-01-01', 1, '1 hour'), '2027-01-01') AS long_ago;

-- 20,000 events in ten groups, and the definition as the server computes it.
CREATE TEMP TABLE event AS
  SELECT g AS id, g % 10 AS video, timestamptz '2026-01-01' + (g * 7919 % 1000003) * interval '1 second' AS t, (g * 31 % 97) / 8.0::float8 AS w
  FROM generate_series(1, 20000) g;
ANALYZE event;
CREATE FUNCTION near(a float8, b float8) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT abs(a - b) <= 1e-13 * abs(b)';
CREATE FUNCTION same(a float8, b float8) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT abs(a - b) <= 2.3e-16 * abs(b)';
CREATE FUNCTION definition(t timestamptz, w float8) RETURNS float8 LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT w * power(2::float8, (date_part('epoch', t) - date_part('epoch', timestamptz '2026-01-13')) / 21600) $$;
\set score 'trending_value(trending_state(t, w, interval ''6 hours''), ''2026-01-13'')'
SELECT near(:score, sum(definition(t, w))) FROM event;
SELECT count(*), bool_and(near(a, b)) FROM (SELECT :score AS a, sum(definition(t, w)) AS b FROM event GROUP BY video) x;
SET enable_hashagg = off;
SELECT count(*), bool_and(near(a, b)) FROM (SELECT :score AS a, sum(definition(t, w)) AS b FROM event GROUP BY video) x;
RESET enable_hashagg;
SELECT count(*), bool_and(near(a, b)) FROM (SELECT :score AS a, sum(definition(t, w)) AS b FROM event GROUP BY GROUPING SETS ((), (video), (video % 2, id % 7))) x;
SELECT near(trending_value(trending_state(t, w, '6 hours') FILTER (WHERE video = 3), '2026-01-13'), sum(definition(t, w)) FILTER (WHERE video = 3)),
       same(trending_value(trending_state(t, w, '6 hours' ORDER BY t), '2026-01-13'), trending_value(trending_state(t, w, '6 hours' ORDER BY t DESC), '2026-01-13')) AS any_order,
       trending_events(trending_state(DISTINCT t, 1, '6 hours')) = count(DISTINCT t) AS distinct_times
FROM event;

-- In parallel, the same.
CREATE TABLE score_event AS SELECT * FROM event;
ANALYZE score_event;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET starhouse.enable_star_scan = off; -- the states' way through the executor
EXPLAIN (COSTS OFF) SELECT trending_state(t, w, '6 hours') FROM score_event;
SELECT same(a, b) FROM (SELECT :score AS a FROM score_event) x, (SELECT :score AS b FROM event) y;
SELECT count(*), bool_and(same(a, b)) FROM (SELECT video, :score AS a FROM score_event GROUP BY video) x JOIN (SELECT video, :score AS b FROM event GROUP BY video) y USING (video);
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
DROP TABLE score_event;

-- Random splits, their states through text and binary, merged: equal to the direct result.
SELECT count(*), bool_and(same(a, b)) FROM (
  SELECT split, trending_value(trending_merge(s), '2026-01-13') AS a
  FROM (SELECT split, trending_state(t, w, '6 hours')::text::trending_state AS s FROM event, generate_series(1, 20) split
        GROUP BY split, hashint8extended(id, split) % (1 + split)) parts GROUP BY split) merged,
  (SELECT :score AS b FROM event) direct;
SELECT bool_and(s::text = s::text::trending_state::text AND decode(s::text, 'base64') = trending_state_send(s)) AS text_is_exact
FROM (SELECT trending_state(t, w, '6 hours') AS s FROM event GROUP BY id % 100) x;
SELECT trending_events(trending_merge(s)) FROM (SELECT trending_state(t, w, '6 hours') AS s FROM event GROUP BY id % 7 UNION ALL SELECT NULL) x;

-- A rollup: hours of states, days of merged hours, read at any time.
CREATE TEMP TABLE hourly AS SELECT video, date_trunc('hour', t) AS hour, trending_state(t, w, '6 hours') AS trend FROM event GROUP BY 1, 2;
SELECT bool_and(near(a, b)), count(*) FROM (SELECT video, trending_value(trending_merge(trend), '2026-01-13') AS a FROM hourly GROUP BY 1) x
  JOIN (SELECT video, sum(definition(t, w)) AS b FROM event GROUP BY 1) y USING (video);
-- Ranks do not depend on the time they are read at.
SELECT array_agg(video ORDER BY trending_value(s, '2026-01-13') DESC) = array_agg(video ORDER BY trending_value(s, '2026-02-13') DESC) AS same_ranks
FROM (SELECT video, trending_merge(trend) AS s FROM hourly GROUP BY 1) x;

-- Frames that move: events are taken off again, or the frame is summed anew; either way as defined.
SELECT count(*), bool_and(same(moving, direct)) AS rows_frame FROM (
  SELECT id, trending_value(trending_state(t, w, '6 hours') OVER (ORDER BY t, id ROWS 50 PRECEDING), t) AS moving,
    (SELECT trending_value(trending_state(f.t, f.w, '6 hours'), e.t) FROM
      (SELECT b.t, b.w FROM event b WHERE (b.t, b.id) <= (e.t, e.id) AND b.id <= 1000 ORDER BY b.t DESC, b.id DESC LIMIT 51) f) AS direct
  FROM event e WHERE id <= 1000) x;
SELECT bool_and(same(a, b)) AS range_frame FROM (
  SELECT trending_value(trending_state(t, w, '6 hours') OVER (ORDER BY t RANGE interval '12 hours' PRECEDING), t) AS a,
         -- A volatile filter forbids taking off, so this one is summed anew for every row.
         trending_value(trending_state(t, w, '6 hours') FILTER (WHERE random() >= 0) OVER (ORDER BY t RANGE interval '12 hours' PRECEDING), t) AS b
  FROM event WHERE id <= 1000) x;
-- A giant passes through the frame: what it leaves is not its rounding.
SELECT id, trending_value(trending_state(t, w, '1 hour') OVER two, t) AS two, trending_state(t, w, '1 hour') OVER two IS NULL AS none, trending_score(t, w, '1 hour') OVER two IS NULL AS none
FROM (VALUES (1, timestamptz '2026-01-01', 1::float8), (2, '2026-01-01', 1e300), (3, '2026-01-01', 2), (4, '2026-01-01', 3), (5, '2026-01-01', NULL), (6, '2026-01-01', NULL), (7, '2026-01-01', 4)) v(id, t, w)
WINDOW two AS (ORDER BY id ROWS 1 PRECEDING) ORDER BY id;
SELECT bool_and(same(trending_score, running)) AS running_total FROM (
  SELECT trending_score(now() - id * interval '1 minute', w, '6 hours') OVER (ORDER BY id) AS trending_score,
         trending_value(trending_state(now() - id * interval '1 minute', w, '6 hours') OVER (ORDER BY id)) AS running
  FROM event WHERE id <= 500) x;
-- An initial state given as text.
CREATE AGGREGATE pg_temp.seeded(timestamptz, float8, interval) (SFUNC = trending_transition, STYPE = trending_state, INITCOND = 'AQEApJPWAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAADwPwAAAAAAAAAA');
SELECT trending_events(pg_temp.seeded(t, w, '1 hour')) FROM event;
DROP FUNCTION near, same, definition;
