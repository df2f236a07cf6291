-- Expressions over a registered dimension that its readers share: audit, as-of, differences, re-pointing.

CREATE FUNCTION scd_same_key(d scd_dimension, one text, other text) RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$
  SELECT string_agg(format('%I.%I %s %I.%I', one, k.c, starhouse.scd_equality_operator(a.atttypid), other, k.c), ' AND ' ORDER BY k.n)
    FROM unnest(d.key_columns) WITH ORDINALITY k (c, n)
    JOIN pg_attribute a ON a.attrelid = d.dimension AND a.attname = k.c AND NOT a.attisdropped
  $$;
COMMENT ON FUNCTION scd_same_key(scd_dimension, text, text) IS 'Condition, over two aliases of the dimension, that both have the same business key. NULL gives NULL.';

CREATE FUNCTION scd_key_list(d scd_dimension, alias text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$ SELECT string_agg(format('%I.%I', alias, k.c), ', ' ORDER BY k.n) FROM unnest(d.key_columns) WITH ORDINALITY k (c, n) $$;
COMMENT ON FUNCTION scd_key_list(scd_dimension, text) IS 'The business key''s columns over an alias of the dimension, with commas between. NULL gives NULL.';

CREATE FUNCTION scd_key_text(d scd_dimension, alias text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$
  SELECT string_agg(format('coalesce(CAST(%I.%I AS pg_catalog.text), ''NULL'')', alias, k.c), ' OPERATOR(pg_catalog.||) '', '' OPERATOR(pg_catalog.||) ' ORDER BY k.n)
    FROM unnest(d.key_columns) WITH ORDINALITY k (c, n)
  $$;
COMMENT ON FUNCTION scd_key_text(scd_dimension, text) IS 'Expression, over an alias of the dimension, for the business key as one text. NULL gives NULL.';

-- IS DISTINCT FROM looks for an operator named = on the search_path; a type's own may be elsewhere.
CREATE FUNCTION scd_differs(d scd_dimension, column_name name, one text, other text) RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$
  SELECT CASE WHEN operator = 'OPERATOR(pg_catalog.=)' THEN format('(%s IS DISTINCT FROM %s)', one, other)
              ELSE format('CASE WHEN %1$s IS NULL OR %2$s IS NULL THEN (%1$s IS NULL) OPERATOR(pg_catalog.<>) (%2$s IS NULL) ELSE NOT (%1$s %3$s %2$s) END', one, other, operator) END
    FROM (SELECT starhouse.scd_equality_operator(a.atttypid) AS operator
            FROM pg_attribute a WHERE a.attrelid = d.dimension AND a.attname = column_name AND NOT a.attisdropped) AS x
  $$;
COMMENT ON FUNCTION scd_differs(scd_dimension, name, text, text) IS 'Condition that two expressions of the type of a column of the dimension differ by that type''s own equality, two NULLs being equal. NULL gives NULL.';

CREATE FUNCTION scd_in_force(d scd_dimension, alias text, at timestamptz) RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$
  SELECT CASE WHEN at = 'infinity' THEN format('%s OPERATOR(pg_catalog.=) TIMESTAMPTZ ''infinity''', starhouse.scd_read_to(d, alias))
              ELSE format('%1$s OPERATOR(pg_catalog.<=) TIMESTAMPTZ %3$L AND %2$s OPERATOR(pg_catalog.>) TIMESTAMPTZ %3$L',
                          starhouse.scd_read_from(d, alias), starhouse.scd_read_to(d, alias), at) END
  $$;
COMMENT ON FUNCTION scd_in_force(scd_dimension, text, timestamptz) IS 'Condition, over an alias of the dimension, that a version is in force at an instant; infinity means the current ones. NULL gives NULL.';

-- Facts that point to versions.
CREATE FUNCTION scd_fact_column(fact regclass, column_name text) RETURNS pg_attribute
  LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  a pg_attribute;
BEGIN
  SELECT * INTO a FROM pg_attribute x WHERE x.attrelid = fact AND x.attname = column_name AND x.attnum > 0 AND NOT x.attisdropped;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'column % missing from %', quote_ident(column_name), fact USING ERRCODE = 'undefined_column',
      HINT = format('Its columns are %s.', (SELECT string_agg(quote_ident(x.attname), ', ' ORDER BY x.attnum) FROM pg_attribute x
                                             WHERE x.attrelid = fact AND x.attnum > 0 AND NOT x.attisdropped));
  END IF;
  RETURN a;
END
$$;
COMMENT ON FUNCTION scd_fact_column(regclass, text) IS 'Internal: a column of a fact. NULL gives NULL; 42703 when there is none.';

CREATE FUNCTION scd_fact_value(d scd_dimension, dim_column name, fact regclass, column_name text, alias text) RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$
  -- Cast only where it has to be: an index of the fact serves the bare column.
  SELECT CASE WHEN (f.atttypid, f.attcollation) = (a.atttypid, a.attcollation) THEN format('%I.%I', alias, f.attname)
              ELSE format('CAST(%I.%I AS %s)%s', alias, f.attname, format_type(a.atttypid, a.atttypmod),
                          (SELECT format(' COLLATE %I.%I', n.nspname, o.collname) FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace WHERE o.oid = a.attcollation)) END
    FROM pg_attribute a CROSS JOIN LATERAL starhouse.scd_fact_column(fact, column_name) AS f
   WHERE a.attrelid = d.dimension AND a.attname = dim_column AND NOT a.attisdropped
  $$;
COMMENT ON FUNCTION scd_fact_value(scd_dimension, name, regclass, text, text) IS 'Internal: expression, over an alias of a fact, for its column as a value of the type of a column of the dimension. NULL gives NULL; 42703 when there is no such column.';

CREATE FUNCTION scd_fact_same_key(d scd_dimension, fact regclass, fact_key text[], fact_alias text, alias text) RETURNS text
  LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF cardinality(fact_key) <> cardinality(d.key_columns) THEN
    RAISE EXCEPTION 'the business key of % has % columns, fact_key names %', d.dimension, cardinality(d.key_columns), cardinality(fact_key)
      USING ERRCODE = 'invalid_parameter_value', HINT = format('Name the columns of %s that hold %s, in this order.', fact, array_to_string(d.key_columns, ', '));
  END IF;
  RETURN (
    SELECT string_agg(format('%s %s %I.%I', starhouse.scd_fact_value(d, k.c, fact, fact_key[k.n], fact_alias), starhouse.scd_equality_operator(a.atttypid), alias, k.c),
                      ' AND ' ORDER BY k.n)
      FROM unnest(d.key_columns) WITH ORDINALITY k (c, n)
      JOIN pg_attribute a ON a.attrelid = d.dimension AND a.attname = k.c AND NOT a.attisdropped);
END
$$;
COMMENT ON FUNCTION scd_fact_same_key(scd_dimension, regclass, text[], text, text) IS 'Internal: condition, over aliases of a fact and of the dimension, that a fact is about a version''s key. NULL gives NULL. Errors: 22023 another number of columns, 42703 no such column.';

CREATE FUNCTION scd_fact_instant(d scd_dimension, fact regclass, time_column text, alias text) RETURNS text
  LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  a pg_attribute := starhouse.scd_fact_column(fact, time_column);
BEGIN
  d.interval_type := a.atttypid;
  IF a.atttypid <> ALL ('{timestamptz,timestamp,date}'::regtype[]) THEN
    RAISE EXCEPTION 'time column % of % is of type %', quote_ident(time_column), fact, format_type(a.atttypid, a.atttypmod)
      USING ERRCODE = 'datatype_mismatch', HINT = 'Name a column of type timestamptz, timestamp or date that says when the fact happened.';
  END IF;
  RETURN starhouse.scd_read_instant(d, format('%I.%I', alias, time_column));
END
$$;
COMMENT ON FUNCTION scd_fact_instant(scd_dimension, regclass, text, text) IS 'Internal: expression, over an alias of a fact, for the instant it happened; date and timestamp are read in the dimension''s time zone. NULL gives NULL. Errors: 42703 no such column, 42804 of another type.';
