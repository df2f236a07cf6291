-- Undo takes back what a merge did, whatever it did: after it, versions and memory are as before to the
-- last bit, and the same merge again goes on as if nothing had been. Random feeds and snapshots, late
-- and repeated events, deletes, all column types, every form of interval; scd_check at each step.
SET client_min_messages = warning;
CREATE SCHEMA scd_undo_law;
SET search_path = scd_undo_law;
SET timezone = 'UTC';
-- Thousands of small statements: a worker for each would take minutes when workers are forced.
SET max_parallel_workers_per_gather = 0;
CREATE FUNCTION dice(seed text, sides int) RETURNS int LANGUAGE sql IMMUTABLE
  AS $$ SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint % sides)::int $$;
CREATE TABLE batch (id text, ts timestamptz, op text, a text, b numeric, doc jsonb, name text, first_shop text, city text, level text);
CREATE FUNCTION fill(seed text, snapshot boolean) RETURNS void LANGUAGE sql AS $$
  TRUNCATE batch;
  INSERT INTO batch
    SELECT DISTINCT ON (id, CASE WHEN snapshot THEN 0 ELSE day END) id, timestamptz '2024-01-01' + day * interval '1 day', CASE WHEN dice(s || 'op', 5) = 0 THEN 'D' ELSE 'U' END,
           (ARRAY['x', 'y', NULL])[1 + dice(s || 'a', 3)], (ARRAY[1.0, 2.00, NULL])[1 + dice(s || 'b', 3)], (ARRAY['{"a": [1, null]}', '[]', NULL]::jsonb[])[1 + dice(s || 'd', 3)],
           (ARRAY['Ann', 'Bob', NULL])[1 + dice(s || 'n', 3)], 'shop ' || dice(s || 's', 3), 'city ' || dice(s || 'c', 3), 'level ' || dice(s || 'l', 3)
      FROM (SELECT 'K' || dice(seed || n || 'k', 8) AS id, dice(seed || n || 'day', 60) AS day, seed || '/' || n AS s FROM generate_series(1, 4 + dice(seed, 20)) n) x
     ORDER BY id, CASE WHEN snapshot THEN 0 ELSE day END, s
  $$;
CREATE FUNCTION state(dim regclass, surrogates boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v text; m text;
BEGIN
  EXECUTE format('SELECT md5(string_agg(x::text, E''\n'' ORDER BY x::text)) FROM (SELECT CASE WHEN %L THEN to_jsonb(x) ELSE to_jsonb(x) - ''version'' END AS x FROM %s x) x', surrogates, dim) INTO v;
  EXECUTE format('SELECT md5(string_agg(x::text, E''\n'' ORDER BY x::text)) FROM (SELECT CASE WHEN %L THEN to_jsonb(x) ELSE to_jsonb(x) - ''merge_id'' END AS x FROM %s_scd_memory x) x', surrogates, dim) INTO m;
  RETURN concat(v, ' ', m);
END
$$;
CREATE TABLE result (form text, step int, merged boolean, back boolean, again boolean, violations bigint);
DO $$
DECLARE
  form record;
  step int;
  dim regclass;
  before text; plain text; after text; undone text; again text;
  snapshot boolean;
  call text;
BEGIN
  FOR form IN SELECT * FROM (VALUES
      ('plain', 'timestamptz', false, false, 'infinity'), ('flagged', 'timestamptz', true, false, 'infinity'), ('dbt', 'timestamp', false, false, NULL),
      ('days', 'date', false, true, '9999-12-31'), ('flagged_days', 'date', true, true, NULL)) f (name, interval_type, flagged, inclusive, open_end) LOOP
    EXECUTE format('CREATE TABLE %I (version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text, a text, b numeric, doc jsonb, level text, name text, first_shop text,
                    city text, previous_city text, current_level text, valid_from %s, valid_to %2$s, is_current boolean, is_inferred boolean NOT NULL DEFAULT false, gone boolean NOT NULL DEFAULT false)', form.name, form.interval_type);
    dim := form.name::regclass;
    PERFORM starhouse.scd_register(dim, '{id}', '{a,b,doc,level}', '{name}', type0 => '{first_shop}', type3 => '{"city": "previous_city"}', type6 => '{"level": "current_level"}',
                                   deleted_flag => CASE WHEN form.flagged THEN 'gone' END, end_inclusive => form.inclusive, open_end => form.open_end);
    FOR step IN 1..40 LOOP
      -- Facts before their members; after the first merge, which has to find the table empty.
      IF step = 3 THEN
        PERFORM starhouse.scd_infer(dim, 'SELECT ''K'' || n FROM generate_series(0, 9) n');
      END IF;
      snapshot := dice(form.name || step || 'mode', 3) = 0;
      PERFORM fill(form.name || step, snapshot);
      before := state(dim, true);
      plain := state(dim, false);
      call := format('CALL starhouse.scd2_merge(%L, ''batch'', %s)', dim,
                     CASE WHEN snapshot THEN format('''snapshot'', missing => %L, as_of => %L', CASE WHEN form.flagged THEN 'flag' ELSE 'close' END, timestamptz '2024-01-01' + dice(form.name || step || 'as_of', 60) * interval '1 day')
                          ELSE '''feed'', ''ts'', ''op''' END);
      EXECUTE call;
      after := state(dim, false);
      PERFORM starhouse.scd_undo(dim);
      undone := state(dim, true);
      EXECUTE call;
      again := state(dim, false);
      INSERT INTO result SELECT form.name, step, plain <> after, before = undone, after = again, (SELECT count(*) FROM starhouse.scd_check(dim));
    END LOOP;
  END LOOP;
END
$$;
SELECT form, count(*) AS steps, count(*) FILTER (WHERE merged) > 30 AS merged, bool_and(back) AS back, bool_and(again) AS again, sum(violations) AS violations FROM result GROUP BY form ORDER BY form COLLATE "C";
-- the merges did something, and of every kind
SELECT mode, sum(inserted) > 20 AS inserted, sum(changed) > 20 AS changed, sum(late) > 20 AS late, sum(deleted) > 5 AS deleted, count(*) FILTER (WHERE undone_at IS NOT NULL) > 10 AS undone
  FROM starhouse.scd_run WHERE dimension IN (SELECT form::regclass FROM result) GROUP BY mode ORDER BY mode;
DROP SCHEMA scd_undo_law CASCADE;
