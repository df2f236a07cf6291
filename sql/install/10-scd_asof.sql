-- A dimension as it was. Parallel restricted, like all that reads a dimension: it may be a temporary table.

CREATE FUNCTION scd_asof(dimension anyelement, at timestamptz, with_deleted boolean DEFAULT false) RETURNS SETOF anyelement
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 100000
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  relation regclass := (SELECT NULLIF(t.typrelid, 0) FROM pg_type t WHERE t.oid = pg_typeof(dimension));
  d starhouse.scd_dimension;
BEGIN
  IF relation IS NULL THEN
    RAISE EXCEPTION 'scd_asof was given a value of type %, not a row of a dimension', format_type(pg_typeof(dimension), NULL)
      USING ERRCODE = 'datatype_mismatch', HINT = 'Write SELECT * FROM starhouse.scd_asof(NULL::customer_history, ''2024-03-01'').';
  END IF;
  IF at IS NULL OR with_deleted IS NULL THEN
    RETURN;
  END IF;
  d := starhouse.scd_dimension_of(relation);
  RETURN QUERY EXECUTE format('SELECT v.* FROM %s AS v WHERE %s%s', relation, starhouse.scd_in_force(d, 'v', at),
    CASE WHEN d.deleted_flag IS NOT NULL AND NOT with_deleted THEN format(' AND v.%I IS NOT TRUE', d.deleted_flag) END);
END
$$;
COMMENT ON FUNCTION scd_asof(anyelement, timestamptz, boolean) IS
  'The versions of a registered dimension that were in force at an instant, as rows of the dimension: SELECT * FROM scd_asof(NULL::customer_history, ''2024-03-01''). infinity: the current ones. with_deleted: whether versions that say "deleted" are among them. The first argument only names the type and may be NULL; any other NULL gives no rows. Errors: 42704 not registered, 42804 not the row type of a table.';

CREATE FUNCTION scd_asof_json(dim regclass, at timestamptz, with_deleted boolean DEFAULT false) RETURNS SETOF jsonb
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED STRICT ROWS 100000
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  d starhouse.scd_dimension := starhouse.scd_dimension_of(dim);
BEGIN
  RETURN QUERY EXECUTE format('SELECT to_jsonb(v.*) FROM %s AS v WHERE %s%s', dim, starhouse.scd_in_force(d, 'v', at),
    CASE WHEN d.deleted_flag IS NOT NULL AND NOT with_deleted THEN format(' AND v.%I IS NOT TRUE', d.deleted_flag) END);
END
$$;
COMMENT ON FUNCTION scd_asof_json(regclass, timestamptz, boolean) IS
  'As scd_asof for a dimension whose type is not known when the query is written: each version in force at the instant as a JSON object. NULL gives no rows. Errors: 42704 not registered.';
