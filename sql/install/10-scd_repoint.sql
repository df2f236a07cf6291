-- Facts after the dimension's history changed behind them.

-- A merge of facts takes dimension then fact, a feed that derives facts the other way round: whoever
-- wants both waits for one while holding none, and so is in nobody's circle.
CREATE FUNCTION scd_lock_both(dim regclass, fact regclass) RETURNS void
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wanted text[] := ARRAY[format('ONLY %s', dim), fact::text];
  waited boolean;
BEGIN
  LOOP
    waited := false;
    BEGIN
      EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', wanted[1]);
      waited := true;
      EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE NOWAIT', wanted[2]);
      RETURN;
    EXCEPTION WHEN lock_not_available THEN
      IF NOT waited THEN  -- lock_timeout
        RAISE;
      END IF;
      wanted := ARRAY[wanted[2], wanted[1]];  -- the first one is free again: wait for the other
    END;
  END LOOP;
END
$$;
COMMENT ON FUNCTION scd_lock_both(regclass, regclass) IS 'Internal: SHARE ROW EXCLUSIVE locks on a dimension and a fact (partitions included), never waiting for one while holding the other. NULL locks nothing. Errors: 42501 without UPDATE on both, 55P03 after lock_timeout.';

CREATE FUNCTION scd_touched_source(d scd_dimension, new_ones boolean) RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('(SELECT v.*, j.content AS scd_content FROM %1$s AS j JOIN %2$s AS v ON v.%3$I = CAST(j.row_id AS %4$s) WHERE j.what IN (''updated''%5$s)%6$s)',
                d.journal_table, d.dimension, d.surrogate, format_type(a.atttypid, NULL),
                CASE WHEN new_ones THEN ', ''inserted''' END,
                CASE WHEN new_ones THEN format(' UNION ALL SELECT v.*, NULL FROM %s AS v WHERE v.%I > ''-infinity'' AND EXISTS (SELECT FROM %s AS j WHERE j.what = ''everything'')',
                                               d.dimension, d.valid_from, d.journal_table) END)
    FROM pg_attribute a WHERE a.attrelid = d.dimension AND a.attname = d.surrogate AND NOT a.attisdropped
$$;
COMMENT ON FUNCTION scd_touched_source(scd_dimension, boolean) IS 'Internal: the versions that the newest merge wrote, with what they were before, as something to select from; new_ones: those that it made as well. NULL gives NULL.';

CREATE FUNCTION scd_versions_source(d scd_dimension, scope text) RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE scope
    WHEN 'all' THEN d.dimension::text
    -- Keys that the newest merge touched.
    WHEN 'newest' THEN format('(SELECT v.* FROM %s AS v WHERE EXISTS (SELECT FROM %s AS o WHERE %s))', d.dimension, touched, starhouse.scd_same_key(d, 'o', 'v'))
    -- The same keys as they were before it.
    ELSE format('(SELECT v.* FROM %1$s AS v WHERE EXISTS (SELECT FROM %2$s AS o WHERE %3$s) AND NOT EXISTS (SELECT FROM %2$s AS o WHERE o.%4$I = v.%4$I)'
                ' UNION ALL SELECT r.* FROM %5$s AS o JOIN %1$s AS v ON v.%4$I = o.%4$I CROSS JOIN LATERAL jsonb_populate_record(v.*, o.scd_content) AS r)',
                d.dimension, touched, starhouse.scd_same_key(d, 'o', 'v'), d.surrogate, starhouse.scd_touched_source(d, false)) END
    FROM (SELECT coalesce(starhouse.scd_touched_source(d, true), '')) AS t (touched)
$$;
COMMENT ON FUNCTION scd_versions_source(scd_dimension, text) IS 'Internal: the versions to point facts to, as something to select from. scope all: the dimension; newest: keys that the newest merge touched; undo: those keys as scd_undo would leave them. NULL gives NULL.';

CREATE FUNCTION scd_repoint_facts(
    dim regclass,
    fact regclass,
    fact_key text[],
    version_column text,
    time_column text,
    from_time timestamptz DEFAULT '-infinity',
    to_time timestamptz DEFAULT 'infinity',
    scope text DEFAULT 'all',
    unknown text DEFAULT NULL)
  RETURNS bigint
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  d starhouse.scd_dimension;
  times pg_attribute;
  versions text;
  lines text;
  place text;
  same_key text;
  at text;
  period text;
  touched text;
  overlapping text;
  changed bigint;
  total bigint;
BEGIN
  IF dim IS NULL OR fact IS NULL OR fact_key IS NULL OR version_column IS NULL OR time_column IS NULL OR from_time IS NULL OR to_time IS NULL OR scope IS NULL THEN
    RETURN NULL;
  END IF;
  IF scope NOT IN ('all', 'newest', 'undo') THEN
    RAISE EXCEPTION 'scope "%" is not known', scope USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Use ''all'', ''newest'' (keys that the newest merge touched) or ''undo'' (those keys, as scd_undo will leave them).';
  END IF;
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    -- Facts that were committed after the snapshot could not be seen, and would keep their old version.
    RAISE EXCEPTION 'scd_repoint_facts cannot run at isolation level %', current_setting('transaction_isolation') USING ERRCODE = 'invalid_transaction_state',
      HINT = 'Call it in a transaction at READ COMMITTED.';
  END IF;
  d := starhouse.scd_dimension_of(dim);
  IF scope <> 'all' AND NOT EXISTS (SELECT FROM pg_class WHERE oid = d.journal_table) THEN
    RAISE EXCEPTION '% has no journal to tell what its newest merge touched', dim USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'Use scope => ''all'', or register it with journal => true.';
  END IF;
  IF (SELECT relkind FROM pg_class WHERE oid = fact) NOT IN ('r', 'p') THEN
    RAISE EXCEPTION '% is not a table', fact USING ERRCODE = 'wrong_object_type', HINT = 'Name the table that holds the facts.';
  END IF;
  PERFORM starhouse.scd_fact_column(fact, version_column);
  same_key := starhouse.scd_fact_same_key(d, fact, fact_key, 'f', 'v');
  at := starhouse.scd_fact_instant(d, fact, time_column, 'f');
  times := starhouse.scd_fact_column(fact, time_column);
  -- Over the bare column too, for indexes and partitions; a day wider, for hours that a clock shows twice.
  period := (SELECT concat_ws(' AND ', CASE WHEN from_time > '-infinity' THEN format('%s >= TIMESTAMPTZ %L', at, from_time) END,
                                       CASE WHEN to_time < 'infinity' THEN format('%s < TIMESTAMPTZ %L', at, to_time) END,
                                       CASE WHEN times.atttypid <> 'timestamptz'::regtype AND from_time > '-infinity'
                                            THEN format('f.%I >= CAST(%L AS %s)', time_column, (from_time AT TIME ZONE coalesce(d.time_zone, 'UTC')) - interval '1 day', times.atttypid::regtype) END,
                                       CASE WHEN times.atttypid <> 'timestamptz'::regtype AND to_time < 'infinity'
                                            THEN format('f.%I <= CAST(%L AS %s)', time_column, (to_time AT TIME ZONE coalesce(d.time_zone, 'UTC')) + interval '1 day', times.atttypid::regtype) END,
                                       format('f.%I IS NOT NULL', time_column)));

  IF starhouse.scd_on_citus(dim) OR starhouse.scd_on_citus(fact) THEN
    RAISE EXCEPTION 'scd_repoint_facts does not work on tables of Citus: % or %', dim, fact USING ERRCODE = 'feature_not_supported',
      HINT = 'Update the facts that scd_check lists, key by key.';
  END IF;
  PERFORM starhouse.scd_lock_both(dim, fact);

  -- A key's first version also stands for the time before it.
  versions := starhouse.scd_versions_source(d, scope);
  lines := starhouse.scd_timelines(d, ARRAY[d.surrogate], true, versions);
  EXECUTE format('SELECT %s FROM (%s) AS v WHERE EXISTS (SELECT FROM generate_subscripts(v.scd_ends, 1) n WHERE v.scd_ends[n] > v.scd_starts[n + 1]) LIMIT 1', starhouse.scd_key_text(d, 'v'), lines) INTO overlapping;
  IF overlapping IS NOT NULL THEN
    RAISE EXCEPTION 'versions of key "%" of % overlap', overlapping, dim USING ERRCODE = 'exclusion_violation',
      HINT = format('SELECT * FROM starhouse.scd_check(%L) lists what is wrong.', dim);
  END IF;

  place := format('v.scd_values_1[starhouse.scd_place(v.scd_starts, v.scd_ends, %s)]', at);
  EXECUTE format('UPDATE %1$s AS f SET %2$I = %3$s FROM (%4$s) AS v WHERE %5$s AND %3$s IS NOT NULL AND %6$s IS DISTINCT FROM %3$s AND %7$s',
                 fact, version_column, place, lines, same_key, starhouse.scd_fact_value(d, d.surrogate, fact, version_column, 'f'), period);
  GET DIAGNOSTICS total = ROW_COUNT;
  IF unknown IS NOT NULL THEN
    touched := CASE scope WHEN 'all' THEN 'true'
                          ELSE format('EXISTS (SELECT FROM %s AS v WHERE %s)', starhouse.scd_touched_source(d, true), same_key) END;
    EXECUTE format('UPDATE %1$s AS f SET %2$I = CAST(%3$L AS %4$s) WHERE f.%2$I IS DISTINCT FROM CAST(%3$L AS %4$s) AND %5$s AND %6$s AND NOT EXISTS (SELECT FROM (%7$s) AS v WHERE %8$s AND %9$s IS NOT NULL)',
                   fact, version_column, unknown, format_type((starhouse.scd_fact_column(fact, version_column)).atttypid, NULL), touched, period, lines, same_key, place);
    GET DIAGNOSTICS changed = ROW_COUNT;
    total := total + changed;
  END IF;
  RETURN total;
END
$$;
COMMENT ON FUNCTION scd_repoint_facts(regclass, regclass, text[], text, text, timestamptz, timestamptz, text, text) IS
  'Points the facts of a table at the versions of a registered dimension that were in force when they happened, and writes only those whose version changes; returns how many. fact_key: the fact''s columns that hold the business key, in its order. version_column: the one that holds the surrogate. time_column: when the fact happened (timestamptz; timestamp and date are read in the dimension''s time zone). A moment before a key''s first version belongs to that version; where no version is in force (a gap, a key without versions) a fact stays as it is, or gets the version unknown. from_time (inclusive), to_time (exclusive): only facts of that period. scope: all keys; newest, those that the newest merge touched; undo, those, as scd_undo will leave them. Locks dimension and fact in SHARE ROW EXCLUSIVE mode, so that merges and loads wait and readers do not, and never waits for one lock while holding the other. A NULL other than unknown gives NULL. Errors: 42704 not registered, 42703 no such column, 42804 wrong type, 22023 bad scope or number of key columns, 42809 not a table, 0A000 a table of Citus, 55000 no journal, 23P01 versions overlap, 25000 not at READ COMMITTED, 42501 without UPDATE on both tables.';
