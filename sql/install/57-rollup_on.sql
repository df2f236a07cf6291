-- Rollups of rollups: minutes to hours to days, or the same buckets by fewer groups.

-- Whether each bucket of one width lies within one bucket of the other.
CREATE FUNCTION rollup_nests(finer rollup, coarser rollup) RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $body$
  SELECT CASE
    WHEN coarser.bucket < interval '1 day'  -- both are parts of a day, counted from the same moment
      THEN finer.bucket < interval '1 day' AND extract(epoch FROM coarser.bucket) % extract(epoch FROM finer.bucket) = 0
    WHEN finer.bucket >= interval '1 day'
      THEN finer.time_zone = coarser.time_zone AND (finer.bucket = coarser.bucket OR coarser.bucket = ANY (CASE finer.bucket
        WHEN '1 day' THEN '{7 days, 1 month, 3 months, 1 year}' WHEN '1 month' THEN '{3 months, 1 year}' WHEN '3 months' THEN '{1 year}' ELSE '{}' END::interval[]))
    ELSE (SELECT bool_and(extract(epoch FROM timezone(coarser.time_zone, month) - timezone('UTC', month)) % extract(epoch FROM finer.bucket) = 0)
          FROM generate_series(timestamptz '1970-01-01 00:00:00+00', now() + interval '10 years', interval '1 month') AS month) END
$body$;
COMMENT ON FUNCTION rollup_nests(rollup, rollup) IS
  'Internal to create_rollup_on: whether buckets of the one are parts of buckets of the other. Parts of a day are parts of its days where the zone''s distance from UTC, of every month since 1970, is a multiple of them.';

CREATE FUNCTION create_rollup_on(name text, finer regclass, bucket interval, group_by text[] DEFAULT NULL, columns text[] DEFAULT NULL,
                                 filter text DEFAULT NULL, time_zone text DEFAULT NULL, lateness interval DEFAULT '0') RETURNS regclass
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, starhouse, pg_temp SET client_min_messages = warning
AS $body$
DECLARE
  below starhouse.rollup := starhouse.rollup_get(finer);
  r starhouse.rollup;
  schema text;
  stem text;
  unknown text;
  role text;
BEGIN
  IF name IS NULL OR bucket IS NULL OR lateness IS NULL THEN
    RAISE EXCEPTION 'name, bucket and lateness must not be NULL' USING ERRCODE = '22004', HINT = 'For example create_rollup_on(''orders_daily'', ''orders_hourly'', ''1 day'').';
  ELSIF NOT starhouse.scd_owns(below.rolled) THEN
    RAISE EXCEPTION 'rollup % belongs to another role', below.rollup USING ERRCODE = '42501',
      HINT = format('Its compaction feeds the new one: make that as %s, or as a member of that role.', (SELECT c.relowner::regrole FROM pg_class c WHERE c.oid = below.rolled));
  ELSIF lateness < interval '0' THEN
    RAISE EXCEPTION 'lateness is %', lateness USING ERRCODE = '22023', HINT = 'Give how far behind the finer rollup''s watermark buckets are final, 0 or more.';
  END IF;
  IF below.gap IS NOT NULL THEN
    RAISE EXCEPTION '% has sessions, not buckets', below.rollup USING ERRCODE = '42809', HINT = 'Aggregate its view, or rest the rollup on the fact.';
  END IF;
  PERFORM starhouse.rollup_level(below.rollup);
  SELECT p.schema, p.stem INTO schema, stem FROM starhouse.rollup_place(name, finer) AS p;
  r.fact := below.rollup;
  r.finer := below.rollup;
  r.time_column := 'bucket';
  r.bucket := justify_hours(bucket);
  PERFORM starhouse.rollup_width(r.bucket);
  r.time_zone := coalesce(time_zone, below.time_zone);
  PERFORM timezone(r.time_zone, now());
  IF NOT starhouse.rollup_nests(below, r) THEN
    RAISE EXCEPTION 'buckets of % in % are not made of whole buckets of %, which are % in %', r.bucket, r.time_zone, below.rollup, below.bucket, below.time_zone USING ERRCODE = '22023',
      HINT = 'Rest it on a finer rollup, or choose a width, or a time zone, in which each of those buckets falls into one.';
  END IF;
  r.filter := filter;
  r.capture := 'trigger';
  r.invertible := below.invertible;
  r.lateness := lateness;
  r.groups := CASE WHEN group_by IS NULL THEN (SELECT coalesce(jsonb_agg(jsonb_build_object('expression', quote_ident(g->>'name'), 'name', g->>'name') ORDER BY n), '[]')
                                               FROM jsonb_array_elements(below.groups) WITH ORDINALITY AS e(g, n))
                   ELSE starhouse.rollup_groups(group_by) END;
  SELECT string_agg(format('"%s"', c), ', ') INTO unknown FROM unnest(columns) AS c WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(below.columns) AS b WHERE b->>'name' = c);
  IF unknown IS NOT NULL OR columns = '{}' THEN
    RAISE EXCEPTION 'rollup % has no column %', below.rollup, coalesce(unknown, 'by an empty name') USING ERRCODE = '42703',
      HINT = format('Choose among its aggregates: %s.', (SELECT string_agg(b->>'name', ', ') FROM jsonb_array_elements(below.columns) AS b));
  END IF;
  -- A state is made by merging the finer one's.
  SELECT jsonb_agg(jsonb_set(b, '{states}', (SELECT coalesce(jsonb_agg(s || jsonb_build_object('make', format(s->>'merge', quote_ident(s->>'column'))) ORDER BY m), '[]')
                                             FROM jsonb_array_elements(b->'states') WITH ORDINALITY AS f(s, m))) ORDER BY n) INTO r.columns
  FROM jsonb_array_elements(below.columns) WITH ORDINALITY AS e(b, n) WHERE columns IS NULL OR b->>'name' = ANY (columns);
  -- Groups and the filter may look at the finer one's groups, not at its sums: those come in parts.
  EXECUTE format('SELECT %s FROM (SELECT %s FROM %s) AS x WHERE %s LIMIT 0',
    coalesce((SELECT string_agg(g->>'expression', ', ') FROM jsonb_array_elements(r.groups) AS g), 'true'), starhouse.rollup_key(below), below.states, coalesce('(' || filter || ')', 'true'));

  -- Its compaction is where the new one's deltas come from: one that has begun, or holds an older snapshot, ends first or fails.
  PERFORM pg_advisory_xact_lock('pg_class'::regclass::oid::integer, below.rolled::oid::integer);
  EXECUTE format('UPDATE %s SET compacted_at = compacted_at', below.mark);
  r := starhouse.rollup_build(r, schema, stem);
  -- TRUNCATE empties what the finer one has of the fact; this one recomputes all it has.
  EXECUTE format($function$
    CREATE FUNCTION %1$I.%2$I() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, starhouse, pg_temp AS $trigger$
    BEGIN
      INSERT INTO %3$s (bucket) SELECT x.bucket FROM %4$s AS x UNION SELECT x.bucket FROM %5$s AS x;
      RETURN NULL;
    END $trigger$ $function$, schema, stem || '_capture', r.dirty, r.rolled, r.delta);
  EXECUTE format('COMMENT ON FUNCTION %I.%I() IS %L', schema, stem || '_capture', format('Trigger: marks the buckets of rollup %s when what it sums up is emptied.', r.rollup));
  EXECUTE format('CREATE TRIGGER %I AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION %I.%I()', stem || '_truncate', below.delta, schema, stem || '_capture');
  PERFORM starhouse.rollup_grant(r);
  FOR role IN SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) AS x
              WHERE c.oid = below.delta AND x.privilege_type = 'TRUNCATE' AND x.grantee <> c.relowner LOOP
    EXECUTE format('GRANT SELECT ON %s, %s TO %s', r.rolled, r.delta, role);
    EXECUTE format('GRANT INSERT ON %s TO %s', r.dirty, role);
  END LOOP;
  RETURN r.rollup;
END
$body$;
COMMENT ON FUNCTION create_rollup_on(text, regclass, interval, text[], text[], text, text, interval) IS
  'Sums up a rollup per larger bucket, or per other groups: a rollup like any other, kept current by the finer one''s deltas, so that writers of the fact pay for the finest alone. bucket: one that is made of whole buckets of the finer one. group_by: its groups or expressions over them (NULL: all of them, {}: none); columns: which of its aggregates (NULL: all); filter: condition on its groups and bucket (NULL: all); time_zone: NULL: the finer one''s; lateness: how far behind the finer one''s watermark buckets become final. May rest on a rollup that rests on a rollup. Errors: 22004 NULL, 22023 buckets that do not fit, 42703 unknown columns, 42704 finer is no rollup, 42501 of another role, 42P07, 42P17 a circle.';
