-- How a rollup learns what happens to its fact.
--
-- Statement triggers sum up what a statement wrote and append that to the delta, in the same
-- transaction: a rollup never differs from its fact. What was deleted is taken off where the states
-- allow it; otherwise the bucket is marked, served from the fact and recomputed by rollup_compact.

CREATE FUNCTION rollup_capture(r rollup) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, starhouse, pg_temp
AS $body$
DECLARE
  schema text;
  stem text;
  append text := format('INSERT INTO %s (%s) ', r.delta, starhouse.rollup_names(r));
  mark text;
  -- NaN and infinity swallow what is added to them, so they cannot be taken off again.
  endless text := (SELECT string_agg(CASE s->>'type' WHEN 'numeric' THEN format('m.%I = ANY (''{NaN,Infinity,-Infinity}'')', s->>'column') ELSE format('NOT isfinite(m.%I)', s->>'column') END, ' OR ')
                   FROM jsonb_array_elements(r.columns) AS c CROSS JOIN jsonb_array_elements(c->'states') AS s WHERE s->>'type' IN ('numeric', 'interval'));
  take_off text;
BEGIN
  SELECT n.nspname, c.relname INTO schema, stem FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = r.rollup;
  mark := format('INSERT INTO %s (bucket) SELECT DISTINCT b.bucket FROM (SELECT %s AS bucket FROM %%s WHERE %I IS NOT NULL) AS b;',
                 r.dirty, starhouse.rollup_bucket(r, quote_ident(r.time_column)), r.time_column);
  take_off := CASE WHEN endless IS NULL THEN append || starhouse.rollup_made(r, 'old_rows', NULL, -1) || ';'
                   ELSE format('WITH m AS MATERIALIZED (%s), taken AS (%s SELECT %s FROM m) INSERT INTO %s (bucket) SELECT DISTINCT m.bucket FROM m WHERE %s;',
                               starhouse.rollup_made(r, 'old_rows', NULL, -1), append, starhouse.rollup_names(r, 'm.'), r.dirty, endless) END;
  EXECUTE format($function$
    CREATE FUNCTION %1$I.%2$I() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, starhouse, pg_temp AS $trigger$
    BEGIN
      %10$s
      IF TG_OP = 'INSERT' THEN
        %3$s;
      ELSIF TG_OP = 'UPDATE' THEN
        %4$s
      ELSIF TG_OP = 'DELETE' THEN
        %5$s
      ELSE
        TRUNCATE %6$s, %7$s;
        DELETE FROM %8$s WHERE bucket >= (SELECT frozen_before FROM %9$s);
      END IF;
      RETURN NULL;
    END $trigger$ $function$,
    schema, stem || '_capture', append || starhouse.rollup_made(r, 'new_rows', NULL, 1),
    CASE WHEN r.invertible
      THEN append || starhouse.rollup_made(r, 'new_rows', NULL, 1) || '; ' || take_off
      -- A bucket that is marked is computed anew with all its rows.
      ELSE format(mark, 'new_rows') || format(mark, 'old_rows') END,
    CASE WHEN r.invertible THEN take_off ELSE format(mark, 'old_rows') END,
    r.delta, r.dirty, r.rolled, r.mark, CASE WHEN r.seen IS NOT NULL THEN format('IF TG_OP IN (''INSERT'', ''UPDATE'') THEN %s END IF;', starhouse.rollup_seen(r, 'new_rows', NULL)) END);
  PERFORM starhouse.rollup_triggers(r);
END
$body$;
COMMENT ON FUNCTION rollup_capture(rollup) IS 'Internal to create_rollup: the trigger function and the triggers on the fact.';

CREATE FUNCTION rollup_triggers(r rollup) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  schema text;
  stem text;
BEGIN
  SELECT n.nspname, c.relname INTO schema, stem FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = r.rollup;
  EXECUTE format('COMMENT ON FUNCTION %I.%I() IS %L', schema, stem || '_capture', format('Trigger: brings what is written to %s into the rollup %s.', r.fact, r.rollup));
  IF r.capture = 'trigger' THEN
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION %I.%I()', stem || '_insert', r.fact, schema, stem || '_capture');
  ELSIF NOT EXISTS (SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
                      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = 'batch_id' AND NOT a.attisdropped
                    WHERE i.indrelid = r.fact AND i.indisvalid AND i.indpred IS NULL
                      AND (m.amname = 'brin' AND a.attnum = ANY (i.indkey) OR m.amname = 'btree' AND a.attnum = i.indkey[0])) THEN
    -- What finds a batch's rows among all others for next to nothing. One will do for all that ask by batch.
    EXECUTE format('CREATE INDEX ON %s USING brin (batch_id) WITH (pages_per_range = 32, autosummarize = on)', r.fact);
  END IF;
  EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION %I.%I()', stem || '_update', r.fact, schema, stem || '_capture');
  EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION %I.%I()', stem || '_delete', r.fact, schema, stem || '_capture');
  EXECUTE format('CREATE TRIGGER %I AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION %I.%I()', stem || '_truncate', r.fact, schema, stem || '_capture');
END
$body$;
COMMENT ON FUNCTION rollup_triggers(rollup) IS 'Internal to create_rollup and create_sessions: the triggers on the fact, and what finds the rows of a batch.';

CREATE FUNCTION rollup_release(r rollup) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  stem text := (SELECT c.relname FROM pg_class c WHERE c.oid = r.rollup);
  suffix text;
BEGIN
  FOREACH suffix IN ARRAY '{_insert, _update, _delete, _truncate}'::text[] LOOP
    EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', stem || suffix, r.fact);
  END LOOP;
END
$body$;
COMMENT ON FUNCTION rollup_release(rollup) IS 'Internal to drop_rollup: takes the triggers off the fact.';

-- Called by batch_finish: no trigger on INSERT, so other writers of the fact pay nothing.
CREATE FUNCTION rollup_capture_batch(warehouse name, feed text, steps jsonb, batch_id bigint) RETURNS jsonb
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, starhouse, pg_temp
AS $body$
DECLARE
  r starhouse.rollup;
  began timestamptz;
  affected bigint;
  partitions text;
  log jsonb := '[]';
BEGIN
  FOR r IN SELECT u.* FROM starhouse.rollup AS u JOIN pg_class c ON c.oid = u.fact JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE (u.capture = 'batch' OR u.watermark_by = 'batch_id') AND n.nspname = warehouse ORDER BY u.rollup LOOP
    began := clock_timestamp();
    partitions := starhouse.rollup_seen_partitions(r, warehouse, steps, batch_id);
    IF partitions IS NOT NULL THEN
      EXECUTE partitions;
    END IF;
    CONTINUE WHEN r.capture <> 'batch';
    IF EXISTS (SELECT FROM jsonb_array_elements(steps) AS s WHERE s->>'conflict' = 'update' AND s->>'into' IN (r.fact::text, (SELECT c.relname FROM pg_class c WHERE c.oid = r.fact))) THEN
      RAISE EXCEPTION 'feed "%" changes rows of %, and rollup % takes up appended ones', feed, r.fact, r.rollup USING ERRCODE = '55000',
        HINT = 'Drop the rollup and create it with capture => ''trigger''.';
    END IF;
    affected := starhouse.rollup_append(r.delta, CASE WHEN r.gap IS NULL THEN starhouse.rollup_made(r, r.fact::text, format('batch_id = %s', batch_id), 1)
                                                      ELSE starhouse.session_made(r, r.fact::text, format('f.batch_id = %s', batch_id)) END);
    IF r.seen IS NOT NULL AND partitions IS NULL THEN
      EXECUTE starhouse.rollup_seen(r, r.fact::text, format('f.batch_id = %s', batch_id));
    END IF;
    log := log || jsonb_build_object('name', 'rollup ' || r.rollup, 'inserted', affected, 'ms', round((extract(epoch FROM clock_timestamp() - began) * 1000)::numeric, 1));
  END LOOP;
  RETURN log;
END
$body$;
COMMENT ON FUNCTION rollup_capture_batch(name, text, jsonb, bigint) IS
  'Internal to batch_finish: appends the deltas of the rows that carry the batch''s id to the rollups with capture batch, and returns one log entry for each; notes the partitions of a topic for those with watermark_by batch_id. 55000 when a step of the feed updates such a fact.';
