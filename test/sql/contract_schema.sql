-- JSON Schema in contracts, versions and their compatibility, drift.
SET search_path = starhouse, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never

-- A schema alone: its properties are the columns.
SELECT * FROM contract_columns('{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
  "required": ["id"], "properties": {"id": {"type": "integer"}, "at": {"type": "string", "format": "date-time"},
  "price": {"type": "number"}, "tags": {"type": "array"}}}');

-- Beside columns: the whole record is checked before them.
SELECT ordinal AS n, row_values, sqlstate, column_name, value, reason
FROM contract_parse('{
    "schema": {"type": "object", "required": ["id", "lines"], "properties": {
      "id": {"type": "string", "pattern": "^o-\\d+$"},
      "lines": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/line"}}},
      "$defs": {"line": {"required": ["sku"], "properties": {"sku": {"type": "string"},
        "qty": {"type": "integer", "minimum": 1}, "price": {"multipleOf": 0.01}}}}},
    "columns": [{"name": "order_id", "from": "/id", "type": "text"}, {"name": "first_sku", "from": "/lines/0/sku", "type": "text"}]}',
  'UTC', ARRAY[
    '{"id": "o-1", "lines": [{"sku": "a", "qty": 2, "price": 4.35}]}',
    '{"id": "1", "lines": [{"sku": "a"}]}',
    '{"id": "o-1", "lines": []}',
    '{"id": "o-1", "lines": [{"sku": "a"}, {"qty": 0}]}',
    '{"id": "o-1", "lines": [{"sku": "a"}, {"sku": "b", "qty": 0}]}',
    '{"id": "o-1", "lines": [{"sku": "a", "price": 4.355}]}',
    '{"lines": [{"sku": 7}]}']);

-- What is wrong is refused when it is registered.
SELECT contract_check('{"properties": {"a": {"requierd": []}}}');
SELECT contract_check('{"schema": {"$ref": "#"}, "columns": [{"name": "a", "type": "text"}]}');
SELECT contract_check('{"schema": {"pattern": "(?!x)"}, "columns": [{"name": "a", "type": "text"}]}');
SELECT contract_check('{"schema": {"properties": {"a": {"format": "hostname"}}}, "assert_formats": true}');
SELECT contract_check('{"format": "csv", "schema": true, "columns": [{"name": "a", "type": "text"}]}');

-- Compatibility of two contracts.
SELECT * FROM contract_incompatibilities(
  '{"properties": {"id": {"type": "string"}, "n": {"type": "integer", "minimum": 1}, "state": {"enum": ["new"]}}, "required": ["n"]}',
  '{"properties": {"id": {"type": ["string", "null"]}, "n": {"type": "integer"}, "state": {"enum": ["new", "paid"]}}}') ORDER BY 1, 2;
SELECT count(*) FROM contract_incompatibilities('{"properties": {"a": {"type": "number"}, "b": true}}', '{"properties": {"a": {"type": "integer"}}}');
SELECT count(*) FROM contract_incompatibilities(NULL, '{"properties": {"a": true}}');

-- Versions of a feed.
CREATE SCHEMA versions;
SELECT init_pipeline('versions');
SELECT create_feed('versions', 'orders', '{"properties": {"id": {"type": "integer"}}, "required": ["id"]}', compatibility => 'backward');
SELECT create_feed('versions', 'orders', '{"properties": {"id": {"type": "integer"}, "note": {"type": "string"}}, "required": ["id"]}');
SELECT create_feed('versions', 'orders', '{"properties": {"id": {"type": "integer"}, "note": {"type": "string"}, "at": true}, "required": ["id", "at"]}');
SELECT create_feed('versions', 'orders', '{"properties": {"id": {"type": "integer"}, "note": {"type": "string"}}, "required": ["id"]}',
                   '[{"step": "sql", "sql": "SELECT 1"}]');
SELECT create_feed('versions', 'orders', '{"properties": {"id": {"type": "number"}, "note": {"type": "string"}}}', compatibility => 'full');
SELECT create_feed('versions', 'orders', '{"properties": {"id": {"type": "number"}, "note": {"type": "string"}}}');
SELECT create_feed('versions', 'orders', '{"properties": {"id": {"type": ["integer", "string"]}}}', compatibility => 'forward_transitive');
SELECT create_feed('versions', 'orders', '{"properties": {"id": {"type": "integer", "minimum": 5}}}', compatibility => 'sideways');
SELECT version, contract->'properties' AS properties, compatibility FROM feed_versions('versions', 'orders');
SELECT jsonb_path_query_array(feed_plan('versions', 'orders'), '$.older_contracts[*].version');
SELECT feed_versions('versions', 'none');

-- Drift comes with the batch.
BEGIN;
SELECT batch_begin('versions', 'orders', NULL, NULL, NULL) AS batch_id \gset
INSERT INTO pg_temp.batch VALUES (1, 1, 'x');
SELECT batch_finish('versions', 'orders', :batch_id, NULL, 1, 0, '{"/a": {"count": 3, "types": ["string"]}, "/b/*/c": {"count": 1, "types": ["null"]}}')->'loaded';
COMMIT;
BEGIN;
SELECT batch_begin('versions', 'orders', NULL, NULL, NULL) AS batch_id \gset
INSERT INTO pg_temp.batch VALUES (1, 1, 'x');
SELECT batch_finish('versions', 'orders', :batch_id, NULL, 1, 0, '{"/a": {"count": 2, "types": ["number", "string"]}}')->'loaded';
COMMIT;
SELECT feed_name, path, first_seen < last_seen AS twice, records, types FROM versions.feed_drift ORDER BY path;

SELECT drop_feed('versions', 'orders', confirm => 'orders');
SELECT count(*) FROM versions.feed_version;
DROP SCHEMA versions CASCADE;
