-- sum_up: by its name alone, whatever search_path is, and no other warehouse.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
SET LOCAL search_path = public;
SELECT no_plan();
SELECT starhouse.create_warehouse('shopsmart', 'shop', time_zone => 'UTC', country => NULL, calendar_from => '2025-01-01') \g /dev/null
SELECT starhouse.create_warehouse('quickeats', 'Food "1', time_zone => 'UTC', country => NULL, calendar_from => '2025-01-01') \g /dev/null
SELECT starhouse.create_warehouse('quickeats', 'food 2', time_zone => 'UTC', country => NULL, calendar_from => '2025-01-01') \g /dev/null
SELECT starhouse.create_warehouse('streamflix', 'film', time_zone => 'UTC', country => NULL, calendar_from => '2025-01-01') \g /dev/null
SELECT starhouse.ensure_partitions(f::regclass, '2025-03-01', '2025-03-03') FROM unnest('{shop.sales_fact,film.viewership_fact,film.recommendation_fact}'::text[]) AS f \g /dev/null
SELECT starhouse.ensure_partitions(format('%I.orders_fact', s)::regclass, '2025-03-01', '2025-03-03') FROM unnest('{"Food \"1","food 2"}'::text[]) AS s \g /dev/null
INSERT INTO shop.sales_fact (time_key, event_time, order_id, line_id, channel, quantity_sold, sales_amount) VALUES ('2025-03-01', '2025-03-01 12:00Z', 's1', 1, 'Store', 1, 10);
INSERT INTO "Food ""1".orders_fact (time_key, event_time, order_id, status) VALUES ('2025-03-01 12:00', '2025-03-01 12:00Z', 'o1', 'PLACED'), ('2025-03-02 12:00', '2025-03-02 12:00Z', 'o2', 'PLACED');
INSERT INTO "food 2".orders_fact (time_key, event_time, order_id, status) VALUES ('2025-03-01 12:00', '2025-03-01 12:00Z', 'o1', 'PLACED');
INSERT INTO film.viewership_fact (time_key, event_time, event_id, watch_duration) VALUES ('2025-03-01 12:00', '2025-03-01 12:00Z', 'p1', 10), ('2025-03-02 12:00', '2025-03-02 12:00Z', 'p2', 10);
INSERT INTO film.recommendation_fact (time_key, event_time, recommendation_id, click_rate, click_flag, watch_flag) VALUES ('2025-03-01 12:00', '2025-03-01 12:00Z', 'r1', 0, 0, 0);

SET LOCAL search_path = "food 2", public;
SELECT is(starhouse.sum_up('shop'), 1::bigint, 'ShopSmart: a month');
SELECT is((SELECT count(*) FROM shop.sales_month), 1::bigint, 'is summed up');
SELECT is(starhouse.sum_up('Food "1'), 2::bigint, 'QuickEats: two days');
SELECT is((SELECT string_agg(day::text, ' ' ORDER BY day) FROM "Food ""1".order_day), '2025-03-01 2025-03-02', 'are');
SELECT is((SELECT count(*) FROM "food 2".order_day), 0::bigint, 'and not those of the warehouse in search_path');
SELECT is(starhouse.sum_up('film'), 3::bigint, 'StreamFlix: two playbacks and a recommendation');
SELECT is((SELECT string_agg(format('%s %s', day, views), ', ' ORDER BY day) FROM film.viewing_day WHERE summed), '2025-03-01 1, 2025-03-02 1', 'both days are');
SELECT is(starhouse.sum_up('film') + starhouse.sum_up('shop') + starhouse.sum_up('Food "1'), 0::bigint, 'a second time nothing is open');
SELECT is(current_setting('search_path'), '"food 2", public', 'search_path is as it was');
SELECT throws_ok($$SELECT starhouse.sum_up('nowhere')$$, '3F000', NULL, 'an unknown warehouse');
SELECT throws_ok($$SELECT starhouse.sum_up(NULL)$$, '22004', NULL, 'none');
SELECT * FROM finish();
ROLLBACK;
