-- Alert rules on a pipeline whose records are written by hand, at set times: each kind fires and clears, waits
-- for its hold, does not flap between its two thresholds, and what it tells is in the outbox once.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
\set SHOW_CONTEXT never
CREATE SCHEMA "Al arm";
SELECT starhouse.init_pipeline('Al arm');
SELECT starhouse.init_operations('Al arm');  -- again: nothing happens
SELECT rule_name, kind, severity, threshold, recover, within, enabled FROM "Al arm".alert_rule ORDER BY 1;
SELECT starhouse.create_feed('Al arm', f, '{"format": "jsonl", "columns": [{"name": "id", "type": "text"}]}', bronze => false) FROM unnest('{orders,pings}'::text[]) f;
INSERT INTO "Al arm".load_source (feed_name, source_name, fingerprint, next_record, opened_at) VALUES
  ('orders', 'o.json', 'a', 1001, '2024-06-01 10:00'), ('pings', 'p.json', 'b', 201, '2024-06-01 10:00');
CREATE FUNCTION pg_temp.batch(feed text, source bigint, first bigint, next bigint, rejects bigint, at timestamptz) RETURNS void LANGUAGE sql AS $$
  INSERT INTO "Al arm".batch_log (feed_name, source_id, first_record, last_record, records_read, records_loaded, duplicates, rejected, steps, started_at, finished_at)
  VALUES (feed, source, first, next - 1, next - first, next - first - rejects, 0, rejects, '[]', at - interval '1 second', at)$$;
CREATE FUNCTION pg_temp.look(at timestamptz) RETURNS TABLE (event text, severity text, rule_name text, subject text, value numeric, evidence text) LANGUAGE sql AS $$
  SELECT event, severity, rule_name, subject, value, evidence FROM starhouse.check_alerts('Al arm', at)$$;
SELECT pg_temp.batch('orders', 1, 1, 501, 3, '2024-06-01 10:01'), pg_temp.batch('pings', 2, 1, 201, 0, '2024-06-01 10:01');
SELECT * FROM pg_temp.look('2024-06-01 10:02');

-- Reject rate: 6.3 percent opens, 4.0 is between the thresholds, 1.8 clears once it has held for five minutes.
SELECT pg_temp.batch('orders', 1, 501, 1001, 60, '2024-06-01 10:03');
SELECT * FROM pg_temp.look('2024-06-01 10:04');
SELECT * FROM pg_temp.look('2024-06-01 10:05');
SELECT pg_temp.batch('orders', 1, 1001, 1601, 1, '2024-06-01 10:06');
SELECT * FROM pg_temp.look('2024-06-01 10:06');
SELECT pg_temp.batch('orders', 1, 1601, 3601, 0, '2024-06-01 10:07');
SELECT * FROM pg_temp.look('2024-06-01 10:07');
SELECT subject, value, worst, opened_at, last_seen, ok_since, cleared_at FROM "Al arm".alert;
SELECT * FROM pg_temp.look('2024-06-01 10:11:59');
SELECT * FROM pg_temp.look('2024-06-01 10:12');
-- It would have to come back to open again.
SELECT * FROM pg_temp.look('2024-06-01 10:13');
SELECT alert_id, pending_since, opened_at, cleared_at, worst, remedy IS NOT NULL AS has_remedy FROM "Al arm".alert ORDER BY 1;

-- No data: enabled for one feed; silence counts from its last batch with records.
UPDATE "Al arm".alert_rule SET feed_name = 'pings', threshold = 30, hold = '10 minutes', enabled = true WHERE rule_name = 'no data';
UPDATE "Al arm".alert_rule SET enabled = false WHERE rule_name = 'stalled source';
SELECT * FROM pg_temp.look('2024-06-01 10:31');  -- pending
SELECT subject, pending_since, opened_at, value FROM "Al arm".alert WHERE rule_name = 'no data';
SELECT * FROM pg_temp.look('2024-06-01 10:41');
SELECT pg_temp.batch('pings', 2, 201, 301, 0, '2024-06-01 10:50');
SELECT * FROM pg_temp.look('2024-06-01 10:51');
-- A pending one that recovers was never told.
SELECT count(*) FROM "Al arm".alert_event;
SELECT * FROM pg_temp.look('2024-06-01 11:21');
SELECT pg_temp.batch('pings', 2, 301, 401, 0, '2024-06-01 11:25');
SELECT * FROM pg_temp.look('2024-06-01 11:26');
SELECT count(*) FROM "Al arm".alert_event;

-- A failing feed, its recovery, retries, a run that was killed.
SELECT starhouse.record_failure('Al arm', 'orders', '42703', 'feed orders, step 3 (facts x): column "y" does not exist', 'stop', 1, 1, first_record => 3601, last_record => 3700, failed_at => '2024-06-01 12:00');
SELECT attempt_id, cause, step_no, step_name, source_name, action FROM "Al arm".attempt_log;
SELECT * FROM pg_temp.look('2024-06-01 12:01');
SELECT starhouse.record_failure('Al arm', 'orders', '42703', 'again', 'stop', failed_at => '2024-06-01 12:05');
SELECT * FROM pg_temp.look('2024-06-01 12:06');
SELECT value, evidence FROM "Al arm".alert WHERE rule_name = 'failing feed';
SELECT pg_temp.batch('orders', 1, 3601, 3701, 0, '2024-06-01 12:10');
SELECT * FROM pg_temp.look('2024-06-01 12:11');
SELECT starhouse.record_failure('Al arm', 'pings', '40P01', 'deadlock detected', 'retry', 2, 1, retry_no => n, failed_at => timestamptz '2024-06-01 13:00' + n * interval '1 second') FROM generate_series(0, 4) n;
SELECT * FROM pg_temp.look('2024-06-01 13:01');
SELECT * FROM pg_temp.look('2024-06-01 13:16');
SELECT * FROM pg_temp.look('2024-06-01 13:22');
INSERT INTO "Al arm".run_log (feed_name, source_id, epoch, source_name, process, started_at) VALUES ('pings', 2, 7, 'p.json', -1, '2024-06-01 14:00');
SELECT * FROM pg_temp.look('2024-06-01 14:01');
SELECT feed_name, source_name FROM starhouse.runs_dead('Al arm');
UPDATE "Al arm".run_log SET finished_at = '2024-06-01 14:02', outcome = 'superseded';
SELECT * FROM pg_temp.look('2024-06-01 14:03');

-- Quarantine that grows, data loss (an offset that was moved, a source that lost records), a stalled source.
UPDATE "Al arm".alert_rule SET threshold = 5, recover = 3, clear_after = '0' WHERE rule_name = 'quarantine grows';
INSERT INTO "Al arm".quarantine (feed_name, source_id, batch_id, record_no, sqlstate, column_name, reason, rejected_at)
SELECT 'orders', 1, 1, n, '22007', 'at', 'no date', timestamptz '2024-06-01 15:00' + n * interval '1 minute' FROM generate_series(1, 6) n;
SELECT * FROM pg_temp.look('2024-06-01 15:10');
UPDATE "Al arm".quarantine SET resolved_at = '2024-06-01 15:11', resolved_batch = 9 WHERE record_no > 2;
SELECT * FROM pg_temp.look('2024-06-01 15:12');
SELECT pg_temp.batch('orders', 1, 3751, 3801, 0, '2024-06-01 16:00');
SELECT starhouse.record_failure('Al arm', 'pings', '55000', 'offset 401 is below the start of the log, 900', 'lost', 2, 7, first_record => 401, last_record => 899, failed_at => '2024-06-01 16:00');
SELECT * FROM pg_temp.look('2024-06-01 16:01');
UPDATE "Al arm".alert_rule SET enabled = true WHERE rule_name = 'stalled source';
UPDATE "Al arm".load_source SET finished_at = '2024-06-01 16:30' WHERE source_id = 2;
SELECT * FROM pg_temp.look('2024-06-01 16:31');

-- A rule that cannot be evaluated is told of, and hides no other; one that is switched off holds nothing open.
INSERT INTO "Al arm".alert_rule (rule_name, kind, threshold, target) VALUES ('broken', 'no_data', 1, NULL);
ALTER TABLE "Al arm".attempt_log RENAME TO attempts_away;
SELECT event, rule_name, subject, evidence FROM pg_temp.look('2024-06-01 16:32') WHERE subject ~ 'rule' ORDER BY 2;
ALTER TABLE "Al arm".attempts_away RENAME TO attempt_log;
SELECT event, rule_name, subject FROM pg_temp.look('2024-06-01 16:33') ORDER BY 2, 3;
UPDATE "Al arm".alert_rule SET enabled = false WHERE rule_name = 'data loss';
SELECT event, rule_name, subject, evidence FROM pg_temp.look('2024-06-01 16:34') ORDER BY 3;

-- The outbox: each event for each webhook; a new webhook is told of what is open.
SELECT starhouse.alert_sink_add('Al arm', 'http://127.0.0.1:1/x'), starhouse.alert_sink_add('Al arm', 'http://127.0.0.1:1/x');
SELECT e.event, e.payload->>'rule' AS rule, e.payload->>'subject' AS subject, e.payload->>'id' = e.event_id::text AS has_id FROM "Al arm".alert_delivery d JOIN "Al arm".alert_event e USING (event_id) ORDER BY e.event_id;
SELECT pg_temp.batch('orders', 1, 3801, 3901, 50, '2024-06-01 17:00');
SELECT event, rule_name FROM pg_temp.look('2024-06-01 17:01') ORDER BY 1, 2;
SELECT count(*) AS waiting, count(DISTINCT (event_id, url)) AS distinct_ones FROM "Al arm".alert_delivery WHERE delivered_at IS NULL;
SELECT payload - '{database,at,pending_since,opened_at}'::text[] FROM "Al arm".alert_event ORDER BY event_id DESC LIMIT 1;
SELECT metric, labels - 'value', value FROM starhouse.alert_metrics('Al arm') WHERE metric ~ 'alert_open|pending|failed|rejects$' ORDER BY 1, labels::text;

-- Errors.
\set VERBOSITY sqlstate
SELECT starhouse.check_alerts('nowhere');
SELECT starhouse.check_alerts(NULL);
SELECT starhouse.alert_sink_add('Al arm', 'ftp://x');
SELECT starhouse.record_failure('Al arm', 'orders', 'oops!', 'x');
SELECT starhouse.post_mortem('Al arm', 'orders', '2024-06-01', '2024-05-01');
SELECT starhouse.post_mortem('Al arm', 'nothing', '2024-06-01');
DROP TABLE "Al arm".alert_rule;
SELECT starhouse.check_alerts('Al arm');

-- What an SQLSTATE means.
SELECT s, cause, transient FROM unnest('{08006,53100,53300,57P01,57014,40001,55P03,55000,23503,23502,23514,22021,22007,42703,42P01,42501,42601,25006,54000,58030,XX001,P0001,01000}'::text[]) s,
  starhouse.failure_cause(s);
DROP SCHEMA "Al arm" CASCADE;
