-- What happened to a feed in a span of time, from the pipeline's own records.

CREATE FUNCTION post_mortem(warehouse name, feed text, from_time timestamptz, to_time timestamptz DEFAULT NULL)
  RETURNS TABLE (at timestamptz, kind text, what text, detail text)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  until timestamptz := coalesce(to_time, clock_timestamp());
  definition jsonb := starhouse.feed_get(warehouse, feed);
  first_failure record;
  retries bigint;
  stops bigint;
  recovered_at timestamptz;
  waiting bigint;
  resolved bigint;
  affected bigint;
  codes text;
  still text;
  cause text;
  remedy text;
BEGIN
  IF from_time IS NULL OR from_time >= until THEN
    RAISE EXCEPTION 'a post mortem cannot run from % to %', coalesce(from_time::text, 'NULL'), until USING ERRCODE = '22023', HINT = 'Give the earlier time first.';
  END IF;
  RETURN QUERY EXECUTE format($sql$
    SELECT t.at, t.kind, t.what, t.detail
    FROM (
      SELECT $4 AS at, 0 AS rank, 'definition' AS kind, format('feed %%s: version %%s', $1, $5) AS what, NULL::text AS detail WHERE $4 >= $2 AND $4 <= $3
      UNION ALL
      SELECT r.started_at, 1, 'run', format('run %%s of %%s begins at record %%s', r.run_id, r.source_name, r.first_record),
             format('%%s, process %%s, epoch %%s', r.program, r.process, r.epoch)
      FROM %1$I.run_log r WHERE r.feed_name = $1 AND r.started_at >= $2 AND r.started_at <= $3
      UNION ALL
      SELECT r.finished_at, 5, 'run', format('run %%s of %%s: %%s', r.run_id, r.source_name, r.outcome), NULL
      FROM %1$I.run_log r WHERE r.feed_name = $1 AND r.finished_at >= $2 AND r.finished_at <= $3
      UNION ALL
      SELECT r.started_at, 6, 'run', format('run %%s of %%s never ended: its loader was killed', r.run_id, r.source_name), NULL
      FROM starhouse.runs_dead($6) r WHERE r.feed_name = $1 AND r.started_at >= $2 AND r.started_at <= $3
      UNION ALL
      SELECT b.finished_at, 3, CASE WHEN coalesce(b.first_record::text, b.positions::text) IS NULL THEN 'replay' ELSE 'batch' END,
             format('batch %%s: %%s read, %%s loaded, %%s duplicates, %%s rejected', b.batch_id, b.records_read, b.records_loaded, b.duplicates, b.rejected),
             format('%%s%%s; slowest step %%s', concat_ws(' ', (SELECT nullif(l.kind, 'file') FROM %1$I.load_source l WHERE l.source_id = b.source_id), 'source ' || b.source_id),
                    CASE WHEN b.first_record IS NOT NULL THEN format(', records %%s to %%s', b.first_record, b.last_record)
                         WHEN b.positions ? 'records' THEN ', records ' || (b.positions->'records'->>0) || ' to ' || (b.positions->'records'->>1)::bigint - 1
                         ELSE (SELECT string_agg(format(', partition %%s offsets %%s to %%s', p.key, p.value->>0, (p.value->>1)::bigint - 1), '' ORDER BY p.key::integer) FROM jsonb_each(b.positions) AS p) END,
                    (SELECT format('%%s (%%s ms)', s.step_name, s.milliseconds) FROM %1$I.step_log s WHERE s.batch_id = b.batch_id ORDER BY s.milliseconds DESC NULLS LAST, s.step_no LIMIT 1))
      FROM %1$I.batch_log b WHERE b.feed_name = $1 AND b.finished_at >= $2 AND b.finished_at <= $3
      UNION ALL
      SELECT a.failed_at, 2, CASE a.action WHEN 'lost' THEN 'loss' ELSE 'failure' END,
             format('%%s %%s%%s, then %%s', a.sqlstate, a.cause, ' in step ' || a.step_no || ' (' || a.step_name || ')',
                    CASE a.action WHEN 'retry' THEN format('retry %%s', a.retry_no + 1) WHEN 'split' THEN 'the batch was split' WHEN 'lost' THEN 'the records are gone' ELSE 'the run ended' END),
             concat_ws('; ', a.message, a.detail, format('%%s, records %%s to %%s', a.source_name, coalesce(a.first_record::text, '?'), coalesce(a.last_record::text, '?')))
      FROM %1$I.attempt_log a WHERE a.feed_name = $1 AND a.failed_at >= $2 AND a.failed_at <= $3
      UNION ALL
      SELECT coalesce(b.finished_at, min(q.rejected_at)), 2, 'reject', format('%%s records: %%s %%s', count(*), q.sqlstate, concat_ws(': ', q.column_name, q.reason)),
             format('batch %%s, source %%s; first: record %%s, value %%s', q.batch_id, q.source_id, min(q.record_no), (array_agg(quote_nullable(q.value) ORDER BY q.record_no))[1])
      -- By the batch that first rejected them: rejected_at moves with each replay that does so again.
      FROM %1$I.quarantine q LEFT JOIN %1$I.batch_log b USING (batch_id)
      WHERE q.feed_name = $1 AND coalesce(b.finished_at, q.rejected_at) >= $2 AND coalesce(b.finished_at, q.rejected_at) <= $3
      GROUP BY q.batch_id, b.finished_at, q.source_id, q.sqlstate, q.column_name, q.reason
      UNION ALL
      SELECT q.resolved_at, 4, 'resolved', format('%%s records left quarantine by batch %%s', count(*), q.resolved_batch), NULL
      FROM %1$I.quarantine q WHERE q.feed_name = $1 AND q.resolved_at >= $2 AND q.resolved_at <= $3 GROUP BY q.resolved_at, q.resolved_batch
      UNION ALL
      SELECT e.at, 7, 'alert', format('%%s: %%s (%%s)', e.event, a.rule_name, a.severity), e.payload->>'evidence'
      FROM %1$I.alert_event e JOIN %1$I.alert a USING (alert_id)
      WHERE e.at >= $2 AND e.at <= $3 AND (a.subject = $1 OR starts_with(a.subject, $1 || ': '))) t
    ORDER BY t.at, t.rank, t.what$sql$, warehouse)
    USING feed, from_time, until, (definition->>'updated_at')::timestamptz, definition->>'version', warehouse;

  EXECUTE format($sql$
    SELECT f.at, f.sqlstate, f.what
    FROM (SELECT a.failed_at AS at, a.sqlstate, a.message AS what FROM %1$I.attempt_log a WHERE a.feed_name = $1 AND a.failed_at >= $2 AND a.failed_at <= $3
          UNION ALL
          SELECT coalesce(b.finished_at, q.rejected_at), q.sqlstate, concat_ws(': ', q.column_name, q.reason)
          FROM %1$I.quarantine q LEFT JOIN %1$I.batch_log b USING (batch_id)
          WHERE q.feed_name = $1 AND coalesce(b.finished_at, q.rejected_at) >= $2 AND coalesce(b.finished_at, q.rejected_at) <= $3) f
    ORDER BY f.at, f.sqlstate, f.what LIMIT 1$sql$, warehouse) INTO first_failure USING feed, from_time, until;
  EXECUTE format($sql$
    SELECT count(*) FILTER (WHERE a.action = 'retry'), count(*) FILTER (WHERE a.action = 'stop') FROM %I.attempt_log a
    WHERE a.feed_name = $1 AND a.failed_at >= $2 AND a.failed_at <= $3$sql$, warehouse) INTO retries, stops USING feed, from_time, until;
  EXECUTE format($sql$
    SELECT count(*) FILTER (WHERE q.resolved_at IS NULL), count(*) FILTER (WHERE q.resolved_at IS NOT NULL),
           (SELECT string_agg(format('%%s %%s', w.n, w.sqlstate), ', ' ORDER BY w.n DESC, w.sqlstate)
            FROM (SELECT count(*) AS n, o.sqlstate FROM %1$I.quarantine o LEFT JOIN %1$I.batch_log b USING (batch_id)
                  WHERE o.feed_name = $1 AND coalesce(b.finished_at, o.rejected_at) >= $2 AND coalesce(b.finished_at, o.rejected_at) <= $3 AND o.resolved_at IS NULL
                  GROUP BY o.sqlstate) w)
    FROM %1$I.quarantine q LEFT JOIN %1$I.batch_log b USING (batch_id)
    WHERE q.feed_name = $1 AND coalesce(b.finished_at, q.rejected_at) >= $2 AND coalesce(b.finished_at, q.rejected_at) <= $3$sql$, warehouse)
    INTO waiting, resolved, codes USING feed, from_time, until;
  -- Records of batches that did not get through: those of ranges that failed and that no later batch of the source covers.
  EXECUTE format($sql$
    SELECT sum(a.last_record - a.first_record + 1), string_agg(format('%%s records %%s to %%s', a.source_name, a.first_record, a.last_record), '; ' ORDER BY a.source_id, a.first_record)
    FROM (SELECT DISTINCT x.source_id, x.source_name, x.first_record, x.last_record FROM %1$I.attempt_log x
          WHERE x.feed_name = $1 AND x.failed_at >= $2 AND x.failed_at <= $3 AND x.action <> 'split') a
    WHERE NOT EXISTS (SELECT FROM %1$I.load_source l WHERE l.source_id = a.source_id AND l.next_record > a.first_record)$sql$, warehouse)
    INTO affected, still USING feed, from_time, until;
  IF first_failure.at IS NOT NULL THEN
    EXECUTE format('SELECT min(b.finished_at) FROM %I.batch_log b WHERE b.feed_name = $1 AND b.finished_at > (SELECT max(a.failed_at) FROM %1$I.attempt_log a WHERE a.feed_name = $1 AND a.failed_at >= $2 AND a.failed_at <= $3)',
                   warehouse) INTO recovered_at USING feed, from_time, until;
    SELECT c.cause, c.remedy INTO cause, remedy FROM starhouse.failure_cause(first_failure.sqlstate) c;
  END IF;
  kind := 'summary';
  at := first_failure.at; what := 'first failure'; detail := coalesce(first_failure.sqlstate || ' ' || first_failure.what, 'none'); RETURN NEXT;
  at := NULL;
  what := 'cause'; detail := coalesce(cause, 'none'); RETURN NEXT;
  what := 'retries'; detail := retries::text; RETURN NEXT;
  what := 'runs that failed'; detail := stops::text; RETURN NEXT;
  at := recovered_at; what := 'recovered'; detail := CASE WHEN recovered_at IS NOT NULL THEN 'a batch got through after the last failure' WHEN retries + stops = 0 THEN 'no run failed' ELSE 'not yet' END; RETURN NEXT;
  at := NULL;
  what := 'records not loaded'; detail := CASE WHEN affected IS NULL THEN coalesce(still, '0') ELSE format('%s: %s', affected, still) END; RETURN NEXT;
  what := 'records rejected'; detail := format('%s, of which %s were loaded by a replay', waiting + resolved, resolved); RETURN NEXT;
  what := 'still in quarantine'; detail := waiting || coalesce(' (' || codes || ')', ''); RETURN NEXT;
  what := 'remedy';
  detail := CASE WHEN cause IS NULL THEN 'nothing to do'
                 WHEN waiting = 0 AND coalesce(affected, 0) = 0 AND (recovered_at IS NOT NULL OR retries + stops = 0) THEN 'done: everything got through since. For the next time: ' || remedy
                 ELSE remedy || CASE WHEN waiting > 0 THEN format(' Replay: starhouse replay %I --feed %s', warehouse, quote_literal(feed)) ELSE '' END END;
  RETURN NEXT;
END
$body$;
COMMENT ON FUNCTION post_mortem(name, text, timestamptz, timestamptz) IS
  'What happened to a feed from from_time to to_time (NULL: now), in order: definition, runs, batches, failures and retries, rejects by reason, replays, alerts; then rows of kind summary: first failure, class of its cause, retries, failed runs, when it recovered, records not loaded, rejected, still in quarantine, and the remedy. 42704 for an unknown feed, 3F000 for an unknown warehouse, 22023 for a span without length or a NULL from_time.';

CREATE FUNCTION post_mortem_report(warehouse name, feed text, from_time timestamptz, to_time timestamptz DEFAULT NULL) RETURNS text
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  until timestamptz := coalesce(to_time, clock_timestamp());
  result text;
BEGIN
  SELECT format(E'# Post mortem: feed %s of %s\n\n%s to %s\n\n%s\n\n## Timeline\n\n| at | kind | what | detail |\n| --- | --- | --- | --- |\n%s\n', feed, warehouse,
                to_char(from_time, 'YYYY-MM-DD HH24:MI:SSOF'), to_char(until, 'YYYY-MM-DD HH24:MI:SSOF'),
                string_agg(format('- **%s**: %s%s', p.what, to_char(p.at, 'YYYY-MM-DD HH24:MI:SSOF') || ', ', p.detail), E'\n' ORDER BY p.n) FILTER (WHERE p.kind = 'summary'),
                string_agg(format('| %s | %s | %s | %s |', to_char(p.at, 'HH24:MI:SS.MS'), p.kind, replace(p.what, '|', '\|'),
                                  replace(regexp_replace(coalesce(p.detail, ''), '\s+', ' ', 'g'), '|', '\|')), E'\n' ORDER BY p.n) FILTER (WHERE p.kind <> 'summary'))
    INTO result
    FROM starhouse.post_mortem(warehouse, feed, from_time, until) WITH ORDINALITY AS p (at, kind, what, detail, n);
  RETURN result;
END
$body$;
COMMENT ON FUNCTION post_mortem_report(name, text, timestamptz, timestamptz) IS
  'The same as a page of Markdown, summary first. Errors as post_mortem''s; a NULL to_time is now.';
