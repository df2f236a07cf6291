-- KPIs, shared ground. What a sales line, a return, a percentage and "today" mean is settled here once; the
-- files 40-kpi-*.sql hold the reports. Rules that all of them keep:
--   * A report is a plain view kpi_*. Where it can take parameters, a function of the same name takes them and
--     the view calls it with the defaults.
--   * Core SQL only: nothing of the extension, so the reports outlive DROP EXTENSION.
--   * Function bodies are SQL-standard (BEGIN ATOMIC): every reference is bound when the function is made, so
--     neither the caller's search_path nor a dump and restore can change their meaning. They carry no SET
--     clause on purpose: it would keep the planner from inlining them, and with that from pruning partitions.
--   * Sums are exact (numeric). Percentages, ratios and averages are rounded to two places, half away from
--     zero, by kpi_percent and kpi_ratio; what they are made of stands beside them.
--   * Unknown members ('?', or a name not known yet) appear as 'Unknown' or in a column of their own.
--   * "Today" is the latest sales day in the warehouse, not the clock's: history reports as it would have then.

CREATE FUNCTION kpi_percent(part numeric, whole numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN whole > 0 THEN round(100 * part / whole, 2) END;
COMMENT ON FUNCTION kpi_percent(numeric, numeric) IS
'part as a percentage of whole, rounded to two places. NULL when whole is zero, negative or NULL, or part is NULL.';

CREATE FUNCTION kpi_ratio(part numeric, whole numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN whole > 0 THEN round(part / whole, 2) END;
COMMENT ON FUNCTION kpi_ratio(numeric, numeric) IS
'part divided by whole, rounded to two places. NULL when whole is zero, negative or NULL, or part is NULL.';

CREATE FUNCTION kpi_month(day date) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date_trunc('month', day::timestamp)::date;
COMMENT ON FUNCTION kpi_month(date) IS 'First day of the day''s month. NULL for NULL.';

-- Days are the warehouse's local days, partitions are bounded by instants. No zone is further than a day from
-- UTC, so a day's margin on either side prunes partitions without knowing the zone; the day decides.
CREATE FUNCTION kpi_sales_lines(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
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
  WHERE (from_day IS NULL OR (f.time_key >= from_day
                              AND f.event_time >= (from_day - 1)::timestamp AT TIME ZONE 'UTC'))
    AND (to_day IS NULL OR (f.time_key <= to_day
                            AND f.event_time < (to_day + 2)::timestamp AT TIME ZONE 'UTC'));
END;
COMMENT ON FUNCTION kpi_sales_lines(date, date) IS
'Sales lines as every KPI sees them, from_day to to_day inclusive (NULL: open). revenue is sales_amount: after discount, negative on a return; units are negative on a return; is_return tells the two apart. Constant bounds prune partitions.';

-- Found through the key, whose first column is event_time; days follow instants, so no other day is later.
CREATE FUNCTION kpi_first_day() RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT f.time_key FROM sales_fact f ORDER BY f.event_time LIMIT 1;
END;
COMMENT ON FUNCTION kpi_first_day() IS 'First sales day in the warehouse. NULL without sales.';

CREATE FUNCTION kpi_last_day() RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT f.time_key FROM sales_fact f ORDER BY f.event_time DESC LIMIT 1;
END;
COMMENT ON FUNCTION kpi_last_day() IS 'Latest sales day in the warehouse: the reports'' "today". NULL without sales.';
