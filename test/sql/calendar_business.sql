-- Business days, fiscal and retail years, what is current.
SET DateStyle = 'ISO, YMD';
SELECT starhouse.is_business_day('2024-12-24', 'GB') AS christmas_eve, starhouse.is_business_day('2024-12-25', 'GB') AS christmas,
       starhouse.is_business_day('2024-12-25') AS weekday, starhouse.is_business_day('2024-12-28') AS saturday,
       starhouse.is_business_day('2024-12-28', weekend => '{5}') AS saturday_worked, starhouse.is_business_day('2024-12-27', weekend => '{5}') AS friday,
       starhouse.is_business_day(NULL, 'GB') AS of_null;
-- Rows with different countries, weekends and years in turn, more of them than are remembered at once.
SELECT country, date, starhouse.is_business_day(date, country)
FROM (VALUES ('US', '2024-07-04'::date), ('GB', '2024-07-04'), ('US', '2025-07-04'), (NULL, '2025-07-04'), ('IN', '2024-08-15'), ('US', '2024-08-15')) AS v (country, date);
SELECT round, count(*) AS asked, count(*) FILTER (WHERE ours <> expected) AS wrong
FROM (SELECT round, starhouse.is_business_day(date, country, weekend) AS ours,
             NOT extract(isodow FROM date) = ANY (weekend) AND h.date_of IS NULL AS expected
      FROM generate_series(1, 2) AS round,
           unnest('{IN,US,GB,GB-SCT,GB-NIR,US+IN}'::text[]) AS country,
           (VALUES ('{6,7}'::int[]), ('{5,6}')) AS w (weekend),
           LATERAL (SELECT d::date AS date FROM generate_series(timestamp '2024-03-20', '2024-04-20', '1 day') AS d) AS d
           LEFT JOIN LATERAL (SELECT DISTINCT x.date AS date_of FROM starhouse.holidays(country, 2024, 2024) AS x WHERE x.date = d.date) AS h ON true) AS t
GROUP BY round ORDER BY round;

SELECT starhouse.add_business_days('2024-12-24', 1, 'GB') AS after_christmas, starhouse.add_business_days('2024-12-27', -1, 'GB') AS back,
       starhouse.add_business_days('2024-12-25', 0, 'GB') AS same, starhouse.add_business_days('2024-12-24', 1) AS weekends_only,
       starhouse.add_business_days('2024-01-01', 250, 'US') AS a_year, starhouse.add_business_days('2024-01-04', 1, weekend => '{5,6}') AS sunday;
SELECT starhouse.add_business_days(NULL, 1) AS a, starhouse.add_business_days('2024-01-01', NULL) AS b;
-- From and to days that are none.
SELECT starhouse.add_business_days('2024-01-06', 1) AS on_monday, starhouse.add_business_days('2024-01-06', -1) AS on_friday,
       starhouse.business_days_between('2024-01-05', '2024-01-06') AS to_saturday, starhouse.business_days_between('2024-01-06', '2024-01-08') AS from_saturday,
       starhouse.business_days_between('2024-01-08', '2024-01-06') AS back_to_saturday, starhouse.business_days_between('2024-01-06', '2024-01-05') AS back_to_friday,
       starhouse.business_days_between('2024-01-06', '2024-01-06') AS nowhere;
SELECT starhouse.business_days_between(NULL, '2024-01-01') AS a, starhouse.business_days_between('2024-01-01', NULL) AS b;
-- Going there and back, and the days between, against the definition: one day at a time.
SELECT count(*) AS asked,
       count(*) FILTER (WHERE starhouse.add_business_days(there, -n, 'US') <> d::date AND starhouse.is_business_day(d::date, 'US')) AS wrong_back,
       count(*) FILTER (WHERE starhouse.business_days_between(d::date, there, 'US') <> n) AS wrong_between,
       count(*) FILTER (WHERE (SELECT count(*) FILTER (WHERE starhouse.is_business_day(x::date, 'US'))
                               FROM generate_series(least(d + interval '1 day', there), greatest(there, d - interval '1 day'), '1 day') AS x) <> abs(n)) AS miscounted
FROM generate_series(timestamp '2023-12-20', '2024-01-20', '1 day') AS d, generate_series(-300, 300, 43) AS n,
     LATERAL (SELECT starhouse.add_business_days(d::date, n, 'US') AS there) AS t;
-- From end to end of the calendar.
SELECT starhouse.business_days_between('0001-01-01', '9999-12-31') AS weekdays, starhouse.add_business_days('0001-01-01', 2608614) AS last_day,
       starhouse.add_business_days('9999-12-31', -2608614) AS first_day, starhouse.business_days_between('9999-12-31', '0001-01-01') AS back,
       starhouse.business_days_between('0001-01-01', '9999-12-31', weekend => '{}') = date '9999-12-31' - date '0001-01-01' AS every_day,
       starhouse.is_business_day('0001-01-01') AS first, starhouse.is_business_day('9999-12-31') AS last;

-- Fiscal years, at their ends, and those of the calendar.
SELECT d AS date, starhouse.fiscal_year(d, 4) AS india, starhouse.fiscal_year(d, 4, 'start') AS by_start, starhouse.fiscal_quarter(d, 4), starhouse.fiscal_period(d, 4),
       starhouse.fiscal_year_start_date(d, 4), starhouse.fiscal_year(d, 10) AS us_government, starhouse.fiscal_year(d) AS calendar
FROM unnest('{0001-01-01,2024-03-31,2024-04-01,2024-09-30,2024-10-01,9999-12-31}'::date[]) AS d;
SELECT starhouse.fiscal_year(NULL) AS a, starhouse.fiscal_period('2024-01-01', NULL) AS b;

-- Retail years: by default ISO's; the National Retail Federation's; a year that ends on the last Saturday of September.
SELECT d AS date, starhouse.retail_year(d) AS iso_year, starhouse.retail_week(d) AS iso_week,
       starhouse.retail_year(d, '4-5-4', 2, 7, 'nearest', 'start') AS nrf_year, starhouse.retail_quarter(d, '4-5-4', 2, 7, 'nearest', 'start') AS nrf_quarter,
       starhouse.retail_period(d, '4-5-4', 2, 7, 'nearest', 'start') AS nrf_period, starhouse.retail_week(d, '4-5-4', 2, 7, 'nearest', 'start') AS nrf_week,
       starhouse.retail_year(d, '4-4-5', 10, 7, 'last') AS september_year, starhouse.retail_week(d, '4-4-5', 10, 7, 'last') AS september_week
FROM unnest('{0001-01-01,2023-01-28,2023-01-29,2023-09-30,2023-10-01,2023-12-31,2024-02-03,2024-02-04,2024-12-30,9999-12-31}'::date[]) AS d;
SELECT year, starhouse.retail_year_start_date(year, '4-5-4', 2, 7, 'nearest', 'start') AS nrf_start,
       (starhouse.retail_year_start_date(year + 1, '4-5-4', 2, 7, 'nearest', 'start') - starhouse.retail_year_start_date(year, '4-5-4', 2, 7, 'nearest', 'start')) / 7 AS weeks
FROM generate_series(2022, 2026) AS year;
SELECT starhouse.retail_week(NULL) AS a, starhouse.retail_year_start_date(2024, NULL) AS b;
-- The functions and the dimension agree, for every pattern and rule.
SELECT count(*) AS days, count(*) FILTER (WHERE
    (t.retail_year, t.retail_quarter, t.retail_period, t.retail_week, t.retail_year_start_date, t.fiscal_year, t.fiscal_quarter, t.fiscal_period, t.fiscal_year_start_date, t.is_business_day)
    IS DISTINCT FROM
    (starhouse.retail_year(date, pattern, first, 7, rule, named), starhouse.retail_quarter(date, pattern, first, 7, rule, named),
     starhouse.retail_period(date, pattern, first, 7, rule, named), starhouse.retail_week(date, pattern, first, 7, rule, named),
     starhouse.retail_year_start_date(t.retail_year, pattern, first, 7, rule, named),
     starhouse.fiscal_year(date, first, named), starhouse.fiscal_quarter(date, first), starhouse.fiscal_period(date, first), starhouse.fiscal_year_start_date(date, first),
     starhouse.is_business_day(date, 'US', '{5,6}'))) AS wrong
FROM unnest('{4-4-5,4-5-4,5-4-4}'::text[]) AS pattern, generate_series(1, 12, 3) AS first, unnest('{nearest,last}'::text[]) AS rule, unnest('{end,start}'::text[]) AS named,
     starhouse.time_dimension('2016-12-15', '2018-01-15', 'day', 'US', first, 7, 'UTC', 'en', pattern, rule, named, '{5,6}') AS t;

-- What is current, in the session's zone or another: at any instant Kiritimati's date is later than Midway's.
SELECT starhouse.is_current_day(current_date) AS today, starhouse.is_current_day(current_date - 1) AS yesterday,
       starhouse.is_current_day((now() AT TIME ZONE 'Pacific/Kiritimati')::date, 'Pacific/Kiritimati') AS there,
       starhouse.is_current_day((now() AT TIME ZONE 'Pacific/Kiritimati')::date, 'Pacific/Midway') AS elsewhere,
       starhouse.is_current_day(NULL) AS of_null, starhouse.is_current_month('infinity') AS never;
SELECT count(*) FILTER (WHERE starhouse.is_current_day(date)) AS days, count(*) FILTER (WHERE starhouse.is_current_week(date)) AS week,
       bool_and((date_trunc('week', date) = date_trunc('week', now())) = starhouse.is_current_week(date)) AS right_week,
       bool_and((date_trunc('month', date) = date_trunc('month', now())) = starhouse.is_current_month(date)) AS right_month,
       bool_and((date_trunc('quarter', date) = date_trunc('quarter', now())) = starhouse.is_current_quarter(date)) AS right_quarter,
       bool_and((date_trunc('year', date) = date_trunc('year', now())) = starhouse.is_current_year(date)) AS right_year,
       bool_and((starhouse.fiscal_year(date, 4) = starhouse.fiscal_year(current_date, 4)) = starhouse.is_current_fiscal_year(date, 4)) AS right_fiscal_year
FROM starhouse.time_dimension(current_date - 400, current_date + 400);
SELECT w AS week_start, count(*) FILTER (WHERE starhouse.is_current_week(date, w)) AS days, min(day_of_week) FILTER (WHERE starhouse.is_current_week(date, w)) AS first,
       bool_or(starhouse.is_current_week(date, w) AND date = current_date) AS today_within
FROM generate_series(1, 7) AS w, starhouse.time_dimension(current_date - 20, current_date + 20, week_start => w) GROUP BY w ORDER BY w;
-- They compare the bare column, so that its index serves.
CREATE TABLE calendar_day AS SELECT date FROM starhouse.time_dimension('2000-01-01', '2049-12-31');
CREATE INDEX ON calendar_day (date);
ANALYZE calendar_day;
DO $$
DECLARE
  condition text;
  plan json;
BEGIN
  FOREACH condition IN ARRAY '{is_current_day(date),is_current_week(date),is_current_month(date),is_current_quarter(date),is_current_year(date),"is_current_fiscal_year(date, 4)"}'::text[] LOOP
    EXECUTE 'EXPLAIN (FORMAT JSON) SELECT FROM calendar_day WHERE starhouse.' || condition INTO plan;
    ASSERT plan::text ~ 'Index Cond', condition || ' uses no index';
  END LOOP;
END
$$;
DROP TABLE calendar_day;
