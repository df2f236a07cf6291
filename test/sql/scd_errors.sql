-- What a merge refuses: the value, and how to mend it.
SET client_min_messages = warning;
CREATE SCHEMA scd_errors;
SET search_path = scd_errors;
SET timezone = 'UTC';
CREATE TABLE dim (version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL, a varchar(3), n int,
  valid_from timestamptz NOT NULL, valid_to timestamptz NOT NULL, is_current boolean NOT NULL);
CREATE TABLE feed (id text, a text, n int, ts timestamptz, op text);
\set SHOW_CONTEXT never
CALL starhouse.scd2_merge('dim', 'feed', 'feed', 'ts');
SELECT starhouse.scd_register('dim', '{id}');
CALL starhouse.scd2_merge(NULL, 'feed');
CALL starhouse.scd2_merge('dim', 'feed', 'fead');
CALL starhouse.scd2_merge('dim', 'feed', 'feed');
CALL starhouse.scd2_merge('dim', 'feed', 'feed', 'ts', missing => 'close');
CALL starhouse.scd2_merge('dim', 'feed', 'snapshot', missing => 'shut');
CALL starhouse.scd2_merge('dim', 'feed', 'snapshot', as_of => 'infinity');
CALL starhouse.scd2_merge('dim', 'dim', 'snapshot');
CALL starhouse.scd2_merge('dim', 'dim_pkey', 'snapshot');
CALL starhouse.scd2_merge('dim', 'feed', 'feed', 'n');
CALL starhouse.scd2_merge('dim', 'feed', 'feed', 'TS', 'Op');
CREATE TABLE narrow (id text, "Extra Column" int, more int);
CALL starhouse.scd2_merge('dim', 'narrow', 'snapshot');
CREATE TABLE mistyped (id text, a text, n text);
CALL starhouse.scd2_merge('dim', 'mistyped', 'snapshot');
-- columns that are not merged are named
CREATE TABLE wide AS SELECT feed.*, 1 AS "Extra Column", 2 AS more FROM feed;
SET client_min_messages = notice;
CALL starhouse.scd2_merge('dim', 'wide', 'feed', 'ts', 'op');
SET client_min_messages = warning;
-- a value that does not fit is refused, not cut, and nothing of the merge stays
INSERT INTO feed VALUES ('A', 'abc', 1, '2024-01-01'), ('B', 'abcd', 1, '2024-01-01');
CALL starhouse.scd2_merge('dim', 'feed', 'feed', 'ts');
SELECT count(*) FROM dim;
-- versions that contradict each other are not merged into
ALTER TABLE dim DROP CONSTRAINT dim_scd_interval;
DELETE FROM feed WHERE id = 'B';
INSERT INTO dim (id, a, n, valid_from, valid_to, is_current) VALUES ('A', 'x', 1, '2024-01-01', '2024-03-01', false), ('A', 'y', 1, '2024-02-01', 'infinity', true);
CALL starhouse.scd2_merge('dim', 'feed', 'feed', 'ts');
TRUNCATE dim;
-- a trigger that drops rows does not go unnoticed
CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER drop_row BEFORE INSERT ON dim FOR EACH ROW EXECUTE FUNCTION drop_row();
CALL starhouse.scd2_merge('dim', 'feed', 'feed', 'ts');
DROP TRIGGER drop_row ON dim;
-- a column renamed after registration
ALTER TABLE dim RENAME n TO number;
CALL starhouse.scd2_merge('dim', 'feed', 'feed', 'ts');
ALTER TABLE dim RENAME number TO n;
BEGIN READ ONLY;
CALL starhouse.scd2_merge('dim', 'feed', 'feed', 'ts');
ROLLBACK;
-- cancelled in the middle: the old state stays
CREATE VIEW slow AS SELECT id, a, n, ts, op FROM feed, pg_sleep(60);
SET statement_timeout = '200ms';
CALL starhouse.scd2_merge('dim', 'slow', 'feed', 'ts');
RESET statement_timeout;
SELECT count(*) FROM dim;
CALL starhouse.scd2_merge('dim', 'feed', 'feed', 'ts');
-- inferring
SELECT starhouse.scd_infer('dim', 'SELECT 1 / 0');
SELECT starhouse.scd_infer('feed', 'SELECT 1');
SELECT starhouse.scd_infer('dim', NULL) IS NULL AS null_is_null;
-- Type-1 dimensions
CREATE TABLE store_dim (store_id varchar(4) PRIMARY KEY, store_name text DEFAULT 'to come', is_inferred boolean NOT NULL DEFAULT false);
CREATE TABLE city_dim (city_id int PRIMARY KEY);
INSERT INTO store_dim VALUES ('S1', 'One');
SELECT starhouse.member_infer('store_dim', 'store_id', $$ VALUES ('S1'), ('S2'), ('S2'), (NULL) $$);
SELECT starhouse.member_infer('store_dim', 'store_id', $$ VALUES ('S1'), ('S2') $$);
SELECT starhouse.member_infer('city_dim', 'city_id', 'SELECT 7');
SELECT * FROM store_dim ORDER BY store_id;
SELECT * FROM city_dim;
SELECT starhouse.member_infer('store_dim', 'nope', 'SELECT 7');
-- a dimension that has just been filled is looked into key by key, the same is added
ALTER TABLE dim SET (autovacuum_enabled = off);
ALTER TABLE store_dim SET (autovacuum_enabled = off);
INSERT INTO store_dim SELECT 'T' || g FROM generate_series(1, 999) g;
INSERT INTO dim (id, a, valid_from, valid_to, is_current) SELECT 1000 + g, 'x', '-infinity', 'infinity', true FROM generate_series(1, 20000) g;
SELECT d, starhouse.dimension_outgrew_statistics(d::regclass) FROM unnest('{store_dim,dim,city_dim}'::text[]) d;
SELECT starhouse.scd_infer('dim', 'SELECT 20995 + g % 10 FROM generate_series(1, 40) g') AS inferred, starhouse.scd_infer('dim', 'SELECT 20995 + g % 10 FROM generate_series(1, 40) g') AS again;
SELECT starhouse.member_infer('store_dim', 'store_id', $$SELECT 'T' || 995 + g FROM generate_series(1, 4) g UNION ALL SELECT 'U' || g % 3 FROM generate_series(1, 9) g$$) AS inferred;
ANALYZE dim, store_dim;
SELECT d, starhouse.dimension_outgrew_statistics(d::regclass) FROM unnest('{store_dim,dim}'::text[]) d;
SELECT starhouse.scd_infer('dim', 'SELECT 20999 + g % 10 FROM generate_series(1, 40) g') AS inferred;
-- without an index of its keys it is not, nor is one in partitions, which the planner knows
CREATE TABLE bare (version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL, a text, valid_from timestamptz NOT NULL, valid_to timestamptz NOT NULL) WITH (autovacuum_enabled = off);
CREATE TABLE parts (LIKE bare INCLUDING IDENTITY) PARTITION BY LIST (a);
CREATE TABLE parts_default PARTITION OF parts DEFAULT;
CREATE TABLE filled (LIKE bare INCLUDING IDENTITY INCLUDING INDEXES) WITH (autovacuum_enabled = off);
SELECT starhouse.scd_register('bare', '{id}', add_constraints => false), starhouse.scd_register('filled', '{id}');
INSERT INTO bare (id, valid_from, valid_to) SELECT g, '-infinity', 'infinity' FROM generate_series(1, 3000) g;
INSERT INTO filled (id, valid_from, valid_to) SELECT g, '-infinity', 'infinity' FROM generate_series(1, 3000) g;
SELECT d, starhouse.dimension_outgrew_statistics(d::regclass) AS outgrew FROM unnest('{bare,parts,filled}'::text[]) d;
SELECT d, starhouse.scd_infer_statement(d::regclass, 'SELECT 1') LIKE '%LIMIT 1%' AS key_by_key, starhouse.scd_infer(d::regclass, 'SELECT g FROM generate_series(2999, 3002) g') AS inferred FROM unnest('{bare,filled}'::text[]) d;
SELECT starhouse.scd_unregister('bare'), starhouse.scd_unregister('filled');
SELECT starhouse.scd_unregister('dim');
DROP SCHEMA scd_errors CASCADE;
