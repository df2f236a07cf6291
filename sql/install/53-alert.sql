-- Alerts: rules as data, what they found, and an outbox of what has to be told.
--
--   alert_rule ──check_alerts──▶ alert (pending ▶ open ▶ cleared)
--                                  └─ opened, cleared ──▶ alert_event, NOTIFY starhouse_alert
--                                                           └─ per sink ──▶ alert_delivery (starhouse alerts sends them)
--
-- Measures are in 53-alert_measure.sql, check_alerts in 53-alert_check.sql. The tables are the warehouse's own.

CREATE FUNCTION init_alerts(schema name) RETURNS void
  LANGUAGE plpgsql VOLATILE STRICT
  SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $body$
BEGIN
  EXECUTE format($sql$
    CREATE TABLE IF NOT EXISTS %1$I.alert_rule (
      rule_name    text COLLATE "C" PRIMARY KEY,
      kind         text NOT NULL CHECK (kind IN ('no_data', 'reject_rate', 'lag', 'stalled', 'freshness', 'failing', 'retries', 'quarantine_growth',
                                                 'scd_invariant', 'integrity', 'rollup_backlog', 'gold_backlog', 'data_loss')),
      feed_name    text COLLATE "C",
      target       text,
      severity     text NOT NULL DEFAULT 'warning' CHECK (severity IN ('info', 'warning', 'critical')),
      threshold    numeric NOT NULL,
      recover      numeric CHECK (recover <= threshold),
      within       interval NOT NULL DEFAULT '1 hour' CHECK (within > interval '0'),
      at_least     bigint NOT NULL DEFAULT 1,
      hold         interval NOT NULL DEFAULT '0',
      clear_after  interval NOT NULL DEFAULT '0',
      every        interval NOT NULL DEFAULT '0',
      enabled      boolean NOT NULL DEFAULT true,
      remedy       text,
      checked_at   timestamptz
    )$sql$, schema);
  EXECUTE format($sql$
    CREATE TABLE IF NOT EXISTS %1$I.alert (
      alert_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      rule_name      text COLLATE "C" NOT NULL,
      kind           text NOT NULL,
      subject        text COLLATE "C" NOT NULL,
      severity       text NOT NULL,
      pending_since  timestamptz NOT NULL,
      opened_at      timestamptz,
      last_seen      timestamptz NOT NULL,
      ok_since       timestamptz,
      cleared_at     timestamptz,
      value          numeric,
      worst          numeric,
      threshold      numeric NOT NULL,
      evidence       text,
      remedy         text
    )$sql$, schema);
  EXECUTE format('CREATE UNIQUE INDEX IF NOT EXISTS alert_live_idx ON %1$I.alert (rule_name, subject) WHERE cleared_at IS NULL', schema);
  EXECUTE format($sql$
    CREATE TABLE IF NOT EXISTS %1$I.alert_event (
      event_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      alert_id  bigint NOT NULL REFERENCES %1$I.alert ON DELETE CASCADE,
      event     text NOT NULL CHECK (event IN ('opened', 'cleared')),
      at        timestamptz NOT NULL,
      payload   jsonb NOT NULL
    )$sql$, schema);
  EXECUTE format('CREATE TABLE IF NOT EXISTS %1$I.alert_sink (url text PRIMARY KEY, added_at timestamptz NOT NULL DEFAULT now(), enabled boolean NOT NULL DEFAULT true)', schema);
  EXECUTE format($sql$
    CREATE TABLE IF NOT EXISTS %1$I.alert_delivery (
      event_id      bigint NOT NULL REFERENCES %1$I.alert_event ON DELETE CASCADE,
      url           text NOT NULL REFERENCES %1$I.alert_sink ON DELETE CASCADE,
      tries         integer NOT NULL DEFAULT 0,
      next_try_at   timestamptz NOT NULL DEFAULT '-infinity',
      last_error    text,
      delivered_at  timestamptz,
      PRIMARY KEY (event_id, url)
    )$sql$, schema);
  EXECUTE format('CREATE INDEX IF NOT EXISTS alert_delivery_due_idx ON %1$I.alert_delivery (url, next_try_at) WHERE delivered_at IS NULL', schema);
  -- What is normal for every pipeline is on; what only its owner knows waits to be enabled.
  EXECUTE format($sql$
    INSERT INTO %1$I.alert_rule (rule_name, kind, severity, threshold, recover, within, at_least, hold, clear_after, every, enabled) VALUES
      ('data loss', 'data_loss', 'critical', 1, NULL, '7 days', 1, '0', '0', '0', true),
      ('failing feed', 'failing', 'critical', 1, NULL, '7 days', 1, '0', '0', '0', true),
      ('integrity', 'integrity', 'critical', 1, NULL, '1 hour', 1, '0', '0', '1 day', false),
      ('lag', 'lag', 'warning', 100000, 50000, '1 hour', 1, '2 minutes', '2 minutes', '0', true),
      ('no data', 'no_data', 'warning', 60, NULL, '1 hour', 1, '0', '0', '0', false),
      ('quarantine grows', 'quarantine_growth', 'warning', 1000, 500, '1 hour', 1, '0', '10 minutes', '0', true),
      ('reject rate', 'reject_rate', 'warning', 5, 2, '1 hour', 100, '0', '5 minutes', '0', true),
      ('repeated retries', 'retries', 'warning', 5, 1, '15 minutes', 1, '0', '5 minutes', '0', true),
      ('rollup backlog', 'rollup_backlog', 'warning', 1000000, 500000, '1 hour', 1, '10 minutes', '0', '1 minute', true),
      ('gold backlog', 'gold_backlog', 'warning', 100000, 50000, '1 hour', 1, '10 minutes', '0', '1 minute', true),
      ('stale KPIs', 'freshness', 'warning', 1, NULL, '1 hour', 1, '0', '0', '1 minute', false),
      ('stalled source', 'stalled', 'warning', 30, NULL, '1 hour', 1, '0', '0', '0', true),
      ('version history', 'scd_invariant', 'critical', 1, NULL, '1 hour', 1, '0', '0', '1 day', false)
    ON CONFLICT DO NOTHING$sql$, schema);
  PERFORM starhouse.comment_relations(schema, ARRAY[
    ['alert_rule', NULL, 'Alert rules: change, add or disable rows at will; starhouse.check_alerts evaluates them'],
    ['alert_rule', 'rule_name', 'Name shown in alerts'],
    ['alert_rule', 'kind', 'What is measured; docs/pipeline-failures.md lists the kinds and their units'],
    ['alert_rule', 'feed_name', 'Feed it is about; NULL: each feed'],
    ['alert_rule', 'target', 'KPI, dimension, rollup or gold table it is about, as a LIKE pattern; NULL: each'],
    ['alert_rule', 'severity', 'info, warning or critical'],
    ['alert_rule', 'threshold', 'The alert is due from this value on'],
    ['alert_rule', 'recover', 'An open alert counts as over only below this value; NULL: below the threshold'],
    ['alert_rule', 'within', 'How far back is looked'],
    ['alert_rule', 'at_least', 'Records (reject_rate) there have to be in that time for the rule to judge'],
    ['alert_rule', 'hold', 'How long the value has to stay at or above the threshold before the alert opens'],
    ['alert_rule', 'clear_after', 'How long it has to stay below recover before the alert is cleared'],
    ['alert_rule', 'every', 'Least time between two evaluations, for costly rules'],
    ['alert_rule', 'enabled', 'Whether it is evaluated'],
    ['alert_rule', 'remedy', 'What to do, instead of the kind''s own text'],
    ['alert_rule', 'checked_at', 'When it was last evaluated'],
    ['alert', NULL, 'Alerts: pending (not opened yet), open, and cleared ones for the record'],
    ['alert', 'alert_id', 'Surrogate key'],
    ['alert', 'rule_name', 'Rule that found it'],
    ['alert', 'kind', 'Kind of the rule'],
    ['alert', 'subject', 'Feed, source, KPI, dimension or rollup it is about'],
    ['alert', 'severity', 'Severity of the rule when it was found'],
    ['alert', 'pending_since', 'First time the value was at or above the threshold'],
    ['alert', 'opened_at', 'When it opened: pending_since and the rule''s hold; NULL while pending'],
    ['alert', 'last_seen', 'Last time the value was at or above the threshold'],
    ['alert', 'ok_since', 'Since when the value has been below recover; NULL: it is not'],
    ['alert', 'cleared_at', 'When it was over; NULL while it lives'],
    ['alert', 'value', 'Last value measured'],
    ['alert', 'worst', 'Highest value measured'],
    ['alert', 'threshold', 'Threshold of the rule when it was found'],
    ['alert', 'evidence', 'What was seen'],
    ['alert', 'remedy', 'What to do'],
    ['alert_event', NULL, 'What was told, or has to be: an alert opened or was cleared'],
    ['alert_event', 'event_id', 'Surrogate key; receivers tell a repeated message by it'],
    ['alert_event', 'alert_id', 'The alert'],
    ['alert_event', 'event', 'opened or cleared'],
    ['alert_event', 'at', 'When'],
    ['alert_event', 'payload', 'The message as sent'],
    ['alert_sink', NULL, 'Webhooks that are told; starhouse alerts --webhook adds one'],
    ['alert_sink', 'url', 'Where messages are posted'],
    ['alert_sink', 'added_at', 'When it was added'],
    ['alert_sink', 'enabled', 'Whether new events are meant for it'],
    ['alert_delivery', NULL, 'Outbox: one row per event and webhook; kept until delivered, however often the sender is killed'],
    ['alert_delivery', 'event_id', 'Event to be told'],
    ['alert_delivery', 'url', 'Webhook to be told'],
    ['alert_delivery', 'tries', 'Attempts so far'],
    ['alert_delivery', 'next_try_at', 'Not before this time'],
    ['alert_delivery', 'last_error', 'Why the last attempt failed'],
    ['alert_delivery', 'delivered_at', 'When the webhook accepted it']]);
END
$body$;
COMMENT ON FUNCTION init_alerts(name) IS
  'Creates the tables of rules and alerts of a warehouse where they are missing, with the default rules; init_operations calls it. NULL does nothing.';

CREATE FUNCTION init_operations(schema name) RETURNS void
  LANGUAGE plpgsql VOLATILE STRICT
  SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  EXECUTE format('LOCK TABLE %I.feed IN SHARE MODE', schema);  -- one at a time
  PERFORM starhouse.init_run_log(schema);
  PERFORM starhouse.init_alerts(schema);
END
$body$;
COMMENT ON FUNCTION init_operations(name) IS
  'Creates what a pipeline needs to be watched, where it is missing: runs, failed attempts, alert rules, alerts and the outbox, as the caller''s own tables. init_pipeline calls it; call it for a warehouse that an earlier version made. NULL does nothing.';

CREATE FUNCTION alert_sink_add(warehouse name, url text) RETURNS boolean
  LANGUAGE plpgsql VOLATILE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  added bigint;
BEGIN
  PERFORM starhouse.pipeline_check(warehouse);
  IF url IS NULL OR url !~* '^https?://[^[:space:]]+$' THEN
    RAISE EXCEPTION 'a webhook cannot be %', coalesce('"' || url || '"', 'NULL') USING ERRCODE = '22023', HINT = 'Give an http:// or https:// URL.';
  END IF;
  EXECUTE format('INSERT INTO %I.alert_sink (url) VALUES ($1) ON CONFLICT DO NOTHING', warehouse) USING url;
  GET DIAGNOSTICS added = ROW_COUNT;
  IF added > 0 THEN
    -- It is told of what is open already.
    EXECUTE format($sql$
      INSERT INTO %1$I.alert_delivery (event_id, url)
      SELECT max(e.event_id), $1 FROM %1$I.alert_event e JOIN %1$I.alert a USING (alert_id)
      WHERE a.cleared_at IS NULL AND e.event = 'opened' GROUP BY a.alert_id ON CONFLICT DO NOTHING$sql$, warehouse) USING url;
  END IF;
  RETURN added > 0;
END
$body$;
COMMENT ON FUNCTION alert_sink_add(name, text) IS
  'Adds a webhook that is told of alerts: those open now, and every one that opens or clears from now on. Whether it is new. 22023 unless the URL begins with http:// or https://, 3F000 for an unknown warehouse; NULL is an error.';

CREATE FUNCTION pipeline_relations() RETURNS text[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT '{feed,feed_version,feed_drift,load_source,source_partition,source_gap,batch_log,quarantine,template_object,freshness_limit,gold_registry,gold_dirty,retention_log,run_log,attempt_log,step_log,alert_rule,alert,alert_event,alert_sink,alert_delivery,table_source}'::text[]
$body$;
COMMENT ON FUNCTION pipeline_relations() IS
  'Names of the tables and views that init_pipeline makes in a schema: a warehouse cannot be made where one of them is taken, and BI roles do not see them.';
