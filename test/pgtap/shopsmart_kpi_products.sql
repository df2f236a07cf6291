-- KPIs of products and stores. Every figure is worked out from the list in test/data/shopsmart_kpi.sql.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
SET LOCAL search_path = public, starhouse;
SELECT no_plan();
SELECT starhouse.create_warehouse('shopsmart', 'Kpi Products', time_zone => 'Asia/Kolkata') \g /dev/null
SET LOCAL search_path = "Kpi Products", public;
\ir ../data/shopsmart_kpi.sql

-- P1: 100 + 200 + 100 + 180 + 90 + 100 + 100 - 100 + 100, P2: 40 + 20 - 20 + 90 + 60 + 20,
-- P3: 50 + 100 + 50 - 100; shares of 1240. Before P3 stand 87.10 %: class B; before P8 95.16 %: class C
SELECT results_eq('SELECT * FROM kpi_top_products', $$VALUES
  (1::bigint, 'P1', 'Phone', 'Electronics', 'Bolt', 870.0, 70.16, 70.16, 'A', 9.0, 8::bigint, 30.0),
  (2, 'P2', 'Shirt', 'Apparel', 'Loom',       210, 16.94,  87.10, 'A', 11, 5, 10),
  (3, 'P3', 'Mixer', 'Electronics', 'Whirl',  100,  8.06,  95.16, 'B',  2, 3,  0),
  (4, 'P8', 'Unknown', 'Unknown', 'Unknown',   30,  2.42,  97.58, 'C',  1, 1,  0),
  (5, 'P4', 'Cable', 'Electronics', 'Bolt',    18,  1.45,  99.03, 'C',  4, 1,  2),
  (6, '?', 'Unknown', 'Unknown', 'Unknown',    12,  0.97, 100.00, 'C',  1, 1,  0)$$,
  'top products: net revenue, shares, classes; orders are sales only');
SELECT results_eq($$SELECT revenue_rank, product_id, revenue FROM kpi_top_products('2025-10-10', '2025-10-10')$$,
  $$VALUES (1::bigint, 'P1', 180.0), (2, 'P2', 90)$$, 'top products of a day');
SELECT results_eq($$SELECT revenue_rank, product_id, revenue_percent, cumulative_percent, abc_class
                    FROM kpi_top_products('2025-11-01', '2025-11-30')$$, $$VALUES
  (1::bigint, 'P2', NULL::numeric, NULL::numeric, NULL::text), (2, 'P1', NULL, NULL, NULL), (3, 'P3', NULL, NULL, NULL)$$,
  'no shares and classes where more came back than was sold');

-- the Mixer counts as Electronics: 870 + 100 + 18
SELECT results_eq('SELECT * FROM kpi_top_categories', $$VALUES
  (1::bigint, 'Electronics', 988.0, 79.68, 15.0, 11::bigint, 3::bigint),
  (2, 'Apparel', 210, 16.94, 11, 5, 1),
  (3, 'Unknown',  42,  3.39,  2, 2, 2)$$, 'top categories as-is');
-- the Mixer was Home in o3 (50) and o8 (100), Electronics in o11 (50) and r3 (-100): 870 + 18 - 50
SELECT results_eq('SELECT * FROM kpi_top_categories_as_was', $$VALUES
  (1::bigint, 'Electronics', 838.0, 67.58, 12.0, 9::bigint, 3::bigint),
  (2, 'Apparel', 210, 16.94, 11, 5, 1),
  (3, 'Home',    150, 12.10,  3, 2, 1),
  (4, 'Unknown',  42,  3.39,  2, 2, 2)$$, 'top categories as-was');
SELECT results_eq($$SELECT category, revenue FROM kpi_top_categories_as_was('2025-10-15', '2025-10-15')$$,
  $$VALUES ('Home', 100.0)$$, 'as-was between two days');

-- S1: 140 + 20 + 100 - 20 + 270 + 150 + 12 in 6 orders of 692; S2: 200 + 90 + 100 - 100 + 100;
-- Tier 1 has 672, 390 and 0: median 390; Tier 2 90 and 0: median 45
SELECT results_eq('SELECT * FROM kpi_store_ranking', $$VALUES
  ('Online', 1::bigint, 'ONLINE', 'Online shop', 'Online', 'Online', 68.0, 100.00, 68.00, 0.00, 2.0 + 1 - 2 + 4, 3::bigint, 56.00),
  ('Tier 1', 1, 'S1', 'Mumbai Central', 'Mumbai', 'West', 672, 63.28, 390.00, 72.31, 14, 6, 115.33),
  ('Tier 1', 2, 'S2', 'Delhi Gate', 'Delhi', 'North', 390, 36.72, 390.00, 0.00, 4, 4, 122.50),
  ('Tier 1', 3, 'S4', 'Pune Camp', 'Pune', 'West', 0, 0.00, 390.00, -100.00, 0, 0, NULL),
  ('Tier 2', 1, 'S3', 'Nashik Road', 'Nashik', 'West', 90, 100.00, 45.00, 100.00, 4, 2, 45.00),
  ('Tier 2', 2, 'S5', 'Nagpur East', 'Nagpur', 'West', 0, 0.00, 45.00, -100.00, 0, 0, NULL),
  ('Unknown', 1, 'S9', NULL, NULL, 'Unknown', 20, 100.00, 20.00, 0.00, 1, 1, 20.00)$$,
  'store ranking within the tier; stores without sales take part, ''?'' and ''-'' do not');
SELECT is((SELECT sum(revenue) FROM kpi_store_ranking), 1240.0, 'stores add up to everything');
SELECT bag_eq($$SELECT store_id, revenue FROM kpi_store_ranking('2025-12-01') WHERE orders > 0$$,
  $$VALUES ('S3', 30.0), ('ONLINE', 18), ('S1', 12), ('S2', 100)$$, 'store ranking since a day');

-- equal revenue shares a rank, and the order of rows does not depend on chance
UPDATE sales_fact SET sales_amount = 18 WHERE product_key = 'P8';
SELECT results_eq('SELECT revenue_rank, product_id FROM kpi_top_products WHERE revenue_rank > 3',
  $$VALUES (4::bigint, 'P4'), (4, 'P8'), (6, '?')$$, 'equals share a rank');
-- sales to the unknown store appear as such
UPDATE sales_fact SET store_key = '?' WHERE order_id = 'o15';
SELECT results_eq($$SELECT city_tier, tier_rank, store_id, revenue FROM kpi_store_ranking WHERE city_tier = 'Unknown'$$,
  $$VALUES ('Unknown', 1::bigint, 'S9', 20.0), ('Unknown', 2, '?', 12)$$, 'the unknown store, once it has sales');

SELECT * FROM finish();
ROLLBACK;
