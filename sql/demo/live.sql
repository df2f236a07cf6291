-- One line of a QuickEats warehouse that a stream is running into: what the live reports say now.
--   psql -XAt -F ' ' -v schema=live -f sql/demo/live.sql
SET search_path = :"schema", pg_catalog;
SET client_min_messages = warning;
WITH now AS (SELECT kpi_now() AS moment),
active AS (
  SELECT sum(open_orders) AS open
  FROM now, kpi_active_orders_per_minute(date_trunc('minute', now.moment), now.moment)
),
orders AS (
  SELECT count(*) AS orders, count(delivered_time) AS delivered, round(avg(delivery_time), 1) AS minutes
  FROM orders_fact
),
promise AS (SELECT round(sum(on_time_percent * deliveries) / nullif(sum(deliveries), 0), 1) AS on_time FROM kpi_on_time_by_city),
drivers AS (SELECT sum(available_drivers) AS free FROM kpi_driver_heatmap),
topics AS (SELECT sum(next_offset) AS messages, sum(end_offset - next_offset) AS lag FROM source_partition),
rejects AS (SELECT count(*) AS rejected FROM quarantine)
SELECT format('  %-17s%8s%8s%11s%10s%10s%14s%11s%10s', COALESCE(to_char(now.moment, 'DD Mon HH24:MI'), '-'), orders.orders, COALESCE(active.open, 0), orders.delivered,
              COALESCE(orders.minutes::text, '-'), COALESCE(promise.on_time::text, '-'), COALESCE(drivers.free, 0), topics.messages, rejects.rejected)
FROM now, active, orders, promise, drivers, topics, rejects;
