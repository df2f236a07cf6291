-- ShopSmart's contracts on dirty records: codes, every date format, words for nothing, what is refused.
\pset format unaligned
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SELECT starhouse.create_warehouse('shopsmart', 'warehouse_contracts', 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31',
                                  foreign_keys => 'none') ~ '^shopsmart warehouse' AS created;
CREATE FUNCTION pg_temp.try_feed(feed text, VARIADIC records text[])
  RETURNS TABLE (no bigint, row_values jsonb, code text, column_name text, value text, reason text) LANGUAGE sql AS $$
  SELECT p.ordinal, p.row_values - 'line_hash' - 'line_id', p.sqlstate, p.column_name, p.value, p.reason
  FROM warehouse_contracts.feed f, starhouse.contract_parse(f.contract, 'Asia/Kolkata', records) p
  WHERE f.feed_name = feed ORDER BY p.ordinal $$;

-- Tills: one moment in eleven spellings; a day alone is its midnight.
SELECT row_values->>'event_time' AS event_time, row_values->>'time_key' AS time_key, count(*)
FROM pg_temp.try_feed('pos_sales', 'store_id,transaction_id,customer_id,product_id,quantity,sale_amount,date',
  's-1,t1,c1,p1,1,10,2025-03-09T18:30:00Z', '1,t1,c1,p1,1,10,2025-03-10 00:00:00', 'S001,t1,c1,p1,1,10,2025-03-10',
  'STORE 001,t1,c1,p1,1,10,10/03/2025', 'st1,t1,c1,p1,1,10,10/03/2025 00:00:00', 'Shop-1,t1,c1,p1,1,10,10/03/2025 00:00',
  's1,t1,c1,p1,1,10,10-Mar-2025', 's1,t1,c1,p1,1,10,10-mar-2025 00:00:00', 's1,t1,c1,p1,1,10,10-03-2025', 's1,t1,c1,p1,1,10,20250310', 's1,t1,c1,p1,1,10,1741545000')
GROUP BY 1, 2;
SELECT DISTINCT row_values->>'store_id' AS store_id, row_values->>'transaction_id' AS transaction_id, row_values->>'product_id' AS product_id
FROM pg_temp.try_feed('pos_sales', 'store_id,transaction_id,customer_id,product_id,quantity,sale_amount,date',
  's-1,t1,c1,p1,1,10,2025-03-10', 'S 001,T1, c1,P1,1,10,2025-03-10', 'Store1,t1,c1,p1 ,1,10,2025-03-10', '0001,t1,c1,p1,1,10,2025-03-10');
-- What may be missing, and what may not.
SELECT * FROM pg_temp.try_feed('pos_sales', 'Store_ID,Transaction_ID,Customer_ID,Product_ID,Quantity,Sale_Amount,Date,Payment_Mode,Line_No',
  ',T1,N/A,NULL,-2,10.50,2025-03-10 09:00,credit card,7', 'S001,,C1,P1,1,10,2025-03-10,,', 'S001,T1,C1,P1,two,10,2025-03-10,,', 'S001,T1,C1,P1,1,10,31/02/2025,,',
  'S001,T1,C1,P1,1,10,soon,,', 'S001,T1,C1,P1,1,10,1970-01-01,,', 'S001,T1,C1,P1,1,1e12,2025-03-10,,', 'SX1,T1,C1,P1,1,10,2025-03-10,,', 'S001,T1,C1,P1,1,10');
-- The same line is one line however it is written; another is another.
SELECT count(DISTINCT p.row_values->>'line_hash') AS lines
FROM warehouse_contracts.feed f, starhouse.contract_parse(f.contract, 'Asia/Kolkata', ARRAY['store_id,transaction_id,customer_id,product_id,quantity,sale_amount,date',
  'S001,T1,C1,p1,1,10,2025-03-10', 'S001,T1,C1,P1,1.0,10.00,10/03/2025', 'S001,T1,C1,P1,2,10,2025-03-10']) p
WHERE feed_name = 'pos_sales' AND p.row_values IS NOT NULL;

-- The online shop.
SELECT * FROM pg_temp.try_feed('online_orders',
  '{"order_id": "o1", "customer_id": "c1", "product_id": "p1", "price": 99.5, "discount": 5, "payment_mode": "upi", "channel": "app", "order_time": "2025-03-10T10:00:00+05:30"}',
  '{"order_id": 17, "customer_id": null, "product_id": "P1", "price": "10", "payment_mode": "Netbanking", "quantity": 3, "order_time": 1741545000}',
  '{"order_id": "o3", "price": -1, "order_time": "2025-03-10"}', '{"order_id": "o4", "price": 1, "channel": "Store", "order_time": "2025-03-10"}',
  '{"order_id": "o5", "price": 1, "order_time": "2025-13-10"}', '{"order_id": "o6", "price": 1', '[1]');

-- Customers, products, stores, promotions, stock.
SELECT * FROM pg_temp.try_feed('customers', 'customer_id,first_name,last_name,gender,birth_date,loyalty_level,city,state,region,effective_at',
  'c1, Asha  Rani ,Rao,f,12/05/1990,GOLD,Pune,Maharashtra,West,2025-03-01', 'C2,,,unknown,31/02/1990,silver,,,,01-Mar-2025', ',X,Y,M,,,,,,2025-03-01');
SELECT * FROM pg_temp.try_feed('customers', 'customer_id,loyalty_level,region', 'C1,Platinum,North');
SELECT * FROM pg_temp.try_feed('products', 'product_id,product_name,category,subcategory,brand,supplier_id,price,unit_cost,effective_at',
  ' p-1 ,Desk  lamp,Home,Lighting,Acme,v1,499.00,300,2025-03-01', 'P2,x,,,,,free,,', 'P3,x,,,,,-1,,');
SELECT * FROM pg_temp.try_feed('stores', 'store_id,store_name,city,city_tier,state,region,store_manager',
  'store-7,Fort,Mumbai,1,Maharashtra,West,Asha', 'S008,x,y,Tier-2,z,w,', 'S009,x,y,4,z,w,');
SELECT * FROM pg_temp.try_feed('promotions', 'promotion_id,promotion_name,start_date,end_date,discount_percent', 'diwali,Diwali,2025-10-10,25/10/2025,15', 'X,x,,,101');
SELECT * FROM pg_temp.try_feed('inventory', 'product_id,stock_on_hand,reorder_level,supplier_id', 'p1,10,5,v1', 'P2,-3,5,V1', 'P3,,5,V1');

-- Online Retail.
SELECT * FROM pg_temp.try_feed('online_retail', 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country',
  '536365,85123a, WHITE  HANGING HEART ,6,2010-12-01 08:26:00,2.55,17850,United Kingdom', 'c536379,D,Discount,-1,12/1/2010 9:41,27.50,,United Kingdom',
  '536414,22139,,56,2010-12-01 11:52:00,0,,United Kingdom', 'A563187,B,Adjust bad debt,1,2011-08-12 14:52:00,-11062.06,,United Kingdom');

SELECT starhouse.drop_warehouse('warehouse_contracts', 'warehouse_contracts') ~ 'and the schema$' AS dropped;
