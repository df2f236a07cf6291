-- Public holidays and business days.
SET DateStyle = 'ISO, YMD';
SELECT * FROM starhouse.holidays('US', 2021, 2022);
SELECT * FROM starhouse.holidays('GB', 2022, 2022);
SELECT * FROM starhouse.holidays('gb-sct', 2023, 2023);
SELECT * FROM starhouse.holidays('GB-NIR', 2026, 2026);
SELECT * FROM starhouse.holidays('IN', 2024, 2024);

-- England, Wales and GB keep the same days.
SELECT count(*) FROM (
  SELECT * FROM starhouse.holidays('GB', 1971, 2050) AS g
  FULL JOIN starhouse.holidays('GB-ENG', 1971, 2050) AS e USING (date, name)
  FULL JOIN starhouse.holidays('GB-WLS', 1971, 2050) AS w USING (date, name)
  WHERE g.observed IS NULL OR e.observed IS NULL OR w.observed IS NULL) AS differences;

-- One-off days of the United Kingdom.
SELECT date, name FROM starhouse.holidays('GB', 1971, 2030)
WHERE name ~ 'Jubilee|Wedding|Millennium|Funeral|Coronation|VE day' ORDER BY date;

-- A holiday on a weekend: Saturday to Friday and Sunday to Monday in the US, the next free weekday in
-- the UK, nothing in India.
SELECT c.country, h.date, to_char(h.date, 'Dy') AS day, h.name, h.observed
FROM (VALUES ('US', '2021-12-25'::date), ('US', '2022-12-25'), ('GB', '2021-12-25'), ('GB', '2022-12-25'), ('IN', '2021-08-15')) AS c (country, date),
     starhouse.holidays(c.country, extract(year FROM c.date)::int, extract(year FROM c.date)::int) AS h
WHERE h.date BETWEEN c.date - 1 AND c.date + 3 ORDER BY c.country, h.date;

-- No holidays before the laws that the rules encode, nor festivals outside the computed years.
SELECT count(*) FROM starhouse.holidays('US', 1, 1970);
SELECT count(*) FROM starhouse.holidays('GB', 1, 1970);
SELECT count(*) FROM starhouse.holidays('IN', 1, 1946);
SELECT string_agg(name, ', ' ORDER BY date) FROM starhouse.holidays('IN', 2200, 2200);
-- Estimates begin where official dates end.
SELECT min(date) FILTER (WHERE estimated AND date > '2001-01-01') AS first_estimate,
       bool_and(estimated) FILTER (WHERE name = 'Diwali' AND date > '2035-12-31') AS diwali_after_2035,
       bool_or(estimated) FILTER (WHERE name = 'Diwali' AND date BETWEEN '2001-01-01' AND '2035-12-31') AS diwali_before,
       bool_or(estimated) FILTER (WHERE name LIKE '%Day') AS fixed_days
FROM starhouse.holidays('IN', 1947, 2100);

-- The functions agree with each other.
SELECT country, count(*) AS days,
       count(*) FILTER (WHERE t.is_business_day <> starhouse.is_business_day(t.date, country)) AS wrong_business_day,
       count(*) FILTER (WHERE (t.holiday_flag = 1) <> (h.date IS NOT NULL)) AS wrong_flag
FROM unnest('{IN,US,GB,GB-ENG,GB-WLS,GB-SCT,GB-NIR}'::text[]) AS country,
     LATERAL (SELECT * FROM starhouse.time_dimension('2015-01-01', '2030-12-31', country => country)) AS t
     LEFT JOIN LATERAL (SELECT DISTINCT date FROM starhouse.holidays(country, 2015, 2030)) AS h USING (date)
GROUP BY country ORDER BY country;

SELECT starhouse.is_business_day('2024-12-24', 'GB') AS christmas_eve, starhouse.is_business_day('2024-12-25', 'GB') AS christmas,
       starhouse.is_business_day('2024-12-25') AS weekday, starhouse.is_business_day('2024-12-28') AS saturday,
       starhouse.is_business_day(NULL, 'GB') AS of_null;
-- Rows with different countries and years in turn.
SELECT country, date, starhouse.is_business_day(date, country)
FROM (VALUES ('US', '2024-07-04'::date), ('GB', '2024-07-04'), ('US', '2025-07-04'), (NULL, '2025-07-04'), ('IN', '2024-08-15'), ('US', '2024-08-15')) AS v (country, date);

SELECT starhouse.add_business_days('2024-12-24', 1, 'GB') AS after_christmas, starhouse.add_business_days('2024-12-27', -1, 'GB') AS back,
       starhouse.add_business_days('2024-12-25', 0, 'GB') AS same, starhouse.add_business_days('2024-12-24', 1) AS weekends_only,
       starhouse.add_business_days('2024-01-01', 250, 'US') AS a_year;
SELECT starhouse.add_business_days(NULL, 1) AS a, starhouse.add_business_days('2024-01-01', NULL) AS b;
-- Going there and back; and counting the days between.
SELECT count(*) FILTER (WHERE starhouse.add_business_days(starhouse.add_business_days(d::date, n, 'US'), -n, 'US') <> d::date) AS wrong,
       count(*) FILTER (WHERE (SELECT count(*) FROM generate_series(d + interval '1 day', starhouse.add_business_days(d::date, n, 'US'), '1 day') AS x
                               WHERE starhouse.is_business_day(x::date, 'US')) <> n) AS miscounted
FROM generate_series(timestamp '2023-12-01', '2024-02-01', '1 day') AS d, generate_series(1, 12, 5) AS n
WHERE starhouse.is_business_day(d::date, 'US');
