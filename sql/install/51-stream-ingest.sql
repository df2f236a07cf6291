-- Records straight from SQL, for clients without the program: parsed by the same code, through the same
-- steps and quarantine, in the caller's transaction.

CREATE FUNCTION ingest_batch(warehouse name, feed text, definition jsonb, source_id bigint, payloads text[], numbers bigint[], refused jsonb) RETURNS jsonb
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  batch bigint;
  rejects bigint;
  half integer := cardinality(payloads) / 2;
  error_code text; error_message text; error_detail text; error_hint text; error_column text;
  counts jsonb;
BEGIN
  BEGIN
    batch := starhouse.batch_begin(warehouse, feed, source_id, NULL, NULL);
    -- Which records are its own: a replay says nothing of the kind.
    EXECUTE format('UPDATE %I.batch_log SET positions = jsonb_build_object(''records'', jsonb_build_array($2, $3 + 1)) WHERE batch_id = $1', warehouse)
      USING batch, numbers[1], numbers[cardinality(numbers)];
    PERFORM set_config('starhouse.steps_since', pg_snapshot_xmax(pg_current_snapshot())::text, true);
    DELETE FROM pg_temp.batch;  -- of an earlier call in this transaction
    EXECUTE format($sql$
      WITH parsed AS MATERIALIZED (
        SELECT u.record_no, u.payload, p.row_values,
               coalesce($3->>'sqlstate', p.sqlstate) AS sqlstate, CASE WHEN $3 IS NULL THEN p.column_name ELSE $3->>'column' END AS column_name,
               CASE WHEN $3 IS NULL THEN p.value END AS value, coalesce($3->>'reason', p.reason) AS reason, CASE WHEN $3 IS NULL THEN p.hint ELSE $3->>'hint' END AS hint
        -- Not $2[p.ordinal]: a text's place in an array is found by walking there.
        FROM starhouse.contract_parse($4, $5, $2) p JOIN unnest($1, $2) WITH ORDINALITY AS u(record_no, payload, ordinal) USING (ordinal)),
      good AS (
        INSERT INTO pg_temp.batch SELECT record_no, %1$s FROM parsed WHERE sqlstate IS NULL),
      kept AS (
        %2$s),
      bad AS (
        INSERT INTO %3$I.quarantine (feed_name, source_id, batch_id, record_no, payload, sqlstate, column_name, value, reason, hint)
        SELECT $6, $7, $8, record_no, convert_to(payload, 'UTF8'), sqlstate, column_name, value, reason, hint FROM parsed WHERE sqlstate IS NOT NULL
        RETURNING 1)
      SELECT count(*) FROM bad$sql$,
      (SELECT string_agg(format('(row_values->>%L)::%s', c.name, c.type), ', ' ORDER BY c.ordinal) FROM starhouse.contract_columns(definition->'contract') c),
      CASE WHEN (definition->>'bronze')::boolean
           THEN format('INSERT INTO %I.%I (batch_id, record_no, payload) SELECT $8, record_no, payload FROM parsed WHERE payload IS NOT NULL', warehouse, 'bronze_' || feed)
           ELSE 'SELECT' END, warehouse)
      INTO rejects USING numbers, payloads, refused, definition->'contract', starhouse.warehouse_time_zone(warehouse), feed, source_id, batch;
    RETURN starhouse.batch_finish(warehouse, feed, batch, NULL, cardinality(payloads), rejects) - 'steps' - 'rejected_by_steps';
  EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
    GET STACKED DIAGNOSTICS error_code = RETURNED_SQLSTATE, error_message = MESSAGE_TEXT, error_detail = PG_EXCEPTION_DETAIL,
      error_hint = PG_EXCEPTION_HINT, error_column = COLUMN_NAME;
    IF refused IS NOT NULL OR cardinality(payloads) = 0 THEN
      RAISE;  -- the feed is at fault, not a record
    END IF;
  END;
  -- Some record is refused: halves on their own, until it stands alone.
  IF half = 0 THEN
    RETURN starhouse.ingest_batch(warehouse, feed, definition, source_id, payloads, numbers,
      jsonb_build_object('sqlstate', error_code, 'reason', error_message, 'column', nullif(error_column, ''), 'hint', coalesce(nullif(error_hint, ''), nullif(error_detail, ''))));
  END IF;
  counts := starhouse.ingest_batch(warehouse, feed, definition, source_id, payloads[:half], numbers[:half], NULL);
  RETURN (SELECT jsonb_object_agg(a.key, a.value::bigint + b.value::bigint)
          FROM jsonb_each_text(counts) a
            JOIN jsonb_each_text(starhouse.ingest_batch(warehouse, feed, definition, source_id, payloads[half + 1:], numbers[half + 1:], NULL)) b USING (key));
END
$body$;
COMMENT ON FUNCTION ingest_batch(name, text, jsonb, bigint, text[], bigint[], jsonb) IS
  'Internal to ingest: one batch of records, or, where the server refuses one of them, halves until it stands alone. A NULL warehouse or feed is an error (22004).';

CREATE FUNCTION ingest(feed text, payloads text[], idempotency_key text DEFAULT NULL, parameters jsonb DEFAULT '{}') RETURNS jsonb
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  path text[];
  definition jsonb;
  settings jsonb;
  source bigint;
  finished timestamptz;
  first_number bigint;
BEGIN
  IF feed IS NULL OR payloads IS NULL THEN
    RAISE EXCEPTION '% must not be NULL', CASE WHEN feed IS NULL THEN 'feed' ELSE 'payloads' END USING ERRCODE = '22004',
      HINT = 'For example starhouse.ingest(''quickeats.orders'', ARRAY[''{"order_id": 1}'']).';
  END IF;
  path := parse_ident(feed);
  IF cardinality(path) <> 2 THEN
    RAISE EXCEPTION '"%" does not name a feed', feed USING ERRCODE = '22023', HINT = 'Write WAREHOUSE.FEED, each in double quotes where SQL would want them.';
  END IF;
  IF array_ndims(payloads) > 1 OR cardinality(payloads) > 1000000 THEN
    RAISE EXCEPTION 'payloads has % elements in % dimensions', cardinality(payloads), array_ndims(payloads) USING ERRCODE = '22023',
      HINT = 'Give a list of at most a million records.';
  END IF;
  definition := starhouse.feed_get(path[1]::name, path[2]);
  IF definition->'contract'->>'format' = 'csv' AND coalesce((definition->'contract'->'csv'->>'header')::boolean, true) THEN
    RAISE EXCEPTION 'feed "%" is CSV with a header, which a list of records has not', path[2] USING ERRCODE = '0A000',
      HINT = 'Say "csv": {"header": false} in its contract, or send JSON.';
  END IF;
  settings := starhouse.feed_parameters(definition->'parameters', coalesce(parameters, '{}'));
  -- One source for all calls, or one per key: its uniqueness is what makes a repeated call do nothing.
  EXECUTE format($sql$
    INSERT INTO %I.load_source AS l (feed_name, source_name, fingerprint, kind, parameters, finished_at)
    SELECT $1, 'call', concat_ws(' ', 'call', coalesce($2, nullif($3::text, '{}'))), 'call', $3, CASE WHEN $2 IS NOT NULL THEN now() END
    WHERE $2 IS NOT NULL OR NOT EXISTS (SELECT FROM %1$I.load_source WHERE feed_name = $1 AND fingerprint = concat_ws(' ', 'call', nullif($3::text, '{}')))
    ON CONFLICT (feed_name, fingerprint) DO NOTHING
    RETURNING l.source_id$sql$, path[1]) INTO source USING path[2], idempotency_key, settings;
  IF source IS NULL THEN
    EXECUTE format('SELECT source_id, finished_at FROM %I.load_source WHERE feed_name = $1 AND fingerprint = concat_ws('' '', ''call'', coalesce($2, nullif($3::text, ''{}'')))', path[1])
      INTO source, finished USING path[2], idempotency_key, settings;
    IF idempotency_key IS NOT NULL THEN
      RETURN jsonb_build_object('read', 0, 'loaded', 0, 'duplicates', 0, 'rejected', 0, 'ingested_at', finished);
    END IF;
  END IF;
  -- Numbers that no other call has, without a lock.
  first_number := nextval(pg_get_serial_sequence(format('%I.batch_log', path[1]), 'batch_id')) << 24;
  RETURN starhouse.ingest_batch(path[1]::name, path[2], definition, source, payloads,
                                ARRAY(SELECT first_number + n FROM generate_series(1, cardinality(payloads)) n), NULL);
END
$body$;
COMMENT ON FUNCTION ingest(text, text[], text, jsonb) IS
  'Takes records through a feed in the caller''s transaction, as starhouse ingest and starhouse load do: feed is WAREHOUSE.FEED, payloads are the records as text (JSON, or CSV without a header), a NULL element is rejected. Returns {read, loaded, duplicates, rejected}; what is rejected, by the contract, a step or the server, is in quarantine. With an idempotency_key, a second call of the feed with the same key does nothing and says when the first one was (ingested_at); without one, records count again, and facts are recognised by their keys. parameters are the feed''s. 22004 for a NULL feed or list, 42704 and 3F000 for unknown ones, 0A000 for a contract with a header.';
