-- Every aggregate of the extension, on every way a state takes: split at random, stored as text or binary and combined
-- (which is how a distributed server runs it, with the functions of pg_aggregate alone), in parallel, in groups, grouping
-- sets and moving frames, with FILTER and DISTINCT, without rows and with NULLs alone; what is no stored form is refused;
-- nothing is leaked.
--
-- A new aggregate needs one line in test/data/aggregates/<family>.sql; the last test but one finds those that have none.
BEGIN;
SET LOCAL search_path = starhouse, public;
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;

\set sample_rows 2000
\ir ../data/aggregates/samples.psql

-- Which aggregate a call means: what a view over it depends on.
DO $$ DECLARE s aggregate_sample;
BEGIN
  FOR s IN SELECT * FROM aggregate_sample LOOP
    EXECUTE format('CREATE TEMP VIEW the_call AS SELECT %s AS x FROM %s', s.call, pg_temp.source(s));
    UPDATE aggregate_sample SET aggregate = (SELECT p.oid FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_proc'::regclass JOIN pg_proc p ON p.oid = d.refobjid AND p.prokind = 'a' AND p.pronamespace = 'starhouse'::regnamespace
      WHERE r.ev_class = 'pg_temp.the_call'::regclass AND (s.merges IS NULL OR s.call LIKE p.proname || '(%'))
    WHERE number = s.number;
    DROP VIEW the_call;
  END LOOP;
END $$;

-- An aggregate's parts as a distributed server sees them: partial_N ends with the state, combine_N begins with states.
CREATE FUNCTION pg_temp.take_apart(s aggregate_sample) RETURNS void LANGUAGE plpgsql AS $$
DECLARE a pg_aggregate; initial text;
BEGIN
  SELECT * INTO STRICT a FROM pg_aggregate WHERE aggfnoid = s.aggregate;
  initial := coalesce(', INITCOND = ' || quote_literal(a.agginitval), '');
  EXECUTE format('CREATE AGGREGATE pg_temp.partial_%s(%s) (SFUNC = %s, STYPE = %s%s)', s.number,
    (SELECT oidvectortypes(proargtypes) FROM pg_proc WHERE oid = s.aggregate), a.aggtransfn, a.aggtranstype::regtype, initial);
  EXECUTE format('CREATE AGGREGATE pg_temp.combine_%1$s(%2$s) (SFUNC = %3$s, STYPE = %2$s%4$s%5$s)', s.number, a.aggtranstype::regtype, a.aggcombinefn,
    initial, CASE WHEN a.aggfinalfn <> 0 THEN format(', FINALFUNC = %s', a.aggfinalfn) ELSE '' END);
  EXECUTE format('CREATE AGGREGATE pg_temp.join_%1$s(%2$s) (SFUNC = %3$s, STYPE = %2$s%4$s)', s.number, a.aggtranstype::regtype, a.aggcombinefn, initial);
END $$;

-- The one value of a query. RETURN QUERY, since EXECUTE ... INTO would run a parallel plan without workers.
CREATE FUNCTION pg_temp.answer(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE query;
END $$;
CREATE FUNCTION pg_temp.ask(query text) RETURNS text LANGUAGE sql AS $$ SELECT coalesce((SELECT pg_temp.answer(query)), '(null)') $$;

-- The first sample that is not brief of the same transition function.
CREATE FUNCTION pg_temp.first_of_kind(s aggregate_sample) RETURNS int LANGUAGE sql AS $$
  SELECT min(o.number) FROM pg_aggregate a JOIN pg_aggregate b USING (aggtransfn) JOIN aggregate_sample o ON o.aggregate = b.aggfnoid
  WHERE a.aggfnoid = s.aggregate AND NOT o.brief $$;

-- What is wrong with an aggregate, a line for each thing; empty when all is well.
CREATE FUNCTION pg_temp.problems(s aggregate_sample) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  a pg_aggregate;
  state text; -- the type's name
  source text := pg_temp.source(s);
  arguments text := substr(s.call, strpos(s.call, '('));
  unordered text := regexp_replace(s.call, ' ORDER BY [^()]*\)$', ')');
  nothing text := coalesce(s.empty, '(null)');
  folder text := current_setting('data_directory');
  got text; expected text; part text; stored text; bytes bytea; form text; parts int; place int; code text;
BEGIN
  SELECT * INTO STRICT a FROM pg_aggregate WHERE aggfnoid = s.aggregate;
  state := a.aggtranstype::regtype;
  IF a.aggkind <> 'n' OR a.aggtranstype IN ('internal'::regtype, 'anyelement'::regtype) OR a.aggcombinefn = 0 OR a.aggfinalextra THEN
    RETURN NEXT 'it is no aggregate that a distributed server can take apart';
    RETURN;
  END IF;
  PERFORM pg_temp.take_apart(s);
  expected := pg_temp.ask(format('SELECT (%s)::text FROM (SELECT %s AS x FROM %s) q', s.reads, s.call, source));
  IF expected = nothing THEN RETURN NEXT 'the sample shows nothing: ' || expected; END IF;

  -- Splits: through text and through the binary form, parts without rows among them, combined in an order of chance.
  FOREACH parts IN ARRAY CASE WHEN s.brief THEN ARRAY[7] ELSE ARRAY[1, 2, 7, 60] END LOOP
    part := CASE WHEN s.in_order THEN format('id * %s / 2001', parts) ELSE format('abs(hashint8extended(id, %s)) %% %1$s', parts) END;
    form := format('SELECT %s AS part, pg_temp.partial_%s%s AS st FROM %s GROUP BY 1 UNION ALL SELECT -1, pg_temp.partial_%2$s%3$s FROM %4$s WHERE false',
      part, s.number, arguments, source);
    got := pg_temp.ask(format('SELECT (%s)::text FROM (SELECT pg_temp.combine_%s(st::text::%s ORDER BY hashint8extended(part, 5)) AS x FROM (%s) p) q',
      s.reads, s.number, state, form));
    IF got <> expected THEN RETURN NEXT format('%s parts through text: %s, not %s', parts, left(got, 300), left(expected, 300)); END IF;
    EXECUTE format('CREATE TEMP TABLE stored AS %s', form);
    EXECUTE format('COPY stored TO %L (FORMAT binary)', folder || '/aggregate_states.copy');
    TRUNCATE stored;
    EXECUTE format('COPY stored FROM %L (FORMAT binary)', folder || '/aggregate_states.copy');
    -- Twice: combining leaves the parts as they were.
    FOR i IN 1 .. 2 LOOP
      got := pg_temp.ask(format('SELECT (%s)::text FROM (SELECT pg_temp.combine_%s(st ORDER BY hashint8extended(part, 6)) AS x FROM stored) q', s.reads, s.number));
      IF got <> expected THEN RETURN NEXT format('%s parts through binary: %s, not %s', parts, left(got, 300), left(expected, 300)); END IF;
    END LOOP;
    IF parts = 60 THEN
      -- Combined states combined, as in a rollup of rollups.
      got := pg_temp.ask(format('SELECT (%s)::text FROM (SELECT pg_temp.combine_%s(st) AS x FROM (SELECT pg_temp.join_%2$s(st ORDER BY part) AS st FROM stored GROUP BY part / 10) p) q',
        s.reads, s.number));
      IF got <> expected THEN RETURN NEXT format('combined twice: %s, not %s', left(got, 300), left(expected, 300)); END IF;
    END IF;
    DROP TABLE stored;
  END LOOP;

  -- No rows, NULLs alone.
  got := pg_temp.ask(format('SELECT (%s)::text FROM (SELECT %s AS x FROM %s WHERE false) q', s.reads, s.call, source));
  IF got <> nothing THEN RETURN NEXT format('over no rows: %s', got); END IF;
  got := pg_temp.ask(format('SELECT (%s)::text FROM (SELECT %s AS x FROM %s) q', s.reads, s.call, pg_temp.source(s, 'null_sample')));
  IF got <> nothing THEN RETURN NEXT format('over NULLs alone: %s', got); END IF;

  -- FILTER, groups both ways, grouping sets: each as the same rows on their own.
  got := pg_temp.ask(format('SELECT (%s)::text FROM (SELECT %s FILTER (WHERE id %% 5 < 2) AS x FROM %s) q', s.reads, s.call, source));
  form := pg_temp.ask(format('SELECT (%s)::text FROM (SELECT %s AS x FROM %s WHERE id %% 5 < 2) q', s.reads, s.call, source));
  IF got <> form THEN RETURN NEXT format('FILTER: %s, not %s', left(got, 300), left(form, 300)); END IF;
  form := pg_temp.ask(format('SELECT string_agg(coalesce(y::text, %L), %L ORDER BY g) FROM (SELECT -1 AS g, %s AS y FROM (SELECT %s AS x FROM %s) q UNION ALL SELECT h, (SELECT %3$s FROM (SELECT %4$s AS x FROM %5$s WHERE g = h) q) FROM generate_series(0, 6) h) e',
    'null', E'\n', s.reads, s.call, source));
  FOREACH part IN ARRAY ARRAY['enable_sort', 'enable_hashagg'] LOOP
    EXECUTE format('SET LOCAL %s = off', part);
    got := pg_temp.ask(format('SELECT string_agg(coalesce(y::text, %L), %L ORDER BY g) FROM (SELECT coalesce(g, -1) AS g, %s AS y FROM (SELECT g, %s AS x FROM %s GROUP BY GROUPING SETS ((), (g))) q) e',
      'null', E'\n', s.reads, s.call, source));
    EXECUTE format('SET LOCAL %s = on', part);
    IF got <> form THEN RETURN NEXT format('grouping sets, %s off: %s, not %s', part, left(got, 300), left(form, 300)); END IF;
  END LOOP;

  -- DISTINCT: rows that come twice count once.
  IF NOT s.brief AND NOT s.in_order AND s.merges IS NULL AND NOT EXISTS (SELECT FROM pg_proc p, unnest(p.proargtypes) t(oid)
      WHERE p.oid = s.aggregate AND NOT EXISTS (SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod WHERE m.amname = 'btree' AND o.opcdefault AND o.opcintype = t.oid)) THEN
    part := overlay(s.call PLACING '(DISTINCT ' FROM strpos(s.call, '(') FOR 1);
    got := pg_temp.ask(format('SELECT (%s)::text FROM (SELECT %s AS x FROM (TABLE sample UNION ALL TABLE sample) d) q', s.reads, part));
    form := pg_temp.ask(format('SELECT (%s)::text FROM (SELECT %s AS x FROM sample) q', s.reads, part));
    IF got <> form THEN RETURN NEXT format('DISTINCT: %s, not %s', left(got, 300), left(form, 300)); END IF;
  END IF;

  -- Frames that move and grow, NULLs entering and leaving.
  FOREACH part IN ARRAY CASE WHEN s.brief THEN '{}' ELSE ARRAY['id BETWEEN w - 12 AND w', 'id <= w', 'id BETWEEN w - 12 AND w - 3'] END LOOP
    got := pg_temp.ask(format('SELECT string_agg(coalesce(y::text, %L), %L ORDER BY id) FROM (SELECT id, %s AS y FROM (SELECT id, %s OVER (ORDER BY id ROWS BETWEEN %s) AS x FROM %s WHERE id <= 80 OFFSET 0) q) e',
      'null', E'\n', s.reads, unordered, CASE part WHEN 'id <= w' THEN 'UNBOUNDED PRECEDING AND CURRENT ROW' WHEN 'id BETWEEN w - 12 AND w' THEN '12 PRECEDING AND CURRENT ROW' ELSE '12 PRECEDING AND 3 PRECEDING' END, source));
    form := pg_temp.ask(format('SELECT string_agg(coalesce(y::text, %L), %L ORDER BY frame_end) FROM (SELECT frame_end, (SELECT %s FROM (SELECT %s AS x FROM %s WHERE %s) q) AS y FROM generate_series(1, 80) frame_end) e',
      'null', E'\n', s.reads, s.call, source, regexp_replace(part, '\mw\M', 'frame_end', 'g')));
    IF got <> form THEN RETURN NEXT format('frame %s: %s, not %s', part, left(got, 600), left(form, 600)); END IF;
  END LOOP;

  -- In parallel, if it says it can.
  IF (SELECT proparallel = 's' FROM pg_proc WHERE oid = s.aggregate) THEN
    SET LOCAL parallel_setup_cost = 0;
    SET LOCAL parallel_tuple_cost = 0;
    SET LOCAL min_parallel_table_scan_size = 0;
    SET LOCAL max_parallel_workers_per_gather = 2;
    SET LOCAL parallel_leader_participation = off;
    SET LOCAL starhouse.enable_star_scan = off;  -- which would take the aggregate over
    IF s.merges IS NULL AND NOT s.in_order THEN
      FOR part IN EXECUTE format('EXPLAIN (COSTS OFF) SELECT %s FROM sample', s.call) LOOP
        EXIT WHEN part LIKE '%Partial Aggregate%';
      END LOOP;
      IF part NOT LIKE '%Partial Aggregate%' THEN RETURN NEXT 'no parallel plan'; END IF;
    END IF;
    got := pg_temp.ask(format('SELECT (%s)::text FROM (SELECT %s AS x FROM %s) q', s.reads, s.call, source));
    SET LOCAL max_parallel_workers_per_gather = 0;
    IF got <> expected THEN RETURN NEXT format('in parallel: %s, not %s', left(got, 300), left(expected, 300)); END IF;
  END IF;

  -- What follows is a matter of the transition function and its state alone; a number needs no such trial.
  IF s.brief OR s.number <> pg_temp.first_of_kind(s) OR a.aggtranstype = 'bigint'::regtype THEN
    RETURN;
  END IF;

  -- The stored form: text is the base64 of the binary form and comes back as it was; what is cut off, longer or of another
  -- kind is refused with 22P02; one with a byte changed is refused, or is another state, but brings nothing down.
  EXECUTE format('SELECT (pg_temp.partial_%s%s)::text, %s(pg_temp.partial_%1$s%2$s) FROM %4$s WHERE id <= 40', s.number, arguments,
    (SELECT typsend FROM pg_type WHERE oid = a.aggtranstype), source) INTO stored, bytes;
  IF decode(stored, 'base64') IS DISTINCT FROM bytes THEN RETURN NEXT 'its text is not the base64 of its binary form'; END IF;
  IF pg_temp.ask(format('SELECT %L::%s::text', stored, state)) <> stored THEN RETURN NEXT 'its text does not come back as it was'; END IF;
  FOR i IN 0 .. 60 LOOP
    place := CASE WHEN i <= 30 THEN i ELSE (length(bytes) - 1) * (i - 30)::bigint / 30 END;
    CONTINUE WHEN place >= length(bytes);
    code := 'none';
    BEGIN
      EXECUTE format('SELECT %L::%s', encode(substr(bytes, 1, place), 'base64'), state);
    EXCEPTION WHEN OTHERS THEN code := SQLSTATE;
    END;
    IF code <> '22P02' THEN RETURN NEXT format('the first %s bytes of %s: error %s', place, length(bytes), code); END IF;
    FOREACH parts IN ARRAY ARRAY[1, 128, 255] LOOP
      code := '22P02';
      BEGIN
        EXECUTE format('SELECT %L::%s::text', translate(encode(set_byte(bytes, place, get_byte(bytes, place) # parts), 'base64'), E'\n', ''), state) INTO got;
        code := 'taken';
      EXCEPTION WHEN OTHERS THEN code := SQLSTATE;
      END;
      IF code = 'taken' THEN
        IF place < 2 THEN RETURN NEXT format('byte %s changed by %s was taken', place, parts); END IF;
        IF pg_temp.ask(format('SELECT %L::%s::text', got, state)) <> got THEN RETURN NEXT format('byte %s changed by %s: what comes out does not go in', place, parts); END IF;
        -- Whatever it holds: a value, or an error of its own.
        BEGIN
          EXECUTE format('SELECT %s FROM (SELECT pg_temp.combine_%s(st) AS x FROM (VALUES (%L::%s), (%L)) v(st)) q', s.reads, s.number, got, state, stored) INTO got;
        EXCEPTION WHEN OTHERS THEN
          IF SQLSTATE LIKE 'XX%' OR SQLSTATE LIKE '57%' THEN RETURN NEXT format('byte %s changed by %s: %s', place, parts, SQLERRM); END IF;
        END;
      ELSIF code <> '22P02' THEN
        RETURN NEXT format('byte %s changed by %s: error %s', place, parts, code);
      END IF;
    END LOOP;
  END LOOP;
  FOREACH part IN ARRAY ARRAY[encode(bytes || '\x00', 'base64'), encode(bytes || bytes, 'base64'), '', '!', stored || '!', '/wEA'] LOOP
    code := 'none';
    BEGIN
      EXECUTE format('SELECT %L::%s', translate(part, E'\n', ''), state);
    EXCEPTION WHEN OTHERS THEN code := SQLSTATE;
    END;
    IF code <> '22P02' THEN RETURN NEXT format('taken as %s (%s): %s', state, code, left(part, 60)); END IF;
  END LOOP;
END $$;

-- Bytes by which the backend's memory contexts grow while a query over 10,000 groups runs again and again, as seen from the
-- fourth run on: caches are warm by then.
CREATE FUNCTION pg_temp.memory_used() RETURNS bigint LANGUAGE sql AS 'SELECT sum(used_bytes)::bigint FROM pg_backend_memory_contexts';
CREATE FUNCTION pg_temp.leaked(s aggregate_sample) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  query text := format('SELECT count(x) FROM (SELECT %s AS x FROM %s, generate_series(1, 10) copy GROUP BY id %% 1000, copy) q', s.call, pg_temp.source(s));
  used bigint[];
BEGIN
  FOR i IN 1 .. 8 LOOP
    EXECUTE query;
    used[i] := pg_temp.memory_used();
  END LOOP;
  RETURN used[8] - used[3];
END $$;

SELECT plan((SELECT count(*)::int FROM aggregate_sample) + 3);

SELECT is(array_to_string(ARRAY(SELECT pg_temp.problems(s)), E'\n'), '', s.call) FROM aggregate_sample s ORDER BY number;

SELECT is_empty('SELECT * FROM (SELECT call, pg_temp.leaked(s) AS bytes FROM aggregate_sample s WHERE number = pg_temp.first_of_kind(s) OFFSET 0) l WHERE bytes > 2000',
  'no query over 10,000 groups leaves memory behind');
SELECT is_empty($$
  SELECT d.objid::regprocedure FROM pg_depend d JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
  WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'starhouse') AND d.deptype = 'e'
    AND p.prokind = 'a' AND NOT EXISTS (SELECT FROM aggregate_sample s WHERE s.aggregate = p.oid)
$$, 'every aggregate has a sample');
SELECT is_empty('SELECT call FROM aggregate_sample WHERE aggregate IS NULL', 'and every sample is of one');

SELECT * FROM finish();
ROLLBACK;
