-- Facts to dimensions, in the mode the warehouse was created with. A Type-2 dimension is referred to
-- by version: the durable key is unique only among current rows.
SELECT add_foreign_key('orders_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('orders_fact', 'city_key', 'city_dim', 'city_id');
SELECT add_foreign_key('orders_fact', 'restaurant_version', 'restaurant_history', 'restaurant_version');
SELECT add_foreign_key('orders_fact', 'customer_version', 'customer_history', 'customer_version');
SELECT add_foreign_key('orders_fact', 'driver_version', 'driver_history', 'driver_version');
SELECT add_foreign_key('delivery_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('delivery_fact', 'city_key', 'city_dim', 'city_id');
SELECT add_foreign_key('delivery_fact', 'driver_version', 'driver_history', 'driver_version');
SELECT add_foreign_key('payment_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('payment_fact', 'city_key', 'city_dim', 'city_id');
SELECT add_foreign_key('customer_feedback_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('customer_feedback_fact', 'city_key', 'city_dim', 'city_id');
SELECT add_foreign_key('customer_feedback_fact', 'restaurant_version', 'restaurant_history', 'restaurant_version');
SELECT add_foreign_key('customer_feedback_fact', 'customer_version', 'customer_history', 'customer_version');
SELECT add_foreign_key('customer_feedback_fact', 'driver_version', 'driver_history', 'driver_version');
SELECT add_foreign_key('app_event_fact', 'time_key', 'time_dim', 'date_key');
SELECT add_foreign_key('app_event_fact', 'city_key', 'city_dim', 'city_id');
SELECT add_foreign_key('app_event_fact', 'customer_version', 'customer_history', 'customer_version');
-- driver_ping_fact has none: a ping's driver is a durable key, and a version lookup per ping buys nothing.
