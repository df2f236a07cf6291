-- sessionize and session_stats, interval_union_seconds, concurrent_peak: by hand, and against window functions.
SET search_path = starhouse, public;
SET timezone = 'UTC';
SET datestyle = ISO;

-- By hand: exactly the gap is still the same session.
SELECT minute, sessionize(timestamptz '2026-01-01' + minute * interval '1 minute', '30 minutes') OVER (ORDER BY minute) AS session
FROM unnest(ARRAY[0, 30, 60, 91, 91, 200, NULL]) AS minute ORDER BY minute;
SELECT session_stats(timestamptz '2026-01-01' + minute * interval '1 minute', '30 minutes'), (session_stats(timestamptz '2026-01-01' + minute * interval '1 minute', '30 minutes')).*
FROM unnest(ARRAY[200, 0, 91, 30, 60, NULL, 91]) AS minute;
SELECT s.* FROM (SELECT session_stats_state(timestamptz '2026-01-01' + minute * interval '1 minute', '30 minutes') AS st FROM unnest(ARRAY[200, 0, 91, 30, 60, 91]) AS minute) x, session_list(st) s;
-- Cut at midnight, put together again.
SELECT d.sessions AS separately, (session_stats_value(merged)).sessions AS together FROM (
  SELECT sum((session_stats_value(st)).sessions) AS sessions, session_stats_merge(st) AS merged FROM (
    SELECT session_stats_state(t, '30 minutes') AS st FROM (VALUES (timestamptz '2026-01-01 23:40'), ('2026-01-01 23:55'), ('2026-01-02 00:10'), ('2026-01-02 00:50')) v(t) GROUP BY t::date) x) d;
SELECT session_stats(t, '0') FROM (VALUES (timestamptz '2026-01-01'), ('2026-01-01'), ('2026-01-01 00:00:00.000001')) v(t);

SELECT session_stats(now(), '1 hour') IS NULL AS none, session_stats(NULL, '1 hour') IS NULL AS nulls, session_stats_merge(NULL) IS NULL AS merged, session_stats_value(NULL) IS NULL AS value WHERE false;
SELECT session_stats(NULL, '1 hour') IS NULL AS nulls, session_stats(now(), NULL) IS NULL AS no_gap, (SELECT count(*) FROM session_list(NULL)) AS listed;
\set VERBOSITY terse
SELECT session_stats(now(), '-1 second');
SELECT session_stats(now(), '1 month');
SELECT session_stats('-infinity', '1 hour');
SELECT session_stats(now(), g) FROM (VALUES (interval '1 hour'), ('2 hours')) v(g);
SELECT sessionize(now(), '-1 second') OVER ();
SELECT sessionize('infinity', '1 hour') OVER ();
SELECT sessionize(t, '1 hour') OVER (ORDER BY t DESC) FROM (VALUES (timestamptz '2026-01-01'), ('2026-01-02')) v(t);
SELECT sessionize(now(), '1 hour');

-- 300 users of 100 events: the window functions one writes by hand.
CREATE TEMP TABLE click AS
  SELECT g AS id, g % 300 AS customer, timestamptz '2026-01-01' + abs(hashint8extended(g, 1) % 30000) * interval '1 minute' AS t FROM generate_series(1, 30000) g;
CREATE TEMP TABLE numbered AS
  SELECT id, customer, t, sum(new) OVER (PARTITION BY customer ORDER BY t, id) AS session
  FROM (SELECT *, (t - lag(t) OVER (PARTITION BY customer ORDER BY t, id) > interval '3 hours' IS DISTINCT FROM false)::int AS new FROM click) c;
SELECT bool_and(n.session = s.session) AS same, count(*), max(s.session) > 30 AS many
FROM numbered n JOIN (SELECT id, sessionize(t, '3 hours') OVER (PARTITION BY customer ORDER BY t, id) AS session FROM click) s USING (id);
CREATE TEMP TABLE session AS
  SELECT customer, session, min(t) AS started, max(t) AS ended, extract(epoch FROM max(t) - min(t))::float8 AS seconds, count(*) AS events FROM numbered GROUP BY 1, 2;
SELECT count(*), bool_and(a = b) AS stats_same FROM
  (SELECT customer, session_stats(t, '3 hours') AS a FROM click GROUP BY 1) x JOIN
  (SELECT customer, ROW(count(*), sum(events)::bigint, count(*) FILTER (WHERE events = 1), sum(seconds), max(seconds), sum(seconds) / count(*), sum(events)::float8 / count(*))::session_summary AS b FROM session GROUP BY 1) y USING (customer);
SELECT count(*) FROM (
  (SELECT customer, l.* FROM (SELECT customer, session_stats_state(t, '3 hours') AS st FROM click GROUP BY 1) x, session_list(st) l EXCEPT TABLE session) UNION ALL
  (TABLE session EXCEPT SELECT customer, l.* FROM (SELECT customer, session_stats_state(t, '3 hours') AS st FROM click GROUP BY 1) x, session_list(st) l)) differing;
SELECT count(*), bool_and(a::text = b::text AND a::text = m::text) AS canonical FROM (
  SELECT customer, session_stats_state(t, '3 hours' ORDER BY t) AS a, session_stats_state(t, '3 hours' ORDER BY id DESC) AS b FROM click GROUP BY 1) x JOIN (
  SELECT customer, session_stats_merge(st) AS m FROM (SELECT customer, session_stats_state(t, '3 hours')::text::session_stats_state AS st FROM click GROUP BY customer, hashint8extended(id, 9) % 5) p GROUP BY 1) y USING (customer);
-- All in one group: a state of sessions, not of events.
SELECT pg_column_size(session_stats_state(t, '1 hour')) < 50 AS small, (session_stats(t, '1 day')).events FROM click;

-- Intervals, by hand: half open, touching ones are one.
CREATE FUNCTION at(minute numeric) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT timestamptz '2026-01-01' + minute * interval '1 minute' $$;
SELECT title, interval_union_seconds(at(s), at(e)) / 60 AS minutes, concurrent_peak(at(s), at(e)) AS peak, concurrent_peak_time(at(s), at(e)) AS "when"
FROM (VALUES ('one', 0, 10), ('apart', 0, 10), ('apart', 20, 30), ('touching', 0, 10), ('touching', 10, 30), ('nested', 0, 60), ('nested', 10, 20), ('nested', 20, 30), ('same', 5, 15), ('same', 5, 15), ('empty', 5, 5),
  ('beside an empty', 0, 10), ('beside an empty', 5, 5)) v(title, s, e) GROUP BY title ORDER BY title;
SELECT u.started, u.ended, u.seconds FROM (SELECT interval_union_state(at(s), at(e)) AS st FROM (VALUES (20, 30), (0, 10), (10, 15), (25, 40)) v(s, e)) x, interval_union_list(st) u;
SELECT interval_union_value(st, at(5), at(25)) / 60 AS clipped, interval_union_value(st, '-infinity', 'infinity') = interval_union_value(st) AS whole, interval_union_value(st, at(30), at(5)) AS backwards
FROM (SELECT interval_union_state(at(s), at(e)) AS st FROM (VALUES (20, 30), (0, 10)) v(s, e)) x;
SELECT c.* FROM (SELECT concurrent_peak_state(at(s), at(e)) AS st FROM (VALUES (0, 10), (5, 15), (10, 20), (30, NULL), (NULL, 5), (40, 50)) v(s, e)) x, concurrency_list(st) c;
SELECT concurrent_peak('-infinity', 'infinity'), concurrent_peak_time('-infinity', NULL);
SELECT interval_union_seconds(now(), NULL) IS NULL AS no_end, concurrent_peak(NULL, now()) IS NULL AS no_start, interval_union_merge(NULL) IS NULL AS no_union, concurrent_peak_merge(NULL) IS NULL AS no_peak;
SELECT interval_union_seconds(at(1), at(0));
SELECT interval_union_seconds(at(1), 'infinity');
SELECT concurrent_peak(at(1), at(0));

-- Against the definitions: minutes counted one by one, and running sums.
CREATE TEMP TABLE ride AS
  SELECT g AS id, g % 100 AS driver, at(abs(hashint8extended(g, 1) % 2000)) AS s, at(abs(hashint8extended(g, 1) % 2000) + abs(hashint8extended(g, 2) % 40)) AS e FROM generate_series(1, 4000) g;
SELECT count(*), bool_and(seconds = 60 * minutes) AS union_same FROM
  (SELECT driver, interval_union_seconds(s, e) AS seconds FROM ride GROUP BY 1) a JOIN
  (SELECT driver, count(DISTINCT m) AS minutes FROM ride, LATERAL generate_series(s, e - interval '1 second', '1 minute') m GROUP BY 1) b USING (driver);
SELECT count(*), bool_and(peak = expected AND (w).running = expected AND (w).from_time = first_at) AS peak_same FROM
  (SELECT driver, concurrent_peak(s, e) AS peak, concurrent_peak_time(s, e) AS w FROM ride GROUP BY 1) a JOIN
  (SELECT driver, max(running) AS expected, (array_agg(t ORDER BY running DESC, t))[1] AS first_at FROM
    (SELECT driver, t, sum(sum(d)) OVER (PARTITION BY driver ORDER BY t) AS running FROM (SELECT driver, s AS t, 1 AS d FROM ride UNION ALL SELECT driver, e, -1 FROM ride) u GROUP BY driver, t) r GROUP BY 1) b USING (driver);
SELECT bool_and(a::text = b::text) AS union_canonical, bool_and(c::text = d::text) AS peak_canonical FROM (
  SELECT interval_union_state(s, e ORDER BY s, e) AS a, interval_union_state(s, e ORDER BY id DESC) AS b, concurrent_peak_state(s, e ORDER BY e DESC, s) AS c, concurrent_peak_state(s, e) AS d FROM ride GROUP BY driver) x;
SELECT count(*), bool_and(u = mu AND p = mp) AS merged FROM (SELECT driver, interval_union_seconds(s, e) AS u, concurrent_peak(s, e) AS p FROM ride GROUP BY 1) a JOIN
  (SELECT driver, interval_union_value(interval_union_merge(us)) AS mu, concurrent_peak_count(concurrent_peak_merge(ps)) AS mp FROM
    (SELECT driver, interval_union_state(s, e)::text::interval_union_state AS us, concurrent_peak_state(s, e)::text::concurrent_peak_state AS ps FROM ride GROUP BY driver, hashint8extended(id, 3) % 4) p GROUP BY 1) m USING (driver);
DROP FUNCTION at;
