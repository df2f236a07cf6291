-- The main KPIs of a ShopSmart warehouse, readable on a terminal:
--   psql -X -f sql/demo/kpi_summary.sql                      the warehouse in schema shopsmart
--   psql -X -v schema=my_shop -f sql/demo/kpi_summary.sql    the one in another schema
-- Reads only, and stops at the first error. All of it comes from the views kpi_*; docs/shopsmart-kpis.md
-- explains them.
\set ON_ERROR_STOP 1
\set QUIET 1
\if :{?schema}
\else
  \set schema shopsmart
\endif
SET client_min_messages = warning;
SET search_path = :"schema", pg_catalog;
\pset pager off
\pset footer off
\pset border 1
\pset null '-'
\pset numericlocale on

SELECT count(*) > 0 AS has_sales, COALESCE(min(time_key)::text, '') AS first_day, COALESCE(max(time_key)::text, '') AS last_day
FROM sales_fact \gset
\echo
\if :has_sales
  \echo 'Sales from' :first_day 'to' :last_day 'in the warehouse' :schema
\else
  \echo 'No sales yet in the warehouse' :schema
  \quit
\endif

\echo
\echo '-- Revenue by region and month: the last six months, returns deducted'
SELECT region, to_char(month_start, 'YYYY-MM') AS month,
       lpad(to_char(revenue, 'FM999,999,999,990.00'), 15) AS revenue
FROM kpi_revenue_by_region_month
WHERE month_start > (SELECT kpi_month(last_day) - interval '6 months' FROM kpi_data_range)
ORDER BY month_start, region
\crosstabview region month revenue
\echo '   Orders and returns of these months'
SELECT to_char(month_start, 'YYYY-MM') AS month, sum(revenue) AS revenue, sum(returned_revenue) AS returned,
       sum(units) AS units, sum(orders) AS orders
FROM kpi_revenue_by_region_month
WHERE month_start > (SELECT kpi_month(last_day) - interval '6 months' FROM kpi_data_range)
GROUP BY month_start
ORDER BY month_start;

\echo
\echo '-- Top 10 products by revenue'
SELECT revenue_rank AS rank, left(product_name, 32) AS product, category, revenue, revenue_percent AS "share %", units, orders
FROM kpi_top_products
ORDER BY revenue_rank, product_id COLLATE "C"
LIMIT 10;

\echo
\echo '-- Categories: as they are now, and as they were when each product was sold (the first ten)'
SELECT n.revenue_rank AS rank, category, n.revenue, n.revenue_percent AS "share %", n.units, n.orders,
       w.revenue AS "revenue as-was", w.revenue_percent AS "share as-was %"
FROM kpi_top_categories n
FULL JOIN kpi_top_categories_as_was w USING (category)
ORDER BY n.revenue_rank, category COLLATE "C"
LIMIT 10;

\echo
\echo '-- Repeat customers'
SELECT customers, repeat_customers, repeat_percent AS "repeat %", orders_per_customer,
       unknown_order_percent AS "orders without a customer %"
FROM kpi_repeat_customers;

\echo
\echo '-- Retention: of the customers who first bought in a month, % who buy again so many months later'
SELECT to_char(cohort_month, 'YYYY-MM') AS cohort, customers, months_since_first AS month, retention_percent AS percent
FROM kpi_retention_cohorts
WHERE cohort_month > (SELECT kpi_month(last_day) - interval '12 months' FROM kpi_data_range)
  AND months_since_first <= 11
ORDER BY cohort_month, months_since_first
\crosstabview cohort month percent
\echo '   Active customers by loyalty level: the level they had then, and the one they have now'
SELECT year::text, loyalty_level, active_customers_as_was AS "as-was", active_customers_as_is AS "as-is",
       revenue_as_was AS "revenue as-was"
FROM kpi_loyalty_activity
ORDER BY year, revenue_as_was DESC, loyalty_level COLLATE "C";

\echo
\echo '-- Stock turnover (turns a year) and days of sale in stock'
SELECT category, units AS "units sold", average_stock AS "average stock", turnover_ratio AS turnover,
       days_per_turn AS "days per turn", cost_turnover_ratio AS "turnover at cost"
FROM (SELECT category, units, average_stock, turnover_ratio, days_per_turn, cost_turnover_ratio, 0 AS part
      FROM kpi_stock_turnover_by_category
      UNION ALL
      SELECT 'All', units, average_stock, turnover_ratio, days_per_turn, cost_turnover_ratio, 1
      FROM kpi_stock_turnover) t
ORDER BY part, turnover_ratio DESC NULLS LAST, category COLLATE "C";

\echo
\echo '-- Promotions: revenue per day against the 28 days before, same stores and products (the ten latest)'
SELECT left(promotion_name, 28) AS promotion, start_date AS start, days, promoted_revenue AS "promoted revenue",
       discount, period_revenue_per_day AS "per day", baseline_revenue_per_day AS "before", uplift_percent AS "uplift %"
FROM kpi_promotion_effectiveness
WHERE days > 0
ORDER BY start_date DESC, promotion_id COLLATE "C"
LIMIT 10;

\echo
\echo '-- Replenishment: the ten most urgent items'
SELECT priority AS no, left(product_name, 28) AS product, store_id AS store, stock_on_hand AS stock,
       reorder_level AS reorder, mean_daily_units AS "a day", projected_stock_out AS "runs out", order_by_day AS "order by",
       suggested_order_units AS "to order"
FROM kpi_replenishment
ORDER BY priority
LIMIT 10;

\echo
\echo '-- Average month and festive season (index: 100 is average)'
SELECT average_monthly_revenue AS "average month", months, to_char(best_month, 'YYYY-MM') AS "best month",
       best_month_revenue AS "its revenue"
FROM kpi_average_monthly_revenue;
SELECT period, periods, average_revenue AS "average revenue", revenue_index AS index
FROM kpi_festive_season
ORDER BY compared DESC, is_festive DESC;
\echo '   Every report and what it answers: SELECT name, question FROM kpi_catalog;'
