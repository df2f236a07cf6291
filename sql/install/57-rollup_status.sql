-- How rollups stand.

CREATE FUNCTION rollup_status(rollup regclass)
  RETURNS TABLE (rollup_name regclass, rests_on regclass, bucket interval, gap interval, level integer, watermark timestamptz, frozen_before timestamptz,
                 deltas bigint, marked bigint, late_rows bigint, late_revisions bigint, partitions bigint, idle_partitions bigint, compacted_at timestamptz)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 20
  SET search_path = pg_catalog, pg_temp
AS $body$
#variable_conflict use_column
DECLARE
  r starhouse.rollup;
BEGIN
  FOR r IN SELECT u.* FROM starhouse.rollup AS u WHERE (rollup_status.rollup IS NULL OR u.rollup = rollup_status.rollup) AND starhouse.scd_owns(u.rolled) ORDER BY starhouse.rollup_level(u.rollup), u.rollup::text LOOP
    RETURN QUERY EXECUTE format('SELECT %L::pg_catalog.regclass, %L::pg_catalog.regclass, %L::pg_catalog.interval, %L::pg_catalog.interval, %s, k.watermark, k.frozen_before, (SELECT count(*) FROM %s), (SELECT count(*) FROM %s), k.late_rows, k.late_revisions, %s, k.compacted_at FROM %s AS k',
      r.rollup, r.fact, r.bucket, r.gap, starhouse.rollup_level(r.rollup), r.delta, r.dirty,
      CASE WHEN r.seen IS NULL THEN 'NULL::bigint, NULL::bigint'
           ELSE format('(SELECT count(DISTINCT p.part) FROM %1$s AS p), (SELECT count(*) FROM (SELECT FROM %1$s AS p GROUP BY p.part HAVING max(p.seen_at) <= clock_timestamp() - %2$L::pg_catalog.interval) AS q)', r.seen, r.idle_after) END, r.mark);
  END LOOP;
END
$body$;
COMMENT ON FUNCTION rollup_status(regclass) IS
  'How a rollup stands, or each (NULL), of those whose owner''s role the caller has: what it rests on and how many rollups lie below it, how far it is final, before when its raw rows are gone, deltas not compacted, marks to be recomputed, rows that came after their bucket was final, how many final values were changed by that or by a recomputation, partitions of its source and how many of them are idle, and the last compaction. No row for what is no rollup.';

CREATE VIEW rollup_status AS SELECT * FROM rollup_status(NULL);
COMMENT ON VIEW rollup_status IS 'How the caller''s rollups stand: rollup_status() for each.';
GRANT SELECT ON rollup_status TO PUBLIC;
DO $$
DECLARE
  described text[];
BEGIN
  FOREACH described SLICE 1 IN ARRAY ARRAY[
    ['rollup_name', 'The view that serves the rollup'],
    ['rests_on', 'The table, or the finer rollup, it sums up'],
    ['bucket', 'Width of a bucket; NULL for sessions'],
    ['gap', 'Longest pause within a session; NULL for buckets'],
    ['level', 'How many rollups lie below it'],
    ['watermark', 'Buckets that end at or before it are final; as of the last compaction'],
    ['frozen_before', 'Buckets that begin before it keep what they have: their raw rows are gone'],
    ['deltas', 'States that are not compacted yet'],
    ['marked', 'Marks of buckets to be recomputed'],
    ['late_rows', 'Rows that came after their bucket was final, as compactions found them; rows of recomputed buckets are not counted'],
    ['late_revisions', 'How often a compaction changed a final value: groups of a final bucket that deltas came for, and final buckets that were recomputed'],
    ['partitions', 'Partitions of its source that had rows; NULL without watermark_by'],
    ['idle_partitions', 'Those of them that have been silent for longer than idle_after: they hold nothing back'],
    ['compacted_at', 'When it was last compacted']] LOOP
    EXECUTE format('COMMENT ON COLUMN rollup_status.%I IS %L', described[1], described[2]);
  END LOOP;
END $$;
