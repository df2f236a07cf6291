-- Scores that look at one row: published examples, NULL, ends of the scales, defaults.
SET search_path = starhouse, public;
SET timezone = 'UTC';
SET extra_float_digits = 0;

-- Playback.
SELECT completion_rate(45, 60), completion_rate(90, 60) AS replay, completion_rate(0, 60) AS none, completion_rate(5, 0) AS no_length;
SELECT skip(12, 600), skip(30, 600) AS at_the_limit, skip(15, 15) AS short_clip, skip(14, 15) AS left_short_clip,
       skip(50, 600, within => 60) AS own_limit, skip(1, 0) AS no_length;
SELECT rebuffer_ratio(5, 95), rebuffer_ratio(12, 95, startup => 4, seeking => 3) AS parts_left_out,
       rebuffer_ratio(0, 10) AS smooth, rebuffer_ratio(0, 0) AS nothing, rebuffer_ratio(4, 0, 4) AS never_started;
-- The examples of Mux's page: 95, 80, 50 and 29.
SELECT s, round(startup_score(s)) FROM unnest(ARRAY[0.4, 2, 8, 20]) s;
SELECT smoothness_score(0, 0), round(smoothness_score(0.05, 2)::numeric, 4) AS some;

-- Newcombe (1998), table I, method 3.
SELECT k, n, round(wilson_lower_bound(k, n)::numeric, 4) AS lower, round(wilson_upper_bound(k, n)::numeric, 4) AS upper
FROM (VALUES (81, 263), (15, 148), (0, 20), (1, 29), (29, 29), (0, 0)) v(k, n);
-- The SQL of E. Miller, "How not to sort by average rating" (2009), whose z is 1.96.
SELECT bool_and(abs(wilson_lower_bound(p, p + m) - ((p + 1.9208) / (p + m) - 1.96 * sqrt((p * m) / (p + m)::float8 + 0.9604) / (p + m))
                    / (1 + 3.8416 / (p + m))) < 1e-5) AS as_published
FROM generate_series(0, 60, 3) p, generate_series(1, 60, 7) m;
-- Reddit's comment sort: 80 % confidence; one up-vote alone ranks below ten of eleven.
SELECT round(wilson_lower_bound(1, 1, 0.8)::numeric, 4) AS one, round(wilson_lower_bound(10, 11, 0.8)::numeric, 4) AS ten;
SELECT bayesian_average(9.1, 1300, 6.7, 1300) AS imdb_2007, bayesian_average(NULL, 0, 7, 25000) AS no_votes,
       bayesian_average(NULL, 3, 7, 25000) AS unknown, bayesian_average(5, 3, 7, 0) AS no_prior, bayesian_average(5, 0, 7, 0) AS nothing;

-- Reddit's own formula in SQL (r2/sql/functions.sql), over votes and times of every sign and size.
SELECT bool_and(hot_score(u, d, t) = round(cast(log(greatest(abs(u - d), 1)::numeric) * sign(u - d)
       + (extract(epoch FROM t) - 1134028003) / 45000.0 AS numeric), 7)::float8) AS as_published, count(*)
FROM unnest(ARRAY[0, 1, 2, 9, 10, 11, 99, 100, 54321, 99999999]::bigint[]) u, unnest(ARRAY[0, 1, 2, 10, 77, 54321]::bigint[]) d,
     unnest(ARRAY['1999-01-01', '2005-12-08 07:46:43', '2011-11-11 11:11:11.5', '2026-01-01']::timestamptz[]) t;
SELECT hot_score(1, 0, '2005-12-08 07:46:43') AS epoch, hot_score(10, 0, '2005-12-08 07:46:43') AS ten, hot_score(1, 0, '2005-12-08 20:16:43') AS later;
-- Hacker News in its short form, and with the exponent of news.arc.
SELECT p, h, round(gravity_score(p, t, t + h * interval '1 hour', 1.8, 1)::numeric, 6) AS short, round(gravity_score(p, t, t + h * interval '1 hour')::numeric, 6) AS arc
FROM (VALUES (30, 0), (60, 5), (200, 24), (1, 3), (-2, 1), (30, -9)) v(p, h), (SELECT timestamptz '2010-10-11') x(t);
SELECT gravity_score(33, now(), gravity => 1) AS default_time;

-- Engagement.
SELECT engagement_weights();
SELECT engagement_score(0, 0, 0, 0, 0) AS none, engagement_score(50, 1, 1, 2, 30) AS halves, engagement_score(100, 1e9, 1e9, 1e9, 1e9) AS most,
       round(engagement_score(80, 1, 0, 2, 25)::numeric, 4) AS some,
       engagement_score(80, 1, 0, 2, 25, engagement_weights(watch => 1, likes => 0, shares => 0, comments => 0, session => 0)) AS watch_alone,
       engagement_score(0, 30, 0, 0, 0, engagement_weights(watch => 0, shares => 0, comments => 0, session => 0, likes_half => 10)) AS likes_alone;
-- Weights that change from row to row, kept in a table.
CREATE TEMP TABLE weighting AS SELECT g AS id, engagement_weights(watch => g, likes => 0, shares => 10 - g, comments => 0, session => 0) AS w FROM generate_series(0, 10) g;
SELECT bool_and(abs(engagement_score(40, 5, 3, 2, 1, w) - (id * 40 + (10 - id) * 75) / 10.0) < 1e-9) FROM weighting, generate_series(1, 3);
SELECT (w).watch, (w).shares_half FROM weighting WHERE id = 3;

-- RFM.
SELECT rfm_score(5, 20, 5000, '{30,60,90,180}', '{1,2,4,8}', '{100,200,500,1000}') AS best,
       rfm_score(400, 1, 50, '{30,60,90,180}', '{1,2,4,8}', '{100,200,500,1000}') AS worst,
       rfm_score(30, 2, 100, '{30,60,90,180}', '{1,2,4,8}', '{100,200,500,1000}') AS at_limits;
-- By quintiles of what is there: each digit takes a fifth of the rows.
WITH customer AS (SELECT g * 7 % 1000 AS r, g * 13 % 1000 AS f, g AS m FROM generate_series(1, 1000) g),
     limits AS (SELECT percentile_cont(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY r) AS r,
                       percentile_cont(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY f) AS f,
                       percentile_cont(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY m) AS m FROM customer)
SELECT rfm_score(c.r, c.f, c.m, l.r, l.f, l.m) / 100 AS r_score, count(*), min(c.r), max(c.r) FROM customer c, limits l GROUP BY 1 ORDER BY 1;

-- NULL in, NULL out.
SELECT num_nulls(completion_rate(NULL, 1), completion_rate(1, NULL), skip(NULL, 1), skip(1, 1, NULL), rebuffer_ratio(NULL, 1), rebuffer_ratio(1, 1, NULL),
  startup_score(NULL), smoothness_score(NULL, 1), wilson_lower_bound(NULL, 1), wilson_lower_bound(1, 1, NULL), wilson_upper_bound(1, NULL),
  bayesian_average(1, NULL, 1, 1), bayesian_average(1, 1, NULL, 1), bayesian_average(1, 1, 1, NULL), hot_score(NULL, 1, now()), hot_score(1, 1, NULL),
  gravity_score(NULL, now()), gravity_score(1, NULL), engagement_score(1, NULL, 1, 1, 1), engagement_score(1, 1, 1, 1, 1, NULL),
  engagement_weights(watch => NULL), rfm_score(NULL, 1, 1, '{1}', '{1}', '{1}'), rfm_score(1, 1, 1, NULL, '{1}', '{1}')) AS nulls;

\echo -- completion in exact numbers: as numeric arithmetic has it, digits shown included
SELECT completion_percent(45, 60) AS most, completion_percent(90, 60) AS replay, completion_percent(60, 60.00) AS whole, completion_percent(0, 60) AS none, completion_percent(5, 0) AS no_length,
       completion_percent(59.9999999, 60) AS nearly, completion_percent(NULL, 1) IS NULL AND completion_percent(1, NULL) IS NULL AS nulls;
SELECT count(*) > 9000 AS many, count(*) FILTER (WHERE completion_percent(w, l)::text IS DISTINCT FROM (CASE WHEN w >= l THEN 100 ELSE round(100 * w / l, 2) END)::text) AS differ
FROM (SELECT round((hashint8extended(g, 1) & 1048575) / 700.0, g % 12) AS w, round((hashint8extended(g, 2) & 1048575) / 500.0 + 0.001, g % 7) AS l FROM generate_series(1, 9000) g
      UNION ALL SELECT g / 8.0, 1000 FROM generate_series(1, 1000) g
      UNION ALL SELECT 10::numeric ^ (g % 20) / 3, 10::numeric ^ (g % 18) FROM generate_series(1, 200) g) v
WHERE l > 0;
