-- The law through SQL: any order and batching of the same events gives the same history, and merging
-- them again writes nothing. 16 keys of 1 to 80 seeded random events, deletes and copies among them.
SET client_min_messages = warning;
CREATE SCHEMA scd_law;
SET search_path = scd_law;
SET timezone = 'UTC';
-- Thousands of small statements: a worker for each would take minutes when workers are forced.
SET max_parallel_workers_per_gather = 0;
CREATE FUNCTION dice(seed text, sides int) RETURNS int LANGUAGE sql IMMUTABLE
  AS $$ SELECT (('x' || substr(md5(seed), 1, 8))::bit(32)::bigint % sides)::int $$;
CREATE TABLE event (id text, ts timestamptz, op text, a text, b numeric, name text, first_shop text, city text, level text);
INSERT INTO event
  SELECT DISTINCT ON (id, day) id, timestamptz '2024-01-01' + day * interval '1 day', CASE WHEN dice(s || 'op', 6) = 0 THEN 'D' ELSE 'U' END,
         (ARRAY['x', 'y', 'z', NULL])[1 + dice(s || 'a', 4)], (ARRAY[1.0, 2.00, NULL])[1 + dice(s || 'b', 3)], (ARRAY['Ann', 'Bob', NULL])[1 + dice(s || 'n', 3)],
         'shop ' || dice(s || 's', 5), 'city ' || dice(s || 'c', 4), 'level ' || dice(s || 'l', 3)
  FROM (SELECT 'K' || k AS id, dice(k || '/' || n || 'day', 200) AS day, k || '/' || n AS s
          FROM generate_series(1, 16) k, LATERAL generate_series(1, 1 + dice(k || 'count', 80)) n) x
  ORDER BY id, day, s;
SELECT count(*) > 300 AS many, count(*) FILTER (WHERE op = 'D') > 50 AS deletes FROM event;

-- The history by its definition. Deletes close, or (flagged) open a version with the content before.
CREATE FUNCTION by_definition(flagged boolean)
  RETURNS TABLE (id text, f timestamptz, t timestamptz, gone boolean, a text, b numeric, level text, name text, first_shop text, city text, previous_city text, current_level text)
  LANGUAGE sql AS $$
  WITH e AS (
    SELECT *, lag(ROW(op, CASE WHEN op = 'U' THEN ROW(a, b, level) END)) OVER w IS DISTINCT FROM ROW(op, CASE WHEN op = 'U' THEN ROW(a, b, level) END) AS changes
      FROM event WINDOW w AS (PARTITION BY id ORDER BY ts)),
  c AS (SELECT *, coalesce(lead(ts) OVER w, 'infinity') AS till, lag(ROW(a, b, level)) OVER w AS before, row_number() OVER w AS nth
          FROM (SELECT e.*, lag(e.a) OVER v AS la, lag(e.b) OVER v AS lb, lag(e.level) OVER v AS ll FROM e WINDOW v AS (PARTITION BY id ORDER BY ts)) e
         WHERE changes WINDOW w AS (PARTITION BY id ORDER BY ts)),
  u AS (SELECT id, (array_agg(name ORDER BY ts DESC))[1] AS name, (array_agg(first_shop ORDER BY ts))[1] AS first_shop, (array_agg(city ORDER BY ts DESC))[1] AS city,
               (array_agg(level ORDER BY ts DESC))[1] AS level
          FROM event WHERE op = 'U' GROUP BY id),
  p AS (SELECT e.id, (array_agg(e.city ORDER BY e.ts DESC))[1] AS city FROM event e JOIN u USING (id) WHERE e.op = 'U' AND e.city IS DISTINCT FROM u.city GROUP BY e.id)
  SELECT c.id, c.ts, c.till, c.op = 'D', CASE WHEN c.op = 'D' THEN la ELSE c.a END, CASE WHEN c.op = 'D' THEN lb ELSE c.b END, CASE WHEN c.op = 'D' THEN ll ELSE c.level END,
         u.name, u.first_shop, u.city, p.city, u.level
    FROM c JOIN u USING (id) LEFT JOIN p USING (id) WHERE c.op = 'U' OR flagged AND nth > 1
  $$;

-- Merges the events in shuffled batches and compares. size 0: one by one.
CREATE TABLE batch (LIKE event);
CREATE PROCEDURE play(dim regclass, batches int, seed text)
  LANGUAGE plpgsql AS $$
DECLARE
  counts record;
BEGIN
  FOR i IN 0..batches - 1 LOOP
    TRUNCATE batch;
    INSERT INTO batch SELECT event.* FROM event WHERE dice(id || ts || seed, batches) = i ORDER BY md5(id || ts || seed);
    INSERT INTO batch SELECT event.* FROM event WHERE dice(id || ts || seed || 'copy', 5 * batches) = i;
    EXECUTE format($c$ CALL starhouse.scd2_merge(%L, 'batch', 'feed', 'ts', 'op') $c$, dim) INTO counts;
    IF counts.rejected > 0 THEN RAISE WARNING '% rejected', counts.rejected; END IF;
  END LOOP;
END
$$;
CREATE PROCEDURE make(name text, interval_type text, flagged boolean, inclusive boolean, open_end text)
  LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TABLE %I (version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text, a text, b numeric, level text, name text, first_shop text,
                  city text, previous_city text, current_level text, valid_from %s, valid_to %2$s, is_current boolean, gone boolean DEFAULT false)', name, interval_type);
  PERFORM starhouse.scd_register(name::regclass, '{id}', '{a,b,level}', '{name}', type0 => '{first_shop}', type3 => '{"city": "previous_city"}',
                                 type6 => '{"level": "current_level"}', deleted_flag => CASE WHEN flagged THEN 'gone' END, end_inclusive => inclusive, open_end => open_end);
END
$$;
CREATE FUNCTION differences(dim regclass, flagged boolean) RETURNS bigint
  LANGUAGE plpgsql AS $$
DECLARE
  result bigint;
  d starhouse.scd_dimension := starhouse.scd_dimension_of(dim);
BEGIN
  EXECUTE format($q$ SELECT count(*) FROM (SELECT id, %s AS f, %s AS t, gone, a, b, level, name, first_shop, city, previous_city, current_level FROM %s x) m
    FULL JOIN by_definition(%L) d ON m.id = d.id AND m.f = d.f WHERE (m.*) IS DISTINCT FROM (d.*) $q$, starhouse.scd_read_from(d, 'x'), starhouse.scd_read_to(d, 'x'), dim, flagged) INTO result;
  RETURN result;
END
$$;
CREATE TABLE result (dim text, batches int, differ bigint, same_again boolean);
DO $$
DECLARE
  form record;
  before text;
  after text;
  memory text := 'SELECT md5(string_agg(m::text, '','' ORDER BY key_1, sequence, kind)) FROM (SELECT key_1, sequence, kind, given FROM %I) m';
BEGIN
  FOR form IN SELECT f.*, b.batches FROM (VALUES
      ('plain', 'timestamptz', false, false, 'infinity'), ('flagged', 'timestamptz', true, false, 'infinity'), ('dbt', 'timestamp', false, false, NULL),
      ('days', 'date', false, true, '9999-12-31'), ('moments', 'timestamptz', false, true, NULL)) f (name, interval_type, flagged, inclusive, open_end),
      (VALUES (1), (8), (30)) b (batches)
    WHERE b.batches = 8 OR f.name IN ('plain', 'flagged') LOOP
    CALL make(form.name || form.batches, form.interval_type, form.flagged, form.inclusive, form.open_end);
    CALL play((form.name || form.batches)::regclass, form.batches, 'seed ' || form.batches);
    EXECUTE format('SELECT md5(string_agg(x::text, '','' ORDER BY version)) FROM %I x', form.name || form.batches) INTO before;
    EXECUTE format(memory, form.name || form.batches || '_scd_memory') INTO after;
    before := before || after;
    CALL play((form.name || form.batches)::regclass, 3, 'another');
    EXECUTE format('SELECT md5(string_agg(x::text, '','' ORDER BY version)) FROM %I x', form.name || form.batches) INTO after;
    INSERT INTO result VALUES (form.name, form.batches, differences((form.name || form.batches)::regclass, form.flagged));
    DECLARE m text; BEGIN
      EXECUTE format(memory, form.name || form.batches || '_scd_memory') INTO m;
      UPDATE result SET same_again = (after || m = before) WHERE dim = form.name AND batches = form.batches;
    END;
  END LOOP;
END
$$;
SELECT * FROM result ORDER BY dim COLLATE "C", batches;
SELECT c.* FROM result r, starhouse.scd_check((r.dim || r.batches)::regclass) c;
-- one event at a time
CALL make('single', 'timestamptz', false, false, 'infinity');
DELETE FROM event WHERE id NOT IN ('K1', 'K2', 'K3');
DO $$
DECLARE e event;
BEGIN
  FOR e IN SELECT * FROM event ORDER BY md5(id || ts) LOOP
    TRUNCATE batch;
    INSERT INTO batch SELECT e.*;
    EXECUTE $c$ CALL starhouse.scd2_merge('single', 'batch', 'feed', 'ts', 'op') $c$;
  END LOOP;
END
$$;
SELECT count(*) > 50 AS events, differences('single', false) FROM event;
DROP SCHEMA scd_law CASCADE;
