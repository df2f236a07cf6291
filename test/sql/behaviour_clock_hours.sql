-- Spans cut at the full hours of their own clocks.
SET timezone = 'UTC';
SET search_path = starhouse, public;
CREATE TEMP TABLE span (key text, started timestamptz, minutes numeric, zone text);
INSERT INTO span VALUES
  ('Kolkata', '2025-03-08 14:00Z', 100, 'Asia/Kolkata'),          -- 19:30 to 21:10
  ('New York', '2025-03-09 06:30Z', 60, 'America/New_York'),      -- 1:30 to 3:30, there is no 2 o'clock
  ('New York', '2025-11-02 05:30Z', 120, 'America/New_York'),     -- 1 o'clock comes twice
  ('none', '2025-03-08 14:00Z', 0, 'UTC'), ('whole', '2025-03-08 14:00Z', 60, 'UTC'),
  (NULL, '2025-03-08 14:00Z', 1, 'UTC'), ('x', NULL, 1, 'UTC'), ('x', '2025-03-08 14:00Z', NULL, 'UTC'), ('x', '2025-03-08 14:00Z', 1, NULL),
  ('two', '2025-03-08 14:10Z', 20, 'UTC'), ('two', '2025-03-08 14:40:00.000030Z', 0.0000005, 'UTC'),
  ('before 2000', '1999-12-31 23:30Z', 31, 'Asia/Kathmandu');
SELECT * FROM clock_hours('SELECT * FROM span') ORDER BY key, hour;

\echo -- the same from SQL, for spans in many zones and over changes of their clocks
SELECT setseed(0.5);
INSERT INTO span
SELECT 'k' || g % 5, timestamptz '1999-10-30 00:00Z' + random() * interval '26 years', round((random() * 300)::numeric, g % 8),
       (ARRAY['UTC', 'Asia/Kolkata', 'America/St_Johns', 'Australia/Lord_Howe', 'Europe/London', 'Pacific/Chatham', 'IST', 'America/New_York', 'Africa/Monrovia'])[1 + g % 9]
FROM generate_series(1, 20000) g;
-- And near the changes themselves.
INSERT INTO span SELECT 'edge', t + n * interval '7 minutes 13 seconds', n, z
FROM (VALUES ('2025-03-09 07:00Z'::timestamptz, 'America/New_York'), ('2024-10-05 15:30Z', 'Australia/Lord_Howe'), ('2005-10-30 02:31Z', 'America/St_Johns')) v (t, z), generate_series(0, 40) n;
INSERT INTO span SELECT 'edge', t - n * interval '3 minutes 1 second', n * 2, z
FROM (VALUES ('2025-03-09 07:00Z'::timestamptz, 'America/New_York'), ('2024-10-05 15:30Z', 'Australia/Lord_Howe'), ('2005-10-30 02:31Z', 'America/St_Johns')) v (t, z), generate_series(0, 40) n;
CREATE TEMP TABLE ours AS SELECT * FROM clock_hours('SELECT * FROM span');
CREATE TEMP TABLE theirs AS
SELECT key, begins + n * interval '1 hour' AS hour, count(*) FILTER (WHERE n = 0) AS begun,
       sum(round(floor((least(to_second, (n + 1) * 3600) - greatest(from_second, n * 3600)) * (1000000 / 60::float8) + 0.5)::numeric / 1000000, 6)) AS minutes
FROM (SELECT key, started - (local - date_trunc('hour', local)) AS begins, date_part('epoch', local - date_trunc('hour', local)) AS from_second,
             date_part('epoch', local - date_trunc('hour', local)) + minutes::float8 * 60 AS to_second
      FROM (SELECT *, started AT TIME ZONE zone AS local FROM span WHERE key IS NOT NULL AND started IS NOT NULL AND minutes IS NOT NULL AND zone IS NOT NULL) s) h
CROSS JOIN LATERAL generate_series(0, greatest(ceil((to_second - 1e-6) / 3600)::integer - 1, 0)) AS n
GROUP BY 1, 2;
SELECT (SELECT count(*) FROM ours) > 10000 AS many, NOT EXISTS (SELECT * FROM ours EXCEPT ALL SELECT * FROM theirs) AND NOT EXISTS (SELECT * FROM theirs EXCEPT ALL SELECT * FROM ours) AS same;

\echo -- what cannot be
SELECT * FROM clock_hours('SELECT ''k''::text, now(), 1, ''UTC''::text');
SELECT * FROM clock_hours('SELECT ''k''::text, now()');
SELECT * FROM clock_hours('DELETE FROM span');
SELECT * FROM clock_hours('SELECT ''k''::text, now(), -0.5, ''UTC''::text');
SELECT * FROM clock_hours('SELECT ''k''::text, now(), 527041.0, ''UTC''::text');
SELECT * FROM clock_hours('SELECT ''k''::text, now(), ''NaN''::numeric, ''UTC''::text');
SELECT * FROM clock_hours('SELECT ''k''::text, ''-infinity''::timestamptz, 1.0, ''UTC''::text');
SELECT * FROM clock_hours('SELECT ''k''::text, now(), 1.0, ''Europe/Atlantis''::text');
SELECT * FROM clock_hours(NULL);
