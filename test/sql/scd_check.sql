-- scd_check: each invariant violated once, in each form of interval, and a sound dimension beside it.
SET client_min_messages = warning;
CREATE SCHEMA scd_check;
SET search_path = scd_check;
SET timezone = 'UTC';
SET datestyle = ISO;
\set SHOW_CONTEXT never
-- inclusive dates, open at NULL: [1st, 5th] and [6th, ...] meet, [5th, 5th] is a day
CREATE TABLE dated (v int PRIMARY KEY, id text, x int, f date, t date, live boolean);
SELECT starhouse.scd_register('dated', '{id}', '{x}', valid_from => 'f', valid_to => 't', current_flag => 'live', end_inclusive => true, open_end => NULL, add_constraints => false);
INSERT INTO dated VALUES
  (1, 'sound', 1, '2024-01-01', '2024-01-05', false), (2, 'sound', 2, '2024-01-06', '2024-01-06', false), (3, 'sound', 3, '2024-01-09', NULL, true),
  (4, 'overlap', 1, '2024-01-01', '2024-01-05', false), (5, 'overlap', 2, '2024-01-05', NULL, true),
  (6, 'empty', 1, '2024-01-02', '2024-01-01', false),
  (7, 'open', 1, '2024-01-01', NULL, true), (8, 'open', 1, '2024-01-01', NULL, true),
  (9, 'flag', 1, '2024-01-01', NULL, NULL), (10, 'closed', 1, '2024-01-01', '2024-01-02', true),
  (11, 'nothing', 1, NULL, '2024-01-02', false), (12, NULL, 1, '2024-01-01', '2024-01-02', false);
SELECT * FROM starhouse.scd_check('dated');

-- deletes are flagged: versions leave no time out
CREATE TABLE flagged (v int PRIMARY KEY, id text, x int, f timestamp, t timestamp, deleted boolean, is_inferred boolean);
SELECT starhouse.scd_register('flagged', '{id}', '{x}', valid_from => 'f', valid_to => 't', open_end => '9999-12-31', deleted_flag => 'deleted', add_constraints => false);
INSERT INTO flagged VALUES
  (1, 'sound', 1, '2024-01-01', '2024-02-01', false, false), (2, 'sound', 1, '2024-02-01', '9999-12-31', true, false),
  (3, 'gap', 1, '2024-01-01', '2024-02-01', false, false), (4, 'gap', 2, '2024-02-02', '9999-12-31', false, false),
  (5, 'ended', 1, '2024-01-01', '2024-02-01', false, false),
  (6, 'unflagged', 1, '2024-01-01', '9999-12-31', NULL, NULL),
  (7, 'inferred', NULL, '-infinity', '9999-12-31', false, true),
  (8, 'nobody', NULL, '-infinity', '9999-12-31', true, true),
  (9, 'both', NULL, '-infinity', '2024-01-01', false, true), (10, 'both', 1, '2024-01-01', '9999-12-31', false, false);
SELECT * FROM starhouse.scd_check('flagged');

-- columns that have one value in all versions, and companions
CREATE TABLE typed (v int PRIMARY KEY, id text, t1 text, t0 text, t3 text, t3_before text, t6 text, t6_now text, t2 numeric, valid_from timestamptz, valid_to timestamptz, is_current boolean);
SELECT starhouse.scd_register('typed', '{id}', type1 => '{t1}', type0 => '{t0}', type3 => '{"t3": "t3_before"}', type6 => '{"t6": "t6_now"}');
INSERT INTO typed VALUES
  (1, 'sound', 'a', 'b', 'c', NULL, 'd', 'e', 1, '2024-01-01', '2024-02-01', false), (2, 'sound', 'a', 'b', 'c', NULL, 'e', 'e', 2, '2024-02-01', 'infinity', true),
  (3, 'bad', 'a', 'b', 'c', NULL, 'd', 'd', 1, '2024-01-01', '2024-02-01', false), (4, 'bad', NULL, 'B', 'C', 'c', 'e', 'e', 2, '2024-02-01', 'infinity', true);
SELECT * FROM starhouse.scd_check('typed');

-- remembered events that no version covers
DELETE FROM typed WHERE id = 'bad';
INSERT INTO typed_scd_memory (key_1, sequence, kind, merge_id) VALUES
  ('sound', '2024-01-15', 'u', 1), ('sound', '2023-12-31', 'u', 1), ('nobody', '2024-01-15', 'g', 1), ('nobody', '2024-01-15', 'd', 1);
SELECT * FROM starhouse.scd_check('typed');
-- what the registration names and is gone
DROP TABLE typed_scd_memory;
SELECT * FROM starhouse.scd_check('typed');
ALTER TABLE typed DROP COLUMN t0;
ALTER TABLE typed RENAME COLUMN t6_now TO t6_newest;
SELECT * FROM starhouse.scd_check('typed');

-- facts: by version alone, with their key, with their time too
CREATE TABLE dim (version bigint PRIMARY KEY, id text COLLATE "C", valid_from timestamptz, valid_to timestamptz, is_current boolean);
SELECT starhouse.scd_register('dim', '{id}');
INSERT INTO dim VALUES (1, 'A', '2024-01-01', '2024-02-01', false), (2, 'A', '2024-02-01', '2024-03-01', false), (3, 'A', '2024-04-01', 'infinity', true), (4, 'B', '2024-01-01', 'infinity', true);
CREATE TABLE fact (key text, version int, day date);
INSERT INTO fact VALUES
  ('A', 1, '2024-01-15'), ('A', 1, '2023-12-01'), ('A', 2, '2024-02-01'), ('A', 2, '2024-03-15'), ('B', 4, '2024-05-01'),
  ('A', 1, '2024-02-15'), ('A', 1, '2024-02-16'), ('A', 3, '2024-01-31'), ('A', 4, '2024-01-15'), ('A', 7, '2024-01-01'), ('B', 7, '2024-01-01'), ('B', NULL, '2024-01-01');
SELECT * FROM starhouse.scd_check('dim', 'fact', 'version');
SELECT * FROM starhouse.scd_check('dim', 'fact', 'version', '{key}');
SELECT * FROM starhouse.scd_check('dim', 'fact', 'version', '{key}', 'day');
SELECT * FROM starhouse.scd_check('dim', NULL, 'version');
SELECT * FROM starhouse.scd_check('dim', 'fact', 'nope');
SELECT * FROM starhouse.scd_check('dim', 'fact', 'version', '{key,day}');
SELECT * FROM starhouse.scd_check('dim', 'fact', 'version', '{key}', 'version');
SELECT * FROM starhouse.scd_check('fact');
DROP SCHEMA scd_check CASCADE;
