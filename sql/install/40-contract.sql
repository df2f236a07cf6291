-- Feed contracts: what the records of a feed look like (docs/contract.md).

CREATE FUNCTION contract_check(contract jsonb) RETURNS void
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_contract_check';
COMMENT ON FUNCTION contract_check(jsonb) IS
  'Checks a feed contract: returns when it is right, otherwise error 22023 names the place in the JSON, the value and the mend. NULL for NULL.';

CREATE FUNCTION contract_columns(
    contract jsonb,
    OUT ordinal int, OUT name text, OUT type text, OUT required boolean)
  RETURNS SETOF record
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT ROWS 20
  AS 'MODULE_PATHNAME', 'starhouse_contract_columns';
COMMENT ON FUNCTION contract_columns(jsonb) IS
  'Columns a contract gives the relation batch, in order: position from 1, name, SQL type, whether a value is required. A wrong contract is an error (22023). No rows for NULL.';

CREATE FUNCTION contract_parse_with(
    contract jsonb, transitions timestamptz[], offsets int[], payloads text[],
    OUT ordinal bigint, OUT row_values jsonb, OUT sqlstate text, OUT column_name text,
    OUT value text, OUT reason text, OUT hint text)
  RETURNS SETOF record
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_contract_parse';
COMMENT ON FUNCTION contract_parse_with(jsonb, timestamptz[], int[], text[]) IS
  'Internal to contract_parse: the same with the zone as its UTC offsets (seconds, east positive) and the instants each begins. No rows for NULL.';

CREATE FUNCTION contract_parse(
    contract jsonb, time_zone text, payloads text[],
    OUT ordinal bigint, OUT row_values jsonb, OUT sqlstate text, OUT column_name text,
    OUT value text, OUT reason text, OUT hint text)
  RETURNS SETOF record
  LANGUAGE sql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT p.*
  FROM (SELECT array_agg(t.at ORDER BY t.at) AS transitions,
               array_agg(t.utc_offset_seconds ORDER BY t.at) AS offsets
        FROM starhouse.zone_transitions(time_zone, '1900-01-01', '2100-12-31') t) zone,
       starhouse.contract_parse_with(contract, zone.transitions, zone.offsets, payloads) p
$$;
COMMENT ON FUNCTION contract_parse(jsonb, text, text[]) IS
  'Tries a contract on records, one per element (CSV with a header: the first element is the header and gives no row): the typed values as texts (instants in UTC), or the reject as the quarantine would hold it. Times without an offset are read in time_zone. A wrong contract, header or zone is an error (22023). No rows for NULL.';
