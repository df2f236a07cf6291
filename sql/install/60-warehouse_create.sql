-- create_warehouse and what it is made of.

-- Facts of a warehouse by convention: every table named <something>_fact.
CREATE FUNCTION warehouse_facts(schema_name name)
  RETURNS TABLE (fact regclass, is_partitioned boolean)
  LANGUAGE sql STABLE PARALLEL RESTRICTED STRICT ROWS 5
  SET search_path = pg_catalog, pg_temp
  AS $$
  SELECT c.oid::regclass, c.relkind = 'p'
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = schema_name AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname LIKE '%\_fact'
  ORDER BY c.relname
$$;
COMMENT ON FUNCTION warehouse_facts(name) IS
  'Fact tables of a warehouse (tables named <something>_fact, partitions left out) and whether each is partitioned. NULL gives none.';

CREATE FUNCTION schema_objects(schema_name name)
  RETURNS TABLE (name text, class_id oid, object_id oid, word text)
  LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 100
  SET search_path = pg_catalog, pg_temp
  AS $$
  SELECT c.relname::text, 'pg_class'::regclass::oid, c.oid,
         CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END
  FROM pg_class c
  WHERE c.relnamespace = to_regnamespace(quote_ident(schema_name)) AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
  UNION ALL
  SELECT format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)), 'pg_proc'::regclass::oid, p.oid, 'ROUTINE'
  FROM pg_proc p
  WHERE p.pronamespace = to_regnamespace(quote_ident(schema_name))
$$;
COMMENT ON FUNCTION schema_objects(name) IS
  'Tables, views and functions of a schema, partitions left out: name (for a function with its argument types), catalogue and oid, and the word DROP wants. NULL gives none.';

CREATE FUNCTION add_foreign_key(fact regclass, column_name name, dim regclass, dim_column name) RETURNS boolean
  LANGUAGE plpgsql VOLATILE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  fact_name name;
  fact_schema name;
  mode text;
BEGIN
  SELECT c.relname, n.nspname INTO fact_name, fact_schema
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = fact;
  mode := (starhouse.warehouse_get(fact_schema)).foreign_keys;
  IF mode = 'none' THEN
    RETURN false;
  END IF;
  EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I FOREIGN KEY (%I) REFERENCES %s (%I) %s',
                 fact, left(fact_name || '_' || column_name, 58) || '_fkey', column_name, dim, dim_column,
                 CASE mode WHEN 'not enforced' THEN 'NOT ENFORCED' ELSE '' END);
  RETURN true;
END
$$;
COMMENT ON FUNCTION add_foreign_key(regclass, name, regclass, name) IS
  'Declares that a fact''s column refers to a dimension''s, in the way the warehouse was created with: enforced, not enforced (PostgreSQL 18 or later) or not at all. Returns whether a constraint was added; NULL in any argument adds none.';

CREATE FUNCTION extend_calendar(schema_name name, from_date date, to_date date) RETURNS integer
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  widest CONSTANT interval := '250 years';
  info record;
  columns text;
  gap daterange;
  made integer;
  total integer := 0;
BEGIN
  IF from_date IS NULL OR to_date IS NULL THEN
    RETURN 0;  -- an empty batch has no first and no last day
  END IF;
  EXECUTE format('SELECT calendar_from, calendar_to FROM %I.warehouse_info', schema_name) INTO info;
  IF from_date >= info.calendar_from AND to_date <= info.calendar_to THEN
    RETURN 0;
  END IF;

  -- Whoever extends locks the row, so that two loads do not build the same days.
  EXECUTE format('SELECT * FROM %I.warehouse_info FOR UPDATE', schema_name) INTO info;
  IF info.calendar_from IS NOT NULL THEN
    -- Whole years beyond the present ends: a load with one day more does not come back tomorrow.
    from_date := least(info.calendar_from, date_trunc('year', from_date)::date);
    to_date := greatest(info.calendar_to, (date_trunc('year', to_date) + interval '1 year - 1 day')::date);
  END IF;
  IF to_date > from_date + widest THEN
    RAISE EXCEPTION 'a calendar from % to % is wider than %', from_date, to_date, widest
      USING ERRCODE = 'program_limit_exceeded',
            HINT = 'A stray date may be among the rows: reject it before it reaches the calendar.';
  END IF;
  SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO columns
    FROM pg_attribute a
    WHERE a.attrelid = to_regclass(format('%I.time_dim', schema_name)) AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attname IN (SELECT o.name FROM pg_proc p, unnest(p.proargnames, p.proargmodes) AS o (name, mode)
                        WHERE p.pronamespace = 'starhouse'::regnamespace AND p.proname = 'time_dimension' AND o.mode = 't');
  FOR gap IN
    SELECT unnest(datemultirange(daterange(from_date, to_date, '[]'))
                  - coalesce(datemultirange(daterange(info.calendar_from, info.calendar_to, '[]')), '{}'))
    WHERE info.calendar_from IS NOT NULL
    UNION ALL SELECT daterange(from_date, to_date, '[]') WHERE info.calendar_from IS NULL
  LOOP
    EXECUTE format(
      'INSERT INTO %1$I.time_dim (%2$s)
       SELECT %2$s FROM starhouse.time_dimension($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING', schema_name, columns)
      USING lower(gap), upper(gap) - 1,
            CASE WHEN columns ~ '\yhour\y' THEN 'hour' ELSE 'day' END,
            info.country, info.fiscal_year_start, info.week_start, info.time_zone;
    GET DIAGNOSTICS made = ROW_COUNT;
    total := total + made;
  END LOOP;
  EXECUTE format('UPDATE %I.warehouse_info SET calendar_from = $1, calendar_to = $2', schema_name) USING from_date, to_date;
  RETURN total;
END
$$;
COMMENT ON FUNCTION extend_calendar(name, date, date) IS
  'Makes the warehouse''s time_dim cover all days from from_date to to_date, by whole years beyond its present ends, and returns how many rows it added; 0 at once when they are covered. A load calls it before its facts, so that no fact lacks its day. NULL dates add nothing. 54000 when the calendar would span more than 250 years.';

CREATE FUNCTION fill_calendar(schema_name name, columns text[]) RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  info record;
  grain text := 'day';
  filled bigint;
BEGIN
  EXECUTE format('SELECT i.*, (SELECT min(date_key) FROM %1$I.time_dim) AS first, (SELECT max(date_key) FROM %1$I.time_dim) AS last FROM %1$I.warehouse_info i', schema_name) INTO info;
  IF info.first IS NULL OR cardinality(columns) = 0 THEN
    RETURN 0;
  END IF;
  IF EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(format('%I.time_dim', schema_name)) AND a.attname = 'hour' AND NOT a.attisdropped) THEN
    grain := 'hour';
  END IF;
  EXECUTE format('UPDATE %I.time_dim d SET %s FROM starhouse.time_dimension($1, $2, $3, $4, $5, $6, $7) t WHERE t.date_key = d.date_key', schema_name,
                 (SELECT string_agg(format('%1$I = t.%1$I', c), ', ') FROM unnest(columns) c))
    USING info.first::date, info.last::date, grain, info.country, info.fiscal_year_start, info.week_start, info.time_zone;
  GET DIAGNOSTICS filled = ROW_COUNT;
  RETURN filled;
END
$$;
COMMENT ON FUNCTION fill_calendar(name, text[]) IS
  'Computes columns of a warehouse''s time_dim anew, for all its rows, as extend_calendar does for new ones: for columns that a template or its owner added. Returns the number of rows. The columns are those of starhouse.time_dimension; 42703 for others. NULL columns are an error (22004).';

CREATE FUNCTION comment_warehouse_info(schema_name name) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  described text[];
BEGIN
  EXECUTE format('COMMENT ON TABLE %I.warehouse_info IS %L', schema_name,
                 'What this warehouse is and how it was created: one row. See starhouse.warehouses.');
  FOREACH described SLICE 1 IN ARRAY ARRAY[
    ['only_row', 'Always true: the table holds one row'],
    ['kind', 'Template it was made from'],
    ['template_version', 'Version of the template it was made from or upgraded to'],
    ['time_zone', 'Zone in which its sources'' local times are read and its days begin'],
    ['country', 'Country whose public holidays the calendar shows; NULL: none'],
    ['calendar_from', 'First date of time_dim'],
    ['calendar_to', 'Last date of time_dim; loads extend both ends'],
    ['fiscal_year_start', 'Month in which the fiscal year begins, 1 to 12'],
    ['week_start', 'ISO weekday on which a week begins, 1 is Monday'],
    ['foreign_keys', 'How facts refer to dimensions: enforced, not enforced or none'],
    ['bi_roles', 'Roles that starhouse.grant_bi_role gave read access'],
    ['objects', 'Tables, views and functions that create_warehouse made: what drop_warehouse drops'],
    ['created_at', 'When it was made'],
    ['created_by', 'Role that made it']
  ] LOOP
    EXECUTE format('COMMENT ON COLUMN %I.warehouse_info.%I IS %L', schema_name, described[1], described[2]);
  END LOOP;
END
$$;
COMMENT ON FUNCTION comment_warehouse_info(name) IS 'Describes the table warehouse_info of a new warehouse. Called by create_warehouse. NULL is an error (22004).';

-- Makes the schema, or makes sure that an existing one has room for the warehouse.
CREATE FUNCTION prepare_schema(kind text, schema_name name, scripts text[]) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  space oid := to_regnamespace(quote_ident(schema_name));
  clashes text;
BEGIN
  IF schema_name = '' OR schema_name ~ '^pg_' OR schema_name IN ('information_schema', 'starhouse') THEN
    RAISE EXCEPTION 'a warehouse cannot live in schema "%"', schema_name
      USING ERRCODE = 'reserved_name', HINT = 'Give a schema name of your own as second argument.';
  END IF;
  IF space IS NULL THEN
    IF NOT has_database_privilege(current_database(), 'CREATE') THEN
      RAISE EXCEPTION 'role "%" may not create schema "%" in database "%"', current_user, schema_name, current_database()
        USING ERRCODE = 'insufficient_privilege',
              HINT = format('The database''s owner can grant it: GRANT CREATE ON DATABASE %I TO %I; or make the schema: CREATE SCHEMA %I AUTHORIZATION %I.',
                            current_database(), current_user, schema_name, current_user);
    END IF;
    EXECUTE format('CREATE SCHEMA %I', schema_name);
    RETURN;
  END IF;
  IF NOT has_schema_privilege(space, 'USAGE') OR NOT has_schema_privilege(space, 'CREATE') THEN
    RAISE EXCEPTION 'role "%" may not create tables in schema "%"', current_user, schema_name
      USING ERRCODE = 'insufficient_privilege',
            HINT = format('Its owner can grant it: GRANT USAGE, CREATE ON SCHEMA %I TO %I.', schema_name, current_user);
  END IF;
  IF EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = space AND c.relname = 'warehouse_info') THEN
    RAISE EXCEPTION 'schema "%" holds a warehouse already', schema_name
      USING ERRCODE = 'duplicate_schema',
            HINT = format('Give another name: create_warehouse(%L, %L). To start afresh, remove the old one: drop_warehouse(%L, confirm => %L).',
                          kind, schema_name || '_2', schema_name, schema_name);
  END IF;
  SELECT string_agg(DISTINCT quote_ident(taken.name), ', ' ORDER BY quote_ident(taken.name)) INTO clashes
    FROM (SELECT c.relname::text AS name FROM pg_class c WHERE c.relnamespace = space
          UNION ALL SELECT t.typname FROM pg_type t WHERE t.typnamespace = space) taken
    WHERE taken.name = ANY (starhouse.pipeline_relations())
       OR taken.name IN (SELECT m[1] FROM unnest(scripts) script,
                                regexp_matches(script, '^\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:MATERIALIZED\s+)?(?:TABLE|VIEW|SEQUENCE|TYPE|DOMAIN)\s+(\w+)', 'gin') m);
  -- Functions likewise; one that bears the name of one of starhouse would be called in its stead.
  SELECT concat_ws(', ', clashes, string_agg(DISTINCT quote_ident(p.proname) || '()', ', ')) INTO clashes
    FROM pg_proc p
    WHERE p.pronamespace = space
      AND (p.proname IN (SELECT o.proname FROM pg_proc o WHERE o.pronamespace = 'starhouse'::regnamespace)
           OR p.proname IN (SELECT m[1] FROM unnest(scripts) script,
                                   regexp_matches(script, '^\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE)\s+(\w+)', 'gin') m));
  IF clashes <> '' THEN
    RAISE EXCEPTION 'schema "%" already holds what a % warehouse would create: %', schema_name, kind, clashes
      USING ERRCODE = 'duplicate_object',
            HINT = 'Give another schema name, or rename or move those objects. Nothing was created.';
  END IF;
END
$$;
COMMENT ON FUNCTION prepare_schema(text, name, text[]) IS
  'First step of create_warehouse: creates the schema, or checks that an existing one has room for what the scripts create (NULL: none). 42501 when the caller may not, 42P06 when a warehouse lives there, 42710 naming the objects in the way, 42939 for a name no warehouse may have. A NULL name is an error (22004).';

-- What the server prints of a view's query or a function's body is not quite what it was made from: columns
-- get their names written out. Made once more from what is printed, it prints the same ever after, also when it
-- was dumped and restored: so upgrade_warehouse can tell whether somebody changed it.
CREATE FUNCTION settle_definitions(schema_name name) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  space oid := to_regnamespace(quote_ident(schema_name));
  statement text;
BEGIN
  PERFORM set_config('search_path', format('%I, starhouse, pg_temp', schema_name), true);
  FOR statement IN
    SELECT format('CREATE OR REPLACE VIEW %I%s AS %s', c.relname, coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', ''), pg_get_viewdef(c.oid))
    FROM pg_class c WHERE c.relnamespace = space AND c.relkind = 'v'
    UNION ALL
    SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace = space AND p.prosqlbody IS NOT NULL
  LOOP
    EXECUTE statement;
  END LOOP;
END
$$;
COMMENT ON FUNCTION settle_definitions(name) IS
  'Internal to run_template: makes views and SQL functions of a schema anew from what the server prints of them. NULL does nothing.';

-- What every warehouse begins with, and its template's scripts. Also makes the pattern that
-- upgrade_warehouse compares with.
CREATE FUNCTION run_template(kind text, version integer, scripts text[], schema_name name, settings jsonb) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  script text;
BEGIN
  EXECUTE format($sql$
    CREATE TABLE %I.warehouse_info (
      only_row           boolean PRIMARY KEY DEFAULT true CHECK (only_row),
      kind               text NOT NULL,
      template_version   text NOT NULL,
      time_zone          text NOT NULL,
      country            text,
      calendar_from      date,
      calendar_to        date,
      fiscal_year_start  integer NOT NULL,
      week_start         integer NOT NULL,
      foreign_keys       text NOT NULL,
      bi_roles           text[] NOT NULL DEFAULT '{}',
      objects            text[] NOT NULL DEFAULT '{}',
      created_at         timestamptz NOT NULL DEFAULT now(),
      created_by         text NOT NULL DEFAULT current_user)$sql$, schema_name);
  EXECUTE format($sql$
    INSERT INTO %I.warehouse_info (kind, template_version, time_zone, country, fiscal_year_start, week_start, foreign_keys)
    VALUES ($1, $2, $3->>'time_zone', $3->>'country', ($3->>'fiscal_year_start')::integer, ($3->>'week_start')::integer, $3->>'foreign_keys')$sql$, schema_name)
    USING kind, version, settings;
  PERFORM starhouse.comment_warehouse_info(schema_name);
  EXECUTE format($sql$
    CREATE TABLE %I.template_object (
      class        text COLLATE "C" NOT NULL,
      relation     text COLLATE "C" NOT NULL,
      part         text COLLATE "C" NOT NULL,
      aspect       text COLLATE "C" NOT NULL,
      fingerprint  text NOT NULL,
      PRIMARY KEY (class, relation, part, aspect))$sql$, schema_name);
  PERFORM starhouse.comment_template_object(schema_name);
  PERFORM starhouse.init_pipeline(schema_name);

  -- pg_catalog goes unnamed: it is searched first then, and nothing in the schema can shadow it.
  PERFORM set_config('search_path', format('%I, starhouse, pg_temp', schema_name), true);
  FOREACH script IN ARRAY scripts LOOP
    EXECUTE script;
  END LOOP;
  PERFORM starhouse.create_freshness(schema_name);
  PERFORM starhouse.settle_definitions(schema_name);
END
$$;
COMMENT ON FUNCTION run_template(text, integer, text[], name, jsonb) IS
  'Internal to build_warehouse and upgrade_warehouse: fills an empty schema with warehouse_info (its row from settings: time_zone, country, fiscal_year_start, week_start, foreign_keys), the pipeline''s tables and what the scripts of a template create. No calendar and no partitions yet. NULL is an error.';

CREATE FUNCTION build_warehouse(
    kind text, version integer, scripts text[], schema_name name DEFAULT NULL, time_zone text DEFAULT NULL,
    calendar_from date DEFAULT '2010-01-01', calendar_to date DEFAULT NULL,
    country text DEFAULT 'IN', fiscal_year_start integer DEFAULT 4, week_start integer DEFAULT 1,
    foreign_keys text DEFAULT 'enforced') RETURNS text
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  target name := coalesce(schema_name, kind);
  zone text := coalesce(time_zone, current_setting('TimeZone'));
  last_date date := coalesce(calendar_to, make_date(extract(year FROM now())::integer + 2, 12, 31));
  foreign_objects text[];
  fact regclass;
  summary record;
BEGIN
  IF foreign_keys IS NULL OR foreign_keys NOT IN ('enforced', 'not enforced', 'none') THEN
    RAISE EXCEPTION 'foreign_keys cannot be %', coalesce('"' || foreign_keys || '"', 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose ''enforced'', ''not enforced'' or ''none''.';
  END IF;
  IF foreign_keys = 'not enforced' AND current_setting('server_version_num')::integer < 180000 THEN
    RAISE EXCEPTION 'foreign keys that are not enforced need PostgreSQL 18 or later'
      USING ERRCODE = 'feature_not_supported',
            DETAIL = format('This server is PostgreSQL %s.', current_setting('server_version')),
            HINT = 'Choose ''enforced'', or ''none'' for the fastest loads: starhouse.check_integrity proves the keys either way.';
  END IF;
  IF calendar_from IS NULL OR NOT isfinite(calendar_from) OR NOT isfinite(last_date) OR calendar_from > last_date THEN
    RAISE EXCEPTION 'a calendar cannot run from % to %', coalesce(calendar_from::text, 'NULL'), last_date
      USING ERRCODE = 'invalid_parameter_value', HINT = 'calendar_from is the first date, calendar_to the last.';
  END IF;
  IF fiscal_year_start IS NULL OR fiscal_year_start NOT BETWEEN 1 AND 12 THEN
    RAISE EXCEPTION 'a fiscal year cannot start in month %', coalesce(fiscal_year_start::text, 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'fiscal_year_start is a month, 1 to 12.';
  END IF;
  IF week_start IS NULL OR week_start NOT BETWEEN 1 AND 7 THEN
    RAISE EXCEPTION 'a week cannot start on weekday %', coalesce(week_start::text, 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'week_start is an ISO weekday, 1 (Monday) to 7 (Sunday).';
  END IF;
  BEGIN
    PERFORM now() AT TIME ZONE zone;
  EXCEPTION WHEN invalid_parameter_value THEN
    RAISE EXCEPTION 'unknown time zone "%"', zone
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Use a name of pg_timezone_names, such as Asia/Kolkata, Europe/London or UTC.';
  END;

  PERFORM starhouse.prepare_schema(kind, target, scripts);
  SELECT coalesce(array_agg(o.name), '{}') INTO foreign_objects FROM starhouse.schema_objects(target) o;
  PERFORM starhouse.run_template(kind, version, coalesce(scripts, '{}'), target, jsonb_build_object('time_zone', zone, 'country', country,
    'fiscal_year_start', fiscal_year_start, 'week_start', week_start, 'foreign_keys', foreign_keys));
  PERFORM starhouse.extend_calendar(target, calendar_from, last_date);
  FOR fact IN SELECT f.fact FROM starhouse.warehouse_facts(target) f WHERE f.is_partitioned LOOP
    PERFORM starhouse.ensure_partitions(fact, now() - interval '1 month', now() + interval '2 months');
  END LOOP;
  EXECUTE format($sql$
    UPDATE %I.warehouse_info SET objects = array(
      SELECT o.name FROM starhouse.schema_objects($1) o WHERE o.name <> ALL ($2) ORDER BY o.name COLLATE "C")$sql$, target)
    USING target, foreign_objects;
  PERFORM starhouse.record_template(target, target, foreign_objects);
  SELECT count(*) FILTER (WHERE o.word = 'TABLE') AS tables, count(*) FILTER (WHERE o.word LIKE '%VIEW') AS views INTO summary
    FROM starhouse.schema_objects(target) o WHERE o.name <> ALL (foreign_objects);
  RETURN format('%s warehouse in schema %I: %s tables, %s views; calendar %s to %s, time zone %s, foreign keys %s',
                kind, target, summary.tables, summary.views, calendar_from, last_date, zone, foreign_keys);
END
$$;
COMMENT ON FUNCTION build_warehouse(text, integer, text[], name, text, date, date, text, integer, integer, text) IS
  'What create_warehouse does, from the scripts of any template, in the order given, as version so and so of a kind: for tests of upgrade_warehouse and for authors of templates. Arguments and errors are those of create_warehouse; NULL scripts are none.';

CREATE FUNCTION create_warehouse(
    kind text, schema_name name DEFAULT NULL, time_zone text DEFAULT NULL,
    calendar_from date DEFAULT '2010-01-01', calendar_to date DEFAULT NULL,
    country text DEFAULT 'IN', fiscal_year_start integer DEFAULT 4, week_start integer DEFAULT 1,
    foreign_keys text DEFAULT 'enforced') RETURNS text
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  created text;
BEGIN
  IF NOT EXISTS (SELECT FROM starhouse.template t WHERE t.kind = create_warehouse.kind) THEN
    RAISE EXCEPTION 'there is no warehouse of kind %', coalesce('"' || kind || '"', 'NULL')
      USING ERRCODE = 'invalid_parameter_value',
            HINT = (SELECT 'Kinds: ' || string_agg(DISTINCT t.kind, ', ') || '.' FROM starhouse.template t);
  END IF;
  -- What else may be wrong it finds itself, before it begins to create anything.
  created := starhouse.build_warehouse(kind, (SELECT v.version FROM starhouse.template_version v WHERE v.kind = create_warehouse.kind),
    ARRAY(SELECT t.script FROM starhouse.template t WHERE t.kind = create_warehouse.kind ORDER BY t.step),
    schema_name, time_zone, calendar_from, calendar_to, country, fiscal_year_start, week_start, foreign_keys);
  -- For those who may look.
  IF pg_has_role('pg_read_all_settings', 'USAGE') THEN
    IF NOT EXISTS (SELECT FROM unnest(ARRAY['session_preload_libraries', 'shared_preload_libraries', 'local_preload_libraries']) s
                   WHERE coalesce(current_setting(s, true), '') LIKE '%starhouse%') THEN
      RAISE NOTICE 'sessions of this database do not use star scans from their first query on'
        USING HINT = format('Reports over many rows are several times as fast with them: ALTER DATABASE %I SET session_preload_libraries = ''starhouse'';', current_database());
    END IF;
  END IF;
  RETURN created;
END
$$;
COMMENT ON FUNCTION create_warehouse(text, name, text, date, date, text, integer, integer, text) IS
  'Creates a warehouse of a kind (''shopsmart'') as ordinary tables and views of the caller, in one transaction: in schema schema_name (NULL: named after the kind; made if missing), with a calendar from calendar_from to calendar_to (NULL: the end of the year after next) that shows the holidays of country (NULL: none), days beginning in time_zone (NULL: the session''s). foreign_keys: enforced, not enforced (PostgreSQL 18 or later) or none. Returns a summary; a notice says how sessions come to use star scans where they do not yet. 22023 for a wrong argument, 42501 without CREATE on the database or schema, 42P06 or 42710 when something is in the way, 0A000 for what the server lacks.';
