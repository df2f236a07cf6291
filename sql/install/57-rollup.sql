-- Rollups: what is known of them. A rollup is a table of mergeable states per time bucket and group, kept
-- up to date by the fact's own writes. create_rollup is in 57-rollup_create.sql, what keeps it in
-- 57-rollup_capture.sql, what tends it in 57-rollup_maintain.sql.
--
--   fact ──statement triggers, or a feed's batches──▶ NAME_delta   (appended: states per bucket and group)
--                                                       │ rollup_compact
--                                                       ▼
--   NAME_states = NAME_rolled + NAME_delta, but buckets in NAME_dirty straight from the fact
--   NAME        = NAME_states, as values

CREATE TABLE rollup (
  rollup        regclass PRIMARY KEY,
  fact          regclass NOT NULL,
  time_column   name NOT NULL,
  bucket        interval NOT NULL,
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
  created_at    timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE rollup IS 'Rollups, one row each; written by create_rollup. Seen by those who may read the rollup, changed by its owner.';
COMMENT ON COLUMN rollup.rollup IS 'The view that serves it.';
COMMENT ON COLUMN rollup.fact IS 'The table it sums up.';
COMMENT ON COLUMN rollup.time_column IS 'The fact''s column with the time of an event.';
COMMENT ON COLUMN rollup.bucket IS 'Width of a bucket.';
COMMENT ON COLUMN rollup.time_zone IS 'Time zone in which days, weeks and months begin.';
COMMENT ON COLUMN rollup.groups IS 'What it groups by: [{"name", "expression"}].';
COMMENT ON COLUMN rollup.columns IS 'What it keeps: [{"name", "value", "states": [{"column", "make", "merge"}]}].';
COMMENT ON COLUMN rollup.filter IS 'Condition on the fact''s rows; NULL: all count.';
COMMENT ON COLUMN rollup.capture IS 'How inserts reach it: trigger (any of them) or batch (those of the warehouse''s feeds).';
COMMENT ON COLUMN rollup.invertible IS 'Whether a deleted row can be taken off the states; if not, its bucket is recomputed.';
COMMENT ON COLUMN rollup.lateness IS 'How far behind the newest bucket a row may come before its bucket counts as final.';
COMMENT ON COLUMN rollup.states IS 'View of the mergeable states per bucket and group.';
COMMENT ON COLUMN rollup.rolled IS 'Table of compacted states, one row per bucket and group.';
COMMENT ON COLUMN rollup.delta IS 'Table of states not yet compacted.';
COMMENT ON COLUMN rollup.dirty IS 'Table of buckets to be recomputed.';
COMMENT ON COLUMN rollup.mark IS 'Table with one row: how far it is final, what was compacted and what came late.';
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
    WHEN extract(epoch FROM r.bucket) % 86400 <> 0
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
    WHEN extract(epoch FROM r.bucket) % 86400 <> 0 THEN format('(%s + %L::pg_catalog.interval)', start, r.bucket)
    ELSE format('pg_catalog.timezone(%2$L, pg_catalog.timezone(%2$L, %1$s) + %3$L::pg_catalog.interval)', start, r.time_zone, r.bucket) END
$body$;
COMMENT ON FUNCTION rollup_bucket_end(rollup, text) IS 'Internal: expression for the end of the bucket that starts there: the start of the next one, also where a day has 23 or 25 hours.';

CREATE FUNCTION rollup_list(r rollup) RETURNS text[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT ARRAY['bucket'] || ARRAY(SELECT quote_ident(value->>'name') FROM jsonb_array_elements(r.groups) WITH ORDINALITY ORDER BY ordinality) || ARRAY['n_rows']
    || ARRAY(SELECT quote_ident(s.value->>'column') FROM jsonb_array_elements(r.columns) WITH ORDINALITY AS c
             CROSS JOIN jsonb_array_elements(c.value->'states') WITH ORDINALITY AS s ORDER BY c.ordinality, s.ordinality)
$body$;
COMMENT ON FUNCTION rollup_list(rollup) IS 'Internal: the columns of rolled, delta and states, quoted: bucket, groups, n_rows, states.';

CREATE FUNCTION rollup_names(r rollup, prefix text DEFAULT '') RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT prefix || array_to_string(starhouse.rollup_list(r), ', ' || prefix)
$body$;
COMMENT ON FUNCTION rollup_names(rollup, text) IS 'Internal: the columns of rolled, delta and states, each behind the prefix.';

CREATE FUNCTION rollup_key(r rollup, prefix text DEFAULT '') RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT prefix || array_to_string((starhouse.rollup_list(r))[:1 + jsonb_array_length(r.groups)], ', ' || prefix)
$body$;
COMMENT ON FUNCTION rollup_key(rollup, text) IS 'Internal: bucket and groups, each behind the prefix.';

-- States made of the fact's rows; sign -1: to be taken off.
CREATE FUNCTION rollup_made(r rollup, source text, condition text, sign integer) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT format('SELECT %s AS bucket%s, %s AS n_rows%s FROM %s WHERE %s IS NOT NULL%s%s GROUP BY %s',
    starhouse.rollup_bucket(r, quote_ident(r.time_column)),
    (SELECT string_agg(format(', %s AS %I', value->>'expression', value->>'name'), '' ORDER BY ordinality) FROM jsonb_array_elements(r.groups) WITH ORDINALITY),
    CASE sign WHEN -1 THEN '-' ELSE '' END || 'pg_catalog.count(*)',
    (SELECT string_agg(format(', %s AS %I', CASE sign WHEN -1 THEN format('-(%s)', s.value->>'make') ELSE s.value->>'make' END, s.value->>'column'), ''
                       ORDER BY c.ordinality, s.ordinality)
     FROM jsonb_array_elements(r.columns) WITH ORDINALITY AS c CROSS JOIN jsonb_array_elements(c.value->'states') WITH ORDINALITY AS s),
    source, quote_ident(r.time_column), ' AND (' || r.filter || ')', ' AND ' || condition,
    (SELECT string_agg(n::text, ', ') FROM generate_series(1, 1 + jsonb_array_length(r.groups)) AS n))
$body$;
COMMENT ON FUNCTION rollup_made(rollup, text, text, integer) IS 'Internal: query that makes states per bucket and group of the rows of source (an item of FROM) that satisfy condition (NULL: all); sign -1 makes them negative.';

-- States merged per bucket and group.
CREATE FUNCTION rollup_merged(r rollup, source text, more text DEFAULT '') RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT format('SELECT %s, pg_catalog.sum(u.n_rows)::pg_catalog.int8 AS n_rows%s%s FROM (%s) AS u GROUP BY %s',
    starhouse.rollup_key(r, 'u.'),
    (SELECT string_agg(format(', %s AS %I', format(s.value->>'merge', 'u.' || quote_ident(s.value->>'column')), s.value->>'column'), '' ORDER BY c.ordinality, s.ordinality)
     FROM jsonb_array_elements(r.columns) WITH ORDINALITY AS c CROSS JOIN jsonb_array_elements(c.value->'states') WITH ORDINALITY AS s),
    more, source, starhouse.rollup_key(r, 'u.'))
$body$;
COMMENT ON FUNCTION rollup_merged(rollup, text, text) IS 'Internal: query that merges states (a query with the columns of rollup_names) per bucket and group, with more columns (", expression AS name" over u).';

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
