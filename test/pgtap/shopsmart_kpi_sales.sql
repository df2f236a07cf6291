-- KPIs of sales over time. Every figure is worked out from the list in test/data/shopsmart_kpi.sql.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
BEGIN;
SET LOCAL search_path = public, starhouse;
SELECT no_plan();
SELECT starhouse.create_warehouse('shopsmart', 'Kpi Sales', time_zone => 'Asia/Kolkata') \g /dev/null
SET LOCAL search_path = "Kpi Sales", public;
\ir ../data/shopsmart_kpi.sql

SELECT results_eq('SELECT * FROM kpi_data_range',
  $$VALUES ('2025-09-01'::date, '2025-12-31'::date, 30 + 31 + 30 + 31, 22::bigint, 3::bigint)$$,
  'data range: the warehouse''s local days, returns counted');

-- customer '?': o4 20, o8 100, o9 100, o15 12 = 232 of 1240; 4 lines of 22. C4, P8 and S9 are inferred
SELECT bag_eq('SELECT * FROM kpi_unknown_members', $$VALUES
  ('customer', 4::bigint, 18.18, 232.0, 18.71, 1::bigint),
  ('product',  1,          4.55,    12,  0.97, 1),
  ('store',    0,          0.00,     0,  0.00, 1),
  ('promotion', 0,         0.00,     0,  0.00, 0)$$, 'unknown members: lines, revenue, shares, inferred ones');

-- September, West: o1 140 + o4 20. October, West: o5 100, r1 -20, o6 270, o10 60. November, North: r2 -100
SELECT bag_eq('SELECT month_start, year, month, region, revenue, gross_revenue, returned_revenue, units, orders
               FROM kpi_revenue_by_region_month', $$VALUES
  ('2025-09-01'::date, 2025, 9, 'West', 160.0, 160.0, 0.0, 4.0, 2::bigint),
  ('2025-09-01', 2025, 9, 'North',  200, 200, 0, 2, 1),
  ('2025-09-01', 2025, 9, 'Online',  50,  50, 0, 1, 1),
  ('2025-10-01', 2025, 10, 'West',  410, 430, 20, 10, 3),
  ('2025-10-01', 2025, 10, 'North', 190, 190, 0, 2, 2),
  ('2025-10-01', 2025, 10, 'Online', 100, 100, 0, 2, 1),
  ('2025-11-01', 2025, 11, 'West',  150, 150, 0, 2, 1),
  ('2025-11-01', 2025, 11, 'North', -100, 0, 100, -1, 0),
  ('2025-11-01', 2025, 11, 'Online', -100, 0, 100, -2, 0),
  ('2025-11-01', 2025, 11, 'Unknown', 20, 20, 0, 1, 1),
  ('2025-12-01', 2025, 12, 'West',   42,  42, 0, 2, 2),
  ('2025-12-01', 2025, 12, 'North', 100, 100, 0, 1, 1),
  ('2025-12-01', 2025, 12, 'Online', 18,  18, 0, 4, 1)$$, 'revenue by region and month');
SELECT is((SELECT sum(revenue) FROM kpi_revenue_by_region_month), 1240.0, 'regions and months add up to everything');
SELECT bag_eq($$SELECT region, revenue FROM kpi_revenue_by_region_month('2025-10-08', '2025-10-12')$$,
  $$VALUES ('West', -20.0 + 270), ('North', 90.0)$$, 'between two days, both included');
SELECT bag_eq($$SELECT region, revenue FROM kpi_revenue_by_region_month('2025-09-01', '2025-09-01')$$,
  $$VALUES ('West', 140.0)$$, 'a local day that begins on another day in UTC');
SELECT bag_eq($$SELECT region, revenue FROM kpi_revenue_by_region_month('2025-12-31')$$,
  $$VALUES ('North', 100.0)$$, 'the last half hour of the local year');

SELECT is((SELECT count(*) FROM kpi_daily_sales), 122::bigint, 'daily sales: every day from first to last, sold or not');
SELECT bag_eq($$SELECT * FROM kpi_daily_sales WHERE day IN ('2025-09-01', '2025-09-07', '2025-10-10', '2025-10-20', '2025-11-10')$$,
  $$VALUES
  ('2025-09-01'::date, 'Monday', 0, NULL,  140.0, 140.0,   0.0,  3.0, 1::bigint, 1::bigint, 140.00, 140.00),
  ('2025-09-07', 'Sunday', 0, NULL,            0,     0,     0,    0, 0, 0, NULL, 20.00),    -- 140 / 7
  ('2025-10-10', 'Friday', 0, NULL,          270,   270,     0,    7, 1, 1, 270.00, 50.00),  -- (100 - 20 + 270) / 7: 4th to 10th
  ('2025-10-20', 'Monday', 1, 'Diwali',       60,    60,     0,    3, 1, 1,  60.00, 37.14),  -- (100 + 100 + 60) / 7: 14th to 20th
  ('2025-11-10', 'Monday', 0, NULL,         -100,     0,   100,   -1, 0, 0, NULL, -14.29)$$, 'daily sales of chosen days');
SELECT results_eq($$SELECT orders, known_customers FROM kpi_daily_sales WHERE day = '2025-09-28'$$,
  $$VALUES (1::bigint, 0::bigint)$$, 'an order without a customer is an order, not a known customer');

-- the average month brings 1240 / 4 = 310
SELECT bag_eq('SELECT month_start, revenue, gross_revenue, returned_revenue, units, orders, is_complete, is_festive,
                      revenue_index, month_on_month_percent, year_on_year_percent FROM kpi_monthly_revenue', $$VALUES
  ('2025-09-01'::date, 410.0, 410.0, 0.0, 7.0, 4::bigint, true, false, 132.26, NULL::numeric, NULL::numeric),
  ('2025-10-01', 700, 720, 20, 14, 6, true, true, 225.81, 70.73, NULL),      -- 700 / 310; 290 / 410
  ('2025-11-01', -30, 170, 200, 0, 2, true, true, -9.68, -104.29, NULL),     -- -30 / 310; -730 / 700
  ('2025-12-01', 160, 160, 0, 7, 4, true, true, 51.61, NULL, NULL)$$,        -- no growth upon a negative month
  'monthly revenue, index and growth');
SELECT bag_eq($$SELECT month_start FROM kpi_monthly_revenue('{9}') WHERE is_festive$$, $$VALUES ('2025-09-01'::date)$$,
  'other festive months');
SELECT is((SELECT count(*) FROM kpi_monthly_revenue(NULL) WHERE is_festive), 0::bigint, 'no festive months');
SELECT results_eq('SELECT * FROM kpi_average_monthly_revenue',
  $$VALUES (4::bigint, 1240.0, 310.00, 4::bigint, 310.00, '2025-10-01'::date, 700.0)$$, 'average monthly revenue');

-- months: (700 - 30 + 160) / 3 = 276.67, of 310 that is 89.25; days: 1240 / 122 = 10.16 on average,
-- holidays 60 + 18 on 2, the other 120 share 1162
SELECT bag_eq('SELECT * FROM kpi_festive_season', $$VALUES
  ('Months', 'Festive months', true,  3::bigint,  830.0, 276.67,  89.25),
  ('Months', 'Other months',   false, 1,          410,   410.00, 132.26),
  ('Days',   'Holidays',       true,  2,           78,    39.00, 383.71),
  ('Days',   'Other days',     false, 120,       1162,     9.68,  95.27)$$, 'festive months and holidays');
SELECT bag_eq($$SELECT period, revenue FROM kpi_festive_season('{12}') WHERE compared = 'Months'$$,
  $$VALUES ('Festive months', 160.0), ('Other months', 1080)$$, 'festive months of one''s own');

SELECT bag_eq('SELECT * FROM kpi_channel_mix', $$VALUES
  ('2025-09-01'::date, 'Store', 360.0, 87.80, 6.0, 3::bigint, 75.00), ('2025-09-01', 'Online', 50, 12.20, 1, 1, 25.00),
  ('2025-10-01', 'Store', 600, 85.71, 12, 5, 83.33), ('2025-10-01', 'Online', 100, 14.29, 2, 1, 16.67),
  ('2025-11-01', 'Store', 70, NULL, 2, 2, 100.00), ('2025-11-01', 'Online', -100, NULL, -2, 0, 0.00),
  ('2025-12-01', 'Store', 142, 88.75, 3, 3, 75.00), ('2025-12-01', 'Online', 18, 11.25, 4, 1, 25.00)$$,
  'channel mix; a month with negative revenue has no shares');

-- October, stores: 100, 270, 90, 100, 60 in 6 lines of 13 units; November: 150 and 20
SELECT bag_eq('SELECT * FROM kpi_basket', $$VALUES
  ('2025-09-01'::date, 'Store', 3::bigint, 360.0, 6.0, 4::bigint, 120.00, 140.00, 2.00, 1.33),
  ('2025-09-01', 'Online', 1, 50, 1, 1, 50.00, 50.00, 1.00, 1.00),
  ('2025-10-01', 'Store', 5, 620, 13, 6, 124.00, 100.00, 2.60, 1.20),
  ('2025-10-01', 'Online', 1, 100, 2, 1, 100.00, 100.00, 2.00, 1.00),
  ('2025-11-01', 'Store', 2, 170, 3, 3, 85.00, 85.00, 1.50, 1.50),
  ('2025-12-01', 'Store', 3, 142, 3, 3, 47.33, 30.00, 1.00, 1.00),
  ('2025-12-01', 'Online', 1, 18, 4, 1, 18.00, 18.00, 4.00, 1.00)$$, 'baskets; returns are none');

SELECT bag_eq($$SELECT * FROM kpi_discount_rate WHERE discount > 0$$, $$VALUES
  ('2025-10-01'::date, 'Store', 620.0, 40.0, 660.0, 6.06, 3::bigint, 50.00),
  ('2025-12-01', 'Online', 18, 2, 20, 10.00, 1, 100.00)$$, 'discount rate');
SELECT is((SELECT discount_percent FROM kpi_discount_rate WHERE month_start = '2025-09-01' AND channel = 'Store'), 0.00,
  'no discount is 0, not NULL');

-- October, Electronics (with the Mixer, as it is now): 100 + 180 + 90 + 100 + 100, profit 40 + 60 + 30 + 40 + 40
SELECT bag_eq($$SELECT * FROM kpi_gross_margin WHERE month_start IN ('2025-10-01', '2025-12-01')$$, $$VALUES
  ('2025-10-01'::date, 'Electronics', 570.0, 210.0, 570.0, 36.84, 0::bigint),
  ('2025-10-01', 'Apparel', 130, 74, 130, 56.92, 0),         -- -20 + 90 + 60; -12 + 50 + 36
  ('2025-12-01', 'Electronics', 118, 40, 100, 40.00, 1),     -- the Cable's cost is not known
  ('2025-12-01', 'Unknown', 42, NULL, NULL, NULL, 2)$$, 'gross margin over the lines with a known profit');

SELECT bag_eq($$SELECT * FROM kpi_return_rate WHERE units_returned <> 0$$, $$VALUES
  ('2025-10-01'::date, 'Apparel', 8.0, 1.0, 12.50, 150.0, 20.0, 13.33),
  ('2025-11-01', 'Electronics', 2, 3, 150.00, 150, 200, 133.33)$$, 'return rate, above 100 when more comes back than is sold');

-- a line on 2 January: 5 months, January known in part
INSERT INTO sales_fact (time_key, event_time, order_id, line_id, channel, quantity_sold, sales_amount)
VALUES ('2026-01-02', '2026-01-02 12:00+05:30', 'o17', 1, 'Store', 1, 10);
SELECT results_eq('SELECT months, average_monthly_revenue, complete_months, average_complete_month_revenue
                   FROM kpi_average_monthly_revenue', $$VALUES (5::bigint, 250.00, 4::bigint, 310.00)$$,
  'a month that the data cover in part is told apart');
-- and one a year after September: 13 months, ten of them without a sale
INSERT INTO sales_fact (time_key, event_time, order_id, line_id, channel, quantity_sold, sales_amount)
VALUES ('2026-09-30', '2026-09-30 12:00+05:30', 'o18', 1, 'Store', 1, 615);
SELECT results_eq($$SELECT count(*), count(*) FILTER (WHERE revenue = 0),
                           max(year_on_year_percent) FILTER (WHERE month_start = '2026-09-01') FROM kpi_monthly_revenue$$,
  $$VALUES (13::bigint, 7::bigint, 50.00)$$, 'months without sales are there; growth on the year: 615 upon 410');

SELECT * FROM finish();
ROLLBACK;
