-- Views and functions that stand on what has to change: taken out of the way with all that is theirs
-- (owner, grants, comments, defaults, rules, triggers, a materialized view's indexes), put back
-- afterwards. What is aside is in pg_temp.upgrade_aside, for the time of upgrade_warehouse.

-- The statements that make an object again. Names are qualified: search_path holds pg_catalog alone.
CREATE FUNCTION definition_of(class_id oid, object_id oid) RETURNS text
  LANGUAGE sql STABLE STRICT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
  AS $$
  SELECT CASE WHEN class_id = 'pg_proc'::regclass THEN pg_get_functiondef(object_id)
              ELSE (SELECT format('CREATE %s %I.%I%s AS %s%s', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, n.nspname, c.relname,
                                  coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', ''), rtrim(pg_get_viewdef(c.oid), '; '),
                                  CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN ' WITH NO DATA' ELSE '' END)
                    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = object_id) END
$$;
COMMENT ON FUNCTION definition_of(oid, oid) IS
  'Internal to upgrade_warehouse: CREATE statement of a view, materialized view or function, names qualified. NULL gives NULL.';

-- GRANTs that give an object, or a column of it, the rights it has.
CREATE FUNCTION grants_of(word text, object_name text, columns text, acl aclitem[], owner oid) RETURNS SETOF text
  LANGUAGE sql STABLE PARALLEL SAFE ROWS 5
  SET search_path = pg_catalog, pg_temp
  AS $$
  SELECT format('REVOKE ALL ON %s %s FROM PUBLIC', word, object_name)
  WHERE word = 'ROUTINE' AND acl IS NOT NULL AND NOT EXISTS (SELECT FROM aclexplode(acl) a WHERE a.grantee = 0)
  UNION ALL
  SELECT format('GRANT %s%s ON %s %s TO %s%s', a.privilege_type, columns, word, object_name,
                CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM aclexplode(acl) a
  WHERE a.grantee <> owner
$$;
COMMENT ON FUNCTION grants_of(text, text, text, aclitem[], oid) IS
  'Internal to upgrade_warehouse: GRANT statements for the rights of others than the owner. NULL rights are the default ones: no statements.';

CREATE FUNCTION belongings_of(class_id oid, object_id oid) RETURNS text[]
  LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  statements text[];
  full_name text;
  word text;
  c pg_class;
  p pg_proc;
BEGIN
  IF class_id = 'pg_proc'::regclass THEN
    SELECT * INTO p FROM pg_proc WHERE oid = object_id;
    full_name := object_id::regprocedure::text;
    RETURN ARRAY(
      SELECT format('ALTER ROUTINE %s OWNER TO %I', full_name, pg_get_userbyid(p.proowner)) WHERE pg_get_userbyid(p.proowner) <> current_user
      UNION ALL SELECT format('COMMENT ON ROUTINE %s IS %L', full_name, d.description)
                FROM pg_description d WHERE d.classoid = class_id AND d.objoid = object_id
      UNION ALL SELECT g FROM starhouse.grants_of('ROUTINE', full_name, '', p.proacl, p.proowner) g);
  END IF;
  SELECT * INTO c FROM pg_class WHERE oid = object_id;
  full_name := object_id::regclass::text;
  word := CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END;
  RETURN ARRAY(
    SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = object_id
    UNION ALL SELECT format('COMMENT ON INDEX %s IS %L', i.indexrelid::regclass, d.description)
              FROM pg_index i JOIN pg_description d ON d.objoid = i.indexrelid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0 WHERE i.indrelid = object_id
    UNION ALL SELECT format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s', full_name, a.attname, pg_get_expr(d.adbin, d.adrelid))
              FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE d.adrelid = object_id
    UNION ALL SELECT pg_get_ruledef(r.oid) FROM pg_rewrite r WHERE r.ev_class = object_id AND r.rulename <> '_RETURN'
    UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t WHERE t.tgrelid = object_id AND NOT t.tgisinternal
    UNION ALL SELECT format('COMMENT ON %s %s IS %L', word, full_name, d.description)
              FROM pg_description d WHERE d.classoid = class_id AND d.objoid = object_id AND d.objsubid = 0
    UNION ALL SELECT format('COMMENT ON COLUMN %s.%I IS %L', full_name, a.attname, d.description)
              FROM pg_description d JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid WHERE d.classoid = class_id AND d.objoid = object_id
    UNION ALL SELECT g FROM starhouse.grants_of('TABLE', full_name, '', c.relacl, c.relowner) g
    UNION ALL SELECT g FROM pg_attribute a, starhouse.grants_of('TABLE', full_name, format(' (%I)', a.attname), a.attacl, c.relowner) g
              WHERE a.attrelid = object_id AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT format('ALTER %s %s OWNER TO %I', word, full_name, pg_get_userbyid(c.relowner)) WHERE pg_get_userbyid(c.relowner) <> current_user);
END
$$;
COMMENT ON FUNCTION belongings_of(oid, oid) IS
  'Internal to upgrade_warehouse: statements that bring back what a view, materialized view or function loses when it is dropped and made again. NULL gives NULL.';

CREATE FUNCTION set_aside(roots oid[], drop_roots boolean) RETURNS integer
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  found record;
  blocker text;
  dropped integer := 0;
  moved boolean;
  waiting integer;
BEGIN
  IF to_regclass('pg_temp.upgrade_aside') IS NULL THEN
    RAISE EXCEPTION 'no upgrade is going on' USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'set_aside is for the scripts that upgrade_warehouse runs.';
  END IF;
  -- A view stands on a thing by its rule, a function by its body, either by a type, which may be that of
  -- a view's rows. What is a thing's own part goes and comes with it.
  CREATE TEMP TABLE upgrade_doomed ON COMMIT DROP AS
    WITH RECURSIVE standing (class_id, object_id, place) AS (
      SELECT CASE WHEN p.oid IS NULL THEN 'pg_class'::regclass ELSE 'pg_proc'::regclass END::oid, r, 'object'
      FROM unnest(roots) r LEFT JOIN pg_proc p ON p.oid = r
      UNION
      SELECT x.class_id, x.object_id, x.place
      FROM standing s
      JOIN pg_depend d ON d.refclassid = s.class_id AND d.refobjid = s.object_id
      LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
      LEFT JOIN pg_type y ON s.class_id = 'pg_type'::regclass AND y.oid = s.object_id
      CROSS JOIN LATERAL (
        SELECT CASE WHEN w.rulename = '_RETURN' THEN 'pg_class'::regclass ELSE d.classid END::oid AS class_id,
               CASE WHEN w.rulename = '_RETURN' THEN w.ev_class ELSE d.objid END AS object_id,
               CASE WHEN w.rulename = '_RETURN' OR d.classid = 'pg_proc'::regclass AND d.deptype = 'n'
                      OR d.classid = 'pg_type'::regclass AND d.deptype = 'i' THEN 'object'
                    WHEN d.deptype = 'n' AND w.ev_class IS DISTINCT FROM s.object_id
                      AND (drop_roots OR coalesce(y.typrelid, s.object_id) <> ALL (roots)) THEN pg_describe_object(d.classid, d.objid, d.objsubid)
               END AS place) x
      WHERE s.place = 'object' AND x.place IS NOT NULL
    )
    SELECT DISTINCT s.class_id, s.object_id, s.place FROM standing s
    WHERE (s.class_id <> 'pg_type'::regclass OR s.place <> 'object') AND (drop_roots OR s.object_id <> ALL (roots));
  SELECT string_agg(DISTINCT d.place, ', ') INTO blocker FROM pg_temp.upgrade_doomed d WHERE d.place <> 'object';
  blocker := concat_ws(', ', blocker, (SELECT string_agg(DISTINCT 'rollup ' || r.rollup::text, ', ')
                                       FROM pg_temp.upgrade_doomed d JOIN starhouse.rollup r ON d.object_id IN (r.rollup, r.states)));
  IF blocker <> '' THEN
    RAISE EXCEPTION 'what has to change is used by %', blocker
      USING ERRCODE = 'dependent_objects_still_exist',
            HINT = 'Drop it, upgrade, and make it again. Views, materialized views and functions are brought back by themselves; nothing was changed.';
  END IF;
  INSERT INTO pg_temp.upgrade_aside (object_name, home, relation, class_id, create_sql, belongings)
  SELECT pg_describe_object(d.class_id, d.object_id, 0), coalesce(cn.nspname, pn.nspname),
         CASE WHEN p.oid IS NOT NULL THEN format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) ELSE c.relname::text END,
         d.class_id, starhouse.definition_of(d.class_id, d.object_id), starhouse.belongings_of(d.class_id, d.object_id)
  FROM pg_temp.upgrade_doomed d
  LEFT JOIN pg_class c ON d.class_id = 'pg_class'::regclass AND c.oid = d.object_id
  LEFT JOIN pg_namespace cn ON cn.oid = c.relnamespace
  LEFT JOIN pg_proc p ON d.class_id = 'pg_proc'::regclass AND p.oid = d.object_id
  LEFT JOIN pg_namespace pn ON pn.oid = p.pronamespace
  ORDER BY d.object_id::bigint;
  -- Youngest first, and what that leaves again, until nothing is left.
  LOOP
    moved := false;
    waiting := 0;
    FOR found IN SELECT d.class_id, d.object_id,
                        CASE WHEN d.class_id = 'pg_proc'::regclass THEN 'ROUTINE' WHEN c.relkind = 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END AS word,
                        CASE WHEN d.class_id = 'pg_proc'::regclass THEN d.object_id::regprocedure::text ELSE d.object_id::regclass::text END AS name
                 FROM pg_temp.upgrade_doomed d LEFT JOIN pg_class c ON d.class_id = 'pg_class'::regclass AND c.oid = d.object_id
                 ORDER BY d.object_id::bigint DESC LOOP
      BEGIN
        EXECUTE format('DROP %s %s RESTRICT', found.word, found.name);
        DELETE FROM pg_temp.upgrade_doomed d WHERE (d.class_id, d.object_id) = (found.class_id, found.object_id);
        moved := true;
        dropped := dropped + 1;
      EXCEPTION WHEN dependent_objects_still_exist THEN
        GET STACKED DIAGNOSTICS blocker = PG_EXCEPTION_DETAIL;
        waiting := waiting + 1;
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'what has to change is used by % %, which role "%" may not touch', lower(found.word), found.name, current_user
          USING ERRCODE = 'insufficient_privilege', HINT = 'Its owner can drop it for the time of the upgrade, or a superuser can upgrade. Nothing was changed.';
      END;
    END LOOP;
    EXIT WHEN waiting = 0;
    IF NOT moved THEN
      RAISE EXCEPTION 'what has to change is used elsewhere' USING ERRCODE = 'dependent_objects_still_exist', DETAIL = blocker,
        HINT = 'Drop that, upgrade, and make it again. Nothing was changed.';
    END IF;
  END LOOP;
  DROP TABLE pg_temp.upgrade_doomed;
  RETURN dropped;
END
$$;
COMMENT ON FUNCTION set_aside(oid[], boolean) IS
  'Internal to upgrade_warehouse: takes away all views and functions that stand on the objects given, in whatever schema, and these too if they are views or functions to be dropped. 2BP01 naming what else uses them, 42501 for what the caller may not drop, 55000 outside an upgrade. NULL roots are none.';

CREATE FUNCTION set_aside(relation regclass) RETURNS integer
  LANGUAGE sql VOLATILE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$
  SELECT starhouse.set_aside(ARRAY[relation::oid], false)  -- a DROP of each
$$;
COMMENT ON FUNCTION set_aside(regclass) IS
  'For migration scripts of templates, before a table''s column changes type or goes: takes away the views and functions that stand on the table and returns their number. upgrade_warehouse makes the template''s anew and brings back all others as they were. 2BP01 naming anything else that stands on it; 55000 outside an upgrade. NULL does nothing.';
