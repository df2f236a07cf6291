-- Active days, retention of cohorts: by hand, and against joins over the days.
SET search_path = starhouse, public;
SET timezone = 'UTC';
SET datestyle = ISO;

SELECT active_days_count(s), active_days_first(s), active_days_on(s, '2026-01-05') AS hit, active_days_on(s, '2026-01-06') AS miss, ARRAY(SELECT active_days_list(s)) AS list
FROM (SELECT active_days(d) AS s FROM (VALUES (date '2026-01-05'), ('2025-12-31'), (NULL), ('2026-01-05'), ('2024-02-29')) v(d)) x;
SELECT ARRAY(SELECT active_days_list(active_days_merge(s))) AS merged FROM (SELECT active_days(d) AS s FROM (VALUES (date '2026-01-05'), ('2025-12-31'), ('2026-01-05')) v(d) GROUP BY d UNION ALL SELECT NULL) x;
SELECT ARRAY(SELECT active_days_list(active_days(d))) AS ends FROM (VALUES (date '4713-01-01 BC'), ('5874897-12-31')) v(d);
SELECT active_days(NULL) IS NULL AS nulls, active_days_count(NULL) IS NULL AS count, (SELECT count(*) FROM active_days_list(NULL)) AS listed;
\set VERBOSITY terse
SELECT active_days('infinity');

-- By hand: two users of January, one of February; C's activity before the cohort does not count.
CREATE TEMP TABLE visit (who text, day date);
INSERT INTO visit VALUES ('A', '2026-01-10'), ('A', '2026-01-20'), ('A', '2026-02-01'), ('A', '2026-03-31'), ('B', '2026-01-31'), ('B', '2026-03-01'), ('C', '2026-02-10'), ('C', '2026-01-01');
CREATE TEMP VIEW active AS SELECT who, CASE who WHEN 'C' THEN date '2026-02-10' ELSE min(day) END AS first, active_days(day) AS days FROM visit GROUP BY who;
SELECT m.* FROM (SELECT retention_state(first, days, 'month') AS st FROM active) s, retention_matrix(st) m;
SELECT retention(first, days, 'month') AS curve FROM active;
SELECT retention(first, days, 'week') AS weeks FROM active WHERE who = 'B';
SELECT m.cohort, count(*) AS periods, sum(m.active) AS active FROM (SELECT retention_state(first, days, p) AS st FROM active, unnest(ARRAY['day', 'week']) p GROUP BY p) s, retention_matrix(st) m GROUP BY st::text, 1 ORDER BY 2, 1;
-- The periods are those of date_trunc, before and after the epoch and in both eras.
SELECT p, bool_and(m.cohort = date_trunc(p, d)::date) AS as_date_trunc, count(*) FROM unnest(ARRAY['day', 'week', 'month']) p, generate_series(-800000, 800000, 7919) g, LATERAL (SELECT date '2000-01-01' + g AS d) x,
  LATERAL (SELECT retention_state(d, days, p) AS st FROM (SELECT active_days(x) AS days FROM (SELECT d AS x) v) a) s, retention_matrix(st) m GROUP BY p ORDER BY p;
SELECT retention(NULL, days, 'day') IS NULL AS no_cohort, retention(first, NULL, 'day') IS NULL AS no_days, retention(first, days, NULL) IS NULL AS no_period, retention_merge(NULL) IS NULL AS no_state FROM active;
SELECT m.* FROM (SELECT retention_state('2027-01-10', days, 'month') AS st FROM active) s, retention_matrix(st) m;
SELECT retention_state(first, days, 'year') FROM active;
SELECT retention_state(first, days, p) FROM active, unnest(ARRAY['day', 'week']) p;
SELECT retention_state('infinity', days, 'day') FROM active;
SELECT retention_state('1800-01-01', days, 'day') FROM active;

-- 500 users over 300 days, against joins.
CREATE TEMP TABLE login AS
  SELECT g % 500 AS who, date '2025-03-01' + ((g % 500) % 100 + abs(hashint8extended(g, 1) % 200) * (abs(hashint8extended(g, 2) % 3)) / 2)::int AS day, g AS id FROM generate_series(1, 8000) g;
CREATE FUNCTION since(p text, a date, b date) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE p WHEN 'day' THEN b - a WHEN 'week' THEN (date_trunc('week', b)::date - date_trunc('week', a)::date) / 7
    ELSE ((extract(year FROM b) - extract(year FROM a)) * 12 + extract(month FROM b) - extract(month FROM a))::int END $$;
SELECT p, bool_and(ours.active = theirs.active AND ours.users = theirs.users AND ours.share = theirs.active::float8 / theirs.users) AS same, count(*) AS cells FROM unnest(ARRAY['day', 'week', 'month']) p,
  LATERAL (SELECT m.* FROM (SELECT retention_state(active_days_first(days), days, p) AS st FROM (SELECT active_days(day) AS days FROM login GROUP BY who) u) s, retention_matrix(st) m) ours
  JOIN LATERAL (
    WITH u AS (SELECT who, date_trunc(p, min(day))::date AS cohort FROM login GROUP BY 1), size AS (SELECT cohort, count(*) AS users FROM u GROUP BY 1),
      grid AS (SELECT cohort, users, period FROM size, generate_series(0, since(p, cohort, (SELECT max(day) FROM login))) period)
    SELECT cohort, period, users, coalesce(active, 0) AS active FROM grid LEFT JOIN
      (SELECT u.cohort, since(p, u.cohort, l.day) AS period, count(DISTINCT who) AS active FROM u JOIN login l USING (who) GROUP BY 1, 2) counted USING (cohort, period)) theirs USING (cohort, period)
GROUP BY p ORDER BY p;
-- The curve is the sum over the cohorts that came so far.
SELECT bool_and(abs(share - expected) < 1e-12) AS curve_same, count(*) FROM
  (SELECT retention_curve(st) AS curve, st FROM (SELECT retention_state(active_days_first(days), days, 'week') AS st FROM (SELECT active_days(day) AS days FROM login GROUP BY who) u) s) c,
  LATERAL (SELECT share, period FROM unnest(curve) WITH ORDINALITY x(share, period)) x,
  LATERAL (SELECT sum(active)::float8 / sum(users) AS expected FROM retention_matrix(st) m WHERE m.period = x.period - 1) y;
SELECT bool_and(a::text = b::text) AS canonical FROM (SELECT active_days(day ORDER BY day) AS a, active_days(day ORDER BY id DESC) AS b FROM login GROUP BY who) x;
SELECT (SELECT retention_state(active_days_first(days), days, 'week')::text FROM (SELECT active_days(day) AS days FROM login GROUP BY who) u) =
  (SELECT retention_merge(st)::text FROM (SELECT retention_state(active_days_first(days), days, 'week')::text::retention_state AS st FROM (SELECT who, active_days(day) AS days FROM login GROUP BY who) u GROUP BY who % 7) s) AS merged;
DROP FUNCTION since;
