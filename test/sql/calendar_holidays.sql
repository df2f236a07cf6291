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

-- Names in Hindi, where there are any.
SELECT date, name FROM starhouse.holidays('IN', 2027, 2027, 'hi');
SELECT name FROM starhouse.holidays('US', 2027, 2027, 'hi') LIMIT 1;

-- Several countries at once, each day of each.
SELECT count(*), count(*) FILTER (WHERE a.name IS DISTINCT FROM b.name) AS differ
FROM starhouse.holidays('IN+us', 2020, 2026) AS a
FULL JOIN (SELECT * FROM starhouse.holidays('IN', 2020, 2026) UNION ALL SELECT * FROM starhouse.holidays('US', 2020, 2026)) AS b USING (date, name);
SELECT holiday_name FROM starhouse.time_dimension('2024-12-25', '2024-12-25', country => 'IN+US+GB');
