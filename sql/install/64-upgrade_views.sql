-- Upgrading a warehouse, the parts that hold no rows: views and functions, feeds, registrations of
-- dimensions, comments, what BI roles may read.

-- Queues what set_aside took away: the template's in its new form, all else as it was.
CREATE FUNCTION upgrade_queue_aside(schema_name name) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
BEGIN
  INSERT INTO pg_temp.upgrade_work (object, class, relation, action, sql, search_path, aside_no, obsolete)
  SELECT CASE WHEN a.home = upgrade_queue_aside.schema_name THEN replace(a.object_name, format('%I.', a.home), '') ELSE a.object_name END,
         coalesce(n.class, ''), a.relation, CASE WHEN n.sql IS NULL THEN 'restored' ELSE 'replaced' END, coalesce(n.sql, a.create_sql),
         CASE WHEN n.sql IS NULL THEN 'pg_catalog' ELSE format('%I, starhouse, pg_temp', schema_name) END, a.aside_no,
         -- As the old template made it, and not in the new one.
         n.sql IS NULL AND a.home = upgrade_queue_aside.schema_name AND EXISTS (
           SELECT FROM pg_temp.upgrade_part o
           JOIN pg_temp.upgrade_part w ON w.side = 'was' AND (w.class, w.relation, w.part, w.aspect) = (o.class, o.relation, '', 'definition')
           WHERE o.side = 'old' AND o.relation = a.relation AND (o.class, o.part, o.aspect) = (w.class, '', 'definition')
             AND o.class IN ('view', 'materialized view', 'function') AND o.definition = starhouse.template_fingerprint(w.class, w.aspect, w.definition)
             AND NOT EXISTS (SELECT FROM pg_temp.upgrade_part x WHERE x.side = 'new' AND (x.class, x.relation) = (o.class, o.relation)))
  FROM pg_temp.upgrade_aside a
  LEFT JOIN LATERAL (
    SELECT p.class, CASE p.class WHEN 'function' THEN p.definition ELSE format('CREATE %s %I%s', upper(p.class), p.relation, p.definition) END AS sql
    FROM pg_temp.upgrade_part p
    WHERE a.home = upgrade_queue_aside.schema_name AND p.side = 'new' AND p.relation = a.relation AND p.aspect = 'definition'
      AND p.class IN ('view', 'materialized view', 'function')
      AND NOT EXISTS (SELECT FROM pg_temp.upgrade_kept k WHERE (k.class, k.relation) = (p.class, p.relation))) n ON true
  WHERE NOT a.queued AND NOT a.obsolete
  ORDER BY a.aside_no;
  -- Queued already, as one to be replaced in place: it is gone now.
  DELETE FROM pg_temp.upgrade_work w USING pg_temp.upgrade_aside a, pg_temp.upgrade_work again
  WHERE NOT a.queued AND again.aside_no = a.aside_no AND w.aside_no IS NULL AND (w.class, w.relation) = (again.class, again.relation);
  UPDATE pg_temp.upgrade_aside SET queued = true;
END
$$;
COMMENT ON FUNCTION upgrade_queue_aside(name) IS 'Internal to upgrade_warehouse: queues for making again what set_aside took away. NULL brings everything back as it was.';

CREATE FUNCTION upgrade_views(schema_name name, version integer) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
  AS $$
DECLARE
  own_path text := format('%I, starhouse, pg_temp', schema_name);
  item record;
  statement text;
  moved boolean;
  code text;
  message text;
  stuck record;
BEGIN
  -- A function of another signature under a name that is needed makes calls ambiguous.
  FOR item IN SELECT o.*, split_part(o.relation, '(', 1) AS name FROM starhouse.upgrade_obsolete('{function,view,materialized view}') o
              WHERE EXISTS (SELECT FROM pg_temp.upgrade_part n WHERE n.side = 'new' AND n.aspect = 'definition'
                              AND (n.class = 'function' AND o.class = 'function' AND split_part(n.relation, '(', 1) = split_part(o.relation, '(', 1)
                                   OR n.class <> o.class AND n.relation = o.relation)) LOOP
    IF NOT item.shipped THEN
      RAISE EXCEPTION '% % was changed, and stands in the way of version % of the template', item.class, item.relation, version
        USING ERRCODE = 'duplicate_function', HINT = 'Rename or drop it, then upgrade again. Nothing was changed.';
    END IF;
    -- Another one's fall may have taken it along.
    CONTINUE WHEN NOT EXISTS (SELECT FROM pg_proc p WHERE p.oid = item.object_id UNION ALL SELECT FROM pg_class c WHERE c.oid = item.object_id);
    PERFORM starhouse.set_aside(ARRAY[item.object_id], true);
    UPDATE pg_temp.upgrade_aside a SET obsolete = true WHERE a.home = upgrade_views.schema_name AND a.relation = item.relation;
    PERFORM starhouse.upgrade_log(item.class || ' ' || item.relation, 'dropped', 'the template has another one of that name');
  END LOOP;
  PERFORM starhouse.upgrade_look('now', schema_name);

  FOR item IN SELECT d.* FROM starhouse.upgrade_differences('{view,materialized view,function}') d WHERE d.aspect = 'definition' LOOP
    IF item.origin = 'foreign' AND item.present IS NOT NULL THEN
      PERFORM starhouse.upgrade_refuse(item, version);
    END IF;
    -- One that its owner changed stays as it is; one that he dropped comes back.
    IF item.origin IN ('changed', 'foreign') AND item.before IS NOT NULL THEN
      INSERT INTO pg_temp.upgrade_kept (class, relation) VALUES (item.class, item.relation);
      IF item.template_changed THEN
        PERFORM starhouse.upgrade_log(format('%s %s', item.class, item.relation), 'kept',
                                      format('you changed it, and so did the template; for the template''s: overwrite => ''{%s}''', to_json(split_part(item.relation, '(', 1))));
      END IF;
      CONTINUE;
    END IF;
    IF item.present IS NULL AND item.before IS NOT NULL THEN
      CONTINUE;  -- aside
    END IF;
    INSERT INTO pg_temp.upgrade_work (object, class, relation, action, sql, search_path, object_id, detail)
    VALUES (format('%s %s', item.class, item.relation), item.class, item.relation,
            CASE WHEN item.present IS NULL THEN 'created' ELSE 'replaced' END,
            CASE item.class WHEN 'function' THEN item.wanted
                            ELSE format('CREATE %s %I%s', CASE item.class WHEN 'view' THEN 'OR REPLACE VIEW' ELSE upper(item.class) END, item.relation, item.wanted) END,
            own_path, item.object_id,
            CASE WHEN item.origin = 'unknown' AND item.present IS NOT NULL THEN 'whether you changed it is not known; it was: ' || btrim(item.present) END);
  END LOOP;
  -- In the pattern's order, in which each needs only what came before; what was aside comes last.
  PERFORM starhouse.upgrade_queue_aside(schema_name);

  LOOP
    moved := false;
    stuck := NULL;
    FOR item IN SELECT w.*, a.belongings, a.home FROM pg_temp.upgrade_work w LEFT JOIN pg_temp.upgrade_aside a USING (aside_no) ORDER BY w.work_no LOOP
      CONTINUE WHEN NOT EXISTS (SELECT FROM pg_temp.upgrade_work w WHERE w.work_no = item.work_no);
      BEGIN
        PERFORM set_config('search_path', item.search_path, true);
        EXECUTE item.sql;
        PERFORM set_config('search_path', 'pg_catalog', true);
        FOREACH statement IN ARRAY coalesce(item.belongings, '{}') LOOP
          -- A column that the new version has no more takes its comment and rights along.
          BEGIN
            EXECUTE statement;
          EXCEPTION WHEN undefined_column THEN
            PERFORM starhouse.upgrade_log(item.object, 'left out', statement);
          END;
        END LOOP;
        DELETE FROM pg_temp.upgrade_work w WHERE w.work_no = item.work_no;
        PERFORM starhouse.upgrade_log(item.object, item.action, item.detail);
        moved := true;
      EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
        IF code NOT LIKE '42%' AND code <> '0A000' THEN
          RAISE;
        END IF;
        IF item.object_id IS NOT NULL AND (code IN ('42P16', '42P13', '42P07') OR item.class = 'materialized view') THEN
          -- Its columns or its result are other ones: it has to be dropped, and all that stands on it before.
          PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
          PERFORM starhouse.set_aside(ARRAY[item.object_id], true);
          PERFORM starhouse.upgrade_queue_aside(schema_name);
          moved := true;
        ELSIF stuck IS NULL THEN
          SELECT item.object AS object, item.action AS action, code AS code, message AS message INTO stuck;
        END IF;
      END;
    END LOOP;
    EXIT WHEN NOT EXISTS (SELECT FROM pg_temp.upgrade_work);
    -- What the template has no more needs not be brought back, unless something else needs it.
    IF NOT moved AND EXISTS (SELECT FROM pg_temp.upgrade_work w WHERE w.obsolete) THEN
      PERFORM starhouse.upgrade_log(w.object, 'dropped', 'the template has it no more') FROM pg_temp.upgrade_work w WHERE w.obsolete ORDER BY w.work_no;
      DELETE FROM pg_temp.upgrade_work w WHERE w.obsolete;
    ELSIF NOT moved THEN
      IF stuck.action = 'restored' THEN
        RAISE EXCEPTION '% does not fit version % of the template: %', stuck.object, version, stuck.message
          USING ERRCODE = 'dependent_objects_still_exist',
                HINT = 'It is yours and stands on views or functions that change. Drop it or take it off them, upgrade, and make it again. Nothing was changed.';
      END IF;
      RAISE EXCEPTION '% of the template cannot be made: %', stuck.object, stuck.message
        USING ERRCODE = stuck.code, HINT = 'Something in the schema that was changed by hand may be in its way; overwrite => names what the template is to replace. Nothing was changed.';
    END IF;
  END LOOP;

  -- What the template has no more goes, unless somebody uses or changed it.
  PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
  PERFORM starhouse.upgrade_look('now', schema_name);
  LOOP
    moved := false;
    FOR item IN SELECT o.* FROM starhouse.upgrade_obsolete('{view,materialized view,function}') o
                WHERE o.shipped AND EXISTS (SELECT FROM pg_class c WHERE c.oid = o.object_id UNION ALL SELECT FROM pg_proc p WHERE p.oid = o.object_id) LOOP
      BEGIN
        EXECUTE format('DROP %s %s RESTRICT', CASE item.class WHEN 'function' THEN 'ROUTINE' ELSE upper(item.class) END,
                       CASE item.class WHEN 'function' THEN item.object_id::regprocedure::text ELSE item.object_id::regclass::text END);
        PERFORM starhouse.upgrade_log(format('%s %s', item.class, item.relation), 'dropped', 'the template has it no more');
        moved := true;
      EXCEPTION WHEN dependent_objects_still_exist THEN
        NULL;
      END;
    END LOOP;
    EXIT WHEN NOT moved;
  END LOOP;
  PERFORM starhouse.upgrade_look('now', schema_name);
  FOR item IN SELECT o.* FROM starhouse.upgrade_obsolete('{view,materialized view,function,table,feed}') o LOOP
    PERFORM starhouse.upgrade_log(format('%s %s', item.class, item.relation), 'left', 'the template has it no more');
  END LOOP;
END
$$;
COMMENT ON FUNCTION upgrade_views(name, integer) IS
  'Internal to upgrade_warehouse: makes the template''s views and functions anew where they differ, in place where that can be, and brings back what had to be set aside. 2BP01 for a view or function of the owner''s that the new version leaves no ground to. NULL is an error.';

CREATE FUNCTION upgrade_feeds(schema_name name) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  item record;
  known jsonb;
  wanted jsonb;
  created_at timestamptz;
  made integer;
  whose jsonb;
BEGIN
  EXECUTE format('SELECT created_at FROM %I.warehouse_info', schema_name) INTO created_at;
  FOR item IN
    SELECT d.relation AS feed, jsonb_object_agg(d.aspect, CASE WHEN d.before IS NULL AND d.origin = 'changed' THEN 'dropped' ELSE d.origin END) AS origin,
           bool_or(d.template_changed) AS template_changed
    FROM starhouse.upgrade_differences('{feed}') d GROUP BY 1 ORDER BY 1
  LOOP
    SELECT jsonb_object_agg(p.aspect, p.definition) INTO wanted FROM pg_temp.upgrade_part p WHERE p.side = 'new' AND p.class = 'feed' AND p.relation = item.feed;
    EXECUTE format('SELECT to_jsonb(f) FROM %I.feed f WHERE feed_name = $1', schema_name) INTO known USING item.feed;
    -- What is not known to be as shipped is the owner's; of a definition the feed's own count of versions tells.
    SELECT jsonb_object_agg(w.key, CASE WHEN w.value = 'unknown' AND w.key <> 'definition' THEN 'changed' ELSE w.value END) INTO whose FROM jsonb_each_text(item.origin) w;
    IF known IS NOT NULL AND whose->>'definition' = 'unknown' AND ((known->>'version')::integer > 1 OR (known->>'updated_at')::timestamptz <> created_at) THEN
      whose := whose || '{"definition": "changed"}';
    END IF;
    IF known IS NULL AND whose->>'definition' = 'dropped' OR whose->>'definition' IN ('changed', 'foreign') THEN
      IF item.template_changed THEN
        PERFORM starhouse.upgrade_log('feed ' || item.feed, CASE WHEN known IS NULL THEN 'left out' ELSE 'kept' END,
          CASE WHEN known IS NULL THEN 'you dropped it' WHEN whose->>'definition' = 'foreign' THEN 'it is yours, and the template now has one of that name'
               ELSE format('you changed it (version %s), and so did the template; for the template''s: overwrite => ''{%s}''', known->>'version', to_json(item.feed)) END);
      END IF;
      CONTINUE;
    END IF;
    -- Nothing but what the owner set differs.
    CONTINUE WHEN known IS NOT NULL AND NOT EXISTS (SELECT FROM jsonb_each_text(whose) w WHERE w.value NOT IN ('changed', 'foreign'));
    made := starhouse.create_feed(schema_name, item.feed, (wanted->>'definition')::jsonb->'contract', (wanted->>'definition')::jsonb->'steps',
      ((wanted->>'definition')::jsonb->>'bronze')::boolean,
      CASE WHEN whose->>'batch_rows' IN ('changed', 'foreign') THEN (known->>'batch_rows')::integer ELSE (wanted->>'batch_rows')::integer END,
      CASE WHEN whose->>'comment' IN ('changed', 'foreign') THEN known->>'description' ELSE wanted->>'comment' END,
      -- A default that the owner set holds; a parameter that is new comes along.
      CASE WHEN whose->>'parameters' IN ('changed', 'foreign') THEN (wanted->>'parameters')::jsonb || (known->'parameters') ELSE (wanted->>'parameters')::jsonb END);
    PERFORM starhouse.upgrade_log('feed ' || item.feed, CASE WHEN known IS NULL THEN 'created' ELSE 'replaced' END,
      concat_ws('; ', 'version ' || made, (SELECT 'yours stays: ' || string_agg(w.key, ', ' ORDER BY w.key) FROM jsonb_each_text(whose) w WHERE w.value IN ('changed', 'foreign'))));
  END LOOP;
END
$$;
COMMENT ON FUNCTION upgrade_feeds(name) IS
  'Internal to upgrade_warehouse: new versions of the template''s feeds through create_feed. Batch size, parameters and description that the owner set stay; a feed whose contract or steps he changed, or that he dropped, stays so and is reported. NULL is an error.';

-- What scd_register did for the template's dimensions, where the template now does it in another way.
CREATE FUNCTION upgrade_dimensions(schema_name name, kind text) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
  AS $$
DECLARE
  item record;
  kept starhouse.scd_dimension[] := '{}';
  due boolean := false;
  script text;
BEGIN
  FOR item IN SELECT d.* FROM starhouse.upgrade_differences('{dimension}') d LOOP
    IF item.origin IN ('changed', 'foreign') AND item.present IS NOT NULL THEN
      kept := kept || (SELECT s FROM starhouse.scd_dimension s WHERE s.dimension = item.object_id);
      IF item.template_changed THEN
        PERFORM starhouse.upgrade_log('dimension ' || item.relation, 'kept', format('you registered it in another way, and so does the template; for the template''s: overwrite => ''{%s}''', item.relation));
      END IF;
    ELSE
      due := true;
      PERFORM starhouse.upgrade_log('dimension ' || item.relation, 'registered');
    END IF;
  END LOOP;
  -- A new dimension came over from the pattern with its registration, but without the side tables: they are made here.
  UPDATE starhouse.scd_dimension s SET memory_table = NULL, journal_table = NULL, reject_table = NULL
  FROM pg_class c
  WHERE c.oid = s.dimension AND c.relnamespace = to_regnamespace(quote_ident(schema_name))
    AND EXISTS (SELECT FROM pg_class m WHERE m.oid IN (s.memory_table, s.journal_table, s.reject_table) AND m.relnamespace <> c.relnamespace);
  due := due OR FOUND;
  IF NOT due THEN
    RETURN;
  END IF;
  PERFORM set_config('search_path', format('%I, starhouse, pg_temp', schema_name), true);
  FOR script IN SELECT t.script FROM starhouse.template t WHERE t.kind = upgrade_dimensions.kind AND t.step LIKE '%-registration' ORDER BY t.step LOOP
    EXECUTE script;
  END LOOP;
  DELETE FROM starhouse.scd_dimension s USING unnest(kept) k WHERE s.dimension = k.dimension;
  INSERT INTO starhouse.scd_dimension SELECT (k).* FROM unnest(kept) k;
END
$$;
COMMENT ON FUNCTION upgrade_dimensions(name, text) IS
  'Internal to upgrade_warehouse: registers the template''s dimensions as the new version does, but for those registered in another way by their owner. NULL does nothing.';

CREATE FUNCTION upgrade_comments(schema_name name) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  item record;
  wanted text;
BEGIN
  FOR item IN
    SELECT d.*, o.object_id AS object
    FROM starhouse.upgrade_differences('{table,column,view,materialized view,function,constraint,index,trigger}') d
    -- What bears it; a column's is the relation.
    JOIN LATERAL (SELECT p.object_id FROM pg_temp.upgrade_part p
                  WHERE p.side = 'now' AND p.relation = d.relation
                    AND CASE WHEN d.class = 'column' THEN p.class IN ('table', 'view', 'materialized view') ELSE p.class = d.class AND p.part = d.part END
                    AND p.aspect = 'definition' LIMIT 1) o ON true
    WHERE d.aspect = 'comment'
  LOOP
    CONTINUE WHEN item.class = 'column' AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = item.object AND a.attname = item.part AND NOT a.attisdropped);
    wanted := CASE WHEN item.origin IN ('changed', 'foreign') THEN item.before ELSE item.wanted END;
    CONTINUE WHEN wanted IS NOT DISTINCT FROM item.present;
    EXECUTE format('COMMENT ON %s %s IS %L',
                   CASE item.class WHEN 'function' THEN 'ROUTINE' ELSE upper(item.class) END,
                   CASE item.class WHEN 'column' THEN format('%s.%I', item.object::regclass, item.part)
                                   WHEN 'function' THEN item.object::regprocedure::text
                                   WHEN 'index' THEN item.object::regclass::text
                                   WHEN 'constraint' THEN format('%I ON %I.%I', item.part, schema_name, item.relation)
                                   WHEN 'trigger' THEN format('%I ON %I.%I', item.part, schema_name, item.relation)
                                   ELSE item.object::regclass::text END, wanted);
    IF wanted = item.wanted AND item.before IS NOT NULL AND item.before <> wanted THEN
      PERFORM starhouse.upgrade_log(format('%s %s', item.class, concat_ws('.', item.relation, nullif(item.part, ''))), 'commented', wanted);
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION upgrade_comments(name) IS
  'Internal to upgrade_warehouse: the new template''s comments, where the owner has not written his own. NULL is an error.';

-- Who upgrades may do so for the owner, whose the new objects are then.
CREATE FUNCTION upgrade_owners(schema_name name) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  item record;
  owner name := (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = to_regclass(format('%I.warehouse_info', schema_name)));
BEGIN
  IF owner = current_user THEN
    RETURN;
  END IF;
  FOR item IN
    SELECT n.class, n.object_id FROM pg_temp.upgrade_part n
    WHERE n.side = 'now' AND n.aspect = 'definition' AND n.class IN ('table', 'view', 'materialized view', 'function')
      AND NOT EXISTS (SELECT FROM pg_temp.upgrade_part w WHERE w.side = 'was' AND (w.class, w.relation, w.aspect) = (n.class, n.relation, n.aspect))
  LOOP
    EXECUTE format('ALTER %s %s OWNER TO %I', CASE item.class WHEN 'function' THEN 'ROUTINE' ELSE upper(item.class) END,
                   CASE item.class WHEN 'function' THEN item.object_id::regprocedure::text ELSE item.object_id::regclass::text END, owner);
  END LOOP;
END
$$;
COMMENT ON FUNCTION upgrade_owners(name) IS
  'Internal to upgrade_warehouse: gives what is new to the owner of the warehouse, where somebody else upgrades it. NULL is an error.';

-- BI roles read what is new, too; what their owner withheld from them stays withheld.
CREATE FUNCTION upgrade_grants(schema_name name) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  item record;
  role text;
  roles text[];
BEGIN
  EXECUTE format('SELECT bi_roles FROM %I.warehouse_info', schema_name) INTO roles;
  FOREACH role IN ARRAY roles LOOP
    CONTINUE WHEN NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role);
    FOR item IN
      SELECT n.relation, n.object_id, n.class = 'table' AS is_table, bool_or(was.relation IS NULL) AS is_new,
             string_agg(quote_ident(col.part), ', ' ORDER BY col.ordinal) AS columns
      FROM starhouse.warehouse_bi_relations(schema_name) r
      JOIN pg_temp.upgrade_part n ON n.side = 'now' AND n.object_id = r AND n.class IN ('table', 'view', 'materialized view') AND n.aspect = 'definition'
      JOIN pg_temp.upgrade_part pattern ON pattern.side = 'new' AND (pattern.class, pattern.relation, pattern.aspect) = (n.class, n.relation, 'definition')
      LEFT JOIN pg_temp.upgrade_part was ON was.side = 'was' AND (was.class, was.relation, was.aspect) = (n.class, n.relation, 'definition')
      LEFT JOIN pg_temp.upgrade_part col ON col.side = 'now' AND (col.class, col.relation, col.aspect) = ('column', n.relation, 'type')
        AND NOT EXISTS (SELECT FROM pg_temp.upgrade_part old WHERE old.side = 'was' AND (old.class, old.relation, old.part, old.aspect) = ('column', n.relation, col.part, 'type'))
      GROUP BY 1, 2, 3
      HAVING bool_or(was.relation IS NULL) OR count(col.part) > 0
      ORDER BY 1
    LOOP
      IF item.is_new THEN
        EXECUTE format('GRANT SELECT ON %s TO %I', item.object_id::regclass, role);
      END IF;
      IF item.is_table THEN
        EXECUTE format('GRANT REFERENCES (%s) ON %s TO %I', item.columns, item.object_id::regclass, role);
      END IF;
      PERFORM starhouse.upgrade_log(CASE WHEN item.is_table THEN 'table ' ELSE 'view ' END || item.relation, 'granted', 'to ' || quote_ident(role));
    END LOOP;
    -- Side tables of dimensions that are new, which are no parts of the template.
    FOR item IN
      SELECT r AS object_id, (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = r AND a.attnum > 0 AND NOT a.attisdropped) AS columns
      FROM starhouse.warehouse_bi_relations(schema_name) r
      JOIN starhouse.scd_dimension s ON r IN (s.memory_table, s.journal_table, s.reject_table)
      JOIN pg_class c ON c.oid = s.dimension
      WHERE NOT EXISTS (SELECT FROM pg_temp.upgrade_part was WHERE was.side = 'was' AND (was.class, was.relation) = ('table', c.relname::text))
    LOOP
      EXECUTE format('GRANT SELECT ON %s TO %I', item.object_id::regclass, role);
      EXECUTE format('GRANT REFERENCES (%s) ON %s TO %I', item.columns, item.object_id::regclass, role);
    END LOOP;
  END LOOP;
END
$$;
COMMENT ON FUNCTION upgrade_grants(name) IS
  'Internal to upgrade_warehouse: lets the warehouse''s BI roles read the tables, views and columns that came with the new version. NULL is an error.';
