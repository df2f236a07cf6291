-- One transaction per batch: batch_begin, COPY into pg_temp.batch (and bronze, quarantine),
-- batch_finish, COMMIT. The source's offset moves in the same transaction, fenced by an epoch.
-- Or, with two sessions that take turns: batch_stage, the COPYs and batch_ahead while the batch before
-- is at its steps, then, once that one is committed, batch_claim, batch_finish, COMMIT.

CREATE FUNCTION load_open(warehouse name, feed text, source_name text, fingerprint text, bytes bigint, header text, parameters jsonb DEFAULT '{}',
                          OUT source_id bigint, OUT next_record bigint, OUT finished timestamptz, OUT epoch bigint)
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  definition jsonb := starhouse.feed_get(warehouse, feed);
  settings jsonb := starhouse.feed_parameters(definition->'parameters', coalesce(parameters, '{}'));
  begun_with jsonb;
  begun boolean;
  holder integer;
  lock_key bigint;
BEGIN
  IF source_name IS NULL THEN
    RAISE EXCEPTION 'source_name must not be NULL' USING ERRCODE = '22004', HINT = 'Give the file''s name, - for standard input.';
  END IF;
  EXECUTE format($sql$
    INSERT INTO %I.load_source AS l (feed_name, source_name, fingerprint, bytes, header, parameters)
    SELECT $1, $2, $3, $4, $5, $6
    WHERE $3 IS NULL OR NOT EXISTS (SELECT FROM %1$I.load_source WHERE feed_name = $1 AND fingerprint = $3)
    ON CONFLICT (feed_name, fingerprint) DO NOTHING
    RETURNING l.source_id$sql$, warehouse)
    INTO source_id USING feed, source_name, fingerprint, bytes, header, settings;
  IF source_id IS NULL THEN
    EXECUTE format('SELECT source_id, finished_at, parameters, next_record > 1 FROM %I.load_source WHERE feed_name = $1 AND fingerprint = $2', warehouse)
      INTO source_id, finished, begun_with, begun USING feed, fingerprint;
    IF finished IS NULL AND begun AND begun_with IS DISTINCT FROM settings THEN
      RAISE EXCEPTION 'the load of "%" was begun with other parameters: %', source_name, begun_with USING ERRCODE = '55000',
        HINT = 'Go on with those. What is loaded stays as it is.';
    END IF;
  END IF;
  -- Courtesy between live loaders: the lock goes with the session. What keeps the data right is the
  -- epoch, also where a pooler shares sessions.
  lock_key := hashtextextended(format('starhouse load %s %s', (format('%I', warehouse)::regnamespace)::oid, source_id), 0);
  IF finished IS NULL AND NOT pg_try_advisory_lock(lock_key) THEN
    SELECT pid INTO holder FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid::bigint = (lock_key >> 32) & 4294967295 AND objid::bigint = lock_key & 4294967295;
    RAISE EXCEPTION 'another session%  is loading "%" through feed "%"', coalesce(' (process ' || holder || ')', ''), source_name, feed
      USING ERRCODE = '55P03', HINT = 'Wait until it has ended; a load repeated then goes on where it stopped.';
  END IF;
  EXECUTE format($sql$
    UPDATE %I.load_source SET epoch = load_source.epoch + 1, source_name = $2, header = coalesce(load_source.header, $3),
                              parameters = CASE WHEN finished_at IS NULL THEN $4 ELSE load_source.parameters END
    WHERE load_source.source_id = $1
    RETURNING next_record, finished_at, epoch$sql$, warehouse)
    INTO next_record, finished, epoch USING source_id, source_name, header, settings;
  IF finished IS NULL THEN
    PERFORM starhouse.run_begin(warehouse, feed, source_id, epoch, source_name, next_record);
  END IF;
  -- Committed before the batches, which would wait for one another if one of them made it.
  IF finished IS NULL AND (definition->>'bronze')::boolean THEN
    PERFORM starhouse.ensure_partitions(format('%I.%I', warehouse, 'bronze_' || feed)::regclass, now(), now(), interval '1 day');
  END IF;
END
$body$;
COMMENT ON FUNCTION load_open(name, text, text, text, bigint, text, jsonb) IS
  'Registers a source or finds it by its fingerprint (hex SHA-256 of its bytes; NULL: always a new source), raises its epoch, which shuts out whoever opened it before, and makes today''s bronze partition. Returns the first record not loaded yet and when it was finished (NULL: not yet). 55P03 while another session is loading it. Holds a session-level advisory lock until load_close or the session''s end.';

-- pg_temp.batch in the feed's shape, kept for the session's next batch of the same feed version.
CREATE FUNCTION batch_prepare(warehouse name, feed text, definition jsonb) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  wanted jsonb := jsonb_build_array(warehouse, feed, definition->'version', definition->'updated_at');
  shaped jsonb;
  ensured date;
  today date := (now() AT TIME ZONE 'UTC')::date;  -- partitions lie on UTC
  old_view name;
BEGIN
  IF to_regclass('pg_temp.batch_shape') IS NOT NULL THEN
    SELECT s.shape, s.bronze_day INTO shaped, ensured FROM pg_temp.batch_shape s;
  END IF;
  IF shaped IS DISTINCT FROM wanted OR to_regclass('pg_temp.batch') IS NULL THEN
    IF shaped IS NULL AND to_regclass('pg_temp.batch') IS NOT NULL THEN
      RAISE EXCEPTION 'this session has a temporary table "batch" of its own' USING ERRCODE = '42P07',
        HINT = 'Batches use that name: DROP TABLE pg_temp.batch, or load from another session.';
    END IF;
    -- With the views that batch_view made over it.
    IF to_regclass('pg_temp.batch') IS NOT NULL THEN
      DROP TABLE pg_temp.batch CASCADE;
    END IF;
    FOR old_view IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = pg_my_temp_schema() AND c.relkind = 'v' AND c.relname ~ '^batch_step_\d+(_full)?$' LOOP
      EXECUTE format('DROP VIEW IF EXISTS pg_temp.%I CASCADE', old_view);
    END LOOP;
    EXECUTE (SELECT format('CREATE TEMP TABLE batch (record_no bigint NOT NULL, %s) ON COMMIT DELETE ROWS',
                           string_agg(format('%I %s', c.name, c.type), ', ' ORDER BY c.ordinal))
             FROM starhouse.contract_columns(definition->'contract') c);
    CREATE TEMP TABLE IF NOT EXISTS batch_shape (shape jsonb, bronze_day date, analyzed_rows bigint);
    DELETE FROM pg_temp.batch_shape;
    INSERT INTO pg_temp.batch_shape VALUES (wanted, NULL, NULL);
    ensured := NULL;
  END IF;
  IF (definition->>'bronze')::boolean AND ensured IS DISTINCT FROM today THEN
    PERFORM starhouse.ensure_partitions(format('%I.%I', warehouse, 'bronze_' || feed)::regclass, now(), now(), interval '1 day');
    UPDATE pg_temp.batch_shape SET bronze_day = today;
  END IF;
END
$body$;
COMMENT ON FUNCTION batch_prepare(name, text, jsonb) IS
  'Internal to batch_stage: creates the temporary table batch (record_no bigint, then the contract''s columns; emptied at commit) unless it is there in that shape, and today''s bronze partition.';

CREATE FUNCTION batch_stage(warehouse name, feed text, source_id bigint, first_record bigint) RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  result bigint;
BEGIN
  PERFORM starhouse.batch_prepare(warehouse, feed, starhouse.feed_get(warehouse, feed));
  EXECUTE format('INSERT INTO %I.batch_log (feed_name, source_id, first_record) VALUES ($1, $2, $3) RETURNING batch_id', warehouse)
    INTO result USING feed, source_id, first_record;
  RETURN result;
END
$body$;
COMMENT ON FUNCTION batch_stage(name, text, bigint, bigint) IS
  'Opens a batch in the caller''s transaction without a claim to its source: makes the temporary table batch ready and returns the batch''s id. So the rows of a batch can be sent while the batch before it is still at its steps in another session; batch_claim then has to come before batch_finish. A NULL source_id or first_record is stored as such; a NULL warehouse is an error (22004).';

CREATE FUNCTION batch_claim(warehouse name, source_id bigint, epoch bigint, first_record bigint) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  source_name text;
  epoch_now bigint;
  next_now bigint;
  finished_now timestamptz;
BEGIN
  -- NO KEY: the batches of this source that are being staged refer to its row.
  EXECUTE format('SELECT source_name, epoch, next_record, finished_at FROM %I.load_source WHERE source_id = $1 FOR NO KEY UPDATE', warehouse)
    INTO source_name, epoch_now, next_now, finished_now USING source_id;
  IF epoch_now IS NULL THEN
    RAISE EXCEPTION 'warehouse "%" has no source %', warehouse, source_id USING ERRCODE = '42704', HINT = 'starhouse.load_open registers it.';
  ELSIF epoch_now IS DISTINCT FROM epoch OR next_now IS DISTINCT FROM first_record OR finished_now IS NOT NULL THEN
    RAISE EXCEPTION 'another loader took over "%": it stands at record %, this one was about to load from record %', source_name, next_now, first_record
      USING ERRCODE = '55000', DETAIL = format('Epoch %s now, %s when this loader opened it.', epoch_now, epoch),
      HINT = 'Nothing of this batch was stored. Let the other loader finish, or repeat the load: it goes on where the source stands.';
  END IF;
  -- For batch_finish, which moves no source that was not claimed; gone at the end of the transaction.
  PERFORM set_config('starhouse.claimed_source', format('%s %s', warehouse, source_id), true);
  -- For written_versions: what the steps will write comes after this.
  PERFORM set_config('starhouse.steps_since', pg_snapshot_xmax(pg_current_snapshot())::text, true);
END
$body$;
COMMENT ON FUNCTION batch_claim(name, bigint, bigint, bigint) IS
  'Locks a source for the caller''s transaction and checks that it still stands at first_record in this epoch: 55000 when another loader took over, 42704 for an unknown source. NULL matches no source, no epoch and no record.';

CREATE FUNCTION batch_begin(warehouse name, feed text, source_id bigint, epoch bigint, first_record bigint) RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  PERFORM starhouse.feed_get(warehouse, feed);
  IF epoch IS NOT NULL THEN
    PERFORM starhouse.batch_claim(warehouse, source_id, epoch, first_record);
  END IF;
  RETURN starhouse.batch_stage(warehouse, feed, source_id, first_record);  -- an INSERT
END
$body$;
COMMENT ON FUNCTION batch_begin(name, text, bigint, bigint, bigint) IS
  'Opens a batch in the caller''s transaction: batch_claim, then batch_stage. Returns the batch''s id. A NULL epoch (replay) checks and moves no source.';

-- The steps from where batch_ahead left off, all of them or those that may run ahead, in the session's TimeZone.
CREATE FUNCTION batch_steps(warehouse name, feed text, batch_id bigint, source bigint, definition jsonb, only_ahead boolean) RETURNS jsonb
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  zone text := current_setting('TimeZone');
  state jsonb := nullif(current_setting('starhouse.batch_ahead', true), '');
  batch_rows bigint;
  shaped jsonb;
  analyzed bigint;
  statistics_target text;
  step jsonb;
  step_no bigint;
  step_name text;
  looked_until bigint := 0;
  clean boolean := false;
  counts jsonb;
  began timestamptz;
  parameters jsonb := '{}';
  error_code text; error_message text; error_detail text; error_hint text; error_column text; error_constraint text; error_table text;
BEGIN
  IF definition->'parameters' <> '{}' THEN
    EXECUTE format('SELECT parameters FROM %I.load_source WHERE source_id = $1', warehouse) INTO parameters USING source;
  END IF;
  SELECT s.shape, s.analyzed_rows INTO shaped, analyzed FROM pg_temp.batch_shape s;
  IF shaped IS DISTINCT FROM jsonb_build_array(warehouse, feed, definition->'version', definition->'updated_at') THEN
    RAISE EXCEPTION 'feed "%" was redefined while a batch of it was on its way', feed USING ERRCODE = '55000',
      HINT = 'Repeat the load: it goes on from here by the new definition.';
  END IF;
  IF state->'batch' IS DISTINCT FROM jsonb_build_array(warehouse, batch_id) THEN
    SELECT count(*) INTO batch_rows FROM pg_temp.batch;
    state := jsonb_build_object('batch', jsonb_build_array(warehouse, batch_id), 'rows', batch_rows, 'done', 0, 'rejected', 0, 'duplicates', 0, 'log', '[]'::jsonb);
    -- Statistics of a batch serve the next ones of about its size. A small sample will do: what matters
    -- is how many keys there are about.
    IF batch_rows > 2000 AND (analyzed IS NULL OR batch_rows NOT BETWEEN analyzed / 4 AND analyzed * 4) THEN
      statistics_target := current_setting('default_statistics_target');
      PERFORM set_config('default_statistics_target', '10', true);
      ANALYZE pg_temp.batch;
      PERFORM set_config('default_statistics_target', statistics_target, true);
      UPDATE pg_temp.batch_shape SET analyzed_rows = batch_rows;
    END IF;
  END IF;
  -- Room for a batch to be sorted and hashed in memory; the caller commits next.
  IF pg_size_bytes(current_setting('work_mem')) < 64 * 1024 * 1024 THEN
    PERFORM set_config('work_mem', '64MB', true);
  END IF;
  FOR step, step_no IN SELECT s, n FROM jsonb_array_elements(definition->'steps') WITH ORDINALITY AS e(s, n) WHERE n > (state->>'done')::bigint ORDER BY n LOOP
    EXIT WHEN only_ahead AND NOT coalesce((step->>'ahead')::boolean, false);
    began := clock_timestamp();
    step_name := coalesce(step->>'name', concat_ws(' ', step->>'step', step->>'into', step->>'column'));
    BEGIN
      -- Rejects in a row that find nothing, the usual case, cost one look at the batch.
      IF step->>'step' = 'reject' AND step_no > looked_until THEN
        SELECT coalesce(min(n) - 1, jsonb_array_length(definition->'steps')) INTO looked_until
        FROM jsonb_array_elements(definition->'steps') WITH ORDINALITY AS e(s, n) WHERE n > step_no AND s->>'step' <> 'reject';
        clean := looked_until > step_no AND starhouse.batch_clean(warehouse, ARRAY(
          SELECT starhouse.batch_sql(s->>'when', batch_id, feed, zone, parameters)
          FROM jsonb_array_elements(definition->'steps') WITH ORDINALITY AS e(s, n) WHERE n BETWEEN step_no AND looked_until ORDER BY n));
      END IF;
      counts := CASE WHEN clean AND step_no <= looked_until THEN '{"rejected": 0}'
                     ELSE starhouse.batch_step(warehouse, feed, batch_id, source, step, step_no::integer,
                                               jsonb_build_object('time_zone', zone, 'bronze', definition->'bronze', 'parameters', parameters, 'rows', state->'rows')) END;
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS error_code = RETURNED_SQLSTATE, error_message = MESSAGE_TEXT, error_detail = PG_EXCEPTION_DETAIL,
        error_hint = PG_EXCEPTION_HINT, error_column = COLUMN_NAME, error_constraint = CONSTRAINT_NAME, error_table = TABLE_NAME;
      RAISE EXCEPTION 'feed %, step % (%): %', feed, step_no, step_name, error_message
        USING ERRCODE = error_code, DETAIL = coalesce(nullif(error_detail, ''), format('Batch %s of warehouse %s.', batch_id, warehouse)),
          HINT = coalesce(nullif(error_hint, ''), format('The step is in the feed''s definition: SELECT jsonb_pretty(steps) FROM %I.feed WHERE feed_name = %L.', warehouse, feed)),
          COLUMN = error_column, CONSTRAINT = error_constraint, TABLE = error_table;
    END;
    state := state || jsonb_build_object(
      'done', step_no, 'rejected', (state->>'rejected')::bigint + coalesce((counts->>'rejected')::bigint, 0),
      'duplicates', greatest((state->>'duplicates')::bigint, coalesce((counts->>'duplicates')::bigint, 0)),
      'log', (state->'log') || jsonb_build_array(jsonb_build_object('step', step_no, 'name', step_name) || counts
             || jsonb_build_object('ms', round((extract(epoch FROM clock_timestamp() - began) * 1000)::numeric, 1))));
  END LOOP;
  RETURN state;
END
$body$;
COMMENT ON FUNCTION batch_steps(name, text, bigint, bigint, jsonb, boolean) IS
  'Internal to batch_ahead and batch_finish: runs the steps of a batch that have not run yet, in the session''s TimeZone, which has to be the warehouse''s; only_ahead: up to the first without "ahead". Returns {batch, rows (at first), done (the last step), rejected, duplicates, log}. A step''s error keeps its SQLSTATE and names the step.';

CREATE FUNCTION batch_ahead(warehouse name, feed text, batch_id bigint) RETURNS integer
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp SET jit = off
AS $body$
DECLARE
  definition jsonb := starhouse.feed_get(warehouse, feed);
  session_zone text := current_setting('TimeZone');
  source bigint;
  updated bigint;
  state jsonb;
BEGIN
  EXECUTE format('SELECT source_id FROM %I.batch_log WHERE batch_id = $1 AND finished_at IS NULL', warehouse) INTO source USING batch_id;
  GET DIAGNOSTICS updated = ROW_COUNT;
  IF updated = 0 THEN
    RAISE EXCEPTION 'there is no open batch % in warehouse "%"', coalesce(batch_id::text, 'NULL'), warehouse USING ERRCODE = '55000',
      HINT = 'batch_stage opens one; it must be in the same transaction.';
  END IF;
  PERFORM set_config('TimeZone', starhouse.warehouse_time_zone(warehouse), true);
  state := starhouse.batch_steps(warehouse, feed, batch_id, source, definition, true);
  PERFORM set_config('TimeZone', session_zone, true);
  -- For batch_finish; gone at the end of the transaction.
  PERFORM set_config('starhouse.batch_ahead', state::text, true);
  RETURN (state->>'done')::integer;
END
$body$;
COMMENT ON FUNCTION batch_ahead(name, text, bigint) IS
  'When all rows of a batch have been sent: runs the steps at the head of the feed''s list that say "ahead": true and returns their number; batch_finish goes on after them. They write nothing but temporary tables, and what they look at besides the batch is looked at again in its turn where it may have changed, so they may run before batch_claim, while the batch before is still at its steps in another session. Not needed: batch_finish runs them where they have not run. 55000 without an open batch; a step''s error keeps its SQLSTATE and names the step. A NULL warehouse is an error (22004).';

CREATE FUNCTION batch_finish(warehouse name, feed text, batch_id bigint, next_record bigint, records_read bigint, rejected bigint,
                             drift jsonb DEFAULT NULL) RETURNS jsonb
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp SET jit = off
AS $body$
DECLARE
  definition jsonb := starhouse.feed_get(warehouse, feed);
  session_zone text := current_setting('TimeZone');
  state jsonb;
  batch_rows bigint;
  rejected_by_steps bigint;
  duplicates bigint;
  counts jsonb;
  log jsonb;
  source bigint;
  updated bigint;
BEGIN
  EXECUTE format('SELECT source_id FROM %I.batch_log WHERE batch_id = $1 AND finished_at IS NULL', warehouse) INTO source USING batch_id;
  GET DIAGNOSTICS updated = ROW_COUNT;
  IF updated = 0 THEN
    RAISE EXCEPTION 'there is no open batch % in warehouse "%"', coalesce(batch_id::text, 'NULL'), warehouse USING ERRCODE = '55000',
      HINT = 'batch_begin opens one; it must be in the same transaction.';
  END IF;
  IF next_record IS NOT NULL AND current_setting('starhouse.claimed_source', true) IS DISTINCT FROM format('%s %s', warehouse, source) THEN
    RAISE EXCEPTION 'batch % has not claimed its source %', batch_id, source USING ERRCODE = '55000',
      HINT = 'batch_begin, or batch_claim after batch_stage, does so in the same transaction.';
  END IF;
  -- Steps read local times and make partitions in the warehouse's zone, whatever the session's is.
  PERFORM set_config('TimeZone', starhouse.warehouse_time_zone(warehouse), true);
  state := starhouse.batch_steps(warehouse, feed, batch_id, source, definition, false);
  rejected_by_steps := (state->>'rejected')::bigint;
  log := (state->'log') || starhouse.rollup_capture_batch(warehouse, feed, definition->'steps', batch_id);
  log := log || starhouse.gold_capture_batch(warehouse, feed, batch_id);
  PERFORM set_config('TimeZone', session_zone, true);
  -- A row may yield several facts, or none: what is reported stays within what was there.
  batch_rows := greatest((state->>'rows')::bigint - rejected_by_steps, 0);
  duplicates := least((state->>'duplicates')::bigint, batch_rows);
  counts := jsonb_build_object('read', records_read, 'loaded', batch_rows - duplicates, 'duplicates', duplicates,
                               'rejected', rejected + rejected_by_steps, 'rejected_by_steps', rejected_by_steps, 'steps', log);
  EXECUTE format($sql$
    UPDATE %I.batch_log
    SET last_record = $2 - 1, records_read = $3, records_loaded = ($4->>'loaded')::bigint, duplicates = $5,
        rejected = ($4->>'rejected')::bigint, steps = $4->'steps', drift = $6, finished_at = clock_timestamp()
    WHERE batch_id = $1$sql$, warehouse)
    USING batch_id, next_record, records_read, counts, duplicates, drift;
  IF next_record IS NOT NULL THEN
    EXECUTE format('UPDATE %I.load_source SET next_record = $2 WHERE source_id = $1', warehouse) USING source, next_record;
  END IF;
  RETURN counts;
END
$body$;
COMMENT ON FUNCTION batch_finish(name, text, bigint, bigint, bigint, bigint, jsonb) IS
  'Runs the feed''s steps over the temporary table batch, records the batch and moves the source to next_record; the caller then commits. records_read and rejected are the client''s own counts (records read, rows it put into quarantine). Returns {read, loaded, duplicates, rejected, rejected_by_steps, steps}. A step''s error keeps its SQLSTATE and names the step. A NULL next_record moves no source. drift is what the batch held that the contract does not know: {path: {"count": records, "types": [JSON types]}}, NULL for none. work_mem is at least 64 MB from here to the end of the transaction.';

CREATE FUNCTION load_release(warehouse name, source_id bigint, epoch bigint DEFAULT NULL) RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  lock_key bigint := hashtextextended(format('starhouse load %s %s', (format('%I', warehouse)::regnamespace)::oid, source_id), 0);
  held boolean;
BEGIN
  -- Looked for first: what is not held is no reason for a warning.
  held := EXISTS (SELECT FROM pg_locks
                  WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND objsubid = 1 AND classid::bigint = (lock_key >> 32) & 4294967295
                    AND objid::bigint = lock_key & 4294967295)
    AND pg_advisory_unlock(lock_key);
  IF epoch IS NOT NULL AND to_regclass(format('%I.run_log', warehouse)) IS NOT NULL THEN
    PERFORM starhouse.run_end(warehouse, source_id, epoch, 'stopped');
  END IF;
  RETURN held;
END
$body$;
COMMENT ON FUNCTION load_release(name, bigint, bigint) IS
  'Gives up this session''s hold on a source (load_open), whether or not the transaction commits, and returns whether it had one. With an epoch the run that load_open began ends as "stopped". For a source that another session has closed, or that is not to be loaded after all; load_close gives up the hold, too. A NULL source_id gives false, a NULL warehouse is an error (22004).';

CREATE FUNCTION load_close(warehouse name, source_id bigint, epoch bigint) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  closed bigint;
BEGIN
  EXECUTE format('UPDATE %I.load_source SET finished_at = clock_timestamp() WHERE source_id = $1 AND epoch = $2', warehouse)
    USING source_id, epoch;
  GET DIAGNOSTICS closed = ROW_COUNT;
  IF closed = 0 THEN
    RAISE EXCEPTION 'another loader took over source %', source_id USING ERRCODE = '55000',
      HINT = 'It will mark the source as finished itself.';
  END IF;
  IF to_regclass(format('%I.run_log', warehouse)) IS NOT NULL THEN
    PERFORM starhouse.run_end(warehouse, source_id, epoch, 'done');
  END IF;
  PERFORM starhouse.load_release(warehouse, source_id);
END
$body$;
COMMENT ON FUNCTION load_close(name, bigint, bigint) IS
  'Marks a source as loaded to its end and releases it. 55000 when another loader opened it meanwhile. NULL is an error (22004).';

CREATE FUNCTION replay_finish(warehouse name, feed text, source_id bigint, batch_id bigint, records bigint[], OUT resolved bigint, OUT still_rejected bigint)
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  -- Rejected again: the old row takes over the new reason, so a record is in quarantine once.
  EXECUTE format($sql$
    WITH again AS (
      DELETE FROM %1$I.quarantine q
      WHERE q.batch_id = $1
        AND EXISTS (SELECT FROM %1$I.quarantine o
                    WHERE o.feed_name = $2 AND o.source_id IS NOT DISTINCT FROM $3 AND o.record_no = q.record_no AND o.resolved_at IS NULL AND o.batch_id <> $1)
      RETURNING q.record_no, q.sqlstate, q.column_name, q.value, q.reason, q.hint, q.rejected_at)
    UPDATE %1$I.quarantine q
    SET sqlstate = again.sqlstate, column_name = again.column_name, value = again.value, reason = again.reason, hint = again.hint,
        rejected_at = again.rejected_at
    FROM again
    WHERE q.feed_name = $2 AND q.source_id IS NOT DISTINCT FROM $3 AND q.record_no = again.record_no
      AND q.resolved_at IS NULL AND q.batch_id <> $1$sql$, warehouse) USING batch_id, feed, source_id;
  GET DIAGNOSTICS still_rejected = ROW_COUNT;
  EXECUTE format($sql$
    UPDATE %I.quarantine q SET resolved_at = now(), resolved_batch = $1
    WHERE q.feed_name = $2 AND q.source_id IS NOT DISTINCT FROM $3 AND q.record_no = ANY ($4) AND q.resolved_at IS NULL
      AND q.rejected_at < now()$sql$, warehouse) USING batch_id, feed, source_id, records;
  GET DIAGNOSTICS resolved = ROW_COUNT;
END
$body$;
COMMENT ON FUNCTION replay_finish(name, text, bigint, bigint, bigint[]) IS
  'Ends the replay of quarantined records in the batch''s transaction: those the batch rejected again stay open with the new reason, the others of the list are marked as resolved by it. Returns both counts. A NULL warehouse or feed is an error (22004).';
