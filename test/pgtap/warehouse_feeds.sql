-- ShopSmart's feeds, step by step on rows that are parsed already: members, versions as of the event,
-- returns, profit, what is derived, and that the order in which files arrive does not matter.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL TimeZone = 'UTC';
SELECT plan(55);

CREATE FUNCTION pg_temp.rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
BEGIN
  EXECUTE format('SELECT string_agg(r::text, E''\n'') FROM (%s) r', query) INTO result;
  RETURN result;
END $$;
-- Loads rows, given as JSON objects of the contract's columns, as one batch. time_key and line_hash
-- are what the parser makes of the record.
CREATE FUNCTION pg_temp.load(warehouse name, feed text, VARIADIC records text[]) RETURNS jsonb LANGUAGE plpgsql AS $$
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
              'time_key', ((r.record::jsonb->>'event_time')::timestamptz AT TIME ZONE $2)::date,
              'line_hash', hashtextextended(r.record, 0)))).*
    FROM unnest($1) WITH ORDINALITY AS r(record, n)$sql$ USING records, zone;
  RETURN starhouse.batch_finish(warehouse, feed, batch, cardinality(records) + 1, cardinality(records), 0);
END $$;
-- A till's line.
CREATE FUNCTION pg_temp.sale(store text, receipt text, customer text, product text, quantity numeric, amount numeric, at text, extra jsonb DEFAULT '{}')
  RETURNS text LANGUAGE sql AS $$
  SELECT (jsonb_build_object('store_id', store, 'transaction_id', receipt, 'customer_id', customer, 'product_id', product, 'quantity', quantity,
                             'sale_amount', amount, 'discount', 0, 'event_time', at) || extra)::text $$;
-- Everything that a fact says, versions by what they hold.
CREATE FUNCTION pg_temp.facts(warehouse name) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN pg_temp.rows_of(format($sql$
    SELECT f.order_id, f.product_key, f.sale_type, f.quantity_sold, f.sales_amount, f.profit, p.category, p.unit_cost, c.loyalty_level, f.time_key
    FROM %1$I.sales_fact f JOIN %1$I.product_history p USING (product_version) JOIN %1$I.customer_history c USING (customer_version)
    ORDER BY f.order_id, f.product_key, f.line_id$sql$, warehouse));
END $$;

SELECT lives_ok($$SELECT starhouse.create_warehouse('shopsmart', 'feeds a', 'Asia/Kolkata')$$, 'a warehouse');
SET LOCAL search_path = 'feeds a', starhouse, public;

-- Sales come first: nothing is known about product, store, customer.
SELECT is((pg_temp.load('feeds a', 'pos_sales',
    pg_temp.sale('S001', 'T1', 'C1', 'P1', 2, 200, '2025-03-10 10:00+05:30'),
    pg_temp.sale('S001', 'T2', NULL, 'P1', 1, 100, '2025-03-10 23:45+05:30'),
    pg_temp.sale(NULL, 'T3', 'C2', NULL, 1, 50, '2025-03-11 00:10+05:30'),
    pg_temp.sale('S001', 'T4', 'C1', 'P1', -1, 100, '2025-03-12 10:00+05:30'),
    pg_temp.sale('S001', 'T5', 'C1', 'P1', 1, -100, '2025-03-12 11:00+05:30'),
    pg_temp.sale('S001', 'T6', 'C1', 'P1', 1, 90, '2024-12-31 12:00+05:30', '{"discount": 10, "promotion_id": "DIWALI", "payment_mode": "UPI"}')
  )->>'loaded')::int, 6, 'sales before any master data load');
SELECT is(pg_temp.facts('feeds a'), E'(?/T3,?,Sale,1,50,,Unknown,,,2025-03-11)\n'
  '(S001/T1,P1,Sale,2,200,,,,,2025-03-10)\n(S001/T2,P1,Sale,1,100,,,,Unknown,2025-03-10)\n'
  '(S001/T4,P1,Return,-1,-100,,,,,2025-03-12)\n(S001/T5,P1,Return,-1,-100,,,,,2025-03-12)\n(S001/T6,P1,Sale,1,90,,,,,2024-12-31)',
  'days are local days, returns negative, profit unknown without a cost');
SELECT is(pg_temp.rows_of('SELECT store_id, is_inferred FROM store_dim WHERE is_inferred'), '(S001,t)', 'the store is an inferred member');
SELECT is(pg_temp.rows_of('SELECT product_id, is_inferred, product_name FROM product_dim WHERE is_inferred'), '(P1,t,)', 'so is the product');
SELECT is(pg_temp.rows_of('SELECT customer_id FROM customer_dim WHERE is_inferred ORDER BY 1'), E'(C1)\n(C2)', 'so are the customers');
SELECT is(pg_temp.rows_of('SELECT promotion_id FROM promotion_dim WHERE is_inferred'), '(DIWALI)', 'so is the promotion');
SELECT is(pg_temp.rows_of('SELECT store_key, customer_key, product_key, customer_version, product_version FROM sales_fact WHERE transaction_id IN (''T2'', ''T3'') ORDER BY transaction_id'),
  (SELECT format(E'(S001,?,P1,-1,%s)\n(?,C2,?,%s,-1)', p.product_version, c.customer_version) FROM product_dim p, customer_dim c WHERE product_id = 'P1' AND customer_id = 'C2'),
  'what the source did not name is the unknown member');
SELECT is(pg_temp.rows_of('SELECT unit_price, discount_applied, payment_mode, channel, transaction_id, promotion_key FROM sales_fact WHERE transaction_id = ''T6'''),
  '(100.0000,10,UPI,Store,T6,DIWALI)', 'the unit price is before discount');
SELECT is(count(*), (SELECT count(*) FROM sales_fact), 'no join to a dimension loses a row')
  FROM sales_fact f JOIN time_dim ON time_key = date_key JOIN store_dim ON store_key = store_id JOIN product_dim ON product_key = product_id
  JOIN customer_dim ON customer_key = customer_id JOIN promotion_dim ON promotion_key = promotion_id;

-- Master data completes them in place.
SELECT is(pg_temp.load('feeds a', 'products',
    '{"product_id": "P1", "product_name": "Lamp", "category": "Home", "price": 100, "unit_cost": 60, "effective_at": "2025-01-01 00:00+05:30"}')
  #>> '{steps,2,inserted}', '1', 'the product''s own row arrives');
SELECT is(pg_temp.rows_of('SELECT is_inferred, product_name, count(*) OVER () FROM product_history WHERE product_id = ''P1'''), '(f,Lamp,1)', 'and completes the member in place');
SELECT is(pg_temp.rows_of('SELECT transaction_id, profit FROM sales_fact WHERE product_key = ''P1'' ORDER BY 1'),
  E'(T1,80)\n(T2,40)\n(T4,-40)\n(T5,-40)\n(T6,30)', 'with a cost, profits are known; the first version also holds before it begins');
SELECT lives_ok($$SELECT pg_temp.load('feeds a', 'stores', '{"store_id": "S001", "store_name": "Fort", "city": "Mumbai", "state": "Maharashtra", "region": "West"}')$$, 'stores load');
SELECT is(pg_temp.rows_of('SELECT store_name, is_inferred FROM store_dim WHERE store_id = ''S001'''), '(Fort,f)', 'the store is complete');
SELECT lives_ok($$SELECT pg_temp.load('feeds a', 'stores', '{"store_id": "S001", "store_manager": "Asha"}')$$, 'a partial row');
SELECT is(pg_temp.rows_of('SELECT store_name, store_manager FROM store_dim WHERE store_id = ''S001'''), '(Fort,Asha)', 'wipes nothing out');

-- News from before the sales, after the sales.
SELECT lives_ok($$SELECT pg_temp.load('feeds a', 'products', '{"product_id": "P1", "category": "Lighting", "unit_cost": 70, "effective_at": "2025-03-11 00:00+05:30"}')$$, 'a change of category and cost');
SELECT is(pg_temp.rows_of('SELECT transaction_id, category, profit FROM sales_fact JOIN product_history USING (product_version) WHERE product_key = ''P1'' ORDER BY 1'),
  E'(T1,Home,80)\n(T2,Home,40)\n(T4,Lighting,-30)\n(T5,Lighting,-30)\n(T6,Home,30)', 'moves the facts from its day on to the new version, with their profit');
SELECT lives_ok($$SELECT pg_temp.load('feeds a', 'customers',
  '{"customer_id": "C1", "first_name": "Ravi", "loyalty_level": "Silver", "region": "West", "effective_at": "2025-01-01 00:00+05:30"}',
  '{"customer_id": "C1", "first_name": "Ravi", "loyalty_level": "Gold", "region": "West", "effective_at": "2025-03-11 00:00+05:30"}')$$, 'two CRM rows of one customer');
SELECT is(pg_temp.rows_of('SELECT transaction_id, loyalty_level FROM sales_fact JOIN customer_history USING (customer_version) WHERE customer_key = ''C1'' ORDER BY 1'),
  E'(T1,Silver)\n(T4,Gold)\n(T5,Gold)\n(T6,Silver)', 'as it was: each sale has the level of its day');
SELECT is(pg_temp.rows_of('SELECT DISTINCT loyalty_level FROM sales_fact JOIN customer_dim ON customer_key = customer_id WHERE customer_key = ''C1'''), '(Gold)', 'as it is: one level');
SELECT lives_ok($$SELECT pg_temp.load('feeds a', 'customers', '{"customer_id": "C1", "first_name": "Ravindra", "effective_at": "2025-04-01 00:00+05:30"}')$$, 'a corrected name');
SELECT is(pg_temp.rows_of('SELECT first_name, loyalty_level FROM customer_history WHERE customer_id = ''C1'' ORDER BY valid_from'),
  E'(Ravindra,Silver)\n(Ravindra,Gold)', 'overwrites every version and opens none');
SELECT is_empty($$SELECT * FROM check_integrity('feeds a')$$, 'keys and versions are sound');

-- Rows that tell only some of it: what another row told stays, in one batch (out of order, too) as in several.
SELECT lives_ok($$SELECT pg_temp.load('feeds a', 'customers',
  '{"customer_id": "C8", "city": "Goa", "effective_at": "2025-03-01 00:00+05:30"}',
  '{"customer_id": "C8", "first_name": "Asha", "last_name": "Rao", "loyalty_level": "Gold", "city": "Pune", "effective_at": "2025-01-01 00:00+05:30"}',
  '{"customer_id": "C8", "loyalty_level": "Silver", "gender": "Female", "effective_at": "2025-02-01 00:00+05:30"}',
  '{"customer_id": "C8", "effective_at": "2025-04-01 00:00+05:30"}')$$, 'four rows of one customer in one batch');
SELECT is(pg_temp.rows_of('SELECT first_name, last_name, gender, loyalty_level, city FROM customer_history WHERE customer_id = ''C8'' ORDER BY valid_from'),
  E'(Asha,Rao,Female,Gold,Pune)\n(Asha,Rao,Female,Silver,Pune)\n(Asha,Rao,Female,Silver,Goa)', 'no row blanks what another one told');
DO $$
BEGIN
  PERFORM pg_temp.load('feeds a', 'customers', '{"customer_id": "C9", "first_name": "Asha", "last_name": "Rao", "loyalty_level": "Gold", "city": "Pune", "effective_at": "2025-01-01 00:00+05:30"}');
  PERFORM pg_temp.load('feeds a', 'customers', '{"customer_id": "C9", "loyalty_level": "Silver", "gender": "Female", "effective_at": "2025-02-01 00:00+05:30"}');
  PERFORM pg_temp.load('feeds a', 'customers', '{"customer_id": "C9", "city": "Goa", "effective_at": "2025-03-01 00:00+05:30"}', '{"customer_id": "C9", "effective_at": "2025-04-01 00:00+05:30"}');
END $$;
SELECT is(pg_temp.rows_of('SELECT first_name, last_name, gender, loyalty_level, city, valid_from FROM customer_history WHERE customer_id = ''C9'' ORDER BY valid_from'),
  pg_temp.rows_of('SELECT first_name, last_name, gender, loyalty_level, city, valid_from FROM customer_history WHERE customer_id = ''C8'' ORDER BY valid_from'),
  'batch by batch gives the same');
SELECT is(pg_temp.load('feeds a', 'customers', '{"customer_id": "C8", "city": "Pune", "effective_at": "2025-03-15 00:00+05:30"}', '{"customer_id": "C8", "effective_at": "2025-03-20 00:00+05:30"}')->>'rejected',
  '0', 'a row without anything is no reject');
SELECT is(pg_temp.rows_of('SELECT first_name, loyalty_level, city FROM customer_dim WHERE customer_id = ''C8'''), '(Asha,Silver,Pune)', 'and tells nothing');
SELECT pg_temp.load('feeds a', 'products', '{"product_id": "P8", "product_name": "Lamp", "category": "Lighting", "price": 90, "unit_cost": 50, "effective_at": "2025-01-01 00:00+05:30"}',
  '{"product_id": "P8", "price": 95, "effective_at": "2025-02-01 00:00+05:30"}', '{"product_id": "P8", "unit_cost": 60, "effective_at": "2025-03-01 00:00+05:30"}') \g /dev/null
SELECT is(pg_temp.rows_of('SELECT product_name, category, price, unit_cost FROM product_history WHERE product_id = ''P8'' ORDER BY valid_from'),
  E'(Lamp,Lighting,90,50)\n(Lamp,Lighting,95,50)\n(Lamp,Lighting,95,60)', 'so it is with products');

-- Duplicates and rejects.
SELECT is(pg_temp.load('feeds a', 'pos_sales', pg_temp.sale('S001', 'T1', 'C1', 'P1', 2, 200, '2025-03-10 10:00+05:30')) - 'steps',
  '{"read": 1, "loaded": 0, "rejected": 0, "duplicates": 1, "rejected_by_steps": 0}', 'a line read again adds nothing');
SELECT is(pg_temp.load('feeds a', 'pos_sales',
    pg_temp.sale('S001', 'T8', 'C1', 'P1', 0, 10, '2025-03-10 10:00+05:30'), pg_temp.sale('S001', 'T9', 'C1', 'P1', 1, 10, (now() + interval '2 days')::text),
    pg_temp.sale('S001', 'T10', 'C1', 'P1', 1, 10, '2025-03-10 10:00+05:30')) - 'steps',
  '{"read": 3, "loaded": 1, "rejected": 2, "duplicates": 0, "rejected_by_steps": 2}', 'zero quantity and the future go to quarantine, the rest loads');
SELECT is(pg_temp.rows_of('SELECT record_no, sqlstate, column_name, reason FROM quarantine ORDER BY record_no'),
  E'(1,23514,quantity,"the quantity is zero")\n(2,22008,event_time,"the sale lies in the future")', 'with the reason');
SELECT is(pg_temp.load('feeds a', 'promotions', '{"promotion_id": "BAD", "start_date": "2025-02-01", "end_date": "2025-01-01"}',
    '{"promotion_id": "DIWALI", "promotion_name": "Diwali", "start_date": "2024-10-20", "end_date": "2025-01-01", "discount_percent": 10}')->>'rejected', '1', 'a promotion that ends before it starts');
SELECT is(pg_temp.load('feeds a', 'customers',
    '{"customer_id": "C7", "loyalty_level": "Gold", "effective_at": "2025-01-01 00:00+05:30"}',
    '{"customer_id": "C7", "loyalty_level": "Silver", "effective_at": "2025-01-01 00:00+05:30"}')->>'rejected', '2', 'two rows that contradict each other are rejected');

-- Online orders, in the promotion.
SELECT is((pg_temp.load('feeds a', 'online_orders',
    '{"order_id": "O1", "customer_id": "C1", "product_id": "P1", "price": 100, "discount": 20, "quantity": 2, "channel": "Online", "payment_mode": "Card", "event_time": "2024-12-31 20:00+05:30", "promotion_id": "DIWALI"}',
    '{"order_id": "O2", "customer_id": "C1", "product_id": "P2", "price": 100, "discount": 0, "quantity": -1, "channel": "Online", "event_time": "2024-12-31 21:00+05:30", "promotion_id": "DIWALI"}',
    '{"order_id": "O3", "customer_id": "C1", "product_id": "P2", "price": 10, "discount": 11, "quantity": 1, "channel": "Online", "event_time": "2024-12-31 21:00+05:30"}'
  )->>'rejected')::int, 1, 'a discount beyond the price is rejected');
SELECT is(pg_temp.rows_of('SELECT order_id, store_key, sale_type, quantity_sold, sales_amount, discount_applied, profit FROM sales_fact WHERE channel = ''Online'' ORDER BY 1'),
  E'(O1,ONLINE,Sale,2,180,20,60)\n(O2,ONLINE,Return,-1,-100,0,)', 'online lines: net of discount');
SELECT is(pg_temp.rows_of('SELECT store_key, time_key, event_time, promotion_discount, promotion_revenue, product_count, units_sold FROM promotion_fact ORDER BY 1'),
  E'(ONLINE,2024-12-31,"2024-12-30 18:30:00+00",20,80,2,1)\n(S001,2024-12-31,"2024-12-30 18:30:00+00",10,90,1,1)', 'a promotion by store and day');
SELECT lives_ok($$SELECT pg_temp.load('feeds a', 'pos_sales', pg_temp.sale('S001', 'T11', 'C1', 'P2', 3, 270, '2024-12-31 23:00+05:30', '{"promotion_id": "DIWALI", "discount": 30}'))$$, 'a late sale under it');
SELECT is(pg_temp.rows_of('SELECT promotion_discount, promotion_revenue, product_count, units_sold FROM promotion_fact WHERE store_key = ''S001'''), '(40,360,2,4)', 'is added');

-- Stock: units sold in the week up to the snapshot, whichever side came first.
SELECT lives_ok($$SELECT pg_temp.load('feeds a', 'inventory',
  '{"product_id": "P1", "store_id": "S001", "stock_on_hand": 40, "reorder_level": 10, "snapshot_date": "2025-03-16"}',
  '{"product_id": "P1", "stock_on_hand": 99, "supplier_id": "V1", "snapshot_date": "2025-03-16"}',
  '{"product_id": "P1", "stock_on_hand": 70, "snapshot_date": "2025-03-17"}')$$, 'a snapshot after the sales');
SELECT is(pg_temp.rows_of('SELECT store_key, time_key, stock_on_hand, units_sold FROM inventory_fact ORDER BY time_key, store_key'),
  E'(-,2025-03-16,99,2)\n(S001,2025-03-16,40,2)\n(-,2025-03-17,70,-2)', 'six days back and its own day: 10 March counts on the 16th, not on the 17th');
SELECT lives_ok($$SELECT pg_temp.load('feeds a', 'pos_sales', pg_temp.sale('S002', 'T1', 'C1', 'P1', 5, 500, '2025-03-16 23:59+05:30'))$$, 'a sale of that week, later');
SELECT is(pg_temp.rows_of('SELECT store_key, time_key, stock_on_hand, units_sold FROM inventory_fact ORDER BY time_key, store_key'),
  E'(-,2025-03-16,99,7)\n(S001,2025-03-16,40,2)\n(-,2025-03-17,70,3)', 'is counted where it belongs');
SELECT is(pg_temp.load('feeds a', 'inventory', '{"product_id": "P1", "stock_on_hand": 98, "snapshot_date": "2025-03-16"}',
    '{"product_id": "P1", "stock_on_hand": 97, "snapshot_date": "2025-03-16"}')->>'rejected', '0', 'a snapshot sent again');
SELECT is(pg_temp.rows_of('SELECT stock_on_hand, units_sold FROM inventory_fact WHERE store_key = ''-'' AND time_key = ''2025-03-16'''), '(97,7)', 'corrects the first, the last row counts');
SELECT is(pg_temp.load('feeds a', 'inventory', '{"product_id": "P9", "stock_on_hand": 1}')->>'loaded', '1', 'without a date it is today''s');
SELECT is(time_key, (now() AT TIME ZONE 'Asia/Kolkata')::date, 'in the warehouse''s zone') FROM inventory_fact WHERE product_key = 'P9';

-- The same files in another order, in other batches, give the same warehouse.
SELECT lives_ok($$SELECT starhouse.create_warehouse('shopsmart', 'feeds b', 'Asia/Kolkata')$$, 'a second warehouse');
DO $$ BEGIN
  PERFORM pg_temp.load('feeds b', 'customers', '{"customer_id": "C1", "first_name": "Ravi", "loyalty_level": "Gold", "region": "West", "effective_at": "2025-03-11 00:00+05:30"}');
  PERFORM pg_temp.load('feeds b', 'inventory', '{"product_id": "P1", "store_id": "S001", "stock_on_hand": 40, "reorder_level": 10, "snapshot_date": "2025-03-16"}',
  '{"product_id": "P1", "stock_on_hand": 97, "supplier_id": "V1", "snapshot_date": "2025-03-16"}', '{"product_id": "P1", "stock_on_hand": 70, "snapshot_date": "2025-03-17"}',
  '{"product_id": "P9", "stock_on_hand": 1}');
  PERFORM pg_temp.load('feeds b', 'pos_sales', pg_temp.sale('S002', 'T1', 'C1', 'P1', 5, 500, '2025-03-16 23:59+05:30'),
  pg_temp.sale('S001', 'T4', 'C1', 'P1', -1, 100, '2025-03-12 10:00+05:30'));
  PERFORM pg_temp.load('feeds b', 'products', '{"product_id": "P1", "category": "Lighting", "price": 100, "product_name": "Lamp", "unit_cost": 70, "effective_at": "2025-03-11 00:00+05:30"}');
  PERFORM pg_temp.load('feeds b', 'pos_sales', pg_temp.sale('S001', 'T1', 'C1', 'P1', 2, 200, '2025-03-10 10:00+05:30'),
    pg_temp.sale('S001', 'T2', NULL, 'P1', 1, 100, '2025-03-10 23:45+05:30'), pg_temp.sale(NULL, 'T3', 'C2', NULL, 1, 50, '2025-03-11 00:10+05:30'),
    pg_temp.sale('S001', 'T5', 'C1', 'P1', 1, -100, '2025-03-12 11:00+05:30'),
    pg_temp.sale('S001', 'T11', 'C1', 'P2', 3, 270, '2024-12-31 23:00+05:30', '{"promotion_id": "DIWALI", "discount": 30}'),
    pg_temp.sale('S001', 'T6', 'C1', 'P1', 1, 90, '2024-12-31 12:00+05:30', '{"discount": 10, "promotion_id": "DIWALI", "payment_mode": "UPI"}'),
    pg_temp.sale('S001', 'T10', 'C1', 'P1', 1, 10, '2025-03-10 10:00+05:30'));
  PERFORM pg_temp.load('feeds b', 'products', '{"product_id": "P1", "product_name": "Lamp", "category": "Home", "price": 100, "unit_cost": 60, "effective_at": "2025-01-01 00:00+05:30"}');
  PERFORM pg_temp.load('feeds b', 'online_orders',
    '{"order_id": "O2", "customer_id": "C1", "product_id": "P2", "price": 100, "discount": 0, "quantity": -1, "channel": "Online", "event_time": "2024-12-31 21:00+05:30", "promotion_id": "DIWALI"}');
  PERFORM pg_temp.load('feeds b', 'online_orders',
    '{"order_id": "O1", "customer_id": "C1", "product_id": "P1", "price": 100, "discount": 20, "quantity": 2, "channel": "Online", "payment_mode": "Card", "event_time": "2024-12-31 20:00+05:30", "promotion_id": "DIWALI"}');
  PERFORM pg_temp.load('feeds b', 'customers', '{"customer_id": "C1", "first_name": "Ravi", "loyalty_level": "Silver", "region": "West", "effective_at": "2025-01-01 00:00+05:30"}');
END $$;
SELECT is(pg_temp.facts('feeds b'), pg_temp.facts('feeds a'), 'facts, versions and profits do not depend on the order of arrival');
SELECT is(pg_temp.rows_of('SELECT time_key, store_key, product_key, stock_on_hand, units_sold FROM "feeds b".inventory_fact ORDER BY 1, 2, 3'),
  pg_temp.rows_of('SELECT time_key, store_key, product_key, stock_on_hand, units_sold FROM "feeds a".inventory_fact ORDER BY 1, 2, 3'), 'nor do units sold before a snapshot');
SELECT is(pg_temp.rows_of('SELECT time_key, store_key, promotion_key, promotion_discount, promotion_revenue, product_count, units_sold FROM "feeds b".promotion_fact ORDER BY 1, 2'),
  pg_temp.rows_of('SELECT time_key, store_key, promotion_key, promotion_discount, promotion_revenue, product_count, units_sold FROM "feeds a".promotion_fact ORDER BY 1, 2'), 'nor the promotions'' days');
SELECT is_empty($$SELECT * FROM check_integrity('feeds b')$$, 'and the keys are as sound');

SELECT matches(starhouse.drop_warehouse('feeds b', 'feeds b'), ', and the schema$', 'the session that loaded a warehouse can drop it');

SELECT * FROM finish();
ROLLBACK;
