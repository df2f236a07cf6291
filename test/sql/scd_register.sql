-- scd_register, scd_unregister, scd_check, rights.
SET client_min_messages = warning;
CREATE SCHEMA scd_register;
SET search_path = scd_register;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE TABLE dim (
  version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL, a text, gone int, b numeric, doubled numeric GENERATED ALWAYS AS (b * 2) STORED,
  valid_from timestamptz, valid_to timestamptz, is_current boolean, is_inferred boolean);
ALTER TABLE dim DROP COLUMN gone;
SELECT starhouse.scd_register('dim', '{id}');
SELECT dimension, key_columns, type2_columns, type1_columns, surrogate, valid_from, valid_to, current_flag, inferred_flag FROM starhouse.scd_dimension WHERE dimension = 'dim'::regclass;
SELECT indexdef FROM pg_indexes WHERE schemaname = 'scd_register' ORDER BY indexname;
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'dim'::regclass AND contype = 'c' ORDER BY conname;
SELECT attname, attnotnull FROM pg_attribute WHERE attrelid = 'dim'::regclass AND attname ~ '^(valid|is)_' ORDER BY attname;
-- a second call replaces the first and adds nothing twice
SELECT starhouse.scd_register('dim', '{id}', type1 => '{b}');
SELECT type2_columns, type1_columns FROM starhouse.scd_dimension WHERE dimension = 'dim'::regclass;
SELECT count(*) FROM pg_indexes WHERE schemaname = 'scd_register';

-- what the constraints refuse
INSERT INTO dim (id, valid_from, valid_to, is_current, is_inferred) VALUES ('A', '2024-01-01', 'infinity', true, false);
INSERT INTO dim (id, valid_from, valid_to, is_current, is_inferred) VALUES ('A', '2024-02-01', 'infinity', true, false);
INSERT INTO dim (id, valid_from, valid_to, is_current, is_inferred) VALUES ('A', '2024-01-01', '2024-02-01', false, false);
INSERT INTO dim (id, valid_from, valid_to, is_current, is_inferred) VALUES ('A', '2024-02-01', '2024-02-01', false, false);
INSERT INTO dim (id, valid_from, valid_to, is_current, is_inferred) VALUES ('B', '2024-02-01', '2024-03-01', true, false);

-- without flags; without constraints, where scd_check finds what they would have refused
CREATE TABLE bare (v bigint PRIMARY KEY, k1 int, k2 text, x int, f timestamptz, t timestamptz, live boolean);
SELECT starhouse.scd_register('bare', '{k1,k2}', '{x}', surrogate => 'v', valid_from => 'f', valid_to => 't', current_flag => 'live', add_constraints => false);
INSERT INTO bare VALUES
  (1, 1, 'a', 1, '2024-01-01', '2024-03-01', false), (2, 1, 'a', 2, '2024-02-01', 'infinity', true),
  (3, 1, 'b', 1, '2024-01-01', 'infinity', true), (4, 1, 'b', 2, '2024-01-01', 'infinity', false),
  (5, 2, 'a', 1, '2024-02-01', '2024-02-01', false),
  (6, 2, NULL, 1, '2024-02-01', 'infinity', true),
  (7, 3, 'a', 1, NULL, 'infinity', true),
  -- contained in an earlier one that is not its neighbour
  (8, 4, 'a', 1, '2024-01-01', '2024-12-01', false), (9, 4, 'a', 1, '2024-02-01', '2024-03-01', false), (10, 4, 'a', 1, '2024-04-01', '2024-05-01', false);
SET datestyle = ISO;
SELECT * FROM starhouse.scd_check('bare');
RESET datestyle;

-- refused registrations
SELECT starhouse.scd_register(NULL, '{id}');
SELECT starhouse.scd_register('dim', '{}');
SELECT starhouse.scd_register('dim', '{nope}', '{a,"No Such"}');
SELECT starhouse.scd_register('dim', '{id}', '{a}', '{a,id}');
SELECT starhouse.scd_register('dim', '{id}', '{a,doubled}');
SELECT starhouse.scd_register('dim', '{id}', '{a}', '{valid_from}');
SELECT starhouse.scd_register('dim', '{id}', '{b}', surrogate => 'a');
SELECT starhouse.scd_register('dim', '{id}', '{a}', current_flag => 'b');
CREATE VIEW dim_view AS SELECT * FROM dim;
SELECT starhouse.scd_register('dim_view', '{id}');
CREATE TABLE no_key (id text, valid_from timestamptz, valid_to timestamptz);
SELECT starhouse.scd_register('no_key', '{id}');
CREATE TABLE dated (v int PRIMARY KEY, id text, valid_from date, valid_to timestamptz(0));
SELECT starhouse.scd_register('dated', '{id}');
CREATE TABLE uncomparable (v int PRIMARY KEY, id json, x xml, y json, valid_from timestamptz, valid_to timestamptz);
SELECT starhouse.scd_register('uncomparable', '{id}');
SELECT starhouse.scd_comparable('int'::regtype), starhouse.scd_comparable('jsonb[]'::regtype), starhouse.scd_comparable('json[]'::regtype), starhouse.scd_comparable('xid'::regtype), starhouse.scd_equality_operator('varchar'::regtype);
SELECT starhouse.scd_equality_operator('json'::regtype);
-- rows that break a constraint stop the registration
CREATE TABLE broken (v int PRIMARY KEY, id text, valid_from timestamptz, valid_to timestamptz);
INSERT INTO broken VALUES (1, 'A', '2024-02-01', '2024-01-01');
SELECT starhouse.scd_register('broken', '{id}');
SELECT count(*) FROM starhouse.scd_dimension WHERE dimension = 'broken'::regclass;

-- rights: only the owner registers; who may update merges; others see nothing
CREATE ROLE regress_scd_loader;
CREATE ROLE regress_scd_other;
GRANT USAGE ON SCHEMA scd_register TO regress_scd_loader, regress_scd_other;
GRANT SELECT, INSERT, UPDATE ON dim TO regress_scd_loader;
CREATE TABLE feed (id text, a text, b numeric, ts timestamptz);
INSERT INTO feed VALUES ('A', 'new', 1, '2024-05-01'), ('C', 'c', 1, '2024-05-01'), (NULL, 'c', 1, '2024-05-01');
GRANT SELECT ON feed TO regress_scd_loader, regress_scd_other;
SET ROLE regress_scd_loader;
SELECT starhouse.scd_register('dim', '{id}');
SELECT starhouse.scd_unregister('dim');
DELETE FROM starhouse.scd_dimension;
UPDATE starhouse.scd_dimension SET key_columns = '{a}';
SELECT dimension FROM starhouse.scd_dimension;
SELECT starhouse.scd_infer('dim', $$ VALUES ('D') $$);
CALL starhouse.scd2_merge('dim', 'feed', 'feed', 'ts');
SELECT reason_code FROM pg_temp.scd_rejects;
SELECT id, a, is_current FROM dim ORDER BY id, valid_from;
SET ROLE regress_scd_other;
SELECT count(*) FROM starhouse.scd_dimension;
SELECT count(*) FROM starhouse.scd_merge_state;
CALL starhouse.scd2_merge('dim', 'feed', 'feed', 'ts');
RESET ROLE;
-- the owner of the table need not be a superuser
ALTER TABLE dim OWNER TO regress_scd_loader;
GRANT CREATE ON SCHEMA scd_register TO regress_scd_loader;
SET ROLE regress_scd_loader;
SELECT starhouse.scd_register('dim', '{id}', type1 => '{a}');
SELECT starhouse.scd_unregister('dim');
SELECT starhouse.scd_unregister('dim');
SELECT starhouse.scd_check('dim');
SELECT starhouse.scd_infer('dim', 'SELECT 1');
RESET ROLE;
-- a registration whose table is gone is cleared away with the next one
DROP TABLE bare;
SELECT starhouse.scd_register('dim', '{id}');
SELECT count(*) FROM starhouse.scd_dimension d WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = d.dimension);
SELECT starhouse.scd_unregister('dim');
DROP TABLE pg_temp.scd_rejects;
DROP SCHEMA scd_register CASCADE;
DROP ROLE regress_scd_loader, regress_scd_other;
