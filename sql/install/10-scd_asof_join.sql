-- Facts with the version in force when they happened, fast. A join on key and interval compares a fact
-- with every version of its key; a key's versions as sorted arrays are one row of the hash table, and
-- a binary search finds the place: bench/scd_asof has the figures.

CREATE FUNCTION scd_place(starts timestamptz[], ends timestamptz[], at timestamptz) RETURNS integer
  LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_scd_place';
COMMENT ON FUNCTION scd_place(timestamptz[], timestamptz[], timestamptz) IS 'Which of a key''s versions is in force at an instant, counted from 1: the last that starts at or before it, if it ends after it. starts, ends: of the versions, in order of time and without overlap (an unsorted array gives any answer). NULL where no version is in force; NULL gives NULL. Errors: 2202E arrays of different lengths, of more dimensions or with NULLs. By binary search.';

CREATE FUNCTION scd_timelines(d scd_dimension, columns name[], before_first boolean, source text) RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format(E'SELECT %1$s, array_agg(v.scd_from) AS scd_starts, array_agg(v.scd_to) AS scd_ends%2$s\n  FROM (SELECT %1$s, %3$s AS scd_from, %4$s AS scd_to%5$s\n          FROM %6$s AS v WHERE v.%7$I IS NOT NULL ORDER BY %1$s, %8$s) AS v\n GROUP BY %1$s',
           starhouse.scd_key_list(d, 'v'),
           (SELECT string_agg(format(', array_agg(v.scd_value_%s) AS scd_values_%1$s', n), '' ORDER BY n) FROM generate_subscripts(columns, 1) n),
           CASE WHEN before_first THEN format('CASE WHEN row_number() OVER (PARTITION BY %s ORDER BY %s) = 1 THEN ''-infinity'' ELSE %2$s END', starhouse.scd_key_list(d, 'v'), starhouse.scd_read_from(d, 'v'))
                ELSE starhouse.scd_read_from(d, 'v') END,
           starhouse.scd_read_to(d, 'v'),
           (SELECT string_agg(format(', v.%I AS scd_value_%s', c.name, c.n), '' ORDER BY c.n) FROM unnest(columns) WITH ORDINALITY c (name, n)),
           source, d.valid_from, starhouse.scd_read_from(d, 'v'))
$$;
COMMENT ON FUNCTION scd_timelines(scd_dimension, name[], boolean, text) IS 'Internal: query for one row per business key with its versions in order of time: arrays scd_starts, scd_ends and scd_values_1, scd_values_2, ... of the columns. before_first: the first version also holds before it began. source: the versions, as something to select from. NULL gives NULL.';

CREATE FUNCTION scd_asof_query(dim regclass, fact regclass, fact_key text[], time_column text, columns text[] DEFAULT NULL, before_first boolean DEFAULT false) RETURNS text
  LANGUAGE plpgsql STABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  d starhouse.scd_dimension;
  shown name[];
  arrays name[];
  looked_up name[];
  absent text;
  at text;
  place text;
BEGIN
  IF dim IS NULL OR fact IS NULL OR fact_key IS NULL OR time_column IS NULL OR before_first IS NULL THEN
    RETURN NULL;
  END IF;
  d := starhouse.scd_dimension_of(dim);
  at := starhouse.scd_fact_instant(d, fact, time_column, 'f');
  shown := coalesce(columns::name[], ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = dim AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL (d.key_columns) ORDER BY a.attnum));
  SELECT string_agg(quote_ident(c), ', ') INTO absent FROM unnest(shown) c WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = dim AND a.attname = c AND a.attnum > 0 AND NOT a.attisdropped);
  IF absent IS NOT NULL OR cardinality(shown) = 0 THEN
    RAISE EXCEPTION 'columns missing from %: %', dim, coalesce(absent, 'none is named') USING ERRCODE = 'undefined_column',
      HINT = 'Name columns of the dimension, or leave columns out for all of them.';
  END IF;
  -- Arrays cannot be kept in arrays, each with its own bounds: such a column comes from its version.
  arrays := ARRAY(SELECT a.attname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = dim AND a.attname = ANY (shown) AND t.typcategory = 'A');
  looked_up := ARRAY(SELECT c FROM unnest(shown) WITH ORDINALITY s (c, n) WHERE c <> ALL (arrays) ORDER BY n) || CASE WHEN cardinality(arrays) > 0 THEN ARRAY[d.surrogate] END;
  place := format('starhouse.scd_place(h.scd_starts, h.scd_ends, %s)', at);
  RETURN format(E'SELECT f.*%s\nFROM %s AS f\nLEFT JOIN (%s) AS h ON %s%s',
    (SELECT string_agg(format(', %s AS %I', CASE WHEN s.c = ANY (arrays) THEN format('o.%I', s.c) ELSE format('h.scd_values_%s[%s]', array_position(looked_up, s.c), place) END,
                              CASE WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = fact AND a.attname = s.c AND NOT a.attisdropped)
                                   THEN left((SELECT relname FROM pg_class WHERE oid = dim) || '_' || s.c, 63) ELSE s.c END), '' ORDER BY s.n)
       FROM unnest(shown) WITH ORDINALITY s (c, n)),
    fact, replace(starhouse.scd_timelines(d, looked_up, before_first, dim::text), E'\n', E'\n           '), starhouse.scd_fact_same_key(d, fact, fact_key, 'f', 'h'),
    CASE WHEN cardinality(arrays) > 0 THEN format(E'\nLEFT JOIN %s AS o ON o.%I = h.scd_values_%s[%s]', dim, d.surrogate, array_position(looked_up, d.surrogate), place) END);
END
$$;
COMMENT ON FUNCTION scd_asof_query(regclass, regclass, text[], text, text[], boolean) IS
  'Text of a query that gives every fact with the version of a registered dimension in force when it happened, to run (\gexec, EXECUTE) or to make a view of; faster than a join on key and interval, and true to every form of interval. fact_key: the fact''s columns that hold the business key, in its order. time_column: timestamptz, or timestamp or date in the dimension''s time zone. columns: of the dimension (NULL: all but the key), named <dimension>_<column> where the fact has such a column; NULL values where no version is in force. before_first: the first version of a key also stands for the time before it. The dimension has to be sound (scd_check). A NULL other than columns gives NULL. Errors: 42704 not registered, 42703 no such column, 42804 time_column no time, 22023 another number of key columns.';
