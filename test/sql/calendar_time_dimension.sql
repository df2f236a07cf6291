-- The rows of a time dimension, and the calendar's figures against those of the server.
SET DateStyle = 'ISO, YMD';
\x on
SELECT * FROM starhouse.time_dimension('2024-10-31', '2024-10-31', 'day', 'IN', 4);
SELECT * FROM starhouse.time_dimension('2024-12-25', '2024-12-25', 'hour', 'GB', week_start => 7) WHERE hour IN (0, 17);
\x off

-- Defaults: day grain, no country.
SELECT count(*), sum(holiday_flag) AS holidays, count(holiday_name) AS names, bool_and(hour = 0) AS hour_is_zero,
       bool_and(day_part IS NULL) AS no_day_part, bool_and(is_business_day = NOT is_weekend) AS weekends_only
FROM starhouse.time_dimension('2024-01-01', '2024-12-31');

-- Every column that the server can work out, over four centuries: no row differs.
SELECT count(*) AS days, count(*) FILTER (WHERE
    (date_key, date, day, day_of_week, day_name, day_of_year, week, iso_year, month, month_name, quarter, year)
    IS DISTINCT FROM
    (date::timestamp, d::date, extract(day FROM d)::int, extract(isodow FROM d)::int, to_char(d, 'FMDay'),
     extract(doy FROM d)::int, extract(week FROM d)::int, extract(isoyear FROM d)::int,
     extract(month FROM d)::int, to_char(d, 'FMMonth'), extract(quarter FROM d)::int, extract(year FROM d)::int)
  OR (year_month, week_start_date, month_start_date, month_end_date, is_weekend, half_year)
    IS DISTINCT FROM
    (to_char(d, 'YYYY-MM'), date_trunc('week', d)::date, date_trunc('month', d)::date,
     (date_trunc('month', d) + interval '1 month - 1 day')::date, extract(isodow FROM d) > 5,
     (extract(month FROM d)::int + 5) / 6)) AS wrong
FROM starhouse.time_dimension('1800-01-01', '2199-12-31') AS t
JOIN generate_series(timestamp '1800-01-01', timestamp '2199-12-31', '1 day') AS d ON d = t.date_key;

-- The ends of the calendar.
SELECT date, day_name, iso_year, week FROM starhouse.time_dimension('0001-01-01', '0001-01-01');
SELECT date, day_name, iso_year, week FROM starhouse.time_dimension('9999-12-31', '9999-12-31');

-- Fiscal years are named by the year they end in, for every first month.
SELECT f AS first_month, fiscal_year, fiscal_quarter, fiscal_period
FROM generate_series(1, 12) AS f, starhouse.time_dimension('2024-06-15', '2024-06-15', fiscal_year_start => f)
ORDER BY f;

-- Weeks may start on any day; week and iso_year stay ISO's.
SELECT w AS week_start, day_of_week, week_start_date, to_char(week_start_date, 'FMDay') AS starts_on, week
FROM generate_series(1, 7) AS w, starhouse.time_dimension('2024-11-20', '2024-11-20', week_start => w)
ORDER BY w;

-- Seasons: meteorological, and the Indian ones for India.
SELECT n.month_name, n.season, i.season AS india
FROM starhouse.time_dimension('2023-01-01', '2023-12-31') AS n
JOIN starhouse.time_dimension('2023-01-01', '2023-12-31', country => 'IN') AS i USING (date)
WHERE n.day = 15 ORDER BY date;

-- Parts of the day.
SELECT day_part, min(hour), max(hour), count(*)
FROM starhouse.time_dimension('2024-01-01', '2024-01-01', 'HOUR') GROUP BY day_part ORDER BY count(*), day_part;

-- Two holidays on one day; an estimated one says so.
SELECT date, holiday_flag, holiday_name, is_business_day
FROM starhouse.time_dimension('2017-08-15', '2017-08-15', country => 'IN')
UNION ALL
SELECT date, holiday_flag, holiday_name, is_business_day
FROM starhouse.time_dimension('2027-08-15', '2027-08-15', country => 'IN');

-- Hours exist as the zone's clocks show them: 23 and 24 rows on the days of the change, a repeated hour once.
SELECT date, count(*), count(*) FILTER (WHERE hour IN (1, 2)) AS hours_1_and_2
FROM starhouse.time_dimension('2024-03-09', '2024-11-04', 'hour', time_zone => 'America/New_York')
WHERE date IN ('2024-03-09', '2024-03-10', '2024-11-03') GROUP BY date ORDER BY date;
-- Samoa had no 30 December 2011. At day grain every date of the calendar has its row.
SELECT g AS grain, string_agg(DISTINCT date::text, ' ' ORDER BY date::text) AS dates
FROM unnest('{day,hour}'::text[]) AS g, starhouse.time_dimension('2011-12-29', '2011-12-31', g, time_zone => 'Pacific/Apia')
GROUP BY g ORDER BY g;
-- The same hours as those the server finds by asking every half hour.
SELECT zone, count(*) AS hours, count(*) FILTER (WHERE ours IS NULL OR server IS NULL) AS wrong
FROM unnest('{UTC,Asia/Kolkata,America/New_York,Europe/London,Australia/Lord_Howe,America/St_Johns,Africa/Casablanca,Antarctica/Troll,Pacific/Apia,Pacific/Kwajalein,America/Sao_Paulo}'::text[]) AS zone,
  LATERAL (
    SELECT o.date_key AS ours, s.date_key AS server
    FROM starhouse.time_dimension('2010-12-30', '2012-01-02', 'hour', time_zone => zone) AS o
    FULL JOIN (
      SELECT DISTINCT date_trunc('hour', t AT TIME ZONE zone) AS date_key
      FROM generate_series(timestamptz '2010-12-28 00:00+00', '2012-01-04 00:00+00', '30 minutes') AS t
      WHERE (t AT TIME ZONE zone)::date BETWEEN '2010-12-30' AND '2012-01-02') AS s USING (date_key)) AS x
GROUP BY zone ORDER BY zone;

-- In the select list rows come one at a time, with no store behind them; they are the same.
SELECT count(*), count(*) FILTER (WHERE r IS DISTINCT FROM t) AS differ
FROM (SELECT starhouse.time_dimension('2024-03-09', '2024-03-11', 'hour', 'US', 10, 7, 'America/New_York') AS r) AS s
FULL JOIN starhouse.time_dimension('2024-03-09', '2024-03-11', 'hour', 'US', 10, 7, 'America/New_York') AS t
  ON (s.r).date_key = t.date_key;
SELECT (r).date FROM (SELECT starhouse.time_dimension('2024-01-01', '9999-12-31') AS r LIMIT 2) AS first_two;

-- A store too large for work_mem spills to disk; nothing is lost.
SET work_mem = '64kB';
SELECT count(*), count(DISTINCT date_key), min(date_key), max(date_key)
FROM starhouse.time_dimension('2024-01-01', '2024-12-31', 'hour');
RESET work_mem;

-- Read backwards and forwards again.
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT date FROM starhouse.time_dimension('2024-01-01', '2024-01-03');
FETCH ALL FROM c;
FETCH BACKWARD 2 FROM c;
COMMIT;
