-- The parts that columns, deletes, intervals and sources can play beyond the plain case.
SET client_min_messages = warning;
CREATE SCHEMA scd_parts;
SET search_path = scd_parts;
SET timezone = 'UTC';
SET datestyle = ISO;
\set SHOW_CONTEXT never

-- Types 0 to 3 and 6
CREATE TABLE customer (version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text, level text, current_level text, name text, first_shop text,
  city text, previous_city text, valid_from timestamptz, valid_to timestamptz, is_current boolean);
SELECT starhouse.scd_register('customer', '{id}', type1 => '{name}', type0 => '{first_shop}', type3 => '{"city": "previous_city"}', type6 => '{"level": "current_level"}',
  sequence_column => 'ts', op_column => 'op');
SELECT type2_columns, type1_columns, type0_columns, type3_columns, type6_columns FROM starhouse.scd_dimension WHERE dimension = 'customer'::regclass;
CREATE TABLE feed (ts timestamptz, op text, id text, level text, name text, first_shop text, city text);
INSERT INTO feed VALUES ('2024-01-01', 'I', 'C1', 'Silver', 'An', 'Pune', 'Pune'), ('2024-03-01', 'U', 'C1', 'Gold', 'Ann', 'Delhi', 'Delhi');
CALL starhouse.scd2_merge('customer', 'feed');
SELECT level, current_level, name, first_shop, city, previous_city, valid_from::date, valid_to::date FROM customer ORDER BY valid_from;
-- late: the city in between is the one before now, the first shop stays, the first level is Bronze
TRUNCATE feed;
INSERT INTO feed VALUES ('2024-02-01', 'U', 'C1', 'Silver', 'Anne', 'Goa', 'Goa'), ('2023-12-01', 'U', 'C1', 'Bronze', 'A', 'Agra', 'Agra');
CALL starhouse.scd2_merge('customer', 'feed');
SELECT level, current_level, name, first_shop, city, previous_city, valid_from::date, valid_to::date FROM customer ORDER BY valid_from;
CALL starhouse.scd2_merge('customer', 'feed');
SELECT kind, sequence::date, given FROM customer_scd_memory ORDER BY 2, 1;

-- NULL that says nothing, and columns that the source lacks
CREATE TABLE partial (version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text, a text, b int, c text, valid_from timestamptz, valid_to timestamptz, is_current boolean);
SELECT starhouse.scd_register('partial', '{id}', type1 => '{c}', ignore_null_updates => true, missing_columns => 'keep');
CREATE TABLE part (ts timestamptz, id text, a text, b int, c text);
INSERT INTO part VALUES ('2024-01-01', 'P', 'x', 1, 'first'), ('2024-03-01', 'P', 'y', NULL, NULL);
CALL starhouse.scd2_merge('partial', 'part', 'feed', 'ts');
TRUNCATE part;
INSERT INTO part VALUES ('2024-02-01', 'P', NULL, 2, NULL), ('2024-04-01', 'P', NULL, NULL, 'later');
CALL starhouse.scd2_merge('partial', 'part', 'feed', 'ts');
SELECT a, b, c, valid_from::date, valid_to::date FROM partial ORDER BY valid_from;
CREATE VIEW narrow AS SELECT timestamptz '2024-05-01' AS ts, 'P' AS id, 7 AS b;
SET client_min_messages = notice;
CALL starhouse.scd2_merge('partial', 'narrow', 'feed', 'ts');
CALL starhouse.scd2_merge('partial', 'narrow', 'feed', 'ts');
SET client_min_messages = warning;
SELECT a, b, c, valid_from::date, valid_to::date FROM partial ORDER BY valid_from;
SELECT missing_columns, new_columns FROM starhouse.scd_run WHERE dimension = 'partial'::regclass ORDER BY merge_id;
-- the key and the sequence cannot be left out
CREATE VIEW keyless AS SELECT timestamptz '2024-05-01' AS ts, 7 AS b;
CALL starhouse.scd2_merge('partial', 'keyless', 'feed', 'ts');
-- as a snapshot: only what is said is compared
TRUNCATE part;
INSERT INTO part VALUES (NULL, 'P', NULL, 7, NULL);
CALL starhouse.scd2_merge('partial', 'part', 'snapshot', as_of => '2024-06-01');
UPDATE part SET a = 'z';
CALL starhouse.scd2_merge('partial', 'part', 'snapshot', as_of => '2024-06-01');
SELECT a, b, c, valid_from::date, valid_to::date FROM partial ORDER BY valid_from;

-- Deletes that open a version; a delete column of the source's own words
CREATE TABLE flagged (version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text, a text, gone boolean, valid_from timestamptz, valid_to timestamptz, is_current boolean);
SELECT starhouse.scd_register('flagged', '{id}', deleted_flag => 'gone', op_column => 'status', delete_values => '{Closed,VOID}');
CREATE TABLE states (ts timestamptz, id text, a text, status text);
INSERT INTO states VALUES ('2024-01-01', 'F', 'x', 'open'), ('2024-02-01', 'F', 'ignored', 'closed'), ('2024-04-01', 'F', 'x', NULL), ('2024-01-01', 'G', 'g', 'open');
CALL starhouse.scd2_merge('flagged', 'states', 'feed', 'ts');
SELECT id, a, gone, valid_from::date, valid_to::date, is_current FROM flagged ORDER BY id, valid_from;
CREATE TABLE today (id text, a text);
INSERT INTO today VALUES ('F', 'x');
CALL starhouse.scd2_merge('flagged', 'today', 'snapshot', missing => 'close', as_of => '2024-05-01');
CALL starhouse.scd2_merge('flagged', 'today', 'snapshot', missing => 'flag', as_of => '2024-05-01');
CALL starhouse.scd2_merge('flagged', 'today', 'snapshot', missing => 'flag', as_of => '2024-05-02');
SELECT id, a, gone, valid_from::date, valid_to::date, is_current FROM flagged ORDER BY id, valid_from;
-- what comes late for a member that a snapshot lacked ends there
TRUNCATE states;
INSERT INTO states VALUES ('2024-04-15', 'H', 'h', 'open'), ('2024-04-20', 'G', 'g2', 'open');
CALL starhouse.scd2_merge('flagged', 'states', 'feed', 'ts');
SELECT id, a, gone, valid_from::date, valid_to::date, is_current FROM flagged WHERE id <> 'F' ORDER BY id, valid_from;
CALL starhouse.scd2_merge('customer', 'today', 'snapshot', missing => 'flag', as_of => '2024-05-01');

-- A snapshot confirms: what comes late between two of them does not outlast the second
CREATE TABLE product (version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text, a text, valid_from timestamptz, valid_to timestamptz, is_current boolean);
SELECT starhouse.scd_register('product', '{id}');
TRUNCATE today;
INSERT INTO today VALUES ('P1', 'x'), ('P2', 'x');
CALL starhouse.scd2_merge('product', 'today', 'snapshot', missing => 'close', as_of => '2024-01-01');
CALL starhouse.scd2_merge('product', 'today', 'snapshot', missing => 'close', as_of => '2024-03-01');
CREATE TABLE late (ts timestamptz, id text, a text);
INSERT INTO late VALUES ('2024-02-01', 'P1', 'y'), ('2024-02-01', 'P3', 'z');
CALL starhouse.scd2_merge('product', 'late', 'feed', 'ts');
SELECT id, a, valid_from::date, valid_to::date FROM product ORDER BY id, valid_from;
SELECT merge_id, source, mode, as_of::date, complete, watermark::date, inserted, changed, unchanged, late, deleted, rejected FROM starhouse.scd_run WHERE dimension = 'product'::regclass ORDER BY 1;
-- of a key whose rows contradict each other it says nothing
INSERT INTO today VALUES ('P2', 'other');
CALL starhouse.scd2_merge('product', 'today', 'snapshot', missing => 'close', as_of => '2024-05-01');
TRUNCATE late;
INSERT INTO late VALUES ('2024-04-01', 'P1', 'v'), ('2024-04-01', 'P2', 'w');
CALL starhouse.scd2_merge('product', 'late', 'feed', 'ts');
SELECT id, a, valid_from::date, valid_to::date FROM product WHERE valid_from >= '2024-03-01' ORDER BY id, valid_from;

-- Horizon: what is older is reported, unless it repeats what is shown
SELECT starhouse.scd_register('product', '{id}', horizon => '10 days', on_reject => 'quarantine');
TRUNCATE late;
INSERT INTO late VALUES ('2024-04-01', 'P1', 'v'), ('2024-04-20', 'P1', 'too late'), ('2024-04-21', 'P9', 'just'), ('2024-04-20', 'P8', 'new and too late');
CALL starhouse.scd2_merge('product', 'late', 'feed', 'ts');
SELECT key, sequence::date, reason_code, reason, row_content FROM product_scd_rejects ORDER BY key;
SELECT id, a, valid_from::date, valid_to::date FROM product WHERE valid_from >= '2024-04-01' ORDER BY id, valid_from;
SELECT starhouse.scd_register('product', '{id}', horizon => '-1 day');
SELECT starhouse.scd_register('product', '{id}', horizon => '1 day', remember => false);

-- The whole merge refused
SELECT starhouse.scd_register('product', '{id}', on_reject => 'fail');
INSERT INTO late VALUES (NULL, 'P7', 'x'), ('2024-06-01', 'P7', 'x');
CALL starhouse.scd2_merge('product', 'late', 'feed', 'ts');
SELECT count(*) FROM product WHERE id = 'P7';
SELECT starhouse.scd_register('product', '{id}', on_reject => 'shrug');

-- Intervals: days with the last day inside, moments with an open end of NULL, an end of time
CREATE TABLE days (version int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id int, a text, first_day date, last_day date, is_current boolean);
SELECT starhouse.scd_register('days', '{id}', valid_from => 'first_day', valid_to => 'last_day', end_inclusive => true, open_end => '9999-12-31', time_zone => 'Asia/Kolkata');
CREATE TABLE stamps (version int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id int, a text, f timestamp, t timestamp);
SELECT starhouse.scd_register('stamps', '{id}', valid_from => 'f', valid_to => 't', open_end => NULL);
CREATE TABLE changes (ts timestamptz, op text, id int, a text);
INSERT INTO changes VALUES ('2024-01-01 00:00+05:30', 'U', 1, 'x'), ('2024-01-31 20:00 UTC', 'U', 1, 'y'), ('2024-03-01 12:00 UTC', 'D', 1, NULL), ('2024-02-10', 'U', 2, 'z');
CALL starhouse.scd2_merge('days', 'changes', 'feed', 'ts', 'op');
CALL starhouse.scd2_merge('days', 'changes', 'feed', 'ts', 'op');
SELECT id, a, first_day, last_day, is_current FROM days ORDER BY id, first_day;
CALL starhouse.scd2_merge('stamps', 'changes', 'feed', 'ts', 'op');
SET timezone = 'America/New_York';
CALL starhouse.scd2_merge('stamps', 'changes', 'feed', 'ts', 'op');
SET timezone = 'UTC';
SELECT id, a, f, t FROM stamps ORDER BY id, f;
-- two contents on one day contradict each other in days
TRUNCATE changes;
INSERT INTO changes VALUES ('2024-04-01 10:00', 'U', 2, 'q'), ('2024-04-01 11:00', 'U', 2, 'r');
CALL starhouse.scd2_merge('days', 'changes', 'feed', 'ts', 'op');
CALL starhouse.scd2_merge('stamps', 'changes', 'feed', 'ts', 'op');
SELECT starhouse.scd_infer('days', 'VALUES (5)'), starhouse.scd_infer('stamps', 'VALUES (5)');
SELECT id, a, first_day, last_day, is_current FROM days WHERE id = 5;
SELECT starhouse.scd_register('days', '{id}', valid_from => 'first_day', valid_to => 'last_day', open_end => 'never');
SELECT starhouse.scd_register('days', '{id}', valid_from => 'first_day', valid_to => 'last_day', time_zone => 'Mars/Olympus');

-- Partitioned by the key, and by a column that changes: rows move between partitions
CREATE TABLE by_key (version bigint GENERATED ALWAYS AS IDENTITY, id int, a text, valid_from timestamptz, valid_to timestamptz, is_current boolean, PRIMARY KEY (version, id)) PARTITION BY HASH (id);
CREATE TABLE by_key_0 PARTITION OF by_key FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE by_key_1 PARTITION OF by_key FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SELECT starhouse.scd_register('by_key', '{id}', surrogate => 'version');
CREATE TABLE by_flag (version bigint GENERATED ALWAYS AS IDENTITY, id int, a text, valid_from timestamptz, valid_to timestamptz, is_current boolean, PRIMARY KEY (version, is_current)) PARTITION BY LIST (is_current);
CREATE TABLE by_flag_open PARTITION OF by_flag FOR VALUES IN (true);
CREATE TABLE by_flag_closed PARTITION OF by_flag FOR VALUES IN (false);
SET client_min_messages = notice;
SELECT starhouse.scd_register('by_flag', '{id}', surrogate => 'version');
SET client_min_messages = warning;
CREATE TABLE numbers AS SELECT i AS id, 'a' || i AS a FROM generate_series(1, 50) i;
CALL starhouse.scd2_merge('by_key', 'numbers', 'snapshot', as_of => '2024-01-01');
CALL starhouse.scd2_merge('by_flag', 'numbers', 'snapshot', as_of => '2024-01-01');
UPDATE numbers SET a = 'b' WHERE id % 5 = 0;
CALL starhouse.scd2_merge('by_key', 'numbers', 'snapshot', as_of => '2024-02-01');
CALL starhouse.scd2_merge('by_flag', 'numbers', 'snapshot', as_of => '2024-02-01');
SELECT tableoid::regclass, count(*), count(*) FILTER (WHERE is_current) FROM by_flag GROUP BY 1 ORDER BY 1;
SELECT count(*), count(*) FILTER (WHERE is_current) FROM by_key;

-- A view, a temporary table and a temporary dimension
CREATE TEMP TABLE session_feed AS SELECT 1 AS id, 'first' AS a, timestamptz '2024-01-01' AS ts;
CREATE TEMP TABLE session_dim (v int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id int, a text, valid_from timestamptz, valid_to timestamptz, is_current boolean);
SELECT starhouse.scd_register('session_dim', '{id}');
CALL starhouse.scd2_merge('session_dim', 'session_feed', 'feed', 'ts');
CREATE TEMP VIEW session_view AS SELECT id, 'second' AS a, ts + interval '1 day' AS ts FROM session_feed;
CALL starhouse.scd2_merge('session_dim', 'session_view', 'feed', 'ts');
SELECT id, a, valid_from::date FROM session_dim ORDER BY valid_from;

-- A dimension that facts refer to, with triggers and row security
CREATE TABLE guarded (version int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id int, a text, touched int NOT NULL DEFAULT 0, twice text GENERATED ALWAYS AS (a || a) STORED,
  valid_from timestamptz, valid_to timestamptz, is_current boolean);
CREATE TABLE fact (guarded_version int REFERENCES guarded);
SELECT starhouse.scd_register('guarded', '{id}', '{a}');
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.touched := NEW.touched + 1; RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON guarded FOR EACH ROW EXECUTE FUNCTION touch();
CALL starhouse.scd2_merge('guarded', 'session_feed', 'feed', 'ts');
INSERT INTO fact SELECT version FROM guarded;
CALL starhouse.scd2_merge('guarded', 'session_view', 'feed', 'ts');
SELECT id, a, touched, twice, valid_from::date FROM guarded ORDER BY valid_from;
CREATE ROLE regress_scd_guest;
GRANT USAGE ON SCHEMA scd_parts TO regress_scd_guest;
GRANT SELECT, INSERT, UPDATE ON guarded TO regress_scd_guest;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY small ON guarded USING (id < 10);
CREATE TABLE guest_feed AS SELECT 1 AS id, 'guest' AS a, timestamptz '2024-01-05' AS ts UNION ALL SELECT 20, 'hidden', '2024-01-05';
GRANT SELECT ON guest_feed TO regress_scd_guest;
SET ROLE regress_scd_guest;
CALL starhouse.scd2_merge('guarded', 'guest_feed', 'feed', 'ts');
RESET ROLE;
DELETE FROM guest_feed WHERE id = 20;
SET ROLE regress_scd_guest;
CALL starhouse.scd2_merge('guarded', 'guest_feed', 'feed', 'ts');
SELECT count(*) > 0 AS sees_runs FROM starhouse.scd_run WHERE dimension = 'guarded'::regclass;
RESET ROLE;
SELECT id, a FROM guarded ORDER BY id, valid_from;

-- Without repeats the memory has a row for each version at most: what a partial row left out is known, that it repeated what was in force is not
CREATE TABLE lean (version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text, a text, b int, valid_from timestamptz, valid_to timestamptz, is_current boolean);
SELECT starhouse.scd_register('lean', '{id}', ignore_null_updates => true, remember_repeats => false);
CREATE TABLE lean_feed (ts timestamptz, id text, a text, b int);
INSERT INTO lean_feed VALUES ('2024-01-01', 'P', 'x', 1), ('2024-03-01', 'P', 'y', NULL), ('2024-04-01', 'P', 'y', NULL), ('2024-05-01', 'P', 'y', 1);
CALL starhouse.scd2_merge('lean', 'lean_feed', 'feed', 'ts');
SELECT kind, sequence::date, given FROM lean_scd_memory ORDER BY 2;
INSERT INTO lean_feed VALUES ('2024-02-01', 'P', NULL, 2), ('2023-12-01', 'P', 'w', NULL);
DELETE FROM lean_feed WHERE ts BETWEEN '2024-01-01' AND '2024-01-31' OR ts > '2024-03-01';
CALL starhouse.scd2_merge('lean', 'lean_feed', 'feed', 'ts');
SELECT a, b, valid_from::date, valid_to::date FROM lean ORDER BY valid_from;
SELECT kind, sequence::date, given FROM lean_scd_memory ORDER BY 2;
SELECT * FROM starhouse.scd_check('lean');
SELECT starhouse.scd_register('lean', '{id}', remember_repeats => NULL);

-- The journal holds what the newest merge changed
SELECT what, row_id, content - 'valid_from' AS content FROM guarded_scd_journal ORDER BY what, row_id;
DROP TABLE guarded_scd_journal;
CALL starhouse.scd2_merge('guarded', 'guest_feed', 'feed', 'ts');
SELECT starhouse.scd_register('guarded', '{id}', '{a}', journal => false);
CALL starhouse.scd2_merge('guarded', 'guest_feed', 'feed', 'ts');
-- another key than the memory's
SELECT starhouse.scd_register('guarded', '{a}', '{}');
DROP OWNED BY regress_scd_guest;
DROP ROLE regress_scd_guest;
DROP SCHEMA scd_parts CASCADE;
