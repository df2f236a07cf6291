-- Upgrading a warehouse, the parts that hold rows: tables, columns, constraints, indexes, triggers.
-- A part is brought to the new template's form when it is still as the old one made it; what its owner
-- changed stays. Nothing here drops a table or a column.

CREATE FUNCTION upgrade_log(object text, action text, detail text DEFAULT NULL) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
BEGIN
  -- A function is told without its arguments, a text in one line.
  INSERT INTO pg_temp.upgrade_report (object, action, detail)
  VALUES (regexp_replace(upgrade_log.object, '^(function [^(]*)\(.*', '\1()'), upgrade_log.action, regexp_replace(upgrade_log.detail, '\s+', ' ', 'g'));
END
$$;
COMMENT ON FUNCTION upgrade_log(text, text, text) IS 'Internal to upgrade_warehouse: a line of its report. NULL is stored as such.';

CREATE FUNCTION upgrade_look(side text, schema_name name) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
BEGIN
  DELETE FROM pg_temp.upgrade_part u WHERE u.side = upgrade_look.side;
  INSERT INTO pg_temp.upgrade_part (side, class, relation, part, aspect, definition, class_id, object_id, ordinal)
  SELECT upgrade_look.side, p.class, p.relation, p.part, p.aspect, p.definition, p.class_id, p.object_id, p.ordinal
  FROM starhouse.template_parts(schema_name) p;
  ANALYZE pg_temp.upgrade_part;
END
$$;
COMMENT ON FUNCTION upgrade_look(text, name) IS
  'Internal to upgrade_warehouse: notes a schema''s parts as side was (before), now or new (the pattern). A NULL schema has none.';

-- What differs from the pattern, and whose difference it is: shipped (still as the old template made it),
-- changed (by the owner, who may have dropped it), foreign (the owner's, under a name the new template
-- uses), new (the new template's), unknown (nothing was written down, or by another version of the server).
CREATE FUNCTION upgrade_differences(classes text[])
  RETURNS TABLE (class text, relation text, part text, aspect text, wanted text, present text, before text,
                 origin text, template_changed boolean, object_id oid, ordinal bigint)
  LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 50
  SET search_path = pg_catalog, pg_temp
  AS $$
  SELECT n.class, n.relation, n.part, n.aspect, n.definition, c.definition, w.definition,
         CASE WHEN EXISTS (SELECT FROM pg_temp.upgrade_overwrite v
                           WHERE v.name IN (n.relation, split_part(n.relation, '(', 1), n.part, concat_ws('.', n.relation, nullif(n.part, '')))) THEN 'shipped'
              WHEN o.definition IS NOT NULL AND strpos(o.definition, ':') > 1
                   AND split_part(o.definition, ':', 1) <> (current_setting('server_version_num')::integer / 10000)::text THEN 'unknown'
              WHEN o.definition IS NOT NULL AND o.definition = starhouse.template_fingerprint(w.class, w.aspect, w.definition) THEN 'shipped'
              WHEN o.definition IS NOT NULL THEN 'changed'
              WHEN NOT EXISTS (SELECT FROM pg_temp.upgrade_part r WHERE r.side = 'old') THEN 'unknown'
              WHEN w.definition IS NULL THEN 'new'
              ELSE 'foreign' END,
         o.definition IS DISTINCT FROM starhouse.template_fingerprint(n.class, n.aspect, n.definition),
         c.object_id, n.ordinal
  FROM pg_temp.upgrade_part n
  LEFT JOIN pg_temp.upgrade_part c ON c.side = 'now' AND (c.class, c.relation, c.part, c.aspect) = (n.class, n.relation, n.part, n.aspect)
  LEFT JOIN pg_temp.upgrade_part w ON w.side = 'was' AND (w.class, w.relation, w.part, w.aspect) = (n.class, n.relation, n.part, n.aspect)
  LEFT JOIN pg_temp.upgrade_part o ON o.side = 'old' AND (o.class, o.relation, o.part, o.aspect) = (n.class, n.relation, n.part, n.aspect)
  WHERE n.side = 'new' AND n.class = ANY (classes) AND n.definition IS DISTINCT FROM c.definition
  ORDER BY n.ordinal, n.relation, n.part
$$;
COMMENT ON FUNCTION upgrade_differences(text[]) IS
  'Internal to upgrade_warehouse: parts of the classes given that are not as the pattern has them, with their text in the pattern, now and before the upgrade, and whose they are. NULL classes give none.';

-- Parts that the old template made, still as it made them, and the new one does without.
CREATE FUNCTION upgrade_obsolete(classes text[])
  RETURNS TABLE (class text, relation text, part text, object_id oid, shipped boolean)
  LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 20
  SET search_path = pg_catalog, pg_temp
  AS $$
  SELECT c.class, c.relation, c.part, c.object_id, coalesce(o.definition = starhouse.template_fingerprint(c.class, c.aspect, c.definition), false)
  FROM pg_temp.upgrade_part o
  JOIN pg_temp.upgrade_part c ON c.side = 'now' AND (c.class, c.relation, c.part, c.aspect) = (o.class, o.relation, o.part, o.aspect)
  WHERE o.side = 'old' AND o.class = ANY (classes) AND o.aspect IN ('definition', 'type')
    AND NOT EXISTS (SELECT FROM pg_temp.upgrade_part n WHERE n.side = 'new' AND (n.class, n.relation, n.part) = (o.class, o.relation, o.part))
  ORDER BY c.object_id::bigint DESC
$$;
COMMENT ON FUNCTION upgrade_obsolete(text[]) IS
  'Internal to upgrade_warehouse: parts of the classes given that the old template made and the new one has not; shipped: nobody changed them since. NULL classes give none.';

CREATE FUNCTION upgrade_refuse(item record, version integer) RETURNS void
  LANGUAGE plpgsql STABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  what text := format('%s %s', item.class, concat_ws('.', item.relation, nullif(item.part, '')));
BEGIN
  IF item.origin = 'foreign' THEN
    RAISE EXCEPTION '% is yours, but version % of the template has one of that name', what, version
      USING ERRCODE = 'duplicate_object', DETAIL = format('Yours: %s; the template''s: %s', btrim(item.present), btrim(item.wanted)),
            HINT = 'Rename yours, then upgrade again. Nothing was changed.';
  ELSIF item.origin = 'changed' THEN
    RAISE EXCEPTION '% was changed: its % is %, which version % of the template needs as %', what, item.aspect, btrim(item.present), version, btrim(item.wanted)
      USING ERRCODE = 'datatype_mismatch', HINT = 'Change it to what the template needs, then upgrade again. Nothing was changed.';
  END IF;
  RAISE EXCEPTION '% cannot become by itself what version % of the template has: its % is %, not %', what, version, item.aspect, btrim(item.present), btrim(item.wanted)
    USING ERRCODE = 'feature_not_supported',
          HINT = 'The step wants a migration script among the template''s. Where the table was changed by hand, change it to what the template needs.';
END
$$;
COMMENT ON FUNCTION upgrade_refuse(record, integer) IS
  'Internal to upgrade_warehouse: the error for a difference it does not mend: 42710 for a name that is taken, 42804 for a part its owner changed, 0A000 for what needs a migration script. A NULL item is an error.';

-- Tables of the pattern that the warehouse lacks move over, with all that is on them but foreign keys,
-- which lead to the pattern's dimensions and are made anew with the other constraints.
CREATE FUNCTION upgrade_new_tables(schema_name name, pattern name) RETURNS name[]
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  item record;
  key name;
  made name[] := '{}';
BEGIN
  FOR item IN SELECT d.* FROM starhouse.upgrade_differences('{table}') d
              WHERE d.aspect = 'definition' AND d.present IS NULL AND d.relation NOT LIKE 'bronze\_%' LOOP
    IF to_regclass(format('%I.%I', schema_name, item.relation)) IS NOT NULL THEN
      RAISE EXCEPTION 'relation % is in the way of a table of the template', format('%I.%I', schema_name, item.relation)
        USING ERRCODE = 'duplicate_table', HINT = 'Rename it, then upgrade again. Nothing was changed.';
    END IF;
    FOR key IN SELECT k.conname FROM pg_constraint k
               WHERE k.conrelid = to_regclass(format('%I.%I', pattern, item.relation)) AND k.contype = 'f' AND k.conparentid = 0 LOOP
      EXECUTE format('ALTER TABLE %I.%I DROP CONSTRAINT %I', pattern, item.relation, key);
    END LOOP;
    EXECUTE format('ALTER TABLE %I.%I SET SCHEMA %I', pattern, item.relation, schema_name);
    made := made || item.relation::name;
    PERFORM starhouse.upgrade_log('table ' || quote_ident(item.relation), 'created');
  END LOOP;
  RETURN made;
END
$$;
COMMENT ON FUNCTION upgrade_new_tables(name, name) IS
  'Internal to upgrade_warehouse: moves tables that a warehouse lacks from the pattern into it and returns their names. 42P07 for a name that is taken. NULL is an error.';

CREATE FUNCTION upgrade_columns(schema_name name, version integer) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  item record;
  home text;
  beside record;
  calendar text[] := '{}';
  statement text;
BEGIN
  PERFORM set_config('search_path', format('%I, starhouse, pg_temp', schema_name), true);
  FOR item IN SELECT d.* FROM starhouse.upgrade_differences('{table}') d WHERE d.aspect = 'definition' AND d.present IS NOT NULL LOOP
    PERFORM starhouse.upgrade_refuse(item, version);
  END LOOP;
  FOR item IN SELECT d.*, quote_ident(d.part) AS name FROM starhouse.upgrade_differences('{column}') d
              WHERE d.aspect IN ('type', 'value', 'null')
                AND EXISTS (SELECT FROM pg_temp.upgrade_part t WHERE t.side = 'now' AND t.class = 'table' AND t.relation = d.relation)
              ORDER BY d.relation, d.ordinal, strpos('type value null', d.aspect) LOOP
    home := format('%I.%I', schema_name, item.relation);
    statement := NULL;
    IF item.present IS NULL THEN
      CONTINUE WHEN item.aspect <> 'type';
      SELECT max(p.definition) FILTER (WHERE p.aspect = 'value') AS value, max(p.definition) FILTER (WHERE p.aspect = 'null') AS nullable INTO beside
        FROM pg_temp.upgrade_part p WHERE p.side = 'new' AND (p.class, p.relation, p.part) = ('column', item.relation, item.part);
      IF item.relation = 'time_dim' AND beside.value = '' AND beside.nullable <> '' THEN
        calendar := calendar || item.part;
        beside.nullable := '';
      END IF;
      EXECUTE format('ALTER TABLE %s ADD COLUMN %s %s %s %s', home, item.name, item.wanted, beside.value, beside.nullable);
      PERFORM starhouse.upgrade_log(format('column %I.%I', item.relation, item.part), 'added', btrim(concat_ws(' ', item.wanted, beside.value, beside.nullable)));
      CONTINUE;
    END IF;
    IF item.origin = 'changed' AND item.aspect <> 'type' THEN
      IF item.template_changed THEN
        PERFORM starhouse.upgrade_log(format('column %I.%I', item.relation, item.part), 'kept',
                                      format('%s is yours: %s; the template''s: %s', item.aspect, coalesce(nullif(item.present, ''), 'none'), coalesce(nullif(item.wanted, ''), 'none')));
      END IF;
      CONTINUE;
    END IF;
    CASE item.aspect
      WHEN 'type' THEN
        CONTINUE WHEN item.origin = 'changed' AND NOT item.template_changed;
        IF item.origin IN ('changed', 'foreign') THEN
          PERFORM starhouse.upgrade_refuse(item, version);
        END IF;
        -- Widening loses nothing; anything else is for a migration script.
        IF NOT EXISTS (SELECT FROM pg_cast c, pg_attribute a
                       WHERE a.attrelid = home::regclass AND a.attname = item.part AND c.castsource = a.atttypid AND c.castcontext = 'i'
                         AND c.casttarget = to_regtype(item.wanted)) THEN
          PERFORM starhouse.upgrade_refuse(item, version);
        END IF;
        PERFORM starhouse.set_aside(home::regclass);
        statement := format('ALTER COLUMN %s TYPE %s', item.name, item.wanted);
      WHEN 'null' THEN
        statement := format('ALTER COLUMN %s %s NOT NULL', item.name, CASE item.wanted WHEN '' THEN 'DROP' ELSE 'SET' END);
      WHEN 'value' THEN
        -- Values that were computed stay as they are when the column becomes an ordinary one.
        IF item.present LIKE 'GENERATED%STORED' AND item.wanted NOT LIKE 'GENERATED%' THEN
          EXECUTE format('ALTER TABLE %s ALTER COLUMN %s DROP EXPRESSION', home, item.name);
        ELSIF item.present LIKE '%AS IDENTITY' AND item.wanted NOT LIKE 'GENERATED%' THEN
          EXECUTE format('ALTER TABLE %s ALTER COLUMN %s DROP IDENTITY', home, item.name);
        ELSIF item.present LIKE 'DEFAULT%' THEN
          EXECUTE format('ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT', home, item.name);
        ELSIF item.present <> '' AND NOT (item.present LIKE '%AS IDENTITY' AND item.wanted LIKE '%AS IDENTITY') THEN
          PERFORM starhouse.upgrade_refuse(item, version);
        END IF;
        IF item.wanted LIKE 'GENERATED%' AND item.wanted NOT LIKE '%AS IDENTITY' THEN
          PERFORM starhouse.upgrade_refuse(item, version);
        END IF;
        statement := CASE WHEN item.wanted = '' THEN NULL
                          WHEN item.wanted LIKE '%IDENTITY' AND item.present LIKE '%IDENTITY'
                            THEN format('ALTER COLUMN %s SET %s', item.name, replace(item.wanted, ' AS IDENTITY', ''))
                          WHEN item.wanted LIKE '%IDENTITY' THEN format('ALTER COLUMN %s ADD %s', item.name, item.wanted)
                          ELSE format('ALTER COLUMN %s SET %s', item.name, item.wanted) END;
    END CASE;
    IF statement IS NOT NULL THEN
      EXECUTE format('ALTER TABLE %s %s', home, statement);
    END IF;
    PERFORM starhouse.upgrade_log(format('column %I.%I', item.relation, item.part), 'changed',
                                  format('%s: %s, was %s', item.aspect, coalesce(nullif(item.wanted, ''), 'none'), coalesce(nullif(item.present, ''), 'none')));
  END LOOP;
  -- A column that the template has no more keeps its values, and no longer asks for one.
  FOR item IN SELECT o.* FROM starhouse.upgrade_obsolete('{column}') o
              WHERE EXISTS (SELECT FROM pg_temp.upgrade_part t WHERE t.side = 'new' AND t.class = 'table' AND t.relation = o.relation) LOOP
    IF EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = item.object_id AND a.attname = item.part
                 AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = '') THEN
      EXECUTE format('ALTER TABLE %I.%I ALTER COLUMN %I DROP NOT NULL', schema_name, item.relation, item.part);
    END IF;
    PERFORM starhouse.upgrade_log(format('column %I.%I', item.relation, item.part), 'left', 'the template has it no more');
  END LOOP;
  IF cardinality(calendar) > 0 THEN
    PERFORM starhouse.fill_calendar(schema_name, calendar);
    EXECUTE format('ALTER TABLE %I.time_dim %s', schema_name,
                   (SELECT string_agg(format('ALTER COLUMN %I SET NOT NULL', c), ', ') FROM unnest(calendar) c));
  END IF;
END
$$;
COMMENT ON FUNCTION upgrade_columns(name, integer) IS
  'Internal to upgrade_warehouse: adds columns, changes types that widen, defaults and NOT NULL, fills new columns of the calendar. Columns of the owner and what he changed stay; errors as upgrade_refuse has them. NULL is an error.';

-- Constraints, indexes and triggers, one class after the other: a foreign key needs the key it refers to.
CREATE FUNCTION upgrade_fittings(schema_name name, version integer, fitting text) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
  AS $$
DECLARE
  item record;
  home text;
  remove text;
BEGIN
  PERFORM set_config('search_path', format('%I, starhouse, pg_temp', schema_name), true);
  FOR item IN
    SELECT d.relation, d.part, d.wanted, d.present, d.before, d.origin, d.template_changed, d.class, d.aspect, d.ordinal
    FROM starhouse.upgrade_differences(ARRAY[fitting]) d
    WHERE d.aspect = 'definition' AND EXISTS (SELECT FROM pg_temp.upgrade_part t WHERE t.side = 'now' AND t.class = 'table' AND t.relation = d.relation)
    UNION ALL
    SELECT o.relation, o.part, NULL, '', NULL, CASE WHEN o.shipped THEN 'shipped' ELSE 'changed' END, false, o.class, 'definition', -1
    FROM starhouse.upgrade_obsolete(ARRAY[fitting]) o
    WHERE EXISTS (SELECT FROM pg_temp.upgrade_part t WHERE t.side = 'new' AND t.class = 'table' AND t.relation = o.relation)
    ORDER BY 10, 1, 2
  LOOP
    home := format('%I.%I', schema_name, item.relation);
    IF item.origin = 'changed' THEN
      IF item.template_changed THEN
        PERFORM starhouse.upgrade_log(format('%s %I.%I', fitting, item.relation, item.part), 'kept',
                                      coalesce('yours: ' || item.present, 'you dropped it') || '; the template''s: ' || item.wanted);
      END IF;
      CONTINUE;
    ELSIF item.origin = 'foreign' THEN
      PERFORM starhouse.upgrade_refuse(item, version);
    END IF;
    IF item.present IS NOT NULL THEN
      EXECUTE CASE fitting WHEN 'index' THEN format('DROP INDEX %I.%I', schema_name, item.part)
                           WHEN 'trigger' THEN format('DROP TRIGGER %I ON %s', item.part, home)
                           ELSE format('ALTER TABLE %s DROP CONSTRAINT %I', home, item.part) END;
    END IF;
    IF item.wanted IS NOT NULL THEN
      EXECUTE CASE fitting WHEN 'constraint' THEN format('ALTER TABLE %s ADD CONSTRAINT %I %s', home, item.part, item.wanted) ELSE item.wanted END;
    END IF;
    PERFORM starhouse.upgrade_log(format('%s %I.%I', fitting, item.relation, item.part),
                                  CASE WHEN item.wanted IS NULL THEN 'dropped' WHEN item.present IS NULL THEN 'created' ELSE 'changed' END, item.wanted);
  END LOOP;
END
$$;
COMMENT ON FUNCTION upgrade_fittings(name, integer, text) IS
  'Internal to upgrade_warehouse: makes, changes and drops the template''s constraints, indexes or triggers (fitting: the singular) on tables that are there. The owner''s stay, as do those he changed or dropped. 42710 for a name that is taken. NULL is an error.';
