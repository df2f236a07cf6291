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
DROP SCHEMA scd_asof CASCADE;
