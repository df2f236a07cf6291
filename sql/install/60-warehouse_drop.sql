-- Removing a warehouse, and taking up one again after the extension was away.

CREATE FUNCTION drop_warehouse(schema_name name, confirm text DEFAULT NULL) RETURNS text
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
  AS $$
DECLARE
  space oid;
  fact record;
  fact_rows bigint;
  all_rows bigint := 0;
  counts text := '';
  names text[];
  doomed record;
  dropped integer := 0;
  moved boolean;
  waiting text[];
  blockers text[];
  left_over text;
  what text;
  detail text;
BEGIN
  PERFORM starhouse.warehouse_get(schema_name);
  space := to_regnamespace(quote_ident(schema_name));
  FOR fact IN SELECT f.fact, c.relname FROM starhouse.warehouse_facts(schema_name) f JOIN pg_class c ON c.oid = f.fact LOOP
    EXECUTE format('SELECT count(*) FROM %s', fact.fact) INTO fact_rows;
    all_rows := all_rows + fact_rows;
    counts := counts || format(', %s in %s', fact_rows, fact.relname);
  END LOOP;
  IF confirm IS DISTINCT FROM schema_name::text THEN
    RAISE EXCEPTION 'drop_warehouse would delete warehouse "%" with % fact rows%', schema_name, all_rows,
                    CASE WHEN counts = '' THEN '' ELSE ' (' || substr(counts, 3) || ')' END
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = format('Repeat the name to confirm: SELECT starhouse.drop_warehouse(%L, confirm => %L). Nothing was dropped.', schema_name, schema_name);
  END IF;

  EXECUTE format('SELECT objects || array(SELECT ''bronze_'' || feed_name FROM %1$I.feed) FROM %1$I.warehouse_info', schema_name) INTO names;
  FOR doomed IN SELECT d.dimension FROM starhouse.scd_dimension d JOIN pg_class c ON c.oid = d.dimension WHERE c.relnamespace = space LOOP
    PERFORM starhouse.scd_unregister(doomed.dimension);
  END LOOP;
  -- A session that loaded a batch still has its relation batch, with views that read the warehouse.
  IF to_regclass('pg_temp.batch_shape') IS NOT NULL THEN
    DROP TABLE IF EXISTS pg_temp.batch CASCADE;
    DROP TABLE pg_temp.batch_shape;
  END IF;
  -- Youngest first: what was made later depends on what was made before. Whatever that order leaves
  -- behind is tried again; when nothing moves any more, something outside holds on to it.
  LOOP
    moved := false;
    blockers := '{}';
    waiting := '{}';
    FOR doomed IN SELECT o.* FROM starhouse.schema_objects(schema_name) o WHERE o.name = ANY (names) ORDER BY o.object_id::bigint DESC LOOP
      BEGIN
        EXECUTE format('DROP %s %s RESTRICT', doomed.word,
                       CASE doomed.word WHEN 'ROUTINE' THEN doomed.object_id::regprocedure::text ELSE doomed.object_id::regclass::text END);
        moved := true;
        dropped := dropped + 1;
      EXCEPTION WHEN dependent_objects_still_exist THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
        blockers := blockers || string_to_array(detail, E'\n');
        waiting := waiting || pg_describe_object(doomed.class_id, doomed.object_id, 0);
      END;
    END LOOP;
    EXIT WHEN cardinality(waiting) = 0;
    IF NOT moved THEN
      RAISE EXCEPTION 'other objects depend on warehouse "%"', schema_name
        USING ERRCODE = 'dependent_objects_still_exist',
              DETAIL = (SELECT string_agg(DISTINCT b, E'\n') FROM unnest(blockers) b
                        WHERE NOT EXISTS (SELECT FROM unnest(waiting) w
                                          WHERE starts_with(b, w || ' ') OR strpos(b, ' on ' || w || ' ') > 0)),
              HINT = 'Drop or change those objects first. Nothing was dropped.';
    END IF;
  END LOOP;

  -- What others put into the schema stays, and the schema with it.
  SELECT string_agg(o.identity, ', ' ORDER BY o.identity) INTO left_over
    FROM (SELECT DISTINCT i.identity FROM pg_depend d, pg_identify_object(d.classid, d.objid, d.objsubid) i
          WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = space AND d.deptype = 'n') o;
  what := format('dropped warehouse %I: %s tables, views and functions, %s fact rows', schema_name, dropped, all_rows);
  IF left_over IS NOT NULL THEN
    RETURN what || format('; the schema stays, it also holds %s', left_over);
  END IF;
  IF NOT pg_has_role((SELECT n.nspowner FROM pg_namespace n WHERE n.oid = space), 'USAGE') THEN
    RETURN what || '; the empty schema stays, its owner can drop it';
  END IF;
  EXECUTE format('DROP SCHEMA %I RESTRICT', schema_name);
  RETURN what || ', and the schema';
END
$$;
COMMENT ON FUNCTION drop_warehouse(name, text) IS
  'Drops a warehouse: its tables, views, bronze, quarantine and SCD registrations, and the schema unless it holds anything else. Refuses with 55000, telling how many fact rows would go, unless confirm repeats the schema''s name; with 2BP01 naming them when objects of others depend on it; with 3F000 for a schema that is no warehouse. NULL is an unknown warehouse, and confirms nothing.';

-- The registrations of dimensions live in the extension, so DROP EXTENSION takes them along. They
-- are a script of their own in each template, which may run again at any time.
CREATE FUNCTION repair_warehouse(schema_name name) RETURNS integer
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  warehouse starhouse.warehouses := starhouse.warehouse_get(schema_name);
  script text;
  registered integer;
BEGIN
  PERFORM set_config('search_path', format('%I, starhouse, pg_temp', schema_name), true);
  FOR script IN SELECT t.script FROM starhouse.template t
                WHERE t.kind = warehouse.kind AND t.step LIKE '%-registration' ORDER BY t.step LOOP
    EXECUTE script;
  END LOOP;
  SELECT count(*) INTO registered
    FROM starhouse.scd_dimension d JOIN pg_class c ON c.oid = d.dimension
    WHERE c.relnamespace = to_regnamespace(quote_ident(schema_name));
  RETURN registered;
END
$$;
COMMENT ON FUNCTION repair_warehouse(name) IS
  'Takes up a warehouse again after DROP EXTENSION and CREATE EXTENSION: registers its Type-2 dimensions as its template does, and returns how many are registered. Harmless at any other time, except that registrations changed by hand go back to the template''s. 3F000 for a schema that is no warehouse. NULL is none.';
