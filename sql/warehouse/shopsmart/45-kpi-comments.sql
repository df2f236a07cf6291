-- Comments of the KPI views' columns and of the functions. A column name means the same in every report, so
-- it is explained once; where a report says it more narrowly, the entry names the report. An entry for
-- nothing, or a column without one, is an error: the vocabulary and the reports cannot drift apart.
DO $kpi_comments$
DECLARE
  vocabulary constant text[] := ARRAY[
    'abc_class', 'A: the products that together reach 80 % of revenue; B: up to 95 %; C: the rest. NULL when total revenue is not positive',
    'active_customers', 'Known customers with a sale line in the month (in kpi_retention_by_loyalty: while at the level)',
    'active_customers_as_is', 'Known customers with a sale in the year whose level now is this one',
    'active_customers_as_was', 'Known customers with a sale in the year while at this level',
    'activity_month', 'First day of the month looked at: cohort_month plus months_since_first',
    'against_median_percent', 'Revenue above (+) or below (-) the median of the tier, in percent of it. NULL when the median is not positive',
    'average_basket_value', 'gross_revenue / orders, rounded to two places, currency',
    'average_complete_month_revenue', 'Mean net revenue of the months the data cover in full, rounded to two places. NULL when there is none',
    'average_monthly_revenue', 'Net revenue / months, rounded to two places, currency. NULL without sales',
    'average_order_value', 'gross_revenue / orders, rounded to two places, currency. NULL without orders',
    'average_orders', 'Mean number of orders per customer of the segment, rounded to two places',
    'average_recency_days', 'Mean days since the last purchase, rounded to two places',
    'average_revenue', 'Net revenue / periods, rounded to two places, currency',
    'average_stock', 'Mean of the snapshots in the period (sum of the products'' means), units. NULL without a snapshot',
    'average_stock_cost', 'average_stock valued at the products'' unit cost, currency. NULL where no cost is known',
    'baseline_from', 'First day of the baseline. NULL when there is no baseline',
    'baseline_revenue', 'Net revenue of the same stores and products without promotion in the baseline. NULL when there was none',
    'baseline_revenue_per_day', 'baseline_revenue / days of the baseline, rounded to two places. NULL when there is no baseline',
    'baseline_to', 'Last day of the baseline: the day before the start. NULL when there is no baseline',
    'best_month', 'First day of the month with the highest net revenue (the earlier of equals). NULL without sales',
    'best_month_revenue', 'Net revenue of the best month, currency. NULL without sales',
    'brand', 'Brand of the product now; Unknown where not known',
    'category', 'Product category; Unknown where not known. As it is now, but in kpi_top_categories_as_was as it was at the sale',
    'channel', 'Store or Online',
    'city', 'City of the store. NULL for a store known only from its sales',
    'city_tier', 'City tier of the store; the online shop is a tier of its own; Unknown where not known',
    'cohort_month', 'First day of the month of the customers'' first purchase in the warehouse',
    'compared', 'What the row compares: Months or Days',
    'complete_months', 'Calendar months that the data cover from the first day to the last',
    'cost_of_goods_sold', 'Net units sold valued at the products'' unit cost, over products with stock figures, currency. NULL where no cost is known',
    'cost_turnover_ratio', 'cost_of_goods_sold x 365 / period_days / average_stock_cost: turns a year in money. NULL without costs or stock figures',
    'costed_revenue', 'Net revenue of the lines whose profit is known, currency. NULL when there is none',
    'cumulative_percent', 'Share of net revenue of this product and all ranked before it, percent. NULL when total revenue is not positive',
    'customer_id', 'Business key of the customer (customer_dim.customer_id)',
    'customer_percent', 'Share of the customers of all segments, percent',
    'customer_type', 'New (first purchase in this month), Returning, or Unknown (no customer named)',
    'customers', 'Known customers with at least one purchase (in the row''s cohort, segment or type). NULL for type Unknown',
    'day', 'The day, in the warehouse''s time zone',
    'day_name', 'Name of the weekday',
    'days', 'Number of days, both ends included (of a promotion: those the data cover, up to the latest sales day)',
    'days_of_cover', 'stock_on_hand / mean daily units, days, rounded to two places; 0 without stock. NULL when there is stock and nothing was sold in the window',
    'days_per_turn', 'average_stock x period_days / units: days until the stock is sold once. NULL without stock figures or sales',
    'dimension', 'customer, product, store or promotion',
    'discount', 'Discount given on sale lines, currency',
    'kpi_discount_rate.discount_percent', 'discount / list_revenue, percent. NULL when list_revenue is not positive',
    'kpi_promotion_effectiveness.discount_percent', 'Announced discount of the promotion (promotion_dim), percent. NULL where not known',
    'discounted_line_percent', 'Share of sale lines with a discount, percent',
    'discounted_lines', 'Sale lines with a discount',
    'end_date', 'Announced last day; where not known, the last day with a sale under the promotion',
    'f_score', 'Frequency score, 1 (few orders) to 5 (many)',
    'first_day', 'First sales day. NULL without sales',
    'formula', 'How the report computes its figures',
    'frequency', 'Orders of the customer',
    'freshness', 'When a feed of the report last got a batch through; the report shows it at once. NULL before the first, and for a report that no feed feeds',
    'grain', 'What one row of the report stands for',
    'gross_revenue', 'Sum of sales_amount over sale lines: after discount, before returns, currency',
    'holiday_flag', '1 on a public holiday of the warehouse''s calendar, else 0',
    'holiday_name', 'Name of the holiday. NULL on other days',
    'incremental_revenue', 'period_revenue - baseline per day x days, rounded to two places, currency. NULL when there is no baseline',
    'inferred_members', 'Members known only from facts, whose master data have not arrived',
    'is_complete', 'The data cover the month from its first day to its last',
    'is_festive', 'The period is festive: a festive month, or a holiday',
    'is_under_reorder_level', 'The stock is at or under the reorder level; false where there is no reorder level',
    'known_customers', 'Distinct known customers with a purchase on the day; orders without a customer are not in it',
    'last_day', 'Latest sales day: the reports'' today. NULL without sales',
    'last_purchase', 'Day of the customer''s latest purchase',
    'lines_outside_dates', 'Lines that name the promotion on days outside its dates; in promoted_revenue, not in period_revenue',
    'lines_per_basket', 'Sale lines / orders, rounded to two places',
    'lines_without_profit', 'Lines whose profit is not known; left out of the margin',
    'list_revenue', 'gross_revenue + discount: the sale lines at list price, currency',
    'lost_customers', 'Customers who bought in the month before and not in this one. NULL in the first month',
    'kpi_retention_by_loyalty.loyalty_level', 'Loyalty level at the time of the sale; Unknown where not known',
    'kpi_loyalty_activity.loyalty_level', 'Loyalty level; Unknown where not known',
    'm_score', 'Monetary score, 1 (little revenue) to 5 (much)',
    'margin_percent', 'profit / costed_revenue, percent. NULL when no profit is known or costed_revenue is not positive',
    'mean_daily_units', 'Net units sold in the window / its days, rounded to two places; not below zero',
    'median_basket_value', 'Median of the baskets'' values (mean of the middle two), rounded to two places, currency',
    'monetary', 'Net revenue of the customer, returns deducted; may be negative, currency',
    'month', 'Calendar month, 1 to 12',
    'month_name', 'English name of the month',
    'month_on_month_percent', 'Growth of net revenue against the month before, percent. NULL without one or when its revenue is not positive',
    'month_start', 'First day of the calendar month',
    'months', 'Calendar months from the first to the latest sale',
    'months_since_first', 'Months between the cohort month and the month looked at; 0 is the cohort month',
    'name', 'Name of the view',
    'new_customers', 'Customers whose first purchase falls in the month',
    'newest_event', 'Time of the newest event of the fact that lags most among those the report is made of. NULL where there is none',
    'null_means', 'What NULL means in the report',
    'order_by_day', 'Latest day to order: projected_stock_out less the lead time; may have passed. NULL when there is stock and nothing was sold in the window',
    'order_lines', 'Number of sale lines',
    'order_percent', 'Share of the month''s orders, percent. NULL when there is none',
    'orders', 'Distinct order_id with a sale line (a return is no order)',
    'orders_per_customer', 'Orders of known customers / customers, rounded to two places. NULL without customers',
    'parameters', 'Signature of the function of the same name. NULL where the report takes no parameters',
    'period', 'Festive months, Other months, Holidays or Other days',
    'period_days', 'Days of the period, both ends included. NULL without sales',
    'period_revenue', 'Net revenue of the promotion''s stores and products in its days, promoted or not. NULL when there is none',
    'period_revenue_per_day', 'period_revenue / days, rounded to two places',
    'periods', 'Number of months or days of this kind',
    'priority', 'Order of urgency, 1 first: at or under the reorder level, earliest stock-out, fastest seller',
    'product_id', 'Business key of the product (product_dim.product_id); ? where the source named none',
    'product_name', 'Name of the product now; Unknown where not known',
    'products', 'Distinct products with sales',
    'profit', 'Sum of profit over the lines where it is known, currency. NULL where none is',
    'projected_stock_out', 'Snapshot day + whole days of cover. NULL when there is stock and nothing was sold in the window',
    'promoted', 'Promoted, Not promoted or Unknown (a promotion was named that could not be told)',
    'promoted_orders', 'Distinct orders with a sale line under the promotion',
    'promoted_revenue', 'Net revenue of the lines under the promotion, currency',
    'promoted_units', 'Net units of the lines under the promotion',
    'promotion_id', 'Business key of the promotion (promotion_dim.promotion_id)',
    'promotion_name', 'Name of the promotion; Unknown where not known',
    'question', 'The question the report answers',
    'r_score', 'Recency score, 1 (long ago) to 5 (just now)',
    'reactivated_customers', 'Customers who bought in the month and earlier, but not in the month before',
    'recency_days', 'Days from the last purchase to today (the latest sales day)',
    'region', 'Region of the store; Online for the online shop; Unknown where not known',
    'reorder_level', 'Stock at which to order, from the snapshot, units. NULL where the source named none',
    'kpi_repeat_customers.repeat_customers', 'Known customers with two or more distinct orders',
    'repeat_percent', 'repeat_customers / customers, percent. NULL without customers',
    'retained_customers', 'Customers of the row who bought again: in kpi_customer_retention also in the month before, in kpi_retention_cohorts in activity_month, in kpi_retention_by_loyalty within the following months (NULL until those are over)',
    'retention_percent', 'retained_customers in percent of the customers they are part of. NULL when there are none, or the months to look at are not over',
    'return_lines', 'Sales lines that are returns',
    'returned_revenue', 'Revenue given back: minus the sum of sales_amount over return lines, currency',
    'revenue', 'Net revenue: sum of sales_amount, after discount, returns deducted, currency',
    'revenue_7_day_average', 'Mean net revenue of the day and up to six days before it, rounded to two places',
    'revenue_as_is', 'Net revenue of the customers whose level now is this one, currency',
    'revenue_as_was', 'Net revenue of the lines sold while the customer was at this level, currency',
    'revenue_index', '100 x (mean) revenue / mean revenue of all periods; 100 is average. NULL when that mean is not positive',
    'revenue_percent', 'Share of the net revenue of all rows compared (of the month, where rows have one), percent. NULL when that is not positive',
    'revenue_rank', 'Rank by net revenue, 1 the highest; equals share a rank',
    'revenue_return_percent', 'returned_revenue / gross_revenue, percent. NULL when nothing was sold',
    'rfm', 'The three scores as text: r, f, m',
    'sales_lines', 'Lines in sales_fact, returns included',
    'segment', 'Champions, Loyal, New, Promising, Needs attention, Cannot lose, At risk, Hibernating or Lost',
    'snapshot_age_days', 'Days from the snapshot to today (the latest sales day)',
    'snapshot_day', 'Day of the latest stock snapshot',
    'source_tables', 'Tables the report reads',
    'start_date', 'Announced first day; where not known, the first day with a sale under the promotion',
    'kpi_stock_sales_trend.stock_on_hand', 'Sum over products of the mean of the week''s snapshots, units. NULL without a snapshot',
    'kpi_stock_cover.stock_on_hand', 'Units in stock by the latest snapshot',
    'kpi_replenishment.stock_on_hand', 'Units in stock by the latest snapshot',
    'stock_without_cost', 'Average stock of products whose unit cost is not known, units; left out of the cost ratio',
    'store_id', 'Business key of the store (store_dim.store_id); - for the whole chain; ? where the source named none',
    'store_name', 'Name of the store. NULL for a store known only from its sales',
    'kpi_promotion_effectiveness.stores', 'Distinct stores with sales under the promotion',
    'suggested_order_units', 'Units to order: up to the reorder level (or the demand of the lead time, if higher) and the demand of the cover days; rounded up',
    'supplier_id', 'Supplier by the snapshot, else by the product. NULL where not known',
    'tier_median_revenue', 'Median revenue of the tier''s stores (mean of the middle two), rounded to two places',
    'tier_percent', 'Share of the tier''s revenue, percent. NULL when that is not positive',
    'tier_rank', 'Rank by net revenue among the stores of the tier, 1 the highest; equals share a rank',
    'turnover_ratio', 'Net units sold x 365 / period_days / average_stock: turns a year. NULL without stock figures or when the average stock is zero',
    'unit', 'Units of the report''s figures',
    'unit_cost', 'Cost of one unit of the product now, currency. NULL where not known',
    'unit_return_percent', 'units_returned / units_sold, percent. NULL when nothing was sold',
    'units', 'Net units sold, returns deducted',
    'kpi_basket.units', 'Units of sale lines',
    'units_in_window', 'Net units sold in the window; negative when more came back',
    'units_per_basket', 'Units / orders, rounded to two places',
    'units_returned', 'Units of return lines',
    'units_sold', 'Units of sale lines',
    'units_without_stock', 'Net units sold of products without a snapshot in the period; left out of the ratios',
    'unknown_line_percent', 'Share of all sales lines, percent. NULL without sales',
    'unknown_lines', 'Sales lines whose key is ?',
    'unknown_order_percent', 'Share of all orders, percent. NULL without orders',
    'unknown_orders', 'Orders without a known customer',
    'unknown_revenue', 'Net revenue of the lines whose key is ?, currency',
    'unknown_revenue_percent', 'Share of all net revenue, percent. NULL when that is not positive',
    'uplift_percent', 'Growth of revenue per day against the baseline, percent. NULL when there is no baseline or it is not positive',
    'week_start', 'Monday of the week',
    'weeks_of_cover', 'stock_on_hand / units sold in the week by the same products. NULL without a snapshot or sales',
    'year', 'Calendar year',
    'year_on_year_percent', 'Growth of net revenue against the same month a year before, percent. NULL without one or when its revenue is not positive'
  ];
  parameters constant text[] := ARRAY[
    'from_day', 'first day, inclusive; NULL: the report''s own beginning (stock turnover: 364 days before the last day, but not before the first sale; others: the first sale)',
    'to_day', 'last day, inclusive; NULL: the latest sales day',
    'from_month', 'any day of the first cohort month; NULL: the first',
    'to_month', 'any day of the last cohort month; NULL: the last',
    'as_of', 'the day to report as of; NULL: the latest sales day',
    'window_days', 'days looked back, the as-of day included; NULL, where it is the default: all history',
    'lead_time_days', 'days from order to delivery',
    'cover_days', 'days of demand an order is to cover beyond the lead time',
    'baseline_days', 'days before the start that make the baseline',
    'within_months', 'months after a purchase in which a customer must buy again to count as retained',
    'festive_months', 'calendar months that count as festive; NULL: none'
  ];
  home constant oid := (SELECT relnamespace FROM pg_class WHERE oid = 'sales_fact'::regclass);
  target record;
  said integer;
  used text[] := '{}';
  lines text;
BEGIN
  FOR target IN
    SELECT c.oid::regclass AS view, c.relname || '.' || a.attname AS narrow, a.attname AS wide
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = home AND c.relkind = 'v' AND c.relname LIKE 'kpi\_%' AND c.relname <> 'kpi_freshness'
      AND obj_description(c.oid, 'pg_class') LIKE E'%\nFormula: %'  -- not a view that was here before
    ORDER BY c.relname, a.attnum
  LOOP
    said := COALESCE(array_position(vocabulary, target.narrow), array_position(vocabulary, target.wide::text));
    IF said IS NULL THEN
      RAISE EXCEPTION 'column % of a KPI view has no comment', target.narrow
        USING HINT = 'Explain it in the vocabulary of 45-kpi-comments.sql.';
    END IF;
    used := used || vocabulary[said];
    EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', target.view, target.wide, vocabulary[said + 1]);
  END LOOP;
  FOR said IN 1 .. array_length(vocabulary, 1) BY 2 LOOP
    IF NOT vocabulary[said] = ANY (used) THEN
      RAISE EXCEPTION 'no KPI view has the column % that 45-kpi-comments.sql explains', vocabulary[said];
    END IF;
  END LOOP;

  FOR target IN
    SELECT p.oid::regprocedure AS signature, p.proname, p.proargnames, p.pronargs
    FROM pg_proc p
    WHERE p.pronamespace = home AND p.proname LIKE 'kpi\_%' AND obj_description(p.oid, 'pg_proc') IS NULL
      AND EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = home AND c.relname = p.proname AND c.relkind = 'v')
  LOOP
    SELECT string_agg(format(E'\n%s: %s', a.name, parameters[array_position(parameters, a.name) + 1]), '' ORDER BY a.n)
      INTO lines
      FROM unnest(target.proargnames[1:target.pronargs]) WITH ORDINALITY AS a (name, n);
    EXECUTE format('COMMENT ON FUNCTION %s IS %L', target.signature,
                   format('The report of the view %s with parameters of your own; columns and NULLs as there.%s',
                          target.proname, lines));
  END LOOP;
END
$kpi_comments$;
