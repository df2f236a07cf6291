-- KPIs of the data itself: what they cover, and what they do not know.

CREATE VIEW kpi_data_range AS
SELECT min(f.day) AS first_day,
       max(f.day) AS last_day,
       COALESCE(max(f.day) - min(f.day) + 1, 0) AS days,
       COALESCE(sum(f.orders), 0)::bigint AS orders,
       COALESCE(sum(f.untimed_orders), 0)::bigint AS untimed_orders,
       COALESCE(sum(f.conflicting_orders), 0)::bigint AS conflicting_orders
FROM (SELECT s.day, s.orders, s.untimed_orders, s.conflicting_orders
      FROM order_day s
      WHERE s.orders > 0
      UNION ALL
      SELECT o.day, r.* FROM kpi_open_order_days(NULL, NULL) AS o (day) CROSS JOIN LATERAL kpi_data_range_of(o.day) r) f;
COMMENT ON VIEW kpi_data_range IS
'Which days do the orders cover, and how many of them have no good times?
Formula: first and latest local day of the orders; untimed_orders = those whose order time no event has told; conflicting_orders = those whose times contradict each other.
Grain: one row
Unit: days, orders
NULL: first_day and last_day are NULL in an empty warehouse
Source: orders_fact';

CREATE VIEW kpi_unknown_members AS
WITH hours AS MATERIALIZED (
  SELECT f.city_key, sum(f.orders)::bigint AS orders, sum(f.all_amount) AS amount, sum(f.restaurantless_orders)::bigint AS restaurantless, sum(f.restaurantless_amount) AS restaurantless_amount,
         sum(f.customerless_orders)::bigint AS customerless, sum(f.customerless_amount) AS customerless_amount, sum(f.driverless_orders)::bigint AS driverless,
         sum(f.driverless_amount) AS driverless_amount
  FROM (SELECT s.city_key, s.orders, s.all_amount, s.restaurantless_orders, s.restaurantless_amount, s.customerless_orders, s.customerless_amount, s.driverless_orders, s.driverless_amount
        FROM order_mode_day s
        WHERE s.day IN (SELECT o.day FROM order_day o)
        UNION ALL
        SELECT r.* FROM kpi_open_order_days(NULL, NULL) AS o (day) CROSS JOIN LATERAL kpi_unknown_members_of(o.day) r) f
  GROUP BY f.city_key
), total AS (
  SELECT COALESCE(sum(h.orders), 0)::bigint AS orders FROM hours h
), inferred AS (
  SELECT 'city' AS dimension, count(*) AS members FROM city_dim WHERE is_inferred
  UNION ALL SELECT 'restaurant', count(*) FROM restaurant_dim WHERE is_inferred
  UNION ALL SELECT 'customer', count(*) FROM customer_dim WHERE is_inferred
  UNION ALL SELECT 'driver', count(*) FROM driver_dim WHERE is_inferred
), unknown AS (
  SELECT 'city' AS dimension, h.orders, h.amount FROM hours h WHERE h.city_key = '?'
  UNION ALL SELECT 'restaurant', sum(h.restaurantless)::bigint, sum(h.restaurantless_amount) FROM hours h
  UNION ALL SELECT 'customer', sum(h.customerless)::bigint, sum(h.customerless_amount) FROM hours h
  UNION ALL SELECT 'driver', sum(h.driverless)::bigint, sum(h.driverless_amount) FROM hours h
)
SELECT i.dimension,
       COALESCE(u.orders, 0) AS unknown_orders,
       kpi_percent(COALESCE(u.orders, 0), t.orders) AS unknown_order_percent,
       COALESCE(u.amount, 0) AS unknown_amount,
       i.members AS inferred_members
FROM inferred i
CROSS JOIN total t
LEFT JOIN unknown u ON u.dimension = i.dimension;
COMMENT ON VIEW kpi_unknown_members IS
'How many orders have no known city, restaurant, customer or driver?
Formula: orders whose key is ''?'', their share of all and their amount; members known only from facts (inferred) beside them. An order without a driver may just not be assigned yet.
Grain: one row per dimension
Unit: orders, percent, currency
NULL: the share when there are no orders
Source: orders_fact, city_dim, restaurant_history, customer_history, driver_history';
