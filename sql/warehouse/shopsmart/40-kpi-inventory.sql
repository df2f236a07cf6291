-- KPIs of stock: cover, trend, turnover, replenishment. A snapshot's store_key '-' counts the whole chain's
-- stock and is held against the sales of all stores; any other against that store's own.

CREATE FUNCTION kpi_stock_pace_of(last_day date, window_days integer) RETURNS SETOF stock_pace
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  WITH sold AS (
    SELECT f.product_key, f.store_key, sum(f.units) AS units
    FROM kpi_sales_lines() f
    WHERE f.day > last_day - window_days AND f.day <= last_day
      AND f.event_time >= (last_day - window_days)::timestamp AT TIME ZONE 'UTC'
      AND f.event_time < (last_day + 2)::timestamp AT TIME ZONE 'UTC'
    GROUP BY f.product_key, f.store_key
  )
  SELECT s.product_key, s.store_key, s.units FROM sold s WHERE s.store_key <> '-'
  UNION ALL
  SELECT s.product_key, '-', sum(s.units) FROM sold s GROUP BY s.product_key;
END;
COMMENT ON FUNCTION kpi_stock_pace_of(date, integer) IS 'The rows of stock_pace for another last day and number of days, from sales_fact. None for NULL.';

-- Of the two halves only one is read. Its arguments are subqueries where it is called, which keeps it out of the caller's plan: there the
-- choice between the halves would be made row by row.
CREATE FUNCTION kpi_stock_pace(last_day date, window_days integer) RETURNS SETOF stock_pace
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.* FROM stock_pace s WHERE last_day = (SELECT kpi_last_day()) AND window_days = 28 AND (SELECT kpi_all_summed())
  UNION ALL
  SELECT l.* FROM kpi_stock_pace_of(last_day, window_days) l
  WHERE (last_day = (SELECT kpi_last_day()) AND window_days = 28 AND (SELECT kpi_all_summed())) IS NOT TRUE;
END;
COMMENT ON FUNCTION kpi_stock_pace(date, integer) IS 'The rows of stock_pace for a last day and a number of days: of 28 days up to the latest sale as summed up, else from sales_fact.';

CREATE FUNCTION kpi_stock_latest_of(last_day date) RETURNS SETOF stock_latest
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT i.product_key, i.store_key, i.time_key, i.stock_on_hand, i.reorder_level, i.supplier_id
  FROM (SELECT l.product_key, l.store_key, max(l.event_time) AS event_time
        FROM inventory_fact l
        WHERE l.time_key <= last_day
        GROUP BY l.product_key, l.store_key) l
  JOIN inventory_fact i ON i.product_key = l.product_key AND i.store_key = l.store_key AND i.event_time = l.event_time;
END;
COMMENT ON FUNCTION kpi_stock_latest_of(date) IS 'The rows of stock_latest up to another day, from inventory_fact. None for NULL.';

CREATE FUNCTION kpi_stock_latest(last_day date) RETURNS SETOF stock_latest
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.* FROM stock_latest s WHERE last_day = (SELECT kpi_last_day()) AND EXISTS (SELECT FROM stock_summed)
  UNION ALL
  SELECT l.* FROM kpi_stock_latest_of(last_day) l WHERE (last_day = (SELECT kpi_last_day()) AND EXISTS (SELECT FROM stock_summed)) IS NOT TRUE;
END;
COMMENT ON FUNCTION kpi_stock_latest(date) IS 'The rows of stock_latest up to a day: up to the latest sales day as summed up, else from inventory_fact. None for NULL.';

CREATE FUNCTION kpi_stock_mean_of(first_day date, last_day date) RETURNS SETOF stock_mean
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.product_key, avg(s.stock)
  FROM (SELECT i.product_key, i.time_key, COALESCE(sum(i.stock_on_hand) FILTER (WHERE i.store_key = '-'), sum(i.stock_on_hand)) AS stock
        FROM inventory_fact i
        WHERE i.time_key BETWEEN first_day AND last_day
        GROUP BY i.product_key, i.time_key) s
  GROUP BY s.product_key;
END;
COMMENT ON FUNCTION kpi_stock_mean_of(date, date) IS 'The rows of stock_mean for other days, first_day to last_day inclusive, from inventory_fact. None for NULL.';

CREATE FUNCTION kpi_stock_mean(first_day date, last_day date) RETURNS SETOF stock_mean
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
  SELECT s.* FROM stock_mean s
  WHERE last_day = (SELECT kpi_last_day()) AND first_day = (SELECT GREATEST(kpi_first_day(), kpi_last_day() - 364)) AND EXISTS (SELECT FROM stock_summed)
  UNION ALL
  SELECT l.* FROM kpi_stock_mean_of(first_day, last_day) l
  WHERE (last_day = (SELECT kpi_last_day()) AND first_day = (SELECT GREATEST(kpi_first_day(), kpi_last_day() - 364)) AND EXISTS (SELECT FROM stock_summed)) IS NOT TRUE;
END;
COMMENT ON FUNCTION kpi_stock_mean(date, date) IS 'The rows of stock_mean for the days first_day to last_day: of the year up to the latest sales day as summed up, else from inventory_fact. None for NULL.';

CREATE FUNCTION kpi_stock_cover(as_of date DEFAULT NULL, window_days integer DEFAULT 28)
RETURNS TABLE (product_id text, product_name text, category text, store_id text, snapshot_day date,
               snapshot_age_days integer, stock_on_hand numeric, reorder_level numeric, supplier_id text,
               units_in_window numeric, mean_daily_units numeric, days_of_cover numeric,
               projected_stock_out date)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH today AS (
    SELECT COALESCE(as_of, kpi_last_day(),
                    (SELECT max(i.time_key) FROM inventory_fact i)) AS day
  ), stock AS (
    SELECT l.* FROM kpi_stock_latest((SELECT t.day FROM today t)) l
  ), together AS (  -- stacked and grouped rather than joined: no estimate of a window's sales can mislead it
    SELECT k.product_key, k.store_key, k.time_key, k.stock_on_hand, k.reorder_level,
           k.supplier_id COLLATE "C" AS supplier_id, 0::numeric AS units
    FROM stock k
    UNION ALL
    SELECT s.product_key, s.store_key, NULL, NULL, NULL, NULL, s.units FROM kpi_stock_pace((SELECT t.day FROM today t), (SELECT window_days)) s
    WHERE s.store_key = ANY (ARRAY(SELECT k.store_key FROM stock k GROUP BY k.store_key))  -- most snapshots are of the whole chain alone
  ), paced AS (
    SELECT g.product_key, g.store_key, max(g.time_key) AS time_key, max(g.stock_on_hand) AS stock_on_hand,
           max(g.reorder_level) AS reorder_level, max(g.supplier_id) AS supplier_id, sum(g.units) AS units
    FROM together g
    GROUP BY g.product_key, g.store_key
    HAVING max(g.time_key) IS NOT NULL
  )
  SELECT x.product_key, COALESCE(p.product_name, 'Unknown'), COALESCE(p.category, 'Unknown'), x.store_key,
         x.time_key, (SELECT t.day FROM today t) - x.time_key, x.stock_on_hand, x.reorder_level,
         COALESCE(x.supplier_id, p.supplier_id), x.units, kpi_ratio(GREATEST(x.units, 0), window_days),
         CASE WHEN x.stock_on_hand = 0 THEN 0 ELSE kpi_ratio(x.stock_on_hand * window_days, x.units) END,
         -- multiplied before it is divided: 10 / (1 / 28) is 279.99..., 10 x 28 / 1 is 280
         CASE WHEN x.stock_on_hand = 0 THEN x.time_key
              WHEN x.units > 0
              THEN x.time_key + LEAST(floor(x.stock_on_hand * window_days / x.units), 36500)::integer END
  FROM paced x
  LEFT JOIN product_dim p ON p.product_id = x.product_key;
END;

CREATE VIEW kpi_stock_cover AS SELECT * FROM kpi_stock_cover();
COMMENT ON VIEW kpi_stock_cover IS
'How long does the stock on hand last at the present rate of sale?
Formula: days_of_cover = stock_on_hand of the latest snapshot / mean_daily_units; mean_daily_units = net units sold in the 28 days up to the latest sales day / 28 (the function takes another day and window); projected_stock_out = snapshot day + whole days of cover, at most a hundred years on; without stock the cover is 0, whatever is sold. What arrived or was sold since the snapshot is not in the stock: see snapshot_age_days.
Grain: product and store of the snapshot (''-'': the whole chain)
Unit: units, days
NULL: days_of_cover and projected_stock_out when there is stock and nothing was sold in the window (no end in sight); reorder_level and supplier_id where the source named none
Source: inventory_fact, sales_fact, product_history';

CREATE FUNCTION kpi_stock_week_of() RETURNS SETOF stock_week
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  WITH product_stock AS (  -- one figure per product and snapshot day; a chain-wide row has precedence over stores
    SELECT i.product_key, i.time_key,
           COALESCE(sum(i.stock_on_hand) FILTER (WHERE i.store_key = '-'), sum(i.stock_on_hand)) AS stock
    FROM inventory_fact i GROUP BY i.product_key, i.time_key
  ), together AS (  -- stacked and grouped rather than joined
    SELECT s.product_key, date_trunc('week', s.time_key::timestamp)::date AS week_start, s.stock, NULL::numeric AS units
    FROM product_stock s
    UNION ALL
    SELECT f.product_key, f.week_start, NULL, f.units FROM kpi_product_week() f
  ), weekly AS (
    SELECT t.product_key, t.week_start, avg(t.stock) AS stock, sum(t.units) AS units FROM together t GROUP BY 1, 2
  )
  SELECT w.week_start, COALESCE(p.category, 'Unknown'), sum(w.stock), COALESCE(sum(w.units), 0), sum(w.units) FILTER (WHERE w.stock IS NOT NULL)
  FROM weekly w
  LEFT JOIN product_dim p ON p.product_id = w.product_key
  GROUP BY 1, 2;
END;
COMMENT ON FUNCTION kpi_stock_week_of() IS 'The rows of stock_week, from inventory_fact and kpi_product_week.';

CREATE FUNCTION kpi_stock_week() RETURNS SETOF stock_week
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT s.* FROM stock_week s WHERE EXISTS (SELECT FROM stock_summed)
  UNION ALL
  SELECT l.* FROM kpi_stock_week_of() l WHERE NOT EXISTS (SELECT FROM stock_summed);
END;
COMMENT ON FUNCTION kpi_stock_week() IS 'The rows of stock_week: as summed up, or from inventory_fact and kpi_product_week.';

CREATE VIEW kpi_stock_sales_trend AS
SELECT w.week_start, w.category, round(w.stock_on_hand, 2) AS stock_on_hand, w.units,
       kpi_ratio(w.stock_on_hand, w.units_with_stock) AS weeks_of_cover,
       w.units - COALESCE(w.units_with_stock, 0) AS units_without_stock
FROM kpi_stock_week() w;
COMMENT ON VIEW kpi_stock_sales_trend IS
'How does the stock on hand move against sales, week by week?
Formula: stock_on_hand = sum over products of the mean of the week''s snapshots; units = net units sold in the week; weeks_of_cover = stock_on_hand / units of the products with a snapshot; units_without_stock = sold units of products without a snapshot in the week.
Grain: week (its Monday) and product category as it is now
Unit: units, weeks
NULL: stock_on_hand without a snapshot in the week; weeks_of_cover without it or without sales
Source: inventory_fact, sales_fact, product_history';

-- Both sides of the cost ratio are valued at the product's current unit cost, so a change of cost does not
-- look like a change of speed.
CREATE FUNCTION kpi_product_turnover(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (product_id text, product_name text, category text, period_days integer, units numeric,
               average_stock numeric, unit_cost numeric, turnover_ratio numeric, days_per_turn numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH bounds AS (
    SELECT kpi_first_day() AS first_day, kpi_last_day() AS last_day
  ), period AS (
    SELECT COALESCE(to_day, b.last_day) AS last_day,
           COALESCE(from_day, GREATEST(b.first_day, COALESCE(to_day, b.last_day) - 364)) AS first_day
    FROM bounds b
  ), stock AS (
    SELECT s.product_key, s.stock FROM kpi_stock_mean((SELECT p.first_day FROM period p), (SELECT p.last_day FROM period p)) s
  ), months AS (
    SELECT o.* FROM period p CROSS JOIN LATERAL kpi_sales_months(p.first_day, p.last_day) o WHERE p.first_day IS NOT NULL AND p.last_day IS NOT NULL
  ), sold AS (  -- as kpi_product_month(), but the days that lines lie between are the report's: those of the period are not known when it is planned
    SELECT f.product_key, sum(f.units_sold - f.units_returned) AS units
    FROM (SELECT s.product_key, s.units_sold, s.units_returned FROM product_month s WHERE s.month_start IN (SELECT o.month_start FROM months o WHERE o.is_whole)
          UNION ALL
          SELECT l.product_key, l.units_sold, l.units_returned FROM months o CROSS JOIN LATERAL kpi_product_month_of(o.first_day, o.last_day, from_day, to_day) l WHERE NOT o.is_whole) f
    GROUP BY f.product_key
  ), paced AS (
    SELECT COALESCE(k.product_key, u.product_key) AS product_key, COALESCE(u.units, 0) AS units, k.stock,
           (SELECT p.last_day - p.first_day + 1 FROM period p) AS days
    FROM stock k
    FULL JOIN sold u ON u.product_key = k.product_key
  )
  SELECT x.product_key, COALESCE(p.product_name, 'Unknown'), COALESCE(p.category, 'Unknown'), x.days, x.units,
         x.stock, p.unit_cost, kpi_ratio(x.units * 365, x.stock * x.days),
         kpi_ratio(x.stock * x.days, x.units)
  FROM paced x
  LEFT JOIN product_dim p ON p.product_id = x.product_key;
END;

CREATE VIEW kpi_product_turnover AS SELECT * FROM kpi_product_turnover();
COMMENT ON VIEW kpi_product_turnover IS
'How often a year is each product''s stock sold and renewed?
Formula: turnover_ratio = net units sold x 365 / period_days / average_stock; average_stock = mean of the product''s snapshots in the period; days_per_turn = average_stock x period_days / units. Period: the 365 days up to the latest sales day, or from the first sale if that is later.
Grain: product with sales or stock in the period
Unit: units, turns a year, days
NULL: average_stock without a snapshot in the period; turnover_ratio then, and when the average stock is zero; days_per_turn without stock figures or sales; unit_cost where not known
Source: inventory_fact, sales_fact, product_history';

CREATE FUNCTION kpi_stock_turnover_by_category(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (category text, period_days integer, units numeric, average_stock numeric, turnover_ratio numeric,
               days_per_turn numeric, cost_of_goods_sold numeric, average_stock_cost numeric,
               cost_turnover_ratio numeric, units_without_stock numeric, stock_without_cost numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH categories AS (
    SELECT t.category, min(t.period_days) AS days,
           COALESCE(sum(t.units) FILTER (WHERE t.average_stock IS NOT NULL), 0) AS units,
           sum(t.average_stock) AS stock,
           sum(t.units * t.unit_cost) FILTER (WHERE t.average_stock IS NOT NULL) AS sold_cost,
           sum(t.average_stock * t.unit_cost) AS stock_cost,
           COALESCE(sum(t.units) FILTER (WHERE t.average_stock IS NULL), 0) AS units_without_stock,
           COALESCE(sum(t.average_stock) FILTER (WHERE t.unit_cost IS NULL), 0) AS stock_without_cost
    FROM kpi_product_turnover(from_day, to_day) t
    GROUP BY t.category
  )
  SELECT c.category, c.days, c.units, round(c.stock, 2), kpi_ratio(c.units * 365, c.stock * c.days),
         kpi_ratio(c.stock * c.days, c.units), round(c.sold_cost, 2), round(c.stock_cost, 2),
         kpi_ratio(c.sold_cost * 365, c.stock_cost * c.days), c.units_without_stock,
         round(c.stock_without_cost, 2)
  FROM categories c;
END;

CREATE VIEW kpi_stock_turnover_by_category AS SELECT * FROM kpi_stock_turnover_by_category();
COMMENT ON VIEW kpi_stock_turnover_by_category IS
'How often a year is the stock of each category sold and renewed?
Formula: turnover_ratio = net units sold x 365 / period_days / average_stock over products with stock figures; cost_turnover_ratio = the same in money, units and stock both at the product''s unit cost, over products whose cost is known; days_per_turn = average_stock x period_days / units. Period as in kpi_product_turnover.
Grain: product category as it is now
Unit: units, currency, turns a year, days
NULL: ratios without stock figures (or known costs); days_per_turn also without sales
Source: inventory_fact, sales_fact, product_history';

CREATE FUNCTION kpi_stock_turnover(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (period_days integer, units numeric, average_stock numeric, turnover_ratio numeric,
               days_per_turn numeric, cost_of_goods_sold numeric, average_stock_cost numeric,
               cost_turnover_ratio numeric, units_without_stock numeric, stock_without_cost numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH total AS (
    SELECT min(t.period_days) AS days,
           COALESCE(sum(t.units) FILTER (WHERE t.average_stock IS NOT NULL), 0) AS units,
           sum(t.average_stock) AS stock,
           sum(t.units * t.unit_cost) FILTER (WHERE t.average_stock IS NOT NULL) AS sold_cost,
           sum(t.average_stock * t.unit_cost) AS stock_cost,
           COALESCE(sum(t.units) FILTER (WHERE t.average_stock IS NULL), 0) AS units_without_stock,
           COALESCE(sum(t.average_stock) FILTER (WHERE t.unit_cost IS NULL), 0) AS stock_without_cost
    FROM kpi_product_turnover(from_day, to_day) t
  )
  SELECT c.days, c.units, round(c.stock, 2), kpi_ratio(c.units * 365, c.stock * c.days),
         kpi_ratio(c.stock * c.days, c.units), round(c.sold_cost, 2), round(c.stock_cost, 2),
         kpi_ratio(c.sold_cost * 365, c.stock_cost * c.days), c.units_without_stock,
         round(c.stock_without_cost, 2)
  FROM total c;
END;

CREATE VIEW kpi_stock_turnover AS SELECT * FROM kpi_stock_turnover();
COMMENT ON VIEW kpi_stock_turnover IS
'How often a year is the whole stock sold and renewed?
Formula: as kpi_stock_turnover_by_category, over all products.
Grain: one row
Unit: units, currency, turns a year, days
NULL: period_days without sales; ratios without stock figures (or known costs)
Source: inventory_fact, sales_fact, product_history';

CREATE FUNCTION kpi_replenishment(as_of date DEFAULT NULL, window_days integer DEFAULT 28,
                                  lead_time_days integer DEFAULT 7, cover_days integer DEFAULT 28)
RETURNS TABLE (priority bigint, product_id text, product_name text, category text, store_id text,
               supplier_id text, snapshot_day date, stock_on_hand numeric, reorder_level numeric,
               is_under_reorder_level boolean, mean_daily_units numeric, days_of_cover numeric,
               projected_stock_out date, order_by_day date, suggested_order_units numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH today AS (
    SELECT COALESCE(as_of, kpi_last_day(),
                    (SELECT max(i.time_key) FROM inventory_fact i)) AS day
  ), planned AS (
    SELECT c.*, COALESCE(c.stock_on_hand <= c.reorder_level, false) AS is_under,
           GREATEST(c.units_in_window, 0) AS units
    FROM kpi_stock_cover(as_of, window_days) c
  ), listed AS (
    SELECT p.*,
           GREATEST(ceil((GREATEST(COALESCE(p.reorder_level, 0) * window_days, p.units * lead_time_days)
                          + p.units * cover_days - p.stock_on_hand * window_days) / NULLIF(window_days, 0)), 0)
             AS suggested
    FROM planned p
    WHERE p.is_under
       OR p.projected_stock_out <= (SELECT t.day FROM today t) + lead_time_days
  )
  SELECT row_number() OVER (ORDER BY l.is_under DESC, l.projected_stock_out, l.units DESC,
                                     l.product_id COLLATE "C", l.store_id COLLATE "C"),
         l.product_id, l.product_name, l.category, l.store_id, l.supplier_id, l.snapshot_day, l.stock_on_hand,
         l.reorder_level, l.is_under, l.mean_daily_units, l.days_of_cover, l.projected_stock_out,
         l.projected_stock_out - lead_time_days, l.suggested
  FROM listed l
  ORDER BY 1;
END;

CREATE VIEW kpi_replenishment AS SELECT * FROM kpi_replenishment();
COMMENT ON VIEW kpi_replenishment IS
'What has to be ordered, how much and by when?
Formula: listed are items at or under their reorder level, and items that run out within the lead time (7 days) at the mean daily units of the last 28 days; order_by_day = projected_stock_out - lead time; suggested_order_units = max(reorder_level, demand in the lead time) + demand of 28 days - stock, rounded up, not below zero. The function takes another day, window, lead time and cover. priority: under the reorder level first, then the earliest stock-out, then the fastest seller.
Grain: product and store of the snapshot (''-'': the whole chain)
Unit: units, days
NULL: days_of_cover, projected_stock_out and order_by_day when there is stock and nothing was sold in the window; reorder_level where the source named none
Source: inventory_fact, sales_fact, product_history';
