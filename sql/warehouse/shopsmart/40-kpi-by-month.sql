-- What the reports read: months that are summed up (11-summaries.sql) and, where a month is not, the same sums over its facts. Each table
-- of sums has a function kpi_<table>() that yields both, and kpi_<table>_of(), which is the law of its rows.
--
-- An order is an order_id of a day, store and channel: tills begin their receipts anew, and so the orders of days and stores add up.
-- What is counted once is grouped first, not DISTINCT: such a grouping is one that star scans take.

CREATE FUNCTION kpi_sales_months(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (month_start date, first_day date, last_day date, is_summed boolean, is_whole boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 12
BEGIN ATOMIC
  SELECT m.month_start, greatest(m.month_start, from_day), least(m.month_end, to_day), s.month_start IS NOT NULL,
         s.month_start IS NOT NULL AND COALESCE(greatest(m.month_start, m.first_day) >= from_day, true)
           AND COALESCE(least(m.month_end, m.last_day) <= to_day, true)
  FROM (SELECT g.month::date AS month_start, (g.month + interval '1 month - 1 day')::date AS month_end, kpi_first_day() AS first_day, kpi_last_day() AS last_day
        -- Through an array, whose length is guessed low: for years of months not summed up the server would compile plans for seconds.
        FROM unnest(ARRAY(SELECT generate_series(date_trunc('month', greatest(from_day, kpi_first_day())::timestamp), least(to_day, kpi_last_day())::timestamp, interval '1 month')
                          WHERE kpi_first_day() IS NOT NULL)) AS g (month)) m
  LEFT JOIN sales_month s ON s.month_start = m.month_start;
END;
COMMENT ON FUNCTION kpi_sales_months(date, date) IS
'Local months with days from from_day to to_day inclusive (NULL: from the first, to the latest sale): those days of it, whether the month is summed up, and whether it is and all its days with sales are among them.';

CREATE FUNCTION kpi_span_lines(first_day date, last_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (day date, event_time timestamptz, store_key text, product_key text, customer_key text,
               promotion_key text, product_version bigint, customer_version bigint, order_id text,
               channel text, is_return boolean, units numeric, revenue numeric, discount numeric,
               profit numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
  SELECT f.time_key, f.event_time, f.store_key, f.product_key, f.customer_key, f.promotion_key,
         f.product_version, f.customer_version, f.order_id, f.channel, f.sale_type = 'Return',
         f.quantity_sold, f.sales_amount, f.discount_applied, f.profit
  FROM sales_fact f
  WHERE f.time_key >= first_day AND f.event_time >= (first_day - 1)::timestamp AT TIME ZONE 'UTC'
    AND f.time_key <= last_day AND f.event_time < (last_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND (from_day IS NULL OR f.event_time >= (from_day - 1)::timestamp AT TIME ZONE 'UTC')
    AND (to_day IS NULL OR f.event_time < (to_day + 2)::timestamp AT TIME ZONE 'UTC');
END;
COMMENT ON FUNCTION kpi_span_lines(date, date, date, date) IS
'Sales lines as kpi_sales_lines has them, first_day to last_day inclusive. None for NULL. The days these lie between, where they are known when the query is planned (from_day, to_day; NULL: not), prune partitions then, the others when it runs.';

CREATE FUNCTION kpi_sales_day_of(first_day date, last_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS SETOF sales_day
LANGUAGE sql STABLE PARALLEL SAFE ROWS 30
BEGIN ATOMIC
  WITH daily AS (
    SELECT f.day, count(*) AS lines, count(*) FILTER (WHERE f.is_return) AS return_lines, sum(f.units) AS units, sum(f.revenue) AS revenue,
           COALESCE(sum(f.discount) FILTER (WHERE NOT f.is_return), 0) AS discount,
           count(*) FILTER (WHERE f.customer_key = '?') AS customer_lines, COALESCE(sum(f.revenue) FILTER (WHERE f.customer_key = '?'), 0) AS customer_revenue,
           count(*) FILTER (WHERE f.product_key = '?') AS product_lines, COALESCE(sum(f.revenue) FILTER (WHERE f.product_key = '?'), 0) AS product_revenue,
           count(*) FILTER (WHERE f.store_key = '?') AS store_lines, COALESCE(sum(f.revenue) FILTER (WHERE f.store_key = '?'), 0) AS store_revenue,
           count(*) FILTER (WHERE f.promotion_key = '?') AS promotion_lines, COALESCE(sum(f.units) FILTER (WHERE f.promotion_key = '?'), 0) AS promotion_units,
           COALESCE(sum(f.revenue) FILTER (WHERE f.promotion_key = '?'), 0) AS promotion_revenue,
           COALESCE(sum(f.discount) FILTER (WHERE f.promotion_key = '?' AND NOT f.is_return), 0) AS promotion_discount,
           count(*) FILTER (WHERE f.promotion_key NOT IN ('-', '?')) AS promoted_lines, COALESCE(sum(f.units) FILTER (WHERE f.promotion_key NOT IN ('-', '?')), 0) AS promoted_units,
           COALESCE(sum(f.revenue) FILTER (WHERE f.promotion_key NOT IN ('-', '?')), 0) AS promoted_revenue,
           COALESCE(sum(f.discount) FILTER (WHERE f.promotion_key NOT IN ('-', '?') AND NOT f.is_return), 0) AS promoted_discount
    FROM kpi_span_lines(first_day, last_day, from_day, to_day) f
    GROUP BY f.day
  ), customer_count AS (
    SELECT d.day, count(*) AS customers
    FROM (SELECT f.day, f.customer_key FROM kpi_span_lines(first_day, last_day, from_day, to_day) f
          WHERE NOT f.is_return AND f.customer_key <> '?' GROUP BY 1, 2) d
    GROUP BY d.day
  ), unknown_orders AS (
    SELECT d.day, count(*) AS orders
    FROM (SELECT f.day, f.store_key, f.channel COLLATE "C", f.order_id FROM kpi_span_lines(first_day, last_day, from_day, to_day) f
          WHERE NOT f.is_return AND f.customer_key = '?' GROUP BY 1, 2, 3, 4) d
    GROUP BY d.day
  )
  SELECT d.day, d.lines, d.return_lines, d.units, d.revenue, d.discount, COALESCE(c.customers, 0),
         d.customer_lines, COALESCE(u.orders, 0), d.customer_revenue, d.product_lines, d.product_revenue, d.store_lines, d.store_revenue,
         d.promotion_lines, d.promotion_units, d.promotion_revenue, d.promotion_discount,
         d.promoted_lines, d.promoted_units, d.promoted_revenue, d.promoted_discount
  FROM daily d
  LEFT JOIN customer_count c ON c.day = d.day
  LEFT JOIN unknown_orders u ON u.day = d.day;
END;
COMMENT ON FUNCTION kpi_sales_day_of(date, date, date, date) IS 'The rows of sales_day for the days first_day to last_day, from sales_fact. None for NULL. from_day and to_day as in kpi_span_lines.';

CREATE FUNCTION kpi_sales_day(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS SETOF sales_day
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT s.* FROM sales_day s
  WHERE kpi_month(s.day) IN (SELECT m.month_start FROM sales_month m) AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
  UNION ALL
  SELECT f.* FROM kpi_sales_months(from_day, to_day) o CROSS JOIN LATERAL kpi_sales_day_of(o.first_day, o.last_day, from_day, to_day) f
  WHERE NOT o.is_summed;
END;
COMMENT ON FUNCTION kpi_sales_day(date, date) IS 'The rows of sales_day from from_day to to_day inclusive (NULL: open): those summed up, the others from sales_fact.';

CREATE FUNCTION kpi_store_day_of(first_day date, last_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS SETOF store_day
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  WITH sums AS (
    SELECT f.day, f.store_key, f.channel COLLATE "C" AS channel, count(*) AS lines, count(*) FILTER (WHERE f.is_return) AS return_lines, sum(f.units) AS units, sum(f.revenue) AS revenue,
           COALESCE(-sum(f.revenue) FILTER (WHERE f.is_return), 0) AS returned, COALESCE(sum(f.discount) FILTER (WHERE NOT f.is_return), 0) AS discount,
           count(*) FILTER (WHERE f.discount > 0 AND NOT f.is_return) AS discounted_lines, sum(f.profit) AS profit, sum(f.revenue) FILTER (WHERE f.profit IS NOT NULL) AS costed
    FROM kpi_span_lines(first_day, last_day, from_day, to_day) f
    GROUP BY 1, 2, 3
  ), orders AS (
    SELECT d.day, d.store_key, d.channel, count(*) AS orders
    FROM (SELECT f.day, f.store_key, f.channel COLLATE "C" AS channel, f.order_id FROM kpi_span_lines(first_day, last_day, from_day, to_day) f WHERE NOT f.is_return GROUP BY 1, 2, 3, 4) d
    GROUP BY 1, 2, 3
  )
  SELECT s.day, s.store_key, s.channel, s.lines, s.return_lines, COALESCE(o.orders, 0), s.units, s.revenue, s.returned, s.discount, s.discounted_lines, s.profit, s.costed
  FROM sums s
  LEFT JOIN orders o ON o.day = s.day AND o.store_key = s.store_key AND o.channel = s.channel;
END;
COMMENT ON FUNCTION kpi_store_day_of(date, date, date, date) IS 'The rows of store_day for the days first_day to last_day, from sales_fact. None for NULL. from_day and to_day as in kpi_span_lines.';

CREATE FUNCTION kpi_store_day(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS SETOF store_day
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.* FROM store_day s
  WHERE kpi_month(s.day) IN (SELECT m.month_start FROM sales_month m) AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
  UNION ALL
  SELECT f.* FROM kpi_sales_months(from_day, to_day) o CROSS JOIN LATERAL kpi_store_day_of(o.first_day, o.last_day, from_day, to_day) f
  WHERE NOT o.is_summed;
END;
COMMENT ON FUNCTION kpi_store_day(date, date) IS 'The rows of store_day from from_day to to_day inclusive (NULL: open): those summed up, the others from sales_fact.';

CREATE FUNCTION kpi_product_month_of(first_day date, last_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS SETOF product_month
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  WITH sums AS (
    SELECT kpi_month(f.day) AS month_start, f.product_key, COALESCE(s.region, 'Unknown') AS region, f.channel COLLATE "C" AS channel,
           COALESCE(sum(f.units) FILTER (WHERE NOT f.is_return), 0) AS units_sold, COALESCE(-sum(f.units) FILTER (WHERE f.is_return), 0) AS units_returned,
           COALESCE(sum(f.revenue) FILTER (WHERE NOT f.is_return), 0) AS gross, COALESCE(-sum(f.revenue) FILTER (WHERE f.is_return), 0) AS returned,
           COALESCE(sum(f.discount) FILTER (WHERE NOT f.is_return), 0) AS discount, sum(f.profit) AS profit,
           sum(f.revenue) FILTER (WHERE f.profit IS NOT NULL) AS costed, count(*) FILTER (WHERE f.profit IS NULL) AS uncosted_lines
    FROM kpi_span_lines(first_day, last_day, from_day, to_day) f
    LEFT JOIN store_dim s ON s.store_id = f.store_key
    GROUP BY 1, 2, 3, 4
  ), orders AS (
    SELECT kpi_month(d.day) AS month_start, d.product_key, COALESCE(s.region, 'Unknown') AS region, d.channel, count(*) AS orders
    FROM (SELECT f.day, f.store_key, f.channel COLLATE "C" AS channel, f.order_id, f.product_key FROM kpi_span_lines(first_day, last_day, from_day, to_day) f WHERE NOT f.is_return GROUP BY 1, 2, 3, 4, 5) d
    LEFT JOIN store_dim s ON s.store_id = d.store_key
    GROUP BY 1, 2, 3, 4
  )
  SELECT s.month_start, s.product_key, s.region, s.channel, COALESCE(o.orders, 0), s.units_sold, s.units_returned, s.gross, s.returned, s.discount, s.profit, s.costed, s.uncosted_lines
  FROM sums s
  LEFT JOIN orders o ON o.month_start = s.month_start AND o.product_key = s.product_key AND o.region = s.region AND o.channel = s.channel;
END;
COMMENT ON FUNCTION kpi_product_month_of(date, date, date, date) IS 'The rows of product_month for the days first_day to last_day, from sales_fact. None for NULL. from_day and to_day as in kpi_span_lines.';

CREATE FUNCTION kpi_product_month(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS SETOF product_month
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.* FROM product_month s WHERE s.month_start IN (SELECT o.month_start FROM kpi_sales_months(from_day, to_day) o WHERE o.is_whole)
  UNION ALL
  SELECT f.* FROM kpi_sales_months(from_day, to_day) o CROSS JOIN LATERAL kpi_product_month_of(o.first_day, o.last_day, from_day, to_day) f
  WHERE NOT o.is_whole;
END;
COMMENT ON FUNCTION kpi_product_month(date, date) IS 'The rows of product_month for the days from from_day to to_day inclusive (NULL: open): months summed up, and the days of the others, or of a month that the bounds cut, from sales_fact.';

CREATE FUNCTION kpi_product_week_of(first_day date, last_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS SETOF product_week
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT kpi_month(f.day), date_trunc('week', f.day::timestamp)::date, f.product_key, sum(f.units)
  FROM kpi_span_lines(first_day, last_day, from_day, to_day) f
  GROUP BY 1, 2, 3;
END;
COMMENT ON FUNCTION kpi_product_week_of(date, date, date, date) IS 'The rows of product_week for the days first_day to last_day, from sales_fact. None for NULL. from_day and to_day as in kpi_span_lines.';

CREATE FUNCTION kpi_product_week() RETURNS SETOF product_week
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.* FROM product_week s WHERE s.month_start IN (SELECT m.month_start FROM sales_month m)
  UNION ALL
  SELECT f.* FROM kpi_sales_months() o CROSS JOIN LATERAL kpi_product_week_of(o.first_day, o.last_day) f
  WHERE NOT o.is_summed;
END;
COMMENT ON FUNCTION kpi_product_week() IS 'The rows of product_week for all months: those summed up, the others from sales_fact.';

CREATE FUNCTION kpi_customer_month_of(first_day date, last_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS SETOF customer_month
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT kpi_month(o.day), o.customer_key, count(*) FILTER (WHERE o.is_order), sum(o.revenue), max(o.day) FILTER (WHERE o.is_order)
  FROM (SELECT f.day, f.store_key, f.channel COLLATE "C" AS channel, f.order_id, f.customer_key, bool_or(NOT f.is_return) AS is_order, sum(f.revenue) AS revenue
        FROM kpi_span_lines(first_day, last_day, from_day, to_day) f
        WHERE f.customer_key <> '?'
        GROUP BY 1, 2, 3, 4, 5) o
  GROUP BY 1, 2;
END;
COMMENT ON FUNCTION kpi_customer_month_of(date, date, date, date) IS 'The rows of customer_month for the days first_day to last_day, from sales_fact. None for NULL. from_day and to_day as in kpi_span_lines.';

CREATE FUNCTION kpi_customer_month(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS SETOF customer_month
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.* FROM customer_month s WHERE s.month_start IN (SELECT o.month_start FROM kpi_sales_months(from_day, to_day) o WHERE o.is_whole)
  UNION ALL
  SELECT f.* FROM kpi_sales_months(from_day, to_day) o CROSS JOIN LATERAL kpi_customer_month_of(o.first_day, o.last_day, from_day, to_day) f
  WHERE NOT o.is_whole;
END;
COMMENT ON FUNCTION kpi_customer_month(date, date) IS 'The rows of customer_month for the days from from_day to to_day inclusive (NULL: open): months summed up, and the days of the others, or of a month that the bounds cut, from sales_fact.';

CREATE FUNCTION kpi_basket_month_of(first_day date, last_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS SETOF basket_month
LANGUAGE sql STABLE PARALLEL SAFE ROWS 2
BEGIN ATOMIC
  WITH baskets AS MATERIALIZED (  -- hashed by itself, not sorted to suit the grouping above it; what is no basket's is added up apart
    SELECT kpi_month(f.day) AS month_start, f.channel COLLATE "C" AS channel, sum(f.revenue) AS value
    FROM kpi_span_lines(first_day, last_day, from_day, to_day) f
    WHERE NOT f.is_return
    GROUP BY f.day, 2, f.store_key, f.order_id
  ), averages AS (
    SELECT b.month_start, b.channel, count(*) AS orders,
           -- one sort for both: the last value of the lower half and the first beyond the middle
           percentile_disc(ARRAY[0.5, 0.5 + 1e-10]) WITHIN GROUP (ORDER BY b.value) AS middle
    FROM baskets b
    GROUP BY b.month_start, b.channel
  ), totals AS (
    SELECT kpi_month(f.day) AS month_start, f.channel COLLATE "C" AS channel, sum(f.revenue) AS gross, sum(f.units) AS units, count(*) AS lines
    FROM kpi_span_lines(first_day, last_day, from_day, to_day) f
    WHERE NOT f.is_return
    GROUP BY 1, 2
  )
  SELECT a.month_start, a.channel, a.orders, t.gross, t.units, t.lines, a.middle[1], a.middle[2]
  FROM averages a
  JOIN totals t ON t.month_start = a.month_start AND t.channel = a.channel;
END;
COMMENT ON FUNCTION kpi_basket_month_of(date, date, date, date) IS 'The rows of basket_month for the days first_day to last_day, from sales_fact. None for NULL. from_day and to_day as in kpi_span_lines.';

CREATE FUNCTION kpi_basket_month(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS SETOF basket_month
LANGUAGE sql STABLE PARALLEL SAFE ROWS 24
BEGIN ATOMIC
  SELECT s.* FROM basket_month s WHERE s.month_start IN (SELECT o.month_start FROM kpi_sales_months(from_day, to_day) o WHERE o.is_whole)
  UNION ALL
  SELECT f.* FROM kpi_sales_months(from_day, to_day) o CROSS JOIN LATERAL kpi_basket_month_of(o.first_day, o.last_day, from_day, to_day) f
  WHERE NOT o.is_whole;
END;
COMMENT ON FUNCTION kpi_basket_month(date, date) IS 'The rows of basket_month for the days from from_day to to_day inclusive (NULL: open): months summed up, and the days of the others, or of a month that the bounds cut, from sales_fact.';

-- What rests on the categories of products, too.
CREATE FUNCTION kpi_categories_summed() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT EXISTS (SELECT FROM categories_summed);
END;
COMMENT ON FUNCTION kpi_categories_summed() IS 'Whether category_month and product_month_as_was hold for the months of sales_month: see categories_summed.';

-- Of the two halves that which as_was is not compared with is not planned.
CREATE FUNCTION kpi_category_month_of(first_day date, last_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS SETOF category_month
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT kpi_month(d.day), false, d.category, count(*)
  FROM (SELECT COALESCE(p.category, 'Unknown') AS category, f.day, f.store_key, f.channel COLLATE "C" AS channel, f.order_id
        FROM kpi_span_lines(first_day, last_day, from_day, to_day) f
        LEFT JOIN product_dim p ON p.product_id = f.product_key
        WHERE NOT f.is_return
        GROUP BY 1, 2, 3, 4, 5) d
  GROUP BY 1, 3
  UNION ALL
  SELECT kpi_month(d.day), true, d.category, count(*)
  FROM (SELECT COALESCE(p.category, 'Unknown') AS category, f.day, f.store_key, f.channel COLLATE "C" AS channel, f.order_id
        FROM kpi_span_lines(first_day, last_day, from_day, to_day) f
        LEFT JOIN product_history p ON p.product_version = f.product_version
        WHERE NOT f.is_return
        GROUP BY 1, 2, 3, 4, 5) d
  GROUP BY 1, 3;
END;
COMMENT ON FUNCTION kpi_category_month_of(date, date, date, date) IS 'The rows of category_month for the days first_day to last_day, from sales_fact. None for NULL. from_day and to_day as in kpi_span_lines.';

CREATE FUNCTION kpi_category_month(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS SETOF category_month
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT s.* FROM category_month s
  WHERE (SELECT kpi_categories_summed()) AND s.month_start IN (SELECT o.month_start FROM kpi_sales_months(from_day, to_day) o WHERE o.is_whole)
  UNION ALL
  SELECT f.* FROM kpi_sales_months(from_day, to_day) o CROSS JOIN LATERAL kpi_category_month_of(o.first_day, o.last_day, from_day, to_day) f
  WHERE NOT (o.is_whole AND (SELECT kpi_categories_summed()));
END;
COMMENT ON FUNCTION kpi_category_month(date, date) IS 'The rows of category_month for the days from from_day to to_day inclusive (NULL: open): months summed up while their categories hold, and the days of the others, or of a month that the bounds cut, from sales_fact.';

CREATE FUNCTION kpi_product_month_as_was_of(first_day date, last_day date, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS SETOF product_month_as_was
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT kpi_month(f.day), f.product_key, COALESCE(p.category, 'Unknown'), sum(f.revenue), sum(f.units)
  FROM kpi_span_lines(first_day, last_day, from_day, to_day) f
  LEFT JOIN product_history p ON p.product_version = f.product_version
  GROUP BY 1, 2, 3;
END;
COMMENT ON FUNCTION kpi_product_month_as_was_of(date, date, date, date) IS 'The rows of product_month_as_was for the days first_day to last_day, from sales_fact. None for NULL. from_day and to_day as in kpi_span_lines.';

CREATE FUNCTION kpi_product_month_as_was(from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS SETOF product_month_as_was
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.* FROM product_month_as_was s
  WHERE (SELECT kpi_categories_summed()) AND s.month_start IN (SELECT o.month_start FROM kpi_sales_months(from_day, to_day) o WHERE o.is_whole)
  UNION ALL
  SELECT f.* FROM kpi_sales_months(from_day, to_day) o CROSS JOIN LATERAL kpi_product_month_as_was_of(o.first_day, o.last_day, from_day, to_day) f
  WHERE NOT (o.is_whole AND (SELECT kpi_categories_summed()));
END;
COMMENT ON FUNCTION kpi_product_month_as_was(date, date) IS 'The rows of product_month_as_was for the days from from_day to to_day inclusive (NULL: open): months summed up while their categories hold, and the days of the others, or of a month that the bounds cut, from sales_fact.';

-- What rests on all months. Of the two halves of each only one is read.
CREATE FUNCTION kpi_all_summed() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT EXISTS (SELECT FROM sales_summed);
END;
COMMENT ON FUNCTION kpi_all_summed() IS 'Whether customer_sum, cohort_sum, rfm_sum, loyalty_sum, loyalty_year, promotion_sum and stock_pace hold: see sales_summed.';

CREATE FUNCTION kpi_customer_sum_of() RETURNS SETOF customer_sum
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT m.customer_key, sum(m.orders)::bigint, sum(m.revenue), max(m.last_day) FROM kpi_customer_month() m GROUP BY m.customer_key;
END;
COMMENT ON FUNCTION kpi_customer_sum_of() IS 'The rows of customer_sum, from kpi_customer_month.';

CREATE FUNCTION kpi_customer_sum() RETURNS SETOF customer_sum
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.* FROM customer_sum s WHERE (SELECT kpi_all_summed())
  UNION ALL
  SELECT l.* FROM kpi_customer_sum_of() l WHERE NOT (SELECT kpi_all_summed());
END;
COMMENT ON FUNCTION kpi_customer_sum() IS 'The rows of customer_sum: as summed up, or from kpi_customer_month.';

CREATE FUNCTION kpi_cohort_sum_of() RETURNS SETOF cohort_sum
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT COALESCE(d.cohort_month, 'infinity'), d.month_start, count(*) FILTER (WHERE d.bought),
         count(*) FILTER (WHERE d.bought AND d.previous = (d.month_start::timestamp - interval '1 month')::date), sum(d.revenue)
  FROM (SELECT m.month_start, m.revenue, m.orders > 0 AS bought, min(m.month_start) FILTER (WHERE m.orders > 0) OVER (PARTITION BY m.customer_key) AS cohort_month,
               max(m.month_start) FILTER (WHERE m.orders > 0) OVER (PARTITION BY m.customer_key ORDER BY m.month_start ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS previous
        FROM kpi_customer_month() m) d
  GROUP BY 1, 2;
END;
COMMENT ON FUNCTION kpi_cohort_sum_of() IS 'The rows of cohort_sum, from kpi_customer_month.';

CREATE FUNCTION kpi_cohort_sum() RETURNS SETOF cohort_sum
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT s.* FROM cohort_sum s WHERE (SELECT kpi_all_summed())
  UNION ALL
  SELECT l.* FROM kpi_cohort_sum_of() l WHERE NOT (SELECT kpi_all_summed());
END;
COMMENT ON FUNCTION kpi_cohort_sum() IS 'The rows of cohort_sum: as summed up, or from kpi_customer_month.';

CREATE FUNCTION kpi_loyalty_sum_of(within_months integer) RETURNS SETOF loyalty_sum
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  WITH activity AS (
    SELECT f.customer_key COLLATE "C" AS customer_key, f.customer_version, kpi_month(f.day) AS month_start
    FROM kpi_sales_lines() f
    WHERE f.customer_key <> '?' AND NOT f.is_return
    GROUP BY 1, 2, 3
  ), paced AS (  -- a customer with two versions in a month has two rows of it: the next group is the next month
    SELECT a.*, first_value(a.month_start) OVER (PARTITION BY a.customer_key ORDER BY a.month_start
                                                 GROUPS BETWEEN 1 FOLLOWING AND 1 FOLLOWING) AS next_month
    FROM activity a
  ), levels AS (
    SELECT DISTINCT p.customer_key, p.month_start, p.next_month, COALESCE(h.loyalty_level, 'Unknown') AS loyalty_level
    FROM paced p
    LEFT JOIN customer_history h ON h.customer_version = p.customer_version
  )
  SELECT l.month_start, l.loyalty_level, count(*),
         count(*) FILTER (WHERE l.next_month <= (l.month_start::timestamp + make_interval(months => within_months))::date)
  FROM levels l
  GROUP BY l.month_start, l.loyalty_level;
END;
COMMENT ON FUNCTION kpi_loyalty_sum_of(integer) IS 'The rows of loyalty_sum for another number of months to come back in, from sales_fact. With NULL nobody comes back.';

CREATE FUNCTION kpi_loyalty_sum(within_months integer) RETURNS SETOF loyalty_sum
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT s.* FROM loyalty_sum s WHERE within_months = 3 AND (SELECT kpi_all_summed())
  UNION ALL
  SELECT l.* FROM kpi_loyalty_sum_of(within_months) l WHERE within_months IS DISTINCT FROM 3 OR NOT (SELECT kpi_all_summed());
END;
COMMENT ON FUNCTION kpi_loyalty_sum(integer) IS 'The rows of loyalty_sum for a number of months to come back in: 3 as summed up, else from sales_fact.';

CREATE FUNCTION kpi_loyalty_year_of() RETURNS SETOF loyalty_year
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  WITH activity AS (
    SELECT extract(year FROM kpi_month(f.day))::integer AS year, f.customer_key, f.customer_version,
           sum(f.revenue) AS revenue, bool_or(NOT f.is_return) AS bought
    FROM kpi_sales_lines() f
    WHERE f.customer_key <> '?'
    GROUP BY 1, 2, 3
  ), levels AS (
    SELECT a.year, COALESCE(h.loyalty_level, 'Unknown') AS loyalty_level, a.customer_key, a.bought,
           a.revenue AS revenue_as_was, 0::numeric AS revenue_as_is, true AS as_was
    FROM activity a
    LEFT JOIN customer_history h ON h.customer_version = a.customer_version
    UNION ALL
    SELECT a.year, COALESCE(c.loyalty_level, 'Unknown'), a.customer_key, a.bought, 0, a.revenue, false
    FROM activity a
    LEFT JOIN customer_dim c ON c.customer_id = a.customer_key
  ), customers AS (
    SELECT l.year, l.loyalty_level, l.as_was, l.customer_key, bool_or(l.bought) AS bought,
           sum(l.revenue_as_was) AS revenue_as_was, sum(l.revenue_as_is) AS revenue_as_is
    FROM levels l GROUP BY 1, 2, 3, 4
  )
  SELECT c.year, c.loyalty_level,
         count(*) FILTER (WHERE c.as_was AND c.bought),
         count(*) FILTER (WHERE NOT c.as_was AND c.bought),
         sum(c.revenue_as_was),
         sum(c.revenue_as_is)
  FROM customers c
  GROUP BY c.year, c.loyalty_level;
END;
COMMENT ON FUNCTION kpi_loyalty_year_of() IS 'The rows of loyalty_year, from sales_fact.';

CREATE FUNCTION kpi_loyalty_year() RETURNS SETOF loyalty_year
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT s.* FROM loyalty_year s WHERE (SELECT kpi_all_summed())
  UNION ALL
  SELECT l.* FROM kpi_loyalty_year_of() l WHERE NOT (SELECT kpi_all_summed());
END;
COMMENT ON FUNCTION kpi_loyalty_year() IS 'The rows of loyalty_year: as summed up, or from sales_fact.';
