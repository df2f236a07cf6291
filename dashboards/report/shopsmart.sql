-- report ShopSmart: sales, customers and stock
-- What the page says is in docs/report.md; the views are in docs/shopsmart-kpis.md.

--- At a glance
-- figures Headline figures
-- note The last complete month against the one before; turnover, retention and repeat customers as their reports define them.
-- source kpi_monthly_revenue, kpi_customer_retention, kpi_repeat_customers, kpi_stock_turnover, kpi_top_categories
-- empty Load sales: starhouse load WAREHOUSE --feed pos_sales FILE
WITH months AS (
  SELECT month_start, month_name, year, revenue, orders, units, row_number() OVER (ORDER BY month_start DESC) AS back
  FROM kpi_monthly_revenue WHERE is_complete
), retention AS (
  SELECT retention_percent, row_number() OVER (ORDER BY month_start DESC) AS back FROM kpi_customer_retention
  WHERE month_start IN (SELECT month_start FROM months)
), figures AS (
  SELECT 1 AS place, 'Revenue, ' || trim(m.month_name) || ' ' || m.year AS label, m.revenue AS value, b.revenue AS before, 'money' AS unit, 'up' AS good
  FROM months m LEFT JOIN months b ON b.back = 2 WHERE m.back = 1
  UNION ALL SELECT 2, 'Orders', m.orders, b.orders, '', 'up' FROM months m LEFT JOIN months b ON b.back = 2 WHERE m.back = 1
  UNION ALL SELECT 3, 'Average order', m.revenue / nullif(m.orders, 0), b.revenue / nullif(b.orders, 0), 'money', 'up'
  FROM months m LEFT JOIN months b ON b.back = 2 WHERE m.back = 1
  UNION ALL SELECT 4, 'Customers who came back', m.retention_percent, b.retention_percent, 'percent', 'up'
  FROM retention m LEFT JOIN retention b ON b.back = 2 WHERE m.back = 1
  UNION ALL SELECT 5, 'Repeat customers', repeat_percent, NULL, 'percent', 'up' FROM kpi_repeat_customers WHERE customers > 0
  UNION ALL SELECT 6, 'Average monthly revenue', average_complete_month_revenue, NULL, 'money', 'up' FROM kpi_average_monthly_revenue WHERE complete_months > 0
  UNION ALL SELECT 7, 'Stock turns a year', turnover_ratio, NULL, '', 'up' FROM kpi_stock_turnover WHERE turnover_ratio IS NOT NULL
  UNION ALL SELECT 8, 'Top category: ' || category, revenue_percent, NULL, 'percent', NULL FROM kpi_top_categories WHERE revenue_rank = 1
)
SELECT label, value, before, unit, good FROM figures ORDER BY place;

--- Sales
-- stack Revenue by region
-- unit money
-- source kpi_revenue_by_region_month
-- empty Load sales: starhouse load WAREHOUSE --feed pos_sales FILE
SELECT to_char(month_start, 'YYYY-MM') AS month, region, revenue FROM kpi_revenue_by_region_month
WHERE month_start > (SELECT max(month_start) FROM kpi_revenue_by_region_month) - interval '13 months'
ORDER BY month_start, region;

-- line Revenue from day to day, and the average of seven days
-- unit money
-- note The last 90 days with sales.
-- source kpi_daily_sales
-- empty Load sales: starhouse load WAREHOUSE --feed pos_sales FILE
SELECT day, revenue, revenue_7_day_average AS "average of 7 days" FROM kpi_daily_sales
WHERE day > (SELECT max(day) FROM kpi_daily_sales) - 90 ORDER BY day;

-- bars Top products
-- unit money
-- note The 15 with the most revenue.
-- source kpi_top_products
-- empty Load sales: starhouse load WAREHOUSE --feed pos_sales FILE
SELECT product_name AS product, revenue FROM kpi_top_products ORDER BY revenue_rank, product_id LIMIT 15;

-- bars Categories
-- unit money
-- source kpi_top_categories
-- empty Load sales: starhouse load WAREHOUSE --feed pos_sales FILE
SELECT category, revenue FROM kpi_top_categories ORDER BY revenue_rank LIMIT 12;

-- stack Revenue by channel
-- unit money
-- source kpi_channel_mix
-- empty Load sales: starhouse load WAREHOUSE --feed pos_sales FILE
SELECT to_char(month_start, 'YYYY-MM') AS month, channel, revenue FROM kpi_channel_mix ORDER BY month_start, channel;

-- line Margin by category
-- unit percent
-- note What is left of the revenue after the cost of goods, of lines whose cost is known.
-- source kpi_gross_margin
-- empty Load products with their cost: starhouse load WAREHOUSE --feed products FILE
SELECT to_char(month_start, 'YYYY-MM') AS month, category, margin_percent FROM kpi_gross_margin
WHERE category IN (SELECT category FROM kpi_top_categories ORDER BY revenue_rank LIMIT 6) AND margin_percent IS NOT NULL
ORDER BY month_start, category;

--- Customers
-- cohort Retention by month of the first purchase
-- unit percent
-- note Of the customers who first bought in a month, how many bought again so many months later.
-- source kpi_retention_cohorts
-- empty Load sales with customers: starhouse load WAREHOUSE --feed pos_sales FILE
SELECT to_char(cohort_month, 'YYYY-MM') AS "first purchase", months_since_first AS "months later", retention_percent
FROM kpi_retention_cohorts WHERE months_since_first <= 12
  AND cohort_month > (SELECT max(cohort_month) FROM kpi_retention_cohorts) - interval '18 months'
ORDER BY cohort_month, months_since_first;

-- line Customers who buy again the next month
-- unit percent
-- source kpi_customer_retention
-- empty Load sales with customers: starhouse load WAREHOUSE --feed pos_sales FILE
SELECT to_char(month_start, 'YYYY-MM') AS month, retention_percent AS "came back" FROM kpi_customer_retention
WHERE retention_percent IS NOT NULL ORDER BY month_start;

-- bars Customer segments
-- unit customers
-- note By how recently, how often and for how much they bought.
-- source kpi_rfm_segments
-- empty Load sales with customers: starhouse load WAREHOUSE --feed pos_sales FILE
SELECT segment, customers FROM kpi_rfm_segments ORDER BY customers DESC, segment;

--- Stock
-- line Stock on hand and sales, week by week
-- unit units
-- source kpi_stock_sales_trend
-- empty Load stock: starhouse load WAREHOUSE --feed inventory FILE
SELECT week_start AS week, sum(stock_on_hand) AS "stock on hand", sum(units) AS "units sold" FROM kpi_stock_sales_trend
GROUP BY week_start ORDER BY week_start;

-- bars Stock turns a year by category
-- unit turns
-- source kpi_stock_turnover_by_category
-- empty Load stock: starhouse load WAREHOUSE --feed inventory FILE
SELECT category, turnover_ratio AS turns FROM kpi_stock_turnover_by_category WHERE turnover_ratio IS NOT NULL ORDER BY turnover_ratio DESC LIMIT 12;

-- table What runs out first
-- note The 20 most urgent orders to suppliers.
-- source kpi_replenishment
-- empty Nothing is short, or no stock is loaded: starhouse load WAREHOUSE --feed inventory FILE
SELECT product_name AS product, category, store_id AS store, stock_on_hand AS stock, days_of_cover AS "days of cover",
       projected_stock_out AS "runs out", order_by_day AS "order by", suggested_order_units AS "order units"
FROM kpi_replenishment ORDER BY priority LIMIT 20;

--- Promotions
-- bars Do promotions pay? Revenue beside what would have been sold anyway
-- unit percent
-- source kpi_promotion_effectiveness
-- empty Load promotions: starhouse load WAREHOUSE --feed promotions FILE
SELECT promotion_name AS promotion, uplift_percent AS uplift FROM kpi_promotion_effectiveness
WHERE uplift_percent IS NOT NULL ORDER BY promoted_revenue DESC, promotion_id LIMIT 12;

-- stack Revenue under promotions
-- unit money
-- source kpi_promotion_mix
-- empty Load sales: starhouse load WAREHOUSE --feed pos_sales FILE
SELECT to_char(month_start, 'YYYY-MM') AS month, promoted, revenue FROM kpi_promotion_mix ORDER BY month_start, promoted;
