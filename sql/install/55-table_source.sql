-- Tables that others fill, as sources of a feed: read by the difference of two snapshots, as PgQ does.
--
-- A row carries the transaction that inserted it (a bigint, DEFAULT txid_current()). A tick takes a
-- snapshot; what is visible in it and was not in the last one's is new, whatever sequences, clocks and
-- commit orders say: nothing is lost to a transaction that began early and commits late, and nothing is read twice.
-- Of the range of transactions between two ticks those that were at work during the last one are looked up
-- singly, so a transaction that is open for hours costs nothing.

CREATE FUNCTION init_table_sources(schema name) RETURNS void
  LANGUAGE plpgsql VOLATILE STRICT
  SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $body$
DECLARE
  kinds record;
BEGIN
  IF to_regclass(format('%I.table_source', schema)) IS NOT NULL THEN
    RETURN;
  END IF;
  -- Sources of warehouses that an earlier version made know no tables.
  FOR kinds IN SELECT c.conname FROM pg_constraint c
               WHERE c.conrelid = to_regclass(format('%I.load_source', schema)) AND c.contype = 'c'
                 AND pg_get_constraintdef(c.oid) ~ '\mkind\M' AND pg_get_constraintdef(c.oid) !~ '''table''' LOOP
    EXECUTE format('ALTER TABLE %I.load_source DROP CONSTRAINT %I, ADD CONSTRAINT %2$I CHECK (kind IN (''file'', ''topic'', ''call'', ''table''))', schema, kinds.conname);
  END LOOP;
  EXECUTE format($sql$
    CREATE TABLE %1$I.table_source (
      source_id          bigint PRIMARY KEY REFERENCES %1$I.load_source ON DELETE CASCADE,
      relation           regclass NOT NULL,
      xid_column         name NOT NULL,
      payload            text NOT NULL,
      seen               pg_snapshot NOT NULL,
      tick               pg_snapshot,
      tick_position      bigint,
      old_rows           boolean NOT NULL,
      system_identifier  bigint NOT NULL,
      ticked_at          timestamptz
    ) WITH (fillfactor = 50)$sql$, schema);
  PERFORM starhouse.comment_relations(schema, ARRAY[
    ['table_source', NULL, 'Tables that others fill and a feed reads: how far each is read. See starhouse.create_table_source'],
    ['table_source', 'source_id', 'The table as a source, in load_source'],
    ['table_source', 'relation', 'The table'],
    ['table_source', 'xid_column', 'Its column with the transaction that inserted a row'],
    ['table_source', 'payload', 'SQL over the row t that gives its record as text'],
    ['table_source', 'seen', 'Rows visible in this snapshot are loaded'],
    ['table_source', 'tick', 'Rows visible in this one are being loaded; NULL: no tick is under way'],
    ['table_source', 'tick_position', 'Of the tick under way, rows of transactions up to this one are loaded'],
    ['table_source', 'old_rows', 'Whether rows from before the column was there (NULL) are still to be read'],
    ['table_source', 'system_identifier', 'Cluster whose transactions the snapshots are of: after a restore elsewhere they mean nothing'],
    ['table_source', 'ticked_at', 'End of the last tick']]);
END
$body$;
COMMENT ON FUNCTION init_table_sources(name) IS
  'Internal to create_table_source: makes the warehouse''s table table_source where it is missing.';

-- The caller's own transaction counts as one that is still at work: it may insert more rows.
CREATE FUNCTION tick_snapshot() RETURNS pg_snapshot
  LANGUAGE sql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT CASE WHEN own IS NULL OR own >= pg_snapshot_xmax(seen) THEN seen
              ELSE format('%s:%s:%s', CASE WHEN own < pg_snapshot_xmin(seen) THEN own ELSE pg_snapshot_xmin(seen) END, pg_snapshot_xmax(seen),
                          (SELECT string_agg(x::text, ',' ORDER BY x) FROM (SELECT pg_snapshot_xip(seen) AS x UNION SELECT own) AS at_work))::pg_snapshot END
  FROM (SELECT pg_current_snapshot() AS seen, pg_current_xact_id_if_assigned() AS own) AS s
$body$;
COMMENT ON FUNCTION tick_snapshot() IS
  'Internal to process_source: the present snapshot, with the caller''s own transaction as one that is still at work.';

CREATE FUNCTION create_table_source(warehouse name, feed text, relation regclass, payload text DEFAULT NULL, xid_column name DEFAULT 'starhouse_xid',
                                    old_rows boolean DEFAULT true, parameters jsonb DEFAULT '{}') RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  definition jsonb := starhouse.feed_get(warehouse, feed);
  settings jsonb := starhouse.feed_parameters(definition->'parameters', coalesce(parameters, '{}'));
  column_type text;
  column_default text;
  has_index boolean;
  result bigint;
BEGIN
  IF relation IS NULL OR xid_column IS NULL OR old_rows IS NULL THEN
    RAISE EXCEPTION 'relation, xid_column and old_rows must not be NULL' USING ERRCODE = '22004', HINT = 'Name the table that is to be read.';
  END IF;
  IF (SELECT relkind NOT IN ('r', 'p') OR relpersistence = 't' FROM pg_class WHERE oid = relation) THEN
    RAISE EXCEPTION '% is no table that others could fill', relation USING ERRCODE = '42809', HINT = 'Give a table, partitioned or not, that is not temporary.';
  END IF;
  IF definition->'contract'->>'format' = 'csv' AND (payload IS NULL OR coalesce((definition->'contract'->'csv'->>'header')::boolean, true)) THEN
    RAISE EXCEPTION 'feed "%" is CSV%', feed, CASE WHEN payload IS NULL THEN '' ELSE ' with a header, which rows have not' END USING ERRCODE = '0A000',
      HINT = 'Rows are read as JSON; for CSV without a header give the payload.';
  END IF;
  -- Nobody writes meanwhile, so that a row has its transaction or is an old one.
  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', relation);
  SELECT format_type(a.atttypid, NULL), pg_get_expr(d.adbin, d.adrelid) INTO column_type, column_default
  FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = relation AND a.attname = xid_column AND NOT a.attisdropped;
  IF column_type IS NULL THEN
    EXECUTE format('ALTER TABLE %s ADD COLUMN %I bigint', relation, xid_column);  -- without a default: nothing is rewritten
    EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT pg_catalog.txid_current()', relation, xid_column);
    EXECUTE format('COMMENT ON COLUMN %s.%I IS ''Transaction that inserted the row; NULL: it was there before starhouse read the table''', relation, xid_column);
  ELSIF column_type <> 'bigint' OR column_default IS DISTINCT FROM 'txid_current()' THEN
    RAISE EXCEPTION 'column "%" of % is %, default %', xid_column, relation, column_type, coalesce(column_default, 'none') USING ERRCODE = '42804',
      HINT = 'It has to be bigint DEFAULT txid_current(); name another column, or one that is not there: it is added.';
  END IF;
  SELECT count(*) > 0 INTO has_index FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
  WHERE i.indrelid = relation AND a.attname = xid_column AND i.indpred IS NULL;
  IF NOT has_index THEN
    EXECUTE format('CREATE INDEX ON %s USING brin (%I) WITH (pages_per_range = 16, autosummarize = on)', relation, xid_column);
  END IF;
  payload := coalesce(payload, format('(to_jsonb(t) - %L)::text', xid_column));
  EXECUTE format('SELECT (%s)::text FROM %s AS t LIMIT 0', payload, relation);  -- what is wrong with it is told now
  PERFORM starhouse.init_table_sources(warehouse);
  EXECUTE format($sql$
    INSERT INTO %I.load_source AS l (feed_name, source_name, fingerprint, kind, parameters) VALUES ($1, $2, $2, 'table', $3)
    ON CONFLICT (feed_name, fingerprint) DO NOTHING RETURNING l.source_id$sql$, warehouse)
    INTO result USING feed, 'table ' || (SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation), settings;
  IF result IS NULL THEN
    RAISE EXCEPTION 'feed "%" reads % already', feed, relation USING ERRCODE = '42710', HINT = format('To read it anew, delete its row from %I.load_source.', warehouse);
  END IF;
  EXECUTE format('INSERT INTO %I.table_source (source_id, relation, xid_column, payload, seen, old_rows, system_identifier) VALUES ($1, $2, $3, $4, $5, $6, $7)', warehouse)
    USING result, relation, xid_column, payload, CASE WHEN old_rows THEN '3:3:'::pg_snapshot ELSE starhouse.tick_snapshot() END, old_rows,
          (SELECT c.system_identifier FROM pg_control_system() c);
  RETURN result;
END
$body$;
COMMENT ON FUNCTION create_table_source(name, text, regclass, text, name, boolean, jsonb) IS
  'Makes a table that others fill a source of a feed; process_source reads it. Adds the column xid_column (bigint DEFAULT txid_current(), no rewrite) and a BRIN index on it where they are missing, under an exclusive lock, as the table''s owner. payload is SQL over the row t that gives the record as text; NULL: the whole row as JSON. old_rows: whether rows that are there already are read. Only inserts are read: an update changes no transaction of insertion. Returns the source_id. 42710 when the feed reads the table already, 42809 for what is no table, 42804 for another kind of column, 0A000 for a CSV feed without payload or with a header; other NULLs are errors (22004).';

-- One step of a tick: whole transactions of the writers, in one of ours.
CREATE FUNCTION process_source(warehouse name, source_id bigint, max_rows bigint DEFAULT 50000) RETURNS jsonb
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  s record;
  feed text;
  definition jsonb;
  stopped boolean;
  held bigint;
  unread text;
  singly bigint[];
  until bigint;
  last_step boolean;
  pages refcursor;
  payloads text[];
  first_number bigint;
  counts jsonb := '{"read": 0, "loaded": 0, "duplicates": 0, "rejected": 0}';
  added jsonb;
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  IF max_rows IS NULL OR max_rows < 1 THEN
    RAISE EXCEPTION 'max_rows must not be %', coalesce(max_rows::text, 'NULL') USING ERRCODE = '22023', HINT = 'Give the rows of a step, at least one.';
  END IF;
  IF to_regclass(format('%I.table_source', warehouse)) IS NOT NULL THEN
    EXECUTE format('SELECT t.* FROM %I.table_source t WHERE t.source_id = $1 FOR UPDATE SKIP LOCKED', warehouse) INTO s USING source_id;
    GET DIAGNOSTICS held = ROW_COUNT;
    EXECUTE format('SELECT l.feed_name, l.stopped_at IS NOT NULL FROM %I.load_source l WHERE l.source_id = $1 AND l.kind = ''table''', warehouse)
      INTO feed, stopped USING source_id;
  END IF;
  IF feed IS NULL THEN
    RAISE EXCEPTION 'warehouse "%" has no table as its source %', warehouse, coalesce(source_id::text, 'NULL') USING ERRCODE = '42704',
      HINT = 'starhouse.create_table_source makes one and returns its number.';
  END IF;
  IF held = 0 OR stopped THEN  -- another session is at it, or somebody stopped it
    RETURN counts || jsonb_build_object('more', false, 'busy', held = 0, 'stopped', stopped);
  END IF;
  IF s.system_identifier <> (SELECT c.system_identifier FROM pg_control_system() c) THEN
    RAISE EXCEPTION 'source % (%) was read in another cluster, whose transactions mean nothing here', source_id, s.relation USING ERRCODE = '55000',
      HINT = format('SELECT starhouse.rebase_table_source(%L, %s) once, before others write again.', warehouse, source_id);
  END IF;
  definition := starhouse.feed_get(warehouse, feed);
  IF s.tick IS NULL THEN
    s.tick := starhouse.tick_snapshot();
    s.tick_position := CASE WHEN s.old_rows THEN -1 ELSE 0 END;
  END IF;
  singly := ARRAY(SELECT x::text::bigint FROM pg_snapshot_xip(s.seen) AS x WHERE pg_visible_in_snapshot(x, s.tick));
  unread := CASE WHEN s.tick_position < 0
    THEN format('SELECT 0::bigint AS xid, t.tableoid AS relation, t.ctid AS place, (%s)::text AS record FROM %s AS t WHERE t.%I IS NULL', s.payload, s.relation, s.xid_column)
    ELSE format($sql$
      SELECT t.%2$I AS xid, t.tableoid AS relation, t.ctid AS place, (%8$s)::text AS record FROM %1$s AS t
      WHERE t.%2$I >= %3$s AND t.%2$I < %4$s AND t.%2$I > %5$s AND txid_visible_in_snapshot(t.%2$I, %6$L::txid_snapshot)
      UNION ALL
      SELECT t.%2$I, t.tableoid, t.ctid, (%8$s)::text FROM %1$s AS t WHERE t.%2$I = ANY (%7$L::bigint[]) AND t.%2$I > %5$s$sql$,
      s.relation, s.xid_column, pg_snapshot_xmax(s.seen), pg_snapshot_xmax(s.tick), s.tick_position, s.tick, singly, s.payload) END;
  IF s.tick_position < 0 THEN
    until := 0;
    last_step := false;  -- those with a transaction come next
  ELSE
    EXECUTE format('SELECT max(u.xid), count(*) < $1 FROM (SELECT u.xid FROM (%s) AS u ORDER BY u.xid LIMIT $1) AS u', unread) INTO until, last_step USING max_rows;
  END IF;
  IF until IS NOT NULL THEN
    OPEN pages FOR EXECUTE format($sql$
      SELECT array_agg(p.record ORDER BY p.n)
      FROM (SELECT row_number() OVER (ORDER BY u.xid, u.relation, u.place) - 1 AS n, u.record FROM (%s) AS u WHERE u.xid <= $1) AS p
      GROUP BY p.n / $2 ORDER BY p.n / $2$sql$, unread) USING until, (definition->>'batch_rows')::bigint;
    LOOP
      FETCH pages INTO payloads;
      EXIT WHEN NOT FOUND;
      EXECUTE format('UPDATE %I.load_source l SET next_record = l.next_record + $2 WHERE l.source_id = $1 RETURNING l.next_record - $2', warehouse)
        INTO first_number USING source_id, cardinality(payloads);
      added := starhouse.ingest_batch(warehouse, feed, definition, source_id, payloads, ARRAY(SELECT first_number + n FROM generate_series(0, cardinality(payloads) - 1) n), NULL);
      counts := (SELECT jsonb_object_agg(c.key, c.value::bigint + (added->>c.key)::bigint) FROM jsonb_each_text(counts) c);
    END LOOP;
    CLOSE pages;
  END IF;
  IF last_step THEN
    IF s.tick::text IS DISTINCT FROM s.seen::text THEN
      EXECUTE format('UPDATE %I.table_source t SET seen = $2, tick = NULL, tick_position = NULL, old_rows = false, ticked_at = clock_timestamp() WHERE t.source_id = $1', warehouse)
        USING source_id, s.tick;
    END IF;
  ELSE
    EXECUTE format('UPDATE %I.table_source t SET tick = $2, tick_position = $3, old_rows = false WHERE t.source_id = $1', warehouse) USING source_id, s.tick, until;
  END IF;
  RETURN counts || jsonb_build_object('more', NOT last_step);
END
$body$;
COMMENT ON FUNCTION process_source(name, bigint, bigint) IS
  'Takes new rows of a table source through its feed in the caller''s transaction: those of whole transactions of the writers, about max_rows of them, each exactly once. Returns {read, loaded, duplicates, rejected, more}; more: the tick is not at its end, call again in another transaction. Rows of the caller''s own transaction come in a later tick. Does nothing while another session is at it (busy) or the source is stopped. 42704 for what is no table source, 55000 after a restore in another cluster (see rebase_table_source), 22023 for max_rows below one; a NULL warehouse is an error (22004).';

CREATE PROCEDURE process_sources(warehouse name)
  LANGUAGE plpgsql
AS $body$
DECLARE
  every bigint[];
  source bigint;
  counts jsonb;
  known boolean;
  feed text; state text; message text; detail text; hint text;
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  IF pg_catalog.to_regclass(pg_catalog.format('%I.table_source', warehouse)) IS NULL THEN
    RETURN;
  END IF;
  EXECUTE pg_catalog.format('SELECT ARRAY(SELECT t.source_id FROM %I.table_source t ORDER BY t.source_id)', warehouse) INTO every;
  FOREACH source IN ARRAY every LOOP
    LOOP
      state := NULL;
      BEGIN
        counts := starhouse.process_source(warehouse, source);
      EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
      END;
      -- What fails in one keeps no other from its turn; it is tried again at the next call.
      IF state IS NOT NULL THEN
        EXECUTE pg_catalog.format('SELECT l.feed_name FROM %I.load_source l WHERE l.source_id = $1', warehouse) INTO feed USING source;
        EXECUTE pg_catalog.format('SELECT EXISTS (SELECT FROM %I.attempt_log a WHERE a.source_id = $1 AND a.message = pg_catalog.left($2, 4000) AND a.failed_at > pg_catalog.now() - interval ''1 minute'')', warehouse)
          INTO known USING source, message;
        IF NOT known THEN  -- once a minute
          PERFORM starhouse.record_failure(warehouse, feed, state, message, 'stop', source_id => source, detail => nullif(detail, ''), hint => nullif(hint, ''));
        END IF;
        RAISE WARNING 'source %: %', source, message USING ERRCODE = state, HINT = hint;
      END IF;
      COMMIT;
      EXIT WHEN state IS NOT NULL OR NOT (counts->>'more')::boolean;
    END LOOP;
  END LOOP;
END
$body$;
COMMENT ON PROCEDURE process_sources(name) IS
  'Reads every table source of a warehouse to the end of its tick, each step in a transaction of its own. A source that fails is put on record (attempt_log), warned of, and left for the next call. For a scheduler, every second if you like; not within a transaction block. A NULL warehouse is an error (22004).';

CREATE FUNCTION rebase_table_source(warehouse name, source_id bigint, again boolean DEFAULT false) RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  s record;
  held bigint;
  here bigint := (SELECT c.system_identifier FROM pg_control_system() c);
  result bigint;
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  IF again IS NULL THEN
    RAISE EXCEPTION 'again must not be NULL' USING ERRCODE = '22004', HINT = 'Say whether everything is to be read again.';
  END IF;
  IF to_regclass(format('%I.table_source', warehouse)) IS NOT NULL THEN
    EXECUTE format('SELECT t.* FROM %I.table_source t WHERE t.source_id = $1 FOR UPDATE', warehouse) INTO s USING source_id;
    GET DIAGNOSTICS held = ROW_COUNT;
  END IF;
  IF coalesce(held, 0) = 0 THEN
    RAISE EXCEPTION 'warehouse "%" has no table as its source %', warehouse, coalesce(source_id::text, 'NULL') USING ERRCODE = '42704',
      HINT = 'starhouse.create_table_source makes one and returns its number.';
  END IF;
  IF s.system_identifier = here AND NOT again THEN
    RETURN 0;
  END IF;
  EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', s.relation);  -- no writers
  -- What is to be read becomes this transaction's, what is done with an old row's. Numbers of this cluster that are yet to
  -- come must not be on any row.
  EXECUTE format($sql$
    WITH changed AS (
      UPDATE %1$s AS t SET %2$I = CASE WHEN n.is_new THEN txid_current() END
      FROM (SELECT x.tableoid AS relation, x.ctid AS place,
                   $1 OR CASE WHEN x.%2$I IS NULL THEN $5
                              ELSE NOT txid_visible_in_snapshot(x.%2$I, $2::txid_snapshot)
                                   AND NOT coalesce(txid_visible_in_snapshot(x.%2$I, $3::txid_snapshot) AND x.%2$I <= $4, false) END AS is_new
            FROM %1$s AS x) AS n
      WHERE t.tableoid = n.relation AND t.ctid = n.place AND (n.is_new OR t.%2$I IS NOT NULL)
      RETURNING n.is_new)
    SELECT count(*) FROM changed WHERE is_new$sql$, s.relation, s.xid_column)
    INTO result USING again, s.seen::text, s.tick::text, s.tick_position, s.old_rows;
  EXECUTE format('UPDATE %I.table_source t SET seen = $2, tick = NULL, tick_position = NULL, old_rows = false, system_identifier = $3 WHERE t.source_id = $1', warehouse)
    USING source_id, starhouse.tick_snapshot(), here;
  RETURN result;
END
$body$;
COMMENT ON FUNCTION rebase_table_source(name, bigint, boolean) IS
  'After a restore into another cluster, where the stored transactions mean nothing: marks the rows that the source had not read as new in this one, the others as old, and lets process_source go on. Exact if nobody has written to the table since the restore; else say again => true, which has every row read again (facts are recognised by their keys; bronze keeps both). Locks writers out. Returns the rows to be read; 0, doing nothing, in the cluster that the source was read in, unless again. 42704 for what is no table source; a NULL warehouse or again is an error (22004).';
