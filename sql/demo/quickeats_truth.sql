-- Compares a warehouse loaded with the files of `starhouse generate quickeats` with their TRUTH.json:
-- one line a figure, 'ok' or what differs.
--   psql -X -At -v schema=quickeats -v truth="$(cat DIR/TRUTH.json)" -f sql/demo/quickeats_truth.sql
-- The warehouse must hold these files and nothing else, and have been made in the zone Asia/Kolkata.
\set QUIET 1
SET search_path = :"schema", pg_catalog;

WITH truth AS (
  SELECT :'truth'::jsonb AS t
), orders AS MATERIALIZED (
  SELECT count(*) AS orders, count(*) FILTER (WHERE status = 'DELIVERED') AS delivered, count(*) FILTER (WHERE status = 'CANCELLED') AS cancelled,
         sum(extract(epoch FROM delivered_time - order_time))::bigint AS seconds, round(sum(total_amount), 2) AS amount,
         sum(payment_attempts) AS attempts, sum(payment_success) AS paid, count(*) FILTER (WHERE refunded_amount > 0) AS refunds, round(sum(refunded_amount), 2) AS refunded,
         sum(time_conflict) AS conflicts
  FROM orders_fact
), by_city AS MATERIALIZED (
  SELECT c.city_name, count(*) AS orders, count(*) FILTER (WHERE o.status = 'DELIVERED') AS delivered,
         sum(extract(epoch FROM o.delivered_time - o.order_time))::bigint AS seconds, round(sum(o.total_amount), 2) AS amount, sum(d.on_time) AS on_time
  FROM orders_fact o JOIN city_dim c ON c.city_id = o.city_key LEFT JOIN delivery_fact d ON d.event_time = o.event_time AND d.order_id = o.order_id
  GROUP BY c.city_name
), by_hour AS MATERIALIZED (
  SELECT extract(hour FROM time_key)::int AS hour, count(*) AS orders FROM orders_fact GROUP BY 1
), expected (figure, expected, found) AS (
  SELECT 'orders: all', t #>> '{orders,all}', orders::text FROM truth, orders
  UNION ALL SELECT 'orders: delivered', t #>> '{orders,delivered}', delivered::text FROM truth, orders
  UNION ALL SELECT 'orders: cancelled', t #>> '{orders,cancelled}', cancelled::text FROM truth, orders
  UNION ALL SELECT 'orders: seconds to the door', t #>> '{orders,delivery_seconds}', seconds::text FROM truth, orders
  UNION ALL SELECT 'orders: amount', t #>> '{orders,amount}', amount::text FROM truth, orders
  UNION ALL SELECT 'orders: contradictions', '0', conflicts::text FROM orders
  UNION ALL SELECT 'deliveries: on time', t #>> '{orders,on_time}', (SELECT sum(on_time)::text FROM delivery_fact) FROM truth
  UNION ALL SELECT 'deliveries: all with a way', t #>> '{orders,delivered}', (SELECT count(distance_travelled)::text FROM delivery_fact WHERE distance_source = 'GPS') FROM truth
  UNION ALL SELECT 'payments: attempts', t #>> '{payments,attempts}', attempts::text FROM truth, orders
  UNION ALL SELECT 'payments: failed', t #>> '{payments,failed_attempts}', (SELECT count(*)::text FROM payment_fact WHERE success_flag = 0) FROM truth
  UNION ALL SELECT 'payments: paid orders', t #>> '{payments,paid_orders}', paid::text FROM truth, orders
  UNION ALL SELECT 'payments: refunds', t #>> '{payments,refunds}', refunds::text FROM truth, orders
  UNION ALL SELECT 'payments: refunded', t #>> '{payments,refunded}', refunded::text FROM truth, orders
  UNION ALL SELECT 'customers: active', t #>> '{customers,active}', (SELECT customers::text FROM kpi_repeat_customers) FROM truth
  UNION ALL SELECT 'customers: repeat', t #>> '{customers,repeat}', (SELECT repeat_customers::text FROM kpi_repeat_customers) FROM truth
  UNION ALL SELECT 'cities', t #>> '{dimensions,cities}', (SELECT count(*)::text FROM city_dim WHERE city_id <> '?') FROM truth
  UNION ALL SELECT 'restaurants: members', t #>> '{dimensions,restaurants}', (SELECT count(*)::text FROM restaurant_dim WHERE restaurant_id <> '?') FROM truth
  UNION ALL SELECT 'restaurants: versions', t #>> '{dimensions,restaurant_versions}', (SELECT count(*)::text FROM restaurant_history WHERE restaurant_id <> '?') FROM truth
  UNION ALL SELECT 'drivers: members', t #>> '{dimensions,drivers}', (SELECT count(*)::text FROM driver_dim WHERE driver_id <> '?') FROM truth
  UNION ALL SELECT 'drivers: versions', t #>> '{dimensions,driver_versions}', (SELECT count(*)::text FROM driver_history WHERE driver_id <> '?') FROM truth
  UNION ALL SELECT 'customers: members', t #>> '{dimensions,customers}', (SELECT count(*)::text FROM customer_dim WHERE customer_id <> '?') FROM truth
  UNION ALL SELECT 'customers: versions', t #>> '{dimensions,customer_versions}', (SELECT count(*)::text FROM customer_history WHERE customer_id <> '?') FROM truth
  UNION ALL SELECT 'pings: all', t #>> '{pings,all}', (SELECT count(*)::text FROM driver_ping_fact) FROM truth
  UNION ALL SELECT 'pings: available', t #>> '{pings,available}', (SELECT sum(is_available)::text FROM driver_ping_fact) FROM truth
  UNION ALL SELECT 'pings: in the hours', t #>> '{pings,all}', (SELECT sum(pings)::text FROM driver_hour) FROM truth
  UNION ALL SELECT 'feedback: all', t #>> '{voice,feedback}', (SELECT count(*)::text FROM customer_feedback_fact) FROM truth
  UNION ALL SELECT 'feedback: sum of scores', t #>> '{voice,score_sum}', (SELECT sum(feedback_score)::text FROM customer_feedback_fact) FROM truth
  UNION ALL SELECT 'feedback: complaints', t #>> '{voice,complaints}', (SELECT sum(complaints)::text FROM customer_feedback_fact) FROM truth
  UNION ALL SELECT 'app events', t #>> '{voice,app_events}', (SELECT count(*)::text FROM app_event_fact) FROM truth
  UNION ALL
  SELECT 'city ' || item.key || ': ' || part.key, part.expected, part.found
  FROM truth CROSS JOIN LATERAL jsonb_each(t -> 'by_city') AS item
  LEFT JOIN by_city b ON b.city_name = item.key
  CROSS JOIN LATERAL (VALUES ('orders', item.value ->> 'orders', b.orders::text), ('delivered', item.value ->> 'delivered', b.delivered::text),
    ('seconds to the door', item.value ->> 'delivery_seconds', b.seconds::text), ('on time', item.value ->> 'on_time', b.on_time::text),
    ('amount', item.value ->> 'amount', b.amount::text)) AS part (key, expected, found)
  UNION ALL
  SELECT 'hour ' || item.hour - 1, item.orders, coalesce(b.orders, 0)::text
  FROM truth CROSS JOIN LATERAL jsonb_array_elements_text(t -> 'by_hour') WITH ORDINALITY AS item (orders, hour)
  LEFT JOIN by_hour b ON b.hour = item.hour - 1
  UNION ALL
  SELECT 'feed ' || feed.key || ': ' || part.key, part.value, part.found
  FROM truth CROSS JOIN LATERAL jsonb_each(t -> 'feeds') AS feed
  CROSS JOIN LATERAL (SELECT coalesce(sum(b.records_read), 0) AS records, coalesce(sum(b.duplicates), 0) AS duplicates, coalesce(sum(b.rejected), 0) AS rejected
                      FROM batch_log b WHERE b.feed_name = feed.key) log
  CROSS JOIN LATERAL (VALUES ('records', feed.value ->> 'records', log.records::text), ('duplicates', feed.value ->> 'duplicates', log.duplicates::text),
                             ('rejected', feed.value ->> 'rejected', log.rejected::text)) AS part (key, value, found)
)
SELECT CASE WHEN expected = found THEN 'ok    ' ELSE 'WRONG ' END || figure || ' ' || coalesce(found, 'none')
       || CASE WHEN expected IS DISTINCT FROM found THEN ', not ' || coalesce(expected, 'none') ELSE '' END
FROM expected;
