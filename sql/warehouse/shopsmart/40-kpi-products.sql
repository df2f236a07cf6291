-- KPIs of products and categories.

CREATE FUNCTION kpi_top_products(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (revenue_rank bigint, product_id text, product_name text, category text, brand text,
               revenue numeric, revenue_percent numeric, cumulative_percent numeric, abc_class text,
               units numeric, orders bigint, discount numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH products AS (
    SELECT f.product_key, sum(f.gross_revenue - f.returned) AS revenue, sum(f.units_sold - f.units_returned) AS units,
           sum(f.discount) AS discount, sum(f.orders)::bigint AS orders
    FROM kpi_product_month(from_day, to_day) f
    GROUP BY f.product_key
  ), ranked AS (
    SELECT x.*, rank() OVER (ORDER BY x.revenue DESC) AS revenue_rank, sum(x.revenue) OVER () AS total,
           sum(x.revenue) OVER (ORDER BY x.revenue DESC, x.product_key COLLATE "C") AS running
    FROM products x
  )
  SELECT r.revenue_rank, r.product_key, COALESCE(p.product_name, 'Unknown'), COALESCE(p.category, 'Unknown'),
         COALESCE(p.brand, 'Unknown'), r.revenue, kpi_percent(r.revenue, r.total),
         kpi_percent(r.running, r.total),
         CASE WHEN r.total > 0 THEN
           CASE WHEN r.running - r.revenue < 0.80 * r.total THEN 'A'
                WHEN r.running - r.revenue < 0.95 * r.total THEN 'B' ELSE 'C' END END,
         r.units, r.orders, r.discount
  FROM ranked r
  LEFT JOIN product_dim p ON p.product_id = r.product_key
  ORDER BY r.revenue_rank, r.product_key COLLATE "C";
END;

CREATE VIEW kpi_top_products AS SELECT * FROM kpi_top_products();
COMMENT ON VIEW kpi_top_products IS
'Which products bring the most revenue?
Formula: products ranked by net revenue (equals share a rank); revenue_percent = share of all revenue; cumulative_percent = share of this product and all before it; abc_class A up to the product that reaches 80 % of revenue, B up to 95 %, C the rest. Take WHERE revenue_rank <= n for the top n. Names as they are now.
Grain: product with sales
Unit: currency, percent, units, orders
NULL: shares and class when total revenue is not positive
Source: sales_fact, product_history';

CREATE FUNCTION kpi_top_categories(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (revenue_rank bigint, category text, revenue numeric, revenue_percent numeric, units numeric,
               orders bigint, products bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH products AS (
    SELECT f.product_key, sum(f.gross_revenue - f.returned) AS revenue, sum(f.units_sold - f.units_returned) AS units
    FROM kpi_product_month(from_day, to_day) f
    GROUP BY f.product_key
  ), categories AS (
    SELECT COALESCE(p.category, 'Unknown') AS category, sum(x.revenue) AS revenue, sum(x.units) AS units,
           count(*) AS products
    FROM products x
    LEFT JOIN product_dim p ON p.product_id = x.product_key
    GROUP BY 1
  ), orders AS (
    SELECT m.category, sum(m.orders)::bigint AS orders FROM kpi_category_month(from_day, to_day) m WHERE NOT m.as_was GROUP BY m.category
  )
  SELECT rank() OVER (ORDER BY c.revenue DESC), c.category, c.revenue,
         kpi_percent(c.revenue, sum(c.revenue) OVER ()), c.units, COALESCE(o.orders, 0), c.products
  FROM categories c
  LEFT JOIN orders o ON o.category = c.category
  ORDER BY 1, c.category COLLATE "C";
END;

CREATE VIEW kpi_top_categories AS SELECT * FROM kpi_top_categories();
COMMENT ON VIEW kpi_top_categories IS
'Which categories bring the most revenue, and what is their share (as-is)?
Formula: net revenue by the category the product has now; revenue_percent = share of all revenue; orders = orders with a sale line in the category.
Grain: category
Unit: currency, percent, units, orders, products
NULL: revenue_percent when total revenue is not positive
Source: sales_fact, product_history (current version)';

CREATE FUNCTION kpi_top_categories_as_was(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (revenue_rank bigint, category text, revenue numeric, revenue_percent numeric, units numeric,
               orders bigint, products bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH categories AS (
    SELECT m.category, sum(m.revenue) AS revenue, sum(m.units) AS units, count(DISTINCT m.product_key) AS products
    FROM kpi_product_month_as_was(from_day, to_day) m
    GROUP BY m.category
  ), orders AS (
    SELECT m.category, sum(m.orders)::bigint AS orders FROM kpi_category_month(from_day, to_day) m WHERE m.as_was GROUP BY m.category
  )
  SELECT rank() OVER (ORDER BY c.revenue DESC), c.category, c.revenue,
         kpi_percent(c.revenue, sum(c.revenue) OVER ()), c.units, COALESCE(o.orders, 0), c.products
  FROM categories c
  LEFT JOIN orders o ON o.category = c.category
  ORDER BY 1, c.category COLLATE "C";
END;

CREATE VIEW kpi_top_categories_as_was AS SELECT * FROM kpi_top_categories_as_was();
COMMENT ON VIEW kpi_top_categories_as_was IS
'Which categories brought the most revenue, by the category each product had when it was sold (as-was)?
Formula: as kpi_top_categories, with the product version on the sales line in place of the current one.
Grain: category
Unit: currency, percent, units, orders, products
NULL: revenue_percent when total revenue is not positive
Source: sales_fact, product_history (version in force at the sale)';
