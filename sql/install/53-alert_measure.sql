-- What alert rules measure: one function, one branch per kind, each giving rows of subject, value
-- and evidence. A value at or above the rule's threshold is a fault.

CREATE FUNCTION alert_remedy(kind text) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT CASE kind
    WHEN 'no_data' THEN 'See whether the source still delivers and the loader runs: starhouse status.'
    WHEN 'reject_rate' THEN 'See why: SELECT sqlstate, column_name, reason, count(*) FROM quarantine WHERE resolved_at IS NULL GROUP BY 1, 2, 3. Mend source or feed, then starhouse replay.'
    WHEN 'lag' THEN 'The loader is slower than the source: see step_log for the slow step, add partitions and loaders.'
    WHEN 'stalled' THEN 'Repeat the load: it goes on where the source stands.'
    WHEN 'freshness' THEN 'What is served is the last good state. See kpi_freshness for the feed that is behind, and its post_mortem.'
    WHEN 'failing' THEN 'SELECT * FROM starhouse.post_mortem(...) of the feed gives first failure, cause and remedy.'
    WHEN 'retries' THEN 'Loads still get through, after repeats: attempt_log says which errors they met.'
    WHEN 'quarantine_growth' THEN 'Mend source or feed, then starhouse replay loads the records again.'
    WHEN 'scd_invariant' THEN 'SELECT * FROM starhouse.scd_check(dimension) names the keys; docs/scd-operations.md tells how to undo.'
    WHEN 'integrity' THEN 'SELECT * FROM starhouse.check_integrity(warehouse) gives an example of each.'
    WHEN 'rollup_backlog' THEN 'CALL starhouse.rollup_compact_all(), and let it run every minute.'
    WHEN 'gold_backlog' THEN 'SELECT starhouse.gold_refresh(warehouse), and let it run every minute.'
    WHEN 'data_loss' THEN 'The source no longer has the records, or an offset was moved by hand: load them from their origin, or from bronze with starhouse.replay.' END
$body$;
COMMENT ON FUNCTION alert_remedy(text) IS 'What to do about an alert of a kind. NULL for an unknown kind and for NULL.';

CREATE FUNCTION alert_measure(warehouse name, rule jsonb, at timestamptz)
  RETURNS TABLE (subject text, value numeric, evidence text)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp SET jit = off
AS $body$
DECLARE
  wanted_feed text := rule->>'feed_name';
  pattern text := rule->>'target';
  since timestamptz := at - (rule->>'within')::interval;
  d record;
BEGIN
  CASE rule->>'kind'
    WHEN 'no_data' THEN  -- minutes of silence; a feed that is not named counts once it has loaded something
      RETURN QUERY EXECUTE format($sql$
        SELECT f.feed_name::text, round((extract(epoch FROM $2 - coalesce(b.last, f.updated_at)) / 60)::numeric, 1),
               coalesce('last data ' || to_char(b.last, 'YYYY-MM-DD HH24:MI:SSOF'), 'no data since the feed was made')
        FROM %1$I.feed f
        CROSS JOIN LATERAL (SELECT max(l.finished_at) AS last FROM %1$I.batch_log l WHERE l.feed_name = f.feed_name AND l.finished_at <= $2 AND l.records_read > 0) b
        WHERE f.feed_name = $1 OR $1 IS NULL AND b.last IS NOT NULL$sql$, warehouse) USING wanted_feed, at;
    WHEN 'reject_rate' THEN  -- percent
      RETURN QUERY EXECUTE format($sql$
        SELECT l.feed_name::text, round(100.0 * sum(l.rejected) / sum(l.records_read), 2),
               format('%%s of %%s records rejected since %%s', sum(l.rejected), sum(l.records_read), to_char($3, 'YYYY-MM-DD HH24:MI:SSOF'))
        FROM %1$I.batch_log l
        WHERE l.finished_at > $3 AND l.finished_at <= $2 AND ($1 IS NULL OR l.feed_name = $1)
        GROUP BY l.feed_name HAVING sum(l.records_read) >= greatest($4, 1)$sql$, warehouse) USING wanted_feed, at, since, (rule->>'at_least')::bigint;
    WHEN 'lag' THEN  -- records behind the end of the source, where its loader keeps that end
      RETURN QUERY EXECUTE format($sql$
        SELECT s.feed_name::text, sum(s.behind), format('%%s records behind in %%s sources, most in %%s', sum(s.behind), count(*), (array_agg(s.source_name ORDER BY s.behind DESC))[1])
        FROM (SELECT l.feed_name, l.source_name,
                     coalesce((SELECT sum(p.end_offset - p.next_offset) FROM %1$I.source_partition p WHERE p.source_id = l.source_id),
                              (coalesce(to_jsonb(l)->>'end_offset', to_jsonb(l)->>'high_watermark'))::numeric - l.next_record) AS behind
              FROM %1$I.load_source l WHERE l.finished_at IS NULL AND ($1 IS NULL OR l.feed_name = $1)) s
        WHERE s.behind > 0 GROUP BY s.feed_name$sql$, warehouse) USING wanted_feed;
    WHEN 'stalled' THEN  -- minutes since anything was done for an unfinished source
      RETURN QUERY EXECUTE format($sql$
        SELECT format('%%s: %%s', l.feed_name, l.source_name), round((extract(epoch FROM $2 - greatest(l.opened_at, b.last, r.last)) / 60)::numeric, 1),
               format('stands at record %%s since %%s', l.next_record, to_char(greatest(l.opened_at, b.last, r.last), 'YYYY-MM-DD HH24:MI:SSOF'))
        FROM %1$I.load_source l
        CROSS JOIN LATERAL (SELECT max(x.finished_at) AS last FROM %1$I.batch_log x WHERE x.source_id = l.source_id) b
        CROSS JOIN LATERAL (SELECT max(x.started_at) AS last FROM %1$I.run_log x WHERE x.source_id = l.source_id) r
        WHERE l.finished_at IS NULL AND l.fingerprint IS NOT NULL
          AND (l.kind = 'file' OR EXISTS (SELECT FROM %1$I.source_partition p WHERE p.source_id = l.source_id AND p.end_offset > p.next_offset)) AND ($1 IS NULL OR l.feed_name = $1)$sql$, warehouse) USING wanted_feed, at;
    WHEN 'freshness' THEN  -- age as a multiple of the allowed age; failing upstream counts as 1 at least
      IF to_regclass(format('%I.kpi_freshness', warehouse)) IS NOT NULL THEN
        RETURN QUERY EXECUTE format($sql$
          SELECT CASE WHEN $1 IS NULL THEN coalesce(array_to_string(k.facts, ', '), '-') ELSE k.kpi END AS of,
                 max(greatest(round((extract(epoch FROM $2 - k.newest_event) / nullif(extract(epoch FROM k.max_age), 0))::numeric, 2),
                              CASE WHEN cardinality(k.failing_feeds) > 0 THEN 1 ELSE 0 END)),
                 format('newest event %%s, allowed age %%s%%s%%s', to_char(min(k.newest_event), 'YYYY-MM-DD HH24:MI:SSOF'), min(k.max_age),
                        '; failing: ' || nullif(array_to_string(max(k.failing_feeds), ', '), ''),
                        CASE WHEN $1 IS NULL THEN format('; KPIs: %%s', string_agg(k.kpi, ', ' ORDER BY k.kpi)) END)
          FROM %I.kpi_freshness k WHERE cardinality(k.facts) > 0 AND k.newest_event IS NOT NULL AND ($1 IS NULL OR k.kpi LIKE $1)
          GROUP BY 1$sql$, warehouse) USING pattern, at;
      END IF;
    WHEN 'failing' THEN  -- failures that ended a run, and runs that were killed, since the feed last got a batch through
      RETURN QUERY EXECUTE format($sql$
        WITH failed AS (
          SELECT a.feed_name, a.failed_at, a.source_name, format('%%s %%s%%s', a.sqlstate, CASE WHEN a.step_no IS NULL THEN '' ELSE format('in step %%s (%%s): ', a.step_no, a.step_name) END, a.message) AS why
          FROM %1$I.attempt_log a WHERE a.action = 'stop' AND a.failed_at > $3 AND a.failed_at <= $2
          UNION ALL
          SELECT d.feed_name, d.started_at, d.source_name, 'the loader ended without a word' FROM starhouse.runs_dead($4) d
          WHERE d.started_at > $3 AND d.started_at < $2 - interval '10 seconds')
        SELECT f.feed_name::text, count(*)::numeric,
               format('since %%s, last: %%s (%%s)', to_char(min(f.failed_at), 'YYYY-MM-DD HH24:MI:SSOF'), left((array_agg(f.why ORDER BY f.failed_at DESC))[1], 1000),
                      (array_agg(f.source_name ORDER BY f.failed_at DESC))[1])
        FROM failed f
        WHERE ($1 IS NULL OR f.feed_name = $1)
          AND NOT EXISTS (SELECT FROM %1$I.batch_log b WHERE b.feed_name = f.feed_name AND b.finished_at > f.failed_at)
        GROUP BY f.feed_name$sql$, warehouse) USING wanted_feed, at, since, warehouse;
    WHEN 'retries' THEN
      RETURN QUERY EXECUTE format($sql$
        SELECT a.feed_name::text, count(*)::numeric, format('%%s retries, most often: %%s', count(*), mode() WITHIN GROUP (ORDER BY a.sqlstate || ' ' || a.cause))
        FROM %1$I.attempt_log a
        WHERE a.action = 'retry' AND a.failed_at > $3 AND a.failed_at <= $2 AND ($1 IS NULL OR a.feed_name = $1)
        GROUP BY a.feed_name$sql$, warehouse) USING wanted_feed, at, since;
    WHEN 'quarantine_growth' THEN
      RETURN QUERY EXECUTE format($sql$
        SELECT q.feed_name::text, count(*)::numeric, format('%%s new open rejects since %%s, most often: %%s', count(*), to_char($3, 'YYYY-MM-DD HH24:MI:SSOF'),
               mode() WITHIN GROUP (ORDER BY concat_ws(' ', q.sqlstate, q.column_name || ':', q.reason)))
        FROM %1$I.quarantine q
        WHERE q.resolved_at IS NULL AND q.rejected_at > $3 AND q.rejected_at <= $2 AND ($1 IS NULL OR q.feed_name = $1)
        GROUP BY q.feed_name$sql$, warehouse) USING wanted_feed, at, since;
    WHEN 'scd_invariant' THEN
      FOR d IN SELECT s.dimension, c.relname FROM starhouse.scd_dimension s JOIN pg_class c ON c.oid = s.dimension
               WHERE c.relnamespace = to_regnamespace(quote_ident(warehouse)) AND (pattern IS NULL OR c.relname LIKE pattern) ORDER BY c.relname LOOP
        RETURN QUERY SELECT d.relname::text, count(*)::numeric, min(s.invariant || ': ' || s.key || ': ' || s.detail) FROM starhouse.scd_check(d.dimension) s;
      END LOOP;
    WHEN 'integrity' THEN
      IF to_regclass(format('%I.warehouse_info', warehouse)) IS NOT NULL THEN
        RETURN QUERY SELECT format('%s.%s', c.relation, c.column_name), sum(c.violations), string_agg(format('%s: %s, such as %s', c.problem, c.violations, c.example), '; ')
                     FROM starhouse.check_integrity(warehouse) c GROUP BY 1;
      END IF;
    WHEN 'rollup_backlog' THEN
      FOR d IN SELECT r.rollup, r.delta, c.relname FROM starhouse.rollup r JOIN pg_class c ON c.oid = r.rollup
               WHERE c.relnamespace = to_regnamespace(quote_ident(warehouse)) AND (pattern IS NULL OR c.relname LIKE pattern) ORDER BY c.relname LOOP
        RETURN QUERY EXECUTE format('SELECT %L::text, count(*)::numeric, format(''%%s deltas not compacted'', count(*)) FROM %s', d.relname, d.delta);
      END LOOP;
    WHEN 'gold_backlog' THEN
      IF to_regclass(format('%I.gold_dirty', warehouse)) IS NOT NULL THEN
        RETURN QUERY EXECUTE format($sql$
          SELECT g.gold_name::text, count(*)::numeric, format('%%s documents to be refreshed', count(*)) FROM %I.gold_dirty g
          WHERE $1 IS NULL OR g.gold_name LIKE $1 GROUP BY g.gold_name$sql$, warehouse) USING pattern;
      END IF;
    WHEN 'data_loss' THEN  -- records between two batches of a source that no batch read, and those a loader found gone
      RETURN QUERY EXECUTE format($sql$
        WITH gap AS (
          SELECT b.feed_name, b.source_id, b.first_record - 1 - b.before AS records, format('%%s to %%s', b.before + 1, b.first_record - 1) AS which
          FROM (SELECT l.feed_name, l.source_id, l.first_record, l.started_at, lag(l.last_record) OVER (PARTITION BY l.source_id ORDER BY l.first_record, l.batch_id) AS before
                FROM %1$I.batch_log l
                WHERE l.first_record IS NOT NULL AND l.finished_at IS NOT NULL AND l.source_id IN (SELECT r.source_id FROM %1$I.batch_log r WHERE r.started_at > $3)) b
          WHERE b.first_record > b.before + 1 AND b.started_at > $3 AND b.started_at <= $2
          UNION ALL
          SELECT a.feed_name, a.source_id, a.last_record - a.first_record + 1, format('%%s to %%s', coalesce(a.first_record::text, '?'), coalesce(a.last_record::text, '?'))
          FROM %1$I.attempt_log a WHERE a.action = 'lost' AND a.failed_at > $3 AND a.failed_at <= $2
          UNION ALL  -- of a topic; one that was made anew has no count of what it held
          SELECT l.feed_name, g.source_id, CASE WHEN g.next_offset > g.first_offset THEN g.next_offset - g.first_offset END, format('partition %%s: %%s', g.partition, g.reason)
          FROM %1$I.source_gap g JOIN %1$I.load_source l USING (source_id) WHERE g.found_at > $3 AND g.found_at <= $2)
        SELECT format('%%s: %%s', g.feed_name, coalesce(l.source_name, g.source_id::text)), sum(coalesce(g.records, 1)),
               format('records never read: %%s', string_agg(g.which, ', ' ORDER BY g.which))
        FROM gap g LEFT JOIN %1$I.load_source l USING (source_id)
        WHERE $1 IS NULL OR g.feed_name = $1
        GROUP BY 1$sql$, warehouse) USING wanted_feed, at, since;
  END CASE;
END
$body$;
COMMENT ON FUNCTION alert_measure(name, jsonb, timestamptz) IS
  'Internal to check_alerts: what a rule (a row of alert_rule as jsonb) measures at a time, per subject.';
