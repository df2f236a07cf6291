-- scd2_merge from full snapshots.
SET client_min_messages = warning;
CREATE SCHEMA scd_snapshot;
SET search_path = scd_snapshot;
SET timezone = 'UTC';
CREATE TABLE product_history (
  product_version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_id text COLLATE "C" NOT NULL,
  product_name text, category text, price numeric(10,2),
  valid_from timestamptz NOT NULL, valid_to timestamptz NOT NULL DEFAULT 'infinity', is_current boolean NOT NULL DEFAULT true, is_inferred boolean NOT NULL DEFAULT false);
SELECT starhouse.scd_register('product_history', ARRAY['product_id'], type1 => ARRAY['product_name']);
CREATE VIEW shown AS
  SELECT product_id AS id, product_name AS name, category, price, valid_from::date AS "from", valid_to::date AS "to", is_current AS cur, is_inferred AS inf
    FROM product_history ORDER BY product_id COLLATE "C", valid_from;
-- the unknown member is in no snapshot and stays
INSERT INTO product_history (product_id, valid_from) VALUES ('?', '-infinity');
CREATE TABLE snap (product_id text, product_name text, category text, price numeric);
INSERT INTO snap SELECT 'P' || i, 'Name ' || i, 'Toys', i FROM generate_series(1, 6) i;
CALL starhouse.scd2_merge('product_history', 'snap', 'snapshot', as_of => '2024-01-01');
TABLE shown;
CALL starhouse.scd2_merge('product_history', 'snap', 'snapshot', as_of => '2024-01-01');
CALL starhouse.scd2_merge('product_history', 'snap', 'snapshot', as_of => '2024-01-02');

-- a change, a type-1 change, NULLs, a new key, a missing key
UPDATE snap SET category = 'Games' WHERE product_id = 'P2';
UPDATE snap SET product_name = 'Third' WHERE product_id = 'P3';
UPDATE snap SET category = NULL WHERE product_id = 'P4';
DELETE FROM snap WHERE product_id = 'P5';
INSERT INTO snap VALUES ('P7', 'Name 7', NULL, NULL);
CALL starhouse.scd2_merge('product_history', 'snap', 'snapshot', as_of => '2024-02-01');
TABLE shown;
SELECT starhouse.scd_infer('product_history', $$ VALUES ('P8') $$);
CALL starhouse.scd2_merge('product_history', 'snap', 'snapshot', missing => 'close', as_of => '2024-02-02');
TABLE shown;
-- twice is once
CALL starhouse.scd2_merge('product_history', 'snap', 'snapshot', missing => 'close', as_of => '2024-02-02');
CALL starhouse.scd2_merge('product_history', 'snap', 'snapshot', missing => 'close', as_of => '2024-02-03');
-- an inferred member whose columns are as empty as its first row is completed all the same
INSERT INTO snap VALUES ('P8', NULL, NULL, NULL), ('P5', 'Name 5', 'Toys', 5);
CALL starhouse.scd2_merge('product_history', 'snap', 'snapshot', missing => 'close', as_of => '2024-03-01');
TABLE shown;

-- two rows of one key that differ are a conflict, also where one of them is what is in force
INSERT INTO snap VALUES ('P1', 'Name 1', 'Books', 1), ('P6', 'Name 6', 'Toys', 6.00), (NULL, 'none', 'Toys', 1);
CALL starhouse.scd2_merge('product_history', 'snap', 'snapshot', as_of => '2024-04-01');
SELECT key, sequence, reason_code, row_content FROM pg_temp.scd_rejects ORDER BY key, row_content->>'category';
TABLE shown;
DELETE FROM snap WHERE category = 'Books' OR product_id IS NULL OR ctid IN (SELECT max(ctid) FROM snap WHERE product_id = 'P6');

-- with a unique index on the key the source is read once; with its own instants, too
ALTER TABLE snap ADD PRIMARY KEY (product_id);
UPDATE snap SET price = 10 WHERE product_id = 'P1';
CALL starhouse.scd2_merge('product_history', 'snap', 'snapshot', as_of => '2024-05-01');
ALTER TABLE snap ADD seen timestamptz NOT NULL DEFAULT '2024-05-01';
UPDATE snap SET price = 11, seen = '2024-05-02' WHERE product_id = 'P1';
UPDATE snap SET price = 66, seen = '2024-04-02' WHERE product_id = 'P6';
CALL starhouse.scd2_merge('product_history', 'snap', 'snapshot', 'seen');
TABLE shown;

-- a snapshot that comes late is compared with what was in force at its time
UPDATE snap SET price = 9, seen = '2024-04-15' WHERE product_id = 'P1';
ALTER TABLE snap DROP seen;
UPDATE snap SET price = 6 WHERE product_id = 'P6';
DELETE FROM snap WHERE product_id = 'P2';
CALL starhouse.scd2_merge('product_history', 'snap', 'snapshot', missing => 'close', as_of => '2024-03-15');
TABLE shown;
SELECT * FROM starhouse.scd_check('product_history');
DROP SCHEMA scd_snapshot CASCADE;
