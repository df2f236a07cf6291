-- Range partitions by time, made ahead of the data and dropped by a retention call.
-- Bounds lie on UTC, so the same call makes the same partitions in any session. A new partition is
-- built beside its parent and attached: writers to other partitions and all readers go on meanwhile.

CREATE FUNCTION partitions(tbl regclass)
  RETURNS TABLE (partition regclass, range_from timestamptz, range_to timestamptz, is_default boolean)
  LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 50
  SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD'
  AS $$
  SELECT c.oid::regclass,
         CASE WHEN p.bound[1] = 'MINVALUE' THEN '-infinity' ELSE btrim(p.bound[1], '''')::timestamptz END,
         CASE WHEN p.bound[2] = 'MAXVALUE' THEN 'infinity' ELSE btrim(p.bound[2], '''')::timestamptz END,
         p.bound IS NULL
  FROM pg_inherits i
  JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition
  CROSS JOIN LATERAL (SELECT regexp_match(pg_get_expr(c.relpartbound, c.oid),
                                          '^FOR VALUES FROM \((.*)\) TO \((.*)\)$') AS bound) p
  WHERE i.inhparent = tbl
  ORDER BY 2, 1
$$;
COMMENT ON FUNCTION partitions(regclass) IS
  'Partitions of a table that is range-partitioned by one time column: half-open range [range_from, range_to), -infinity for MINVALUE, infinity for MAXVALUE, both NULL for a default partition. No rows for a table that is not partitioned; NULL gives none.';

-- Start of the partition that holds a moment: months (and years) are counted from January 2000,
-- shorter steps from Monday 2000-01-03.
CREATE FUNCTION partition_start(moment timestamptz, step interval) RETURNS timestamptz
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
  AS $$
  SELECT CASE
    WHEN m.months > 0 THEN timestamptz '2000-01-01 00:00:00+00' + make_interval(months =>
      (floor(((extract(year FROM moment) - 2000) * 12 + extract(month FROM moment) - 1) / m.months)
       * m.months)::integer)
    ELSE date_bin(step, moment, timestamptz '2000-01-03 00:00:00+00')
  END
  FROM (SELECT (extract(year FROM step) * 12 + extract(month FROM step))::integer AS months) m
$$;
COMMENT ON FUNCTION partition_start(timestamptz, interval) IS
  'Lower bound (UTC) of the partition of width step that holds the moment: steps of whole months are counted from January 2000, shorter ones from Monday 2000-01-03. NULL in, NULL out.';

CREATE FUNCTION ensure_partitions(tbl regclass, from_time timestamptz, to_time timestamptz,
                                  step interval DEFAULT '1 month') RETURNS integer
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD'
  AS $$
DECLARE
  most CONSTANT integer := 2000;
  months integer := extract(year FROM step) * 12 + extract(month FROM step);
  clean boolean := (months > 0) <> (make_interval(secs => extract(epoch FROM step - make_interval(months => months))) > interval '0');
  parent record;
  present tstzmultirange;
  cursor_time timestamptz;
  next_time timestamptz;
  piece tstzrange;
  part_name text;
  suffix text;
  number integer;
  made integer := 0;
BEGIN
  IF tbl IS NULL OR from_time IS NULL OR to_time IS NULL THEN
    RETURN 0;  -- an empty batch has no first and no last moment
  END IF;
  IF step IS NULL OR step <= interval '0' OR NOT clean THEN
    RAISE EXCEPTION 'a partition cannot be % wide', coalesce(step::text, 'NULL')
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Use whole months or years, or weeks, days or hours, such as ''1 month'' or ''1 day''.';
  END IF;
  IF from_time > to_time OR NOT isfinite(from_time) OR NOT isfinite(to_time) THEN
    RAISE EXCEPTION 'partitions cannot span % to %', from_time, to_time
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give finite times, the earlier one first.';
  END IF;

  -- The usual case costs one look at the catalogue: everything is there already.
  SELECT range_agg(tstzrange(range_from, range_to)) INTO present
    FROM starhouse.partitions(tbl) WHERE NOT is_default;
  IF present @> tstzrange(from_time, to_time, '[]') THEN
    RETURN 0;
  END IF;

  SELECT c.relname, n.nspname, c.relowner::regrole AS owner, p.partstrat, p.partnatts, a.atttypid
    INTO parent
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_partitioned_table p ON p.partrelid = c.oid
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
    WHERE c.oid = tbl;
  IF parent.partstrat IS DISTINCT FROM 'r' OR parent.partnatts <> 1
     OR coalesce(parent.atttypid, 0) NOT IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype) THEN
    RAISE EXCEPTION '% is not partitioned by range of one time column', tbl
      USING ERRCODE = 'wrong_object_type',
            HINT = 'Create the table with PARTITION BY RANGE (a timestamptz, timestamp or date column).';
  END IF;
  cursor_time := starhouse.partition_start(from_time, step);
  IF cursor_time + most * step <= to_time THEN
    RAISE EXCEPTION '% to % takes more than % partitions of %', from_time, to_time, most, step
      USING ERRCODE = 'program_limit_exceeded',
            HINT = 'A stray date may be among the rows: reject it, or choose wider partitions.';
  END IF;

  -- One maker at a time per table; the other one then finds the work done.
  PERFORM pg_advisory_xact_lock('pg_class'::regclass::oid::integer, tbl::oid::integer);
  SELECT coalesce(range_agg(tstzrange(range_from, range_to)), '{}') INTO present
    FROM starhouse.partitions(tbl) WHERE NOT is_default;
  WHILE cursor_time <= to_time LOOP
    next_time := starhouse.partition_start(cursor_time + step, step);
    -- What is left of this step beside partitions that others made with other bounds.
    FOR piece IN SELECT unnest(tstzmultirange(tstzrange(cursor_time, next_time)) - present) LOOP
      suffix := '_' || to_char(lower(piece), CASE
        WHEN months > 0 AND months % 12 = 0 AND lower(piece) = cursor_time THEN '"y"YYYY'
        WHEN months > 0 AND lower(piece) = cursor_time THEN '"y"YYYY"m"MM'
        WHEN lower(piece) = date_trunc('day', lower(piece)) THEN '"y"YYYY"m"MM"d"DD'
        ELSE '"y"YYYY"m"MM"d"DD"h"HH24MISS' END);
      number := 1;
      LOOP
        part_name := left(parent.relname, 50) || suffix || CASE WHEN number > 1 THEN '_' || number ELSE '' END;
        EXIT WHEN to_regclass(format('%I.%I', parent.nspname, part_name)) IS NULL;
        number := number + 1;
      END LOOP;
      EXECUTE format('CREATE TABLE %I.%I (LIKE %s INCLUDING ALL EXCLUDING IDENTITY)',
                     parent.nspname, part_name, tbl);
      IF parent.owner <> current_user::regrole THEN
        EXECUTE format('ALTER TABLE %I.%I OWNER TO %s', parent.nspname, part_name, parent.owner);
      END IF;
      EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)',
                     tbl, parent.nspname, part_name, lower(piece), upper(piece));
      made := made + 1;
    END LOOP;
    cursor_time := next_time;
  END LOOP;
  RETURN made;
END
$$;
COMMENT ON FUNCTION ensure_partitions(regclass, timestamptz, timestamptz, interval) IS
  'Makes the missing range partitions of a table so that every moment of [from_time, to_time] has one, and returns how many it made. Each is step wide with bounds on UTC; partitions that exist keep their bounds and gaps between them are filled. Named <table>_y2025m03 or <table>_y2025m03d01. A NULL time (an empty batch) makes none. Raises 42809 for a table not partitioned by range of one time column, 54000 beyond 2,000 partitions, 22023 for a bad step or range.';

CREATE FUNCTION drop_partitions_before(tbl regclass, cutoff timestamptz)
  RETURNS TABLE (dropped text, range_from timestamptz, range_to timestamptz, bytes bigint)
  LANGUAGE plpgsql VOLATILE STRICT
  SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  part record;
BEGIN
  PERFORM starhouse.rollup_freeze(r.rollup, g.gone)
    FROM starhouse.rollup r CROSS JOIN (SELECT max(p.range_to) AS gone FROM starhouse.partitions(tbl) p WHERE NOT p.is_default AND p.range_to <= cutoff) g
    WHERE r.fact = tbl AND g.gone IS NOT NULL;
  FOR part IN
    SELECT p.* FROM starhouse.partitions(tbl) p
    WHERE NOT p.is_default AND p.range_to <= cutoff ORDER BY p.range_from
  LOOP
    dropped := part.partition::text;
    range_from := part.range_from;
    range_to := part.range_to;
    bytes := pg_total_relation_size(part.partition);
    EXECUTE format('DROP TABLE %s', part.partition);
    RETURN NEXT;
  END LOOP;
END
$$;
COMMENT ON FUNCTION drop_partitions_before(regclass, timestamptz) IS
  'Retention: drops, with their rows, the partitions that end at or before cutoff, and returns their names, ranges and sizes in bytes. A partition that holds any moment at or after cutoff stays, and so does a default partition. Rollups of the table keep their history: they are frozen first (rollup_freeze). A NULL argument drops nothing.';
