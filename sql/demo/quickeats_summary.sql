-- The main KPIs of a QuickEats warehouse on one screen:
--   psql -X -f sql/demo/quickeats_summary.sql                      the warehouse in schema quickeats
--   psql -X -v schema=my_eats -f sql/demo/quickeats_summary.sql    the one in another schema
-- Reads only, and stops at the first error. docs/quickeats-kpis.md explains the reports.
\set ON_ERROR_STOP 1
\set QUIET 1
\if :{?schema}
\else
  \set schema quickeats
\endif
SET client_min_messages = warning;
SET search_path = :"schema", pg_catalog;
\pset pager off
\pset footer off
\pset border 1
\pset null '-'
\pset numericlocale on

SELECT count(*) > 0 AS has_orders, COALESCE(min(time_key)::date::text, '') AS first_day, COALESCE(max(time_key)::date::text, '') AS last_day
FROM orders_fact \gset
\echo
\if :has_orders
  \echo 'Orders from' :first_day 'to' :last_day 'in the warehouse' :schema
\else
  \echo 'No orders yet in the warehouse' :schema
  \quit
\endif

\echo
\echo '-- The service in a line'
SELECT orders, average_delivery_time AS "minutes to the door", on_time_percent AS "on time %", payment_success_percent AS "paid %",
       refund_percent AS "refunded %", repeat_percent AS "repeat %", peak_windows AS peaks
FROM kpi_summary;
\echo '-- Cities: delivery, promise, feedback'
SELECT d.city_name AS city, d.deliveries, d.average_eta AS eta, d.average_delivery_time AS minutes, d.average_delay AS delay, d.on_time_percent AS "on time %",
       f.average_score AS score, f.complaint_percent AS "complaints %"
FROM kpi_on_time_by_city d LEFT JOIN kpi_feedback_by_city f USING (city_id)
ORDER BY d.deliveries DESC;
\echo '-- What delays deliveries, all else equal (minutes, with the 95 % interval)'
SELECT factor, compared, plain_difference AS plainly, effect_minutes AS effect, effect_low AS low, effect_high AS high, compared_orders AS orders
FROM kpi_delay_drivers;
\echo '-- Payments by mode'
SELECT a.payment_mode AS mode, a.attempts, a.failure_percent AS "failed %", p.success AS "orders paid %", p.rescued AS "rescued by a retry", a.most_frequent_reason AS "most frequent reason"
FROM kpi_payment_attempts a
LEFT JOIN (SELECT payment_mode, kpi_percent(sum(paid_orders), sum(orders)) AS success, sum(rescued_orders) AS rescued FROM kpi_payment_success GROUP BY 1) p USING (payment_mode)
ORDER BY a.attempts DESC;
\echo '-- The five top restaurants, the five busiest drivers'
SELECT revenue_rank AS rank, left(restaurant_name, 34) AS restaurant, city_name AS city, orders, revenue, average_rating AS rating, average_score AS score
FROM kpi_top_restaurants ORDER BY revenue_rank, restaurant_id LIMIT 5;
SELECT driver_name AS driver, deliveries, busy_minutes AS "busy min", overlap_minutes AS "two at once", online_minutes AS "on line", utilisation_percent AS "used %"
FROM kpi_driver_utilisation ORDER BY deliveries DESC, driver_id LIMIT 5;
\echo '   Every report and what it answers: SELECT name, question FROM kpi_catalog;'
