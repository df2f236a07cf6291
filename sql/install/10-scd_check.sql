-- Audit: of a dimension by itself, and of the facts that point to it.

CREATE FUNCTION scd_check_registration(d scd_dimension)
  RETURNS TABLE (invariant text, key text, detail text)
  LANGUAGE sql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT * FROM (
  SELECT 'side table missing', NULL, format('the %s table is gone; scd_register makes it again', s.part)
    FROM (VALUES ('memory', d.memory_table), ('journal', d.journal_table), ('rejects', d.reject_table)) AS s (part, relation)
   WHERE s.relation IS NOT NULL AND NOT EXISTS (SELECT FROM pg_class WHERE oid = s.relation)
  UNION ALL
  SELECT 'column missing', NULL, format('%s has no column %I (%s); register it again', d.dimension, c.name, c.part)
    FROM (SELECT unnest(d.key_columns), 'key' UNION ALL SELECT unnest(d.type2_columns), 'type 2' UNION ALL SELECT unnest(d.type1_columns), 'type 1'
          UNION ALL SELECT unnest(d.type0_columns), 'type 0'
          UNION ALL SELECT unnest(ARRAY[e.key, e.value])::name, 'type 3' FROM jsonb_each_text(d.type3_columns) e
          UNION ALL SELECT e.value::name, 'type 6' FROM jsonb_each_text(d.type6_columns) e
          UNION ALL SELECT d.surrogate, 'surrogate' UNION ALL SELECT d.valid_from, 'interval' UNION ALL SELECT d.valid_to, 'interval'
          UNION ALL SELECT unnest(ARRAY[d.current_flag, d.inferred_flag, d.deleted_flag]), 'flag') AS c (name, part)
   WHERE c.name IS NOT NULL AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = d.dimension AND a.attname = c.name AND a.attnum > 0 AND NOT a.attisdropped)
  ) AS x (invariant, key, detail) ORDER BY invariant COLLATE "C" DESC, detail COLLATE "C"
$$;
COMMENT ON FUNCTION scd_check_registration(scd_dimension) IS 'Internal to scd_check: what a registration names and is not there any more. NULL gives no rows.';

CREATE FUNCTION scd_check_versions(d scd_dimension, source text)
  RETURNS TABLE (invariant text, key text, detail text)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  null_key text := (SELECT string_agg(format('x.%I IS NULL', c), ' OR ') FROM unnest(d.key_columns) c);
  null_interval text := format('x.%I IS NULL', d.valid_from) || CASE WHEN d.open_end IS NULL THEN '' ELSE format(' OR x.%I IS NULL', d.valid_to) END;
  bracket text := CASE WHEN d.end_inclusive THEN ']' ELSE ')' END;
  compared text;
  deviations text;
  messages text;
BEGIN
  -- Columns with one value in all versions of a key are compared with its newest version; so is a
  -- type-6 companion, with the column it follows.
  WITH c AS (
    SELECT row_number() OVER () AS n, p.* FROM (
      SELECT 'type 1 differs', c, c FROM unnest(d.type1_columns) c
      UNION ALL SELECT 'type 0 differs', c, c FROM unnest(d.type0_columns) c
      UNION ALL SELECT 'type 3 differs', c::name, c::name FROM jsonb_each_text(d.type3_columns) e, unnest(ARRAY[e.key, e.value]) c
      UNION ALL SELECT 'type 6 differs', e.value::name, e.key::name FROM jsonb_each_text(d.type6_columns) e) AS p (rule, name, truth))
  SELECT string_agg(format(', x.%I AS c%s, last_value(x.%I) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS n%2$s', name, n, truth), ''),
         string_agg(format(', CASE WHEN %s THEN concat(''version '', sur, %L, quote_nullable(c%s::text), '', in version '', newest, %L, quote_nullable(n%3$s::text)) END AS m%3$s',
                           starhouse.scd_differs(d, name, 'c' || n, 'n' || n), format(': %I is ', name), n, CASE name WHEN truth THEN ' it is ' ELSE format(' %I is ', truth) END), ''),
         string_agg(format(' UNION ALL SELECT %L, key_text, m%s FROM v WHERE m%2$s IS NOT NULL', rule, n), '')
    INTO compared, deviations, messages FROM c;

  RETURN QUERY EXECUTE format($q$
    WITH v AS MATERIALIZED (
      SELECT y.key_text, y.sur, y.raw_to, y.shown, y.f, y.t, y.is_open, y.flag, y.inferred, y.deleted, y.reached, y.open_rows, y.versions, y.nth %15$s
        FROM (SELECT %1$s AS key_text, CAST(x.%2$I AS text) AS sur, coalesce(CAST(x.%4$I AS text), 'NULL') AS raw_to,
                     concat('[', x.%3$I, ', ', coalesce(CAST(x.%4$I AS text), 'NULL'), %5$L) AS shown,
                     %6$s AS f, %7$s AS t, %8$s AS is_open, %9$s AS flag, %10$s AS inferred, %11$s AS deleted,
                     max(%7$s) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached,
                     count(*) FILTER (WHERE %8$s) OVER k AS open_rows, count(*) OVER k AS versions, row_number() OVER w AS nth,
                     last_value(x.%2$I) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS newest %14$s
                FROM %12$s AS x
               WHERE NOT (%13$s) AND NOT (%16$s)
              WINDOW k AS (PARTITION BY %17$s), w AS (k ORDER BY x.%3$I, x.%4$I, x.%2$I)) AS y)
    SELECT i.* FROM (
      SELECT 'null key', %1$s, concat('version ', x.%2$I) FROM %12$s AS x WHERE %13$s
      UNION ALL SELECT 'null interval', %1$s, concat('version ', x.%2$I, ': [', coalesce(CAST(x.%3$I AS text), 'NULL'), ', ', coalesce(CAST(x.%4$I AS text), 'NULL'), %5$L) FROM %12$s AS x WHERE %16$s
      UNION ALL SELECT 'empty interval', key_text, concat('version ', sur, ': ', shown) FROM v WHERE f >= t
      UNION ALL SELECT 'overlap', key_text, concat('version ', sur, ' starts at ', f, ', before ', reached, ' where an earlier one ends') FROM v WHERE reached > f
      UNION ALL SELECT 'two open rows', key_text, concat(open_rows, ' versions end at ', %18$L) FROM v WHERE open_rows > 1 AND nth = 1
      UNION ALL SELECT 'flag mismatch', key_text, concat('version ', sur, ': ', %19$L, ' is ', coalesce(CAST(flag AS text), 'NULL'), ', the interval ends at ', raw_to) FROM v WHERE flag IS DISTINCT FROM is_open AND %20$L
      UNION ALL SELECT 'gap', key_text, concat('version ', sur, ' starts at ', f, ', the one before ends at ', reached) FROM v WHERE reached < f AND %21$L
      UNION ALL SELECT 'no open row', key_text, concat('the last version, ', sur, ', ends at ', raw_to) FROM v WHERE open_rows = 0 AND nth = versions AND %21$L
      UNION ALL SELECT 'deleted flag', key_text, concat('version ', sur, ': ', %22$L, ' is NULL') FROM v WHERE deleted IS NULL AND %21$L
      UNION ALL SELECT 'deleted flag', key_text, concat('version ', sur, ' is inferred and deleted') FROM v WHERE deleted AND inferred
      UNION ALL SELECT 'inferred flag', key_text, concat('version ', sur, ': ', %23$L, ' is NULL') FROM v WHERE inferred IS NULL AND %24$L
      UNION ALL SELECT 'inferred flag', key_text, concat('version ', sur, ' is inferred, though the key has ', versions, ' versions') FROM v WHERE inferred AND versions > 1
      %25$s
    ) AS i (invariant, key_text, detail) ORDER BY 1, 2, 3 $q$,
    starhouse.scd_key_text(d, 'x'), d.surrogate, d.valid_from, d.valid_to, bracket,
    starhouse.scd_read_from(d, 'x'), starhouse.scd_read_to(d, 'x'), starhouse.scd_open_condition(d, 'x'),
    coalesce('x.' || quote_ident(d.current_flag), 'NULL::boolean'), coalesce('x.' || quote_ident(d.inferred_flag), 'NULL::boolean'), coalesce('x.' || quote_ident(d.deleted_flag), 'NULL::boolean'),
    source, null_key, compared, deviations, null_interval, starhouse.scd_key_list(d, 'x'), coalesce(d.open_end, 'NULL'),
    d.current_flag, (d.current_flag IS NOT NULL)::text, (d.deleted_flag IS NOT NULL)::text, d.deleted_flag, d.inferred_flag, (d.inferred_flag IS NOT NULL)::text,
    messages);
END
$$;
COMMENT ON FUNCTION scd_check_versions(scd_dimension, text) IS 'Internal to scd_check and scd_adopt: the invariants of the rows, for a registration that need not be stored and rows to select from source. NULL gives no rows.';

-- A remembered event that the versions do not show still has to be true of them.
CREATE FUNCTION scd_check_memory(d scd_dimension)
  RETURNS TABLE (invariant text, key text, detail text)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_class WHERE oid = d.memory_table) THEN
    RETURN;
  END IF;
  RETURN QUERY EXECUTE format($q$
    -- Joined first: a dimension on Citus takes no anti join with a local table.
    WITH m AS MATERIALIZED (SELECT row_number() OVER () AS scd_line, concat_ws(', ', %1$s) AS key_text, y.* FROM %2$s AS y WHERE y.kind IN ('u', 'g')),
         shown AS MATERIALIZED (SELECT m.scd_line FROM %3$s AS v JOIN m ON %4$s WHERE %5$s <= m.sequence AND m.sequence < %6$s)
    SELECT 'orphan', m.key_text, concat('an event at ', m.sequence, ' is remembered, and no version is in force there')
      FROM m WHERE NOT EXISTS (SELECT 1 FROM shown AS s WHERE s.scd_line = m.scd_line)
     ORDER BY 2, 3 $q$,
    (SELECT string_agg('key_' || n, ', ' ORDER BY n) FROM generate_subscripts(d.key_columns, 1) n), d.memory_table, d.dimension,
    (SELECT string_agg(format('v.%I %s m.key_%s', k.c, starhouse.scd_equality_operator(a.atttypid), k.n), ' AND ' ORDER BY k.n)
       FROM unnest(d.key_columns) WITH ORDINALITY k (c, n) JOIN pg_attribute a ON a.attrelid = d.dimension AND a.attname = k.c AND NOT a.attisdropped),
    starhouse.scd_read_from(d, 'v'), starhouse.scd_read_to(d, 'v'));
END
$$;
COMMENT ON FUNCTION scd_check_memory(scd_dimension) IS 'Internal to scd_check: remembered upserts that no version covers. NULL gives no rows.';

CREATE FUNCTION scd_check(dim regclass)
  RETURNS TABLE (invariant text, key text, detail text)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  d starhouse.scd_dimension := starhouse.scd_dimension_of(dim);
BEGIN
  RETURN QUERY SELECT * FROM starhouse.scd_check_registration(d);
  IF NOT EXISTS (SELECT FROM starhouse.scd_check_registration(d) r WHERE r.invariant = 'column missing') THEN
    RETURN QUERY SELECT * FROM starhouse.scd_check_versions(d, dim::text);
    RETURN QUERY SELECT * FROM starhouse.scd_check_memory(d);
  END IF;
END
$$;
COMMENT ON FUNCTION scd_check(regclass) IS
  'Audits a registered dimension: one row per violated invariant with the key and what is wrong; no rows when it is sound. Rules: null key, null interval, empty interval, overlap, two open rows, flag mismatch; with a deleted flag also gap and no open row (its versions leave no time out), and deleted flag (NULL, or inferred as well); inferred flag (NULL, or beside other versions of the key); type 0, type 1 or type 3 differs (between a version and the newest), type 6 differs (a companion from the newest value); orphan (a remembered event where no version is); side table missing, column missing. NULL gives no rows. Errors: 42704 not registered.';

CREATE FUNCTION scd_check(dim regclass, fact regclass, version_column text, fact_key text[] DEFAULT NULL, time_column text DEFAULT NULL, unknown text DEFAULT NULL)
  RETURNS TABLE (invariant text, key text, detail text)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  d starhouse.scd_dimension;
  same_version text;
  same_key text;
  at text;
BEGIN
  IF dim IS NULL OR fact IS NULL OR version_column IS NULL THEN
    RETURN;
  END IF;
  d := starhouse.scd_dimension_of(dim);
  same_version := format('v.%I = %s', d.surrogate, starhouse.scd_fact_value(d, d.surrogate, fact, version_column, 'f'));
  RETURN QUERY EXECUTE format($q$
    SELECT CASE WHEN f.%1$I IS NULL THEN 'fact without version' ELSE 'orphan' END, NULL,
           concat(count(*), ' rows of ', %2$L, CASE WHEN f.%1$I IS NULL THEN ' have no ' ELSE concat(' point to ', CAST(f.%1$I AS text), ', which is no ') END, %3$L)
      FROM %4$s AS f WHERE NOT EXISTS (SELECT FROM %5$s AS v WHERE %6$s)
     GROUP BY f.%1$I ORDER BY f.%1$I $q$,
    version_column, fact, d.surrogate, fact, dim, same_version);
  IF fact_key IS NULL THEN
    RETURN;
  END IF;
  same_key := starhouse.scd_fact_same_key(d, fact, fact_key, 'f', 'v');
  RETURN QUERY EXECUTE format($q$
    SELECT 'version of another key', %1$s, concat(count(*), ' rows of ', %2$L, ' of other keys point to version ', v.%3$I)
      FROM %4$s AS f JOIN %5$s AS v ON %6$s WHERE (%7$s) IS NOT TRUE AND (%9$L IS NULL OR CAST(v.%3$I AS text) <> %9$L)
     GROUP BY v.%3$I, %8$s ORDER BY 2, v.%3$I $q$,
    starhouse.scd_key_text(d, 'v'), fact, d.surrogate, fact, dim, same_version, same_key, starhouse.scd_key_list(d, 'v'), unknown);
  IF time_column IS NULL THEN
    RETURN;
  END IF;
  at := starhouse.scd_fact_instant(d, fact, time_column, 'f');
  -- A key's first version also stands for the time before it, any version for a gap behind it: such
  -- facts are wrong only where another version is in force.
  RETURN QUERY EXECUTE format($q$
    SELECT 'version not in force', %1$s, concat(count(*), ' rows of ', %2$L, ' point to version ', CAST(f.%3$I AS text), ', version ', v.%4$I, ' is in force at their time')
      FROM %5$s AS f JOIN %6$s AS v ON %7$s AND %8$s <= %10$s AND %10$s < %9$s
     WHERE NOT (%11$s) AND EXISTS (SELECT FROM %6$s AS o WHERE o.%4$I = %12$s)
     GROUP BY v.%4$I, f.%3$I, %13$s ORDER BY 2, v.%4$I, f.%3$I $q$,
    starhouse.scd_key_text(d, 'v'), fact, version_column, d.surrogate, fact, dim, same_key,
    starhouse.scd_read_from(d, 'v'), starhouse.scd_read_to(d, 'v'), at, same_version,
    starhouse.scd_fact_value(d, d.surrogate, fact, version_column, 'f'), starhouse.scd_key_list(d, 'v'));
  RETURN;
END
$$;
COMMENT ON FUNCTION scd_check(regclass, regclass, text, text[], text, text) IS
  'Audits the facts that point to a registered dimension through version_column: orphan (no such version) and fact without version (NULL); with fact_key (the fact''s columns that hold the business key, in its order) version of another key; with time_column also version not in force, where another version of the key was. unknown: the version that facts of any key may point to. One row per version concerned, with the number of facts; no rows when all is sound. Reads every fact. A NULL fact_key, time_column or unknown leaves out what needs it, any other NULL gives no rows. Errors: 42704 not registered, 42703 no such column, 42804 time_column no time, 22023 another number of key columns.';
