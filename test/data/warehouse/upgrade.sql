-- The same for each kind: a warehouse of version 1 with data and with its owner's additions is upgraded;
-- then it is what a new one is, but for the additions, and reports the same as a new one with these data.
-- The caller sets kind, zone, fact, dim (a Type-1 dimension), feed (one of the template's) and kpi (a view).
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
SET LOCAL TimeZone = 'UTC';
SELECT no_plan();
\ir shape.sql
CREATE ROLE up_owner;
CREATE ROLE up_reader;
CREATE ROLE up_bi;
DO $$ BEGIN EXECUTE format('GRANT CREATE, TEMPORARY ON DATABASE %I TO up_owner', current_database()); END $$;
CREATE SCHEMA up_elsewhere AUTHORIZATION up_owner;
SET LOCAL ROLE up_owner;

\set script `cat test/data/warehouse/:kind-1/*.sql`
SELECT starhouse.build_warehouse(:'kind', 1, ARRAY[:'script'], 'Up old', time_zone => :'zone', calendar_from => '2024-01-01', calendar_to => '2026-12-31') \g /dev/null
SELECT is(template_version, '1', 'a warehouse of version 1') FROM starhouse.warehouses WHERE schema_name = 'Up old';
SELECT starhouse.grant_bi_role('Up old', 'up_bi') \g /dev/null

-- The data files leave helpers behind.
CREATE FUNCTION pg_temp.clear() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  thing text;
BEGIN
  FOR thing IN SELECT format('DROP %s %s CASCADE', CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, c.oid::regclass) FROM pg_class c
               WHERE c.relnamespace = pg_my_temp_schema() AND c.relkind IN ('r', 'v') AND c.relname NOT LIKE '\_\_%'
               UNION ALL
               SELECT format('DROP FUNCTION %s', p.oid::regprocedure) FROM pg_proc p
               WHERE p.pronamespace = pg_my_temp_schema() AND p.proname NOT IN ('shape', 'clear', 'facts', 'differing') LOOP
    EXECUTE thing;
  END LOOP;
END $$;

-- What its owner made of it.
SET LOCAL search_path = "Up old", starhouse, public;
\set data test/data/warehouse/:kind-1.data.sql
\i :data
SELECT pg_temp.clear() \g /dev/null
ALTER TABLE :dim ADD COLUMN own_remark text DEFAULT 'none';
COMMENT ON COLUMN :dim.own_remark IS 'Of the owner';
CREATE INDEX own_index ON :fact (batch_id);
CREATE TABLE own_table (note text);
INSERT INTO own_table VALUES ('kept');
CREATE VIEW own_report AS SELECT * FROM :kpi;
COMMENT ON VIEW own_report IS 'Of the owner';
CREATE VIEW up_elsewhere.report WITH (security_barrier) AS SELECT r.*, d.own_remark FROM own_report r LEFT JOIN :dim d ON false;
CREATE MATERIALIZED VIEW up_elsewhere.stored AS SELECT count(*) AS rows FROM up_elsewhere.report;
CREATE UNIQUE INDEX stored_key ON up_elsewhere.stored (rows);
GRANT SELECT ON up_elsewhere.report TO up_reader WITH GRANT OPTION;
GRANT SELECT ON :kpi, :fact TO up_reader;
COMMENT ON VIEW :kpi IS 'In the owner''s words';
UPDATE feed SET batch_rows = 777, description = 'In the owner''s words' WHERE feed_name = :'feed';
SELECT starhouse.create_feed('Up old', 'own_feed', '{"format": "csv", "columns": [{"name": "a", "type": "text"}]}') \g /dev/null
SELECT starhouse.ensure_partitions(:'fact', '2031-01-01', '2031-01-02') \g /dev/null
RESET search_path;

CREATE FUNCTION pg_temp.facts(schema_name name) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text := '';
  fact regclass;
  n text;
BEGIN
  FOR fact IN SELECT f.fact FROM starhouse.warehouse_facts(schema_name) f LOOP
    EXECUTE format('SELECT count(*) FROM %s', fact) INTO n;
    result := concat_ws(' ', result, split_part(fact::text, '.', 2), n);
  END LOOP;
  RETURN result;
END $$;
CREATE TEMP TABLE before AS SELECT pg_temp.facts('Up old') AS facts;

-- A dry run tells what the upgrade does, and does nothing.
CREATE TEMP TABLE shape_before AS SELECT l FROM pg_temp.shape('Up old') l;
CREATE TEMP TABLE told AS SELECT * FROM starhouse.upgrade_warehouse('Up old', dry_run => true);
SELECT is_empty('(SELECT l FROM pg_temp.shape(''Up old'') l EXCEPT TABLE shape_before) UNION ALL (TABLE shape_before EXCEPT SELECT l FROM pg_temp.shape(''Up old'') l)',
  'a dry run leaves everything as it was');
CREATE TEMP TABLE done AS SELECT * FROM starhouse.upgrade_warehouse('Up old');
SELECT bag_eq('TABLE told', 'TABLE done', 'and told what the upgrade did');
SELECT is(template_version, (SELECT version::text FROM starhouse.template_version WHERE kind = :'kind'), 'it is of the present version')
  FROM starhouse.warehouses WHERE schema_name = 'Up old';
SELECT isnt_empty($$SELECT FROM done WHERE action = 'upgraded'$$, 'which is reported');
SELECT is_empty($$SELECT * FROM starhouse.upgrade_warehouse('Up old')$$, 'once more does nothing');
SELECT is_empty($$SELECT nspname FROM pg_namespace WHERE nspname LIKE 'starhouse\_upgrade%'$$, 'the pattern is gone');
SELECT is((SELECT string_agg(f, ' ' ORDER BY n) FROM regexp_split_to_table(pg_temp.facts('Up old'), ' (?=[a-z])') WITH ORDINALITY AS x (f, n) WHERE f !~ ' 0$'),
          (SELECT string_agg(f, ' ' ORDER BY n) FROM regexp_split_to_table(facts, ' (?=[a-z])') WITH ORDINALITY AS x (f, n) WHERE f !~ ' 0$'), 'every fact is there, those that are new are empty') FROM before;
SELECT is_empty($$SELECT * FROM starhouse.check_integrity('Up old')$$, 'keys and versions are sound');

-- A new one beside it.
SELECT starhouse.create_warehouse(:'kind', 'Up new', time_zone => :'zone', calendar_from => '2024-01-01', calendar_to => '2026-12-31') \g /dev/null
SELECT starhouse.grant_bi_role('Up new', 'up_bi') \g /dev/null
CREATE TEMP TABLE shape_new AS SELECT l FROM pg_temp.shape('Up new') l;
CREATE TEMP TABLE shape_old AS SELECT l FROM pg_temp.shape('Up old') l;
SELECT cmp_ok((SELECT count(*) FROM shape_new), '>', 1500::bigint, 'there is much to compare');
SELECT is_empty(format($$SELECT l FROM shape_new WHERE l !~ '^comment %s\. |^feed .*"feed_name": "%s"' EXCEPT TABLE shape_old$$, :'kpi', :'feed'),
  'all that a new warehouse has, the upgraded one has in the same shape');
SELECT is_empty(format($$SELECT l FROM shape_old WHERE l !~ 'own_|up_reader|^comment %s\. |^feed .*"feed_name": "%s"' EXCEPT TABLE shape_new$$, :'kpi', :'feed'),
  'and nothing more than what its owner added');
SELECT is(obj_description(format('"Up old".%I', :'kpi')::regclass), 'In the owner''s words', 'his comment stays');
SELECT results_eq(format($$SELECT o.batch_rows, o.description, o.contract = n.contract, o.steps = n.steps, o.parameters = n.parameters
                          FROM "Up old".feed o JOIN "Up new".feed n USING (feed_name) WHERE feed_name = %L$$, :'feed'),
  $$VALUES (777, 'In the owner''s words', true, true, true)$$, 'a feed has the new contract and steps, and what he set');
SELECT is(version, 1, 'a feed of his own is not touched') FROM "Up old".feed WHERE feed_name = 'own_feed';
SELECT set_eq($$SELECT l FROM pg_temp.shape('Up old') l WHERE l ~ '^(column|comment|index|relation|view).*\mown_' AND l !~ 'bronze'$$,
  $$SELECT l FROM shape_before l WHERE l ~ '^(column|comment|index|relation|view).*\mown_' AND l !~ 'bronze'$$, 'his columns, indexes, tables and views are there');
SELECT is((SELECT string_agg(DISTINCT privilege_type || CASE WHEN is_grantable = 'YES' THEN '*' ELSE '' END, ' ') FROM information_schema.table_privileges
           WHERE grantee = 'up_reader' AND table_name IN (:'kpi', :'fact', 'report')), 'SELECT SELECT*', 'his grants too');
SELECT is((SELECT count(*) FROM information_schema.table_privileges WHERE grantee = 'up_reader' AND table_name IN (:'kpi', :'fact', 'report')), 3::bigint, 'all three');
SELECT is((SELECT reloptions FROM pg_class WHERE oid = 'up_elsewhere.report'::regclass), '{security_barrier=true}', 'a view elsewhere stands on it as before');
SELECT has_index('up_elsewhere', 'stored', 'stored_key', 'as does a materialized view, with its index');
SELECT is((SELECT count(*) FROM starhouse.partitions(format('"Up old".%I', :'fact')::regclass) WHERE range_from >= '2031-01-01'), 1::bigint, 'a partition ahead stays');

-- The same data in it: every report says the same.
SET LOCAL search_path = "Up new", starhouse, public;
\i :data
RESET search_path;
CREATE FUNCTION pg_temp.differing() RETURNS TABLE (report name, one_way bigint, other_way bigint, n_rows bigint) LANGUAGE plpgsql AS $$
BEGIN
  FOR report IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = '"Up new"'::regnamespace AND c.relkind = 'v' AND c.relname LIKE 'kpi\_%'
                  AND c.relname NOT IN ('kpi_catalog', 'kpi_source_health') /* which lists the owner's feed */ ORDER BY 1 LOOP
    EXECUTE format('SELECT (SELECT count(*) FROM (SELECT n::text FROM "Up new".%1$I n EXCEPT ALL SELECT o::text FROM "Up old".%1$I o) x),
                           (SELECT count(*) FROM (SELECT o::text FROM "Up old".%1$I o EXCEPT ALL SELECT n::text FROM "Up new".%1$I n) x),
                           (SELECT count(*) FROM "Up new".%1$I)', report) INTO one_way, other_way, n_rows;
    RETURN NEXT;
  END LOOP;
END $$;
CREATE TEMP TABLE reports AS SELECT * FROM pg_temp.differing();
SELECT is_empty('SELECT * FROM reports WHERE one_way + other_way > 0', 'every report says what it says of a new warehouse');
SELECT cmp_ok(count(*) FILTER (WHERE n_rows > 0), '>', 15::bigint, 'most of them say something') FROM reports;
SELECT set_eq('SELECT name FROM "Up old".kpi_catalog', 'SELECT name FROM "Up new".kpi_catalog', 'the catalog lists the same');
SELECT * FROM finish();
ROLLBACK;
