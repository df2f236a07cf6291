-- The pipeline's tables, in the warehouse's own schema: feeds, sources, batches, quarantine. They are
-- the caller's ordinary tables, so they outlive the extension and are dumped like any other.

CREATE FUNCTION init_pipeline(schema name) RETURNS void
  LANGUAGE plpgsql VOLATILE STRICT
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  described text[];
BEGIN
  EXECUTE format($sql$
    CREATE TABLE %1$I.feed (
      feed_name    text COLLATE "C" PRIMARY KEY,
      version      integer NOT NULL DEFAULT 1,
      contract     jsonb NOT NULL,
      steps        jsonb NOT NULL DEFAULT '[]',
      bronze       boolean NOT NULL DEFAULT true,
      batch_rows   integer NOT NULL DEFAULT 200000 CHECK (batch_rows > 0),
      parameters   jsonb NOT NULL DEFAULT '{}',
      compatibility text NOT NULL DEFAULT 'none',
      description  text,
      updated_at   timestamptz NOT NULL DEFAULT now()
    )$sql$, schema);
  EXECUTE format($sql$
    CREATE TABLE %1$I.feed_version (
      feed_name      text COLLATE "C" NOT NULL REFERENCES %1$I.feed,
      version        integer NOT NULL,
      contract       jsonb NOT NULL,
      compatibility  text NOT NULL,
      registered_at  timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (feed_name, version)
    )$sql$, schema);
  EXECUTE format($sql$
    CREATE TABLE %1$I.load_source (
      source_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      feed_name    text COLLATE "C" NOT NULL REFERENCES %1$I.feed,
      source_name  text NOT NULL,
      fingerprint  text,
      bytes        bigint,
      header       text,
      parameters   jsonb NOT NULL DEFAULT '{}',
      next_record  bigint NOT NULL DEFAULT 1,
      epoch        bigint NOT NULL DEFAULT 1,
      opened_at    timestamptz NOT NULL DEFAULT now(),
      finished_at  timestamptz,
      kind         text NOT NULL DEFAULT 'file' CHECK (kind IN ('file', 'topic', 'call', 'table')),
      partitions   integer,
      stopped_at   timestamptz,
      stop_reason  text,
      UNIQUE (feed_name, fingerprint)
    )$sql$, schema);
  EXECUTE format($sql$
    CREATE TABLE %1$I.source_partition (
      source_id        bigint NOT NULL REFERENCES %1$I.load_source ON DELETE CASCADE,
      partition        integer NOT NULL CHECK (partition >= 0),
      next_offset      bigint NOT NULL,
      epoch            bigint NOT NULL DEFAULT 1,
      end_offset       bigint,
      last_message_at  timestamptz,
      first_seen_at    timestamptz NOT NULL DEFAULT now(),
      updated_at       timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (source_id, partition)
    ) WITH (fillfactor = 50)$sql$, schema);
  EXECUTE format($sql$
    CREATE TABLE %1$I.source_gap (
      source_id     bigint NOT NULL REFERENCES %1$I.load_source ON DELETE CASCADE,
      partition     integer NOT NULL,
      first_offset  bigint NOT NULL,
      next_offset   bigint NOT NULL,
      reason        text NOT NULL,
      found_at      timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (source_id, partition, first_offset, found_at)
    )$sql$, schema);
  EXECUTE format($sql$
    CREATE TABLE %1$I.batch_log (
      batch_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      feed_name       text COLLATE "C" NOT NULL,
      source_id       bigint REFERENCES %1$I.load_source ON DELETE SET NULL,
      first_record    bigint,
      last_record     bigint,
      records_read    bigint,
      records_loaded  bigint,
      duplicates      bigint,
      rejected        bigint,
      positions       jsonb,
      steps           jsonb,
      drift           jsonb,
      started_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
      finished_at     timestamptz,
      xid8            xid8 NOT NULL DEFAULT pg_current_xact_id()
    )$sql$, schema);
  EXECUTE format('CREATE INDEX batch_log_drift_idx ON %1$I.batch_log (feed_name) WHERE drift IS NOT NULL', schema);
  EXECUTE format($sql$
    CREATE VIEW %1$I.feed_drift AS
    SELECT b.feed_name, d.path, min(b.finished_at) AS first_seen, max(b.finished_at) AS last_seen,
           sum((d.found->>'count')::bigint)::bigint AS records,
           ARRAY(SELECT DISTINCT t #>> '{}' FROM jsonb_path_query(jsonb_agg(d.found->'types'), '$[*][*]') AS t ORDER BY 1) AS types
    FROM %1$I.batch_log b CROSS JOIN LATERAL jsonb_each(b.drift) AS d(path, found)
    WHERE b.drift IS NOT NULL
    GROUP BY b.feed_name, d.path$sql$, schema);
  EXECUTE format('CREATE INDEX batch_log_source_id_idx ON %1$I.batch_log (source_id)', schema);
  EXECUTE format($sql$
    CREATE TABLE %1$I.quarantine (
      quarantine_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      feed_name       text COLLATE "C" NOT NULL,
      source_id       bigint,
      batch_id        bigint,
      record_no       bigint,
      line_no         bigint,
      payload         bytea,
      sqlstate        text NOT NULL,
      column_name     text,
      value           text,
      reason          text NOT NULL,
      hint            text,
      rejected_at     timestamptz NOT NULL DEFAULT now(),
      resolved_at     timestamptz,
      resolved_batch  bigint
    )$sql$, schema);
  EXECUTE format('CREATE INDEX quarantine_open_idx ON %1$I.quarantine (feed_name, quarantine_id)
                  WHERE resolved_at IS NULL', schema);
  EXECUTE format('CREATE INDEX quarantine_source_idx ON %1$I.quarantine (source_id, record_no)', schema);
  EXECUTE format('CREATE INDEX quarantine_batch_idx ON %1$I.quarantine (batch_id)', schema);

  FOREACH described SLICE 1 IN ARRAY ARRAY[
    ['feed', NULL, 'Feeds: what arrives (contract) and how it becomes facts and dimensions (steps). See starhouse.create_feed.'],
    ['feed', 'feed_name', 'Name used by starhouse load --feed'],
    ['feed', 'version', 'Counts the definitions of this feed, from 1'],
    ['feed', 'contract', 'Record layout and typed columns; checked by starhouse.contract_check'],
    ['feed', 'steps', 'What a batch does after it is parsed, in order'],
    ['feed', 'bronze', 'Whether records are kept as received in bronze_<feed>'],
    ['feed', 'batch_rows', 'Records per transaction'],
    ['feed', 'parameters', 'What a load has to be told beside its file: name, then description, pattern and default'],
    ['feed', 'compatibility', 'Rule by which the next contract is checked against those before it'],
    ['feed', 'description', 'What the feed carries and where it comes from'],
    ['feed', 'updated_at', 'When this version was defined'],
    ['feed_version', NULL, 'Contracts a feed has had; messages that say they are of an older version are read by it'],
    ['feed_version', 'feed_name', 'Feed'],
    ['feed_version', 'version', 'Version of the feed since which the contract is in force'],
    ['feed_version', 'contract', 'The contract'],
    ['feed_version', 'compatibility', 'Rule it was checked by'],
    ['feed_version', 'registered_at', 'When it was defined'],
    ['feed_drift', NULL, 'Fields that arrive and the feed''s contract does not know: kept in bronze, in no column. From batch_log.drift'],
    ['feed_drift', 'feed_name', 'Feed'],
    ['feed_drift', 'path', 'Where the field stands in the record, as a JSON pointer; * is any index of a list'],
    ['feed_drift', 'first_seen', 'End of the first batch with it'],
    ['feed_drift', 'last_seen', 'End of the last one'],
    ['feed_drift', 'records', 'How often it was there, in records that were accepted'],
    ['feed_drift', 'types', 'JSON types it had'],
    ['load_source', NULL, 'Sources (files, topics) seen, and how far each is loaded: the record a repeated load resumes at'],
    ['load_source', 'source_id', 'Surrogate key'],
    ['load_source', 'feed_name', 'Feed the source was loaded through'],
    ['load_source', 'source_name', 'Name of the file when it was last opened; - is standard input'],
    ['load_source', 'fingerprint', 'SHA-256 of the file''s bytes: a renamed copy is the same source. A random word for standard input'],
    ['load_source', 'bytes', 'Size of the file'],
    ['load_source', 'header', 'The header record, as read'],
    ['load_source', 'parameters', 'Parameters it is loaded with; {} for none'],
    ['load_source', 'next_record', 'First record not loaded yet (the header is record 1); moves in the transaction that loads'],
    ['load_source', 'epoch', 'Raised by each load that opens the source; an older one may not commit any more'],
    ['load_source', 'opened_at', 'When the source was first seen'],
    ['load_source', 'finished_at', 'When its last record was loaded; NULL while it is unfinished, and for a topic, which has no end'],
    ['load_source', 'kind', 'file (standard input too), topic (Kafka), call (starhouse.ingest) or table (starhouse.create_table_source)'],
    ['load_source', 'partitions', 'Partitions the topic had when it was first opened; NULL for what is no topic'],
    ['load_source', 'stopped_at', 'When its client stopped taking records, of its own accord; NULL while it takes them. starhouse.resume_source lets it go on'],
    ['load_source', 'stop_reason', 'Why it did'],
    ['source_partition', NULL, 'How far each partition of a topic is loaded. Moves in the transaction that loads, so it is right where the broker''s own group offsets need not be'],
    ['source_partition', 'source_id', 'The topic, in load_source'],
    ['source_partition', 'partition', 'Partition of the topic'],
    ['source_partition', 'next_offset', 'First offset not loaded yet'],
    ['source_partition', 'epoch', 'Raised by each client that is assigned the partition; an older one may not commit any more'],
    ['source_partition', 'end_offset', 'Where the partition ended when its last batch was loaded, as far as the client knew: end_offset - next_offset is its lag'],
    ['source_partition', 'last_message_at', 'Time stamp of the last message loaded, by the broker or producer'],
    ['source_partition', 'first_seen_at', 'When a client was first assigned it'],
    ['source_partition', 'updated_at', 'When a batch or an assignment last touched it'],
    ['source_gap', NULL, 'Offsets that were gone from the log before they could be loaded: lost data, one row per finding'],
    ['source_gap', 'source_id', 'The topic, in load_source'],
    ['source_gap', 'partition', 'Partition of the topic'],
    ['source_gap', 'first_offset', 'First offset lost'],
    ['source_gap', 'next_offset', 'Where loading went on'],
    ['source_gap', 'reason', 'What was found'],
    ['source_gap', 'found_at', 'When it was found'],
    ['batch_log', NULL, 'One row per committed batch: what it read, loaded and rejected, and what each step did'],
    ['batch_log', 'batch_id', 'Surrogate key; the facts'' and bronze''s batch_id'],
    ['batch_log', 'feed_name', 'Feed of the batch'],
    ['batch_log', 'source_id', 'Source it came from'],
    ['batch_log', 'first_record', 'First record of the batch'],
    ['batch_log', 'last_record', 'Last record of the batch'],
    ['batch_log', 'records_read', 'Records read from the source'],
    ['batch_log', 'records_loaded', 'Records neither rejected nor duplicates'],
    ['batch_log', 'duplicates', 'Records whose facts were there already'],
    ['batch_log', 'rejected', 'Records put into quarantine'],
    ['batch_log', 'positions', 'Of a batch from a topic: {partition: [first offset, offset after the last]}. A record''s number is partition * 2^48 + offset. Of a batch from a call or a table: {"records": [first number, number after the last]}. NULL for a file, which has first_record, and for a replay'],
    ['batch_log', 'steps', 'Per step: name, rows, other counts, milliseconds'],
    ['batch_log', 'drift', 'Fields the contract does not know, by path: how often, and of which types; NULL for none. See feed_drift'],
    ['batch_log', 'started_at', 'Start of the batch'],
    ['batch_log', 'finished_at', 'End of its last step, just before commit'],
    ['batch_log', 'xid8', 'Transaction that wrote the batch'],
    ['quarantine', NULL, 'Rejected records, as received, with the reason; starhouse replay loads them again'],
    ['quarantine', 'quarantine_id', 'Surrogate key'],
    ['quarantine', 'feed_name', 'Feed that rejected the record'],
    ['quarantine', 'source_id', 'Source it came from'],
    ['quarantine', 'batch_id', 'Batch that rejected it'],
    ['quarantine', 'record_no', 'Its number in the source, the header counted'],
    ['quarantine', 'line_no', 'Line of the source it starts on'],
    ['quarantine', 'payload', 'The record''s bytes as received'],
    ['quarantine', 'sqlstate', 'Kind of fault, as SQLSTATE: 22007 no such date format, 23502 missing value, 23514 rule broken, ...'],
    ['quarantine', 'column_name', 'Column at fault; NULL when the record as a whole is'],
    ['quarantine', 'value', 'Offending value'],
    ['quarantine', 'reason', 'What is wrong'],
    ['quarantine', 'hint', 'How to mend it'],
    ['quarantine', 'rejected_at', 'When it was rejected'],
    ['quarantine', 'resolved_at', 'When a replay loaded it; NULL while it is open'],
    ['quarantine', 'resolved_batch', 'Batch of that replay']
  ] LOOP
    IF described[2] IS NULL THEN
      EXECUTE format('COMMENT ON %s %I.%I IS %L', CASE described[1] WHEN 'feed_drift' THEN 'VIEW' ELSE 'TABLE' END, schema, described[1], described[3]);
    ELSE
      EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', schema, described[1], described[2], described[3]);
    END IF;
  END LOOP;
  PERFORM starhouse.init_operations(schema);
END
$body$;
COMMENT ON FUNCTION init_pipeline(name) IS
  'Creates the pipeline''s tables (feed, feed_version, load_source, source_partition, source_gap, batch_log, quarantine, and by init_operations those of runs and alerts) in the schema, as the caller''s own. create_warehouse calls it; call it yourself for a warehouse of your own making. Fails with 42P07 when one is there. NULL does nothing.';

-- The schema as a warehouse, or a clear error. For the functions below.
CREATE FUNCTION pipeline_check(warehouse name) RETURNS void
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  IF warehouse IS NULL THEN
    RAISE EXCEPTION 'warehouse must not be NULL' USING ERRCODE = '22004',
      HINT = 'Give the name of the schema the warehouse lives in.';
  END IF;
  IF to_regclass(format('%I.feed', warehouse)) IS NULL OR to_regclass(format('%I.load_source', warehouse)) IS NULL THEN
    RAISE EXCEPTION 'there is no warehouse "%"', warehouse USING ERRCODE = '3F000',
      HINT = coalesce(
        (SELECT 'Warehouses of this database that you may use: ' || string_agg(quote_ident(n.nspname), ', ' ORDER BY n.nspname)
         FROM pg_namespace n
         WHERE has_schema_privilege(n.oid, 'USAGE')
           AND EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'load_source')
           AND EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'feed')) || '.',
        'This database has none: SELECT starhouse.create_warehouse(''shopsmart'') makes one.');
  END IF;
END
$body$;
COMMENT ON FUNCTION pipeline_check(name) IS
  'Raises 3F000 naming the warehouses there are unless the schema holds the pipeline''s tables. 22004 for NULL.';

-- The row of a feed as jsonb, or a clear error.
CREATE FUNCTION feed_get(warehouse name, feed text) RETURNS jsonb
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  found jsonb;
  known text;
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  EXECUTE format('SELECT to_jsonb(f) FROM %I.feed f WHERE feed_name = $1', warehouse) INTO found USING feed;
  IF found IS NULL THEN
    EXECUTE format('SELECT string_agg(feed_name, '', '' ORDER BY feed_name) FROM %I.feed', warehouse) INTO known;
    RAISE EXCEPTION 'warehouse "%" has no feed "%"', warehouse, feed USING ERRCODE = '42704',
      HINT = coalesce('Its feeds: ' || known || '.', 'It has no feeds yet: starhouse.create_feed defines one.');
  END IF;
  RETURN found;
END
$body$;
COMMENT ON FUNCTION feed_get(name, text) IS
  'Definition of a feed as jsonb (feed_name, version, contract, steps, bronze, batch_rows, parameters, description, updated_at). 42704 naming the feeds there are when it is unknown, 3F000 for an unknown warehouse. A NULL warehouse is an error (22004).';
