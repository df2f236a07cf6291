-- Warehouses: ordinary tables and views of the user, made from templates that travel inside the
-- extension. Nothing here belongs to the extension but the templates: a warehouse survives
-- DROP EXTENSION, and is dumped and restored like any other schema.

CREATE TABLE template (
  kind    text COLLATE "C" NOT NULL,
  step    text COLLATE "C" NOT NULL,
  script  text NOT NULL,
  PRIMARY KEY (kind, step)
);
COMMENT ON TABLE template IS
  'Scripts that create_warehouse runs, in the order of step, with the search_path set to the new schema. Filled by CREATE EXTENSION.';
COMMENT ON COLUMN template.kind IS 'Kind of warehouse, such as shopsmart';
COMMENT ON COLUMN template.step IS 'Name of the script; scripts of a kind run in this order';
COMMENT ON COLUMN template.script IS 'SQL text with unqualified names';

CREATE TABLE template_version (
  kind     text COLLATE "C" PRIMARY KEY,
  version  integer NOT NULL
);
COMMENT ON TABLE template_version IS
  'Version of each kind''s template: create_warehouse makes warehouses of it, upgrade_warehouse brings older ones to it. Filled by CREATE EXTENSION.';
COMMENT ON COLUMN template_version.kind IS 'Kind of warehouse, such as shopsmart';
COMMENT ON COLUMN template_version.version IS 'Counts the states of the template that were given out, from 1';

CREATE TABLE template_migration (
  kind          text COLLATE "C" NOT NULL,
  from_version  integer NOT NULL,
  part          text COLLATE "C" NOT NULL CHECK (part IN ('structure', 'data')),
  script        text NOT NULL,
  PRIMARY KEY (kind, from_version, part)
);
COMMENT ON TABLE template_migration IS
  'Scripts that upgrade_warehouse runs for what it cannot find out by comparing a warehouse with the new template. Filled by CREATE EXTENSION.';
COMMENT ON COLUMN template_migration.kind IS 'Kind of warehouse, such as shopsmart';
COMMENT ON COLUMN template_migration.from_version IS 'Version it starts from; it leads to the next one';
COMMENT ON COLUMN template_migration.part IS 'structure: runs before the comparison; data: runs when all objects of the new version are there';
COMMENT ON COLUMN template_migration.script IS 'SQL text with unqualified names';
GRANT SELECT ON template, template_version, template_migration TO PUBLIC;

-- Reads only what is a plain table of the right columns: a view, a table with row security or one
-- made to look alike could run somebody else's code as the reader.
CREATE FUNCTION warehouse_list()
  RETURNS TABLE (schema_name name, kind text, template_version text, time_zone text, country text,
                 calendar_from date, calendar_to date, fiscal_year_start integer, week_start integer,
                 foreign_keys text, bi_roles text[], created_at timestamptz, created_by text)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 5
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  info record;
BEGIN
  FOR info IN
    SELECT c.oid, n.nspname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = 'warehouse_info' AND c.relkind = 'r' AND c.relpersistence <> 't'
      AND NOT c.relrowsecurity AND NOT c.relhasrules
      AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
      AND (SELECT count(*) FROM pg_attribute a
           WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attgenerated = ''
             AND (a.attname, a.atttypid) IN (
               ('kind', 'text'::regtype), ('template_version', 'text'::regtype), ('time_zone', 'text'::regtype),
               ('country', 'text'::regtype), ('calendar_from', 'date'::regtype), ('calendar_to', 'date'::regtype),
               ('fiscal_year_start', 'integer'::regtype), ('week_start', 'integer'::regtype),
               ('foreign_keys', 'text'::regtype), ('bi_roles', 'text[]'::regtype), ('objects', 'text[]'::regtype),
               ('created_at', 'timestamptz'::regtype), ('created_by', 'text'::regtype))) = 13
    ORDER BY n.nspname
  LOOP
    RETURN QUERY EXECUTE format(
      'SELECT %L::name, kind, template_version, time_zone, country, calendar_from, calendar_to, fiscal_year_start,
              week_start, foreign_keys, bi_roles, created_at, created_by
       FROM ONLY %I.warehouse_info', info.nspname, info.nspname);
  END LOOP;
END
$$;
COMMENT ON FUNCTION warehouse_list() IS
  'Warehouses of this database that the caller may read, by schema name. See the view starhouse.warehouses.';

CREATE VIEW warehouses AS SELECT * FROM warehouse_list();
COMMENT ON VIEW warehouses IS
  'Warehouses of this database that the current user may read: one row per schema that create_warehouse filled.';
COMMENT ON COLUMN warehouses.schema_name IS 'Schema the warehouse lives in';
COMMENT ON COLUMN warehouses.kind IS 'Template it was made from, such as shopsmart';
COMMENT ON COLUMN warehouses.template_version IS 'Version of the kind''s template it is of; starhouse.template_version has the present one';
COMMENT ON COLUMN warehouses.time_zone IS 'Zone in which its sources'' local times are read and its days begin';
COMMENT ON COLUMN warehouses.country IS 'Country whose public holidays its calendar shows; NULL: none';
COMMENT ON COLUMN warehouses.calendar_from IS 'First date of its calendar';
COMMENT ON COLUMN warehouses.calendar_to IS 'Last date of its calendar';
COMMENT ON COLUMN warehouses.fiscal_year_start IS 'Month in which the fiscal year begins';
COMMENT ON COLUMN warehouses.week_start IS 'ISO weekday on which a week begins, 1 is Monday';
COMMENT ON COLUMN warehouses.foreign_keys IS 'How facts refer to dimensions: enforced, not enforced or none';
COMMENT ON COLUMN warehouses.bi_roles IS 'Roles that grant_bi_role gave read access';
COMMENT ON COLUMN warehouses.created_at IS 'When it was made';
COMMENT ON COLUMN warehouses.created_by IS 'Role that made it';
GRANT SELECT ON warehouses TO PUBLIC;

-- The warehouse of a schema, or a clear error. For the functions below.
CREATE FUNCTION warehouse_get(schema_name name) RETURNS warehouses
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  found starhouse.warehouses;
BEGIN
  SELECT * INTO found FROM starhouse.warehouses w WHERE w.schema_name = warehouse_get.schema_name;
  IF found.schema_name IS NULL THEN
    RAISE EXCEPTION 'there is no warehouse "%"', schema_name
      USING ERRCODE = 'invalid_schema_name',
            HINT = coalesce((SELECT 'Warehouses of this database that you may use: ' || string_agg(quote_ident(w.schema_name), ', ') || '.'
                             FROM starhouse.warehouses w),
                            'This database has none: SELECT starhouse.create_warehouse(''shopsmart'') makes one.');
  END IF;
  RETURN found;
END
$$;
COMMENT ON FUNCTION warehouse_get(name) IS
  'Row of starhouse.warehouses for a schema. 3F000 naming the warehouses there are for any other schema or NULL.';
