-- create_rollup, drop_rollup.

-- The type of an aggregate over the fact, and the aggregate that it calls.
CREATE FUNCTION rollup_probe(fact regclass, expression text, OUT type regtype, OUT aggregate regprocedure)
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, starhouse, pg_temp
AS $body$
BEGIN
  EXECUTE format('CREATE TEMP VIEW starhouse_rollup_probe AS SELECT %s AS x FROM %s', expression, fact);
  SELECT a.atttypid INTO type FROM pg_attribute a WHERE a.attrelid = 'pg_temp.starhouse_rollup_probe'::regclass AND a.attnum = 1;
  SELECT a.aggfnoid::regprocedure INTO aggregate
  FROM pg_depend d JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
    JOIN pg_aggregate a ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = a.aggfnoid
  WHERE w.ev_class = 'pg_temp.starhouse_rollup_probe'::regclass ORDER BY a.aggfnoid LIMIT 1;
  DROP VIEW pg_temp.starhouse_rollup_probe;
END
$body$;
COMMENT ON FUNCTION rollup_probe(regclass, text) IS
  'Internal to create_rollup: type of an aggregate expression over the fact, and which aggregate it calls; NULL where it is one of the core.';

-- Core aggregates are taken apart (sum and count for an average); one of the extension's is kept as its
-- state, found by what the aggregate itself is made of.
CREATE FUNCTION rollup_column(fact regclass, name text, spec jsonb) RETURNS jsonb
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, starhouse, pg_temp
AS $body$
DECLARE
  expression text := CASE jsonb_typeof(spec) WHEN 'string' THEN spec #>> '{}' WHEN 'object' THEN spec->>'state' END;
  parts text[] := regexp_match(expression, '^\s*(?:(\w+)\.)?(\w+)\s*\((.*?)\)\s*(filter\s*\(.*\))?\s*$', 'is');
  function text := lower(parts[2]);
  sums text;
  probed record;
  found record;
BEGIN
  IF parts IS NULL THEN
    RAISE EXCEPTION 'column "%" is no aggregate: %', name, spec USING ERRCODE = '22023',
      HINT = 'Give an aggregate call such as "sum(amount)" or "count(*) FILTER (WHERE paid)", or {"state": "x_state(a)", "value": "x_value(column)"}.';
  END IF;
  probed := starhouse.rollup_probe(fact, expression);

  IF probed.aggregate IS NULL AND function IN ('count', 'sum', 'avg', 'min', 'max') THEN
    IF parts[3] ~* '^\s*distinct\s' THEN
      RAISE EXCEPTION 'distinct values of "%" cannot be added up over buckets', name USING ERRCODE = '0A000',
        HINT = 'Keep a state that can: approx_count_distinct(x) or count_distinct_exact(x).';
    ELSIF function = 'count' AND btrim(parts[3]) = '*' AND parts[4] IS NULL THEN
      -- The number of rows is kept anyway.
      RETURN jsonb_build_object('name', name, 'value', 'n_rows', 'states', '[]'::jsonb);
    ELSIF function = 'count' THEN
      RETURN jsonb_build_object('name', name, 'value', quote_ident(name), 'states', jsonb_build_array(
        jsonb_build_object('column', name, 'make', expression, 'merge', 'pg_catalog.sum(%s)::pg_catalog.int8', 'inverse', true)));
    ELSIF function IN ('min', 'max') THEN
      RETURN jsonb_build_object('name', name, 'value', quote_ident(name), 'states', jsonb_build_array(
        jsonb_build_object('column', name, 'make', expression, 'merge', format('pg_catalog.%s(%%s)', function), 'inverse', false)));
    END IF;
    sums := regexp_replace(expression, '\mavg\M', 'sum', 'i');
    probed := starhouse.rollup_probe(fact, sums);
    -- Rows can be taken off a sum again unless it is one of floating-point numbers.
    RETURN jsonb_build_object('name', name,
      'value', format(CASE function WHEN 'sum' THEN 'CASE WHEN %2$I > 0 THEN %1$I END' ELSE 'CASE WHEN %2$I > 0 THEN %1$I%3$s / %2$I END' END,
                      name, name || '_n', CASE WHEN probed.type = 'int8'::regtype THEN '::pg_catalog.numeric' END),
      'states', jsonb_build_array(
        jsonb_build_object('column', name, 'make', format('coalesce(%s, ''0'')', sums), 'merge', format('pg_catalog.sum(%%s)::%s', probed.type),
                           'type', probed.type, 'inverse', probed.type <> ALL ('{float4, float8}'::regtype[])),
        jsonb_build_object('column', name || '_n', 'make', regexp_replace(sums, '\msum\M', 'count', 'i'), 'merge', 'pg_catalog.sum(%s)::pg_catalog.int8', 'inverse', true)));
  END IF;

  -- The aggregate that gives the same state, the one that merges states, the function that reads one.
  SELECT format('%I.%I', n.nspname, p.proname) AS make, format('%I.%I(%%s)', mn.nspname, m.proname) AS merge,
         CASE WHEN o.prorettype = oa.aggtranstype THEN '%s' WHEN f.oid IS NOT NULL THEN format('%I.%I(%%s)', fn.nspname, f.proname) END AS value
    INTO found
  FROM pg_aggregate oa JOIN pg_proc o ON o.oid = oa.aggfnoid
    JOIN pg_aggregate a ON a.aggtransfn = oa.aggtransfn AND a.aggtranstype = oa.aggtranstype
    JOIN pg_proc p ON p.oid = a.aggfnoid AND p.prorettype = oa.aggtranstype AND p.proargtypes = o.proargtypes JOIN pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_proc m ON m.prokind = 'a' AND m.prorettype = oa.aggtranstype AND m.pronargs = 1 AND m.proargtypes[0] = oa.aggtranstype
    JOIN pg_aggregate ma ON ma.aggfnoid = m.oid AND ma.aggtransfn = oa.aggcombinefn JOIN pg_namespace mn ON mn.oid = m.pronamespace
    LEFT JOIN pg_proc f ON f.oid = oa.aggfinalfn AND (f.pronargs - f.pronargdefaults) <= 1 LEFT JOIN pg_namespace fn ON fn.oid = f.pronamespace
  WHERE oa.aggfnoid = probed.aggregate::oid;
  IF found.make IS NULL OR (found.value IS NULL AND (jsonb_typeof(spec) = 'string' OR spec->>'value' IS NULL)) THEN
    RAISE EXCEPTION 'no mergeable state is known for column "%": %', name, expression USING ERRCODE = '0A000',
      HINT = 'Use count, sum, avg, min, max, an aggregate that comes with x_state and x_merge, or {"state": "x_state(a)", "value": "x_value(column)"}.';
  END IF;
  RETURN jsonb_build_object('name', name, 'value', coalesce(CASE jsonb_typeof(spec) WHEN 'object' THEN spec->>'value' END, format(found.value, quote_ident(name))),
    'states', jsonb_build_array(jsonb_build_object('column', name, 'make', concat_ws(' ', format('%s(%s)', found.make, parts[3]), parts[4]),
                                                   'merge', found.merge, 'inverse', false)));
END
$body$;
COMMENT ON FUNCTION rollup_column(regclass, text, jsonb) IS
  'Internal to create_rollup: what a column keeps and how it is read, from an aggregate call or {"state", "value"}.';

CREATE FUNCTION rollup_place(name text, fact regclass, OUT schema text, OUT stem text)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  path text[] := parse_ident(name);
BEGIN
  stem := path[cardinality(path)];
  SELECT coalesce(CASE WHEN cardinality(path) > 1 THEN path[1] END, n.nspname) INTO schema
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = fact;
  IF octet_length(stem) > 50 THEN
    RAISE EXCEPTION 'the name "%" is too long for a rollup', stem USING ERRCODE = '42622', HINT = 'Give one of at most 50 bytes: its tables'' names begin with it.';
  ELSIF to_regclass(format('%I.%I', schema, stem)) IS NOT NULL THEN
    RAISE EXCEPTION 'there is a relation "%" in schema "%" already', stem, schema USING ERRCODE = '42P07', HINT = 'Choose another name, or drop_rollup() the one there is.';
  END IF;
END
$body$;
COMMENT ON FUNCTION rollup_place(text, regclass) IS 'Internal: where a rollup of that name goes, by default the fact''s schema. 42622 for a name that is too long, 42P07 for one that is taken.';

CREATE FUNCTION rollup_width(bucket interval) RETURNS void
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  IF bucket <= interval '0' OR (bucket < interval '1 day' AND 86400 % extract(epoch FROM bucket) <> 0)
     OR (bucket >= interval '1 day' AND bucket <> ALL ('{1 day, 7 days, 1 month, 3 months, 1 year}'::interval[])) THEN
    RAISE EXCEPTION 'a bucket cannot be % wide', bucket USING ERRCODE = '22023',
      HINT = 'Use a part of a day that goes into it evenly, such as ''1 minute'' or ''6 hours'', or 1 day, 7 days, 1 month, 3 months or 1 year.';
  END IF;
END
$body$;
COMMENT ON FUNCTION rollup_width(interval) IS 'Internal: 22023 for what cannot be the width of a bucket.';

CREATE FUNCTION rollup_groups(group_by text[]) RETURNS jsonb
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT coalesce(jsonb_agg(jsonb_build_object('expression', coalesce(m[1], quote_ident(g)), 'name', coalesce(replace(btrim(m[2], '"'), '""', '"'), g)) ORDER BY n), '[]')
  FROM unnest(group_by) WITH ORDINALITY AS e(g, n) CROSS JOIN LATERAL (SELECT regexp_match(g, '^(.*\S)\s+as\s+(\w+|"(?:[^"]|"")+")\s*$', 'is') AS m) AS p
$body$;
COMMENT ON FUNCTION rollup_groups(text[]) IS 'Internal: columns and ''expression AS name'' as rollup.groups has them.';

-- Tables and views of a rollup whose definition is complete, filled and known.
CREATE FUNCTION rollup_build(r rollup, schema text, stem text) RETURNS rollup
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, starhouse, pg_temp
AS $body$
DECLARE
  -- What is folded: of a finer rollup its deltas come with its next compaction.
  folded text := coalesce((SELECT f.rolled::text FROM starhouse.rollup AS f WHERE f.rollup = r.finer), r.fact::text);
  served text := coalesce((SELECT f.states::text FROM starhouse.rollup AS f WHERE f.rollup = r.finer), r.fact::text);
BEGIN
  EXECUTE format('CREATE TABLE %I.%I AS %s WITH NO DATA', schema, stem || '_delta', starhouse.rollup_made(r, folded, NULL, 1));
  -- No column that changes is in an index, and pages have room: a row is updated in its page.
  EXECUTE format('CREATE TABLE %I.%I (LIKE %1$I.%3$I, late_rows bigint NOT NULL DEFAULT 0, UNIQUE NULLS NOT DISTINCT (%4$s)) WITH (fillfactor = 80)',
                 schema, stem || '_rolled', stem || '_delta', starhouse.rollup_key(r));
  EXECUTE format('CREATE TABLE %I.%I (bucket timestamptz NOT NULL)', schema, stem || '_dirty');
  EXECUTE format('CREATE TABLE %I.%I (watermark timestamptz NOT NULL DEFAULT ''-infinity'', frozen_before timestamptz NOT NULL DEFAULT ''-infinity'', late_rows bigint NOT NULL DEFAULT 0,
                  late_revisions bigint NOT NULL DEFAULT 0, compacted_at timestamptz NOT NULL DEFAULT now(), only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row))', schema, stem || '_mark');
  EXECUTE format('INSERT INTO %I.%I DEFAULT VALUES', schema, stem || '_mark');
  r.delta := format('%I.%I', schema, stem || '_delta')::regclass;
  r.rolled := format('%I.%I', schema, stem || '_rolled')::regclass;
  r.dirty := format('%I.%I', schema, stem || '_dirty')::regclass;
  r.mark := format('%I.%I', schema, stem || '_mark')::regclass;
  -- What lies before the oldest bucket that something is to be folded into is served as it is stored. NOT IN, whose (few)
  -- buckets are hashed once: an anti-join would look through them for every row.
  -- Dirty buckets come straight from the fact; OFFSET 0 keeps that a lookup per bucket.
  EXECUTE format('CREATE VIEW %I.%I AS WITH o AS MATERIALIZED (SELECT coalesce(pg_catalog.min(p.bucket), ''infinity'') AS oldest FROM (%s) AS p)
     SELECT m.*%s FROM (SELECT %s FROM %s AS x WHERE x.bucket < (SELECT o.oldest FROM o) AND x.bucket NOT IN (SELECT d.bucket FROM (%s) AS d) UNION ALL (%s)) AS m WHERE m.n_rows > 0',
    schema, stem || '_states', starhouse.rollup_oldest(r), starhouse.rollup_counts(r, 'm.'), starhouse.rollup_names(r, 'x.'), r.rolled, starhouse.rollup_marked(r), starhouse.rollup_merged(r, format(
    'SELECT %1$s FROM %2$s AS x WHERE x.bucket >= (SELECT o.oldest FROM o) AND x.bucket NOT IN (SELECT d.bucket FROM (%3$s) AS d)
     UNION ALL SELECT %1$s FROM (%4$s) AS x WHERE x.bucket NOT IN (SELECT d.bucket FROM (%3$s) AS d)
     UNION ALL SELECT %6$s FROM (SELECT DISTINCT d.bucket AS dirty FROM (%3$s) AS d) AS d CROSS JOIN LATERAL (%5$s OFFSET 0) AS x',
    starhouse.rollup_names(r, 'x.'), r.rolled, starhouse.rollup_marked(r), starhouse.rollup_pending(r),
    starhouse.rollup_made(r, served, format('%1$I >= d.dirty AND %1$I < %2$s', r.time_column, starhouse.rollup_bucket_end(r, 'd.dirty')), 1),
    -- x.bucket is d.dirty, but only of that one the planner sees which buckets are asked for.
    'd.dirty AS bucket, x.' || array_to_string((starhouse.rollup_list(r))[2:], ', x.'))));
  r.states := format('%I.%I', schema, stem || '_states')::regclass;
  EXECUTE format('CREATE VIEW %I.%I AS SELECT %s%s, %s <= (SELECT k.watermark FROM %s AS k) AS is_final FROM %s AS v', schema, stem, starhouse.rollup_key(r, 'v.'),
    (SELECT string_agg(format(', %s AS %I', c.value->>'value', c.value->>'name'), '' ORDER BY ordinality) FROM jsonb_array_elements(r.columns) WITH ORDINALITY AS c),
    starhouse.rollup_bucket_end(r, 'v.bucket'), r.mark, r.states);
  r.rollup := format('%I.%I', schema, stem)::regclass;
  INSERT INTO starhouse.rollup (rollup, fact, finer, time_column, bucket, time_zone, groups, columns, filter, capture, invertible, lateness, states, rolled, delta, dirty, mark, watermark_by, idle_after, seen)
  VALUES (r.rollup, r.fact, r.finer, r.time_column, r.bucket, r.time_zone, r.groups, r.columns, r.filter, r.capture, r.invertible, r.lateness, r.states, r.rolled, r.delta, r.dirty, r.mark, r.watermark_by, r.idle_after, r.seen);

  EXECUTE format('COMMENT ON VIEW %s IS %L', r.rollup, format('Rollup of %s by %s: always current. See starhouse.create_rollup.', r.fact, r.bucket));
  EXECUTE format('COMMENT ON VIEW %s IS %L', r.states, format('Mergeable states of rollup %s: merge them over buckets or groups, then take the value.', r.rollup));
  EXECUTE format('COMMENT ON TABLE %s IS %L', r.rolled, format('Compacted states of rollup %s.', r.rollup));
  EXECUTE format('COMMENT ON TABLE %s IS %L', r.delta, format('States of rollup %s that starhouse.rollup_compact has not folded in yet.', r.rollup));
  EXECUTE format('COMMENT ON TABLE %s IS %L', r.dirty, format('Buckets of rollup %s that starhouse.rollup_compact will recompute.', r.rollup));
  EXECUTE format('COMMENT ON TABLE %s IS %L', r.mark, format('One row: watermark before which buckets of rollup %s are final, frozen_before before which its fact is gone, rows that came after their bucket was final and how many values that revised, last compaction.', r.rollup));

  EXECUTE format('INSERT INTO %s (%s) SELECT * FROM (%s) AS m WHERE m.n_rows > 0', r.rolled, starhouse.rollup_names(r), starhouse.rollup_made(r, folded, NULL, 1));
  PERFORM starhouse.rollup_move_watermark(r);
  EXECUTE format('ANALYZE %s, %s', r.rolled, r.mark);
  RETURN r;
END
$body$;
COMMENT ON FUNCTION rollup_build(rollup, text, text) IS 'Internal to create_rollup and create_rollup_on: makes the views and tables, fills them, registers the rollup and returns its definition.';

-- Whoever writes the fact writes deltas; whoever reads it reads the rollup.
CREATE FUNCTION rollup_grant(r rollup) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  grants record;
BEGIN
  FOR grants IN SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END AS role, bool_or(x.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')) AS writes,
                       bool_or(x.privilege_type = 'TRUNCATE') AS empties, bool_or(x.privilege_type = 'SELECT') AS reads
                FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) AS x WHERE c.oid = r.fact AND x.grantee <> c.relowner GROUP BY x.grantee LOOP
    IF grants.writes THEN
      EXECUTE format('GRANT INSERT ON %s TO %s', concat_ws(', ', r.delta, r.dirty, r.seen), grants.role);
    END IF;
    IF grants.empties THEN
      EXECUTE format('GRANT TRUNCATE ON %s, %s TO %s', r.delta, r.dirty, grants.role);
      EXECUTE format('GRANT SELECT, DELETE ON %s TO %s', r.rolled, grants.role);
      EXECUTE format('GRANT SELECT ON %s TO %s', r.mark, grants.role);
    END IF;
    IF grants.reads THEN
      EXECUTE format('GRANT SELECT ON %s, %s TO %s', r.rollup, r.states, grants.role);
    END IF;
  END LOOP;
END
$body$;
COMMENT ON FUNCTION rollup_grant(rollup) IS 'Internal to create_rollup: the privileges on a rollup that those who write, empty or read its fact need.';

-- What all rollups of a table have in common.
CREATE FUNCTION rollup_begin(name text, fact regclass, time_column text, group_by text[], aggregates json, filter text, lateness interval) RETURNS rollup
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, starhouse, pg_temp
AS $body$
DECLARE
  r starhouse.rollup;
  problem text;
  time_type regtype;
BEGIN
  IF name IS NULL OR fact IS NULL OR time_column IS NULL OR aggregates IS NULL OR lateness IS NULL THEN
    RAISE EXCEPTION 'name, fact, time_column, aggregates and lateness must not be NULL' USING ERRCODE = '22004',
      HINT = 'For example create_rollup(''orders_hourly'', ''orders'', ''placed_at'', ''1 hour'', ARRAY[''city''], ''{"orders": "count(*)"}'').';
  END IF;
  PERFORM starhouse.rollup_place(name, fact);
  SELECT format('%s is %s rollup %s', rollup_begin.fact, CASE WHEN o.rollup = rollup_begin.fact THEN 'the' ELSE 'a part of the' END, o.rollup) INTO problem
  FROM starhouse.rollup AS o WHERE rollup_begin.fact IN (o.rollup, o.states, o.rolled, o.delta, o.dirty, o.mark, o.seen);
  IF problem IS NOT NULL THEN
    RAISE EXCEPTION '%', problem USING ERRCODE = '42809', HINT = 'create_rollup_on makes a rollup of a rollup.';
  END IF;
  SELECT a.atttypid INTO time_type FROM pg_attribute a WHERE a.attrelid = fact AND a.attname = time_column AND a.attnum > 0 AND NOT a.attisdropped;
  IF time_type IS NULL THEN
    RAISE EXCEPTION '% has no column "%"', fact, time_column USING ERRCODE = '42703', HINT = 'Name the column with the time of an event.';
  ELSIF time_type <> 'timestamptz'::regtype THEN
    RAISE EXCEPTION 'time column "%" is of type %', time_column, time_type USING ERRCODE = '42804', HINT = 'Buckets need timestamptz: a local time is ambiguous when the clocks go back.';
  END IF;
  IF lateness < interval '0' THEN
    RAISE EXCEPTION 'lateness is %', lateness USING ERRCODE = '22023', HINT = 'Give how far behind the newest bucket rows may come, 0 or more.';
  ELSIF json_typeof(aggregates) <> 'object' OR aggregates::jsonb = '{}' THEN
    RAISE EXCEPTION 'aggregates is no object with columns: %', aggregates USING ERRCODE = '22023', HINT = 'Give for example {"orders": "count(*)", "revenue": "sum(amount)"}.';
  END IF;
  r.fact := fact;
  r.time_column := time_column;
  r.filter := filter;
  r.lateness := lateness;
  r.groups := starhouse.rollup_groups(group_by);
  -- What an aggregate is made of rollup_probe finds out by CREATE TEMP VIEW.
  SELECT jsonb_agg(starhouse.rollup_column(fact, key, value::jsonb) ORDER BY n) INTO r.columns FROM json_each(aggregates) WITH ORDINALITY AS e(key, value, n);
  RETURN r;
END
$body$;
COMMENT ON FUNCTION rollup_begin(text, regclass, text, text[], json, text, interval) IS 'Internal to create_rollup and create_sessions: the part of a definition that both have, checked.';

CREATE FUNCTION rollup_capture_of(fact regclass, capture text) RETURNS text
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  IF coalesce(capture, 'trigger') NOT IN ('trigger', 'batch') OR capture = 'batch' AND (
       NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = fact AND a.attname = 'batch_id' AND NOT a.attisdropped)
       OR to_regclass(format('%I.feed', (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = fact))) IS NULL) THEN
    RAISE EXCEPTION 'capture "%" cannot be had for %', capture, fact USING ERRCODE = '22023',
      HINT = 'trigger takes up every insert; batch those of the feeds of a warehouse whose fact has a column batch_id.';
  END IF;
  RETURN coalesce(capture, 'trigger');
END
$body$;
COMMENT ON FUNCTION rollup_capture_of(regclass, text) IS 'Internal to create_rollup and create_sessions: how inserts reach a rollup of the fact, trigger where NULL. 22023 for what cannot be had.';

CREATE FUNCTION create_rollup(name text, fact regclass, time_column text, bucket interval, group_by text[], aggregates json,
                              filter text DEFAULT NULL, time_zone text DEFAULT NULL, capture text DEFAULT NULL,
                              lateness interval DEFAULT '0', watermark_by text DEFAULT NULL, idle_after interval DEFAULT '5 minutes') RETURNS regclass
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, starhouse, pg_temp SET client_min_messages = warning
AS $body$
DECLARE
  r starhouse.rollup;
  schema text;
  stem text;
BEGIN
  IF bucket IS NULL THEN
    RAISE EXCEPTION 'bucket must not be NULL' USING ERRCODE = '22004', HINT = 'Give how wide a bucket is, such as ''1 hour''.';
  END IF;
  bucket := justify_hours(bucket);
  PERFORM starhouse.rollup_width(bucket);
  r := starhouse.rollup_begin(name, fact, time_column, group_by, aggregates, filter, lateness);
  SELECT p.schema, p.stem INTO schema, stem FROM starhouse.rollup_place(name, fact) AS p;
  r.bucket := bucket;
  r.time_zone := coalesce(time_zone, starhouse.warehouse_time_zone((SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = fact)));
  PERFORM timezone(r.time_zone, now());
  r.capture := starhouse.rollup_capture_of(fact, capture);
  r.watermark_by := watermark_by;
  r.idle_after := idle_after;
  r.invertible := NOT EXISTS (SELECT FROM jsonb_array_elements(r.columns) AS c CROSS JOIN jsonb_array_elements(c->'states') AS s WHERE NOT (s->>'inverse')::boolean);

  -- Writers of the fact wait until the rollup holds what is there now.
  EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', fact);
  r := starhouse.rollup_build(starhouse.rollup_watch(r, schema, stem), schema, stem);
  PERFORM starhouse.rollup_capture(r);
  PERFORM starhouse.rollup_grant(r);
  RETURN r.rollup;
END
$body$;
COMMENT ON FUNCTION create_rollup(text, regclass, text, interval, text[], json, text, text, text, interval, text, interval) IS
  'Sums up a table per time bucket and group, kept current by its writes. Makes the view name (values), name_states (mergeable states) and the tables behind them in the fact''s schema, fills them, and returns the view. bucket: a part of a day that goes into it, 1 day, 7 days, 1 month, 3 months or 1 year (of time_zone; NULL: the warehouse''s, else the session''s). group_by: columns, or ''expression AS name''. aggregates: {"column": "count(*)" | "sum(x)" | "avg(x)" | "min(x)" | "max(x)" | an aggregate of starhouse | {"state": "x_state(a)", "value": "x_value(column)"}}, each with FILTER if need be; functions of other schemas are written with their schema. filter: condition on rows (NULL: all). capture: trigger (the default where NULL), or batch for facts that only feeds append to. Rows whose time is NULL are left out. lateness: how long after the newest bucket one becomes final. watermark_by: an expression over the rows for the partition of the source each comes from (batch_id: the source of its batch, of a topic the partition): the slowest partition then decides what is final, not the newest row (NULL), except those silent for idle_after. Errors: 22004 NULL, 22023, 42703, 42804, 42P07, 0A000 an aggregate without a mergeable state.';

CREATE FUNCTION drop_rollup(rollup regclass) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  r starhouse.rollup := starhouse.rollup_get(rollup);
  stem text := (SELECT c.relname FROM pg_class c WHERE c.oid = r.rollup);
  coarser text;
BEGIN
  SELECT string_agg(o.name, ', ' ORDER BY o.name) INTO coarser
  FROM (SELECT u.rollup::text AS name FROM starhouse.rollup AS u WHERE u.finer = r.rollup UNION ALL SELECT w.window_view::text FROM starhouse.rollup_window AS w WHERE w.rollup = r.rollup) AS o;
  IF coarser IS NOT NULL THEN
    RAISE EXCEPTION 'rollup % is what % rests on', r.rollup, coarser USING ERRCODE = '2BP01', HINT = 'Drop what rests on it first: drop_rollup, drop_windows.';
  END IF;
  IF EXISTS (SELECT FROM pg_class c WHERE c.oid = r.fact AND c.relkind <> 'v') THEN
    PERFORM starhouse.rollup_release(r);
  END IF;
  IF r.finer IS NOT NULL THEN
    -- The finer one's compaction may be about to write to it.
    PERFORM pg_advisory_xact_lock('pg_class'::regclass::oid::integer, f.rolled::oid::integer) FROM starhouse.rollup AS f WHERE f.rollup = r.finer;
    EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', stem || '_truncate', (SELECT f.delta FROM starhouse.rollup AS f WHERE f.rollup = r.finer));
  END IF;
  EXECUTE format('DROP FUNCTION IF EXISTS %I.%I()', (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = r.rollup), stem || '_capture');
  DELETE FROM starhouse.rollup AS d WHERE d.rollup = r.rollup;
  EXECUTE format('DROP VIEW %s', r.rollup);
  EXECUTE format('DROP VIEW %s', r.states);
  EXECUTE format('DROP TABLE %s', concat_ws(', ', r.rolled, r.delta, r.dirty, r.mark, r.seen));
END
$body$;
COMMENT ON FUNCTION drop_rollup(regclass) IS
  'Drops a rollup: its views, its tables and its triggers on the fact, which stays. Fails (2BP01) while other rollups or views use it. 42704 for what is no rollup, NULL included.';
