-- Evaluating the rules: who is pending, opens, clears; and telling of it.

CREATE FUNCTION alert_tell(warehouse name, alert_id bigint, event text, at timestamptz) RETURNS void
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  message jsonb;
  new_event bigint;
BEGIN
  EXECUTE format($sql$
    SELECT jsonb_build_object('warehouse', $1::text, 'database', current_database(), 'event', $3, 'alert_id', a.alert_id, 'rule', a.rule_name, 'kind', a.kind,
                              'severity', a.severity, 'subject', a.subject, 'value', a.value, 'worst', a.worst, 'threshold', a.threshold,
                              'pending_since', a.pending_since, 'opened_at', a.opened_at, 'cleared_at', a.cleared_at, 'at', $4,
                              'evidence', a.evidence, 'remedy', a.remedy,
                              'text', format('%%s %%s: %%s, %%s. %%s', upper(a.severity), $3, a.rule_name, a.subject, a.evidence))
    FROM %I.alert a WHERE a.alert_id = $2$sql$, warehouse) INTO message USING warehouse, alert_id, event, at;
  EXECUTE format('INSERT INTO %I.alert_event (alert_id, event, at, payload) VALUES ($1, $2, $3, $4) RETURNING event_id', warehouse)
    INTO new_event USING alert_id, event, at, message;
  EXECUTE format('UPDATE %I.alert_event SET payload = jsonb_build_object(''id'', $1) || payload WHERE event_id = $1', warehouse) USING new_event;
  EXECUTE format('INSERT INTO %1$I.alert_delivery (event_id, url) SELECT $1, s.url FROM %1$I.alert_sink s WHERE s.enabled', warehouse) USING new_event;
  -- A notification holds less than 8000 bytes; the rest is in the table.
  PERFORM pg_notify('starhouse_alert', (jsonb_build_object('id', new_event) || (message - '{evidence,remedy,text,database,worst,pending_since,opened_at,cleared_at}'::text[])
                                        || jsonb_build_object('subject', left(message->>'subject', 200), 'evidence', left(message->>'evidence', 500)))::text);
END
$body$;
COMMENT ON FUNCTION alert_tell(name, bigint, text, timestamptz) IS
  'Internal to check_alerts: puts an event into the outbox and notifies the channel starhouse_alert.';

CREATE FUNCTION check_alerts(warehouse name, at timestamptz DEFAULT NULL)
  RETURNS TABLE (event text, alert_id bigint, severity text, rule_name text, subject text, value numeric, threshold numeric, evidence text)
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp SET jit = off
AS $body$
DECLARE
  moment timestamptz := coalesce(at, clock_timestamp());
  rule record;
  live record;
  found record;
  seen text[];
  failure text;
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  IF to_regclass(format('%I.alert_rule', warehouse)) IS NULL THEN
    RAISE EXCEPTION 'warehouse "%" has no alert rules', warehouse USING ERRCODE = '42P01',
      HINT = format('An earlier version made it: SELECT starhouse.init_operations(%L).', warehouse);
  END IF;
  -- One at a time, to the end of the transaction: so events get their ids in the order they commit.
  PERFORM pg_advisory_xact_lock('pg_namespace'::regclass::oid::integer, (format('%I', warehouse)::regnamespace)::oid::integer);
  FOR rule IN EXECUTE format('SELECT r.*, to_jsonb(r) AS as_json FROM %I.alert_rule r WHERE r.enabled AND (r.checked_at IS NULL OR $1 < r.checked_at OR $1 >= r.checked_at + r.every) ORDER BY r.rule_name',
                             warehouse) USING moment LOOP
    seen := '{}';
    -- A rule that fails is a fault too, and must not hide the others.
    FOR found IN EXECUTE 'SELECT * FROM starhouse.alert_try($1, $2, $3)' USING warehouse, rule.as_json, moment LOOP
      IF found.subject IS NULL THEN
        failure := found.evidence;
        found.subject := '(the rule itself)';
        found.value := rule.threshold;
      END IF;
      seen := seen || found.subject;
      EXECUTE format('SELECT a.* FROM %I.alert a WHERE a.rule_name = $1 AND a.subject = $2 AND a.cleared_at IS NULL', warehouse)
        INTO live USING rule.rule_name, found.subject;
      IF found.value >= rule.threshold THEN
        IF live.alert_id IS NULL THEN
          EXECUTE format($sql$
            INSERT INTO %I.alert AS a (rule_name, kind, subject, severity, pending_since, last_seen, value, worst, threshold, evidence, remedy)
            VALUES ($1, $2, $3, $4, $5, $5, $6, $6, $7, $8, $9) RETURNING a.*$sql$, warehouse)
            INTO live USING rule.rule_name, rule.kind, found.subject, rule.severity, moment, found.value, rule.threshold, found.evidence,
                            coalesce(rule.remedy, starhouse.alert_remedy(rule.kind));
        ELSE
          EXECUTE format('UPDATE %I.alert SET last_seen = $2, ok_since = NULL, value = $3, worst = greatest(worst, $3), evidence = $4 WHERE alert_id = $1', warehouse)
            USING live.alert_id, moment, found.value, found.evidence;
        END IF;
        IF live.opened_at IS NULL AND live.pending_since + rule.hold <= moment THEN
          EXECUTE format('UPDATE %I.alert SET opened_at = $2 WHERE alert_id = $1', warehouse) USING live.alert_id, moment;
          PERFORM starhouse.alert_tell(warehouse, live.alert_id, 'opened', moment);
          event := 'opened'; alert_id := live.alert_id; severity := rule.severity; rule_name := rule.rule_name; subject := found.subject;
          value := found.value; threshold := rule.threshold; evidence := found.evidence;
          RETURN NEXT;
        END IF;
      ELSIF live.alert_id IS NOT NULL AND live.opened_at IS NOT NULL AND found.value >= coalesce(rule.recover, rule.threshold) THEN
        -- Between the two thresholds an open alert stays open.
        EXECUTE format('UPDATE %I.alert SET ok_since = NULL, value = $2, evidence = $3 WHERE alert_id = $1', warehouse) USING live.alert_id, found.value, found.evidence;
      ELSE
        seen := array_remove(seen, found.subject::text);
        IF live.alert_id IS NOT NULL THEN
          EXECUTE format('UPDATE %I.alert SET value = $2, evidence = $3 WHERE alert_id = $1', warehouse) USING live.alert_id, found.value, found.evidence;
        END IF;
      END IF;
    END LOOP;
    -- The rest is fine: measured below, or no longer there.
    IF failure IS NOT NULL THEN  -- or not measured at all
      failure := NULL;
      EXECUTE format('UPDATE %I.alert_rule SET checked_at = $2 WHERE rule_name = $1', warehouse) USING rule.rule_name, moment;
      CONTINUE;
    END IF;
    EXECUTE format('DELETE FROM %I.alert WHERE rule_name = $1 AND cleared_at IS NULL AND opened_at IS NULL AND subject <> ALL ($2)', warehouse) USING rule.rule_name, seen;
    FOR live IN EXECUTE format($sql$
        UPDATE %I.alert a SET ok_since = coalesce(a.ok_since, $3), cleared_at = CASE WHEN coalesce(a.ok_since, $3) + $4 <= $3 THEN $3 END
        WHERE a.rule_name = $1 AND a.cleared_at IS NULL AND a.subject <> ALL ($2) RETURNING a.*$sql$, warehouse) USING rule.rule_name, seen, moment, rule.clear_after LOOP
      CONTINUE WHEN live.cleared_at IS NULL;
      PERFORM starhouse.alert_tell(warehouse, live.alert_id, 'cleared', moment);
      event := 'cleared'; alert_id := live.alert_id; severity := live.severity; rule_name := live.rule_name; subject := live.subject;
      value := live.value; threshold := live.threshold; evidence := live.evidence;
      RETURN NEXT;
    END LOOP;
    EXECUTE format('UPDATE %I.alert_rule SET checked_at = $2 WHERE rule_name = $1', warehouse) USING rule.rule_name, moment;
  END LOOP;
  -- Rules that are gone or disabled hold nothing open.
  EXECUTE format($sql$
    DELETE FROM %1$I.alert a WHERE a.opened_at IS NULL AND a.cleared_at IS NULL
      AND NOT EXISTS (SELECT FROM %1$I.alert_rule r WHERE r.rule_name = a.rule_name AND r.enabled)$sql$, warehouse);
  FOR live IN EXECUTE format($sql$
      UPDATE %1$I.alert a SET cleared_at = $1, ok_since = coalesce(a.ok_since, $1), evidence = 'the rule was disabled or dropped'
      WHERE a.cleared_at IS NULL AND NOT EXISTS (SELECT FROM %1$I.alert_rule r WHERE r.rule_name = a.rule_name AND r.enabled)
      RETURNING a.*$sql$, warehouse) USING moment LOOP
    PERFORM starhouse.alert_tell(warehouse, live.alert_id, 'cleared', moment);
    event := 'cleared'; alert_id := live.alert_id; severity := live.severity; rule_name := live.rule_name; subject := live.subject;
    value := live.value; threshold := live.threshold; evidence := live.evidence;
    RETURN NEXT;
  END LOOP;
END
$body$;
COMMENT ON FUNCTION check_alerts(name, timestamptz) IS
  'Evaluates the alert rules of a warehouse as of a time (NULL: now), opens, updates and clears alerts, puts each opening and clearing into the outbox and notifies channel starhouse_alert; returns what opened and cleared. An alert opens when its value has been at or above the threshold for hold, and clears when it has been below recover for clear_after. A rule that cannot be evaluated opens an alert about itself. 3F000 for an unknown warehouse; a NULL one is an error (22004).';

CREATE FUNCTION alert_try(warehouse name, rule jsonb, at timestamptz)
  RETURNS TABLE (subject text, value numeric, evidence text)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  RETURN QUERY SELECT * FROM starhouse.alert_measure(warehouse, rule, at);
EXCEPTION WHEN OTHERS THEN
  subject := NULL;
  evidence := format('the rule could not be evaluated: %s %s', SQLSTATE, SQLERRM);
  RETURN NEXT;
END
$body$;
COMMENT ON FUNCTION alert_try(name, jsonb, timestamptz) IS
  'Internal to check_alerts: alert_measure, with an error as a row without a subject.';

CREATE FUNCTION alert_metrics(warehouse name)
  RETURNS TABLE (metric text, labels jsonb, value numeric)
  LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp SET jit = off
AS $body$
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  RETURN QUERY EXECUTE format($sql$
    SELECT 'starhouse_alert_open', jsonb_build_object('rule', a.rule_name, 'kind', a.kind, 'subject', a.subject, 'severity', a.severity), 1::numeric
    FROM %1$I.alert a WHERE a.opened_at IS NOT NULL AND a.cleared_at IS NULL
    UNION ALL
    SELECT 'starhouse_alert_value', jsonb_build_object('rule', a.rule_name, 'kind', a.kind, 'subject', a.subject, 'severity', a.severity), a.value
    FROM %1$I.alert a WHERE a.opened_at IS NOT NULL AND a.cleared_at IS NULL
    UNION ALL
    SELECT 'starhouse_alerts_checked_timestamp_seconds', '{}', round(extract(epoch FROM max(r.checked_at))::numeric, 3) FROM %1$I.alert_rule r HAVING max(r.checked_at) IS NOT NULL
    UNION ALL
    SELECT 'starhouse_alert_deliveries_pending', '{}', count(*) FROM %1$I.alert_delivery d WHERE d.delivered_at IS NULL
    UNION ALL
    SELECT 'starhouse_feed_last_batch_timestamp_seconds', jsonb_build_object('feed', s.feed_name), round(extract(epoch FROM s.last_batch)::numeric, 3)
    FROM starhouse.feed_status($1) s WHERE s.last_batch IS NOT NULL
    UNION ALL
    SELECT m.metric, jsonb_build_object('feed', s.feed_name), m.value
    FROM starhouse.feed_status($1) s
    CROSS JOIN LATERAL (VALUES ('starhouse_feed_records_read_total', s.records_read::numeric), ('starhouse_feed_records_rejected_total', s.rejected::numeric),
                               ('starhouse_feed_open_rejects', s.open_rejects::numeric), ('starhouse_feed_unfinished_sources', s.unfinished::numeric)) AS m (metric, value)
    UNION ALL
    SELECT 'starhouse_feed_attempts_failed_total', jsonb_build_object('feed', a.feed_name, 'action', a.action, 'cause', a.cause), count(*)
    FROM %1$I.attempt_log a GROUP BY a.feed_name, a.action, a.cause$sql$, warehouse) USING warehouse;
  IF to_regclass(format('%I.kpi_freshness', warehouse)) IS NOT NULL THEN
    RETURN QUERY EXECUTE format($sql$
      SELECT m.metric, jsonb_build_object('kpi', k.kpi), m.value
      FROM %1$I.kpi_freshness k
      CROSS JOIN LATERAL (VALUES ('starhouse_kpi_newest_event_timestamp_seconds', round(extract(epoch FROM k.newest_event)::numeric, 3)),
                                 ('starhouse_kpi_stale', k.is_stale::integer::numeric)) AS m (metric, value)
      WHERE m.value IS NOT NULL$sql$, warehouse);
  END IF;
END
$body$;
COMMENT ON FUNCTION alert_metrics(name) IS
  'State of a warehouse''s pipeline as Prometheus metrics: open alerts, when the rules were checked, deliveries that wait, per feed the last batch, records, rejects and failed attempts, per KPI newest event and staleness. starhouse alerts --metrics writes them to a file. 3F000 for an unknown warehouse, 22004 for NULL.';
