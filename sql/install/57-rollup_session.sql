-- Session windows: per group, rows that follow one another within a gap are one session. Kept like a rollup,
-- with pieces in place of buckets: a statement's rows make pieces of sessions (delta), the view joins pieces
-- that lie within the gap of one another, so that a late row may lengthen a session or make one of two.
-- What is deleted may split one: its time is noted (dirty), and the session it lay in comes from the fact
-- until it is compacted.

CREATE FUNCTION session_groups(r rollup, form text, separator text DEFAULT '') RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT coalesce(string_agg(replace(replace(form, '%N', n::text), '%I', quote_ident(value->>'name')), separator ORDER BY n), '') FROM jsonb_array_elements(r.groups) WITH ORDINALITY AS g(value, n)
$body$;
COMMENT ON FUNCTION session_groups(rollup, text, text) IS 'Internal: the form once for each group, with its name for %I and its number for %N.';

-- Pieces of the rows of source: states per group and run of rows that keep within the gap.
CREATE FUNCTION session_made(r rollup, source text, condition text, key_condition text DEFAULT NULL) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT format($sql$SELECT min(s.%1$I) AS session_start, max(s.%1$I) AS session_end%2$s, pg_catalog.count(*) AS n_rows%3$s
    FROM (SELECT z.*, sum(z.starhouse_fresh) OVER (PARTITION BY true%4$s ORDER BY z.%1$I) AS starhouse_island
      FROM (SELECT y.*, CASE WHEN y.%1$I <= lag(y.%1$I) OVER (PARTITION BY true%5$s ORDER BY y.%1$I) + %6$L::pg_catalog.interval THEN 0 ELSE 1 END AS starhouse_fresh
        FROM (SELECT f.*%7$s FROM %8$s AS f WHERE pg_catalog.isfinite(f.%1$I)%9$s%10$s) AS y%11$s) AS z) AS s
    GROUP BY s.starhouse_island%12$s$sql$,
    r.time_column, starhouse.session_groups(r, ', s.starhouse_g%N AS %I'),
    (SELECT string_agg(format(', %s AS %I', s.value->>'make', s.value->>'column'), '' ORDER BY c.ordinality, s.ordinality)
     FROM jsonb_array_elements(r.columns) WITH ORDINALITY AS c CROSS JOIN jsonb_array_elements(c.value->'states') WITH ORDINALITY AS s),
    starhouse.session_groups(r, ', z.starhouse_g%N'), starhouse.session_groups(r, ', y.starhouse_g%N'), r.gap,
    (SELECT string_agg(format(', %s AS starhouse_g%s', value->>'expression', n), '' ORDER BY n) FROM jsonb_array_elements(r.groups) WITH ORDINALITY AS g(value, n)),
    source, ' AND (' || r.filter || ')', ' AND ' || condition, ' WHERE ' || nullif(key_condition, ''), starhouse.session_groups(r, ', s.starhouse_g%N'))
$body$;
COMMENT ON FUNCTION session_made(rollup, text, text, text) IS 'Internal: query for pieces of sessions of the rows of source that satisfy condition, and key_condition on y.starhouse_g1 and so on (NULL: all).';

CREATE FUNCTION session_merged(r rollup, source text, more text DEFAULT '') RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT format($sql$SELECT min(u.session_start) AS session_start, max(u.session_end) AS session_end%1$s, pg_catalog.sum(u.n_rows)::pg_catalog.int8 AS n_rows%2$s%3$s
    FROM (SELECT z.*, sum(z.starhouse_fresh) OVER (PARTITION BY true%4$s ORDER BY z.session_start, z.session_end) AS starhouse_island
      FROM (SELECT y.*, CASE WHEN y.session_start <= max(y.session_end) OVER (PARTITION BY true%5$s ORDER BY y.session_start, y.session_end ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) + %6$L::pg_catalog.interval THEN 0 ELSE 1 END AS starhouse_fresh
        FROM (%7$s) AS y) AS z) AS u
    GROUP BY u.starhouse_island%8$s$sql$,
    starhouse.session_groups(r, ', u.%I'),
    (SELECT string_agg(format(', %s AS %I', format(s.value->>'merge', 'u.' || quote_ident(s.value->>'column')), s.value->>'column'), '' ORDER BY c.ordinality, s.ordinality)
     FROM jsonb_array_elements(r.columns) WITH ORDINALITY AS c CROSS JOIN jsonb_array_elements(c.value->'states') WITH ORDINALITY AS s),
    more, starhouse.session_groups(r, ', z.%I'), starhouse.session_groups(r, ', y.%I'), r.gap, source, starhouse.session_groups(r, ', u.%I'))
$body$;
COMMENT ON FUNCTION session_merged(rollup, text, text) IS 'Internal: query that joins pieces (a query with the columns of rollup_names) which lie within the gap of one another, with more columns (", expression AS name" over u).';

-- Over s, a session, and d, a noted time: whether the one lies in the other and may still be recomputed.
CREATE FUNCTION session_hit(r rollup) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT format('d.at BETWEEN s.session_start AND s.session_end AND s.session_start >= (SELECT k.frozen_before FROM %s AS k)%s', r.mark, starhouse.session_groups(r, ' AND d.%I IS NOT DISTINCT FROM s.%I'))
$body$;
COMMENT ON FUNCTION session_hit(rollup) IS 'Internal: condition that the noted time d lies in the session s, and raw rows of s are still there.';

CREATE FUNCTION create_sessions(name text, fact regclass, time_column text, gap interval, group_by text[], aggregates json,
                                filter text DEFAULT NULL, lateness interval DEFAULT '0', watermark_by text DEFAULT NULL, idle_after interval DEFAULT '5 minutes', capture text DEFAULT NULL) RETURNS regclass
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, starhouse, pg_temp SET client_min_messages = warning
AS $body$
DECLARE
  r starhouse.rollup;
  schema text;
  stem text;
  joined text;
  note text;
BEGIN
  IF gap IS NULL THEN
    RAISE EXCEPTION 'gap must not be NULL' USING ERRCODE = '22004', HINT = 'Give the longest pause within a session, such as ''30 minutes''.';
  ELSIF gap <= interval '0' OR extract(month FROM gap) <> 0 OR extract(year FROM gap) <> 0 THEN
    RAISE EXCEPTION 'the gap between sessions cannot be %', gap USING ERRCODE = '22023', HINT = 'Give the longest pause within a session, such as ''30 minutes''; a day is 24 hours.';
  END IF;
  r := starhouse.rollup_begin(name, fact, time_column, group_by, aggregates, filter, lateness);
  SELECT p.schema, p.stem INTO schema, stem FROM starhouse.rollup_place(name, fact) AS p;
  r.gap := make_interval(secs => extract(epoch FROM gap));
  r.time_zone := 'UTC';
  r.capture := starhouse.rollup_capture_of(fact, capture);
  r.invertible := false;
  r.watermark_by := watermark_by;
  r.idle_after := idle_after;

  EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', fact);
  r := starhouse.rollup_watch(r, schema, stem);
  EXECUTE format('CREATE TABLE %I.%I AS %s WITH NO DATA', schema, stem || '_delta', starhouse.session_made(r, fact::text, NULL));
  EXECUTE format('CREATE TABLE %I.%I (LIKE %1$I.%3$I, late_rows bigint NOT NULL DEFAULT 0)', schema, stem || '_rolled', stem || '_delta');
  EXECUTE format('CREATE INDEX ON %I.%I (session_end)', schema, stem || '_rolled');
  IF jsonb_array_length(r.groups) > 0 THEN
    EXECUTE format('CREATE INDEX ON %I.%I (%s, session_start)', schema, stem || '_rolled', starhouse.session_groups(r, '%I', ', '));
  END IF;
  EXECUTE format('CREATE TABLE %I.%I AS SELECT session_start AS at%s FROM %1$I.%4$I WITH NO DATA', schema, stem || '_dirty', starhouse.session_groups(r, ', %I'), stem || '_delta');
  EXECUTE format('CREATE TABLE %I.%I (watermark timestamptz NOT NULL DEFAULT ''-infinity'', frozen_before timestamptz NOT NULL DEFAULT ''-infinity'', late_rows bigint NOT NULL DEFAULT 0,
                  late_revisions bigint NOT NULL DEFAULT 0, compacted_at timestamptz NOT NULL DEFAULT now(), only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row))', schema, stem || '_mark');
  EXECUTE format('INSERT INTO %I.%I DEFAULT VALUES', schema, stem || '_mark');
  r.delta := format('%I.%I', schema, stem || '_delta')::regclass;
  r.rolled := format('%I.%I', schema, stem || '_rolled')::regclass;
  r.dirty := format('%I.%I', schema, stem || '_dirty')::regclass;
  r.mark := format('%I.%I', schema, stem || '_mark')::regclass;
  joined := starhouse.session_merged(r, format('SELECT %1$s FROM %2$s AS x UNION ALL SELECT %1$s FROM %3$s AS x', starhouse.rollup_names(r, 'x.'), r.rolled, r.delta));
  EXECUTE format($sql$
    CREATE VIEW %1$I.%2$I AS
    SELECT %3$s FROM (%4$s) AS s WHERE NOT EXISTS (SELECT FROM %5$s AS d WHERE %6$s)
    UNION ALL
    SELECT %7$s FROM (%4$s) AS s CROSS JOIN LATERAL (%8$s OFFSET 0) AS x
    WHERE (SELECT EXISTS (SELECT FROM %5$s)) AND EXISTS (SELECT FROM %5$s AS d WHERE %6$s)$sql$,
    schema, stem || '_states', starhouse.rollup_names(r, 's.') || starhouse.rollup_counts(r, 's.'), joined, r.dirty, starhouse.session_hit(r), starhouse.rollup_names(r, 'x.') || starhouse.rollup_counts(r, 'x.'),
    starhouse.session_made(r, fact::text, format('f.%I BETWEEN s.session_start AND s.session_end', time_column), starhouse.session_groups(r, 'y.starhouse_g%N IS NOT DISTINCT FROM s.%I', ' AND ')));
  r.states := format('%I.%I', schema, stem || '_states')::regclass;
  EXECUTE format('CREATE VIEW %I.%I AS SELECT v.session_start, v.session_end%s%s, v.session_end + %L::pg_catalog.interval < (SELECT k.watermark FROM %s AS k) AS is_final FROM %s AS v', schema, stem,
    starhouse.session_groups(r, ', v.%I'),
    (SELECT string_agg(format(', %s AS %I', c.value->>'value', c.value->>'name'), '' ORDER BY ordinality) FROM jsonb_array_elements(r.columns) WITH ORDINALITY AS c),
    r.gap, r.mark, r.states);
  r.rollup := format('%I.%I', schema, stem)::regclass;
  INSERT INTO starhouse.rollup (rollup, fact, time_column, gap, time_zone, groups, columns, filter, capture, invertible, lateness, states, rolled, delta, dirty, mark, watermark_by, idle_after, seen)
  VALUES (r.rollup, r.fact, r.time_column, r.gap, r.time_zone, r.groups, r.columns, r.filter, r.capture, r.invertible, r.lateness, r.states, r.rolled, r.delta, r.dirty, r.mark, r.watermark_by, r.idle_after, r.seen);
  EXECUTE format('COMMENT ON VIEW %s IS %L', r.rollup, format('Sessions of %s, ended by a pause of more than %s: always current. See starhouse.create_sessions.', fact, r.gap));
  EXECUTE format('COMMENT ON VIEW %s IS %L', r.states, format('Mergeable states of sessions %s.', r.rollup));
  EXECUTE format('COMMENT ON TABLE %s IS %L', r.rolled, format('Compacted sessions of %s.', r.rollup));
  EXECUTE format('COMMENT ON TABLE %s IS %L', r.delta, format('Pieces of sessions of %s that starhouse.rollup_compact has not joined yet.', r.rollup));
  EXECUTE format('COMMENT ON TABLE %s IS %L', r.dirty, format('Times of changed and deleted rows: starhouse.rollup_compact will recompute the sessions of %s that they lay in.', r.rollup));
  EXECUTE format('COMMENT ON TABLE %s IS %L', r.mark, format('One row: watermark before which sessions of %s are final, frozen_before before which its fact is gone, rows that came after their session was final and how many sessions that revised, last compaction.', r.rollup));

  note := format('INSERT INTO %1$s SELECT DISTINCT o.%2$I%3$s FROM old_rows AS o WHERE isfinite(o.%2$I)%4$s', r.dirty, time_column,
    (SELECT string_agg(', ' || (value->>'expression'), '' ORDER BY n) FROM jsonb_array_elements(r.groups) WITH ORDINALITY AS g(value, n)), ' AND (' || r.filter || ')');
  EXECUTE format($function$
    CREATE FUNCTION %1$I.%2$I() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, starhouse, pg_temp AS $trigger$
    BEGIN
      IF TG_OP = 'TRUNCATE' THEN
        TRUNCATE %3$s, %4$s;
        DELETE FROM %5$s WHERE session_start >= (SELECT frozen_before FROM %6$s);
        RETURN NULL;
      END IF;
      IF TG_OP <> 'DELETE' THEN
        INSERT INTO %3$s (%7$s) %8$s;
        %10$s
      END IF;
      IF TG_OP <> 'INSERT' THEN
        %9$s;
      END IF;
      RETURN NULL;
    END $trigger$ $function$,
    schema, stem || '_capture', r.delta, r.dirty, r.rolled, r.mark, starhouse.rollup_names(r), starhouse.session_made(r, 'new_rows', NULL), note, starhouse.rollup_seen(r, 'new_rows', NULL));
  PERFORM starhouse.rollup_triggers(r);
  PERFORM starhouse.rollup_grant(r);
  EXECUTE format('INSERT INTO %s (%s) %s', r.rolled, starhouse.rollup_names(r), starhouse.session_made(r, fact::text, NULL));
  PERFORM starhouse.rollup_move_watermark(r);
  EXECUTE format('ANALYZE %s, %s', r.rolled, r.mark);
  RETURN r.rollup;
END
$body$;
COMMENT ON FUNCTION create_sessions(text, regclass, text, interval, text[], json, text, interval, text, interval, text) IS
  'Sums up a table per session: per group, rows that follow one another by no more than the gap. Makes the view name (session_start, session_end: times of its first and last row, groups, values, is_final), name_states and the tables behind them, kept current by the fact''s writes like a rollup: a late row lengthens a session or makes one of two, a deleted row may split one. group_by, aggregates, filter, lateness, watermark_by, idle_after, capture as in create_rollup; rollup_compact, rollup_check, rollup_rebuild, rollup_freeze, set_retention and drop_rollup take it. A session is final when it ended more than the gap before the newest row less the lateness. Rows with a NULL or infinite time are left out. Errors: 22004 NULL, 22023, 42703, 42804, 42P07, 0A000 an aggregate without a mergeable state.';

CREATE FUNCTION session_compact(r rollup, OUT folded bigint, OUT recomputed bigint, OUT late_rows bigint)
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, starhouse, pg_temp
AS $body$
BEGIN
  -- Sessions that a piece may touch end after the first of them and begin before the last, give or take the gap.
  EXECUTE format($sql$
    WITH gone AS (DELETE FROM %1$s AS x RETURNING %2$s),
      taken AS (DELETE FROM %3$s AS x RETURNING x.*),
      span AS (SELECT min(z.low) - %4$L::interval AS low, max(z.high) + %4$L::interval AS high FROM (SELECT g.session_start AS low, g.session_end AS high FROM gone AS g UNION ALL SELECT t.at, t.at FROM taken AS t) AS z),
      keys AS (SELECT true AS yes%5$s FROM gone AS x UNION SELECT true%5$s FROM taken AS x),
      old AS MATERIALIZED (SELECT s.*, s.ctid AS old_row FROM %6$s AS s
                           WHERE s.session_end >= (SELECT p.low FROM span AS p) AND s.session_start <= (SELECT p.high FROM span AS p) AND EXISTS (SELECT FROM keys AS d WHERE d.yes%7$s)),
      islands AS MATERIALIZED (%8$s),
      judged AS MATERIALIZED (SELECT s.*, EXISTS (SELECT FROM taken AS d WHERE %9$s) AS marked FROM islands AS s),
      fresh AS (SELECT %10$s, s.late + s.late_before AS late FROM judged AS s WHERE s.touched AND NOT s.marked
                UNION ALL SELECT %11$s, s.late_before FROM judged AS s CROSS JOIN LATERAL (%12$s OFFSET 0) AS x WHERE s.marked),
      removed AS (DELETE FROM %6$s AS t USING (SELECT unnest(s.old_rows) AS old_row FROM judged AS s WHERE s.touched OR s.marked) AS o WHERE t.ctid = o.old_row),
      added AS (INSERT INTO %6$s (%13$s, late_rows) SELECT %14$s, f.late FROM fresh AS f),
      counted AS (SELECT count(*) FILTER (WHERE s.marked) AS marks, coalesce(sum(s.late) FILTER (WHERE s.touched), 0) AS late, count(*) FILTER (WHERE (s.touched OR s.marked) AND s.revised) AS revisions FROM judged AS s),
      noted AS (UPDATE %15$s AS k SET late_rows = k.late_rows + c.late, late_revisions = k.late_revisions + c.revisions FROM counted AS c WHERE c.late + c.revisions > 0)
    SELECT (SELECT count(*) FROM gone), c.marks, c.late FROM counted AS c$sql$,
    r.delta, starhouse.rollup_names(r, 'x.'), r.dirty, r.gap, starhouse.session_groups(r, ', x.%I'), r.rolled, starhouse.session_groups(r, ' AND d.%I IS NOT DISTINCT FROM s.%I'),
    starhouse.session_merged(r, format('SELECT %1$s, true AS is_new, NULL::tid AS old_row, 0::bigint AS late_rows FROM gone AS x UNION ALL SELECT %1$s, false, x.old_row, x.late_rows FROM old AS x', starhouse.rollup_names(r, 'x.')),
      format(', bool_or(u.is_new) AS touched, array_agg(u.old_row) FILTER (WHERE NOT u.is_new) AS old_rows, sum(u.late_rows)::bigint AS late_before,
              coalesce(sum(u.n_rows) FILTER (WHERE u.is_new AND u.session_end + %1$L::interval < (SELECT k.watermark FROM %2$s AS k)), 0)::bigint AS late, bool_or(u.session_end + %1$L::interval < (SELECT k.watermark FROM %2$s AS k)) AS revised', r.gap, r.mark)),
    starhouse.session_hit(r), starhouse.rollup_names(r, 's.'), starhouse.rollup_names(r, 'x.'),
    starhouse.session_made(r, r.fact::text, format('f.%I BETWEEN s.session_start AND s.session_end', r.time_column), starhouse.session_groups(r, 'y.starhouse_g%N IS NOT DISTINCT FROM s.%I', ' AND ')),
    starhouse.rollup_names(r), starhouse.rollup_names(r, 'f.'), r.mark) INTO folded, recomputed, late_rows;
  PERFORM starhouse.rollup_move_watermark(r);
END
$body$;
COMMENT ON FUNCTION session_compact(rollup) IS 'Internal to rollup_compact: joins the pieces of sessions and recomputes those that rows were taken from.';

CREATE FUNCTION session_rebuild(r rollup, from_time timestamptz, to_time timestamptz) RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, starhouse, pg_temp
AS $body$
DECLARE
  result bigint;
BEGIN
  -- Sessions that touch the range are recomputed; rows that none of them holds are what their pieces are for, but
  -- for rows of before the freeze: the session they were in may have gone by its retention.
  EXECUTE format($sql$
    WITH kept AS (SELECT s.* FROM %1$s AS s WHERE s.session_start < (SELECT k.frozen_before FROM %2$s AS k)),
      pieces AS (INSERT INTO %3$s (%4$s) SELECT %5$s FROM (%6$s) AS x WHERE x.session_end >= (SELECT k.frozen_before FROM %2$s AS k) AND NOT EXISTS (SELECT FROM kept AS s WHERE s.session_end >= x.session_start AND s.session_start <= x.session_end%7$s) RETURNING 1)
    INSERT INTO %8$s SELECT s.session_start%9$s FROM %1$s AS s WHERE s.session_start < $2 AND s.session_end >= $1 AND s.session_start >= (SELECT k.frozen_before FROM %2$s AS k)$sql$,
    r.states, r.mark, r.delta, starhouse.rollup_names(r), starhouse.rollup_names(r, 'x.'), starhouse.session_made(r, r.fact::text, format('f.%1$I >= $1 AND f.%1$I < $2', r.time_column)),
    starhouse.session_groups(r, ' AND x.%I IS NOT DISTINCT FROM s.%I'), r.dirty, starhouse.session_groups(r, ', s.%I')) USING from_time, to_time;
  GET DIAGNOSTICS result = ROW_COUNT;
  RETURN result;
END
$body$;
COMMENT ON FUNCTION session_rebuild(rollup, timestamptz, timestamptz) IS 'Internal to rollup_rebuild: marks the sessions that touch the range and takes up rows of it that are in none.';

CREATE FUNCTION session_check(r rollup, from_time timestamptz, to_time timestamptz)
  RETURNS TABLE (bucket timestamptz, groups jsonb, column_name text, served text, recomputed text)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, starhouse, pg_temp
AS $body$
DECLARE
  row_of text := format('SELECT v.session_start AS bucket, to_jsonb(ARRAY[%s]::text[]) AS groups, jsonb_build_object(''session_end'', v.session_end%s) AS row FROM %%s AS v WHERE v.session_start >= $1 AND v.session_start < $2 AND v.session_start >= (SELECT k.frozen_before FROM %s AS k)',
    replace(starhouse.session_groups(r, 'v.%I::text', ', '), '%', '%%'), (SELECT string_agg(replace(format(', %L, %s', c->>'name', c->>'value'), '%', '%%'), '') FROM jsonb_array_elements(r.columns) AS c), r.mark);
BEGIN
  -- Of a session that began before the raw rows went the fact has a part.
  RETURN QUERY EXECUTE starhouse.rollup_compare(format(row_of, r.states),
    format(row_of, '(' || starhouse.session_made(r, r.fact::text, NULL) || ')') || format(' AND NOT EXISTS (SELECT FROM %s AS s WHERE s.session_start < (SELECT k.frozen_before FROM %s AS k) AND s.session_end >= v.session_start%s)',
      r.rolled, r.mark, starhouse.session_groups(r, ' AND s.%I IS NOT DISTINCT FROM v.%I')))
    USING coalesce(from_time, '-infinity'), coalesce(to_time, 'infinity');
END
$body$;
COMMENT ON FUNCTION session_check(rollup, timestamptz, timestamptz) IS 'Internal to rollup_check: compares sessions with those that the fact''s rows make.';
