-- QuickEats' days of payments, feedback and searches: what opens a day that is summed up, that reports are right meanwhile, and terms of any length.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, starhouse;
SELECT no_plan();
CREATE FUNCTION pg_temp.rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
BEGIN
  EXECUTE format('SELECT string_agg(r::text, E''\n'' ORDER BY r::text) FROM (%s) r', query) INTO result;
  RETURN result;
END $$;
SELECT starhouse.create_warehouse('quickeats', 'qe sums', 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31', foreign_keys => 'none') \g /dev/null
SET LOCAL search_path = 'qe sums', starhouse, public;
CREATE FUNCTION pg_temp.put(feed text, VARIADIC records jsonb[]) RETURNS bigint LANGUAGE sql AS $$
  SELECT (starhouse.ingest('"qe sums".' || feed, ARRAY(SELECT r::text FROM unnest(records) r), md5(records::text))->>'loaded')::bigint $$;
CREATE FUNCTION pg_temp.ordered(id text, at timestamptz, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object('order_id', id, 'status', 'placed', 'order_time', at, 'event_time', at, 'amount', 100, 'customer_id', 'C1') || more $$;
CREATE FUNCTION pg_temp.paid(id text, order_id text, at timestamptz, success boolean DEFAULT true, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object('transaction_id', id, 'order_id', order_id, 'amount', 100, 'payment_mode', 'card', 'success_flag', success, 'timestamp', at) || more $$;
CREATE FUNCTION pg_temp.open() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(to_char(o, 'MM-DD'), ' ' ORDER BY o) FROM kpi_open_days(NULL, NULL) o $$;

-- Nothing there: no day, no range, no rows but those of one row.
SELECT is(kpi_days(), NULL::daterange, 'no days');
SELECT is_empty($$SELECT kpi_open_days(NULL, NULL) UNION ALL SELECT kpi_open_days('2025-03-01', '2025-03-02') UNION ALL SELECT kpi_open_days('-infinity', 'infinity')$$, 'nor open ones');
SELECT is(pg_temp.rows_of('TABLE kpi_data_range'), '(,,0,0,0,0)', 'no range');
SELECT is(pg_temp.rows_of('TABLE kpi_repeat_customers'), '(0,0,,0,,0)', 'no customers');
SELECT is_empty('SELECT city_id FROM kpi_feedback_by_city UNION ALL SELECT payment_mode FROM kpi_payment_attempts UNION ALL SELECT search_term FROM kpi_searches UNION ALL SELECT peak_window FROM kpi_peak_windows', 'no other rows');
SELECT is(sum_up_days(), 0::bigint, 'nothing to sum up');

-- A payment after midnight (18:30Z) of an order before it, and one of the day after the last order: its day counts, too.
SELECT is(pg_temp.put('orders', pg_temp.ordered('O1', '2025-03-01 18:25Z', '{"city": "MUM"}'), pg_temp.ordered('O2', '2025-03-02 06:00Z')), 2::bigint, 'two orders');
SELECT is(pg_temp.put('payments', pg_temp.paid('P1', 'O1', '2025-03-01 18:35Z'), pg_temp.paid('P2', 'O3', '2025-03-03 06:00Z', false, '{"failure_reason": "limit"}'), pg_temp.paid('P3', 'O4', '2025-03-03 06:00Z')), 3::bigint, 'three payments');
SELECT is(pg_temp.open(), '03-01 03-02 03-03', 'their days are open');
SELECT is(sum_up_days(), 3::bigint, 'all of them are summed up');
SELECT is(pg_temp.rows_of('SELECT day, attempts, failed_attempts, failure_reason, unmatched_attempts FROM payment_day'), E'(2025-03-02,1,0,,0)\n(2025-03-03,1,0,,1)\n(2025-03-03,1,1,limit,1)', 'attempts by day');
SELECT is(pg_temp.rows_of('TABLE kpi_payment_attempts'), '(Card,3,1,33.33,limit,2)', 'two of them have no order');
-- Their orders come: one that says where, one that does not. Both have arrived.
SELECT pg_temp.put('orders', pg_temp.ordered('O3', '2025-03-02 23:00Z', '{"city": "MUM"}')) \g /dev/null
SELECT is(pg_temp.open(), '03-03', 'the day of an attempt is open when its order arrives');
SELECT is(pg_temp.rows_of('TABLE kpi_payment_attempts'), '(Card,3,1,33.33,limit,1)', 'one has no order');
SELECT sum_up_days() \g /dev/null
SELECT pg_temp.put('orders', pg_temp.ordered('O4', '2025-03-01 06:00Z')) \g /dev/null
SELECT is(pg_temp.open(), '03-01 03-03', 'also when the order does not say where');
SELECT is(pg_temp.rows_of('TABLE kpi_payment_attempts'), '(Card,3,1,33.33,limit,0)', 'none');
SELECT sum_up_days() \g /dev/null
SELECT is(pg_temp.rows_of('TABLE kpi_payment_attempts'), '(Card,3,1,33.33,limit,0)', 'summed up as well');
SELECT is(pg_temp.put('payments', pg_temp.paid('P1', 'O1', '2025-03-01 18:35Z')), 0::bigint, 'a payment that is known');
SELECT is(pg_temp.open(), NULL, 'opens nothing');
SELECT is(pg_temp.put('payments', pg_temp.paid('P5', 'nobody', '2025-03-02 06:00Z', true, '{"transaction_type": "refund"}')), 1::bigint, 'a refund of no order');
SELECT is(pg_temp.open(), NULL, 'is no attempt');

-- Feedback opens its day, and an order that tells more of itself the day of the feedback on it.
SELECT is(pg_temp.put('feedback', '{"feedback_id": "F1", "order_id": "O1", "feedback_score": 4, "complaints": 2, "response_time": 3, "timestamp": "2025-03-04T06:00:00Z"}',
  '{"feedback_id": "F2", "order_id": "O2", "timestamp": "2025-03-02T06:00:00Z"}'), 2::bigint, 'feedback');
SELECT is(pg_temp.open(), '03-02 03-04', 'opens its days, also one after the last order');
SELECT is(pg_temp.rows_of('SELECT city_id, feedbacks, scored_feedbacks, average_score, complaints, answered_feedbacks FROM kpi_feedback_by_city'), E'(?,1,0,,0,0)\n(MUM,1,1,4.00,2,1)', 'is read from the facts');
SELECT sum_up_days() \g /dev/null
SELECT is(pg_temp.rows_of('SELECT city_id, feedbacks, scored_feedbacks, average_score, complaints, answered_feedbacks FROM kpi_feedback_by_city'), E'(?,1,0,,0,0)\n(MUM,1,1,4.00,2,1)', 'and from the sums');
SELECT is(pg_temp.rows_of($$SELECT city_id, feedbacks FROM kpi_feedback_by_city('2025-03-03', '2025-03-31')$$), '(MUM,1)', 'of some days');
SELECT pg_temp.put('orders', pg_temp.ordered('O2', '2025-03-02 06:00Z', '{"city": "PUN", "status": "accepted", "event_time": "2025-03-02T06:10:00Z"}'), pg_temp.ordered('O1', '2025-03-01 18:25Z', '{"city": "NGP", "status": "accepted", "event_time": "2025-03-01T18:26:00Z"}')) \g /dev/null
SELECT is(pg_temp.open(), '03-01 03-02 03-04', 'orders in another city open the days of payments and feedback, too');
SELECT is(pg_temp.rows_of('SELECT city_id, feedbacks, complaints FROM kpi_feedback_by_city'), pg_temp.rows_of('SELECT city_key, count(*), sum(complaints) FROM customer_feedback_fact GROUP BY 1'), 'feedback by the new cities');
SELECT sum_up_days() \g /dev/null

-- Searches: a term once an event; customers once a term, on however many days; terms that no B-tree takes, and nothing.
SELECT is(pg_temp.put('app_events', jsonb_build_object('event_id', 'E1', 'user_id', 'C1', 'timestamp', '2025-03-01T06:00:00Z', 'search_history', '["Dosa", "dosa ", "idli"]'::jsonb),
  jsonb_build_object('event_id', 'E2', 'user_id', 'C1', 'timestamp', '2025-03-02T06:00:00Z', 'search_history', '["dosa"]'::jsonb), jsonb_build_object('event_id', 'E3', 'user_id', 'C2', 'timestamp', '2025-03-05T06:00:00Z', 'search_history', '["dosa"]'::jsonb),
  jsonb_build_object('event_id', 'E4', 'timestamp', '2025-03-05T06:00:00Z', 'search_history', jsonb_build_array('dosa', (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 300) n)))), 4::bigint, 'searches');
SELECT is(pg_temp.open(), '03-01 03-02 03-05', 'open their days');
CREATE TEMP VIEW searched AS SELECT left(search_term, 8) AS term, length(search_term), searches, searchers, search_percent FROM kpi_searches;
CREATE TEMP TABLE as_found AS TABLE searched;
SELECT is(pg_temp.rows_of('TABLE as_found'), E'(c4ca4238,9600,1,0,16.67)\n(dosa,4,4,2,66.67)\n(idli,4,1,1,16.67)', 'what was searched for');
SELECT sum_up_day('2025-03-02') \g /dev/null
SELECT bag_eq('TABLE searched', 'TABLE as_found', 'one day summed up, the others not');
SELECT sum_up_days() \g /dev/null
SELECT bag_eq('TABLE searched', 'TABLE as_found', 'all of them');
SELECT is(pg_temp.rows_of('SELECT number FROM search_number'), E'(0)\n(1)\n(2)', 'terms have numbers without gaps');
SELECT sum_up_day(d) FROM (VALUES ('2025-03-05'::date), ('2025-03-01')) v(d) \g /dev/null
SELECT is((SELECT count(*) FROM search_number), 3::bigint, 'and keep them');
SELECT is(pg_temp.rows_of($$SELECT left(search_term, 8), searches, searchers FROM kpi_searches('2025-03-02', '2025-03-04')$$), '(dosa,1,1)', 'of some days');
DELETE FROM order_day WHERE day = '2025-03-05';
SELECT bag_eq('TABLE searched', 'TABLE as_found', 'a day open again');
SELECT pg_temp.put('app_events', '{"event_id": "E5", "user_id": "C9", "timestamp": "2025-03-05T07:00:00Z", "search_history": ["vada", "dosa"]}') \g /dev/null
SELECT is(pg_temp.rows_of('SELECT term, searches, searchers FROM searched'), E'(c4ca4238,1,0)\n(dosa,5,3)\n(idli,1,1)\n(vada,1,1)', 'a term and a customer without a number');
SELECT sum_up_days() \g /dev/null
SELECT is(pg_temp.rows_of('SELECT term, searches, searchers FROM searched'), E'(c4ca4238,1,0)\n(dosa,5,3)\n(idli,1,1)\n(vada,1,1)', 'summed up');

-- Weeks. 40 customers look for thali on Monday the 10th, 50 (20 of them the same) on the 12th: 70. In the week from the 17th 10 of these, and 5 others: too few for a set. 75 in all.
CREATE FUNCTION pg_temp.hungry(day date, first integer, last integer) RETURNS jsonb[] LANGUAGE sql AS $$
  SELECT array_agg(jsonb_build_object('event_id', day || '/' || n, 'user_id', 'T' || n, 'timestamp', day || 'T06:00:00Z', 'search_history', '["thali"]'::jsonb)) FROM generate_series(first, last) n $$;
SELECT is(pg_temp.put('app_events', VARIADIC pg_temp.hungry('2025-03-10', 1, 40) || pg_temp.hungry('2025-03-12', 21, 70) || pg_temp.hungry('2025-03-18', 61, 75)), 105::bigint, 'hungry customers');
CREATE TEMP VIEW thali AS SELECT searches, searchers FROM kpi_searches WHERE search_term = 'thali';
SELECT is(pg_temp.rows_of('TABLE thali'), '(105,75)', 'from the facts');
SELECT sum_up_day(d::date) FROM generate_series('2025-03-10'::date, '2025-03-20', '1 day') d \g /dev/null
SELECT is(pg_temp.rows_of('TABLE thali'), '(105,75)', 'from the days');
SELECT is(pg_temp.rows_of('SELECT week FROM kpi_summed_weeks(NULL, NULL) AS w (week)'), E'(2025-02-24)\n(2025-03-03)', 'no week of theirs is summed up');
SELECT sum_up_days() \g /dev/null
SELECT is(pg_temp.rows_of('SELECT week, days FROM order_week WHERE week >= ''2025-03-10'''),
  E'(2025-03-10,"{2025-03-10,2025-03-11,2025-03-12,2025-03-13,2025-03-14,2025-03-15,2025-03-16}")\n(2025-03-17,"{2025-03-17,2025-03-18,2025-03-19,2025-03-20}")', 'both are');
SELECT is(pg_temp.rows_of($$SELECT s.week, bit_count(s.customers) FROM search_week s$$), '(2025-03-10,70)', 'one term of one week is a set');
SELECT is(pg_temp.rows_of($$SELECT r.week, count(*) FROM search_week_rest r JOIN search_number n ON n.number = r.term WHERE n.search_term = 'thali' GROUP BY 1$$), '(2025-03-17,15)', 'the other is not');
SELECT is(pg_temp.rows_of('TABLE thali'), '(105,75)', 'from the weeks');
SELECT is(pg_temp.rows_of($$SELECT searches, searchers FROM kpi_searches('2025-03-12', '2025-03-20') WHERE search_term = 'thali'$$), '(65,55)', 'days of one week, and the other one');
SELECT is(pg_temp.rows_of($$SELECT searches, searchers FROM kpi_searches('2025-03-10', '2025-03-16') WHERE search_term = 'thali'$$), '(90,70)', 'a week');
-- A customer more on a day of the first week: its days are read; so they are while a day is open, and when one has been summed up again.
SELECT pg_temp.put('app_events', VARIADIC pg_temp.hungry('2025-03-11', 76, 76)) \g /dev/null
SELECT is(pg_temp.rows_of('SELECT week FROM kpi_summed_weeks(''2025-03-10'', NULL) AS w (week)'), '(2025-03-17)', 'a week with an open day is not summed up');
SELECT is(pg_temp.rows_of('TABLE thali'), '(106,76)', 'a day open');
SELECT sum_up_day('2025-03-11') \g /dev/null
SELECT is(pg_temp.rows_of('SELECT week FROM kpi_summed_weeks(''2025-03-10'', NULL) AS w (week)'), '(2025-03-17)', 'nor is one that has the same days, summed up anew');
SELECT is(pg_temp.rows_of('TABLE thali'), '(106,76)', 'read by its days');
SELECT is(sum_up_weeks(true), 1::bigint, 'all days of it are there');
SELECT is(sum_up_weeks(), 0::bigint, 'no other is open');
SELECT is(pg_temp.rows_of('TABLE thali'), '(106,76)', 'summed up again');
DELETE FROM order_day WHERE day BETWEEN '2025-03-11' AND '2025-03-18';
SELECT is(pg_temp.rows_of('TABLE thali'), '(106,76)', 'days taken out by hand');
SELECT sum_up_week('2025-03-10') \g /dev/null
SELECT is(pg_temp.rows_of('SELECT week, days FROM order_week WHERE week >= ''2025-03-10'''), E'(2025-03-10,{2025-03-10})\n(2025-03-17,"{2025-03-17,2025-03-18,2025-03-19,2025-03-20}")', 'a week of the days that are left');
SELECT is(pg_temp.rows_of('TABLE thali'), '(106,76)', 'beside open ones');
SELECT is(sum_up_week('2025-04-28'), 0::bigint, 'of a week without a day nothing');
SELECT sum_up_days() \g /dev/null
-- Orders: W1 orders in both weeks, W2 twice in one, W3 twice on a day, W4 once, W5 once and cancels the other.
SELECT is(pg_temp.put('orders', VARIADIC (SELECT array_agg(pg_temp.ordered('W' || o.n, o.at, jsonb_build_object('customer_id', 'W' || o.customer) || CASE WHEN o.n = 9 THEN '{"cancelled_at": "2025-03-18T08:00:00Z"}' ELSE '{}' END::jsonb))
  FROM (VALUES (1, 1, timestamptz '2025-03-11 06:00Z'), (2, 1, '2025-03-18 06:00Z'), (3, 2, '2025-03-11 06:00Z'), (4, 2, '2025-03-13 06:00Z'), (5, 3, '2025-03-18 06:00Z'), (6, 3, '2025-03-18 06:10Z'), (7, 4, '2025-03-12 06:00Z'),
               (8, 5, '2025-03-12 06:00Z'), (9, 5, '2025-03-18 06:00Z')) o (n, customer, at))), 9::bigint, 'orders of two weeks');
CREATE TEMP VIEW repeated AS SELECT customers, repeat_customers, orders FROM kpi_repeat_customers('2025-03-10', '2025-03-23');
SELECT is(pg_temp.rows_of('TABLE repeated'), '(5,3,8)', 'from the facts');
SELECT sum_up_days() \g /dev/null
SELECT is(pg_temp.rows_of('TABLE repeated'), '(5,3,8)', 'from the weeks');
SELECT is(pg_temp.rows_of('SELECT week, sum(bit_count(once)), sum(bit_count(again)) FROM customer_week WHERE week >= ''2025-03-10'' GROUP BY 1'), E'(2025-03-10,4,1)\n(2025-03-17,2,1)', 'as these have it');
DELETE FROM order_day WHERE day = '2025-03-18';
SELECT is(pg_temp.rows_of('TABLE repeated'), '(5,3,8)', 'beside a day that is open');
SELECT sum_up_day('2025-03-18') \g /dev/null
SELECT is(pg_temp.rows_of('TABLE repeated'), '(5,3,8)', 'and beside days');
SELECT is(pg_temp.rows_of($$SELECT customers, repeat_customers, orders FROM kpi_repeat_customers('2025-03-12', '2025-03-18')$$), '(5,1,6)', 'of some days');
-- Batches sum up the whole weeks that they leave behind.
SELECT is(sum_up_week('2025-03-10'), 1::bigint, 'a week with one set');
DELETE FROM order_week WHERE week = '2025-03-10';
SELECT pg_temp.put('orders', pg_temp.ordered('N1', '2025-03-25 06:00Z')) \g /dev/null
SELECT is(pg_temp.rows_of('SELECT week FROM order_week WHERE week = ''2025-03-10'''), '(2025-03-10)', 'is summed up again by the next batch of orders');
SELECT sum_up_days() \g /dev/null

-- Totals are of orders, feedback and pings: a day with payments or app events alone leaves them, one with any of those does not.
SELECT ok(kpi_totals_hold(), 'the totals hold');
CREATE TEMP TABLE as_total AS SELECT * FROM kpi_top_restaurants;
SAVEPOINT totals;
SELECT is(pg_temp.put('payments', pg_temp.paid('P8', 'nobody', '2025-03-28 06:00Z')) + pg_temp.put('app_events', '{"event_id": "E8", "user_id": "C1", "timestamp": "2025-03-30T06:00:00Z"}'), 2::bigint, 'a payment and an app event of later days');
SELECT isnt(pg_temp.open(), NULL, 'open them');
SELECT ok(kpi_totals_hold(), 'and not the totals');
SELECT bag_eq('TABLE kpi_top_restaurants', 'TABLE as_total', 'which are the same');
SELECT is(pg_temp.put('feedback', '{"feedback_id": "F8", "order_id": "O1", "feedback_score": 1, "timestamp": "2025-03-27T06:00:00Z"}'), 1::bigint, 'feedback of a later day');
SELECT ok(NOT kpi_totals_hold(), 'opens them');
SELECT is((SELECT sum(scored_feedbacks) FROM kpi_top_restaurants), (SELECT sum(scored_feedbacks) + 1 FROM as_total), 'and counts');
ROLLBACK TO totals;
SELECT is(pg_temp.put('pings', '{"driver_id": "D1", "latitude": 19, "longitude": 72, "timestamp": "2025-03-27T06:00:00Z", "availability_status": "AVAILABLE"}'), 1::bigint, 'a ping of a later day');
SELECT ok(NOT kpi_totals_hold(), 'opens them');
SELECT is((SELECT count(*) FROM kpi_driver_utilisation), 1::bigint, 'and counts');
ROLLBACK TO totals;
SELECT is(pg_temp.put('orders', pg_temp.ordered('O8', '2025-03-27 06:00Z')), 1::bigint, 'an order of a later day');
SELECT ok(NOT kpi_totals_hold(), 'opens them');
ROLLBACK TO totals;
DELETE FROM total_day WHERE day = '2025-03-12';
SELECT ok(NOT kpi_totals_hold(), 'nor do they hold without one of their days');
ROLLBACK TO totals;
SELECT ok(kpi_totals_hold(), 'all rolled back');

-- Loaded wrong and taken again from bronze: what went is seen to be gone, what comes again counts once.
SELECT is((SELECT (r.removed, r.loaded)::text FROM starhouse.replay('qe sums', 'app_events', replace => true) r), '(111,111)', 'app events again');
SELECT is(pg_temp.open(), '03-01 03-02 03-05 03-10 03-11 03-12 03-18', 'open their days');
SELECT is(pg_temp.rows_of('SELECT term, searches, searchers FROM searched'), E'(c4ca4238,1,0)\n(dosa,5,3)\n(idli,1,1)\n(thali,106,76)\n(vada,1,1)', 'with the same figures');
SELECT sum_up_days() \g /dev/null
UPDATE bronze_feedback SET payload = replace(payload, '"F1"', '"F7"');
SELECT is((SELECT (r.removed, r.loaded)::text FROM starhouse.replay('qe sums', 'feedback', replace => true) r), '(2,2)', 'feedback again, under another name');
SELECT is(pg_temp.open(), '03-02 03-04', 'opens its days');
SELECT is(pg_temp.rows_of('SELECT feedbacks, complaints FROM kpi_feedback_by_city'), E'(1,0)\n(1,2)', 'with the same figures');

-- Reports whose days are all summed up plan nothing of the facts; they read the new tables with the rights of the asker.
SELECT sum_up_days() \g /dev/null
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END $$;
SELECT is_empty(format($$SELECT p FROM pg_temp.plan_of('SELECT * FROM %I') p WHERE p ~ '_fact'$$, v), v || ' plans no fact')
FROM unnest(ARRAY['kpi_refund_rate', 'kpi_payment_success', 'kpi_payment_attempts', 'kpi_feedback_by_city', 'kpi_searches', 'kpi_repeat_customers', 'kpi_peak_windows', 'kpi_data_range', 'kpi_unknown_members']) v;
CREATE ROLE qe_sums_reader;
SELECT matches(starhouse.grant_bi_role('qe sums', 'qe_sums_reader'), '^qe_sums_reader may read', 'a BI role');
SELECT sum_up_days() \g /dev/null
DELETE FROM order_day WHERE day = '2025-03-12';
CREATE TEMP TABLE own_rows AS
SELECT c.relname AS name, (xpath('/row/n/text()', query_to_xml(format('SELECT md5(string_agg(k::text, '','' ORDER BY k::text)) AS n FROM %I k', c.relname), false, true, '')))[1]::text AS rows
FROM pg_class c WHERE c.relnamespace = '"qe sums"'::regnamespace AND c.relkind = 'v' AND c.relname LIKE 'kpi\_%' AND c.relname NOT IN ('kpi_catalog', 'kpi_freshness', 'kpi_dispatch_candidates');
GRANT SELECT ON own_rows TO qe_sums_reader;
SET LOCAL ROLE qe_sums_reader;
SELECT is((xpath('/row/n/text()', query_to_xml(format('SELECT md5(string_agg(k::text, '','' ORDER BY k::text)) AS n FROM %I k', o.name), false, true, '')))[1]::text, o.rows, o.name || ' for a reader, a day open') FROM own_rows o ORDER BY o.name;
RESET ROLE;
SELECT ok('jit=off' = ANY (proconfig), proname || ' is never compiled, which takes many times as long where nothing is analyzed yet') FROM pg_proc WHERE oid = ANY ('{kpi_driver_use_now,kpi_minutes_now}'::regproc[]) ORDER BY proname;
SELECT * FROM finish();
ROLLBACK;
