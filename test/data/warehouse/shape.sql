-- pg_temp.shape(schema): everything about the objects of a schema as lines of text that are the same for two
-- schemas of the same shape, whatever their names. Reads the catalogs by itself, with names qualified and
-- the schema's name taken out, unlike the code that it tests. Partitions are left out, the order of columns too.
CREATE FUNCTION pg_temp.shape(schema_name name) RETURNS SETOF text LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  space oid := (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = schema_name);
  line text;
  query text;
BEGIN
  FOR query IN VALUES
    -- relations: kind, options, partition key, rights of others
    ($q$SELECT format('relation %s %s %s %s %s owner %s', c.relkind, c.relname, c.reloptions, pg_catalog.pg_get_partkeydef(c.oid), c.relpersistence, c.relowner::regrole)
       FROM pg_catalog.pg_class c WHERE c.relnamespace = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND NOT c.relispartition$q$),
    ($q$SELECT format('right %s %s %s', c.relname, a.grantee::regrole, a.privilege_type)
       FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a WHERE c.relnamespace = $1 AND NOT c.relispartition AND a.grantee <> c.relowner$q$),
    ($q$SELECT format('right %s.%s %s %s', c.relname, t.attname, a.grantee::regrole, a.privilege_type)
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute t ON t.attrelid = c.oid, pg_catalog.aclexplode(t.attacl) a
       WHERE c.relnamespace = $1 AND NOT c.relispartition AND a.grantee <> c.relowner$q$),
    ($q$SELECT format('column %s.%s %s %s %s %s %s %s', c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), l.collname, a.attnotnull, a.attidentity,
                      a.attgenerated, pg_catalog.pg_get_expr(d.adbin, d.adrelid))
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
       WHERE c.relnamespace = $1 AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition$q$),
    ($q$SELECT format('place of %s.%s %s', c.relname, a.attname, a.attnum)
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relnamespace = $1 AND c.relkind IN ('v', 'm')$q$),
    ($q$SELECT format('constraint %s.%s %s valid %s', c.relname, k.conname, pg_catalog.pg_get_constraintdef(k.oid), k.convalidated)
       FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid WHERE c.relnamespace = $1 AND NOT c.relispartition AND k.contype <> 'n'$q$),
    ($q$SELECT format('index %s valid %s', pg_catalog.pg_get_indexdef(i.indexrelid), i.indisvalid)
       FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = $1 AND NOT c.relispartition$q$),
    ($q$SELECT format('trigger %s', pg_catalog.pg_get_triggerdef(t.oid))
       FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = $1 AND NOT t.tgisinternal AND NOT c.relispartition$q$),
    ($q$SELECT format('view %s %s', c.relname, pg_catalog.pg_get_viewdef(c.oid)) FROM pg_catalog.pg_class c WHERE c.relnamespace = $1 AND c.relkind IN ('v', 'm')$q$),
    ($q$SELECT format('function %s %s %s', pg_catalog.pg_get_functiondef(p.oid), p.proowner::regrole, p.proacl) FROM pg_catalog.pg_proc p WHERE p.pronamespace = $1$q$),
    ($q$SELECT format('comment %s.%s %s', c.relname, a.attname, d.description)
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_description d ON d.classoid = 'pg_catalog.pg_class'::regclass AND d.objoid = c.oid
       LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0 WHERE c.relnamespace = $1 AND NOT c.relispartition$q$),
    ($q$SELECT format('comment %s %s', p.oid::regprocedure, d.description)
       FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_description d ON d.classoid = 'pg_catalog.pg_proc'::regclass AND d.objoid = p.oid WHERE p.pronamespace = $1$q$),
    ($q$SELECT format('dimension %s', pg_catalog.to_jsonb(s) - 'registered_at') FROM starhouse.scd_dimension s JOIN pg_catalog.pg_class c ON c.oid = s.dimension WHERE c.relnamespace = $1$q$)
  LOOP
    FOR line IN EXECUTE query USING space LOOP
      RETURN NEXT regexp_replace(line, format('(\\"|")?%s(\\"|")?\.', schema_name), '', 'g');
    END LOOP;
  END LOOP;
  RETURN QUERY EXECUTE format($q$SELECT format('feed %%s', to_jsonb(f) - '{version,updated_at}'::text[]) FROM %I.feed f$q$, schema_name);
  RETURN QUERY EXECUTE format($q$SELECT format('shipped %%s', o) FROM %I.template_object o$q$, schema_name);
  RETURN QUERY EXECUTE format($q$SELECT format('info %%s', to_jsonb(i) - '{created_at,objects}'::text[]) FROM %I.warehouse_info i$q$, schema_name);
  RETURN QUERY EXECUTE format($q$SELECT format('made %%s', o) FROM %I.warehouse_info i, unnest(i.objects) o WHERE o NOT LIKE 'customer\_history\_%%'$q$, schema_name);
END
$$;
