-- Rollups: what is known of them. A rollup is a table of mergeable states per time bucket and group, kept
-- up to date by the fact's own writes. create_rollup is in 57-rollup_create.sql, what keeps it in
-- 57-rollup_capture.sql, what tends it in 57-rollup_maintain.sql, how far it is final in 57-rollup_watermark.sql, rollups of rollups in 57-rollup_on.sql.
--
--   fact ──statement triggers, or a feed's batches──▶ NAME_delta   (appended: states per bucket and group)
--                                                       │ rollup_compact
--                                                       ▼
--   NAME_states = NAME_rolled + NAME_delta, but buckets in NAME_dirty straight from the fact
--   NAME        = NAME_states, as values
--
-- A rollup of a rollup gets its deltas from the finer one's compaction, in the same statement that folds
-- them there: its rolled + delta are what the finer one's rolled sums up to, and what the finer one has
-- not folded yet it reads there. So writers pay for one level, however many there are.

CREATE TABLE rollup (
  rollup        regclass PRIMARY KEY,
  fact          regclass NOT NULL,
  finer         regclass,
  time_column   name NOT NULL,
  bucket        interval,
  gap           interval,
  time_zone     text NOT NULL,
  groups        jsonb NOT NULL,
  columns       jsonb NOT NULL,
  filter        text,
  capture       text NOT NULL CHECK (capture IN ('trigger', 'batch')),
  invertible    boolean NOT NULL,
  lateness      interval NOT NULL DEFAULT '0',
  states        regclass NOT NULL,
  rolled        regclass NOT NULL,
  delta         regclass NOT NULL,
  dirty         regclass NOT NULL,
  mark          regclass NOT NULL,
  watermark_by  text,
  idle_after    interval,
  seen          regclass,
  created_at    timestamptz NOT NULL DEFAULT pg_catalog.now(),
  CHECK ((bucket IS NULL) <> (gap IS NULL))
);
COMMENT ON TABLE rollup IS 'Rollups, one row each; written by create_rollup. Seen by those who may read the rollup, changed by its owner.';
COMMENT ON COLUMN rollup.rollup IS 'The view that serves it.';
COMMENT ON COLUMN rollup.fact IS 'The table it sums up, or the rollup.';
COMMENT ON COLUMN rollup.finer IS 'The rollup it sums up; NULL: it sums up a table.';
COMMENT ON COLUMN rollup.time_column IS 'The fact''s column with the time of an event.';
COMMENT ON COLUMN rollup.bucket IS 'Width of a bucket; NULL: it has sessions.';
COMMENT ON COLUMN rollup.gap IS 'Longest pause within a session; NULL: it has buckets.';
COMMENT ON COLUMN rollup.time_zone IS 'Time zone in which days, weeks and months begin.';
COMMENT ON COLUMN rollup.groups IS 'What it groups by: [{"name", "expression"}].';
COMMENT ON COLUMN rollup.columns IS 'What it keeps: [{"name", "value", "states": [{"column", "make", "merge"}]}]; no states for a number of all rows, which is n_rows.';
COMMENT ON COLUMN rollup.filter IS 'Condition on the fact''s rows; NULL: all count.';
COMMENT ON COLUMN rollup.capture IS 'How inserts reach it: trigger (any of them) or batch (those of the warehouse''s feeds).';
COMMENT ON COLUMN rollup.invertible IS 'Whether a deleted row can be taken off the states; if not, its bucket is recomputed.';
COMMENT ON COLUMN rollup.lateness IS 'How far behind the newest bucket a row may come before its bucket counts as final.';
COMMENT ON COLUMN rollup.states IS 'View of the mergeable states per bucket and group.';
COMMENT ON COLUMN rollup.rolled IS 'Table of compacted states, one row per bucket and group.';
COMMENT ON COLUMN rollup.delta IS 'Table of states not yet compacted.';
COMMENT ON COLUMN rollup.dirty IS 'Table of buckets to be recomputed.';
COMMENT ON COLUMN rollup.mark IS 'Table with one row: how far it is final, what was compacted and what came late.';
COMMENT ON COLUMN rollup.watermark_by IS 'Expression for the partition of its source that a row of the fact comes from; NULL: the newest row of all decides what is final.';
COMMENT ON COLUMN rollup.idle_after IS 'How long a partition may be silent before the others become final without it.';
COMMENT ON COLUMN rollup.seen IS 'Table of the newest row of each partition; NULL without watermark_by.';
COMMENT ON COLUMN rollup.created_at IS 'When it was created.';
SELECT pg_catalog.pg_extension_config_dump('rollup', '');

ALTER TABLE rollup ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON rollup TO PUBLIC;
CREATE POLICY reader ON rollup FOR SELECT USING (pg_catalog.has_table_privilege(rollup, 'SELECT') OR scd_owns(rollup));
CREATE POLICY owner ON rollup FOR ALL USING (scd_owns(rollup)) WITH CHECK (scd_owns(rollup));

-- Expressions over a time: the start of its bucket, and over a bucket's start: its end.
CREATE FUNCTION rollup_bucket(r rollup, moment text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT CASE
    WHEN r.bucket < interval '1 day'
      THEN format('pg_catalog.date_bin(%L::pg_catalog.interval, (%s)::pg_catalog.timestamptz, ''2000-01-03 00:00:00+00''::pg_catalog.timestamptz)', r.bucket, moment)
    ELSE format('pg_catalog.date_trunc(%L, (%s)::pg_catalog.timestamptz, %L)',
                CASE r.bucket WHEN '1 day' THEN 'day' WHEN '7 days' THEN 'week' WHEN '1 month' THEN 'month' WHEN '3 months' THEN 'quarter' ELSE 'year' END,
                moment, r.time_zone) END
$body$;
COMMENT ON FUNCTION rollup_bucket(rollup, text) IS 'Internal: expression for the start of the bucket that holds the moment, itself an expression of type timestamptz.';

CREATE FUNCTION rollup_bucket_end(r rollup, start text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT CASE
    WHEN r.bucket < interval '1 day' THEN format('(%s + %L::pg_catalog.interval)', start, r.bucket)
    ELSE format('pg_catalog.timezone(%2$L, pg_catalog.timezone(%2$L, %1$s) + %3$L::pg_catalog.interval)', start, r.time_zone, r.bucket) END
$body$;
COMMENT ON FUNCTION rollup_bucket_end(rollup, text) IS 'Internal: expression for the end of the bucket that starts there: the start of the next one, also where a day has 23 or 25 hours.';

CREATE FUNCTION rollup_list(r rollup) RETURNS text[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT CASE WHEN r.gap IS NULL THEN '{bucket}'::text[] ELSE '{session_start,session_end}' END || ARRAY(SELECT quote_ident(value->>'name') FROM jsonb_array_elements(r.groups) WITH ORDINALITY ORDER BY ordinality) || ARRAY['n_rows']
    || ARRAY(SELECT quote_ident(s.value->>'column') FROM jsonb_array_elements(r.columns) WITH ORDINALITY AS c
             CROSS JOIN jsonb_array_elements(c.value->'states') WITH ORDINALITY AS s ORDER BY c.ordinality, s.ordinality)
$body$;
COMMENT ON FUNCTION rollup_list(rollup) IS 'Internal: the columns of rolled, delta and states, quoted: bucket (or session_start and session_end), groups, n_rows, states.';

CREATE FUNCTION rollup_names(r rollup, prefix text DEFAULT '') RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT prefix || array_to_string(starhouse.rollup_list(r), ', ' || prefix)
$body$;
COMMENT ON FUNCTION rollup_names(rollup, text) IS 'Internal: the columns of rolled, delta and states, each behind the prefix.';

CREATE FUNCTION rollup_counts(r rollup, prefix text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT coalesce(string_agg(format(', %sn_rows AS %I', prefix, c.value->>'name'), '' ORDER BY c.ordinality), '')
  FROM jsonb_array_elements(r.columns) WITH ORDINALITY AS c WHERE c.value->'states' = '[]'
$body$;
COMMENT ON FUNCTION rollup_counts(rollup, text) IS 'Internal: columns that count all rows, as the view of states shows them: nothing is kept for them but n_rows.';

CREATE FUNCTION rollup_key(r rollup, prefix text DEFAULT '') RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT prefix || array_to_string((starhouse.rollup_list(r))[:1 + jsonb_array_length(r.groups)], ', ' || prefix)
$body$;
COMMENT ON FUNCTION rollup_key(rollup, text) IS 'Internal: bucket and groups, each behind the prefix.';

-- sum(bigint) computes in numeric, a state on the heap per group and sum. What a rollup stores are bigints: where
-- many groups are merged, adding them up as such takes a third of the time. Only the extension's own statements use
-- it: the views outlive the extension.
CREATE AGGREGATE rollup_sum(value bigint) (SFUNC = pg_catalog.int8pl, STYPE = bigint, COMBINEFUNC = pg_catalog.int8pl, PARALLEL = SAFE);
COMMENT ON AGGREGATE rollup_sum(bigint) IS 'Sum of bigints as a bigint, for rollup_compact. NULLs are left out, NULL for no rows. 22003 where it overflows.';

CREATE FUNCTION rollup_sums(expression text, in_bigint boolean) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT CASE WHEN in_bigint THEN regexp_replace(expression, '^pg_catalog\.sum\((.*)\)::(?:pg_catalog\.int8|bigint)$', 'starhouse.rollup_sum(\1)') ELSE expression END
$body$;
COMMENT ON FUNCTION rollup_sums(text, boolean) IS 'Internal: the expression that merges a state, with rollup_sum in place of a sum of bigints if in_bigint.';

-- States made of the fact's rows; sign -1: to be taken off.
CREATE FUNCTION rollup_made(r rollup, source text, condition text, sign integer, in_bigint boolean DEFAULT false) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT format('SELECT %s AS bucket%s, %s AS n_rows%s FROM %s WHERE %s IS NOT NULL%s%s GROUP BY %s',
    starhouse.rollup_bucket(r, quote_ident(r.time_column)),
    (SELECT string_agg(format(', %s AS %I', value->>'expression', value->>'name'), '' ORDER BY ordinality) FROM jsonb_array_elements(r.groups) WITH ORDINALITY),
    CASE WHEN r.finer IS NOT NULL THEN starhouse.rollup_sums('pg_catalog.sum(n_rows)::pg_catalog.int8', in_bigint) WHEN sign = -1 THEN '-pg_catalog.count(*)' ELSE 'pg_catalog.count(*)' END,
    (SELECT string_agg(format(', %s AS %I', CASE sign WHEN -1 THEN format('-(%s)', s.value->>'make') ELSE starhouse.rollup_sums(s.value->>'make', in_bigint) END, s.value->>'column'), ''
                       ORDER BY c.ordinality, s.ordinality)
     FROM jsonb_array_elements(r.columns) WITH ORDINALITY AS c CROSS JOIN jsonb_array_elements(c.value->'states') WITH ORDINALITY AS s),
    source, quote_ident(r.time_column), ' AND (' || r.filter || ')', ' AND ' || condition,
    (SELECT string_agg(n::text, ', ') FROM generate_series(1, 1 + jsonb_array_length(r.groups)) AS n))
$body$;
COMMENT ON FUNCTION rollup_made(rollup, text, text, integer, boolean) IS 'Internal: query that makes states per bucket and group of the rows of source (an item of FROM) that satisfy condition (NULL: all); sign -1 makes them negative. in_bigint: by rollup_sum.';

-- States merged per bucket and group.
CREATE FUNCTION rollup_merged(r rollup, source text, more text DEFAULT '', in_bigint boolean DEFAULT false) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT format('SELECT %s, %s AS n_rows%s%s FROM (%s) AS u GROUP BY %s',
    starhouse.rollup_key(r, 'u.'), starhouse.rollup_sums('pg_catalog.sum(u.n_rows)::pg_catalog.int8', in_bigint),
    (SELECT string_agg(format(', %s AS %I', starhouse.rollup_sums(format(s.value->>'merge', 'u.' || quote_ident(s.value->>'column')), in_bigint), s.value->>'column'), '' ORDER BY c.ordinality, s.ordinality)
     FROM jsonb_array_elements(r.columns) WITH ORDINALITY AS c CROSS JOIN jsonb_array_elements(c.value->'states') WITH ORDINALITY AS s),
    more, source, starhouse.rollup_key(r, 'u.'))
$body$;
COMMENT ON FUNCTION rollup_merged(rollup, text, text, boolean) IS 'Internal: query that merges states (a query with the columns of rollup_names) per bucket and group, with more columns (", expression AS name" over u). in_bigint: by rollup_sum.';

-- Buckets marked to be recomputed. Those whose raw rows are gone stay as they are. The upper bound
-- excludes nothing: a range tells the planner that there are few, where of an empty table it would expect
-- thousands, and of a stack of rollups a plan worth compiling.
CREATE FUNCTION rollup_dirty(r rollup) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT format('SELECT y.bucket FROM %s AS y WHERE y.bucket >= (SELECT k.frozen_before FROM %s AS k) AND y.bucket <= ''infinity''', r.dirty, r.mark)
$body$;
COMMENT ON FUNCTION rollup_dirty(rollup) IS 'Internal: query for the buckets of the rollup itself that are to be recomputed, each any number of times.';

CREATE FUNCTION rollup_marked(r rollup) RETURNS text
  LANGUAGE sql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT starhouse.rollup_dirty(r) || coalesce((SELECT format(' UNION ALL SELECT z.coarse FROM (SELECT %s AS coarse FROM (%s) AS w) AS z WHERE z.coarse >= (SELECT k.frozen_before FROM %s AS k) AND z.coarse <= ''infinity''',
                                                              starhouse.rollup_bucket(r, 'w.bucket'), starhouse.rollup_marked(f), r.mark)
                                                FROM starhouse.rollup AS f WHERE f.rollup = r.finer), '')
$body$;
COMMENT ON FUNCTION rollup_marked(rollup) IS 'Internal: query for the buckets that cannot be served from what is stored: its own that are to be recomputed, and those that hold such a bucket of a finer rollup.';

CREATE FUNCTION rollup_pending(r rollup) RETURNS text
  LANGUAGE sql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT format('SELECT %s FROM %s AS x', starhouse.rollup_names(r, 'x.'), r.delta)
    || coalesce((SELECT ' UNION ALL ' || starhouse.rollup_made(r, format('(%s) AS w', starhouse.rollup_pending(f)), NULL, 1) FROM starhouse.rollup AS f WHERE f.rollup = r.finer), '')
$body$;
COMMENT ON FUNCTION rollup_pending(rollup) IS 'Internal: query for the states that are not folded into rolled yet, those of finer rollups included.';

CREATE FUNCTION rollup_oldest(r rollup) RETURNS text
  LANGUAGE sql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT format('SELECT pg_catalog.min(y.bucket) AS bucket FROM %s AS y', r.delta)
    || coalesce((SELECT format(' UNION ALL SELECT %s FROM (%s) AS w', starhouse.rollup_bucket(r, 'w.bucket'), starhouse.rollup_oldest(f)) FROM starhouse.rollup AS f WHERE f.rollup = r.finer), '')
$body$;
COMMENT ON FUNCTION rollup_oldest(rollup) IS 'Internal: query for the oldest buckets with states that are not folded into rolled yet, its own and those of finer rollups, one row for each level; NULL where there are none.';

CREATE FUNCTION rollup_level(rollup regclass) RETURNS integer
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  path regclass[] := ARRAY[rollup];
  below regclass;
BEGIN
  LOOP
    SELECT r.finer INTO below FROM starhouse.rollup AS r WHERE r.rollup = path[cardinality(path)];
    EXIT WHEN below IS NULL;
    IF below = ANY (path) THEN
      RAISE EXCEPTION 'rollups rest on one another in a circle: %', array_to_string(path || below, ' on ') USING ERRCODE = '42P17',
        HINT = 'starhouse.rollup.finer was changed by hand: set it as it was, or drop these rollups.';
    END IF;
    path := path || below;
  END LOOP;
  RETURN cardinality(path) - 1;
END
$body$;
COMMENT ON FUNCTION rollup_level(regclass) IS 'How many rollups lie below one: 0 for a rollup of a table, 1 for a rollup of such a rollup. 0 for NULL and for what is no rollup; 42P17 when somebody made them rest on one another in a circle.';

CREATE FUNCTION rollup_get(rollup regclass) RETURNS rollup
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  found starhouse.rollup;
  known text;
BEGIN
  SELECT * INTO found FROM starhouse.rollup AS r WHERE r.rollup = rollup_get.rollup;
  IF found.rollup IS NULL THEN
    SELECT string_agg(r.rollup::text, ', ' ORDER BY r.rollup::text) INTO known FROM starhouse.rollup AS r;
    RAISE EXCEPTION '% is not a rollup', coalesce(rollup::text, 'NULL') USING ERRCODE = '42704',
      HINT = coalesce('Rollups you may read: ' || known || '.', 'There is none yet: starhouse.create_rollup makes one.');
  END IF;
  RETURN found;
END
$body$;
COMMENT ON FUNCTION rollup_get(regclass) IS 'Internal: definition of a rollup. 42704 naming the rollups there are when it is none, or NULL.';
