-- scd2_merge from a change feed.
SET client_min_messages = warning;
CREATE SCHEMA scd_feed;
SET search_path = scd_feed;
SET timezone = 'UTC';
CREATE TABLE customer_history (
  customer_version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id text COLLATE "C" NOT NULL,
  name text, loyalty text, price numeric(10,2),
  valid_from timestamptz NOT NULL, valid_to timestamptz NOT NULL, is_current boolean NOT NULL, is_inferred boolean NOT NULL DEFAULT false);
SELECT starhouse.scd_register('customer_history', ARRAY['customer_id'], type1 => ARRAY['name']);
CREATE VIEW shown AS
  SELECT customer_id AS id, name, loyalty, price, to_char(valid_from, 'MM-DD') AS "from",
         CASE WHEN valid_to = 'infinity' THEN 'open' ELSE to_char(valid_to, 'MM-DD') END AS "to", is_current AS cur, is_inferred AS inf
    FROM customer_history ORDER BY customer_id COLLATE "C", valid_from;
CREATE TABLE feed (ts timestamptz, op text, customer_id text, name text, loyalty text, price numeric);

-- a first batch in no order: several changes of a key, a delete
INSERT INTO feed VALUES
  ('2024-03-01', 'U', 'C1', 'Ann', 'Gold', 1.00),
  ('2024-01-01', 'I', 'C1', 'An', 'Silver', 1.0),
  ('2024-02-01', 'U', 'C1', 'Anne', 'Silver', 1.00),
  ('2024-01-05', 'I', 'C2', 'Bob', 'Silver', 3),
  ('2024-02-05', 'D', 'C2', NULL, NULL, NULL);
CALL starhouse.scd2_merge('customer_history', 'feed', 'feed', 'ts', 'op');
TABLE shown;
-- the same batch again changes nothing
CALL starhouse.scd2_merge('customer_history', 'feed', 'feed', 'ts', 'op');
TABLE shown;

-- late events: between two versions, before the first, one that brings the next version forward
TRUNCATE feed;
INSERT INTO feed VALUES
  ('2024-02-10', 'U', 'C1', 'Late', 'Bronze', 1),
  ('2023-12-01', 'I', 'C1', 'Early', 'Tin', 1);
CALL starhouse.scd2_merge('customer_history', 'feed', 'feed', 'ts', 'op');
TABLE shown;
TRUNCATE feed;
INSERT INTO feed VALUES ('2024-02-20', 'U', 'C1', 'Late', 'Gold', 1);
CALL starhouse.scd2_merge('customer_history', 'feed', 'feed', 'ts', 'op');
TABLE shown;

-- re-appearance after the delete leaves a gap; a late event before the delete ends at it
TRUNCATE feed;
INSERT INTO feed VALUES ('2024-06-01', 'I', 'C2', 'Bob', 'Silver', 3), ('2024-01-20', 'U', 'C2', 'Bo', 'Gold', 3);
CALL starhouse.scd2_merge('customer_history', 'feed', 'feed', 'ts', 'op');
TABLE shown;

-- a late delete cuts a hole; a delete of what is not there is nothing
TRUNCATE feed;
INSERT INTO feed VALUES ('2024-01-10', 'delete', 'C1'), ('2024-01-10', 'd', 'C9');
CALL starhouse.scd2_merge('customer_history', 'feed', 'feed', 'ts', 'op');
TABLE shown;

-- a type-1 change alone overwrites every version and opens none
TRUNCATE feed;
INSERT INTO feed VALUES ('2024-07-01', 'U', 'C2', 'Robert', 'Silver', 3);
CALL starhouse.scd2_merge('customer_history', 'feed', 'feed', 'ts', 'op');
TABLE shown;

-- what cannot be placed is rejected and listed, the rest is merged
TRUNCATE feed;
INSERT INTO feed VALUES
  ('2024-01-05', 'I', NULL, 'x', 'y', 1),
  (NULL, 'I', 'C3', 'x', 'y', 1),
  ('2024-01-05', 'X', 'C3', 'x', 'y', 1),
  ('infinity', 'I', 'C3', 'x', 'y', 1),
  ('2024-01-06', 'I', 'C3', 'x', 'y', 1), ('2024-01-06', 'I', 'C3', 'x', 'y', 2),
  ('2024-06-01', 'U', 'C2', 'Robert', 'Gold', 3),
  ('2024-01-07', 'I', 'C3', 'Cid', 'Silver', 7), ('2024-01-07', 'I', 'C3', 'Cid', 'Silver', 7.00);
CALL starhouse.scd2_merge('customer_history', 'feed', 'feed', 'ts', 'op');
TABLE shown;
SELECT key, sequence, reason_code, reason, row_content FROM pg_temp.scd_rejects ORDER BY reason_code, key, row_content->>'price';
-- the list is that of the last merge of the dimension
TRUNCATE feed;
CALL starhouse.scd2_merge('customer_history', 'feed', 'feed', 'ts', 'op');
SELECT count(*) FROM pg_temp.scd_rejects;

-- inferred members: added once, completed in place by the earliest real row
SELECT starhouse.scd_infer('customer_history', $$ SELECT unnest(ARRAY['C3', 'C4', 'C4', NULL, 'C5']) $$);
SELECT starhouse.scd_infer('customer_history', $$ SELECT unnest(ARRAY['C3', 'C4', 'C4', NULL, 'C5']) $$);
CREATE TABLE fact AS SELECT customer_version FROM customer_history WHERE customer_id = 'C4';
INSERT INTO feed VALUES ('2024-05-02', 'U', 'C4', 'Dan', 'Gold', 4), ('2024-05-01', 'I', 'C4', 'Dan', 'Silver', 4);
CALL starhouse.scd2_merge('customer_history', 'feed', 'feed', 'ts', 'op');
TABLE shown;
SELECT valid_from, loyalty FROM fact JOIN customer_history USING (customer_version);

-- from PL/pgSQL, within the caller's transaction; from EXECUTE; a boolean delete column; a view
CREATE VIEW feed_view AS SELECT ts::timestamp AS ts, op = 'D' AS gone, customer_id, name, loyalty, price FROM feed;
INSERT INTO feed VALUES ('2024-05-03', 'D', 'C4');
DO $$
DECLARE
  i bigint; c bigint; u bigint; l bigint; d bigint; r bigint; counts record;
BEGIN
  CALL starhouse.scd2_merge('customer_history', 'feed_view', 'feed', 'ts', 'gone', 'ignore', now(), i, c, u, l, d, r);
  RAISE WARNING 'inserted % changed % unchanged % late % deleted % rejected %', i, c, u, l, d, r;
  EXECUTE $sql$ CALL starhouse.scd2_merge('customer_history', 'feed', 'feed', 'ts', 'op') $sql$ INTO counts;
  RAISE WARNING 'again: %', counts;
END
$$;
SELECT * FROM starhouse.scd_check('customer_history');

-- what ROLLBACK undoes
BEGIN;
DELETE FROM feed;
INSERT INTO feed VALUES ('2024-08-01', 'I', 'C6', 'x', 'y', 1);
CALL starhouse.scd2_merge('customer_history', 'feed', 'feed', 'ts');
ROLLBACK;
SELECT count(*) FROM customer_history WHERE customer_id = 'C6';
DROP SCHEMA scd_feed CASCADE;
