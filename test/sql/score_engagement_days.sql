-- Playbacks added up by day, region and video, with what follows from the sums.
SET timezone = 'UTC';
SET datestyle = ISO;
SET search_path = starhouse, public;
CREATE TEMP TABLE playback (day date, region text, video text, minutes numeric, buffering numeric, completion numeric);
INSERT INTO playback VALUES
  ('2025-03-09', 'EU', 'v2', 30, 1.5, 25), ('2025-03-09', 'EU', 'v2', 60.25, NULL, 75.5), ('2025-03-09', 'EU', 'v2', 1, 0, NULL),
  ('2025-03-09', 'EU', 'v10', 0, 0, 0), ('2025-03-08', 'US', 'é', 12.345678, 2, NULL), ('2025-03-08', 'US', 'z', 90, 0, 100),
  ('2025-03-09', 'EU', '', 5, 0, 12.5),
  (NULL, 'EU', 'v', 1, 1, 1), ('2025-03-09', NULL, 'v', 1, 1, 1), ('2025-03-09', 'EU', NULL, 1, 1, 1), ('2025-03-09', 'EU', 'v', NULL, 1, 1);
-- In the order of day and bytes.
SELECT * FROM engagement_days('SELECT * FROM playback');
SELECT day, video, engagement FROM engagement_days('SELECT * FROM playback', engagement_weights(watch => 1, session => 1, session_half => 60)) WHERE engagement IS NOT NULL;

\echo -- the same from SQL
SELECT setseed(0.25);
INSERT INTO playback
SELECT date '2025-01-01' + (random() * 20)::int, 'r' || (random() * 5)::int, 'v' || (random() * 60)::int,
       round((random() * 1440)::numeric, g % 8), CASE WHEN g % 7 > 0 THEN round((random() * 40)::numeric, g % 4) END,
       CASE WHEN g % 5 > 0 THEN round((random() * 100)::numeric, g % 3) END
FROM generate_series(1, 40000) g;
-- What machine numbers cannot settle: many digits, and means halfway between two hundredths.
INSERT INTO playback SELECT '2025-02-01', 'large', 'v' || g % 3, round(10::numeric ^ (g % 20) + 0.1 ^ (g % 20), 16), 10 ^ 15 + g, 0.005 FROM generate_series(1, 100) g;
INSERT INTO playback SELECT '2025-02-02', 'half', 'v' || g, g / 1000.0, g / 8.0, 0.125 * (g % 800) FROM generate_series(1, 2000) g, generate_series(1, 2);
CREATE TEMP TABLE ours AS SELECT * FROM engagement_days('SELECT * FROM playback', engagement_weights(likes_half => 0.05));
CREATE TEMP TABLE theirs AS
SELECT day, region, video, views, minutes, buffering, measured, completion,
       CASE WHEN measured > 0 THEN round(completion / measured, 2) END AS watch_percent, round(minutes / views, 2) AS session_minutes,
       CASE WHEN measured > 0 THEN round(engagement_score(completion::float8 / measured, 0, 0, 0, minutes::float8 / views, engagement_weights(likes_half => 0.05))::numeric, 2) END AS engagement
FROM (SELECT day, region, video, count(*) AS views, sum(minutes) AS minutes, coalesce(sum(buffering), 0) AS buffering, count(completion) AS measured,
             coalesce(sum(completion), 0) AS completion
      FROM playback WHERE day IS NOT NULL AND region IS NOT NULL AND video IS NOT NULL AND minutes IS NOT NULL GROUP BY 1, 2, 3) g;
-- As text: the digits shown after the point are the same, too.
SELECT count(*) > 8000 AS many, count(*) FILTER (WHERE o::text = t::text) = count(*) AS same, count(t.day) = (SELECT count(*) FROM theirs) AS all_there
FROM ours o FULL JOIN theirs t ON o.day = t.day AND o.region = t.region AND o.video = t.video;
SELECT bool_and(in_order) AS in_order FROM (
  SELECT (day, region COLLATE "C", video COLLATE "C") > lag((day, region COLLATE "C", video COLLATE "C")) OVER (ORDER BY n) IS NOT FALSE AS in_order
  FROM engagement_days('SELECT * FROM playback') WITH ORDINALITY AS d (day, region, video, views, minutes, buffering, measured, completion, watch_percent, session_minutes, engagement, n)) x;

\echo -- of what was added
CREATE TEMP TABLE viewing (day date, region text, video text, minutes numeric, PRIMARY KEY (day, video));
INSERT INTO viewing VALUES ('2025-03-09', 'EU', 'v1', 99);
CREATE TEMP TABLE summary (day date, views bigint, minutes numeric);
SELECT * FROM append_facts('viewing', $$SELECT d.day, 'EU'::text AS region, d.video, 10::numeric AS minutes FROM (VALUES (date '2025-03-09', 'v1'::text), ('2025-03-09', 'v2')) d (day, video)$$,
  ARRAY[$$INSERT INTO summary SELECT day, views, minutes FROM engagement_days('SELECT day, region, video, minutes, NULL::numeric, NULL::numeric FROM added')$$]);
SELECT * FROM summary;

\echo -- what cannot be
SELECT * FROM engagement_days('SELECT now(), ''EU''::text, ''v''::text, 1.0, 1.0, 1.0');
SELECT * FROM engagement_days('SELECT current_date');
SELECT * FROM engagement_days('DELETE FROM playback');
SELECT * FROM engagement_days('SELECT date ''2025-01-01'', ''EU''::text, ''v''::text, -1.0, 0.0, 1.0');
SELECT * FROM engagement_days('SELECT date ''2025-01-01'', ''EU''::text, ''v''::text, 1.0, 0.0, ''NaN''::numeric');
SELECT * FROM engagement_days('SELECT date ''2025-01-01'', ''EU''::text, ''v''::text, ''Infinity''::numeric, 0.0, 1.0');
SELECT * FROM engagement_days('SELECT date ''2025-01-01'', ''EU''::text, ''v''::text, 1e40, 0.0, 1.0');
SELECT * FROM engagement_days(NULL);
SELECT * FROM engagement_days('SELECT * FROM playback', NULL);
