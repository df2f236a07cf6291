-- Jobs of a warehouse that need nothing but the server, by pg_cron (Debian: postgresql-15-cron). Run it in the database that pg_cron serves
-- (cron.database_name), as the owner of the warehouse, who needs USAGE on schema cron and EXECUTE on cron.schedule_in_database:
--   psql -d postgres -v database=shop -v warehouse=shopsmart -f scheduling/pg_cron.sql
-- Run it again to change a schedule; jobs are known by their names. docs/scheduling.md says what each does.
\set ON_ERROR_STOP 1
\if :{?warehouse}
\else
  \echo 'give the warehouse and its database: psql -v database=... -v warehouse=...'
  \quit
\endif
SELECT format('starhouse: %s of %s in %s', j.what, :'warehouse', :'database') AS job, j.schedule,
       cron.schedule_in_database(format('starhouse: %s of %s in %s', j.what, :'warehouse', :'database'), j.schedule, format(j.command, :'warehouse'), :'database') AS jobid
FROM (VALUES
  -- Rollups: reading stays cheap. Of all rollups of the owner in that database, each in a transaction of its own.
  (1, 'compact', '* * * * *', 'CALL starhouse.rollup_compact_all()'),
  -- The alert rules; starhouse alerts (scheduling/systemd) also tells webhooks, this only puts alerts on record and notifies.
  (2, 'alerts', '* * * * *', 'SELECT count(*) FROM starhouse.check_alerts(%L)'),
  -- Documents of the gold layer, as far as something changed.
  (3, 'gold', '*/5 * * * *', 'SELECT sum(changed) FROM starhouse.gold_refresh(%L)'),
  -- Tables that others fill and the warehouse takes (docs/ingest.md): nothing to do where there are none.
  (4, 'tables', '* * * * *', 'CALL starhouse.process_sources(%L)'),
  -- What has outlived its retention (starhouse.set_retention): nothing where none was set.
  (5, 'retention', '40 1 * * *', 'CALL starhouse.apply_retention()'),
  -- What reports read instead of facts, as far as something is open.
  (6, 'sums', '20 1 * * *', 'SELECT starhouse.sum_up(%L)'),
  -- Is everything sound? One row that says so, or an error that stands in cron.job_run_details.
  (7, 'integrity', '10 2 * * *', 'SELECT starhouse.assert_integrity(%L)')) AS j (place, what, schedule, command)
ORDER BY j.place;
-- What pg_cron itself writes down, kept for two weeks.
SELECT 'starhouse: cron log' AS job, '20 3 * * *' AS schedule,
       cron.schedule('starhouse: cron log', '20 3 * * *', $$DELETE FROM cron.job_run_details WHERE end_time < now() - interval '14 days'$$) AS jobid;
