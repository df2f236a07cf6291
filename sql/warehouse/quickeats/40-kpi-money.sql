-- KPIs of restaurants and payments.

CREATE FUNCTION kpi_top_restaurants(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (revenue_rank bigint, restaurant_id text, restaurant_name text, cuisine_type text, city_name text, orders bigint, revenue numeric,
               refunded_amount numeric, revenue_percent numeric, cancelled_percent numeric, average_rating numeric, average_score numeric, scored_feedbacks bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH hold AS MATERIALIZED (SELECT NOT EXISTS (SELECT FROM member_change) AND kpi_totals_hold() AS yes)
  SELECT t.revenue_rank, t.restaurant_key COLLATE "default" AS restaurant_id, t.restaurant_name, t.cuisine_type, t.city_name, t.orders, t.revenue, t.refunded, t.revenue_percent,
         t.cancelled_percent, t.avg_rating, t.average_score, t.scored
  FROM restaurant_total t
  WHERE t.all_orders > 0 AND from_day IS NULL AND to_day IS NULL AND (SELECT h.yes FROM hold h)
  UNION ALL
  SELECT s.revenue_rank, s.restaurant_key COLLATE "default", COALESCE(r.name, s.restaurant_key) COLLATE "default", COALESCE(r.cuisine_type, 'Unknown') COLLATE "default",
         COALESCE(c.city_name, r.city, 'Unknown') COLLATE "default", s.orders, s.revenue, s.refunded, s.revenue_percent,
         s.cancelled_percent, r.avg_rating, s.average_score, s.scored
  FROM kpi_restaurant_total(from_day, to_day) s
  LEFT JOIN restaurant_dim r ON r.restaurant_id = s.restaurant_key
  LEFT JOIN city_dim c ON c.city_id = r.city
  WHERE from_day IS NOT NULL OR to_day IS NOT NULL OR NOT (SELECT h.yes FROM hold h);
END;
CREATE VIEW kpi_top_restaurants AS SELECT * FROM kpi_top_restaurants();
COMMENT ON VIEW kpi_top_restaurants IS
'Which restaurants bring the most revenue, orders and good marks?
Formula: revenue = total_amount of orders not cancelled (refunds beside it, not deducted); cancelled_percent = cancelled / all orders; average_rating = the restaurant''s own rating by the master data, average_score = mean score of its feedback. Cuisine and city as they are now. The unknown restaurant is a row of its own.
Grain: restaurant with an order
Unit: currency, orders, percent, score
NULL: revenue_percent when there is no revenue; ratings and scores where there is none
Source: orders_fact, restaurant_history, customer_feedback_fact, city_dim';

CREATE FUNCTION kpi_payment_success(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (city_id text, city_name text, payment_mode text, orders bigint, paid_orders bigint, success_percent numeric, attempts bigint,
               failed_orders bigint, retried_orders bigint, rescued_orders bigint, unpaid_orders bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT d.city_key, COALESCE(c.city_name, d.city_key), d.mode, d.orders, d.paid, kpi_percent(d.paid, d.orders), d.attempts, d.orders - d.paid, d.retried, d.rescued, d.without
  FROM (SELECT f.city_key, f.payment_mode AS mode, sum(f.tried_orders)::bigint AS orders, sum(f.paid_orders)::bigint AS paid, sum(f.attempts)::bigint AS attempts,
               sum(f.retried_orders)::bigint AS retried, sum(f.rescued_orders)::bigint AS rescued, sum(f.orders - f.tried_orders)::bigint AS without
        FROM (SELECT s.city_key, s.payment_mode, s.orders, s.tried_orders, s.paid_orders, s.attempts, s.retried_orders, s.rescued_orders
              FROM order_mode_day s
              WHERE s.day IN (SELECT o.day FROM order_day o) AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
              UNION ALL
              SELECT r.* FROM kpi_open_order_days(from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_payment_success_of(o.day) r) f
        GROUP BY f.city_key, f.payment_mode) d
  LEFT JOIN city_dim c ON c.city_id = d.city_key;
END;
CREATE VIEW kpi_payment_success AS SELECT * FROM kpi_payment_success();
COMMENT ON VIEW kpi_payment_success IS
'How many orders could be paid, by city and mode?
Formula: success_percent = orders with a successful payment / orders with any payment tried. retried = more than one attempt, rescued = those of them that succeeded. Orders without news of a payment are left out of the rate and counted as unpaid_orders. The mode is that of the successful payment, else of the last attempt.
Grain: city and payment mode
Unit: orders, attempts, percent
NULL: the rate where no payment was tried
Source: orders_fact, city_dim';

CREATE FUNCTION kpi_refund_rate(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (city_id text, city_name text, payment_mode text, charged_orders bigint, refunded_orders bigint, refund_percent numeric,
               charged_amount numeric, refunded_amount numeric, refund_value_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT d.city_key, COALESCE(c.city_name, d.city_key), d.mode, d.charged, d.refunded, kpi_percent(d.refunded, d.charged), d.charged_amount, d.refunded_amount,
         kpi_percent(d.refunded_amount, d.charged_amount)
  FROM (SELECT f.city_key, f.payment_mode AS mode, sum(f.charged_orders)::bigint AS charged, sum(f.refunded_orders)::bigint AS refunded,
               sum(f.charged_amount) AS charged_amount, sum(f.refunded_amount) AS refunded_amount
        FROM (SELECT s.city_key, s.payment_mode, s.charged_orders, s.refunded_orders, s.charged_amount, s.refunded_amount
              FROM order_mode_day s
              WHERE s.day IN (SELECT o.day FROM order_day o) AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
              UNION ALL
              SELECT r.* FROM kpi_open_order_days(from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_refund_rate_of(o.day) r) f
        GROUP BY f.city_key, f.payment_mode
        HAVING sum(f.charged_orders) > 0) d
  LEFT JOIN city_dim c ON c.city_id = d.city_key;
END;
CREATE VIEW kpi_refund_rate AS SELECT * FROM kpi_refund_rate();
COMMENT ON VIEW kpi_refund_rate IS
'How much is paid back, by number and by value?
Formula: refund_percent = orders with a refund / charged orders; refund_value_percent = money refunded / money charged. An order is charged when a payment of it succeeded; where no payment is known, when it was delivered or refunded, with its total_amount.
Grain: city and payment mode
Unit: orders, currency, percent
NULL: the value rate when nothing was charged
Source: orders_fact, city_dim';

-- The most frequent reason is the one mode() gives, of equals the first.
CREATE FUNCTION kpi_payment_attempts(from_day date DEFAULT NULL, to_day date DEFAULT NULL)
RETURNS TABLE (payment_mode text, attempts bigint, failed_attempts bigint, failure_percent numeric, most_frequent_reason text, unmatched_attempts bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT g.payment_mode, sum(g.attempts)::bigint, sum(g.failed)::bigint, kpi_percent(sum(g.failed), sum(g.attempts)),
         (array_agg(g.failure_reason ORDER BY g.attempts DESC, g.failure_reason) FILTER (WHERE g.failure_reason IS NOT NULL))[1], sum(g.unmatched)::bigint
  FROM (SELECT f.payment_mode, f.failure_reason, sum(f.attempts) AS attempts, sum(f.failed_attempts) AS failed, sum(f.unmatched_attempts) AS unmatched
        FROM (SELECT s.payment_mode, s.failure_reason, s.attempts, s.failed_attempts, s.unmatched_attempts
              FROM payment_day s
              WHERE s.day IN (SELECT o.day FROM order_day o) AND (from_day IS NULL OR s.day >= from_day) AND (to_day IS NULL OR s.day <= to_day)
              UNION ALL
              SELECT p.payment_mode, p.failure_reason, p.attempts, p.failed_attempts, p.unmatched_attempts
              FROM kpi_open_days_in(kpi_payment_days(), from_day, to_day) AS o (day) CROSS JOIN LATERAL kpi_payment_day_of(o.day) p) f
        GROUP BY f.payment_mode, f.failure_reason) g
  GROUP BY g.payment_mode;
END;
CREATE VIEW kpi_payment_attempts AS SELECT * FROM kpi_payment_attempts();
COMMENT ON VIEW kpi_payment_attempts IS
'How often does a payment fail, by mode, and why?
Formula: failure_percent = failed / all payments tried (refunds are none); unmatched_attempts = those whose order has not arrived. A transaction told again with another time is counted each time.
Grain: payment mode
Unit: attempts, percent
NULL: most_frequent_reason where none was told
Source: payment_fact, orders_fact';
