-- What monitoring asks: figures worked out by hand, a role that sees these and nothing else, warehouses of other roles, errors.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(36);
CREATE ROLE monitor_owner;
CREATE ROLE monitor_watcher;
CREATE ROLE monitor_stranger;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO monitor_owner', current_database()); END $$;
SET LOCAL ROLE monitor_owner;
SELECT starhouse.create_warehouse('shopsmart', 'watched "shop', 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31');
SELECT throws_ok($$SELECT starhouse.grant_monitoring_role('watched "shop', 'monitor_missing')$$, '42704', 'role "monitor_missing" does not exist', 'an unknown role is named');
SELECT throws_ok($$SELECT starhouse.grant_monitoring_role('watched', 'monitor_watcher')$$, '3F000', 'there is no warehouse "watched"', 'so is an unknown warehouse');
SELECT matches(starhouse.grant_monitoring_role('watched "shop', 'monitor_watcher'), '^monitor_watcher may watch "watched ""shop": \d+ tables and views$', 'the owner lets a role in');

SET LOCAL search_path = "watched ""shop", starhouse, public;
SELECT starhouse.create_rollup('daily', 'sales_fact', 'event_time', '1 day', NULL, '{"n": "count(*)"}');
SELECT ensure_partitions('sales_fact', '2025-01-01', '2025-03-01');
INSERT INTO sales_fact (time_key, event_time, order_id, line_id, channel, quantity_sold, sales_amount)
  SELECT '2025-01-20', '2025-01-20 12:00Z', 'o' || i, 1, 'Store', 1, 10 FROM generate_series(1, 5) i;
INSERT INTO load_source (feed_name, source_name, fingerprint, finished_at) VALUES ('pos_sales', 'a', 'a', now()), ('pos_sales', 'b', 'b', NULL);
INSERT INTO load_source (feed_name, source_name, fingerprint, kind, partitions) VALUES ('pos_sales', 'topic t', 'topic t', 'topic', 2);
INSERT INTO source_partition (source_id, partition, next_offset, end_offset) SELECT source_id, p, 100, 100 + p * 40 FROM load_source, generate_series(0, 2) p WHERE kind = 'topic';
INSERT INTO batch_log (feed_name, records_read, records_loaded, duplicates, rejected, steps, started_at, finished_at) VALUES
  ('pos_sales', 100, 90, 4, 6, '[]', '2025-02-01 10:00Z', '2025-02-01 10:01Z'), ('pos_sales', 50, 50, 0, 0, '[]', '2025-02-01 11:00Z', '2025-02-01 11:01Z');
INSERT INTO quarantine (feed_name, sqlstate, reason, resolved_at) SELECT 'pos_sales', '22P02', 'x', CASE WHEN i = 1 THEN now() END FROM generate_series(1, 6) i;
INSERT INTO run_log (feed_name, source_id, epoch, process, started_at, finished_at, outcome) VALUES
  ('pos_sales', 1, 1, 0, '2025-02-01 10:00Z', '2025-02-01 10:00:30Z', 'done'), ('pos_sales', 1, 2, 0, '2025-02-01 11:00Z', '2025-02-01 11:02:00.5Z', 'failed'),
  ('pos_sales', 1, 3, 0, '2025-02-01 12:00Z', NULL, NULL), ('pos_sales', 1, 4, pg_backend_pid(), clock_timestamp(), NULL, NULL);
SELECT record_failure('watched "shop', 'pos_sales', '53100', 'disk full', 'stop', failed_at => '2025-02-01 10:30Z');
SELECT record_failure('watched "shop', 'pos_sales', '53100', 'disk full', 'stop', failed_at => '2025-02-01 11:30Z');
SELECT record_failure('watched "shop', 'pos_sales', '40001', 'conflict', 'retry', failed_at => '2025-02-01 11:31Z');
INSERT INTO alert (rule_name, kind, subject, severity, pending_since, opened_at, cleared_at, last_seen, value, threshold) VALUES
  ('r', 'lag', 'open', 'warning', now(), now(), NULL, now(), 7, 5), ('r', 'lag', 'over', 'warning', now(), now(), now(), now(), 7, 5), ('r', 'lag', 'pending', 'warning', now(), NULL, NULL, now(), 7, 5);
ANALYZE sales_fact;
SELECT starhouse.grant_monitoring_role('watched "shop', 'monitor_watcher');  -- once more: for the rollup
RESET ROLE;

SET LOCAL ROLE monitor_watcher;
SELECT results_eq($$SELECT last_batch_at, batches, records_read, records_loaded, duplicates, rejected, open_rejects, unfinished_sources, lag_records FROM starhouse.monitor_feeds() WHERE feed_name = 'pos_sales'$$,
  $$VALUES ('2025-02-01 11:01Z'::timestamptz, 2::bigint, 150::bigint, 140::bigint, 4::bigint, 6::bigint, 5::bigint, 1::bigint, 120::bigint)$$, 'a feed''s batches, rejects, files and lag');
SELECT results_eq($$SELECT runs, run_seconds, last_run_seconds, open_runs, failing_runs FROM starhouse.monitor_feeds() WHERE feed_name = 'pos_sales'$$,
  $$VALUES (2::bigint, 150.500, 120.500, 1::bigint, 2::bigint)$$, 'its runs: two that ended, one at work, one failed and one killed since the last batch');
SELECT is(oldest_open_run_at > now() - interval '1 minute', true, 'a run whose session is gone is none at work') FROM starhouse.monitor_feeds() WHERE feed_name = 'pos_sales';
SELECT results_eq($$SELECT warehouse_name, batches, runs, last_batch_at, last_run_seconds FROM starhouse.monitor_feeds() WHERE feed_name = 'stores'$$,
  $$VALUES ('watched "shop', 0::bigint, 0::bigint, NULL::timestamptz, NULL::numeric)$$, 'a feed that never ran');
SELECT results_eq($$SELECT feed_name, action, cause, failed FROM starhouse.monitor_attempts()$$,
  $$VALUES ('pos_sales', 'retry', 'conflict of transactions', 1::bigint), ('pos_sales', 'stop', 'disk full', 2)$$, 'failed attempts by cause');
SELECT results_eq($$SELECT rule_name, subject, value FROM starhouse.monitor_alerts()$$, $$VALUES ('r', 'open', 7::numeric)$$, 'alerts that are open, not those that are over or pending');
SELECT results_eq($$SELECT alerts_checked_at, deliveries_pending FROM starhouse.monitor_checks()$$, $$VALUES (NULL::timestamptz, 0::bigint)$$, 'nobody has checked the rules');
SELECT results_eq($$SELECT newest_event, is_stale FROM starhouse.monitor_kpis() WHERE kpi = 'kpi_daily_sales'$$, $$VALUES ('2025-01-20 12:00Z'::timestamptz, true)$$, 'the newest event of a KPI');
SELECT results_eq($$SELECT kind, name, waiting > 0, done_at IS NULL FROM starhouse.monitor_backlogs() ORDER BY kind DESC, name$$,
  $$VALUES ('rollup', 'daily', true, false), ('gold', 'gold_customer_profile', false, true), ('gold', 'gold_product_profile', false, true)$$, 'what waits');
SELECT results_eq($$SELECT relation, kind, partitions FROM starhouse.monitor_relations() WHERE relation IN ('sales_fact', 'store_dim', 'product_history', 'bronze_pos_sales', 'quarantine', 'batch_log', 'gold_product_profile', 'daily_rolled') ORDER BY relation COLLATE "C"$$,
  $$VALUES ('batch_log', 'pipeline', 0::bigint), ('bronze_pos_sales', 'bronze', 0), ('daily_rolled', 'other', 0), ('gold_product_profile', 'gold', 0), ('product_history', 'dimension', 0),
    ('quarantine', 'quarantine', 0), ('sales_fact', 'fact', (SELECT count(*) FROM pg_partition_tree('"watched ""shop".sales_fact') WHERE isleaf)), ('store_dim', 'dimension', 0)$$, 'tables, partitions with their parents');
SELECT unnest(ARRAY[
         is(table_bytes, (SELECT sum(pg_table_size(relid))::bigint FROM pg_partition_tree('"watched ""shop".sales_fact')), 'the size is that of the partitions'),
       is(index_bytes, (SELECT sum(pg_indexes_size(relid))::bigint FROM pg_partition_tree('"watched ""shop".sales_fact')), 'so is that of the indexes'),
       is(row_estimate, 5::bigint, 'rows are counted once')])
  FROM starhouse.monitor_relations() WHERE relation = 'sales_fact';
SELECT results_eq($$SELECT dimension, violations, example FROM starhouse.monitor_dimensions()$$, $$VALUES ('customer_history', 0::bigint, NULL::text), ('product_history', 0, NULL)$$, 'histories are sound');
SELECT throws_ok($$SELECT payload FROM "watched ""shop".quarantine$$, '42501', NULL, 'rejected records stay closed');
SELECT throws_ok($$SELECT value FROM "watched ""shop".quarantine$$, '42501', NULL, 'and their values');
SELECT throws_ok($$SELECT sales_amount FROM "watched ""shop".sales_fact$$, '42501', NULL, 'and what facts say');
SELECT throws_ok($$SELECT message FROM "watched ""shop".attempt_log$$, '42501', NULL, 'and messages');
SELECT throws_ok($$SELECT payload FROM "watched ""shop".bronze_pos_sales$$, '42501', NULL, 'and bronze');
SELECT throws_ok($$DELETE FROM "watched ""shop".alert$$, '42501', NULL, 'and nothing is changed');
SELECT throws_ok($$SELECT * FROM starhouse.monitor_feeds('nowhere')$$, '3F000', NULL, 'an unknown warehouse');
SELECT throws_ok($$SELECT starhouse.grant_monitoring_role('watched "shop', 'monitor_stranger')$$, '42501', NULL, 'only the owner grants');
RESET ROLE;
SET LOCAL ROLE monitor_stranger;
SELECT is_empty($$SELECT * FROM starhouse.monitor_feeds()$$, 'who was not let in sees no warehouse');
RESET ROLE;
SELECT is_empty($$SELECT * FROM starhouse.monitor_kpis() WHERE warehouse_name = 'watched "shop'$$, 'a superuser runs no view of another role unasked');
SELECT is(count(*) > 0, true, 'but of one that is named') FROM starhouse.monitor_kpis('watched "shop');

-- A history that is wrong, and a grant that keeps histories closed.
INSERT INTO "watched ""shop".product_history (product_id, valid_from, valid_to, is_current, is_inferred)
  VALUES ('P1', '-infinity', '2025-01-01', false, false), ('P1', '2025-01-01', 'infinity', true, true);
SET LOCAL ROLE monitor_watcher;
SELECT results_eq($$SELECT dimension, violations > 0 FROM starhouse.monitor_dimensions()$$, $$VALUES ('customer_history', false), ('product_history', true)$$, 'a violated history is told of');
RESET ROLE;
SET LOCAL ROLE monitor_owner;
SELECT is(starhouse.revoke_monitoring_role('watched "shop', 'monitor_watcher'), 'monitor_watcher may no longer watch "watched ""shop"', 'it is taken back');
RESET ROLE;
SELECT is((SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a WHERE a.grantee = 'monitor_watcher'::regrole) + (SELECT count(*) FROM pg_attribute c, aclexplode(c.attacl) a WHERE a.grantee = 'monitor_watcher'::regrole)
  + (SELECT count(*) FROM pg_namespace c, aclexplode(c.nspacl) a WHERE a.grantee = 'monitor_watcher'::regrole), 0::bigint, 'to the last column');
SET LOCAL ROLE monitor_owner;
SELECT starhouse.grant_monitoring_role('watched "shop', 'monitor_watcher', check_history => false);
RESET ROLE;
SET LOCAL ROLE monitor_watcher;
SELECT is_empty($$SELECT * FROM starhouse.monitor_dimensions()$$, 'without check_history histories are closed');
SELECT is(count(*) > 0, true, 'and the rest is not') FROM starhouse.monitor_feeds();
RESET ROLE;

-- For schedulers.
SELECT throws_ok($$SELECT starhouse.assert_integrity('nowhere')$$, '3F000', NULL, 'assert_integrity of an unknown warehouse');
SELECT throws_ok($$SELECT starhouse.assert_integrity('watched "shop')$$, '23000', 'warehouse "watched "shop" has 1 problems', 'of one that is not sound');
DELETE FROM "watched ""shop".product_history WHERE product_id = 'P1';
SELECT is(starhouse.assert_integrity('watched "shop'), 'warehouse "watched "shop" is sound', 'of one that is sound');
SELECT * FROM finish();
ROLLBACK;
