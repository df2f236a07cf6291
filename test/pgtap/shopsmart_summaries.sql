-- ShopSmart's sums: whatever news came, each table of sums is what the facts add up to, and each report is the same as when it is computed
-- from the facts alone.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
SET LOCAL TimeZone = 'UTC';
SELECT no_plan();

CREATE FUNCTION pg_temp.load(warehouse name, feed text, records text[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  source record;
  batch bigint;
  zone text := starhouse.warehouse_time_zone(warehouse);
BEGIN
  SELECT * INTO source FROM starhouse.load_open(warehouse, feed, 'test', NULL, NULL, NULL);
  batch := starhouse.batch_begin(warehouse, feed, source.source_id, source.epoch, source.next_record);
  TRUNCATE pg_temp.batch;
  EXECUTE $sql$
    INSERT INTO pg_temp.batch
    SELECT (jsonb_populate_record(NULL::pg_temp.batch, r.record::jsonb || jsonb_build_object('record_no', r.n,
              'time_key', ((r.record::jsonb->>'event_time')::timestamptz AT TIME ZONE $2)::date, 'line_id', hashtextextended(r.record, 1),
              'line_hash', hashtextextended(r.record, 0)))).*
    FROM unnest($1) WITH ORDINALITY AS r(record, n)$sql$ USING records, zone;
  RETURN starhouse.batch_finish(warehouse, feed, batch, cardinality(records) + 1, cardinality(records), 0);
END $$;
-- Receipts 1 to 8 of a day at each of four stores, of one or two lines, one in nine a return; the receipts' numbers begin anew each day.
CREATE FUNCTION pg_temp.day_of_sales(d date) RETURNS text[] LANGUAGE sql AS $$
  SELECT array_agg((jsonb_build_object('store_id', CASE WHEN r % 8 = 7 THEN NULL ELSE 'S00' || 1 + r % 4 END, 'transaction_id', 'T' || r,
           'customer_id', CASE WHEN n % 5 = 0 THEN NULL ELSE 'C' || n % 17 END, 'product_id', CASE WHEN (n + l) % 23 = 0 THEN NULL ELSE 'P' || (n + l) % 7 END,
           'quantity', CASE WHEN n % 9 = 0 THEN -1 ELSE 1 + n % 3 END, 'sale_amount', 10 + n % 40, 'discount', CASE WHEN n % 4 = 0 THEN 2 ELSE 0 END,
           'promotion_id', CASE WHEN n % 6 = 0 AND extract(day FROM d) < 12 THEN 'DEAL' || extract(month FROM d) WHEN n % 31 = 0 THEN '?' END,
           'event_time', d::text || ' 12:00+05:30'))::text)
  FROM (SELECT r, l, (extract(doy FROM d)::int * 7 + r * 3 + r % 3) AS n FROM generate_series(0, 31) r, generate_series(0, 1) l WHERE l = 0 OR r % 3 = 0) x $$;
CREATE FUNCTION pg_temp.online(id text, at text, amount numeric, extra jsonb DEFAULT '{}') RETURNS text[] LANGUAGE sql AS $$
  SELECT ARRAY[(jsonb_build_object('order_id', id, 'customer_id', 'C3', 'product_id', 'P1', 'price', amount, 'discount', 0, 'quantity', 1, 'channel', 'Online', 'event_time', at) || extra)::text] $$;

CREATE FUNCTION pg_temp.rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
BEGIN
  EXECUTE format('SELECT coalesce(string_agg(r.line, E''\n'' ORDER BY r.line), '''') FROM (SELECT (SELECT string_agg(coalesce(CASE WHEN jsonb_typeof(e.value) = ''number'' THEN trim_scale((e.value #>> ''{}'')::numeric)::text ELSE e.value::text END, ''-''), ''|'' ORDER BY e.key) FROM jsonb_each(to_jsonb(q)) e) AS line FROM (%s) q) r', query) INTO result;
  RETURN result;
END $$;
-- The reports, and calls with bounds that cut months.
CREATE FUNCTION pg_temp.reports() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT 'SELECT * FROM ' || c.relname FROM pg_class c WHERE c.relkind = 'v' AND c.relname LIKE 'kpi\_%' AND c.relname <> 'kpi_catalog' AND c.relnamespace = current_schema()::regnamespace
  UNION ALL SELECT unnest(ARRAY['SELECT * FROM kpi_revenue_by_region_month(''2025-01-10'', ''2025-03-05'')', 'SELECT * FROM kpi_daily_sales(''2025-02-03'', ''2025-03-20'')',
    'SELECT * FROM kpi_top_products(''2025-01-20'', ''2025-02-28'')', 'SELECT * FROM kpi_return_rate(NULL, ''2025-02-10'')', 'SELECT * FROM kpi_channel_mix(''2025-03-02'')',
    'SELECT * FROM kpi_repeat_customers(''2025-01-15'', ''2025-03-15'')', 'SELECT * FROM kpi_rfm(''2025-02-20'')', 'SELECT * FROM kpi_rfm(window_days => 40)', 'SELECT * FROM kpi_rfm(''2025-03-10'', 30)',
    'SELECT * FROM kpi_retention_by_loyalty(1)', 'SELECT * FROM kpi_promotion_effectiveness(7)', 'SELECT * FROM kpi_product_turnover(''2025-01-15'', ''2025-03-15'')',
    'SELECT * FROM kpi_stock_cover(''2025-03-15'')', 'SELECT * FROM kpi_stock_cover(NULL, 7)', 'SELECT * FROM kpi_replenishment(NULL, 28, 14)', 'SELECT * FROM kpi_top_categories(''2025-01-15'', ''2025-03-15'')', 'SELECT * FROM kpi_top_categories(''2025-02-01'', ''2025-03-31'')', 'SELECT * FROM kpi_top_categories_as_was(''2025-01-15'', ''2025-03-15'')',
    'SELECT * FROM kpi_top_categories_as_was(NULL, ''2025-04-30'')', 'SELECT * FROM kpi_basket(''2025-01-15'', ''2025-03-15'')', 'SELECT * FROM kpi_basket(''2025-02-01'')', 'SELECT * FROM kpi_product_turnover(NULL, ''2025-04-30'')', 'SELECT * FROM kpi_stock_turnover_by_category(''2025-02-01'')', 'SELECT * FROM kpi_store_ranking(''2025-02-01'', ''2025-02-28'')']) $$;
CREATE FUNCTION pg_temp.holds(what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  t text;
  said jsonb := '{}';
  differing text := '';
  lines bigint := 0;
BEGIN
  FOREACH t IN ARRAY ARRAY['sales_day', 'store_day', 'product_month', 'product_week', 'customer_month', 'basket_month', 'category_month', 'product_month_as_was'] LOOP
    RETURN NEXT is(pg_temp.rows_of(format('SELECT * FROM kpi_%s()', t)),
                   pg_temp.rows_of(format('SELECT f.* FROM generate_series(date_trunc(''month'', kpi_first_day()), kpi_last_day()::timestamp, ''1 month'') g CROSS JOIN LATERAL kpi_%s_of(g::date, (g + interval ''1 month - 1 day'')::date) f', t)),
                   what || ': ' || t || ' is what the facts add up to');
  END LOOP;
  FOR t IN SELECT r FROM pg_temp.reports() r LOOP
    said := said || jsonb_build_object(t, pg_temp.rows_of(t));
    lines := lines + (length(said->>t) > 0)::int;
  END LOOP;
  BEGIN
    DELETE FROM sales_month;
    DELETE FROM sales_summed;
    DELETE FROM stock_summed;
    DELETE FROM categories_summed;
    UPDATE basket_month SET orders = -1;
    UPDATE category_month SET orders = -1;
    UPDATE product_month_as_was SET revenue = -1;
    UPDATE loyalty_year SET active_as_was = -1;
    UPDATE stock_latest SET stock_on_hand = -1;
    UPDATE stock_mean SET stock = -1;
    UPDATE stock_week SET units = -1;
    UPDATE stock_pace SET units = -1;
    UPDATE product_month SET gross_revenue = -1;
    UPDATE customer_sum SET orders = -1;
    FOR t IN SELECT r FROM pg_temp.reports() r LOOP
      IF said->>t <> pg_temp.rows_of(t) THEN
        differing := differing || t || E'\n' || left(said->>t, 300) || E'\nfacts:\n' || left(pg_temp.rows_of(t), 300) || E'\n';
      END IF;
    END LOOP;
    RAISE EXCEPTION USING ERRCODE = 'P0099', MESSAGE = 'back';
  EXCEPTION WHEN SQLSTATE 'P0099' THEN NULL;
  END;
  RETURN NEXT is(differing, '', what || ': reports are those of the facts');
  RETURN NEXT cmp_ok(lines, '>=', 38::bigint, what || ': and they say something');
END $$;

SELECT starhouse.create_warehouse('shopsmart', 'sums', 'Asia/Kolkata', calendar_from => '2024-01-01', calendar_to => '2026-12-31') \g /dev/null
SET LOCAL search_path = 'sums', starhouse, public;
SELECT is(sum_up_sales(), 0::bigint, 'an empty warehouse has no month to sum up');
SELECT pg_temp.load('sums', 'stores', ARRAY(SELECT jsonb_build_object('store_id', 'S00' || i, 'store_name', 'Store ' || i, 'city_tier', 'Tier 1', 'region', CASE WHEN i < 3 THEN 'West' ELSE 'North' END)::text FROM generate_series(1, 3) i)) \g /dev/null
SELECT pg_temp.load('sums', 'products', ARRAY(SELECT jsonb_build_object('product_id', 'P' || i, 'product_name', 'Product ' || i, 'category', 'Category ' || i % 3, 'unit_cost', 4, 'effective_at', '2024-01-01 00:00Z')::text FROM generate_series(0, 4) i)) \g /dev/null
SELECT pg_temp.load('sums', 'promotions', ARRAY(SELECT jsonb_build_object('promotion_id', 'DEAL' || i, 'promotion_name', 'Deal ' || i, 'start_date', make_date(2025, i, 1), 'end_date', make_date(2025, i, 10), 'discount_percent', 5)::text FROM generate_series(1, 4) i)) \g /dev/null
SELECT pg_temp.load('sums', 'customers', ARRAY(SELECT jsonb_build_object('customer_id', 'C' || i, 'loyalty_level', CASE WHEN i % 2 = 0 THEN 'Silver' ELSE 'Gold' END, 'effective_at', '2024-01-01 00:00Z')::text FROM generate_series(0, 12) i)) \g /dev/null
-- Day by day from 2025 to the middle of June, every third day.
SELECT pg_temp.load('sums', 'pos_sales', pg_temp.day_of_sales(d::date)) FROM generate_series('2025-01-02'::timestamp, '2025-06-15', '3 days') d \g /dev/null
SELECT pg_temp.load('sums', 'inventory', ARRAY(SELECT jsonb_build_object('product_id', 'P' || i, 'stock_on_hand', 50 + i, 'reorder_level', 20, 'snapshot_date', d::date)::text FROM generate_series(0, 6) i, generate_series('2025-01-05'::timestamp, '2025-06-15', '7 days') d)) \g /dev/null
SELECT is((SELECT string_agg(to_char(month_start, 'MM'), ' ' ORDER BY month_start) FROM sales_month), '01 02 03 04 05', 'batches summed up the months they left behind');
SELECT is(kpi_all_summed(), false, 'what rests on all months waits');
SELECT pg_temp.holds('loaded day by day');
SELECT is(sum_up_sales(), 1::bigint, 'the present month');
SELECT ok(kpi_all_summed() AND (SELECT bool_and(is_summed) FROM kpi_sales_months()), 'all is summed up');
SELECT pg_temp.holds('all summed up');
SELECT is(sum_up_sales(), 0::bigint, 'nothing is left');
SELECT is((SELECT format('%s %s', (SELECT count(*) > 3 FROM loyalty_sum), count(*)) FROM promotion_sum WHERE period_revenue > 0), 't 6', 'levels and promotions are kept');
SELECT is((SELECT format('%s %s', (SELECT count(*) > 60 FROM stock_week), count(*) > 20) FROM stock_pace), 't t', 'and stock');
SELECT is((SELECT format('%s %s %s %s %s %s', kpi_categories_summed(), (SELECT count(*) FROM basket_month), (SELECT count(*) FROM category_month), (SELECT count(*) FROM product_month_as_was),
           (SELECT count(*) FROM stock_latest), (SELECT count(*) FROM stock_mean))), 't 6 48 48 7 7', 'baskets, categories and the stock of products are kept');
-- What is summed up is what the reports read, and another day or window is not.
SAVEPOINT read;
UPDATE stock_week SET units = 4711 WHERE week_start = '2025-03-03';
UPDATE stock_pace SET units = 28000 WHERE store_key = '-';
SELECT ok((SELECT bool_and(units = 4711) AND count(*) > 0 FROM kpi_stock_sales_trend WHERE week_start = '2025-03-03'), 'the trend of stock and sales reads its sums');
SELECT ok((SELECT bool_and(mean_daily_units = 1000) AND count(*) > 0 FROM kpi_stock_cover) AND (SELECT bool_and(mean_daily_units < 1000) AND count(*) > 0 FROM kpi_stock_cover(window_days => 27))
          AND (SELECT bool_and(mean_daily_units < 1000) AND count(*) > 0 FROM kpi_stock_cover(kpi_last_day() - 1)), 'so does the cover, for its own day and window alone');
UPDATE basket_month SET orders = 1000000 WHERE month_start = '2025-03-01';
UPDATE category_month SET orders = 1000000 WHERE month_start = '2025-03-01';
UPDATE product_month_as_was SET revenue = 1000000 WHERE month_start = '2025-03-01';
UPDATE loyalty_year SET active_as_is = 1000000;
UPDATE stock_latest SET stock_on_hand = 1000000;
UPDATE stock_mean SET stock = 1000000;
SELECT ok((SELECT bool_and(orders = 1000000) AND count(*) = 1 FROM kpi_basket('2025-03-01', '2025-03-31')) AND (SELECT bool_and(orders < 1000000) AND count(*) = 1 FROM kpi_basket('2025-03-01', '2025-03-30')), 'baskets read those of whole months');
SELECT ok((SELECT bool_and(orders = 1000000) AND count(*) = 4 FROM kpi_top_categories('2025-03-01', '2025-03-31')) AND (SELECT bool_and(orders < 1000000) AND count(*) = 4 FROM kpi_top_categories('2025-03-01', '2025-03-30')), 'so do orders by category');
SELECT ok((SELECT bool_and(orders = 1000000 AND revenue >= 1000000) AND count(*) = 4 FROM kpi_top_categories_as_was('2025-03-01', '2025-03-31')) AND (SELECT bool_and(orders < 1000000 AND revenue < 1000000) AND count(*) = 4 FROM kpi_top_categories_as_was('2025-03-02', '2025-03-31')), 'and by the category as it was');
SELECT is((SELECT count(*) FILTER (WHERE active_customers_as_is = 1000000) = count(*) AND count(*) > 2 FROM kpi_loyalty_activity), true, 'levels by year read theirs');
SELECT ok((SELECT bool_and(stock_on_hand = 1000000) AND count(*) > 0 FROM kpi_stock_cover) AND (SELECT bool_and(stock_on_hand < 1000000) AND count(*) > 0 FROM kpi_stock_cover(kpi_last_day() - 1)), 'the cover reads the latest snapshots, of another day it does not');
SELECT ok((SELECT bool_and(average_stock = 1000000) AND count(*) > 0 FROM kpi_product_turnover) AND (SELECT bool_and(average_stock < 1000000) AND count(*) > 0 FROM kpi_product_turnover('2025-02-01')), 'the turnover reads the mean stock of its own period alone');
DELETE FROM categories_summed;
SELECT ok((SELECT bool_and(orders < 1000000) FROM kpi_top_categories) AND (SELECT bool_and(orders < 1000000 AND revenue < 1000000) FROM kpi_top_categories_as_was) AND (SELECT bool_or(orders = 1000000) FROM kpi_basket), 'without their row categories are read from the lines, baskets are not');
ROLLBACK TO read;

-- Each kind of news opens what it touches, and nothing else.
SELECT is((pg_temp.load('sums', 'pos_sales', pg_temp.day_of_sales('2025-03-03'))->>'loaded')::int, 0, 'a day that comes again');
SELECT ok(kpi_all_summed() AND (SELECT count(*) = 6 FROM sales_month), 'opens nothing');
SELECT pg_temp.load('sums', 'online_orders', pg_temp.online('LATE1', '2025-02-11 09:00+05:30', 77, '{"promotion_id": "DEAL2"}')) \g /dev/null
SELECT ok(NOT kpi_all_summed() AND NOT EXISTS (SELECT FROM sales_month WHERE month_start = '2025-02-01') AND (SELECT count(*) = 5 FROM sales_month), 'a late line opens its month');
SELECT pg_temp.holds('a late line');
SELECT sum_up_sales() \g /dev/null
SELECT pg_temp.load('sums', 'online_orders', pg_temp.online('LATE1', '2025-05-20 09:00+05:30', 77, '{"quantity": -1}')) \g /dev/null
SELECT is((SELECT count(*) FROM sales_month WHERE month_start = '2025-05-01'), 0::bigint, 'a return opens the month it is booked in');
SELECT pg_temp.holds('a return');
SELECT sum_up_sales() \g /dev/null
SELECT pg_temp.load('sums', 'products', ARRAY['{"product_id": "P2", "unit_cost": 5, "category": "Category 9", "effective_at": "2025-04-10 00:00Z"}']) \g /dev/null
SELECT is((SELECT string_agg(to_char(month_start, 'MM'), ' ' ORDER BY month_start) FROM sales_month), '01 02 03', 'a cost that is corrected opens the months whose profit it changes');
SELECT pg_temp.holds('a cost that is corrected');
SELECT sum_up_sales() \g /dev/null
SELECT pg_temp.load('sums', 'products', ARRAY['{"product_id": "P3", "product_name": "Another", "effective_at": "2025-05-10 00:00Z"}']) \g /dev/null
SELECT is(kpi_categories_summed(), false, 'a product with a new version opens categories');
SELECT pg_temp.holds('a product renamed');
SELECT sum_up_sales() \g /dev/null
SELECT pg_temp.load('sums', 'products', ARRAY['{"product_id": "P3", "product_name": "Another", "effective_at": "2025-05-10 00:00Z"}']) \g /dev/null
SELECT ok(kpi_categories_summed(), 'said again it opens nothing');
SELECT pg_temp.load('sums', 'inventory', ARRAY['{"product_id": "P1", "stock_on_hand": 3, "reorder_level": 20, "snapshot_date": "2025-05-11"}', '{"product_id": "P5", "store_id": "S001", "stock_on_hand": 4, "snapshot_date": "2025-06-14"}']) \g /dev/null
SELECT ok(kpi_all_summed() AND NOT EXISTS (SELECT FROM stock_summed) AND (SELECT bool_and(is_summed) FROM kpi_sales_months()), 'stock figures open stock alone');
SELECT pg_temp.holds('stock figures');
SELECT sum_up_sales() \g /dev/null
SELECT pg_temp.load('sums', 'products', ARRAY['{"product_id": "P4", "category": "Category 7", "effective_at": "2025-06-01 00:00Z"}']) \g /dev/null
SELECT ok(NOT EXISTS (SELECT FROM stock_summed) AND NOT kpi_categories_summed() AND (SELECT bool_and(is_summed) FROM kpi_sales_months()), 'a product of another category opens it, too, and the categories of all months');
SELECT pg_temp.holds('a product of another category');
SELECT sum_up_sales() \g /dev/null
SELECT is(sum_up_sales(), 0::bigint, 'no month');
SELECT ok(kpi_categories_summed() AND (SELECT count(*) > 0 FROM category_month WHERE category = 'Category 7' AND NOT as_was AND month_start < '2025-06-01'), 'but categories were summed up anew, those of old months by what they are now');
SELECT pg_temp.holds('stock summed up again');
SELECT pg_temp.load('sums', 'customers', ARRAY['{"customer_id": "C5", "loyalty_level": "Platinum", "effective_at": "2025-02-15 00:00Z"}']) \g /dev/null
SELECT is(kpi_all_summed(), false, 'a customer of another level opens what rests on all months');
SELECT pg_temp.holds('a level that is corrected');
SELECT sum_up_sales() \g /dev/null
SELECT pg_temp.load('sums', 'promotions', ARRAY['{"promotion_id": "DEAL2", "start_date": "2025-02-03", "end_date": "2025-02-20"}']) \g /dev/null
SELECT pg_temp.holds('a promotion with other dates');
SELECT sum_up_sales() \g /dev/null
SELECT pg_temp.load('sums', 'stores', ARRAY['{"store_id": "S002", "store_name": "Renamed"}']) \g /dev/null
SELECT is((SELECT count(*) FROM sales_month), 6::bigint, 'a store of another name opens nothing');
SELECT pg_temp.load('sums', 'stores', ARRAY['{"store_id": "S002", "region": "East"}', '{"store_id": "S004", "region": "South"}']) \g /dev/null
SELECT is((SELECT count(*) FROM sales_month), 0::bigint, 'one of another region opens all months');
SELECT pg_temp.holds('stores of other regions');
SELECT sum_up_sales() \g /dev/null

-- A feed that was wrong and is replayed: its rows go and come back mended.
SELECT pg_temp.load('sums', 'online_retail', ARRAY['{"order_id": "536365", "product_id": "P9", "description": "MUG", "quantity": 6, "event_time": "2025-03-04 09:00Z", "unit_price": 2.5, "customer_id": "C99", "country": "UK"}']) \g /dev/null
SELECT sum_up_sales() \g /dev/null
SELECT pg_temp.holds('another feed');
-- A product's name from before its first version: its lines of that time have a version without a category now.
SELECT pg_temp.load('sums', 'products', ARRAY['{"product_id": "P6", "product_name": "Six", "category": "Category 6", "effective_at": "2025-05-01 00:00Z"}']) \g /dev/null
SELECT sum_up_sales() \g /dev/null
SELECT pg_temp.load('sums', 'online_retail', ARRAY['{"order_id": "536366", "product_id": "P6", "description": "SIX", "quantity": 6, "event_time": "2025-02-04 09:00Z", "unit_price": 2.5, "customer_id": "C99", "country": "UK"}']) \g /dev/null
SELECT is(kpi_categories_summed(), false, 'a feed of sales that brings a version opens categories');
SELECT pg_temp.holds('a version from before the first');
SELECT sum_up_sales() \g /dev/null
SELECT pg_temp.holds('and summed up with it');
DELETE FROM sales_fact WHERE order_id = 'LATE1';
SELECT touch_sales('{2025-02-11,2025-05-20}') \g /dev/null
SELECT pg_temp.holds('lines deleted by hand, and said so');
SELECT is(sum_up_sales(), 2::bigint, 'two months anew');
SELECT pg_temp.holds('and summed up');

-- The test itself: sums that are wrong are seen.
UPDATE store_day SET revenue = revenue + 1 WHERE day = '2025-01-02' AND store_key = 'S001';
SELECT isnt(pg_temp.rows_of('SELECT * FROM kpi_store_day()'), pg_temp.rows_of('SELECT * FROM kpi_store_day_of(kpi_first_day(), kpi_last_day())'), 'a wrong sum is found');

-- A warehouse's functions work on it, whatever the search_path is: another warehouse's, or none; also under another name.
SELECT starhouse.create_warehouse('shopsmart', 'other sums', 'Asia/Kolkata', calendar_from => '2024-01-01', calendar_to => '2026-12-31') \g /dev/null
DELETE FROM sales_month;
DELETE FROM sales_summed;
SELECT count(*) AS months FROM kpi_sales_months() \gset
CREATE FUNCTION pg_temp.summed() RETURNS text LANGUAGE sql AS $$ SELECT format('%s %s', (SELECT count(*) FROM sums.sales_month), (SELECT count(*) FROM "other sums".sales_month)) $$;
SET LOCAL search_path = 'other sums', starhouse, public;
SELECT is(sums.sum_up_sales(), :months::bigint, 'months are summed up from beside another warehouse');
SELECT is(pg_temp.summed(), :'months' || ' 0', 'where they are meant to be');
SELECT sums.touch_sales('{2025-02-11}') \g /dev/null
SELECT is(pg_temp.summed(), :months - 1 || ' 0', 'and taken back');
SET LOCAL search_path = public;
SELECT is(sums.sum_up_month('2025-02-01') > 0, true, 'without a warehouse in search_path');
SELECT sums.touch_sales('{2025-02-11,2025-05-20}') \g /dev/null
ALTER SCHEMA sums RENAME TO "sums' new";
SELECT is("sums' new".sum_up_sales(), 2::bigint, 'under a new name');
SET LOCAL search_path = "sums' new", starhouse, public;
SELECT is((SELECT bool_and(is_summed) FROM kpi_sales_months()), true, 'all of them');
SELECT throws_ok('SELECT sum_up_sales(NULL)', '42P01', NULL, 'no warehouse, no sums');
SELECT * FROM finish();
ROLLBACK;
