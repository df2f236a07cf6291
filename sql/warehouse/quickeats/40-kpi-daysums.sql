-- The law of the summaries of 11-summary-days.sql, as 40-kpi-days.sql has it for the first ones, and how reports read days that are not summed up. A day's
-- functions are STRICT, so that they are planned when a day is asked for: a report whose days are all summed up neither plans nor opens the facts.

-- What a report takes of the orders of a day that is not summed up, no more: columns that are not asked for are not worked out.
CREATE FUNCTION kpi_payment_success_of(of_day date)
RETURNS TABLE (city_key text, payment_mode text, orders bigint, tried_orders bigint, paid_orders bigint, attempts bigint, retried_orders bigint, rescued_orders bigint)
LANGUAGE sql STABLE PARALLEL SAFE STRICT ROWS 100
BEGIN ATOMIC
  SELECT h.city_key, h.payment_mode, h.orders, h.tried_orders, h.paid_orders, h.attempts, h.retried_orders, h.rescued_orders FROM kpi_order_hour_of(of_day) h;
END;
COMMENT ON FUNCTION kpi_payment_success_of(date) IS 'Orders of a local day and their payments, as order_mode_day has them, from orders_fact: several rows of a city and mode. None for NULL.';

CREATE FUNCTION kpi_refund_rate_of(of_day date)
RETURNS TABLE (city_key text, payment_mode text, charged_orders bigint, refunded_orders bigint, charged_amount numeric, refunded_amount numeric)
LANGUAGE sql STABLE PARALLEL SAFE STRICT ROWS 100
BEGIN ATOMIC
  SELECT h.city_key, h.payment_mode, h.charged_orders, h.refunded_orders, h.charged_amount, h.refunded_amount FROM kpi_order_hour_of(of_day) h;
END;
COMMENT ON FUNCTION kpi_refund_rate_of(date) IS 'Orders of a local day charged and refunded, as order_mode_day has them, from orders_fact: several rows of a city and mode. None for NULL.';

CREATE FUNCTION kpi_peak_windows_of(of_day date) RETURNS TABLE (hour smallint, city_key text, orders bigint)
LANGUAGE sql STABLE PARALLEL SAFE STRICT ROWS 100
BEGIN ATOMIC
  SELECT extract(hour FROM h.time_key)::smallint, h.city_key, h.orders FROM kpi_order_hour_of(of_day) h;
END;
COMMENT ON FUNCTION kpi_peak_windows_of(date) IS 'Orders of a local day by hour and city, as order_clock_day has them, from orders_fact: several rows of an hour and city. None for NULL.';

CREATE FUNCTION kpi_data_range_of(of_day date) RETURNS TABLE (orders bigint, untimed_orders bigint, conflicting_orders bigint)
LANGUAGE sql STABLE PARALLEL SAFE STRICT ROWS 100
BEGIN ATOMIC
  SELECT h.orders, h.untimed_orders, h.conflicting_orders FROM kpi_order_hour_of(of_day) h;
END;
COMMENT ON FUNCTION kpi_data_range_of(date) IS 'Orders of a local day, those without times and those whose times contradict each other, from orders_fact, in several rows. None for NULL.';

CREATE FUNCTION kpi_unknown_members_of(of_day date)
RETURNS TABLE (city_key text, orders bigint, all_amount numeric, restaurantless_orders bigint, restaurantless_amount numeric, customerless_orders bigint, customerless_amount numeric,
               driverless_orders bigint, driverless_amount numeric)
LANGUAGE sql STABLE PARALLEL SAFE STRICT ROWS 100
BEGIN ATOMIC
  SELECT h.city_key, h.orders, h.all_amount, h.restaurantless_orders, h.restaurantless_amount, h.customerless_orders, h.customerless_amount, h.driverless_orders, h.driverless_amount
  FROM kpi_order_hour_of(of_day) h;
END;
COMMENT ON FUNCTION kpi_unknown_members_of(date) IS 'Orders of a local day by city, and those whose restaurant, customer or driver is not known, from orders_fact, in several rows of a city. None for NULL.';

CREATE FUNCTION kpi_repeat_customers_of(of_day date) RETURNS TABLE (customer_key text, orders bigint)
LANGUAGE sql STABLE PARALLEL SAFE STRICT ROWS 1000
BEGIN ATOMIC
  SELECT f.customer_key, count(*)
  FROM orders_fact f
  WHERE f.time_key >= of_day::timestamp AND f.time_key < (of_day + 1)::timestamp
    AND f.event_time >= (of_day - 1)::timestamp AT TIME ZONE 'UTC' AND f.event_time < (of_day + 2)::timestamp AT TIME ZONE 'UTC'
    AND f.status <> 'CANCELLED'
  GROUP BY f.customer_key;
END;
COMMENT ON FUNCTION kpi_repeat_customers_of(date) IS 'Customers of a local day with the number of their orders that were not cancelled, ''?'' with those of unknown ones, from orders_fact. None for NULL.';

-- An attempt whose order has not arrived has no city: those with one are not looked for.
CREATE FUNCTION kpi_payment_day_of(of_day date)
RETURNS TABLE (day date, payment_mode text, reason_no integer, failure_reason text, attempts bigint, failed_attempts bigint, unmatched_attempts bigint)
LANGUAGE sql STABLE PARALLEL SAFE STRICT ROWS 20
BEGIN ATOMIC
  SELECT of_day, a.payment_mode, row_number() OVER (PARTITION BY a.payment_mode ORDER BY sum(a.attempts) DESC, a.failure_reason)::integer, a.failure_reason, sum(a.attempts)::bigint, sum(a.failed)::bigint, sum(a.unmatched)::bigint
  FROM (
    SELECT f.payment_mode, f.failure_reason, count(*) AS attempts, count(*) FILTER (WHERE f.success_flag = 0) AS failed, 0 AS unmatched
    FROM payment_fact f
    WHERE f.transaction_type = 'Payment' AND f.time_key >= of_day::timestamp AND f.time_key < (of_day + 1)::timestamp
      AND f.event_time >= (of_day - 1)::timestamp AT TIME ZONE 'UTC' AND f.event_time < (of_day + 2)::timestamp AT TIME ZONE 'UTC'
    GROUP BY f.payment_mode, f.failure_reason
    UNION ALL
    SELECT p.payment_mode, p.failure_reason, 0, 0, p.attempts
    FROM (SELECT f.payment_mode, f.failure_reason, f.order_id, count(*) AS attempts
          FROM payment_fact f
          WHERE f.transaction_type = 'Payment' AND f.city_key = '?' AND f.time_key >= of_day::timestamp AND f.time_key < (of_day + 1)::timestamp
            AND f.event_time >= (of_day - 1)::timestamp AT TIME ZONE 'UTC' AND f.event_time < (of_day + 2)::timestamp AT TIME ZONE 'UTC'
          GROUP BY f.payment_mode, f.failure_reason, f.order_id) p
    WHERE NOT EXISTS (SELECT FROM orders_fact o WHERE o.order_id = p.order_id)) a
  GROUP BY a.payment_mode, a.failure_reason;
END;
COMMENT ON FUNCTION kpi_payment_day_of(date) IS 'The rows of payment_day for a local day, from payment_fact and orders_fact. None for NULL.';

CREATE FUNCTION kpi_feedback_day_of(of_day date)
RETURNS TABLE (day date, city_key text, feedbacks bigint, scored bigint, score numeric, complaints bigint, complaining bigint, answered bigint, response numeric)
LANGUAGE sql STABLE PARALLEL SAFE STRICT ROWS 100
BEGIN ATOMIC
  SELECT of_day, f.city_key, count(*), count(f.feedback_score), sum(f.feedback_score), COALESCE(sum(f.complaints), 0)::bigint, count(*) FILTER (WHERE f.complaints > 0),
         count(f.response_time), sum(f.response_time)
  FROM customer_feedback_fact f
  WHERE f.time_key >= of_day::timestamp AND f.time_key < (of_day + 1)::timestamp
    AND f.event_time >= (of_day - 1)::timestamp AT TIME ZONE 'UTC' AND f.event_time < (of_day + 2)::timestamp AT TIME ZONE 'UTC'
  GROUP BY f.city_key;
END;
COMMENT ON FUNCTION kpi_feedback_day_of(date) IS 'The rows of feedback_day for a local day, from customer_feedback_fact. None for NULL.';

CREATE FUNCTION kpi_searches_of(of_day date) RETURNS TABLE (search_term text, customer_key text, searches bigint)
LANGUAGE sql STABLE PARALLEL SAFE STRICT ROWS 10000
BEGIN ATOMIC
  SELECT t.term, a.customer_key, count(*)
  FROM app_event_fact a
  CROSS JOIN LATERAL (SELECT DISTINCT e.term COLLATE "C" AS term FROM jsonb_array_elements_text(a.search_history) AS e (term) WHERE e.term IS NOT NULL) t
  WHERE a.time_key >= of_day::timestamp AND a.time_key < (of_day + 1)::timestamp
    AND a.event_time >= (of_day - 1)::timestamp AT TIME ZONE 'UTC' AND a.event_time < (of_day + 2)::timestamp AT TIME ZONE 'UTC'
  GROUP BY t.term, a.customer_key;
END;
COMMENT ON FUNCTION kpi_searches_of(date) IS 'App events of a local day whose search history holds a term, by term and customer, from app_event_fact: what search_day and search_customer count. None for NULL.';
