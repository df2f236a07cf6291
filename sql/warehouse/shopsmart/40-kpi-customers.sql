-- KPIs of customers: retention, repeat purchase, loyalty, new and returning, RFM. A customer is a customer_key
-- other than '?'; one buys in a month who has a sale line in it (a return is no purchase).

CREATE FUNCTION kpi_repeat_customers(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (customers bigint, repeat_customers bigint, repeat_percent numeric, orders_per_customer numeric,
               orders bigint, unknown_orders bigint, unknown_order_percent numeric, unknown_revenue numeric,
               unknown_revenue_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH customers AS (
    SELECT s.orders FROM kpi_customer_sum() s WHERE from_day IS NULL AND to_day IS NULL AND s.orders > 0
    UNION ALL
    SELECT sum(m.orders)::bigint FROM kpi_customer_month(from_day, to_day) m
    WHERE from_day IS NOT NULL OR to_day IS NOT NULL
    GROUP BY m.customer_key HAVING sum(m.orders) > 0
  ), revenue AS (
    SELECT COALESCE(sum(f.revenue), 0) AS revenue, COALESCE(sum(f.unknown_customer_revenue), 0) AS unknown_revenue,
           COALESCE(sum(f.unknown_customer_orders), 0)::bigint AS unknown_orders
    FROM kpi_sales_day(from_day, to_day) f
  ), totals AS (
    SELECT count(*) AS customers, count(*) FILTER (WHERE c.orders >= 2) AS repeat_customers, COALESCE(sum(c.orders), 0)::bigint AS orders
    FROM customers c
  )
  SELECT t.customers, t.repeat_customers, kpi_percent(t.repeat_customers, t.customers),
         kpi_ratio(t.orders, t.customers), t.orders, r.unknown_orders,
         kpi_percent(r.unknown_orders, t.orders + r.unknown_orders), r.unknown_revenue,
         kpi_percent(r.unknown_revenue, r.revenue)
  FROM totals t
  CROSS JOIN revenue r;
END;

CREATE VIEW kpi_repeat_customers AS SELECT * FROM kpi_repeat_customers();
COMMENT ON VIEW kpi_repeat_customers IS
'What part of the customers comes back?
Formula: repeat_percent = customers with two or more distinct orders / customers with one or more. An order is an order_id of a day and store with a sale line. Sales to the unknown customer are left out of it and shown beside it.
Grain: one row
Unit: customers, orders, currency, percent
NULL: rates when there is nothing to divide by
Source: sales_fact';

CREATE FUNCTION kpi_retention_cohorts(from_month date DEFAULT NULL, to_month date DEFAULT NULL)
RETURNS TABLE (cohort_month date, months_since_first integer, activity_month date, customers bigint,
               retained_customers bigint, retention_percent numeric, revenue numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH cells AS (
    SELECT d.cohort_month, d.month_start, d.customers, d.revenue
    FROM kpi_cohort_sum() d
    WHERE d.cohort_month BETWEEN COALESCE(kpi_month(from_month), '-infinity')
                             AND COALESCE(kpi_month(to_month), 'infinity')
  ), cohorts AS (
    SELECT c.cohort_month, c.customers FROM cells c WHERE c.month_start = c.cohort_month
  ), grid AS (
    SELECT c.cohort_month, c.customers, m.month_start::date AS month_start
    FROM cohorts c
    CROSS JOIN LATERAL generate_series(c.cohort_month::timestamp,
                                       (SELECT kpi_month(kpi_last_day()))::timestamp,
                                       interval '1 month') AS m (month_start)
  )
  SELECT g.cohort_month,
         ((extract(year FROM g.month_start) - extract(year FROM g.cohort_month)) * 12
          + extract(month FROM g.month_start) - extract(month FROM g.cohort_month))::integer,
         g.month_start, g.customers, COALESCE(c.customers, 0),
         kpi_percent(COALESCE(c.customers, 0), g.customers), COALESCE(c.revenue, 0)
  FROM grid g
  LEFT JOIN cells c ON c.cohort_month = g.cohort_month AND c.month_start = g.month_start;
END;

CREATE VIEW kpi_retention_cohorts AS SELECT * FROM kpi_retention_cohorts();
COMMENT ON VIEW kpi_retention_cohorts IS
'Of the customers who first bought in a month, how many buy again 1, 2, 3 ... months later?
Formula: cohort = month of the first sale in the warehouse; retention_percent = customers of the cohort with a sale in the month / customers of the cohort; revenue = the cohort''s net revenue in the month. Cells without a purchase are there, with zero. The first cohort also holds everybody who bought before the data begin.
Grain: cohort month and months since the first purchase
Unit: customers, percent, currency
NULL: none. The unknown customer is left out
Source: sales_fact';

CREATE VIEW kpi_customer_retention AS
WITH monthly AS (
  SELECT c.month_start, sum(c.customers)::bigint AS active, COALESCE(sum(c.customers) FILTER (WHERE c.cohort_month = c.month_start), 0)::bigint AS new,
         sum(c.retained)::bigint AS retained
  FROM kpi_cohort_sum() c
  GROUP BY c.month_start HAVING sum(c.customers) > 0
), months AS (
  SELECT generate_series(min(m.month_start)::timestamp,
                         (SELECT kpi_month(kpi_last_day()))::timestamp,
                         interval '1 month')::date AS month_start
  FROM monthly m
), filled AS (
  SELECT a.month_start, COALESCE(m.active, 0) AS active, COALESCE(m.new, 0) AS new,
         COALESCE(m.retained, 0) AS retained
  FROM months a LEFT JOIN monthly m ON m.month_start = a.month_start
)
SELECT f.month_start,
       f.active AS active_customers,
       f.new AS new_customers,
       f.retained AS retained_customers,
       f.active - f.new - f.retained AS reactivated_customers,
       lag(f.active) OVER w - f.retained AS lost_customers,
       kpi_percent(f.retained, lag(f.active) OVER w) AS retention_percent
FROM filled f
WINDOW w AS (ORDER BY f.month_start);
COMMENT ON VIEW kpi_customer_retention IS
'What part of last month''s customers buys again this month?
Formula: retention_percent = customers who bought in this month and the one before / customers who bought in the one before; new = first purchase ever; reactivated = bought earlier, but not last month; lost = bought last month, not this one.
Grain: month
Unit: customers, percent
NULL: lost_customers in the first month; retention_percent there and after a month without customers. The unknown customer is left out
Source: sales_fact';

CREATE FUNCTION kpi_retention_by_loyalty(within_months integer DEFAULT 3)
RETURNS TABLE (month_start date, loyalty_level text, active_customers bigint, retained_customers bigint,
               retention_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH judged AS (  -- the months that follow must all be over
    SELECT c.*, (c.month_start::timestamp + make_interval(months => within_months + 1, days => -1))::date
                <= (SELECT kpi_last_day()) AS is_over
    FROM kpi_loyalty_sum(within_months) c
  )
  SELECT j.month_start, j.loyalty_level, j.active, CASE WHEN j.is_over THEN j.retained END,
         CASE WHEN j.is_over THEN kpi_percent(j.retained, j.active) END
  FROM judged j;
END;

CREATE VIEW kpi_retention_by_loyalty AS SELECT * FROM kpi_retention_by_loyalty();
COMMENT ON VIEW kpi_retention_by_loyalty IS
'Do customers of a higher loyalty level come back more (as-was)?
Formula: active = customers who bought in the month while at the level; retained = those of them who bought again, at any level, in one of the next 3 months (the function takes another number). The level is that of the customer version on the sales line; who changed level inside a month counts at both.
Grain: month and loyalty level at the time of the sale
Unit: customers, percent
NULL: retained_customers and retention_percent until the months that follow are over. The unknown customer is left out; a customer whose level is not known counts as Unknown
Source: sales_fact, customer_history (version in force at the sale)';

CREATE VIEW kpi_loyalty_activity AS
SELECT l.year, l.loyalty_level, l.active_as_was AS active_customers_as_was, l.active_as_is AS active_customers_as_is, l.revenue_as_was, l.revenue_as_is
FROM kpi_loyalty_year() l;
COMMENT ON VIEW kpi_loyalty_activity IS
'How many customers of each loyalty level buy in a year, by the level they had then and by the level they have now?
Formula: distinct customers with a sale line in the year, and their net revenue; as_was = level on the sales line''s customer version, as_is = level now. Who changed level in the year counts at both levels as-was, so levels need not add up to the customers.
Grain: calendar year and loyalty level
Unit: customers, currency
NULL: none. The unknown customer is left out; a customer whose level is not known counts as Unknown
Source: sales_fact, customer_history';

CREATE VIEW kpi_new_vs_returning AS
WITH totals AS (
  SELECT c.month_start, CASE WHEN c.month_start = c.cohort_month THEN 'New' ELSE 'Returning' END AS customer_type,
         sum(c.revenue) AS revenue, sum(c.customers)::bigint AS customers
  FROM kpi_cohort_sum() c
  GROUP BY 1, 2
  UNION ALL
  SELECT kpi_month(d.day), 'Unknown', sum(d.unknown_customer_revenue), NULL
  FROM kpi_sales_day() d
  WHERE d.unknown_customer_lines > 0
  GROUP BY 1
)
SELECT t.month_start, t.customer_type, t.customers, t.revenue,
       kpi_percent(t.revenue, sum(t.revenue) OVER (PARTITION BY t.month_start)) AS revenue_percent
FROM totals t;
COMMENT ON VIEW kpi_new_vs_returning IS
'Does revenue come from new customers or from those who came back?
Formula: New = customers whose first sale in the warehouse falls in the month, Returning = the other known ones, Unknown = sales without a customer; revenue_percent = share of the month''s net revenue.
Grain: month and customer type
Unit: customers, currency, percent
NULL: customers of type Unknown cannot be counted; revenue_percent when the month''s revenue is not positive
Source: sales_fact';

-- A score is the quintile in which the middle of the group of equal values falls: equal customers get equal
-- scores whatever their ids, and without ties it is the plain quintile.
CREATE FUNCTION kpi_rfm(as_of date DEFAULT NULL, window_days integer DEFAULT NULL)
RETURNS TABLE (customer_id text, last_purchase date, recency_days integer, frequency bigint, monetary numeric,
               r_score integer, f_score integer, m_score integer, rfm text, segment text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH today AS (
    SELECT COALESCE(as_of, kpi_last_day()) AS day
  ), customers AS MATERIALIZED (
    SELECT s.customer_key, s.last_day, s.orders AS frequency, s.revenue AS monetary
    FROM kpi_customer_sum() s
    WHERE as_of IS NULL AND window_days IS NULL AND s.orders > 0
    UNION ALL
    SELECT m.customer_key, max(m.last_day), sum(m.orders)::bigint, sum(m.revenue)
    FROM today t
    CROSS JOIN LATERAL kpi_customer_month(t.day - window_days + 1, t.day) m
    WHERE (as_of IS NOT NULL OR window_days IS NOT NULL) AND t.day IS NOT NULL
    GROUP BY m.customer_key HAVING sum(m.orders) > 0
  ), total AS (
    SELECT count(*) AS n FROM customers
  -- Places are those of the values, of which there are fewer than customers; twice the middle of the group of equal ones.
  ), r_scores AS (
    SELECT v.last_day, ((5 * (2 * v.up_to - v.customers) + 2 * t.n - 1) / (2 * t.n))::integer AS score
    FROM (SELECT c.last_day, count(*) AS customers, (sum(count(*)) OVER (ORDER BY c.last_day))::bigint AS up_to FROM customers c GROUP BY c.last_day) v CROSS JOIN total t
  ), f_scores AS (
    SELECT v.frequency, ((5 * (2 * v.up_to - v.customers) + 2 * t.n - 1) / (2 * t.n))::integer AS score
    FROM (SELECT c.frequency, count(*) AS customers, (sum(count(*)) OVER (ORDER BY c.frequency))::bigint AS up_to FROM customers c GROUP BY c.frequency) v CROSS JOIN total t
  ), m_scores AS (
    SELECT v.monetary, ((5 * (2 * v.up_to - v.customers) + 2 * t.n - 1) / (2 * t.n))::integer AS score
    FROM (SELECT c.monetary, count(*) AS customers, (sum(count(*)) OVER (ORDER BY c.monetary))::bigint AS up_to FROM customers c GROUP BY c.monetary) v CROSS JOIN total t
  ), scored AS (  -- ceil(5 * place / 2n) in integers
    SELECT c.*, r.score AS r, f.score AS f, m.score AS m
    FROM customers c
    JOIN r_scores r ON r.last_day = c.last_day
    JOIN f_scores f ON f.frequency = c.frequency
    JOIN m_scores m ON m.monetary = c.monetary
  )
  SELECT s.customer_key, s.last_day, (SELECT t.day FROM today t) - s.last_day, s.frequency, s.monetary,
         s.r, s.f, s.m, s.r::text || s.f::text || s.m::text,
         CASE WHEN s.r >= 4 AND s.f >= 4 THEN 'Champions'
              WHEN s.r >= 3 AND s.f >= 3 AND s.frequency > 1 THEN 'Loyal'
              WHEN s.r >= 4 AND s.frequency = 1 THEN 'New'
              WHEN s.r >= 4 THEN 'Promising'
              WHEN s.r = 3 THEN 'Needs attention'
              WHEN s.r = 1 AND s.f >= 4 AND s.m >= 4 THEN 'Cannot lose'
              WHEN s.f >= 4 THEN 'At risk'
              WHEN s.r = 2 THEN 'Hibernating'
              ELSE 'Lost' END
  FROM scored s;
END;

CREATE VIEW kpi_rfm AS SELECT * FROM kpi_rfm();
COMMENT ON VIEW kpi_rfm IS
'Who are the best customers, who is drifting away?
Formula: recency = days from the last purchase to the latest sales day (or as_of), frequency = orders, monetary = net revenue; each scored 1 (worst) to 5 by quintile, equal values alike (the quintile of the middle of the group). Segments, first that fits: Champions r>=4 f>=4; Loyal r>=3 f>=3 with more than one order; New r>=4 with one order; Promising r>=4; Needs attention r=3; Cannot lose r=1 f>=4 m>=4; At risk f>=4; Hibernating r=2; Lost r=1.
Grain: customer with a purchase
Unit: days, orders, currency, scores 1 to 5
NULL: none. The unknown customer is left out
Source: sales_fact';

CREATE FUNCTION kpi_rfm_sum_of() RETURNS SETOF rfm_sum
LANGUAGE sql STABLE PARALLEL SAFE ROWS 9
BEGIN ATOMIC
  SELECT r.segment, count(*), sum(r.frequency), sum(r.monetary), sum(r.recency_days) FROM kpi_rfm() r GROUP BY r.segment;
END;
COMMENT ON FUNCTION kpi_rfm_sum_of() IS 'The rows of rfm_sum, from kpi_rfm.';

CREATE FUNCTION kpi_rfm_sum() RETURNS SETOF rfm_sum
LANGUAGE sql STABLE PARALLEL SAFE ROWS 9
BEGIN ATOMIC
  SELECT s.* FROM rfm_sum s WHERE (SELECT kpi_all_summed())
  UNION ALL
  SELECT l.* FROM kpi_rfm_sum_of() l WHERE NOT (SELECT kpi_all_summed());
END;
COMMENT ON FUNCTION kpi_rfm_sum() IS 'The rows of rfm_sum: as summed up, or from kpi_rfm.';

CREATE VIEW kpi_rfm_segments AS
SELECT r.segment, r.customers,
       kpi_percent(r.customers, sum(r.customers) OVER ()) AS customer_percent,
       r.revenue,
       kpi_percent(r.revenue, sum(r.revenue) OVER ()) AS revenue_percent,
       round(r.recency_days::numeric / r.customers, 2) AS average_recency_days,
       round(r.orders / r.customers, 2) AS average_orders
FROM kpi_rfm_sum() r;
COMMENT ON VIEW kpi_rfm_segments IS
'How large is each customer segment and what does it bring?
Formula: kpi_rfm summed up by segment; shares are of the customers and net revenue of all segments.
Grain: RFM segment with a customer in it
Unit: customers, currency, percent, days, orders
NULL: revenue_percent when total revenue is not positive
Source: sales_fact';
