-- Audit.

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
  d := starhouse.scd_dimension_of(dim);
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
