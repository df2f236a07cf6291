-- Read-only roles for BI tools.

-- What such a role sees: star, views and the description of the warehouse; not the pipeline's tables,
-- not what arrived raw, not partitions (they answer through their parents).
CREATE FUNCTION warehouse_bi_relations(schema_name name) RETURNS SETOF regclass
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED STRICT ROWS 50
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  hidden text[];
BEGIN
  EXECUTE format('SELECT starhouse.pipeline_relations() || array(SELECT ''bronze_'' || feed_name FROM %I.feed)', schema_name)
    INTO hidden;
  RETURN QUERY
    SELECT c.oid::regclass FROM pg_class c
    WHERE c.relnamespace = to_regnamespace(quote_ident(schema_name)) AND c.relkind IN ('r', 'p', 'v', 'm')
      AND NOT c.relispartition AND c.relname::text <> ALL (hidden) AND c.relname NOT LIKE 'bronze\_%'
      AND NOT EXISTS (SELECT FROM starhouse.scd_dimension d WHERE c.oid IN (d.memory_table, d.journal_table, d.reject_table))
    ORDER BY c.relname;
END
$$;
COMMENT ON FUNCTION warehouse_bi_relations(name) IS
  'Tables and views of a warehouse that grant_bi_role opens: all but partitions, bronze, quarantine, what dimensions remember, and the other tables of the pipeline. NULL gives none.';

CREATE FUNCTION grant_bi_role(schema_name name, role name) RETURNS text
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  item record;
  columns text;
  granted integer := 0;
BEGIN
  PERFORM starhouse.warehouse_get(schema_name);
  IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role) THEN
    RAISE EXCEPTION 'role % does not exist', coalesce('"' || role || '"', 'NULL')
      USING ERRCODE = 'undefined_object', HINT = format('CREATE ROLE %s LOGIN PASSWORD ''...'';', coalesce(quote_ident(role), 'name'));
  END IF;
  IF NOT pg_has_role((SELECT c.relowner FROM pg_class c WHERE c.oid = to_regclass(format('%I.warehouse_info', schema_name))), 'USAGE') THEN
    RAISE EXCEPTION 'role "%" does not own warehouse "%"', current_user, schema_name
      USING ERRCODE = 'insufficient_privilege', HINT = 'Its owner grants access to it.';
  END IF;
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', schema_name, role);
  FOR item IN SELECT r AS relation, c.relkind FROM starhouse.warehouse_bi_relations(schema_name) r JOIN pg_class c ON c.oid = r LOOP
    EXECUTE format('GRANT SELECT ON %s TO %I', item.relation, role);
    IF item.relkind IN ('r', 'p') THEN
      -- information_schema shows keys only to those who hold more than SELECT; REFERENCES is the
      -- least that counts, and lets nobody change a row.
      SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO columns
        FROM pg_attribute a WHERE a.attrelid = item.relation AND a.attnum > 0 AND NOT a.attisdropped;
      EXECUTE format('GRANT REFERENCES (%s) ON %s TO %I', columns, item.relation, role);
    END IF;
    granted := granted + 1;
  END LOOP;
  EXECUTE format('UPDATE %I.warehouse_info SET bi_roles = array(SELECT DISTINCT unnest(bi_roles || $1::text) ORDER BY 1)', schema_name) USING role;
  BEGIN
    EXECUTE format('ALTER ROLE %I IN DATABASE %I SET default_transaction_read_only = on', role, current_database());
  EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'sessions of "%" are not read-only by default: that takes the right to alter the role', role
      USING HINT = format('A superuser or an administrator of the role can add: ALTER ROLE %I IN DATABASE %I SET default_transaction_read_only = on;', role, current_database());
    RETURN format('%I may read %s tables and views of %I', role, granted, schema_name);
  END;
  RETURN format('%I may read %s tables and views of %I; its sessions are read-only by default', role, granted, schema_name);
END
$$;
COMMENT ON FUNCTION grant_bi_role(name, name) IS
  'Lets a role read a warehouse: USAGE on the schema, SELECT on star, snowflake and KPI views, column-level REFERENCES so that BI tools see the foreign keys, sessions read-only by default where the caller may set that (else a notice). Bronze, quarantine and batch tables stay closed. Call it again after adding tables or views. 42704 for an unknown role, 42501 unless the caller owns the warehouse. A NULL warehouse is an unknown one (3F000).';

CREATE FUNCTION revoke_bi_role(schema_name name, role name) RETURNS text
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  relation regclass;
  columns text;
  granted boolean;
BEGIN
  PERFORM starhouse.warehouse_get(schema_name);
  EXECUTE format('SELECT $1 = ANY (bi_roles) FROM %I.warehouse_info', schema_name) INTO granted USING role::text;
  IF granted IS NOT TRUE THEN
    RAISE EXCEPTION 'role % is no BI role of warehouse "%"', coalesce('"' || role || '"', 'NULL'), schema_name
      USING ERRCODE = 'undefined_object', HINT = 'starhouse.warehouses lists them in bi_roles.';
  END IF;
  FOR relation IN SELECT r FROM starhouse.warehouse_bi_relations(schema_name) r LOOP
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO columns
      FROM pg_attribute a WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped;
    EXECUTE format('REVOKE SELECT, REFERENCES ON %s FROM %I', relation, role);
    EXECUTE format('REVOKE REFERENCES (%s) ON %s FROM %I', columns, relation, role);
  END LOOP;
  EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM %I', schema_name, role);
  EXECUTE format('UPDATE %I.warehouse_info SET bi_roles = array_remove(bi_roles, $1)', schema_name) USING role::text;
  IF NOT EXISTS (SELECT FROM starhouse.warehouses w WHERE role::text = ANY (w.bi_roles)) THEN
    BEGIN
      EXECUTE format('ALTER ROLE %I IN DATABASE %I RESET default_transaction_read_only', role, current_database());
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE NOTICE 'the default of "%" to read-only sessions stays: resetting it takes the right to alter the role', role;
    END;
  END IF;
  RETURN format('%I may no longer read %I', role, schema_name);
END
$$;
COMMENT ON FUNCTION revoke_bi_role(name, name) IS
  'Takes back what grant_bi_role gave: access to the warehouse and, with the last warehouse of the role, its read-only default. 42704 for a role without such access. A NULL warehouse is an unknown one (3F000).';
