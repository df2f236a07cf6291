-- scd_forget: memory older than the horizon goes, and nothing else changes.
SET client_min_messages = warning;
CREATE SCHEMA scd_forget;
SET search_path = scd_forget;
SET timezone = 'UTC';
SET datestyle = ISO;
\set SHOW_CONTEXT never
CREATE TABLE dim (version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text, level text, valid_from timestamptz, valid_to timestamptz, is_current boolean);
SELECT starhouse.scd_register('dim', '{id}', horizon => '30 days');
CREATE TABLE feed (id text, level text, ts timestamptz, op text);
INSERT INTO feed VALUES ('A', 'Silver', '2024-01-01', 'U'), ('A', 'Silver', '2024-01-20', 'U'), ('B', NULL, '2024-01-25', 'D'), ('A', 'Silver', '2024-03-01', 'U'), ('A', 'Silver', '2024-03-10', 'U');
CALL starhouse.scd2_merge('dim', 'feed', 'feed', 'ts', 'op');
SELECT key_1, sequence, kind FROM dim_scd_memory ORDER BY key_1, sequence;
-- the newest instant is March 10: what is older than February 9 goes
SELECT starhouse.scd_forget('dim');
SELECT key_1, sequence, kind FROM dim_scd_memory ORDER BY key_1, sequence;
SELECT starhouse.scd_forget('dim');
-- an event of that age is refused anyway; one within the horizon finds what it needs
TRUNCATE feed;
INSERT INTO feed VALUES ('A', 'Gold', '2024-01-10', 'U'), ('A', 'Gold', '2024-02-20', 'U');
CALL starhouse.scd2_merge('dim', 'feed', 'feed', 'ts', 'op');
SELECT reason_code, sequence FROM pg_temp.scd_rejects WHERE dim = 'dim'::regclass;
SELECT id, level, valid_from, valid_to FROM dim ORDER BY id, valid_from;
-- without a horizon everything may matter still
SELECT starhouse.scd_register('dim', '{id}');
SELECT starhouse.scd_forget('dim');
SELECT starhouse.scd_forget(NULL);
SELECT starhouse.scd_forget('feed');
CREATE ROLE regress_scd_forget;
GRANT USAGE ON SCHEMA scd_forget TO regress_scd_forget;
GRANT SELECT ON dim TO regress_scd_forget;
SET ROLE regress_scd_forget;
SELECT starhouse.scd_forget('dim');
RESET ROLE;
DROP TABLE pg_temp.scd_rejects;
DROP SCHEMA scd_forget CASCADE;
DROP ROLE regress_scd_forget;
