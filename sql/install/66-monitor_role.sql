-- The role of a monitoring system: reads what the functions monitor_* read, and nothing that people wrote into a record.

-- Tables and columns (NULL: all) that such a role reads; what is not there is passed over.
CREATE FUNCTION monitor_rights(warehouse name, check_history boolean)
  RETURNS TABLE (relation regclass, columns text)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED STRICT ROWS 50
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  RETURN QUERY
    SELECT to_regclass(format('%I.%I', warehouse, t.name)), t.columns
    FROM (VALUES ('batch_log', 'batch_id, feed_name, source_id, first_record, last_record, records_read, records_loaded, duplicates, rejected, started_at, finished_at'),
                 ('run_log', 'run_id, feed_name, source_id, source_name, process, started_at, finished_at, outcome'),
                 ('attempt_log', 'attempt_id, feed_name, source_id, action, failed_at, sqlstate, cause, retry_no'),
                 ('quarantine', 'quarantine_id, feed_name, source_id, batch_id, sqlstate, column_name, rejected_at, resolved_at'),
                 ('load_source', 'source_id, feed_name, source_name, kind, next_record, opened_at, finished_at, fingerprint'),
                 ('alert', 'alert_id, rule_name, kind, subject, severity, pending_since, opened_at, last_seen, ok_since, cleared_at, value, worst, threshold'),
                 ('alert_delivery', 'event_id, tries, next_try_at, delivered_at'),
                 ('source_partition', NULL), ('feed', 'feed_name, version, updated_at'), ('alert_rule', NULL), ('freshness_limit', NULL), ('kpi_freshness', NULL), ('table_lineage', NULL),
                 ('gold_registry', 'gold_name, refreshed_at'), ('gold_dirty', 'gold_name'), ('warehouse_info', NULL)) AS t (name, columns)
    WHERE to_regclass(format('%I.%I', warehouse, t.name)) IS NOT NULL;
  -- The newest time of facts.
  IF to_regclass(format('%I.table_lineage', warehouse)) IS NOT NULL THEN
    RETURN QUERY EXECUTE format($sql$
      SELECT DISTINCT c.oid::regclass, quote_ident(a.attname)
      FROM %I.table_lineage l JOIN pg_class c ON c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relname = l.relation
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
      LEFT JOIN pg_partitioned_table p ON p.partrelid = c.oid AND p.partstrat = 'r'
      WHERE a.attnum = p.partattrs[0] OR a.attname = 'event_time'$sql$, warehouse) USING warehouse;
  END IF;
  RETURN QUERY
    SELECT t.relation, NULL FROM starhouse.rollup r JOIN pg_class c ON c.oid = r.rollup CROSS JOIN LATERAL unnest(ARRAY[r.rollup, r.delta, r.dirty, r.mark]) AS t (relation)
    WHERE c.relnamespace = to_regnamespace(quote_ident(warehouse));
  IF check_history THEN
    RETURN QUERY
      SELECT s.dimension, NULL FROM starhouse.scd_dimension s JOIN pg_class c ON c.oid = s.dimension WHERE c.relnamespace = to_regnamespace(quote_ident(warehouse));
  END IF;
END
$body$;
COMMENT ON FUNCTION monitor_rights(name, boolean) IS
  'Tables of a warehouse, and their columns (NULL: all), that a monitoring role may read; with the version histories where check_history is true. NULL gives none.';

CREATE FUNCTION grant_monitoring_role(warehouse name, role name, check_history boolean DEFAULT true) RETURNS text
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  item record;
  granted integer := 0;
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role) THEN
    RAISE EXCEPTION 'role % does not exist', coalesce('"' || role || '"', 'NULL')
      USING ERRCODE = 'undefined_object', HINT = format('CREATE ROLE %s LOGIN PASSWORD ''...'';', coalesce(quote_ident(role), 'name'));
  END IF;
  IF NOT pg_has_role((SELECT c.relowner FROM pg_class c WHERE c.oid = to_regclass(format('%I.feed', warehouse))), 'USAGE') THEN
    RAISE EXCEPTION 'role "%" does not own warehouse "%"', current_user, warehouse
      USING ERRCODE = 'insufficient_privilege', HINT = 'Its owner grants access to it.';
  END IF;
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', warehouse, role);
  FOR item IN SELECT r.relation, r.columns FROM starhouse.monitor_rights(warehouse, coalesce(check_history, false)) r LOOP
    EXECUTE format('GRANT SELECT%s ON %s TO %I', ' (' || item.columns || ')', item.relation, role);
    granted := granted + 1;
  END LOOP;
  RETURN format('%I may watch %I: %s tables and views', role, warehouse, granted);
END
$body$;
COMMENT ON FUNCTION grant_monitoring_role(name, name, boolean) IS
  'Lets a role ask the functions monitor_* about a warehouse: SELECT on what they read of the pipeline''s tables (not what arrived, not what was rejected, not messages), the time column of facts, rollups, and, with check_history (NULL: false), the version histories, which monitor_dimensions audits. Call it again after adding facts, rollups or dimensions. 42704 for an unknown role, 42501 unless the caller owns the warehouse, 3F000 for an unknown warehouse, 22004 for NULL.';

CREATE FUNCTION revoke_monitoring_role(warehouse name, role name) RETURNS text
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  item record;
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role) THEN
    RAISE EXCEPTION 'role % does not exist', coalesce('"' || role || '"', 'NULL') USING ERRCODE = 'undefined_object', HINT = 'pg_roles lists them.';
  END IF;
  IF NOT pg_has_role((SELECT c.relowner FROM pg_class c WHERE c.oid = to_regclass(format('%I.feed', warehouse))), 'USAGE') THEN
    RAISE EXCEPTION 'role "%" does not own warehouse "%"', current_user, warehouse
      USING ERRCODE = 'insufficient_privilege', HINT = 'Its owner grants access to it.';
  END IF;
  FOR item IN SELECT r.relation, r.columns FROM starhouse.monitor_rights(warehouse, true) r LOOP
    EXECUTE format('REVOKE SELECT%s ON %s FROM %I', ' (' || item.columns || ')', item.relation, role);
  END LOOP;
  EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM %I', warehouse, role);
  RETURN format('%I may no longer watch %I', role, warehouse);
END
$body$;
COMMENT ON FUNCTION revoke_monitoring_role(name, name) IS
  'Takes back what grant_monitoring_role gave. A role that is a BI role of the same warehouse as well has to be granted that again. 42704 for an unknown role, 42501 unless the caller owns the warehouse, 3F000 for an unknown warehouse, 22004 for NULL.';
