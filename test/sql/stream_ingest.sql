-- starhouse.ingest: records from SQL take the way of all others.
\set VERBOSITY terse
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
CREATE SCHEMA "call";
SET search_path = "call", starhouse;
SELECT init_pipeline('call');
CREATE TABLE sale_fact (id bigint, at timestamptz, amount numeric CHECK (amount < 500), note jsonb, batch_id bigint, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
SELECT create_feed('call', 'sales', '{"format":"jsonl","columns":[{"name":"id","type":"integer","required":true},{"name":"at","type":"timestamptz","required":true},
  {"name":"amount","type":"numeric","required":true},{"name":"note","type":"jsonb"}]}',
  '[{"step":"reject","when":"amount > 900","column":"amount","reason":"more than 900"},
    {"step":"facts","into":"sale_fact","time":"at","partition":"1 month","select":"SELECT id, at, amount, note FROM batch"}]');

-- Good and bad together: by the contract, by a step, by the server, NULL.
SELECT ingest('call.sales', ARRAY['{"id":1,"at":"2024-01-01T10:00:00+02:00","amount":12.50,"note":{"a":[1,2]}}',
  '{"id":2,"at":"2024-02-31","amount":1}', '{"id":3,"at":"2024-01-02","amount":950}', '{"id":4,"at":"2024-01-02","amount":600}', NULL,
  '{"id":6,"at":"2024-01-03","amount":6}']);
SELECT id, at AT TIME ZONE 'UTC' AS at, amount, note, batch_id IS NOT NULL AS tagged FROM sale_fact ORDER BY id;
SELECT sqlstate, column_name, value, convert_from(payload, 'UTF8') AS payload FROM quarantine ORDER BY record_no;
SELECT count(*), count(DISTINCT record_no) FROM bronze_sales;

-- The same once more: duplicates. With a key: nothing at all.
SELECT ingest('call.sales', ARRAY['{"id":1,"at":"2024-01-01T08:00:00Z","amount":12.50}']);
SELECT ingest('call.sales', ARRAY['{"id":7,"at":"2024-01-07","amount":7}'], 'order-7');
SELECT r - 'ingested_at' AS counts, r ? 'ingested_at' AS told FROM ingest('call.sales', ARRAY['{"id":8,"at":"2024-01-07","amount":7}'], 'order-7') r;
SELECT id FROM sale_fact ORDER BY id;

-- The caller's transaction decides.
BEGIN;
SELECT ingest('call.sales', ARRAY['{"id":9,"at":"2024-01-09","amount":9}'], 'order-9');
SELECT ingest('call.sales', ARRAY['{"id":10,"at":"2024-01-09","amount":9}']);
ROLLBACK;
SELECT count(*) FROM sale_fact WHERE id > 8;
SELECT ingest('call.sales', ARRAY['{"id":9,"at":"2024-01-09","amount":9}'], 'order-9');
SELECT ingest('call.sales', '{}');

-- What was rejected can be told by its source.
SELECT kind, source_name, finished_at IS NOT NULL AS finished FROM load_source ORDER BY source_id;

-- A post mortem calls them batches, with the records that are theirs, and a replay a replay.
SELECT batches, records, loaded FROM replay('call', 'sales');
SELECT kind, what, regexp_replace(split_part(detail, ';', 1), '\d{5,}', 'N', 'g') AS detail FROM post_mortem('call', 'sales', '-infinity') WHERE kind IN ('batch', 'replay');
SELECT count(*) AS batches, bool_and(b.positions->'records'->>0 = w.first::text AND b.positions->'records'->>1 = (w.last + 1)::text) AS told
FROM batch_log b JOIN (SELECT batch_id, count(*) AS n, min(record_no) AS first, max(record_no) AS last FROM bronze_sales GROUP BY batch_id) w ON w.batch_id = b.batch_id AND w.n = b.records_read;

-- Errors.
SELECT ingest(NULL, '{}');
SELECT ingest('call.sales', NULL);
SELECT ingest('sales', '{}');
SELECT ingest('call.nothing', '{}');
SELECT ingest('nowhere.sales', '{}');
SELECT create_feed('call', 'head', '{"format":"csv","columns":[{"name":"a","type":"text"}]}');
SELECT ingest('call.head', ARRAY['x']);
ALTER TABLE sale_fact RENAME COLUMN note TO remark;
SELECT ingest('call.sales', ARRAY['{"id":11,"at":"2024-01-09","amount":9}']);
RESET search_path;
DROP SCHEMA "call" CASCADE;
