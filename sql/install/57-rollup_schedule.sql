-- Compacting by pg_cron, where that is installed.

CREATE FUNCTION schedule_compaction(schedule text DEFAULT '* * * * *') RETURNS bigint
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  job CONSTANT text := format('starhouse compact %s', current_database());
  result bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron') THEN
    RAISE EXCEPTION 'pg_cron is not installed in database "%"', current_database() USING ERRCODE = '0A000',
      HINT = format('CREATE EXTENSION pg_cron, where the server loads it for this database (cron.database_name); where it serves another one, there: SELECT cron.schedule_in_database(%L, %L, %L, %L). Or run: starhouse compact.',
                    job, coalesce(schedule, '* * * * *'), 'CALL starhouse.rollup_compact_all()', current_database());
  END IF;
  IF schedule IS NULL THEN
    -- By number: cron.unschedule by name fails where there is none.
    EXECUTE 'SELECT min(j.jobid) FROM cron.job AS j WHERE j.jobname = $1 AND j.username = current_user AND cron.unschedule(j.jobid)' INTO result USING job;
  ELSE
    EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO result USING job, schedule, 'CALL starhouse.rollup_compact_all()';
  END IF;
  RETURN result;
END
$body$;
COMMENT ON FUNCTION schedule_compaction(text) IS
  'Has pg_cron compact the caller''s rollups of this database, finer ones first, each in a transaction of its own: by default every minute, or as the schedule says (cron''s five fields, or ''30 seconds'' with pg_cron 1.5). Called again it changes the schedule, NULL ends it. Returns the number of the job; NULL where there was none to end. 0A000 when pg_cron is not in the database.';
