-- How far a rollup is final. Without watermark_by that follows the newest row. With it each partition of the
-- source has a newest row of its own, and the slowest of those that still speak decides; one that has been
-- silent for idle_after holds nobody back. Writers append what they saw (NAME_seen), so they never wait for
-- one another; compactions fold it to one row per partition.

CREATE FUNCTION rollup_seen(r rollup, source text, condition text) RETURNS text
  LANGUAGE sql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT CASE WHEN r.seen IS NULL THEN '' ELSE format(
    'INSERT INTO %1$s (part, newest, seen_at) SELECT coalesce((%2$s)::pg_catalog.text, ''''), w.newest, pg_catalog.clock_timestamp() FROM (SELECT %3$s AS part, max(f.%4$I) AS newest FROM %5$s AS f WHERE pg_catalog.isfinite(f.%4$I)%6$s GROUP BY 1) AS w;',
    r.seen, CASE WHEN r.watermark_by = 'batch_id' THEN format('SELECT b.source_id FROM %I.batch_log AS b WHERE b.batch_id = w.part', (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = r.fact)) ELSE 'w.part' END,
    r.watermark_by, r.time_column, source, ' AND ' || condition) END
$body$;
COMMENT ON FUNCTION rollup_seen(rollup, text, text) IS 'Internal: statement that notes the newest row of each partition among the rows of source that satisfy condition (NULL: all); empty for a rollup without watermark_by.';

-- A topic is one source and many partitions. A fact need not say which one a row came from: while a batch of the
-- feed is at hand, the numbers of its records do.
CREATE FUNCTION rollup_seen_partitions(r rollup, warehouse name, steps jsonb, batch_id bigint) RETURNS text
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  topic bigint;
BEGIN
  IF r.seen IS NULL OR r.watermark_by <> 'batch_id'
     OR NOT EXISTS (SELECT FROM jsonb_array_elements(steps) AS s WHERE s->>'step' = 'facts' AND s->>'into' IN (r.fact::text, (SELECT c.relname FROM pg_class c WHERE c.oid = r.fact)))
     OR NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = 'pg_temp.batch'::regclass AND a.attname = r.time_column AND a.atttypid = 'timestamptz'::regtype AND NOT a.attisdropped) THEN
    RETURN NULL;
  END IF;
  EXECUTE format('SELECT l.source_id FROM %1$I.batch_log AS b JOIN %1$I.load_source AS l USING (source_id) WHERE b.batch_id = $1 AND l.kind = ''topic''', warehouse)
    INTO topic USING batch_id;
  RETURN CASE WHEN topic IS NOT NULL THEN format('INSERT INTO %1$s (part, newest, seen_at) SELECT format(''%2$s/%%s'', starhouse.topic_partition(b.record_no)), max(b.%3$I), clock_timestamp() FROM pg_temp.batch AS b WHERE isfinite(b.%3$I) GROUP BY starhouse.topic_partition(b.record_no)',
                r.seen, topic, r.time_column) END;
END
$body$;
COMMENT ON FUNCTION rollup_seen_partitions(rollup, name, jsonb, bigint) IS
  'Internal to rollup_capture_batch: statement that notes the newest row of each partition of a topic, as <source_id>/<partition>, among those of the batch at hand. NULL where the rollup''s watermark does not go by batch_id, the batch is none of a topic, or the feed has no facts step for the fact or no timestamptz column of the name of its time.';

CREATE FUNCTION rollup_watch(r rollup, schema text, stem text) RETURNS rollup
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, starhouse, pg_temp
AS $body$
BEGIN
  IF r.watermark_by IS NULL THEN
    r.idle_after := NULL;
    RETURN r;
  ELSIF r.idle_after IS NULL OR r.idle_after <= interval '0' THEN
    RAISE EXCEPTION 'a partition cannot be idle after %', coalesce(r.idle_after::text, 'NULL') USING ERRCODE = '22023', HINT = 'Give how long a partition may be silent before the others go on without it, such as ''5 minutes''.';
  ELSIF r.watermark_by = 'batch_id' AND to_regclass(format('%I.batch_log', (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = r.fact))) IS NULL THEN
    RAISE EXCEPTION '% has no batches', r.fact USING ERRCODE = '22023', HINT = 'In a warehouse, watermark_by => ''batch_id'' means the source of a row''s batch; give another expression over the rows.';
  END IF;
  EXECUTE format('CREATE TABLE %I.%I (part text NOT NULL, newest timestamptz NOT NULL, seen_at timestamptz NOT NULL)', schema, stem || '_seen');
  r.seen := format('%I.%I', schema, stem || '_seen')::regclass;
  EXECUTE format('COMMENT ON TABLE %s IS %L', r.seen, format('Newest row of each partition of the source of %s, and when it last had one; any number of rows until starhouse.rollup_compact folds them.', stem));
  EXECUTE starhouse.rollup_seen(r, r.fact::text, NULL);
  RETURN r;
END
$body$;
COMMENT ON FUNCTION rollup_watch(rollup, text, text) IS 'Internal to create_rollup and create_sessions: makes the table of partitions of a rollup with watermark_by.';

CREATE FUNCTION rollup_move_watermark(r rollup) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  IF r.seen IS NOT NULL THEN
    -- A partition that ended, such as a file, is forgotten a week later; a topic, where its partitions are known.
    EXECUTE format('WITH gone AS (DELETE FROM %1$s RETURNING part, newest, seen_at) INSERT INTO %1$s SELECT g.part, max(g.newest), max(g.seen_at) FROM gone AS g%3$s GROUP BY g.part
                    HAVING max(g.seen_at) > clock_timestamp() - (%2$L::interval + ''7 days'') OR max(g.newest) = (SELECT max(n.newest) FROM gone AS n)', r.seen, r.idle_after,
                   CASE WHEN r.watermark_by = 'batch_id' THEN ' WHERE g.part NOT IN (SELECT split_part(p.part, ''/'', 1) FROM gone AS p WHERE strpos(p.part, ''/'') > 0)' END);
  END IF;
  EXECUTE format('UPDATE %s SET compacted_at = clock_timestamp(), watermark = greatest(watermark, coalesce((%s) - %L::interval, ''-infinity''))', r.mark,
    CASE WHEN r.finer IS NOT NULL THEN (SELECT format('SELECT k.watermark FROM %s AS k', f.mark) FROM starhouse.rollup AS f WHERE f.rollup = r.finer)
         WHEN r.seen IS NOT NULL THEN format('SELECT coalesce(min(p.newest) FILTER (WHERE p.seen_at > clock_timestamp() - %L::interval), max(p.newest)) FROM %s AS p', r.idle_after, r.seen)
         ELSE format('SELECT max(%s) FROM %s', CASE WHEN r.gap IS NULL THEN 'bucket' ELSE 'session_end' END, r.rolled) END, r.lateness);
END
$body$;
COMMENT ON FUNCTION rollup_move_watermark(rollup) IS 'Internal: moves the watermark to the start of the newest bucket, the end of the newest session, the newest row of the slowest partition that is not idle (of the newest when all are), or where the finer rollup''s is; less the lateness; never back.';
