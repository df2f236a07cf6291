-- upgrade_warehouse: the new version of the template is made beside the warehouse, as a pattern, in a
-- schema that only this transaction sees; the warehouse is compared with it part by part and brought to it.

CREATE FUNCTION template_version_of(schema_name name) RETURNS integer
  LANGUAGE sql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
  AS $$
  SELECT CASE WHEN w.template_version ~ '^\d{1,9}$' THEN w.template_version::integer ELSE 1 END FROM starhouse.warehouse_get(schema_name) w
$$;
COMMENT ON FUNCTION template_version_of(name) IS
  'Version of its template that a warehouse is of; 1 for one made before templates had numbers. 3F000 for a schema that is no warehouse. NULL is none.';

CREATE FUNCTION upgrade_run(schema_name name, kind text, from_version integer, to_version integer, part text) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
  AS $$
DECLARE
  item record;
  message text;
  code text;
  hint text;
BEGIN
  FOR item IN SELECT m.from_version, m.script FROM starhouse.template_migration m
              WHERE m.kind = upgrade_run.kind AND m.part = upgrade_run.part AND m.from_version >= upgrade_run.from_version AND m.from_version < to_version
              ORDER BY m.from_version LOOP
    PERFORM set_config('search_path', format('%I, starhouse, pg_temp', schema_name), true);
    BEGIN
      EXECUTE item.script;
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
      RAISE EXCEPTION 'migration % to % (%): %', item.from_version, item.from_version + 1, part, message
        USING ERRCODE = code, HINT = coalesce(nullif(hint, ''), format('The script is in starhouse.template_migration, kind %s, from_version %s. Nothing was changed.', kind, item.from_version));
    END;
    PERFORM starhouse.upgrade_log(format('migration %s to %s', item.from_version, item.from_version + 1), 'run', part);
  END LOOP;
END
$$;
COMMENT ON FUNCTION upgrade_run(name, text, integer, integer, text) IS
  'Internal to upgrade_warehouse: runs the migration scripts of a part (structure, data) that lead from one version to another. NULL runs none.';

CREATE FUNCTION upgrade_apply(schema_name name, overwrite text[], with_data boolean) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
  AS $$
DECLARE
  pattern name := 'starhouse_upgrade_' || pg_backend_pid();
  info jsonb;
  of_kind text;
  old_version integer;
  new_version integer;
  made name[];
  dim regclass;
  item record;
  left_behind text;
BEGIN
  -- A load's batch reads feed first, and holds on to it until it commits: so it waits for the upgrade, or the
  -- upgrade for it, and none meets a warehouse that is half new.
  EXECUTE format('LOCK TABLE %I.feed IN ACCESS EXCLUSIVE MODE', schema_name);
  EXECUTE format('SELECT to_jsonb(i) FROM %I.warehouse_info i FOR UPDATE', schema_name) INTO info;
  of_kind := info->>'kind';
  old_version := starhouse.template_version_of(schema_name);
  SELECT v.version INTO new_version FROM starhouse.template_version v WHERE v.kind = of_kind;

  CREATE TEMP TABLE upgrade_report (report_no bigint GENERATED ALWAYS AS IDENTITY, object text NOT NULL, action text NOT NULL, detail text) ON COMMIT DROP;
  CREATE TEMP TABLE upgrade_part (side text COLLATE "C", class text COLLATE "C", relation text COLLATE "C", part text COLLATE "C", aspect text COLLATE "C",
                                  definition text, class_id oid, object_id oid, ordinal bigint) ON COMMIT DROP;
  CREATE TEMP TABLE upgrade_aside (aside_no bigint GENERATED ALWAYS AS IDENTITY, object_name text NOT NULL, home name NOT NULL, relation text NOT NULL,
                                   class_id oid NOT NULL, create_sql text NOT NULL, belongings text[] NOT NULL,
                                   queued boolean NOT NULL DEFAULT false, obsolete boolean NOT NULL DEFAULT false) ON COMMIT DROP;
  CREATE TEMP TABLE upgrade_work (work_no bigint GENERATED ALWAYS AS IDENTITY, object text NOT NULL, class text NOT NULL, relation text NOT NULL, action text NOT NULL,
                                  sql text NOT NULL, search_path text NOT NULL, object_id oid, aside_no bigint, detail text,
                                  obsolete boolean NOT NULL DEFAULT false) ON COMMIT DROP;
  CREATE TEMP TABLE upgrade_kept (class text COLLATE "C", relation text COLLATE "C") ON COMMIT DROP;
  CREATE TEMP TABLE upgrade_overwrite ON COMMIT DROP AS SELECT unnest(overwrite) COLLATE "C" AS name;

  PERFORM starhouse.upgrade_look('was', schema_name);
  IF to_regclass(format('%I.template_object', schema_name)) IS NOT NULL THEN
    EXECUTE format($sql$
      INSERT INTO pg_temp.upgrade_part (side, class, relation, part, aspect, definition)
      SELECT 'old', class, relation, part, aspect, fingerprint FROM ONLY %I.template_object$sql$, schema_name);
  END IF;
  EXECUTE format('CREATE SCHEMA %I', pattern);
  PERFORM starhouse.run_template(of_kind, new_version, ARRAY(SELECT t.script FROM starhouse.template t WHERE t.kind = of_kind ORDER BY t.step), pattern, info);
  PERFORM starhouse.upgrade_look('new', pattern);

  PERFORM starhouse.upgrade_run(schema_name, of_kind, old_version, new_version, 'structure');
  PERFORM starhouse.upgrade_look('now', schema_name);
  made := starhouse.upgrade_new_tables(schema_name, pattern);
  PERFORM starhouse.upgrade_columns(schema_name, new_version);
  -- What came over of the pattern's feeds is not this warehouse's.
  IF 'feed_version' = ANY (made) THEN
    EXECUTE format($sql$
      DELETE FROM %1$I.feed_version;
      INSERT INTO %1$I.feed_version (feed_name, version, contract, compatibility) SELECT feed_name, version, contract, compatibility FROM %1$I.feed$sql$, schema_name);
  END IF;
  PERFORM starhouse.upgrade_look('now', schema_name);
  PERFORM starhouse.upgrade_fittings(schema_name, new_version, 'constraint');
  PERFORM starhouse.upgrade_fittings(schema_name, new_version, 'index');
  PERFORM starhouse.upgrade_dimensions(schema_name, of_kind);
  PERFORM starhouse.upgrade_look('now', schema_name);
  PERFORM starhouse.upgrade_views(schema_name, new_version);
  PERFORM starhouse.upgrade_fittings(schema_name, new_version, 'trigger');
  PERFORM starhouse.upgrade_feeds(schema_name);
  PERFORM starhouse.upgrade_look('now', schema_name);
  PERFORM starhouse.upgrade_comments(schema_name);
  PERFORM starhouse.upgrade_owners(schema_name);
  PERFORM starhouse.upgrade_grants(schema_name);
  -- How gold documents are built, as the template has it; what it builds otherwise now is built anew.
  IF to_regclass(format('%I.gold_registry', pattern)) IS NOT NULL THEN
    EXECUTE format($sql$
      INSERT INTO %I.gold_registry AS g (gold_name, build, all_keys, changed_by, reads)
      SELECT p.gold_name, p.build, p.all_keys, p.changed_by, p.reads FROM %I.gold_registry p
      ON CONFLICT (gold_name) DO UPDATE
      SET build = excluded.build, all_keys = excluded.all_keys, changed_by = excluded.changed_by, reads = excluded.reads, tracking = false
      WHERE (g.build, g.all_keys, g.changed_by, g.reads) IS DISTINCT FROM (excluded.build, excluded.all_keys, excluded.changed_by, excluded.reads)$sql$, schema_name, pattern);
  END IF;
  -- Rules and limits as a new warehouse has them, where it had none at all.
  IF made && '{alert_rule,freshness_limit}' THEN
    PERFORM starhouse.init_operations(schema_name), starhouse.create_freshness(schema_name);
  END IF;
  FOR item IN SELECT f.fact FROM starhouse.warehouse_facts(schema_name) f JOIN pg_class c ON c.oid = f.fact WHERE f.is_partitioned AND c.relname = ANY (made) LOOP
    PERFORM starhouse.ensure_partitions(item.fact, now() - interval '1 month', now() + interval '2 months');
  END LOOP;
  SELECT string_agg(d.relation, ', ') INTO left_behind FROM starhouse.upgrade_differences('{rollup}') d WHERE d.present IS NULL;
  IF left_behind IS NOT NULL THEN
    RAISE EXCEPTION 'version % of the template has rollups that no migration script makes: %', new_version, left_behind
      USING ERRCODE = 'feature_not_supported', HINT = 'The step wants a migration script among the template''s, with create_rollup. Nothing was changed.';
  END IF;
  IF with_data THEN
    PERFORM starhouse.upgrade_run(schema_name, of_kind, old_version, new_version, 'data');
  ELSE
    INSERT INTO pg_temp.upgrade_report (object, action, detail)
    SELECT format('migration %s to %s', m.from_version, m.from_version + 1), 'run', 'data' FROM starhouse.template_migration m
    WHERE m.kind = of_kind AND m.part = 'data' AND m.from_version >= old_version AND m.from_version < new_version
    ORDER BY m.from_version;
  END IF;

  EXECUTE format('DELETE FROM %I.template_object', schema_name);
  EXECUTE format($sql$
    INSERT INTO %I.template_object (class, relation, part, aspect, fingerprint)
    SELECT class, relation, part, aspect, starhouse.template_fingerprint(class, aspect, definition)
    FROM pg_temp.upgrade_part WHERE side = 'new'$sql$, schema_name);
  EXECUTE format($sql$
    UPDATE %I.warehouse_info SET template_version = $2, objects = array(
      SELECT o.name FROM starhouse.schema_objects($1) o
      WHERE o.name = ANY (objects) OR o.name IN (SELECT relation FROM pg_temp.upgrade_part WHERE side = 'new' AND class IN ('table', 'view', 'materialized view', 'function'))
         OR o.name IN (SELECT m.relname FROM starhouse.scd_dimension s JOIN pg_class d ON d.oid = s.dimension JOIN pg_class m ON m.oid IN (s.memory_table, s.journal_table, s.reject_table)
                       JOIN pg_temp.upgrade_part p ON p.side = 'new' AND p.class = 'table' AND p.relation = d.relname
                       WHERE m.relnamespace = to_regnamespace(quote_ident($1)))
      ORDER BY o.name COLLATE "C")
    WHERE template_version <> $2 OR EXISTS (SELECT FROM pg_temp.upgrade_report)$sql$, schema_name) USING schema_name, new_version::text;
  IF info->>'template_version' <> new_version::text THEN
    PERFORM starhouse.upgrade_log('warehouse ' || quote_ident(schema_name), 'upgraded', format('%s version %s to %s', of_kind, info->>'template_version', new_version));
  END IF;

  FOR dim IN SELECT d.dimension FROM starhouse.scd_dimension d JOIN pg_class c ON c.oid = d.dimension WHERE c.relnamespace = to_regnamespace(pattern) LOOP
    PERFORM starhouse.scd_unregister(dim);
  END LOOP;
  DELETE FROM starhouse.rollup r USING pg_class c WHERE c.oid = r.rollup AND c.relnamespace = to_regnamespace(pattern);
  EXECUTE format('DROP SCHEMA %I CASCADE', pattern);
END
$$;
COMMENT ON FUNCTION upgrade_apply(name, text[], boolean) IS
  'Internal to upgrade_warehouse: does it, and leaves its report in pg_temp.upgrade_report. NULL is an error.';

CREATE FUNCTION upgrade_warehouse(schema_name name, dry_run boolean DEFAULT false, overwrite text[] DEFAULT '{}')
  RETURNS TABLE (object text, action text, detail text)
  LANGUAGE plpgsql VOLATILE ROWS 50
  SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
  AS $$
#variable_conflict use_column
DECLARE
  warehouse starhouse.warehouses := starhouse.warehouse_get(schema_name);
  present integer := starhouse.template_version_of(schema_name);
  newest integer := (SELECT v.version FROM starhouse.template_version v WHERE v.kind = warehouse.kind);
  report text[];
BEGIN
  IF newest IS NULL THEN
    RAISE EXCEPTION 'warehouse "%" is of kind "%", which this version of starhouse does not know', schema_name, warehouse.kind
      USING ERRCODE = 'feature_not_supported', HINT = (SELECT 'Kinds: ' || string_agg(v.kind, ', ' ORDER BY v.kind) || '.' FROM starhouse.template_version v);
  ELSIF present > newest THEN
    RAISE EXCEPTION 'warehouse "%" is of version % of the % template, this starhouse has version %', schema_name, present, warehouse.kind, newest
      USING ERRCODE = 'feature_not_supported', HINT = 'Install the newer starhouse, then: ALTER EXTENSION starhouse UPDATE;';
  END IF;
  IF NOT pg_has_role((SELECT c.relowner FROM pg_class c WHERE c.oid = to_regclass(format('%I.warehouse_info', schema_name))), 'USAGE') THEN
    RAISE EXCEPTION 'role "%" does not own warehouse "%"', current_user, schema_name
      USING ERRCODE = 'insufficient_privilege', HINT = 'Its owner upgrades it.';
  END IF;
  IF NOT has_database_privilege(current_database(), 'CREATE') THEN
    RAISE EXCEPTION 'role "%" may not create schemas in database "%"', current_user, current_database()
      USING ERRCODE = 'insufficient_privilege',
            HINT = format('The new version is laid out in a schema of its own first: GRANT CREATE ON DATABASE %I TO %I; it can be revoked after the upgrade.', current_database(), current_user);
  END IF;
  IF NOT coalesce(dry_run, false) THEN
    PERFORM starhouse.upgrade_apply(schema_name, coalesce(overwrite, '{}'), true);
    RETURN QUERY SELECT r.object, r.action, r.detail FROM pg_temp.upgrade_report r ORDER BY r.report_no;
    DROP TABLE pg_temp.upgrade_report, pg_temp.upgrade_part, pg_temp.upgrade_aside, pg_temp.upgrade_work, pg_temp.upgrade_kept, pg_temp.upgrade_overwrite;
    RETURN;
  END IF;
  -- All of it but the scripts for data, undone: what is told is what would be.
  BEGIN
    PERFORM starhouse.upgrade_apply(schema_name, coalesce(overwrite, '{}'), false);
    SELECT array_agg(ARRAY[r.object, r.action, r.detail] ORDER BY r.report_no) INTO report FROM pg_temp.upgrade_report r;
    RAISE EXCEPTION USING ERRCODE = 'SH0DR', MESSAGE = 'dry run';
  EXCEPTION WHEN SQLSTATE 'SH0DR' THEN
    NULL;
  END;
  RETURN QUERY SELECT report[n][1], report[n][2], report[n][3] FROM generate_subscripts(report, 1) n;
END
$$;
COMMENT ON FUNCTION upgrade_warehouse(name, boolean, text[]) IS
  'Brings a warehouse made by an earlier version of its template to the version of this starhouse, in place, in the caller''s transaction, and returns what it did: object, action (created, added, changed, replaced, restored, dropped, kept, left, granted, run, ...) and detail. Tables, columns, indexes, views, grants, comments, partitions and feeds of the owner stay, as does what he changed of the template''s; no table and no column is dropped. Again: no rows. dry_run tells what it would do, with the same locks for a moment. overwrite: names of views, functions, feeds or columns to be as the template has them although the owner changed them. Waits for loads that are going on. 3F000 for a schema that is no warehouse, 0A000 for one newer than this starhouse or a step without its script, 42501 for who does not own it or may not create a schema, 42710 and 42P07 for a name that is taken, 42804 for a column changed to something the template cannot use, 2BP01 for what stands on something that has to go. NULL dry_run is false, NULL overwrite none, a NULL schema no warehouse.';
