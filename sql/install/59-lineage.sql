-- From a figure back to the batches and records it comes from; and how long bronze keeps those.

CREATE FUNCTION lineage(warehouse name, relation text, key jsonb DEFAULT '{}', from_time timestamptz DEFAULT NULL, to_time timestamptz DEFAULT NULL)
  RETURNS TABLE (fact text, fact_rows bigint, feed_name text, batch_id bigint, source_id bigint, source_name text, first_record bigint, last_record bigint, loaded_at timestamptz)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  f record;
  unknown text;
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  IF to_regclass(format('%I.table_lineage', warehouse)) IS NULL THEN
    RAISE EXCEPTION 'warehouse "%" has no table_lineage', warehouse USING ERRCODE = '42P01', HINT = format('SELECT starhouse.create_freshness(%L) makes it.', warehouse);
  END IF;
  IF to_regclass(format('%I.%I', warehouse, relation)) IS NULL THEN
    RAISE EXCEPTION 'warehouse "%" has no report or table %', warehouse, coalesce('"' || relation || '"', 'NULL') USING ERRCODE = '42P01', HINT = 'Give a view kpi_*, a table gold_* or a fact.';
  END IF;
  FOR f IN EXECUTE format($sql$
      WITH read AS (SELECT DISTINCT l.relation FROM %1$I.table_lineage l WHERE l.kpi = $1 AND l.relation IS NOT NULL UNION SELECT $1)
      SELECT c.oid::regclass AS table_name, c.relname,
             (SELECT bool_and(EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = k AND NOT a.attisdropped)) FROM jsonb_object_keys($2) k) IS NOT FALSE AS has_keys,
             (SELECT string_agg(format(' AND t.%%I::text = %%L', k.key, k.value), '') FROM jsonb_each_text($2) k) AS condition,
             EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'event_time' AND NOT a.attisdropped) AS timed
      FROM read r JOIN pg_class c ON c.relname = r.relation AND c.relnamespace = $3 AND c.relkind IN ('r', 'p')
      WHERE EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'batch_id' AND NOT a.attisdropped) AND c.relname <> 'batch_log'
      ORDER BY c.relname$sql$, warehouse) USING relation, coalesce(key, '{}'), to_regnamespace(quote_ident(warehouse)) LOOP
    CONTINUE WHEN NOT f.has_keys;
    RETURN QUERY EXECUTE format($sql$
      SELECT $1, g.n, b.feed_name::text, g.batch_id, b.source_id, s.source_name, b.first_record, b.last_record, b.finished_at
      FROM (SELECT t.batch_id, count(*) AS n FROM %s t WHERE true%s%s GROUP BY t.batch_id) g
      LEFT JOIN %I.batch_log b USING (batch_id) LEFT JOIN %4$I.load_source s USING (source_id) ORDER BY g.batch_id$sql$,
      f.table_name, f.condition,
      CASE WHEN f.timed THEN concat(' AND t.event_time >= ' || quote_literal(from_time), ' AND t.event_time < ' || quote_literal(to_time)) END, warehouse)
      USING f.relname::text;
  END LOOP;
END
$body$;
COMMENT ON FUNCTION lineage(name, text, jsonb, timestamptz, timestamptz) IS
  'Where a figure comes from: the batches whose rows a report, a gold table or a fact reads, per fact that carries batch_id, with feed, source and records. key narrows it down by columns of the facts, {"video_key": "v1"} (facts without such a column are left out), from_time and to_time by event_time; NULL narrows nothing. A batch of a replay has no range of records. 42P01 for an unknown report, 3F000 for an unknown warehouse; a NULL one is an error (22004).';

CREATE FUNCTION retain_bronze(warehouse name, feed text, keep interval)
  RETURNS TABLE (dropped text, range_from timestamptz, range_to timestamptz, bytes bigint)
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  bronze regclass;
  cutoff timestamptz := now() - keep;
BEGIN
  PERFORM starhouse.feed_get(warehouse, feed);
  bronze := to_regclass(format('%I.%I', warehouse, 'bronze_' || feed));
  IF keep IS NULL OR keep < interval '0' OR bronze IS NULL THEN
    RAISE EXCEPTION 'bronze of feed "%" cannot be kept for %', feed, coalesce(keep::text, 'NULL') USING ERRCODE = '22023',
      HINT = CASE WHEN bronze IS NULL THEN 'The feed keeps none.' ELSE 'Give how long records are kept, such as ''90 days''.' END;
  END IF;
  FOR dropped, range_from, range_to, bytes IN SELECT p.* FROM starhouse.drop_partitions_before(bronze, cutoff) p LOOP
    EXECUTE format('INSERT INTO %I.retention_log (feed_name, keep, partition, range_from, range_to, bytes) VALUES ($1, $2, $3, $4, $5, $6)', warehouse)
      USING feed, keep, dropped, range_from, range_to, bytes;
    RETURN NEXT;
  END LOOP;
END
$body$;
COMMENT ON FUNCTION retain_bronze(name, text, interval) IS
  'Drops the day partitions of a feed''s bronze that ended longer ago than keep, in the caller''s transaction, and notes each in retention_log; quarantine keeps its own copies. Nothing is dropped unless this is called. Returns what was dropped. 22023 for a NULL or negative keep or a feed without bronze, 42704 for an unknown feed; a NULL warehouse is an error (22004).';
