-- Series: averages weighted by time, down-sampling, gaps, the fading average; against window functions.
SET search_path = starhouse, public;
SET timezone = 'UTC';
SET datestyle = ISO;

-- By hand: 10 for an hour, 20 for three, then 40 begins.
CREATE TEMP TABLE stock (t timestamptz, v float8);
INSERT INTO stock VALUES ('2026-01-01 00:00', 10), ('2026-01-01 04:00', 40), ('2026-01-01 01:00', 20), (NULL, 1), ('2026-01-01 02:00', NULL), ('2026-01-01 01:00', 20);
SELECT time_weighted_avg(t, v) AS step, time_weighted_avg(t, v, 'linear') AS linear, (1 * 15 + 3 * 30) / 4.0 AS expected, time_weighted_avg(t, v, 'locf') AS locf FROM stock;
SELECT f, u, time_weighted_avg_value(s, 'step', at + f, at + u) AS step, time_weighted_avg_value(s, 'linear', at + f, at + u) AS linear
FROM (SELECT time_series(t, v) AS s, timestamptz '2026-01-01' AS at FROM stock) x,
  (VALUES (interval '-1 hour', interval '5 hours'), ('30 minutes', '90 minutes'), ('2 hours', '3 hours'), ('5 hours', '6 hours'), ('-2 hours', '-1 hour'), ('-1 hour', '1 hour')) r(f, u);
SELECT time_weighted_avg(t, v) AS steps_at_one_time, time_weighted_avg(t, v, 'linear') AS linear FROM (VALUES (timestamptz '2026-01-01 00:00', 0), ('2026-01-01 01:00', 0), ('2026-01-01 01:00', 10), ('2026-01-01 01:00', 5), ('2026-01-01 02:00', 10)) x(t, v);
SELECT time_weighted_avg('2026-01-01', v) AS one_instant FROM (VALUES (3), (4), (2)) x(v);
SELECT time_weighted_avg(t, v) AS not_a_number FROM (VALUES (timestamptz '2026-01-01', 'NaN'::float8), ('2026-01-02', 1)) x(t, v);
SELECT time_weighted_avg(t, v) AS infinite, time_weighted_avg(t, v, 'linear') AS linear FROM (VALUES (timestamptz '2026-01-01', 'infinity'::float8), ('2026-01-02', 1)) x(t, v);
SELECT time_weighted_avg(t, v) AS ends_of_time FROM (VALUES (timestamptz '4713-01-01 BC', 3), ('294276-12-31 23:59:59.999999', 1)) x(t, v);
SELECT time_weighted_avg(t, 1.7e308) / 1.7e308 BETWEEN 1 - 1e-14 AND 1 + 1e-14 AS large, time_weighted_avg(t, 1e-320) = 1e-320 AS small, time_weighted_avg(t, CASE WHEN t::time < '12:00' THEN 1.7e308 ELSE -1.7e308 END, 'linear') BETWEEN -1e306 AND 1e308 AS across FROM generate_series(timestamptz '2026-01-01', '2026-01-02', '1 hour') t;
SELECT array_agg(p.value ORDER BY n) AS points FROM (SELECT time_series('2026-01-01', v) AS s FROM (VALUES ('NaN'::float8), ('-0'), (0), ('infinity'), (-1)) x(v)) y, time_series_points(s) WITH ORDINALITY p(ts, value, n);

SELECT time_weighted_avg(NULL, 1) IS NULL AS a, time_weighted_avg(now(), 1, NULL) IS NULL AS b, lttb(now(), NULL, 3) IS NULL AS c, ewma(now(), 1, NULL) IS NULL AS d, time_series_merge(NULL) IS NULL AS e, ewma_merge(NULL) IS NULL AS f, ewma_value(NULL) IS NULL AS g;
\set VERBOSITY terse
SELECT time_series('infinity', 1);
SELECT time_weighted_avg('2026-01-01', 1, 'cubic');
SELECT time_weighted_avg('2026-01-01', 1, m) FROM (VALUES ('step'), ('linear')) v(m);
SELECT time_weighted_avg_value(time_series('2026-01-01', 1), 'step', '2026-01-02', '2026-01-02');
SELECT time_weighted_avg_value(time_series('2026-01-01', 1), 'step', '2026-01-02', 'infinity');
SELECT lttb('2026-01-01', 1, 2);
SELECT lttb('2026-01-01', 1, n) FROM (VALUES (3), (4)) v(n);
SELECT ewma('2026-01-01', 'NaN', '1 hour');
SELECT ewma('2026-01-01', 1, '1 month');
SELECT ewma('infinity', 1, '1 hour');
SELECT ewma('2026-01-01', 1, h) FROM (VALUES (interval '1 hour'), ('2 hours')) v(h);

-- 50 sensors of 200 values at times of chance.
CREATE TEMP TABLE reading AS
  SELECT g AS id, g % 50 AS sensor, timestamptz '2026-01-01' + abs(hashint8extended(g, 1) % 8640000) * interval '10 milliseconds' AS t, (hashint8extended(g, 2) % 1000) / 8.0::float8 AS v FROM generate_series(1, 10000) g;
CREATE FUNCTION near(a float8, b float8) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT abs(a - b) <= 1e-12 * greatest(abs(a), abs(b), 1)';
CREATE TEMP TABLE step AS SELECT sensor, t, v, lead(t) OVER w AS next_t, lead(v) OVER w AS next_v FROM reading WINDOW w AS (PARTITION BY sensor ORDER BY t, v);
SELECT count(*), bool_and(near(a, b)) AS step_same, bool_and(near(c, d)) AS linear_same FROM
  (SELECT sensor, time_weighted_avg(t, v) AS a, time_weighted_avg(t, v, 'linear') AS c FROM reading GROUP BY 1) x JOIN
  (SELECT sensor, sum(v * extract(epoch FROM next_t - t)::float8) / extract(epoch FROM max(t) - min(t))::float8 AS b, sum((v + next_v) / 2 * extract(epoch FROM next_t - t)::float8) / extract(epoch FROM max(t) - min(t))::float8 AS d FROM step GROUP BY 1) y USING (sensor);
SELECT count(*), bool_and(near(time_weighted_avg_value(s, 'step', f, u), b)) AS clipped_same FROM (SELECT sensor, time_series(t, v) AS s FROM reading GROUP BY 1) x,
  (VALUES (timestamptz '2026-01-01 05:00', timestamptz '2026-01-01 06:30'), ('2025-12-31', '2026-01-01 10:00'), ('2026-01-01 20:00', '2026-01-05')) r(f, u),
  LATERAL (SELECT sum(v * l) / sum(l) AS b FROM (SELECT v, extract(epoch FROM least(coalesce(next_t, u), u) - greatest(t, f))::float8 AS l FROM step WHERE step.sensor = x.sensor) c WHERE l > 0) y;
-- The fading average of the rows so far, as window function; any order of rows as aggregate.
SELECT count(*), bool_and(near(ours, theirs)) AS ewma_same FROM (SELECT id, ewma(t, v, '20 minutes') OVER (PARTITION BY sensor ORDER BY t, id) AS ours FROM reading WHERE sensor < 10) a JOIN
  (SELECT r.id, sum(o.v * w) / sum(w) AS theirs FROM reading r JOIN reading o ON o.sensor = r.sensor AND (o.t, o.id) <= (r.t, r.id), LATERAL (SELECT power(2::float8, -extract(epoch FROM r.t - o.t)::float8 / 1200) AS w) x WHERE r.sensor < 10 GROUP BY 1) b USING (id);
SELECT bool_and(near(a, b) AND near(a, c)) AS any_order FROM (SELECT ewma(t, v, '20 minutes') AS a, ewma(t, v, '20 minutes' ORDER BY t DESC) AS b, ewma(t, v, '20 minutes' ORDER BY id) AS c FROM reading GROUP BY sensor) x;
SELECT bool_and(near(a, b)) AS moving FROM (SELECT ewma(t, v, '1 hour') OVER w AS a, ewma(t, v, '1 hour') FILTER (WHERE random() >= 0) OVER w AS b FROM reading WHERE id <= 1000 WINDOW w AS (ORDER BY t RANGE interval '3 hours' PRECEDING)) x;
SELECT id, ewma(t, v, '1 hour') OVER (ORDER BY id ROWS 1 PRECEDING) FROM (VALUES (1, timestamptz '2026-01-01', NULL::float8), (2, '2026-01-01', 8), (3, '2026-01-01 01:00', 2), (4, NULL, 1), (5, NULL, 1), (6, '2026-01-01', -3)) x(id, t, v);
SELECT near(ewma(t, v, '1 hour'), 7) AS half_lives FROM (VALUES (timestamptz '2026-01-01', 1), ('2026-01-01 02:00', 8.5)) x(t, v);

-- Parts, stored and merged: the same bytes.
SELECT count(*), bool_and(a::text = m::text) AS canonical FROM (SELECT sensor, time_series(t, v ORDER BY id DESC) AS a FROM reading GROUP BY 1) x JOIN
  (SELECT sensor, time_series_merge(s) AS m FROM (SELECT sensor, time_series(t, v)::text::time_series AS s FROM reading GROUP BY sensor, hashint8extended(id, 4) % 6) p GROUP BY 1) y USING (sensor);
SELECT (SELECT count(*) FROM (SELECT sensor, t, v FROM reading EXCEPT SELECT sensor, ts, value FROM (SELECT sensor, time_series(t, v)::text::time_series AS s FROM reading GROUP BY 1) x, time_series_points(s)) d) AS lost;
SELECT bool_and(value = v) AS decimals_exact FROM (SELECT time_series_points(time_series(timestamptz '2026-01-01' + g * interval '1 second', v)::text::time_series) AS p, array_agg(v) AS vs FROM (VALUES (1, 0.1::float8), (2, 1e15), (3, -1e-9), (4, 123456789.125), (5, 9007199254740993)) x(g, v)) y, LATERAL (SELECT (p).value, vs[extract(second FROM (p).ts)::int] AS v) z;
SELECT length(time_series_send(time_series(t, round(v)))) < 55000 AS whole, length(time_series_send(time_series(t, sin(v)))) BETWEEN 100000 AND 120000 AS any_double FROM reading;

-- lttb: ends, number, one of every bucket; the triangle by hand: of (1, 5), (2, 1), (3, 9) between (0, 0) and the mean of the rest.
SELECT array_agg((extract(minute FROM p.ts), p.value)::text ORDER BY n) AS peaks_stay FROM (SELECT lttb(timestamptz '2026-01-01' + m * interval '1 minute', v, 4) AS l FROM
  (VALUES (0, 0), (1, 5), (2, 1), (3, 9), (4, 2), (5, -7), (6, 2), (7, 1)) x(m, v)) y, unnest(l) WITH ORDINALITY p(ts, value, n);
SELECT count(*), bool_and(array_length(l, 1) = 20 AND (l[1]).ts = first AND (l[20]).ts = last) AS ends, bool_and(l = l2) AS as_from_state FROM
  (SELECT sensor, lttb(t, v, 20) AS l, min(t) AS first, max(t) AS last, time_series(t, v) AS s FROM reading GROUP BY 1) x, LATERAL (SELECT array_agg(ROW(ts, value)::time_point) AS l2 FROM lttb_points(s, 20)) y;
SELECT array_length(lttb(t, v, 1000), 1) AS all_there_is FROM reading WHERE sensor = 1;
SELECT array_length(lttb(t, v, 3), 1) AS finite_only FROM (VALUES (timestamptz '2026-01-01', 'NaN'::float8), ('2026-01-02', 'infinity'), ('2026-01-03', 3)) x(t, v);
-- The algorithm as its author wrote it, in PL/pgSQL, on points without ties.
CREATE FUNCTION lttb_reference(ts float8[], vs float8[], wanted int) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE n int := array_length(ts, 1); a int := 1; chosen int[] := ARRAY[1]; lo int; hi int; hi2 int; mx float8; my float8; area float8; most float8; best int;
BEGIN
  FOR b IN 0 .. wanted - 3 LOOP
    lo := 2 + (n - 2) * b / (wanted - 2); hi := 2 + (n - 2) * (b + 1) / (wanted - 2); hi2 := CASE WHEN b = wanted - 3 THEN n + 1 ELSE 2 + (n - 2) * (b + 2) / (wanted - 2) END;
    SELECT avg(ts[i]), avg(vs[i]) INTO mx, my FROM generate_series(hi, hi2 - 1) i;
    most := -1;
    FOR i IN lo .. hi - 1 LOOP
      area := abs((ts[a] - mx) * (vs[i] - vs[a]) - (ts[a] - ts[i]) * (my - vs[a]));
      IF area > most THEN most := area; best := i; END IF;
    END LOOP;
    a := best; chosen := chosen || best;
  END LOOP;
  RETURN chosen || n;
END $$;
SELECT bool_and(l = (SELECT array_agg(ROW(t[i], v[i])::time_point ORDER BY n) FROM unnest(lttb_reference(e, v, wanted)) WITH ORDINALITY c(i, n))) AS as_published, count(*)
FROM (SELECT sensor, wanted, array_agg(t ORDER BY t) AS t, array_agg(v ORDER BY t) AS v, array_agg(extract(epoch FROM t - timestamptz '2026-01-01')::float8 ORDER BY t) AS e, lttb(t, v, wanted) AS l
  FROM (SELECT DISTINCT ON (sensor, t) * FROM reading ORDER BY sensor, t) r, unnest(ARRAY[3, 10, 77]) wanted GROUP BY 1, 2) x;

-- Buckets: the days on which clocks change, months that do not drift, hours by elapsed time.
SELECT b, lead(b) OVER (ORDER BY b) - b AS lasts FROM time_buckets('2026-03-28 00:00+01', '2026-03-31 00:00+02', '1 day', 'Europe/Berlin') b;
SELECT b AT TIME ZONE 'Europe/Berlin' AS local FROM time_buckets('2026-01-31 00:00+01', '2026-06-01 00:00+02', '1 month', 'Europe/Berlin') b;
SELECT count(*) AS hours_of_a_short_day FROM time_buckets('2026-03-29 00:00+01', '2026-03-30 00:00+02', '1 hour', 'Europe/Berlin');
SELECT count(*) AS hours_of_a_long_day FROM time_buckets('2026-10-25 00:00+02', '2026-10-26 00:00+01', '1 hour', 'Europe/Berlin');
SELECT b AT TIME ZONE 'America/Sao_Paulo' AS midnight_skipped FROM time_buckets('2018-11-03 00:00-03', '2018-11-06 00:00-02', '1 day', 'America/Sao_Paulo') b;
SET timezone = 'Asia/Kolkata';
SELECT count(*), min(b), max(b) FROM time_buckets('2026-01-01', '2026-02-01', '7 days') b;
SET timezone = 'UTC';
SELECT count(*) AS none FROM time_buckets('2026-01-02', '2026-01-01', '1 day');
SELECT bool_and(b = g) AS as_generate_series FROM (SELECT b, row_number() OVER (ORDER BY b) AS n FROM time_buckets('2026-01-01', '2026-03-01', '90 minutes') b) x JOIN (SELECT g, row_number() OVER (ORDER BY g) AS n FROM generate_series(timestamptz '2026-01-01', '2026-02-28 23:00', '90 minutes') g) y USING (n);
SELECT time_buckets('2026-01-01', '2026-01-02', '0');
SELECT time_buckets('2026-01-01', '2026-01-02', '-1 day');
SELECT time_buckets('2026-01-01', '2026-01-02', '1 day 1 hour');
SELECT time_buckets('2026-01-01', 'infinity', '1 day');
SELECT time_buckets('-infinity', '2026-01-01', '1 day');
SELECT time_buckets('2026-01-01', '2026-01-02', '1 day', 'Mars/Olympus');

-- gap_fill, by hand.
SELECT g.bucket, n.value AS "null", z.value AS zero, s.value AS step, g.value AS linear, g.filled FROM
  (SELECT time_series(t, v) AS ts FROM (VALUES (timestamptz '2025-12-31 12:00', 8), ('2026-01-02 06:00', 1), ('2026-01-02 18:00', 2), ('2026-01-05', 10)) x(t, v)) q,
  gap_fill(ts, '2026-01-01', '2026-01-07', '1 day', 'linear') g JOIN LATERAL gap_fill(ts, '2026-01-01', '2026-01-07', '1 day') n USING (bucket)
  JOIN LATERAL gap_fill(ts, '2026-01-01', '2026-01-07', '1 day', 'zero') z USING (bucket) JOIN LATERAL gap_fill(ts, '2026-01-01', '2026-01-07', '1 day', 'locf') s USING (bucket);
SELECT gap_fill(time_series('2026-01-01', 1), '2026-01-01', '2026-01-02', '1 day', 'guess');
-- Against a join with time_buckets and locf.
SELECT count(*), bool_and(a.value IS NOT DISTINCT FROM b.value AND a.filled = b.filled) AS as_join FROM
  (SELECT sensor, f.* FROM (SELECT sensor, time_series(t, v) AS s FROM reading GROUP BY 1) x, gap_fill(s, '2026-01-01', '2026-01-02', '5 minutes', 'step') f) a JOIN
  (SELECT sensor, bucket, locf(value) OVER (PARTITION BY sensor ORDER BY bucket) AS value, value IS NULL AS filled FROM
    (SELECT sensor, bucket FROM (SELECT DISTINCT sensor FROM reading) s, time_buckets('2026-01-01', '2026-01-02', '5 minutes') bucket) g LEFT JOIN
    (SELECT sensor, date_bin('5 minutes', t, '2026-01-01') AS bucket, (array_agg(v ORDER BY t DESC, v DESC))[1] AS value FROM reading GROUP BY 1, 2) v USING (sensor, bucket)) b USING (sensor, bucket);

-- locf of every kind of type, by partition.
SELECT g, locf(CASE WHEN g % 3 = 1 THEN g END) OVER w AS number, locf(CASE WHEN g % 4 = 2 THEN repeat('x', g) END) OVER w AS text, locf(CASE WHEN g = 3 THEN ARRAY[g, NULL] END) OVER w AS array_,
  locf(CASE WHEN g > 4 THEN g::numeric / 3 END) OVER (PARTITION BY g % 2 ORDER BY g) AS by_partition FROM generate_series(1, 8) g WINDOW w AS (ORDER BY g) ORDER BY g;
SELECT count(*) AS carried FROM (SELECT locf(CASE WHEN g = 1 THEN repeat('long', 1000) END) OVER (ORDER BY g) AS l FROM generate_series(1, 20000) g) x WHERE l IS NOT NULL;
SELECT locf(1);
DROP FUNCTION near, lttb_reference;
