-- The newest merge taken back, from its journal. Of a first merge that holds one row, 'everything'.

CREATE FUNCTION scd_undo_doomed(d scd_dimension) RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
  -- What starts at -infinity came from no merge.
  SELECT format('SELECT CAST(j.row_id AS %1$s) FROM %2$s AS j WHERE j.what = ''inserted'' UNION ALL SELECT v.%3$I FROM %4$s AS v WHERE v.%5$I > ''-infinity'' AND EXISTS (SELECT FROM %2$s AS j WHERE j.what = ''everything'')',
                format_type(a.atttypid, NULL), d.journal_table, d.surrogate, d.dimension, d.valid_from)
    FROM pg_attribute a WHERE a.attrelid = d.dimension AND a.attname = d.surrogate AND NOT a.attisdropped
$$;
COMMENT ON FUNCTION scd_undo_doomed(scd_dimension) IS 'Internal to scd_undo: query for the surrogates of the versions that the newest merge made. NULL gives NULL.';

CREATE FUNCTION scd_undo_refused(d scd_dimension, doomed text) RETURNS void
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reference record;
  facts bigint;
BEGIN
  FOR reference IN
    SELECT c.conrelid::regclass AS fact, f.attname
      FROM pg_constraint c
      JOIN pg_attribute f ON f.attrelid = c.conrelid AND f.attnum = c.conkey[1]
      JOIN pg_attribute v ON v.attrelid = c.confrelid AND v.attnum = c.confkey[1] AND v.attname = d.surrogate
     WHERE c.contype = 'f' AND c.confrelid = d.dimension AND c.conparentid = 0 AND cardinality(c.confkey) = 1 AND has_table_privilege(c.conrelid, 'SELECT')
     ORDER BY 1, 2
  LOOP
    EXECUTE format('SELECT count(*) FROM %s AS f WHERE f.%I IN (%s)', reference.fact, reference.attname, doomed) INTO facts;
    IF facts > 0 THEN
      RAISE EXCEPTION '% rows of % point to versions of % that would go', facts, reference.fact, d.dimension USING ERRCODE = 'foreign_key_violation',
        HINT = format('First, in the same transaction: SELECT starhouse.scd_repoint_facts(%L, %L, ''{...}'', %L, ''...'', scope => ''undo'', unknown => ''...'').', d.dimension, reference.fact, reference.attname);
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION scd_undo_refused(scd_dimension, text) IS 'Internal to scd_undo: raises 23503 if rows that reference the dimension point to versions of the query doomed. NULL does nothing.';

-- Versions change places only through places that are free: a version is restored once the one that
-- stands where it stood (same start, or open) has gone, which takes as many turns as the longest chain.
CREATE FUNCTION scd_undo_restore(d scd_dimension) RETURNS bigint
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  names text[];
  turn text;
  restored bigint := 0;
  moved bigint;
  stuck text;
BEGIN
  EXECUTE format('SELECT array_agg(DISTINCT k ORDER BY k) FROM %s AS j CROSS JOIN LATERAL jsonb_object_keys(j.content) AS k WHERE j.what = ''updated''', d.journal_table) INTO names;
  IF names IS NULL THEN
    RETURN 0;
  END IF;
  turn := format($q$
    WITH pending AS MATERIALIZED (
      SELECT j.ctid AS scd_line, r.*
        FROM %1$s AS j JOIN %2$s AS v ON v.%3$I = CAST(j.row_id AS %4$s) CROSS JOIN LATERAL jsonb_populate_record(v.*, j.content) AS r
       WHERE j.what = 'updated'),
    blocked AS (
      SELECT p.scd_line FROM pending AS p JOIN %2$s AS o ON %5$s AND o.%3$I <> p.%3$I AND (o.%6$I = p.%6$I OR %7$s AND %8$s)),
    done AS (
      UPDATE %2$s AS v SET %9$s FROM pending AS p
       WHERE v.%3$I = p.%3$I AND NOT EXISTS (SELECT FROM blocked AS b WHERE b.scd_line = p.scd_line)
      RETURNING p.scd_line)
    DELETE FROM %1$s AS j USING done WHERE j.ctid = done.scd_line $q$,
    d.journal_table, d.dimension, d.surrogate,
    (SELECT format_type(a.atttypid, NULL) FROM pg_attribute a WHERE a.attrelid = d.dimension AND a.attname = d.surrogate),
    starhouse.scd_same_key(d, 'o', 'p'), d.valid_from, starhouse.scd_open_condition(d, 'o'), starhouse.scd_open_condition(d, 'p'),
    (SELECT string_agg(format('%I = p.%1$I', n), ', ') FROM unnest(names) n));
  LOOP
    EXECUTE turn;
    GET DIAGNOSTICS moved = ROW_COUNT;
    EXIT WHEN moved = 0;
    restored := restored + moved;
  END LOOP;
  EXECUTE format('SELECT min(row_id) FROM %s WHERE what = ''updated''', d.journal_table) INTO stuck;
  IF stuck IS NOT NULL THEN
    RAISE EXCEPTION 'version % of % cannot be restored: it is gone, or another version stands where it stood', stuck, d.dimension
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'The dimension was changed by hand after the merge: take that change back first.';
  END IF;
  RETURN restored;
END
$$;
COMMENT ON FUNCTION scd_undo_restore(scd_dimension) IS 'Internal to scd_undo: puts the versions that the newest merge changed back as its journal says, and returns their number. NULL gives NULL. Errors: 55000 a version is gone or its place taken.';

CREATE FUNCTION scd_undo(dim regclass, OUT merge_id bigint, OUT removed bigint, OUT restored bigint, OUT forgotten bigint, OUT remembered bigint)
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE STRICT
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  d starhouse.scd_dimension := starhouse.scd_dimension_of(dim);
  run starhouse.scd_run;
  held bigint[];
  made bigint;
  everything boolean;
  doomed text;
  same_event text;
BEGIN
  IF starhouse.scd_on_citus(dim) THEN
    RAISE EXCEPTION 'scd_undo does not work on %, a table of Citus', dim USING ERRCODE = 'feature_not_supported',
      HINT = 'Its journal says what the newest merge changed.';
  END IF;
  -- As a merge does: the lock before the snapshot, and a mark that stops a merge which saw neither.
  EXECUTE format('LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE', dim);
  INSERT INTO starhouse.scd_merge_state AS m (dimension, merges, last_merge) VALUES (dim, coalesce((SELECT max(r.merge_id) FROM starhouse.scd_run r WHERE r.dimension = dim), 0), now())
    ON CONFLICT (dimension) DO UPDATE SET last_merge = now();
  d := starhouse.scd_dimension_of(dim);
  SELECT * INTO run FROM starhouse.scd_run r WHERE r.dimension = dim ORDER BY r.merge_id DESC LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no merge of % is on record', dim USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'starhouse.scd_run lists the merges.';
  ELSIF run.undone_at IS NOT NULL THEN
    RAISE EXCEPTION 'merge % of % was taken back already', run.merge_id, dim USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'Only the newest merge can be taken back.';
  ELSIF d.journal_table IS NULL THEN
    RAISE EXCEPTION '% keeps no journal of its merges', dim USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'Register it with journal => true: from then on the newest merge can be taken back.';
  ELSIF NOT EXISTS (SELECT FROM pg_class WHERE oid = d.journal_table) THEN
    RAISE EXCEPTION 'the journal of % is gone', dim USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'scd_register makes it again, for merges to come.';
  END IF;
  EXECUTE format('SELECT array_agg(DISTINCT j.merge_id), count(*) FILTER (WHERE j.what = ''inserted''), coalesce(bool_or(j.what = ''everything''), false) FROM %s AS j', d.journal_table) INTO held, made, everything;
  IF held IS NULL AND run.inserted + run.changed + run.late + run.deleted > 0 THEN
    RAISE EXCEPTION 'the journal of % is empty: merge % cannot be taken back', dim, run.merge_id USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'The merge was made without a journal, or its rows were deleted.';
  ELSIF held <> ARRAY[run.merge_id] THEN
    RAISE EXCEPTION 'the journal of % holds merge %, the newest is %', dim, array_to_string(held, ', '), run.merge_id USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'The newest merge was made without a journal.';
  END IF;

  doomed := starhouse.scd_undo_doomed(d);
  PERFORM starhouse.scd_undo_refused(d, doomed);
  EXECUTE format('DELETE FROM %s AS v WHERE v.%I IN (%s)', dim, d.surrogate, doomed);
  GET DIAGNOSTICS removed = ROW_COUNT;
  IF removed < made THEN
    RAISE EXCEPTION 'of % versions that merge % of % made, % are there', made, run.merge_id, dim, removed USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'The others were deleted meanwhile, or row security or a trigger hides them from you.';
  END IF;
  restored := starhouse.scd_undo_restore(d);

  forgotten := 0;
  remembered := 0;
  IF EXISTS (SELECT FROM pg_class WHERE oid = d.memory_table) THEN
    SELECT string_agg(format('m.key_%s %s r.key_%1$s', k.n, starhouse.scd_equality_operator(a.atttypid)), ' AND ') INTO same_event
      FROM unnest(d.key_columns) WITH ORDINALITY k (c, n) JOIN pg_attribute a ON a.attrelid = dim AND a.attname = k.c AND NOT a.attisdropped;
    EXECUTE format('DELETE FROM %1$s AS m USING %2$s AS j CROSS JOIN LATERAL jsonb_populate_record(NULL::%1$s, j.content) AS r'
                   ' WHERE j.what = ''remembered'' AND %3$s AND m.sequence = r.sequence AND m.kind = r.kind AND m.merge_id = r.merge_id AND m.given IS NOT DISTINCT FROM r.given',
                   d.memory_table, d.journal_table, same_event);
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    IF everything THEN
      EXECUTE format('DELETE FROM %s', d.memory_table);
      GET DIAGNOSTICS forgotten = ROW_COUNT;
    END IF;
    EXECUTE format('INSERT INTO %1$s SELECT r.* FROM %2$s AS j CROSS JOIN LATERAL jsonb_populate_record(NULL::%1$s, j.content) AS r WHERE j.what = ''forgotten''',
                   d.memory_table, d.journal_table);
    GET DIAGNOSTICS remembered = ROW_COUNT;
  END IF;
  EXECUTE format('DELETE FROM %s', d.journal_table);
  merge_id := run.merge_id;
  UPDATE starhouse.scd_run r SET undone_at = now() WHERE r.dimension = dim AND r.merge_id = run.merge_id;
END
$$;
COMMENT ON FUNCTION scd_undo(regclass) IS
  'Takes back the newest merge of a registered dimension, from its journal, within the caller''s transaction: versions it made are removed, versions it changed restored (with their surrogates), what it remembered forgotten (forgotten) and what it forgot remembered again (remembered); the run is marked in scd_run.undone_at. Its rejected rows stay. Waits for a merge that is running; merges wait for it, readers do not. NULL gives NULL. Errors: 42704 not registered; 0A000 a table of Citus; 55000 no merge, taken back already, no journal, or versions changed by hand since; 23503 facts point to a version that would go; 40001 outdated snapshot; 42501 without UPDATE and DELETE on the dimension.';
