-- Gold documents for the service and for dispatch: a profile per restaurant and per driver. Kept by the feeds from the
-- first gold_refresh on. Nothing in them depends on the clock, so a document changes only when its facts do. An order counts
-- for whoever it is with now: all restaurants and drivers its events ever named are looked at again.
SELECT create_gold(current_schema(), 'gold_restaurant_profile',
  description => 'A JSON document per restaurant: what it is, its orders and what customers say',
  all_keys => $sql$SELECT restaurant_id FROM restaurant_dim WHERE restaurant_id <> '?'$sql$,
  reads => '{restaurant_history,orders_fact,customer_feedback_fact}',
  changed_by => jsonb_build_object(
    'orders', 'SELECT e.restaurant_id FROM order_event e WHERE e.order_id IN (SELECT order_id FROM batch)', 'payments', 'SELECT e.restaurant_id FROM order_event e WHERE e.order_id IN (SELECT order_id FROM batch)', 'doordash', 'SELECT e.restaurant_id FROM order_event e WHERE e.order_id IN (SELECT order_id FROM batch)', 'food_delivery_india', 'SELECT e.restaurant_id FROM order_event e WHERE e.order_id IN (SELECT order_id FROM batch)',
    'feedback', 'SELECT restaurant_key FROM customer_feedback_fact WHERE batch_id = {batch_id}', 'app_events', 'SELECT restaurant_key FROM customer_feedback_fact WHERE batch_id = {batch_id}',
    'restaurants', 'SELECT restaurant_id FROM batch'),
  build => $sql$
    SELECT r.restaurant_id, jsonb_build_object(
      'restaurant_id', r.restaurant_id, 'name', r.name, 'cuisine_type', r.cuisine_type, 'city', r.city, 'avg_rating', trim_scale(r.avg_rating),
      'orders', coalesce(o.orders, 0), 'delivered', coalesce(o.delivered, 0), 'cancelled', coalesce(o.cancelled, 0), 'revenue', coalesce(trim_scale(o.revenue), 0),
      'preparation_minutes', o.preparation, 'last_order_at', to_char(o.last_order AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
      'feedback_score', c.score, 'complaints', coalesce(c.complaints, 0))
    FROM restaurant_dim r
    LEFT JOIN (SELECT f.restaurant_key, count(*) AS orders, count(*) FILTER (WHERE f.status = 'DELIVERED') AS delivered, count(*) FILTER (WHERE f.status = 'CANCELLED') AS cancelled,
                      sum(f.total_amount) FILTER (WHERE f.status = 'DELIVERED') AS revenue, round(avg(extract(epoch FROM f.prepared_time - f.accepted_time) / 60), 2) AS preparation,
                      max(f.event_time) AS last_order
               FROM orders_fact f WHERE f.restaurant_key = ANY ({keys}) GROUP BY f.restaurant_key) o ON o.restaurant_key = r.restaurant_id
    LEFT JOIN (SELECT f.restaurant_key, round(avg(f.feedback_score), 2) AS score, sum(f.complaints) AS complaints
               FROM customer_feedback_fact f WHERE f.restaurant_key = ANY ({keys}) GROUP BY f.restaurant_key) c ON c.restaurant_key = r.restaurant_id
    WHERE r.restaurant_id = ANY ({keys}) AND r.restaurant_id <> '?'$sql$);

SELECT create_gold(current_schema(), 'gold_driver_profile',
  description => 'A JSON document per driver: deliveries, punctuality, distance and what customers say',
  all_keys => $sql$SELECT driver_id FROM driver_dim WHERE driver_id <> '?'$sql$,
  reads => '{driver_history,delivery_fact,customer_feedback_fact}',
  changed_by => jsonb_build_object(
    'orders', 'SELECT e.driver_id FROM order_event e WHERE e.order_id IN (SELECT order_id FROM batch)', 'payments', 'SELECT e.driver_id FROM order_event e WHERE e.order_id IN (SELECT order_id FROM batch)', 'doordash', 'SELECT e.driver_id FROM order_event e WHERE e.order_id IN (SELECT order_id FROM batch)', 'food_delivery_india', 'SELECT e.driver_id FROM order_event e WHERE e.order_id IN (SELECT order_id FROM batch)',
    'feedback', 'SELECT driver_key FROM customer_feedback_fact WHERE batch_id = {batch_id}', 'app_events', 'SELECT driver_key FROM customer_feedback_fact WHERE batch_id = {batch_id}',
    'drivers', 'SELECT driver_id FROM batch', 'pings', 'SELECT driver_id FROM batch', 'cabspotting', 'SELECT driver_id FROM batch'),
  build => $sql$
    SELECT d.driver_id, jsonb_build_object(
      'driver_id', d.driver_id, 'name', d.name, 'vehicle_type', d.vehicle_type, 'city', d.city, 'experience_level', d.experience_level,
      'deliveries', coalesce(f.deliveries, 0), 'on_time_percent', f.on_time, 'delivery_minutes', f.minutes, 'distance_km', f.km,
      'last_delivery_at', to_char(f.last_delivery AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'feedback_score', c.score)
    FROM driver_dim d
    LEFT JOIN (SELECT x.driver_key, count(*) FILTER (WHERE x.delivered_time IS NOT NULL) AS deliveries, round(100 * avg(x.on_time), 2) AS on_time,
                      round(avg(x.delivery_time), 2) AS minutes, round(sum(x.distance_travelled), 3) AS km, max(x.delivered_time) AS last_delivery
               FROM delivery_fact x WHERE x.driver_key = ANY ({keys}) GROUP BY x.driver_key) f ON f.driver_key = d.driver_id
    LEFT JOIN (SELECT x.driver_key, round(avg(x.feedback_score), 2) AS score FROM customer_feedback_fact x WHERE x.driver_key = ANY ({keys}) GROUP BY x.driver_key) c ON c.driver_key = d.driver_id
    WHERE d.driver_id = ANY ({keys}) AND d.driver_id <> '?'$sql$);
