-- The rows of a time dimension, and the calendar's figures against those of the server.
SET DateStyle = 'ISO, YMD';
SET TimeZone = 'UTC';
\x on
SELECT * FROM starhouse.time_dimension('2024-10-31', '2024-10-31', 'day', 'IN', 4);
SELECT * FROM starhouse.time_dimension('2024-12-25', '2024-12-25', '30 minutes', 'GB', week_start => 7) WHERE minute_of_day IN (0, 1050);
\x off

-- Defaults: day grain, no country.
SELECT count(*), sum(holiday_flag) AS holidays, count(holiday_name) AS names, bool_and(hour = 0 AND minute = 0 AND minute_of_day = 0) AS hour_is_zero,
       count(day_part) + count(meal_time) + count(am_pm) + count(hour_12) + count(time_name) AS of_the_time, bool_and(is_business_day = NOT is_weekend) AS weekends_only,
       bool_and(length_seconds = 86400 AND starts_at = date_key AT TIME ZONE 'UTC') AS days_of_24_hours
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
     (extract(month FROM d)::int + 5) / 6)
  OR (yyyymmdd, day_sequence, iso_day_of_week, day_name_short, weekday_of_month, day_of_quarter, previous_day, next_day)
    IS DISTINCT FROM
    (to_char(d, 'YYYYMMDD')::int, to_char(d, 'J')::int, extract(isodow FROM d)::int, to_char(d, 'Dy'), to_char(d, 'W')::int,
     d::date - date_trunc('quarter', d)::date + 1, d::date - 1, d::date + 1)
  OR (same_day_last_month, same_day_last_quarter, same_day_last_year, same_weekday_last_year)
    IS DISTINCT FROM
    ((d - interval '1 month')::date, (d - interval '3 months')::date, (d - interval '1 year')::date, d::date - 364)
  OR (iso_week_name, week_end_date, month_name_short, days_in_month, is_month_start, is_month_end)
    IS DISTINCT FROM
    (to_char(d, 'IYYY-"W"IW'), date_trunc('week', d)::date + 6, to_char(d, 'Mon'),
     extract(day FROM date_trunc('month', d) + interval '1 month - 1 day')::int,
     extract(day FROM d) = 1, extract(day FROM d + interval '1 day') = 1)
  OR (quarter_name, year_quarter, quarter_start_date, quarter_end_date, year_start_date, year_end_date, days_in_year, is_leap_year)
    IS DISTINCT FROM
    (to_char(d, '"Q"Q'), to_char(d, 'YYYY-"Q"Q'), date_trunc('quarter', d)::date, (date_trunc('quarter', d) + interval '3 months - 1 day')::date,
     date_trunc('year', d)::date, (date_trunc('year', d) + interval '1 year - 1 day')::date,
     extract(doy FROM date_trunc('year', d) + interval '1 year - 1 day')::int, extract(doy FROM date_trunc('year', d) + interval '1 year - 1 day') = 366)
  OR (fiscal_year, fiscal_quarter, fiscal_period, fiscal_year_name, fiscal_day, fiscal_year_start_date, fiscal_quarter_start_date)
    IS DISTINCT FROM
    (extract(year FROM d + interval '9 months')::int, extract(quarter FROM d + interval '9 months')::int, extract(month FROM d - interval '3 months')::int,
     'FY' || extract(year FROM d + interval '9 months'), d::date - (date_trunc('year', d - interval '3 months') + interval '3 months')::date + 1,
     (date_trunc('year', d - interval '3 months') + interval '3 months')::date, date_trunc('quarter', d)::date)
  OR (fiscal_year_end_date, fiscal_quarter_end_date)
    IS DISTINCT FROM
    ((date_trunc('year', d - interval '3 months') + interval '15 months - 1 day')::date, (date_trunc('quarter', d) + interval '3 months - 1 day')::date)
  ) AS wrong
FROM starhouse.time_dimension('1800-01-01', '2199-12-31', fiscal_year_start => 4) AS t
JOIN generate_series(timestamp '1800-01-01', timestamp '2199-12-31', '1 day') AS d ON d = t.date_key;

-- Numbers in sequence grow by one where their unit changes, weeks of the year where a week starts.
SELECT count(*) FILTER (WHERE day_sequence - lag_day <> 1) AS days, count(*) FILTER (WHERE week_sequence - lag_week <> (day_of_week = 1)::int) AS weeks,
       count(*) FILTER (WHERE month_sequence - lag_month <> (day = 1)::int) AS months, count(*) FILTER (WHERE quarter_sequence - lag_quarter <> (day_of_quarter = 1)::int) AS quarters,
       count(*) FILTER (WHERE week_of_month <> CASE WHEN day = 1 THEN 1 ELSE lag_week_of_month + (day_of_week = 1)::int END) AS weeks_of_month,
       count(*) FILTER (WHERE us_week <> CASE WHEN day_of_year = 1 THEN 1 ELSE lag_us_week + (iso_day_of_week = 7)::int END) AS us_weeks,
       count(*) FILTER (WHERE fiscal_week <> CASE WHEN fiscal_day = 1 THEN 1 ELSE lag_fiscal_week + (day_of_week = 1)::int END) AS fiscal_weeks
FROM (SELECT *, lag(day_sequence) OVER w AS lag_day, lag(week_sequence) OVER w AS lag_week, lag(month_sequence) OVER w AS lag_month, lag(quarter_sequence) OVER w AS lag_quarter,
             lag(week_of_month) OVER w AS lag_week_of_month, lag(us_week) OVER w AS lag_us_week, lag(fiscal_week) OVER w AS lag_fiscal_week
      FROM starhouse.time_dimension('1990-01-01', '2040-12-31', fiscal_year_start => 10, week_start => 6) WINDOW w AS (ORDER BY date)) AS t
WHERE date > '1990-01-01';
-- They start with 1 in the year 1.
SELECT date, week_sequence, month_sequence, quarter_sequence, us_week, day_sequence FROM starhouse.time_dimension('0001-01-01', '0001-01-01');

-- The ends of the calendar.
SELECT date, day_name, iso_year, week, previous_day, same_day_last_year, year_month FROM starhouse.time_dimension('0001-01-01', '0001-01-01');
SELECT date, day_name, iso_year, week, next_day, fiscal_year_name, fiscal_year_end_date, retail_year FROM starhouse.time_dimension('9999-12-31', '9999-12-31', fiscal_year_start => 4);

-- Fiscal years are named by the year they end in, or begin in, for every first month.
SELECT f AS first_month, e.fiscal_year, s.fiscal_year AS named_by_start, e.fiscal_quarter, e.fiscal_period, e.fiscal_year_start_date, e.fiscal_year_end_date
FROM generate_series(1, 12) AS f, starhouse.time_dimension('2024-06-15', '2024-06-15', fiscal_year_start => f) AS e,
     starhouse.time_dimension('2024-06-15', '2024-06-15', fiscal_year_start => f, year_named_by => 'start') AS s
ORDER BY f;

-- Weeks may start on any day; week and iso_year stay ISO's.
SELECT w AS week_start, day_of_week, week_start_date, to_char(week_start_date, 'FMDay') AS starts_on, week_end_date, week
FROM generate_series(1, 7) AS w, starhouse.time_dimension('2024-11-20', '2024-11-20', week_start => w)
ORDER BY w;

-- Retail years: the National Retail Federation's 2023 had 53 weeks.
SELECT retail_year, retail_weeks_in_year AS weeks, retail_year_start_date, retail_quarter AS quarter, retail_period AS period, min(date), max(date),
       count(DISTINCT retail_week) AS weeks_of_period, max(retail_week_of_period) AS last_week,
       bool_and(retail_period_start_date <= date AND date <= retail_period_end_date) AS within
FROM starhouse.time_dimension('2023-01-29', '2025-02-01', fiscal_year_start => 2, week_start => 7, retail_pattern => '4-5-4', year_named_by => 'start')
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 5;
SELECT p AS pattern, array_agg(weeks ORDER BY retail_period) AS weeks_of_periods
FROM unnest('{4-4-5,4-5-4,5-4-4}'::text[]) AS p,
     LATERAL (SELECT retail_period, count(*) / 7 AS weeks FROM starhouse.time_dimension('2024-01-01', '2024-12-29', retail_pattern => p) GROUP BY 1) AS t
GROUP BY p ORDER BY p;

-- Seasons: meteorological, and the Indian ones for India.
SELECT n.month_name, n.season, i.season AS india
FROM starhouse.time_dimension('2023-01-01', '2023-12-31') AS n
JOIN starhouse.time_dimension('2023-01-01', '2023-12-31', country => 'IN') AS i USING (date)
WHERE n.day = 15 ORDER BY date;

-- Names in other languages.
SELECT l AS language, day_name, day_name_short, month_name, month_name_short, season, day_part, meal_time, holiday_name
FROM unnest('{en,hi,mr,bn,de,fr,es}'::text[]) WITH ORDINALITY AS u (l, n),
     starhouse.time_dimension('2026-03-04', '2026-03-04', 'hour', 'IN', language => l)
WHERE hour = 13 ORDER BY n;

-- Parts of the day and meals.
SELECT day_part, meal_time, am_pm, min(time_name), max(time_name), min(hour_12), max(hour_12), count(*)
FROM starhouse.time_dimension('2024-01-01', '2024-01-01', 'HOUR') GROUP BY day_part, meal_time, am_pm ORDER BY 4;
-- Any grain that divides the day.
SELECT g AS grain, count(*), min(time_name), max(time_name), sum(length_seconds) AS seconds, count(DISTINCT minute_of_day) AS starts,
       bool_and(time_name = to_char(date_key, 'HH24:MI') AND hour_12::text = to_char(date_key, 'FMHH12') AND am_pm = to_char(date_key, 'AM')
                AND hour = extract(hour FROM date_key) AND minute = extract(minute FROM date_key) AND minute_of_day = hour * 60 + minute) AS right_time
FROM unnest('{minute,5 minutes,15 minutes,30 minutes,hour,2 hours,90 minutes,6 hours}'::text[]) WITH ORDINALITY AS u (g, n),
     starhouse.time_dimension('2024-02-28', '2024-03-01', g) GROUP BY n, g ORDER BY n;

-- Two holidays on one day; an estimated one says so.
SELECT date, holiday_flag, holiday_name, is_business_day, follows_holiday
FROM starhouse.time_dimension('2017-08-15', '2017-08-16', country => 'IN')
UNION ALL
SELECT date, holiday_flag, holiday_name, is_business_day, follows_holiday
FROM starhouse.time_dimension('2027-08-15', '2027-08-16', country => 'IN');
-- The day after a holiday is known even when the range begins with it, and across years.
SELECT date, follows_holiday FROM starhouse.time_dimension('2024-01-02', '2024-01-02', country => 'US')
UNION ALL SELECT date, follows_holiday FROM starhouse.time_dimension('2021-12-31', '2022-01-02', country => 'US') ORDER BY date;
-- Business days within the month.
SELECT month, max(business_days_in_month) AS in_month, count(*) FILTER (WHERE is_business_day) AS counted, max(business_day_of_month) AS last,
       bool_and(business_day_of_month = n) AS running
FROM (SELECT *, count(*) FILTER (WHERE is_business_day) OVER (PARTITION BY year, month ORDER BY date) AS n
      FROM starhouse.time_dimension('2024-10-01', '2024-12-31', country => 'GB-NIR')) AS t GROUP BY month ORDER BY month;
SELECT business_day_of_month, business_days_in_month FROM starhouse.time_dimension('2024-12-27', '2024-12-27', country => 'GB-NIR');
-- Weekends are what the caller says.
SELECT weekend, string_agg(day_name_short, ' ' ORDER BY date) FILTER (WHERE is_weekend) AS weekend_days, count(*) FILTER (WHERE is_business_day) AS business_days
FROM unnest(ARRAY['{6,7}', '{5,6}', '{7}', '{}']) AS weekend, starhouse.time_dimension('2024-01-01', '2024-01-07', weekend => weekend::int[])
GROUP BY weekend ORDER BY weekend;

-- Hours exist as the zone's clocks show them: 23 and 24 rows on the days of the change, a repeated hour once and twice as long.
SELECT date, count(*), count(*) FILTER (WHERE hour IN (1, 2)) AS hours_1_and_2, sum(length_seconds) / 3600.0 AS hours, max(length_seconds) AS longest, min(starts_at) AS starts_at
FROM starhouse.time_dimension('2024-03-09', '2024-11-04', 'hour', time_zone => 'America/New_York')
WHERE date IN ('2024-03-09', '2024-03-10', '2024-11-03') GROUP BY date ORDER BY date;
SELECT date, starts_at, length_seconds / 3600.0 AS hours FROM starhouse.time_dimension('2024-03-09', '2024-11-04', time_zone => 'America/New_York')
WHERE date IN ('2024-03-09', '2024-03-10', '2024-11-03') ORDER BY date;
-- Samoa had no 30 December 2011. At day grain every date of the calendar has its row.
SELECT g AS grain, string_agg(DISTINCT date::text, ' ' ORDER BY date::text) AS dates, sum(length_seconds) / 3600 AS hours
FROM unnest('{day,hour}'::text[]) AS g, starhouse.time_dimension('2011-12-29', '2011-12-31', g, time_zone => 'Pacific/Apia')
GROUP BY g ORDER BY g;
-- The same rows as those the server finds by asking every minute: which exist, when each begins and how long it lasts.
SELECT zone, grain, count(*) AS rows, count(*) FILTER (WHERE (ours, o.starts_at, o.length_seconds) IS DISTINCT FROM (server, s.starts_at, s.length_seconds)) AS wrong
FROM unnest('{UTC,Asia/Kolkata,America/New_York,Europe/London,Australia/Lord_Howe,America/St_Johns,Africa/Casablanca,Antarctica/Troll,Pacific/Apia,Pacific/Kwajalein}'::text[],
            '{2011-03-12,2011-03-12,2011-03-12,2011-10-29,2011-04-02,2011-11-05,2011-07-30,2011-10-29,2011-12-29,1993-08-20}'::date[]) AS z (zone, first),
  unnest('{hour,15 minutes}'::text[], '{60,15}'::int[]) AS g (grain, minutes),
  LATERAL (
    SELECT o.date_key AS ours, o.starts_at, o.length_seconds FROM starhouse.time_dimension(first, first + 2, grain, time_zone => zone) AS o) AS o
    FULL JOIN LATERAL (
      SELECT date_bin(make_interval(mins => minutes), t AT TIME ZONE zone, '2000-01-01') AS server, min(t) AS starts_at, (count(*) * 60)::int AS length_seconds
      FROM generate_series((first - 2)::timestamptz, (first + 5)::timestamptz, '1 minute') AS t
      WHERE (t AT TIME ZONE zone)::date BETWEEN first AND first + 2 GROUP BY 1) AS s ON ours = server
GROUP BY zone, grain ORDER BY zone, grain;
-- Days likewise, a decade of them.
SELECT zone, count(*) AS days, count(*) FILTER (WHERE length_seconds <> extract(epoch FROM (date + 1)::timestamp AT TIME ZONE zone - date::timestamp AT TIME ZONE zone)
                                              OR starts_at <> date::timestamp AT TIME ZONE zone) AS wrong,
       count(*) FILTER (WHERE length_seconds <> 86400) AS changes
FROM unnest('{Asia/Kolkata,America/New_York,Europe/London,Australia/Lord_Howe,Africa/Casablanca}'::text[]) AS zone,
     starhouse.time_dimension('2010-01-01', '2019-12-31', time_zone => zone) GROUP BY zone ORDER BY zone;

-- In the select list rows come one at a time, with no store behind them; they are the same.
SELECT count(*), count(*) FILTER (WHERE r IS DISTINCT FROM t) AS differ
FROM (SELECT starhouse.time_dimension('2024-03-09', '2024-03-11', 'hour', 'US', 10, 7, 'America/New_York') AS r) AS s
FULL JOIN starhouse.time_dimension('2024-03-09', '2024-03-11', 'hour', 'US', 10, 7, 'America/New_York') AS t
  ON (s.r).date_key = t.date_key;
SELECT (r).date FROM (SELECT starhouse.time_dimension('2024-01-01', '9999-12-31') AS r LIMIT 2) AS first_two;
-- A function in FROM: the rows of a part of the day are one tuple written over. They equal those made one by one.
SELECT count(*), count(*) FILTER (WHERE f IS DISTINCT FROM s.r) AS differ
FROM starhouse.time_dimension('2026-03-03', '2026-03-05', '15 minutes', 'IN', language => 'hi') AS f
FULL JOIN (SELECT starhouse.time_dimension('2026-03-03', '2026-03-05', '15 minutes', 'IN', language => 'hi') AS r OFFSET 0) AS s ON (s.r).date_key = f.date_key;

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
