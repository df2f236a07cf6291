-- From bronze through the steps once more: after a feed was mended, or to fill a table that came later. Records
-- keep their source and number; what is loaded already counts as a duplicate (or is updated, where the step
-- says so), so a replay may be repeated at will.

CREATE FUNCTION replay_chunk(warehouse name, feed text, source_id bigint, records bigint[], payloads text[], header text, definition jsonb, zone text,
                             OUT loaded bigint, OUT rejected bigint)
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $body$
DECLARE
  contract jsonb := definition->'contract';
  with_header boolean := contract->>'format' = 'csv' AND coalesce((contract->'csv'->>'header')::boolean, true);
  batch_id bigint;
  counts jsonb;
  columns text;
  read bigint := cardinality(records);
BEGIN
  batch_id := starhouse.batch_begin(warehouse, feed, source_id, NULL, NULL);
  DELETE FROM pg_temp.batch;  -- the chunk before, in the same transaction
  SELECT string_agg(format('(p.row_values->>%L)::%s', c.name, c.type), ', ' ORDER BY c.ordinal) INTO columns FROM starhouse.contract_columns(contract) c;
  -- The header was stored in UTF-8, and so is bronze.
  CREATE TEMP TABLE IF NOT EXISTS replay_parsed (ordinal bigint, row_values jsonb, sqlstate text, column_name text, value text, reason text, hint text) ON COMMIT DELETE ROWS;
  DELETE FROM pg_temp.replay_parsed;
  INSERT INTO pg_temp.replay_parsed
  SELECT p.ordinal - with_header::integer, p.row_values, p.sqlstate, p.column_name, p.value, p.reason, p.hint
  FROM starhouse.contract_parse(contract #- '{csv,encoding}', zone, CASE WHEN with_header THEN ARRAY[header] ELSE '{}' END || payloads) p;
  EXECUTE format('INSERT INTO pg_temp.batch SELECT ($1)[p.ordinal], %s FROM pg_temp.replay_parsed p WHERE p.sqlstate IS NULL ORDER BY p.ordinal', columns) USING records;
  EXECUTE format($sql$
    INSERT INTO %I.quarantine (feed_name, source_id, batch_id, record_no, payload, sqlstate, column_name, value, reason, hint)
    SELECT $1, $2, $3, ($4)[p.ordinal], convert_to(($5)[p.ordinal], 'UTF8'), p.sqlstate, p.column_name, p.value, p.reason, p.hint
    FROM pg_temp.replay_parsed p WHERE p.sqlstate IS NOT NULL$sql$, warehouse) USING feed, source_id, batch_id, records, payloads;
  GET DIAGNOSTICS rejected = ROW_COUNT;
  counts := starhouse.batch_finish(warehouse, feed, batch_id, NULL, read, rejected);
  loaded := (counts->>'loaded')::bigint;
  rejected := (counts->>'rejected')::bigint;
  -- Those that a step rejected have no bronze of this batch: their text is what was read here.
  EXECUTE format($sql$
    UPDATE %I.quarantine q SET payload = convert_to(r.payload, 'UTF8')
    FROM unnest($2, $3) AS r (record_no, payload) WHERE q.batch_id = $1 AND q.record_no = r.record_no$sql$, warehouse) USING batch_id, records, payloads;
  -- A record is in quarantine once: what is open already takes over the new reason, the rest of the list is resolved.
  PERFORM starhouse.replay_finish(warehouse, feed, source_id, batch_id, records);
END
$body$;
COMMENT ON FUNCTION replay_chunk(name, text, bigint, bigint[], text[], text, jsonb, text) IS
  'Internal to replay: parses records of one source by the feed''s contract and takes them through its steps as one batch.';

-- As the client does with a batch: rows that the server refuses are found by halving and go to quarantine.
CREATE FUNCTION replay_records(warehouse name, feed text, source_id bigint, records bigint[], payloads text[], header text, definition jsonb, zone text,
                               OUT loaded bigint, OUT rejected bigint)
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $body$
DECLARE
  most_refused_in_a_row CONSTANT integer := 100;
  middle integer := cardinality(records) / 2;
  batch_id bigint;
  refused integer;
  state text; message text; detail text; hint text; at_column text;
  half record;
BEGIN
  SELECT c.loaded, c.rejected INTO loaded, rejected
    FROM starhouse.replay_chunk(warehouse, feed, source_id, records, payloads, header, definition, zone) c;
  IF loaded > 0 THEN
    PERFORM set_config('starhouse.replay_refused', '0', true);
  END IF;
EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, at_column = COLUMN_NAME;
  loaded := 0; rejected := 0;
  IF middle > 0 THEN
    FOR half IN SELECT p.* FROM (VALUES (records[:middle], payloads[:middle]), (records[middle + 1:], payloads[middle + 1:])) AS h (numbers, texts)
                CROSS JOIN LATERAL starhouse.replay_records(warehouse, feed, source_id, h.numbers, h.texts, header, definition, zone) p LOOP
      loaded := loaded + half.loaded; rejected := rejected + half.rejected;
    END LOOP;
    RETURN;
  END IF;
  refused := coalesce(nullif(current_setting('starhouse.replay_refused', true), '')::integer, 0) + 1;
  PERFORM set_config('starhouse.replay_refused', refused::text, true);
  IF refused > most_refused_in_a_row THEN
    RAISE EXCEPTION '%', message USING ERRCODE = state, DETAIL = detail,
      HINT = 'Record after record fails like this, so the feed''s steps are at fault rather than the data.';
  END IF;
  batch_id := starhouse.batch_begin(warehouse, feed, source_id, NULL, NULL);
  DELETE FROM pg_temp.batch;
  EXECUTE format($sql$
    INSERT INTO %I.quarantine (feed_name, source_id, batch_id, record_no, payload, sqlstate, column_name, reason, hint)
    VALUES ($1, $2, $3, $4, convert_to($5, 'UTF8'), $6, nullif($7, ''), $8, nullif($9, ''))$sql$, warehouse)
    USING feed, source_id, batch_id, records[1], payloads[1], state, at_column, concat_ws('; ', message, nullif(detail, '')), hint;
  PERFORM starhouse.batch_finish(warehouse, feed, batch_id, NULL, 1, 1);
  PERFORM starhouse.replay_finish(warehouse, feed, source_id, batch_id, records);
  rejected := 1;
END
$body$;
COMMENT ON FUNCTION replay_records(name, text, bigint, bigint[], text[], text, jsonb, text) IS
  'Internal to replay: replay_chunk; what the server refuses (classes 22 and 23) is halved until the record stands alone in quarantine. After 100 records in a row that fail, the error stands.';

CREATE FUNCTION replay_remove(warehouse name, feed text, sources bigint[], steps jsonb, zone text) RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $body$
DECLARE
  session_zone text := current_setting('TimeZone');
  done regclass[] := '{}';
  step jsonb;
  statement text;
  target regclass;
  gone bigint;
  result bigint := 0;
  missing text;
BEGIN
  -- Only facts that a row enters once and whose batch is known can be taken out and put in again; what else follows from
  -- a batch a step has to mend itself.
  SELECT string_agg(coalesce(s->>'name', concat_ws(' ', s->>'step', s->>'into')), ', ' ORDER BY n) INTO missing
  FROM jsonb_array_elements(steps) WITH ORDINALITY AS e (s, n)
  WHERE NOT s ? 'replace' AND (s->>'step' = 'facts' AND (s->>'conflict' = 'update' OR s ? 'then') OR s->>'step' = 'sql' AND strpos(s->>'sql', '{batch_id}') > 0);
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'the rows of feed "%" cannot be replaced', feed USING ERRCODE = '0A000',
      DETAIL = format('It updates facts, or derives others from the batch, and these steps do not say how that is undone: %s.', missing),
      HINT = 'Give those steps "replace", statements that mend what followed from the rows in the relation "removed"; or replay without replace, or delete the rows and rebuild what is derived by hand.';
  END IF;
  EXECUTE format($sql$
    SELECT string_agg(b.batch_id::text, ', ' ORDER BY b.batch_id) FROM %1$I.batch_log b
    -- A replay has no bronze of its own, and says no position.
    WHERE b.source_id = ANY ($1) AND b.feed_name = $2 AND b.records_read > b.rejected AND (b.first_record IS NOT NULL OR b.positions IS NOT NULL)
      AND NOT EXISTS (SELECT FROM %2$s w WHERE w.batch_id = b.batch_id)$sql$, warehouse, format('%I.%I', warehouse, 'bronze_' || feed)) INTO missing USING sources, feed;
  IF missing IS NULL THEN
    EXECUTE format($sql$
      SELECT 'record ' || min(q.record_no) || ', mended in quarantine' FROM %1$I.quarantine q
      WHERE q.source_id = ANY ($1) AND q.feed_name = $2 AND q.resolved_at IS NOT NULL
        AND NOT EXISTS (SELECT FROM %2$s w JOIN %1$I.batch_log b USING (batch_id)
                        WHERE b.source_id = q.source_id AND w.record_no = q.record_no AND convert_to(w.payload, 'UTF8') = q.payload)$sql$,
      warehouse, format('%I.%I', warehouse, 'bronze_' || feed)) INTO missing USING sources, feed;
  ELSE
    missing := 'batches ' || missing;
  END IF;
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'bronze of feed "%" no longer holds all that was loaded', feed USING ERRCODE = '55000', DETAIL = format('It lacks %s.', missing),
      HINT = 'Replay without replace, or a range of time whose sources are kept whole.';
  END IF;
  PERFORM set_config('TimeZone', zone, true);
  FOR step IN SELECT e.s FROM jsonb_array_elements(steps) WITH ORDINALITY AS e (s, n) ORDER BY e.n LOOP
    IF step->>'step' = 'facts' THEN
      SELECT t.rel INTO target FROM (SELECT coalesce(to_regclass(format('%I.%I', warehouse, step->>'into')), to_regclass(step->>'into')) AS rel) t
        JOIN pg_attribute a ON a.attrelid = t.rel AND a.attname = 'batch_id' AND NOT a.attisdropped WHERE t.rel <> ALL (done);
      CONTINUE WHEN target IS NULL;
      done := done || target;
      EXECUTE format('CREATE TEMP TABLE removed (LIKE %s) ON COMMIT DROP', target);
      EXECUTE format('WITH gone AS (DELETE FROM %s f WHERE f.batch_id IN (SELECT b.batch_id FROM %I.batch_log b WHERE b.source_id = ANY ($1) AND b.feed_name = $2) RETURNING f.*)
                      INSERT INTO pg_temp.removed SELECT * FROM gone', target, warehouse) USING sources, feed;
      GET DIAGNOSTICS gone = ROW_COUNT;
      result := result + gone;
    END IF;
    FOR statement IN SELECT starhouse.batch_sql(t, 0, feed, zone) FROM jsonb_array_elements_text(step->'replace') WITH ORDINALITY AS e (t, n) ORDER BY e.n LOOP
      PERFORM set_config('search_path', format('%I, starhouse, pg_catalog', warehouse), true);
      EXECUTE statement;
      PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
    END LOOP;
    IF step->>'step' = 'facts' THEN
      DROP TABLE pg_temp.removed;
    END IF;
  END LOOP;
  PERFORM set_config('TimeZone', session_zone, true);
  PERFORM starhouse.gold_doubt(warehouse, feed);
  RETURN result;
END
$body$;
COMMENT ON FUNCTION replay_remove(name, text, bigint[], jsonb, text) IS
  'Internal to replay: deletes what the sources'' batches put into the feed''s facts, after making sure that bronze can give it back, and lets the steps mend what followed from it.';

CREATE FUNCTION replay_sources(warehouse name, feed text, sources bigint[], chosen text, OUT batches bigint, OUT records bigint, OUT loaded bigint, OUT rejected bigint)
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  most CONSTANT integer := 20000;
  definition jsonb := starhouse.feed_get(warehouse, feed);
  zone text := starhouse.warehouse_time_zone(warehouse);
  source bigint;
  header text;
  place bigint;
  chunk record;
  done record;
BEGIN
  batches := 0; records := 0; loaded := 0; rejected := 0;
  FOREACH source IN ARRAY coalesce(sources, '{}') LOOP
    EXECUTE format('SELECT coalesce(l.header, '''') FROM %I.load_source l WHERE l.source_id = $1', warehouse) INTO header USING source;
    place := 0;
    LOOP
      EXECUTE format($sql$
        SELECT array_agg(c.record_no ORDER BY c.record_no) AS numbers, array_agg(c.payload ORDER BY c.record_no) AS payloads, max(c.record_no) AS last
        FROM (SELECT DISTINCT ON (w.record_no) w.record_no, w.payload FROM %I.%I w
              WHERE w.batch_id IN (SELECT b.batch_id FROM %1$I.batch_log b WHERE b.source_id = $1 AND b.feed_name = $4) AND w.record_no > $2 AND %3$s
              ORDER BY w.record_no LIMIT $3) c$sql$, warehouse, 'bronze_' || feed, chosen)
        INTO chunk USING source, place, least(most, (definition->>'batch_rows')::integer), feed;
      EXIT WHEN chunk.last IS NULL;
      SELECT * INTO done FROM starhouse.replay_records(warehouse, feed, source, chunk.numbers, chunk.payloads, header, definition, zone);
      batches := batches + 1; records := records + cardinality(chunk.numbers); loaded := loaded + done.loaded; rejected := rejected + done.rejected;
      place := chunk.last;
    END LOOP;
  END LOOP;
END
$body$;
COMMENT ON FUNCTION replay_sources(name, text, bigint[], text, OUT bigint, OUT bigint, OUT bigint, OUT bigint) IS
  'Internal to replay: takes the records of sources that satisfy chosen, a condition on bronze as w, through the feed.';

CREATE FUNCTION replay(warehouse name, feed text, from_time timestamptz DEFAULT NULL, to_time timestamptz DEFAULT NULL,
                       source_id bigint DEFAULT NULL, first_record bigint DEFAULT NULL, last_record bigint DEFAULT NULL, replace boolean DEFAULT false,
                       OUT batches bigint, OUT records bigint, OUT loaded bigint, OUT rejected bigint, OUT removed bigint)
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  definition jsonb := starhouse.feed_get(warehouse, feed);
  bronze text := format('%I.%I', warehouse, 'bronze_' || feed);
  chosen text;
  sources bigint[];
  other record;
  done record;
BEGIN
  removed := 0;
  IF to_regclass(bronze) IS NULL THEN
    RAISE EXCEPTION 'feed "%" keeps no bronze', feed USING ERRCODE = '55000', HINT = 'Load its files again: rows that are there count as duplicates.';
  END IF;
  IF source_id IS NULL AND (first_record IS NOT NULL OR last_record IS NOT NULL) THEN
    RAISE EXCEPTION 'a range of records without a source' USING ERRCODE = '22023', HINT = 'Records count within a source: give source_id (starhouse.source_status lists them).';
  END IF;
  chosen := concat_ws(' AND ', 'true',
    CASE WHEN from_time IS NOT NULL THEN format('w.received_at >= %L', from_time) END, CASE WHEN to_time IS NOT NULL THEN format('w.received_at < %L', to_time) END,
    CASE WHEN first_record IS NOT NULL THEN format('w.record_no >= %s', first_record) END, CASE WHEN last_record IS NOT NULL THEN format('w.record_no <= %s', last_record) END);
  EXECUTE format($sql$
    SELECT array_agg(s.source_id ORDER BY s.source_id)
    FROM (SELECT DISTINCT b.source_id FROM (SELECT DISTINCT w.batch_id FROM %s w WHERE %s) w JOIN %I.batch_log b USING (batch_id)
          WHERE b.source_id IS NOT NULL AND ($1 IS NULL OR b.source_id = $1)) s$sql$, bronze, chosen, warehouse) INTO sources USING source_id;
  IF replace THEN
    chosen := 'true';
    removed := starhouse.replay_remove(warehouse, feed, sources, definition->'steps', starhouse.warehouse_time_zone(warehouse));
  END IF;
  SELECT s.* INTO done FROM starhouse.replay_sources(warehouse, feed, sources, chosen) s;
  batches := done.batches; records := done.records; loaded := done.loaded; rejected := done.rejected;
  IF removed > 0 THEN
    -- What others brought of the same facts was left out as known, or was added to rows that went.
    FOR other IN EXECUTE format($sql$
        SELECT f.feed_name, array_agg(DISTINCT b.source_id ORDER BY b.source_id) AS sources, array_agg(b.batch_id) AS batch_ids
        FROM %1$I.feed f JOIN %1$I.batch_log b USING (feed_name)
        WHERE f.bronze AND b.duplicates > 0 AND (f.feed_name <> $1 OR b.source_id <> ALL ($2)) AND b.source_id IS NOT NULL
          AND EXISTS (SELECT FROM jsonb_array_elements(f.steps) s JOIN jsonb_array_elements($3) t ON s->>'into' = t->>'into' WHERE s->>'step' = 'facts' AND t->>'step' = 'facts')
        GROUP BY f.feed_name ORDER BY f.feed_name$sql$, warehouse) USING feed, sources, definition->'steps' LOOP
      SELECT s.* INTO done FROM starhouse.replay_sources(warehouse, other.feed_name, other.sources, format('w.batch_id = ANY (%L)', other.batch_ids)) s;
      batches := batches + done.batches; records := records + done.records; loaded := loaded + done.loaded; rejected := rejected + done.rejected;
    END LOOP;
  END IF;
END
$body$;
COMMENT ON FUNCTION replay(name, text, timestamptz, timestamptz, bigint, bigint, bigint, boolean) IS
  'Takes what a feed received from from_time up to to_time, or the records first_record to last_record of a source, from bronze through the feed''s contract and steps as they are now, in the caller''s transaction; NULL bounds nothing. Facts that are there stay (or are updated, as the step says), so repeating it changes nothing; open quarantine rows of those records are resolved or take the new reason. replace, for rows that were loaded wrong, first deletes what the sources concerned had put into the feed''s fact tables, has the steps mend what followed from it ("replace" of a step), takes them whole, and then what other sources of these facts had brought as duplicates, as far as bronze holds it; 0A000 for a feed that updates facts or derives others from the batch in a step that does not say how that is mended, 55000 where bronze no longer holds all that was loaded. Returns batches, records, loaded (not there before), rejected, removed. 55000 for a feed without bronze, 42704 for an unknown feed, 22023 for records without a source.';
