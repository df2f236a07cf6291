-- scd_adopt: what is wrong is listed and nothing done; what is sound is registered; repairs on request.
SET client_min_messages = warning;
CREATE SCHEMA scd_adopt;
SET search_path = scd_adopt;
SET timezone = 'UTC';
SET datestyle = ISO;
\set SHOW_CONTEXT never
-- kept by hand: no surrogate, no flag, three ways to say that a version is current
CREATE TABLE dim (id text, name text, level text, valid_from timestamptz, valid_to timestamptz);
INSERT INTO dim VALUES
  ('A', 'Ann', 'Silver', '2024-01-01', '2024-03-01'), ('A', 'Ann', 'Gold', '2024-03-01', NULL),
  ('B', 'Bob', 'Silver', '2024-01-01', '9999-12-31'), ('C', 'Cy', 'Silver', '2024-01-01', 'infinity'),
  ('D', 'Dee', 'Silver', '2024-01-01', '2024-03-01'), ('D', 'Di', 'Gold', '2024-02-01', NULL),
  ('E', 'Eve', 'Silver', '2024-01-01', NULL), ('E', 'Eve', 'Gold', '2024-02-01', 'infinity'), (NULL, NULL, NULL, '2024-01-01', '2024-01-01');
CREATE TABLE before AS TABLE dim;
SELECT outcome, what, member, regexp_replace(detail, '\(\d+,\d+\)', '(ctid)', 'g') AS detail FROM starhouse.scd_adopt('dim', '{id}', type1 => '{name}', repair => true);
-- nothing was done
SELECT count(*) FROM starhouse.scd_dimension WHERE dimension = 'dim'::regclass;
SELECT count(*) AS differing FROM ((TABLE dim EXCEPT ALL TABLE before) UNION ALL (TABLE before EXCEPT ALL TABLE dim)) x;
SELECT attname FROM pg_attribute WHERE attrelid = 'dim'::regclass AND attnum > 0 ORDER BY attnum;
SELECT relname FROM pg_class WHERE relname ~ '^dim' AND relkind = 'r' ORDER BY 1;
-- mended by hand, what is left is to repair; without repair it stays
DELETE FROM dim WHERE id IS NULL;
UPDATE dim SET valid_to = '2024-02-01' WHERE id IN ('D', 'E') AND level = 'Silver';
UPDATE dim SET name = 'Di' WHERE id = 'D';
SELECT * FROM starhouse.scd_adopt('dim', '{id}', type1 => '{name}');
SELECT count(*) FROM starhouse.scd_dimension WHERE dimension = 'dim'::regclass;
SELECT * FROM starhouse.scd_adopt('dim', '{id}', type1 => '{name}', repair => true, dry_run => true);
SELECT count(*) FROM starhouse.scd_dimension WHERE dimension = 'dim'::regclass;
SELECT * FROM starhouse.scd_adopt('dim', '{id}', type1 => '{name}', repair => true);
SELECT id, name, level, valid_from::date AS f, valid_to::date AS t, is_current FROM dim ORDER BY id, valid_from;
SELECT count(DISTINCT dim_version), count(*) FROM dim;
SELECT * FROM starhouse.scd_check('dim');
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'dim'::regclass AND contype IN ('c', 'p') ORDER BY conname;
-- once more: nothing is to be added twice
SELECT * FROM starhouse.scd_adopt('dim', '{id}', type1 => '{name}');
INSERT INTO dim (id, valid_from, valid_to, is_current) VALUES ('A', '2025-01-01', 'infinity', true);

-- sound as it is: inclusive dates, its own flags; registered at once
CREATE TABLE dated (v int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, k1 int, k2 text, x text, f date, t date, live boolean);
INSERT INTO dated (k1, k2, x, f, t, live) VALUES (1, 'a', 'x', '2024-01-01', '2024-01-31', false), (1, 'a', 'y', '2024-02-01', NULL, true);
SELECT * FROM starhouse.scd_adopt('dated', '{k1,k2}', valid_from => 'f', valid_to => 't', current_flag => 'live', end_inclusive => true, open_end => NULL, time_zone => 'Asia/Kolkata', dry_run => true);
SELECT * FROM starhouse.scd_adopt('dated', '{k1,k2}', valid_from => 'f', valid_to => 't', current_flag => 'live', end_inclusive => true, open_end => NULL, time_zone => 'Asia/Kolkata');
SELECT key_columns, type2_columns, interval_type, end_inclusive, open_end, time_zone FROM starhouse.scd_dimension WHERE dimension = 'dated'::regclass;

-- flags of other types, with gaps; a surrogate that is neither unique nor filled; an integer one that is not filled
CREATE TABLE flagged (sk bigint, id int, x text, f timestamp, t timestamp, is_current int, deleted text, is_inferred boolean);
INSERT INTO flagged VALUES (10, 1, 'a', '2024-01-01', '2024-02-01', 0, 'N', NULL), (11, 1, 'a', '2024-02-01', 'infinity', 1, 'Y', false), (11, 2, 'b', '2024-01-01', 'infinity', NULL, 'maybe', false);
SELECT * FROM starhouse.scd_adopt('flagged', '{id}', surrogate => 'sk', valid_from => 'f', valid_to => 't', deleted_flag => 'deleted');
UPDATE flagged SET sk = 12, deleted = 'false' WHERE id = 2;
SELECT * FROM starhouse.scd_adopt('flagged', '{id}', surrogate => 'sk', valid_from => 'f', valid_to => 't', deleted_flag => 'deleted', repair => true);
TABLE flagged ORDER BY sk;
INSERT INTO flagged (id, x, f, t, is_current, deleted, is_inferred) VALUES (3, 'c', '2024-01-01', 'infinity', true, false, false) RETURNING sk;
CREATE TABLE coded (code text PRIMARY KEY, id int, x text, valid_from timestamptz, valid_to timestamptz);
SELECT outcome, what, detail FROM starhouse.scd_adopt('coded', '{id}') WHERE outcome = 'wrong';

-- partitioned
CREATE TABLE parted (version bigint GENERATED ALWAYS AS IDENTITY, id text, x text, valid_from timestamptz, valid_to timestamptz, PRIMARY KEY (version, id)) PARTITION BY HASH (id);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO parted (id, x, valid_from, valid_to) VALUES ('A', 'a', '2024-01-01', 'infinity');
SELECT * FROM starhouse.scd_adopt('parted', '{id}', surrogate => 'version');
SELECT * FROM starhouse.scd_check('parted');

-- a temporary one: its name is taken where the copy would be
CREATE TEMP TABLE fleeting (version int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text, x text, valid_from timestamptz, valid_to timestamptz);
INSERT INTO fleeting (id, x, valid_from, valid_to) VALUES ('A', 'a', '2024-01-01', 'infinity');
SELECT outcome, what, regexp_replace(detail, 'pg_temp_\d+', 'pg_temp') AS detail FROM starhouse.scd_adopt('fleeting', '{id}');
SELECT * FROM starhouse.scd_check('fleeting');
DROP TABLE fleeting, pg_temp.fleeting_scd_memory, pg_temp.fleeting_scd_journal;

-- a dbt snapshot
CREATE TABLE snap (id int, status text, dbt_scd_id text, dbt_updated_at timestamp, dbt_valid_from timestamp, dbt_valid_to timestamp, dbt_is_deleted varchar);
INSERT INTO snap VALUES (1, 'new', 'x', '2024-01-01', '2024-01-01', '2024-02-01', 'False'), (1, 'paid', 'y', '2024-02-01', '2024-02-01', NULL, 'False');
SELECT * FROM starhouse.scd_adopt_dbt('snap', '{id}', repair => true);

-- refused
SELECT * FROM starhouse.scd_adopt(NULL, '{id}');
SELECT * FROM starhouse.scd_adopt('dim', '{nope}');
SELECT * FROM starhouse.scd_adopt('dim', '{id}', type1 => '{id}');
CREATE VIEW dim_view AS TABLE dim;
SELECT * FROM starhouse.scd_adopt('dim_view', '{id}');
CREATE ROLE regress_scd_adopt;
GRANT USAGE ON SCHEMA scd_adopt TO regress_scd_adopt;
GRANT ALL ON dim TO regress_scd_adopt;
SET ROLE regress_scd_adopt;
SELECT * FROM starhouse.scd_adopt('dim', '{id}');
RESET ROLE;
DROP SCHEMA scd_adopt CASCADE;
DROP ROLE regress_scd_adopt;
