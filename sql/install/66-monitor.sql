-- What a monitoring system asks for: one function per kind of thing, over all warehouses of the database that the
-- caller may watch. monitoring/prometheus/starhouse.queries.yml makes metrics of them; grant_monitoring_role (66-monitor_role.sql) lets a role ask.
-- Asked every few seconds, and small: the planner, who knows little of tables that are never analyzed, would have them compiled for longer than they run.

-- Only plain tables count, so that nobody's look-alike runs code of its own as the reader. kpi_freshness is a view and
-- runs functions of the warehouse's owner; a superuser asks for a warehouse of another role by name or not at all.
CREATE FUNCTION monitor_warehouses(warehouse name DEFAULT NULL) RETURNS SETOF name
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 5
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  IF warehouse IS NOT NULL THEN
    PERFORM starhouse.pipeline_check(warehouse);
    RETURN NEXT warehouse;
    RETURN;
  END IF;
  RETURN QUERY
    SELECT n.nspname FROM pg_namespace n
    WHERE has_schema_privilege(n.oid, 'USAGE')
      AND (SELECT count(*) FROM pg_class c
           WHERE c.relnamespace = n.oid AND c.relname IN ('feed', 'load_source', 'batch_log', 'run_log', 'attempt_log', 'quarantine', 'alert', 'alert_rule', 'alert_delivery')
             AND c.relkind = 'r' AND NOT c.relrowsecurity AND NOT c.relhasrules AND has_any_column_privilege(c.oid, 'SELECT')
             AND (NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user)
                  OR (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = c.relowner))) = 9
    ORDER BY n.nspname;
END
$body$;
COMMENT ON FUNCTION monitor_warehouses(name) IS
  'Warehouses the caller may watch: the one named, or (NULL) all of this database whose pipeline it may read; a superuser sees those of superusers, as their views run functions of their owner. 3F000 when the one named is no warehouse.';

CREATE FUNCTION monitor_feeds(warehouse name DEFAULT NULL)
  RETURNS TABLE (warehouse_name text, feed_name text, last_batch_at timestamptz, batches bigint, records_read bigint, records_loaded bigint, duplicates bigint,
                 rejected bigint, open_rejects bigint, unfinished_sources bigint, lag_records bigint, runs bigint, run_seconds numeric, last_run_seconds numeric,
                 open_runs bigint, oldest_open_run_at timestamptz, failing_runs bigint)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 50
  SET search_path = pg_catalog, pg_temp SET jit = off
AS $body$
DECLARE
  w name;
BEGIN
  FOR w IN SELECT m FROM starhouse.monitor_warehouses(warehouse) m LOOP
    RETURN QUERY EXECUTE format($sql$
      WITH dead AS MATERIALIZED (SELECT d.run_id, d.feed_name, d.started_at FROM starhouse.runs_dead(%1$L) d)
      SELECT %1$L::text, f.feed_name::text, b.last_batch_at, b.batches, b.records_read, b.records_loaded, b.duplicates, b.rejected, q.open_rejects,
             s.unfinished, s.behind, r.runs, r.seconds, r.last_seconds, r.open_runs, r.oldest, x.failing
      FROM %1$I.feed f
      CROSS JOIN LATERAL (SELECT max(l.finished_at), count(*), coalesce(sum(l.records_read), 0)::bigint, coalesce(sum(l.records_loaded), 0)::bigint,
                                 coalesce(sum(l.duplicates), 0)::bigint, coalesce(sum(l.rejected), 0)::bigint
                          FROM %1$I.batch_log l WHERE l.feed_name = f.feed_name)
        AS b (last_batch_at, batches, records_read, records_loaded, duplicates, rejected)
      CROSS JOIN LATERAL (SELECT count(*) FROM %1$I.quarantine u WHERE u.feed_name = f.feed_name AND u.resolved_at IS NULL) AS q (open_rejects)
      CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE l.kind = 'file'),
                                 coalesce(sum((SELECT sum(greatest(p.end_offset - p.next_offset, 0)) FROM %1$I.source_partition p WHERE p.source_id = l.source_id)), 0)::bigint
                          FROM %1$I.load_source l WHERE l.feed_name = f.feed_name AND l.finished_at IS NULL) AS s (unfinished, behind)
      CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE u.finished_at IS NOT NULL),
                                 coalesce(round(sum(extract(epoch FROM u.finished_at - u.started_at)), 3), 0),
                                 round((array_agg(extract(epoch FROM u.finished_at - u.started_at) ORDER BY u.finished_at DESC) FILTER (WHERE u.finished_at IS NOT NULL))[1], 3),
                                 count(*) FILTER (WHERE u.finished_at IS NULL AND d.run_id IS NULL), min(u.started_at) FILTER (WHERE u.finished_at IS NULL AND d.run_id IS NULL)
                          FROM %1$I.run_log u LEFT JOIN dead d ON d.run_id = u.run_id WHERE u.feed_name = f.feed_name) AS r (runs, seconds, last_seconds, open_runs, oldest)
      CROSS JOIN LATERAL (SELECT (SELECT count(*) FROM %1$I.attempt_log a WHERE a.feed_name = f.feed_name AND a.action = 'stop' AND a.failed_at > coalesce(b.last_batch_at, '-infinity'))
                                 + (SELECT count(*) FROM dead d WHERE d.feed_name = f.feed_name AND d.started_at > coalesce(b.last_batch_at, '-infinity'))) AS x (failing)
      ORDER BY f.feed_name$sql$, w);
  END LOOP;
END
$body$;
COMMENT ON FUNCTION monitor_feeds(name) IS
  'How the feeds stand, of a warehouse or (NULL) of all that the caller may watch: when the last batch got through (NULL: none yet), batches, records read, loaded, found there already and rejected since the log began, records still in quarantine, files not loaded to their end, records that topics hold and the warehouse has not, runs that ended, their seconds in sum and those of the last one (NULL: none), runs at work and when the oldest of them began, and runs that failed or were killed since the last batch. 3F000 for an unknown warehouse.';

CREATE FUNCTION monitor_attempts(warehouse name DEFAULT NULL)
  RETURNS TABLE (warehouse_name text, feed_name text, action text, cause text, failed bigint)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 20
  SET search_path = pg_catalog, pg_temp SET jit = off
AS $body$
DECLARE
  w name;
BEGIN
  FOR w IN SELECT m FROM starhouse.monitor_warehouses(warehouse) m LOOP
    RETURN QUERY EXECUTE format('SELECT %1$L::text, a.feed_name::text, a.action, a.cause, count(*) FROM %1$I.attempt_log a GROUP BY a.feed_name, a.action, a.cause ORDER BY a.feed_name, a.action, a.cause', w);
  END LOOP;
END
$body$;
COMMENT ON FUNCTION monitor_attempts(name) IS
  'Attempts that failed and were rolled back, by feed, what was done next (retry, split, stop, lost) and class of the cause; of a warehouse or (NULL) of all that the caller may watch. 3F000 for an unknown warehouse.';

CREATE FUNCTION monitor_alerts(warehouse name DEFAULT NULL)
  RETURNS TABLE (warehouse_name text, rule_name text, kind text, subject text, severity text, value numeric, opened_at timestamptz)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 20
  SET search_path = pg_catalog, pg_temp SET jit = off
AS $body$
DECLARE
  w name;
BEGIN
  FOR w IN SELECT m FROM starhouse.monitor_warehouses(warehouse) m LOOP
    RETURN QUERY EXECUTE format('SELECT %1$L::text, a.rule_name::text, a.kind, a.subject::text, a.severity, a.value, a.opened_at FROM %1$I.alert a WHERE a.opened_at IS NOT NULL AND a.cleared_at IS NULL ORDER BY a.alert_id', w);
  END LOOP;
END
$body$;
COMMENT ON FUNCTION monitor_alerts(name) IS
  'Alerts of the warehouse''s own rules that are open, of a warehouse or (NULL) of all that the caller may watch. 3F000 for an unknown warehouse.';

CREATE FUNCTION monitor_checks(warehouse name DEFAULT NULL)
  RETURNS TABLE (warehouse_name text, alerts_checked_at timestamptz, deliveries_pending bigint)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 5
  SET search_path = pg_catalog, pg_temp SET jit = off
AS $body$
DECLARE
  w name;
BEGIN
  FOR w IN SELECT m FROM starhouse.monitor_warehouses(warehouse) m LOOP
    RETURN QUERY EXECUTE format('SELECT %1$L::text, (SELECT max(r.checked_at) FROM %1$I.alert_rule r), (SELECT count(*) FROM %1$I.alert_delivery d WHERE d.delivered_at IS NULL)', w);
  END LOOP;
END
$body$;
COMMENT ON FUNCTION monitor_checks(name) IS
  'When the alert rules were last evaluated (NULL: never) and how many messages no webhook has accepted yet, for a warehouse or (NULL) all that the caller may watch. 3F000 for an unknown warehouse.';

CREATE FUNCTION monitor_kpis(warehouse name DEFAULT NULL)
  RETURNS TABLE (warehouse_name text, kpi text, newest_event timestamptz, loaded_at timestamptz, max_age interval, is_stale boolean, failing_feeds integer)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 50
  SET search_path = pg_catalog, pg_temp SET jit = off
AS $body$
DECLARE
  w name;
BEGIN
  FOR w IN SELECT m FROM starhouse.monitor_warehouses(warehouse) m WHERE to_regclass(format('%I.kpi_freshness', m)) IS NOT NULL LOOP
    RETURN QUERY EXECUTE format('SELECT %1$L::text, k.kpi, k.newest_event, k.loaded_at, k.max_age, k.is_stale, cardinality(k.failing_feeds) FROM %1$I.kpi_freshness k ORDER BY k.kpi', w);
  END LOOP;
END
$body$;
COMMENT ON FUNCTION monitor_kpis(name) IS
  'How fresh each KPI is (kpi_freshness of the warehouse): newest event of its facts (NULL without), last load of a feed it depends on (NULL before the first), allowed age, whether it is older than that, and how many of its feeds are failing; of a warehouse or (NULL) of all that the caller may watch. 3F000 for an unknown warehouse.';

CREATE FUNCTION monitor_backlogs(warehouse name DEFAULT NULL)
  RETURNS TABLE (warehouse_name text, kind text, name text, waiting bigint, watermark timestamptz, done_at timestamptz)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 20
  SET search_path = pg_catalog, pg_temp SET jit = off
AS $body$
DECLARE
  w name;
  r record;
BEGIN
  FOR w IN SELECT m FROM starhouse.monitor_warehouses(warehouse) m LOOP
    FOR r IN SELECT c.relname, u.delta, u.dirty, u.mark FROM starhouse.rollup u JOIN pg_class c ON c.oid = u.rollup
             WHERE c.relnamespace = to_regnamespace(quote_ident(w)) AND has_table_privilege(u.delta, 'SELECT') AND has_table_privilege(u.dirty, 'SELECT')
               AND has_table_privilege(u.mark, 'SELECT') ORDER BY c.relname LOOP
      RETURN QUERY EXECUTE format('SELECT %L::text, ''rollup'', %L::text, (SELECT count(*) FROM %s) + (SELECT count(*) FROM %s), k.watermark, k.compacted_at FROM %s AS k',
                                  w, r.relname, r.delta, r.dirty, r.mark);
    END LOOP;
    IF to_regclass(format('%I.gold_registry', w)) IS NOT NULL AND to_regclass(format('%I.gold_dirty', w)) IS NOT NULL
       AND has_any_column_privilege(format('%I.gold_registry', w), 'SELECT') AND has_any_column_privilege(format('%I.gold_dirty', w), 'SELECT') THEN
      RETURN QUERY EXECUTE format('SELECT %1$L::text, ''gold'', g.gold_name::text, (SELECT count(*) FROM %1$I.gold_dirty d WHERE d.gold_name = g.gold_name), NULL::timestamptz, g.refreshed_at FROM %1$I.gold_registry g ORDER BY g.gold_name', w);
    END IF;
  END LOOP;
END
$body$;
COMMENT ON FUNCTION monitor_backlogs(name) IS
  'What waits to be worked off: deltas and marks of each rollup that no compaction has taken, documents of each gold table not refreshed; how far a rollup is final (NULL: not known, or gold), and when it was last compacted or refreshed (NULL: never). Of a warehouse or (NULL) of all that the caller may watch. 3F000 for an unknown warehouse.';

CREATE FUNCTION monitor_relations(warehouse name DEFAULT NULL)
  RETURNS TABLE (warehouse_name text, relation text, kind text, partitions bigint, row_estimate bigint, table_bytes bigint, index_bytes bigint)
  LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 100
  SET search_path = pg_catalog, pg_temp SET jit = off
AS $body$
  SELECT w::text, c.relname::text,
         CASE WHEN c.relname ~ '_fact$' THEN 'fact' WHEN c.relname ~ '_(dim|history)$' THEN 'dimension' WHEN c.relname ~ '^bronze_' THEN 'bronze'
              WHEN c.relname ~ '^quarantine$' THEN 'quarantine' WHEN c.relname ~ '^gold_' THEN 'gold'
              WHEN c.relname = ANY (starhouse.pipeline_relations()) THEN 'pipeline' ELSE 'other' END,
         s.partitions, s.rows, s.table_bytes, s.index_bytes
  FROM starhouse.monitor_warehouses(warehouse) w
  JOIN pg_class c ON c.relnamespace = to_regnamespace(quote_ident(w)) AND c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition
  CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE p.oid <> c.oid), coalesce(sum(greatest(p.reltuples, 0)::bigint) FILTER (WHERE p.relkind <> 'p'), 0)::bigint,
           coalesce(sum(pg_table_size(p.oid)), 0)::bigint, coalesce(sum(pg_indexes_size(p.oid)), 0)::bigint
    FROM pg_class p WHERE p.oid = c.oid OR c.relkind = 'p' AND p.relkind = 'r' AND p.oid IN (SELECT t.relid FROM pg_partition_tree(c.oid) t WHERE t.isleaf))
    AS s (partitions, rows, table_bytes, index_bytes)
  ORDER BY 1, 2
$body$;
COMMENT ON FUNCTION monitor_relations(name) IS
  'Tables of a warehouse, or (NULL) of all that the caller may watch: fact, dimension, bronze, quarantine, gold, pipeline or other; partitions, rows as ANALYZE estimated them, bytes of the table (with its out-of-line values and maps) and of its indexes, partitions included. 3F000 for an unknown warehouse.';

CREATE FUNCTION monitor_dimensions(warehouse name DEFAULT NULL)
  RETURNS TABLE (warehouse_name text, dimension text, violations bigint, example text)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 5
  SET search_path = pg_catalog, pg_temp SET jit = off
AS $body$
DECLARE
  w name;
  d record;
BEGIN
  FOR w IN SELECT m FROM starhouse.monitor_warehouses(warehouse) m LOOP
    FOR d IN SELECT s.dimension, c.relname FROM starhouse.scd_dimension s JOIN pg_class c ON c.oid = s.dimension
             WHERE c.relnamespace = to_regnamespace(quote_ident(w)) AND has_table_privilege(s.dimension, 'SELECT') ORDER BY c.relname LOOP
      RETURN QUERY SELECT w::text, d.relname::text, count(*), min(s.invariant) FROM starhouse.scd_check(d.dimension) s;
    END LOOP;
  END LOOP;
END
$body$;
COMMENT ON FUNCTION monitor_dimensions(name) IS
  'Invariants that the version histories violate (scd_check), with the name of one (NULL: none); of a warehouse or (NULL) of all that the caller may watch, as far as it may read the histories. Reads every version: ask rarely. 3F000 for an unknown warehouse.';
