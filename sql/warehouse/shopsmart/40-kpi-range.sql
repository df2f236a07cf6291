-- KPIs of the data itself: what they cover, and what they do not know.

CREATE VIEW kpi_data_range AS
SELECT min(d.day) AS first_day,
       max(d.day) AS last_day,
       COALESCE(max(d.day) - min(d.day) + 1, 0) AS days,
       COALESCE(sum(d.lines), 0)::bigint AS sales_lines,
       COALESCE(sum(d.return_lines), 0)::bigint AS return_lines
FROM kpi_sales_day() d;
COMMENT ON VIEW kpi_data_range IS
'Which days do the sales cover, and what is "today" for the reports?
Formula: first and latest sales day; latest = the default "today" of every report with an as_of.
Grain: one row
Unit: days, lines
NULL: first_day and last_day are NULL in an empty warehouse
Source: sales_fact';

CREATE VIEW kpi_unknown_members AS
WITH total AS MATERIALIZED (
  SELECT COALESCE(sum(d.lines), 0)::bigint AS lines, sum(d.revenue) AS revenue,
         sum(d.unknown_customer_lines)::bigint AS customer_lines, sum(d.unknown_customer_revenue) AS customer_revenue,
         sum(d.unknown_product_lines)::bigint AS product_lines, sum(d.unknown_product_revenue) AS product_revenue,
         sum(d.unknown_store_lines)::bigint AS store_lines, sum(d.unknown_store_revenue) AS store_revenue,
         sum(d.unknown_promotion_lines)::bigint AS promotion_lines, sum(d.unknown_promotion_revenue) AS promotion_revenue
  FROM kpi_sales_day() d
), inferred AS (
  SELECT 'customer' AS dimension, count(*) AS members FROM customer_dim WHERE is_inferred
  UNION ALL SELECT 'product', count(*) FROM product_dim WHERE is_inferred
  UNION ALL SELECT 'store', count(*) FROM store_dim WHERE is_inferred
  UNION ALL SELECT 'promotion', count(*) FROM promotion_dim WHERE is_inferred
), unknown AS (
  SELECT d.dimension, d.lines, d.revenue
  FROM total t
  CROSS JOIN LATERAL (VALUES ('customer', t.customer_lines, t.customer_revenue), ('product', t.product_lines, t.product_revenue),
                             ('store', t.store_lines, t.store_revenue), ('promotion', t.promotion_lines, t.promotion_revenue)) AS d (dimension, lines, revenue)
)
SELECT i.dimension,
       COALESCE(u.lines, 0) AS unknown_lines,
       kpi_percent(COALESCE(u.lines, 0), t.lines) AS unknown_line_percent,
       COALESCE(u.revenue, 0) AS unknown_revenue,
       kpi_percent(COALESCE(u.revenue, 0), t.revenue) AS unknown_revenue_percent,
       i.members AS inferred_members
FROM inferred i
CROSS JOIN total t
LEFT JOIN unknown u ON u.dimension = i.dimension;
COMMENT ON VIEW kpi_unknown_members IS
'How much of the sales has no known customer, product, store or promotion?
Formula: lines and net revenue whose key is ''?'', and their share of all; members known only from facts (inferred) beside them.
Grain: one row per dimension
Unit: lines, currency, percent
NULL: shares are NULL when there are no sales (or net revenue is not positive)
Source: sales_fact, customer_history, product_history, store_dim, promotion_dim';
