-- Gold documents of QuickEats and ShopSmart. Every figure is worked out from the lists in test/data/quickeats_kpi.sql
-- and test/data/shopsmart_kpi.sql.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
SET LOCAL TimeZone = 'UTC';
SET LOCAL search_path = public, starhouse;
SELECT plan(9);
SELECT starhouse.create_warehouse('quickeats', 'Qe Gold', time_zone => 'Asia/Kolkata', calendar_from => '2025-01-01', calendar_to => '2025-12-31') \g /dev/null
SET LOCAL search_path = "Qe Gold", public;
\ir ../data/quickeats_kpi.sql
SELECT * FROM starhouse.gold_refresh('Qe Gold') \g /dev/null
-- o1 and o2 delivered for 300, o4 cancelled, o6 open; prepared in 10, 8 and 10 minutes; 5 and 2 stars.
SELECT is(document, '{"restaurant_id": "R1", "name": "Saffron", "cuisine_type": "Indian", "city": "MUM", "avg_rating": 4.5, "orders": 4, "delivered": 2, "cancelled": 1,
  "revenue": 300, "preparation_minutes": 9.33, "last_order_at": "2025-11-05T13:30:00Z", "feedback_score": 3.50, "complaints": 1}'::jsonb, 'a restaurant')
  FROM gold_restaurant_profile WHERE key = 'R1';
SELECT is(document, '{"restaurant_id": "R3", "name": null, "cuisine_type": null, "city": null, "avg_rating": null, "orders": 1, "delivered": 1, "cancelled": 0,
  "revenue": 60, "preparation_minutes": 2.00, "last_order_at": "2025-11-05T07:00:00Z", "feedback_score": null, "complaints": 0}'::jsonb, 'one of which nothing is known but an order')
  FROM gold_restaurant_profile WHERE key = 'R3';
-- 30 minutes in time, 40 late; 3 and 5 km.
SELECT is(document, '{"driver_id": "D1", "name": "Asha", "vehicle_type": null, "city": "MUM", "experience_level": "Senior", "deliveries": 2, "on_time_percent": 50.00,
  "delivery_minutes": 35.00, "distance_km": 8.000, "last_delivery_at": "2025-10-01T07:20:00Z", "feedback_score": 3.50}'::jsonb, 'a driver')
  FROM gold_driver_profile WHERE key = 'D1';
SELECT is(document->'deliveries', '0'::jsonb, 'one who has delivered nothing') FROM gold_driver_profile WHERE key = 'D3';
SELECT set_eq('SELECT key FROM gold_restaurant_profile', '{R1,R2,R3}'::text[], 'the unknown restaurant has no profile');

SET LOCAL search_path = public, starhouse;
SELECT starhouse.create_warehouse('shopsmart', 'Shop Gold', time_zone => 'Asia/Kolkata') \g /dev/null
SET LOCAL search_path = "Shop Gold", public;
\ir ../data/shopsmart_kpi.sql
SELECT * FROM starhouse.gold_refresh('Shop Gold') \g /dev/null
SELECT is(document, '{"customer_id": "C4", "first_name": null, "last_name": null, "loyalty_level": null, "city": null, "region": null, "orders": 1, "revenue": 60, "returns": 0,
  "online_share_percent": 0.00, "first_order_on": "2025-10-20", "last_order_on": "2025-10-20", "favourite_categories": ["Apparel"]}'::jsonb, 'a customer with one order')
  FROM gold_customer_profile WHERE key = 'C4';
SELECT is(document, '{"customer_id": "C5", "first_name": "Deepa", "last_name": null, "loyalty_level": "Bronze", "city": null, "region": null, "orders": 0, "revenue": -100, "returns": 1,
  "online_share_percent": null, "first_order_on": "2025-11-10", "last_order_on": "2025-11-10", "favourite_categories": ["Electronics"]}'::jsonb, 'one who only returns')
  FROM gold_customer_profile WHERE key = 'C5';
SELECT is(document, '{"product_id": "P4", "product_name": "Cable", "category": "Electronics", "subcategory": null, "brand": "Bolt", "price": 5, "units": 4, "revenue": 18,
  "profit": null, "returned_units": 0, "stores": 1, "last_sold_on": "2025-12-25"}'::jsonb, 'a product of unknown cost') FROM gold_product_profile WHERE key = 'P4';
SELECT is((SELECT count(*) FROM starhouse.lineage('Shop Gold', 'gold_customer_profile', '{"customer_key": "C4"}')), 1::bigint, 'lineage of a document');
SELECT * FROM finish();
ROLLBACK;
