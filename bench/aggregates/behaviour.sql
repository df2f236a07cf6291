-- Behaviour aggregates beside the window functions one writes by hand for the same: both sort, the aggregate a few
-- events of a group at a time and without carrying rows through the plan.

--- funnel of 3 steps within a day, 50,000 users
-- starhouse window_funnel
SELECT sum(level) FROM (SELECT device, window_funnel('1 day', ts, region < 10, region BETWEEN 10 AND 19, region BETWEEN 20 AND 29) AS level FROM event GROUP BY device) f;
-- window functions
SELECT sum(level) FROM (SELECT device, max(CASE WHEN start3 IS NOT NULL THEN 3 WHEN start2 IS NOT NULL THEN 2 WHEN start1 IS NOT NULL THEN 1 ELSE 0 END) AS level FROM
  (SELECT *, max(start2) FILTER (WHERE region BETWEEN 20 AND 29 AND ts - start2 <= interval '1 day') OVER w AS start3 FROM
    (SELECT *, max(start1) FILTER (WHERE region BETWEEN 10 AND 19 AND ts - start1 <= interval '1 day') OVER w AS start2 FROM
      (SELECT device, ts, region, max(ts) FILTER (WHERE region < 10) OVER w AS start1 FROM event WINDOW w AS (PARTITION BY device ORDER BY ts, region)) a
     WINDOW w AS (PARTITION BY device ORDER BY ts, region)) b
   WINDOW w AS (PARTITION BY device ORDER BY ts, region)) c GROUP BY device) d;
-- floor count(*)
SELECT count(*) FROM (SELECT device, count(*) FROM event GROUP BY device) f;
-- parallel
-- same
SELECT (SELECT sum(level) FROM (SELECT device, window_funnel('1 day', ts, region < 10, region BETWEEN 10 AND 19, region BETWEEN 20 AND 29) AS level FROM event WHERE device < 500 GROUP BY device) f) =
  (SELECT sum(level) FROM (SELECT device, max(CASE WHEN start3 IS NOT NULL THEN 3 WHEN start2 IS NOT NULL THEN 2 WHEN start1 IS NOT NULL THEN 1 ELSE 0 END) AS level FROM
  (SELECT *, max(start2) FILTER (WHERE region BETWEEN 20 AND 29 AND ts - start2 <= interval '1 day') OVER w AS start3 FROM
    (SELECT *, max(start1) FILTER (WHERE region BETWEEN 10 AND 19 AND ts - start1 <= interval '1 day') OVER w AS start2 FROM
      (SELECT device, ts, region, max(ts) FILTER (WHERE region < 10) OVER w AS start1 FROM event WHERE device < 500 WINDOW w AS (PARTITION BY device ORDER BY ts, region)) a
     WINDOW w AS (PARTITION BY device ORDER BY ts, region)) b
   WINDOW w AS (PARTITION BY device ORDER BY ts, region)) c GROUP BY device) d);

--- sessions, 50,000 users
-- starhouse session_stats
SELECT sum((s).sessions), max((s).longest_seconds) FROM (SELECT device, session_stats(ts, '30 minutes') AS s FROM event GROUP BY device) f;
-- window functions
SELECT sum(sessions), max(longest) FROM (SELECT device, count(*) AS sessions, max(seconds) AS longest FROM
  (SELECT device, session, extract(epoch FROM max(ts) - min(ts)) AS seconds FROM
    (SELECT device, ts, sum(new) OVER (PARTITION BY device ORDER BY ts) AS session FROM
      (SELECT device, ts, (ts - lag(ts) OVER (PARTITION BY device ORDER BY ts) > interval '30 minutes' IS DISTINCT FROM false)::int AS new FROM event) a) b GROUP BY device, session) c GROUP BY device) d;
-- floor count(*)
SELECT count(*) FROM (SELECT device, count(*) FROM event GROUP BY device) f;
-- parallel
-- same
SELECT (SELECT sum((session_stats).sessions) FROM (SELECT session_stats(ts, '30 minutes') FROM event WHERE device < 500 GROUP BY device) f) =
  (SELECT sum(new) FROM (SELECT (ts - lag(ts) OVER (PARTITION BY device ORDER BY ts) > interval '30 minutes' IS DISTINCT FROM false)::int AS new FROM event WHERE device < 500) a);

--- rows numbered by session
-- starhouse sessionize
SELECT max(session) FROM (SELECT sessionize(ts, '30 minutes') OVER (PARTITION BY device ORDER BY ts) AS session FROM event) s;
-- window functions
SELECT max(session) FROM (SELECT sum(new) OVER (PARTITION BY device ORDER BY ts) AS session FROM
  (SELECT device, ts, (ts - lag(ts) OVER (PARTITION BY device ORDER BY ts) > interval '30 minutes' IS DISTINCT FROM false)::int AS new FROM event) a) b;
-- floor row_number()
SELECT max(number) FROM (SELECT row_number() OVER (PARTITION BY device ORDER BY ts) AS number FROM event) s;

--- weekly retention, 50,000 users
-- starhouse retention
SELECT count(*) FROM retention_matrix((SELECT retention_state(active_days_first(days), days, 'week') FROM (SELECT device, active_days(ts::date) AS days FROM event GROUP BY device) u));
-- joins and count(DISTINCT)
SELECT count(*) FROM (SELECT cohort, (date_trunc('week', day)::date - cohort) / 7 AS period, count(DISTINCT device) FROM
  (SELECT device, ts::date AS day FROM event) e JOIN (SELECT device, date_trunc('week', min(ts))::date AS cohort FROM event GROUP BY device) c USING (device) GROUP BY 1, 2) m;

--- most intervals at once
-- starhouse concurrent_peak
SELECT concurrent_peak(ts, ts + interval '10 minutes') FROM event;
-- window functions
SELECT max(running) FROM (SELECT sum(change) OVER (ORDER BY t) AS running FROM (SELECT t, sum(change) AS change FROM
  (SELECT ts AS t, 1 AS change FROM event UNION ALL SELECT ts + interval '10 minutes', -1 FROM event) u GROUP BY t) s) r;
-- floor min, max
SELECT min(ts), max(ts + interval '10 minutes') FROM event;
-- parallel

--- time covered by intervals, 50,000 users
-- starhouse interval_union_seconds
SELECT sum(seconds) FROM (SELECT device, interval_union_seconds(ts, ts + interval '10 minutes') AS seconds FROM event GROUP BY device) f;
-- window functions
SELECT sum(extract(epoch FROM ended - started)) FROM (SELECT device, island, min(s) AS started, max(e) AS ended FROM
  (SELECT device, s, e, count(*) FILTER (WHERE s > reached OR reached IS NULL) OVER (PARTITION BY device ORDER BY s, e ROWS UNBOUNDED PRECEDING) AS island FROM
    (SELECT device, ts AS s, ts + interval '10 minutes' AS e, max(ts + interval '10 minutes') OVER (PARTITION BY device ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached FROM event) a) b GROUP BY device, island) c;

--- histogram of 20 buckets, all rows
-- starhouse histogram
SELECT histogram(amount, 0, 200, 20) FROM event;
-- width_bucket
SELECT width_bucket(amount, 0, 200, 20), count(*) FROM event GROUP BY 1;
-- floor max
SELECT max(amount) FROM event;
-- parallel

--- logarithmic histogram, all rows
-- starhouse histogram_log
SELECT histogram_log(amount, 5) FROM event;
-- log() and GROUP BY
SELECT floor(log(amount) * 5), count(*) FROM event GROUP BY 1;

--- histogram of 20 buckets of equal share, all rows
-- starhouse histogram_quantile
SELECT histogram_quantile(amount, 20) FROM event;
-- ntile
SELECT min(amount), max(amount), count(*) FROM (SELECT amount, ntile(20) OVER (ORDER BY amount) AS bucket FROM event) n GROUP BY bucket;

--- histogram of a moving frame of 100 rows
-- prepare
CREATE TEMP TABLE frame AS SELECT row_number() OVER () AS id, amount FROM event WHERE device % 200 = 0;
-- starhouse histogram 200
SELECT count(h) FROM (SELECT histogram(amount, 0, 200, 20) OVER (ORDER BY id ROWS 100 PRECEDING) AS h FROM frame) s;
-- counted anew 200
SELECT count(h) FROM (SELECT histogram(amount, 0, 200, 20) FILTER (WHERE random() >= 0) OVER (ORDER BY id ROWS 100 PRECEDING) AS h FROM frame) s;

--- average weighted by time, 50,000 series
-- starhouse time_weighted_avg
SELECT avg(a) FROM (SELECT device, time_weighted_avg(ts, amount) AS a FROM event GROUP BY device) f;
-- window functions
SELECT avg(a) FROM (SELECT device, sum(amount * extract(epoch FROM next_ts - ts)::float8) / extract(epoch FROM max(ts) - min(ts))::float8 AS a FROM
  (SELECT device, ts, amount, lead(ts) OVER (PARTITION BY device ORDER BY ts, amount) AS next_ts FROM event) l GROUP BY device) f;
-- parallel

--- moving average that fades, 50,000 series
-- starhouse ewma
SELECT avg(a) FROM (SELECT device, ewma(ts, amount, '6 hours') AS a FROM event GROUP BY device) f;
-- SQL in float8
SELECT avg(a) FROM (SELECT device, sum(amount * exp(0.693147180559945309 * date_part('epoch', ts - timestamptz '2026-01-16') / 21600)) /
  sum(exp(0.693147180559945309 * date_part('epoch', ts - timestamptz '2026-01-16') / 21600)) AS a FROM event GROUP BY device) f;
-- floor avg
SELECT avg(a) FROM (SELECT device, avg(amount) AS a FROM event GROUP BY device) f;

--- 1,000 points of a chart, 50 series
-- starhouse lttb
SELECT count(p) FROM (SELECT region, lttb(ts, amount, 1000) AS p FROM event GROUP BY region) f;
-- sorted arrays alone
SELECT count(p) FROM (SELECT region, array_agg(amount ORDER BY ts) AS p FROM event GROUP BY region) f;

--- most frequent paths of 3 pages, 1,000,000 users
-- starhouse path_top_k
SELECT path_top_k(event_path_steps(path, 3), 10) FROM (SELECT user_id, event_path(ts, left(page, 6)) AS path FROM event GROUP BY user_id) p;
-- sorted arrays
SELECT path, count(*) FROM (SELECT user_id, (array_agg(left(page, 6) ORDER BY ts, left(page, 6) COLLATE "C"))[1:3] AS path FROM event GROUP BY user_id) p GROUP BY path ORDER BY 2 DESC LIMIT 10;
