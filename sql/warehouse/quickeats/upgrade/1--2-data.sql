-- How far the events go.
INSERT INTO order_clock SELECT NULL WHERE NOT EXISTS (SELECT FROM order_clock);
UPDATE order_clock SET latest_event = (SELECT max(event_time) FROM order_event) WHERE latest_event IS NULL;
-- Version 1 counted a transaction each time it was told with another time: the latest counts (refresh_payments).
UPDATE orders_fact o
SET payment_success = p.payment_success, payment_attempts = p.attempts, paid_amount = p.paid, refunded_amount = p.refunded, payment_mode = coalesce(p.payment_mode, o.payment_mode)
FROM (SELECT d.order_id, max(d.success_flag) FILTER (WHERE d.transaction_type = 'Payment') AS payment_success, count(*) FILTER (WHERE d.transaction_type = 'Payment') AS attempts,
             coalesce(sum(d.amount) FILTER (WHERE d.transaction_type = 'Payment' AND d.success_flag = 1), 0) AS paid,
             coalesce(sum(d.amount) FILTER (WHERE d.transaction_type = 'Refund' AND d.success_flag = 1), 0) AS refunded,
             (array_agg(d.payment_mode ORDER BY d.success_flag DESC, d.event_time DESC, d.transaction_id DESC)
                FILTER (WHERE d.transaction_type = 'Payment' AND d.payment_mode <> 'Unknown'))[1] AS payment_mode
      FROM (SELECT DISTINCT ON (f.order_id, f.transaction_id, f.transaction_type) f.*
            FROM payment_fact f
            WHERE f.order_id IN (SELECT t.order_id FROM payment_fact t GROUP BY t.order_id, t.transaction_id, t.transaction_type HAVING count(*) > 1)
            ORDER BY f.order_id, f.transaction_id, f.transaction_type, f.event_time DESC) d
      GROUP BY d.order_id) p
WHERE o.order_id = p.order_id;
-- What the reports read, for the days that are there.
SELECT sum_up_days();
