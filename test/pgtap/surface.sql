-- What the extension shows its users: everything has a comment, states its volatility and NULL rule,
-- runs with a safe search_path and the caller's own rights, and survives a dump.
BEGIN;
SELECT plan(15);

CREATE TEMP VIEW member AS
  SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS what
  FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid AND d.refclassid = 'pg_extension'::regclass
  WHERE e.extname = 'starhouse' AND d.deptype = 'e';
CREATE TEMP VIEW routine AS
  SELECT p.oid::regprocedure::text AS name, p.*, l.lanname,
         obj_description(p.oid, 'pg_proc') AS comment
  FROM member m JOIN pg_proc p ON p.oid = m.objid AND m.classid = 'pg_proc'::regclass
  JOIN pg_language l ON l.oid = p.prolang;
CREATE TEMP VIEW relation AS
  SELECT c.* FROM member m JOIN pg_class c ON c.oid = m.objid AND m.classid = 'pg_class'::regclass;

SELECT is(starhouse.version(), (SELECT extversion FROM pg_extension WHERE extname = 'starhouse'),
  'the library is of the extension''s version');

-- Comments.
SELECT is_empty($$ SELECT name FROM routine WHERE coalesce(comment, '') = '' $$,
  'every function has a comment');
SELECT is_empty($$ SELECT relname FROM relation
  WHERE relkind IN ('r', 'v', 'm', 'p') AND coalesce(obj_description(oid, 'pg_class'), '') = '' $$,
  'every table and view has a comment');
SELECT is_empty($$ SELECT relname, attname FROM relation c JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE relkind IN ('r', 'v', 'm', 'p') AND attnum > 0 AND NOT attisdropped
    AND coalesce(col_description(c.oid, attnum), '') = '' $$,
  'and every column of them');
SELECT is_empty($$ SELECT what FROM member m JOIN pg_type t ON t.oid = m.objid AND m.classid = 'pg_type'::regclass
  WHERE t.typrelid = 0 AND t.typelem = 0 AND coalesce(obj_description(t.oid, 'pg_type'), '') = '' $$,
  'every type has a comment');

-- Volatility, NULLs, parallelism.
SELECT is_empty($$ SELECT name FROM routine
  WHERE prokind = 'f' AND provolatile = 'v' AND lanname IN ('sql', 'plpgsql')
    AND prosrc !~* '\m(insert|update|delete|merge|create|alter|drop|truncate|copy|lock|grant|execute|call|set_config|pg_notify|clock_timestamp|random)\M|advisory'
    AND prorettype <> 'trigger'::regtype $$,
  'a function that is VOLATILE does something volatile');
SELECT is_empty($$ SELECT name FROM routine
  WHERE prokind = 'f' AND provolatile = 'v' AND lanname = 'c' AND proname NOT IN ('append_facts', 'rollup_append', 'rollup_fold', 'scd2_apply') $$,
  'so does one in C: those that write are known by name');
SELECT is_empty($$ SELECT name FROM routine WHERE prokind = 'f' AND NOT proisstrict AND pronargs > 0
    AND prorettype <> 'trigger'::regtype AND comment !~ '\mNULL\M' AND comment !~ '^Internal' $$,
  'a function for users that is not STRICT says what NULL does');
SELECT is_empty($$ SELECT name FROM routine WHERE prokind = 'f' AND provolatile <> 'v' AND proparallel = 'u' $$,
  'a function that only reads states its parallel safety');
SELECT is_empty($$ SELECT name FROM routine WHERE provolatile = 'v' AND proparallel = 's' AND prokind = 'f' $$,
  'and none that writes claims it');

-- Safety.
SELECT is_empty($$ SELECT name FROM routine
  WHERE lanname IN ('sql', 'plpgsql') AND prosqlbody IS NULL
    -- Those that take a query, or run the steps of a feed, mean the names as their caller does.
    AND NOT coalesce('query' = ANY (proargnames), false)
    AND name !~ '^starhouse\.batch_(target|scd2_source|step_[a-z0-9]+)\('
    -- One that commits cannot have settings of its own; it names everything in full.
    AND name NOT IN ('starhouse.rollup_compact_all()', 'starhouse.apply_retention()', 'starhouse.process_sources(name)')
    AND NOT EXISTS (SELECT FROM unnest(proconfig) setting WHERE setting ~ '^search_path=.*pg_temp$') $$,
  'every function that runs SQL sets its search_path, pg_temp last');
SELECT is_empty($$ SELECT name FROM routine WHERE prosecdef $$, 'none runs with its owner''s rights');
SELECT is_empty($$ SELECT relname, privilege_type FROM relation, aclexplode(relacl)
  WHERE grantee = 0 AND privilege_type <> 'SELECT' AND NOT relrowsecurity $$,
  'no table is open to everybody, but for reading or by row security');
SELECT is_empty($$ SELECT what FROM member m JOIN pg_proc p ON p.oid = m.objid AND m.classid = 'pg_proc'::regclass
  WHERE p.pronamespace <> 'starhouse'::regnamespace $$, 'every function lives in the schema starhouse');

-- Dumps: what users put into the extension's tables comes back. The templates are part of the version,
-- the merge state of dimensions means nothing after a restore.
SELECT is_empty($$ SELECT relname FROM relation
  WHERE relkind IN ('r', 'p') AND relname NOT IN ('template', 'template_version', 'template_migration', 'scd_merge_state')
    AND NOT oid = ANY (SELECT unnest(extconfig) FROM pg_extension WHERE extname = 'starhouse') $$,
  'every table of the extension is dumped with its rows');

SELECT * FROM finish();
ROLLBACK;
