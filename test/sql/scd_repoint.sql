-- scd_repoint_facts: only facts whose version changes are written.
SET client_min_messages = warning;
CREATE SCHEMA scd_repoint;
SET search_path = scd_repoint;
SET timezone = 'UTC';
SET datestyle = ISO;
\set SHOW_CONTEXT never
CREATE TABLE dim (version bigint PRIMARY KEY, id text COLLATE "C", valid_from timestamptz, valid_to timestamptz, is_current boolean);
SELECT starhouse.scd_register('dim', '{id}');
INSERT INTO dim VALUES
  (-1, '?', '-infinity', 'infinity', true),
  (1, 'A', '2024-01-01', '2024-02-01', false), (2, 'A', '2024-02-01', '2024-03-01', false), (3, 'A', '2024-04-01', 'infinity', true),
  (4, 'B', '2024-01-01', '2024-02-01', false);
-- a fact of another type and collation than the dimension's columns, partitioned by time
CREATE TABLE fact (n int, key varchar(10), version int, at timestamptz) PARTITION BY RANGE (at);
CREATE TABLE fact_1 PARTITION OF fact FOR VALUES FROM (MINVALUE) TO ('2024-02-01');
CREATE TABLE fact_2 PARTITION OF fact FOR VALUES FROM ('2024-02-01') TO (MAXVALUE);
CREATE VIEW written AS SELECT n, version, xmin::text = pg_current_xact_id()::xid::text AS now FROM fact ORDER BY n;
INSERT INTO fact VALUES
  (1, 'A', 1, '2023-12-01'),   -- before the first version: belongs to it
  (2, 'A', 2, '2023-12-01'),
  (3, 'A', 1, '2024-01-01'), (4, 'A', 1, '2024-02-01'), (5, 'A', NULL, '2024-02-29 23:59:59.999999'),
  (6, 'A', 2, '2024-03-15'),   -- in a gap: stays
  (7, 'A', 99, '2024-05-01'),  -- points nowhere
  (8, 'B', 4, '2024-05-01'),   -- closed before
  (9, 'C', -1, '2024-05-01'),  -- a key without versions
  (10, NULL, -1, '2024-05-01'), (11, '?', 3, '2024-05-01');
BEGIN;
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{key}', 'version', 'at');
TABLE written;
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{key}', 'version', 'at');
COMMIT;
SELECT * FROM starhouse.scd_check('dim', 'fact', 'version', '{key}', 'at');
SELECT * FROM starhouse.scd_check('dim', 'fact', 'version', '{key}', 'at', unknown => '-1');
-- what no version covers may go to the unknown member
BEGIN;
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{key}', 'version', 'at', unknown => '-1');
TABLE written;
ROLLBACK;

-- a late version splits the second one; a period of the facts only
UPDATE dim SET valid_to = '2024-02-10' WHERE version = 2;
INSERT INTO dim VALUES (5, 'A', '2024-02-10', '2024-03-01', false);
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{key}', 'version', 'at', to_time => '2024-02-15');
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{key}', 'version', 'at', from_time => '2024-03-01');
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{key}', 'version', 'at', '2024-02-15', '2024-03-01');
SELECT n, version FROM fact WHERE n = 5;

-- keys of the newest merge alone, told by its journal; the facts of others are not looked at
UPDATE fact SET version = 2 WHERE n IN (5, 11);
INSERT INTO dim_scd_journal VALUES (1, 'inserted', '5', NULL), (1, 'updated', '2', '{"valid_to": "2024-03-01T00:00:00+00:00"}');
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{key}', 'version', 'at', scope => 'newest');
SELECT n, version FROM fact WHERE n IN (5, 11) ORDER BY n;
-- and as they were before it
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{key}', 'version', 'at', scope => 'undo', unknown => '-1');
SELECT n, version FROM fact ORDER BY n;
-- a key that the newest merge brought has nothing before it
UPDATE fact SET version = 4 WHERE key = 'B';
TRUNCATE dim_scd_journal;
INSERT INTO dim_scd_journal VALUES (2, 'inserted', '4', NULL);
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{key}', 'version', 'at', scope => 'undo');
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{key}', 'version', 'at', scope => 'undo', unknown => '-1');
SELECT n, version FROM fact WHERE key = 'B';

-- composite key, dates in the dimension's zone, inclusive ends
CREATE TABLE dated (v smallint PRIMARY KEY, k1 int, k2 text, f date, t date);
SELECT starhouse.scd_register('dated', '{k1,k2}', '{}', valid_from => 'f', valid_to => 't', end_inclusive => true, open_end => NULL, time_zone => 'Asia/Kolkata');
INSERT INTO dated VALUES (1, 1, 'a', '2024-01-01', '2024-01-31'), (2, 1, 'a', '2024-02-01', NULL), (3, 1, 'b', '2024-01-01', NULL);
CREATE TABLE sale (n int, b text, a bigint, v bigint, at timestamptz, day date, clock timestamp);
INSERT INTO sale SELECT n, b, 1, 0, at, (at AT TIME ZONE 'Asia/Kolkata')::date, at AT TIME ZONE 'Asia/Kolkata'
  FROM (VALUES (1, 'a', timestamptz '2024-01-31 18:29:59.999999+00'), (2, 'a', '2024-01-31 18:30+00'), (3, 'b', '2024-03-01')) s (n, b, at);
SELECT starhouse.scd_repoint_facts('dated', 'sale', '{a,b}', 'v', 'at');
SELECT n, v FROM sale ORDER BY n;
SELECT starhouse.scd_repoint_facts('dated', 'sale', '{a,b}', 'v', 'day');
SELECT starhouse.scd_repoint_facts('dated', 'sale', '{a,b}', 'v', 'clock');
UPDATE sale SET v = 0;
SELECT starhouse.scd_repoint_facts('dated', 'sale', '{a,b}', 'v', 'day', from_time => '2024-01-31 18:30+00', to_time => '2024-02-01 18:30+00');
SELECT n, v FROM sale ORDER BY n;
SELECT starhouse.scd_repoint_facts('dated', 'sale', '{a,b}', 'v', 'clock', from_time => '2024-01-31 18:30+00');

-- refused
SELECT starhouse.scd_repoint_facts(NULL, 'fact', '{key}', 'version', 'at');
SELECT starhouse.scd_repoint_facts('fact', 'fact', '{key}', 'version', 'at');
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{nope}', 'version', 'at');
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{key,n}', 'version', 'at');
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{key}', 'nope', 'at');
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{key}', 'version', 'n');
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{key}', 'version', 'at', scope => 'some');
SELECT starhouse.scd_repoint_facts('dim', 'written', '{key}', 'version', 'at');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{key}', 'version', 'at');
ROLLBACK;
SELECT starhouse.scd_register('dated', '{k1,k2}', '{}', valid_from => 'f', valid_to => 't', end_inclusive => true, open_end => NULL, journal => false);
SELECT starhouse.scd_repoint_facts('dated', 'sale', '{a,b}', 'v', 'at', scope => 'newest');
UPDATE dated SET t = '2024-02-01' WHERE v = 1;
SELECT starhouse.scd_repoint_facts('dated', 'sale', '{a,b}', 'v', 'at');
-- rights on both tables are needed
CREATE ROLE regress_scd_repoint;
GRANT USAGE ON SCHEMA scd_repoint TO regress_scd_repoint;
GRANT SELECT ON dim TO regress_scd_repoint;
GRANT SELECT, UPDATE ON fact TO regress_scd_repoint;
SET ROLE regress_scd_repoint;
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{key}', 'version', 'at');
RESET ROLE;
GRANT UPDATE ON dim TO regress_scd_repoint;
SET ROLE regress_scd_repoint;
SELECT starhouse.scd_repoint_facts('dim', 'fact', '{key}', 'version', 'at');
RESET ROLE;
DROP SCHEMA scd_repoint CASCADE;
DROP ROLE regress_scd_repoint;
