-- Hopping windows over a rollup: of one size, beginning every so often, each the states of its buckets merged.

CREATE TABLE rollup_window (
  window_view   regclass PRIMARY KEY,
  rollup        regclass NOT NULL,
  size          interval NOT NULL,
  slide         interval NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE rollup_window IS 'Hopping windows over rollups, one row each; written by create_windows. Seen by those who may read the windows, changed by their owner.';
COMMENT ON COLUMN rollup_window.window_view IS 'The view that serves them.';
COMMENT ON COLUMN rollup_window.rollup IS 'The rollup whose buckets they are made of.';
COMMENT ON COLUMN rollup_window.size IS 'Width of a window.';
COMMENT ON COLUMN rollup_window.slide IS 'From the beginning of one to that of the next.';
COMMENT ON COLUMN rollup_window.created_at IS 'When they were created.';
SELECT pg_catalog.pg_extension_config_dump('rollup_window', '');
ALTER TABLE rollup_window ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON rollup_window TO PUBLIC;
CREATE POLICY reader ON rollup_window FOR SELECT USING (pg_catalog.has_table_privilege(window_view, 'SELECT') OR scd_owns(window_view));
CREATE POLICY owner ON rollup_window FOR ALL USING (scd_owns(window_view)) WITH CHECK (scd_owns(window_view));

-- How many steps of a rollup's kind an interval has: seconds, days or months. NULL when it is not made of whole ones.
CREATE FUNCTION rollup_steps(r rollup, width interval) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT CASE
    WHEN r.bucket < interval '1 day' THEN CASE WHEN extract(year FROM width) = 0 AND extract(month FROM width) = 0 AND extract(epoch FROM width) % extract(epoch FROM r.bucket) = 0 THEN extract(epoch FROM width)::bigint END
    WHEN extract(year FROM r.bucket) = 0 AND extract(month FROM r.bucket) = 0
      THEN CASE WHEN width = make_interval(days => extract(day FROM width)::integer) AND extract(day FROM width)::integer % extract(day FROM r.bucket)::integer = 0 AND extract(month FROM width) = 0 AND extract(year FROM width) = 0
                THEN extract(day FROM width)::bigint END
    ELSE CASE WHEN extract(day FROM width) = 0 AND extract(epoch FROM width - date_trunc('month', width)) = 0
               AND (extract(year FROM width) * 12 + extract(month FROM width)) % (extract(year FROM r.bucket) * 12 + extract(month FROM r.bucket)) = 0
              THEN (extract(year FROM width) * 12 + extract(month FROM width))::bigint END END
$body$;
COMMENT ON FUNCTION rollup_steps(rollup, interval) IS 'Internal to create_windows: an interval in seconds, days or months, whichever the rollup''s buckets are counted in; NULL when it is not made of whole buckets.';

CREATE FUNCTION create_windows(name text, rollup regclass, size interval, slide interval DEFAULT NULL) RETURNS regclass
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, starhouse, pg_temp SET client_min_messages = warning
AS $body$
DECLARE
  r starhouse.rollup := starhouse.rollup_get(rollup);
  every interval := coalesce(slide, r.bucket);
  size_steps bigint;
  slide_steps bigint;
  schema text;
  stem text;
  start text;
  finish text;
  groups text := (SELECT string_agg(format('x.%I, ', g->>'name'), '' ORDER BY n) FROM jsonb_array_elements(r.groups) WITH ORDINALITY AS e(g, n));
  merges text := (SELECT string_agg(format(', %s AS %I', format(s.value->>'merge', 'x.' || quote_ident(s.value->>'column')), s.value->>'column'), '' ORDER BY c.ordinality, s.ordinality)
                  FROM jsonb_array_elements(r.columns) WITH ORDINALITY AS c CROSS JOIN jsonb_array_elements(c.value->'states') WITH ORDINALITY AS s);
  shown text;
  windows text;
  made regclass;
  role text;
BEGIN
  IF name IS NULL OR size IS NULL THEN
    RAISE EXCEPTION 'name and size must not be NULL' USING ERRCODE = '22004', HINT = 'For example create_windows(''orders_of_an_hour'', ''orders_5min'', ''1 hour'', ''15 minutes'').';
  ELSIF NOT starhouse.scd_owns(r.rolled) THEN
    RAISE EXCEPTION 'rollup % belongs to another role', r.rollup USING ERRCODE = '42501',
      HINT = format('Make its windows as %s, or as a member of that role.', (SELECT c.relowner::regrole FROM pg_class c WHERE c.oid = r.rolled));
  END IF;
  IF r.gap IS NOT NULL THEN
    RAISE EXCEPTION '% has sessions, not buckets', r.rollup USING ERRCODE = '42809', HINT = 'Windows are made of a rollup''s buckets.';
  END IF;
  SELECT p.schema, p.stem INTO schema, stem FROM starhouse.rollup_place(name, r.rollup) AS p;
  size_steps := starhouse.rollup_steps(r, size);
  slide_steps := starhouse.rollup_steps(r, every);
  IF slide_steps IS NULL OR slide_steps <= 0 OR size_steps IS NULL OR size_steps < slide_steps OR size_steps > 10000 * slide_steps THEN
    RAISE EXCEPTION 'windows of % cannot begin every % over buckets of %', size, every, r.bucket USING ERRCODE = '22023',
      HINT = 'Both are made of whole buckets, in the same unit (parts of a day, days, or months and years), and size is 1 to 10,000 times the slide.';
  END IF;
  -- A window begins at a multiple of the slide, counted from where buckets are counted from; i of them hold a bucket.
  start := CASE
    WHEN r.bucket < interval '1 day' THEN format('pg_catalog.date_bin(%1$L::pg_catalog.interval, x.bucket, ''2000-01-03 00:00:00+00''::pg_catalog.timestamptz) - i * %1$L::pg_catalog.interval', make_interval(secs => slide_steps))
    WHEN extract(year FROM r.bucket) = 0 AND extract(month FROM r.bucket) = 0
      THEN format('pg_catalog.timezone(%1$L, ''2000-01-03''::pg_catalog.timestamp + ((pg_catalog.floor((pg_catalog.timezone(%1$L, x.bucket)::pg_catalog.date - ''2000-01-03''::pg_catalog.date)::pg_catalog.float8 / %2$s) - i) * %2$s) * ''1 day''::pg_catalog.interval)', r.time_zone, slide_steps)
    ELSE format('pg_catalog.timezone(%1$L, ''2000-01-01''::pg_catalog.timestamp + ((pg_catalog.floor(((extract(year FROM pg_catalog.timezone(%1$L, x.bucket)) - 2000) * 12 + extract(month FROM pg_catalog.timezone(%1$L, x.bucket)) - 1)::pg_catalog.float8 / %2$s) - i) * %2$s) * ''1 month''::pg_catalog.interval)', r.time_zone, slide_steps) END;
  finish := CASE WHEN r.bucket < interval '1 day' THEN format('(w.window_start + %L::pg_catalog.interval)', make_interval(secs => size_steps))
                 ELSE format('pg_catalog.timezone(%1$L, pg_catalog.timezone(%1$L, w.window_start) + %2$L::pg_catalog.interval)', r.time_zone, size) END;
  shown := (SELECT string_agg(format(', %s AS %I', c.value->>'value', c.value->>'name'), '' ORDER BY ordinality) FROM jsonb_array_elements(r.columns) WITH ORDINALITY AS c);
  windows := format($sql$
    SELECT v.window_start, v.window_end, %1$s%2$s v.window_end <= (SELECT k.watermark FROM %3$s AS k) AS is_final
    FROM (SELECT w.window_start, e.window_end, %4$s pg_catalog.sum(x.n_rows)::pg_catalog.int8 AS n_rows%5$s
          FROM %6$s AS x CROSS JOIN pg_catalog.generate_series(0, %7$s) AS i CROSS JOIN LATERAL (SELECT %8$s AS window_start) AS w CROSS JOIN LATERAL (SELECT %9$s AS window_end) AS e
          WHERE x.bucket < e.window_end%%s GROUP BY %10$s 1, 2) AS v$sql$,
    replace(groups, 'x.', 'v.'), substr(shown, 3) || ',', r.mark, groups, merges, r.states, (size_steps - 1) / slide_steps, start, finish,
    groups);
  EXECUTE format('CREATE VIEW %I.%I AS %s', schema, stem, format(windows, ''));
  made := format('%I.%I', schema, stem)::regclass;
  EXECUTE format('COMMENT ON VIEW %s IS %L', made, format('Windows of %s that begin every %s, over rollup %s: always current. See starhouse.create_windows.', size, every, r.rollup));
  -- What bounds the windows bounds the buckets: a view does not see that.
  EXECUTE format('CREATE FUNCTION %I.%I(from_time timestamptz, to_time timestamptz) RETURNS SETOF %s LANGUAGE sql STABLE PARALLEL SAFE BEGIN ATOMIC %s; END', schema, stem, made,
    format(windows, format(' AND x.bucket >= from_time AND x.bucket < to_time + %L::pg_catalog.interval AND w.window_start >= from_time AND w.window_start < to_time', size + interval '1 day')));
  EXECUTE format('COMMENT ON FUNCTION %I.%I(timestamptz, timestamptz) IS %L', schema, stem, format('Windows of %s that begin in [from_time, to_time): reads their buckets alone. NULL gives none.', made));
  INSERT INTO starhouse.rollup_window (window_view, rollup, size, slide) VALUES (made, r.rollup, size, every);
  FOR role IN SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) AS x
              WHERE c.oid = r.rollup AND x.privilege_type = 'SELECT' AND x.grantee <> c.relowner LOOP
    EXECUTE format('GRANT SELECT ON %s, %s, %s TO %s', made, r.states, r.mark, role);
  END LOOP;
  RETURN made;
END
$body$;
COMMENT ON FUNCTION create_windows(text, regclass, interval, interval) IS
  'Hopping windows over a rollup: makes a view name (window_start, window_end, groups, values, is_final), current like the rollup, in which each window of the size, beginning every slide (NULL: every bucket), has the merged states of its buckets; and a function name(from_time, to_time) for the windows that begin in a range, which reads no more than their buckets. A window is final when the rollup''s watermark has passed its end. Stores nothing. size and slide are made of whole buckets, in seconds to hours, days, or months, as the buckets are. Errors: 22004 NULL, 22023, 42501 of another role, 42704 for what is no rollup, 42P07.';

CREATE FUNCTION drop_windows(windows regclass) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  found starhouse.rollup_window;
BEGIN
  DELETE FROM starhouse.rollup_window AS w WHERE w.window_view = windows RETURNING w.* INTO found;
  IF found.window_view IS NULL THEN
    RAISE EXCEPTION '% are no windows of a rollup', coalesce(windows::text, 'NULL') USING ERRCODE = '42704', HINT = 'SELECT window_view FROM starhouse.rollup_window lists them.';
  END IF;
  EXECUTE format('DROP FUNCTION IF EXISTS %s(timestamptz, timestamptz)', found.window_view);
  EXECUTE format('DROP VIEW %s', found.window_view);
END
$body$;
COMMENT ON FUNCTION drop_windows(regclass) IS 'Drops the view and the function of create_windows; the rollup stays. 42704 for what are no such windows, NULL included; 2BP01 while others use them.';
