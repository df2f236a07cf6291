-- Members that facts know before their own feed does.

CREATE FUNCTION dimension_outgrew_statistics(dim regclass) RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT c.relkind = 'r' AND (c.reltuples < 0 OR pg_relation_size(c.oid) / current_setting('block_size')::integer > 10 * greatest(c.relpages, 1))
  FROM pg_class c WHERE c.oid = dim;
END;
COMMENT ON FUNCTION dimension_outgrew_statistics(regclass) IS 'Internal to scd_infer and member_infer: whether a table has no statistics or ten times the pages it had when they were made, so that the planner takes it for tiny. False for what is no plain table: the planner goes by the partitions. NULL gives NULL.';

CREATE FUNCTION scd_infer_statement(dim regclass, query text) RETURNS text
  LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  d starhouse.scd_dimension;
BEGIN
  d := starhouse.scd_dimension_of(dim);
  RETURN (
    -- Citus looks for no row that a table of its own lacks: there the keys that it has are fetched first. And
    -- to the rows to insert it adds the surrogates before DISTINCT.
    SELECT format(CASE
        WHEN starhouse.scd_on_citus(dim)
        THEN 'INSERT INTO %1$s (%2$s, %3$I, %4$I%5$s%6$s%7$s) WITH q (%15$s) AS MATERIALIZED (SELECT DISTINCT %8$s FROM (%14$s) AS q (%15$s) WHERE %16$s), known AS MATERIALIZED (SELECT %21$s FROM %17$s AS d JOIN q ON %18$s)'
             ' SELECT %8$s, %9$s, %10$s%11$s%12$s%13$s FROM q WHERE NOT EXISTS (SELECT 1 FROM known AS d WHERE %18$s) ON CONFLICT DO NOTHING'
        -- The planner knows whether to look each key up or to read the dimension, but for one that has just been filled.
        WHEN starhouse.dimension_outgrew_statistics(dim)
          AND EXISTS (SELECT FROM pg_index i  -- that of all versions, or of one row a key
                      JOIN pg_attribute a ON a.attrelid = dim AND a.attnum = i.indkey[0] AND a.attname = ANY (d.key_columns)
                      LEFT JOIN pg_attribute v ON v.attrelid = dim AND v.attnum = i.indkey[i.indnkeyatts - 1]
                      WHERE i.indrelid = dim AND i.indisunique AND i.indisvalid AND (i.indpred IS NULL OR v.attname = d.valid_from))
        THEN 'INSERT INTO %1$s (%2$s, %3$I, %4$I%5$s%6$s%7$s) SELECT %8$s, %9$s, %10$s%11$s%12$s%13$s FROM (SELECT DISTINCT %8$s FROM (%14$s) AS q (%15$s) WHERE %16$s ORDER BY %22$s) AS q (%15$s)'
             ' WHERE (SELECT true FROM %17$s AS d WHERE %18$s AND d.%19$I OPERATOR(pg_catalog.>=) CAST(''-infinity'' AS %20$s) LIMIT 1) IS NULL ON CONFLICT DO NOTHING'
        ELSE 'INSERT INTO %1$s (%2$s, %3$I, %4$I%5$s%6$s%7$s) SELECT DISTINCT %8$s, %9$s, %10$s%11$s%12$s%13$s FROM (%14$s) AS q (%15$s) WHERE %16$s'
             ' AND NOT EXISTS (SELECT FROM %17$s AS d WHERE %18$s AND d.%19$I OPERATOR(pg_catalog.>=) CAST(''-infinity'' AS %20$s)) ON CONFLICT DO NOTHING' END,
        dim, string_agg(quote_ident(c), ', ' ORDER BY n), d.valid_from, d.valid_to,
        coalesce(', ' || quote_ident(d.current_flag), ''), coalesce(', ' || quote_ident(d.inferred_flag), ''), coalesce(', ' || quote_ident(d.deleted_flag), ''),
        string_agg(cast_key, ', ' ORDER BY n), format('CAST(''-infinity'' AS %s)', d.interval_type), starhouse.scd_open_literal(d),
        CASE WHEN d.current_flag IS NOT NULL THEN ', true' ELSE '' END, CASE WHEN d.inferred_flag IS NOT NULL THEN ', true' ELSE '' END,
        CASE WHEN d.deleted_flag IS NOT NULL THEN ', false' ELSE '' END,
        query, string_agg('k' || n, ', ' ORDER BY n),
        string_agg(format('q.k%s IS NOT NULL', n), ' AND ' ORDER BY n),
        dim,
        string_agg(format('d.%I %s %s', c, equality, cast_key), ' AND ' ORDER BY n),
        d.valid_from, d.interval_type, string_agg(format('d.%I', c), ', ' ORDER BY n), string_agg(n::text, ', ' ORDER BY n))
      FROM (SELECT u.c, u.n, starhouse.scd_equality_operator(a.atttypid) AS equality,
                   format('q.k%s::%s%s', u.n, format_type(a.atttypid, a.atttypmod),
                          (SELECT format(' COLLATE %I.%I', cn.nspname, co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation)) AS cast_key
              FROM unnest(d.key_columns) WITH ORDINALITY AS u (c, n)
              JOIN pg_attribute a ON a.attrelid = dim AND a.attname = u.c AND NOT a.attisdropped) AS k);
END
$$;
COMMENT ON FUNCTION scd_infer_statement(regclass, text) IS 'The INSERT that scd_infer runs. NULL gives NULL. Errors: 42704 not registered.';

-- No SET search_path here: the caller's query means the caller's names. Everything else is qualified. The dimension's index is mostly
-- in memory: at a disk's price the planner would read the whole dimension for some thousand keys.
CREATE FUNCTION scd_infer(dim regclass, query text) RETURNS bigint
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
  SET random_page_cost = 1.1
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
  RETURN format(CASE WHEN starhouse.dimension_outgrew_statistics(dim) AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = dim AND i.indisunique AND i.indisvalid AND i.indkey[0] = a.attnum AND i.indpred IS NULL)
      THEN 'INSERT INTO %1$s (%2$I%3$s) SELECT q.k%4$s FROM (SELECT DISTINCT %5$s FROM (%6$s) AS q (k) WHERE q.k IS NOT NULL ORDER BY 1) AS q (k) WHERE (SELECT true FROM %1$s AS d WHERE d.%2$I %7$s %5$s LIMIT 1) IS NULL ON CONFLICT DO NOTHING'
      ELSE 'INSERT INTO %1$s (%2$I%3$s) SELECT DISTINCT %5$s%4$s FROM (%6$s) AS q (k) WHERE q.k IS NOT NULL AND NOT EXISTS (SELECT FROM %1$s AS d WHERE d.%2$I %7$s %5$s) ON CONFLICT DO NOTHING' END,
    dim, key_column, CASE WHEN flagged THEN ', is_inferred' ELSE '' END, CASE WHEN flagged THEN ', true' ELSE '' END,
    cast_key, query, starhouse.scd_equality_operator(a.atttypid));
END
$$;
COMMENT ON FUNCTION member_infer_statement(regclass, text, text) IS 'The INSERT that member_infer runs. NULL gives NULL. Errors: 42703 no such column.';

CREATE FUNCTION member_infer(dim regclass, key_column text, query text) RETURNS bigint
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
  SET random_page_cost = 1.1
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

