-- Slowly changing dimensions: registration, merge, inferred members, audit.

CREATE TABLE scd_dimension (
  dimension     regclass PRIMARY KEY,
  key_columns   name[] NOT NULL CHECK (cardinality(key_columns) > 0),
  type2_columns name[] NOT NULL,
  type1_columns name[] NOT NULL,
  surrogate     name NOT NULL,
  valid_from    name NOT NULL,
  valid_to      name NOT NULL,
  current_flag  name,
  inferred_flag name,
  registered_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE scd_dimension IS 'Type-2 dimensions known to scd2_merge, one row each; written by scd_register. Seen by those who may read the dimension, changed by its owner.';
COMMENT ON COLUMN scd_dimension.dimension IS 'The table that holds the versions.';
COMMENT ON COLUMN scd_dimension.key_columns IS 'Business key.';
COMMENT ON COLUMN scd_dimension.type2_columns IS 'Columns whose change opens a new version.';
COMMENT ON COLUMN scd_dimension.type1_columns IS 'Columns overwritten in every version of the key.';
COMMENT ON COLUMN scd_dimension.surrogate IS 'Primary key of a version.';
COMMENT ON COLUMN scd_dimension.valid_from IS 'Start of a version, inclusive.';
COMMENT ON COLUMN scd_dimension.valid_to IS 'End of a version, exclusive; infinity while it is current.';
COMMENT ON COLUMN scd_dimension.current_flag IS 'Boolean column true for the current version; NULL if there is none.';
COMMENT ON COLUMN scd_dimension.inferred_flag IS 'Boolean column true for a member made before its own row arrived; NULL if there is none.';
COMMENT ON COLUMN scd_dimension.registered_at IS 'When scd_register last wrote this row.';
SELECT pg_catalog.pg_extension_config_dump('scd_dimension', '');

CREATE TABLE scd_merge_state (
  dimension  regclass PRIMARY KEY,
  merges     bigint NOT NULL,
  last_merge timestamptz NOT NULL
);
COMMENT ON TABLE scd_merge_state IS 'One row per merged dimension, updated by every merge: under REPEATABLE READ it is what makes a merge with an outdated snapshot fail (40001) instead of working on rows it cannot see.';
COMMENT ON COLUMN scd_merge_state.dimension IS 'The dimension.';
COMMENT ON COLUMN scd_merge_state.merges IS 'Merges committed so far.';
COMMENT ON COLUMN scd_merge_state.last_merge IS 'Start of the transaction of the last merge.';

ALTER TABLE scd_dimension ENABLE ROW LEVEL SECURITY;
ALTER TABLE scd_merge_state ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON scd_dimension TO PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON scd_merge_state TO PUBLIC;

CREATE FUNCTION scd_owns(dimension regclass) RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$ SELECT coalesce((SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = dimension), true) $$;
COMMENT ON FUNCTION scd_owns(regclass) IS 'Whether the current user owns the relation (or has its owner''s role). True for a relation that is gone, so that what is left of it can be cleared away. NULL gives NULL.';

CREATE POLICY reader ON scd_dimension FOR SELECT
  USING (pg_catalog.has_table_privilege(dimension, 'SELECT') OR scd_owns(dimension));
CREATE POLICY owner ON scd_dimension FOR ALL USING (scd_owns(dimension)) WITH CHECK (scd_owns(dimension));
CREATE POLICY merger ON scd_merge_state FOR ALL
  USING (pg_catalog.has_table_privilege(dimension, 'UPDATE') OR scd_owns(dimension))
  WITH CHECK (pg_catalog.has_table_privilege(dimension, 'UPDATE') OR scd_owns(dimension));

CREATE FUNCTION scd_comparable(type oid) RETURNS text
  LANGUAGE c STABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_scd_comparable';
COMMENT ON FUNCTION scd_comparable(oid) IS 'How values of a type can be compared by its own operators: ''order'' (a default btree class), ''equality'' or ''none''. NULL gives NULL; an unknown type raises 42704.';

CREATE FUNCTION scd_equality_operator(type oid) RETURNS text
  LANGUAGE c STABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_scd_equality_operator';
COMMENT ON FUNCTION scd_equality_operator(oid) IS 'A type''s own equality, spelt so that no search_path changes it: OPERATOR(pg_catalog.=). NULL gives NULL; a type without one raises 42883.';

CREATE FUNCTION scd_register(
    dim regclass,
    key text[],
    type2 text[] DEFAULT NULL,
    type1 text[] DEFAULT '{}',
    surrogate text DEFAULT NULL,
    valid_from text DEFAULT 'valid_from',
    valid_to text DEFAULT 'valid_to',
    current_flag text DEFAULT 'is_current',
    inferred_flag text DEFAULT NULL,
    add_constraints boolean DEFAULT true)
  RETURNS void
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $register$
DECLARE
  relation  pg_class;
  columns   name[];
  chosen    text[];
  bad       text;
  keys      text;
  open_rows text;
  stem      text;
  statement record;
BEGIN
  IF dim IS NULL OR key IS NULL OR type1 IS NULL OR valid_from IS NULL OR valid_to IS NULL OR add_constraints IS NULL THEN
    RAISE EXCEPTION 'dim, key, type1, valid_from, valid_to and add_constraints must not be NULL'
      USING ERRCODE = 'null_value_not_allowed';
  END IF;
  SELECT * INTO relation FROM pg_class WHERE oid = dim;
  IF relation.relkind NOT IN ('r', 'p') THEN
    RAISE EXCEPTION '% is not a table', dim USING ERRCODE = 'wrong_object_type',
      HINT = 'Register the table that holds the versions, not a view of it.';
  END IF;
  IF NOT starhouse.scd_owns(dim) THEN
    RAISE EXCEPTION 'must be owner of table %', dim USING ERRCODE = 'insufficient_privilege',
      HINT = 'Its owner registers a dimension; others merge into it with INSERT and UPDATE on the table.';
  END IF;
  LOCK TABLE starhouse.scd_dimension IN ROW EXCLUSIVE MODE;
  columns := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = dim AND attnum > 0 AND NOT attisdropped ORDER BY attnum);

  IF surrogate IS NULL THEN
    SELECT a.attname INTO surrogate
      FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
     WHERE i.indrelid = dim AND i.indisprimary AND i.indnkeyatts = 1;
    IF surrogate IS NULL THEN
      RAISE EXCEPTION '% has no primary key of one column', dim USING ERRCODE = 'undefined_object',
        HINT = 'Give the dimension a surrogate, such as "version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", or name its unique column in surrogate.';
    END IF;
  ELSIF NOT EXISTS (
      SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
       WHERE i.indrelid = dim AND i.indisunique AND i.indnkeyatts = 1 AND i.indpred IS NULL AND a.attname = surrogate)
      AND surrogate::name = ANY (columns) THEN
    RAISE EXCEPTION 'surrogate column % of % has no unique index of its own', quote_ident(surrogate), dim
      USING ERRCODE = 'undefined_object', HINT = 'Make it the primary key: versions are addressed by it.';
  END IF;
  IF current_flag = 'is_current' AND NOT current_flag::name = ANY (columns) THEN
    current_flag := NULL;
  END IF;
  IF inferred_flag IS NULL AND 'is_inferred'::name = ANY (columns) THEN
    inferred_flag := 'is_inferred';
  END IF;

  IF type2 IS NULL THEN
    type2 := ARRAY(
      SELECT attname::text FROM pg_attribute
       WHERE attrelid = dim AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = ''
         AND attname <> ALL (ARRAY(SELECT c::name FROM unnest(key || type1 || ARRAY[surrogate, valid_from, valid_to, current_flag, inferred_flag]) c WHERE c IS NOT NULL))
       ORDER BY attnum);
  END IF;
  chosen := key || type2 || type1 || ARRAY[surrogate, valid_from, valid_to] || array_remove(ARRAY[current_flag, inferred_flag], NULL);

  IF cardinality(key) = 0 THEN
    RAISE EXCEPTION 'the business key of % has no columns', dim USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Pass key => ARRAY[''column'', ...].';
  END IF;
  SELECT string_agg(coalesce(quote_ident(c), 'NULL'), ', ') INTO bad
    FROM unnest(chosen) c WHERE c IS NULL OR c <> ALL (columns::text[]);
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'columns missing from %: %', dim, bad USING ERRCODE = 'undefined_column',
      HINT = format('Its columns are %s.', (SELECT string_agg(quote_ident(c), ', ') FROM unnest(columns) c));
  END IF;
  SELECT string_agg(quote_ident(c), ', ') INTO bad FROM (SELECT c FROM unnest(chosen) c GROUP BY c HAVING count(*) > 1 ORDER BY c) twice;
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'columns of % named for more than one purpose: %', dim, bad USING ERRCODE = 'duplicate_column',
      HINT = 'Every column is key, type 2, type 1, surrogate, interval or flag, not two of them.';
  END IF;
  SELECT string_agg(quote_ident(attname), ', ') INTO bad
    FROM pg_attribute WHERE attrelid = dim AND attname = ANY ((key || type2 || type1)::name[]) AND (attgenerated <> '' OR attidentity = 'a');
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'generated columns of % cannot be merged: %', dim, bad USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Leave them out: the server computes them for every version.';
  END IF;
  SELECT string_agg(format('%I (%s)', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum) INTO bad
    FROM pg_attribute WHERE attrelid = dim AND attname IN (valid_from, valid_to)
     AND NOT (atttypid = 'timestamptz'::regtype AND atttypmod IN (-1, 6));
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'interval columns of % must be of type timestamptz: %', dim, bad USING ERRCODE = 'datatype_mismatch',
      HINT = 'ALTER TABLE ... ALTER COLUMN ... TYPE timestamptz; the open end is ''infinity''.';
  END IF;
  SELECT string_agg(format('%I (%s)', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum) INTO bad
    FROM pg_attribute WHERE attrelid = dim AND attname IN (current_flag, inferred_flag) AND atttypid <> 'boolean'::regtype;
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'flag columns of % must be boolean: %', dim, bad USING ERRCODE = 'datatype_mismatch',
      HINT = 'Name a boolean column, or pass current_flag => NULL to do without.';
  END IF;
  SELECT string_agg(format('%I (%s)', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum) INTO bad
    FROM pg_attribute WHERE attrelid = dim AND (
      attname = ANY (key::name[]) AND starhouse.scd_comparable(atttypid) <> 'order'
      OR attname = ANY ((type2 || type1)::name[]) AND starhouse.scd_comparable(atttypid) = 'none');
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'columns of % whose type cannot be compared: %', dim, bad USING ERRCODE = 'undefined_function',
      HINT = 'A key needs a type with an order, any other column a type with equality: use jsonb for json, text for xml.';
  END IF;

  INSERT INTO starhouse.scd_dimension AS s
    (dimension, key_columns, type2_columns, type1_columns, surrogate, valid_from, valid_to, current_flag, inferred_flag)
  VALUES (dim, key, type2, type1, surrogate, valid_from, valid_to, current_flag, inferred_flag)
  ON CONFLICT (dimension) DO UPDATE SET
    key_columns = EXCLUDED.key_columns, type2_columns = EXCLUDED.type2_columns, type1_columns = EXCLUDED.type1_columns,
    surrogate = EXCLUDED.surrogate, valid_from = EXCLUDED.valid_from, valid_to = EXCLUDED.valid_to,
    current_flag = EXCLUDED.current_flag, inferred_flag = EXCLUDED.inferred_flag, registered_at = now();
  DELETE FROM starhouse.scd_dimension d WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = d.dimension);
  DELETE FROM starhouse.scd_merge_state d WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = d.dimension);

  IF add_constraints THEN
    keys := (SELECT string_agg(quote_ident(c), ', ') FROM unnest(key) c);
    open_rows := coalesce(quote_ident(current_flag), format('%I = ''infinity''', valid_to));
    stem := left(relation.relname, 40);
    -- The predicates matter: an index with one does not make its columns part of a row's identity, so
    -- that a merge which moves an interval never waits for the foreign key checks of a fact load.
    FOR statement IN
      SELECT s.name, s.clause FROM (VALUES
        (stem || '_scd_version', format('CREATE UNIQUE INDEX %%I ON %s (%s, %I) WHERE %I IS NOT NULL', dim, keys, valid_from, valid_from)),
        (stem || '_scd_current', format('CREATE UNIQUE INDEX %%I ON %s (%s) WHERE %s', dim, keys, open_rows)),
        (stem || '_scd_interval', format('ALTER TABLE %s ADD CONSTRAINT %%I CHECK (%I < %I)', dim, valid_from, valid_to)),
        (stem || '_scd_flag', CASE WHEN current_flag IS NOT NULL
                              THEN format('ALTER TABLE %s ADD CONSTRAINT %%I CHECK (%I = (%I = ''infinity''))', dim, current_flag, valid_to) END)
      ) AS s (name, clause)
      WHERE s.clause IS NOT NULL
        AND NOT EXISTS (SELECT FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid WHERE i.indrelid = dim AND c.relname = s.name)
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = dim AND conname = s.name)
    LOOP
      EXECUTE format(statement.clause, statement.name);
    END LOOP;
    FOR bad IN
      SELECT attname FROM pg_attribute
       WHERE attrelid = dim AND NOT attnotnull AND attname = ANY (ARRAY[valid_from, valid_to, current_flag, inferred_flag]::name[])
    LOOP
      EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', dim, bad);
    END LOOP;
  END IF;
END
$register$;
COMMENT ON FUNCTION scd_register(regclass, text[], text[], text[], text, text, text, text, text, boolean) IS
  'Makes a table known as a Type-2 dimension; a second call replaces the registration. key: business key columns. type2: columns whose change opens a version (NULL: all columns that have no other part). type1: columns overwritten in every version. surrogate: unique column of a version (NULL: the primary key). valid_from, valid_to: timestamptz columns of [from, to), open end infinity. current_flag, inferred_flag: boolean columns (is_current and is_inferred where they exist). add_constraints: adds two unique indexes and two checks so that a key has one open version, no empty interval and no two versions from one instant. Only the owner of the table may call it. Errors: 42703 missing column, 42701 column named twice, 42804 wrong type, 42883 type without comparison, 42501 not the owner; 23xxx when present rows break a constraint.';

CREATE FUNCTION scd_unregister(dim regclass) RETURNS boolean
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT starhouse.scd_owns(dim) THEN
    RAISE EXCEPTION 'must be owner of table %', dim USING ERRCODE = 'insufficient_privilege';
  END IF;
  DELETE FROM starhouse.scd_merge_state s WHERE s.dimension = dim;
  DELETE FROM starhouse.scd_dimension s WHERE s.dimension = dim;
  RETURN FOUND;
END
$$;
COMMENT ON FUNCTION scd_unregister(regclass) IS 'Forgets a dimension; its table, rows, indexes and constraints stay. Returns whether it was registered. Only the owner of the table may call it (42501). NULL gives NULL.';

CREATE PROCEDURE scd2_merge(
    dim regclass,
    source regclass,
    mode text DEFAULT 'feed',
    sequence_column text DEFAULT NULL,
    op_column text DEFAULT NULL,
    missing text DEFAULT 'ignore',
    as_of timestamptz DEFAULT pg_catalog.now(),
    INOUT inserted bigint DEFAULT NULL,
    INOUT changed bigint DEFAULT NULL,
    INOUT unchanged bigint DEFAULT NULL,
    INOUT late bigint DEFAULT NULL,
    INOUT deleted bigint DEFAULT NULL,
    INOUT rejected bigint DEFAULT NULL)
  LANGUAGE c
  SET search_path = pg_catalog, pg_temp
  -- Compiling the comparison of a million wide rows took four times as long as comparing them.
  SET jit = off
  AS 'MODULE_PATHNAME', 'starhouse_scd2_merge';
COMMENT ON PROCEDURE scd2_merge(regclass, regclass, text, text, text, text, timestamptz, bigint, bigint, bigint, bigint, bigint, bigint) IS
  'Merges a table or view into a registered Type-2 dimension, within the caller''s transaction. mode feed: each row is an event at sequence_column (timestamptz, timestamp or date), a delete where op_column says d or delete. mode snapshot: the source is the whole truth at as_of (or at sequence_column); missing => close closes the keys it lacks. Every source row is counted once: inserted (opened a key), changed, unchanged, late (put in its place in the past), deleted, rejected (listed in the temporary table scd_rejects). Takes a SHARE ROW EXCLUSIVE lock on the dimension: merges queue, readers do not. Errors: 22023 bad option, 42703 missing column, 42804 types do not fit, 42704 not registered, 40001 outdated snapshot, 23P01 contradicting versions.';

CREATE FUNCTION scd_infer_statement(dim regclass, query text) RETURNS text
  LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  d starhouse.scd_dimension;
BEGIN
  SELECT * INTO d FROM starhouse.scd_dimension s WHERE s.dimension = dim;
  IF NOT FOUND THEN
    RAISE EXCEPTION '% is not a registered dimension', dim USING ERRCODE = 'undefined_object',
      HINT = 'Its owner calls starhouse.scd_register first.';
  END IF;
  RETURN (
    SELECT format('INSERT INTO %s (%s, %I, %I%s%s) SELECT DISTINCT %s, ''-infinity''::pg_catalog.timestamptz, ''infinity''::pg_catalog.timestamptz%s%s FROM (%s) AS q (%s) WHERE %s AND NOT EXISTS (SELECT FROM %s AS d WHERE %s AND d.%I OPERATOR(pg_catalog.>=) ''-infinity''::pg_catalog.timestamptz) ON CONFLICT DO NOTHING',
        dim, string_agg(quote_ident(c), ', ' ORDER BY n), d.valid_from, d.valid_to,
        coalesce(', ' || quote_ident(d.current_flag), ''), coalesce(', ' || quote_ident(d.inferred_flag), ''),
        string_agg(cast_key, ', ' ORDER BY n),
        CASE WHEN d.current_flag IS NOT NULL THEN ', true' ELSE '' END, CASE WHEN d.inferred_flag IS NOT NULL THEN ', true' ELSE '' END,
        query, string_agg('k' || n, ', ' ORDER BY n),
        string_agg(format('q.k%s IS NOT NULL', n), ' AND ' ORDER BY n),
        dim,
        string_agg(format('d.%I %s %s', c, equality, cast_key), ' AND ' ORDER BY n),
        d.valid_from)
      FROM (SELECT u.c, u.n, starhouse.scd_equality_operator(a.atttypid) AS equality,
                   format('q.k%s::%s%s', u.n, format_type(a.atttypid, a.atttypmod),
                          (SELECT format(' COLLATE %I.%I', cn.nspname, co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation)) AS cast_key
              FROM unnest(d.key_columns) WITH ORDINALITY AS u (c, n)
              JOIN pg_attribute a ON a.attrelid = dim AND a.attname = u.c AND NOT a.attisdropped) AS k);
END
$$;
COMMENT ON FUNCTION scd_infer_statement(regclass, text) IS 'The INSERT that scd_infer runs. NULL gives NULL. Errors: 42704 not registered.';

-- No SET search_path here: the caller's query means the caller's names. Everything else is qualified.
CREATE FUNCTION scd_infer(dim regclass, query text) RETURNS bigint
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
AS $$
DECLARE
  added bigint;
BEGIN
  EXECUTE starhouse.scd_infer_statement(dim, query);
  GET DIAGNOSTICS added = ROW_COUNT;
  RETURN added;
END
$$;
COMMENT ON FUNCTION scd_infer(regclass, text) IS 'Adds an inferred version, valid from -infinity to infinity, for every key that the query returns (its columns are the key columns, in order) and the dimension has no version of; NULL keys are passed over. The first real row completes it in place. Safe beside others who infer the same keys. Returns the number of members added; NULL gives NULL. The query runs as the caller with the caller''s search_path. Errors: 42704 not registered, and those of the query.';

CREATE FUNCTION member_infer_statement(dim regclass, key_column text, query text) RETURNS text
  LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  a pg_attribute;
  cast_key text;
  flagged boolean;
BEGIN
  SELECT * INTO a FROM pg_attribute WHERE attrelid = dim AND attname = key_column AND attnum > 0 AND NOT attisdropped;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'column % missing from %', quote_ident(key_column), dim USING ERRCODE = 'undefined_column';
  END IF;
  flagged := EXISTS (SELECT FROM pg_attribute WHERE attrelid = dim AND attname = 'is_inferred' AND NOT attisdropped AND atttypid = 'boolean'::regtype);
  cast_key := format('q.k::%s%s', format_type(a.atttypid, a.atttypmod),
    (SELECT format(' COLLATE %I.%I', cn.nspname, co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation));
  RETURN format('INSERT INTO %s (%I%s) SELECT DISTINCT %s%s FROM (%s) AS q (k) WHERE q.k IS NOT NULL AND NOT EXISTS (SELECT FROM %s AS d WHERE d.%I %s %s) ON CONFLICT DO NOTHING',
    dim, key_column, CASE WHEN flagged THEN ', is_inferred' ELSE '' END,
    cast_key, CASE WHEN flagged THEN ', true' ELSE '' END, query, dim, key_column,
    starhouse.scd_equality_operator(a.atttypid), cast_key);
END
$$;
COMMENT ON FUNCTION member_infer_statement(regclass, text, text) IS 'The INSERT that member_infer runs. NULL gives NULL. Errors: 42703 no such column.';

CREATE FUNCTION member_infer(dim regclass, key_column text, query text) RETURNS bigint
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
AS $$
DECLARE
  added bigint;
BEGIN
  EXECUTE starhouse.member_infer_statement(dim, key_column, query);
  GET DIAGNOSTICS added = ROW_COUNT;
  RETURN added;
END
$$;
COMMENT ON FUNCTION member_infer(regclass, text, text) IS 'As scd_infer, for a Type-1 dimension (one row per key, with a unique index on key_column; it need not be registered): adds a row with is_inferred = true, where the table has that column, for every key of the query it lacks. Other columns take their defaults. Returns the number added; NULL gives NULL. Errors: 42703 no such column, and those of the query.';

CREATE FUNCTION scd_check(dim regclass)
  RETURNS TABLE (invariant text, key text, detail text)
  LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  d starhouse.scd_dimension;
  keys text;
  key_text text;
BEGIN
  SELECT * INTO d FROM starhouse.scd_dimension s WHERE s.dimension = dim;
  IF NOT FOUND THEN
    RAISE EXCEPTION '% is not a registered dimension', dim USING ERRCODE = 'undefined_object',
      HINT = 'Its owner calls starhouse.scd_register first.';
  END IF;
  keys := (SELECT string_agg(quote_ident(c), ', ' ORDER BY n) FROM unnest(d.key_columns) WITH ORDINALITY u (c, n));
  key_text := (SELECT string_agg(format('coalesce(%I::text, ''NULL'')', c), ' || '', '' || ' ORDER BY n) FROM unnest(d.key_columns) WITH ORDINALITY u (c, n));
  RETURN QUERY EXECUTE format($q$
    WITH v AS (
      SELECT %1$s AS key_text, %2$s AS sur, %3$I AS f, %4$I AS t, %5$s AS flag, %6$s AS null_key,
             max(%4$I) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached,
             count(*) FILTER (WHERE %4$I = 'infinity') OVER (PARTITION BY %7$s) AS open_rows,
             row_number() OVER w AS nth
        FROM %8$s
      WINDOW w AS (PARTITION BY %7$s ORDER BY %3$I, %4$I, %2$s))
    SELECT x.* FROM (
      SELECT 'null key', key_text, format('version %%s', sur) FROM v WHERE null_key
      UNION ALL SELECT 'null interval', key_text, format('version %%s: [%%s, %%s)', sur, coalesce(f::text, 'NULL'), coalesce(t::text, 'NULL')) FROM v WHERE f IS NULL OR t IS NULL
      UNION ALL SELECT 'empty interval', key_text, format('version %%s: [%%s, %%s)', sur, f, t) FROM v WHERE f >= t
      UNION ALL SELECT 'overlap', key_text, format('version %%s starts at %%s, before %%s where an earlier one ends', sur, f, reached) FROM v WHERE reached > f
      UNION ALL SELECT 'two open rows', key_text, format('%%s versions end at infinity', open_rows) FROM v WHERE open_rows > 1 AND nth = 1
      UNION ALL SELECT 'flag mismatch', key_text, format('version %%s: %%s is %%s, the interval ends at %%s', sur, %9$L, coalesce(flag::text, 'NULL'), t) FROM v WHERE flag IS DISTINCT FROM (t = 'infinity') AND %10$L
    ) AS x (invariant, key_text, detail) ORDER BY 1, 2, 3 $q$,
    key_text, quote_ident(d.surrogate), d.valid_from, d.valid_to, coalesce(quote_ident(d.current_flag), 'NULL::boolean'),
    (SELECT '(' || string_agg(format('%I IS NULL', c), ' OR ') || ')' FROM unnest(d.key_columns) c),
    keys, dim, d.current_flag, (d.current_flag IS NOT NULL)::text);
END
$$;
COMMENT ON FUNCTION scd_check(regclass) IS 'Audits a registered dimension: one row per violated invariant (null key, null interval, empty interval, overlap, two open rows, flag mismatch) with the key and what is wrong; no rows when it is sound. NULL gives no rows. Errors: 42704 not registered.';
