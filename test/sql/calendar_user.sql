-- Holiday calendars of users' own: a table by name, alone or with a country.
SET DateStyle = 'ISO, YMD';
\set SHOW_CONTEXT never
CREATE SCHEMA acme;
CREATE TABLE acme.closures (date date NOT NULL, name text, working boolean);
INSERT INTO acme.closures VALUES ('2024-03-04', 'Founders'' Day', false), ('2024-12-26', NULL, NULL), ('2024-12-27', 'Bridge day', false),
  ('2024-10-12', 'Stocktaking', true) /* Saturday */, ('2024-10-14', 'Columbus Day is worked', true);
SELECT * FROM starhouse.holidays('acme.closures', 2023, 2024);
SELECT * FROM starhouse.holidays('US+Acme.Closures', 2024, 2024) WHERE extract(month FROM date) >= 10;
SELECT date, is_weekend, is_business_day, holiday_flag, holiday_name, follows_holiday, business_days_in_month AS in_month
FROM starhouse.time_dimension('2024-10-11', '2024-12-28', country => 'US + acme.closures')
WHERE date IN ('2024-10-12', '2024-10-14', '2024-12-25', '2024-12-26', '2024-12-27', '2024-12-28') ORDER BY date;
SELECT d AS date, starhouse.is_business_day(d, 'US+acme.closures') AS both, starhouse.is_business_day(d, 'acme.closures') AS alone, starhouse.is_business_day(d, 'US') AS us
FROM unnest('{2024-03-04,2024-10-12,2024-10-14,2024-12-25,2024-12-26}'::date[]) AS d;
SELECT starhouse.add_business_days('2024-12-24', 1, 'US+acme.closures') AS after_the_bridge, starhouse.business_days_between('2024-10-11', '2024-10-14', 'US+acme.closures') AS worked_weekend,
       starhouse.business_days_between('2024-01-01', '2024-12-31', 'US+acme.closures') - starhouse.business_days_between('2024-01-01', '2024-12-31', 'US') AS difference;

-- What a statement changes, the next one sees; within one as well, in its functions.
INSERT INTO acme.closures VALUES ('2024-05-02', 'Picnic');
SELECT starhouse.is_business_day('2024-05-02', 'acme.closures') AS now_closed;
BEGIN;
-- One call site, which would keep what it has read. A block's failure undoes what the block did.
CREATE FUNCTION pg_temp.day_by_day() RETURNS boolean[] LANGUAGE plpgsql AS $$
DECLARE
  seen boolean[];
BEGIN
  FOR i IN 1..4 LOOP
    CASE i
      WHEN 1 THEN NULL;
      WHEN 2 THEN INSERT INTO acme.closures VALUES ('2024-05-03', 'The day after');
      WHEN 3 THEN
        BEGIN
          DELETE FROM acme.closures WHERE date = '2024-05-03';
          RAISE division_by_zero;
        EXCEPTION WHEN division_by_zero THEN NULL;
        END;
      WHEN 4 THEN DELETE FROM acme.closures WHERE date = '2024-05-03';
    END CASE;
    seen := seen || starhouse.is_business_day('2024-05-03', 'acme.closures');
  END LOOP;
  RETURN seen;
END
$$;
SELECT pg_temp.day_by_day();
-- Another table of that name, by the search_path.
CREATE SCHEMA other;
CREATE TABLE other.closures (date date);
CREATE FUNCTION pg_temp.by_path() RETURNS boolean[] LANGUAGE plpgsql AS $$
DECLARE
  seen boolean[];
BEGIN
  FOR i IN 1..2 LOOP
    PERFORM set_config('search_path', CASE i WHEN 1 THEN 'acme' ELSE 'other' END, true);
    seen := seen || starhouse.is_business_day('2024-03-04', 'closures');
  END LOOP;
  RETURN seen;
END
$$;
SELECT pg_temp.by_path();
ROLLBACK;
-- Materialized views, domains, varchar, dropped and added columns, quoted names.
CREATE DOMAIN acme.day AS date;
CREATE TABLE acme."Höhle+1" (gone int, date acme.day, name varchar(30));
ALTER TABLE acme."Höhle+1" DROP COLUMN gone;
INSERT INTO acme."Höhle+1" VALUES ('2024-05-06', 'x');
ALTER TABLE acme."Höhle+1" ADD COLUMN working boolean DEFAULT false;
INSERT INTO acme."Höhle+1" VALUES ('2024-05-07', repeat('y', 30));
SELECT date, name FROM starhouse.holidays('acme."Höhle+1"', 2024, 2024);
CREATE MATERIALIZED VIEW acme.later AS SELECT date + 365 AS date, 'later ' || coalesce(name, '') AS name FROM acme.closures;
SELECT date, name FROM starhouse.holidays('acme.later', 2025, 2025) ORDER BY date LIMIT 1;
-- The same rows in any order of the table give the same calendar.
CREATE TABLE acme.many AS SELECT date '2000-01-01' + (n * 7919 % 9000) AS date, 'day ' || n % 50 AS name FROM generate_series(1, 20000) AS n;
SELECT starhouse.business_days_between('2000-01-01', '2024-12-31', 'acme.many') =
       (SELECT count(*) FROM generate_series(timestamp '2000-01-02', '2024-12-31', '1 day') AS d
        WHERE extract(isodow FROM d) < 6 AND NOT EXISTS (SELECT FROM acme.many AS m WHERE m.date = d::date)) AS counted,
       (SELECT count(*) FROM starhouse.holidays('acme.many', 2000, 2024)) = (SELECT count(*) FROM acme.many) AS listed;

-- A warehouse keeps to a calendar of its own.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT starhouse.create_warehouse('shopsmart', 'shop', 'UTC', '2024-01-01', '2024-12-31', 'US+acme.closures', foreign_keys => 'none') LIKE 'shopsmart warehouse in schema shop:%' AS created;
SELECT date_key, holiday_flag, holiday_name, is_business_day FROM shop.time_dim WHERE date_key IN ('2024-03-04', '2024-10-14', '2024-12-25', '2024-12-26') ORDER BY 1;
ROLLBACK;

-- Refused, with the mend: what a plain scan would not show as a query does, and rows that are no holidays.
CREATE VIEW acme.by_view AS SELECT * FROM acme.closures;
SELECT starhouse.is_business_day('2024-05-03', 'acme.by_view');
CREATE TEMP TABLE passing (date date);
SELECT starhouse.is_business_day('2024-05-03', 'passing');
CREATE TABLE acme.parent (date date);
CREATE TABLE acme.child () INHERITS (acme.parent);
SELECT starhouse.is_business_day('2024-05-03', 'acme.parent');
CREATE TABLE acme.parts (date date) PARTITION BY RANGE (date);
SELECT starhouse.is_business_day('2024-05-03', 'acme.parts');
CREATE MATERIALIZED VIEW acme.empty AS SELECT date FROM acme.closures WITH NO DATA;
SELECT starhouse.is_business_day('2024-05-03', 'acme.empty');
CREATE TABLE acme.nothing (day date);
SELECT starhouse.is_business_day('2024-05-03', 'acme.nothing');
CREATE TABLE acme.texts (date text);
SELECT starhouse.is_business_day('2024-05-03', 'acme.texts');
CREATE TABLE acme.bad (date date, name text);
INSERT INTO acme.bad VALUES (NULL, 'no day');
SELECT starhouse.is_business_day('2024-05-03', 'acme.bad');
UPDATE acme.bad SET date = 'infinity';
SELECT * FROM starhouse.holidays('acme.bad', 2024, 2024);
UPDATE acme.bad SET date = '2024-01-01', name = repeat('x', 201);
SELECT * FROM starhouse.time_dimension('2024-01-01', '2024-01-01', country => 'acme.bad');
SELECT starhouse.is_business_day('2024-05-03', 'acme.missing');
SELECT starhouse.is_business_day('2024-05-03', 'nowhere.closures');
SELECT starhouse.is_business_day('2024-05-03', 'US+');
SELECT starhouse.is_business_day('2024-05-03', 'a.b.c');
SELECT starhouse.is_business_day('2024-05-03', 'US+GB+IN+US+GB+IN+US+GB+IN');
-- A role needs the right to read the table, or its columns; row security is not passed by.
CREATE ROLE calendar_reader;
GRANT USAGE ON SCHEMA acme TO calendar_reader;
SET ROLE calendar_reader;
SELECT starhouse.is_business_day('2024-03-04', 'acme.closures');
RESET ROLE;
GRANT SELECT (date, name, working) ON acme.closures TO calendar_reader;
SET ROLE calendar_reader;
SELECT starhouse.is_business_day('2024-03-04', 'acme.closures') AS by_columns;
RESET ROLE;
REVOKE SELECT (name) ON acme.closures FROM calendar_reader;
SET ROLE calendar_reader;
SELECT starhouse.is_business_day('2024-03-04', 'acme.closures');
RESET ROLE;
GRANT SELECT ON acme.closures TO calendar_reader;
ALTER TABLE acme.closures ENABLE ROW LEVEL SECURITY;
SET ROLE calendar_reader;
SELECT starhouse.is_business_day('2024-03-04', 'acme.closures');
RESET ROLE;
REVOKE USAGE ON SCHEMA acme FROM calendar_reader;
SET ROLE calendar_reader;
SELECT starhouse.is_business_day('2024-03-04', 'acme.closures');
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA acme CASCADE;
DROP ROLE calendar_reader;
