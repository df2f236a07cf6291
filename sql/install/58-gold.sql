-- Gold documents: one JSON document per key (video, user, store, ...) in a table of the warehouse, kept by the feeds:
-- a batch marks the keys it touched, in its own transaction; gold_refresh computes those and no others, and writes
-- what really changed. Followers read the changes by a cursor (58-gold_changes.sql).
--
-- Marks are appended and never unique: a refresh deletes those it sees and computes afterwards, so a batch that
-- commits meanwhile keeps its own.

CREATE FUNCTION init_gold(schema name) RETURNS void
  LANGUAGE plpgsql VOLATILE STRICT
  SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $body$
BEGIN
  EXECUTE format($sql$
    CREATE TABLE IF NOT EXISTS %1$I.gold_registry (
      gold_name   text COLLATE "C" PRIMARY KEY,
      build       text NOT NULL,
      all_keys    text NOT NULL,
      changed_by  jsonb NOT NULL,
      reads       text[] NOT NULL DEFAULT '{}',
      tracking    boolean NOT NULL DEFAULT false,
      system_id   bigint,
      refreshed_at timestamptz
    )$sql$, schema);
  EXECUTE format('CREATE TABLE IF NOT EXISTS %I.gold_dirty (gold_name text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL)', schema);
  EXECUTE format('CREATE INDEX IF NOT EXISTS gold_dirty_idx ON %I.gold_dirty (gold_name)', schema);
  PERFORM starhouse.comment_relations(schema, ARRAY[
    ['gold_registry', NULL, 'Gold tables of the warehouse: how their documents are built and what changes them; see starhouse.create_gold'],
    ['gold_registry', 'gold_name', 'Table with the documents'],
    ['gold_registry', 'build', 'Query for key and document of the keys in {keys}'],
    ['gold_registry', 'all_keys', 'Query for every key there is'],
    ['gold_registry', 'changed_by', 'Feed to query: the keys a batch of it touches'],
    ['gold_registry', 'reads', 'Tables the documents are built from'],
    ['gold_registry', 'tracking', 'Whether batches mark their keys: from the first refresh on'],
    ['gold_registry', 'system_id', 'Database system whose transaction ids changed_xid holds'],
    ['gold_registry', 'refreshed_at', 'Last refresh'],
    ['gold_dirty', NULL, 'Keys whose documents have to be refreshed; may hold a key more than once'],
    ['gold_dirty', 'gold_name', 'Gold table'],
    ['gold_dirty', 'key', 'Key']]);
END
$body$;
COMMENT ON FUNCTION init_gold(name) IS 'Internal to create_gold: makes gold_registry and gold_dirty in a warehouse where they are missing. NULL does nothing.';

CREATE FUNCTION create_gold(warehouse name, gold text, build text, all_keys text, changed_by jsonb, reads text[] DEFAULT '{}', description text DEFAULT NULL) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  IF gold IS NULL OR gold !~ '^gold_[a-z0-9_]+$' OR octet_length(gold) > 50 OR gold IN ('gold_registry', 'gold_dirty') THEN
    RAISE EXCEPTION 'a gold table cannot be called %', coalesce('"' || gold || '"', 'NULL') USING ERRCODE = '22023', HINT = 'Use a name such as gold_video_profile: small letters, digits and underscores behind gold_.';
  END IF;
  IF build IS NULL OR strpos(build, '{keys}') = 0 THEN
    RAISE EXCEPTION 'the query that builds % does not hold {keys}', gold USING ERRCODE = '22023', HINT = 'It selects key and document for the keys in it: SELECT video_id, jsonb_build_object(...) FROM ... WHERE video_id = ANY ({keys}).';
  END IF;
  IF changed_by IS NULL OR jsonb_typeof(changed_by) <> 'object' OR all_keys IS NULL THEN
    RAISE EXCEPTION 'changed_by has to be an object and all_keys a query' USING ERRCODE = '22023', HINT = 'For example changed_by => {"playback_events": "SELECT video_id FROM batch"}.';
  END IF;
  PERFORM starhouse.init_gold(warehouse);
  EXECUTE format($sql$
    CREATE TABLE IF NOT EXISTS %1$I.%2$I (
      key          text COLLATE "C" PRIMARY KEY,
      document     jsonb,
      changed_xid  xid8 NOT NULL,
      changed_at   timestamptz NOT NULL
    )$sql$, warehouse, gold);
  EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %I.%I (changed_xid, key)', gold || '_changed_idx', warehouse, gold);
  EXECUTE format($sql$
    INSERT INTO %I.gold_registry AS g (gold_name, build, all_keys, changed_by, reads) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (gold_name) DO UPDATE SET build = excluded.build, all_keys = excluded.all_keys, changed_by = excluded.changed_by, reads = excluded.reads, tracking = false$sql$, warehouse)
    USING gold, build, all_keys, changed_by, coalesce(reads, '{}');
  PERFORM starhouse.comment_relations(warehouse, ARRAY[
    [gold, NULL, coalesce(description, 'Gold documents')],
    [gold, 'key', 'Key of the document'],
    [gold, 'document', 'The document; NULL: there is none any more'],
    [gold, 'changed_xid', 'Transaction that last changed it, for starhouse.gold_changes'],
    [gold, 'changed_at', 'When it was last changed']]);
END
$body$;
COMMENT ON FUNCTION create_gold(name, text, text, text, jsonb, text[], text) IS
  'Makes a gold table gold_<name> of a warehouse: build is a query for key and document of the keys in {keys} (a text[]), all_keys one for every key, changed_by an object that gives, for each feed, a query over the relation batch (and facts of {batch_id}) for the keys a batch touches; names without a schema are the warehouse''s. Called again it redefines, and the next gold_refresh builds everything anew. It is empty until the first gold_refresh. 22023 for a bad name or a query without {keys}; a NULL description is a general one, other NULLs are errors.';

-- Batches share this lock until they commit; the first refresh takes it alone, so that none is on its way unmarked.
CREATE FUNCTION gold_lock_key(warehouse name) RETURNS bigint
  LANGUAGE sql STABLE STRICT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT hashtextextended('starhouse gold ' || (quote_ident(warehouse)::regnamespace)::oid, 0)
$body$;
COMMENT ON FUNCTION gold_lock_key(name) IS 'Internal: key of the advisory lock between batches and the first refresh of a gold table. NULL gives NULL.';

CREATE FUNCTION gold_capture_batch(warehouse name, feed text, batch_id bigint) RETURNS jsonb
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  g record;
  began timestamptz;
  affected bigint;
  log jsonb := '[]';
BEGIN
  IF to_regclass(format('%I.gold_registry', warehouse)) IS NULL THEN
    RETURN log;
  END IF;
  PERFORM pg_advisory_xact_lock_shared(starhouse.gold_lock_key(warehouse));
  FOR g IN EXECUTE format('SELECT gold_name, changed_by->>$1 AS query FROM %I.gold_registry WHERE tracking AND changed_by ? $1 ORDER BY 1', warehouse) USING feed LOOP
    began := clock_timestamp();
    PERFORM set_config('search_path', format('%I, starhouse, pg_catalog', warehouse), true);
    EXECUTE format('INSERT INTO %I.gold_dirty (gold_name, key) SELECT DISTINCT %L, k.key::text FROM (%s) AS k (key) WHERE k.key IS NOT NULL', warehouse, g.gold_name, replace(g.query, '{batch_id}', batch_id::text));
    GET DIAGNOSTICS affected = ROW_COUNT;
    PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
    log := log || jsonb_build_object('name', g.gold_name, 'rows', affected, 'ms', round((extract(epoch FROM clock_timestamp() - began) * 1000)::numeric, 1));
  END LOOP;
  RETURN log;
END
$body$;
COMMENT ON FUNCTION gold_capture_batch(name, text, bigint) IS
  'Internal to batch_finish: marks the keys of gold documents that the batch touches, and returns one log entry per gold table.';

CREATE FUNCTION gold_doubt(warehouse name, feed text) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  gold text;
BEGIN
  IF to_regclass(format('%I.gold_registry', warehouse)) IS NULL THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock_shared(starhouse.gold_lock_key(warehouse));
  FOR gold IN EXECUTE format('SELECT gold_name FROM %I.gold_registry WHERE tracking AND changed_by ? $1 ORDER BY 1', warehouse) USING feed LOOP
    EXECUTE format('INSERT INTO %1$I.gold_dirty (gold_name, key) SELECT %2$L, t.key FROM %1$I.%2$I t WHERE t.document IS NOT NULL', warehouse, gold);
  END LOOP;
END
$body$;
COMMENT ON FUNCTION gold_doubt(name, text) IS
  'Internal to replay: marks all documents that a feed changes, where rows of it were taken away. The next gold_refresh writes those that really differ.';

CREATE FUNCTION gold_refresh(warehouse name, gold text DEFAULT NULL, OUT gold_name text, OUT looked_at bigint, OUT changed bigint, OUT removed bigint)
  RETURNS SETOF record
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  page CONSTANT integer := 20000;
  this_system bigint := (SELECT c.system_identifier FROM pg_control_system() c);
  g record;
  keys text[];
  taken bigint;
  done record;
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  IF to_regclass(format('%I.gold_registry', warehouse)) IS NULL OR gold IS NOT NULL AND NOT starhouse.gold_known(warehouse, gold) THEN
    RAISE EXCEPTION 'warehouse "%" has no gold table %', warehouse, coalesce('"' || gold || '"', 'at all') USING ERRCODE = '42704', HINT = 'starhouse.create_gold makes one.';
  END IF;
  FOR g IN EXECUTE format('SELECT r.* FROM %I.gold_registry r WHERE $1 IS NULL OR r.gold_name = $1 ORDER BY r.gold_name', warehouse) USING gold LOOP
    gold_name := g.gold_name; looked_at := 0; changed := 0; removed := 0;
    -- One at a time, so nobody writes a document from an older snapshot over a newer one.
    PERFORM pg_advisory_xact_lock('pg_class'::regclass::oid::integer, (format('%I.%I', warehouse, g.gold_name)::regclass)::oid::integer);
    EXECUTE format('SELECT r.* FROM %I.gold_registry r WHERE r.gold_name = $1', warehouse) INTO g USING gold_name;
    IF NOT g.tracking THEN
      PERFORM pg_advisory_xact_lock(starhouse.gold_lock_key(warehouse));
      PERFORM set_config('search_path', format('%I, starhouse, pg_catalog', warehouse), true);
      EXECUTE format('INSERT INTO %1$I.gold_dirty (gold_name, key) SELECT DISTINCT %2$L, k.key::text FROM (%3$s) AS k (key) WHERE k.key IS NOT NULL UNION SELECT %2$L, t.key FROM %1$I.%4$I t WHERE t.document IS NOT NULL',
                     warehouse, gold_name, g.all_keys, gold_name);
      PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
    END IF;
    -- After a restore elsewhere transaction ids mean nothing: every document counts as new.
    IF g.system_id IS DISTINCT FROM this_system THEN
      EXECUTE format('UPDATE %I.%I SET changed_xid = pg_current_xact_id()', warehouse, gold_name);
    END IF;
    LOOP
      EXECUTE format('WITH taken AS (DELETE FROM %1$I.gold_dirty d WHERE d.ctid = ANY (ARRAY(SELECT x.ctid FROM %1$I.gold_dirty x WHERE x.gold_name = $1 LIMIT $2)) RETURNING d.key) SELECT array_agg(DISTINCT t.key), count(*) FROM taken t',
                     warehouse) INTO keys, taken USING gold_name, page;
      EXIT WHEN taken = 0;
      PERFORM set_config('search_path', format('%I, starhouse, pg_catalog', warehouse), true);
      EXECUTE format($sql$
        WITH built (key, document) AS MATERIALIZED (%3$s),
          put AS (INSERT INTO %1$I.%2$I AS t (key, document, changed_xid, changed_at) SELECT b.key, b.document, pg_current_xact_id(), clock_timestamp() FROM built b
                  ON CONFLICT (key) DO UPDATE SET document = excluded.document, changed_xid = excluded.changed_xid, changed_at = excluded.changed_at
                  WHERE t.document IS DISTINCT FROM excluded.document RETURNING 1),
          gone AS (UPDATE %1$I.%2$I t SET document = NULL, changed_xid = pg_current_xact_id(), changed_at = clock_timestamp()
                   WHERE t.key = ANY ($1) AND t.document IS NOT NULL AND NOT EXISTS (SELECT FROM built b WHERE b.key = t.key) RETURNING 1)
        SELECT (SELECT count(*) FROM put) AS changed, (SELECT count(*) FROM gone) AS removed$sql$,
        warehouse, gold_name, replace(g.build, '{keys}', '$1')) INTO done USING keys;
      PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
      looked_at := looked_at + cardinality(keys); changed := changed + done.changed; removed := removed + done.removed;
    END LOOP;
    EXECUTE format('UPDATE %I.gold_registry r SET tracking = true, system_id = $2, refreshed_at = clock_timestamp() WHERE r.gold_name = $1', warehouse) USING gold_name, this_system;
    RETURN NEXT;
  END LOOP;
END
$body$;
COMMENT ON FUNCTION gold_refresh(name, text) IS
  'Brings the documents of a gold table (NULL: of all in the warehouse) up to date: computes those whose keys batches have marked and writes the ones that differ. The first refresh builds all of them, and batches mark keys from then on; it waits for batches on their way, and they for it. Returns per table the keys looked at, documents changed and removed. 42704 for an unknown gold table, 3F000 for an unknown warehouse, 22004 for a NULL one.';

CREATE FUNCTION gold_known(warehouse name, gold text) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED STRICT
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  result boolean;
BEGIN
  EXECUTE format('SELECT EXISTS (SELECT FROM %I.gold_registry r WHERE r.gold_name = $1)', warehouse) INTO result USING gold;
  RETURN result;
END
$body$;
COMMENT ON FUNCTION gold_known(name, text) IS 'Internal: whether a warehouse with a gold_registry has that gold table. NULL gives NULL.';
