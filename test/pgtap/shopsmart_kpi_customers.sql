-- KPIs of customers. Every figure is worked out from the list in test/data/shopsmart_kpi.sql.
-- C1 buys in all four months, C2 too; C3 in September, October and December; C4 in October; C5 only returns.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
SET LOCAL search_path = public, starhouse;
SELECT no_plan();
SELECT starhouse.create_warehouse('shopsmart', 'Kpi Customers', time_zone => 'Asia/Kolkata') \g /dev/null
SET LOCAL search_path = "Kpi Customers", public;
\ir ../data/shopsmart_kpi.sql

SELECT results_eq('SELECT * FROM kpi_repeat_customers',
  $$VALUES (4::bigint, 3::bigint, 75.00, 3.00, 12::bigint, 4::bigint, 25.00, 232.0, 18.71)$$,
  'repeat customers: C1, C2 and C3 of four; 12 of 16 orders name a customer');
SELECT results_eq($$SELECT customers, repeat_customers, repeat_percent, unknown_orders FROM kpi_repeat_customers('2025-09-01', '2025-09-30')$$,
  $$VALUES (3::bigint, 0::bigint, 0.00, 1::bigint)$$, 'in September alone nobody repeats');

-- September's cohort: C1, C2, C3; October's: C4
SELECT bag_eq('SELECT * FROM kpi_retention_cohorts', $$VALUES
  ('2025-09-01'::date, 0, '2025-09-01'::date, 3::bigint, 3::bigint, 100.00, 140.0 + 200 + 50),
  ('2025-09-01', 1, '2025-10-01', 3, 3, 100.00, 80.0 + 270 + 90),
  ('2025-09-01', 2, '2025-11-01', 3, 2,  66.67, 150.0 + 20 - 100),
  ('2025-09-01', 3, '2025-12-01', 3, 3, 100.00, 18.0 + 30 + 100),
  ('2025-10-01', 0, '2025-10-01', 1, 1, 100.00, 60.0),
  ('2025-10-01', 1, '2025-11-01', 1, 0,   0.00, 0),
  ('2025-10-01', 2, '2025-12-01', 1, 0,   0.00, 0)$$, 'cohorts: every cell, empty ones too');
SELECT is((SELECT count(*) FROM kpi_retention_cohorts('2025-10-31', '2025-10-01')), 3::bigint, 'cohorts of one month');

SELECT bag_eq('SELECT * FROM kpi_customer_retention', $$VALUES
  ('2025-09-01'::date, 3::bigint, 3::bigint, 0::bigint, 0::bigint, NULL::bigint, NULL::numeric),
  ('2025-10-01', 4, 1, 3, 0, 0, 100.00),
  ('2025-11-01', 2, 0, 2, 0, 2,  50.00),
  ('2025-12-01', 3, 0, 2, 1, 0, 100.00)$$, 'retention from month to month; C3 is back in December');

-- C1 is Silver in September and October, Gold after; who buys within a month of October: C1 and C2, not C3, not C4
SELECT bag_eq('SELECT * FROM kpi_retention_by_loyalty(1)', $$VALUES
  ('2025-09-01'::date, 'Silver', 2::bigint, 2::bigint, 100.00), ('2025-09-01', 'Gold', 1, 1, 100.00),
  ('2025-10-01', 'Silver', 2, 1, 50.00), ('2025-10-01', 'Gold', 1, 1, 100.00), ('2025-10-01', 'Unknown', 1, 0, 0.00),
  ('2025-11-01', 'Gold', 2, 2, 100.00),
  ('2025-12-01', 'Gold', 2, NULL, NULL), ('2025-12-01', 'Silver', 1, NULL, NULL)$$,
  'retention by the loyalty level at the sale; December is not over for anyone');
SELECT bag_eq('SELECT month_start, loyalty_level, retained_customers FROM kpi_retention_by_loyalty
               WHERE retained_customers IS NOT NULL',
  $$VALUES ('2025-09-01'::date, 'Silver', 2::bigint), ('2025-09-01', 'Gold', 1)$$,
  'within three months: only September''s are over, to the day');

-- as-was: C1 brings 220 as Silver and 168 as Gold. as-is: 388, all Gold. C5's return is Bronze
SELECT bag_eq('SELECT * FROM kpi_loyalty_activity', $$VALUES
  (2025, 'Silver', 2::bigint, 1::bigint, 220.0 + 140, 140.0),
  (2025, 'Gold', 2, 2, 168.0 + 520, 388.0 + 520),
  (2025, 'Unknown', 1, 1, 60, 60),
  (2025, 'Bronze', 0, 0, -100, -100)$$, 'loyalty levels of then and of now');

SELECT bag_eq('SELECT * FROM kpi_new_vs_returning', $$VALUES
  ('2025-09-01'::date, 'New', 3::bigint, 390.0, 95.12), ('2025-09-01', 'Unknown', NULL, 20, 4.88),
  ('2025-10-01', 'New', 1, 60, 8.57), ('2025-10-01', 'Returning', 3, 440, 62.86), ('2025-10-01', 'Unknown', NULL, 200, 28.57),
  ('2025-11-01', 'Returning', 2, -30, NULL),
  ('2025-12-01', 'Returning', 3, 148, 92.50), ('2025-12-01', 'Unknown', NULL, 12, 7.50)$$,
  'new, returning and unknown customers');

-- four customers: without ties the middle of the n-th lies at (2n - 1) / 8 of five quintiles: 1, 2, 4, 5.
-- C1 and C2 both have 4 orders: the middle of the 3rd and 4th is 6/8: 4
SELECT bag_eq('SELECT * FROM kpi_rfm', $$VALUES
  ('C1', '2025-12-25'::date,  6, 4::bigint, 388.0, 4, 4, 4, '444', 'Champions'),
  ('C2', '2025-12-05',       26, 4, 520, 2, 4, 5, '245', 'At risk'),
  ('C3', '2025-12-31',        0, 3, 140, 5, 2, 2, '522', 'Promising'),
  ('C4', '2025-10-20',       72, 1,  60, 1, 1, 1, '111', 'Lost')$$, 'RFM scores and segments; C5 never bought');
SELECT bag_eq($$SELECT customer_id, recency_days, frequency, monetary FROM kpi_rfm('2025-10-09')$$,
  $$VALUES ('C1', 4, 2::bigint, 140.0 + 80), ('C2', 27, 1, 200), ('C3', 19, 1, 50)$$, 'RFM as of a day');
SELECT bag_eq($$SELECT customer_id, frequency, monetary FROM kpi_rfm(window_days => 31)$$,
  $$VALUES ('C1', 1::bigint, 18.0), ('C2', 1, 30), ('C3', 1, 100)$$, 'RFM of the last 31 days');
SELECT bag_eq($$SELECT f_score FROM kpi_rfm(window_days => 31)$$, $$VALUES (3), (3), (3)$$,
  'equal customers get equal scores: the middle one');
SELECT bag_eq('SELECT segment, customers, customer_percent, revenue, revenue_percent, average_recency_days, average_orders
               FROM kpi_rfm_segments', $$VALUES
  ('Champions', 1::bigint, 25.00, 388.0, 35.02, 6.00, 4.00), ('At risk', 1, 25.00, 520, 46.93, 26, 4),
  ('Promising', 1, 25.00, 140, 12.64, 0, 3), ('Lost', 1, 25.00, 60, 5.42, 72, 1)$$, 'segments and their shares of 1108');

-- ten customers with distinct figures: two to each quintile, and every segment is named
DELETE FROM sales_fact;
INSERT INTO sales_fact (time_key, customer_key, event_time, order_id, line_id, channel, quantity_sold, sales_amount)
SELECT d, 'K' || k, d::timestamp AT TIME ZONE 'Asia/Kolkata', 'k' || k || '-' || n, 1, 'Store', 1, 10 * k
FROM generate_series(1, 10) AS k, generate_series(1, k) AS n,
     LATERAL (SELECT '2025-12-01'::date + k - n AS d) AS days;
SELECT results_eq($$SELECT r_score, f_score, m_score, count(*) FROM kpi_rfm GROUP BY 1, 2, 3 ORDER BY 1$$,
  $$VALUES (1, 1, 1, 2::bigint), (2, 2, 2, 2), (3, 3, 3, 2), (4, 4, 4, 2), (5, 5, 5, 2)$$,
  'without ties the scores are the plain quintiles');

-- one customer, one order
DELETE FROM sales_fact WHERE customer_key <> 'K1';
SELECT results_eq('SELECT customers, repeat_customers, repeat_percent, orders_per_customer FROM kpi_repeat_customers',
  $$VALUES (1::bigint, 0::bigint, 0.00, 1.00)$$, 'a single customer');
SELECT results_eq('SELECT customer_id, r_score, f_score, m_score, segment FROM kpi_rfm',
  $$VALUES ('K1', 3, 3, 3, 'Needs attention')$$, 'a single customer is the middle one, and one order makes nobody loyal');
SELECT results_eq('SELECT cohort_month, months_since_first, customers, retention_percent FROM kpi_retention_cohorts',
  $$VALUES ('2025-12-01'::date, 0, 1::bigint, 100.00)$$, 'a single cohort');

SELECT * FROM finish();
ROLLBACK;
