-- Set operations through the server; the error law itself is tested in test/unit.
SET search_path = starhouse, public;
SET timezone = 'UTC';

-- Exact up to 4,096 values, whatever the type.
SELECT theta_value(theta_state(g)) AS int, theta_value(theta_state(g::bigint)) AS bigint, theta_value(theta_state(g::text)) AS text, theta_value(theta_state(md5(g::text)::uuid)) AS uuid,
       theta_value(theta_state(date '2020-01-01' + g)) AS date, theta_value(theta_state(timestamptz '2020-01-01' + g * interval '1 second')) AS timestamptz
FROM (SELECT g % 4096 AS g FROM generate_series(1, 9000) g) x;
CREATE TEMP TABLE audience AS SELECT 'spring' AS campaign, theta_state(g) AS people FROM generate_series(1, 3000) g UNION ALL SELECT 'summer', theta_state(g) FROM generate_series(2001, 4000) g
  UNION ALL SELECT 'autumn', theta_state(g) FROM generate_series(1, 4000, 2) g;
SELECT theta_value(theta_union(a.people, b.people)) AS either, theta_value(theta_intersection(a.people, b.people)) AS both, theta_value(theta_difference(a.people, b.people)) AS only_spring,
       theta_value(theta_difference(b.people, a.people)) AS only_summer, theta_jaccard(a.people, b.people) AS alike
FROM audience a, audience b WHERE a.campaign = 'spring' AND b.campaign = 'summer';
SELECT theta_value(theta_merge(people)) AS any_of_them, theta_value(theta_intersect(people)) AS in_all FROM audience;

-- Large sets: within three standard errors, and in the bounds.
CREATE TEMP TABLE large AS SELECT theta_state(g) FILTER (WHERE g <= 60000) AS a, theta_state(g) FILTER (WHERE g > 40000) AS b FROM generate_series(1, 100000) g;
SELECT abs(theta_value(a) - 60000) < 0.048 * 60000 AS a, abs(theta_value(theta_union(a, b)) - 100000) < 0.048 * 100000 AS either,
       20000 BETWEEN (theta_bounds(theta_intersection(a, b), 0.999)).lower AND (theta_bounds(theta_intersection(a, b), 0.999)).upper AS both,
       40000 BETWEEN (theta_bounds(theta_difference(a, b), 0.999)).lower AND (theta_bounds(theta_difference(a, b), 0.999)).upper AS only_a,
       abs(theta_jaccard(a, b) - 0.2) < 0.025 AS alike, theta_union(a, b)::text = (SELECT theta_state(g)::text FROM generate_series(1, 100000) g) AS union_to_the_last_bit
FROM large;
SELECT (sketch_info(a)).form, (sketch_info(a)).bytes, (sketch_info(a)).relative_error BETWEEN 0.014 AND 0.0157 AS error, sketch_info(theta_state_small) AS small FROM large, (SELECT theta_state(g) AS theta_state_small FROM generate_series(1, 10) g) x;
SELECT theta_bounds(theta_state(g)) AS exact FROM generate_series(1, 10) g;

-- Nothing, NULLs, the empty set.
SELECT theta_state(g) IS NULL AS state, theta_merge(NULL) IS NULL AS merged, theta_intersect(NULL) IS NULL AS intersected FROM generate_series(1, 0) g;
SELECT theta_value(theta_state(g)) FROM (VALUES (NULL::int), (1), (1)) v(g);
SELECT theta_union(people, NULL) IS NULL AS strict, theta_value(theta_difference(people, people)) AS nothing, theta_jaccard(people, people) AS same,
       theta_jaccard(theta_difference(people, people), theta_difference(people, people)) IS NULL AS of_nothing FROM audience WHERE campaign = 'spring';
SELECT theta_value(theta_intersect(p)) FROM (SELECT people AS p FROM audience UNION ALL SELECT NULL) x;

-- What stored sketches rest on never changes.
SELECT encode(theta_sketch_send(theta_state(g)), 'hex') AS bytes FROM generate_series(1, 2) g;
SELECT md5(theta_state(g)::text) AS sample FROM generate_series(1, 10000) g;
-- A rollup.
CREATE TEMP TABLE daily AS SELECT g % 30 AS day, theta_state(g * 7919 % 30011) AS visitors FROM generate_series(1, 40000) g GROUP BY 1;
SELECT theta_merge(visitors)::text = (SELECT theta_state(g * 7919 % 30011)::text FROM generate_series(1, 40000) g) AS same FROM daily;

-- Refused.
\set VERBOSITY terse
SELECT theta_bounds(a, 1) FROM large;
SELECT theta_bounds(a, 'NaN') FROM large;
\set VERBOSITY sqlstate
SELECT 'KwEA'::theta_sketch;
SELECT ''::theta_sketch;
