-- What goes wrong with feeds, and what the server says then: code, message, hint.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT starhouse.feed_plan('nowhere', 'f');
CREATE SCHEMA w;
SELECT starhouse.init_pipeline('w');
SELECT starhouse.init_pipeline('w');
SELECT starhouse.feed_plan('w', 'f');
SELECT starhouse.feed_plan(NULL, 'f');

-- Definitions.
\set contract '{"format": "csv", "columns": [{"name": "id", "type": "text"}, {"name": "n", "type": "integer"}]}'
SELECT starhouse.create_feed('w', 'bad"name', :'contract');
SELECT starhouse.create_feed('w', 'f', NULL);
SELECT starhouse.create_feed('w', 'f', '{"format": "xml", "columns": []}');
SELECT starhouse.create_feed('w', 'f', :'contract', batch_rows => 0);
SELECT starhouse.create_feed('w', 'f', :'contract', '{}');
SELECT starhouse.create_feed('w', 'f', :'contract', '[{"step": "fact"}]');
SELECT starhouse.create_feed('w', 'f', :'contract', '[{"step": "facts", "into": "t"}]');
SELECT starhouse.create_feed('w', 'f', :'contract', '[{"step": "sql", "sql": "SELECT 1", "select": "x"}]');
SELECT starhouse.create_feed('w', 'f', :'contract', '[{"step": "sql", "sql": "SELECT 1", "ahead": "yes"}]');
SELECT starhouse.create_feed('w', 'f', :'contract', '[{"step": "sql", "sql": "SELECT 1", "look_up": ["t"]}]');
SELECT starhouse.create_feed('w', 'f', :'contract', '[{"step": "facts", "into": "t", "select": "x", "conflict": "replace"}]');
SELECT starhouse.create_feed('w', 'f', :'contract', '[{"step": "facts", "into": "t", "select": "x", "partition": "1 month"}]');
SELECT starhouse.create_feed('w', 'f', :'contract', '[{"step": "upsert", "into": "t", "select": "x", "key": "id"}]');
SELECT starhouse.create_feed('w', 'f', :'contract', '[{"step": "upsert", "into": "t", "select": "x", "key": ["id"], "nulls": "drop"}]');
SELECT starhouse.create_feed('w', 'f', :'contract', '[{"step": "reject", "when": "true", "reason": "x", "code": "no"}]');

-- Steps: the error says which one, and keeps the code of what went wrong in it.
CREATE TABLE w.fact (id text PRIMARY KEY, n bigint CHECK (n < 100));
SELECT starhouse.create_feed('w', 'f', :'contract', '[{"step": "sql", "name": "first", "sql": "SELECT 1"}, {"step": "facts", "into": "fact", "select": "SELECT id, n FROM batch"}]', bronze => false);
SELECT source_id, epoch FROM starhouse.load_open('w', 'f', 'a.csv', 'aa', 1, NULL);
BEGIN;
SELECT starhouse.batch_begin('w', 'f', 1, 2, 1);
INSERT INTO batch VALUES (1, 'x', 100);
SELECT starhouse.batch_finish('w', 'f', 1, 2, 1, 0);
ROLLBACK;
SELECT starhouse.create_feed('w', 'f', :'contract', '[{"step": "facts", "into": "no_such_fact", "select": "SELECT id, n FROM batch"}]', bronze => false);
BEGIN;
SELECT starhouse.batch_begin('w', 'f', 1, 2, 1);
SELECT starhouse.batch_finish('w', 'f', 2, 2, 1, 0);
ROLLBACK;
SELECT starhouse.create_feed('w', 'f', :'contract', '[{"step": "reject", "when": "nn > 1", "reason": "x"}]', bronze => false);
BEGIN;
SELECT starhouse.batch_begin('w', 'f', 1, 2, 1);
SELECT starhouse.batch_finish('w', 'f', 3, 2, 1, 0);
ROLLBACK;
SELECT starhouse.create_feed('w', 'f', :'contract', '[{"step": "sql", "sql": "SELECT", "look_up": "no_such_history"}]', bronze => false);
BEGIN;
SELECT starhouse.batch_begin('w', 'f', 1, 2, 1);
SELECT starhouse.batch_finish('w', 'f', 4, 2, 1, 0);
ROLLBACK;

-- The fence: a source stands where it stands, and an older epoch is shut out.
BEGIN;
SELECT starhouse.batch_begin('w', 'f', 1, 2, 5);
ROLLBACK;
SELECT source_id, epoch FROM starhouse.load_open('w', 'f', 'a.csv', 'aa', 1, NULL);
BEGIN;
SELECT starhouse.batch_begin('w', 'f', 1, 2, 1);
ROLLBACK;
SELECT starhouse.load_close('w', 1, 2);
SELECT starhouse.load_close('w', 1, 3);
BEGIN;
SELECT starhouse.batch_begin('w', 'f', 1, 3, 1);
ROLLBACK;
SELECT starhouse.batch_begin('w', 'f', 99, 1, 1);
SELECT starhouse.batch_finish('w', 'f', 99, 2, 1, 0);

-- Staged without a claim; claimed, but the feed is another one by now.
SELECT starhouse.create_feed('w', 'f', :'contract', '[]', bronze => false);
INSERT INTO w.load_source (feed_name, source_name) VALUES ('f', 'staged') RETURNING source_id, epoch \gset
BEGIN;
SELECT starhouse.batch_stage('w', 'f', :source_id, 1) AS batch \gset
SELECT starhouse.batch_finish('w', 'f', :batch, 2, 1, 0);
ROLLBACK;
BEGIN;
SELECT starhouse.batch_stage('w', 'f', :source_id, 1) AS batch \gset
SELECT starhouse.batch_claim('w', :source_id, :epoch + 1, 1);
ROLLBACK;
BEGIN;
SELECT starhouse.batch_stage('w', 'f', :source_id, 1) AS batch \gset
SELECT starhouse.batch_claim('w', :source_id, :epoch, 1);
UPDATE w.feed SET version = version + 1 WHERE feed_name = 'f';
SELECT starhouse.batch_finish('w', 'f', :batch, 2, 1, 0);
ROLLBACK;
BEGIN;
SELECT starhouse.batch_stage('w', 'f', :source_id, 1) AS batch \gset
INSERT INTO batch VALUES (1, 'x', 1);
SELECT starhouse.batch_claim('w', :source_id, :epoch, 1);
SELECT j - 'steps' AS counts FROM starhouse.batch_finish('w', 'f', :batch, 2, 1, 0) j;
COMMIT;
-- Conditions in a row: a bad one is named as its own step.
SELECT starhouse.create_feed('w', 'f', :'contract', '[{"step": "reject", "name": "good", "when": "n > 5", "reason": "x"}, {"step": "reject", "name": "bad", "when": "1 / (n - 1) > 0", "reason": "x"}]', bronze => false);
BEGIN;
SELECT starhouse.batch_stage('w', 'f', :source_id, 2) AS batch \gset
INSERT INTO batch VALUES (1, 'x', 1);
SELECT starhouse.batch_claim('w', :source_id, :epoch, 2);
SELECT starhouse.batch_finish('w', 'f', :batch, 3, 1, 0);
ROLLBACK;

-- Somebody else's table in the way.
DISCARD TEMP;
CREATE TEMP TABLE batch (x int);
SELECT starhouse.batch_begin('w', 'f', 1, NULL, NULL);
DROP TABLE batch;

SELECT starhouse.drop_feed('w', 'f');
SELECT starhouse.drop_feed('w', 'g', 'g');
SET client_min_messages = error;
DROP SCHEMA w CASCADE;
