-- What `starhouse status` shows, for SQL users too.

CREATE FUNCTION feed_status(warehouse name)
  RETURNS TABLE (feed_name text, version integer, sources bigint, unfinished bigint, batches bigint, last_batch timestamptz,
                 records_read bigint, records_loaded bigint, duplicates bigint, rejected bigint, open_rejects bigint, description text)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  RETURN QUERY EXECUTE format($sql$
    SELECT f.feed_name::text, f.version, s.sources, s.unfinished, b.batches, b.last_batch, b.records_read, b.records_loaded,
           b.duplicates, b.rejected, q.open_rejects, f.description
    FROM %1$I.feed f
    CROSS JOIN LATERAL (SELECT count(*), count(*) FILTER (WHERE l.finished_at IS NULL AND l.kind = 'file')
                        FROM %1$I.load_source l WHERE l.feed_name = f.feed_name) AS s(sources, unfinished)
    CROSS JOIN LATERAL (SELECT count(*), max(l.finished_at), coalesce(sum(l.records_read), 0)::bigint, coalesce(sum(l.records_loaded), 0)::bigint,
                               coalesce(sum(l.duplicates), 0)::bigint, coalesce(sum(l.rejected), 0)::bigint
                        FROM %1$I.batch_log l WHERE l.feed_name = f.feed_name)
      AS b(batches, last_batch, records_read, records_loaded, duplicates, rejected)
    CROSS JOIN LATERAL (SELECT count(*) FROM %1$I.quarantine r WHERE r.feed_name = f.feed_name AND r.resolved_at IS NULL) AS q(open_rejects)
    ORDER BY f.feed_name$sql$, warehouse);
END
$body$;
COMMENT ON FUNCTION feed_status(name) IS
  'One row per feed of the warehouse: sources seen and unfinished (files; topics and calls have no end), batches, when the last one ended, records read, loaded, found there already and rejected (replays count as read again), rejects still open. 3F000 for an unknown warehouse, 22004 for NULL.';

CREATE FUNCTION source_status(warehouse name)
  RETURNS TABLE (source_id bigint, feed_name text, source_name text, next_record bigint, opened_at timestamptz, finished_at timestamptz, open_rejects bigint)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  RETURN QUERY EXECUTE format($sql$
    SELECT l.source_id, l.feed_name::text, l.source_name, l.next_record, l.opened_at, l.finished_at,
           (SELECT count(*) FROM %1$I.quarantine r WHERE r.source_id = l.source_id AND r.resolved_at IS NULL)
    FROM %1$I.load_source l WHERE l.kind = 'file' ORDER BY l.source_id$sql$, warehouse);
END
$body$;
COMMENT ON FUNCTION source_status(name) IS
  'One row per file the warehouse has seen (topics: source_partition): how far it is loaded (next_record, the header counted), when it was finished (NULL: repeat its load), how many of its rejects are open. 3F000 for an unknown warehouse, 22004 for NULL.';
