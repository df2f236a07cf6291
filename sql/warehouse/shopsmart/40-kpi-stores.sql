-- KPIs of stores.

CREATE FUNCTION kpi_store_ranking(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (city_tier text, tier_rank bigint, store_id text, store_name text, city text, region text,
               revenue numeric, tier_percent numeric, tier_median_revenue numeric,
               against_median_percent numeric, units numeric, orders bigint, average_order_value numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH sales AS (
    SELECT f.store_key, sum(f.revenue) AS revenue, sum(f.revenue + f.returned) AS gross, sum(f.units) AS units, sum(f.orders)::bigint AS orders
    FROM kpi_store_day(from_day, to_day) f
    GROUP BY f.store_key
  ), stores AS (
    SELECT COALESCE(d.city_tier, 'Unknown') AS city_tier, COALESCE(d.store_id, s.store_key) AS store_id,
           d.store_name, d.city, COALESCE(d.region, 'Unknown') AS region, COALESCE(s.revenue, 0) AS revenue,
           COALESCE(s.gross, 0) AS gross, COALESCE(s.units, 0) AS units, COALESCE(s.orders, 0) AS orders
    FROM store_dim d
    FULL JOIN sales s ON s.store_key = d.store_id
    WHERE s.store_key IS NOT NULL OR d.store_id NOT IN ('?', '-', 'ONLINE')
  ), tiers AS (
    SELECT x.city_tier, sum(x.revenue) AS revenue,
           (percentile_disc(0.5) WITHIN GROUP (ORDER BY x.revenue)
            + percentile_disc(0.5) WITHIN GROUP (ORDER BY x.revenue DESC)) / 2 AS median
    FROM stores x GROUP BY x.city_tier
  )
  SELECT x.city_tier, rank() OVER (PARTITION BY x.city_tier ORDER BY x.revenue DESC), x.store_id,
         x.store_name, x.city, x.region, x.revenue, kpi_percent(x.revenue, t.revenue), round(t.median, 2),
         kpi_percent(x.revenue - t.median, t.median), x.units, x.orders, kpi_ratio(x.gross, x.orders)
  FROM stores x
  JOIN tiers t ON t.city_tier = x.city_tier
  ORDER BY 1, 2, x.store_id COLLATE "C";
END;

CREATE VIEW kpi_store_ranking AS SELECT * FROM kpi_store_ranking();
COMMENT ON VIEW kpi_store_ranking IS
'Which stores lead and which trail among stores of the same city tier?
Formula: rank by net revenue within the tier (equals share a rank); tier_percent = share of the tier''s revenue; against_median_percent = (revenue - median of the tier) / median. Stores without sales take part with zero; the online shop and the unknown store only when they have sales.
Grain: store
Unit: currency, percent, units, orders
NULL: store_name and city of a store known only from its sales; shares when the tier''s total or median is not positive; average_order_value without orders
Source: sales_fact, store_dim';
