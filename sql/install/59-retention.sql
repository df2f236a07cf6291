-- How long what is kept, as data, and applied by one call: bronze and facts partition by partition, rollups
-- bucket by bucket. Rollups outlive the raw rows, and coarser rollups the finer ones: each is frozen first.

CREATE TABLE retention (
  relation  regclass PRIMARY KEY,
  keep      interval NOT NULL CHECK (keep > interval '0'),
  set_at    timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE retention IS 'How long rows are kept; written by set_retention, carried out by apply_retention. Seen and changed by the relation''s owner.';
COMMENT ON COLUMN retention.relation IS 'A table partitioned by time (a fact, bronze_<feed>), or a rollup.';
COMMENT ON COLUMN retention.keep IS 'Partitions, buckets or sessions that ended longer ago than this are dropped.';
COMMENT ON COLUMN retention.set_at IS 'When that was said.';
SELECT pg_catalog.pg_extension_config_dump('retention', '');
ALTER TABLE retention ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON retention TO PUBLIC;
CREATE POLICY owner ON retention FOR ALL USING (scd_owns(relation)) WITH CHECK (scd_owns(relation));

CREATE FUNCTION set_retention(relation regclass, keep interval) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  IF relation IS NULL OR keep <= interval '0' THEN
    RAISE EXCEPTION '% cannot be kept for %', coalesce(relation::text, 'NULL'), keep USING ERRCODE = '22023', HINT = 'Name a relation and how long its rows are kept, such as ''90 days''; NULL for ever.';
  ELSIF NOT starhouse.scd_owns(relation) THEN
    RAISE EXCEPTION '% belongs to another role', relation USING ERRCODE = '42501', HINT = 'Its owner says how long it is kept.';
  ELSIF NOT EXISTS (SELECT FROM starhouse.rollup AS r WHERE r.rollup = relation)
     AND NOT EXISTS (SELECT FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
                     WHERE p.partrelid = relation AND p.partstrat = 'r' AND p.partnatts = 1 AND a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)) THEN
    RAISE EXCEPTION '% is neither partitioned by time nor a rollup', relation USING ERRCODE = '42809', HINT = 'Retention drops whole partitions of facts and bronze, buckets of rollups, and sessions.';
  END IF;
  DELETE FROM starhouse.retention AS t WHERE t.relation = set_retention.relation;
  IF keep IS NOT NULL THEN
    INSERT INTO starhouse.retention (relation, keep) VALUES (set_retention.relation, set_retention.keep);
  END IF;
END
$body$;
COMMENT ON FUNCTION set_retention(regclass, interval) IS
  'Says how long a fact''s or bronze''s partitions, a rollup''s buckets, or sessions, are kept; NULL keep: for ever, which is how it is where nothing was said. Nothing is dropped before apply_retention is called. 22023 for a NULL relation or a keep that is not positive, 42809 for what is neither partitioned by time nor a rollup, 42501 for another role''s.';

CREATE FUNCTION rollup_trim(r rollup, cutoff timestamptz, OUT trimmed_before timestamptz, OUT trimmed bigint)
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, starhouse, pg_temp
AS $body$
DECLARE
  above starhouse.rollup;
BEGIN
  IF r.gap IS NOT NULL THEN
    -- No row after the cutoff, before which it is frozen, can lengthen one that goes.
    PERFORM starhouse.rollup_freeze(r.rollup, cutoff);
    trimmed_before := cutoff - r.gap;
    EXECUTE format('DELETE FROM %s WHERE session_end < $1', r.rolled) USING trimmed_before;
    GET DIAGNOSTICS trimmed = ROW_COUNT;
    RETURN;
  END IF;
  -- Whole buckets of this one and of those that rest on it: none loses a part of what it may have to recompute.
  trimmed_before := cutoff;
  FOR above IN WITH RECURSIVE stack AS (SELECT r.rollup AS name UNION SELECT o.rollup FROM stack AS s JOIN starhouse.rollup AS o ON o.finer = s.name)
               SELECT o.* FROM stack AS s JOIN starhouse.rollup AS o ON o.rollup = s.name ORDER BY starhouse.rollup_level(o.rollup) LOOP
    EXECUTE format('SELECT %s', starhouse.rollup_bucket(above, '$1')) INTO trimmed_before USING trimmed_before;
  END LOOP;
  FOR above IN WITH RECURSIVE stack AS (SELECT r.rollup AS name UNION SELECT o.rollup FROM stack AS s JOIN starhouse.rollup AS o ON o.finer = s.name)
               SELECT o.* FROM stack AS s JOIN starhouse.rollup AS o ON o.rollup = s.name ORDER BY starhouse.rollup_level(o.rollup) LOOP
    PERFORM starhouse.rollup_freeze(above.rollup, trimmed_before);
  END LOOP;
  EXECUTE format('DELETE FROM %s WHERE bucket < $1', r.rolled) USING trimmed_before;
  GET DIAGNOSTICS trimmed = ROW_COUNT;
END
$body$;
COMMENT ON FUNCTION rollup_trim(rollup, timestamptz) IS 'Internal to apply_retention: freezes a rollup and those that rest on it, and deletes its buckets, or its sessions, before a time.';

CREATE FUNCTION apply_retention(relation regclass, at timestamptz DEFAULT now()) RETURNS TABLE (dropped text, before timestamptz, row_count bigint, bytes bigint)
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  rule starhouse.retention;
  r starhouse.rollup;
  schema name;
  table_name name;
  part record;
BEGIN
  SELECT * INTO rule FROM starhouse.retention AS t WHERE t.relation = apply_retention.relation;
  IF rule.relation IS NULL OR at IS NULL THEN
    RETURN;
  END IF;
  SELECT * INTO r FROM starhouse.rollup AS u WHERE u.rollup = rule.relation;
  IF r.rollup IS NOT NULL THEN
    SELECT r.rollup::text, t.trimmed_before, t.trimmed INTO dropped, before, row_count FROM starhouse.rollup_trim(r, at - rule.keep) AS t;
    IF row_count > 0 THEN
      RETURN NEXT;
    END IF;
    RETURN;
  END IF;
  SELECT n.nspname, c.relname INTO schema, table_name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = rule.relation;
  FOR part IN SELECT p.* FROM starhouse.drop_partitions_before(rule.relation, at - rule.keep) AS p LOOP
    -- Of bronze it is on record, as with retain_bronze.
    IF table_name ~ '^bronze_' AND to_regclass(format('%I.retention_log', schema)) IS NOT NULL THEN
      EXECUTE format('INSERT INTO %I.retention_log (feed_name, keep, partition, range_from, range_to, bytes) VALUES ($1, $2, $3, $4, $5, $6)', schema)
        USING substr(table_name, 8), rule.keep, part.dropped, part.range_from, part.range_to, part.bytes;
    END IF;
    dropped := part.dropped;
    before := part.range_to;
    bytes := part.bytes;
    RETURN NEXT;
  END LOOP;
END
$body$;
COMMENT ON FUNCTION apply_retention(regclass, timestamptz) IS
  'Drops what set_retention says of one relation is too old at a moment, in the caller''s transaction: whole partitions (with name, end and bytes), or a rollup''s buckets or sessions (with the time before which, and how many rows). Rollups of a fact, and rollups that rest on a rollup, are frozen first and keep their history; a rollup loses only buckets that make up whole ones of those that rest on it. Bronze partitions are noted in retention_log. No rows where nothing was said, nothing is old enough, or for NULL.';

CREATE PROCEDURE apply_retention()
  LANGUAGE plpgsql
AS $body$
DECLARE
  every regclass[] := ARRAY(SELECT t.relation FROM starhouse.retention AS t WHERE pg_catalog.to_regclass(t.relation::text) IS NOT NULL ORDER BY t.relation::text);
  one regclass;
BEGIN
  FOREACH one IN ARRAY every LOOP
    PERFORM starhouse.apply_retention(one, pg_catalog.now());
    COMMIT;
  END LOOP;
END
$body$;
COMMENT ON PROCEDURE apply_retention() IS 'Carries out set_retention for every relation of which the caller has the owner''s role, each in a transaction of its own. For a scheduler; not within a transaction block.';
