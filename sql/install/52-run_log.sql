-- What batch_log cannot hold: runs that ended badly and attempts that were rolled back. A failed
-- transaction takes its own record with it, so whoever ran it writes record_failure in the next one.
-- A run is one opening of a source, known by the source and its epoch: load_open begins it, load_close ends it.

CREATE FUNCTION comment_relations(schema name, described text[]) RETURNS void
  LANGUAGE plpgsql VOLATILE STRICT
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  d text[];
BEGIN
  FOREACH d SLICE 1 IN ARRAY described LOOP
    IF d[2] IS NULL THEN
      EXECUTE format('COMMENT ON %s %I.%I IS %L', CASE (SELECT c.relkind FROM pg_class c WHERE c.oid = format('%I.%I', schema, d[1])::regclass)
                                                    WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, schema, d[1], d[3]);
    ELSE
      EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', schema, d[1], d[2], d[3]);
    END IF;
  END LOOP;
END
$body$;
COMMENT ON FUNCTION comment_relations(name, text[]) IS
  'Internal: comments on tables, views and columns of a schema: [relation, column or NULL, text] each.';

CREATE FUNCTION init_run_log(schema name) RETURNS void
  LANGUAGE plpgsql VOLATILE STRICT
  SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $body$
BEGIN
  EXECUTE format($sql$
    CREATE TABLE IF NOT EXISTS %1$I.run_log (
      run_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      feed_name     text COLLATE "C" NOT NULL,
      source_id     bigint,
      epoch         bigint,
      source_name   text,
      program       text,
      process       integer,
      first_record  bigint,
      started_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
      finished_at   timestamptz,
      outcome       text CHECK (outcome IN ('done', 'failed', 'stopped', 'superseded')),
      UNIQUE (source_id, epoch)
    )$sql$, schema);
  EXECUTE format('CREATE INDEX IF NOT EXISTS run_log_feed_idx ON %1$I.run_log (feed_name, started_at)', schema);
  EXECUTE format($sql$
    CREATE TABLE IF NOT EXISTS %1$I.attempt_log (
      attempt_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      feed_name     text COLLATE "C" NOT NULL,
      source_id     bigint,
      epoch         bigint,
      source_name   text,
      first_record  bigint,
      last_record   bigint,
      retry_no      integer NOT NULL DEFAULT 0 CHECK (retry_no >= 0),
      action        text NOT NULL CHECK (action IN ('retry', 'split', 'stop', 'lost')),
      failed_at     timestamptz NOT NULL,
      sqlstate      text NOT NULL CHECK (sqlstate ~ '^[0-9A-Z]{5}$'),
      cause         text NOT NULL,
      step_no       integer,
      step_name     text,
      message       text NOT NULL,
      detail        text,
      hint          text,
      recorded_at   timestamptz NOT NULL DEFAULT clock_timestamp()
    )$sql$, schema);
  EXECUTE format('CREATE INDEX IF NOT EXISTS attempt_log_feed_idx ON %1$I.attempt_log (feed_name, failed_at)', schema);
  EXECUTE format('CREATE INDEX IF NOT EXISTS batch_log_feed_idx ON %1$I.batch_log (feed_name, finished_at)', schema);
  EXECUTE format($sql$
    CREATE TABLE IF NOT EXISTS %1$I.retention_log (
      feed_name   text COLLATE "C" NOT NULL,
      keep        interval NOT NULL,
      partition   text NOT NULL,
      range_from  timestamptz,
      range_to    timestamptz,
      bytes       bigint,
      dropped_at  timestamptz NOT NULL DEFAULT now(),
      dropped_by  text NOT NULL DEFAULT current_user
    )$sql$, schema);
  EXECUTE format($sql$
    CREATE OR REPLACE VIEW %1$I.step_log AS
    SELECT b.batch_id, b.feed_name, b.source_id, b.started_at, s.step_no, s.step->>'name' AS step_name,
           coalesce((s.step->>'rows')::bigint, (s.step->>'inserted')::bigint + coalesce((s.step->>'changed')::bigint, 0), (s.step->>'inferred')::bigint, 0) AS affected_rows,
           coalesce((s.step->>'rejected')::bigint, 0) AS rejected, (s.step->>'ms')::numeric AS milliseconds
    FROM %1$I.batch_log b CROSS JOIN LATERAL jsonb_array_elements(b.steps) WITH ORDINALITY AS s (step, step_no)$sql$, schema);
  PERFORM starhouse.comment_relations(schema, ARRAY[
    ['run_log', NULL, 'Runs: each opening of a source by a loader, and how it ended'],
    ['run_log', 'run_id', 'Surrogate key'],
    ['run_log', 'feed_name', 'Feed it loads through'],
    ['run_log', 'source_id', 'Source that was opened'],
    ['run_log', 'epoch', 'Epoch the run holds the source in'],
    ['run_log', 'source_name', 'Its name when it was opened'],
    ['run_log', 'program', 'application_name of the session that opened it'],
    ['run_log', 'process', 'Server process of that session'],
    ['run_log', 'first_record', 'Record the run began at'],
    ['run_log', 'started_at', 'When the source was opened'],
    ['run_log', 'finished_at', 'When the run ended; NULL while it goes on, or when it was killed'],
    ['run_log', 'outcome', 'done, failed (attempt_log says why), stopped (by a signal or a limit), superseded (another run opened the source meanwhile); NULL like finished_at'],
    ['attempt_log', NULL, 'Attempts that failed and were rolled back, recorded afterwards by who made them'],
    ['attempt_log', 'attempt_id', 'Surrogate key'],
    ['attempt_log', 'feed_name', 'Feed of the batch'],
    ['attempt_log', 'source_id', 'Source of the batch; NULL when it could not even be opened'],
    ['attempt_log', 'epoch', 'Epoch of the run'],
    ['attempt_log', 'source_name', 'Name of the source'],
    ['attempt_log', 'first_record', 'First record (or offset) of the batch'],
    ['attempt_log', 'last_record', 'Last record (or offset) of the batch'],
    ['attempt_log', 'retry_no', 'How often the batch had been tried before'],
    ['attempt_log', 'action', 'What was done next: retry (same batch again), split (halves, to find the bad record), stop (the run ended), lost (the source no longer has these records)'],
    ['attempt_log', 'failed_at', 'When it failed'],
    ['attempt_log', 'sqlstate', 'SQLSTATE of the error'],
    ['attempt_log', 'cause', 'Class of the cause, by starhouse.failure_cause'],
    ['attempt_log', 'step_no', 'Step of the feed that failed; NULL: not in a step'],
    ['attempt_log', 'step_name', 'Its name'],
    ['attempt_log', 'message', 'The error''s message'],
    ['attempt_log', 'detail', 'Its detail'],
    ['attempt_log', 'hint', 'Its hint'],
    ['attempt_log', 'recorded_at', 'When this row was written'],
    ['retention_log', NULL, 'Partitions of bronze that starhouse.retain_bronze dropped'],
    ['retention_log', 'feed_name', 'Feed'],
    ['retention_log', 'keep', 'How long records were to be kept'],
    ['retention_log', 'partition', 'The partition'],
    ['retention_log', 'range_from', 'Records received from this time'],
    ['retention_log', 'range_to', 'Up to this time'],
    ['retention_log', 'bytes', 'Its size'],
    ['retention_log', 'dropped_at', 'When it was dropped'],
    ['retention_log', 'dropped_by', 'Role that dropped it'],
    ['step_log', NULL, 'Steps of committed batches, one row each, from batch_log.steps'],
    ['step_log', 'batch_id', 'Batch'],
    ['step_log', 'feed_name', 'Feed of the batch'],
    ['step_log', 'source_id', 'Source it came from'],
    ['step_log', 'started_at', 'Start of the batch'],
    ['step_log', 'step_no', 'Position in the log, from 1; rollups come after the feed''s own steps'],
    ['step_log', 'step_name', 'Name of the step'],
    ['step_log', 'affected_rows', 'Rows it wrote'],
    ['step_log', 'rejected', 'Records it put into quarantine'],
    ['step_log', 'milliseconds', 'How long it took']]);
END
$body$;
COMMENT ON FUNCTION init_run_log(name) IS
  'Creates run_log, attempt_log and the view step_log of a warehouse where they are missing; init_operations calls it. NULL does nothing.';

-- By SQLSTATE: what kind of fault it is, whether trying again may help, and what to do.
CREATE FUNCTION failure_cause(sqlstate text, OUT cause text, OUT transient boolean, OUT remedy text)
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT c.cause, c.transient, c.remedy
  FROM (VALUES
    (1, '^53100', 'disk full', true, 'Free space on the server''s disk or add some, then repeat the load: it goes on where it stopped.'),
    (2, '^53300', 'too many connections', true, 'Raise max_connections, or have fewer clients; loads retry by themselves.'),
    (3, '^53', 'out of resources', true, 'See the server''s log for memory and limits; loads retry by themselves.'),
    (4, '^08', 'connection lost', true, 'See network and server log. Loads retry by themselves; repeat one that gave up.'),
    (5, '^57014', 'cancelled', false, 'Somebody or statement_timeout cancelled the statement: repeat the load.'),
    (6, '^57', 'server shut down', true, 'Wait until the server is up again. Loads retry by themselves; repeat one that gave up.'),
    (7, '^(40001|40P01)', 'conflict of transactions', true, 'Nothing: loads retry by themselves. If it is frequent, load the feeds concerned one after the other.'),
    (8, '^55P03', 'lock not free', true, 'See pg_locks for who holds it; loads retry by themselves.'),
    (9, '^55', 'taken over or redefined', false, 'Another loader or a new definition of the feed came between: repeat the load.'),
    (10, '^23503', 'missing key', false, 'Load the master data, or put a members step before the facts; then replay the quarantine.'),
    (11, '^23502', 'missing value', false, 'Correct the source, or give the column a default in the contract; then replay the quarantine.'),
    (12, '^23', 'constraint violated', false, 'Correct the source, or the constraint or step that is too strict; then replay the quarantine.'),
    (13, '^(22021|22P04|22030|22032|22P02|22P03|22P05)', 'malformed record', false, 'Correct the source or the contract; then replay the quarantine.'),
    (14, '^22', 'bad value', false, 'Correct the source, or the contract (formats, limits, null words); then replay the quarantine.'),
    (15, '^(42703|42P01|42704|42883|42804|42846|42P10|3F000|42P07|42701)', 'schema drift', false, 'Table, columns and feed no longer fit: mend the feed with create_feed, or the table; then repeat the load.'),
    (16, '^(42501|28)', 'no rights', false, 'Grant the loader what the message names, then repeat the load.'),
    (17, '^25006', 'read-only server', false, 'The client is connected to a standby: connect to the primary.'),
    (18, '^(42|0A)', 'wrong statement', false, 'A step of the feed is wrong: mend it with create_feed, then repeat the load.'),
    (19, '^54', 'limit exceeded', false, 'The message names the limit: a stray date or a huge record may be among the rows.'),
    (20, '^58', 'I/O error', false, 'See the server''s log and its disk.'),
    (21, '^XX', 'internal error', false, 'See the server''s log. XX001 and XX002 mean damaged data: stop and restore.'),
    (22, '^P0', 'raised by a step', false, 'A step of the feed raised it: its message says what to do.'),
    (23, '', 'other', false, 'See the message.')) AS c (rank, pattern, cause, transient, remedy)
  WHERE failure_cause.sqlstate ~ c.pattern
  ORDER BY c.rank LIMIT 1
$body$;
COMMENT ON FUNCTION failure_cause(text) IS
  'What an SQLSTATE means to a pipeline: the class of its cause (connection lost, disk full, missing key, schema drift, bad value, ...), whether the same batch may succeed when it is tried again, and the remedy. NULL gives NULL.';

CREATE FUNCTION record_failure(warehouse name, feed text, sqlstate text, message text, action text DEFAULT 'stop',
                               source_id bigint DEFAULT NULL, epoch bigint DEFAULT NULL, source_name text DEFAULT NULL,
                               first_record bigint DEFAULT NULL, last_record bigint DEFAULT NULL, retry_no integer DEFAULT 0,
                               detail text DEFAULT NULL, hint text DEFAULT NULL, failed_at timestamptz DEFAULT NULL) RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  result bigint;
  step text[] := regexp_match(message, 'feed .*, step (\d+) \((.*?)\): ');
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  EXECUTE format($sql$
    INSERT INTO %1$I.attempt_log (feed_name, source_id, epoch, source_name, first_record, last_record, retry_no, action, failed_at, sqlstate, cause,
                                  step_no, step_name, message, detail, hint)
    VALUES ($1, $2, $3, coalesce($4, (SELECT l.source_name FROM %1$I.load_source l WHERE l.source_id = $2)), $5, $6, coalesce($7, 0), $8,
            coalesce($9, clock_timestamp()), $10, $11, $12, $13, left($14, 4000), left($15, 4000), left($16, 4000))
    RETURNING attempt_id$sql$, warehouse)
    INTO result
    USING feed, source_id, epoch, source_name, first_record, last_record, retry_no, action, failed_at, sqlstate,
          (SELECT c.cause FROM starhouse.failure_cause(sqlstate) c), step[1]::integer, step[2], message, detail, hint;
  IF action = 'stop' THEN
    EXECUTE format($sql$
      UPDATE %I.run_log r SET finished_at = coalesce($3, clock_timestamp()), outcome = 'failed'
      WHERE r.source_id = $1 AND r.epoch = $2 AND r.finished_at IS NULL$sql$, warehouse) USING source_id, epoch, failed_at;
  END IF;
  RETURN result;
END
$body$;
COMMENT ON FUNCTION record_failure(name, text, text, text, text, bigint, bigint, text, bigint, bigint, integer, text, text, timestamptz) IS
  'Puts a failed attempt on record (attempt_log) in a transaction of its own, after the one that failed was rolled back; with action stop, the run of source and epoch ends as failed. failed_at NULL: now, for failures that could not be recorded at once. Returns the attempt''s id. 3F000 for an unknown warehouse; NULL for warehouse, feed, sqlstate or message is an error.';

CREATE FUNCTION run_end(warehouse name, source_id bigint, epoch bigint, outcome text) RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  ended bigint;
BEGIN
  EXECUTE format($sql$
    UPDATE %I.run_log r SET finished_at = clock_timestamp(), outcome = $3
    WHERE r.source_id = $1 AND r.epoch = $2 AND r.finished_at IS NULL$sql$, warehouse) USING source_id, epoch, outcome;
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN ended > 0;
END
$body$;
COMMENT ON FUNCTION run_end(name, bigint, bigint, text) IS
  'Ends the run of a source and epoch: done, failed, stopped or superseded. Whether there was one that had not ended. NULL source or epoch is none.';

CREATE FUNCTION run_begin(warehouse name, feed text, source_id bigint, epoch bigint, source_name text, first_record bigint) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  IF to_regclass(format('%I.run_log', warehouse)) IS NULL THEN
    RETURN;
  END IF;
  EXECUTE format($sql$
    UPDATE %I.run_log r SET finished_at = clock_timestamp(), outcome = 'superseded' WHERE r.source_id = $1 AND r.epoch < $2 AND r.finished_at IS NULL$sql$, warehouse)
    USING source_id, epoch;
  EXECUTE format($sql$
    INSERT INTO %I.run_log (feed_name, source_id, epoch, source_name, program, process, first_record)
    VALUES ($1, $2, $3, $4, current_setting('application_name'), pg_backend_pid(), $5)
    ON CONFLICT (source_id, epoch) DO NOTHING$sql$, warehouse)
    USING feed, source_id, epoch, source_name, first_record;
END
$body$;
COMMENT ON FUNCTION run_begin(name, text, bigint, bigint, text, bigint) IS
  'Internal to whatever opens a source (load_open does): puts the run on record; a run of the source that has not ended is superseded. Does nothing in a pipeline without a run_log. A NULL feed is an error.';

CREATE FUNCTION runs_dead(warehouse name)
  RETURNS TABLE (run_id bigint, feed_name text, source_name text, started_at timestamptz)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED STRICT
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  RETURN QUERY EXECUTE format($sql$
    SELECT r.run_id, r.feed_name::text, r.source_name, r.started_at FROM %I.run_log r
    WHERE r.finished_at IS NULL
      AND NOT EXISTS (SELECT FROM pg_stat_activity a
                      WHERE a.pid = r.process AND a.datname = current_database() AND (a.backend_start IS NULL OR a.backend_start <= r.started_at))
    ORDER BY r.run_id$sql$, warehouse);
END
$body$;
COMMENT ON FUNCTION runs_dead(name) IS
  'Runs that never ended and whose session is gone: the loader was killed, or its machine. NULL gives none.';
