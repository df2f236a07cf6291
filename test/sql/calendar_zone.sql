-- Offsets of a zone as the server knows them.
SET DateStyle = 'ISO, YMD';
SET TimeZone = 'UTC';
SELECT * FROM starhouse.zone_transitions('America/New_York', '2024-01-01', '2025-12-31');
SELECT * FROM starhouse.zone_transitions('Asia/Kolkata', '2000-01-01', '2050-12-31');
SELECT * FROM starhouse.zone_transitions('UTC', '0001-01-01', '9999-12-31');
-- A change at the very start is the offset in force there; one at the very end is still told.
SELECT * FROM starhouse.zone_transitions('Asia/Tokyo', '1951-09-07', '1951-09-07');
SELECT * FROM starhouse.zone_transitions('Africa/Juba', '2021-02-01', '2021-02-01');
-- Names as SET TimeZone takes them: any case, POSIX rules too.
SELECT * FROM starhouse.zone_transitions('europe/LONDON', '2024-06-01', '2024-06-01');
SELECT * FROM starhouse.zone_transitions('EST5EDT,M3.2.0,M11.1.0', '2024-06-01', '2024-12-31');
-- The rows are complete: at every instant the latest one gives the server's local time.
SELECT zone, count(*) AS asked, count(*) FILTER (WHERE local <> t AT TIME ZONE 'UTC' + make_interval(secs => utc_offset_seconds)) AS wrong
FROM unnest('{Europe/London,America/St_Johns,Africa/Casablanca,Pacific/Apia,Asia/Tehran}'::text[]) AS zone,
     generate_series(timestamptz '1990-01-01 00:30+00', '2030-01-01 00:00+00', '5 days 7 hours') AS t,
     LATERAL (SELECT t AT TIME ZONE zone AS local) AS l,
     LATERAL (SELECT utc_offset_seconds FROM starhouse.zone_transitions(zone, '1990-01-01', '2030-01-01')
              WHERE at <= t ORDER BY at DESC LIMIT 1) AS o
WHERE extract(day FROM t) < 6
GROUP BY zone ORDER BY zone;
SELECT count(*) FROM starhouse.zone_transitions(NULL, '2024-01-01', '2024-12-31');
