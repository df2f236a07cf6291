-- KPIs of promotions.

-- The baseline is what the same stores sold of the same products before the promotion, without any promotion.
-- "Same" is the stores with promoted sales times the products with promoted sales, not the pairs seen in the
-- promotion: pairs chosen because they sold in it would show an uplift even where there is none. For the same
-- reason the promotion's side takes all sales of these stores and products in its days, promoted or not.
CREATE FUNCTION kpi_promotion_sum_of(baseline_days integer) RETURNS SETOF promotion_sum
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  WITH bounds AS (
    SELECT kpi_first_day() AS first_day, kpi_last_day() AS last_day
  ), promoted AS (
    SELECT f.promotion_key, f.store_key, f.product_key, f.order_id, f.day, f.channel, sum(f.revenue) AS revenue,
           sum(f.units) AS units, sum(f.discount) FILTER (WHERE NOT f.is_return) AS discount,
           bool_or(NOT f.is_return) AS is_order, count(*) AS lines
    FROM kpi_sales_lines() f
    WHERE f.promotion_key NOT IN ('-', '?')
    GROUP BY 1, 2, 3, 4, 5, 6
  ), days AS (
    SELECT p.promotion_key, min(p.day) AS first_day, max(p.day) AS last_day
    FROM promoted p GROUP BY p.promotion_key
  ), promotions AS (
    SELECT COALESCE(d.promotion_id, p.promotion_key) AS promotion_key,
           COALESCE(d.start_date, p.first_day) AS start_date, COALESCE(d.end_date, p.last_day) AS end_date,
           CASE WHEN b.last_day IS NOT NULL THEN LEAST(COALESCE(d.end_date, p.last_day), b.last_day) END AS until,
           b.first_day AS data_from
    FROM promotion_dim d
    FULL JOIN days p ON p.promotion_key = d.promotion_id
    CROSS JOIN bounds b
    WHERE COALESCE(d.promotion_id, p.promotion_key) NOT IN ('-', '?')
  ), spans AS (
    SELECT m.*, GREATEST(m.until - GREATEST(m.start_date, m.data_from) + 1, 0) AS days,
           GREATEST(m.start_date - baseline_days, m.data_from) AS baseline_from, m.start_date - 1 AS baseline_to,
           CASE WHEN m.until IS NOT NULL  -- with sales both are finite
                THEN GREATEST(m.start_date, m.data_from) - GREATEST(m.start_date - baseline_days, m.data_from) END
             AS baseline_length
    FROM promotions m
  ), promoted_stores AS MATERIALIZED (
    SELECT p.promotion_key, p.store_key FROM promoted p GROUP BY 1, 2
  ), promoted_products AS MATERIALIZED (
    SELECT p.promotion_key, p.product_key FROM promoted p GROUP BY 1, 2
  ), totals AS (
    SELECT p.promotion_key, sum(p.revenue) AS revenue, sum(p.units) AS units, COALESCE(sum(p.discount), 0) AS discount,
           COALESCE(sum(p.lines) FILTER (WHERE p.day NOT BETWEEN s.start_date AND s.until), 0)::bigint AS outside
    FROM promoted p
    JOIN spans s ON s.promotion_key = p.promotion_key
    GROUP BY p.promotion_key
  ), counted AS (  -- what is counted once is grouped first: count(DISTINCT) would sort it
    SELECT c.promotion_key, sum(c.stores)::bigint AS stores, sum(c.products)::bigint AS products, sum(c.orders)::bigint AS orders
    FROM (SELECT y.promotion_key, count(*) AS stores, 0 AS products, 0 AS orders FROM promoted_stores y GROUP BY y.promotion_key
          UNION ALL
          SELECT y.promotion_key, 0, count(*), 0 FROM promoted_products y GROUP BY y.promotion_key
          UNION ALL
          SELECT y.promotion_key, 0, 0, count(*)
          FROM (SELECT p.promotion_key, p.day, p.store_key, p.channel, p.order_id FROM promoted p WHERE p.is_order GROUP BY 1, 2, 3, 4, 5) y
          GROUP BY y.promotion_key) c
    GROUP BY c.promotion_key
  ), compared AS (  -- the days of each promotion and of its baseline by themselves: a star with the promotion's stores and products
    SELECT s.promotion_key, x.period_revenue, x.baseline_revenue
    FROM spans s
    CROSS JOIN LATERAL (
      SELECT sum(f.revenue) FILTER (WHERE f.day >= s.start_date) AS period_revenue,
             sum(f.revenue) FILTER (WHERE f.day < s.start_date AND f.promotion_key = '-') AS baseline_revenue
      FROM kpi_span_lines(s.baseline_from, s.until) f
      JOIN promoted_products pp ON pp.product_key = f.product_key
      JOIN promoted_stores ps ON ps.store_key = f.store_key
      WHERE pp.promotion_key = s.promotion_key AND ps.promotion_key = s.promotion_key) x
  )
  SELECT s.promotion_key, s.start_date, s.end_date, s.days, n.stores, n.products, t.revenue, t.units, n.orders, t.discount, t.outside,
         c.period_revenue, s.baseline_from, s.baseline_to, s.baseline_length, c.baseline_revenue
  FROM spans s
  LEFT JOIN totals t ON t.promotion_key = s.promotion_key
  LEFT JOIN counted n ON n.promotion_key = s.promotion_key
  LEFT JOIN compared c ON c.promotion_key = s.promotion_key;
END;
COMMENT ON FUNCTION kpi_promotion_sum_of(integer) IS 'The rows of promotion_sum with a baseline of so many days, from sales_fact and promotion_dim. With NULL there is no baseline.';

CREATE FUNCTION kpi_promotion_sum(baseline_days integer) RETURNS SETOF promotion_sum
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT s.* FROM promotion_sum s WHERE baseline_days = 28 AND (SELECT kpi_all_summed())
  UNION ALL
  SELECT l.* FROM kpi_promotion_sum_of(baseline_days) l WHERE baseline_days IS DISTINCT FROM 28 OR NOT (SELECT kpi_all_summed());
END;
COMMENT ON FUNCTION kpi_promotion_sum(integer) IS 'The rows of promotion_sum with a baseline of so many days: 28 as summed up, else from sales_fact and promotion_dim.';

CREATE FUNCTION kpi_promotion_effectiveness(baseline_days integer DEFAULT 28)
RETURNS TABLE (promotion_id text, promotion_name text, start_date date, end_date date,
               discount_percent numeric, days integer, stores bigint, products bigint,
               promoted_revenue numeric, promoted_units numeric, promoted_orders bigint, discount numeric,
               lines_outside_dates bigint, period_revenue numeric, period_revenue_per_day numeric,
               baseline_from date, baseline_to date, baseline_revenue numeric,
               baseline_revenue_per_day numeric, incremental_revenue numeric, uplift_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT p.promotion_key, COALESCE(d.promotion_name, 'Unknown'), p.start_date, p.end_date, d.discount_percent,
         p.days, COALESCE(p.stores, 0), COALESCE(p.products, 0), COALESCE(p.revenue, 0), COALESCE(p.units, 0),
         COALESCE(p.orders, 0), COALESCE(p.discount, 0), COALESCE(p.outside, 0), p.period_revenue,
         kpi_ratio(p.period_revenue, p.days),
         CASE WHEN p.baseline_revenue IS NOT NULL THEN p.baseline_from END,
         CASE WHEN p.baseline_revenue IS NOT NULL THEN p.baseline_to END,
         p.baseline_revenue, kpi_ratio(p.baseline_revenue, p.baseline_length),
         round(p.period_revenue - p.baseline_revenue * p.days / NULLIF(p.baseline_length, 0), 2),
         -- per day against per day, both sides times both numbers of days
         kpi_percent(p.period_revenue * p.baseline_length - p.baseline_revenue * p.days,
                     p.baseline_revenue * p.days)
  FROM kpi_promotion_sum(baseline_days) p
  LEFT JOIN promotion_dim d ON d.promotion_id = p.promotion_key
  ORDER BY p.start_date, p.promotion_key COLLATE "C";
END;

CREATE VIEW kpi_promotion_effectiveness AS SELECT * FROM kpi_promotion_effectiveness();
COMMENT ON VIEW kpi_promotion_effectiveness IS
'Does a promotion sell more than would have been sold anyway?
Formula: take the stores and the products with promoted sales. period_revenue = all their net sales in the promotion''s days (those the data cover, up to the latest sales day); baseline_revenue = their net sales without promotion in the 28 days before its start (the function takes another number; fewer where the data begin later). Both per day; uplift_percent = (period per day - baseline per day) / baseline per day; incremental_revenue = period_revenue - baseline per day x days. Seasonal change between the two spans is not taken out.
Grain: promotion
Unit: currency, units, orders, days, percent
NULL: baseline, incremental_revenue and uplift_percent when there is no baseline (no such sale before the start); uplift_percent also when the baseline is not positive; period_revenue when nothing was sold; dates of a promotion known only from no sale at all
Source: sales_fact, promotion_dim';

CREATE VIEW kpi_promotion_mix AS
WITH totals AS (
  SELECT kpi_month(d.day) AS month_start, k.promoted, sum(k.revenue) AS revenue, sum(k.units) AS units, sum(k.discount) AS discount
  FROM kpi_sales_day() d
  CROSS JOIN LATERAL (VALUES
    ('Promoted', d.promoted_lines, d.promoted_revenue, d.promoted_units, d.promoted_discount),
    ('Unknown', d.unknown_promotion_lines, d.unknown_promotion_revenue, d.unknown_promotion_units, d.unknown_promotion_discount),
    ('Not promoted', d.lines - d.promoted_lines - d.unknown_promotion_lines, d.revenue - d.promoted_revenue - d.unknown_promotion_revenue,
     d.units - d.promoted_units - d.unknown_promotion_units, d.discount - d.promoted_discount - d.unknown_promotion_discount)) AS k (promoted, lines, revenue, units, discount)
  WHERE k.lines > 0
  GROUP BY 1, 2
)
SELECT t.month_start, t.promoted, t.revenue,
       kpi_percent(t.revenue, sum(t.revenue) OVER (PARTITION BY t.month_start)) AS revenue_percent,
       t.units, t.discount
FROM totals t;
COMMENT ON VIEW kpi_promotion_mix IS
'What part of each month''s revenue is sold under a promotion?
Formula: net revenue by whether the line names a promotion; revenue_percent = share of the month; Unknown = the line names one that could not be told.
Grain: month and Promoted / Not promoted / Unknown
Unit: currency, units, percent
NULL: revenue_percent when the month''s revenue is not positive
Source: sales_fact';
