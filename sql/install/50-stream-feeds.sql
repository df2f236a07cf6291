-- Feeds as data: definition and the plan a client works by.

CREATE FUNCTION steps_check(steps jsonb) RETURNS void
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  step jsonb;
  place text;
  kind text;
  unknown text;
  missing text;
  needed text[];
  allowed text[];
BEGIN
  IF steps IS NULL OR jsonb_typeof(steps) <> 'array' THEN
    RAISE EXCEPTION 'steps must be a JSON array, not %', coalesce(jsonb_typeof(steps), 'NULL')
      USING ERRCODE = '22023', HINT = 'For example [{"step":"facts","into":"sales_fact","select":"SELECT ... FROM batch"}].';
  END IF;
  FOR step, place IN SELECT s, 'step ' || n FROM jsonb_array_elements(steps) WITH ORDINALITY AS e(s, n) LOOP
    kind := step->>'step';
    CASE kind
      WHEN 'reject' THEN needed := '{when,reason}'; allowed := '{column,code,hint,ahead}';
      WHEN 'sql' THEN needed := '{sql}'; allowed := '{replace,ahead,look_up}';
      WHEN 'members' THEN needed := '{into,select}'; allowed := '{key}';
      WHEN 'scd2' THEN needed := '{into,select}'; allowed := '{mode,sequence,op,missing}';
      WHEN 'facts' THEN needed := '{into,select}'; allowed := '{conflict,time,partition,partition_range,look_up,then,replace}';
      WHEN 'upsert' THEN needed := '{into,key,select}'; allowed := '{nulls}';
      ELSE
        RAISE EXCEPTION '%: unknown kind %', place, coalesce('"' || kind || '"', 'NULL')
          USING ERRCODE = '22023', HINT = 'A step is one of reject, sql, members, scd2, facts, upsert.';
    END CASE;
    SELECT string_agg(k, ', ') INTO missing FROM unnest(needed) k WHERE step->k IS NULL OR step->k = 'null' OR step->>k = '';
    IF missing IS NOT NULL THEN
      RAISE EXCEPTION '% (%): % missing', place, kind, missing USING ERRCODE = '22023',
        HINT = format('A %s step needs %s.', kind, array_to_string(needed, ', '));
    END IF;
    SELECT string_agg('"' || k || '"', ', ' ORDER BY k) INTO unknown
    FROM jsonb_object_keys(step) k WHERE k <> ALL (needed || allowed || '{step,name}');
    IF unknown IS NOT NULL THEN
      RAISE EXCEPTION '% (%): unknown %', place, kind, unknown USING ERRCODE = '22023',
        HINT = format('A %s step may hold %s.', kind, array_to_string('{name}' || needed || allowed, ', '));
    END IF;
    IF step ? 'ahead' AND jsonb_typeof(step->'ahead') <> 'boolean' THEN
      RAISE EXCEPTION '% (%): ahead is %', place, kind, step->'ahead' USING ERRCODE = '22023',
        HINT = 'ahead is true for a step that reads nothing but the batch, and writes nothing but temporary tables.';
    END IF;
    IF step ? 'look_up' AND jsonb_typeof(step->'look_up') <> 'string' THEN
      RAISE EXCEPTION '% (%): look_up is %', place, kind, step->'look_up' USING ERRCODE = '22023',
        HINT = 'look_up names the large table that the statement joins, such as "customer_history".';
    END IF;
    IF kind = 'facts' AND coalesce(step->>'conflict', 'ignore') NOT IN ('ignore', 'update') THEN
      RAISE EXCEPTION '% (facts): conflict is "%"', place, step->>'conflict' USING ERRCODE = '22023',
        HINT = 'conflict is ignore (a known row stays) or update (the later row wins).';
    END IF;
    IF kind = 'facts' AND step ? 'then' THEN
      IF jsonb_typeof(step->'then') <> 'array' OR EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(step->'then') WHEN 'array' THEN step->'then' ELSE '[]' END) t
                                                          WHERE jsonb_typeof(t) <> 'string') THEN
        RAISE EXCEPTION '% (facts): then is no array of statements', place USING ERRCODE = '22023',
          HINT = 'For example "then":["INSERT INTO totals SELECT ... FROM added"].';
      ELSIF step->>'conflict' = 'update' THEN
        RAISE EXCEPTION '% (facts): then goes with conflict ignore only', place USING ERRCODE = '22023',
          HINT = 'Rows that were there before are not among those added: derive what follows from them in a sql step.';
      END IF;
    END IF;
    IF step ? 'replace' AND (jsonb_typeof(step->'replace') <> 'array' OR EXISTS (SELECT FROM jsonb_array_elements(CASE jsonb_typeof(step->'replace') WHEN 'array' THEN step->'replace' ELSE '[]' END) t
                                                                                   WHERE jsonb_typeof(t) <> 'string' OR strpos(t #>> '{}', '{batch_id}') > 0)) THEN
      RAISE EXCEPTION '% (%): replace is no array of statements, or one has {batch_id}', place, kind USING ERRCODE = '22023',
        HINT = 'For example "replace":["UPDATE totals t SET n = t.n - r.n FROM (SELECT shop, count(*) AS n FROM removed GROUP BY 1) r WHERE t.shop = r.shop"]; [] where another step''s statements mend it.';
    END IF;
    IF kind = 'facts' AND (step->>'partition') IS NOT NULL AND (step->>'time') IS NULL THEN
      RAISE EXCEPTION '% (facts): partition without time', place USING ERRCODE = '22023',
        HINT = 'Name the fact''s partitioning column in "time".';
    END IF;
    IF kind = 'upsert' AND coalesce(step->>'nulls', 'write') NOT IN ('write', 'keep') THEN
      RAISE EXCEPTION '% (upsert): nulls is "%"', place, step->>'nulls' USING ERRCODE = '22023',
        HINT = 'nulls is write (a NULL is a value) or keep (a NULL was not told: what is known stays).';
    END IF;
    IF kind = 'upsert' AND jsonb_typeof(step->'key') <> 'array' THEN
      RAISE EXCEPTION '% (upsert): key is no array', place USING ERRCODE = '22023', HINT = 'For example "key":["store_id"].';
    END IF;
    IF kind = 'reject' AND (step->>'code') !~ '^[0-9A-Z]{5}$' THEN
      RAISE EXCEPTION '% (reject): code "%" is no SQLSTATE', place, step->>'code' USING ERRCODE = '22023',
        HINT = 'Five digits or capitals; 23514 is a broken rule.';
    END IF;
  END LOOP;
END
$body$;
COMMENT ON FUNCTION steps_check(jsonb) IS
  'Raises 22023 naming the first step of a feed that is wrong in shape: unknown kind, missing or unknown key. Table and column names are checked when a batch runs. NULL too.';

-- One function says what parameters may be, both where they are declared and where they are given.
CREATE FUNCTION feed_parameters(declared jsonb, given jsonb) RETURNS jsonb
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  result jsonb := '{}';
  known text := (SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(declared) k);
  name text;
  parameter jsonb;
  value text;
BEGIN
  IF declared IS NULL OR jsonb_typeof(declared) <> 'object' THEN
    RAISE EXCEPTION 'parameters must be a JSON object, not %', coalesce(jsonb_typeof(declared), 'NULL')
      USING ERRCODE = '22023', HINT = 'For example {"month": {"description": "month of the file", "pattern": "\d{4}-\d{2}"}}.';
  END IF;
  FOR name IN SELECT k FROM jsonb_object_keys(given) k WHERE declared->k IS NULL ORDER BY k LOOP
    RAISE EXCEPTION 'the feed has no parameter "%"', name USING ERRCODE = '22023',
      HINT = coalesce('Its parameters: ' || known || '.', 'It has none.');
  END LOOP;
  FOR name, parameter IN SELECT * FROM jsonb_each(declared) LOOP
    IF name !~ '^[a-z][a-z0-9_]*$' OR name IN ('time_zone', 'batch_id', 'feed') THEN
      RAISE EXCEPTION 'a parameter cannot be called "%"', name USING ERRCODE = '22023',
        HINT = 'Use small letters, digits and underscores; time_zone, batch_id and feed are taken.';
    END IF;
    IF jsonb_typeof(parameter) <> 'object' OR EXISTS (SELECT FROM jsonb_each(parameter) p
         WHERE p.key NOT IN ('description', 'pattern', 'default') OR jsonb_typeof(p.value) <> 'string') THEN
      RAISE EXCEPTION 'parameter "%" is declared as %', name, parameter USING ERRCODE = '22023',
        HINT = 'A parameter may hold description, pattern and default, which are texts.';
    END IF;
    PERFORM '' ~ (parameter->>'pattern');  -- a bad expression is an error here
    IF given IS NOT NULL THEN
      value := coalesce(given->>name, parameter->>'default');
      IF value IS NULL THEN
        RAISE EXCEPTION 'parameter "%" is missing', name USING ERRCODE = '22023', DETAIL = coalesce(parameter->>'description', ''),
          HINT = format('Give it to the load: --set %s=VALUE.', name);
      ELSIF value !~ ('^(?:' || coalesce(parameter->>'pattern', '.*') || ')$') THEN
        RAISE EXCEPTION 'parameter "%" cannot be "%"', name, value USING ERRCODE = '22023', DETAIL = coalesce(parameter->>'description', ''),
          HINT = format('Its pattern is %s.', parameter->>'pattern');
      END IF;
      result := result || jsonb_build_object(name, value);
    END IF;
  END LOOP;
  RETURN result;
END
$body$;
COMMENT ON FUNCTION feed_parameters(jsonb, jsonb) IS
  'Internal to create_feed and load_open: checks a feed''s declared parameters and, unless given is NULL, the values that a load gives: every parameter with its value or default, as an object of texts ({} when given is NULL). 22023 for a bad declaration, an unknown or missing parameter, or a value that its pattern does not fit. A NULL declaration is an error (22023).';

CREATE FUNCTION create_feed(warehouse name, feed text, contract jsonb, steps jsonb DEFAULT '[]', bronze boolean DEFAULT true,
                            batch_rows integer DEFAULT 200000, description text DEFAULT NULL, parameters jsonb DEFAULT '{}',
                            compatibility text DEFAULT NULL) RETURNS integer
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  bronze_name text := 'bronze_' || feed;
  bronze_table text := format('%I.%I', warehouse, 'bronze_' || feed);
  described text;
  before record;
  rule text;
  result integer;
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  IF feed IS NULL OR feed !~ '^[[:alnum:]_ .-]+$' OR octet_length(bronze_name) > 49 THEN
    RAISE EXCEPTION 'feed name % cannot be used', coalesce('"' || feed || '"', 'NULL') USING ERRCODE = '22023',
      HINT = 'Up to 42 letters, digits, blanks, dots, hyphens and underscores.';
  END IF;
  IF batch_rows IS NULL OR batch_rows < 1 THEN
    RAISE EXCEPTION 'batch_rows is %', coalesce(batch_rows::text, 'NULL') USING ERRCODE = '22023', HINT = 'Give 1 or more; 200000 suits files.';
  END IF;
  IF contract IS NULL THEN
    RAISE EXCEPTION 'contract must not be NULL' USING ERRCODE = '22004', HINT = 'docs/contract.md shows contracts.';
  END IF;
  PERFORM starhouse.contract_check(contract);
  PERFORM starhouse.steps_check(steps);
  PERFORM starhouse.feed_parameters(parameters, NULL);
  EXECUTE format('SELECT f.contract, f.compatibility FROM %I.feed f WHERE feed_name = $1 FOR UPDATE', warehouse) INTO before USING feed;
  rule := coalesce(compatibility, before.compatibility, 'none');
  PERFORM starhouse.contract_compatibility_check(warehouse, feed, contract,
                                                 CASE WHEN before.contract = contract AND compatibility IS NULL THEN 'none' ELSE rule END);
  EXECUTE format($sql$
    INSERT INTO %I.feed AS f (feed_name, contract, steps, bronze, batch_rows, description, parameters, compatibility)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (feed_name) DO UPDATE
    SET version = f.version + 1, contract = excluded.contract, steps = excluded.steps, bronze = excluded.bronze,
        batch_rows = excluded.batch_rows, parameters = excluded.parameters, compatibility = excluded.compatibility, description = coalesce(excluded.description, f.description), updated_at = now()
    RETURNING version$sql$, warehouse)
    INTO result USING feed, contract, steps, coalesce(bronze, true), batch_rows, description, parameters, rule;
  IF before.contract IS DISTINCT FROM contract THEN
    EXECUTE format('INSERT INTO %I.feed_version (feed_name, version, contract, compatibility) VALUES ($1, $2, $3, $4)', warehouse)
      USING feed, result, contract, rule;
  END IF;
  IF coalesce(bronze, true) AND to_regclass(bronze_table) IS NULL THEN
    EXECUTE format($sql$
      CREATE TABLE %s (
        batch_id     bigint NOT NULL,
        record_no    bigint NOT NULL,
        received_at  timestamptz NOT NULL DEFAULT now(),
        payload      text NOT NULL
      ) PARTITION BY RANGE (received_at)$sql$, bronze_table);
    -- Rows arrive in batch order, so a BRIN finds a batch for next to nothing.
    EXECUTE format('CREATE INDEX ON %s USING brin (batch_id) WITH (pages_per_range = 32, autosummarize = on)', bronze_table);
    EXECUTE format('COMMENT ON TABLE %s IS %L', bronze_table,
                   format('Records of feed %s exactly as received; the source is in batch_log. One partition per day.', feed));
    FOREACH described IN ARRAY ARRAY['batch_id:Batch that loaded the record', 'record_no:Its number in the source, the header counted',
        'received_at:Start of the transaction that loaded it', 'payload:The record''s text, without its line break'] LOOP
      EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', bronze_table, split_part(described, ':', 1), split_part(described, ':', 2));
    END LOOP;
  END IF;
  RETURN result;
END
$body$;
COMMENT ON FUNCTION create_feed(name, text, jsonb, jsonb, boolean, integer, text, jsonb, text) IS
  'Defines a feed of the warehouse, or a new version of it: contract (record layout and typed columns), steps (what a batch does), whether records are kept as received in bronze_<feed>, records per transaction, and the parameters that a load has to be given: an object of names, each with "description", "pattern" (a regular expression for the whole value) and "default" (without one the parameter is required), which stand in steps as {name}. The contract is a contract of starhouse, with or without a JSON Schema in it, or a JSON Schema alone (docs/contract.md). compatibility (none, backward, forward, full, or one of these with _transitive; NULL: as before, none at first) is the rule by which this contract is checked against the versions before it, and later ones are. Returns the version. 22023 for a wrong contract, step, parameter, rule or name, and for a contract that is not compatible, with a list of the problems. A NULL warehouse, name, contract, list of steps or parameters is an error; a NULL description is none.';

CREATE FUNCTION drop_feed(warehouse name, feed text, confirm text DEFAULT NULL) RETURNS text
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  bronze_table text := format('%I.%I', warehouse, 'bronze_' || feed);
  bronze_rows bigint := 0;
  open_rejects bigint;
BEGIN
  PERFORM starhouse.feed_get(warehouse, feed);
  IF to_regclass(bronze_table) IS NOT NULL THEN
    EXECUTE format('SELECT count(*) FROM %s', bronze_table) INTO bronze_rows;
  END IF;
  EXECUTE format('SELECT count(*) FROM %I.quarantine WHERE feed_name = $1 AND resolved_at IS NULL', warehouse)
    INTO open_rejects USING feed;
  IF confirm IS DISTINCT FROM feed THEN
    RAISE EXCEPTION 'drop_feed would delete feed "%" with % bronze rows and % open rejects', feed, bronze_rows, open_rejects
      USING ERRCODE = '55000', HINT = format('Repeat the name to confirm: SELECT starhouse.drop_feed(%L, %L, confirm => %L).', warehouse, feed, feed);
  END IF;
  EXECUTE format('DELETE FROM %I.quarantine WHERE feed_name = $1', warehouse) USING feed;
  EXECUTE format('DELETE FROM %I.load_source WHERE feed_name = $1', warehouse) USING feed;
  EXECUTE format('DELETE FROM %I.feed_version WHERE feed_name = $1', warehouse) USING feed;
  EXECUTE format('DELETE FROM %I.feed WHERE feed_name = $1', warehouse) USING feed;
  EXECUTE format('DROP TABLE IF EXISTS %s', bronze_table);
  RETURN format('dropped feed %s, %s bronze rows and %s open rejects; loaded facts stay', feed, bronze_rows, open_rejects);
END
$body$;
COMMENT ON FUNCTION drop_feed(name, text, text) IS
  'Deletes a feed with its bronze table, its quarantine and its sources; facts and the batch log stay. Refuses with 55000 unless confirm repeats the name, saying how much would go. A NULL warehouse or feed is an error (22004), NULL confirms nothing.';

CREATE FUNCTION warehouse_time_zone(warehouse name) RETURNS text
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  result text;
BEGIN
  IF to_regclass(format('%I.warehouse_info', warehouse)) IS NOT NULL THEN
    EXECUTE format('SELECT time_zone FROM %I.warehouse_info', warehouse) INTO result;
  END IF;
  RETURN coalesce(result, current_setting('TimeZone'));
END
$body$;
COMMENT ON FUNCTION warehouse_time_zone(name) IS
  'Time zone of the warehouse (warehouse_info.time_zone), the session''s where there is none. Local times of its sources are read in it. NULL is an error (22004).';

CREATE FUNCTION feed_plan(warehouse name, feed text) RETURNS jsonb
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  definition jsonb := starhouse.feed_get(warehouse, feed);
  zone text := starhouse.warehouse_time_zone(warehouse);
  older jsonb;
BEGIN
  EXECUTE format($sql$
    SELECT jsonb_agg(jsonb_build_object('version', v.version, 'contract', v.contract) ORDER BY v.version)
    FROM %1$I.feed_version v
    WHERE v.feed_name = $1 AND v.version < (SELECT max(l.version) FROM %1$I.feed_version l WHERE l.feed_name = $1)$sql$, warehouse)
    INTO older USING feed;
  RETURN jsonb_build_object(
    'warehouse', warehouse,
    'feed', feed,
    'version', definition->'version',
    'contract', definition->'contract',
    'older_contracts', coalesce(older, '[]'),
    'description', definition->'description',
    'time_zone', zone,
    'zone_transitions', (SELECT jsonb_agg(jsonb_build_array((extract(epoch FROM t.at) * 1000000)::bigint - 946684800000000, t.utc_offset_seconds) ORDER BY t.at)
                         FROM starhouse.zone_transitions(zone, '1900-01-01', '2099-12-31') t),
    'bronze', definition->'bronze',
    'bronze_table', CASE WHEN (definition->>'bronze')::boolean THEN format('%I.%I', warehouse, 'bronze_' || feed) END,
    'quarantine_table', format('%I.quarantine', warehouse),
    'batch_rows', definition->'batch_rows',
    'ahead', coalesce(definition->'steps'->0->'ahead', 'false'),
    'parameters', definition->'parameters',
    'columns', (SELECT jsonb_agg(jsonb_build_object('name', c.name, 'type', c.type) ORDER BY c.ordinal)
                FROM starhouse.contract_columns(definition->'contract') c),
    'library_version', starhouse.version());
END
$body$;
COMMENT ON FUNCTION feed_plan(name, text) IS
  'All a client needs to parse and load a feed: contract, the contracts before it with their versions, time zone with its transitions 1900 to 2100 as [microseconds since 2000-01-01 UTC, offset in seconds], tables, columns of batch, records per transaction, whether steps may run ahead (batch_ahead). 42704 for an unknown feed. A NULL warehouse is an error (22004).';
