-- Compacting, checking and rebuilding rollups. Each writes by single statements, so under one snapshot:
-- a row that commits meanwhile is either in what is folded or in what stays, never in both.

CREATE FUNCTION rollup_append(target regclass, query text) RETURNS bigint
  LANGUAGE c VOLATILE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_rollup_append';
COMMENT ON FUNCTION rollup_append(regclass, text) IS
  'Internal to rollups: runs a query and appends its rows as append_facts does, at the price of COPY, but for the search for keys that are there: the caller knows that there are none. Returns how many. 23505 when a key was there after all. Needs INSERT on the table.';

CREATE FUNCTION rollup_fold(rolled regclass, query text, OUT deltas bigint, OUT late bigint, OUT revisions bigint)
  LANGUAGE c VOLATILE STRICT
  AS 'MODULE_PATHNAME', 'starhouse_rollup_fold';
COMMENT ON FUNCTION rollup_fold(regclass, text) IS
  'Internal to rollup_compact: runs a query for groups, with the columns of the table and behind them old_row tid, keep boolean, deltas bigint, late bigint, final boolean, and writes them in the same pass: those without an old row are appended at the price of COPY, unless keep is false; at an old row the group is updated, or deleted where keep is false. Returns the sums of deltas and of late, and how many were final; late counts of those alone. 22023 for a query of another form. Needs INSERT, UPDATE and DELETE on the table.';

CREATE FUNCTION rollup_compact(rollup regclass, OUT folded bigint, OUT recomputed bigint, OUT late_rows bigint)
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, starhouse, pg_temp SET jit = off
AS $body$
DECLARE
  r starhouse.rollup := starhouse.rollup_get(rollup);
  names text := starhouse.rollup_names(r);
  keys integer := 1 + jsonb_array_length(r.groups);
  changes text := (SELECT string_agg(format('%1$s = m.%1$s', n), ', ') FROM unnest((starhouse.rollup_list(r))[keys + 1:]) AS n);
  source text;
  coarser_deltas text;
  coarser_marks text;
  memory text;
  revisions bigint;
  marks boolean;
  -- A scan by ctid, however many rows the planner expects; of a join alone it may make a scan of all of rolled.
  same_row CONSTANT text := 't.ctid = ANY (ARRAY(SELECT o.old_row FROM %s AS o WHERE o.old_row IS NOT NULL AND %s)) AND t.ctid = m.old_row';
BEGIN
  IF NOT starhouse.scd_owns(r.rolled) THEN
    RAISE EXCEPTION 'rollup % belongs to another role', r.rollup USING ERRCODE = '42501',
      HINT = format('Compact it as %s, or as a member of that role.', (SELECT c.relowner::regrole FROM pg_class c WHERE c.oid = r.rolled));
  END IF;
  -- One at a time; writers and readers go on.
  PERFORM pg_advisory_xact_lock('pg_class'::regclass::oid::integer, r.rolled::oid::integer);
  IF r.gap IS NOT NULL THEN
    SELECT c.folded, c.recomputed, c.late_rows INTO folded, recomputed, late_rows FROM starhouse.session_compact(r) AS c;
    RETURN;
  END IF;
  source := coalesce((SELECT f.rolled::text FROM starhouse.rollup AS f WHERE f.rollup = r.finer), r.fact::text);
  -- What rests on this one learns in the same statement what is folded or recomputed here.
  SELECT string_agg(format(', delta_%s AS (INSERT INTO %s (%s) %s)', o.rollup::oid, o.delta, starhouse.rollup_names(o), starhouse.rollup_made(o, 'gone', NULL, 1, true)), ''),
         string_agg(format(', marks_%s AS (INSERT INTO %s (bucket) SELECT DISTINCT %s FROM buckets AS w)', o.rollup::oid, o.dirty, starhouse.rollup_bucket(o, 'w.dirty')), '')
    INTO coarser_deltas, coarser_marks
  FROM starhouse.rollup AS o WHERE o.finer = r.rollup;
  -- Room for the groups of a day's work in memory; work_mem goes back to what it was below.
  memory := current_setting('work_mem');
  IF pg_size_bytes(memory) < 64 * 1024 * 1024 THEN
    PERFORM set_config('work_mem', '64MB', true);
  END IF;
  -- Deltas of marked buckets are left to the recomputation. Mostly there are no marks, and no delta needs to be asked; of a
  -- bucket that is marked from here on, deltas are folded that the recomputation will know better.
  EXECUTE format('SELECT EXISTS (SELECT FROM %s)', r.dirty) INTO marks;
  -- Old and new rows of the buckets at hand meet by GROUP BY: the one equality of groups that there is,
  -- NULLs and all. Nobody else writes rolled, so a group's row is found by its ctid and a new one simply
  -- appended. One whose last row went goes, too. What reads the deltas and
  -- what deletes them see those of one snapshot; the latter returns nothing, which would double its price.
  SELECT f.deltas, f.late, f.revisions INTO folded, late_rows, revisions FROM starhouse.rollup_fold(r.rolled, format($sql$
    WITH gone AS NOT MATERIALIZED (SELECT %3$s FROM %1$s AS x%2$s), deleted AS (DELETE FROM %1$s AS x%2$s)%6$s
    SELECT %5$s, coalesce(m.starhouse_before, 0) + m.starhouse_late AS late_rows, m.starhouse_row, m.n_rows > 0, m.starhouse_deltas, m.starhouse_late, m.starhouse_final
    FROM (SELECT v.*, CASE WHEN v.starhouse_final THEN coalesce(v.starhouse_arrived, 0) ELSE 0 END AS starhouse_late
          FROM (SELECT w.*, %7$s <= (SELECT k.watermark FROM %8$s AS k) AS starhouse_final FROM (%4$s) AS w WHERE w.starhouse_deltas > 0) AS v) AS m$sql$,
    r.delta, CASE WHEN marks THEN format(' WHERE NOT EXISTS (SELECT FROM (%s) AS d WHERE d.bucket = x.bucket)', starhouse.rollup_dirty(r)) END, starhouse.rollup_names(r, 'x.'),
    starhouse.rollup_merged(r, format('SELECT %1$s, NULL::bigint AS late_rows, NULL::tid AS starhouse_row FROM gone AS x UNION ALL SELECT %1$s, x.late_rows, x.ctid FROM %2$s AS x WHERE x.bucket = ANY (ARRAY(SELECT DISTINCT g.bucket FROM gone AS g))',
                                      starhouse.rollup_names(r, 'x.'), r.rolled),
      ', min(u.starhouse_row) AS starhouse_row, starhouse.rollup_sum(u.late_rows) AS starhouse_before, count(*) FILTER (WHERE u.starhouse_row IS NULL) AS starhouse_deltas,
       starhouse.rollup_sum(u.n_rows) FILTER (WHERE u.starhouse_row IS NULL AND u.n_rows > 0) AS starhouse_arrived', true),
    starhouse.rollup_names(r, 'm.'), coarser_deltas, starhouse.rollup_bucket_end(r, 'w.bucket'), r.mark)) AS f;
  IF revisions > 0 THEN
    EXECUTE format('UPDATE %s AS k SET late_rows = k.late_rows + $1, late_revisions = k.late_revisions + $2', r.mark) USING rollup_compact.late_rows, revisions;
  END IF;
  -- Buckets whose raw rows are gone keep what they have. Mostly there are none to recompute: no plan over the fact then.
  EXECUTE format('SELECT EXISTS (SELECT FROM %s)', r.dirty) INTO marks;
  recomputed := 0;
  IF marks THEN
    EXECUTE format($sql$
      WITH taken AS (DELETE FROM %1$s RETURNING bucket),
        buckets AS (SELECT DISTINCT bucket AS dirty FROM taken WHERE bucket >= (SELECT frozen_before FROM %2$s)),
        gone AS (DELETE FROM %3$s AS x USING buckets AS d WHERE x.bucket = d.dirty),
        merged AS (%4$s),
        added AS (INSERT INTO %5$s (%6$s) SELECT %7$s FROM merged AS m WHERE m.old_row IS NULL AND m.n_rows > 0),
        changed AS (UPDATE %5$s AS t SET %8$s FROM merged AS m WHERE m.n_rows > 0 AND %11$s),
        emptied AS (DELETE FROM %5$s AS t USING merged AS m WHERE m.n_rows <= 0 AND %12$s),
        late AS (SELECT count(*) AS revisions FROM buckets AS d WHERE %9$s <= (SELECT k.watermark FROM %2$s AS k)),
        marked AS (UPDATE %2$s AS k SET late_revisions = k.late_revisions + l.revisions FROM late AS l WHERE l.revisions > 0)%10$s
      SELECT count(*) FROM buckets$sql$,
      r.dirty, r.mark, r.delta,
      starhouse.rollup_merged(r, format('SELECT x.*, NULL::tid AS old_row FROM buckets AS d CROSS JOIN LATERAL (%s OFFSET 0) AS x UNION ALL SELECT %s, x.ctid FROM %s AS x WHERE x.bucket = ANY (ARRAY(SELECT d.dirty FROM buckets AS d))',
        starhouse.rollup_made(r, source, format('%1$I >= d.dirty AND %1$I < %2$s', r.time_column, starhouse.rollup_bucket_end(r, 'd.dirty')), 1),
        -- Of what was there only the key: with no row left it goes.
        starhouse.rollup_key(r, 'x.') || ', 0' || repeat(', NULL', cardinality(starhouse.rollup_list(r)) - keys - 1), r.rolled), ', min(u.old_row) AS old_row'),
      r.rolled, names, starhouse.rollup_names(r, 'm.'), changes, starhouse.rollup_bucket_end(r, 'd.dirty'), coarser_marks, format(same_row, 'merged', 'o.n_rows > 0'), format(same_row, 'merged', 'o.n_rows <= 0')) INTO recomputed;
  END IF;
  PERFORM set_config('work_mem', memory, true);
  PERFORM starhouse.rollup_move_watermark(r);
END
$body$;
COMMENT ON FUNCTION rollup_compact(regclass) IS
  'Folds a rollup''s deltas into its table and recomputes marked buckets, in the caller''s transaction; writers and readers go on, a second compaction waits. Rollups that rest on it get their deltas here, for a compaction of their own. Returns deltas folded, buckets recomputed and how many rows came after their bucket was final. Needs the rights of the rollup''s owner. 42501 for another role, 42704 for what is no rollup, NULL included.';

CREATE PROCEDURE rollup_compact_all()
  LANGUAGE plpgsql
AS $body$
DECLARE
  every regclass[] := ARRAY(SELECT r.rollup FROM starhouse.rollup AS r WHERE starhouse.scd_owns(r.rolled) ORDER BY starhouse.rollup_level(r.rollup), r.rollup);
  one regclass;
BEGIN
  FOREACH one IN ARRAY every LOOP
    PERFORM starhouse.rollup_compact(one);
    COMMIT;
  END LOOP;
END
$body$;
COMMENT ON PROCEDURE rollup_compact_all() IS
  'Compacts every rollup of which the caller has the owner''s role, finer ones first, each in a transaction of its own. For a scheduler; not within a transaction block.';

CREATE FUNCTION rollup_rebuild(rollup regclass, from_time timestamptz DEFAULT '-infinity', to_time timestamptz DEFAULT 'infinity') RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, starhouse, pg_temp
AS $body$
DECLARE
  r starhouse.rollup := starhouse.rollup_get(rollup);
  source text := coalesce((SELECT f.states::text FROM starhouse.rollup AS f WHERE f.rollup = r.finer), r.fact::text);
  frozen timestamptz;
  result bigint;
BEGIN
  IF from_time IS NULL OR to_time IS NULL OR from_time >= to_time THEN
    RAISE EXCEPTION 'nothing lies between % and %', coalesce(from_time::text, 'NULL'), coalesce(to_time::text, 'NULL') USING ERRCODE = '22023', HINT = 'Give the earlier time first.';
  END IF;
  IF r.gap IS NOT NULL THEN
    RETURN starhouse.session_rebuild(r, from_time, to_time);
  END IF;
  EXECUTE format('SELECT frozen_before FROM %s', r.mark) INTO frozen;
  EXECUTE format($sql$
    INSERT INTO %1$s (bucket)
    SELECT b.bucket FROM (
      SELECT bucket FROM %2$s UNION SELECT bucket FROM %3$s
      UNION SELECT %4$s FROM %5$s AS s WHERE %6$I IS NOT NULL AND %6$I >= $1 AND %6$I < $2) AS b
    WHERE b.bucket < $2 AND %7$s > $1 AND b.bucket >= $3$sql$,
    r.dirty, r.rolled, r.delta, starhouse.rollup_bucket(r, quote_ident(r.time_column)), source, r.time_column, starhouse.rollup_bucket_end(r, 'b.bucket'))
    USING from_time, to_time, frozen;
  GET DIAGNOSTICS result = ROW_COUNT;
  RETURN result;
END
$body$;
COMMENT ON FUNCTION rollup_rebuild(regclass, timestamptz, timestamptz) IS
  'Marks the buckets that touch [from_time, to_time) to be recomputed and returns how many. From then on they are served from the fact, and the next rollup_compact stores what it finds there; rollups that rest on it follow. One that rests on another is recomputed from that. Frozen buckets, whose raw rows are gone, stay as they are. 22023 for an empty range or NULL, 42704 for what is no rollup.';

CREATE FUNCTION rollup_freeze(rollup regclass, before timestamptz) RETURNS timestamptz
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, starhouse, pg_temp
AS $body$
DECLARE
  r starhouse.rollup := starhouse.rollup_get(rollup);
  result timestamptz;
BEGIN
  IF before IS NULL THEN
    RAISE EXCEPTION 'before must not be NULL' USING ERRCODE = '22004', HINT = 'Give the time before which the fact''s rows will go.';
  END IF;
  -- What is marked there is recomputed while it still can be.
  PERFORM starhouse.rollup_compact(r.rollup);
  -- The bucket that holds the cutoff loses a part of its rows, too.
  EXECUTE format('UPDATE %s SET frozen_before = greatest(frozen_before, %s) RETURNING frozen_before', r.mark,
                 CASE WHEN r.gap IS NOT NULL THEN '$1' ELSE format('CASE WHEN %1$s = $1 THEN $1 ELSE %2$s END', starhouse.rollup_bucket(r, '$1'), starhouse.rollup_bucket_end(r, starhouse.rollup_bucket(r, '$1'))) END)
    INTO result USING before;
  RETURN result;
END
$body$;
COMMENT ON FUNCTION rollup_freeze(regclass, timestamptz) IS
  'Keeps the buckets before a time as they are now, because the fact''s rows of that time are about to be dropped: they are never recomputed again, late rows are still added. Compacts first. Returns the time before which the rollup is frozen; it never moves back. drop_partitions_before calls it. 22004 for NULL, 42704 for what is no rollup.';

-- Rows of two queries (bucket, groups, row) that differ.
CREATE FUNCTION rollup_compare(served text, fresh text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT format($sql$
    WITH served AS (%s), fresh AS (%s)
    SELECT bucket, groups, k.key, s.row->>k.key, f.row->>k.key
    FROM served AS s FULL JOIN fresh AS f USING (bucket, groups)
      CROSS JOIN LATERAL jsonb_object_keys(coalesce(s.row, f.row)) AS k(key)
    WHERE s.row IS NULL OR f.row IS NULL OR (s.row->k.key IS DISTINCT FROM f.row->k.key AND NOT (
      jsonb_typeof(s.row->k.key) = 'number' AND jsonb_typeof(f.row->k.key) = 'number'
      AND abs((s.row->>k.key)::numeric - (f.row->>k.key)::numeric) <= 1e-9 * greatest(abs((s.row->>k.key)::numeric), abs((f.row->>k.key)::numeric))))
    ORDER BY 1, 2, 3$sql$, served, fresh)
$body$;
COMMENT ON FUNCTION rollup_compare(text, text) IS 'Internal to rollup_check: query for the values in which two queries for (bucket, groups, row) differ.';

-- Compares with a recomputation.
CREATE FUNCTION rollup_check(rollup regclass, from_time timestamptz DEFAULT '-infinity', to_time timestamptz DEFAULT 'infinity')
  RETURNS TABLE (bucket timestamptz, groups jsonb, column_name text, served text, recomputed text)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, starhouse, pg_temp
AS $body$
DECLARE
  r starhouse.rollup := starhouse.rollup_get(rollup);
  source text := coalesce((SELECT f.states::text FROM starhouse.rollup AS f WHERE f.rollup = r.finer), r.fact::text);
  values_of text;
  row_of text;
  frozen timestamptz;
BEGIN
  IF r.gap IS NOT NULL THEN
    RETURN QUERY SELECT c.* FROM starhouse.session_check(r, from_time, to_time) AS c;
    RETURN;
  END IF;
  EXECUTE format('SELECT frozen_before FROM %s', r.mark) INTO frozen;
  SELECT string_agg(format('%L, %s', c->>'name', c->>'value'), ', ') INTO values_of FROM jsonb_array_elements(r.columns) AS c;
  row_of := format('SELECT v.bucket, to_jsonb(ARRAY[%s]::text[]) AS groups, jsonb_build_object(%s) AS row FROM %%s AS v WHERE v.bucket >= $1 AND v.bucket < $2',
                   coalesce((SELECT string_agg(replace(format('v.%I::text', g->>'name'), '%', '%%'), ', ') FROM jsonb_array_elements(r.groups) AS g), ''), replace(values_of, '%', '%%'));
  RETURN QUERY EXECUTE starhouse.rollup_compare(format(row_of, r.states),
    format(row_of, '(' || starhouse.rollup_made(r, source, format('%1$I >= %2$L', r.time_column, greatest(from_time, frozen)), 1) || ')'))
    USING greatest(from_time, frozen), coalesce(to_time, 'infinity');
END
$body$;
COMMENT ON FUNCTION rollup_check(regclass, timestamptz, timestamptz) IS
  'Compares a rollup with a recomputation from its fact, or from the rollup it rests on, for buckets that begin in [from_time, to_time): one row for each value that differs, none when all is well. Numbers may differ by a relative 1e-9, as sums of floating-point numbers in another order do. Frozen buckets are left out. Sessions are compared by their beginning. A NULL time is no bound; 42704 for what is no rollup.';
