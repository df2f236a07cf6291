-- KPIs of sales over time: region and month, day, month, festive season, channel, basket, discount, margin.

CREATE FUNCTION kpi_revenue_by_region_month(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (month_start date, year integer, month integer, region text, revenue numeric,
               gross_revenue numeric, returned_revenue numeric, units numeric, orders bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT m.month_start, extract(year FROM m.month_start)::integer, extract(month FROM m.month_start)::integer, m.region, m.revenue, m.revenue + m.returned, m.returned, m.units, m.orders
  FROM (SELECT kpi_month(f.day) AS month_start, COALESCE(s.region, 'Unknown') AS region, sum(f.revenue) AS revenue, sum(f.returned) AS returned,
               sum(f.units) AS units, sum(f.orders)::bigint AS orders
        FROM kpi_store_day(from_day, to_day) f
        LEFT JOIN store_dim s ON s.store_id = f.store_key
        GROUP BY 1, 2) m;
END;

CREATE VIEW kpi_revenue_by_region_month AS SELECT * FROM kpi_revenue_by_region_month();
COMMENT ON VIEW kpi_revenue_by_region_month IS
'What does each region sell in each month?
Formula: revenue = sum of sales_amount, returns deducted; gross_revenue = sum over sale lines; returned_revenue = minus the sum over return lines; orders = orders with a sale line: an order is an order_id of a day and store. Region is the store''s; the online shop is region Online.
Grain: month and store region
Unit: currency, units, orders
NULL: none; a store whose region is not known counts as Unknown
Source: sales_fact, store_dim';

CREATE FUNCTION kpi_daily_sales(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (day date, day_name text, holiday_flag integer, holiday_name text, revenue numeric,
               gross_revenue numeric, returned_revenue numeric, units numeric, orders bigint,
               known_customers bigint, average_order_value numeric, revenue_7_day_average numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH daily AS (
    SELECT f.day, sum(f.revenue) AS revenue, sum(f.returned) AS returned, sum(f.units) AS units, sum(f.orders)::bigint AS orders
    FROM kpi_store_day(from_day, to_day) f
    GROUP BY f.day
  ), days AS (
    SELECT generate_series(min(d.day)::timestamp, max(d.day)::timestamp, interval '1 day')::date AS day
    FROM daily d
  )
  SELECT a.day, COALESCE(t.day_name, to_char(a.day, 'FMDay')), COALESCE(t.holiday_flag, 0), t.holiday_name,
         COALESCE(d.revenue, 0), COALESCE(d.revenue + d.returned, 0), COALESCE(d.returned, 0),
         COALESCE(d.units, 0), COALESCE(d.orders, 0), COALESCE(c.customers, 0),
         kpi_ratio(d.revenue + d.returned, d.orders),
         round(avg(COALESCE(d.revenue, 0)) OVER (ORDER BY a.day ROWS 6 PRECEDING), 2)
  FROM days a
  LEFT JOIN daily d ON d.day = a.day
  LEFT JOIN (SELECT c.day, c.customers FROM kpi_sales_day(from_day, to_day) c) c ON c.day = a.day
  LEFT JOIN time_dim t ON t.date_key = a.day;
END;

CREATE VIEW kpi_daily_sales AS SELECT * FROM kpi_daily_sales();
COMMENT ON VIEW kpi_daily_sales IS
'How do sales run from day to day?
Formula: sums of the day''s lines; average_order_value = gross_revenue / orders; revenue_7_day_average = mean of the day and up to six days before it. Days without sales between the first and the last count as zero.
Grain: day
Unit: currency, units, orders, customers
NULL: holiday_name on ordinary days; average_order_value on days without an order
Source: sales_fact, time_dim';

-- Every calendar month from the first to the latest sale, those without sales too.
CREATE FUNCTION kpi_monthly_revenue(festive_months integer[] DEFAULT '{10,11,12}')
RETURNS TABLE (month_start date, year integer, month integer, month_name text, revenue numeric,
               gross_revenue numeric, returned_revenue numeric, units numeric, orders bigint,
               is_complete boolean, is_festive boolean, revenue_index numeric,
               month_on_month_percent numeric, year_on_year_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH monthly AS (
    SELECT kpi_month(f.day) AS month_start, sum(f.revenue) AS revenue, sum(f.returned) AS returned, sum(f.units) AS units,
           sum(f.orders)::bigint AS orders, min(f.day) AS first_day, max(f.day) AS last_day
    FROM kpi_store_day() f
    GROUP BY 1
  ), bounds AS (
    SELECT min(m.first_day) AS first_day, max(m.last_day) AS last_day FROM monthly m
  ), months AS (
    SELECT generate_series(kpi_month(b.first_day)::timestamp, b.last_day::timestamp, interval '1 month')::date
             AS month_start, b.first_day, b.last_day
    FROM bounds b
  ), complete AS (
    SELECT a.month_start, COALESCE(m.revenue, 0) AS revenue, COALESCE(m.returned, 0) AS returned,
           COALESCE(m.units, 0) AS units, COALESCE(m.orders, 0) AS orders,
           a.first_day <= a.month_start
             AND a.last_day >= (a.month_start::timestamp + interval '1 month - 1 day')::date AS is_complete,
           extract(month FROM a.month_start)::integer AS month
    FROM months a
    LEFT JOIN monthly m ON m.month_start = a.month_start
  )
  SELECT c.month_start, extract(year FROM c.month_start)::integer, c.month, to_char(c.month_start, 'FMMonth'),
         c.revenue, c.revenue + c.returned, c.returned, c.units, c.orders, c.is_complete,
         COALESCE(c.month = ANY (festive_months), false),
         kpi_percent(c.revenue, avg(c.revenue) OVER ()),
         kpi_percent(c.revenue - lag(c.revenue) OVER w, lag(c.revenue) OVER w),
         kpi_percent(c.revenue - lag(c.revenue, 12) OVER w, lag(c.revenue, 12) OVER w)
  FROM complete c
  WINDOW w AS (ORDER BY c.month_start);
END;

CREATE VIEW kpi_monthly_revenue AS SELECT * FROM kpi_monthly_revenue();
COMMENT ON VIEW kpi_monthly_revenue IS
'Which months sell above the average month, and which are festive?
Formula: revenue_index = 100 x the month''s revenue / mean revenue of all months shown (100 = average month); is_festive = October to December unless the function is given other months; growth against the month, and the same month a year, before. is_complete is false where the data begin or end inside the month.
Grain: calendar month, from the first to the latest sale
Unit: currency, units, orders, percent
NULL: revenue_index when the mean is not positive; growth when there is no such earlier month or its revenue is not positive
Source: sales_fact';

CREATE VIEW kpi_average_monthly_revenue AS
SELECT count(*) AS months,
       COALESCE(sum(m.revenue), 0) AS revenue,
       round(avg(m.revenue), 2) AS average_monthly_revenue,
       count(*) FILTER (WHERE m.is_complete) AS complete_months,
       round(avg(m.revenue) FILTER (WHERE m.is_complete), 2) AS average_complete_month_revenue,
       (array_agg(m.month_start ORDER BY m.revenue DESC, m.month_start))[1] AS best_month,
       max(m.revenue) AS best_month_revenue
FROM kpi_monthly_revenue() m;
COMMENT ON VIEW kpi_average_monthly_revenue IS
'What does an average month bring?
Formula: average_monthly_revenue = revenue / calendar months from the first to the latest sale; average_complete_month_revenue leaves out months at either end that the data cover in part.
Grain: one row
Unit: currency, months
NULL: averages and best month in an empty warehouse; the complete-month average when no month is complete
Source: sales_fact';

CREATE FUNCTION kpi_festive_season(festive_months integer[] DEFAULT '{10,11,12}')
RETURNS TABLE (compared text, period text, is_festive boolean, periods bigint, revenue numeric,
               average_revenue numeric, revenue_index numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH daily AS (
    SELECT f.day, f.revenue FROM kpi_sales_day() f
  ), days AS (
    SELECT generate_series(min(d.day)::timestamp, max(d.day)::timestamp, interval '1 day')::date AS day
    FROM daily d
  ), periods AS (
    SELECT 'Days' AS compared, COALESCE(t.holiday_flag, 0) = 1 AS is_festive, a.day AS started,
           COALESCE(d.revenue, 0) AS revenue
    FROM days a
    LEFT JOIN daily d ON d.day = a.day
    LEFT JOIN time_dim t ON t.date_key = a.day
    UNION ALL
    SELECT 'Months', COALESCE(extract(month FROM a.day)::integer = ANY (festive_months), false),
           kpi_month(a.day), COALESCE(sum(d.revenue), 0)
    FROM days a
    LEFT JOIN daily d ON d.day = a.day
    GROUP BY 2, 3
  ), means AS (
    SELECT p.compared, avg(p.revenue) AS average FROM periods p GROUP BY p.compared
  )
  SELECT p.compared,
         CASE p.compared WHEN 'Months' THEN CASE WHEN p.is_festive THEN 'Festive months' ELSE 'Other months' END
                         ELSE CASE WHEN p.is_festive THEN 'Holidays' ELSE 'Other days' END END,
         p.is_festive, count(*), sum(p.revenue), round(avg(p.revenue), 2),
         kpi_percent(avg(p.revenue), min(m.average))
  FROM periods p
  JOIN means m ON m.compared = p.compared
  GROUP BY p.compared, p.is_festive;
END;

CREATE VIEW kpi_festive_season AS SELECT * FROM kpi_festive_season();
COMMENT ON VIEW kpi_festive_season IS
'How much more do festive months and holidays sell?
Formula: revenue_index = 100 x mean revenue of the periods of the kind / mean revenue of all periods compared. Months: October to December unless the function is given others. Days: holiday_flag of the calendar.
Grain: two rows for months (festive, other), two for days (holiday, other), where such periods exist
Unit: currency, percent
NULL: revenue_index when the mean of all periods is not positive
Source: sales_fact, time_dim';

CREATE FUNCTION kpi_channel_mix(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (month_start date, channel text, revenue numeric, revenue_percent numeric, units numeric,
               orders bigint, order_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH channels AS (
    SELECT kpi_month(f.day) AS month_start, f.channel, sum(f.revenue) AS revenue, sum(f.units) AS units, sum(f.orders)::bigint AS orders
    FROM kpi_store_day(from_day, to_day) f
    GROUP BY 1, 2
  )
  SELECT c.month_start, c.channel, c.revenue, kpi_percent(c.revenue, sum(c.revenue) OVER w), c.units, c.orders, kpi_percent(c.orders, sum(c.orders) OVER w)
  FROM channels c
  WINDOW w AS (PARTITION BY c.month_start);
END;

CREATE VIEW kpi_channel_mix AS SELECT * FROM kpi_channel_mix();
COMMENT ON VIEW kpi_channel_mix IS
'What part of each month''s business is online?
Formula: revenue_percent = the channel''s net revenue / the month''s; order_percent likewise over orders.
Grain: month and channel
Unit: currency, units, orders, percent
NULL: a share when the month''s total is not positive
Source: sales_fact';

CREATE FUNCTION kpi_basket(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (month_start date, channel text, orders bigint, gross_revenue numeric, units numeric,
               order_lines bigint, average_basket_value numeric, median_basket_value numeric,
               units_per_basket numeric, lines_per_basket numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT b.month_start, b.channel, b.orders, b.gross_revenue, b.units, b.lines, kpi_ratio(b.gross_revenue, b.orders),
         round((b.lower_value + b.upper_value) / 2, 2), kpi_ratio(b.units, b.orders), kpi_ratio(b.lines, b.orders)
  FROM kpi_basket_month(from_day, to_day) b;
END;

CREATE VIEW kpi_basket AS SELECT * FROM kpi_basket();
COMMENT ON VIEW kpi_basket IS
'How large and how valuable is a basket?
Formula: over sale lines only (returns come later and in orders of their own): value = gross_revenue / orders, median beside it; units and lines per basket likewise. A basket is an order_id of a day and store.
Grain: month and channel
Unit: currency, units, lines
NULL: none
Source: sales_fact';

CREATE FUNCTION kpi_discount_rate(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (month_start date, channel text, gross_revenue numeric, discount numeric,
               list_revenue numeric, discount_percent numeric, discounted_lines bigint,
               discounted_line_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT d.month_start, d.channel, d.gross, d.discount, d.gross + d.discount, kpi_percent(d.discount, d.gross + d.discount),
         d.discounted_lines, kpi_percent(d.discounted_lines, d.lines)
  FROM (SELECT kpi_month(f.day) AS month_start, f.channel, sum(f.revenue + f.returned) AS gross, sum(f.discount) AS discount,
               sum(f.discounted_lines)::bigint AS discounted_lines, sum(f.lines - f.return_lines) AS lines
        FROM kpi_store_day(from_day, to_day) f
        WHERE f.lines > f.return_lines
        GROUP BY 1, 2) d;
END;

CREATE VIEW kpi_discount_rate AS SELECT * FROM kpi_discount_rate();
COMMENT ON VIEW kpi_discount_rate IS
'How much of the list price is given away?
Formula: discount_percent = discount / (gross_revenue + discount), over sale lines; gross_revenue is after discount, so the sum is the revenue at list price.
Grain: month and channel
Unit: currency, lines, percent
NULL: discount_percent when the revenue at list price is not positive
Source: sales_fact';

CREATE FUNCTION kpi_gross_margin(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (month_start date, category text, revenue numeric, profit numeric, costed_revenue numeric,
               margin_percent numeric, lines_without_profit bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT f.month_start, COALESCE(p.category, 'Unknown'), sum(f.gross_revenue - f.returned), sum(f.profit), sum(f.costed_revenue),
         kpi_percent(sum(f.profit), sum(f.costed_revenue)), sum(f.uncosted_lines)::bigint
  FROM kpi_product_month(from_day, to_day) f
  LEFT JOIN product_dim p ON p.product_id = f.product_key
  GROUP BY 1, 2;
END;

CREATE VIEW kpi_gross_margin AS SELECT * FROM kpi_gross_margin();
COMMENT ON VIEW kpi_gross_margin IS
'What is left of the revenue after the cost of goods?
Formula: margin_percent = profit / costed_revenue, both over the lines whose profit is known, returns deducted; category as it is now.
Grain: month and product category
Unit: currency, percent, lines
NULL: profit, costed_revenue and margin_percent where no line has a profit; margin_percent also when costed_revenue is not positive
Source: sales_fact, product_history';

CREATE FUNCTION kpi_return_rate(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (month_start date, category text, units_sold numeric, units_returned numeric,
               unit_return_percent numeric, gross_revenue numeric, returned_revenue numeric,
               revenue_return_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT f.month_start, COALESCE(p.category, 'Unknown'), sum(f.units_sold), sum(f.units_returned), kpi_percent(sum(f.units_returned), sum(f.units_sold)),
         sum(f.gross_revenue), sum(f.returned), kpi_percent(sum(f.returned), sum(f.gross_revenue))
  FROM kpi_product_month(from_day, to_day) f
  LEFT JOIN product_dim p ON p.product_id = f.product_key
  GROUP BY 1, 2;
END;

CREATE VIEW kpi_return_rate AS SELECT * FROM kpi_return_rate();
COMMENT ON VIEW kpi_return_rate IS
'What part of what is sold comes back?
Formula: units (revenue) of the month''s return lines / units (revenue) of the month''s sale lines; a return counts in the month it is booked, so a rate may exceed 100. Category as it is now.
Grain: month and product category
Unit: units, currency, percent
NULL: a rate when nothing was sold in the month
Source: sales_fact, product_history';
