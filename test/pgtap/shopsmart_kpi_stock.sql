-- KPIs of stock and promotions. Every figure is worked out from the lists in test/data/shopsmart_kpi.sql.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
SET LOCAL search_path = public, starhouse;
SELECT no_plan();
SELECT starhouse.create_warehouse('shopsmart', 'Kpi Stock', time_zone => 'Asia/Kolkata') \g /dev/null
SET LOCAL search_path = "Kpi Stock", public;
\ir ../data/shopsmart_kpi.sql

-- 4 to 31 December: 1 Phone, 4 Cables, no Shirt, no Mixer. Phone: 10 / (1 / 28) = 280 days; Cable: 6 / (4 / 28) = 42
SELECT bag_eq('SELECT * FROM kpi_stock_cover', $$VALUES
  ('P1', 'Phone', 'Electronics', '-', '2025-12-28'::date, 3, 10.0, 15.0, 'V1', 1.0, 0.04, 280.00, '2025-12-28'::date + 280),
  ('P2', 'Shirt', 'Apparel', '-',  '2025-12-28', 3, 50, 10, 'V2', 0, 0.00, NULL, NULL),
  ('P2', 'Shirt', 'Apparel', 'S3', '2025-12-28', 3,  3,  5, 'V2', 0, 0.00, NULL, NULL),
  ('P3', 'Mixer', 'Electronics', '-', '2025-12-28', 3, 0, 5, 'V9', 0, 0.00, 0, '2025-12-28'),
  ('P4', 'Cable', 'Electronics', '-', '2025-12-28', 3, 6, NULL, 'V1', 4, 0.14, 42.00, '2025-12-28'::date + 42)$$,
  'stock cover: no end in sight without sales, none at all without stock');
-- all 122 days: S3 sold 3 Shirts, all stores 11 (net of the return): 3 / (3 / 122), 50 / (11 / 122)
SELECT bag_eq($$SELECT store_id, units_in_window, days_of_cover FROM kpi_stock_cover(window_days => 122) WHERE product_id = 'P2'$$,
  $$VALUES ('-', 11.0, 554.55), ('S3', 3.0, 122.00)$$, 'a store''s stock against its own sales, the chain''s against all');
-- as of 15 November: 19 October to 15 November sold 1 + 1 - 1 Phones and 3 + 1 Shirts
SELECT bag_eq($$SELECT product_id, snapshot_day, snapshot_age_days, stock_on_hand, units_in_window, days_of_cover, projected_stock_out
                FROM kpi_stock_cover('2025-11-15')$$, $$VALUES
  ('P1', '2025-11-02'::date, 13, 20.0, 1.0, 560.00, '2025-11-02'::date + 560),
  ('P2', '2025-10-05', 41, 40, 4, 280.00, '2025-10-05'::date + 280)$$, 'stock cover as of a day sees nothing later');
SELECT is((SELECT count(*) FROM kpi_stock_cover(window_days => 0) WHERE stock_on_hand > 0 AND days_of_cover IS NOT NULL),
  0::bigint, 'a window of no days gives no rate and no error');

-- lead time 7 days: under the reorder level are the Mixer (out of stock), the Phone and S3's Shirts.
-- Phone: max(15, 7/28) + 1 - 10 = 6; Mixer: 5 + 0 - 0; Shirt: 5 + 0 - 3
SELECT results_eq('SELECT * FROM kpi_replenishment', $$VALUES
  (1::bigint, 'P3', 'Mixer', 'Electronics', '-', 'V9', '2025-12-28'::date, 0.0, 5.0, true, 0.00, 0.00, '2025-12-28'::date, '2025-12-21'::date, 5.0),
  (2, 'P1', 'Phone', 'Electronics', '-', 'V1', '2025-12-28', 10, 15, true, 0.04, 280.00, '2025-12-28'::date + 280, '2025-12-28'::date + 273, 6),
  (3, 'P2', 'Shirt', 'Apparel', 'S3', 'V2', '2025-12-28', 3, 5, true, 0.00, NULL, NULL, NULL, 2)$$,
  'replenishment: what to order, most urgent first');
-- lead time 45 days: the Cable's 42 days end before; max(0, 45 * 4/28) + 4 - 6 = 4.43, so 5
SELECT results_eq($$SELECT priority, product_id, is_under_reorder_level, order_by_day, suggested_order_units
                    FROM kpi_replenishment(lead_time_days => 45) WHERE product_id = 'P4'$$,
  $$VALUES (4::bigint, 'P4', false, '2025-12-28'::date + 42 - 45, 5.0)$$,
  'an item without a reorder level is listed when it runs out within the lead time');

-- week of 22 December: P1 10 + P3 0 + P4 6 in stock, 4 Cables sold; the unknown product has no stock figure
SELECT bag_eq($$SELECT * FROM kpi_stock_sales_trend WHERE week_start >= '2025-12-22'$$, $$VALUES
  ('2025-12-22'::date, 'Electronics', 16.00, 4.0, 4.00, 0.0), ('2025-12-22', 'Apparel', 50, 0, NULL, 0),
  ('2025-12-22', 'Unknown', NULL, 1, NULL, 1), ('2025-12-29', 'Electronics', NULL, 1, NULL, 1)$$,
  'stock against sales by week; S3''s own count is not added to the chain''s');

-- 122 days. Phone: stock (30 + 20 + 10) / 3 = 20, 9 sold: 9 x 365 / 122 / 20; Shirt: (40 + 50) / 2 = 45, 11 sold
SELECT bag_eq('SELECT product_id, period_days, units, average_stock, unit_cost, turnover_ratio, days_per_turn
               FROM kpi_product_turnover', $$VALUES
  ('P1', 122,  9.0, 20.0, 60.0, 1.35, 271.11), ('P2', 122, 11, 45, 8, 0.73, 499.09),
  ('P3', 122,  2, 0, 30, NULL, 0.00), ('P4', 122, 4, 6, NULL, 1.99, 183.00),
  ('P8', 122,  1, NULL, NULL, NULL, NULL), ('?', 122, 1, NULL, NULL, NULL, NULL)$$, 'turnover of each product');
-- Electronics: 15 sold, stock 26, at cost 9 x 60 + 2 x 30 = 600 against 20 x 60 = 1200
SELECT bag_eq('SELECT * FROM kpi_stock_turnover_by_category', $$VALUES
  ('Electronics', 122, 15.0, 26.00, 1.73, 211.47, 600.00, 1200.00, 1.50, 0.0, 6.00),
  ('Apparel', 122, 11, 45, 0.73, 499.09, 88, 360, 0.73, 0, 0),
  ('Unknown', 122, 0, NULL, NULL, NULL, NULL, NULL, NULL, 2, 0)$$, 'turnover of each category');
SELECT results_eq('SELECT * FROM kpi_stock_turnover',
  $$VALUES (122, 26.0, 71.00, 1.10, 333.15, 688.00, 1560.00, 1.32, 2.0, 6.00)$$, 'turnover of all: 26 x 365 / 122 / 71');
-- October alone: 31 days, stock 30 and 40, Phones 1 + 2 + 1 + 1, Shirts -1 + 5 + 3: 12 x 365 / 31 / 70
SELECT results_eq($$SELECT period_days, units, average_stock, turnover_ratio, units_without_stock
                    FROM kpi_stock_turnover('2025-10-01', '2025-10-31')$$,
  $$VALUES (31, 12.0, 70.00, 2.02, 2.0)$$, 'turnover of a month; the Mixer had no stock figure');

-- D1: S1 and S2, P1 and P2. In its ten days 180 + 90 + 90 promoted and 100 not: 46 a day.
-- 12 September to 9 October: 200 + 20 + 100 - 20 = 300 in 28 days; 460 - 10 x 300 / 28
SELECT results_eq('SELECT * FROM kpi_promotion_effectiveness', $$VALUES
  ('D1', 'Diwali', '2025-10-10'::date, '2025-10-19'::date, 10.0, 10, 2::bigint, 2::bigint, 360.0, 8.0, 2::bigint, 40.0, 0::bigint,
   460.0, 46.00, '2025-09-12'::date, '2025-10-09'::date, 300.0, 10.71, 352.86, 329.33),
  ('D2', 'New Year', '2025-12-25', '2026-01-03', 10, 7, 1, 1, 18, 4, 1, 2, 0, 18, 2.57, NULL, NULL, NULL, NULL, NULL, NULL),
  ('D3', 'Spring', '2026-02-01', '2026-02-10', 5, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)$$,
  'promotions: uplift, none without a baseline, none for one that has not begun');
SELECT results_eq($$SELECT baseline_from, baseline_revenue, uplift_percent FROM kpi_promotion_effectiveness(7) WHERE promotion_id = 'D1'$$,
  $$VALUES ('2025-10-03'::date, 80.0, 302.50)$$, 'a baseline of seven days: 46 against 80 / 7');
SELECT results_eq($$SELECT baseline_from, baseline_revenue, uplift_percent FROM kpi_promotion_effectiveness(60) WHERE promotion_id = 'D1'$$,
  $$VALUES ('2025-09-01'::date, 440.0, 307.73)$$, 'a baseline no longer than the data: 46 against 440 / 39');
SELECT bag_eq($$SELECT * FROM kpi_promotion_mix WHERE month_start IN ('2025-10-01', '2025-12-01')$$, $$VALUES
  ('2025-10-01'::date, 'Promoted', 360.0, 51.43, 8.0, 40.0), ('2025-10-01', 'Not promoted', 340, 48.57, 6, 0),
  ('2025-12-01', 'Promoted', 18, 11.25, 4, 2), ('2025-12-01', 'Not promoted', 142, 88.75, 3, 0)$$, 'promoted part of revenue');

-- a promotion that the master data do not tell the dates of runs from its first to its last sale
UPDATE promotion_dim SET promotion_name = NULL, start_date = NULL, end_date = NULL, is_inferred = true WHERE promotion_id = 'D1';
SELECT results_eq($$SELECT promotion_name, start_date, end_date, days, period_revenue FROM kpi_promotion_effectiveness WHERE promotion_id = 'D1'$$,
  $$VALUES ('Unknown', '2025-10-10'::date, '2025-10-12'::date, 3, 360.0)$$, 'an inferred promotion');
-- one sold outside its dates is told
UPDATE promotion_dim SET start_date = '2025-10-11', end_date = '2025-10-12' WHERE promotion_id = 'D1';
SELECT results_eq($$SELECT promoted_revenue, lines_outside_dates, period_revenue FROM kpi_promotion_effectiveness WHERE promotion_id = 'D1'$$,
  $$VALUES (360.0, 2::bigint, 90.0)$$, 'lines outside the dates are counted as such');
-- a baseline that is negative is shown, but carries no percentage
UPDATE sales_fact SET sales_amount = -400 WHERE order_id = 'r1';
SELECT results_eq($$SELECT baseline_revenue < 0, uplift_percent FROM kpi_promotion_effectiveness WHERE promotion_id = 'D1'$$,
  $$VALUES (true, NULL::numeric)$$, 'no uplift upon a negative baseline');

-- a promotion that has always run counts the days of the data, and has no time before it
UPDATE promotion_dim SET start_date = '-infinity', end_date = 'infinity' WHERE promotion_id = 'D2';
SELECT results_eq($$SELECT days, period_revenue, baseline_revenue, uplift_percent FROM kpi_promotion_effectiveness WHERE promotion_id = 'D2'$$,
  $$VALUES (122, 18.0, NULL::numeric, NULL::numeric)$$, 'a promotion without beginning or end');
-- no sales at all, but promotions and stock
DELETE FROM sales_fact;
SELECT is((SELECT sum(days) FROM kpi_promotion_effectiveness), 0::bigint, 'without sales a promotion has no days to judge');
SELECT results_eq($$SELECT product_id, snapshot_age_days, days_of_cover FROM kpi_stock_cover WHERE product_id = 'P1'$$,
  $$VALUES ('P1', 0, NULL::numeric)$$, 'without sales today is the latest snapshot');
SELECT results_eq('SELECT period_days, turnover_ratio FROM kpi_stock_turnover', $$VALUES (NULL::integer, NULL::numeric)$$,
  'without sales there is no turnover');

SELECT * FROM finish();
ROLLBACK;
