-- KPIs, shared ground. What a day, a delivery, a charged order, a percentage and "now" mean is settled here
-- once; the files 40-kpi-*.sql hold the reports. Rules that all of them keep:
--   * A report is a plain view kpi_*. Where it can take parameters, a function of the same name takes them and
--     the view calls it with the defaults.
--   * Core SQL only: nothing of the extension, so the reports outlive DROP EXTENSION.
--   * Function bodies are SQL-standard (BEGIN ATOMIC): every reference is bound when the function is made, so
--     neither the caller's search_path nor a dump and restore can change their meaning. They carry no SET
--     clause on purpose: it would keep the planner from inlining them, and with that from pruning partitions.
--   * Sums are exact (numeric). Percentages, ratios and averages are rounded to two places, half away from
--     zero; what they are made of stands beside them.
--   * Unknown members ('?') appear as 'Unknown', a member known from facts only under its id.
--   * Orders whose times contradict each other (time_conflict) have no delivery time: they are left out of
--     averages and shown beside them.
--   * "Now" is the latest event in the warehouse, not the clock's: history reports as it would have then.

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
-- UTC, so a day's margin on either side prunes partitions without knowing the zone; the hour decides.
CREATE FUNCTION kpi_orders(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (time_key timestamp, city_key text, restaurant_key text, customer_key text, driver_key text, restaurant_version bigint,
               customer_version bigint, driver_version bigint, event_time timestamptz, order_id text, status text,
               order_time timestamptz, accepted_time timestamptz, assigned_time timestamptz, prepared_time timestamptz,
               picked_up_time timestamptz, delivered_time timestamptz, cancelled_time timestamptz, time_conflict integer,
               total_amount numeric, discount_applied numeric, commission numeric, tip numeric, delivery_time numeric,
               promised_minutes numeric, traffic_level text, weather text, payment_mode text, payment_success integer,
               payment_attempts integer, paid_amount numeric, refunded_amount numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
  SELECT f.time_key, f.city_key, f.restaurant_key, f.customer_key, f.driver_key, f.restaurant_version, f.customer_version,
         f.driver_version, f.event_time, f.order_id, f.status, f.order_time, f.accepted_time, f.assigned_time, f.prepared_time,
         f.picked_up_time, f.delivered_time, f.cancelled_time, f.time_conflict, f.total_amount, f.discount_applied,
         f.commission, f.tip, f.delivery_time, f.promised_minutes, f.traffic_level, f.weather, f.payment_mode,
         f.payment_success, f.payment_attempts, f.paid_amount, f.refunded_amount
  FROM orders_fact f
  WHERE (from_day IS NULL OR (f.time_key >= from_day::timestamp AND f.event_time >= (from_day - 1)::timestamp AT TIME ZONE 'UTC'))
    AND (to_day IS NULL OR (f.time_key < (to_day + 1)::timestamp AND f.event_time < (to_day + 2)::timestamp AT TIME ZONE 'UTC'));
END;
COMMENT ON FUNCTION kpi_orders(date, date) IS
'Orders placed from from_day to to_day inclusive (NULL: open), local days. Constant bounds prune partitions.';

CREATE FUNCTION kpi_deliveries(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (time_key timestamp, city_key text, driver_key text, driver_version bigint, event_time timestamptz, order_id text,
               driver_id text, city_id text, picked_up_time timestamptz, delivered_time timestamptz, avg_eta numeric,
               delivery_time numeric, delay_minutes numeric, on_time integer, distance_travelled numeric, distance_source text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
  SELECT f.time_key, f.city_key, f.driver_key, f.driver_version, f.event_time, f.order_id, f.driver_id, f.city_id,
         f.picked_up_time, f.delivered_time, f.avg_eta, f.delivery_time, f.delay_minutes, f.on_time, f.distance_travelled,
         f.distance_source
  FROM delivery_fact f
  WHERE f.delivered_time IS NOT NULL
    AND (from_day IS NULL OR (f.time_key >= from_day::timestamp AND f.event_time >= (from_day - 1)::timestamp AT TIME ZONE 'UTC'))
    AND (to_day IS NULL OR (f.time_key < (to_day + 1)::timestamp AND f.event_time < (to_day + 2)::timestamp AT TIME ZONE 'UTC'));
END;
COMMENT ON FUNCTION kpi_deliveries(date, date) IS
'Finished deliveries of the orders placed from from_day to to_day inclusive (NULL: open), local days. Constant bounds prune partitions.';

-- For joins with time_dim: a filter on its columns says nothing to the server about event_time, by which the facts are cut.
CREATE FUNCTION orders_between(from_day date, to_day date)
RETURNS TABLE (time_key timestamp, city_key text, restaurant_key text, customer_key text, driver_key text, restaurant_version bigint,
               customer_version bigint, driver_version bigint, event_time timestamptz, order_id text, status text,
               order_time timestamptz, accepted_time timestamptz, assigned_time timestamptz, prepared_time timestamptz,
               picked_up_time timestamptz, delivered_time timestamptz, cancelled_time timestamptz, time_conflict integer,
               total_amount numeric, discount_applied numeric, commission numeric, tip numeric, delivery_time numeric,
               promised_minutes numeric, traffic_level text, weather text, payment_mode text, payment_success integer,
               payment_attempts integer, paid_amount numeric, refunded_amount numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
  SELECT f.time_key, f.city_key, f.restaurant_key, f.customer_key, f.driver_key, f.restaurant_version, f.customer_version,
         f.driver_version, f.event_time, f.order_id, f.status, f.order_time, f.accepted_time, f.assigned_time, f.prepared_time,
         f.picked_up_time, f.delivered_time, f.cancelled_time, f.time_conflict, f.total_amount, f.discount_applied,
         f.commission, f.tip, f.delivery_time, f.promised_minutes, f.traffic_level, f.weather, f.payment_mode,
         f.payment_success, f.payment_attempts, f.paid_amount, f.refunded_amount
  FROM orders_fact f
  WHERE f.time_key >= from_day::timestamp AND f.event_time >= (from_day - 1)::timestamp AT TIME ZONE 'UTC'
    AND f.time_key < (to_day + 1)::timestamp AND f.event_time < (to_day + 2)::timestamp AT TIME ZONE 'UTC';
END;
COMMENT ON FUNCTION orders_between(date, date) IS
'Orders of the warehouse''s days from_day to to_day inclusive, under the fact''s own names: to be joined with time_dim by time_key. Constant days prune partitions when the query is planned, days from a subquery in FROM (with LATERAL) when it runs. No rows for NULL.';

CREATE FUNCTION deliveries_between(from_day date, to_day date)
RETURNS TABLE (time_key timestamp, city_key text, driver_key text, driver_version bigint, event_time timestamptz, order_id text,
               driver_id text, city_id text, picked_up_time timestamptz, delivered_time timestamptz, avg_eta numeric,
               delivery_time numeric, delay_minutes numeric, on_time integer, distance_travelled numeric, distance_source text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
BEGIN ATOMIC
  SELECT f.time_key, f.city_key, f.driver_key, f.driver_version, f.event_time, f.order_id, f.driver_id, f.city_id,
         f.picked_up_time, f.delivered_time, f.avg_eta, f.delivery_time, f.delay_minutes, f.on_time, f.distance_travelled,
         f.distance_source
  FROM delivery_fact f
  WHERE f.time_key >= from_day::timestamp AND f.event_time >= (from_day - 1)::timestamp AT TIME ZONE 'UTC'
    AND f.time_key < (to_day + 1)::timestamp AND f.event_time < (to_day + 2)::timestamp AT TIME ZONE 'UTC';
END;
COMMENT ON FUNCTION deliveries_between(date, date) IS
'Deliveries of the warehouse''s days from_day to to_day inclusive, under the fact''s own names: to be joined with time_dim by time_key. Constant days prune partitions when the query is planned, days from a subquery in FROM (with LATERAL) when it runs. No rows for NULL.';

-- Found through the keys, whose first column is event_time.
CREATE FUNCTION kpi_first_day() RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT f.time_key::date FROM orders_fact f ORDER BY f.event_time LIMIT 1;
END;
COMMENT ON FUNCTION kpi_first_day() IS 'Local day of the first order. NULL without orders.';

CREATE FUNCTION kpi_last_day() RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT f.time_key::date FROM orders_fact f ORDER BY f.event_time DESC LIMIT 1;
END;
COMMENT ON FUNCTION kpi_last_day() IS 'Local day of the latest order: the reports'' "today". NULL without orders.';

-- The events themselves are asked where no feed has brought any.
CREATE FUNCTION kpi_now() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT COALESCE((SELECT max(c.latest_event) FROM order_clock c), (SELECT max(e.event_time) FROM order_event e));
END;
COMMENT ON FUNCTION kpi_now() IS 'Latest event of an order: the live reports'' "now". NULL without orders.';

-- Only the feeds keep these tables, with the clock.
CREATE FUNCTION kpi_open_since() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT max(c.latest_event) - interval '48 hours' FROM order_clock c;
END;
COMMENT ON FUNCTION kpi_open_since() IS 'The moment from which on open_order has every open order, and order_quarter every quarter of an hour with one that has ended: 48 hours before the latest event. NULL where no feed has brought any: reports read the facts then.';

CREATE FUNCTION kpi_last_ping() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT max(p.position_time) FROM driver_position p;
END;
COMMENT ON FUNCTION kpi_last_ping() IS 'Latest ping of any driver: "now" for reports of positions. NULL without pings.';

CREATE FUNCTION kpi_zone() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT w.time_zone FROM warehouse_info w;
END;
COMMENT ON FUNCTION kpi_zone() IS 'Time zone of the warehouse''s local days and hours.';
