-- scd_asof, scd_asof_json, scd_diff.
SET client_min_messages = warning;
CREATE SCHEMA scd_asof;
SET search_path = scd_asof;
SET timezone = 'UTC';
SET datestyle = ISO;
\set SHOW_CONTEXT never
-- the same history in every form an interval may have: [), open at infinity; dates, inclusive, open at
-- 9999-12-31; timestamps of a zone, open at NULL, deletes flagged
CREATE TABLE plain (version int PRIMARY KEY, id text, level text, name text, valid_from timestamptz, valid_to timestamptz, is_current boolean);
SELECT starhouse.scd_register('plain', '{id}', type1 => '{name}');
INSERT INTO plain VALUES
  (-1, '?', NULL, 'Unknown', '-infinity', 'infinity', true),
  (1, 'A', 'Silver', 'Ann', '2024-01-01', '2024-03-01', false), (2, 'A', 'Gold', 'Ann', '2024-03-01', 'infinity', true),
  (3, 'B', 'Silver', 'Bob', '2024-01-01', '2024-03-01', false),
  (4, 'C', NULL, 'Cy', '2024-02-01', 'infinity', true);
CREATE TABLE dated (version int PRIMARY KEY, id text, level text, name text, gone int, f date, t date);
ALTER TABLE dated DROP COLUMN gone;
SELECT starhouse.scd_register('dated', '{id}', type1 => '{name}', valid_from => 'f', valid_to => 't', end_inclusive => true, open_end => '9999-12-31', time_zone => 'Asia/Kolkata');
INSERT INTO dated SELECT version, id, level, name, valid_from::date, CASE valid_to WHEN 'infinity' THEN '9999-12-31' ELSE valid_to::date - 1 END FROM plain;
CREATE TABLE stamped (v int PRIMARY KEY, id text, level text, name text, f timestamp, t timestamp, is_current boolean, deleted boolean);
SELECT starhouse.scd_register('stamped', '{id}', type1 => '{name}', valid_from => 'f', valid_to => 't', open_end => NULL, deleted_flag => 'deleted');
INSERT INTO stamped SELECT version, id, level, name, valid_from, nullif(valid_to, 'infinity'), is_current, false FROM plain;
INSERT INTO stamped VALUES (5, 'B', 'Silver', 'Bob', '2024-03-01', NULL, true, true);

-- a version holds from its first moment, not at its end; dates begin at midnight in their zone
SELECT version, id FROM starhouse.scd_asof(NULL::plain, '2024-02-29 23:59:59.999999+00') ORDER BY id;
SELECT version, id FROM starhouse.scd_asof(NULL::plain, '2024-03-01 00:00+00') ORDER BY id;
SELECT version, id FROM starhouse.scd_asof(NULL::dated, '2024-02-29 18:29:59.999999+00') ORDER BY id;
SELECT version, id FROM starhouse.scd_asof(NULL::dated, '2024-02-29 18:30+00') ORDER BY id;
SELECT v, id FROM starhouse.scd_asof(NULL::stamped, '2024-02-29 23:59:59.999999+00') ORDER BY id;
SELECT v, id FROM starhouse.scd_asof(NULL::stamped, '2024-03-01 00:00+00') ORDER BY id;
SELECT v, id, deleted FROM starhouse.scd_asof(NULL::stamped, '2024-03-01 00:00+00', with_deleted => true) ORDER BY id;
-- before everything, and now
SELECT version, id FROM starhouse.scd_asof(NULL::plain, '-infinity') ORDER BY id;
SELECT version, id FROM starhouse.scd_asof(NULL::plain, 'infinity') ORDER BY id;
SELECT version, id FROM starhouse.scd_asof(NULL::dated, 'infinity') ORDER BY id;
SELECT v, id FROM starhouse.scd_asof(NULL::stamped, 'infinity') ORDER BY id;
-- as JSON, for a table with a column named like the alias
SELECT j FROM starhouse.scd_asof_json('stamped', '2024-02-29') j ORDER BY j->>'id';
SELECT count(*) FROM starhouse.scd_asof_json('stamped', 'infinity', true);
-- NULL gives no rows; what is no dimension is refused
SELECT count(*) FROM starhouse.scd_asof(NULL::plain, NULL);
SELECT count(*) FROM starhouse.scd_asof_json(NULL, 'infinity');
CREATE TABLE other (a int);
SELECT * FROM starhouse.scd_asof(NULL::other, 'infinity');
SELECT * FROM starhouse.scd_asof(1, 'infinity');
SELECT * FROM starhouse.scd_asof_json('other', 'infinity');

-- what happened between two instants, forth and back
SELECT * FROM starhouse.scd_diff('plain', '2024-01-15', '2024-03-15');
SELECT * FROM starhouse.scd_diff('dated', '2024-01-15', '2024-03-15');
SELECT * FROM starhouse.scd_diff('stamped', '2024-01-15', '2024-03-15');
SELECT * FROM starhouse.scd_diff('plain', 'infinity', '2024-01-15');
SELECT * FROM starhouse.scd_diff('plain', '-infinity', '2023-01-01');
SELECT * FROM starhouse.scd_diff('plain', NULL, 'infinity');
SELECT * FROM starhouse.scd_diff('other', '-infinity', 'infinity');
-- composite key, own equality, values equal though written otherwise, NULL to value and back, type 6
CREATE COLLATION anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE wide (version int PRIMARY KEY, k1 int, k2 text COLLATE anycase, price numeric, note text COLLATE anycase, doc jsonb, tags text[], city text, city_now text, valid_from timestamptz, valid_to timestamptz, is_current boolean);
SELECT starhouse.scd_register('wide', '{k1,k2}', type6 => '{"city": "city_now"}');
INSERT INTO wide VALUES
  (1, 1, 'a', 1.0, 'Hello', '{"a": 1}', NULL, 'Pune', 'Goa', '2024-01-01', '2024-02-01', false),
  (2, 1, 'A', 1.00, 'HELLO', '{"a": 1.0}', '{x}', 'Goa', 'Goa', '2024-02-01', 'infinity', true),
  (3, 2, 'a', 2, NULL, NULL, '{y}', 'Pune', 'Pune', '2024-01-01', '2024-02-01', false),
  (4, 2, 'a', 3, NULL, '{}', NULL, 'Pune', 'Pune', '2024-02-01', 'infinity', true);
SELECT * FROM starhouse.scd_diff('wide', '2024-01-15', 'infinity');
-- a key that was away in between is there at both
SELECT * FROM starhouse.scd_diff('wide', '2024-02-02', 'infinity');

-- facts with the version of their time: the query agrees with a plain join on key and interval
CREATE TABLE fact (n int, id text, level text, at timestamptz, day date);
INSERT INTO fact SELECT n, (ARRAY['A', 'B', 'C', 'Z', NULL])[n % 5 + 1], 'fact', t, (t AT TIME ZONE 'Asia/Kolkata')::date
  FROM (SELECT n, timestamptz '2023-12-20 UTC' + n * interval '1 day' AS t FROM generate_series(0, 100) n) x;
INSERT INTO fact VALUES (200, 'A', 'fact', '2024-03-01', '2024-03-01'), (201, 'A', 'fact', '2024-02-29 23:59:59.999999', '2024-02-29'), (202, 'A', 'fact', NULL, NULL);
SELECT starhouse.scd_asof_query('plain', 'fact', '{id}', 'at', '{version,level}');
CREATE FUNCTION rows_of(query text) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE format('SELECT to_jsonb(q) FROM (%s) q', query); END $$;
SELECT count(*) AS differing FROM (
  (SELECT rows_of(starhouse.scd_asof_query('plain', 'fact', '{id}', 'at'))
   EXCEPT ALL SELECT to_jsonb(q) FROM (SELECT f.*, d.version, d.level AS plain_level, d.name, d.valid_from, d.valid_to, d.is_current FROM fact f LEFT JOIN plain d ON d.id = f.id AND d.valid_from <= f.at AND f.at < d.valid_to) q)
  UNION ALL
  (SELECT to_jsonb(q) FROM (SELECT f.*, d.version, d.level AS plain_level, d.name, d.valid_from, d.valid_to, d.is_current FROM fact f LEFT JOIN plain d ON d.id = f.id AND d.valid_from <= f.at AND f.at < d.valid_to) q
   EXCEPT ALL SELECT rows_of(starhouse.scd_asof_query('plain', 'fact', '{id}', 'at')))) x;
SELECT count(*), count(j->'version') FILTER (WHERE j->>'version' IS NOT NULL) FROM rows_of(starhouse.scd_asof_query('dated', 'fact', '{id}', 'day', '{version}')) j;
SELECT count(*) AS differing FROM (
  SELECT (j->>'n')::int, (j->>'version')::int FROM rows_of(starhouse.scd_asof_query('dated', 'fact', '{id}', 'day', '{version}')) j
  EXCEPT SELECT f.n, d.version FROM fact f LEFT JOIN dated d ON d.id = f.id AND f.day BETWEEN d.f AND d.t) x;
SELECT count(*) AS differing FROM (
  SELECT (j->>'n')::int, (j->>'v')::int FROM rows_of(starhouse.scd_asof_query('stamped', 'fact', '{id}', 'at', '{v}')) j
  EXCEPT SELECT f.n, d.v FROM fact f LEFT JOIN stamped d ON d.id = f.id AND f.at >= d.f AND (f.at < d.t OR d.t IS NULL)) x;
-- the first version before its time; a column that is an array; two keys
SELECT j->>'n' AS n, j->>'version' AS version FROM rows_of(starhouse.scd_asof_query('plain', 'fact', '{id}', 'at', '{version}', before_first => true)) j WHERE (j->>'n')::int < 5 ORDER BY 1;
CREATE TABLE pair (b text COLLATE anycase, a bigint, at timestamptz);
INSERT INTO pair VALUES ('A', 1, '2024-01-15'), ('A', 1, '2024-02-15'), ('a', 2, '2024-01-15'), ('b', 2, '2024-01-15');
SELECT j FROM rows_of(starhouse.scd_asof_query('wide', 'pair', '{a,b}', 'at', '{tags,price}')) j ORDER BY j::text;
SELECT starhouse.scd_asof_query('plain', NULL, '{id}', 'at');
SELECT t, starhouse.scd_place('{-infinity,2024-01-01,2024-03-01}', '{2023-01-01,2024-02-01,infinity}', t) FROM unnest('{-infinity,2023-01-01,2024-01-01,2024-01-31,2024-02-01,2024-03-01,infinity}'::timestamptz[]) t;
SELECT starhouse.scd_place('{}', '{}', 'infinity'), starhouse.scd_place(NULL, '{}', '2024-01-01');
SELECT starhouse.scd_place('{2024-01-01}', '{}', '2024-01-01');
SELECT starhouse.scd_place('{NULL}', '{2024-01-01}', '2024-01-01');
SELECT starhouse.scd_place('{{2024-01-01}}', '{{2024-01-01}}', '2024-01-01');
SELECT starhouse.scd_place('[0:0]={2024-01-01}', '{2024-01-01}', '2024-01-01');
SELECT starhouse.scd_asof_query('plain', 'fact', '{id}', 'at', '{nope}');
SELECT starhouse.scd_asof_query('plain', 'fact', '{id}', 'level');
SELECT starhouse.scd_asof_query('plain', 'fact', '{id,n}', 'at');
DROP SCHEMA scd_asof CASCADE;
