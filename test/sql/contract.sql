-- Feed contracts: what they may say, the columns they give, and what becomes of records.
\pset null (null)
\set VERBOSITY verbose
\set SHOW_CONTEXT never

-- A contract and its columns.
SELECT starhouse.contract_check('{"format": "jsonl", "columns": [{"name": "id", "type": "text"}]}') IS NOT NULL AS checked;
SELECT * FROM starhouse.contract_columns('{"format": "csv", "columns": [
  {"name": "id", "type": "text", "required": true},
  {"name": "n", "type": "integer"}, {"name": "amount", "type": "numeric"},
  {"name": "lat", "type": "float8"}, {"name": "ok", "type": "boolean"},
  {"name": "day", "type": "date"}, {"name": "at", "type": "timestamptz"},
  {"name": "doc", "type": "jsonb"}, {"name": "key", "type": "hash", "of": ["id", "at"]}]}');

-- NULL in, nothing out.
SELECT starhouse.contract_check(NULL) IS NULL AS null_check;
SELECT count(*) FROM starhouse.contract_columns(NULL);
SELECT count(*) FROM starhouse.contract_parse(NULL, 'UTC', '{x}');

-- Mistakes name the place, the value and the mend.
\set VERBOSITY default
SELECT starhouse.contract_check('[]');
SELECT starhouse.contract_check('{"format": "xml"}');
SELECT starhouse.contract_check('{"format": "csv", "columns": [{"name": "a", "type": "text"}, {"name": "b", "type": "int"}]}');
SELECT starhouse.contract_check('{"format": "csv", "columns": [{"name": "a", "type": "text", "scale": 2}]}');
SELECT starhouse.contract_check('{"format": "csv", "columns": [{"name": "a", "type": "date", "formats": ["DD/MM"]}]}');
SELECT starhouse.contract_check('{"format": "csv", "columns": [{"name": "a", "type": "integer", "default": "many"}]}');
SELECT starhouse.contract_columns('{"format": "csv", "columns": []}');
\set VERBOSITY sqlstate
SELECT starhouse.contract_check('{}');
\set VERBOSITY default

-- CSV: the first payload is the header.
CREATE TEMP TABLE pos (contract jsonb);
INSERT INTO pos VALUES ('{
  "format": "csv", "null": ["", "NULL"],
  "columns": [
    {"name": "store_id", "type": "text", "required": true,
     "code": {"prefix": "S", "width": 3, "aliases": ["STORE"]}},
    {"name": "quantity", "type": "integer", "required": true, "exclusive_min": 0},
    {"name": "amount", "from": ["sale_amount", "amount"], "type": "numeric", "scale": 2, "min": 0},
    {"name": "sold_at", "from": "date", "type": "timestamptz", "required": true,
     "formats": ["ISO", "DD/MM/YYYY HH24:MI", "DD-Mon-YYYY"]},
    {"name": "channel", "type": "text", "optional_column": true, "default": "Store"},
    {"name": "key", "type": "hash", "of": ["store_id", "sold_at"]}]}');
SELECT ordinal, row_values - 'key' AS row_values, sqlstate, column_name, value, reason, hint
FROM pos, starhouse.contract_parse(contract, 'Asia/Kolkata', ARRAY[
  'Store_ID,quantity,sale_amount,date,note',
  's-1,2,19.90,2024-02-29 10:00,',
  '"STORE 001",1,5,29/02/2024 10:00,"a, b"',
  'S1,1,5,2024-02-29T04:30:00Z,',
  'X1,1,5,2024-02-29,',
  'S2,0,5,2024-02-29,',
  'S2,1,5.005,2024-02-29,',
  'S2,1,-5,2024-02-29,',
  'S2,1,5,31/02/2024 10:00,',
  'S2,1,5,31-Feb-2024,',
  'S2,1,5,yesterday,',
  'S2,,5,2024-02-29,',
  'S2,one,5,2024-02-29,',
  'S2,1,5,2024-02-29',
  'S2,1,5,2024-02-29,x,y',
  'S2,"1"x,5,2024-02-29,',
  'S2,1,5,2024-02-29,"open',
  E'S2,1,5,2024-02-29,\nS2,1,5,2024-02-29,',
  '',
  NULL]);

-- One instant written in three ways is one key.
SELECT count(DISTINCT row_values->>'key') AS keys
FROM pos, starhouse.contract_parse(contract, 'Asia/Kolkata', ARRAY['store_id,quantity,amount,date',
  's-1,2,19.90,2024-02-29 10:00', '"STORE 001",1,5,29/02/2024 10:00', 'S1,1,5,2024-02-29T04:30:00Z']);

-- A header that does not fit is an error of the file.
SELECT starhouse.contract_parse(contract, 'UTC', '{"quantity,amount"}') FROM pos;
SELECT starhouse.contract_parse(contract, 'Mars/Olympus', '{"a"}') FROM pos;

-- JSON lines; decimals stay exact, what is not asked for is proven to be JSON all the same.
SELECT ordinal, row_values, sqlstate, column_name, value, reason
FROM starhouse.contract_parse('{"format": "jsonl", "columns": [
    {"name": "order_id", "type": "text", "required": true},
    {"name": "customer", "from": ["/customer/id", "customer_id"], "type": "text"},
    {"name": "price", "type": "numeric"},
    {"name": "first_item", "from": "/items/0", "type": "jsonb"},
    {"name": "mode", "type": "text", "map": {"cc": "Card", "upi": "UPI"}, "map_else": "reject"}]}',
  'UTC', ARRAY[
  '{"order_id": 7, "customer": {"id": "c1"}, "price": 0.1234567890123456789, "items": [{"sku": "a"}, 2], "mode": "CC"}',
  '{"order_id": "8", "customer_id": 9, "price": "1e3", "mode": null}',
  '{"order_id": "8", "order_id": "9"}',
  '{"order_id": {"x": 1}}',
  '{"customer": {"id": 1}}',
  '{"order_id": 1, "mode": "cash"}',
  '{"order_id": 1, "x": [1, 2}',
  '{"order_id": 1, "x": "\u0000"}',
  '[1]',
  '{"order_id": 1} {"order_id": 2}']);

-- What the parser writes is what the server's own input gives.
SELECT bool_and(coalesce(row_values->>'n' = v::numeric::text, false)) AS same_numeric
FROM unnest(ARRAY['0', '-0.00', '1', '10000', '99999999', '0.0001', '-123456789.987654321', '1e20',
                  '12345678901234567890.12345678901234567890', '7e-12', '100.0100']) v,
     starhouse.contract_parse('{"format": "jsonl", "columns": [{"name": "n", "type": "numeric"}]}',
                              'UTC', ARRAY[format('{"n": "%s"}', v)]);
SELECT count(*) > 1000 AND bool_and(coalesce((row_values->>'t')::timestamptz = v AT TIME ZONE 'Europe/London', false)) AS same_instant
FROM generate_series('2011-03-26'::timestamp, '2011-11-01', '37 minutes') v,
     starhouse.contract_parse('{"format": "jsonl", "columns": [{"name": "t", "type": "timestamptz"}]}',
                              'Europe/London', ARRAY[format('{"t": "%s"}', to_char(v, 'YYYY-MM-DD HH24:MI:SS'))])
WHERE extract(month FROM v) IN (3, 10);
