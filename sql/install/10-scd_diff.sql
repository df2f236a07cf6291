-- What happened to a dimension between two instants.

CREATE FUNCTION scd_diff(dim regclass, t1 timestamptz, t2 timestamptz)
  RETURNS TABLE (key text, change text, column_name text, old_value text, new_value text)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED STRICT ROWS 1000
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  d starhouse.scd_dimension := starhouse.scd_dimension_of(dim);
  alive text := CASE WHEN d.deleted_flag IS NULL THEN '' ELSE format(' AND v.%I IS NOT TRUE', d.deleted_flag) END;
  shown name[];
  compared text;
BEGIN
  shown := ARRAY(SELECT a.attname FROM pg_attribute a
                  WHERE a.attrelid = dim AND NOT a.attisdropped AND a.attname = ANY (
                    d.type2_columns || d.type1_columns || d.type0_columns || ARRAY(SELECT unnest(ARRAY[e.key, e.value])::name FROM jsonb_each_text(d.type3_columns || d.type6_columns) e))
                  ORDER BY a.attnum);
  compared := (SELECT string_agg(format('SELECT %s, %L, %s, CAST(b.%I AS text), CAST(a.%4$I AS text)',
                                        s.n, s.c, starhouse.scd_differs(d, s.c, format('b.%I', s.c), format('a.%I', s.c)), s.c), ' UNION ALL ' ORDER BY s.n)
                 FROM unnest(shown) WITH ORDINALITY s (c, n));
  -- A version in force at both instants is no difference: what is joined is as small as the answer.
  RETURN QUERY EXECUTE format($q$
    WITH one_sided AS MATERIALIZED (
      SELECT s.scd_was, s.scd_is, v.*
        FROM %1$s AS v CROSS JOIN LATERAL (SELECT (%2$s), (%3$s)) AS s (scd_was, scd_is)
       WHERE s.scd_was <> s.scd_is),
    b AS (SELECT * FROM one_sided WHERE scd_was),
    a AS (SELECT * FROM one_sided WHERE scd_is)
    SELECT x.key, x.change, x.column_name, x.old_value, x.new_value FROM (
      SELECT %4$s, 'changed', c.n, c.column_name, c.old_value, c.new_value
        FROM b JOIN a ON %6$s CROSS JOIN LATERAL (%7$s) AS c (n, column_name, differs, old_value, new_value) WHERE c.differs
      UNION ALL
      SELECT %4$s, 'removed', 0, NULL, CAST((SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(to_jsonb(b.*)) e WHERE e.key = ANY ($1)) AS text), NULL
        FROM b WHERE NOT EXISTS (SELECT FROM a WHERE %6$s)
      UNION ALL
      SELECT %5$s, 'added', 0, NULL, NULL, CAST((SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(to_jsonb(a.*)) e WHERE e.key = ANY ($1)) AS text)
        FROM a WHERE NOT EXISTS (SELECT FROM b WHERE %6$s)
    ) AS x (key, change, n, column_name, old_value, new_value)
    ORDER BY x.key COLLATE "C", x.change, x.n $q$,
    dim, starhouse.scd_in_force(d, 'v', t1) || alive, starhouse.scd_in_force(d, 'v', t2) || alive,
    starhouse.scd_key_text(d, 'b'), starhouse.scd_key_text(d, 'a'), starhouse.scd_same_key(d, 'a', 'b'),
    coalesce(compared, 'SELECT 0, '''', false, '''', '''''))
    USING shown::text[];
END
$$;
COMMENT ON FUNCTION scd_diff(regclass, timestamptz, timestamptz) IS
  'What a registered dimension of instant t2 has that it had not at t1, key by key: change added (new_value is the member as a JSON object), removed (old_value is) or changed (one row per column, with its values as text). infinity means now. Versions that say "deleted" count as no member. Values are compared by their type''s own equality. Ordered by key and column. NULL gives no rows. Errors: 42704 not registered.';
